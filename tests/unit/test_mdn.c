/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Read receipts of emails (RFC 8098): asked for when wanted, told with consent, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_mail.h"
#include "src/engine/engine_private.h"
#include "src/mime/mail.h"
#include "src/store/receipt.h"
#include "src/store/wish.h"
#include "tests/unit/engine_stage.h"

#define BOB "bob@example.test"
#define ONLY_MAIL STAGE_ONLY_MAIL "copy-to =\n"
#define ASKS "Disposition-Notification-To: Bob <bob@example.test>\r\n"
#define FROM_BOB                                                                               \
	"Return-Path: <bob@example.test>\r\nFrom: Bob <bob@example.test>\r\n"                  \
	"To: alice@example.test\r\nSubject: Tea\r\n"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	int before; /* sent, when the test began to look */
} Stage;

static void run(Stage *stage)
{
	g_autoptr(GError) error = NULL;

	stage->engine = sn_stage_start(stage->bench);
	sn_engine_settle(stage->engine, 60000, &error);
	g_assert_no_error(error);
}

/* Alice has written to bob before, unless it is a stranger who asks. */
static void begin(Stage *stage, const char *settings, gboolean known)
{
	g_autofree char *all = g_strconcat("[delivery]\nundo-mail = 0s\n", settings, NULL);

	stage->bench = sn_bench_new(ONLY_MAIL, all, SN_STORE_CLIENT);
	if (known)
		sn_fake_mail_put("alice", "Sent",
		                 "From: alice@example.test\r\nTo: bob@example.test\r\n"
		                 "Message-ID: <old@example.test>\r\n\r\nHello\r\n", SN_MAIL_SEEN);
	sn_fake_mail_put("alice", "INBOX",
	                 "From: news@example.test\r\nTo: alice@example.test\r\n"
	                 "Message-ID: <first@example.test>\r\n\r\nHello\r\n", SN_MAIL_SEEN);
	run(stage);
}

static int set_up(void **state)
{
	*state = g_new0(Stage, 1);
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_mail_reset();
	if (stage->bench)
		sn_bench_free(stage->bench);
	g_free(stage);
	return 0;
}

static gboolean is_here(SnBench *bench, gpointer data)
{
	return sn_message_find_mail(bench->store, data) != 0;
}

static SnId arrives(Stage *stage, const char *headers)
{
	g_autofree char *raw =
		g_strconcat(headers, "Message-ID: <tea@example.test>\r\n\r\nAt four?\r\n", NULL);

	sn_fake_mail_put("alice", "INBOX", raw, 0);
	assert_true(sn_bench_wait(stage->bench, is_here, (gpointer) "tea@example.test"));
	return sn_message_find_mail(stage->bench->store, "tea@example.test");
}

static SnQuestion *question_on(Stage *stage, SnId message)
{
	g_autoptr(SnMessage) row = sn_bench_message(stage->bench, message);
	g_autoptr(GPtrArray) all = sn_question_list(stage->bench->store, row->conversation);

	return all->len ? g_ptr_array_steal_index(all, 0) : NULL;
}

typedef struct {
	SnId message;
	SnMdnState state;
} Wanted;

static gboolean has_state(SnBench *bench, gpointer data)
{
	const Wanted *wanted = data;

	return sn_mdn_state(bench->store, wanted->message) == wanted->state;
}

static void wait_state(Stage *stage, SnId message, SnMdnState state)
{
	Wanted wanted = { message, state };

	assert_true(sn_bench_wait(stage->bench, has_state, &wanted));
}

/* The last one that was sent, read as the other side would. */
static SnMail *last_sent(guint count)
{
	assert_int_equal(sn_fake_send_count("alice"), count);
	g_autoptr(GBytes) raw = sn_fake_send_get("alice", count - 1);
	SnMail *mail = sn_mail_parse(raw, NULL, NULL);

	assert_non_null(mail);
	return mail;
}

/* ---- told ---- */

