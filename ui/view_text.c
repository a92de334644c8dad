/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plain text: the log, and what a command printed. */
#include <string.h>

#include "src/text/text.h"
#include "ui/view.h"

enum { LOG_TAIL = 128 * 1024, LINES_SHOWN = 20000 };

static void fill_lines(SnView *view, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", LINES_SHOWN);
	gint64 id = 0;

	for (char **line = lines; *line; line++) {
		if (!**line && !line[1])
			break;
		sn_page_line(view->page, ++id, NULL);
		sn_page_addf(view->page, SN_OBJ_DEFAULT, " %s", *line);
	}
}

static void text_fill(SnApp *app, SnView *view)
{
	g_autofree char *clean = sn_text_clean(view->argument ? view->argument : "", -1);

	fill_lines(view, clean);
}

const SnViewOps sn_view_text = {
	.name = "view",
	.title = "Output",
	.empty = "It printed nothing.",
	.fill = text_fill,
};

static void log_fill(SnApp *app, SnView *view)
{
	g_autofree char *text = NULL, *clean = NULL;
	gsize length = 0;
	const char *start;

	if (!g_file_get_contents(app->setup->paths->log_path, &text, &length, NULL))
		return;
	start = text;
	if (length > LOG_TAIL) {
		start = memchr(text + length - LOG_TAIL, '\n', LOG_TAIL);
		start = start ? start + 1 : text + length;
	}
	clean = sn_text_clean(start, -1);
	fill_lines(view, clean);
	if (!view->data) {
		view->data = GINT_TO_POINTER(1); /* the newest line, the first time */
		sn_page_bottom(view->page);
	}
}

static char *log_note(SnApp *app, SnView *view)
{
	return g_strdup(app->setup->paths->log_path);
}

const SnViewOps sn_view_log = {
	.name = "log",
	.title = "Log",
	.empty = "The log is empty.",
	.fill = log_fill,
	.note = log_note,
};
