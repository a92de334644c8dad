/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * omemo.c - XEP-0384 0.3 (eu.siacs.conversations.axolotl, which the field speaks): encrypted
 * messages as they travel. Opening and sealing them is the engine's.
 */
#include "backends/xmpp/xmpp_private.h"

#define NS "eu.siacs.conversations.axolotl"
#define NS_EME "urn:xmpp:eme:0"

static const char *const features[] = { NULL };

/* ---- reading ---- */

static gboolean is_true(const char *value)
{
	return g_strcmp0(value, "true") == 0 || g_strcmp0(value, "1") == 0;
}

static void read_key(SnOmemoSealed *sealed, xmpp_stanza_t *key)
{
	gint64 device = sn_xml_attr_number(key, "rid", 0);
	GBytes *data = device > 0 && device <= G_MAXINT32 ? sn_xml_bytes(key, SN_OMEMO_MAX_KEY) : NULL;

	if (data)
		g_ptr_array_add(sealed->keys,
				sn_omemo_key_new((guint32)device, is_true(sn_xml_raw(key, "prekey")), data));
}

/* NULL when it is none that anybody could open. */
static SnOmemoSealed *read_sealed(xmpp_stanza_t *encrypted)
{
	xmpp_stanza_t *header = sn_xml_find(encrypted, "header", NS);
	gint64 sender = sn_xml_attr_number(header, "sid", 0);
	g_autoptr(SnOmemoSealed) sealed = NULL;

	if (sender <= 0 || sender > G_MAXINT32)
		return NULL;
	sealed = sn_omemo_sealed_new((guint32)sender);
	sealed->iv = sn_xml_bytes(sn_xml_find(header, "iv", NS), SN_OMEMO_MAX_KEY);
	sealed->payload = sn_xml_bytes(sn_xml_find(encrypted, "payload", NS), SN_OMEMO_MAX_PAYLOAD);
	xmpp_stanza_t *key = sn_xml_find(header, "key", NS);
	for (int looked = 0; key && looked < SN_OMEMO_MAX_KEYS; looked++) {
		read_key(sealed, key);
		key = sn_xml_next(xmpp_stanza_get_next(key), "key", NS);
	}
	return sealed->payload && !sealed->iv ? NULL : g_steal_pointer(&sealed);
}

gboolean sn_omemo_seals(xmpp_stanza_t *stanza)
{
	return sn_xml_find(stanza, "encrypted", NS) != NULL;
}

/*
 * Whoever carries the message can put these beside it. They could say as much in a stanza of their
 * own, but here each would be taken for all there is to it, and the text be lost without a trace.
 * (XEP-0420 section 9: what is not in the envelope is ignored, but for what a server needs. What is
 * replaced and what is answered stays: clients of this OMEMO write them in the clear, and the text
 * is shown whatever they say.)
 */
static void drop_notes(SnImMessage *message)
{
	g_clear_pointer(&message->react_id, g_free);
	g_clear_pointer(&message->reactions, g_strfreev);
	g_clear_pointer(&message->retract_id, g_free);
	g_clear_pointer(&message->retracts, g_free);
	g_clear_pointer(&message->retracted_by, g_free);
	g_clear_pointer(&message->receipt_id, g_free);
	g_clear_pointer(&message->displayed_id, g_free);
	g_clear_pointer(&message->invitation, sn_im_invitation_free);
}

/* What stands in the clear beside an encrypted text is not of its sender, for all we know. */
static void drop_content(SnImMessage *message)
{
	g_clear_pointer(&message->body, g_free);
	g_clear_pointer(&message->body_fallback_free, g_free);
	g_clear_pointer(&message->subject, g_free);
	g_clear_pointer(&message->files, g_ptr_array_unref);
	g_clear_pointer(&message->forwarded, g_ptr_array_unref);
	g_clear_pointer(&message->in_reply_to_mail, g_free);
	g_clear_pointer(&message->references, g_ptr_array_unref);
	g_clear_pointer(&message->response_values, g_strfreev);
	g_clear_pointer(&message->response_labels, g_strfreev);
}

static void read_omemo(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	xmpp_stanza_t *encrypted = sn_xml_find(stanza, "encrypted", NS);

	if (!encrypted || message->error)
		return;
	message->sealed = read_sealed(encrypted);
	if (!message->sealed)
		message->locked = g_strdup("a damaged OMEMO");
}

void sn_omemo_drop_clear(xmpp_stanza_t *stanza, SnImMessage *message)
{
	if (message->error || !sn_omemo_seals(stanza))
		return;
	drop_notes(message);
	if (message->sealed)
		drop_content(message);
}

/* ---- writing ---- */

static void write_bytes(xmpp_stanza_t *parent, const char *name, GBytes *bytes)
{
	gsize size;
	const guint8 *data = g_bytes_get_data(bytes, &size);
	g_autofree char *text = g_base64_encode(data, size);

	sn_xml_child_text(parent, name, NULL, text);
}

static void write_key(xmpp_stanza_t *header, const SnOmemoKey *key)
{
	xmpp_stanza_t *child;
	gsize size;
	const guint8 *data = g_bytes_get_data(key->data, &size);
	g_autofree char *text = g_base64_encode(data, size);

	child = sn_xml_child_text(header, "key", NULL, text);
	sn_xml_set_number(child, "rid", key->device);
	if (key->prekey)
		sn_xml_set(child, "prekey", "true");
}

static void write_omemo(const SnXmppReading *reading, const SnImMessage *message,
			xmpp_stanza_t *stanza)
{
	const SnOmemoSealed *sealed = message->sealed;

	if (!sealed)
		return;
	xmpp_stanza_t *encrypted = sn_xml_child(stanza, "encrypted", NS);
	xmpp_stanza_t *header = sn_xml_child(encrypted, "header", NULL);
	sn_xml_set_number(header, "sid", sealed->sender);
	for (guint i = 0; i < sealed->keys->len; i++)
		write_key(header, sealed->keys->pdata[i]);
	if (sealed->iv)
		write_bytes(header, "iv", sealed->iv);
	if (!sealed->payload)
		return;
	write_bytes(encrypted, "payload", sealed->payload);
	xmpp_stanza_t *named = sn_xml_child(stanza, "encryption", NS_EME);
	sn_xml_set(named, "namespace", NS);
	sn_xml_set(named, "name", "OMEMO");
}

const SnXmppExtension sn_ext_omemo = {
	.name = "OMEMO",
	.claims = SN_XMPP_CLAIMS(
		{ "0384", "0.3.0", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_omemo:a_sealed_message_comes_back",
		  "eu.siacs.conversations.axolotl, between two people" }),
	.features = features,
	.read = read_omemo,
	.write = write_omemo,
};
