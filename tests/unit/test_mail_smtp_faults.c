/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SMTP servers that are broken, hostile, slow, or old. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/lib/mail_desk.h"
#include "tests/lib/script_server.h"

#define HELLO(extensions) "S 220 hello\nC EHLO localhost\n" extensions "S 250 AUTH PLAIN LOGIN\n"
#define LOGIN "C AUTH PLAIN AGFsaWNlAHNlY3JldA==\nS 235 2.7.0 in\n"
#define ENVELOPE \
	"C MAIL FROM:<alice@example.test>\nS 250 ok\nC RCPT TO:<bob@example.test>\nS 250 ok\n"
#define BODY "C Subject: x\nC \nC text\nC .\n"

static const char text[] = "Subject: x\n\ntext\n";
static const char *const bob[] = { "bob@example.test", NULL };

static SnSendEvent *send_request(SnScriptServer *server, int tls, SnSendRequest *request)
{
	SnLinkSpec link = sn_test_link("127.0.0.1", sn_script_server_port(server), tls, "alice",
				       "secret", NULL);

	return sn_test_send(&sn_smtp_ops, &link, NULL, request);
}

/* Runs the script for one message; code -1: it must be accepted. */
static SnSendEvent *play(const char *script, int tls, SnSendRequest *request, int code,
			 const char *words, char **heard)
{
	const char *const scripts[] = { script, NULL };
	SnScriptServer *server = sn_script_server_new(scripts);
	SnSendEvent *event = send_request(server, tls, request);
	g_autofree char *lines = sn_script_server_heard(server);

	if (event->error && (event->error->code != code || !strstr(event->error->message, words)))
		print_message("# %s: %s\n# heard:\n%s\n",
			      sn_error_word((SnErrorCode)event->error->code), event->error->message,
			      lines);
	assert_int_equal(sn_script_server_failures(server), 0);
	assert_int_equal(event->kind, code < 0 ? SN_EVENT_DONE : SN_EVENT_ERROR);
	if (code >= 0) {
		assert_int_equal(event->error->code, code);
		assert_non_null(strstr(event->error->message, words));
	}
	sn_script_server_free(server);
	if (heard)
		*heard = g_steal_pointer(&lines);
	return event;
}

static void expect(const char *script, int tls, int code, const char *words)
{
	sn_send_event_free(play(script, tls, sn_test_message("alice@example.test", bob, text), code,
				words, NULL));
}

static void starttls_is_not_optional(void **state)
{
	char *heard = NULL;

	sn_send_event_free(play(HELLO("") "C QUIT", SN_LINK_STARTTLS,
				sn_test_message("a@b.test", bob, text), SN_ERROR_TLS,
				"does not offer STARTTLS", &heard));
	assert_null(strstr(heard, "AUTH"));
	g_free(heard);
	expect(HELLO("S 250-STARTTLS\n") "C STARTTLS\nS 454 no key today\nH", SN_LINK_STARTTLS,
	       SN_ERROR_TLS, "no key today");
	expect(HELLO("S 250-STARTTLS\n") "C STARTTLS\nR 220 go\\r\\n250 AUTH PLAIN\\r\\n\nH",
	       SN_LINK_STARTTLS, SN_ERROR_TLS, "before encryption");
}

static void accepted_message_is_dot_stuffed_and_has_crlf(void **state)
{
	char *heard = NULL;
	SnSendEvent *event = play(
		HELLO("S 250-SIZE 1000\nS 250-8BITMIME\n") LOGIN
		"C MAIL FROM:<alice@example.test> SIZE=29\nS 250 ok\n"
		"C RCPT TO:<bob@example.test>\nS 250 ok\nC DATA\nS 354 go\n"
		"C Subject: x\nC \nC ..\nC ..two\nC tail\nC .\nS 250 2.0.0 queued as 7.\nC QUIT",
		SN_LINK_PLAIN,
		sn_test_message("alice@example.test", bob, "Subject: x\n\n.\r\n.two\ntail"), -1, "",
		&heard);

	assert_string_equal(event->reply, "250 2.0.0 queued as 7");
	assert_false(event->dsn);
	sn_send_event_free(event);
	g_free(heard);
}

