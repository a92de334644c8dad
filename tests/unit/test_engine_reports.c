/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounces, reports and MDNs as they lie in the INBOX: on the right message, told once, folded away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_desktop.h"
#include "backends/fake/fake_mail.h"
#include "src/engine/engine_private.h"
#include "src/mime/mail.h"
#include "src/store/outcome.h"
#include "tests/unit/engine_bench.h"

#define BOB "bob@example.test"
#define ONLY_MAIL                                                                              \
	"[home]\nfrom = alice@example.test\nsource = imaps://alice@example.test\n"             \
	"outgoing = smtps://alice@example.test\npassword-command = echo secret\ncopy-to =\n"

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

static void start(Stage *stage)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .imap = fake_source, .smtp = fake_transport, .desktop = fake_desktop },
		.random_seed = 1,
	};

	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(stage->engine, 60000, &error);
	g_assert_no_error(error);
}

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);

	stage->bench = sn_bench_new(ONLY_MAIL, "[delivery]\nundo-mail = 0s\n", SN_STORE_CLIENT);
	sn_fake_mail_put("alice", "INBOX",
	                 "From: Bob <bob@example.test>\r\nTo: alice@example.test\r\n"
	                 "Message-ID: <hello@example.test>\r\n\r\nHello\r\n", SN_MAIL_SEEN);
	start(stage);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;
	SnNotification *left;

	sn_engine_stop(&stage->engine);
	while ((left = sn_fake_desktop_take(0)))
		sn_fake_notification_free(left);
	sn_fake_mail_reset();
	sn_bench_free(stage->bench);
	g_free(stage);
	return 0;
}

/* ---- conditions ---- */

typedef struct {
	SnId entry;
	SnState state;
} Wanted;

static gboolean entry_is(SnBench *bench, gpointer data)
{
	const Wanted *wanted = data;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, wanted->entry, 0);

	return entry && entry->state == wanted->state;
}

static gboolean is_here(SnBench *bench, gpointer data)
{
	return sn_message_find_mail(bench->store, data) != 0;
}

static gboolean is_folded(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) reports =
		sn_message_reports(bench->store, *(const SnId *)data, 0);

	return reports->len > 0;
}

static void wait_for(Stage *stage, gboolean (*condition)(SnBench *, gpointer), gconstpointer data)
{
	assert_true(sn_bench_wait(stage->bench, condition, (gpointer)data));
}

/* ---- sending, and what comes back ---- */

static SnOutboxEntry *send_to_bob(Stage *stage)
{
	SnStore *store = stage->bench->store;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) to = g_ptr_array_new();
	SnParty bob = { .role = SN_ROLE_TO, .address = (char *)BOB };
	g_autoptr(SnAddress) address = sn_bench_address(stage->bench, SN_CHANNEL_MAIL, BOB);
	SnOutboxNew new = {
		.conversation = sn_conversation_for_person(store, address->person, &error),
		.account = sn_account_find(store, "home"),
		.channel = SN_CHANNEL_MAIL,
		.from = "alice@example.test",
		.recipients = to,
		.subject = "The tea party",
		.body = "At four?",
		.state = SN_STATE_QUEUED,
	};

	g_ptr_array_add(to, &bob);
	Wanted sent = { sn_outbox_queue(store, &new, FALSE, &error), SN_STATE_ACCEPTED };
	g_assert_no_error(error);
	wait_for(stage, entry_is, &sent);
	return sn_outbox_get(store, sent.entry, SN_OUTBOX_FULL);
}

