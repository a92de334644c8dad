/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_mail.c - folders of a mail source into rows.
 *
 * Folders are synced one after the other, the inbox first. A folder that is new here is taken in
 * two rounds: first its newest messages, of every folder, so that the last week is there at once;
 * then the rest. The position to go on from is remembered only when a folder is complete, so
 * whatever breaks in between is found again by comparing UIDs.
 *
 * Where folders are labels of emails that lie in one folder (Gmail), that one is synced, and each email
 * says which labels it has. A list of folders configured by hand that leaves it out is followed: then
 * each folder is synced for itself.
 */
#include "src/engine/sync_mail_private.h"

#include <malloc.h>
#include <string.h>

#include "src/engine/drafts.h"
#include "src/store/place.h"
#include "src/store/wish.h"

enum {
	RECENT = 200, /* messages of the first round, and more if more came in within RECENT_TIME */
	PROGRESS_MS = 250,
	NAMES_MAX = 1000, /* files that changed, above which all of a Maildir's folder is looked at */
	STORAGE_RETRY = 30 * 1000,
};

#define RECENT_TIME (7 * SN_DAY)
#define MAILDIR_POLL (15 * SN_SECOND) /* where it cannot be watched: a look at directories, which costs little */
/* larger ones come in part, whatever the configuration says: the parser would not see the rest */
#define WHOLE_MAX SN_WISH_WHOLE_MAX

static void work(SnMailSync *sync);
static void sync_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data);

static void folder_free(gpointer data)
{
	SnMailFolder *folder = data;

	g_clear_pointer(&folder->changed, g_hash_table_unref);
	g_free(folder->name);
	g_free(folder->role);
	g_free(folder);
}

static void told_free(gpointer data)
{
	SnMailTold *told = data;

	g_free(told->name);
	g_free(told->role);
	g_free(told->mailbox_id);
	g_free(told);
}

SnMailSync *sn_mail_sync_new(SnEngineAccount *account)
{
	SnMailSync *sync = g_new0(SnMailSync, 1);

	sync->told = g_ptr_array_new_with_free_func(told_free);
	sync->account = account;
	sync->folders = g_ptr_array_new_with_free_func(folder_free);
	return sync;
}

static void stop_timer(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

void sn_mail_sync_free(SnMailSync *sync)
{
	if (!sync)
		return;
	stop_timer(&sync->poll);
	stop_timer(&sync->retry);
	g_ptr_array_unref(sync->folders);
	g_ptr_array_unref(sync->told);
	g_free(sync);
}

/* The folder that is synced so that this one is right: of a label the one that holds its emails. */
static SnMailFolder *find_synced(SnMailSync *sync, const char *name)
{
	SnMailFolder *folder = sn_mail_folder_find(sync, name);

	for (guint i = 0; !folder && i < sync->told->len; i++) {
		const SnMailTold *told = g_ptr_array_index(sync->told, i);
		for (guint n = 0; told->label && g_str_equal(told->name, name) && n < sync->folders->len; n++) {
			SnMailFolder *one = g_ptr_array_index(sync->folders, n);
			folder = one->labelled ? one : folder;
		}
	}
	return folder;
}

/* ---- the list of folders ---- */

static void list_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	SnMailSync *sync = data;

	switch (event->kind) {
	case SN_MAIL_EV_FOLDER: sn_mail_folders_take(sync, event); return;
	case SN_MAIL_EV_QUOTA: sn_mailbox_take_quota(account, event); return;
	case SN_EVENT_DONE:
		sync->listing = FALSE;
		sync->listed = !sync->list_again;
		sync->list_again = FALSE;
		sn_mail_folders_settle(sync);
		sn_mail_folders_drop_gone(sync);
		if (sync->new_label)
			sn_mail_folders_scan_labels(sync);
		sync->new_label = FALSE;
		g_ptr_array_sort(sync->folders, sn_mail_folders_sort_by);
		work(sync);
		sn_engine_wake(account->engine); /* some wait to know which folder has which use */
		return;
	case SN_EVENT_ERROR:
	case SN_EVENT_CANCELLED:
		sync->listing = FALSE;
		/* when the line broke it is asked again with the next one */
		if (event->error && sync->online)
			sn_account_status(account, SN_END_SOURCE, SN_STATUS_ERROR, event->error, 0);
		return;
	}
}

/* ---- one round of one folder ---- */

