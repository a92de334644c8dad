/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "backends/mail/link.h"
#include "backends/mail/maildir_private.h"
#include "backends/mail/names.h"
#include "backends/mail/uids.h"

#define MISSING "The mail directory %s is not there."
#define SETTLE_MS 5        /* a delivery makes several changes; one event for all of them */
#define SETTLE_MOST_MS 50  /* and many deliveries go on: one event now and then */

enum { RANK_URGENT, RANK_SYNC };

typedef struct {
	char *root;
	SnReport report;
	SnInbox *inbox;
	GThread *thread;
	GHashTable *folders; /* name -> SnMaildirFolder */
	SnMaildirWatch *watch;
	GHashTable *watched;  /* names of folders, from WATCH */
	gboolean online;
	gboolean syncing;     /* other requests are served in the middle of one SYNC */
	guint failures;
} Maildir;

static Maildir *self(SnMailSource *source)
{
	return (Maildir *)source;
}

static gboolean root_is_there(Maildir *maildir)
{
	return g_file_test(maildir->root, G_FILE_TEST_IS_DIR);
}

/* The folder as far as it is known; NULL with an error when its directory is not there. */
static SnMaildirFolder *open_folder(Maildir *maildir, const char *name, GError **error)
{
	SnMaildirFolder *folder = name ? g_hash_table_lookup(maildir->folders, name) : NULL;

	if (folder && sn_maildir_is_folder(folder->path))
		return folder;
	g_autofree char *path = sn_maildir_path(maildir->root, name, error);
	if (!path)
		return NULL;
	folder = sn_maildir_folder_new(name, path);
	g_hash_table_replace(maildir->folders, folder->name, folder);
	return folder;
}

/* Numbers mean something only after a SYNC told which they are. */
static SnMaildirFolder *open_numbered(Maildir *maildir, SnMailRequest *request, GError **error)
{
	SnMaildirFolder *folder = open_folder(maildir, request->folder, error);

	if (!folder || folder->numbered || request->known_names)
		return folder;
	g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY, "The folder %s has not been read yet.",
		    request->folder);
	return NULL;
}

/* The file of a number: as the folder's table says, or as the caller does. NULL: there is none. */
static SnMaildirEntry *look_up(SnMaildirFolder *folder, const SnMailRequest *request, guint32 uid)
{
	SnMaildirEntry *entry = sn_maildir_by_uid(folder, uid);
	guint at = !entry && request->known_names && request->known ?
			   sn_uids_lower_bound(request->known, uid) : G_MAXUINT;

	if (entry || at == G_MAXUINT || at >= request->known_names->len || sn_uid_at(request->known, at) != uid)
		return entry;
	guint flags = request->known_flags && at < request->known_flags->len
			      ? g_array_index(request->known_flags, guint, at)
			      : SN_MAIL_SEEN;
	entry = sn_maildir_locate(folder, request->known_names->pdata[at], flags,
				  flags ^ (request->set | request->clear | SN_MAIL_SEEN));
	if (entry)
		sn_maildir_set_number(folder, entry, uid);
	return entry;
}

static SnMaildirEntry *find_entry(SnMaildirFolder *folder, const SnMailRequest *request, guint32 uid,
				  GError **error)
{
	SnMaildirEntry *entry = look_up(folder, request, uid);

	if (!entry)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The message is no longer in %s.",
			    folder->name);
	return entry;
}

/* ---- requests ---- */

static void report_changed(const char *name, const SnMaildirChange *change, gpointer data);

typedef struct {
	Maildir *maildir;
	guint64 id;
} Listing;

