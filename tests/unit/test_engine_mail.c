/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine with mail accounts in memory: folders become rows, changes travel both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_desktop.h"
#include "backends/fake/fake_mail.h"
#include "src/engine/sync_private.h"
#include "src/store/statement.h"
#include "src/store/wish.h"
#include "tests/unit/engine_bench.h"

#define ONLY_MAIL                                                                              \
	"[home]\nfrom = alice@example.test\nsource = imaps://alice@example.test\n"             \
	"outgoing = smtps://alice@example.test\npassword-command = echo secret\n"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
} Stage;

static const SnMailSourceOps *fake_source(GError **error)
{
	return &sn_fake_mail_ops;
}

static const SnMailTransportOps *fake_transport(GError **error)
{
	return &sn_fake_send_ops;
}

static const SnDesktopOps *fake_desktop(GError **error)
{
	return &sn_fake_desktop_ops;
}

static const SnMailSourceOps *no_module(GError **error)
{
	g_set_error_literal(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "mail.so is missing.");
	return NULL;
}

static void start_with(Stage *stage, const SnMailSourceOps *(*source)(GError **))
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .imap = source, .smtp = fake_transport, .desktop = fake_desktop },
		.random_seed = 1,
	};

	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
}

static void start(Stage *stage)
{
	start_with(stage, fake_source);
}

static void settle(Stage *stage)
{
	g_autoptr(GError) error = NULL;

	sn_engine_settle(stage->engine, 60000, &error);
	g_assert_no_error(error);
}

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);

	stage->bench = sn_bench_new(ONLY_MAIL, NULL, SN_STORE_CLIENT);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_mail_reset();
	sn_bench_free(stage->bench);
	g_free(stage);
	return 0;
}

static guint32 put(const char *folder, const char *id, guint flags)
{
	g_autofree char *raw =
		g_strdup_printf("From: Bob <bob@work.example>\r\nTo: alice@example.test\r\n"
	                        "Message-ID: <%s@work.example>\r\nSubject: %s\r\n\r\nText of %s\r\n",
	                        id, id, id);

	return sn_fake_mail_put("alice", folder, raw, flags);
}

static SnId find(SnBench *bench, const char *id)
{
	g_autofree char *message_id = g_strconcat(id, "@work.example", NULL);

	return sn_message_find_mail(bench->store, message_id);
}

/* ---- conditions ---- */

static gboolean is_here(SnBench *bench, gpointer data)
{
	return find(bench, data) != 0;
}

typedef struct {
	const char *id;
	guint flags;
} Wanted;

static gboolean has_flags(SnBench *bench, gpointer data)
{
	const Wanted *wanted = data;
	SnId id = find(bench, wanted->id);
	g_autoptr(SnMessage) message = id ? sn_message_get(bench->store, id, 0) : NULL;

	return message && message->flags == wanted->flags;
}

static gboolean server_has_flags(SnBench *bench, gpointer data)
{
	const Wanted *wanted = data;
	guint flags = 0;
	g_autoptr(GBytes) raw = sn_fake_mail_get("alice", "INBOX", 0, &flags, NULL);

	return raw && flags == wanted->flags;
}

static gboolean server_count_is(SnBench *bench, gpointer data)
{
	const Wanted *wanted = data;

	return sn_fake_mail_count("alice", wanted->id) == wanted->flags;
}

static gboolean status_is(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) all = sn_status_list(bench->store);

	for (guint i = 0; i < all->len; i++) {
		const SnStatus *one = all->pdata[i];
		if (g_str_equal(one->end, "source") && one->kind == GPOINTER_TO_UINT(data))
			return TRUE;
	}
	return FALSE;
}

