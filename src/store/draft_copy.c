/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/draft_copy.h"

#include "src/store/private.h"

#define COLUMNS                                                                                  \
	"coalesce(d.conversation, c.conversation), coalesce(d.updated, 0), "                     \
	"coalesce(c.account, 0), c.message_id, c.next_id, coalesce(c.updated, 0) "               \
	"FROM draft d FULL JOIN draft_copy c ON c.conversation = d.conversation "
#define STALE(column)                                                                            \
	"INSERT OR IGNORE INTO draft_stale (account, message_id) SELECT account, " column        \
	" FROM draft_copy WHERE conversation = ?1 AND " column " IS NOT NULL"

void sn_draft_copy_free(SnDraftCopy *copy)
{
	if (!copy)
		return;
	g_free(copy->message_id);
	g_free(copy->next_id);
	g_free(copy);
}

static SnDraftCopy *read_copy(SnSql *query)
{
	SnDraftCopy *copy = g_new0(SnDraftCopy, 1);

	copy->conversation = sn_sql_int(query, 0);
	copy->drafted = sn_sql_int(query, 1);
	copy->account = sn_sql_int(query, 2);
	copy->message_id = sn_sql_text(query, 3);
	copy->next_id = sn_sql_text(query, 4);
	copy->updated = sn_sql_int(query, 5);
	return copy;
}

GPtrArray *sn_draft_copy_due(SnStore *store)
{
	GPtrArray *due = g_ptr_array_new_with_free_func((GDestroyNotify)sn_draft_copy_free);
	SnSql *query = sn_sql(store, "SELECT " COLUMNS
	                             "WHERE coalesce(d.updated, 0) <> coalesce(c.updated, -1)");

	while (sn_sql_row(query))
		g_ptr_array_add(due, read_copy(query));
	sn_sql_drop(query);
	return due;
}

SnDraftCopy *sn_draft_copy_get(SnStore *store, SnId conversation)
{
	SnSql *query = sn_sql(store, "SELECT " COLUMNS
	                             "WHERE d.conversation = ?1 OR c.conversation = ?1", V(conversation));
	SnDraftCopy *copy = sn_sql_row(query) ? read_copy(query) : NULL;

	sn_sql_drop(query);
	return copy;
}

gboolean sn_draft_copy_begin(SnStore *store, SnId conversation, SnId account, const char *next_id,
                             GError **error)
{
	g_assert(conversation && account && next_id);
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok =
		sn_run(store, error, STALE("next_id"), V(conversation)) &&
		/* it goes by another account now */
		sn_run(store, error, STALE("message_id") " AND account <> ?2", V(conversation),
	               V(account)) &&
		sn_run(store, error,
	               "INSERT INTO draft_copy (conversation, account, next_id) VALUES (?1, ?2, ?3) "
	               "ON CONFLICT (conversation) DO UPDATE SET next_id = ?3, "
	               "message_id = iif(account = ?2, message_id, NULL), account = ?2",
	               V(conversation), V(account), V(next_id));
	return sn_store_finish(store, ok, error);
}

gboolean sn_draft_copy_done(SnStore *store, SnId conversation, SnTime updated, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, STALE("message_id"), V(conversation)) &&
	              sn_run(store, error,
	                     "UPDATE draft_copy SET message_id = next_id, next_id = NULL, "
	                     "updated = ?2 WHERE conversation = ?1",
	                     V(conversation), V(updated));
	return sn_store_finish(store, ok, error);
}

gboolean sn_draft_copy_failed(SnStore *store, SnId conversation, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, STALE("next_id"), V(conversation)) &&
	              sn_run(store, error,
	                     "UPDATE draft_copy SET next_id = NULL WHERE conversation = ?1",
	                     V(conversation)) &&
	              sn_run(store, error,
	                     "DELETE FROM draft_copy WHERE conversation = ?1 AND message_id IS NULL",
	                     V(conversation));
	return sn_store_finish(store, ok, error);
}

gboolean sn_draft_copy_drop(SnStore *store, SnId conversation, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, STALE("next_id"), V(conversation)) &&
	              sn_run(store, error, STALE("message_id"), V(conversation)) &&
	              sn_run(store, error, "DELETE FROM draft_copy WHERE conversation = ?1",
	                     V(conversation));
	return sn_store_finish(store, ok, error);
}

gboolean sn_draft_copy_adopt(SnStore *store, SnId conversation, SnId account,
                             const char *message_id, GError **error)
{
	g_assert(conversation && account && message_id);
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, STALE("next_id"), V(conversation)) &&
	              sn_run(store, error, STALE("message_id"), V(conversation)) &&
	              sn_run(store, error,
	                     "INSERT INTO draft_copy (conversation, account, message_id) "
	                     "VALUES (?1, ?2, ?3) ON CONFLICT (conversation) DO UPDATE SET "
	                     "account = ?2, message_id = ?3, next_id = NULL, updated = 0",
	                     V(conversation), V(account), V(message_id)) &&
	              sn_run(store, error,
	                     "DELETE FROM draft_stale WHERE account = ?1 AND message_id = ?2",
	                     V(account), V(message_id));
	return sn_store_finish(store, ok, error);
}

gboolean sn_draft_copy_overtaken(SnStore *store, const char *message_id, GError **error)
{
	return sn_run(store, error,
	              "DELETE FROM draft WHERE conversation IN (SELECT c.conversation FROM draft_copy c "
	              "JOIN draft d ON d.conversation = c.conversation WHERE c.message_id = ?1 "
	              "AND c.next_id IS NULL AND c.updated = d.updated)",
	              V(message_id)) &&
	       sn_run(store, error, "DELETE FROM draft_stale WHERE message_id = ?1", V(message_id)) &&
	       sn_run(store, error,
	              "DELETE FROM draft_copy WHERE message_id = ?1 AND next_id IS NULL", V(message_id)) &&
	       /* a new version is on its way: only that one is ours */
	       sn_run(store, error, "UPDATE draft_copy SET message_id = NULL WHERE message_id = ?1",
	              V(message_id));
}

SnId sn_draft_copy_find(SnStore *store, const char *message_id)
{
	return sn_one(store,
	              "SELECT c.conversation FROM draft_copy c JOIN draft d ON d.conversation = "
	              "c.conversation WHERE c.message_id = ?1 OR c.next_id = ?1",
	              V(message_id));
}

GPtrArray *sn_draft_stale_list(SnStore *store, SnId account)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	SnSql *query = sn_sql(store, "SELECT message_id FROM draft_stale WHERE account = ?1 LIMIT 100",
	                      V(account));

	while (sn_sql_row(query))
		g_ptr_array_add(ids, sn_sql_text(query, 0));
	sn_sql_drop(query);
	return ids;
}

gboolean sn_draft_stale_done(SnStore *store, SnId account, const char *message_id, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store,
	                       sn_run(store, error,
	                              "DELETE FROM draft_stale WHERE account = ?1 AND message_id = ?2",
	                              V(account), V(message_id)),
	                       error);
}
