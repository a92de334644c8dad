/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The point of no return of an email: the transport stops before the final dot (or before it starts
 * the command) until it is let go, and whatever ends it there has sent nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/mail_desk.h"
#include "tests/lib/script_server.h"

#define LARGE (4 << 20) /* more than fits into a pipe or a socket */

static const char accept_one[] =
	"S 220 hello\nC EHLO localhost\nS 250-DSN\nS 250 AUTH PLAIN LOGIN\n"
	"C AUTH PLAIN AGFsaWNlAHNlY3JldA==\nS 235 2.7.0 in\n"
	"C MAIL\nS 250 ok\nC RCPT\nS 250 ok\nC DATA\nS 354 go\n"
	"C Subject: x\nC \nC text\nC .\nS 250 2.0.0 taken\n*";
static const char *const bob[] = { "bob@example.test", NULL };

typedef struct {
	const SnMailTransportOps *ops;
	SnMailTransport *transport;
	SnQueue *queue;
	SnScriptServer *server; /* NULL for a command */
	char *dir;              /* NULL for SMTP */
} Desk;

static void desk_start(Desk *desk, const SnLinkSpec *link, const char *command)
{
	desk->queue = sn_queue_new((GDestroyNotify)sn_send_event_free, 0);
	desk->transport = desk->ops->create(link, command, desk->queue, NULL, NULL);
	assert_non_null(desk->transport);
}

static Desk desk_smtp(void)
{
	static const char *const scripts[] = { accept_one, NULL };
	Desk desk = { .ops = &sn_smtp_ops, .server = sn_script_server_new(scripts) };
	SnLinkSpec link = sn_test_link("127.0.0.1", sn_script_server_port(desk.server),
	                               SN_LINK_PLAIN, "alice", "secret", NULL);

	desk_start(&desk, &link, NULL);
	return desk;
}

/* The command runs in a directory of its own. */
static Desk desk_command(const char *body)
{
	Desk desk = { .ops = &sn_sendmail_ops, .dir = g_dir_make_tmp("sn-last-XXXXXX", NULL) };
	g_autofree char *path = g_build_filename(desk.dir, "program", NULL);
	g_autofree char *script = g_strdup_printf("#!/bin/sh\ncd '%s'\n%s\n", desk.dir, body);

	assert_true(g_file_set_contents(path, script, -1, NULL));
	assert_int_equal(g_chmod(path, 0700), 0);
	desk_start(&desk, NULL, path);
	return desk;
}

static void remove_all(const char *dir)
{
	const char *argv[] = { "rm", "-rf", "--", dir, NULL };

	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
	             NULL);
}

static void desk_end(Desk *desk)
{
	desk->ops->destroy(&desk->transport);
	sn_queue_unref(desk->queue);
	if (desk->server)
		sn_script_server_free(desk->server);
	if (desk->dir)
		remove_all(desk->dir);
	g_free(desk->dir);
}

static SnSendRequest *message(gsize padding)
{
	SnSendRequest *request = sn_test_message("alice@example.test", bob, "");
	g_autofree char *filler = g_strnfill(padding, 'x');
	char *text = g_strconcat("Subject: x\n\n", filler, "text\n", NULL);

	g_bytes_unref(request->raw);
	request->raw = g_bytes_new_take(text, strlen(text));
	request->confirm = request->dsn = TRUE;
	return request;
}

static SnSendEvent *next(Desk *desk)
{
	SnSendEvent *event = sn_queue_wait(desk->queue, 20000);

	assert_non_null(event);
	return event;
}

static void expect(Desk *desk, int kind)
{
	SnSendEvent *event = next(desk);

	assert_int_equal(event->kind, kind);
	assert_int_equal(event->id, 1);
	sn_send_event_free(event);
}

/* Has the other side got the last word? */
static gboolean may_have_gone(Desk *desk)
{
	if (desk->dir) {
		g_autofree char *ran = g_build_filename(desk->dir, "ran", NULL);
		return g_file_test(ran, G_FILE_TEST_EXISTS);
	}
	g_autofree char *heard = sn_script_server_heard(desk->server);
	return strstr(heard, "\n.\n") != NULL;
}

/* ---- what holds for both ---- */

static void it_goes_when_it_is_let_go(Desk desk)
{
	desk.ops->submit(desk.transport, message(0));
	SnSendEvent *ready = next(&desk);
	assert_int_equal(ready->kind, SN_SEND_EV_READY);
	assert_int_equal(ready->dsn, desk.server != NULL);
	sn_send_event_free(ready);
	assert_null(sn_queue_take(desk.queue));
	assert_false(may_have_gone(&desk));
	desk.ops->proceed(desk.transport, 7); /* not this one */
	assert_false(may_have_gone(&desk));
	desk.ops->proceed(desk.transport, 1);
	expect(&desk, SN_EVENT_DONE);
	assert_true(may_have_gone(&desk));
	desk_end(&desk);
}

static void cancelled_it_has_not_gone(Desk desk)
{
	desk.ops->submit(desk.transport, message(0));
	expect(&desk, SN_SEND_EV_READY);
	desk.ops->cancel(desk.transport, 1);
	expect(&desk, SN_EVENT_CANCELLED);
	desk.ops->proceed(desk.transport, 1); /* too late */
	assert_false(may_have_gone(&desk));
	desk_end(&desk);
}

