/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and links of messages in other programs: which one, with what, and what it leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/mime/mail.h"
#include "src/mime/tree.h"
#include "tests/lib/ui_desk.h"
#include "ui/links.h"
#include "ui/run.h"

#define HOSTILE "https://a.test/?a=1&b=$(touch%20sennit-mark);'x'y"

static const char email[] =
	"From: Bob <bob@example.test>\r\nSubject: many parts\r\n"
	"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
	"--a\r\n\r\nSee the files.\r\n" HOSTILE "\r\n"
	"--a\r\nContent-Type: application/pdf; x=\"`touch sennit-mark`;$(touch sennit-mark)\"\r\n"
	"Content-Disposition: attachment; filename=\"the plan;touch sennit-mark;.pdf\"\r\n\r\nPDF bytes\r\n"
	"--a\r\nContent-Type: text/html; charset=utf-8\r\n"
	"Content-Disposition: attachment; filename=\"page.asp\"\r\n\r\n<p>a <b>page</b>\r\n"
	"--a\r\nContent-Type: image/png\r\n"
	"Content-Disposition: attachment; filename=\"holiday.desktop\"\r\n\r\n[Desktop Entry]\r\nExec=rm\r\n"
	"--a\r\nContent-Type: message/rfc822\r\n\r\n"
	"From: Dan <dan@example.test>\r\nSubject: within\r\n\r\nThe text within.\r\n"
	"--a\r\nContent-Type: audio/x-odd\r\nContent-Disposition: attachment; filename=noise.odd\r\n\r\nbrr\r\n"
	"--a--\r\n";

typedef struct {
	UiDesk *desk;
	char *path;     /* of PATH */
	char *out;      /* what programs write into */
} Scene;

static GBytes *part_bytes(GBytes *raw, int position, gpointer data, GError **error)
{
	return sn_mail_part_bytes(raw, position, error);
}

static GPtrArray *part_tree(GBytes *raw, gpointer data)
{
	return sn_mail_tree(raw);
}

static char *part_text(GBytes *bytes, const char *type, const char *charset, gpointer data)
{
	return sn_mail_part_text(bytes, type, charset);
}

static void add_bytes(UiDesk *desk, GBytes *raw, const char *from_address, const char *name)
{
	g_autofree char *id = g_strdup_printf("parts-%s", from_address);
	g_autoptr(SnMail) mail = sn_mail_parse(raw, NULL, NULL);
	g_autoptr(SnMessage) message = sn_message_new();

	message->account = sn_account_find(desk->store, "home");
	message->channel = SN_CHANNEL_MAIL;
	message->time = STORY_NOW - SN_MINUTE;
	message->state = SN_STATE_RECEIVED;
	message->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, from_address, name, NULL);
	message->message_id = g_steal_pointer(&id);
	message->subject = g_strdup(mail->subject);
	message->body = g_strdup(mail->text);
	sn_message_add_party(message, SN_ROLE_FROM, from_address, name);
	sn_message_add_party(message, SN_ROLE_TO, "alice@example.test", NULL);
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *from = mail->parts->pdata[i];
		SnPart *part = g_new0(SnPart, 1);
		if (!from->is_attachment) {
			g_free(part);
			continue;
		}
		part->position = from->position;
		part->type = g_strdup(from->type);
		part->name = g_strdup(from->name);
		part->size = from->size;
		part->sha256 = g_strdup(from->sha256);
		sn_message_add_part(message, part);
	}
	assert_true(sn_message_add(desk->store, message, NULL, raw, NULL, NULL));
}

static void add_email(UiDesk *desk, const char *text)
{
	g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));

	add_bytes(desk, raw, "zoe@example.test", "Zoe");
}

/* Yan writes a text with footnotes, as HTML becomes. */
static void add_text(UiDesk *desk, const char *body)
{
	g_autoptr(SnMessage) message = sn_message_new();

	message->account = sn_account_find(desk->store, "home");
	message->channel = SN_CHANNEL_MAIL;
	message->time = STORY_NOW - SN_MINUTE;
	message->state = SN_STATE_RECEIVED;
	message->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, "yan@example.test", "Yan", NULL);
	message->message_id = g_strdup("text@example.test");
	message->body = g_strdup(body);
	sn_message_add_party(message, SN_ROLE_FROM, "yan@example.test", "Yan");
	sn_message_add_party(message, SN_ROLE_TO, "alice@example.test", NULL);
	assert_true(sn_message_add(desk->store, message, NULL, NULL, NULL, NULL));
}

