/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * actions.c - replays on the server what clients did to messages: flags, moves, copies to Sent.
 *
 * The rows changed when the user did it; here the server follows. An action stays in the store
 * until the server has done it, so that a restart or a dead line forgets none.
 *
 * In a folder that is a label of emails which lie elsewhere (SnFolder.base), a move or a copy is a
 * change of labels there, under the same number.
 */
#include "src/base/fault.h"
#include "src/engine/sync_private.h"

#include <string.h>

enum {
	GROUP = 500,       /* messages changed by one command */
	GIVE_UP_AFTER = 8, /* refusals; what is merely unreachable, or full, is tried for ever */
};
#define FIRST_RETRY SN_MINUTE
#define LAST_RETRY SN_HOUR
#define RARELY SN_DAY /* where there has been no room for hours */

struct sn_actions {
	SnEngineAccount *account;
	GHashTable *running; /* ids of actions on their way: SnId -> itself */
	GSource *timer;
	SnTime timer_at;
};

/* Actions that travel in one request, the first standing for all. */
typedef struct {
	SnActions *actions;
	GPtrArray *members; /* of SnAction, same folder and kind */
	guint32 new_uid;
	GArray *new_uids; /* of guint32, by member: where each went; NULL not told */
	char *new_name;
	char *target;
	GBytes *raw;
	char *base;      /* where the emails lie whose labels are changed; NULL */
	SnId base_id;
	guint32 uidvalidity; /* of the numbers that were sent */
} Job;

static void job_free(Job *job)
{
	g_ptr_array_unref(job->members);
	g_free(job->target);
	g_free(job->new_name);
	g_free(job->base);
	g_clear_pointer(&job->raw, g_bytes_unref);
	g_clear_pointer(&job->new_uids, g_array_unref);
	g_free(job);
}

SnActions *sn_actions_new(SnEngineAccount *account)
{
	SnActions *actions = g_new0(SnActions, 1);

	actions->account = account;
	actions->running = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return actions;
}

static void stop_timer(SnActions *actions)
{
	if (!actions->timer)
		return;
	g_source_destroy(actions->timer);
	g_clear_pointer(&actions->timer, g_source_unref);
}

void sn_actions_free(SnActions *actions)
{
	if (!actions)
		return;
	stop_timer(actions);
	g_hash_table_unref(actions->running);
	g_free(actions);
}

static const SnAction *first_of(const Job *job)
{
	return g_ptr_array_index(job->members, 0);
}

static void set_running(Job *job, gboolean running)
{
	for (guint i = 0; i < job->members->len; i++) {
		const SnAction *action = g_ptr_array_index(job->members, i);
		if (running)
			g_hash_table_add(job->actions->running,
			                 g_memdup2(&action->id, sizeof action->id));
		else
			g_hash_table_remove(job->actions->running, &action->id);
	}
}

/* ---- ends ---- */

static guint32 new_uid_of(const Job *job, guint member)
{
	if (job->new_uids && member < job->new_uids->len)
		return g_array_index(job->new_uids, guint32, member);
	return job->members->len == 1 ? job->new_uid : 0;
}

/* What the server keeps of the place that an action is about; NULL when it is gone. */
static SnLocation *place_of(SnStore *store, const SnAction *action)
{
	g_autoptr(GPtrArray) places = sn_location_list(store, action->message);

	for (guint i = 0; places && i < places->len; i++) {
		SnLocation *place = places->pdata[i];
		if (place->folder != action->folder || place->uid != action->uid)
			continue;
		g_ptr_array_steal_index(places, i);
		return place;
	}
	return NULL;
}

/* The rows follow what the server did, so that its next report brings no surprise. */
static void follow_one(Job *job, guint member, SnId target)
{
	SnStore *store = job->actions->account->engine->store;
	const SnAction *action = g_ptr_array_index(job->members, member);
	guint32 uid = job->base ? action->uid : new_uid_of(job, member);
	g_autoptr(SnLocation) place = place_of(store, action);

	if (place && target && uid) {
		sn_location_set(store, action->message, target, uid, job->new_name, place->flags,
		                NULL);
		if (place->keywords)
			sn_location_keywords(store, target, uid, place->keywords, NULL);
	}
	if (action->kind == SN_ACTION_COPY && uid)
		sn_action_copied(store, action->id, uid, NULL);
	if (action->kind == SN_ACTION_MOVE && target && !job->base)
		sn_action_follow(store, action, target, uid, job->new_name, NULL);
	if (action->kind != SN_ACTION_COPY && action->folder != job->base_id)
		sn_location_remove(store, action->folder, action->uid, NULL);
}

