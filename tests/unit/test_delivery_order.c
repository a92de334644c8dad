/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes before what, across channels, and what an email gathers; sleeps and clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/delivery_world.h"

#define DEFER "[delivery]\nif-unavailable = defer\n"

static Delivery *world_with(const char *settings)
{
	Delivery *self = delivery_new(settings);

	return self;
}

static void assert_state(Delivery *self, SnId id, SnState expected)
{
	g_autofree char *reason = reason_of(self, id);

	if (state_of(self, id) != expected)
		fail_msg("%s instead of %s (%s)", sn_state_word(state_of(self, id)),
		         sn_state_word(expected), reason);
}

static void assert_reason(Delivery *self, SnId id, const char *part)
{
	g_autofree char *reason = reason_of(self, id);

	if (!strstr(reason, part))
		fail_msg("\"%s\" does not say \"%s\"", reason, part);
}

static SnId queue_in(Delivery *self, SnChannel channel, const char *body, const char *thread)
{
	SnOutboxNew new = { .channel = channel,
		            .subject = channel == SN_CHANNEL_MAIL ? "Test" : NULL,
		            .body = body,
		            .thread = thread,
		            .state = SN_STATE_QUEUED };

	return queue_new(self, &new, channel == SN_CHANNEL_IM ? BOB_IM : BOB_MAIL);
}

/* The bodies of the stanzas in the order they went, joined by blanks. */
static void assert_went(Delivery *self, const char *expected)
{
	g_autoptr(GString) went = g_string_new(NULL);

	for (guint i = 0; i < self->stanzas->len; i++) {
		const char *body = ((SnImMessage *)self->stanzas->pdata[i])->body;
		g_string_append_printf(went, "%s%.*s", i ? " " : "", (int)strcspn(body, "\n"), body);
	}
	assert_string_equal(went->str, expected);
}

/* ---- on one channel ---- */

static void a_later_im_does_not_pass_one_that_waits(void **state)
{
	Delivery *self = world_with(DEFER);

	bob_is(self, SN_PRESENCE_DND);
	SnId one = queue_im(self, "one");
	settle(self);
	/* His server tells nothing any more: a new message could go, and is kept behind. */
	world_roster(self->world, BOB_IM, SN_SUB_NONE);
	sn_presence_forget(self->world->store, self->world->home, NULL);
	SnId two = queue_im(self, "two"), three = queue_im(self, "three");
	settle(self);
	assert_state(self, one, SN_STATE_WAITING);
	assert_state(self, two, SN_STATE_QUEUED);
	assert_reason(self, two, "ehind the message before it, which waits");
	assert_reason(self, three, "which is on its way");
	assert_int_equal(self->stanzas->len, 0);
	/* They are held, not looked at all the time. */
	g_autoptr(GArray) due = sn_outbox_due(self->world->store, self->world->now);
	assert_int_equal(due->len, 0);
	world_roster(self->world, BOB_IM, SN_SUB_BOTH);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_went(self, "one two three");
	delivery_free(self);
}

static void nor_one_that_waits_for_the_users_decision(void **state)
{
	Delivery *self = world_with(NULL);
	SnOutboxNew next = { .channel = SN_CHANNEL_IM, .body = "two", .state = SN_STATE_QUEUED };

	bob_is(self, SN_PRESENCE_XA);
	SnId one = queue_im(self, "one");
	settle(self);
	assert_state(self, one, SN_STATE_CHOOSING);
	/* The rule changes in between. */
	sn_person_set_rule(self->world->store,
	                   world_person_of(self->world, SN_CHANNEL_IM, BOB_IM), SN_RULE_SEND, NULL);
	SnId two = queue_new(self, &next, BOB_IM);
	settle(self);
	assert_state(self, two, SN_STATE_QUEUED);
	assert_reason(self, two, "which waits for your decision");
	ask_for(self, one, SN_REQUEST_CANCEL);
	assert_state(self, two, SN_STATE_ACCEPTED);
	assert_went(self, "two");
	delivery_free(self);
}

