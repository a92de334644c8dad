/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * actions.c - what a client does to messages: the rows change now, and a row of `action` tells the
 * engine what to tell the server. Each change is a row of its own, so that one being replayed is
 * not changed under the engine's hands.
 */
#include <string.h>

#include "src/store/private.h"

#define LIST_LIMIT 1000
#define KIND_READ 3 /* beside SnActionKind: an IM was read */

void sn_action_free(SnAction *action)
{
	if (!action)
		return;
	g_free(action->name);
	g_free(action->target);
	g_free(action);
}

static gboolean no_such(GError **error)
{
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such message.");
	return FALSE;
}

/* ---- flags ---- */

static gboolean flag_places(SnStore *store, SnId id, guint set, guint clear, GError **error)
{
	/* only where it changes something */
	return sn_run(store, error,
	              "INSERT INTO action (kind, account, folder, message, uid, name, set_flags, "
	              "clear_flags) SELECT ?4, f.account, l.folder, l.message, l.uid, l.name, ?2, ?3 "
	              "FROM location l JOIN folder f ON f.id = l.folder WHERE l.message = ?1 "
	              "AND ((l.flags | ?2) & ~?3) <> l.flags",
	              V(id), V(set), V(clear), V(SN_ACTION_FLAGS)) &&
	       sn_run(store, error,
	              "UPDATE location SET flags = (flags | ?2) & ~?3 WHERE message = ?1", V(id),
	              V(set), V(clear));
}

static gboolean change_flags(SnStore *store, SnId id, guint set, guint clear, GError **error)
{
	if (sn_one(store, "SELECT 1 FROM location WHERE message = ?1 LIMIT 1", V(id)))
		return flag_places(store, id, set, clear, error) &&
		       sn_message_settle(store, id, FALSE, error);
	return sn_run(store, error,
	              "UPDATE message SET flags = (flags | ?2) & ~?3 WHERE id = ?1", V(id), V(set),
	              V(clear));
}

gboolean sn_message_change_flags(SnStore *store, SnId id, guint set, guint clear, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_one(store, "SELECT 1 FROM message WHERE id = ?1", V(id)) || no_such(error);
	return sn_store_finish(store, ok && change_flags(store, id, set, clear & ~set, error), error);
}

/* The newest IM read, for the sender and the user's other devices. */
static gboolean tell_read(SnStore *store, SnId id, GError **error)
{
	return sn_run(store, error,
	              "INSERT INTO action (kind, account, message) SELECT ?2, account, id "
	              "FROM message WHERE id = ?1 AND channel = 1 AND account > 0",
	              V(id), V(KIND_READ));
}

static gboolean mark_read(SnStore *store, SnId conversation, SnTime time, SnId up_to,
                          GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnId newest_im = 0;

	sn_sql_ids(sn_sql(store,
	                  "SELECT id FROM message INDEXED BY message_unread WHERE conversation = ?1 "
	                  "AND unread = 1 AND (time, id) <= (?2, ?3) ORDER BY time, id",
	                  V(conversation), V(time), V(up_to)),
	           ids);
	for (guint i = 0; i < ids->len; i++) {
		SnId id = g_array_index(ids, SnId, i);
		if (!change_flags(store, id, SN_FLAG_SEEN, 0, error))
			return FALSE;
		if (sn_one(store, "SELECT channel FROM message WHERE id = ?1", V(id)))
			newest_im = id;
	}
	/* what the engine marks was read on another device, which told already */
	return !newest_im || store->role == SN_STORE_ENGINE || tell_read(store, newest_im, error);
}

gboolean sn_conversation_mark_read(SnStore *store, SnId conversation, SnId up_to, GError **error)
{
	SnTime time = G_MAXINT64;

	if (up_to)
		time = sn_one(store, "SELECT time FROM message WHERE id = ?1", V(up_to));
	else
		up_to = G_MAXINT64;
	/* The screen asks at every step; mostly there is nothing to do. */
	if (!sn_one(store,
	            "SELECT 1 FROM message INDEXED BY message_unread WHERE conversation = ?1 "
	            "AND unread = 1 AND (time, id) <= (?2, ?3) LIMIT 1",
	            V(conversation), V(time), V(up_to)))
		return TRUE;
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, mark_read(store, conversation, time, up_to, error), error);
}

/* ---- moving ---- */

static gboolean is_out_of_sight(const char *target)
{
	return strcmp(target, "trash") == 0 || strcmp(target, "junk") == 0;
}

