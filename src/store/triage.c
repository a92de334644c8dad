/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * triage.c - what the user does to emails: the rows change now, an action for each place tells the
 * engine what to tell the server, and an item of the change remembers how to take it back.
 *
 * An action that the engine has not begun is taken back by forgetting it. One that is under way is
 * followed: another move waits in the folder it goes to (uid 0) until the email is seen there.
 *
 * Of an email with labels (Gmail; SnFolder.base) each label is a place: to move it is to change
 * labels, to throw it away is one move of the email itself, which takes the labels along.
 */
#include "src/store/triage.h"

#include <string.h>

#include "src/store/private.h"

enum { CHANGES_KEPT = 200 };

typedef struct {
	SnId folder, account, shown_in;
	guint32 uid;
	guint flags;
	char *name;     /* Maildir; NULL */
	char *keywords; /* NULL: not told */
	char *target;   /* NULL */
	char *role;     /* of the folder in whose list it stands; NULL */
	char *own_role; /* of the folder itself; NULL */
	gboolean read_only; /* the server lets nothing in it be changed */
	SnId base;      /* as of SnFolder */
} Place;

static void clear_place(gpointer data)
{
	Place *place = data;

	g_free(place->name);
	g_free(place->keywords);
	g_free(place->target);
	g_free(place->role);
	g_free(place->own_role);
}

static GArray *read_places(SnStore *store, SnId message)
{
	GArray *places = g_array_new(FALSE, TRUE, sizeof(Place));
	SnSql *query = sn_sql(store,
	                      "SELECT l.folder, f.account, l.shown_in, l.uid, l.flags, l.name, "
	                      "l.keywords, l.target, s.role, f.role, f.read_only, f.base FROM location l "
	                      "JOIN folder f ON f.id = l.folder LEFT JOIN folder s ON s.id = l.shown_in "
	                      "WHERE l.message = ?1 ORDER BY l.folder, l.uid",
	                      V(message));

	g_array_set_clear_func(places, clear_place);
	while (sn_sql_row(query)) {
		Place place = { sn_sql_int(query, 0),          sn_sql_int(query, 1),
			        sn_sql_int(query, 2),          (guint32)sn_sql_int(query, 3),
			        (guint)sn_sql_int(query, 4), sn_sql_text(query, 5),
			        sn_sql_text(query, 6),         sn_sql_text(query, 7),
			        sn_sql_text(query, 8),         sn_sql_text(query, 9),
			        sn_sql_int(query, 10) != 0,    sn_sql_int(query, 11) };
		g_array_append_val(places, place);
	}
	sn_sql_drop(query);
	return places;
}

/* The folder of an account with that role, else that name; 0. */
static SnId resolve(SnStore *store, SnId account, const char *target)
{
	return sn_one(store,
	              "SELECT id FROM folder WHERE account = ?1 AND (role = ?2 OR name = ?2) "
	              "ORDER BY role IS NOT ?2, id LIMIT 1",
	              V(account), V(target));
}

static gboolean is_label(const Place *place)
{
	return place->base && place->base != place->folder;
}

/* It holds an email that has labels. */
static gboolean is_holder(const Place *place)
{
	return place->base && place->base == place->folder;
}

typedef struct {
	SnActionKind kind;
	SnId message, folder;
	guint32 uid;
	const char *target;
	guint set, clear;
	const char *set_tags, *clear_tags;
} Item;

static gboolean note(SnStore *store, SnId change, const Item *item, GError **error)
{
	return !change ||
	       sn_run(store, error,
	              "INSERT INTO mail_change_item (change, kind, message, folder, uid, target, "
	              "set_flags, clear_flags, set_tags, clear_tags) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
	              "?7, ?8, nullif(?9, ''), nullif(?10, ''))",
	              V(change), V(item->kind), V(item->message), V(item->folder), V(item->uid),
	              V(item->target), V(item->set), V(item->clear), V(item->set_tags),
	              V(item->clear_tags));
}

