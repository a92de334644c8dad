/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help.c - the texts of --help, from the tables. */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/text/text.h"

enum { WIDTH = 79, VERB_COLUMN = 12, OPTION_COLUMN = 28 };

/* "  LEFT      MEANING", the meaning broken to lines below each other. */
static void add_row(GString *help, int column, const char *left, const char *meaning)
{
	g_autoptr(GArray) lines = sn_text_wrap(meaning, WIDTH - column);
	int used = 2 + (int)strlen(left);

	g_string_append_printf(help, "  %s", left);
	if (used + 2 > column) {
		g_string_append_c(help, '\n');
		used = 0;
	}
	for (guint i = 0; i < lines->len; i++) {
		SnSpan span = g_array_index(lines, SnSpan, i);
		g_string_append_printf(help, "%*s%.*s\n", column - (i ? 0 : used), "",
		                       (int)(span.end - span.start), meaning + span.start);
	}
}

static void add_paragraphs(GString *help, const char *text)
{
	g_auto(GStrv) paragraphs = g_strsplit(text, "\n", -1);

	for (gsize i = 0; paragraphs[i]; i++) {
		g_autoptr(GArray) lines = sn_text_wrap(paragraphs[i], WIDTH);
		for (guint j = 0; j < lines->len; j++) {
			SnSpan span = g_array_index(lines, SnSpan, j);
			g_string_append_printf(help, "%.*s\n", (int)(span.end - span.start),
			                       paragraphs[i] + span.start);
		}
	}
}

static void add_options(GString *help, const SnCliOption *options)
{
	g_string_append(help, "\nOptions:\n");
	for (const SnCliOption *option = options; option->name; option++) {
		g_autofree char *letter = option->letter ? g_strdup_printf("-%c, ", option->letter) :
		                                           g_strdup("    ");
		g_autofree char *left = g_strdup_printf("%s--%s%s%s", letter, option->name,
		                                        option->argument ? " " : "",
		                                        option->argument ? option->argument : "");
		add_row(help, OPTION_COLUMN, left, option->meaning);
	}
	add_row(help, OPTION_COLUMN, "-h, --help", "show this help");
}

char *sn_verb_help(const SnCliVerb *verb)
{
	GString *help = g_string_new(NULL);

	g_string_append_printf(help, "Usage: sennit %s [options]%s%s\n\n", verb->name,
	                       *verb->arguments ? " " : "", verb->arguments);
	g_autofree char *meaning = g_strdup_printf("%c%s.", g_ascii_toupper(verb->meaning[0]),
	                                           verb->meaning + 1);
	add_paragraphs(help, meaning);
	if (verb->text) {
		g_string_append_c(help, '\n');
		add_paragraphs(help, verb->text);
	}
	for (const SnCliSub *sub = verb->subs; sub && sub->name; sub++) {
		g_autofree char *left = g_strdup_printf("%s %s", sub->name, sub->arguments);
		if (sub == verb->subs)
			g_string_append_c(help, '\n');
		add_row(help, OPTION_COLUMN, g_strchomp(left), sub->meaning);
	}
	add_options(help, verb->options);
	return g_string_free(help, FALSE);
}

char *sn_program_help(void)
{
	GString *help = g_string_new("Usage: sennit [options] [WHO | mailto:URI | xmpp:URI]\n"
	                             "       sennit [options] VERB ...\n\n"
	                             "Email and instant messages of a person in one conversation.\n"
	                             "Without a verb: the client.\n\nVerbs:\n");

	for (const SnCliVerb *const *verb = sn_cli_verbs(); *verb; verb++)
		if ((*verb)->meaning)
			add_row(help, VERB_COLUMN, (*verb)->name, (*verb)->meaning);
	add_options(help, sn_program_options);
	g_string_append(help, "\nEach verb has --help; all of it is in the manual: man sennit\n");
	return g_string_free(help, FALSE);
}
