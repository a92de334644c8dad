/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/drafts.h"

#include <gio/gio.h>

#include <string.h>

#include "src/base/fault.h"
#include "src/base/ids.h"
#include "src/engine/sealing.h"
#include "src/engine/sync_private.h"
#include "src/store/draft_copy.h"

/* So long after the last letter; and between tries that the server refused. */
#define PAUSE (10 * SN_SECOND)
#define RETRY (5 * SN_MINUTE)

/* Outlives them, for a thread that has not come to its end. */
typedef struct {
	gboolean ended;
} SnDraftsLife;

struct sn_drafts {
	SnDraftsLife *life;
	SnEngine *engine;
	GHashTable *busy;    /* conversations whose new version is on its way: SnId -> itself */
	GHashTable *going;   /* Message-IDs that are being taken away */
	GHashTable *refused; /* conversation -> SnTime: not before */
	GSource *timer;
	gboolean waiting; /* until a Drafts folder has been looked at */
};

typedef struct {
	SnDrafts *drafts;
	SnId conversation, account;
	SnTime version;
	char *folder, *message_id;
	guint32 uid; /* only this one goes; 0: whichever has that id */
} Job;

static void job_free(Job *job)
{
	g_free(job->folder);
	g_free(job->message_id);
	g_free(job);
}

SnDrafts *sn_drafts_new(SnEngine *engine)
{
	SnDrafts *drafts = g_new0(SnDrafts, 1);

	drafts->engine = engine;
	drafts->life = g_atomic_rc_box_new0(SnDraftsLife);
	drafts->busy = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	drafts->going = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	drafts->refused = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	return drafts;
}

static void stop_timer(SnDrafts *drafts)
{
	if (!drafts->timer)
		return;
	g_source_destroy(drafts->timer);
	g_clear_pointer(&drafts->timer, g_source_unref);
}

void sn_drafts_free(SnDrafts *drafts)
{
	if (!drafts)
		return;
	stop_timer(drafts);
	drafts->life->ended = TRUE;
	g_atomic_rc_box_release(drafts->life);
	g_hash_table_unref(drafts->busy);
	g_hash_table_unref(drafts->going);
	g_hash_table_unref(drafts->refused);
	g_free(drafts);
}

gboolean sn_drafts_settled(const SnDrafts *drafts)
{
	return g_hash_table_size(drafts->busy) == 0 && g_hash_table_size(drafts->going) == 0;
}

static void timer_fired(gpointer data)
{
	SnDrafts *drafts = data;

	g_clear_pointer(&drafts->timer, g_source_unref);
	sn_drafts_look(drafts);
}

static void say(const GError *error)
{
	if (error)
		g_warning("%s", error->message);
}

/* ---- the version before goes ---- */

static void removed(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	Job *job = data;
	g_autoptr(GError) error = NULL;
	gboolean gone = event->kind == SN_EVENT_DONE ||
	                (event->error && g_error_matches(event->error, SN_ERROR, SN_ERROR_NOT_FOUND));

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (gone)
		sn_draft_stale_done(account->engine->store, job->account, job->message_id, &error);
	say(error);
	g_hash_table_remove(job->drafts->going, job->message_id);
	if (gone)
		sn_mail_sync_folder(account->core->mail, job->folder);
	sn_engine_check_settled(account->engine);
	job_free(job);
}

static void located(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	Job *job = data;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	/* another program saved it again: its version is not ours to take away */
	gboolean others = job->uid && event->uid != job->uid;
	if (event->kind != SN_EVENT_DONE || !event->uid || others) {
		removed(account, event, job);
		return;
	}
	SnMailRequest *request =
		sn_mail_request_new(SN_MAIL_REQ_DELETE, sn_engine_next_id(account->engine));
	guint32 uid = event->uid;
	request->folder = g_strdup(job->folder);
	request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_val(request->uids, uid);
	sn_engine_mail(account, request, removed, job);
}

static void take_away(SnDrafts *drafts, SnEngineAccount *account, const char *folder)
{
	g_autoptr(GPtrArray) stale = sn_draft_stale_list(drafts->engine->store, account->id);

	for (guint i = 0; i < stale->len; i++) {
		const SnDraftStale *one = stale->pdata[i];
		if (!g_hash_table_add(drafts->going, g_strdup(one->message_id)))
			continue;
		Job *job = g_new0(Job, 1);
		*job = (Job){ .drafts = drafts, .account = account->id, .folder = g_strdup(folder),
			      .message_id = g_strdup(one->message_id), .uid = one->uid };
		SnMailRequest *request =
			sn_mail_request_new(SN_MAIL_REQ_SEARCH_ID, sn_engine_next_id(drafts->engine));
		request->folder = g_strdup(folder);
		request->message_id = g_strdup(one->message_id);
		sn_engine_mail(account, request, located, job);
	}
}

/* ---- the new version ---- */

