/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grid, keys, typing, themes and key tables: the parts of the screen that need no store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/error.h"
#include "ui/binds.h"
#include "ui/edit.h"
#include "ui/grid.h"
#include "ui/theme.h"
#include "ui/ui.h"

#define FAMILY "\346\235\216" /* a character of two columns */

static const SnStyle plain;

static void assert_row(const SnGrid *grid, const char *wanted)
{
	g_autofree char *dump = sn_grid_dump(grid);

	*strchr(dump, '\n') = 0;
	assert_string_equal(dump, wanted);
}

/* ---- grid ---- */

static void text_is_clipped_between_clusters(void **state)
{
	SnGrid *grid = sn_grid_new(6, 2);

	assert_int_equal(sn_grid_text(grid, 0, 0, 4, plain, "abcdef", -1), 4);
	assert_row(grid, "abcd");
	sn_grid_clear(grid, plain);
	assert_int_equal(sn_grid_text(grid, 0, 0, 3, plain, FAMILY FAMILY, -1), 2);
	assert_row(grid, FAMILY);
	sn_grid_clear(grid, plain);
	assert_int_equal(sn_grid_text(grid, 3, 0, 99, plain, "abcdef", -1), 3);
	assert_int_equal(sn_grid_text(grid, 0, 5, 9, plain, "below", -1), 0);
	assert_row(grid, "   abc");
	sn_grid_free(grid);
}

static void half_of_a_wide_character_never_stays(void **state)
{
	SnGrid *grid = sn_grid_new(6, 1);

	sn_grid_text(grid, 0, 0, 6, plain, FAMILY FAMILY, -1);
	sn_grid_text(grid, 1, 0, 1, plain, "x", -1);
	assert_row(grid, " x" FAMILY);
	sn_grid_text(grid, 2, 0, 1, plain, "y", -1);
	assert_row(grid, " xy");
	sn_grid_free(grid);
}

static void control_characters_never_reach_the_terminal(void **state)
{
	SnGrid *grid = sn_grid_new(20, 1);

	sn_grid_text(grid, 0, 0, 20, plain, "a\033[2Jb\007\302\233c\177d", -1);
	for (int x = 0; x < 20; x++) {
		const char *text = sn_grid_at(grid, x, 0)->text;
		gunichar c = g_utf8_get_char(text);
		assert_false(c < 0x20 && c != 0);
		assert_false(c >= 0x7f && c < 0xa0);
	}
	sn_grid_free(grid);
}

static void combining_marks_share_a_cell(void **state)
{
	SnGrid *grid = sn_grid_new(6, 1);

	assert_int_equal(sn_grid_text(grid, 0, 0, 6, plain, "Cafe\314\201!", -1), 5);
	assert_string_equal(sn_grid_at(grid, 3, 0)->text, "e\314\201");
	assert_string_equal(sn_grid_at(grid, 4, 0)->text, "!");
	sn_grid_free(grid);
}

/* ---- keys ---- */

static void keys_read_back_as_written(void **state)
{
	static const char *const lines[] = { "gg", "<C-x>", "<A-1>", "<Tab>", "<C-A-Left>", "za", "?",
		                             "<S-Tab>", "<F5>", "<Space>", "<lt>", "\303\266" };

	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GArray) keys = sn_keys_parse(lines[i], &error);
		g_autofree char *again = NULL;
		assert_null(error);
		again = sn_keys_format((const SnKey *)keys->data, keys->len);
		assert_string_equal(again, lines[i]);
	}
}

static void unknown_keys_are_named(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_null(sn_keys_parse("<C-Foo>", &error));
	assert_non_null(strstr(error->message, "C-Foo"));
	g_clear_error(&error);
	assert_null(sn_keys_parse("", &error));
	assert_non_null(error);
}

/* ---- typing ---- */

static void type(SnEdit *edit, const char *text)
{
	for (; *text; text = g_utf8_next_char(text))
		sn_edit_key(edit, *text == '\n' ? 0 : g_utf8_get_char(text));
}

static void press(SnEdit *edit, const char *notation)
{
	g_autoptr(GArray) keys = sn_keys_parse(notation, NULL);

	for (guint i = 0; i < keys->len; i++)
		sn_edit_key(edit, g_array_index(keys, SnKey, i));
}

