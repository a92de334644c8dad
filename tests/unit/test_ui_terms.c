/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a message goes, and what can be done with it until it has gone, by the client's keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/ui_desk.h"

#define BOB "bob@example.test"
#define DORA "dora@example.test"
#define CAROL "carol@example.test"
#define OPEN_DORA "keys :open<Space>" DORA "<Enter>i\ntext Are you back?\n"

static int set_up(void **state)
{
	*state = ui_desk_new(UI_DESK_STORY, NULL);
	return 0;
}

static int set_up_outbox(void **state)
{
	*state = ui_desk_new(UI_DESK_OUTBOX, NULL);
	return 0;
}

static int tear_down(void **state)
{
	ui_desk_free(*state);
	return 0;
}

static SnTime at(const char *iso)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, NULL);

	assert_non_null(time);
	return g_date_time_to_unix(time) * 1000;
}

static SnOutboxEntry *entry_with(UiDesk *desk, const char *body)
{
	g_autoptr(GPtrArray) all = sn_outbox_list(desk->store, SN_OUTBOX_ALL, 0, 100, SN_OUTBOX_FULL);

	for (guint i = 0; i < all->len; i++)
		if (g_str_has_prefix(((SnOutboxEntry *)all->pdata[i])->body, body))
			return g_ptr_array_steal_index(all, i);
	fail_msg("no entry says '%s'", body);
	return NULL;
}

/* The other side of a race: the engine takes the entry into the next state. */
static void engine_takes(UiDesk *desk, SnId id, SnState from, SnState to)
{
	SnOutboxChange change = { .state = to, .what = "sending", .attempts = -1, .step = -1 };

	assert_true(sn_outbox_change(desk->store, id, from, &change, NULL));
}

/* ---- when it goes ---- */

static void a_time_and_a_condition_are_set_and_said(void **state)
{
	UiDesk *desk = *state;
	SnId last = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL;

	ui_desk_play(desk, OPEN_DORA
	             "keys <A-:>send-at<Space>tomorrow<Space>9:00<Enter>\nexpect Will go tomorrow 09:00\n"
	             "keys <A-:>send-when<Space>online,not-dnd<Space>then<Space>fail<Space>within<Space>90m<Enter>\n"
	             "expect if Dora Splice is online and not busy; else\n"
	             /* no question: what happens when she is not there is said already */
	             "keys <Enter>\nabsent not available:\nexpect queued, goes tomorrow 09:00\n");
	entry = ui_desk_entry(desk, last);
	assert_non_null(entry);
	assert_int_equal(entry->state, SN_STATE_QUEUED);
	assert_int_equal(entry->send_at, at("2026-11-23T09:00:00Z"));
	assert_int_equal(entry->when, SN_WHEN_ONLINE | SN_WHEN_NOT_DND);
	assert_int_equal(entry->then, SN_RULE_FAIL);
	assert_int_equal(entry->expires, at("2026-11-23T10:30:00Z"));
	/* the next message has no terms */
	ui_desk_play(desk, "keys :open<Space>" DORA "<Enter>i\ntext x\nabsent Will go\n");
}

static void terms_are_kept_with_the_draft(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN_DORA "keys <A-:>send-at<Space>2h<Enter>\nkeys <Esc>\n");
	ui_desk_play(desk, "keys :open<Space>" DORA "<Enter>i\nexpect Will go today 12:30\n"
	                   "keys <A-:>send-at<Space>now<Enter>\nexpect Goes at once\n");
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, ui_desk_conversation(desk, DORA));
	assert_int_equal(draft->terms.send_at, 0);
}

static void the_prompt_sets_them_too(void **state)
{
	UiDesk *desk = *state;
	SnId last = ui_desk_last_entry(desk);

	ui_desk_play(desk, OPEN_DORA "keys <A-w>\nexpect When is this message to go?\nkeys e\n"
	                   "expect online; else email after 2 h\nkeys <Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, last);
	assert_int_equal(entry->when, SN_WHEN_ONLINE);
	assert_int_equal(entry->then, SN_RULE_MAIL);
	assert_int_equal(entry->expires, STORY_NOW + 2 * SN_HOUR);
	ui_desk_play(desk, OPEN_DORA "keys <A-w>t\nexpect Send at\ntext mon 9:00\nkeys <Enter>\n"
	                   "expect Will go tomorrow 09:00\n");
}

static void wrong_terms_change_nothing(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN_DORA
	             "keys <A-:>send-at<Space>soon<Enter>\nexpect is no time\n"
	             "keys <A-:>send-at<Space>today<Space>9:00<Enter>\nexpect is over already\n"
	             "keys <A-:>send-when<Space>onlin<Enter>\nexpect nothing that can be waited for\n"
	             "keys <A-:>send-when<Space>online<Space>then<Space>later<Enter>\nexpect mail or fail\n"
	             "keys <A-:>send-when<Space>online<Space>then<Enter>\nexpect mail or fail\n"
	             "keys <A-:>send-when<Space>online<Space>within<Enter>\nexpect no length of time\n"
	             "keys <A-:>encrypt<Space>maybe<Enter>\nexpect if-possible or required\n"
	             "absent Will go\n");
}

