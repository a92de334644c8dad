/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sender's terms in words, and a message that changes its channel before it goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "src/route/plan.h"
#include "src/route/schedule.h"
#include "src/store/outcome.h"
#include "tests/unit/route_world.h"

#define ONLINE SN_WHEN_ONLINE

static SnTime at(const char *iso)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, NULL);

	assert_non_null(time);
	return g_date_time_to_unix(time) * 1000;
}

/* Sunday 22 November 2026, 11:30 in Berlin. */
#define NOW "2026-11-22T10:30:00Z"
#define MORNING "2026-11-23T08:00:00Z"

static void terms_are_said_in_one_line(void **state)
{
	const struct {
		SnTerms terms;
		SnChannel channel;
		const char *hours, *text;
	} cases[] = {
		{ { 0 }, SN_CHANNEL_IM, "none", NULL },
		{ { 0, 0, 0, 0, SN_ENCRYPT_IF_POSSIBLE }, SN_CHANNEL_IM, "none", NULL },
		{ { at(MORNING) }, SN_CHANNEL_IM, "none", "will go tomorrow 09:00" },
		{ { at("2026-11-24T08:00:00Z"), ONLINE, SN_RULE_MAIL, 2 * SN_HOUR }, SN_CHANNEL_IM, "none",
		  "will go Tue 24 Nov 09:00, if Bob is online; else email after 2 h" },
		{ { 0, SN_WHEN_AVAILABLE | SN_WHEN_NOT_DND, SN_RULE_FAIL, SN_DAY }, SN_CHANNEL_IM, "none",
		  "will go when Bob is available and not busy; else it fails after 1 day" },
		{ { 0, ONLINE | SN_WHEN_NETWORK, SN_RULE_MAIL, 90 * SN_MINUTE }, SN_CHANNEL_MAIL, "none",
		  "will go when Bob is online and the account is connected; else the email goes all the "
		  "same after 1 h 30 min" },
		{ { 0, SN_WHEN_NETWORK }, SN_CHANNEL_MAIL, "none", "will go when the account is connected" },
		{ { 0, 0, SN_RULE_MAIL, 2 * SN_HOUR }, SN_CHANNEL_IM, "none",
		  "will go when Bob is available; else email after 2 h" },
		{ { 0, ONLINE, SN_RULE_FAIL }, SN_CHANNEL_IM, "none", "will go when Bob is online; else it fails" },
		{ { 0, 0, 0, 0, SN_ENCRYPT_REQUIRED }, SN_CHANNEL_IM, "none",
		  "will go once it can be encrypted" },
		{ { at(MORNING), 0, 0, 0, SN_ENCRYPT_REQUIRED }, SN_CHANNEL_IM, "none",
		  "will go tomorrow 09:00, once it can be encrypted" },
		/* hours of work move a time and a condition, but not what goes at once */
		{ { at("2026-11-23T18:00:00Z") }, SN_CHANNEL_IM, "Mon-Fri 08:00-18:00",
		  "will go Tue 24 Nov 08:00 (your working hours)" },
		{ { at(MORNING) }, SN_CHANNEL_IM, "Mon-Fri 08:00-18:00", "will go tomorrow 09:00" },
		{ { 0, ONLINE }, SN_CHANNEL_IM, "Mon-Fri 08:00-18:00",
		  "will go tomorrow 08:00 (your working hours), if Bob is online" },
		{ { 0 }, SN_CHANNEL_IM, "Mon-Fri 08:00-18:00", NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SnHours) hours = sn_hours_parse(cases[i].hours, NULL);
		assert_non_null(hours);
		g_autofree char *text =
			sn_terms_text(&cases[i].terms, hours, cases[i].channel, "Bob", at(NOW));
		if (g_strcmp0(text, cases[i].text) != 0)
			fail_msg("\"%s\" instead of \"%s\"", text ? text : "(none)",
			         cases[i].text ? cases[i].text : "(none)");
	}
}

