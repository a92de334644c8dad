/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_structure.h - what a large message is made of (BODYSTRUCTURE, RFC 3501 section 7.4.2), and
 * how it is put together again from the parts that were fetched, the others left empty.
 *
 * Pure; all input is hostile. Leaves come in the order of SnMailPart.position.
 */
#ifndef SN_BACKENDS_MAIL_IMAP_STRUCTURE_H
#define SN_BACKENDS_MAIL_IMAP_STRUCTURE_H

#include "backends/mail/imap_words.h"

/* RFC 2045 section 6; what is none of them is taken as it is */
typedef enum { SN_PLAIN, SN_BASE64, SN_QUOTED_PRINTABLE } SnPartEncoding;

typedef struct sn_imap_part SnImapPart;
struct sn_imap_part {
	char *section;       /* "2.1"; NULL: the message itself */
	GPtrArray *children; /* of SnImapPart: a multipart; NULL: a leaf */
	char *boundary;      /* of a multipart */
	/* a leaf */
	gboolean is_text;
	gboolean is_message; /* its header is fetched in any case: it has the subject */
	SnPartEncoding encoding;
	gint64 size;         /* as it is encoded, octets */
	gint64 decoded;      /* about */
	gboolean wanted;     /* is fetched, or the beginning of it */
};

enum { SN_IMAP_MAX_LEAVES = 200, SN_IMAP_MAX_NESTING = 20 };

/* The word behind BODYSTRUCTURE. NULL when it is none, or nothing to build a message from. */
SnImapPart *sn_imap_structure(const SnWord *word);
void sn_imap_part_free(SnImapPart *part);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnImapPart, sn_imap_part_free)

/* The leaf with this SnMailPart.position, from 1; NULL. */
const SnImapPart *sn_imap_structure_leaf(const SnImapPart *root, guint position);

/* Takes the encoding off pieces, as they come; zero it first, then set the encoding. */
typedef struct {
	SnPartEncoding encoding;
	int state;     /* of GLib's base64 */
	guint save;
	char held[3];  /* of a quoted character that is not over */
	guint holding;
} SnDecoder;
/* What comes of it; free with g_byte_array_unref(). */
GByteArray *sn_decode(SnDecoder *decoder, const char *bytes, gsize length);

/* Marks what is worth fetching at once: text, and what is no larger than `small`; at most `count`
 * leaves. */
void sn_imap_structure_choose(SnImapPart *root, gint64 small, guint count);
/* The items of a FETCH: headers of all parts, and what is wanted up to `most` octets each. */
char *sn_imap_structure_items(const SnImapPart *root, guint most);
/* Of the answer (the pairs of a FETCH), a message; NULL when its header is missing. */
GBytes *sn_imap_structure_build(const SnImapPart *root, const GPtrArray *pairs);
/* Of gint64, by leaf: decoded size of what is not in it, or not all; -1 of what is. */
GArray *sn_imap_structure_missing(const SnImapPart *root, guint most);

#endif
