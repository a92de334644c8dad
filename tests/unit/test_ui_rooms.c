/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rooms with keys: what is asked of the engine, what the user is asked, and an email to some of the
 * people in one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/rooms.h"
#include "src/store/wish.h"
#include "tests/lib/ui_desk.h"

#define ROOM "rigging@rooms.example.test"
#define OPEN "keys :open<Space>" ROOM "<Enter>"

static int set_up(void **state)
{
	*state = ui_desk_new(UI_DESK_ROOMS, NULL);
	return 0;
}

static int tear_down(void **state)
{
	ui_desk_free(*state);
	return 0;
}

static SnId room_id(UiDesk *desk, const char *jid)
{
	g_autoptr(SnRoom) room = sn_room_find(desk->store, 0, jid);

	assert_non_null(room);
	return room->conversation;
}

/* The one request that waits for the engine; NULL when there is none. */
static SnRoomWish *take_wish(UiDesk *desk)
{
	g_autoptr(GPtrArray) wishes = sn_room_wishes(desk->store);

	if (wishes->len == 0)
		return NULL;
	assert_int_equal(wishes->len, 1);
	SnRoomWish *wish = g_ptr_array_steal_index(wishes, 0);
	assert_true(sn_room_wish_done(desk->store, wish->id, NULL));
	return wish;
}

static void expect_wish(UiDesk *desk, const char *verb, const char *who, const char *value,
                        const char *text)
{
	SnRoomWish *wish = take_wish(desk);

	assert_non_null(wish);
	assert_string_equal(wish->verb, verb);
	if (strcmp(verb, "join") != 0)
		assert_string_equal(wish->room, ROOM);
	assert_string_equal(wish->who ? wish->who : "", who ? who : "");
	assert_string_equal(wish->value ? wish->value : "", value ? value : "");
	assert_string_equal(wish->text ? wish->text : "", text ? text : "");
	sn_room_wish_free(wish);
}

static void commands_become_requests(void **state)
{
	UiDesk *desk = *state;
	static const struct {
		const char *keys, *verb, *who, *value, *text;
	} cases[] = {
		{ ":topic<Space>Only<Space>knots<Enter>", "subject", NULL, NULL, "Only knots" },
		{ ":nick<Space>al<Enter>", "join", "al", NULL, NULL },
		{ ":kick<Space>mate<Space>too<Space>loud<Enter>", "role", "mate", "none", "too loud" },
		{ ":voice<Space>mate<Enter>", "role", "mate", "participant", NULL },
		{ ":silence<Space>bob<Enter>", "role", "bob", "visitor", NULL },
		{ ":moderator<Space>bob<Enter>", "role", "bob", "moderator", NULL },
		{ ":ban<Space>mate<Enter>", "affiliation", "mate", "outcast", NULL },
		{ ":affiliation<Space>bob@example.test<Space>member<Enter>", "affiliation",
		  "bob@example.test", "member", NULL },
		{ ":invite<Space>carol@example.test<Space>come<Enter>", "invite", "carol@example.test",
		  NULL, "come" },
		{ ":bookmark<Space>remove<Enter>", "bookmark", NULL, "remove", NULL },
		{ ":leave<Enter>", "leave", NULL, NULL, NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *script = g_strconcat(OPEN, cases[i].keys, "\n", NULL);
		ui_desk_play(desk, script);
		expect_wish(desk, cases[i].verb, cases[i].who, cases[i].value, cases[i].text);
	}
}

static void what_cannot_be_is_said_and_asks_nothing(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN ":affiliation<Space>bob<Space>king<Enter>\nexpect Say who, and owner\n");
	ui_desk_play(desk, OPEN ":private<Space>nobody<Enter>\nexpect Nobody in this room is called\n");
	ui_desk_play(desk, OPEN ":close-room<Space>else<Enter>\nexpect name it: " ROOM "\n");
	ui_desk_play(desk, OPEN ":kick<Enter>\nexpect Whom?\n");
	ui_desk_play(desk, "keys :open<Space>bob@example.test<Enter>:topic<Enter>\n"
	                   "expect Open a room first\n");
	ui_desk_play(desk, "keys :join<Space>nonsense<Enter>\nexpect is no address of a room\n");
	assert_null(take_wish(desk));
}

static void a_room_is_joined_and_what_it_refuses_is_asked(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :join<Space>xmpp:new@rooms.example.test?join<Enter>\nexpect joining\n");
	expect_wish(desk, "join", NULL, NULL, NULL);
	g_autoptr(SnRoom) room = sn_room_find(desk->store, 0, "new@rooms.example.test");
	assert_non_null(room);
	assert_true(room->wanted);
	assert_int_equal(room->state, SN_ROOM_JOINING);
}

