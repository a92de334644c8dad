/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages: selection, scrolling, and what stays put when rows come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/text/styling.h"
#include "ui/page.h"

typedef struct {
	SnPage *page;
	SnTheme *theme;
	SnGrid *grid;
} Desk;

static int set_up(void **state)
{
	Desk *desk = g_new0(Desk, 1);

	desk->page = sn_page_new();
	desk->theme = sn_theme_builtin();
	desk->grid = sn_grid_new(30, 10);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	Desk *desk = *state;

	sn_page_free(desk->page);
	sn_theme_free(desk->theme);
	sn_grid_free(desk->grid);
	g_free(desk);
	return 0;
}

/* Items from..to, each of `height` lines "N.i". */
static void fill(Desk *desk, int from, int to, int height)
{
	sn_page_clear(desk->page, desk->theme, 30);
	for (int id = from; id <= to; id++)
		for (int line = 0; line < height; line++) {
			sn_page_line(desk->page, id, NULL);
			sn_page_addf(desk->page, SN_OBJ_DEFAULT, "%d.%d", id, line);
		}
}

static char *draw(Desk *desk, int rows)
{
	sn_grid_clear(desk->grid, (SnStyle){ 0 });
	sn_page_draw(desk->page, desk->grid, (SnRect){ 0, 0, 30, rows }, TRUE);
	return sn_grid_dump(desk->grid);
}

static void assert_shows(Desk *desk, int rows, const char *first)
{
	g_autofree char *dump = draw(desk, rows);

	*strchr(dump, '\n') = 0;
	assert_string_equal(dump, first);
}

static void first_item_is_selected(void **state)
{
	Desk *desk = *state;

	assert_int_equal(sn_page_selected(desk->page), 0);
	fill(desk, 5, 9, 1);
	assert_shows(desk, 3, "5.0");
	assert_int_equal(sn_page_selected(desk->page), 5);
	assert_int_equal(desk->grid->cursor_y, 0);
}

static void selection_stays_in_sight(void **state)
{
	Desk *desk = *state;

	fill(desk, 1, 20, 1);
	assert_shows(desk, 5, "1.0");
	assert_true(sn_page_move(desk->page, 7));
	assert_shows(desk, 5, "4.0");
	assert_int_equal(sn_page_selected(desk->page), 8);
	assert_int_equal(desk->grid->cursor_y, 4);
	assert_true(sn_page_move(desk->page, -100));
	assert_shows(desk, 5, "1.0");
	assert_false(sn_page_move(desk->page, -1));
}

static void selection_is_kept_by_id(void **state)
{
	Desk *desk = *state;

	fill(desk, 10, 30, 1);
	assert_shows(desk, 5, "10.0");
	sn_page_select(desk->page, 20);
	assert_shows(desk, 5, "16.0");
	/* ten new rows above: the same row, in the same place */
	fill(desk, 1, 30, 1);
	assert_shows(desk, 5, "16.0");
	assert_int_equal(sn_page_selected(desk->page), 20);
}

static void a_vanished_selection_passes_to_its_neighbour(void **state)
{
	Desk *desk = *state;

	fill(desk, 1, 9, 1);
	assert_shows(desk, 9, "1.0");
	sn_page_select(desk->page, 4);
	assert_shows(desk, 9, "1.0");
	sn_page_clear(desk->page, desk->theme, 30);
	for (int id = 1; id <= 9; id++)
		if (id != 4) {
			sn_page_line(desk->page, id, NULL);
			sn_page_add(desk->page, SN_OBJ_DEFAULT, "row");
		}
	assert_shows(desk, 9, "row");
	assert_int_equal(sn_page_selected(desk->page), 5);
}

static void tall_items_scroll_before_the_next(void **state)
{
	Desk *desk = *state;

	fill(desk, 1, 3, 12);
	assert_shows(desk, 5, "1.0");
	assert_true(sn_page_step(desk->page, 1));
	assert_int_equal(sn_page_selected(desk->page), 1);
	assert_shows(desk, 5, "1.2");
	for (int i = 0; i < 4; i++)
		assert_true(sn_page_step(desk->page, 1));
	assert_int_equal(sn_page_selected(desk->page), 2);
	assert_shows(desk, 5, "2.0");
	/* back up: the end of the item above comes first */
	assert_true(sn_page_step(desk->page, -1));
	assert_int_equal(sn_page_selected(desk->page), 1);
	assert_shows(desk, 5, "1.7");
}

