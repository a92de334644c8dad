/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Long random lives of a few messages: presence changes, answers, receipts, bounces, lost lines,
 * kills, clock jumps, edits, cancels. Whatever the order: nothing is lost, nothing goes twice,
 * nothing goes after a cancel, and every open entry has a next step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/delivery_world.h"

#define LIVES 60
#define STEPS 80
#define MESSAGES 6

typedef struct {
	SnId id;
	char *wire;         /* origin-id or Message-ID */
	int cancelled_at;   /* how often it had been taken when the cancel took effect; -1 */
	gboolean resent;    /* the user said "send again" while nobody could know */
	gboolean claimed;   /* the user said "it has arrived" while nobody could know */
} Watched;

typedef struct {
	Delivery *delivery;
	GRand *random;
	GArray *watched; /* of Watched */
	GString *log;    /* what happened, for a failure */
	gboolean online;
} Life;

static SnPresenceShow some_show(Life *life)
{
	static const SnPresenceShow shows[] = { SN_PRESENCE_OFFLINE, SN_PRESENCE_XA,
		                                SN_PRESENCE_DND,     SN_PRESENCE_AWAY,
		                                SN_PRESENCE_ONLINE,  SN_PRESENCE_ONLINE };

	return shows[g_rand_int_range(life->random, 0, G_N_ELEMENTS(shows))];
}

static void watch(Life *life, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = entry_of(life->delivery, id);
	Watched one = { id, g_strdup(entry->origin_id ? entry->origin_id : entry->message_id), -1,
		        FALSE, FALSE };

	g_array_append_val(life->watched, one);
}

static Watched *some_message(Life *life)
{
	if (life->watched->len == 0)
		return NULL;
	return &g_array_index(life->watched, Watched,
	                      (guint)g_rand_int_range(life->random, 0, (int)life->watched->len));
}

/* Emails that conversions made are watched as well. */
static void watch_new(Life *life)
{
	g_autoptr(GPtrArray) all = sn_outbox_list(life->delivery->world->store, SN_OUTBOX_ALL, 0,
	                                          1000, 0);

	for (guint i = 0; i < all->len; i++) {
		const SnOutboxEntry *entry = all->pdata[i];
		gboolean known = FALSE;
		for (guint j = 0; j < life->watched->len; j++)
			known |= g_array_index(life->watched, Watched, j).id == entry->id;
		if (!known)
			watch(life, entry->id);
	}
}

static void queue_something(Life *life)
{
	static const SnRule rules[] = { SN_RULE_DEFAULT,  SN_RULE_DEFER, SN_RULE_SEND,
		                        SN_RULE_ASK_THEM, SN_RULE_MAIL,  SN_RULE_ASK };
	Delivery *self = life->delivery;
	SnOutboxNew new = {
		.channel = g_rand_boolean(life->random) ? SN_CHANNEL_IM : SN_CHANNEL_MAIL,
		.body = "text",
		.state = SN_STATE_QUEUED,
		.if_unavailable = rules[g_rand_int_range(life->random, 0, G_N_ELEMENTS(rules))],
		.send_at = self->world->now + g_rand_int_range(life->random, 0, 2) * 5 * SN_SECOND,
		.announce = g_rand_boolean(life->random),
	};

	if (life->watched->len < MESSAGES)
		watch(life, queue_new(self, &new,
		                      new.channel == SN_CHANNEL_IM ? BOB_IM : BOB_MAIL));
}

