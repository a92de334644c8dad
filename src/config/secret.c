/* SPDX-License-Identifier: GPL-3.0-or-later */
/* secret.c - passwords and tokens from a command or the desktop's secret service. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/config/config.h"
#include "src/config/secret_service.h"

enum { MAX_SECRET = 16 * 1024, TIMEOUT_SECONDS = 60 };

void sn_secret_free(char *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

/* In the child, between fork and exec: only async-signal-safe calls. */
static void prepare_child(gpointer data)
{
	sigset_t none;

	/* a session of its own: no terminal to draw a prompt on, and one group to end */
	setsid();
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Reads until end of file, a newline or a full buffer. FALSE when time is up. */
static gboolean read_line(int fd, char *buffer, gsize size, gint64 deadline)
{
	gsize used = 0;

	while (used + 1 < size && !memchr(buffer, '\n', used)) {
		struct pollfd poll_fd = { fd, POLLIN, 0 };
		gint64 left = (deadline - g_get_monotonic_time()) / 1000;
		int ready = left > 0 ? poll(&poll_fd, 1, (int)left) : 0;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return FALSE;
		ssize_t got = read(fd, buffer + used, size - 1 - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (gsize)got;
	}
	buffer[used] = '\0';
	return TRUE;
}

/* Waits for the child until the deadline, then ends its group. FALSE when time was up. */
static gboolean reap(GPid pid, int *status, gint64 deadline)
{
	gboolean in_time = TRUE;

	/* no blocking wait with a time limit exists; the command has closed its output by now, so it
	 * ends at once in all but odd cases */
	for (guint delay = 1000; waitpid(pid, status, WNOHANG) == 0; delay = MIN(delay * 2, 100000)) {
		if (g_get_monotonic_time() >= deadline) {
			kill(-pid, SIGKILL);
			waitpid(pid, status, 0);
			in_time = FALSE;
			break;
		}
		g_usleep(delay);
	}
	return in_time;
}

/* Closing the pipe after the first line may end the command, or what its shell runs, by SIGPIPE: that
 * is fine. */
static gboolean ended_well(int status)
{
	return WIFEXITED(status) ?
		WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 128 + SIGPIPE :
		WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE;
}

/* FALSE with what went wrong; never with what the command printed. */
static gboolean judge(const char *program, gboolean in_time, int status, int timeout_ms,
                      GError **error)
{
	if (!in_time)
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
		            "The password command '%s' took longer than %d seconds", program,
		            timeout_ms / 1000);
	else if (!ended_well(status))
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
		            "The password command '%s' failed (%s %d)", program,
		            WIFEXITED(status) ? "exit code" : "signal",
		            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return in_time && ended_well(status);
}

static gboolean spawn(char **argv, GPid *pid, int *in, int *out, GError **error)
{
	g_autoptr(GError) failed = NULL;
	GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD;

	g_assert(argv && argv[0]);
	if (!out)
		flags |= G_SPAWN_STDOUT_TO_DEV_NULL;
	if (g_spawn_async_with_pipes(NULL, argv, NULL, flags, prepare_child, NULL, pid, in, out, NULL,
	                             &failed))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_AUTH, "Cannot run the password command '%s': %s",
	            argv[0], failed->message);
	return FALSE;
}

char *sn_secret_command(char **argv, int timeout_ms, GError **error)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	char buffer[MAX_SECRET] = "";
	char *secret = NULL;
	int out, status = 0;
	GPid pid;

	if (!spawn(argv, &pid, NULL, &out, error))
		return NULL;
	gboolean in_time = read_line(out, buffer, sizeof buffer, deadline);
	close(out);
	if (!in_time)
		kill(-pid, SIGKILL);
	in_time = reap(pid, &status, deadline) && in_time;
	buffer[strcspn(buffer, "\r\n")] = '\0';
	if (!judge(argv[0], in_time, status, timeout_ms, error))
		;
	else if (!*buffer)
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
		            "The password command '%s' printed nothing in its first line", argv[0]);
	else
		secret = g_strdup(buffer);
	explicit_bzero(buffer, sizeof buffer);
	return secret;
}

gboolean sn_secret_feed(char **argv, const char *secret, int timeout_ms, GError **error)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	struct iovec parts[] = { { (void *)secret, strlen(secret) }, { (void *)"\n", 1 } };
	int in, status = 0;
	GPid pid;

	if (parts[0].iov_len >= MAX_SECRET) {
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH, "The secret is too long for '%s'", argv[0]);
		return FALSE;
	}
	if (!spawn(argv, &pid, &in, NULL, error))
		return FALSE;
	/* it fits into a pipe: nobody has to wait for the other */
	gboolean written = writev(in, parts, 2) == (ssize_t)(parts[0].iov_len + 1);
	close(in);
	gboolean in_time = reap(pid, &status, deadline);
	if (!judge(argv[0], in_time, status, timeout_ms, error))
		return FALSE;
	if (!written)
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
		            "The password command '%s' did not read what it got", argv[0]);
	return written;
}

const char *sn_endpoint_protocol(const SnEndpoint *endpoint)
{
	switch (endpoint->kind) {
	case SN_ENDPOINT_IMAP: return "imap";
	case SN_ENDPOINT_SMTP: return "smtp";
	case SN_ENDPOINT_XMPP: return "xmpp";
	case SN_ENDPOINT_MAILDIR: return "maildir";
	case SN_ENDPOINT_SENDMAIL: return "sendmail";
	case SN_ENDPOINT_NONE: break;
	}
	return "";
}

char *sn_secret_get(const SnEndpoint *endpoint, GError **error)
{
	char **command = endpoint->oauth2_command ? endpoint->oauth2_command :
	                                            endpoint->password_command;

	if (command)
		return sn_secret_command(command, TIMEOUT_SECONDS * 1000, error);
	return sn_secret_service_lookup(endpoint, error);
}