static void report_folder(const char *name, const char *path, gpointer data)
{
	Listing *listing = data;
	SnMailEvent *event =
		sn_report_event(&listing->maildir->report, SN_MAIL_EV_FOLDER, listing->id);

	event->folder = g_strdup(name);
	event->directory = g_canonicalize_filename(path, NULL);
	event->role = g_strdup(sn_role_of_name(name));
	event->selectable = TRUE;
	event->uidvalidity = SN_MAILDIR_UIDVALIDITY;
	SnMaildirFolder *folder = open_folder(listing->maildir, name, NULL);
	if (folder)
		event->highestmodseq = folder->listed = sn_maildir_stamp(folder->path, NULL);
	sn_report_mail(&listing->maildir->report, event, sizeof *event);
}

static void watch_dir(const char *name, const char *path, gpointer data)
{
	Listing *listing = data;

	sn_maildir_watch_dir(listing->maildir->watch, path);
}

static gboolean serve_list(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			   GError **error)
{
	Listing listing = { maildir, request->id };

	/* a root that is not mounted has no folders, which does not mean that they are gone */
	if (!root_is_there(maildir)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, MISSING, maildir->root);
		return FALSE;
	}
	if (sn_maildir_list(maildir->root, report_folder, watch_dir, &listing))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Reading the folders of %s failed: %s.", maildir->root,
		    g_strerror(errno));
	return FALSE;
}

static void serve_urgent(gpointer data);

static gboolean serve_sync(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			   GError **error)
{
	SnMaildirFolder *folder = open_folder(maildir, request->folder, error);

	maildir->syncing = TRUE;
	gboolean good = folder && sn_maildir_sync(&maildir->report, folder, maildir->watch, request,
						  serve_urgent, maildir, error);
	maildir->syncing = FALSE;
	return good;
}

/*
 * From now on inotify tells what changes. What changed between the LIST, which may have said that
 * nothing had, and now is not known.
 */
static void begin_to_see(Maildir *maildir, SnMaildirFolder *folder)
{
	if (folder->seen || !folder->listed)
		return;
	folder->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	folder->renamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (sn_maildir_stamp(folder->path, NULL) != folder->listed)
		report_changed(folder->name, NULL, maildir);
}

static gboolean serve_watch(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			    GError **error)
{
	SnMaildirFolder *folder = open_folder(maildir, request->folder, error);

	if (!folder || !sn_maildir_watch_add(maildir->watch, folder->name, folder->path, error))
		return FALSE;
	g_hash_table_add(maildir->watched, g_strdup(folder->name));
	begin_to_see(maildir, folder);
	return TRUE;
}

typedef struct {
	Maildir *maildir;
	const SnMailRequest *request;
} Saving;

static gboolean report_saved(gint64 so_far, gint64 total, gpointer data)
{
	const Saving *saving = data;
	SnReport *report = &saving->maildir->report;
	SnMailEvent *event = sn_report_event(report, SN_MAIL_EV_PROGRESS, saving->request->id);

	event->folder = g_strdup(saving->request->folder);
	event->done = so_far;
	event->total = total;
	sn_report_mail(report, event, 1);
	return !sn_inbox_cancelled(saving->maildir->inbox, saving->request->id);
}

static gboolean save_part(Maildir *maildir, SnMaildirFolder *folder, SnMailRequest *request,
			  SnMailEvent *done, GError **error)
{
	Saving data = { maildir, request };
	SnMaildirSaving saving = { request->part, request->path, report_saved, &data };

	if (!request->uids || request->uids->len != 1 || request->part < 0 || !request->path) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "A file is one of one email.");
		return FALSE;
	}
	SnMaildirEntry *entry = find_entry(folder, request, sn_uid_at(request->uids, 0), error);
	if (entry && !sn_maildir_stat(folder, entry)) /* renamed by another program */
		entry = sn_maildir_scan(folder, error) ?
				find_entry(folder, request, sn_uid_at(request->uids, 0), error) : NULL;
	if (!entry)
		return FALSE;
	g_autofree char *path = g_build_filename(folder->path, entry->file, NULL);
	done->size = sn_maildir_save_part(path, &saving, error);
	return done->size >= 0;
}

