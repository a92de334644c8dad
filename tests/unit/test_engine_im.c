/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine with a scripted IM backend: what its events become for a client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "backends/fake/fake_desktop.h"
#include "backends/fake/fake_im.h"
#include "src/engine/sync_private.h"
#include "src/store/contacts.h"
#include "src/store/rooms.h"
#include "src/store/wish.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define BOB "bob@im.example"

#define ONLY_IM                                                                                \
	"[home]\nfrom = alice@example.test\nim = xmpp://alice@example.test\n"                  \
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

static const SnDesktopOps *fake_desktop(GError **error)
{
	return &sn_fake_desktop_ops;
}

static void start(Stage *stage)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .im = fake_im, .desktop = fake_desktop },
		.random_seed = 1,
	};

	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, 5000);
	assert_non_null(stage->im);
}

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);

	stage->bench = sn_bench_new(ONLY_IM, NULL, SN_STORE_CLIENT);
	*state = stage;
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

/* The archive answers at once that it is complete. */
static void empty_archive(SnIm *im, const SnImRequest *request, gpointer data)
{
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);

	event->complete = TRUE;
	event->found = FALSE;
	sn_fake_im_push(im, event);
}

static void start_online(Stage *stage)
{
	sn_fake_im_prepare(ME, empty_archive, NULL, TRUE);
	start(stage);
}

static void push_roster(SnIm *im, const char *jid, const char *name, const char *subscription)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_ROSTER, 0, NULL);

	event->jid = g_strdup(jid);
	event->name = g_strdup(name);
	event->subscription = g_strdup(subscription);
	sn_fake_im_push(im, event);
}

static void push_message(SnIm *im, SnImMessage *message)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);

	event->message = message;
	sn_fake_im_push(im, event);
}

static void push_line(SnIm *im, SnLineState line)
{
	SnImEvent *event = sn_im_event_new(SN_EVENT_LINE, 0, NULL);

	event->line = line;
	if (line == SN_LINE_OFFLINE)
		event->error = g_error_new(SN_ERROR, SN_ERROR_NETWORK, "The line was cut.");
	sn_fake_im_push(im, event);
}

/* ---- conditions ---- */

static gboolean status_is(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) all = sn_status_list(bench->store);

	for (guint i = 0; i < all->len; i++) {
		const SnStatus *one = all->pdata[i];
		if (g_str_equal(one->end, "im") && one->kind == GPOINTER_TO_UINT(data))
			return TRUE;
	}
	return FALSE;
}

static gboolean has_im(SnBench *bench, gpointer data)
{
	return sn_message_find_im(bench->store, data, BOB) != 0;
}

static gboolean bob_is_away(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) bob = sn_address_find(bench->store, SN_CHANNEL_IM, BOB);
	g_autoptr(SnPresence) best = bob ? sn_presence_best(bench->store, bob->id) : NULL;

	return best && best->show == SN_PRESENCE_AWAY;
}

static gboolean has_address(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) found = sn_address_find(bench->store, SN_CHANNEL_IM, data);

	return found != NULL;
}

static SnMessage *im_of_bob(Stage *stage, const char *id)
{
	assert_true(sn_bench_wait(stage->bench, has_im, (gpointer)id));
	return sn_bench_message(stage->bench, sn_message_find_im(stage->bench->store, id, BOB));
}

/* ---- tests ---- */

static void only_one_engine_runs(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;
	start_online(stage);
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
	};

	assert_null(sn_engine_start(&setup, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_BUSY));
}

static void the_line_is_told_in_the_status(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	assert_true(sn_bench_wait(stage->bench, status_is, GINT_TO_POINTER(SN_STATUS_ONLINE)));
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_AUTH, FALSE);
	assert_true(sn_bench_wait(stage->bench, status_is, GINT_TO_POINTER(SN_STATUS_ERROR)));
	g_autoptr(GPtrArray) all = sn_status_list(stage->bench->store);
	const SnStatus *status = all->pdata[0];
	assert_string_equal(status->error_word, "auth");
	assert_non_null(status->detail);
}

/* News of a line that has gone meanwhile say nothing about it. */
static void late_news_do_not_mend_the_line(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_AUTH, FALSE);
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_SYNCED, 0, NULL));
	push_roster(stage->im, BOB, "Bob", "both");
	assert_true(sn_bench_wait(stage->bench, has_address, (gpointer)BOB));
	assert_true(status_is(stage->bench, GINT_TO_POINTER(SN_STATUS_ERROR)));
}

static void roster_and_presence_become_rows(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	push_roster(stage->im, BOB, "Bob", "both");
	sn_fake_im_presence(stage->im, BOB "/phone", "away", "lunch");
	assert_true(sn_bench_wait(stage->bench, bob_is_away, NULL));
	g_autoptr(SnAddress) bob = sn_bench_address(stage->bench, SN_CHANNEL_IM, BOB);
	g_autoptr(SnPerson) person = sn_person_get(stage->bench->store, bob->person);
	assert_string_equal(person->name, "Bob");
}

