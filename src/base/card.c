/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/card.h"

#include <string.h>

#include "src/base/nearest.h"

static const char *const keys[] = {
#define X(key, many, temp, temp_child, four, four_child) key,
	SN_CARD_TABLE(X)
#undef X
		NULL
};

static const gboolean several[] = {
#define X(key, many, temp, temp_child, four, four_child) many,
	SN_CARD_TABLE(X)
#undef X
};

void sn_card_line_free(SnCardLine *line)
{
	if (!line)
		return;
	g_free(line->value);
	g_free(line);
}

static int key_of(const char *word)
{
	for (int i = 0; keys[i]; i++)
		if (g_ascii_strcasecmp(keys[i], word) == 0)
			return i;
	return -1;
}

static gboolean add_line(GPtrArray *lines, const char *text, int number, guint *seen, GError **error)
{
	const char *colon = strchr(text, ':');
	g_autofree char *word = g_strstrip(g_strndup(text, colon ? (gsize)(colon - text) : 0));
	g_autofree char *value = g_strstrip(g_strdup(colon ? colon + 1 : ""));
	int key = key_of(word);
	const char *nearest = key < 0 && *word ? sn_nearest(word, keys) : NULL;

	if (key < 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "Line %d: '%s' is none of the lines of a card%s%s.",
		            number, *word ? word : text, nearest ? "; perhaps " : "",
		            nearest ? nearest : "");
		return FALSE;
	}
	if (!*value)
		return TRUE;
	if (!several[key] && *seen & 1u << key) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "Line %d: there is one %s only.", number,
		            keys[key]);
		return FALSE;
	}
	*seen |= 1u << key;
	SnCardLine *line = g_new0(SnCardLine, 1);
	line->key = keys[key];
	line->value = g_steal_pointer(&value);
	g_ptr_array_add(lines, line);
	return TRUE;
}

GPtrArray *sn_card_parse(const char *text, GError **error)
{
	g_autoptr(GPtrArray) lines =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_card_line_free);
	g_auto(GStrv) split = g_strsplit_set(text, "\r\n", -1);
	guint seen = 0;

	for (int i = 0; split[i]; i++) {
		g_strstrip(split[i]);
		if (*split[i] && *split[i] != '#' && !add_line(lines, split[i], i + 1, &seen, error))
			return NULL;
	}
	if (lines->len > SN_CARD_LINES || strlen(text) > SN_CARD_BYTES ||
	    !g_utf8_validate(text, -1, NULL)) {
		g_set_error_literal(error, SN_ERROR, SN_ERROR_LIMIT,
		                    "The card is too long, or not text in UTF-8.");
		return NULL;
	}
	return g_steal_pointer(&lines);
}

char *sn_card_hint(void)
{
	g_autofree char *all = g_strjoinv(", ", (char **)keys);

	return g_strdup_printf("# Your card, which anybody can read. Lines: %s.\n"
	                       "# email, phone and xmpp may be there more than once.\n",
	                       all);
}
