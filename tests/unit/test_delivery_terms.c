/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sender makes a message wait for: a time, a presence, the line, encryption; hours of work;
 * and a machine that slept meanwhile. In Berlin, with a clock that jumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "tests/unit/delivery_world.h"

static SnTime at(const char *iso)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, NULL);

	assert_non_null(time);
	return g_date_time_to_unix(time) * 1000;
}

/* Sunday 22 November 2026, 11:30 in Berlin. */
#define NOW "2026-11-22T10:30:00Z"
#define HOURS "[delivery]\nworking-hours = Mon-Fri 08:00-18:00\n"

static Delivery *world_at(const char *now, const char *settings)
{
	Delivery *self = delivery_new(settings);

	self->world->now = at(now);
	return self;
}

/* The clock jumps, as after a sleep: nothing was looked at in between. */
static void jump(Delivery *self, const char *now)
{
	assert_true(at(now) > self->world->now);
	asleep(self, at(now) - self->world->now);
}

static SnOutboxNew im(const char *body)
{
	return (SnOutboxNew){ .channel = SN_CHANNEL_IM, .body = body, .state = SN_STATE_QUEUED };
}

static SnOutboxNew mail(const char *body)
{
	return (SnOutboxNew){ .channel = SN_CHANNEL_MAIL, .subject = "Test", .body = body,
		              .state = SN_STATE_QUEUED };
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

static void assert_next(Delivery *self, SnId id, const char *expected)
{
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	g_autofree char *is = sn_time_format(entry->next_try);

	if (entry->next_try != at(expected))
		fail_msg("next try %s instead of %s", is, expected);
}

/* ---- a time ---- */

static void a_scheduled_message_goes_at_its_time_and_not_before(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew new = im("good morning");

	new.send_at = at("2026-11-23T08:00:00Z");
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	assert_state(self, id, SN_STATE_QUEUED);
	jump(self, "2026-11-23T07:59:59Z");
	assert_state(self, id, SN_STATE_QUEUED);
	assert_int_equal(self->stanzas->len, 0);
	jump(self, "2026-11-23T08:00:00Z");
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(taken_body(self, "good morning"), 1);
	delivery_free(self);
}

static void one_for_much_later_holds_up_nobody(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew later_one = im("next month");

	later_one.send_at = at("2026-12-22T08:00:00Z");
	SnId id = queue_new(self, &later_one, BOB_IM), now = queue_im(self, "now");
	settle(self);
	assert_state(self, now, SN_STATE_ACCEPTED);
	assert_state(self, id, SN_STATE_QUEUED);
	/* a month is longer than messages are kept: counted from when it was to go */
	bob_is(self, SN_PRESENCE_OFFLINE);
	sn_person_set_rule(self->world->store, world_person_of(self->world, SN_CHANNEL_IM, BOB_IM),
	                   SN_RULE_DEFER, NULL);
	jump(self, "2026-12-22T08:00:00Z");
	assert_state(self, id, SN_STATE_WAITING);
	jump(self, "2026-12-29T07:00:00Z");
	assert_state(self, id, SN_STATE_WAITING);
	jump(self, "2026-12-29T08:00:01Z");
	assert_state(self, id, SN_STATE_CONVERTED);
	delivery_free(self);
}

static void a_scheduled_message_survives_a_crash(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew new = mail("report");

	new.send_at = at("2026-11-23T08:00:00Z");
	SnId id = queue_new(self, &new, BOB_MAIL);
	crash(self, TRUE);
	settle(self);
	assert_state(self, id, SN_STATE_QUEUED);
	self->world->now = at("2026-11-25T03:00:00Z");
	crash(self, TRUE);
	settle(self);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void messages_due_during_a_sleep_go_once_and_in_order(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	static const char *const bodies[] = { "one", "two", "three" };

	/* the last one queued is the first one due: the order is still that of writing */
	for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
		SnOutboxNew new = im(bodies[i]);
		new.send_at = at("2026-11-22T12:00:00Z") + (SnTime)(2 - i) * 30 * SN_SECOND;
		queue_new(self, &new, BOB_IM);
	}
	settle(self);
	jump(self, "2026-11-22T20:00:00Z");
	for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
		const SnImMessage *stanza = self->stanzas->pdata[i];
		assert_true(g_str_has_prefix(stanza->body, bodies[i]));
		/* later than was wanted: the other side is told when it was written */
		assert_non_null(strstr(stanza->note, "(written 11:30)"));
	}
	later(self, SN_DAY);
	assert_int_equal(self->stanzas->len, G_N_ELEMENTS(bodies));
	delivery_free(self);
}