static gboolean enqueue(SnStore *store, SnId change, const Place *place, const Item *item,
                        GError **error)
{
	return sn_run(store, error,
	              "INSERT INTO action (kind, account, folder, message, uid, name, target, set_flags, "
	              "clear_flags, set_tags, clear_tags, change) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
	              "?8, ?9, nullif(?10, ''), nullif(?11, ''), ?12)",
	              V(item->kind), V(place->account), V(item->folder), V(item->message),
	              V(item->uid), V(item->uid ? place->name : NULL), V(item->target), V(item->set),
	              V(item->clear), V(item->set_tags), V(item->clear_tags), V(change));
}

/* ---- flags and tags ---- */

/* What has come and gone, over all places. */
typedef struct {
	guint set, clear;
	char *plus, *minus;
} Difference;

static void add_difference(Difference *all, guint set, guint clear, const char *plus,
                           const char *minus)
{
	g_autofree char *more = all->plus, *less = all->minus;

	all->set |= set;
	all->clear |= clear;
	all->plus = sn_tags_change(more, plus, NULL);
	all->minus = sn_tags_change(less, minus, NULL);
}

static gboolean change_place(SnStore *store, SnId change, SnId message, const Place *place,
                             const SnTriage *what, Difference *all, GError **error)
{
	guint now = (place->flags | what->set) & ~what->clear;
	g_autofree char *tags =
		place->name ? NULL : sn_tags_change(place->keywords, what->add, what->drop);
	g_autofree char *plus = tags ? sn_tags_minus(tags, place->keywords) : g_strdup("");
	g_autofree char *minus = tags ? sn_tags_minus(place->keywords, tags) : g_strdup("");
	Item item = { .kind = SN_ACTION_FLAGS, .message = message, .folder = place->folder,
		      .uid = place->uid, .set = now & ~place->flags, .clear = place->flags & ~now,
		      .set_tags = plus, .clear_tags = minus };

	if (now == place->flags && !*plus && !*minus)
		return TRUE;
	add_difference(all, item.set, item.clear, plus, minus);
	/* a label has them from where the email lies */
	return (is_label(place) || place->read_only || enqueue(store, change, place, &item, error)) &&
	       sn_run(store, error,
	              "UPDATE location SET flags = ?3, keywords = coalesce(?4, keywords) "
	              "WHERE folder = ?1 AND uid = ?2",
	              V(place->folder), V(place->uid), V(now), V(tags));
}

/* What no server keeps: tags of emails in a Maildir, flags of what lies nowhere. */
static gboolean change_here(SnStore *store, SnId message, gboolean flags, const SnTriage *what,
                            Difference *all, GError **error)
{
	g_autofree char *before = NULL;
	guint had = 0;
	SnSql *query = sn_sql(store, "SELECT flags, tags FROM message WHERE id = ?1", V(message));

	if (sn_sql_row(query)) {
		had = (guint)sn_sql_int(query, 0);
		before = sn_sql_text(query, 1);
	}
	if (!sn_sql_end(query, error))
		return FALSE;
	guint now = flags ? (had | what->set) & ~what->clear : had;
	g_autofree char *tags = sn_tags_change(before, what->add, what->drop);
	g_autofree char *plus = sn_tags_minus(tags, before), *minus = sn_tags_minus(before, tags);
	add_difference(all, now & ~had, had & ~now, plus, minus);
	return sn_run(store, error,
	              "UPDATE message SET flags = ?2, tags = nullif(?3, '') WHERE id = ?1 "
	              "AND (flags <> ?2 OR coalesce(tags, '') <> ?3)",
	              V(message), V(now), V(tags));
}

