/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/history_pick.h"

#include <string.h>

enum { PICK_PAGE = 200 };

/* A page on its way. The pick and the worker share it; whoever is last frees it. */
typedef struct {
	gatomicrefcount refs;
	SnPick *pick; /* UI thread only; NULL: nobody waits any more */
	SnHistoryRequest request;
	GArray *agreed;
	GPtrArray *recipients;
	SnTime before_time;
	SnId before_id;
	int limit;
	GPtrArray *rows;
} Reading;

struct sn_pick {
	SnApp *app;
	SnView *view;
	GPtrArray *rows;   /* of SnHistoryRow, newest first */
	char *key;         /* what they were judged for */
	gboolean complete;
	Reading *reading;
	SnId anchor;
};

static void reading_unref(gpointer data)
{
	Reading *reading = data;

	if (!g_atomic_ref_count_dec(&reading->refs))
		return;
	g_clear_pointer(&reading->agreed, g_array_unref);
	g_clear_pointer(&reading->recipients, g_ptr_array_unref);
	g_clear_pointer(&reading->rows, g_ptr_array_unref);
	g_free(reading);
}

static void let_go(SnPick *pick)
{
	Reading *reading = g_steal_pointer(&pick->reading);

	if (!reading)
		return;
	reading->pick = NULL;
	reading_unref(reading);
}

SnPick *sn_pick_new(SnApp *app, SnView *view)
{
	SnPick *pick = g_new0(SnPick, 1);

	pick->app = app;
	pick->view = view;
	pick->rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_history_row_free);
	return pick;
}

void sn_pick_free(SnPick *pick)
{
	if (!pick)
		return;
	let_go(pick);
	g_ptr_array_unref(pick->rows);
	g_free(pick->key);
	g_free(pick);
}

/* ---- reading ---- */

static void read_run(SnStore *store, gpointer data)
{
	Reading *reading = data;

	if (store)
		reading->rows = sn_history_rows(store, &reading->request, reading->before_time,
		                                reading->before_id, reading->limit);
}

static void read_done(gpointer data)
{
	Reading *reading = data;
	SnPick *pick = reading->pick;

	if (!pick)
		return;
	g_assert(pick->reading == reading);
	let_go(pick);
	if (!reading->before_id)
		g_ptr_array_set_size(pick->rows, 0);
	pick->complete = !reading->rows || (int)reading->rows->len < reading->limit;
	while (reading->rows && reading->rows->len > 0)
		g_ptr_array_add(pick->rows, g_ptr_array_steal_index(reading->rows, 0));
	sn_view_stale(pick->view);
	sn_app_dirty(pick->app);
}

static void start(SnPick *pick, const SnHistoryRow *after, int limit)
{
	SnComposer *composer = pick->app->composer;
	Reading *reading = g_new0(Reading, 1);

	g_assert(!pick->reading);
	if (!sn_composer_history_request(composer, &reading->request)) {
		g_free(reading);
		return;
	}
	g_atomic_ref_count_init(&reading->refs);
	g_atomic_ref_count_inc(&reading->refs);
	reading->pick = pick;
	reading->agreed = reading->request.agreed ? g_array_copy((GArray *)reading->request.agreed)
	                                          : NULL;
	reading->recipients = sn_composer_recipients(composer, NULL);
	reading->request.agreed = reading->agreed;
	reading->request.recipients = reading->recipients;
	reading->request.picked = NULL;
	reading->before_time = after ? after->time : 0;
	reading->before_id = after ? after->id : 0;
	reading->limit = limit;
	pick->reading = reading;
	sn_worker_run(pick->app->worker, &(SnJob){ read_run, read_done, reading_unref, reading });
}

/* What the verdicts depend on, in a line. */
static char *key_of(SnPick *pick)
{
	SnComposer *composer = pick->app->composer;
	const SnDraft *draft = composer->draft;
	g_autoptr(GPtrArray) recipients = sn_composer_recipients(composer, NULL);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(pick->app->store, composer->conversation);
	GString *key = g_string_new(NULL);

	for (guint i = 0; i < recipients->len; i++)
		g_string_append_printf(key, "%s ", ((SnParty *)recipients->pdata[i])->address);
	for (guint i = 0; draft && draft->agreed && i < draft->agreed->len; i++)
		g_string_append_printf(key, "%" G_GINT64_FORMAT " ",
		                       g_array_index(draft->agreed, SnId, i));
	if (conversation)
		g_string_append_printf(key, "/%" G_GINT64_FORMAT " %d", conversation->last_message,
		                       (int)conversation->last_state);
	return g_string_free(key, FALSE);
}