static gboolean serve_fetch(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			    GError **error)
{
	SnMaildirFolder *folder = open_numbered(maildir, request, error);

	if (folder && request->part)
		return save_part(maildir, folder, request, done, error);
	for (guint i = 0; folder && request->uids && i < request->uids->len; i++) {
		SnMaildirEntry *entry = find_entry(folder, request, sn_uid_at(request->uids, i), error);
		SnTime time = 0;
		GBytes *raw = entry ? sn_maildir_read(folder, entry, &time, error) : NULL;
		if (!raw)
			return FALSE;
		/* reading may have replaced the entry */
		entry = sn_maildir_by_uid(folder, sn_uid_at(request->uids, i));
		SnMailEvent *event =
			sn_report_event(&maildir->report, SN_MAIL_EV_MESSAGE, request->id);
		event->folder = g_strdup(folder->name);
		event->uid = sn_uid_at(request->uids, i);
		event->flags = entry ? entry->flags : 0;
		event->name = entry ? g_strdup(entry->base) : NULL;
		event->time = time;
		event->size = (gint64)g_bytes_get_size(raw);
		event->raw = raw;
		sn_report_mail(&maildir->report, event, g_bytes_get_size(raw));
	}
	return folder != NULL;
}

static gboolean serve_store(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			    GError **error)
{
	SnMaildirFolder *folder = open_numbered(maildir, request, error);

	for (guint i = 0; folder && request->uids && i < request->uids->len; i++) {
		SnMaildirEntry *entry = look_up(folder, request, sn_uid_at(request->uids, i));
		if (!entry)
			continue; /* as IMAP does with numbers that are gone */
		guint flags = (entry->flags & ~request->clear) | request->set;
		if (!sn_maildir_set_flags(folder, entry, flags, error))
			return FALSE;
	}
	return folder != NULL;
}

static gboolean serve_delete(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			     GError **error)
{
	SnMaildirFolder *folder = open_numbered(maildir, request, error);

	for (guint i = 0; folder && request->uids && i < request->uids->len; i++) {
		SnMaildirEntry *entry = look_up(folder, request, sn_uid_at(request->uids, i));
		if (entry && !sn_maildir_remove(folder, entry, error))
			return FALSE;
	}
	return folder != NULL;
}

/* The number of a message that was just put into a folder, if numbers are known there. */
static guint32 number_of(Maildir *maildir, const char *name, const char *base, guint flags)
{
	SnMaildirFolder *folder = g_hash_table_lookup(maildir->folders, name);

	if (!folder || !folder->numbered)
		return 0;
	SnMaildirEntry *entry = sn_maildir_locate(folder, base, flags, 0);
	if (!entry)
		return 0;
	entry->given = TRUE;
	return entry->uid ? entry->uid : sn_maildir_number(folder, entry);
}

static gboolean serve_move(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			   GError **error)
{
	SnMaildirFolder *folder = open_numbered(maildir, request, error);
	g_autofree char *target =
		folder ? sn_maildir_create(maildir->root, request->target, error) : NULL;

	for (guint i = 0; target && request->uids && i < request->uids->len; i++) {
		SnMaildirEntry *entry = look_up(folder, request, sn_uid_at(request->uids, i));
		if (!entry)
			continue;
		guint flags = entry->flags;
		g_autofree char *base = sn_maildir_move(folder, entry, target, error);
		if (!base)
			return FALSE;
		if (request->uids->len == 1) {
			done->uid = number_of(maildir, request->target, base, flags);
			done->name = g_steal_pointer(&base);
		}
	}
	return target != NULL;
}

