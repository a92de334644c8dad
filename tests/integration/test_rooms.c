/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rooms as a real server keeps them: joining and being refused, who is in, topics, the archive,
 * bookmarks, invitations, roles and the owner's form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/lib/im_client.h"
#include "tests/lib/servers.h"

#define WAIT 30
#define ROOM "tea@rooms.example.test"

static SnServers *servers;

#define NEED_SERVERS()      \
	do {                \
		if (!servers) \
			skip(); \
	} while (0)

/* ---- the two of them ---- */

static ImClient *login(const char *name)
{
	g_autofree char *jid = g_strdup_printf("%s@example.test", name);
	g_autofree char *password = g_strdup_printf("%s-secret", name);
	ImClient *client = im_client_new(jid, password, "localhost", servers->xmpp,
					 SN_LINK_STARTTLS, servers->ca_file);

	assert_true(im_client_ready(client, WAIT));
	return client;
}

static SnImRequest *about(ImClient *client, SnImRequestKind kind, const char *room)
{
	SnImRequest *request = im_client_request(client, kind);

	request->jid = g_strdup(room);
	return request;
}

static void must(ImClient *client, SnImRequest *request)
{
	SnImEvent *end = im_client_end(client, im_client_submit(client, request), WAIT);

	assert_non_null(end);
	if (end->kind == SN_EVENT_ERROR)
		fail_msg("%s", end->error->message);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	sn_im_event_free(end);
}

static void must_not(ImClient *client, SnImRequest *request, SnErrorCode code, const char *words)
{
	SnImEvent *end = im_client_end(client, im_client_submit(client, request), WAIT);

	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_int_equal(end->error->code, code);
	if (!strstr(end->error->message, words))
		fail_msg("\"%s\" does not say \"%s\"", end->error->message, words);
	sn_im_event_free(end);
}

static SnImRequest *join(ImClient *client, const char *room, const char *nick, gboolean create)
{
	SnImRequest *request = about(client, SN_IM_REQ_JOIN, room);

	request->nick = g_strdup(nick);
	request->create = create;
	return request;
}

static void set_field(ImClient *client, const char *room, const char *var, const char *value)
{
	SnImRequest *request = about(client, SN_IM_REQ_ROOM_CONFIGURE, room);

	request->fields = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_field_free);
	g_ptr_array_add(request->fields, sn_im_field_new(var, value));
	must(client, request);
}

static void say(ImClient *client, const char *room, const char *id, const char *body)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_SEND);

	request->message = sn_im_message_new();
	request->message->to = g_strdup(room);
	request->message->groupchat = TRUE;
	request->message->origin_id = g_strdup(id);
	request->message->body = g_strdup(body);
	must(client, request);
}

static gboolean has_nick(const SnImEvent *event, const void *data)
{
	for (guint i = 0; event->occupants && i < event->occupants->len; i++)
		if (!strcmp(((SnImOccupant *)event->occupants->pdata[i])->nick, data))
			return TRUE;
	return FALSE;
}

/* A change of somebody in the room; a copy of the event's own, the event to be freed. */
static const SnImOccupant *wait_for(ImClient *client, const char *nick, SnImEvent **event)
{
	*event = im_client_wait(client, SN_IM_EV_ROOM_PEOPLE, has_nick, nick, WAIT);
	assert_non_null(*event);
	for (guint i = 0; i < (*event)->occupants->len; i++) {
		const SnImOccupant *one = (*event)->occupants->pdata[i];
		if (!strcmp(one->nick, nick))
			return one;
	}
	return NULL;
}

/* ---- joining ---- */

