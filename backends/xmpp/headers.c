/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headers.c - XEP-0131: which email this message answers (In-Reply-To, References). */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS "http://jabber.org/protocol/shim"
#define MAX_REFERENCES 100

static const char *const features[] = { NS, NULL };

/* Message-IDs in "<a@b> <c@d>", without brackets; what is none is left out. */
static void take_ids(const char *text, GPtrArray *ids)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t\n", -1);

	for (char **word = words; *word && ids->len < MAX_REFERENCES; word++) {
		gsize length = strlen(*word);
		if (length > 4 && length < 1000 && **word == '<' && (*word)[length - 1] == '>' &&
		    strchr(*word, '@'))
			g_ptr_array_add(ids, g_strndup(*word + 1, length - 2));
	}
}

static void read_headers(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	xmpp_stanza_t *headers = sn_xml_find(stanza, "headers", NS);
	int looked = 0;

	for (xmpp_stanza_t *header = sn_xml_find(headers, "header", NS);
	     header && looked < SN_XML_MAX_ITEMS;
	     header = sn_xml_next(xmpp_stanza_get_next(header), "header", NS), looked++) {
		g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
		g_autofree char *name = sn_xml_attr(header, "name");
		g_autofree char *text = sn_xml_text(header);
		if (!name || !text)
			continue;
		take_ids(text, ids);
		if (g_ascii_strcasecmp(name, "In-Reply-To") == 0 && ids->len &&
		    !message->in_reply_to_mail)
			message->in_reply_to_mail = g_strdup(g_ptr_array_index(ids, 0));
		else if (g_ascii_strcasecmp(name, "References") == 0 && ids->len &&
			 !message->references)
			message->references = g_steal_pointer(&ids);
	}
}

static void add_header(xmpp_stanza_t *headers, const char *name, const char *text)
{
	sn_xml_set(sn_xml_child_text(headers, "header", NULL, text), "name", name);
}

static void write_headers(const SnXmppReading *reading, const SnImMessage *message,
			  xmpp_stanza_t *stanza)
{
	gboolean references = message->references && message->references->len > 0;

	if (!message->in_reply_to_mail && !references)
		return;
	xmpp_stanza_t *headers = sn_xml_child(stanza, "headers", NS);
	if (message->in_reply_to_mail) {
		g_autofree char *text = g_strdup_printf("<%s>", message->in_reply_to_mail);
		add_header(headers, "In-Reply-To", text);
	}
	if (references) {
		g_autoptr(GString) text = g_string_new(NULL);
		for (guint i = 0; i < message->references->len && i < MAX_REFERENCES; i++)
			g_string_append_printf(text, "%s<%s>", i ? " " : "",
					       (char *)g_ptr_array_index(message->references, i));
		add_header(headers, "References", text->str);
	}
}

const SnXmppExtension sn_ext_headers = {
	.name = "headers",
	.claims = SN_XMPP_CLAIMS(
		{ "0131", "1.2", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_message:headers_take_only_message_ids",
		  "In-Reply-To and References only" }),
	.features = features,
	.read = read_headers,
	.in_clear = TRUE,
	.write = write_headers,
};
