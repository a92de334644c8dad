/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_mail_folders.c - which folders a mail source has, in what order they are synced, and which is
 * the one of before under another name.
 */
#include "src/engine/sync_mail_private.h"

#include <string.h>

#include "src/store/place.h"

SnMailFolder *sn_mail_folder_find(SnMailSync *sync, const char *name)
{
	for (guint i = 0; i < sync->folders->len; i++) {
		SnMailFolder *folder = g_ptr_array_index(sync->folders, i);
		if (g_str_equal(folder->name, name))
			return folder;
	}
	return NULL;
}

void sn_mail_folder_want(SnMailFolder *folder)
{
	folder->wanted = TRUE;
	g_clear_pointer(&folder->changed, g_hash_table_unref);
}

gboolean sn_mail_is_inbox(const char *name, const char *role)
{
	return !g_strcmp0(role, "inbox") || !g_ascii_strcasecmp(name, "INBOX");
}

/* ---- which folders ---- */

static gboolean globs_match(char **globs, const char *name)
{
	for (; *globs; globs++)
		if (g_pattern_match_simple(*globs, name))
			return TRUE;
	return FALSE;
}

/* Without globs: what holds conversations, and drafts that other programs began. Junk and trash hold
 * none. */
static gboolean is_chosen(const SnAccount *config, const char *name, const char *role)
{
	if (config->chat_folder && g_str_equal(config->chat_folder, name))
		return TRUE;
	if (config->folders && *config->folders)
		return globs_match(config->folders, name) || sn_mail_is_inbox(name, role);
	return sn_mail_is_inbox(name, role) || !g_strcmp0(role, "sent") || !g_strcmp0(role, "archive") ||
	       !g_strcmp0(role, "drafts");
}

static int rank(const SnMailFolder *folder)
{
	if (sn_mail_is_inbox(folder->name, folder->role))
		return 0;
	if (!g_strcmp0(folder->role, "sent"))
		return 1;
	return g_strcmp0(folder->role, "archive") ? 3 : 2;
}

gint sn_mail_folders_sort_by(gconstpointer a, gconstpointer b)
{
	const SnMailFolder *one = *(SnMailFolder *const *)a, *two = *(SnMailFolder *const *)b;

	return rank(one) != rank(two) ? rank(one) - rank(two) : strcmp(one->name, two->name);
}

static SnMailFolder *add_folder(SnMailSync *sync, SnId id, const char *name, const char *role)
{
	g_autoptr(SnFolder) known = sn_folder_get(sync->account->engine->store, id);
	SnMailFolder *folder = g_new0(SnMailFolder, 1);

	folder->id = id;
	folder->name = g_strdup(name);
	folder->role = g_strdup(role);
	folder->complete = folder->recent_done = known && known->uidnext != 0;
	sn_mail_folder_want(folder);
	folder->sync = sync;
	g_ptr_array_add(sync->folders, folder);
	return folder;
}

/* The server told how the folder is, and that is how it was when all of it was here. Without a
 * modification number that says nothing about flags. */
gboolean sn_mail_folder_is_as_told(SnStore *store, const SnMailFolder *folder, const SnMailEvent *event)
{
	if (!folder->complete || !event->uidvalidity || !event->highestmodseq)
		return FALSE;
	g_autoptr(SnFolder) known = sn_folder_get(store, folder->id);
	if (!known || known->uidvalidity != event->uidvalidity ||
	    known->highestmodseq != event->highestmodseq)
		return FALSE;
	/* a Maildir tells the state of its directories only */
	return event->directory || (known->uidnext == event->uidnext && known->total == event->total);
}

/* The folder of which this one is a label; its own name when it is the one; NULL. */
static const char *base_of(SnMailSync *sync, const SnMailEvent *event)
{
	const SnAccount *config = sync->account->config;
	gboolean all = !config->folders || !*config->folders;

	if (!event->base || !g_strcmp0(config->chat_folder, event->folder))
		return NULL; /* transcripts have numbers of their own */
	return all || globs_match(config->folders, event->base) ? event->base : NULL;
}

