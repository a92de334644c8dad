/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Headers, separators and character sets that are not as they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"

static SnMail *parse_n(const char *text, gsize length)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, length);

	return sn_mail_parse(bytes, NULL, NULL);
}

static SnMail *parse(const char *text)
{
	return parse_n(text, strlen(text));
}

static const SnMailPart *part(const SnMail *mail, guint i)
{
	assert_true(i < mail->parts->len);
	return mail->parts->pdata[i];
}

static void a_header_without_an_empty_line_below_it_ends_where_the_text_begins(void **state)
{
	g_autoptr(SnMail) mail = parse("From: a@example.test\nSubject: hello\n"
	                               "no empty line stands here\nand a second one\n");

	assert_string_equal(mail->subject, "hello");
	assert_string_equal(mail->text, "no empty line stands here\nand a second one");
}

static void a_line_of_blanks_ends_the_header_where_no_field_follows(void **state)
{
	g_autoptr(SnMail) ends = parse("Subject: one\n"
	                               "Content-Transfer-Encoding: quoted-printable\n \nna=C3=AFve\n");
	g_autoptr(SnMail) goes_on = parse("Subject: one\n \nFrom: a@example.test\n\ntext\n");

	assert_string_equal(ends->text, "na\xc3\xafve");
	assert_string_equal(goes_on->text, "text");
	assert_int_equal(goes_on->addresses->len, 1);
}

static void a_line_that_is_no_field_does_not_cut_the_header(void **state)
{
	g_autoptr(SnMail) mail = parse("From: a@example.test\nthis is no field\nSubject: kept\n\ntext\n");

	assert_string_equal(mail->subject, "kept");
	assert_string_equal(mail->text, "text");
}

static void blanks_before_the_first_field_do_no_harm(void **state)
{
	g_autoptr(SnMail) mail = parse(" From: a@example.test\nSubject: kept\n\ntext\n");

	assert_int_equal(mail->addresses->len, 1);
	assert_string_equal(mail->subject, "kept");
}

static void of_two_fields_of_a_kind_the_first_counts(void **state)
{
	g_autoptr(SnMail) mail = parse("Subject: first\nSubject: second\n"
	                               "Content-Type: multipart/mixed; boundary=b\n"
	                               "Content-Type: text/plain\n\n"
	                               "--b\n\none\n--b\n\ntwo\n--b--\n");

	assert_string_equal(mail->subject, "first");
	assert_string_equal(mail->text, "one\n\ntwo");
}

static void separators_that_were_not_announced_are_found(void **state)
{
	g_autoptr(SnMail) mail = parse("Content-Type: multipart/alternative; boundary=\"wrong\"\n\n"
	                               "--right\nContent-Type: text/plain\n\nplain\n"
	                               "--right\nContent-Type: text/html\n\n<p>rich</p>\n--right--\n");

	assert_int_equal(mail->parts->len, 2);
	assert_string_equal(part(mail, 1)->type, "text/html");
	assert_string_equal(mail->text, "plain");
	assert_non_null(strstr(mail->notice, "separators"));
}

static void a_multipart_without_parts_is_text(void **state)
{
	g_autoptr(SnMail) mail = parse("Content-Type: multipart/report;\n\nonly this\n");
	g_autoptr(SnMail) empty = parse("Content-Type: multipart/mixed; boundary=x\n\n\n");

	assert_string_equal(mail->text, "only this");
	assert_string_equal(empty->text, "");
	assert_null(empty->notice);
}

static void a_part_without_an_empty_line_keeps_its_first_line(void **state)
{
	g_autoptr(SnMail) mail = parse("Content-Type: multipart/mixed; boundary=b\n\n"
	                               "--b\nContent-Type: text/plain\n"
	                               "In answer to this (of Monday)\n\nthe answer\n--b--\n");

	assert_string_equal(mail->text, "In answer to this (of Monday)\n\nthe answer");
}

static void encoded_words_are_joined_over_padding(void **state)
{
	g_autoptr(SnMail) mail = parse("Subject: =?UTF-8?B?TXlTdXJ2ZXk=?=\n =?UTF-8?B?LmNvbQ==?=\n\n\n");
	/* one letter cut in two */
	g_autoptr(SnMail) cut = parse("Subject: =?utf-8?b?eMM=?= =?utf-8?b?vHk=?=\n\n\n");

	assert_string_equal(mail->subject, "MySurvey.com");
	assert_string_equal(cut->subject, "x\xc3\xbcy");
}

static void names_of_character_sets_are_taken_as_they_are_meant(void **state)
{
	g_autoptr(SnMail) mail = parse("Subject: =?koi8_r?Q?=C4=C1?=\n"
	                               "Content-Type: text/plain; charset=koi8_r\n\n\xce\xc5\xd4\n");

	assert_string_equal(mail->subject, "\xd0\xb4\xd0\xb0");
	assert_string_equal(mail->text, "\xd0\xbd\xd0\xb5\xd1\x82");
}

static void text_of_an_unknown_character_set_is_guessed(void **state)
{
	/* Russian, in windows-1251 */
	g_autoptr(SnMail) mail = parse(
		"Subject: x\n\n\xcf\xf0\xe8\xe2\xe5\xf2, \xfd\xf2\xee \xef\xe8\xf1\xfc\xec\xee "
		"\xed\xe0\xef\xe8\xf1\xe0\xed\xee \xe1\xe5\xe7 \xf3\xea\xe0\xe7\xe0\xed\xe8\xff "
		"\xea\xee\xe4\xe8\xf0\xee\xe2\xea\xe8\n");
	/* too little to guess from */
	g_autoptr(SnMail) latin = parse("Subject: x\n\ncaf\xe9\n");

	assert_true(g_str_has_prefix(mail->text, "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"));
	assert_string_equal(latin->text, "caf\xc3\xa9");
	assert_non_null(latin->notice);
}

