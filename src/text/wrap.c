/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/text/text.h"

#include <string.h>
#include <unilbrk.h>

#include "src/text/text_private.h"

#define TAB 8
enum { MAX_DIGITS = 3 }; /* of the number of a list's item */

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

static gsize skip_blanks(const char *text, gsize at)
{
	return at + strspn(text + at, " ");
}

/* Bytes of "- ", "12. " and their like, with the blanks after them; 0: none. */
static gsize item_mark(const char *text)
{
	gsize digits = strspn(text, "0123456789"), mark = 0;

	if (g_str_has_prefix(text, "\342\200\242"))
		mark = 3;
	else if (*text && strchr("-*+", *text))
		mark = 1;
	else if (digits > 0 && digits <= MAX_DIGITS && text[digits] && strchr(".)", text[digits]))
		mark = digits + 1;
	return mark && text[mark] == ' ' ? skip_blanks(text, mark) : 0;
}

/* The columns that stand before the text of a paragraph. */
static int hang_of(const char *text)
{
	gsize at = skip_blanks(text, 0);

	while (text[at] == '>')
		at = skip_blanks(text, at + 1);
	at += item_mark(text + at);
	g_autofree char *before = g_strndup(text, at);
	return text[at] ? sn_text_width(before) : 0;
}

static void wrap_long(GArray *lines, const char *text, gsize length, int columns, int hang)
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
		if (width + step > columns - (line ? hang : 0) && !blank && i > line) {
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

static GArray *wrap(const char *text, int columns, int hang)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(SnSpan));
	gsize length = strlen(text);

	if (columns < 1)
		columns = 1;
	if (fits_without_looking(text, length, columns))
		add_line(lines, text, 0, length);
	else
		wrap_long(lines, text, length, columns, hang);
	g_assert(lines->len > 0);
	return lines;
}

GArray *sn_text_wrap(const char *text, int columns)
{
	return wrap(text, columns, 0);
}

GArray *sn_text_wrap_hanging(const char *text, int columns, int *hang)
{
	*hang = hang_of(text);
	if (*hang > columns / 3)
		*hang = 0; /* little would be left */
	return wrap(text, columns, *hang);
}
