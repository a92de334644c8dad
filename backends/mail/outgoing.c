/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/outgoing.h"

static void job_free(SnSendJob *job)
{
	sn_send_request_free(job->request);
	g_free(job);
}

/* Takes event and error. */
static void finish(SnOutgoing *self, SnSendEvent *event, GError *error)
{
	g_assert(event->kind == SN_EVENT_DONE);
	if (g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED)) {
		event->kind = SN_EVENT_CANCELLED;
		g_clear_error(&error);
	} else if (error) {
		event->kind = SN_EVENT_ERROR;
	}
	event->error = error;
	sn_report_send(&self->report, event);
}

static void cancelled(SnOutgoing *self, guint64 id)
{
	finish(self, sn_send_event_new(SN_EVENT_DONE, id, self->report.owner),
	       g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "Cancelled."));
}

void sn_outgoing_start(SnOutgoing *self, const char *name, GThreadFunc run, gpointer data,
		       SnQueue *events, gpointer owner)
{
	g_assert(!self->thread);
	self->inbox = sn_inbox_new((GDestroyNotify)job_free);
	self->report = (SnReport){ sn_queue_ref(events), owner, self->inbox };
	sn_gate_init(&self->gate);
	self->thread = g_thread_new(name, run, data);
}

void sn_outgoing_stop(SnOutgoing *self)
{
	sn_inbox_stop(self->inbox);
	sn_gate_poke(&self->gate);
	g_thread_join(self->thread);
	sn_gate_clear(&self->gate);
	sn_inbox_free(self->inbox);
	sn_queue_unref(self->report.events);
}

/* ---- the thread ---- */

void sn_outgoing_end(SnOutgoing *self, SnSendJob *job, SnSendEvent *event, GError *error)
{
	g_assert(event->id == job->id);
	sn_inbox_finish(self->inbox, job->id);
	finish(self, event, error);
	job_free(job);
}

void sn_outgoing_end_all(SnOutgoing *self)
{
	SnSendJob *job;

	while ((job = sn_inbox_take(self->inbox, 0))) {
		sn_inbox_finish(self->inbox, job->id);
		cancelled(self, job->id);
		job_free(job);
	}
}

/* ---- members of SnMailTransportOps ---- */

static void push(SnOutgoing *self, SnSendRequest *request, guint64 id)
{
	SnSendJob *job = g_new0(SnSendJob, 1);

	*job = (SnSendJob){ request, id };
	if (sn_inbox_push(self->inbox, job, id, 0, FALSE))
		return;
	cancelled(self, id);
	job_free(job);
}

void sn_outgoing_submit(SnMailTransport *transport, SnSendRequest *request)
{
	g_assert(request && request->from && request->raw);
	push((SnOutgoing *)transport, request, request->id);
}

void sn_outgoing_probe(SnMailTransport *transport, guint64 id)
{
	push((SnOutgoing *)transport, NULL, id);
}

void sn_outgoing_cancel(SnMailTransport *transport, guint64 id)
{
	SnOutgoing *self = (SnOutgoing *)transport;

	if (sn_inbox_cancel(self->inbox, id))
		cancelled(self, id);
	sn_gate_poke(&self->gate);
}

void sn_outgoing_proceed(SnMailTransport *transport, guint64 id)
{
	sn_gate_open(&((SnOutgoing *)transport)->gate, id);
}
