/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Search over all messages; the query runs on the worker. */
#include "src/text/passage.h"
#include "src/text/text.h"
#include "ui/view_job.h"
#include "ui/words.h"

enum { RESULTS_PAGE = 100 };

/* A page of results on its way. */
typedef struct {
	char *text;
	const SnClock *clock;
	SnTime before_time;
	SnId before_id;
	GPtrArray *found;     /* of SnMessage, by the job */
	GError *error;
} Find;

enum { PASSAGE_BYTES = 300 };

typedef struct {
	GPtrArray *messages;  /* of SnMessage */
	GHashTable *titles;   /* conversation -> title */
	char **words;         /* that are asked for */
	SnViewJob *job;       /* under way; NULL */
	gboolean complete;
} Results;

static void find_free(gpointer data)
{
	Find *find = data;

	g_free(find->text);
	g_clear_pointer(&find->found, g_ptr_array_unref);
	g_clear_error(&find->error);
	g_free(find);
}

/* What a list shows of it: the place that was found, the file whose name it is, or how it begins. */
static void set_passage(SnStore *store, const SnQuery *query, SnMessage *message)
{
	const char *const *words = (const char *const *)query->words;
	g_autoptr(SnMessage) whole = *words ? sn_message_get(store, message->id, SN_MESSAGE_FULL) : NULL;
	char *passage = whole ? sn_text_passage(whole->body, words, PASSAGE_BYTES) : NULL;

	for (guint i = 0; !passage && whole && whole->parts && i < whole->parts->len; i++) {
		const SnPart *part = g_ptr_array_index(whole->parts, i);
		g_autofree char *name = sn_text_passage(part->name, words, PASSAGE_BYTES);
		if (name)
			passage = g_strdup_printf("file %s", name);
	}
	if (!passage)
		return;
	g_free(message->preview);
	message->preview = passage;
}

static void find_run(SnStore *store, gpointer data)
{
	Find *find = data;
	g_autoptr(SnQuery) query = NULL;

	if (!store) {
		g_set_error(&find->error, SN_ERROR, SN_ERROR_STORAGE, "The store cannot be read.");
		return;
	}
	query = sn_query_parse(find->text, find->clock, &find->error);
	if (query)
		find->found = sn_message_search(store, query, find->before_time, find->before_id,
		                                RESULTS_PAGE, 0, &find->error);
	for (guint i = 0; find->found && i < find->found->len; i++)
		set_passage(store, query, g_ptr_array_index(find->found, i));
}

static void find_done(SnApp *app, SnView *view, gpointer data)
{
	Find *find = data;
	Results *results = view->data;

	if (find->error)
		sn_app_say(app, SN_OBJ_ERROR, "%s", find->error->message);
	results->complete = !find->found || find->found->len < RESULTS_PAGE;
	while (find->found && find->found->len > 0)
		g_ptr_array_add(results->messages, g_ptr_array_steal_index(find->found, 0));
	sn_view_job_drop(g_steal_pointer(&results->job));
}

static const SnViewJobOps find_ops = { find_run, find_done, find_free };

static void start(SnApp *app, SnView *view)
{
	Results *results = view->data;
	Find *find = g_new0(Find, 1);
	const SnMessage *last = results->messages->len
	                                ? g_ptr_array_index(results->messages, results->messages->len - 1)
	                                : NULL;

	find->text = g_strdup(view->argument);
	find->clock = app->clock;
	find->before_time = last ? last->time : 0;
	find->before_id = last ? last->id : 0;
	g_assert(!results->job);
	results->job = sn_view_job_start(app, view, &find_ops, find);
}

static gboolean open_view(SnApp *app, SnView *view, GError **error)
{
	Results *results = g_new0(Results, 1);
	g_autoptr(SnQuery) query = sn_query_parse(view->argument, app->clock, error);

	if (!query) {
		g_free(results);
		return FALSE;
	}
	results->messages = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	results->words = g_strdupv(query->words);
	results->titles = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	view->data = results;
	start(app, view);
	return TRUE;
}

