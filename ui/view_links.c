/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The links of a message, numbered as in its text; Enter opens one. Nothing else ever does. */
#include <string.h>

#include "src/text/text.h"
#include "ui/command.h"
#include "ui/files.h"
#include "ui/links.h"
#include "ui/view.h"

enum { LINKS_MAX = 1000 };

static void add(GPtrArray *links, const char *url, gsize length)
{
	g_autofree char *one = g_strndup(url, length);

	if (links->len < LINKS_MAX && !g_ptr_array_find_with_equal_func(links, one, g_str_equal, NULL))
		g_ptr_array_add(links, g_steal_pointer(&one));
}

GPtrArray *sn_links_of(const char *body)
{
	GPtrArray *links = g_ptr_array_new_with_free_func(g_free);
	guint count;
	gsize from = sn_text_footnotes(body, &count), start, end = 0;
	g_autofree char *text = g_strndup(body, from);
	const char *line = body + from;

	/* The numbers of the text: the third is the third, even if it leads where the first does. */
	for (guint i = 0; i < count; i++) {
		gsize length = strcspn(line, "\n");
		const char *url = memchr(line, ' ', length);
		g_assert(url);
		g_ptr_array_add(links, g_strndup(url + 1, length - (gsize)(url + 1 - line)));
		line += length + (line[length] == '\n');
	}
	while (sn_link_find(text, end, &start, &end))
		add(links, text + start, end - start);
	return links;
}

void sn_links_open(SnApp *app, const char *url)
{
	const SnCommand *compose = sn_command_find("compose");
	char *argv[] = { (char *)url, NULL };
	GError *error = NULL;

	g_assert(compose);
	if (g_ascii_strncasecmp(url, "mailto:", 7) == 0 || g_ascii_strncasecmp(url, "xmpp:", 5) == 0) {
		sn_view_close_all(app);
		compose->run(app, 1, argv, &error);
	} else {
		sn_files_browse(app, url, &error);
	}
	sn_app_error(app, error);
}

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, view->subject, SN_MESSAGE_FULL);
	g_autoptr(GPtrArray) links = message && message->body ? sn_links_of(message->body) : NULL;

	for (guint i = 0; links && i < links->len; i++) {
		const char *url = g_ptr_array_index(links, i);
		g_autofree char *clean = sn_text_clean_line(url, -1);
		g_autoptr(GArray) spans = sn_text_wrap(clean, MAX(sn_page_columns(view->page) - 8, 8));
		g_autofree char *text = sn_link_text(message->body, i + 1);
		g_autofree char *warning = sn_link_warning(url, text);
		for (guint n = 0; n < spans->len; n++) {
			const SnSpan *span = &g_array_index(spans, SnSpan, n);
			sn_page_line(view->page, (gint64)i + 1, NULL);
			if (n == 0)
				sn_page_addf(view->page, SN_OBJ_FAINT, " %4u", i + 1);
			sn_page_tab(view->page, 7);
			sn_page_add_bytes(view->page, sn_theme_style(app->theme, SN_OBJ_LINK),
			                  clean + span->start, span->end - span->start);
		}
		if (warning)
			sn_page_wrap(view->page, (gint64)i + 1, NULL, 7,
			             sn_theme_style(app->theme, SN_OBJ_WARNING), warning);
	}
}

static char *selected(SnApp *app, SnView *view)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, view->subject, SN_MESSAGE_FULL);
	g_autoptr(GPtrArray) links = message && message->body ? sn_links_of(message->body) : NULL;
	gint64 number = sn_page_selected(view->page);

	return links && number > 0 && number <= links->len
	               ? g_strdup(g_ptr_array_index(links, number - 1))
	               : NULL;
}

static void activate(SnApp *app, SnView *view)
{
	g_autofree char *url = selected(app, view);

	if (url)
		sn_links_open(app, url);
}

static gint64 message_of(SnApp *app, SnView *view)
{
	return view->subject;
}

const SnViewOps sn_view_links = {
	.name = "links",
	.title = "Links",
	.empty = "This message has no links.",
	.fill = fill,
	.activate = activate,
	.message = message_of,
};
