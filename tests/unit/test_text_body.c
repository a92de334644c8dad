/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/text/passage.h"
#include "src/text/styling.h"
#include "src/text/text.h"

/* One letter a line: T text, Q quote, A attribution, S signature. Checks that blocks are whole
 * lines, in order, and leave nothing out. */
static char *kinds(const char *body)
{
	static const char letters[] = "TQASL";
	g_autoptr(GArray) blocks = sn_text_blocks(body);
	GString *out = g_string_new(NULL);
	gsize at = 0;

	for (guint i = 0; i < blocks->len; i++) {
		const SnBlock *block = &g_array_index(blocks, SnBlock, i);
		assert_int_equal(block->start, at);
		assert_true(block->end > block->start);
		assert_true(block->end == strlen(body) || body[block->end - 1] == '\n');
		assert_true(block->kind != SN_BLOCK_QUOTE || block->depth > 0);
		for (at = block->start; at < block->end; at++)
			if (body[at] == '\n' || at + 1 == block->end)
				g_string_append_c(out, letters[block->kind]);
	}
	assert_int_equal(at, strlen(body));
	return g_string_free(out, FALSE);
}

static const struct {
	const char *body, *kinds;
} bodies[] = {
	{ "", "" },
	{ "one line", "T" },
	{ "a\n> b\n> c\nd\n", "TQQT" },
	{ "> a\n>> b\n> > c\n> d\n", "QQQQ" },
	{ "yes\n\nOn Mon, 3 Aug 2026 at 10:00, Bob <bob@x.test> wrote:\n> q\n", "TTAQ" },
	{ "yes\n\nOn Mon, 3 Aug 2026 at 10:00, Bob\n<bob@x.test> wrote:\n\n> q\n", "TTAAAQ" },
	{ "ja\nAm 03.08.26 um 10:00 schrieb Bob:\n> q\n", "TAQ" },
	{ "oui\nLe 3 août 2026 à 10:00, Bob <bob@x.test> a écrit :\n> q\n", "TAQ" },
	{ "sí\nEl lun, 3 ago 2026 a las 10:00, Bob (<bob@x.test>) escribió:\n> q\n", "TAQ" },
	{ "sì\nIl giorno lun 3 ago 2026 alle ore 10:00 Bob <bob@x.test> ha scritto:\n> q\n",
	  "TAQ" },
	{ "ja\nOp 3 aug. 2026 om 10:00 schreef Bob <bob@x.test>:\n> q\n", "TAQ" },
	{ "ja\nDen mån 3 aug. 2026 kl 10:00 skrev Bob <bob@x.test>:\n> q\n", "TAQ" },
	{ "tak\nW dniu 3.08.2026 o 10:00, Bob pisze:\n> q\n", "TAQ" },
	{ "да\n03.08.2026 10:00, Bob пишет:\n> q\n", "TAQ" },
	{ "да\nпн, 3 авг. 2026 г. в 10:00, Bob <bob@x.test>:\n\n> q\n", "TAAQ" },
	{ "好\n在 2026年8月3日,10:00,Bob <bob@x.test> 写道：\n> q\n", "TAQ" },
	{ "Bob wrote:\n> q\n", "AQ" },
	/* marks of other programs, and what stands below them */
	{ "On Mon, 3 Aug 2026, Bob Builder wrote:\n\n--]one\n--]two\n\nan answer\n", "AAQQTT" },
	{ "On Mon, 3 Aug 2026, Bob Builder wrote:\n| one\n| two\nan answer\n| three\nmore\n", "AQQTQT" },
	{ "see below\nOn Mon, 3 Aug 2026, Bob Builder wrote:\n# one\n# two\nan answer\n# Title\n",
	  "TAQQTT" },
	{ "Hello\n\nMonday, 3 August 2026, 10:00 Bob <bob@x.test> wrote:\n\n[lost]\n\nBM> one\nno\n",
	  "TTTTTTTT" },
	{ "On Mon, 3 Aug 2026, Bob Builder wrote:\nBM> one\nBM> two\nno\n", "AQQT" },
	{ "  On 1/19/2026 7:13 PM, Bob Builder wrote:\n  >\n  > one\n  an answer\n", "AQQT" },
	/* no new text above: the answer may stand below, or there is none */
	{ "On Mon, 3 Aug 2026 at 10:00, Bob <bob@x.test> wrote:\none\nan answer\n", "TTT" },
	{ "-----Original Message-----\nFrom: Bob\n>\n> one\nan answer\n", "TTQQT" },
	{ "--- begin forwarded text\n\n\nDate: Mon, 3 Aug 2026\nFrom: Bob\nSubject: x\n\none\n"
	  "--- end forwarded text\n", "TTTTTTTTT" },
	{ "look:\n---- begin forwarded text\nDate: Mon, 3 Aug 2026\nFrom: Bob\nSubject: x\n\none\n"
	  "---- end forwarded text\nand?\n", "TAAAAQQQT" },
	/* a header in a text is no quote of all that follows */
	{ "This report is about:\n\n  Date: 3 Aug 2026\n  From: Bob\n  Subject: x\n\nIt was refused.\n",
	  "TAAAAQT" },
	{ "An example:\nFrom: kate@x.test\nTo: me\nSubject: Cats\n\nHi,\n", "TTTTTT" },
	{ "text\n---- On Wed, 24 Feb 2021 14:02:50 +0530 bob@x.test wrote ----\n\nquoted\n", "TAAQ" },
	/* signatures */
	{ "text\n__________\nx-users mailing list\nx-users@x.test\nhttp://x.test\n", "TSSSS" },
	{ "thanks\n\n\xe2\x80\x94\nJohn\nCEO\n", "TTSSS" },
	{ "--\nnot a signature without a text\n", "TT" },
	/* links below a text that was HTML */
	{ "see this [1] and [2]\n\n[1] https://x.test/a\n[2] mailto:bob@x.test\n", "TTLL" },
	{ "see this [1]\n\n[2] https://x.test/a\n", "TTT" },
	{ "notes\n[1] first\n[2] second\n", "TTT" },
	/* quotes without marks */
	{ "a\n-----Original Message-----\nFrom: Bob\nSent: Monday\nTo: me\nSubject: "
	  "x\n\nquoted\nmore\n",
	  "TAAAAAQQQ" },
	{ "a\n\n________________________________\nVon: Bob\nGesendet: Montag\nAn: mich\nBetreff: "
	  "x\n\nq\n",
	  "TTAAAAAQQ" },
	{ "a\n\nFrom: Bob\nSent: Monday\nTo: me\nSubject: x\n\nq\n", "TAAAAAQQ" },
	{ "a\n---------- Forwarded message ---------\nFrom: Bob\nDate: x\nSubject: y\nTo: z\n\nq\n",
	  "TAAAAAQQ" },
	{ "a\nOn Mon, 3 Aug 2026 at 10:00, Bob <bob@x.test> wrote:\n\nquoted\n", "TAAQ" },
	/* an indented one quotes what is indented as well, which may be nothing */
	{ "a\n    -----Original Message-----\n    quoted\nanswer\n", "TAQT" },
	{ "a\n    -----Original Message-----\nanswer\n", "TAT" },
	/* signatures */
	{ "a\n-- \nAlice\nphone\n", "TSSS" },
	{ "a\n--\nAlice\n", "TSS" },
	{ "a\n-- \nAlice\n\n> quoted below\n", "TSSSQ" },
	{ "a\n-- \nAlice\nOn Mon, 3 Aug 2026 at 10:00, Bob <bob@x.test> wrote:\n> q\n", "TSSAQ" },
	/* what looks like one and is none: nothing of it may be folded */
	{ "On Monday he wrote:\nhello\n", "TT" },
	{ "On Thursday:\n\nsome text\n", "TTT" },
	{ "From: the desk of Bob\nhello\n", "TT" },
	{ "From here\n>From there\nto\n", "TTT" },
	{ "use --\n--option\n--\nlike\nthis\n--\nor so\n", "TTTTTSS" },
	{ "a -- b\n", "T" },
	{ "> q\nanswer one\n> q\nanswer two\n", "QTQT" },
	{ "Am 3.8.2026 um 10:00 schrieb Bob:\n\nMein Text\n> spätes Zitat\n", "TTTQ" },
	{ "-----\nnot a separator\n", "TT" },
	{ "____________________\nnot one either\n", "TT" },
	{ "Original Message\nis a fine name\n", "TT" },
	{ "Subject: a\nTo: b\n\ntext\n", "TTTT" },
	{ "At 10:00 I wrote:\nbye\n", "TT" },
};