static void refuse_for(SnDrafts *drafts, SnId conversation, SnTime time)
{
	SnTime later = sn_clock_now(drafts->engine->clock) + time;

	g_hash_table_replace(drafts->refused, g_memdup2(&conversation, sizeof conversation),
	                     g_memdup2(&later, sizeof later));
}

static void refuse(SnDrafts *drafts, SnId conversation)
{
	refuse_for(drafts, conversation, RETRY);
}

static void appended(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	Job *job = data;
	SnStore *store = account->engine->store;
	g_autoptr(GError) error = NULL;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (event->kind == SN_EVENT_DONE) {
		sn_draft_copy_done(store, job->conversation, event->uid, &error);
		sn_mail_sync_folder(account->core->mail, job->folder);
	} else {
		sn_draft_copy_failed(store, job->conversation, &error);
		refuse(job->drafts, job->conversation);
		if (event->error && !sn_error_is_transient(event->error))
			g_warning("%s: a draft was not kept on the server: %s",
			          account->config->name, event->error->message);
	}
	say(error);
	g_hash_table_remove(job->drafts->busy, &job->conversation);
	sn_engine_wake(account->engine);
	job_free(job);
}

/* It goes to the server; or it stays here, and is tried again later. Takes the job. */
static void put(Job *job, GBytes *raw, GError *error)
{
	SnDrafts *drafts = job->drafts;
	SnEngineAccount *account = sn_engine_account_by_id(drafts->engine, job->account);
	SnDraftCopy next = { .conversation = job->conversation, .account = job->account,
		             .next_id = job->message_id, .updated = job->version };

	if (!raw || !account || !sn_draft_copy_begin(drafts->engine->store, &next, raw, &error)) {
		say(error);
		g_clear_error(&error);
		refuse(drafts, job->conversation);
		g_hash_table_remove(drafts->busy, &job->conversation);
		sn_engine_check_settled(drafts->engine);
		job_free(job);
		return;
	}
	SnMailRequest *request =
		sn_mail_request_new(SN_MAIL_REQ_APPEND, sn_engine_next_id(drafts->engine));
	request->folder = g_strdup(job->folder);
	request->raw = g_bytes_ref(raw);
	request->flags = SN_MAIL_DRAFT | SN_MAIL_SEEN;
	request->time = job->version;
	sn_engine_mail(account, request, appended, job);
}

/* Without a key of one's own the draft is kept here only, and what lies there in the clear goes. */
static void keep_here(Job *job)
{
	SnDrafts *drafts = job->drafts;
	g_autoptr(GError) error = NULL;

	sn_draft_copy_drop(drafts->engine->store, job->conversation, &error);
	say(error);
	refuse_for(drafts, job->conversation, SN_DAY);
	g_hash_table_remove(drafts->busy, &job->conversation);
	sn_engine_wake(drafts->engine);
	job_free(job);
}

/* ---- what is to go encrypted lies nowhere else in the clear than here ---- */

typedef struct {
	Job *job;
	SnDraftsLife *life;
	SnSealWish *wish;
	GBytes *raw;
} Sealing;

static void sealing_free(gpointer data)
{
	Sealing *sealing = data;

	if (sealing->job)
		job_free(sealing->job);
	g_atomic_rc_box_release(sealing->life);
	sn_seal_wish_free(sealing->wish);
	g_bytes_unref(sealing->raw);
	g_free(sealing);
}

static void sealing_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Sealing *sealing = data;
	GError *error = NULL;
	GBytes *sealed = sn_seal_for_self(sealing->wish, sealing->raw, &error);

	if (sealed)
		g_task_return_pointer(task, sealed, (GDestroyNotify)g_bytes_unref);
	else
		g_task_return_error(task, error);
}

static void sealing_done(GObject *source, GAsyncResult *result, gpointer data)
{
	Sealing *sealing = g_task_get_task_data(G_TASK(result));
	GError *error = NULL;
	g_autoptr(GBytes) sealed = g_task_propagate_pointer(G_TASK(result), &error);

	gboolean no_key = g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND);
	if (no_key || sealing->life->ended)
		g_clear_error(&error);
	if (sealing->life->ended)
		return;
	if (no_key)
		keep_here(g_steal_pointer(&sealing->job));
	else
		put(g_steal_pointer(&sealing->job), sealed, error);
}

/* Takes the job. */
static void seal(Job *job, GBytes *raw, const SnPlan *plan, const SnAccount *account)
{
	SnEngine *engine = job->drafts->engine;
	SnSealAsk ask = { .account = account, .from = plan->from, .recipients = plan->recipients,
		          .encrypt = plan->encrypt };
	GTask *task = g_task_new(NULL, NULL, sealing_done, NULL);
	Sealing *sealing = g_new0(Sealing, 1);

	*sealing = (Sealing){ .job = job, .life = g_atomic_rc_box_acquire(job->drafts->life),
		              .wish = sn_seal_wish_new(engine->store, engine->config, &ask),
		              .raw = g_bytes_ref(raw) };
	g_task_set_task_data(task, sealing, sealing_free);
	g_task_run_in_thread(task, sealing_run);
	g_object_unref(task);
}

