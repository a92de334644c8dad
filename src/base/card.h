/* SPDX-License-Identifier: GPL-3.0-or-later */
/* card.h - the user's own card as text that people edit: "key: value" lines. Pure. */
#ifndef SN_BASE_CARD_H
#define SN_BASE_CARD_H

#include "src/base/error.h"

/*        key              with several values, XEP-0054 element and child, XEP-0292 element and child */
#define SN_CARD_TABLE(X)                                                   \
	X("name", FALSE, "FN", NULL, "fn", "text")                         \
	X("nickname", FALSE, "NICKNAME", NULL, "nickname", "text")         \
	X("email", TRUE, "EMAIL", "USERID", "email", "text")               \
	X("phone", TRUE, "TEL", "NUMBER", "tel", "text")                   \
	X("xmpp", TRUE, "JABBERID", NULL, "impp", "uri")                   \
	X("web", FALSE, "URL", NULL, "url", "uri")                         \
	X("organisation", FALSE, "ORG", "ORGNAME", "org", "text")          \
	X("title", FALSE, "TITLE", NULL, "title", "text")                  \
	X("note", FALSE, "DESC", NULL, "note", "text")

typedef struct {
	const char *key; /* of the table */
	char *value;     /* one line, never empty */
} SnCardLine;
void sn_card_line_free(SnCardLine *line);

enum { SN_CARD_LINES = 64, SN_CARD_BYTES = 16 << 10 };
/*
 * Blank lines and those that begin with # count for nothing. Of SnCardLine; NULL with INVALID: a line
 * without a key, a key that there is not (with the nearest) or is there twice; LIMIT: too much.
 */
GPtrArray *sn_card_parse(const char *text, GError **error);
/* Comment lines that say which keys there are, for an editor. Caller frees. */
char *sn_card_hint(void);

#endif