/* Another file with the same bytes and flags. */
static gboolean serve_copy(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			   GError **error)
{
	SnMaildirFolder *folder = open_numbered(maildir, request, error);
	g_autofree char *target =
		folder ? sn_maildir_create(maildir->root, request->target, error) : NULL;

	for (guint i = 0; target && request->uids && i < request->uids->len; i++) {
		SnMaildirEntry *entry = look_up(folder, request, sn_uid_at(request->uids, i));
		SnTime time = 0;
		guint flags = entry ? entry->flags : 0;
		g_autoptr(GBytes) raw = entry ? sn_maildir_read(folder, entry, &time, error) : NULL;
		gsize length = 0;
		if (!entry)
			continue;
		if (!raw)
			return FALSE;
		const void *bytes = g_bytes_get_data(raw, &length);
		g_autofree char *base =
			sn_maildir_deliver(target, bytes, length, flags, time, error);
		if (!base)
			return FALSE;
		if (request->uids->len == 1) {
			done->uid = number_of(maildir, request->target, base, flags);
			done->name = g_steal_pointer(&base);
		}
	}
	return target != NULL;
}

static gboolean serve_append(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			     GError **error)
{
	g_autofree char *path = sn_maildir_create(maildir->root, request->folder, error);
	gsize length = 0;

	if (!path)
		return FALSE;
	const void *raw = request->raw ? g_bytes_get_data(request->raw, &length) : NULL;
	done->name = sn_maildir_deliver(path, raw, length, request->flags, request->time, error);
	if (!done->name)
		return FALSE;
	done->uid = number_of(maildir, request->folder, done->name, request->flags);
	return TRUE;
}

static gboolean serve_search(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			     GError **error)
{
	SnMaildirFolder *folder = open_numbered(maildir, request, error);
	g_autofree char *wanted =
		g_strdup_printf("<%s>", request->message_id ? request->message_id : "");
	GHashTableIter iter;
	gpointer value;

	if (!folder || !sn_maildir_scan(folder, error))
		return FALSE;
	if (!folder->whole && request->known && request->known_names &&
	    request->known->len == request->known_names->len)
		sn_maildir_take_numbers(folder, request->known_names, request->known);
	g_hash_table_iter_init(&iter, folder->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		SnMaildirEntry *entry = value;
		if (sn_inbox_stopping(maildir->inbox) || !sn_maildir_has_id(folder, entry, wanted))
			continue;
		done->uid = entry->uid ? entry->uid : sn_maildir_number(folder, entry);
		break;
	}
	return TRUE;
}

static gboolean serve_create(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			     GError **error)
{
	g_autofree char *path = sn_maildir_create(maildir->root, request->folder, error);

	return path != NULL;
}

static const struct {
	gboolean (*serve)(Maildir *maildir, SnMailRequest *request, SnMailEvent *done,
			  GError **error);
	guint rank;
} kinds[] = {
	[SN_MAIL_REQ_LIST] = { serve_list, RANK_URGENT },
	[SN_MAIL_REQ_SYNC] = { serve_sync, RANK_SYNC },
	[SN_MAIL_REQ_WATCH] = { serve_watch, RANK_URGENT },
	[SN_MAIL_REQ_FETCH] = { serve_fetch, RANK_URGENT },
	[SN_MAIL_REQ_STORE] = { serve_store, RANK_URGENT },
	[SN_MAIL_REQ_MOVE] = { serve_move, RANK_URGENT },
	[SN_MAIL_REQ_DELETE] = { serve_delete, RANK_URGENT },
	[SN_MAIL_REQ_APPEND] = { serve_append, RANK_URGENT },
	[SN_MAIL_REQ_SEARCH_ID] = { serve_search, RANK_URGENT },
	[SN_MAIL_REQ_CREATE] = { serve_create, RANK_URGENT },
	[SN_MAIL_REQ_COPY] = { serve_copy, RANK_URGENT },
};

/* ---- the thread ---- */

/* Takes the request; error NULL: serve it. */
static void end(Maildir *maildir, SnMailRequest *request, SnMailEvent *done, GError *error)
{
	sn_inbox_finish(maildir->inbox, request->id);
	sn_report_end(&maildir->report, request->id, done, error);
	sn_mail_request_free(request);
}

