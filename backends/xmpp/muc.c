/* SPDX-License-Identifier: GPL-3.0-or-later */
/* muc.c - XEP-0045: joins and leaves rooms. Messages in rooms are ordinary SENDs (groupchat). */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS_USER "http://jabber.org/protocol/muc#user"
#define MAX_ROOMS 500
#define HISTORY "50"

static const char *const features[] = { SN_NS_MUC, NULL };

gboolean sn_room_knows(SnIm *im, const char *bare_jid)
{
	return bare_jid && g_hash_table_contains(im->rooms, bare_jid);
}

static void send_presence(SnIm *im, const char *room, const char *nick, gboolean join)
{
	g_autofree char *to = g_strdup_printf("%s/%s", room, nick);
	xmpp_stanza_t *presence = sn_xml_new(im->ctx, "presence", NULL);

	sn_xml_set(presence, "to", to);
	if (join) {
		xmpp_stanza_t *x = sn_xml_child(presence, "x", SN_NS_MUC);
		sn_xml_set(sn_xml_child(x, "history", NULL), "maxstanzas", HISTORY);
	} else {
		sn_xml_set(presence, "type", "unavailable");
	}
	sn_xmpp_send(im, presence, 0);
}

void sn_rooms_rejoin(SnIm *im)
{
	GHashTableIter iter;
	gpointer room, nick;

	g_hash_table_iter_init(&iter, im->rooms);
	while (g_hash_table_iter_next(&iter, &room, &nick))
		send_presence(im, room, nick, TRUE);
}

/* The JOIN or LEAVE that waits for this room's word. */
static SnXmppJob *job_of_room(SnIm *im, const char *room, SnImRequestKind kind)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, im->jobs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		SnXmppJob *job = value;
		if (job->started && job->request->kind == kind && g_strcmp0(job->state, room) == 0)
			return job;
	}
	return NULL;
}

static gboolean has_status(xmpp_stanza_t *x, const char *code)
{
	xmpp_stanza_t *status = sn_xml_find(x, "status", NS_USER);

	for (int looked = 0; status && looked < SN_XML_MAX_ITEMS; looked++) {
		if (g_strcmp0(sn_xml_raw(status, "code"), code) == 0)
			return TRUE;
		status = sn_xml_next(xmpp_stanza_get_next(status), "status", NS_USER);
	}
	return FALSE;
}

static void push_room(SnIm *im, const char *room, const char *nick, gboolean left)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM, 0);

	event->jid = g_strdup(room);
	event->name = g_strdup(nick);
	event->removed = left;
	sn_xmpp_push(im, event);
}

static gboolean take_presence(SnIm *im, xmpp_stanza_t *stanza)
{
	const char *from = sn_xml_raw(stanza, "from"), *type = xmpp_stanza_get_type(stanza);
	g_autofree char *room = sn_jid_bare(from);
	const char *nick = room ? g_hash_table_lookup(im->rooms, room) : NULL;

	if (!nick)
		return FALSE;
	gboolean own = has_status(sn_xml_find(stanza, "x", NS_USER), "110") ||
		       g_strcmp0(sn_jid_resource(from), nick) == 0;
	if (g_strcmp0(type, "error") == 0) {
		SnXmppJob *job = job_of_room(im, room, SN_IM_REQ_JOIN);
		g_hash_table_remove(im->rooms, room);
		if (job)
			sn_xmpp_fail(im, job, sn_iq_error(stanza, room));
	} else if (own && g_strcmp0(type, "unavailable") == 0) {
		SnXmppJob *job = job_of_room(im, room, SN_IM_REQ_LEAVE);
		push_room(im, room, nick, TRUE);
		g_hash_table_remove(im->rooms, room);
		if (job)
			sn_xmpp_done(im, job, NULL);
	} else if (own) {
		SnXmppJob *job = job_of_room(im, room, SN_IM_REQ_JOIN);
		push_room(im, room, nick, FALSE);
		if (job)
			sn_xmpp_done(im, job, NULL);
	}
	return TRUE; /* occupants are no contacts */
}

/* A subject without a body is the room's (XEP-0045 section 8.1). */
static gboolean take_subject(SnIm *im, xmpp_stanza_t *stanza)
{
	g_autofree char *room = sn_jid_bare(sn_xml_raw(stanza, "from"));

	if (g_strcmp0(xmpp_stanza_get_type(stanza), "groupchat") != 0 || !sn_room_knows(im, room) ||
	    !sn_xml_find(stanza, "subject", NULL) || sn_xml_find(stanza, "body", NULL))
		return FALSE;
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM, 0);
	event->jid = g_strdup(room);
	event->name = g_strdup(g_hash_table_lookup(im->rooms, room));
	event->status = sn_xml_line(sn_xml_find(stanza, "subject", NULL));
	sn_xmpp_push(im, event);
	return TRUE;
}

/* ---- requests ---- */

static GError *bad_room(SnXmppJob *job)
{
	return g_error_new(SN_ERROR, SN_ERROR_INVALID, "\"%s\" is no address of a room.",
			   job->request->jid ? job->request->jid : "");
}

static void start_join(SnIm *im, SnXmppJob *job)
{
	g_autofree char *room = sn_jid_normalise(job->request->jid);
	const char *nick = job->request->nick;

	if (!room || !strchr(room, '@')) {
		sn_xmpp_fail(im, job, bad_room(job));
		return;
	}
	if (g_hash_table_size(im->rooms) >= MAX_ROOMS) {
		sn_xmpp_fail(im, job, g_error_new(SN_ERROR, SN_ERROR_LIMIT, "Too many rooms."));
		return;
	}
	g_autofree char *own = g_strndup(im->jid, strcspn(im->jid, "@"));
	if (!nick || !*nick)
		nick = own;
	g_hash_table_replace(im->rooms, g_strdup(room), g_strdup(nick));
	send_presence(im, room, nick, TRUE);
	job->state = g_steal_pointer(&room);
	job->free_state = g_free;
}

static void start_leave(SnIm *im, SnXmppJob *job)
{
	g_autofree char *room = sn_jid_normalise(job->request->jid);
	const char *nick = room ? g_hash_table_lookup(im->rooms, room) : NULL;

	if (!nick) {
		sn_xmpp_fail(im, job, bad_room(job));
		return;
	}
	send_presence(im, room, nick, FALSE);
	job->state = g_steal_pointer(&room);
	job->free_state = g_free;
}

const SnXmppExtension sn_ext_muc = {
	.name = "rooms",
	.claims = SN_XMPP_CLAIMS(
		{ "0045", "1.35.2", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/integration/test_xmpp:a_room_is_joined_and_left", "the basic parts" }),
	.features = features,
	.presence = take_presence,
	.message = take_subject,
	.starts = { { SN_IM_REQ_JOIN, TRUE, start_join }, { SN_IM_REQ_LEAVE, TRUE, start_leave } },
};