static void report_progress(SnMailSync *sync, gboolean now)
{
	gint64 time = g_get_monotonic_time() / 1000;
	g_autofree char *detail = NULL;

	if (!sync->running || (!now && time - sync->last_progress < PROGRESS_MS))
		return;
	sync->last_progress = time;
	detail = g_strdup_printf("Fetching %s.", sync->running->name);
	sn_account_progress(sync->account, SN_END_SOURCE, detail, sync->done + sync->round_done,
	                    MAX(sync->total, sync->done + sync->round_done));
}

static void take_places(SnMailRequest *request, SnPlaces places)
{
	request->known = places.uids;
	request->known_names = places.names;
	request->known_flags = places.flags;
}

/* What is known of the names that changed, or of all. */
static void say_known(SnMailSync *sync, SnMailFolder *folder, SnMailRequest *request)
{
	SnEngineAccount *account = sync->account;
	SnStore *store = account->engine->store;
	gboolean maildir = account->config->source.kind == SN_ENDPOINT_MAILDIR;
	g_autoptr(GHashTable) changed = g_steal_pointer(&folder->changed);

	if (changed && folder->complete) {
		GHashTableIter iter;
		gpointer name;
		request->only = g_ptr_array_new_with_free_func(g_free);
		g_hash_table_iter_init(&iter, changed);
		while (g_hash_table_iter_next(&iter, &name, NULL))
			g_ptr_array_add(request->only, g_strdup(name));
		take_places(request, sn_places_named(store, folder->id, request->only));
		return;
	}
	if (maildir) {
		take_places(request, sn_places_in(store, folder->id));
		return;
	}
	/* flags are compared here only where the server cannot tell which have changed */
	request->known = sn_location_uids(store, folder->id, request->highestmodseq ? NULL : &request->known_flags);
	if (request->known_flags && account->config->source.kind == SN_ENDPOINT_IMAP)
		request->known_keywords = sn_location_keyword_list(store, folder->id);
}

static void start_round(SnMailSync *sync, SnMailFolder *folder)
{
	SnEngineAccount *account = sync->account;
	SnStore *store = account->engine->store;
	const SnSettings *settings = sn_config_settings(account->engine->config);
	g_autoptr(SnFolder) known = sn_folder_get(store, folder->id);
	SnMailRequest *request =
		sn_mail_request_new(SN_MAIL_REQ_SYNC, sn_engine_next_id(account->engine));

	request->folder = g_strdup(folder->name);
	request->uidvalidity = known ? known->uidvalidity : 0;
	if (folder->complete && known) {
		request->uidnext = known->uidnext;
		request->highestmodseq = known->highestmodseq;
		folder->limit = 0;
	} else {
		folder->limit = request->newest = folder->recent_done ? 0 : RECENT;
		request->since = sn_clock_now(account->engine->clock) - RECENT_TIME;
	}
	request->label_scan = folder->labelled && !request->highestmodseq ? G_MAXUINT
	                                                                : folder->label_scan;
	request->full_size = settings->mail_full_size > 0 ? MIN(settings->mail_full_size, WHOLE_MAX)
	                                                  : WHOLE_MAX;
	say_known(sync, folder, request);
	folder->scanning = folder->label_scan;
	folder->got = folder->label_scan = 0;
	folder->wanted = folder->failed = FALSE;
	sync->running = folder;
	sync->round_done = 0;
	sync->storage_failed = FALSE;
	folder->had = request->known ? request->known->len : 0;
	if (!folder->complete)
		report_progress(sync, TRUE);
	sn_engine_mail(account, request, sync_reply, sync);
}

static gboolean take_state(SnMailSync *sync, SnMailFolder *folder, const SnMailEvent *event,
                           GError **error)
{
	SnStore *store = sync->account->engine->store;
	g_autoptr(SnFolder) known = sn_folder_get(store, folder->id);

	if (event->uidvalidity && known && known->uidvalidity != event->uidvalidity) {
		if (known->uidvalidity && !sn_folder_reset(store, folder->id, error))
			return FALSE;
		if (known->uidvalidity)
			folder->complete = folder->recent_done = folder->counted = FALSE;
		if (!sn_folder_set_state(store, folder->id, event->uidvalidity, 0, 0, error))
			return FALSE;
		folder->base_modseq = 0;
	}
	if (event->uidvalidity && !sn_folder_set_read_only(store, folder->id, event->read_only, error))
		return FALSE;
	/* what is to come is known before the newest are fetched */
	if (!folder->counted && !folder->complete)
		sync->total += MAX(event->total - folder->had, 0);
	folder->counted = TRUE;
	folder->uidvalidity = event->uidvalidity;
	folder->uidnext = event->uidnext;
	folder->highestmodseq = event->highestmodseq;
	if (!folder->complete && !folder->base_modseq)
		folder->base_modseq = event->highestmodseq;
	return TRUE;
}