static void words_are_completed(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, OPEN_DORA "keys <A-:>send-when<Space>av<Tab>\nexpect send-when available\n"
	                   "keys <Esc>\nkeys <A-:>send-at<Space>tom<Tab>\nexpect send-at tomorrow\n");
}

static void a_time_that_is_over_is_not_sent_silently(void **state)
{
	UiDesk *desk = *state;
	SnId last = ui_desk_last_entry(desk);

	ui_desk_play(desk, OPEN_DORA "keys <A-:>send-at<Space>11:00<Enter>\nexpect today 11:00\n"
	                   "clock 2026-11-22T11:05:00Z\nkeys <Enter>\nexpect is over\n");
	assert_null(ui_desk_entry(desk, last));
	/* the text is still there */
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, ui_desk_conversation(desk, DORA));
	assert_string_equal(draft->body, "Are you back?");
}

static void what_must_be_encrypted_says_that_it_waits(void **state)
{
	UiDesk *desk = *state;
	SnId last = ui_desk_last_entry(desk);

	ui_desk_play(desk, "keys <Enter>i\ntext The key is under the mat\n"
	                   "keys <A-:>encrypt<Space>required<Enter>\nexpect no encryption\n"
	                   "expect Will go once it can be encrypted\nkeys <Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, last);
	assert_int_equal(entry->encrypt, SN_ENCRYPT_REQUIRED);
}

/* ---- taking it back ---- */

static void undo_brings_everything_back(void **state)
{
	UiDesk *desk = *state;
	SnId last = ui_desk_last_entry(desk);
	g_autofree char *file = g_build_filename(desk->dir, "plan.txt", NULL), *script = NULL;

	assert_true(g_file_set_contents(file, "the plan", -1, NULL));
	script = g_strdup_printf("keys :open<Space>" CAROL "<Enter>Gr\ntext Tomorrow at four\n"
	                         "keys <A-:>subject<Space>The<Space>book<Enter>\n"
	                         "keys <A-:>cc<Space>erik@example.test<Enter>\n"
	                         "keys <A-:>bcc<Space>hidden@example.test<Enter>\n"
	                         "keys <A-:>attach<Space>%s<Enter>\n"
	                         "keys <A-:>send<Enter>\n"
	                         "keys <Esc>u\nexpect Taken back\n", file);
	ui_desk_play(desk, script);
	g_autoptr(SnOutboxEntry) first = ui_desk_entry(desk, last);
	assert_non_null(first);
	assert_int_equal(first->recipients->len, 3);
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, ui_desk_conversation(desk, CAROL));
	assert_string_equal(draft->body, "Tomorrow at four");
	assert_string_equal(draft->subject, "The book");
	assert_string_equal(draft->cc, "erik@example.test");
	assert_string_equal(draft->bcc, "hidden@example.test");
	assert_int_equal(draft->reply_to, first->reply_to);
	assert_int_equal(draft->attachments->len, 1);
	/* sent again, though the file is gone by now: the same message with a new number */
	assert_int_equal(remove(file), 0);
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>i\nexpect file plan.txt\n"
	                   "expect hidden@example.test\nkeys <A-:>send<Enter>\n");
	g_autoptr(SnOutboxEntry) second = ui_desk_entry(desk, first->id);
	assert_non_null(second);
	assert_int_equal(second->recipients->len, 3);
	for (guint i = 0; i < 3; i++) {
		const SnParty *a = first->recipients->pdata[i], *b = second->recipients->pdata[i];
		assert_string_equal(a->address, b->address);
		assert_int_equal(a->role, b->role);
	}
	assert_string_equal(second->subject, "The book");
	assert_int_equal(second->reply_to, first->reply_to);
	const SnAttachment *kept = second->attachments->pdata[0];
	assert_string_equal(kept->name, "plan.txt");
	assert_int_equal(kept->size, 8);
	/* the one that was taken back is cancelled, and no longer in the timeline */
	g_autoptr(SnOutboxEntry) gone = sn_outbox_get(desk->store, first->id, 0);
	assert_int_equal(gone->request, SN_REQUEST_CANCEL);
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>G\ndump\n");
	const char *once = strstr(desk->shown, "Tomorrow at four");
	assert_non_null(once);
}