static void readline_keys_work(void **state)
{
	static const struct {
		const char *text, *keys, *wanted;
	} cases[] = {
		{ "one two three", "<C-w>", "one two " },
		{ "one two three", "<A-b><A-b><C-k>", "one " },
		{ "one two three", "<C-a><A-d>", " two three" },
		{ "one two three", "<A-b><C-u>", "three" },
		{ "one two", "<C-w><C-a><C-y>", "twoone " },
		{ "ab", "<C-t>", "ba" },
		{ "one two", "<C-a><A-u><A-c>", "ONE Two" },
		{ "abc", "<Left><Backspace>", "ac" },
		{ "abc", "<Home><Delete>", "bc" },
		{ "abc", "<C-a><C-f><C-d>", "ac" },
		{ "Cafe\314\201", "<Backspace>", "Caf" },
		{ "x" FAMILY, "<Left><Backspace>", FAMILY },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		SnEdit *edit = sn_edit_new(TRUE);
		type(edit, cases[i].text);
		press(edit, cases[i].keys);
		assert_string_equal(edit->text->str, cases[i].wanted);
		sn_edit_free(edit);
	}
}

static void pasted_text_is_clean(void **state)
{
	SnEdit *line = sn_edit_new(FALSE), *text = sn_edit_new(TRUE);

	sn_edit_insert(line, "two\nlines\033[31m");
	assert_null(strchr(line->text->str, '\n'));
	assert_null(strchr(line->text->str, '\033'));
	sn_edit_insert(text, "two\r\nlines");
	assert_string_equal(text->text->str, "two\nlines");
	sn_edit_free(line);
	sn_edit_free(text);
}

static void too_much_text_is_not_taken(void **state)
{
	SnEdit *edit = sn_edit_new(TRUE);
	g_autofree char *much = g_strnfill(SN_EDIT_MAX, 'x');

	sn_edit_insert(edit, much);
	assert_int_equal(edit->text->len, SN_EDIT_MAX);
	sn_edit_insert(edit, "y");
	assert_int_equal(edit->text->len, SN_EDIT_MAX);
	sn_edit_free(edit);
}

static void up_and_down_follow_what_is_seen(void **state)
{
	SnEdit *edit = sn_edit_new(TRUE);
	SnGrid *grid = sn_grid_new(10, 4);

	sn_edit_insert(edit, "a long line that wraps\nshort");
	sn_edit_draw(edit, grid, (SnRect){ 0, 0, 10, 4 }, plain, TRUE);
	assert_int_equal(grid->cursor_y, 3);
	assert_true(sn_edit_up(edit));
	sn_edit_draw(edit, grid, (SnRect){ 0, 0, 10, 4 }, plain, TRUE);
	assert_int_equal(grid->cursor_y, 2);
	assert_true(sn_edit_up(edit));
	assert_true(sn_edit_up(edit));
	assert_false(sn_edit_up(edit));
	assert_true(edit->cursor < 10);
	sn_grid_free(grid);
	sn_edit_free(edit);
}

/* ---- themes ---- */

static void every_shipped_theme_reads(void **state)
{
	g_autofree char *dir = g_build_filename(g_getenv("TOP_SRCDIR"), "themes", NULL);
	const char *const dirs[] = { dir, NULL };
	g_auto(GStrv) names = sn_theme_list(dirs);

	assert_true(g_strv_length(names) >= 8);
	for (char **name = names; *name; name++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(SnTheme) theme = sn_theme_load(*name, dirs, &error);
		if (!theme)
			fail_msg("%s", error->message);
	}
}

static void built_in_theme_is_the_shipped_one(void **state)
{
	g_autofree char *path =
		g_build_filename(g_getenv("TOP_SRCDIR"), "themes", "default-dark.theme", NULL);
	g_autofree char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, sn_theme_builtin_text);
}

static void monochrome_has_no_colours(void **state)
{
	g_autofree char *dir = g_build_filename(g_getenv("TOP_SRCDIR"), "themes", NULL);
	const char *const dirs[] = { dir, NULL };
	g_autoptr(SnTheme) theme = sn_theme_load("monochrome", dirs, NULL);

	for (int i = 0; i < SN_OBJ_COUNT; i++) {
		SnStyle style = sn_theme_style(theme, (SnObject)i);
		assert_int_equal(style.fg, SN_COLOUR_DEFAULT);
		assert_int_equal(style.bg, SN_COLOUR_DEFAULT);
	}
	assert_int_equal(sn_theme_name(theme, "bob").fg, SN_COLOUR_DEFAULT);
}

