/* SPDX-License-Identifier: GPL-3.0-or-later */
/* secure_private.h - between the files that verify and decrypt. */
#ifndef SN_MIME_SECURE_PRIVATE_H
#define SN_MIME_SECURE_PRIVATE_H

#include "src/mime/mime_private.h"
#include "src/mime/secure.h"

/* ---- entity.c: a MIME entity (header and body) as bytes ---- */

typedef struct {
	GBytes *bytes;         /* all of it */
	gsize body;            /* where its body begins */
	SnMimeMessage *header; /* its header alone, parsed */
	GMimeContentType *type;
	GMimeObject *object;   /* for the header fields about the content */
} SnEntity;
SnEntity *sn_entity_new(GBytes *bytes);
void sn_entity_free(SnEntity *entity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnEntity, sn_entity_free)
gboolean sn_entity_is(const SnEntity *entity, const char *type, const char *subtype);
const char *sn_entity_parameter(const SnEntity *entity, const char *name); /* NULL */
/* The parts of a multipart as they stand in it, of GBytes; at most 100. */
GPtrArray *sn_entity_children(const SnEntity *entity);
/* The body with its transfer encoding taken off. */
GBytes *sn_entity_content(const SnEntity *entity);
/* With CRLF line ends, as it was signed. */
GBytes *sn_bytes_crlf(GBytes *bytes);

/* ---- gpg_verify.c ---- */

/* What the status lines of a run say of signatures; from: the sender; NULL when there is none.
 * gpg: where the keys were looked for. */
SnSignature *sn_gpg_signature(const SnGpgRun *run, const SnGpg *gpg, gboolean smime, const char *from);
/* A signature over bytes that lie beside it. Never NULL. */
SnSignature *sn_gpg_verify(const SnGpg *gpg, gboolean smime, GBytes *data, GBytes *signature,
                           const char *from);
/* A signature that holds what it signs. *content: NULL when nothing is to be had. Never NULL. */
SnSignature *sn_gpg_verify_opaque(const SnGpg *gpg, gboolean smime, GBytes *signature,
                                  const char *from, GBytes **content);
/* The clear text, and who signed it within (NULL nobody). NULL: `lock` and `why` of out say it. */
GBytes *sn_gpg_decrypt(const SnGpg *gpg, gboolean smime, GBytes *data, const char *from,
                       SnSignature **signature, SnOpened *out);

/* ---- secure_inline.c ---- */

/* The first OpenPGP block in a text at or after `at`. */
typedef struct {
	gsize start, end;
	gboolean encrypted; /* else signed text in the clear */
} SnPgpBlock;
gboolean sn_pgp_find(const char *text, gsize at, SnPgpBlock *block);

#endif
