/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files within parts (winmail.dat, uuencode), and invitations in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/mime/mail.h"

static GBytes *bytes_of(const char *text)
{
	return g_bytes_new(text, strlen(text));
}

static SnMail *parse(const char *text)
{
	g_autoptr(GBytes) bytes = bytes_of(text);

	return sn_mail_parse(bytes, NULL, NULL);
}

static const SnMailPart *find(const SnMail *mail, const char *name)
{
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		if (g_strcmp0(part->name, name) == 0)
			return part;
	}
	return NULL;
}

static void assert_content(const char *mail_text, const SnMailPart *part, const char *wanted)
{
	g_autoptr(GBytes) raw = bytes_of(mail_text);
	g_autoptr(GBytes) bytes = sn_mail_part_bytes(raw, part->position, NULL);
	gsize length;

	assert_non_null(bytes);
	const char *data = g_bytes_get_data(bytes, &length);
	assert_int_equal(length, strlen(wanted));
	assert_memory_equal(data, wanted, length);
	assert_int_equal(part->size, length);
}

/* ---- uuencode ---- */

static void uuencoded_files_are_parts_and_leave_the_text(void **state)
{
	static const char text[] = "Subject: x\n\nlook at this:\n"
				   "begin 644 note.txt\n%:&5L;&\\`\n`\nend\n"
				   "and that\nbegin 755 ../../etc/b.txt\n#8FEN\n \nend\nbye\n";
	g_autoptr(SnMail) mail = parse(text);
	const SnMailPart *one = find(mail, "note.txt"), *two = find(mail, "b.txt");

	assert_string_equal(mail->text, "look at this:\n[note.txt]\nand that\n[b.txt]\nbye");
	assert_non_null(one);
	assert_non_null(two);
	assert_true(one->is_attachment && !one->is_inline && one->sha256);
	assert_content(text, one, "hello");
	assert_content(text, two, "bin");
}

static void words_that_begin_like_uuencode_stay_text(void **state)
{
	static const char *const texts[] = {
		"begin 644 with a list\nof things to do\nend",
		"begin 644 cut.bin\n#8FEN",
		"begin 6 x\n#8FEN\n`\nend",
		"begin 644 empty\nend",
		"begin 644 bad.bin\n~~~~~\nend",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *raw = g_strdup_printf("Subject: x\n\n%s\n", texts[i]);
		g_autoptr(SnMail) mail = parse(raw);
		assert_string_equal(mail->text, texts[i]);
		assert_int_equal(mail->parts->len, 1);
	}
}

/* ---- winmail.dat ---- */

static void put(GByteArray *out, guint32 value, int bytes)
{
	for (int i = 0; i < bytes; i++) {
		guint8 byte = (guint8)(value >> (8 * i));
		g_byte_array_append(out, &byte, 1);
	}
}

static void put_attribute(GByteArray *out, guint8 level, guint32 id, const void *data, guint length)
{
	guint16 sum = 0;

	put(out, level, 1);
	put(out, id, 4);
	put(out, length, 4);
	g_byte_array_append(out, data, length);
	for (guint i = 0; i < length; i++)
		sum = (guint16)(sum + ((const guint8 *)data)[i]);
	put(out, sum, 2);
}

/* An email with a winmail.dat that holds a file; caller frees. */
static char *winmail(const char *name, const char *content)
{
	static const guint8 rendering[14] = { 1 };
	g_autoptr(GByteArray) tnef = g_byte_array_new();

	put(tnef, 0x223e9f78, 4);
	put(tnef, 1, 2);
	put_attribute(tnef, 1, 0x00089006, "\0\0\1\0", 4);          /* version */
	put_attribute(tnef, 2, 0x00069002, rendering, sizeof rendering);
	put_attribute(tnef, 2, 0x00018010, name, (guint)strlen(name) + 1);
	put_attribute(tnef, 2, 0x0006800f, content, (guint)strlen(content));
	g_autofree char *encoded = g_base64_encode(tnef->data, tnef->len);
	return g_strdup_printf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nthe text\n--b\n"
	                       "Content-Type: application/ms-tnef; name=winmail.dat\n"
	                       "Content-Transfer-Encoding: base64\n\n%s\n--b--\n", encoded);
}