static void a_timeline_keeps_its_end_in_sight(void **state)
{
	Desk *desk = *state;

	sn_page_set_anchor_bottom(desk->page, TRUE);
	fill(desk, 1, 3, 1);
	{
		g_autofree char *dump = draw(desk, 5);
		assert_string_equal(dump, "\n\n1.0\n2.0\n3.0\n\n\n\n\n\n");
	}
	sn_page_bottom(desk->page);
	fill(desk, 1, 20, 1);
	assert_shows(desk, 5, "16.0");
	/* who reads further up is left there */
	sn_page_select(desk->page, 4);
	assert_shows(desk, 5, "4.0");
	fill(desk, 1, 25, 1);
	assert_shows(desk, 5, "4.0");
	assert_false(sn_page_at_bottom(desk->page));
}

static void nobody_there_shows_the_end(void **state)
{
	Desk *desk = *state;
	g_autofree char *dump = NULL;

	sn_page_set_anchor_bottom(desk->page, TRUE);
	fill(desk, 1, 20, 1);
	sn_page_bottom(desk->page);
	assert_shows(desk, 5, "16.0");
	sn_page_move(desk->page, -2);
	fill(desk, 1, 25, 1);
	sn_page_draw(desk->page, desk->grid, (SnRect){ 0, 0, 30, 5 }, FALSE);
	dump = sn_grid_dump(desk->grid);
	assert_true(g_str_has_prefix(dump, "21.0\n"));
	assert_int_equal(sn_page_selected(desk->page), 18);
}

static void a_smaller_page_keeps_its_end_too(void **state)
{
	Desk *desk = *state;

	sn_page_set_anchor_bottom(desk->page, TRUE);
	fill(desk, 1, 20, 1);
	sn_page_bottom(desk->page);
	assert_shows(desk, 9, "12.0");
	assert_shows(desk, 5, "16.0");
}

static void scrolling_takes_the_selection_along(void **state)
{
	Desk *desk = *state;

	fill(desk, 1, 30, 1);
	assert_shows(desk, 5, "1.0");
	sn_page_scroll(desk->page, 10);
	assert_shows(desk, 5, "11.0");
	assert_int_equal(sn_page_selected(desk->page), 11);
	sn_page_scroll(desk->page, -8);
	assert_shows(desk, 5, "3.0");
	assert_int_equal(sn_page_selected(desk->page), 7);
	/* at the end, scrolling still reaches the last row */
	sn_page_scroll(desk->page, 100);
	sn_page_scroll(desk->page, 100);
	assert_int_equal(sn_page_selected(desk->page), 30);
}

static void text_is_found_whatever_its_case(void **state)
{
	Desk *desk = *state;

	sn_page_clear(desk->page, desk->theme, 30);
	for (int id = 1; id <= 9; id++) {
		sn_page_line(desk->page, id, NULL);
		sn_page_add(desk->page, SN_OBJ_DEFAULT, id % 4 == 0 ? "The Rope" : "other");
	}
	assert_shows(desk, 3, "other");
	assert_true(sn_page_find(desk->page, "rope", 1));
	assert_int_equal(sn_page_selected(desk->page), 4);
	assert_true(sn_page_find(desk->page, "ROPE", 1));
	assert_int_equal(sn_page_selected(desk->page), 8);
	assert_true(sn_page_find(desk->page, "rope", 1));
	assert_int_equal(sn_page_selected(desk->page), 4);
	assert_true(sn_page_find(desk->page, "rope", -1));
	assert_int_equal(sn_page_selected(desk->page), 8);
	assert_false(sn_page_find(desk->page, "anchor", 1));
}

static void the_right_part_wins(void **state)
{
	Desk *desk = *state;

	sn_page_clear(desk->page, desk->theme, 30);
	sn_page_line(desk->page, 1, NULL);
	sn_page_add(desk->page, SN_OBJ_DEFAULT, "a title that is much too long to fit");
	sn_page_right(desk->page, SN_OBJ_DEFAULT, "10:42");
	assert_shows(desk, 3, "a title that is much to\342\200\246 10:42");
}

/* One letter for each cell of a row, the gutter left out: b bold, i italic, + both, '.' none. */
static char *attributes(Desk *desk, int y, int columns)
{
	GString *out = g_string_new(NULL);

	for (int x = 1; x < columns; x++) {
		guint attrs = sn_grid_at(desk->grid, x, y)->style.attrs;
		gboolean bold = attrs & SN_ATTR_BOLD, italic = attrs & SN_ATTR_ITALIC;
		g_string_append_c(out, bold && italic ? '+' : bold ? 'b' : italic ? 'i' : '.');
	}
	return g_string_free(out, FALSE);
}

