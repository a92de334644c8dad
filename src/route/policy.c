/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/policy.h"

#include <string.h>

void sn_policy_free(SnPolicy *policy)
{
	if (!policy)
		return;
	sn_hours_free(policy->quiet);
	g_free(policy->shows_origin);
	g_free(policy->quiet_origin);
	g_free(policy->zone);
	g_free(policy);
}

static SnHours *copy_hours(const SnHours *hours)
{
	g_autofree char *text = sn_hours_format(hours);

	return sn_hours_parse(text, NULL);
}

static void set_quiet(SnPolicy *policy, SnHours *hours, char *origin)
{
	sn_hours_free(policy->quiet);
	g_free(policy->quiet_origin);
	policy->quiet = hours;
	policy->quiet_origin = origin;
}

static void set_zone(SnPolicy *policy, const char *zone)
{
	if (!zone || !*zone)
		return;
	g_free(policy->zone);
	policy->zone = g_strdup(zone);
}

static void apply_account(SnPolicy *policy, const SnAccount *account)
{
	g_autofree char *origin = g_strdup_printf("your rule for the account %s", account->name);

	if (account->has_not_available) {
		policy->not_available = account->not_available;
		policy->shows_origin = g_strdup(origin);
	}
	if (account->quiet_hours)
		set_quiet(policy, copy_hours(account->quiet_hours), g_strdup(origin));
	set_zone(policy, account->time_zone);
}

static void apply_person(SnPolicy *policy, const SnPersonPolicy *own, const char *name)
{
	g_autofree char *origin = g_strdup_printf("your rule for %s", name);
	SnHours *hours = own->quiet_hours ? sn_hours_parse(own->quiet_hours, NULL) : NULL;

	if (own->has_not_available) {
		policy->not_available = own->not_available;
		g_free(policy->shows_origin);
		policy->shows_origin = g_strdup(origin);
	}
	if (hours)
		set_quiet(policy, hours, g_steal_pointer(&origin));
	set_zone(policy, own->time_zone);
}

SnPolicy *sn_policy_for(SnStore *store, const SnConfig *config, SnId person, SnId account)
{
	const SnSettings *settings = sn_config_settings(config);
	SnPolicy *policy = g_new0(SnPolicy, 1);
	g_autofree char *name = account ? sn_account_name(store, account) : NULL;
	const SnAccount *sender = name ? sn_config_account_named(config, name) : NULL;
	g_autoptr(SnPerson) who = person ? sn_person_get(store, person) : NULL;

	policy->not_available = settings->delivery_not_available;
	set_quiet(policy, copy_hours(settings->delivery_quiet_hours),
	          g_strdup("your rule for everybody"));
	set_zone(policy, settings->delivery_time_zone);
	if (sender)
		apply_account(policy, sender);
	if (who) {
		g_autoptr(SnPersonPolicy) own = sn_person_policy(store, person);
		apply_person(policy, own, who->name);
	}
	if (policy->quiet && sn_hours_is_none(policy->quiet))
		set_quiet(policy, NULL, NULL);
	g_assert(!policy->quiet == !policy->quiet_origin);
	return policy;
}

SnQuestionRule sn_policy_questions(SnStore *store, const SnConfig *config, SnId person,
                                   char **origin)
{
	g_autoptr(SnPersonPolicy) own = sn_person_policy(store, person);
	g_autoptr(SnPerson) who = sn_person_get(store, person);
	gboolean personal = who && own->questions != SN_QUESTION_DEFAULT;

	if (origin)
		*origin = personal ? g_strdup_printf("your rule for %s", who->name)
		                   : g_strdup("your rule for everybody");
	return personal ? own->questions : sn_config_settings(config)->delivery_answer_questions;
}

/* ---- setting ---- */

static gboolean invalid(GError **error, const char *key, const char *value, const char *why)
{
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "%s = %s: %s", key, value, why);
	return FALSE;
}

static gboolean set_rule(SnStore *store, SnId person, const char *value, GError **error)
{
	SnRule rule;

	if (!sn_rule_parse(value, &rule) || rule == SN_RULE_FAIL) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "'%s' is no rule: default, ask, defer, mail, send or ask-them", value);
		return FALSE;
	}
	return sn_person_set_rule(store, person, rule, error);
}

static gboolean set_wish(SnStore *store, SnId person, const char *value, GError **error)
{
	SnRule wish;

	if (g_str_equal(value, "none"))
		return sn_contact_wishes_refuse(store, person, error);
	if (g_str_equal(value, "default"))
		return sn_person_set_wish(store, person, SN_RULE_DEFAULT, NULL, error);
	if (!sn_rule_parse(value, &wish) ||
	    (wish != SN_RULE_MAIL && wish != SN_RULE_DEFER && wish != SN_RULE_SEND))
		return invalid(error, "wish", value, "a contact can wish for mail, defer or send; none "
		                                     "refuses what they asked for");
	return sn_person_set_wish(store, person, wish, "noted by you", error);
}

