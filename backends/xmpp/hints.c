/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hints.c - XEP-0334: the server shall keep this one although it has no body. */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:hints"

static const char *const features[] = { NS, NULL };

static void read_hints(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	message->store_hint = sn_xml_find(stanza, "store", NS) != NULL;
}

static void write_hints(const SnXmppReading *reading, const SnImMessage *message,
			xmpp_stanza_t *stanza)
{
	if (message->store_hint)
		sn_xml_child(stanza, "store", NS);
}

const SnXmppExtension sn_ext_hints = {
	.name = "hints",
	.claims = SN_XMPP_CLAIMS(
		{ "0334", "0.4.0", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_message:everything_a_message_has_comes_back",
		  "store only" }),
	.features = features,
	.read = read_hints,
	.write = write_hints,
};
