/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room_people.c - who is in a room, who was, and lists that the room gave. */
#include <string.h>

#include "src/store/private.h"
#include "src/store/rooms.h"

#define PEOPLE_LIMIT 20000
#define GONE_KEPT 2000 /* of one room */
#define LISTED_LIMIT 5000

void sn_room_person_free(SnRoomPerson *person)
{
	if (!person)
		return;
	g_free(person->nick);
	g_free(person->jid);
	g_free(person->occupant_id);
	g_free(person->show);
	g_free(person->role);
	g_free(person->affiliation);
	g_free(person);
}

#define COLUMNS "SELECT nick, jid, occupant, show, role, affiliation, here, own FROM room_person "

static SnRoomPerson *read_person(SnSql *query)
{
	SnRoomPerson *person = g_new0(SnRoomPerson, 1);

	person->nick = sn_sql_text(query, 0);
	person->jid = sn_sql_text(query, 1);
	person->occupant_id = sn_sql_text(query, 2);
	person->show = sn_sql_text(query, 3);
	person->role = sn_sql_text(query, 4);
	person->affiliation = sn_sql_text(query, 5);
	person->here = sn_sql_int(query, 6) != 0;
	person->own = sn_sql_int(query, 7) != 0;
	return person;
}

GPtrArray *sn_room_people(SnStore *store, SnId conversation, gboolean gone)
{
	GPtrArray *people = g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_person_free);
	SnSql *query = sn_sql(store,
	                      COLUMNS "WHERE room = ?1 AND (here OR ?2) ORDER BY here DESC, CASE role "
	                              "WHEN 'moderator' THEN 0 WHEN 'participant' THEN 1 ELSE 2 END, "
	                              "fold(nick), nick LIMIT ?3",
	                      V(conversation), V(gone ? 1 : 0), V(PEOPLE_LIMIT));

	while (sn_sql_row(query))
		g_ptr_array_add(people, read_person(query));
	sn_sql_drop(query);
	return people;
}

SnRoomPerson *sn_room_person(SnStore *store, SnId conversation, const char *nick)
{
	SnSql *query = sn_sql(store, COLUMNS "WHERE room = ?1 AND nick = ?2", V(conversation), V(nick));
	SnRoomPerson *person = sn_sql_row(query) ? read_person(query) : NULL;

	sn_sql_drop(query);
	return person;
}

/* A nick alone says who somebody is only as long as they are there, in a room without occupant ids. */
char *sn_room_jid_of(SnStore *store, SnId conversation, const char *occupant_id, const char *nick)
{
	if (occupant_id)
		return sn_one_text(store,
		                   "SELECT jid FROM room_person WHERE room = ?1 AND occupant = ?2 "
		                   "AND jid IS NOT NULL ORDER BY here DESC LIMIT 1",
		                   V(conversation), V(occupant_id));
	return sn_one_text(store,
	                   "SELECT jid FROM room_person WHERE room = ?1 AND nick = ?2 AND here",
	                   V(conversation), V(nick));
}

#define CHANGE(store, error, ...)                                                                 \
	(sn_store_begin((store), (error)) &&                                                      \
	 sn_store_finish((store), sn_run((store), (error), __VA_ARGS__), (error)))

gboolean sn_room_person_set(SnStore *store, SnId conversation, const SnRoomPerson *person,
                            GError **error)
{
	g_autofree char *nick = sn_tidy(person->nick, SN_LINE_LIMIT);

	return CHANGE(store, error,
	              "INSERT INTO room_person (room, nick, jid, occupant, show, role, affiliation, "
	              "here, own) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8) ON CONFLICT DO UPDATE SET "
	              "jid = coalesce(?3, iif(occupant IS ?4 AND ?4 IS NOT NULL, jid, NULL)), "
	              "occupant = ?4, show = ?5, role = ?6, affiliation = ?7, here = 1, own = ?8",
	              V(conversation), V(nick), V(person->jid), V(person->occupant_id),
	              V(person->show), V(person->role), V(person->affiliation),
	              V(person->own ? 1 : 0));
}

/* Who can be told apart for good is remembered; a mere nick may be somebody else's tomorrow. */
gboolean sn_room_person_gone(SnStore *store, SnId conversation, const char *nick, GError **error)
{
	return CHANGE(store, error,
	              "UPDATE room_person SET here = 0, show = NULL, role = NULL WHERE room = ?1 "
	              "AND nick = ?2",
	              V(conversation), V(nick)) &&
	       CHANGE(store, error,
	              "DELETE FROM room_person WHERE room = ?1 AND nick = ?2 AND (occupant IS NULL "
	              "OR jid IS NULL OR (SELECT count(*) FROM room_person WHERE room = ?1) > ?3)",
	              V(conversation), V(nick), V(GONE_KEPT));
}

