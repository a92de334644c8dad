/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/text/text.h"

static SnMailAddress *address(SnMailRole role, const char *value, const char *name)
{
	SnMailAddress *entry = g_new0(SnMailAddress, 1);

	entry->role = role;
	entry->address = g_strdup(value);
	entry->name = g_strdup(name);
	return entry;
}

static void free_address(gpointer data)
{
	SnMailAddress *entry = data;

	g_free(entry->address);
	g_free(entry->name);
	g_free(entry);
}

static GPtrArray *to_bob(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(free_address);

	g_ptr_array_add(list, address(SN_MAIL_TO, "bob@example.test", "Bob"));
	return list;
}

static SnMailCompose simple(GPtrArray *addresses)
{
	SnMailCompose compose = {
		.from_address = "alice@example.test",
		.from_name = "Alice",
		.addresses = addresses,
		.subject = "Hello",
		.date = 1795000000000,
		.message_id = "1@example.test",
		.text = "Hi Bob",
	};
	return compose;
}

static GBytes *must_compose(const SnMailCompose *compose)
{
	g_autoptr(GError) error = NULL;
	GBytes *bytes = sn_mail_compose(compose, &error);

	assert_null(error);
	assert_non_null(bytes);
	return bytes;
}

static SnMail *must_parse(GBytes *bytes)
{
	SnMail *mail = sn_mail_parse(bytes, NULL, NULL);

	assert_non_null(mail);
	return mail;
}

static const char *text_of(GBytes *bytes)
{
	return g_bytes_get_data(bytes, NULL);
}

/* NUL-terminated copy. */
static char *copy_of(GBytes *bytes)
{
	return g_strndup(text_of(bytes), g_bytes_get_size(bytes));
}

static void a_plain_message_reads_back(void **state)
{
	g_autoptr(GPtrArray) list = to_bob();
	g_autoptr(GPtrArray) references = g_ptr_array_new();
	SnMailCompose compose = simple(list);

	g_ptr_array_add(list, address(SN_MAIL_CC, "carol@example.test", "Lüdke, Carol"));
	g_ptr_array_add(list, address(SN_MAIL_BCC, "secret@example.test", "Secret"));
	g_ptr_array_add(list, address(SN_MAIL_REPLY_TO, "list@example.test", NULL));
	g_ptr_array_add(references, (gpointer) "root@example.test");
	compose.subject = "Grüße aus Köln – a subject that is long enough to be folded 日本語";
	compose.references = references;
	compose.in_reply_to = "parent@example.test";
	compose.jabber_id = "alice@example.test";
	compose.auto_submitted = "auto-generated";
	compose.chat_origin_id = "0c6cf1b7-1d4e-4c3b-9d8e-2f0a8f0b7a11";
	compose.text = "Hallo Bob,\n\ngrüße!\n\n-- \nAlice";
	g_autoptr(GBytes) bytes = must_compose(&compose);
	g_autoptr(SnMail) mail = must_parse(bytes);
	g_autofree char *raw = copy_of(bytes);

	assert_string_equal(mail->subject, compose.subject);
	assert_string_equal(mail->text, "Hallo Bob,\n\ngrüße!\n\n-- \nAlice");
	assert_string_equal(mail->message_id, "1@example.test");
	assert_string_equal(mail->in_reply_to, "parent@example.test");
	assert_int_equal(mail->references->len, 2);
	assert_string_equal(mail->references->pdata[1], "parent@example.test");
	assert_string_equal(mail->jabber_id, "alice@example.test");
	assert_string_equal(mail->auto_submitted, "auto-generated");
	assert_string_equal(mail->chat_origin_id, compose.chat_origin_id);
	assert_int_equal(mail->date, compose.date);
	assert_int_equal(mail->addresses->len, 4);
	const SnMailAddress *carol = mail->addresses->pdata[2];
	assert_string_equal(carol->name, "Lüdke, Carol");
	assert_string_equal(carol->address, "carol@example.test");
	assert_null(strstr(raw, "secret"));
	assert_null(strstr(raw, "Bcc"));
	assert_null(mail->notice);
	/* One part, ASCII only, CRLF only, no line longer than 998. */
	assert_int_equal(mail->parts->len, 1);
	gsize line = 0;
	for (const char *at = raw; *at; at++, line++) {
		assert_true((guchar)*at < 0x80);
		if (*at == '\n') {
			assert_true(at > raw && at[-1] == '\r');
			assert_true(line <= 998);
			line = 0;
		}
	}
}

