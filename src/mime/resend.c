/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An email that is sent on (RFC 5322 section 3.6.6): a block of Resent- fields before everything,
 * below it the email byte for byte. Taken out are Bcc lines, which are nobody's business, and what the
 * last server wrote for itself: Return-Path (RFC 5321 section 4.4) and Delivered-To, by which servers
 * recognise an email that runs in a circle.
 */
#include <string.h>

#include "src/mime/compose_private.h"

static const char *const left_out[] = { "Bcc", "Resent-Bcc", "Return-Path", "Delivered-To", NULL };

static void append(GByteArray *out, const char *text)
{
	g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
}

/* The fields of a message made for them, each with "Resent-" before its name. */
static void append_fields(GByteArray *out, GMimeMessage *message, const char *newline)
{
	static const char *const names[] = { "From", "To", "Cc", "Date", "Message-Id" };
	GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message));

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		GMimeHeader *header = g_mime_header_list_get_header(headers, names[i]);
		const char *raw = header ? g_mime_header_get_raw_value(header) : NULL;
		if (!raw)
			continue;
		g_auto(GStrv) lines = g_strsplit(raw, "\n", -1);
		append(out, "Resent-");
		append(out, strcmp(names[i], "Message-Id") == 0 ? "Message-ID" : names[i]);
		append(out, ":");
		for (char **line = lines; *line; line++) {
			g_autofree char *bare = g_strchomp(g_strdup(*line));
			if (!*bare)
				continue;
			append(out, bare);
			append(out, newline);
		}
	}
}

GBytes *sn_mail_resend(GBytes *raw, const SnMailCompose *compose, GError **error)
{
	g_autoptr(GBytes) rest = sn_mime_without_fields(raw, left_out);
	gsize length;
	const char *data = g_bytes_get_data(rest, &length);
	const char *end = length ? memchr(data, '\n', length) : NULL;
	const char *newline = end && end > data && end[-1] == '\r' ? "\r\n" : "\n";

	if (!sn_mime_check_compose(compose, error))
		return NULL;
	if (length == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "The email to send on is empty.");
		return NULL;
	}
	/* an mbox line is no header field */
	gsize skip = length > 5 && memcmp(data, "From ", 5) == 0 && end ? (gsize)(end - data) + 1 : 0;
	GMimeMessage *message = g_mime_message_new(FALSE);
	sn_mime_set_envelope(message, compose);
	GByteArray *out = g_byte_array_sized_new((guint)length + 1024);
	append_fields(out, message, newline);
	g_object_unref(message);
	g_byte_array_append(out, (const guint8 *)data + skip, (guint)(length - skip));
	return g_byte_array_free_to_bytes(out);
}
