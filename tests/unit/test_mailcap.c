/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mailcap files: what they say, and what a hostile message can make of it (nothing). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/config/config.h"
#include "src/config/mailcap.h"

static const SnMailcapEntry *at(GPtrArray *entries, guint index)
{
	assert_true(index < entries->len);
	return entries->pdata[index];
}

static void entries_are_read_in_order(void **state)
{
	g_autoptr(GPtrArray) entries = sn_mailcap_parse(
		"# pictures\n\n"
		"image/*; feh %s; test=test -n \"$DISPLAY\"; description=\"A picture\"\n"
		"Text/HTML; w3m -dump -T text/html \\\n   -I %{charset} %s; copiousoutput; nametemplate=%s.html\r\n"
		"application/pdf ;zathura %s;needsTerminal\n"
		"audio; mpv %s\n"
		"text/x-odd; printf 'a\\;b'; COPIOUSOUTPUT\n");

	assert_int_equal(entries->len, 5);
	assert_string_equal(at(entries, 0)->type, "image/*");
	assert_string_equal(at(entries, 0)->command, "feh %s");
	assert_string_equal(at(entries, 0)->test, "test -n \"$DISPLAY\"");
	assert_false(at(entries, 0)->copious || at(entries, 0)->needs_terminal);
	assert_string_equal(at(entries, 1)->type, "text/html");
	assert_string_equal(at(entries, 1)->nametemplate, "%s.html");
	assert_true(at(entries, 1)->copious);
	assert_non_null(strstr(at(entries, 1)->command, "-I %{charset} %s"));
	assert_true(at(entries, 2)->needs_terminal);
	assert_string_equal(at(entries, 3)->type, "audio/*");
	assert_string_equal(at(entries, 4)->command, "printf 'a\\;b'");
	assert_true(at(entries, 4)->copious);
}

static void what_shows_nothing_is_no_entry(void **state)
{
	g_autofree char *endless = g_strnfill(100 * 1000, 'x');
	g_autofree char *text = g_strdup_printf("text/plain\n; less %%s\nte xt/plain; less\n/x; y\nx/; y\n"
	                                        "image/png;; print=lpr %%s\n"
	                                        "multipart/x; show %%n %%F\n\\\ntext/plain; %s\n\\", endless);
	g_autoptr(GPtrArray) entries = sn_mailcap_parse(text);

	assert_int_equal(entries->len, 0);
	GString *many = g_string_new(NULL);
	for (int i = 0; i < 10000; i++)
		g_string_append(many, "a/b; c\n");
	g_autoptr(GPtrArray) some = sn_mailcap_parse(many->str);
	assert_int_equal(some->len, 5000);
	g_string_free(many, TRUE);
}

static void a_star_stands_for_all_of_a_kind(void **state)
{
	g_autoptr(GPtrArray) entries = sn_mailcap_parse("image/*; a\nimage/png; b\nimage; c\n");

	for (guint i = 0; i < 3; i++)
		assert_true(sn_mailcap_fits(at(entries, i), "image/png"));
	assert_true(sn_mailcap_fits(at(entries, 0), "image/x-anything"));
	assert_false(sn_mailcap_fits(at(entries, 0), "imagery/png"));
	assert_false(sn_mailcap_fits(at(entries, 1), "image/pngs"));
	assert_true(sn_mailcap_fits(at(entries, 1), "Image/PNG"));
}

/* What a command prints when it runs with this file. */
static char *printed(const char *command, const SnMailcapFile *file)
{
	g_auto(GStrv) argv = sn_mailcap_argv(command, file);
	g_autoptr(GError) error = NULL;
	char *out = NULL;
	int status;

	assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL, &status,
	                         &error));
	return out;
}

