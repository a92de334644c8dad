/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leaving a newsletter from the screen: the question, the three ways, and what is shown afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/unsubscribe.h"
#include "tests/lib/ui_desk.h"

#define CHANDLER "keys :open<Space>news@chandler.example<Enter>"
#define LIST "from:news@chandler.example"

static int set_up(void **state)
{
	*state = ui_desk_new(UI_DESK_BULK, NULL);
	return 0;
}

static int tear_down(void **state)
{
	ui_desk_free(*state);
	return 0;
}

static void yes_is_an_intent_that_names_the_host(void **state)
{
	UiDesk *desk = *state;

	assert_true(sn_status_reset(desk->store, NULL));
	ui_desk_play(desk, CHANDLER "gU\nexpect Unsubscribe from Chandler's weekly (news@chandler.example)?\n"
	                   "expect yes: one request to lists.chandler.example\n"
	                   "expect The sender's signature covers this request\n"
	                   "expect You are off line\nkeys y\n"
	                   "expect lists.chandler.example is being asked\n"
	                   "expect Being unsubscribed at lists.chandler.example, as soon as\n");
	g_autoptr(SnLeave) leave = sn_leave_get(desk->store, LIST);
	assert_int_equal(leave->state, SN_LEAVE_WANTED);
	assert_string_equal(leave->url, "https://lists.chandler.example/leave?9f3a");
	assert_string_equal(leave->name, "Chandler's weekly");
}

static void no_and_escape_do_nothing(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	ui_desk_play(desk, CHANDLER "gU\nexpect Unsubscribe from\nkeys n\nkeys gU\nexpect Unsubscribe from\nkeys <Esc>\n");
	assert_null(sn_leave_get(desk->store, LIST));
	assert_int_equal(ui_desk_last_entry(desk), before);
}

static void a_signature_that_is_not_known_is_said(void **state)
{
	UiDesk *desk = *state;
	SnCover cover = SN_COVER_UNKNOWN;

	desk->setup.host.data = &cover;
	ui_desk_play(desk, CHANDLER "gU\nexpect Nobody has checked whether the sender wrote this request\n"
	                   "expect yes: one request\nkeys n\n");
}

static void without_a_signature_one_click_is_not_offered(void **state)
{
	UiDesk *desk = *state;
	SnCover cover = SN_COVER_NO;

	desk->setup.host.data = &cover;
	ui_desk_play(desk, CHANDLER "gU\nexpect One click is not offered\nexpect by an email to leave@chandler.example\n"
	                   "expect open lists.chandler.example in the browser\n"
	                   "absent one request to\nkeys y\nkeys n\n");
	assert_null(sn_leave_get(desk->store, LIST));
}

static void an_email_goes_through_the_outbox(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	ui_desk_play(desk, CHANDLER "gU\nexpect by an email\nkeys e\nexpect An email to leave@chandler.example asks for it\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_string_equal(((SnParty *)entry->recipients->pdata[0])->address, "leave@chandler.example");
	assert_string_equal(entry->subject, "9f3a");
	assert_true(entry->send_at > STORY_NOW); /* it can be taken back */
	g_autoptr(SnLeave) leave = sn_leave_get(desk->store, LIST);
	assert_int_equal(leave->state, SN_LEAVE_MAILED);
	assert_int_equal(leave->entry, entry->id);
	/* it is a newsletter still, once that has gone */
	g_autoptr(SnConversation) row = sn_conversation_get(desk->store, entry->conversation);
	assert_int_equal(row->bulk, SN_BULK_NEWSLETTER);
	assert_int_equal(row->pending, 1);
}

static void a_later_one_says_that_the_list_was_left(void **state)
{
	UiDesk *desk = *state;
	const SnLeave leave = { .list = (char *)LIST, .name = (char *)"x", .target = (char *)"lists.chandler.example",
		                .url = (char *)"https://x.test/", .message = 999999,
		                .time = STORY_NOW - 5 * SN_DAY };

	assert_true(sn_leave_put(desk->store, &leave, NULL));
	assert_true(sn_leave_settle(desk->store, LIST, leave.time, SN_LEAVE_DONE, "202", NULL));
	ui_desk_play(desk, CHANDLER "\nexpect Sent although you unsubscribed\n"
	                   "keys gU\nexpect lists.chandler.example said yes (202).\nkeys n\n"
	                   "keys <Enter>\nexpect Sent although you unsubscribed\n");
}

static void a_failure_says_what_else_there_is(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnMessage) mail = NULL;
	SnLeave leave = { .list = (char *)LIST, .name = (char *)"x", .target = (char *)"lists.chandler.example",
		          .url = (char *)"https://x.test/", .time = STORY_NOW };

	leave.message = sn_message_find_mail(desk->store, "w1@bulk.test");
	assert_true(sn_leave_put(desk->store, &leave, NULL));
	assert_true(sn_leave_settle(desk->store, LIST, leave.time, SN_LEAVE_FAILED, "It said no.", NULL));
	ui_desk_play(desk, CHANDLER "\nexpect It said no.\n");
}

static void a_person_cannot_be_left(void **state)
{
	ui_desk_play(*state, "keys :open<Space>Bob<Enter>:unsubscribe<Enter>\nexpect Only mailing lists and newsletters\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(yes_is_an_intent_that_names_the_host, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_and_escape_do_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signature_that_is_not_known_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_signature_one_click_is_not_offered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_email_goes_through_the_outbox, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_later_one_says_that_the_list_was_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_says_what_else_there_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_person_cannot_be_left, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("ui_unsubscribe", tests, NULL, NULL);
}