static void presence_of_strangers_leaves_no_trace(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	sn_fake_im_presence(stage->im, "stranger@im.example/x", "online", NULL);
	push_roster(stage->im, BOB, "Bob", "both");
	assert_true(sn_bench_wait(stage->bench, has_address, (gpointer)BOB));
	assert_false(has_address(stage->bench, (gpointer) "stranger@im.example"));
}

static void an_im_is_filed_and_announced(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	push_roster(stage->im, BOB, "Bob", "both");
	sn_fake_im_message(stage->im, BOB "/phone", "id-1", "Hello Alice");
	g_autoptr(SnMessage) message = im_of_bob(stage, "id-1");
	assert_string_equal(message->body, "Hello Alice");
	assert_int_equal(message->direction, SN_IN);
	SnNotification *told = sn_fake_desktop_take(5000);
	assert_non_null(told);
	assert_string_equal(told->title, "Bob");
	assert_string_equal(told->body, "Hello Alice");
	sn_fake_desktop_click(told->tag);
	sn_fake_notification_free(told);
	g_autofree char *expected = g_strdup_printf("%" G_GINT64_FORMAT, message->conversation);
	assert_true(sn_bench_wait_value(stage->bench, "ui.open", expected));
}

static void the_same_im_by_carbon_and_archive_is_one(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	for (int i = 0; i < 3; i++) {
		SnImMessage *im = sn_im_message_new();
		im->from = g_strdup(BOB "/phone");
		im->to = g_strdup(ME);
		im->id = g_strdup("id-1");
		im->body = g_strdup("Once");
		im->archived = i == 1;
		im->carbon_received = i == 2;
		if (i)
			im->stanza_id = g_strdup("archive-7");
		push_message(stage->im, im);
	}
	sn_fake_im_message(stage->im, BOB "/phone", "id-2", "Twice");
	g_autoptr(SnMessage) last = im_of_bob(stage, "id-2");
	g_autoptr(GPtrArray) page =
		sn_message_page(stage->bench->store, last->conversation, 0, 0, FALSE, 10, 0);
	assert_int_equal(page->len, 2);
}

static void a_carbon_of_our_own_is_outgoing(void **state)
{
	Stage *stage = *state;
	SnImMessage *im = sn_im_message_new();

	start_online(stage);
	im->from = g_strdup(ME "/phone");
	im->to = g_strdup(BOB);
	im->id = im->origin_id = NULL;
	im->id = g_strdup("mine-1");
	im->body = g_strdup("From my phone");
	im->carbon_sent = TRUE;
	push_message(stage->im, im);
	sn_fake_im_message(stage->im, BOB "/phone", "id-2", "Got it");
	g_autoptr(SnMessage) answer = im_of_bob(stage, "id-2");
	SnId id = sn_message_find_im(stage->bench->store, "mine-1", ME);
	g_autoptr(SnMessage) own = sn_bench_message(stage->bench, id);
	assert_int_equal(own->direction, SN_OUT);
	assert_int_equal(own->conversation, answer->conversation);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(stage->bench->store, own->conversation);
	assert_int_equal(conversation->unread, 1);
}

static void receipts_go_to_contacts_only(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	push_roster(stage->im, BOB, "Bob", "both");
	for (int i = 0; i < 2; i++) {
		SnImMessage *im = sn_im_message_new();
		im->from = g_strdup(i ? BOB "/phone" : "stranger@im.example/x");
		im->to = g_strdup(ME "/sennit");
		im->id = g_strdup_printf("want-%d", i);
		im->body = g_strdup("Got it?");
		im->want_receipt = TRUE;
		push_message(stage->im, im);
	}
	SnImRequest *receipt = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 5000);
	assert_non_null(receipt);
	assert_string_equal(receipt->message->receipt_id, "want-1");
	assert_string_equal(receipt->message->to, BOB "/phone");
	sn_im_request_free(receipt);
	assert_null(sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 0));
}

/* ---- many at once ---- */

enum { MANY = 300 };

/* What the store is to refuse. */
static void run_sql(Stage *stage, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(stage->bench->paths->store_path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 30000);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void push_many(Stage *stage, int count)
{
	for (int i = 0; i < count; i++) {
		SnImMessage *im = sn_im_message_new();
		im->from = g_strdup(BOB "/phone");
		im->to = g_strdup(ME "/sennit");
		im->id = g_strdup_printf("many-%d", i);
		im->stanza_id = g_strdup_printf("archive-%d", i);
		im->body = g_strdup_printf("number %d", i);
		im->want_receipt = TRUE;
		push_message(stage->im, im);
	}
}

static char *position(Stage *stage)
{
	return sn_archive_get(stage->bench->store, sn_account_find(stage->bench->store, "home"), ME);
}

static gboolean position_is(SnBench *bench, gpointer data)
{
	g_autofree char *last = sn_archive_get(bench->store, sn_account_find(bench->store, "home"), ME);

	return g_strcmp0(last, data) == 0;
}

/* Each has its receipt, which its sender gets no sooner than it is in the store. */
static void of_many_each_has_a_receipt_once_it_is_stored(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	push_roster(stage->im, BOB, "Bob", "both");
	assert_true(sn_engine_settle(stage->engine, 30000, NULL)); /* the archive is read */
	push_many(stage, MANY);
	for (int i = 0; i < MANY; i++) {
		g_autofree char *id = g_strdup_printf("many-%d", i);
		SnImRequest *receipt = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 30000);
		assert_non_null(receipt);
		assert_string_equal(receipt->message->receipt_id, id);
		assert_true(has_im(stage->bench, id));
		sn_im_request_free(receipt);
	}
	assert_true(position_is(stage->bench, (gpointer) "archive-299"));
}