static void append(SnDrafts *drafts, const SnDraft *draft, const SnPlan *plan,
                   SnEngineAccount *account)
{
	g_autofree char *id = sn_id_message(plan->from);
	g_autofree char *folder = sn_mail_folder_name(account, "drafts");
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) raw = NULL;

	if (!folder)
		return;
	raw = sn_draft_compose(drafts->engine, draft, plan, id, &error);
	Job *job = g_new0(Job, 1);
	*job = (Job){ .drafts = drafts, .conversation = draft->conversation, .account = account->id,
		      .version = draft->updated, .folder = g_steal_pointer(&folder),
		      .message_id = g_steal_pointer(&id) };
	g_hash_table_add(drafts->busy, g_memdup2(&draft->conversation, sizeof draft->conversation));
	if (raw && plan->encrypt != SN_ENCRYPT_NONE)
		seal(job, raw, plan, account->config);
	else
		put(job, raw, g_steal_pointer(&error));
}

/* ---- looking ---- */

static void drop(SnDrafts *drafts, const SnDraftCopy *copy)
{
	g_autoptr(GError) error = NULL;

	if (copy->account)
		sn_draft_copy_drop(drafts->engine->store, copy->conversation, &error);
	say(error);
}

/*
 * What lies in its Drafts folder has been seen: another program may have gone on with a copy, and then
 * that is no longer ours. The folder may not be there yet.
 */
static gboolean is_known(SnDrafts *drafts, SnEngineAccount *account)
{
	g_autofree char *folder = sn_mail_folder_name(account, "drafts");

	if (!account->source_online || !account->core->mail || !folder)
		return FALSE;
	if (sn_mail_sync_is_fresh(account->core->mail, folder))
		return TRUE;
	drafts->waiting = TRUE;
	return FALSE;
}

/* Of a reply by IM the mail server has no copy. */
static void keep(SnDrafts *drafts, const SnDraftCopy *copy)
{
	SnEngine *engine = drafts->engine;
	g_autoptr(SnDraft) draft = sn_draft_load(engine->store, copy->conversation);
	SnPlanRequest request = { .conversation = copy->conversation };

	if (!draft)
		return;
	g_autoptr(GPtrArray) also = sn_draft_copies(draft);
	request.reply_to = draft->reply_to;
	request.mode = draft->mode;
	request.whom = draft->whom;
	request.sender = draft->sender;
	request.encrypt = draft->terms.encrypt;
	request.also = also;
	g_autoptr(SnPlan) plan = sn_plan_reply(engine->store, engine->config, &request, engine->clock);
	SnEngineAccount *account =
		plan->account ? sn_engine_account_by_id(engine, plan->account) : NULL;
	if (plan->channel == SN_CHANNEL_IM || plan->status == SN_PLAN_IMPOSSIBLE)
		drop(drafts, copy);
	else if (account && account->source && is_known(drafts, account))
		append(drafts, draft, plan, account);
}

/* When it is its turn; 0: now. */
static SnTime not_before(SnDrafts *drafts, const SnDraftCopy *copy, SnTime now)
{
	const SnTime *refused = g_hash_table_lookup(drafts->refused, &copy->conversation);
	SnTime at = MAX(copy->drafted + PAUSE, refused ? *refused : 0);

	/* written by a clock that was ahead */
	if (copy->drafted > now + PAUSE)
		at = refused ? *refused : 0;
	return at > now ? at : 0;
}

static SnTime look_at_drafts(SnDrafts *drafts, SnTime now)
{
	g_autoptr(GPtrArray) due = sn_draft_copy_due(drafts->engine->store);
	SnTime next = 0;

	for (guint i = 0; i < due->len; i++) {
		const SnDraftCopy *copy = due->pdata[i];
		SnTime at = copy->drafted ? not_before(drafts, copy, now) : 0;
		if (g_hash_table_contains(drafts->busy, &copy->conversation))
			continue;
		if (at)
			next = next ? MIN(next, at) : at;
		else if (copy->drafted)
			keep(drafts, copy);
		else
			drop(drafts, copy);
	}
	return next;
}

void sn_drafts_look(SnDrafts *drafts)
{
	SnEngine *engine = drafts->engine;
	SnTime now = sn_clock_now(engine->clock), next;

	if (!sn_config_settings(engine->config)->mail_server_drafts)
		return;
	drafts->waiting = FALSE;
	next = look_at_drafts(drafts, now);
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *account = g_ptr_array_index(engine->accounts, i);
		g_autofree char *folder = sn_mail_folder_name(account, "drafts");
		if (folder && is_known(drafts, account))
			take_away(drafts, account, folder);
	}
	stop_timer(drafts);
	if (next)
		drafts->timer = sn_engine_timer(engine, MAX(next - now, SN_SECOND), timer_fired, drafts);
}

void sn_drafts_synced(SnDrafts *drafts)
{
	if (drafts && drafts->waiting)
		sn_drafts_look(drafts);
}
