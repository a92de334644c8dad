/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mail account in memory keeps the rules that engine tests rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "backends/fake/fake_mail.h"
#include "tests/lib/mail_desk.h"

static const char raw[] = "Message-ID: <f1@example.test>\r\nSubject: x\r\n\r\nHello.\r\n";

static SnMailDesk *open_desk(const SnMailSourceOps *ops)
{
	SnLinkSpec link =
		sn_test_link("localhost", 0, SN_LINK_TLS, "alice@example.test", "x", NULL);

	return sn_mail_desk_new(ops, &link, NULL);
}

static guint64 run_sync(SnMailDesk *desk, const SnMailEvent *state, GArray *known)
{
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_SYNC, "INBOX");
	guint64 id = request->id;

	if (state) {
		request->uidvalidity = state->uidvalidity;
		request->uidnext = state->uidnext;
		request->highestmodseq = state->highestmodseq;
		request->known = g_array_ref(known);
	}
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	return id;
}

static void sync_tells_what_is_new_changed_and_gone(void **state)
{
	guint32 one = sn_fake_mail_put("alice@example.test", "INBOX", raw, SN_MAIL_SEEN);
	guint32 two = sn_fake_mail_put("alice@example.test", "INBOX", raw, 0);
	SnMailDesk *desk = open_desk(&sn_fake_mail_ops);
	guint64 id = run_sync(desk, NULL, NULL);

	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 2);
	assert_int_equal(sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, two);
	g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_val(known, one);
	g_array_append_val(known, two);
	const SnMailEvent *last = sn_mail_desk_event(desk, id, SN_MAIL_EV_FOLDER_STATE, 1);
	sn_fake_mail_remove("alice@example.test", "INBOX", one);
	sn_fake_mail_set_flags("alice@example.test", "INBOX", two, SN_MAIL_FLAGGED);
	guint32 three = sn_fake_mail_put("alice@example.test", "INBOX", raw, 0);
	id = run_sync(desk, last, known);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, three);
	assert_int_equal(sn_mail_desk_event(desk, id, SN_MAIL_EV_FLAGS, 0)->flags, SN_MAIL_FLAGGED);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_GONE), 1);
	sn_mail_desk_free(desk);
	sn_fake_mail_reset();
}

static void watched_folder_tells_and_faults_come_when_asked_for(void **state)
{
	SnMailDesk *desk = open_desk(&sn_fake_mail_ops);

	sn_mail_desk_run(desk, sn_mail_desk_request(desk, SN_MAIL_REQ_WATCH, "INBOX"));
	sn_fake_mail_put("alice@example.test", "INBOX", raw, 0);
	assert_non_null(sn_mail_desk_next(desk, 0, SN_MAIL_EV_CHANGED, "INBOX", 1));
	sn_fake_mail_fail("alice@example.test", SN_MAIL_REQ_LIST, SN_ERROR_TEMPORARY, 1);
	const SnMailEvent *end =
		sn_mail_desk_run(desk, sn_mail_desk_request(desk, SN_MAIL_REQ_LIST, NULL));
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_TEMPORARY));
	end = sn_mail_desk_run(desk, sn_mail_desk_request(desk, SN_MAIL_REQ_LIST, NULL));
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_int_equal(sn_fake_mail_requests("alice@example.test", SN_MAIL_REQ_LIST), 2);
	/* off line: requests wait */
	sn_fake_mail_line("alice@example.test", SN_LINE_OFFLINE, SN_ERROR_NETWORK);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_SEARCH_ID, "INBOX");
	request->message_id = g_strdup("f1@example.test");
	guint64 id = request->id;
	desk->ops->submit(desk->source, request);
	assert_null(sn_mail_desk_end(desk, id, 0));
	sn_fake_mail_line("alice@example.test", SN_LINE_ONLINE, 0);
	end = sn_mail_desk_end(desk, id, 1);
	assert_non_null(end);
	assert_int_equal(end->uid, 1);
	sn_mail_desk_free(desk);
	sn_fake_mail_reset();
}

static void failing_source_fails_politely(void **state)
{
	SnMailDesk *desk = open_desk(&sn_failing_mail_ops);
	const SnMailEvent *end =
		sn_mail_desk_run(desk, sn_mail_desk_request(desk, SN_MAIL_REQ_LIST, NULL));

	assert_true(sn_error_is_transient(end->error));
	sn_mail_desk_free(desk);
	sn_fake_mail_reset();
}

static void what_is_sent_lands_with_its_recipients(void **state)
{
	const char *const to[] = { "bob@example.test", NULL };
	SnLinkSpec link =
		sn_test_link("localhost", 0, SN_LINK_TLS, "alice@example.test", "x", NULL);

	assert_int_equal(sn_fake_mail_count("bob@example.test", "INBOX"), 0);
	SnSendEvent *event = sn_test_send(&sn_fake_send_ops, &link, NULL,
					  sn_test_message("alice@example.test", to, raw));
	assert_int_equal(event->kind, SN_EVENT_DONE);
	sn_send_event_free(event);
	assert_int_equal(sn_fake_mail_count("bob@example.test", "INBOX"), 1);
	sn_fake_send_fail("alice@example.test", SN_ERROR_UNCERTAIN, 1, TRUE);
	event = sn_test_send(&sn_fake_send_ops, &link, NULL,
			     sn_test_message("alice@example.test", to, raw));
	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_UNCERTAIN));
	sn_send_event_free(event);
	assert_int_equal(sn_fake_send_count("alice@example.test"), 2);
	event = sn_test_send(&sn_failing_send_ops, &link, NULL,
			     sn_test_message("alice@example.test", to, raw));
	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_NETWORK));
	sn_send_event_free(event);
	sn_fake_mail_reset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sync_tells_what_is_new_changed_and_gone),
		cmocka_unit_test(watched_folder_tells_and_faults_come_when_asked_for),
		cmocka_unit_test(failing_source_fails_politely),
		cmocka_unit_test(what_is_sent_lands_with_its_recipients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