/* ---- a presence ---- */

static void a_condition_is_waited_for(void **state)
{
	static const struct {
		guint when;
		SnPresenceShow keeps, lets;
	} cases[] = {
		{ SN_WHEN_ONLINE, SN_PRESENCE_OFFLINE, SN_PRESENCE_DND },
		{ SN_WHEN_ONLINE, SN_PRESENCE_OFFLINE, SN_PRESENCE_XA },
		{ SN_WHEN_AVAILABLE, SN_PRESENCE_DND, SN_PRESENCE_AWAY },
		{ SN_WHEN_AVAILABLE, SN_PRESENCE_OFFLINE, SN_PRESENCE_ONLINE },
		{ SN_WHEN_NOT_DND, SN_PRESENCE_DND, SN_PRESENCE_OFFLINE },
		{ SN_WHEN_ONLINE | SN_WHEN_NOT_DND, SN_PRESENCE_DND, SN_PRESENCE_XA },
		{ SN_WHEN_ONLINE | SN_WHEN_NOT_DND, SN_PRESENCE_OFFLINE, SN_PRESENCE_CHAT },
	};
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		for (int channel = 0; channel < 2; channel++) {
			Delivery *self = world_at(NOW, NULL);
			SnOutboxNew new = channel ? im("x") : mail("x");
			bob_is(self, cases[i].keeps);
			new.when = cases[i].when;
			SnId id = queue_new(self, &new, channel ? BOB_IM : BOB_MAIL);
			settle(self);
			assert_state(self, id, SN_STATE_WAITING);
			assert_reason(self, id,
			              cases[i].keeps == SN_PRESENCE_DND ? "do not disturb" : "offline");
			later(self, SN_HOUR);
			assert_state(self, id, SN_STATE_WAITING);
			bob_is(self, cases[i].lets);
			assert_state(self, id, SN_STATE_ACCEPTED);
			assert_int_equal(self->stanzas->len + self->mails->len, 1);
			delivery_free(self);
		}
}

static void a_presence_that_is_not_told_is_waited_for_and_said(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew new = im("x");

	sn_presence_forget(self->world->store, self->world->home, NULL);
	world_roster(self->world, BOB_IM, SN_SUB_NONE);
	new.when = SN_WHEN_ONLINE;
	new.then = SN_RULE_MAIL;
	new.expires = at(NOW) + SN_HOUR;
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	assert_state(self, id, SN_STATE_WAITING);
	assert_reason(self, id, "The presence of Bob is unknown");
	later(self, SN_HOUR);
	assert_state(self, id, SN_STATE_CONVERTED);
	delivery_free(self);
}

static void a_time_and_a_presence_have_to_come_together(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew new = im("x");

	new.send_at = at("2026-11-23T08:00:00Z");
	new.when = SN_WHEN_ONLINE;
	SnId id = queue_new(self, &new, BOB_IM);
	bob_is(self, SN_PRESENCE_OFFLINE);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, id, SN_STATE_QUEUED); /* he is there, it is too early */
	bob_is(self, SN_PRESENCE_OFFLINE);
	jump(self, "2026-11-23T08:00:00Z");
	assert_state(self, id, SN_STATE_WAITING);
	bob_is(self, SN_PRESENCE_AWAY);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void several_that_wait_for_him_go_in_order(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew first = im("one"), second = im("two");

	bob_is(self, SN_PRESENCE_OFFLINE);
	first.when = second.when = SN_WHEN_ONLINE;
	queue_new(self, &first, BOB_IM);
	queue_new(self, &second, BOB_IM);
	settle(self);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_int_equal(self->stanzas->len, 2);
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[0])->body, "one");
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[1])->body, "two");
	delivery_free(self);
}

