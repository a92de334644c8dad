/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the engine publishes of people, what it reads, and when it holds its tongue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_im.h"
#include "src/engine/sync_private.h"
#include "src/store/facts.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define ONLY_IM                                                                                \
	"[home]\nfrom = alice@example.test\nim = xmpp://alice@example.test\n"                  \
	"password-command = echo secret\n"
#define OTHER "0123456789ab" /* another device */

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnIm *im;
	SnErrorCode refuse; /* what PUT ends in; 0: DONE */
	GPtrArray *items;   /* of char *, name and text by turns: on the server */
	GMutex lock;
	int gets, puts;
} Stage;

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

static SnImEvent *item_event(const char *item, const char *text, guint64 id)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_PRIVATE, id, NULL);

	event->node = g_strdup(SN_PRIVATE_PEOPLE);
	event->item = g_strdup(item);
	event->text = g_strdup(text);
	return event;
}

/* The server: keeps items, and answers everything else. */
static void server(SnIm *im, const SnImRequest *request, gpointer data)
{
	Stage *stage = data;
	SnErrorCode refuse = 0;
	gboolean ours = g_strcmp0(request->node, SN_PRIVATE_PEOPLE) == 0;

	g_mutex_lock(&stage->lock);
	if (ours && request->kind == SN_IM_REQ_PRIVATE_GET) {
		stage->gets++;
		for (guint i = 0; i + 1 < stage->items->len; i += 2)
			sn_fake_im_push(im, item_event(stage->items->pdata[i],
			                               stage->items->pdata[i + 1], request->id));
	}
	if (ours && request->kind == SN_IM_REQ_PRIVATE_PUT) {
		stage->puts++;
		refuse = stage->refuse;
		for (guint i = 0; i < stage->items->len && !refuse; i += 2)
			if (!strcmp(stage->items->pdata[i], request->item)) {
				g_ptr_array_remove_range(stage->items, i, 2);
				break;
			}
		if (!refuse) {
			g_ptr_array_add(stage->items, g_strdup(request->item));
			g_ptr_array_add(stage->items, g_strdup(request->text));
		}
	}
	g_mutex_unlock(&stage->lock);
	if (refuse) {
		sn_fake_im_error(im, request->id, refuse, "The node is open.");
		return;
	}
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	event->complete = TRUE;
	sn_fake_im_push(im, event);
}

static void start(Stage *stage, const char *settings)
{
	g_autoptr(GError) error = NULL;

	if (!stage->bench)
		stage->bench = sn_bench_new(ONLY_IM, settings, SN_STORE_CLIENT);
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .im = fake_im },
		.random_seed = 1,
	};

	sn_fake_im_prepare(ME, server, stage, TRUE);
	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, 5000);
	assert_non_null(stage->im);
}

static void stop(Stage *stage)
{
	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
}

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);

	stage->items = g_ptr_array_new_with_free_func(g_free);
	g_mutex_init(&stage->lock);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	stop(stage);
	sn_bench_free(stage->bench);
	g_ptr_array_unref(stage->items);
	g_mutex_clear(&stage->lock);
	g_free(stage);
	return 0;
}

#define ON "[general]\nsync-map = home\n"

static SnId address(Stage *stage, SnChannel channel, const char *value)
{
	SnId id = sn_address_intern(stage->bench->store, channel, value, NULL, NULL);

	assert_true(id > 0);
	return id;
}

static SnId person_of(Stage *stage, SnId id)
{
	g_autoptr(SnAddress) one = sn_address_get(stage->bench->store, id);

	return one->person;
}

static void link_bob(Stage *stage)
{
	SnId mail = address(stage, SN_CHANNEL_MAIL, "bob@x.test");
	SnId im = address(stage, SN_CHANNEL_IM, "bob@y.test");

	assert_true(sn_link_confirm(stage->bench->store, im, person_of(stage, mail), NULL));
}

/* ---- conditions ---- */

static gboolean state_is(SnBench *bench, gpointer part)
{
	g_autofree char *state = sn_store_get(bench->store, "map-sync-state");

	return state && strstr(state, part);
}

static gboolean bobs_are_one(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) mail = sn_address_find(bench->store, SN_CHANNEL_MAIL, "bob@x.test");
	g_autoptr(SnAddress) im = sn_address_find(bench->store, SN_CHANNEL_IM, "bob@y.test");

	return mail && im && mail->person == im->person;
}

