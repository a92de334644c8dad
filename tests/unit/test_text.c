/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/text/text.h"

static void assert_clean(const char *bytes, gssize length, const char *expected)
{
	g_autofree char *clean = sn_text_clean(bytes, length);
	g_autofree char *again = sn_text_clean(clean, -1);

	assert_string_equal(clean, expected);
	assert_string_equal(again, clean);
}

static void clean_keeps_text_and_drops_what_could_harm(void **state)
{
	assert_clean("plain\ttext\n", -1, "plain\ttext\n");
	assert_clean("", -1, "");
	assert_clean("a\r\nb\rc\n\r\n", -1, "a\nb\nc\n\n");
	assert_clean("\x1b[31mred\x07", -1, "[31mred");
	assert_clean("a\0b", 3, "ab");
	assert_clean("c1 \xc2\x9b"
		     "31m",
		     -1, "c1 31m");
	assert_clean("\xff\xfe", -1, "\xef\xbf\xbd\xef\xbf\xbd");
	assert_clean("caf\xe9 au lait", -1, "caf\xef\xbf\xbd au lait");
	assert_clean("surrogate \xed\xa0\x80!", -1, "surrogate \xef\xbf\xbd!");
	assert_clean("noncharacter \xef\xbf\xbe", -1, "noncharacter \xef\xbf\xbd");
	assert_clean("line\xe2\x80\xa8separator\xc2\x85next", -1, "line\nseparator\nnext");
	assert_clean("gpj.\xe2\x80\xae"
		     "exe\xe2\x81\xa6",
		     -1, "gpj.exe");
	assert_clean("\xef\xbb\xbf"
		     "bom, soft\xc2\xadhyphen",
		     -1, "bom, softhyphen");
	assert_clean("cut off \xe2\x82", -1, "cut off \xef\xbf\xbd");
	assert_clean("日本語 e\xcc\x81 👩‍👩‍👧", -1,
		     "日本語 e\xcc\x81 👩‍👩‍👧");
}

/* Texts are looked through several bytes at a time: no place in them may be passed over. */
static void every_byte_counts_wherever_it_stands(void **state)
{
	for (gsize length = 1; length <= 26; length++)
		for (gsize at = 0; at < length; at++)
			for (int byte = 1; byte < 256; byte++) {
				char text[32], expected[32];
				gboolean kept = (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\t';
				memset(text, 'a', length);
				text[at] = (char)byte;
				text[length] = '\0';
				assert_int_equal(sn_text_is_ascii(text, length), byte < 0x80);
				assert_true(sn_text_is_ascii(text, at));
				if (byte >= 0x80 || byte == '\r')
					continue;
				g_snprintf(expected, sizeof expected, "%.*s%s", (int)at + kept, text,
				           text + at + 1);
				assert_clean(text, (gssize)length, expected);
			}
}

static void clean_bounds_combining_marks(void **state)
{
	GString *text = g_string_new("e");

	for (int i = 0; i < 1000; i++)
		g_string_append(text, "\xcc\x81");
	g_autofree char *clean = sn_text_clean(text->str, -1);
	assert_int_equal(strlen(clean), 1 + 30 * 2);
	g_string_free(text, TRUE);
}

static void clean_line_is_one_line(void **state)
{
	g_autofree char *folded = sn_text_clean_line(" Re:\r\n\tlong\n subject  kept \n", -1);
	g_autofree char *nothing = sn_text_clean_line("\n\t \n", -1);
	g_autofree char *plain = sn_text_clean_line("  two  blanks stay ", -1);
	g_autofree char *part = sn_text_clean_line("only this part", 9);
	g_autofree char *escape = sn_text_clean_line("red \033[31m", -1);

	assert_string_equal(folded, "Re: long subject  kept");
	assert_string_equal(nothing, "");
	assert_string_equal(plain, "two  blanks stay");
	assert_string_equal(part, "only this");
	assert_string_equal(escape, "red [31m");
}

static const struct {
	const char *text;
	int columns;
} widths[] = {
	{ "", 0 },
	{ "plain", 5 },
	{ "\t", 8 },
	{ "abc\td", 9 },
	{ "日本語", 6 },
	{ "한국어", 6 },
	{ "각", 2 }, /* three Jamo, one syllable */
	{ "é", 1 },
	{ "👩‍👩‍👧", 2 },
	{ "👩‍👩‍👧👩‍👩‍👧", 4 },
	{ "🏳️‍🌈", 2 },
	{ "🇩🇪🇫🇷", 4 },
	{ "🇩", 1 },
	{ "👍🏽", 2 },
	{ "1️⃣", 2 },
	{ "❤️", 2 },
	{ "❤", 1 },
	{ "⌚", 2 },
	{ "🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2 },
	{ "\u200b", 0 },
	{ "a\u200bb", 2 },
	{ "कि", 2 },
	{ "ก็", 1 },
	{ "שלום", 4 },
	{ "ｆｕｌｌ", 8 },
	{ "…", 1 },
	{ "x👁️‍🗨️x", 4 },
};

static void width_counts_columns_of_clusters(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(widths); i++) {
		if (sn_text_width(widths[i].text) != widths[i].columns)
			print_error("width of \"%s\"\n", widths[i].text);
		assert_int_equal(sn_text_width(widths[i].text), widths[i].columns);
	}
}

static void clusters_add_up_to_the_text(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(widths); i++) {
		const char *at = widths[i].text;
		int columns = 0;

		if (strchr(at, '\t'))
			continue;
		while (*at) {
			gsize bytes = 0;
			columns += sn_text_cluster(at, &bytes);
			assert_true(bytes > 0);
			at += bytes;
		}
		assert_int_equal(columns, widths[i].columns);
		assert_int_equal(at - widths[i].text, strlen(widths[i].text));
	}
}

