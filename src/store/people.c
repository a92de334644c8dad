/* SPDX-License-Identifier: GPL-3.0-or-later */
/* people.c - addresses and persons. Claims between them are in links.c. */
#include "src/store/people.h"

#include <string.h>

#include "src/store/policy.h"
#include "src/store/private.h"

#define ADDRESS_LIMIT 1000 /* bytes; RFC 5321 allows 320, RFC 7622 2047 */
#define FIND_LIMIT 100

void sn_person_free(SnPerson *person)
{
	if (!person)
		return;
	g_free(person->name);
	g_free(person->wish_origin);
	g_free(person);
}

void sn_address_free(SnAddress *address)
{
	if (!address)
		return;
	g_free(address->value);
	g_free(address->name);
	g_free(address->evidence);
	g_free(address);
}

/* ---- addresses ---- */

static gboolean fit_for_address(const char *text)
{
	gboolean quoted = *text == '"';

	for (const char *c = text; *c; c = g_utf8_next_char(c)) {
		gunichar code = g_utf8_get_char(c);
		if (g_unichar_iscntrl(code) || code == '<' || code == '>')
			return FALSE;
		if (g_unichar_isspace(code) && !quoted)
			return FALSE;
	}
	return TRUE;
}

char *sn_address_normalise(SnChannel channel, const char *value)
{
	if (!value || strnlen(value, ADDRESS_LIMIT + 1) > ADDRESS_LIMIT ||
	    !g_utf8_validate(value, -1, NULL))
		return NULL;
	g_autofree char *bare = g_strstrip(g_strdup(value));
	if (channel == SN_CHANNEL_IM) {
		char *slash = strchr(bare, '/'); /* RFC 7622 section 3.1: the resource begins here */
		if (slash)
			*slash = '\0';
	}
	char *at = strrchr(bare, '@');
	if (!at || at == bare || !at[1] || at[1] == '.' || !fit_for_address(bare))
		return NULL;
	if (at[strlen(at) - 1] == '.')
		at[strlen(at) - 1] = '\0'; /* the root's dot */
	g_autofree char *local = g_strndup(bare, (gsize)(at - bare));
	g_autofree char *domain = g_utf8_strdown(at + 1, -1);
	if (channel == SN_CHANNEL_MAIL)
		return g_strconcat(local, "@", domain, NULL);
	g_autofree char *folded = g_utf8_strdown(local, -1);
	return g_strconcat(folded, "@", domain, NULL);
}

static SnId find_address(SnStore *store, SnChannel channel, const char *value)
{
	return sn_one(store, "SELECT id FROM address WHERE channel = ?1 AND value = ?2", V(channel),
	              V(value));
}

static SnId insert_address(SnStore *store, SnChannel channel, const char *value, GError **error)
{
	if (!sn_run(store, error, "INSERT INTO person (name) VALUES (?1)", V(value)))
		return 0;
	if (!sn_run(store, error,
	            "INSERT INTO address (channel, value, person, first_seen) "
	            "VALUES (?1, ?2, last_insert_rowid(), ?3)",
	            V(channel), V(value), V(sn_now(store))))
		return 0;
	SnId id = sn_last_id(store);

	/* The same string on the other channel is a suggestion, never more. */
	SnChannel other = channel == SN_CHANNEL_MAIL ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
	SnId twin = find_address(store, other, value);
	if (twin && !sn_link_add(store, id, sn_address_person(store, twin), SN_LINK_EQUAL, FALSE,
	                         NULL, error))
		return 0;
	return id;
}

SnId sn_address_person(SnStore *store, SnId address)
{
	return sn_one(store, "SELECT person FROM address WHERE id = ?1", V(address));
}

gboolean sn_person_name_seen(SnStore *store, SnId person, const char *name, SnNameRank rank,
                             GError **error)
{
	/* Equal rank keeps the first name, so that it does not flicker; the user and the roster may
	 * change theirs. */
	gint64 known = sn_one(store, "SELECT name_rank FROM person WHERE id = ?1", V(person));

	if (known > (gint64)rank || (known == (gint64)rank && rank < SN_NAME_ROSTER))
		return TRUE;
	return sn_run(store, error, "UPDATE person SET name = ?2, name_rank = ?3 WHERE id = ?1",
	              V(person), V(name), V(rank)) &&
	       sn_conversation_retitle(store, person, name, error);
}

