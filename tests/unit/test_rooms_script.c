/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rooms as no well-behaved server would keep them on demand: floods, one that has silently forgotten
 * us, one that is full, moderators, and people who make up ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/lib/im_client.h"
#include "tests/lib/xmpp_script.h"

#define ALICE "alice@example.test"
#define DESK ALICE "/desk"
#define ROOM "big@rooms.example.test"
#define WAIT 60
#define MANY 2000
#define USER "http://jabber.org/protocol/muc#user"

typedef struct {
	int joins, old_moderation;
	const char *ping;   /* condition that a self-ping is answered with; NULL: it is fine */
	const char *refuse; /* condition that joining is answered with; NULL: in */
	gboolean stable_ids;
} Room;

/* ---- the room's side ---- */

static void say_presence(XmppScript *server, const char *nick, const char *type, const char *more)
{
	xmpp_script_say(server,
			"<presence to='" DESK "' from='" ROOM "/%s'%s><x xmlns='" USER "'><item "
			"affiliation='none' role='%s'/>%s</x></presence>",
			nick, type, *type ? "none" : "participant", more);
}

static void say_crowd(XmppScript *server, const char *prefix, const char *type)
{
	for (int i = 0; i < MANY; i++) {
		g_autofree char *nick = g_strdup_printf("%s%d", prefix, i);
		say_presence(server, nick, type, "");
	}
}

static void say_features(XmppScript *server, const Room *room, const char *id)
{
	xmpp_script_say(server,
			"<iq type='result' from='" ROOM "' to='" DESK "' id='%s'><query "
			"xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' "
			"type='text' name='Big'/><feature var='urn:xmpp:message-moderate:0'/>%s</query></iq>",
			id, room->stable_ids ? "<feature var='urn:xmpp:occupant-id:0'/>" : "");
}

static void let_in(XmppScript *server, Room *room)
{
	room->joins++;
	if (room->refuse) {
		xmpp_script_say(server,
				"<presence type='error' to='" DESK "' from='" ROOM "/alice'><error type="
				"'cancel'><%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
				room->refuse);
		return;
	}
	if (room->joins == 1)
		say_crowd(server, "p", "");
	say_presence(server, "alice", "", "<status code='110'/>");
}

static void answer_ping(XmppScript *server, const Room *room, const char *id)
{
	if (!room->ping)
		xmpp_script_say(server, "<iq type='result' from='" ROOM "/alice' to='" DESK "' id='%s'/>",
				id);
	else
		xmpp_script_say(server,
				"<iq type='error' from='" ROOM "/alice' to='" DESK "' id='%s'><error type="
				"'cancel'><%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
				id, room->ping);
}

static void answer_moderation(XmppScript *server, Room *room, const char *stanza, const char *id)
{
	gboolean old = strstr(stanza, "urn:xmpp:fasten:0") != NULL;

	room->old_moderation += old;
	if (!old) {
		xmpp_script_say(server,
				"<iq type='error' from='" ROOM "' to='" DESK "' id='%s'><error type='cancel'>"
				"<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
				id);
		return;
	}
	xmpp_script_say(server, "<iq type='result' from='" ROOM "' to='" DESK "' id='%s'/>", id);
	/* one of the people pretends, then the room says so */
	for (int i = 0; i < 2; i++)
		xmpp_script_say(server,
				"<message type='groupchat' to='" DESK "' from='" ROOM "%s'><apply-to "
				"xmlns='urn:xmpp:fasten:0' id='%s'><moderated by='" ROOM "/judge' "
				"xmlns='urn:xmpp:message-moderate:0'><retract "
				"xmlns='urn:xmpp:message-retract:0'/><reason>spam</reason></moderated>"
				"</apply-to></message>",
				i ? "" : "/mallory", i ? "s-1" : "s-0");
}

static void say_flood(XmppScript *server)
{
	say_crowd(server, "q", "");
	say_crowd(server, "q", " type='unavailable'");
	say_crowd(server, "p", " type='unavailable'");
	say_crowd(server, "r", "");
	xmpp_script_say(server, "<message type='groupchat' to='" DESK "' from='" ROOM "/r7'><occupant-id "
				"xmlns='urn:xmpp:occupant-id:0' id='made-up'/><body>quiet now</body></message>");
}

/* One of its people pretends to be the room, then the room of another service asks. */
static void say_invitations(XmppScript *server)
{
	static const char *const from[] = { ROOM "/mallory", "other@rooms.example.test" };

	for (gsize i = 0; i < G_N_ELEMENTS(from); i++)
		xmpp_script_say(server,
				"<message to='" DESK "' from='%s' id='i%d'><x xmlns='" USER "'><invite "
				"from='boss@example.test/desk'><reason>now</reason></invite>"
				"<password>sesame</password></x>"
				"<x xmlns='jabber:x:conference' jid='trap@rooms.example.test'/></message>",
				from[i], (int)i);
	for (gsize i = 0; i < G_N_ELEMENTS(from); i++)
		xmpp_script_say(server,
				"<message to='" DESK "' from='%s'><x xmlns='" USER "'><decline from="
				"'%s@example.test'/></x></message>",
				i ? ROOM : ROOM "/mallory", i ? "bob" : "boss");
}