static void follow(Job *job)
{
	const SnAction *first = first_of(job);
	SnStore *store = job->actions->account->engine->store;
	SnId target = job->target ? sn_folder_intern(store, first->account, job->target, NULL, NULL) : 0;

	/* a label that is new here */
	if (job->base && target && target != job->base_id)
		sn_folder_set_base(store, target, job->base_id, NULL);
	for (guint i = 0; i < job->members->len; i++)
		follow_one(job, i, target);
}

static void finish(Job *job)
{
	SnEngine *engine = job->actions->account->engine;
	g_autoptr(GError) error = NULL;
	gboolean many = sn_store_begin(engine->store, NULL);
	SnActionKind kind = first_of(job)->kind;

	if (kind == SN_ACTION_MOVE || kind == SN_ACTION_COPY || kind == SN_ACTION_DELETE)
		follow(job);
	for (guint i = 0; i < job->members->len; i++) {
		const SnAction *action = g_ptr_array_index(job->members, i);
		if (!sn_action_done(engine->store, action->id, &error)) {
			g_warning("%s", error->message);
			g_clear_error(&error);
		}
	}
	if (many && !sn_store_commit(engine->store, &error))
		g_warning("%s", error->message);
	if (job->target && sn_mail_sync_has(job->actions->account->core->mail, job->target))
		/* where the copy lies is told by the folder itself */
		sn_mail_sync_folder(job->actions->account->core->mail, job->target);
	else if (job->target) /* the move has made it */
		sn_mail_sync_list(job->actions->account->core->mail);
	set_running(job, FALSE);
	job_free(job);
	sn_engine_wake(engine);
}

static SnTime back_off(int attempts)
{
	SnTime wait = FIRST_RETRY << CLAMP(attempts, 0, 6);

	return MIN(wait, LAST_RETRY);
}

/* The folder got other numbers while the request was under way: with those it will be right. */
static gboolean is_outdated(const Job *job)
{
	guint32 now = 0;
	g_autofree char *folder = sn_mail_folder_of(job->actions->account->engine->store,
	                                            first_of(job)->folder, &now);

	return job->uidvalidity && now != job->uidvalidity;
}

static void fail(Job *job, const GError *error)
{
	SnEngineAccount *account = job->actions->account;
	SnStore *store = account->engine->store;
	SnTime now = sn_clock_now(account->engine->clock);
	gboolean transient = !error || sn_error_is_transient(error) ||
	                     g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED);
	gboolean gone = g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND);
	gboolean full = g_error_matches(error, SN_ERROR, SN_ERROR_LIMIT);
	gboolean forbidden = g_error_matches(error, SN_ERROR, SN_ERROR_PERMISSION);
	gboolean outdated = is_outdated(job);

	for (guint i = 0; i < job->members->len; i++) {
		const SnAction *action = g_ptr_array_index(job->members, i);
		gboolean often = action->attempts + 1 >= GIVE_UP_AFTER;
		SnTime wait = outdated        ? 0
		              : full && often ? RARELY
		                              : back_off(action->attempts);
		/* what is no longer there needs no change */
		if (gone && action->kind != SN_ACTION_APPEND) {
			sn_action_done(store, action->id, NULL);
		} else if (forbidden || (!transient && !full && often)) {
			sn_action_refuse(store, action->id, NULL);
			sn_mailbox_refused(account, error);
		} else if (account->source_online) {
			sn_action_retry(store, action->id, now + wait, error ? error->message : NULL,
			                NULL);
		}
	}
	if (full)
		sn_mailbox_full(account, error);
	set_running(job, FALSE);
	job_free(job);
	sn_engine_wake(account->engine);
}

static void simple_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	Job *job = data;

	switch (event->kind) {
	case SN_EVENT_DONE:
		if (first_of(job)->kind == SN_ACTION_APPEND)
			sn_fault(COPY_APPENDED);
		if (first_of(job)->kind == SN_ACTION_APPEND || first_of(job)->kind == SN_ACTION_COPY)
			sn_mailbox_has_room(account);
		job->new_uid = event->uid;
		job->new_name = g_strdup(event->name);
		job->new_uids = event->uids ? g_array_ref(event->uids) : NULL;
		finish(job);
		break;
	case SN_EVENT_ERROR:
	case SN_EVENT_CANCELLED: fail(job, event->error); break;
	}
}