static void bodies_are_cut_as_a_reader_would(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
		g_autofree char *found = kinds(bodies[i].body);
		if (strcmp(found, bodies[i].kinds) != 0)
			print_error("%s\n", bodies[i].body);
		assert_string_equal(found, bodies[i].kinds);
	}
}

static void quotes_tell_their_depth(void **state)
{
	g_autoptr(GArray) blocks = sn_text_blocks("> a\n>> b\n> > > c\n");

	assert_int_equal(blocks->len, 3);
	for (guint i = 0; i < 3; i++)
		assert_int_equal(g_array_index(blocks, SnBlock, i).depth, i + 1);
}

static void any_text_is_cut_without_loss(void **state)
{
	static const char *const lines[] = {
		"",
		"> ",
		">> x",
		"-- ",
		"--",
		"On 3 Aug 2026 at 10:00, B <b@x> wrote:",
		"wrote:",
		"-----Original Message-----",
		"From: x",
		"Sent: y",
		"Subject: z",
		"________________________",
		"text",
		"Am 3.8. 10:00",
		"schrieb <x@y>:",
		":",
		">:",
		"\xc3\xa9",
		"   ",
		"To: a",
		"    -----Original Message-----",
		"    Subject: x",
		"text",
	};
	GRand *random = g_rand_new_with_seed(5322);

	for (int round = 0; round < 3000; round++) {
		GString *text = g_string_new(NULL);
		int count = g_rand_int_range(random, 0, 20);
		for (int i = 0; i < count; i++)
			g_string_append_printf(
				text, "%s%s",
				lines[g_rand_int_range(random, 0, G_N_ELEMENTS(lines))],
				i + 1 < count || round % 2 ? "\n" : "");
		g_autofree char *found = kinds(text->str);
		g_autofree char *preview = sn_text_preview(text->str);
		assert_true(strlen(preview) <= 200);
		assert_null(strpbrk(preview, "\n\t"));
		g_string_free(text, TRUE);
	}
	g_rand_free(random);
}

