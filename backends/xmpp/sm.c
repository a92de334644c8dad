/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sm.c - which stanza the server has (XEP-0198).
 *
 * The library speaks the protocol but tells nobody what was acked. Stanzas go out in order, so
 * counting does: `flight` holds what was sent and not acked, oldest first, and the oldest has the
 * number `acked`. Everything waits for <enabled/>, because the library counts from there.
 *
 * After a resumption the library sends again what was written and not acked, and has forgotten
 * what was queued only. It also counts wrong from then on if the server had more than it knew of:
 * `skewed`, and the next loss starts a new session instead of trusting its list.
 */
#include "backends/xmpp/xmpp_private.h"
#include "src/base/fault.h"

static const char *const features[] = { NULL };

typedef struct {
	guint64 job;           /* 0: nobody waits */
	xmpp_stanza_t *stanza; /* NULL once written */
	gboolean written;
} Flight;

static void flight_free(gpointer data)
{
	Flight *flight = data;

	if (flight->stanza)
		xmpp_stanza_release(flight->stanza);
	g_free(flight);
}

static void drop_all(SnIm *im)
{
	g_queue_clear_full(&im->sm.flight, flight_free);
	g_queue_init(&im->sm.flight);
}

static void settle(SnIm *im, Flight *flight)
{
	SnXmppJob *job = flight->job ? sn_xmpp_job(im, flight->job) : NULL;

	flight_free(flight);
	if (job) {
		sn_fault(IM_ACKED);
		sn_xmpp_done(im, job, NULL);
	}
}

static GError *uncertain(SnIm *im)
{
	return g_error_new(SN_ERROR, SN_ERROR_UNCERTAIN,
			   "The line of %s broke before the server confirmed this message.",
			   im->jid);
}

void sn_sm_new_session(SnIm *im, gboolean enabled)
{
	drop_all(im);
	im->sm.acked = 0;
	im->sm.enabled = enabled;
	im->sm.resumable = im->sm.skewed = im->sm.ping_out = FALSE;
}

/* ---- without XEP-0198: a ping after a message stands for its ack ---- */

static void pinged(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	guint count = GPOINTER_TO_UINT(data);

	im->sm.ping_out = FALSE;
	if (!answer)
		return; /* the line is down; sn_sm_give_up() says so */
	while (count-- && !g_queue_is_empty(&im->sm.flight))
		settle(im, g_queue_pop_head(&im->sm.flight));
	if (!g_queue_is_empty(&im->sm.flight) && sn_sm_waits(im)) {
		im->sm.ping_out = TRUE;
		xmpp_stanza_t *iq = sn_iq_new(im, "get", im->domain);
		sn_xml_child(iq, "ping", "urn:xmpp:ping");
		sn_iq_ask(im, iq, pinged, GUINT_TO_POINTER(g_queue_get_length(&im->sm.flight)),
			  NULL);
	}
}

void sn_sm_sent(SnIm *im, xmpp_stanza_t *stanza, guint64 job)
{
	Flight *flight;

	if (!im->sm.enabled && !job)
		return;
	flight = g_new0(Flight, 1);
	*flight = (Flight){ job, xmpp_stanza_clone(stanza), FALSE };
	g_queue_push_tail(&im->sm.flight, flight);
	if (!im->sm.enabled && !im->sm.ping_out) {
		im->sm.ping_out = TRUE;
		xmpp_stanza_t *iq = sn_iq_new(im, "get", im->domain);
		sn_xml_child(iq, "ping", "urn:xmpp:ping");
		sn_iq_ask(im, iq, pinged, GUINT_TO_POINTER(g_queue_get_length(&im->sm.flight)),
			  NULL);
	}
}

void sn_sm_written(SnIm *im)
{
	for (GList *link = im->sm.flight.head; im->sm.enabled && link; link = link->next) {
		Flight *flight = link->data;
		if (flight->written)
			continue;
		flight->written = TRUE;
		if (flight->stanza)
			xmpp_stanza_release(g_steal_pointer(&flight->stanza));
		if (flight->job)
			sn_fault(IM_WRITTEN);
		return;
	}
}

void sn_sm_acked(SnIm *im, guint32 h)
{
	/* modulo 2^32, as the XEP says; a count beyond what was sent is a server's mistake */
	guint32 count = h - im->sm.acked;

	if (!im->sm.enabled || count > g_queue_get_length(&im->sm.flight))
		return;
	im->sm.acked = h;
	while (count--)
		settle(im, g_queue_pop_head(&im->sm.flight));
}

void sn_sm_lost(SnIm *im)
{
	/* Without the log it cannot be known what was written: then nothing is sent again. */
	if (!im->wire.sent_seen)
		return;
	for (;;) {
		Flight *flight = g_queue_peek_tail(&im->sm.flight);
		if (!flight || flight->written || !im->sm.enabled)
			return;
		g_queue_pop_tail(&im->sm.flight);
		SnXmppJob *job = flight->job ? sn_xmpp_job(im, flight->job) : NULL;
		if (job)
			sn_xmpp_wait_again(im, job);
		flight_free(flight);
	}
}

void sn_sm_resumed(SnIm *im)
{
	guint before = g_queue_get_length(&im->sm.flight);

	if (im->wire.resumed_h < 0) {
		sn_sm_give_up(im, -1);
		return;
	}
	sn_sm_acked(im, (guint32)im->wire.resumed_h);
	if (before != g_queue_get_length(&im->sm.flight))
		im->sm.skewed = TRUE;
	/* The library has put them into its queue again, in this order. */
	for (GList *link = im->sm.flight.head; link; link = link->next)
		((Flight *)link->data)->written = FALSE;
}

void sn_sm_give_up(SnIm *im, gint64 h)
{
	if (h >= 0)
		sn_sm_acked(im, (guint32)h);
	for (Flight *flight; (flight = g_queue_pop_head(&im->sm.flight));) {
		SnXmppJob *job = flight->job ? sn_xmpp_job(im, flight->job) : NULL;
		flight_free(flight);
		if (job)
			sn_xmpp_fail(im, job, uncertain(im));
	}
}

gboolean sn_sm_waits(SnIm *im)
{
	for (GList *link = im->sm.flight.head; link; link = link->next)
		if (((Flight *)link->data)->job)
			return TRUE;
	return FALSE;
}

void sn_sm_forget_job(SnIm *im, guint64 job)
{
	for (GList *link = im->sm.flight.head; link; link = link->next)
		if (((Flight *)link->data)->job == job)
			((Flight *)link->data)->job = 0;
}

const SnXmppExtension sn_ext_sm = {
	.name = "stream management",
	.claims = SN_XMPP_CLAIMS(
		{ "0198", "1.6.1", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_xmpp_line:a_cut_line_is_resumed_and_nothing_is_missed", NULL }),
	.features = features,
};