gboolean sn_room_people_clear(SnStore *store, SnId conversation, GError **error)
{
	return CHANGE(store, error,
	              "DELETE FROM room_person WHERE room = ?1 AND (occupant IS NULL OR jid IS NULL)",
	              V(conversation)) &&
	       CHANGE(store, error,
	              "UPDATE room_person SET here = 0, show = NULL, role = NULL WHERE room = ?1 "
	              "AND here",
	              V(conversation));
}

gboolean sn_room_count_people(SnStore *store, SnId conversation, GError **error)
{
	return CHANGE(store, error,
	              "UPDATE room SET people = (SELECT count(*) FROM room_person WHERE room = ?1 "
	              "AND here) WHERE conversation = ?1",
	              V(conversation));
}

/* ---- the owner's form ---- */

void sn_room_field_free(SnRoomField *field)
{
	if (!field)
		return;
	char *strings[] = { field->var,   field->type,    field->label,
		            field->value, field->options, field->option_labels };
	for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	g_free(field);
}

static gboolean set_form(SnStore *store, SnId room, const GPtrArray *fields, GError **error)
{
	if (!sn_run(store, error, "DELETE FROM room_field WHERE room = ?1", V(room)))
		return FALSE;
	for (guint i = 0; i < fields->len; i++) {
		const SnRoomField *field = g_ptr_array_index(fields, i);
		g_autofree char *label = sn_tidy(field->label, SN_LINE_LIMIT);
		g_autofree char *value = sn_tidy(field->value, SN_LINE_LIMIT);
		if (!sn_run(store, error,
		            "INSERT INTO room_field (room, seq, var, type, label, value, options, "
		            "option_labels) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		            V(room), V(i), V(field->var), V(field->type), V(label), V(value),
		            V(field->options), V(field->option_labels)))
			return FALSE;
	}
	return TRUE;
}

gboolean sn_room_set_form(SnStore *store, SnId conversation, const GPtrArray *fields, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, set_form(store, conversation, fields, error), error);
}

GPtrArray *sn_room_form(SnStore *store, SnId conversation)
{
	GPtrArray *fields = g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_field_free);
	SnSql *query = sn_sql(store,
	                      "SELECT var, type, label, value, options, option_labels FROM room_field "
	                      "WHERE room = ?1 ORDER BY seq",
	                      V(conversation));

	while (sn_sql_row(query)) {
		SnRoomField *field = g_new0(SnRoomField, 1);
		field->var = sn_sql_text(query, 0);
		field->type = sn_sql_text(query, 1);
		field->label = sn_sql_text(query, 2);
		field->value = sn_sql_text(query, 3);
		field->options = sn_sql_text(query, 4);
		field->option_labels = sn_sql_text(query, 5);
		g_ptr_array_add(fields, field);
	}
	sn_sql_drop(query);
	return fields;
}

/* ---- affiliations ---- */

void sn_room_listed_free(SnRoomListed *listed)
{
	if (!listed)
		return;
	g_free(listed->jid);
	g_free(listed->affiliation);
	g_free(listed->reason);
	g_free(listed);
}

static gboolean set_listed(SnStore *store, SnId room, const char *affiliation,
                           const GPtrArray *listed, GError **error)
{
	if (!sn_run(store, error, "DELETE FROM room_listed WHERE room = ?1 AND affiliation = ?2", V(room),
	            V(affiliation)))
		return FALSE;
	for (guint i = 0; i < MIN(listed->len, LISTED_LIMIT); i++) {
		const SnRoomListed *one = g_ptr_array_index(listed, i);
		g_autofree char *reason = sn_tidy(one->reason, SN_LINE_LIMIT);
		if (!sn_run(store, error,
		            "INSERT OR REPLACE INTO room_listed (room, jid, affiliation, reason) "
		            "VALUES (?1, ?2, ?3, ?4)",
		            V(room), V(one->jid), V(affiliation), V(reason)))
			return FALSE;
	}
	return TRUE;
}

gboolean sn_room_set_listed(SnStore *store, SnId conversation, const char *affiliation,
                            const GPtrArray *listed, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, set_listed(store, conversation, affiliation, listed, error),
	                       error);
}

GPtrArray *sn_room_listed(SnStore *store, SnId conversation)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_listed_free);
	SnSql *query = sn_sql(store,
	                      "SELECT jid, affiliation, reason FROM room_listed WHERE room = ?1 ORDER BY "
	                      "CASE affiliation WHEN 'owner' THEN 0 WHEN 'admin' THEN 1 WHEN 'member' "
	                      "THEN 2 ELSE 3 END, jid",
	                      V(conversation));

	while (sn_sql_row(query)) {
		SnRoomListed *one = g_new0(SnRoomListed, 1);
		one->jid = sn_sql_text(query, 0);
		one->affiliation = sn_sql_text(query, 1);
		one->reason = sn_sql_text(query, 2);
		g_ptr_array_add(list, one);
	}
	sn_sql_drop(query);
	return list;
}