/* A program in PATH that notes how it was called, one word a line, and what the file held. */
static void add_program(Scene *scene, const char *name)
{
	g_autofree char *file = g_build_filename(scene->path, name, NULL);
	g_autofree char *script = g_strdup_printf(
		"#!/bin/sh\n{ echo %s; for a in \"$@\"; do echo \"<$a>\"; done\n"
		"for a in \"$@\"; do test -f \"$a\" && { stat -c %%a \"$a\"; cat \"$a\"; }; done; :; } >%s.new\n"
		"mv %s.new %s\n", name, scene->out, scene->out, scene->out);

	assert_true(g_file_set_contents(file, script, -1, NULL));
	assert_int_equal(g_chmod(file, 0755), 0);
}

static void set_mailcap(Scene *scene, const char *text)
{
	g_autofree char *file = g_build_filename(scene->desk->dir, "mailcap", NULL);

	assert_true(g_file_set_contents(file, text, -1, NULL));
	g_setenv("MAILCAPS", file, TRUE);
}

static int set_up(void **state)
{
	Scene *scene = g_new0(Scene, 1);
	UiDesk *desk = scene->desk = ui_desk_new(UI_DESK_STORY, "[open]\nimage/x-own = own %s\n");

	desk->setup.host.part_bytes = part_bytes;
	desk->setup.host.part_tree = part_tree;
	desk->setup.host.part_text = part_text;
	add_email(desk, email);
	scene->path = g_build_filename(desk->dir, "bin", NULL);
	scene->out = g_build_filename(desk->dir, "out", NULL);
	g_mkdir(scene->path, 0700);
	g_autofree char *paths = g_strdup_printf("%s:/usr/bin:/bin", scene->path);
	g_setenv("PATH", paths, TRUE);
	g_unsetenv("DISPLAY");
	g_unsetenv("WAYLAND_DISPLAY");
	g_unsetenv("BROWSER");
	set_mailcap(scene, "");
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	Scene *scene = *state;
	gboolean harmed = g_unlink("sennit-mark") == 0;

	ui_desk_free(scene->desk);
	g_free(scene->path);
	g_free(scene->out);
	g_free(scene);
	return harmed ? 1 : 0; /* whatever was opened: nothing that stands in the email was run */
}

/* What the program wrote; it may still be starting. */
static char *written(Scene *scene)
{
	gint64 until = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
	char *text = NULL;

	while (!g_file_get_contents(scene->out, &text, NULL, NULL) && g_get_monotonic_time() < until)
		g_usleep(10000);
	assert_non_null(text);
	return text;
}

static void assert_nothing_left(Scene *scene)
{
	g_autofree char *open = g_build_filename(scene->desk->paths->runtime, "open", NULL);
	g_autoptr(GDir) dir = g_dir_open(open, 0, NULL);

	assert_null(dir ? g_dir_read_name(dir) : NULL);
}

static void play(Scene *scene, const char *script)
{
	g_autofree char *all = g_strconcat("keys :open<Space>zoe@example.test<Enter>\nexpect See the files\n", script, NULL);

	ui_desk_play(scene->desk, all);
}

static void mailcap_names_the_program(void **state)
{
	Scene *scene = *state;

	add_program(scene, "pdf-viewer");
	set_mailcap(scene, "application/*; no-such-program %s; test=false\n"
	                   "application/pdf; pdf-viewer --title '%t' '%{x}' %s\n"
	                   "application/pdf; false %s\n");
	play(scene, "keys <Enter>\nexpect the plan\nkeys G/the<Space>plan<Enter>O\nabsent failed\n");
	g_autofree char *text = written(scene);
	assert_non_null(strstr(text, "pdf-viewer\n<--title>\n<application/pdf>\n<_touch_"));
	assert_non_null(strstr(text, "/the_plan_touch_"));
	assert_non_null(strstr(text, ".pdf>\n600\nPDF bytes"));
	assert_nothing_left(scene);
}

