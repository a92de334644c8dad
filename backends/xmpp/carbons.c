/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * carbons.c - XEP-0280: what our other clients send and receive. Only our own account may say so:
 * anybody else's is a forgery (CVE-2017-5589 and its kin) and is dropped whole.
 */
#include "backends/xmpp/xmpp_private.h"

static const char *const features[] = { SN_NS_CARBONS, NULL };

static gboolean take_carbon(SnIm *im, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *sent = sn_xml_find(stanza, "sent", SN_NS_CARBONS);
	xmpp_stanza_t *carbon = sent ? sent : sn_xml_find(stanza, "received", SN_NS_CARBONS);
	SnXmppReading reading = sn_session_reading(im);
	SnTime time;

	if (!carbon)
		return FALSE;
	if (g_strcmp0(sn_xml_raw(stanza, "from"), im->jid) != 0)
		return TRUE;
	SnImMessage *message = sn_xmpp_read_message(&reading, sn_forward_inner(carbon, &time));
	if (!message)
		return TRUE;
	if (time && !message->time)
		message->time = time;
	message->carbon_sent = sent != NULL;
	message->carbon_received = sent == NULL;
	sn_session_deliver(im, message);
	return TRUE;
}

static void enabled(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	im->has_carbons = answer != NULL;
	sn_session_release(im);
}

static void enable(SnIm *im)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);

	sn_xml_child(iq, "enable", SN_NS_CARBONS);
	sn_session_hold(im);
	sn_iq_ask(im, iq, enabled, NULL, NULL);
}

const SnXmppExtension sn_ext_carbons = {
	.name = "carbons",
	.claims = SN_XMPP_CLAIMS(
		{ "0280", "1.0.1", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_xmpp:another_client_of_ours_is_seen", NULL }),
	.features = features,
	.message = take_carbon,
	.online = enable,
};