/* A label that was not here before: which emails have it is not known yet. */
void sn_mail_folders_scan_labels(SnMailSync *sync)
{
	for (guint i = 0; i < sync->folders->len; i++) {
		SnMailFolder *folder = g_ptr_array_index(sync->folders, i);
		if (!folder->labelled)
			continue;
		folder->label_scan = G_MAXUINT;
		sn_mail_folder_want(folder);
	}
}

/* TRUE: it is a label, and has no emails of its own. */
static gboolean take_base(SnMailSync *sync, SnId id, const SnMailEvent *event, gboolean *holds,
                          GError **error)
{
	SnStore *store = sync->account->engine->store;
	const char *name = base_of(sync, event);
	SnId base = name ? sn_folder_intern(store, sync->account->id, name, NULL, error) : 0;
	g_autoptr(SnFolder) known = sn_folder_get(store, id);

	*holds = base == id;
	if (known && base != id && base && known->base != base)
		sync->new_label = TRUE;
	return sn_folder_set_base(store, id, base, error) && base != 0 && base != id;
}

static void note_told(SnMailSync *sync, SnId id, const char *role, gboolean label,
                      const SnMailEvent *event)
{
	SnMailTold *told = g_new0(SnMailTold, 1);

	*told = (SnMailTold){ .id = id, .name = g_strdup(event->folder), .role = g_strdup(role),
		        .mailbox_id = g_strdup(event->mailbox_id),
		        .uidvalidity = label ? 0 : event->uidvalidity, .uidnext = event->uidnext,
		        .label = label };
	g_ptr_array_add(sync->told, told);
}

void sn_mail_folders_take(SnMailSync *sync, const SnMailEvent *event)
{
	SnEngineAccount *account = sync->account;
	SnStore *store = account->engine->store;
	g_autoptr(GError) error = NULL;

	if (!event->folder)
		return;
	const char *role = sn_mail_is_inbox(event->folder, event->role) ? "inbox" : event->role;
	/* Roles of folders that are not synced matter too: they are where messages are moved to. */
	SnId id = sn_folder_intern(store, account->id, event->folder, role, &error);
	if (!id) {
		g_warning("%s", error->message);
		return;
	}
	if (event->directory && !sn_folder_set_directory(store, id, event->directory, &error))
		g_warning("%s", error->message);
	g_clear_error(&error);
	gboolean holds = FALSE;
	gboolean label = event->selectable && take_base(sync, id, event, &holds, &error);
	if (error)
		g_warning("%s", error->message);
	if (event->selectable)
		note_told(sync, id, role, label, event);
	if (!event->selectable || label ||
	    (!holds && !is_chosen(account->config, event->folder, role)))
		return;
	SnMailFolder *folder = sn_mail_folder_find(sync, event->folder);
	gboolean first = !folder;
	if (first)
		folder = add_folder(sync, id, event->folder, role);
	folder->listed = TRUE;
	folder->id = id;
	folder->labelled = holds;
	if (first && holds)
		folder->label_scan = SN_LABELS_AGAIN;
	if (folder->gone) {
		folder->gone = folder->watched = folder->unwatchable = FALSE;
		sn_mail_folder_want(folder);
	}
	if (folder->label_scan == 0 && sn_mail_folder_is_as_told(store, folder, event))
		folder->wanted = FALSE;
}

/* ---- folders with another name ---- */

/* By its id, where the server has such; else the numbers must go on where they were. */
static gboolean may_be(const SnFolder *known, const SnMailTold *told)
{
	if (known->mailbox_id && told->mailbox_id)
		return g_str_equal(known->mailbox_id, told->mailbox_id);
	return known->uidvalidity == told->uidvalidity && known->uidnext > 1 &&
	       told->uidnext >= known->uidnext;
}

/* The one folder that is new and can be what `known` was; NULL. */
static const SnMailTold *find_heir(SnMailSync *sync, const SnFolder *known)
{
	SnStore *store = sync->account->engine->store;
	const SnMailTold *found = NULL;

	for (guint i = 0; i < sync->told->len; i++) {
		const SnMailTold *told = g_ptr_array_index(sync->told, i);
		g_autoptr(SnFolder) row = sn_folder_get(store, told->id);
		if (!row || row->uidvalidity || told->id == known->id || !may_be(known, told))
			continue;
		if (found)
			return NULL; /* two: no way to know */
		found = told;
	}
	return found;
}