static void no_field_can_add_a_header(void **state)
{
	g_autoptr(GPtrArray) list = to_bob();
	g_autoptr(GPtrArray) bad_list = g_ptr_array_new_with_free_func(free_address);
	g_autoptr(GPtrArray) bad_references = g_ptr_array_new();
	static const char evil[] = "x\r\nBcc: eve@example.test";

	g_ptr_array_add(bad_list, address(SN_MAIL_TO, "bob@example.test", evil));
	g_ptr_array_add(bad_references, (gpointer)evil);
	for (int field = 0; field < 13; field++) {
		SnMailCompose compose = simple(list);
		g_autoptr(GError) error = NULL;
		switch (field) {
		case 0: compose.subject = evil; break;
		case 1: compose.from_name = evil; break;
		case 2: compose.from_address = "alice@example.test\nX: y"; break;
		case 3: compose.message_id = "1@example.test\n"; break;
		case 4: compose.in_reply_to = evil; break;
		case 5: compose.references = bad_references; break;
		case 6: compose.jabber_id = evil; break;
		case 7: compose.auto_submitted = evil; break;
		case 8: compose.chat_origin_id = evil; break;
		case 9: compose.addresses = bad_list; break;
		case 10: compose.from_address = "no address"; break;
		case 11: compose.from_address = "a@b>, <c@d"; break;
		case 12: compose.message_id = NULL; break;
		}
		g_autoptr(GBytes) bytes = sn_mail_compose(&compose, &error);
		assert_null(bytes);
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	}
}

static void internationalised_addresses_stay_raw(void **state)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_address);

	g_ptr_array_add(list, address(SN_MAIL_TO, "jürgen@müller.example", "Jürgen"));
	SnMailCompose compose = simple(list);
	g_autoptr(GBytes) bytes = must_compose(&compose);
	g_autoptr(SnMail) mail = must_parse(bytes);
	const SnMailAddress *to = mail->addresses->pdata[1];

	assert_string_equal(to->address, "jürgen@müller.example");
	assert_string_equal(to->name, "Jürgen");
}

static void assert_text_survives(const char *text, const char *expected)
{
	g_autoptr(GPtrArray) list = to_bob();
	SnMailCompose compose = simple(list);

	compose.text = text;
	g_autoptr(GBytes) bytes = must_compose(&compose);
	g_autoptr(SnMail) mail = must_parse(bytes);
	assert_string_equal(mail->text, expected ? expected : text);
}

static void text_survives_format_flowed(void **state)
{
	GString *words = g_string_new("A paragraph");

	for (int i = 0; i < 60; i++)
		g_string_append(words, " of many words");
	assert_text_survives(words->str, NULL);
	g_string_prepend(words, "> ");
	assert_text_survives(words->str, NULL);
	g_string_free(words, TRUE);
	assert_text_survives("From here on\n  indented\n    more\n>From quoted?",
			     "From here on\n  indented\n    more\n> From quoted?");
	assert_text_survives("> quoted\n>> twice\n> once\nanswer",
			     "> quoted\n>> twice\n> once\nanswer");
	assert_text_survives("ends with blanks   \nnext", "ends with blanks\nnext");
	assert_text_survives(
		"日本語の長い文章日本語の長い文章日本語の長い文章日本語の長い文章日本語の長い文章"
		"日本語の長い文章日本語の長い文章日本語の長い文章日本語の長い文章",
		NULL);
	assert_text_survives(
		"https://example.test/a/very/long/address/that/does/not/fit/into/one/line/of/"
		"a/message/but/must/stay/whole",
		NULL);
	assert_text_survives(".\n.\nlines with dots", NULL);
	assert_text_survives("a\n\n\nb", NULL);
	assert_text_survives("", NULL);
}

static GPtrArray *files_of(const char *name, const char *type, GBytes *bytes)
{
	static SnMailFile file;
	GPtrArray *files = g_ptr_array_new();

	file = (SnMailFile){ (char *)(guintptr)name, (char *)(guintptr)type, bytes };
	g_ptr_array_add(files, &file);
	return files;
}

