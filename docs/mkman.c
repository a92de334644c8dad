/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mkman.c - writes a manual page: copies a template, and in place of lines such as @VERBS@ (the
 * table is at the end) what the program's own tables say. mdoc(7).
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/config/config.h"
#include "ui/ui.h"

/* Text that roff shows as it is. */
static void put_text(const char *text)
{
	gboolean start = TRUE;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		start = *text == '\n';
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-' && text[1] == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

/* Sentences begin on lines of their own (a rule of mdoc). */
static void put_sentences(const char *text)
{
	g_autoptr(GString) lines = g_string_new(text);

	g_string_replace(lines, ". ", ".\n", 0);
	g_string_replace(lines, "\n\n", "\n", 0);
	put_text(lines->str);
	putchar('\n');
}

static void put_options(const SnCliOption *options)
{
	puts(".Bl -tag -width Ds");
	for (const SnCliOption *option = options; option->name; option++) {
		fputs(".It ", stdout);
		if (option->letter)
			printf("Fl %c , ", option->letter);
		printf("Fl Fl %s", option->name);
		if (option->argument) {
			fputs(" Ar ", stdout);
			put_text(option->argument);
		}
		putchar('\n');
		put_sentences(option->meaning);
	}
	puts(".It Fl h , Fl Fl help\nshow a short help\n.El");
}

static void put_verbs(void)
{
	for (const SnCliVerb *const *at = sn_cli_verbs(); *at; at++) {
		const SnCliVerb *verb = *at;
		if (!verb->meaning)
			continue;
		printf(".Ss sennit %s", verb->name);
		putchar(*verb->arguments ? ' ' : '\n');
		if (*verb->arguments) {
			put_text(verb->arguments);
			putchar('\n');
		}
		g_autofree char *meaning = g_strdup_printf("%c%s.", g_ascii_toupper(*verb->meaning),
		                                           verb->meaning + 1);
		put_sentences(meaning);
		if (verb->text)
			put_sentences(verb->text);
		if (verb->subs) {
			puts(".Bl -tag -width Ds");
			for (const SnCliSub *sub = verb->subs; sub->name; sub++) {
				printf(".It Cm %s Ar %s\n", sub->name, sub->arguments);
				put_sentences(sub->meaning);
			}
			puts(".El");
		}
		puts(".Pp\nOptions:");
		put_options(verb->options);
	}
}

static void put_exits(void)
{
	static const struct {
		int code;
		const char *meaning;
	} exits[] = {
#define X(name, code, meaning) { code, meaning },
		SN_EXIT_TABLE(X)
#undef X
	};

	puts(".Bl -tag -width Ds");
	for (gsize i = 0; i < G_N_ELEMENTS(exits); i++)
		printf(".It %d\n%s\n", exits[i].code, exits[i].meaning);
	puts(".El");
}

static void put_settings(void)
{
	gsize count;
	const SnOption *options = sn_options(&count);

	for (gsize i = 0; i < count; i++) {
		g_autofree char *key = sn_option_key(&options[i]);
		g_autofree char *type = g_ascii_strdown(options[i].type, -1);
		if (!i || strcmp(options[i].section, options[i - 1].section) != 0)
			printf("%s.Ss [%s]\n.Bl -tag -width Ds\n", i ? ".El\n" : "", options[i].section);
		printf(".It Ic %s No = Ar %s\n", key, type);
		put_text(options[i].meaning);
		if (*options[i].fallback) {
			printf(".\nDefault:\n.Ql ");
			put_text(options[i].fallback);
			puts(" .");
		} else {
			puts(".\nDefault: empty.");
		}
	}
	puts(".El");
}

static void put_account_keys(void)
{
	puts(".Bl -tag -width Ds");
	for (gsize i = 0; sn_account_key(i); i++) {
		const SnAccountKey *key = sn_account_key(i);
		printf(".It Ic %s No = Ar ", key->key);
		put_text(key->value);
		putchar('\n');
		put_sentences(key->meaning);
	}
	puts(".El");
}

/* Rows of a table of the client's; *data is the group (char *) of the row before. */

static void put_key(const char *context, const char *keys, const char *command,
                    const char *meaning, gpointer data)
{
	const char **last = data;

	if (g_strcmp0(*last, context) != 0)
		printf("%s.Ss [%s]\n.Bl -tag -width Ds\n", *last ? ".El\n" : "", context);
	*last = context;
	/* a key may be a macro's name or a delimiter: \\& keeps it what it is */
	fputs(".It Ic \\&", stdout);
	put_text(keys);
	fputs(" No = ", stdout);
	put_text(command);
	putchar('\n');
	put_text(meaning);
	putchar('\n');
}

static void put_keys(void)
{
	const char *last = NULL;

	sn_ui_each_bind(put_key, &last);
	puts(".El");
}

static void put_command(const char *group, const char *name, const char *arguments,
                        const char *meaning, gpointer data)
{
	printf(".It Ic :%s", name);
	if (arguments && *arguments) {
		fputs(" Ar ", stdout);
		put_text(arguments);
	}
	putchar('\n');
	put_text(meaning);
	putchar('\n');
}

static void put_commands(void)
{
	puts(".Bl -tag -width Ds");
	sn_ui_each_command(put_command, NULL);
	puts(".El");
}

static void put_object(const char *group, const char *name, const char *arguments,
                       const char *meaning, gpointer data)
{
	printf(".It Ic %s\n", name);
	put_text(meaning);
	putchar('\n');
}

static void put_objects(void)
{
	puts(".Bl -tag -width Ds");
	sn_ui_each_object(put_object, NULL);
	puts(".El");
}

static void put_program_options(void)
{
	put_options(sn_program_options);
}

static const struct {
	const char *marker;
	void (*put)(void);
} parts[] = {
	{ "@VERBS@", put_verbs },
	{ "@EXITS@", put_exits },
	{ "@SETTINGS@", put_settings },
	{ "@ACCOUNT_KEYS@", put_account_keys },
	{ "@OPTIONS@", put_program_options },
	{ "@KEYS@", put_keys },
	{ "@COMMANDS@", put_commands },
	{ "@OBJECTS@", put_objects },
};

int main(int argc, char **argv)
{
	g_autofree char *template = NULL;

	if (argc != 2 || !g_file_get_contents(argv[1], &template, NULL, NULL)) {
		fputs("usage: mkman TEMPLATE > PAGE\n", stderr);
		return 2;
	}
	g_auto(GStrv) lines = g_strsplit(template, "\n", -1);
	for (gsize i = 0; lines[i] && (lines[i + 1] || *lines[i]); i++) {
		gsize part = 0;
		while (part < G_N_ELEMENTS(parts) && strcmp(lines[i], parts[part].marker) != 0)
			part++;
		if (part < G_N_ELEMENTS(parts))
			parts[part].put();
		else
			puts(lines[i]);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