/* ---- requests ---- */

static SnMailRequest *request_for(Job *job, SnMailRequestKind kind)
{
	SnEngine *engine = job->actions->account->engine;
	SnMailRequest *request = sn_mail_request_new(kind, sn_engine_next_id(engine));

	request->folder = sn_mail_folder_of(engine->store, first_of(job)->folder, &request->uidvalidity);
	request->target = g_strdup(job->target);
	request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	for (guint i = 0; i < job->members->len; i++) {
		const SnAction *action = g_ptr_array_index(job->members, i);
		g_array_append_val(request->uids, action->uid);
	}
	job->uidvalidity = request->uidvalidity;
	return request;
}

/* The folder of a role where the server has none with that use yet: it is created by the move. */
static char *default_name(const char *target)
{
	static const struct {
		const char *role, *name;
	} names[] = {
		{ "sent", "Sent" }, { "archive", "Archive" }, { "trash", "Trash" },
		{ "junk", "Junk" }, { "drafts", "Drafts" },   { "inbox", "INBOX" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_str_equal(names[i].role, target))
			return g_strdup(names[i].name);
	return g_strdup(target);
}

static void find_target(Job *job)
{
	const char *target = first_of(job)->target;

	if (!target)
		return;
	job->target = sn_mail_folder_name(job->actions->account, target);
	if (!job->target)
		job->target = default_name(target);
}

static void append_now(Job *job);
static void copy_now(Job *job);

/* It is not there yet. */
static void put_now(Job *job)
{
	if (first_of(job)->kind == SN_ACTION_COPY)
		copy_now(job);
	else
		append_now(job);
}

static void search_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	Job *job = data;

	switch (event->kind) {
	case SN_EVENT_DONE:
		if (event->uid)
			finish(job); /* an earlier try arrived, or the server files copies itself */
		else
			put_now(job);
		break;
	case SN_EVENT_ERROR:
		/* a folder that does not exist holds no copy */
		if (g_error_matches(event->error, SN_ERROR, SN_ERROR_NOT_FOUND))
			put_now(job);
		else
			fail(job, event->error);
		break;
	case SN_EVENT_CANCELLED: fail(job, event->error); break;
	}
}

static void append_now(Job *job)
{
	SnMailRequest *request = request_for(job, SN_MAIL_REQ_APPEND);
	sn_fault(COPY_SEARCHED);
	const SnAction *action = first_of(job);

	g_free(request->folder);
	request->folder = g_strdup(job->target);
	request->uidvalidity = 0;
	request->raw = g_bytes_ref(job->raw);
	request->flags = action->set;
	sn_engine_mail(job->actions->account, request, simple_reply, job);
}

static void search(Job *job, const char *message_id)
{
	SnMailRequest *request = request_for(job, SN_MAIL_REQ_SEARCH_ID);

	g_free(request->folder);
	request->folder = g_strdup(job->target);
	request->uidvalidity = 0;
	request->message_id = g_strdup(message_id);
	sn_engine_mail(job->actions->account, request, search_reply, job);
}

/* A copy may be there already: from a try whose answer was lost, or from the server itself. */
static void append(Job *job)
{
	SnStore *store = job->actions->account->engine->store;
	const SnAction *action = first_of(job);
	g_autoptr(GError) error = NULL;
	g_autoptr(SnMessage) message = sn_message_get(store, action->message, 0);

	job->raw = sn_message_raw(store, action->message, &error);
	if (!job->raw) {
		fail(job, error);
		return;
	}
	if (!message || !message->message_id) {
		append_now(job);
		return;
	}
	search(job, message->message_id);
}

static void copy_now(Job *job)
{
	sn_engine_mail(job->actions->account, request_for(job, SN_MAIL_REQ_COPY), simple_reply, job);
}

/* As with what is appended: one copy is enough, also when an answer was lost. */
static void copy(Job *job)
{
	SnStore *store = job->actions->account->engine->store;
	g_autoptr(SnMessage) message = sn_message_get(store, first_of(job)->message, 0);

	if (message && message->message_id)
		search(job, message->message_id);
	else
		copy_now(job);
}