static void the_users_word_passes_what_stands_still(void **state)
{
	Delivery *self = world_with(DEFER);
	SnOutboxNew urgent = { .channel = SN_CHANNEL_IM,
		               .body = "urgent",
		               .state = SN_STATE_QUEUED,
		               .if_unavailable = SN_RULE_SEND };

	bob_is(self, SN_PRESENCE_DND);
	SnId one = queue_im(self, "one"), two = queue_im(self, "two");
	settle(self);
	ask_for(self, two, SN_REQUEST_SEND);
	queue_new(self, &urgent, BOB_IM); /* said of the message itself */
	settle(self);
	assert_went(self, "two urgent");
	assert_state(self, one, SN_STATE_WAITING);
	delivery_free(self);
}

static void the_contacts_word_takes_along_what_waits(void **state)
{
	Delivery *self = world_with(DEFER);
	SnOutboxNew asks = { .channel = SN_CHANNEL_IM,
		             .body = "two",
		             .state = SN_STATE_QUEUED,
		             .if_unavailable = SN_RULE_ASK_THEM };

	bob_is(self, SN_PRESENCE_DND);
	SnId one = queue_im(self, "one");
	settle(self);
	SnId two = queue_new(self, &asks, BOB_IM);
	settle(self);
	assert_state(self, one, SN_STATE_WAITING);
	assert_state(self, two, SN_STATE_ASKED);
	g_ptr_array_set_size(self->stanzas, 0); /* the question */
	assert_true(bob_says(self, "now"));
	assert_went(self, "one two");
	delivery_free(self);
}

static void a_schedule_that_is_sent_now_goes_now(void **state)
{
	Delivery *self = world_with(NULL);
	SnOutboxNew later_on = { .channel = SN_CHANNEL_IM,
		                 .body = "later",
		                 .state = SN_STATE_QUEUED,
		                 .send_at = self->world->now + SN_DAY };
	SnId id = queue_new(self, &later_on, BOB_IM), next;

	settle(self);
	assert_state(self, id, SN_STATE_QUEUED);
	go_offline(self);
	ask_for(self, id, SN_REQUEST_SEND);
	assert_state(self, id, SN_STATE_WAITING); /* for the line, and for nothing else */
	next = queue_im(self, "next");
	go_online(self);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, next, SN_STATE_ACCEPTED);
	assert_went(self, "later next");
	delivery_free(self);
}

static void what_may_have_gone_holds_up_nothing(void **state)
{
	Delivery *self = world_with(NULL);

	self->archive = FALSE;
	self->next_im = FATE_LOST_AFTER;
	SnId one = queue_im(self, "one"), two = queue_im(self, "two");
	settle(self);
	assert_state(self, one, SN_STATE_CHOOSING);
	assert_state(self, two, SN_STATE_ACCEPTED);
	/* It is not made to wait either: it would go again by itself. */
	assert_false(sn_outbox_request(self->world->store, one, SN_REQUEST_DEFER, NULL));
	assert_false(sn_outbox_request(self->world->store, one, SN_REQUEST_ASK_THEM, NULL));
	bob_is(self, SN_PRESENCE_OFFLINE);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_went(self, "one two");
	delivery_free(self);
}

/* Something is asked for, and before the engine hears it the contact appears. */
static void ask_and_appear(Delivery *self, SnId id, SnOutboxRequest request)
{
	g_autoptr(SnAddress) bob = sn_address_find(self->world->store, SN_CHANNEL_IM, BOB_IM);

	assert_true(sn_outbox_request(self->world->store, id, request, NULL));
	world_presence(self->world, BOB_IM, SN_PRESENCE_ONLINE, 0);
	sn_delivery_presence(self->engine.delivery, bob->id);
	settle(self);
}