/* The file, speaking of this message. */
static char *about(const char *file, const char *message_id)
{
	const char *top = g_getenv("TOP_SRCDIR");
	g_autofree char *path = g_build_filename(top ? top : ".", "tests/data/bounces", file, NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	g_file_get_contents(path, &text, NULL, &error);
	g_assert_no_error(error);
	g_auto(GStrv) parts = g_strsplit(text, "sent-1@example.test", -1);
	return g_strjoinv(message_id, parts);
}

static void comes_back(const char *file, const SnOutboxEntry *entry)
{
	g_autofree char *raw = about(file, entry->message_id);

	sn_fake_mail_put("alice", "INBOX", raw, 0);
}

static void assert_told(const char *title, const char *body)
{
	SnNotification *told = sn_fake_desktop_take(5000);

	assert_non_null(told);
	assert_string_equal(told->title, title);
	if (body)
		assert_string_equal(told->body, body);
	sn_fake_notification_free(told);
}

/* Names of all conversations on the list. Caller frees. */
static char *listed(Stage *stage)
{
	g_autoptr(GPtrArray) list = sn_conversation_page(stage->bench->store, NULL, FALSE, NULL, 9);
	GString *names = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++) {
		const SnConversation *one = list->pdata[i];
		g_string_append_printf(names, "%s(%d) ", one->title, one->unread);
	}
	return g_string_free(names, FALSE);
}

static void every_kind_of_bounce_fails_the_right_message(void **state)
{
	static const char *const files[] = { "postfix.eml", "exim.eml", "qmail.eml",
		                             "office365.eml", "exchange2003.eml", "gmail.eml",
		                             "gmail-text.eml", "sendmail.eml",
		                             "sendmail-text.eml" };
	Stage *stage = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autoptr(SnOutboxEntry) other = send_to_bob(stage);
		g_autoptr(SnOutboxEntry) entry = send_to_bob(stage);
		Wanted failed = { entry->id, SN_STATE_FAILED };
		Wanted untouched = { other->id, SN_STATE_ACCEPTED };
		print_message("# %s\n", files[i]);
		comes_back(files[i], entry);
		wait_for(stage, entry_is, &failed);
		assert_true(entry_is(stage->bench, &untouched));
		assert_told("Not delivered to Bob", NULL);
		wait_for(stage, is_folded, &entry->message);
	}
	/* neither the mail systems nor their mails ask for attention of their own */
	g_autofree char *names = listed(stage);
	assert_string_equal(names, "Bob(0) ");
	assert_null(sn_fake_desktop_take(600));
}

static void the_report_is_folded_below_and_can_be_opened(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnOutboxEntry) entry = send_to_bob(stage);

	comes_back("exim.eml", entry);
	wait_for(stage, is_folded, &entry->message);
	g_autoptr(GPtrArray) reports =
		sn_message_reports(stage->bench->store, entry->message, SN_MESSAGE_FULL);
	const SnMessage *report = reports->pdata[0];
	assert_int_equal(reports->len, 1);
	assert_int_equal(report->about, entry->message);
	assert_int_equal(report->conversation, entry->conversation);
	assert_non_null(strstr(report->body, "Recipient address rejected"));
	/* It is no news of the conversation; unread it stays for the user's other programs. */
	g_autoptr(SnConversation) bob = sn_conversation_get(stage->bench->store, entry->conversation);
	g_autoptr(GPtrArray) page =
		sn_message_page(stage->bench->store, bob->id, 0, 0, FALSE, 100, 0);
	assert_int_equal(bob->last_message, entry->message);
	assert_int_equal(page->len, 2);
	assert_false(report->flags & SN_FLAG_SEEN);
	/* and words in it are found */
	g_autoptr(SnQuery) query = sn_query_parse("\"address rejected\"", NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(stage->bench->store, query, 0, 0, 10, 0, NULL);
	assert_int_equal(found->len, 1);
}

static void forged_and_foreign_bounces_are_ordinary_mail(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnOutboxEntry) entry = send_to_bob(stage);
	g_autofree char *raw = about("exim.eml", entry->message_id);
	g_auto(GStrv) halves = g_strsplit(raw, "Return-path: <>", 2);
	g_autofree char *forged = g_strjoinv("Return-path: <mallory@example.test>", halves);
	g_autofree char *foreign = about("qmail.eml", "somebody-else-1@example.test");

	sn_fake_mail_put("alice", "INBOX", foreign, 0);
	sn_fake_mail_put("alice", "INBOX", forged, 0);
	wait_for(stage, is_here, "E1d18ZP-0000cF-9f@mx.example.test");
	sn_engine_settle(stage->engine, 60000, NULL);
	Wanted untouched = { entry->id, SN_STATE_ACCEPTED };
	assert_true(entry_is(stage->bench, &untouched));
	assert_false(is_folded(stage->bench, &entry->message));
	g_autofree char *names = listed(stage);
	assert_non_null(strstr(names, "(2)")); /* both from the same mail system */
}

