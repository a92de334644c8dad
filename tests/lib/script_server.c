/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/script_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct sn_script_server {
	const char *const *scripts;
	int fd, stop_fd, go_fd;
	guint16 port;
	GThread *thread;
	GMutex lock;
	guint connections, failures;
	GString *heard;
};

typedef struct {
	SnScriptServer *server;
	int fd;
	const char *script;
	char buffer[4096];
	gsize start, end;
	GString *line;
	char tag[64];
} Connection;

/* FALSE: the server is being freed. */
static gboolean await(SnScriptServer *server, int fd, short events)
{
	struct pollfd fds[2] = { { server->stop_fd, POLLIN, 0 }, { fd, events, 0 } };

	while (poll(fds, fd < 0 ? 1 : 2, -1) < 0 && errno == EINTR)
		;
	return !fds[0].revents;
}

static gboolean send_all(Connection *c, const char *bytes, gsize length)
{
	while (length > 0) {
		if (!await(c->server, c->fd, POLLOUT))
			return FALSE;
		ssize_t sent = send(c->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EAGAIN)
			continue;
		if (sent <= 0)
			return FALSE;
		bytes += sent;
		length -= (gsize)sent;
	}
	return TRUE;
}

static int read_byte(Connection *c)
{
	if (c->start == c->end) {
		if (!await(c->server, c->fd, POLLIN))
			return -1;
		ssize_t got = recv(c->fd, c->buffer, sizeof c->buffer, 0);
		if (got <= 0)
			return -1;
		c->start = 0;
		c->end = (gsize)got;
	}
	return (unsigned char)c->buffer[c->start++];
}

static gboolean read_line(Connection *c)
{
	int byte;

	g_string_truncate(c->line, 0);
	while ((byte = read_byte(c)) >= 0 && byte != '\n')
		if (byte != '\r')
			g_string_append_c(c->line, (char)byte);
	if (byte < 0)
		return FALSE;
	g_strlcpy(c->tag, c->line->str, MIN(sizeof c->tag, strcspn(c->line->str, " ") + 1));
	g_mutex_lock(&c->server->lock);
	g_string_append_printf(c->server->heard, "%s\n", c->line->str);
	g_mutex_unlock(&c->server->lock);
	return TRUE;
}

static gboolean say(Connection *c, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "$T", -1);
	g_autofree char *joined = g_strjoinv(c->tag, parts);
	g_autofree char *full = g_strconcat(joined, "\r\n", NULL);

	return send_all(c, full, strlen(full));
}

static gboolean say_raw(Connection *c, const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (const char *s = text; *s; s++) {
		if (*s != '\\') {
			g_string_append_c(out, *s);
			continue;
		}
		s++;
		g_string_append_c(out, *s == 'r' ? '\r' : *s == 'n' ? '\n' : *s == '0' ? '\0' : *s);
	}
	return send_all(c, out->str, out->len);
}

static gboolean fill(Connection *c, const char *arguments)
{
	gint64 count = g_ascii_strtoll(arguments, NULL, 10);
	char block[4096];

	memset(block, strchr(arguments, ' ')[1], sizeof block);
	for (; count > 0; count -= (gint64)sizeof block)
		if (!send_all(c, block, (gsize)MIN(count, (gint64)sizeof block)))
			return FALSE;
	return TRUE;
}

static gboolean expect(Connection *c, const char *part)
{
	if (!read_line(c))
		return FALSE;
	if (strstr(c->line->str, part))
		return TRUE;
	g_mutex_lock(&c->server->lock);
	c->server->failures++;
	g_mutex_unlock(&c->server->lock);
	return FALSE;
}

static gboolean step(Connection *c, const char *line)
{
	const char *argument = line[0] && line[1] == ' ' ? line + 2 : "";

	switch (line[0]) {
	case 'S': return say(c, argument);
	case 'R': return say_raw(c, argument);
	case 'C': return expect(c, argument);
	case 'F': return fill(c, argument);
	case 'L':
		for (int n = atoi(argument); n > 0; n--)
			if (read_byte(c) < 0)
				return FALSE;
		return TRUE;
	case '*':
		while (read_line(c))
			if (!say(c, "$T OK done"))
				return FALSE;
		return FALSE;
	case 'W':
		return await(c->server, c->server->go_fd, POLLIN) &&
		       read(c->server->go_fd, &(guint64){ 0 }, 8) == 8;
	case 'H':
		while (await(c->server, -1, 0))
			;
		return FALSE;
	default: return FALSE; /* X */
	}
}

static gpointer serve(gpointer data)
{
	Connection *c = data;
	g_auto(GStrv) lines = g_strsplit(c->script, "\n", -1);

	c->line = g_string_new(NULL);
	for (char **line = lines; *line; line++)
		if (**line && !step(c, *line))
			break;
	close(c->fd);
	g_string_free(c->line, TRUE);
	g_free(c);
	return NULL;
}

static gpointer run(gpointer data)
{
	SnScriptServer *server = data;
	g_autoptr(GPtrArray) threads = g_ptr_array_new();
	guint next = 0;

	while (await(server, server->fd, POLLIN)) {
		int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		Connection *c = g_new0(Connection, 1);
		c->server = server;
		c->fd = fd;
		c->script = server->scripts[next];
		if (server->scripts[next + 1])
			next++;
		g_mutex_lock(&server->lock);
		server->connections++;
		g_mutex_unlock(&server->lock);
		g_ptr_array_add(threads, g_thread_new("script", serve, c));
	}
	for (guint i = 0; i < threads->len; i++)
		g_thread_join(threads->pdata[i]);
	return NULL;
}

SnScriptServer *sn_script_server_new(const char *const *scripts)
{
	SnScriptServer *server = g_new0(SnScriptServer, 1);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;

	server->scripts = scripts;
	server->heard = g_string_new(NULL);
	server->stop_fd = eventfd(0, EFD_CLOEXEC);
	server->go_fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_true(bind(server->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
		      listen(server->fd, 10) == 0 &&
		      getsockname(server->fd, (struct sockaddr *)&address, &length) == 0);
	server->port = ntohs(address.sin_port);
	server->thread = g_thread_new("script-server", run, server);
	return server;
}

void sn_script_server_free(SnScriptServer *server)
{
	guint64 one = 1;

	g_assert_true(write(server->stop_fd, &one, sizeof one) == sizeof one);
	g_thread_join(server->thread);
	close(server->fd);
	close(server->stop_fd);
	close(server->go_fd);
	g_string_free(server->heard, TRUE);
	g_free(server);
}

void sn_script_server_go(SnScriptServer *server)
{
	guint64 one = 1;

	g_assert_true(write(server->go_fd, &one, sizeof one) == sizeof one);
}

guint16 sn_script_server_port(SnScriptServer *server)
{
	return server->port;
}

guint sn_script_server_connections(SnScriptServer *server)
{
	g_mutex_lock(&server->lock);
	guint count = server->connections;
	g_mutex_unlock(&server->lock);
	return count;
}

guint sn_script_server_failures(SnScriptServer *server)
{
	g_mutex_lock(&server->lock);
	guint count = server->failures;
	g_mutex_unlock(&server->lock);
	return count;
}

char *sn_script_server_heard(SnScriptServer *server)
{
	g_mutex_lock(&server->lock);
	char *heard = g_strdup(server->heard->str);
	g_mutex_unlock(&server->lock);
	return heard;
}
