/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp.c - the SMTP transport's thread: connects when there is something to send, then lingers. */
#include "backends/mail/outgoing.h"
#include "backends/mail/smtp_session.h"
#include "src/base/fault.h"

#define LINGER_MS 10000 /* several messages in a row share a connection */
#define GATE_MS 60000   /* a server waits minutes for the rest of a message */

typedef struct {
	SnOutgoing out;
	SnLink *link;
	SnSmtp *session; /* NULL: none open */
} Smtp;

typedef struct {
	Smtp *smtp;
	guint64 id;
	gboolean confirm;
} Turn;

static gboolean may_go_on(gpointer data)
{
	const Turn *turn = data;

	return !sn_inbox_cancelled(turn->smtp->out.inbox, turn->id);
}

static gboolean may_end(const SnSendEvent *event, gpointer data, GError **error)
{
	const Turn *turn = data;
	Smtp *smtp = turn->smtp;

	return !turn->confirm ||
	       sn_gate_wait(&smtp->out.gate, &smtp->out.report, turn->id, event->dsn, GATE_MS, error);
}

static gboolean connect_session(Smtp *smtp, GError **error)
{
	if (!smtp->session)
		smtp->session = sn_smtp_open(smtp->link, sn_inbox_interrupt_fd(smtp->out.inbox), error);
	if (smtp->session)
		sn_fault(SMTP_CONNECTED);
	return smtp->session != NULL;
}

static void close_session(Smtp *smtp)
{
	g_clear_pointer(&smtp->session, sn_smtp_free);
}

static void serve(Smtp *smtp, SnSendJob *job)
{
	SnSendEvent *event = sn_send_event_new(SN_EVENT_DONE, job->id, smtp->out.report.owner);
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
	sn_outgoing_end(&smtp->out, job, event, error);
}

static gpointer run(gpointer data)
{
	Smtp *smtp = data;
	SnSendJob *job;

	sn_stream_thread_init();
	while (!sn_inbox_stopping(smtp->out.inbox)) {
		if ((job = sn_inbox_take(smtp->out.inbox, 0))) {
			serve(smtp, job);
			continue;
		}
		sn_inbox_wait(smtp->out.inbox, -1, smtp->session ? LINGER_MS : -1);
		if (!sn_inbox_has(smtp->out.inbox, 0))
			close_session(smtp);
	}
	sn_outgoing_end_all(&smtp->out);
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
	sn_outgoing_start(&smtp->out, "smtp", run, smtp, events, owner);
	return (SnMailTransport *)smtp;
}

static void destroy(SnMailTransport **transport)
{
	Smtp *smtp = transport ? (Smtp *)*transport : NULL;

	if (!smtp)
		return;
	*transport = NULL;
	sn_outgoing_stop(&smtp->out);
	sn_link_free(smtp->link);
	g_free(smtp);
}

const SnMailTransportOps sn_smtp_ops = {
	.name = "smtp",
	.create = create,
	.submit = sn_outgoing_submit,
	.cancel = sn_outgoing_cancel,
	.proceed = sn_outgoing_proceed,
	.probe = sn_outgoing_probe,
	.destroy = destroy,
};
