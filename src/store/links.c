/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * links.c - the address map: claims that an address belongs to a person, and moving addresses.
 *
 * An address has the person of its confirmed claim, else the one made for it ("native"). Moving a
 * native address takes along what was linked to it, since that was linked to the same human.
 */
#include "src/store/private.h"

typedef struct {
	gboolean known;
	int source;
	int state;
} Claim;

enum { CANDIDATE, CONFIRMED, REFUSED };

static Claim read_claim(SnStore *store, SnId address, SnId person)
{
	Claim claim = { FALSE, SN_LINK_SEEN, CANDIDATE };
	SnSql *query = sn_sql(store,
	                      "SELECT source, state FROM link WHERE address = ?1 AND person = ?2",
	                      V(address), V(person));

	if (sn_sql_row(query))
		claim = (Claim){ TRUE, (int)sn_sql_int(query, 0), (int)sn_sql_int(query, 1) };
	sn_sql_drop(query);
	return claim;
}

/* The user said no to this pair, told from either side. */
static gboolean refused(SnStore *store, SnId address, SnId person)
{
	return sn_one(store,
	              "SELECT 1 FROM link WHERE address = ?1 AND person = ?2 AND state = 2 "
	              "UNION ALL SELECT 1 FROM link l JOIN address a ON a.id = l.address "
	              "JOIN address b ON b.person = l.person "
	              "WHERE b.id = ?1 AND a.person = ?2 AND l.state = 2 LIMIT 1",
	              V(address), V(person)) != 0;
}

static gboolean write_claim(SnStore *store, SnId address, SnId person, SnLinkSource source,
                            int state, const char *evidence, GError **error)
{
	g_autofree char *tidy = sn_tidy(evidence, SN_LINE_LIMIT);

	return sn_run(store, error,
	              "INSERT INTO link (address, person, source, state, evidence, first_seen) "
	              "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (address, person) DO UPDATE SET "
	              "source = ?3, state = ?4, evidence = coalesce(?5, evidence)",
	              V(address), V(person), V(source), V(state), V(tidy), V(sn_now(store)));
}

/* ---- moving ---- */

static gboolean move_messages(SnStore *store, SnId from, SnId to, SnId peer, GError **error)
{
	return sn_run(store, error,
	              "UPDATE message SET conversation = ?2 WHERE conversation = ?1 AND "
	              "(?3 = 0 OR peer = ?3)",
	              V(from), V(to), V(peer));
}

/* Groups whose members have all become one person are that person's conversation now. */
static gboolean fold_groups(SnStore *store, SnId address, SnId person, SnId conversation,
                            GError **error)
{
	g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnSql *query = sn_sql(store,
	                      "SELECT c.id FROM member m JOIN conversation c ON c.id = m.conversation "
	                      "WHERE m.address = ?1 AND c.kind = ?3 AND NOT EXISTS (SELECT 1 "
	                      "FROM member o JOIN address a ON a.id = o.address "
	                      "WHERE o.conversation = c.id AND a.person <> ?2)",
	                      V(address), V(person), V(SN_CONV_GROUP));

	while (sn_sql_row(query)) {
		SnId id = sn_sql_int(query, 0);
		g_array_append_val(groups, id);
	}
	if (!sn_sql_end(query, error))
		return FALSE;
	for (guint i = 0; i < groups->len; i++) {
		SnId group = g_array_index(groups, SnId, i);
		if (!sn_run(store, error, "UPDATE message SET peer = ?2 WHERE conversation = ?1",
		            V(group), V(address)) ||
		    !move_messages(store, group, conversation, 0, error) ||
		    !sn_conversation_drop_empty(store, group, conversation, error))
			return FALSE;
	}
	return TRUE;
}

