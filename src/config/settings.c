/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings.c - sennit.conf, from the table in options.h. */
#include <string.h>

#include "src/config/config_private.h"
#include "src/config/mailcap.h"
#include "src/store/message.h"

/* The section whose keys are media types. */
#define OPEN_SECTION "open"
/* The section whose keys are names. */
#define SEARCHES_SECTION "searches"

/* The words a person may write; what they mean is the store's (a test holds the two together). */
static const struct {
	const char *word;
	SnRule rule;
} rules[] = {
	{ "ask", SN_RULE_ASK },   { "defer", SN_RULE_DEFER },       { "mail", SN_RULE_MAIL },
	{ "send", SN_RULE_SEND }, { "ask-them", SN_RULE_ASK_THEM },
};
const char *const sn_rule_file_words[] = { "ask", "defer", "mail", "send", "ask-them", NULL };

static const struct {
	const char *word;
	SnPresenceShow show;
} shows[] = {
	{ "offline", SN_PRESENCE_OFFLINE }, { "xa", SN_PRESENCE_XA },
	{ "dnd", SN_PRESENCE_DND },         { "away", SN_PRESENCE_AWAY },
	{ "online", SN_PRESENCE_ONLINE },   { "chat", SN_PRESENCE_CHAT },
};
static const char *const show_words[] = { "offline", "xa", "dnd", "away", "online", "chat", NULL };

gboolean sn_rule_from_file(const char *word, SnRule *rule)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
		if (strcmp(rules[i].word, word) == 0) {
			*rule = rules[i].rule;
			return TRUE;
		}
	return FALSE;
}

/* Each reader returns NULL when the value is right, else what is wrong with it (caller frees). */

static char *read_BOOL(const char *text, gboolean *value)
{
	static const char *const words[] = { "true", "false", NULL };

	*value = strcmp(text, "true") == 0;
	if (*value || strcmp(text, "false") == 0)
		return NULL;
	return sn_problems_hint(text, words);
}

static char *read_INT(const char *text, int *value)
{
	gint64 number;

	if (!g_ascii_string_to_signed(text, 10, 0, 1000000, &number, NULL))
		return g_strdup(": a whole number is needed");
	*value = (int)number;
	return NULL;
}

static char *read_TIME(const char *text, SnTime *value)
{
	return sn_duration_parse(text, value) ?
	       NULL : g_strdup(": a time is a number with ms, s, m, h, d or w, like 90s or 1h30m");
}

static char *read_SIZE(const char *text, gint64 *value)
{
	return sn_bytes_parse(text, value) ?
	       NULL : g_strdup(": a size is a number of bytes, or one with k, M or G, like 64k or 10M");
}

static char *read_STRING(const char *text, char **value)
{
	g_free(*value);
	*value = sn_ini_unquote(text);
	return NULL;
}

static char *read_PATH(const char *text, char **value)
{
	g_autofree char *plain = sn_ini_unquote(text);

	if (*plain && *plain != '/' && !g_str_has_prefix(plain, "~/"))
		return g_strdup(": write the whole path, or one that begins with ~/");
	g_free(*value);
	*value = *plain ? sn_path_expand(plain, NULL) : g_strdup("");
	return NULL;
}

static char *read_RULE(const char *text, SnRule *value)
{
	return sn_rule_from_file(text, value) ? NULL : sn_problems_hint(text, sn_rule_file_words);
}

char *sn_shows_parse(const char *text, guint *value)
{
	g_auto(GStrv) words = g_strsplit_set(text, ", \t", -1);

	*value = 0;
	for (gsize i = 0; words[i]; i++) {
		gsize j = 0;
		while (j < G_N_ELEMENTS(shows) && strcmp(shows[j].word, words[i]) != 0)
			j++;
		if (j < G_N_ELEMENTS(shows))
			*value |= 1u << shows[j].show;
		else if (*words[i])
			return sn_problems_hint(words[i], show_words);
	}
	return NULL;
}

char *sn_shows_format(guint mask)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(shows); i++)
		if (mask & 1u << shows[i].show)
			g_string_append_printf(text, "%s%s", text->len ? "," : "", shows[i].word);
	return g_string_free(text, FALSE);
}

static char *read_SHOWS(const char *text, guint *value)
{
	return sn_shows_parse(text, value);
}

static char *read_HOURS(const char *text, SnHours **value)
{
	g_autofree char *plain = sn_ini_unquote(text), *problem = NULL;
	SnHours *hours = sn_hours_parse(plain, &problem);

	if (!hours)
		return g_strdup_printf(": %s", problem);
	sn_hours_free(*value);
	*value = hours;
	return NULL;
}

