/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * letter.h - what an email is looked at for before it goes: a file that its text speaks of, a
 * subject, how large it will be. Pure but for the sizes.
 */
#ifndef SN_ROUTE_LETTER_H
#define SN_ROUTE_LETTER_H

#include <glib.h>

/* What stands for a subject when nobody gave one. */
#define SN_NO_SUBJECT "(no subject)"
gboolean sn_letter_has_subject(const char *subject);

/*
 * TRUE when the new text (no quote, no attribution, no signature) has one of `words`: separated by
 * commas, whatever their case; a '*' at the end of one stands for any ending. "" has none.
 */
gboolean sn_letter_speaks_of_file(const char *body, const char *words);

/*
 * The files that pasted text names, when it names nothing else: what a terminal pastes when files
 * are dropped on it. Absolute paths, "~/...", file:// addresses, with shell quotes where there are
 * blanks. Each exists and is a regular file. NULL: it is text.
 */
char **sn_letter_dropped_files(const char *pasted);

/*
 * The text with the signature at its end, below a line "-- "; as it is when it is signed already, or
 * there is no signature. And without that signature at its end. Callers free.
 */
char *sn_letter_sign(const char *body, const char *signature);
char *sn_letter_unsign(const char *body, const char *signature);

/* Bytes that files of so many take in an email: base64, in lines. */
gint64 sn_letter_encoded_size(gint64 bytes);

#endif
