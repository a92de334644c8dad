/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/machine.h"

static const SnState states[] = {
#define X(name, word) SN_STATE_##name,
	SN_STATE_TABLE(X)
#undef X
};

typedef struct {
	SnState from;
	SnDeliveryEvent event;
	SnState to;
	SnDeliveryEffect effect;
} Row;
static const Row rows[] = {
#define X(from, event, to, effect)                                                              \
	{ SN_STATE_##from, SN_DELIVERY_##event, SN_STATE_##to, SN_EFFECT_##effect },
	SN_DELIVERY_TABLE(X)
#undef X
};

static const Row *row_of(SnState state, SnDeliveryEvent event)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].from == state && rows[i].event == event)
			return &rows[i];
	return NULL;
}

static void every_pair_is_a_row_or_changes_nothing(void **unused)
{
	for (gsize s = 0; s < G_N_ELEMENTS(states); s++)
		for (int e = 0; e < SN_DELIVERY_EVENT_COUNT; e++) {
			SnDeliveryStep step = sn_machine_step(states[s], (SnDeliveryEvent)e);
			const Row *row = row_of(states[s], (SnDeliveryEvent)e);
			assert_int_equal(step.known, row != NULL);
			assert_int_equal(step.state, row ? row->to : states[s]);
			assert_int_equal(step.effect, row ? row->effect : SN_EFFECT_NONE);
		}
}

static void no_pair_has_two_rows(void **unused)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		for (gsize j = i + 1; j < G_N_ELEMENTS(rows); j++)
			assert_false(rows[i].from == rows[j].from &&
			             rows[i].event == rows[j].event);
}

/* What is at an end stays there; only what others say of it later is heard. */
static void what_left_for_good_stays_so(void **unused)
{
	static const SnState ends[] = { SN_STATE_CANCELLED, SN_STATE_CONVERTED };

	for (int e = 0; e < SN_DELIVERY_EVENT_COUNT; e++) {
		gboolean late = e == SN_DELIVERY_RECEIPT || e == SN_DELIVERY_DISPLAYED;
		for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
			SnDeliveryStep step = sn_machine_step(ends[i], (SnDeliveryEvent)e);
			assert_int_equal(step.known, late);
			assert_int_equal(step.state, ends[i]);
		}
		assert_int_equal(sn_machine_step(SN_STATE_READ, (SnDeliveryEvent)e).known,
		                 e == SN_DELIVERY_BOUNCE);
		assert_false(sn_machine_step(SN_STATE_RECEIVED, (SnDeliveryEvent)e).known);
	}
}

/* Once a server has it, no event sends it again; only the user retries a failed one. */
static void what_a_server_has_is_never_transmitted_again(void **unused)
{
	static const SnState gone[] = { SN_STATE_ACCEPTED, SN_STATE_DELIVERED, SN_STATE_READ };

	for (gsize s = 0; s < G_N_ELEMENTS(gone); s++)
		for (int e = 0; e < SN_DELIVERY_EVENT_COUNT; e++) {
			SnState to = sn_machine_step(gone[s], (SnDeliveryEvent)e).state;
			assert_true(to == SN_STATE_ACCEPTED || to == SN_STATE_DELIVERED ||
			            to == SN_STATE_READ || to == SN_STATE_FAILED);
		}
	for (int e = 0; e < SN_DELIVERY_EVENT_COUNT; e++) {
		SnState to = sn_machine_step(SN_STATE_FAILED, (SnDeliveryEvent)e).state;
		if (to == SN_STATE_QUEUED)
			assert_true(e == SN_DELIVERY_RETRY || e == SN_DELIVERY_SEND);
		assert_int_not_equal(to, SN_STATE_SENDING);
	}
}

static void everything_open_can_be_cancelled_except_while_it_goes(void **unused)
{
	static const SnState open[] = { SN_STATE_QUEUED, SN_STATE_CHOOSING, SN_STATE_WAITING,
		                        SN_STATE_ASKED, SN_STATE_FAILED };

	for (gsize s = 0; s < G_N_ELEMENTS(open); s++)
		assert_int_equal(sn_machine_step(open[s], SN_DELIVERY_CANCEL).state,
		                 SN_STATE_CANCELLED);
	assert_false(sn_machine_step(SN_STATE_SENDING, SN_DELIVERY_CANCEL).known);
}

