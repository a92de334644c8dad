/* SPDX-License-Identifier: GPL-3.0-or-later */
/* presence.c - roster and presence; the conversation's row shows the best of its person. */
#include <string.h>

#include "src/store/private.h"

#define RESOURCE_LIMIT 100 /* remembered for one address and account */

void sn_presence_free(SnPresence *presence)
{
	if (!presence)
		return;
	g_free(presence->resource);
	g_free(presence->status);
	g_free(presence->caps);
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

void sn_presence_row_free(SnPresenceRow *row)
{
	if (!row)
		return;
	g_free(row->value);
	g_free(row->account_name);
	g_free(row->resource);
	g_free(row->status);
	g_free(row->caps);
	g_free(row);
}

gboolean sn_presence_row_reaches(const SnPresenceRow *row)
{
	return row->show > SN_PRESENCE_OFFLINE && row->priority >= 0;
}

/* The first difference decides. */
gboolean sn_presence_row_better(const SnPresenceRow *one, const SnPresenceRow *other)
{
	gint64 differences[] = {
		sn_presence_row_reaches(one) - sn_presence_row_reaches(other),
		(one->show > SN_PRESENCE_OFFLINE) - (other->show > SN_PRESENCE_OFFLINE),
		/* a priority is the contact's order of the clients of one address, no more */
		one->address == other->address ? one->priority - other->priority : 0,
		(gint64)one->show - (gint64)other->show,
		one->since - other->since,
	};

	for (gsize i = 0; i < G_N_ELEMENTS(differences); i++)
		if (differences[i])
			return differences[i] > 0;
	return FALSE;
}

static int by_worth(gconstpointer a, gconstpointer b)
{
	const SnPresenceRow *one = *(SnPresenceRow *const *)a, *other = *(SnPresenceRow *const *)b;

	if (sn_presence_row_better(one, other))
		return -1;
	if (sn_presence_row_better(other, one))
		return 1;
	return one->account != other->account ? (one->account > other->account) * 2 - 1
	                                      : strcmp(one->resource, other->resource);
}

/* What the account knows of the address as a whole, when no client of it is on line. */
static void settle_row(SnPresenceRow *row, gboolean in_roster, SnSubscription subscription,
                       gboolean ask, gboolean known, SnTime account_since)
{
	gboolean told = subscription == SN_SUB_TO || subscription == SN_SUB_BOTH;

	if (row->show != SN_PRESENCE_UNKNOWN)
		return; /* a row of the presence table tells it */
	if (in_roster && told && known) {
		row->show = SN_PRESENCE_OFFLINE;
	} else if (in_roster && told) {
		row->why = SN_PRESENCE_NO_LINE;
		row->since = account_since;
	} else {
		row->why = ask ? SN_PRESENCE_REQUESTED : SN_PRESENCE_NOT_SUBSCRIBED;
	}
}

static SnPresenceRow *read_row(SnSql *query)
{
	SnPresenceRow *row = g_new0(SnPresenceRow, 1);

	row->address = sn_sql_int(query, 0);
	row->value = sn_sql_text(query, 1);
	row->seen = sn_sql_int(query, 2);
	row->account = sn_sql_int(query, 3);
	row->account_name = sn_sql_text(query, 4);
	row->resource = sn_sql_peek(query, 5) ? sn_sql_text(query, 5) : g_strdup("");
	row->show = (SnPresenceShow)CLAMP(sn_sql_int(query, 6), 0, SN_PRESENCE_CHAT);
	row->status = sn_sql_text(query, 7);
	row->priority = (int)sn_sql_int(query, 8);
	row->since = sn_sql_int(query, 9);
	row->idle = sn_sql_int(query, 15);
	row->caps = sn_sql_text(query, 16);
	settle_row(row, sn_sql_int(query, 10) != 0, (SnSubscription)sn_sql_int(query, 11),
	           sn_sql_int(query, 12) != 0, sn_sql_int(query, 13) != 0, sn_sql_int(query, 14));
	return row;
}

/* An account that knows nothing, or of no client, says nothing where another one knows more. */
static void drop_ignorant(GPtrArray *rows, guint first)
{
	SnPresenceShow best = SN_PRESENCE_UNKNOWN;

	for (guint i = first; i < rows->len; i++)
		best = MAX(best, ((SnPresenceRow *)rows->pdata[i])->show);
	for (guint i = rows->len; i > first; i--) {
		const SnPresenceRow *row = rows->pdata[i - 1];
		gboolean worse = row->show == SN_PRESENCE_OFFLINE && best > SN_PRESENCE_OFFLINE;
		worse |= row->show == SN_PRESENCE_UNKNOWN && best > SN_PRESENCE_UNKNOWN &&
		         row->why != SN_PRESENCE_NO_LINE;
		if (worse)
			g_ptr_array_remove_index(rows, i - 1);
	}
}

static void add_rows(SnStore *store, SnId address, GPtrArray *rows)
{
	guint first = rows->len;
	/* one for each client and account; for an account that knows of no client, one of nulls */
	SnSql *query = sn_sql(store,
	                      "SELECT a.id, a.value, a.seen_online, c.id, c.name, p.resource, p.show, "
	                      "p.status, p.priority, p.since, r.account IS NOT NULL, r.subscription, "
	                      "r.ask, c.presence_known, c.presence_since, "
	                      "coalesce(p.idle, 0), p.caps FROM address a LEFT JOIN ("
	                      "SELECT account, address FROM roster WHERE address = ?1 UNION "
	                      "SELECT account, address FROM presence WHERE address = ?1) k "
	                      "ON k.address = a.id LEFT JOIN account c ON c.id = k.account "
	                      "LEFT JOIN roster r ON r.account = k.account AND r.address = a.id "
	                      "LEFT JOIN presence p ON p.account = k.account AND p.address = a.id "
	                      "WHERE a.id = ?1",
	                      V(address));

	while (sn_sql_row(query))
		g_ptr_array_add(rows, read_row(query));
	sn_sql_drop(query);
	drop_ignorant(rows, first);
	if (rows->len > first + 1)
		qsort(rows->pdata + first, rows->len - first, sizeof(gpointer), by_worth);
}

GPtrArray *sn_presence_rows(SnStore *store, SnId person, SnId address)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_presence_row_free);
	g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(SnId));

	if (address)
		g_array_append_val(addresses, address);
	else
		sn_sql_ids(sn_sql(store,
		                  "SELECT id FROM address WHERE person = ?1 AND channel = 1 "
		                  "ORDER BY id",
		                  V(person)),
		           addresses);
	for (guint i = 0; i < addresses->len; i++)
		add_rows(store, g_array_index(addresses, SnId, i), rows);
	return rows;
}

