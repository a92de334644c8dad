/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leaving a list by one click, against a server over TLS: what it gets, and what its answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_mail.h"
#include "src/store/unsubscribe.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_stage.h"

static SnServers *servers; /* NULL: skip */

typedef struct {
	SnBench *bench;
	SnEngine *engine;
} Stage;

static const SnHttpOps *load_http(GError **error)
{
	return &sn_http_ops;
}

static char *url_of(const char *path)
{
	return g_strdup_printf("https://localhost:%d%s", servers->imap + 11, path);
}

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);
	g_autofree char *accounts =
		g_strdup_printf(STAGE_ONLY_MAIL "ca-file = %s\n", servers ? servers->ca_file : "/dev/null");

	*state = stage;
	if (!servers)
		return 0;
	stage->bench = sn_bench_new(accounts, NULL, SN_STORE_CLIENT);
	stage->engine = sn_stage_start_with(stage->bench, load_http);
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

static void want_at(Stage *stage, const char *url)
{
	const SnLeave leave = { .list = (char *)"list:news", .name = (char *)"News", .target = (char *)"localhost",
		                .url = (char *)url, .account = sn_account_find(stage->bench->store, "home"),
		                .time = sn_clock_now(NULL) };
	g_autoptr(GError) error = NULL;

	sn_leave_put(stage->bench->store, &leave, &error);
	g_assert_no_error(error);
}

static void want(Stage *stage, const char *path)
{
	g_autofree char *url = url_of(path);

	want_at(stage, url);
}

static gboolean is_settled(SnBench *bench, gpointer data)
{
	g_autoptr(SnLeave) leave = sn_leave_get(bench->store, "list:news");

	return leave->state != SN_LEAVE_WANTED || leave->tries > GPOINTER_TO_INT(data);
}

static SnLeave *outcome(Stage *stage)
{
	assert_true(sn_bench_wait(stage->bench, is_settled, GINT_TO_POINTER(0)));
	return sn_leave_get(stage->bench->store, "list:news");
}

static char *requests(void)
{
	g_autofree char *path = g_build_filename(servers->dir, "lists", "requests", NULL);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

static void one_request_and_nothing_else(void **state)
{
	if (!servers)
		skip();
	want(*state, "/yes?who=alice");
	g_autoptr(SnLeave) leave = outcome(*state);
	assert_int_equal(leave->state, SN_LEAVE_DONE);
	assert_string_equal(leave->detail, "202");
	assert_null(leave->url);
	/* a second time: the cookie is not given back */
	want(*state, "/yes?who=alice");
	g_autoptr(SnLeave) again = outcome(*state);
	assert_int_equal(again->state, SN_LEAVE_DONE);
	g_autofree char *log = requests();
	assert_string_equal(log, "POST /yes?who=alice List-Unsubscribe=One-Click application/x-www-form-urlencoded nothing\n"
	                         "POST /yes?who=alice List-Unsubscribe=One-Click application/x-www-form-urlencoded nothing\n");
}

static void a_redirection_is_not_followed(void **state)
{
	static const char *const paths[] = { "/away", "/plain" };

	if (!servers)
		skip();
	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		want(*state, paths[i]);
		g_autoptr(SnLeave) leave = outcome(*state);
		assert_int_equal(leave->state, SN_LEAVE_FAILED);
		assert_non_null(strstr(leave->detail, "elsewhere (302), which is not followed"));
	}
	g_autofree char *log = requests();
	assert_null(strstr(log, "GET"));
	assert_null(strstr(log, "POST /yes List"));
}

static void a_no_is_told_with_what_else_there_is(void **state)
{
	if (!servers)
		skip();
	want(*state, "/gone");
	g_autoptr(SnLeave) leave = outcome(*state);
	g_autofree char *words = sn_leave_words(leave, "Monday");
	assert_string_equal(words, "Unsubscribing failed on Monday: localhost does not know this address any more "
	                           "(410). :unsubscribe offers what else there is.");
}

static void a_server_that_is_busy_is_asked_again(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	want(stage, "/busy");
	g_autoptr(SnLeave) leave = outcome(stage);
	assert_int_equal(leave->state, SN_LEAVE_WANTED);
	assert_string_equal(leave->detail, "localhost answers with status 503.");
	assert_true(leave->next > leave->time);
	/* its time comes */
	assert_true(sn_leave_again(stage->bench->store, leave->list, leave->time, 0, NULL, NULL));
	assert_true(sn_bench_wait(stage->bench, is_settled, GINT_TO_POINTER(2)));
	g_autoptr(SnLeave) done = sn_leave_get(stage->bench->store, "list:news");
	assert_int_equal(done->state, SN_LEAVE_DONE);
}

static void off_line_it_waits_and_outlives_the_program(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	want_at(stage, "https://localhost:1/yes");
	g_autoptr(SnLeave) leave = outcome(stage);
	assert_int_equal(leave->state, SN_LEAVE_WANTED);
	assert_string_equal(leave->url, "https://localhost:1/yes");
	sn_engine_stop(&stage->engine);
	assert_true(sn_leave_again(stage->bench->store, leave->list, leave->time, 0, NULL, NULL));
	stage->engine = sn_stage_start_with(stage->bench, load_http);
	assert_true(sn_bench_wait(stage->bench, is_settled, GINT_TO_POINTER(2)));
}

static void a_certificate_of_nobody_known_is_refused(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	sn_engine_stop(&stage->engine);
	sn_bench_free(stage->bench);
	stage->bench = sn_bench_new(STAGE_ONLY_MAIL, NULL, SN_STORE_CLIENT);
	stage->engine = sn_stage_start_with(stage->bench, load_http);
	want(stage, "/yes?unknown");
	g_autoptr(SnLeave) leave = outcome(stage);
	assert_int_equal(leave->state, SN_LEAVE_FAILED);
	assert_non_null(strstr(leave->detail, "certificate"));
	g_autofree char *log = requests();
	assert_null(strstr(log, "unknown"));
}

static void an_answer_without_end_is_cut_off(void **state)
{
	if (!servers)
		skip();
	want(*state, "/flood");
	g_autoptr(SnLeave) leave = outcome(*state);
	assert_true(leave->state != SN_LEAVE_WANTED);
}

static int start_servers(void **state)
{
	(void)state;
	return sn_servers_setup(&servers, "lists");
}

static int stop_servers(void **state)
{
	(void)state;
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_request_and_nothing_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_redirection_is_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_no_is_told_with_what_else_there_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_is_busy_is_asked_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(off_line_it_waits_and_outlives_the_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_certificate_of_nobody_known_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_without_end_is_cut_off, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("unsubscribe_live", tests, start_servers, stop_servers);
}
