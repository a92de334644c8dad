/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seal.c - the delivery's side of sealing: gpg works on a thread, and the entry waits for it. */
#include <gio/gio.h>

#include "src/engine/delivery_private.h"

SnSealWish *sn_seal_wish_of(SnDelivery *self, const SnOutboxEntry *entry, const SnAccount *account)
{
	SnSealAsk ask = { .account = account, .from = entry->from, .recipients = entry->recipients,
		          .encrypt = entry->encrypt, .sign = entry->sign };

	return sn_seal_wish_new(self->engine->store, self->engine->config, &ask);
}

/* ---- sealing ---- */

typedef struct {
	SnSealWish *wish;
	SnSealPlan *plan; /* NULL until it is chosen */
	GBytes *raw;
	SnSealed done;
	SnJob *job;
} Work;

static void work_free(gpointer data)
{
	Work *work = data;

	sn_seal_wish_free(work->wish);
	sn_seal_plan_free(work->plan);
	g_bytes_unref(work->raw);
	g_free(work);
}

static void work_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Work *work = data;
	GError *error = NULL;
	GBytes *sealed = sn_seal_choose(work->wish, &work->plan, &error)
	                         ? sn_seal_by_plan(work->wish, work->plan, work->raw, &error)
	                         : NULL;

	if (sealed)
		g_task_return_pointer(task, sealed, (GDestroyNotify)g_bytes_unref);
	else
		g_task_return_error(task, error);
}

static void work_done(GObject *source, GAsyncResult *result, gpointer data)
{
	GTask *task = G_TASK(result);
	Work *work = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) sealed = g_task_propagate_pointer(task, &error);

	g_assert(sealed ? work->plan != NULL : error != NULL);
	if (work->job->delivery)
		work->job->delivery->sealing--;
	work->done(work->job, sealed, work->plan, error);
}

void sn_seal_run(SnJob *job, SnSealWish *wish, GBytes *raw, SnSealed done)
{
	GTask *task = g_task_new(NULL, NULL, work_done, NULL);
	Work *work = g_new0(Work, 1);

	*work = (Work){ .wish = wish, .raw = g_bytes_ref(raw), .done = done, .job = job };
	job->delivery->sealing++;
	g_task_set_task_data(task, work, work_free);
	g_task_run_in_thread(task, work_run);
	g_object_unref(task);
}

/* ---- are there keys? ---- */

typedef struct {
	SnSealWish *wish;
	SnJob *job;
} Search;

static void search_free(gpointer data)
{
	Search *search = data;

	sn_seal_wish_free(search->wish);
	g_free(search);
}

static void search_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	char *missing = sn_seal_missing(((Search *)data)->wish);

	g_task_return_pointer(task, missing ? missing : g_strdup(""), g_free);
}

static void search_done(GObject *source, GAsyncResult *result, gpointer data)
{
	Search *search = g_task_get_task_data(G_TASK(result));
	g_autofree char *why = g_task_propagate_pointer(G_TASK(result), NULL);
	SnJob *job = search->job;
	SnDelivery *self = job->delivery;
	SnId entry = job->entry;

	gboolean awaited = sn_job_end(job);
	sn_job_unref(job); /* not by the thread, which may be the last to leave */
	if (!awaited)
		return;
	self->sealing--;
	g_hash_table_replace(self->keys, g_memdup2(&entry, sizeof entry), g_steal_pointer(&why));
	sn_delivery_look_at(self, entry);
	sn_seal_forget(self, entry);
	sn_delivery_set_timer(self);
}

gboolean sn_seal_known(SnDelivery *self, const SnOutboxEntry *entry)
{
	const SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);

	if (entry->channel != SN_CHANNEL_MAIL || entry->encrypt != SN_ENCRYPT_REQUIRED || !account ||
	    g_hash_table_contains(self->keys, &entry->id))
		return TRUE;
	g_assert(!g_hash_table_contains(self->jobs, &entry->id));
	GTask *task = g_task_new(NULL, NULL, search_done, NULL);
	Search *search = g_new0(Search, 1);
	*search = (Search){ sn_seal_wish_of(self, entry, account->config),
		            sn_job_begin(self, entry->id, entry->step) };
	self->sealing++;
	g_task_set_task_data(task, search, search_free);
	g_task_run_in_thread(task, search_run);
	g_object_unref(task);
	return FALSE;
}

char *sn_seal_why_not(const SnDelivery *self, SnId entry)
{
	const char *why = g_hash_table_lookup(self->keys, &entry);

	return why && *why ? g_strdup(why) : NULL;
}

void sn_seal_forget(SnDelivery *self, SnId entry)
{
	g_hash_table_remove(self->keys, &entry);
}
