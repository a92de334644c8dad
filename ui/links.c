/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/links.h"

#include <string.h>

static const char *const schemes[] = { "https://", "http://", "mailto:", "xmpp:" };
enum { LINK_MAX = 2000 };

/* RFC 3986 section 2, and what is not ASCII (RFC 3987). */
static gboolean belongs(char c)
{
	return (guchar)c >= 0x80 || g_ascii_isalnum(c) || strchr("-._~:/?#[]@!$&'()*+,;=%", c);
}

static gsize scheme_at(const char *text)
{
	for (gsize i = 0; strchr("hHmMxX", *text) && i < G_N_ELEMENTS(schemes); i++)
		if (g_ascii_strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			return strlen(schemes[i]);
	return 0;
}

static int count(const char *text, gsize length, char c)
{
	int n = 0;

	for (gsize i = 0; i < length; i++)
		n += text[i] == c;
	return n;
}

/* "(see http://a.test/b)." ends before ")." but "http://a.test/b_(c)" keeps its bracket. */
static gsize trim(const char *text, gsize length)
{
	int round = count(text, length, ')') - count(text, length, '(');
	int square = count(text, length, ']') - count(text, length, '[');

	for (; length > 0; length--) {
		char last = text[length - 1];
		if (last == ')' && round > 0)
			round--;
		else if (last == ']' && square > 0)
			square--;
		else if (!strchr(".,;:!?'*", last))
			break;
	}
	return length;
}

gboolean sn_link_find(const char *text, gsize from, gsize *start, gsize *end)
{
	for (gsize at = from; text[at]; at++) {
		gsize scheme, length;
		if (!(scheme = scheme_at(text + at)) || (at > 0 && g_ascii_isalnum(text[at - 1])))
			continue;
		length = scheme;
		while (text[at + length] && belongs(text[at + length]))
			length++;
		if (length > LINK_MAX) { /* nor is what stands within it */
			at += length - 1;
			continue;
		}
		length = trim(text + at, length);
		if (length <= scheme)
			continue;
		*start = at;
		*end = at + length;
		return TRUE;
	}
	return FALSE;
}

gboolean sn_link_walk(SnLinkWalk *walk, gsize from)
{
	while (!walk->over && walk->end <= from)
		walk->over = !sn_link_find(walk->text, walk->end, &walk->start, &walk->end);
	return !walk->over;
}

static gboolean row_has_links(const SnGrid *grid, int y)
{
	for (int x = 0; x < grid->cols; x++)
		if (sn_grid_at(grid, x, y)->link)
			return TRUE;
	return FALSE;
}

static const char *target(const SnGrid *grid, guint16 link)
{
	g_assert(link > 0 && link <= grid->links->len);
	return g_ptr_array_index(grid->links, link - 1);
}

static gboolean same_row(const SnGrid *a, const SnGrid *b, int y)
{
	if (!b || a->cols != b->cols || a->rows != b->rows)
		return FALSE;
	for (int x = 0; x < a->cols; x++) {
		const SnCell *one = sn_grid_at(a, x, y), *two = sn_grid_at(b, x, y);
		if (strcmp(one->text, two->text) != 0 || !one->link != !two->link ||
		    memcmp(&one->style, &two->style, sizeof one->style) != 0 ||
		    (one->link && strcmp(target(a, one->link), target(b, two->link)) != 0))
			return FALSE;
	}
	return TRUE;
}

static void add_style(GString *out, const SnStyle *style, SnLinkColour colour, gpointer data)
{
	static const struct {
		guint32 attr;
		char code;
	} codes[] = { { SN_ATTR_BOLD, '1' }, { SN_ATTR_DIM, '2' }, { SN_ATTR_ITALIC, '3' },
		      { SN_ATTR_UNDERLINE, '4' }, { SN_ATTR_REVERSE, '7' } };

	g_string_append(out, "\033[0");
	for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
		if (style->attrs & codes[i].attr)
			g_string_append_printf(out, ";%c", codes[i].code);
	if (colour) {
		colour(style->fg, FALSE, out, data);
		colour(style->bg, TRUE, out, data);
	}
	g_string_append_c(out, 'm');
}

/* The target without anything that could end the sequence early. */
static void add_target(GString *out, const char *url)
{
	g_string_append(out, "\033]8;;");
	for (; *url; url++)
		if ((guchar)*url > 0x20 && (guchar)*url < 0x7f)
			g_string_append_c(out, *url);
		else
			g_string_append_printf(out, "%%%02X", (guchar)*url);
	g_string_append(out, "\033\\");
}

static void add_row(const SnGrid *grid, int y, GString *out, SnLinkColour colour, gpointer data)
{
	for (int x = 0; x < grid->cols;) {
		const SnCell *first = sn_grid_at(grid, x, y);
		if (!first->link) {
			x++;
			continue;
		}
		g_string_append_printf(out, "\033[%d;%dH", y + 1, x + 1);
		add_style(out, &first->style, colour, data);
		add_target(out, target(grid, first->link));
		for (; x < grid->cols && sn_grid_at(grid, x, y)->link == first->link; x++)
			g_string_append(out, sn_grid_at(grid, x, y)->text);
		g_string_append(out, "\033]8;;\033\\");
	}
}

char *sn_links_sequences(const SnGrid *grid, const SnGrid *before, SnLinkColour colour, gpointer data)
{
	GString *out = g_string_new(NULL);

	for (int y = 0; y < grid->rows; y++)
		if (row_has_links(grid, y) && !same_row(grid, before, y))
			add_row(grid, y, out, colour, data);
	if (out->len) {
		g_string_prepend(out, "\0337"); /* DECSC, DECRC: cursor and attributes */
		g_string_append(out, "\0338");
	}
	return g_string_free(out, FALSE);
}