static void effects_and_states_agree(void **unused)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const Row *row = &rows[i];
		gboolean steps = row->effect == SN_EFFECT_TRANSMIT ||
		                 row->effect == SN_EFFECT_NEXT_STEP ||
		                 row->effect == SN_EFFECT_RELEASE;
		if (steps)
			assert_int_equal(row->to, SN_STATE_SENDING);
		assert_int_equal(row->effect == SN_EFFECT_CONVERT,
		                 row->to == SN_STATE_CONVERTED &&
		                         row->from != SN_STATE_CONVERTED);
		assert_int_equal(row->effect == SN_EFFECT_QUESTION, row->to == SN_STATE_ASKED &&
		                                                    row->from != SN_STATE_ASKED);
		/* A failure is always told, a wait always has a next try. */
		if (row->to == SN_STATE_FAILED)
			assert_int_equal(row->effect, SN_EFFECT_TELL_FAILURE);
		if (row->to == SN_STATE_WAITING && row->from != SN_STATE_WAITING)
			assert_int_equal(row->effect, SN_EFFECT_SCHEDULE);
		if (row->to == SN_STATE_CHOOSING && row->event != SN_DELIVERY_UNCERTAIN)
			assert_int_equal(row->effect, SN_EFFECT_TELL_USER);
		/* The last word follows on nothing but its being written down. */
		assert_int_equal(row->effect == SN_EFFECT_RELEASE,
		                 row->event == SN_DELIVERY_HAND_OVER);
		if (row->to == SN_STATE_SENDING && row->from != SN_STATE_SENDING)
			assert_int_equal(row->effect, SN_EFFECT_TRANSMIT);
	}
}

/* From every open state there is a way to the other side, and every state can be reached. */
static void nothing_is_a_dead_end(void **unused)
{
	gboolean reached[G_N_ELEMENTS(states)] = { FALSE }, leads[G_N_ELEMENTS(states)] = { FALSE };

	reached[SN_STATE_QUEUED] = TRUE;
	leads[SN_STATE_DELIVERED] = leads[SN_STATE_CONVERTED] = leads[SN_STATE_READ] = TRUE;
	for (gsize round = 0; round < G_N_ELEMENTS(states); round++)
		for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
			reached[rows[i].to] |= reached[rows[i].from];
			leads[rows[i].from] |= leads[rows[i].to];
		}
	for (gsize s = 0; s < G_N_ELEMENTS(states); s++) {
		if (states[s] == SN_STATE_RECEIVED || states[s] == SN_STATE_DRAFT)
			continue;
		assert_true(reached[s]);
		if (states[s] != SN_STATE_CANCELLED)
			assert_true(leads[s]);
	}
}

static void words_are_distinct(void **unused)
{
	for (int a = 0; a < SN_DELIVERY_EVENT_COUNT; a++)
		for (int b = a + 1; b < SN_DELIVERY_EVENT_COUNT; b++)
			assert_string_not_equal(sn_delivery_event_word((SnDeliveryEvent)a),
			                        sn_delivery_event_word((SnDeliveryEvent)b));
	for (int a = 0; a < SN_EFFECT_COUNT; a++)
		for (int b = a + 1; b < SN_EFFECT_COUNT; b++)
			assert_string_not_equal(sn_delivery_effect_word((SnDeliveryEffect)a),
			                        sn_delivery_effect_word((SnDeliveryEffect)b));
}

static void final_states_are_those_without_a_timer(void **unused)
{
	for (gsize s = 0; s < G_N_ELEMENTS(states); s++)
		if (sn_machine_step(states[s], SN_DELIVERY_DUE).known)
			assert_false(sn_machine_is_final(states[s]));
	assert_false(sn_machine_is_final(SN_STATE_SENDING));
	assert_true(sn_machine_is_final(SN_STATE_CHOOSING));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_is_a_row_or_changes_nothing),
		cmocka_unit_test(no_pair_has_two_rows),
		cmocka_unit_test(what_left_for_good_stays_so),
		cmocka_unit_test(what_a_server_has_is_never_transmitted_again),
		cmocka_unit_test(everything_open_can_be_cancelled_except_while_it_goes),
		cmocka_unit_test(effects_and_states_agree),
		cmocka_unit_test(nothing_is_a_dead_end),
		cmocka_unit_test(words_are_distinct),
		cmocka_unit_test(final_states_are_those_without_a_timer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
