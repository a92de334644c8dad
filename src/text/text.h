/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.h - Unicode text for a terminal: width, graphemes, line breaking (libunistring, UAX 11, 14,
 * 29), cleaning of hostile text, and the structure of a mail body. All pure and reentrant.
 */
#ifndef SN_TEXT_TEXT_H
#define SN_TEXT_TEXT_H

#include <glib.h>

/*
 * Makes any bytes fit to show: valid UTF-8 (bad bytes become U+FFFD), no C0/C1 control characters
 * but \n and \t, no bidi overrides or isolates left open, no lone surrogates or non-characters,
 * CRLF and CR to LF. length -1: NUL-terminated. Caller frees. Idempotent.
 */
char *sn_text_clean(const char *bytes, gssize length);
/* The same on one line: newlines and tabs become single spaces, ends trimmed. */
char *sn_text_clean_line(const char *bytes, gssize length);
/* Whether all of these bytes are below 0x80. */
gboolean sn_text_is_ascii(const char *text, gsize length);

/* Columns of a string without newlines; tabs count to the next multiple of 8 from column 0. */
int sn_text_width(const char *text);
/* The grapheme cluster at `text`: its bytes in *bytes, its columns returned (0, 1 or 2). */
int sn_text_cluster(const char *text, gsize *bytes);
/* At most `columns` wide, with an ellipsis when cut; never splits a cluster. Caller frees. */
char *sn_text_fit(const char *text, int columns);
/* Same, padded with spaces to exactly `columns`. */
char *sn_text_pad(const char *text, int columns);

/* Breaks one paragraph (no \n) to lines of at most `columns`; long words are cut between clusters.
 * Of SnSpan into `text`, trailing blanks of a line excluded. Never empty. */
typedef struct {
	gsize start, end; /* bytes */
} SnSpan;
GArray *sn_text_wrap(const char *text, int columns);
/*
 * The same, where the lines after the first stand below the text of a list item, of a quote or of an
 * indented paragraph: they are narrower by *hang columns, which is 0 for other text.
 */
GArray *sn_text_wrap_hanging(const char *text, int columns, int *hang);

/* A mail body cut into what a reader sees as one: */
typedef enum {
	SN_BLOCK_TEXT,
	SN_BLOCK_QUOTE,       /* "> ..." lines, and what follows an Outlook-style separator */
	SN_BLOCK_ATTRIBUTION, /* "On ... wrote:" */
	SN_BLOCK_SIGNATURE,   /* from "-- " on */
	SN_BLOCK_LINKS,       /* the numbered links below a text that was HTML; the last block */
} SnBlockKind;
typedef struct {
	SnBlockKind kind;
	int depth;        /* QUOTE: number of '>' of its first line, 1 for separators */
	gsize start, end; /* bytes of the body, whole lines */
} SnBlock;
/* Conservative: when in doubt it is TEXT (new text must never be folded away). Of SnBlock. */
GArray *sn_text_blocks(const char *body);

/* Where the numbered links at the end begin, the length of the body if there are none; their count. */
gsize sn_text_footnotes(const char *body, guint *count);

/* First line of meaning for a list: skips quotes, attributions, greetings stay; cleaned, <= 200
 * bytes. Caller frees; "" when nothing is left. */
char *sn_text_preview(const char *body);

/* format=flowed (RFC 3676) to paragraphs; delsp as its parameter says. Caller frees. */
char *sn_text_unflow(const char *body, gboolean delsp);

/* "14 kB"; caller frees. */
char *sn_text_size(gint64 bytes);

#endif
