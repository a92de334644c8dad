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
#include "src/engine/sync_private.h"
#include "src/store/contacts.h"
#include "src/store/rooms.h"
#include "src/store/wish.h"
#include "tests/unit/im_stage.h"
/* ---- tests ---- */

static void only_one_engine_runs(void **state)
{
	ImStage *stage = *state;
	g_autoptr(GError) error = NULL;
	im_start_online(stage);
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
	};

	assert_null(sn_engine_start(&setup, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_BUSY));
}

static void the_line_is_told_in_the_status(void **state)
{
	ImStage *stage = *state;

	im_start_online(stage);
	assert_true(sn_bench_wait(stage->bench, im_status_is, GINT_TO_POINTER(SN_STATUS_ONLINE)));
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_AUTH, FALSE);
	assert_true(sn_bench_wait(stage->bench, im_status_is, GINT_TO_POINTER(SN_STATUS_ERROR)));
	g_autoptr(GPtrArray) all = sn_status_list(stage->bench->store);
	const SnStatus *status = all->pdata[0];
	assert_string_equal(status->error_word, "auth");
	assert_non_null(status->detail);
}

/* News of a line that has gone meanwhile say nothing about it. */
static void late_news_do_not_mend_the_line(void **state)
{
	ImStage *stage = *state;

	im_start_online(stage);
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_AUTH, FALSE);
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_SYNCED, 0, NULL));
	im_push_roster(stage->im, BOB, "Bob", "both");
	assert_true(sn_bench_wait(stage->bench, im_has_address, (gpointer)BOB));
	assert_true(im_status_is(stage->bench, GINT_TO_POINTER(SN_STATUS_ERROR)));
}

static void roster_and_presence_become_rows(void **state)
{
	ImStage *stage = *state;

	im_start_online(stage);
	im_push_roster(stage->im, BOB, "Bob", "both");
	sn_fake_im_presence(stage->im, BOB "/phone", "away", "lunch");
	assert_true(sn_bench_wait(stage->bench, im_bob_is_away, NULL));
	g_autoptr(SnAddress) bob = sn_bench_address(stage->bench, SN_CHANNEL_IM, BOB);
	g_autoptr(SnPerson) person = sn_person_get(stage->bench->store, bob->person);
	assert_string_equal(person->name, "Bob");
}

static void presence_of_strangers_leaves_no_trace(void **state)
{
	ImStage *stage = *state;

	im_start_online(stage);
	sn_fake_im_presence(stage->im, "stranger@im.example/x", "online", NULL);
	im_push_roster(stage->im, BOB, "Bob", "both");
	assert_true(sn_bench_wait(stage->bench, im_has_address, (gpointer)BOB));
	assert_false(im_has_address(stage->bench, (gpointer) "stranger@im.example"));
}

static void an_im_is_filed_and_announced(void **state)
{
	ImStage *stage = *state;

	im_start_online(stage);
	im_push_roster(stage->im, BOB, "Bob", "both");
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
	ImStage *stage = *state;

	im_start_online(stage);
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
		im_push_message(stage->im, im);
	}
	sn_fake_im_message(stage->im, BOB "/phone", "id-2", "Twice");
	g_autoptr(SnMessage) last = im_of_bob(stage, "id-2");
	g_autoptr(GPtrArray) page =
		sn_message_page(stage->bench->store, last->conversation, 0, 0, FALSE, 10, 0);
	assert_int_equal(page->len, 2);
}

