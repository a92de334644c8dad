/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What mail systems send back, in the forms they are met in: tests/data/bounces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"

#define SENT "sent-1@example.test"
#define BOB "bob@example.test"

static char *read_file(const char *name)
{
	const char *top = g_getenv("TOP_SRCDIR");
	g_autofree char *path = g_build_filename(top ? top : ".", "tests/data/bounces", name, NULL);
	g_autoptr(GError) error = NULL;
	char *text;

	g_file_get_contents(path, &text, NULL, &error);
	g_assert_no_error(error);
	return text;
}

static SnMail *parse(const char *raw)
{
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	SnMail *mail = sn_mail_parse(bytes, NULL, NULL);

	assert_non_null(mail);
	return mail;
}

static SnMail *parse_file(const char *name)
{
	g_autofree char *raw = read_file(name);

	return parse(raw);
}

/* The file with one thing said differently. */
static SnMail *parse_changed(const char *name, const char *from, const char *to)
{
	g_autofree char *raw = read_file(name);
	g_auto(GStrv) halves = g_strsplit(raw, from, 2);

	assert_non_null(halves[1]);
	g_autofree char *changed = g_strconcat(halves[0], to, halves[1], NULL);
	return parse(changed);
}

static const SnMailReport *only(const SnMail *mail)
{
	assert_int_equal(mail->reports->len, 1);
	return mail->reports->pdata[0];
}

static void every_kind_of_bounce_names_message_person_and_reason(void **state)
{
	static const struct {
		const char *file, *words;
		SnReportKind kind;
	} kinds[] = {
		{ "exim.eml", "there is no such mailbox (5.1.1)", SN_REPORT_FAILED },
		{ "exim-delay.eml", "the server does not answer", SN_REPORT_DELAYED },
		{ "qmail.eml", "there is no such mailbox (5.1.1)", SN_REPORT_FAILED },
		{ "office365.eml", "there is no such mailbox (5.1.10)", SN_REPORT_FAILED },
		{ "exchange2003.eml", "there is no such mailbox", SN_REPORT_FAILED },
		{ "gmail.eml", "there is no such mailbox (5.1.1)", SN_REPORT_FAILED },
		{ "gmail-text.eml", "the mailbox is full (5.2.2)", SN_REPORT_FAILED },
		{ "sendmail.eml", "there is no such mailbox (5.1.1)", SN_REPORT_FAILED },
		{ "sendmail-text.eml", "there is no such mailbox", SN_REPORT_FAILED },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(SnMail) mail = parse_file(kinds[i].file);
		print_message("# %s\n", kinds[i].file);
		const SnMailReport *report = only(mail);
		g_autofree char *words = sn_mail_status_words(report->status, report->diagnostic);
		assert_true(mail->from_daemon);
		assert_int_equal(report->kind, kinds[i].kind);
		assert_string_equal(report->recipient, BOB);
		assert_string_equal(report->message_id, SENT);
		assert_string_equal(words, kinds[i].words);
	}
}

static void a_report_tells_of_each_recipient(void **state)
{
	g_autoptr(SnMail) mail = parse_file("postfix.eml");

	assert_int_equal(mail->reports->len, 2);
	const SnMailReport *bob = mail->reports->pdata[0], *carol = mail->reports->pdata[1];
	g_autofree char *words = sn_mail_status_words(bob->status, bob->diagnostic);
	assert_int_equal(bob->kind, SN_REPORT_FAILED);
	assert_string_equal(bob->recipient, BOB);
	assert_string_equal(words, "the mailbox is full (5.2.2)");
	assert_string_equal(bob->envelope_id, SENT);
	assert_int_equal(carol->kind, SN_REPORT_DELIVERED);
	assert_string_equal(carol->recipient, "carol@example.test");
	assert_string_equal(carol->message_id, SENT);
}

static void the_copy_that_came_back_names_nobody_who_failed(void **state)
{
	/* In the returned text stands a line that looks like another failure. */
	g_autoptr(SnMail) mail = parse_file("qmail.eml");

	assert_string_equal(only(mail)->recipient, BOB);
}

static void an_answer_by_a_machine_is_no_bounce(void **state)
{
	g_autoptr(SnMail) mail = parse_file("vacation.eml");

	assert_true(mail->from_daemon); /* RFC 3834 wants the null sender, too */
	assert_string_equal(mail->auto_submitted, "auto-replied");
	assert_int_equal(mail->reports->len, 0);
}

