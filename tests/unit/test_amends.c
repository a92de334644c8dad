/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Corrections, reactions and retractions: who may, in whatever order they come, and how own ones go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_im.h"
#include "src/engine/sync_private.h"
#include "src/store/amend.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define BOB "bob@im.example"
#define EVE "eve@im.example"
#define NOON G_GINT64_CONSTANT(1795003200000)

#define ACCOUNT                                                                                 \
	"[home]\nfrom = alice@example.test\nim = xmpp://alice@example.test\n"                   \
	"password-command = echo secret\n"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnIm *im;
} Stage;

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

static void answer(SnIm *im, const SnImRequest *request, gpointer data)
{
	if (request->kind == SN_IM_REQ_SEND)
		return; /* the test answers */
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	event->complete = TRUE;
	sn_fake_im_push(im, event);
}

static Stage *stage_new(const char *settings)
{
	Stage *stage = g_new0(Stage, 1);
	g_autoptr(GError) error = NULL;

	stage->bench = sn_bench_new(ACCOUNT, settings, SN_STORE_CLIENT);
	SnEngineSetup setup = { .paths = stage->bench->paths, .config = stage->bench->config,
		                .backends = { .im = fake_im }, .random_seed = 1 };
	sn_fake_im_prepare(ME, answer, NULL, TRUE);
	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, 30000);
	assert_non_null(stage->im);
	return stage;
}

static int set_up(void **state)
{
	*state = stage_new(NULL);
	return 0;
}

static int set_up_forgetful(void **state)
{
	*state = stage_new("[im]\nkeep-retracted = false\n");
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	sn_bench_free(stage->bench);
	g_free(stage);
	return 0;
}

/* ---- what comes ---- */

static SnImMessage *from(const char *who, const char *id, const char *body, SnTime time)
{
	SnImMessage *im = sn_im_message_new();

	im->from = g_strconcat(who, "/phone", NULL);
	im->to = g_strdup(ME);
	im->id = g_strdup(id);
	im->body = g_strdup(body);
	im->time = time;
	return im;
}

static SnImMessage *correction(const char *who, const char *id, const char *of, const char *body,
                               SnTime time)
{
	SnImMessage *im = from(who, id, body, time);

	im->replace_id = g_strdup(of);
	return im;
}

static SnImMessage *reaction(const char *who, const char *of, const char *signs, SnTime time)
{
	SnImMessage *im = from(who, "r", NULL, time);

	im->react_id = g_strdup(of);
	im->reactions = g_strsplit(signs, " ", -1);
	return im;
}

static SnImMessage *retraction(const char *who, const char *of, SnTime time)
{
	SnImMessage *im = from(who, "x", "I took something back", time);

	im->retract_id = g_strdup(of);
	return im;
}

static void push(Stage *stage, SnImMessage *im)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);

	event->message = im;
	sn_fake_im_push(stage->im, event);
}

static gboolean has_last(SnBench *bench, gpointer data)
{
	return sn_message_find_im(bench->store, data, BOB) != 0;
}

/* All that was pushed before is done when this has come. */
static void catch_up(Stage *stage)
{
	static int number;
	g_autofree char *id = g_strdup_printf("last-%d", ++number);

	push(stage, from(BOB, id, "and so on", NOON + 300 * SN_MINUTE));
	assert_true(sn_bench_wait(stage->bench, has_last, id));
}

static SnMessage *get(Stage *stage, const char *id, const char *who)
{
	SnId found = sn_message_find_im(stage->bench->store, id, who);

	assert_int_not_equal(found, 0);
	return sn_message_get(stage->bench->store, found, SN_MESSAGE_FULL);
}

static GPtrArray *amends(Stage *stage, SnId id)
{
	return sn_amend_list(stage->bench->store, id);
}

static guint shown(Stage *stage, SnId conversation)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(stage->bench->store, conversation, 0, 0, FALSE, 100, 0);

	return page->len;
}

static guint found(Stage *stage, const char *words)
{
	g_autoptr(SnQuery) query = sn_query_parse(words, NULL, NULL);
	g_autoptr(GPtrArray) rows =
		sn_message_search(stage->bench->store, query, 0, 0, 20, 0, NULL);

	return rows->len;
}

static void assert_body(Stage *stage, const char *id, const char *body)
{
	g_autoptr(SnMessage) message = get(stage, id, BOB);

	assert_string_equal(message->body, body);
}

