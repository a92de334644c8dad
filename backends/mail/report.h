/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.h - events on their way from a backend's thread to its owner, with back pressure. */
#ifndef SN_BACKENDS_MAIL_REPORT_H
#define SN_BACKENDS_MAIL_REPORT_H

#include "backends/mail/inbox.h"
#include "backends/mail/mail_backend.h"

typedef struct {
	SnQueue *events; /* a reference */
	gpointer owner;
	SnInbox *inbox;  /* borrowed: stopping ends waiting for room */
} SnReport;

/*
 * Takes the event. Waits for room by weight (0: does not wait). FALSE when it was dropped because
 * the queue is closed (the inbox is stopped then) or the backend is to stop.
 */
gboolean sn_report_mail(SnReport *report, SnMailEvent *event, gsize weight);
gboolean sn_report_send(SnReport *report, SnSendEvent *event);

SnMailEvent *sn_report_event(SnReport *report, int kind, guint64 id);
/* Takes error; NULL: DONE; of code CANCELLED: CANCELLED. done may be NULL, else is the event of
 * kind DONE to send (taken in every case). */
void sn_report_end(SnReport *report, guint64 id, SnMailEvent *done, GError *error);
/* error is borrowed, may be NULL. */
void sn_report_line(SnReport *report, SnLineState state, const GError *error, SnTime next_try);

#endif