static gboolean not_shown(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) list = sn_conversation_page(bench->store, NULL, FALSE, NULL, 10);

	for (guint i = 0; i < list->len; i++) {
		const SnConversation *one = list->pdata[i];
		g_autoptr(GPtrArray) page =
			sn_message_page(bench->store, one->id, 0, 0, FALSE, 100, 0);
		for (guint j = 0; j < page->len; j++) {
			const SnMessage *message = page->pdata[j];
			g_autofree char *id = g_strconcat(data, "@work.example", NULL);
			if (g_str_equal(message->message_id, id))
				return FALSE;
		}
	}
	return TRUE;
}

/* The test's conditions on the server have no bell; they follow actions, whose end rings. */
static void wait_for(Stage *stage, gboolean (*condition)(SnBench *, gpointer), gpointer data)
{
	assert_true(sn_bench_wait(stage->bench, condition, data));
}

/* ---- tests ---- */

static void a_mailbox_becomes_conversations(void **state)
{
	Stage *stage = *state;

	for (int i = 0; i < 450; i++) { /* more than the first round takes */
		g_autofree char *id = g_strdup_printf("m%d", i);
		put("INBOX", id, i % 2 ? SN_MAIL_SEEN : 0);
	}
	start(stage);
	settle(stage);
	assert_true(is_here(stage->bench, (gpointer) "m0"));
	assert_true(is_here(stage->bench, (gpointer) "m449"));
	g_autoptr(GPtrArray) list = sn_conversation_page(stage->bench->store, NULL, FALSE, NULL, 9);
	assert_int_equal(list->len, 1);
	const SnConversation *bob = list->pdata[0];
	assert_string_equal(bob->title, "Bob");
	assert_int_equal(bob->unread, 225);
	assert_true(status_is(stage->bench, GINT_TO_POINTER(SN_STATUS_ONLINE)));
	/* a first sync is no news */
	assert_null(sn_fake_desktop_take(0));
}

static void the_first_sync_says_how_far_it_is(void **state)
{
	Stage *stage = *state;
	SnStore *store = stage->bench->store;

	assert_true(sn_exec(store, "CREATE TABLE said (done INTEGER, total INTEGER)", NULL));
	assert_true(sn_exec(store, "CREATE TRIGGER say AFTER UPDATE ON status WHEN new.total > 0 "
	                               "BEGIN INSERT INTO said VALUES (new.done, new.total); END",
	                        NULL));
	for (int i = 0; i < 450; i++) {
		g_autofree char *id = g_strdup_printf("m%d", i);
		put("INBOX", id, SN_MAIL_SEEN);
	}
	for (int i = 0; i < 50; i++) {
		g_autofree char *id = g_strdup_printf("s%d", i);
		put("Sent", id, SN_MAIL_SEEN);
	}
	start(stage);
	settle(stage);
	/* with the newest of both here, the rest of the larger one is to come */
	assert_true(sn_one(store, "SELECT count(*) FROM said WHERE done = 250 AND total = 500") > 0);
	assert_int_equal(sn_one(store, "SELECT count(*) FROM said WHERE done = total AND done < 500"), 0);
	assert_int_equal(sn_one(store, "SELECT count(*) FROM said WHERE done > total"), 0);
}

static void new_mail_arrives_and_is_announced(void **state)
{
	Stage *stage = *state;

	put("INBOX", "old", SN_MAIL_SEEN);
	start(stage);
	settle(stage);
	put("INBOX", "new", 0);
	wait_for(stage, is_here, (gpointer) "new");
	SnNotification *told = sn_fake_desktop_take(5000);
	assert_non_null(told);
	assert_string_equal(told->title, "Bob");
	assert_non_null(strstr(told->body, "new"));
	sn_fake_notification_free(told);
}

