/* SPDX-License-Identifier: GPL-3.0-or-later */
/* encryption.c - XEP-0380: knows a message it cannot read when it sees one. */
#include "backends/xmpp/xmpp_private.h"

static const char *const features[] = { NULL };

static void read_encryption(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			    SnImMessage *message)
{
	message->encrypted = sn_xml_find(stanza, "encryption", "urn:xmpp:eme:0") ||
			     sn_xml_find(stanza, "encrypted", "eu.siacs.conversations.axolotl") ||
			     sn_xml_find(stanza, "encrypted", "urn:xmpp:omemo:2");
}

const SnXmppExtension sn_ext_encryption = {
	.name = "encryption",
	.claims = SN_XMPP_CLAIMS(
		{ "0380", "0.4.0", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_message:an_unreadable_message_says_so",
		  "read only" }),
	.features = features,
	.read = read_encryption,
};