/* The person has no address left: what was known of it goes to the heir. */
static gboolean inherit(SnStore *store, SnId gone, SnId heir, GError **error)
{
	if (!sn_run(store, error,
	            "UPDATE person AS h SET rule = iif(h.rule = 0, g.rule, h.rule), "
	            "wish_origin = iif(h.wish = 0, g.wish_origin, h.wish_origin), "
	            "wish_time = iif(h.wish = 0, g.wish_time, h.wish_time), "
	            "wish = iif(h.wish = 0, g.wish, h.wish), "
	            "not_available = coalesce(h.not_available, g.not_available), "
	            "quiet_hours = coalesce(h.quiet_hours, g.quiet_hours), "
	            "time_zone = coalesce(h.time_zone, g.time_zone), "
	            "questions = iif(h.questions = 0, g.questions, h.questions), "
	            "name = iif(g.name_rank > h.name_rank, g.name, h.name), "
	            "name_rank = max(g.name_rank, h.name_rank) "
	            "FROM person AS g WHERE h.id = ?2 AND g.id = ?1 AND NOT h.is_self",
	            V(gone), V(heir)))
		return FALSE;
	/* Claims for the one are claims for the other; those of its own addresses are fulfilled. */
	return sn_run(store, error,
	              "UPDATE OR IGNORE link SET person = ?2 WHERE person = ?1", V(gone), V(heir)) &&
	       sn_run(store, error, "DELETE FROM link WHERE person = ?1", V(gone)) &&
	       sn_run(store, error, "DELETE FROM person WHERE id = ?1", V(gone));
}

static SnId conversation_with(SnStore *store, SnId person)
{
	return sn_one(store, "SELECT id FROM conversation WHERE person = ?1", V(person));
}

static gboolean move_conversation(SnStore *store, SnId address, SnId from, SnId person,
                                  gboolean last, GError **error)
{
	SnId to = sn_conversation_of_person(store, person, FALSE, error);

	if (!to || !move_messages(store, from, to, last ? 0 : address, error))
		return FALSE;
	return !last || sn_conversation_drop_empty(store, from, to, error);
}

gboolean sn_address_move(SnStore *store, SnId address, SnId person, GError **error)
{
	SnId before = sn_address_person(store, address);

	g_assert(before && person);
	if (before == person)
		return TRUE;
	SnId from = conversation_with(store, before);
	if (!sn_run(store, error, "UPDATE address SET person = ?2 WHERE id = ?1", V(address),
	            V(person)))
		return FALSE;
	gboolean last = !sn_one(store, "SELECT 1 FROM address WHERE person = ?1 LIMIT 1", V(before));
	if (last && sn_one(store, "SELECT is_self FROM person WHERE id = ?1", V(before)))
		last = FALSE;
	if (from && !move_conversation(store, address, from, person, last, error))
		return FALSE;
	SnId to = conversation_with(store, person);
	if (to && !fold_groups(store, address, person, to, error))
		return FALSE;
	if (last && !inherit(store, before, person, error))
		return FALSE;
	g_autofree char *name = sn_one_text(store, "SELECT name FROM person WHERE id = ?1", V(person));
	return sn_conversation_retitle(store, person, name, error) &&
	       sn_presence_refresh_person(store, person, error) &&
	       (last || sn_presence_refresh_person(store, before, error));
}

static gboolean move_all(SnStore *store, SnId from, SnId to, GError **error)
{
	SnId address;

	while ((address = sn_one(store, "SELECT id FROM address WHERE person = ?1 LIMIT 1", V(from))))
		if (!sn_address_move(store, address, to, error))
			return FALSE;
	return TRUE;
}

/* ---- claims ---- */

static gboolean check_pair(SnStore *store, SnId address, SnId person, GError **error)
{
	g_autoptr(SnAddress) known = sn_address_get(store, address);

	if (!known || !sn_one(store, "SELECT 1 FROM person WHERE id = ?1", V(person))) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such %s.",
		            known ? "person" : "address");
		return FALSE;
	}
	if (sn_address_is_own(store, known->channel, known->value) &&
	    person != sn_person_self(store, NULL)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "%s is one of your own addresses and cannot belong to somebody else.",
		            known->value);
		return FALSE;
	}
	return TRUE;
}

