/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message.c - what RFC 6121 itself says of a message: type, body, subject, thread, error. */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

static const char *const features[] = { NULL };

/* One of several in different languages: the one without a language, else the first. */
static xmpp_stanza_t *pick(xmpp_stanza_t *stanza, const char *name)
{
	xmpp_stanza_t *first = NULL;
	int looked = 0;

	for (xmpp_stanza_t *child = xmpp_stanza_get_children(stanza);
	     child && looked < SN_XML_MAX_ITEMS; child = xmpp_stanza_get_next(child), looked++) {
		if (!sn_xml_is(child, name, xmpp_stanza_get_ns(stanza)))
			continue;
		if (!sn_xml_raw(child, "lang")) /* xml:lang, without its prefix */
			return child;
		if (!first)
			first = child;
	}
	return first;
}

static void read_message(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	const char *type = xmpp_stanza_get_type(stanza);

	message->from = sn_xml_attr(stanza, "from");
	message->to = sn_xml_attr(stanza, "to");
	message->id = sn_xml_attr(stanza, "id");
	message->groupchat = g_strcmp0(type, "groupchat") == 0;
	message->body = sn_xml_text(pick(stanza, "body"));
	message->subject = sn_xml_line(pick(stanza, "subject"));
	message->thread = sn_xml_line(sn_xml_find(stanza, "thread", NULL));
	if (g_strcmp0(type, "error") == 0) {
		message->error = TRUE;
		sn_xml_error(stanza, &message->error_condition, &message->error_text);
	}
}

static void write_message(const SnXmppReading *reading, const SnImMessage *message,
			  xmpp_stanza_t *stanza)
{
	sn_xml_set(stanza, "type", message->groupchat ? "groupchat" : "chat");
	sn_xml_set(stanza, "to", message->to);
	sn_xml_set(stanza, "id", message->id ? message->id : message->origin_id);
	sn_xml_child_text(stanza, "thread", NULL, message->thread);
	if (message->sealed) {
		if (message->sealed->payload)
			sn_xml_child_text(stanza, "body", NULL, SN_OMEMO_FALLBACK);
		return;
	}
	if (message->body) {
		g_autofree char *body =
			g_strconcat(message->quote ? message->quote : "", message->body,
				    message->note ? message->note : "", NULL);
		sn_xml_child_text(stanza, "body", NULL, body);
	}
	sn_xml_child_text(stanza, "subject", NULL, message->subject);
}

/* ---- SEND ---- */

static void start_send(SnIm *im, SnXmppJob *job)
{
	SnImMessage *message = job->request->message;
	SnXmppReading reading = sn_session_reading(im);

	if (!message || !message->to) {
		sn_xmpp_fail(
			im, job,
			g_error_new(SN_ERROR, SN_ERROR_INVALID, "The message has no recipient."));
		return;
	}
	xmpp_stanza_t *stanza = sn_xmpp_write_message(im->ctx, &reading, message);
	if (im->wire.stanza_max) {
		char *text = NULL;
		size_t length = 0;
		xmpp_stanza_to_text(stanza, &text, &length);
		if (text)
			xmpp_free(im->ctx, text);
		if (length > im->wire.stanza_max) {
			xmpp_stanza_release(stanza);
			sn_xmpp_fail(im, job,
				     g_error_new(SN_ERROR, SN_ERROR_LIMIT,
						 "The message has %" G_GSIZE_FORMAT
						 " bytes; %s takes %" G_GSIZE_FORMAT ".",
						 (gsize)length, im->domain, im->wire.stanza_max));
			return;
		}
	}
	sn_xmpp_send(im, stanza, job->request->id);
}

const SnXmppExtension sn_ext_message = {
	.name = "message",
	.features = features,
	.read = read_message,
	.write = write_message,
	.starts = { { SN_IM_REQ_SEND, TRUE, start_send } },
};
