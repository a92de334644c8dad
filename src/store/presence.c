/* SPDX-License-Identifier: GPL-3.0-or-later */
/* presence.c - roster and presence; the conversation's row shows the best of its person. */
#include "src/store/private.h"

#define RESOURCE_LIMIT 100 /* remembered for one address and account */

void sn_presence_free(SnPresence *presence)
{
	if (!presence)
		return;
	g_free(presence->resource);
	g_free(presence->status);
	g_free(presence);
}

static SnPresence *presence_new(SnId address, SnPresenceShow show)
{
	SnPresence *presence = g_new0(SnPresence, 1);

	presence->address = address;
	presence->resource = g_strdup("");
	presence->show = show;
	return presence;
}

/* Subscribed, and the account is on line: silence means off line. */
static gboolean silence_is_offline(SnStore *store, SnId address)
{
	return sn_one(store,
	              "SELECT 1 FROM roster r JOIN account c ON c.id = r.account "
	              "WHERE r.address = ?1 AND r.subscription IN (1, 3) AND c.presence_known LIMIT 1",
	              V(address)) != 0;
}

SnPresence *sn_presence_best(SnStore *store, SnId address)
{
	SnSql *query = sn_sql(store,
	                      "SELECT resource, show, status, priority, since FROM presence "
	                      "WHERE address = ?1 ORDER BY show > 1 DESC, priority DESC, show DESC, "
	                      "since DESC LIMIT 1",
	                      V(address));
	SnPresence *best = presence_new(address, SN_PRESENCE_UNKNOWN);
	gboolean found = sn_sql_row(query);

	if (found) {
		g_free(best->resource);
		best->resource = sn_sql_text(query, 0);
		best->show = (SnPresenceShow)sn_sql_int(query, 1);
		best->status = sn_sql_text(query, 2);
		best->priority = (int)sn_sql_int(query, 3);
		best->since = sn_sql_int(query, 4);
	}
	sn_sql_drop(query);
	if (!found && silence_is_offline(store, address))
		best->show = SN_PRESENCE_OFFLINE;
	return best;
}

SnPresence *sn_person_presence(SnStore *store, SnId person)
{
	SnPresence *best = presence_new(0, SN_PRESENCE_UNKNOWN);
	SnSql *query = sn_sql(store,
	                      "SELECT id FROM address WHERE person = ?1 AND channel = 1 ORDER BY id",
	                      V(person));

	while (sn_sql_row(query)) {
		SnPresence *next = sn_presence_best(store, sn_sql_int(query, 0));
		if (!best->address || next->show > best->show) {
			sn_presence_free(best);
			best = next;
		} else {
			sn_presence_free(next);
		}
	}
	sn_sql_drop(query);
	return best;
}

gboolean sn_presence_refresh_person(SnStore *store, SnId person, GError **error)
{
	SnPresence *best = sn_person_presence(store, person);
	gboolean ok = sn_run(store, error,
	                     "UPDATE conversation SET presence = ?2 WHERE person = ?1 "
	                     "AND presence <> ?2",
	                     V(person), V(best->show));

	sn_presence_free(best);
	return ok;
}

/* Everybody in the account's roster. */
static gboolean refresh_roster(SnStore *store, SnId account, GError **error)
{
	g_autoptr(GArray) persons = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnSql *query = sn_sql(store,
	                      "SELECT a.person FROM roster r JOIN address a ON a.id = r.address "
	                      "WHERE r.account = ?1 "
	                      "UNION SELECT person FROM conversation WHERE presence <> 0 "
	                      "AND person IS NOT NULL",
	                      V(account));

	while (sn_sql_row(query)) {
		SnId id = sn_sql_int(query, 0);
		g_array_append_val(persons, id);
	}
	if (!sn_sql_end(query, error))
		return FALSE;
	for (guint i = 0; i < persons->len; i++)
		if (!sn_presence_refresh_person(store, g_array_index(persons, SnId, i), error))
			return FALSE;
	return TRUE;
}

static gboolean account_known(SnStore *store, SnId account, GError **error)
{
	if (!sn_run(store, error,
	            "UPDATE account SET presence_known = 1 WHERE id = ?1 AND presence_known = 0",
	            V(account)))
		return FALSE;
	return sn_changes(store) == 0 || refresh_roster(store, account, error);
}

