/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/theme.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/error.h"

enum { SET_FG = 1, SET_BG = 2 };
enum { THEME_MAX = 256 * 1024 };

typedef struct {
	SnStyle style;
	guint set;       /* SET_FG, SET_BG */
	guint32 attrs_set;
} Entry;

struct sn_theme {
	Entry entries[SN_OBJ_COUNT];
	double lightness;
	gboolean name_colours;
};

static const char *const object_words[] = {
#define X(name, word, meaning) word,
	SN_OBJECT_TABLE(X)
#undef X
};

static const char *const colour_words[] = {
	"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
};

static const struct {
	const char *word;
	guint32 attr;
} attr_words[] = {
	{ "bold", SN_ATTR_BOLD },           { "dim", SN_ATTR_DIM },
	{ "italic", SN_ATTR_ITALIC },       { "underline", SN_ATTR_UNDERLINE },
	{ "reverse", SN_ATTR_REVERSE },
};

typedef struct {
	SnTheme *theme;
	GHashTable *colours; /* name -> guint32 */
	const char *origin;
	int line;
} Parser;

static gboolean fail(const Parser *parser, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static gboolean fail(const Parser *parser, GError **error, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, SN_ERROR, SN_ERROR_CONFIG, "%s:%d: %s", parser->origin, parser->line, text);
	return FALSE;
}

static gboolean parse_number(const char *text, int base, gulong max, gulong *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, base);
	return errno == 0 && end != text && *end == 0 && g_ascii_isxdigit(*text) && *value <= max;
}

static gboolean parse_colour(const Parser *parser, const char *value, guint32 *colour, GError **error)
{
	gpointer known;
	gulong number;
	gboolean bright = g_str_has_prefix(value, "bright-");

	if (g_hash_table_lookup_extended(parser->colours, value, NULL, &known)) {
		*colour = GPOINTER_TO_UINT(known);
		return TRUE;
	}
	if (strcmp(value, "default") == 0) {
		*colour = SN_COLOUR_DEFAULT;
		return TRUE;
	}
	if (*value == '#' && strlen(value) == 7 && parse_number(value + 1, 16, 0xffffff, &number)) {
		*colour = SN_COLOUR_RGB(number);
		return TRUE;
	}
	if (g_ascii_isdigit(*value) && parse_number(value, 10, 255, &number)) {
		*colour = SN_COLOUR_INDEX(number);
		return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(colour_words); i++)
		if (strcmp(colour_words[i], value + (bright ? 7 : 0)) == 0) {
			*colour = SN_COLOUR_INDEX(i + (bright ? 8 : 0));
			return TRUE;
		}
	return fail(parser, error,
	            "'%s' is no colour. Write default, red, bright-red, a number up to 255 or #rrggbb.",
	            value);
}

static gboolean parse_bool(const Parser *parser, const char *value, gboolean *result, GError **error)
{
	*result = strcmp(value, "true") == 0;
	if (*result || strcmp(value, "false") == 0)
		return TRUE;
	return fail(parser, error, "'%s' must be true or false.", value);
}

static gboolean set_attribute(const Parser *parser, Entry *entry, const char *attribute,
                              const char *value, GError **error)
{
	gboolean on;

	if (strcmp(attribute, "fg") == 0) {
		entry->set |= SET_FG;
		return parse_colour(parser, value, &entry->style.fg, error);
	}
	if (strcmp(attribute, "bg") == 0) {
		entry->set |= SET_BG;
		return parse_colour(parser, value, &entry->style.bg, error);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(attr_words); i++) {
		if (strcmp(attr_words[i].word, attribute) != 0)
			continue;
		if (!parse_bool(parser, value, &on, error))
			return FALSE;
		entry->attrs_set |= attr_words[i].attr;
		entry->style.attrs = on ? entry->style.attrs | attr_words[i].attr
		                        : entry->style.attrs & ~attr_words[i].attr;
		return TRUE;
	}
	return fail(parser, error, "'%s' is no attribute: fg bg bold dim italic underline reverse.",
	            attribute);
}

static gboolean set_names(const Parser *parser, const char *attribute, const char *value,
                          GError **error)
{
	gulong number;

	if (strcmp(attribute, "colours") == 0)
		return parse_bool(parser, value, &parser->theme->name_colours, error);
	if (strcmp(attribute, "lightness") == 0 && parse_number(value, 10, 100, &number)) {
		parser->theme->lightness = (double)number;
		return TRUE;
	}
	return fail(parser, error, "names.lightness is 0 to 100, names.colours true or false.");
}

/* The object that shares the longest beginning with a word that is none. */
static const char *nearest_object(const char *word)
{
	const char *best = object_words[0];
	gsize best_length = 0;

	for (gsize i = 0; i < SN_OBJ_COUNT; i++) {
		gsize length = 0;
		while (word[length] && word[length] == object_words[i][length])
			length++;
		if (length > best_length) {
			best_length = length;
			best = object_words[i];
		}
	}
	return best;
}

