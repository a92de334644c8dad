/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receipts, markers and error stanzas: from any resource, for any stanza, at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/delivery_world.h"

static int set_up(void **state)
{
	Delivery *self = delivery_new(NULL);

	*state = self;
	return 0;
}

static int tear_down(void **state)
{
	delivery_free(*state);
	return 0;
}

static char *origin_of(Delivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);

	return g_strdup(entry->origin_id);
}

static SnId sent_im(Delivery *self, const char *body)
{
	SnId id = queue_im(self, body);

	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	return id;
}

static void receipt(Delivery *self, const char *from, const char *id)
{
	sn_delivery_receipt(self->engine.delivery, &self->account, from, id, FALSE);
}

static void displayed(Delivery *self, const char *from, const char *id)
{
	sn_delivery_receipt(self->engine.delivery, &self->account, from, id, TRUE);
}

static void error_from(Delivery *self, const char *from, const char *id)
{
	sn_delivery_im_error(self->engine.delivery, &self->account, from, id,
	                     "service-unavailable", NULL);
}

static void a_receipt_counts_from_every_resource_of_the_contact(void **state)
{
	Delivery *self = *state;
	SnId id = sent_im(self, "hello");
	g_autofree char *origin = origin_of(self, id);

	receipt(self, "bob@example.com/phone", origin); /* the same name, another server */
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	receipt(self, BOB_IM "/phone", origin);
	assert_int_equal(state_of(self, id), SN_STATE_DELIVERED);
	receipt(self, BOB_IM "/desk", origin);
	displayed(self, BOB_IM "/desk", origin);
	assert_int_equal(state_of(self, id), SN_STATE_READ);
	receipt(self, BOB_IM "/phone", origin); /* late, from a device that was off */
	assert_int_equal(state_of(self, id), SN_STATE_READ);
}

static void what_was_displayed_stands_for_what_came_before(void **state)
{
	Delivery *self = *state;
	SnId first = sent_im(self, "one"), second = sent_im(self, "two"),
	     third = sent_im(self, "three");
	g_autofree char *one = origin_of(self, first), *two = origin_of(self, second);

	receipt(self, BOB_IM "/phone", one);
	displayed(self, BOB_IM "/phone", two);
	assert_int_equal(state_of(self, first), SN_STATE_READ);
	assert_int_equal(state_of(self, second), SN_STATE_READ);
	assert_int_equal(state_of(self, third), SN_STATE_ACCEPTED);
}

/* An IM of several stanzas: longer than one may be. */
static SnId sent_in_parts(Delivery *self)
{
	g_autofree char *body = g_strnfill(3000, 'x');

	self->account.stanza_max = 2000;
	SnId id = sent_im(self, body);
	assert_true(self->stanzas->len > 1);
	return id;
}

static void the_parts_of_one_message_are_that_message(void **state)
{
	Delivery *self = *state;
	SnId id = sent_in_parts(self);
	g_autofree char *origin = origin_of(self, id), *part = g_strconcat(origin, ".0", NULL);
	g_autofree char *none = g_strconcat(origin, ".x", NULL);

	/* that a part of the text arrived does not say that the text did */
	receipt(self, BOB_IM "/phone", part);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_true(has_note(self, id, "part-receipt"));
	displayed(self, BOB_IM "/phone", none);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	displayed(self, BOB_IM "/phone", part);
	assert_int_equal(state_of(self, id), SN_STATE_READ);
}

static void a_part_that_does_not_arrive_is_told(void **state)
{
	Delivery *self = *state;
	SnId id = sent_in_parts(self);
	g_autofree char *origin = origin_of(self, id), *part = g_strconcat(origin, ".0", NULL);

	receipt(self, BOB_IM "/phone", origin);
	error_from(self, BOB_IM, part);
	assert_int_equal(state_of(self, id), SN_STATE_FAILED);
	g_autofree char *reason = reason_of(self, id);
	assert_true(g_str_has_prefix(reason, "A part of it did not arrive"));
	assert_int_equal(self->failed, 1);
	error_from(self, BOB_IM, part); /* by carbon and from the archive as well */
	assert_int_equal(self->failed, 1);
}

static void an_error_after_delivery_changes_nothing(void **state)
{
	Delivery *self = *state;
	SnId id = sent_im(self, "hello");
	g_autofree char *origin = origin_of(self, id);

	receipt(self, BOB_IM "/phone", origin);
	error_from(self, BOB_IM "/gone", origin);
	assert_int_equal(state_of(self, id), SN_STATE_DELIVERED);
	assert_int_equal(self->failed, 0);
	assert_true(has_note(self, id, "late-error"));
}