static gboolean write_presence(SnStore *store, SnId account, const SnPresence *p, GError **error)
{
	g_autofree char *status = sn_tidy(p->status, SN_LINE_LIMIT);
	g_autofree char *resource = sn_tidy(p->resource ? p->resource : "", SN_LINE_LIMIT);
	gboolean off = p->show <= SN_PRESENCE_OFFLINE;

	if (off && !sn_run(store, error,
	                   "DELETE FROM presence WHERE address = ?1 AND account = ?2 "
	                   "AND (resource = ?3 OR ?3 = '')",
	                   V(p->address), V(account), V(resource)))
		return FALSE;
	if (off && sn_one(store,
	                  "SELECT 1 FROM presence WHERE address = ?1 AND account = ?2 AND show > 1",
	                  V(p->address), V(account)))
		return TRUE;
	if (!off && sn_one(store,
	                   "SELECT count(*) FROM presence WHERE address = ?1 AND account = ?2",
	                   V(p->address), V(account)) >= RESOURCE_LIMIT)
		return TRUE;
	return sn_run(store, error,
	              "INSERT INTO presence (address, account, resource, show, status, priority, "
	              "since) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
	              "ON CONFLICT (address, account, resource) DO UPDATE SET show = ?4, "
	              "status = ?5, priority = ?6, since = iif(show = ?4, since, ?7)",
	              V(p->address), V(account), V(off ? "" : resource), V(p->show), V(status),
	              V(p->priority), V(p->since ? p->since : sn_now(store)));
}

gboolean sn_presence_set(SnStore *store, SnId account, const SnPresence *presence, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = write_presence(store, account, presence, error) &&
	              account_known(store, account, error) &&
	              sn_presence_refresh_person(
			      store, sn_address_person(store, presence->address), error);
	return sn_store_finish(store, ok, error);
}

gboolean sn_presence_forget(SnStore *store, SnId account, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "DELETE FROM presence WHERE account = ?1", V(account)) &&
	              sn_run(store, error, "UPDATE account SET presence_known = 0 WHERE id = ?1",
	                     V(account)) &&
	              refresh_roster(store, account, error);
	return sn_store_finish(store, ok, error);
}

/* ---- roster ---- */

static gboolean write_roster(SnStore *store, SnId account, const char *jid, const char *name,
                             SnSubscription subscription, gboolean ask, GError **error)
{
	g_autofree char *tidy = sn_tidy(name, SN_LINE_LIMIT);
	SnId address = sn_address_make(store, SN_CHANNEL_IM, jid, tidy, SN_NAME_ROSTER, error);

	if (!address)
		return FALSE;
	return sn_run(store, error,
	              "INSERT INTO roster (account, address, name, subscription, ask) "
	              "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (account, address) DO UPDATE SET "
	              "name = ?3, subscription = ?4, ask = ?5",
	              V(account), V(address), V(tidy), V(subscription), V(ask)) &&
	       sn_presence_refresh_person(store, sn_address_person(store, address), error);
}

gboolean sn_roster_set(SnStore *store, SnId account, const char *jid, const char *name,
                       SnSubscription subscription, gboolean ask, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(
		store, write_roster(store, account, jid, name, subscription, ask, error), error);
}

gboolean sn_roster_remove(SnStore *store, SnId account, const char *jid, GError **error)
{
	g_autoptr(SnAddress) address = sn_address_find(store, SN_CHANNEL_IM, jid);

	if (!address)
		return TRUE;
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "DELETE FROM roster WHERE account = ?1 AND address = ?2",
	                     V(account), V(address->id)) &&
	              sn_run(store, error,
	                     "DELETE FROM presence WHERE account = ?1 AND address = ?2", V(account),
	                     V(address->id)) &&
	              sn_presence_refresh_person(store, address->person, error);
	return sn_store_finish(store, ok, error);
}

gboolean sn_roster_get(SnStore *store, SnId address, SnId *account, SnSubscription *subscription,
                       gboolean *ask)
{
	SnSql *query = sn_sql(store,
	                      "SELECT account, subscription, ask FROM roster WHERE address = ?1 "
	                      "ORDER BY subscription IN (1, 3) DESC, account LIMIT 1",
	                      V(address));
	gboolean found = sn_sql_row(query);

	if (found && account)
		*account = sn_sql_int(query, 0);
	if (found && subscription)
		*subscription = (SnSubscription)sn_sql_int(query, 1);
	if (found && ask)
		*ask = sn_sql_int(query, 2) != 0;
	sn_sql_drop(query);
	return found;
}