static void terms_become_an_entry_and_terms_again(void **state)
{
	SnTerms terms = { at(MORNING), ONLINE, SN_RULE_MAIL, 2 * SN_HOUR, SN_ENCRYPT_REQUIRED };
	g_autoptr(SnHours) hours = sn_hours_parse("none", NULL);
	SnOutboxNew new = { .state = SN_STATE_QUEUED };

	sn_terms_apply(&terms, hours, at(NOW), &new);
	assert_int_equal(new.send_at, at(MORNING));
	assert_int_equal(new.expires, at(MORNING) + 2 * SN_HOUR);
	assert_int_equal(new.if_unavailable, SN_RULE_DEFER);
	SnOutboxEntry entry = { .created = at(NOW), .send_at = new.send_at, .when = new.when,
		                .then = new.then, .expires = new.expires, .encrypt = new.encrypt };
	SnTerms back = sn_terms_of(&entry, at(NOW));
	assert_int_equal(back.send_at, terms.send_at);
	assert_int_equal(back.then, terms.then);
	assert_int_equal(back.within, terms.within);
	assert_int_equal(back.encrypt, terms.encrypt);
	/* the time is over: what is left is the condition */
	back = sn_terms_of(&entry, at(MORNING));
	assert_int_equal(back.send_at, 0);
	assert_int_equal(back.when, ONLINE);
	/* an undo window stays, what the user said for this message stays */
	SnOutboxNew plain = { .send_at = at(NOW) + 5000, .if_unavailable = SN_RULE_SEND };
	SnTerms none = { 0 };
	sn_terms_apply(&none, hours, at(NOW), &plain);
	assert_int_equal(plain.send_at, at(NOW) + 5000);
	assert_int_equal(plain.expires, 0);
	assert_int_equal(plain.if_unavailable, SN_RULE_SEND);
	assert_false(sn_terms_wait(&none));
	assert_true(sn_terms_wait(&terms));
}

static void every_state_says_what_comes_next(void **state)
{
	SnTime now = at(NOW);
	const struct {
		SnOutboxEntry entry;
		SnId behind;
		const char *text;
	} cases[] = {
		{ { .state = SN_STATE_QUEUED, .created = now, .send_at = now + 4200 }, 0,
		  "Goes in 5 s; until then it can be taken back." },
		{ { .state = SN_STATE_QUEUED, .created = now, .send_at = at(MORNING), .when = ONLINE,
		    .then = SN_RULE_MAIL, .expires = at(MORNING) + SN_HOUR, .channel = SN_CHANNEL_IM }, 0,
		  "Goes tomorrow 09:00, if Bob is online; else it becomes an email tomorrow 10:00." },
		{ { .state = SN_STATE_QUEUED, .created = now }, 7,
		  "Goes when the message before it has gone (entry 7)." },
		{ { .state = SN_STATE_QUEUED, .created = now }, SN_BEHIND_ANY,
		  "Goes right after it." },
		{ { .state = SN_STATE_QUEUED, .created = now }, 0,
		  "Goes as soon as the engine looks at it." },
		{ { .state = SN_STATE_QUEUED, .created = now, .request = SN_REQUEST_CANCEL }, 0,
		  "Is being taken back." },
		{ { .state = SN_STATE_WAITING, .channel = SN_CHANNEL_IM, .next_try = now + 5 * SN_MINUTE,
		    .expires = at("2026-11-29T10:30:00Z") }, 0,
		  "Goes when Bob is available; looked at again at 11:35; else it becomes an email Sun "
		  "29 Nov 11:30." },
		{ { .state = SN_STATE_WAITING, .when = ONLINE, .then = SN_RULE_FAIL,
		    .channel = SN_CHANNEL_IM, .expires = now + SN_HOUR }, 0,
		  "Goes when Bob is online; else it fails at 12:30." },
		{ { .state = SN_STATE_WAITING, .channel = SN_CHANNEL_MAIL, .error_word = (char *)"network",
		    .next_try = now + SN_MINUTE }, 0,
		  "Is tried again at 11:31, or when the account is connected." },
		{ { .state = SN_STATE_WAITING, .channel = SN_CHANNEL_IM, .encrypt = SN_ENCRYPT_REQUIRED,
		    .expires = now + SN_HOUR }, 0,
		  "Goes once it can be encrypted, or when you allow it unencrypted; else it fails at "
		  "12:30." },
		{ { .state = SN_STATE_WAITING, .channel = SN_CHANNEL_MAIL, .send_at = at(MORNING) }, 0,
		  "Goes tomorrow 09:00." },
		{ { .state = SN_STATE_CHOOSING }, 0, "Waits for your decision." },
		{ { .state = SN_STATE_CHOOSING, .channel = SN_CHANNEL_IM, .expires = now + SN_HOUR }, 0,
		  "Waits for your decision; else it fails at 12:30." },
		{ { .state = SN_STATE_CHOOSING, .channel = SN_CHANNEL_IM, .then = SN_RULE_MAIL,
		    .expires = now + SN_HOUR }, 0,
		  "Waits for your decision; else it becomes an email at 12:30." },
		{ { .state = SN_STATE_CHOOSING, .channel = SN_CHANNEL_MAIL, .expires = now + SN_HOUR,
		    .error_word = (char *)"uncertain" }, 0,
		  "Waits for your decision: look again whether it went, say that it has arrived, send "
		  "it again, or cancel it." },
		{ { .state = SN_STATE_ASKED, .next_try = now + SN_HOUR }, 0,
		  "Waits for an answer until 12:30, then until Bob is available." },
		{ { .state = SN_STATE_CHOOSING, .error_word = (char *)"uncertain" }, 0,
		  "Waits for your decision: look again whether it went, say that it has arrived, send "
		  "it again, or cancel it." },
		{ { .state = SN_STATE_SENDING, .channel = SN_CHANNEL_MAIL }, 0,
		  "Is being sent. It can be cancelled until the server has all of it." },
		{ { .state = SN_STATE_SENDING, .channel = SN_CHANNEL_MAIL, .step = 1 }, 0,
		  "Is being sent: the server has all of it, and has not answered yet. It is too late to "
		  "change it." },
		{ { .state = SN_STATE_SENDING, .channel = SN_CHANNEL_IM, .step = 2 }, 0,
		  "Is being sent: step 2 is done. It is too late to change it." },
		{ { .state = SN_STATE_CONVERTED, .converted_to = 12 }, 0, "It became an email, entry 12." },
		{ { .state = SN_STATE_CANCELLED }, 0, "Nothing more happens." },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text =
			sn_entry_next_text(&cases[i].entry, "Bob", cases[i].behind, now);
		assert_string_equal(text, cases[i].text);
	}
	for (int any = SN_STATE_QUEUED; any <= SN_STATE_CANCELLED; any++) {
		SnOutboxEntry entry = { .state = (SnState)any };
		g_autofree char *text = sn_entry_next_text(&entry, "Bob", 0, now);
		assert_true(g_str_has_suffix(text, "."));
	}
}