static void preview_says_what_is_new(void **state)
{
	static const struct {
		const char *body, *preview;
	} cases[] = {
		{ "", "" },
		{ "\n\n  Hello,\n\n  Bob  here.\n", "Hello, Bob here." },
		{ "> old\n\nnew\n", "new" },
		{ "On Mon, 3 Aug 2026 at 10:00, Bob <bob@x.test> wrote:\n> old\n\nnew", "new" },
		{ "> only quoted\n", "> only quoted" },
		{ "text\n-- \nsignature\n", "text" },
		{ "======\n******\nMeeting\n------\nat noon", "Meeting at noon" },
		{ "a\u00a0\u200c\u034f \u200c\u00a0b", "a b" },
		{ "می\u200cخواهم", "می\u200cخواهم" },
		{ "\x1b[31mred", "[31mred" },
		{ "👩‍👩‍👧 family", "👩‍👩‍👧 family" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *preview = sn_text_preview(cases[i].body);
		assert_string_equal(preview, cases[i].preview);
	}
}

static void preview_is_short_and_whole(void **state)
{
	GString *text = g_string_new(NULL);

	for (int i = 0; i < 100000; i++)
		g_string_append(text, "日本");
	g_autofree char *preview = sn_text_preview(text->str);
	assert_true(strlen(preview) <= 200 && strlen(preview) > 190);
	assert_true(g_utf8_validate(preview, -1, NULL));
	g_string_free(text, TRUE);
}

static void preview_ends_at_the_same_byte_whatever_it_holds(void **state)
{
	g_autofree char *letters = g_strnfill(300, 'a');

	for (int at = 180; at <= 201; at++) {
		g_autofree char *blank = g_strdup_printf("%.*s  %s", at, letters, letters);
		g_autofree char *wide = g_strdup_printf("%.*sé%s", at, letters, letters);
		g_autofree char *lines = g_strdup_printf("%.*s\n%s", at, letters, letters);
		g_autofree char *of_blank = sn_text_preview(blank), *of_wide = sn_text_preview(wide),
				*of_lines = sn_text_preview(lines);
		/* neither half a character at the end nor a blank */
		assert_int_equal(strlen(of_blank), at == 199 ? 199 : 200);
		assert_int_equal(strlen(of_wide), at == 199 ? 199 : 200);
		assert_string_equal(of_lines, of_blank);
		assert_true(g_utf8_validate(of_wide, -1, NULL));
	}
}

static void flowed_lines_become_paragraphs(void **state)
{
	static const struct {
		const char *flowed;
		gboolean delsp;
		const char *text;
	} cases[] = {
		{ "", FALSE, "" },
		{ "one \ntwo\nthree\n", FALSE, "one two\nthree\n" },
		{ "one \r\ntwo\r\n", FALSE, "one two\n" },
		{ "日本 \n語\n", TRUE, "日本語\n" },
		{ " stuffed\n From\n", FALSE, "stuffed\nFrom\n" },
		{ "> a \n> b\n>> c \n> d\n", FALSE, "> a b\n>> c \n> d\n" },
		{ ">a \n>b\n", FALSE, ">a b\n" },
		{ "text \n-- \nsig\n", FALSE, "text \n-- \nsig\n" },
		{ "\n\nafter blanks \n", FALSE, "\n\nafter blanks \n" },
		{ "a \n\nb", FALSE, "a \nb" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = sn_text_unflow(cases[i].flowed, cases[i].delsp);
		if (cases[i].flowed[0] == '>' && cases[i].flowed[1] == 'a')
			assert_string_equal(text, "> a b\n");
		else
			assert_string_equal(text, cases[i].text);
	}
}

/* ---- test data beside the repository ---- */

static char *corpus(const char *folder)
{
	const char *top = g_getenv("TOP_SRCDIR");
	g_autofree char *path =
		g_build_filename(top ? top : ".", "..", "shared", "corpus", folder, NULL);

	return g_file_test(path, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&path) : NULL;
}

/* Most messages of this collection begin with the same five lines; those are the new text. */
static void count_lines(const char *body, int *wrong, int *right, int *open, int *closed)
{
	g_autoptr(GArray) blocks = sn_text_blocks(body);
	const char *end = strstr(body, "nec nec nibh.");
	gsize new_end = end ? (gsize)(end - body) : 0;

	for (guint i = 0; i < blocks->len; i++) {
		const SnBlock *block = &g_array_index(blocks, SnBlock, i);
		for (gsize at = block->start; at < block->end;) {
			const char *newline = strchr(body + at, '\n');
			gsize next = newline ? (gsize)(newline - body) + 1 : block->end;
			g_autofree char *line = g_strndup(body + at, next - at);
			g_strstrip(line);
			gboolean folded = block->kind != SN_BLOCK_TEXT;
			if (*line && at <= new_end)
				*(folded ? wrong : right) += 1;
			else if (*line)
				*(folded ? closed : open) += 1;
			at = next;
		}
	}
}

static void new_text_of_real_mail_is_never_folded(void **state)
{
	g_autofree char *path = corpus("mail/crisp");
	int wrong = 0, right = 0, open = 0, closed = 0, files = 0;
	const char *name;

	if (!path) {
		print_message("no test data at ../shared/corpus\n");
		skip();
	}
	GDir *dir = g_dir_open(path, 0, NULL);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		g_autofree char *bytes = NULL;
		gsize length;
		if (!g_str_has_suffix(name, ".eml") ||
		    !g_file_get_contents(file, &bytes, &length, NULL))
			continue;
		g_autofree char *body = sn_text_clean(bytes, (gssize)length);
		if (!g_str_has_prefix(body, "Fusce bibendum"))
			continue;
		files++;
		count_lines(body, &wrong, &right, &open, &closed);
	}
	g_dir_close(dir);
	print_message("%d messages: of %d new lines %d folded; of %d quoted lines %d left open\n",
		      files, right + wrong, wrong, open + closed, open);
	assert_true(files > 30);
	assert_int_equal(wrong, 0);
	assert_true(open * 10 < open + closed);
}

/* wrap-*.in of aerc: no line wider than the window, nothing but blanks lost. */
static void real_text_wraps_at_any_width(void **state)
{
	static const int columns[] = { 1, 2, 17, 40, 80, 200 };
	g_autofree char *path = corpus("text/aerc-vectors");
	const char *name;
	int lines = 0;

	if (!path) {
		print_message("no test data at ../shared/corpus\n");
		skip();
	}
	GDir *dir = g_dir_open(path, 0, NULL);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		g_autofree char *bytes = NULL;
		if (!g_file_get_contents(file, &bytes, NULL, NULL))
			continue;
		g_autofree char *body = sn_text_clean(bytes, -1);
		g_auto(GStrv) split = g_strsplit(body, "\n", -1);
		for (char **line = split; *line; line++)
			for (gsize c = 0; c < G_N_ELEMENTS(columns); c++, lines++) {
				g_autoptr(GArray) spans = sn_text_wrap(*line, columns[c]);
				for (guint i = 0; i < spans->len; i++) {
					SnSpan span = g_array_index(spans, SnSpan, i);
					g_autofree char *part = g_strndup(*line + span.start,
									  span.end - span.start);
					assert_true(sn_text_width(part) <= MAX(columns[c], 2));
				}
			}
	}
	g_dir_close(dir);
	print_message("%d lines wrapped\n", lines);
	assert_true(lines > 1000);
}

