/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cms.c - what an application/pkcs7-mime part is (RFC 8551 section 3.2.2). The parameter that says so
 * is optional: without it the ContentInfo tells, by the object identifier that it begins with
 * (RFC 5652 section 3).
 */
#include <string.h>

#include "src/mime/mime_private.h"

enum { HEAD = 32 };

/* OBJECT IDENTIFIER 1.2.840.113549.1.7.2, and that of RFC 5083 section 2.1. */
static const guint8 signed_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
static const guint8 auth_enveloped[] = { 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
	                                 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17 };

/* SEQUENCE, a length of any form, and then that. */
static gboolean begins_as(const guint8 *bytes, gsize length, const guint8 *oid, gsize size)
{
	gsize at = 2;

	if (length < 2 || bytes[0] != 0x30)
		return FALSE;
	if (bytes[1] & 0x80)
		at += bytes[1] & 0x7f;
	return at + size <= length && memcmp(bytes + at, oid, size) == 0;
}

gboolean sn_cms_is_authenticated(const guint8 *head, gsize length)
{
	return begins_as(head, length, auth_enveloped, sizeof auth_enveloped);
}

SnCmsKind sn_cms_kind(const char *word, const guint8 *head, gsize length)
{
	if (!word)
		return begins_as(head, length, signed_data, sizeof signed_data) ? SN_CMS_SIGNED
		                                                                : SN_CMS_ENVELOPED;
	/* certificates alone are signed data that nobody signed */
	return g_ascii_strcasecmp(word, "signed-data") == 0 || g_ascii_strcasecmp(word, "certs-only") == 0
	               ? SN_CMS_SIGNED
	               : SN_CMS_ENVELOPED;
}

static gsize read_head(GMimePart *part, guint8 *head)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	gsize got = 0;

	if (!content)
		return 0;
	GMimeStream *stream = g_mime_stream_filter_new(g_mime_data_wrapper_get_stream(content));
	GMimeFilter *filter = g_mime_filter_basic_new(g_mime_data_wrapper_get_encoding(content), FALSE);
	g_mime_stream_filter_add(GMIME_STREAM_FILTER(stream), filter);
	g_object_unref(filter);
	g_mime_stream_reset(stream);
	while (got < HEAD) {
		ssize_t more = g_mime_stream_read(stream, (char *)head + got, HEAD - got);
		if (more <= 0)
			break;
		got += (gsize)more;
	}
	g_mime_stream_reset(stream);
	g_object_unref(stream);
	return got;
}

SnCmsKind sn_mime_cms_kind(GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	const char *word = g_mime_object_get_content_type_parameter(object, "smime-type");
	guint8 head[HEAD];

	if (!g_mime_content_type_is_type(type, "application", "pkcs7-mime") &&
	    !g_mime_content_type_is_type(type, "application", "x-pkcs7-mime"))
		return SN_CMS_NONE;
	return sn_cms_kind(word, head,
	                   !word && GMIME_IS_PART(object) ? read_head(GMIME_PART(object), head) : 0);
}