/* It is counted and can be read, and everybody else is heard. */
static void a_muted_conversation_is_not_announced(void **state)
{
	Stage *stage = *state;
	SnStore *store = stage->bench->store;

	put("INBOX", "old", SN_MAIL_SEEN);
	start(stage);
	settle(stage);
	g_autoptr(SnMessage) old = sn_message_get(store, find(stage->bench, "old"), 0);
	assert_true(sn_conversation_set_flags(store, old->conversation, TRUE, FALSE, TRUE, NULL));
	put("INBOX", "unheard", 0);
	wait_for(stage, is_here, (gpointer) "unheard");
	sn_fake_mail_put("alice", "INBOX",
	                 "From: Carol <carol@c.example>\r\nTo: alice@example.test\r\n"
	                 "Message-ID: <heard@work.example>\r\nSubject: Heard\r\n\r\nText\r\n", 0);
	wait_for(stage, is_here, (gpointer) "heard");
	SnNotification *told = sn_fake_desktop_take(30000);
	assert_non_null(told);
	assert_string_equal(told->title, "Carol");
	assert_null(strstr(told->body, "unheard"));
	sn_fake_notification_free(told);
	assert_null(sn_fake_desktop_take(0));
	g_autoptr(SnConversation) muted = sn_conversation_get(store, old->conversation);
	assert_int_equal(muted->unread, 1);
	assert_true(muted->archived); /* it does not come back by itself */
	/* heard again, and back in the list */
	assert_true(sn_conversation_set_flags(store, old->conversation, FALSE, FALSE, TRUE, NULL));
	put("INBOX", "again", 0);
	wait_for(stage, is_here, (gpointer) "again");
	told = sn_fake_desktop_take(30000);
	assert_non_null(told);
	assert_string_equal(told->title, "Bob");
	sn_fake_notification_free(told);
	g_autoptr(SnConversation) back = sn_conversation_get(store, old->conversation);
	assert_false(back->archived);
}

static void the_second_start_fetches_nothing_again(void **state)
{
	Stage *stage = *state;

	put("INBOX", "one", 0);
	start(stage);
	settle(stage);
	sn_engine_stop(&stage->engine);
	put("INBOX", "two", 0);
	start(stage);
	settle(stage);
	g_autoptr(GPtrArray) list = sn_conversation_page(stage->bench->store, NULL, FALSE, NULL, 9);
	const SnConversation *bob = list->pdata[0];
	g_autoptr(GPtrArray) page =
		sn_message_page(stage->bench->store, bob->id, 0, 0, FALSE, 100, 0);
	assert_int_equal(page->len, 2);
	assert_int_equal(bob->unread, 2);
}

static void flags_follow_the_server(void **state)
{
	Stage *stage = *state;
	guint32 uid = put("INBOX", "one", 0);
	Wanted wanted = { "one", SN_FLAG_SEEN | SN_FLAG_FLAGGED };

	start(stage);
	settle(stage);
	sn_fake_mail_set_flags("alice", "INBOX", uid, SN_MAIL_SEEN | SN_MAIL_FLAGGED);
	wait_for(stage, has_flags, &wanted);
}

static void flags_of_ours_reach_the_server(void **state)
{
	Stage *stage = *state;
	Wanted wanted = { "INBOX", SN_MAIL_SEEN };

	put("INBOX", "one", 0);
	start(stage);
	settle(stage);
	assert_true(sn_message_change_flags(stage->bench->store, find(stage->bench, "one"),
	                                    SN_FLAG_SEEN, 0, NULL));
	wait_for(stage, server_has_flags, &wanted);
}

static void a_change_made_off_line_is_replayed_after_a_restart(void **state)
{
	Stage *stage = *state;
	Wanted server = { "INBOX", SN_MAIL_SEEN }, here = { "one", SN_FLAG_SEEN };

	put("INBOX", "one", 0);
	start(stage);
	settle(stage);
	sn_engine_stop(&stage->engine);
	assert_true(sn_message_change_flags(stage->bench->store, find(stage->bench, "one"),
	                                    SN_FLAG_SEEN, 0, NULL));
	start(stage);
	wait_for(stage, server_has_flags, &server);
	settle(stage);
	assert_true(has_flags(stage->bench, &here));
}

