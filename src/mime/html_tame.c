/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTML parsers take time and memory that grow with the square of the nesting, and with the product
 * of open formatting elements and paragraphs. This makes hostile HTML harmless before it is parsed.
 */
#include <string.h>

#include "src/mime/html_private.h"
#include "src/mime/mime_private.h"

#define MAX_OPEN 200
#define MAX_TAG 64 /* bytes of a name */

/* Never have an end tag. */
static const char *const voids[] = { "area",  "base",  "br",       "col",     "embed",  "hr",
				     "img",   "input", "link",     "meta",    "param",  "source",
				     "track", "wbr",   "basefont", "bgsound", "keygen", "frame" };
/* End where the next of their kind begins: they do not nest in themselves. */
static const char *const flat[] = { "p",        "li",   "dt",    "dd",    "option",
				    "optgroup", "tr",   "tbody", "thead", "tfoot",
				    "colgroup", "html", "body",  "head" };
/* The parser repeats these in every paragraph while they are open; as text they say nothing. */
static const char *const formatting[] = { "b", "big",   "code",   "em",     "font", "i", "nobr",
					  "s", "small", "strike", "strong", "tt",   "u" };
/* Their content is no text. */
static const char *const dropped[] = { "script",  "style",  "title",  "iframe",
				       "noembed", "object", "applet", "textarea",
				       "svg",     "math",   "xmp",    "template",
				       "audio",   "video",  "canvas", "select" };
/* Not handed on, their content is. */
static const char *const unwrapped[] = { "plaintext", "noscript", "frameset", "noframes", "marquee",
					 "form",      "button",   "isindex",  "image" };

typedef struct {
	GString *out;
	const char *at, *end;
	GPtrArray *open; /* of interned names */
	guint unclosed;  /* of `dropped`: those that have no end tag in the rest */
} Tamer;

