/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * facts.h - what the user decided about people, in a form that devices of the user can exchange.
 *
 * A fact is a register: a key, a value (or none: taken back), and when it was written, by which
 * device. Of two values the one with the greater (clock, device, value) counts, whatever the order in
 * which they arrive and however often (a last-writer-wins map, so a CRDT). The clock is that of a
 * hybrid logical clock: milliseconds since 1970, but always later than all that was seen before.
 *
 *   pair TAB address TAB address   TIME, TAB, "to" "from" "of" "owns" "apart": what the first is to
 *                                  the second
 *   name TAB address               TIME, TAB, what the user calls the person
 *   rule TAB address               TIME, TAB, sn_rule_word()
 *   wish TAB address               TIME, TAB, what the user noted: sn_rule_word(), TAB, how it is known
 *   policy TAB address             TIME, TAB, presences, quiet hours, zone, how questions are answered
 *
 * Addresses are written "mail:bob@example.test" and "im:bob@example.test", in small letters; those of
 * a pair in the order of their bytes. A fact about a person is written for each of its addresses, so
 * that it stays with them when they part; of several, the greatest TIME counts (milliseconds since
 * 1970, when the user said it), which an undo restores.
 */
#ifndef SN_STORE_FACTS_H
#define SN_STORE_FACTS_H

#include "src/store/people.h"

#define SN_FACT_LIMIT 4000           /* bytes of a key, and of a value */
#define SN_FACT_CLOCK_LIMIT ((gint64)1 << 52)

typedef struct {
	char *key;
	char *value; /* NULL: taken back */
	gint64 clock;
} SnFact;
void sn_fact_free(SnFact *fact);

/* The name of this device of the user; made when first asked for. Caller frees. */
char *sn_facts_device(SnStore *store, GError **error);

/*
 * Facts that another device wrote. What is malformed, too large, or older than what is known is
 * passed over. news: how many counted; NULL. One transaction.
 */
gboolean sn_facts_take(SnStore *store, const char *device, const GPtrArray *facts, guint *news,
                       GError **error);

/*
 * This device's facts that still count, in numbered chunks of limited size, each of which travels as
 * one item. A chunk changes only when one of its facts does.
 */
GPtrArray *sn_facts_chunk(SnStore *store, int chunk); /* of SnFact, by key */
int sn_facts_chunks(SnStore *store);                  /* chunks are 1 to this */

/* How many devices wrote what still counts, and how much that is. */
int sn_facts_devices(SnStore *store);
int sn_facts_count(SnStore *store);

#endif