static void a_condition_does_not_hold_up_what_has_none(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew new = im("when you are free");

	bob_is(self, SN_PRESENCE_DND);
	new.when = SN_WHEN_NOT_DND;
	SnId id = queue_new(self, &new, BOB_IM);
	SnOutboxNew urgent = im("fire");
	urgent.if_unavailable = SN_RULE_SEND;
	SnId now = queue_new(self, &urgent, BOB_IM);
	settle(self);
	assert_state(self, now, SN_STATE_ACCEPTED);
	assert_state(self, id, SN_STATE_WAITING);
	delivery_free(self);
}

static void the_line_is_waited_for_without_an_error(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew new = mail("x");

	go_offline(self);
	new.when = SN_WHEN_NETWORK;
	SnId id = queue_new(self, &new, BOB_MAIL);
	settle(self);
	assert_state(self, id, SN_STATE_WAITING);
	assert_reason(self, id, "not connected");
	go_online(self);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void send_now_overrides_a_condition(void **state)
{
	Delivery *self = world_at(NOW, HOURS);
	SnOutboxNew new = im("x");

	bob_is(self, SN_PRESENCE_OFFLINE);
	new.when = SN_WHEN_ONLINE;
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	ask_for(self, id, SN_REQUEST_SEND);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void an_entry_is_put_off_while_it_is_on_its_way(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew undo = mail("not today");

	undo.send_at = at(NOW) + 5 * SN_SECOND;
	SnId id = queue_new(self, &undo, BOB_MAIL);
	settle(self);
	assert_true(sn_outbox_reschedule(self->world->store, id, at("2026-11-23T08:00:00Z"), 0,
	                                 SN_RULE_DEFAULT, 0, NULL));
	settle(self);
	assert_state(self, id, SN_STATE_WAITING);
	assert_reason(self, id, "Not before 23 Nov 2026 09:00");
	assert_next(self, id, "2026-11-23T08:00:00Z");
	jump(self, "2026-11-23T07:59:00Z");
	assert_int_equal(self->mails->len, 0);
	jump(self, "2026-11-23T08:00:00Z");
	assert_state(self, id, SN_STATE_ACCEPTED);
	/* conditions count from now on, for one that waits for a decision too */
	bob_is(self, SN_PRESENCE_XA);
	SnId asks = queue_im(self, "free?");
	settle(self);
	assert_state(self, asks, SN_STATE_CHOOSING);
	assert_true(sn_outbox_reschedule(self->world->store, asks, 0, SN_WHEN_AVAILABLE, SN_RULE_FAIL,
	                                 self->world->now + SN_HOUR, NULL));
	later(self, SN_SECOND);
	assert_state(self, asks, SN_STATE_WAITING);
	bob_is(self, SN_PRESENCE_CHAT);
	assert_state(self, asks, SN_STATE_ACCEPTED);
	assert_false(sn_outbox_reschedule(self->world->store, asks, 0, SN_WHEN_AVAILABLE,
	                                  SN_RULE_FAIL, 0, NULL));
	delivery_free(self);
}

/* ---- what happens when it does not come true ---- */

static void the_fallback_comes_when_the_time_is_over(void **state)
{
	static const struct {
		SnChannel channel;
		SnRule then;
		SnState end;
		guint mails;
	} cases[] = {
		{ SN_CHANNEL_IM, SN_RULE_MAIL, SN_STATE_CONVERTED, 1 },
		{ SN_CHANNEL_IM, SN_RULE_DEFAULT, SN_STATE_CONVERTED, 1 },
		{ SN_CHANNEL_IM, SN_RULE_FAIL, SN_STATE_FAILED, 0 },
		{ SN_CHANNEL_MAIL, SN_RULE_MAIL, SN_STATE_ACCEPTED, 1 },
		{ SN_CHANNEL_MAIL, SN_RULE_FAIL, SN_STATE_FAILED, 0 },
		{ SN_CHANNEL_MAIL, SN_RULE_DEFAULT, SN_STATE_FAILED, 0 },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		Delivery *self = world_at(NOW, NULL);
		SnOutboxNew new = cases[i].channel == SN_CHANNEL_IM ? im("x") : mail("x");
		bob_is(self, SN_PRESENCE_OFFLINE);
		new.when = SN_WHEN_ONLINE;
		new.then = cases[i].then;
		new.expires = at(NOW) + 2 * SN_HOUR;
		SnId id = queue_new(self, &new, cases[i].channel == SN_CHANNEL_IM ? BOB_IM : BOB_MAIL);
		settle(self);
		later(self, 2 * SN_HOUR - SN_SECOND);
		assert_state(self, id, SN_STATE_WAITING);
		later(self, SN_SECOND);
		assert_state(self, id, cases[i].end);
		later(self, SN_DAY);
		assert_int_equal(self->mails->len, cases[i].mails);
		assert_int_equal(self->stanzas->len, 0);
		delivery_free(self);
	}
}

/* An engine that starts lets what ran out meanwhile have a try; what runs out later does not wait. */
static void the_fallback_comes_soon_after_a_start_too(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew before = im("ran out meanwhile"), after = im("runs out later");

	bob_is(self, SN_PRESENCE_OFFLINE);
	before.when = after.when = SN_WHEN_ONLINE;
	before.then = after.then = SN_RULE_MAIL;
	before.expires = at(NOW) + SN_MINUTE;
	after.expires = at(NOW) + 62 * SN_MINUTE;
	SnId one = queue_new(self, &before, BOB_IM), two = queue_new(self, &after, BOB_IM);
	settle(self);
	self->world->now += SN_HOUR;
	crash(self, TRUE);
	bob_is(self, SN_PRESENCE_OFFLINE);
	later(self, SN_MINUTE);
	assert_state(self, one, SN_STATE_WAITING);
	assert_state(self, two, SN_STATE_WAITING);
	later(self, SN_MINUTE);
	assert_state(self, two, SN_STATE_CONVERTED);
	later(self, 20 * SN_MINUTE);
	assert_state(self, one, SN_STATE_CONVERTED);
	delivery_free(self);
}

static void an_email_instead_keeps_the_time(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew new = im("x");

	new.send_at = at("2026-11-23T08:00:00Z");
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	ask_for(self, id, SN_REQUEST_CONVERT);
	assert_state(self, id, SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 0);
	jump(self, "2026-11-23T08:00:00Z");
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void send_now_lets_the_email_go_before_its_time(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew new = im("x");

	new.send_at = at("2026-11-22T12:30:00Z");
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	ask_for(self, id, SN_REQUEST_CONVERT);
	g_autoptr(SnOutboxEntry) old = entry_of(self, id);
	assert_state(self, old->converted_to, SN_STATE_QUEUED);
	ask_for(self, old->converted_to, SN_REQUEST_SEND);
	assert_state(self, old->converted_to, SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void what_waits_for_its_own_terms_is_not_gathered(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew own = im("only when he is there"), plain = im("whenever");

	bob_is(self, SN_PRESENCE_OFFLINE);
	own.when = SN_WHEN_ONLINE;
	plain.if_unavailable = SN_RULE_DEFER;
	SnId kept = queue_new(self, &own, BOB_IM), goes = queue_new(self, &plain, BOB_IM);
	settle(self);
	assert_state(self, goes, SN_STATE_WAITING);
	ask_for(self, goes, SN_REQUEST_CONVERT);
	assert_state(self, goes, SN_STATE_CONVERTED);
	assert_state(self, kept, SN_STATE_WAITING);
	delivery_free(self);
}

static void what_was_put_off_keeps_its_time(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew now = im("whenever"), later = im("in the morning");

	bob_is(self, SN_PRESENCE_OFFLINE);
	now.if_unavailable = later.if_unavailable = SN_RULE_DEFER;
	SnId kept = queue_new(self, &later, BOB_IM), goes = queue_new(self, &now, BOB_IM);
	settle(self);
	assert_state(self, kept, SN_STATE_WAITING);
	SnTime morning = self->world->now + 12 * SN_HOUR;
	assert_true(sn_outbox_reschedule(self->world->store, kept, morning, 0, SN_RULE_DEFER, 0,
	                                 NULL));
	settle(self);
	ask_for(self, goes, SN_REQUEST_CONVERT);
	assert_state(self, goes, SN_STATE_CONVERTED);
	g_autoptr(SnOutboxEntry) waits = entry_of(self, kept);
	assert_int_not_equal(waits->state, SN_STATE_CONVERTED);
	assert_int_equal(waits->send_at, morning);
	delivery_free(self);
}

/* ---- hours of work ---- */

static void outside_the_hours_nothing_goes_that_was_put_off(void **state)
{
	Delivery *self = world_at("2026-11-20T16:00:00Z", HOURS); /* Friday, 17:00 */
	SnOutboxNew new = im("deferred");

	bob_is(self, SN_PRESENCE_OFFLINE);
	new.if_unavailable = SN_RULE_DEFER;
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	jump(self, "2026-11-20T22:00:00Z");
	assert_state(self, id, SN_STATE_WAITING);
	bob_is(self, SN_PRESENCE_ONLINE); /* on Friday night */
	assert_state(self, id, SN_STATE_WAITING);
	assert_reason(self, id, "Outside your working hours");
	assert_next(self, id, "2026-11-23T07:00:00Z");
	/* what the user writes now is another matter */
	SnId now = queue_im(self, "are you there?");
	settle(self);
	assert_state(self, now, SN_STATE_ACCEPTED);
	jump(self, "2026-11-23T07:00:00Z");
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void a_machine_that_wakes_at_night_sends_in_the_morning(void **state)
{
	Delivery *self = world_at("2026-11-23T10:00:00Z", HOURS);
	SnOutboxNew new = mail("x");

	new.send_at = at("2026-11-23T16:00:00Z"); /* Monday, 17:00: within the hours */
	SnId id = queue_new(self, &new, BOB_MAIL);
	settle(self);
	jump(self, "2026-11-24T01:00:00Z"); /* slept through it */
	assert_state(self, id, SN_STATE_WAITING);
	assert_next(self, id, "2026-11-24T07:00:00Z");
	jump(self, "2026-11-24T07:00:00Z");
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void the_fallback_waits_for_the_hours_too(void **state)
{
	Delivery *self = world_at("2026-11-20T16:00:00Z", HOURS);
	SnOutboxNew email = im("becomes an email"), fails = im("fails");

	bob_is(self, SN_PRESENCE_OFFLINE);
	email.when = fails.when = SN_WHEN_ONLINE;
	email.then = SN_RULE_MAIL;
	fails.then = SN_RULE_FAIL;
	email.expires = fails.expires = at("2026-11-20T18:00:00Z");
	SnId first = queue_new(self, &email, BOB_IM), second = queue_new(self, &fails, BOB_IM);
	settle(self);
	jump(self, "2026-11-20T18:00:00Z");
	assert_state(self, first, SN_STATE_WAITING);
	assert_reason(self, first, "working hours");
	assert_next(self, first, "2026-11-23T07:00:00Z");
	/* a failure goes to the user, at any hour */
	assert_state(self, second, SN_STATE_FAILED);
	later(self, SN_MINUTE); /* and it is looked at no more until then */
	g_autoptr(GPtrArray) events = sn_outbox_events(self->world->store, first);
	guint count = events->len;
	later(self, SN_HOUR);
	g_autoptr(GPtrArray) after = sn_outbox_events(self->world->store, first);
	assert_int_equal(after->len, count);
	jump(self, "2026-11-23T07:00:00Z");
	/* he may have come while the machine slept: there is a moment for that to show */
	later(self, 20 * SN_MINUTE);
	assert_state(self, first, SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void the_hours_follow_the_wall_when_the_clocks_change(void **state)
{
	Delivery *self = world_at("2026-03-27T18:00:00Z", HOURS); /* Friday evening, winter time */
	SnOutboxNew new = im("x");

	new.when = SN_WHEN_NOT_DND;
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	assert_next(self, id, "2026-03-30T06:00:00Z"); /* Monday 08:00, summer time */
	jump(self, "2026-03-30T05:59:59Z");
	assert_state(self, id, SN_STATE_WAITING);
	jump(self, "2026-03-30T06:00:00Z");
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void a_lost_line_is_not_a_matter_of_hours(void **state)
{
	Delivery *self = world_at("2026-11-20T20:00:00Z", HOURS);
	SnId id = queue_im(self, "typed in the evening");

	self->next_im = FATE_TEMPORARY;
	settle(self);
	assert_state(self, id, SN_STATE_WAITING);
	later(self, SN_HOUR);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

/* ---- encryption ---- */

static void what_must_be_encrypted_never_goes_in_the_clear(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew secret = im("the key is under the mat"), letter = mail("so is the other");

	secret.encrypt = letter.encrypt = SN_ENCRYPT_REQUIRED;
	secret.expires = letter.expires = at(NOW) + SN_DAY;
	SnId one = queue_new(self, &secret, BOB_IM), two = queue_new(self, &letter, BOB_MAIL);
	settle(self);
	assert_state(self, one, SN_STATE_WAITING);
	assert_state(self, two, SN_STATE_WAITING);
	assert_reason(self, one, "no encryption for");
	assert_reason(self, two, "no encryption for");
	/* neither presence, nor "now", nor "email instead" is a yes to that */
	bob_is(self, SN_PRESENCE_CHAT);
	ask_for(self, one, SN_REQUEST_SEND);
	assert_state(self, one, SN_STATE_WAITING);
	ask_for(self, one, SN_REQUEST_CONVERT);
	assert_state(self, one, SN_STATE_CHOOSING);
	assert_reason(self, one, "encrypted");
	ask_for(self, two, SN_REQUEST_SEND);
	crash(self, TRUE);
	settle(self);
	later(self, SN_DAY);
	assert_state(self, two, SN_STATE_FAILED);
	assert_int_equal(self->stanzas->len + self->mails->len, 0);
	delivery_free(self);
}

static void it_is_not_gathered_with_others_either(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew secret = im("secret"), plain = im("plain");

	bob_is(self, SN_PRESENCE_OFFLINE);
	secret.encrypt = SN_ENCRYPT_REQUIRED;
	plain.if_unavailable = SN_RULE_DEFER;
	SnId one = queue_new(self, &secret, BOB_IM), two = queue_new(self, &plain, BOB_IM);
	settle(self);
	ask_for(self, two, SN_REQUEST_CONVERT);
	settle(self);
	later(self, SN_MINUTE);
	assert_int_equal(self->mails->len, 1);
	g_autofree char *raw = g_strndup(g_bytes_get_data(self->mails->pdata[0], NULL),
	                                 g_bytes_get_size(self->mails->pdata[0]));
	assert_non_null(strstr(raw, "plain"));
	assert_null(strstr(raw, "secret"));
	assert_state(self, one, SN_STATE_WAITING);
	delivery_free(self);
}

static void the_users_yes_lets_it_go(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew secret = im("not so secret"), wish = im("if you can");

	secret.encrypt = SN_ENCRYPT_REQUIRED;
	wish.encrypt = SN_ENCRYPT_IF_POSSIBLE;
	SnId id = queue_new(self, &secret, BOB_IM), other = queue_new(self, &wish, BOB_IM);
	settle(self);
	assert_state(self, other, SN_STATE_ACCEPTED);
	assert_true(sn_outbox_allow_plain(self->world->store, id, NULL));
	ask_for(self, id, SN_REQUEST_SEND);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_true(has_note(self, id, "plain"));
	delivery_free(self);
}

/* ---- a time that passes while the user is asked ---- */

static SnId asked_about(Delivery *self, SnRule then)
{
	SnOutboxNew new = im("what now?");

	new.then = then;
	new.expires = self->world->now + SN_DAY;
	bob_is(self, SN_PRESENCE_DND);
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	assert_state(self, id, SN_STATE_CHOOSING);
	return id;
}

static void a_question_that_nobody_answers_in_time_ends_visibly(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnId id = asked_about(self, SN_RULE_DEFAULT);

	assert_true(pass(self, 23 * SN_HOUR));
	assert_state(self, id, SN_STATE_CHOOSING);
	assert_int_equal(self->failed, 0);
	/* by the engine's own timer; and it does not become an email, about which the user was asked */
	assert_true(pass(self, 2 * SN_HOUR));
	assert_state(self, id, SN_STATE_FAILED);
	assert_reason(self, id, "You were asked about it, and its time is over: Bob is do not disturb");
	assert_int_equal(self->failed, 1);
	assert_int_equal(self->mails->len + self->stanzas->len, 0);
	/* the user can still decide */
	ask_for(self, id, SN_REQUEST_CONVERT);
	assert_state(self, id, SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void what_the_user_said_of_that_time_is_done(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnId mail = asked_about(self, SN_RULE_MAIL);
	SnId fails = asked_about(self, SN_RULE_FAIL);

	assert_true(pass(self, 25 * SN_HOUR));
	assert_state(self, mail, SN_STATE_CONVERTED);
	assert_state(self, fails, SN_STATE_FAILED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void an_answer_in_time_counts(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnId id = asked_about(self, SN_RULE_FAIL);

	assert_true(pass(self, 23 * SN_HOUR));
	ask_for(self, id, SN_REQUEST_SEND);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_true(pass(self, 3 * SN_HOUR));
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(self->failed, 0);
	delivery_free(self);
}

/* The machine slept: the user gets a quarter of an hour to answer, as the contact does to come. */
static void a_time_that_passed_in_a_sleep_leaves_some_to_decide(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnId id = asked_about(self, SN_RULE_FAIL);

	asleep(self, 3 * SN_DAY);
	assert_state(self, id, SN_STATE_CHOOSING);
	assert_true(pass(self, 10 * SN_MINUTE));
	assert_state(self, id, SN_STATE_CHOOSING);
	assert_true(pass(self, 10 * SN_MINUTE));
	assert_state(self, id, SN_STATE_FAILED);
	delivery_free(self);
}

/* What may have gone has not failed, and is not sent on another way, however long it stands there. */
static void what_may_have_gone_has_no_end(void **state)
{
	Delivery *self = world_at(NOW, NULL);
	SnOutboxNew new = im("perhaps");

	self->archive = FALSE;
	self->next_im = FATE_LOST_AFTER;
	new.then = SN_RULE_MAIL;
	new.expires = self->world->now + SN_DAY;
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	assert_state(self, id, SN_STATE_CHOOSING);
	assert_true(pass(self, 10 * SN_DAY));
	assert_state(self, id, SN_STATE_CHOOSING);
	assert_int_equal(self->mails->len, 0);
	assert_int_equal(taken_body(self, "perhaps"), 1);
	delivery_free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scheduled_message_goes_at_its_time_and_not_before),
		cmocka_unit_test(one_for_much_later_holds_up_nobody),
		cmocka_unit_test(a_scheduled_message_survives_a_crash),
		cmocka_unit_test(messages_due_during_a_sleep_go_once_and_in_order),
		cmocka_unit_test(a_condition_is_waited_for),
		cmocka_unit_test(a_presence_that_is_not_told_is_waited_for_and_said),
		cmocka_unit_test(a_time_and_a_presence_have_to_come_together),
		cmocka_unit_test(several_that_wait_for_him_go_in_order),
		cmocka_unit_test(a_condition_does_not_hold_up_what_has_none),
		cmocka_unit_test(the_line_is_waited_for_without_an_error),
		cmocka_unit_test(send_now_overrides_a_condition),
		cmocka_unit_test(an_entry_is_put_off_while_it_is_on_its_way),
		cmocka_unit_test(the_fallback_comes_when_the_time_is_over),
		cmocka_unit_test(the_fallback_comes_soon_after_a_start_too),
		cmocka_unit_test(an_email_instead_keeps_the_time),
		cmocka_unit_test(send_now_lets_the_email_go_before_its_time),
		cmocka_unit_test(what_waits_for_its_own_terms_is_not_gathered),
		cmocka_unit_test(what_was_put_off_keeps_its_time),
		cmocka_unit_test(outside_the_hours_nothing_goes_that_was_put_off),
		cmocka_unit_test(a_machine_that_wakes_at_night_sends_in_the_morning),
		cmocka_unit_test(the_fallback_waits_for_the_hours_too),
		cmocka_unit_test(the_hours_follow_the_wall_when_the_clocks_change),
		cmocka_unit_test(a_lost_line_is_not_a_matter_of_hours),
		cmocka_unit_test(what_must_be_encrypted_never_goes_in_the_clear),
		cmocka_unit_test(it_is_not_gathered_with_others_either),
		cmocka_unit_test(the_users_yes_lets_it_go),
		cmocka_unit_test(a_question_that_nobody_answers_in_time_ends_visibly),
		cmocka_unit_test(what_the_user_said_of_that_time_is_done),
		cmocka_unit_test(an_answer_in_time_counts),
		cmocka_unit_test(a_time_that_passed_in_a_sleep_leaves_some_to_decide),
		cmocka_unit_test(what_may_have_gone_has_no_end),
	};

	g_setenv("TZ", "Europe/Berlin", TRUE);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
