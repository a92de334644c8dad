/* SPDX-License-Identifier: GPL-3.0-or-later */
/* styling.c - XEP-0393: that a body is not to be styled. The styles themselves are the screen's. */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:styling:0"

static const char *const features[] = { NS, NULL };

static void read_styling(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	message->unstyled = sn_xml_find(stanza, "unstyled", NS) != NULL;
}

static void write_styling(const SnXmppReading *reading, const SnImMessage *message,
			  xmpp_stanza_t *stanza)
{
	if (message->unstyled && message->body)
		sn_xml_child(stanza, "unstyled", NS);
}

const SnXmppExtension sn_ext_styling = {
	.name = "styling",
	.claims = SN_XMPP_CLAIMS(
		{ "0393", "1.1.1", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/unit/test_text_body:spans_are_found", NULL }),
	.features = features,
	.read = read_styling,
	.write = write_styling,
};
