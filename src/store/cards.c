/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/cards.h"

#include <string.h>

#include "src/store/map.h"
#include "src/store/private.h"

static void append_once(GArray *ids, SnId id)
{
	for (guint i = 0; i < ids->len; i++)
		if (g_array_index(ids, SnId, i) == id)
			return;
	if (ids->len < SN_CARD_ADDRESSES)
		g_array_append_val(ids, id);
}

/* FALSE: it is a card of the user. */
static gboolean read_addresses(SnStore *store, const SnCard *card, GArray *ids)
{
	for (int channel = SN_CHANNEL_MAIL; channel <= SN_CHANNEL_IM; channel++) {
		char *const *values = channel == SN_CHANNEL_MAIL ? card->mails : card->jids;
		for (gsize i = 0; values && values[i]; i++)
			if (sn_address_is_own(store, (SnChannel)channel, values[i]))
				return FALSE;
	}
	for (int channel = SN_CHANNEL_MAIL; channel <= SN_CHANNEL_IM; channel++) {
		char *const *values = channel == SN_CHANNEL_MAIL ? card->mails : card->jids;
		for (gsize i = 0; values && values[i] && i < SN_CARD_ADDRESSES; i++) {
			SnId id = sn_address_make(store, (SnChannel)channel, values[i], NULL,
			                          SN_NAME_TOLD, NULL);
			if (id)
				append_once(ids, id);
		}
	}
	return TRUE;
}

static void members_of(SnStore *store, SnId card, GArray *ids)
{
	sn_sql_ids(sn_sql(store, "SELECT address FROM card_address WHERE card = ?1 ORDER BY seq",
	                  V(card)),
	           ids);
}

static gboolean forget(SnStore *store, SnId card, GArray *dirty, GError **error)
{
	members_of(store, card, dirty);
	return sn_run(store, error, "DELETE FROM card WHERE id = ?1", V(card));
}

static gboolean same_members(SnStore *store, SnId card, const GArray *ids)
{
	g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(SnId));

	members_of(store, card, known);
	return known->len == ids->len &&
	       (!ids->len || memcmp(known->data, ids->data, ids->len * sizeof(SnId)) == 0);
}

static gboolean write_members(SnStore *store, SnId card, const GArray *ids, GError **error)
{
	if (!sn_run(store, error, "DELETE FROM card_address WHERE card = ?1", V(card)))
		return FALSE;
	for (guint i = 0; i < ids->len; i++)
		if (!sn_run(store, error,
		            "INSERT INTO card_address (card, seq, address) VALUES (?1, ?2, ?3)",
		            V(card), V(i), V(g_array_index(ids, SnId, i))))
			return FALSE;
	return TRUE;
}

static gboolean put(SnStore *store, SnLinkSource source, const SnCard *card, const GArray *ids,
                    GArray *dirty, GError **error)
{
	g_autofree char *name = sn_tidy(card->name, SN_LINE_LIMIT);
	g_autofree char *uid = sn_tidy(card->uid, SN_LINE_LIMIT);
	g_autofree char *evidence = sn_tidy(card->evidence, SN_LINE_LIMIT);
	SnId id = sn_one(store, "SELECT id FROM card WHERE source = ?1 AND origin = ?2", V(source),
	                 V(card->origin));

	if (name && !*g_strstrip(name))
		g_clear_pointer(&name, g_free);
	if (id && same_members(store, id, ids) &&
	    sn_one(store, "SELECT 1 FROM card WHERE id = ?1 AND uid IS ?2 AND name IS ?3", V(id),
	           V(uid), V(name)))
		return TRUE;
	if (id)
		members_of(store, id, dirty);
	if (!sn_run(store, error,
	            "INSERT INTO card (source, origin, uid, name, evidence, first_seen) "
	            "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (source, origin) DO UPDATE SET "
	            "uid = ?3, name = ?4, evidence = ?5",
	            V(source), V(card->origin), V(uid), V(name), V(evidence), V(sn_now(store))))
		return FALSE;
	if (!id)
		id = sn_last_id(store);
	g_array_append_vals(dirty, ids->data, ids->len);
	return write_members(store, id, ids, error);
}

/* The byte after the last one that `place` can be followed by, so that a range of the index does. */
static char *end_of(const char *place)
{
	return g_strconcat(place, "\xf4\x8f\xbf\xbf", NULL);
}

GPtrArray *sn_card_origins(SnStore *store, SnLinkSource source, const char *place)
{
	GPtrArray *origins = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *end = end_of(place);
	SnSql *query = sn_sql(store,
	                      "SELECT origin FROM card WHERE source = ?1 AND origin >= ?2 "
	                      "AND origin < ?3 ORDER BY origin",
	                      V(source), V(place), V(end));

	while (sn_sql_row(query))
		g_ptr_array_add(origins, sn_sql_text(query, 0));
	sn_sql_drop(query);
	return origins;
}

static gboolean replace(SnStore *store, SnLinkSource source, const char *place,
                        const SnCard *cards, gsize count, gsize *taken, GArray *dirty,
                        GError **error)
{
	g_autoptr(GPtrArray) before = sn_card_origins(store, source, place);
	g_autoptr(GHashTable) kept = g_hash_table_new(g_str_hash, g_str_equal);

	for (gsize i = 0; i < count; i++) {
		g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
		g_assert(g_str_has_prefix(cards[i].origin, place));
		if (g_hash_table_contains(kept, cards[i].origin) ||
		    !read_addresses(store, &cards[i], ids) || !ids->len)
			continue;
		if (!put(store, source, &cards[i], ids, dirty, error))
			return FALSE;
		g_hash_table_add(kept, (char *)cards[i].origin);
	}
	if (taken)
		*taken = g_hash_table_size(kept);
	for (guint i = 0; i < before->len; i++) {
		SnId id = g_hash_table_contains(kept, before->pdata[i])
		                  ? 0
		                  : sn_one(store,
		                           "SELECT id FROM card WHERE source = ?1 AND origin = ?2",
		                           V(source), V((char *)before->pdata[i]));
		if (id && !forget(store, id, dirty, error))
			return FALSE;
	}
	return sn_map_settle(store, dirty, error);
}

gboolean sn_cards_replace(SnStore *store, SnLinkSource source, const char *place,
                          const SnCard *cards, gsize count, gsize *taken, GError **error)
{
	g_autoptr(GArray) dirty = g_array_new(FALSE, FALSE, sizeof(SnId));

	g_assert(sn_link_source_trusted(source) && source != SN_LINK_USER);
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = replace(store, source, place, cards, count, taken, dirty, error);
	return sn_store_finish(store, ok, error);
}