static void a_winmail_dat_shows_what_is_in_it(void **state)
{
	g_autofree char *text = winmail("plan.txt", "what we do");
	g_autoptr(SnMail) mail = parse(text);
	const SnMailPart *inside = find(mail, "plan.txt"), *outside = find(mail, "winmail.dat");

	assert_non_null(inside);
	assert_true(inside->is_attachment);
	assert_string_equal(inside->type, "text/plain");
	assert_content(text, inside, "what we do");
	/* what holds it is of no use by itself */
	assert_non_null(outside);
	assert_false(outside->is_attachment);
	assert_string_equal(mail->text, "the text");
	g_autofree char *evil = winmail("..\\..\\.profile", "x");
	g_autoptr(SnMail) second = parse(evil);
	assert_non_null(find(second, "profile"));
}

/* ---- a winmail.dat whose message has its text in other forms ---- */

enum { BINARY = 0x0102, STRING = 0x001e, HTML = 0x1013, RTF = 0x1009 };

static void put_property(GByteArray *out, guint type, guint id, gconstpointer data, guint length)
{
	put(out, type, 2);
	put(out, id, 2);
	put(out, 1, 4);
	put(out, length, 4);
	g_byte_array_append(out, data, length);
	for (; length % 4; length++)
		put(out, 0, 1);
}

/* The text shown of a message with these properties; caller frees. */
static char *text_of_winmail(const GByteArray *properties)
{
	g_autoptr(GByteArray) tnef = g_byte_array_new();

	put(tnef, 0x223e9f78, 4);
	put(tnef, 1, 2);
	put_attribute(tnef, 1, 0x00069003, properties->data, properties->len);
	g_autofree char *encoded = g_base64_encode(tnef->data, tnef->len);
	g_autofree char *raw = g_strdup_printf("Content-Type: application/ms-tnef; name=winmail.dat\n"
	                                       "Content-Transfer-Encoding: base64\n\n%s\n", encoded);
	g_autoptr(SnMail) mail = parse(raw);
	return g_strdup(mail->text ? mail->text : "");
}

static char *text_of_property(guint type, guint id, gconstpointer data, guint length)
{
	g_autoptr(GByteArray) properties = g_byte_array_new();

	put(properties, 1, 4);
	put_property(properties, type, id, data, length);
	return text_of_winmail(properties);
}

static char *text_of_rtf(const char *rtf)
{
	g_autoptr(GByteArray) packed = g_byte_array_new();

	put(packed, (guint)strlen(rtf) + 12, 4);
	put(packed, (guint)strlen(rtf), 4);
	put(packed, 0x414c454d, 4); /* not compressed */
	put(packed, 0, 4);
	g_byte_array_append(packed, (const guint8 *)rtf, (guint)strlen(rtf));
	return text_of_property(BINARY, RTF, packed->data, packed->len);
}

