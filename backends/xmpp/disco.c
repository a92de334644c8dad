/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disco.c - XEP-0030: tells others what we can do, asks our server what it can, and XEP-0115: the
 * fingerprint of our abilities that goes with presence.
 */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define MAX_SERVICES 20
#define MAX_FEATURES 256

static const char *const features[] = { XMPP_NS_DISCO_INFO, XMPP_NS_DISCO_ITEMS,
					"http://jabber.org/protocol/caps", NULL };

static gint by_bytes(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All features of the table, sorted. Strings are static. */
static GPtrArray *own_features(void)
{
	GPtrArray *all = g_ptr_array_new();

	for (int i = 0; sn_xmpp_extensions[i]; i++)
		for (int j = 0; sn_xmpp_extensions[i]->features[j]; j++)
			g_ptr_array_add(all, (gpointer)sn_xmpp_extensions[i]->features[j]);
	g_ptr_array_sort(all, by_bytes);
	return all;
}

/* XEP-0115 section 5.1 */
char *sn_caps_hash(void)
{
	g_autoptr(GPtrArray) all = own_features();
	g_autoptr(GString) text = g_string_new("client/console//sennit<");
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
	guint8 digest[20];
	gsize length = sizeof digest;

	for (guint i = 0; i < all->len; i++)
		g_string_append_printf(text, "%s<", (char *)g_ptr_array_index(all, i));
	g_checksum_update(sum, (const guchar *)text->str, (gssize)text->len);
	g_checksum_get_digest(sum, digest, &length);
	return g_base64_encode(digest, length);
}

static gboolean answer_disco(SnIm *im, xmpp_stanza_t *iq, xmpp_stanza_t *child)
{
	gboolean info = sn_xml_is(child, "query", XMPP_NS_DISCO_INFO);

	if (g_strcmp0(xmpp_stanza_get_type(iq), "get") != 0)
		return FALSE;
	if (!info && !sn_xml_is(child, "query", XMPP_NS_DISCO_ITEMS))
		return FALSE;
	xmpp_stanza_t *query =
		sn_xml_new(im->ctx, "query", info ? XMPP_NS_DISCO_INFO : XMPP_NS_DISCO_ITEMS);
	sn_xml_set(query, "node", sn_xml_raw(child, "node"));
	if (info) {
		g_autoptr(GPtrArray) all = own_features();
		xmpp_stanza_t *identity = sn_xml_child(query, "identity", NULL);
		sn_xml_set(identity, "category", "client");
		sn_xml_set(identity, "type", "console");
		sn_xml_set(identity, "name", "sennit");
		for (guint i = 0; i < all->len; i++)
			sn_xml_set(sn_xml_child(query, "feature", NULL), "var",
				   g_ptr_array_index(all, i));
	}
	sn_iq_reply(im, iq, query);
	return TRUE;
}

/* ---- what the server can ---- */

static gboolean has_feature(xmpp_stanza_t *query, const char *var)
{
	xmpp_stanza_t *feature = sn_xml_find(query, "feature", XMPP_NS_DISCO_INFO);

	for (int looked = 0; feature && looked < MAX_FEATURES; looked++) {
		if (g_strcmp0(sn_xml_raw(feature, "var"), var) == 0)
			return TRUE;
		feature = sn_xml_next(xmpp_stanza_get_next(feature), "feature", XMPP_NS_DISCO_INFO);
	}
	return FALSE;
}

static void own_account(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	xmpp_stanza_t *query = answer ? sn_xml_find(answer, "query", XMPP_NS_DISCO_INFO) : NULL;

	im->has_archive = has_feature(query, SN_NS_MAM);
	im->trust_stanza_id = im->has_archive || has_feature(query, SN_NS_SID);
	im->own_done = TRUE;
	sn_session_presence(im);
	sn_session_release(im);
}

/* max-file-size of the form of an upload service (XEP-0363 section 4); -1: not told. */
static gint64 max_file_size(xmpp_stanza_t *query)
{
	xmpp_stanza_t *form = sn_xml_find(query, "x", SN_NS_FORM);

	for (int looked = 0; form && looked < 8; looked++) {
		xmpp_stanza_t *field = sn_xml_find(form, "field", SN_NS_FORM);
		for (int i = 0; field && i < 64; i++) {
			if (g_strcmp0(sn_xml_raw(field, "var"), "max-file-size") == 0) {
				g_autofree char *value =
					sn_xml_line(sn_xml_find(field, "value", SN_NS_FORM));
				gint64 size = value ? g_ascii_strtoll(value, NULL, 10) : 0;
				return size > 0 ? size : -1;
			}
			field = sn_xml_next(xmpp_stanza_get_next(field), "field", SN_NS_FORM);
		}
		form = sn_xml_next(xmpp_stanza_get_next(form), "x", SN_NS_FORM);
	}
	return -1;
}

static void service(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	xmpp_stanza_t *query = answer ? sn_xml_find(answer, "query", XMPP_NS_DISCO_INFO) : NULL;

	if (!im->upload_service && has_feature(query, SN_NS_UPLOAD)) {
		im->upload_service = g_strdup(data);
		im->upload_max = max_file_size(query);
	}
	sn_session_release(im);
}

static void ask_info(SnIm *im, const char *to, SnIqAnswer answer)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", to);

	sn_xml_child(iq, "query", XMPP_NS_DISCO_INFO);
	sn_session_hold(im);
	sn_iq_ask(im, iq, answer, g_strdup(to), g_free);
}

static void services(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	xmpp_stanza_t *query = answer ? sn_xml_find(answer, "query", XMPP_NS_DISCO_ITEMS) : NULL;
	xmpp_stanza_t *item = sn_xml_find(query, "item", XMPP_NS_DISCO_ITEMS);

	for (int asked = 0; item && asked < MAX_SERVICES; asked++) {
		g_autofree char *jid = sn_xml_attr(item, "jid");
		if (jid && !sn_xml_raw(item, "node"))
			ask_info(im, jid, service);
		item = sn_xml_next(xmpp_stanza_get_next(item), "item", XMPP_NS_DISCO_ITEMS);
	}
	sn_session_release(im);
}

static void look_round(SnIm *im)
{
	xmpp_stanza_t *items = sn_iq_new(im, "get", im->domain);

	ask_info(im, im->jid, own_account);
	ask_info(im, im->domain, service);
	sn_xml_child(items, "query", XMPP_NS_DISCO_ITEMS);
	sn_session_hold(im);
	sn_iq_ask(im, items, services, NULL, NULL);
}

const SnXmppExtension sn_ext_disco = {
	.name = "disco",
	.claims = SN_XMPP_CLAIMS(
		{ "0030", "2.5.0", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_xmpp_set:the_offer_is_complete_and_told_once", NULL }),
	.features = features,
	.iq = answer_disco,
	.online = look_round,
};
