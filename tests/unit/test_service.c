/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program as a service: what it tells the service manager, and what signals do to it. The
 * manager is this test: it holds the socket and reads the datagrams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/lock.h"
#include "src/config/config.h"
#include "src/service.h"
#include "tests/unit/engine_bench.h"

enum { PATIENCE_MS = 30000 };

typedef struct {
	char *dir, *profile, *socket_path;
	int socket, errors; /* read end of the program's stderr */
	char *journal;      /* dev:ino of its write end */
	GPid pid;
} Manager;

static int set_up(void **state)
{
	Manager *self = g_new0(Manager, 1);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	self->dir = g_dir_make_tmp("sennit-service-XXXXXX", NULL);
	self->profile = g_build_filename(self->dir, "profile", NULL);
	self->socket_path = g_build_filename(self->dir, "notify", NULL);
	self->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	g_strlcpy(address.sun_path, self->socket_path, sizeof address.sun_path);
	assert_int_equal(bind(self->socket, (struct sockaddr *)&address, sizeof address), 0);
	g_autofree char *mail = g_build_filename(self->dir, "mail", "cur", NULL);
	g_autofree char *accounts = g_build_filename(self->profile, "accounts.conf", NULL);
	g_autofree char *text = g_strdup_printf(
		"[home]\nfrom = Alice <alice@example.test>\nsource = maildir://%s/mail\n", self->dir);
	assert_int_equal(g_mkdir_with_parents(mail, 0700), 0);
	assert_int_equal(g_mkdir_with_parents(self->profile, 0700), 0);
	assert_true(g_file_set_contents_full(accounts, text, -1, 0, 0600, NULL));
	*state = self;
	return 0;
}

static int tear_down(void **state)
{
	Manager *self = *state;

	if (self->pid) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	close(self->socket);
	if (self->errors)
		close(self->errors);
	sn_bench_remove(self->dir);
	g_free(self->dir);
	g_free(self->profile);
	g_free(self->socket_path);
	g_free(self->journal);
	g_free(self);
	return 0;
}

static char *program(void)
{
	const char *build = g_getenv("TOP_BUILDDIR");

	return g_build_filename(build ? build : ".", "sennit", NULL);
}

/* Starts `sennit engine`; option: NULL for none. settings: more of the environment, NULL-ended. */
static void start(Manager *self, const char *option, const char *const *settings)
{
	g_autofree char *sennit = program();
	const char *argv[] = { sennit, "-c", self->profile, "engine", option, NULL };
	g_auto(GStrv) env = g_environ_setenv(g_get_environ(), "NOTIFY_SOCKET", self->socket_path, TRUE);
	int ends[2];
	struct stat status;
	g_autoptr(GError) error = NULL;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fstat(ends[1], &status), 0);
	self->journal = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
	                                (guint64)status.st_dev, (guint64)status.st_ino);
	env = g_environ_setenv(env, "JOURNAL_STREAM", self->journal, TRUE);
	for (; settings && settings[0]; settings += 2)
		env = g_environ_setenv(env, settings[0], settings[1], TRUE);
	if (!g_spawn_async_with_fds(NULL, (char **)argv, env, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
	                            &self->pid, -1, -1, ends[1], &error))
		fail_msg("%s", error->message);
	close(ends[1]);
	self->errors = ends[0];
}

static gboolean readable(int fd, gint64 end)
{
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	gint64 left = (end - g_get_monotonic_time()) / 1000;

	return left > 0 && poll(&poll_fd, 1, (int)left) > 0;
}

/* The next datagram that holds `part`; those before are dropped. Fails the test without one. */
static char *hear(Manager *self, const char *part)
{
	gint64 end = g_get_monotonic_time() + (gint64)PATIENCE_MS * 1000;
	g_autoptr(GString) heard = g_string_new(NULL);

	while (readable(self->socket, end)) {
		char text[1000];
		ssize_t length = recv(self->socket, text, sizeof text - 1, 0);
		assert_true(length > 0);
		text[length] = '\0';
		if (strstr(text, part))
			return g_strdup(text);
		g_string_append_printf(heard, "|%s", text);
	}
	fail_msg("\"%s\" was not told; %s", part, heard->str);
	return NULL;
}

