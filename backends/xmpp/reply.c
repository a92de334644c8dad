/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reply.c - XEP-0461: which message this one answers, and XEP-0428: which part of the body only
 * stands there for clients that do not know that (positions count characters, not bytes).
 */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS_REPLY "urn:xmpp:reply:0"
#define NS_FALLBACK "urn:xmpp:fallback:0"
#define NS_SHIM "http://jabber.org/protocol/shim"
#define NS_SFS "urn:xmpp:sfs:0"
#define MAX_RANGES 16

static const char *const features[] = { NS_REPLY, NS_FALLBACK, NULL };

static gboolean known(const char *namespace)
{
	return g_strcmp0(namespace, NS_REPLY) == 0 ||
	       g_strcmp0(namespace, NS_SHIM) == 0 || g_strcmp0(namespace, NS_SFS) == 0 ||
	       g_strcmp0(namespace, SN_NS_OOB) == 0 || g_strcmp0(namespace, SN_NS_DELAY) == 0;
}

static void add_range(GArray *ranges, gint64 start, gint64 end)
{
	SnImRange range = { start, end };

	if (ranges->len < MAX_RANGES)
		g_array_append_val(ranges, range);
}

static void add_fallback(GArray *ranges, xmpp_stanza_t *fallback)
{
	xmpp_stanza_t *range = sn_xml_find(fallback, "body", NS_FALLBACK);

	if (!range && !sn_xml_find(fallback, "subject", NS_FALLBACK)) {
		add_range(ranges, 0, G_MAXINT64); /* all of it */
		return;
	}
	for (int i = 0; range && i < MAX_RANGES; i++) {
		add_range(ranges, sn_xml_attr_number(range, "start", 0),
			  sn_xml_attr_number(range, "end", G_MAXINT64));
		range = sn_xml_next(xmpp_stanza_get_next(range), "body", NS_FALLBACK);
	}
}

/* Of SnImRange; NULL: none. */
static GArray *read_ranges(xmpp_stanza_t *stanza)
{
	GArray *ranges = g_array_new(FALSE, FALSE, sizeof(SnImRange));
	int looked = 0;

	for (xmpp_stanza_t *fallback = sn_xml_find(stanza, "fallback", NS_FALLBACK);
	     fallback && looked < MAX_RANGES; looked++) {
		if (known(sn_xml_raw(fallback, "for")))
			add_fallback(ranges, fallback);
		fallback = sn_xml_next(xmpp_stanza_get_next(fallback), "fallback", NS_FALLBACK);
	}
	if (ranges->len == 0)
		g_clear_pointer(&ranges, g_array_unref);
	return ranges;
}

static void read_reply(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	xmpp_stanza_t *reply = sn_xml_find(stanza, "reply", NS_REPLY);

	message->reply_id = sn_xml_attr(reply, "id");
	message->reply_to = sn_xml_attr(reply, "to");
	message->fallback = read_ranges(stanza);
	if (message->body && message->fallback) {
		g_autofree char *body = g_steal_pointer(&message->body);
		sn_im_message_set_body(message, body);
	}
}

/* Says that `length` characters from `start` on only stand in for the namespace. */
static void write_range(xmpp_stanza_t *stanza, const char *namespace, glong start, glong length)
{
	xmpp_stanza_t *fallback = sn_xml_child(stanza, "fallback", NS_FALLBACK);
	xmpp_stanza_t *range = sn_xml_child(fallback, "body", NULL);

	sn_xml_set(fallback, "for", namespace);
	sn_xml_set_number(range, "start", start);
	sn_xml_set_number(range, "end", start + length);
}

/* Characters of the text as they are sent. */
static glong sent_length(const char *text)
{
	g_autofree char *sent = text ? sn_xml_valid(text) : NULL;

	return sent ? g_utf8_strlen(sent, -1) : 0;
}

static void write_reply(const SnXmppReading *reading, const SnImMessage *message,
			xmpp_stanza_t *stanza)
{
	if (message->reply_id) {
		xmpp_stanza_t *reply = sn_xml_child(stanza, "reply", NS_REPLY);
		sn_xml_set(reply, "id", message->reply_id);
		sn_xml_set(reply, "to", message->reply_to ? message->reply_to : message->to);
	}
	if (!message->body)
		return;
	glong quote = sent_length(message->quote), body = sent_length(message->body);
	/* which email is answered does not go beside an encrypted text: then the quote is all that says it */
	if (quote && (message->reply_id || !message->sealed))
		write_range(stanza, message->reply_id ? NS_REPLY : NS_SHIM, 0, quote);
	if (message->note && message->written)
		write_range(stanza, SN_NS_DELAY, quote + body, sent_length(message->note));
}

const SnXmppExtension sn_ext_reply = {
	.name = "replies",
	.claims = SN_XMPP_CLAIMS(
		{ "0461", "0.2.0", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/unit/test_xmpp_message:a_quote_is_a_fallback_that_can_be_taken_off", NULL },
		{ "0428", "0.2.1", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/unit/test_xmpp_message:a_quote_is_a_fallback_that_can_be_taken_off", NULL }),
	.features = features,
	.read = read_reply,
	.write = write_reply,
};
