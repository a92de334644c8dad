/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/draft_copy.h"

#include <string.h>

#include "src/store/private.h"

#define COLUMNS                                                                                  \
	"coalesce(d.conversation, c.conversation), coalesce(d.updated, 0), "                     \
	"coalesce(c.account, 0), c.message_id, c.next_id, coalesce(c.updated, 0), "              \
	"coalesce(c.uid, 0) "                                                                    \
	"FROM draft d FULL JOIN draft_copy c ON c.conversation = d.conversation "
#define STALE(column, uid)                                                                       \
	"INSERT OR IGNORE INTO draft_stale (account, message_id, uid) SELECT account, " column   \
	", " uid " FROM draft_copy WHERE conversation = ?1 AND " column " IS NOT NULL"
#define STALE_NEXT STALE("next_id", "0")
#define STALE_NOW STALE("message_id", "uid")

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
	copy->uid = (guint32)sn_sql_int(query, 6);
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

/* Line ends differ from one place to another: they are left out. */
static char *digest_of(GBytes *raw)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize length;
	const char *c = g_bytes_get_data(raw, &length);

	for (const char *end = c + length, *next; c < end; c = next + 1) {
		next = memchr(c, '\r', (gsize)(end - c));
		next = next ? next : end;
		g_checksum_update(sum, (const guchar *)c, next - c);
	}
	return g_strdup(g_checksum_get_string(sum));
}

gboolean sn_draft_copy_begin(SnStore *store, const SnDraftCopy *next, GBytes *raw, GError **error)
{
	SnId conversation = next->conversation, account = next->account;
	g_autofree char *digest = digest_of(raw);

	g_assert(conversation && account && next->next_id);
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok =
		sn_run(store, error, STALE_NEXT, V(conversation)) &&
		/* it goes by another account now */
		sn_run(store, error, STALE_NOW " AND account <> ?2", V(conversation), V(account)) &&
		sn_run(store, error,
	               "INSERT INTO draft_copy (conversation, account, next_id, next_digest, next_updated) "
	               "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (conversation) DO UPDATE SET "
	               "next_id = ?3, next_digest = ?4, next_updated = ?5, "
	               "message_id = iif(account = ?2, message_id, NULL), account = ?2",
	               V(conversation), V(account), V(next->next_id), V(digest), V(next->updated));
	return sn_store_finish(store, ok, error);
}

#define NO_NEXT "next_id = NULL, next_digest = NULL, next_updated = 0 "

gboolean sn_draft_copy_done(SnStore *store, SnId conversation, guint32 uid, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, STALE_NOW " AND next_id IS NOT NULL", V(conversation)) &&
	              /* unless another program has it already */
	              sn_run(store, error,
	                     "UPDATE draft_copy SET message_id = next_id, digest = next_digest, "
	                     "updated = next_updated, uid = ?2, " NO_NEXT
	                     "WHERE conversation = ?1 AND next_id IS NOT NULL",
	                     V(conversation), V(uid));
	return sn_store_finish(store, ok, error);
}

gboolean sn_draft_copy_failed(SnStore *store, SnId conversation, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, STALE_NEXT, V(conversation)) &&
	              sn_run(store, error,
	                     "UPDATE draft_copy SET " NO_NEXT "WHERE conversation = ?1",
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
	gboolean ok = sn_run(store, error, STALE_NEXT, V(conversation)) &&
	              sn_run(store, error, STALE_NOW, V(conversation)) &&
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
	gboolean ok = sn_run(store, error, STALE_NEXT, V(conversation)) &&
	              sn_run(store, error, STALE_NOW, V(conversation)) &&
	              sn_run(store, error,
	                     "INSERT INTO draft_copy (conversation, account, message_id) "
	                     "VALUES (?1, ?2, ?3) ON CONFLICT (conversation) DO UPDATE SET "
	                     "account = ?2, message_id = ?3, updated = 0, uid = 0, digest = NULL, "
	                     NO_NEXT,
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
	              "JOIN draft d ON d.conversation = c.conversation "
	              "WHERE c.next_id = ?1 AND c.next_updated = d.updated OR c.message_id = ?1 "
	              "AND c.next_id IS NULL AND c.updated = d.updated)",
	              V(message_id)) &&
	       sn_run(store, error, "DELETE FROM draft_stale WHERE message_id = ?1", V(message_id)) &&
	       /* when a new version is on its way, only that one is ours */
	       sn_run(store, error,
	              "UPDATE draft_copy SET message_id = NULL, digest = NULL, uid = 0 WHERE message_id = ?1",
	              V(message_id)) &&
	       sn_run(store, error, "UPDATE draft_copy SET " NO_NEXT "WHERE next_id = ?1", V(message_id)) &&
	       sn_run(store, error,
	              "DELETE FROM draft_copy WHERE message_id IS NULL AND next_id IS NULL");
}

gboolean sn_draft_copy_seen(SnStore *store, SnId account, const char *message_id, guint32 uid,
                            GBytes *raw, GError **error)
{
	g_autofree char *known = NULL, *digest = NULL;
	SnSql *query = sn_sql(store,
	                      "SELECT iif(message_id = ?2, digest, next_digest), "
	                      "iif(message_id = ?2, uid, 0) FROM draft_copy "
	                      "WHERE account = ?1 AND (message_id = ?2 OR next_id = ?2)",
	                      V(account), V(message_id));
	guint32 place = 0;

	if (sn_sql_row(query)) {
		known = sn_sql_text(query, 0);
		place = (guint32)sn_sql_int(query, 1);
	}
	sn_sql_drop(query);
	/* some servers write another text than they were given, but they say where */
	if (!known || (uid && place == uid))
		return TRUE;
	digest = digest_of(raw);
	if (!g_str_equal(digest, known))
		return sn_draft_copy_overtaken(store, message_id, error);
	return sn_run(store, error, "UPDATE draft_copy SET uid = ?2 WHERE message_id = ?1", V(message_id),
	              V(uid));
}

SnId sn_draft_copy_find(SnStore *store, const char *message_id)
{
	return sn_one(store,
	              "SELECT c.conversation FROM draft_copy c JOIN draft d ON d.conversation = "
	              "c.conversation WHERE c.message_id = ?1 OR c.next_id = ?1",
	              V(message_id));
}

void sn_draft_stale_free(SnDraftStale *stale)
{
	if (!stale)
		return;
	g_free(stale->message_id);
	g_free(stale);
}

GPtrArray *sn_draft_stale_list(SnStore *store, SnId account)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_draft_stale_free);
	SnSql *query = sn_sql(store,
	                      "SELECT message_id, uid FROM draft_stale WHERE account = ?1 LIMIT 100",
	                      V(account));

	while (sn_sql_row(query)) {
		SnDraftStale *stale = g_new0(SnDraftStale, 1);
		stale->message_id = sn_sql_text(query, 0);
		stale->uid = (guint32)sn_sql_int(query, 1);
		g_ptr_array_add(list, stale);
	}
	sn_sql_drop(query);
	return list;
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
