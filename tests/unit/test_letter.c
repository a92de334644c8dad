/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is looked at before an email goes: files it speaks of, files dropped on it, its subject. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/config/config.h"
#include "src/route/letter.h"
#include "src/route/template.h"

static const char *default_words(SnConfig **config)
{
	*config = sn_config_parse(NULL, NULL, NULL);
	return sn_config_settings(*config)->mail_attachment_words;
}

static void a_file_is_spoken_of_in_many_languages(void **state)
{
	static const char *const yes[] = {
		"See the attached plan.", "ATTACHED: the plan", "I attach it.", "The attachment has it",
		"Enclosed you find it", "Anbei der Plan", "Im Anhang ist der Plan", "angeha\xcc\x88ngt",
		"Veuillez trouver ci-joint le plan", "La pièce jointe", "Te lo adjunto", "In allegato",
		"In de bijlage", "Jag bifogar planen", "W załączniku plan", "В приложении? Нет: во вложении",
		"計画を添付します", "请看附件", "new text\n> quote\n\nattached below",
	};
	static const char *const no[] = {
		"", "Nothing here", "unattached sails", "reattached", "enclosedly",
		"Fine.\n\n> see the attached plan\n> and more",
		"Fine.\n\nOn Mon, 2 Nov 2026 at 10:00, Bob <bob@example.test> wrote:\n> attached\n",
		"Fine.\n-- \nAttached to the sea\n",
		"FYI\n\n---------- Forwarded message ----------\nFrom: Bob\n\nSee the attached plan.\n",
	};
	SnConfig *config;
	const char *words = default_words(&config);

	for (gsize i = 0; i < G_N_ELEMENTS(yes); i++)
		if (!sn_letter_speaks_of_file(yes[i], words))
			fail_msg("not seen: %s", yes[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(no); i++)
		if (sn_letter_speaks_of_file(no[i], words))
			fail_msg("wrongly seen: %s", no[i]);
	sn_config_unref(config);
}

static void the_words_are_the_users(void **state)
{
	assert_true(sn_letter_speaks_of_file("Hier ist die Beilage", " beilage , foo"));
	assert_false(sn_letter_speaks_of_file("See attached", "beilage"));
	assert_false(sn_letter_speaks_of_file("See attached", ""));
	assert_false(sn_letter_speaks_of_file("See attached", " , *,,"));
	assert_true(sn_letter_speaks_of_file("as attached", "attach*"));
	assert_false(sn_letter_speaks_of_file("as attached", "attach"));
	/* what is no UTF-8 does no harm */
	assert_false(sn_letter_speaks_of_file("\xff\xfe", "attach*"));
}

static void only_a_subject_is_one(void **state)
{
	assert_false(sn_letter_has_subject(NULL));
	assert_false(sn_letter_has_subject(" \t "));
	assert_false(sn_letter_has_subject(SN_NO_SUBJECT));
	assert_true(sn_letter_has_subject("Rope"));
}

typedef struct {
	char *dir, *plain, *blank;
} Files;

static int make_files(void **state)
{
	Files *files = g_new0(Files, 1);

	files->dir = g_dir_make_tmp("sennit-letter-XXXXXX", NULL);
	files->plain = g_build_filename(files->dir, "plan.pdf", NULL);
	files->blank = g_build_filename(files->dir, "the 'plan'.pdf", NULL);
	g_file_set_contents(files->plain, "x", 1, NULL);
	g_file_set_contents(files->blank, "x", 1, NULL);
	*state = files;
	return 0;
}

static int drop_files(void **state)
{
	Files *files = *state;

	g_unlink(files->plain);
	g_unlink(files->blank);
	g_rmdir(files->dir);
	g_free(files->dir);
	g_free(files->plain);
	g_free(files->blank);
	g_free(files);
	return 0;
}

static void assert_drops(const char *pasted, const char *one, const char *two)
{
	g_auto(GStrv) found = sn_letter_dropped_files(pasted);

	if (!found || g_strcmp0(found[0], one) != 0 || g_strcmp0(found[1], two) != 0)
		fail_msg("from <%s>: %s %s", pasted, found ? found[0] : "nothing",
		         found && found[0] && found[1] ? found[1] : "");
}

/* With a backslash before what a shell would read otherwise. */
static char *escape(const char *path)
{
	GString *out = g_string_new(NULL);

	for (; *path; path++) {
		if (strchr(" '\"()&", *path))
			g_string_append_c(out, '\\');
		g_string_append_c(out, *path);
	}
	return g_string_free(out, FALSE);
}

static void dropped_names_are_files(void **state)
{
	const Files *files = *state;
	g_autofree char *quoted = g_shell_quote(files->blank);
	g_autofree char *uri = g_filename_to_uri(files->blank, NULL, NULL);
	g_autofree char *both = g_strdup_printf("%s %s ", files->plain, quoted);
	g_autofree char *lines = g_strdup_printf("%s\n%s\n", uri, files->plain);
	g_autofree char *trailing = g_strconcat(files->plain, " ", NULL);

	g_autofree char *escaped = escape(files->blank);
	g_autofree char *both_escaped = g_strdup_printf("%s %s", escaped, files->plain);
	g_autofree char *escaped_lines = g_strdup_printf("%s\r\n%s\r\n\r\n%s\n", escaped, quoted, files->plain);
	g_autofree char *uris = g_strdup_printf("%s %s", uri, uri);
	g_auto(GStrv) three = NULL;

	/* as terminals write what is dragged there */
	assert_drops(escaped, files->blank, NULL);
	assert_drops(both_escaped, files->blank, files->plain);
	assert_drops(uris, files->blank, files->blank);
	three = sn_letter_dropped_files(escaped_lines);
	assert_non_null(three);
	assert_int_equal(g_strv_length(three), 3);
	assert_string_equal(three[2], files->plain);
	assert_drops(files->plain, files->plain, NULL);
	assert_drops(trailing, files->plain, NULL);
	assert_drops(quoted, files->blank, NULL);
	assert_drops(files->blank, files->blank, NULL); /* as it is, blanks and quotes in it */
	assert_drops(uri, files->blank, NULL);
	assert_drops(both, files->plain, files->blank);
	assert_drops(lines, files->blank, files->plain);
}

static void other_text_is_text(void **state)
{
	const Files *files = *state;
	g_autofree char *sentence = g_strdup_printf("%s is the plan", files->plain);
	g_autofree char *huge = g_strnfill(20000, '/');
	const char *const texts[] = {
		"", "  \n", "plan.pdf", "/no/such/file", files->dir, sentence, "/etc/passwd /no/such",
		"file:///no/such", "file://%zz", "http://example.test/x", "'unbalanced", "~/no-such-file", huge,
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_auto(GStrv) found = sn_letter_dropped_files(texts[i]);
		if (found)
			fail_msg("'%s' is taken for files", texts[i]);
	}
}

static void base64_takes_a_third_more(void **state)
{
	assert_int_equal(sn_letter_encoded_size(0), 0);
	assert_int_equal(sn_letter_encoded_size(1), 4);
	assert_int_equal(sn_letter_encoded_size(57), 76 + 2);
	assert_true(sn_letter_encoded_size(3000000) > 4000000);
}

/* ---- signature ---- */

static void a_signature_is_put_below_once_and_taken_away_again(void **state)
{
	static const struct {
		const char *body, *signed_;
	} cases[] = {
		{ "Hello", "Hello\n\n-- \nAlice\nQuay 3" },
		{ "Hello\n\n\n", "Hello\n\n-- \nAlice\nQuay 3" },
		{ "", "-- \nAlice\nQuay 3" },
		{ "Hello\n-- \nMe", "Hello\n-- \nMe" },
		{ "Hello\n--\nno delimiter", "Hello\n--\nno delimiter\n\n-- \nAlice\nQuay 3" },
		{ "> quoted\n> -- \n> Bob", "> quoted\n> -- \n> Bob\n\n-- \nAlice\nQuay 3" },
		{ "FYI\n\n---------- Forwarded message ----------\nFrom: Bob\n\nText\n-- \nBob",
		  "FYI\n\n---------- Forwarded message ----------\nFrom: Bob\n\nText\n-- \nBob"
		  "\n\n-- \nAlice\nQuay 3" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *one = sn_letter_sign(cases[i].body, "Alice\nQuay 3");
		g_autofree char *two = sn_letter_sign(one, "Alice\nQuay 3");
		g_autofree char *back = sn_letter_unsign(one, "Alice\nQuay 3");
		g_autofree char *bare = g_strchomp(g_strdup(cases[i].body));
		assert_string_equal(one, cases[i].signed_);
		if (i != 6) /* the one of somebody else hides it only within what is forwarded */
			assert_string_equal(two, one);
		assert_string_equal(back, bare);
	}
	g_autofree char *none = sn_letter_sign("Hello", NULL), *empty = sn_letter_sign("Hello", "");
	g_autofree char *other = sn_letter_unsign("Hello\n\n-- \nAlice\nQuay 3\nPS", "Alice\nQuay 3");
	assert_string_equal(none, "Hello");
	assert_string_equal(empty, "Hello");
	assert_string_equal(other, "Hello\n\n-- \nAlice\nQuay 3\nPS");
}

/* ---- templates ---- */

static SnPaths *paths_with(const char *name, const char *text, gssize length)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-letter-XXXXXX", NULL);
	g_autofree char *folder = g_build_filename(dir, "templates", NULL);
	g_autofree char *file = g_build_filename(folder, name, NULL);
	SnPaths *paths = sn_paths_new(dir, NULL);

	assert_non_null(paths);
	assert_int_equal(g_mkdir(folder, 0700), 0);
	assert_true(g_file_set_contents(file, text, length, NULL));
	return paths;
}

static void drop_paths(SnPaths *paths)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", paths->config);

	assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
	sn_paths_free(paths);
}