static void own_programs_come_before_mailcap(void **state)
{
	Scene *scene = *state;

	add_program(scene, "mine");
	ui_desk_write(scene->desk, "sennit.conf", "[open]\napplication/pdf = mine %s; needsterminal\n");
	set_mailcap(scene, "application/pdf; false %s\n");
	play(scene, "keys :reload<Enter><Enter>\nexpect the plan\nkeys /the<Space>plan<Enter>O\nabsent failed\n");
	g_autofree char *text = written(scene);
	assert_true(g_str_has_prefix(text, "mine\n<"));
}

static void copious_output_is_shown_here(void **state)
{
	Scene *scene = *state;

	set_mailcap(scene, "text/html; printf 'charset %%s\\\\033[31m of %%s' %{charset} %s; copiousoutput; "
	                   "nametemplate=%s.html\n");
	play(scene, "keys <Enter>\nexpect page.asp\nkeys /page.asp<Enter>O\nexpect charset utf-8\n"
	            "expect page.html\nabsent [31m\n");
	assert_nothing_left(scene);
}

static void without_a_program_it_is_said(void **state)
{
	Scene *scene = *state;

	play(scene, "keys <Enter>\nexpect noise.odd\nkeys /noise<Enter>O\nexpect No program is known for audio/x-odd\n"
	            "keys v\nexpect No program is known that shows audio/x-odd as text\n");
	assert_nothing_left(scene);
}

static void the_desktop_opens_what_mailcap_does_not(void **state)
{
	Scene *scene = *state;

	add_program(scene, "xdg-open");
	g_setenv("DISPLAY", ":99", TRUE);
	play(scene, "keys <Enter>\nexpect noise.odd\nkeys /noise<Enter>O\nexpect Opened with xdg-open\n");
	g_autofree char *text = written(scene);
	assert_true(g_str_has_prefix(text, "xdg-open\n<"));
	assert_non_null(strstr(text, "/noise.odd>"));
	assert_nothing_left(scene);
}

/* Whatever its name: a program of our own gets the bytes, and nothing else of it. */
static void a_picture_is_shown_by_a_program_of_its_own(void **state)
{
	Scene *scene = *state;
	g_autofree char *program = g_build_filename(scene->path, "painter", NULL);

	add_program(scene, "painter");
	scene->desk->setup.picture = program;
	play(scene, "keys <Enter>\nexpect holiday\nkeys /the<Space>plan<Enter>gi\n"
	            "expect That is no picture but application/pdf\n"
	            "keys /holiday<Enter>gi\nabsent cannot be shown\n");
	g_autofree char *text = written(scene);
	assert_true(g_str_has_prefix(text, "painter\n<--wait>\n</"));
	assert_non_null(strstr(text, "/picture>\n600\n[Desktop Entry]"));
	assert_nothing_left(scene);
}

static void a_picture_that_cannot_be_shown_is_said(void **state)
{
	Scene *scene = *state;

	scene->desk->setup.picture = "/bin/false";
	play(scene, "keys <Enter>\nexpect holiday\nkeys /holiday<Enter>gi\nexpect It cannot be shown\n");
	assert_nothing_left(scene);
	scene->desk->setup.picture = NULL;
	play(scene, "keys <Enter>\nexpect holiday\nkeys /holiday<Enter>gi\nexpect shows no pictures\n");
}

/* It says that it is a picture; its name says otherwise. */
static void a_program_is_opened_after_a_question_only(void **state)
{
	Scene *scene = *state;

	add_program(scene, "viewer");
	set_mailcap(scene, "image/*; viewer %s\n");
	play(scene, "keys <Enter>\nexpect holiday\nkeys /holiday<Enter>O\nexpect holiday.desktop is a program\n"
	            "keys <Esc>\nabsent is a program\n");
	assert_false(g_file_test(scene->out, G_FILE_TEST_EXISTS));
	play(scene, "keys <Enter>\nexpect holiday\nkeys /holiday<Enter>O\nexpect is a program\nkeys o\nabsent is a program\n");
	g_autofree char *text = written(scene);
	assert_true(g_str_has_prefix(text, "viewer\n"));
}

static void a_part_is_read_here(void **state)
{
	Scene *scene = *state;

	play(scene, "keys <Enter>\nexpect page.asp\nkeys /page.asp<Enter>v\nexpect a page\nabsent <b>\n");
}

