/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Earlier messages that travelled along in a digest of ours. */
#include <string.h>

#include "src/mime/mime_private.h"

void sn_mail_carried_free(SnMailCarried *carried)
{
	if (!carried)
		return;
	g_clear_pointer(&carried->rfc822, g_bytes_unref);
	g_free(carried->from);
	g_free(carried->to);
	g_free(carried->from_name);
	g_free(carried->text);
	g_free(carried->id);
	g_clear_pointer(&carried->files, g_ptr_array_unref);
	g_free(carried);
}

void sn_mail_carried_file_free(SnMailCarriedFile *file)
{
	if (!file)
		return;
	g_free(file->url);
	g_free(file->name);
	g_free(file->type);
	g_free(file->sha256);
	g_free(file);
}

static gboolean has_digest(GBytes *bytes, const char *expected)
{
	g_autofree char *digest = sn_mime_digest(bytes);

	return strcmp(digest, expected) == 0;
}

/* The same lines with other line ends. */
static GBytes *with_line_ends(GBytes *bytes, gboolean crlf)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	GByteArray *out = g_byte_array_sized_new((guint)(length + length / 40 + 1));

	for (gsize i = 0; i < length; i++) {
		if (data[i] == '\r' && i + 1 < length && data[i + 1] == '\n')
			continue;
		if (data[i] == '\n' && crlf)
			g_byte_array_append(out, (const guint8 *)"\r", 1);
		g_byte_array_append(out, (const guint8 *)data + i, 1);
	}
	return g_byte_array_free_to_bytes(out);
}

/* Without the '>' that a mailbox file puts before a line that begins with "From ". */
static GBytes *unescape_from(GBytes *bytes)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	GByteArray *out = g_byte_array_sized_new((guint)length);

	for (gsize i = 0; i < length; i++)
		if (!(data[i] == '>' && (i == 0 || data[i - 1] == '\n') && length - i > 6 &&
		      memcmp(data + i, ">From ", 6) == 0))
			g_byte_array_append(out, (const guint8 *)data + i, 1);
	return g_byte_array_free_to_bytes(out);
}

static GBytes *without_last_line_end(GBytes *bytes)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);

	if (length > 0 && data[length - 1] == '\n')
		length -= length > 1 && data[length - 2] == '\r' ? 2 : 1;
	return g_bytes_new_from_bytes(bytes, 0, length);
}

/*
 * Servers and mailboxes rewrite line ends and lines that begin with "From ". The digest that the
 * sender gave says which of the forms is the original; without a match it stays as it came.
 */
static GBytes *restore(GBytes *bytes, const char *digest)
{
	if (!digest || has_digest(bytes, digest))
		return g_bytes_ref(bytes);
	for (int form = 0; form < 8; form++) {
		g_autoptr(GBytes) lines = with_line_ends(bytes, form & 1);
		g_autoptr(GBytes) lines_from = form & 2 ? unescape_from(lines) : g_bytes_ref(lines);
		g_autoptr(GBytes) candidate =
			form & 4 ? without_last_line_end(lines_from) : g_bytes_ref(lines_from);
		if (has_digest(candidate, digest))
			return g_steal_pointer(&candidate);
	}
	return g_bytes_ref(bytes);
}

char *sn_mime_digest(GBytes *bytes)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 hash[32];
	gsize length, hash_length = sizeof hash;
	const guchar *data = g_bytes_get_data(bytes, &length);

	g_checksum_update(checksum, data, (gssize)length);
	g_checksum_get_digest(checksum, hash, &hash_length);
	g_autofree char *base64 = g_base64_encode(hash, hash_length);
	return g_strdup_printf("sha-256=:%s:", base64);
}

char *sn_mime_line_digest(const char *line, gsize length)
{
	GByteArray *letters = g_byte_array_sized_new((guint)length);

	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isspace(line[i]))
			g_byte_array_append(letters, (const guint8 *)line + i, 1);
	g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(letters);
	return sn_mime_digest(bytes);
}

static GBytes *decoded_bytes(GMimePart *part)
{
	gsize length;
	char *content = sn_mime_decode(part, &length);

	return g_bytes_new_take(content, length);
}

SnMailCarried *sn_mime_read_carried(const SnMimeMessage *message, const SnMimeLeaf *leaf)
{
	GMimeContentType *type = g_mime_object_get_content_type(leaf->object);
	g_autoptr(GBytes) bytes = NULL;

	if (GMIME_IS_MESSAGE_PART(leaf->object)) {
		bytes = sn_mime_embedded_bytes(message, leaf);
	} else if (GMIME_IS_PART(leaf->object)) {
		bytes = decoded_bytes(GMIME_PART(leaf->object));
		if (g_mime_content_type_is_type(type, "message", "cpim"))
			return sn_mime_read_cpim(g_bytes_get_data(bytes, NULL),
						 g_bytes_get_size(bytes));
		if (!g_mime_content_type_is_type(type, "message", "rfc822") &&
		    !g_mime_content_type_is_type(type, "message", "global"))
			return NULL;
	}
	if (!bytes || g_bytes_get_size(bytes) == 0)
		return NULL;
	SnMailCarried *carried = g_new0(SnMailCarried, 1);
	carried->rfc822 = restore(bytes, g_mime_object_get_header(leaf->object, SN_HEADER_DIGEST));
	return carried;
}
