/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Availability questions that others put to the user: rules that answer them, and their limits. And
 * what contacts publish, kept while it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_im.h"
#include "src/engine/sync_private.h"
#include "src/route/policy.h"
#include "src/route/question.h"
#include "src/route/reach.h"
#include "src/store/wish.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define BOB "bob@im.example"
#define SOON 30000 /* ms: what is awaited comes well before */
#define NEVER 3600000 /* ms */

static const char accounts[] = "[home]\nfrom = alice@example.test\n"
			       "im = xmpp://alice@example.test\npassword-command = echo secret\n";

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnIm *im;
	int asked;
} Stage;

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

/* Everything is accepted at once; the archive is empty; what is looked up is not there. */
static void obliging(SnIm *im, const SnImRequest *request, gpointer data)
{
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);

	event->complete = TRUE;
	if (request->kind == SN_IM_REQ_REACH_GET) {
		SnImEvent *nothing = sn_im_event_new(SN_IM_EV_REACH, request->id, NULL);
		nothing->jid = g_strdup(request->jid);
		nothing->uris = g_new0(char *, 1);
		sn_fake_im_push(im, nothing);
	}
	sn_fake_im_push(im, event);
}

static void push_roster(Stage *stage, const char *jid)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_ROSTER, 0, NULL);

	event->jid = g_strdup(jid);
	event->subscription = g_strdup("both");
	sn_fake_im_push(stage->im, event);
}

/* grace: how long a rule waits before it answers, in ms. */
static Stage *stage_with(const char *settings, int grace)
{
	Stage *stage = g_new0(Stage, 1);
	g_autoptr(GError) error = NULL;

	stage->bench = sn_bench_new(accounts, settings, SN_STORE_CLIENT);
	sn_fake_im_prepare(ME, obliging, NULL, TRUE);
	SnEngineSetup setup = { .paths = stage->bench->paths,
		                .config = stage->bench->config,
		                .backends = { .im = fake_im },
		                .random_seed = 1,
		                .grace = grace };
	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, SOON);
	assert_non_null(stage->im);
	push_roster(stage, BOB);
	return stage;
}

static Stage *stage_new(const char *settings)
{
	return stage_with(settings, 1);
}

static void stage_free(Stage *stage)
{
	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	sn_bench_free(stage->bench);
	g_free(stage);
}

static gboolean has_im(SnBench *bench, gpointer data)
{
	const char *const *what = data;

	return sn_message_find_im(bench->store, what[0], what[1]) != 0;
}

static SnMessage *filed(Stage *stage, const char *id, const char *from)
{
	const char *what[] = { id, from };

	assert_true(sn_bench_wait(stage->bench, has_im, what));
	return sn_bench_message(stage->bench, sn_message_find_im(stage->bench->store, id, from));
}

static void push(Stage *stage, SnImMessage *message)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);

	event->message = message;
	sn_fake_im_push(stage->im, event);
}

static SnImMessage *question(Stage *stage, const char *from, const char *const *values)
{
	SnImMessage *im = sn_im_message_new();

	im->from = g_strconcat(from, "/phone", NULL);
	im->to = g_strdup(ME);
	im->id = g_strdup_printf("ask-%d", ++stage->asked);
	im->origin_id = g_strdup(im->id);
	im->body = g_strdup("Is now a good time?");
	im->response_values = g_strdupv((char **)values);
	im->response_labels = g_strdupv((char **)values);
	return im;
}

static const char *const availability[] = { "now", "later", "email", NULL };

/* Asks, and returns what was asked when it is filed. */
static SnMessage *ask(Stage *stage, const char *from)
{
	SnImMessage *im = question(stage, from, availability);
	g_autofree char *id = g_strdup(im->id);

	push(stage, im);
	return filed(stage, id, from);
}

/* The next answer that went out; NULL when there is none. */
static char *answer(Stage *stage, int timeout)
{
	for (;;) {
		SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, timeout);
		if (!request)
			return NULL;
		char *body = request->message ? g_strdup(request->message->body) : NULL;
		if (body) {
			assert_null(request->message->response_values); /* it asks nothing itself */
			assert_true(g_str_has_prefix(request->message->to, "bob@im.example"));
		}
		sn_im_request_free(request);
		if (body)
			return body;
	}
}

/* No answer went, and none is on its way: what came in before the marker has been dealt with. */
static void no_answer(Stage *stage)
{
	SnImMessage *im = sn_im_message_new();
	g_autofree char *id = g_strdup_printf("marker-%d", ++stage->asked);

	im->from = g_strdup("carol@im.example/phone");
	im->to = g_strdup(ME);
	im->id = g_strdup(id);
	im->body = g_strdup("marker");
	push(stage, im);
	g_autoptr(SnMessage) marker = filed(stage, id, "carol@im.example");
	g_autoptr(GPtrArray) open = sn_outbox_list(stage->bench->store, SN_OUTBOX_OPEN, 0, 10, 0);
	assert_int_equal(open->len, 0);
	g_autofree char *said = answer(stage, 0);
	assert_null(said);
}

