/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree of parts: what it says of each, and that each can be had by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/mime/tree.h"

static const char nested[] =
	"Subject: outer\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
	"--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
	"--b\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
	"--b\r\nContent-Type: text/html\r\n\r\n<b>Greetings</b>\r\n--b--\r\n"
	"--a\r\nContent-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n"
	"Subject: middle\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
	"--c\r\n\r\nmiddle text\r\n"
	"--c\r\nContent-Type: message/rfc822\r\n\r\n"
	"Subject: inner\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n"
	"--d\r\n\r\ninner text\r\n"
	"--d\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
	"Content-Disposition: attachment; filename=\"../deep.pdf\"\r\n\r\nJVBERg==\r\n--d--\r\n"
	"--c--\r\n"
	"--a\r\nContent-Type: image/png; name=\"last.png\"\r\nContent-Transfer-Encoding: base64\r\n"
	"Content-Disposition: attachment\r\n\r\niVBORw==\r\n--a--\r\n";

static GPtrArray *tree_of(const char *text)
{
	g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));

	return sn_mail_tree(raw);
}

static char *bytes_of(const char *text, int number)
{
	g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
	g_autoptr(GBytes) bytes = sn_mail_node_bytes(raw, number);

	return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

static const SnPartNode *node_at(const GPtrArray *nodes, guint number)
{
	assert_in_range(number, 1, nodes->len);
	const SnPartNode *node = nodes->pdata[number - 1];
	assert_int_equal(node->number, number);
	return node;
}

static void every_part_at_any_depth_is_listed(void **state)
{
	static const struct {
		int depth, position;
		const char *type, *name;
	} wanted[] = {
		{ 0, 0, "multipart/mixed", NULL },       { 1, 0, "multipart/alternative", NULL },
		{ 2, 1, "text/plain", NULL },            { 2, 2, "text/html", NULL },
		{ 1, 3, "message/rfc822", "middle.eml" }, { 2, 0, "multipart/mixed", NULL },
		{ 3, 0, "text/plain", NULL },            { 3, 0, "message/rfc822", "inner.eml" },
		{ 4, 0, "multipart/mixed", NULL },       { 5, 0, "text/plain", NULL },
		{ 5, 0, "application/pdf", "deep.pdf" }, { 1, 4, "image/png", "last.png" },
	};
	g_autoptr(GPtrArray) nodes = tree_of(nested);

	assert_int_equal(nodes->len, G_N_ELEMENTS(wanted));
	for (guint i = 0; i < nodes->len; i++) {
		const SnPartNode *node = node_at(nodes, i + 1);
		assert_int_equal(node->depth, wanted[i].depth);
		assert_int_equal(node->position, wanted[i].position);
		assert_string_equal(node->type, wanted[i].type);
		assert_int_equal(g_strcmp0(node->name, wanted[i].name), 0);
	}
	assert_true(node_at(nodes, 1)->group && node_at(nodes, 5)->message);
	assert_int_equal(node_at(nodes, 11)->size, 4);
	assert_true(node_at(nodes, 1)->size >= node_at(nodes, 5)->size + 4);
}

static void a_part_says_how_it_is_written(void **state)
{
	g_autoptr(GPtrArray) nodes = tree_of(nested);
	const SnPartNode *text = node_at(nodes, 3), *file = node_at(nodes, 11);

	assert_string_equal(text->charset, "utf-8");
	assert_string_equal(text->encoding, "quoted-printable");
	assert_null(text->disposition);
	assert_string_equal(text->parameters[0], "charset");
	assert_string_equal(text->parameters[1], "UTF-8");
	assert_string_equal(text->parameters[2], "format");
	assert_string_equal(text->parameters[3], "flowed");
	assert_string_equal(file->disposition, "attachment");
	assert_string_equal(file->encoding, "base64");
	assert_string_equal(node_at(nodes, 5)->disposition, "inline");
}

static void each_part_can_be_had_by_itself(void **state)
{
	g_autofree char *plain = bytes_of(nested, 3), *inner = bytes_of(nested, 10);
	g_autofree char *pdf = bytes_of(nested, 11), *message = bytes_of(nested, 8);
	g_autofree char *group = bytes_of(nested, 2);

	assert_string_equal(plain, "Grüße");
	assert_string_equal(inner, "inner text");
	assert_string_equal(pdf, "%PDF");
	assert_true(g_str_has_prefix(message, "Subject: inner\r\n"));
	assert_non_null(strstr(message, "JVBERg==")); /* as it stands in the email */
	assert_non_null(strstr(group, "<b>Greetings</b>"));
	assert_null(bytes_of(nested, 0));
	assert_null(bytes_of(nested, 13));
	assert_null(bytes_of(nested, -1));
}

/* The positions of the tree are those of the list of files. */
static void positions_are_those_of_the_parts(void **state)
{
	g_autoptr(GBytes) raw = g_bytes_new_static(nested, strlen(nested));
	g_autoptr(SnMail) mail = sn_mail_parse(raw, NULL, NULL);
	g_autoptr(GPtrArray) nodes = sn_mail_tree(raw);
	guint found = 0;

	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		for (guint j = 0; j < nodes->len; j++) {
			const SnPartNode *node = nodes->pdata[j];
			if (node->position != part->position)
				continue;
			found++;
			assert_string_equal(node->type, part->type);
			g_autoptr(GBytes) one = sn_mail_part_bytes(raw, part->position, NULL);
			g_autoptr(GBytes) two =
				sn_mail_part_bytes(raw, SN_PART_NODE + node->number, NULL);
			assert_true(g_bytes_equal(one, two));
			g_autofree char *hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, one);
			if (part->is_attachment) /* what has a hash is here */
				assert_string_equal(part->sha256, hash);
		}
	}
	assert_int_equal(found, mail->parts->len);
	g_autoptr(GError) error = NULL;
	assert_null(sn_mail_part_bytes(raw, SN_PART_NODE + 99, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

static void files_within_a_text_are_below_it(void **state)
{
	static const char text[] = "Subject: x\n\nhere:\nbegin 644 a.txt\n%:&5L;&\\`\n`\nend\n";
	g_autoptr(GPtrArray) nodes = tree_of(text);
	g_autofree char *bytes = bytes_of(text, 2);

	assert_int_equal(nodes->len, 2);
	assert_string_equal(node_at(nodes, 2)->name, "a.txt");
	assert_int_equal(node_at(nodes, 2)->depth, 1);
	assert_int_equal(node_at(nodes, 2)->position, SN_MAIL_INSIDE + 1);
	assert_string_equal(bytes, "hello");
}

static void signed_and_encrypted_parts_are_marked(void **state)
{
	g_autoptr(GPtrArray) one = tree_of("Content-Type: multipart/signed; boundary=x; micalg=pgp-sha256\n\n"
	                                   "--x\n\na\n--x\nContent-Type: application/pgp-signature\n\nb\n--x--\n");
	g_autoptr(GPtrArray) two = tree_of("Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx");
	g_autoptr(GPtrArray) three = tree_of("Content-Type: application/pkcs7-mime\n\nx");
	/* without the parameter the bytes tell: here the head of signed data, with a length of two bytes */
	g_autoptr(GPtrArray) wordless = tree_of("Content-Type: application/pkcs7-mime\n"
	                                        "Content-Transfer-Encoding: base64\n\n"
	                                        "MIIBAAYJKoZIhvcNAQcCoIIB\n");
	g_autoptr(GPtrArray) certificates =
		tree_of("Content-Type: application/pkcs7-mime; smime-type=certs-only\n\nx");
	g_autoptr(GPtrArray) four = tree_of("Content-Type: multipart/encrypted; boundary=x\n\n--x\n\na\n--x--\n");

	assert_true(node_at(one, 1)->is_signed && !node_at(one, 1)->is_encrypted);
	assert_true(node_at(two, 1)->is_signed && !node_at(two, 1)->is_encrypted);
	assert_true(!node_at(three, 1)->is_signed && node_at(three, 1)->is_encrypted);
	assert_true(node_at(wordless, 1)->is_signed && !node_at(wordless, 1)->is_encrypted);
	assert_false(node_at(certificates, 1)->is_encrypted);
	assert_true(node_at(four, 1)->is_encrypted);
	assert_false(node_at(four, 2)->is_encrypted);
}

/* Messages within messages, and multiparts within multiparts, without end. */
static void depth_and_number_are_bounded(void **state)
{
	GString *dolls = g_string_new(NULL), *wide = g_string_new("Content-Type: multipart/mixed; boundary=x\n\n");

	for (int i = 0; i < 500; i++)
		g_string_append_printf(dolls, "Subject: %d\nContent-Type: message/rfc822\n\n", i);
	g_string_append(dolls, "Subject: end\n\ntext\n");
	for (int i = 0; i < 10000; i++)
		g_string_append(wide, "--x\nContent-Type: text/x-one\n\na\n");
	g_autoptr(GPtrArray) deep = tree_of(dolls->str), many = tree_of(wide->str);
	assert_in_range(deep->len, 10, 40);
	assert_in_range(many->len, 900, 1000);
	for (guint i = 0; i < many->len; i++)
		node_at(many, i + 1);
	g_autofree char *last = bytes_of(wide->str, (int)many->len);
	assert_string_equal(last, "a");
	g_string_free(dolls, TRUE);
	g_string_free(wide, TRUE);
}

static void hostile_headers_stay_words(void **state)
{
	g_autoptr(GPtrArray) nodes = tree_of(
		"Content-Type: te\x1b[31mxt/pl\x07" "ain; charset=\"\x1b]0;x\x07\"; name=\"a\xe2\x80\xae" "b/../c\x1b.txt\"\n"
		"Content-Transfer-Encoding: \x1b[2J base64 and a very long story that nobody wants to read here\n"
		"Content-Disposition: \x1b[5m\n\nx");
	const SnPartNode *node = node_at(nodes, 1);
	const char *texts[] = { node->type, node->charset, node->name, node->encoding, node->disposition };

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		for (const char *c = texts[i]; c && *c; c++)
			assert_true((guchar)*c >= ' ' && *c != 127);
}

static void parts_are_read_as_text(void **state)
{
	static const struct {
		const char *type, *charset, *bytes, *wanted;
	} cases[] = {
		{ "text/plain", "iso-8859-1", "Gr\xfc\xdf" "e", "Grüße" },
		{ "text/plain", NULL, "a\x1b[31mb\x07", "a" },
		{ "text/html", NULL, "<p>one</p><script>two</script><p>three", "one\n\nthree" },
		{ "text/html", NULL, "<meta charset=koi8-r><p>\xf0\xd2\xc9", "При" },
		{ "text/x-diff", "utf-8", "--- a\n+++ b", "--- a\n+++ b" },
		{ "application/json", NULL, "{}", "{}" },
		{ "text/calendar", NULL, "no calendar", "no calendar" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GBytes) bytes = g_bytes_new(cases[i].bytes, strlen(cases[i].bytes));
		g_autofree char *text = sn_mail_part_text(bytes, cases[i].type, cases[i].charset);
		assert_non_null(text);
		assert_non_null(strstr(text, cases[i].wanted));
		assert_null(strchr(text, 0x1b));
		assert_null(strstr(text, "two"));
	}
	g_autoptr(GBytes) none = g_bytes_new(NULL, 0), image = g_bytes_new("\x89PNG", 4);
	g_autofree char *empty = sn_mail_part_text(none, "text/plain", NULL);
	assert_string_equal(empty, "");
	assert_null(sn_mail_part_text(image, "image/png", NULL));
	g_autoptr(GBytes) mail = g_bytes_new(nested, strlen(nested));
	g_autofree char *message = sn_mail_part_text(mail, "message/rfc822", NULL);
	assert_non_null(strstr(message, "Subject: outer"));
	assert_non_null(strstr(message, "inner text"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_at_any_depth_is_listed),
		cmocka_unit_test(a_part_says_how_it_is_written),
		cmocka_unit_test(each_part_can_be_had_by_itself),
		cmocka_unit_test(positions_are_those_of_the_parts),
		cmocka_unit_test(files_within_a_text_are_below_it),
		cmocka_unit_test(signed_and_encrypted_parts_are_marked),
		cmocka_unit_test(depth_and_number_are_bounded),
		cmocka_unit_test(hostile_headers_stay_words),
		cmocka_unit_test(parts_are_read_as_text),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