static void now_is_said_of_the_first_time_only(void **state)
{
	Delivery *self = world_with(DEFER);

	self->archive = FALSE;
	bob_is(self, SN_PRESENCE_DND);
	SnId id = queue_im(self, "once");
	settle(self);
	self->next_im = FATE_LOST_AFTER;
	ask_and_appear(self, id, SN_REQUEST_SEND);
	/* it may have gone: "now" was not meant for that */
	assert_state(self, id, SN_STATE_CHOOSING);
	assert_went(self, "once");
	/* said again, it is */
	ask_for(self, id, SN_REQUEST_SEND);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(taken_body(self, "once"), 2);
	delivery_free(self);
}

static void what_was_asked_for_before_it_could_go_is_done(void **state)
{
	static const struct {
		SnOutboxRequest request;
		SnState state;
	} cases[] = { { SN_REQUEST_CONVERT, SN_STATE_CONVERTED },
		      { SN_REQUEST_CANCEL, SN_STATE_CANCELLED },
		      { SN_REQUEST_DEFER, SN_STATE_WAITING },
		      { SN_REQUEST_ASK_THEM, SN_STATE_ASKED } };

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		Delivery *self = world_with(DEFER);
		bob_is(self, SN_PRESENCE_DND);
		SnId id = queue_im(self, "not by IM now");
		settle(self);
		ask_and_appear(self, id, cases[i].request);
		assert_state(self, id, cases[i].state);
		assert_int_equal(taken_body(self, "not by IM now"), 0);
		delivery_free(self);
	}
}

static void a_held_one_goes_when_the_one_before_has_ended(void **state)
{
	static const struct {
		SnOutboxRequest request;
		const char *went;
	} ends[] = { { SN_REQUEST_CANCEL, "two" }, { SN_REQUEST_SEND, "one two" } };

	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
		Delivery *self = world_with("[delivery]\nif-unavailable = ask\n");
		bob_is(self, SN_PRESENCE_XA);
		SnId one = queue_im(self, "one");
		settle(self);
		world_presence(self->world, BOB_IM, SN_PRESENCE_ONLINE, 0);
		SnId two = queue_im(self, "two");
		settle(self);
		assert_state(self, two, SN_STATE_QUEUED);
		crash(self, TRUE); /* being held outlives a stop */
		world_presence(self->world, BOB_IM, SN_PRESENCE_ONLINE, 0);
		settle(self);
		assert_state(self, two, SN_STATE_QUEUED);
		ask_for(self, one, ends[i].request);
		assert_state(self, two, SN_STATE_ACCEPTED);
		assert_went(self, ends[i].went);
		delivery_free(self);
	}
}

static void no_order_is_worth_a_message(void **state)
{
	Delivery *self = world_with(NULL);

	bob_is(self, SN_PRESENCE_XA);
	SnId one = queue_im(self, "one");
	settle(self);
	world_presence(self->world, BOB_IM, SN_PRESENCE_ONLINE, 0);
	SnId two = queue_im(self, "two");
	settle(self);
	later(self, 6 * SN_DAY);
	assert_state(self, two, SN_STATE_QUEUED);
	later(self, 2 * SN_DAY); /* nobody decided about the first: the second has waited enough */
	assert_state(self, one, SN_STATE_CHOOSING);
	assert_state(self, two, SN_STATE_ACCEPTED);
	delivery_free(self);
}

/* It ran out in a sleep, so the line and the contact may still come back: no reason to pass. */
static void who_is_held_does_not_pass_right_after_a_sleep(void **state)
{
	Delivery *self = world_with(DEFER);

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId im = queue_in(self, SN_CHANNEL_IM, "first", "the-thread");
	settle(self);
	SnId mail = queue_in(self, SN_CHANNEL_MAIL, "about it", "the-thread");
	settle(self);
	assert_state(self, mail, SN_STATE_QUEUED);
	asleep(self, 9 * SN_DAY);
	assert_state(self, mail, SN_STATE_QUEUED);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, im, SN_STATE_ACCEPTED);
	assert_state(self, mail, SN_STATE_ACCEPTED);
	g_autoptr(SnOutboxEntry) first = entry_of(self, im);
	assert_string_equal(self->arrived->pdata[0], first->origin_id);
	delivery_free(self);
}

