/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delay.c - XEP-0203: when a message was really sent. A server's stamp (offline storage, a room's
 * past) is its time; a stamp of the sender says when a deferred message was written.
 */
#include "backends/xmpp/xmpp_private.h"

static const char *const features[] = { NULL };

static gboolean by_server(const SnXmppReading *reading, const SnImMessage *message,
			  const char *from)
{
	g_autofree char *domain = reading->own_jid ? sn_jid_domain(reading->own_jid) : NULL;

	if (!from)
		return FALSE;
	return g_strcmp0(from, domain) == 0 || sn_jid_same_bare(from, reading->own_jid) ||
	       (message->groupchat && sn_jid_same_bare(from, message->from));
}

static void read_delay(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	xmpp_stanza_t *delay = sn_xml_find(stanza, "delay", SN_NS_DELAY);
	int looked = 0;

	for (; delay && looked < SN_XML_MAX_ITEMS; looked++) {
		SnTime time = sn_xml_time(sn_xml_raw(delay, "stamp"));
		/* What we wrote ourselves bears our own address: it is no server's word. */
		gboolean own = sn_jid_same_bare(message->from, reading->own_jid);
		if (!own && by_server(reading, message, sn_xml_raw(delay, "from")))
			message->time = time;
		else if (!message->written)
			message->written = time;
		delay = sn_xml_next(xmpp_stanza_get_next(delay), "delay", SN_NS_DELAY);
	}
}

static void write_delay(const SnXmppReading *reading, const SnImMessage *message,
			xmpp_stanza_t *stanza)
{
	if (!message->written)
		return;
	g_autofree char *stamp = sn_time_format(message->written);
	xmpp_stanza_t *delay = sn_xml_child(stanza, "delay", SN_NS_DELAY);
	sn_xml_set(delay, "stamp", stamp);
	sn_xml_set(delay, "from", reading->own_jid);
}

const SnXmppExtension sn_ext_delay = {
	.name = "delay",
	.claims = SN_XMPP_CLAIMS(
		{ "0203", "2.0", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/unit/test_xmpp_message:a_senders_time_is_not_the_servers", NULL }),
	.features = features,
	.read = read_delay,
	.write = write_delay,
};
