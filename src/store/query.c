/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query.c - what a user types into the search line. Words reach the index in quotes only. */
#include <string.h>

#include "src/store/private.h"

#define TERM_LIMIT 64

typedef struct {
	SnQuery *query;
	const SnClock *clock;
	GString *match, *without;
	GPtrArray *words;
	int terms;
} Parser;

void sn_query_free(SnQuery *query)
{
	if (!query)
		return;
	g_free(query->match);
	g_free(query->without);
	g_strfreev(query->words);
	g_free(query->from);
	g_free(query->to);
	g_free(query->subject);
	g_free(query->in);
	g_free(query->tag);
	g_free(query);
}

/* ---- the keys ---- */

static gboolean wrong(GError **error, const char *key, const char *value, const char *allowed)
{
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "\"%s:%s\" is not understood: after \"%s:\" %s.",
	            key, value, key, allowed);
	return FALSE;
}

static gboolean set_from(Parser *p, const char *value, GError **error)
{
	g_free(p->query->from);
	p->query->from = g_strdup(value);
	return TRUE;
}

static gboolean set_to(Parser *p, const char *value, GError **error)
{
	g_free(p->query->to);
	p->query->to = g_strdup(value);
	return TRUE;
}

static gboolean set_subject(Parser *p, const char *value, GError **error)
{
	g_free(p->query->subject);
	p->query->subject = g_strdup(value);
	return TRUE;
}

static gboolean set_in(Parser *p, const char *value, GError **error)
{
	g_free(p->query->in);
	p->query->in = g_strdup(value);
	return TRUE;
}

static gboolean set_tag(Parser *p, const char *value, GError **error)
{
	g_free(p->query->tag);
	p->query->tag = g_strdup(value);
	return TRUE;
}

static gboolean set_via(Parser *p, const char *value, GError **error)
{
	SnChannel channel;

	if (!sn_channel_parse(value, &channel))
		return wrong(error, "via", value, "comes mail or im");
	p->query->channel = (int)channel;
	return TRUE;
}

/* Newsletters and notices stand apart from what people write, whatever else they are. */
static gboolean set_kind(Parser *p, const char *value, GError **error)
{
	SnConversationKind kind;
	SnBulk bulk;

	if (sn_bulk_parse(value, &bulk) && bulk != SN_BULK_NONE) {
		p->query->by_kind = TRUE;
		p->query->bulk = bulk;
		p->query->kind = -1;
		return TRUE;
	}
	for (kind = SN_CONV_PERSON; kind <= SN_CONV_ROOM; kind++) {
		if (g_str_equal(value, sn_conversation_kind_word(kind))) {
			p->query->by_kind = TRUE;
			p->query->kind = (int)kind;
			p->query->bulk = SN_BULK_NONE;
			return TRUE;
		}
	}
	return wrong(error, "kind", value, "comes person, group, list, room, newsletter or notice");
}

static gboolean set_has(Parser *p, const char *value, GError **error)
{
	if (strcmp(value, "attachment") != 0)
		return wrong(error, "has", value, "comes attachment");
	p->query->has_attachment = TRUE;
	return TRUE;
}

static gboolean set_is(Parser *p, const char *value, GError **error)
{
	if (strcmp(value, "unread") == 0)
		p->query->is_unread = TRUE;
	else if (strcmp(value, "flagged") == 0)
		p->query->is_flagged = TRUE;
	else if (strcmp(value, "carried") == 0)
		p->query->is_carried = TRUE;
	else if (strcmp(value, "earlier") == 0)
		p->query->is_earlier = TRUE;
	else
		return wrong(error, "is", value, "comes unread, flagged, carried or earlier");
	return TRUE;
}

static gboolean set_time(Parser *p, const char *key, const char *value, SnTime *time,
                         GError **error)
{
	*time = sn_time_parse(value, p->clock);
	return *time != 0 || wrong(error, key, value,
	                           "comes a date such as 2026-11-22, today, yesterday, or 3d");
}

static gboolean set_after(Parser *p, const char *value, GError **error)
{
	return set_time(p, "after", value, &p->query->after, error);
}

static gboolean set_before(Parser *p, const char *value, GError **error)
{
	return set_time(p, "before", value, &p->query->before, error);
}