static gboolean silent(Manager *self)
{
	return !readable(self->socket, g_get_monotonic_time() + 300 * 1000);
}

/* Exit code; -1 when a signal ended it. */
static int end(Manager *self)
{
	int status = 0;

	for (int tries = 0; tries < PATIENCE_MS / 10; tries++) {
		if (waitpid(self->pid, &status, WNOHANG) == self->pid) {
			self->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
		g_usleep(10000);
	}
	fail_msg("it does not end");
	return -1;
}

/* All that the program said to stderr; after its end. */
static char *errors_of(Manager *self)
{
	GString *text = g_string_new(NULL);
	char some[1000];
	ssize_t length;

	while ((length = read(self->errors, some, sizeof some)) > 0)
		g_string_append_len(text, some, length);
	return g_string_free(text, FALSE);
}

static int run(const Manager *self, const char *verb, const char *option)
{
	g_autofree char *sennit = program();
	const char *argv[] = { sennit, "-c", self->profile, verb, option, NULL };
	int status = 0;

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
	                         NULL, NULL, &status, NULL));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void it_tells_when_it_is_ready_and_when_it_ends(void **state)
{
	Manager *self = *state;

	start(self, NULL, NULL);
	g_autofree char *ready = hear(self, "READY=1");
	assert_non_null(strstr(ready, "STATUS=Syncing and delivering."));
	/* clients come and go meanwhile */
	assert_int_equal(run(self, "list", "--json"), 0);
	assert_int_equal(run(self, "outbox", "--json"), 0);
	assert_int_equal(kill(self->pid, SIGTERM), 0);
	g_free(hear(self, "STOPPING=1"));
	assert_int_equal(end(self), 0);
	g_autofree char *errors = errors_of(self);
	assert_string_equal(errors, "");
	/* the profile is free again */
	g_autoptr(SnPaths) paths = sn_paths_new(self->profile, NULL);
	assert_true(g_file_test(paths->lock_path, G_FILE_TEST_EXISTS));
	assert_int_equal(sn_lock_holder(paths->lock_path), 0);
}

static void a_hang_up_reads_the_configuration_again(void **state)
{
	Manager *self = *state;
	g_autofree char *settings = g_build_filename(self->profile, "sennit.conf", NULL);

	start(self, NULL, NULL);
	g_free(hear(self, "READY=1"));
	assert_true(g_file_set_contents(settings, "[delivery]\nretry = 7m\n", -1, NULL));
	assert_int_equal(kill(self->pid, SIGHUP), 0);
	g_autofree char *reloading = hear(self, "RELOADING=1");
	assert_non_null(strstr(reloading, "MONOTONIC_USEC="));
	g_free(hear(self, "READY=1"));
	/* a wrong one is said, with a level that the journal reads, and the old one stays */
	assert_true(g_file_set_contents(settings, "[delivery]\nretry = often\n", -1, NULL));
	assert_int_equal(kill(self->pid, SIGHUP), 0);
	g_free(hear(self, "READY=1"));
	assert_int_equal(kill(self->pid, SIGINT), 0);
	assert_int_equal(end(self), 0);
	g_autofree char *errors = errors_of(self);
	assert_true(g_str_has_prefix(errors, "<4>The old configuration stays"));
	assert_null(strstr(errors, "sennit:"));
}

static void the_watchdog_gets_a_sign_of_life(void **state)
{
	Manager *self = *state;
	static const char *const often[] = { "WATCHDOG_USEC", "200000", NULL };

	start(self, NULL, often);
	g_free(hear(self, "READY=1"));
	for (int i = 0; i < 3; i++)
		g_free(hear(self, "WATCHDOG=1"));
}

static void the_watchdog_of_another_process_is_not_fed(void **state)
{
	Manager *self = *state;
	static const char *const other[] = { "WATCHDOG_USEC", "50000", "WATCHDOG_PID", "1", NULL };

	start(self, NULL, other);
	g_free(hear(self, "READY=1"));
	assert_true(silent(self));
}

