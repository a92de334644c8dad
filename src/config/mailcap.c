/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/config/mailcap.h"

#include <string.h>

enum { MAX_FILE = 1024 * 1024, MAX_ENTRIES = 5000, MAX_FIELD = 4096, MAX_VALUES = 30, MAX_NAME = 80,
       MAX_ENDING = 12 };

void sn_mailcap_entry_free(SnMailcapEntry *entry)
{
	if (!entry)
		return;
	g_free(entry->type);
	g_free(entry->command);
	g_free(entry->test);
	g_free(entry->nametemplate);
	g_free(entry);
}

/* The next field of an entry, trimmed; a backslash keeps a ';' within it. NULL after the last. */
static char *next_field(const char **at)
{
	const char *start = *at, *end = start;

	if (!start)
		return NULL;
	while (*end && *end != ';')
		end += *end == '\\' && end[1] ? 2 : 1;
	*at = *end ? end + 1 : NULL;
	return g_strstrip(g_strndup(start, (gsize)(end - start)));
}

/* "image" stands for all images. NULL: it is no type. */
static char *read_type(const char *field)
{
	char *type = g_ascii_strdown(field, -1);
	const char *slash = strchr(type, '/');
	gboolean right = *type && (!slash || (slash != type && slash[1]));

	for (const char *c = type; *c; c++)
		right &= g_ascii_isalnum(*c) || strchr("/.+-_*$&!#^", *c);
	if (right && slash)
		return type;
	char *all = right ? g_strconcat(type, "/*", NULL) : NULL;
	g_free(type);
	return all;
}

static char *value_of(const char *field, const char *name)
{
	gsize length = strlen(name);

	if (g_ascii_strncasecmp(field, name, length) != 0)
		return NULL;
	field += length;
	while (*field == ' ' || *field == '\t')
		field++;
	return *field == '=' ? g_strstrip(g_strdup(field + 1)) : NULL;
}

static void read_field(SnMailcapEntry *entry, const char *field)
{
	char *value;

	if (g_ascii_strcasecmp(field, "needsterminal") == 0) {
		entry->needs_terminal = TRUE;
	} else if (g_ascii_strcasecmp(field, "copiousoutput") == 0) {
		entry->copious = TRUE;
	} else if ((value = value_of(field, "test"))) {
		g_free(entry->test);
		entry->test = value;
	} else if ((value = value_of(field, "nametemplate"))) {
		g_free(entry->nametemplate);
		entry->nametemplate = value;
	}
}

/* %n and %F are about the parts of a multipart, each in a file of its own. */
static gboolean is_for_parts(const char *command)
{
	for (; *command; command += *command == '\\' && command[1] ? 2 : 1)
		if (command[0] == '%' && (command[1] == 'n' || command[1] == 'F'))
			return TRUE;
	return FALSE;
}

SnMailcapEntry *sn_mailcap_entry_parse(const char *line)
{
	g_autoptr(SnMailcapEntry) entry = g_new0(SnMailcapEntry, 1);
	const char *at = line + strspn(line, " \t");
	char *field;

	if (!*at || *at == '#' || strlen(at) > MAX_FIELD)
		return NULL;
	g_autofree char *type = next_field(&at);
	entry->type = read_type(type);
	entry->command = next_field(&at);
	if (!entry->type || !entry->command || !*entry->command || is_for_parts(entry->command))
		return NULL;
	while ((field = next_field(&at))) {
		read_field(entry, field);
		g_free(field);
	}
	return g_steal_pointer(&entry);
}

/* The line at *text, joined with those that follow a backslash at its end; NULL at the end. */
static char *next_line(const char **text)
{
	GString *line = NULL;
	gboolean more = TRUE;

	while (more && **text) {
		gsize length = strcspn(*text, "\n"), kept = length;
		if (!line)
			line = g_string_new(NULL);
		if (kept && (*text)[kept - 1] == '\r')
			kept--;
		more = kept && (*text)[kept - 1] == '\\';
		if (line->len <= MAX_FIELD)
			g_string_append_len(line, *text, (gssize)(kept - more));
		*text += length + ((*text)[length] == '\n');
	}
	return line ? g_string_free(line, FALSE) : NULL;
}

