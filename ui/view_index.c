/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The emails of one folder or conversation: flags, date, who, subject; threads as trees that fold. */
#include <string.h>

#include "src/store/triage.h"
#include "src/text/text.h"
#include "ui/index_private.h"
#include "ui/tree.h"
#include "ui/words.h"

enum {
	THREAD_ROWS = 300, /* of an open thread that are shown */
	WIDE = 70,         /* columns from which names have room */
	STATUS = 5,        /* columns of the flags, a blank after them */
	WHEN = 8,
	WHO = 20,
	WHO_NARROW = 12,
};

static const char *thread_of(const SnFolderRow *row)
{
	return row->message->thread ? row->message->thread : "";
}

static gboolean is_open(const SnIndex *index, const SnFolderRow *row)
{
	return index->open != g_hash_table_contains(index->unfolded, thread_of(row));
}

/* ---- rows ---- */

static void add_status(SnIndex *index, const SnFolderRow *row, gboolean thread)
{
	SnPage *page = index->view->page;
	gboolean marked = g_hash_table_contains(index->marks, &row->message->id);
	gboolean unread = thread ? row->unread > 0 : !(row->flags & SN_FLAG_SEEN);

	sn_page_add(page, SN_OBJ_MARKED, marked ? "*" : " ");
	sn_page_add(page, SN_OBJ_LIST_UNREAD,
	            unread                              ? "N"
	            : row->flags & SN_FLAG_DELETED   ? "D"
	            : row->flags & SN_FLAG_ANSWERED  ? "r"
	            : row->flags & SN_FLAG_FORWARDED ? "f"
	            : row->flags & SN_FLAG_DRAFT     ? "d"
	                                               : " ");
	sn_page_add(page, SN_OBJ_WARNING, row->flags & SN_FLAG_FLAGGED ? "!" : " ");
	sn_page_add(page, SN_OBJ_ATTACHMENT, row->message->attachments ? "@" : " ");
}

static void add_right(SnIndex *index, const SnFolderRow *row, gboolean thread)
{
	SnPage *page = index->view->page;
	g_autofree char *text = NULL, *tags = sn_tags_shown(row->message->tags), *alone = NULL;

	if (thread && row->count > 1)
		text = g_strdup_printf("[%d%s]", row->count, row->count >= SN_FOLDER_COUNT ? "+" : "");
	else if (!index->limit && index->order.sort == SN_FOLDER_SORT_SIZE)
		text = sn_text_size(row->message->size);
	if (tags) {
		alone = g_steal_pointer(&text);
		text = g_strdup_printf("%s%s%s", tags, alone ? " " : "", alone ? alone : "");
	}
	if (text)
		sn_page_right(page, thread && row->unread ? SN_OBJ_LIST_COUNT : SN_OBJ_FAINT, text);
}

/* thread: the row stands for its whole thread. branch: of the tree; NULL none. */
static void add_row(SnIndex *index, SnFolderRow *row, gboolean thread, const char *branch)
{
	SnPage *page = index->view->page;
	const SnMessage *message = row->message;
	gboolean wide = sn_page_columns(page) >= WIDE, unread = thread ? row->unread > 0
	                                                                : !(row->flags & SN_FLAG_SEEN);
	gboolean out = message->direction == SN_OUT;
	int width = wide ? WHO : WHO_NARROW;
	g_autofree char *when = sn_words_when(message->time, sn_app_now(index->app));
	g_autofree char *subject = sn_text_clean_line(message->subject ? message->subject : "", -1);
	g_autofree char *name = sn_text_clean_line(row->who ? row->who : "?", -1);
	g_autofree char *who = g_strconcat(out ? "to " : "", name, NULL);
	g_autofree char *fitted = sn_text_fit(who, width - 1);

	sn_page_line(page, message->id, row);
	add_status(index, row, thread);
	sn_page_tab(page, STATUS);
	sn_page_add(page, SN_OBJ_LIST_TIME, when);
	sn_page_tab(page, STATUS + WHEN);
	sn_page_add(page, out ? SN_OBJ_SENDER_SELF : unread ? SN_OBJ_LIST_UNREAD : SN_OBJ_DEFAULT, fitted);
	sn_page_tab(page, STATUS + WHEN + width);
	if (branch && *branch)
		sn_page_addf(page, SN_OBJ_FOLD, "%s ", branch);
	sn_page_add(page, unread ? SN_OBJ_LIST_UNREAD : SN_OBJ_LIST_TITLE,
	            *subject ? subject : "(no subject)");
	add_right(index, row, thread);
}

