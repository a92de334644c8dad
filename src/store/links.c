/* SPDX-License-Identifier: GPL-3.0-or-later */
/* links.c - what people.h offers about the address map; how it works is told in map.h. */
#include <string.h>

#include "src/store/cards.h"
#include "src/store/map.h"
#include "src/store/private.h"

enum { MAX_CLAIMS = 100 /* about one address: anybody can write a header */ };

/* ---- helpers ---- */

static GArray *addresses_of(SnStore *store, SnId person)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store, "SELECT id FROM address WHERE person = ?1 ORDER BY id", V(person)),
	           ids);
	return ids;
}

/* The address that the person is named after; 0: there is none (the user). */
static SnId head_of(SnStore *store, SnId person)
{
	SnId head = sn_one(store,
	                   "SELECT a.id FROM native n JOIN address a ON a.id = n.address "
	                   "WHERE n.person = ?1 AND a.person = ?1",
	                   V(person));

	return head ? head : sn_one(store, "SELECT min(id) FROM address WHERE person = ?1", V(person));
}

static char *word_of(SnStore *store, SnId address)
{
	return sn_one_text(store,
	                   "SELECT iif(channel = 0, '', 'xmpp:') || value FROM address WHERE id = ?1",
	                   V(address));
}

static char *name_of(SnStore *store, SnId person)
{
	return sn_one_text(store, "SELECT name FROM person WHERE id = ?1", V(person));
}

static gboolean no_such(const char *what, GError **error)
{
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such %s.", what);
	return FALSE;
}

static gboolean is_self(SnStore *store, SnId person)
{
	return sn_one(store, "SELECT is_self FROM person WHERE id = ?1", V(person)) != 0;
}

static gboolean check_pair(SnStore *store, SnId address, SnId person, GError **error)
{
	g_autoptr(SnAddress) known = sn_address_get(store, address);

	if (!known)
		return no_such("address", error);
	if (!sn_one(store, "SELECT 1 FROM person WHERE id = ?1", V(person)))
		return no_such("person", error);
	if (sn_address_is_own(store, known->channel, known->value) && !is_self(store, person)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "%s is one of your own addresses and cannot belong to somebody else.",
		            known->value);
		return FALSE;
	}
	if (is_self(store, person) && known->person != person) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "Your own addresses are those in accounts.conf; %s is none of them.",
		            known->value);
		return FALSE;
	}
	return TRUE;
}

/* ---- steps of a change ---- */

/* What the user said against any of these being the same is taken back. */
static gboolean allow(SnChange *change, const GArray *some, const GArray *others, GError **error)
{
	for (guint i = 0; i < some->len; i++)
		for (guint j = 0; j < others->len; j++) {
			SnId one = g_array_index(some, SnId, i), two = g_array_index(others, SnId, j);
			if (one != two &&
			    sn_one(change->store,
			           "SELECT 1 FROM decision WHERE a = min(?1, ?2) AND b = max(?1, ?2) "
			           "AND verdict = 5",
			           V(one), V(two)) &&
			    !sn_change_pair(change, one, two, SN_VERDICT_NONE, error))
				return FALSE;
		}
	return TRUE;
}

static gboolean part(SnChange *change, const GArray *some, const GArray *others, GError **error)
{
	for (guint i = 0; i < some->len; i++)
		for (guint j = 0; j < others->len; j++)
			if (!sn_change_pair(change, g_array_index(some, SnId, i),
			                    g_array_index(others, SnId, j), SN_VERDICT_DIFFERENT, error))
				return FALSE;
	return TRUE;
}

/*
 * These are one person after the change, whatever held them together before it: what hung on an
 * address that left, or on a card that is contested now, is bound by the user's word.
 */
static gboolean keep_together(SnChange *change, const GArray *ids, GError **error)
{
	SnStore *store = change->store;

	if (!ids->len || !sn_map_settle(store, change->dirty, error))
		return FALSE;
	SnId head = g_array_index(ids, SnId, 0), person = sn_address_person(store, head);
	for (guint i = 0; i < ids->len; i++) {
		SnId id = g_array_index(ids, SnId, i);
		if (sn_address_person(store, id) == person && head_of(store, person) == id)
			head = id;
	}
	for (guint i = 0; i < ids->len; i++) {
		SnId id = g_array_index(ids, SnId, i);
		if (sn_address_person(store, id) == sn_address_person(store, head))
			continue;
		if (!sn_change_pair(change, id, head, SN_VERDICT_A_TO_B, error) ||
		    !sn_map_settle(store, change->dirty, error))
			return FALSE;
	}
	return TRUE;
}