SnId sn_address_make(SnStore *store, SnChannel channel, const char *value, const char *name,
                     SnNameRank rank, GError **error)
{
	g_autofree char *normal = sn_address_normalise(channel, value);
	g_autofree char *tidy = sn_tidy(name, SN_LINE_LIMIT);

	if (!normal) {
		g_autofree char *shown = sn_tidy(value ? value : "", 200);
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "\"%s\" is not an address.", shown);
		return 0;
	}
	if (tidy)
		g_strstrip(tidy);
	SnId id = find_address(store, channel, normal);
	if (!id)
		id = insert_address(store, channel, normal, error);
	if (!id || !tidy || !*tidy || g_ascii_strcasecmp(tidy, normal) == 0)
		return id;
	if (!sn_run(store, error,
	            "UPDATE address SET name = ?2 WHERE id = ?1 AND (name IS NULL OR "
	            "(?3 AND name <> ?2))",
	            V(id), V(tidy), V(rank >= SN_NAME_OWN)) ||
	    !sn_person_name_seen(store, sn_address_person(store, id), tidy, rank, error))
		return 0;
	return id;
}

SnId sn_address_intern(SnStore *store, SnChannel channel, const char *value, const char *name,
                       GError **error)
{
	if (!sn_store_begin(store, error))
		return 0;
	SnId id = sn_address_make(store, channel, value, name, SN_NAME_OWN, error);
	return sn_store_finish(store, id != 0, error) ? id : 0;
}

#define ADDRESS_COLUMNS                                                                         \
	"a.id, a.channel, a.value, a.name, a.person, coalesce(l.source, 8), "                   \
	"a.first_seen, a.last_used, l.evidence"

static SnAddress *read_address(SnSql *query, gboolean confirmed)
{
	SnAddress *address = g_new0(SnAddress, 1);

	address->id = sn_sql_int(query, 0);
	address->channel = (SnChannel)sn_sql_int(query, 1);
	address->value = sn_sql_text(query, 2);
	address->name = sn_sql_text(query, 3);
	address->person = sn_sql_int(query, 4);
	address->source = (SnLinkSource)sn_sql_int(query, 5);
	address->first_seen = sn_sql_int(query, 6);
	address->last_used = sn_sql_int(query, 7);
	address->evidence = sn_sql_text(query, 8);
	address->confirmed = confirmed;
	return address;
}

SnAddress *sn_address_get(SnStore *store, SnId id)
{
	SnSql *query = sn_sql(store,
	                      "SELECT " ADDRESS_COLUMNS " FROM address a LEFT JOIN link l "
	                      "ON l.address = a.id AND l.person = a.person WHERE a.id = ?1",
	                      V(id));
	SnAddress *address = sn_sql_row(query) ? read_address(query, TRUE) : NULL;

	sn_sql_drop(query);
	return address;
}

SnAddress *sn_address_find(SnStore *store, SnChannel channel, const char *value)
{
	g_autofree char *normal = sn_address_normalise(channel, value);
	SnId id = normal ? find_address(store, channel, normal) : 0;

	return id ? sn_address_get(store, id) : NULL;
}

static void add_addresses(GPtrArray *list, SnSql *query, gboolean confirmed)
{
	while (sn_sql_row(query)) {
		SnAddress *address = read_address(query, confirmed);
		gboolean known = FALSE;
		for (guint i = 0; i < list->len && !known; i++)
			known = ((SnAddress *)list->pdata[i])->id == address->id;
		if (known)
			sn_address_free(address);
		else
			g_ptr_array_add(list, address);
	}
	sn_sql_drop(query);
}

