/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tags.c - IMAP keywords as words with blanks between. */
#include <string.h>

#include "src/store/triage.h"

enum { TAG_LENGTH = 100, TAGS_MOST = 100 };

static gint by_word(gconstpointer a, gconstpointer b)
{
	const char *one = *(const char *const *)a, *two = *(const char *const *)b;
	int order = g_ascii_strcasecmp(one, two);

	return order ? order : strcmp(one, two);
}

static gboolean holds(char **words, const char *word)
{
	for (; *words; words++)
		if (**words && g_ascii_strcasecmp(*words, word) == 0)
			return TRUE;
	return FALSE;
}

static char **split(const char *tags)
{
	return g_strsplit(tags ? tags : "", " ", -1);
}

static void add_words(GPtrArray *out, char **words, char **without)
{
	for (; *words && out->len < TAGS_MOST; words++) {
		gboolean known = **words == '\0' || holds(without, *words);
		for (guint i = 0; i < out->len && !known; i++)
			known = g_ascii_strcasecmp(out->pdata[i], *words) == 0;
		if (!known)
			g_ptr_array_add(out, *words);
	}
}

char *sn_tags_change(const char *tags, const char *add, const char *drop)
{
	g_auto(GStrv) now = split(tags), more = split(add), less = split(drop);
	g_autoptr(GPtrArray) words = g_ptr_array_new();

	add_words(words, now, less);
	add_words(words, more, less);
	g_ptr_array_sort(words, by_word);
	g_ptr_array_add(words, NULL);
	return g_strjoinv(" ", (char **)words->pdata);
}

char *sn_tags_minus(const char *tags, const char *other)
{
	return sn_tags_change(tags, NULL, other);
}

gboolean sn_tags_has(const char *tags, const char *tag)
{
	g_auto(GStrv) words = split(tags);

	return holds(words, tag);
}

/* Of other programs: Thunderbird and KMail tell spam without the '$'. */
static gboolean is_for_programs(const char *tag)
{
	static const char *const known[] = { "Junk", "NonJunk", "NotJunk", NULL };

	return *tag == '$' || holds((char **)known, tag);
}

char *sn_tags_shown(const char *tags)
{
	g_auto(GStrv) words = split(tags);
	GString *out = g_string_new(NULL);

	for (char **word = words; *word; word++)
		if (**word && !is_for_programs(*word))
			g_string_append_printf(out, "%s%s", out->len ? " " : "", *word);
	return g_string_free(out, out->len == 0);
}

static gboolean is_tag(const char *word)
{
	if (!*word || strlen(word) > TAG_LENGTH)
		return FALSE;
	for (const char *c = word; *c; c++)
		if (!g_ascii_isgraph(*c) || strchr("(){%*\"\\]", *c))
			return FALSE;
	return TRUE;
}

gboolean sn_tags_parse(const char *text, char **add, char **drop, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " ,\t", -1);
	g_autoptr(GString) plus = g_string_new(NULL), minus = g_string_new(NULL);

	for (char **word = words; *word; word++) {
		const char *tag = **word == '+' || **word == '-' ? *word + 1 : *word;
		GString *out = **word == '-' ? minus : plus;
		if (!**word)
			continue;
		if (!is_tag(tag)) {
			g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
			            "\"%s\" cannot be a tag: a tag is at most %d letters, digits and "
			            "signs of ASCII, without blanks and (){%%*\"\\].",
			            tag, TAG_LENGTH);
			return FALSE;
		}
		g_string_append_printf(out, "%s%s", out->len ? " " : "", tag);
	}
	if (plus->len == 0 && minus->len == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "Say which tags: +work adds one, -work takes it away.");
		return FALSE;
	}
	*add = g_string_free(g_steal_pointer(&plus), FALSE);
	*drop = g_string_free(g_steal_pointer(&minus), FALSE);
	return TRUE;
}