static void parse_into(GPtrArray *entries, const char *text)
{
	char *line;

	while (entries->len < MAX_ENTRIES && (line = next_line(&text))) {
		SnMailcapEntry *entry = sn_mailcap_entry_parse(line);
		if (entry)
			g_ptr_array_add(entries, entry);
		g_free(line);
	}
}

GPtrArray *sn_mailcap_parse(const char *text)
{
	GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)sn_mailcap_entry_free);

	parse_into(entries, text);
	g_assert(entries->len <= MAX_ENTRIES);
	return entries;
}

GPtrArray *sn_mailcap_load(void)
{
	GPtrArray *entries = sn_mailcap_parse("");
	const char *given = g_getenv("MAILCAPS");
	g_autofree char *standard = g_strdup_printf(
		"%s/.mailcap:/etc/mailcap:/usr/etc/mailcap:/usr/local/etc/mailcap", g_get_home_dir());
	g_auto(GStrv) paths = g_strsplit(given && *given ? given : standard, ":", -1);

	for (char **path = paths; *path; path++) {
		g_autofree char *home = g_str_has_prefix(*path, "~/")
			? g_build_filename(g_get_home_dir(), *path + 2, NULL)
			: NULL;
		const char *file = home ? home : *path;
		g_autofree char *text = NULL;
		gsize length;
		if (*file && g_file_test(file, G_FILE_TEST_IS_REGULAR) &&
		    g_file_get_contents(file, &text, &length, NULL) && length <= MAX_FILE)
			parse_into(entries, text);
	}
	return entries;
}

gboolean sn_mailcap_fits(const SnMailcapEntry *entry, const char *type)
{
	gsize length = strlen(entry->type);

	g_assert(length > 2);
	if (g_str_has_suffix(entry->type, "/*"))
		return g_ascii_strncasecmp(entry->type, type, length - 1) == 0;
	return g_ascii_strcasecmp(entry->type, type) == 0;
}

/* ---- commands ---- */

/* A value of a message: what could mean something to a shell, or begin an option, is no part of it. */
static char *harmless(const char *value)
{
	char *text = g_strndup(value, 200);

	for (char *c = text; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("._@+:,/-", *c))
			*c = '_';
	if (*text == '-')
		*text = '_';
	return text;
}

/* Where in the shell's quotes the script is, as far as it is written. */
typedef struct {
	GString *script;
	GPtrArray *values; /* of char *: what $1, $2 ... stand for */
	char quote;        /* ' or " or 0 */
	gboolean escaped;  /* by the shell's backslash */
} Script;

static void add_char(Script *script, char c)
{
	g_string_append_c(script->script, c);
	if (script->escaped)
		script->escaped = FALSE;
	else if (c == '\\' && script->quote != '\'')
		script->escaped = TRUE;
	else if (script->quote ? c == script->quote : c == '\'' || c == '"')
		script->quote = script->quote ? 0 : c;
}

/* ${N}, always in double quotes. */
static void add_value(Script *script, char *value)
{
	const char *around = script->quote == '\'' ? "'\"" : script->quote ? "" : "\"";
	const char *after = script->quote == '\'' ? "\"'" : around;

	if (script->values->len >= MAX_VALUES) {
		g_free(value);
		return;
	}
	g_ptr_array_add(script->values, value);
	g_string_append_printf(script->script, "%s${%u}%s", around, script->values->len, after);
	script->escaped = FALSE;
}

static char *parameter(const SnMailcapFile *file, const char *name, gsize length)
{
	for (const char *const *one = file->parameters; one && one[0] && one[1]; one += 2)
		if (strlen(one[0]) == length && g_ascii_strncasecmp(one[0], name, length) == 0)
			return harmless(one[1]);
	return g_strdup("");
}

