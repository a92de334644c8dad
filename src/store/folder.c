/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder.c - mail folders and how far each is synced; archive positions. */
#include "src/store/private.h"

void sn_folder_free(SnFolder *folder)
{
	if (!folder)
		return;
	g_free(folder->name);
	g_free(folder->role);
	g_free(folder->mailbox_id);
	g_free(folder);
}

#define COLUMNS                                                                                 \
	"id, account, name, role, uidvalidity, uidnext, highestmodseq, total, unread, mailbox_id, " \
	"base, read_only "

static SnFolder *read_row(SnSql *query)
{
	SnFolder *folder = g_new0(SnFolder, 1);

	folder->id = sn_sql_int(query, 0);
	folder->account = sn_sql_int(query, 1);
	folder->name = sn_sql_text(query, 2);
	folder->role = sn_sql_text(query, 3);
	folder->uidvalidity = (guint32)sn_sql_int(query, 4);
	folder->uidnext = (guint32)sn_sql_int(query, 5);
	folder->highestmodseq = (guint64)sn_sql_int(query, 6);
	folder->total = (int)sn_sql_int(query, 7);
	folder->unread = (int)sn_sql_int(query, 8);
	folder->mailbox_id = sn_sql_text(query, 9);
	folder->base = sn_sql_int(query, 10);
	folder->read_only = sn_sql_int(query, 11) != 0;
	return folder;
}

static SnFolder *read_one(SnSql *query)
{
	SnFolder *folder = sn_sql_row(query) ? read_row(query) : NULL;

	sn_sql_drop(query);
	return folder;
}

SnFolder *sn_folder_get(SnStore *store, SnId folder)
{
	return read_one(sn_sql(store, "SELECT " COLUMNS "FROM folder WHERE id = ?1", V(folder)));
}

SnFolder *sn_folder_by_role(SnStore *store, SnId account, const char *role)
{
	return read_one(sn_sql(store,
	                       "SELECT " COLUMNS "FROM folder WHERE account = ?1 AND role = ?2 "
	                       "ORDER BY id LIMIT 1",
	                       V(account), V(role)));
}

GPtrArray *sn_folder_list(SnStore *store, SnId account)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_folder_free);
	SnSql *query = sn_sql(store,
	                      "SELECT " COLUMNS "FROM folder WHERE ?1 = 0 OR account = ?1 "
	                      "ORDER BY account, name",
	                      V(account));

	while (sn_sql_row(query))
		g_ptr_array_add(list, read_row(query));
	sn_sql_drop(query);
	return list;
}

/* What is on its way to it stands in its list from now on. */
static gboolean list_arrivals(SnStore *store, SnId folder, GError **error)
{
	return sn_run(store, error,
	              "UPDATE location SET shown_in = ?1 FROM folder t, folder f WHERE shown_in = 0 "
	              "AND t.id = ?1 AND f.id = location.folder AND f.account = t.account "
	              "AND (target = t.name OR target = t.role)",
	              V(folder));
}

/* A folder that turns out to be the trash hides what lies in it. */
static gboolean set_role(SnStore *store, SnId folder, const char *role, GError **error)
{
	g_autoptr(GArray) messages = g_array_new(FALSE, FALSE, sizeof(SnId));

	if (!sn_run(store, error, "UPDATE folder SET role = ?2 WHERE id = ?1 AND role IS NOT ?2",
	            V(folder), V(role)))
		return FALSE;
	if (sn_changes(store) == 0)
		return TRUE;
	sn_sql_ids(sn_sql(store, "SELECT message FROM location WHERE folder = ?1", V(folder)),
	           messages);
	for (guint i = 0; i < messages->len; i++)
		if (!sn_message_settle(store, g_array_index(messages, SnId, i), FALSE, error))
			return FALSE;
	return list_arrivals(store, folder, error);
}

static SnId intern(SnStore *store, SnId account, const char *name, const char *role,
                   GError **error)
{
	SnId id = sn_one(store, "SELECT id FROM folder WHERE account = ?1 AND name = ?2", V(account),
	                 V(name));

	if (id)
		return !role || set_role(store, id, role, error) ? id : 0;
	if (!sn_run(store, error, "INSERT INTO folder (account, name, role) VALUES (?1, ?2, ?3)",
	            V(account), V(name), V(role)))
		return 0;
	id = sn_last_id(store);
	return list_arrivals(store, id, error) ? id : 0;
}