/* An open thread: every email a row, below what it answers. */
static void add_thread(SnIndex *index, const SnFolderRow *top)
{
	GPtrArray *members = sn_folder_thread(index->app->store, &index->order, top->message,
	                                      THREAD_ROWS);
	g_autoptr(GPtrArray) messages = g_ptr_array_new();
	g_autoptr(GArray) tree = NULL;

	g_ptr_array_add(index->members, members);
	for (guint i = 0; i < members->len; i++)
		g_ptr_array_add(messages, ((SnFolderRow *)members->pdata[i])->message);
	tree = sn_tree_order(messages);
	for (guint i = 0; i < tree->len; i++) {
		const SnTreeRow *row = &g_array_index(tree, SnTreeRow, i);
		add_row(index, members->pdata[row->index], FALSE, row->branch);
	}
}

static void fill(SnApp *app, SnView *view)
{
	SnIndex *index = view->data;

	(void)app;
	g_ptr_array_set_size(index->members, 0);
	for (guint i = 0; i < index->rows->len; i++) {
		SnFolderRow *row = index->rows->pdata[i];
		if (sn_index_threaded(index) && row->count > 1 && is_open(index, row))
			add_thread(index, row);
		else
			add_row(index, row, sn_index_threaded(index), NULL);
	}
	g_ptr_array_set_size(index->dropped, 0);
	if (index->rows->len == 0 && index->job)
		sn_page_note(view->page, "Reading ...");
	else if (index->rows->len == 0 && index->limit)
		sn_page_note(view->page, "Nothing here is like that. Esc shows all again.");
	else if (index->rows->len == 0)
		sn_page_note(view->page, index->order.folder ? "This folder is empty."
		                                             : "There is no email in this conversation.");
}

/* ---- the view ---- */

static gboolean open_view(SnApp *app, SnView *view, GError **error)
{
	gboolean said = g_strcmp0(view->argument, SN_INDEX_CONVERSATION) == 0;

	view->data = sn_index_new(app, view, said ? 0 : view->subject, said ? view->subject : 0, error);
	return view->data != NULL;
}

static void close_view(SnApp *app, SnView *view)
{
	(void)app;
	sn_index_free(g_steal_pointer(&view->data));
}

static void stale(SnApp *app, SnView *view)
{
	(void)app;
	sn_index_refresh(view->data);
}

static void moved(SnApp *app, SnView *view)
{
	SnPage *page = view->page;

	(void)app;
	sn_index_more(view->data, sn_page_at_top(page), sn_page_below(page) < 2 * sn_page_rows(page));
}

static void ahead(SnApp *app, SnView *view, const char *how)
{
	if (strcmp(how, "top") == 0)
		sn_index_first(view->data);
	else if (strcmp(how, "bottom") == 0)
		sn_index_last(view->data);
	else
		return;
	sn_view_refill(app, view);
}

static void activate(SnApp *app, SnView *view)
{
	SnId id = sn_page_selected(view->page);
	GError *error = NULL;

	if (!id)
		return;
	if (!sn_message_change_flags(app->store, id, SN_FLAG_SEEN, 0, &error))
		sn_app_error(app, error);
	app->stale = TRUE;
	sn_view_open(app, &sn_view_message, NULL, id);
}

static void add_folder(SnApp *app, SnId id, GString *text)
{
	g_autoptr(SnFolder) folder = sn_folder_get(app->store, id);
	g_autofree char *account = folder ? sn_account_name(app->store, folder->account) : NULL;

	if (folder)
		g_string_append_printf(text, "%s  %s   %d unread of %d", folder->name, account ? account : "",
		                       folder->unread, folder->total);
}

static void add_conversation(SnApp *app, SnId id, GString *text)
{
	g_autoptr(SnConversation) row = sn_conversation_get(app->store, id);

	if (!row)
		return;
	g_string_append_printf(text, "%s", row->title ? row->title : "");
	if (row->unread)
		g_string_append_printf(text, "   %d unread", row->unread);
}

