/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a harmed decoder of pictures can still do: each attempt in a child that has confined itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/picture/confine.h"

enum { WENT = 0, UNKNOWN = 77 };

typedef struct {
	char *dir, *file;
	int open; /* descriptor of the file, for writing */
} Place;

static int set_up(void **state)
{
	Place *place = g_new0(Place, 1);

	place->dir = g_dir_make_tmp("sennit-confine-XXXXXX", NULL);
	place->file = g_build_filename(place->dir, "file", NULL);
	assert_true(g_file_set_contents(place->file, "as it was", -1, NULL));
	place->open = open(place->file, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(place->open >= 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	Place *place = *state;

	close(place->open);
	g_unlink(place->file);
	g_rmdir(place->dir);
	g_free(place->dir);
	g_free(place->file);
	g_free(place);
	return 0;
}

/* What became of the attempt in a confined child: WENT, or the errno. */
static int in_child(gboolean (*attempt)(const Place *place), const Place *place)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (!sn_confine())
			_exit(UNKNOWN);
		_exit(attempt(place) ? WENT : errno);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static gboolean connects(const Place *place)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static gboolean talks_beside(const Place *place)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static gboolean writes(const Place *place)
{
	return open(place->file, O_WRONLY) >= 0;
}

static gboolean makes(const Place *place)
{
	g_autofree char *path = g_build_filename(place->dir, "new", NULL);

	return open(path, O_RDONLY | O_CREAT, 0600) >= 0;
}

static gboolean empties(const Place *place)
{
	return truncate(place->file, 0) == 0;
}

static gboolean removes(const Place *place)
{
	return unlink(place->file) == 0;
}

static gboolean renames(const Place *place)
{
	return rename(place->file, place->dir) == 0;
}

static gboolean opens_to_others(const Place *place)
{
	return chmod(place->file, 0777) == 0;
}

static gboolean runs(const Place *place)
{
	char *const argv[] = { (char *)"true", NULL };

	return execv("/bin/true", argv) == 0;
}

static gboolean signals(const Place *place)
{
	return kill(getppid(), 0) == 0;
}

static gboolean traces(const Place *place)
{
	return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
}

static gboolean types(const Place *place)
{
	return ioctl(STDIN_FILENO, TIOCSTI, "x") == 0;
}

static void what_does_harm_outside_is_refused(void **state)
{
	static gboolean (*const attempts[])(const Place *place) = {
		connects, talks_beside, writes,  makes,   empties, removes,
		renames,  opens_to_others, runs, signals, traces,  types,
	};
	const Place *place = *state;
	g_autofree char *now = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(attempts); i++) {
		int result = in_child(attempts[i], place);
		if (result == UNKNOWN)
			skip();
		if (result != EPERM)
			print_message("attempt %zu: %d\n", i, result);
		assert_int_equal(result, EPERM);
	}
	assert_true(g_file_get_contents(place->file, &now, NULL, NULL));
	assert_string_equal(now, "as it was");
}

static gboolean reads(const Place *place)
{
	g_autofree char *text = NULL;

	return g_file_get_contents(place->file, &text, NULL, NULL) && g_str_equal(text, "as it was");
}

static gboolean writes_on(const Place *place)
{
	return write(place->open, ", and more", 10) == 10;
}

static gpointer nothing(gpointer data)
{
	return data;
}

static gboolean threads(const Place *place)
{
	return g_thread_join(g_thread_new("one", nothing, (gpointer)place)) == place;
}

static void what_showing_a_picture_takes_goes_on(void **state)
{
	static gboolean (*const needs[])(const Place *place) = { reads, threads, writes_on };
	const Place *place = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(needs); i++) {
		int result = in_child(needs[i], place);
		if (result == UNKNOWN)
			skip();
		assert_int_equal(result, WENT);
	}
}

static gboolean aborts(const Place *place)
{
	abort();
}

static void it_still_ends_when_it_fails(void **state)
{
	const Place *place = *state;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (!sn_confine())
			_exit(UNKNOWN);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core file of it */
		aborts(place);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == UNKNOWN)
		skip();
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_does_harm_outside_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_showing_a_picture_takes_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_still_ends_when_it_fails, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
