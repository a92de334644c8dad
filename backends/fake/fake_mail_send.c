/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/fake/fake_mail.h"
#include "backends/fake/fake_mail_private.h"

struct fake_transport {
	char *user;
	SnQueue *events;
	gpointer owner;
	GQueue ready; /* of SnSendRequest: wait for proceed() */
	gboolean failing;
};

static FakeTransport *self(SnMailTransport *transport)
{
	return (FakeTransport *)transport;
}

static void push_end(FakeTransport *transport, guint64 id, int kind, int code, const char *text)
{
	SnSendEvent *event = sn_send_event_new(kind, id, transport->owner);

	if (kind == SN_EVENT_ERROR)
		event->error = g_error_new_literal(SN_ERROR, code, text);
	else if (kind == SN_EVENT_DONE)
		event->reply = g_strdup("250 2.0.0 taken");
	if (!sn_queue_push_urgent(transport->events, event, 0))
		sn_send_event_free(event);
}

static void deliver(FakeAccount *account, const SnSendRequest *request)
{
	g_ptr_array_add(account->sent, g_bytes_ref(request->raw));
	for (guint i = 0; i < request->to->len; i++) {
		FakeAccount *to = sn_fake_account_find(g_ptr_array_index(request->to, i));
		if (to)
			sn_fake_folder_add(to, sn_fake_folder(to, "INBOX", TRUE), request->raw, 0,
					   0);
	}
}

/* Takes the request. */
static void handle(FakeTransport *transport, FakeAccount *account, SnSendRequest *request)
{
	FakeFault *fault = &account->send_fault;
	gboolean fails = fault->times > 0;

	if (fails)
		fault->times--;
	if (!fails || fault->delivered)
		deliver(account, request);
	if (fails)
		push_end(transport, request->id, SN_EVENT_ERROR, (int)fault->code,
			 "The server failed as it was told to.");
	else
		push_end(transport, request->id, SN_EVENT_DONE, 0, NULL);
	sn_send_request_free(request);
}

/* Takes the request. */
static void begin(FakeTransport *transport, FakeAccount *account, SnSendRequest *request)
{
	if (!request->confirm) {
		handle(transport, account, request);
		return;
	}
	g_queue_push_tail(&transport->ready, request);
	push_end(transport, request->id, SN_SEND_EV_READY, 0, NULL);
}

static SnMailTransport *create(const SnLinkSpec *link, const char *command, SnQueue *events,
			       gpointer owner, gboolean failing)
{
	FakeTransport *transport = g_new0(FakeTransport, 1);

	transport->user = g_strdup(command ? command : link->user);
	transport->events = sn_queue_ref(events);
	transport->owner = owner;
	transport->failing = failing;
	FakeAccount *account = sn_fake_account_lock(transport->user);
	g_ptr_array_add(account->transports, transport);
	sn_fake_account_unlock();
	return (SnMailTransport *)transport;
}

static SnMailTransport *create_fake(const SnLinkSpec *link, const char *command, SnQueue *events,
				    gpointer owner, GError **error)
{
	return create(link, command, events, owner, FALSE);
}

static SnMailTransport *create_failing(const SnLinkSpec *link, const char *command, SnQueue *events,
				       gpointer owner, GError **error)
{
	return create(link, command, events, owner, TRUE);
}

static void submit(SnMailTransport *mail_transport, SnSendRequest *request)
{
	FakeTransport *transport = self(mail_transport);
	FakeAccount *account = sn_fake_account_lock(transport->user);

	g_assert(request->from && request->raw && request->to->len > 0);
	if (transport->failing) {
		push_end(transport, request->id, SN_EVENT_ERROR, SN_ERROR_NETWORK,
			 "The server cannot be reached.");
		sn_send_request_free(request);
	} else {
		begin(transport, account, request);
	}
	sn_fake_account_unlock();
}

/* NULL when it is not there. */
static SnSendRequest *steal(GQueue *queue, guint64 id)
{
	for (GList *link = queue->head; link; link = link->next) {
		SnSendRequest *request = link->data;
		if (request->id != id)
			continue;
		g_queue_delete_link(queue, link);
		return request;
	}
	return NULL;
}

static void proceed(SnMailTransport *mail_transport, guint64 id)
{
	FakeTransport *transport = self(mail_transport);
	FakeAccount *account = sn_fake_account_lock(transport->user);
	SnSendRequest *request = steal(&transport->ready, id);

	if (request)
		handle(transport, account, request);
	sn_fake_account_unlock();
}

static void cancel(SnMailTransport *mail_transport, guint64 id)
{
	FakeTransport *transport = self(mail_transport);

	sn_fake_account_lock(transport->user);
	SnSendRequest *request = steal(&transport->ready, id);
	if (request)
		push_end(transport, id, SN_EVENT_CANCELLED, 0, NULL);
	sn_send_request_free(request);
	sn_fake_account_unlock();
}

static void probe(SnMailTransport *mail_transport, guint64 id)
{
	FakeTransport *transport = self(mail_transport);

	push_end(transport, id, transport->failing ? SN_EVENT_ERROR : SN_EVENT_DONE,
		 SN_ERROR_NETWORK, "The server cannot be reached.");
}

static void destroy(SnMailTransport **mail_transport)
{
	FakeTransport *transport = mail_transport ? self(*mail_transport) : NULL;
	SnSendRequest *request;

	if (!transport)
		return;
	*mail_transport = NULL;
	FakeAccount *account = sn_fake_account_lock(transport->user);
	g_ptr_array_remove(account->transports, transport);
	while ((request = g_queue_pop_head(&transport->ready))) {
		push_end(transport, request->id, SN_EVENT_CANCELLED, 0, NULL);
		sn_send_request_free(request);
	}
	sn_fake_account_unlock();
	sn_queue_unref(transport->events);
	g_free(transport->user);
	g_free(transport);
}

const SnMailTransportOps sn_fake_send_ops = {
	"fake", create_fake, submit, cancel, proceed, probe, destroy,
};
const SnMailTransportOps sn_failing_send_ops = {
	"failing", create_failing, submit, cancel, proceed, probe, destroy,
};
