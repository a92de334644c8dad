/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/digest.h"
#include "src/mime/mail.h"

static SnMail *parse_options(const char *raw, const SnMailOptions *options)
{
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	SnMail *mail = sn_mail_parse(bytes, options, NULL);

	assert_non_null(mail);
	return mail;
}

static SnMail *parse(const char *raw)
{
	return parse_options(raw, NULL);
}

static const SnMailAddress *first(const SnMail *mail, SnMailRole role)
{
	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *address = mail->addresses->pdata[i];
		if (address->role == role)
			return address;
	}
	return NULL;
}

static const SnMailPart *part(const SnMail *mail, guint i)
{
	assert_true(i < mail->parts->len);
	return mail->parts->pdata[i];
}

/* ---- header ---- */

static void the_header_is_read(void **state)
{
	g_autoptr(SnMail) mail = parse(
		"From: Alice <alice@example.test>\nTo: Bob <bob@example.test>, \"C, D\" "
		"<cd@example.test>\n"
		"Cc: team: eve@example.test;\nBcc: x@example.test\nReply-To: list@example.test\n"
		"Subject: Hi\n there\nDate: Thu, 20 Aug 2026 10:00:00 +0200\n"
		"Message-ID: <1@example.test>\nIn-Reply-To: Your message <p@example.test>\n"
		"References: <r@example.test>\n <p@example.test> <r@example.test> <nonsense>\n"
		"List-Id: The list <list.example.test>\nJabber-ID: xmpp:alice@example.test/home\n"
		"Auto-Submitted: Auto-Replied (vacation)\n\nbody\n");

	assert_string_equal(first(mail, SN_MAIL_FROM)->name, "Alice");
	assert_string_equal(first(mail, SN_MAIL_FROM)->address, "alice@example.test");
	assert_string_equal(first(mail, SN_MAIL_CC)->address, "eve@example.test");
	assert_string_equal(first(mail, SN_MAIL_BCC)->address, "x@example.test");
	assert_string_equal(first(mail, SN_MAIL_REPLY_TO)->address, "list@example.test");
	assert_int_equal(mail->addresses->len, 6);
	assert_string_equal(mail->subject, "Hi there");
	assert_int_equal(mail->date, 1787212800000);
	assert_string_equal(mail->message_id, "1@example.test");
	assert_string_equal(mail->in_reply_to, "p@example.test");
	assert_int_equal(mail->references->len, 2);
	assert_string_equal(mail->references->pdata[0], "r@example.test");
	assert_string_equal(mail->list_id, "list.example.test");
	assert_string_equal(mail->jabber_id, "alice@example.test");
	assert_string_equal(mail->auto_submitted, "auto-replied");
	assert_null(mail->authentication);
	assert_string_equal(mail->text, "body");
	assert_null(mail->notice);
}

