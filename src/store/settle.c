/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settle.c - brings the persons in line with what is known of their addresses.
 *
 * Who is whom is computed anew (partition.c) for the addresses that something new was said about and
 * for all that hangs together with them, so it never depends on the order of events. A person keeps
 * the id of the one made for its first address ("native"); messages and conversations follow.
 */
#include <string.h>

#include "src/store/map.h"
#include "src/store/partition.h"
#include "src/store/private.h"

enum {
	MAX_TOGETHER = 20000, /* addresses looked at in one go */
};

typedef struct {
	SnStore *store;
	GArray *ids;           /* of SnId: the addresses concerned */
	GHashTable *places;    /* SnId -> place in ids + 1 */
	GArray *decisions;     /* of SnDecision */
	GPtrArray *words;      /* device names that decisions point to */
	GArray *card_ids;      /* of SnId, in the order of cards */
	GArray *cards;         /* of SnCardMembers */
	GPtrArray *members;    /* arrays that cards point to */
	SnPartition *partition;
} Settle;

static guint place_of(const Settle *self, SnId address) /* + 1; 0: not concerned */
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(self->places, &address));
}

/* ---- who is concerned ---- */

static void add_id(Settle *self, SnId address)
{
	if (self->ids->len >= MAX_TOGETHER || place_of(self, address))
		return;
	g_array_append_val(self->ids, address);
	g_hash_table_insert(self->places, g_memdup2(&address, sizeof address),
	                    GUINT_TO_POINTER(self->ids->len));
}

static gboolean is_own(SnStore *store, SnId address)
{
	return sn_one(store,
	              "SELECT 1 FROM address a JOIN own_address o "
	              "ON o.channel = a.channel AND o.value = a.value WHERE a.id = ?1",
	              V(address)) != 0;
}

/* All that something was said about in one breath with it, and who is one person with it now. */
static void add_neighbours(Settle *self, SnId address)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(self->store,
	                  "SELECT b FROM decision WHERE a = ?1 AND verdict < 5 "
	                  "UNION SELECT a FROM decision WHERE b = ?1 AND verdict < 5 "
	                  "UNION SELECT o.address FROM card_address m JOIN card_address o "
	                  "ON o.card = m.card WHERE m.address = ?1 "
	                  "UNION SELECT o.id FROM address a JOIN address o ON o.person = a.person "
	                  "JOIN person p ON p.id = a.person WHERE a.id = ?1 AND NOT p.is_self",
	                  V(address)),
	           found);
	for (guint i = 0; i < found->len; i++)
		add_id(self, g_array_index(found, SnId, i));
}

static int by_word(gconstpointer a, gconstpointer b)
{
	const char *const *one = a, *const *other = b;

	return strcmp(*one, *other);
}

/* In an order that is the same on every device. */
static void sort_ids(Settle *self)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < self->ids->len; i++) {
		SnId id = g_array_index(self->ids, SnId, i);
		g_autofree char *key = sn_fact_address(self->store, id);
		g_ptr_array_add(words,
		                g_strdup_printf("%s\t%" G_GINT64_FORMAT, key ? key : "", id));
	}
	g_ptr_array_sort(words, by_word);
	g_hash_table_remove_all(self->places);
	g_array_set_size(self->ids, 0);
	for (guint i = 0; i < words->len; i++)
		add_id(self, g_ascii_strtoll(strrchr(words->pdata[i], '\t') + 1, NULL, 10));
}

static void find_concerned(Settle *self, const GArray *dirty)
{
	for (guint i = 0; i < dirty->len; i++)
		add_id(self, g_array_index(dirty, SnId, i));
	for (guint i = 0; i < self->ids->len; i++)
		add_neighbours(self, g_array_index(self->ids, SnId, i));
	sort_ids(self);
}

/* ---- what was said ---- */

static gboolean in(const GHashTable *places, guint place)
{
	return g_hash_table_contains((GHashTable *)places, GUINT_TO_POINTER(place));
}

static void read_decisions(Settle *self, SnId address, const GHashTable *own)
{
	SnSql *query = sn_sql(self->store,
	                      "SELECT b, verdict, clock, device FROM decision WHERE a = ?1 "
	                      "ORDER BY b",
	                      V(address));

	while (sn_sql_row(query)) {
		guint a = place_of(self, address), b = place_of(self, sn_sql_int(query, 0));
		int verdict = (int)sn_sql_int(query, 1);
		gboolean second = verdict == SN_VERDICT_B_TO_A || verdict == SN_VERDICT_B_OF_A;
		if (!b || in(own, a) || in(own, b))
			continue;
		SnDecision one = {
			.guest = (second ? b : a) - 1,
			.host = (second ? a : b) - 1,
			.decided = verdict == SN_VERDICT_DIFFERENT ? SN_DECIDED_DIFFERENT
				   : verdict <= SN_VERDICT_B_TO_A  ? SN_DECIDED_MERGED
			                                           : SN_DECIDED_BELONGS,
			.clock = sn_sql_int(query, 2),
		};
		char *device = sn_sql_text(query, 3);
		char *key = g_strdup_printf("%08u %08u", MIN(a, b), MAX(a, b));
		g_ptr_array_add(self->words, device);
		g_ptr_array_add(self->words, key);
		one.device = device;
		one.key = key;
		g_array_append_val(self->decisions, one);
	}
	sn_sql_drop(query);
}