static void one_key_tells_that_it_was_read(void **state)
{
	Stage *stage = *state;

	begin(stage, "", TRUE);
	SnId id = arrives(stage, FROM_BOB ASKS);
	g_autoptr(SnQuestion) question = question_on(stage, id);
	assert_non_null(question);
	assert_non_null(strstr(question->question, BOB));
	assert_int_equal(sn_fake_send_count("alice"), 0);
	assert_true(sn_question_answer(stage->bench->store, question, question->values[0], NULL));
	wait_state(stage, id, SN_MDN_TOLD);
	g_autoptr(SnMail) mail = last_sent(1);
	assert_int_equal(mail->reports->len, 1);
	const SnMailReport *report = mail->reports->pdata[0];
	assert_int_equal(report->kind, SN_REPORT_DISPLAYED);
	assert_string_equal(report->recipient, "alice@example.test");
	assert_string_equal(report->message_id, "tea@example.test");
	assert_string_equal(mail->auto_submitted, "auto-replied");
	assert_null(question_on(stage, id));
	/* the user's other programs know as well, and nothing of it stands in the timeline */
	g_autoptr(SnMessage) message = sn_bench_message(stage->bench, id);
	assert_true(message->flags & SN_FLAG_MDN_SENT);
	g_autoptr(GPtrArray) page = sn_message_page(stage->bench->store, message->conversation, 0, 0,
	                                            FALSE, 10, 0);
	assert_int_equal(page->len, 2);
}

static void no_means_no_for_good(void **state)
{
	Stage *stage = *state;

	begin(stage, "", TRUE);
	SnId id = arrives(stage, FROM_BOB ASKS);
	g_autoptr(SnQuestion) question = question_on(stage, id);
	assert_true(sn_question_answer(stage->bench->store, question, question->values[1], NULL));
	wait_state(stage, id, SN_MDN_DECLINED);
	sn_engine_stop(&stage->engine);
	run(stage);
	assert_int_equal(sn_fake_send_count("alice"), 0);
	assert_null(question_on(stage, id));
}

static void a_rule_tells_people_one_knows_once_it_was_read(void **state)
{
	Stage *stage = *state;

	begin(stage, "[mail]\nanswer-mdn = always-known\n", TRUE);
	SnId id = arrives(stage, FROM_BOB ASKS);
	wait_state(stage, id, SN_MDN_WANTED);
	assert_null(question_on(stage, id));
	assert_int_equal(sn_fake_send_count("alice"), 0);
	assert_true(sn_message_change_flags(stage->bench->store, id, SN_FLAG_SEEN, 0, NULL));
	wait_state(stage, id, SN_MDN_TOLD);
	g_autoptr(GBytes) raw = sn_fake_send_get("alice", 0);
	assert_non_null(g_strstr_len(g_bytes_get_data(raw, NULL), (gssize)g_bytes_get_size(raw),
	                             "automatic-action/MDN-sent-automatically"));
}

static void what_may_have_gone_is_not_told_again(void **state)
{
	Stage *stage = *state;

	begin(stage, "[mail]\nanswer-mdn = always-known\n", TRUE);
	SnId id = arrives(stage, FROM_BOB ASKS);
	sn_fake_send_fail("alice", SN_ERROR_UNCERTAIN, 1, TRUE);
	assert_true(sn_message_change_flags(stage->bench->store, id, SN_FLAG_SEEN, 0, NULL));
	wait_state(stage, id, SN_MDN_TOLD);
	assert_int_equal(sn_fake_send_count("alice"), 1);
	/* killed in the middle: the same */
	gboolean changed;
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, id);
	sn_engine_stop(&stage->engine);
	assert_true(sn_mdn_change(stage->bench->store, id, SN_MDN_TOLD, SN_MDN_SENDING, &changed,
	                          NULL));
	assert_true(sn_store_set(stage->bench->store, "mdn.sending", key, NULL));
	run(stage);
	assert_int_equal(sn_mdn_state(stage->bench->store, id), SN_MDN_TOLD);
	assert_int_equal(sn_fake_send_count("alice"), 1);
}

