/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chatstates.c - XEP-0085: "composing" and its like. */
#include "backends/xmpp/xmpp_private.h"

#define NS "http://jabber.org/protocol/chatstates"

static const char *const features[] = { NS, NULL };
static const char *const states[] = { "active", "composing", "paused", "inactive", "gone" };

static void read_state(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	for (gsize i = 0; i < G_N_ELEMENTS(states) && !message->error; i++)
		if (!message->chat_state && sn_xml_find(stanza, states[i], NS))
			message->chat_state = g_strdup(states[i]);
}

static void write_state(const SnXmppReading *reading, const SnImMessage *message,
			xmpp_stanza_t *stanza)
{
	for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
		if (g_strcmp0(message->chat_state, states[i]) == 0)
			sn_xml_child(stanza, states[i], NS);
}

const SnXmppExtension sn_ext_chatstates = {
	.name = "chat states",
	.claims = SN_XMPP_CLAIMS(
		{ "0085", "2.1", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_message:everything_a_message_has_comes_back",
		  "sent and read as part of a message" }),
	.features = features,
	.read = read_state,
	.write = write_state,
};
