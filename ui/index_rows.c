/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of rows over a folder or conversation: what is read, when, and on which thread. */
#include "ui/index_private.h"

enum {
	PAGE = 100,      /* rows read at once */
	WINDOW = 400,    /* rows kept; what is far from the selection goes */
	SLOW_ROWS = 5000 /* of an order or a limit that is read on the worker */
};

typedef enum { READ_FIRST, READ_LAST, READ_AFTER, READ_BEFORE, READ_AGAIN } Reading;

/* One reading; shared by the index and the worker, whoever is last frees it. */
struct sn_index_job {
	gatomicrefcount count;
	SnIndex *index;       /* NULL once that is gone, or wants something else; UI thread only */
	Reading reading;
	SnFolderOrder order;
	char *limit;
	const SnClock *clock;
	SnFolderRow *anchor;  /* NULL */
	gboolean from_start;  /* READ_AGAIN: the window begins with the folder */
	int rows;
	GPtrArray *found;     /* by the job */
	GError *error;
};

static void job_unref(gpointer data)
{
	SnIndexJob *job = data;

	if (!g_atomic_ref_count_dec(&job->count))
		return;
	g_free(job->limit);
	sn_folder_row_free(job->anchor);
	g_clear_pointer(&job->found, g_ptr_array_unref);
	g_clear_error(&job->error);
	g_free(job);
}

static gboolean is_slow(const SnIndex *index)
{
	return index->limit || !sn_folder_sort_is_quick(index->order.sort);
}

gboolean sn_index_threaded(const SnIndex *index)
{
	return !index->limit && index->order.threads && index->order.sort == SN_FOLDER_SORT_DATE;
}

/* ---- the reading ---- */

static void job_run(SnStore *store, gpointer data)
{
	SnIndexJob *job = data;
	gboolean backward = job->reading == READ_LAST || job->reading == READ_BEFORE;

	if (!store) {
		g_set_error(&job->error, SN_ERROR, SN_ERROR_STORAGE, "The store cannot be read.");
		return;
	}
	if (!job->limit) {
		job->found = sn_folder_rows(store, &job->order, job->anchor, backward, job->rows,
		                            &job->error);
		return;
	}
	g_autoptr(SnQuery) query = sn_query_parse(job->limit, job->clock, &job->error);
	if (!query)
		return;
	query->folder = job->order.folder;
	query->conversation = job->order.conversation;
	job->found = sn_folder_search(store, query, job->anchor, job->rows, &job->error);
}

/* The page keeps addresses of rows until it is filled anew: those that go are kept as long. */
static void drop(SnIndex *index, guint from, guint count)
{
	for (guint i = 0; i < count; i++)
		g_ptr_array_add(index->dropped, index->rows->pdata[from + i]);
	g_ptr_array_set_free_func(index->rows, NULL);
	g_ptr_array_remove_range(index->rows, from, count);
	g_ptr_array_set_free_func(index->rows, (GDestroyNotify)sn_folder_row_free);
}

static void keep_to_window(SnIndex *index, gboolean cut_beginning)
{
	guint too_many = index->rows->len > WINDOW ? index->rows->len - WINDOW : 0;

	if (!too_many || is_slow(index))
		return;
	if (cut_beginning) {
		drop(index, 0, too_many);
		index->at_start = FALSE;
	} else {
		drop(index, WINDOW, too_many);
		index->at_end = FALSE;
	}
	g_assert(index->rows->len <= WINDOW);
}

static void insert(SnIndex *index, GPtrArray *found, guint at)
{
	for (guint i = 0; i < found->len; i++)
		g_ptr_array_insert(index->rows, (gint)(at + i), found->pdata[i]);
	g_ptr_array_set_free_func(found, NULL);
}

static void take(SnIndex *index, SnIndexJob *job)
{
	gboolean short_page = job->found && (int)job->found->len < job->rows;

	if (!job->found)
		return;
	switch (job->reading) {
	case READ_FIRST:
	case READ_AGAIN:
		drop(index, 0, index->rows->len);
		insert(index, job->found, 0);
		index->at_start = job->reading == READ_FIRST || job->from_start;
		index->at_end = short_page;
		break;
	case READ_LAST:
		drop(index, 0, index->rows->len);
		insert(index, job->found, 0);
		index->at_start = short_page;
		index->at_end = TRUE;
		break;
	case READ_AFTER:
		insert(index, job->found, index->rows->len);
		index->at_end = short_page;
		keep_to_window(index, TRUE);
		break;
	case READ_BEFORE:
		insert(index, job->found, 0);
		index->at_start = short_page;
		keep_to_window(index, FALSE);
		break;
	}
}

static void job_done(gpointer data)
{
	SnIndexJob *job = data;
	SnIndex *index = job->index;

	if (!index || index->job != job)
		return;
	index->job = NULL;
	if (job->error)
		sn_app_say(index->app, SN_OBJ_ERROR, "%s", job->error->message);
	take(index, job);
	job_unref(job);
	sn_view_stale(index->view);
	sn_app_dirty(index->app);
	if (index->again) {
		index->again = FALSE;
		sn_index_refresh(index);
	}
}

/* The row from which on the window is read again, itself included. */
static SnFolderRow *copy_anchor(const SnIndex *index, const SnFolderRow *row, gboolean included)
{
	gboolean down = index->limit || (index->order.sort != SN_FOLDER_SORT_OLDEST &&
	                                 index->order.sort != SN_FOLDER_SORT_SENDER &&
	                                 index->order.sort != SN_FOLDER_SORT_SUBJECT);
	SnFolderRow *copy = g_new0(SnFolderRow, 1);

	copy->message = sn_message_new();
	copy->message->time = row->message->time;
	copy->message->id = row->message->id + (!included ? 0 : down ? 1 : -1);
	copy->key = g_strdup(row->key);
	return copy;
}

