/* SPDX-License-Identifier: GPL-3.0-or-later */
/* people.c - addresses and persons. What is said of them is in links.c and its neighbours (map.h). */
#include "src/store/people.h"

#include <string.h>

#include "src/store/map.h"
#include "src/store/names.h"
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
	if (!sn_names_put(store, -id, value, error) ||
	    !sn_run(store, error,
	            "INSERT INTO native (address, person) SELECT id, person FROM address "
	            "WHERE id = ?1",
	            V(id)))
		return 0;

	/* The same string on the other channel is a suggestion, never more. */
	SnChannel other = channel == SN_CHANNEL_MAIL ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
	SnId twin = find_address(store, other, value);
	return !twin || sn_claim_add(store, id, twin, SN_LINK_EQUAL, NULL, error) ? id : 0;
}

SnId sn_address_person(SnStore *store, SnId address)
{
	return sn_one(store, "SELECT person FROM address WHERE id = ?1", V(address));
}

gboolean sn_address_name_seen(SnStore *store, SnId address, const char *name, SnNameRank rank,
                              GError **error)
{
	/* Equal rank keeps the first name, so that it does not flicker; the roster may change its. */
	gint64 known = sn_one(store, "SELECT name_rank FROM native WHERE address = ?1", V(address));

	if (known > (gint64)rank || (known == (gint64)rank && rank < SN_NAME_ROSTER))
		return TRUE;
	if (!sn_run(store, error,
	            "UPDATE native SET name = ?2, name_rank = ?3 WHERE address = ?1 "
	            "AND (name_rank <> ?3 OR name IS NOT ?2)",
	            V(address), V(name), V(rank)))
		return FALSE;
	return sn_changes(store) == 0 ||
	       sn_person_refresh(store, sn_address_person(store, address), error);
}

/* The same, and what it was called last. */
static SnId find_named(SnStore *store, SnChannel channel, const char *value, char **name)
{
	SnSql *query = sn_sql(store, "SELECT id, name FROM address WHERE channel = ?1 AND value = ?2",
	                      V(channel), V(value));
	SnId id = sn_sql_row(query) ? sn_sql_int(query, 0) : 0;

	*name = id ? sn_sql_text(query, 1) : NULL;
	sn_sql_drop(query);
	return id;
}

/* A name of their own replaces the one before; a name in a To: only stands where there is none. */
static gboolean rename_address(SnStore *store, SnId id, const char *before, const char *name,
                               SnNameRank rank, GError **error)
{
	if (before && (rank < SN_NAME_OWN || g_str_equal(before, name)))
		return TRUE;
	return sn_run(store, error, "UPDATE address SET name = ?2 WHERE id = ?1", V(id), V(name));
}

SnId sn_address_make(SnStore *store, SnChannel channel, const char *value, const char *name,
                     SnNameRank rank, GError **error)
{
	g_autofree char *normal = sn_address_normalise(channel, value);
	g_autofree char *tidy = sn_tidy(name, SN_LINE_LIMIT), *before = NULL;

	if (!normal) {
		g_autofree char *shown = sn_tidy(value ? value : "", 200);
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "\"%s\" is not an address.", shown);
		return 0;
	}
	if (tidy)
		g_strstrip(tidy);
	SnId id = find_named(store, channel, normal, &before);
	if (!id)
		id = insert_address(store, channel, normal, error);
	if (!id || !tidy || !*tidy || g_ascii_strcasecmp(tidy, normal) == 0)
		return id;
	if (!rename_address(store, id, before, tidy, rank, error) ||
	    !sn_address_name_seen(store, id, tidy, rank, error))
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

/* A card that counts for the address: none that others contradict. */
#define ITS_CARD                                                                                \
	"FROM card_address m JOIN card c ON c.id = m.card WHERE m.address = a.id AND NOT EXISTS " \
	"(SELECT 1 FROM conflict x WHERE x.address = a.id AND x.card = c.id) "                  \
	"ORDER BY c.source, c.origin LIMIT 1"