static gboolean take_keywords(SnMailSync *sync, SnMailFolder *folder, const SnMailEvent *event,
                              GError **error)
{
	return !event->keywords || sn_location_keywords(sync->account->engine->store, folder->id,
	                                                event->uid, event->keywords, error);
}

static gboolean take_labels(SnMailSync *sync, SnMailFolder *folder, const SnMailEvent *event,
                            GError **error)
{
	return !event->labels || !folder->labelled ||
	       sn_location_labels(sync->account->engine->store, folder->id, event->uid, event->labels,
	                          error);
}

/* What is labelled as sent is taken for what it is; the others have the role of where they lie. */
static const char *role_of(SnMailSync *sync, const SnMailFolder *folder, const SnMailEvent *event)
{
	SnEngineAccount *account = sync->account;
	g_autoptr(SnFolder) sent = event->labels && *event->labels
	                                   ? sn_folder_by_role(account->engine->store, account->id, "sent")
	                                   : NULL;
	g_auto(GStrv) labels = sent ? g_strsplit(event->labels, "\n", -1) : NULL;

	return labels && g_strv_contains((const char *const *)labels, sent->name) ? "sent" : folder->role;
}

static gboolean take_message(SnMailSync *sync, SnMailFolder *folder, const SnMailEvent *event,
                             GError **error)
{
	SnEngineAccount *account = sync->account;
	SnAccountCore *core = account->core;
	SnPlace place = {
		.account = account->id,
		.folder = folder->id,
		.uid = event->uid,
		.name = event->name,
		.role = role_of(sync, folder, event),
		.flags = event->flags,
		.keywords = event->keywords,
		.received = event->time,
		.partial = event->partial,
		.part_sizes = event->part_sizes,
		.quiet = !folder->complete,
		.chats = !g_strcmp0(folder->name, account->config->chat_folder) ? account->config
		                                                               : NULL,
	};

	folder->got++;
	if (!core->prepared)
		return TRUE;
	if (event->partial && event->size > 0)
		core->prepared->message->size = event->size;
	if (sn_file_mail(account->engine->store, account->engine->config, core->after,
	                 core->prepared, &place, NULL, NULL, error) &&
	    take_labels(sync, folder, event, error))
		return TRUE;
	if ((*error)->code == SN_ERROR_STORAGE || (*error)->code == SN_ERROR_BUSY)
		return FALSE;
	/* one email that cannot be filed must not keep the others out */
	g_warning("%s: %s %u: %s", account->config->name, folder->name, event->uid,
	          (*error)->message);
	g_clear_error(error);
	return TRUE;
}

static gboolean take_flags(SnMailSync *sync, SnMailFolder *folder, const SnMailEvent *event,
                           GError **error)
{
	SnStore *store = sync->account->engine->store;

	return sn_location_flags(store, folder->id, event->uid, event->flags, error) &&
	       take_keywords(sync, folder, event, error) &&
	       take_labels(sync, folder, event, error) &&
	       (!event->name ||
	        sn_location_rename(store, folder->id, event->uid, event->name, error));
}

static gboolean take_gone(SnMailSync *sync, SnMailFolder *folder, const SnMailEvent *event,
                          GError **error)
{
	SnStore *store = sync->account->engine->store;

	for (guint i = 0; event->uids && i < event->uids->len; i++)
		if (!sn_location_remove(store, folder->id, g_array_index(event->uids, guint32, i),
		                        error))
			return FALSE;
	return TRUE;
}