static void it_takes_over_when_the_engine_of_a_client_ends(void **state)
{
	Manager *self = *state;
	g_autoptr(GError) error = NULL;
	g_autofree char *home = g_strdup(self->profile);
	g_autoptr(SnPaths) paths = sn_paths_new(home, &error);
	SnLock *lock = sn_lock_take(paths->lock_path, &error);

	assert_non_null(lock);
	start(self, "--wait", NULL);
	g_autofree char *waiting = hear(self, "READY=1");
	assert_non_null(strstr(waiting, "STATUS=Waiting: a client runs the engine."));
	assert_true(silent(self));
	sn_lock_release(lock);
	g_autofree char *ready = hear(self, "READY=1");
	assert_non_null(strstr(ready, "STATUS=Syncing and delivering."));
	assert_int_equal(kill(self->pid, SIGTERM), 0);
	assert_int_equal(end(self), 0);
}

static void without_waiting_a_second_engine_fails(void **state)
{
	Manager *self = *state;
	g_autoptr(SnPaths) paths = sn_paths_new(self->profile, NULL);
	SnLock *lock = sn_lock_take(paths->lock_path, NULL);

	start(self, NULL, NULL);
	assert_int_equal(end(self), 1);
	assert_true(silent(self));
	sn_lock_release(lock);
}

static void it_can_be_ended_while_it_waits(void **state)
{
	Manager *self = *state;
	g_autoptr(SnPaths) paths = sn_paths_new(self->profile, NULL);
	SnLock *lock = sn_lock_take(paths->lock_path, NULL);

	start(self, "--wait", NULL);
	g_free(hear(self, "READY=1"));
	assert_int_equal(kill(self->pid, SIGTERM), 0);
	assert_int_equal(end(self), 0);
	sn_lock_release(lock);
}

static void a_wrong_configuration_ends_with_the_code_that_is_not_restarted(void **state)
{
	Manager *self = *state;
	g_autofree char *settings = g_build_filename(self->profile, "sennit.conf", NULL);

	assert_true(g_file_set_contents(settings, "[delivery]\nretry = often\n", -1, NULL));
	start(self, NULL, NULL);
	assert_int_equal(end(self), 2);
}

/* Without a manager, and with an address that is none, nothing happens. */
static void nobody_need_listen(void **state)
{
	static const char *const bad[] = { "", "/", "relative", "/nonexistent/notify", "@" };

	g_unsetenv("NOTIFY_SOCKET");
	assert_false(sn_service_notify("READY=1"));
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_setenv("NOTIFY_SOCKET", bad[i], TRUE);
		assert_false(sn_service_notify("READY=1"));
	}
	g_autofree char *longest = g_strnfill(200, 'x');
	longest[0] = '/';
	g_setenv("NOTIFY_SOCKET", longest, TRUE);
	assert_false(sn_service_notify("READY=1"));
	g_unsetenv("NOTIFY_SOCKET");
	static const char *const times[] = { "", "x", "-5", "99999999999999999999" };
	for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
		g_setenv("WATCHDOG_USEC", times[i], TRUE);
		assert_int_equal(sn_service_watchdog(), 0);
	}
	g_setenv("WATCHDOG_USEC", "120000000", TRUE);
	assert_int_equal(sn_service_watchdog(), 60000);
	g_setenv("WATCHDOG_PID", "x", TRUE);
	assert_int_equal(sn_service_watchdog(), 0);
	g_unsetenv("WATCHDOG_USEC");
	g_unsetenv("WATCHDOG_PID");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_tells_when_it_is_ready_and_when_it_ends),
		T(a_hang_up_reads_the_configuration_again),
		T(the_watchdog_gets_a_sign_of_life),
		T(the_watchdog_of_another_process_is_not_fed),
		T(it_takes_over_when_the_engine_of_a_client_ends),
		T(without_waiting_a_second_engine_fails),
		T(it_can_be_ended_while_it_waits),
		T(a_wrong_configuration_ends_with_the_code_that_is_not_restarted),
		cmocka_unit_test(nobody_need_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