static gboolean big_room(XmppScript *server, const char *stanza, const char *id, gpointer data)
{
	Room *room = data;

	if (!strstr(stanza, ROOM))
		return FALSE;
	if (strstr(stanza, "disco#info"))
		say_features(server, room, id);
	else if (strstr(stanza, "urn:xmpp:ping"))
		answer_ping(server, room, id);
	else if (strstr(stanza, "message-moderate"))
		answer_moderation(server, room, stanza, id);
	else if (strstr(stanza, "<presence") && !strstr(stanza, "unavailable"))
		let_in(server, room);
	else if (strstr(stanza, "<body>lost</body>"))
		xmpp_script_say(server, "<message type='error' to='" DESK "' from='" ROOM "' id='l1'>"
					"<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:"
					"xmpp-stanzas'/></error></message>");
	else if (strstr(stanza, "<body>invite</body>"))
		say_invitations(server);
	else if (strstr(stanza, "<body>flood</body>"))
		say_flood(server);
	return TRUE;
}

/* ---- ours ---- */

static ImClient *login(XmppScript *server)
{
	ImClient *client = im_client_new(DESK, "secret", "127.0.0.1", xmpp_script_port(server),
					 SN_LINK_PLAIN, NULL);

	g_assert_nonnull(client);
	assert_true(im_client_ready(client, WAIT));
	return client;
}

static SnImEvent *run(ImClient *client, SnImRequestKind kind, const char *item)
{
	SnImRequest *request = im_client_request(client, kind);

	request->jid = g_strdup(ROOM);
	request->item = g_strdup(item);
	request->status = item ? g_strdup("spam") : NULL;
	SnImEvent *end = im_client_end(client, im_client_submit(client, request), WAIT);
	assert_non_null(end);
	return end;
}

static void must(ImClient *client, SnImRequestKind kind, const char *item)
{
	SnImEvent *end = run(client, kind, item);

	assert_int_equal(end->kind, SN_EVENT_DONE);
	sn_im_event_free(end);
}

static void shout(ImClient *client, const char *what)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_SEND);

	request->message = sn_im_message_new();
	request->message->to = g_strdup(ROOM);
	request->message->groupchat = TRUE;
	request->message->body = g_strdup(what);
	im_client_submit(client, request);
}

/* ---- tests ---- */

static void thousands_who_come_and_go_cost_few_events(void **state)
{
	Room room = { 0 };
	XmppScript *server = xmpp_script_new(big_room, &room);
	ImClient *alice = login(server);
	guint told = 0, left = 0, came = 0, events = 0;

	must(alice, SN_IM_REQ_JOIN, NULL);
	SnImEvent *all = im_client_wait(alice, SN_IM_EV_ROOM_PEOPLE, NULL, NULL, WAIT);
	assert_non_null(all);
	assert_true(all->complete);
	assert_int_equal(all->occupants->len, MANY + 1);
	sn_im_event_free(all);
	shout(alice, "flood");
	SnImEvent *quiet = im_client_wait_body(alice, "quiet now", WAIT);
	assert_non_null(quiet);
	assert_null(quiet->message->occupant_id); /* the room gives none, so it is made up */
	sn_im_event_free(quiet);
	/* 8,000 presences: who came and left in between is hardly told of, the others once */
	while (came < MANY || left < MANY) {
		SnImEvent *event = im_client_wait(alice, SN_IM_EV_ROOM_PEOPLE, NULL, NULL, WAIT);
		assert_non_null(event);
		events++;
		for (guint i = 0; i < event->occupants->len; i++) {
			const SnImOccupant *one = event->occupants->pdata[i];
			told++;
			came += one->nick[0] == 'r' && one->appeared;
			left += one->nick[0] == 'p' && one->leaving == SN_ROOM_LEFT;
		}
		sn_im_event_free(event);
	}
	assert_int_equal(came, MANY);
	assert_int_equal(left, MANY);
	assert_true(told <= 4 * MANY);
	assert_true(events < MANY / 10); /* never one for each */
	im_client_free(alice);
	xmpp_script_free(server);
}

static void who_was_thrown_out_silently_comes_back(void **state)
{
	Room room = { .ping = "not-acceptable" };
	XmppScript *server = xmpp_script_new(big_room, &room);
	ImClient *alice = login(server);

	must(alice, SN_IM_REQ_JOIN, NULL);
	im_client_forget(alice);
	must(alice, SN_IM_REQ_ROOM_CHECK, NULL);
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_ROOM, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_false(event->removed);
	assert_false(event->found); /* anew */
	sn_im_event_free(event);
	assert_int_equal(room.joins, 2);
	/* the room does not know who speaks there: that is asked at once, not in a quarter of an hour */
	shout(alice, "lost");
	event = im_client_wait(alice, SN_IM_EV_ROOM, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_false(event->found);
	sn_im_event_free(event);
	assert_int_equal(room.joins, 3);
	im_client_free(alice);
	xmpp_script_free(server);
}

static void other_answers_mean_that_we_are_in(void **state)
{
	static const char *const answers[] = { NULL, "service-unavailable", "feature-not-implemented",
					       "item-not-found" };

	for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
		Room room = { .ping = answers[i], .joins = 1 };
		XmppScript *server = xmpp_script_new(big_room, &room);
		ImClient *alice = login(server);
		must(alice, SN_IM_REQ_JOIN, NULL);
		must(alice, SN_IM_REQ_ROOM_CHECK, NULL);
		must(alice, SN_IM_REQ_ROOM_CHECK, NULL);
		assert_int_equal(room.joins, 2);
		im_client_free(alice);
		xmpp_script_free(server);
	}
}

