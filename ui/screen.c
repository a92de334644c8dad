/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where panes, views and prompts stand. */
#include "ui/prompt.h"
#include "ui/view.h"

#include "src/text/text.h"

enum {
	TWO_PANES = 80,   /* columns from which list and timeline stand side by side */
	VIEW_BESIDE = 110, /* ... from which a view leaves the list in sight */
	READABLE = 120,   /* text is not made wider than this */
};

static int list_columns(const SnApp *app)
{
	int wanted = app->settings->ui_list_width, cols = app->grid->cols;

	if (cols < 100)
		wanted = MIN(wanted, 30);
	else if (cols >= 160)
		wanted += 8;
	return CLAMP(wanted, 16, cols / 2);
}

static void draw_border(SnApp *app, int x, int rows)
{
	SnStyle style = sn_theme_style(app->theme, SN_OBJ_BORDER);

	for (int y = 0; y < rows; y++)
		sn_grid_text(app->grid, x, y, 1, style, "\342\224\202", -1);
}

static void draw_timeline_side(SnApp *app, SnRect rect)
{
	gboolean typing = app->pane == SN_PANE_COMPOSE && !sn_app_view(app);
	int height = sn_composer_height(app->composer, rect.cols, rect.rows, typing);
	SnRect composer = { rect.x, rect.y + rect.rows - height, rect.cols, height };
	SnRect timeline = { rect.x, rect.y, MIN(rect.cols, READABLE), rect.rows - height };

	app->timeline_rect = timeline;
	sn_timeline_draw(app->timeline, timeline, app->pane == SN_PANE_TIMELINE && !sn_app_view(app));
	if (height > 0)
		sn_composer_draw(app->composer, composer, typing);
}

static void draw_panes(SnApp *app, int rows)
{
	SnView *view = sn_app_view(app);
	int cols = app->grid->cols, list = list_columns(app);
	gboolean two = cols >= TWO_PANES;
	SnRect all = { 0, 0, cols, rows };
	SnRect left = { 0, 0, two ? list : cols, rows };
	SnRect right = { two ? list + 1 : 0, 0, two ? cols - list - 1 : cols, rows };

	g_assert(rows > 0 && list > 0 && list < cols);
	app->list_rect = app->timeline_rect = app->view_rect = (SnRect){ 0 };
	if (view) {
		app->view_rect = cols >= VIEW_BESIDE ? right : all;
		app->view_rect.cols = MIN(app->view_rect.cols, READABLE);
		if (cols >= VIEW_BESIDE) {
			app->list_rect = left;
			sn_list_draw(app->list, left, FALSE);
			draw_border(app, list, rows);
		}
		sn_view_draw(app, view, app->view_rect);
		return;
	}
	if (two || app->pane == SN_PANE_LIST) {
		app->list_rect = left;
		sn_list_draw(app->list, left, app->pane == SN_PANE_LIST);
	}
	if (two)
		draw_border(app, list, rows);
	if (two || app->pane != SN_PANE_LIST)
		draw_timeline_side(app, right);
}

void sn_screen_draw(SnApp *app)
{
	int rows = app->grid->rows, cols = app->grid->cols, panel;
	SnRect bar = { 0, rows - 1, cols, 1 };

	sn_grid_clear(app->grid, sn_theme_style(app->theme, SN_OBJ_DEFAULT));
	if (rows < 4 || cols < 16) {
		sn_grid_text(app->grid, 0, 0, cols, sn_theme_style(app->theme, SN_OBJ_DEFAULT),
		             "too small", -1);
		return;
	}
	draw_panes(app, rows - 1);
	panel = MIN(sn_prompt_rows(app, cols), rows - 1);
	if (app->prompt)
		sn_prompt_draw(app, (SnRect){ 0, rows - 1 - panel, cols, panel }, bar);
	else
		sn_bar_draw(app, bar);
}