static char *note(SnApp *app, SnView *view)
{
	SnIndex *index = view->data;
	g_autoptr(GString) text = g_string_new(NULL);

	if (index->order.folder)
		add_folder(app, index->order.folder, text);
	else
		add_conversation(app, index->order.conversation, text);
	if (g_hash_table_size(index->marks))
		g_string_append_printf(text, "   %u marked", g_hash_table_size(index->marks));
	if (index->limit)
		g_string_append_printf(text, "   only %s: %u%s", index->limit, index->rows->len,
		                       index->at_end ? "" : "+");
	else if (index->order.sort != SN_FOLDER_SORT_DATE)
		g_string_append_printf(text, "   by %s", sn_folder_sort_word(index->order.sort));
	else if (!index->order.threads)
		g_string_append(text, "   without threads");
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Esc: first what was marked, then the limit, then out. */
static gboolean back(SnApp *app, SnView *view)
{
	SnIndex *index = view->data;

	if (g_hash_table_size(index->marks) > 0)
		sn_index_clear_marks(index);
	else if (index->limit)
		sn_index_set_limit(index, NULL, NULL);
	else
		return FALSE;
	sn_view_stale(view);
	sn_app_dirty(app);
	return TRUE;
}

static gint64 message(SnApp *app, SnView *view)
{
	(void)app;
	return sn_page_selected(view->page);
}

const SnViewOps sn_view_index = {
	.name = "index",
	.title = "Emails",
	.open = open_view,
	.close = close_view,
	.fill = fill,
	.stale = stale,
	.activate = activate,
	.moved = moved,
	.ahead = ahead,
	.back = back,
	.message = message,
	.note = note,
};

/* ---- marks and folds ---- */

SnView *sn_index_view(SnApp *app)
{
	for (guint i = app->views->len; i > 0; i--) {
		SnView *view = g_ptr_array_index(app->views, i - 1);
		if (view->ops == &sn_view_index)
			return view;
	}
	return NULL;
}

SnIndex *sn_index_of(SnApp *app)
{
	SnView *view = sn_index_view(app);

	return view ? view->data : NULL;
}

SnId sn_index_selected(SnIndex *index)
{
	return sn_page_selected(index->view->page);
}

guint sn_index_mark_count(const SnIndex *index)
{
	return g_hash_table_size(index->marks);
}

void sn_index_clear_marks(SnIndex *index)
{
	g_hash_table_remove_all(index->marks);
	sn_view_stale(index->view);
}

void sn_index_mark(SnIndex *index, SnId id)
{
	g_hash_table_add(index->marks, g_memdup2(&id, sizeof id));
	sn_view_stale(index->view);
}

/* The selected row; members: all it stands for, of SnFolderRow, when that is more than itself. */
static const SnFolderRow *selected_row(SnIndex *index, gboolean thread, GPtrArray **members)
{
	const SnFolderRow *row = sn_page_data(index->view->page);
	gboolean folded = row && sn_index_threaded(index) && row->count > 1 && !is_open(index, row);

	*members = row && (thread || folded)
	                   ? sn_folder_thread(index->app->store, &index->order, row->message,
	                                      SN_FOLDER_COUNT)
	                   : NULL;
	return row;
}

static void mark_selected(SnIndex *index, gboolean thread)
{
	g_autoptr(GPtrArray) members = NULL;
	const SnFolderRow *row = selected_row(index, thread, &members);
	gboolean marked = row && g_hash_table_contains(index->marks, &row->message->id);

	for (guint i = 0; row && i < (members ? members->len : 1); i++) {
		const SnFolderRow *one = members ? members->pdata[i] : row;
		if (marked)
			g_hash_table_remove(index->marks, &one->message->id);
		else
			sn_index_mark(index, one->message->id);
	}
	sn_view_stale(index->view);
}

void sn_index_toggle_mark(SnIndex *index)
{
	mark_selected(index, FALSE);
}

void sn_index_mark_thread(SnIndex *index)
{
	mark_selected(index, TRUE);
}

GArray *sn_index_chosen(SnIndex *index)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GPtrArray) members = NULL;
	const SnFolderRow *row;
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, index->marks);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_array_append_val(ids, *(const SnId *)key);
	if (ids->len)
		return ids;
	row = selected_row(index, FALSE, &members);
	for (guint i = 0; row && i < (members ? members->len : 1); i++) {
		const SnFolderRow *one = members ? members->pdata[i] : row;
		g_array_append_val(ids, one->message->id);
	}
	return ids;
}

void sn_index_fold(SnIndex *index, char how, gboolean all)
{
	const SnFolderRow *row = sn_page_data(index->view->page);

	g_assert(how == 'o' || how == 'c' || how == 'a');
	sn_view_stale(index->view);
	if (all) {
		index->open = how == 'o' || (how == 'a' && !index->open);
		g_hash_table_remove_all(index->unfolded);
		return;
	}
	if (!row || (how != 'a' && is_open(index, row) == (how == 'o')))
		return;
	if (!g_hash_table_remove(index->unfolded, thread_of(row)))
		g_hash_table_add(index->unfolded, g_strdup(thread_of(row)));
}
