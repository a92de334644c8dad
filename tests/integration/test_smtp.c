/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SMTP transport against a real server that delivers into Dovecot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/lib/mail_desk.h"
#include "tests/lib/servers.h"

static SnServers *servers; /* NULL: skip */

static const char text[] = "From: Alice <alice@example.test>\nTo: bob@example.test\n"
			   "Subject: dots\nMessage-ID: <s1@example.test>\n\n"
			   ".\n..two\n.three\nlast line without end";

static SnLinkSpec smtp_link(int tls, const char *secret)
{
	return sn_test_link("localhost", tls == SN_LINK_TLS ? servers->smtps : servers->smtp, tls,
			    "alice@example.test", secret, servers->ca_file);
}

static SnSendEvent *send_to(int tls, const char *const *to)
{
	SnLinkSpec link = smtp_link(tls, "alice-secret");

	return sn_test_send(&sn_smtp_ops, &link, NULL,
			    sn_test_message("alice@example.test", to, text));
}

/* The body of the newest message of bob that has this Message-ID. */
static char *received_body(const char *id)
{
	SnLinkSpec link = sn_test_link("localhost", servers->imaps, SN_LINK_TLS, "bob@example.test",
				       "bob-secret", servers->ca_file);
	SnMailDesk *desk = sn_mail_desk_new(&sn_imap_ops, &link, NULL);
	char *body = NULL;

	for (int tries = 0; tries < 200 && !body; tries++) {
		SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_SEARCH_ID, "INBOX");
		request->message_id = g_strdup(id);
		guint32 uid = sn_mail_desk_run(desk, request)->uid;
		if (uid == 0) {
			g_usleep(50000);
			continue;
		}
		request = sn_mail_desk_request(desk, SN_MAIL_REQ_FETCH, "INBOX");
		request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
		g_array_append_val(request->uids, uid);
		guint64 fetch = request->id;
		sn_mail_desk_run(desk, request);
		const SnMailEvent *event = sn_mail_desk_event(desk, fetch, SN_MAIL_EV_MESSAGE, 0);
		assert_non_null(event);
		gsize size = 0;
		const char *raw = g_bytes_get_data(event->raw, &size);
		g_autofree char *copy = g_strndup(raw, size);
		body = g_strdup(strstr(copy, "\r\n\r\n") + 4);
	}
	sn_mail_desk_free(desk);
	return body;
}

static void message_arrives_as_it_was(void **state)
{
	if (!servers)
		skip();
	const char *const to[] = { "bob@example.test", NULL };
	SnSendEvent *event = send_to(SN_LINK_STARTTLS, to);

	if (event->error)
		print_message("# %s\n", event->error->message);
	assert_int_equal(event->kind, SN_EVENT_DONE);
	assert_true(g_str_has_prefix(event->reply, "250 "));
	sn_send_event_free(event);
	g_autofree char *body = received_body("s1@example.test");
	assert_non_null(body);
	assert_string_equal(body, ".\r\n..two\r\n.three\r\nlast line without end\r\n");
}

static void implicit_tls_and_several_recipients(void **state)
{
	if (!servers)
		skip();
	const char *const to[] = { "bob@example.test", "carol@example.test", NULL };
	SnSendEvent *event = send_to(SN_LINK_TLS, to);

	assert_int_equal(event->kind, SN_EVENT_DONE);
	assert_null(event->rejected);
	sn_send_event_free(event);
}

static gboolean alice_has_mail(gpointer data)
{
	return sn_servers_count(servers, "alice", "") > *(int *)data;
}

static void one_refused_recipient_stops_all(void **state)
{
	if (!servers)
		skip();
	int before = sn_servers_count(servers, "alice", "");
	const char *const to[] = { "alice@example.test", "nobody@elsewhere.invalid", NULL };
	SnSendEvent *event = send_to(SN_LINK_TLS, to);

	assert_int_equal(event->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_REJECTED));
	assert_int_equal(event->rejected->len, 1);
	assert_true(g_str_has_prefix(g_ptr_array_index(event->rejected, 0),
				     "nobody@elsewhere.invalid: 5"));
	sn_send_event_free(event);
	/* what is sent afterwards arrives, and it alone */
	const char *const good[] = { "alice@example.test", NULL };
	event = send_to(SN_LINK_TLS, good);
	assert_int_equal(event->kind, SN_EVENT_DONE);
	sn_send_event_free(event);
	assert_true(sn_wait_until(alice_has_mail, &before, 20));
	assert_int_equal(sn_servers_count(servers, "alice", ""), before + 1);
}

static void probe_tells_whether_sending_would_work(void **state)
{
	if (!servers)
		skip();
	SnLinkSpec link = smtp_link(SN_LINK_STARTTLS, "alice-secret");
	SnSendEvent *event = sn_test_send(&sn_smtp_ops, &link, NULL, NULL);

	assert_int_equal(event->kind, SN_EVENT_DONE);
	sn_send_event_free(event);
	link = smtp_link(SN_LINK_STARTTLS, "wrong");
	event = sn_test_send(&sn_smtp_ops, &link, NULL, NULL);
	assert_int_equal(event->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_AUTH));
	assert_non_null(strstr(event->error->message, "alice@example.test"));
	sn_send_event_free(event);
	link = smtp_link(SN_LINK_STARTTLS, NULL);
	event = sn_test_send(&sn_smtp_ops, &link, NULL, NULL);
	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_AUTH));
	sn_send_event_free(event);
}

static void delivery_reports_are_asked_for_where_offered(void **state)
{
	if (!servers)
		skip();
	const char *const to[] = { "bob@example.test", NULL };
	SnLinkSpec link = smtp_link(SN_LINK_TLS, "alice-secret");
	SnSendRequest *request = sn_test_message("alice@example.test", to, text);
	request->dsn = TRUE;
	request->envelope_id = g_strdup("id+with=odd chars");
	SnSendEvent *event = sn_test_send(&sn_smtp_ops, &link, NULL, request);

	assert_int_equal(event->kind, SN_EVENT_DONE);
	assert_true(event->dsn);
	sn_send_event_free(event);
}

static void server_that_is_down_is_a_network_error(void **state)
{
	if (!servers)
		skip();
	const char *const to[] = { "bob@example.test", NULL };

	assert_true(sn_servers_stop_one(servers, "postfix"));
	SnSendEvent *event = send_to(SN_LINK_TLS, to);
	assert_int_equal(event->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_NETWORK));
	assert_true(sn_error_is_transient(event->error));
	sn_send_event_free(event);
}

static int start(void **state)
{
	return sn_servers_setup(&servers, "dovecot postfix");
}

static int stop(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_arrives_as_it_was),
		cmocka_unit_test(implicit_tls_and_several_recipients),
		cmocka_unit_test(one_refused_recipient_stops_all),
		cmocka_unit_test(probe_tells_whether_sending_would_work),
		cmocka_unit_test(delivery_reports_are_asked_for_where_offered),
		cmocka_unit_test(server_that_is_down_is_a_network_error),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