static void files_arrive_with_name_and_bytes(void **state)
{
	static const char *const names[][2] = {
		{ "plan.pdf", "plan.pdf" },
		{ "Übersicht – Größen 2026.pdf", "Übersicht – Größen 2026.pdf" },
		{ "../../etc/passwd", "passwd" },
		{ "quote\"in;name.txt", "quote\"in;name.txt" },
	};
	g_autoptr(GPtrArray) list = to_bob();
	g_autoptr(GBytes) content = g_bytes_new_static("\0\r\n\xff binary\n", 12);

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		SnMailCompose compose = simple(list);
		g_autoptr(GPtrArray) files = files_of(names[i][0], "application/pdf", content);
		compose.files = files;
		g_autoptr(GBytes) bytes = must_compose(&compose);
		g_autoptr(SnMail) mail = must_parse(bytes);

		assert_int_equal(mail->parts->len, 2);
		const SnMailPart *part = mail->parts->pdata[1];
		assert_string_equal(part->name, names[i][1]);
		assert_string_equal(part->type, "application/pdf");
		assert_int_equal(part->size, 12);
		assert_true(part->is_attachment);
		assert_false(part->is_inline);
		g_autoptr(GBytes) got = sn_mail_part_bytes(bytes, part->position, NULL);
		assert_true(g_bytes_equal(got, content));
		assert_string_equal(mail->text, "Hi Bob");
	}
}

/* Emails as they come: each must arrive with the same bytes. */
static const char *const emails[] = {
	"From: a@example.test\r\nSubject: dos\r\n\r\nbody\r\n",
	"From: a@example.test\nSubject: unix\n\nbody\n",
	"From: a@example.test\nSubject: no last newline\n\nbody",
	"From: a@example.test\r\nSubject: no last newline\r\n\r\nbody",
	"From: a@example.test\nSubject: eight bit\n\ncaf\xc3\xa9 and caf\xe9\n",
	"From: a@example.test\nSubject: mixed ends\r\n\nbody\r\nmore\n",
	"From: a@example.test\nSubject: bare cr\n\nbo\rdy\n",
	"From: a@example.test\nSubject: From lines\n\nFrom here\n>From there\n\nFrom x\n",
	"From: a@example.test\nSubject: dots\n\n.\n..\n.x\n",
	"From: a@example.test\nSubject: blank at end  \n\ntrailing blanks   \n\n\n\n",
	"From: a@example.test\nsubject:no blank\nX-Odd:  two\n\tfolded\n\nbody\n",
	"From: a@example.test\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n",
	"From: a@example.test\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nnever closed\n",
	"From: a@example.test\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\n\n=?utf-8?q?not?= decoded\n",
	"no header at all\n",
	"\n\nonly a body\n",
};

static GPtrArray *history_of(SnMailCarried *carried, const char *data, gsize length)
{
	GPtrArray *history = g_ptr_array_new();

	carried->rfc822 = g_bytes_new(data, length);
	g_ptr_array_add(history, carried);
	return history;
}

/* How mail systems change a message on its way. */
static GBytes *transported(GBytes *bytes, int how)
{
	g_autofree char *raw = copy_of(bytes);
	GString *out = g_string_new(raw);

	if (how == 1) /* Maildir */
		g_string_replace(out, "\r\n", "\n", 0);
	if (how == 2) { /* mailbox file */
		g_string_replace(out, "\r\n", "\n", 0);
		g_string_replace(out, "\nFrom ", "\n>From ", 0);
	}
	return g_string_free_to_bytes(out);
}

static void assert_email_arrives(const char *data, gsize length)
{
	g_autoptr(GPtrArray) list = to_bob();
	SnMailCarried carried = { 0 };
	g_autoptr(GPtrArray) history = history_of(&carried, data, length);
	SnMailCompose compose = simple(list);

	compose.history = history;
	g_autoptr(GBytes) sent = must_compose(&compose);
	for (int how = 0; how < 3; how++) {
		g_autoptr(GBytes) received = transported(sent, how);
		g_autoptr(SnMail) mail = must_parse(received);
		assert_int_equal(mail->carried->len, 1);
		const SnMailCarried *got = mail->carried->pdata[0];
		assert_non_null(got->rfc822);
		if (!g_bytes_equal(got->rfc822, carried.rfc822))
			print_error("not the same bytes (way %d): %.200s\n", how, data);
		assert_true(g_bytes_equal(got->rfc822, carried.rfc822));
		assert_string_equal(mail->text, "Hi Bob");
		/* What travelled along is no attachment. */
		assert_int_equal(mail->parts->len, 1);
	}
	g_bytes_unref(carried.rfc822);
}