static void a_refused_change_is_tried_again(void **state)
{
	Stage *stage = *state;

	put("INBOX", "one", 0);
	start(stage);
	settle(stage);
	sn_fake_mail_fail("alice", SN_MAIL_REQ_STORE, SN_ERROR_TEMPORARY, 1);
	assert_true(sn_message_change_flags(stage->bench->store, find(stage->bench, "one"),
	                                    SN_FLAG_SEEN, 0, NULL));
	SnId account = sn_account_find(stage->bench->store, "home");
	gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
	int attempts = 0;
	while (!attempts && g_get_monotonic_time() < end) {
		g_autoptr(GPtrArray) open =
			sn_action_list(stage->bench->store, account, G_MAXINT64);
		assert_int_equal(open->len, 1);
		attempts = ((SnAction *)open->pdata[0])->attempts;
		g_thread_yield();
	}
	assert_int_equal(attempts, 1);
	/* ... and with the next start at the latest */
	g_autoptr(SnMessage) message = sn_bench_message(stage->bench, find(stage->bench, "one"));
	assert_int_equal(message->flags, SN_FLAG_SEEN);
}

static void archiving_moves_it_on_the_server_and_keeps_it_here(void **state)
{
	Stage *stage = *state;
	Wanted gone = { "INBOX", 0 }, there = { "Archive", 1 };

	put("INBOX", "one", SN_MAIL_SEEN);
	start(stage);
	settle(stage);
	SnId id = find(stage->bench, "one");
	assert_true(sn_message_move(stage->bench->store, id, "archive", NULL));
	wait_for(stage, server_count_is, &there);
	wait_for(stage, server_count_is, &gone);
	settle(stage);
	assert_int_equal(find(stage->bench, "one"), id);
	assert_false(not_shown(stage->bench, (gpointer) "one"));
}

static void what_is_expunged_elsewhere_disappears(void **state)
{
	Stage *stage = *state;
	guint32 uid = put("INBOX", "one", 0);

	put("INBOX", "two", 0);
	start(stage);
	settle(stage);
	sn_fake_mail_remove("alice", "INBOX", uid);
	wait_for(stage, not_shown, (gpointer) "one");
	assert_false(not_shown(stage->bench, (gpointer) "two"));
}

static void new_numbers_lose_and_double_nothing(void **state)
{
	Stage *stage = *state;
	Wanted wanted = { "one", SN_FLAG_FLAGGED };

	put("INBOX", "one", 0);
	start(stage);
	settle(stage);
	SnId before = find(stage->bench, "one");
	sn_engine_stop(&stage->engine);
	sn_fake_mail_new_validity("alice", "INBOX");
	put("INBOX", "two", 0);
	start(stage);
	settle(stage);
	assert_int_equal(find(stage->bench, "one"), before);
	guint32 uid;
	g_autoptr(GBytes) raw = sn_fake_mail_get("alice", "INBOX", 0, NULL, &uid);
	sn_fake_mail_set_flags("alice", "INBOX", uid, SN_MAIL_FLAGGED);
	wait_for(stage, has_flags, &wanted);
}

static gboolean lies_in(SnBench *bench, gpointer data)
{
	const char *const *wanted = data; /* message, folder; NULL: nowhere */
	g_autoptr(GPtrArray) places = sn_location_list(bench->store, find(bench, wanted[0]));

	if (!wanted[1])
		return places->len == 0;
	return places->len == 1 &&
	       g_str_equal(((SnLocation *)places->pdata[0])->folder_name, wanted[1]);
}

