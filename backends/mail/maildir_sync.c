/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_sync.c - a folder's files against what the caller knows.
 *
 * Files have names, not numbers. The caller keeps which number belongs to which name; a new name
 * gets the next number. So uidvalidity never changes, and renames of flags cost nothing. A file
 * whose whole name another program changed keeps its number too, see maildir_match.c.
 */
#include <string.h>

#include "backends/mail/maildir_private.h"
#include "backends/mail/uids.h"

#define TEXT_LIMIT 65536
#define HEADER_MAX (4 << 20) /* of a large message, whose header and first text are read only */
#define PROGRESS_EVERY 250
#define GIVE_WAY_EVERY 20

static SnMailEvent *event_new(SnReport *report, SnMaildirFolder *folder, int kind, guint64 id)
{
	SnMailEvent *event = sn_report_event(report, kind, id);

	event->folder = g_strdup(folder->name);
	return event;
}

static void report_state(SnReport *report, SnMaildirFolder *folder, guint64 id, guint64 stamp)
{
	SnMailEvent *event = event_new(report, folder, SN_MAIL_EV_FOLDER_STATE, id);

	event->uidvalidity = SN_MAILDIR_UIDVALIDITY;
	event->uidnext = folder->uidnext;
	event->highestmodseq = stamp;
	event->total = g_hash_table_size(folder->entries);
	sn_report_mail(report, event, 1);
}

/*
 * The stamp of a folder about which everything was told: 0 when something happened to it meanwhile. What
 * inotify tells of is known before the change is over, so an empty queue after the stamp means that the
 * stamp is of what was told. Right after a delivery it is worth waiting for, a moment: with it the next
 * start needs not look through the whole folder.
 */
static guint64 final_stamp(SnReport *report, const SnMaildirFolder *folder, SnMaildirWatch *watch)
{
	int wait = 0;
	guint64 stamp = folder->missed ? 0 : sn_maildir_stamp(folder->path, &wait);

	if (!stamp && wait > 0 && !sn_maildir_watch_peek(watch, folder->name, NULL)) {
		sn_inbox_wait(report->inbox, -1, wait);
		stamp = sn_maildir_stamp(folder->path, NULL);
	}
	return sn_maildir_watch_peek(watch, folder->name, NULL) ? 0 : stamp;
}

/* What the caller says is the truth about numbers. */
static void take_numbers(SnMaildirFolder *folder, const SnMailRequest *request)
{
	folder->uidnext = MAX(folder->uidnext, request->uidnext);
	for (guint i = 0; request->known && i < request->known->len; i++)
		folder->uidnext = MAX(folder->uidnext, sn_uid_at(request->known, i) + 1);
	if (request->uidvalidity == SN_MAILDIR_UIDVALIDITY && request->known && request->known_names &&
	    request->known->len == request->known_names->len)
		sn_maildir_take_numbers(folder, request->known_names, request->known);
	folder->numbered = folder->whole = TRUE;
}

/* Known numbers without a file. A name that changes while the directory is read may be missed, so
 * only what is missing twice is gone. */
static gboolean report_gone(SnReport *report, SnMaildirFolder *folder, const SnMailRequest *request,
			    GError **error)
{
	g_autoptr(GArray) gone = NULL;

	if (request->uidvalidity != SN_MAILDIR_UIDVALIDITY || !request->known)
		return TRUE;
	for (int round = 0; round < 2; round++) {
		g_autoptr(GArray) here = sn_uids_new();
		GHashTableIter iter;
		gpointer value;
		if (round > 0 && !sn_maildir_scan(folder, error))
			return FALSE;
		if (round > 0)
			take_numbers(folder, request);
		g_hash_table_iter_init(&iter, folder->entries);
		while (g_hash_table_iter_next(&iter, NULL, &value))
			if (((SnMaildirEntry *)value)->uid)
				g_array_append_val(here, ((SnMaildirEntry *)value)->uid);
		sn_uids_sort(here);
		g_clear_pointer(&gone, g_array_unref);
		gone = sn_uids_minus(request->known, here);
		if (gone->len == 0)
			return TRUE;
	}
	SnMailEvent *event = event_new(report, folder, SN_MAIL_EV_GONE, request->id);
	event->uids = g_steal_pointer(&gone);
	sn_report_mail(report, event, 1);
	return TRUE;
}

