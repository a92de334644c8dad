/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1024 * 1024, LOOK_MS = 100, TEST_SECONDS = 5, EXIT_TRIES = 20, EXIT_US = 5000 };

/* In the child: no terminal, so it cannot draw over the screen; errors go where the output goes. */
static void beside_the_terminal(gpointer merge)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	setsid();
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
	if (merge)
		dup2(STDOUT_FILENO, STDERR_FILENO);
}

/* A file in memory: the program may read it as slowly as it likes, or not at all. */
static int input_file(GBytes *input)
{
	gsize length = 0, done = 0;
	const char *data = input ? g_bytes_get_data(input, &length) : NULL;
	int file = length ? memfd_create("input", MFD_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);

	while (file >= 0 && done < length) {
		ssize_t wrote = write(file, data + done, length - done);
		if (wrote < 0 && errno != EINTR)
			break;
		done += wrote > 0 ? (gsize)wrote : 0;
	}
	if (file >= 0 && length)
		lseek(file, 0, SEEK_SET);
	return file;
}

/* FALSE: it was stopped, or took too long. */
static gboolean read_output(int file, GString *output, gint64 until, const gint *stop)
{
	char buffer[8192];

	for (;;) {
		struct pollfd wait = { file, POLLIN, 0 };
		int ready = poll(&wait, 1, LOOK_MS);
		if ((stop && g_atomic_int_get(stop)) || g_get_monotonic_time() > until)
			return FALSE;
		if (ready <= 0)
			continue;
		ssize_t got = read(file, buffer, sizeof buffer);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || output->len >= OUTPUT_MAX)
			return TRUE;
		g_string_append_len(output, buffer, got);
	}
}

/* Its status; all that is left of its session is ended. */
static int end(GPid pid, gboolean at_once)
{
	int status = -1;

	g_assert(pid > 1);
	for (int i = 0; !at_once && i < EXIT_TRIES; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			kill(-pid, SIGKILL);
			return status;
		}
		g_usleep(EXIT_US);
	}
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Colours, and letters struck over themselves to be bold, as programs print for a terminal. */
static void take_out_escapes(GString *text)
{
	gsize out = 0;

	for (gsize at = 0; at < text->len; at++) {
		char c = text->str[at];
		if (c == '\b' && out > 0) {
			while (out > 0 && ((guchar)text->str[--out] & 0xc0) == 0x80)
				;
		} else if (c == '\033' && at + 1 < text->len && text->str[at + 1] == '[') {
			at += 2;
			while (at < text->len && (text->str[at] < '@' || text->str[at] > '~'))
				at++;
		} else {
			text->str[out++] = c;
		}
	}
	g_string_truncate(text, out);
}

char *sn_run_capture(const char *const *argv, GBytes *input, int seconds, const gint *stop,
                     GError **error)
{
	gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
	int in = input_file(input), pipe_fds[2] = { -1, -1 };
	GString *output = NULL;
	gboolean ended = FALSE;
	GPid pid = 0;

	if (in < 0 || pipe2(pipe_fds, O_CLOEXEC) != 0)
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "No program can be started: %s.",
		            g_strerror(errno));
	else if (g_spawn_async_with_fds(NULL, (char **)argv, NULL,
	                                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
	                                beside_the_terminal, GINT_TO_POINTER(1), &pid, in, pipe_fds[1],
	                                pipe_fds[1], error))
		output = g_string_new(NULL);
	if (in >= 0)
		close(in);
	if (pipe_fds[1] >= 0)
		close(pipe_fds[1]);
	if (output) {
		ended = read_output(pipe_fds[0], output, until, stop);
		end(pid, !ended || output->len >= OUTPUT_MAX);
	}
	if (pipe_fds[0] >= 0)
		close(pipe_fds[0]);
	if (output && !ended) {
		g_string_free(g_steal_pointer(&output), TRUE);
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "%s took longer than %d seconds.",
		            argv[0], seconds);
	}
	if (!output)
		return NULL;
	take_out_escapes(output);
	return g_string_free(output, FALSE);
}

gboolean sn_run_apart(const char *const *argv, GError **error)
{
	return g_spawn_async(NULL, (char **)argv, NULL,
	                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
	                     beside_the_terminal, NULL, NULL, error);
}

gboolean sn_run_test(const char *const *argv, const gint *stop)
{
	gint64 until = g_get_monotonic_time() + TEST_SECONDS * G_USEC_PER_SEC;
	GPid pid;
	int status;

	if (!g_spawn_async(NULL, (char **)argv, NULL,
	                   G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
	                           G_SPAWN_STDERR_TO_DEV_NULL,
	                   beside_the_terminal, NULL, &pid, NULL))
		return FALSE;
	while (g_get_monotonic_time() < until && !(stop && g_atomic_int_get(stop))) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0;
		g_usleep(EXIT_US);
	}
	end(pid, TRUE);
	return FALSE;
}
