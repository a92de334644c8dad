/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emails without some of their files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"

#define HEAD                                                                                   \
	"From: Bob <bob@example.org>\r\nTo: alice@example.test\r\nSubject: Plans\r\n"            \
	"Message-ID: <plans@w>\r\nReferences: <root@w>\r\nX-Odd:  kept   as it is\r\n"           \
	"Date: Fri, 20 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n\r\nThe plans are here: Grüße\r\n"
#define PDF                                                                                    \
	"Content-Type: application/pdf; name=tides.pdf\r\n"                                     \
	"Content-Disposition: attachment; filename=tides.pdf\r\n"                               \
	"Content-Transfer-Encoding: base64\r\n\r\n"                                             \
	"JVBERi0xLjQK\r\n"
#define PNG                                                                                    \
	"Content-Type: image/png\r\nContent-Disposition: attachment; filename=map.png\r\n"      \
	"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"

static const char mixed[] = HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" TEXT
				 "--b\r\n" PDF "--b\r\n" PNG "--b--\r\n";

/* Leaves out what is named in data, and counts what it was asked about. */
typedef struct {
	const char *name; /* NULL: all */
	int asked;
	char sha256[65];
} Choice;

static char *by_name(const SnMailInside *file, gpointer data)
{
	Choice *choice = data;

	choice->asked++;
	g_strlcpy(choice->sha256, file->sha256, sizeof choice->sha256);
	if (choice->name && g_strcmp0(file->name, choice->name) != 0)
		return NULL;
	return g_strdup("the reason");
}

static GBytes *reduce(const char *raw, const char *name, Choice *choice)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(raw, strlen(raw));

	*choice = (Choice){ .name = name };
	return sn_mail_reduce(bytes, by_name, choice);
}

static const SnMailPart *part_named(const SnMail *mail, const char *name)
{
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		if (g_strcmp0(part->name, name) == 0)
			return part;
	}
	return NULL;
}

static void one_file_goes_and_the_rest_stays(void **state)
{
	g_autoptr(GBytes) raw = g_bytes_new_static(mixed, sizeof mixed - 1);
	g_autoptr(SnMail) before = sn_mail_parse(raw, NULL, NULL);
	Choice choice;
	g_autoptr(GBytes) reduced = reduce(mixed, "tides.pdf", &choice);

	assert_non_null(reduced);
	assert_int_equal(choice.asked, 2); /* the text is no file */
	g_autoptr(SnMail) mail = sn_mail_parse(reduced, NULL, NULL);
	assert_string_equal(mail->message_id, "plans@w");
	assert_string_equal(mail->subject, "Plans");
	assert_string_equal(mail->references->pdata[0], "root@w");
	assert_int_equal(mail->date, before->date);
	/* what it says is what it said, so that nobody takes it for another message */
	assert_string_equal(mail->text, before->text);
	assert_null(part_named(mail, "tides.pdf"));
	const SnMailPart *note = part_named(mail, "tides.pdf.txt");
	assert_non_null(note);
	g_autoptr(GBytes) bytes = sn_mail_part_bytes(reduced, note->position, NULL);
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	assert_true(g_str_has_prefix(text, "tides.pdf (application/pdf, "));
	assert_non_null(strstr(text, ") is left out here: the reason.\r\nSHA-256: "));
	/* and the other file is untouched */
	const SnMailPart *map = part_named(mail, "map.png"), *was = part_named(before, "map.png");
	assert_non_null(map);
	g_autoptr(GBytes) now = sn_mail_part_bytes(reduced, map->position, NULL);
	g_autoptr(GBytes) then = sn_mail_part_bytes(raw, was->position, NULL);
	assert_true(g_bytes_equal(now, then));
	g_autofree char *whole =
		g_strndup(g_bytes_get_data(reduced, NULL), g_bytes_get_size(reduced));
	assert_non_null(strstr(whole, "Sennit-Reduced: "));
	assert_non_null(strstr(whole, "X-Odd:  kept   as it is"));
	/* and it can travel as it stands: lines of one kind */
	for (const char *at = whole; (at = strchr(at, '\n')); at++)
		assert_true(at > whole && at[-1] == '\r');
	assert_true(sn_mail_carried_size(reduced) < g_bytes_get_size(reduced) + 500);
}

static void the_hash_is_of_the_bytes_not_of_their_encoding(void **state)
{
	static const char plain[] = HEAD
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" TEXT
		"--b\r\nContent-Type: application/pdf; name=tides.pdf\r\n"
		"Content-Disposition: attachment; filename=other.pdf\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n%PDF-1.4=0A=\r\n\r\n--b--\r\n";
	Choice one, other;
	g_autoptr(GBytes) a = reduce(mixed, "tides.pdf", &one);
	g_autoptr(GBytes) c = reduce(mixed, "nothing", &one);
	g_autoptr(GBytes) b = reduce(plain, NULL, &other);

	assert_null(c); /* nothing named so: nothing is left out, nothing is rewritten */
	assert_non_null(b);
	g_autoptr(GBytes) raw = g_bytes_new_static(mixed, sizeof mixed - 1);
	g_autoptr(GBytes) pdf = sn_mail_part_bytes(raw, 2, NULL);
	g_autofree char *hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, pdf);
	assert_string_equal(other.sha256, hash);
}