/* The room opens at once; what it may refuse is asked there. */
static void an_invitation_is_answered_with_one_key(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>gus@club.example<Enter>\nexpect 1 Join\n"
	                   "keys 1\nexpect loft  joining\n");
	g_autoptr(GPtrArray) answers = sn_wish_list(desk->store, SN_WISH_ROOM);
	assert_int_equal(answers->len, 1);
	const SnWish *answer = answers->pdata[0];
	assert_string_equal(answer->key, "direct loft@rooms.example.test gus@club.example");
	assert_string_equal(answer->value, "join");
	g_autoptr(SnRoom) room = sn_room_find(desk->store, 0, "loft@rooms.example.test");
	assert_non_null(room);
	assert_true(room->wanted);
	assert_int_equal(room->state, SN_ROOM_JOINING);
}

static void a_declined_invitation_makes_no_room(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>gus@club.example<Enter>\nexpect 2 Decline\nkeys 2\n");
	g_autoptr(GPtrArray) answers = sn_wish_list(desk->store, SN_WISH_ROOM);
	assert_int_equal(answers->len, 1);
	assert_string_equal(((SnWish *)answers->pdata[0])->value, "decline");
	assert_null(sn_room_find(desk->store, 0, "loft@rooms.example.test"));
}

static void what_is_told_of_is_kept_for_each_room(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN ":room-notify<Enter>\nexpect You are told of mentions here, as everywhere\n");
	ui_desk_play(desk, OPEN ":room-notify<Space>all<Enter>:room-keywords<Space>splice,<Space>rope<Enter>\n"
	                   "keys :room-notify<Enter>\nexpect You are told of all here.\n");
	g_autoptr(SnRoom) room = sn_room_get(desk->store, room_id(desk, ROOM));
	assert_int_equal(room->tell, SN_ROOM_TELL_ALL);
	assert_string_equal(room->keywords, "splice, rope");
}

static void tab_completes_the_nick_of_somebody_here(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN "i\ntext gu\nkeys <Tab>\nexpect gus:\ntext good\n");
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, room_id(desk, ROOM));
	assert_string_equal(draft->body, "gus: good");
	/* several: as far as they go alike, and who they are */
	ui_desk_play(desk, OPEN "i<C-u>\ntext so b\nkeys <Tab>\nexpect bob bosun\n");
	sn_draft_free(draft);
	draft = sn_draft_load(desk->store, room_id(desk, ROOM));
	assert_string_equal(draft->body, "so bo");
	ui_desk_play(desk, OPEN "i<C-u>\ntext xy\nkeys <Tab>\nexpect Nobody here is called xy\n");
}

static void a_private_word_has_a_conversation_of_its_own(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN ":private<Space>mate<Enter>\nexpect mate (private, in rigging)\n");
	g_autoptr(GPtrArray) found = sn_conversation_find(desk->store, "mate (private, in rigging)");
	assert_int_equal(found->len, 1);
	const SnConversation *row = found->pdata[0];
	assert_int_equal(row->kind, SN_CONV_ROOM);
	assert_string_equal(row->key, ROOM "/mate");
	assert_int_not_equal(row->id, room_id(desk, ROOM));
}

/* ---- an email from a room ---- */

static void an_email_goes_to_those_who_are_chosen(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	/* bob's address is known and confirmed; the author of the message is offered */
	ui_desk_play(desk, OPEN "i\ntext See you there\nkeys <C-t>\n"
	                   "expect Email to which people of the room\n"
	                   "keys <C-u>bob,<Space>bosun<Enter>\nexpect Email address of bosun\n"
	                   "keys bosun@ship.example<Enter>\nexpect nothing is sent to the room\n"
	                   "expect See you there\nexpect bosun@ship.example\n");
	g_autoptr(SnDraft) old = sn_draft_load(desk->store, room_id(desk, ROOM));
	assert_null(old);
	SnId bob = ui_desk_conversation(desk, "bob@example.test");
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, bob);
	assert_non_null(draft);
	assert_string_equal(draft->body, "See you there");
	assert_string_equal(draft->cc, "bosun@ship.example");
	assert_int_equal(draft->mode, SN_MODE_MAIL);
	assert_int_equal(ui_desk_last_entry(desk), before); /* nothing goes by itself */
}