static void the_text_of_a_winmail_dat_may_be_rtf(void **state)
{
	static const struct {
		const char *rtf, *text;
	} cases[] = {
		{ "{\\rtf1\\ansi Good day\\par and \\b bye\\b0 .}", "Good day\nand bye." },
		{ "{\\rtf1 a\\tab b\\line c\\~d\\_e \\{\\}\\\\ \\emdash x}",
		  "a\tb\nc\302\240d-e {}\\ \342\200\224x" },
		/* fonts say how bytes are to be read */
		{ "{\\rtf1\\ansicpg1252{\\fonttbl{\\f0 Arial;}{\\f1\\fcharset204 Arial CYR;}}"
		  "\\f0 Stra\\'dfe, {\\f1\\'cf\\'f0\\'e8\\'e2\\'e5\\'f2}.}",
		  "Stra\303\237e, \320\237\321\200\320\270\320\262\320\265\321\202." },
		{ "{\\rtf1\\uc1 \\u8364?5 \\u-10179?\\u-8704?{\\uc0\\u233}t}",
		  "\342\202\2545 \360\237\230\200\303\251t" },
		/* what is no text */
		{ "{\\rtf1{\\info{\\author Eve}}{\\*\\generator Word}{\\pict 00ff}{\\stylesheet{s;}}seen}",
		  "seen" },
		{ "{\\rtf1 before\\bin4 }}{{ after}", "before after" },
		/* what was wrapped in it */
		{ "{\\rtf1\\ansi\\fromtext plain\\par text}", "plain\ntext" },
		{ "{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 "
		  "Hello &amp;{\\*\\htmltag84 <b>}\\htmlrtf made\\htmlrtf0  welcome{\\*\\htmltag92 </b>}"
		  "\\htmlrtf }\\htmlrtf0{\\*\\mhtmltag64 <i>}{\\*\\htmltag72 </p>}}",
		  "Hello & welcome" },
		/* damaged */
		{ "{\\rtf1 cut \\'", "cut" },
		{ "{\\rtf1 closed}}}} out", "closed" },
		{ "no rtf", "" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = text_of_rtf(cases[i].rtf);
		assert_string_equal(g_strstrip(text), cases[i].text);
	}
	/* as deep as anybody likes */
	g_autofree char *braces = g_strnfill(100000, '{'), *deep = g_strconcat("{\\rtf1 top", braces, NULL);
	g_autofree char *text = text_of_rtf(deep);
	assert_string_equal(g_strstrip(text), "top");
}

/* The examples of [MS-OXRTFCP] section 4. */
static void rtf_comes_compressed(void **state)
{
	static const guint8 simple[] = {
		0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03,
		0x00, 0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20,
		0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80,
		0x0f, 0xa0
	};
	static const guint8 overlapping[] = {
		0x1a, 0, 0, 0, 0x1c, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xe2, 0xd4, 0x4b, 0x51, 0x41,
		0x00, 0x04, 0x20, 0x57, 0x58, 0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0
	};
	g_autofree char *one = text_of_property(BINARY, RTF, simple, sizeof simple);
	g_autofree char *two = text_of_property(BINARY, RTF, overlapping, sizeof overlapping);

	assert_string_equal(g_strstrip(one), "hello world");
	assert_string_equal(g_strstrip(two), "WXYZWXYZWXYZWXYZWXYZ");
	for (guint length = 0; length < sizeof simple; length++) /* cut short: no harm */
		g_free(text_of_property(BINARY, RTF, simple, length));
}

static void the_best_text_of_a_winmail_dat_is_shown(void **state)
{
	static const char html[] = "<html><body><p>from <b>HTML</b></p></body></html>";
	g_autoptr(GByteArray) both = g_byte_array_new();
	g_autofree char *alone = text_of_property(BINARY, HTML, html, sizeof html - 1);

	assert_string_equal(g_strstrip(alone), "from HTML");
	put(both, 2, 4);
	put_property(both, BINARY, HTML, html, sizeof html - 1);
	put_property(both, STRING, 0x1000, "from text", 10);
	g_autofree char *text = text_of_winmail(both);
	assert_string_equal(g_strstrip(text), "from text");
}

static void a_damaged_winmail_dat_stays_a_file(void **state)
{
	g_autoptr(SnMail) mail = parse("Content-Type: application/ms-tnef; name=winmail.dat\n\n"
	                               "\x78\x9f\x3e\x22 but nothing that makes sense\n");

	assert_int_equal(mail->parts->len, 1);
	assert_true(find(mail, "winmail.dat")->is_attachment);
}

static void positions_that_are_none_are_not_found(void **state)
{
	g_autofree char *text = winmail("plan.txt", "what we do");
	g_autoptr(GBytes) raw = bytes_of(text);
	static const int none[] = { -1, 0, 3, 1024, 1024 * 2 + 2, 1024 + 1, 1024 + 7, 1 << 30 };

	for (gsize i = 0; i < G_N_ELEMENTS(none); i++) {
		g_autoptr(GBytes) bytes = sn_mail_part_bytes(raw, none[i], NULL);
		assert_null(bytes);
	}
}

/* ---- invitations ---- */

#define CALENDAR(method, lines) \
	"Content-Type: text/calendar; charset=utf-8\n\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\n" \
	"METHOD:" method "\r\nBEGIN:VEVENT\r\nUID:1\r\n" lines "END:VEVENT\r\nEND:VCALENDAR\r\n"

static void an_invitation_says_what_when_where_and_who(void **state)
{
	g_autoptr(SnMail) mail = parse(CALENDAR(
		"REQUEST",
		"SUMMARY:Lunch\\, again\r\nDTSTART:20261124T110000Z\r\nDTEND:20261124T120000Z\r\n"
		"LOCATION:The quay\r\nORGANIZER;CN=Bob Builder:MAILTO:bob@x.test\r\n"
		"ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED:mailto:ann@x.test\r\n"
		"ATTENDEE:mailto:me@x.test\r\nDESCRIPTION:Bring bread.\\nAnd salt.\r\n"));

	assert_string_equal(mail->text,
	                    "Invitation: Lunch, again\n"
	                    "When:      Tuesday 24 November 2026, 12:00 to 13:00 (CET)\n"
	                    "Where:     The quay\n"
	                    "Organiser: Bob Builder <bob@x.test>\n"
	                    "Who:       Ann <ann@x.test>: accepts\n"
	                    "           me@x.test\n"
	                    "\n"
	                    "Bring bread.\n"
	                    "And salt.");
}

static void times_are_those_of_this_machine(void **state)
{
	static const struct {
		const char *start, *end, *shown;
	} times[] = {
		{ "DTSTART;VALUE=DATE:20261224\r\n", "", "Thursday 24 December 2026, all day" },
		{ "DTSTART;VALUE=DATE:20261224\r\n", "DTEND;VALUE=DATE:20261227\r\n",
		  "Thursday 24 December 2026 to Saturday 26 December 2026" },
		{ "DTSTART:20260724T110000Z\r\n", "DURATION:PT90M\r\n",
		  "Friday 24 July 2026, 13:00 to 14:30 (CEST)" },
		{ "DTSTART:20260724T110000\r\n", "", "Friday 24 July 2026, 11:00 (CEST)" },
		{ "DTSTART:20260724T220000Z\r\n", "DTEND:20260725T220000Z\r\n",
		  "Saturday 25 July 2026, 00:00 to Sunday 26 July 2026, 00:00 (CEST)" },
		{ "DTSTART:99999999T999999Z\r\n", "", "the time is not readable" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
		g_autofree char *text =
			g_strdup_printf(CALENDAR("REQUEST", "SUMMARY:x\r\n%s%s"), times[i].start,
		                        times[i].end);
		g_autofree char *wanted = g_strdup_printf("Invitation: x\nWhen:      %s", times[i].shown);
		g_autoptr(SnMail) mail = parse(text);
		assert_string_equal(mail->text, wanted);
	}
}

static void a_zone_of_the_sender_is_understood(void **state)
{
	g_autoptr(SnMail) mail = parse(
		"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
		"BEGIN:VTIMEZONE\r\nTZID:Their time\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
		"TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
		"BEGIN:VEVENT\r\nSUMMARY:Call\r\nDTSTART;TZID=Their time:20261124T090000\r\n"
		"END:VEVENT\r\nEND:VCALENDAR\r\n");

	assert_non_null(strstr(mail->text, "Tuesday 24 November 2026, 15:00 (CET)"));
}

static void what_became_of_it_is_said(void **state)
{
	static const struct {
		const char *method, *lines, *wanted;
	} cases[] = {
		{ "CANCEL", "SUMMARY:x\r\n", "Cancelled: x" },
		{ "REQUEST", "SUMMARY:x\r\nSTATUS:CANCELLED\r\n", "Cancelled: x" },
		{ "REQUEST", "SUMMARY:x\r\nSEQUENCE:2\r\n", "Invitation, changed: x" },
		{ "REPLY", "SUMMARY:x\r\nATTENDEE;PARTSTAT=DECLINED:mailto:a@x.test\r\n",
		  "Answer to an invitation: x" },
		{ "REPLY", "ATTENDEE;PARTSTAT=DECLINED:mailto:a@x.test\r\n", "a@x.test: declines" },
		{ "PUBLISH", "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=5\r\n", "every 2 weeks, 5 times" },
		{ "PUBLISH", "RRULE:FREQ=DAILY;UNTIL=20270503T000000Z\r\n", "every day, until 3 May 2027" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strdup_printf(
			"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\r\nMETHOD:%s\r\nBEGIN:VEVENT\r\n"
			"DTSTART:20261124T110000Z\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
			cases[i].method, cases[i].lines);
		g_autoptr(SnMail) mail = parse(text);
		if (!strstr(mail->text, cases[i].wanted))
			print_error("%s\n%s\n", cases[i].wanted, mail->text);
		assert_non_null(strstr(mail->text, cases[i].wanted));
	}
}

/* Beside a text, both are shown; in the same invitation as a file once more, it is said once. */
static void an_invitation_stands_above_the_text(void **state)
{
	g_autoptr(SnMail) mail = parse(
		"Content-Type: multipart/mixed; boundary=m\n\n--m\n"
		"Content-Type: multipart/alternative; boundary=a\n\n"
		"--a\nContent-Type: text/plain\n\nDo come\n"
		"--a\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\n"
		"SUMMARY:Party\nDTSTART:20261124T110000Z\nEND:VEVENT\nEND:VCALENDAR\n--a--\n--m\n"
		"Content-Type: application/ics; name=invite.ics\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n"
		"SUMMARY:Party\nEND:VEVENT\nEND:VCALENDAR\n--m--\n");

	assert_true(g_str_has_prefix(mail->text, "Invitation: Party\nWhen: "));
	assert_true(g_str_has_suffix(mail->text, "\n\nDo come"));
	assert_null(strstr(mail->text, "Event: Party"));
	assert_true(find(mail, "invite.ics")->is_attachment);
}

static void what_is_no_calendar_is_left_alone(void **state)
{
	GString *deep = g_string_new("Content-Type: text/calendar\n\n");
	g_autoptr(SnMail) words = parse("Content-Type: text/calendar\n\nnot a calendar\n");
	g_autoptr(SnMail) cut = parse("Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nSUM");

	for (int i = 0; i < 5000; i++)
		g_string_append(deep, "BEGIN:VEVENT\n");
	g_autoptr(SnMail) nested = parse(deep->str);
	assert_string_equal(words->text, "");
	assert_non_null(cut->text);
	assert_string_equal(nested->text, "");
	g_string_free(deep, TRUE);
}

/* ---- messages within messages ---- */

static void attached_messages_are_readable_in_place(void **state)
{
	g_autoptr(GBytes) raw = bytes_of(
		"Content-Type: multipart/mixed; boundary=m\n\n--m\n\nsee below\n--m\n"
		"Content-Type: message/rfc822\n\n"
		"From: Bob <bob@x.test>\nTo: ann@x.test\nSubject: outer\n"
		"Date: Tue, 24 Nov 2026 11:00:00 +0000\n"
		"Content-Type: multipart/mixed; boundary=n\n\n--n\n\nfirst\n--n\n"
		"Content-Type: message/rfc822\n\nSubject: inner\n\nsecond\n--n\n"
		"Content-Type: image/png; name=a.png\n\nxx\n--n--\n--m--\n");
	g_autoptr(GBytes) none = bytes_of("Subject: x\n\ntext\n");
	g_autofree char *text = sn_mail_attached_text(raw);

	assert_null(sn_mail_attached_text(none));
	assert_string_equal(text, "Attached message: outer.eml\n\n"
	                          "  From:    Bob <bob@x.test>\n"
	                          "  To:      ann@x.test\n"
	                          "  Date:    Tuesday 24 November 2026, 12:00\n"
	                          "  Subject: outer\n"
	                          "  File:    inner.eml  22 B\n"
	                          "  File:    a.png  2 B\n"
	                          "\n"
	                          "  first\n"
	                          "\n"
	                          "  Attached message: inner.eml\n"
	                          "\n"
	                          "    Subject: inner\n"
	                          "\n"
	                          "    second\n");
}

static void messages_nested_without_end_are_cut(void **state)
{
	GString *raw = g_string_new(NULL);

	for (int i = 0; i < 40; i++)
		g_string_append(raw, "Subject: again\nContent-Type: message/rfc822\n\n");
	g_string_append(raw, "the end\n");
	g_autoptr(GBytes) bytes = bytes_of(raw->str);
	g_autofree char *text = sn_mail_attached_text(bytes);
	int shown = 0;

	for (const char *at = text ? text : ""; (at = strstr(at, "Subject: again")); at++)
		shown++;
	assert_true(shown > 0 && shown < 10);
	g_string_free(raw, TRUE);
}

/* ---- the collection: what its authors took out of each file ---- */

static void tnef_files_of_the_collection_are_unpacked(void **state)
{
	const char *top = g_getenv("TOP_SRCDIR");
	g_autofree char *folder = g_build_filename(top ? top : ".", "..", "shared", "corpus", "mail",
	                                           "mimekit", "expected", NULL);
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;
	int files = 0, wanted = 0, found = 0, with_rtf = 0, said = 0;

	if (!dir) {
		print_message("no test data at ../shared/corpus\n");
		skip();
	}
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL), *data = NULL, *list = NULL;
		gsize length;
		if (!g_str_has_suffix(name, ".tnef") || !g_file_get_contents(path, &data, &length, NULL))
			continue;
		g_autofree char *list_path = g_strdup_printf("%.*s.list", (int)strlen(path) - 5, path);
		if (!g_file_get_contents(list_path, &list, NULL, NULL))
			continue;
		g_autofree char *encoded = g_base64_encode((guchar *)data, length);
		g_autofree char *text = g_strdup_printf("Content-Type: application/ms-tnef\n"
		                                        "Content-Transfer-Encoding: base64\n\n%s\n",
		                                        encoded);
		g_autoptr(SnMail) mail = parse(text);
		g_auto(GStrv) lines = g_strsplit(g_strstrip(list), "\n", -1);
		int in_list = 0;
		for (char **line = lines; *line; line++)
			in_list += **line && !g_str_has_prefix(*line, "body.");
		wanted += in_list;
		found += MIN(in_list, (int)mail->parts->len - 1);
		if ((int)mail->parts->len - 1 < in_list)
			print_message("%s: %d of %d\n", name, (int)mail->parts->len - 1, in_list);
		files++;
		g_autofree char *rtf = g_strdup_printf("%.*s__message.rtf", (int)strlen(path) - 5, path);
		if (!g_file_test(rtf, G_FILE_TEST_EXISTS))
			continue;
		with_rtf++;
		said += mail->text && *mail->text;
		assert_true(!mail->text || !strstr(mail->text, "\\par"));
	}
	g_dir_close(dir);
	assert_true(with_rtf >= 11);
	assert_int_equal(said, with_rtf);
	print_message("%d winmail.dat: %d of %d files in them\n", files, found, wanted);
	assert_true(files >= 19);
	/* Of an object of OLE they list a few bytes besides. */
	assert_true(found + 2 >= wanted);
}

static void tasks_and_journals_are_read_in_words(void **state)
{
	g_autoptr(SnMail) mail = parse(
		"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
		"BEGIN:VTODO\r\nUID:1\r\nSUMMARY:Caulk the deck\r\nDTSTART;VALUE=DATE:20261123\r\n"
		"DUE:20261124T110000Z\r\nSTATUS:IN-PROCESS\r\nPERCENT-COMPLETE:40\r\n"
		"ORGANIZER;CN=Gus:mailto:gus@club.example\r\nDESCRIPTION:Bring oakum.\r\nEND:VTODO\r\n"
		"BEGIN:VJOURNAL\r\nUID:2\r\nSUMMARY:\x1b[31mLog\r\nDTSTART;VALUE=DATE:20261122\r\n"
		"DESCRIPTION:Calm sea.\r\nEND:VJOURNAL\r\n"
		"BEGIN:VFREEBUSY\r\nUID:3\r\nEND:VFREEBUSY\r\n"
		"BEGIN:VEVENT\r\nUID:4\r\nSUMMARY:Launch\r\nDTSTART:20261125T110000Z\r\nEND:VEVENT\r\n"
		"END:VCALENDAR\r\n");
	static const char *const said[] = {
		"Task: Caulk the deck\n", "Begins:    Monday 23 November 2026\n",
		"Due:       Tuesday 24 November 2026, 12:00 (CET)\n", "State:     under way\n",
		"Done:      40 per cent\n", "Organiser: Gus <gus@club.example>\n", "\nBring oakum.\n",
		"Journal entry: ", "Of:        Sunday 22 November 2026\n", "\nCalm sea.\n",
		"Invitation: Launch",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(said); i++)
		if (!strstr(mail->text, said[i]))
			fail_msg("'%s' is not in: %s", said[i], mail->text);
	assert_null(strchr(mail->text, 0x1b));
	g_autoptr(SnMail) gone = parse("Content-Type: text/calendar\n\nBEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\n"
	                               "BEGIN:VTODO\r\nPERCENT-COMPLETE:900\r\nDUE:nonsense\r\nEND:VTODO\r\n"
	                               "END:VCALENDAR\r\n");
	assert_non_null(strstr(gone->text, "Task, cancelled: (without a title)"));
	assert_null(strstr(gone->text, "900"));
	GString *many = g_string_new("Content-Type: text/calendar\n\nBEGIN:VCALENDAR\r\n");
	for (int i = 0; i < 50; i++)
		g_string_append(many, "BEGIN:VTODO\r\nSUMMARY:x\r\nEND:VTODO\r\n");
	g_string_append(many, "END:VCALENDAR\r\n");
	g_autoptr(SnMail) some = parse(many->str);
	assert_non_null(strstr(some->text, "There is more in the file."));
	g_string_free(many, TRUE);
}

static int setup(void **state)
{
	setenv("TZ", "Europe/Berlin", 1);
	sn_mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uuencoded_files_are_parts_and_leave_the_text),
		cmocka_unit_test(words_that_begin_like_uuencode_stay_text),
		cmocka_unit_test(a_winmail_dat_shows_what_is_in_it),
		cmocka_unit_test(the_text_of_a_winmail_dat_may_be_rtf),
		cmocka_unit_test(rtf_comes_compressed),
		cmocka_unit_test(the_best_text_of_a_winmail_dat_is_shown),
		cmocka_unit_test(a_damaged_winmail_dat_stays_a_file),
		cmocka_unit_test(positions_that_are_none_are_not_found),
		cmocka_unit_test(an_invitation_says_what_when_where_and_who),
		cmocka_unit_test(tasks_and_journals_are_read_in_words),
		cmocka_unit_test(times_are_those_of_this_machine),
		cmocka_unit_test(a_zone_of_the_sender_is_understood),
		cmocka_unit_test(what_became_of_it_is_said),
		cmocka_unit_test(an_invitation_stands_above_the_text),
		cmocka_unit_test(what_is_no_calendar_is_left_alone),
		cmocka_unit_test(attached_messages_are_readable_in_place),
		cmocka_unit_test(messages_nested_without_end_are_cut),
		cmocka_unit_test(tnef_files_of_the_collection_are_unpacked),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
