/* SPDX-License-Identifier: GPL-3.0-or-later */
/* args.c - options by table: --name value, --name=value, -n value, -- ends them. */
#include <string.h>

#include "src/base/nearest.h"
#include "src/cli/cli_private.h"

struct sn_args {
	const SnCliOption *options;
	GHashTable *values;   /* name -> GPtrArray of const char *, NULL-terminated */
	GPtrArray *arguments; /* of const char *, argv's */
};

static const SnCliOption help_option = { "help", 'h', SN_OPT_FLAG, NULL, "show this help" };

static const SnCliOption *find_long(const SnCliOption *options, const char *name, gsize length)
{
	for (const SnCliOption *option = options; option->name; option++)
		if (strlen(option->name) == length && strncmp(option->name, name, length) == 0)
			return option;
	return strncmp(name, "help", length) == 0 && length == 4 ? &help_option : NULL;
}

static const SnCliOption *find_short(const SnCliOption *options, char letter)
{
	for (const SnCliOption *option = options; option->name; option++)
		if (option->letter && option->letter == letter)
			return option;
	return letter == 'h' ? &help_option : NULL;
}

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fail(GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (error)
		*error = g_error_new_valist(SN_ERROR, SN_ERROR_CONFIG, format, args);
	va_end(args);
	return FALSE;
}

static gboolean unknown(const char *verb, const SnCliOption *options, const char *word,
                        GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *name = g_strndup(word, strcspn(word, "="));

	for (const SnCliOption *option = options; option->name; option++)
		g_ptr_array_add(names, (gpointer)option->name);
	g_ptr_array_add(names, (gpointer)help_option.name);
	g_ptr_array_add(names, NULL);
	const char *near = g_str_has_prefix(name, "--") ?
		sn_nearest(name + 2, (const char *const *)names->pdata) : NULL;
	const char *help = *verb ? " " : "";
	return near ? fail(error, "unknown option '%s'; did you mean '--%s'? See: sennit%s%s --help",
	                   name, near, help, verb) :
	              fail(error, "unknown option '%s'; see: sennit%s%s --help", name, help, verb);
}

static gboolean check_value(const SnCliOption *option, const char *value, GError **error)
{
	if (option->kind == SN_OPT_NUMBER) {
		if (!g_ascii_string_to_unsigned(value, 10, 0, 1000000000, NULL, NULL))
			return fail(error, "--%s needs a whole number, not '%s'", option->name, value);
		return TRUE;
	}
	/* lower-case alternatives are a closed list of words; one with a ':' takes something after it */
	if (!strchr(option->argument, '|'))
		return TRUE;
	g_auto(GStrv) words = g_strsplit(option->argument, "|", -1);
	for (gsize i = 0; words[i]; i++) {
		const char *colon = strchr(words[i], ':');
		if (strcmp(words[i], value) == 0 ||
		    (colon && strncmp(words[i], value, (gsize)(colon - words[i]) + 1) == 0))
			return TRUE;
	}
	const char *near = sn_nearest(value, (const char *const *)words);
	g_autofree char *all = g_strjoinv(", ", words);
	return fail(error, "--%s cannot be '%s'%s%s%s allowed: %s", option->name, value,
	            near ? "; did you mean '" : ";", near ? near : "", near ? "'?" : "", all);
}

static gboolean set_value(SnArgs *args, const SnCliOption *option, const char *value,
                          GError **error)
{
	gboolean many = option->kind == SN_OPT_LIST || option->kind == SN_OPT_FILES;
	GPtrArray *values = g_hash_table_lookup(args->values, option->name);

	if (option->kind != SN_OPT_FLAG && !check_value(option, value, error))
		return FALSE;
	if (values && !many && option->kind != SN_OPT_FLAG)
		return fail(error, "--%s is given twice", option->name);
	if (!values) {
		values = g_ptr_array_new();
		g_hash_table_insert(args->values, (gpointer)option->name, values);
	} else {
		g_ptr_array_set_size(values, (int)values->len - 1);
	}
	g_ptr_array_add(values, (gpointer)value);
	g_ptr_array_add(values, NULL);
	return TRUE;
}

