/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All files exchanged with a person, over both channels; one key attaches one to the draft. */
#include <string.h>

#include "src/store/files.h"
#include "src/text/text.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/files.h"
#include "ui/reattach.h"
#include "ui/view_job.h"
#include "ui/words.h"

enum { FILES_PAGE = 200 };

/* A page on its way. */
typedef struct {
	SnId person, conversation;
	SnTime time;  /* of the last row there is */
	SnId message;
	int position;
	GPtrArray *found;
} Read;

typedef struct {
	GPtrArray *rows;  /* of SnFileRow, newest first, each file once */
	GHashTable *seen; /* what names a file -> how often it was exchanged, as a pointer */
	SnFileRow last;   /* key of the last row read, shown or not; nothing else in it counts */
	gboolean complete;
	SnViewJob *job; /* under way; NULL */
} Files;

static void read_free(gpointer data)
{
	Read *read = data;

	g_clear_pointer(&read->found, g_ptr_array_unref);
	g_free(read);
}

static void read_run(SnStore *store, gpointer data)
{
	Read *read = data;

	if (!store)
		return;
	read->found = read->person
		? sn_person_files(store, read->person, read->time, read->message, read->position,
		                  FILES_PAGE)
		: sn_conversation_files(store, read->conversation, read->time, read->message,
		                        read->position, FILES_PAGE);
}

/* The same file is shown once, where it came last. */
static char *identity(const SnFileRow *row)
{
	return row->sha256 ? g_strdup(row->sha256)
	                   : g_strdup_printf("%" G_GINT64_FORMAT " %s", row->size,
	                                     row->name ? row->name : row->type);
}

static void take(Files *files, SnFileRow *row)
{
	char *key = identity(row);
	gpointer count = g_hash_table_lookup(files->seen, key);

	files->last.time = row->time;
	files->last.message = row->message;
	files->last.position = row->position;
	g_hash_table_insert(files->seen, key, GINT_TO_POINTER(GPOINTER_TO_INT(count) + 1));
	if (count)
		sn_file_row_free(row);
	else
		g_ptr_array_add(files->rows, row);
}

static void read_done(SnApp *app, SnView *view, gpointer data)
{
	Read *read = data;
	Files *files = view->data;

	files->complete = !read->found || read->found->len < FILES_PAGE;
	while (read->found && read->found->len > 0)
		take(files, g_ptr_array_steal_index(read->found, 0));
	sn_view_job_drop(g_steal_pointer(&files->job));
}

static const SnViewJobOps read_ops = { read_run, read_done, read_free };

static void start(SnApp *app, SnView *view, const SnConversation *conversation)
{
	Files *files = view->data;
	Read *read = g_new0(Read, 1);

	g_assert(!files->job);
	*read = (Read){ .person = conversation->person,
		        .conversation = conversation->id,
		        .time = files->last.time,
		        .message = files->last.message,
		        .position = files->last.position };
	files->job = sn_view_job_start(app, view, &read_ops, read);
}

static void read_more(SnApp *app, SnView *view)
{
	g_autoptr(SnConversation) conversation = sn_conversation_get(app->store, view->subject);

	if (conversation)
		start(app, view, conversation);
}

static gboolean open_view(SnApp *app, SnView *view, GError **error)
{
	Files *files = g_new0(Files, 1);

	files->rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_file_row_free);
	files->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	view->data = files;
	read_more(app, view);
	return TRUE;
}

static void close_view(SnApp *app, SnView *view)
{
	Files *files = view->data;

	if (!files)
		return;
	sn_view_job_drop(files->job);
	g_ptr_array_unref(files->rows);
	g_hash_table_unref(files->seen);
	g_free(files);
	view->data = NULL;
}

static void fill_row(SnApp *app, SnView *view, guint index)
{
	Files *files = view->data;
	const SnFileRow *row = g_ptr_array_index(files->rows, index);
	g_autofree char *key = identity(row);
	int times = GPOINTER_TO_INT(g_hash_table_lookup(files->seen, key));
	g_autofree char *when = sn_words_when(row->time, sn_app_now(app));
	g_autofree char *name = sn_text_clean_line(row->name ? row->name : "file", -1);
	g_autofree char *size = row->size >= 0 ? sn_text_size(row->size) : g_strdup("?");
	g_autofree char *right = g_strdup_printf("%8s  %5s", size, when);

	sn_page_line(view->page, (gint64)index + 1, NULL);
	sn_page_addf(view->page, row->channel == SN_CHANNEL_IM ? SN_OBJ_CHANNEL_IM
	                                                       : SN_OBJ_CHANNEL_MAIL,
	             " %-5s", sn_channel_word(row->channel));
	sn_page_add(view->page, SN_OBJ_ATTACHMENT, name);
	if (times > 1)
		sn_page_addf(view->page, SN_OBJ_FAINT, "  %d times", times);
	sn_page_addf(view->page, SN_OBJ_FAINT, "  from %s",
	             row->direction == SN_OUT ? "you" : row->who ? row->who : "?");
	if ((row->url || row->channel == SN_CHANNEL_MAIL) && !row->sha256)
		sn_page_add(view->page, SN_OBJ_FAINT, "  not fetched yet");
	if (row->type)
		sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", row->type);
	sn_page_right(view->page, SN_OBJ_LIST_TIME, right);
}

