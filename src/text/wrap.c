/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/text/text.h"

#include <string.h>
#include <unilbrk.h>

#include "src/text/text_private.h"

#define TAB 8

static void add_line(GArray *lines, const char *text, gsize start, gsize end)
{
	while (end > start && (text[end - 1] == ' ' || text[end - 1] == '\t'))
		end--;
	g_assert(end >= start);
	SnSpan span = { start, end };
	g_array_append_val(lines, span);
}

/* UAX 14 breaks web addresses after their slashes; people want to copy and click them whole. An
 * address that is itself too long for a line is cut anywhere. */
static void keep_addresses_whole(const char *text, gsize length, char *breaks)
{
	for (const char *found = text; (found = strstr(found, "://"));) {
		gsize i = (gsize)(found - text) + 1;
		while (i < length && (guchar)text[i] > ' ')
			breaks[i++] = UC_BREAK_PROHIBITED;
		found = text + i;
	}
}

static gboolean fits_without_looking(const char *text, gsize length, int columns)
{
	if (length > (gsize)columns)
		return FALSE;
	for (gsize i = 0; i < length; i++)
		if ((guchar)text[i] < 0x20 || (guchar)text[i] >= 0x7f)
			return FALSE;
	return TRUE;
}

static void wrap_long(GArray *lines, const char *text, gsize length, int columns)
{
	g_autofree char *breaks = g_malloc(length);
	gsize line = 0, last_break = 0;
	int width = 0;

	u8_possible_linebreaks((const uint8_t *)text, length, "UTF-8", breaks);
	keep_addresses_whole(text, length, breaks);
	for (gsize i = 0; i < length;) {
		gsize bytes;
		int step = sn_text_cluster_n(text + i, length - i, &bytes);
		/* A blank that carries an accent is shown, and is none. */
		gboolean blank = bytes == 1 && (text[i] == ' ' || text[i] == '\t');

		if (i > line && breaks[i] != UC_BREAK_PROHIBITED)
			last_break = i;
		if (text[i] == '\t')
			step = TAB - width % TAB;
		/* Blanks at the end of a line hang over: they are not shown. */
		if (width + step > columns && !blank && i > line) {
			if (last_break <= line)
				last_break = i;
			add_line(lines, text, line, last_break);
			line = i = last_break;
			width = 0;
		} else {
			width += step;
			i += bytes;
		}
	}
	add_line(lines, text, line, length);
}

GArray *sn_text_wrap(const char *text, int columns)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(SnSpan));
	gsize length = strlen(text);

	if (columns < 1)
		columns = 1;
	if (fits_without_looking(text, length, columns))
		add_line(lines, text, 0, length);
	else
		wrap_long(lines, text, length, columns);
	g_assert(lines->len > 0);
	return lines;
}
