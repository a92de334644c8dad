/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_people.c - sennit people: the address map. */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/cli/people_import.h"
#include "src/cli/people_rule.h"
#include "src/store/facts.h"

extern const SnCliVerb sn_cmd_people;

static const SnCliOption options[] = {
	{ "vcard", 0, SN_OPT_TEXT, "3.0|4.0", "export: the version of vCards; 3.0 unless told otherwise" },
	{ "into", 0, SN_OPT_FILE, "DIR",
	  "export: into the vCard files of a directory; only what they lack is added" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static const SnCliSub subs[] = {
	{ "show", "WHO", "one person: addresses, where they come from, presence, rule" },
	{ "link", "WHO ADDRESS", "ADDRESS belongs to WHO (xmpp:bob@example.org, mailto:bob@work.example)" },
	{ "unlink", "WHO ADDRESS", "ADDRESS does not belong to WHO" },
	{ "confirm", "WHO ADDRESS", "an address that was only suggested does belong to WHO" },
	{ "merge", "WHO OTHER", "OTHER is the same person as WHO" },
	{ "split", "WHO ADDRESS...", "these addresses of WHO are somebody else" },
	{ "undo", "", "take back the last of these changes, then the one before, and so on" },
	{ "conflicts", "[WHO]", "what your sources disagree about" },
	{ "sync", "", "whether your other devices know the same (sync-map in sennit.conf)" },
	{ "name", "WHO NAME", "call WHO by this name" },
	{ "rule", "WHO [RULE|KEY=VALUE...]", "when WHO is not available: default, ask, defer, mail, send or ask-them; KEY is wish, not-available, quiet-hours, time-zone or answer; alone: show them" },
	{ "import", "FILE|DIR...", "read vCard files" },
	{ "export", "[WHO]", "print vCards, or complete those of a directory" },
	{ NULL, NULL, NULL },
};

static void print_json(SnStore *store, const SnConfig *config, const SnPerson *person,
                       SnJsonList *list)
{
	g_autoptr(GPtrArray) addresses = sn_person_addresses(store, person->id);
	g_autoptr(SnPresence) presence = sn_person_presence(store, person->id);
	SnJson *object = sn_json_object();

	sn_json_int(object, "id", person->id);
	sn_json_text(object, "name", person->name);
	SnJson *array = sn_json_array(object, "addresses");
	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		SnJson *item = sn_json_object();
		sn_json_text(item, "kind", sn_channel_word(address->channel));
		sn_json_text(item, "value", address->value);
		sn_json_text(item, "source", sn_link_source_word(address->source));
		sn_json_bool(item, "confirmed", address->confirmed);
		if (address->contested)
			sn_json_bool(item, "contested", TRUE);
		sn_json_text(item, "evidence", address->evidence);
		sn_json_append(array, item);
	}
	sn_json_text(object, "presence", sn_presence_word(presence->show));
	sn_json_text(object, "status", presence->status);
	sn_json_text(object, "rule", sn_rule_word(person->rule));
	if (person->wish != SN_RULE_DEFAULT)
		sn_json_text(object, "wish", sn_rule_word(person->wish));
	sn_people_json_availability(store, config, person->id, object);
	sn_json_item(list, object);
}

static void print_row(SnStore *store, SnTable *table, const SnPerson *person)
{
	g_autoptr(GPtrArray) addresses = sn_person_addresses(store, person->id);
	g_autoptr(SnPresence) presence = sn_person_presence(store, person->id);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		g_string_append_printf(text, "%s%s:%s%s", i ? ", " : "",
		                       sn_channel_word(address->channel), address->value,
		                       address->confirmed ? "" : " (not confirmed)");
	}
	sn_table_cellf(table, SN_FAINT, "%" G_GINT64_FORMAT, person->id);
	sn_table_cell(table, SN_STRONG, person->name);
	sn_table_cell(table, presence->show >= SN_PRESENCE_AWAY ? SN_GOOD : SN_FAINT,
	              presence->show == SN_PRESENCE_UNKNOWN ? "" : sn_presence_word(presence->show));
	sn_table_cell(table, SN_PLAIN, person->rule == SN_RULE_DEFAULT ? "" :
	                               sn_rule_word(person->rule));
	sn_table_cell(table, SN_PLAIN, text->str);
}

static int list_people(SnStore *store, const SnConfig *config, gboolean json)
{
	static const char *const titles[] = { "id", "name", "presence", "rule", "addresses", NULL };
	g_autoptr(GPtrArray) people = sn_person_list(store);
	SnTable *table = json ? NULL : sn_table_new(titles);
	SnJsonList list;

	if (json)
		sn_json_begin(&list);
	for (guint i = 0; people && i < people->len; i++) {
		if (json)
			print_json(store, config, people->pdata[i], &list);
		else
			print_row(store, table, people->pdata[i]);
	}
	if (json)
		sn_json_end(&list);
	else
		sn_table_print(table);
	return SN_EXIT_DONE;
}

/* ---- conflicts ---- */

