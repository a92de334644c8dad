/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.c - what people read: aligned, cleaned, coloured only where that is wanted. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "src/cli/cli_private.h"
#include "src/text/text.h"

typedef struct {
	char *text;
	SnShade shade;
	int width;
} Cell;

struct sn_table {
	guint columns;
	GArray *cells; /* of Cell, row after row; the first row holds the titles */
};

enum { GAP = 2, MAX_COLUMN = 40, MIN_LAST = 20 };

gboolean sn_out_colour(FILE *file)
{
	const char *no_colour = g_getenv("NO_COLOR"); /* https://no-color.org */
	const char *term = g_getenv("TERM");

	return isatty(fileno(file)) && !(no_colour && *no_colour) && term &&
	       strcmp(term, "dumb") != 0;
}

/* Columns of the terminal; 0 when the output goes elsewhere and nothing may be cut. */
static int terminal_width(void)
{
	struct winsize size = { 0 };

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col)
		return 80;
	return size.ws_col;
}

static void cell_clear(gpointer data)
{
	g_free(((Cell *)data)->text);
}

SnTable *sn_table_new(const char *const *titles)
{
	SnTable *table = g_new0(SnTable, 1);

	table->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
	g_array_set_clear_func(table->cells, cell_clear);
	table->columns = g_strv_length((char **)titles);
	g_assert(table->columns > 0);
	for (guint i = 0; i < table->columns; i++)
		sn_table_cell(table, SN_FAINT, titles[i]);
	return table;
}

void sn_table_cell(SnTable *table, SnShade shade, const char *text)
{
	Cell cell = { sn_text_clean_line(text ? text : "", -1), shade, 0 };
	gboolean last = table->cells->len % table->columns == table->columns - 1;

	/* nothing stands behind the last, and it is cut to what is left */
	cell.width = last ? 0 : sn_text_width(cell.text);
	g_array_append_val(table->cells, cell);
}

void sn_table_cellf(SnTable *table, SnShade shade, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	sn_table_cell(table, shade, text);
}

void sn_table_free(SnTable *table)
{
	if (!table)
		return;
	g_array_unref(table->cells);
	g_free(table);
}

static void print_shaded(const char *text, SnShade shade, gboolean colour)
{
	static const char *const codes[] = {
		[SN_PLAIN] = "", [SN_STRONG] = "\033[1m", [SN_FAINT] = "\033[2m",
		[SN_GOOD] = "\033[32m", [SN_BAD] = "\033[31m",
	};

	if (colour && shade != SN_PLAIN)
		printf("%s%s\033[0m", codes[shade], text);
	else
		fputs(text, stdout);
}

static void print_blanks(int count)
{
	while (count-- > 0)
		putchar(' ');
}

static void print_row(const SnTable *table, guint row, const int *widths, int room, gboolean colour)
{
	for (guint column = 0; column < table->columns; column++) {
		const Cell *cell = &g_array_index(table->cells, Cell, row * table->columns + column);
		gboolean last = column + 1 == table->columns;

		if (last) {
			g_autofree char *text = room ? sn_text_fit(cell->text, room) : NULL;
			print_shaded(text ? text : cell->text, cell->shade, colour);
		} else if (cell->width <= widths[column]) {
			print_shaded(cell->text, cell->shade, colour);
			print_blanks(widths[column] - cell->width + GAP);
		} else {
			/* not a terminal: nothing is cut, whatever becomes of the columns */
			g_autofree char *text = room ? sn_text_pad(cell->text, widths[column]) : NULL;
			print_shaded(text ? text : cell->text, cell->shade, colour);
			print_blanks(GAP);
		}
	}
	putchar('\n');
}

void sn_table_print(SnTable *table)
{
	guint rows = table->cells->len / table->columns;
	g_autofree int *widths = g_new0(int, table->columns);
	gboolean colour = sn_out_colour(stdout);
	int room = terminal_width();

	g_assert(table->cells->len == rows * table->columns);
	for (guint i = 0; i < table->cells->len; i++) {
		int *width = &widths[i % table->columns];
		*width = MAX(*width, MIN(g_array_index(table->cells, Cell, i).width, MAX_COLUMN));
	}
	if (room) {
		for (guint i = 0; i + 1 < table->columns; i++)
			room -= widths[i] + GAP;
		room = MAX(room, MIN_LAST);
	}
	/* titles only for people: a table without rows prints nothing, and pipes get no title */
	gboolean titles = rows > 1 && isatty(STDOUT_FILENO);
	for (guint row = titles ? 0 : 1; row < rows; row++)
		print_row(table, row, widths, room, colour);
	sn_table_free(table);
}

void sn_out_text(const char *text)
{
	g_autofree char *clean = sn_text_clean(text, -1);
	fputs(clean, stdout);
}

/* Not by GDateTime, which asks the file system for the local zone each time. */
char *sn_out_time(SnTime time_ms)
{
	time_t at = (time_t)(time_ms / 1000), now = (time_t)(g_get_real_time() / G_USEC_PER_SEC);
	struct tm then, today;
	char text[64] = "";

	if (!time_ms || !localtime_r(&at, &then) || !localtime_r(&now, &today) || then.tm_year > 8099 ||
	    then.tm_year < -1899)
		return g_strdup("");
	if (now >= at && then.tm_yday == today.tm_yday && then.tm_year == today.tm_year)
		strftime(text, sizeof text, "%H:%M", &then);
	else if (ABS((gint64)now - at) < 6 * SN_DAY / SN_SECOND)
		strftime(text, sizeof text, "%a %H:%M", &then); /* in the language of the locale */
	else
		strftime(text, sizeof text, "%Y-%m-%d", &then);
	char *utf8 = g_locale_to_utf8(text, -1, NULL, NULL, NULL);
	return utf8 ? utf8 : g_strdup("");
}

/* As head(1) does when it has seen enough: no news for whoever typed the pipe. */
static gboolean reader_left(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

gboolean sn_out_finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return TRUE;
	if (reader_left())
		return FALSE;
	fputs("sennit: the output could not be written\n", stderr);
	return FALSE;
}
