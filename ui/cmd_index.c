/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of the list of a folder: order, limit, marks, the message before and after. */
#include <string.h>

#include "ui/command.h"
#include "ui/index.h"
#include "ui/prompt.h"

enum { MARK_MOST = 5000 };

static SnIndex *need_index(SnApp *app, GError **error)
{
	SnIndex *index = sn_index_of(app);

	if (!index)
		sn_command_fail(error, "Open a mail folder first: F lists them.");
	return index;
}

/* ---- which folder ---- */

static SnId find_folder(SnApp *app, const char *wanted)
{
	g_autoptr(GPtrArray) folders = sn_folder_list(app->store, 0);
	g_autofree char *fold = g_utf8_casefold(wanted, -1);
	SnId found = 0;

	for (guint i = 0; folders && i < folders->len; i++) {
		const SnFolder *folder = g_ptr_array_index(folders, i);
		g_autofree char *account = sn_account_name(app->store, folder->account);
		g_autofree char *full = g_strdup_printf("%s:%s", account ? account : "", folder->name);
		g_autofree char *full_fold = g_utf8_casefold(full, -1);
		g_autofree char *name_fold = g_utf8_casefold(folder->name, -1);
		if (strcmp(full_fold, fold) == 0 || strcmp(name_fold, fold) == 0)
			return folder->id;
		if (!found && (g_strcmp0(folder->role, wanted) == 0 || strstr(name_fold, fold)))
			found = folder->id;
	}
	return found;
}

static gboolean run_folder(SnApp *app, int argc, char **argv, GError **error)
{
	SnId folder = find_folder(app, argv[0]);

	if (!folder)
		return sn_command_fail(error, "There is no folder '%s'. F lists them.", argv[0]);
	sn_view_open(app, &sn_view_index, NULL, folder);
	return TRUE;
}

/* ---- order and limit ---- */

static void changed(SnApp *app)
{
	SnView *view = sn_index_view(app);

	sn_page_select(view->page, 0);
	sn_view_stale(view);
	sn_app_dirty(app);
}

static void sort_chosen(SnApp *app, const char *answer, gpointer data)
{
	SnIndex *index = sn_index_of(app);
	SnFolderSort sort;

	if (!index || !answer || !sn_folder_sort_parse(answer, &sort))
		return;
	if (sn_index_order(index)->conversation && !sn_folder_sort_is_quick(sort)) {
		sn_app_say(app, SN_OBJ_WARNING, "The emails of a conversation are sorted by date or oldest.");
		return;
	}
	sn_index_set_order(index, sort, sn_index_order(index)->threads);
	changed(app);
}

static gboolean run_sort(SnApp *app, int argc, char **argv, GError **error)
{
	static const SnChoice choices[] = {
		{ 'd', "newest first", "date" },  { 'o', "oldest first", "oldest" },
		{ 'f', "by sender", "sender" },   { 's', "by subject", "subject" },
		{ 'z', "largest first", "size" }, { 'u', "unread first", "unread" },
	};
	SnAsk ask = { .question = "Sort the emails of this folder:", .choices = choices,
		      .count = G_N_ELEMENTS(choices), .done = sort_chosen };
	SnFolderSort sort;

	if (!need_index(app, error))
		return FALSE;
	if (argc && !sn_folder_sort_parse(argv[0], &sort))
		return sn_command_fail(error, "They can be sorted by date, oldest, sender, subject, "
		                              "size and unread.");
	if (argc)
		sort_chosen(app, argv[0], NULL);
	else
		sn_prompt_ask(app, &ask);
	return TRUE;
}

static gboolean run_threads(SnApp *app, int argc, char **argv, GError **error)
{
	SnIndex *index = sn_index_of(app);
	SnId conversation = sn_timeline_conversation_id(app->timeline);

	if (!index && !conversation)
		return sn_command_fail(error, "Open a conversation or a mail folder first.");
	if (!index) {
		sn_view_open(app, &sn_view_index, SN_INDEX_CONVERSATION, conversation);
		return TRUE;
	}
	sn_index_set_order(index, SN_FOLDER_SORT_DATE, !sn_index_threaded(index));
	sn_app_say(app, SN_OBJ_DEFAULT, sn_index_threaded(index) ? "By threads." : "Without threads.");
	changed(app);
	return TRUE;
}

static void limit_entered(SnApp *app, const char *answer, gpointer data)
{
	SnIndex *index = sn_index_of(app);
	GError *error = NULL;

	if (!index || !answer)
		return;
	if (!sn_index_set_limit(index, *answer ? answer : NULL, &error))
		sn_app_error(app, error);
	else
		changed(app);
}

static gboolean run_limit(SnApp *app, int argc, char **argv, GError **error)
{
	SnIndex *index = need_index(app, error);
	SnAskLine ask = { .label = "Show only: ", .done = limit_entered };

	if (!index)
		return FALSE;
	ask.initial = sn_index_limit(index);
	if (argc)
		limit_entered(app, strcmp(argv[0], "all") == 0 ? "" : argv[0], NULL);
	else
		sn_prompt_line(app, &ask);
	return TRUE;
}

/* ---- marks ---- */

