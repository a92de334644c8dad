/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.c - fetches files that IMs name by URL, and takes in emails that came that way.
 *
 * Fetching tells the server of the file who and where we are, so it is done by itself only for
 * contacts of the roster, and only below im.download-max. Files lie in the profile under names of
 * our own; what the sender calls them never becomes a path. What came has to be what was announced:
 * no larger, and with the same hash where one was told; else it goes, and the message says why.
 */
#include "src/engine/sync_private.h"

#include <glib/gstdio.h>
#include <string.h>

#include "src/omemo/payload.h"
#include "src/store/files.h"
#include "src/store/told.h"

enum {
	MAX_EMAIL = 64 << 20,
	LOCK_SIZE = 16, /* more that an encrypted file has */
};

typedef struct {
	SnId message;
	int position;
	char *path;
	char *locked, *key; /* where it lies while it is encrypted, and how to open it; NULL */
	char *promised; /* its hash; NULL */
	gint64 max_size, size; /* size: as announced; -1 */
	int percent;
	gboolean is_email;
} Fetch;

static void fetch_free(Fetch *fetch)
{
	if (fetch->locked)
		g_unlink(fetch->locked);
	g_free(fetch->path);
	g_free(fetch->locked);
	g_free(fetch->promised);
	if (fetch->key)
		explicit_bzero(fetch->key, strlen(fetch->key));
	g_free(fetch->key);
	g_free(fetch);
}

/* ---- on their way ---- */

gboolean sn_files_begin(SnEngineAccount *account, const char *path)
{
	SnAccountCore *core = account->core;

	if (!core->fetching)
		core->fetching = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return g_hash_table_add(core->fetching, g_strdup(path));
}

void sn_files_end(SnEngineAccount *account, const char *path)
{
	g_assert(account->core->fetching);
	g_hash_table_remove(account->core->fetching, path);
}

static gboolean is_contact(SnStore *store, SnId address)
{
	return sn_roster_get(store, address, NULL, NULL, NULL);
}

static gboolean is_email(const SnPart *part)
{
	return !g_strcmp0(part->type, "message/rfc822") ||
	       (part->name && g_str_has_suffix(part->name, ".eml"));
}

/* ---- an earlier email that travelled as a file ---- */

typedef struct {
	SnId message;
	GBytes *raw;
} Carried;

/* The stanza that announced it need not be seen any more, if it was there for a reply's sake. */
static void file_email(SnEngine *engine, SnId message, SnPrepared *prepared, GError **error)
{
	g_autoptr(SnMessage) announced = sn_message_get(engine->store, message, 0);
	SnId by = announced && announced->attached ? announced->attached : message;

	if (!announced || !sn_store_begin(engine->store, error))
		return;
	SnId filed = sn_file_carried_mail(engine->store, engine->config, prepared, by, error);
	gboolean ok = !*error;
	if (ok && filed && announced->attached)
		ok = sn_message_attach(engine->store, message, announced->attached, TRUE, error);
	if (!ok)
		sn_store_rollback(engine->store);
	else
		sn_store_commit(engine->store, error);
}

static void carried_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	Carried *carried = data;
	SnEngine *engine = account->engine;
	g_autoptr(GError) error = NULL;

	if (event->kind == SN_MAIL_EV_MESSAGE && account->core->prepared) {
		file_email(engine, carried->message, account->core->prepared, &error);
		if (error)
			g_warning("%s", error->message);
		return;
	}
	if (event->kind == SN_MAIL_EV_MESSAGE)
		return;
	g_bytes_unref(carried->raw);
	g_free(carried);
	sn_engine_touched(engine);
}

static void take_email(SnEngineAccount *account, const Fetch *fetch)
{
	g_autoptr(GError) error = NULL;
	char *text;
	gsize length;
	GStatBuf info;

	if (g_stat(fetch->path, &info) != 0 || info.st_size > MAX_EMAIL)
		return;
	if (!g_file_get_contents(fetch->path, &text, &length, &error)) {
		g_info("%s", error->message);
		return;
	}
	Carried *carried = g_new0(Carried, 1);
	carried->message = fetch->message;
	carried->raw = g_bytes_new_take(text, length);
	sn_account_read_mail(account, carried->raw, carried_reply, carried);
}

/* ---- fetching ---- */

/* What came is not what was sent: only opened it counts. */
static gboolean open_locked(const Fetch *fetch, char **sha256, gint64 *size, GError **error)
{
	char *data;
	gsize length;

	if (!sn_file_open(fetch->locked, fetch->path, fetch->key, fetch->max_size, error) ||
	    !g_file_get_contents(fetch->path, &data, &length, error))
		return FALSE;
	g_free(*sha256);
	*sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)data, length);
	*size = (gint64)length;
	g_free(data);
	return TRUE;
}

