/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * actions.c - what the engine has to tell servers, a row of `action` for each place and change: how
 * far it is, and what becomes of the rows when it is over. What writes them is triage.c.
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
	g_free(action->set_tags);
	g_free(action->clear_tags);
	g_free(action);
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
	const SnTriage seen = { .set = SN_FLAG_SEEN };
	SnId newest_im = 0;

	sn_sql_ids(sn_sql(store,
	                  "SELECT id FROM message INDEXED BY message_unread WHERE conversation = ?1 "
	                  "AND unread = 1 AND (time, id) <= (?2, ?3) ORDER BY time, id",
	                  V(conversation), V(time), V(up_to)),
	           ids);
	for (guint i = 0; i < ids->len; i++) {
		SnId id = g_array_index(ids, SnId, i);
		if (!sn_triage_one(store, 0, id, 0, &seen, error))
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
	"next_try, set_tags, clear_tags "

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
		action->set_tags = sn_sql_text(query, 12);
		action->clear_tags = sn_sql_text(query, 13);
		g_ptr_array_add(list, action);
	}
	sn_sql_drop(query);
	return list;
}

GPtrArray *sn_action_list(SnStore *store, SnId account, SnTime due)
{
	return read_actions(sn_sql(store,
	                           "SELECT " COLUMNS "FROM action WHERE account = ?1 "
	                           "AND next_try <= ?2 AND kind <> ?3 AND (uid <> 0 OR kind = 2) "
	                           "ORDER BY kind <> 0, id LIMIT ?4",
	                           V(account), V(due), V(KIND_READ), V(LIST_LIMIT)));
}

GPtrArray *sn_action_reads(SnStore *store, SnId account)
{
	return read_actions(sn_sql(store,
	                           "SELECT " COLUMNS "FROM action WHERE account = ?1 AND kind = ?2 "
	                           "ORDER BY id LIMIT ?3",
	                           V(account), V(KIND_READ), V(LIST_LIMIT)));
}

/* The labels that were to go with their email. */
static gboolean let_labels_stay(SnStore *store, SnId message, SnId folder, guint32 uid, GError **error)
{
	return sn_run(store, error,
	              "UPDATE location SET target = NULL, shown_in = folder WHERE message = ?1 AND uid = ?3 "
	              "AND target IS NOT NULL AND folder IN (SELECT id FROM folder WHERE base = ?2 AND id <> ?2) "
	              "AND NOT EXISTS (SELECT 1 FROM action a WHERE a.message = ?1 "
	              "AND a.folder = location.folder AND a.uid = ?3)",
	              V(message), V(folder), V(uid));
}

/*
 * A move that is over, and the email still lies there: it was not possible. Where the user meanwhile
 * wanted it somewhere else again, that is tried from here.
 */
static gboolean end_move(SnStore *store, SnId action, GError **error)
{
	SnId message = 0, folder = 0, lands = 0;
	guint32 uid = 0;
	SnSql *query = sn_sql(store,
	                      "SELECT a.message, a.folder, a.uid, a.lands FROM action a "
	                      "JOIN location l ON l.folder = a.folder AND l.uid = a.uid "
	                      "AND l.message = a.message WHERE a.id = ?1 AND a.kind IN (?2, ?3)",
	                      V(action), V(SN_ACTION_MOVE), V(SN_ACTION_DELETE));

	if (sn_sql_row(query)) {
		message = sn_sql_int(query, 0);
		folder = sn_sql_int(query, 1);
		uid = (guint32)sn_sql_int(query, 2);
		lands = sn_sql_int(query, 3);
	}
	if (!sn_sql_end(query, error) || !message)
		return message == 0;
	SnId next = sn_one(store,
	                   "SELECT id FROM action WHERE message = ?1 AND folder = ?2 AND uid = 0 "
	                   "AND kind = ?3 ORDER BY id DESC LIMIT 1",
	                   V(message), V(lands), V(SN_ACTION_MOVE));
	g_autofree char *target =
		next ? sn_one_text(store, "SELECT target FROM action WHERE id = ?1", V(next)) : NULL;
	if (!sn_run(store, error,
	            "DELETE FROM action WHERE message = ?1 AND folder = ?2 AND uid = 0 AND kind = ?3",
	            V(message), V(lands), V(SN_ACTION_MOVE)) ||
	    !sn_location_aim(store, folder, uid, target, error) ||
	    !(target || let_labels_stay(store, message, folder, uid, error)))
		return FALSE;
	if (sn_one(store, "SELECT target IS NOT NULL FROM location WHERE folder = ?1 AND uid = ?2",
	           V(folder), V(uid)) &&
	    !sn_run(store, error,
	            "INSERT INTO action (kind, account, folder, message, uid, name, target) "
	            "SELECT ?3, f.account, l.folder, l.message, l.uid, l.name, l.target "
	            "FROM location l JOIN folder f ON f.id = l.folder WHERE l.folder = ?1 AND l.uid = ?2",
	            V(folder), V(uid), V(SN_ACTION_MOVE)))
		return FALSE;
	return sn_message_settle(store, message, FALSE, error);
}