/* ---- corrections ---- */

static void a_correction_stands_in_place_and_the_text_before_is_kept(void **state)
{
	Stage *stage = *state;

	push(stage, from(BOB, "m1", "see you at ten", NOON));
	push(stage, correction(BOB, "c1", "m1", "see you at eleven", NOON + SN_MINUTE));
	catch_up(stage);
	g_autoptr(SnMessage) message = get(stage, "m1", BOB);
	assert_string_equal(message->body, "see you at eleven");
	assert_string_equal(message->preview, "see you at eleven");
	assert_int_equal(message->amended, SN_AMENDED_TEXT);
	assert_int_equal(message->time, NOON); /* its place does not change */
	assert_int_equal(shown(stage, message->conversation), 2);
	g_autoptr(GPtrArray) list = amends(stage, message->id);
	assert_int_equal(list->len, 1);
	const SnAmend *one = list->pdata[0];
	assert_string_equal(one->text, "see you at ten");
	assert_int_equal(one->time, NOON + SN_MINUTE);
	assert_false(one->own);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(stage->bench->store, message->conversation);
	assert_int_equal(conversation->unread, 2); /* the correction is none */
}

static void the_search_finds_the_new_text_and_the_earlier_on_request(void **state)
{
	Stage *stage = *state;

	push(stage, from(BOB, "m1", "the bowline", NOON));
	push(stage, correction(BOB, "c1", "m1", "the sheetbend", NOON + SN_MINUTE));
	catch_up(stage);
	assert_int_equal(found(stage, "sheetbend"), 1);
	assert_int_equal(found(stage, "bowline"), 0);
	assert_int_equal(found(stage, "bowline is:earlier"), 1);
	assert_int_equal(found(stage, "sheetbend is:earlier"), 0);
}

/* Each order in which the message and three corrections can come, the archive's backwards too. */
static void they_come_in_any_order(void **state)
{
	static const int orders[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 1, 0, 3, 2 },
		                         { 2, 3, 0, 1 }, { 0, 3, 1, 2 }, { 3, 0, 2, 1 } };
	static const char *const texts[] = { "zero", "one", "two", "three" };
	Stage *stage = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
		g_autofree char *first = g_strdup_printf("o%zu-0", i);
		for (int j = 0; j < 4; j++) {
			int n = orders[i][j];
			g_autofree char *id = g_strdup_printf("o%zu-%d", i, n);
			SnTime time = NOON + (SnTime)i * SN_HOUR / 4 + n * SN_MINUTE;
			push(stage, n ? correction(BOB, id, first, texts[n], time)
			              : from(BOB, id, texts[n], time));
		}
	}
	catch_up(stage);
	for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
		g_autofree char *first = g_strdup_printf("o%zu-0", i);
		g_autoptr(SnMessage) message = get(stage, first, BOB);
		g_autoptr(GPtrArray) list = amends(stage, message->id);
		assert_string_equal(message->body, "three");
		assert_int_equal(list->len, 3);
		for (guint n = 0; n < 3; n++)
			assert_string_equal(((SnAmend *)list->pdata[n])->text, texts[n]);
		assert_int_equal(shown(stage, message->conversation),
		                 G_N_ELEMENTS(orders) + 1);
	}
}

static void one_that_comes_twice_is_one(void **state)
{
	Stage *stage = *state;

	push(stage, from(BOB, "m1", "first", NOON));
	for (int i = 0; i < 2; i++)
		push(stage, correction(BOB, "c1", "m1", "second", NOON + SN_MINUTE));
	push(stage, from(BOB, "m1", "first", NOON));
	push(stage, correction(BOB, "c2", "c1", "third", NOON + 2 * SN_MINUTE)); /* of the correction */
	push(stage, correction(BOB, "c1", "m1", "second", NOON + SN_MINUTE));
	catch_up(stage);
	g_autoptr(SnMessage) message = get(stage, "m1", BOB);
	g_autoptr(GPtrArray) list = amends(stage, message->id);
	assert_string_equal(message->body, "third");
	assert_int_equal(list->len, 2);
	assert_int_equal(shown(stage, message->conversation), 2);
}