/* The folder `known` is called otherwise now: what is here of it stays as it is. */
static gboolean take_name(SnMailSync *sync, const SnFolder *known, const SnMailTold *told)
{
	SnStore *store = sync->account->engine->store;
	SnMailFolder *now = sn_mail_folder_find(sync, told->name), *before = sn_mail_folder_find(sync, known->name);
	g_autoptr(GError) error = NULL;

	if ((now && now == sync->running) || (before && before == sync->running) ||
	    !sn_folder_rename(store, known->id, told->name, &error)) {
		if (error)
			g_warning("%s", error->message);
		return FALSE;
	}
	if (!sn_folder_intern(store, sync->account->id, told->name, told->role, &error))
		g_warning("%s", error->message);
	g_info("%s: the folder %s is called %s now", sync->account->config->name, known->name,
	       told->name);
	if (before) { /* answers to its requests may still come */
		before->gone = before->complete = before->recent_done = TRUE;
		before->wanted = FALSE;
	}
	if (now) {
		now->id = known->id;
		now->complete = now->recent_done = known->uidnext != 0;
		sn_mail_folder_want(now);
	}
	return TRUE;
}

static gboolean is_told(const SnMailSync *sync, SnId id)
{
	for (guint i = 0; i < sync->told->len; i++)
		if (((const SnMailTold *)g_ptr_array_index(sync->told, i))->id == id)
			return TRUE;
	return FALSE;
}

static void keep_mailbox_ids(SnMailSync *sync)
{
	for (guint i = 0; i < sync->told->len; i++) {
		const SnMailTold *told = g_ptr_array_index(sync->told, i);
		g_autoptr(GError) error = NULL;
		if (told->mailbox_id && !sn_folder_set_mailbox_id(sync->account->engine->store,
		                                                  told->id, told->mailbox_id, &error))
			g_warning("%s", error->message);
	}
}

/* Folders of a server that are not there any more: under another name, or gone, also while we were
 * away. A Maildir that is not there may be a disk that is not mounted. */
void sn_mail_folders_settle(SnMailSync *sync)
{
	SnEngineAccount *account = sync->account;
	SnStore *store = account->engine->store;
	g_autoptr(GPtrArray) all = sn_folder_list(store, account->id);
	g_autoptr(GError) error = NULL;

	if (account->config->source.kind != SN_ENDPOINT_IMAP || sync->told->len == 0)
		return;
	for (guint i = 0; all && i < all->len; i++) {
		const SnFolder *known = g_ptr_array_index(all, i);
		if (known->base && known->base != known->id && !is_told(sync, known->id)) {
			/* the label is gone, or has another name */
			if (!sn_folder_reset(store, known->id, &error))
				g_clear_error(&error);
			continue;
		}
		if (!known->uidvalidity || is_told(sync, known->id))
			continue;
		const SnMailTold *heir = find_heir(sync, known);
		if (heir && take_name(sync, known, heir))
			continue;
		if (!sn_mail_folder_find(sync, known->name) && !sn_folder_reset(store, known->id, &error)) {
			g_warning("%s", error->message);
			g_clear_error(&error);
		}
		sn_engine_touched(account->engine);
	}
	keep_mailbox_ids(sync);
}

/* Messages of a folder that is gone stay in the timeline for a while: they may have been moved. */
void sn_mail_folders_drop_gone(SnMailSync *sync)
{
	g_autoptr(GError) error = NULL;
	gboolean any = FALSE;

	for (guint i = 0; i < sync->folders->len; i++)
		any |= ((SnMailFolder *)g_ptr_array_index(sync->folders, i))->listed;
	/* nothing at all: more likely a disk that is not mounted */
	for (guint i = 0; any && i < sync->folders->len; i++) {
		SnMailFolder *folder = g_ptr_array_index(sync->folders, i);
		gboolean missing = !folder->listed;
		folder->listed = FALSE;
		if (!missing || folder->gone)
			continue;
		if (!sn_folder_reset(sync->account->engine->store, folder->id, &error)) {
			g_warning("%s", error->message);
			g_clear_error(&error);
			continue;
		}
		folder->gone = folder->complete = folder->recent_done = TRUE;
		folder->wanted = FALSE;
		sn_engine_touched(sync->account->engine);
	}
}
