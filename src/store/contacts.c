/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/contacts.h"

#include <string.h>

#include "src/store/private.h"

enum { CAPS_KEPT = 1000, FEATURES_MAX = 32 * 1024 };

GPtrArray *sn_roster_list(SnStore *store, SnId account)
{
	GPtrArray *jids = g_ptr_array_new_with_free_func(g_free);
	SnSql *query = sn_sql(store,
	                      "SELECT a.value FROM roster r JOIN address a ON a.id = r.address "
	                      "WHERE r.account = ?1 ORDER BY a.value",
	                      V(account));

	while (sn_sql_row(query))
		g_ptr_array_add(jids, sn_sql_text(query, 0));
	sn_sql_drop(query);
	return jids;
}

SnTime sn_im_newest(SnStore *store, SnId account)
{
	return sn_one(store,
	              "SELECT time FROM message WHERE account = ?1 AND channel = 1 AND carried = 0 "
	              "ORDER BY id DESC LIMIT 1",
	              V(account));
}

/* ---- blocked ---- */

void sn_blocked_free(SnBlocked *blocked)
{
	if (!blocked)
		return;
	g_free(blocked->account_name);
	g_free(blocked->jid);
	g_free(blocked->name);
	g_free(blocked);
}

gboolean sn_blocked_set(SnStore *store, SnId account, char *const *jids, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "DELETE FROM blocked WHERE account = ?1", V(account));
	for (int i = 0; ok && jids && jids[i]; i++)
		ok = sn_run(store, error,
		            "INSERT OR IGNORE INTO blocked (account, jid) VALUES (?1, ?2)",
		            V(account), V(jids[i]));
	return sn_store_finish(store, ok, error);
}

GPtrArray *sn_blocked_list(SnStore *store)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_blocked_free);
	SnSql *query = sn_sql(store,
	                      "SELECT b.account, c.name, b.jid, p.id, p.name FROM blocked b "
	                      "JOIN account c ON c.id = b.account "
	                      "LEFT JOIN address a ON a.channel = 1 AND a.value = b.jid "
	                      "LEFT JOIN person p ON p.id = a.person ORDER BY b.jid, c.name");

	while (sn_sql_row(query)) {
		SnBlocked *one = g_new0(SnBlocked, 1);
		one->account = sn_sql_int(query, 0);
		one->account_name = sn_sql_text(query, 1);
		one->jid = sn_sql_text(query, 2);
		one->person = sn_sql_int(query, 3);
		one->name = sn_sql_text(query, 4);
		g_ptr_array_add(all, one);
	}
	sn_sql_drop(query);
	return all;
}

gboolean sn_is_blocked(SnStore *store, const char *jid)
{
	return sn_one(store, "SELECT 1 FROM blocked WHERE jid = ?1 LIMIT 1", V(jid)) != 0;
}

/* ---- what clients can do ---- */

void sn_client_caps_free(SnClientCaps *caps)
{
	if (!caps)
		return;
	g_free(caps->name);
	g_strfreev(caps->features);
	g_free(caps);
}

gboolean sn_caps_put(SnStore *store, const char *fingerprint, const char *name,
                     char *const *features, GError **error)
{
	g_autofree char *joined = g_strjoinv("\n", (char **)features);
	g_autofree char *tidy = sn_tidy(name, SN_LINE_LIMIT);

	if (strlen(joined) > FEATURES_MAX)
		return TRUE; /* asked again next time */
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "INSERT OR REPLACE INTO caps (fingerprint, name, features, time) "
	                     "VALUES (?1, ?2, ?3, ?4)",
	                     V(fingerprint), V(tidy), V(joined), V(sn_now(store))) &&
	              sn_run(store, error,
	                     "DELETE FROM caps WHERE fingerprint IN (SELECT fingerprint FROM caps "
	                     "ORDER BY time DESC, fingerprint LIMIT -1 OFFSET ?1)",
	                     V(CAPS_KEPT));
	return sn_store_finish(store, ok, error);
}

SnClientCaps *sn_caps_get(SnStore *store, const char *fingerprint)
{
	SnSql *query = sn_sql(store, "SELECT name, features FROM caps WHERE fingerprint = ?1",
	                      V(fingerprint));
	SnClientCaps *caps = NULL;

	if (sn_sql_row(query)) {
		caps = g_new0(SnClientCaps, 1);
		caps->name = sn_sql_text(query, 0);
		caps->features = g_strsplit(sn_sql_peek(query, 1), "\n", -1);
	}
	sn_sql_drop(query);
	return caps;
}

GPtrArray *sn_caps_known(SnStore *store)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	SnSql *query = sn_sql(store, "SELECT fingerprint FROM caps ORDER BY time DESC");

	while (sn_sql_row(query))
		g_ptr_array_add(all, sn_sql_text(query, 0));
	sn_sql_drop(query);
	return all;
}
