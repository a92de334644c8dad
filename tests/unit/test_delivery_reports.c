/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What mail systems and readers say of emails, on the entry and on each recipient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/delivery_world.h"

#define CAROL "carol@example.net"

typedef struct {
	Delivery *d;
	SnId id;
	char *sent; /* its Message-ID */
} Case;

/* An email to bob and carol that the server has taken. */
static int set_up(void **state)
{
	Case *c = g_new0(Case, 1);
	SnParty bob = { .role = SN_ROLE_TO, .address = (char *)BOB_MAIL },
		carol = { .role = SN_ROLE_CC, .address = (char *)CAROL };
	g_autoptr(GPtrArray) both = g_ptr_array_new();
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL, .body = "x", .recipients = both,
		            .state = SN_STATE_QUEUED };

	c->d = delivery_new(NULL);
	c->d->dsn = TRUE;
	g_ptr_array_add(both, &bob);
	g_ptr_array_add(both, &carol);
	c->id = queue_new(c->d, &new, NULL);
	settle(c->d);
	g_autoptr(SnOutboxEntry) entry = entry_of(c->d, c->id);
	assert_int_equal(entry->state, SN_STATE_ACCEPTED);
	c->sent = g_strdup(entry->message_id);
	*state = c;
	return 0;
}

static int tear_down(void **state)
{
	Case *c = *state;

	delivery_free(c->d);
	g_free(c->sent);
	g_free(c);
	return 0;
}

static void told(Case *c, SnReportKind kind, const char *who, const char *status)
{
	SnClaim claim = { .kind = kind, .message_id = c->sent, .recipient = who,
		          .status = status, .from_daemon = TRUE };
	SnId about;

	assert_int_not_equal(sn_delivery_claim(c->d->engine.delivery, &claim, &about),
	                     SN_CLAIM_LATER);
}

static void assert_is(Case *c, SnState state, SnFate bob, SnFate carol)
{
	g_autoptr(GPtrArray) all = sn_outcome_list(c->d->world->store, c->id);

	assert_int_equal(state_of(c->d, c->id), state);
	assert_int_equal(all->len, 2);
	assert_int_equal(((SnOutcome *)all->pdata[0])->fate, bob);
	assert_int_equal(((SnOutcome *)all->pdata[1])->fate, carol);
}

static void one_who_did_not_get_it_is_named(void **state)
{
	Case *c = *state;

	told(c, SN_REPORT_DELIVERED, CAROL, NULL);
	assert_is(c, SN_STATE_ACCEPTED, SN_FATE_NONE, SN_FATE_DELIVERED);
	told(c, SN_REPORT_FAILED, BOB_MAIL, "5.2.2");
	assert_is(c, SN_STATE_FAILED, SN_FATE_FAILED, SN_FATE_DELIVERED);
	g_autofree char *reason = reason_of(c->d, c->id);
	assert_string_equal(reason, BOB_MAIL ": the mailbox is full (5.2.2)");
	assert_int_equal(c->d->failed, 1);
	assert_string_equal(c->d->last_body, reason);
}

static void only_those_who_failed_get_it_again(void **state)
{
	Case *c = *state;

	told(c, SN_REPORT_FAILED, BOB_MAIL, "5.2.2");
	ask_for(c->d, c->id, SN_REQUEST_RETRY);
	settle(c->d);
	assert_int_equal(c->d->envelopes->len, 2);
	assert_string_equal(c->d->envelopes->pdata[1], BOB_MAIL);
	assert_is(c, SN_STATE_ACCEPTED, SN_FATE_AGAIN, SN_FATE_NONE);
	/* carol's turn to fail; then both have failed once, and bob's second try is not forgotten */
	told(c, SN_REPORT_FAILED, CAROL, "5.1.1");
	ask_for(c->d, c->id, SN_REQUEST_RETRY);
	settle(c->d);
	assert_string_equal(c->d->envelopes->pdata[2], CAROL);
	told(c, SN_REPORT_DELIVERED, BOB_MAIL, NULL);
	told(c, SN_REPORT_DELIVERED, CAROL, NULL);
	assert_is(c, SN_STATE_DELIVERED, SN_FATE_DELIVERED, SN_FATE_DELIVERED);
}

