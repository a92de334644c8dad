/* SPDX-License-Identifier: GPL-3.0-or-later */
/* terms.h - what a message waits for before it goes, and how it has to go: the sender's own terms,
 * in a draft and in the outbox. */
#ifndef SN_STORE_TERMS_H
#define SN_STORE_TERMS_H

#include "src/store/people.h"

/* X(name, word, bit, what the person, or for NETWORK the account, has to be) */
#define SN_WHEN_TABLE(X)                                                                        \
	X(ONLINE, "online", 1, "online")                                                        \
	X(AVAILABLE, "available", 2, "available")                                               \
	X(NOT_DND, "not-dnd", 4, "not busy")                                                    \
	X(NETWORK, "network", 8, "connected")

/* All that are set have to hold at once. */
typedef enum {
#define X(name, word, bit, text) SN_WHEN_##name = bit,
	SN_WHEN_TABLE(X)
#undef X
} SnWhen;
/* Those that are about the presence of the person. */
#define SN_WHEN_PRESENCE (SN_WHEN_ONLINE | SN_WHEN_AVAILABLE | SN_WHEN_NOT_DND)

typedef enum {
	SN_ENCRYPT_NONE,        /* as it is */
	SN_ENCRYPT_IF_POSSIBLE,
	SN_ENCRYPT_REQUIRED,    /* never in the clear, unless the user takes this back */
	SN_ENCRYPT_CLEAR,       /* of a draft: as it is, also where keys recommend otherwise */
} SnEncrypt;
/* Whether it is signed: as the account says, or as the user says of this one. */
typedef enum { SN_SIGN_DEFAULT, SN_SIGN_YES, SN_SIGN_NO } SnSign;
const char *sn_encrypt_word(SnEncrypt encrypt); /* "none" "if-possible" "required" */
gboolean sn_encrypt_parse(const char *word, SnEncrypt *encrypt);

typedef struct {
	SnTime send_at;  /* not before; 0 = now */
	guint when;      /* SnWhen bits; 0 = as presence and rules say */
	SnRule then;     /* when that did not come true in time: MAIL or FAIL; DEFAULT = email where
	                    one can be sent, else a failure */
	SnTime within;   /* that time, from send_at or now on; 0 = delivery.expire. Not without then */
	SnEncrypt encrypt;
	SnSign sign;
} SnTerms;

/* "online", "online,network" or "online+network" -> bits; SN_ERROR_INVALID names the wrong word. */
gboolean sn_when_words_parse(const char *text, guint *when, GError **error);
/* "online,network"; "" for none. Caller frees. */
char *sn_when_words(guint when);

#endif