static gboolean change_words(SnStore *store, SnId change, SnId message, const SnTriage *what,
                             GError **error)
{
	g_autoptr(GArray) places = read_places(store, message);
	g_autofree char *plus = NULL, *minus = NULL;
	Difference all = { 0, 0, NULL, NULL };
	gboolean told = FALSE, ok = TRUE;

	for (guint i = 0; i < places->len && ok; i++) {
		const Place *place = &g_array_index(places, Place, i);
		told = told || !place->name;
		ok = change_place(store, change, message, place, what, &all, error);
	}
	if (ok && !told)
		ok = change_here(store, message, places->len == 0, what, &all, error);
	if (ok && places->len)
		ok = sn_message_settle(store, message, FALSE, error);
	plus = all.plus;
	minus = all.minus;
	if (!ok || (!all.set && !all.clear && (!plus || !*plus) && (!minus || !*minus)))
		return ok;
	return note(store, change,
	            &(Item){ .kind = SN_ACTION_FLAGS, .message = message, .set = all.set,
	                     .clear = all.clear, .set_tags = plus, .clear_tags = minus },
	            error);
}

/* ---- moving ---- */

/* The folder to which the server is moving it just now; -1: it is deleting it; 0. */
static SnId under_way(SnStore *store, SnId message, const Place *place)
{
	return sn_one(store,
	              "SELECT lands FROM action WHERE message = ?1 AND folder = ?2 AND uid = ?3 "
	              "AND kind IN (?4, ?5) AND lands <> 0 ORDER BY id DESC LIMIT 1",
	              V(message), V(place->folder), V(place->uid), V(SN_ACTION_MOVE),
	              V(SN_ACTION_DELETE));
}

static gboolean is_out_of_sight(const char *target)
{
	return strcmp(target, "trash") == 0 || strcmp(target, "junk") == 0;
}

/* Of an email with labels: there it lies apart from them. */
static gboolean leaves(SnStore *store, const Place *place, const char *target)
{
	SnId to = resolve(store, place->account, target);

	return to ? sn_one(store, "SELECT base = 0 FROM folder WHERE id = ?1", V(to)) != 0
	          : is_out_of_sight(target);
}

/* What has not been told to the server yet is overtaken. */
static gboolean forget_plans(SnStore *store, SnId message, const Place *place, GError **error)
{
	return sn_run(store, error,
	              "DELETE FROM action WHERE message = ?1 AND folder = ?2 AND uid = ?3 "
	              "AND kind IN (?4, ?5) AND lands = 0",
	              V(message), V(place->folder), V(place->uid), V(SN_ACTION_MOVE),
	              V(SN_ACTION_DELETE));
}

/* It is on its way to `lands`: from there it goes on. */
static gboolean follow(SnStore *store, SnId change, SnId message, const Place *place, SnId lands,
                       const char *target, GError **error)
{
	const Item item = { .kind = SN_ACTION_MOVE, .message = message, .folder = lands,
		            .target = target };

	return sn_run(store, error,
	              "DELETE FROM action WHERE message = ?1 AND folder = ?2 AND uid = 0 AND kind = ?3",
	              V(message), V(lands), V(SN_ACTION_MOVE)) &&
	       (resolve(store, place->account, target) == lands ||
	        enqueue(store, change, place, &item, error));
}

static gboolean copy_place(SnStore *store, SnId change, SnId message, const Place *place,
                           const char *target, GError **error);

static gboolean move_place(SnStore *store, SnId change, SnId message, const Place *place,
                           const char *target, GError **error)
{
	SnId to = resolve(store, place->account, target), lands;
	Item item = { .kind = SN_ACTION_MOVE, .message = message, .target = target,
		      .folder = place->shown_in ? place->shown_in : place->folder };

	if (to ? to == place->shown_in : g_strcmp0(place->target, target) == 0)
		return TRUE;
	if (is_holder(place) && to != place->folder && !leaves(store, place, target))
		return copy_place(store, change, message, place, target, error);
	lands = under_way(store, message, place);
	if (lands < 0)
		return TRUE; /* nothing holds it any more */
	if (!note(store, change, &item, error))
		return FALSE;
	if (lands)
		return follow(store, change, message, place, lands, target, error) &&
		       sn_location_aim(store, place->folder, place->uid, target, error);
	item.folder = place->folder;
	item.uid = place->uid;
	return forget_plans(store, message, place, error) &&
	       sn_location_aim(store, place->folder, place->uid, target, error) &&
	       (to == place->folder || enqueue(store, change, place, &item, error));
}

