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

static void dropped_names_are_files(void **state)
{
	const Files *files = *state;
	g_autofree char *quoted = g_shell_quote(files->blank);
	g_autofree char *uri = g_filename_to_uri(files->blank, NULL, NULL);
	g_autofree char *both = g_strdup_printf("%s %s ", files->plain, quoted);
	g_autofree char *lines = g_strdup_printf("%s\n%s\n", uri, files->plain);
	g_autofree char *trailing = g_strconcat(files->plain, " ", NULL);

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_spoken_of_in_many_languages),
		cmocka_unit_test(the_words_are_the_users),
		cmocka_unit_test(only_a_subject_is_one),
		cmocka_unit_test_setup_teardown(dropped_names_are_files, make_files, drop_files),
		cmocka_unit_test_setup_teardown(other_text_is_text, make_files, drop_files),
		cmocka_unit_test(base64_takes_a_third_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
