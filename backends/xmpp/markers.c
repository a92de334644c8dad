/* SPDX-License-Identifier: GPL-3.0-or-later */
/* markers.c - XEP-0333: which message the other side has displayed. */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:chat-markers:0"

static const char *const features[] = { NS, NULL };

static void read_marker(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	if (message->error)
		return;
	message->want_marker = sn_xml_find(stanza, "markable", NS) != NULL;
	message->displayed_id = sn_xml_attr(sn_xml_find(stanza, "displayed", NS), "id");
}

static void write_marker(const SnXmppReading *reading, const SnImMessage *message,
			 xmpp_stanza_t *stanza)
{
	if (message->displayed_id)
		sn_xml_set(sn_xml_child(stanza, "displayed", NS), "id", message->displayed_id);
	else if (message->want_marker)
		sn_xml_child(stanza, "markable", NS);
}

const SnXmppExtension sn_ext_markers = {
	.name = "markers",
	.claims = SN_XMPP_CLAIMS(
		{ "0333", "0.4", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/unit/test_xmpp_message:receipts_and_markers_name_their_message", NULL }),
	.features = features,
	.read = read_marker,
	.write = write_marker,
};
