/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_im.c - what comes over the line of an IM account, handed to who takes it; what the user read
 * here, told to the others.
 */
#include "src/engine/omemo.h"
#include "src/engine/sync_im_private.h"
#include "src/route/limits.h"

SnImSync *sn_im_sync_new(SnEngineAccount *account)
{
	SnImSync *sync = g_new0(SnImSync, 1);

	sync->account = account;
	sync->own = sn_address_normalise(SN_CHANNEL_IM, account->config->im.user);
	g_queue_init(&sync->lookups);
	sync->amends = sn_amends_new(account);
	sync->displayed = sn_displayed_new(account);
	sync->filed = g_array_new(FALSE, FALSE, sizeof(SnImFiled));
	sync->kept = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_event_free);
	return sync;
}

void sn_im_sync_free(SnImSync *sync)
{
	if (!sync)
		return;
	g_assert(!sync->in_batch);
	sn_im_contacts_clear(sync);
	g_array_unref(sync->filed);
	g_ptr_array_unref(sync->kept);
	g_free(sync->position);
	sn_amends_free(sync->amends);
	sn_displayed_free(sync->displayed);
	g_free(sync->own);
	g_free(sync);
}

void sn_im_sync_warn(SnImSync *sync, const GError *error)
{
	g_warning("%s: %s", sync->account->config->name, error->message);
}

void sn_im_sync_ignore(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	if (event->kind == SN_EVENT_ERROR)
		g_info("%s: %s", account->config->name, event->error->message);
}

SnImRequest *sn_im_sync_request(SnImSync *sync, SnImRequestKind kind)
{
	return sn_im_request_new(kind, sn_engine_next_id(sync->account->engine));
}

/* ---- what the user read here ---- */

/* XEP-0333: the newest read message stands for all before it. */
static void send_displayed(SnImSync *sync, const SnMessage *message)
{
	SnEngine *engine = sync->account->engine;

	if (sn_rooms_displayed(sync->account, message))
		return;
	if (!message->origin_id || message->direction != SN_IN ||
	    !sn_config_settings(engine->config)->im_markers ||
	    !sn_im_sync_may_see_us(engine->store, message->sender))
		return;
	SnImRequest *request = sn_im_sync_request(sync, SN_IM_REQ_SEND);
	request->message = sn_im_message_new();
	request->message->to = g_strdup(message->sender_value);
	request->message->displayed_id = g_strdup(message->origin_id);
	request->message->store_hint = TRUE;
	sn_engine_im(sync->account, request, sn_im_sync_ignore, NULL);
}

void sn_im_sync_look(SnImSync *sync)
{
	SnEngine *engine = sync->account->engine;

	if (!sync->online || !sync->synced)
		return;
	sn_rooms_take_wishes(sync->account->core->rooms);
	/* what another client has read further on may still be on its way out of the archive */
	g_autoptr(GPtrArray) reads =
		sync->reading ? NULL : sn_action_reads(engine->store, sync->account->id);
	for (guint i = 0; reads && i < reads->len; i++) {
		const SnAction *action = g_ptr_array_index(reads, i);
		g_autoptr(SnMessage) message = sn_message_get(engine->store, action->message, 0);
		if (message) {
			send_displayed(sync, message);
			sn_displayed_tell(sync->displayed, message);
		}
		sn_action_done(engine->store, action->id, NULL);
	}
	if (!sync->reading)
		sn_displayed_look(sync->displayed);
	sn_amends_look(sync->amends);
}

/* ---- called by account.c ---- */

void sn_im_sync_line(SnImSync *sync, SnLineState line)
{
	SnEngine *engine = sync->account->engine;
	gboolean online = line == SN_LINE_ONLINE;

	if (sync->online && !online)
		sn_presence_forget(engine->store, sync->account->id, NULL);
	if (!online)
		sync->synced = FALSE;
	if (online && !sync->online)
		sn_im_contacts_begin(sync);
	sync->online = online;
	if (!online && sync->account->omemo)
		sn_omemo_offline(sync->account->omemo);
	sync->account->im_features = FALSE;
	sn_rooms_line(sync->account->core->rooms, online);
	if (online)
		sn_wishes_im_online(sync->account);
}

static void line_synced(SnImSync *sync, const SnImEvent *event)
{
	if (!sync->online)
		return; /* said of a line that has gone meanwhile */
	sync->synced = TRUE;
	if (event->resumed && sync->account->omemo)
		sn_omemo_resumed(sync->account->omemo);
	if (event->resumed && sync->caught_up) {
		sn_engine_check_settled(sync->account->engine);
		return;
	}
	sync->pages = 0;
	if (!event->resumed) {
		sn_displayed_synced(sync->displayed);
		g_queue_push_tail(&sync->lookups, g_strdup(sync->own));
	}
	if (!event->resumed)
		sn_wishes_im_synced(sync->account);
	if (!event->resumed && sync->account->omemo)
		sn_omemo_synced(sync->account->omemo);
	if (sync->has_archive)
		sn_im_archive_read(sync);
}

static void take_features(SnImSync *sync, const SnImEvent *event)
{
	sync->account->upload_max = event->upload_max < 0 ? G_MAXINT64 : event->upload_max;
	sync->account->stanza_max = event->stanza_max;
	sync->has_archive = event->has_archive;
	SnLimits limits = { .upload = sync->account->upload_max,
		            .stanza = event->stanza_max ? (gint64)event->stanza_max
		                                        : SN_LIMIT_UNKNOWN,
		            .mail = SN_LIMIT_UNKNOWN };
	g_autoptr(GError) error = NULL;
	if (!sn_limits_set(sync->account->engine->store, sync->account->config->name, &limits,
	                   &error))
		g_warning("%s", error->message);
	sync->account->im_features = TRUE;
	/* what goes along with files waited for this */
	sn_delivery_account_online(sync->account->engine->delivery, sync->account, SN_CHANNEL_IM);
	sn_engine_wake(sync->account->engine);
}

void sn_im_sync_event(SnImSync *sync, const SnImEvent *event)
{
	if (sn_rooms_event(sync->account->core->rooms, event) || sn_im_contacts_event(sync, event))
		return;
	switch (event->kind) {
	case SN_IM_EV_MESSAGE:
		if (event->message)
			sn_im_sync_message(sync, event->message);
		break;
	case SN_IM_EV_PRIVATE:
		sn_displayed_event(sync->displayed, event);
		sn_map_sync_event(sync->account->engine->core->map_sync, sync->account, event);
		break;
	case SN_IM_EV_DEVICES:
		if (sync->account->omemo)
			sn_omemo_event(sync->account->omemo, event);
		break;
	case SN_IM_EV_FEATURES: take_features(sync, event); break;
	case SN_IM_EV_SYNCED:
		line_synced(sync, event);
		sn_rooms_synced(sync->account->core->rooms, event->resumed);
		sn_im_contacts_look_up(sync);
		sn_map_sync_synced(sync->account->engine->core->map_sync, sync->account);
		sn_im_sync_look(sync);
		break;
	}
}

gboolean sn_im_sync_settled(const SnImSync *sync)
{
	return sync->online && sync->synced && !sync->reading;
}