static void read_card(Settle *self, SnId id, const GHashTable *own)
{
	GArray *members = g_array_new(FALSE, FALSE, sizeof(guint));
	SnCardMembers card = { 0 };
	SnSql *query = sn_sql(self->store,
	                      "SELECT address FROM card_address WHERE card = ?1 ORDER BY seq", V(id));

	g_ptr_array_add(self->members, members);
	while (sn_sql_row(query)) {
		guint place = place_of(self, sn_sql_int(query, 0));
		if (place && !in(own, place)) {
			place--;
			g_array_append_val(members, place);
		}
	}
	sn_sql_drop(query);
	query = sn_sql(self->store, "SELECT source, uid, name FROM card WHERE id = ?1", V(id));
	if (sn_sql_row(query)) {
		char *uid = sn_sql_text(query, 1), *name = sn_sql_text(query, 2);
		card.source = (SnLinkSource)sn_sql_int(query, 0);
		g_ptr_array_add(self->words, uid);
		g_ptr_array_add(self->words, name);
		card.uid = uid;
		card.name = name;
	}
	sn_sql_drop(query);
	card.members = (const guint *)(gpointer)members->data;
	card.count = members->len;
	g_array_append_val(self->card_ids, id);
	g_array_append_val(self->cards, card);
}

static void read_cards(Settle *self, const GHashTable *own)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < self->ids->len; i++) {
		SnSql *query = sn_sql(self->store,
		                      "SELECT c.id, c.source, c.origin FROM card_address m "
		                      "JOIN card c ON c.id = m.card WHERE m.address = ?1",
		                      V(g_array_index(self->ids, SnId, i)));
		while (sn_sql_row(query)) {
			SnId id = sn_sql_int(query, 0);
			if (!g_hash_table_add(seen, g_memdup2(&id, sizeof id)))
				continue;
			g_ptr_array_add(order,
			                g_strdup_printf("%" G_GINT64_FORMAT " %s\t%" G_GINT64_FORMAT,
			                                sn_sql_int(query, 1), sn_sql_peek(query, 2),
			                                id));
		}
		sn_sql_drop(query);
	}
	g_ptr_array_sort(order, by_word);
	for (guint i = 0; i < order->len; i++)
		read_card(self, g_ascii_strtoll(strrchr(order->pdata[i], '\t') + 1, NULL, 10), own);
}

static void read_all(Settle *self, GHashTable *own)
{
	for (guint i = 0; i < self->ids->len; i++)
		if (is_own(self->store, g_array_index(self->ids, SnId, i)))
			g_hash_table_add(own, GUINT_TO_POINTER(i + 1));
	for (guint i = 0; i < self->ids->len; i++)
		read_decisions(self, g_array_index(self->ids, SnId, i), own);
	read_cards(self, own);
}

/* ---- what follows from it ---- */

static SnId native_of(SnStore *store, SnId address)
{
	return sn_one(store, "SELECT person FROM native WHERE address = ?1", V(address));
}

/* The address that the group is named after: the one others came to, else the oldest. */
static void choose_heads(const Settle *self, SnId *heads)
{
	const SnPartition *partition = self->partition;
	g_autofree guint *best = g_new0(guint, self->ids->len + 1);

	for (guint i = 0; i < self->ids->len; i++) {
		guint group = partition->group[i];
		guint held = best[group]; /* + 1 */
		SnId id = g_array_index(self->ids, SnId, i);
		gboolean better = !held;
		if (held && partition->joined[i] != partition->joined[held - 1])
			better = !partition->joined[i];
		else if (held)
			better = id < g_array_index(self->ids, SnId, held - 1);
		if (better)
			best[group] = i + 1;
	}
	for (guint i = 0; i < self->ids->len; i++)
		heads[i] = g_array_index(self->ids, SnId, best[partition->group[i]] - 1);
}

static gboolean find_moves(const Settle *self, const GHashTable *own, GArray *moves, GArray *people,
                           GError **error)
{
	g_autofree SnId *heads = g_new0(SnId, self->ids->len + 1);

	choose_heads(self, heads);
	for (guint i = 0; i < self->ids->len; i++) {
		SnId id = g_array_index(self->ids, SnId, i);
		gboolean mine = in(own, i + 1);
		SnMove move = { .address = id,
			        .from = sn_address_person(self->store, id),
			        .to = mine ? sn_person_self(self->store, error)
			                   : native_of(self->store, heads[i]) };
		if (!move.from)
			continue; /* no such address */
		if (!move.to) {
			if (error && !*error)
				g_set_error(error, SN_ERROR, SN_ERROR_BUG, "An address has no person.");
			return FALSE;
		}
		g_array_append_val(people, move.from);
		g_array_append_val(people, move.to);
		if (move.from != move.to)
			g_array_append_val(moves, move);
	}
	return TRUE;
}