static void close_view(SnApp *app, SnView *view)
{
	Results *results = view->data;

	if (!results)
		return;
	if (results->job)
		sn_worker_interrupt(app->worker);
	sn_view_job_drop(results->job);
	g_ptr_array_unref(results->messages);
	g_hash_table_unref(results->titles);
	g_strfreev(results->words);
	g_free(results);
	view->data = NULL;
}

static const char *title_of(SnApp *app, Results *results, SnId conversation)
{
	const char *known = g_hash_table_lookup(results->titles, &conversation);
	g_autoptr(SnConversation) row = NULL;
	char *title;

	if (known)
		return known;
	row = sn_conversation_get(app->store, conversation);
	title = g_strdup(row && row->title ? row->title : "?");
	g_hash_table_insert(results->titles, g_memdup2(&conversation, sizeof conversation), title);
	return title;
}

static void fill(SnApp *app, SnView *view)
{
	Results *results = view->data;
	SnPage *page = view->page;

	sn_page_sought(page, (const char *const *)results->words);
	for (guint i = 0; i < results->messages->len; i++) {
		const SnMessage *message = g_ptr_array_index(results->messages, i);
		gboolean im = message->channel == SN_CHANNEL_IM;
		g_autofree char *when = sn_words_when(message->time, sn_app_now(app));
		g_autofree char *text = sn_text_clean_line(message->preview ? message->preview : "", -1);

		sn_page_line(page, message->id, (gpointer)message);
		sn_page_addf(page, im ? SN_OBJ_CHANNEL_IM : SN_OBJ_CHANNEL_MAIL, " %-5s",
		             sn_channel_word(message->channel));
		const char *title = title_of(app, results, message->conversation);
		sn_page_add(page, SN_OBJ_LIST_TITLE, title);
		if (message->direction == SN_OUT)
			sn_page_add(page, SN_OBJ_SENDER_SELF, "  you");
		else if (message->sender_name && !g_str_equal(message->sender_name, title))
			sn_page_addf(page, SN_OBJ_FAINT, "  %s", message->sender_name);
		if (message->carried)
			sn_page_add(page, SN_OBJ_CARRIED, "  told");
		if (message->subject) {
			sn_page_add(page, SN_OBJ_DEFAULT, "  ");
			sn_page_add_sought(page, SN_OBJ_DEFAULT, message->subject);
		}
		sn_page_right(page, SN_OBJ_LIST_TIME, when);
		sn_page_line(page, message->id, (gpointer)message);
		sn_page_add(page, SN_OBJ_LIST_PREVIEW, "      ");
		sn_page_add_sought(page, SN_OBJ_LIST_PREVIEW, text);
	}
	if (results->messages->len == 0 && results->job)
		sn_page_note(page, "Searching ...");
}

static void activate(SnApp *app, SnView *view)
{
	const SnMessage *message = sn_page_data(view->page);
	SnId conversation, id;

	if (!message)
		return;
	conversation = message->conversation;
	id = message->id;
	g_auto(GStrv) words = g_strdupv(((Results *)view->data)->words);
	sn_view_close_all(app);
	sn_list_select(app->list, conversation);
	sn_timeline_open_found(app->timeline, conversation, id, (const char *const *)words);
	sn_app_focus(app, SN_PANE_TIMELINE);
}

static void moved(SnApp *app, SnView *view)
{
	Results *results = view->data;

	if (!results->complete && !results->job && sn_page_at_bottom(view->page))
		start(app, view);
}

static char *note(SnApp *app, SnView *view)
{
	const Results *results = view->data;

	return g_strdup_printf("%s   %u%s%s", view->argument, results->messages->len,
	                       results->complete ? "" : "+", results->job ? ", searching" : " found");
}

const SnViewOps sn_view_search = {
	.name = "search",
	.title = "Search",
	.empty = "Nothing found. Words, \"phrases\", from: to: subject: via:im has:attachment before: "
		 "after: in: tag: kind: is:unread is:carried can be combined.",
	.open = open_view,
	.close = close_view,
	.fill = fill,
	.activate = activate,
	.moved = moved,
	.note = note,
};