static void commands_get_file_type_and_parameters(void **state)
{
	static const char *const parameters[] = { "Charset", "koi8-r", "name", "a.txt", NULL };
	const SnMailcapFile file = { "/dev/null", "text/plain", parameters };
	static const struct {
		const char *command, *printed;
	} cases[] = {
		{ "printf '[%%s]' %s", "[/dev/null]" },
		{ "printf '[%%s]' '%s'", "[/dev/null]" },
		{ "printf '[%%s]' \"%s\"", "[/dev/null]" },
		{ "printf '[%%s]' x'%s'y\"%t\"", "[x/dev/nullytext/plain]" },
		{ "printf '[%%s]' %{charset} %{nothing} %t", "[koi8-r][][text/plain]" },
		{ "printf '[%%s]' \"it's %s\"", "[it's /dev/null]" },
		{ "printf '[%%s]' \"\\\\\"%s\\\\\"\"", "[\"/dev/null\"]" },
		{ "printf a\\;printf b", "ab" },
		{ "printf a\\; printf b", "ab" },
		{ "printf '[%%s]' $(echo %s) `echo %t`", "[/dev/null][text/plain]" },
		{ "printf %%d 5; printf 100%", "5100" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = printed(cases[i].command, &file);
		assert_string_equal(text, cases[i].printed);
	}
}

static void a_command_without_a_name_reads_its_input(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-mailcap-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "it's.txt", NULL);
	const SnMailcapFile file = { path, "text/plain", NULL };

	assert_true(g_file_set_contents(path, "the text", -1, NULL));
	g_autofree char *text = printed("cat", &file), *more = printed("cat; echo %t # all", &file);
	g_autofree char *named = printed("cat %s", &file);
	assert_string_equal(text, "the text");
	assert_string_equal(more, "the texttext/plain\n");
	assert_string_equal(named, "the text");
	g_unlink(path);
	g_rmdir(dir);
}

/* Whatever stands in a message, in whatever quotes a mailcap has it, and even if a second shell reads
 * it again: no command of it runs. */