static void an_automatic_answer_is_mail_to_read(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnOutboxEntry) entry = send_to_bob(stage);

	comes_back("vacation.eml", entry);
	wait_for(stage, is_here, "vacation-1@example.test");
	Wanted untouched = { entry->id, SN_STATE_ACCEPTED };
	assert_true(entry_is(stage->bench, &untouched));
	g_autofree char *names = listed(stage);
	assert_string_equal(names, "Bob(1) ");
}

static void that_it_was_read_is_shown_and_asks_for_nothing(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnOutboxEntry) entry = send_to_bob(stage);
	Wanted read = { entry->id, SN_STATE_READ };

	comes_back("mdn.eml", entry);
	wait_for(stage, entry_is, &read);
	wait_for(stage, is_folded, &entry->message);
	g_autoptr(GPtrArray) reports =
		sn_message_reports(stage->bench->store, entry->message, 0);
	assert_true(((SnMessage *)reports->pdata[0])->flags & SN_FLAG_SEEN);
	g_autofree char *names = listed(stage);
	assert_string_equal(names, "Bob(0) ");
}

static void what_was_filed_before_a_crash_is_heard_after_it(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnOutboxEntry) entry = send_to_bob(stage);
	Wanted failed = { entry->id, SN_STATE_FAILED };

	/* Killed after the report was filed and before it was heard. */
	sn_engine_stop(&stage->engine);
	g_autofree char *raw = about("qmail.eml", entry->message_id);
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	SnAddResult result;
	SnId id;
	assert_true(sn_ingest_mail(stage->bench->store, stage->bench->config, NULL,
	                           entry->account, 0, 0, NULL, 0, 1, bytes, &id, &result, NULL));
	start(stage);
	wait_for(stage, entry_is, &failed);
	wait_for(stage, is_folded, &entry->message);
	assert_told("Not delivered to Bob",
	            "bob@example.test: there is no such mailbox (5.1.1)");
	/* once */
	sn_engine_stop(&stage->engine);
	start(stage);
	assert_null(sn_fake_desktop_take(600));
}

static gboolean has_failed(SnBench *bench, gpointer data)
{
	g_autoptr(SnMessage) message =
		sn_message_get(bench->store, sn_message_find_mail(bench->store, data), 0);

	return message && message->state == SN_STATE_FAILED;
}

static void a_bounce_of_what_another_program_sent_is_shown_too(void **state)
{
	Stage *stage = *state;
	const char *sent = "sent-1@example.test";
	g_autofree char *raw = about("exim.eml", sent);

	sn_engine_stop(&stage->engine);
	sn_fake_mail_put("alice", "Sent",
	                 "From: alice@example.test\r\nTo: bob@example.test\r\nSubject: By hand\r\n"
	                 "Message-ID: <sent-1@example.test>\r\n\r\nHi\r\n", SN_MAIL_SEEN);
	start(stage);
	assert_true(is_here(stage->bench, (gpointer)sent));
	sn_fake_mail_put("alice", "INBOX", raw, 0);
	wait_for(stage, has_failed, sent);
	g_autoptr(SnMessage) message =
		sn_message_get(stage->bench->store, sn_message_find_mail(stage->bench->store, sent), 0);
	assert_string_equal(message->notice,
	                    "not delivered to bob@example.test: there is no such mailbox (5.1.1)");
	assert_told("Not delivered to bob@example.test", "there is no such mailbox (5.1.1)");
	wait_for(stage, is_folded, &message->id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_of_bounce_fails_the_right_message),
		TEST(the_report_is_folded_below_and_can_be_opened),
		TEST(forged_and_foreign_bounces_are_ordinary_mail),
		TEST(an_automatic_answer_is_mail_to_read),
		TEST(that_it_was_read_is_shown_and_asks_for_nothing),
		TEST(what_was_filed_before_a_crash_is_heard_after_it),
		TEST(a_bounce_of_what_another_program_sent_is_shown_too),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