/* ---- conflicts ---- */

static char *known_conflicts(const Settle *self)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < self->ids->len; i++) {
		SnSql *query = sn_sql(self->store,
		                      "SELECT address, card, other, overruled FROM conflict "
		                      "WHERE address = ?1 ORDER BY card, other",
		                      V(g_array_index(self->ids, SnId, i)));
		while (sn_sql_row(query))
			g_string_append_printf(text,
			                       "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT
			                       " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
			                       sn_sql_int(query, 0), sn_sql_int(query, 1),
			                       sn_sql_int(query, 2), sn_sql_int(query, 3));
		sn_sql_drop(query);
	}
	return g_string_free(text, FALSE);
}

typedef struct {
	SnId address, card, other;
	gint64 overruled;
} Row;

static int by_row(gconstpointer a, gconstpointer b)
{
	const Row *one = a, *other = b;

	if (one->card != other->card)
		return one->card < other->card ? -1 : 1;
	return (one->other > other->other) - (one->other < other->other);
}

static GArray *new_conflicts(const Settle *self)
{
	const GArray *found = self->partition->conflicts;
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(Row));

	for (guint i = 0; i < found->len; i++) {
		const SnDisagreement *one = &g_array_index(found, SnDisagreement, i);
		gboolean card = one->card != SN_NO_CARD;
		Row row = { g_array_index(self->ids, SnId, one->address),
			    card ? g_array_index(self->card_ids, SnId, one->card) : 0,
			    card ? 0 : g_array_index(self->ids, SnId, one->other),
			    one->overruled ? 1 : 0 };
		g_array_append_val(rows, row);
	}
	g_array_sort(rows, by_row);
	return rows;
}

static gboolean write_conflicts(const Settle *self, GError **error)
{
	g_autofree char *known = known_conflicts(self);
	g_autoptr(GArray) rows = new_conflicts(self);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < self->ids->len; i++)
		for (guint r = 0; r < rows->len; r++) {
			const Row *row = &g_array_index(rows, Row, r);
			if (row->address == g_array_index(self->ids, SnId, i))
				g_string_append_printf(text,
				                       "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT
				                       " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
				                       row->address, row->card, row->other,
				                       row->overruled);
		}
	if (strcmp(known, text->str) == 0)
		return TRUE;
	for (guint i = 0; i < self->ids->len; i++)
		if (!sn_run(self->store, error, "DELETE FROM conflict WHERE address = ?1",
		            V(g_array_index(self->ids, SnId, i))))
			return FALSE;
	for (guint r = 0; r < rows->len; r++) {
		const Row *row = &g_array_index(rows, Row, r);
		if (!sn_run(self->store, error,
		            "INSERT INTO conflict (address, card, other, overruled) "
		            "VALUES (?1, ?2, ?3, ?4)",
		            V(row->address), V(row->card), V(row->other), V(row->overruled)))
			return FALSE;
	}
	return TRUE;
}

/* ---- all of it ---- */

static int by_id(gconstpointer a, gconstpointer b)
{
	const SnId *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static gboolean refresh_people(SnStore *store, GArray *people, GError **error)
{
	SnId last = 0;

	g_array_sort(people, by_id);
	for (guint i = 0; i < people->len; i++) {
		SnId person = g_array_index(people, SnId, i);
		if (person != last && !sn_person_refresh(store, person, error))
			return FALSE;
		last = person;
	}
	return TRUE;
}

static gboolean settle(Settle *self, const GArray *dirty, GError **error)
{
	g_autoptr(GHashTable) own = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) moves = g_array_new(FALSE, FALSE, sizeof(SnMove));
	g_autoptr(GArray) people = g_array_new(FALSE, FALSE, sizeof(SnId));

	find_concerned(self, dirty);
	read_all(self, own);
	self->partition = sn_partition_new(self->ids->len, (SnDecision *)(gpointer)self->decisions->data,
	                                   self->decisions->len,
	                                   (SnCardMembers *)(gpointer)self->cards->data,
	                                   self->cards->len);
	return find_moves(self, own, moves, people, error) && write_conflicts(self, error) &&
	       (!moves->len || sn_map_move(self->store, moves, error)) &&
	       refresh_people(self->store, people, error);
}

gboolean sn_map_settle(SnStore *store, const GArray *dirty, GError **error)
{
	Settle self = { .store = store };

	if (!dirty->len)
		return TRUE;
	self.ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	self.places = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	self.decisions = g_array_new(FALSE, FALSE, sizeof(SnDecision));
	self.words = g_ptr_array_new_with_free_func(g_free);
	self.card_ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	self.cards = g_array_new(FALSE, FALSE, sizeof(SnCardMembers));
	self.members = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	gboolean ok = settle(&self, dirty, error);
	sn_partition_free(self.partition);
	g_array_unref(self.ids);
	g_hash_table_unref(self.places);
	g_array_unref(self.decisions);
	g_ptr_array_unref(self.words);
	g_array_unref(self.card_ids);
	g_array_unref(self.cards);
	g_ptr_array_unref(self.members);
	return ok;
}