static guint open_questions(Stage *stage, const SnMessage *message)
{
	g_autoptr(GPtrArray) open = sn_question_list(stage->bench->store, message->conversation);

	return open->len;
}

static gboolean is_closed(SnBench *bench, gpointer data)
{
	const SnMessage *message = data;
	g_autoptr(GPtrArray) open = sn_question_list(bench->store, message->conversation);

	return open->len == 0;
}

static void own_presence(Stage *stage, const char *word)
{
	g_autofree char *wish = g_strconcat(word, "\t", NULL);

	assert_true(sn_wish_set(stage->bench->store, SN_WISH_PRESENCE, "", wish, NULL));
}

/* ---- rules ---- */

static void a_rule_answers_and_it_is_shown(void **state)
{
	Stage *stage = stage_new("[delivery]\nanswer-questions = mail\n");
	g_autoptr(SnMessage) asked = ask(stage, BOB);
	g_autofree char *said = answer(stage, SOON);

	assert_non_null(said);
	assert_true(g_str_has_suffix(said, "email"));
	assert_true(sn_bench_wait(stage->bench, is_closed, asked));
	g_autoptr(GPtrArray) shown = sn_message_page(stage->bench->store, asked->conversation, 0, 0,
	                                             FALSE, 10, SN_MESSAGE_FULL);
	assert_int_equal(shown->len, 2);
	const SnMessage *row = shown->pdata[1];
	assert_string_equal(row->body, "email");
	assert_string_equal(row->notice, "answered by your rule for everybody");
	assert_int_equal(row->reply_to, asked->id);
	stage_free(stage);
}

static void without_a_rule_the_user_is_asked(void **state)
{
	Stage *stage = stage_new(NULL);
	g_autoptr(SnMessage) asked = ask(stage, BOB);

	no_answer(stage);
	g_autoptr(GPtrArray) open = sn_question_list(stage->bench->store, asked->conversation);
	assert_int_equal(open->len, 1);
	const SnQuestion *one = open->pdata[0];
	assert_true(one->availability);
	/* the user's key: an IM to who asked, whatever his presence, and the question is closed */
	SnId entry = sn_question_reply(stage->bench->store, stage->bench->config, one, "later", NULL, 0,
	                               NULL);
	assert_true(entry > 0);
	g_autofree char *own = answer(stage, SOON);
	assert_true(own && g_str_has_suffix(own, "later"));
	assert_int_equal(open_questions(stage, asked), 0);
	stage_free(stage);
}

static void when_away_means_only_then(void **state)
{
	Stage *stage = stage_new("[delivery]\nanswer-questions = later-when-away\n");

	own_presence(stage, "online");
	g_autoptr(SnMessage) first = ask(stage, BOB);
	no_answer(stage);
	assert_int_equal(open_questions(stage, first), 1);
	own_presence(stage, "xa");
	g_autoptr(SnMessage) second = ask(stage, BOB);
	g_autofree char *said = answer(stage, SOON);
	assert_true(said && g_str_has_suffix(said, "later"));
	assert_int_equal(open_questions(stage, second), 1); /* the first is still the user's */
	stage_free(stage);
}

static void a_person_has_a_rule_of_its_own(void **state)
{
	Stage *stage = stage_new("[delivery]\nanswer-questions = later\n");
	g_autoptr(SnMessage) first = ask(stage, BOB);
	g_autofree char *later = answer(stage, SOON);

	assert_true(later && g_str_has_suffix(later, "later"));
	g_autoptr(SnAddress) bob = sn_bench_address(stage->bench, SN_CHANNEL_IM, BOB);
	assert_true(sn_policy_set(stage->bench->store, bob->person, "answer=now", NULL));
	g_autoptr(SnMessage) second = ask(stage, BOB);
	g_autofree char *now = answer(stage, SOON);
	assert_true(now && g_str_has_suffix(now, "now"));
	assert_true(sn_policy_set(stage->bench->store, bob->person, "answer=ask", NULL));
	g_autoptr(SnMessage) third = ask(stage, BOB);
	no_answer(stage);
	assert_int_equal(open_questions(stage, third), 1);
	stage_free(stage);
}

