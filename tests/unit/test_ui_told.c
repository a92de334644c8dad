/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys on threads over both channels, on history that came along, and in long conversations. */
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

/* ---- a long conversation ---- */

#define PAT "pat@many.test"
#define PAT_OPEN "size 76 24\ntext :open " PAT "\nkeys <Enter>\nexpect Pat\n"
enum { LONG = 400 };

/* IMs "line 0." to "line 399.", one a day, the last one yesterday; from Pat. */
static void say(UiDesk *desk, int from, int until)
{
	assert_true(sn_store_begin(desk->store, NULL));
	for (int i = from; i < until; i++) {
		g_autoptr(SnMessage) m = sn_message_new();
		m->account = sn_account_find(desk->store, "home");
		m->channel = SN_CHANNEL_IM;
		m->time = STORY_NOW - (LONG - i) * SN_DAY;
		if (i >= LONG)
			m->time = STORY_NOW - SN_HOUR + i;
		m->body = g_strdup_printf("line %d.", i);
		m->origin_id = g_strdup_printf("line-%d", i);
		m->flags = i < LONG ? SN_FLAG_SEEN : 0;
		m->sender = sn_address_intern(desk->store, SN_CHANNEL_IM, PAT, "Pat", NULL);
		sn_message_add_party(m, SN_ROLE_FROM, PAT, NULL);
		sn_message_add_party(m, SN_ROLE_TO, "alice@example.test", NULL);
		assert_true(sn_message_add(desk->store, m, NULL, NULL, NULL, NULL));
	}
	assert_true(sn_store_commit(desk->store, NULL));
}

static void a_long_conversation_is_paged_through_from_end_to_end(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(GString) script = g_string_new(PAT_OPEN "keys G\nexpect line 399.\n");

	say(desk, 0, LONG);
	/* beyond what is kept of it at once, and back */
	for (int i = 0; i < 110; i++)
		g_string_append(script, "keys <PgUp>\n");
	g_string_append(script, "expect line 0.\nabsent line 399.\n");
	for (int i = 0; i < 110; i++)
		g_string_append(script, "keys <PgDn>\n");
	g_string_append(script, "expect line 399.\nabsent line 0.\nkeys gg\n");
	ui_desk_play(desk, script->str);
}

static void a_day_is_gone_to(void **state)
{
	UiDesk *desk = *state;

	say(desk, 0, LONG);
	/* 300 days before the last of them; the day has one, which is selected */
	ui_desk_play(desk, PAT_OPEN "keys gd\nexpect Go to which day\ntext 2026-01-25\nkeys <Enter>\n"
	                            "expect line 99.\nabsent line 399.\nkeys <Enter>\nexpect line 99.\n"
	                            "absent line 98.\n");
	/* a day on which nothing was said leads to what was said next */
	ui_desk_play(desk, PAT_OPEN "text :date 2001-01-01\nkeys <Enter>\nexpect line 0.\n");
}

static void a_day_that_is_none_is_said(void **state)
{
	UiDesk *desk = *state;

	say(desk, LONG - 3, LONG);
	ui_desk_play(desk, PAT_OPEN "text :date someday\nkeys <Enter>\nexpect 'someday' is no date\n"
	                            "text :date 2026-13-41\nkeys <Enter>\nexpect is no date\n"
	                            "text :date today\nkeys <Enter>\nexpect Nothing has been said here since\n"
	                            "expect line 399.\n");
}

/* The marked one has left what is kept of the conversation by then. */
static void what_was_marked_far_above_is_still_chosen(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(GString) script = g_string_new(PAT_OPEN "keys Gv\nexpect marked\n");

	say(desk, 0, LONG);
	for (int i = 0; i < 60; i++)
		g_string_append(script, "keys <PgUp>\n");
	g_string_append(script, "absent line 399.\nkeys vf\nexpect Forward to\ntext dora@example.test\nkeys <Enter>\nexpect line 399.\n");
	ui_desk_play(desk, script->str);
}

static void many_arrive(gpointer data)
{
	say(data, LONG, LONG + 300);
}

/* Who stands on the newest message sees the newest, however many come at once. */
static void a_flood_leaves_the_newest_in_sight(void **state)
{
	UiDesk *desk = *state;

	say(desk, LONG - 3, LONG);
	desk->setup.open = PAT;
	desk->setup.host.ready = many_arrive;
	desk->setup.host.data = desk;
	ui_desk_play(desk, "size 76 24\nexpect line 699.\nabsent line 399.\nkeys kk\nexpect line 699.\n");
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
		TEST(a_long_conversation_is_paged_through_from_end_to_end),
		TEST(a_day_is_gone_to),
		TEST(a_day_that_is_none_is_said),
		TEST(what_was_marked_far_above_is_still_chosen),
		TEST(a_flood_leaves_the_newest_in_sight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
