/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sendmail transport with programs that behave in every way such programs do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/mail_desk.h"

static const char *const bob[] = { "bob@example.test", NULL };
static const char text[] = "Subject: x\r\n\r\none\r\n.\r\ntwo\r\n";

/* A shell script in a directory of its own. */
static char *write_program(const char *body)
{
	g_autofree char *dir = g_dir_make_tmp("sn-sendmail-XXXXXX", NULL);
	char *path = g_build_filename(dir, "program", NULL);
	g_autofree char *script = g_strdup_printf("#!/bin/sh\ncd '%s'\n%s\n", dir, body);

	assert_true(g_file_set_contents(path, script, -1, NULL));
	assert_int_equal(g_chmod(path, 0700), 0);
	return path;
}

static void remove_program(char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);
	const char *argv[] = { "rm", "-rf", "--", dir, NULL };

	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
		     NULL);
	g_free(path);
}

static char *content(const char *program, const char *name)
{
	g_autofree char *dir = g_path_get_dirname(program);
	g_autofree char *path = g_build_filename(dir, name, NULL);
	char *found = NULL;

	g_file_get_contents(path, &found, NULL, NULL);
	return found;
}

static SnSendEvent *send_with(const char *command, const char *const *to)
{
	return sn_test_send(&sn_sendmail_ops, NULL, command,
			    sn_test_message("alice@example.test", to, text));
}

static void message_and_envelope_are_handed_over(void **state)
{
	char *program = write_program("echo \"$@\" >args; cat >input");
	g_autofree char *command = g_strdup_printf("%s --account 'my account'", program);
	SnSendEvent *event = send_with(command, bob);

	assert_int_equal(event->kind, SN_EVENT_DONE);
	sn_send_event_free(event);
	g_autofree char *args = content(program, "args");
	g_autofree char *input = content(program, "input");
	assert_string_equal(args,
			    "--account my account -f alice@example.test -- bob@example.test\n");
	assert_string_equal(input, "Subject: x\n\none\n.\ntwo\n");
	remove_program(program);
}

static void exit_codes_are_understood(void **state)
{
	static const struct {
		const char *script;
		SnErrorCode code;
		const char *words;
	} cases[] = {
		{ "cat >/dev/null; echo 'queue is full' >&2; exit 75", SN_ERROR_TEMPORARY,
		  "queue is full" },
		{ "cat >/dev/null; echo 'no such user' >&2; exit 67", SN_ERROR_REJECTED,
		  "no such user" },
		{ "exit 77", SN_ERROR_AUTH, "77" },
		{ "kill -9 $$", SN_ERROR_TEMPORARY, "stopped" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *program = write_program(cases[i].script);
		SnSendRequest *request = sn_test_message("alice@example.test", bob, text);
		g_autofree char *large = g_strnfill(4 << 20, 'x');
		g_bytes_unref(request->raw);
		/* more than fits into a socket, so that giving up early is seen */
		request->raw = g_bytes_new(large, 4 << 20);
		SnSendEvent *event = sn_test_send(&sn_sendmail_ops, NULL, program, request);
		assert_int_equal(event->kind, SN_EVENT_ERROR);
		assert_int_equal(event->error->code, cases[i].code);
		assert_non_null(strstr(event->error->message, cases[i].words));
		sn_send_event_free(event);
		remove_program(program);
	}
}

static void program_that_dies_with_the_message_is_uncertain(void **state)
{
	char *program = write_program("cat >/dev/null; kill -9 $$");
	SnSendEvent *event = send_with(program, bob);

	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_UNCERTAIN));
	sn_send_event_free(event);
	remove_program(program);
}

static void address_is_never_an_option_or_a_command(void **state)
{
	static const char *const bad[] = { "-oQ/tmp", "a@b\n", "a b@c", "<a@b>", "" };
	char *program = write_program("touch ran; cat >/dev/null");

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		const char *const to[] = { bad[i], NULL };
		SnSendEvent *event = send_with(program, to);
		assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_INVALID));
		sn_send_event_free(event);
	}
	g_autofree char *ran = content(program, "ran");
	assert_null(ran);
	remove_program(program);
}

static void missing_program_is_said(void **state)
{
	SnSendEvent *event = send_with("/nowhere/sendmail", bob);

	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_UNAVAILABLE));
	assert_non_null(strstr(event->error->message, "/nowhere/sendmail"));
	sn_send_event_free(event);
	event = sn_test_send(&sn_sendmail_ops, NULL, "/nowhere/sendmail", NULL);
	assert_int_equal(event->kind, SN_EVENT_ERROR);
	sn_send_event_free(event);
	event = sn_test_send(&sn_sendmail_ops, NULL, "sh -c true", NULL);
	assert_int_equal(event->kind, SN_EVENT_DONE);
	sn_send_event_free(event);
}

static void hanging_program_does_not_hold_up_the_end(void **state)
{
	char *program = write_program("exec sleep 100");
	SnQueue *queue = sn_queue_new((GDestroyNotify)sn_send_event_free, 0);
	SnMailTransport *transport = sn_sendmail_ops.create(NULL, program, queue, NULL, NULL);
	gint64 before = g_get_monotonic_time();

	sn_sendmail_ops.submit(transport, sn_test_message("alice@example.test", bob, text));
	sn_sendmail_ops.destroy(&transport);
	assert_in_range(g_get_monotonic_time() - before, 0, 2 * G_USEC_PER_SEC);
	SnSendEvent *event = sn_queue_wait(queue, 0);
	assert_non_null(event); /* exactly one end */
	assert_int_not_equal(event->kind, SN_EVENT_DONE);
	sn_send_event_free(event);
	assert_null(sn_queue_take(queue));
	sn_queue_unref(queue);
	remove_program(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_and_envelope_are_handed_over),
		cmocka_unit_test(exit_codes_are_understood),
		cmocka_unit_test(program_that_dies_with_the_message_is_uncertain),
		cmocka_unit_test(address_is_never_an_option_or_a_command),
		cmocka_unit_test(missing_program_is_said),
		cmocka_unit_test(hanging_program_does_not_hold_up_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