static void encoded_words_in_the_wild_are_read(void **state)
{
	static const struct {
		const char *raw, *subject;
	} cases[] = {
		{ "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße" },
		{ "=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab" },
		{ "=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=", "€" }, /* one character in two words */
		{ "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本" },
		{ "=?iso-8859-1?q?caf=E9?= au lait", "café au lait" },
		{ "caf\xc3\xa9 raw", "café raw" },
		{ "caf\xe9 latin", "café latin" },
		{ "=?utf-8?q?evil=1B[31m=0Ared?=", "evil[31m red" },
		{ "=?utf-8?q?gpj=2E=E2=80=AEexe?=", "gpj.exe" },
		{ "=?utf-8*en?q?with_language?=", "with language" },
		{ "not =? encoded ?=", "not =? encoded ?=" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *raw = g_strdup_printf("Subject: %s\n\n", cases[i].raw);
		g_autoptr(SnMail) mail = parse(raw);
		assert_string_equal(mail->subject, cases[i].subject);
	}
}

static void addresses_in_the_wild_are_read(void **state)
{
	static const struct {
		const char *raw, *name, *address;
	} cases[] = {
		{ "bob@x.test", NULL, "bob@x.test" },
		{ "bob@x.test (Bob)", "Bob", "bob@x.test" },
		{ "John Q. Public <j@x.test>", "John Q. Public", "j@x.test" },
		{ "=?utf-8?q?=22M=C3=BCller=2C_J=C3=B6rg=22?= <m@x.test>", "Müller, Jörg",
		  "m@x.test" },
		{ "\"=?utf-8?q?J=C3=BC?=\" <j@x.test>", "Jü", "j@x.test" },
		{ "J\xfcrgen <j@x.test>", "Jürgen", "j@x.test" },
		{ "=?utf-8?q?smile_:)?= <s@x.test>", "smile :)", "s@x.test" },
		{ "jürgen@müller.example", NULL, "jürgen@müller.example" },
		{ "\"a b\"@x.test", NULL, "\"a b\"@x.test" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *raw = g_strdup_printf("From: %s\n\n", cases[i].raw);
		g_autoptr(SnMail) mail = parse(raw);
		assert_int_equal(mail->addresses->len, 1);
		const SnMailAddress *from = first(mail, SN_MAIL_FROM);
		assert_string_equal(from->address, cases[i].address);
		assert_int_equal(g_strcmp0(from->name, cases[i].name), 0);
	}
}

static void absurd_facts_are_absent(void **state)
{
	g_autoptr(SnMail) mail =
		parse("Date: Mon, 01 Jan 9999 00:00:00 +0000\nJabber-ID: not a jid\n"
		      "List-Id: two words\nMessage-ID: <>\nFrom: \nTo: undisclosed:;\n"
		      "References: nonsense\n\n");

	assert_int_equal(mail->date, 0);
	assert_null(mail->jabber_id);
	assert_null(mail->list_id);
	assert_null(mail->message_id);
	assert_null(mail->subject);
	assert_int_equal(mail->addresses->len, 0);
	assert_int_equal(mail->references->len, 0);
}

static void only_our_servers_verdict_counts(void **state)
{
	static const char *const own[] = { "localhost", "relay.hoster.test", NULL };
	static const SnMailOptions ours = { "mx.example.test", own };
	static const struct {
		const char *header, *expected;
	} cases[] = {
		{ "Authentication-Results: mx.example.test; spf=pass", "spf=pass" },
		{ "Authentication-Results: (comment) MX.example.test 1; spf=pass\n (x)",
		  "spf=pass (x)" },
		{ "Authentication-Results: mx.example.test;\n dkim=pass;\n spf=fail",
		  "dkim=pass; spf=fail" },
		{ "Authentication-Results: mx.example.test; dkim=pass\n"
		  "Authentication-Results: mx.example.test; spf=pass",
		  "dkim=pass; spf=pass" },
		/* below the next Received it came with the message */
		{ "Received: from b by mx.example.test\nAuthentication-Results: mx.example.test; "
		  "spf=fail\n"
		  "Received: from a by b\nAuthentication-Results: mx.example.test; spf=pass",
		  "spf=fail" },
		/* Gmail's place: below its own line; what is below the next one is the sender's */
		{ "Received: by 2002:a05:6402 with SMTP id 1\n"
		  "Received: from smtp.b.test (b [192.0.2.1]) by MX.Example.test (Postfix) with ESMTP\n"
		  "Authentication-Results: mx.example.test; spf=pass", "spf=pass" },
		{ "Received: from smtp.b.test by mx.example.test\nReceived: from a by smtp.b.test\n"
		  "Authentication-Results: mx.example.test; spf=pass", NULL },
		/* from server to server of the house, and of others that are ours */
		{ "Received: from mx.example.test by imap.example.test with LMTP\n"
		  "Received: from smtp.b.test by mx.example.test\n"
		  "Authentication-Results: mx.example.test; spf=pass", "spf=pass" },
		{ "Received: from mail.b.test by localhost with POP3 (fetchmail)\n"
		  "Authentication-Results: mx.example.test; spf=pass", "spf=pass" },
		{ "Received: from mx.example.test by out.relay.hoster.test\n"
		  "Authentication-Results: mx.example.test; spf=pass", "spf=pass" },
		/* above a line of somebody else it was added later than that */
		{ "Authentication-Results: mx.example.test; spf=pass\nReceived: from a by other.test", "spf=pass" },
		{ "Received: from a by other.test\nAuthentication-Results: mx.example.test; spf=pass", NULL },
		/* lines that a sender wrote to look like ours */
		{ "Received: from evil.test by mx.example.test\n"
		  "Received: from mx.example.test by mx.example.test\n"
		  "Authentication-Results: mx.example.test; spf=pass", NULL },
		{ "Received: from a by other.test\nReceived: from evil.test by mx.example.test\n"
		  "Authentication-Results: mx.example.test; spf=pass", NULL },
		{ "Received: from a (by mx.example.test) by notexample.test\n"
		  "Authentication-Results: mx.example.test; spf=pass", NULL },
		{ "Received: from\nAuthentication-Results: mx.example.test; spf=pass", "spf=pass" },
		{ "Authentication-Results: evil.test; spf=pass", NULL },
		{ "Authentication-Results: mx.example.test.evil.test; spf=pass", NULL },
		{ "Authentication-Results: evil.test (mx.example.test); spf=pass", NULL },
		{ "X: y", NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *raw = g_strdup_printf("%s\nFrom: a@b.test\n\n", cases[i].header);
		g_autoptr(SnMail) mail = parse_options(raw, &ours);
		if (g_strcmp0(mail->authentication, cases[i].expected) != 0)
			print_error("%s\n", raw);
		assert_int_equal(g_strcmp0(mail->authentication, cases[i].expected), 0);
		g_autoptr(SnMail) nobody = parse(raw);
		assert_null(nobody->authentication);
	}
}

/* ---- text ---- */

static void assert_body(const char *type, const char *body, const char *expected)
{
	g_autofree char *raw = g_strdup_printf("%s\n\n%s", type, body);
	g_autoptr(SnMail) mail = parse(raw);

	if (strcmp(mail->text, expected) != 0)
		print_error("%s\n", raw);
	assert_string_equal(mail->text, expected);
}

static void wrong_charsets_are_repaired(void **state)
{
	assert_body("Content-Type: text/plain; charset=utf-8", "caf\xc3\xa9", "café");
	assert_body("Content-Type: text/plain; charset=utf-8", "caf\xe9", "café");
	assert_body("Content-Type: text/plain", "caf\xc3\xa9", "café");
	assert_body("Content-Type: text/plain; charset=us-ascii", "caf\xe9 \x93quoted\x94",
		    "café “quoted”");
	assert_body("Content-Type: text/plain; charset=iso-8859-1", "\x80 5", "€ 5");
	assert_body("Content-Type: text/plain; charset=iso-8859-1", "caf\xc3\xa9", "café");
	assert_body("Content-Type: text/plain; charset=x-nonsense", "caf\xc3\xa9", "café");
	assert_body("Content-Type: text/plain; charset=x-nonsense", "caf\xe9", "café");
	assert_body("Content-Type: text/plain; charset=koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4",
		    "Привет");
	assert_body("Content-Type: text/plain; charset=gb2312", "\xc4\xe3\xba\xc3", "你好");
	assert_body("Content-Type: text/plain; charset=iso-2022-jp", "\x1b$BF|K\\\x1b(B", "日本");
	assert_body("Content-Type: text/plain; charset=windows-1252", "a\x81z", "a\xef\xbf\xbdz");
	assert_body("Content-Type: nonsense", "text", "text");
	assert_body("Content-Type: text", "caf\xe9", "café");
	assert_body("Content-Type: text/plain; charset=utf-7", "a+AOk-", "aé");
}

static void transfer_encodings_are_taken_off(void **state)
{
	assert_body("Content-Transfer-Encoding: quoted-printable", "caf=C3=A9=\n.", "café.");
	assert_body("Content-Transfer-Encoding: base64", "Y2Fmw6k=\n", "café");
	assert_body("Content-Transfer-Encoding: 8bit", "caf\xc3\xa9", "café");
	assert_body("Content-Transfer-Encoding: nonsense", "plain", "plain");
}

static void flowed_text_is_joined(void **state)
{
	assert_body("Content-Type: text/plain; format=flowed", "one \ntwo\n> a \n> b\n",
		    "one two\n> a b");
	assert_body("Content-Type: text/plain; format=flowed; delsp=yes", "日 \n本", "日本");
	assert_body("Content-Type: text/plain", "one \ntwo", "one \ntwo");
}

#define ALTERNATIVE(plain, html)                                                 \
	"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: " \
	"text/plain\n\n" plain "\n--b\nContent-Type: text/html\n\n" html "\n--b--\n"

static void the_best_alternative_is_shown(void **state)
{
	static const struct {
		const char *raw, *text;
		gboolean html;
	} cases[] = {
		{ ALTERNATIVE("plain words", "<p>html words"), "plain words", FALSE },
		{ ALTERNATIVE("", "<p>html words"), "html words", TRUE },
		{ ALTERNATIVE("  \n\t\n", "<p>html words"), "html words", TRUE },
		{ ALTERNATIVE("Your mail program does not support HTML.", "<p>html words"),
		  "html words", TRUE },
		{ ALTERNATIVE("only", ""), "only", FALSE },
		{ ALTERNATIVE("<html><p>html as plain</html>", "<p>html"), "html", TRUE },
		{ ALTERNATIVE("-----", "<p>html"), "html", TRUE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SnMail) mail = parse(cases[i].raw);
		assert_string_equal(mail->text, cases[i].text);
		assert_int_equal(mail->text_from_html, cases[i].html);
		/* Another form of the same text is no attachment. */
		for (guint p = 0; p < mail->parts->len; p++)
			assert_false(part(mail, p)->is_attachment);
	}
}

static void parts_are_listed_and_joined(void **state)
{
	g_autoptr(SnMail) mail =
		parse("Content-Type: multipart/mixed; boundary=o\n\n"
		      "--o\nContent-Type: multipart/related; boundary=r\n\n"
		      "--r\nContent-Type: text/html\n\n<p>first <img src=cid:i@x alt=logo>\n"
		      "--r\nContent-Type: image/png\nContent-ID: <i@x>\nContent-Transfer-Encoding: "
		      "base64\n\nAAAA\n--r--\n"
		      "--o\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: "
		      "base64\n\nAAECAw==\n"
		      "--o\nContent-Type: text/plain\nContent-Disposition: attachment; "
		      "filename=\"../../.bashrc\"\n\nnot shown\n"
		      "--o\nContent-Type: message/rfc822\n\nSubject: Inner / one\nFrom: "
		      "x@y.test\n\ninner text\n"
		      "--o\nContent-Type: text/x-patch; name=fix.patch\nContent-Disposition: "
		      "inline\n\n+line\n"
		      "--o\nContent-Type: application/pgp-signature\n\nsig\n"
		      "--o\nContent-Type: text/plain\n\nlast\n--o--\n");

	assert_string_equal(mail->text, "first logo\n\n+line\n\nlast");
	assert_int_equal(mail->parts->len, 8);
	assert_true(part(mail, 0)->is_inline && !part(mail, 0)->is_attachment);
	assert_string_equal(part(mail, 1)->content_id, "i@x");
	assert_true(part(mail, 1)->is_inline && !part(mail, 1)->is_attachment);
	assert_int_equal(part(mail, 1)->size, 3);
	assert_int_equal(part(mail, 1)->depth, 2);
	assert_string_equal(part(mail, 2)->name, "a.pdf");
	assert_int_equal(part(mail, 2)->size, 4);
	assert_true(part(mail, 2)->is_attachment);
	assert_string_equal(part(mail, 3)->name, "bashrc");
	assert_true(part(mail, 3)->is_attachment && !part(mail, 3)->is_inline);
	assert_string_equal(part(mail, 4)->type, "message/rfc822");
	assert_string_equal(part(mail, 4)->name, "one.eml");
	assert_true(part(mail, 5)->is_inline && part(mail, 5)->is_attachment);
	assert_false(part(mail, 6)->is_attachment);
	for (guint i = 0; i < mail->parts->len; i++)
		assert_int_equal(part(mail, i)->position, i + 1);
}

static void part_bytes_are_exact(void **state)
{
	static const char raw[] =
		"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\ntext\r\n--o\r\n"
		"Content-Type: message/rfc822\r\n\r\nSubject:  odd\tspacing \r\n\r\nbody\r\n\r\n"
		"--o\r\nContent-Type: x/y\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		"AAH/\r\n--o--\r\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(raw, sizeof raw - 1);
	g_autoptr(GBytes) inner = sn_mail_part_bytes(bytes, 2, NULL);
	g_autoptr(GBytes) binary = sn_mail_part_bytes(bytes, 3, NULL);
	g_autoptr(GError) error = NULL;

	assert_int_equal(g_bytes_get_size(inner), 32);
	assert_memory_equal(g_bytes_get_data(inner, NULL),
			    "Subject:  odd\tspacing \r\n\r\nbody\r\n", 32);
	assert_int_equal(g_bytes_get_size(binary), 3);
	assert_memory_equal(g_bytes_get_data(binary, NULL), "\0\1\xff", 3);
	assert_null(sn_mail_part_bytes(bytes, 4, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
	assert_null(sn_mail_part_bytes(bytes, 0, NULL));
}

static void file_names_are_safe(void **state)
{
	static const struct {
		const char *parameter, *name;
	} cases[] = {
		{ "filename=plain.txt", "plain.txt" },
		{ "filename*=utf-8''%C3%9Cbersicht.txt", "Übersicht.txt" },
		{ "filename*0=\"a long \"; filename*1=name.txt", "a long name.txt" },
		{ "filename*0*=utf-8''%C3%9C; filename*1=b.txt", "Üb.txt" },
		{ "filename=\"=?utf-8?q?=C3=9Cb.txt?=\"", "Üb.txt" },
		{ "filename=\"/etc/passwd\"", "passwd" },
		{ "filename=\"C:\\\\dir\\\\evil.exe\"", "evil.exe" },
		{ "filename=\"..\"", NULL },
		{ "filename=\"\"", NULL },
		{ "filename=\"-rf\"", "_rf" },
		{ "filename*=utf-8''a%0Ab%1B.txt", "a b.txt" },
		{ "filename*=utf-8''gpj%E2%80%AEexe.pdf", "gpjexe.pdf" },
		{ "filename*=utf-8''..%2F..%2Fx", "x" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *raw = g_strdup_printf(
			"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: x/y\n"
			"Content-Disposition: attachment; %s\n\nx\n--b--\n",
			cases[i].parameter);
		g_autoptr(SnMail) mail = parse(raw);
		if (g_strcmp0(part(mail, 0)->name, cases[i].name) != 0)
			print_error("%s gave %s\n", cases[i].parameter, part(mail, 0)->name);
		assert_int_equal(g_strcmp0(part(mail, 0)->name, cases[i].name), 0);
	}
	GString *raw = g_string_new("Content-Disposition: attachment; filename=\"");
	for (int i = 0; i < 300; i++)
		g_string_append(raw, "日");
	g_string_append(raw, ".pdf\"\nContent-Type: x/y\n\nx");
	g_autoptr(SnMail) mail = parse(raw->str);
	assert_true(strlen(part(mail, 0)->name) <= 200);
	assert_true(g_str_has_suffix(part(mail, 0)->name, "日.pdf"));
	g_string_free(raw, TRUE);
}

static void encryption_is_seen(void **state)
{
	g_autoptr(SnMail) pgp =
		parse("Content-Type: multipart/encrypted; boundary=b;\n"
		      " protocol=\"application/pgp-encrypted\"\n\n"
		      "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
		      "--b\nContent-Type: application/octet-stream\n\n-----BEGIN\n--b--\n");
	g_autoptr(SnMail) smime =
		parse("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx");
	g_autoptr(SnMail) opaque =
		parse("Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx");
	g_autoptr(SnMail) plain = parse("\nx");

	assert_true(pgp->encrypted);
	assert_string_equal(pgp->text, "");
	assert_true(smime->encrypted);
	assert_false(opaque->encrypted);
	assert_false(plain->encrypted);
}

/* ---- reports ---- */

static void delivery_reports_are_read(void **state)
{
	g_autoptr(SnMail) mail =
		parse("Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
		      "--b\n\nSorry\n--b\nContent-Type: message/delivery-status\n\n"
		      "Reporting-MTA: dns; mx.example.test\nOriginal-Envelope-Id: env-1\n\n"
		      "Final-Recipient: rfc822; bob@example.test\nAction: failed\nStatus: 5.1.1\n"
		      "Diagnostic-Code: smtp; 550 no such\n user\n\n"
		      "Original-Recipient: rfc822;carol@example.test\nFinal-Recipient: rfc822; "
		      "c@other.test\n"
		      "Action: delivered (ok)\nStatus: 2.0.0\n\n"
		      "Final-Recipient: rfc822; dave@example.test\nAction: delayed\n\n"
		      "Final-Recipient: rfc822; eve@example.test\nAction: nonsense\n"
		      "--b\nContent-Type: text/rfc822-headers\n\nFrom: a@example.test\n"
		      "Message-ID: <sent@example.test>\n--b--\n");
	static const struct {
		SnReportKind kind;
		const char *recipient, *diagnostic;
	} expected[] = {
		{ SN_REPORT_FAILED, "bob@example.test", "550 no such user" },
		{ SN_REPORT_DELIVERED, "carol@example.test", "2.0.0" },
		{ SN_REPORT_DELAYED, "dave@example.test", NULL },
	};

	assert_string_equal(mail->text, "Sorry");
	assert_int_equal(mail->reports->len, G_N_ELEMENTS(expected));
	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
		const SnMailReport *report = mail->reports->pdata[i];
		assert_int_equal(report->kind, expected[i].kind);
		assert_string_equal(report->recipient, expected[i].recipient);
		assert_int_equal(g_strcmp0(report->diagnostic, expected[i].diagnostic), 0);
		assert_string_equal(report->message_id, "sent@example.test");
		assert_string_equal(report->envelope_id, "env-1");
	}
}

static void read_receipts_are_read(void **state)
{
	static const char format[] =
		"Content-Type: multipart/report; report-type=disposition-notification; "
		"boundary=b\n\n"
		"--b\n\nRead\n--b\nContent-Type: message/disposition-notification\n\n"
		"Final-Recipient: rfc822;bob@example.test\nOriginal-Message-ID: "
		"<sent@example.test>\n"
		"Disposition: manual-action/MDN-sent-manually; %s\n--b--\n";
	g_autofree char *shown = g_strdup_printf(format, "displayed");
	g_autofree char *gone = g_strdup_printf(format, "deleted");
	g_autoptr(SnMail) mail = parse(shown);
	g_autoptr(SnMail) other = parse(gone);

	assert_int_equal(mail->reports->len, 1);
	const SnMailReport *report = mail->reports->pdata[0];
	assert_int_equal(report->kind, SN_REPORT_DISPLAYED);
	assert_string_equal(report->message_id, "sent@example.test");
	assert_string_equal(report->recipient, "bob@example.test");
	assert_int_equal(((SnMailReport *)other->reports->pdata[0])->kind, SN_REPORT_DELETED);
}

/* ---- hostile input ---- */

static void nothing_is_too_strange(void **state)
{
	static const char *const raws[] = {
		"x",
		"\n",
		"\n\n",
		"\r\n",
		" ",
		"no header at all\ntext\n",
		":",
		"From ",
		"From x\n",
		"From x\nFrom y\n\n",
		"\xff\xfe",
		"Content-Type: multipart/mixed\n\n--",
		"Content-Type: multipart/mixed; boundary=\"\"\n\n--\n--\n"
	};

	for (gsize i = 0; i < G_N_ELEMENTS(raws); i++) {
		g_autoptr(SnMail) mail = parse(raws[i]);
		assert_non_null(mail->text);
	}
	g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
	g_autoptr(GError) error = NULL;
	assert_null(sn_mail_parse(empty, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	g_autoptr(SnMail) headerless = parse("no header at all\ntext\n");
	assert_string_equal(headerless->text, "no header at all\ntext");
	assert_non_null(headerless->notice);
}

static char *repeated(const char *head, const char *unit, int count, const char *tail)
{
	GString *out = g_string_new(head);

	for (int i = 0; i < count; i++)
		g_string_append(out, unit);
	g_string_append(out, tail);
	return g_string_free(out, FALSE);
}

static gpointer parse_all(gpointer data)
{
	for (char **raw = data; *raw; raw++) {
		g_autoptr(SnMail) mail = parse(*raw);
		g_autofree char *headers = NULL;
		g_autoptr(GBytes) bytes = g_bytes_new(*raw, strlen(*raw));
		headers = sn_mail_headers_text(bytes);
		assert_true(mail->parts->len <= 1000);
		assert_true(mail->addresses->len <= 10000);
	}
	return NULL;
}

/* Each of these made some mail program crash or hang. */
static void attacks_do_no_harm(void **state)
{
	char *raws[] = {
		repeated("To: ", "a:", 100000, "\n\nx"),
		repeated("To: ", "a:\n ", 100000, "\n\nx"),
		repeated("Content-Type: message/rfc822\n\nTo: ", "a:", 100000, "\n\nx"),
		repeated("To: ", "(", 100000, "\n\nx"),
		repeated("To: ", "a@b, ", 100000, "\n\nx"),
		repeated("From: a@b\n", "Content-Type: message/rfc822\n\n", 20000, ""),
		repeated("", "Content-Type: multipart/mixed; boundary=b\n\n--b\n", 20000, ""),
		repeated("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", 50000, ""),
		repeated("Content-Type: multipart/digest; boundary=b\n\n", "--b\n\nx\n", 50000, ""),
		repeated("Content-Type: text/plain", "; a*0=b", 50000, "\n\nx"),
		repeated("References:", " <a@b>", 100000, "\n\nx"),
		repeated("Subject: ", "=?utf-8?q?x?= ", 50000, "\n\nx"),
		repeated("Content-Type: text/html\n\n", "<div>", 100000, ""),
		repeated("Content-Type: text/html\n\n", "<table><tr><td>", 30000, ""),
		repeated("Content-Type: text/enriched\n\n", "<", 100000, ""),
		repeated("Content-Type: text/richtext\n\n", "<nl><lt>", 50000, ""),
		repeated("\n", ">", 1000000, ""),
		repeated("\n", "\xf0\x9f\x91\xa9\xe2\x80\x8d", 100000, ""),
		NULL,
	};

	/* On a thread with the stack that the contract asks for, as sync has it. */
	GThread *thread = g_thread_new("parse", parse_all, raws);
	g_thread_join(thread);
	g_autoptr(SnMail) parts = parse(raws[7]);
	assert_int_equal(parts->parts->len, 1000);
	assert_non_null(parts->notice);
	for (gsize i = 0; raws[i]; i++)
		g_free(raws[i]);
}

static gpointer parse_many(gpointer data)
{
	for (int i = 0; i < 200; i++) {
		g_autoptr(SnMail) mail = parse(data);
		assert_string_equal(mail->text, "plain words");
	}
	return NULL;
}

static void threads_read_side_by_side(void **state)
{
	static char raw[] =
		"Subject: =?koi8-r?q?=F0=D2=C9?=\n" ALTERNATIVE("plain words", "<p>html");
	GThread *threads[4];

	for (int i = 0; i < 4; i++)
		threads[i] = g_thread_new("parse", parse_many, raw);
	for (int i = 0; i < 4; i++)
		g_thread_join(threads[i]);
}

static void full_headers_are_readable(void **state)
{
	static const char raw[] =
		"Received: by x\n with y\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
		"Content-Type: text/plain; charset=utf-8\nX-Evil: a\x1b[31mb\n\nbody";
	g_autoptr(GBytes) bytes = g_bytes_new_static(raw, sizeof raw - 1);
	g_autofree char *text = sn_mail_headers_text(bytes);

	assert_non_null(strstr(text, "Received: by x with y\n"));
	assert_non_null(strstr(text, "Subject: Grüße\n"));
	assert_non_null(strstr(text, "Content-Type: text/plain"));
	assert_non_null(strstr(text, "X-Evil: a[31mb\n"));
	assert_null(strstr(text, "body"));
}

static int setup(void **state)
{
	sn_mime_init();
	return 0;
}

/* FIPS 180-2, B.1 and the empty one */
static void bytes_have_the_names_that_others_give_them(void **state)
{
	g_autofree char *none = sn_sha256(NULL, 0), *abc = sn_sha256("abc", 3);

	(void)state;
	assert_string_equal(none, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(abc, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_have_the_names_that_others_give_them),
		cmocka_unit_test(the_header_is_read),
		cmocka_unit_test(encoded_words_in_the_wild_are_read),
		cmocka_unit_test(addresses_in_the_wild_are_read),
		cmocka_unit_test(absurd_facts_are_absent),
		cmocka_unit_test(only_our_servers_verdict_counts),
		cmocka_unit_test(wrong_charsets_are_repaired),
		cmocka_unit_test(transfer_encodings_are_taken_off),
		cmocka_unit_test(flowed_text_is_joined),
		cmocka_unit_test(the_best_alternative_is_shown),
		cmocka_unit_test(parts_are_listed_and_joined),
		cmocka_unit_test(part_bytes_are_exact),
		cmocka_unit_test(file_names_are_safe),
		cmocka_unit_test(encryption_is_seen),
		cmocka_unit_test(delivery_reports_are_read),
		cmocka_unit_test(read_receipts_are_read),
		cmocka_unit_test(nothing_is_too_strange),
		cmocka_unit_test(attacks_do_no_harm),
		cmocka_unit_test(threads_read_side_by_side),
		cmocka_unit_test(full_headers_are_readable),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