static void a_retry_that_is_cut_off_keeps_to_those_who_failed(void **state)
{
	Case *c = *state;

	told(c, SN_REPORT_FAILED, BOB_MAIL, "5.2.2");
	c->d->next_mail = FATE_LOST_BEFORE;
	ask_for(c->d, c->id, SN_REQUEST_RETRY);
	settle(c->d);
	crash(c->d, TRUE);
	settle(c->d);
	later(c->d, SN_HOUR);
	for (guint i = 1; i < c->d->envelopes->len; i++)
		assert_string_equal(c->d->envelopes->pdata[i], BOB_MAIL);
}

static void the_same_bounce_twice_is_told_once(void **state)
{
	Case *c = *state;

	for (int i = 0; i < 3; i++)
		told(c, SN_REPORT_FAILED, BOB_MAIL, "5.1.1");
	assert_int_equal(c->d->failed, 1);
	crash(c->d, TRUE);
	told(c, SN_REPORT_FAILED, BOB_MAIL, "5.1.1");
	settle(c->d);
	assert_int_equal(c->d->failed, 1);
	/* another one who does not get it is news */
	told(c, SN_REPORT_FAILED, CAROL, "5.1.1");
	assert_int_equal(c->d->failed, 2);
}

static void a_bounce_days_after_it_was_read_is_told(void **state)
{
	Case *c = *state;

	told(c, SN_REPORT_DISPLAYED, BOB_MAIL, NULL);
	assert_is(c, SN_STATE_ACCEPTED, SN_FATE_READ, SN_FATE_NONE);
	told(c, SN_REPORT_DISPLAYED, CAROL, NULL);
	assert_is(c, SN_STATE_READ, SN_FATE_READ, SN_FATE_READ);
	later(c->d, 5 * SN_DAY);
	crash(c->d, TRUE);
	told(c, SN_REPORT_FAILED, CAROL, "5.4.7");
	assert_is(c, SN_STATE_FAILED, SN_FATE_READ, SN_FATE_FAILED);
	assert_int_equal(c->d->failed, 1);
}

static void success_after_failure_is_told_once(void **state)
{
	Case *c = *state;

	told(c, SN_REPORT_DELIVERED, BOB_MAIL, NULL);
	told(c, SN_REPORT_FAILED, CAROL, "4.4.7");
	later(c->d, 2 * SN_DAY);
	for (int i = 0; i < 2; i++) {
		told(c, SN_REPORT_DELIVERED, CAROL, NULL);
		assert_is(c, SN_STATE_DELIVERED, SN_FATE_DELIVERED, SN_FATE_DELIVERED);
		assert_int_equal(c->d->delivered, 1);
		crash(c->d, TRUE);
	}
	assert_non_null(strstr(c->d->last_title, "after all"));
}

static void the_last_failure_undone_leaves_it_sent(void **state)
{
	Case *c = *state;

	told(c, SN_REPORT_FAILED, CAROL, "4.4.7");
	told(c, SN_REPORT_DELIVERED, CAROL, NULL);
	/* of bob nothing is known */
	assert_is(c, SN_STATE_ACCEPTED, SN_FATE_NONE, SN_FATE_DELIVERED);
	assert_int_equal(c->d->delivered, 1);
}

static void a_warning_is_no_failure(void **state)
{
	Case *c = *state;

	told(c, SN_REPORT_DELAYED, BOB_MAIL, "4.4.1");
	assert_is(c, SN_STATE_ACCEPTED, SN_FATE_DELAYED, SN_FATE_NONE);
	assert_int_equal(c->d->failed, 0);
	assert_true(has_note(c->d, c->id, "delayed"));
	told(c, SN_REPORT_DELIVERED, BOB_MAIL, NULL);
	told(c, SN_REPORT_DELAYED, BOB_MAIL, "4.4.1"); /* overtaken on its way */
	assert_is(c, SN_STATE_ACCEPTED, SN_FATE_DELIVERED, SN_FATE_NONE);
}

