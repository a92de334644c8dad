/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grid.h - the screen as data: a grid of styled cells that views draw into and a terminal shows.
 * Knows nothing of curses; all functions clip to the grid.
 */
#ifndef SN_UI_GRID_H
#define SN_UI_GRID_H

#include <glib.h>

/* A colour: the terminal's own, one of its 256, or RGB. */
#define SN_COLOUR_DEFAULT 0u
#define SN_COLOUR_INDEX(n) (0x01000000u | (guint32)(n))
#define SN_COLOUR_RGB(rgb) (0x02000000u | (guint32)(rgb))
#define SN_COLOUR_KIND(c) ((c) >> 24) /* 0 default, 1 index, 2 RGB */
#define SN_COLOUR_VALUE(c) ((c)&0xffffffu)

enum {
	SN_ATTR_BOLD = 1 << 0,
	SN_ATTR_DIM = 1 << 1,
	SN_ATTR_ITALIC = 1 << 2,
	SN_ATTR_UNDERLINE = 1 << 3,
	SN_ATTR_REVERSE = 1 << 4,
};

typedef struct {
	guint32 fg, bg;
	guint32 attrs;
} SnStyle;

/* One column. A wide character has width 2 and is followed by a cell of width 0. Clusters that are
 * longer than `text` keep their first character only. */
typedef struct {
	char text[24];
	guint8 width;
	guint16 link; /* 1 + index into links; 0 none */
	SnStyle style;
} SnCell;

typedef struct {
	int cols, rows;
	SnCell *cells;
	GPtrArray *links;       /* of char *: targets, for OSC 8 */
	int cursor_x, cursor_y; /* where the terminal's cursor stands */
	gboolean cursor_typing; /* it stands in a text field */
} SnGrid;

typedef struct {
	int x, y, cols, rows;
} SnRect;

SnGrid *sn_grid_new(int cols, int rows);
void sn_grid_free(SnGrid *grid); /* NULL is fine */
void sn_grid_resize(SnGrid *grid, int cols, int rows);
/* `to` becomes equal to `from`, links included. */
void sn_grid_copy(SnGrid *to, const SnGrid *from);
/* All cells blank in this style, no links, cursor at 0,0. */
void sn_grid_clear(SnGrid *grid, SnStyle style);
const SnCell *sn_grid_at(const SnGrid *grid, int x, int y);

void sn_grid_fill(SnGrid *grid, SnRect rect, SnStyle style);
/*
 * Draws text (length -1: to its NUL) in at most `columns`; what does not fit is cut between
 * clusters. Control characters become U+FFFD whatever the caller did. Columns drawn are returned.
 */
int sn_grid_text(SnGrid *grid, int x, int y, int columns, SnStyle style, const char *text,
                 gssize length);
/* The same, with an ellipsis where it is cut. */
int sn_grid_fit(SnGrid *grid, int x, int y, int columns, SnStyle style, const char *text);
void sn_grid_repeat(SnGrid *grid, int x, int y, int columns, SnStyle style, const char *text);
/* The cells from x on lead to `url`. */
void sn_grid_link(SnGrid *grid, int x, int y, int columns, const char *url);

/* The screen as lines of text without trailing blanks; caller frees. */
char *sn_grid_dump(const SnGrid *grid);
/* One letter a cell for its style class, for tests of colours; caller frees. */
char *sn_grid_dump_attrs(const SnGrid *grid);

#endif
