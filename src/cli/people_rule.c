/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/people_rule.h"

#include <string.h>

#include "src/route/plan.h"
#include "src/route/policy.h"
#include "src/store/policy.h"

/* ---- rules ---- */

static void print_rules(SnStore *store, SnId person)
{
	static const char *const titles[] = { "setting", "value", "what it says", NULL };
	SnTable *table = sn_table_new(titles);

	for (gsize i = 0; sn_policy_key(i); i++) {
		const SnPolicyKey *key = sn_policy_key(i);
		g_autofree char *value = sn_policy_get(store, person, key->key);
		sn_table_cell(table, SN_STRONG, key->key);
		sn_table_cell(table, value ? SN_PLAIN : SN_FAINT, value ? value : "default");
		sn_table_cell(table, SN_FAINT, key->meaning);
	}
	sn_table_print(table);
}

static gboolean set_all(SnStore *store, SnId person, const SnArgs *args, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	for (guint i = 2; i < sn_args_count(args); i++)
		if (!sn_policy_set(store, person, sn_args_get(args, i), error)) {
			sn_store_rollback(store);
			return FALSE;
		}
	return sn_store_commit(store, error);
}

int sn_people_rule(SnStore *store, SnId person, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;

	if (sn_args_count(args) <= 2) {
		print_rules(store, person);
		return SN_EXIT_DONE;
	}
	if (set_all(store, person, args, &error))
		return SN_EXIT_DONE;
	if (g_error_matches(error, SN_ERROR, SN_ERROR_INVALID))
		return sn_cli_failf(SN_EXIT_USAGE, "%s", error->message);
	return sn_cli_fail(error);
}

/* ---- what is known ---- */

static const char *why_word(SnPresenceWhy why)
{
	switch (why) {
	case SN_PRESENCE_TOLD: return NULL;
	case SN_PRESENCE_NOT_SUBSCRIBED: return "not shared with us";
	case SN_PRESENCE_REQUESTED: return "asked for, no answer yet";
	case SN_PRESENCE_NO_LINE: return "our account is not connected";
	}
	g_assert_not_reached();
}

static void print_clients(SnStore *store, SnId person)
{
	static const char *const titles[] = { "address", "client", "presence", "priority",
		                              "since",   "account", "status", NULL };
	g_autoptr(GPtrArray) rows = sn_presence_rows(store, person, 0);
	SnTable *table = rows->len ? sn_table_new(titles) : NULL;

	for (guint i = 0; i < rows->len; i++) {
		const SnPresenceRow *row = rows->pdata[i];
		g_autofree char *since = sn_out_time(row->since);
		gboolean client = row->show > SN_PRESENCE_OFFLINE;
		sn_table_cell(table, SN_STRONG, row->value);
		sn_table_cell(table, SN_PLAIN, row->resource);
		sn_table_cell(table, sn_presence_row_reaches(row) ? SN_GOOD : SN_FAINT,
		              sn_presence_word(row->show));
		sn_table_cellf(table, SN_PLAIN, client ? "%d" : "", row->priority);
		sn_table_cell(table, SN_PLAIN, since);
		sn_table_cell(table, SN_PLAIN, row->account_name);
		sn_table_cell(table, SN_FAINT, row->status ? row->status : why_word(row->why));
	}
	if (table)
		sn_table_print(table);
}

static void print_wish(const SnContactWish *wish)
{
	g_autofree char *time = sn_out_time(wish->time);
	const char *state = wish->counts    ? ""
	                    : wish->refused ? ", refused by you"
	                    : wish->rule    ? ", something newer counts"
	                                    : "";

	printf("wish:          %s (%s%s%s, %s%s)", wish->rule ? sn_rule_word(wish->rule) : "none",
	       sn_wish_source_text(wish->source), wish->value ? " by " : "",
	       wish->value ? wish->value : "", time, state);
	if (wish->source == SN_WISHED_PUBLISHED && wish->detail) {
		fputs("  ", stdout);
		sn_out_text(wish->detail);
	}
	putchar('\n');
}

void sn_people_print_availability(SnStore *store, const SnConfig *config, SnId person)
{
	g_autoptr(SnWhereabouts) there = sn_whereabouts(store, config, person, 0, NULL);
	g_autoptr(GPtrArray) wishes = sn_contact_wishes(store, person);

	fputs("now:           ", stdout);
	if (there->value)
		printf("%s, ", there->value);
	sn_out_text(there->text);
	putchar('\n');
	for (gsize i = 0; sn_policy_key(i); i++) {
		const char *key = sn_policy_key(i)->key;
		g_autofree char *value = sn_policy_get(store, person, key);
		if (value && strcmp(key, "wish") != 0 && strcmp(key, "rule") != 0)
			printf("%s:%*s%s\n", key, (int)MAX(14 - strlen(key), 1), "", value);
	}
	for (guint i = 0; i < wishes->len; i++)
		print_wish(wishes->pdata[i]);
	print_clients(store, person);
}

void sn_people_json_availability(SnStore *store, const SnConfig *config, SnId person,
                                 SnJson *object)
{
	static const char *const words[] = { "yes", "no", "unknown" };
	g_autoptr(SnWhereabouts) there = sn_whereabouts(store, config, person, 0, NULL);
	g_autoptr(GPtrArray) rows = sn_presence_rows(store, person, 0);
	g_autoptr(GPtrArray) wishes = sn_contact_wishes(store, person);

	sn_json_text(object, "available", words[there->availability]);
	sn_json_text(object, "available_at", there->value);
	sn_json_text(object, "available_why", there->text);
	if (there->seen)
		sn_json_time(object, "seen_online", there->seen);
	SnJson *clients = sn_json_array(object, "clients");
	for (guint i = 0; i < rows->len; i++) {
		const SnPresenceRow *row = rows->pdata[i];
		SnJson *item = sn_json_object();
		sn_json_text(item, "address", row->value);
		sn_json_text(item, "account", row->account_name);
		if (*row->resource)
			sn_json_text(item, "client", row->resource);
		sn_json_text(item, "presence", sn_presence_word(row->show));
		sn_json_text(item, "why", why_word(row->why));
		sn_json_text(item, "status", row->status);
		if (row->since)
			sn_json_time(item, "since", row->since);
		if (row->show > SN_PRESENCE_OFFLINE)
			sn_json_int(item, "priority", row->priority);
		sn_json_append(clients, item);
	}
	SnJson *told = sn_json_array(object, "wishes");
	for (guint i = 0; i < wishes->len; i++) {
		const SnContactWish *wish = wishes->pdata[i];
		SnJson *item = sn_json_object();
		if (wish->rule)
			sn_json_text(item, "wish", sn_rule_word(wish->rule));
		sn_json_text(item, "source", sn_wish_source_text(wish->source));
		sn_json_text(item, "address", wish->value);
		if (wish->source == SN_WISHED_PUBLISHED)
			sn_json_text(item, "published", wish->detail);
		sn_json_time(item, "time", wish->time);
		sn_json_bool(item, "counts", wish->counts);
		sn_json_append(told, item);
	}
	for (gsize i = 0; sn_policy_key(i); i++) {
		const char *key = sn_policy_key(i)->key;
		g_autofree char *value = sn_policy_get(store, person, key);
		if (value && strcmp(key, "wish") != 0 && strcmp(key, "rule") != 0) {
			g_autofree char *member = g_strdelimit(g_strdup(key), "-", '_');
			sn_json_text(object, member, value);
		}
	}
}
