/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outgoing.h - what the transports have in common: a thread that serves one message after the other,
 * and the calls of SnMailTransportOps that only put something into its inbox.
 */
#ifndef SN_MAIL_OUTGOING_H
#define SN_MAIL_OUTGOING_H

#include "backends/mail/gate.h"
#include "backends/mail/inbox.h"
#include "backends/mail/mail_backend.h"
#include "backends/mail/report.h"

typedef struct {
	SnSendRequest *request; /* NULL: a probe */
	guint64 id;
} SnSendJob;

/* The first member of a transport, so that a pointer to the one is a pointer to the other. */
typedef struct {
	SnReport report;
	SnInbox *inbox; /* of SnSendJob */
	SnGate gate;
	GThread *thread;
} SnOutgoing;

/* Starts the thread, last of all: run(data) ends when sn_inbox_stopping(). */
void sn_outgoing_start(SnOutgoing *self, const char *name, GThreadFunc run, gpointer data,
		       SnQueue *events, gpointer owner);
/* Ends the thread and frees what start made. */
void sn_outgoing_stop(SnOutgoing *self);

/* ---- the thread ---- */

/* The one end of a job: DONE, or ERROR or CANCELLED by the error. Takes all three. */
void sn_outgoing_end(SnOutgoing *self, SnSendJob *job, SnSendEvent *event, GError *error);
/* Before the thread ends: what was not served is cancelled. */
void sn_outgoing_end_all(SnOutgoing *self);

/* ---- members of SnMailTransportOps ---- */

void sn_outgoing_submit(SnMailTransport *transport, SnSendRequest *request);
void sn_outgoing_probe(SnMailTransport *transport, guint64 id);
void sn_outgoing_cancel(SnMailTransport *transport, guint64 id);
void sn_outgoing_proceed(SnMailTransport *transport, guint64 id);

#endif
