/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/text/mention.h"

#include <string.h>

#define MAX_TEXT (64 * 1024)
#define MAX_WORD 200

static gboolean joins(gunichar letter)
{
	return g_unichar_isalnum(letter) || g_unichar_ismark(letter) || letter == '_';
}

/* As many bytes of text as say the same as word, whatever the case; 0 when they do not. */
static gsize same(const char *text, const char *word)
{
	const char *t = text;

	for (const char *w = word; *w; w = g_utf8_next_char(w), t = g_utf8_next_char(t))
		if (!*t || g_unichar_tolower(g_utf8_get_char(t)) != g_unichar_tolower(g_utf8_get_char(w)))
			return 0;
	return (gsize)(t - text);
}

gboolean sn_text_find_word(const char *text, const char *word, gsize from, gsize *start, gsize *end)
{
	gunichar before = 0;

	if (!text || !word || !*word || strlen(word) > MAX_WORD ||
	    !g_utf8_validate(word, -1, NULL) || !g_utf8_validate(text, -1, NULL))
		return FALSE;
	/* a nick may begin or end with a sign, which needs no gap */
	gboolean first = joins(g_utf8_get_char(word));
	gboolean last = joins(g_utf8_get_char(g_utf8_prev_char(word + strlen(word))));
	for (const char *c = text; *c && c - text < MAX_TEXT; c = g_utf8_next_char(c)) {
		gsize length = (gsize)(c - text) >= from && !(first && joins(before)) ? same(c, word) : 0;
		if (length && !(last && joins(g_utf8_get_char(c + length)))) {
			*start = (gsize)(c - text);
			*end = *start + length;
			return TRUE;
		}
		before = g_utf8_get_char(c);
	}
	return FALSE;
}

gboolean sn_text_mentions(const char *text, const char *word)
{
	gsize start, end;

	return sn_text_find_word(text, word, 0, &start, &end);
}

gboolean sn_text_mentions_any(const char *text, const char *words)
{
	g_auto(GStrv) list = words ? g_strsplit(words, ",", 50) : NULL;

	for (char **word = list; word && *word; word++)
		if (sn_text_mentions(text, g_strstrip(*word)))
			return TRUE;
	return FALSE;
}
