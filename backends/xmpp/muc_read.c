/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * muc_read.c - what a room says: who is in (presences), its subject and status codes;
 * and whose a message in it is (XEP-0421).
 */
#include "backends/xmpp/rooms_private.h"

#include <string.h>

static const char *const no_features[] = { NULL };

/* ---- presences ---- */

static xmpp_stanza_t *item_of(xmpp_stanza_t *x)
{
	return sn_xml_find(x, "item", SN_NS_MUC_USER);
}

static SnImOccupant *read_occupant(const SnMucRoom *room, xmpp_stanza_t *stanza, xmpp_stanza_t *x)
{
	xmpp_stanza_t *item = item_of(x);
	g_autofree char *jid = sn_xml_attr(item, "jid");
	SnImOccupant *occupant = g_new0(SnImOccupant, 1);

	occupant->nick = g_strdup(sn_jid_resource(sn_xml_raw(stanza, "from")));
	occupant->jid = jid ? sn_jid_normalise(jid) : NULL;
	occupant->role = sn_room_role_parse(sn_xml_raw(item, "role"));
	occupant->affiliation = SN_ROOM_NO_AFFILIATION;
	sn_room_affiliation_parse(sn_xml_raw(item, "affiliation"), &occupant->affiliation);
	if (!room->known || room->features & SN_ROOM_STABLE_OCCUPANTS)
		occupant->occupant_id = sn_xml_attr(
			sn_xml_find(stanza, "occupant-id", SN_NS_OCCUPANT_ID), "id");
	occupant->show = sn_xml_line(sn_xml_find(stanza, "show", NULL));
	if (!occupant->show)
		occupant->show = g_strdup("online");
	return occupant;
}

static SnRoomLeaving how_left(xmpp_stanza_t *x)
{
	static const struct {
		const char *code;
		SnRoomLeaving how;
	} codes[] = {
		{ "303", SN_ROOM_RENAMED },   { "301", SN_ROOM_BANNED }, { "333", SN_ROOM_LOST },
		{ "307", SN_ROOM_KICKED },    { "321", SN_ROOM_NO_MEMBER },
		{ "322", SN_ROOM_NO_MEMBER }, { "332", SN_ROOM_CLOSED },
	};

	if (sn_xml_find(x, "destroy", SN_NS_MUC_USER))
		return SN_ROOM_DESTROYED;
	for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
		if (sn_muc_has_status(x, codes[i].code))
			return codes[i].how;
	return SN_ROOM_LEFT;
}

static void read_leaving(SnImOccupant *occupant, xmpp_stanza_t *stanza, xmpp_stanza_t *x)
{
	xmpp_stanza_t *item = item_of(x), *actor = sn_xml_find(item, "actor", SN_NS_MUC_USER);
	xmpp_stanza_t *destroy = sn_xml_find(x, "destroy", SN_NS_MUC_USER);

	occupant->leaving = how_left(x);
	occupant->new_nick = sn_xml_attr(item, "nick");
	if (occupant->leaving == SN_ROOM_RENAMED && !occupant->new_nick)
		occupant->leaving = SN_ROOM_LEFT;
	occupant->actor = sn_xml_attr(actor, "nick");
	if (!occupant->actor)
		occupant->actor = sn_xml_attr(actor, "jid");
	occupant->reason = sn_xml_line(sn_xml_find(destroy ? destroy : item, "reason", SN_NS_MUC_USER));
	if (!occupant->reason)
		occupant->reason = sn_xml_line(sn_xml_find(stanza, "status", NULL));
}

static void set_nick(SnMucRoom *room, const char *nick)
{
	if (nick && strcmp(nick, room->nick) != 0) {
		g_free(room->nick);
		room->nick = g_strdup(nick);
	}
}

static void accepted(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	if (error)
		g_info("%s", error->message);
}

/* A room that was just made waits for its configuration: as the service has it (section 10.1.2). */
static void accept_defaults(SnIm *im, const SnMucRoom *room)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", room->jid);
	xmpp_stanza_t *query = sn_xml_child(iq, "query", SN_NS_MUC_OWNER);

	sn_xml_set(sn_xml_child(query, "x", SN_NS_FORM), "type", "submit");
	sn_iq_ask(im, iq, accepted, NULL, NULL);
}

