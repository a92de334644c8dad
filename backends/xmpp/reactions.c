/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reactions.c - XEP-0444: all that its sender feels about one message; an empty set takes it back. */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:reactions:0"
#define MAX_REACTIONS 16

static const char *const features[] = { NS, NULL };

static void read_reactions(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			   SnImMessage *message)
{
	xmpp_stanza_t *reactions = sn_xml_find(stanza, "reactions", NS);
	g_autofree char *id = sn_xml_attr(reactions, "id");
	g_autoptr(GStrvBuilder) all = g_strv_builder_new();
	int count = 0;

	if (!id)
		return;
	for (xmpp_stanza_t *one = sn_xml_find(reactions, "reaction", NS);
	     one && count < MAX_REACTIONS; count++) {
		g_autofree char *text = sn_xml_line(one);
		if (text && *text)
			g_strv_builder_add(all, text);
		one = sn_xml_next(xmpp_stanza_get_next(one), "reaction", NS);
	}
	message->react_id = g_steal_pointer(&id);
	message->reactions = g_strv_builder_end(all);
}

static void write_reactions(const SnXmppReading *reading, const SnImMessage *message,
			    xmpp_stanza_t *stanza)
{
	if (!message->react_id)
		return;
	xmpp_stanza_t *reactions = sn_xml_child(stanza, "reactions", NS);
	sn_xml_set(reactions, "id", message->react_id);
	for (char **one = message->reactions; one && *one; one++)
		sn_xml_child_text(reactions, "reaction", NULL, *one);
}

const SnXmppExtension sn_ext_reactions = {
	.name = "reactions",
	.claims = SN_XMPP_CLAIMS(
		{ "0444", "0.2.0", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/integration/test_amend_live:a_reaction_goes_and_is_taken_away",
		  "what a room allows is not asked" }),
	.features = features,
	.read = read_reactions,
	.write = write_reactions,
};