/* Before the server is asked: from now on the user's second thoughts follow what it does. */
static void mark_started(Job *job)
{
	SnEngineAccount *account = job->actions->account;
	SnStore *store = account->engine->store;
	SnId lands = job->target ? sn_folder_intern(store, account->id, job->target, NULL, NULL) : 0;
	gboolean many = sn_store_begin(store, NULL);

	for (guint i = 0; i < job->members->len; i++)
		sn_action_start(store, ((SnAction *)g_ptr_array_index(job->members, i))->id, lands,
		                NULL);
	if (many)
		sn_store_commit(store, NULL);
}

/* ---- labels ---- */

static void store_labels(Job *job)
{
	SnEngine *engine = job->actions->account->engine;
	SnMailRequest *request = request_for(job, SN_MAIL_REQ_STORE);
	g_autoptr(SnFolder) from = sn_folder_get(engine->store, first_of(job)->folder);

	if (job->target && !g_str_equal(job->target, job->base))
		request->set_labels = g_strdup(job->target);
	if (first_of(job)->kind != SN_ACTION_COPY && from && from->id != job->base_id &&
	    g_strcmp0(from->name, job->target) != 0)
		request->clear_labels = g_strdup(from->name);
	sn_engine_mail(job->actions->account, request, simple_reply, job);
}

/* The label may be there by now: that is as good. */
static void created(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	Job *job = data;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (event->kind == SN_EVENT_DONE || g_error_matches(event->error, SN_ERROR, SN_ERROR_EXISTS))
		store_labels(job);
	else
		fail(job, event->error);
}

/* Whether what is to be done is a change of labels; then job->base is set. */
static gboolean is_about_labels(Job *job)
{
	SnEngineAccount *account = job->actions->account;
	SnStore *store = account->engine->store;
	const SnAction *action = first_of(job);
	g_autoptr(SnFolder) from = action->folder ? sn_folder_get(store, action->folder) : NULL;

	if (!from || !from->base)
		return FALSE;
	gboolean deletes = action->kind == SN_ACTION_DELETE && from->base != from->id;
	if (!deletes && action->kind != SN_ACTION_MOVE && action->kind != SN_ACTION_COPY)
		return FALSE;
	g_autofree char *known = job->target ? sn_mail_folder_name(account, job->target) : NULL;
	SnId id = known ? sn_folder_intern(store, account->id, known, NULL, NULL) : 0;
	g_autoptr(SnFolder) to = id ? sn_folder_get(store, id) : NULL;
	const char *target = action->target ? action->target : "";
	if (to ? to->base == 0 && to->uidvalidity != 0 :
	         g_str_equal(target, "trash") || g_str_equal(target, "junk"))
		return FALSE;
	if (to && to->base == 0 && to->role)
		return FALSE; /* the trash, or spam */
	job->base = sn_mail_folder_of(store, from->id, NULL);
	job->base_id = from->base;
	return TRUE;
}

static void change_labels(Job *job)
{
	SnEngineAccount *account = job->actions->account;
	SnMailRequest *request;

	mark_started(job);
	if (!job->target || sn_mail_sync_has_label(account->core->mail, job->target)) {
		store_labels(job);
		return;
	}
	request = sn_mail_request_new(SN_MAIL_REQ_CREATE, sn_engine_next_id(account->engine));
	request->folder = g_strdup(job->target);
	sn_engine_mail(account, request, created, job);
}

static void submit(Job *job)
{
	const SnAction *action = first_of(job);

	set_running(job, TRUE);
	find_target(job);
	if (is_about_labels(job)) {
		change_labels(job);
		return;
	}
	switch (action->kind) {
	case SN_ACTION_APPEND: append(job); return;
	case SN_ACTION_COPY:
		mark_started(job);
		copy(job);
		return;
	case SN_ACTION_DELETE:
		mark_started(job);
		sn_engine_mail(job->actions->account, request_for(job, SN_MAIL_REQ_DELETE),
		               simple_reply, job);
		return;
	case SN_ACTION_MOVE:
		mark_started(job);
		sn_engine_mail(job->actions->account, request_for(job, SN_MAIL_REQ_MOVE),
		               simple_reply, job);
		return;
	case SN_ACTION_FLAGS: {
		SnMailRequest *request = request_for(job, SN_MAIL_REQ_STORE);
		request->set = action->set;
		request->clear = action->clear;
		request->set_keywords = g_strdup(action->set_tags);
		request->clear_keywords = g_strdup(action->clear_tags);
		sn_engine_mail(job->actions->account, request, simple_reply, job);
		return;
	}
	}
}