void sn_muc_settled(SnIm *im, SnMucRoom *room, gboolean anew)
{
	SnXmppJob *job;

	g_assert(room->phase == SN_ROOM_PHASE_IN);
	sn_muc_push_room(im, room, !anew);
	if (anew)
		sn_muc_people_tell(im, room, TRUE);
	sn_rooms_watch(im);
	if ((job = sn_muc_job(im, room->jid, SN_IM_REQ_JOIN)))
		sn_xmpp_done(im, job, NULL);
	if (room->wanted_nick && strcmp(room->wanted_nick, room->nick) == 0) {
		g_clear_pointer(&room->wanted_nick, g_free);
		if ((job = sn_muc_job(im, room->jid, SN_IM_REQ_ROOM_NICK)))
			sn_xmpp_done(im, job, NULL);
	}
}

static void made_room_told(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnMucRoom *room = sn_muc_room(im, data);

	if (!room || room->phase != SN_ROOM_PHASE_IN || room->known)
		return;
	room->known = TRUE;
	if (answer)
		sn_muc_read_features(room, sn_xml_find(answer, "query", XMPP_NS_DISCO_INFO));
	sn_muc_settled(im, room, TRUE);
}

static void we_are_in(SnIm *im, SnMucRoom *room, xmpp_stanza_t *x)
{
	gboolean anew = room->phase != SN_ROOM_PHASE_IN;

	if (sn_muc_has_status(x, "201"))
		accept_defaults(im, room);
	if (sn_muc_has_status(x, "100"))
		room->features |= SN_ROOM_SHOWS_ADDRESSES;
	room->phase = SN_ROOM_PHASE_IN;
	room->rejoining = FALSE;
	sn_xmpp_timer_clear(&room->deadline);
	if (room->known) {
		sn_muc_settled(im, room, anew);
	} else if (anew) { /* it was not there when it was asked: now it is */
		xmpp_stanza_t *iq = sn_iq_new(im, "get", room->jid);
		sn_xml_child(iq, "query", XMPP_NS_DISCO_INFO);
		sn_iq_ask(im, iq, made_room_told, g_strdup(room->jid), g_free);
	}
}

static void take_error(SnIm *im, SnMucRoom *room, xmpp_stanza_t *stanza)
{
	GError *error = sn_muc_refusal(room, stanza);
	SnXmppJob *nick = sn_muc_job(im, room->jid, SN_IM_REQ_ROOM_NICK);

	if (room->phase == SN_ROOM_PHASE_IN && nick) {
		g_clear_pointer(&room->wanted_nick, g_free);
		sn_xmpp_fail(im, nick, error);
	} else if (room->phase == SN_ROOM_PHASE_JOINING || room->phase == SN_ROOM_PHASE_LEAVING) {
		sn_muc_out(im, room, SN_ROOM_LOST, NULL, NULL, error);
	} else {
		g_error_free(error);
	}
}

/* How others see us go. A new nick is told with it, and the presence under that follows. */
static void we_went(SnIm *im, SnMucRoom *room, SnImOccupant *left)
{
	if (left->leaving == SN_ROOM_RENAMED) {
		set_nick(room, left->new_nick);
		sn_muc_people_gone(im, room, left);
		return;
	}
	if (left->leaving == SN_ROOM_CLOSED || left->leaving == SN_ROOM_LOST)
		sn_muc_gone(im, room, left->leaving);
	else
		sn_muc_out(im, room, left->leaving, left->actor, left->reason, NULL);
	sn_im_occupant_free(left);
}

static void take_absence(SnIm *im, SnMucRoom *room, xmpp_stanza_t *stanza, gboolean own)
{
	xmpp_stanza_t *x = sn_xml_find(stanza, "x", SN_NS_MUC_USER);
	SnImOccupant *left = read_occupant(room, stanza, x);

	left->own = own;
	read_leaving(left, stanza, x);
	if (own)
		we_went(im, room, left);
	else
		sn_muc_people_gone(im, room, left);
}