static void earlier_emails_arrive_byte_for_byte(void **state)
{
	GString *text = g_string_new("From: a@example.test\nSubject: long line\n\n");

	for (gsize i = 0; i < G_N_ELEMENTS(emails); i++)
		assert_email_arrives(emails[i], strlen(emails[i]));
	assert_email_arrives("From: a@example.test\n\nnul \0 byte\n", 33);
	for (int i = 0; i < 3000; i++)
		g_string_append_c(text, 'x');
	g_string_append_c(text, '\n');
	assert_email_arrives(text->str, text->len);
	/* History within history. */
	g_autoptr(GPtrArray) list = to_bob();
	SnMailCarried carried = { 0 };
	g_autoptr(GPtrArray) history = history_of(&carried, text->str, text->len);
	SnMailCompose compose = simple(list);
	compose.history = history;
	g_autoptr(GBytes) sent = must_compose(&compose);
	assert_email_arrives(text_of(sent), g_bytes_get_size(sent));
	g_bytes_unref(carried.rfc822);
	g_string_free(text, TRUE);
}

static void bcc_of_earlier_emails_stays_home(void **state)
{
	static const char data[] =
		"From: a@example.test\nBCC: eve@example.test,\n mallory@example.test\n"
		"To: b@example.test\n\nBcc: this is text\n";
	g_autoptr(GPtrArray) list = to_bob();
	SnMailCarried carried = { 0 };
	g_autoptr(GPtrArray) history = history_of(&carried, data, sizeof data - 1);
	SnMailCompose compose = simple(list);

	compose.history = history;
	g_autoptr(GBytes) sent = must_compose(&compose);
	g_autofree char *raw = copy_of(sent);
	g_autoptr(SnMail) mail = must_parse(sent);
	const SnMailCarried *got = mail->carried->pdata[0];
	g_autofree char *arrived = copy_of(got->rfc822);

	assert_null(strstr(raw, "eve@"));
	assert_null(strstr(raw, "mallory@"));
	assert_string_equal(arrived,
			    "From: a@example.test\nTo: b@example.test\n\nBcc: this is text\n");
	g_bytes_unref(carried.rfc822);
}

static void earlier_ims_arrive(void **state)
{
	static const struct {
		const char *text, *name, *id;
	} ims[] = {
		{ "hello", "Alice", "id-1" },
		{ "two\nlines\n\nand a gap", NULL, NULL },
		{ "grüße 日本語 👩‍👩‍👧", "Ünal <\"x\\", "id\\2" },
		{ "From: <im:eve@example.test>\nDateTime: 1999-01-01T00:00:00Z", "Alice", "id-3" },
		{ "", "Alice", "id-4" },
	};
	g_autoptr(GPtrArray) list = to_bob();
	SnMailCompose compose = simple(list);
	SnMailCarried carried[G_N_ELEMENTS(ims)] = { 0 };
	g_autoptr(GPtrArray) history = g_ptr_array_new();

	for (gsize i = 0; i < G_N_ELEMENTS(ims); i++) {
		carried[i] = (SnMailCarried){
			.from = (char *)(guintptr) "alice@example.test",
			.to = (char *)(guintptr) "bob@müller.example/home office",
			.from_name = (char *)(guintptr)ims[i].name,
			.time = 1795000000123 + (SnTime)i,
			.text = (char *)(guintptr)ims[i].text,
			.id = (char *)(guintptr)ims[i].id,
		};
		g_ptr_array_add(history, &carried[i]);
	}
	compose.history = history;
	compose.transcript = "On 2026-11-18 alice wrote (IM):\n> hello\n";
	g_autoptr(GBytes) sent = must_compose(&compose);
	g_autoptr(SnMail) mail = must_parse(sent);
	assert_int_equal(mail->carried->len, G_N_ELEMENTS(ims));
	for (gsize i = 0; i < G_N_ELEMENTS(ims); i++) {
		const SnMailCarried *got = mail->carried->pdata[i];
		assert_null(got->rfc822);
		assert_string_equal(got->text, ims[i].text);
		assert_string_equal(got->from, "alice@example.test");
		assert_string_equal(got->to, "bob@müller.example/home office");
		assert_int_equal(got->time, carried[i].time);
		assert_int_equal(g_strcmp0(got->from_name, ims[i].name && strchr(ims[i].name, '"')
								   ? "Ünal < x\\"
								   : ims[i].name),
				 0);
		assert_int_equal(g_strcmp0(got->id, ims[i].id), 0);
	}
	assert_string_equal(mail->text, "Hi Bob\n\nOn 2026-11-18 alice wrote (IM):\n> hello");
	assert_int_equal(mail->own_length, -1); /* the transcript says something that nothing else does */
	compose.transcript_repeats = TRUE;
	g_autoptr(GBytes) repeating = must_compose(&compose);
	g_autoptr(SnMail) twice = must_parse(repeating);
	assert_string_equal(twice->text, mail->text);
	assert_int_equal(twice->own_length, strlen("Hi Bob\n\n"));
}

