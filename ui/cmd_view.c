/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that open overlays, and that work within them. */
#include <string.h>

#include "ui/command.h"
#include "ui/composer.h"
#include "ui/history_file.h"
#include "ui/prompt.h"
#include "ui/view.h"

/* The views that need nothing to be shown. */
static gboolean open_plain(SnApp *app, const SnViewOps *ops, int argc, char **argv)
{
	sn_view_open(app, ops, argc ? argv[0] : NULL, 0);
	return TRUE;
}

static gboolean run_outbox(SnApp *app, int argc, char **argv, GError **error)
{
	return open_plain(app, &sn_view_outbox, argc, argv);
}

static gboolean run_accounts(SnApp *app, int argc, char **argv, GError **error)
{
	return open_plain(app, &sn_view_accounts, argc, argv);
}

static gboolean run_folders(SnApp *app, int argc, char **argv, GError **error)
{
	return open_plain(app, &sn_view_folders, argc, argv);
}

static gboolean run_log(SnApp *app, int argc, char **argv, GError **error)
{
	return open_plain(app, &sn_view_log, argc, argv);
}

static gboolean run_help(SnApp *app, int argc, char **argv, GError **error)
{
	return open_plain(app, &sn_view_help, argc, argv);
}

static gboolean run_history(SnApp *app, int argc, char **argv, GError **error)
{
	if (!app->composer->conversation)
		return sn_command_fail(error, "Open a conversation first.");
	sn_view_open(app, &sn_view_history, NULL, app->composer->conversation);
	return TRUE;
}

static gboolean run_message(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);

	if (!id)
		return FALSE;
	sn_view_open(app, &sn_view_message, NULL, id);
	return TRUE;
}

static gboolean run_headers(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);

	if (!id)
		return FALSE;
	sn_view_open(app, &sn_view_message, "headers", id);
	return TRUE;
}

static gboolean run_source(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);

	if (!id)
		return FALSE;
	sn_view_open(app, &sn_view_message, "source", id);
	return TRUE;
}

static gboolean run_parts(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, 0) : NULL;

	if (!message)
		return FALSE;
	if (message->channel != SN_CHANNEL_MAIL)
		return sn_command_fail(error, "Only an email has parts.");
	sn_view_open(app, &sn_view_parts, NULL, id);
	return TRUE;
}

static gboolean run_activate(SnApp *app, int argc, char **argv, GError **error)
{
	SnView *view = sn_app_view(app);

	if (view && view->ops->activate)
		view->ops->activate(app, view);
	return TRUE;
}

static void search_entered(SnApp *app, const char *answer, gpointer data)
{
	if (!answer || !*answer)
		return;
	g_free(app->search);
	app->search = g_strdup(answer);
	sn_history_file_add(app->searches, answer);
	sn_view_open(app, &sn_view_search, answer, 0);
}

static gboolean run_search(SnApp *app, int argc, char **argv, GError **error)
{
	SnView *view = sn_app_view(app);
	/* before its results a query is changed; elsewhere a new one begins */
	gboolean again = view && view->ops == &sn_view_search;
	SnAskLine ask = { .label = "/", .initial = again ? app->search : NULL,
		          .history = app->searches, .done = search_entered };

	if (argc) {
		search_entered(app, argv[0], NULL);
		return TRUE;
	}
	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean find_in(SnApp *app, int step, GError **error)
{
	SnPage *page = sn_app_page(app);
	SnView *view = sn_app_view(app);

	if (!app->search || !*app->search)
		return sn_command_fail(error, "Nothing was searched for yet: / begins.");
	if (!page)
		return TRUE;
	/* in results, the next match is the next row */
	if (view && view->ops == &sn_view_search)
		sn_page_move(page, step);
	else if (!sn_page_find(page, app->search, step))
		return sn_command_fail(error, "'%s' does not occur here.", app->search);
	return TRUE;
}

static void find_entered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;

	if (!answer || !*answer)
		return;
	g_free(app->search);
	app->search = g_strdup(answer);
	if (!find_in(app, 1, &error))
		sn_app_error(app, error);
}

static gboolean run_find(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "Search here: ", .done = find_entered };

	if (argc) {
		find_entered(app, argv[0], NULL);
		return TRUE;
	}
	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean run_find_next(SnApp *app, int argc, char **argv, GError **error)
{
	return find_in(app, 1, error);
}

static gboolean run_find_previous(SnApp *app, int argc, char **argv, GError **error)
{
	return find_in(app, -1, error);
}

const SnCommand sn_commands_view[] = {
	{ "outbox", "", "messages on their way", 0, NULL, 0, 0, run_outbox },
	{ "accounts", "", "accounts and how far they are", 0, NULL, 0, 0, run_accounts },
	{ "folders", "", "mail folders", 0, NULL, 0, 0, run_folders },
	{ "log", "", "what happened", 0, NULL, 0, 0, run_log },
	{ "help", "", "keys and commands", 0, NULL, 0, 0, run_help },
	{ "history", "", "choose what travels along with the reply", 0, NULL, 0, 0, run_history },
	{ "message", "", "the whole message", 0, NULL, 0, 0, run_message },
	{ "headers", "", "all headers of the email", 0, NULL, 0, 0, run_headers },
	{ "source", "", "the raw email", 0, NULL, 0, 0, run_source },
	{ "parts", "", "all parts of the email, as a tree", 0, NULL, 0, 0, run_parts },
	{ "activate", "", "open what is selected in a view", 0, NULL, 0, 0, run_activate },
	{ "search", "[QUERY]", "search all messages: words, \"phrase\", from: to: subject: via: has:attachment before: after: in: tag: kind: is:unread is:carried", 0, NULL, 0, -1, run_search },
	{ "find", "[TEXT]", "search in this view", 0, NULL, 0, -1, run_find },
	{ "find-next", "", "next match", 0, NULL, 0, 0, run_find_next },
	{ "find-previous", "", "match before", 0, NULL, 0, 0, run_find_previous },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
