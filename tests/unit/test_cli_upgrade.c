/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people see of a migration of the database, and how they stop it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <pty.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/cli/upgrade.h"
#include "tests/lib/cli_desk.h"

static const SnStoreUpgrade half = { .from = 1, .to = 2, .what = "the lists of folders",
	                             .rows = 430000, .of = 1000000, .done = 43, .total = 100,
	                             .seconds_left = 12 };
static const SnStoreUpgrade waiting = { .process = 4711 };

static void it_says_what_how_far_and_how_long(void **state)
{
	SnStoreUpgrade u = half;
	static const struct {
		int left;
		gint64 rows, of;
		const char *what, *text;
	} cases[] = {
		{ 12, 430000, 1000000, "the lists of folders",
		  "43%, about 12 s left: the lists of folders, 430,000 of 1,000,000" },
		{ 89, 999, 1000, "x", "43%, about 89 s left: x, 999 of 1,000" },
		{ 90, 0, 1000, "x", "43%, about 2 min left: x" },
		{ 3600, 1, 1, NULL, "43%, about 60 min left" },
		{ -1, 0, 0, NULL, "43%" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		u.seconds_left = cases[i].left;
		u.rows = cases[i].rows;
		u.of = cases[i].of;
		u.what = cases[i].what;
		g_autofree char *text = sn_upgrade_text(&u);
		assert_string_equal(text, cases[i].text);
	}
	u.done = u.total = 0;
	g_autofree char *none = sn_upgrade_text(&u);
	assert_string_equal(none, "0%");
}

/* What is written to a file while `times` times is told of it. */
static char *lines_of(const SnStoreUpgrade *upgrade, int silent_ms, int times)
{
	FILE *file = tmpfile();
	g_autoptr(SnUpgradeLine) line = sn_upgrade_line_new(file, silent_ms);
	const SnStoreWatch *watch = sn_upgrade_line_watch(line);
	char text[4096];

	for (int i = 0; i < times; i++)
		assert_true(watch->told(upgrade, watch->data));
	watch->ended(watch->data);
	rewind(file);
	gsize length = fread(text, 1, sizeof text, file);
	fclose(file);
	return g_strndup(text, length);
}

static void in_a_file_there_is_a_line_now_and_then(void **state)
{
	g_autofree char *lines = lines_of(&half, 0, 50), *wait = lines_of(&waiting, 0, 50);
	g_autofree char *silent = lines_of(&half, 60000, 50);

	assert_string_equal(lines, "sennit: the database gets a new format, once; when it is stopped "
	                           "(Ctrl-C), the next start goes on\n");
	assert_string_equal(wait, "sennit: another sennit (process 4711) brings the database to a new "
	                          "format; waiting for it (Ctrl-C gives up)\n");
	assert_string_equal(silent, "");
}

static void a_terminal_has_one_line_that_goes(void **state)
{
	struct winsize size = { .ws_row = 24, .ws_col = 40 };
	int master, slave;
	char text[4096];

	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	FILE *out = fdopen(slave, "w");
	SnUpgradeLine *line = sn_upgrade_line_new(out, 0);
	const SnStoreWatch *watch = sn_upgrade_line_watch(line);
	for (int i = 0; i < 3; i++)
		assert_true(watch->told(&half, watch->data));
	watch->ended(watch->data);
	sn_upgrade_line_free(line);
	fflush(out);
	gsize length = 0;
	for (text[0] = '\0'; !g_str_has_suffix(text, "\r\033[K"); text[length] = '\0') {
		ssize_t more = read(master, text + length, sizeof text - 1 - length);
		assert_true(more > 0);
		length += (gsize)more;
	}
	const char *after = strstr(text, "goes on\r\n");
	assert_non_null(after);
	/* no wider than the terminal, and nothing is left of it */
	assert_string_equal(after, "goes on\r\n"
	                           "\r43%, about 12 s left: the lists of fold\033[K"
	                           "\r43%, about 12 s left: the lists of fold\033[K"
	                           "\r43%, about 12 s left: the lists of fold\033[K\r\033[K");
	fclose(out);
	close(master);
}

static void ctrl_c_stops_it_and_nothing_else(void **state)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t before, after;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
		SnUpgradeLine *line = sn_upgrade_line_new(stderr, 60000);
		const SnStoreWatch *watch = sn_upgrade_line_watch(line);
		assert_true(watch->told(&half, watch->data));
		assert_int_equal(raise(ends[i]), 0); /* and the program lives */
		assert_false(watch->told(&half, watch->data));
		watch->ended(watch->data);
		pthread_sigmask(SIG_SETMASK, NULL, &after);
		for (int number = 1; number < 32; number++)
			assert_int_equal(sigismember(&after, number), sigismember(&before, number));
		sn_upgrade_line_free(line);
	}
	/* before and after it a signal does what it does */
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		SnUpgradeLine *line = sn_upgrade_line_new(stderr, 60000);
		const SnStoreWatch *watch = sn_upgrade_line_watch(line);
		watch->told(&half, watch->data);
		watch->ended(watch->data);
		raise(SIGTERM);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* ---- verbs ---- */