static void round_ended(SnMailSync *sync, SnMailFolder *folder)
{
	SnStore *store = sync->account->engine->store;
	g_autoptr(GError) error = NULL;
	gboolean all = folder->complete || !folder->limit || folder->got < folder->limit;

	sync->running = NULL;
	sync->done += folder->complete ? 0 : folder->got;
	if (sync->storage_failed)
		return;
	folder->recent_done = TRUE;
	if (all) {
		/* changes made meanwhile are asked for once more, from the first round on */
		guint64 modseq = folder->complete || !folder->base_modseq ? folder->highestmodseq
		                                                          : folder->base_modseq;
		folder->complete = TRUE;
		/* a Maildir's number says that everything is known: not when something changed since */
		if (folder->wanted && sync->account->config->source.kind == SN_ENDPOINT_MAILDIR)
			modseq = 0;
		if (folder->uidnext && !sn_folder_set_state(store, folder->id, folder->uidvalidity,
		                                            folder->uidnext, modseq, &error))
			g_warning("%s", error->message);
	}
	if (folder->got > 0 && folder->complete)
		sn_mailbox_grew(sync->account);
	sn_engine_touched(sync->account->engine);
	work(sync);
	sn_drafts_synced(sync->account->engine->core->drafts);
	sn_transcripts_look(sync->account->core->transcripts);
}

static void round_failed(SnMailSync *sync, SnMailFolder *folder, const SnMailEvent *event)
{
	sync->running = NULL;
	sn_mail_folder_want(folder);
	folder->label_scan = MAX(folder->label_scan, folder->scanning);
	if (!sync->online || event->kind == SN_EVENT_CANCELLED)
		return;
	if (event->error && sn_error_is_transient(event->error)) {
		sn_mail_sync_storage_failed(sync, event->error);
		return;
	}
	/* this folder cannot be read now: the others go on, and the next poll tries it again */
	folder->wanted = FALSE;
	folder->failed = folder->recent_done = folder->complete = TRUE;
	g_warning("%s: %s: %s", sync->account->config->name, folder->name,
	          event->error ? event->error->message : "unknown error");
	if (g_error_matches(event->error, SN_ERROR, SN_ERROR_NOT_FOUND))
		sync->listed = FALSE; /* it went, or is called otherwise */
	work(sync);
	sn_drafts_synced(sync->account->engine->core->drafts);
}

static void sync_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	SnMailSync *sync = data;
	SnMailFolder *folder = sync->running;
	g_autoptr(GError) error = NULL;
	gboolean good = TRUE;

	if (!folder)
		return;
	if (sync->storage_failed && event->kind >= SN_EVENT_OWN)
		return;
	switch (event->kind) {
	case SN_MAIL_EV_FOLDER_STATE: good = take_state(sync, folder, event, &error); break;
	case SN_MAIL_EV_MESSAGE: good = take_message(sync, folder, event, &error); break;
	case SN_MAIL_EV_FLAGS: good = take_flags(sync, folder, event, &error); break;
	case SN_MAIL_EV_GONE: good = take_gone(sync, folder, event, &error); break;
	case SN_MAIL_EV_PROGRESS:
		sync->round_done = event->done;
		if (!folder->complete)
			sync->total = MAX(sync->total, sync->done + event->total);
		if (!folder->complete)
			report_progress(sync, FALSE);
		break;
	case SN_EVENT_DONE: round_ended(sync, folder); return;
	case SN_EVENT_ERROR:
	case SN_EVENT_CANCELLED: round_failed(sync, folder, event); return;
	}
	if (!good)
		sn_mail_sync_storage_failed(sync, error);
}

/* ---- what to do next ---- */

static void watch_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	SnMailFolder *folder = data;

	if (event->kind == SN_EVENT_DONE)
		return;
	folder->watched = FALSE;
	if (event->kind == SN_EVENT_ERROR && folder->sync->online) {
		folder->unwatchable = TRUE;
		g_info("%s: %s cannot be watched: %s", account->config->name, folder->name,
		       event->error->message);
	}
}

/* The backend watches until it ends, also after a lost line. The inbox comes first, because
 * some servers let only one folder be watched closely. */
static void watch(SnMailSync *sync)
{
	SnEngine *engine = sync->account->engine;

	for (guint i = 0; i < sync->folders->len; i++) {
		SnMailFolder *folder = g_ptr_array_index(sync->folders, i);
		if (folder->watched || folder->unwatchable || folder->gone)
			continue;
		SnMailRequest *request =
			sn_mail_request_new(SN_MAIL_REQ_WATCH, sn_engine_next_id(engine));
		request->folder = g_strdup(folder->name);
		folder->watched = TRUE;
		sn_engine_mail(sync->account, request, watch_reply, folder);
	}
}

/* Nobody tells of it; or of labels that come and go. */
static gboolean needs_poll(const SnMailFolder *folder)
{
	return folder->unwatchable || folder->labelled || folder->failed;
}