/* The room's draft moves over whole, and what was being written to them stays. */
static void nothing_is_lost_on_the_way_from_a_room_to_an_email(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *path = g_build_filename(desk->dir, "knots.txt", NULL);
	g_autofree char *script = g_strdup_printf(
		OPEN "i\ntext See you there\nkeys <Esc>:attach<Space>%s<Enter>i<C-t><C-u>bob<Enter>\n"
		"expect nothing is sent to the room\n", path);

	assert_true(g_file_set_contents(path, "knots", -1, NULL));
	ui_desk_play(desk, "keys :open<Space>bob@example.test<Enter>i\ntext About the mast\nkeys <Esc>\n");
	ui_desk_play(desk, script);
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, ui_desk_conversation(desk, "bob@example.test"));
	assert_non_null(draft);
	assert_string_equal(draft->body, "About the mast\n\nSee you there");
	assert_int_equal(draft->attachments->len, 1);
	assert_string_equal(draft->attachments->pdata[0], path);
	g_autoptr(SnDraft) old = sn_draft_load(desk->store, room_id(desk, ROOM));
	assert_null(old);
}

static void what_is_answered_goes_along_with_the_email(void **state)
{
	UiDesk *desk = *state;

	/* the last message is bosun's: he is offered, and quoted */
	ui_desk_play(desk, OPEN "Gr\ntext Earl Grey\nkeys <C-t>\n"
	                   "expect commas between): bosun\n"
	                   "keys <C-u>bob<Enter>\nexpect nothing is sent to the room\n");
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, ui_desk_conversation(desk, "bob@example.test"));
	assert_non_null(draft);
	assert_true(g_str_has_prefix(draft->body, "Earl Grey\n\nOn "));
	assert_non_null(strstr(draft->body, "bosun <rigging@rooms.example.test> wrote by IM:\n> And tea.\n"));
}

static void who_is_not_in_the_room_is_not_written_to(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN "i\ntext See you there\nkeys <C-t><C-u>nobody<Enter>\n"
	                   "expect Nobody in the room is called nobody\n");
	ui_desk_play(desk, OPEN "i<C-t><C-u>mate<Enter>\nexpect Email address of mate\nkeys <Esc>\n");
	ui_desk_play(desk, OPEN "i<C-t><C-u>mate<Enter>nothing<Enter>\nexpect That is no email address\n");
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, room_id(desk, ROOM));
	assert_string_equal(draft->body, "See you there"); /* it stays with the room */
}

/* Somebody comes in, above who is selected. */
static void aaron_comes(SnConfig *config, gpointer data)
{
	UiDesk *desk = data;
	const SnRoomPerson aaron = { .nick = (char *)"aaron", .show = (char *)"online", .here = TRUE,
		                     .role = (char *)"moderator", .affiliation = (char *)"owner" };

	assert_true(sn_room_person_set(desk->store, room_id(desk, ROOM), &aaron, NULL));
}

static void who_is_selected_stays_so_whoever_comes(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(GPtrArray) people = sn_room_people(desk->store, room_id(desk, ROOM), FALSE);
	const SnRoomPerson *second = people->pdata[1];

	desk->setup.host.reloaded = aaron_comes;
	desk->setup.host.data = desk;
	ui_desk_play(desk, OPEN ":people<Enter>j:reload<Enter>\nexpect aaron\nkeys :kick<Enter>\n");
	expect_wish(desk, "role", second->nick, "none", NULL);
}

static void a_setting_is_changed_with_enter(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN ":room<Enter>\nexpect Settings of the room\n");
	sn_room_wish_free(take_wish(desk)); /* asks for the form */
	ui_desk_play(desk, OPEN ":room<Enter>j<Enter>\n");
	g_autoptr(GPtrArray) wishes = sn_room_wishes(desk->store);
	assert_int_equal(wishes->len, 2);
	const SnRoomWish *wish = wishes->pdata[1];
	assert_string_equal(wish->verb, "configure");
	assert_string_equal(wish->who, "muc#roomconfig_membersonly");
	assert_string_equal(wish->value, "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commands_become_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_is_said_and_asks_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_room_is_joined_and_what_it_refuses_is_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_invitation_is_answered_with_one_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_declined_invitation_makes_no_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_told_of_is_kept_for_each_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tab_completes_the_nick_of_somebody_here, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_private_word_has_a_conversation_of_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_email_goes_to_those_who_are_chosen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_lost_on_the_way_from_a_room_to_an_email, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_answered_goes_along_with_the_email, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_not_in_the_room_is_not_written_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_selected_stays_so_whoever_comes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_setting_is_changed_with_enter, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