typedef struct {
	Stage *stage;
	const char *words; /* in an item whose name begins with `by` */
	const char *by;
} Published;

static gboolean is_published(SnBench *bench, gpointer data)
{
	const Published *wanted = data;
	gboolean found = FALSE;

	g_mutex_lock(&wanted->stage->lock);
	for (guint i = 0; i + 1 < wanted->stage->items->len; i += 2)
		found = found || (g_str_has_prefix(wanted->stage->items->pdata[i], wanted->by) &&
		                  strstr(wanted->stage->items->pdata[i + 1], wanted->words));
	g_mutex_unlock(&wanted->stage->lock);
	return found;
}

static char *text_of(const char *key, const char *value, gint64 clock)
{
	g_autoptr(GPtrArray) facts = g_ptr_array_new();
	SnFact fact = { (char *)key, (char *)value, clock };

	g_ptr_array_add(facts, &fact);
	return sn_map_sync_write(facts);
}

/* ---- tests ---- */

static void decisions_go_out_and_news_come_in(void **state)
{
	Stage *stage = *state;

	start(stage, ON);
	assert_true(sn_bench_wait(stage->bench, state_is, (gpointer) "in step"));
	g_autofree char *device = sn_facts_device(stage->bench->store, NULL);
	g_autofree char *item = g_strconcat(device, ".1", NULL);
	link_bob(stage);
	Published wanted = { stage, "pair%09im:bob@y.test%09mail:bob@x.test", item };
	assert_true(sn_bench_wait(stage->bench, is_published, &wanted));
	/* another device, while we listen: it takes the link back and gives a name */
	g_autofree char *apart =
		text_of("pair\tim:bob@y.test\tmail:bob@x.test", "9\tapart", (gint64)1 << 51);
	sn_fake_im_push(stage->im, item_event(OTHER ".1", apart, 0));
	g_autofree char *name = text_of("name\tmail:bob@x.test", "5\tBöbchen", 77);
	sn_fake_im_push(stage->im, item_event(OTHER ".2", name, 0));
	gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
	g_autoptr(SnPerson) person = NULL;
	while (g_get_monotonic_time() < end && (!person || strcmp(person->name, "Böbchen"))) {
		sn_person_free(person);
		person = sn_person_get(stage->bench->store,
		                       person_of(stage, address(stage, SN_CHANNEL_MAIL, "bob@x.test")));
		g_thread_yield();
	}
	assert_string_equal(person->name, "Böbchen");
	assert_false(bobs_are_one(stage->bench, NULL));
	/* what the other decided is not ours any more, and leaves our item */
	while (g_get_monotonic_time() < end && is_published(stage->bench, &wanted))
		g_thread_yield();
	assert_false(is_published(stage->bench, &wanted));
}

static void what_was_decided_elsewhere_is_read_at_the_start(void **state)
{
	Stage *stage = *state;

	g_ptr_array_add(stage->items, g_strdup(OTHER ".1"));
	g_ptr_array_add(stage->items,
	                text_of("pair\tim:bob@y.test\tmail:bob@x.test", "9\tof", 9));
	start(stage, ON);
	assert_true(sn_bench_wait(stage->bench, bobs_are_one, NULL));
}

static void nothing_is_said_unless_the_user_wants_it(void **state)
{
	Stage *stage = *state;
	g_autofree char *text = text_of("pair\tim:bob@y.test\tmail:bob@x.test", "9\tof", 9);

	start(stage, NULL);
	link_bob(stage);
	sn_fake_im_push(stage->im, item_event(OTHER ".1", text, 0));
	g_autofree char *name = text_of("name\tmail:bob@x.test", "5\tX", 77);
	sn_fake_im_push(stage->im, item_event(OTHER ".2", name, 0));
	sn_fake_im_message(stage->im, "bob@y.test/x", "last", "Last");
	gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
	while (g_get_monotonic_time() < end &&
	       !sn_message_find_im(stage->bench->store, "last", "bob@y.test"))
		g_thread_yield();
	g_autoptr(SnPerson) person = sn_person_get(
		stage->bench->store, person_of(stage, address(stage, SN_CHANNEL_MAIL, "bob@x.test")));
	assert_string_equal(person->name, "bob@x.test");
	assert_int_equal(stage->gets + stage->puts, 0);
}