static gboolean take_presence(SnIm *im, xmpp_stanza_t *stanza)
{
	const char *from = sn_xml_raw(stanza, "from"), *type = xmpp_stanza_get_type(stanza);
	g_autofree char *bare = sn_jid_bare(from);
	SnMucRoom *room = sn_muc_room(im, bare);
	const char *nick = sn_jid_resource(from);
	xmpp_stanza_t *x = sn_xml_find(stanza, "x", SN_NS_MUC_USER);

	if (!room)
		return FALSE;
	room->heard = g_get_monotonic_time();
	if (g_strcmp0(type, "error") == 0) {
		take_error(im, room, stanza);
		return TRUE;
	}
	if (!nick || !sn_xml_raw(stanza, "from") || strlen(nick) > SN_XML_MAX_ATTR)
		return TRUE; /* the room itself, for an avatar: nothing for a terminal */
	gboolean own = sn_muc_has_status(x, "110") || strcmp(nick, room->nick) == 0;
	if (g_strcmp0(type, "unavailable") == 0) {
		take_absence(im, room, stanza, own);
		return TRUE;
	}
	if (type || room->phase == SN_ROOM_PHASE_ASKING)
		return TRUE;
	SnImOccupant *occupant = read_occupant(room, stanza, x);
	occupant->own = own;
	if (own) {
		set_nick(room, nick); /* the service may have chosen another (210) */
		g_free(room->occupant_id);
		room->occupant_id = g_strdup(occupant->occupant_id);
	}
	sn_muc_people_set(im, room, occupant);
	if (own)
		we_are_in(im, room, x);
	return TRUE; /* occupants are no contacts */
}

/* ---- messages ---- */

/* A subject without a body is the room's (section 8.1). */
static gboolean take_subject(SnIm *im, SnMucRoom *room, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *delay = sn_xml_find(stanza, "delay", SN_NS_DELAY);

	if (g_strcmp0(xmpp_stanza_get_type(stanza), "groupchat") != 0 ||
	    !sn_xml_find(stanza, "subject", NULL) || sn_xml_find(stanza, "body", NULL) ||
	    sn_xml_find(stanza, "thread", NULL))
		return FALSE;
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM_SUBJECT, 0);
	event->jid = g_strdup(room->jid);
	event->name = g_strdup(sn_jid_resource(sn_xml_raw(stanza, "from")));
	event->text = sn_xml_text(sn_xml_find(stanza, "subject", NULL));
	event->time = sn_xml_time(sn_xml_raw(delay, "stamp"));
	sn_xmpp_push(im, event);
	return TRUE;
}

static void ask_features_again(SnIm *im, SnMucRoom *room);

/* 104, 170-174: what changed for everybody in it. Only the room itself may say so. */
static gboolean take_status(SnIm *im, SnMucRoom *room, xmpp_stanza_t *stanza, xmpp_stanza_t *x)
{
	xmpp_stanza_t *status = sn_xml_find(x, "status", SN_NS_MUC_USER);
	gboolean any = FALSE;

	if (!status || sn_jid_resource(sn_xml_raw(stanza, "from")) ||
	    sn_xml_find(stanza, "body", NULL))
		return FALSE;
	for (int looked = 0; status && looked < 16; looked++) {
		SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM_STATUS, 0);
		event->jid = g_strdup(room->jid);
		event->code = (int)sn_xml_attr_number(status, "code", 0);
		any |= event->code == 104 || event->code / 10 == 17;
		sn_xmpp_push(im, event);
		status = sn_xml_next(xmpp_stanza_get_next(status), "status", SN_NS_MUC_USER);
	}
	if (any)
		ask_features_again(im, room);
	return TRUE;
}

/* What was said there was not taken as coming from one who is in. */
static void hear_error(SnIm *im, SnMucRoom *room, xmpp_stanza_t *stanza)
{
	g_autofree char *condition = NULL, *text = NULL;

	sn_xml_error(stanza, &condition, &text);
	if (g_strcmp0(condition, "not-acceptable") == 0)
		sn_muc_doubt(im, room);
}

static gboolean take_message(SnIm *im, xmpp_stanza_t *stanza)
{
	g_autofree char *bare = sn_jid_bare(sn_xml_raw(stanza, "from"));
	SnMucRoom *room = sn_muc_room(im, bare);
	xmpp_stanza_t *x = sn_xml_find(stanza, "x", SN_NS_MUC_USER);

	if (g_strcmp0(xmpp_stanza_get_type(stanza), "error") == 0) {
		if (room)
			hear_error(im, room, stanza);
		return FALSE;
	}
	if (room)
		room->heard = g_get_monotonic_time();
	if (room && sn_xml_find(stanza, "body", NULL) &&
	    g_strcmp0(xmpp_stanza_get_type(stanza), "groupchat") == 0)
		room->said = g_get_real_time() / 1000;
	return room && (take_subject(im, room, stanza) || (x && take_status(im, room, stanza, x)));
}

