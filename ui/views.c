/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overlays in general: opening, closing, drawing. */
#include "ui/view.h"

#include "src/text/text.h"

static void destroy(SnApp *app, SnView *view)
{
	if (view->ops->close)
		view->ops->close(app, view);
	sn_page_free(view->page);
	g_free(view->argument);
	g_free(view);
}

void sn_view_close(SnApp *app)
{
	SnView *view = sn_app_view(app);

	if (!view)
		return;
	g_assert(g_ptr_array_index(app->views, app->views->len - 1) == view);
	g_ptr_array_remove_index(app->views, app->views->len - 1);
	destroy(app, view);
	sn_app_dirty(app);
}

void sn_view_close_all(SnApp *app)
{
	while (sn_app_view(app))
		sn_view_close(app);
}

static void close_same(SnApp *app, const SnViewOps *ops)
{
	for (guint i = app->views->len; i > 0; i--) {
		SnView *view = g_ptr_array_index(app->views, i - 1);
		if (view->ops != ops)
			continue;
		g_ptr_array_remove_index(app->views, i - 1);
		destroy(app, view);
	}
}

void sn_view_open(SnApp *app, const SnViewOps *ops, const char *argument, gint64 subject)
{
	SnView *view = g_new0(SnView, 1);
	GError *error = NULL;

	g_assert(ops->name && ops->fill);
	view->ops = ops;
	view->page = sn_page_new();
	view->argument = g_strdup(argument); /* before an equal view, which may own it, goes */
	view->subject = subject;
	view->stale = TRUE;
	if (ops->open && !ops->open(app, view, &error)) {
		destroy(app, view);
		sn_app_error(app, error);
		return;
	}
	close_same(app, ops);
	g_ptr_array_add(app->views, view);
	sn_app_dirty(app);
}

void sn_view_stale(SnView *view)
{
	view->stale = TRUE;
}

void sn_view_refill(SnApp *app, SnView *view)
{
	g_assert(view->columns > 0);
	view->stale = FALSE;
	sn_page_clear(view->page, app->theme, view->columns - 1);
	view->ops->fill(app, view);
	if (sn_page_lines(view->page) == 0 && view->ops->empty) {
		sn_page_line(view->page, 0, NULL);
		sn_page_note(view->page, view->ops->empty);
	}
}

static void draw_title(SnApp *app, SnView *view, SnRect rect)
{
	SnStyle style = sn_theme_style(app->theme, SN_OBJ_TITLE);
	g_autofree char *note = view->ops->note ? view->ops->note(app, view) : NULL;
	int x = rect.x + 1;

	sn_grid_fill(app->grid, (SnRect){ rect.x, rect.y, rect.cols, 1 }, style);
	x += sn_grid_fit(app->grid, x, rect.y, rect.cols - 1, style, view->ops->title) + 2;
	if (note && x < rect.x + rect.cols)
		sn_grid_fit(app->grid, x, rect.y, rect.x + rect.cols - x - 1,
		            sn_theme_over(app->theme, style, SN_OBJ_TITLE_NOTE), note);
}

void sn_view_draw(SnApp *app, SnView *view, SnRect rect)
{
	SnRect body = { rect.x, rect.y + 1, rect.cols, rect.rows - 1 };

	if (view->stale || view->columns != rect.cols) {
		view->columns = rect.cols;
		sn_view_refill(app, view);
	}
	draw_title(app, view, rect);
	sn_page_draw(view->page, app->grid, body, TRUE);
}