static void sql(const char *path, const char *statements)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, statements, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void make_old(CliDesk *desk)
{
	g_autofree char *path = g_build_filename(g_getenv("TOP_SRCDIR"), "tests", "schema", "1.sql", NULL);
	g_autofree char *schema = NULL, *wal = g_strconcat(desk->tmp->path, "-wal", NULL);

	assert_true(g_file_get_contents(path, &schema, NULL, NULL));
	sn_store_close(desk->tmp->store);
	desk->tmp->store = NULL;
	assert_int_equal(g_unlink(desk->tmp->path), 0);
	g_unlink(wal);
	sql(desk->tmp->path, "PRAGMA journal_mode = WAL");
	sql(desk->tmp->path, schema);
	sql(desk->tmp->path,
	    "INSERT INTO account (id, name) VALUES (1, 'home');"
	    "INSERT INTO person (id, name) VALUES (1, 'Bob');"
	    "INSERT INTO address (id, channel, value, person, first_seen) "
	    "VALUES (1, 1, 'bob@example.test', 1, 1000);"
	    "INSERT INTO conversation (id, kind, key, title, person) VALUES (1, 0, '1', 'Bob', 1);"
	    "INSERT INTO message (id, conversation, account, channel, direction, time, sender, preview, "
	    "state) VALUES (1, 1, 1, 1, 0, 5000, 1, 'hello', 0);"
	    "INSERT INTO body (message, text) VALUES (1, 'hello'); PRAGMA user_version = 1");
}

static void a_verb_brings_an_old_database_up_and_goes_on(void **state)
{
	CliDesk *desk = *state;

	make_old(desk);
	assert_int_equal(cli_desk_run(desk, NULL, "list", NULL), 0);
	assert_non_null(strstr(desk->out, "Bob"));
	assert_string_equal(desk->err, ""); /* it took no time */
}

static void a_verb_says_who_stands_in_the_way(void **state)
{
	CliDesk *desk = *state;
	sqlite3 *db = NULL;

	make_old(desk);
	assert_int_equal(sqlite3_open(desk->tmp->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT count(*) FROM message", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(cli_desk_run(desk, NULL, "list", NULL), SN_EXIT_FAILED);
	assert_true(cli_desk_said(desk, "another sennit has it open"));
	assert_string_equal(desk->out, "");
	sqlite3_close(db);
	assert_int_equal(cli_desk_run(desk, NULL, "list", NULL), 0);
}

static void the_doctor_brings_it_up_too(void **state)
{
	CliDesk *desk = *state;

	make_old(desk);
	cli_desk_run(desk, NULL, "doctor", "--offline", NULL);
	assert_non_null(strstr(desk->out, "is sound"));
}

static void completion_leaves_it_alone(void **state)
{
	CliDesk *desk = *state;

	make_old(desk);
	cli_desk_run(desk, NULL, "__complete", "show", "b", NULL);
	assert_string_equal(desk->err, "");
	sql(desk->tmp->path, "CREATE TEMP TABLE t (v CHECK (v = 1));"
	                     "INSERT INTO t SELECT user_version FROM pragma_user_version");
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, cli_desk_setup, cli_desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_how_far_and_how_long),
		cmocka_unit_test(in_a_file_there_is_a_line_now_and_then),
		cmocka_unit_test(a_terminal_has_one_line_that_goes),
		cmocka_unit_test(ctrl_c_stops_it_and_nothing_else),
		DESK_TEST(a_verb_brings_an_old_database_up_and_goes_on),
		DESK_TEST(a_verb_says_who_stands_in_the_way),
		DESK_TEST(the_doctor_brings_it_up_too),
		DESK_TEST(completion_leaves_it_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
