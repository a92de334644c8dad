/* SPDX-License-Identifier: GPL-3.0-or-later */
/* policy.c - policies of persons and wishes of contacts. */
#include "src/store/policy.h"

#include <string.h>

#include "src/store/map.h"
#include "src/store/private.h"

#define DETAIL_LIMIT 4000

static const struct {
	const char *word, *meaning;
} question_rules[] = {
#define X(name, word, meaning) { word, meaning },
	SN_QUESTION_RULE_TABLE(X)
#undef X
};

const char *sn_question_rule_word(SnQuestionRule rule)
{
	g_assert((gsize)rule < G_N_ELEMENTS(question_rules));
	return question_rules[rule].word;
}

const char *sn_question_rule_meaning(SnQuestionRule rule)
{
	g_assert((gsize)rule < G_N_ELEMENTS(question_rules));
	return question_rules[rule].meaning;
}

gboolean sn_question_rule_parse(const char *word, SnQuestionRule *rule)
{
	for (gsize i = 0; i < G_N_ELEMENTS(question_rules); i++)
		if (g_str_equal(question_rules[i].word, word)) {
			*rule = (SnQuestionRule)i;
			return TRUE;
		}
	return FALSE;
}

/* ---- the user's policy ---- */

void sn_person_policy_free(SnPersonPolicy *policy)
{
	if (!policy)
		return;
	g_free(policy->quiet_hours);
	g_free(policy->time_zone);
	g_free(policy);
}

SnPersonPolicy *sn_person_policy(SnStore *store, SnId person)
{
	SnPersonPolicy *policy = g_new0(SnPersonPolicy, 1);
	SnSql *query = sn_sql(store,
	                      "SELECT not_available IS NOT NULL, not_available, quiet_hours, "
	                      "time_zone, questions FROM person WHERE id = ?1",
	                      V(sn_person_current(store, person)));

	if (sn_sql_row(query)) {
		policy->has_not_available = sn_sql_int(query, 0) != 0;
		policy->not_available = (guint)sn_sql_int(query, 1);
		policy->quiet_hours = sn_sql_text(query, 2);
		policy->time_zone = sn_sql_text(query, 3);
		policy->questions = (SnQuestionRule)CLAMP(sn_sql_int(query, 4), 0,
		                                          SN_QUESTION_RULE_COUNT - 1);
	}
	sn_sql_drop(query);
	return policy;
}

/* As one text, among the facts that the user decided (facts.h): presences, hours, zone, questions. */
static char *policy_text(const SnPersonPolicy *policy)
{
	g_autofree char *hours = sn_tidy(policy->quiet_hours ? policy->quiet_hours : "", SN_LINE_LIMIT);
	g_autofree char *zone = sn_tidy(policy->time_zone ? policy->time_zone : "", SN_LINE_LIMIT);
	g_autofree char *presences = policy->has_not_available
	                                     ? g_strdup_printf("%u", policy->not_available)
	                                     : g_strdup("");

	if (!*presences && !*hours && !*zone && policy->questions == SN_QUESTION_DEFAULT)
		return g_strdup("");
	g_strdelimit(hours, "\t\r\n", ' ');
	g_strdelimit(zone, "\t\r\n", ' ');
	return g_strdup_printf("%s\t%s\t%s\t%s", presences, hours, zone,
	                       sn_question_rule_word(policy->questions));
}

gboolean sn_person_refresh_policy(SnStore *store, SnId person, GError **error)
{
	g_autofree char *text = sn_person_property(store, person, SN_PROPERTY_POLICY, NULL);
	g_auto(GStrv) parts = g_strsplit(text ? text : "", "\t", 4);
	gboolean whole = g_strv_length(parts) == 4;
	SnQuestionRule questions = SN_QUESTION_DEFAULT;

	if (whole && !sn_question_rule_parse(parts[3], &questions))
		questions = SN_QUESTION_DEFAULT;
	return sn_run(store, error,
	              "UPDATE person SET not_available = iif(?2, ?3, NULL), quiet_hours = ?4, "
	              "time_zone = ?5, questions = ?6 WHERE id = ?1 AND (not_available, quiet_hours, "
	              "time_zone, questions) IS NOT (iif(?2, ?3, NULL), ?4, ?5, ?6)",
	              V(person), V(whole && *parts[0]),
	              V(whole ? (gint64)(g_ascii_strtoull(parts[0], NULL, 10) & 0xff) : 0),
	              V(whole && *parts[1] ? parts[1] : NULL),
	              V(whole && *parts[2] ? parts[2] : NULL), V(questions));
}

gboolean sn_person_set_policy(SnStore *store, SnId person, const SnPersonPolicy *policy,
                              GError **error)
{
	g_autofree char *text = policy_text(policy);
	g_autoptr(SnPerson) known = sn_person_get(store, person);
	g_autofree char *what = g_strdup_printf("Set when %s counts as available",
	                                        known ? known->name : "nobody");

	return sn_person_set_property(store, person, SN_PROPERTY_POLICY, text, what, error);
}

/* ---- wishes ---- */

const char *sn_wish_source_text(SnWishSource source)
{
	switch (source) {
	case SN_WISHED_NOTED: return "noted by you";
	case SN_WISHED_ANSWER: return "answered";
	case SN_WISHED_PUBLISHED: return "published";
	}
	g_assert_not_reached();
}