static void folders_that_come_and_go_take_their_messages_along(void **state)
{
	Stage *stage = *state;
	const char *archive[] = { "one", "Archive" }, *renamed[] = { "one", "Old things" },
		   *nowhere[] = { "one", NULL };

	put("INBOX", "two", 0);
	put("Archive", "one", 0);
	start(stage);
	settle(stage);
	assert_true(lies_in(stage->bench, archive));
	SnId id = find(stage->bench, "one");
	/* another name, and back: the same message all along */
	sn_fake_mail_move_folder("alice", "Archive", "Old things");
	wait_for(stage, lies_in, renamed);
	sn_fake_mail_move_folder("alice", "Old things", "Archive");
	wait_for(stage, lies_in, archive);
	assert_int_equal(find(stage->bench, "one"), id);
	/* new mail in it is heard of */
	put("Archive", "three", 0);
	wait_for(stage, is_here, (gpointer) "three");
	sn_fake_mail_move_folder("alice", "Archive", NULL);
	wait_for(stage, lies_in, nowhere);
	assert_int_equal(find(stage->bench, "one"), id);
}

static void a_lost_line_catches_up_by_itself(void **state)
{
	Stage *stage = *state;

	put("INBOX", "one", 0);
	start(stage);
	settle(stage);
	sn_fake_mail_line("alice", SN_LINE_OFFLINE, SN_ERROR_NETWORK);
	wait_for(stage, status_is, GINT_TO_POINTER(SN_STATUS_RETRYING));
	put("INBOX", "two", 0);
	sn_fake_mail_line("alice", SN_LINE_ONLINE, 0);
	wait_for(stage, is_here, (gpointer) "two");
}

static void sent_mail_stands_in_the_same_timeline(void **state)
{
	Stage *stage = *state;

	put("INBOX", "one", SN_MAIL_SEEN);
	sn_fake_mail_put("alice", "Sent",
	                 "From: alice@example.test\r\nTo: bob@work.example\r\n"
	                 "Message-ID: <answer@example.test>\r\n\r\nAnswer\r\n",
	                 SN_MAIL_SEEN);
	start(stage);
	settle(stage);
	SnId id = sn_message_find_mail(stage->bench->store, "answer@example.test");
	g_autoptr(SnMessage) sent = sn_bench_message(stage->bench, id);
	g_autoptr(SnMessage) got = sn_bench_message(stage->bench, find(stage->bench, "one"));
	assert_int_equal(sent->direction, SN_OUT);
	assert_int_equal(sent->conversation, got->conversation);
}

static void a_copy_for_sent_is_appended_once(void **state)
{
	Stage *stage = *state;
	SnId id = sn_bench_ingest(stage->bench,
	                          "From: alice@example.test\nTo: bob@work.example\n"
	                          "Message-ID: <copy@example.test>\n",
	                          "Copy\n", NULL);
	SnId account = sn_account_find(stage->bench->store, "home");
	Wanted one = { "Sent", 1 };

	assert_true(sn_action_append(stage->bench->store, id, account, "sent", SN_FLAG_SEEN, NULL));
	start(stage);
	wait_for(stage, server_count_is, &one);
	settle(stage);
	/* the answer to a first try was lost: the copy is there, and asked for again */
	assert_true(sn_action_append(stage->bench->store, id, account, "sent", SN_FLAG_SEEN, NULL));
	settle(stage);
	assert_int_equal(sn_fake_mail_count("alice", "Sent"), 1);
	g_autoptr(GPtrArray) open = sn_action_list(stage->bench->store, account, G_MAXINT64);
	assert_int_equal(open->len, 0);
}

static void junk_is_not_fetched_and_drafts_stay_out_of_sight(void **state)
{
	Stage *stage = *state;

	put("INBOX", "one", 0);
	put("Junk", "spam", 0);
	put("Drafts", "half", 0);
	start(stage);
	settle(stage);
	assert_false(is_here(stage->bench, (gpointer) "spam"));
	SnId half = find(stage->bench, "half");
	g_autoptr(SnMessage) draft = half ? sn_message_get(stage->bench->store, half, 0) : NULL;
	assert_non_null(draft);
	g_autoptr(GPtrArray) page =
		sn_message_page(stage->bench->store, draft->conversation, 0, 0, FALSE, 10, 0);
	for (guint i = 0; i < page->len; i++)
		assert_int_not_equal(((SnMessage *)page->pdata[i])->id, half);
}

