/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a page holds and how it is filled; moving about in it is page_move.c. */
#include "ui/page_private.h"

#include <string.h>

#include "src/text/mention.h"
#include "src/text/passage.h"
#include "src/text/styling.h"
#include "src/text/text.h"
#include "ui/links.h"

SnPage *sn_page_new(void)
{
	SnPage *page = g_new0(SnPage, 1);

	page->text = g_string_new(NULL);
	page->spans = g_array_new(FALSE, FALSE, sizeof(SnPageSpan));
	page->lines = g_array_new(FALSE, FALSE, sizeof(SnPageLine));
	page->columns = 80;
	page->rows = 1;
	return page;
}

void sn_page_free(SnPage *page)
{
	if (!page)
		return;
	g_string_free(page->text, TRUE);
	g_array_unref(page->spans);
	g_array_unref(page->lines);
	g_strfreev(page->highlights);
	g_strfreev(page->sought);
	g_free(page);
}

void sn_page_clear(SnPage *page, const SnTheme *theme, int columns)
{
	if (!page->stale)
		sn_page_remember(page);
	page->stale = TRUE;
	g_string_truncate(page->text, 0);
	g_array_set_size(page->spans, 0);
	g_array_set_size(page->lines, 0);
	page->theme = theme;
	page->columns = MAX(columns, 1);
	g_clear_pointer(&page->highlights, g_strfreev);
	g_clear_pointer(&page->sought, g_strfreev);
	sn_page_style_runs(page, NULL, 0);
}

void sn_page_highlight(SnPage *page, const char *const *words)
{
	g_strfreev(page->highlights);
	page->highlights = g_strdupv((char **)words);
}

void sn_page_sought(SnPage *page, const char *const *words)
{
	g_strfreev(page->sought);
	page->sought = g_strdupv((char **)words);
}

void sn_page_style_runs(SnPage *page, const GArray *runs, gsize offset)
{
	page->runs = runs;
	page->runs_offset = offset;
}

int sn_page_columns(const SnPage *page)
{
	return page->columns;
}

void sn_page_line(SnPage *page, gint64 id, gpointer data)
{
	SnPageLine line = { .id = id, .data = data, .first_span = page->spans->len };

	g_array_append_val(page->lines, line);
}

static SnPageLine *last_line(SnPage *page)
{
	g_assert(page->lines->len > 0);
	return &g_array_index(page->lines, SnPageLine, page->lines->len - 1);
}

static gsize keep_text(SnPage *page, const char *text, gsize length)
{
	gsize offset = page->text->len;

	g_string_append_len(page->text, text, (gssize)length);
	g_string_append_c(page->text, 0);
	return offset;
}

void sn_page_add_link(SnPage *page, SnStyle style, const char *text, gsize length, const char *target)
{
	SnPageSpan span = { keep_text(page, text, length), style, 0 };
	SnPageLine *line = last_line(page);

	g_assert(line->right_span == 0); /* the right part comes last */
	if (target)
		span.link = keep_text(page, target, strlen(target));
	g_assert(!target || span.link > 0);
	g_assert(line->first_span + line->span_count == page->spans->len);
	g_array_append_val(page->spans, span);
	line->span_count++;
}

void sn_page_add_bytes(SnPage *page, SnStyle style, const char *text, gsize length)
{
	sn_page_add_link(page, style, text, length, NULL);
}

void sn_page_add_style(SnPage *page, SnStyle style, const char *text)
{
	sn_page_add_bytes(page, style, text, strlen(text));
}

void sn_page_add(SnPage *page, SnObject object, const char *text)
{
	sn_page_add_style(page, sn_theme_style(page->theme, object), text);
}

void sn_page_addf(SnPage *page, SnObject object, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	sn_page_add(page, object, text);
}

const char *sn_page_span_text(const SnPage *page, const SnPageSpan *span)
{
	return page->text->str + span->text;
}

