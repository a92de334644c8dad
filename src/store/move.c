/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * move.c - addresses change their person: messages follow the address that files them, groups whose
 * members have all become one person are shown with that person, and a conversation that nobody is
 * left in becomes a shell of the other (shells.c). All of it goes back the same way.
 */
#include "src/store/map.h"
#include "src/store/private.h"

typedef struct {
	SnStore *store;
	GArray *people; /* of SnId: persons that lose or gain an address */
	GArray *groups; /* of Group: conversations with such an address */
} Moving;

typedef struct {
	SnId id;
	SnId heir; /* where its messages were shown before; 0: in itself */
} Group;

static gboolean contains(const GArray *ids, SnId id)
{
	for (guint i = 0; i < ids->len; i++)
		if (g_array_index(ids, SnId, i) == id)
			return TRUE;
	return FALSE;
}

static void add_once(GArray *ids, SnId id)
{
	if (!contains(ids, id))
		g_array_append_val(ids, id);
}

static SnId conversation_with(SnStore *store, SnId person)
{
	return sn_one(store, "SELECT id FROM conversation WHERE person = ?1", V(person));
}

static void add_group(Moving *self, SnId id)
{
	for (guint i = 0; i < self->groups->len; i++)
		if (g_array_index(self->groups, Group, i).id == id)
			return;
	Group group = { id, sn_one(self->store, "SELECT heir FROM shell WHERE conversation = ?1",
		                   V(id)) };
	g_array_append_val(self->groups, group);
}

/* Groups with this address among its members. */
static void add_groups_of(Moving *self, SnId address)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(self->store,
	                  "SELECT c.id FROM member m JOIN conversation c ON c.id = m.conversation "
	                  "WHERE m.address = ?1 AND c.kind = ?2 ORDER BY c.id",
	                  V(address), V(SN_CONV_GROUP)),
	           found);
	for (guint i = 0; i < found->len; i++)
		add_group(self, g_array_index(found, SnId, i));
}

/* Every shell that these persons have to do with, opened again; the newest first. */
static gboolean open_shells(Moving *self, GError **error)
{
	g_autoptr(GArray) shells = g_array_new(FALSE, FALSE, sizeof(SnId));

	for (guint i = 0; i < self->people->len; i++) {
		SnId own = conversation_with(self->store, g_array_index(self->people, SnId, i));
		g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(SnId));
		if (!own)
			continue;
		sn_sql_ids(sn_sql(self->store,
		                  "SELECT seq FROM shell WHERE conversation = ?1 OR heir = ?1",
		                  V(own)),
		           found);
		for (guint s = 0; s < found->len; s++)
			add_once(shells, g_array_index(found, SnId, s));
	}
	for (guint i = 0; i < self->groups->len; i++) {
		SnId seq = sn_one(self->store, "SELECT seq FROM shell WHERE conversation = ?1",
		                  V(g_array_index(self->groups, Group, i).id));
		if (seq)
			add_once(shells, seq);
	}
	while (shells->len) {
		guint newest = 0;
		for (guint i = 1; i < shells->len; i++)
			if (g_array_index(shells, SnId, i) > g_array_index(shells, SnId, newest))
				newest = i;
		SnId shell = sn_one(self->store, "SELECT conversation FROM shell WHERE seq = ?1",
		                    V(g_array_index(shells, SnId, newest)));
		if (sn_one(self->store, "SELECT kind FROM conversation WHERE id = ?1", V(shell)) ==
		    SN_CONV_GROUP)
			add_group(self, shell);
		SnId person = sn_one(self->store, "SELECT person FROM conversation WHERE id = ?1",
		                     V(shell));
		if (person)
			add_once(self->people, person);
		if (!sn_shell_take(self->store, shell, error))
			return FALSE;
		g_array_remove_index_fast(shells, newest);
	}
	return TRUE;
}

static gboolean move_address(Moving *self, const SnMove *move, GError **error)
{
	SnId from = conversation_with(self->store, move->from);

	if (!sn_run(self->store, error, "UPDATE address SET person = ?2 WHERE id = ?1",
	            V(move->address), V(move->to)))
		return FALSE;
	if (!from || !sn_one(self->store,
	                     "SELECT 1 FROM message WHERE conversation = ?1 AND peer = ?2 LIMIT 1",
	                     V(from), V(move->address)))
		return TRUE;
	SnId to = sn_conversation_of_person(self->store, move->to, FALSE, error);
	return to && sn_run(self->store, error,
	                    "UPDATE message SET conversation = ?2 WHERE conversation = ?1 "
	                    "AND peer = ?3",
	                    V(from), V(to), V(move->address));
}

