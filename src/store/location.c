/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * location.c - where emails lie, and what follows from it: an email's flags are those of its
 * places, and it is not shown while it lies only in the trash, the junk or the drafts.
 */
#include "src/store/place.h"
#include "src/store/private.h"

#define LOST_FOR (7 * SN_DAY) /* a message that no folder holds is kept this long */
#define PURGE_AT_ONCE 100

void sn_location_free(SnLocation *location)
{
	if (!location)
		return;
	g_free(location->folder_name);
	g_free(location->name);
	g_free(location->keywords);
	g_free(location);
}

GPtrArray *sn_location_list(SnStore *store, SnId message)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_location_free);
	SnSql *query = sn_sql(store,
	                      "SELECT l.folder, l.uid, f.name, l.name, l.flags, l.keywords "
	                      "FROM location l "
	                      "JOIN folder f ON f.id = l.folder WHERE l.message = ?1 "
	                      "ORDER BY l.folder, l.uid",
	                      V(message));

	while (sn_sql_row(query)) {
		SnLocation *location = g_new0(SnLocation, 1);
		location->folder = sn_sql_int(query, 0);
		location->uid = (guint32)sn_sql_int(query, 1);
		location->folder_name = sn_sql_text(query, 2);
		location->name = sn_sql_text(query, 3);
		location->flags = (guint)sn_sql_int(query, 4);
		location->keywords = sn_sql_text(query, 5);
		g_ptr_array_add(list, location);
	}
	sn_sql_drop(query);
	return list;
}

/* ---- what follows from the places ---- */

typedef struct {
	int places, visible;
	gboolean draft; /* a label says so, wherever it lies */
	guint any, all;
	gboolean told; /* some server tells keywords */
	char *tags;    /* all of them */
	/* the message's row as it is; without a place it was not looked at */
	guint flags;
	gboolean lost;
	int hidden;
	SnId about;
	char *tags_now;
} Places;

static void add_keywords(Places *p, const char *keywords)
{
	g_autofree char *before = g_steal_pointer(&p->tags);

	p->told = p->told || keywords;
	p->tags = keywords && *keywords ? sn_tags_change(before, keywords, NULL)
	                                : g_steal_pointer(&before);
}

static Places look(SnStore *store, SnId message)
{
	Places p = { .all = ~0u };
	/* A pending move counts as done: its target is a role, or the name of a folder. */
	SnSql *query = sn_sql(store,
	                      "SELECT l.flags, CASE coalesce(iif(l.target IS NULL, f.role, coalesce("
	                      "(SELECT role FROM folder t WHERE t.account = f.account "
	                      "AND t.name = l.target), l.target)), '') "
	                      /* a list after IN would be put into a table each time */
	                      "WHEN 'trash' THEN 1 WHEN 'junk' THEN 1 WHEN 'drafts' THEN 1 "
	                      "WHEN " SN_GONE_SQL " THEN 1 ELSE 0 END, "
	                      "l.keywords, f.base <> 0 AND f.role = 'drafts' AND l.target IS NULL, "
	                      "m.flags, m.lost IS NOT NULL, m.hidden, m.about, m.tags "
	                      "FROM location l JOIN folder f ON f.id = l.folder "
	                      "JOIN message m ON m.id = l.message WHERE l.message = ?1",
	                      V(message));

	while (sn_sql_row(query)) {
		guint flags = (guint)sn_sql_int(query, 0);
		p.places++;
		p.visible += sn_sql_int(query, 1) == 0;
		p.draft = p.draft || sn_sql_int(query, 3);
		p.any |= flags;
		p.all &= flags;
		add_keywords(&p, sn_sql_peek(query, 2));
		if (p.places > 1)
			continue;
		p.flags = (guint)sn_sql_int(query, 4);
		p.lost = sn_sql_int(query, 5) != 0;
		p.hidden = (int)sn_sql_int(query, 6);
		p.about = sn_sql_int(query, 7);
		p.tags_now = sn_sql_text(query, 8);
	}
	sn_sql_drop(query);
	return p;
}