static void a_carbon_of_our_own_is_outgoing(void **state)
{
	ImStage *stage = *state;
	SnImMessage *im = sn_im_message_new();

	im_start_online(stage);
	im->from = g_strdup(ME "/phone");
	im->to = g_strdup(BOB);
	im->id = im->origin_id = NULL;
	im->id = g_strdup("mine-1");
	im->body = g_strdup("From my phone");
	im->carbon_sent = TRUE;
	im_push_message(stage->im, im);
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
	ImStage *stage = *state;

	im_start_online(stage);
	im_push_roster(stage->im, BOB, "Bob", "both");
	for (int i = 0; i < 2; i++) {
		SnImMessage *im = sn_im_message_new();
		im->from = g_strdup(i ? BOB "/phone" : "stranger@im.example/x");
		im->to = g_strdup(ME "/sennit");
		im->id = g_strdup_printf("want-%d", i);
		im->body = g_strdup("Got it?");
		im->want_receipt = TRUE;
		im_push_message(stage->im, im);
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
static void run_sql(ImStage *stage, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(stage->bench->paths->store_path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 30000);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void push_many(ImStage *stage, int count)
{
	for (int i = 0; i < count; i++) {
		SnImMessage *im = sn_im_message_new();
		im->from = g_strdup(BOB "/phone");
		im->to = g_strdup(ME "/sennit");
		im->id = g_strdup_printf("many-%d", i);
		im->stanza_id = g_strdup_printf("archive-%d", i);
		im->body = g_strdup_printf("number %d", i);
		im->want_receipt = TRUE;
		im_push_message(stage->im, im);
	}
}

static char *position(ImStage *stage)
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
	ImStage *stage = *state;

	im_start_online(stage);
	im_push_roster(stage->im, BOB, "Bob", "both");
	assert_true(sn_engine_settle(stage->engine, 30000, NULL)); /* the archive is read */
	push_many(stage, MANY);
	for (int i = 0; i < MANY; i++) {
		g_autofree char *id = g_strdup_printf("many-%d", i);
		SnImRequest *receipt = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 30000);
		assert_non_null(receipt);
		assert_string_equal(receipt->message->receipt_id, id);
		assert_true(im_is_here(stage->bench, id));
		sn_im_request_free(receipt);
	}
	assert_true(position_is(stage->bench, (gpointer) "archive-299"));
}

static void many_are_announced_in_few_words(void **state)
{
	ImStage *stage = *state;
	int announced = 0, notifications = 0;

	im_start_online(stage);
	im_push_roster(stage->im, BOB, "Bob", "both");
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
	ImStage *stage = *state;

	run_sql(stage, "CREATE TRIGGER refuse BEFORE INSERT ON message WHEN NEW.origin_id = 'many-7' "
	               "BEGIN SELECT RAISE(ABORT, 'not this one'); END");
	im_start_online(stage);
	im_push_roster(stage->im, BOB, "Bob", "both");
	push_many(stage, 20);
	assert_true(sn_bench_wait(stage->bench, im_is_here, (gpointer) "many-19"));
	for (int i = 0; i < 20; i++) {
		g_autofree char *id = g_strdup_printf("many-%d", i);
		assert_int_equal(im_is_here(stage->bench, id), i != 7);
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
	ImStage *stage = *state;
	gint asked = 0;

	run_sql(stage, "CREATE TRIGGER refuse BEFORE INSERT ON archive WHEN NEW.last_id = 'b-1' "
	               "BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END");
	sn_fake_im_prepare(ME, archive_of_two, &asked, TRUE);
	im_start(stage);
	g_autoptr(GError) error = NULL;
	sn_engine_settle(stage->engine, 30000, &error);
	assert_int_equal(g_atomic_int_get(&asked), 1);
	g_autofree char *before = position(stage);
	assert_string_not_equal(before ? before : "", "b-1");
	run_sql(stage, "DROP TRIGGER refuse");
	im_push_line(stage->im, SN_LINE_OFFLINE);
	im_push_line(stage->im, SN_LINE_ONLINE);
	SnImEvent *features = sn_im_event_new(SN_IM_EV_FEATURES, 0, NULL);
	features->has_archive = TRUE;
	sn_fake_im_push(stage->im, features);
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_SYNCED, 0, NULL));
	assert_true(sn_bench_wait(stage->bench, was_asked_twice, &asked));
	assert_true(sn_bench_wait(stage->bench, im_is_here, (gpointer) "both-1"));
	assert_true(im_is_here(stage->bench, (gpointer) "both-0"));
	assert_true(sn_bench_wait(stage->bench, position_is, (gpointer) "b-1"));
}