/* All of `guest` comes to `host`. */
static gboolean merge(SnChange *change, SnId guest, SnId host, GError **error)
{
	g_autoptr(GArray) some = addresses_of(change->store, guest);
	g_autoptr(GArray) all = addresses_of(change->store, host);

	if (!allow(change, some, all, error) ||
	    !sn_change_pair(change, head_of(change->store, guest), head_of(change->store, host),
	                    some->len > 1 ? SN_VERDICT_A_TO_B : SN_VERDICT_A_OF_B, error))
		return FALSE;
	SnId head = head_of(change->store, host);
	g_array_prepend_val(all, head);
	g_array_append_vals(all, some->data, some->len);
	return keep_together(change, all, error);
}

/* Takes these addresses out of their person. */
static gboolean split(SnChange *change, const GArray *some, const GArray *rest, GError **error)
{
	return part(change, some, rest, error) && keep_together(change, rest, error) &&
	       keep_together(change, some, error);
}

static GArray *all_but(const GArray *all, const GArray *without)
{
	GArray *rest = g_array_new(FALSE, FALSE, sizeof(SnId));

	for (guint i = 0; i < all->len; i++) {
		SnId id = g_array_index(all, SnId, i);
		gboolean out = FALSE;
		for (guint j = 0; j < without->len && !out; j++)
			out = g_array_index(without, SnId, j) == id;
		if (!out)
			g_array_append_val(rest, id);
	}
	return rest;
}

/* The user's word that the address is of this person. */
static gboolean bind(SnChange *change, SnId address, SnId person, GError **error)
{
	SnStore *store = change->store;
	SnId before = sn_address_person(store, address), head = head_of(store, person);
	g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GArray) there = addresses_of(store, person);

	g_array_append_val(one, address);
	if (before == person)
		return address == head ||
		       sn_change_pair(change, address, head, SN_VERDICT_A_OF_B, error);
	/* the address that a person is named after takes the person along */
	if (head_of(store, before) == address && !is_self(store, before))
		return merge(change, before, person, error);
	g_autoptr(GArray) old = addresses_of(store, before);
	g_autoptr(GArray) left = all_but(old, one);
	if (!is_self(store, before) &&
	    (!part(change, one, left, error) || !keep_together(change, left, error)))
		return FALSE;
	return allow(change, one, there, error) &&
	       sn_change_pair(change, address, head, SN_VERDICT_A_OF_B, error);
}

/* ---- claims ---- */

gboolean sn_claim_add(SnStore *store, SnId one, SnId other, SnLinkSource source,
                      const char *evidence, GError **error)
{
	g_autofree char *tidy = sn_tidy(evidence, SN_LINE_LIMIT);

	g_assert(!sn_link_source_trusted(source) && source != SN_LINK_SEEN);
	if (one == other)
		return TRUE;
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean known = sn_one(store,
	                        "SELECT 1 FROM claim WHERE a = min(?1, ?2) AND b = max(?1, ?2) "
	                        "AND source = ?3",
	                        V(one), V(other), V(source)) != 0;
	gboolean full = !known && sn_one(store,
	                                 "SELECT max((SELECT count(*) FROM claim WHERE a = ?1 OR "
	                                 "b = ?1), (SELECT count(*) FROM claim WHERE a = ?2 OR "
	                                 "b = ?2))",
	                                 V(one), V(other)) >= MAX_CLAIMS;
	gboolean ok = known || full ||
	              sn_run(store, error,
	                     "INSERT INTO claim (a, b, source, evidence, first_seen) "
	                     "VALUES (min(?1, ?2), max(?1, ?2), ?3, ?4, ?5)",
	                     V(one), V(other), V(source), V(tidy), V(sn_now(store)));
	return sn_store_finish(store, ok, error);
}

static gboolean forget_others(SnStore *store, SnId address, SnLinkSource source,
                              const char *evidence, const GArray *others, GError **error)
{
	g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store,
	                  "SELECT iif(a = ?1, b, a) FROM claim WHERE (a = ?1 OR b = ?1) "
	                  "AND source = ?2 AND evidence IS ?3",
	                  V(address), V(source), V(evidence)),
	           known);
	for (guint i = 0; i < known->len; i++) {
		SnId other = g_array_index(known, SnId, i);
		gboolean keep = FALSE;
		for (guint j = 0; j < others->len && !keep; j++)
			keep = g_array_index(others, SnId, j) == other;
		if (!keep && !sn_run(store, error,
		                     "DELETE FROM claim WHERE a = min(?1, ?2) AND b = max(?1, ?2) "
		                     "AND source = ?3",
		                     V(address), V(other), V(source)))
			return FALSE;
	}
	return TRUE;
}

gboolean sn_claims_replace(SnStore *store, SnId address, SnLinkSource source, const char *evidence,
                           const GArray *others, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = forget_others(store, address, source, evidence, others, error);
	for (guint i = 0; i < others->len && ok; i++)
		ok = sn_claim_add(store, address, g_array_index(others, SnId, i), source, evidence,
		                  error);
	return sn_store_finish(store, ok, error);
}

