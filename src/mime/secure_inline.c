/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenPGP blocks that stand in a text (RFC 9580 sections 6.2 and 7), and what a message has at all. */
#include <string.h>

#include "src/mime/secure_private.h"

#define MESSAGE "-----BEGIN PGP MESSAGE-----"
#define MESSAGE_END "-----END PGP MESSAGE-----"
#define SIGNED "-----BEGIN PGP SIGNED MESSAGE-----"
#define SIGNED_END "-----END PGP SIGNATURE-----"

/* A line that is exactly this, blanks at its end aside; where it begins, or -1. */
static gssize find_line(const char *text, gsize at, const char *line, gsize *end)
{
	gsize length = strlen(line);

	for (const char *found = strstr(text + at, line); found; found = strstr(found + 1, line)) {
		const char *rest = found + length;
		rest += strspn(rest, " \t\r");
		if ((found == text || found[-1] == '\n') && (!*rest || *rest == '\n')) {
			*end = (gsize)(rest - text) + (*rest == '\n');
			return found - text;
		}
	}
	return -1;
}

gboolean sn_pgp_find(const char *text, gsize at, SnPgpBlock *block)
{
	gsize after_message = 0, after_signed = 0, end = 0;
	gssize message = find_line(text, at, MESSAGE, &after_message);
	gssize signed_ = find_line(text, at, SIGNED, &after_signed);

	if (message < 0 && signed_ < 0)
		return FALSE;
	block->encrypted = signed_ < 0 || (message >= 0 && message < signed_);
	gsize begin = (gsize)(block->encrypted ? message : signed_);
	if (find_line(text, block->encrypted ? after_message : after_signed,
	              block->encrypted ? MESSAGE_END : SIGNED_END, &end) < 0)
		return FALSE;
	block->start = begin;
	block->end = end;
	g_assert(block->start < block->end && block->end <= strlen(text));
	return TRUE;
}

static gboolean is_type(GMimeObject *object, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(g_mime_object_get_content_type(object), type, subtype);
}

static guint kind_of(GMimeObject *object, int depth)
{
	const char *parameter = g_mime_object_get_content_type_parameter(object, "protocol");
	guint smime = parameter && strstr(parameter, "pkcs7") ? SN_SECURE_SMIME : 0, kind = 0;

	if (is_type(object, "multipart", "signed"))
		kind |= SN_SECURE_SIGNED | smime;
	if (is_type(object, "multipart", "encrypted"))
		return SN_SECURE_ENCRYPTED;
	switch (sn_mime_cms_kind(object)) {
	case SN_CMS_NONE: break;
	case SN_CMS_SIGNED: return SN_SECURE_SMIME | SN_SECURE_SIGNED;
	case SN_CMS_ENVELOPED: return SN_SECURE_SMIME | SN_SECURE_ENCRYPTED;
	}
	/* where sn_mail_open() looks, too */
	if (depth < 6 && GMIME_IS_MULTIPART(object) &&
	    (is_type(object, "multipart", "mixed") || is_type(object, "multipart", "signed")))
		for (int i = 0; i < MIN(g_mime_multipart_get_count(GMIME_MULTIPART(object)), 100); i++)
			kind |= kind_of(g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1);
	return kind;
}

guint sn_mime_secure_kind(GMimeObject *root, const char *text)
{
	guint kind = root ? kind_of(root, 0) : 0;
	SnPgpBlock block;
	gsize at = 0;

	for (int i = 0; root && i < 20 && sn_pgp_find(text, at, &block); i++, at = block.end)
		kind |= SN_SECURE_INLINE | (block.encrypted ? SN_SECURE_ENCRYPTED : SN_SECURE_SIGNED);
	return kind;
}
