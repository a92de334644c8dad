/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/gate.h"

void sn_gate_init(SnGate *gate)
{
	g_mutex_init(&gate->lock);
	g_cond_init(&gate->changed);
	gate->ready = gate->open = 0;
}

void sn_gate_clear(SnGate *gate)
{
	g_assert(gate->ready == 0);
	g_mutex_clear(&gate->lock);
	g_cond_clear(&gate->changed);
}

static gboolean stand(SnGate *gate, SnInbox *inbox, guint64 id, gint64 deadline)
{
	gboolean in_time = TRUE;

	while (gate->open != id && in_time && !sn_inbox_cancelled(inbox, id))
		in_time = g_cond_wait_until(&gate->changed, &gate->lock, deadline);
	return gate->open == id;
}

gboolean sn_gate_wait(SnGate *gate, SnReport *report, guint64 id, gboolean dsn, int timeout_ms,
                      GError **error)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	SnSendEvent *event = sn_send_event_new(SN_SEND_EV_READY, id, report->owner);

	g_assert(id > 0);
	event->dsn = dsn;
	g_mutex_lock(&gate->lock);
	gate->ready = id;
	gboolean heard = sn_report_send(report, event);
	gboolean may_go = heard && stand(gate, report->inbox, id, deadline);
	gate->ready = gate->open = 0;
	g_mutex_unlock(&gate->lock);
	if (may_go)
		return TRUE;
	if (!heard || sn_inbox_cancelled(report->inbox, id))
		g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
	else
		g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY,
		            "The message was ready to go, but the outbox did not answer in time. "
		            "Nothing was sent.");
	return FALSE;
}

void sn_gate_open(SnGate *gate, guint64 id)
{
	g_mutex_lock(&gate->lock);
	if (gate->ready == id)
		gate->open = id;
	g_cond_signal(&gate->changed);
	g_mutex_unlock(&gate->lock);
}

void sn_gate_poke(SnGate *gate)
{
	g_mutex_lock(&gate->lock);
	g_cond_signal(&gate->changed);
	g_mutex_unlock(&gate->lock);
}
