/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * map.h - the address map behind people.h: what is known, who follows from it, and what moves.
 *
 * facts.c      what the user decided: registers, newest wins; the journal that undoes them
 * cards.c      the cards of the user's address books
 * partition.c  from these to groups of addresses: a pure function
 * settle.c     brings persons in line with it
 * move.c       lets messages and conversations follow
 * shells.c     conversations that are shown within another for as long as their people are one
 * links.c      what people.h offers
 *
 * Within a transaction of the caller, unless said otherwise.
 */
#ifndef SN_STORE_MAP_H
#define SN_STORE_MAP_H

#include "src/store/people.h"

/* decision.verdict, about a and b with a < b. */
typedef enum {
	SN_VERDICT_NONE,
	SN_VERDICT_A_TO_B, /* the two people were merged; that of b was there first */
	SN_VERDICT_B_TO_A,
	SN_VERDICT_A_OF_B, /* this address, and no more, belongs to the person of the other */
	SN_VERDICT_B_OF_A,
	SN_VERDICT_DIFFERENT,
} SnVerdict;

/* ---- facts.c ---- */

/* "mail:bob@example.test", as keys name an address; caller frees; NULL: no such address. */
char *sn_fact_address(SnStore *store, SnId address);

/* A change of the map by the user: facts written under one heading, and the addresses concerned. */
typedef struct {
	SnStore *store;
	SnId id;       /* of map_change; 0: not to be undone */
	GArray *dirty; /* of SnId */
} SnChange;
/* what: a sentence without its end, in the past: "Linked bob@x to Bob". NULL: not to be undone. */
gboolean sn_change_begin(SnChange *change, SnStore *store, const char *what, GError **error);
/* Settles what was changed. Frees what begin made, also when ok is FALSE. */
gboolean sn_change_end(SnChange *change, gboolean ok, GError **error);
/* verdict from the side of `one`: A_TO_B means that `one` came to `other`. */
gboolean sn_change_pair(SnChange *change, SnId one, SnId other, SnVerdict verdict, GError **error);
typedef enum {
	SN_PROPERTY_NAME,
	SN_PROPERTY_RULE,
	SN_PROPERTY_WISH,
	SN_PROPERTY_POLICY,
} SnProperty;
/* What the user said at that time; one time for all addresses of a person. */
SnTime sn_change_time(const SnChange *change);
gboolean sn_change_property(SnChange *change, SnId address, SnProperty property, const char *text,
                            SnTime time, GError **error);
/* The same for each address of the person; nothing when it is known already. */
gboolean sn_change_person(SnChange *change, SnId person, SnProperty property, const char *text,
                          GError **error);
/* The user's no to what a contact asked for by one address (SnWishSource). */
gboolean sn_change_refuse(SnChange *change, SnId address, int source, GError **error);
/* The newest over all addresses of the person; NULL: none. when: may be NULL. Caller frees. */
char *sn_person_property(SnStore *store, SnId person, SnProperty property, SnTime *when);

/* ---- settle.c ---- */

/* dirty: addresses (of SnId) that something new is known about. */
gboolean sn_map_settle(SnStore *store, const GArray *dirty, GError **error);

/* ---- move.c ---- */

typedef struct {
	SnId address, from, to; /* persons */
} SnMove;
gboolean sn_map_move(SnStore *store, const GArray *moves, GError **error); /* of SnMove */

/* ---- shells.c ---- */

/* Shows `shell`, whose messages have left, in `heir`: passes on pin, draft and the like. */
gboolean sn_shell_give(SnStore *store, SnId shell, SnId heir, GError **error);
/* Takes back what it gave, as far as nobody changed it since, before its messages return. */
gboolean sn_shell_take(SnStore *store, SnId shell, GError **error);

/* ---- people.c ---- */

/* The person that an id stands for: itself, or the one it is part of at present. */
SnId sn_person_current(SnStore *store, SnId person);
/* Name, rule, wish and policy from what is known of its addresses. */
gboolean sn_person_refresh(SnStore *store, SnId person, GError **error);
/* Writes a property for each address of the person, so that it stays with all of them. what: as of
 * sn_change_begin(). A transaction of its own. */
gboolean sn_person_set_property(SnStore *store, SnId person, SnProperty property, const char *text,
                                const char *what, GError **error);

/* ---- policy.c ---- */

gboolean sn_person_refresh_policy(SnStore *store, SnId person, GError **error);

#endif