void sn_contact_wish_free(SnContactWish *wish)
{
	if (!wish)
		return;
	g_free(wish->value);
	g_free(wish->detail);
	g_free(wish);
}

static void add_noted(SnStore *store, SnId person, GPtrArray *wishes)
{
	SnSql *query = sn_sql(store,
	                      "SELECT wish, wish_origin, wish_time FROM person WHERE id = ?1 AND wish <> 0",
	                      V(person));

	if (sn_sql_row(query)) {
		SnContactWish *wish = g_new0(SnContactWish, 1);
		wish->source = SN_WISHED_NOTED;
		wish->rule = (SnRule)sn_sql_int(query, 0);
		wish->detail = sn_sql_text(query, 1);
		wish->time = sn_sql_int(query, 2);
		g_ptr_array_add(wishes, wish);
	}
	sn_sql_drop(query);
}

GPtrArray *sn_contact_wishes(SnStore *store, SnId id)
{
	SnId person = sn_person_current(store, id);
	GPtrArray *wishes = g_ptr_array_new_with_free_func((GDestroyNotify)sn_contact_wish_free);
	gboolean counted = FALSE;

	add_noted(store, person, wishes);
	SnSql *query = sn_sql(store,
	                      "SELECT w.address, a.value, w.source, w.rule, w.detail, w.time, w.refused "
	                      "FROM contact_wish w JOIN address a ON a.id = w.address "
	                      "WHERE a.person = ?1 ORDER BY w.refused, w.rule = 0, w.time DESC, "
	                      "w.source, w.address",
	                      V(person));
	while (sn_sql_row(query)) {
		SnContactWish *wish = g_new0(SnContactWish, 1);
		wish->address = sn_sql_int(query, 0);
		wish->value = sn_sql_text(query, 1);
		wish->source = (SnWishSource)CLAMP(sn_sql_int(query, 2), SN_WISHED_ANSWER,
		                                   SN_WISHED_PUBLISHED);
		wish->rule = (SnRule)sn_sql_int(query, 3);
		wish->detail = sn_sql_text(query, 4);
		wish->time = sn_sql_int(query, 5);
		wish->refused = sn_sql_int(query, 6) != 0;
		g_ptr_array_add(wishes, wish);
	}
	sn_sql_drop(query);
	for (guint i = 0; i < wishes->len && !counted; i++) {
		SnContactWish *wish = wishes->pdata[i];
		counted = wish->counts = wish->rule != SN_RULE_DEFAULT && !wish->refused;
	}
	return wishes;
}

static gboolean write_wish(SnStore *store, SnId address, SnWishSource source, SnRule rule,
                           const char *detail, GError **error)
{
	if (rule == SN_RULE_DEFAULT && !detail)
		return sn_run(store, error,
		              "DELETE FROM contact_wish WHERE address = ?1 AND source = ?2",
		              V(address), V(source));
	return sn_run(store, error,
	              "INSERT INTO contact_wish (address, source, rule, detail, time) "
	              "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (address, source) DO UPDATE SET "
	              "rule = ?3, detail = ?4, time = ?5, refused = 0 "
	              "WHERE rule <> ?3 OR detail IS NOT ?4",
	              V(address), V(source), V(rule), V(detail), V(sn_now(store)));
}

gboolean sn_contact_wish_set(SnStore *store, SnId address, SnWishSource source, SnRule rule,
                             const char *detail, GError **error)
{
	g_autofree char *tidy = sn_tidy(detail && *detail ? detail : NULL, DETAIL_LIMIT);

	g_assert(source != SN_WISHED_NOTED);
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, write_wish(store, address, source, rule, tidy, error), error);
}

gboolean sn_contact_wishes_refuse(SnStore *store, SnId id, GError **error)
{
	SnId person = sn_person_current(store, id);
	g_autoptr(SnPerson) known = sn_person_get(store, person);
	g_autoptr(GPtrArray) wishes = sn_contact_wishes(store, person);
	const char *name = known ? known->name : "Nobody";
	g_autofree char *what = g_strdup_printf("Refused what %s asked for", name);
	SnChange change;
	gboolean ok;

	if (wishes->len == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "%s has not asked for anything: there is nothing to refuse.", name);
		return FALSE;
	}
	if (!sn_change_begin(&change, store, what, error))
		return FALSE;
	ok = sn_change_person(&change, person, SN_PROPERTY_WISH, sn_rule_word(SN_RULE_DEFAULT), error);
	for (guint i = 0; i < wishes->len && ok; i++) {
		const SnContactWish *wish = wishes->pdata[i];
		if (wish->address)
			ok = sn_change_refuse(&change, wish->address, (int)wish->source, error);
	}
	return sn_change_end(&change, ok, error);
}

GArray *sn_contact_wishes_published(SnStore *store, SnId account)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store,
	                  "SELECT w.address FROM contact_wish w JOIN roster r ON r.address = w.address "
	                  "WHERE r.account = ?1 AND w.source = ?2 ORDER BY 1",
	                  V(account), V(SN_WISHED_PUBLISHED)),
	           ids);
	return ids;
}
