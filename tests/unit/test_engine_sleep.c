/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An engine whose machine sleeps: connections are looked at, and what came due goes once, in order.
 * Its clocks are the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_im.h"
#include "backends/fake/fake_mail.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define BOB "bob@im.example"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnIm *im;
	gint64 wall, steady; /* atomic */
	SnClock clock;
	int ticks;
} Stage;

static SnTime wall_of(gpointer data)
{
	return __atomic_load_n(&((Stage *)data)->wall, __ATOMIC_SEQ_CST);
}

static SnTime steady_of(gpointer data)
{
	return __atomic_load_n(&((Stage *)data)->steady, __ATOMIC_SEQ_CST);
}

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

static const SnMailSourceOps *fake_mail(GError **error)
{
	return &sn_fake_mail_ops;
}

/* All but the messages is done at once; those are the test's to answer. */
static void answer(SnIm *im, const SnImRequest *request, gpointer data)
{
	if (request->kind == SN_IM_REQ_SEND)
		return;
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	event->complete = TRUE;
	sn_fake_im_push(im, event);
}

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);
	g_autoptr(GError) error = NULL;

	stage->bench = sn_bench_new(NULL, NULL, SN_STORE_CLIENT);
	stage->wall = g_get_real_time() / 1000;
	stage->clock = (SnClock){ wall_of, stage, steady_of };
	sn_store_set_clock(stage->bench->store, &stage->clock);
	sn_fake_im_prepare(ME, answer, NULL, TRUE);
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .im = fake_im, .imap = fake_mail },
		.clock = &stage->clock,
		.random_seed = 1,
	};
	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, 5000);
	assert_non_null(stage->im);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	sn_fake_mail_reset();
	sn_bench_free(stage->bench);
	g_free(stage);
	return 0;
}

/* Somebody else's commit, which makes the engine look. */
static void ring(Stage *stage)
{
	g_autofree char *value = g_strdup_printf("%d", ++stage->ticks);

	assert_true(sn_store_set(stage->bench->store, "test.tick", value, NULL));
}

static void pass(Stage *stage, SnTime time, gboolean asleep)
{
	/* a machine does not fall asleep in the middle of a look */
	sn_engine_settle(stage->engine, 2000, NULL);
	__atomic_add_fetch(&stage->wall, time, __ATOMIC_SEQ_CST);
	if (!asleep)
		__atomic_add_fetch(&stage->steady, time, __ATOMIC_SEQ_CST);
	ring(stage);
}

static gboolean bob_is_online(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) bob = sn_address_find(bench->store, SN_CHANNEL_IM, BOB);
	g_autoptr(SnPresence) best = bob ? sn_presence_best(bench->store, bob->id) : NULL;

	return best && best->show == SN_PRESENCE_ONLINE;
}

static void bob_appears(Stage *stage)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_ROSTER, 0, NULL);

	event->jid = g_strdup(BOB);
	event->subscription = g_strdup("both");
	sn_fake_im_push(stage->im, event);
	sn_fake_im_presence(stage->im, BOB "/phone", "online", NULL);
	assert_true(sn_bench_wait(stage->bench, bob_is_online, NULL));
}

static SnId queue_at(Stage *stage, const char *body, SnTime send_at)
{
	SnStore *store = stage->bench->store;
	SnParty party = { SN_ROLE_TO, (char *)BOB, NULL };
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autoptr(SnAddress) bob = sn_address_find(store, SN_CHANNEL_IM, BOB);
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(recipients, &party);
	SnOutboxNew new = {
		.conversation = sn_conversation_for_person(store, bob->person, NULL),
		.account = sn_account_find(store, "home"), .channel = SN_CHANNEL_IM, .from = ME,
		.recipients = recipients, .body = body, .state = SN_STATE_QUEUED, .send_at = send_at,
	};
	SnId id = sn_outbox_queue(store, &new, FALSE, &error);
	g_assert_no_error(error);
	return id;
}

/* The next message that the server is given; it takes it. NULL when none comes in `ms`. */
static char *next_sent(Stage *stage, int ms)
{
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, ms);
	char *body = request ? g_strdup(request->message->body) : NULL;

	if (request)
		sn_fake_im_done(stage->im, request->id);
	sn_im_request_free(request);
	return body;
}