static void a_server_that_is_never_there_is_said_and_holds_up_nothing(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;

	sn_fake_mail_line("alice", SN_LINE_OFFLINE, SN_ERROR_NETWORK);
	start(stage);
	assert_false(sn_engine_settle(stage->engine, 10000, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NETWORK));
}

static void a_missing_module_is_said(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;

	start_with(stage, no_module);
	assert_false(sn_engine_settle(stage->engine, 10000, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_UNAVAILABLE));
}

static void count(gpointer data)
{
	(*(int *)data)++;
}

static void a_timer_fires_once(void **state)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	SnEngine engine = { .context = context };
	int fired = 0, other = 0;
	g_autoptr(GSource) one = sn_engine_timer(&engine, 1, count, &fired);
	g_autoptr(GSource) later = sn_engine_timer(&engine, 20, count, &other);

	while (!other)
		g_main_context_iteration(context, TRUE);
	assert_int_equal(fired, 1);
}

static gboolean is_said(SnBench *bench, gpointer words)
{
	g_autofree char *said = sn_store_get(bench->store, "ui.say");

	return said && strstr(said, words);
}

static void a_folder_that_cannot_be_read_now_is_tried_again(void **state)
{
	Stage *stage = *state;

	sn_bench_free(stage->bench);
	stage->bench = sn_bench_new(ONLY_MAIL, "[mail]\npoll = 20ms\n", SN_STORE_CLIENT);
	put("INBOX", "one", 0);
	put("Sent", "two", SN_MAIL_SEEN);
	sn_fake_mail_fail("alice", SN_MAIL_REQ_SYNC, SN_ERROR_PERMISSION, 1);
	start(stage);
	wait_for(stage, is_here, (gpointer) "two"); /* the others go on */
	wait_for(stage, is_here, (gpointer) "one");
}

static void a_change_that_is_forbidden_is_put_back_and_said_once(void **state)
{
	Stage *stage = *state;
	Wanted unseen = { "one", 0 };

	put("INBOX", "one", 0);
	put("INBOX", "two", 0);
	start(stage);
	settle(stage);
	for (int i = 0; i < 2; i++) {
		sn_fake_mail_fail("alice", SN_MAIL_REQ_STORE, SN_ERROR_PERMISSION, 1);
		guint before = sn_fake_mail_requests("alice", SN_MAIL_REQ_STORE);
		assert_true(sn_message_change_flags(stage->bench->store, find(stage->bench, "one"),
		                                    SN_FLAG_SEEN | SN_FLAG_FLAGGED, 0, NULL));
		wait_for(stage, has_flags, &unseen);
		settle(stage);
		assert_int_equal(sn_fake_mail_requests("alice", SN_MAIL_REQ_STORE), before + 1);
		assert_int_equal(is_said(stage->bench, (gpointer) "as it was before"), i == 0);
		sn_store_set(stage->bench->store, "ui.say", NULL, NULL);
	}
	/* the same of a move */
	sn_fake_mail_fail("alice", SN_MAIL_REQ_MOVE, SN_ERROR_PERMISSION, 1);
	guint before = sn_fake_mail_requests("alice", SN_MAIL_REQ_MOVE);
	assert_true(sn_message_move(stage->bench->store, find(stage->bench, "two"), "trash", NULL));
	settle(stage);
	assert_int_equal(sn_fake_mail_requests("alice", SN_MAIL_REQ_MOVE), before + 1);
	assert_false(not_shown(stage->bench, (gpointer) "two"));
	assert_int_equal(sn_fake_mail_count("alice", "INBOX"), 2);
}

