/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/mail_desk.h"

#include <string.h>

static char *give_secret(gpointer data, gboolean want_token, GError **error)
{
	if (!data)
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH, "No password is stored.");
	return g_strdup(data);
}

static void free_secret(char *secret)
{
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

SnLinkSpec sn_test_link(const char *host, guint16 port, int tls, const char *user,
			const char *secret, const char *ca_file)
{
	SnLinkSpec link = { .host = host,
			    .port = port,
			    .tls = tls,
			    .user = user,
			    .ca_file = ca_file,
			    .secret = { give_secret, free_secret, (gpointer)secret } };
	return link;
}

SnMailDesk *sn_mail_desk_new(const SnMailSourceOps *ops, const SnLinkSpec *link, const char *path)
{
	SnMailDesk *desk = g_new0(SnMailDesk, 1);
	g_autoptr(GError) error = NULL;

	desk->queue = sn_queue_new((GDestroyNotify)sn_mail_event_free, 8 << 20);
	desk->past = g_ptr_array_new_with_free_func((GDestroyNotify)sn_mail_event_free);
	desk->ops = ops;
	desk->source = ops->create(link, path, desk->queue, desk, &error);
	g_assert_no_error(error);
	return desk;
}

void sn_mail_desk_free(SnMailDesk *desk)
{
	desk->ops->destroy(&desk->source);
	g_assert_null(desk->source);
	sn_queue_unref(desk->queue);
	g_ptr_array_unref(desk->past);
	g_free(desk);
}

SnMailRequest *sn_mail_desk_request(SnMailDesk *desk, SnMailRequestKind kind, const char *folder)
{
	SnMailRequest *request = sn_mail_request_new(kind, ++desk->next_id);

	request->folder = g_strdup(folder);
	return request;
}

static gboolean is_end(const SnMailEvent *event)
{
	return event->kind == SN_EVENT_DONE || event->kind == SN_EVENT_ERROR ||
	       event->kind == SN_EVENT_CANCELLED;
}

static const SnMailEvent *collect(SnMailDesk *desk, gint64 deadline)
{
	gint64 left = (deadline - g_get_monotonic_time()) / 1000;
	SnMailEvent *event = sn_queue_wait(desk->queue, (int)MAX(left, 0));

	if (event) {
		g_assert_true(event->owner == desk);
		g_ptr_array_add(desk->past, event);
	}
	return event;
}

static gint64 deadline_after(int seconds)
{
	return g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
}

const SnMailEvent *sn_mail_desk_end(SnMailDesk *desk, guint64 id, int seconds)
{
	gint64 deadline = deadline_after(seconds);

	for (guint i = 0;; i++) {
		const SnMailEvent *event = i < desk->past->len ? g_ptr_array_index(desk->past, i)
							       : collect(desk, deadline);
		if (!event || (event->id == id && is_end(event)))
			return event;
	}
}

const SnMailEvent *sn_mail_desk_run(SnMailDesk *desk, SnMailRequest *request)
{
	guint64 id = request->id;

	desk->ops->submit(desk->source, request);
	const SnMailEvent *end = sn_mail_desk_end(desk, id, 60);
	g_assert_nonnull(end);
	return end;
}

const SnMailEvent *sn_mail_desk_line(SnMailDesk *desk, SnLineState state, int seconds)
{
	gint64 deadline = deadline_after(seconds);
	const SnMailEvent *event;

	while ((event = collect(desk, deadline)))
		if (event->kind == SN_EVENT_LINE && event->line == state)
			break;
	return event;
}

const SnMailEvent *sn_mail_desk_next(SnMailDesk *desk, guint from, int kind, const char *folder,
				     int seconds)
{
	gint64 deadline = deadline_after(seconds);

	for (guint i = from;; i++) {
		const SnMailEvent *event = i < desk->past->len ? g_ptr_array_index(desk->past, i)
							       : collect(desk, deadline);
		if (!event ||
		    (event->kind == kind && (!folder || g_strcmp0(event->folder, folder) == 0)))
			return event;
	}
}

const SnMailEvent *sn_mail_desk_event(SnMailDesk *desk, guint64 id, int kind, guint index)
{
	for (guint i = 0; i < desk->past->len; i++) {
		const SnMailEvent *event = g_ptr_array_index(desk->past, i);
		if (event->id == id && event->kind == kind && index-- == 0)
			return event;
	}
	return NULL;
}

guint sn_mail_desk_count(SnMailDesk *desk, guint64 id, int kind)
{
	guint count = 0;

	while (sn_mail_desk_event(desk, id, kind, count))
		count++;
	return count;
}

SnSendEvent *sn_test_send(const SnMailTransportOps *ops, const SnLinkSpec *link,
			  const char *command, SnSendRequest *request)
{
	SnQueue *queue = sn_queue_new((GDestroyNotify)sn_send_event_free, 0);
	g_autoptr(GError) error = NULL;
	SnMailTransport *transport = ops->create(link, command, queue, queue, &error);

	g_assert_no_error(error);
	if (request)
		ops->submit(transport, request);
	else
		ops->probe(transport, 1);
	SnSendEvent *event = sn_queue_wait(queue, 60000);
	g_assert_nonnull(event);
	g_assert_cmpuint(event->id, ==, 1);
	ops->destroy(&transport);
	g_assert_null(transport);
	sn_queue_unref(queue);
	return event;
}

SnSendRequest *sn_test_message(const char *from, const char *const *to, const char *text)
{
	SnSendRequest *request = sn_send_request_new(1);

	request->from = g_strdup(from);
	for (; *to; to++)
		g_ptr_array_add(request->to, g_strdup(*to));
	request->raw = g_bytes_new(text, strlen(text));
	return request;
}
