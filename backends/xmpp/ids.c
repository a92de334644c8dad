/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ids.c - XEP-0359: the sender's id (origin-id) and the archive's (stanza-id). A stanza-id counts
 * only if our own account or the room stamped it, and our server strips forged ones.
 */
#include "backends/xmpp/xmpp_private.h"

static const char *const features[] = { SN_NS_SID, NULL };

static gboolean trusted(const SnXmppReading *reading, const SnImMessage *message, const char *by)
{
	if (!by)
		return FALSE;
	if (message->groupchat)
		return sn_jid_same_bare(by, message->from) && !sn_jid_resource(by);
	return reading->trust_stanza_id && g_strcmp0(by, reading->own_jid) == 0;
}

static void read_ids(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	xmpp_stanza_t *id = sn_xml_find(stanza, "stanza-id", SN_NS_SID);
	int looked = 0;

	message->origin_id = sn_xml_attr(sn_xml_find(stanza, "origin-id", SN_NS_SID), "id");
	/* The last one: Prosody 0.12 leaves a forged one in front of its own. */
	for (; id && looked < SN_XML_MAX_ITEMS; looked++) {
		if (trusted(reading, message, sn_xml_raw(id, "by"))) {
			g_free(message->stanza_id);
			message->stanza_id = sn_xml_attr(id, "id");
		}
		id = sn_xml_next(xmpp_stanza_get_next(id), "stanza-id", SN_NS_SID);
	}
}

static void write_ids(const SnXmppReading *reading, const SnImMessage *message,
		      xmpp_stanza_t *stanza)
{
	if (message->origin_id)
		sn_xml_set(sn_xml_child(stanza, "origin-id", SN_NS_SID), "id", message->origin_id);
}

const SnXmppExtension sn_ext_ids = {
	.name = "ids",
	.claims = SN_XMPP_CLAIMS(
		{ "0359", "0.7.0", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/unit/test_xmpp_message:a_stanza_id_counts_only_from_our_own_account", NULL }),
	.features = features,
	.read = read_ids,
	.write = write_ids,
};
