/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/peer.h"

#include "src/store/private.h"

void sn_peer_free(SnPeer *peer)
{
	if (!peer)
		return;
	g_free(peer->address);
	g_clear_pointer(&peer->key, g_bytes_unref);
	g_free(peer->fingerprint);
	g_clear_pointer(&peer->gossip_key, g_bytes_unref);
	g_free(peer->gossip_fingerprint);
	g_free(peer);
}

static SnPeer *read_row(SnSql *query)
{
	SnPeer *peer = g_new0(SnPeer, 1);

	peer->address = sn_sql_text(query, 0);
	peer->last_seen = sn_sql_int(query, 1);
	peer->key_time = sn_sql_int(query, 2);
	peer->fingerprint = sn_sql_text(query, 3);
	peer->mutual = sn_sql_int(query, 4) != 0;
	peer->gossip_time = sn_sql_int(query, 5);
	peer->gossip_fingerprint = sn_sql_text(query, 6);
	return peer;
}

#define COLUMNS "address, last_seen, key_time, fingerprint, mutual, gossip_time, gossip_fingerprint"

SnPeer *sn_peer_get(SnStore *store, const char *address)
{
	SnSql *query = sn_sql(store, "SELECT " COLUMNS ", key, gossip_key FROM peer WHERE address = ?1",
	                      V(address));
	SnPeer *peer = NULL;

	if (sn_sql_row(query)) {
		peer = read_row(query);
		peer->key = peer->fingerprint ? sn_sql_blob(query, 7) : NULL;
		peer->gossip_key = peer->gossip_fingerprint ? sn_sql_blob(query, 8) : NULL;
	}
	sn_sql_drop(query);
	return peer;
}

GPtrArray *sn_peer_list(SnStore *store, int limit)
{
	SnSql *query = sn_sql(store, "SELECT " COLUMNS " FROM peer "
	                      "ORDER BY max(key_time, gossip_time) DESC, address LIMIT ?1", V(limit));
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_peer_free);

	while (sn_sql_row(query))
		g_ptr_array_add(list, read_row(query));
	sn_sql_drop(query);
	return list;
}

gboolean sn_peer_forget(SnStore *store, const char *address, GError **error)
{
	return sn_run(store, error, "DELETE FROM peer WHERE address = ?1", V(address));
}

/* Emails come in newest first, so there may be newer ones without a header, from before it was known
 * that it matters. */
static SnTime newest_from(SnStore *store, SnId sender)
{
	return sender ? sn_one(store,
	                       "SELECT max(m.time) FROM message m WHERE m.conversation IN "
	                       "(SELECT c.id FROM conversation c JOIN address a ON a.person = c.person "
	                       "WHERE a.id = ?1) AND m.hidden = 0 AND m.sender = ?1 "
	                       "AND m.direction = 0 AND m.channel = 0 AND m.carried = 0",
	                       V(sender))
	              : 0;
}

gboolean sn_peer_seen(SnStore *store, const SnPeerSeen *seen, GError **error)
{
	g_assert(seen->address && !seen->key == !seen->fingerprint);
	if (seen->time <= 0)
		return TRUE;
	/* who never had one has no row */
	if (!sn_run(store, error,
	            "UPDATE peer SET last_seen = ?2 WHERE address = ?1 AND last_seen < ?2",
	            V(seen->address), V(seen->time)))
		return FALSE;
	if (!seen->key)
		return TRUE;
	gsize length;
	gconstpointer bytes = g_bytes_get_data(seen->key, &length);
	gboolean known = sn_one(store, "SELECT last_seen FROM peer WHERE address = ?1",
	                        V(seen->address)) > 0;
	SnTime last = MAX(seen->time, known ? 0 : newest_from(store, seen->sender));
	return sn_run(store, error,
	              "INSERT INTO peer (address, last_seen, key_time, key, fingerprint, mutual) "
	              "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (address) DO UPDATE SET "
	              "last_seen = max(last_seen, ?2), key_time = ?3, key = ?4, fingerprint = ?5, "
	              "mutual = ?6 WHERE key_time <= ?3",
	              V(seen->address), V(last), V(seen->time), sn_value_blob(bytes, length),
	              V(seen->fingerprint), V(seen->mutual));
}

gboolean sn_peer_gossip(SnStore *store, const char *address, SnTime time, GBytes *key,
                        const char *fingerprint, GError **error)
{
	gsize length;
	gconstpointer bytes = g_bytes_get_data(key, &length);

	g_assert(address && fingerprint);
	if (time <= 0)
		return TRUE;
	return sn_run(store, error,
	              "INSERT INTO peer (address, gossip_time, gossip_key, gossip_fingerprint) "
	              "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (address) DO UPDATE SET "
	              "gossip_time = ?2, gossip_key = ?3, gossip_fingerprint = ?4 "
	              "WHERE gossip_time < ?2",
	              V(address), V(time), sn_value_blob(bytes, length), V(fingerprint));
}

/* ---- the user's own ---- */

static char *own_setting(const char *address)
{
	g_autofree char *lower = g_utf8_strdown(address, -1);

	return g_strconcat("autocrypt.key.", lower, NULL);
}

char *sn_own_key(SnStore *store, const char *address)
{
	g_autofree char *key = own_setting(address);

	return sn_store_get(store, key);
}

gboolean sn_own_key_set(SnStore *store, const char *address, const char *fingerprint, GError **error)
{
	g_autofree char *key = own_setting(address);

	return sn_store_set(store, key, fingerprint, error);
}
