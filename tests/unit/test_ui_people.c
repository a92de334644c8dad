/* SPDX-License-Identifier: GPL-3.0-or-later */
/* People brought together and taken apart with keys, and what happens to what is on the screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/wish.h"
#include "tests/lib/ui_desk.h"

#define BOB "bob@example.test"
#define CAROL "carol@example.test"
#define DORA "dora@example.test"

static int set_up(void **state)
{
	*state = ui_desk_new(UI_DESK_CARDS, NULL);
	return 0;
}

static int tear_down(void **state)
{
	ui_desk_free(*state);
	return 0;
}

static SnId person_of(UiDesk *desk, SnChannel channel, const char *value)
{
	g_autoptr(SnAddress) address = sn_address_find(desk->store, channel, value);

	assert_non_null(address);
	return address->person;
}

static gboolean are_one(UiDesk *desk)
{
	return person_of(desk, SN_CHANNEL_MAIL, BOB) == person_of(desk, SN_CHANNEL_MAIL, CAROL);
}

static void people_are_merged_and_parted_by_a_key(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>pM" CAROL "<Enter>\n"
	                   "expect Carol Marline and Bob Ropewalk are one person now\n");
	assert_true(are_one(desk));
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>pu\nexpect Taken back: Merged Carol\n");
	assert_false(are_one(desk));
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>pM<Esc>Mnobody<Enter>\n"
	                   "expect Nobody here is called\n");
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>pMexample<Enter>\n"
	                   "expect is in the names of\n");
	ui_desk_play(desk, "keys :merge<Space>" CAROL "<Enter>\nexpect Open the person first\n");
	assert_false(are_one(desk));
}

/* Who merges Carol into Bob while reading Carol reads on in the conversation of both. */
static void the_open_conversation_follows(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>:person<Space>" BOB "<Enter>M" CAROL
	                   "<Enter>\nexpect one person now\nkeys <Esc>\nexpect kettle\n");
	assert_true(are_one(desk));
}

static void drafts_on_the_screen_come_together(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>i\ntext About the book\n"
	                   "keys <Esc>:open<Space>" BOB "<Enter>i\ntext About the boat\n"
	                   "keys <Esc>pM" CAROL "<Enter>\nexpect one person now\nkeys <Esc>\n"
	                   "expect About the boat\nkeys i<End>\ntext  and more\n");
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, ui_desk_conversation(desk, BOB));
	assert_non_null(strstr(draft->body, "About the boat"));
	assert_non_null(strstr(draft->body, "About the book"));
	assert_non_null(strstr(draft->body, "and more"));
}

static void an_address_that_two_cards_claim_goes_where_the_user_says(void **state)
{
	UiDesk *desk = *state;
	SnId harbour = person_of(desk, SN_CHANNEL_IM, "harbour@chat.example");

	assert_int_not_equal(harbour, person_of(desk, SN_CHANNEL_MAIL, BOB));
	assert_int_not_equal(harbour, person_of(desk, SN_CHANNEL_IM, DORA));
	ui_desk_play(desk, "keys :open<Space>" DORA "<Enter>p\nexpect Your sources disagree\n"
	                   "expect claimed by others too\nkeys ggjjy\nexpect Confirmed\n");
	assert_int_equal(person_of(desk, SN_CHANNEL_IM, "harbour@chat.example"),
	                 person_of(desk, SN_CHANNEL_IM, DORA));
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>p\nexpect stronger source\n");
}

static void marked_addresses_go_together(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>pM" CAROL "<Enter>\nkeys ggjvjvS\n"
	                   "expect a person of its own now\n");
	assert_true(are_one(desk));
	assert_int_not_equal(person_of(desk, SN_CHANNEL_IM, BOB),
	                     person_of(desk, SN_CHANNEL_MAIL, BOB));
	/* all but one would be nobody left */
	ui_desk_play(desk, "keys :person<Space>Dora<Enter>ggvS\nexpect at least one has to go\n");
}

/* The first key asks the book, by way of the engine, and nothing waits for it. */
static void the_address_book_is_asked_for_what_is_typed(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_STORY, "[general]\naddress-book-cmd = khard %s\n");

	ui_desk_play(desk, "keys :compose<Space>grac<Tab>\n");
	g_autoptr(GPtrArray) wishes = sn_wish_list(desk->store, SN_WISH_BOOK);
	assert_int_equal(wishes->len, 1);
	assert_string_equal(((SnWish *)wishes->pdata[0])->key, "grac");
	sn_address_intern(desk->store, SN_CHANNEL_MAIL, "hopper@work.example", "Grace Hopper", NULL);
	ui_desk_play(desk, "keys :compose<Space>grac<Tab>\nexpect hopper@work.example\n");
	ui_desk_free(desk);
}

static void write_to(UiDesk *desk, const char *address, SnTime time)
{
	g_autoptr(SnMessage) m = sn_message_new();
	g_autoptr(GError) error = NULL;

	m->account = sn_account_find(desk->store, "home");
	m->channel = SN_CHANNEL_MAIL;
	m->direction = SN_OUT;
	m->state = SN_STATE_ACCEPTED;
	m->time = time;
	m->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, "alice@example.test", NULL, NULL);
	m->message_id = g_strdup_printf("%" G_GINT64_FORMAT "@written.test", time);
	m->body = g_strdup("x");
	sn_message_add_party(m, SN_ROLE_FROM, "alice@example.test", NULL);
	sn_message_add_party(m, SN_ROLE_TO, address, NULL);
	sn_message_add(desk->store, m, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
}

/* The first that is offered is the likeliest, and each is offered once. */
static void those_written_to_lately_come_first(void **state)
{
	UiDesk *desk = *state;

	sn_address_intern(desk->store, SN_CHANNEL_MAIL, "zed@a.test", "Zed Older", NULL);
	sn_address_intern(desk->store, SN_CHANNEL_MAIL, "zed@z.test", "Zed Newer", NULL);
	sn_address_intern(desk->store, SN_CHANNEL_MAIL, "zed@never.test", "Zed Never", NULL);
	write_to(desk, "zed@a.test", STORY_NOW - 300 * SN_DAY);
	write_to(desk, "zed@z.test", STORY_NOW - SN_DAY);
	/* the first key writes what they have in common */
	ui_desk_play(desk, "keys :compose<Space>zed<Tab><Tab>\nexpect :compose zed@z.test\n"
	                   "keys <Tab>\nexpect :compose zed@a.test\nkeys <Tab>\nexpect :compose zed@never.test\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(people_are_merged_and_parted_by_a_key),
		TEST(the_open_conversation_follows),
		TEST(drafts_on_the_screen_come_together),
		TEST(an_address_that_two_cards_claim_goes_where_the_user_says),
		TEST(marked_addresses_go_together),
		TEST(those_written_to_lately_come_first),
		cmocka_unit_test(the_address_book_is_asked_for_what_is_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