gboolean sn_location_aim(SnStore *store, SnId folder, guint32 uid, const char *target,
                         GError **error)
{
	return sn_run(store, error,
	              "UPDATE location SET target = (SELECT iif(f.role = ?3 OR f.name = ?3, NULL, ?3) "
	              "FROM folder f WHERE f.id = ?1), "
	              "shown_in = iif(?3 IS NULL, folder, coalesce((SELECT t.id FROM folder f "
	              "JOIN folder t ON t.account = f.account WHERE f.id = ?1 "
	              "AND (t.role = ?3 OR t.name = ?3) "
	              "ORDER BY t.id <> f.id, t.role IS NOT ?3, t.id LIMIT 1), 0)) "
	              "WHERE folder = ?1 AND uid = ?2",
	              V(folder), V(uid), V(target)) &&
	       /* of the labels of an email, at most one stands in a list */
	       sn_run(store, error,
	              "UPDATE location SET shown_in = 0 WHERE folder = ?1 AND uid = ?2 "
	              "AND shown_in NOT IN (0, folder) AND EXISTS (SELECT 1 FROM folder f "
	              "WHERE f.id = ?1 AND f.base NOT IN (0, f.id)) AND EXISTS (SELECT 1 FROM location o "
	              "WHERE o.message = location.message AND o.folder <> ?1 "
	              "AND o.shown_in = location.shown_in)",
	              V(folder), V(uid));
}

gboolean sn_action_start(SnStore *store, SnId action, SnId lands, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "UPDATE action SET lands = ?2 WHERE id = ?1", V(action),
	                     V(lands ? lands : (SnId)-1));
	return sn_store_finish(store, ok, error);
}

gboolean sn_action_follow(SnStore *store, const SnAction *moved, SnId folder, guint32 uid,
                          const char *name, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE action SET folder = ?4, uid = ?5, name = ?6 WHERE message = ?1 "
	                     "AND folder = ?2 AND uid = ?3 AND kind = ?7",
	                     V(moved->message), V(moved->folder), V(moved->uid), V(folder), V(uid),
	                     V(name), V(SN_ACTION_FLAGS));
	return sn_store_finish(store, ok, error);
}

gboolean sn_action_copied(SnStore *store, SnId action, guint32 uid, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE mail_change_item SET uid = ?2, folder = a.lands FROM action a "
	                     "WHERE a.id = ?1 AND mail_change_item.change = a.change "
	                     "AND mail_change_item.message = a.message "
	                     "AND mail_change_item.kind = a.kind",
	                     V(action), V(uid));
	return sn_store_finish(store, ok, error);
}

gboolean sn_action_done(SnStore *store, SnId action, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = end_move(store, action, error) &&
	              sn_run(store, error, "DELETE FROM action WHERE id = ?1", V(action));
	return sn_store_finish(store, ok, error);
}

/* Flags and keywords as they were; those of other changes on their way stay. */
static gboolean put_back(SnStore *store, const SnAction *action, GError **error)
{
	SnSql *query = sn_sql(store,
	                      "SELECT flags, keywords FROM location WHERE folder = ?1 AND uid = ?2 "
	                      "AND message = ?3",
	                      V(action->folder), V(action->uid), V(action->message));
	g_autofree char *keywords = NULL;
	gboolean found = sn_sql_row(query);
	guint flags = found ? (guint)sn_sql_int(query, 0) : 0;

	if (found)
		keywords = sn_sql_text(query, 1);
	if (!sn_sql_end(query, error))
		return FALSE;
	if (!found)
		return TRUE;
	g_autofree char *before = sn_tags_change(keywords, action->clear_tags, action->set_tags);
	return sn_location_flags(store, action->folder, action->uid,
	                         (flags & ~action->set) | action->clear, error) &&
	       (!keywords ||
	        sn_location_keywords(store, action->folder, action->uid, before, error));
}

static gboolean refuse(SnStore *store, SnId id, GError **error)
{
	g_autoptr(GPtrArray) found =
		read_actions(sn_sql(store, "SELECT " COLUMNS "FROM action WHERE id = ?1", V(id)));
	const SnAction *action = found->len ? found->pdata[0] : NULL;

	/* its own change must not count as one that is still to be made */
	return !action || (end_move(store, id, error) &&
	                   sn_run(store, error, "DELETE FROM action WHERE id = ?1", V(id)) &&
	                   (action->kind != SN_ACTION_FLAGS || put_back(store, action, error)));
}

gboolean sn_action_refuse(SnStore *store, SnId action, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, refuse(store, action, error), error);
}

int sn_action_stuck(SnStore *store, SnId account, char **why)
{
	*why = sn_one_text(store,
	                   "SELECT why FROM action WHERE account = ?1 AND why IS NOT NULL "
	                   "ORDER BY id DESC LIMIT 1",
	                   V(account));
	return *why ? (int)sn_one(store,
	                          "SELECT count(*) FROM action WHERE account = ?1 AND why IS NOT NULL",
	                          V(account)) :
	              0;
}

gboolean sn_action_retry(SnStore *store, SnId action, SnTime next_try, const char *why,
                         GError **error)
{
	g_autofree char *tidy = sn_tidy(why, SN_LINE_LIMIT);

	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE action SET attempts = attempts + 1, next_try = ?2, why = ?3, lands = 0 "
	                     "WHERE id = ?1",
	                     V(action), V(next_try), V(tidy));
	return sn_store_finish(store, ok, error);
}