/* A card of one person, made of what was told of it address by address. */
static gboolean add_to_card(SnStore *store, SnId address, SnId person, SnLinkSource source,
                            const char *evidence, GError **error)
{
	g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) jids = g_ptr_array_new_with_free_func(g_free);
	SnId head = head_of(store, person);
	g_autofree char *word = sn_fact_address(store, head);
	g_autofree char *origin = g_strconcat("person:", word, NULL);
	g_autofree char *name = sn_one_text(
		store, "SELECT name FROM person WHERE id = ?1 AND name_rank > 0", V(person));
	SnSql *query = sn_sql(store,
	                      "SELECT a.channel, a.value FROM address a WHERE a.id IN (?1, ?2) "
	                      "UNION SELECT a.channel, a.value FROM card c JOIN card_address m "
	                      "ON m.card = c.id JOIN address a ON a.id = m.address "
	                      "WHERE c.source = ?3 AND c.origin = ?4",
	                      V(address), V(head), V(source), V(origin));

	while (sn_sql_row(query))
		g_ptr_array_add(sn_sql_int(query, 0) == SN_CHANNEL_MAIL ? mails : jids,
		                sn_sql_text(query, 1));
	if (!sn_sql_end(query, error))
		return FALSE;
	g_ptr_array_add(mails, NULL);
	g_ptr_array_add(jids, NULL);
	SnCard card = { .origin = origin, .name = name, .evidence = evidence,
		        .mails = (char **)mails->pdata, .jids = (char **)jids->pdata };
	if (!sn_cards_replace(store, source, origin, &card, 1, NULL, error))
		return FALSE;
	if (!sn_one(store,
	            "SELECT 1 FROM conflict x JOIN card c ON c.id = x.card WHERE x.address = ?1 "
	            "AND c.source = ?2 AND c.origin = ?3 AND NOT x.overruled",
	            V(address), V(source), V(origin)))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_EXISTS,
	            "Two sources of the kind \"%s\" say different things about this address. "
	            "It belongs to neither until you decide.",
	            sn_link_source_word(source));
	return FALSE;
}

static gboolean bind_address(SnStore *store, SnId address, SnId person, const char *how,
                             GError **error)
{
	g_autofree char *word = word_of(store, address), *name = name_of(store, person);
	g_autofree char *what = g_strdup_printf("%s %s %s %s", how, word,
	                                        *how == 'L' ? "to" : "of", name);
	SnChange change;

	return sn_change_begin(&change, store, what, error) &&
	       sn_change_end(&change, bind(&change, address, person, error), error);
}

gboolean sn_link_add(SnStore *store, SnId address, SnId whom, SnLinkSource source,
                     gboolean confirmed, const char *evidence, GError **error)
{
	SnId person = sn_person_current(store, whom);

	if (!check_pair(store, address, person, error))
		return FALSE;
	if (confirmed || source == SN_LINK_USER)
		return bind_address(store, address, person, "Linked", error);
	if (sn_link_source_trusted(source))
		return add_to_card(store, address, person, source, evidence, error);
	return sn_claim_add(store, address, head_of(store, person), source, evidence, error);
}

gboolean sn_link_confirm(SnStore *store, SnId address, SnId whom, GError **error)
{
	SnId person = sn_person_current(store, whom);

	return check_pair(store, address, person, error) &&
	       bind_address(store, address, person, "Confirmed", error);
}

static gboolean refuse(SnStore *store, SnId address, SnId person, GError **error)
{
	g_autofree char *word = word_of(store, address), *name = name_of(store, person);
	gboolean inside = sn_address_person(store, address) == person;
	g_autofree char *what =
		inside ? g_strdup_printf("Took %s away from %s", word, name)
		       : g_strdup_printf("Said that %s does not belong to %s", word, name);
	g_autoptr(GArray) all = addresses_of(store, person);
	g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnChange change;

	g_array_append_val(one, address);
	g_autoptr(GArray) rest = all_but(all, one);
	if (!rest->len) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "It is the only address of this person and cannot be taken out.");
		return FALSE;
	}
	if (!sn_change_begin(&change, store, what, error))
		return FALSE;
	return sn_change_end(&change,
	                     inside ? split(&change, one, rest, error)
	                            : part(&change, one, rest, error),
	                     error);
}

gboolean sn_link_remove(SnStore *store, SnId address, SnId whom, GError **error)
{
	SnId person = sn_person_current(store, whom);

	if (!check_pair(store, address, person, error))
		return FALSE;
	if (is_self(store, person)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "Your own addresses are those in accounts.conf.");
		return FALSE;
	}
	return refuse(store, address, person, error);
}