static void a_message_that_is_nothing_but_a_file(void **state)
{
	static const char lone[] = HEAD PDF;
	Choice choice;
	g_autoptr(GBytes) reduced = reduce(lone, NULL, &choice);

	assert_non_null(reduced);
	g_autoptr(SnMail) mail = sn_mail_parse(reduced, NULL, NULL);
	assert_string_equal(mail->subject, "Plans");
	assert_string_equal(mail->message_id, "plans@w");
	assert_null(part_named(mail, "tides.pdf"));
	assert_non_null(part_named(mail, "tides.pdf.txt"));
}

static void a_forwarded_email_is_a_file_too(void **state)
{
	static const char forward[] = HEAD
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" TEXT
		"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: "
		"carol@example.net\r\n\r\ninner text\r\n--b--\r\n";
	Choice choice;
	g_autoptr(GBytes) reduced = reduce(forward, NULL, &choice);

	assert_non_null(reduced);
	g_autofree char *whole =
		g_strndup(g_bytes_get_data(reduced, NULL), g_bytes_get_size(reduced));
	assert_null(strstr(whole, "inner text"));
	assert_non_null(strstr(whole, "inner.eml"));
}

static void a_signature_over_what_changed_is_left_out(void **state)
{
	static const char signed_[] = HEAD
		"Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; "
		"micalg=pgp-sha256; boundary=s\r\n\r\n--s\r\nContent-Type: multipart/mixed; "
		"boundary=b\r\n\r\n--b\r\n" TEXT "--b\r\n" PDF
		"--b--\r\n\r\n--s\r\nContent-Type: application/pgp-signature; name=sig.asc\r\n\r\n"
		"-----BEGIN PGP SIGNATURE-----\r\n--s--\r\n";
	Choice choice;
	g_autoptr(GBytes) reduced = reduce(signed_, "tides.pdf", &choice);

	assert_non_null(reduced);
	g_autofree char *whole =
		g_strndup(g_bytes_get_data(reduced, NULL), g_bytes_get_size(reduced));
	assert_null(strstr(whole, "PGP SIGNATURE"));
	assert_null(strstr(whole, "multipart/signed"));
	assert_non_null(strstr(whole, "The plans are here"));
	assert_non_null(strstr(whole, "tides.pdf.txt"));
}

static void what_is_encrypted_is_whole_or_not_at_all(void **state)
{
	static const char encrypted[] = HEAD
		"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; "
		"boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\n"
		"Version: 1\r\n--b\r\nContent-Type: application/octet-stream; name=x.asc\r\n\r\n"
		"-----BEGIN PGP MESSAGE-----\r\n--b--\r\n";
	Choice choice;

	assert_null(reduce(encrypted, NULL, &choice));
	assert_int_equal(choice.asked, 0);
}

static void nonsense_does_no_harm(void **state)
{
	static const char *const nonsense[] = {
		"x", "\n\n\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n--b",
		"Content-Type: multipart/mixed\n\n--\n", "Content-Type: message/rfc822\n\n",
		"Content-Disposition: attachment; filename=\"../../etc/passwd\"\n\nx"
	};

	for (gsize i = 0; i < G_N_ELEMENTS(nonsense); i++) {
		Choice choice;
		g_autoptr(GBytes) reduced = reduce(nonsense[i], NULL, &choice);
		if (!reduced)
			continue;
		g_autoptr(SnMail) mail = sn_mail_parse(reduced, NULL, NULL);
		assert_non_null(mail);
		for (guint j = 0; j < mail->parts->len; j++) {
			const SnMailPart *part = mail->parts->pdata[j];
			assert_true(!part->name || !strchr(part->name, '/'));
		}
	}
}

static void the_room_an_email_takes(void **state)
{
	g_autofree char *line = g_strnfill(5000, 'x');
	g_autofree char *long_line = g_strconcat(HEAD, "\r\n", line, "\r\n", NULL);
	g_autoptr(GBytes) plain = g_bytes_new_static(mixed, sizeof mixed - 1);
	g_autoptr(GBytes) other = g_bytes_new_static(long_line, strlen(long_line));

	/* base64 where mail systems would break the line */
	assert_in_range(sn_mail_carried_size(plain), sizeof mixed, sizeof mixed + 500);
	assert_in_range(sn_mail_carried_size(other), strlen(long_line) * 4 / 3,
	                strlen(long_line) * 3 / 2 + 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_file_goes_and_the_rest_stays),
		cmocka_unit_test(the_hash_is_of_the_bytes_not_of_their_encoding),
		cmocka_unit_test(a_message_that_is_nothing_but_a_file),
		cmocka_unit_test(a_forwarded_email_is_a_file_too),
		cmocka_unit_test(a_signature_over_what_changed_is_left_out),
		cmocka_unit_test(what_is_encrypted_is_whole_or_not_at_all),
		cmocka_unit_test(nonsense_does_no_harm),
		cmocka_unit_test(the_room_an_email_takes),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