static int line_width(const SnPage *page, const SnPageLine *line)
{
	int width = 0;

	for (guint i = 0; i < line->span_count; i++)
		width += sn_text_width(sn_page_span_text(
			page, &g_array_index(page->spans, SnPageSpan, line->first_span + i)));
	return width;
}

void sn_page_tab(SnPage *page, int column)
{
	int width = line_width(page, last_line(page));
	g_autofree char *blanks = g_strnfill((gsize)MAX(column - width, 1), ' ');

	sn_page_add(page, SN_OBJ_DEFAULT, blanks);
}

void sn_page_right(SnPage *page, SnObject object, const char *text)
{
	SnPageLine *line = last_line(page);

	sn_page_add(page, object, text);
	line->span_count--;
	line->right_span = page->spans->len; /* its index plus one */
}

void sn_page_divider(SnPage *page, SnObject object, const char *text)
{
	sn_page_line(page, 0, NULL);
	sn_page_add(page, object, text);
	last_line(page)->divider = TRUE;
}

/* The first of the words within from..to. */
static gboolean find_highlight(const SnPage *page, const char *text, gsize from, gsize to, gsize *start,
                               gsize *end)
{
	gboolean found = FALSE;
	gsize s, e;

	for (char **word = page->highlights; word && *word; word++) {
		if (sn_text_find_word(text, *word, from, &s, &e) && e <= to && (!found || s < *start)) {
			*start = s;
			*end = e;
			found = TRUE;
		}
	}
	for (char **word = page->sought; word && *word; word++) {
		if (sn_text_find_sought(text, from, found ? *start : to, *word, &s, &e)) {
			*start = s;
			*end = e;
			found = TRUE;
		}
	}
	return found;
}

static SnStyle styled(const SnPage *page, SnStyle style, guint styles)
{
	static const struct {
		guint style;
		SnObject object;
	} laid[] = { { SN_STYLED_STRONG, SN_OBJ_STRONG }, { SN_STYLED_EMPHASIS, SN_OBJ_EMPHASIS },
		     { SN_STYLED_STRUCK, SN_OBJ_STRUCK }, { SN_STYLED_CODE, SN_OBJ_CODE },
		     { SN_STYLED_MARK, SN_OBJ_STYLING } };

	for (gsize i = 0; i < G_N_ELEMENTS(laid); i++)
		if (styles & laid[i].style)
			style = sn_theme_over(page->theme, style, laid[i].object);
	return style;
}

