/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forward.c - XEP-0297: earlier messages inside a message. They are what the sender tells, never
 * live stanzas, and they do not nest.
 */
#include "backends/xmpp/xmpp_private.h"

#define MAX_FORWARDED 200

static const char *const features[] = { SN_NS_FORWARD, NULL };

xmpp_stanza_t *sn_forward_inner(xmpp_stanza_t *parent, SnTime *time)
{
	xmpp_stanza_t *forwarded = sn_xml_find(parent, "forwarded", SN_NS_FORWARD);

	if (time)
		*time = sn_xml_time(
			sn_xml_raw(sn_xml_find(forwarded, "delay", SN_NS_DELAY), "stamp"));
	return sn_xml_find(forwarded, "message", XMPP_NS_CLIENT);
}

static void read_forwarded(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			   SnImMessage *message)
{
	SnXmppReading inner = { .own_jid = reading->own_jid, .depth = reading->depth + 1 };
	xmpp_stanza_t *forwarded = sn_xml_find(stanza, "forwarded", SN_NS_FORWARD);

	if (reading->depth > 0 || !forwarded)
		return;
	message->forwarded = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_message_free);
	while (forwarded && message->forwarded->len < MAX_FORWARDED) {
		SnImMessage *one = sn_xmpp_read_message(
			&inner, sn_xml_find(forwarded, "message", XMPP_NS_CLIENT));
		if (one) {
			one->time = sn_xml_time(
				sn_xml_raw(sn_xml_find(forwarded, "delay", SN_NS_DELAY), "stamp"));
			g_ptr_array_add(message->forwarded, one);
		}
		forwarded =
			sn_xml_next(xmpp_stanza_get_next(forwarded), "forwarded", SN_NS_FORWARD);
	}
}

static void write_forwarded(const SnXmppReading *reading, const SnImMessage *message,
			    xmpp_stanza_t *stanza)
{
	if (reading->depth > 0 || !message->forwarded)
		return;
	SnXmppReading inner = { .own_jid = reading->own_jid, .depth = reading->depth + 1 };
	xmpp_ctx_t *ctx = xmpp_stanza_get_context(stanza);
	for (guint i = 0; i < message->forwarded->len && i < MAX_FORWARDED; i++) {
		const SnImMessage *one = g_ptr_array_index(message->forwarded, i);
		xmpp_stanza_t *forwarded = sn_xml_child(stanza, "forwarded", SN_NS_FORWARD);
		if (one->time) {
			g_autofree char *stamp = sn_time_format(one->time);
			sn_xml_set(sn_xml_child(forwarded, "delay", SN_NS_DELAY), "stamp", stamp);
		}
		xmpp_stanza_t *copy = sn_xmpp_write_message(ctx, &inner, one);
		xmpp_stanza_set_ns(copy, XMPP_NS_CLIENT);
		sn_xml_set(copy, "from", one->from);
		xmpp_stanza_add_child_ex(forwarded, copy, 0);
	}
}

const SnXmppExtension sn_ext_forward = {
	.name = "forwarding",
	.claims = SN_XMPP_CLAIMS(
		{ "0297", "1.0", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/unit/test_xmpp_message:history_travels_with_its_times", NULL }),
	.features = features,
	.read = read_forwarded,
	.in_clear = TRUE,
	.write = write_forwarded,
};