static void only_its_sender_may_and_not_after_a_day(void **state)
{
	Stage *stage = *state;

	push(stage, from(BOB, "m1", "I owe you ten", NOON));
	push(stage, correction(EVE, "c1", "m1", "I owe you nothing", NOON + SN_MINUTE));
	push(stage, correction(BOB, "c2", "m1", "I owe you one", NOON + SN_DAY + SN_MINUTE));
	push(stage, correction(BOB, "c3", "nowhere", "of what is not here", NOON + SN_MINUTE));
	catch_up(stage);
	assert_body(stage, "m1", "I owe you ten");
	g_autoptr(SnMessage) eve = get(stage, "c1", EVE), late = get(stage, "c2", BOB),
			     lost = get(stage, "c3", BOB);
	assert_string_equal(eve->body, "I owe you nothing"); /* said by her, where she speaks */
	assert_string_equal(late->body, "I owe you one");
	assert_string_equal(late->notice, "corrects an earlier message");
	assert_string_equal(lost->body, "of what is not here");
	assert_int_equal(shown(stage, late->conversation), 4);
}

static void a_message_is_corrected_fifty_times_at_most(void **state)
{
	Stage *stage = *state;

	push(stage, from(BOB, "m1", "0", NOON));
	for (int i = 1; i <= 60; i++) {
		g_autofree char *id = g_strdup_printf("c%d", i), *text = g_strdup_printf("%d", i);
		push(stage, correction(BOB, id, "m1", text, NOON + i * SN_SECOND));
	}
	catch_up(stage);
	g_autoptr(SnMessage) message = get(stage, "m1", BOB);
	assert_string_equal(message->body, "50");
	assert_int_equal(shown(stage, message->conversation), 12); /* nothing is lost */
}

/* ---- reactions ---- */

static char *reactions(Stage *stage, SnId id)
{
	g_autoptr(GPtrArray) list = amends(stage, id);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++) {
		const SnAmend *one = list->pdata[i];
		if (one->kind == SN_AMEND_REACTIONS)
			g_string_append_printf(text, "[%s]", one->text);
	}
	return g_string_free(text, FALSE);
}

static void reactions_replace_those_before(void **state)
{
	Stage *stage = *state;

	push(stage, reaction(BOB, "m1", "👎", NOON + 1)); /* before its message */
	push(stage, from(BOB, "m1", "hello", NOON));
	push(stage, reaction(BOB, "m1", "👍 ❤️ 👍", NOON + 3));
	push(stage, reaction(BOB, "m1", "😮", NOON + 2)); /* the archive tells it late */
	catch_up(stage);
	g_autoptr(SnMessage) message = get(stage, "m1", BOB);
	g_autofree char *now = reactions(stage, message->id);
	assert_string_equal(now, "[👍 ❤️]");
	assert_int_equal(message->amended, SN_AMENDED_REACTIONS);
	assert_int_equal(shown(stage, message->conversation), 2);
	push(stage, reaction(BOB, "m1", "", NOON + 4));
	catch_up(stage);
	g_autoptr(SnMessage) after = get(stage, "m1", BOB);
	assert_int_equal(after->amended, 0);
}

