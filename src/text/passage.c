/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * passage.c - where a text says what was searched for.
 *
 * Letters are compared decomposed, without their marks and in lower case, one after the other, so
 * that nothing of a long text is copied.
 */
#include "src/text/passage.h"

#include <string.h>

#include "src/text/text.h"

#define MAX_SOUGHT 512
#define MAX_LOOKED_AT (256 * 1024) /* as much as the index knows of a text */
#define BEFORE 40                  /* bytes that lead to the place */

gboolean sn_text_is_unspaced(gunichar letter)
{
	if (letter < 0x2e80)
		return FALSE;
	switch (g_unichar_get_script(letter)) {
	case G_UNICODE_SCRIPT_HAN:
	case G_UNICODE_SCRIPT_HIRAGANA:
	case G_UNICODE_SCRIPT_KATAKANA:
	case G_UNICODE_SCRIPT_HANGUL:
	case G_UNICODE_SCRIPT_BOPOMOFO: return g_unichar_isalnum(letter);
	default: return letter == 0x30fc || letter == 0x3005; /* marks that prolong or repeat */
	}
}

/* What the marks of a letter stand on, in lower case. Marks themselves and all that cannot be seen: 0. */
static gunichar base_of(gunichar letter)
{
	gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];

	if (letter < 0x80)
		return (gunichar)g_ascii_tolower((char)letter);
	if (g_unichar_ismark(letter) || g_unichar_type(letter) == G_UNICODE_FORMAT)
		return 0;
	if (sn_text_is_unspaced(letter))
		return letter; /* whose parts are letters of their own */
	g_unichar_fully_decompose(letter, TRUE, parts, G_N_ELEMENTS(parts));
	return g_unichar_tolower(parts[0]);
}

static gboolean joins(gunichar letter)
{
	return (g_unichar_isalnum(letter) || g_unichar_ismark(letter)) && !sn_text_is_unspaced(letter);
}

/* All that is no letter is the same to the index: at least one of it. */
static const char *skip_signs(const char *text, const char *end)
{
	while (text < end && !g_unichar_isalnum(g_utf8_get_char(text)))
		text = g_utf8_next_char(text);
	return text;
}

/* After the marks of the letter before. */
static const char *skip_marks(const char *text, const char *end)
{
	while (text < end && base_of(g_utf8_get_char(text)) == 0)
		text = g_utf8_next_char(text);
	return text;
}

/* Where it ends if `word` (of letters and signs, up to its NUL) stands at text; NULL. */
static const char *same(const char *text, const char *end, const char *word, const char *word_end)
{
	while (word < word_end) {
		gunichar letter = g_utf8_get_char(word);
		if (g_unichar_isalnum(letter)) {
			if (text >= end || base_of(g_utf8_get_char(text)) != base_of(letter))
				return NULL;
			text = skip_marks(g_utf8_next_char(text), end);
			word = skip_marks(g_utf8_next_char(word), word_end);
			continue;
		}
		const char *rest = skip_signs(text, end);
		word = skip_signs(word, word_end);
		if (rest == text && word < word_end)
			return NULL;
		text = word < word_end ? rest : text;
	}
	return text;
}

gboolean sn_text_find_sought(const char *text, gsize from, gsize to, const char *sought,
                             gsize *start, gsize *end)
{
	gsize length = sought ? strnlen(sought, MAX_SOUGHT + 1) : 0;
	gboolean prefix = length && sought[length - 1] == '*';
	gunichar before = 0;

	if (!length || length > MAX_SOUGHT || from >= to)
		return FALSE;
	const char *word_end = sought + length - (prefix ? 1 : 0);
	const char *word = skip_signs(sought, word_end);
	const char *stop = text + MIN(to, from + MAX_LOOKED_AT);
	if (word == word_end)
		return FALSE;
	gunichar first = base_of(g_utf8_get_char(word));
	if (from > 0)
		before = g_utf8_get_char(g_utf8_prev_char(text + from));
	for (const char *c = text + from; c < stop; c = g_utf8_next_char(c)) {
		gunichar letter = g_utf8_get_char(c);
		const char *after = base_of(letter) == first && !(joins(letter) && joins(before))
		                            ? same(c, text + to, word, word_end)
		                            : NULL;
		if (after && (prefix || after == text + to || !joins(g_utf8_get_char(after)) ||
		              sn_text_is_unspaced(g_utf8_get_char(g_utf8_prev_char(after))))) {
			*start = (gsize)(c - text);
			*end = (gsize)(after - text);
			return TRUE;
		}
		before = letter;
	}
	return FALSE;
}

/* Not within a word, unless it is a very long one. */
static gsize word_begin(const char *text, gsize at, gsize first)
{
	while (at > first && ((guchar)text[at] & 0xc0) == 0x80)
		at--;
	for (gsize i = at; i > first && at - i < BEFORE / 2; i--)
		if (g_ascii_isspace(text[i - 1]))
			return i;
	return at;
}

char *sn_text_passage(const char *text, const char *const *sought, gsize bytes)
{
	gsize length = text ? strlen(text) : 0, first = length;

	for (; sought && *sought; sought++) {
		gsize start, end;
		if (sn_text_find_sought(text, 0, first, *sought, &start, &end))
			first = start;
	}
	if (first == length)
		return NULL;
	gsize from = first > BEFORE ? word_begin(text, first - BEFORE, 0) : 0;
	gsize to = MIN(length, from + bytes);
	while (to < length && ((guchar)text[to] & 0xc0) == 0x80)
		to--;
	g_autofree char *slice = g_strndup(text + from, to - from);
	g_autofree char *line = sn_text_clean_line(slice, -1);
	return g_strconcat(from ? "\342\200\246 " : "", line, to < length ? " \342\200\246" : "", NULL);
}