static void later_lines_and_wildcards_win(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnTheme) theme = sn_theme_parse(
		"colour.mine = #102030\nstate_*.fg = red\nstate_read.fg = mine\nselected.bg = 7\n", "t",
		&error);
	SnStyle over;

	assert_null(error);
	assert_int_equal(sn_theme_style(theme, SN_OBJ_STATE_FAILED).fg, SN_COLOUR_INDEX(1));
	assert_int_equal(sn_theme_style(theme, SN_OBJ_STATE_READ).fg, SN_COLOUR_RGB(0x102030));
	/* the selection leaves the colour of the text alone */
	over = sn_theme_over(theme, sn_theme_style(theme, SN_OBJ_STATE_READ), SN_OBJ_SELECTED);
	assert_int_equal(over.fg, SN_COLOUR_RGB(0x102030));
	assert_int_equal(over.bg, SN_COLOUR_INDEX(7));
}

static void bad_themes_say_where(void **state)
{
	static const char *const bad[] = { "\nno equals", "\nbar = red", "\nbar.fg = purplish",
		                           "\nbarr.fg = red", "\nbar.wide = true", "\nbar.bold = yes",
		                           "\nbar.fg = 256", "\nbar.fg = #12345", "\nnames.lightness = 101" };

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		assert_null(sn_theme_parse(bad[i], "my.theme", &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
		assert_true(g_str_has_prefix(error->message, "my.theme:2: "));
	}
}

/* The examples of XEP-0392 section 13.2. */
static void hues_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *name;
		double angle;
	} known[] = { { "Romeo", 327.255249 }, { "juliet@capulet.lit", 209.410400 },
		      { "\360\237\230\272", 331.199341 }, { "council", 359.994507 },
		      { "Board", 171.430664 } };

	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		assert_true(abs((int)((sn_hue_angle(known[i].name) - known[i].angle) * 1000)) < 2);
	/* HSLuv: grey has no chroma, red is red */
	assert_int_equal(sn_hsluv(0, 0, 100), 0xffffff);
	assert_int_equal(sn_hsluv(0, 100, 0), 0);
	assert_int_equal(sn_hsluv(12.177050630061776, 100, 53.23711559542509), 0xff0000);
	assert_int_equal(sn_colour_256(0xff0000), 196);
	assert_int_equal(sn_colour_256(0x808080), 244);
	assert_int_equal(sn_colour_16(0xfe0101), 9);
}

/* ---- key tables ---- */

static const char *run_of(SnBinds *binds, const char *context, const char *notation)
{
	const char *contexts[] = { context, "global", NULL };
	g_autoptr(GArray) keys = sn_keys_parse(notation, NULL);
	const char *command = NULL;
	SnBindResult result = sn_binds_lookup(binds, contexts, (const SnKey *)keys->data, keys->len,
	                                      &command);

	return result == SN_BIND_FOUND ? command : result == SN_BIND_PREFIX ? "..." : NULL;
}

static void nearer_contexts_win(void **state)
{
	SnBinds *binds = sn_binds_new();

	assert_string_equal(run_of(binds, "timeline", "r"), "reply");
	assert_string_equal(run_of(binds, "outbox", "r"), "entry retry");
	assert_string_equal(run_of(binds, "timeline", "g"), "...");
	assert_string_equal(run_of(binds, "timeline", "gg"), "move top");
	assert_null(run_of(binds, "timeline", "gx"));
	assert_null(run_of(binds, "compose-nothing", "r"));
	sn_binds_free(binds);
}

static void a_file_lays_over_the_table(void **state)
{
	SnBinds *binds = sn_binds_new();
	g_autoptr(GError) error = NULL;

	assert_true(sn_binds_parse(binds,
	                           "# mine\n[timeline]\nr = :reply all<Enter>\n<C-x>a = archive\nv =\n"
	                           "[global]\n<Equal> = :help<Enter>\n",
	                           "binds.conf", &error));
	assert_string_equal(run_of(binds, "timeline", "r"), "reply all");
	assert_string_equal(run_of(binds, "timeline", "<C-x>a"), "archive");
	assert_string_equal(run_of(binds, "timeline", "="), "help");
	assert_null(run_of(binds, "timeline", "v"));
	sn_binds_free(binds);
}

