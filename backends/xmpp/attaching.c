/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attaching.c - XEP-0367: the message that this one belongs to. Stanzas that bring earlier messages
 * along name the reply they were sent with; whoever files what they bring need not show them. And,
 * by an element of our own, the stanzas of a text that is too long for one.
 */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:message-attaching:1"
#define NS_PART "sennit:part:1"
#define MOST_PARTS 10000

static const char *const features[] = { NS, NULL };

static void read_attaching(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			   SnImMessage *message)
{
	xmpp_stanza_t *part = sn_xml_find(stanza, "part", NS_PART);
	gint64 first = part ? sn_xml_attr_number(part, "first", -1) : -1;
	gint64 count = part ? sn_xml_attr_number(part, "count", -1) : -1;

	message->attach_to = sn_xml_attr(sn_xml_find(stanza, "attach-to", NS), "id");
	if (first < 0 || first > MOST_PARTS || count < 2 || count > MOST_PARTS)
		return;
	message->part_of = sn_xml_attr(part, "of");
	message->part_first = message->part_of ? (int)first : 0;
	message->part_count = message->part_of ? (int)count : 0;
}

static void write_attaching(const SnXmppReading *reading, const SnImMessage *message,
			    xmpp_stanza_t *stanza)
{
	if (message->attach_to)
		sn_xml_set(sn_xml_child(stanza, "attach-to", NS), "id", message->attach_to);
	if (!message->part_of)
		return;
	xmpp_stanza_t *part = sn_xml_child(stanza, "part", NS_PART);
	sn_xml_set(part, "of", message->part_of);
	sn_xml_set_number(part, "first", message->part_first);
	sn_xml_set_number(part, "count", message->part_count);
}

const SnXmppExtension sn_ext_attaching = {
	.name = "message attaching",
	.claims = SN_XMPP_CLAIMS(
		{ "0367", "0.3", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/unit/test_xmpp_message:history_travels_with_its_times", NULL }),
	.features = features,
	.read = read_attaching,
	.write = write_attaching,
};