static gboolean move(SnStore *store, SnId id, const char *target, GError **error)
{
	if (!sn_one(store, "SELECT 1 FROM location WHERE message = ?1 LIMIT 1", V(id)))
		return sn_run(store, error, "UPDATE message SET hidden = ?2 WHERE id = ?1", V(id),
		              V(is_out_of_sight(target) ? 1 : 0));
	/* what has not been told to the server yet is overtaken */
	return sn_run(store, error,
	              "DELETE FROM action WHERE message = ?1 AND kind = ?2 AND attempts = 0", V(id),
	              V(SN_ACTION_MOVE)) &&
	       sn_run(store, error,
	              "UPDATE location SET target = (SELECT iif(f.role = ?2 OR f.name = ?2, NULL, ?2) "
	              "FROM folder f WHERE f.id = location.folder), "
	              "shown_in = coalesce((SELECT t.id FROM folder f JOIN folder t "
	              "ON t.account = f.account WHERE f.id = location.folder "
	              "AND (t.role = ?2 OR t.name = ?2) "
	              "ORDER BY t.id <> f.id, t.role IS NOT ?2, t.id LIMIT 1), 0) WHERE message = ?1",
	              V(id), V(target)) &&
	       sn_run(store, error,
	              "INSERT INTO action (kind, account, folder, message, uid, name, target) "
	              "SELECT ?2, f.account, l.folder, l.message, l.uid, l.name, l.target "
	              "FROM location l JOIN folder f ON f.id = l.folder "
	              "WHERE l.message = ?1 AND l.target IS NOT NULL",
	              V(id), V(SN_ACTION_MOVE)) &&
	       sn_message_settle(store, id, FALSE, error);
}

gboolean sn_message_move(SnStore *store, SnId id, const char *target, GError **error)
{
	g_return_val_if_fail(target != NULL, FALSE);
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_one(store, "SELECT 1 FROM message WHERE id = ?1", V(id)) || no_such(error);
	return sn_store_finish(store, ok && move(store, id, target, error), error);
}

/* ---- the engine's side ---- */

SnId sn_action_append(SnStore *store, SnId message, SnId account, const char *target, guint flags,
                      GError **error)
{
	if (!sn_store_begin(store, error))
		return 0;
	gboolean ok = sn_run(store, error,
	                     "INSERT INTO action (kind, account, message, target, set_flags) "
	                     "VALUES (?1, ?2, ?3, ?4, ?5)",
	                     V(SN_ACTION_APPEND), V(account), V(message), V(target), V(flags));
	SnId id = sn_last_id(store);
	return sn_store_finish(store, ok, error) ? id : 0;
}

#define COLUMNS                                                                                 \
	"id, kind, account, folder, message, uid, name, set_flags, clear_flags, target, attempts, " \
	"next_try "

static GPtrArray *read_actions(SnSql *query)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_action_free);

	while (sn_sql_row(query)) {
		SnAction *action = g_new0(SnAction, 1);
		action->id = sn_sql_int(query, 0);
		action->kind = (SnActionKind)sn_sql_int(query, 1);
		action->account = sn_sql_int(query, 2);
		action->folder = sn_sql_int(query, 3);
		action->message = sn_sql_int(query, 4);
		action->uid = (guint32)sn_sql_int(query, 5);
		action->name = sn_sql_text(query, 6);
		action->set = (guint)sn_sql_int(query, 7);
		action->clear = (guint)sn_sql_int(query, 8);
		action->target = sn_sql_text(query, 9);
		action->attempts = (int)sn_sql_int(query, 10);
		action->next_try = sn_sql_int(query, 11);
		g_ptr_array_add(list, action);
	}
	sn_sql_drop(query);
	return list;
}

GPtrArray *sn_action_list(SnStore *store, SnId account, SnTime due)
{
	return read_actions(sn_sql(store,
	                           "SELECT " COLUMNS "FROM action WHERE account = ?1 "
	                           "AND next_try <= ?2 AND kind <> ?3 ORDER BY id LIMIT ?4",
	                           V(account), V(due), V(KIND_READ), V(LIST_LIMIT)));
}

GPtrArray *sn_action_reads(SnStore *store, SnId account)
{
	return read_actions(sn_sql(store,
	                           "SELECT " COLUMNS "FROM action WHERE account = ?1 AND kind = ?2 "
	                           "ORDER BY id LIMIT ?3",
	                           V(account), V(KIND_READ), V(LIST_LIMIT)));
}

/* A move that is over, and the email still lies there: it was not possible. */
static gboolean end_move(SnStore *store, SnId action, GError **error)
{
	SnId message = sn_one(store, "SELECT message FROM action WHERE id = ?1 AND kind = ?2",
	                      V(action), V(SN_ACTION_MOVE));

	if (!message)
		return TRUE;
	if (!sn_run(store, error,
	            "UPDATE location SET target = NULL, shown_in = location.folder "
	            "FROM action WHERE action.id = ?1 "
	            "AND location.folder = action.folder AND location.uid = action.uid",
	            V(action)))
		return FALSE;
	return sn_changes(store) == 0 || sn_message_settle(store, message, FALSE, error);
}

gboolean sn_action_done(SnStore *store, SnId action, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = end_move(store, action, error) &&
	              sn_run(store, error, "DELETE FROM action WHERE id = ?1", V(action));
	return sn_store_finish(store, ok, error);
}

gboolean sn_action_retry(SnStore *store, SnId action, SnTime next_try, const char *why,
                         GError **error)
{
	g_autofree char *tidy = sn_tidy(why, SN_LINE_LIMIT);

	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE action SET attempts = attempts + 1, next_try = ?2, why = ?3 "
	                     "WHERE id = ?1",
	                     V(action), V(next_try), V(tidy));
	return sn_store_finish(store, ok, error);
}
