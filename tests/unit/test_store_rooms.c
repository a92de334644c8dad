/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rooms in the store: who is who, what is the same message, what speaks to the user, quiet lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/rooms.h"
#include "src/text/mention.h"
#include "tests/lib/tmpstore.h"

#define ROOM "tea@rooms.example.test"

static SnId make(TmpStore *tmp)
{
	g_autoptr(GError) error = NULL;
	SnId id = sn_room_make(tmp->store, tmp->account, ROOM, "alice", "Tea", TRUE, &error);

	g_assert_no_error(error);
	return id;
}

/* nick NULL: the user's own, as the room says it again. */
static SnAddResult said(TmpStore *tmp, const char *nick, const char *id, const char *stanza,
                        const char *body, SnTime time, SnId *message)
{
	g_autoptr(SnMessage) m = sn_message_new();
	g_autoptr(GError) error = NULL;
	SnAddResult result;

	m->account = tmp->account;
	m->channel = SN_CHANNEL_IM;
	m->direction = nick ? SN_IN : SN_OUT;
	m->state = nick ? SN_STATE_RECEIVED : SN_STATE_ACCEPTED;
	m->time = time;
	m->sender = sn_address_intern(tmp->store, SN_CHANNEL_IM, nick ? ROOM : "alice@example.test",
	                              NULL, NULL);
	m->sender_name = g_strdup(nick);
	m->origin_id = g_strdup(id);
	m->stanza_id = g_strdup(stanza);
	m->body = g_strdup(body);
	if (!sn_message_add(tmp->store, m, ROOM, NULL, &result, &error))
		fail_msg("%s", error->message);
	if (message)
		*message = m->id;
	return result;
}

static void person(TmpStore *tmp, SnId room, const char *nick, const char *jid, const char *id)
{
	SnRoomPerson one = { .nick = (char *)nick, .jid = (char *)jid, .occupant_id = (char *)id,
		             .show = (char *)"online", .role = (char *)"participant",
		             .affiliation = (char *)"none" };

	assert_true(sn_room_person_set(tmp->store, room, &one, NULL));
}

/* ---- the same message ---- */

static void one_message_by_all_its_ways_is_one(void **state)
{
	TmpStore *tmp = *state;
	SnTime now = tmp->now;

	make(tmp);
	assert_int_equal(said(tmp, NULL, "o-1", NULL, "mine", now, NULL), SN_ADDED);
	assert_int_equal(said(tmp, NULL, "o-1", "s-1", "mine", now + 5, NULL), SN_DUPLICATE);
	assert_int_equal(said(tmp, NULL, "o-1", "s-1", "mine", now + 9, NULL), SN_DUPLICATE);
	assert_int_equal(said(tmp, "bob", "o-2", "s-2", "his", now, NULL), SN_ADDED);
	assert_int_equal(said(tmp, "bob", "o-2", "s-2", "his", now, NULL), SN_DUPLICATE);
	assert_int_equal(said(tmp, "bob", "o-2", NULL, "his", now, NULL), SN_DUPLICATE);
	/* the same id with another stamp of the room is another message: some clients count from 1 */
	assert_int_equal(said(tmp, "bob", "o-2", "s-3", "his again", now, NULL), SN_ADDED);
	/* history without any id: nick, time and words */
	assert_int_equal(said(tmp, "carol", NULL, NULL, "old", now - 1000, NULL), SN_ADDED);
	assert_int_equal(said(tmp, "carol", NULL, NULL, "old", now - 1000, NULL), SN_DUPLICATE);
	assert_int_equal(said(tmp, "carol", NULL, NULL, "old", now - 2000, NULL), SN_ADDED);
}

static void nobody_can_hide_a_message_behind_ours(void **state)
{
	TmpStore *tmp = *state;

	make(tmp);
	assert_int_equal(said(tmp, NULL, "o-1", NULL, "mine", tmp->now, NULL), SN_ADDED);
	/* mallory sends with the id that is on its way, before the room has said ours */
	assert_int_equal(said(tmp, "mallory", "o-1", "s-9", "not mine", tmp->now, NULL), SN_ADDED);
	assert_int_equal(said(tmp, NULL, "o-1", "s-1", "mine", tmp->now, NULL), SN_DUPLICATE);
}

static void what_somebody_is_called_names_nobody(void **state)
{
	TmpStore *tmp = *state;

	make(tmp);
	said(tmp, "bob", "o-1", "s-1", "hello", tmp->now, NULL);
	g_autoptr(SnAddress) address = sn_address_find(tmp->store, SN_CHANNEL_IM, ROOM);
	g_autoptr(SnPerson) person_row = sn_person_get(tmp->store, address->person);
	assert_string_not_equal(person_row->name, "bob");
}

/* ---- mentions ---- */

