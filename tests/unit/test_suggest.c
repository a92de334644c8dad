/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom the user may mean: by whom they wrote to, lately and often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/suggest.h"
#include "tests/lib/tmpstore.h"

#define NOW (1000 * SN_DAY)

static SnId intern(TmpStore *tmp, const char *value, const char *name)
{
	return sn_address_intern(tmp->store, SN_CHANNEL_MAIL, value, name, NULL);
}

/* A letter of the user's; to, and perhaps a copy. */
static void write_to(TmpStore *tmp, SnTime time, const char *to, const char *cc)
{
	g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_OUT, to, NULL, "x", "text");

	m->time = time;
	if (cc)
		sn_message_add_party(m, SN_ROLE_CC, cc, NULL);
	assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
}

static void assert_suggests(TmpStore *tmp, const char *word, const char *wanted)
{
	g_autoptr(GPtrArray) list = sn_suggest(tmp->store, word, NOW, 20);
	g_autoptr(GString) found = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++)
		g_string_append_printf(found, "%s%s", i ? " " : "", ((SnSuggestion *)list->pdata[i])->value);
	assert_string_equal(found->str, wanted);
}

static void lately_and_often_comes_first(void **state)
{
	TmpStore *tmp = *state;

	intern(tmp, "rarely@x.test", NULL);
	intern(tmp, "often@x.test", NULL);
	intern(tmp, "once-a-lot@x.test", NULL);
	intern(tmp, "never@x.test", NULL);
	for (int i = 0; i < 40; i++)
		write_to(tmp, NOW - 700 * SN_DAY, "once-a-lot@x.test", NULL);
	for (int i = 0; i < 3; i++)
		write_to(tmp, NOW - SN_DAY, "often@x.test", NULL);
	write_to(tmp, NOW - 2 * SN_DAY, "rarely@x.test", NULL);
	assert_suggests(tmp, "", "often@x.test rarely@x.test once-a-lot@x.test");
	assert_suggests(tmp, "X.TEST", "often@x.test rarely@x.test once-a-lot@x.test");
	assert_suggests(tmp, "never", "");
}

static void who_gets_a_copy_counts_too(void **state)
{
	TmpStore *tmp = *state;

	intern(tmp, "a@x.test", NULL);
	intern(tmp, "b@x.test", "Bea");
	write_to(tmp, NOW, "a@x.test", "b@x.test");
	assert_suggests(tmp, "bea", "b@x.test");
}

static void a_word_is_found_at_its_beginning_first(void **state)
{
	TmpStore *tmp = *state;

	intern(tmp, "julian@x.test", NULL);
	intern(tmp, "ann@y.test", "Ann Lian");
	write_to(tmp, NOW, "julian@x.test", NULL);
	write_to(tmp, NOW, "julian@x.test", NULL);
	write_to(tmp, NOW, "ann@y.test", NULL);
	assert_suggests(tmp, "lia", "ann@y.test julian@x.test");
	assert_suggests(tmp, "J", "julian@x.test");
}

static void what_was_received_is_no_suggestion(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_IN, "news@x.test", NULL, "x", "text");

	assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
	assert_suggests(tmp, "", "");
}

static void odd_words_do_no_harm(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *longer = g_strnfill(100000, 'x');

	intern(tmp, "a@x.test", NULL);
	write_to(tmp, NOW, "a@x.test", NULL);
	assert_suggests(tmp, "%_'\"*", "");
	assert_suggests(tmp, "\xff\xfe", "");
	assert_suggests(tmp, longer, "");
	g_autoptr(GPtrArray) none = sn_suggest(tmp->store, "", NOW, 0);
	assert_int_equal(none->len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lately_and_often_comes_first),
		TEST(who_gets_a_copy_counts_too),
		TEST(a_word_is_found_at_its_beginning_first),
		TEST(what_was_received_is_no_suggestion),
		TEST(odd_words_do_no_harm),
	};

	return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
