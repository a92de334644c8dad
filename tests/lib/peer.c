/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/peer.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct peer {
	GPid pid;
	int in, out;
	GString *read; /* not yet a whole line */
};

static gboolean is_installed(void)
{
	const char *argv[] = { "/usr/bin/python3", "-c", "import slixmpp", NULL };
	int status = -1;

	return g_spawn_sync(NULL, (char **)argv, NULL,
	                    G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
	                    NULL, NULL, &status, NULL) &&
	       g_spawn_check_wait_status(status, NULL);
}

Peer *peer_new(const SnServers *servers, const char *jid)
{
	g_autofree char *script =
		g_build_filename(g_getenv("TOP_SRCDIR"), "tests", "e2e", "peer.py", NULL);
	g_autofree char *port = g_strdup_printf("%d", servers->xmpp);
	g_autofree char *user = g_strndup(jid, strcspn(jid, "@"));
	g_autofree char *password = g_strconcat(user, "-secret", NULL);
	const char *argv[] = { "/usr/bin/python3", script, "127.0.0.1", port, servers->ca_file, jid,
		               password, NULL };
	g_autoptr(GError) error = NULL;
	Peer *peer;

	if (!is_installed())
		return NULL;
	peer = g_new0(Peer, 1);
	peer->read = g_string_new(NULL);
	if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
	                              G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
	                              NULL, &peer->pid, &peer->in, &peer->out, NULL, &error))
		g_error("%s", error->message);
	g_autofree char *online = peer_wait(peer, "\"online\"", 30);
	if (!online)
		g_error("the other client does not come on line");
	return peer;
}

void peer_free(Peer *peer)
{
	if (!peer)
		return;
	close(peer->in); /* it ends with its input */
	for (int i = 0; i < 100 && waitpid(peer->pid, NULL, WNOHANG) == 0; i++) {
		if (i == 50)
			kill(peer->pid, SIGKILL);
		g_usleep(50 * 1000);
	}
	close(peer->out);
	g_string_free(peer->read, TRUE);
	g_free(peer);
}

static void order(Peer *peer, const char *line)
{
	gsize left = strlen(line);

	for (ssize_t done; left > 0 && (done = write(peer->in, line, left)) > 0; line += done)
		left -= (gsize)done;
	g_assert(left == 0);
}

void peer_send(Peer *peer, const char *to, const char *body)
{
	g_autofree char *line = g_strdup_printf(
		"{\"do\": \"send\", \"to\": \"%s\", \"body\": \"%s\"}\n", to, body);

	g_assert(!strpbrk(body, "\"\\\n"));
	order(peer, line);
}

void peer_presence(Peer *peer, const char *show, const char *status, int priority)
{
	g_autofree char *word = show ? g_strdup_printf("\"%s\"", show) : g_strdup("null");
	g_autofree char *line = g_strdup_printf("{\"do\": \"presence\", \"show\": %s, \"status\": "
	                                        "\"%s\", \"priority\": %d}\n",
	                                        word, status ? status : "", priority);

	order(peer, line);
}

static char *next_line(Peer *peer)
{
	char *end = strchr(peer->read->str, '\n');
	char *line = end ? g_strndup(peer->read->str, (gsize)(end - peer->read->str)) : NULL;

	if (end)
		g_string_erase(peer->read, 0, end - peer->read->str + 1);
	return line;
}

char *peer_wait(Peer *peer, const char *text, int seconds)
{
	gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;

	for (;;) {
		for (char *line; (line = next_line(peer)); g_free(line))
			if (strstr(line, text))
				return line;
		gint64 left = (end - g_get_monotonic_time()) / 1000;
		struct pollfd fd = { peer->out, POLLIN, 0 };
		char buffer[4096];
		ssize_t got = left > 0 && poll(&fd, 1, (int)left) > 0
		                      ? read(peer->out, buffer, sizeof buffer)
		                      : 0;
		if (got <= 0)
			return NULL;
		g_string_append_len(peer->read, buffer, got);
	}
}