static gboolean is_retraction(const SnImEvent *event, const void *data)
{
	return event->message && event->message->retracts;
}

static void moderators_take_back_and_only_the_room_says_so(void **state)
{
	Room room = { .joins = 1 };
	XmppScript *server = xmpp_script_new(big_room, &room);
	ImClient *alice = login(server);

	must(alice, SN_IM_REQ_JOIN, NULL);
	must(alice, SN_IM_REQ_ROOM_RETRACT, "s-1");
	assert_int_equal(room.old_moderation, 1); /* the older version, when the newer is not known */
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_MESSAGE, is_retraction, NULL, WAIT);
	assert_non_null(event);
	assert_string_equal(event->message->retracts, "s-1"); /* not mallory's s-0 */
	assert_string_equal(event->message->retracted_by, ROOM "/judge");
	assert_string_equal(event->message->retract_reason, "spam");
	sn_im_event_free(event);
	im_client_free(alice);
	xmpp_script_free(server);
}

/* What its people say from room/nick is not the room's word. */
static void only_the_room_itself_invites_and_declines(void **state)
{
	Room room = { 0 };
	XmppScript *server = xmpp_script_new(big_room, &room);
	ImClient *client = login(server);

	must(client, SN_IM_REQ_JOIN, NULL);
	shout(client, "invite");
	SnImEvent *event = im_client_wait(client, SN_IM_EV_ROOM_INVITED, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_string_equal(event->jid, "other@rooms.example.test");
	assert_string_equal(event->name, "boss@example.test");
	assert_string_equal(event->status, "now");
	assert_string_equal(event->text, "sesame");
	assert_string_equal(event->item, "i1");
	assert_false(event->found);
	sn_im_event_free(event);
	event = im_client_wait(client, SN_IM_EV_ROOM_DECLINED, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_string_equal(event->name, "bob@example.test");
	assert_null(event->error);
	sn_im_event_free(event);
	assert_int_equal(im_client_count(client, SN_IM_EV_ROOM_INVITED, NULL, NULL), 0);
	assert_int_equal(im_client_count(client, SN_IM_EV_ROOM_DECLINED, NULL, NULL), 0);
	im_client_free(client);
	xmpp_script_free(server);
}

static void a_full_room_says_so(void **state)
{
	Room room = { .refuse = "service-unavailable" };
	XmppScript *server = xmpp_script_new(big_room, &room);
	ImClient *alice = login(server);
	SnImEvent *end = run(alice, SN_IM_REQ_JOIN, NULL);

	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_int_equal(end->error->code, SN_ERROR_LIMIT);
	assert_string_equal(end->error->message, ROOM " is full.");
	sn_im_event_free(end);
	im_client_free(alice);
	xmpp_script_free(server);
}

static guint64 ask(ImClient *client, SnImRequestKind kind)
{
	SnImRequest *request = im_client_request(client, kind);

	request->jid = g_strdup(ROOM);
	return im_client_submit(client, request);
}

/* The room says nothing to a leave: what was asked last counts, and all of it comes to an end. */
static void who_leaves_again_is_not_brought_back(void **state)
{
	Room room = { .joins = 1 };
	XmppScript *server = xmpp_script_new(big_room, &room);
	ImClient *alice = login(server);

	must(alice, SN_IM_REQ_JOIN, NULL);
	guint64 left = ask(alice, SN_IM_REQ_LEAVE), back = ask(alice, SN_IM_REQ_JOIN);
	guint64 at_last = ask(alice, SN_IM_REQ_LEAVE);
	const struct {
		guint64 id;
		int kind;
	} ends[] = { { left, SN_EVENT_DONE }, { back, SN_EVENT_ERROR }, { at_last, SN_EVENT_DONE } };
	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
		SnImEvent *end = im_client_end(alice, ends[i].id, WAIT);
		assert_non_null(end);
		assert_int_equal(end->kind, ends[i].kind);
		sn_im_event_free(end);
	}
	assert_int_equal(room.joins, 2);
	im_client_free(alice);
	xmpp_script_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousands_who_come_and_go_cost_few_events),
		cmocka_unit_test(who_was_thrown_out_silently_comes_back),
		cmocka_unit_test(other_answers_mean_that_we_are_in),
		cmocka_unit_test(moderators_take_back_and_only_the_room_says_so),
		cmocka_unit_test(only_the_room_itself_invites_and_declines),
		cmocka_unit_test(a_full_room_says_so),
		cmocka_unit_test(who_leaves_again_is_not_brought_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