static void an_error_counts_once_and_a_receipt_undoes_it(void **state)
{
	Delivery *self = *state;
	SnId id = sent_im(self, "hello");
	g_autofree char *origin = origin_of(self, id);

	error_from(self, BOB_IM "/phone", origin);
	error_from(self, BOB_IM "/desk", origin);
	assert_int_equal(state_of(self, id), SN_STATE_FAILED);
	assert_int_equal(self->failed, 1);
	later(self, 3 * SN_DAY);
	crash(self, TRUE);
	receipt(self, BOB_IM "/desk", origin);
	assert_int_equal(state_of(self, id), SN_STATE_DELIVERED);
	assert_int_equal(self->delivered, 1);
	assert_non_null(strstr(self->last_title, "after all"));
}

/* An IM of which nobody knew whether it went. */
static SnId doubtful(Delivery *self)
{
	SnId id = queue_im(self, "hello");

	self->archive = FALSE;
	self->next_im = FATE_LOST_AFTER;
	settle(self);
	go_offline(self);
	go_online(self);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	return id;
}

static void who_got_the_email_and_the_im_is_said_to_have_both(void **state)
{
	Delivery *self = *state;
	SnId id = doubtful(self);
	g_autofree char *origin = origin_of(self, id);

	ask_for(self, id, SN_REQUEST_CONVERT);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CONVERTED);
	self->delivered = 0;
	receipt(self, BOB_IM "/phone", origin);
	assert_int_equal(state_of(self, id), SN_STATE_CONVERTED);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "got it by IM as well"));
	assert_int_equal(self->delivered, 1);
	/* said once, and nothing else is an error now */
	displayed(self, BOB_IM "/phone", origin);
	receipt(self, BOB_IM "/desk", origin);
	error_from(self, BOB_IM "/old", origin);
	assert_int_equal(self->delivered, 1);
	assert_int_equal(self->failed, 0);
	g_autofree char *still = reason_of(self, id);
	assert_string_equal(still, reason);
}

static void what_had_gone_before_it_was_cancelled_is_said(void **state)
{
	Delivery *self = *state;
	SnId id = doubtful(self);
	g_autofree char *origin = origin_of(self, id);

	ask_for(self, id, SN_REQUEST_CANCEL);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CANCELLED);
	receipt(self, BOB_IM "/phone", origin);
	assert_int_equal(state_of(self, id), SN_STATE_CANCELLED);
	assert_int_equal(self->delivered, 1);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "had got it before"));
}

/* ---- what another device of the user's sent ---- */

static SnState state_of_message(Delivery *self, SnId id)
{
	g_autoptr(SnMessage) message = sn_message_get(self->world->store, id, 0);

	return message->state;
}

static void what_another_device_sent_is_followed_too(void **state)
{
	Delivery *self = *state;
	Said say = { .channel = SN_CHANNEL_IM, .direction = SN_OUT, .body = "one", .id = "e-1" };
	SnId first = world_say(self->world, &say);

	say.body = "two";
	say.id = "e-2";
	SnId second = world_say(self->world, &say);
	receipt(self, "mallory@evil.example/x", "e-2");
	assert_int_equal(state_of_message(self, second), SN_STATE_ACCEPTED);
	receipt(self, BOB_IM "/phone", "e-2");
	assert_int_equal(state_of_message(self, second), SN_STATE_DELIVERED);
	assert_int_equal(state_of_message(self, first), SN_STATE_ACCEPTED);
	displayed(self, BOB_IM "/phone", "e-2");
	assert_int_equal(state_of_message(self, first), SN_STATE_READ);
	assert_int_equal(state_of_message(self, second), SN_STATE_READ);
	receipt(self, BOB_IM "/desk", "e-2");
	assert_int_equal(state_of_message(self, second), SN_STATE_READ);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_receipt_counts_from_every_resource_of_the_contact),
		TEST(what_was_displayed_stands_for_what_came_before),
		TEST(the_parts_of_one_message_are_that_message),
		TEST(a_part_that_does_not_arrive_is_told),
		TEST(an_error_after_delivery_changes_nothing),
		TEST(an_error_counts_once_and_a_receipt_undoes_it),
		TEST(who_got_the_email_and_the_im_is_said_to_have_both),
		TEST(what_had_gone_before_it_was_cancelled_is_said),
		TEST(what_another_device_sent_is_followed_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