static void the_tree_shows_every_part_and_acts_on_it(void **state)
{
	Scene *scene = *state;
	g_autofree char *dir = g_build_filename(scene->desk->dir, "saved.txt", NULL);
	g_autofree char *script = g_strdup_printf(
		"keys V\nexpect message/rfc822  within.eml\nexpect └ text/plain\nexpect audio/x-odd\n"
		"keys /within<Enter>j<Enter>\nexpect The text within.\nkeys <Esc>\nexpect audio/x-odd\n"
		"keys k<Enter>\nexpect Subject: within\nkeys <Esc>j|tr<Space>a-z<Space>A-Z<Enter>\n"
		"expect THE TEXT WITHIN.\nkeys <Esc>:save<Space>%s<Enter>\nexpect Saved\n", dir);
	g_autofree char *text = NULL;

	play(scene, script);
	assert_true(g_file_get_contents(dir, &text, NULL, NULL));
	assert_string_equal(text, "The text within.");
}

/* Files of clients that were killed are taken away by the next one. */
static void what_a_dead_client_left_is_removed(void **state)
{
	Scene *scene = *state;
	g_autofree char *open = g_build_filename(scene->desk->paths->runtime, "open", NULL);
	g_autofree char *dead = g_build_filename(open, "2147483646-abcdef", NULL);
	g_autofree char *file = g_build_filename(dead, "secret.pdf", NULL);

	g_mkdir_with_parents(dead, 0700);
	assert_true(g_file_set_contents(file, "x", -1, NULL));
	set_mailcap(scene, "application/pdf; cat %s; copiousoutput\n");
	play(scene, "keys <Enter>\nexpect the plan\nkeys /the<Space>plan<Enter>O\nexpect PDF bytes\n");
	assert_nothing_left(scene);
}

static void links_go_to_the_browser_as_they_are(void **state)
{
	static const struct {
		const char *browser, *display, *wanted;
	} cases[] = {
		{ "surf", NULL, "surf\n<" HOSTILE ">\n" },
		{ "no-such-browser:surf --new %s -x:w3m", NULL, "surf\n<--new>\n<" HOSTILE ">\n<-x>\n" },
		{ "surf '--url=%s'", ":99", "surf\n<--url=" HOSTILE ">\n" },
		{ "", ":99", "xdg-open\n<" HOSTILE ">\n" },
		{ "", NULL, "www-browser\n<" HOSTILE ">\n" },
	};
	Scene *scene = *state;

	add_program(scene, "surf");
	add_program(scene, "xdg-open");
	add_program(scene, "www-browser");
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_setenv("BROWSER", cases[i].browser, TRUE);
		if (cases[i].display)
			g_setenv("DISPLAY", cases[i].display, TRUE);
		else
			g_unsetenv("DISPLAY");
		play(scene, "keys gu\nexpect https://a.test\nkeys <Enter>\n");
		g_autofree char *text = written(scene);
		assert_string_equal(text, cases[i].wanted);
		g_unlink(scene->out);
	}
}

/* A link within a script would be read by a shell. */
static void a_script_as_browser_gets_no_link(void **state)
{
	Scene *scene = *state;

	add_program(scene, "www-browser");
	g_setenv("BROWSER", "sh -c 'echo %s >&2; touch sennit-mark'", TRUE);
	play(scene, "keys gu\nexpect https://a.test\nkeys <Enter>\n");
	g_autofree char *text = written(scene);
	assert_true(g_str_has_prefix(text, "www-browser\n"));
}

