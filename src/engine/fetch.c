/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fetch.c - gets the rest of an email of which only header and text were fetched so far. */
#include "src/engine/sync_private.h"

typedef struct {
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

gboolean sn_mail_fetch_whole(SnEngine *engine, const SnMessage *message)
{
	g_autoptr(GPtrArray) places = sn_location_list(engine->store, message->id);

	if (!places || places->len == 0)
		return TRUE; /* it lies nowhere: what is here is all there is */
	const SnLocation *location = g_ptr_array_index(places, 0);
	g_autoptr(SnFolder) folder = sn_folder_get(engine->store, location->folder);
	SnEngineAccount *account = folder ? sn_engine_account_by_id(engine, folder->account) : NULL;
	if (!account || !account->source_online)
		return FALSE;
	SnMailRequest *request = sn_mail_request_new(SN_MAIL_REQ_FETCH, sn_engine_next_id(engine));
	request->folder = sn_mail_folder_of(engine->store, folder->id, &request->uidvalidity);
	request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_val(request->uids, location->uid);
	Fetch *fetch = g_new0(Fetch, 1);
	fetch->role = g_strdup(folder->role);
	fetch->place = (SnPlace){
		.account = account->id,
		.folder = folder->base ? folder->base : folder->id,
		.uid = location->uid,
		.role = fetch->role,
		.flags = location->flags,
		.quiet = TRUE,
		.completes = TRUE,
	};
	sn_engine_mail(account, request, reply, fetch);
	return TRUE;
}
