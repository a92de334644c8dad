/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mime_private.h - what the files of this folder share. GMime is known to no other folder. */
#ifndef SN_MIME_MIME_PRIVATE_H
#define SN_MIME_MIME_PRIVATE_H

#include <gmime/gmime.h>

#include "src/mime/mail.h"

#define SN_MIME_MAX_MESSAGE (64 * 1024 * 1024)
#define SN_MIME_MAX_PARTS 1000
#define SN_MIME_MAX_DEPTH 100
#define SN_MIME_MAX_HEADER (32 * 1024)
#define SN_MIME_MAX_HTML (512 * 1024)
#define SN_MIME_MAX_TEXT (4 * 1024 * 1024) /* of readable text of one message */
#define SN_MIME_MAX_REFERENCES 200
#define SN_MIME_MAX_CARRIED 1000

/* Header fields of ours. */
#define SN_HEADER_JABBER_ID "Jabber-ID"
#define SN_HEADER_ORIGIN_ID "Sennit-Origin-ID"
#define SN_HEADER_CHAT "Sennit-Chat"
#define SN_HEADER_ANSWERED_ID "Sennit-In-Reply-To"
#define SN_HEADER_DIGEST "Content-Digest" /* of a carried email: sha-256=:base64: (RFC 9530) */
#define SN_HEADER_REDUCED "Sennit-Reduced"   /* on a carried email: it is not as it was sent */
#define SN_HEADER_TRANSCRIPT "Content-Transcript" /* of the text part: digest of the first line of it */
#define SN_HISTORY_DESCRIPTION "Earlier messages"

/* ---- limits.c ---- */

/* What may be parsed without harm: `raw` itself (a new reference), or a shortened copy. Adds to
 * `notice` what was left out. */
GBytes *sn_mime_limit(GBytes *raw, GString *notice);

/* ---- mend.c ---- */

/* The same with what the parser would stumble over in its headers put right; a new reference. */
GBytes *sn_mime_mend(GBytes *bytes, GString *notice);

/* ---- message.c ---- */

/* A parsed message over bytes that are not copied. */
typedef struct {
	GMimeMessage *message;
	GBytes *bytes;
	GByteArray *array; /* the same bytes, for the stream that the parts refer to */
} SnMimeMessage;
SnMimeMessage *sn_mime_open(GBytes *raw, GString *notice);
void sn_mime_close(SnMimeMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnMimeMessage, sn_mime_close)

/* Calls back for each leaf (a message/rfc822 is one) in depth-first order; `depth` of the root is
 * 0. FALSE stops. */
typedef struct {
	GMimeObject *object;
	GMimeMultipart *parent; /* NULL for the root */
	int index;              /* within the parent */
	int depth;
	int position;           /* from 1 */
	gboolean in_alternative, in_related, in_history;
} SnMimeLeaf;
typedef gboolean (*SnMimeLeafCallback)(const SnMimeLeaf *leaf, gpointer data);
/* FALSE when parts were left out because of the limits. */
gboolean sn_mime_each_leaf(GMimeMessage *message, SnMimeLeafCallback callback, gpointer data);

gboolean sn_mime_is_history(GMimeMultipart *multipart);

/* The content of a leaf with its transfer encoding taken off; NUL-terminated, caller frees. */
char *sn_mime_decode(GMimePart *part, gsize *length);
/* Its size, without decoding. */
gint64 sn_mime_decoded_size(GMimePart *part);
/* The bytes of a message/rfc822 as they stand in the message; never NULL. */
GBytes *sn_mime_embedded_bytes(const SnMimeMessage *message, const SnMimeLeaf *leaf);

/* ---- charset.c ---- */

/* The name under which a declared character set is converted: a superset, or the name itself. */
const char *sn_mime_charset(const char *declared);

/* Declared character set, else UTF-8, else windows-1252. NUL-terminated UTF-8, not yet clean.
 * *repaired becomes TRUE when the declaration was wrong, missing or unknown. */
char *sn_mime_to_utf8(const char *data, gsize length, const char *charset, gboolean *repaired);

/* ---- inside.c, invite.c ---- */

