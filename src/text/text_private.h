/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text_private.h - what the files of this folder share. Lengths in bytes; nothing NUL-terminated. */
#ifndef SN_TEXT_TEXT_PRIVATE_H
#define SN_TEXT_TEXT_PRIVATE_H

#include "src/text/text.h"

int sn_text_width_n(const char *text, gsize length);
int sn_text_cluster_n(const char *text, gsize length, gsize *bytes);

/* One line of a body, without its newline; FALSE at the end. Moves *at past the newline. */
static inline gboolean sn_text_next_line(const char *body, gsize length, gsize *at, SnSpan *line)
{
	if (*at >= length)
		return FALSE;
	line->start = *at;
	while (*at < length && body[*at] != '\n')
		++*at;
	line->end = *at;
	if (*at < length)
		++*at;
	return TRUE;
}

/*
 * Do the first of the `count` lines introduce a quotation ("On ... wrote:", in many languages)?
 * Strong: with a date, as programs write it; weak: needs quote marks below it to count.
 * *used says how many lines it takes (1 to 4).
 */
typedef enum { SN_NO_ATTRIBUTION, SN_WEAK_ATTRIBUTION, SN_STRONG_ATTRIBUTION } SnAttribution;
SnAttribution sn_text_attribution(const char *body, const SnSpan *line, gsize count, gsize *used);
/* "-----Original Message-----", in many languages. */
gboolean sn_text_is_separator(const char *text, gsize length);
/* "--- end forwarded text" */
gboolean sn_text_ends_forwarded(const char *text, gsize length);
/* The number of lines of a header block such as Outlook puts above a quoted message, or 0.
 * separated: below a separator, where a date is not needed to be sure. */
gsize sn_text_header_block(const char *body, const SnSpan *line, gsize count, gboolean separated);

#endif
