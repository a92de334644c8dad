/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp.c - the SMTP transport's thread: connects when there is something to send, then lingers. */
#include "backends/mail/gate.h"
#include "backends/mail/smtp_session.h"
#include "src/base/fault.h"

#define LINGER_MS 10000 /* several messages in a row share a connection */
#define GATE_MS 60000   /* a server waits minutes for the rest of a message */

typedef struct {
	SnSendRequest *request; /* NULL: a probe */
	guint64 id;
} Job;

typedef struct {
	SnLink *link;
	SnReport report;
	SnInbox *inbox; /* of Job */
	SnGate gate;
	GThread *thread;
	SnSmtp *session; /* NULL: none open */
} Smtp;

static Smtp *self(SnMailTransport *transport)
{
	return (Smtp *)transport;
}

static void job_free(Job *job)
{
	sn_send_request_free(job->request);
	g_free(job);
}

/* Takes event and error. */
static void finish(Smtp *smtp, SnSendEvent *event, GError *error)
{
	if (g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED)) {
		event->kind = SN_EVENT_CANCELLED;
		g_clear_error(&error);
	} else if (error) {
		event->kind = SN_EVENT_ERROR;
	}
	event->error = error;
	sn_report_send(&smtp->report, event);
}

static void cancelled(Smtp *smtp, guint64 id)
{
	finish(smtp, sn_send_event_new(SN_EVENT_DONE, id, smtp->report.owner),
	       g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "Cancelled."));
}

typedef struct {
	Smtp *smtp;
	guint64 id;
	gboolean confirm;
} Turn;

static gboolean may_go_on(gpointer data)
{
	const Turn *turn = data;

	return !sn_inbox_cancelled(turn->smtp->inbox, turn->id);
}

static gboolean may_end(const SnSendEvent *event, gpointer data, GError **error)
{
	const Turn *turn = data;
	Smtp *smtp = turn->smtp;

	return !turn->confirm ||
	       sn_gate_wait(&smtp->gate, &smtp->report, turn->id, event->dsn, GATE_MS, error);
}

static gboolean connect_session(Smtp *smtp, GError **error)
{
	if (!smtp->session)
		smtp->session = sn_smtp_open(smtp->link, sn_inbox_interrupt_fd(smtp->inbox), error);
	if (smtp->session)
		sn_fault(SMTP_CONNECTED);
	return smtp->session != NULL;
}

static void close_session(Smtp *smtp)
{
	g_clear_pointer(&smtp->session, sn_smtp_free);
}

static void serve(Smtp *smtp, Job *job)
{
	SnSendEvent *event = sn_send_event_new(SN_EVENT_DONE, job->id, smtp->report.owner);
	GError *error = NULL;
	Turn turn = { smtp, job->id, job->request && job->request->confirm };
	SnSmtpSay say = { may_go_on, may_end, &turn };
	gboolean reused = smtp->session != NULL;

	if (!job->request)
		close_session(smtp); /* a probe is about a new connection */
	gboolean good = connect_session(smtp, &error) &&
			(!job->request || sn_smtp_send(smtp->session, job->request, event,
						       &say, &error));
	/* a connection that lingered may have been closed by the server; nothing was sent yet */
	if (!good && reused && job->request && g_error_matches(error, SN_ERROR, SN_ERROR_NETWORK)) {
		g_clear_error(&error);
		close_session(smtp);
		g_clear_pointer(&event->rejected, g_ptr_array_unref);
		g_clear_pointer(&event->reply, g_free);
		if (connect_session(smtp, &error))
			sn_smtp_send(smtp->session, job->request, event, &say, &error);
	}
	if (smtp->session && (!job->request || sn_smtp_is_dead(smtp->session)))
		close_session(smtp);
	sn_inbox_finish(smtp->inbox, job->id);
	finish(smtp, event, error);
	job_free(job);
}

static gpointer run(gpointer data)
{
	Smtp *smtp = data;
	Job *job;

	sn_stream_thread_init();
	while (!sn_inbox_stopping(smtp->inbox)) {
		if ((job = sn_inbox_take(smtp->inbox, 0))) {
			serve(smtp, job);
			continue;
		}
		sn_inbox_wait(smtp->inbox, -1, smtp->session ? LINGER_MS : -1);
		if (!sn_inbox_has(smtp->inbox, 0))
			close_session(smtp);
	}
	while ((job = sn_inbox_take(smtp->inbox, 0))) {
		sn_inbox_finish(smtp->inbox, job->id);
		cancelled(smtp, job->id);
		job_free(job);
	}
	close_session(smtp);
	return NULL;
}

static SnMailTransport *create(const SnLinkSpec *spec, const char *command, SnQueue *events,
			       gpointer owner, GError **error)
{
	static const guint16 ports[] = { 465, 587, 587 };
	SnLink *link = sn_link_new(spec, "SMTP", ports, error);

	if (!link)
		return NULL;
	Smtp *smtp = g_new0(Smtp, 1);
	smtp->link = link;
	smtp->inbox = sn_inbox_new((GDestroyNotify)job_free);
	smtp->report = (SnReport){ sn_queue_ref(events), owner, smtp->inbox };
	sn_gate_init(&smtp->gate);
	smtp->thread = g_thread_new("smtp", run, smtp);
	return (SnMailTransport *)smtp;
}

static void push(Smtp *smtp, SnSendRequest *request, guint64 id)
{
	Job *job = g_new0(Job, 1);

	*job = (Job){ request, id };
	if (sn_inbox_push(smtp->inbox, job, id, 0, FALSE))
		return;
	cancelled(smtp, id);
	job_free(job);
}

static void submit(SnMailTransport *transport, SnSendRequest *request)
{
	g_assert(request && request->from && request->raw);
	push(self(transport), request, request->id);
}

static void probe(SnMailTransport *transport, guint64 id)
{
	push(self(transport), NULL, id);
}

static void cancel(SnMailTransport *transport, guint64 id)
{
	if (sn_inbox_cancel(self(transport)->inbox, id))
		cancelled(self(transport), id);
	sn_gate_poke(&self(transport)->gate);
}

static void proceed(SnMailTransport *transport, guint64 id)
{
	sn_gate_open(&self(transport)->gate, id);
}

static void destroy(SnMailTransport **transport)
{
	Smtp *smtp = transport ? self(*transport) : NULL;

	if (!smtp)
		return;
	*transport = NULL;
	sn_inbox_stop(smtp->inbox);
	sn_gate_poke(&smtp->gate);
	g_thread_join(smtp->thread);
	sn_gate_clear(&smtp->gate);
	sn_inbox_free(smtp->inbox);
	sn_queue_unref(smtp->report.events);
	sn_link_free(smtp->link);
	g_free(smtp);
}

const SnMailTransportOps sn_smtp_ops = {
	.name = "smtp",
	.create = create,
	.submit = submit,
	.cancel = cancel,
	.proceed = proceed,
	.probe = probe,
	.destroy = destroy,
};