static gint older_first(gconstpointer a, gconstpointer b)
{
	const SnMaildirEntry *x = *(SnMaildirEntry *const *)a, *y = *(SnMaildirEntry *const *)b;

	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? -1 : 1;
	return strcmp(x->base, y->base);
}

/* Whether the caller has it as it is. */
static gboolean is_as_known(const SnMailRequest *request, const SnMaildirEntry *entry)
{
	const GArray *known = request->known, *flags = request->known_flags;
	const GPtrArray *names = request->known_names;

	if (!flags || !names || flags->len != known->len || names->len != known->len)
		return FALSE;
	guint at = sn_uids_lower_bound(known, entry->uid);
	g_assert(at < known->len);
	return g_array_index(flags, guint, at) == entry->flags &&
	       strcmp(names->pdata[at], entry->base) == 0;
}

static void report_flags(SnReport *report, SnMaildirFolder *folder, SnMaildirEntry *entry, guint64 id)
{
	SnMailEvent *event = event_new(report, folder, SN_MAIL_EV_FLAGS, id);

	event->uid = entry->uid;
	event->flags = entry->flags;
	event->name = g_strdup(entry->base);
	entry->told = TRUE;
	sn_report_mail(report, event, sizeof *event);
}

/* Reports flags of what is known and has changed; collects what is not, oldest first. */
static GPtrArray *sort_out(SnReport *report, SnMaildirFolder *folder, const SnMailRequest *request)
{
	const GArray *known = request->uidvalidity == SN_MAILDIR_UIDVALIDITY ? request->known : NULL;
	GPtrArray *fresh = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, folder->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		SnMaildirEntry *entry = value;
		if (!known || entry->uid == 0 || !sn_uids_has(known, entry->uid)) {
			if (sn_maildir_stat(folder, entry))
				g_ptr_array_add(fresh, entry);
		} else if (!entry->told && is_as_known(request, entry)) {
			entry->told = TRUE;
		} else if (!entry->told) {
			report_flags(report, folder, entry, request->id);
		}
	}
	g_ptr_array_sort(fresh, older_first);
	return fresh;
}

/* Header and the beginning of the text. */
static GBytes *cut(GBytes *raw)
{
	gsize length = 0;
	const char *text = g_bytes_get_data(raw, &length);
	const char *end = g_strstr_len(text, (gssize)length, "\n\n");
	const char *crlf = g_strstr_len(text, (gssize)length, "\r\n\r\n");

	if (!end || (crlf && crlf < end))
		end = crlf;
	gsize header = end ? (gsize)(end - text) : 0;
	return g_bytes_new_from_bytes(raw, 0, MIN(length, header + TEXT_LIMIT));
}

/* What is there and was not told: so the folder's state is not that of what was told. */
static void miss(SnMaildirFolder *folder, const GError *error)
{
	if (!error || error->code == SN_ERROR_NOT_FOUND || error->code == SN_ERROR_LIMIT)
		return; /* it vanished meanwhile, which is nobody's fault, or will never be told */
	if (!folder->missed) /* of a thousand the first */
		g_warning("%s: %s It is tried again.", folder->name, error->message);
	folder->missed = TRUE;
}

static void report_message(SnReport *report, SnMaildirFolder *folder, guint32 uid,
			   const SnMailRequest *request)
{
	SnMaildirEntry *entry = sn_maildir_by_uid(folder, uid);
	SnTime time = 0;
	gint64 size = 0;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) raw = entry ? sn_maildir_read_some(folder, entry, request->full_size,
							     HEADER_MAX + TEXT_LIMIT, &time, &size, &error)
				      : NULL;

	/* reading may have scanned anew, which replaces the entries */
	entry = sn_maildir_by_uid(folder, uid);
	if (!raw)
		miss(folder, error);
	if (!raw || !entry)
		return;
	SnMailEvent *event = event_new(report, folder, SN_MAIL_EV_MESSAGE, request->id);
	event->uid = uid;
	event->name = g_strdup(entry->base);
	event->flags = entry->flags;
	event->time = time;
	event->size = size;
	gboolean large = request->full_size > 0 && event->size > request->full_size;
	g_autofree char *path = large ? g_build_filename(folder->path, entry->file, NULL) : NULL;
	if (large)
		event->raw = sn_maildir_take_apart(path, &event->part_sizes);
	if (!event->raw)
		event->raw = large ? cut(raw) : g_bytes_ref(raw);
	event->partial = (gint64)g_bytes_get_size(event->raw) < event->size;
	entry->told = TRUE;
	sn_report_mail(report, event, g_bytes_get_size(event->raw) + sizeof *event);
}

