/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cards.h - the cards of the user's address books: each names addresses of one person.
 *
 * What a card says holds for as long as the card does: a changed or deleted card takes back what it
 * said, and what follows from the others stands again.
 */
#ifndef SN_STORE_CARDS_H
#define SN_STORE_CARDS_H

#include "src/store/people.h"

#define SN_CARD_ADDRESSES 50 /* more are not looked at */

typedef struct {
	const char *origin;   /* names it for good: "work/bob.vcf#uid" */
	const char *uid;      /* NULL */
	const char *name;     /* NULL */
	const char *evidence; /* for people to read: "bob.vcf"; NULL */
	char *const *mails;   /* NULL-terminated, as written; NULL */
	char *const *jids;
} SnCard;

/*
 * The cards of one place (a file) are these now: others whose origin begins with `place` are
 * forgotten. source: SN_LINK_VCARD or SN_LINK_ADDRESS_BOOK. A card of the user (with one of the user's
 * own addresses) says nothing about others and is left out, as is one without a usable address.
 * taken: how many were; NULL. One transaction.
 */
gboolean sn_cards_replace(SnStore *store, SnLinkSource source, const char *place,
                          const SnCard *cards, gsize count, gsize *taken, GError **error);

/* Origins of all cards of this source that begin with `place`, sorted; of char *. */
GPtrArray *sn_card_origins(SnStore *store, SnLinkSource source, const char *place);

#endif