/* A line as long as a name and an address make it is wrapped on its way. */
static void a_transcript_is_found_whatever_its_first_line(void **state)
{
	static const char *const lines[] = {
		"On 22 November 2026 at 14:02, Bartholomäus Schnürschuh-Überlingen "
		"<bartholomaeus.schnuerschuh@department.example.test> wrote (email, \"\u56f3\u9762 of "
		"the long splice, second version\"):",
		"  blanks   in   it (IM):",
	};
	g_autoptr(GPtrArray) list = to_bob();
	SnMailCompose compose = simple(list);
	SnMailCarried im = { .from = (char *)(guintptr) "alice@example.test",
		             .to = (char *)(guintptr) "bob@example.test",
		             .time = 1795000000123,
		             .text = (char *)(guintptr) "hello" };
	g_autoptr(GPtrArray) history = g_ptr_array_new();

	g_ptr_array_add(history, &im);
	compose.history = history;
	compose.transcript_repeats = TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *transcript = g_strconcat(lines[i], "\n> hello\n", NULL);
		compose.transcript = transcript;
		g_autoptr(GBytes) sent = must_compose(&compose);
		g_autoptr(SnMail) mail = must_parse(sent);
		assert_int_equal(mail->own_length, strlen("Hi Bob\n\n"));
	}
}

static void a_marked_transcript_without_history_is_all_text(void **state)
{
	static const char data[] =
		"From: eve@example.test\nContent-Type: text/plain\n"
		"Content-Transcript: sha-256=:AAAA:\n\nRead this:\nand this\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, sizeof data - 1);
	g_autoptr(SnMail) mail = must_parse(bytes);

	assert_int_equal(mail->own_length, -1);
}

static void the_im_that_is_answered_has_a_header_of_its_own(void **state)
{
	g_autoptr(GPtrArray) list = to_bob();
	SnMailCompose compose = simple(list);
	g_autoptr(GError) error = NULL;

	compose.chat_in_reply_to = "0b5c4e0e-57cf-4a55-8d0e-6f2ffb1a2c11";
	g_autoptr(GBytes) sent = must_compose(&compose);
	g_autoptr(SnMail) mail = must_parse(sent);
	assert_string_equal(mail->chat_in_reply_to, compose.chat_in_reply_to);
	assert_null(mail->in_reply_to); /* that names emails only */
	compose.chat_in_reply_to = "a b";
	assert_null(sn_mail_compose(&compose, &error));
	assert_non_null(strstr(error->message, "Sennit-In-Reply-To"));
}

static void attachments_are_known_by_their_hash(void **state)
{
	static const char data[] =
		"From: bob@example.test\nContent-Type: multipart/mixed; boundary=a\n\n"
		"--a\nContent-Type: text/plain\n\nHi\n"
		"--a\nContent-Type: text/csv; name=x.csv\nContent-Disposition: attachment\n\nabc\n"
		"--a\nContent-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64\n\nYWJj\n"
		"--a--\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, sizeof data - 1);
	g_autoptr(SnMail) mail = must_parse(bytes);
	g_autofree char *abc = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "abc", 3);

	assert_null(((SnMailPart *)mail->parts->pdata[0])->sha256); /* the text is no file */
	for (guint i = 1; i < 3; i++)
		assert_string_equal(((SnMailPart *)mail->parts->pdata[i])->sha256, abc);
}

