/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fetch.c - gets the rest of an email of which only header and text were fetched so far: all of it, or,
 * where it is too large to be held in memory, the file that somebody wants. */
#include "src/engine/sync_private.h"

#include <glib/gstdio.h>

#include "src/store/files.h"
#include "src/store/wish.h"

typedef struct {
	SnId message;
	SnPlace place;
	char *role;
} Fetch;

static void take(SnEngineAccount *account, Fetch *fetch, const SnMailEvent *event)
{
	SnEngine *engine = account->engine;
	SnAccountCore *core = account->core;
	g_autoptr(GError) error = NULL;

	if (!core->prepared || event->partial)
		return;
	fetch->place.received = event->time;
	/* the parser sees only the beginning of it: what is known of its parts is more */
	if (g_bytes_get_size(core->prepared->raw) > SN_WISH_WHOLE_MAX) {
		if (!sn_message_set_raw(engine->store, fetch->message, core->prepared->raw, &error))
			g_warning("%s: %s", account->config->name, error->message);
		return;
	}
	if (!sn_file_mail(engine->store, engine->config, core->after, core->prepared, &fetch->place,
	                  NULL, NULL, &error))
		g_warning("%s: %s", account->config->name, error->message);
}

static void reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	Fetch *fetch = data;

	switch (event->kind) {
	case SN_MAIL_EV_MESSAGE: take(account, fetch, event); return;
	case SN_EVENT_ERROR: g_info("%s: %s", account->config->name, event->error->message); break;
	case SN_EVENT_DONE:
	case SN_EVENT_CANCELLED: break;
	default: return;
	}
	g_free(fetch->role);
	g_free(fetch);
}

/* A FETCH of the email where it lies; NULL: not now, or (*nowhere) never. Free folder. */
static SnMailRequest *request_for(SnEngine *engine, const SnMessage *message, SnFolder **folder,
                                  guint *flags, gboolean *nowhere)
{
	g_autoptr(GPtrArray) places = sn_location_list(engine->store, message->id);

	*nowhere = !places || places->len == 0;
	if (*nowhere)
		return NULL;
	const SnLocation *location = g_ptr_array_index(places, 0);
	*folder = sn_folder_get(engine->store, location->folder);
	SnEngineAccount *account = *folder ? sn_engine_account_by_id(engine, (*folder)->account) : NULL;
	if (!account || !account->source_online)
		return NULL;
	SnMailRequest *request = sn_mail_request_new(SN_MAIL_REQ_FETCH, sn_engine_next_id(engine));
	request->folder = sn_mail_folder_of(engine->store, (*folder)->id, &request->uidvalidity);
	request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_val(request->uids, location->uid);
	*flags = location->flags;
	return request;
}

gboolean sn_mail_fetch_whole(SnEngine *engine, const SnMessage *message)
{
	g_autoptr(SnFolder) folder = NULL;
	gboolean nowhere;
	guint flags = 0;
	SnMailRequest *request = request_for(engine, message, &folder, &flags, &nowhere);

	if (!request)
		return nowhere; /* then what is here is all there is */
	Fetch *fetch = g_new0(Fetch, 1);
	fetch->message = message->id;
	fetch->role = g_strdup(folder->role);
	fetch->place = (SnPlace){
		.account = folder->account,
		.folder = folder->base ? folder->base : folder->id,
		.uid = g_array_index(request->uids, guint32, 0),
		.role = fetch->role,
		.flags = flags,
		.quiet = TRUE,
		.completes = TRUE,
	};
	sn_engine_mail(sn_engine_account_by_id(engine, folder->account), request, reply, fetch);
	return TRUE;
}

/* ---- one file of an email that is too large ---- */

typedef struct {
	SnId message;
	int position, percent;
	char *path;
} FileFetch;

static void file_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	FileFetch *fetch = data;
	SnStore *store = account->engine->store;
	g_autoptr(GError) error = NULL;

	switch (event->kind) {
	case SN_MAIL_EV_PROGRESS:
		sn_part_progress(store, fetch->message, fetch->position, event->done, event->total,
		                 &fetch->percent, NULL);
		return;
	case SN_EVENT_DONE:
		if (!sn_part_set_file(store, fetch->message, fetch->position, fetch->path, NULL,
		                      event->size, &error))
			g_warning("%s: %s", account->config->name, error->message);
		break;
	case SN_EVENT_ERROR:
	case SN_EVENT_CANCELLED:
		sn_part_stopped(store, fetch->message, fetch->position,
		                event->kind == SN_EVENT_ERROR ? event->error->message : NULL, NULL);
		break;
	default: return;
	}
	sn_engine_touched(account->engine);
	sn_files_end(account, fetch->path);
	g_free(fetch->path);
	g_free(fetch);
}

gboolean sn_mail_fetch_file(SnEngine *engine, const SnMessage *message, int position)
{
	g_autoptr(SnFolder) folder = NULL;
	gboolean nowhere;
	guint flags;
	SnMailRequest *request = request_for(engine, message, &folder, &flags, &nowhere);

	if (!request)
		return nowhere;
	SnEngineAccount *account = sn_engine_account_by_id(engine, folder->account);
	g_autofree char *path = sn_files_place(engine, message->id, position);
	if (!sn_files_begin(account, path)) {
		sn_mail_request_free(request);
		return TRUE;
	}
	g_unlink(path); /* what a crash left */
	FileFetch *fetch = g_new0(FileFetch, 1);
	*fetch = (FileFetch){ .message = message->id, .position = position, .percent = -1,
		              .path = g_steal_pointer(&path) };
	request->part = position;
	request->path = g_strdup(fetch->path);
	sn_engine_mail(account, request, file_reply, fetch);
	return TRUE;
}