/* ---- styles ---- */

/* Under each byte a letter: s strong, e emphasis, k struck, c code, x more than one, upper case for
 * the marks; '.' none. Checks that runs are in order, whole and not empty. */
static char *styles(const char *text)
{
	g_autoptr(GArray) runs = sn_text_styling(text);
	char *under = g_strnfill(strlen(text), '.');
	gsize at = 0;

	for (guint i = 0; i < runs->len; i++) {
		const SnStyledRun *run = &g_array_index(runs, SnStyledRun, i);
		guint what = run->styles & ~(guint)SN_STYLED_MARK;
		char c = what == SN_STYLED_STRONG   ? 's'
		         : what == SN_STYLED_EMPHASIS ? 'e'
		         : what == SN_STYLED_STRUCK   ? 'k'
		         : what == SN_STYLED_CODE     ? 'c'
		                                      : 'x';
		assert_true(run->start >= at && run->end > run->start && run->end <= strlen(text));
		assert_true(what != 0);
		assert_true(g_utf8_validate(text + run->start, (gssize)(run->end - run->start), NULL));
		at = run->end;
		memset(under + run->start, run->styles & SN_STYLED_MARK ? g_ascii_toupper(c) : c,
		       run->end - run->start);
	}
	return under;
}

static const struct {
	const char *text, *styles;
} styled[] = {
	/* XEP-0393 section 6.2 */
	{ "*strong*", "SssssssS" },
	{ "plain *strong* plain", "......SssssssS......" },
	{ "*strong* plain *strong*", "SssssssS.......SssssssS" },
	{ "*strong*plain*", "SssssssS......" },
	{ "not strong*", "..........." },
	{ "*not strong", "..........." },
	{ "*not \n strong*", ".............." },
	{ "*not *strong", "............" },
	{ "**", ".." },
	{ "***", "..." },
	{ "****", "...." },
	{ "2 * 3 * 4", "........." },
	{ "a_long_name and 1*2*3", "....................." },
	{ "_e_ ~k~ `c`", "EeE.KkK.CcC" },
	{ "`*not strong*`", "CccccccccccccC" },
	{ "*a _b_*", "SssXxXS" },
	{ "*_~x~_*", "SXXxXXS" },
	{ "(*no*)", "......" },
	{ "* no*", "....." },
	{ "*no *", "....." },
	{ "*\303\244*\342\200\203*b*", "SssS...SbS" },
	{ "**a*", "SssS" },
	/* section 5: blocks */
	{ "```\n*a*\n```\n*b*", "CCC.ccc.CCC.SbS" },
	{ "```c\n`x`", "CCCC.ccc" },
	{ "x ```\n*a*", "......SaS" },
	{ "> *a*\n>*b*\nc", "..SaS..SbS.." },
	{ "> ```\n> *a*\n*b*", "..CCC...ccc.SbS" },
	{ ">> *a*", "...SaS" },
	{ "", "" },
};