static void mentions_count_until_they_are_read(void **state)
{
	TmpStore *tmp = *state;
	SnId room = make(tmp), one, two;

	said(tmp, "bob", "o-1", "s-1", "alice?", tmp->now, &one);
	said(tmp, "bob", "o-2", "s-2", "anybody?", tmp->now + 1, &two);
	assert_true(sn_room_said(tmp->store, one, "id-bob", TRUE, NULL));
	assert_true(sn_room_said(tmp->store, two, "id-bob", FALSE, NULL));
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, room);
	assert_int_equal(row->unread, 2);
	assert_int_equal(row->mentions, 1);
	g_autoptr(SnMessage) message = sn_message_get(tmp->store, one, 0);
	assert_true(message->mention);
	assert_string_equal(message->occupant, "id-bob");
	assert_true(sn_conversation_mark_read(tmp->store, room, one, NULL));
	sn_conversation_free(row);
	row = sn_conversation_get(tmp->store, room);
	assert_int_equal(row->mentions, 0);
	assert_int_equal(row->unread, 1);
}

static void a_name_is_found_as_a_word_of_its_own(void **state)
{
	static const struct {
		const char *text, *word;
		gboolean found;
	} cases[] = {
		{ "alice: tea?", "alice", TRUE },      { "Tea, ALICE.", "alice", TRUE },
		{ "@alice", "alice", TRUE },           { "malice", "alice", FALSE },
		{ "alices", "alice", FALSE },          { "alice_2", "alice", FALSE },
		{ "ask \303\204nne", "\303\244nne", TRUE }, { "", "alice", FALSE },
		{ "[al] came", "[al]", TRUE },         { "x[al]y", "[al]", TRUE },
		{ "alice", "", FALSE },                { "malice alice", "alice", TRUE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		if (sn_text_mentions(cases[i].text, cases[i].word) != cases[i].found)
			fail_msg("\"%s\" in \"%s\"", cases[i].word, cases[i].text);
	assert_true(sn_text_mentions_any("the long splice", "rope, splice"));
	assert_false(sn_text_mentions_any("the long splice", "rope,,"));
	assert_false(sn_text_mentions_any("text", NULL));
	assert_false(sn_text_mentions("\xff\xfe alice", "alice")); /* no text */
}

static void what_moderators_take_back_is_gone(void **state)
{
	TmpStore *tmp = *state;
	SnId room = make(tmp), id;
	g_autoptr(GError) error = NULL;

	said(tmp, "bob", "o-1", "s-1", "buy fenders now", tmp->now, &id);
	sn_room_said(tmp->store, id, "id-bob", TRUE, NULL);
	assert_false(sn_room_retracted(tmp->store, tmp->account, room, "s-2", NULL, NULL, &error));
	g_assert_no_error(error);
	assert_true(sn_room_retracted(tmp->store, tmp->account, room, "s-1", "gus", "spam", &error));
	g_autoptr(SnMessage) message = sn_message_get(tmp->store, id, SN_MESSAGE_FULL);
	assert_true(!message->body || !*message->body);
	assert_string_equal(message->notice, "taken back by gus: spam");
	g_autoptr(SnQuery) query = sn_query_parse("fenders", NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(tmp->store, query, 0, 0, 10, 0, NULL);
	assert_int_equal(found->len, 0);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, room);
	assert_int_equal(row->mentions, 0);
	assert_int_equal(row->unread, 0);
}

/* ---- people ---- */

static void who_left_is_known_only_by_a_lasting_id(void **state)
{
	TmpStore *tmp = *state;
	SnId room = make(tmp);

	person(tmp, room, "bob", "bob@example.test", "id-bob");
	person(tmp, room, "carol", "carol@example.test", NULL);
	assert_true(sn_room_person_gone(tmp->store, room, "bob", NULL));
	assert_true(sn_room_person_gone(tmp->store, room, "carol", NULL));
	g_autofree char *bob = sn_room_jid_of(tmp->store, room, "id-bob", "bob");
	g_autofree char *by_nick = sn_room_jid_of(tmp->store, room, NULL, "bob");
	g_autofree char *carol = sn_room_jid_of(tmp->store, room, NULL, "carol");
	assert_string_equal(bob, "bob@example.test");
	assert_null(by_nick); /* the nick may be somebody else's by now */
	assert_null(carol);
	/* somebody else takes the nick, without an address */
	person(tmp, room, "bob", NULL, "id-mallory");
	g_autofree char *other = sn_room_jid_of(tmp->store, room, NULL, "bob");
	assert_null(other);
}

static void people_are_counted_and_cleared(void **state)
{
	TmpStore *tmp = *state;
	SnId room = make(tmp);

	for (int i = 0; i < 50; i++) {
		g_autofree char *nick = g_strdup_printf("p%d", i);
		person(tmp, room, nick, NULL, NULL);
	}
	assert_true(sn_room_count_people(tmp->store, room, NULL));
	g_autoptr(SnRoom) full = sn_room_get(tmp->store, room);
	assert_int_equal(full->people, 50);
	assert_true(sn_room_people_clear(tmp->store, room, NULL));
	assert_true(sn_room_count_people(tmp->store, room, NULL));
	g_autoptr(SnRoom) empty = sn_room_get(tmp->store, room);
	assert_int_equal(empty->people, 0);
	g_autoptr(GPtrArray) people = sn_room_people(tmp->store, room, TRUE);
	assert_int_equal(people->len, 0);
}

/* ---- quiet lines ---- */

static void comings_and_goings_are_one_line_until_somebody_speaks(void **state)
{
	TmpStore *tmp = *state;
	SnId room = make(tmp);
	SnTime t = tmp->now;

	assert_true(sn_room_line_add(tmp->store, room, SN_ROOM_LINE_PEOPLE, "bob came", t, t, NULL));
	assert_true(sn_room_line_add(tmp->store, room, SN_ROOM_LINE_PEOPLE, "bob and 700 more came",
	                             t + 10, t, NULL));
	g_autoptr(GPtrArray) one = sn_room_lines(tmp->store, room, 0, G_MAXINT64, 10);
	assert_int_equal(one->len, 1);
	assert_string_equal(((SnRoomLine *)one->pdata[0])->text, "bob and 700 more came");
	said(tmp, "bob", "o-1", "s-1", "hello", t + 20, NULL);
	assert_true(sn_room_line_add(tmp->store, room, SN_ROOM_LINE_PEOPLE, "carol came", t + 30, t, NULL));
	assert_true(sn_room_line_add(tmp->store, room, SN_ROOM_LINE_ROOM, "bob was put out", t + 31, 0, NULL));
	g_autoptr(GPtrArray) three = sn_room_lines(tmp->store, room, 0, G_MAXINT64, 10);
	assert_int_equal(three->len, 3);
	g_autoptr(GPtrArray) newest = sn_room_lines(tmp->store, room, t + 5, G_MAXINT64, 1);
	assert_int_equal(newest->len, 1);
	assert_string_equal(((SnRoomLine *)newest->pdata[0])->text, "bob was put out");
}

static void lines_are_not_kept_for_ever(void **state)
{
	TmpStore *tmp = *state;
	SnId room = make(tmp);

	for (int i = 0; i < SN_ROOM_LINES_KEPT + 20; i++)
		assert_true(sn_room_line_add(tmp->store, room, SN_ROOM_LINE_ROOM, "x", tmp->now + i, 0,
		                             NULL));
	g_autoptr(GPtrArray) lines = sn_room_lines(tmp->store, room, 0, G_MAXINT64, 10000);
	assert_int_equal(lines->len, SN_ROOM_LINES_KEPT);
}

/* ---- wishes, rooms ---- */

static void a_password_is_not_kept_once_it_was_taken(void **state)
{
	TmpStore *tmp = *state;
	SnRoomWish wish = { .room = (char *)ROOM, .verb = (char *)"join", .secret = (char *)"jasmine" };
	SnRoomWish bad = { .room = (char *)"nowhere", .verb = (char *)"join" };
	g_autoptr(GError) error = NULL;

	assert_true(sn_room_ask(tmp->store, &wish, NULL));
	g_autoptr(GPtrArray) wishes = sn_room_wishes(tmp->store);
	assert_int_equal(wishes->len, 1);
	assert_string_equal(((SnRoomWish *)wishes->pdata[0])->secret, "jasmine");
	assert_true(sn_room_wish_done(tmp->store, ((SnRoomWish *)wishes->pdata[0])->id, NULL));
	g_autoptr(GPtrArray) none = sn_room_wishes(tmp->store);
	assert_int_equal(none->len, 0);
	assert_false(sn_room_ask(tmp->store, &bad, &error));
	assert_int_equal(error->code, SN_ERROR_INVALID);
}

static void a_private_conversation_belongs_to_its_room(void **state)
{
	TmpStore *tmp = *state;
	SnId room = make(tmp), private_id = sn_room_private(tmp->store, room, "bob", NULL);

	assert_int_not_equal(private_id, 0);
	assert_int_not_equal(private_id, room);
	g_autoptr(SnRoom) of = sn_room_get(tmp->store, private_id);
	assert_int_equal(of->conversation, room);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, private_id);
	assert_string_equal(row->key, ROOM "/bob");
	assert_string_equal(sn_room_private_nick(row->key), "bob");
	assert_null(sn_room_private_nick(ROOM));
	assert_int_equal(sn_room_private(tmp->store, room, "bob", NULL), private_id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_message_by_all_its_ways_is_one),
		TEST(nobody_can_hide_a_message_behind_ours),
		TEST(what_somebody_is_called_names_nobody),
		TEST(mentions_count_until_they_are_read),
		TEST(a_name_is_found_as_a_word_of_its_own),
		TEST(what_moderators_take_back_is_gone),
		TEST(who_left_is_known_only_by_a_lasting_id),
		TEST(people_are_counted_and_cleared),
		TEST(comings_and_goings_are_one_line_until_somebody_speaks),
		TEST(lines_are_not_kept_for_ever),
		TEST(a_password_is_not_kept_once_it_was_taken),
		TEST(a_private_conversation_belongs_to_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