static gboolean fill_not_available(SnPersonPolicy *policy, const char *value, GError **error)
{
	policy->has_not_available = value != NULL;
	if (!value)
		return TRUE;
	g_autofree char *wrong = sn_shows_parse(value, &policy->not_available);
	if (wrong)
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "not-available = %s%s", value, wrong);
	return wrong == NULL;
}

static gboolean fill_quiet_hours(SnPersonPolicy *policy, const char *value, GError **error)
{
	g_autofree char *problem = NULL;
	g_autoptr(SnHours) hours = value ? sn_hours_parse(value, &problem) : NULL;

	g_free(policy->quiet_hours);
	policy->quiet_hours = hours ? sn_hours_format(hours) : NULL;
	return !problem || invalid(error, "quiet-hours", value, problem);
}

static gboolean fill_time_zone(SnPersonPolicy *policy, const char *value, GError **error)
{
	g_free(policy->time_zone);
	policy->time_zone = g_strdup(value);
	return !value || sn_zone_check(value) ||
	       invalid(error, "time-zone", value,
	               "no such time zone; write a name like Europe/Berlin or UTC");
}

static gboolean fill_answer(SnPersonPolicy *policy, const char *value, GError **error)
{
	policy->questions = SN_QUESTION_DEFAULT;
	return !value || sn_question_rule_parse(value, &policy->questions) ||
	       invalid(error, "answer", value,
	               "write ask, now, later, mail, later-when-away, mail-when-away or ignore");
}

typedef struct {
	SnPolicyKey text;
	/* one of the two; fill: value NULL takes it back */
	gboolean (*set)(SnStore *store, SnId person, const char *value, GError **error);
	gboolean (*fill)(SnPersonPolicy *policy, const char *value, GError **error);
} Key;

static const Key keys[] = {
	{ { "rule", "default ask defer mail send ask-them", "what to do when they are not available" },
	  set_rule, NULL },
	{ { "wish", "mail defer send none", "what they asked for; none refuses it" }, set_wish, NULL },
	{ { "not-available", "offline,xa,dnd,away,online,chat",
	    "presences that count as not available" },
	  NULL, fill_not_available },
	{ { "quiet-hours", "22:00-07:00,weekends none", "times when they are not to be disturbed" },
	  NULL, fill_quiet_hours },
	{ { "time-zone", "Europe/Berlin", "where their clock is" }, NULL, fill_time_zone },
	{ { "answer", "ask now later mail later-when-away mail-when-away ignore",
	    "how their questions about your time are answered" },
	  NULL, fill_answer },
};

const SnPolicyKey *sn_policy_key(gsize index)
{
	return index < G_N_ELEMENTS(keys) ? &keys[index].text : NULL;
}

static const Key *find_key(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
		if (g_str_equal(keys[i].text.key, name))
			return &keys[i];
	return NULL;
}

gboolean sn_policy_set(SnStore *store, SnId person, const char *assignment, GError **error)
{
	const char *equals = strchr(assignment, '=');
	g_autofree char *name = equals ? g_strndup(assignment, (gsize)(equals - assignment))
	                               : g_strdup("rule");
	g_autofree char *value = g_strdup(equals ? equals + 1 : assignment);
	const Key *key = find_key(g_strstrip(name));

	if (!key) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "There is nothing called '%s': rule, wish, not-available, quiet-hours, "
		            "time-zone or answer.",
		            name);
		return FALSE;
	}
	if (!*g_strstrip(value))
		return invalid(error, name, "", "a value is missing; default takes it back");
	if (key->set)
		return key->set(store, person, value, error);
	g_autoptr(SnPersonPolicy) policy = sn_person_policy(store, person);
	return key->fill(policy, g_str_equal(value, "default") ? NULL : value, error) &&
	       sn_person_set_policy(store, person, policy, error);
}

char *sn_policy_get(SnStore *store, SnId person, const char *key)
{
	g_autoptr(SnPersonPolicy) policy = sn_person_policy(store, person);
	g_autoptr(SnPerson) who = sn_person_get(store, person);

	if (!who)
		return NULL;
	if (g_str_equal(key, "rule"))
		return who->rule ? g_strdup(sn_rule_word(who->rule)) : NULL;
	if (g_str_equal(key, "wish"))
		return who->wish ? g_strdup(sn_rule_word(who->wish)) : NULL;
	if (g_str_equal(key, "not-available"))
		return policy->has_not_available ? sn_shows_format(policy->not_available) : NULL;
	if (g_str_equal(key, "quiet-hours"))
		return g_strdup(policy->quiet_hours);
	if (g_str_equal(key, "time-zone"))
		return g_strdup(policy->time_zone);
	g_assert(g_str_equal(key, "answer"));
	return policy->questions ? g_strdup(sn_question_rule_word(policy->questions)) : NULL;
}