static void report_progress(SnReport *report, SnMaildirFolder *folder, guint64 id, gint64 done,
			    gint64 total)
{
	SnMailEvent *event = event_new(report, folder, SN_MAIL_EV_PROGRESS, id);

	event->done = done;
	event->total = total;
	sn_report_mail(report, event, 1);
}

static gboolean report_fresh(SnReport *report, SnMaildirFolder *folder, GPtrArray *fresh,
			     const SnMailRequest *request, void (*give_way)(gpointer data),
			     gpointer data, GError **error)
{
	guint count = request->newest > 0 ? MIN(fresh->len, request->newest) : fresh->len;
	g_autoptr(GArray) uids = sn_uids_new();

	for (guint i = fresh->len - count; i < fresh->len; i++) {
		SnMaildirEntry *entry = fresh->pdata[i];
		guint32 uid = entry->uid ? entry->uid : sn_maildir_number(folder, entry);
		g_array_append_val(uids, uid);
	}
	for (guint i = count; i-- > 0;) {
		if (sn_inbox_cancelled(report->inbox, request->id)) {
			g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
			return FALSE;
		}
		report_message(report, folder, sn_uid_at(uids, i), request);
		if ((count - i) % GIVE_WAY_EVERY == 0)
			give_way(data);
		if ((count - i) % PROGRESS_EVERY == 0 || i == 0)
			report_progress(report, folder, request->id, count - i, count);
	}
	return TRUE;
}

/* ---- some files ---- */

/* The entry of what the caller knows under that name; NULL: its file went. */
static SnMaildirEntry *locate_known(SnMaildirFolder *folder, const SnMailRequest *request, guint index)
{
	guint32 uid = sn_uid_at(request->known, index);
	guint flags = request->known_flags && index < request->known_flags->len
			      ? g_array_index(request->known_flags, guint, index)
			      : SN_MAIL_SEEN;
	SnMaildirEntry *entry = sn_maildir_locate(folder, request->known_names->pdata[index], flags,
						  flags ^ SN_MAIL_SEEN);

	if (entry) {
		entry->given = FALSE;
		sn_maildir_set_number(folder, entry, uid);
	}
	return entry;
}

/* Files that the caller does not know under that name. */
static GPtrArray *locate_others(SnMaildirFolder *folder, const SnMailRequest *request)
{
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *fresh = g_ptr_array_new();

	for (guint i = 0; i < request->known_names->len; i++)
		g_hash_table_add(known, request->known_names->pdata[i]);
	for (guint i = 0; i < request->only->len; i++) {
		char *base = request->only->pdata[i];
		if (!g_hash_table_add(known, base))
			continue; /* or told twice */
		SnMaildirEntry *entry = sn_maildir_locate(folder, base, SN_MAIL_SEEN, 0);
		if (entry)
			g_ptr_array_add(fresh, entry);
	}
	return fresh;
}

/* Those of `lost` (stand-ins with their numbers) that are there under another name have it again. */
static void find_renamed(SnMaildirFolder *folder, const GPtrArray *fresh, const GPtrArray *lost)
{
	g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < lost->len; i++)
		g_hash_table_insert(by_name, ((SnMaildirEntry *)lost->pdata[i])->base, lost->pdata[i]);
	for (guint i = 0; i < fresh->len; i++) {
		SnMaildirEntry *entry = fresh->pdata[i];
		const char *before = folder->renamed ? g_hash_table_lookup(folder->renamed, entry->base) : NULL;
		const SnMaildirEntry *gone = before ? g_hash_table_lookup(by_name, before) : NULL;
		if (gone && !sn_maildir_by_uid(folder, gone->uid))
			sn_maildir_set_number(folder, entry, gone->uid);
	}
	g_autoptr(GPtrArray) left = g_ptr_array_new(), here = g_ptr_array_new();
	for (guint i = 0; i < lost->len; i++)
		if (!sn_maildir_by_uid(folder, ((SnMaildirEntry *)lost->pdata[i])->uid))
			g_ptr_array_add(left, lost->pdata[i]);
	for (guint i = 0; i < fresh->len; i++)
		if (!((SnMaildirEntry *)fresh->pdata[i])->uid)
			g_ptr_array_add(here, fresh->pdata[i]);
	sn_maildir_match(folder, here, left);
	for (guint i = 0; i < here->len; i++) {
		SnMaildirEntry *entry = here->pdata[i];
		guint32 uid = entry->uid;
		entry->uid = 0;
		if (uid)
			sn_maildir_set_number(folder, entry, uid);
	}
}

