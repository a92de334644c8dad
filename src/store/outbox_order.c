/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outbox_order.c - which entries are next. Each question is answered from an index, so that ten
 * thousand waiting messages cost an event about one person no more than ten do.
 */
#include "src/store/private.h"

#define SAME_MOMENT SN_MINUTE /* an undo window; whoever is later by more was scheduled */

static GArray *ids_of(SnSql *query)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(query, ids);
	return ids;
}

GArray *sn_outbox_due(SnStore *store, SnTime now)
{
	return ids_of(sn_sql(store,
	                     "SELECT id FROM outbox WHERE look <= ?1 UNION ALL "
	                     "SELECT id FROM outbox WHERE request <> 0 AND (look IS NULL OR look > ?1)",
	                     V(now)));
}

SnTime sn_outbox_next_due(SnStore *store, SnTime after)
{
	return sn_one(store, "SELECT min(look) FROM outbox WHERE look > ?1", V(after));
}

GArray *sn_outbox_open_for(SnStore *store, SnId address)
{
	return ids_of(sn_sql(store,
	                     "SELECT id FROM outbox WHERE open = 1 AND jid = (SELECT value FROM "
	                     "address WHERE id = ?1 AND channel = 1) "
	                     "UNION SELECT o.id FROM address a JOIN conversation c ON "
	                     "c.person = a.person JOIN outbox o ON o.conversation = c.id "
	                     "AND o.open = 1 WHERE a.id = ?1 AND o.conditions <> 0 ORDER BY 1",
	                     V(address)));
}

GArray *sn_outbox_open_in(SnStore *store, SnId conversation)
{
	return ids_of(sn_sql(store,
	                     "SELECT id FROM outbox WHERE open = 1 AND conversation = ?1 ORDER BY id",
	                     V(conversation)));
}

SnTime sn_outbox_open_since(SnStore *store, SnId conversation, SnChannel channel)
{
	return sn_one(store,
	              "SELECT created FROM outbox WHERE open = 1 AND conversation = ?1 AND "
	              "channel = ?2 ORDER BY id DESC LIMIT 1",
	              V(conversation), V(channel));
}

GArray *sn_outbox_stopped(SnStore *store, SnId account, SnChannel channel)
{
	return ids_of(sn_sql(store,
	                     "SELECT id FROM outbox WHERE stopped = 1 AND account = ?1 AND "
	                     "channel = ?2 ORDER BY id",
	                     V(account), V(channel)));
}

SnId sn_outbox_before(SnStore *store, SnId id, gboolean moving)
{
	return sn_one(store,
	              "SELECT o.id FROM outbox e JOIN outbox o ON o.conversation = e.conversation "
	              "AND o.id < e.id WHERE e.id = ?1 AND o.open = 1 "
	              "AND (o.channel = e.channel OR o.thread = e.thread) "
	              "AND o.send_at <= max(e.send_at, e.created) + ?3 "
	              "AND (o.conditions & ~e.conditions) = 0 AND (o.encrypt <> 2 OR e.encrypt = 2) "
	              "AND NOT (o.state = 3 AND o.error_word IS ?4) "
	              "AND (?2 = 0 OR o.state = 4 OR (o.state = 2 AND o.behind = 0)) "
	              "ORDER BY o.id DESC LIMIT 1",
	              V(id), V(moving ? 1 : 0), V(SAME_MOMENT),
	              V(sn_error_word(SN_ERROR_UNCERTAIN)));
}

GArray *sn_outbox_deferred_before(SnStore *store, SnId id)
{
	return ids_of(sn_sql(store,
	                     "SELECT o.id FROM outbox e JOIN outbox o ON o.conversation = "
	                     "e.conversation AND o.id < e.id WHERE e.id = ?1 AND o.open = 1 "
	                     "AND o.state = 8 AND o.error_word IS NULL AND o.channel = 1 "
	                     "AND o.conditions = 0 AND o.encrypt <> 2 ORDER BY o.id",
	                     V(id)));
}

char *sn_outbox_last_event(SnStore *store, SnId id, const char *words)
{
	return sn_one_text(store,
	                   "SELECT what FROM outbox_event WHERE outbox = ?1 AND "
	                   "instr(' ' || ?2 || ' ', ' ' || what || ' ') > 0 "
	                   "ORDER BY id DESC LIMIT 1",
	                   V(id), V(words));
}

/*
 * A time that is further away than it was when the entry was made came from a clock that ran ahead.
 * Whoever is in the undo window, waits or was asked has waited for long enough; a schedule stays.
 */
gboolean sn_outbox_clock_back(SnStore *store, SnTime now, SnTime longest, GError **error)
{
	return sn_run(store, error,
	              "UPDATE outbox SET "
	              "send_at = iif(send_at > ?1 + ?3 AND send_at <= created + ?3, ?1, send_at), "
	              "next_try = iif(next_try > ?1 + ?2, ?1, next_try), "
	              "expires = iif(created > ?1 AND expires > created, "
	              "min(expires, ?1 + expires - created), expires) "
	              "WHERE look > ?1 AND (look > ?1 + min(?2, ?3) OR created > ?1)",
	              V(now), V(longest), V(SAME_MOMENT));
}