SnId sn_folder_intern(SnStore *store, SnId account, const char *name, const char *role,
                      GError **error)
{
	g_return_val_if_fail(name != NULL, 0);
	g_autofree char *tidy = sn_tidy(name, SN_LINE_LIMIT);
	if (!sn_store_begin(store, error))
		return 0;
	SnId id = intern(store, account, tidy, role, error);
	return sn_store_finish(store, id != 0, error) ? id : 0;
}

gboolean sn_folder_set_state(SnStore *store, SnId folder, guint32 uidvalidity, guint32 uidnext,
                             guint64 highestmodseq, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE folder SET uidvalidity = ?2, uidnext = ?3, highestmodseq = ?4 "
	                     "WHERE id = ?1 AND (uidvalidity, uidnext, highestmodseq) <> (?2, ?3, ?4)",
	                     V(folder), V(uidvalidity), V(uidnext), V((gint64)highestmodseq)) &&
	              sn_message_purge(store, error);
	return sn_store_finish(store, ok, error);
}

/* The labels of what lies in it, and what was to be changed about them. */
static gboolean forget_labels(SnStore *store, SnId folder, GError **error)
{
	return sn_run(store, error,
	              "DELETE FROM location WHERE folder IN (SELECT id FROM folder WHERE base = ?1 AND id <> ?1)",
	              V(folder)) &&
	       sn_run(store, error,
	              "DELETE FROM action WHERE uid <> 0 AND folder IN (SELECT id FROM folder "
	              "WHERE id = ?1 AND base NOT IN (0, id) OR base = ?1 AND id <> ?1)",
	              V(folder));
}

gboolean sn_folder_reset(SnStore *store, SnId folder, GError **error)
{
	g_autoptr(GArray) messages = g_array_new(FALSE, FALSE, sizeof(SnId));

	if (!sn_store_begin(store, error))
		return FALSE;
	sn_sql_ids(sn_sql(store, "SELECT message FROM location WHERE folder = ?1", V(folder)),
	           messages);
	gboolean ok = forget_labels(store, folder, error) &&
	              sn_run(store, error, "DELETE FROM location WHERE folder = ?1", V(folder)) &&
	              /* what the user wants done is done when the email is found again */
	              sn_run(store, error,
	                     "DELETE FROM action WHERE folder = ?1 AND (lands <> 0 OR kind NOT IN (?2, ?3))",
	                     V(folder), V(SN_ACTION_FLAGS), V(SN_ACTION_MOVE)) &&
	              sn_run(store, error, "UPDATE action SET uid = 0, name = NULL WHERE folder = ?1",
	                     V(folder)) &&
	              sn_run(store, error,
	                     "UPDATE folder SET uidvalidity = 0, uidnext = 0, highestmodseq = 0 "
	                     "WHERE id = ?1",
	                     V(folder));
	for (guint i = 0; i < messages->len && ok; i++)
		ok = sn_message_settle(store, g_array_index(messages, SnId, i), FALSE, error);
	return sn_store_finish(store, ok, error);
}

gboolean sn_folder_set_directory(SnStore *store, SnId folder, const char *directory, GError **error)
{
	g_return_val_if_fail(directory && g_path_is_absolute(directory), FALSE);
	if (sn_one(store, "SELECT 1 FROM folder WHERE id = ?1 AND directory IS ?2", V(folder),
	           V(directory)))
		return TRUE;
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "UPDATE folder SET directory = ?2 WHERE id = ?1",
	                     V(folder), V(directory));
	return sn_store_finish(store, ok, error);
}

gboolean sn_folder_set_read_only(SnStore *store, SnId folder, gboolean read_only, GError **error)
{
	return sn_run(store, error,
	              "UPDATE folder SET read_only = ?2 WHERE id = ?1 AND read_only <> ?2", V(folder),
	              V(read_only ? 1 : 0));
}