static void many_are_announced_in_few_words(void **state)
{
	Stage *stage = *state;
	int announced = 0, notifications = 0;

	start_online(stage);
	push_roster(stage->im, BOB, "Bob", "both");
	push_many(stage, MANY);
	for (; announced < MANY; notifications++) {
		SnNotification *told = sn_fake_desktop_take(30000);
		assert_non_null(told);
		assert_string_equal(told->title, "Bob");
		announced += MAX(atoi(told->body), 1); /* "12 new messages", or one with its text */
		sn_fake_notification_free(told);
	}
	assert_int_equal(announced, MANY);
	assert_true(notifications <= MANY / 10);
	g_autoptr(SnMessage) first = im_of_bob(stage, "many-0");
	g_autoptr(SnConversation) row = sn_conversation_get(stage->bench->store, first->conversation);
	assert_int_equal(row->unread, MANY);
}

static void one_that_cannot_be_stored_takes_no_other_with_it(void **state)
{
	Stage *stage = *state;

	run_sql(stage, "CREATE TRIGGER refuse BEFORE INSERT ON message WHEN NEW.origin_id = 'many-7' "
	               "BEGIN SELECT RAISE(ABORT, 'not this one'); END");
	start_online(stage);
	push_roster(stage->im, BOB, "Bob", "both");
	push_many(stage, 20);
	assert_true(sn_bench_wait(stage->bench, has_im, (gpointer) "many-19"));
	for (int i = 0; i < 20; i++) {
		g_autofree char *id = g_strdup_printf("many-%d", i);
		assert_int_equal(has_im(stage->bench, id), i != 7);
	}
}

/* Bob wrote while we were away: an IM of the archive. Takes the ids. */
static void push_archived(SnIm *im, guint64 request, char *id, char *archive_id, SnTime time)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, request, NULL);

	event->message = sn_im_message_new();
	event->message->from = g_strdup(BOB "/phone");
	event->message->to = g_strdup(ME);
	event->message->id = id;
	event->message->archive_id = archive_id;
	event->message->body = g_strdup("While you were away");
	event->message->time = time;
	event->message->archived = TRUE;
	sn_fake_im_push(im, event);
}

/* Two at once, until the position is asked from behind them. */
static void archive_of_two(SnIm *im, const SnImRequest *request, gpointer data)
{
	gboolean rest = g_strcmp0(request->after_id, "b-1") == 0;

	for (int i = 0; request->kind == SN_IM_REQ_ARCHIVE && !rest && i < 2; i++)
		push_archived(im, request->id, g_strdup_printf("both-%d", i),
		              g_strdup_printf("b-%d", i), 1700000000000 + i);
	if (request->kind == SN_IM_REQ_ARCHIVE)
		g_atomic_int_inc((gint *)data);
	SnImEvent *done = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	done->last_id = request->kind == SN_IM_REQ_ARCHIVE ? g_strdup("b-1") : NULL;
	done->complete = TRUE;
	sn_fake_im_push(im, done);
}

static gboolean was_asked_twice(SnBench *bench, gpointer data)
{
	return g_atomic_int_get((gint *)data) >= 2;
}

/* When the disk was full, nothing is behind the position that is not in the store. */
static void what_could_not_be_stored_is_read_again(void **state)
{
	Stage *stage = *state;
	gint asked = 0;

	run_sql(stage, "CREATE TRIGGER refuse BEFORE INSERT ON archive WHEN NEW.last_id = 'b-1' "
	               "BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END");
	sn_fake_im_prepare(ME, archive_of_two, &asked, TRUE);
	start(stage);
	g_autoptr(GError) error = NULL;
	sn_engine_settle(stage->engine, 30000, &error);
	assert_int_equal(g_atomic_int_get(&asked), 1);
	g_autofree char *before = position(stage);
	assert_string_not_equal(before ? before : "", "b-1");
	run_sql(stage, "DROP TRIGGER refuse");
	push_line(stage->im, SN_LINE_OFFLINE);
	push_line(stage->im, SN_LINE_ONLINE);
	SnImEvent *features = sn_im_event_new(SN_IM_EV_FEATURES, 0, NULL);
	features->has_archive = TRUE;
	sn_fake_im_push(stage->im, features);
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_SYNCED, 0, NULL));
	assert_true(sn_bench_wait(stage->bench, was_asked_twice, &asked));
	assert_true(sn_bench_wait(stage->bench, has_im, (gpointer) "both-1"));
	assert_true(has_im(stage->bench, (gpointer) "both-0"));
	assert_true(sn_bench_wait(stage->bench, position_is, (gpointer) "b-1"));
}