static gboolean is_as_announced(const Fetch *fetch, const char *sha256, gint64 size, GError **error)
{
	/* of an encrypted one some announce what lies on the server */
	gboolean locked_size = fetch->locked && size + LOCK_SIZE == fetch->size;

	if (fetch->size >= 0 && size != fetch->size && !locked_size)
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "It has %" G_GINT64_FORMAT " bytes and not the %" G_GINT64_FORMAT
		            " that were announced.",
		            size, fetch->size);
	else if (fetch->promised && (!sha256 || g_ascii_strcasecmp(fetch->promised, sha256) != 0))
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "It is not the file that was announced: its hash differs.");
	else
		return TRUE;
	return FALSE;
}

static void say_fault(SnEngineAccount *account, const Fetch *fetch, const GError *fault)
{
	g_autoptr(GError) error = NULL;

	g_info("%s: %s", account->config->name, fault->message);
	if (!sn_part_stopped(account->engine->store, fetch->message, fetch->position, fault->message,
	                     &error))
		g_warning("%s", error->message);
}

static void file_came(SnEngineAccount *account, const Fetch *fetch, const SnImEvent *event)
{
	g_autofree char *sha256 = g_strdup(event->sha256);
	gint64 size = event->size;
	g_autoptr(GError) error = NULL;

	if ((fetch->locked && !open_locked(fetch, &sha256, &size, &error)) ||
	    !is_as_announced(fetch, sha256, size, &error)) {
		g_unlink(fetch->path);
		say_fault(account, fetch, error);
		return;
	}
	if (!sn_part_set_file(account->engine->store, fetch->message, fetch->position, fetch->path, sha256,
	                      size, &error))
		g_warning("%s", error->message);
	if (fetch->is_email)
		take_email(account, fetch);
}

static void fetch_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	Fetch *fetch = data;

	switch (event->kind) {
	case SN_EVENT_DONE: file_came(account, fetch, event); break;
	case SN_EVENT_ERROR: say_fault(account, fetch, event->error); break;
	case SN_EVENT_CANCELLED:
		sn_part_stopped(account->engine->store, fetch->message, fetch->position, NULL, NULL);
		break;
	case SN_IM_EV_PROGRESS:
		sn_part_progress(account->engine->store, fetch->message, fetch->position, event->done,
		                 fetch->size > 0 ? fetch->size : event->total, &fetch->percent, NULL);
		return;
	default: return;
	}
	sn_files_end(account, fetch->path);
	fetch_free(fetch);
}

char *sn_files_place(SnEngine *engine, SnId message, int position)
{
	g_autofree char *dir = g_build_filename(engine->setup.paths->data, "files", NULL);
	g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT "-%d", message, position);

	if (g_mkdir_with_parents(dir, 0700) != 0)
		g_warning("%s cannot be made.", dir);
	return g_build_filename(dir, name, NULL);
}

void sn_files_fetch_part(SnEngineAccount *account, SnId message, const SnPart *part,
                         gint64 max_size)
{
	SnEngine *engine = account->engine;
	Fetch *fetch = g_new0(Fetch, 1);

	fetch->message = message;
	fetch->position = part->position;
	fetch->path = sn_files_place(engine, message, part->position);
	fetch->is_email = is_email(part);
	fetch->promised = g_strdup(part->promised);
	fetch->size = part->size;
	fetch->percent = -1;
	if (part->size > max_size) {
		g_autoptr(GError) fault = g_error_new(SN_ERROR, SN_ERROR_LIMIT,
		                                      "It is larger than what is fetched at all.");
		say_fault(account, fetch, fault);
		fetch_free(fetch);
		return;
	}
	if (!sn_files_begin(account, fetch->path)) {
		fetch_free(fetch);
		return;
	}
	SnImRequest *request = sn_im_request_new(SN_IM_REQ_DOWNLOAD, sn_engine_next_id(engine));
	if (part->size >= 0) /* who announces little has no more to send; 0 would mean no limit */
		max_size = MAX(part->size, 1);
	fetch->max_size = max_size;
	request->url = sn_file_address(part->url, &fetch->key);
	if (request->url)
		fetch->locked = g_strconcat(fetch->path, ".locked", NULL);
	else
		request->url = g_strdup(part->url);
	request->path = g_strdup(fetch->locked ? fetch->locked : fetch->path);
	request->max_size = max_size + (fetch->locked ? LOCK_SIZE : 0);
	sn_engine_im(account, request, fetch_reply, fetch);
}

void sn_files_fetch(SnEngineAccount *account, SnId id)
{
	SnEngine *engine = account->engine;
	gint64 max = sn_config_settings(engine->config)->im_download_max;
	g_autoptr(SnMessage) message = sn_message_get(engine->store, id, SN_MESSAGE_FULL);

	if (!message || !message->parts || message->parts->len == 0 || max <= 0 ||
	    (message->direction == SN_IN && !is_contact(engine->store, message->sender)))
		return;
	for (guint i = 0; i < message->parts->len; i++) {
		const SnPart *part = g_ptr_array_index(message->parts, i);
		/* anything else no server of files speaks */
		if (part->url && !part->path && part->size <= max &&
		    (g_str_has_prefix(part->url, "https:") || g_str_has_prefix(part->url, "aesgcm:")))
			sn_files_fetch_part(account, id, part, max);
	}
}
