/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large messages: what they are made of, and what is fetched of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "backends/mail/imap_structure.h"
#include "src/mime/mail.h"
#include "tests/lib/imap_scene.h"

#define TEXT_PART \
	"(\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"8bit\" 9 1 NIL NIL NIL NIL)"
#define PDF_PART(size)                                                                        \
	"(\"application\" \"pdf\" (\"name\" \"a.pdf\") NIL NIL \"base64\" " size              \
	" NIL (\"attachment\" (\"filename\" \"a.pdf\")) NIL NIL)"
#define MIXED " \"mixed\" (\"boundary\" \"frontier\") NIL NIL NIL"

static SnImapPart *read_structure(const char *text)
{
	g_autofree char *whole = g_strconcat("* X ", text, NULL);
	g_autoptr(SnImapLine) line = sn_imap_line_parse(whole, strlen(whole));

	return line ? sn_imap_structure(sn_word_at(line->words, 0)) : NULL;
}

static void text_is_wanted_and_large_files_are_not(void **state)
{
	g_autoptr(SnImapPart) root = read_structure(
		"(" PDF_PART("90000000") "(" TEXT_PART "(\"text\" \"html\" NIL NIL NIL "
		"\"quoted-printable\" 900000 99) \"alternative\" (\"BOUNDARY\" \"b 2\"))"
		"(\"image\" \"png\" NIL NIL NIL \"base64\" 780)" MIXED ")");

	assert_non_null(root);
	sn_imap_structure_choose(root, 1000, 10);
	g_autofree char *items = sn_imap_structure_items(root, 500);
	assert_string_equal(items,
			    "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]"
			    " BODY.PEEK[1.MIME] BODY.PEEK[2.MIME] BODY.PEEK[2.1.MIME]"
			    " BODY.PEEK[2.1]<0.500> BODY.PEEK[2.2.MIME] BODY.PEEK[2.2]<0.500>"
			    " BODY.PEEK[3.MIME] BODY.PEEK[3]<0.500>");
	g_autoptr(GArray) missing = sn_imap_structure_missing(root, 500);
	static const gint64 expected[] = { 65769230, -1, 900000, 570 };
	assert_int_equal(missing->len, 4);
	for (guint i = 0; i < 4; i++)
		assert_int_equal(g_array_index(missing, gint64, i), expected[i]);
}

static void files_are_found_by_their_position(void **state)
{
	g_autoptr(SnImapPart) root = read_structure(
		"(" PDF_PART("90000000") "(" TEXT_PART "(\"text\" \"html\" NIL NIL NIL "
		"\"quoted-printable\" 900000 99) \"alternative\" (\"BOUNDARY\" \"b 2\"))"
		"(\"image\" \"png\" NIL NIL NIL \"base64\" 780)" MIXED ")");
	static const char *const sections[] = { "1", "2.1", "2.2", "3" };

	for (guint i = 0; i < 4; i++)
		assert_string_equal(sn_imap_structure_leaf(root, i + 1)->section, sections[i]);
	assert_int_equal(sn_imap_structure_leaf(root, 1)->encoding, SN_BASE64);
	assert_int_equal(sn_imap_structure_leaf(root, 2)->encoding, SN_PLAIN);
	assert_int_equal(sn_imap_structure_leaf(root, 3)->encoding, SN_QUOTED_PRINTABLE);
	assert_null(sn_imap_structure_leaf(root, 0));
	assert_null(sn_imap_structure_leaf(root, 5));
	g_autoptr(SnImapPart) single = read_structure(TEXT_PART);
	assert_null(sn_imap_structure_leaf(single, 1)->section);
}

/* However it is cut into pieces. */
static void assert_decoded(SnPartEncoding encoding, const char *text, const char *expected)
{
	for (gsize piece = 1; piece <= strlen(text); piece++) {
		SnDecoder decoder = { .encoding = encoding };
		g_autoptr(GByteArray) all = g_byte_array_new();
		for (gsize at = 0; at < strlen(text); at += piece) {
			g_autoptr(GByteArray) plain =
				sn_decode(&decoder, text + at, MIN(piece, strlen(text) - at));
			g_byte_array_append(all, plain->data, plain->len);
		}
		assert_int_equal(all->len, strlen(expected));
		assert_memory_equal(all->data, expected, all->len);
	}
}

static void pieces_are_decoded_as_the_whole(void **state)
{
	assert_decoded(SN_BASE64, "SGVsbG8s\r\nIHdvcmxkIQ==\r\n", "Hello, world!");
	assert_decoded(SN_BASE64, "SGV!s bG8=", "Hello");
	assert_decoded(SN_PLAIN, "a=41\r\n", "a=41\r\n");
	assert_decoded(SN_QUOTED_PRINTABLE, "a=41=c3=B6 so=\r\nft=\n er\r\nend", "aA\xc3\xb6 soft er\r\nend");
	/* what is no code stays as it is */
	assert_decoded(SN_QUOTED_PRINTABLE, "1=+1=2 =4=41 =\rx ==3D", "1=+1=2 =4A =\rx ==");
}

