/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/page_private.h"

#include <string.h>

static SnPageLine *line_at(const SnPage *page, int index)
{
	g_assert(index >= 0 && index < (int)page->lines->len);
	return &g_array_index(page->lines, SnPageLine, index);
}

static int line_count(const SnPage *page)
{
	return (int)page->lines->len;
}

/* First and last line of the item that holds this id; FALSE when there is none. */
static gboolean find_item(const SnPage *page, gint64 id, int *first, int *last)
{
	for (int i = 0; id && i < line_count(page); i++)
		if (line_at(page, i)->id == id) {
			*first = *last = i;
			while (*last + 1 < line_count(page) && line_at(page, *last + 1)->id == id)
				(*last)++;
			return TRUE;
		}
	return FALSE;
}

/* The line where the next item in this direction begins, from line `from` on; -1. */
static int next_item(const SnPage *page, int from, int direction)
{
	for (int i = from; i >= 0 && i < line_count(page); i += direction)
		if (line_at(page, i)->id)
			return i;
	return -1;
}

static int item_number(const SnPage *page, gint64 id)
{
	gint64 last = 0;
	int number = -1;

	for (int i = 0; i < line_count(page); i++) {
		gint64 here = line_at(page, i)->id;
		if (here && here != last)
			number++;
		if (here == id)
			return number;
		last = here;
	}
	return 0;
}

static gint64 item_by_number(const SnPage *page, int number)
{
	gint64 last = 0;
	int at = -1;

	for (int i = 0; i < line_count(page); i++) {
		gint64 here = line_at(page, i)->id;
		if (here && here != last && ++at == number)
			return here;
		if (here)
			last = here;
	}
	return last;
}

static int max_top(const SnPage *page)
{
	return MAX(0, line_count(page) - page->rows);
}

void sn_page_remember(SnPage *page)
{
	int first, last;

	page->was_bottom = page->top >= max_top(page);
	page->was_last = page->selected && page->selected == sn_page_last(page);
	if (find_item(page, page->selected, &first, &last)) {
		page->selected_offset = first - page->top;
		page->selected_item = item_number(page, page->selected);
	}
}

/* Moves the top so far that the selected item shows, as much of it as fits. */
static void show_selected(SnPage *page)
{
	int first, last;

	if (!find_item(page, page->selected, &first, &last))
		return;
	if (last - first + 1 > page->rows) {
		/* taller than the page: any part of it will do */
		page->top = CLAMP(page->top, first, last - page->rows + 1);
		return;
	}
	if (first < page->top)
		page->top = first;
	if (last >= page->top + page->rows)
		page->top = last - page->rows + 1;
	/* a heading or divider just above the first item belongs to it */
	while (page->top == first && page->top > 0 && !line_at(page, page->top - 1)->id &&
	       last - page->top + 1 < page->rows)
		first = --page->top;
}

void sn_page_settle(SnPage *page, gboolean focus)
{
	int first, last;
	gboolean follows = page->anchor_bottom && page->was_bottom;

	if (page->stale) {
		page->stale = FALSE;
		if (!find_item(page, page->selected, &first, &last)) {
			page->selected = item_by_number(page, page->selected_item);
		} else if (!follows) {
			page->top = first - page->selected_offset;
		}
		if (follows)
			page->top = max_top(page);
		if (follows && page->was_last)
			page->selected = sn_page_last(page);
	}
	/* the page got smaller or larger: what stood at its end still does */
	if (page->anchor_bottom && page->at_bottom && page->rows != page->drawn_rows)
		page->top = max_top(page);
	if (!page->selected)
		page->selected = item_by_number(page, page->anchor_bottom ? G_MAXINT : 0);
	page->top = CLAMP(page->top, 0, max_top(page));
	if (!page->free_scroll && (focus || !page->anchor_bottom))
		show_selected(page);
	page->drawn_rows = page->rows;
	page->at_bottom = page->top >= max_top(page);
	g_assert(page->top >= 0 && page->top <= max_top(page));
}

int sn_page_lines(const SnPage *page)
{
	return line_count(page);
}

gint64 sn_page_selected(const SnPage *page)
{
	return page->selected;
}

gpointer sn_page_data(const SnPage *page)
{
	int first, last;

	return find_item(page, page->selected, &first, &last) ? line_at(page, first)->data : NULL;
}

gint64 sn_page_hit(const SnPage *page, int y)
{
	int index = page->top + y - page->drawn_y;

	return y >= page->drawn_y && index < line_count(page) && index < page->top + page->rows
	               ? line_at(page, index)->id
	               : 0;
}

gint64 sn_page_first(const SnPage *page)
{
	int index = next_item(page, 0, 1);

	return index < 0 ? 0 : line_at(page, index)->id;
}

gint64 sn_page_last(const SnPage *page)
{
	int index = next_item(page, line_count(page) - 1, -1);

	return index < 0 ? 0 : line_at(page, index)->id;
}

