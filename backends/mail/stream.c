/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/mail/resolve.h"
#include "backends/mail/stream_private.h"

#define DEFAULT_TIMEOUT_MS 60000
/* An unanswered byte for this long means the line is dead, also while nobody waits for an answer.
 */
#define DEAD_LINE_MS 90000

SnStream *sn_stream_new(int cancel_fd)
{
	SnStream *stream = g_new0(SnStream, 1);

	g_assert(cancel_fd >= 0);
	stream->fd = -1;
	stream->cancel_fd = cancel_fd;
	stream->timeout_ms = DEFAULT_TIMEOUT_MS;
	return stream;
}

void sn_stream_free(SnStream *stream)
{
	if (!stream)
		return;
	sn_stream_tls_close(stream);
	sn_stream_deflate_free(stream);
	if (stream->fd >= 0)
		close(stream->fd);
	g_clear_error(&stream->error);
	g_free(stream->host);
	g_free(stream);
}

void sn_stream_thread_init(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void sn_stream_fail(SnStream *stream, int code, const char *format, ...)
{
	va_list arguments;

	if (stream->error)
		return;
	va_start(arguments, format);
	stream->error = g_error_new_valist(SN_ERROR, code, format, arguments);
	va_end(arguments);
}

const GError *sn_stream_error(SnStream *stream)
{
	return stream->error;
}

gboolean sn_stream_give_error(SnStream *stream, GError **error)
{
	g_assert(stream->error);
	if (error && !*error)
		*error = g_error_copy(stream->error);
	return FALSE;
}

gint64 sn_stream_deadline(int timeout_ms)
{
	return g_get_monotonic_time() + (gint64)timeout_ms * 1000;
}

gboolean sn_stream_await(SnStream *stream, short events, gint64 deadline)
{
	struct pollfd fds[2] = { { stream->fd, events, 0 }, { stream->cancel_fd, POLLIN, 0 } };

	if (stream->no_wait)
		return FALSE;
	for (;;) {
		gint64 left = (deadline - g_get_monotonic_time() + 999) / 1000;
		int ready = poll(fds, 2, (int)CLAMP(left, 0, G_MAXINT));
		if (ready < 0 && errno == EINTR)
			continue;
		if (fds[1].revents) {
			sn_stream_fail(stream, SN_ERROR_CANCELLED, "The connection was given up.");
			return FALSE;
		}
		if (ready == 0) {
			sn_stream_fail(stream, SN_ERROR_NETWORK, "%s does not answer.",
				       stream->host);
			return FALSE;
		}
		if (ready < 0) {
			sn_stream_fail(stream, SN_ERROR_NETWORK, "Waiting for %s failed: %s.",
				       stream->host, g_strerror(errno));
			return FALSE;
		}
		return TRUE;
	}
}

/* 0 or the errno of the attempt. */
static int try_address(SnStream *stream, const struct addrinfo *address, gint64 deadline)
{
	stream->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (stream->fd < 0)
		return errno;
	if (connect(stream->fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (!sn_stream_await(stream, POLLOUT, deadline))
		return ETIMEDOUT;
	int failure = 0;
	socklen_t length = sizeof failure;
	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &failure, &length) < 0)
		return errno;
	return failure;
}

static void set_options(int fd)
{
	int one = 1, idle = 120, interval = 30, probes = 3; /* seconds */
	unsigned int dead = DEAD_LINE_MS;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	/* the kernel asks, so that a line where nothing is said is known to be alive, and routers
	 * in between keep it */
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead, sizeof dead);
}

/* Each address gets an equal share of the time left, so that one dead address is survived. */
static int try_all(SnStream *stream, const struct addrinfo *found, gint64 deadline)
{
	int failure = EHOSTUNREACH, count = 0;

	for (const struct addrinfo *a = found; a; a = a->ai_next)
		count++;
	for (const struct addrinfo *a = found; a; a = a->ai_next, count--) {
		gint64 now = g_get_monotonic_time();
		failure = try_address(stream, a, now + MAX(deadline - now, 0) / count);
		if (failure == 0)
			return 0;
		if (stream->fd >= 0)
			close(stream->fd);
		stream->fd = -1;
		if (g_error_matches(stream->error, SN_ERROR, SN_ERROR_CANCELLED))
			return ECANCELED;
		g_clear_error(&stream->error);
	}
	return failure;
}

gboolean sn_stream_connect(SnStream *stream, const char *host, guint16 port, int timeout_ms,
			   GError **error)
{
	gint64 deadline = sn_stream_deadline(timeout_ms);

	g_assert(stream->fd < 0 && port > 0);
	g_free(stream->host);
	stream->host = g_strdup(host);
	g_autofree char *ascii = g_hostname_to_ascii(host);
	struct addrinfo *found = sn_resolve(ascii ? ascii : host, port, stream->cancel_fd,
					    timeout_ms, &stream->error);
	if (!found)
		return sn_stream_give_error(stream, error);
	int failure = try_all(stream, found, deadline);
	freeaddrinfo(found);
	if (failure != 0) {
		sn_stream_fail(stream, SN_ERROR_NETWORK, "Cannot connect to %s port %u: %s.", host,
			       port, g_strerror(failure));
		return sn_stream_give_error(stream, error);
	}
	set_options(stream->fd);
	return TRUE;
}