/* Reports are folded below what they are about, transcripts are not emails to be seen. */
static int hidden_of(const Places *p)
{
	if (!p->visible || p->draft || p->about == SN_ABOUT_TRANSCRIPT)
		return 1;
	return p->about > 0 || p->about == SN_ABOUT_UNHEARD ? 2 : 0;
}

static gboolean settle_tags(SnStore *store, SnId message, const Places *p, GError **error)
{
	const char *tags = p->tags ? p->tags : "";

	return !p->told || g_str_equal(tags, p->tags_now ? p->tags_now : "") ||
	       sn_run(store, error, "UPDATE message SET tags = nullif(?2, '') WHERE id = ?1", V(message),
	              V(tags));
}

gboolean sn_message_settle(SnStore *store, SnId message, gboolean removed, GError **error)
{
	const guint by_all = SN_FLAG_DELETED | SN_FLAG_DRAFT;
	Places p = look(store, message);
	g_autofree char *tags = p.tags, *tags_now = p.tags_now;

	if (!settle_tags(store, message, &p, error))
		return FALSE;
	if (p.places == 0)
		return sn_run(store, error,
		              "UPDATE message SET lost = coalesce(lost, ?2), "
		              "hidden = iif(?3, 1, hidden) WHERE id = ?1",
		              V(message), V(sn_now(store)), V(removed ? 1 : 0));
	guint flags = (p.any & ~by_all) | (p.all & by_all);
	int hidden = hidden_of(&p);
	/* most settle as they are: an UPDATE that changes nothing costs as much as a question more */
	return (flags == p.flags && !p.lost && hidden == p.hidden) ||
	       sn_run(store, error,
	              "UPDATE message SET flags = ?2, lost = NULL, hidden = ?3 WHERE id = ?1", V(message),
	              V(flags), V(hidden));
}

gboolean sn_message_purge(SnStore *store, GError **error)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store,
	                  "SELECT id FROM message WHERE lost IS NOT NULL AND lost < ?1 AND outbox = 0 "
	                  "LIMIT ?2",
	                  V(sn_now(store) - LOST_FOR), V(PURGE_AT_ONCE)),
	           gone);
	for (guint i = 0; i < gone->len; i++)
		if (!sn_message_delete(store, g_array_index(gone, SnId, i), error))
			return FALSE;
	return TRUE;
}

/* ---- places ---- */

/* The server's flags with our own changes that it has not been told yet. */
static guint with_pending(SnStore *store, SnId folder, guint32 uid, SnId message, guint flags)
{
	SnSql *query = sn_sql(store,
	                      "SELECT set_flags, clear_flags FROM action WHERE message = ?3 "
	                      "AND folder = ?1 AND uid = ?2 AND kind = 0 ORDER BY id",
	                      V(folder), V(uid), V(message));

	while (sn_sql_row(query))
		flags = (flags | (guint)sn_sql_int(query, 0)) & ~(guint)sn_sql_int(query, 1);
	sn_sql_drop(query);
	return flags;
}

static gboolean take_waiting_flags(SnStore *store, SnId message, SnId folder, guint32 uid,
                                   const char *name, GError **error)
{
	/* as figures: SQLite would compile it anew for each value, to see whether an index that holds
	 * only some kinds will do */
	G_STATIC_ASSERT(SN_ACTION_FLAGS == 0 && SN_ACTION_COPY == 4);
	return sn_run(store, error,
	              "UPDATE action SET uid = ?3, name = ?4, next_try = 0 WHERE message = ?1 AND folder = ?2 "
	              "AND uid = 0 AND kind IN (0, 4)",
	              V(message), V(folder), V(uid), V(name));
}

