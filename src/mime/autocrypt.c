/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/mime/autocrypt.h"

#include <string.h>

enum {
	MAX_VALUE = 24 * 1024,
	MAX_ADDRESS = 320,
	MAX_PACKETS = 64,
	LINE = 76,
	/* RFC 9580 section 5 */
	TAG_SIGNATURE = 2, TAG_PUBLIC_KEY = 6, TAG_USER_ID = 13, TAG_PUBLIC_SUBKEY = 14,
};

void sn_autocrypt_free(SnAutocrypt *header)
{
	if (!header)
		return;
	g_free(header->address);
	g_clear_pointer(&header->key, g_bytes_unref);
	g_free(header->fingerprint);
	g_free(header);
}

/* ---- packets ---- */

typedef struct {
	const guint8 *data;
	gsize length, at;
} Reader;

static gboolean number(Reader *reader, int bytes, gsize *value)
{
	*value = 0;
	if (reader->length - reader->at < (gsize)bytes)
		return FALSE;
	for (int i = 0; i < bytes; i++)
		*value = *value << 8 | reader->data[reader->at++];
	return TRUE;
}

/* RFC 9580 section 4.2. No partial lengths: a key has none. */
static gboolean packet(Reader *reader, int *tag, const guint8 **body, gsize *length)
{
	static const int old_sizes[] = { 1, 2, 4 };
	gsize head, more;

	if (!number(reader, 1, &head) || !(head & 0x80))
		return FALSE;
	if (head & 0x40) {
		*tag = head & 0x3f;
		if (!number(reader, 1, length))
			return FALSE;
		if (*length == 255 && !number(reader, 4, length))
			return FALSE;
		else if (*length >= 224 && *length < 255)
			return FALSE;
		else if (*length >= 192 && *length < 224) {
			if (!number(reader, 1, &more))
				return FALSE;
			*length = ((*length - 192) << 8) + more + 192;
		}
	} else {
		*tag = head >> 2 & 0x0f;
		if ((head & 3) == 3 || !number(reader, old_sizes[head & 3], length))
			return FALSE;
	}
	if (*length > reader->length - reader->at)
		return FALSE;
	*body = reader->data + reader->at;
	reader->at += *length;
	return TRUE;
}

/* RFC 9580 section 5.5.4. */
static char *fingerprint(const guint8 *body, gsize length)
{
	gboolean v6 = length > 0 && body[0] == 6;
	guint8 head[5] = { v6 ? 0x9b : 0x99 };
	gsize size = 1;

	if (length < 6 || (body[0] != 4 && !v6) || (!v6 && length > 0xffff))
		return NULL;
	for (int shift = v6 ? 24 : 8; shift >= 0; shift -= 8)
		head[size++] = (guint8)(length >> shift);
	g_autoptr(GChecksum) sum = g_checksum_new(v6 ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1);
	g_checksum_update(sum, head, (gssize)size);
	g_checksum_update(sum, body, (gssize)length);
	return g_ascii_strup(g_checksum_get_string(sum), -1);
}

char *sn_autocrypt_fingerprint(GBytes *key)
{
	Reader reader = { 0 };
	g_autofree char *found = NULL;
	const guint8 *body;
	gsize length;
	int tag, count = 0;

	reader.data = g_bytes_get_data(key, &reader.length);
	while (reader.at < reader.length) {
		if (!packet(&reader, &tag, &body, &length) || count++ > MAX_PACKETS)
			return NULL;
		/* one key, and nothing that is secret or that nobody needs (a photo) */
		if ((count == 1) != (tag == TAG_PUBLIC_KEY) ||
		    (tag != TAG_PUBLIC_KEY && tag != TAG_SIGNATURE && tag != TAG_USER_ID &&
		     tag != TAG_PUBLIC_SUBKEY))
			return NULL;
		if (count == 1 && !(found = fingerprint(body, length)))
			return NULL;
	}
	return g_steal_pointer(&found);
}

/* ---- reading ---- */

static GBytes *decode_key(const char *text)
{
	g_autofree char *packed = g_malloc(strlen(text) + 1);
	gsize length = 0, size = 0;

	for (const char *at = text; *at; at++) {
		if (g_ascii_isspace(*at))
			continue;
		if (!g_ascii_isalnum(*at) && !strchr("+/=", *at))
			return NULL;
		packed[length++] = *at;
	}
	packed[length] = '\0';
	guchar *bytes = length ? g_base64_decode(packed, &size) : NULL;
	if (!bytes || size == 0 || size > SN_AUTOCRYPT_MAX_KEY) {
		g_free(bytes);
		return NULL;
	}
	return g_bytes_new_take(bytes, size);
}

static gboolean is_address(const char *text)
{
	const char *at = strrchr(text, '@');

	return at && at != text && at[1] && strlen(text) <= MAX_ADDRESS &&
	       !strpbrk(text, " \t\r\n<>\";,");
}

/* Section 2.1: names that begin with _ may be skipped, no others; the key comes last. */
static gboolean attribute(SnAutocrypt *header, char *text, gboolean last, guint *seen)
{
	char *value = strchr(text, '=');

	if (!value)
		return FALSE;
	*value++ = '\0';
	g_strstrip(text);
	g_strstrip(value);
	if (*text == '_')
		return TRUE;
	static const char *const known[] = { "addr", "prefer-encrypt", "keydata" };
	guint which;
	for (which = 0; which < G_N_ELEMENTS(known); which++)
		if (g_str_equal(text, known[which]))
			break;
	if (which == G_N_ELEMENTS(known) || *seen & 1u << which)
		return FALSE;
	*seen |= 1u << which;
	if (which == 0) {
		header->address = g_strdup(value);
		return is_address(value);
	}
	if (which == 1) {
		header->mutual = g_str_equal(value, "mutual");
		return TRUE;
	}
	header->key = last ? decode_key(value) : NULL;
	return header->key != NULL;
}

SnAutocrypt *sn_autocrypt_parse(const char *value)
{
	g_autoptr(SnAutocrypt) header = g_new0(SnAutocrypt, 1);
	guint seen = 0;

	if (strlen(value) > MAX_VALUE)
		return NULL;
	g_auto(GStrv) attributes = g_strsplit(value, ";", 20);
	guint count = g_strv_length(attributes);
	/* a ; at the end ends the last one */
	if (count > 0 && !*g_strstrip(attributes[count - 1]))
		count--;
	for (guint i = 0; i < count; i++)
		if (!attribute(header, attributes[i], i + 1 == count, &seen))
			return NULL;
	if (!header->address || !header->key)
		return NULL;
	header->fingerprint = sn_autocrypt_fingerprint(header->key);
	return header->fingerprint ? g_steal_pointer(&header) : NULL;
}

/* ---- writing ---- */

char *sn_autocrypt_format(const char *name, const char *address, gboolean mutual, GBytes *key)
{
	gsize length;
	const guchar *bytes = g_bytes_get_data(key, &length);

	if (!is_address(address) || !length || length > SN_AUTOCRYPT_MAX_KEY)
		return NULL;
	g_autofree char *data = g_base64_encode(bytes, length);
	GString *out = g_string_new(name);
	g_string_append_printf(out, ": addr=%s;%s keydata=", address,
	                       mutual ? " prefer-encrypt=mutual;" : "");
	for (gsize at = 0, size = strlen(data); at < size; at += LINE)
		g_string_append_printf(out, "\r\n %.*s", LINE, data + at);
	return g_string_free(g_string_append(out, "\r\n"), FALSE);
}