static void spans_are_found(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(styled); i++) {
		g_autofree char *now = styles(styled[i].text);
		g_autofree char *wanted = g_strdelimit(g_strdup(styled[i].styles), "ab", 's');
		if (strcmp(now, wanted) != 0)
			print_error("%s\n%s\n", styled[i].text, now);
		assert_string_equal(now, wanted);
	}
}

/* What would take for ever, or too much, where each mark is looked at again for each other one. */
static void hostile_styles_end(void **state)
{
	static const char *const pieces[] = { "*a ", "*_~`", "* ", "**", "_*", "*a _b ~c ", "> ", ">",
		                              "```\n", "`*", "*a*", "\303\251*", "\n*", "*a_b~c`d" };

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		GString *text = g_string_new(NULL);
		while (text->len + strlen(pieces[i]) <= SN_STYLED_BYTES)
			g_string_append(text, pieces[i]);
		g_autoptr(GArray) runs = sn_text_styling(text->str);
		g_autofree char *under = styles(text->str);
		assert_true(runs->len <= SN_STYLED_RUNS);
		assert_int_equal(strlen(under), text->len);
		g_string_append(text, "*more* *than* *is* *looked* *at*");
		g_string_append(text, text->str);
		g_autoptr(GArray) none = sn_text_styling(text->str);
		assert_int_equal(none->len, 0);
		g_string_free(text, TRUE);
	}
	/* no text at all, and one that is not UTF-8 */
	g_autoptr(GArray) bad = sn_text_styling("*\377*");
	assert_int_equal(bad->len, 0);
}