static void an_answer_to_an_email_joins_its_thread(void **state)
{
	ImStage *stage = *state;
	g_autoptr(GError) error = NULL;
	SnId mail = sn_bench_ingest(stage->bench,
	                            "From: alice@example.test\nTo: bob@work.example\n"
	                            "Message-ID: <ours@example.test>\nSubject: Tea\n",
	                            "Tea?\n", NULL);
	SnImMessage *im = sn_im_message_new();

	im_start_online(stage);
	im->from = g_strdup(BOB "/phone");
	im->to = g_strdup(ME);
	im->id = g_strdup("id-1");
	im->body = g_strdup("Yes");
	im->in_reply_to_mail = g_strdup("ours@example.test");
	im_push_message(stage->im, im);
	g_autoptr(SnMessage) answer = im_of_bob(stage, "id-1");
	assert_string_equal(answer->thread, "ours@example.test");
	assert_int_equal(answer->reply_to, mail);
	g_autoptr(SnAddress) found =
		sn_bench_candidate(stage->bench, "bob@work.example", BOB);
	assert_true(found && !found->confirmed);
}

static void forwarded_ims_are_carried(void **state)
{
	ImStage *stage = *state;
	SnImMessage *im = sn_im_message_new(), *inner = sn_im_message_new();

	im_start_online(stage);
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
	im_push_message(stage->im, im);
	g_autoptr(SnMessage) carrier = im_of_bob(stage, "id-1");
	g_autoptr(GPtrArray) carried =
		sn_message_carried(stage->bench->store, carrier->id, SN_MESSAGE_FULL);
	assert_int_equal(carried->len, 1);
	const SnMessage *old = carried->pdata[0];
	assert_true(old->carried);
	assert_string_equal(old->body, "Long ago");
	assert_int_equal(old->time, 1700000000000);
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
	ImStage *stage = *state;
	Archive archive = { 0 };
	g_autoptr(GError) error = NULL;

	sn_fake_im_prepare(ME, two_pages, &archive, TRUE);
	im_start(stage);
	assert_true(sn_engine_settle(stage->engine, 5000, &error));
	g_assert_no_error(error);
	assert_int_equal(g_atomic_int_get(&archive.asked), 2);
	assert_string_equal(archive.last_after, "a-0");
	assert_true(im_is_here(stage->bench, (gpointer) "old-0"));
	assert_true(im_is_here(stage->bench, (gpointer) "old-1"));
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
	ImStage *stage = *state;
	SnImRequest *last = NULL;
	SnImMessage *old = sn_im_message_new();
	SnTime long_ago = sn_clock_now(NULL) - 60 * SN_DAY;

	sn_fake_im_prepare(ME, cleared_archive, &last, TRUE);
	im_start(stage);
	old->from = g_strdup(BOB "/phone");
	old->to = g_strdup(ME);
	old->id = g_strdup("before-the-absence");
	old->body = g_strdup("See you in two months");
	old->time = long_ago;
	im_push_message(stage->im, old);
	assert_true(sn_bench_wait(stage->bench, im_is_here, (gpointer) "before-the-absence"));
	im_push_line(stage->im, SN_LINE_OFFLINE);
	im_push_line(stage->im, SN_LINE_ONLINE);
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
	ImStage *stage = *state;
	g_autoptr(GError) error = NULL;

	sn_fake_im_prepare(ME, NULL, NULL, FALSE);
	im_start(stage);
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_AUTH, FALSE);
	assert_false(sn_engine_settle(stage->engine, 5000, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_AUTH));
}

static void stopping_ends_what_is_under_way_in_time(void **state)
{
	ImStage *stage = *state;
	gint64 begin;

	sn_fake_im_prepare(ME, NULL, NULL, TRUE); /* the archive never answers */
	im_start(stage);
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_ARCHIVE, 5000);
	assert_non_null(request);
	sn_im_request_free(request);
	begin = g_get_monotonic_time();
	sn_engine_stop(&stage->engine);
	assert_true(g_get_monotonic_time() - begin < 3 * G_USEC_PER_SEC);
	assert_true(im_status_is(stage->bench, GINT_TO_POINTER(SN_STATUS_OFF)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, im_set_up, im_tear_down)
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
		TEST(the_archive_is_read_page_by_page_and_remembered),
		TEST(a_cleared_archive_is_read_from_before_what_is_here),
		TEST(settling_reports_an_account_that_cannot_log_in),
		TEST(stopping_ends_what_is_under_way_in_time),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