/* ---- people ---- */

gboolean sn_people_merge(SnStore *store, SnId whom, SnId with, GError **error)
{
	SnId person = sn_person_current(store, whom), other = sn_person_current(store, with);
	g_autofree char *name = name_of(store, person), *second = name_of(store, other);
	SnChange change;

	if (!name || !second || !head_of(store, person) || !head_of(store, other))
		return no_such("person", error);
	if (is_self(store, person) || is_self(store, other)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "You cannot be merged with anybody.");
		return FALSE;
	}
	if (person == other) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "%s is one person already.", name);
		return FALSE;
	}
	g_autofree char *what = g_strdup_printf("Merged %s with %s", second, name);
	return sn_change_begin(&change, store, what, error) &&
	       sn_change_end(&change, merge(&change, other, person, error), error);
}

gboolean sn_people_split(SnStore *store, SnId whom, const SnId *addresses, gsize count, SnId *out,
                         GError **error)
{
	SnId person = sn_person_current(store, whom);
	g_autofree char *name = name_of(store, person);
	g_autoptr(GArray) some = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnChange change;

	if (!name)
		return no_such("person", error);
	for (gsize i = 0; i < count; i++) {
		if (sn_address_person(store, addresses[i]) != person || is_self(store, person)) {
			g_autofree char *word = word_of(store, addresses[i]);
			g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "%s does not belong to %s.",
			            word ? word : "That address", name);
			return FALSE;
		}
		g_array_append_val(some, addresses[i]);
	}
	g_autoptr(GArray) all = addresses_of(store, person);
	g_autoptr(GArray) rest = all_but(all, some);
	if (!rest->len || !some->len) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "Of the addresses of %s at least one has to go and one has to stay.", name);
		return FALSE;
	}
	g_autofree char *word = word_of(store, g_array_index(some, SnId, 0));
	g_autofree char *what =
		some->len == 1 ? g_strdup_printf("Split %s off %s", word, name)
			       : g_strdup_printf("Split %s and %u more off %s", word, some->len - 1, name);
	if (!sn_change_begin(&change, store, what, error) ||
	    !sn_change_end(&change, split(&change, some, rest, error), error))
		return FALSE;
	if (out)
		*out = sn_address_person(store, g_array_index(some, SnId, 0));
	return TRUE;
}

/* ---- conflicts ---- */

void sn_conflict_free(SnConflict *conflict)
{
	if (!conflict)
		return;
	g_free(conflict->address);
	g_free(conflict->belongs);
	g_free(conflict->claimed);
	g_free(conflict->evidence);
	g_free(conflict);
}

GPtrArray *sn_map_conflicts(SnStore *store, SnId whom)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_conflict_free);
	SnId person = whom ? sn_person_current(store, whom) : 0;
	/* the claimant: somebody else on the card, else nobody but a name */
	SnSql *query = sn_sql(
		store,
		"WITH found AS (SELECT x.*, a.person AS holder, coalesce(o.person, (SELECT w.person "
		"FROM card_address m JOIN address w ON w.id = m.address WHERE m.card = x.card "
		"AND w.person <> a.person ORDER BY m.seq LIMIT 1), 0) AS claimant "
		"FROM conflict x JOIN address a ON a.id = x.address LEFT JOIN address o ON o.id = x.other) "
		"SELECT f.address, iif(a.channel = 0, '', 'xmpp:') || a.value, f.holder, h.name, "
		"f.claimant, coalesce(c.name, p.name), coalesce(c.source, 0), c.evidence, f.overruled "
		"FROM found f JOIN address a ON a.id = f.address JOIN person h ON h.id = f.holder "
		"LEFT JOIN person p ON p.id = f.claimant LEFT JOIN card c ON c.id = f.card "
		"WHERE ?1 IN (0, f.holder, f.claimant) OR (NOT f.overruled AND f.address IN (SELECT address "
		"FROM found WHERE claimant = ?1)) ORDER BY f.overruled, a.value, c.origin",
		V(person));

	while (sn_sql_row(query)) {
		SnConflict *one = g_new0(SnConflict, 1);
		one->id = sn_sql_int(query, 0);
		one->address = sn_sql_text(query, 1);
		one->holder = sn_sql_int(query, 2);
		one->belongs = sn_sql_text(query, 3);
		one->claimant = sn_sql_int(query, 4);
		one->claimed = sn_sql_text(query, 5);
		one->source = (SnLinkSource)sn_sql_int(query, 6);
		one->evidence = sn_sql_text(query, 7);
		one->overruled = sn_sql_int(query, 8) != 0;
		g_ptr_array_add(list, one);
	}
	sn_sql_drop(query);
	return list;
}