static char *read_ZONE(const char *text, char **value)
{
	g_autofree char *plain = sn_ini_unquote(text);

	if (*plain && !sn_zone_check(plain))
		return g_strdup(": no such time zone; write a name like Europe/Berlin or UTC");
	g_free(*value);
	*value = g_steal_pointer(&plain);
	return NULL;
}

static char *read_ANSWER(const char *text, SnQuestionRule *value)
{
	static const char *const words[] = {
#define X(name, word, meaning) word,
		SN_QUESTION_RULE_TABLE(X)
#undef X
		NULL
	};

	if (sn_question_rule_parse(text, value) && *value != SN_QUESTION_DEFAULT)
		return NULL;
	return sn_problems_hint(text, words + 1); /* the settings are the last to ask */
}

static char *read_TELL(const char *text, SnRoomTell *value)
{
	static const char *const words[] = { "all", "mentions", "nothing", NULL };

	if (sn_room_tell_parse(text, value) && *value != SN_ROOM_TELL_DEFAULT)
		return NULL;
	return sn_problems_hint(text, words);
}

static char *read_MDN(const char *text, SnMdnRule *value)
{
	static const char *const words[] = {
#define X(name, word, meaning) word,
		SN_MDN_RULE_TABLE(X)
#undef X
		NULL
	};

	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0) {
			*value = (SnMdnRule)i;
			return NULL;
		}
	return sn_problems_hint(text, words);
}

static char *read_HISTORY(const char *text, char **value)
{
	static const char *const words[] = { "none", "thread", "all", "last:N", NULL };
	gboolean last = g_str_has_prefix(text, "last:") &&
	                g_ascii_string_to_unsigned(text + 5, 10, 1, 1000, NULL, NULL);

	if (!last && !g_strv_contains(words, text))
		return sn_problems_hint(text, words);
	g_free(*value);
	*value = g_strdup(text);
	return NULL;
}

const SnOption *sn_options(gsize *count)
{
#define X(section, key, type, fallback, meaning) { #section, #key, #type, fallback, meaning },
	static const SnOption options[] = { SN_OPTION_TABLE(X) };
#undef X
	*count = G_N_ELEMENTS(options);
	return options;
}

char *sn_option_key(const SnOption *option)
{
	return g_strdelimit(g_strdup(option->key), "_", '-');
}

/* NULL, or what is wrong. The option must exist. */
static char *set_option(SnSettings *settings, const SnOption *option, const char *text)
{
#define X(s, k, type, fallback, meaning)                                                       \
	if (strcmp(option->section, #s) == 0 && strcmp(option->key, #k) == 0)                  \
		return read_##type(text, &settings->s##_##k);
	SN_OPTION_TABLE(X)
#undef X
	g_assert_not_reached();
}

static const SnOption *find_option(const char *section, const char *key)
{
	gsize count;
	const SnOption *options = sn_options(&count);

	for (gsize i = 0; i < count; i++) {
		g_autofree char *name = sn_option_key(&options[i]);
		if (strcmp(options[i].section, section) == 0 && strcmp(name, key) == 0)
			return &options[i];
	}
	return NULL;
}

/* Names of the sections (section NULL) or of the keys of one. Caller frees. */
static char **option_names(const char *section)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	gsize count;
	const SnOption *options = sn_options(&count);

	for (gsize i = 0; i < count; i++) {
		g_autofree char *key = sn_option_key(&options[i]);
		if (section && strcmp(options[i].section, section) == 0)
			g_strv_builder_add(names, key);
		if (!section && (!i || strcmp(options[i].section, options[i - 1].section) != 0))
			g_strv_builder_add(names, options[i].section);
	}
	if (!section) {
		g_strv_builder_add(names, OPEN_SECTION);
		g_strv_builder_add(names, SEARCHES_SECTION);
	}
	return g_strv_builder_end(names);
}

static gboolean known_section(const SnIniSection *section, const char *file, SnProblems *problems)
{
	g_auto(GStrv) sections = option_names(NULL);

	if (g_strv_contains((const char *const *)sections, section->name))
		return TRUE;
	g_autofree char *hint = sn_problems_hint(section->name, (const char *const *)sections);
	if (*section->name)
		sn_problems_add(problems, file, section->line, "unknown section [%s]%s", section->name,
		                hint);
	else if (section->entries->len)
		sn_problems_add(problems, file, ((SnIniEntry *)section->entries->pdata[0])->line,
		                "a setting before the first [section]%s", hint);
	return FALSE;
}

static void read_setting(SnSettings *settings, const SnIniSection *section, const SnIniEntry *entry,
                         const char *file, SnProblems *problems)
{
	const SnOption *option = find_option(section->name, entry->key);

	if (!option) {
		g_auto(GStrv) keys = option_names(section->name);
		g_autofree char *hint = sn_problems_hint(entry->key, (const char *const *)keys);
		sn_problems_add(problems, file, entry->line, "unknown key '%s' in [%s]%s", entry->key,
		                section->name, hint);
		return;
	}
	g_autofree char *wrong = set_option(settings, option, entry->value);
	if (wrong)
		sn_problems_add(problems, file, entry->line, "%s = %s%s", entry->key, entry->value, wrong);
}

/* [open]: TYPE = COMMAND; what else mailcap knows. */
static void read_opener(SnSettings *settings, const SnIniEntry *entry, const char *file,
                        SnProblems *problems)
{
	g_autofree char *command = sn_ini_unquote(entry->value);
	g_autofree char *line = g_strdup_printf("%s; %s", entry->key, command);
	SnMailcapEntry *opener = sn_mailcap_entry_parse(line);

	if (opener)
		g_ptr_array_add(settings->open, opener);
	else
		sn_problems_add(problems, file, entry->line,
		                "%s = %s: write a type and a command, like image/* = feh %%s", entry->key,
		                entry->value);
}

static void search_free(gpointer data)
{
	SnNamedSearch *search = data;

	g_free(search->name);
	g_free(search->query);
	g_free(search);
}

/* [searches]: NAME = QUERY, as it is typed after "/". */
static void read_search(SnSettings *settings, const SnIniEntry *entry, const char *file,
                        SnProblems *problems)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnQuery) query = sn_query_parse(entry->value, NULL, &error);

	if (!query || !*entry->value) {
		sn_problems_add(problems, file, entry->line, "%s = %s: %s", entry->key, entry->value,
		                error ? error->message : "write what to search for");
		return;
	}
	SnNamedSearch *search = g_new(SnNamedSearch, 1);
	search->name = g_strdup(entry->key);
	search->query = g_strdup(entry->value);
	g_ptr_array_add(settings->searches, search);
}