static const struct {
	const char *name;
	gboolean (*set)(Parser *parser, const char *value, GError **error);
} keys[] = {
	{ "from", set_from },   { "to", set_to },         { "subject", set_subject },
	{ "via", set_via },     { "has", set_has },       { "before", set_before },
	{ "after", set_after }, { "in", set_in },         { "is", set_is },
	{ "tag", set_tag },     { "kind", set_kind },
};

/* ---- words ---- */

static gboolean has_letter(const char *text)
{
	for (; *text; text = g_utf8_next_char(text))
		if (g_unichar_isalnum(g_utf8_get_char(text)))
			return TRUE;
	return FALSE;
}

static void add_words(Parser *p, const char *words, gboolean prefix, gboolean negative)
{
	gboolean begins = FALSE;
	g_autofree char *fold = sn_search_fold(words, &begins);
	GString *out = negative ? p->without : p->match;

	if (!has_letter(words))
		return; /* nothing that the index knows */
	if (out->len)
		g_string_append(out, negative ? " OR " : " AND ");
	g_string_append_c(out, '"');
	for (const char *c = fold ? fold : words; *c; c++)
		g_string_append_len(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
	g_string_append(out, prefix || begins ? "\"*" : "\"");
	if (!negative)
		g_ptr_array_add(p->words, g_strconcat(words, prefix || begins ? "*" : NULL, NULL));
}

/* Takes `"some words"` or everything up to a blank. Caller frees; *text moves on. */
static char *take_value(const char **text, gboolean *quoted, GError **error)
{
	const char *start = *text, *end;

	*quoted = *start == '"';
	if (!*quoted) {
		for (end = start; *end && !g_ascii_isspace(*end); end++)
			;
		*text = end;
		return g_strndup(start, (gsize)(end - start));
	}
	end = strchr(start + 1, '"');
	if (!end) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "The quotation mark before \"%s\" has no partner.", start + 1);
		return NULL;
	}
	*text = end + 1;
	return g_strndup(start + 1, (gsize)(end - start - 1));
}

/* TRUE with *taken when the text begins with a key. */
static gboolean take_key(Parser *p, const char **text, gboolean *taken, GError **error)
{
	*taken = FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		gsize length = strlen(keys[i].name);
		gboolean quoted;
		if (g_ascii_strncasecmp(*text, keys[i].name, length) != 0 ||
		    (*text)[length] != ':')
			continue;
		*taken = TRUE;
		*text += length + 1;
		g_autofree char *value = take_value(text, &quoted, error);
		if (!value)
			return FALSE;
		if (!*value)
			return wrong(error, keys[i].name, "", "something is missing");
		return keys[i].set(p, value, error);
	}
	return TRUE;
}

static gboolean take_term(Parser *p, const char **text, GError **error)
{
	gboolean negative = **text == '-' && (*text)[1] && !g_ascii_isspace((*text)[1]);
	gboolean taken, quoted, prefix;

	if (++p->terms > TERM_LIMIT) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT, "A search has at most %d parts.",
		            TERM_LIMIT);
		return FALSE;
	}
	if (negative)
		(*text)++;
	else if (!take_key(p, text, &taken, error))
		return FALSE;
	else if (taken)
		return TRUE;
	g_autofree char *words = take_value(text, &quoted, error);
	if (!words)
		return FALSE;
	prefix = !quoted && g_str_has_suffix(words, "*");
	if (prefix)
		words[strlen(words) - 1] = '\0';
	add_words(p, words, prefix, negative);
	return TRUE;
}

SnQuery *sn_query_parse(const char *text, const SnClock *clock, GError **error)
{
	g_autofree char *valid = sn_tidy(text ? text : "", SN_LINE_LIMIT);
	const char *rest = valid;
	Parser p = { g_new0(SnQuery, 1), clock, g_string_new(NULL), g_string_new(NULL),
		     g_ptr_array_new(), 0 };
	gboolean ok = TRUE;

	p.query->channel = -1;
	while (ok) {
		while (g_ascii_isspace(*rest))
			rest++;
		if (!*rest)
			break;
		ok = take_term(&p, &rest, error);
	}
	p.query->match = g_string_free(p.match, p.match->len == 0);
	p.query->without = g_string_free(p.without, p.without->len == 0);
	g_ptr_array_add(p.words, NULL);
	p.query->words = (char **)g_ptr_array_free(p.words, FALSE);
	if (ok)
		return p.query;
	sn_query_free(p.query);
	return NULL;
}