static void a_bad_file_changes_nothing(void **state)
{
	static const char *const bad[] = { "[timeline]\nr = :help\n[nowhere]\n", "[timeline]\nr = :help\n<X-y> = q\n",
		                           "[timeline]\nr = :help\nno equals sign\n" };

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		SnBinds *binds = sn_binds_new();
		g_autoptr(GError) error = NULL;
		assert_false(sn_binds_parse(binds, bad[i], "binds.conf", &error));
		assert_true(g_str_has_prefix(error->message, "binds.conf:3: "));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
		assert_string_equal(run_of(binds, "timeline", "r"), "reply");
		sn_binds_free(binds);
	}
}

typedef struct {
	GString *text;
	const char *context;
} Listing;

static void list_bind(const char *context, const char *keys, const char *command, const char *meaning,
                      gpointer data)
{
	Listing *listing = data;
	g_autofree char *binding = g_strdup_printf("%s = :%s<Enter>", keys, command);

	if (g_strcmp0(listing->context, context) != 0)
		g_string_append_printf(listing->text, "\n[%s]\n", context);
	listing->context = context;
	g_string_append_printf(listing->text, "# %s\n%s\n", meaning, binding);
}

/* docs/binds.conf is the table; UPDATE_GOLDEN=1 writes it. */
static void documented_keys_are_the_built_in_ones(void **state)
{
	g_autofree char *path = g_build_filename(g_getenv("TOP_SRCDIR"), "docs", "binds.conf", NULL);
	g_autofree char *text = NULL;
	g_autoptr(GString) wanted = g_string_new(
		"# The keys of sennit. These are built in; copy what you change into binds.conf in the\n"
		"# configuration directory. KEYS = :COMMAND<Enter>; an empty command takes a key away.\n"
		"# Sections say where a key counts; the nearer one wins.\n");
	Listing listing = { wanted, NULL };
	SnBinds *binds = sn_binds_new();
	g_autoptr(GError) error = NULL;

	sn_ui_each_bind(list_bind, &listing);
	if (g_getenv("UPDATE_GOLDEN"))
		assert_true(g_file_set_contents(path, wanted->str, -1, NULL));
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, wanted->str);
	/* and it reads as a binds.conf */
	if (!sn_binds_parse(binds, text, path, &error))
		fail_msg("%s", error->message);
	sn_binds_free(binds);
}

static void note_command(const char *group, const char *name, const char *arguments,
                         const char *meaning, gpointer data)
{
	g_hash_table_add(data, (gpointer)name);
}

static void check_bind(const char *context, const char *keys, const char *command,
                       const char *meaning, gpointer data)
{
	g_autofree char *name = g_strndup(command, strcspn(command, " "));

	if (!g_hash_table_contains(data, name))
		fail_msg("[%s] %s runs '%s', which is no command", context, keys, command);
	assert_true(meaning && *meaning);
}

static void every_key_runs_a_command(void **state)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

	sn_ui_each_command(note_command, names);
	assert_true(g_hash_table_size(names) > 60);
	sn_ui_each_bind(check_bind, names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_clipped_between_clusters),
		cmocka_unit_test(half_of_a_wide_character_never_stays),
		cmocka_unit_test(control_characters_never_reach_the_terminal),
		cmocka_unit_test(combining_marks_share_a_cell),
		cmocka_unit_test(keys_read_back_as_written),
		cmocka_unit_test(unknown_keys_are_named),
		cmocka_unit_test(readline_keys_work),
		cmocka_unit_test(pasted_text_is_clean),
		cmocka_unit_test(too_much_text_is_not_taken),
		cmocka_unit_test(up_and_down_follow_what_is_seen),
		cmocka_unit_test(every_shipped_theme_reads),
		cmocka_unit_test(built_in_theme_is_the_shipped_one),
		cmocka_unit_test(monochrome_has_no_colours),
		cmocka_unit_test(later_lines_and_wildcards_win),
		cmocka_unit_test(bad_themes_say_where),
		cmocka_unit_test(hues_are_those_of_the_standard),
		cmocka_unit_test(nearer_contexts_win),
		cmocka_unit_test(a_file_lays_over_the_table),
		cmocka_unit_test(a_bad_file_changes_nothing),
		cmocka_unit_test(documented_keys_are_the_built_in_ones),
		cmocka_unit_test(every_key_runs_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
