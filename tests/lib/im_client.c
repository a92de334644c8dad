/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/im_client.h"

static char *password_of(gpointer data, gboolean want_token, GError **error)
{
	ImClient *client = data;

	client->asked++;
	return g_strdup(client->password);
}

static void free_password(char *password)
{
	g_free(password);
}

ImClient *im_client_new(const char *jid, const char *password, const char *host, guint16 port,
			int tls, const char *ca_file)
{
	ImClient *client = g_new0(ImClient, 1);
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) parts = g_strsplit(jid, "/", 2);

	client->password = g_strdup(password);
	client->events = sn_queue_new((GDestroyNotify)sn_im_event_free, 0);
	g_queue_init(&client->seen);
	SnLinkSpec link = { .connect_host = host,
			    .port = port,
			    .tls = tls,
			    .user = parts[0],
			    .resource = parts[1],
			    .ca_file = ca_file,
			    .secret = { password_of, free_password, client } };
	client->im = sn_xmpp_ops.create(&link, client->events, client, &error);
	if (!client->im)
		g_error("%s", error->message);
	return client;
}

void im_client_free(ImClient *client)
{
	sn_xmpp_ops.destroy(&client->im);
	im_client_forget(client);
	sn_queue_unref(client->events);
	g_free(client->password);
	g_free(client);
}

void im_client_forget(ImClient *client)
{
	SnImEvent *event;

	while ((event = sn_queue_take(client->events)))
		sn_im_event_free(event);
	g_queue_clear_full(&client->seen, (GDestroyNotify)sn_im_event_free);
	g_queue_init(&client->seen);
}

static void take_all(ImClient *client)
{
	SnImEvent *event;

	while ((event = sn_queue_take(client->events))) {
		g_assert(event->owner == client);
		g_queue_push_tail(&client->seen, event);
	}
}

static gboolean matches(const SnImEvent *event, int kind, ImMatch match, const void *data)
{
	return event->kind == kind && (!match || match(event, data));
}

guint im_client_count(ImClient *client, int kind, ImMatch match, const void *data)
{
	guint count = 0;

	take_all(client);
	for (GList *link = client->seen.head; link; link = link->next)
		count += matches(link->data, kind, match, data);
	return count;
}

SnImEvent *im_client_wait(ImClient *client, int kind, ImMatch match, const void *data, int seconds)
{
	gint64 end = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;

	for (;;) {
		take_all(client);
		for (GList *link = client->seen.head; link; link = link->next) {
			SnImEvent *event = link->data;
			if (matches(event, kind, match, data)) {
				g_queue_delete_link(&client->seen, link);
				return event;
			}
		}
		gint64 left = (end - g_get_monotonic_time()) / 1000;
		if (left <= 0)
			return NULL;
		SnImEvent *event = sn_queue_wait(client->events, (int)left);
		if (event)
			g_queue_push_tail(&client->seen, event);
	}
}

SnImEvent *im_client_end(ImClient *client, guint64 id, int seconds)
{
	gint64 end = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;

	do {
		take_all(client);
		for (GList *link = client->seen.head; link; link = link->next) {
			SnImEvent *event = link->data;
			if (event->id == id && event->kind <= SN_EVENT_CANCELLED) {
				g_queue_delete_link(&client->seen, link);
				return event;
			}
		}
		SnImEvent *event = sn_queue_wait(client->events, 100);
		if (event)
			g_queue_push_tail(&client->seen, event);
	} while (g_get_monotonic_time() < end);
	return NULL;
}

static gboolean has_line(const SnImEvent *event, const void *data)
{
	return event->line == *(const SnLineState *)data;
}

SnImEvent *im_client_wait_line(ImClient *client, SnLineState state, int seconds)
{
	return im_client_wait(client, SN_EVENT_LINE, has_line, &state, seconds);
}

static gboolean has_body(const SnImEvent *event, const void *data)
{
	return g_strcmp0(event->message->body, data) == 0;
}

SnImEvent *im_client_wait_body(ImClient *client, const char *body, int seconds)
{
	return im_client_wait(client, SN_IM_EV_MESSAGE, has_body, body, seconds);
}

SnImRequest *im_client_request(ImClient *client, SnImRequestKind kind)
{
	return sn_im_request_new(kind, ++client->last_id);
}

guint64 im_client_submit(ImClient *client, SnImRequest *request)
{
	guint64 id = request->id;

	sn_xmpp_ops.submit(client->im, request);
	return id;
}

guint64 im_client_send(ImClient *client, const char *to, const char *origin_id, const char *body)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_SEND);

	request->message = sn_im_message_new();
	request->message->to = g_strdup(to);
	request->message->id = g_strdup(origin_id);
	request->message->origin_id = g_strdup(origin_id);
	request->message->body = g_strdup(body);
	request->message->want_receipt = TRUE;
	return im_client_submit(client, request);
}

gboolean im_client_ready(ImClient *client, int seconds)
{
	SnImEvent *online = im_client_wait_line(client, SN_LINE_ONLINE, seconds);
	SnImEvent *synced =
		online ? im_client_wait(client, SN_IM_EV_SYNCED, NULL, NULL, seconds) : NULL;
	gboolean ready = synced != NULL;

	sn_im_event_free(online);
	sn_im_event_free(synced);
	return ready;
}