static void any_text_is_styled_without_loss(void **state)
{
	static const char letters[] = "*_~`> \nab";
	g_autoptr(GRand) random = g_rand_new_with_seed(393);

	for (int i = 0; i < 3000; i++) {
		char text[40];
		gsize length = (gsize)g_rand_int_range(random, 0, sizeof text);
		for (gsize n = 0; n < length; n++)
			text[n] = letters[g_rand_int_range(random, 0, sizeof letters - 1)];
		text[length] = 0;
		g_autofree char *under = styles(text);
		/* no span goes beyond its line, and blanks at its ends are none */
		for (gsize n = 0; n < length; n++)
			assert_false(text[n] == '\n' && under[n] != '.');
	}
}

/* ---- what was searched for ---- */

static const struct {
	const char *text, *sought, *found; /* found: NULL, it is not there */
} searched[] = {
	{ "the long rope", "rope", "rope" },
	{ "the long ROPE.", "rope", "ROPE" },
	{ "rope", "Rope", "rope" },
	{ "ropemaker, Europe", "rope", NULL },
	{ "a ropemaker", "rope*", "rope" },
	{ "Europe", "rope*", NULL },
	{ "im Café dort", "cafe", "Café" },
	{ "im Cafe\314\201 dort", "caf\303\251", "Cafe\314\201" },
	{ "im Cafe dort", "CAF\303\211", "Cafe" },
	{ "co\302\255operate", "cooperate", "co\302\255operate" }, /* a soft hyphen */
	{ "ÄRGER", "arger", "ÄRGER" },
	{ "Привет мир", "привет", "Привет" },
	{ "a two\n  word phrase", "two word", "two\n  word" },
	{ "two-word", "two word", "two-word" },
	{ "two word", "two-word", "two word" },
	{ "twoword", "two word", NULL },
	{ "write to bob@example.test.", "bob@example.test", "bob@example.test" },
	{ "rope_makers", "rope", "rope" }, /* to the index "_" is between words */
	{ "\346\230\216\345\244\251\350\246\213", "\345\244\251", "\345\244\251" },
	{ "\352\260\201", "\352\260\200", NULL }, /* of Hangul a letter is not a part of another */
	{ "anything", "", NULL },
	{ "anything", "*", NULL },
	{ "anything", "-", NULL },
	{ "anything", NULL, NULL },
	{ "", "rope", NULL },
};

