/* SPDX-License-Identifier: GPL-3.0-or-later */
/* correction.c - XEP-0308: this message replaces an earlier one of the same sender. */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:message-correct:0"

static const char *const features[] = { NS, NULL };

static void read_correction(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			    SnImMessage *message)
{
	message->replace_id = sn_xml_attr(sn_xml_find(stanza, "replace", NS), "id");
}

static void write_correction(const SnXmppReading *reading, const SnImMessage *message,
			     xmpp_stanza_t *stanza)
{
	if (message->replace_id)
		sn_xml_set(sn_xml_child(stanza, "replace", NS), "id", message->replace_id);
}

const SnXmppExtension sn_ext_correction = {
	.name = "correction",
	.claims = SN_XMPP_CLAIMS(
		{ "0308", "1.2.1", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_amend_live:a_correction_goes_and_stands_in_place", NULL }),
	.features = features,
	.read = read_correction,
	.write = write_correction,
};