#define DECIDED                                                                                 \
	"SELECT 0 FROM decision d JOIN address o ON o.id = iif(d.a = a.id, d.b, d.a) "          \
	"WHERE ((d.a = a.id AND d.verdict IN (1, 3)) OR (d.b = a.id AND d.verdict IN (2, 4))) " \
	"AND o.person = a.person LIMIT 1"
#define ADDRESS_COLUMNS(source, evidence, contested)                                            \
	"a.id, a.channel, a.value, a.name, a.person, " source ", a.first_seen, a.last_used, "   \
	evidence ", " contested
#define MEMBER                                                                                  \
	ADDRESS_COLUMNS("coalesce((" DECIDED "), (SELECT c.source " ITS_CARD "), 8)",           \
	                "iif((" DECIDED ") IS NULL, (SELECT c.evidence " ITS_CARD "), NULL)",   \
	                "EXISTS (SELECT 1 FROM conflict x WHERE x.address = a.id AND NOT x.overruled)")

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
	address->contested = sn_sql_int(query, 9) != 0;
	address->confirmed = confirmed;
	return address;
}

SnAddress *sn_address_get(SnStore *store, SnId id)
{
	SnSql *query = sn_sql(store, "SELECT " MEMBER " FROM address a WHERE a.id = ?1", V(id));
	SnAddress *address = sn_sql_row(query) ? read_address(query, TRUE) : NULL;

	sn_sql_drop(query);
	return address;
}

char *sn_address_value(SnStore *store, SnId id)
{
	return sn_one_text(store, "SELECT value FROM address WHERE id = ?1", V(id));
}

SnId sn_address_id(SnStore *store, SnChannel channel, const char *value)
{
	g_autofree char *normal = sn_address_normalise(channel, value);

	return normal ? find_address(store, channel, normal) : 0;
}

SnAddress *sn_address_find(SnStore *store, SnChannel channel, const char *value)
{
	SnId id = sn_address_id(store, channel, value);

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

/* The user said that somebody of the one is nobody of the other. */
static gboolean refused(SnStore *store, SnId person, SnId other)
{
	return sn_one(store,
	              "SELECT 1 FROM address m JOIN decision d ON d.verdict = 5 AND "
	              "(d.a = m.id OR d.b = m.id) JOIN address o ON o.id = iif(d.a = m.id, d.b, d.a) "
	              "WHERE m.person = ?1 AND o.person = ?2 LIMIT 1",
	              V(person), V(other)) != 0;
}

GPtrArray *sn_person_addresses(SnStore *store, SnId id)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_address_free);
	SnId person = sn_person_current(store, id);

	add_addresses(list,
	              sn_sql(store,
	                     "SELECT " MEMBER " FROM address a WHERE a.person = ?1 "
	                     "ORDER BY a.last_used DESC, a.id",
	                     V(person)),
	              TRUE);
	guint members = list->len;
	add_addresses(list,
	              sn_sql(store,
	                     "WITH perhaps (other, source, evidence, contested) AS ("
	                     "SELECT c.b, c.source, c.evidence, 0 FROM address m "
	                     "JOIN claim c ON c.a = m.id WHERE m.person = ?1 "
	                     "UNION ALL SELECT c.a, c.source, c.evidence, 0 FROM address m "
	                     "JOIN claim c ON c.b = m.id WHERE m.person = ?1 "
	                     /* a card of this person's that names an address others claim too */
	                     "UNION ALL SELECT x.address, c.source, c.evidence, 1 "
	                     "FROM address m JOIN card_address w ON w.address = m.id "
	                     "JOIN conflict x ON x.card = w.card AND x.address <> m.id "
	                     "JOIN card c ON c.id = w.card WHERE m.person = ?1 AND NOT x.overruled "
	                     /* the other way round: who claims an address of this person */
	                     "UNION ALL SELECT w.address, c.source, c.evidence, 1 "
	                     "FROM address m JOIN conflict x ON x.address = m.id "
	                     "JOIN card_address w ON w.card = x.card JOIN card c ON c.id = w.card "
	                     "WHERE m.person = ?1 AND NOT x.overruled "
	                     "UNION ALL SELECT x.other, 0, NULL, 0 FROM address m "
	                     "JOIN conflict x ON x.address = m.id AND x.other > 0 WHERE m.person = ?1 "
	                     "UNION ALL SELECT x.address, 0, NULL, 0 FROM address m "
	                     "JOIN conflict x ON x.other = m.id WHERE m.person = ?1) "
	                     "SELECT " ADDRESS_COLUMNS("p.source", "p.evidence", "p.contested")
	                     " FROM perhaps p JOIN address o ON o.id = p.other "
	                     "JOIN address a ON a.person = o.person AND (a.id = o.id OR "
	                     "NOT p.contested) JOIN person q ON q.id = a.person "
	                     "WHERE a.person <> ?1 AND NOT q.is_self "
	                     "ORDER BY p.source, a.last_used DESC, a.id",
	                     V(person)),
	              FALSE);
	for (guint i = list->len; i-- > members;)
		if (refused(store, person, ((SnAddress *)list->pdata[i])->person))
			g_ptr_array_remove_index(list, i);
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