static void forget_job(SnIndex *index)
{
	if (!index->job)
		return;
	index->job->index = NULL;
	sn_worker_interrupt(index->app->worker);
	job_unref(g_steal_pointer(&index->job));
}

static void start(SnIndex *index, Reading reading, const SnFolderRow *anchor, int rows)
{
	SnIndexJob *job = g_new0(SnIndexJob, 1);

	forget_job(index);
	g_atomic_ref_count_init(&job->count);
	job->index = index;
	job->reading = reading;
	job->order = index->order;
	job->limit = g_strdup(index->limit);
	job->clock = index->app->clock;
	job->anchor = anchor ? copy_anchor(index, anchor, reading == READ_AGAIN) : NULL;
	job->from_start = index->at_start;
	job->rows = rows;
	g_assert(rows > 0);
	index->job = job;
	if (is_slow(index)) {
		g_atomic_ref_count_inc(&job->count);
		sn_worker_run(index->app->worker, &(SnJob){ job_run, job_done, job_unref, job });
		return;
	}
	job_run(index->app->store, job);
	job_done(job);
}

/* ---- what the view asks for ---- */

const GPtrArray *sn_index_rows(const SnIndex *index)
{
	return index->rows;
}

gboolean sn_index_reading(const SnIndex *index)
{
	return index->job != NULL;
}

gboolean sn_index_complete(const SnIndex *index)
{
	return index->at_end;
}

const SnFolderOrder *sn_index_order(const SnIndex *index)
{
	return &index->order;
}

const char *sn_index_limit(const SnIndex *index)
{
	return index->limit;
}

void sn_index_refresh(SnIndex *index)
{
	int rows = CLAMP((int)index->rows->len, PAGE, is_slow(index) ? SLOW_ROWS : WINDOW);

	if (index->job) {
		index->again = TRUE;
		return;
	}
	if (index->at_start || index->rows->len == 0)
		start(index, READ_FIRST, NULL, rows);
	else
		start(index, READ_AGAIN, index->rows->pdata[0], rows);
}

void sn_index_first(SnIndex *index)
{
	if (!index->at_start)
		start(index, READ_FIRST, NULL, PAGE);
}

void sn_index_last(SnIndex *index)
{
	if (index->at_end)
		return;
	/* what a limit leaves is read from its beginning only */
	if (index->limit)
		sn_index_more(index, FALSE, TRUE);
	else
		start(index, READ_LAST, NULL, PAGE);
}

void sn_index_more(SnIndex *index, gboolean before, gboolean after)
{
	if (index->job || index->rows->len == 0 || index->rows->len >= SLOW_ROWS)
		return;
	if (after && !index->at_end)
		start(index, READ_AFTER, index->rows->pdata[index->rows->len - 1], PAGE);
	else if (before && !index->at_start && !index->limit)
		start(index, READ_BEFORE, index->rows->pdata[0], PAGE);
}

static void begin_anew(SnIndex *index)
{
	drop(index, 0, index->rows->len);
	index->at_start = TRUE;
	index->at_end = FALSE;
	index->again = FALSE;
	forget_job(index);
	start(index, READ_FIRST, NULL, PAGE);
}

void sn_index_set_order(SnIndex *index, SnFolderSort sort, gboolean threads)
{
	index->order.sort = sort;
	index->order.threads = threads;
	begin_anew(index);
}

gboolean sn_index_set_limit(SnIndex *index, const char *limit, GError **error)
{
	g_autoptr(SnQuery) query = limit ? sn_query_parse(limit, index->app->clock, error) : NULL;
	char *copy = g_strdup(limit);

	if (limit && !query) {
		g_free(copy);
		return FALSE;
	}
	g_free(index->limit);
	index->limit = copy;
	begin_anew(index);
	return TRUE;
}

/* ---- life ---- */

static guint id_hash(gconstpointer key)
{
	return g_int64_hash(key);
}

SnIndex *sn_index_new(SnApp *app, SnView *view, SnId folder, SnId conversation, GError **error)
{
	g_autoptr(SnFolder) row = folder ? sn_folder_get(app->store, folder) : NULL;
	SnIndex *index;

	g_assert((folder != 0) != (conversation != 0));
	if (folder && !row) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such folder any more.");
		return NULL;
	}
	index = g_new0(SnIndex, 1);
	index->app = app;
	index->view = view;
	index->order = (SnFolderOrder){ .folder = folder, .conversation = conversation,
					.sort = SN_FOLDER_SORT_DATE, .threads = TRUE };
	index->rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_folder_row_free);
	index->dropped = g_ptr_array_new_with_free_func((GDestroyNotify)sn_folder_row_free);
	index->members = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	index->marks = g_hash_table_new_full(id_hash, g_int64_equal, g_free, NULL);
	index->unfolded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	index->at_start = TRUE;
	start(index, READ_FIRST, NULL, PAGE);
	return index;
}

void sn_index_free(SnIndex *index)
{
	if (!index)
		return;
	forget_job(index);
	g_ptr_array_unref(index->rows);
	g_ptr_array_unref(index->dropped);
	g_ptr_array_unref(index->members);
	g_hash_table_unref(index->marks);
	g_hash_table_unref(index->unfolded);
	g_free(index->limit);
	g_free(index);
}