GPtrArray *sn_person_addresses(SnStore *store, SnId person)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_address_free);

	add_addresses(list,
	              sn_sql(store,
	                     "SELECT " ADDRESS_COLUMNS " FROM address a LEFT JOIN link l "
	                     "ON l.address = a.id AND l.person = a.person WHERE a.person = ?1 "
	                     "ORDER BY a.last_used DESC, a.id",
	                     V(person)),
	              TRUE);
	/* Claimed for this person; and the persons that this person's addresses were claimed for. */
	add_addresses(list,
	              sn_sql(store,
	                     "SELECT " ADDRESS_COLUMNS " FROM link l JOIN address a "
	                     "ON a.id = l.address WHERE l.person = ?1 AND l.state = 0 "
	                     "AND a.person <> ?1 "
	                     "UNION ALL SELECT " ADDRESS_COLUMNS " FROM address own "
	                     "JOIN link l ON l.address = own.id AND l.person <> own.person "
	                     "JOIN address a ON a.person = l.person "
	                     "WHERE own.person = ?1 AND l.state = 0 ORDER BY 6, 8 DESC, 1",
	                     V(person)),
	              FALSE);
	return list;
}

/* ---- persons ---- */

/* The wish that counts (policy.h), where the user has noted none. */
#define TOLD(column)                                                                            \
	"(SELECT " column " FROM contact_wish w JOIN address wa ON wa.id = w.address "          \
	"WHERE wa.person = p.id AND w.rule <> 0 AND NOT w.refused "                             \
	"ORDER BY w.time DESC, w.source, w.address LIMIT 1)"
#define PERSON_COLUMNS                                                                          \
	"p.id, p.name, p.rule, p.wish, p.wish_origin, p.is_self, p.wish_time, " TOLD(           \
		"w.rule") ", " TOLD("w.source") ", " TOLD("w.time") ", " TOLD("wa.value")

/* "answer of 20 Nov 2026"; caller frees. */
static char *told_origin(SnWishSource source, const char *value, SnTime time)
{
	g_autoptr(GDateTime) local = g_date_time_new_from_unix_local(time / 1000);
	g_autofree char *day = local ? g_date_time_format(local, "%-d %b %Y %H:%M") : NULL;

	if (source == SN_WISHED_ANSWER)
		return g_strdup_printf("answer of %s", day ? day : "?");
	return g_strdup_printf("published by %s on %s", value ? value : "?", day ? day : "?");
}

static SnPerson *read_person(SnSql *query)
{
	SnPerson *person = g_new0(SnPerson, 1);

	person->id = sn_sql_int(query, 0);
	person->name = sn_sql_text(query, 1);
	person->rule = (SnRule)sn_sql_int(query, 2);
	person->wish = (SnRule)sn_sql_int(query, 3);
	person->wish_origin = sn_sql_text(query, 4);
	person->is_self = sn_sql_int(query, 5) != 0;
	person->wish_time = sn_sql_int(query, 6);
	if (person->wish == SN_RULE_DEFAULT && sn_sql_int(query, 7)) {
		person->wish = (SnRule)sn_sql_int(query, 7);
		person->wish_time = sn_sql_int(query, 9);
		g_free(person->wish_origin);
		person->wish_origin = told_origin((SnWishSource)sn_sql_int(query, 8),
		                                  sn_sql_peek(query, 10), person->wish_time);
	}
	return person;
}

static GPtrArray *read_persons(SnSql *query)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_person_free);

	while (sn_sql_row(query))
		g_ptr_array_add(list, read_person(query));
	sn_sql_drop(query);
	return list;
}

SnPerson *sn_person_get(SnStore *store, SnId id)
{
	SnSql *query = sn_sql(store, "SELECT " PERSON_COLUMNS " FROM person p WHERE p.id = ?1", V(id));
	SnPerson *person = sn_sql_row(query) ? read_person(query) : NULL;

	sn_sql_drop(query);
	return person;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	const SnPerson *left = *(SnPerson *const *)a, *right = *(SnPerson *const *)b;
	g_autofree char *one = g_utf8_casefold(left->name, -1);
	g_autofree char *two = g_utf8_casefold(right->name, -1);
	int order = g_utf8_collate(one, two);

	return order ? order : (left->id > right->id) - (left->id < right->id);
}