gboolean sn_page_at_top(const SnPage *page)
{
	return page->top <= 0;
}

gboolean sn_page_at_bottom(const SnPage *page)
{
	return page->top >= max_top(page);
}

int sn_page_above(const SnPage *page)
{
	return MAX(0, page->top);
}

int sn_page_below(const SnPage *page)
{
	return MAX(0, line_count(page) - page->top - page->rows);
}

int sn_page_rows(const SnPage *page)
{
	return page->rows;
}

void sn_page_select(SnPage *page, gint64 id)
{
	page->selected = id;
	page->free_scroll = FALSE;
	if (!id) /* none: the first, where there are other ones next */
		page->selected_item = 0;
	/* the screen follows the selection, not the end */
	page->was_bottom = page->was_bottom && id == sn_page_last(page);
}

gboolean sn_page_move(SnPage *page, int items)
{
	int direction = items < 0 ? -1 : 1, first, last;
	gboolean moved = FALSE;

	page->free_scroll = FALSE;
	if (!find_item(page, page->selected, &first, &last)) {
		page->selected = sn_page_first(page);
		return page->selected != 0;
	}
	for (; items; items -= direction) {
		int next = next_item(page, direction < 0 ? first - 1 : last + 1, direction);
		if (next < 0)
			break;
		page->selected = line_at(page, next)->id;
		moved = find_item(page, page->selected, &first, &last);
		if (last - first + 1 > page->rows)
			page->top = direction < 0 ? last - page->rows + 1 : first;
	}
	if (!moved && direction < 0 && page->top > 0 && first < page->rows) {
		page->top = 0; /* what stands above the first item */
		moved = TRUE;
	}
	show_selected(page);
	return moved;
}

gboolean sn_page_scroll(SnPage *page, int lines)
{
	int before = page->top, first = 0, last = 0;

	g_assert(page->rows > 0);

	page->top = CLAMP(page->top + lines, 0, max_top(page));
	page->free_scroll = TRUE;
	if (find_item(page, page->selected, &first, &last) &&
	    (last < page->top || first >= page->top + page->rows)) {
		int index = lines < 0 ? next_item(page, MIN(page->top + page->rows, line_count(page)) - 1, -1)
		                      : next_item(page, page->top, 1);
		if (index >= 0)
			page->selected = line_at(page, index)->id;
	}
	if (page->top == before)
		return sn_page_move(page, lines);
	return TRUE;
}

void sn_page_top(SnPage *page)
{
	page->free_scroll = FALSE;
	page->top = 0;
	page->selected = sn_page_first(page);
}

void sn_page_bottom(SnPage *page)
{
	page->free_scroll = FALSE;
	page->top = max_top(page);
	page->selected = sn_page_last(page);
	page->was_bottom = TRUE;
}

static gboolean line_holds(const SnPage *page, const SnPageLine *line, const char *folded)
{
	for (guint i = 0; i < line->span_count; i++) {
		SnPageSpan *span = &g_array_index(page->spans, SnPageSpan, line->first_span + i);
		g_autofree char *text = g_utf8_casefold(sn_page_span_text(page, span), -1);
		if (strstr(text, folded))
			return TRUE;
	}
	return FALSE;
}

gboolean sn_page_find(SnPage *page, const char *text, int step)
{
	g_autofree char *folded = g_utf8_casefold(text, -1);
	int first = page->top, last = page->top, at;

	if (!find_item(page, page->selected, &first, &last))
		first = last = page->top;
	at = step > 0 ? last : first;
	for (int i = 0; i < line_count(page); i++) {
		at = (at + step + line_count(page)) % line_count(page);
		if (!line_holds(page, line_at(page, at), folded))
			continue;
		if (line_at(page, at)->id)
			page->selected = line_at(page, at)->id;
		page->free_scroll = !line_at(page, at)->id;
		page->top = CLAMP(at - page->rows / 3, 0, max_top(page));
		return TRUE;
	}
	return FALSE;
}

gboolean sn_page_step(SnPage *page, int direction)
{
	int first, last, half = MAX(1, page->rows / 2);

	if (find_item(page, page->selected, &first, &last) && last - first + 1 > page->rows) {
		int target = direction > 0 ? MIN(page->top + half, last - page->rows + 1)
		                           : MAX(page->top - half, first);
		if ((target - page->top) * direction > 0) {
			page->top = target;
			page->free_scroll = FALSE;
			return TRUE;
		}
	}
	if (!sn_page_first(page))
		return sn_page_scroll(page, direction);
	return sn_page_move(page, direction);
}

void sn_page_set_anchor_bottom(SnPage *page, gboolean on)
{
	page->anchor_bottom = on;
	page->was_bottom = on;
}

void sn_page_set_gutter(SnPage *page, gboolean on)
{
	page->gutter = on;
}