static void an_answer_to_an_email_joins_its_thread(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;
	SnId mail = sn_bench_ingest(stage->bench,
	                            "From: alice@example.test\nTo: bob@work.example\n"
	                            "Message-ID: <ours@example.test>\nSubject: Tea\n",
	                            "Tea?\n", NULL);
	SnImMessage *im = sn_im_message_new();

	start_online(stage);
	im->from = g_strdup(BOB "/phone");
	im->to = g_strdup(ME);
	im->id = g_strdup("id-1");
	im->body = g_strdup("Yes");
	im->in_reply_to_mail = g_strdup("ours@example.test");
	push_message(stage->im, im);
	g_autoptr(SnMessage) answer = im_of_bob(stage, "id-1");
	assert_string_equal(answer->thread, "ours@example.test");
	assert_int_equal(answer->reply_to, mail);
	g_autoptr(SnAddress) found =
		sn_bench_candidate(stage->bench, "bob@work.example", BOB);
	assert_true(found && !found->confirmed);
}

static void forwarded_ims_are_carried(void **state)
{
	Stage *stage = *state;
	SnImMessage *im = sn_im_message_new(), *inner = sn_im_message_new();

	start_online(stage);
	im->from = g_strdup(BOB "/phone");
	im->to = g_strdup(ME);
	im->id = g_strdup("id-1");
	im->body = g_strdup("What we said");
	inner->from = g_strdup(BOB);
	inner->to = g_strdup(ME);
	inner->id = g_strdup("old-1");
	inner->body = g_strdup("Long ago");
	inner->time = 1700000000000;
	im->forwarded = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_message_free);
	g_ptr_array_add(im->forwarded, inner);
	push_message(stage->im, im);
	g_autoptr(SnMessage) carrier = im_of_bob(stage, "id-1");
	g_autoptr(GPtrArray) carried =
		sn_message_carried(stage->bench->store, carrier->id, SN_MESSAGE_FULL);
	assert_int_equal(carried->len, 1);
	const SnMessage *old = carried->pdata[0];
	assert_true(old->carried);
	assert_string_equal(old->body, "Long ago");
	assert_int_equal(old->time, 1700000000000);
}

static gboolean has_question(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) bob = sn_address_find(bench->store, SN_CHANNEL_IM, BOB);
	g_autoptr(GPtrArray) found = NULL;
	GPtrArray **out = data;

	if (!bob)
		return FALSE;
	SnId conversation = sn_conversation_for_person(bench->store, bob->person, NULL);
	found = sn_question_list(bench->store, conversation);
	if (!found || found->len == 0)
		return FALSE;
	*out = g_steal_pointer(&found);
	return TRUE;
}

static void a_contact_request_is_a_question_that_yes_grants(void **state)
{
	Stage *stage = *state;
	SnImEvent *event = sn_im_event_new(SN_IM_EV_SUBSCRIPTION, 0, NULL);
	g_autoptr(GPtrArray) questions = NULL;
	g_autoptr(GError) error = NULL;

	start_online(stage);
	event->jid = g_strdup(BOB);
	sn_fake_im_push(stage->im, event);
	assert_true(sn_bench_wait(stage->bench, has_question, &questions));
	const SnQuestion *question = questions->pdata[0];
	assert_string_equal(question->labels[0], "Yes");
	assert_true(sn_question_answer(stage->bench->store, question, question->values[0], &error));
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_SUBSCRIBED, 5000);
	assert_non_null(request);
	assert_string_equal(request->jid, BOB);
	sn_im_request_free(request);
	g_autofree char *left = sn_wish_get(stage->bench->store, SN_WISH_CONTACT, BOB);
	assert_true(!left || sn_bench_wait_value(stage->bench, "wish:contact:" BOB, NULL));
}

static void a_contact_cannot_make_a_wish(void **state)
{
	Stage *stage = *state;
	SnImMessage *im = sn_im_message_new();
	static const char *values[] = { "wish:contact:mallory@evil.example=accept", NULL };
	static const char *labels[] = { "OK", NULL };
	g_autoptr(GPtrArray) questions = NULL;
	g_autoptr(GError) error = NULL;

	start_online(stage);
	im->from = g_strdup(BOB "/phone");
	im->to = g_strdup(ME);
	im->id = g_strdup("wish:contact:x");
	im->body = g_strdup("Press OK");
	im->response_values = g_strdupv((char **)values);
	im->response_labels = g_strdupv((char **)labels);
	push_message(stage->im, im);
	assert_true(sn_bench_wait(stage->bench, has_question, &questions));
	assert_false(sn_question_answer(stage->bench->store, questions->pdata[0], values[0],
	                                &error));
	assert_null(error);
	g_autofree char *wish =
		sn_wish_get(stage->bench->store, SN_WISH_CONTACT, "mallory@evil.example");
	assert_null(wish);
}

