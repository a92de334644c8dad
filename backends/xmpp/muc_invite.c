/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * muc_invite.c - invitations to rooms, directly (XEP-0249) and through the room (XEP-0045 section
 * 7.8): sent, received, declined, and refused. One that waited on the server, or came to another
 * client of ours, is told with the message it came in.
 */
#include "backends/xmpp/rooms_private.h"

#include <string.h>

#define MAX_INVITED 100 /* of one room, that may still be refused */

/* ---- what came ---- */

/* The room asks in somebody's name. Only the room itself: its people speak from room/nick. */
static SnImInvitation *read_mediated(xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *x = sn_xml_find(stanza, "x", SN_NS_MUC_USER);
	xmpp_stanza_t *invite = sn_xml_find(x, "invite", SN_NS_MUC_USER);
	const char *from = sn_xml_raw(stanza, "from");
	g_autofree char *room = from ? sn_jid_normalise(from) : NULL;
	g_autofree char *who = sn_xml_attr(invite, "from");

	if (!invite || !room || !strchr(room, '@') || !who || sn_jid_resource(from))
		return NULL;
	SnImInvitation *invitation = g_new0(SnImInvitation, 1);
	/* a room that hides addresses tells the nick only */
	invitation->who = sn_jid_same_bare(who, room) ? g_steal_pointer(&who) : sn_jid_normalise(who);
	invitation->room = g_steal_pointer(&room);
	invitation->words = sn_xml_line(sn_xml_find(invite, "reason", SN_NS_MUC_USER));
	invitation->password = sn_xml_line(sn_xml_find(x, "password", SN_NS_MUC_USER));
	return invitation;
}

static SnImInvitation *read_direct(xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *x = sn_xml_find(stanza, "x", SN_NS_CONFERENCE);
	g_autofree char *jid = sn_xml_attr(x, "jid"), *room = jid ? sn_jid_normalise(jid) : NULL;
	const char *from = sn_xml_raw(stanza, "from");

	if (!room || !strchr(room, '@') || !from)
		return NULL;
	SnImInvitation *invitation = g_new0(SnImInvitation, 1);
	invitation->room = g_steal_pointer(&room);
	invitation->who = sn_jid_normalise(from);
	invitation->words = sn_xml_attr(x, "reason");
	invitation->password = sn_xml_attr(x, "password");
	invitation->direct = TRUE;
	return invitation;
}

/* NULL: none. is_room: what comes by way of a room is its own text for clients that know no better. */
static SnImInvitation *read_invitation(xmpp_stanza_t *stanza, const SnXmppReading *reading)
{
	const char *type = xmpp_stanza_get_type(stanza);
	g_autofree char *from = sn_jid_bare(sn_xml_raw(stanza, "from"));

	if (g_strcmp0(type, "error") == 0 || g_strcmp0(type, "groupchat") == 0)
		return NULL;
	SnImInvitation *invitation = read_mediated(stanza);
	if (!invitation && !(from && reading->is_room && reading->is_room(from, reading->data)))
		invitation = read_direct(stanza);
	if (invitation && !invitation->who)
		g_clear_pointer(&invitation, sn_im_invitation_free);
	if (invitation)
		invitation->id = sn_xml_attr(stanza, "id");
	return invitation;
}

static void push(SnIm *im, xmpp_stanza_t *stanza, const SnImInvitation *invitation)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM_INVITED, 0);

	event->jid = g_strdup(invitation->room);
	event->name = g_strdup(invitation->who);
	event->status = g_strdup(invitation->words);
	event->text = g_strdup(invitation->password);
	event->item = g_strdup(invitation->id);
	event->found = invitation->direct;
	event->time = sn_xml_time(
		sn_xml_raw(sn_xml_find(stanza, "delay", SN_NS_DELAY), "stamp"));
	sn_xmpp_push(im, event);
}

static gboolean take_decline(SnIm *im, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *x = sn_xml_find(stanza, "x", SN_NS_MUC_USER);
	xmpp_stanza_t *decline = sn_xml_find(x, "decline", SN_NS_MUC_USER);
	const char *from = sn_xml_raw(stanza, "from");
	g_autofree char *who = sn_xml_attr(decline, "from");

	if (!decline || !who || !from || sn_jid_resource(from) || !sn_room_knows(im, from) ||
	    g_strcmp0(xmpp_stanza_get_type(stanza), "error") == 0)
		return FALSE;
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM_DECLINED, 0);
	event->jid = g_strdup(from);
	event->name = g_steal_pointer(&who);
	event->status = sn_xml_line(sn_xml_find(decline, "reason", SN_NS_MUC_USER));
	sn_xmpp_push(im, event);
	return TRUE;
}