static gboolean destroy_place(SnStore *store, SnId change, SnId message, const Place *place,
                              GError **error)
{
	Item item = { .kind = SN_ACTION_DELETE, .message = message, .folder = place->folder,
		      .uid = place->uid };

	if (under_way(store, message, place))
		return TRUE;
	/* where it was on its way to, for the undo */
	item.target = place->target;
	if (!note(store, change, &item, error))
		return FALSE;
	item.target = NULL;
	return forget_plans(store, message, place, error) &&
	       sn_location_aim(store, place->folder, place->uid, SN_GONE, error) &&
	       enqueue(store, change, place, &item, error);
}

static gboolean copy_place(SnStore *store, SnId change, SnId message, const Place *place,
                           const char *target, GError **error)
{
	SnId to = resolve(store, place->account, target);
	Item item = { .kind = SN_ACTION_COPY, .message = message, .folder = place->folder,
		      .uid = place->uid, .target = target };

	if (to && sn_one(store, "SELECT 1 FROM location WHERE message = ?1 AND shown_in = ?2",
	                 V(message), V(to)))
		return TRUE;
	if (!enqueue(store, change, place, &item, error))
		return FALSE;
	item.folder = item.uid = 0; /* where the copy lies is known when it does */
	return note(store, change, &item, error);
}

/* What lies nowhere, as IMs do. */
static gboolean hide(SnStore *store, SnId change, SnId message, gboolean hidden, GError **error)
{
	gboolean was = sn_one(store, "SELECT hidden FROM message WHERE id = ?1", V(message)) == 1;
	Item item = { .kind = SN_ACTION_MOVE, .message = message, .uid = was };

	if (was == hidden)
		return TRUE;
	return note(store, change, &item, error) &&
	       sn_run(store, error, "UPDATE message SET hidden = ?2 WHERE id = ?1", V(message),
	              V(hidden ? 1 : 0));
}

/* Archived is what lies in sight: not what was sent, nor what is out of sight already. */
static gboolean stays(const GArray *places, const Place *place, const SnTriage *what)
{
	static const char *const kept[] = { "sent", "drafts", "trash", "junk", NULL };

	return places->len > 1 && g_strcmp0(what->move_to, "archive") == 0 && place->role &&
	       g_strv_contains(kept, place->role);
}

/* ---- emails with labels ---- */

/* The email goes, and its labels with it: they say so, and what they were, for the undo. */
static gboolean take_along(SnStore *store, SnId change, SnId message, const Place *place,
                           const char *target, GError **error)
{
	Item item = { .kind = SN_ACTION_MOVE, .message = message, .target = target,
		      .folder = place->folder, .uid = place->uid };

	return forget_plans(store, message, place, error) &&
	       note(store, change, &item, error) &&
	       sn_location_aim(store, place->folder, place->uid, target, error);
}

/* The label that a move takes away: the one in whose list it was asked for, else the inbox. The
 * archive is where it lies anyway: there it is the inbox, wherever that was asked for. */
static const Place *label_to_leave(const GArray *places, SnId folder, gboolean archive)
{
	const Place *inbox = NULL;

	for (guint i = 0; i < places->len; i++) {
		const Place *place = &g_array_index(places, Place, i);
		if (!is_label(place))
			continue;
		if (folder && !archive && place->shown_in == folder)
			return place;
		if (g_strcmp0(place->own_role, "inbox") == 0 && !place->target)
			inbox = place;
	}
	return inbox;
}