static SnPresence *best_of(GPtrArray *rows, SnId address)
{
	const SnPresenceRow *best = rows->len ? rows->pdata[0] : NULL;

	for (guint i = 1; i < rows->len; i++)
		if (sn_presence_row_better(rows->pdata[i], best))
			best = rows->pdata[i];
	SnPresence *presence = presence_new(best ? best->address : address, SN_PRESENCE_UNKNOWN);
	if (best && best->show != SN_PRESENCE_UNKNOWN) {
		g_free(presence->resource);
		presence->resource = g_strdup(best->resource);
		presence->show = best->show;
		presence->status = g_strdup(best->status);
		presence->priority = best->priority;
		presence->since = best->since;
	}
	return presence;
}

SnPresence *sn_presence_best(SnStore *store, SnId address)
{
	g_autoptr(GPtrArray) rows = sn_presence_rows(store, 0, address);

	return best_of(rows, address);
}

SnPresence *sn_person_presence(SnStore *store, SnId person)
{
	g_autoptr(GPtrArray) rows = sn_presence_rows(store, person, 0);

	return best_of(rows, 0);
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
	            "UPDATE account SET presence_known = 1, presence_since = ?2 "
	            "WHERE id = ?1 AND presence_known = 0",
	            V(account), V(sn_now(store))))
		return FALSE;
	return sn_changes(store) == 0 || refresh_roster(store, account, error);
}