static void reports_and_wide_characters_are_asked_for_as_the_server_can(void **state)
{
	SnSendRequest *request = sn_test_message("alice@example.test", bob, "Subject: x\n\nä\n");
	request->dsn = TRUE;
	request->envelope_id = g_strdup("a+b=c");
	SnSendEvent *event =
		play(HELLO("S 250-8BITMIME\nS 250-DSN\n") LOGIN
		     "C MAIL FROM:<alice@example.test> BODY=8BITMIME RET=HDRS ENVID=a+2Bb+3Dc\nS "
		     "250 ok\n"
		     "C RCPT TO:<bob@example.test> NOTIFY=SUCCESS,FAILURE,DELAY "
		     "ORCPT=rfc822;bob@example.test\n"
		     "S 250 ok\nC DATA\nS 354 go\nC Subject\nC \nC ä\nC .\nS 250 ok\n*",
		     SN_LINK_PLAIN, request, -1, "", NULL);
	assert_true(event->dsn);
	sn_send_event_free(event);

	static const char *const wide[] = { "bøb@example.test", NULL };
	event = play(
		HELLO("S 250-SMTPUTF8\n") LOGIN
		"C MAIL FROM:<alice@example.test> SMTPUTF8\nS 250 ok\nC RCPT TO:<bøb@\nS 250 ok\n"
		"C DATA\nS 354 go\n" BODY "S 250 ok\n*",
		SN_LINK_PLAIN, sn_test_message("alice@example.test", wide, text), -1, "", NULL);
	sn_send_event_free(event);
	sn_send_event_free(play(HELLO("") LOGIN "*", SN_LINK_PLAIN,
				sn_test_message("alice@example.test", wide, text),
				SN_ERROR_REJECTED, "ASCII", NULL));
}

static void fewer_reports_are_asked_for_when_fewer_are_wanted(void **state)
{
	static const struct {
		SnNotifyWhen notify;
		const char *said;
	} rows[] = { { SN_NOTIFY_FAILURE, "NOTIFY=FAILURE,DELAY" }, { SN_NOTIFY_NEVER, "NOTIFY=NEVER" } };

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		SnSendRequest *request = sn_test_message("alice@example.test", bob, text);
		g_autofree char *script = g_strdup_printf(
			HELLO("S 250-DSN\n") LOGIN "C MAIL FROM:<alice@example.test> RET=HDRS\nS 250 ok\n"
			"C RCPT TO:<bob@example.test> %s ORCPT=rfc822;bob@example.test\nS 250 ok\n"
			"C DATA\nS 354 go\n" BODY "S 250 ok\n*",
			rows[i].said);
		request->dsn = TRUE;
		request->notify = rows[i].notify;
		SnSendEvent *event = play(script, SN_LINK_PLAIN, request, -1, "", NULL);
		assert_false(event->dsn); /* nothing will tell of success */
		sn_send_event_free(event);
	}
}

static void too_large_a_message_is_not_even_begun(void **state)
{
	char *heard = NULL;

	sn_send_event_free(play(HELLO("S 250-SIZE 10\n") LOGIN "*", SN_LINK_PLAIN,
				sn_test_message("alice@example.test", bob, text), SN_ERROR_LIMIT,
				"at most 10", &heard));
	assert_null(strstr(heard, "MAIL"));
	g_free(heard);
}

static void refusals_are_told_apart(void **state)
{
	expect(HELLO("") "C AUTH\nS 535 5.7.8 wrong password\nH", SN_LINK_PLAIN, SN_ERROR_AUTH,
	       "535 5.7.8 wrong password");
	expect(HELLO("") "C AUTH\nS 454 4.7.0 try later\nH", SN_LINK_PLAIN, SN_ERROR_TEMPORARY,
	       "try later");
	expect("S 554 go away\nH", SN_LINK_PLAIN, SN_ERROR_REJECTED, "go away");
	expect("S 421 too busy\nH", SN_LINK_PLAIN, SN_ERROR_TEMPORARY, "too busy");
	expect(HELLO("") LOGIN "C MAIL\nS 550 not you\nC RSET\nS 250 ok\nC QUIT", SN_LINK_PLAIN,
	       SN_ERROR_REJECTED, "not you");
	expect(HELLO("") LOGIN ENVELOPE "C DATA\nS 354 go\n" BODY
					"S 451 4.3.0 disk full\nC RSET\nS 250 ok\nC QUIT",
	       SN_LINK_PLAIN, SN_ERROR_TEMPORARY, "disk full");
	expect(HELLO("") LOGIN ENVELOPE "C DATA\nS 354 go\n" BODY
					"S 554 5.7.1 looks like spam\nC RSET\nS 250 ok\nC QUIT",
	       SN_LINK_PLAIN, SN_ERROR_REJECTED, "looks like spam");
	expect("S 220 hello\nC EHLO\nS 250 nothing\nH", SN_LINK_PLAIN, SN_ERROR_AUTH,
	       "no way to log in");
}