const GPtrArray *sn_pick_rows(SnPick *pick)
{
	g_autofree char *key = key_of(pick);

	if (g_strcmp0(key, pick->key) != 0) {
		let_go(pick);
		g_free(pick->key);
		pick->key = g_steal_pointer(&key);
		start(pick, NULL, MAX(PICK_PAGE, (int)pick->rows->len));
	}
	return pick->rows;
}

gboolean sn_pick_reading(const SnPick *pick)
{
	return pick->reading != NULL;
}

gboolean sn_pick_complete(const SnPick *pick)
{
	return pick->complete || pick->rows->len >= SN_HISTORY_LOOK;
}

void sn_pick_more(SnPick *pick)
{
	if (!pick->reading && pick->rows->len > 0 && !sn_pick_complete(pick))
		start(pick, g_ptr_array_index(pick->rows, pick->rows->len - 1), PICK_PAGE);
}

const SnHistoryRow *sn_pick_row(SnPick *pick, SnId id)
{
	for (guint i = 0; i < pick->rows->len; i++) {
		const SnHistoryRow *row = g_ptr_array_index(pick->rows, i);
		if (row->id == id)
			return row;
	}
	return NULL;
}

/* ---- marks ---- */

static gboolean by_hand(SnComposer *composer)
{
	return g_strcmp0(sn_composer_history_spec(composer), "picked") == 0;
}

/* What is chosen: by hand, or what the choice came to. */
static const GArray *chosen(SnComposer *composer)
{
	const SnHistory *history;

	if (by_hand(composer))
		return composer->draft->picked;
	history = sn_composer_history(composer);
	return history ? history->messages : NULL;
}

static gboolean contains(const GArray *ids, SnId id)
{
	for (guint i = 0; ids && i < ids->len; i++)
		if (g_array_index(ids, SnId, i) == id)
			return TRUE;
	return FALSE;
}

gboolean sn_pick_marked(SnPick *pick, SnId id)
{
	return contains(chosen(pick->app->composer), id);
}

gint64 sn_pick_size(SnPick *pick, int *mails, int *ims, int *files)
{
	const GArray *ids = chosen(pick->app->composer);
	gboolean with_files = pick->app->settings->history_attachments;
	gint64 size = 0;

	*mails = *ims = *files = 0;
	for (guint i = 0; i < pick->rows->len; i++) {
		const SnHistoryRow *row = g_ptr_array_index(pick->rows, i);
		if (row->travel != SN_TRAVEL_YES || !contains(ids, row->id))
			continue;
		size += with_files ? row->size : row->text_size;
		*files += with_files ? row->files : 0;
		*(row->channel == SN_CHANNEL_MAIL ? mails : ims) += 1;
	}
	return size;
}

/* A copy of what is chosen, to be changed by hand. */
static GArray *begin(SnComposer *composer)
{
	const GArray *ids;

	if (!by_hand(composer))
		sn_composer_history_now(composer);
	ids = chosen(composer);
	return ids ? g_array_copy((GArray *)ids) : g_array_new(FALSE, FALSE, sizeof(SnId));
}

static void end(SnComposer *composer, GArray *ids)
{
	sn_composer_set_history(composer, ids->len ? "picked" : "none", ids);
	g_array_unref(ids);
}

static void change(GArray *ids, SnId id, gboolean marked)
{
	for (guint i = ids->len; i > 0; i--)
		if (g_array_index(ids, SnId, i - 1) == id)
			g_array_remove_index(ids, i - 1);
	if (marked)
		g_array_append_val(ids, id);
}

void sn_pick_set(SnPick *pick, SnId id, gboolean marked)
{
	GArray *ids = begin(pick->app->composer);

	change(ids, id, marked);
	end(pick->app->composer, ids);
}

int sn_pick_set_range(SnPick *pick, SnId from, SnId to, gboolean marked)
{
	GArray *ids = begin(pick->app->composer);
	gboolean within = FALSE;
	int cannot = 0;

	for (guint i = 0; i < pick->rows->len; i++) {
		const SnHistoryRow *row = g_ptr_array_index(pick->rows, i);
		gboolean edge = row->id == from || row->id == to;
		if (edge || within) {
			if (row->travel == SN_TRAVEL_YES)
				change(ids, row->id, marked);
			else
				cannot++;
		}
		if (edge)
			within = !within && from != to;
	}
	end(pick->app->composer, ids);
	return cannot;
}

SnId sn_pick_anchor(const SnPick *pick)
{
	return pick->anchor;
}

void sn_pick_set_anchor(SnPick *pick, SnId id)
{
	pick->anchor = id;
}
