/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sfs.c - XEP-0447: name, type, size and hash of a file with its address. */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS "urn:xmpp:sfs:0"
#define NS_FILE "urn:xmpp:file:metadata:0"
#define NS_HASH "urn:xmpp:hashes:2"
#define NS_URL "http://jabber.org/protocol/url-data"
#define MAX_FILES 64
#define SHA256_BYTES 32

static const char *const features[] = { NS, NS_FILE, NS_HASH, NULL };

static char *base64_to_hex(const char *base64)
{
	gsize length = 0;
	g_autofree guchar *bytes = g_base64_decode(base64, &length);
	GString *hex;

	if (length != SHA256_BYTES)
		return NULL;
	hex = g_string_new(NULL);
	for (gsize i = 0; i < length; i++)
		g_string_append_printf(hex, "%02x", bytes[i]);
	return g_string_free(hex, FALSE);
}

static char *hex_to_base64(const char *hex)
{
	guchar bytes[SHA256_BYTES];

	if (!hex || strlen(hex) != 2 * SHA256_BYTES)
		return NULL;
	for (int i = 0; i < SHA256_BYTES; i++) {
		int high = g_ascii_xdigit_value(hex[2 * i]),
		    low = g_ascii_xdigit_value(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return NULL;
		bytes[i] = (guchar)(high * 16 + low);
	}
	return g_base64_encode(bytes, sizeof bytes);
}

static char *read_hash(xmpp_stanza_t *metadata)
{
	int looked = 0;

	for (xmpp_stanza_t *hash = sn_xml_find(metadata, "hash", NS_HASH);
	     hash && looked < SN_XML_MAX_ITEMS; looked++) {
		g_autofree char *base64 = sn_xml_line(hash);
		if (base64 && g_strcmp0(sn_xml_raw(hash, "algo"), "sha-256") == 0)
			return base64_to_hex(base64);
		hash = sn_xml_next(xmpp_stanza_get_next(hash), "hash", NS_HASH);
	}
	return NULL;
}

static void read_one(xmpp_stanza_t *sharing, SnImMessage *message)
{
	xmpp_stanza_t *metadata = sn_xml_find(sharing, "file", NS_FILE);
	xmpp_stanza_t *sources = sn_xml_find(sharing, "sources", NS);
	g_autofree char *url = sn_xml_attr(sn_xml_find(sources, "url-data", NS_URL), "target");
	SnImFile *file = url ? sn_oob_file(message, url) : NULL;

	if (!file || !metadata)
		return;
	g_autofree char *size = sn_xml_line(sn_xml_find(metadata, "size", NS_FILE));
	g_autofree char *name = sn_xml_line(sn_xml_find(metadata, "name", NS_FILE));
	gint64 number;
	if (size && g_ascii_string_to_signed(size, 10, 0, G_MAXINT64, &number, NULL))
		file->size = number;
	if (name) {
		g_free(file->name);
		file->name = g_steal_pointer(&name);
	}
	g_free(file->type);
	file->type = sn_xml_line(sn_xml_find(metadata, "media-type", NS_FILE));
	g_free(file->sha256);
	file->sha256 = read_hash(metadata);
}

static void read_sharing(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	int looked = 0;

	for (xmpp_stanza_t *sharing = sn_xml_find(stanza, "file-sharing", NS);
	     sharing && looked < MAX_FILES; looked++) {
		read_one(sharing, message);
		sharing = sn_xml_next(xmpp_stanza_get_next(sharing), "file-sharing", NS);
	}
}

static void write_sharing(const SnXmppReading *reading, const SnImMessage *message,
			  xmpp_stanza_t *stanza)
{
	for (guint i = 0; message->files && i < message->files->len; i++) {
		const SnImFile *file = g_ptr_array_index(message->files, i);
		g_autofree char *hash = hex_to_base64(file->sha256);
		xmpp_stanza_t *sharing = sn_xml_child(stanza, "file-sharing", NS);
		xmpp_stanza_t *metadata = sn_xml_child(sharing, "file", NS_FILE);
		xmpp_stanza_t *sources = sn_xml_child(sharing, "sources", NULL);

		sn_xml_set(sharing, "disposition", "attachment");
		sn_xml_child_text(metadata, "media-type", NULL, file->type);
		sn_xml_child_text(metadata, "name", NULL, file->name);
		if (file->size >= 0) {
			g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, file->size);
			sn_xml_child_text(metadata, "size", NULL, size);
		}
		if (hash)
			sn_xml_set(sn_xml_child_text(metadata, "hash", NS_HASH, hash), "algo",
				   "sha-256");
		sn_xml_set(sn_xml_child(sources, "url-data", NS_URL), "target", file->url);
	}
}

const SnXmppExtension sn_ext_sfs = {
	.name = "file sharing",
	.claims = SN_XMPP_CLAIMS(
		{ "0447", "0.3", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_message:files_keep_what_is_known_of_them",
		  "one source, by URL" },
		{ "0446", "0.2.0", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_message:files_keep_what_is_known_of_them",
		  "name, type, size and hash" },
		{ "0300", "1.0.0", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_message:files_keep_what_is_known_of_them",
		  "SHA-256 only" }),
	.features = features,
	.read = read_sharing,
	.in_clear = TRUE,
	.write = write_sharing,
};
