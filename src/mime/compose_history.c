/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Earlier messages as a multipart/digest. An email must arrive byte for byte; mail systems rewrite
 * line ends, may break long lines, and may quote lines that begin with "From ". What can be lost
 * in that is restored by the reader with the help of Content-Digest (carried.c); what cannot is
 * sent as base64, which RFC 6532 allows for message/global but RFC 2046 not for message/rfc822.
 */
#include <string.h>

#include "src/mime/compose_private.h"

#define MAX_LINE 998

static gboolean is_named(const char *line, gsize length, const char *const *names)
{
	for (; *names; names++) {
		gsize size = strlen(*names);
		if (length > size && line[size] == ':' && g_ascii_strncasecmp(line, *names, size) == 0)
			return TRUE;
	}
	return FALSE;
}

GBytes *sn_mime_without_fields(GBytes *raw, const char *const *names)
{
	gsize length;
	const char *data = g_bytes_get_data(raw, &length);
	GByteArray *out = NULL;
	gboolean skipping = FALSE;

	for (gsize at = 0, end; at < length; at = end) {
		const char *newline = memchr(data + at, '\n', length - at);
		end = newline ? (gsize)(newline - data) + 1 : length;
		if (data[at] == '\n' || data[at] == '\r') {
			if (out)
				g_byte_array_append(out, (const guint8 *)data + at,
						    (guint)(length - at));
			break;
		}
		if (data[at] != ' ' && data[at] != '\t') {
			skipping = is_named(data + at, end - at, names);
			if (skipping && !out) {
				out = g_byte_array_sized_new((guint)length);
				g_byte_array_append(out, (const guint8 *)data, (guint)at);
			}
		}
		if (out && !skipping)
			g_byte_array_append(out, (const guint8 *)data + at, (guint)(end - at));
	}
	return out ? g_byte_array_free_to_bytes(out) : g_bytes_ref(raw);
}

/* Where a mailbox file puts a '>' before "From ", and the message has ">From " as well, nobody can
 * tell afterwards which is which. */
static gboolean is_ambiguous(const char *data, gsize length)
{
	const char *end = data + length;
	gboolean from = FALSE, quoted = FALSE;

	for (const char *at = data; at < end; at++) {
		if (end - at > 6 && memcmp(at, ">From ", 6) == 0)
			quoted = TRUE;
		else if (end - at > 5 && memcmp(at, "From ", 5) == 0)
			from = TRUE;
		at = memchr(at, '\n', (gsize)(end - at));
		if (!at)
			break;
	}
	return from && quoted;
}

/* Lines of one kind of line end, short enough, no NUL, no bare CR: mail systems let them pass. */
static gboolean is_plain(const char *data, gsize length, gboolean *eight_bit)
{
	gsize line = 0, crlf = 0, lf = 0;

	*eight_bit = FALSE;
	for (gsize i = 0; i < length; i++, line++) {
		if ((guchar)data[i] >= 0x80)
			*eight_bit = TRUE;
		if (data[i] == '\0' ||
		    (data[i] == '\r' && (i + 1 == length || data[i + 1] != '\n')))
			return FALSE;
		if (data[i] != '\n')
			continue;
		gboolean dos = i > 0 && data[i - 1] == '\r';
		crlf += dos;
		lf += !dos;
		if (line > MAX_LINE || (crlf && lf))
			return FALSE;
		line = (gsize)-1;
	}
	return length > 0 && data[length - 1] == '\n' && !is_ambiguous(data, length);
}

static void set_bytes(GMimePart *part, const void *data, gsize length,
		      GMimeContentEncoding encoding)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data, length);
	GMimeDataWrapper *wrapper =
		g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, wrapper);
	g_mime_part_set_content_encoding(part, encoding);
	g_object_unref(stream);
	g_object_unref(wrapper);
}

/* A GMimeMessagePart would be parsed and written anew; a plain part is copied. */
GMimePart *sn_mime_email_part(GBytes *raw)
{
	/* the recipient was not meant to see them */
	static const char *const bcc[] = { "Bcc", "Resent-Bcc", NULL };
	g_autoptr(GBytes) bytes = sn_mime_without_fields(raw, bcc);
	g_autofree char *digest = sn_mime_digest(bytes);
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	gboolean eight_bit;
	gboolean plain = is_plain(data, length, &eight_bit);
	GMimePart *part = g_mime_part_new_with_type("message", plain ? "rfc822" : "global");

	g_mime_object_set_header(GMIME_OBJECT(part), SN_HEADER_DIGEST, digest, NULL);
	set_bytes(part, data, length,
		  !plain      ? GMIME_CONTENT_ENCODING_BASE64
		  : eight_bit ? GMIME_CONTENT_ENCODING_8BIT
			      : GMIME_CONTENT_ENCODING_7BIT);
	return part;
}

gsize sn_mail_carried_size(GBytes *rfc822)
{
	gsize length;
	const char *data = g_bytes_get_data(rfc822, &length);
	gboolean eight_bit;

	return (is_plain(data, length, &eight_bit) ? length : length * 7 / 5) + 400;
}

static GMimePart *im_part(const SnMailCarried *carried)
{
	GMimePart *part = g_mime_part_new_with_type("message", "cpim");
	g_autofree char *text = sn_mime_write_cpim(carried);

	set_bytes(part, text, strlen(text), GMIME_CONTENT_ENCODING_DEFAULT);
	GMimeContentEncoding best =
		g_mime_part_get_best_content_encoding(part, GMIME_ENCODING_CONSTRAINT_7BIT);
	/* Some readers take the content of any message/... for a message as it stands: its headers
	 * stay readable, whatever the text is. */
	g_mime_part_set_content_encoding(part, best == GMIME_CONTENT_ENCODING_BASE64
							 ? GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
							 : best);
	return part;
}

GMimeObject *sn_mime_history_part(GPtrArray *history)
{
	GMimeMultipart *digest = g_mime_multipart_new_with_subtype("digest");

	g_mime_object_set_header(GMIME_OBJECT(digest), "Content-Description",
				 SN_HISTORY_DESCRIPTION, NULL);
	g_assert(history->len > 0);
	for (guint i = 0; i < history->len; i++) {
		const SnMailCarried *carried = history->pdata[i];
		GMimePart *part = carried->rfc822 ? sn_mime_email_part(carried->rfc822) : im_part(carried);
		g_mime_multipart_add(digest, GMIME_OBJECT(part));
		g_object_unref(part);
	}
	return GMIME_OBJECT(digest);
}