static void files_of_ims_travel_by_what_is_known_of_them(void **state)
{
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "x", -1);
	SnMailCarriedFile known = { (char *)(guintptr) "https://up.example.test/1/a%20b.png?x=1",
		                    (char *)(guintptr) "F\u00fcnf Bilder \u56f3.png",
		                    (char *)(guintptr) "image/png", hash, 12345 };
	SnMailCarriedFile nameless = { .size = -1 };
	SnMailCarriedFile bad = { .url = (char *)(guintptr) "file:///etc/passwd",
		                  .name = (char *)(guintptr) "../../etc/x",
		                  .sha256 = (char *)(guintptr) "nonsense",
		                  .size = 1 };
	SnMailCarried im = { .from = (char *)(guintptr) "alice@example.test",
		             .to = (char *)(guintptr) "bob@example.test",
		             .time = 1795000000123,
		             .text = (char *)(guintptr) "see",
		             .id = (char *)(guintptr) "id-1" };
	g_autoptr(GPtrArray) list = to_bob(), history = g_ptr_array_new(), files = g_ptr_array_new();
	SnMailCompose compose = simple(list);

	g_ptr_array_add(files, &known);
	g_ptr_array_add(files, &nameless);
	g_ptr_array_add(files, &bad);
	im.files = files;
	g_ptr_array_add(history, &im);
	compose.history = history;
	g_autoptr(GBytes) sent = must_compose(&compose);
	g_autoptr(SnMail) mail = must_parse(sent);
	const SnMailCarried *got = mail->carried->pdata[0];
	assert_string_equal(got->text, "see");
	assert_string_equal(got->id, "id-1");
	assert_int_equal(got->files->len, 3);
	const SnMailCarriedFile *one = got->files->pdata[0], *two = got->files->pdata[1],
				*three = got->files->pdata[2];
	assert_string_equal(one->url, known.url);
	assert_string_equal(one->name, known.name);
	assert_string_equal(one->type, "image/png");
	assert_string_equal(one->sha256, hash);
	assert_int_equal(one->size, 12345);
	assert_null(two->url);
	assert_null(two->name);
	assert_int_equal(two->size, -1);
	assert_null(three->url); /* only what a server of files gives */
	assert_null(three->sha256);
	assert_null(strchr(three->name, '/'));
}

/* Only what sennit marked is history; a mailing list's digest is not. */
static void a_foreign_digest_is_no_history(void **state)
{
	static const char data[] =
		"From: list@example.test\nContent-Type: multipart/mixed; boundary=a\n\n"
		"--a\n\nToday's topics\n--a\nContent-Type: multipart/digest; boundary=b\n\n"
		"--b\n\nFrom: x@example.test\nSubject: One\n\none\n"
		"--b\n\nFrom: y@example.test\nSubject: Two\n\ntwo\n--b--\n--a--\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, sizeof data - 1);
	g_autoptr(SnMail) mail = must_parse(bytes);

	assert_int_equal(mail->carried->len, 0);
	assert_int_equal(mail->parts->len, 3);
	const SnMailPart *part = mail->parts->pdata[1];
	assert_string_equal(part->type, "message/rfc822");
	assert_string_equal(part->name, "One.eml");
	assert_true(part->is_attachment);
	g_autoptr(GBytes) inner = sn_mail_part_bytes(bytes, part->position, NULL);
	g_autofree char *text = copy_of(inner);
	assert_string_equal(text, "From: x@example.test\nSubject: One\n\none");
}

static void transcript_is_readable_and_folds(void **state)
{
	static const char *const files[] = { "plan.pdf", NULL };
	const SnTranscriptLine lines[] = {
		{ 1795000000000, "Alice", "alice@example.test", "Lunch", "email",
		  "Shall we?\n\n> Earlier\n", files },
		{ 1795000060000, NULL, "bob@example.test", NULL, "IM", "Yes.", NULL },
	};
	g_autofree char *text = sn_transcript_format(lines, G_N_ELEMENTS(lines));
	g_autofree char *body = g_strconcat("New words\n\n", text, NULL);
	g_autoptr(GArray) blocks = sn_text_blocks(body);
	g_autofree char *preview = sn_text_preview(body);

	assert_non_null(strstr(text, ", Alice <alice@example.test> wrote (email, \"Lunch\"):\n"
				     "> Shall we?\n>\n>> Earlier\n> [attached: plan.pdf]\n"));
	assert_non_null(strstr(text, ", bob@example.test wrote (IM):\n> Yes.\n"));
	/* Nothing of it is taken for new text. */
	for (guint i = 0; i < blocks->len; i++) {
		const SnBlock *block = &g_array_index(blocks, SnBlock, i);
		if (block->kind == SN_BLOCK_TEXT && i > 0)
			for (gsize at = block->start; at < block->end; at++)
				assert_true(g_ascii_isspace(body[at]));
	}
	assert_string_equal(preview, "New words");
}