static void no_more_than_some_leaves_are_wanted_and_text_comes_first(void **state)
{
	g_autoptr(SnImapPart) root = read_structure("(" PDF_PART("5") PDF_PART("5") TEXT_PART MIXED ")");

	sn_imap_structure_choose(root, 1000, 2);
	g_autofree char *items = sn_imap_structure_items(root, 500);
	assert_non_null(strstr(items, "BODY.PEEK[1]<0.500>"));
	assert_null(strstr(items, "BODY.PEEK[2]<0.500>"));
	assert_non_null(strstr(items, "BODY.PEEK[3]<0.500>"));
}

static void odd_structures_are_refused_or_harmless(void **state)
{
	static const struct {
		const char *text;
		gboolean good;
	} cases[] = {
		{ "NIL", FALSE },
		{ "()", FALSE },
		{ "x", FALSE },
		{ "(())", FALSE },
		{ "(NIL NIL)", FALSE },
		{ "(\"text\")", TRUE },
		{ "(\"text\" NIL NIL NIL NIL NIL NIL)", TRUE },
		{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 99999999999999999999)", TRUE },
		{ "(" TEXT_PART " \"mixed\")", FALSE },
		{ "(" TEXT_PART " \"mixed\" NIL)", FALSE },
		{ "(" TEXT_PART " \"mixed\" (\"boundary\" \"\"))", FALSE },
		{ "(" TEXT_PART " \"mixed\" (\"boundary\" {3}\r\na\nb))", FALSE },
		{ "(" TEXT_PART MIXED ")", TRUE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SnImapPart) root = read_structure(cases[i].text);
		if ((root != NULL) != cases[i].good)
			print_message("# %s\n", cases[i].text);
		assert_int_equal(root != NULL, cases[i].good);
	}
	g_autoptr(GString) deep = g_string_new(NULL), many = g_string_new("(");
	for (int i = 0; i < SN_IMAP_MAX_NESTING + 1; i++)
		g_string_append_c(deep, '(');
	g_string_append(deep, TEXT_PART);
	for (int i = 0; i < SN_IMAP_MAX_NESTING + 1; i++)
		g_string_append(deep, MIXED ")");
	assert_null(read_structure(deep->str));
	for (int i = 0; i <= SN_IMAP_MAX_LEAVES; i++)
		g_string_append(many, TEXT_PART);
	g_string_append(many, MIXED ")");
	assert_null(read_structure(many->str));
}

#define FETCHED                                                                               \
	"S * 1 FETCH (UID 3 FLAGS (\\Seen) INTERNALDATE \" 4-Jul-1996 02:44:25 -0700\" "      \
	"RFC822.SIZE 12000123 BODY[HEADER] {74}\n"                                            \
	"R From: b@example.test\\r\\nContent-Type: multipart/mixed; boundary=frontier\\r\\n\\r\\n\n" \
	"S  BODY[1.MIME] {28}\nR Content-Type: text/plain\\r\\n\\r\\n\n"                      \
	"S  BODY[1]<0> \"Some text\" BODY[2.MIME] {50}\n"                                     \
	"R Content-Type: application/pdf; name=\"a.pdf\"\\r\\nX: \\r\\n\n"                        \
	"S )\nS $T OK .\n"

static void a_large_message_is_built_of_what_was_fetched(void **state)
{
	const char *const scripts[] = {
		LOGIN SELECT(
			"1") "C UID SEARCH ALL\nS * SEARCH 3\nS $T OK .\n"
			     "C UID SEARCH LARGER 99 ALL\nS * SEARCH 3\nS $T OK .\n"
			     "C UID FETCH 3 (UID BODYSTRUCTURE)\n"
			     "S * 1 FETCH (UID 3 BODYSTRUCTURE (" TEXT_PART PDF_PART("12000000") MIXED "))\n"
			     "S $T OK .\nC UID FETCH 3 (UID FLAGS\n" FETCHED "*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_SYNC, "INBOX");
	guint64 id = request->id;

	request->full_size = 99;
	assert_int_equal(sn_mail_desk_run(scene.desk, request)->kind, SN_EVENT_DONE);
	const SnMailEvent *event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_MESSAGE, 0);
	assert_non_null(event);
	assert_true(event->partial);
	assert_int_equal(event->flags, SN_MAIL_SEEN);
	assert_int_equal(event->size, 12000123);
	assert_int_equal(event->time, 836473465 * SN_SECOND);
	assert_int_equal(event->part_sizes->len, 2);
	assert_int_equal(g_array_index(event->part_sizes, gint64, 0), -1);
	assert_int_equal(g_array_index(event->part_sizes, gint64, 1), 8769230);
	/* and it reads as what it is */
	g_autoptr(SnMail) mail = sn_mail_parse(event->raw, NULL, NULL);
	assert_string_equal(mail->text, "Some text");
	assert_int_equal(mail->parts->len, 2);
	const SnMailPart *part = mail->parts->pdata[1];
	assert_int_equal(part->position, 2);
	assert_string_equal(part->name, "a.pdf");
	assert_true(part->is_attachment);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_wanted_and_large_files_are_not),
		cmocka_unit_test(files_are_found_by_their_position),
		cmocka_unit_test(pieces_are_decoded_as_the_whole),
		cmocka_unit_test(no_more_than_some_leaves_are_wanted_and_text_comes_first),
		cmocka_unit_test(odd_structures_are_refused_or_harmless),
		cmocka_unit_test(a_large_message_is_built_of_what_was_fetched),
	};
	/* reading the system's authorities takes long under a memory checker, and none is needed */
	g_setenv("SSL_CERT_FILE", "/dev/null", TRUE);
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
