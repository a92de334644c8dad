/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.c - from log-in to SYNCED, and which extension gets a stanza. */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

static gboolean is_room(const char *bare_jid, gpointer data)
{
	return sn_room_knows(data, bare_jid);
}

SnXmppReading sn_session_reading(SnIm *im)
{
	return (SnXmppReading){ .own_jid = im->jid,
				.trust_stanza_id = im->trust_stanza_id,
				.is_room = is_room,
				.data = im };
}

/* ---- start ---- */

void sn_session_hold(SnIm *im)
{
	im->starting++;
}

static void report_features(SnIm *im)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_FEATURES, 0);

	event->upload_max = im->upload_service ? im->upload_max : 0;
	event->url = g_strdup(im->upload_service);
	event->stanza_max = im->wire.stanza_max;
	event->has_archive = im->has_archive;
	event->has_carbons = im->has_carbons;
	sn_xmpp_push(im, event);
}

static void report_synced(SnIm *im, gboolean resumed)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_SYNCED, 0);

	event->resumed = resumed;
	sn_xmpp_push(im, event);
}

void sn_session_release(SnIm *im)
{
	g_assert(im->starting > 0);
	if (--im->starting > 0 || !sn_xmpp_is_online(im))
		return;
	report_features(im);
	report_synced(im, FALSE);
	sn_xmpp_start_waiting(im); /* uploads waited for the service */
}

static void forget_presences(SnIm *im)
{
	GHashTableIter iter;
	gpointer jid;

	if (!im->present || im->leaving)
		return;
	g_hash_table_iter_init(&iter, im->present);
	while (g_hash_table_iter_next(&iter, &jid, NULL)) {
		SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_PRESENCE, 0);
		event->jid = g_strdup(jid);
		event->show = g_strdup("offline");
		sn_xmpp_push(im, event);
	}
	g_hash_table_remove_all(im->present);
}

void sn_session_start(SnIm *im)
{
	if (!im->present) {
		im->present = sn_presence_table();
		im->rooms = sn_rooms_table();
	}
	im->roster_done = im->own_done = im->has_archive = im->has_carbons = FALSE;
	im->trust_stanza_id = FALSE;
	g_clear_pointer(&im->upload_service, g_free);
	im->upload_max = 0;
	sn_session_hold(im);
	for (int i = 0; sn_xmpp_extensions[i]; i++)
		if (sn_xmpp_extensions[i]->online)
			sn_xmpp_extensions[i]->online(im);
	sn_rooms_rejoin(im);
	sn_session_release(im);
}

void sn_session_resumed(SnIm *im)
{
	report_features(im);
	sn_csi_again(im);
	sn_presence_repeat(im);
	sn_rooms_check(im);
	report_synced(im, TRUE);
}

/* The session cannot be resumed any more: nobody will answer what was asked in it. */
void sn_session_lost(SnIm *im)
{
	g_autoptr(GError) error =
		g_error_new(SN_ERROR, SN_ERROR_NETWORK, "The line of %s was cut.", im->jid);

	sn_iq_fail_all(im, error);
	g_assert(im->starting == 0);
	forget_presences(im);
	if (im->ended) {
		g_clear_pointer(&im->present, g_hash_table_unref);
		sn_xmpp_timer_clear(&im->room_timer);
		g_clear_pointer(&im->rooms, g_hash_table_unref);
		g_clear_pointer(&im->bookmarks, g_hash_table_unref);
		g_clear_pointer(&im->reach_told, g_hash_table_unref);
		g_clear_pointer(&im->reach, g_strfreev);
		g_clear_pointer(&im->blocked, g_hash_table_unref);
		g_clear_pointer(&im->caps, sn_caps_free);
		g_clear_pointer(&im->upload_service, g_free);
		g_clear_pointer(&im->show, g_free);
		g_clear_pointer(&im->status, g_free);
	}
}

/* ---- stanzas ---- */

void sn_session_deliver(SnIm *im, SnImMessage *message)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_MESSAGE, 0);

	event->message = message;
	sn_xmpp_push(im, event);
}

/* An encrypted text is that, whatever else stands beside it: an invitation, a list of devices. */
static gboolean is_sealed(xmpp_stanza_t *stanza)
{
	const char *type = xmpp_stanza_get_type(stanza);

	return g_strcmp0(type, "error") != 0 && g_strcmp0(type, "groupchat") != 0 &&
	       sn_omemo_seals(stanza);
}

void sn_session_take_message(SnIm *im, xmpp_stanza_t *stanza)
{
	SnXmppReading reading = sn_session_reading(im);

	for (int i = 0; sn_xmpp_extensions[i] && !is_sealed(stanza); i++)
		if (sn_xmpp_extensions[i]->message && sn_xmpp_extensions[i]->message(im, stanza))
			return;
	SnImMessage *message = sn_xmpp_read_message(&reading, stanza);
	if (!message)
		return;
	if (!message->from) /* our own server speaks (RFC 6120 section 8.1.2.1) */
		message->from = g_strdup(im->jid);
	sn_rooms_complete(im, message);
	sn_session_deliver(im, message);
}

void sn_session_take_presence(SnIm *im, xmpp_stanza_t *stanza)
{
	for (int i = 0; sn_xmpp_extensions[i]; i++)
		if (sn_xmpp_extensions[i]->presence && sn_xmpp_extensions[i]->presence(im, stanza))
			return;
}
