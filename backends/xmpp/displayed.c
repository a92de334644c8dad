/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * displayed.c - XEP-0490: how far the user has read each chat, for the user's own clients. A private
 * node of our own account (private_store.c); an item for each chat, named by its bare JID, holds the
 * stanza-id of the last message read.
 */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS SN_PRIVATE_DISPLAYED

static const char *const features[] = { NS "+notify", NULL };

/* Our own account names the messages of a chat, and a room its own (XEP-0359). */
void sn_displayed_write(SnIm *im, xmpp_stanza_t *item, const SnImRequest *request)
{
	xmpp_stanza_t *id = sn_xml_child(sn_xml_child(item, "displayed", NS), "stanza-id", SN_NS_SID);

	sn_xml_set(id, "by", request->with ? request->with : im->jid);
	sn_xml_set(id, "id", request->text);
}

char *sn_displayed_read(SnIm *im, xmpp_stanza_t *item)
{
	xmpp_stanza_t *id =
		sn_xml_find(sn_xml_find(item, "displayed", NS), "stanza-id", SN_NS_SID);
	g_autofree char *by = sn_xml_attr(id, "by"), *chat = sn_xml_attr(item, "id");
	g_autofree char *jid = chat ? sn_jid_normalise(chat) : NULL;

	if (!jid || !by || (strcmp(by, im->jid) != 0 && strcmp(by, jid) != 0))
		return NULL;
	return sn_xml_attr(id, "id");
}

const SnXmppExtension sn_ext_displayed = {
	.name = "displayed synchronisation",
	.claims = SN_XMPP_CLAIMS(
		{ "0490", "1.0.1", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_amend_live:what_is_read_here_is_read_there", NULL }),
	.features = features,
};