/* It has come to where an action waited for it: now that has a number to be asked for. */
static gboolean go_on(SnStore *store, SnId message, SnId folder, guint32 uid, const char *name,
                      GError **error)
{
	G_STATIC_ASSERT(SN_ACTION_MOVE == 1);
	SnId action = sn_one(store,
	                     "SELECT id FROM action WHERE message = ?1 AND folder = ?2 AND uid = 0 "
	                     "AND kind = 1 ORDER BY id DESC LIMIT 1",
	                     V(message), V(folder));

	if (!action)
		return TRUE;
	g_autofree char *target =
		sn_one_text(store, "SELECT target FROM action WHERE id = ?1", V(action));
	return sn_run(store, error,
	              "DELETE FROM action WHERE message = ?1 AND folder = ?2 AND uid = 0 AND id <> ?3",
	              V(message), V(folder), V(action)) &&
	       sn_run(store, error, "UPDATE action SET uid = ?2, name = ?3, next_try = 0 WHERE id = ?1", V(action),
	              V(uid), V(name)) &&
	       sn_location_aim(store, folder, uid, target, error);
}

static char *keywords_with_pending(SnStore *store, SnId folder, guint32 uid, SnId message,
                                   const char *keywords)
{
	char *now = g_strdup(keywords);
	SnSql *query = sn_sql(store,
	                      "SELECT set_tags, clear_tags FROM action WHERE message = ?3 "
	                      "AND folder = ?1 AND uid = ?2 AND kind = 0 ORDER BY id",
	                      V(folder), V(uid), V(message));

	while (sn_sql_row(query)) {
		g_autofree char *before = now;
		now = sn_tags_change(before, sn_sql_peek(query, 0), sn_sql_peek(query, 1));
	}
	sn_sql_drop(query);
	return now;
}

#define LABELS_OF "(SELECT id FROM folder WHERE base = ?1 AND id <> ?1)"

/* The labels of an email have its flags and keywords. */
static gboolean pass_on(SnStore *store, SnId message, SnId folder, guint32 uid, GError **error)
{
	return sn_run(store, error,
	              "UPDATE location SET flags = h.flags, keywords = h.keywords FROM location h "
	              "WHERE h.folder = ?1 AND h.uid = ?2 AND location.message = ?3 "
	              "AND location.uid = ?2 AND location.folder IN " LABELS_OF
	              " AND (location.flags <> h.flags OR location.keywords IS NOT h.keywords)",
	              V(folder), V(uid), V(message));
}

static gboolean is_awaited(SnStore *store, SnId message)
{
	return sn_one(store, "SELECT 1 FROM action WHERE message = ?1 LIMIT 1", V(message)) != 0;
}

static gboolean put(SnStore *store, SnId message, const SnLocation *place, GError **error)
{
	SnId folder = place->folder, before = sn_location_find(store, folder, place->uid);
	gboolean awaited = is_awaited(store, message);
	g_autofree char *keywords = NULL;
	guint flags = place->flags;

	if (awaited) {
		if (!take_waiting_flags(store, message, folder, place->uid, place->name, error))
			return FALSE;
		flags = with_pending(store, folder, place->uid, message, flags);
	}
	if (place->keywords)
		keywords = awaited ? keywords_with_pending(store, folder, place->uid, message,
		                                           place->keywords)
		                   : g_strdup(place->keywords);
	if (!sn_run(store, error,
	            "INSERT INTO location (folder, uid, message, name, flags, keywords, shown_in, time) "
	            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?1, (SELECT time FROM message WHERE id = ?3)) "
	            "ON CONFLICT (folder, uid) DO UPDATE SET message = ?3, name = ?4, flags = ?5, "
	            "time = excluded.time, target = iif(message = ?3, target, NULL), "
	            "keywords = coalesce(?6, iif(message = ?3, keywords, NULL)), "
	            "shown_in = iif(message = ?3, shown_in, folder)",
	            V(folder), V(place->uid), V(message), V(place->name), V(flags), V(keywords)) ||
	    (awaited && !go_on(store, message, folder, place->uid, place->name, error)))
		return FALSE;
	if (before && keywords && !pass_on(store, message, folder, place->uid, error))
		return FALSE;
	if (before && before != message && !sn_message_settle(store, before, TRUE, error))
		return FALSE;
	return sn_message_settle(store, message, FALSE, error);
}