static void who_ignores_questions_is_not_prompted(void **state)
{
	static const char *const menu[] = { "soup", "salad", NULL };
	Stage *stage = stage_new("[delivery]\nanswer-questions = ignore\n");
	g_autoptr(SnMessage) asked = ask(stage, BOB);

	assert_string_equal(asked->body, "Is now a good time?"); /* there as a message */
	no_answer(stage);
	assert_int_equal(open_questions(stage, asked), 0);
	/* that is about the user's time; other choices are one key as ever */
	SnImMessage *im = question(stage, BOB, menu);
	g_autofree char *id = g_strdup(im->id);
	push(stage, im);
	g_autoptr(SnMessage) other = filed(stage, id, BOB);
	assert_int_equal(open_questions(stage, other), 1);
	/* and one person may be let through */
	g_autoptr(SnAddress) bob = sn_bench_address(stage->bench, SN_CHANNEL_IM, BOB);
	assert_true(sn_policy_set(stage->bench->store, bob->person, "answer=ask", NULL));
	g_autoptr(SnMessage) again = ask(stage, BOB);
	assert_int_equal(open_questions(stage, again), 2);
	stage_free(stage);
}

/* ---- limits ---- */

static void strangers_and_other_questions_get_no_answer(void **state)
{
	static const char *const server[] = { "now", "later", NULL };
	Stage *stage = stage_new("[delivery]\nanswer-questions = now\n");
	g_autoptr(SnMessage) stranger = ask(stage, "stranger@im.example");
	SnImMessage *restart = question(stage, BOB, server); /* "restart the server?" */
	SnImMessage *old = question(stage, BOB, availability);

	push(stage, restart);
	old->archived = TRUE;
	old->time = g_get_real_time() / 1000 - SN_HOUR;
	push(stage, old);
	g_autoptr(SnMessage) last = filed(stage, "ask-3", BOB);
	no_answer(stage);
	assert_int_equal(open_questions(stage, stranger), 1);
	assert_int_equal(open_questions(stage, last), 2);
	stage_free(stage);
}

static void answers_by_rule_have_a_rate(void **state)
{
	Stage *stage = stage_new("[delivery]\nanswer-questions = now\n");

	for (int i = 0; i < 3; i++) {
		g_autoptr(SnMessage) asked = ask(stage, BOB);
		g_autofree char *said = answer(stage, SOON);
		assert_non_null(said);
	}
	for (int i = 0; i < 3; i++) {
		g_autoptr(SnMessage) asked = ask(stage, BOB);
		no_answer(stage);
	}
	stage_free(stage);
}

static gboolean is_cancelled(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) entries = sn_outbox_list(bench->store, SN_OUTBOX_ALL, 0, 10, 0);

	return entries->len == 1 &&
	       ((SnOutboxEntry *)entries->pdata[0])->state == SN_STATE_CANCELLED;
}

static void another_device_may_be_faster(void **state)
{
	Stage *stage = stage_with("[delivery]\nanswer-questions = later\n", NEVER);
	g_autoptr(SnMessage) asked = ask(stage, BOB);
	SnImMessage *elsewhere = sn_im_message_new();

	elsewhere->from = g_strdup(ME "/laptop");
	elsewhere->to = g_strdup(BOB);
	elsewhere->id = g_strdup("elsewhere");
	elsewhere->body = g_strdup("ok, now");
	elsewhere->carbon_sent = TRUE;
	push(stage, elsewhere);
	assert_true(sn_bench_wait(stage->bench, is_cancelled, NULL));
	no_answer(stage);
	assert_int_equal(open_questions(stage, asked), 0);
	stage_free(stage);
}

static void an_answer_elsewhere_closes_the_question_here(void **state)
{
	Stage *stage = stage_new(NULL);
	g_autoptr(SnMessage) asked = ask(stage, BOB);
	SnImMessage *chat = sn_im_message_new(), *elsewhere = sn_im_message_new();

	chat->from = g_strdup(ME "/laptop");
	chat->to = g_strdup(BOB);
	chat->id = g_strdup("chat");
	chat->body = g_strdup("I will mail you later about the party");
	chat->carbon_sent = TRUE;
	push(stage, chat);
	g_autoptr(SnMessage) said = filed(stage, "chat", ME);
	assert_int_equal(open_questions(stage, asked), 1);
	elsewhere->from = g_strdup(ME "/laptop");
	elsewhere->to = g_strdup(BOB);
	elsewhere->id = g_strdup("elsewhere");
	elsewhere->body = g_strdup("Email");
	elsewhere->carbon_sent = TRUE;
	push(stage, elsewhere);
	assert_true(sn_bench_wait(stage->bench, is_closed, asked));
	stage_free(stage);
}

/* ---- reachability ---- */

static void push_reach(Stage *stage, const char *uris)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_REACH, 0, NULL);

	event->jid = g_strdup(BOB);
	event->uris = *uris ? g_strsplit(uris, " ", -1) : g_new0(char *, 1);
	sn_fake_im_push(stage->im, event);
}