typedef struct {
	char *name; /* safe; never NULL */
	GBytes *bytes;
} SnMimeFile;
/* The files of a winmail.dat, in order; *text: what the message says besides, or NULL. */
GPtrArray *sn_mime_unpack_tnef(const char *data, gsize length, char **text);
/* Those that are uuencoded in a text; *rest: the text with their names instead, NULL: no change. */
GPtrArray *sn_mime_unpack_uu(const char *text, gsize length, char **rest);
/* ---- rtf.c ---- */

/* RTF as it was before [MS-OXRTFCP]; NULL when it is none. */
GString *sn_rtf_unpack(const guint8 *data, gsize length);
/* What RTF says, in UTF-8, caller frees; "" when it is none. *html: that is HTML, which was wrapped in
 * the RTF ([MS-OXRTFEX]). */
char *sn_rtf_text(const char *rtf, gsize length, gboolean *html);

char *sn_mime_guess_type(const char *name, GBytes *bytes);
/* A calendar object in words; NULL when it holds no event. */
char *sn_mime_read_invitation(const char *text, gsize length);

/* ---- show.c ---- */

/* A message as text to read: its most important fields, its text, the messages attached to it. NULL when
 * it is none; caller frees. */
char *sn_mime_show(GBytes *raw);

/* ---- headers.c ---- */

void sn_mime_read_headers(SnMail *mail, GMimeMessage *message, const SnMailOptions *options);
char *sn_mime_safe_name(const char *name); /* NULL if nothing is left */

/* ---- trace.c ---- */

/* As SnMail.authentication; options->authserv_id is set. Caller frees; NULL. */
char *sn_mime_authentication(GMimeHeaderList *headers, const SnMailOptions *options);

/* ---- cms.c: application/pkcs7-mime ---- */

typedef enum {
	SN_CMS_NONE,      /* another type */
	SN_CMS_SIGNED,    /* its text is in the open, under a signature; or certificates only */
	SN_CMS_ENVELOPED, /* encrypted, or not known */
} SnCmsKind;
/* word: the parameter smime-type; NULL: the first bytes of the decoded content say it. */
SnCmsKind sn_cms_kind(const char *word, const guint8 *head, gsize length);
SnCmsKind sn_mime_cms_kind(GMimeObject *object);
/* Encrypted so that a change shows (AuthEnvelopedData, RFC 5083); what else there is has no seal. */
gboolean sn_cms_is_authenticated(const guint8 *head, gsize length);

/* ---- secure_inline.c ---- */

/* SnSecure of a message with this content and readable text. */
guint sn_mime_secure_kind(GMimeObject *root, const char *text);

/* ---- body.c, report.c, bounce.c, status.c, cpim.c, carried.c ---- */

/* <meta charset=...> in the first kilobyte, for parts that declare none; caller frees; NULL. */
char *sn_mime_html_charset(const char *html, gsize length);
/* A type that is none becomes text/plain, with the parameters that it has. */
void sn_mime_repair_type(GMimeObject *object);
void sn_mime_read_parts(SnMail *mail, const SnMimeMessage *message, GString *notice);
void sn_mime_read_report(SnMail *mail, GMimeMultipart *report);
char *sn_mime_return_path(GMimeMessage *message); /* as SnMail.return_path */
gboolean sn_mime_from_daemon(const SnMail *mail, GMimeMessage *message);
/* The Message-ID of a returned message (or header) among these parts; caller frees; NULL. */
char *sn_mime_returned_id(GMimeObject *root);
/* An email that came back, and is no report: adds what it says. returned_id: of its parts; NULL. */
void sn_mime_read_bounce(SnMail *mail, const SnMimeMessage *message, const char *returned_id);
/* The first "5.1.1" in a text; caller frees; NULL. */
char *sn_mime_find_status(const char *text);
SnMailCarried *sn_mime_read_cpim(const char *text, gsize length);
char *sn_mime_write_cpim(const SnMailCarried *carried);
SnMailCarried *sn_mime_read_carried(const SnMimeMessage *message, const SnMimeLeaf *leaf);

char *sn_mime_digest(GBytes *bytes); /* "sha-256=:base64:" (RFC 9530) */

/* The digest of a line, whatever blanks are in it. */
char *sn_mime_line_digest(const char *line, gsize length);

/* A sentence for SnMail.notice, once. */
void sn_mime_note(GString *notice, const char *sentence);

/* bulk.c: when all else of the email is read. */
SnMailBulk sn_mime_bulk(const SnMail *mail, GMimeObject *object);

#endif