static void nobody_else_is_answered(void **state)
{
	static const struct {
		const char *why, *settings, *headers;
		gboolean stranger;
	} cases[] = {
		{ "never", "[mail]\nanswer-mdn = never\n", FROM_BOB ASKS, FALSE },
		{ "a stranger", "", FROM_BOB ASKS, TRUE },
		{ "another domain", "",
		  FROM_BOB "Disposition-Notification-To: bob@tracker.example\r\n", FALSE },
		{ "two addresses", "",
		  FROM_BOB "Disposition-Notification-To: bob@example.test, x@example.test\r\n", FALSE },
		{ "no return path", "",
		  "From: Bob <bob@example.test>\r\nTo: alice@example.test\r\n" ASKS, FALSE },
		{ "a list", "", FROM_BOB ASKS "List-Id: <tea.lists.example.test>\r\n", FALSE },
		{ "a machine", "", FROM_BOB ASKS "Auto-Submitted: auto-generated\r\n", FALSE },
		{ "not to the user", "",
		  "Return-Path: <bob@example.test>\r\nFrom: Bob <bob@example.test>\r\n"
		  "To: others@example.test\r\n" ASKS, FALSE },
		{ "it does not ask", "", FROM_BOB, FALSE },
	};
	Stage *stage = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		print_message("# %s\n", cases[i].why);
		begin(stage, cases[i].settings, !cases[i].stranger);
		SnId id = arrives(stage, cases[i].headers);
		assert_int_equal(sn_mdn_state(stage->bench->store, id), SN_MDN_NONE);
		assert_null(question_on(stage, id));
		sn_engine_stop(&stage->engine);
		sn_fake_mail_reset();
		sn_bench_free(stage->bench);
		stage->bench = NULL;
	}
}

/* ---- asked ---- */

static gboolean asks(Stage *stage, SnReadReceipt how, guint count)
{
	SnStore *store = stage->bench->store;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) to = g_ptr_array_new();
	SnParty bob = { .role = SN_ROLE_TO, .address = (char *)BOB };
	SnId address = sn_address_intern(store, SN_CHANNEL_MAIL, BOB, NULL, &error);
	g_autoptr(SnAddress) known = sn_address_get(store, address);
	SnOutboxNew new = {
		.conversation = sn_conversation_for_person(store, known->person, &error),
		.account = sn_account_find(store, "home"),
		.channel = SN_CHANNEL_MAIL,
		.from = "alice@example.test",
		.recipients = to,
		.subject = "Tea",
		.body = "x",
		.read_receipt = how,
		.state = SN_STATE_QUEUED,
	};

	g_ptr_array_add(to, &bob);
	assert_int_not_equal(sn_outbox_queue(store, &new, FALSE, &error), 0);
	for (int i = 0; i < 3000 && sn_fake_send_count("alice") < count; i++)
		g_usleep(10000);
	g_autoptr(SnMail) mail = last_sent(count);
	if (mail->read_receipt_to)
		assert_string_equal(mail->read_receipt_to, "alice@example.test");
	return mail->read_receipt_to != NULL;
}

static void it_is_asked_for_only_when_wanted(void **state)
{
	Stage *stage = *state;

	begin(stage, "", TRUE);
	assert_false(asks(stage, SN_READ_RECEIPT_DEFAULT, 1));
	assert_true(asks(stage, SN_READ_RECEIPT_YES, 2));
}

static void the_configuration_can_ask_for_all_but_one(void **state)
{
	Stage *stage = *state;

	begin(stage, "[mail]\nrequest-mdn = true\n", TRUE);
	assert_true(asks(stage, SN_READ_RECEIPT_DEFAULT, 1));
	assert_false(asks(stage, SN_READ_RECEIPT_NO, 2));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_key_tells_that_it_was_read),
		TEST(no_means_no_for_good),
		TEST(a_rule_tells_people_one_knows_once_it_was_read),
		TEST(what_may_have_gone_is_not_told_again),
		TEST(nobody_else_is_answered),
		TEST(it_is_asked_for_only_when_wanted),
		TEST(the_configuration_can_ask_for_all_but_one),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
