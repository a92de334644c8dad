/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_private.h - shared by page.c and page_move.c only. */
#ifndef SN_UI_PAGE_PRIVATE_H
#define SN_UI_PAGE_PRIVATE_H

#include "ui/page.h"

typedef struct {
	gsize text; /* offset into SnPage.text, NUL-terminated there */
	SnStyle style;
	gsize link; /* the same for its target; 0 none */
} SnPageSpan;

typedef struct {
	gint64 id;
	gpointer data;
	guint first_span, span_count;
	guint right_span; /* index + 1; 0 none */
	gboolean divider;
} SnPageLine;

struct sn_page {
	GString *text;
	GArray *spans, *lines;
	const SnTheme *theme;
	char **highlights;     /* words marked in paragraphs; NULL */
	char **sought;         /* marked too: what was searched for (passage.h); NULL */
	const GArray *runs;    /* of SnStyledRun: styles of paragraphs, not owned; NULL */
	gsize runs_offset;     /* byte of their text at which the next paragraph begins */
	int columns, rows;     /* as filled; as being drawn */
	int drawn_rows;        /* as settled last */
	int top;               /* first line shown */
	gint64 selected;
	int selected_item;     /* its number among the items, for when it is gone */
	int selected_offset;   /* its first line from the top of the screen */
	gboolean was_bottom;   /* the end was in sight when the lines went */
	gboolean at_bottom;    /* ... when it was drawn last */
	gboolean was_last;     /* the last item was selected when the lines went */
	gboolean stale;        /* filled anew since it was last settled */
	gboolean anchor_bottom, gutter;
	gboolean free_scroll;  /* top was moved by lines: keep it, even beyond the selection */
	int drawn_y;           /* row of the screen on which `top` was drawn */
};

/* Notes where selection and screen stand, before the lines go. */
void sn_page_remember(SnPage *page);
/* After filling: finds selection and top again; keeps both in range. focus: the selection must
 * be in sight; a timeline that nobody stands in shows its end instead. */
void sn_page_settle(SnPage *page, gboolean focus);
const char *sn_page_span_text(const SnPage *page, const SnPageSpan *span);

#endif