static void a_cluster_without_end_is_cut(void **state)
{
	GString *text = g_string_new("👩");
	gsize bytes;

	for (int i = 0; i < 100000; i++)
		g_string_append(text, "\u200d👩");
	assert_true(sn_text_cluster(text->str, &bytes) <= 2);
	assert_true(bytes <= 256);
	assert_true(g_utf8_validate(text->str, (gssize)bytes, NULL));
	sn_text_width(text->str);
	g_string_free(text, TRUE);
}

static void assert_fit(const char *text, int columns, const char *expected)
{
	g_autofree char *fitted = sn_text_fit(text, columns);
	g_autofree char *padded = sn_text_pad(text, columns);

	assert_string_equal(fitted, expected);
	assert_true(g_str_has_prefix(padded, fitted));
	assert_int_equal(sn_text_width(padded), MAX(columns, 0));
}

static void fit_cuts_between_clusters(void **state)
{
	assert_fit("short", 10, "short");
	assert_fit("exact", 5, "exact");
	assert_fit("too long", 5, "too …");
	assert_fit("日本語", 5, "日本…");
	assert_fit("日本語", 4, "日…");
	assert_fit("a👩‍👩‍👧b", 3, "a…");
	assert_fit("ab", 1, "…");
	assert_fit("ab", 0, "");
	assert_fit("ab", -3, "");
	assert_fit("a\tb", 10, "a       b");
	assert_fit("", 3, "");
}

/* Every wrapped line fits, no character but blanks is lost, and order is kept. */
static void assert_wraps(const char *text, int columns)
{
	g_autoptr(GArray) lines = sn_text_wrap(text, columns);
	gsize at = 0;

	assert_true(lines->len > 0);
	for (guint i = 0; i < lines->len; i++) {
		SnSpan span = g_array_index(lines, SnSpan, i);
		g_autofree char *line = g_strndup(text + span.start, span.end - span.start);

		assert_true(span.start <= span.end && span.start >= at);
		while (at < span.start)
			assert_non_null(strchr(" \t", text[at++]));
		if (columns >= 2)
			assert_true(sn_text_width(line) <= columns);
		at = span.end;
	}
	while (text[at])
		assert_non_null(strchr(" \t", text[at++]));
}

static char *wrapped(const char *text, int columns)
{
	g_autoptr(GArray) lines = sn_text_wrap(text, columns);
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < lines->len; i++) {
		SnSpan span = g_array_index(lines, SnSpan, i);
		g_string_append_len(out, text + span.start, (gssize)(span.end - span.start));
		g_string_append_c(out, '|');
	}
	return g_string_free(out, FALSE);
}