/* What a large folder took is given back, unless a SYNC is in the middle of it. */
static void rest(Maildir *maildir)
{
	GHashTableIter iter;
	gpointer folder;
	gboolean freed = FALSE;

	if (maildir->syncing)
		return;
	g_hash_table_iter_init(&iter, maildir->folders);
	while (g_hash_table_iter_next(&iter, NULL, &folder))
		freed |= sn_maildir_rest(folder);
#ifdef __GLIBC__
	if (freed)
		malloc_trim(0);
#endif
}

static void serve(Maildir *maildir, SnMailRequest *request)
{
	SnMailEvent *done = sn_report_event(&maildir->report, SN_EVENT_DONE, request->id);
	GError *error = NULL;

	done->folder = g_strdup(request->folder);
	if (!kinds[request->kind].serve(maildir, request, done, &error)) {
		g_assert(error);
		maildir->online = maildir->online && root_is_there(maildir);
	}
	end(maildir, request, done, error);
	rest(maildir);
}

static void serve_urgent(gpointer data)
{
	Maildir *maildir = data;
	SnMailRequest *request;

	while (!sn_inbox_stopping(maildir->inbox) &&
	       (request = sn_inbox_take(maildir->inbox, RANK_URGENT)))
		serve(maildir, request);
}

/* A directory that was removed and made again is not watched any more. */
static void watch_again(Maildir *maildir)
{
	GHashTableIter iter;
	gpointer name;

	g_hash_table_iter_init(&iter, maildir->watched);
	while (g_hash_table_iter_next(&iter, &name, NULL)) {
		const SnMaildirFolder *folder = open_folder(maildir, name, NULL);
		gboolean had = sn_maildir_watch_has(maildir->watch, name);
		if (folder && sn_maildir_watch_add(maildir->watch, name, folder->path, NULL) && !had)
			report_changed(name, NULL, maildir);
	}
	maildir->online = maildir->online && root_is_there(maildir);
}

static GPtrArray *names_of(const SnMaildirChange *change)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer base;

	g_hash_table_iter_init(&iter, change->files);
	while (g_hash_table_iter_next(&iter, &base, NULL))
		g_ptr_array_add(names, g_strdup(base));
	return names;
}

/* change NULL: anything may have changed. */
static void report_changed(const char *name, const SnMaildirChange *change, gpointer data)
{
	Maildir *maildir = data;
	int kind = name ? SN_MAIL_EV_CHANGED : SN_MAIL_EV_FOLDERS;
	SnMailEvent *event = sn_report_event(&maildir->report, kind, 0);
	SnMaildirFolder *folder = name ? g_hash_table_lookup(maildir->folders, name) : NULL;

	if (!name)
		watch_again(maildir);
	if (folder && change)
		sn_maildir_take_change(folder, change);
	if (folder && change && folder->seen)
		event->names = names_of(change);

	event->folder = g_strdup(name);
	sn_report_mail(&maildir->report, event, 0);
}

/* A disk that is not there may be plugged in later. */
static void rest_offline(Maildir *maildir)
{
	if (root_is_there(maildir)) {
		maildir->online = TRUE;
		maildir->failures = 0;
		sn_report_line(&maildir->report, SN_LINE_ONLINE, NULL, 0);
		return;
	}
	SnTime wait = sn_link_backoff(++maildir->failures);
	g_autoptr(GError) error =
		g_error_new(SN_ERROR, SN_ERROR_NOT_FOUND, MISSING, maildir->root);
	sn_report_line(&maildir->report, SN_LINE_OFFLINE, error, sn_clock_now(NULL) + wait);
	gint64 until = g_get_monotonic_time() + wait * 1000;
	while (!sn_inbox_stopping(maildir->inbox) && !sn_inbox_kicked(maildir->inbox) &&
	       g_get_monotonic_time() < until)
		sn_inbox_wait(maildir->inbox, -1,
			      (int)MAX((until - g_get_monotonic_time()) / 1000, 1));
}

static int bytes_waiting(int fd)
{
	int bytes = 0;

	return ioctl(fd, FIONREAD, &bytes) == 0 ? bytes : 0;
}