static void utf8_under_another_name_is_utf8(void **state)
{
	g_autoptr(SnMail) mail = parse("Content-Type: text/plain; charset=windows-1251\n\n"
	                               "\xd0\x92\xd0\xb0\xd0\xbc\n");

	assert_string_equal(mail->text, "\xd0\x92\xd0\xb0\xd0\xbc");
}

static void japanese_with_escapes_is_read_without_a_name_and_past_what_is_unknown(void **state)
{
	g_autoptr(SnMail) mail = parse("Subject: x\n\n\x1b$B$\"$1$^$7$F\x1b(B\n");
	g_autoptr(SnMail) odd = parse("Content-Type: text/plain; charset=iso-2022-jp\n\n"
	                              "\x1b$B$\"y_$1$^$7$F$*$a$G$H$&\x1b(B end\n");

	assert_string_equal(mail->text, "\xe3\x81\x82\xe3\x81\x91\xe3\x81\xbe\xe3\x81\x97\xe3\x81\xa6");
	assert_true(g_str_has_prefix(odd->text, "\xe3\x81\x82\xef\xbf\xbd\xe3\x81\x91"));
	assert_true(g_str_has_suffix(odd->text, " end"));
}

static void text_that_is_called_base64_is_text(void **state)
{
	g_autoptr(SnMail) mail = parse("Content-Transfer-Encoding: base64\n\n"
	                               "these are words, and they say something\nand more words\n");
	g_autoptr(SnMail) real = parse("Content-Transfer-Encoding: base64\n\naGVsbG8gd29y\nbGQ=\n");

	assert_true(g_str_has_prefix(mail->text, "these are words"));
	assert_string_equal(real->text, "hello world");
}

static void addresses_without_brackets_are_found(void **state)
{
	g_autoptr(SnMail) mail = parse("From: Big Bug bb@example.test\n"
	                               "To: Undisclosed-Recipient:;@example.test\n\n\n");

	assert_int_equal(mail->addresses->len, 1);
	assert_string_equal(((SnMailAddress *)mail->addresses->pdata[0])->address, "bb@example.test");
}

static void dates_with_comments_and_small_zones_are_read(void **state)
{
	g_autoptr(SnMail) comment = parse("Date: Wed, 20 Sep 1995 00:19:00 (EDT) -0400\n\n\n");
	g_autoptr(SnMail) zone = parse("Date: Tue, 25 Apr 95 15:09:57 est\n\n\n");

	assert_int_equal(comment->date / 1000, 811570740);
	assert_int_equal(zone->date / 1000, 798840597);
}

static void an_attached_message_keeps_the_name_it_was_given(void **state)
{
	g_autoptr(SnMail) mail = parse("Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	                               "Content-Type: message/rfc822; name=\"Plan.eml\"\n\n"
	                               "Subject: other\n\ntext\n--b--\n");
	g_autoptr(SnMail) word = parse("Content-Type: gzip; name=\"document.xml.gz\"\n\nblah\n");

	assert_string_equal(part(mail, 0)->name, "Plan.eml");
	assert_string_equal(part(word, 0)->name, "document.xml.gz");
}

/* Cut anywhere and with any byte in the way, it ends, and gives something. */
static void no_header_is_too_broken(void **state)
{
	static const char mail[] = " From: =?x?B?=?= <a@b>\n \nContent-Type: multipart/mixed;\n"
				   " boundary=\"\n--\n--x\nContent-Type: =?\n--x--\n=?a?B?b?= =?a?B?c?=\n";

	for (gsize cut = 1; cut < sizeof mail; cut++) {
		g_autoptr(SnMail) one = parse_n(mail, cut);
		assert_non_null(one->text);
		char changed[sizeof mail];
		memcpy(changed, mail, sizeof mail);
		changed[cut - 1] = (char)(cut * 37);
		g_autoptr(SnMail) two = parse_n(changed, sizeof mail - 1);
		assert_non_null(two->text);
	}
}

static int setup(void **state)
{
	sn_mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_without_an_empty_line_below_it_ends_where_the_text_begins),
		cmocka_unit_test(a_line_of_blanks_ends_the_header_where_no_field_follows),
		cmocka_unit_test(a_line_that_is_no_field_does_not_cut_the_header),
		cmocka_unit_test(blanks_before_the_first_field_do_no_harm),
		cmocka_unit_test(of_two_fields_of_a_kind_the_first_counts),
		cmocka_unit_test(separators_that_were_not_announced_are_found),
		cmocka_unit_test(a_multipart_without_parts_is_text),
		cmocka_unit_test(a_part_without_an_empty_line_keeps_its_first_line),
		cmocka_unit_test(encoded_words_are_joined_over_padding),
		cmocka_unit_test(names_of_character_sets_are_taken_as_they_are_meant),
		cmocka_unit_test(text_of_an_unknown_character_set_is_guessed),
		cmocka_unit_test(utf8_under_another_name_is_utf8),
		cmocka_unit_test(japanese_with_escapes_is_read_without_a_name_and_past_what_is_unknown),
		cmocka_unit_test(text_that_is_called_base64_is_text),
		cmocka_unit_test(addresses_without_brackets_are_found),
		cmocka_unit_test(dates_with_comments_and_small_zones_are_read),
		cmocka_unit_test(an_attached_message_keeps_the_name_it_was_given),
		cmocka_unit_test(no_header_is_too_broken),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