/* ---- the other channel ---- */

static SnId queue(World *world, SnChannel channel, const char *body, const char *cc)
{
	SnParty to = { SN_ROLE_TO, (char *)(channel == SN_CHANNEL_IM ? BOB_IM : BOB_MAIL), NULL };
	SnParty copy = { SN_ROLE_CC, (char *)cc, NULL };
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(recipients, &to);
	if (cc)
		g_ptr_array_add(recipients, &copy);
	SnOutboxNew new = { .conversation = world_bob(world), .account = world->home,
		            .channel = channel, .from = "alice@example.test",
		            .recipients = recipients, .body = body, .subject = "Rope",
		            .state = SN_STATE_QUEUED, .send_at = world->now + SN_HOUR,
		            .when = ONLINE };
	SnId id = sn_outbox_queue(world->store, &new, FALSE, &error);
	if (!id)
		fail_msg("%s", error->message);
	return id;
}

static SnOutboxEntry *entry_of(World *world, SnId id)
{
	SnOutboxEntry *entry = sn_outbox_get(world->store, id, SN_OUTBOX_FULL);

	assert_non_null(entry);
	return entry;
}

/* Once the report has come that it was passed on, nobody waits for a report any more. */
static void no_report_is_announced_that_has_come(void **state)
{
	World *world = world_new(NULL);
	SnId mail = queue(world, SN_CHANNEL_MAIL, "x", "carol@work.example");
	SnOutboxChange gone = { .state = SN_STATE_ACCEPTED, .what = "accepted", .step = -1 };
	const char *const to[] = { BOB_MAIL, "carol@work.example" };

	assert_true(sn_outbox_change(world->store, mail, SN_STATE_QUEUED, &gone, NULL));
	for (int i = 0; i < 2; i++) {
		g_autoptr(SnOutboxEntry) entry = entry_of(world, mail);
		g_autofree char *text = sn_entry_next(world->store, entry, 0, world->now);
		assert_non_null(strstr(text, "a report that it arrived may follow"));
		assert_true(sn_outcome_set(world->store, mail, to[i], SN_FATE_RELAYED, NULL, "relayed",
		                           NULL, NULL));
	}
	g_autoptr(SnOutboxEntry) entry = entry_of(world, mail);
	g_autofree char *text = sn_entry_next(world->store, entry, 0, world->now);
	assert_null(strstr(text, "may follow"));
	assert_non_null(strstr(text, "no more reports"));
	world_free(world);
}