static gboolean is_one_of(const char *name, const char *const *names, gsize count)
{
	for (gsize i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return TRUE;
	return FALSE;
}
#define IS(name, list) is_one_of(name, list, G_N_ELEMENTS(list))

static const char *find(const char *at, const char *end, const char *what)
{
	return g_strstr_len(at, end - at, what);
}

/* The name after '<' or '</', lower case; empty when it is none. */
static gsize read_name(const char *at, const char *end, char name[MAX_TAG])
{
	gsize length = 0;

	if (at >= end || !g_ascii_isalpha(*at))
		return name[0] = '\0';
	while (at + length < end && !g_ascii_isspace(at[length]) &&
	       !strchr("/><\"'=", at[length])) {
		if (length < MAX_TAG - 1)
			name[length] = g_ascii_tolower(at[length]);
		length++;
	}
	name[MIN(length, MAX_TAG - 1)] = '\0';
	return length;
}

/* The '>' that ends a tag, outside of quotes; `end` when there is none. */
static const char *tag_end(const char *at, const char *end)
{
	char quote = '\0', last = ' ';

	for (; at < end; at++) {
		if (quote) {
			if (*at == quote)
				quote = '\0';
		} else if (*at == '>') {
			return at;
		} else if ((*at == '"' || *at == '\'') && last == '=') {
			quote = *at;
		}
		if (!g_ascii_isspace(*at))
			last = *at;
	}
	return end;
}

static void skip_element(Tamer *tamer, guint which)
{
	const char *name = dropped[which];

	if (tamer->unclosed & 1u << which)
		return;
	g_autofree char *close = g_strdup_printf("</%s", name);
	gsize length = strlen(close);

	for (const char *at = tamer->at; (at = find(at, tamer->end, "</")); at += 2)
		if ((gsize)(tamer->end - at) > length &&
		    g_ascii_strncasecmp(at, close, length) == 0 && !g_ascii_isalnum(at[length])) {
			const char *end = tag_end(at, tamer->end);
			tamer->at = end < tamer->end ? end + 1 : end;
			return;
		}
	/* Not closed: a browser would drop all the rest; the reader may want it. */
	tamer->unclosed |= 1u << which;
}

/* A value in any kind of quotes or none; returns where it ends. */
static const char *read_value(const char *at, const char *end, const char **value, gsize *length)
{
	char quote = at < end && (*at == '"' || *at == '\'') ? *at++ : '\0';
	const char *start = at;

	while (at < end && (quote ? *at != quote : !g_ascii_isspace(*at)))
		at++;
	*value = start;
	*length = (gsize)(at - start);
	return quote && at < end ? at + 1 : at;
}

static void append_value(GString *out, const char *value, gsize length)
{
	for (gsize i = 0; i < length; i++)
		switch (value[i]) {
		case '<': g_string_append(out, "&lt;"); break;
		case '"': g_string_append(out, "&quot;"); break;
		default: g_string_append_c(out, value[i]);
		}
}

/* Only the attributes that are looked at, each once: the parser compares each with all others. */
static void append_attributes(GString *out, const char *at, const char *end)
{
	static const char *const wanted[] = { "href",   "src",        "alt",  "style",
					      "hidden", "background", "start", "class",
					      "id",   "width",      "height" };
	guint seen = 0;

	while (at < end) {
		char name[MAX_TAG];
		const char *value = "";
		gsize value_length = 0, length = read_name(at, end, name);
		if (length == 0) {
			at++;
			continue;
		}
		at += length;
		const char *next = at;
		while (next < end && g_ascii_isspace(*next))
			next++;
		if (next < end && *next == '=') {
			next++;
			while (next < end && g_ascii_isspace(*next))
				next++;
			at = read_value(next, end, &value, &value_length);
		}
		for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
			if (!(seen & 1u << i) && strcmp(name, wanted[i]) == 0) {
				seen |= 1u << i;
				g_string_append_printf(out, " %s=\"", name);
				append_value(out, value, value_length);
				g_string_append_c(out, '"');
			}
	}
}

static void open_tag(Tamer *tamer, const char *name, const char *attributes, const char *end)
{
	const char *shown = IS(name, formatting) ? "span" : name;

	if (!IS(name, voids) && !IS(name, flat)) {
		if (tamer->open->len >= MAX_OPEN)
			return;
		g_ptr_array_add(tamer->open, (gpointer)g_intern_string(shown));
	}
	g_string_append_printf(tamer->out, "<%s", shown);
	append_attributes(tamer->out, attributes, end);
	g_string_append_c(tamer->out, '>');
}

/* An end tag counts only for what is open, and not across the cell of a table. */
static void close_tag(Tamer *tamer, const char *name)
{
	static const char *const table_tags[] = { "table", "td", "th", "caption" };
	const char *shown = IS(name, formatting) ? "span" : name;

	if (IS(name, flat)) {
		g_string_append_printf(tamer->out, "</%s>", shown);
		return;
	}
	gboolean in_table = IS(name, table_tags);
	for (guint i = tamer->open->len; i > 0; i--) {
		const char *open = tamer->open->pdata[i - 1];
		if (strcmp(open, shown) == 0) {
			g_ptr_array_set_size(tamer->open, (gint)i - 1);
			g_string_append_printf(tamer->out, "</%s>", shown);
			return;
		}
		if (IS(open, table_tags) && (!in_table || strcmp(open, "table") == 0))
			return;
	}
}

/* Known names only are interned, so that a message cannot fill the table of quarks. */
static gboolean is_known(const char *name)
{
	return gumbo_tag_enum(name) != GUMBO_TAG_UNKNOWN;
}

static void open_or_skip(Tamer *tamer, const char *name, const char *attributes, const char *end)
{
	G_STATIC_ASSERT(G_N_ELEMENTS(dropped) <= 32);

	for (guint i = 0; i < G_N_ELEMENTS(dropped); i++)
		if (strcmp(name, dropped[i]) == 0) {
			if (end == tamer->end || end[-1] != '/')
				skip_element(tamer, i);
			return;
		}
	open_tag(tamer, name, attributes, end);
}

static void read_tag(Tamer *tamer)
{
	char name[MAX_TAG];
	gboolean closing = tamer->at + 1 < tamer->end && tamer->at[1] == '/';
	const char *start = tamer->at + 1 + closing;
	gsize length = read_name(start, tamer->end, name);

	if (length == 0 && !closing) {
		g_string_append(tamer->out, "&lt;");
		tamer->at++;
		return;
	}
	const char *end = tag_end(start + length, tamer->end);
	tamer->at = end < tamer->end ? end + 1 : end;
	if (length == 0 || IS(name, unwrapped) || !is_known(name))
		return;
	if (closing)
		close_tag(tamer, name);
	else
		open_or_skip(tamer, name, start + length, end);
}

static void skip_to(Tamer *tamer, const char *what)
{
	const char *found = find(tamer->at, tamer->end, what);

	tamer->at = found ? found + strlen(what) : tamer->end;
}

GString *sn_html_tame(const char *html, gsize length)
{
	Tamer tamer = { .out = g_string_sized_new(length + 64), .at = html, .end = html + length };

	tamer.open = g_ptr_array_new();
	while (tamer.at < tamer.end) {
		const char *angle = memchr(tamer.at, '<', (gsize)(tamer.end - tamer.at));
		gsize plain = (gsize)((angle ? angle : tamer.end) - tamer.at);
		g_string_append_len(tamer.out, tamer.at, (gssize)plain);
		tamer.at += plain;
		if (!angle)
			break;
		gsize rest = (gsize)(tamer.end - tamer.at);
		if (rest >= 4 && memcmp(tamer.at, "<!--", 4) == 0) {
			tamer.at += 2; /* "<!-->" is a whole comment */
			skip_to(&tamer, "-->");
		} else if (rest >= 2 && (tamer.at[1] == '!' || tamer.at[1] == '?')) {
			skip_to(&tamer, ">");
		} else {
			read_tag(&tamer);
		}
	}
	g_ptr_array_unref(tamer.open);
	return tamer.out;
}

char *sn_html_strip(const char *tamed, gsize length)
{
	GString *out = g_string_sized_new(length);
	const char *end = tamed + length;

	for (const char *at = tamed; at < end;) {
		const char *angle = memchr(at, '<', (gsize)(end - at));
		g_string_append_len(out, at, (angle ? angle : end) - at);
		if (!angle)
			break;
		g_string_append_c(out, ' ');
		const char *close = tag_end(angle, end);
		at = close < end ? close + 1 : end;
	}
	return g_string_free(out, FALSE);
}
