/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * partition.h - who is one person: a pure function of what the user decided and of the user's cards.
 *
 * The order in which decisions and cards became known does not matter, so that two devices which
 * know the same come to the same, and taking something back restores what was before.
 *
 * Rules, in this order:
 *  1. What the user put together is together, the newest decision first, unless the user says of any
 *     two of the addresses that they are different people. Only decisions made at the same time on
 *     two devices can contradict each other; then people stay apart.
 *  2. The addresses of a card are one person. Two cards that have an address in common and do not
 *     agree (other names, other ids, nothing else in common) claim it for two people. The address then
 *     belongs to neither, unless one of the two rests on more than what both claim: an address that
 *     the user's decision binds it to, or a stronger kind of card.
 *  3. Weaker kinds of cards come after the stronger, by the same rule.
 * Whatever is not followed becomes a conflict, to be shown.
 */
#ifndef SN_STORE_PARTITION_H
#define SN_STORE_PARTITION_H

#include "src/store/people.h"

typedef enum { SN_DECIDED_MERGED, SN_DECIDED_BELONGS, SN_DECIDED_DIFFERENT } SnDecided;

/* Addresses are positions from 0. guest came to, or belongs to, host. */
typedef struct {
	guint guest, host;
	SnDecided decided;
	gint64 clock;
	const char *device, *key; /* break ties the same way everywhere */
} SnDecision;

typedef struct {
	SnLinkSource source;     /* the smaller the stronger */
	const char *uid, *name;  /* NULL */
	const guint *members;    /* each once */
	guint count;
} SnCardMembers;

enum { SN_NO_CARD = G_MAXUINT };

typedef struct {
	guint address;
	guint card;          /* SN_NO_CARD: a decision of the user's */
	guint other;         /* of that decision */
	gboolean overruled;  /* FALSE: two cards of the same kind disagree */
} SnDisagreement;

typedef struct {
	guint count;
	guint *group;        /* of each address: equal for one person */
	gboolean *joined;    /* came to another address of its group */
	GArray *conflicts;   /* of SnDisagreement */
} SnPartition;

/* cards: in an order that is the same everywhere, at least among those of one kind. */
SnPartition *sn_partition_new(guint addresses, const SnDecision *decisions, guint decision_count,
                              const SnCardMembers *cards, guint card_count);
void sn_partition_free(SnPartition *partition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnPartition, sn_partition_free)

/* "Bob", "bob" and "Bob Smith" agree, "Smith, Bob" and "Bob Smith" too; "Smith" and "Bob Smith" do not. */
gboolean sn_names_agree(const char *one, const char *other);

#endif