/* A key given twice would silently lose one of its values. */
static gboolean is_repeated(GHashTable *seen, const SnIniSection *section, const SnIniEntry *entry,
                            const char *file, SnProblems *problems)
{
	g_autofree char *full = g_strdup_printf("%s/%s", section->name, entry->key);
	int first = GPOINTER_TO_INT(g_hash_table_lookup(seen, full));

	if (first)
		sn_problems_add(problems, file, entry->line, "'%s' is set before, in line %d", entry->key,
		                first);
	else
		g_hash_table_insert(seen, g_steal_pointer(&full), GINT_TO_POINTER(entry->line));
	return first != 0;
}

SnSettings *sn_settings_read(const char *text, const char *file, SnProblems *problems)
{
	SnSettings *settings = g_new0(SnSettings, 1);
	g_autoptr(GPtrArray) sections = sn_ini_parse(text, file, problems);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gsize count;
	const SnOption *options = sn_options(&count);

	settings->open = g_ptr_array_new_with_free_func((GDestroyNotify)sn_mailcap_entry_free);
	settings->searches = g_ptr_array_new_with_free_func(search_free);
	for (gsize i = 0; i < count; i++) {
		g_autofree char *wrong = set_option(settings, &options[i], options[i].fallback);
		g_assert(!wrong);
	}
	for (guint i = 0; i < sections->len; i++) {
		const SnIniSection *section = sections->pdata[i];
		if (!known_section(section, file, problems))
			continue;
		for (guint j = 0; j < section->entries->len; j++) {
			const SnIniEntry *entry = section->entries->pdata[j];
			if (is_repeated(seen, section, entry, file, problems))
				continue;
			if (strcmp(section->name, OPEN_SECTION) == 0)
				read_opener(settings, entry, file, problems);
			else if (strcmp(section->name, SEARCHES_SECTION) == 0)
				read_search(settings, entry, file, problems);
			else
				read_setting(settings, section, entry, file, problems);
		}
	}
	return settings;
}

#define FREE_BOOL(value) (void)(value)
#define FREE_INT(value) (void)(value)
#define FREE_TIME(value) (void)(value)
#define FREE_SIZE(value) (void)(value)
#define FREE_RULE(value) (void)(value)
#define FREE_MDN(value) (void)(value)
#define FREE_TELL(value) (void)(value)
#define FREE_SHOWS(value) (void)(value)
#define FREE_ANSWER(value) (void)(value)
#define FREE_HOURS(value) sn_hours_free(value)
#define FREE_ZONE(value) g_free(value)
#define FREE_STRING(value) g_free(value)
#define FREE_PATH(value) g_free(value)
#define FREE_HISTORY(value) g_free(value)

void sn_settings_free(SnSettings *settings)
{
	if (!settings)
		return;
#define X(section, key, type, fallback, meaning) FREE_##type(settings->section##_##key);
	SN_OPTION_TABLE(X)
#undef X
	g_ptr_array_unref(settings->open);
	g_ptr_array_unref(settings->searches);
	g_free(settings);
}