/* The one person that all members are; 0: there are several. */
static SnId person_of_group(SnStore *store, SnId group)
{
	return sn_one(store,
	              "SELECT iif(count(DISTINCT a.person) = 1, min(a.person), 0) FROM member m "
	              "JOIN address a ON a.id = m.address WHERE m.conversation = ?1",
	              V(group));
}

static gboolean place_group(Moving *self, const Group *one, GError **error)
{
	SnId group = one->id, before = one->heir;
	SnId person = person_of_group(self->store, group);
	SnId now = person ? sn_conversation_of_person(self->store, person, FALSE, error) : group;

	if (!now)
		return FALSE;
	if (now != group && !sn_run(self->store, error,
	                            "UPDATE message SET conversation = ?2, peer = -?1 "
	                            "WHERE conversation = ?1",
	                            V(group), V(now)))
		return FALSE;
	if (before && before != now && !sn_run(self->store, error,
	                                       "UPDATE message SET conversation = ?3, "
	                                       "peer = iif(?3 = ?1, NULL, peer) "
	                                       "WHERE conversation = ?2 AND peer = -?1",
	                                       V(group), V(before), V(now)))
		return FALSE;
	return now == group || sn_shell_give(self->store, group, now, error);
}

/* A person whose addresses are all with others is shown with who has its own. */
static gboolean close_shell(Moving *self, SnId person, GError **error)
{
	SnId shell = conversation_with(self->store, person);
	SnId heir = sn_person_current(self->store, person);

	if (!shell || heir == person ||
	    sn_one(self->store, "SELECT 1 FROM address WHERE person = ?1 LIMIT 1", V(person)))
		return TRUE;
	SnId to = sn_conversation_of_person(self->store, heir, FALSE, error);
	if (!to)
		return FALSE;
	/* nothing is filed there any more; whatever is has no better place */
	return sn_run(self->store, error, "UPDATE message SET conversation = ?2 WHERE conversation = ?1",
	              V(shell), V(to)) &&
	       sn_shell_give(self->store, shell, to, error);
}

static gboolean freshen(Moving *self, SnId person, GError **error)
{
	SnId own = conversation_with(self->store, person);

	return (!own || sn_told_join(self->store, own, error)) &&
	       sn_presence_refresh_person(self->store, person, error);
}

/* Of SnId, or of what begins with one. */
static int by_id(gconstpointer a, gconstpointer b)
{
	const SnId *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

static gboolean move(Moving *self, const GArray *moves, GError **error)
{
	for (guint i = 0; i < moves->len; i++) {
		const SnMove *one = &g_array_index(moves, SnMove, i);
		g_assert(one->from != one->to);
		add_once(self->people, one->from);
		add_once(self->people, one->to);
		add_groups_of(self, one->address);
	}
	if (!open_shells(self, error))
		return FALSE;
	for (guint i = 0; i < moves->len; i++)
		if (!move_address(self, &g_array_index(moves, SnMove, i), error))
			return FALSE;
	/* always in one order, so that the same drafts make the same text */
	g_array_sort(self->groups, by_id);
	g_array_sort(self->people, by_id);
	for (guint i = 0; i < self->groups->len; i++)
		if (!place_group(self, &g_array_index(self->groups, Group, i), error))
			return FALSE;
	for (guint i = 0; i < self->people->len; i++)
		if (!close_shell(self, g_array_index(self->people, SnId, i), error))
			return FALSE;
	/* once all is where it is shown now */
	for (guint i = 0; i < self->people->len; i++)
		if (!freshen(self, g_array_index(self->people, SnId, i), error))
			return FALSE;
	for (guint i = 0; i < self->groups->len; i++)
		if (!sn_told_join(self->store, g_array_index(self->groups, Group, i).id, error))
			return FALSE;
	return TRUE;
}

gboolean sn_map_move(SnStore *store, const GArray *moves, GError **error)
{
	Moving self = { .store = store };

	self.people = g_array_new(FALSE, FALSE, sizeof(SnId));
	self.groups = g_array_new(FALSE, FALSE, sizeof(Group));
	gboolean ok = move(&self, moves, error);
	g_array_unref(self.people);
	g_array_unref(self.groups);
	return ok;
}
