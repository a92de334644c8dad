/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion of the command line. */
#include "src/route/template.h"
#include "src/store/suggest.h"
#include "src/store/wish.h"
#include "src/store/sync.h"
#include "ui/command.h"

#include <stdlib.h>
#include <string.h>

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *new_words(void)
{
	return g_ptr_array_new_with_free_func(g_free);
}

static void add_if(GPtrArray *words, const char *candidate, const char *begun)
{
	if (candidate && g_str_has_prefix(candidate, begun) &&
	    !g_ptr_array_find_with_equal_func(words, candidate, g_str_equal, NULL))
		g_ptr_array_add(words, g_strdup(candidate));
}

GPtrArray *sn_complete_file(const char *word)
{
	GPtrArray *words = new_words();
	const char *slash = strrchr(word, '/'), *name;
	g_autofree char *head = slash ? g_strndup(word, (gsize)(slash - word + 1)) : g_strdup("");
	g_autofree char *folder = g_str_has_prefix(head, "~/")
	                                  ? g_build_filename(g_get_home_dir(), head + 2, NULL)
	                                  : g_strdup(*head ? head : ".");
	const char *begun = slash ? slash + 1 : word;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

	while (dir && words->len < 1000 && (name = g_dir_read_name(dir))) {
		g_autofree char *full = g_build_filename(folder, name, NULL);
		if (!g_str_has_prefix(name, begun) || (*name == '.' && *begun != '.') ||
		    !g_utf8_validate(name, -1, NULL))
			continue;
		g_ptr_array_add(words, g_strconcat(head, name,
		                                   g_file_test(full, G_FILE_TEST_IS_DIR) ? "/" : "",
		                                   NULL));
	}
	g_ptr_array_sort(words, by_text);
	return words;
}

/* The address book is asked by the engine, and what it says is there at the next key. */
static void ask_book(SnApp *app, const char *word)
{
	const char *command = sn_config_settings(app->config)->general_address_book_cmd;

	if (!command || !*command || g_utf8_strlen(word, -1) < 3 || g_strcmp0(word, app->book_word) == 0)
		return;
	g_free(app->book_word);
	app->book_word = g_strdup(word);
	sn_wish_set(app->store, SN_WISH_BOOK, word, "", NULL);
}

/* Names and addresses that hold the word, whatever its case. */
GPtrArray *sn_complete_person(SnApp *app, const char *word)
{
	GPtrArray *words = new_words();

	ask_book(app, word);
	/* those written to lately and often first */
	g_autoptr(GPtrArray) likely = sn_suggest(app->store, word, sn_app_now(app), 50);
	for (guint i = 0; i < likely->len; i++)
		add_if(words, ((const SnSuggestion *)likely->pdata[i])->value, "");
	guint ranked = words->len;
	static const SnShelf shelves[] = { SN_SHELF_LIST, SN_SHELF_BULK, SN_SHELF_ARCHIVED };
	for (gsize s = 0; s < G_N_ELEMENTS(shelves); s++) {
		g_autoptr(GPtrArray) rows = sn_conversation_page(app->store, NULL, shelves[s],
		                                                 *word ? word : NULL, 50);
		for (guint i = 0; rows && i < rows->len; i++) {
			const SnConversation *row = g_ptr_array_index(rows, i);
			g_autoptr(GPtrArray) members = sn_conversation_members(app->store, row->id);
			for (guint m = 0; members && m < members->len && words->len < 200; m++) {
				const SnAddress *address = g_ptr_array_index(members, m);
				add_if(words, address->value, "");
			}
		}
	}
	/* and those with whom nothing was exchanged yet */
	g_autoptr(GPtrArray) people = *word ? sn_person_named(app->store, word, 50) : NULL;
	for (guint i = 0; people && i < people->len; i++) {
		const SnPerson *person = g_ptr_array_index(people, i);
		g_autoptr(GPtrArray) addresses = sn_person_addresses(app->store, person->id);
		for (guint n = 0; addresses && n < addresses->len; n++) {
			const SnAddress *address = g_ptr_array_index(addresses, n);
			if (address->confirmed)
				add_if(words, address->value, "");
		}
	}
	if (words->len > ranked)
		qsort(words->pdata + ranked, words->len - ranked, sizeof *words->pdata, by_text);
	return words;
}