/* At a '%'; how much of the command it took. */
static gsize add_percent(Script *script, const char *at, const SnMailcapFile *file, gboolean *named)
{
	const char *close = at[1] == '{' ? strchr(at, '}') : NULL;

	if (at[1] == 's') {
		add_value(script, g_strdup(file->path));
		*named = TRUE;
		return 2;
	}
	if (at[1] == 't') {
		add_value(script, harmless(file->type));
		return 2;
	}
	if (close) {
		add_value(script, parameter(file, at + 2, (gsize)(close - at - 2)));
		return (gsize)(close - at) + 1;
	}
	add_char(script, '%');
	return at[1] == '%' ? 2 : 1;
}

char **sn_mailcap_argv(const char *command, const SnMailcapFile *file)
{
	Script script = { .script = g_string_new(NULL), .values = g_ptr_array_new() };
	GPtrArray *argv = g_ptr_array_new();
	gboolean named = FALSE;

	g_assert(g_path_is_absolute(file->path));
	for (const char *at = command; *at;) {
		if (*at == '\\' && at[1]) { /* the file's own quoting: the character itself */
			add_char(&script, at[1]);
			at += 2;
		} else if (*at == '%') {
			at += add_percent(&script, at, file, &named);
		} else {
			add_char(&script, *at++);
		}
	}
	if (!named) {
		g_ptr_array_add(script.values, g_strdup(file->path));
		g_string_prepend(script.script, "{ ");
		g_string_append_printf(script.script, "\n} <\"${%u}\"", script.values->len);
	}
	g_ptr_array_add(argv, g_strdup("/bin/sh"));
	g_ptr_array_add(argv, g_strdup("-c"));
	g_ptr_array_add(argv, g_string_free(script.script, FALSE));
	g_ptr_array_add(argv, g_strdup("sh"));
	g_ptr_array_extend_and_steal(argv, script.values);
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(argv, FALSE);
}

/* Letters of any script, digits, and what joins them. */
static char *plain_name(const char *name)
{
	g_autofree char *valid = g_utf8_make_valid(name, -1);
	g_autofree char *base = g_path_get_basename(valid);
	GString *out = g_string_new(NULL);

	for (const char *c = base; *c && out->len < MAX_NAME; c = g_utf8_next_char(c)) {
		gunichar letter = g_utf8_get_char(c);
		if (g_unichar_isalnum(letter) || (letter < 0x80 && strchr("._-", (int)letter)))
			g_string_append_unichar(out, letter);
		else
			g_string_append_c(out, '_');
	}
	if (out->len && strchr(".-", out->str[0]))
		out->str[0] = '_';
	return g_string_free(out, FALSE);
}

char *sn_mailcap_name(const char *template, const char *name)
{
	g_autofree char *plain = plain_name(name && *name ? name : "file");
	g_autofree char *full = plain_name(name && *name ? name : "file");
	const char *mark = template ? strstr(template, "%s") : NULL;
	char *dot = strrchr(plain, '.');

	if (!mark || strchr(template, '/')) {
		/* the end of a long name is the part that programs look at */
		const char *ending = strrchr(name ? name : "", '.');
		if (ending && strlen(ending) <= MAX_ENDING && strlen(name) >= MAX_NAME) {
			g_autofree char *tail = plain_name(ending + 1);
			return g_strdup_printf("%s.%s", full, tail);
		}
		return g_steal_pointer(&full);
	}
	g_autofree char *before = g_strndup(template, (gsize)(mark - template));
	if (g_str_has_prefix(full, before) && g_str_has_suffix(full, mark + 2))
		return g_steal_pointer(&full);
	if (dot && dot != plain)
		*dot = '\0';
	return g_strconcat(before, plain, mark + 2, NULL);
}