static void print_conflict(SnTable *table, const SnConflict *one)
{
	sn_table_cell(table, SN_STRONG, one->address);
	sn_table_cell(table, SN_PLAIN, one->claimed);
	sn_table_cell(table, SN_PLAIN, sn_link_source_word(one->source));
	sn_table_cell(table, SN_FAINT, one->evidence);
	sn_table_cell(table, one->overruled ? SN_FAINT : SN_BAD,
	              one->source == SN_LINK_USER ? "your devices disagree; decide again"
	              : one->overruled            ? "not followed: you or a stronger source differ"
	                                          : "belongs to neither until you decide");
}

static int show_conflicts(SnStore *store, SnId person, gboolean json, gboolean heading)
{
	static const char *const titles[] = { "address", "is said to be of", "by", "evidence", "", NULL };
	g_autoptr(GPtrArray) conflicts = sn_map_conflicts(store, person);
	SnTable *table = json || !conflicts->len ? NULL : sn_table_new(titles);
	SnJsonList list;

	if (json)
		sn_json_begin(&list);
	if (table && heading)
		puts("\nYour sources disagree:");
	for (guint i = 0; i < conflicts->len; i++) {
		const SnConflict *one = conflicts->pdata[i];
		if (!json) {
			print_conflict(table, one);
			continue;
		}
		SnJson *object = sn_json_object();
		sn_json_text(object, "address", one->address);
		sn_json_text(object, "belongs_to", one->belongs);
		sn_json_text(object, "claimed_for", one->claimed);
		sn_json_int(object, "person", one->claimant);
		sn_json_text(object, "source", sn_link_source_word(one->source));
		sn_json_text(object, "evidence", one->evidence);
		sn_json_bool(object, "overruled", one->overruled);
		sn_json_item(&list, object);
	}
	if (json)
		sn_json_end(&list);
	else if (table)
		sn_table_print(table);
	return SN_EXIT_DONE;
}

static int show_person(SnStore *store, const SnConfig *config, SnId id, gboolean json)
{
	static const char *const titles[] = { "via", "address", "from", "confirmed", "evidence", NULL };
	g_autoptr(SnPerson) person = sn_person_get(store, id);
	g_autoptr(GPtrArray) addresses = sn_person_addresses(store, id);
	g_autoptr(SnPresence) presence = sn_person_presence(store, id);

	if (json) {
		SnJsonList list;
		sn_json_begin(&list);
		print_json(store, config, person, &list);
		sn_json_end(&list);
		return SN_EXIT_DONE;
	}
	sn_out_text(person->name);
	printf("  (id:%" G_GINT64_FORMAT ")\npresence:      %s\nrule:          %s\n", id,
	       sn_presence_word(presence->show), sn_rule_word(person->rule));
	sn_people_print_availability(store, config, id);
	SnTable *table = sn_table_new(titles);
	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		sn_table_cell(table, SN_PLAIN, sn_channel_word(address->channel));
		sn_table_cell(table, SN_STRONG, address->value);
		sn_table_cell(table, SN_PLAIN, sn_link_source_word(address->source));
		sn_table_cell(table, address->confirmed ? SN_GOOD : SN_BAD,
		              address->confirmed   ? "yes"
		              : address->contested ? "claimed by others too"
		                                   : "not confirmed");
		sn_table_cell(table, SN_FAINT, address->evidence);
	}
	sn_table_print(table);
	return show_conflicts(store, id, FALSE, TRUE);
}

/* The address row meant by the text, made when `make`; 0 after printing what is wrong. */
static SnId find_address(SnStore *store, const char *text, gboolean make, int *code)
{
	g_autoptr(GError) error = NULL;
	int channel;
	g_autofree char *value = sn_cli_address(text, &channel);

	if (!value) {
		*code = sn_cli_failf(SN_EXIT_INPUT, "'%s' is no address", text);
		return 0;
	}
	for (int i = SN_CHANNEL_MAIL; channel < 0 && i <= SN_CHANNEL_IM; i++) {
		g_autoptr(SnAddress) known = sn_address_find(store, (SnChannel)i, value);
		g_autoptr(SnAddress) other = sn_address_find(store, i == SN_CHANNEL_MAIL ?
		                                             SN_CHANNEL_IM : SN_CHANNEL_MAIL, value);
		if (known && !other)
			channel = i;
	}
	if (channel < 0) {
		*code = sn_cli_failf(SN_EXIT_USAGE, "say which kind of address it is: mailto:%s or xmpp:%s",
		                     value, value);
		return 0;
	}
	g_autoptr(SnAddress) found = sn_address_find(store, (SnChannel)channel, value);
	if (found)
		return found->id;
	if (!make) {
		*code = sn_cli_failf(SN_EXIT_NOT_FOUND, "the address %s is not known", value);
		return 0;
	}
	SnId id = sn_address_intern(store, (SnChannel)channel, value, NULL, &error);
	if (!id)
		*code = sn_cli_fail(error);
	return id;
}