static void wrap_breaks_where_people_do(void **state)
{
	static const struct {
		const char *text;
		int columns;
		const char *expected;
	} cases[] = {
		{ "", 10, "|" },
		{ "one two three", 20, "one two three|" },
		{ "one two three", 7, "one two|three|" },
		{ "  indented text", 10, "  indented|text|" },
		{ "abcdefghij", 4, "abcd|efgh|ij|" },
		{ "日本語の文章です", 6, "日本語|の文章|です|" },
		{ "wo👩‍👩‍👧rd", 3, "wo|👩‍👩‍👧|rd|" },
		{ "see https://example.test/a/b here", 24, "see|https://example.test/a/b|here|" },
		{ "a\tbc", 9, "a|bc|" },
		{ "trailing     ", 8, "trailing|" },
		{ "no-break\u00a0space", 12, "no-|break\u00a0space|" },
		{ "abc \u0e47", 4, "abc \u0e47|" },
		{ "abcd \u0e47", 4, "abcd| \u0e47|" },
		{ "x", 0, "x|" },
		{ "日", 1, "日|" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *lines = wrapped(cases[i].text, cases[i].columns);
		assert_string_equal(lines, cases[i].expected);
	}
}

/* As a screen shows it: '_' stands for a blank that hangs before a line. */
static char *hung(const char *text, int columns)
{
	int hang = -1;
	g_autoptr(GArray) lines = sn_text_wrap_hanging(text, columns, &hang);
	GString *out = g_string_new(NULL);

	assert_in_range(hang, 0, columns);
	for (guint i = 0; i < lines->len; i++) {
		SnSpan span = g_array_index(lines, SnSpan, i);
		for (int n = 0; i > 0 && n < hang; n++)
			g_string_append_c(out, '_');
		g_autofree char *line = g_strndup(text + span.start, span.end - span.start);
		assert_in_range(sn_text_width(line) + (i > 0 ? hang : 0), 0, columns);
		g_string_append_printf(out, "%s|", line);
	}
	return g_string_free(out, FALSE);
}

static void items_quotes_and_indented_text_hang(void **state)
{
	static const struct {
		const char *text;
		int columns;
		const char *expected;
	} cases[] = {
		{ "one two three", 8, "one two|three|" },
		{ "- one two three", 9, "- one two|__three|" },
		{ " • one two three", 12, " • one two|___three|" },
		{ "12. one two three", 12, "12. one two|____three|" },
		{ "1) one two three", 11, "1) one two|___three|" },
		{ "> one two three", 11, "> one two|__three|" },
		{ ">> - one two", 16, ">> - one two|" },
		{ ">> - one two three", 15, ">> - one two|_____three|" },
		{ "    one two three", 13, "    one two|____three|" },
		/* none of them */
		{ "2026. one two three", 12, "2026. one|two three|" },
		{ "-one two three", 8, "-one two|three|" },
		{ "3.14 one two", 9, "3.14 one|two|" },
		{ "> ", 8, ">|" },
		{ "", 8, "|" },
		/* little would be left */
		{ "        one two three", 12, "        one|two three|" },
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *lines = hung(cases[i].text, cases[i].columns);
		assert_string_equal(lines, cases[i].expected);
	}
}

static void wrap_of_anything_fits(void **state)
{
	static const char *const pieces[] = {
		" ",       " ",      "a",          "bc",     "日",     "👩‍👩‍👧",
		"e\u0301", "\t",     "🇩🇪",         "-",      "/",      "http://x/y",
		"한",      "\u200b", "longerword", "\u00a0", "❤️", "。",
		"(",       ")",
	};
	GRand *random = g_rand_new_with_seed(3676);

	for (int round = 0; round < 2000; round++) {
		GString *text = g_string_new(NULL);
		int count = g_rand_int_range(random, 0, 60);
		for (int i = 0; i < count; i++)
			g_string_append(text,
					pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
		assert_wraps(text->str, g_rand_int_range(random, 1, 40));
		g_string_free(text, TRUE);
	}
	g_rand_free(random);
}

static void any_bytes_become_safe_text(void **state)
{
	GRand *random = g_rand_new_with_seed(8259);

	for (int round = 0; round < 3000; round++) {
		char bytes[64];
		int length = g_rand_int_range(random, 0, sizeof bytes);
		for (int i = 0; i < length; i++)
			bytes[i] = (char)g_rand_int_range(random, round % 2 ? 0 : 0xc0, 256);
		g_autofree char *clean = sn_text_clean(bytes, length);
		g_autofree char *again = sn_text_clean(clean, -1);
		assert_true(g_utf8_validate(clean, -1, NULL));
		assert_string_equal(again, clean);
		for (const char *at = clean; *at; at = g_utf8_next_char(at)) {
			gunichar c = g_utf8_get_char(at);
			assert_true(!g_unichar_iscntrl(c) || c == '\n' || c == '\t');
		}
	}
	g_rand_free(random);
}

static void sizes_are_short(void **state)
{
	static const struct {
		gint64 bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },          { 999, "999 B" },         { 1000, "1.0 kB" },
		{ 1500, "1.5 kB" },    { 14200, "14 kB" },       { 999600, "1.0 MB" },
		{ 5000000, "5.0 MB" }, { 12345678901, "12 GB" }, { -1, "0 B" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = sn_text_size(cases[i].bytes);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_keeps_text_and_drops_what_could_harm),
		cmocka_unit_test(every_byte_counts_wherever_it_stands),
		cmocka_unit_test(clean_bounds_combining_marks),
		cmocka_unit_test(clean_line_is_one_line),
		cmocka_unit_test(width_counts_columns_of_clusters),
		cmocka_unit_test(clusters_add_up_to_the_text),
		cmocka_unit_test(a_cluster_without_end_is_cut),
		cmocka_unit_test(fit_cuts_between_clusters),
		cmocka_unit_test(wrap_breaks_where_people_do),
		cmocka_unit_test(items_quotes_and_indented_text_hang),
		cmocka_unit_test(wrap_of_anything_fits),
		cmocka_unit_test(any_bytes_become_safe_text),
		cmocka_unit_test(sizes_are_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