static gboolean is_maildir(const SnMailSync *sync)
{
	return sync->account->config->source.kind == SN_ENDPOINT_MAILDIR;
}

static void poll_now(gpointer data)
{
	SnMailSync *sync = data;

	g_clear_pointer(&sync->poll, g_source_unref);
	if (is_maildir(sync))
		sync->listed = FALSE; /* the list says which of them have changed */
	for (guint i = 0; i < sync->folders->len; i++) {
		SnMailFolder *folder = g_ptr_array_index(sync->folders, i);
		if (!folder->gone && needs_poll(folder))
			sn_mail_folder_want(folder);
	}
	work(sync);
}

static void arm_poll(SnMailSync *sync)
{
	SnEngine *engine = sync->account->engine;
	SnTime every = sn_config_settings(engine->config)->mail_poll;

	gboolean needed = FALSE;

	if (is_maildir(sync))
		every = MIN(every, MAILDIR_POLL);
	for (guint i = 0; i < sync->folders->len; i++)
		needed |= needs_poll(g_ptr_array_index(sync->folders, i));
	if (!sync->poll && every > 0 && sync->online && needed)
		sync->poll = sn_engine_timer(engine, every, poll_now, sync);
}

static SnMailFolder *next_folder(SnMailSync *sync)
{
	SnMailFolder *next = NULL;

	for (guint i = 0; i < sync->folders->len; i++) {
		SnMailFolder *folder = g_ptr_array_index(sync->folders, i);
		if (folder->gone)
			continue;
		if (!folder->recent_done || (folder->complete && folder->wanted))
			return folder;
		if (!next && !folder->complete)
			next = folder;
	}
	return next;
}

/* A large sync leaves arenas of several threads full of holes. */
static void give_back_memory(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

static void ask_list(SnMailSync *sync)
{
	SnEngineAccount *account = sync->account;
	SnMailRequest *request =
		sn_mail_request_new(SN_MAIL_REQ_LIST, sn_engine_next_id(account->engine));
	g_autoptr(GPtrArray) all = sn_folder_list(account->engine->store, account->id);

	for (guint i = 0; all && i < all->len; i++)
		request->numbers |= ((const SnFolder *)g_ptr_array_index(all, i))->uidvalidity != 0;
	sync->listing = TRUE;
	g_ptr_array_set_size(sync->told, 0);
	sn_engine_mail(account, request, list_reply, sync);
}

static void work(SnMailSync *sync)
{
	SnEngineAccount *account = sync->account;

	if (!sync->online || sync->running || sync->listing || sync->retry)
		return;
	if (!sync->listed) {
		ask_list(sync);
		return;
	}
	watch(sync);
	SnMailFolder *folder = next_folder(sync);
	if (folder) {
		start_round(sync, folder);
		return;
	}
	if (sync->done > RECENT)
		give_back_memory();
	sync->done = sync->total = 0;
	if (account->core->kinds[SN_END_SOURCE] != SN_STATUS_ONLINE)
		sn_account_status(account, SN_END_SOURCE, SN_STATUS_ONLINE, NULL, 0);
	arm_poll(sync);
	sn_engine_check_settled(account->engine);
}

/* ---- called by account.c ---- */

void sn_mail_sync_line(SnMailSync *sync, SnLineState line)
{
	gboolean online = line == SN_LINE_ONLINE;

	if (online && !sync->online) {
		/* what happened while away is asked for, of all folders at once or one by one */
		sync->listed = FALSE;
		for (guint i = 0; i < sync->folders->len; i++) {
			SnMailFolder *folder = g_ptr_array_index(sync->folders, i);
			sn_mail_folder_want(folder);
			folder->label_scan = MAX(folder->label_scan, folder->labelled ? SN_LABELS_AGAIN : 0);
		}
	}
	sync->online = online;
	if (!online)
		stop_timer(&sync->poll);
	work(sync);
}

/* Unless all of it has to be looked at anyway. */
static void want_names(SnMailFolder *folder, const GPtrArray *names)
{
	if (folder->wanted && !folder->changed)
		return;
	folder->wanted = TRUE;
	if (!folder->changed)
		folder->changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < names->len; i++)
		g_hash_table_add(folder->changed, g_strdup(names->pdata[i]));
	if (g_hash_table_size(folder->changed) > NAMES_MAX)
		sn_mail_folder_want(folder);
}