static void own_presence_is_shown_as_wished(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_PRESENCE, "", "away\tlunch", NULL));
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_PRESENCE, 5000);
	assert_non_null(request);
	assert_string_equal(request->show, "away");
	assert_string_equal(request->status, "lunch");
	sn_im_request_free(request);
}

static void expect_show(Stage *stage, const char *show, SnTime idle_since)
{
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_PRESENCE, 30000);

	assert_non_null(request);
	assert_string_equal(request->show, show);
	assert_true(request->idle_since == idle_since);
	sn_im_request_free(request);
}

/* A client says that nobody touched it for an hour; then somebody does. */
static void an_idle_client_makes_us_away_and_the_server_quiet(void **state)
{
	Stage *stage = *state;
	SnTime since = sn_clock_now(NULL) - SN_HOUR;
	g_autofree char *idle = g_strdup_printf("idle %" G_GINT64_FORMAT, since);
	g_autofree char *pid = g_strdup_printf("%ld", (long)getpid());

	start_online(stage);
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_ACTIVITY, pid, idle, NULL));
	expect_show(stage, "away", since);
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_ACTIVE, 30000);
	assert_non_null(request);
	assert_false(request->active);
	sn_im_request_free(request);
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_ACTIVITY, pid, "active", NULL));
	expect_show(stage, "online", 0);
	request = sn_fake_im_take(stage->im, SN_IM_REQ_ACTIVE, 30000);
	assert_non_null(request);
	assert_true(request->active);
	sn_im_request_free(request);
	/* by hand it is dnd, however idle */
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_PRESENCE, "", "dnd\t", NULL));
	expect_show(stage, "dnd", 0);
}

/* ---- contacts ---- */

static gboolean roster_is(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) all = sn_roster_list(bench->store, sn_account_find(bench->store, "home"));

	g_ptr_array_add(all, NULL);
	g_autofree char *joined = g_strjoinv(" ", (char **)all->pdata);
	return g_str_equal(joined, data);
}

/* Another client removed carol while this one was not there. */
static void who_is_not_in_the_roster_any_more_is_gone(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	push_roster(stage->im, BOB, "Bob", "both");
	push_roster(stage->im, "carol@example.test", "Carol", "both");
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_ROSTER_END, 0, NULL));
	assert_true(sn_bench_wait(stage->bench, roster_is, (gpointer) BOB " carol@example.test"));
	/* a push alone removes nobody else */
	push_roster(stage->im, BOB, "Robert", "both");
	push_line(stage->im, SN_LINE_OFFLINE);
	push_line(stage->im, SN_LINE_ONLINE);
	push_roster(stage->im, BOB, "Robert", "both");
	push_roster(stage->im, "dan@example.test", NULL, "none");
	assert_true(sn_bench_wait(stage->bench, roster_is, (gpointer) BOB " carol@example.test dan@example.test"));
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_ROSTER_END, 0, NULL));
	assert_true(sn_bench_wait(stage->bench, roster_is, (gpointer) BOB " dan@example.test"));
}

enum { CROWD = 1000 };

static void push_crowd(SnIm *im, int turn)
{
	for (int i = 0; i < CROWD; i++) {
		SnImEvent *event = sn_im_event_new(SN_IM_EV_PRESENCE, 0, NULL);
		event->jid = g_strdup_printf("c%d@crowd.example/x", i);
		event->show = g_strdup(turn % 2 ? "away" : "online");
		event->status = g_strdup_printf("turn %d", turn);
		sn_fake_im_push(im, event);
	}
}

static gboolean all_of_the_crowd_say(SnBench *bench, gpointer data)
{
	for (int i = CROWD - 1; i >= 0; i -= 111) {
		g_autofree char *jid = g_strdup_printf("c%d@crowd.example", i);
		g_autoptr(SnAddress) address = sn_address_find(bench->store, SN_CHANNEL_IM, jid);
		g_autoptr(SnPresence) best = address ? sn_presence_best(bench->store, address->id) : NULL;
		if (!best || g_strcmp0(best->status, data) != 0)
			return FALSE;
	}
	return TRUE;
}

/* A message that comes behind them all is filed, and what each said last stands. */
static void a_thousand_presences_leave_the_last_word_of_each(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	for (int i = 0; i < CROWD; i++) {
		g_autofree char *jid = g_strdup_printf("c%d@crowd.example", i);
		push_roster(stage->im, jid, NULL, "both");
	}
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_ROSTER_END, 0, NULL));
	for (int turn = 0; turn < 3; turn++)
		push_crowd(stage->im, turn);
	SnImMessage *message = sn_im_message_new();
	message->from = g_strdup(BOB "/phone");
	message->to = g_strdup(ME);
	message->id = g_strdup("behind-the-crowd");
	message->body = g_strdup("Quite a crowd");
	push_message(stage->im, message);
	assert_true(sn_bench_wait(stage->bench, has_im, (gpointer) "behind-the-crowd"));
	assert_true(all_of_the_crowd_say(stage->bench, (gpointer) "turn 2"));
}

