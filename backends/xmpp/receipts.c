/* SPDX-License-Identifier: GPL-3.0-or-later */
/* receipts.c - XEP-0184: message delivery receipts. */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:receipts"

static const char *const features[] = { NS, NULL };

static void read_receipt(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	message->want_receipt = sn_xml_find(stanza, "request", NS) && !message->error;
	if (!message->error)
		message->receipt_id = sn_xml_attr(sn_xml_find(stanza, "received", NS), "id");
}

static void write_receipt(const SnXmppReading *reading, const SnImMessage *message,
			  xmpp_stanza_t *stanza)
{
	if (message->receipt_id)
		sn_xml_set(sn_xml_child(stanza, "received", NS), "id", message->receipt_id);
	else if (message->want_receipt)
		sn_xml_child(stanza, "request", NS);
}

const SnXmppExtension sn_ext_receipts = {
	.name = "receipts",
	.claims = SN_XMPP_CLAIMS(
		{ "0184", "1.4.0", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_xmpp:sends_and_is_told_of_receipt", NULL }),
	.features = features,
	.read = read_receipt,
	.write = write_receipt,
};