static void a_server_that_keeps_no_secrets_gets_none(void **state)
{
	Stage *stage = *state;

	stage->refuse = SN_ERROR_PERMISSION;
	start(stage, ON);
	link_bob(stage);
	assert_true(sn_bench_wait(stage->bench, state_is, (gpointer) "The node is open"));
	link_bob(stage);
	SnId id = address(stage, SN_CHANNEL_MAIL, "carol@x.test");
	assert_true(sn_person_set_name(stage->bench->store, person_of(stage, id), "Carol", NULL));
	sn_fake_im_message(stage->im, "bob@y.test/x", "last", "Last");
	gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
	while (g_get_monotonic_time() < end &&
	       !sn_message_find_im(stage->bench->store, "last", "bob@y.test"))
		g_thread_yield();
	assert_int_equal(stage->puts, 1);
	/* the next session may be with a better server */
	g_mutex_lock(&stage->lock);
	stage->refuse = 0;
	g_mutex_unlock(&stage->lock);
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	sn_fake_im_line(stage->im, SN_LINE_ONLINE, -1, FALSE);
	Published wanted = { stage, "carol@x.test", "" };
	assert_true(sn_bench_wait(stage->bench, is_published, &wanted));
}

static void what_the_server_lost_is_sent_again_and_nothing_twice(void **state)
{
	Stage *stage = *state;
	Published wanted = { stage, "bob@x.test", "" };

	start(stage, ON);
	link_bob(stage);
	assert_true(sn_bench_wait(stage->bench, is_published, &wanted));
	assert_true(sn_bench_wait(stage->bench, state_is, (gpointer) "in step"));
	stop(stage);
	int puts = stage->puts;
	start(stage, ON);
	assert_true(sn_bench_wait(stage->bench, state_is, (gpointer) "in step"));
	sn_engine_settle(stage->engine, 5000, NULL);
	assert_int_equal(stage->puts, puts);
	stop(stage);
	g_ptr_array_set_size(stage->items, 0); /* the node was deleted */
	start(stage, ON);
	assert_true(sn_bench_wait(stage->bench, is_published, &wanted));
}

static void an_unknown_account_is_told(void **state)
{
	Stage *stage = *state;

	start(stage, "[general]\nsync-map = office\n");
	assert_true(sn_bench_wait(stage->bench, state_is, (gpointer) "no account of this name"));
}

static void items_read_back_and_garbage_is_left_out(void **state)
{
	static const char *const garbage[] = {
		"", "x", "sennit people 2\n5 rule%09mail:a@x.test 5%09mail\n",
		"sennit people 1\n\n\n \n5\n 5 x\nx y z w v\n5 %zz\n5 %ff %00\n5 a%20b c d e\n",
		"sennit people 1\n99999999999999999999999999 pair x\n",
	};
	const SnFact odd[] = {
		{ (char *)(guintptr) "pair\tim:a@x.test\tmail:\"b c\"@x.test", (char *)(guintptr) "5\tto", 7 },
		{ (char *)(guintptr) "name\tmail:a@x.test", (char *)(guintptr) "5\t% Ünï\n cödé <&>", 8 },
		{ (char *)(guintptr) "rule\tmail:a@x.test", NULL, 9 },
	};
	g_autoptr(GPtrArray) facts = g_ptr_array_new();

	for (gsize i = 0; i < G_N_ELEMENTS(odd); i++)
		g_ptr_array_add(facts, (gpointer)&odd[i]);
	g_autofree char *text = sn_map_sync_write(facts);
	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
	g_autoptr(GPtrArray) back = sn_map_sync_read(text);
	assert_int_equal(back->len, G_N_ELEMENTS(odd));
	for (guint i = 0; i < back->len; i++) {
		const SnFact *one = back->pdata[i];
		assert_string_equal(one->key, odd[i].key);
		assert_int_equal(one->clock, odd[i].clock);
		assert_int_equal(g_strcmp0(one->value, odd[i].value), 0);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(garbage); i++) {
		g_autoptr(GPtrArray) some = sn_map_sync_read(garbage[i]);
		assert_true(some->len <= 2); /* whatever is read has still to make sense to the store */
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(decisions_go_out_and_news_come_in),
		TEST(what_was_decided_elsewhere_is_read_at_the_start),
		TEST(nothing_is_said_unless_the_user_wants_it),
		TEST(a_server_that_keeps_no_secrets_gets_none),
		TEST(what_the_server_lost_is_sent_again_and_nothing_twice),
		TEST(an_unknown_account_is_told),
		cmocka_unit_test(items_read_back_and_garbage_is_left_out),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