/* The room does not let us invite, or whoever is invited cannot be reached. */
static gboolean take_refusal(SnIm *im, xmpp_stanza_t *stanza)
{
	const char *id = sn_xml_raw(stanza, "id");
	g_autofree char *from = sn_jid_bare(sn_xml_raw(stanza, "from"));
	GHashTableIter iter;
	gpointer value;

	if (!id || !from || !im->rooms || g_strcmp0(xmpp_stanza_get_type(stanza), "error") != 0)
		return FALSE;
	g_hash_table_iter_init(&iter, im->rooms);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		SnMucRoom *room = value;
		const char *who = room->invited ? g_hash_table_lookup(room->invited, id) : NULL;
		if (!who || (strcmp(from, room->jid) != 0 && strcmp(from, who) != 0))
			continue;
		SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM_DECLINED, 0);
		event->jid = g_strdup(room->jid);
		event->name = g_strdup(who);
		event->error = sn_iq_error(stanza, from);
		sn_xmpp_push(im, event);
		g_hash_table_remove(room->invited, id);
		return TRUE;
	}
	return FALSE;
}

static gboolean take_message(SnIm *im, xmpp_stanza_t *stanza)
{
	SnXmppReading reading = sn_session_reading(im);
	SnImInvitation *invitation = read_invitation(stanza, &reading);

	if (invitation) {
		push(im, stanza, invitation);
		sn_im_invitation_free(invitation);
		return TRUE;
	}
	return take_decline(im, stanza) || take_refusal(im, stanza);
}

static void read_message(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	if (reading->depth == 0)
		message->invitation = read_invitation(stanza, reading);
}

/* ---- what goes ---- */

static xmpp_stanza_t *mediated(SnIm *im, const char *room, const char *action, const char *who,
			       const char *words)
{
	xmpp_stanza_t *message = sn_xml_new(im->ctx, "message", NULL);
	xmpp_stanza_t *child = sn_xml_child(sn_xml_child(message, "x", SN_NS_MUC_USER), action, NULL);

	sn_xml_set(message, "to", room);
	sn_xml_set(child, "to", who);
	sn_xml_child_text(child, "reason", NULL, words);
	return message;
}

static xmpp_stanza_t *direct(SnIm *im, const SnMucRoom *room, const char *who, const char *words)
{
	xmpp_stanza_t *message = sn_xml_new(im->ctx, "message", NULL);
	xmpp_stanza_t *x = sn_xml_child(message, "x", SN_NS_CONFERENCE);
	g_autofree char *text = g_strdup_printf("%s invites you to the room xmpp:%s?join%s%s", im->jid,
						room->jid, words ? ": " : "", words ? words : "");

	sn_xml_set(message, "to", who);
	sn_xml_set(x, "jid", room->jid);
	sn_xml_set(x, "reason", words);
	sn_xml_set(x, "password", room->password);
	sn_xml_child_text(message, "body", NULL, text);
	return message;
}

static void note_invited(SnIm *im, SnMucRoom *room, xmpp_stanza_t *stanza, const char *who)
{
	g_autofree char *id = g_strdup_printf("invite-%08x%08x", g_rand_int(im->random),
					      g_rand_int(im->random));

	if (!room->invited)
		room->invited = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (g_hash_table_size(room->invited) >= MAX_INVITED)
		g_hash_table_remove_all(room->invited);
	sn_xml_set(stanza, "id", id);
	g_hash_table_replace(room->invited, g_steal_pointer(&id), g_strdup(who));
}

static void invalid(SnIm *im, SnXmppJob *job, const char *text)
{
	sn_xmpp_fail(im, job, g_error_new(SN_ERROR, SN_ERROR_INVALID, "%s", text));
}

/* A room for members only has to know who comes; else what comes from us is trusted more. */
static void start_invite(SnIm *im, SnXmppJob *job)
{
	g_autofree char *jid = sn_muc_job_room(im, job);
	g_autofree char *who = job->request->with ? sn_jid_normalise(job->request->with) : NULL;
	SnMucRoom *room = sn_muc_room(im, jid);

	if (!jid)
		return;
	if (!who || !room || room->phase != SN_ROOM_PHASE_IN) {
		invalid(im, job, who ? "You are not in that room." : "Who is to be invited?");
		return;
	}
	gboolean by_room = room->features & SN_ROOM_MEMBERS_ONLY;
	const char *words = job->request->status;
	xmpp_stanza_t *stanza =
		by_room ? mediated(im, jid, "invite", who, words) : direct(im, room, who, words);
	note_invited(im, room, stanza, who);
	sn_xmpp_send(im, stanza, job->request->id);
}

static void start_decline(SnIm *im, SnXmppJob *job)
{
	g_autofree char *room = sn_muc_job_room(im, job);

	if (!room)
		return;
	if (!job->request->with)
		invalid(im, job, "Whose invitation is that?");
	else
		sn_xmpp_send(im, mediated(im, room, "decline", job->request->with, job->request->status),
			     job->request->id);
}

static const char *const features[] = { SN_NS_CONFERENCE, NULL };

const SnXmppExtension sn_ext_invite = {
	.name = "invitations to rooms",
	.claims = SN_XMPP_CLAIMS({ "0249", "1.2", SN_XMPP_COMPLETE, "0.1.0",
				   "tests/integration/test_rooms:invitations_come_directly_or_through_the_room",
				   NULL }),
	.features = features,
	.read = read_message,
	.message = take_message,
	.starts = { { SN_IM_REQ_ROOM_INVITE, TRUE, start_invite },
		    { SN_IM_REQ_ROOM_DECLINE, TRUE, start_decline } },
};
