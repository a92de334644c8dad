/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/report.h"

#define LOOK_UP_MS 100 /* how long a stop may go unnoticed while the queue is full */

/* Owns event. */
static gboolean push(SnReport *report, gpointer event, GDestroyNotify free_event, gsize weight)
{
	while (weight > 0 && !sn_queue_wait_room(report->events, weight, LOOK_UP_MS)) {
		if (sn_inbox_stopping(report->inbox)) {
			free_event(event);
			return FALSE;
		}
	}
	if (sn_queue_push_urgent(report->events, event, weight))
		return TRUE;
	free_event(event);
	sn_inbox_stop(report->inbox);
	return FALSE;
}

gboolean sn_report_mail(SnReport *report, SnMailEvent *event, gsize weight)
{
	g_assert(event);
	return push(report, event, (GDestroyNotify)sn_mail_event_free, weight);
}

gboolean sn_report_send(SnReport *report, SnSendEvent *event)
{
	g_assert(event);
	return push(report, event, (GDestroyNotify)sn_send_event_free, 0);
}

SnMailEvent *sn_report_event(SnReport *report, int kind, guint64 id)
{
	return sn_mail_event_new(kind, id, report->owner);
}

void sn_report_end(SnReport *report, guint64 id, SnMailEvent *done, GError *error)
{
	SnMailEvent *event = done ? done : sn_report_event(report, SN_EVENT_DONE, id);

	g_assert(id > 0 && event->id == id);
	if (g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED)) {
		event->kind = SN_EVENT_CANCELLED;
		g_error_free(error);
	} else if (error) {
		event->kind = SN_EVENT_ERROR;
		event->error = error;
	}
	sn_report_mail(report, event, 0);
}

void sn_report_line(SnReport *report, SnLineState state, const GError *error, SnTime next_try)
{
	SnMailEvent *event = sn_report_event(report, SN_EVENT_LINE, 0);

	event->line = state;
	event->error = error ? g_error_copy(error) : NULL;
	event->next_try = next_try;
	sn_report_mail(report, event, 0);
}
