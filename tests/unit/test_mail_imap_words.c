/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One response of an IMAP server, read into words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "backends/mail/imap_words.h"

static SnImapLine *parse(const char *text)
{
	return sn_imap_line_parse(text, strlen(text));
}

/* Words in a form that can be compared: atoms as they are, "strings", (lists), NIL. */
static void write_words(GString *text, const GPtrArray *words)
{
	for (guint i = 0; i < words->len; i++) {
		const SnWord *word = sn_word_at(words, i);
		if (i > 0)
			g_string_append_c(text, ' ');
		switch (word->kind) {
		case SN_WORD_ATOM: g_string_append(text, word->text); break;
		case SN_WORD_STRING: g_string_append_printf(text, "\"%s\"", word->text); break;
		case SN_WORD_NIL: g_string_append(text, "NIL"); break;
		case SN_WORD_LIST:
			g_string_append_c(text, '(');
			write_words(text, word->items);
			g_string_append_c(text, ')');
			break;
		}
	}
}

static void assert_words(const GPtrArray *words, const char *expected)
{
	g_autoptr(GString) text = g_string_new(NULL);

	write_words(text, words);
	assert_string_equal(text->str, expected);
}

static void answers_of_all_kinds_are_read(void **state)
{
	static const struct {
		const char *text, *tag, *kind;
		guint32 number;
		const char *words;
	} cases[] = {
		{ "* 12 EXISTS\r\n", "*", "EXISTS", 12, "" },
		{ "* search 3 4\r\n", "*", "SEARCH", 0, "3 4" },
		{ "* SEARCH", "*", "SEARCH", 0, "" },
		{ "* SEARCH 3 (MODSEQ 9)", "*", "SEARCH", 0, "3 (MODSEQ 9)" },
		{ "* ESEARCH (TAG \"A1\") UID ALL 1:3,7", "*", "ESEARCH", 0,
		  "(TAG \"A1\") UID ALL 1:3,7" },
		{ "* LIST (\\Noselect \\Sent) \"/\" {5}\r\nMy (x (\"CHILDINFO\" (\"S\"))", "*",
		  "LIST", 0, "(\\Noselect \\Sent) \"/\" \"My (x\" (\"CHILDINFO\" (\"S\"))" },
		{ "* LIST () NIL INBOX\r\n", "*", "LIST", 0, "() NIL INBOX" },
		{ "* LIST () \"\\\\\" \"a\\\"b\"", "*", "LIST", 0, "() \"\\\" \"a\"b\"" },
		{ "* 1 FETCH (UID 5 FLAGS (\\Seen $x) BODY[HEADER.FIELDS (TO CC)]<0> {3}\r\nabc X "
		  "~{2}\r\nde)",
		  "*", "FETCH", 1,
		  "(UID 5 FLAGS (\\Seen $x) BODY[HEADER.FIELDS (TO CC)]<0> \"abc\" X \"de\")" },
		{ "* VANISHED (EARLIER) 1:5,9", "*", "VANISHED", 0, "(EARLIER) 1:5,9" },
		{ "* QUOTA \"\" (STORAGE 10 512)", "*", "QUOTA", 0, "\"\" (STORAGE 10 512)" },
		{ "* FLAGS ()", "*", "FLAGS", 0, "()" },
		{ "* 4294967299 EXISTS", "*", "EXISTS", G_MAXUINT32, "" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SnImapLine) line = parse(cases[i].text);
		assert_non_null(line);
		assert_string_equal(line->tag, cases[i].tag);
		assert_string_equal(line->kind, cases[i].kind);
		assert_int_equal(line->number, cases[i].number);
		assert_null(line->code);
		assert_words(line->words, cases[i].words);
	}
}

static void what_is_said_to_people_is_not_taken_for_words(void **state)
{
	static const struct {
		const char *text, *tag, *kind, *code, *words, *said;
	} cases[] = {
		{ "* OK [UIDVALIDITY 7] valid (so \"far", "*", "OK", "UIDVALIDITY", "7",
		  "valid (so \"far" },
		{ "7 NO [ALREADYEXISTS] there is one", "7", "NO", "ALREADYEXISTS", "",
		  "there is one" },
		{ "a3 OK [COPYUID 1 3:5,8 11:14] moved", "a3", "OK", "COPYUID", "1 3:5,8 11:14",
		  "moved" },
		{ "* OK [PERMANENTFLAGS (\\Seen \\*)] ok", "*", "OK", "PERMANENTFLAGS",
		  "(\\Seen \\*)", "ok" },
		{ "* NO [BADURL \"a]b\\\"]\"] no", "*", "NO", "BADURL", "\"a]b\"]\"", "no" },
		{ "* BYE", "*", "BYE", NULL, "", "" },
		{ "* OK [never closed", "*", "OK", NULL, "", "[never closed" },
		{ "* OK [] nothing", "*", "OK", NULL, "", "[] nothing" },
		{ "* OK [X (] odd", "*", "OK", "X", "", "odd" },
		{ "+ go (on", "+", "", NULL, "", "go (on" },
		{ "+", "+", "", NULL, "", "" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SnImapLine) line = parse(cases[i].text);
		assert_non_null(line);
		assert_string_equal(line->tag, cases[i].tag);
		assert_string_equal(line->kind, cases[i].kind);
		assert_int_equal(line->code != NULL, cases[i].code != NULL);
		if (cases[i].code)
			assert_string_equal(line->code, cases[i].code);
		assert_words(line->words, cases[i].words);
		assert_string_equal(line->text, cases[i].said);
	}
}

