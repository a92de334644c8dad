/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Shared by the asking and the looking-up thread; whoever lets go last frees it. */
typedef struct {
	gatomicrefcount refs;
	char *host, *service;
	int done_fd;
	int result;
	struct addrinfo *found;
} Lookup;

static void unref(Lookup *lookup)
{
	if (!g_atomic_ref_count_dec(&lookup->refs))
		return;
	if (lookup->found)
		freeaddrinfo(lookup->found);
	close(lookup->done_fd);
	g_free(lookup->host);
	g_free(lookup->service);
	g_free(lookup);
}

static gpointer look_up(gpointer data)
{
	Lookup *lookup = data;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	uint64_t one = 1;

	lookup->result = getaddrinfo(lookup->host, lookup->service, &hints, &lookup->found);
	if (write(lookup->done_fd, &one, sizeof one) < 0)
		g_assert(errno == EAGAIN);
	unref(lookup);
	return NULL;
}

static struct addrinfo *literal(const char *host, const char *service)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found = NULL;

	return getaddrinfo(host, service, &hints, &found) == 0 ? found : NULL;
}

static struct addrinfo *collect(Lookup *lookup, int cancel_fd, int timeout_ms, GError **error)
{
	struct pollfd fds[2] = { { lookup->done_fd, POLLIN, 0 }, { cancel_fd, POLLIN, 0 } };
	gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	int ready;

	do {
		gint64 left = (end - g_get_monotonic_time()) / 1000;
		ready = poll(fds, 2, (int)MAX(left, 0));
	} while (ready < 0 && errno == EINTR);
	if (fds[1].revents) {
		g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED, "The connection was given up.");
		return NULL;
	}
	if (!fds[0].revents) {
		g_set_error(
			error, SN_ERROR, SN_ERROR_NETWORK,
			"The address of %s could not be found: the name server does not answer.",
			lookup->host);
		return NULL;
	}
	if (lookup->result != 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_NETWORK,
			    "The address of %s could not be found: %s.", lookup->host,
			    lookup->result == EAI_SYSTEM ? g_strerror(errno)
							 : gai_strerror(lookup->result));
		return NULL;
	}
	return g_steal_pointer(&lookup->found);
}

struct addrinfo *sn_resolve(const char *host, guint16 port, int cancel_fd, int timeout_ms,
			    GError **error)
{
	g_autofree char *service = g_strdup_printf("%u", port);
	struct addrinfo *found = literal(host, service);

	if (found)
		return found;
	Lookup *lookup = g_new0(Lookup, 1);
	g_atomic_ref_count_init(&lookup->refs);
	g_atomic_ref_count_inc(&lookup->refs);
	lookup->host = g_strdup(host);
	lookup->service = g_steal_pointer(&service);
	lookup->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	g_assert(lookup->done_fd >= 0);
	g_thread_unref(g_thread_new("resolver", look_up, lookup));
	found = collect(lookup, cancel_fd, timeout_ms, error);
	unref(lookup);
	return found;
}
