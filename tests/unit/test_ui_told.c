/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys on threads over both channels and on history that came along; what they do to the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/told.h"
#include "tests/lib/ui_desk.h"

#define FRIDA "frida@example.test"
#define OPEN "size 80 24\ntext :open " FRIDA "\nkeys <Enter>\nexpect Frida Hitch\n"

static int set_up(void **state)
{
	*state = ui_desk_new(UI_DESK_TOLD, NULL);
	return 0;
}

static int tear_down(void **state)
{
	ui_desk_free(*state);
	return 0;
}

static guint told(UiDesk *desk)
{
	g_autoptr(SnQuery) query = sn_query_parse("is:carried", NULL, NULL);
	g_autoptr(GPtrArray) rows =
		sn_message_search(desk->store, query, 0, 0, 100, 0, NULL);

	return rows->len;
}

static void gp_goes_to_what_is_answered(void **state)
{
	UiDesk *desk = *state;

	/* from the newest email to the first one, which lies above the screen */
	ui_desk_play(desk, OPEN "keys Ggp\nexpect told otherwise\nkeys <Enter>\nexpect I offer 400\n");
}

static void gp_from_a_told_message_goes_to_its_teller(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN "keys gg\nexpect still to be had\nkeys gp<Enter>\n"
	                        "expect Earlier messages that came along\n");
}

static void gp_where_nothing_is_answered_says_so(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "size 80 24\ntext :open carol@example.test\nkeys <Enter>\n"
	                   "expect Your book\nkeys gp\nexpect answers nothing\n");
}

static void the_thread_leads_back_to_its_messages(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN "keys GT\nexpect 2 emails, 1 IM\nkeys ggj<Enter>\n"
	                        "expect 400 is fine\nkeys <Enter>\nexpect 09:24\n");
}

static void what_is_listed_in_a_message_opens(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN "keys G<Enter>\nexpect came along\nkeys G<Enter>\n"
	                        "expect As Frida Hitch tells it\nexpect I offer 900\n");
}

static void taking_away_asks_first(void **state)
{
	UiDesk *desk = *state;

	assert_int_equal(told(desk), 2);
	ui_desk_play(desk, OPEN "keys GX\nexpect Remove the 2 messages\nkeys n\n");
	assert_int_equal(told(desk), 2);
	ui_desk_play(desk, OPEN "keys GX\nexpect Remove the 2 messages\nkeys <Esc>\n");
	assert_int_equal(told(desk), 2);
	ui_desk_play(desk, OPEN "keys ggX\nexpect with the message that told this one\nkeys y\n"
	                        "expect Removed 2\n");
	assert_int_equal(told(desk), 0);
}

static void all_of_a_person_goes_at_once(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN "text :remove-told all\nkeys <Enter>\n"
	                        "expect came along with Frida Hitch\nkeys y\nexpect Removed 2\n"
	                        "text :remove-told all\nkeys <Enter>\nexpect Nothing is here only\n");
	assert_int_equal(told(desk), 0);
}

static void results_say_what_was_told(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN "text /is:carried\nkeys <Enter>\nexpect 2 found\nexpect told\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gp_goes_to_what_is_answered),
		TEST(gp_from_a_told_message_goes_to_its_teller),
		TEST(gp_where_nothing_is_answered_says_so),
		TEST(the_thread_leads_back_to_its_messages),
		TEST(what_is_listed_in_a_message_opens),
		TEST(taking_away_asks_first),
		TEST(all_of_a_person_goes_at_once),
		TEST(results_say_what_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