static void request_something(Life *life)
{
	Watched *one = some_message(life);
	SnOutboxRequest request =
		(SnOutboxRequest)g_rand_int_range(life->random, SN_REQUEST_SEND, SN_REQUEST_RETRY + 1);

	if (!one)
		return;
	g_autoptr(SnOutboxEntry) entry = entry_of(life->delivery, one->id);
	if (request == SN_REQUEST_RETRY && sn_outbox_is_uncertain(entry))
		request = one->id % 2 ? SN_REQUEST_CHECK : SN_REQUEST_ARRIVED;
	gboolean again = request == SN_REQUEST_SEND || request == SN_REQUEST_RETRY ||
	                 request == SN_REQUEST_CONVERT;
	/* Only the user can make it go twice, by saying so of one that may have gone. */
	one->claimed |= request == SN_REQUEST_ARRIVED;
	if (again && taken(life->delivery, one->wire) > 0)
		one->resent = TRUE;
	g_string_append_printf(life->log, " %s(%" G_GINT64_FORMAT ")",
	                       sn_outbox_request_word(request), one->id);
	sn_outbox_request(life->delivery->world->store, one->id, request, NULL);
}

static void server_misbehaves(Life *life)
{
	Fate fate = (Fate)g_rand_int_range(life->random, FATE_TAKEN, FATE_REJECTED + 1);

	if (g_rand_boolean(life->random))
		life->delivery->next_im = fate;
	else
		life->delivery->next_mail = fate;
	g_string_append_printf(life->log, " fate%d", fate);
}

static void something_comes_back(Life *life)
{
	Watched *one = some_message(life);
	Delivery *self = life->delivery;

	if (!one || taken(self, one->wire) == 0)
		return;
	g_string_append_printf(life->log, " back(%" G_GINT64_FORMAT ")", one->id);
	switch (g_rand_int_range(life->random, 0, 5)) {
	case 0:
		sn_delivery_receipt(self->engine.delivery, &self->account, BOB_IM, one->wire, FALSE);
		break;
	case 1:
		sn_delivery_receipt(self->engine.delivery, &self->account, BOB_IM, one->wire, TRUE);
		break;
	case 2:
		sn_delivery_report(self->engine.delivery, one->wire, NULL, SN_REPORT_DELIVERED,
		                   BOB_MAIL, NULL);
		break;
	case 3:
		sn_delivery_seen(self->engine.delivery, SN_CHANNEL_IM, one->wire);
		sn_delivery_seen(self->engine.delivery, SN_CHANNEL_MAIL, one->wire);
		break;
	default:
		sn_delivery_report(self->engine.delivery, one->wire, NULL, SN_REPORT_FAILED,
		                   BOB_MAIL, "bounced");
		break;
	}
}

static void line_changes(Life *life)
{
	Delivery *self = life->delivery;

	g_string_append(life->log, life->online ? " off" : " on");
	life->online = !life->online;
	if (life->online) {
		go_online(self);
		bob_is(self, some_show(life));
	} else {
		go_offline(self);
	}
}

static void one_step(Life *life)
{
	static const char *const answers[] = { "now", "later", "email", "hello", "always later" };
	Delivery *self = life->delivery;

	switch (g_rand_int_range(life->random, 0, 14)) {
	case 0:
	case 1: queue_something(life); break;
	case 2:
	case 3: request_something(life); break;
	case 4: server_misbehaves(life); break;
	case 5: something_comes_back(life); break;
	case 6: line_changes(life); break;
	case 7:
		if (life->online)
			bob_is(self, some_show(life));
		break;
	case 8:
		if (life->online)
			bob_says(self, answers[g_rand_int_range(life->random, 0,
			                                        G_N_ELEMENTS(answers))]);
		break;
	case 9: /* killed, perhaps with a request out whose answer nobody hears */
		g_string_append(life->log, " kill");
		sn_delivery_look(self->engine.delivery);
		if (g_rand_boolean(life->random))
			take_without_answer(self);
		life->online = FALSE;
		crash(self, FALSE);
		break;
	case 10:
		self->world->now -= g_rand_int_range(life->random, 0, 3) * SN_DAY;
		g_string_append(life->log, " back-in-time");
		break;
	case 11: {
		Watched *one = some_message(life);
		if (one)
			sn_outbox_edit(self->world->store, one->id, NULL, "edited", NULL);
		break;
	}
	case 12: self->archive = !self->archive; break;
	default:
		self->world->now += g_rand_int_range(life->random, 1, 48) * 30 * SN_MINUTE;
		break;
	}
	if (g_rand_int_range(life->random, 0, 3))
		settle(self);
	else
		sn_delivery_look(self->engine.delivery); /* answers stay open for a while */
	watch_new(life);
}