static gboolean was_reconnected(SnBench *bench, gpointer data)
{
	ring(data);
	return sn_fake_im_reconnects(((Stage *)data)->im) > 0;
}

static gboolean has_state(SnBench *bench, gpointer data)
{
	const SnId *wanted = data; /* entry, state */
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, wanted[0], 0);

	return entry && entry->state == (SnState)wanted[1];
}

static void after_a_sleep_connections_are_looked_at(void **state)
{
	Stage *stage = *state;
	guint mail = sn_fake_mail_requests("alice", -2);

	bob_appears(stage);
	assert_int_equal(sn_fake_im_reconnects(stage->im), 0);
	pass(stage, 2 * SN_HOUR, FALSE); /* a long day without sleep */
	bob_appears(stage);
	assert_int_equal(sn_fake_im_reconnects(stage->im), 0);
	pass(stage, 8 * SN_HOUR, TRUE);
	assert_true(sn_bench_wait(stage->bench, was_reconnected, stage));
	assert_int_equal(sn_fake_im_reconnects(stage->im), 1);
	assert_int_equal(sn_fake_mail_requests("alice", -2), mail + 1);
	/* once for each sleep */
	pass(stage, SN_MINUTE, FALSE);
	bob_appears(stage);
	assert_int_equal(sn_fake_im_reconnects(stage->im), 1);
}

static void what_came_due_goes_once_and_in_order(void **state)
{
	Stage *stage = *state;
	SnId ids[3];

	bob_appears(stage);
	static const char *const bodies[] = { "one", "two", "three" };
	for (int i = 0; i < 3; i++)
		ids[i] = queue_at(stage, bodies[i], stage->wall + SN_HOUR);
	pass(stage, 8 * SN_HOUR, TRUE);
	assert_true(sn_bench_wait(stage->bench, was_reconnected, stage));
	/* who was there eight hours ago need not be there now: not before the line has told */
	assert_null(next_sent(stage, 300));
	pass(stage, 11 * SN_SECOND, FALSE);
	for (int i = 0; i < 3; i++) {
		g_autofree char *sent = next_sent(stage, 10000);
		assert_non_null(sent);
		assert_true(g_str_has_prefix(sent, bodies[i]));
		SnId wanted[] = { ids[i], SN_STATE_ACCEPTED };
		assert_true(sn_bench_wait(stage->bench, has_state, wanted));
	}
	pass(stage, SN_DAY, FALSE);
	assert_null(next_sent(stage, 300));
}

static void one_who_left_during_the_sleep_is_not_written_to(void **state)
{
	Stage *stage = *state;

	bob_appears(stage);
	SnId id = queue_at(stage, "good morning", stage->wall + SN_HOUR);
	g_autoptr(SnAddress) bob = sn_address_find(stage->bench->store, SN_CHANNEL_IM, BOB);
	assert_true(sn_person_set_rule(stage->bench->store, bob->person, SN_RULE_DEFER, NULL));
	pass(stage, 8 * SN_HOUR, TRUE);
	assert_true(sn_bench_wait(stage->bench, was_reconnected, stage));
	sn_fake_im_presence(stage->im, BOB "/phone", "offline", NULL);
	pass(stage, 11 * SN_SECOND, FALSE);
	SnId wanted[] = { id, SN_STATE_WAITING };
	assert_true(sn_bench_wait(stage->bench, has_state, wanted));
	assert_null(next_sent(stage, 200));
}

static void what_is_written_after_waking_goes_at_once(void **state)
{
	Stage *stage = *state;

	bob_appears(stage);
	pass(stage, 8 * SN_HOUR, TRUE);
	assert_true(sn_bench_wait(stage->bench, was_reconnected, stage));
	pass(stage, SN_SECOND, FALSE);
	queue_at(stage, "I am up", 0);
	g_autofree char *sent = next_sent(stage, 10000);
	assert_string_equal(sent, "I am up");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(after_a_sleep_connections_are_looked_at),
		T(what_came_due_goes_once_and_in_order),
		T(one_who_left_during_the_sleep_is_not_written_to),
		T(what_is_written_after_waking_goes_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