gboolean sn_location_put(SnStore *store, SnId message, const SnLocation *place, GError **error)
{
	g_assert(message && place->folder);
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, put(store, message, place, error), error);
}

gboolean sn_location_set(SnStore *store, SnId message, SnId folder, guint32 uid, const char *name,
                         guint flags, GError **error)
{
	SnLocation place = { .folder = folder, .uid = uid, .name = (char *)name, .flags = flags };

	return sn_location_put(store, message, &place, error);
}

static gboolean set_flags(SnStore *store, SnId folder, guint32 uid, guint flags, GError **error)
{
	SnId message = sn_location_find(store, folder, uid);

	if (!message)
		return TRUE; /* not known yet: it comes with its flags */
	flags = with_pending(store, folder, uid, message, flags);
	if (!sn_run(store, error,
	            "UPDATE location SET flags = ?3 WHERE folder = ?1 AND uid = ?2 AND flags <> ?3",
	            V(folder), V(uid), V(flags)))
		return FALSE;
	return sn_changes(store) == 0 || (pass_on(store, message, folder, uid, error) &&
	                                  sn_message_settle(store, message, FALSE, error));
}

gboolean sn_location_flags(SnStore *store, SnId folder, guint32 uid, guint flags, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, set_flags(store, folder, uid, flags, error), error);
}

gboolean sn_location_rename(SnStore *store, SnId folder, guint32 uid, const char *name,
                            GError **error)
{
	g_assert(name);
	return sn_run(store, error,
	              "UPDATE location SET name = ?3 "
	              "WHERE folder = ?1 AND uid = ?2 AND name IS NOT ?3",
	              V(folder), V(uid), V(name));
}

static gboolean set_keywords(SnStore *store, SnId folder, guint32 uid, const char *keywords,
                             GError **error)
{
	SnId message = sn_location_find(store, folder, uid);
	g_autofree char *now =
		message ? keywords_with_pending(store, folder, uid, message, keywords) : NULL;

	if (!message)
		return TRUE;
	/* of most emails is now known that they have none, which changes nothing else */
	if (!*now && !sn_run(store, error,
	                     "UPDATE location SET keywords = '' WHERE folder = ?1 AND uid = ?2 "
	                     "AND keywords IS NULL",
	                     V(folder), V(uid)))
		return FALSE;
	if (!*now && sn_changes(store) > 0)
		return pass_on(store, message, folder, uid, error);
	return sn_run(store, error,
	              "UPDATE location SET keywords = ?3 WHERE folder = ?1 AND uid = ?2 "
	              "AND keywords IS NOT ?3",
	              V(folder), V(uid), V(now)) &&
	       (sn_changes(store) == 0 || (pass_on(store, message, folder, uid, error) &&
	                                   sn_message_settle(store, message, FALSE, error)));
}

gboolean sn_location_keywords(SnStore *store, SnId folder, guint32 uid, const char *keywords,
                              GError **error)
{
	g_return_val_if_fail(keywords != NULL, FALSE);
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, set_keywords(store, folder, uid, keywords, error), error);
}

static gboolean remove_location(SnStore *store, SnId folder, guint32 uid, GError **error)
{
	SnId message = sn_location_find(store, folder, uid);

	return !message ||
	       (sn_run(store, error,
	               "DELETE FROM location WHERE message = ?3 AND uid = ?2 "
	               "AND (folder = ?1 OR folder IN " LABELS_OF ")",
	               V(folder), V(uid), V(message)) &&
	        sn_run(store, error,
	               "DELETE FROM action WHERE message = ?3 AND uid = ?2 "
	               "AND (folder = ?1 OR folder IN " LABELS_OF ")",
	               V(folder), V(uid), V(message)) &&
	        sn_message_settle(store, message, TRUE, error));
}

gboolean sn_location_remove(SnStore *store, SnId folder, guint32 uid, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, remove_location(store, folder, uid, error), error);
}

/* ---- labels ---- */