GPtrArray *sn_person_list(SnStore *store)
{
	GPtrArray *list = read_persons(sn_sql(
		store,
		"SELECT " PERSON_COLUMNS " FROM person p WHERE p.is_self = 0 AND p.id IN ("
		"SELECT person FROM conversation WHERE person IS NOT NULL "
		"UNION SELECT person FROM link WHERE state < 2 "
		"UNION SELECT a.person FROM roster r JOIN address a ON a.id = r.address "
		"UNION SELECT wa.person FROM contact_wish w JOIN address wa ON wa.id = w.address "
		"UNION SELECT id FROM person WHERE name_rank = 4 OR rule <> 0 OR wish <> 0 "
		"OR not_available IS NOT NULL OR quiet_hours IS NOT NULL OR questions <> 0)"));

	g_ptr_array_sort(list, by_name);
	return list;
}

static GPtrArray *find_by_address(SnStore *store, const char *who)
{
	g_autofree char *mail = sn_address_normalise(SN_CHANNEL_MAIL, who);
	g_autofree char *im = sn_address_normalise(SN_CHANNEL_IM, who);

	return read_persons(sn_sql(store,
	                           "SELECT DISTINCT " PERSON_COLUMNS " FROM address a "
	                           "JOIN person p ON p.id = a.person "
	                           "WHERE (a.channel = 0 AND a.value = ?1) "
	                           "OR (a.channel = 1 AND a.value = ?2) ORDER BY a.last_used DESC",
	                           V(mail), V(im)));
}

GPtrArray *sn_person_find(SnStore *store, const char *who)
{
	g_autofree char *folded = NULL;
	GPtrArray *list;

	if (g_str_has_prefix(who, "id:"))
		return read_persons(sn_sql(store,
		                           "SELECT " PERSON_COLUMNS " FROM person p WHERE p.id = ?1",
		                           V(g_ascii_strtoll(who + 3, NULL, 10))));
	list = find_by_address(store, who);
	if (list->len)
		return list;
	g_ptr_array_unref(list);
	g_autofree char *valid = sn_tidy(who, SN_LINE_LIMIT);
	folded = g_utf8_casefold(valid, -1);
	list = read_persons(sn_sql(store,
	                           "SELECT " PERSON_COLUMNS " FROM person p WHERE fold(p.name) = ?1 "
	                           "LIMIT ?2",
	                           V(folded), V(FIND_LIMIT)));
	if (list->len || !*folded)
		return list;
	g_ptr_array_unref(list);
	return read_persons(sn_sql(store,
	                           "SELECT " PERSON_COLUMNS " FROM person p "
	                           "WHERE instr(fold(p.name), ?1) "
	                           "OR EXISTS (SELECT 1 FROM address a WHERE a.person = p.id "
	                           "AND instr(fold(a.value), ?1)) LIMIT ?2",
	                           V(folded), V(FIND_LIMIT)));
}

gboolean sn_person_set_name(SnStore *store, SnId person, const char *name, GError **error)
{
	g_autofree char *tidy = sn_tidy(name, SN_LINE_LIMIT);

	if (!tidy || !*g_strstrip(tidy)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "A name needs at least one letter.");
		return FALSE;
	}
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store,
	                       sn_person_name_seen(store, person, tidy, SN_NAME_USER, error), error);
}

static gboolean must_change(SnStore *store, gboolean ok, GError **error)
{
	if (ok && sn_changes(store) == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such person.");
		return FALSE;
	}
	return ok;
}

gboolean sn_person_set_rule(SnStore *store, SnId person, SnRule rule, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "UPDATE person SET rule = ?2 WHERE id = ?1", V(person),
	                     V(rule));
	return sn_store_finish(store, must_change(store, ok, error), error);
}

gboolean sn_person_set_wish(SnStore *store, SnId person, SnRule wish, const char *origin,
                            GError **error)
{
	g_autofree char *tidy = sn_tidy(origin, SN_LINE_LIMIT);

	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE person SET wish = ?2, wish_origin = ?3, wish_time = ?4 "
	                     "WHERE id = ?1",
	                     V(person), V(wish), V(wish == SN_RULE_DEFAULT ? NULL : tidy),
	                     V(wish == SN_RULE_DEFAULT ? 0 : sn_now(store)));
	return sn_store_finish(store, must_change(store, ok, error), error);
}