static void but_it_passes_soon_when_nobody_comes(void **state)
{
	Delivery *self = world_with(NULL);

	bob_is(self, SN_PRESENCE_XA);
	SnId one = queue_im(self, "one");
	settle(self);
	world_presence(self->world, BOB_IM, SN_PRESENCE_ONLINE, 0);
	SnId two = queue_im(self, "two");
	settle(self);
	asleep(self, 9 * SN_DAY);
	assert_true(pass(self, 10 * SN_MINUTE));
	assert_state(self, two, SN_STATE_QUEUED);
	assert_true(pass(self, 10 * SN_MINUTE));
	assert_state(self, one, SN_STATE_CHOOSING);
	assert_state(self, two, SN_STATE_ACCEPTED);
	delivery_free(self);
}

/* ---- across channels ---- */

static void across_channels_a_thread_keeps_its_order(void **state)
{
	Delivery *self = world_with(DEFER);

	bob_is(self, SN_PRESENCE_DND);
	SnId im = queue_in(self, SN_CHANNEL_IM, "first", "the-thread");
	settle(self);
	SnId mail = queue_in(self, SN_CHANNEL_MAIL, "about it", "the-thread");
	SnId other = queue_in(self, SN_CHANNEL_MAIL, "unrelated", NULL);
	settle(self);
	assert_state(self, im, SN_STATE_WAITING);
	assert_state(self, mail, SN_STATE_QUEUED);
	assert_reason(self, mail, "ehind the message before it");
	/* Emails keep their order among themselves, too. */
	assert_state(self, other, SN_STATE_QUEUED);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, im, SN_STATE_ACCEPTED);
	assert_state(self, mail, SN_STATE_ACCEPTED);
	assert_state(self, other, SN_STATE_ACCEPTED);
	g_autoptr(SnOutboxEntry) first = entry_of(self, im);
	assert_string_equal(self->arrived->pdata[0], first->origin_id);
	delivery_free(self);
}