static void what_a_person_sends_is_no_bounce(void **state)
{
	static const char *const files[] = { "qmail.eml", "exim.eml", "gmail-text.eml",
		                             "sendmail-text.eml", "exchange2003.eml" };

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *raw = read_file(files[i]);
		char *end = strchr(raw, '\n');
		g_autofree char *forged =
			g_strconcat("Return-Path: <mallory@example.test>", end, NULL);
		g_autoptr(SnMail) mail = parse(forged);
		assert_false(mail->from_daemon);
		assert_int_equal(mail->reports->len, 0);
	}
}

static void a_return_path_that_the_sender_wrote_below_counts_for_nothing(void **state)
{
	g_autofree char *raw = read_file("qmail.eml");
	g_autofree char *forged =
		g_strconcat("Return-Path: <mallory@example.test>\nReceived: x\n", raw, NULL);
	g_autoptr(SnMail) mail = parse(forged);

	assert_false(mail->from_daemon);
	assert_int_equal(mail->reports->len, 0);
}

static void without_a_return_path_the_name_of_a_mail_system_counts(void **state)
{
	g_autoptr(SnMail) daemon = parse_changed("qmail.eml", "Return-Path: <>\n", "");
	g_autofree char *raw = read_file("qmail.eml");
	g_auto(GStrv) parts = g_strsplit(raw, "Return-Path: <>\n", 2);
	g_auto(GStrv) halves = g_strsplit(parts[1], "MAILER-DAEMON", 2);
	g_autofree char *person_raw = g_strjoin("mallory", halves[0], halves[1], NULL);
	g_autoptr(SnMail) person = parse(person_raw);

	assert_int_equal(daemon->reports->len, 1);
	assert_int_equal(person->reports->len, 0);
}

static void a_list_or_a_text_about_bounces_is_none(void **state)
{
	g_autoptr(SnMail) list = parse_changed("qmail.eml", "Subject:",
	                                       "List-Id: <qmail.lists.example.test>\nSubject:");
	g_autoptr(SnMail) about = parse("Return-Path: <>\nFrom: postmaster@example.test\n"
	                                "Subject: How we bounce\n\nbob@example.test asked how.\n");

	assert_int_equal(list->reports->len, 0);
	assert_int_equal(about->reports->len, 0);
}

static void the_id_is_found_wherever_it_came_back(void **state)
{
	/* Exchange returns nothing and answers the message; others quote it in the text. */
	g_autoptr(SnMail) answered = parse_file("office365.eml");
	g_autoptr(SnMail) folded = parse_changed("qmail.eml", "Message-ID: <sent-1@example.test>",
	                                         "Message-ID:\n <sent-1@example.test>");
	g_autoptr(SnMail) quoted = parse_changed("qmail.eml", "Message-ID: <sent-1",
	                                         "> Message-Id: <sent-1");
	g_autoptr(SnMail) none = parse_changed("qmail.eml", "Message-ID: <sent-1@example.test>\n",
	                                       "");

	assert_string_equal(only(answered)->message_id, SENT);
	assert_string_equal(only(folded)->message_id, SENT);
	assert_string_equal(only(quoted)->message_id, SENT);
	assert_null(only(none)->message_id);
}

static void in_another_language_the_header_still_says_who(void **state)
{
	g_autoptr(SnMail) mail =
		parse_changed("exim.eml",
	                      "This message was created automatically by mail delivery software.\n\n"
	                      "A message that you sent could not be delivered to one or more of its\n"
	                      "recipients. This is a permanent error. The following address(es) failed:",
	                      "Diese Nachricht wurde automatisch erstellt. Folgende Adressen:");

	assert_string_equal(only(mail)->recipient, BOB);
	assert_string_equal(only(mail)->message_id, SENT);
	assert_int_equal(only(mail)->kind, SN_REPORT_FAILED);
}