static void a_template_is_filled_with_facts(void **state)
{
	SnPaths *paths = paths_with("thanks",
		"Subject: Re {{subject}}\n\nDear {{first-name}} ({{ name }}, {{address}}),\n"
		"{{date}} {{time}} {{weekday}} {{unknown}} {{name\n{{from}} <{{from-address}}>\n", -1);
	SnTemplateFacts facts = { "Frida Moor", "frida@harbour.example", "Berth {{name}} 12", "Alice",
		                  "alice@example.test", G_GINT64_CONSTANT(1795343400000) };
	g_autoptr(GError) error = NULL;

	g_setenv("TZ", "UTC", TRUE);
	g_autoptr(SnTemplate) template = sn_template_load(paths, "thanks", &facts, &error);
	g_auto(GStrv) names = sn_template_names(paths);
	assert_null(error);
	/* what a fact says is not looked through again */
	assert_string_equal(template->subject, "Re Berth {{name}} 12");
	assert_string_equal(template->text, "Dear Frida (Frida Moor, frida@harbour.example),\n"
	                    "2026-11-22 10:30 Sunday {{unknown}} {{name\n{{from}} <alice@example.test>\n");
	assert_int_equal(g_strv_length(names), 1);
	assert_string_equal(names[0], "thanks");
	drop_paths(paths);
}

static void a_template_that_is_none_is_said(void **state)
{
	g_autofree char *huge = g_strnfill(SN_TEMPLATE_MAX + 1, 'x');
	SnPaths *paths = paths_with("huge", huge, -1);
	static const char *const names[] = { "nothing", "", "../accounts.conf", ".hidden", "a/b" };
	SnTemplateFacts facts = { 0 };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;
		assert_null(sn_template_load(paths, names[i], &facts, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
		assert_non_null(strstr(error->message, "templates"));
	}
	g_autoptr(GError) error = NULL;
	assert_null(sn_template_load(paths, "huge", &facts, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	drop_paths(paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_spoken_of_in_many_languages),
		cmocka_unit_test(the_words_are_the_users),
		cmocka_unit_test(only_a_subject_is_one),
		cmocka_unit_test_setup_teardown(dropped_names_are_files, make_files, drop_files),
		cmocka_unit_test_setup_teardown(other_text_is_text, make_files, drop_files),
		cmocka_unit_test(base64_takes_a_third_more),
		cmocka_unit_test(a_signature_is_put_below_once_and_taken_away_again),
		cmocka_unit_test(a_template_is_filled_with_facts),
		cmocka_unit_test(a_template_that_is_none_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