static void a_message_changes_its_channel_until_it_goes(void **state)
{
	World *world = world_new(NULL);
	SnId mail = queue(world, SN_CHANNEL_MAIL, "Ten fathoms, please", NULL);
	g_autoptr(GError) error = NULL;

	SnId im = sn_entry_switch(world->store, world->config, mail, &world->clock, &error);
	assert_true(im > mail);
	g_autoptr(SnOutboxEntry) old = entry_of(world, mail), new = entry_of(world, im);
	assert_int_equal(old->request, SN_REQUEST_CANCEL);
	assert_int_equal(new->channel, SN_CHANNEL_IM);
	assert_string_equal(((SnParty *)new->recipients->pdata[0])->address, BOB_IM);
	assert_string_equal(new->body, "Ten fathoms, please");
	assert_int_equal(new->send_at, old->send_at);
	assert_int_equal(new->when, ONLINE);
	/* and back */
	SnId again = sn_entry_switch(world->store, world->config, im, &world->clock, &error);
	g_autoptr(SnOutboxEntry) back = entry_of(world, again);
	assert_int_equal(back->channel, SN_CHANNEL_MAIL);
	assert_string_equal(back->subject, "Ten fathoms, please");
	/* too late: nothing changes */
	SnOutboxChange sending = { .state = SN_STATE_SENDING, .what = "x", .attempts = -1, .step = -1 };
	assert_true(sn_outbox_change(world->store, again, SN_STATE_QUEUED, &sending, NULL));
	assert_int_equal(sn_entry_switch(world->store, world->config, again, &world->clock, &error), 0);
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
	assert_non_null(strstr(error->message, "being sent"));
	world_free(world);
}

static void what_cannot_go_there_stays_as_it_is(void **state)
{
	World *world = world_new(NULL);
	SnId copies = queue(world, SN_CHANNEL_MAIL, "to both of you", "carol@example.test");
	Said hello = { .channel = SN_CHANNEL_MAIL, .from = "dora@work.example", .subject = "Hello" };
	g_autoptr(SnMessage) message = sn_message_get(world->store, world_say(world, &hello), 0);
	g_autoptr(GError) error = NULL, none = NULL, unknown = NULL;

	assert_int_equal(sn_entry_switch(world->store, world->config, copies, &world->clock, &error), 0);
	assert_non_null(strstr(error->message, "several people"));
	g_autoptr(SnOutboxEntry) entry = entry_of(world, copies);
	assert_int_equal(entry->request, SN_REQUEST_NONE);
	/* no IM address of hers is known */
	SnParty to = { SN_ROLE_TO, (char *)"dora@work.example", NULL };
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_ptr_array_add(recipients, &to);
	SnOutboxNew new = { .conversation = message->conversation, .account = world->home,
		            .channel = SN_CHANNEL_MAIL, .from = "alice@example.test",
		            .recipients = recipients, .body = "x", .state = SN_STATE_QUEUED };
	SnId id = sn_outbox_queue(world->store, &new, FALSE, NULL);
	assert_int_equal(sn_entry_switch(world->store, world->config, id, &world->clock, &none), 0);
	assert_non_null(strstr(none->message, "No IM address known"));
	assert_int_equal(sn_entry_switch(world->store, world->config, 4711, &world->clock, &unknown), 0);
	assert_true(g_error_matches(unknown, SN_ERROR, SN_ERROR_NOT_FOUND));
	world_free(world);
}

static void the_plan_says_that_encryption_is_missing(void **state)
{
	World *world = world_new(NULL);
	SnPlanRequest request = { .conversation = world_bob(world), .mode = SN_MODE_IM,
		                  .encrypt = SN_ENCRYPT_REQUIRED };
	Said im = { .channel = SN_CHANNEL_IM, .body = "hi" };

	world_say(world, &im);
	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_XA, 0);
	g_autoptr(SnPlan) plan = sn_plan_reply(world->store, world->config, &request, &world->clock);
	/* there is nothing to choose: it waits whoever is available */
	assert_int_equal(plan->status, SN_PLAN_READY);
	assert_int_equal(plan->encrypt, SN_ENCRYPT_REQUIRED);
	assert_false(plan->encrypted);
	assert_non_null(strstr(plan->text, "no encryption for this contact yet"));
	assert_null(strstr(plan->text, "choose"));
	request.encrypt = SN_ENCRYPT_IF_POSSIBLE;
	g_autoptr(SnPlan) open = sn_plan_reply(world->store, world->config, &request, &world->clock);
	assert_int_equal(open->status, SN_PLAN_NEED_CHOICE);
	assert_null(strstr(open->text, "encryption"));
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_are_said_in_one_line),
		cmocka_unit_test(terms_become_an_entry_and_terms_again),
		cmocka_unit_test(every_state_says_what_comes_next),
		cmocka_unit_test(no_report_is_announced_that_has_come),
		cmocka_unit_test(a_message_changes_its_channel_until_it_goes),
		cmocka_unit_test(what_cannot_go_there_stays_as_it_is),
		cmocka_unit_test(the_plan_says_that_encryption_is_missing),
	};

	g_setenv("TZ", "Europe/Berlin", TRUE);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