/* What Python's email package, which shares no code with us, makes of a message with everything. */
static void another_reader_understands_it(void **state)
{
	static const char script[] =
		"import sys, email, email.policy\n"
		"m = email.message_from_binary_file(open(sys.argv[1], 'rb'), "
		"policy=email.policy.default)\n"
		"assert m['subject'] == 'Gr\\u00fc\\u00dfe, ' + 'lang ' * 30 + 'Ende', "
		"m['subject']\n"
		"assert m['to'].addresses[0].display_name == 'B\\u00f8b, Jr.', m['to']\n"
		"types = [p.get_content_type() for p in m.walk()]\n"
		"assert types[:4] == ['multipart/mixed', 'text/plain', 'application/pdf', "
		"'multipart/digest']\n"
		"assert types[4] == 'message/rfc822' and 'message/cpim' in types, types\n"
		"parts = list(m.walk())\n"
		"assert parts[1].get_content().startswith('Hi Bob'), parts[1]\n"
		"assert parts[2].get_filename() == '\\u00dcbersicht.pdf', parts[2].get_filename()\n"
		"assert parts[4].get_content()['subject'] == 'earlier'\n"
		"assert not any(p.defects for p in parts[:5])\n";
	g_autofree char *python = g_find_program_in_path("python3");
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "message", NULL);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_address);
	g_autoptr(GBytes) content = g_bytes_new_static("pdf", 3);
	g_autoptr(GPtrArray) files = files_of("Übersicht.pdf", "application/pdf", content);
	SnMailCarried email = { 0 };
	SnMailCarried im = {
		.from = (char *)(guintptr) "a@example.test",
		.time = 1795000000000,
		.text = (char *)(guintptr) "grüße",
	};
	static const char earlier[] = "From: a@example.test\r\nSubject: earlier\r\n\r\nFrom me\r\n";
	g_autoptr(GPtrArray) history = history_of(&email, earlier, sizeof earlier - 1);
	g_autoptr(GString) subject = g_string_new("Grüße, ");

	if (!python) {
		print_message("python3 is not installed\n");
		skip();
	}
	for (int i = 0; i < 30; i++)
		g_string_append(subject, "lang ");
	g_string_append(subject, "Ende");
	g_ptr_array_add(list, address(SN_MAIL_TO, "bob@example.test", "Bøb, Jr."));
	g_ptr_array_add(history, &im);
	SnMailCompose compose = simple(list);
	compose.subject = subject->str;
	compose.text = "Hi Bob";
	compose.files = files;
	compose.history = history;
	g_autoptr(GBytes) bytes = must_compose(&compose);
	g_file_set_contents(path, text_of(bytes), (gssize)g_bytes_get_size(bytes), NULL);
	const char *argv[] = { python, "-c", script, path, NULL };
	int status = -1;
	g_autofree char *problems = NULL;
	assert_true(g_spawn_sync(NULL, (char **)(guintptr)argv, NULL, 0, NULL, NULL, NULL,
				 &problems, &status, NULL));
	if (status != 0)
		print_error("%s\n", problems);
	assert_int_equal(status, 0);
	g_bytes_unref(email.rfc822);
	g_unlink(path);
	g_rmdir(dir);
}

static gboolean keep_message(GBytes *raw, gpointer data)
{
	g_ptr_array_add(data, copy_of(raw));
	return ((GPtrArray *)data)->len < 3;
}

