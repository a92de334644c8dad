/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is written so that nobody sees it: by the attributes of an element, or by a style sheet that
 * hides a class or an id. Of style sheets only that is read; a rule that holds for some screens only
 * is passed over.
 */
#include <stdlib.h>
#include <string.h>

#include "src/mime/html_private.h"

enum {
	MAX_SHEETS = 256 * 1024,
	MAX_NAMES = 2000,
	MAX_STYLE = 4096,
	MAX_DECLARATIONS = 100,
	FAR_OUT = -900, /* pixels to the left of the screen */
};

static const char *attribute(const GumboNode *node, const char *name)
{
	const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);

	return found ? found->value : NULL;
}

/* ---- declarations ---- */

/* "0", "0.0px", "0 !important" */
static gboolean is_zero(const char *value)
{
	gsize digits = strspn(value, "0.");

	return digits > 0 && !g_ascii_isdigit(value[digits]);
}

typedef struct {
	gboolean hides, clipped, no_room, transparent_text;
	const char *colour, *background;
	SnHtmlFont font;
} Look;

/* Text of less than two pixels is there for filters. */
static SnHtmlFont font_of(const char *value)
{
	char *end;
	double size = g_ascii_strtod(value, &end);

	if (end == value)
		return SN_HTML_FONT_READABLE; /* "small", "inherit": a word */
	if (size <= 0)
		return SN_HTML_FONT_TINY;
	if (g_str_has_prefix(end, "px") || g_str_has_prefix(end, "pt"))
		return size < 2 ? SN_HTML_FONT_TINY : SN_HTML_FONT_READABLE;
	/* Relative to what is tiny is tiny: it says nothing new. */
	return SN_HTML_FONT_AS_BEFORE;
}

static void read_declaration(Look *look, const char *property, const char *value)
{
	if (strcmp(property, "display") == 0)
		look->hides = g_str_has_prefix(value, "none");
	else if (strcmp(property, "visibility") == 0)
		look->hides = look->hides || g_str_has_prefix(value, "hidden") ||
		              g_str_has_prefix(value, "collapse");
	else if (strcmp(property, "opacity") == 0 || strcmp(property, "max-height") == 0)
		look->hides = look->hides || is_zero(value);
	else if (strcmp(property, "overflow") == 0)
		look->clipped = g_str_has_prefix(value, "hidden");
	else if (strcmp(property, "height") == 0 || strcmp(property, "width") == 0 ||
	         strcmp(property, "max-width") == 0)
		look->no_room = look->no_room || is_zero(value);
	else if (strcmp(property, "text-indent") == 0 || strcmp(property, "left") == 0 ||
	         strcmp(property, "top") == 0 || strcmp(property, "margin-left") == 0)
		look->hides = look->hides || strtol(value, NULL, 10) < FAR_OUT;
	else if (strcmp(property, "color") == 0)
		look->colour = value;
	else if (strcmp(property, "background-color") == 0 || strcmp(property, "background") == 0)
		look->background = value;
	else if (strcmp(property, "font-size") == 0)
		look->font = font_of(value);
}

/* Text in the colour of its own background, both said in one place. */
static gboolean is_invisible(const Look *look)
{
	if (look->colour && g_str_has_prefix(look->colour, "transparent"))
		return TRUE;
	return look->colour && look->background && *look->colour &&
	       strcmp(look->colour, look->background) == 0;
}

/* `style` is a copy that is taken apart. */
static Look read_style(char *style)
{
	Look look = { .font = SN_HTML_FONT_AS_BEFORE };
	g_auto(GStrv) declarations = g_strsplit(style, ";", MAX_DECLARATIONS);

	for (gsize i = 0; declarations[i]; i++) {
		char *colon = strchr(declarations[i], ':');
		if (!colon)
			continue;
		*colon = '\0';
		read_declaration(&look, g_strstrip(declarations[i]), g_strstrip(colon + 1));
	}
	look.hides = look.hides || (look.clipped && look.no_room) || is_invisible(&look);
	look.colour = look.background = NULL;
	return look;
}

static Look look_of(const char *style)
{
	g_autofree char *lower = g_ascii_strdown(style, (gssize)strnlen(style, MAX_STYLE));

	return read_style(lower);
}

SnHtmlFont sn_html_font(const GumboNode *node)
{
	const char *style = attribute(node, "style");

	if (!style || !strstr(style, "ont-size"))
		return SN_HTML_FONT_AS_BEFORE;
	return look_of(style).font;
}

/* ---- style sheets ---- */

/* ".name" or "#name" of a selector that is nothing more than that, with or without an element. */
static char *simple_selector(const char *selector)
{
	const char *name = strpbrk(selector, ".#");

	if (!name || !name[1])
		return NULL;
	for (const char *at = selector; at < name; at++)
		if (!g_ascii_isalnum(*at) && *at != '*')
			return NULL;
	for (const char *at = name + 1; *at; at++)
		if (!g_ascii_isalnum(*at) && *at != '-' && *at != '_')
			return NULL;
	return g_strdup(name);
}