/* ---- looking ---- */

/* What one command can do. Of a Maildir each move has to tell the file's new name. */
static gboolean goes_with(const SnAction *one, const SnAction *two)
{
	gboolean many = one->kind == SN_ACTION_FLAGS || one->kind == SN_ACTION_DELETE ||
	                (one->kind == SN_ACTION_MOVE && !one->name && !two->name);

	return many && one->kind == two->kind && one->folder == two->folder &&
	       one->set == two->set && one->clear == two->clear &&
	       !g_strcmp0(one->set_tags, two->set_tags) &&
	       !g_strcmp0(one->clear_tags, two->clear_tags) && !g_strcmp0(one->target, two->target);
}

static gint by_uid(gconstpointer a, gconstpointer b)
{
	const SnAction *one = *(SnAction *const *)a, *two = *(SnAction *const *)b;

	return one->uid < two->uid ? -1 : one->uid > two->uid;
}

/* An earlier action on the same message is still under way: keep their order. */
static gboolean must_wait(const GHashTable *busy, const SnAction *action)
{
	return g_hash_table_contains((GHashTable *)busy, &action->message);
}

static Job *take_group(SnActions *actions, GPtrArray *due, guint from, GHashTable *busy)
{
	Job *job = g_new0(Job, 1);

	job->actions = actions;
	job->members = g_ptr_array_new_with_free_func((GDestroyNotify)sn_action_free);
	for (guint i = from; i < due->len && job->members->len < GROUP; i++) {
		SnAction *action = g_ptr_array_index(due, i);
		if (!action || must_wait(busy, action) ||
		    (job->members->len && !goes_with(first_of(job), action)))
			continue;
		g_hash_table_add(busy, g_memdup2(&action->message, sizeof action->message));
		g_ptr_array_add(job->members, action);
		due->pdata[i] = NULL;
	}
	g_ptr_array_sort(job->members, by_uid);
	return job;
}

static void timer_fired(gpointer data)
{
	SnActions *actions = data;

	g_clear_pointer(&actions->timer, g_source_unref);
	sn_actions_look(actions);
}

static void arm(SnActions *actions, SnTime next)
{
	SnEngine *engine = actions->account->engine;

	stop_timer(actions);
	if (next)
		actions->timer =
			sn_engine_timer(engine, MAX(next - sn_clock_now(engine->clock), SN_SECOND),
		                        timer_fired, actions);
}

static void free_action(gpointer data)
{
	if (data)
		sn_action_free(data);
}

void sn_actions_look(SnActions *actions)
{
	SnEngineAccount *account = actions->account;
	SnTime now = sn_clock_now(account->engine->clock), next = 0;
	g_autoptr(GHashTable) busy =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

	if (!account->source_online)
		return;
	g_autoptr(GPtrArray) due =
		sn_action_list(account->engine->store, account->id, now + LAST_RETRY);
	if (!due)
		return;
	g_ptr_array_set_free_func(due, free_action);
	for (guint i = 0; i < due->len; i++) {
		SnAction *action = g_ptr_array_index(due, i);
		gboolean running = g_hash_table_contains(actions->running, &action->id);
		if (!running && action->next_try <= now)
			continue;
		if (!running && (!next || action->next_try < next))
			next = action->next_try;
		g_hash_table_add(busy, g_memdup2(&action->message, sizeof action->message));
		g_clear_pointer((SnAction **)&due->pdata[i], sn_action_free);
	}
	for (guint i = 0; i < due->len; i++) {
		if (!due->pdata[i] || must_wait(busy, due->pdata[i]))
			continue;
		submit(take_group(actions, due, i, busy));
	}
	arm(actions, next);
}

gboolean sn_actions_settled(const SnActions *actions)
{
	const SnEngine *engine = actions->account->engine;

	if (g_hash_table_size(actions->running) > 0)
		return FALSE;
	g_autoptr(GPtrArray) due =
		sn_action_list(engine->store, actions->account->id, sn_clock_now(engine->clock));
	return !due || due->len == 0;
}