/* ---- what must hold ---- */

static void broken(Life *life, const Watched *one, const char *what)
{
	g_autoptr(SnOutboxEntry) entry = entry_of(life->delivery, one->id);

	fail_msg("%s: entry %" G_GINT64_FORMAT " %s (%s), taken %d; life:%s", what, one->id,
	         sn_state_word(entry->state), entry->reason ? entry->reason : "",
	         taken(life->delivery, one->wire), life->log->str);
}

static void check(Life *life)
{
	Delivery *self = life->delivery;
	SnTime now = self->world->now, longest = 2 * SN_HOUR;

	for (guint i = 0; i < life->watched->len; i++) {
		Watched *one = &g_array_index(life->watched, Watched, i);
		g_autoptr(SnOutboxEntry) entry = entry_of(self, one->id);
		int times = taken(self, one->wire);
		if (times > 1 && !one->resent)
			broken(life, one, "went twice");
		switch (entry->state) {
		case SN_STATE_CANCELLED:
			if (one->cancelled_at < 0)
				one->cancelled_at = times;
			if (times > one->cancelled_at)
				broken(life, one, "went after its cancel");
			break;
		case SN_STATE_ACCEPTED:
		case SN_STATE_DELIVERED:
		case SN_STATE_READ:
			if (times == 0 && !one->claimed)
				broken(life, one, "is said to have gone");
			break;
		case SN_STATE_WAITING:
			if (!entry->next_try || entry->next_try > now + 3 * SN_DAY + longest)
				broken(life, one, "waits for ever");
			if (!entry->reason)
				broken(life, one, "waits without a reason");
			break;
		case SN_STATE_ASKED:
			if (!entry->next_try)
				broken(life, one, "is asked without an end");
			break;
		case SN_STATE_CHOOSING:
		case SN_STATE_FAILED:
			if (!entry->reason)
				broken(life, one, "needs the user without a reason");
			break;
		case SN_STATE_CONVERTED:
			if (!entry->converted_to)
				broken(life, one, "was converted into nothing");
			break;
		default: break;
		}
	}
}

/* In a good world everything comes to an end. */
static void happy_end(Life *life)
{
	Delivery *self = life->delivery;

	self->next_im = self->next_mail = FATE_TAKEN;
	self->archive = TRUE;
	if (!life->online)
		go_online(self);
	bob_is(self, SN_PRESENCE_ONLINE);
	for (int i = 0; i < 300; i++) {
		later(self, 6 * SN_HOUR);
		watch_new(life);
	}
	check(life);
	for (guint i = 0; i < life->watched->len; i++) {
		const Watched *one = &g_array_index(life->watched, Watched, i);
		SnState at = state_of(self, one->id);
		if (!sn_machine_is_final(at))
			broken(life, one, "never came to an end");
	}
}

static void live(guint32 seed)
{
	Life life = { .delivery = delivery_new("[delivery]\nundo-mail = 5s\n"),
		      .random = g_rand_new_with_seed(seed),
		      .watched = g_array_new(FALSE, FALSE, sizeof(Watched)),
		      .log = g_string_new(NULL),
		      .online = TRUE };

	g_string_append_printf(life.log, " seed %u:", seed);
	for (int i = 0; i < STEPS; i++) {
		one_step(&life);
		check(&life);
	}
	happy_end(&life);
	for (guint i = 0; i < life.watched->len; i++)
		g_free(g_array_index(life.watched, Watched, i).wire);
	g_array_unref(life.watched);
	g_string_free(life.log, TRUE);
	g_rand_free(life.random);
	delivery_free(life.delivery);
}

static void whatever_happens(void **state)
{
	const char *seed = g_getenv("SENNIT_SEED");

	if (seed) {
		live((guint32)strtoul(seed, NULL, 10));
		return;
	}
	for (guint32 i = 1; i <= LIVES; i++)
		live(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whatever_happens) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