SnId sn_person_current(SnStore *store, SnId person)
{
	SnId now = sn_one(store,
	                  "SELECT a.person FROM native n JOIN address a ON a.id = n.address "
	                  "WHERE n.person = ?1 AND NOT EXISTS (SELECT 1 FROM address o "
	                  "WHERE o.person = ?1)",
	                  V(person));

	return now ? now : person;
}

SnPerson *sn_person_get(SnStore *store, SnId id)
{
	SnSql *query = sn_sql(store, "SELECT " PERSON_COLUMNS " FROM person p WHERE p.id = ?1",
	                      V(sn_person_current(store, id)));
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
		"UNION SELECT a.person FROM claim c JOIN address a ON a.id IN (c.a, c.b) "
		"UNION SELECT a.person FROM card_address m JOIN address a ON a.id = m.address "
		"UNION SELECT a.person FROM decision d JOIN address a ON a.id IN (d.a, d.b) "
		"UNION SELECT a.person FROM roster r JOIN address a ON a.id = r.address "
		"UNION SELECT wa.person FROM contact_wish w JOIN address wa ON wa.id = w.address "
		"UNION SELECT id FROM person WHERE name_rank = 4 OR rule <> 0 OR wish <> 0 "
		"OR not_available IS NOT NULL OR quiet_hours IS NOT NULL OR questions <> 0) "
		"AND EXISTS (SELECT 1 FROM address a WHERE a.person = p.id)"));

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

#define ANYBODY "SELECT " PERSON_COLUMNS " FROM person p NOT INDEXED WHERE "
#define WHOSE SN_NAMES_WHOSE("?3") ANYBODY "p.id IN (SELECT person FROM whose) AND "
#define EXACT                                                                                   \
	"fold(p.name) = ?1 AND EXISTS (SELECT 1 FROM address a WHERE a.person = p.id) LIMIT ?2"
#define PART                                                                                    \
	"EXISTS (SELECT 1 FROM address a WHERE a.person = p.id "                                \
	"AND (instr(fold(p.name), ?1) OR instr(fold(a.value), ?1))) LIMIT ?2"

/* rare: where to look (names.h); NULL: as many as are wanted are soon met. */
static GPtrArray *read_named(SnStore *store, const char *folded, const char *rare, int limit)
{
	return read_persons(rare ? sn_sql(store, WHOSE PART, V(folded), V(limit), V(rare))
	                         : sn_sql(store, ANYBODY PART, V(folded), V(limit)));
}

