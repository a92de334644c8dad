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

#define UIDVALIDITY 1
#define TEXT_LIMIT 65536
#define PROGRESS_EVERY 250
#define GIVE_WAY_EVERY 20

static SnMailEvent *event_new(SnReport *report, SnMaildirFolder *folder, int kind, guint64 id)
{
	SnMailEvent *event = sn_report_event(report, kind, id);

	event->folder = g_strdup(folder->name);
	return event;
}

static void report_state(SnReport *report, SnMaildirFolder *folder, guint64 id)
{
	SnMailEvent *event = event_new(report, folder, SN_MAIL_EV_FOLDER_STATE, id);

	event->uidvalidity = UIDVALIDITY;
	event->uidnext = folder->uidnext;
	event->total = g_hash_table_size(folder->entries);
	sn_report_mail(report, event, 1);
}

/* What the caller says is the truth about numbers. */
static void take_numbers(SnMaildirFolder *folder, const SnMailRequest *request)
{
	folder->uidnext = MAX(folder->uidnext, request->uidnext);
	for (guint i = 0; request->known && i < request->known->len; i++)
		folder->uidnext = MAX(folder->uidnext, sn_uid_at(request->known, i) + 1);
	if (request->uidvalidity == UIDVALIDITY && request->known && request->known_names &&
	    request->known->len == request->known_names->len)
		sn_maildir_take_numbers(folder, request->known_names, request->known);
	folder->numbered = TRUE;
}

/* Known numbers without a file. A name that changes while the directory is read may be missed, so
 * only what is missing twice is gone. */
static gboolean report_gone(SnReport *report, SnMaildirFolder *folder, const SnMailRequest *request,
			    GError **error)
{
	g_autoptr(GArray) gone = NULL;

	if (request->uidvalidity != UIDVALIDITY || !request->known)
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

/* Reports flags of what is known and has changed; collects what is not, oldest first. */
static GPtrArray *sort_out(SnReport *report, SnMaildirFolder *folder, const SnMailRequest *request)
{
	const GArray *known = request->uidvalidity == UIDVALIDITY ? request->known : NULL;
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
			SnMailEvent *event =
				event_new(report, folder, SN_MAIL_EV_FLAGS, request->id);
			event->uid = entry->uid;
			event->flags = entry->flags;
			event->name = g_strdup(entry->base);
			entry->told = TRUE;
			sn_report_mail(report, event, sizeof *event);
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

/* Nothing, when it vanished meanwhile, which is nobody's fault. */
static void report_message(SnReport *report, SnMaildirFolder *folder, guint32 uid,
			   const SnMailRequest *request)
{
	SnMaildirEntry *entry = sn_maildir_by_uid(folder, uid);
	SnTime time = 0;
	g_autoptr(GBytes) raw = entry ? sn_maildir_read(folder, entry, &time, NULL) : NULL;

	/* reading may have scanned anew, which replaces the entries */
	entry = sn_maildir_by_uid(folder, uid);
	if (!raw || !entry)
		return;
	SnMailEvent *event = event_new(report, folder, SN_MAIL_EV_MESSAGE, request->id);
	event->uid = uid;
	event->name = g_strdup(entry->base);
	event->flags = entry->flags;
	event->time = time;
	event->size = (gint64)g_bytes_get_size(raw);
	gboolean large = request->full_size > 0 && event->size > request->full_size;
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

gboolean sn_maildir_sync(SnReport *report, SnMaildirFolder *folder, SnMailRequest *request,
			 void (*give_way)(gpointer data), gpointer data, GError **error)
{
	if (!sn_maildir_scan(folder, error))
		return FALSE;
	take_numbers(folder, request);
	if (request->uidvalidity != UIDVALIDITY)
		report_state(report, folder, request->id);
	if (!report_gone(report, folder, request, error))
		return FALSE;
	g_autoptr(GPtrArray) fresh = sort_out(report, folder, request);
	if (!report_fresh(report, folder, fresh, request, give_way, data, error))
		return FALSE;
	report_state(report, folder, request->id);
	return TRUE;
}