static gboolean bob_published(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) bob = sn_address_find(bench->store, SN_CHANNEL_IM, BOB);
	g_autoptr(GPtrArray) uris = bob ? sn_reach_of(bench->store, bob->person) : NULL;

	if (!uris)
		return FALSE;
	g_ptr_array_add(uris, NULL);
	g_autofree char *all = g_strjoinv(" ", (char **)uris->pdata);
	return strcmp(all, data) == 0;
}

static void what_is_published_is_kept_in_its_order(void **state)
{
	Stage *stage = stage_new(NULL);

	push_reach(stage, "xmpp:bob@phone.example mailto:bob@work.example?subject=x tel:+4930123 "
	                  "http://evil.example mailto:nonsense");
	assert_true(sn_bench_wait(stage->bench, bob_published,
	                          (gpointer) "xmpp:bob@phone.example "
	                                     "mailto:bob@work.example?subject=x tel:+4930123"));
	g_autoptr(SnAddress) bob = sn_bench_address(stage->bench, SN_CHANNEL_IM, BOB);
	g_autoptr(SnPerson) person = sn_person_get(stage->bench->store, bob->person);
	assert_int_equal(person->wish, SN_RULE_MAIL);
	/* suggestions, both; nothing is sent there without a yes */
	g_autoptr(GPtrArray) known = sn_person_addresses(stage->bench->store, bob->person);
	guint suggested = 0;
	for (guint i = 0; i < known->len; i++)
		suggested += !((SnAddress *)known->pdata[i])->confirmed;
	assert_int_equal(suggested, 2);
	g_autofree char *none = sn_reach_mail(stage->bench->store, bob->person);
	assert_null(none);
	SnId mail = sn_address_intern(stage->bench->store, SN_CHANNEL_MAIL, "bob@work.example", NULL,
	                              NULL);
	assert_true(sn_link_confirm(stage->bench->store, mail, bob->person, NULL));
	g_autofree char *best = sn_reach_mail(stage->bench->store, bob->person);
	assert_string_equal(best, "bob@work.example");
	/* only a number, then nothing */
	push_reach(stage, "tel:+4930123");
	assert_true(sn_bench_wait(stage->bench, bob_published, (gpointer) "tel:+4930123"));
	g_autoptr(SnPerson) calls = sn_person_get(stage->bench->store, bob->person);
	assert_int_equal(calls->wish, SN_RULE_DEFAULT);
	push_reach(stage, "");
	assert_true(sn_bench_wait(stage->bench, bob_published, (gpointer) ""));
	stage_free(stage);
}

static void what_was_taken_back_meanwhile_is_noticed(void **state)
{
	Stage *stage = stage_new(NULL);

	push_reach(stage, "mailto:bob@work.example");
	assert_true(sn_bench_wait(stage->bench, bob_published, (gpointer) "mailto:bob@work.example"));
	/* the line comes back in a new session, and nobody tells anything */
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	sn_fake_im_line(stage->im, SN_LINE_ONLINE, -1, FALSE);
	assert_true(sn_bench_wait(stage->bench, bob_published, (gpointer) ""));
	stage_free(stage);
}

static void only_addresses_can_be_published(void **state)
{
	static const struct {
		const char *text, *uri;
	} typed[] = {
		{ "alice@example.test", "mailto:alice@example.test" },
		{ "MAILTO:alice@Example.TEST", "mailto:alice@example.test" },
		{ "xmpp:Alice@example.test/phone", "xmpp:alice@example.test" },
		{ "tel:+49-30-123456", "tel:+49-30-123456" },
		{ "alice", NULL },
		{ "", NULL },
		{ "mailto:", NULL },
		{ "mailto:a@b\nBcc: x@y", NULL },
		{ "http://example.test", NULL },
		{ "javascript:alert(1)", NULL },
		{ "tel:", NULL },
		{ "tel:12", NULL },
		{ "tel:1234567890123456789012", NULL },
		{ "sip:alice@example.test", NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(typed); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *uri = sn_reach_uri(typed[i].text, &error);
		if (g_strcmp0(uri, typed[i].uri))
			fail_msg("\"%s\" is %s", typed[i].text, uri ? uri : "refused");
		assert_true(!uri == (error != NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_answers_and_it_is_shown),
		cmocka_unit_test(without_a_rule_the_user_is_asked),
		cmocka_unit_test(when_away_means_only_then),
		cmocka_unit_test(a_person_has_a_rule_of_its_own),
		cmocka_unit_test(who_ignores_questions_is_not_prompted),
		cmocka_unit_test(strangers_and_other_questions_get_no_answer),
		cmocka_unit_test(answers_by_rule_have_a_rate),
		cmocka_unit_test(another_device_may_be_faster),
		cmocka_unit_test(an_answer_elsewhere_closes_the_question_here),
		cmocka_unit_test(what_is_published_is_kept_in_its_order),
		cmocka_unit_test(what_was_taken_back_meanwhile_is_noticed),
		cmocka_unit_test(only_addresses_can_be_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