static void mailbox_files_are_split(void **state)
{
	static const char mbox[] =
		"From a@b Thu Jan  1 00:00:00 1970\nSubject: 1\n\nOne\n>From me\n"
		"not at start of From \n\n"
		"From c Thu Jan  1 00:00:00 1970\nSubject: 2\n\n>>From two\nFrom inside\n\n"
		"From d\n\n";
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "mbox", NULL);
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	g_file_set_contents(path, mbox, -1, NULL);
	assert_true(sn_mbox_read(path, keep_message, found, NULL));
	assert_int_equal(found->len, 3);
	assert_string_equal(found->pdata[0], "Subject: 1\n\nOne\nFrom me\nnot at start of From \n");
	assert_string_equal(found->pdata[1], "Subject: 2\n\n>From two\nFrom inside\n");
	g_file_set_contents(path, "Subject: not a mailbox\n\n", -1, NULL);
	assert_false(sn_mbox_read(path, keep_message, found, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	g_clear_error(&error);
	g_unlink(path);
	assert_false(sn_mbox_read(path, keep_message, found, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
	g_rmdir(dir);
}

static int setup(void **state)
{
	sn_mime_init();
	return 0;
}

static void markdown_gets_an_html_alternative(void **state)
{
	g_autoptr(GPtrArray) addresses = to_bob();
	SnMailCompose compose = simple(addresses);
	static const char text[] = "# Plan\n\nSee *this*\nand [that](https://example.test/) "
		"![photo](https://tracker.example/1.png)\n\n<script>alert(1)</script>\n\n"
		"[bad](javascript:alert(1))\n\n> quoted\n-- \nAlice\n";

	compose.text = text;
	compose.markdown = TRUE;
	compose.transcript = "Bob <3 you wrote";
	g_autoptr(GBytes) raw = must_compose(&compose);
	g_autoptr(SnMail) mail = must_parse(raw);
	const SnMailPart *plain = mail->parts->pdata[0], *page = mail->parts->pdata[1];
	g_autoptr(GBytes) plain_bytes = sn_mail_part_bytes(raw, plain->position, NULL);
	g_autoptr(GBytes) page_bytes = sn_mail_part_bytes(raw, page->position, NULL);
	g_autofree char *typed = g_strndup(g_bytes_get_data(plain_bytes, NULL), g_bytes_get_size(plain_bytes));
	g_autofree char *html = g_strndup(g_bytes_get_data(page_bytes, NULL), g_bytes_get_size(page_bytes));
	assert_int_equal(mail->parts->len, 2);
	assert_string_equal(plain->type, "text/plain");
	assert_string_equal(page->type, "text/html");
	/* the text is what was typed */
	assert_non_null(strstr(typed, "# Plan"));
	assert_non_null(strstr(typed, "See *this*"));
	assert_non_null(strstr(html, "<h1>Plan</h1>"));
	assert_non_null(strstr(html, "<em>this</em><br />"));
	assert_non_null(strstr(html, "<a href=\"https://example.test/\">that</a>"));
	assert_non_null(strstr(html, "<a href=\"https://tracker.example/1.png\">photo</a>"));
	assert_non_null(strstr(html, "<blockquote>"));
	assert_non_null(strstr(html, ">-- \r\nAlice"));
	assert_non_null(strstr(html, "Bob &lt;3 you wrote"));
	assert_null(strstr(html, "<img"));
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "javascript:"));
	/* and what is read of it is the text */
	assert_true(g_str_has_prefix(mail->text, "# Plan"));
}

static void plain_text_and_no_text_get_none(void **state)
{
	g_autoptr(GPtrArray) addresses = to_bob();
	SnMailCompose compose = simple(addresses);

	g_autoptr(GBytes) plain = must_compose(&compose);
	compose.markdown = TRUE;
	compose.text = "";
	g_autoptr(GBytes) empty = must_compose(&compose);
	assert_null(g_strstr_len(g_bytes_get_data(plain, NULL), (gssize)g_bytes_get_size(plain), "text/html"));
	assert_null(g_strstr_len(g_bytes_get_data(empty, NULL), (gssize)g_bytes_get_size(empty), "text/html"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markdown_gets_an_html_alternative),
		cmocka_unit_test(plain_text_and_no_text_get_none),
		cmocka_unit_test(a_plain_message_reads_back),
		cmocka_unit_test(no_field_can_add_a_header),
		cmocka_unit_test(internationalised_addresses_stay_raw),
		cmocka_unit_test(text_survives_format_flowed),
		cmocka_unit_test(files_arrive_with_name_and_bytes),
		cmocka_unit_test(earlier_emails_arrive_byte_for_byte),
		cmocka_unit_test(bcc_of_earlier_emails_stays_home),
		cmocka_unit_test(earlier_ims_arrive),
		cmocka_unit_test(a_foreign_digest_is_no_history),
		cmocka_unit_test(transcript_is_readable_and_folds),
		cmocka_unit_test(files_of_ims_travel_by_what_is_known_of_them),
		cmocka_unit_test(a_transcript_is_found_whatever_its_first_line),
		cmocka_unit_test(a_marked_transcript_without_history_is_all_text),
		cmocka_unit_test(the_im_that_is_answered_has_a_header_of_its_own),
		cmocka_unit_test(attachments_are_known_by_their_hash),
		cmocka_unit_test(another_reader_understands_it),
		cmocka_unit_test(mailbox_files_are_split),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