static void a_full_mailbox_is_said_and_the_copy_waits_for_room(void **state)
{
	Stage *stage = *state;
	SnStore *store = stage->bench->store;
	g_autofree char *why = NULL;
	Wanted none = { "Sent", 0 }, one = { "Sent", 1 };

	put("INBOX", "one", 0);
	sn_fake_mail_set_quota("alice", 85 << 20, 100 << 20);
	start(stage);
	settle(stage);
	gint64 used, limit;
	SnId account = sn_account_find(store, "home");
	assert_true(sn_account_quota(store, account, &used, &limit));
	assert_int_equal(used * 100 / limit, 85);
	assert_false(is_said(stage->bench, (gpointer) "full"));
	sn_fake_mail_set_quota("alice", 99 << 20, 100 << 20);
	sn_fake_mail_fail("alice", SN_MAIL_REQ_APPEND, SN_ERROR_LIMIT, 20);
	SnId copy = sn_action_append(store, find(stage->bench, "one"), account, "sent", 0, NULL);
	/* far more often than other refusals are taken */
	for (int i = 0; i < 10; i++) {
		guint before = sn_fake_mail_requests("alice", SN_MAIL_REQ_APPEND);
		sn_action_retry(store, copy, 0, "again", NULL);
		sn_store_set(store, "test.bell", i % 2 ? "a" : "b", NULL);
		settle(stage);
		for (int n = 0; n < 1500 && sn_fake_mail_requests("alice", SN_MAIL_REQ_APPEND) == before; n++)
			g_usleep(20000);
		settle(stage);
	}
	assert_true(is_said(stage->bench, (gpointer) "99 % full"));
	assert_int_equal(sn_action_stuck(store, account, &why), 1);
	assert_true(server_count_is(stage->bench, &none));
	sn_fake_mail_fail("alice", -1, SN_ERROR_LIMIT, 0);
	sn_action_retry(store, copy, 0, "again", NULL);
	wait_for(stage, server_count_is, &one);
}

static void a_new_configuration_starts_and_stops_accounts(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;
	g_autoptr(SnConfig) other = sn_config_parse(
		"[work]\nfrom = alice@work.example\nsource = imaps://worker@work.example\n"
		"password-command = echo secret\n",
		NULL, &error);

	g_assert_no_error(error);
	put("INBOX", "one", 0);
	start(stage);
	settle(stage);
	sn_fake_mail_put("worker", "INBOX",
	                 "From: carol@work.example\r\nTo: alice@work.example\r\n"
	                 "Message-ID: <work@work.example>\r\n\r\nWork\r\n",
	                 0);
	sn_engine_reload(stage->engine, other);
	wait_for(stage, is_here, (gpointer) "work");
	put("INBOX", "two", 0);
	settle(stage);
	assert_false(is_here(stage->bench, (gpointer) "two"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mailbox_becomes_conversations),
		TEST(the_first_sync_says_how_far_it_is),
		TEST(new_mail_arrives_and_is_announced),
		TEST(a_muted_conversation_is_not_announced),
		TEST(the_second_start_fetches_nothing_again),
		TEST(flags_follow_the_server),
		TEST(flags_of_ours_reach_the_server),
		TEST(a_change_made_off_line_is_replayed_after_a_restart),
		TEST(a_refused_change_is_tried_again),
		TEST(archiving_moves_it_on_the_server_and_keeps_it_here),
		TEST(what_is_expunged_elsewhere_disappears),
		TEST(new_numbers_lose_and_double_nothing),
		TEST(folders_that_come_and_go_take_their_messages_along),
		TEST(a_lost_line_catches_up_by_itself),
		TEST(sent_mail_stands_in_the_same_timeline),
		TEST(a_copy_for_sent_is_appended_once),
		TEST(junk_is_not_fetched_and_drafts_stay_out_of_sight),
		TEST(a_server_that_is_never_there_is_said_and_holds_up_nothing),
		TEST(a_missing_module_is_said),
		cmocka_unit_test(a_timer_fires_once),
		TEST(a_folder_that_cannot_be_read_now_is_tried_again),
		TEST(a_change_that_is_forbidden_is_put_back_and_said_once),
		TEST(a_full_mailbox_is_said_and_the_copy_waits_for_room),
		TEST(a_new_configuration_starts_and_stops_accounts),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
