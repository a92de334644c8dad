/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/grid.h"

#include <string.h>

#include "src/text/text.h"

SnGrid *sn_grid_new(int cols, int rows)
{
	SnGrid *grid = g_new0(SnGrid, 1);

	grid->links = g_ptr_array_new_with_free_func(g_free);
	sn_grid_resize(grid, cols, rows);
	return grid;
}

void sn_grid_free(SnGrid *grid)
{
	if (!grid)
		return;
	g_ptr_array_unref(grid->links);
	g_free(grid->cells);
	g_free(grid);
}

void sn_grid_resize(SnGrid *grid, int cols, int rows)
{
	g_assert(cols > 0 && rows > 0);
	grid->cells = g_renew(SnCell, grid->cells, (gsize)cols * (gsize)rows);
	grid->cols = cols;
	grid->rows = rows;
	sn_grid_clear(grid, (SnStyle){ 0 });
}

void sn_grid_clear(SnGrid *grid, SnStyle style)
{
	g_ptr_array_set_size(grid->links, 0);
	grid->cursor_x = grid->cursor_y = 0;
	grid->cursor_typing = FALSE;
	sn_grid_fill(grid, (SnRect){ 0, 0, grid->cols, grid->rows }, style);
}

void sn_grid_copy(SnGrid *to, const SnGrid *from)
{
	if (to->cols != from->cols || to->rows != from->rows)
		sn_grid_resize(to, from->cols, from->rows);
	memcpy(to->cells, from->cells, sizeof(SnCell) * (gsize)from->cols * (gsize)from->rows);
	g_ptr_array_set_size(to->links, 0);
	for (guint i = 0; i < from->links->len; i++)
		g_ptr_array_add(to->links, g_strdup(g_ptr_array_index(from->links, i)));
	to->cursor_x = from->cursor_x;
	to->cursor_y = from->cursor_y;
	to->cursor_typing = from->cursor_typing;
}

static SnCell *cell_at(SnGrid *grid, int x, int y)
{
	g_assert(x >= 0 && x < grid->cols && y >= 0 && y < grid->rows);
	return &grid->cells[(gsize)y * (gsize)grid->cols + (gsize)x];
}

const SnCell *sn_grid_at(const SnGrid *grid, int x, int y)
{
	return cell_at((SnGrid *)grid, x, y);
}

static void put(SnCell *cell, const char *text, gsize bytes, int width, SnStyle style)
{
	if (bytes >= sizeof cell->text)
		bytes = (gsize)(g_utf8_next_char(text) - text);
	memcpy(cell->text, text, bytes);
	cell->text[bytes] = 0;
	cell->width = (guint8)width;
	cell->link = 0;
	cell->style = style;
}

void sn_grid_fill(SnGrid *grid, SnRect rect, SnStyle style)
{
	int right = MIN(rect.x + rect.cols, grid->cols), bottom = MIN(rect.y + rect.rows, grid->rows);

	for (int y = MAX(rect.y, 0); y < bottom; y++)
		for (int x = MAX(rect.x, 0); x < right; x++)
			put(cell_at(grid, x, y), " ", 1, 1, style);
}

/* Drawing over one half of a wide character leaves a blank in place of the other. */
static void split_wide(SnGrid *grid, int x, int y)
{
	SnCell *cell = cell_at(grid, x, y);

	if (cell->width == 0 && x > 0)
		put(cell_at(grid, x - 1, y), " ", 1, 1, cell_at(grid, x - 1, y)->style);
	if (cell->width == 2 && x + 1 < grid->cols)
		put(cell_at(grid, x + 1, y), " ", 1, 1, cell_at(grid, x + 1, y)->style);
}

static void append_zero_width(SnCell *cell, const char *text, gsize bytes)
{
	gsize have = strlen(cell->text);

	if (have + bytes < sizeof cell->text) {
		memcpy(cell->text + have, text, bytes);
		cell->text[have + bytes] = 0;
	}
}

static gboolean is_control(const char *text)
{
	gunichar c = g_utf8_get_char(text);

	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

int sn_grid_text(SnGrid *grid, int x, int y, int columns, SnStyle style, const char *text,
                 gssize length)
{
	const char *end = text + (length < 0 ? strlen(text) : (gsize)length);
	int drawn = 0;

	if (y < 0 || y >= grid->rows)
		return 0;
	columns = MIN(columns, grid->cols - x);
	while (text < end) {
		gsize bytes;
		int width = sn_text_cluster(text, &bytes);
		const char *shown = text;
		gsize shown_bytes = bytes = MIN(MAX(bytes, 1), (gsize)(end - text));

		if (is_control(text)) {
			shown = *text == '\t' ? " " : "\357\277\275";
			shown_bytes = strlen(shown);
			width = 1;
		}
		if (drawn + width > columns)
			break;
		if (x + drawn >= 0 && width > 0) {
			split_wide(grid, x + drawn, y);
			if (width == 2)
				split_wide(grid, x + drawn + 1, y);
			put(cell_at(grid, x + drawn, y), shown, shown_bytes, width, style);
			if (width == 2)
				put(cell_at(grid, x + drawn + 1, y), "", 0, 0, style);
		} else if (width == 0 && drawn > 0 && x + drawn - 1 >= 0) {
			append_zero_width(cell_at(grid, x + drawn - 1, y), shown, shown_bytes);
		}
		drawn += width;
		text += bytes;
	}
	return drawn;
}

int sn_grid_fit(SnGrid *grid, int x, int y, int columns, SnStyle style, const char *text)
{
	g_autofree char *fitted = columns > 0 ? sn_text_fit(text, columns) : g_strdup("");

	return sn_grid_text(grid, x, y, columns, style, fitted, -1);
}

void sn_grid_repeat(SnGrid *grid, int x, int y, int columns, SnStyle style, const char *text)
{
	int drawn = 0, step;

	while (drawn < columns &&
	       (step = sn_grid_text(grid, x + drawn, y, columns - drawn, style, text, -1)) > 0)
		drawn += step;
}

void sn_grid_link(SnGrid *grid, int x, int y, int columns, const char *url)
{
	if (y < 0 || y >= grid->rows || grid->links->len >= G_MAXUINT16 - 1)
		return;
	g_ptr_array_add(grid->links, g_strdup(url));
	for (int i = MAX(x, 0); i < MIN(x + columns, grid->cols); i++)
		cell_at(grid, i, y)->link = (guint16)grid->links->len;
}

char *sn_grid_dump(const SnGrid *grid)
{
	GString *out = g_string_new(NULL);

	for (int y = 0; y < grid->rows; y++) {
		gsize start = out->len;
		for (int x = 0; x < grid->cols; x++)
			g_string_append(out, sn_grid_at(grid, x, y)->text);
		while (out->len > start && out->str[out->len - 1] == ' ')
			g_string_truncate(out, out->len - 1);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

char *sn_grid_dump_attrs(const SnGrid *grid)
{
	GString *out = g_string_new(NULL);

	for (int y = 0; y < grid->rows; y++) {
		for (int x = 0; x < grid->cols; x++) {
			const SnStyle *style = &sn_grid_at(grid, x, y)->style;
			char letter = '.';
			if (style->bg != SN_COLOUR_DEFAULT)
				letter = 'b';
			if (style->fg != SN_COLOUR_DEFAULT)
				letter = letter == 'b' ? 'B' : 'f';
			if (style->attrs & SN_ATTR_REVERSE)
				letter = 'R';
			g_string_append_c(out, letter);
		}
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}