/* ---- a room of two thousand ---- */

#define BIG "big@rooms.example.test"
enum { BIG_ROOM = 2000 };

static SnImEvent *room_event(int kind)
{
	SnImEvent *event = sn_im_event_new(kind, 0, NULL);

	event->jid = g_strdup(BIG);
	return event;
}

static void push_people(SnIm *im, const char *prefix, gboolean complete, SnRoomLeaving leaving)
{
	SnImEvent *event = room_event(SN_IM_EV_ROOM_PEOPLE);

	event->complete = complete;
	event->occupants = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_occupant_free);
	for (int i = 0; i < BIG_ROOM; i++) {
		SnImOccupant *one = g_new0(SnImOccupant, 1);
		one->nick = g_strdup_printf("%s%d", prefix, i);
		one->show = g_strdup("online");
		one->occupant_id = g_strdup_printf("o-%s%d", prefix, i);
		one->role = SN_ROOM_PARTICIPANT;
		one->affiliation = SN_ROOM_NO_AFFILIATION;
		one->leaving = leaving;
		one->appeared = leaving == SN_ROOM_STAYS;
		g_ptr_array_add(event->occupants, one);
	}
	sn_fake_im_push(im, event);
}

static void ask_room(Stage *stage, const char *verb, const char *text)
{
	SnRoomWish wish = { .room = (char *)BIG, .verb = (char *)verb, .text = (char *)text };

	assert_true(sn_room_ask(stage->bench->store, &wish, NULL));
}

static gboolean people_are(SnBench *bench, gpointer data)
{
	g_autoptr(SnRoom) room = sn_room_find(bench->store, 0, BIG);

	return room && room->state == SN_ROOM_IN && room->people == GPOINTER_TO_INT(data);
}

static gboolean only_line_is(SnBench *bench, gpointer data)
{
	g_autoptr(SnRoom) room = sn_room_find(bench->store, 0, BIG);
	g_autoptr(GPtrArray) lines = sn_room_lines(bench->store, room->conversation, 0, G_MAXINT64, 100);

	return lines->len == 1 && g_str_equal(((SnRoomLine *)lines->pdata[0])->text, data);
}

static void all_but_joining(SnIm *im, const SnImRequest *request, gpointer data)
{
	if (request->kind != SN_IM_REQ_JOIN)
		empty_archive(im, request, data);
}

/* All come in at once, leave and come back, and the user is heard meanwhile. */
static void a_room_of_two_thousand_is_one_line(void **state)
{
	Stage *stage = *state;

	sn_fake_im_prepare(ME, all_but_joining, NULL, TRUE);
	start(stage);
	ask_room(stage, "join", NULL);
	SnImRequest *join = sn_fake_im_take(stage->im, SN_IM_REQ_JOIN, 30000);
	assert_non_null(join);
	ask_room(stage, "subject", "A crowd"); /* waits until the user is in */
	sn_fake_im_push(stage->im, room_event(SN_IM_EV_ROOM));
	push_people(stage->im, "p", TRUE, SN_ROOM_STAYS);
	sn_fake_im_done(stage->im, join->id);
	sn_im_request_free(join);
	SnImRequest *topic = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 30000);
	assert_non_null(topic);
	assert_string_equal(topic->message->subject, "A crowd");
	sn_im_request_free(topic);
	assert_true(sn_bench_wait(stage->bench, people_are, GINT_TO_POINTER(BIG_ROOM)));
	for (int turn = 0; turn < 3; turn++) {
		push_people(stage->im, "q", FALSE, SN_ROOM_STAYS);
		push_people(stage->im, "q", FALSE, SN_ROOM_LEFT);
	}
	push_people(stage->im, "p", FALSE, SN_ROOM_LEFT);
	push_people(stage->im, "r", FALSE, SN_ROOM_STAYS);
	ask_room(stage, "retract", NULL);
	SnImRequest *retract = sn_fake_im_take(stage->im, SN_IM_REQ_ROOM_RETRACT, 30000);
	assert_non_null(retract);
	sn_im_request_free(retract);
	assert_true(sn_bench_wait(stage->bench, only_line_is,
	                          (gpointer) "r0, r1, r2 and 1997 more came; p0, p1, p2 and 1997 more left"));
	assert_true(people_are(stage->bench, GINT_TO_POINTER(BIG_ROOM)));
}

static gboolean blocked_are(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) all = sn_blocked_list(bench->store);
	g_autoptr(GString) jids = g_string_new(NULL);

	for (guint i = 0; i < all->len; i++)
		g_string_append_printf(jids, "%s ", ((SnBlocked *)all->pdata[i])->jid);
	return g_str_equal(jids->str, data);
}