static void undo_keeps_what_travels_along(void **state)
{
	UiDesk *desk = *state;
	SnId last = ui_desk_last_entry(desk);

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>Gr\ntext Tomorrow at four\n"
	                   "keys <A-:>travel<Space>thread<Enter>\nkeys <A-:>send<Enter>\n"
	                   "keys <Esc>u\nexpect Taken back\n");
	g_autoptr(SnOutboxEntry) first = ui_desk_entry(desk, last);
	assert_int_equal(first->history->len, 1);
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>i<A-:>send<Enter>\n");
	g_autoptr(SnOutboxEntry) second = ui_desk_entry(desk, first->id);
	assert_int_equal(second->history->len, 1);
	assert_int_equal(g_array_index(second->history, SnId, 0),
	                 g_array_index(first->history, SnId, 0));
}

static void undo_says_when_it_is_too_late(void **state)
{
	UiDesk *desk = *state;
	SnId last = ui_desk_last_entry(desk);

	ui_desk_play(desk, "keys <Enter>i\ntext Ahoy\nkeys <Enter>\n");
	g_autoptr(SnOutboxEntry) sent = ui_desk_entry(desk, last);
	engine_takes(desk, sent->id, SN_STATE_QUEUED, SN_STATE_SENDING);
	g_autofree char *script =
		g_strdup_printf("keys <Enter>G:entry<Space>edit<Enter>\nexpect being sent\n"
	                        "keys :entry<Space>cancel<Enter>\nexpect it may be too late\n");
	ui_desk_play(desk, script);
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, ui_desk_conversation(desk, BOB));
	assert_null(draft); /* not in two places */
	engine_takes(desk, sent->id, SN_STATE_SENDING, SN_STATE_ACCEPTED);
	ui_desk_play(desk, "keys <Enter>G:entry<Space>cancel<Enter>\nexpect the message has gone\n");
}

static void a_draft_that_is_there_is_not_overwritten(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnOutboxEntry) before = entry_with(desk, "The sail is ready");

	ui_desk_play(desk, OPEN_DORA "keys <Esc>o/sail<Enter>e\nexpect the draft that is there first\n");
	g_autoptr(SnOutboxEntry) after = sn_outbox_get(desk->store, before->id, 0);
	assert_int_equal(after->request, SN_REQUEST_NONE);
}

static void a_scheduled_message_keeps_its_terms_when_edited(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnOutboxEntry) before = entry_with(desk, "Good morning");

	ui_desk_play(desk, "keys o/Good<Space>morning<Enter>e\nexpect Will go tomorrow 09:00\n"
	                   "expect Ropewalk is online; else email\ntext !\nkeys <Enter>\n");
	g_autoptr(SnOutboxEntry) after = ui_desk_entry(desk, before->id);
	assert_true(g_str_has_suffix(after->body, "?!"));
	assert_int_equal(after->send_at, before->send_at);
	assert_int_equal(after->when, before->when);
	assert_int_equal(after->expires, before->expires);
}

/* ---- the other channel, later, and in the clear ---- */

static void a_message_changes_its_channel_from_the_outbox(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnOutboxEntry) im = entry_with(desk, "Good morning");
	SnId last = ui_desk_last_entry(desk);

	/* bob's email address is known: at once, and at the same time */
	ui_desk_play(desk, "keys o/Good<Space>morning<Enter>c\nexpect Goes by email instead\n");
	g_autoptr(SnOutboxEntry) mail = ui_desk_entry(desk, last);
	assert_int_equal(mail->channel, SN_CHANNEL_MAIL);
	assert_string_equal(mail->body, im->body);
	assert_int_equal(mail->send_at, im->send_at);
	/* dora's email address is not confirmed: it becomes a draft that asks for that */
	ui_desk_play(desk, "keys o/Come<Space>by<Enter>c\nexpect is unconfirmed\nexpect Come by\n");
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, ui_desk_conversation(desk, DORA));
	assert_int_equal(draft->mode, SN_MODE_MAIL);
}

