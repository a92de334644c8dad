/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attaching.c - XEP-0367: the message that this one belongs to. Stanzas that bring earlier messages
 * along name the reply they were sent with; whoever files what they bring need not show them.
 */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:message-attaching:1"

static const char *const features[] = { NS, NULL };

static void read_attaching(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			   SnImMessage *message)
{
	message->attach_to = sn_xml_attr(sn_xml_find(stanza, "attach-to", NS), "id");
}

static void write_attaching(const SnXmppReading *reading, const SnImMessage *message,
			    xmpp_stanza_t *stanza)
{
	if (message->attach_to)
		sn_xml_set(sn_xml_child(stanza, "attach-to", NS), "id", message->attach_to);
}

const SnXmppExtension sn_ext_attaching = { .name = "message attaching",
					   .xep = "0367",
					   .version = "0.3",
					   .features = features,
					   .read = read_attaching,
					   .write = write_attaching };
