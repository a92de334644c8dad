/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a table under each other: the columns of those that are alike. */
#include <string.h>

#include "src/mime/html_private.h"
#include "src/text/text.h"

enum { MAX_COLUMNS = 12, MAX_WIDTH = 78, MAX_ROWS = 500, GAP = 2 };

static guint count_gaps(const char *line, gsize length)
{
	guint gaps = 0;

	for (gsize i = 0; i < length; i++)
		gaps += line[i] == SN_HTML_CELL_GAP;
	return gaps;
}

/* The lines from `text` on that have so many gaps; *end becomes where they end. */
static guint alike(const char *text, guint gaps, const char **end)
{
	guint rows = 0;

	for (*end = text; **end && rows < MAX_ROWS; rows++) {
		gsize length = strcspn(*end, "\n");
		if (count_gaps(*end, length) != gaps)
			break;
		*end += length + ((*end)[length] == '\n');
	}
	return rows;
}

static int cell_width(const char *cell, gsize length)
{
	g_autofree char *text = g_strndup(cell, length);

	return sn_text_width(text);
}

/* FALSE when the columns together are wider than a screen. */
static gboolean measure(const char *text, const char *end, guint columns, int widths[MAX_COLUMNS])
{
	int total = GAP * (int)(columns - 1);
	guint column = 0;

	for (guint i = 0; i < columns; i++)
		widths[i] = 0;
	for (const char *at = text; at < end;) {
		gsize length = 0;
		while (at + length < end && at[length] != SN_HTML_CELL_GAP && at[length] != '\n')
			length++;
		g_assert(column < columns);
		widths[column] = MAX(widths[column], cell_width(at, length));
		column = at[length] == SN_HTML_CELL_GAP ? column + 1 : 0;
		at += length + 1;
	}
	for (guint i = 0; i < columns; i++)
		total += widths[i];
	return total <= MAX_WIDTH;
}

/* widths: NULL where cells just follow each other. */
static void put_rows(GString *out, const char *text, const char *end, const int *widths)
{
	guint column = 0;

	for (const char *at = text; at < end;) {
		gsize length = 0;
		while (at + length < end && at[length] != SN_HTML_CELL_GAP && at[length] != '\n')
			length++;
		g_string_append_len(out, at, (gssize)length);
		gboolean gap = at + length < end && at[length] == SN_HTML_CELL_GAP;
		int pad = gap && widths ? widths[column] - cell_width(at, length) : 0;
		for (int i = 0; gap && i < pad + GAP; i++)
			g_string_append_c(out, ' ');
		if (at + length < end && at[length] == '\n')
			g_string_append_c(out, '\n');
		column = gap ? column + 1 : 0;
		at += length + 1;
	}
}

char *sn_html_align(const char *text)
{
	GString *out = g_string_sized_new(strlen(text) + 64);

	while (*text) {
		gsize length = strcspn(text, "\n");
		guint gaps = count_gaps(text, length);
		const char *end = text + length + (text[length] == '\n');
		int widths[MAX_COLUMNS];

		if (gaps && gaps < MAX_COLUMNS && alike(text, gaps, &end) > 1 &&
		    measure(text, end, gaps + 1, widths))
			put_rows(out, text, end, widths);
		else
			put_rows(out, text, end, NULL);
		text = end;
	}
	return g_string_free(out, FALSE);
}