static gboolean change_labels(SnStore *store, SnId change, SnId message, SnId folder,
                              const Place *holder, const SnTriage *what, const GArray *places,
                              GError **error)
{
	gboolean archive = what->move_to &&
	                   resolve(store, holder->account, what->move_to) == holder->folder;
	const Place *from = what->move_to ? label_to_leave(places, folder, archive) : NULL;

	if (what->copy_to && !copy_place(store, change, message, holder, what->copy_to, error))
		return FALSE;
	if (!what->move_to)
		return TRUE;
	if (!from)
		return archive || copy_place(store, change, message, holder, what->move_to, error);
	return move_place(store, change, message, from, what->move_to, error);
}

static gboolean stands_in(const GArray *places, SnId folder)
{
	for (guint i = 0; i < places->len; i++)
		if (g_array_index(places, Place, i).shown_in == folder &&
		    !g_array_index(places, Place, i).base)
			return TRUE;
	return FALSE;
}

static gboolean relocate_labels(SnStore *store, SnId change, SnId message, SnId folder,
                                const SnTriage *what, const GArray *places, GError **error)
{
	const Place *holder = NULL;
	/* from there nothing goes for good: Gmail keeps what is deleted outside the trash */
	const char *away = what->destroy ? "trash" : what->move_to;

	for (guint i = 0; i < places->len; i++)
		if (is_holder(&g_array_index(places, Place, i)))
			holder = &g_array_index(places, Place, i);
	if (!holder || (folder && stands_in(places, folder)))
		return TRUE;
	if (!away || !leaves(store, holder, away))
		return change_labels(store, change, message, folder, holder, what, places, error);
	/* the email first: it is the one that stands in the list there */
	if (!move_place(store, change, message, holder, away, error))
		return FALSE;
	for (guint i = 0; i < places->len; i++) {
		const Place *place = &g_array_index(places, Place, i);
		if (is_label(place) && !take_along(store, change, message, place, away, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean relocate(SnStore *store, SnId change, SnId message, SnId folder,
                         const SnTriage *what, GError **error)
{
	g_autoptr(GArray) places = read_places(store, message);
	gboolean copied = FALSE, ok = TRUE;

	if (places->len == 0)
		return !what->move_to ||
		       hide(store, change, message, is_out_of_sight(what->move_to), error);
	ok = relocate_labels(store, change, message, folder, what, places, error);
	for (guint i = 0; i < places->len && ok; i++) {
		const Place *place = &g_array_index(places, Place, i);
		if (place->base)
			continue;
		if (folder ? place->shown_in != folder : stays(places, place, what))
			continue;
		if (what->copy_to && !copied)
			ok = copy_place(store, change, message, place, what->copy_to, error);
		copied = TRUE;
		if (ok && what->destroy)
			ok = destroy_place(store, change, message, place, error);
		else if (ok && what->move_to)
			ok = move_place(store, change, message, place, what->move_to, error);
	}
	return ok && sn_message_settle(store, message, FALSE, error);
}

/* ---- folders that can only be read ---- */

static gboolean may_change(SnStore *store, SnId message, SnId folder, const SnTriage *what,
                           GError **error)
{
	gboolean words = ((what->set | what->clear) & ~(guint)SN_FLAG_SEEN) || what->add || what->drop;
	g_autoptr(GArray) places = read_places(store, message);

	/* that something was read is worth knowing here, whoever else is told */
	if (!words && !what->move_to && !what->destroy)
		return TRUE;
	for (guint i = 0; i < places->len; i++) {
		const Place *place = &g_array_index(places, Place, i);
		if (!place->read_only || (folder && !words && place->shown_in != folder))
			continue;
		g_autoptr(SnFolder) known = sn_folder_get(store, place->folder);
		g_set_error(error, SN_ERROR, SN_ERROR_PERMISSION,
		            "The folder %s can only be read: nothing in it can be changed.",
		            known ? known->name : "");
		return FALSE;
	}
	return TRUE;
}

/* ---- the user's commands ---- */

gboolean sn_triage_one(SnStore *store, SnId change, SnId message, SnId folder, const SnTriage *what,
                       GError **error)
{
	SnTriage own = *what;

	own.clear &= ~own.set;
	if (!sn_one(store, "SELECT 1 FROM message WHERE id = ?1", V(message))) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such message.");
		return FALSE;
	}
	if (!may_change(store, message, folder, &own, error))
		return FALSE;
	if ((own.set || own.clear || own.add || own.drop) &&
	    !change_words(store, change, message, &own, error))
		return FALSE;
	return (!own.move_to && !own.copy_to && !own.destroy) ||
	       relocate(store, change, message, folder, &own, error);
}

gboolean sn_triage_do(SnStore *store, SnId change, SnId message, SnId folder, const SnTriage *what,
                      GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, sn_triage_one(store, change, message, folder, what, error),
	                       error);
}

SnId sn_triage_begin(SnStore *store, const char *what, GError **error)
{
	g_autofree char *tidy = sn_tidy(what, SN_LINE_LIMIT);
	SnId change = 0;

	g_return_val_if_fail(what != NULL, 0);
	if (!sn_store_begin(store, error))
		return 0;
	gboolean ok = sn_run(store, error, "INSERT INTO mail_change (time, what) VALUES (?1, ?2)",
	                     V(sn_now(store)), V(tidy));
	change = sn_last_id(store);
	ok = ok && sn_run(store, error, "DELETE FROM mail_change WHERE id <= ?1",
	                  V(change - CHANGES_KEPT));
	return sn_store_finish(store, ok, error) ? change : 0;
}

gboolean sn_message_change_flags(SnStore *store, SnId id, guint set, guint clear, GError **error)
{
	return sn_triage_do(store, 0, id, 0, &(SnTriage){ .set = set, .clear = clear }, error);
}

gboolean sn_message_move(SnStore *store, SnId id, const char *target, GError **error)
{
	g_return_val_if_fail(target != NULL, FALSE);
	return sn_triage_do(store, 0, id, 0, &(SnTriage){ .move_to = target }, error);
}

/* ---- undo ---- */

void sn_undo_clear(SnUndo *undo)
{
	g_clear_pointer(&undo->what, g_free);
}

typedef struct {
	SnId id, message, folder;
	SnActionKind kind;
	guint32 uid;
	guint set, clear;
	char *target, *set_tags, *clear_tags;
} Done;

static void clear_done(gpointer data)
{
	Done *done = data;

	g_free(done->target);
	g_free(done->set_tags);
	g_free(done->clear_tags);
}

/* The last thing done comes first. */
static GArray *read_done(SnStore *store, SnId change)
{
	GArray *list = g_array_new(FALSE, TRUE, sizeof(Done));
	SnSql *query = sn_sql(store,
	                      "SELECT id, message, folder, kind, uid, set_flags, clear_flags, target, "
	                      "set_tags, clear_tags FROM mail_change_item WHERE change = ?1 "
	                      "ORDER BY id DESC",
	                      V(change));

	g_array_set_clear_func(list, clear_done);
	while (sn_sql_row(query)) {
		Done done = { sn_sql_int(query, 0),          sn_sql_int(query, 1),
			      sn_sql_int(query, 2),          (SnActionKind)sn_sql_int(query, 3),
			      (guint32)sn_sql_int(query, 4), (guint)sn_sql_int(query, 5),
			      (guint)sn_sql_int(query, 6),   sn_sql_text(query, 7),
			      sn_sql_text(query, 8),         sn_sql_text(query, 9) };
		g_array_append_val(list, done);
	}
	sn_sql_drop(query);
	return list;
}

/* The email was moved, and its new place is not known yet: it goes back when it is seen there. */
static gboolean bring_back_later(SnStore *store, const Done *done, SnId account, SnId to,
                                 const char *from, gboolean *left, GError **error)
{
	Place place = { .folder = to, .account = account };
	Item item = { .kind = SN_ACTION_MOVE, .message = done->message, .folder = to, .target = from };

	*left = !to;
	return !to || enqueue(store, 0, &place, &item, error);
}

/* It goes where it was, as one of the labels that it had, when it is seen with the others again. */
static gboolean label_later(SnStore *store, const Done *done, const SnFolder *from, GError **error)
{
	Place place = { .folder = from->base, .account = from->account };
	Item item = { .kind = SN_ACTION_COPY, .message = done->message, .folder = from->base,
		      .target = from->name };

	return enqueue(store, 0, &place, &item, error);
}

/* over: that is all there is to do. */
static gboolean undo_label(SnStore *store, const Done *done, const SnFolder *from,
                           const GArray *places, gboolean *over, GError **error)
{
	const Place *holder = NULL;

	*over = TRUE;
	for (guint i = 0; i < places->len; i++)
		if (is_holder(&g_array_index(places, Place, i)))
			holder = &g_array_index(places, Place, i);
	for (guint i = 0; i < places->len && from->base != from->id; i++) {
		const Place *place = &g_array_index(places, Place, i);
		if (place->folder == from->id && under_way(store, done->message, place) == 0 &&
		    (!holder || under_way(store, done->message, holder) == 0))
			return place->target == NULL ||
			       (forget_plans(store, done->message, place, error) &&
			        sn_location_aim(store, place->folder, place->uid, NULL, error));
	}
	/* the email itself left: back among the others, and this label after it */
	if (from->base == from->id || (holder && !holder->target)) {
		*over = FALSE;
		return TRUE;
	}
	return label_later(store, done, from, error);
}

static gboolean undo_move(SnStore *store, const Done *done, gboolean *left, GError **error)
{
	g_autoptr(SnFolder) from = done->folder ? sn_folder_get(store, done->folder) : NULL;
	g_autoptr(GArray) places = read_places(store, done->message);
	SnId to;

	if (!done->folder)
		return sn_run(store, error, "UPDATE message SET hidden = ?2 WHERE id = ?1",
		              V(done->message), V(done->uid));
	*left = !from;
	if (!from)
		return TRUE;
	to = resolve(store, from->account, done->target);
	if (from->base) {
		gboolean over = FALSE;
		if (!undo_label(store, done, from, places, &over, error) || over)
			return sn_message_settle(store, done->message, FALSE, error);
	}
	for (guint i = 0; i < places->len; i++) {
		const Place *place = &g_array_index(places, Place, i);
		if (to ? place->shown_in != to : g_strcmp0(place->target, done->target) != 0)
			continue;
		return move_place(store, 0, done->message, place, from->name, error) &&
		       sn_message_settle(store, done->message, FALSE, error);
	}
	if (places->len == 0)
		return bring_back_later(store, done, from->account, to, from->name, left, error);
	/* it lies where nobody here has put it */
	*left = !sn_one(store, "SELECT 1 FROM location WHERE message = ?1 AND shown_in = ?2",
	                V(done->message), V(done->folder));
	return TRUE;
}

/* What was thrown away before it was deleted for good is in the trash again. */
static gboolean move_again(SnStore *store, const Done *done, GError **error)
{
	g_autoptr(GArray) places = read_places(store, done->message);
	const Item item = { .kind = SN_ACTION_MOVE, .message = done->message,
		            .folder = done->folder, .uid = done->uid, .target = done->target };

	for (guint i = 0; i < places->len; i++) {
		const Place *place = &g_array_index(places, Place, i);
		if (place->folder == done->folder && place->uid == done->uid)
			return enqueue(store, 0, place, &item, error);
	}
	return TRUE;
}

static gboolean undo_delete(SnStore *store, const Done *done, gboolean *left, GError **error)
{
	Place place = { .folder = done->folder, .uid = done->uid };

	*left = !sn_one(store,
	                "SELECT 1 FROM location WHERE message = ?1 AND folder = ?2 AND uid = ?3 "
	                "AND target = " SN_GONE_SQL,
	                V(done->message), V(done->folder), V(done->uid)) ||
	        under_way(store, done->message, &place) != 0;
	if (*left)
		return TRUE;
	return forget_plans(store, done->message, &place, error) &&
	       sn_location_aim(store, done->folder, done->uid, done->target, error) &&
	       (!done->target || move_again(store, done, error)) &&
	       sn_message_settle(store, done->message, FALSE, error);
}

static gboolean undo_copy(SnStore *store, SnId change, const Done *done, gboolean *left,
                          GError **error)
{
	g_autoptr(GArray) places = read_places(store, done->message);

	if (!sn_run(store, error,
	            "DELETE FROM action WHERE change = ?1 AND message = ?2 AND kind = ?3 AND lands = 0",
	            V(change), V(done->message), V(SN_ACTION_COPY)))
		return FALSE;
	if (sn_changes(store) > 0)
		return TRUE;
	for (guint i = 0; done->uid && i < places->len; i++) {
		const Place *place = &g_array_index(places, Place, i);
		if (place->folder == done->folder && place->uid == done->uid)
			return destroy_place(store, 0, done->message, place, error) &&
			       sn_message_settle(store, done->message, FALSE, error);
	}
	*left = TRUE;
	return TRUE;
}

static gboolean undo_one(SnStore *store, SnId change, const Done *done, gboolean *left,
                         GError **error)
{
	switch (done->kind) {
	case SN_ACTION_FLAGS:
		return change_words(store, 0, done->message,
		                    &(SnTriage){ .set = done->clear, .clear = done->set,
		                                 .add = done->clear_tags, .drop = done->set_tags },
		                    error);
	case SN_ACTION_MOVE: return undo_move(store, done, left, error);
	case SN_ACTION_DELETE: return undo_delete(store, done, left, error);
	case SN_ACTION_COPY: return undo_copy(store, change, done, left, error);
	case SN_ACTION_APPEND: break;
	}
	return TRUE;
}

static gboolean undo_all(SnStore *store, SnId change, SnUndo *undo, GError **error)
{
	g_autoptr(GArray) list = read_done(store, change);
	g_autoptr(GHashTable) all = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_autoptr(GHashTable) left_over = g_hash_table_new(g_int64_hash, g_int64_equal);

	for (guint i = 0; i < list->len; i++) {
		const Done *done = &g_array_index(list, Done, i);
		gboolean left = FALSE;
		if (!undo_one(store, change, done, &left, error))
			return FALSE;
		g_hash_table_add(all, (gpointer)&done->message);
		if (left)
			g_hash_table_add(left_over, (gpointer)&done->message);
	}
	undo->left = (int)g_hash_table_size(left_over);
	undo->undone = (int)g_hash_table_size(all) - undo->left;
	g_assert(undo->undone >= 0);
	return sn_run(store, error, "UPDATE mail_change SET undone = 1 WHERE id = ?1", V(change));
}

gboolean sn_triage_undo(SnStore *store, SnUndo *undo, GError **error)
{
	SnId change;

	*undo = (SnUndo){ NULL, 0, 0 };
	if (!sn_store_begin(store, error))
		return FALSE;
	change = sn_one(store, "SELECT id FROM mail_change c WHERE undone = 0 AND EXISTS (SELECT 1 "
	                       "FROM mail_change_item WHERE change = c.id) ORDER BY id DESC LIMIT 1");
	if (!change)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is nothing to take back.");
	else
		undo->what =
			sn_one_text(store, "SELECT what FROM mail_change WHERE id = ?1", V(change));
	return sn_store_finish(store, change && undo_all(store, change, undo, error), error);
}