void sn_mail_sync_event(SnMailSync *sync, const SnMailEvent *event)
{
	if (event->kind == SN_MAIL_EV_FOLDERS)
		sn_mail_sync_list(sync);
	if (event->kind != SN_MAIL_EV_CHANGED)
		return;
	SnMailFolder *folder = event->folder ? sn_mail_folder_find(sync, event->folder) : NULL;
	if (folder && sn_mail_folder_is_as_told(sync->account->engine->store, folder, event))
		return;
	if (folder && event->names)
		want_names(folder, event->names);
	else if (folder)
		sn_mail_folder_want(folder);
	else if (!event->folder)
		sn_mail_sync_all(sync);
	work(sync);
}

void sn_mail_sync_all(SnMailSync *sync)
{
	for (guint i = 0; i < sync->folders->len; i++)
		sn_mail_folder_want(g_ptr_array_index(sync->folders, i));
	work(sync);
}

void sn_mail_sync_folder(SnMailSync *sync, const char *name)
{
	SnMailFolder *folder = find_synced(sync, name);

	if (!folder)
		return;
	sn_mail_folder_want(folder);
	work(sync);
}

void sn_mail_sync_list(SnMailSync *sync)
{
	if (sync->listing) {
		sync->list_again = TRUE; /* the answer may have been on its way already */
		return;
	}
	sync->listed = FALSE;
	work(sync);
}

gboolean sn_mail_sync_has_label(SnMailSync *sync, const char *name)
{
	const SnMailFolder *folder = find_synced(sync, name);

	return folder && folder->labelled;
}

char *sn_mail_folder_of(SnStore *store, SnId id, guint32 *uidvalidity)
{
	g_autoptr(SnFolder) folder = sn_folder_get(store, id);
	g_autoptr(SnFolder) base = folder && folder->base ? sn_folder_get(store, folder->base) : NULL;

	const SnFolder *lies = base ? base : folder;
	if (uidvalidity)
		*uidvalidity = lies ? lies->uidvalidity : 0;
	return lies ? g_strdup(lies->name) : NULL;
}

gboolean sn_mail_sync_has(SnMailSync *sync, const char *name)
{
	return find_synced(sync, name) != NULL;
}

gboolean sn_mail_sync_is_fresh(SnMailSync *sync, const char *name)
{
	const SnMailFolder *folder = find_synced(sync, name);

	if (!sync->online || !sync->listed || sync->storage_failed)
		return FALSE;
	return !folder || folder->gone || (folder->complete && !folder->wanted && sync->running != folder);
}

static void retry_now(gpointer data)
{
	SnMailSync *sync = data;

	g_clear_pointer(&sync->retry, g_source_unref);
	work(sync);
}

void sn_mail_sync_storage_failed(SnMailSync *sync, const GError *error)
{
	SnEngine *engine = sync->account->engine;
	SnTime next = sn_clock_now(engine->clock) + STORAGE_RETRY;

	sync->account->core->batch_failed = TRUE;
	sync->storage_failed = TRUE;
	if (sync->running)
		sn_mail_folder_want(sync->running);
	g_warning("%s: %s", sync->account->config->name, error->message);
	if (!sync->retry)
		sync->retry = sn_engine_timer(engine, STORAGE_RETRY, retry_now, sync);
	sn_account_status(sync->account, SN_END_SOURCE, SN_STATUS_RETRYING, error, next);
}

gboolean sn_mail_sync_settled(const SnMailSync *sync)
{
	if (!sync->online || !sync->listed || sync->running || sync->retry)
		return FALSE;
	for (guint i = 0; i < sync->folders->len; i++) {
		const SnMailFolder *folder = g_ptr_array_index(sync->folders, i);
		if (!folder->gone && (!folder->complete || folder->wanted))
			return FALSE;
	}
	return TRUE;
}

char *sn_mail_folder_name(SnEngineAccount *account, const char *target)
{
	SnStore *store = account->engine->store;
	g_autoptr(SnFolder) by_role = sn_folder_by_role(store, account->id, target);

	if (by_role)
		return g_strdup(by_role->name);
	g_autoptr(GPtrArray) all = sn_folder_list(store, account->id);
	for (guint i = 0; all && i < all->len; i++) {
		const SnFolder *folder = g_ptr_array_index(all, i);
		if (!g_ascii_strcasecmp(folder->name, target))
			return g_strdup(folder->name);
	}
	return NULL;
}