static void deceiving_links_are_marked(void **state)
{
	static const struct {
		const char *url, *text, *warning; /* part of it; NULL: none */
	} cases[] = {
		{ "https://bank.test/login", "bank.test", NULL },
		{ "https://www.bank.test/", "https://bank.test/login", NULL },
		{ "https://click.bank.test/x", "www.bank.test", NULL },
		{ "https://bank.test/x", "here", NULL },
		{ "https://bank.test/x", "e.g.", NULL },
		{ "https://bank.test/x", "v2.0", NULL },
		{ "https://bank.test/x", NULL, NULL },
		{ "mailto:a@b.test", "c@d.test", NULL },
		{ "https://evil.test/bank.test", "bank.test", "text says bank.test, it leads to evil.test" },
		{ "https://evil.test/", "HTTPS://Bank.test", "text says bank.test" },
		{ "https://bank.test.evil.test/", "www.bank.test", "leads to bank.test.evil.test" },
		{ "https://bank.test@evil.test/x", NULL, "leads to evil.test" },
		{ "https://bank.test:443@evil.test/x", "bank.test", "leads to evil.test" },
		{ "https://xn--bnk-3na.test/", NULL, "xn--bnk-3na.test" },
		{ "https://b\xd0\xb0nk.test/", NULL, "letters of other scripts" },
		{ "https://evil.test\\@bank.test/", "bank.test", "leads to evil.test" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *warning = sn_link_warning(cases[i].url, cases[i].text);
		if (!warning != !cases[i].warning || (warning && !strstr(warning, cases[i].warning)))
			fail_msg("%s: %s", cases[i].url, warning ? warning : "-");
	}
	g_autofree char *word = sn_link_text("Go to bank.test [1] or here[2].\n\n[1] https://x\n", 1);
	g_autofree char *other = sn_link_text("Go to bank.test [1] or here[2].\n\n[1] https://x\n", 2);
	assert_string_equal(word, "bank.test");
	assert_string_equal(other, "here");
	assert_null(sn_link_text("nothing", 1));
	assert_null(sn_link_text("[1] https://x", 1));
}

/* It is shown first, and opened by a second key only. */
static void a_deceiving_link_is_not_opened_by_number(void **state)
{
	Scene *scene = *state;

	add_program(scene, "surf");
	g_setenv("BROWSER", "surf", TRUE);
	add_text(scene->desk, "Log in at bank.test [1]\n\n[1] https://evil.test/bank\n");
	ui_desk_play(scene->desk, "keys :open<Space>yan@example.test<Enter>\nexpect Log in at\nkeys :links<Space>1<Enter>\n"
	                          "expect The text says bank.test, it leads to evil.test.\n");
	assert_false(g_file_test(scene->out, G_FILE_TEST_EXISTS));
	ui_desk_play(scene->desk, "keys :open<Space>yan@example.test<Enter>\nexpect Log in at\nkeys gu<Enter>\n");
	g_autofree char *text = written(scene);
	assert_string_equal(text, "surf\n<https://evil.test/bank>\n");
}

/* ---- what real and malformed emails do to the screen ---- */

enum { CORPUS_MAX = 2000, CORPUS_STEP = 5 };

/* Control characters, and those that turn or hide what stands beside them. */
static void assert_plain_screen(const char *shown)
{
	assert_true(g_utf8_validate(shown, -1, NULL));
	for (const char *c = shown; *c; c = g_utf8_next_char(c)) {
		gunichar letter = g_utf8_get_char(c);
		gboolean bidi = (letter >= 0x202a && letter <= 0x202e) || (letter >= 0x2066 && letter <= 0x2069);
		if ((letter < 0x20 && letter != '\n') || (letter >= 0x7f && letter < 0xa0) || bidi ||
		    letter == 0x200b || letter == 0xfeff)
			fail_msg("U+%04X is on the screen: %.*s", letter, 300, MAX(shown, c - 200));
	}
}

static int add_corpus(UiDesk *desk, const char *path, int count)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && count < CORPUS_MAX && (name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		g_autofree char *text = NULL;
		gsize length;
		if (g_file_test(file, G_FILE_TEST_IS_DIR)) {
			count = add_corpus(desk, file, count);
		} else if (g_str_has_suffix(name, ".eml") && g_file_get_contents(file, &text, &length, NULL) && length) {
			g_autoptr(GBytes) raw = g_bytes_new(text, length);
			g_autofree char *from = g_strdup_printf("corpus%d@example.test", count++);
			add_bytes(desk, raw, from, NULL);
		}
	}
	return count;
}