static void push_blocked(SnIm *im, const char *jids)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_BLOCKED, 0, NULL);

	event->uris = g_strsplit(jids, " ", 0);
	sn_fake_im_push(im, event);
}

static void blocking_goes_to_the_server_and_its_list_is_shown(void **state)
{
	Stage *stage = *state;
	static const struct {
		const char *wish;
		SnImRequestKind kind;
	} steps[] = { { "block", SN_IM_REQ_BLOCK }, { "unblock", SN_IM_REQ_UNBLOCK } };

	start_online(stage);
	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		assert_true(sn_wish_set(stage->bench->store, SN_WISH_CONTACT, BOB, steps[i].wish, NULL));
		SnImRequest *request = sn_fake_im_take(stage->im, steps[i].kind, 30000);
		assert_non_null(request);
		assert_string_equal(request->jid, BOB);
		sn_im_request_free(request);
		assert_true(sn_bench_wait_value(stage->bench, "wish:contact:" BOB, NULL));
	}
	push_blocked(stage->im, "bob@example.test spam.example");
	assert_true(sn_bench_wait(stage->bench, blocked_are, (gpointer) "bob@example.test spam.example "));
	assert_true(sn_is_blocked(stage->bench->store, "BOB@example.test"));
	push_blocked(stage->im, "");
	assert_true(sn_bench_wait(stage->bench, blocked_are, (gpointer) ""));
}

static void a_refused_request_is_taken_back_from_them(void **state)
{
	Stage *stage = *state;

	start_online(stage);
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_CONTACT, BOB, "refuse", NULL));
	/* RFC 6121 section 3.1.6: "unsubscribed" refuses; "unsubscribe" would be about theirs */
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_UNSUBSCRIBED, 30000);
	assert_non_null(request);
	sn_im_request_free(request);
}

static gboolean caps_are_known(SnBench *bench, gpointer data)
{
	g_autoptr(SnClientCaps) caps = sn_caps_get(bench->store, data);

	return caps && g_strcmp0(caps->name, "Gajim") == 0;
}

static void what_clients_can_do_is_kept_for_the_next_log_in(void **state)
{
	Stage *stage = *state;
	static const char *const features[] = { "urn:xmpp:ping", "urn:xmpp:receipts", NULL };
	SnImEvent *event = sn_im_event_new(SN_IM_EV_CAPS, 0, NULL);

	start_online(stage);
	event->item = g_strdup("sha-1:abc=");
	event->name = g_strdup("Gajim");
	event->uris = g_strdupv((char **)features);
	sn_fake_im_push(stage->im, event);
	assert_true(sn_bench_wait(stage->bench, caps_are_known, (gpointer) "sha-1:abc="));
	push_line(stage->im, SN_LINE_OFFLINE);
	push_line(stage->im, SN_LINE_ONLINE);
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_CAPS, 30000);
	assert_non_null(request);
	assert_string_equal(request->uris[0], "sha-1:abc=");
	assert_null(request->uris[1]);
	sn_im_request_free(request);
}

/* ---- the archive ---- */

typedef struct {
	gint asked;
	char *last_after;
} Archive;

static void two_pages(SnIm *im, const SnImRequest *request, gpointer data)
{
	Archive *archive = data;

	if (request->kind != SN_IM_REQ_ARCHIVE) {
		sn_fake_im_done(im, request->id);
		return;
	}
	int page = g_atomic_int_add(&archive->asked, 1);
	if (page == 1)
		archive->last_after = g_strdup(request->after_id);
	push_archived(im, request->id, g_strdup_printf("old-%d", page), g_strdup_printf("a-%d", page),
	              1700000000000 + page);
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	event->last_id = g_strdup_printf("a-%d", page);
	event->complete = page == 1;
	sn_fake_im_push(im, event);
}

static void the_archive_is_read_page_by_page_and_remembered(void **state)
{
	Stage *stage = *state;
	Archive archive = { 0 };
	g_autoptr(GError) error = NULL;

	sn_fake_im_prepare(ME, two_pages, &archive, TRUE);
	start(stage);
	assert_true(sn_engine_settle(stage->engine, 5000, &error));
	g_assert_no_error(error);
	assert_int_equal(g_atomic_int_get(&archive.asked), 2);
	assert_string_equal(archive.last_after, "a-0");
	assert_true(has_im(stage->bench, (gpointer) "old-0"));
	assert_true(has_im(stage->bench, (gpointer) "old-1"));
	SnId account = sn_account_find(stage->bench->store, "home");
	g_autofree char *last = sn_archive_get(stage->bench->store, account, ME);
	assert_string_equal(last, "a-1");
	/* old news is no notification */
	assert_null(sn_fake_desktop_take(0));
	g_free(archive.last_after);
}