static void an_unrelated_email_does_not_wait_for_an_im(void **state)
{
	Delivery *self = world_with(DEFER);

	bob_is(self, SN_PRESENCE_DND);
	SnId im = queue_in(self, SN_CHANNEL_IM, "first", NULL);
	settle(self);
	SnId mail = queue_in(self, SN_CHANNEL_MAIL, "something else", NULL);
	settle(self);
	assert_state(self, im, SN_STATE_WAITING);
	assert_state(self, mail, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void the_user_lets_an_email_of_the_thread_pass(void **state)
{
	Delivery *self = world_with(DEFER);

	bob_is(self, SN_PRESENCE_DND);
	SnId im = queue_in(self, SN_CHANNEL_IM, "first", "the-thread");
	settle(self);
	SnId mail = queue_in(self, SN_CHANNEL_MAIL, "about it", "the-thread");
	settle(self);
	ask_for(self, mail, SN_REQUEST_SEND);
	assert_state(self, mail, SN_STATE_ACCEPTED);
	assert_state(self, im, SN_STATE_WAITING);
	delivery_free(self);
}

static void an_im_waits_for_the_email_of_its_thread(void **state)
{
	Delivery *self = world_with(NULL);

	self->next_mail = FATE_TEMPORARY;
	SnId mail = queue_in(self, SN_CHANNEL_MAIL, "the plan", "the-thread");
	settle(self);
	SnId im = queue_in(self, SN_CHANNEL_IM, "see the plan", "the-thread");
	SnId other = queue_in(self, SN_CHANNEL_IM, "lunch?", NULL);
	settle(self);
	assert_state(self, im, SN_STATE_QUEUED);
	assert_state(self, other, SN_STATE_QUEUED); /* behind the IM before it */
	later(self, SN_HOUR);
	assert_state(self, mail, SN_STATE_ACCEPTED);
	assert_went(self, "see the plan lunch?");
	delivery_free(self);
}

static void other_people_do_not_wait(void **state)
{
	Delivery *self = world_with(DEFER);
	SnId dave = sn_address_intern(self->world->store, SN_CHANNEL_IM, "dave@chat.example", NULL,
	                              NULL);
	SnOutboxNew new = { .channel = SN_CHANNEL_IM, .body = "dave", .state = SN_STATE_QUEUED };

	g_autoptr(SnAddress) address = sn_address_get(self->world->store, dave);
	new.conversation = sn_conversation_for_person(self->world->store, address->person, NULL);
	bob_is(self, SN_PRESENCE_DND);
	queue_im(self, "bob");
	settle(self);
	SnId id = queue_new(self, &new, "dave@chat.example");
	settle(self);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_went(self, "dave");
	delivery_free(self);
}

/* ---- what an email gathers ---- */

static guint times_in(const char *text, const char *part)
{
	guint times = 0;

	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		times++;
	return times;
}

static void an_email_gathers_what_waits_for_whatever(void **state)
{
	Delivery *self = world_with(DEFER);
	SnId ids[4];

	bob_is(self, SN_PRESENCE_DND);
	ids[0] = queue_im(self, "waits-for-him");
	settle(self);
	world_presence(self->world, BOB_IM, SN_PRESENCE_ONLINE, 0);
	ids[1] = queue_in(self, SN_CHANNEL_IM, "x", NULL);
	assert_true(sn_outbox_request(self->world->store, ids[1], SN_REQUEST_CANCEL, NULL));
	bob_is(self, SN_PRESENCE_DND);
	ids[2] = queue_im(self, "waits-too");
	settle(self);
	go_offline(self);
	ids[3] = queue_im(self, "waits-for-the-line");
	settle(self);
	assert_state(self, ids[3], SN_STATE_WAITING);
	ask_for(self, ids[2], SN_REQUEST_CONVERT);
	assert_state(self, ids[0], SN_STATE_CONVERTED);
	assert_state(self, ids[1], SN_STATE_CANCELLED);
	assert_state(self, ids[2], SN_STATE_CONVERTED);
	assert_state(self, ids[3], SN_STATE_CONVERTED);
	g_autoptr(SnOutboxEntry) im = entry_of(self, ids[0]);
	g_autoptr(SnOutboxEntry) mail = entry_of(self, im->converted_to);
	assert_int_equal(times_in(mail->body, "waits-for-him"), 1);
	assert_int_equal(times_in(mail->body, "waits-too"), 1);
	assert_int_equal(times_in(mail->body, "waits-for-the-line"), 1);
	assert_true(strstr(mail->body, "waits-for-him") < strstr(mail->body, "waits-too"));
	go_online(self);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_int_equal(self->mails->len, 1);
	assert_int_equal(self->stanzas->len, 0);
	delivery_free(self);
}

static void the_users_email_takes_along_what_was_asked_besides(void **state)
{
	Delivery *self = world_with(NULL);

	bob_is(self, SN_PRESENCE_XA);
	SnId one = queue_im(self, "one"), two = queue_im(self, "two");
	settle(self);
	assert_state(self, two, SN_STATE_CHOOSING);
	ask_for(self, two, SN_REQUEST_CONVERT);
	assert_state(self, one, SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void a_rule_leaves_the_users_decisions_alone(void **state)
{
	Delivery *self = world_with(NULL);
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = "two",
		            .state = SN_STATE_QUEUED,
		            .if_unavailable = SN_RULE_MAIL };

	bob_is(self, SN_PRESENCE_XA);
	SnId one = queue_im(self, "one");
	settle(self);
	SnId two = queue_new(self, &new, BOB_IM);
	settle(self);
	assert_state(self, one, SN_STATE_CHOOSING);
	assert_state(self, two, SN_STATE_CONVERTED);
	delivery_free(self);
}

/* ---- sleeps and clocks ---- */

static void what_ran_out_in_a_sleep_gets_a_try_first(void **state)
{
	Delivery *self = world_with(DEFER);

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_im(self, "hello");
	settle(self);
	go_offline(self);
	asleep(self, 9 * SN_DAY);
	assert_state(self, id, SN_STATE_WAITING);
	go_online(self);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

static void and_ends_soon_when_the_person_is_not_there(void **state)
{
	Delivery *self = world_with(DEFER);

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_im(self, "hello");
	settle(self);
	asleep(self, 9 * SN_DAY);
	assert_true(pass(self, 10 * SN_MINUTE));
	assert_state(self, id, SN_STATE_WAITING);
	assert_true(pass(self, 10 * SN_MINUTE));
	assert_state(self, id, SN_STATE_CONVERTED);
	delivery_free(self);
}

static void a_clock_that_ran_ahead_delays_nothing(void **state)
{
	Delivery *self = world_with(NULL);
	SnOutboxNew undo = { .channel = SN_CHANNEL_MAIL, .body = "x", .state = SN_STATE_QUEUED };
	SnOutboxNew scheduled = undo;

	self->world->now += 300 * SN_DAY; /* wrong */
	undo.send_at = self->world->now + 5 * SN_SECOND;
	scheduled.send_at = self->world->now + SN_DAY;
	SnId first = queue_new(self, &undo, BOB_MAIL), second = queue_new(self, &scheduled, BOB_MAIL);
	settle(self);
	self->next_im = FATE_NETWORK;
	SnId im = queue_im(self, "waits");
	settle(self);
	assert_state(self, im, SN_STATE_WAITING);
	self->world->now -= 300 * SN_DAY;
	settle(self);
	assert_state(self, first, SN_STATE_ACCEPTED);
	assert_state(self, im, SN_STATE_ACCEPTED);
	assert_state(self, second, SN_STATE_QUEUED); /* a date is a date */
	delivery_free(self);
}

static void a_deadline_set_by_a_wrong_clock_is_brought_back(void **state)
{
	Delivery *self = world_with(DEFER);

	bob_is(self, SN_PRESENCE_OFFLINE);
	self->world->now += 300 * SN_DAY;
	SnId id = queue_im(self, "hello");
	settle(self);
	self->world->now -= 300 * SN_DAY;
	settle(self);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	assert_true(entry->expires <= self->world->now + 7 * SN_DAY);
	later(self, 8 * SN_DAY);
	assert_state(self, id, SN_STATE_CONVERTED);
	delivery_free(self);
}

static void the_timer_knows_what_became_due_meanwhile(void **state)
{
	Delivery *self = world_with(NULL);
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL,
		            .body = "x",
		            .state = SN_STATE_QUEUED,
		            .send_at = self->world->now + SN_HOUR };
	SnId id = queue_new(self, &new, BOB_MAIL);

	settle(self);
	self->world->now += 3 * SN_HOUR; /* asleep: no timer has fired */
	g_autoptr(SnAddress) bob = sn_address_find(self->world->store, SN_CHANNEL_IM, BOB_IM);
	sn_delivery_presence(self->engine.delivery, bob->id);
	assert_true(pass(self, SN_SECOND));
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

/* ---- edits ---- */

static void an_edit_is_wholly_in_or_refused(void **state)
{
	Delivery *self = world_with(NULL);
	SnId id = queue_im(self, "before");
	g_autoptr(GError) error = NULL;

	assert_true(sn_outbox_edit(self->world->store, id, NULL, "in", NULL));
	sn_delivery_look(self->engine.delivery); /* it begins to go */
	assert_false(sn_outbox_edit(self->world->store, id, NULL, "refused", &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
	self->archive = FALSE;
	self->next_im = FATE_LOST_AFTER;
	settle(self);
	assert_state(self, id, SN_STATE_CHOOSING);
	g_clear_error(&error);
	/* What may have arrived does not change any more. */
	assert_false(sn_outbox_edit(self->world->store, id, NULL, "refused", &error));
	assert_non_null(strstr(error->message, "may have gone"));
	g_clear_error(&error);
	assert_null(sn_outbox_take_back(self->world->store, id, &error));
	ask_for(self, id, SN_REQUEST_SEND);
	assert_went(self, "in in");
	delivery_free(self);
}

typedef struct {
	char *path;
	SnId id;
	int edits;      /* that were accepted */
	gint stop;
} Editor;

/* A client with a connection of its own edits as fast as it can. */
static gpointer edit_on(gpointer data)
{
	Editor *editor = data;
	SnStore *store = sn_store_open(editor->path, SN_STORE_CLIENT, NULL);

	for (int i = 1; store && !g_atomic_int_get(&editor->stop); i++) {
		g_autofree char *body = g_strdup_printf("text %d", i);
		if (sn_outbox_edit(store, editor->id, NULL, body, NULL))
			editor->edits = i;
		else if (i > 100)
			break;
	}
	sn_store_close(store);
	return NULL;
}

static void an_edit_that_races_with_the_start_is_in_or_refused(void **state)
{
	for (int round = 0; round < 8; round++) {
		Delivery *self = world_with(NULL);
		Editor editor = { .path = self->world->path, .id = queue_im(self, "text 0") };
		GThread *thread = g_thread_new("editor", edit_on, &editor);
		int bound = 200;
		while (state_of(self, editor.id) != SN_STATE_ACCEPTED && bound-- > 0)
			settle(self);
		g_atomic_int_set(&editor.stop, 1);
		g_thread_join(thread);
		assert_state(self, editor.id, SN_STATE_ACCEPTED);
		g_autofree char *expected = g_strdup_printf("text %d", editor.edits);
		assert_went(self, expected);
		g_autoptr(SnOutboxEntry) entry = entry_of(self, editor.id);
		assert_string_equal(entry->body, expected);
		delivery_free(self);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_later_im_does_not_pass_one_that_waits),
		cmocka_unit_test(nor_one_that_waits_for_the_users_decision),
		cmocka_unit_test(the_users_word_passes_what_stands_still),
		cmocka_unit_test(the_contacts_word_takes_along_what_waits),
		cmocka_unit_test(a_schedule_that_is_sent_now_goes_now),
		cmocka_unit_test(what_may_have_gone_holds_up_nothing),
		cmocka_unit_test(now_is_said_of_the_first_time_only),
		cmocka_unit_test(what_was_asked_for_before_it_could_go_is_done),
		cmocka_unit_test(a_held_one_goes_when_the_one_before_has_ended),
		cmocka_unit_test(no_order_is_worth_a_message),
		cmocka_unit_test(who_is_held_does_not_pass_right_after_a_sleep),
		cmocka_unit_test(but_it_passes_soon_when_nobody_comes),
		cmocka_unit_test(across_channels_a_thread_keeps_its_order),
		cmocka_unit_test(an_unrelated_email_does_not_wait_for_an_im),
		cmocka_unit_test(the_user_lets_an_email_of_the_thread_pass),
		cmocka_unit_test(an_im_waits_for_the_email_of_its_thread),
		cmocka_unit_test(other_people_do_not_wait),
		cmocka_unit_test(an_email_gathers_what_waits_for_whatever),
		cmocka_unit_test(the_users_email_takes_along_what_was_asked_besides),
		cmocka_unit_test(a_rule_leaves_the_users_decisions_alone),
		cmocka_unit_test(what_ran_out_in_a_sleep_gets_a_try_first),
		cmocka_unit_test(and_ends_soon_when_the_person_is_not_there),
		cmocka_unit_test(a_clock_that_ran_ahead_delays_nothing),
		cmocka_unit_test(a_deadline_set_by_a_wrong_clock_is_brought_back),
		cmocka_unit_test(the_timer_knows_what_became_due_meanwhile),
		cmocka_unit_test(an_edit_is_wholly_in_or_refused),
		cmocka_unit_test(an_edit_that_races_with_the_start_is_in_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
