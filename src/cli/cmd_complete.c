/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_complete.c - what the shells' completion asks: sennit __complete -- WORD... prints what the
 * last word may become, as "word<Tab>meaning" lines; the line ":files" stands for file names. From
 * the same tables as everything else, so that it is never stale.
 */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/text/text.h"

enum { MAX_NAMES = 200 };

extern const SnCliVerb sn_cmd_complete;

static const SnCliOption options[] = { SN_OPTION_END };

static void offer(const char *current, const char *word, const char *meaning)
{
	if (g_ascii_strncasecmp(word, current, strlen(current)) != 0)
		return;
	g_autofree char *clean = sn_text_clean_line(meaning ? meaning : "", -1);
	printf("%s\t%s\n", word, clean);
}

/* People and conversations by their addresses: these need no quoting and are unique. */
static void offer_names(SnCliContext *context, const char *current)
{
	g_autoptr(GError) error = NULL;
	SnStore *store;

	if (!g_file_test(context->paths->store_path, G_FILE_TEST_EXISTS))
		return;
	store = sn_store_open(context->paths->store_path, SN_STORE_READER, &error);
	if (!store)
		return;
	g_autoptr(GPtrArray) page = sn_conversation_page(store, NULL, FALSE, *current ? current : NULL,
	                                                 MAX_NAMES);
	for (guint i = 0; page && i < page->len; i++) {
		const SnConversation *one = page->pdata[i];
		g_autoptr(GPtrArray) members = sn_conversation_members(store, one->id);
		for (guint j = 0; members && j < members->len && members->len <= 4; j++)
			offer(current, ((SnAddress *)members->pdata[j])->value, one->title);
	}
	sn_store_close(store);
}

static void offer_value(SnCliContext *context, const SnCliOption *option, const char *current)
{
	if (option->kind == SN_OPT_FILE || option->kind == SN_OPT_FILES) {
		puts(":files");
	} else if (strchr(option->argument, '|')) {
		g_auto(GStrv) words = g_strsplit(option->argument, "|", -1);
		for (gsize i = 0; words[i]; i++) {
			/* "last:N" completes to "last:" */
			char *colon = strchr(words[i], ':');
			if (colon)
				colon[1] = '\0';
			offer(current, words[i], option->meaning);
		}
	} else if (strcmp(option->argument, "WHO") == 0 || strcmp(option->argument, "ADDRESS") == 0) {
		offer_names(context, current);
	}
}

static void offer_options(const SnCliOption *list, const char *current)
{
	for (const SnCliOption *option = list; option->name; option++) {
		g_autofree char *word = g_strconcat("--", option->name, NULL);
		offer(current, word, option->meaning);
	}
	offer(current, "--help", "show this help");
}

/* The option of `list` that waits for its value in the next word; NULL. */
static const SnCliOption *waiting_option(const SnCliOption *list, const char *word)
{
	for (const SnCliOption *option = list; option->name && word[0] == '-'; option++)
		if (option->kind != SN_OPT_FLAG &&
		    ((word[1] == '-' && strcmp(word + 2, option->name) == 0) ||
		     (word[1] == option->letter && option->letter && !word[2])))
			return option;
	return NULL;
}

static void offer_arguments(SnCliContext *context, const SnCliVerb *verb, guint position,
                            const char *sub, const char *current)
{
	gboolean who = strstr(verb->arguments, "WHO") != NULL;

	if (verb->subs && position == 0)
		for (const SnCliSub *one = verb->subs; one->name; one++)
			offer(current, one->name, one->meaning);
	else if (strstr(verb->arguments, "PATH") || (sub && strcmp(sub, "import") == 0))
		puts(":files");
	else if (who || (verb->subs && strcmp(verb->name, "people") == 0 && position >= 1))
		offer_names(context, current);
}

static void complete_verb(SnCliContext *context, const SnCliVerb *verb, const SnArgs *args,
                          guint first, const char *current)
{
	guint last = sn_args_count(args) - 1, position = 0;
	const SnCliOption *waiting = NULL;
	const char *sub = NULL;

	for (guint i = first; i < last; i++) {
		const char *word = sn_args_get(args, i);
		if (waiting) {
			waiting = NULL;
		} else if (word[0] == '-') {
			waiting = waiting_option(verb->options, word);
		} else {
			if (!position++)
				sub = word;
		}
	}
	if (waiting)
		offer_value(context, waiting, current);
	else if (current[0] == '-')
		offer_options(verb->options, current);
	else
		offer_arguments(context, verb, position, sub, current);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	guint count = sn_args_count(args);
	const char *current = count ? sn_args_get(args, count - 1) : "";
	const SnCliOption *waiting = NULL;

	for (guint i = 0; i + 1 < count; i++) {
		const char *word = sn_args_get(args, i);
		if (waiting) {
			/* the names to offer are those of that profile */
			if (waiting->letter == 'c') {
				SnPaths *paths = g_file_test(word, G_FILE_TEST_IS_DIR) ?
					sn_paths_new(word, NULL) : NULL;
				if (paths) {
					sn_paths_free(context->paths);
					context->paths = paths;
				}
			}
			waiting = NULL;
		} else if (word[0] == '-') {
			waiting = waiting_option(sn_program_options, word);
		} else if (sn_cli_is_verb(word)) {
			complete_verb(context, sn_cli_verb(word), args, i + 1, current);
			return SN_EXIT_DONE;
		}
	}
	if (waiting)
		offer_value(context, waiting, current);
	else if (current[0] == '-')
		offer_options(sn_program_options, current);
	for (const SnCliVerb *const *verb = sn_cli_verbs(); !waiting && current[0] != '-' && *verb; verb++)
		if ((*verb)->meaning)
			offer(current, (*verb)->name, (*verb)->meaning);
	return SN_EXIT_DONE;
}

/* No meaning: in no help and no manual. */
const SnCliVerb sn_cmd_complete = {
	.name = "__complete",
	.arguments = "-- WORD...",
	.options = options,
	.max = -1,
	.run = run,
};