static void fill(SnApp *app, SnView *view)
{
	Files *files = view->data;

	for (guint i = 0; i < files->rows->len; i++)
		fill_row(app, view, i);
	if (files->rows->len == 0 && files->job)
		sn_page_note(view->page, "Reading ...");
}

static void moved(SnApp *app, SnView *view)
{
	Files *files = view->data;

	if (!files->complete && !files->job &&
	    sn_page_below(view->page) < sn_page_rows(view->page))
		read_more(app, view);
}

static const SnFileRow *selected(SnView *view)
{
	const Files *files = view->data;
	gint64 id = sn_page_selected(view->page);

	return id > 0 && id <= files->rows->len ? g_ptr_array_index(files->rows, (guint)id - 1) : NULL;
}

gboolean sn_files_selected(SnView *view, SnId *message, int *position)
{
	const SnFileRow *row = view && view->ops == &sn_view_files ? selected(view) : NULL;

	if (!row)
		return FALSE;
	*message = row->message;
	*position = row->position;
	return TRUE;
}

/* Back to writing, with the file. */
static void activate(SnApp *app, SnView *view)
{
	SnId message;
	int position;

	if (!sn_files_selected(view, &message, &position))
		return;
	sn_view_close_all(app);
	sn_reattach(app, message, position);
	sn_app_focus(app, SN_PANE_COMPOSE);
}

static char *note(SnApp *app, SnView *view)
{
	const Files *files = view->data;
	g_autoptr(SnConversation) conversation = sn_conversation_get(app->store, view->subject);

	return g_strdup_printf("%s   %u%s", conversation ? conversation->title : "",
	                       files->rows->len, files->complete ? "" : "+");
}

const SnViewOps sn_view_files = {
	.name = "files",
	.title = "Files exchanged",
	.empty = "No files were exchanged yet.",
	.open = open_view,
	.close = close_view,
	.fill = fill,
	.activate = activate,
	.moved = moved,
	.note = note,
};

/* ---- commands ---- */

/* The conversation whose files are meant. */
static SnId conversation_of(SnApp *app, GError **error)
{
	const SnView *view = sn_app_view(app);
	const SnConversation *row =
		app->pane == SN_PANE_LIST && !view ? sn_list_selected(app->list) : NULL;
	SnId id;

	if (view && view->ops == &sn_view_person)
		id = sn_conversation_for_person(app->store, view->subject, NULL);
	else
		id = row ? row->id : app->composer->conversation;
	if (!id)
		sn_command_fail(error, "Open a conversation first.");
	return id;
}

static gboolean run_files(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = conversation_of(app, error);

	if (!id)
		return FALSE;
	/* what is attached goes to the one whose files are shown */
	if (app->composer->conversation != id) {
		sn_view_close_all(app);
		sn_list_select(app->list, id);
		sn_timeline_open(app->timeline, id, 0);
	}
	sn_view_open(app, &sn_view_files, NULL, id);
	return TRUE;
}

static gboolean run_goto(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnMessage) message = NULL;
	SnId id;
	int position;

	if (!sn_files_selected(sn_app_view(app), &id, &position))
		return sn_command_fail(error, "Go to a file first; :files shows them.");
	message = sn_message_get(app->store, id, 0);
	if (!message)
		return sn_command_fail(error, "The message is not there any more.");
	sn_view_close_all(app);
	sn_list_select(app->list, message->conversation);
	sn_timeline_open(app->timeline, message->conversation, id);
	sn_app_focus(app, SN_PANE_TIMELINE);
	return TRUE;
}

const SnCommand sn_commands_files[] = {
	{ "files", "", "all files exchanged with the person", 0, NULL, 0, 0, run_files },
	{ "file-message", "", "the message the selected file came with", 0, NULL, 0, 0, run_goto },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