/* Takes the option at argv[*at], and its value where that is a word of its own. */
static gboolean take_option(SnArgs *args, const char *verb, int argc, char **argv, int *at,
                            GError **error)
{
	const char *word = argv[*at], *value = NULL;
	const SnCliOption *option;

	if (word[1] == '-') {
		gsize length = strcspn(word + 2, "=");
		option = find_long(args->options, word + 2, length);
		if (word[2 + length])
			value = word + 3 + length;
	} else {
		option = find_short(args->options, word[1]);
		if (option && word[2])
			value = word + 2 + (word[2] == '=');
	}
	if (!option)
		return unknown(verb, args->options, word, error);
	if (option->kind == SN_OPT_FLAG) {
		if (value)
			return fail(error, "--%s takes no value", option->name);
		value = "";
	} else if (!value) {
		if (*at + 1 >= argc)
			return fail(error, "--%s needs a value: %s", option->name, option->argument);
		value = argv[++*at];
	}
	return set_value(args, option, value, error);
}

SnArgs *sn_args_parse(const char *verb, const SnCliOption *options, int argc, char **argv,
                      gboolean stop_early, int *rest, GError **error)
{
	g_autoptr(SnArgs) args = g_new0(SnArgs, 1);
	gboolean more = TRUE;
	int at;

	args->options = options;
	args->values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
	                                     (GDestroyNotify)g_ptr_array_unref);
	args->arguments = g_ptr_array_new();
	for (at = 1; at < argc; at++) {
		if (more && strcmp(argv[at], "--") == 0) {
			more = FALSE;
			continue;
		}
		if (more && argv[at][0] == '-' && argv[at][1]) {
			if (!take_option(args, verb, argc, argv, &at, error))
				return NULL;
			continue;
		}
		if (stop_early)
			break;
		g_ptr_array_add(args->arguments, argv[at]);
	}
	if (rest)
		*rest = at;
	return g_steal_pointer(&args);
}

void sn_args_free(SnArgs *args)
{
	if (!args)
		return;
	g_hash_table_unref(args->values);
	g_ptr_array_unref(args->arguments);
	g_free(args);
}

static GPtrArray *values_of(const SnArgs *args, const char *name)
{
	g_assert(find_long(args->options, name, strlen(name)));
	return g_hash_table_lookup(args->values, name);
}

gboolean sn_args_flag(const SnArgs *args, const char *name)
{
	return values_of(args, name) != NULL;
}

const char *sn_args_text(const SnArgs *args, const char *name)
{
	GPtrArray *values = values_of(args, name);
	return values ? values->pdata[0] : NULL;
}

const char *const *sn_args_list(const SnArgs *args, const char *name)
{
	static const char *const none[] = { NULL };
	GPtrArray *values = values_of(args, name);
	return values ? (const char *const *)values->pdata : none;
}

gint64 sn_args_number(const SnArgs *args, const char *name, gint64 fallback)
{
	const char *text = sn_args_text(args, name);
	return text ? g_ascii_strtoll(text, NULL, 10) : fallback;
}

guint sn_args_count(const SnArgs *args)
{
	return args->arguments->len;
}

const char *sn_args_get(const SnArgs *args, guint index)
{
	return index < args->arguments->len ? args->arguments->pdata[index] : NULL;
}

char *sn_args_join(const SnArgs *args, guint index)
{
	GString *text = g_string_new(NULL);

	for (guint i = index; i < args->arguments->len; i++)
		g_string_append_printf(text, "%s%s", i > index ? " " : "",
		                       (const char *)args->arguments->pdata[i]);
	return g_string_free(text, FALSE);
}