GPtrArray *sn_complete_folder(SnApp *app, const char *word)
{
	GPtrArray *words = new_words();
	g_autoptr(GPtrArray) folders = sn_folder_list(app->store, 0);

	for (guint i = 0; folders && i < folders->len; i++)
		add_if(words, ((SnFolder *)folders->pdata[i])->name, word);
	g_ptr_array_sort(words, by_text);
	return words;
}

static GPtrArray *complete_name(const char *begun)
{
	GPtrArray *words = new_words();

	for (const SnCommand *const *group = sn_command_groups; *group; group++)
		for (const SnCommand *command = *group; command->name; command++)
			add_if(words, command->name, begun);
	g_ptr_array_sort(words, by_text);
	return words;
}

static void add_options(GPtrArray *words, const char *begun)
{
#define X(section, key, type, fallback, meaning)                                               \
	{                                                                                      \
		char name[] = #section "." #key;                                               \
		add_if(words, g_strdelimit(name, "_", '-'), begun);                            \
	}
	SN_OPTION_TABLE(X)
#undef X
}

static void add_identities(SnApp *app, GPtrArray *words, const char *begun)
{
	add_if(words, "default", begun);
	add_if(words, "next", begun);
	for (gsize i = 0; i < sn_config_account_count(app->config); i++) {
		const SnAccount *account = sn_config_account(app->config, i);
		for (guint n = 0; account->enabled && n < account->identities->len; n++)
			add_if(words, ((SnIdentity *)account->identities->pdata[n])->address, begun);
	}
}

static GPtrArray *complete_argument(SnApp *app, const SnCommand *command, const char *word)
{
	GPtrArray *words;
	g_auto(GStrv) list = NULL, dirs = NULL;

	switch (command->completion) {
	case SN_COMPLETE_FILE: return sn_complete_file(word);
	case SN_COMPLETE_FOLDER: return sn_complete_folder(app, word);
	case SN_COMPLETE_PERSON: return sn_complete_person(app, word);
	case SN_COMPLETE_COMMAND: return complete_name(word);
	default: break;
	}
	words = new_words();
	if (command->completion == SN_COMPLETE_WORDS)
		list = g_strsplit(command->words, " ", -1);
	if (command->completion == SN_COMPLETE_THEME) {
		dirs = sn_app_theme_dirs(app);
		list = sn_theme_list((const char *const *)dirs);
	}
	if (command->completion == SN_COMPLETE_TEMPLATE)
		list = sn_template_names(app->setup->paths);
	if (command->completion == SN_COMPLETE_IDENTITY)
		add_identities(app, words, word);
	if (command->completion == SN_COMPLETE_OPTION)
		add_options(words, word);
	for (char **entry = list; entry && *entry; entry++)
		add_if(words, *entry, word);
	return words;
}

GPtrArray *sn_complete_command(SnApp *app, const char *line, gsize *start)
{
	const char *blank = strchr(line, ' '), *last = strrchr(line, ' ');
	g_autofree char *name = NULL;
	const SnCommand *command;

	*start = 0;
	if (!blank)
		return complete_name(line);
	name = g_strndup(line, (gsize)(blank - line));
	command = sn_command_find(name);
	/* file names may hold blanks: the rest of the line is one */
	if (command && command->completion == SN_COMPLETE_FILE && command->max < 0)
		last = blank;
	*start = (gsize)(last + 1 - line);
	return command ? complete_argument(app, command, last + 1) : new_words();
}