static void lost_free(gpointer data)
{
	SnMaildirEntry *entry = data;

	g_free(entry->base);
	g_free(entry);
}

static GPtrArray *sort_out_known(SnReport *report, SnMaildirFolder *folder, const SnMailRequest *request)
{
	GPtrArray *lost = g_ptr_array_new_with_free_func(lost_free);

	for (guint i = 0; i < request->known->len; i++) {
		SnMaildirEntry *entry = locate_known(folder, request, i);
		if (!entry) {
			entry = g_new0(SnMaildirEntry, 1);
			entry->base = g_strdup(request->known_names->pdata[i]);
			entry->uid = sn_uid_at(request->known, i);
			entry->size = -1;
			g_ptr_array_add(lost, entry);
			continue;
		}
		if (!entry->told && !is_as_known(request, entry))
			report_flags(report, folder, entry, request->id);
		entry->told = TRUE;
	}
	return lost;
}

/* The names in request->only, of which request->known are known. Says nothing of the folder's state. */
static gboolean look_at_some(SnReport *report, SnMaildirFolder *folder, SnMaildirWatch *watch,
			     const SnMailRequest *request, void (*give_way)(gpointer data), gpointer data,
			     GError **error)
{
	const SnMaildirChange *newer = NULL;

	/* a file that has changed its name since is found under the new one, and not missed */
	if (sn_maildir_watch_peek(watch, folder->name, &newer) && !newer->all)
		sn_maildir_take_change(folder, newer);
	folder->uidnext = MAX(folder->uidnext, request->uidnext);
	folder->numbered = TRUE;
	folder->unsure = FALSE;
	g_autoptr(GPtrArray) lost = sort_out_known(report, folder, request);
	g_autoptr(GPtrArray) fresh = locate_others(folder, request);
	find_renamed(folder, fresh, lost);
	g_autoptr(GPtrArray) unknown = g_ptr_array_new();
	for (guint i = 0; i < fresh->len; i++) {
		SnMaildirEntry *entry = fresh->pdata[i];
		if (entry->uid && sn_uids_has(request->known, entry->uid))
			report_flags(report, folder, entry, request->id);
		else
			g_ptr_array_add(unknown, entry);
	}
	g_autoptr(GArray) gone = sn_uids_new();
	for (guint i = 0; i < lost->len; i++)
		if (!sn_maildir_by_uid(folder, ((SnMaildirEntry *)lost->pdata[i])->uid))
			g_array_append_val(gone, ((SnMaildirEntry *)lost->pdata[i])->uid);
	if (gone->len > 0 && folder->unsure) {
		g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY, "%s could not be looked through; it is tried again.",
		            folder->path);
		return FALSE;
	}
	if (gone->len > 0) {
		SnMailEvent *event = event_new(report, folder, SN_MAIL_EV_GONE, request->id);
		event->uids = g_steal_pointer(&gone);
		sn_report_mail(report, event, 1);
	}
	g_ptr_array_sort(unknown, older_first);
	if (!report_fresh(report, folder, unknown, request, give_way, data, error))
		return FALSE;
	for (guint i = 0; folder->seen && i < request->only->len; i++) {
		g_hash_table_remove(folder->seen, request->only->pdata[i]);
		g_hash_table_remove(folder->renamed, request->only->pdata[i]);
	}
	return TRUE;
}

static gboolean sync_some(SnReport *report, SnMaildirFolder *folder, SnMaildirWatch *watch,
			  const SnMailRequest *request, void (*give_way)(gpointer data), gpointer data,
			  GError **error)
{
	if (!look_at_some(report, folder, watch, request, give_way, data, error))
		return FALSE;
	report_state(report, folder, request->id, folder->seen ? final_stamp(report, folder, watch) : 0);
	return TRUE;
}

/* ---- all files ---- */