static int change_link(SnStore *store, const char *what, SnId person, const char *text)
{
	g_autoptr(GError) error = NULL;
	gboolean link = strcmp(what, "link") == 0, ok;
	int code = SN_EXIT_FAILED;
	SnId address = find_address(store, text, link, &code);

	if (!address)
		return code;
	if (link)
		ok = sn_link_add(store, address, person, SN_LINK_USER, TRUE, NULL, &error);
	else if (strcmp(what, "confirm") == 0)
		ok = sn_link_confirm(store, address, person, &error);
	else
		ok = sn_link_remove(store, address, person, &error);
	return ok ? (int)SN_EXIT_DONE : sn_cli_fail(error);
}

static int merge(SnStore *store, SnId person, const char *other)
{
	g_autoptr(GError) error = NULL;
	int code = SN_EXIT_NOT_FOUND;
	SnId with = sn_cli_find_person(store, other, &code);

	if (!with)
		return code;
	return sn_people_merge(store, person, with, &error) ? (int)SN_EXIT_DONE : sn_cli_fail(error);
}

static int split(SnStore *store, SnId person, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	int code = SN_EXIT_FAILED;

	for (guint i = 2; i < sn_args_count(args); i++) {
		SnId id = find_address(store, sn_args_get(args, i), FALSE, &code);
		if (!id)
			return code;
		g_array_append_val(ids, id);
	}
	if (!sn_people_split(store, person, (SnId *)(gpointer)ids->data, ids->len, NULL, &error))
		return sn_cli_fail(error);
	return SN_EXIT_DONE;
}

static int show_sync(SnCliContext *context, SnStore *store)
{
	int code = SN_EXIT_DONE;
	SnConfig *config = sn_cli_config(context, &code);
	const char *account = config ? sn_config_settings(config)->general_sync_map : NULL;
	g_autofree char *state = sn_store_get(store, "map-sync-state");

	if (!config)
		return code;
	if (!*account) {
		puts("off: sync-map in sennit.conf names no account");
		return SN_EXIT_DONE;
	}
	fputs("by the account ", stdout);
	sn_out_text(state ? state : account);
	puts(state ? "" : ": not tried yet");
	printf("%d devices of yours, %d decisions\n", sn_facts_devices(store), sn_facts_count(store));
	return SN_EXIT_DONE;
}

static int undo(SnStore *store)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *what = NULL;

	if (!sn_map_undo(store, &what, &error))
		return sn_cli_fail(error);
	fputs("Taken back: ", stdout);
	sn_out_text(what);
	puts(".");
	return SN_EXIT_DONE;
}

static int run_sub(SnStore *store, const SnConfig *config, const char *what, const SnArgs *args)
{
	const char *who = sn_args_get(args, 1);
	gboolean rule = strcmp(what, "rule") == 0, alone = rule || strcmp(what, "show") == 0;
	int code = SN_EXIT_NOT_FOUND;

	if (!who || (!alone && !sn_args_get(args, 2)))
		return sn_cli_failf(SN_EXIT_USAGE, "'people %s' needs %s; see: sennit people --help", what,
		                    alone ? "WHO" : "WHO and one more word");
	SnId person = sn_cli_find_person(store, who, &code);
	if (!person)
		return code;
	if (rule)
		return sn_people_rule(store, person, args);
	if (alone)
		return show_person(store, config, person, sn_args_flag(args, "json"));
	g_autofree char *value = sn_args_join(args, 2);
	if (strcmp(what, "split") == 0)
		return split(store, person, args);
	if (strcmp(what, "merge") == 0)
		return merge(store, person, value);
	if (strcmp(what, "name") == 0) {
		g_autoptr(GError) error = NULL;
		return sn_person_set_name(store, person, value, &error) ? (int)SN_EXIT_DONE :
		                                                         sn_cli_fail(error);
	}
	return change_link(store, what, person, value);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *what = sn_args_get(args, 0);
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	if (!what)
		return list_people(store, context->config, sn_args_flag(args, "json"));
	if (strcmp(what, "import") == 0)
		return sn_people_import(context, store, args);
	if (strcmp(what, "export") == 0)
		return sn_people_export(context, store, args);
	if (strcmp(what, "undo") == 0)
		return undo(store);
	if (strcmp(what, "sync") == 0)
		return show_sync(context, store);
	if (strcmp(what, "conflicts") == 0) {
		const char *who = sn_args_get(args, 1);
		SnId person = who ? sn_cli_find_person(store, who, &code) : 0;
		return who && !person ? code
				      : show_conflicts(store, person, sn_args_flag(args, "json"), FALSE);
	}
	return run_sub(store, context->config, what, args);
}

const SnCliVerb sn_cmd_people = {
	.name = "people",
	.arguments = "[WORD ...]",
	.meaning = "list people, and change which addresses belong to whom",
	.text = "Without more words: everybody. An address that is not confirmed was only suggested (by "
		"a header, a vCard on the server, a reply) and is never used without a yes. An address that "
		"two of your vCards claim for two people belongs to neither until you decide; \"people "
		"conflicts\" lists these, and what was not followed because you had said otherwise. link, "
		"unlink, confirm, merge, split, name and rule can be undone.",
	.options = options,
	.subs = subs,
	.max = -1,
	.run = run,
};
