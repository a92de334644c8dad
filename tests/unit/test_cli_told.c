/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sennit told: what others tell of a message, what came along, taking it away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/told.h"
#include "tests/lib/cli_desk.h"

#define BOB "bob@example.test"

typedef struct {
	SnId own, by;
	char own_text[32], by_text[32];
} Told;

static Told fill(TmpStore *tmp)
{
	Told told = { .own = tmpstore_mail(tmp, SN_OUT, BOB, "own@a", "Price", "I offer 400") };
	static const struct {
		const char *id, *body;
	} history[] = { { "own@a", "I offer 900\x1b[31m" }, { "older@a", "I would pay 950" } };

	told.by = tmpstore_mail(tmp, SN_IN, BOB, "by@b", "Re: Price", "As we said");
	for (gsize i = 0; i < G_N_ELEMENTS(history); i++) {
		g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_OUT, BOB, history[i].id, "Price",
		                                           history[i].body);
		m->carried = TRUE;
		m->carried_by = told.by;
		m->time -= 10 * SN_MINUTE;
		assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
	}
	g_snprintf(told.own_text, sizeof told.own_text, "%" G_GINT64_FORMAT, told.own);
	g_snprintf(told.by_text, sizeof told.by_text, "id:%" G_GINT64_FORMAT, told.by);
	return told;
}

static const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void both_texts_are_shown(void **state)
{
	CliDesk *desk = *state;
	Told told = fill(desk->tmp);

	assert_int_equal(cli_desk_run(desk, NULL, "told", "show", told.own_text, NULL), 0);
	assert_non_null(strstr(desk->out, "another text"));
	assert_non_null(strstr(desk->out, "I offer 900"));
	assert_null(strchr(desk->out, '\x1b'));
	assert_int_equal(cli_desk_run(desk, NULL, "told", "show", "--json", told.own_text, NULL), 0);
	json_t *array = cli_desk_json(desk), *one = json_array_get(array, 0);
	assert_int_equal(json_array_size(array), 1);
	assert_int_equal(json_integer_value(json_object_get(one, "by")), told.by);
	assert_true(json_is_false(json_object_get(one, "agrees")));
	assert_string_equal(json_string_value(json_array_get(json_object_get(one, "differs"), 0)),
	                    "text");
	assert_string_equal(text_of(one, "from"), "alice@example.test");
	json_decref(array);
}

static void a_timeline_says_what_is_disputed(void **state)
{
	CliDesk *desk = *state;
	gboolean disputed = FALSE, carrier = FALSE;

	fill(desk->tmp);
	assert_int_equal(cli_desk_run(desk, NULL, "show", BOB, NULL), 0);
	assert_non_null(strstr(desk->out, "[told otherwise by others]"));
	assert_non_null(strstr(desk->out, "[told by the sender]"));
	assert_int_equal(cli_desk_run(desk, NULL, "show", "--json", BOB, NULL), 0);
	json_t *array = cli_desk_json(desk);
	for (gsize i = 0; i < json_array_size(array); i++) {
		json_t *one = json_array_get(array, i), *list = json_object_get(one, "contradicted");
		const char *word = json_string_value(json_array_get(list, 0));
		disputed |= g_strcmp0(word, "text") == 0;
		carrier |= g_strcmp0(word, "earlier message") == 0 &&
		           json_integer_value(json_object_get(one, "brought")) == 2;
	}
	assert_true(disputed);
	assert_true(carrier);
	json_decref(array);
}

static void what_came_along_is_listed(void **state)
{
	CliDesk *desk = *state;
	Told told = fill(desk->tmp);

	assert_int_equal(cli_desk_run(desk, NULL, "told", "brought", told.by_text, NULL), 0);
	assert_non_null(strstr(desk->out, "as told"));
	assert_non_null(strstr(desk->out, "received"));
	assert_int_equal(cli_desk_run(desk, NULL, "told", "brought", "--json", told.by_text, NULL), 0);
	json_t *array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 2);
	json_decref(array);
}

static void removing_asks_unless_told_not_to(void **state)
{
	CliDesk *desk = *state;
	Told told = fill(desk->tmp);

	assert_int_equal(cli_desk_run(desk, "no\n", "told", "remove", told.by_text, NULL), 1);
	assert_int_equal(sn_carried_count(desk->tmp->store, told.by), 1);
	assert_int_equal(cli_desk_run(desk, "yes\n", "told", "remove", told.by_text, NULL), 0);
	assert_non_null(strstr(desk->out, "1 removed"));
	assert_int_equal(sn_message_find_mail(desk->tmp->store, "older@a"), 0);
	assert_int_equal(sn_message_find_mail(desk->tmp->store, "own@a"), told.own);
	assert_int_equal(cli_desk_run(desk, NULL, "told", "remove", told.by_text, NULL), 0);
	assert_non_null(strstr(desk->out, "0 removed"));
}

static void all_of_a_person_is_removed_by_name(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	assert_int_equal(cli_desk_run(desk, NULL, "told", "remove", "--yes", BOB, NULL), 0);
	assert_non_null(strstr(desk->out, "1 removed"));
}

static void what_is_not_there_is_said(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "told", "show", "4711", NULL), 3);
	assert_int_equal(cli_desk_run(desk, NULL, "told", "remove", "nobody@example.test", NULL), 3);
	assert_int_equal(cli_desk_run(desk, NULL, "told", "forget", "1", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "told", "show", NULL), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_desk_setup, cli_desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_texts_are_shown),
		TEST(a_timeline_says_what_is_disputed),
		TEST(what_came_along_is_listed),
		TEST(removing_asks_unless_told_not_to),
		TEST(all_of_a_person_is_removed_by_name),
		TEST(what_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