/* The caller knows each file by name, of so many that a table of them, which knows more, is not kept. */
static gboolean may_compare(const SnMaildirFolder *folder, const SnMailRequest *request)
{
	return !folder->whole && !request->newest && request->uidvalidity == SN_MAILDIR_UIDVALIDITY &&
	       request->known && request->known->len > SN_MAILDIR_KEEP && request->known_names &&
	       request->known_flags &&
	       request->known_names->len == request->known->len &&
	       request->known_flags->len == request->known->len;
}

/* The directories were listed, and only these names were not as they are known. */
static gboolean look_at_differing(SnReport *report, SnMaildirFolder *folder, SnMaildirWatch *watch,
				  const SnMailRequest *request, const SnMaildirDiffers *differs,
				  void (*give_way)(gpointer data), gpointer data, GError **error)
{
	g_autoptr(GPtrArray) only = g_ptr_array_new();
	SnMailRequest some = *request;
	GHashTableIter iter;
	gpointer base, file;

	g_hash_table_iter_init(&iter, differs->files);
	while (g_hash_table_iter_next(&iter, &base, &file)) {
		g_ptr_array_add(only, base);
		if (file)
			g_hash_table_replace(folder->seen, g_strdup(base), g_strdup(file));
	}
	some.only = only;
	some.known = differs->uids;
	some.known_names = differs->names;
	some.known_flags = differs->flags;
	folder->uidnext = MAX(folder->uidnext, sn_uid_at(request->known, request->known->len - 1) + 1);
	return look_at_some(report, folder, watch, &some, give_way, data, error);
}

static gboolean look_at_all(SnReport *report, SnMaildirFolder *folder, const SnMailRequest *request,
			    void (*give_way)(gpointer data), gpointer data, GError **error)
{
	if (!sn_maildir_scan(folder, error))
		return FALSE;
	take_numbers(folder, request);
	if (request->uidvalidity != SN_MAILDIR_UIDVALIDITY)
		report_state(report, folder, request->id, 0);
	if (!report_gone(report, folder, request, error))
		return FALSE;
	g_autoptr(GPtrArray) fresh = sort_out(report, folder, request);
	return report_fresh(report, folder, fresh, request, give_way, data, error);
}

static gboolean sync_all(SnReport *report, SnMaildirFolder *folder, SnMaildirWatch *watch,
			 SnMailRequest *request, void (*give_way)(gpointer data), gpointer data,
			 GError **error)
{
	/* what happens in the same tick of the clock as this is seen by the watch only */
	guint64 before = sn_maildir_watch_has(watch, folder->name)
				 ? sn_maildir_young_stamp(folder->path)
				 : sn_maildir_stamp(folder->path, NULL);

	folder->missed = FALSE;
	g_clear_pointer(&folder->seen, g_hash_table_unref);
	g_clear_pointer(&folder->renamed, g_hash_table_unref);
	folder->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	folder->renamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(SnMaildirDiffers) differs = may_compare(folder, request) ?
						      sn_maildir_compare(folder->path, request) : NULL;
	if (!(differs ? look_at_differing(report, folder, watch, request, differs, give_way, data, error) :
			look_at_all(report, folder, request, give_way, data, error)))
		return FALSE;
	/* changes during all this may have been missed: the stamp has to be as before */
	guint64 stamp = final_stamp(report, folder, watch);
	report_state(report, folder, request->id, stamp == before && !request->newest ? stamp : 0);
	return TRUE;
}

/* What changed was forgotten meanwhile: the caller has to ask for all. */
static void ask_for_all(SnReport *report, SnMaildirFolder *folder, guint64 id)
{
	sn_report_mail(report, event_new(report, folder, SN_MAIL_EV_CHANGED, 0), 0);
	report_state(report, folder, id, 0);
}

gboolean sn_maildir_sync(SnReport *report, SnMaildirFolder *folder, SnMaildirWatch *watch,
			 SnMailRequest *request, void (*give_way)(gpointer data), gpointer data,
			 GError **error)
{
	gboolean some = request->only && request->uidvalidity == SN_MAILDIR_UIDVALIDITY && request->known &&
			request->known_names && request->known_names->len == request->known->len;

	if (some && folder->seen)
		return sync_some(report, folder, watch, request, give_way, data, error);
	if (!request->only)
		return sync_all(report, folder, watch, request, give_way, data, error);
	folder->uidnext = MAX(folder->uidnext, request->uidnext);
	ask_for_all(report, folder, request->id);
	return TRUE;
}
