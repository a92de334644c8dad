/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ping.c - XEP-0199: answers pings; line.c sends them. */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:ping"

static const char *const features[] = { NS, NULL };

static gboolean answer_ping(SnIm *im, xmpp_stanza_t *iq, xmpp_stanza_t *child)
{
	if (!sn_xml_is(child, "ping", NS))
		return FALSE;
	sn_iq_reply(im, iq, NULL);
	return TRUE;
}

const SnXmppExtension sn_ext_ping = {
	.name = "ping",
	.claims = SN_XMPP_CLAIMS(
		{ "0199", "2.0.1", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_xmpp_set:a_ping_is_answered", NULL }),
	.features = features, .iq = answer_ping,
};