static void refused_recipients_are_listed_and_nothing_is_sent(void **state)
{
	static const char *const three[] = { "a@x.test", "b@x.test", "c@x.test", NULL };
	SnSendEvent *event =
		play(HELLO("") LOGIN
		     "C MAIL\nS 250 ok\nC RCPT TO:<a@\nS 451 later\nC RCPT TO:<b@\nS 250 ok\n"
		     "C RCPT TO:<c@\nS 550 5.1.1 unknown\nC RSET\nS 250 ok\nC QUIT",
		     SN_LINK_PLAIN, sn_test_message("alice@x.test", three, text), SN_ERROR_REJECTED,
		     "2 of 3", NULL);

	assert_int_equal(event->rejected->len, 2);
	assert_string_equal(event->rejected->pdata[0], "a@x.test: 451 later");
	assert_string_equal(event->rejected->pdata[1], "c@x.test: 550 5.1.1 unknown");
	sn_send_event_free(event);
}

static void broken_line_is_certain_before_the_final_dot_and_uncertain_after(void **state)
{
	expect(HELLO("") LOGIN ENVELOPE "X", SN_LINK_PLAIN, SN_ERROR_NETWORK, "closed");
	expect(HELLO("") LOGIN ENVELOPE "C DATA\nX", SN_LINK_PLAIN, SN_ERROR_NETWORK, "closed");
	expect(HELLO("") LOGIN ENVELOPE "C DATA\nS 354 go\n" BODY "X", SN_LINK_PLAIN,
	       SN_ERROR_UNCERTAIN, "may have been accepted");
	expect(HELLO("") LOGIN ENVELOPE "C DATA\nS 354 go\n" BODY "S hello?\nH", SN_LINK_PLAIN,
	       SN_ERROR_UNCERTAIN, "may have been accepted");
}

static void endless_and_senseless_replies_are_cut_off(void **state)
{
	expect("R 220 \nF 10000000 x\nH", SN_LINK_PLAIN, SN_ERROR_NETWORK, "without end");
	expect("S SSH-2.0-OpenSSH\nH", SN_LINK_PLAIN, SN_ERROR_NETWORK, "not SMTP");
	g_autoptr(GString) many = g_string_new("");
	for (int i = 0; i < 1000; i++)
		g_string_append(many, "S 220-more\n");
	g_string_append(many, "H");
	expect(many->str, SN_LINK_PLAIN, SN_ERROR_NETWORK, "not SMTP");
}

static void addresses_cannot_carry_commands(void **state)
{
	static const char *const bad[] = { "b@x.test>\r\nRCPT TO:<c@x.test",
					   "b@x.test\n",
					   "b x@y",
					   "<b@x.test>",
					   "no-at-sign",
					   "" };

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		const char *const to[] = { bad[i], NULL };
		char *heard = NULL;
		sn_send_event_free(play(HELLO("") LOGIN "*", SN_LINK_PLAIN,
					sn_test_message("alice@example.test", to, text),
					SN_ERROR_INVALID, "not an address", &heard));
		assert_null(strstr(heard, "RCPT"));
		g_free(heard);
	}
	sn_send_event_free(play(HELLO("") LOGIN "*", SN_LINK_PLAIN,
				sn_test_message("a@b>\r\nRSET", bob, text), SN_ERROR_INVALID,
				"sender", NULL));
}