static void what_reading_programs_say_is_kept_apart(void **state)
{
	Case *c = *state;
	g_autoptr(GPtrArray) all = NULL;

	told(c, SN_REPORT_DELETED, BOB_MAIL, NULL);
	told(c, SN_REPORT_DENIED, CAROL, NULL);
	assert_is(c, SN_STATE_DELIVERED, SN_FATE_DELIVERED, SN_FATE_DELIVERED);
	all = sn_outcome_list(c->d->world->store, c->id);
	assert_string_equal(((SnOutcome *)all->pdata[0])->text, "deleted without being read");
	assert_non_null(strstr(((SnOutcome *)all->pdata[1])->text, "do not want to say"));
}

/* ---- proof ---- */

static SnClaimResult hear(Case *c, const SnClaim *claim)
{
	SnId about;
	SnClaimResult result = sn_delivery_claim(c->d->engine.delivery, claim, &about);

	assert_int_equal(about != 0, result != SN_CLAIM_IDLE);
	return result;
}

static void what_is_not_proven_changes_nothing(void **state)
{
	Case *c = *state;
	const SnClaim forged[] = {
		/* a person's mail that quotes our id */
		{ SN_REPORT_FAILED, .message_id = c->sent, .recipient = BOB_MAIL,
		  .from = "mallory@example.org" },
		/* backscatter: not an id of ours */
		{ SN_REPORT_FAILED, .message_id = "else@example.org", .recipient = BOB_MAIL,
		  .from_daemon = TRUE },
		{ SN_REPORT_FAILED, .recipient = BOB_MAIL, .from_daemon = TRUE },
		/* somebody it was never sent to */
		{ SN_REPORT_DELIVERED, .message_id = c->sent, .recipient = "mallory@example.org",
		  .from_daemon = TRUE },
		{ SN_REPORT_DISPLAYED, .message_id = c->sent, .recipient = "mallory@example.org",
		  .from = "mallory@example.org" },
		{ SN_REPORT_DISPLAYED, .message_id = c->sent, .from = "mallory@example.org",
		  .from_daemon = TRUE },
		{ SN_REPORT_NONE, .message_id = c->sent, .from_daemon = TRUE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(forged); i++)
		assert_int_equal(hear(c, &forged[i]), SN_CLAIM_IDLE);
	assert_is(c, SN_STATE_ACCEPTED, SN_FATE_NONE, SN_FATE_NONE);
	assert_int_equal(c->d->failed, 0);
}

static void a_recipient_is_known_by_any_of_its_names(void **state)
{
	Case *c = *state;
	const SnClaim coded = { SN_REPORT_DELIVERED, .message_id = c->sent,
		                .recipient = "bob+40work.example", .from_daemon = TRUE };
	const SnClaim cased = { SN_REPORT_DELIVERED, .envelope_id = c->sent,
		                .recipient = "unknown@example.org",
		                .final_recipient = "CAROL@EXAMPLE.NET", .from_daemon = TRUE };

	assert_int_equal(hear(c, &coded), SN_CLAIM_HEARD);
	assert_is(c, SN_STATE_ACCEPTED, SN_FATE_DELIVERED, SN_FATE_NONE);
	assert_int_equal(hear(c, &cased), SN_CLAIM_HEARD);
	assert_is(c, SN_STATE_DELIVERED, SN_FATE_DELIVERED, SN_FATE_DELIVERED);
}

static void a_failure_behind_an_address_is_told_without_a_name(void **state)
{
	Case *c = *state;
	const SnClaim behind = { SN_REPORT_FAILED, .message_id = c->sent,
		                 .recipient = "b.dodgson@elsewhere.example", .status = "5.1.1",
		                 .from_daemon = TRUE };

	assert_int_equal(hear(c, &behind), SN_CLAIM_HEARD);
	assert_int_equal(hear(c, &behind), SN_CLAIM_HEARD);
	assert_is(c, SN_STATE_FAILED, SN_FATE_NONE, SN_FATE_NONE);
	g_autofree char *reason = reason_of(c->d, c->id);
	assert_non_null(strstr(reason, "b.dodgson@elsewhere.example"));
	assert_int_equal(c->d->failed, 1);
}

static void with_one_recipient_it_can_only_be_that_one(void **state)
{
	Case *c = *state;
	SnId id = queue_mail(c->d, "to bob alone");

	settle(c->d);
	g_autoptr(SnOutboxEntry) entry = entry_of(c->d, id);
	const SnClaim forwarded = { SN_REPORT_FAILED, .message_id = entry->message_id,
		                    .recipient = "b.dodgson@elsewhere.example",
		                    .status = "5.1.1", .from_daemon = TRUE };
	assert_int_equal(hear(c, &forwarded), SN_CLAIM_HEARD);
	g_autofree char *reason = reason_of(c->d, id);
	assert_string_equal(reason, BOB_MAIL ": there is no such mailbox (5.1.1)");
	/* but that somebody else got it says nothing of bob */
	const SnClaim stranger = { SN_REPORT_DELIVERED, .message_id = entry->message_id,
		                   .recipient = CAROL, .from_daemon = TRUE };
	assert_int_equal(hear(c, &stranger), SN_CLAIM_IDLE);
	assert_int_equal(state_of(c->d, id), SN_STATE_FAILED);
}

/* ---- when things come at a bad time ---- */

static void a_report_tells_of_an_email_that_nobody_was_sure_of(void **state)
{
	Case *c = *state;
	SnId id = queue_mail(c->d, "did it go?");
	g_autoptr(SnOutboxEntry) entry = entry_of(c->d, id);

	c->d->next_mail = FATE_LOST_AFTER;
	settle(c->d);
	assert_int_equal(state_of(c->d, id), SN_STATE_CHOOSING);
	const SnClaim relayed = { SN_REPORT_RELAYED, .message_id = entry->message_id,
		                  .recipient = BOB_MAIL, .from_daemon = TRUE };
	assert_int_equal(hear(c, &relayed), SN_CLAIM_HEARD);
	assert_int_equal(state_of(c->d, id), SN_STATE_ACCEPTED);
}

static void what_nobody_was_told_before_a_crash_is_told_after_it(void **state)
{
	Case *c = *state;
	SnOutboxChange change = { .state = SN_STATE_FAILED, .what = "bounce", .attempts = -1,
		                  .step = -1, .reason = "it came back", .tell = TRUE };

	/* The engine is killed between writing and telling. */
	assert_true(sn_outbox_change(c->d->world->store, c->id, SN_STATE_ACCEPTED, &change, NULL));
	crash(c->d, TRUE);
	settle(c->d);
	assert_int_equal(c->d->failed, 1);
	assert_string_equal(c->d->last_body, "it came back");
	assert_true(has_note(c->d, c->id, "told"));
	crash(c->d, TRUE);
	settle(c->d);
	assert_int_equal(c->d->failed, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_who_did_not_get_it_is_named),
		TEST(only_those_who_failed_get_it_again),
		TEST(a_retry_that_is_cut_off_keeps_to_those_who_failed),
		TEST(the_same_bounce_twice_is_told_once),
		TEST(a_bounce_days_after_it_was_read_is_told),
		TEST(success_after_failure_is_told_once),
		TEST(the_last_failure_undone_leaves_it_sent),
		TEST(a_warning_is_no_failure),
		TEST(what_reading_programs_say_is_kept_apart),
		TEST(what_is_not_proven_changes_nothing),
		TEST(a_recipient_is_known_by_any_of_its_names),
		TEST(a_failure_behind_an_address_is_told_without_a_name),
		TEST(with_one_recipient_it_can_only_be_that_one),
		TEST(a_report_tells_of_an_email_that_nobody_was_sure_of),
		TEST(what_nobody_was_told_before_a_crash_is_told_after_it),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
