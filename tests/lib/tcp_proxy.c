/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/tcp_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PAIRS 64

typedef struct {
	int client, server; /* server -1: silent */
} Pair;

/* One thread does everything; the others change `mode`, `cut` and `stop` under the lock. */
struct tcp_proxy {
	GThread *thread;
	GMutex lock;
	int listener, wake;
	guint16 port, target;
	TcpMode mode;
	gboolean cut, stop;
	gint64 left; /* bytes until it cuts; -1: never */
	guint accepted;
	GArray *pairs; /* of Pair; the thread's */
};

static void close_pair(Pair *pair)
{
	close(pair->client);
	if (pair->server >= 0)
		close(pair->server);
}

static void close_all(TcpProxy *proxy)
{
	for (guint i = 0; i < proxy->pairs->len; i++)
		close_pair(&g_array_index(proxy->pairs, Pair, i));
	g_array_set_size(proxy->pairs, 0);
}

static struct sockaddr_in loopback(guint16 port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void take_connection(TcpProxy *proxy, TcpMode mode)
{
	Pair pair = { accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC), -1 };
	struct sockaddr_in to = loopback(proxy->target);

	if (pair.client < 0)
		return;
	g_mutex_lock(&proxy->lock);
	proxy->accepted++;
	g_mutex_unlock(&proxy->lock);
	if (mode == TCP_REFUSE || proxy->pairs->len >= MAX_PAIRS) {
		close(pair.client);
		return;
	}
	if (mode != TCP_SILENT) {
		pair.server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(pair.server, (struct sockaddr *)&to, sizeof to) != 0) {
			close_pair(&pair);
			return;
		}
	}
	g_array_append_val(proxy->pairs, pair);
}

/* How much of it may pass before the cut. */
static ssize_t take_from_left(TcpProxy *proxy, ssize_t length)
{
	g_mutex_lock(&proxy->lock);
	if (proxy->left >= 0) {
		length = MIN(length, (ssize_t)proxy->left);
		proxy->left -= length;
		if (proxy->left == 0) {
			proxy->cut = TRUE;
			proxy->left = -1;
		}
	}
	g_mutex_unlock(&proxy->lock);
	return length;
}

/* FALSE: that end is closed. */
static gboolean pass_on(TcpProxy *proxy, int from, int to, gboolean drop)
{
	char buffer[65536];
	ssize_t length = recv(from, buffer, sizeof buffer, 0);

	if (length <= 0)
		return FALSE;
	length = take_from_left(proxy, length);
	for (ssize_t done = 0; !drop && to >= 0 && done < length;) {
		ssize_t sent = send(to, buffer + done, (size_t)(length - done), MSG_NOSIGNAL);
		if (sent <= 0)
			return FALSE;
		done += sent;
	}
	return TRUE;
}

static void serve(TcpProxy *proxy, TcpMode mode, const struct pollfd *polls, guint count)
{
	/* backwards, because broken ones are taken out */
	for (guint i = count; i-- > 0;) {
		Pair *pair = &g_array_index(proxy->pairs, Pair, i);
		gboolean open = TRUE;
		if (polls[2 + 2 * i].revents)
			open = pass_on(proxy, pair->client, pair->server,
				       mode == TCP_DROP_UP || mode == TCP_DROP_BOTH);
		if (open && pair->server >= 0 && polls[3 + 2 * i].revents)
			open = pass_on(proxy, pair->server, pair->client,
				       mode == TCP_DROP_DOWN || mode == TCP_DROP_BOTH);
		if (!open) {
			close_pair(pair);
			g_array_remove_index(proxy->pairs, i);
		}
	}
}

static gpointer run(gpointer data)
{
	TcpProxy *proxy = data;

	for (;;) {
		struct pollfd polls[2 + 2 * MAX_PAIRS] = { { proxy->wake, POLLIN, 0 },
							   { proxy->listener, POLLIN, 0 } };
		guint count = proxy->pairs->len;
		for (guint i = 0; i < count; i++) {
			Pair *pair = &g_array_index(proxy->pairs, Pair, i);
			polls[2 + 2 * i] = (struct pollfd){ pair->client, POLLIN, 0 };
			polls[3 + 2 * i] = (struct pollfd){ pair->server, POLLIN, 0 };
		}
		g_mutex_lock(&proxy->lock);
		gboolean cut_now = proxy->cut; /* while it passed something on */
		g_mutex_unlock(&proxy->lock);
		poll(polls, 2 + 2 * count, cut_now ? 0 : -1);
		g_mutex_lock(&proxy->lock);
		TcpMode mode = proxy->mode;
		gboolean cut = proxy->cut, stop = proxy->stop;
		proxy->cut = FALSE;
		uint64_t value;
		if (polls[0].revents && read(proxy->wake, &value, sizeof value) < 0)
			g_assert(errno == EAGAIN);
		g_mutex_unlock(&proxy->lock);
		if (stop)
			return NULL;
		if (cut)
			close_all(proxy);
		else
			serve(proxy, mode, polls, count);
		if (polls[1].revents)
			take_connection(proxy, mode);
	}
}

TcpProxy *tcp_proxy_new(guint16 target_port)
{
	TcpProxy *proxy = g_new0(TcpProxy, 1);
	struct sockaddr_in address = loopback(0);
	socklen_t length = sizeof address;

	g_mutex_init(&proxy->lock);
	proxy->target = target_port;
	proxy->left = -1;
	proxy->pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
	proxy->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(proxy->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(proxy->listener, 16) != 0 ||
	    getsockname(proxy->listener, (struct sockaddr *)&address, &length) != 0)
		g_error("tcp_proxy: %s", g_strerror(errno));
	proxy->port = ntohs(address.sin_port);
	proxy->thread = g_thread_new("tcp-proxy", run, proxy);
	return proxy;
}

/* Caller holds the lock. */
static void wake(TcpProxy *proxy)
{
	uint64_t one = 1;

	if (write(proxy->wake, &one, sizeof one) != sizeof one)
		g_assert(errno == EAGAIN);
}

void tcp_proxy_free(TcpProxy *proxy)
{
	g_mutex_lock(&proxy->lock);
	proxy->stop = TRUE;
	wake(proxy);
	g_mutex_unlock(&proxy->lock);
	g_thread_join(proxy->thread);
	close_all(proxy);
	g_array_unref(proxy->pairs);
	close(proxy->listener);
	close(proxy->wake);
	g_mutex_clear(&proxy->lock);
	g_free(proxy);
}

guint16 tcp_proxy_port(TcpProxy *proxy)
{
	return proxy->port;
}

void tcp_proxy_set(TcpProxy *proxy, TcpMode mode)
{
	g_mutex_lock(&proxy->lock);
	proxy->mode = mode;
	wake(proxy);
	g_mutex_unlock(&proxy->lock);
}

void tcp_proxy_cut(TcpProxy *proxy)
{
	g_mutex_lock(&proxy->lock);
	proxy->cut = TRUE;
	wake(proxy);
	g_mutex_unlock(&proxy->lock);
}

void tcp_proxy_cut_after(TcpProxy *proxy, guint bytes)
{
	g_mutex_lock(&proxy->lock);
	proxy->left = bytes;
	g_mutex_unlock(&proxy->lock);
}

guint tcp_proxy_accepted(TcpProxy *proxy)
{
	g_mutex_lock(&proxy->lock);
	guint accepted = proxy->accepted;
	g_mutex_unlock(&proxy->lock);
	return accepted;
}
