/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/config/ini.h"

#include <string.h>

#include "src/base/nearest.h"

enum { MAX_SHOWN = 5, MAX_LINE = 8192, MAX_LINES = 20000 };

SnProblems *sn_problems_new(void)
{
	SnProblems *problems = g_new(SnProblems, 1);

	problems->lines = g_ptr_array_new_with_free_func(g_free);
	return problems;
}

void sn_problems_free(SnProblems *problems)
{
	if (!problems)
		return;
	g_ptr_array_unref(problems->lines);
	g_free(problems);
}

void sn_problems_add(SnProblems *problems, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(problems->lines, line > 0 ? g_strdup_printf("%s:%d: %s", file, line, text) :
	                                            g_strdup_printf("%s: %s", file, text));
}

gboolean sn_problems_check(const SnProblems *problems, GError **error)
{
	guint count = problems->lines->len;

	if (!count)
		return TRUE;
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; i < MIN(count, MAX_SHOWN); i++)
		g_string_append_printf(text, "%s%s", i ? "\n" : "",
		                       (const char *)problems->lines->pdata[i]);
	if (count > MAX_SHOWN)
		g_string_append_printf(text, "\n(and %u more)", count - MAX_SHOWN);
	g_set_error_literal(error, SN_ERROR, SN_ERROR_CONFIG, text->str);
	return FALSE;
}

static void entry_free(gpointer data)
{
	SnIniEntry *entry = data;

	/* accounts.conf may hold command lines that name secrets: leave none of it behind */
	explicit_bzero(entry->value, strlen(entry->value));
	g_free(entry->key);
	g_free(entry->value);
	g_free(entry);
}

static void section_free(gpointer data)
{
	SnIniSection *section = data;

	g_free(section->name);
	g_ptr_array_unref(section->entries);
	g_free(section);
}

static SnIniSection *section_add(GPtrArray *sections, const char *name, int line)
{
	SnIniSection *section = g_new(SnIniSection, 1);

	section->name = g_strdup(name);
	section->line = line;
	section->entries = g_ptr_array_new_with_free_func(entry_free);
	g_ptr_array_add(sections, section);
	return section;
}

/* Cuts a comment off: a '#' at the start or after a blank, but not between quotes that close. */
static void cut_comment(char *line)
{
	gboolean blank = TRUE;

	for (char *at = line; *at; at++) {
		if (*at == '#' && blank) {
			*at = '\0';
			return;
		}
		/* an apostrophe inside a word ("O'Connor") quotes nothing */
		if ((*at == '"' || *at == '\'') && (blank || at[-1] == '=')) {
			char *close = at + 1;

			while (*close && *close != *at)
				close += *close == '\\' && *at == '"' && close[1] ? 2 : 1;
			if (*close)
				at = close;
		}
		blank = *at == ' ' || *at == '\t';
	}
}

static gboolean has_controls(const char *text)
{
	for (; *text; text++)
		if (g_ascii_iscntrl(*text) && *text != '\t')
			return TRUE;
	return FALSE;
}

typedef struct {
	const char *file;
	GPtrArray *sections;
	SnIniSection *section;
	SnProblems *problems;
} Reader;

static void read_section(Reader *reader, char *text, int line)
{
	char *close = strchr(text, ']');

	if (!close || close[1] || close == text + 1) {
		sn_problems_add(reader->problems, reader->file, line,
		                "a section is written [name] on a line of its own");
		return;
	}
	*close = '\0';
	reader->section = section_add(reader->sections, g_strstrip(text + 1), line);
}

static void read_entry(Reader *reader, char *text, int line)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text) {
		sn_problems_add(reader->problems, reader->file, line,
		                "neither a [section] nor a line 'key = value'");
		return;
	}
	*equals = '\0';
	SnIniEntry *entry = g_new(SnIniEntry, 1);
	entry->key = g_strdup(g_strchomp(text));
	entry->value = g_strdup(g_strchug(equals + 1));
	entry->line = line;
	g_ptr_array_add(reader->section->entries, entry);
}

static void read_line(Reader *reader, const char *start, gsize length, int line)
{
	if (length > MAX_LINE) {
		sn_problems_add(reader->problems, reader->file, line,
		                "the line is longer than %d bytes", MAX_LINE);
		return;
	}
	g_autofree char *text = g_strndup(start, length);
	if (!g_utf8_validate(start, (gssize)length, NULL)) {
		sn_problems_add(reader->problems, reader->file, line, "the line is not UTF-8 text");
		return;
	}
	if (length && text[length - 1] == '\r')
		text[length - 1] = '\0';
	if (has_controls(text)) {
		sn_problems_add(reader->problems, reader->file, line,
		                "the line has a control character in it");
		return;
	}
	cut_comment(text);
	g_strstrip(text);
	if (*text == '[')
		read_section(reader, text, line);
	else if (*text)
		read_entry(reader, text, line);
	explicit_bzero(text, length);
}

GPtrArray *sn_ini_parse(const char *text, const char *file, SnProblems *problems)
{
	Reader reader = { file, g_ptr_array_new_with_free_func(section_free), NULL, problems };
	int line = 0;

	g_assert(file && problems);
	reader.section = section_add(reader.sections, "", 0);
	if (text && g_str_has_prefix(text, "\xef\xbb\xbf"))
		text += 3;
	while (text && *text && ++line <= MAX_LINES) {
		const char *end = strchrnul(text, '\n');

		read_line(&reader, text, (gsize)(end - text), line);
		text = *end ? end + 1 : NULL;
	}
	if (line > MAX_LINES)
		sn_problems_add(problems, file, 0, "more than %d lines", MAX_LINES);
	return reader.sections;
}

char *sn_ini_unquote(const char *value)
{
	gsize length = strlen(value);

	if (length < 2 || value[0] != '"' || value[length - 1] != '"')
		return g_strdup(value);
	GString *plain = g_string_sized_new(length);
	for (gsize i = 1; i + 1 < length; i++) {
		if (value[i] != '\\' || i + 2 >= length) {
			g_string_append_c(plain, value[i]);
			continue;
		}
		i++;
		if (value[i] == 'n')
			g_string_append_c(plain, '\n');
		else if (value[i] == 't')
			g_string_append_c(plain, '\t');
		else
			g_string_append_c(plain, value[i]);
	}
	return g_string_free(plain, FALSE);
}

char *sn_problems_hint(const char *word, const char *const *allowed)
{
	const char *near = sn_nearest(word, allowed);
	g_autofree char *all = g_strjoinv(", ", (char **)allowed);

	return near ? g_strdup_printf("; did you mean '%s'? Allowed: %s", near, all) :
	              g_strdup_printf("; allowed: %s", all);
}