GPtrArray *sn_person_find(SnStore *store, const char *who)
{
	g_autofree char *folded = NULL;
	GPtrArray *list;

	if (g_str_has_prefix(who, "id:"))
		return read_persons(sn_sql(store,
		                           "SELECT " PERSON_COLUMNS " FROM person p WHERE p.id = ?1",
		                           V(sn_person_current(
						   store, g_ascii_strtoll(who + 3, NULL, 10)))));
	list = find_by_address(store, who);
	if (list->len)
		return list;
	g_ptr_array_unref(list);
	g_autofree char *valid = sn_tidy(who, SN_LINE_LIMIT);
	folded = g_utf8_casefold(valid, -1);
	const char *rare = sn_names_rare(store, folded);
	list = read_persons(
		rare ? sn_sql(store, WHOSE EXACT, V(folded), V(FIND_LIMIT), V(rare))
		     : sn_sql(store, ANYBODY EXACT, V(folded), V(FIND_LIMIT)));
	if (list->len || !*folded)
		return list;
	g_ptr_array_unref(list);
	return read_named(store, folded, rare, FIND_LIMIT);
}

GPtrArray *sn_person_named(SnStore *store, const char *part, int limit)
{
	g_autofree char *valid = sn_tidy(part, SN_LINE_LIMIT);
	g_autofree char *folded = g_utf8_casefold(valid, -1);

	g_assert(limit > 0);
	return *folded ? read_named(store, folded, sn_names_rare(store, folded), limit)
	               : g_ptr_array_new_with_free_func((GDestroyNotify)sn_person_free);
}

/* ---- what is known of a person ---- */

static gboolean write_rule(SnStore *store, SnId person, GError **error)
{
	g_autofree char *rule_word = sn_person_property(store, person, SN_PROPERTY_RULE, NULL);
	SnTime when = 0;
	g_autofree char *wish_text = sn_person_property(store, person, SN_PROPERTY_WISH, &when);
	char *tab = wish_text ? strchr(wish_text, '\t') : NULL;
	SnRule rule = SN_RULE_DEFAULT, wish = SN_RULE_DEFAULT;

	if (tab)
		*tab = '\0';
	if (!rule_word || !sn_rule_parse(rule_word, &rule) || rule == SN_RULE_FAIL)
		rule = SN_RULE_DEFAULT;
	if (!wish_text || !sn_rule_parse(wish_text, &wish) || wish == SN_RULE_FAIL)
		wish = SN_RULE_DEFAULT;
	return sn_run(store, error,
	              "UPDATE person SET rule = ?2, wish = ?3, wish_origin = ?4, wish_time = ?5 "
	              "WHERE id = ?1 AND (rule, wish, wish_origin, wish_time) IS NOT (?2, ?3, ?4, ?5)",
	              V(person), V(rule), V(wish),
	              V(tab && tab[1] && wish != SN_RULE_DEFAULT ? tab + 1 : NULL),
	              V(wish != SN_RULE_DEFAULT ? when : 0)) &&
	       sn_person_refresh_policy(store, person, error);
}

/* The user's word, that of a card, then the best that was seen with one of the addresses. */
static char *best_name(SnStore *store, SnId person, SnNameRank *rank)
{
	char *name = sn_person_property(store, person, SN_PROPERTY_NAME, NULL);

	*rank = SN_NAME_USER;
	if (name)
		return name;
	*rank = SN_NAME_ROSTER;
	name = sn_one_text(store,
	                   "SELECT c.name FROM address a JOIN card_address m ON m.address = a.id "
	                   "JOIN card c ON c.id = m.card WHERE a.person = ?1 AND c.name IS NOT NULL "
	                   "AND NOT EXISTS (SELECT 1 FROM conflict x WHERE x.address = a.id "
	                   "AND x.card = c.id) ORDER BY c.source, c.origin LIMIT 1",
	                   V(person));
	if (name)
		return name;
	SnSql *query = sn_sql(store,
	                      "SELECT coalesce(n.name, a.value), n.name_rank FROM address a "
	                      "JOIN native n ON n.address = a.id WHERE a.person = ?1 "
	                      "ORDER BY n.name_rank DESC, n.person = a.person DESC, a.id LIMIT 1",
	                      V(person));
	if (sn_sql_row(query)) {
		name = sn_sql_text(query, 0);
		*rank = (SnNameRank)sn_sql_int(query, 1);
	}
	sn_sql_drop(query);
	return name;
}

