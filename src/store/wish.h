/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wish.h - what a client wants of the engine that belongs to no message in the outbox. Setting one
 * rings the bell; the engine fulfils it as soon as it can, also after a restart.
 */
#ifndef SN_STORE_WISH_H
#define SN_STORE_WISH_H

#include "src/store/outbox.h"
#include "src/store/people.h"

/*
 *        kind        word         key, value
 * Standing wishes stay until they are replaced; the others are forgotten once fulfilled.
 */
#define SN_WISH_TABLE(X)                                                                      \
	X(PRESENCE, "presence")   /* standing. key: account name, or "" for all; value: a       */ \
	                          /* sn_presence_word() or "auto", then optionally a tab and a status text */ \
	X(ACTIVITY, "activity")   /* standing. key: process id of a client; value "active", or      */ \
	                          /* "idle MS": nobody touched it since then, or looks elsewhere; */ \
	                          /* "gone MS": it ended                                         */ \
	X(REACH, "reach")         /* standing. key as above; value "mailto:..." URIs with blanks */ \
	                          /* between: email me when I am away (XEP-0152); "" withdraws   */ \
	X(CARD, "card")           /* key: account name; value: its vCard, lines of own_card.h    */ \
	X(CONTACT, "contact")     /* key: bare JID; value: "accept", "refuse", "request" (ask to */ \
	                          /* see their presence, adds to the roster), "remove", "block"  */ \
	                          /* (refuses as well), "unblock"                                */ \
	X(FETCH, "fetch")         /* key: message id; value "": get the whole email and the      */ \
	                          /* files that lie elsewhere, whatever their size. Key: message  */ \
	                          /* id, "-", position of a part: only that file of an email     */ \
	X(MDN, "mdn")             /* key: message id; value "yes" or "no": tell its sender that  */ \
	                          /* it was read (RFC 8098)                                      */ \
	X(BOOK, "book")           /* key: part of a name; value "": ask address-book-cmd for it;   */ \
	                          /* whom it names is then among the addresses                   */ \
	X(ROOM, "room")           /* the answer to an invitation (src/engine/rooms_wish.c)       */ \
	X(RECONNECT, "reconnect") /* key: account name, or "" for all; value "": now             */

/* Emails above this size are not fetched whole, but file by file. */
#define SN_WISH_WHOLE_MAX (64 << 20)

typedef enum {
#define X(name, word) SN_WISH_##name,
	SN_WISH_TABLE(X)
#undef X
} SnWishKind;

typedef struct {
	char *key, *value;
} SnWish;
void sn_wish_free(SnWish *wish);

/* value NULL forgets it. */
gboolean sn_wish_set(SnStore *store, SnWishKind kind, const char *key, const char *value,
                     GError **error);
char *sn_wish_get(SnStore *store, SnWishKind kind, const char *key); /* NULL; caller frees */
GPtrArray *sn_wish_list(SnStore *store, SnWishKind kind);            /* of SnWish */

/*
 * What the user set by hand for this account, else for all: TRUE, and what contacts see. FALSE:
 * nothing, or "auto"; it is as the hours and the idleness of sennit.conf say. text may be NULL, else
 * the status text or NULL; caller frees.
 */
gboolean sn_wish_presence(SnStore *store, const char *account, SnPresenceShow *show, char **text);

/* A FETCH of what this file (position > 0) is part of, or only of it where that is too large. */
gboolean sn_wish_file(SnStore *store, SnId message, int position, GError **error);

/*
 * The user's answer to a question. TRUE when that is all; FALSE without an error: the question came
 * from the contact, so send `value` as an IM in its conversation, as the answer. Closes it in both
 * cases.
 */
gboolean sn_question_answer(SnStore *store, const SnQuestion *question, const char *value,
                            GError **error);
/* A question of ours whose answers are wishes: values "wish:contact:JID=accept" and the like. */
char *sn_wish_as_answer(SnWishKind kind, const char *key, const char *value); /* caller frees */
/* The key of such an answer when it is of this kind and value; NULL. Caller frees. */
char *sn_wish_answer_key(SnWishKind kind, const char *answer, const char *value);

#endif