static void what_is_no_answer_is_refused(void **state)
{
	static const char *const cases[] = {
		"", "\r\n", "* ", "*", "* (a)", "* LIST (a", "* LIST \"a", "* LIST a)",
		"* LIST {5}\r\nab", "* LIST {5}", "* LIST {-5}\r\nab", "* LIST {99999999999999999999}\r\na",
		"GET / HTTP/1.1", "* 5", "* 5 ",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SnImapLine) line = parse(cases[i]);
		if (line)
			print_message("# %s\n", cases[i]);
		assert_null(line);
	}
	/* a zero byte is in no answer but inside a literal */
	assert_null(sn_imap_line_parse("* LIST a\0b", 10));
	g_autoptr(SnImapLine) line = sn_imap_line_parse("* LIST {3}\r\na\0b", 15);
	assert_int_equal(sn_word_at(line->words, 0)->length, 3);
	assert_memory_equal(sn_word_at(line->words, 0)->text, "a\0b", 3);
}

static void depth_and_number_of_words_are_bounded(void **state)
{
	g_autofree char *open = g_strnfill(SN_WORDS_MAX_DEPTH + 1, '(');
	g_autofree char *close = g_strnfill(SN_WORDS_MAX_DEPTH + 1, ')');
	g_autofree char *deep = g_strconcat("* LIST ", open, close, NULL);
	g_autofree char *fine = g_strconcat("* LIST ", open + 1, close + 1, NULL);
	g_autoptr(SnImapLine) line = parse(fine);
	g_autoptr(GString) many = g_string_new("* SEARCH");

	assert_null(parse(deep));
	assert_non_null(line);
	for (guint i = 0; i <= SN_WORDS_MAX; i++)
		g_string_append(many, " 1");
	assert_null(parse(many->str));
}

static void literals_are_seen_at_the_end_of_a_line_only(void **state)
{
	static const struct {
		const char *text;
		gint64 length;
	} cases[] = {
		{ "* LIST {5}", 5 },   { "* LIST {5+}", 5 }, { "* X ~{0}", 0 },   { "{7}", 7 },
		{ "* LIST {5} ", -1 }, { "* LIST {}", -1 },  { "* LIST {+}", -1 }, { "}", -1 },
		{ "* LIST 5}", -1 },   { "{5", -1 },         { "", -1 },           { "{a5}", -1 },
		{ "{999999999999999999999}", -1 },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_int_equal(sn_imap_literal_length(cases[i].text, strlen(cases[i].text)),
				 cases[i].length);
}

static void values_are_found_by_name_in_any_case(void **state)
{
	g_autoptr(SnImapLine) line =
		parse("* STATUS x (Messages 5 UIDNEXT 18446744073709551615 MAILBOXID (F9))");
	const SnWord *values = sn_word_at(line->words, 1);

	assert_int_equal(sn_word_number(sn_word_value(values->items, "MESSAGES")), 5);
	assert_int_equal(sn_word_number(sn_word_value(values->items, "uidnext")), G_MAXUINT64);
	const SnWord *id = sn_word_value(values->items, "MAILBOXID");
	assert_string_equal(sn_word_text(sn_word_at(id->items, 0)), "F9");
	assert_null(sn_word_value(values->items, "5"));
	assert_null(sn_word_at(line->words, 2));
	assert_null(sn_word_text(values));
	assert_int_equal(sn_word_number(values), 0);
}

static void add_run(guint32 first, guint32 last, gpointer data)
{
	g_string_append_printf(data, "[%u %u]", first, last);
}

static void sets_are_read_as_runs(void **state)
{
	static const struct {
		const char *text;
		gboolean good;
		const char *runs;
	} cases[] = {
		{ "5", TRUE, "[5 5]" },
		{ "2,4:7,9:*", TRUE, "[2 2][4 7][9 4294967295]" },
		{ "7:4", TRUE, "[4 7]" },
		{ "4294967295", TRUE, "[4294967295 4294967295]" },
		{ "", FALSE, "" },
		{ "0", FALSE, "" },
		{ "4294967296", FALSE, "" },
		{ "1,", FALSE, "[1 1]" },
		{ "1:", FALSE, "" },
		{ "1;2", FALSE, "[1 1]" },
		{ "-3", FALSE, "" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) runs = g_string_new(NULL);
		assert_int_equal(sn_imap_set_each(cases[i].text, add_run, runs), cases[i].good);
		assert_string_equal(runs->str, cases[i].runs);
	}
}

static void names_are_quoted_and_cannot_end_the_command(void **state)
{
	g_autofree char *odd = sn_imap_quote("a\"b\\c d\xc3\xa9");

	assert_string_equal(odd, "\"a\\\"b\\\\c d\xc3\xa9\"");
	assert_null(sn_imap_quote("a\r\nb"));
	assert_null(sn_imap_quote("a\nb"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_of_all_kinds_are_read),
		cmocka_unit_test(what_is_said_to_people_is_not_taken_for_words),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(depth_and_number_of_words_are_bounded),
		cmocka_unit_test(literals_are_seen_at_the_end_of_a_line_only),
		cmocka_unit_test(values_are_found_by_name_in_any_case),
		cmocka_unit_test(sets_are_read_as_runs),
		cmocka_unit_test(names_are_quoted_and_cannot_end_the_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