static void hanging_server_does_not_hold_up_the_end(void **state)
{
	static const char *const steps[] = { "H", HELLO("") "H", HELLO("") LOGIN "C MAIL\nH",
					     HELLO("") LOGIN ENVELOPE "C DATA\nS 354 go\n" BODY
								      "H" };

	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		const char *const scripts[] = { steps[i], NULL };
		SnScriptServer *server = sn_script_server_new(scripts);
		SnLinkSpec link = sn_test_link("127.0.0.1", sn_script_server_port(server),
					       SN_LINK_PLAIN, "alice", "secret", NULL);
		SnQueue *queue = sn_queue_new((GDestroyNotify)sn_send_event_free, 0);
		SnMailTransport *transport = sn_smtp_ops.create(&link, NULL, queue, NULL, NULL);
		gboolean last = i + 1 == G_N_ELEMENTS(steps);
		sn_smtp_ops.submit(transport, sn_test_message("alice@example.test", bob, text));
		for (gboolean there = FALSE; !there; g_usleep(2000)) {
			g_autofree char *heard = sn_script_server_heard(server);
			there = sn_script_server_connections(server) > 0 &&
				(!last || strstr(heard, "\n.\n"));
		}
		gint64 before = g_get_monotonic_time();
		sn_smtp_ops.destroy(&transport);
		assert_in_range(g_get_monotonic_time() - before, 0, 2 * G_USEC_PER_SEC);
		SnSendEvent *event = sn_queue_wait(queue, 0);
		assert_non_null(event);
		/* after the final dot even a stop cannot say that nothing was sent */
		if (last)
			assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_UNCERTAIN));
		else
			assert_int_equal(event->kind, SN_EVENT_CANCELLED);
		sn_send_event_free(event);
		assert_null(sn_queue_take(queue));
		sn_queue_unref(queue);
		sn_script_server_free(server);
	}
}

static void lingering_connection_that_was_closed_is_made_anew(void **state)
{
	const char *const scripts[] = {
		HELLO("") LOGIN ENVELOPE "C DATA\nS 354 go\n" BODY "S 250 one\nX",
		HELLO("") LOGIN ENVELOPE "C DATA\nS 354 go\n" BODY "S 250 two\n*", NULL
	};
	SnScriptServer *server = sn_script_server_new(scripts);
	SnLinkSpec link = sn_test_link("127.0.0.1", sn_script_server_port(server), SN_LINK_PLAIN,
				       "alice", "secret", NULL);
	SnQueue *queue = sn_queue_new((GDestroyNotify)sn_send_event_free, 0);
	SnMailTransport *transport = sn_smtp_ops.create(&link, NULL, queue, NULL, NULL);
	static const char *const replies[] = { "250 one", "250 two" };

	for (int i = 0; i < 2; i++) {
		sn_smtp_ops.submit(transport, sn_test_message("alice@example.test", bob, text));
		SnSendEvent *event = sn_queue_wait(queue, 20000);
		assert_non_null(event);
		assert_int_equal(event->kind, SN_EVENT_DONE);
		assert_string_equal(event->reply, replies[i]);
		sn_send_event_free(event);
	}
	assert_int_equal(sn_script_server_connections(server), 2);
	sn_smtp_ops.destroy(&transport);
	sn_queue_unref(queue);
	sn_script_server_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starttls_is_not_optional),
		cmocka_unit_test(accepted_message_is_dot_stuffed_and_has_crlf),
		cmocka_unit_test(reports_and_wide_characters_are_asked_for_as_the_server_can),
		cmocka_unit_test(fewer_reports_are_asked_for_when_fewer_are_wanted),
		cmocka_unit_test(too_large_a_message_is_not_even_begun),
		cmocka_unit_test(refusals_are_told_apart),
		cmocka_unit_test(refused_recipients_are_listed_and_nothing_is_sent),
		cmocka_unit_test(broken_line_is_certain_before_the_final_dot_and_uncertain_after),
		cmocka_unit_test(endless_and_senseless_replies_are_cut_off),
		cmocka_unit_test(addresses_cannot_carry_commands),
		cmocka_unit_test(hanging_server_does_not_hold_up_the_end),
		cmocka_unit_test(lingering_connection_that_was_closed_is_made_anew),
	};
	/* reading the system's authorities takes long under a memory checker, and none is needed */
	g_setenv("SSL_CERT_FILE", "/dev/null", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