static void a_room_that_is_not_there_is_made_only_when_asked(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice");

	must_not(alice, join(alice, "nowhere@rooms.example.test", NULL, FALSE), SN_ERROR_NOT_FOUND,
		 "There is no room nowhere@rooms.example.test");
	must(alice, join(alice, ROOM, NULL, TRUE));
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_ROOM, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_string_equal(event->name, "alice");
	assert_true(event->features & SN_ROOM_HAS_ARCHIVE);
	assert_true(event->features & SN_ROOM_STABLE_OCCUPANTS);
	assert_false(event->found);
	sn_im_event_free(event);
	event = im_client_wait(alice, SN_IM_EV_ROOM_PEOPLE, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_true(event->complete);
	assert_int_equal(event->occupants->len, 1);
	const SnImOccupant *self = event->occupants->pdata[0];
	assert_true(self->own);
	assert_int_equal(self->affiliation, SN_ROOM_OWNER);
	assert_int_equal(self->role, SN_ROOM_MODERATOR);
	assert_non_null(self->occupant_id);
	sn_im_event_free(event);
	im_client_free(alice);
}

static void what_is_said_reaches_everybody_and_oneself(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice"), *bob = login("bob");

	must(alice, join(alice, ROOM, NULL, TRUE));
	must(bob, join(bob, ROOM, "robert", FALSE));
	say(alice, ROOM, "said-1", "tea is ready");
	SnImEvent *own = im_client_wait_body(alice, "tea is ready", WAIT);
	SnImEvent *other = im_client_wait_body(bob, "tea is ready", WAIT);
	assert_non_null(own);
	assert_non_null(other);
	assert_true(own->message->own);
	assert_string_equal(own->message->origin_id, "said-1");
	assert_false(other->message->own);
	assert_true(other->message->groupchat);
	assert_string_equal(other->message->from, ROOM "/alice");
	assert_non_null(other->message->stanza_id);
	assert_non_null(other->message->occupant_id);
	assert_string_equal(own->message->occupant_id, other->message->occupant_id);
	sn_im_event_free(own);
	sn_im_event_free(other);
	im_client_free(alice);
	im_client_free(bob);
}

static void refusals_say_what_is_the_matter(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice"), *bob = login("bob");
	const char *room = "strict@rooms.example.test";

	must(alice, join(alice, room, NULL, TRUE));
	must_not(bob, join(bob, room, "alice", FALSE), SN_ERROR_EXISTS, "has that nick already");
	set_field(alice, room, "muc#roomconfig_roomsecret", "jasmine");
	must_not(bob, join(bob, room, NULL, FALSE), SN_ERROR_AUTH, "wants a password");
	SnImRequest *request = join(bob, room, NULL, FALSE);
	request->password = g_strdup("oolong");
	must_not(bob, request, SN_ERROR_AUTH, "not the password");
	request = join(bob, room, NULL, FALSE);
	request->password = g_strdup("jasmine");
	must(bob, request);
	must(bob, about(bob, SN_IM_REQ_LEAVE, room));
	set_field(alice, room, "muc#roomconfig_roomsecret", "");
	set_field(alice, room, "muc#roomconfig_membersonly", "1");
	must_not(bob, join(bob, room, NULL, FALSE), SN_ERROR_PERMISSION, "members only");
	set_field(alice, room, "muc#roomconfig_membersonly", "0");
	request = about(alice, SN_IM_REQ_ROOM_AFFILIATION, room);
	request->with = g_strdup("bob@example.test");
	request->affiliation = SN_ROOM_OUTCAST;
	must(alice, request);
	must_not(bob, join(bob, room, NULL, FALSE), SN_ERROR_PERMISSION, "banned");
	must_not(bob, about(bob, SN_IM_REQ_ROOM_FORM, room), SN_ERROR_PERMISSION, "does not let you");
	im_client_free(alice);
	im_client_free(bob);
}

static gboolean is_word(const SnImEvent *event, const void *data)
{
	return !g_strcmp0(event->text, data);
}

static void the_topic_is_told_live_and_on_joining(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice"), *bob = login("bob");

	must(alice, join(alice, ROOM, NULL, TRUE));
	SnImRequest *request = im_client_request(alice, SN_IM_REQ_SEND);
	request->message = sn_im_message_new();
	request->message->to = g_strdup(ROOM);
	request->message->groupchat = TRUE;
	request->message->subject = g_strdup("Only tea");
	must(alice, request);
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_ROOM_SUBJECT, is_word, "Only tea", WAIT);
	assert_non_null(event);
	assert_string_equal(event->name, "alice");
	sn_im_event_free(event);
	must(bob, join(bob, ROOM, NULL, FALSE));
	event = im_client_wait(bob, SN_IM_EV_ROOM_SUBJECT, is_word, "Only tea", WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	im_client_free(alice);
	im_client_free(bob);
}

static void another_nick_is_told_and_stays_the_same_person(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice"), *bob = login("bob");
	SnImEvent *event;

	must(alice, join(alice, ROOM, NULL, TRUE));
	must(bob, join(bob, ROOM, NULL, FALSE));
	const SnImOccupant *one = wait_for(alice, "bob", &event);
	assert_true(one->appeared);
	assert_string_equal(one->jid, "bob@example.test"); /* an owner sees it */
	g_autofree char *id = g_strdup(one->occupant_id);
	sn_im_event_free(event);
	SnImRequest *request = about(bob, SN_IM_REQ_ROOM_NICK, ROOM);
	request->nick = g_strdup("alice");
	must_not(bob, request, SN_ERROR_EXISTS, "has that nick already");
	request = about(bob, SN_IM_REQ_ROOM_NICK, ROOM);
	request->nick = g_strdup("robin");
	must(bob, request);
	one = wait_for(alice, "robin", &event);
	assert_false(one->appeared); /* no newcomer */
	assert_string_equal(one->occupant_id, id);
	const SnImOccupant *before = NULL;
	for (guint i = 0; i < event->occupants->len; i++)
		if (!strcmp(((SnImOccupant *)event->occupants->pdata[i])->nick, "bob"))
			before = event->occupants->pdata[i];
	assert_non_null(before);
	assert_int_equal(before->leaving, SN_ROOM_RENAMED);
	assert_string_equal(before->new_nick, "robin");
	sn_im_event_free(event);
	im_client_free(alice);
	im_client_free(bob);
}

/* ---- being put out ---- */

static gboolean is_removal(const SnImEvent *event, const void *data)
{
	return event->removed;
}

static void a_kick_and_a_ban_are_told_with_their_reason(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice"), *bob = login("bob");

	must(alice, join(alice, ROOM, NULL, TRUE));
	must(bob, join(bob, ROOM, NULL, FALSE));
	SnImRequest *request = about(alice, SN_IM_REQ_ROOM_ROLE, ROOM);
	request->nick = g_strdup("bob");
	request->role = SN_ROOM_ROLE_NONE;
	request->status = g_strdup("too loud");
	must(alice, request);
	SnImEvent *event = im_client_wait(bob, SN_IM_EV_ROOM, is_removal, NULL, WAIT);
	assert_non_null(event);
	assert_int_equal(event->leaving, SN_ROOM_KICKED);
	assert_string_equal(event->status, "too loud");
	sn_im_event_free(event);
	must(bob, join(bob, ROOM, NULL, FALSE)); /* may come back */
	request = about(bob, SN_IM_REQ_ROOM_ROLE, ROOM);
	request->nick = g_strdup("alice");
	request->role = SN_ROOM_ROLE_NONE;
	must_not(bob, request, SN_ERROR_PERMISSION, "does not let you");
	im_client_free(alice);
	im_client_free(bob);
}

static void voice_and_membership_are_given_and_listed(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice");

	must(alice, join(alice, ROOM, NULL, TRUE));
	SnImRequest *request = about(alice, SN_IM_REQ_ROOM_AFFILIATION, ROOM);
	request->with = g_strdup("carol@example.test");
	request->affiliation = SN_ROOM_MEMBER;
	must(alice, request);
	request = about(alice, SN_IM_REQ_ROOM_LIST, ROOM);
	request->affiliation = SN_ROOM_MEMBER;
	must(alice, request);
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_ROOM_LIST, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_int_equal(event->occupants->len, 1);
	const SnImOccupant *one = event->occupants->pdata[0];
	assert_string_equal(one->jid, "carol@example.test");
	assert_int_equal(one->affiliation, SN_ROOM_MEMBER);
	sn_im_event_free(event);
	im_client_free(alice);
}

static const SnImField *field_named(const SnImEvent *event, const char *var)
{
	for (guint i = 0; i < event->fields->len; i++)
		if (!strcmp(((SnImField *)event->fields->pdata[i])->var, var))
			return event->fields->pdata[i];
	return NULL;
}

static void the_form_keeps_what_was_not_changed(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice");

	must(alice, join(alice, ROOM, NULL, TRUE));
	set_field(alice, ROOM, "muc#roomconfig_roomname", "The tea room");
	set_field(alice, ROOM, "muc#roomconfig_roomdesc", "About leaves");
	must(alice, about(alice, SN_IM_REQ_ROOM_FORM, ROOM));
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_ROOM_FORM, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_string_equal(field_named(event, "muc#roomconfig_roomname")->values[0], "The tea room");
	assert_string_equal(field_named(event, "muc#roomconfig_roomdesc")->values[0], "About leaves");
	const SnImField *whois = field_named(event, "muc#roomconfig_whois");
	assert_non_null(whois);
	assert_string_equal(whois->type, "list-single");
	assert_true(g_strv_length(whois->options) >= 2);
	assert_int_equal(g_strv_length(whois->options), g_strv_length(whois->option_labels));
	sn_im_event_free(event);
	/* everybody hears that the settings changed, and the new name comes along */
	event = im_client_wait(alice, SN_IM_EV_ROOM, is_word, "The tea room", WAIT);
	assert_non_null(event);
	assert_true(event->found);
	sn_im_event_free(event);
	im_client_free(alice);
}

/* ---- the archive ---- */

static void the_archive_tells_what_was_said_once(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice"), *bob = login("bob");
	const char *room = "log@rooms.example.test";

	must(alice, join(alice, room, NULL, TRUE));
	for (int i = 0; i < 5; i++) {
		g_autofree char *id = g_strdup_printf("log-%d", i);
		say(alice, room, id, id);
	}
	must(bob, join(bob, room, NULL, FALSE));
	im_client_forget(bob);
	SnImRequest *request = about(bob, SN_IM_REQ_ARCHIVE, room);
	request->newest = TRUE;
	request->max_messages = 3;
	SnImEvent *end = im_client_end(bob, im_client_submit(bob, request), WAIT);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	for (int i = 2; i < 5; i++) {
		g_autofree char *id = g_strdup_printf("log-%d", i);
		SnImEvent *event = im_client_wait_body(bob, id, 0);
		assert_non_null(event);
		assert_true(event->message->archived);
		assert_string_equal(event->message->from, "log@rooms.example.test/alice");
		assert_non_null(event->message->stanza_id);
		assert_false(event->message->own);
		sn_im_event_free(event);
	}
	assert_int_equal(im_client_count(bob, SN_IM_EV_MESSAGE, NULL, NULL), 0);
	/* and on from there */
	say(alice, room, "log-5", "log-5");
	request = about(bob, SN_IM_REQ_ARCHIVE, room);
	request->after_id = g_strdup(end->last_id);
	sn_im_event_free(end);
	SnImEvent *live = im_client_wait_body(bob, "log-5", WAIT);
	end = im_client_end(bob, im_client_submit(bob, request), WAIT);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	SnImEvent *again = im_client_wait_body(bob, "log-5", WAIT);
	assert_true(again->message->archived);
	assert_string_equal(again->message->stanza_id, live->message->stanza_id);
	sn_im_event_free(live);
	sn_im_event_free(again);
	sn_im_event_free(end);
	/* the sender finds it by its id: nothing has to be sent twice */
	request = about(alice, SN_IM_REQ_ARCHIVE_FIND, room);
	request->origin_id = g_strdup("log-3");
	end = im_client_end(alice, im_client_submit(alice, request), WAIT);
	assert_true(end->found);
	sn_im_event_free(end);
	im_client_free(alice);
	im_client_free(bob);
}

/* ---- invitations ---- */

static void invitations_come_directly_or_through_the_room(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice"), *bob = login("bob");
	const char *room = "club@rooms.example.test";

	must(alice, join(alice, room, NULL, TRUE));
	SnImRequest *request = about(alice, SN_IM_REQ_ROOM_INVITE, room);
	request->with = g_strdup("bob@example.test");
	request->status = g_strdup("come in");
	must(alice, request);
	SnImEvent *event = im_client_wait(bob, SN_IM_EV_ROOM_INVITED, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_true(event->found);
	assert_string_equal(event->jid, room);
	assert_string_equal(event->name, "alice@example.test");
	assert_string_equal(event->status, "come in");
	sn_im_event_free(event);
	/* once it is for members only, the room has to know of the guest */
	set_field(alice, room, "muc#roomconfig_membersonly", "1");
	must(alice, about(alice, SN_IM_REQ_LEAVE, room));
	must(alice, join(alice, room, NULL, FALSE));
	request = about(alice, SN_IM_REQ_ROOM_INVITE, room);
	request->with = g_strdup("bob@example.test");
	must(alice, request);
	event = im_client_wait(bob, SN_IM_EV_ROOM_INVITED, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_false(event->found);
	assert_string_equal(event->name, "club@rooms.example.test/alice");
	sn_im_event_free(event);
	must(bob, join(bob, room, NULL, FALSE));
	/* only those who may invite: bob, who is a plain member, is told so */
	request = about(bob, SN_IM_REQ_ROOM_INVITE, room);
	request->with = g_strdup("carol@example.test");
	must(bob, request);
	event = im_client_wait(bob, SN_IM_EV_ROOM_DECLINED, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_string_equal(event->jid, room);
	assert_string_equal(event->name, "carol@example.test");
	assert_non_null(event->error);
	assert_int_equal(event->error->code, SN_ERROR_PERMISSION);
	sn_im_event_free(event);
	im_client_free(alice);
	im_client_free(bob);
}

/* ---- private messages ---- */

static gboolean is_private(const SnImEvent *event, const void *data)
{
	return event->message && event->message->room_private;
}

static void a_private_message_stays_between_two(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login("alice"), *bob = login("bob");

	must(alice, join(alice, ROOM, NULL, TRUE));
	must(bob, join(bob, ROOM, NULL, FALSE));
	SnImRequest *request = im_client_request(alice, SN_IM_REQ_SEND);
	request->message = sn_im_message_new();
	request->message->to = g_strdup(ROOM "/bob");
	request->message->room_private = TRUE;
	request->message->origin_id = g_strdup("private-1");
	request->message->body = g_strdup("between us");
	must(alice, request);
	SnImEvent *event = im_client_wait(bob, SN_IM_EV_MESSAGE, is_private, NULL, WAIT);
	assert_non_null(event);
	assert_string_equal(event->message->body, "between us");
	assert_string_equal(event->message->from, ROOM "/alice");
	assert_false(event->message->groupchat);
	sn_im_event_free(event);
	im_client_free(alice);
	im_client_free(bob);
}

/* ---- bookmarks ---- */

static gboolean has_bookmark(const SnImEvent *event, const void *data)
{
	for (guint i = 0; event->bookmarks && i < event->bookmarks->len; i++)
		if (!strcmp(((SnImBookmark *)event->bookmarks->pdata[i])->jid, data))
			return TRUE;
	return FALSE;
}

static void bookmark(ImClient *client, gboolean autojoin, gboolean removed)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_BOOKMARK);

	request->bookmark = g_new0(SnImBookmark, 1);
	request->bookmark->jid = g_strdup(ROOM);
	request->bookmark->name = g_strdup("Tea & cake");
	request->bookmark->nick = g_strdup("alice");
	request->bookmark->password = g_strdup("jasmine");
	request->bookmark->autojoin = autojoin;
	request->bookmark->removed = removed;
	must(client, request);
}

static void bookmarks_are_seen_by_another_client_at_once(void **state)
{
	NEED_SERVERS();
	ImClient *one = login("alice"), *two = login("alice");

	bookmark(one, TRUE, FALSE);
	SnImEvent *event = im_client_wait(two, SN_IM_EV_BOOKMARKS, has_bookmark, ROOM, WAIT);
	assert_non_null(event);
	assert_false(event->complete);
	const SnImBookmark *mark = event->bookmarks->pdata[0];
	assert_true(mark->autojoin);
	assert_string_equal(mark->name, "Tea & cake");
	assert_string_equal(mark->nick, "alice");
	assert_string_equal(mark->password, "jasmine");
	sn_im_event_free(event);
	/* one that logs in later is told of all */
	ImClient *three = login("alice");
	event = im_client_wait(three, SN_IM_EV_BOOKMARKS, has_bookmark, ROOM, WAIT);
	assert_non_null(event);
	assert_true(event->complete);
	sn_im_event_free(event);
	im_client_free(three);
	im_client_forget(two);
	bookmark(one, FALSE, TRUE);
	event = im_client_wait(two, SN_IM_EV_BOOKMARKS, has_bookmark, ROOM, WAIT);
	assert_non_null(event);
	assert_true(((SnImBookmark *)event->bookmarks->pdata[0])->removed);
	sn_im_event_free(event);
	im_client_free(one);
	im_client_free(two);
}

/* ---- staying ---- */

static gboolean is_entry(const SnImEvent *event, const void *data)
{
	return !event->removed;
}

static void a_new_session_is_in_its_rooms_again(void **state)
{
	NEED_SERVERS();
	ImClient *bob = login("bob");

	must(bob, join(bob, ROOM, NULL, TRUE));
	must(bob, about(bob, SN_IM_REQ_ROOM_CHECK, ROOM));
	im_client_forget(bob);
	assert_true(sn_servers_restart_one(servers, "prosody"));
	SnImEvent *event = im_client_wait(bob, SN_IM_EV_ROOM, is_entry, NULL, WAIT * 2);
	assert_non_null(event);
	assert_string_equal(event->jid, ROOM);
	sn_im_event_free(event);
	im_client_free(bob);
}

static int set_up(void **state)
{
	return sn_servers_setup(&servers, "prosody");
}

static int tear_down(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_room_that_is_not_there_is_made_only_when_asked),
		cmocka_unit_test(what_is_said_reaches_everybody_and_oneself),
		cmocka_unit_test(refusals_say_what_is_the_matter),
		cmocka_unit_test(the_topic_is_told_live_and_on_joining),
		cmocka_unit_test(another_nick_is_told_and_stays_the_same_person),
		cmocka_unit_test(a_kick_and_a_ban_are_told_with_their_reason),
		cmocka_unit_test(voice_and_membership_are_given_and_listed),
		cmocka_unit_test(the_form_keeps_what_was_not_changed),
		cmocka_unit_test(the_archive_tells_what_was_said_once),
		cmocka_unit_test(invitations_come_directly_or_through_the_room),
		cmocka_unit_test(a_private_message_stays_between_two),
		cmocka_unit_test(bookmarks_are_seen_by_another_client_at_once),
		cmocka_unit_test(a_new_session_is_in_its_rooms_again),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