gboolean sn_person_refresh(SnStore *store, SnId person, GError **error)
{
	SnNameRank rank = SN_NAME_ADDRESS;

	if (sn_one(store, "SELECT is_self FROM person WHERE id = ?1", V(person)))
		return TRUE;
	g_autofree char *name = best_name(store, person, &rank);
	if (!name) /* all its addresses are with others */
		return TRUE;
	return sn_run(store, error,
	              "UPDATE person SET name = ?2, name_rank = ?3 WHERE id = ?1 "
	              "AND (name <> ?2 OR name_rank <> ?3)",
	              V(person), V(name), V(rank)) &&
	       sn_names_put_person(store, person, name, error) && write_rule(store, person, error) &&
	       sn_conversation_retitle(store, person, name, error);
}

gboolean sn_change_person(SnChange *change, SnId person, SnProperty property, const char *text,
                          GError **error)
{
	g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autofree char *known = sn_person_property(change->store, person, property, NULL);
	SnTime now = sn_change_time(change);
	gboolean ok = TRUE;

	if (g_strcmp0(known, text) == 0 || (!known && (!*text || g_str_has_prefix(text, "default"))))
		return TRUE;
	sn_sql_ids(sn_sql(change->store, "SELECT id FROM address WHERE person = ?1 ORDER BY id",
	                  V(person)),
	           addresses);
	for (guint i = 0; i < addresses->len && ok; i++)
		ok = sn_change_property(change, g_array_index(addresses, SnId, i), property, text, now,
		                        error);
	return ok;
}

gboolean sn_person_set_property(SnStore *store, SnId id, SnProperty property, const char *text,
                                const char *what, GError **error)
{
	SnId person = sn_person_current(store, id);
	SnChange change;

	if (!sn_one(store, "SELECT 1 FROM address WHERE person = ?1 LIMIT 1", V(person))) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such person.");
		return FALSE;
	}
	if (!sn_change_begin(&change, store, what, error))
		return FALSE;
	return sn_change_end(&change, sn_change_person(&change, person, property, text, error), error);
}

gboolean sn_person_set_name(SnStore *store, SnId person, const char *name, GError **error)
{
	g_autofree char *tidy = sn_tidy(name, SN_LINE_LIMIT);
	g_autoptr(SnPerson) known = sn_person_get(store, person);

	if (!tidy || !*g_strstrip(tidy)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "A name needs at least one letter.");
		return FALSE;
	}
	g_autofree char *what =
		g_strdup_printf("Called %s \"%s\"", known ? known->name : "nobody", tidy);
	return sn_person_set_property(store, person, SN_PROPERTY_NAME, tidy, what, error);
}

gboolean sn_person_set_rule(SnStore *store, SnId person, SnRule rule, GError **error)
{
	g_autoptr(SnPerson) known = sn_person_get(store, person);
	g_autofree char *what = g_strdup_printf("Set the rule of %s to \"%s\"",
	                                        known ? known->name : "nobody", sn_rule_word(rule));

	return sn_person_set_property(store, person, SN_PROPERTY_RULE, sn_rule_word(rule), what, error);
}

gboolean sn_person_set_wish(SnStore *store, SnId person, SnRule wish, const char *origin,
                            GError **error)
{
	g_autofree char *tidy = sn_tidy(origin ? origin : "", SN_LINE_LIMIT);
	g_autoptr(SnPerson) known = sn_person_get(store, person);
	g_autofree char *what = g_strdup_printf("Noted what %s wishes for: \"%s\"",
	                                        known ? known->name : "nobody", sn_rule_word(wish));

	g_strdelimit(tidy, "\t\r\n", ' ');
	g_autofree char *value = g_strdup_printf("%s\t%s", sn_rule_word(wish), tidy);
	return sn_person_set_property(store, person, SN_PROPERTY_WISH,
	                              wish == SN_RULE_DEFAULT ? sn_rule_word(wish) : value, what, error);
}
