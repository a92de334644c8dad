/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * im_steps.h - the stanzas and uploads that one IM entry consists of, in order:
 *
 *   uploads      files of the message, then earlier emails (.eml)
 *   body         the text; several when it is longer than a stanza may be
 *   files        one stanza for each uploaded file of the message (XEP-0066, XEP-0447)
 *   text         earlier messages as quoted text that every client shows
 *   files        one stanza for each earlier email
 *   forward      earlier IMs as XEP-0297 forwarded stanzas, as many stanzas as they need
 *
 * XEP-0297 wants no readable copy beside forwarded stanzas, hence the text in a message of its own.
 * The list is made when the first step is taken and kept with the entry, so that after a crash the
 * same step means the same stanza. Each has an id made of the origin-id and its number; the last
 * part of the body has the origin-id itself, and only it asks for a receipt.
 */
#ifndef SN_ENGINE_IM_STEPS_H
#define SN_ENGINE_IM_STEPS_H

#include "src/store/store.h"

typedef enum { SN_IM_STEP_UPLOAD, SN_IM_STEP_BODY, SN_IM_STEP_TEXT, SN_IM_STEP_FILE,
	       SN_IM_STEP_FORWARD } SnImStepKind;

typedef struct {
	SnImStepKind kind;
	char source;    /* UPLOAD, FILE: 'a' attachment number, 'm' earlier email (message id) */
	gint64 number;  /* of the source; BODY: part number */
	char *url;      /* UPLOAD: when done; "-" = could not be, goes without */
	char *left;     /* UPLOAD of an email: files that are taken out (history_files.h); NULL */
	GArray *ids;    /* FORWARD: of SnId */
} SnImStep;

/* What decides which steps there are. */
typedef struct {
	int attachments;         /* files of the message that will be uploaded */
	int body_parts;
	const GArray *emails;    /* of SnId: earlier emails that will be uploaded; NULL */
	char *const *left;       /* of each of them, as in SnImStep; NULL: nothing anywhere */
	GPtrArray *forwards;     /* of GArray of SnId: one stanza each; NULL */
	gboolean text;           /* there is history, or something to say about it */
} SnImStepInput;

/* Of SnImStep; never empty. */
GPtrArray *sn_im_steps_make(const SnImStepInput *input);
char *sn_im_steps_format(const GPtrArray *steps);
/* NULL when the text is not one of ours. */
GPtrArray *sn_im_steps_parse(const char *text);

/* The id of the stanza of a step, NULL for an upload; caller frees. */
char *sn_im_step_id(const GPtrArray *steps, guint index, const char *origin_id);
/* Index of the first step that the contact sees. */
guint sn_im_steps_first_visible(const GPtrArray *steps);
/* The upload that a FILE step announces; never NULL for a well-formed list. */
SnImStep *sn_im_steps_upload(const GPtrArray *steps, const SnImStep *file);

/* Bytes the text takes in XML. */
gsize sn_im_escaped_size(const char *text, gsize length);
/* Cuts a text into parts of at most `limit` escaped bytes, at line ends or blanks where possible,
 * never within a grapheme's bytes. Of char *; at least one. */
GPtrArray *sn_im_split(const char *text, gsize limit);

#endif
