/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/template.h"

#include <string.h>

#include "src/text/text.h"

#define MAX_NAMES 1000

void sn_template_free(SnTemplate *template)
{
	if (!template)
		return;
	g_free(template->subject);
	g_free(template->text);
	g_free(template);
}

/* ---- facts ---- */

static char *when(const SnTemplateFacts *facts, const char *format)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(facts->now / SN_SECOND);

	return date ? g_date_time_format(date, format) : NULL;
}

static char *first_word(const char *name)
{
	return name ? g_strndup(name, strcspn(name, " \t")) : NULL;
}

/* What the word stands for; NULL when it is none of ours. Caller frees. */
static char *fact(const SnTemplateFacts *facts, const char *word)
{
	const struct {
		const char *word, *text;
	} plain[] = {
		{ "name", facts->name },       { "address", facts->address },
		{ "subject", facts->subject }, { "from", facts->from },
		{ "from-address", facts->from_address },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
		if (strcmp(word, plain[i].word) == 0)
			return plain[i].text ? sn_text_clean_line(plain[i].text, -1) : g_strdup("");
	if (strcmp(word, "first-name") == 0) {
		g_autofree char *first = first_word(facts->name);
		return sn_text_clean_line(first ? first : "", -1);
	}
	return strcmp(word, "date") == 0      ? when(facts, "%Y-%m-%d")
	       : strcmp(word, "time") == 0    ? when(facts, "%H:%M")
	       : strcmp(word, "weekday") == 0 ? when(facts, "%A")
	                                      : NULL;
}

static char *filled(const char *text, const SnTemplateFacts *facts)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		const char *open = strstr(text, "{{"), *close = open ? strstr(open, "}}") : NULL;
		g_autofree char *word = NULL, *stands_for = NULL;
		if (!close)
			break;
		word = g_strstrip(g_strndup(open + 2, (gsize)(close - open - 2)));
		stands_for = fact(facts, word);
		g_string_append_len(out, text, open - text);
		if (stands_for)
			g_string_append(out, stands_for);
		else
			g_string_append_len(out, open, close + 2 - open);
		text = close + 2;
	}
	g_string_append(out, text);
	return g_string_free(out, FALSE);
}

/* ---- files ---- */

static char *directory(const SnPaths *paths)
{
	return g_build_filename(paths->config, "templates", NULL);
}

static gboolean is_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') && g_utf8_validate(name, -1, NULL);
}

static SnTemplate *take_apart(const char *text, const SnTemplateFacts *facts)
{
	SnTemplate *template = g_new0(SnTemplate, 1);

	if (g_ascii_strncasecmp(text, "Subject:", 8) == 0) {
		gsize length = strcspn(text, "\n");
		g_autofree char *line = g_strstrip(g_strndup(text + 8, length - 8));
		g_autofree char *subject = filled(line, facts);
		template->subject = sn_text_clean_line(subject, -1);
		text += length;
		text += strspn(text, "\n");
	}
	template->text = filled(text, facts);
	return template;
}

SnTemplate *sn_template_load(const SnPaths *paths, const char *name, const SnTemplateFacts *facts,
                             GError **error)
{
	g_autofree char *dir = directory(paths), *path = NULL, *text = NULL, *clean = NULL;
	gsize length;

	path = is_name(name) ? g_build_filename(dir, name, NULL) : NULL;
	if (!path || !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "There is no template '%s'; templates are files in %s.", name, dir);
		return NULL;
	}
	if (!g_file_get_contents(path, &text, &length, error))
		return NULL;
	if (length > SN_TEMPLATE_MAX || !g_utf8_validate(text, (gssize)length, NULL)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "%s is not a text of at most %d bytes in UTF-8.", path, SN_TEMPLATE_MAX);
		return NULL;
	}
	clean = sn_text_clean(text, (gssize)length);
	return take_apart(clean, facts);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **sn_template_names(const SnPaths *paths)
{
	g_autofree char *path = directory(paths);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	GPtrArray *names = g_ptr_array_new();
	const char *name;

	while (dir && names->len < MAX_NAMES && (name = g_dir_read_name(dir)))
		if (is_name(name))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}