/* A client that is there has been seen now; one that went, at that time. */
static gboolean write_seen(SnStore *store, SnId account, const SnPresence *p, SnTime time,
                           GError **error)
{
	if (p->show <= SN_PRESENCE_OFFLINE &&
	    !sn_one(store,
	            "SELECT 1 FROM presence WHERE address = ?1 AND account = ?2 AND show > 1 LIMIT 1",
	            V(p->address), V(account)))
		return TRUE;
	return sn_run(store, error,
	              "UPDATE address SET seen_online = ?2 WHERE id = ?1 AND seen_online < ?2",
	              V(p->address), V(MIN(time, sn_now(store))));
}

static gboolean write_presence(SnStore *store, SnId account, const SnPresence *p, GError **error)
{
	g_autofree char *status = sn_tidy(p->status, SN_LINE_LIMIT);
	g_autofree char *resource = sn_tidy(p->resource ? p->resource : "", SN_LINE_LIMIT);
	gboolean off = p->show <= SN_PRESENCE_OFFLINE;
	SnTime since = p->since ? p->since : sn_now(store);

	if (!write_seen(store, account, p, off ? since : sn_now(store), error))
		return FALSE;
	if (off && !sn_run(store, error,
	                   "DELETE FROM presence WHERE address = ?1 AND account = ?2 "
	                   "AND (resource = ?3 OR ?3 = '')",
	                   V(p->address), V(account), V(resource)))
		return FALSE;
	if (!off && !sn_run(store, error,
	                    "DELETE FROM presence WHERE address = ?1 AND account = ?2 AND show = 1",
	                    V(p->address), V(account)))
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
	              "since, idle, caps) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
	              "ON CONFLICT (address, account, resource) DO UPDATE SET show = ?4, "
	              "status = ?5, priority = ?6, since = iif(show = ?4, since, ?7), "
	              "idle = ?8, caps = ?9",
	              V(p->address), V(account), V(off ? "" : resource), V(p->show), V(status),
	              V(p->priority), V(since), V(off ? (SnTime)0 : MIN(p->idle, sn_now(store))),
	              V(off ? NULL : p->caps));
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

static gboolean forget(SnStore *store, SnId account, GError **error)
{
	return sn_run(store, error, "DELETE FROM presence WHERE account = ?1", V(account)) &&
	       sn_run(store, error,
	              "UPDATE account SET presence_known = 0, presence_since = ?2 "
	              "WHERE id = ?1 AND presence_known",
	              V(account), V(sn_now(store))) &&
	       refresh_roster(store, account, error);
}

/* They were there until now. */
static gboolean forget_now(SnStore *store, SnId account, GError **error)
{
	return sn_run(store, error,
	              "UPDATE address SET seen_online = max(seen_online, ?2) WHERE id IN "
	              "(SELECT address FROM presence WHERE account = ?1 AND show > 1)",
	              V(account), V(sn_now(store))) &&
	       forget(store, account, error);
}

gboolean sn_presence_forget(SnStore *store, SnId account, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, forget_now(store, account, error), error);
}

gboolean sn_presence_forget_all(SnStore *store, gboolean until_now, GError **error)
{
	g_autoptr(GArray) accounts = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store,
	                  "SELECT id FROM account WHERE presence_known "
	                  "UNION SELECT account FROM presence"),
	           accounts);
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = TRUE;
	for (guint i = 0; ok && i < accounts->len; i++)
		ok = (until_now ? forget_now : forget)(store, g_array_index(accounts, SnId, i), error);
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
