/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/letter.h"

#include <string.h>

#include "src/text/text.h"

#define MAX_DROPPED 8192 /* bytes of a paste that are looked at; nobody drops more */
#define MAX_FILES 50

gboolean sn_letter_has_subject(const char *subject)
{
	g_autofree char *clean = subject ? sn_text_clean_line(subject, -1) : NULL;

	return clean && *clean && strcmp(clean, SN_NO_SUBJECT) != 0;
}

/* ---- words ---- */

static char *folded(const char *text)
{
	g_autofree char *lower = g_utf8_casefold(text, -1);

	return g_utf8_normalize(lower, -1, G_NORMALIZE_ALL_COMPOSE);
}

/* Scripts without blanks between words have no ends of words to look for. */
static gboolean is_wide(const char *at)
{
	return g_unichar_iswide(g_utf8_get_char(at));
}

static gboolean ends_word(const char *text, const char *at)
{
	return at == text || is_wide(at) || !g_unichar_isalnum(g_utf8_get_char(g_utf8_prev_char(at)));
}

/* Both folded. */
static gboolean has_word(const char *text, const char *word)
{
	gsize length = strlen(word);
	gboolean any_end = length > 1 && word[length - 1] == '*';
	g_autofree char *bare = g_strndup(word, any_end ? length - 1 : length);

	length = strlen(bare);
	for (const char *at = text; length && (at = strstr(at, bare)); at = g_utf8_next_char(at)) {
		const char *end = at + length;
		if (ends_word(text, at) && (any_end || !*end || is_wide(at) ||
		                            !g_unichar_isalnum(g_utf8_get_char(end))))
			return TRUE;
	}
	return FALSE;
}

static char *new_text(const char *body)
{
	g_autoptr(GArray) blocks = sn_text_blocks(body);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < blocks->len; i++) {
		const SnBlock *block = &g_array_index(blocks, SnBlock, i);
		if (block->kind == SN_BLOCK_TEXT)
			g_string_append_len(text, body + block->start,
			                    (gssize)(block->end - block->start));
	}
	return g_utf8_make_valid(text->str, (gssize)text->len);
}

gboolean sn_letter_speaks_of_file(const char *body, const char *words)
{
	g_autofree char *own = new_text(body), *text = folded(own);
	g_auto(GStrv) list = g_strsplit(words, ",", -1);

	for (char **word = list; text && *word; word++) {
		g_autofree char *wanted = folded(g_strstrip(*word));
		if (wanted && has_word(text, wanted))
			return TRUE;
	}
	return FALSE;
}

/* ---- dropped files ---- */

/* A regular file of this name; NULL. */
static char *file_named(const char *word)
{
	g_autofree char *path = NULL;

	if (g_str_has_prefix(word, "file://"))
		path = g_filename_from_uri(word, NULL, NULL);
	else if (g_str_has_prefix(word, "~/"))
		path = g_build_filename(g_get_home_dir(), word + 2, NULL);
	else if (*word == '/')
		path = g_strdup(word);
	return path && g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path) : NULL;
}

/* The same with shell quotes around it, or backslashes before its blanks. */
static char *file_in_line(const char *line)
{
	g_auto(GStrv) words = NULL;
	char *one = file_named(line);

	if (!one && g_shell_parse_argv(line, NULL, &words, NULL) && !words[1])
		one = file_named(words[0]);
	return one;
}

char **sn_letter_dropped_files(const char *pasted)
{
	g_autofree char *text = g_strstrip(g_strndup(pasted, MAX_DROPPED));
	g_auto(GStrv) words = NULL;
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	char *one;

	if (!*text || !strchr("/~f'\"", *text) || strlen(pasted) > MAX_DROPPED)
		return NULL;
	/* some terminals paste a name with blanks as it is */
	one = file_named(text);
	if (one)
		g_ptr_array_add(files, one);
	else if (strchr(text, '\n'))
		words = g_strsplit(text, "\n", MAX_FILES + 1);
	else if (g_str_has_prefix(text, "file://")) /* in which a quote is a letter */
		words = g_strsplit(text, " ", MAX_FILES + 1);
	else if (!g_shell_parse_argv(text, NULL, &words, NULL))
		return NULL;
	for (char **word = words; word && *word; word++) {
		if (!*g_strstrip(*word)) /* between lines */
			continue;
		one = files->len < MAX_FILES ? file_in_line(*word) : NULL;
		if (!one)
			return NULL;
		g_ptr_array_add(files, one);
	}
	g_ptr_array_add(files, NULL);
	return (char **)g_ptr_array_steal(files, NULL);
}

/* ---- signature ---- */

#define FORWARDED "\n---------- Forwarded message ----------\n"

static gboolean is_signed(const char *text)
{
	return g_str_has_prefix(text, "-- \n") || strstr(text, "\n-- \n");
}

char *sn_letter_sign(const char *body, const char *signature)
{
	const char *forwarded = g_str_has_prefix(body, FORWARDED + 1) ? body : strstr(body, FORWARDED);
	g_autofree char *own =
		forwarded ? g_strndup(body, (gsize)(forwarded - body)) : g_strdup(body);
	g_autofree char *all = g_strchomp(g_strdup(body));

	/* what is forwarded may have somebody else's */
	if (!signature || !*signature || is_signed(own))
		return g_strdup(body);
	return g_strconcat(all, *all ? "\n\n" : "", "-- \n", signature, NULL);
}

char *sn_letter_unsign(const char *body, const char *signature)
{
	g_autofree char *block = signature && *signature ? g_strconcat("-- \n", signature, NULL) : NULL;
	gsize length = strlen(body), size = block ? strlen(block) : 0;
	const char *at = size && size <= length ? body + length - size : NULL;

	/* where something else stands below, it is the user's own now */
	if (!at || strcmp(at, block) != 0 || (at != body && at[-1] != '\n'))
		return g_strdup(body);
	return g_strchomp(g_strndup(body, (gsize)(at - body)));
}

gint64 sn_letter_encoded_size(gint64 bytes)
{
	gint64 encoded = (bytes + 2) / 3 * 4;

	g_assert(bytes >= 0);
	return encoded + encoded / 76 * 2;
}
