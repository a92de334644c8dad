/* SPDX-License-Identifier: GPL-3.0-or-later */
/* encryption.c - XEP-0380: knows a message it cannot read when it sees one. */
#include "backends/xmpp/xmpp_private.h"

static const char *const features[] = { NULL };

static const char *const ours = "eu.siacs.conversations.axolotl";

/* Of those that there are. Only what is in the table is shown: the name is the sender's word. */
static const struct {
	const char *namespace, *name;
} ways[] = {
	{ "urn:xmpp:omemo:2", "OMEMO 2" },  { "urn:xmpp:omemo:1", "OMEMO 1" },
	{ "urn:xmpp:openpgp:0", "OpenPGP" }, { "jabber:x:encrypted", "OpenPGP" },
	{ "urn:xmpp:otr:0", "OTR" },
};

static char *other_way(const char *namespace)
{
	if (!namespace || g_strcmp0(namespace, ours) == 0)
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
		if (g_strcmp0(namespace, ways[i].namespace) == 0)
			return g_strdup(ways[i].name);
	return g_strdup("an unknown way");
}

static void read_encryption(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			    SnImMessage *message)
{
	xmpp_stanza_t *named = sn_xml_find(stanza, "encryption", "urn:xmpp:eme:0");
	gboolean newer = sn_xml_find(stanza, "encrypted", "urn:xmpp:omemo:2") != NULL;
	gboolean omemo = sn_xml_find(stanza, "encrypted", ours) != NULL;

	message->encrypted = named || newer || omemo;
	if (message->encrypted && !omemo)
		message->locked = other_way(newer ? "urn:xmpp:omemo:2" : sn_xml_raw(named, "namespace"));
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