/* The address goes to the person on the word of `source`. */
static gboolean confirm(SnStore *store, SnId address, SnId person, SnLinkSource source,
                        const char *evidence, GError **error)
{
	SnId before = sn_address_person(store, address);
	Claim held = read_claim(store, address, before);

	if (before != person) {
		gboolean native = !held.known || held.state != CONFIRMED;
		gboolean self = sn_one(store, "SELECT is_self FROM person WHERE id = ?1", V(before));
		if (held.known && !sn_run(store, error,
		                          "DELETE FROM link WHERE address = ?1 AND person = ?2",
		                          V(address), V(before)))
			return FALSE;
		if (native && !self ? !move_all(store, before, person, error) :
		                      !sn_address_move(store, address, person, error))
			return FALSE;
	}
	return write_claim(store, address, person, source, CONFIRMED, evidence, error);
}

static gboolean add(SnStore *store, SnId address, SnId person, SnLinkSource source,
                    gboolean confirmed, const char *evidence, gboolean *conflict, GError **error)
{
	gboolean certain = confirmed || sn_link_source_trusted(source);
	SnLinkSource rank = confirmed ? SN_LINK_USER : source;
	SnId before = sn_address_person(store, address);
	Claim held = read_claim(store, address, before);
	Claim same = read_claim(store, address, person);
	gboolean placed = held.known && held.state == CONFIRMED;

	if (rank != SN_LINK_USER && refused(store, address, person))
		return TRUE;
	if (before == person) {
		if (!certain || (placed && held.source <= (int)rank))
			return TRUE;
		return write_claim(store, address, person, source, CONFIRMED, evidence, error);
	}
	if (certain && (!placed || (int)rank < held.source || rank == SN_LINK_USER))
		return confirm(store, address, person, rank, evidence, error);
	*conflict = certain && held.source == (int)rank;
	if (same.known && same.source <= (int)source && same.state != REFUSED)
		return TRUE;
	return write_claim(store, address, person, source, CANDIDATE, evidence, error);
}

gboolean sn_link_add(SnStore *store, SnId address, SnId person, SnLinkSource source,
                     gboolean confirmed, const char *evidence, GError **error)
{
	gboolean conflict = FALSE;

	if (!check_pair(store, address, person, error) || !sn_store_begin(store, error))
		return FALSE;
	gboolean ok = add(store, address, person, source, confirmed, evidence, &conflict, error);
	if (!sn_store_finish(store, ok, error))
		return FALSE;
	if (conflict)
		g_set_error(error, SN_ERROR, SN_ERROR_EXISTS,
		            "Two sources of the kind \"%s\" say different things about this address. "
		            "It stays where it is until you decide.",
		            sn_link_source_word(source));
	return !conflict;
}

gboolean sn_link_confirm(SnStore *store, SnId address, SnId person, GError **error)
{
	return sn_link_add(store, address, person, SN_LINK_USER, TRUE, NULL, error);
}

static gboolean take_out(SnStore *store, SnId address, SnId person, GError **error)
{
	if (sn_address_person(store, address) != person)
		return TRUE;
	if (!sn_one(store, "SELECT 1 FROM address WHERE person = ?1 AND id <> ?2", V(person),
	            V(address))) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "It is the only address of this person and cannot be taken out.");
		return FALSE;
	}
	if (!sn_run(store, error,
	            "INSERT INTO person (name, name_rank) "
	            "SELECT coalesce(name, value), iif(name IS NULL, 0, 2) FROM address WHERE id = ?1",
	            V(address)))
		return FALSE;
	return sn_address_move(store, address, sn_last_id(store), error);
}

gboolean sn_link_remove(SnStore *store, SnId address, SnId person, GError **error)
{
	if (!check_pair(store, address, person, error) || !sn_store_begin(store, error))
		return FALSE;
	gboolean ok = take_out(store, address, person, error) &&
	              write_claim(store, address, person, SN_LINK_USER, REFUSED, NULL, error);
	return sn_store_finish(store, ok, error);
}
