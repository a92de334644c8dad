/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answers of an IMAP server, as far as we read them ourselves: one after the other. */
#include <string.h>

#include "backends/mail/imap_structure.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_name = "imap";

static void check_words(const GPtrArray *words, guint depth)
{
	g_assert_cmpuint(depth, <=, SN_WORDS_MAX_DEPTH + 1);
	for (guint i = 0; i < words->len; i++) {
		const SnWord *word = sn_word_at(words, i);
		g_assert_true((word->kind == SN_WORD_LIST) == (word->items != NULL));
		if (word->items)
			check_words(word->items, depth + 1);
		else if (word->kind != SN_WORD_NIL)
			g_assert_true(word->text[word->length] == '\0');
	}
}

static void check_run(guint32 first, guint32 last, gpointer data)
{
	g_assert_cmpuint(first, <=, last);
	g_assert_cmpuint(first, >, 0);
}

/* Whatever a server says a message is made of, something is built, and of bounded size. */
static void check_structure(const SnWord *word, const GPtrArray *pairs)
{
	g_autoptr(SnImapPart) root = sn_imap_structure(word);

	if (!root)
		return;
	sn_imap_structure_choose(root, 1000, 5);
	g_autofree char *items = sn_imap_structure_items(root, 100);
	g_autoptr(GBytes) raw = sn_imap_structure_build(root, pairs);
	g_autoptr(GArray) missing = sn_imap_structure_missing(root, 100);
	g_assert_null(strpbrk(items, "\r\n\"{"));
	g_assert_cmpuint(missing->len, <=, SN_IMAP_MAX_LEAVES);
}

static void check_line(const SnImapLine *line)
{
	g_assert_true(*line->tag && line->kind);
	check_words(line->words, 0);
	const SnWord *pairs = sn_word_at(line->words, 0);
	if (pairs && pairs->items) {
		check_structure(pairs, pairs->items);
		check_structure(sn_word_value(pairs->items, "BODYSTRUCTURE"), pairs->items);
	}
	for (guint i = 0; i < line->words->len; i++) {
		const char *text = sn_word_text(sn_word_at(line->words, i));
		g_autofree char *quoted = text ? sn_imap_quote(text) : NULL;
		if (text)
			sn_imap_set_each(text, check_run, NULL);
		if (!quoted)
			continue;
		/* what we quote is what a reader of quotes finds */
		g_autofree char *again = g_strconcat("* X ", quoted, NULL);
		g_autoptr(SnImapLine) back = sn_imap_line_parse(again, strlen(again));
		g_assert_cmpstr(sn_word_text(sn_word_at(back->words, 0)), ==, text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;

	while (at < end) {
		const char *stop = memchr(at, '\n', (gsize)(end - at));
		g_autoptr(SnImapLine) rest = sn_imap_line_parse(at, (gsize)(end - at));
		if (rest)
			check_line(rest);
		gsize length = (gsize)((stop ? stop : end) - at);
		g_assert_cmpint(sn_imap_literal_length(at, length), >=, -1);
		at = stop ? stop + 1 : end;
	}
	return 0;
}