static void add_rule(GHashTable *names, const char *selectors, gsize length, const char *body,
                     gsize body_length)
{
	g_autofree char *style = g_ascii_strdown(body, (gssize)MIN(body_length, MAX_STYLE));
	g_autofree char *text = g_strndup(selectors, MIN(length, MAX_STYLE));
	Look look = read_style(style);
	gboolean shows = strstr(style, "display") && !look.hides;
	g_auto(GStrv) list = g_strsplit(text, ",", MAX_DECLARATIONS);

	if (!look.hides && !shows && look.font != SN_HTML_FONT_TINY)
		return;
	for (char **one = list; *one && g_hash_table_size(names) < MAX_NAMES; one++) {
		g_autofree char *name = simple_selector(g_strstrip(*one));
		if (!name)
			continue;
		if (shows)
			g_hash_table_remove(names, name);
		else
			g_hash_table_add(names, g_steal_pointer(&name));
	}
}

/* Past the block that begins at `at`, whatever is nested in it. */
static const char *block_end(const char *at, const char *end)
{
	int depth = 0;

	for (; at < end; at++) {
		depth += *at == '{';
		if (*at == '}' && --depth <= 0)
			return at + 1;
	}
	return end;
}

static void read_sheet(GHashTable *names, const char *at, const char *end)
{
	while (at < end) {
		while (at < end && (g_ascii_isspace(*at) || *at == '}'))
			at++;
		const char *open = memchr(at, '{', (gsize)(end - at));
		if (!open)
			return;
		if (*at == '@') { /* @import ends without a block */
			const char *stop = memchr(at, ';', (gsize)(open - at));
			at = stop ? stop + 1 : block_end(open, end);
			continue;
		}
		const char *close = memchr(open, '}', (gsize)(end - open));
		if (!close)
			return;
		add_rule(names, at, (gsize)(open - at), open + 1, (gsize)(close - open - 1));
		at = close + 1;
	}
}

/* Without its comments, also those that hide it from old programs. */
static GString *plain_sheet(const char *at, const char *end)
{
	GString *out = g_string_new(NULL);

	while (at < end) {
		if (end - at >= 2 && memcmp(at, "/*", 2) == 0) {
			const char *close = g_strstr_len(at + 2, end - at - 2, "*/");
			at = close ? close + 2 : end;
		} else if (end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
			at += 4;
		} else if (end - at >= 3 && memcmp(at, "-->", 3) == 0) {
			at += 3;
		} else {
			g_string_append_c(out, *at++);
		}
	}
	return out;
}

static const char *find_tag(const char *at, const char *end, const char *tag)
{
	gsize length = strlen(tag);

	for (; (at = memchr(at, '<', (gsize)(end - at))); at++)
		if ((gsize)(end - at) > length && g_ascii_strncasecmp(at, tag, length) == 0)
			return at;
	return NULL;
}

GHashTable *sn_html_hidden_names(const char *html, gsize length)
{
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *at = html, *end = html + length;
	gsize read = 0;

	while (read < MAX_SHEETS && (at = find_tag(at, end, "<style"))) {
		const char *start = memchr(at, '>', (gsize)(end - at));
		const char *close = start ? find_tag(start, end, "</style") : NULL;
		if (!close)
			break;
		GString *sheet = plain_sheet(start + 1, MIN(close, start + 1 + MAX_SHEETS));
		read_sheet(names, sheet->str, sheet->str + sheet->len);
		g_string_free(sheet, TRUE);
		read += (gsize)(close - start);
		at = close;
	}
	return names;
}

static gboolean is_named(const GumboNode *node, GHashTable *names)
{
	const char *classes = attribute(node, "class"), *id = attribute(node, "id");

	if (g_hash_table_size(names) == 0)
		return FALSE;
	if (id) {
		g_autofree char *name = g_strconcat("#", id, NULL);
		if (g_hash_table_contains(names, name))
			return TRUE;
	}
	g_auto(GStrv) list = g_strsplit_set(classes ? classes : "", " \t\n", 50);
	for (char **one = list; *one; one++) {
		g_autofree char *name = g_strconcat(".", *one, NULL);
		if (**one && g_hash_table_contains(names, name))
			return TRUE;
	}
	return FALSE;
}

gboolean sn_html_is_hidden(const GumboNode *node, GHashTable *names)
{
	const char *style = attribute(node, "style");

	if (attribute(node, "hidden"))
		return TRUE;
	/* What the element says itself counts more than a sheet. */
	if (style && strstr(style, "display"))
		return look_of(style).hides;
	return is_named(node, names) || (style && strchr(style, ':') && look_of(style).hides);
}

static gboolean is_tiny_length(const char *value)
{
	char *end;
	double size = value ? g_ascii_strtod(value, &end) : 100;

	return value && end != value && *end != '%' && size <= 3;
}

gboolean sn_html_is_tiny_image(const GumboNode *node)
{
	const char *style = attribute(node, "style");

	if (is_tiny_length(attribute(node, "width")) && is_tiny_length(attribute(node, "height")))
		return TRUE;
	if (!style)
		return FALSE;
	const char *width = strstr(style, "width:"), *height = strstr(style, "height:");
	return width && height && is_tiny_length(width + 6) && is_tiny_length(height + 7);
}