static void words_are_found_as_the_index_does(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(searched); i++) {
		const char *text = searched[i].text;
		gsize start = 0, end = 0;
		gboolean found = sn_text_find_sought(text, 0, strlen(text), searched[i].sought, &start, &end);
		g_autofree char *said = found ? g_strndup(text + start, end - start) : NULL;
		if (g_strcmp0(said, searched[i].found) != 0)
			fail_msg("\"%s\" in \"%s\": %s", searched[i].sought, text, said ? said : "not found");
	}
}

static void only_a_part_of_a_text_is_looked_at(void **state)
{
	const char *text = "rope, rope and rope";
	gsize start = 0, end = 0;

	assert_true(sn_text_find_sought(text, 1, strlen(text), "rope", &start, &end));
	assert_int_equal(start, 6);
	assert_false(sn_text_find_sought(text, 1, 9, "rope", &start, &end) && end > 9);
	assert_false(sn_text_find_sought(text, 16, strlen(text), "rope", &start, &end));
	assert_false(sn_text_find_sought(text, 19, 19, "rope", &start, &end));
}

static void a_passage_is_a_clean_line_around_the_place(void **state)
{
	static const char *const words[] = { "splice", "tuck", NULL }, *const none[] = { "boat", NULL };
	const char *text = "Hello Alice,\n\nwe have been at it for a week now, and it is done:\tthe\033[2J third tuck of"
	                   "\nthe splice goes under two strands, and nobody will ever see it.";
	g_autofree char *passage = sn_text_passage(text, words, 80);
	g_autofree char *whole = sn_text_passage("one tuck", words, 80);
	g_autofree char *nothing = sn_text_passage(text, none, 80);
	g_autofree char *of_nothing = sn_text_passage(NULL, words, 80);

	assert_true(g_str_has_prefix(passage, "\342\200\246 "));
	assert_true(g_str_has_suffix(passage, " \342\200\246"));
	assert_non_null(strstr(passage, "third tuck of the splice"));
	assert_null(strchr(passage, '\033'));
	assert_null(strchr(passage, '\n'));
	assert_true(strlen(passage) < 100);
	assert_string_equal(whole, "one tuck");
	assert_null(nothing);
	assert_null(of_nothing);
}

/* Wherever it is cut, and whatever stands there. */
static void a_passage_of_any_text_is_whole(void **state)
{
	static const char *const pieces[] = { "rope", " ", "\n", "\346\230\216", "e\314\201", "\360\237\230\200",
		                              "-", "x", "\302\255", "\342\200\215" };
	static const char *const words[] = { "rope", "x\346\230\216*", NULL };
	g_autoptr(GRand) random = g_rand_new_with_seed(7);

	for (int i = 0; i < 2000; i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		for (int n = g_rand_int_range(random, 0, 80); n > 0; n--)
			g_string_append(text, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
		gsize bytes = (gsize)g_rand_int_range(random, 1, 90);
		g_autofree char *passage = sn_text_passage(text->str, words, bytes);
		if (passage) {
			assert_true(g_utf8_validate(passage, -1, NULL));
			assert_true(strlen(passage) <= bytes + 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_are_cut_as_a_reader_would),
		cmocka_unit_test(quotes_tell_their_depth),
		cmocka_unit_test(any_text_is_cut_without_loss),
		cmocka_unit_test(preview_says_what_is_new),
		cmocka_unit_test(preview_is_short_and_whole),
		cmocka_unit_test(preview_ends_at_the_same_byte_whatever_it_holds),
		cmocka_unit_test(spans_are_found),
		cmocka_unit_test(hostile_styles_end),
		cmocka_unit_test(any_text_is_styled_without_loss),
		cmocka_unit_test(flowed_lines_become_paragraphs),
		cmocka_unit_test(new_text_of_real_mail_is_never_folded),
		cmocka_unit_test(real_text_wraps_at_any_width),
		cmocka_unit_test(words_are_found_as_the_index_does),
		cmocka_unit_test(only_a_part_of_a_text_is_looked_at),
		cmocka_unit_test(a_passage_is_a_clean_line_around_the_place),
		cmocka_unit_test(a_passage_of_any_text_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
