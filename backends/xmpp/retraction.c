/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * retraction.c - XEP-0424: its sender takes a message back; in the form of its version 0.3 as well.
 * What moderators take back (XEP-0425) is not this.
 */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:message-retract:1"
#define NS_0 "urn:xmpp:message-retract:0"
#define NS_FASTEN "urn:xmpp:fasten:0"
#define NS_MODERATE "urn:xmpp:message-moderate:1"
#define NS_FALLBACK "urn:xmpp:fallback:0"

static const char *const features[] = { NS, NULL };

static void read_retraction(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			    SnImMessage *message)
{
	xmpp_stanza_t *retract = sn_xml_find(stanza, "retract", NS);
	xmpp_stanza_t *fasten = sn_xml_find(stanza, "apply-to", NS_FASTEN);

	if (retract && !sn_xml_find(retract, "moderated", NS_MODERATE))
		message->retract_id = sn_xml_attr(retract, "id");
	else if (!retract && sn_xml_find(fasten, "retract", NS_0))
		message->retract_id = sn_xml_attr(fasten, "id");
}

static void write_retraction(const SnXmppReading *reading, const SnImMessage *message,
			     xmpp_stanza_t *stanza)
{
	if (!message->retract_id)
		return;
	sn_xml_set(sn_xml_child(stanza, "retract", NS), "id", message->retract_id);
	/* the text is for clients that know nothing of this */
	if (message->body)
		sn_xml_set(sn_xml_child(stanza, "fallback", NS_FALLBACK), "for", NS);
}

const SnXmppExtension sn_ext_retraction = {
	.name = "retraction",
	.claims = SN_XMPP_CLAIMS(
		{ "0424", "0.4.2", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/integration/test_amend_live:what_is_taken_back_leaves_a_mark",
		  "a server's own tombstones are not read" }),
	.features = features,
	.read = read_retraction,
	.write = write_retraction,
};