static gboolean run_mark_thread(SnApp *app, int argc, char **argv, GError **error)
{
	SnIndex *index = need_index(app, error);

	if (!index)
		return FALSE;
	sn_index_mark_thread(index);
	sn_page_move(sn_app_page(app), 1);
	sn_app_dirty(app);
	return TRUE;
}

/* What a query finds in the folder, read on the worker. */
typedef struct {
	SnApp *app;
	SnId folder, conversation; /* where; one of them */
	char *text;
	const SnClock *clock;
	GPtrArray *found; /* of SnMessage */
	GError *error;
} Search;

static void search_free(gpointer data)
{
	Search *search = data;

	g_free(search->text);
	g_clear_pointer(&search->found, g_ptr_array_unref);
	g_clear_error(&search->error);
	g_free(search);
}

static void search_run(SnStore *store, gpointer data)
{
	Search *search = data;
	g_autoptr(SnQuery) query =
		store ? sn_query_parse(search->text, search->clock, &search->error) : NULL;

	if (!query)
		return;
	query->folder = search->folder;
	query->conversation = search->conversation;
	search->found = sn_message_search(store, query, 0, 0, MARK_MOST, 0, &search->error);
}

static void search_done(gpointer data)
{
	Search *search = data;
	SnIndex *index = sn_index_of(search->app);

	if (search->error)
		sn_app_say(search->app, SN_OBJ_ERROR, "%s", search->error->message);
	if (!search->found || !index || sn_index_order(index)->folder != search->folder ||
	    sn_index_order(index)->conversation != search->conversation)
		return;
	for (guint i = 0; i < search->found->len; i++)
		sn_index_mark(index, ((SnMessage *)search->found->pdata[i])->id);
	if (search->found->len >= MARK_MOST)
		sn_app_say(search->app, SN_OBJ_WARNING,
		           "The newest %d of them are marked; more at once is not possible.", MARK_MOST);
	else if (search->found->len)
		sn_app_say(search->app, SN_OBJ_SUCCESS, "%u marked.", search->found->len);
	else
		sn_app_say(search->app, SN_OBJ_WARNING, "Nothing here is like that.");
}

static void mark_entered(SnApp *app, const char *answer, gpointer data)
{
	SnIndex *index = sn_index_of(app);
	Search *search;

	if (!index || !answer || !*answer)
		return;
	search = g_new0(Search, 1);
	search->app = app;
	search->folder = sn_index_order(index)->folder;
	search->conversation = sn_index_order(index)->conversation;
	search->text = g_strdup(strcmp(answer, "all") == 0 ? "" : answer);
	search->clock = app->clock;
	sn_worker_run(app->worker, &(SnJob){ search_run, search_done, search_free, search });
}

static gboolean run_mark_matching(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "Mark what is (\"all\", or as in a search): ", .done = mark_entered };

	if (!need_index(app, error))
		return FALSE;
	if (argc)
		mark_entered(app, argv[0], NULL);
	else
		sn_prompt_line(app, &ask);
	return TRUE;
}

/* ---- from message to message ---- */

static gboolean step(SnApp *app, int by, GError **error)
{
	SnView *index = sn_index_view(app), *top = sn_app_view(app);
	SnId before, now;

	if (!index || (top != index && top->ops != &sn_view_message))
		return sn_command_fail(error, "This goes from email to email of a folder: F lists them.");
	before = sn_page_selected(index->page);
	sn_page_move(index->page, by);
	index->ops->moved(app, index);
	sn_view_refill(app, index);
	now = sn_page_selected(index->page);
	if (now == before)
		return sn_command_fail(error, by > 0 ? "This is the last one." : "This is the first one.");
	if (top != index)
		index->ops->activate(app, index);
	return TRUE;
}

static gboolean run_next_message(SnApp *app, int argc, char **argv, GError **error)
{
	return step(app, 1, error);
}

static gboolean run_previous_message(SnApp *app, int argc, char **argv, GError **error)
{
	return step(app, -1, error);
}

const SnCommand sn_commands_index[] = {
	{ "folder", "NAME", "the emails of a mail folder", SN_COMPLETE_FOLDER, NULL, 1, -1, run_folder },
	{ "sort", "[ORDER]", "order of the folder's emails", SN_COMPLETE_WORDS, "date oldest sender subject size unread", 0, 1, run_sort },
	{ "threads", "", "the emails of the conversation as threads that fold; in a list of emails, with or without threads", 0, NULL, 0, 0, run_threads },
	{ "limit", "[QUERY | all]", "show only what a search finds in the folder", SN_COMPLETE_WORDS, "all is:unread is:flagged from: to: subject: has:attachment before: after:", 0, -1, run_limit },
	{ "mark-thread", "", "mark the thread for the next command", 0, NULL, 0, 0, run_mark_thread },
	{ "mark-matching", "[QUERY | all]", "mark what a search finds in the folder", SN_COMPLETE_WORDS, "all is:unread is:flagged from: to: subject: has:attachment before: after:", 0, -1, run_mark_matching },
	{ "next-message", "", "the next email of the folder", 0, NULL, 0, 0, run_next_message },
	{ "previous-message", "", "the email of the folder before", 0, NULL, 0, 0, run_previous_message },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