/* Every message is opened whole, and its parts. */
static void every_email_of_the_corpus_is_shown_plainly(void **state)
{
	Scene *scene = *state;
	g_autofree char *path = g_build_filename(g_getenv("TOP_SRCDIR"), "..", "shared", "corpus", "mail", NULL);
	GString *script = g_string_new(NULL);
	int count, messages = 0, trees = 0;

	assert_true(sn_store_begin(scene->desk->store, NULL));
	count = add_corpus(scene->desk, path, 0);
	assert_true(sn_store_commit(scene->desk->store, NULL));
	if (count == 0) {
		g_string_free(script, TRUE);
		skip();
	}
	/* all of them take half a minute */
	int step = g_getenv("SENNIT_WHOLE_CORPUS") ? 1 : CORPUS_STEP, opened = 0;
	for (int i = 0; i < count; i += step, opened++)
		g_string_append_printf(script, "keys :open<Space>corpus%d@example.test<Enter>\ndump\nkeys <Enter>\ndump\nkeys V\n"
		                               "dump\nkeys qq\n", i);
	ui_desk_play(scene->desk, script->str);
	g_string_free(script, TRUE);
	print_message("%d of %d emails, %d bytes of screens\n", opened, count, (int)strlen(scene->desk->shown));
	assert_plain_screen(scene->desk->shown);
	/* each was opened, and so was its tree */
	for (const char *at = scene->desk->shown; (at = strstr(at, "\n Message")); at++)
		messages++;
	for (const char *at = scene->desk->shown; (at = strstr(at, "\n Parts")); at++)
		trees++;
	assert_true(messages >= opened && trees == opened);
}

static char *captured(const char *command, const char *input, int seconds)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	g_autoptr(GBytes) bytes = input ? g_bytes_new(input, strlen(input)) : NULL;
	g_autoptr(GError) error = NULL;
	char *text = sn_run_capture(argv, bytes, seconds, NULL, &error);

	assert_true(!text == !!error);
	return text;
}

static void output_is_taken_as_a_terminal_would_show_it(void **state)
{
	g_autofree char *text = captured("tr a-z A-Z; printf '\\033[1;31mred\\033[0m b\\bbo\\bol\\bld'; echo ! >&2", "in ", 30);
	g_autofree char *most = captured("yes", NULL, 30), *nothing = captured("cat", NULL, 30);

	assert_string_equal(text, "IN red bold!\n");
	assert_in_range(strlen(most), 1000 * 1000, 2000 * 1000);
	assert_string_equal(nothing, "");
	assert_null(captured("exec sleep 500", NULL, 1));
	assert_null(captured("sleep 500 & sleep 500", NULL, 1));
}

static gpointer capture_forever(gpointer stop)
{
	static const char *const argv[] = { "sleep", "500", NULL };

	return sn_run_capture(argv, NULL, 400, stop, NULL);
}

static void it_ends_when_the_client_does(void **state)
{
	static gint stop;
	static const char *const slow[] = { "sleep", "500", NULL }, *const right[] = { "true", NULL },
				*const wrong[] = { "false", NULL }, *const none[] = { "no-such-program", NULL };
	GThread *thread = g_thread_new("capture", capture_forever, &stop);

	g_atomic_int_set(&stop, 1);
	assert_null(g_thread_join(thread));
	assert_false(sn_run_test(slow, &stop));
	assert_true(sn_run_test(right, NULL));
	assert_false(sn_run_test(wrong, NULL));
	assert_false(sn_run_test(none, NULL));
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SCENE(mailcap_names_the_program),
		SCENE(own_programs_come_before_mailcap),
		SCENE(copious_output_is_shown_here),
		SCENE(without_a_program_it_is_said),
		SCENE(the_desktop_opens_what_mailcap_does_not),
		SCENE(a_picture_is_shown_by_a_program_of_its_own),
		SCENE(a_picture_that_cannot_be_shown_is_said),
		SCENE(a_program_is_opened_after_a_question_only),
		SCENE(a_part_is_read_here),
		SCENE(the_tree_shows_every_part_and_acts_on_it),
		SCENE(what_a_dead_client_left_is_removed),
		SCENE(links_go_to_the_browser_as_they_are),
		SCENE(a_script_as_browser_gets_no_link),
		cmocka_unit_test(deceiving_links_are_marked),
		SCENE(a_deceiving_link_is_not_opened_by_number),
		SCENE(every_email_of_the_corpus_is_shown_plainly),
		cmocka_unit_test(output_is_taken_as_a_terminal_would_show_it),
		cmocka_unit_test(it_ends_when_the_client_does),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
