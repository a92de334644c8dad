/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_words.h - reads one response of an IMAP server (RFC 3501 and 9051, section 7).
 *
 * Pure: bytes in, words out; whatever the bytes, no more memory than a small multiple of them.
 * libetpan reads the messages themselves; what it does not know, or trips over, is read here.
 */
#ifndef SN_BACKENDS_MAIL_IMAP_WORDS_H
#define SN_BACKENDS_MAIL_IMAP_WORDS_H

#include <glib.h>

typedef enum { SN_WORD_ATOM, SN_WORD_STRING, SN_WORD_NIL, SN_WORD_LIST } SnWordKind;

typedef struct {
	SnWordKind kind;
	char *text;       /* ATOM, STRING: NUL-terminated, may hold NULs as well; else NULL */
	gsize length;     /* of text */
	GPtrArray *items; /* LIST: of SnWord; else NULL */
} SnWord;

typedef struct {
	char *tag;        /* "*", "+", or the tag of the command that is answered; never NULL */
	char *kind;       /* upper case: "FETCH", "LIST", "OK"; "" of a "+" */
	guint32 number;   /* the 12 of "* 12 EXISTS"; 0 */
	GPtrArray *words; /* of SnWord: what follows; of OK NO BAD BYE PREAUTH: what follows the code */
	char *code;       /* the response code, upper case: "UIDVALIDITY"; NULL */
	char *text;       /* of OK NO BAD BYE PREAUTH and "+": what it says to people; else NULL */
} SnImapLine;

enum { SN_WORDS_MAX_DEPTH = 100, SN_WORDS_MAX = 250000 };

/* One response, literals ("{5}" CR LF, five bytes) in place, with or without the last line end.
 * NULL when it is none. */
SnImapLine *sn_imap_line_parse(const char *bytes, gsize length);
void sn_imap_line_free(SnImapLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnImapLine, sn_imap_line_free)

/* The length of the literal that begins behind these bytes, which end with a line's text (its CR LF
 * left out); -1 when there is none. */
gint64 sn_imap_literal_length(const char *bytes, gsize length);

/* The index-th word; NULL. The text of a word; NULL for lists and NIL. Case is that of the server. */
const SnWord *sn_word_at(const GPtrArray *words, guint index);
const char *sn_word_text(const SnWord *word);
guint64 sn_word_number(const SnWord *word); /* 0 when it is none */
/* In a list of pairs, NAME VALUE NAME VALUE: the value of the name in any case; NULL. */
const SnWord *sn_word_value(const GPtrArray *pairs, const char *name);

/*
 * A set of numbers as in "2,4:7,9:*". each() is called once for each run, first <= last; "*" is
 * G_MAXUINT32. FALSE when the text is not a set; some may have been called then.
 */
gboolean sn_imap_set_each(const char *text, void (*each)(guint32 first, guint32 last, gpointer data),
                          gpointer data);

/* "text" with what has to be escaped escaped, for a command. NULL when it cannot be sent so. */
char *sn_imap_quote(const char *text);

#endif