static void styles_go_on_over_broken_lines(void **state)
{
	static const char text[] = "a *strong thing that is broken over lines* and\n_more of_ it "
	                           "*https://a.test/b*";
	Desk *desk = *state;
	g_autoptr(GArray) runs = sn_text_styling(text);

	sn_page_set_gutter(desk->page, TRUE); /* the selection has no style of its own then */
	sn_page_clear(desk->page, desk->theme, 30);
	sn_page_style_runs(desk->page, runs, 0);
	sn_page_wrap(desk->page, 1, NULL, 2, (SnStyle){ 0 }, text);
	sn_page_style_runs(desk->page, NULL, 0);
	sn_page_wrap(desk->page, 2, NULL, 2, (SnStyle){ 0 }, "*a*");
	g_autofree char *dump = draw(desk, 10);
	g_auto(GStrv) lines = g_strsplit(dump, "\n", -1);
	g_autofree char *first = attributes(desk, 0, 30), *second = attributes(desk, 1, 30);
	g_autofree char *third = attributes(desk, 2, 30), *last = attributes(desk, 4, 30);
	assert_non_null(strstr(lines[0], "a *strong thing that is"));
	assert_string_equal(first, "....bbbbbbbbbbbbbbbbbbbbb....");
	assert_non_null(strstr(lines[1], "broken over lines* and"));
	assert_string_equal(second, "..bbbbbbbbbbbbbbbbbb.........");
	assert_non_null(strstr(lines[2], "_more of_ it"));
	assert_string_equal(third, "..iiiiiiiii..................");
	assert_non_null(strstr(lines[3], "*https://a.test/b*"));
	assert_true(sn_grid_at(desk->grid, 4, 3)->style.attrs & SN_ATTR_BOLD);
	assert_true(sn_grid_at(desk->grid, 4, 3)->link != 0);
	assert_non_null(strstr(lines[4], "*a*"));
	assert_string_equal(last, ".............................");
}

/* The style of a cell is that of what was found. */
static gboolean is_match(Desk *desk, int x, int y)
{
	SnStyle plain = sn_theme_style(desk->theme, SN_OBJ_BODY);
	SnStyle match = sn_theme_over(desk->theme, plain, SN_OBJ_MATCH);

	return memcmp(&sn_grid_at(desk->grid, x, y)->style, &match, sizeof match) == 0;
}

static void what_was_searched_for_is_marked(void **state)
{
	static const char *const words[] = { "rope", "bo*", NULL };
	Desk *desk = *state;

	sn_page_clear(desk->page, desk->theme, 30);
	sn_page_sought(desk->page, words);
	sn_page_line(desk->page, 0, NULL);
	sn_page_add_sought(desk->page, SN_OBJ_BODY, "a Rope, ropes, a boat");
	sn_page_wrap(desk->page, 0, NULL, 2, sn_theme_style(desk->theme, SN_OBJ_BODY), "its rope");
	g_autofree char *drawn = draw(desk, 3);
	assert_non_null(strstr(drawn, "a Rope, ropes, a boat\n  its rope\n"));
	for (int x = 0; x < 21; x++)
		assert_int_equal(is_match(desk, x, 0), (x >= 2 && x < 6) || (x >= 17 && x < 19));
	for (int x = 0; x < 10; x++)
		assert_int_equal(is_match(desk, x, 1), x >= 6);
	sn_page_clear(desk->page, desk->theme, 30);
	sn_page_line(desk->page, 0, NULL);
	sn_page_add_sought(desk->page, SN_OBJ_BODY, "a Rope");
	g_free(drawn);
	drawn = draw(desk, 3);
	assert_false(is_match(desk, 2, 0));
}

static void a_click_names_its_row(void **state)
{
	Desk *desk = *state;

	fill(desk, 1, 30, 2);
	g_free(draw(desk, 6));
	sn_page_select(desk->page, 10);
	g_free(draw(desk, 6));
	assert_int_equal(sn_page_hit(desk->page, 0), 8);
	assert_int_equal(sn_page_hit(desk->page, 5), 10);
	assert_int_equal(sn_page_hit(desk->page, 6), 0);
	assert_int_equal(sn_page_hit(desk->page, -1), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(first_item_is_selected),
		T(selection_stays_in_sight),
		T(selection_is_kept_by_id),
		T(a_vanished_selection_passes_to_its_neighbour),
		T(tall_items_scroll_before_the_next),
		T(a_timeline_keeps_its_end_in_sight),
		T(nobody_there_shows_the_end),
		T(a_smaller_page_keeps_its_end_too),
		T(scrolling_takes_the_selection_along),
		T(text_is_found_whatever_its_case),
		T(the_right_part_wins),
		T(styles_go_on_over_broken_lines),
		T(what_was_searched_for_is_marked),
		T(a_click_names_its_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