gboolean sn_account_set_quota(SnStore *store, SnId account, gint64 used, gint64 limit, GError **error)
{
	g_assert(used >= 0 && limit >= 0);
	return sn_run(store, error,
	              "UPDATE account SET quota_used = ?2, quota_limit = ?3 WHERE id = ?1 "
	              "AND (quota_used, quota_limit) <> (?2, ?3)",
	              V(account), V(used), V(limit));
}

gboolean sn_account_quota(SnStore *store, SnId account, gint64 *used, gint64 *limit)
{
	SnSql *query = sn_sql(store, "SELECT quota_used, quota_limit FROM account WHERE id = ?1",
	                      V(account));

	*used = *limit = 0;
	if (sn_sql_row(query)) {
		*used = sn_sql_int(query, 0);
		*limit = sn_sql_int(query, 1);
	}
	sn_sql_drop(query);
	return *limit > 0;
}

gboolean sn_folder_set_base(SnStore *store, SnId folder, SnId base, GError **error)
{
	SnId before = sn_one(store, "SELECT base FROM folder WHERE id = ?1", V(folder));

	if (before == base)
		return TRUE;
	if (!sn_store_begin(store, error))
		return FALSE;
	/* the numbers were its own, or will be */
	gboolean ok = (base == folder || before == folder || sn_folder_reset(store, folder, error)) &&
	              sn_run(store, error, "UPDATE folder SET base = ?2 WHERE id = ?1", V(folder),
	                     V(base));
	return sn_store_finish(store, ok, error);
}

gboolean sn_folder_set_mailbox_id(SnStore *store, SnId folder, const char *mailbox_id,
                                  GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE folder SET mailbox_id = ?2 WHERE id = ?1 AND mailbox_id IS NOT ?2",
	                     V(folder), V(mailbox_id));
	return sn_store_finish(store, ok, error);
}

/* The row that was made for the new name before it was known to be an old folder. */
static gboolean make_way(SnStore *store, SnId folder, const char *name, GError **error)
{
	SnId other = sn_one(store,
	                    "SELECT f.id FROM folder f JOIN folder o ON o.account = f.account "
	                    "WHERE o.id = ?1 AND f.name = ?2 AND f.id <> ?1",
	                    V(folder), V(name));

	if (!other)
		return TRUE;
	if (sn_one(store, "SELECT count(*) FROM location WHERE folder = ?1", V(other)) > 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_EXISTS, "There is another folder named %s.",
		            name);
		return FALSE;
	}
	return sn_run(store, error, "UPDATE action SET folder = ?2 WHERE folder = ?1", V(other),
	              V(folder)) &&
	       sn_run(store, error, "DELETE FROM folder WHERE id = ?1", V(other));
}

gboolean sn_folder_rename(SnStore *store, SnId folder, const char *name, GError **error)
{
	g_return_val_if_fail(name != NULL, FALSE);
	g_autofree char *tidy = sn_tidy(name, SN_LINE_LIMIT);
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = make_way(store, folder, tidy, error) &&
	              sn_run(store, error,
	                     "UPDATE action SET target = ?2 FROM folder f WHERE f.id = ?1 "
	                     "AND action.account = f.account AND action.target = f.name",
	                     V(folder), V(tidy)) &&
	              sn_run(store, error, "UPDATE folder SET name = ?2 WHERE id = ?1", V(folder),
	                     V(tidy));
	return sn_store_finish(store, ok, error);
}

/* ---- archives (XEP-0313) ---- */

char *sn_archive_get(SnStore *store, SnId account, const char *archive_jid)
{
	return sn_one_text(store, "SELECT last_id FROM archive WHERE account = ?1 AND jid = ?2",
	                   V(account), V(archive_jid));
}

gboolean sn_archive_set(SnStore *store, SnId account, const char *archive_jid, const char *last_id,
                        GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = last_id ?
	                      sn_run(store, error,
	                             "INSERT INTO archive (account, jid, last_id) VALUES (?1, ?2, ?3) "
	                             "ON CONFLICT (account, jid) DO UPDATE SET last_id = ?3",
	                             V(account), V(archive_jid), V(last_id)) :
	                      sn_run(store, error,
	                             "DELETE FROM archive WHERE account = ?1 AND jid = ?2",
	                             V(account), V(archive_jid));
	return sn_store_finish(store, ok, error);
}
