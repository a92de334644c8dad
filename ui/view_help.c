/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and commands, from the tables that they come from. */
#include <string.h>

#include "ui/command.h"
#include "ui/view.h"

enum { COMMAND_COLUMN = 64 }; /* left out where the terminal is narrower */

typedef struct {
	SnView *view;
	const char *context;
	gint64 id;
	GString *keys; /* of the line that is not written yet; NULL */
	const char *command, *meaning;
} Fill;

static const struct {
	const char *context, *title;
} titles[] = {
	{ "global", "Everywhere but while writing" },
	{ "list", "In the list of conversations" },
	{ "timeline", "In the timeline" },
	{ "compose", "While writing" },
	{ "compose-im", "While writing an IM" },
	{ "compose-mail", "While writing an email" },
	{ "view", "In every view" },
	{ "outbox", "In the outbox" },
	{ "person", "In the person view" },
	{ "files", "In the files of a person" },
	{ "search", "In search results" },
	{ "folders", "In the list of folders" },
	{ "index", "In a mail folder" },
	{ "message", "In the message view" },
	{ "history", "When choosing what travels along" },
};

static const char *title_of(const char *context)
{
	for (gsize i = 0; i < G_N_ELEMENTS(titles); i++)
		if (strcmp(titles[i].context, context) == 0)
			return titles[i].title;
	return context;
}

static const char *meaning_of(const char *command)
{
	g_autofree char *name = g_strndup(command, strcspn(command, " "));
	const SnCommand *found = sn_command_find(name);

	return found ? found->help : "";
}

/* Several keys for the same stand on one line. */
static void write_bind(Fill *fill)
{
	SnPage *page = fill->view->page;

	if (!fill->keys)
		return;
	sn_page_line(page, ++fill->id, NULL);
	sn_page_addf(page, SN_OBJ_KEY, "   %s", fill->keys->str);
	sn_page_tab(page, 25);
	sn_page_add(page, SN_OBJ_DEFAULT, fill->meaning ? fill->meaning : meaning_of(fill->command));
	if (sn_page_columns(page) >= COMMAND_COLUMN + 10) {
		sn_page_tab(page, COMMAND_COLUMN);
		sn_page_addf(page, SN_OBJ_FAINT, ":%s", fill->command);
	}
	g_string_free(g_steal_pointer(&fill->keys), TRUE);
}

static void add_bind(const char *context, const char *keys, const char *command, const char *meaning,
                     gpointer data)
{
	Fill *fill = data;
	gboolean same_context = g_strcmp0(fill->context, context) == 0;

	if (fill->keys && same_context && strcmp(fill->command, command) == 0) {
		g_string_append_printf(fill->keys, " %s", keys);
		return;
	}
	write_bind(fill);
	if (!same_context)
		sn_page_heading(fill->view->page, title_of(context));
	*fill = (Fill){ fill->view, context, fill->id, g_string_new(keys), command, meaning };
}

static void add_commands(Fill *fill)
{
	SnPage *page = fill->view->page;

	sn_page_heading(page, "Commands (type : and a name; Tab completes)");
	for (const SnCommand *const *group = sn_command_groups; *group; group++)
		for (const SnCommand *command = *group; command->name; command++) {
			sn_page_line(page, ++fill->id, NULL);
			sn_page_addf(page, SN_OBJ_KEY, "   :%s", command->name);
			sn_page_addf(page, SN_OBJ_FAINT, " %s", command->arguments);
			sn_page_tab(page, 34);
			sn_page_add(page, SN_OBJ_DEFAULT, command->help);
		}
}

static void fill(SnApp *app, SnView *view)
{
	Fill fill = { .view = view };

	sn_page_line(view->page, 0, NULL);
	sn_page_note(view->page,
	             "Left are the conversations, right is one of them. Enter reads, r answers, C-t "
	             "changes the channel of the answer, Enter or C-x sends, Esc goes back. All keys "
	             "can be changed in binds.conf; / searches here.");
	sn_binds_each(app->binds, add_bind, &fill);
	write_bind(&fill);
	add_commands(&fill);
}

const SnViewOps sn_view_help = {
	.name = "help",
	.title = "Help",
	.fill = fill,
};