static void an_entry_is_put_off_from_the_outbox(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnOutboxEntry) before = entry_with(desk, "Tomorrow at four");

	ui_desk_play(desk, "keys o/Your<Space>book<Enter>:entry<Space>defer<Space>tomorrow<Space>9:00<Enter>\n"
	                   "expect Goes tomorrow 09:00\n");
	g_autoptr(SnOutboxEntry) after = sn_outbox_get(desk->store, before->id, 0);
	assert_int_equal(after->send_at, at("2026-11-23T09:00:00Z"));
	assert_int_equal(after->request, SN_REQUEST_DEFER);
	ui_desk_play(desk, "keys o/Your<Space>book<Enter>:entry<Space>defer<Space>soon<Enter>\nexpect is no time\n");
	/* an email waits for nobody's presence */
	ui_desk_play(desk, "keys o/Your<Space>book<Enter>d\nexpect it is an email already\n");
}

static void in_the_clear_needs_a_yes(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnOutboxEntry) secret = entry_with(desk, "The key is under");

	ui_desk_play(desk, "keys o/The<Space>key<Enter>s\nexpect Send it unencrypted?\nkeys n\n");
	g_autoptr(SnOutboxEntry) kept = sn_outbox_get(desk->store, secret->id, 0);
	assert_int_equal(kept->encrypt, SN_ENCRYPT_REQUIRED);
	assert_int_equal(kept->request, SN_REQUEST_NONE);
	ui_desk_play(desk, "keys o/The<Space>key<Enter>m\nexpect Send it unencrypted?\nkeys y\n"
	                   "expect Becomes an email\n");
	g_autoptr(SnOutboxEntry) open = sn_outbox_get(desk->store, secret->id, 0);
	assert_int_equal(open->encrypt, SN_ENCRYPT_NONE);
	assert_int_equal(open->request, SN_REQUEST_CONVERT);
}

static void the_prompt_offers_what_is_possible(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys o/Pictures<Enter>:entry<Enter>\nexpect if it is not too late\n"
	                   "absent edit it\nabsent send now\nkeys <Esc>\n");
	ui_desk_play(desk, "keys o/Plans<Enter>:entry<Enter>\nexpect it may arrive twice\nabsent ask them\nabsent edit it\n"
	                   "expect look again\nexpect it has arrived\nkeys v\nexpect Noted\n");
	g_autoptr(SnOutboxEntry) known = entry_with(desk, "I am there at nine");
	assert_int_equal(known->request, SN_REQUEST_ARRIVED);
	ui_desk_play(desk, "keys o/Plans<Enter>e\nexpect may have gone already\n");
	ui_desk_play(desk, "keys ot/Is<Space>the<Space>tide<Enter>:entry<Enter>\nexpect Nothing can be done\n");
}

static void a_failed_one_is_tried_again_and_dismissed(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnOutboxEntry) failed = entry_with(desk, "I have the same fid");

	ui_desk_play(desk, "keys o/dyneema<Enter>s\n");
	g_autoptr(SnOutboxEntry) again = sn_outbox_get(desk->store, failed->id, 0);
	assert_int_equal(again->request, SN_REQUEST_RETRY);
	ui_desk_play(desk, "keys o\nexpect no such user\nkeys /dyneema<Enter>D\nabsent no such user\n"
	                   "keys t\nkeys G\nexpect Is the tide\n");
}

static void an_empty_outbox_says_so(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnOutboxEntry) only = entry_with(desk, "The sail is ready");

	engine_takes(desk, only->id, SN_STATE_WAITING, SN_STATE_DELIVERED);
	ui_desk_play(desk, "keys o\nexpect Everything has gone\nkeys t\nexpect The sail is ready\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define O(name) cmocka_unit_test_setup_teardown(name, set_up_outbox, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_time_and_a_condition_are_set_and_said),
		T(terms_are_kept_with_the_draft),
		T(the_prompt_sets_them_too),
		T(wrong_terms_change_nothing),
		T(words_are_completed),
		T(a_time_that_is_over_is_not_sent_silently),
		T(what_must_be_encrypted_says_that_it_waits),
		T(undo_brings_everything_back),
		T(undo_keeps_what_travels_along),
		T(undo_says_when_it_is_too_late),
		T(a_draft_that_is_there_is_not_overwritten),
		O(a_scheduled_message_keeps_its_terms_when_edited),
		O(a_message_changes_its_channel_from_the_outbox),
		O(an_entry_is_put_off_from_the_outbox),
		O(in_the_clear_needs_a_yes),
		O(the_prompt_offers_what_is_possible),
		O(a_failed_one_is_tried_again_and_dismissed),
		T(an_empty_outbox_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