static gboolean drop_labels(SnStore *store, SnId message, SnId folder, guint32 uid, char **kept,
                            gboolean *any, GError **error)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnSql *query = sn_sql(store,
	                      "SELECT l.folder, f.name FROM location l JOIN folder f ON f.id = l.folder "
	                      "WHERE l.message = ?3 AND l.uid = ?2 AND f.base = ?1 AND f.id <> ?1",
	                      V(folder), V(uid), V(message));

	while (sn_sql_row(query)) {
		SnId label = sn_sql_int(query, 0);
		if (!g_strv_contains((const char *const *)kept, sn_sql_peek(query, 1)))
			g_array_append_val(gone, label);
	}
	if (!sn_sql_end(query, error))
		return FALSE;
	*any = *any || gone->len > 0;
	for (guint i = 0; i < gone->len; i++)
		if (!sn_run(store, error, "DELETE FROM location WHERE folder = ?1 AND uid = ?2",
		            V(g_array_index(gone, SnId, i)), V(uid)) ||
		    !sn_run(store, error,
		            "DELETE FROM action WHERE message = ?3 AND folder = ?1 AND uid = ?2",
		            V(g_array_index(gone, SnId, i)), V(uid), V(message)))
			return FALSE;
	return TRUE;
}

static gboolean set_labels(SnStore *store, SnId folder, guint32 uid, char **labels, GError **error)
{
	SnId message = sn_location_find(store, folder, uid);
	gboolean any = FALSE;

	if (!message)
		return TRUE;
	if (!drop_labels(store, message, folder, uid, labels, &any, error))
		return FALSE;
	for (char **label = labels; *label; label++) {
		/* a place that is there already keeps where it is to go */
		if (!sn_run(store, error,
		            "INSERT INTO location (folder, uid, message, flags, shown_in, time, keywords) "
		            "SELECT f.id, h.uid, h.message, h.flags, f.id, h.time, h.keywords "
		            "FROM location h JOIN folder o ON o.id = h.folder JOIN folder f "
		            "ON f.account = o.account AND f.name = ?3 AND f.base = ?1 AND f.id <> ?1 "
		            "WHERE h.folder = ?1 AND h.uid = ?2 ON CONFLICT (folder, uid) DO UPDATE SET "
		            "message = excluded.message, flags = excluded.flags, time = excluded.time, "
		            "keywords = excluded.keywords, target = NULL, shown_in = folder "
		            "WHERE message <> excluded.message",
		            V(folder), V(uid), V(*label)))
			return FALSE;
		any = any || sn_changes(store) > 0;
	}
	return !any || sn_message_settle(store, message, FALSE, error);
}

gboolean sn_location_labels(SnStore *store, SnId folder, guint32 uid, const char *labels,
                            GError **error)
{
	g_return_val_if_fail(labels != NULL, FALSE);
	g_auto(GStrv) names = g_strsplit(labels, "\n", -1);
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, set_labels(store, folder, uid, names, error), error);
}

SnId sn_location_find(SnStore *store, SnId folder, guint32 uid)
{
	return sn_one(store, "SELECT message FROM location WHERE folder = ?1 AND uid = ?2",
	              V(folder), V(uid));
}

guint32 sn_location_find_name(SnStore *store, SnId folder, const char *name)
{
	/* said which, or SQLite may take the one by number and read the whole folder for a name */
	return (guint32)sn_one(store,
	                       "SELECT uid FROM location INDEXED BY location_name "
	                       "WHERE folder = ?1 AND name = ?2",
	                       V(folder), V(name));
}

GArray *sn_location_uids(SnStore *store, SnId folder, GArray **flags)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	SnSql *query = sn_sql(store, "SELECT uid, flags FROM location WHERE folder = ?1 ORDER BY uid",
	                      V(folder));

	if (flags)
		*flags = g_array_new(FALSE, FALSE, sizeof(guint));
	while (sn_sql_row(query)) {
		guint32 uid = (guint32)sn_sql_int(query, 0);
		guint now = (guint)sn_sql_int(query, 1);
		g_array_append_val(uids, uid);
		if (flags)
			g_array_append_val(*flags, now);
	}
	sn_sql_drop(query);
	return uids;
}