/* The archive was cleared up to after our position: the third request goes by time. */
static void cleared_archive(SnIm *im, const SnImRequest *request, gpointer data)
{
	SnImRequest **last = data;
	static gint asked;

	if (request->kind != SN_IM_REQ_ARCHIVE) {
		sn_fake_im_done(im, request->id);
		return;
	}
	if (g_atomic_int_add(&asked, 1) == 0) {
		SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
		event->last_id = g_strdup("a-gone");
		event->complete = TRUE;
		sn_fake_im_push(im, event);
		return;
	}
	SnImEvent *event;
	if (request->after_id) {
		event = sn_im_event_new(SN_EVENT_ERROR, request->id, NULL);
		event->error = g_error_new(SN_ERROR, SN_ERROR_NOT_FOUND, "It forgot.");
	} else {
		SnImRequest *copy = sn_im_request_new(request->kind, request->id);
		copy->start = request->start;
		g_atomic_pointer_set(last, copy);
		event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
		event->complete = TRUE;
	}
	sn_fake_im_push(im, event);
}

static gboolean was_asked(SnBench *bench, gpointer data)
{
	return g_atomic_pointer_get((SnImRequest **)data) != NULL;
}

static void a_cleared_archive_is_read_from_before_what_is_here(void **state)
{
	Stage *stage = *state;
	SnImRequest *last = NULL;
	SnImMessage *old = sn_im_message_new();
	SnTime long_ago = sn_clock_now(NULL) - 60 * SN_DAY;

	sn_fake_im_prepare(ME, cleared_archive, &last, TRUE);
	start(stage);
	old->from = g_strdup(BOB "/phone");
	old->to = g_strdup(ME);
	old->id = g_strdup("before-the-absence");
	old->body = g_strdup("See you in two months");
	old->time = long_ago;
	push_message(stage->im, old);
	assert_true(sn_bench_wait(stage->bench, has_im, (gpointer) "before-the-absence"));
	push_line(stage->im, SN_LINE_OFFLINE);
	push_line(stage->im, SN_LINE_ONLINE);
	SnImEvent *features = sn_im_event_new(SN_IM_EV_FEATURES, 0, NULL);
	features->has_archive = TRUE;
	sn_fake_im_push(stage->im, features);
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_SYNCED, 0, NULL));
	assert_true(sn_bench_wait(stage->bench, was_asked, &last));
	assert_true(last->start <= long_ago);
	assert_true(last->start > long_ago - 2 * SN_DAY);
	sn_im_request_free(last);
}

static void settling_reports_an_account_that_cannot_log_in(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;

	sn_fake_im_prepare(ME, NULL, NULL, FALSE);
	start(stage);
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_AUTH, FALSE);
	assert_false(sn_engine_settle(stage->engine, 5000, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_AUTH));
}

static void stopping_ends_what_is_under_way_in_time(void **state)
{
	Stage *stage = *state;
	gint64 begin;

	sn_fake_im_prepare(ME, NULL, NULL, TRUE); /* the archive never answers */
	start(stage);
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_ARCHIVE, 5000);
	assert_non_null(request);
	sn_im_request_free(request);
	begin = g_get_monotonic_time();
	sn_engine_stop(&stage->engine);
	assert_true(g_get_monotonic_time() - begin < 3 * G_USEC_PER_SEC);
	assert_true(status_is(stage->bench, GINT_TO_POINTER(SN_STATUS_OFF)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_one_engine_runs),
		TEST(the_line_is_told_in_the_status),
		TEST(late_news_do_not_mend_the_line),
		TEST(roster_and_presence_become_rows),
		TEST(presence_of_strangers_leaves_no_trace),
		TEST(an_im_is_filed_and_announced),
		TEST(of_many_each_has_a_receipt_once_it_is_stored),
		TEST(many_are_announced_in_few_words),
		TEST(one_that_cannot_be_stored_takes_no_other_with_it),
		TEST(what_could_not_be_stored_is_read_again),
		TEST(the_same_im_by_carbon_and_archive_is_one),
		TEST(a_carbon_of_our_own_is_outgoing),
		TEST(receipts_go_to_contacts_only),
		TEST(an_answer_to_an_email_joins_its_thread),
		TEST(forwarded_ims_are_carried),
		TEST(a_contact_request_is_a_question_that_yes_grants),
		TEST(a_contact_cannot_make_a_wish),
		TEST(own_presence_is_shown_as_wished),
		TEST(an_idle_client_makes_us_away_and_the_server_quiet),
		TEST(who_is_not_in_the_roster_any_more_is_gone),
		TEST(a_thousand_presences_leave_the_last_word_of_each),
		TEST(a_room_of_two_thousand_is_one_line),
		TEST(blocking_goes_to_the_server_and_its_list_is_shown),
		TEST(a_refused_request_is_taken_back_from_them),
		TEST(what_clients_can_do_is_kept_for_the_next_log_in),
		TEST(the_archive_is_read_page_by_page_and_remembered),
		TEST(a_cleared_archive_is_read_from_before_what_is_here),
		TEST(settling_reports_an_account_that_cannot_log_in),
		TEST(stopping_ends_what_is_under_way_in_time),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