static void at_the_end_of_the_account_it_has_not_gone(Desk desk)
{
	gint64 before;

	desk.ops->submit(desk.transport, message(0));
	expect(&desk, SN_SEND_EV_READY);
	before = g_get_monotonic_time();
	desk.ops->destroy(&desk.transport);
	assert_in_range(g_get_monotonic_time() - before, 0, 2 * G_USEC_PER_SEC);
	expect(&desk, SN_EVENT_CANCELLED);
	assert_null(sn_queue_take(desk.queue));
	assert_false(may_have_gone(&desk));
	desk_end(&desk);
}

static void without_confirm_nobody_is_asked(Desk desk)
{
	SnSendRequest *request = message(0);

	request->confirm = FALSE;
	desk.ops->submit(desk.transport, request);
	expect(&desk, SN_EVENT_DONE);
	desk_end(&desk);
}

static const char quick[] = "touch ran; cat >/dev/null";

static void smtp_goes_when_it_is_let_go(void **state)
{
	it_goes_when_it_is_let_go(desk_smtp());
}

static void smtp_cancelled_has_not_gone(void **state)
{
	cancelled_it_has_not_gone(desk_smtp());
}

static void smtp_ended_has_not_gone(void **state)
{
	at_the_end_of_the_account_it_has_not_gone(desk_smtp());
}

static void smtp_without_confirm_goes(void **state)
{
	without_confirm_nobody_is_asked(desk_smtp());
}

static void command_goes_when_it_is_let_go(void **state)
{
	it_goes_when_it_is_let_go(desk_command(quick));
}

static void command_cancelled_has_not_gone(void **state)
{
	cancelled_it_has_not_gone(desk_command(quick));
}

static void command_ended_has_not_gone(void **state)
{
	at_the_end_of_the_account_it_has_not_gone(desk_command(quick));
}

static void command_without_confirm_goes(void **state)
{
	without_confirm_nobody_is_asked(desk_command(quick));
}

/* ---- SMTP: the line ---- */

/* The server gives up waiting for the dot: known not to have gone, and it is a new connection that
 * the next message is sent on. */
static void a_line_that_goes_while_it_waits_is_no_doubt(void **state)
{
	static const char *const scripts[] = {
		"S 220 hello\nC EHLO localhost\nS 250 AUTH PLAIN LOGIN\nC AUTH\nS 235 in\n"
		"C MAIL\nS 250 ok\nC RCPT\nS 250 ok\nC DATA\nS 354 go\n"
		"C Subject: x\nC \nC text\nX",
		accept_one, NULL
	};
	Desk desk = { .ops = &sn_smtp_ops, .server = sn_script_server_new(scripts) };
	SnLinkSpec link = sn_test_link("127.0.0.1", sn_script_server_port(desk.server),
	                               SN_LINK_PLAIN, "alice", "secret", NULL);

	desk_start(&desk, &link, NULL);
	desk.ops->submit(desk.transport, message(0));
	expect(&desk, SN_SEND_EV_READY);
	desk.ops->cancel(desk.transport, 1);
	expect(&desk, SN_EVENT_CANCELLED);
	desk.ops->submit(desk.transport, message(0));
	expect(&desk, SN_SEND_EV_READY);
	desk.ops->proceed(desk.transport, 1);
	expect(&desk, SN_EVENT_DONE);
	assert_int_equal(sn_script_server_connections(desk.server), 2);
	desk_end(&desk);
}

/* ---- the command: our own end ---- */

static char *content(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	char *found = NULL;

	g_file_get_contents(path, &found, NULL, NULL);
	return found;
}

static void wait_for(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	for (int i = 0; !g_file_test(path, G_FILE_TEST_EXISTS); i++) {
		assert_true(i < 4000);
		g_usleep(5000);
	}
}

/* Killed in the middle of handing it over, the program must not take the beginning for the whole. */
static void killed_it_never_hands_over_a_part(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sn-last-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "program", NULL);
	g_autofree char *go = g_build_filename(dir, "go", NULL);
	g_autofree char *script = g_strdup_printf(
		"#!/bin/sh\ncd '%s'\nhead -c 100 >got\ntouch started\n"
		"while [ ! -e go ]; do sleep 0.02; done\ncat >>got\ntouch done\n",
		dir);

	assert_true(g_file_set_contents(path, script, -1, NULL));
	assert_int_equal(g_chmod(path, 0700), 0);
	pid_t child = fork();
	if (child == 0) {
		Desk desk = { .ops = &sn_sendmail_ops };
		desk_start(&desk, NULL, path);
		SnSendRequest *request = message(LARGE);
		request->confirm = FALSE;
		desk.ops->submit(desk.transport, request);
		for (;;)
			pause();
	}
	wait_for(dir, "started");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(g_file_set_contents(go, "", 0, NULL));
	wait_for(dir, "done");
	g_autofree char *got = content(dir, "got");
	assert_int_equal(strlen(got), strlen("Subject: x\n\ntext\n") + LARGE);
	assert_true(g_str_has_suffix(got, "xtext\n"));
	remove_all(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smtp_goes_when_it_is_let_go),
		cmocka_unit_test(smtp_cancelled_has_not_gone),
		cmocka_unit_test(smtp_ended_has_not_gone),
		cmocka_unit_test(smtp_without_confirm_goes),
		cmocka_unit_test(command_goes_when_it_is_let_go),
		cmocka_unit_test(command_cancelled_has_not_gone),
		cmocka_unit_test(command_ended_has_not_gone),
		cmocka_unit_test(command_without_confirm_goes),
		cmocka_unit_test(a_line_that_goes_while_it_waits_is_no_doubt),
		cmocka_unit_test(killed_it_never_hands_over_a_part),
	};
	/* reading the system's authorities takes long under a memory checker, and none is needed */
	g_setenv("SSL_CERT_FILE", "/dev/null", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