static void what_is_said_of_reading_is_told_apart(void **state)
{
	static const struct {
		const char *disposition;
		int kind;
	} said[] = {
		{ "; displayed", SN_REPORT_DISPLAYED },
		{ "; Displayed/error", SN_REPORT_DISPLAYED },
		{ "; deleted", SN_REPORT_DELETED },
		{ "; denied", SN_REPORT_DENIED },
		{ "; dispatched", SN_REPORT_NONE },
		{ "; processed", SN_REPORT_NONE },
		{ "; displayedish", SN_REPORT_NONE },
		{ ";", SN_REPORT_NONE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(said); i++) {
		g_autoptr(SnMail) mail = parse_changed("mdn.eml", "; displayed",
		                                       said[i].disposition);
		print_message("# %s\n", said[i].disposition);
		if (said[i].kind == SN_REPORT_NONE) {
			assert_int_equal(mail->reports->len, 0);
			continue;
		}
		assert_int_equal(only(mail)->kind, said[i].kind);
		assert_string_equal(only(mail)->recipient, BOB);
		assert_string_equal(only(mail)->message_id, SENT);
	}
}

static void a_report_in_slovenly_form_is_read(void **state)
{
	/* blanks before the colon, no Action, another final address */
	g_autoptr(SnMail) mail = parse(
		"Return-Path: <>\nContent-Type: multipart/report; report-type=delivery-status; "
		"boundary=b\n\n--b\n\nSorry\n--b\nContent-Type: message/delivery-status\n\n"
		"Reporting-MTA: dns; x\n\nOriginal-Recipient : rfc822;bob@example.test\n"
		"Final-Recipient : rfc822; b.dodgson@other.test\nStatus : 5.2.2 (too much)\n\n"
		"Final-Recipient: rfc822; carol@example.test\nStatus: 4.4.1\n--b--\n");

	assert_int_equal(mail->reports->len, 2);
	const SnMailReport *bob = mail->reports->pdata[0], *carol = mail->reports->pdata[1];
	assert_int_equal(bob->kind, SN_REPORT_FAILED);
	assert_string_equal(bob->recipient, BOB);
	assert_string_equal(bob->final_recipient, "b.dodgson@other.test");
	assert_string_equal(bob->status, "5.2.2");
	assert_int_equal(carol->kind, SN_REPORT_DELAYED);
}

static void reasons_are_said_in_words(void **state)
{
	static const struct {
		const char *status, *diagnostic, *words;
	} reasons[] = {
		{ "5.2.2", NULL, "the mailbox is full (5.2.2)" },
		{ "5.3.4", "552 5.3.4 too big", "the email is too large (5.3.4)" },
		{ "5.7.1", "554 5.7.1 Relay access denied", "a rule of the server forbids it (5.7.1)" },
		{ "5.7.509", NULL, "a rule of the server forbids it (5.7.509)" },
		/* a code that says nothing, words that do */
		{ "5.0.0", "550 user unknown", "there is no such mailbox (5.0.0)" },
		{ "5.2.0", "552 over quota", "the mailbox is full (5.2.0)" },
		{ "5.5.0", "smtp 550 5.1.2 <x>", "there is no such mail domain (5.1.2)" },
		{ NULL, "Mailbox full", "the mailbox is full" },
		/* nothing known: the server's own words, if these are words */
		{ NULL, "our cat ate it", "our cat ate it" },
		{ "5.9.9", NULL, "the server gave no reason (5.9.9)" },
		{ NULL, "550 -- 12", "the server gave no reason" },
		{ NULL, NULL, "the server gave no reason" },
		{ "nonsense", "", "the server gave no reason" },
		/* an address is no status */
		{ NULL, "by 5.9.1.2 refused", "by 5.9.1.2 refused" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
		g_autofree char *words =
			sn_mail_status_words(reasons[i].status, reasons[i].diagnostic);
		assert_string_equal(words, reasons[i].words);
	}
}

static void a_flood_of_recipients_is_cut_short(void **state)
{
	GString *raw = g_string_new("Return-Path: <>\nFrom: MAILER-DAEMON@x.test\n\n"
	                            "This is the qmail-send program at x.test.\n\n");

	for (int i = 0; i < 5000; i++)
		g_string_append_printf(raw, "<a%d@example.test>:\n(#5.1.1)\n\n", i);
	g_autoptr(SnMail) mail = parse(raw->str);
	assert_in_range(mail->reports->len, 1, 200);
	g_string_free(raw, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_bounce_names_message_person_and_reason),
		cmocka_unit_test(a_report_tells_of_each_recipient),
		cmocka_unit_test(the_copy_that_came_back_names_nobody_who_failed),
		cmocka_unit_test(an_answer_by_a_machine_is_no_bounce),
		cmocka_unit_test(what_a_person_sends_is_no_bounce),
		cmocka_unit_test(a_return_path_that_the_sender_wrote_below_counts_for_nothing),
		cmocka_unit_test(without_a_return_path_the_name_of_a_mail_system_counts),
		cmocka_unit_test(a_list_or_a_text_about_bounces_is_none),
		cmocka_unit_test(the_id_is_found_wherever_it_came_back),
		cmocka_unit_test(in_another_language_the_header_still_says_who),
		cmocka_unit_test(what_is_said_of_reading_is_told_apart),
		cmocka_unit_test(a_report_in_slovenly_form_is_read),
		cmocka_unit_test(reasons_are_said_in_words),
		cmocka_unit_test(a_flood_of_recipients_is_cut_short),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