/* The first run that ends after this byte of their text. */
static guint first_run(const GArray *runs, gsize at)
{
	guint low = 0, high = runs->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (g_array_index(runs, SnStyledRun, middle).end <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* In the styles of its runs; link: where it leads to, NULL nowhere. */
static void add_styled(SnPage *page, SnStyle style, const char *paragraph, gsize from, gsize to,
                       const char *link)
{
	const GArray *runs = page->runs;
	gsize offset = page->runs_offset;

	g_assert(from <= to);
	for (guint i = runs ? first_run(runs, offset + from) : 0; runs && i < runs->len && from < to; i++) {
		const SnStyledRun *run = &g_array_index(runs, SnStyledRun, i);
		if (run->start >= offset + to)
			break;
		gsize start = run->start > offset + from ? run->start - offset : from;
		gsize end = MIN(run->end - offset, to);
		if (start > from)
			sn_page_add_link(page, style, paragraph + from, start - from, link);
		sn_page_add_link(page, styled(page, style, run->styles), paragraph + start, end - start,
		                 link);
		from = end;
	}
	if (from < to)
		sn_page_add_link(page, style, paragraph + from, to - from, link);
}

static void add_marked(SnPage *page, SnStyle style, const char *paragraph, gsize from, gsize to)
{
	gsize start = 0, end = 0;

	while (from < to && find_highlight(page, paragraph, from, to, &start, &end)) {
		g_assert(start >= from && end > start);
		if (start > from)
			add_styled(page, style, paragraph, from, start, NULL);
		add_styled(page, sn_theme_over(page->theme, style, SN_OBJ_MATCH), paragraph, start, end,
		           NULL);
		from = end;
	}
	if (from < to)
		add_styled(page, style, paragraph, from, to, NULL);
}

void sn_page_add_sought(SnPage *page, SnObject object, const char *text)
{
	add_marked(page, sn_theme_style(page->theme, object), text, 0, strlen(text));
}

static void add_linked(SnPage *page, SnStyle style, SnLinkWalk *walk, gsize from, gsize to)
{
	const char *paragraph = walk->text;
	gsize at = from;

	while (at < to && sn_link_walk(walk, at) && walk->start < to) {
		g_autofree char *url = g_strndup(paragraph + walk->start, walk->end - walk->start);
		gsize shown = MAX(walk->start, at);
		if (shown > at)
			add_marked(page, style, paragraph, at, shown);
		at = MIN(walk->end, to);
		add_styled(page, sn_theme_over(page->theme, style, SN_OBJ_LINK), paragraph, shown, at, url);
	}
	if (from == to)
		sn_page_add_bytes(page, style, paragraph + at, 0);
	else if (at < to)
		add_marked(page, style, paragraph, at, to);
}

void sn_page_add_linked(SnPage *page, SnStyle style, const char *paragraph, gsize from, gsize to)
{
	SnLinkWalk walk = { .text = paragraph };

	add_linked(page, style, &walk, from, to);
}

void sn_page_wrap(SnPage *page, gint64 id, gpointer data, int indent, SnStyle style, const char *text)
{
	g_autofree char *blanks = g_strnfill((gsize)indent, ' ');
	SnStyle plain = sn_theme_style(page->theme, SN_OBJ_DEFAULT);
	g_auto(GStrv) paragraphs = g_strsplit(text, "\n", -1);

	if (!*text)
		sn_page_line(page, id, data);
	for (char **paragraph = paragraphs; *paragraph; paragraph++) {
		int hang = 0;
		SnLinkWalk walk = { .text = *paragraph };
		g_autoptr(GArray) spans =
			sn_text_wrap_hanging(*paragraph, MAX(page->columns - indent, 8), &hang);
		g_autofree char *further = g_strnfill((gsize)(indent + hang), ' ');
		for (guint i = 0; i < spans->len; i++) {
			SnSpan span = g_array_index(spans, SnSpan, i);
			sn_page_line(page, id, data);
			if (i > 0 && indent + hang > 0)
				sn_page_add_style(page, plain, further);
			else if (indent)
				sn_page_add_style(page, plain, blanks);
			add_linked(page, style, &walk, span.start, span.end);
		}
		page->runs_offset += strlen(*paragraph) + 1;
	}
}

void sn_page_heading(SnPage *page, const char *text)
{
	if (page->lines->len > 0)
		sn_page_line(page, 0, NULL);
	sn_page_line(page, 0, NULL);
	sn_page_add(page, SN_OBJ_DEFAULT, " ");
	sn_page_add(page, SN_OBJ_HEADING, text);
}

void sn_page_note(SnPage *page, const char *text)
{
	sn_page_wrap(page, 0, NULL, 1, sn_theme_style(page->theme, SN_OBJ_FAINT), text);
}

void sn_page_fact(SnPage *page, gint64 id, const char *name, const char *value)
{
	g_auto(GStrv) lines = g_strsplit(value, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_autoptr(GArray) spans = sn_text_wrap(*line, MAX(page->columns - 17, 8));
		for (guint i = 0; i < spans->len; i++) {
			SnSpan span = g_array_index(spans, SnSpan, i);
			sn_page_line(page, id, NULL);
			sn_page_addf(page, SN_OBJ_FIELD, " %s",
			             line == lines && i == 0 ? name : "");
			sn_page_tab(page, 16);
			sn_page_add_bytes(page, sn_theme_style(page->theme, SN_OBJ_DEFAULT),
			                  *line + span.start, span.end - span.start);
		}
	}
}

static void draw_divider(const SnPage *page, SnGrid *grid, SnRect row, const SnPageLine *line)
{
	const SnPageSpan *span = &g_array_index(page->spans, SnPageSpan, line->first_span);
	SnStyle rule = sn_theme_style(page->theme, SN_OBJ_BORDER);
	g_autofree char *label = g_strdup_printf(" %s ", sn_page_span_text(page, span));
	int width = MIN(sn_text_width(label), row.cols - 4);
	int left = MAX((row.cols - width) / 2, 2);

	sn_grid_repeat(grid, row.x, row.y, row.cols, rule, "\342\224\200");
	sn_grid_fit(grid, row.x + left, row.y, width, span->style, label);
}

static SnStyle span_style(const SnPage *page, const SnPageSpan *span, gboolean selected, gboolean focus)
{
	if (!selected || page->gutter)
		return span->style;
	return sn_theme_over(page->theme, span->style,
	                     focus ? SN_OBJ_SELECTED : SN_OBJ_SELECTED_AWAY);
}

static void draw_line(const SnPage *page, SnGrid *grid, SnRect row, const SnPageLine *line,
                      gboolean selected, gboolean focus)
{
	SnPageSpan blank = { 0, sn_theme_style(page->theme, SN_OBJ_DEFAULT), 0 };
	int x = 0, room = row.cols;

	if (line->divider) {
		draw_divider(page, grid, row, line);
		return;
	}
	sn_grid_fill(grid, row, span_style(page, &blank, selected, focus));
	if (line->right_span) {
		SnPageSpan *span = &g_array_index(page->spans, SnPageSpan, line->right_span - 1);
		const char *text = sn_page_span_text(page, span);
		int width = MIN(sn_text_width(text), row.cols);

		room -= width + (width ? 1 : 0);
		sn_grid_fit(grid, row.x + row.cols - width, row.y, width,
		            span_style(page, span, selected, focus), text);
	}
	for (guint i = 0; i < line->span_count && x < room; i++) {
		SnPageSpan *span = &g_array_index(page->spans, SnPageSpan, line->first_span + i);
		int width = sn_grid_fit(grid, row.x + x, row.y, room - x,
		                        span_style(page, span, selected, focus),
		                        sn_page_span_text(page, span));
		if (span->link)
			sn_grid_link(grid, row.x + x, row.y, width, page->text->str + span->link);
		x += width;
	}
}

void sn_page_draw(SnPage *page, SnGrid *grid, SnRect rect, gboolean focus)
{
	SnRect row = { rect.x, rect.y, rect.cols, 1 };
	gboolean first = TRUE;
	int shift;

	if (rect.rows < 1 || rect.cols < 2 || !page->theme)
		return;
	g_assert(rect.rows > 0);
	page->rows = rect.rows;
	sn_grid_fill(grid, rect, sn_theme_style(page->theme, SN_OBJ_DEFAULT));
	sn_page_settle(page, focus);
	g_assert(page->top >= 0 && !page->stale);
	shift = page->anchor_bottom ? MAX(0, rect.rows - (int)page->lines->len) : 0;
	page->drawn_y = rect.y + shift;
	if (page->gutter) {
		row.x++;
		row.cols--;
	}
	for (int y = 0; y + shift < rect.rows && page->top + y < (int)page->lines->len; y++) {
		SnPageLine *line = &g_array_index(page->lines, SnPageLine, page->top + y);
		gboolean selected = line->id != 0 && line->id == page->selected;

		row.y = rect.y + shift + y;
		draw_line(page, grid, row, line, selected, focus);
		if (selected && page->gutter)
			sn_grid_text(grid, rect.x, row.y, 1,
			             sn_theme_style(page->theme, focus ? SN_OBJ_KEY : SN_OBJ_FAINT),
			             focus ? "\342\226\214" : "\342\224\202", -1);
		if (selected && first && focus) {
			grid->cursor_x = rect.x;
			grid->cursor_y = row.y;
			first = FALSE;
		}
	}
}
