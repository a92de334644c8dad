/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * page.h - lines of styled text with a selection: what the list, the timeline and every overlay
 * are made of. A view fills the page, the page draws and scrolls it. The selection is an id, not a
 * row: it stays where it was when the lines are filled anew.
 */
#ifndef SN_UI_PAGE_H
#define SN_UI_PAGE_H

#include "ui/grid.h"
#include "ui/theme.h"

typedef struct sn_page SnPage;

SnPage *sn_page_new(void);
void sn_page_free(SnPage *page); /* NULL is fine */

/* ---- filling ---- */

/* Forgets the lines; selection and scroll position stay. columns: the width to fill for. */
void sn_page_clear(SnPage *page, const SnTheme *theme, int columns);
int sn_page_columns(const SnPage *page);
/* Begins a line. Lines in a row with one id are one item; id 0 cannot be selected. data: the
 * item's, not owned. */
void sn_page_line(SnPage *page, gint64 id, gpointer data);
/* Appends to the line. */
void sn_page_add(SnPage *page, SnObject object, const char *text);
void sn_page_addf(SnPage *page, SnObject object, const char *format, ...) G_GNUC_PRINTF(3, 4);
void sn_page_add_style(SnPage *page, SnStyle style, const char *text);
void sn_page_add_bytes(SnPage *page, SnStyle style, const char *text, gsize length);
/* The same; target: where it leads to, NULL nowhere. */
void sn_page_add_link(SnPage *page, SnStyle style, const char *text, gsize length,
                      const char *target);
/* Bytes from..to of a paragraph; an address that is broken over lines leads there from each. */
void sn_page_add_linked(SnPage *page, SnStyle style, const char *paragraph, gsize from, gsize to);
/* Words that are marked in paragraphs from now on; NULL: none. Copied; sn_page_clear() forgets them. */
void sn_page_highlight(SnPage *page, const char *const *words);
/* The same of what was searched for, as the index compares (passage.h). */
void sn_page_sought(SnPage *page, const char *const *words);
/* Appends to the line, with that marked. */
void sn_page_add_sought(SnPage *page, SnObject object, const char *text);
/* Styles (styling.h) of the text whose byte `offset` the next paragraph begins with, until NULL. Not
 * owned. */
void sn_page_style_runs(SnPage *page, const GArray *runs, gsize offset);
/* Blanks up to this column. */
void sn_page_tab(SnPage *page, int column);
/* At the right edge of the line; it wins over what is left of it. */
void sn_page_right(SnPage *page, SnObject object, const char *text);
/* A rule with a word in it: --- text ---. */
void sn_page_divider(SnPage *page, SnObject object, const char *text);
/* Paragraphs, wrapped, each line indented; begins its own lines with this id. Web addresses in it
 * become links. */
void sn_page_wrap(SnPage *page, gint64 id, gpointer data, int indent, SnStyle style,
                  const char *text);
/* A heading with an empty line before it (unless first), and an explaining line. */
void sn_page_heading(SnPage *page, const char *text);
void sn_page_note(SnPage *page, const char *text);
/* key: value in columns, not selectable unless id > 0. */
void sn_page_fact(SnPage *page, gint64 id, const char *name, const char *value);

/* ---- reading ---- */

int sn_page_lines(const SnPage *page);
gint64 sn_page_selected(const SnPage *page); /* 0 none */
gpointer sn_page_data(const SnPage *page);   /* of the selected item; NULL */
/* The id at this row of the last drawing; 0. */
gint64 sn_page_hit(const SnPage *page, int y);
gint64 sn_page_first(const SnPage *page);
gint64 sn_page_last(const SnPage *page);
/* TRUE when the beginning (the end) of the lines shows. */
gboolean sn_page_at_top(const SnPage *page);
gboolean sn_page_at_bottom(const SnPage *page);
/* Lines before the first and after the last one in sight, and how many show at once. */
int sn_page_above(const SnPage *page);
int sn_page_below(const SnPage *page);
int sn_page_rows(const SnPage *page);

/* ---- moving ---- */

void sn_page_select(SnPage *page, gint64 id);
/* By items. FALSE when it could not move. */
gboolean sn_page_move(SnPage *page, int items);
/* By lines, taking the selection along; for pages without items it scrolls. */
gboolean sn_page_scroll(SnPage *page, int lines);
void sn_page_top(SnPage *page);
void sn_page_bottom(SnPage *page);
/* Next (step 1) or previous (-1) line that holds the text, whatever its case. */
gboolean sn_page_find(SnPage *page, const char *text, int step);
/* Items taller than the page: j scrolls within before it goes on. */
gboolean sn_page_step(SnPage *page, int direction);
/* Short content stands at the bottom (a timeline), and the end stays in sight when lines grow. */
void sn_page_set_anchor_bottom(SnPage *page, gboolean on);
/* The selected item is shown by a mark in the first column instead of its whole background. */
void sn_page_set_gutter(SnPage *page, gboolean on);

/* ---- drawing ---- */

/* focus: the keyboard is here (selection in its strong style, cursor on it). */
void sn_page_draw(SnPage *page, SnGrid *grid, SnRect rect, gboolean focus);

#endif