static gboolean parse_line(Parser *parser, char *line, GError **error)
{
	char *equals = strchr(line, '='), *dot, *value;
	gboolean matched = FALSE;
	guint32 colour;

	if (!equals)
		return fail(parser, error, "This should read 'object.attribute = value'.");
	*equals = 0;
	value = g_strstrip(equals + 1);
	g_strstrip(line);
	dot = strrchr(line, '.');
	if (!dot)
		return fail(parser, error, "'%s' lacks an attribute, as in '%s.fg'.", line, line);
	*dot++ = 0;
	if (strcmp(line, "colour") == 0) {
		if (!parse_colour(parser, value, &colour, error))
			return FALSE;
		g_hash_table_replace(parser->colours, g_strdup(dot), GUINT_TO_POINTER(colour));
		return TRUE;
	}
	if (strcmp(line, "names") == 0)
		return set_names(parser, dot, value, error);
	for (gsize i = 0; i < SN_OBJ_COUNT; i++) {
		if (!g_pattern_match_simple(line, object_words[i]))
			continue;
		matched = TRUE;
		if (!set_attribute(parser, &parser->theme->entries[i], dot, value, error))
			return FALSE;
	}
	if (!matched)
		return fail(parser, error, "There is no object '%s'; the nearest is '%s'.", line,
		            nearest_object(line));
	return TRUE;
}

SnTheme *sn_theme_parse(const char *text, const char *origin, GError **error)
{
	g_autoptr(SnTheme) theme = g_new0(SnTheme, 1);
	g_autoptr(GHashTable) colours =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	Parser parser = { theme, colours, origin, 0 };

	theme->lightness = 65;
	theme->name_colours = TRUE;
	for (char **line = lines; *line; line++) {
		parser.line++;
		g_strstrip(*line);
		if (**line && **line != '#' && !parse_line(&parser, *line, error))
			return NULL;
	}
	return g_steal_pointer(&theme);
}

void sn_theme_free(SnTheme *theme)
{
	g_free(theme);
}

SnTheme *sn_theme_builtin(void)
{
	g_autoptr(GError) error = NULL;
	SnTheme *theme = sn_theme_parse(sn_theme_builtin_text, "built-in theme", &error);

	g_assert_no_error(error);
	return theme;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **sn_theme_list(const char *const *dirs)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *entry;

	for (; *dirs; dirs++) {
		g_autoptr(GDir) dir = g_dir_open(*dirs, 0, NULL);
		while (dir && (entry = g_dir_read_name(dir)))
			if (g_str_has_suffix(entry, ".theme")) {
				char *name = g_strndup(entry, strlen(entry) - strlen(".theme"));
				if (g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
					g_free(name);
				else
					g_ptr_array_add(names, name);
			}
	}
	g_ptr_array_sort(names, by_name);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

SnTheme *sn_theme_load(const char *name, const char *const *dirs, GError **error)
{
	g_autofree char *file = g_strconcat(name, ".theme", NULL);
	g_auto(GStrv) known = NULL;
	g_autofree char *all = NULL;

	if (strchr(name, '/') || *name == '.') {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "'%s' is no name of a theme.", name);
		return NULL;
	}
	for (const char *const *dir = dirs; *dir; dir++) {
		g_autofree char *path = g_build_filename(*dir, file, NULL), *text = NULL;
		gsize length;
		if (!g_file_get_contents(path, &text, &length, NULL))
			continue;
		if (length > THEME_MAX || !g_utf8_validate(text, (gssize)length, NULL)) {
			g_set_error(error, SN_ERROR, SN_ERROR_CONFIG, "%s is not a theme file.", path);
			return NULL;
		}
		return sn_theme_parse(text, path, error);
	}
	known = sn_theme_list(dirs);
	all = g_strjoinv(" ", known);
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no theme '%s'. Themes: %s.", name,
	            *all ? all : "none are installed");
	return NULL;
}

SnStyle sn_theme_over(const SnTheme *theme, SnStyle under, SnObject object)
{
	const Entry *entry = &theme->entries[object];

	g_assert(object < SN_OBJ_COUNT);
	if (entry->set & SET_FG)
		under.fg = entry->style.fg;
	if (entry->set & SET_BG)
		under.bg = entry->style.bg;
	under.attrs = (under.attrs & ~entry->attrs_set) | (entry->style.attrs & entry->attrs_set);
	return under;
}

SnStyle sn_theme_style(const SnTheme *theme, SnObject object)
{
	SnStyle style = theme->entries[SN_OBJ_DEFAULT].style;

	return object == SN_OBJ_DEFAULT ? style : sn_theme_over(theme, style, object);
}

SnStyle sn_theme_name(const SnTheme *theme, const char *name)
{
	SnStyle style = sn_theme_style(theme, SN_OBJ_SENDER);

	if (theme->name_colours)
		style.fg = SN_COLOUR_RGB(sn_hsluv(sn_hue_angle(name), 100, theme->lightness));
	return style;
}