static void a_reaction_is_one_sign_and_no_words(void **state)
{
	static const struct {
		const char *given[10], *tidy;
	} cases[] = {
		{ { "👍", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", NULL }, "👍 👍🏽 👨‍👩‍👧‍👦 🇩🇪 1️⃣" },
		{ { "ok", "a", "7", " ", "", "\n", "é", NULL }, "" },
		{ { "\033[31m", "\342\200\213", "\342\200\256", "👍👍", NULL }, "" },
		{ { "+", "-", "!", "/", "👍", NULL }, "+ - ! 👍" },
		{ { "😀", "😁", "😂", "😃", "😄", "😅", "😆", "😇", "😈", NULL },
		  "😀 😁 😂 😃 😄 😅 😆 😇" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *tidy = sn_reactions_tidy((char *const *)cases[i].given);
		assert_string_equal(tidy, cases[i].tidy);
	}
}

static void strangers_react_to_nothing(void **state)
{
	Stage *stage = *state;

	push(stage, from(BOB, "m1", "hello", NOON));
	push(stage, from(EVE, "e1", "hello too", NOON));
	push(stage, reaction(EVE, "m1", "👎", NOON + 1)); /* of another conversation */
	push(stage, reaction("nobody@im.example", "m1", "👎", NOON + 1));
	for (int i = 0; i < 600; i++) {
		g_autofree char *id = g_strdup_printf("never-%d", i);
		push(stage, reaction(EVE, id, "👎", NOON + i));
	}
	catch_up(stage);
	g_autoptr(SnMessage) message = get(stage, "m1", BOB);
	assert_int_equal(message->amended, 0);
	assert_null(sn_address_find(stage->bench->store, SN_CHANNEL_IM, "nobody@im.example"));
}

/* ---- retractions ---- */

static void what_is_taken_back_is_kept_folded(void **state)
{
	Stage *stage = *state;

	push(stage, from(BOB, "m1", "a secret", NOON));
	push(stage, retraction(BOB, "m2", NOON + 2)); /* before its message */
	push(stage, from(BOB, "m2", "another", NOON + 1));
	push(stage, retraction(EVE, "m1", NOON + 2));
	catch_up(stage);
	g_autoptr(SnMessage) first = get(stage, "m1", BOB), second = get(stage, "m2", BOB);
	assert_int_equal(first->amended, 0);
	assert_int_equal(second->amended, SN_AMENDED_RETRACTED);
	assert_string_equal(second->body, "another");
	assert_string_equal(second->preview, "taken back");
	push(stage, retraction(BOB, "m1", NOON + 3));
	push(stage, correction(BOB, "c1", "m1", "it lives", NOON + SN_MINUTE));
	catch_up(stage);
	assert_body(stage, "m1", "a secret"); /* what is gone is not corrected */
}

static void or_its_text_goes_with_all_before_it(void **state)
{
	Stage *stage = *state;

	push(stage, from(BOB, "m1", "a splendid secret", NOON));
	push(stage, correction(BOB, "c1", "m1", "a better secret", NOON + 1));
	push(stage, retraction(BOB, "m1", NOON + 2));
	catch_up(stage);
	g_autoptr(SnMessage) message = get(stage, "m1", BOB);
	g_autoptr(GPtrArray) list = amends(stage, message->id);
	assert_string_equal(message->body, "");
	for (guint i = 0; i < list->len; i++)
		assert_string_equal(((SnAmend *)list->pdata[i])->text, "");
	assert_int_equal(found(stage, "splendid is:earlier"), 0);
	assert_int_equal(found(stage, "secret"), 0);
}

/* ---- what goes ---- */

static SnId own_message(Stage *stage, const char *id, const char *body, SnTime time)
{
	SnImMessage *im = from(ME, id, body, time);

	g_free(im->to);
	im->to = g_strdup(BOB);
	im->carbon_sent = TRUE;
	push(stage, im);
	catch_up(stage);
	g_autoptr(SnMessage) message = get(stage, id, ME);
	return message->id;
}

static SnImRequest *take(Stage *stage)
{
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 30000);

	assert_non_null(request);
	return request;
}

static gboolean none_is_due(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) due = sn_amend_due(bench->store, sn_account_find(bench->store, "home"));

	return due->len == 0;
}

static SnTime now(void)
{
	return g_get_real_time() / 1000;
}

static void an_own_correction_goes_until_the_server_has_it(void **state)
{
	Stage *stage = *state;
	SnStore *store = stage->bench->store;
	SnId id = own_message(stage, "m1", "teh text", now() - SN_MINUTE);
	g_autoptr(GError) error = NULL;

	assert_true(sn_amend_queue(store, id, SN_AMEND_CORRECTION, "the text", FALSE, &error));
	g_autoptr(SnMessage) message = sn_bench_message(stage->bench, id);
	assert_string_equal(message->body, "the text"); /* before anything has gone */
	SnImRequest *first = take(stage);
	assert_string_equal(first->message->replace_id, "m1");
	assert_string_equal(first->message->body, "the text");
	assert_string_equal(first->message->to, BOB);
	g_autofree char *stanza = g_strdup(first->message->id);
	sn_fake_im_error(stage->im, first->id, SN_ERROR_UNCERTAIN, "the line broke");
	sn_im_request_free(first);
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	sn_fake_im_line(stage->im, SN_LINE_ONLINE, -1, FALSE);
	SnImRequest *again = take(stage);
	assert_string_equal(again->message->id, stanza); /* the same, so that it counts once */
	sn_fake_im_done(stage->im, again->id);
	sn_im_request_free(again);
	assert_true(sn_bench_wait(stage->bench, none_is_due, NULL));
	/* and it comes back from the archive */
	SnImMessage *back = correction(ME, stanza, "m1", "the text", now());
	g_free(back->to);
	back->to = g_strdup(BOB);
	push(stage, back);
	catch_up(stage);
	g_autoptr(GPtrArray) list = amends(stage, id);
	assert_int_equal(list->len, 1);
	assert_true(((SnAmend *)list->pdata[0])->own);
	assert_string_equal(((SnAmend *)list->pdata[0])->text, "teh text");
}

static void what_the_server_refuses_is_said(void **state)
{
	Stage *stage = *state;
	SnId id = own_message(stage, "m1", "hello", now() - SN_MINUTE);

	assert_true(sn_amend_queue(stage->bench->store, id, SN_AMEND_RETRACTION, NULL, FALSE, NULL));
	SnImRequest *request = take(stage);
	assert_string_equal(request->message->retract_id, "m1");
	assert_true(request->message->store_hint);
	sn_fake_im_error(stage->im, request->id, SN_ERROR_REJECTED, "not for you");
	sn_im_request_free(request);
	assert_true(sn_bench_wait(stage->bench, none_is_due, NULL));
	g_autoptr(GPtrArray) list = amends(stage, id);
	const SnAmend *one = list->pdata[0];
	assert_int_equal(one->state, SN_STATE_FAILED);
	assert_string_equal(one->error, "not for you");
}

static void own_reactions_go_as_a_set(void **state)
{
	Stage *stage = *state;
	SnStore *store = stage->bench->store;

	push(stage, from(BOB, "m1", "hello", NOON));
	catch_up(stage);
	g_autoptr(SnMessage) message = get(stage, "m1", BOB);
	static const char *const sets[] = { "👍", "👍 ❤️", "" };
	for (gsize i = 0; i < G_N_ELEMENTS(sets); i++) {
		g_autoptr(GError) error = NULL;
		gboolean ok = sn_amend_queue(store, message->id, SN_AMEND_REACTIONS, sets[i], FALSE,
		                             &error);
		g_assert_no_error(error);
		assert_true(ok);
		SnImRequest *request = take(stage);
		g_autofree char *signs = g_strjoinv(" ", request->message->reactions);
		assert_string_equal(request->message->react_id, "m1");
		assert_string_equal(request->message->to, BOB);
		assert_string_equal(signs, sets[i]);
		assert_null(request->message->body);
		sn_fake_im_done(stage->im, request->id);
		sn_im_request_free(request);
		assert_true(sn_bench_wait(stage->bench, none_is_due, NULL));
		g_autofree char *own = sn_amend_own_reactions(store, message->id);
		assert_string_equal(own ? own : "", sets[i]);
	}
}

static void what_cannot_be_is_refused_with_a_reason(void **state)
{
	Stage *stage = *state;
	SnStore *store = stage->bench->store;
	SnId old = own_message(stage, "m0", "long ago", NOON - 400 * SN_DAY);
	g_autoptr(GError) late = NULL, other = NULL, none = NULL;

	push(stage, from(BOB, "m1", "hello", NOON));
	catch_up(stage);
	g_autoptr(SnMessage) message = get(stage, "m1", BOB);
	assert_false(sn_amend_queue(store, old, SN_AMEND_CORRECTION, "now", FALSE, &late));
	assert_non_null(strstr(late->message, "older than a day"));
	assert_false(sn_amend_queue(store, message->id, SN_AMEND_RETRACTION, NULL, FALSE, &other));
	assert_non_null(strstr(other->message, "messages of your own"));
	assert_false(sn_amend_queue(store, 999999, SN_AMEND_REACTIONS, "👍", FALSE, &none));
	assert_true(none_is_due(stage->bench, NULL));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_correction_stands_in_place_and_the_text_before_is_kept),
		T(the_search_finds_the_new_text_and_the_earlier_on_request),
		T(they_come_in_any_order),
		T(one_that_comes_twice_is_one),
		T(only_its_sender_may_and_not_after_a_day),
		T(a_message_is_corrected_fifty_times_at_most),
		T(reactions_replace_those_before),
		cmocka_unit_test(a_reaction_is_one_sign_and_no_words),
		T(strangers_react_to_nothing),
		T(what_is_taken_back_is_kept_folded),
		cmocka_unit_test_setup_teardown(or_its_text_goes_with_all_before_it,
		                                set_up_forgetful, tear_down),
		T(an_own_correction_goes_until_the_server_has_it),
		T(what_the_server_refuses_is_said),
		T(own_reactions_go_as_a_set),
		T(what_cannot_be_is_refused_with_a_reason),
	};

	return cmocka_run_group_tests_name("amends", tests, NULL, NULL);
}