/* The configuration changed: what the room can do may have too. */
static void features_again(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnMucRoom *room = sn_muc_room(im, data);

	if (!room || room->phase != SN_ROOM_PHASE_IN || !answer)
		return;
	sn_muc_read_features(room, sn_xml_find(answer, "query", XMPP_NS_DISCO_INFO));
	sn_muc_push_room(im, room, TRUE);
}

static void ask_features_again(SnIm *im, SnMucRoom *room)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", room->jid);

	sn_xml_child(iq, "query", XMPP_NS_DISCO_INFO);
	sn_iq_ask(im, iq, features_again, g_strdup(room->jid), g_free);
}

/* ---- whose a message is ---- */

static void read_message(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	g_autofree char *from = sn_jid_bare(message->from), *to = sn_jid_bare(message->to);
	xmpp_stanza_t *item = item_of(sn_xml_find(stanza, "x", SN_NS_MUC_USER));
	g_autofree char *jid = sn_xml_attr(item, "jid");

	message->room_marked = !message->groupchat && sn_xml_find(stanza, "x", SN_NS_MUC_USER);
	if (message->groupchat) {
		message->real_jid = jid ? sn_jid_normalise(jid) : NULL;
		return;
	}
	if (!reading->is_room || message->error)
		return;
	message->room_private =
		(from && sn_jid_resource(message->from) && reading->is_room(from, reading->data)) ||
		(to && sn_jid_resource(message->to) && reading->is_room(to, reading->data));
}

static void write_message(const SnXmppReading *reading, const SnImMessage *message,
			  xmpp_stanza_t *stanza)
{
	if (message->room_private)
		sn_xml_child(stanza, "x", SN_NS_MUC_USER);
}

const SnXmppExtension sn_ext_muc_read = {
	.name = "what rooms say",
	.features = no_features,
	.read = read_message,
	.write = write_message,
	.message = take_message,
	.presence = take_presence,
};

static void read_occupant_id(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			     SnImMessage *message)
{
	message->occupant_id =
		sn_xml_attr(sn_xml_find(stanza, "occupant-id", SN_NS_OCCUPANT_ID), "id");
}

static const char *const occupant_features[] = { SN_NS_OCCUPANT_ID, NULL };

const SnXmppExtension sn_ext_occupant_id = {
	.name = "occupant ids",
	.claims = SN_XMPP_CLAIMS({ "0421", "1.0.0", SN_XMPP_COMPLETE, "0.1.0",
				   "tests/integration/test_rooms:another_nick_is_told_and_stays_the_same_person",
				   NULL }),
	.features = occupant_features,
	.read = read_occupant_id,
};

/*
 * A room that gives no occupant ids lets through what its people make up. A nick says who somebody is
 * only as long as they are there: of what is in the archive, the occupant id or the address does.
 */
static gboolean is_own(SnIm *im, const SnMucRoom *room, const SnImMessage *message)
{
	const char *nick = sn_jid_resource(message->from);

	if (!nick)
		return FALSE;
	if (!message->archived)
		return strcmp(nick, room->nick) == 0;
	if (message->occupant_id && room->occupant_id)
		return strcmp(message->occupant_id, room->occupant_id) == 0;
	if (message->real_jid)
		return strcmp(message->real_jid, im->jid) == 0;
	return strcmp(nick, room->nick) == 0;
}

void sn_rooms_complete(SnIm *im, SnImMessage *message)
{
	g_autofree char *bare = sn_jid_bare(message->from);
	SnMucRoom *room = sn_muc_room(im, bare);
	const SnImOccupant *there;

	if (!room || !(room->features & SN_ROOM_STABLE_OCCUPANTS))
		g_clear_pointer(&message->occupant_id, g_free);
	if (!room || message->error)
		return;
	if (!(room->features & SN_ROOM_SHOWS_ADDRESSES))
		g_clear_pointer(&message->real_jid, g_free);
	if (message->groupchat)
		message->own = is_own(im, room, message);
	if (message->archived || !room->people || !sn_jid_resource(message->from))
		return;
	/* a live message: who has the nick now */
	there = g_hash_table_lookup(room->people, sn_jid_resource(message->from));
	g_free(message->real_jid);
	message->real_jid = there ? g_strdup(there->jid) : NULL;
	if (!message->occupant_id && there)
		message->occupant_id = g_strdup(there->occupant_id);
}