/* Until nothing more comes, or for long enough. */
static void let_settle(Maildir *maildir, int fd)
{
	int before = 0, now = bytes_waiting(fd);

	for (int waited = 0; waited < SETTLE_MOST_MS && now != before; waited += SETTLE_MS) {
		before = now;
		sn_inbox_wait(maildir->inbox, -1, SETTLE_MS);
		now = bytes_waiting(fd);
	}
}

static void rest_online(Maildir *maildir)
{
	struct pollfd fd = { sn_maildir_watch_fd(maildir->watch), POLLIN, 0 };

	if (!sn_maildir_watch_pending(maildir->watch)) {
		sn_inbox_wait(maildir->inbox, fd.fd, -1);
		if (fd.fd < 0 || poll(&fd, 1, 0) <= 0)
			return;
		let_settle(maildir, fd.fd);
	}
	sn_maildir_watch_read(maildir->watch, report_changed, maildir);
}

static gpointer run(gpointer data)
{
	Maildir *maildir = data;
	SnMailRequest *request;

	while (!sn_inbox_stopping(maildir->inbox)) {
		if (!maildir->online)
			rest_offline(maildir);
		else if ((request = sn_inbox_take(maildir->inbox, G_MAXUINT)))
			serve(maildir, request);
		else
			rest_online(maildir);
	}
	while ((request = sn_inbox_take(maildir->inbox, G_MAXUINT)))
		end(maildir, request, NULL,
		    g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "The account was closed."));
	return NULL;
}

/* ---- the interface ---- */

static SnMailSource *create(const SnLinkSpec *link, const char *path, SnQueue *events,
			    gpointer owner, GError **error)
{
	if (!path || !g_path_is_absolute(path)) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
			    "The mail directory must be a whole path.");
		return NULL;
	}
	Maildir *maildir = g_new0(Maildir, 1);
	maildir->root = g_strdup(path);
	maildir->inbox = sn_inbox_new((GDestroyNotify)sn_mail_request_free);
	maildir->report = (SnReport){ sn_queue_ref(events), owner, maildir->inbox };
	maildir->folders = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
						 (GDestroyNotify)sn_maildir_folder_free);
	maildir->watch = sn_maildir_watch_new();
	maildir->watched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	maildir->thread = g_thread_new("maildir", run, maildir);
	return (SnMailSource *)maildir;
}

static void submit(SnMailSource *source, SnMailRequest *request)
{
	Maildir *maildir = self(source);

	g_assert(request && (gsize)request->kind < G_N_ELEMENTS(kinds));
	if (sn_inbox_push(maildir->inbox, request, request->id, kinds[request->kind].rank, FALSE))
		return;
	sn_report_end(&maildir->report, request->id, NULL,
		      g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "The account is being closed."));
	sn_mail_request_free(request);
}

static void cancel(SnMailSource *source, guint64 id)
{
	Maildir *maildir = self(source);

	if (sn_inbox_cancel(maildir->inbox, id))
		sn_report_end(&maildir->report, id, NULL,
			      g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "Cancelled."));
}

static void reconnect(SnMailSource *source)
{
	sn_inbox_kick(self(source)->inbox);
}

static void destroy(SnMailSource **source)
{
	Maildir *maildir = source ? self(*source) : NULL;

	if (!maildir)
		return;
	*source = NULL;
	sn_inbox_stop(maildir->inbox);
	g_thread_join(maildir->thread);
	sn_inbox_free(maildir->inbox);
	sn_maildir_watch_free(maildir->watch);
	g_hash_table_unref(maildir->watched);
	g_hash_table_unref(maildir->folders);
	sn_queue_unref(maildir->report.events);
	g_free(maildir->root);
	g_free(maildir);
}

const SnMailSourceOps sn_maildir_ops = {
	.name = "maildir",
	.create = create,
	.submit = submit,
	.cancel = cancel,
	.reconnect = reconnect,
	.destroy = destroy,
};