void sn_stream_set_guard(SnStream *stream, const SnGuard *guard)
{
	stream->guard = *guard;
	stream->guarded = TRUE;
}

void sn_stream_set_timeout(SnStream *stream, int timeout_ms)
{
	stream->timeout_ms = timeout_ms;
}

/* A peer that leaves with something unread of ours is seen as a reset or as an end: by chance. */
static void broke(SnStream *stream, int failure)
{
	if (failure == 0 || failure == ECONNRESET || failure == EPIPE)
		sn_stream_fail(stream, SN_ERROR_NETWORK, "%s closed the connection.", stream->host);
	else
		sn_stream_fail(stream, SN_ERROR_NETWORK, "The connection to %s broke: %s.",
			       stream->host, g_strerror(failure));
}

static gssize plain_read(SnStream *stream, void *buffer, gsize size)
{
	gint64 deadline = sn_stream_deadline(stream->timeout_ms);

	for (;;) {
		gssize got = recv(stream->fd, buffer, size, 0);
		if (got > 0)
			return got;
		if (got == 0) {
			broke(stream, 0);
			return -1;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (!sn_stream_await(stream, POLLIN, deadline))
				return -1;
		} else if (errno != EINTR) {
			broke(stream, errno);
			return -1;
		}
	}
}

static gssize plain_write(SnStream *stream, const void *bytes, gsize length)
{
	gint64 deadline = sn_stream_deadline(stream->timeout_ms);

	for (;;) {
		gssize sent = send(stream->fd, bytes, length, MSG_NOSIGNAL);
		if (sent > 0)
			return sent;
		if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (!sn_stream_await(stream, POLLOUT, deadline))
				return -1;
		} else if (errno != EINTR) {
			broke(stream, errno);
			return -1;
		}
	}
}

/* A peer that sends without pause would otherwise keep the thread from noticing a stop. */
static gboolean is_cancelled(SnStream *stream)
{
	struct pollfd fd = { stream->cancel_fd, POLLIN, 0 };

	if (poll(&fd, 1, 0) <= 0)
		return FALSE;
	sn_stream_fail(stream, SN_ERROR_CANCELLED, "The connection was given up.");
	return TRUE;
}

gssize sn_stream_read_raw(SnStream *stream, void *buffer, gsize size)
{
	return stream->ssl ? sn_stream_tls_read(stream, buffer, size)
			   : plain_read(stream, buffer, size);
}

gssize sn_stream_read(SnStream *stream, void *buffer, gsize size)
{
	if (stream->error || is_cancelled(stream))
		return -1;
	g_assert(stream->fd >= 0 && size > 0);
	gssize got = stream->deflate ? sn_stream_inflate_read(stream, buffer, size)
				     : sn_stream_read_raw(stream, buffer, size);
	if (got <= 0 || !stream->guarded)
		return got;
	const char *wrong = sn_guard_feed(&stream->guard, buffer, (gsize)got);
	if (!wrong)
		return got;
	sn_stream_fail(stream, SN_ERROR_LIMIT, "%s %s; the connection was closed.", stream->host,
		       wrong);
	return -1;
}

gboolean sn_stream_write_raw(SnStream *stream, const void *bytes, gsize length)
{
	const char *at = bytes;

	while (length > 0) {
		if (stream->error || is_cancelled(stream))
			return FALSE;
		gssize sent = stream->ssl ? sn_stream_tls_write(stream, at, length)
					  : plain_write(stream, at, length);
		if (sent < 0)
			return FALSE;
		at += sent;
		length -= (gsize)sent;
	}
	return TRUE;
}

gboolean sn_stream_write(SnStream *stream, const void *bytes, gsize length)
{
	if (length == 0)
		return TRUE;
	return stream->deflate ? sn_stream_deflate_write(stream, bytes, length)
			       : sn_stream_write_raw(stream, bytes, length);
}

/* Bytes on the socket are not yet bytes to be read: they may be TLS's own (session tickets), or the
 * end of a compressed block. A reader that took them for some would wait for the rest. */
gboolean sn_stream_has_data(SnStream *stream)
{
	struct pollfd fd = { stream->fd, POLLIN, 0 };
	gboolean some;

	if (stream->error)
		return TRUE;
	stream->no_wait = TRUE;
	if (stream->deflate)
		some = sn_stream_inflate_more(stream);
	else
		some = stream->ssl ? sn_stream_tls_peek(stream) : poll(&fd, 1, 0) > 0;
	stream->no_wait = FALSE;
	return some || stream->error;
}

int sn_stream_fd(SnStream *stream)
{
	return stream->fd;
}

gboolean sn_stream_is_loopback(SnStream *stream)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof peer;

	if (getpeername(stream->fd, (struct sockaddr *)&peer, &length) < 0)
		return FALSE;
	if (peer.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)&peer;
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	}
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&peer;
	return peer.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}
