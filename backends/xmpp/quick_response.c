/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quick_response.c - XEP-0439: answers the recipient can give with one key. */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:tmp:quick-response"
#define MAX_RESPONSES 16

static const char *const features[] = { NS, NULL };

static void read_responses(const SnXmppReading *reading, xmpp_stanza_t *stanza,
			   SnImMessage *message)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) labels = g_ptr_array_new_with_free_func(g_free);

	for (xmpp_stanza_t *response = sn_xml_find(stanza, "response", NS);
	     response && values->len < MAX_RESPONSES;
	     response = sn_xml_next(xmpp_stanza_get_next(response), "response", NS)) {
		char *value = sn_xml_attr(response, "value"),
		     *label = sn_xml_attr(response, "label");
		if (!value) {
			g_free(label);
			continue;
		}
		g_ptr_array_add(values, value);
		g_ptr_array_add(labels, label ? label : g_strdup(value));
	}
	if (values->len == 0)
		return;
	g_ptr_array_add(values, NULL);
	g_ptr_array_add(labels, NULL);
	message->response_values = (char **)g_ptr_array_steal(values, NULL);
	message->response_labels = (char **)g_ptr_array_steal(labels, NULL);
}

static void write_responses(const SnXmppReading *reading, const SnImMessage *message,
			    xmpp_stanza_t *stanza)
{
	char **labels = message->response_labels;

	for (int i = 0; message->response_values && message->response_values[i]; i++) {
		xmpp_stanza_t *response = sn_xml_child(stanza, "response", NS);
		sn_xml_set(response, "value", message->response_values[i]);
		sn_xml_set(response, "label",
			   labels && labels[i] ? labels[i] : message->response_values[i]);
	}
}

const SnXmppExtension sn_ext_quick_response = {
	.name = "quick responses",
	.claims = SN_XMPP_CLAIMS(
		{ "0439", "0.3.0", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_message:everything_a_message_has_comes_back",
		  "responses, no actions" }),
	.features = features,
	.read = read_responses,
	.in_clear = TRUE,
	.write = write_responses,
};