static void nothing_of_a_message_reaches_a_shell(void **state)
{
	static const char *const commands[] = {
		"true %s %t %{x}", "true '%s' '%t' '%{x}'", "true \"%s\" \"%t\" \"%{x}\"",
		"sh -c 'true %{x}'", "sh -c \"true %{x} %t\"", "true `echo %{x}`", "true $(echo %{x})",
		"eval true %{x} %t", "sh -c \"sh -c 'true %{x}'\"", "true \\\\%{x}", "true '\"%{x}\"'",
		"true \"'%{x}'\"", "true ${x:-%{x}}", "cat <<E\n%{x}\nE\n",
	};
	static const char *const evil[] = {
		"; touch MARK;", "$(touch MARK)", "`touch MARK`", "'; touch MARK; '", "\"; touch MARK; \"",
		"\ntouch MARK\n", "| touch MARK", "& touch MARK &", "'\"; touch MARK; \"'", "\\'; touch MARK #",
		"${IFS}touch${IFS}MARK", "*;touch${IFS}MARK", "-exec touch MARK ;",
	};
	g_autofree char *dir = g_dir_make_tmp("sennit-mailcap-XXXXXX", NULL);
	g_autofree char *mark = g_build_filename(dir, "mark", NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		for (gsize j = 0; j < G_N_ELEMENTS(evil); j++) {
			g_auto(GStrv) pieces = g_strsplit(evil[j], "MARK", -1);
			g_autofree char *value = g_strjoinv(mark, pieces);
			const char *const parameters[] = { "x", value, NULL };
			g_autofree char *name = sn_mailcap_name(NULL, value);
			g_autofree char *path = g_build_filename(dir, name, NULL);
			const SnMailcapFile file = { path, value, parameters };
			g_autofree char *out = printed(commands[i], &file);
			assert_false(g_file_test(mark, G_FILE_TEST_EXISTS));
		}
	g_rmdir(dir);
}

static void options_cannot_be_smuggled_in(void **state)
{
	static const char *const parameters[] = { "charset", "--output=/etc/x", NULL };
	const SnMailcapFile file = { "/dev/null", "-x", parameters };
	g_autofree char *text = printed("printf '[%%s]' %{charset} %t", &file);

	assert_string_equal(text, "[_-output_/etc/x][_x]");
}

static void names_are_harmless_and_end_as_wanted(void **state)
{
	static const struct {
		const char *template, *name, *wanted;
	} cases[] = {
		{ NULL, "plan.pdf", "plan.pdf" },
		{ NULL, "../../etc/passwd", "passwd" },
		{ NULL, ".bashrc", "_bashrc" },
		{ NULL, "-rf", "_rf" },
		{ NULL, "a b;c'd\"e$f`g\n.txt", "a_b_c_d_e_f_g_.txt" },
		{ NULL, "Über größe.pdf", "Über_größe.pdf" },
		{ NULL, "a\u202egnp.exe", "a_gnp.exe" },
		{ NULL, "", "file" },
		{ NULL, NULL, "file" },
		{ "%s.html", "page", "page.html" },
		{ "%s.html", "page.html", "page.html" },
		{ "%s.html", "page.php", "page.html" },
		{ "x-%s.png", "a.gif", "x-a.png" },
		{ "/etc/%s", "a.gif", "a.gif" }, /* a template stays in its directory */
		{ "index", "a.gif", "a.gif" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = sn_mailcap_name(cases[i].template, cases[i].name);
		assert_string_equal(name, cases[i].wanted);
	}
	g_autofree char *fill = g_strnfill(5000, 'x'), *endless = g_strconcat(fill, ".tar.gz", NULL);
	g_autofree char *cut = sn_mailcap_name(NULL, endless);
	assert_true(strlen(cut) < 120);
	assert_true(g_str_has_suffix(cut, ".gz"));
}

static void the_files_of_mailcaps_are_read(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-mailcap-XXXXXX", NULL);
	g_autofree char *one = g_build_filename(dir, "one", NULL), *two = g_build_filename(dir, "two", NULL);
	g_autofree char *paths = g_strdup_printf("%s:%s/none::%s", one, dir, two);

	assert_true(g_file_set_contents(one, "a/b; first\n", -1, NULL));
	assert_true(g_file_set_contents(two, "a/b; second", -1, NULL));
	g_setenv("MAILCAPS", paths, TRUE);
	g_autoptr(GPtrArray) entries = sn_mailcap_load();
	g_unsetenv("MAILCAPS");
	assert_int_equal(entries->len, 2);
	assert_string_equal(at(entries, 0)->command, "first");
	assert_string_equal(at(entries, 1)->command, "second");
	g_unlink(one);
	g_unlink(two);
	g_rmdir(dir);
}

static void sennit_conf_names_own_programs(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnConfig) config = sn_config_parse(
		NULL, "[open]\napplication/pdf = mupdf %s\nimage/* = chafa %s; copiousoutput\n"
		      "text/csv = column -s, -t; copiousoutput  # as a table\n", &error);

	assert_null(error);
	GPtrArray *open = sn_config_settings(config)->open;
	assert_int_equal(open->len, 3);
	assert_string_equal(at(open, 0)->command, "mupdf %s");
	assert_true(at(open, 1)->copious);
	assert_string_equal(at(open, 2)->command, "column -s, -t");
	g_autoptr(SnConfig) none = sn_config_parse(NULL, NULL, &error);
	assert_int_equal(sn_config_settings(none)->open->len, 0);
}

static void a_wrong_line_is_named(void **state)
{
	static const char *const wrong[] = { "[open]\npdf viewer = x\n", "[open]\nimage/png =\n",
		                             "[open]\nimage/png = a\nimage/png = b\n" };

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		assert_null(sn_config_parse(NULL, wrong[i], &error));
		assert_non_null(strstr(error->message, i == 2 ? "sennit.conf:3" : "sennit.conf:2"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_read_in_order),
		cmocka_unit_test(what_shows_nothing_is_no_entry),
		cmocka_unit_test(a_star_stands_for_all_of_a_kind),
		cmocka_unit_test(commands_get_file_type_and_parameters),
		cmocka_unit_test(a_command_without_a_name_reads_its_input),
		cmocka_unit_test(nothing_of_a_message_reaches_a_shell),
		cmocka_unit_test(options_cannot_be_smuggled_in),
		cmocka_unit_test(names_are_harmless_and_end_as_wanted),
		cmocka_unit_test(the_files_of_mailcaps_are_read),
		cmocka_unit_test(sennit_conf_names_own_programs),
		cmocka_unit_test(a_wrong_line_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
