/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sennit outbox show: what became of each recipient. sennit send --read-receipt. And a store of which
 * something cannot be read: that is no empty answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/outcome.h"
#include "src/store/statement.h"
#include "tests/lib/cli_desk.h"

#define BOB "bob@example.test"

static SnId newest(CliDesk *desk)
{
	g_autoptr(GPtrArray) all = sn_outbox_list(desk->tmp->store, SN_OUTBOX_ALL, 0, 1, 0);

	assert_int_equal(all->len, 1);
	return ((SnOutboxEntry *)all->pdata[0])->id;
}

static char *send_mail(CliDesk *desk, const char *option, const char *value)
{
	assert_int_equal(cli_desk_run(desk, "At four?", "send", "--to", BOB, "--via", "mail",
	                              "--subject", "Tea", option, value, NULL),
	                 0);
	return g_strdup_printf("%" G_GINT64_FORMAT, newest(desk));
}

static void each_recipient_is_shown_with_what_was_heard(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *id = send_mail(desk, NULL, NULL);

	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", "--json", id, NULL), 0);
	json_t *array = cli_desk_json(desk);
	assert_null(json_object_get(json_array_get(array, 0), "recipients")); /* nothing heard */
	json_decref(array);
	assert_true(sn_outcome_set(desk->tmp->store, newest(desk), BOB, SN_FATE_FAILED,
	                           "the mailbox is full (5.2.2)\x1b[31m", "bounce", NULL, NULL));
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", id, NULL), 0);
	assert_non_null(strstr(desk->out, BOB ": failed, the mailbox is full (5.2.2)"));
	assert_null(strchr(desk->out, '\x1b'));
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", "--json", id, NULL), 0);
	array = cli_desk_json(desk);
	json_t *one = json_array_get(
		json_object_get(json_array_get(array, 0), "recipients"), 0);
	assert_string_equal(json_string_value(json_object_get(one, "address")), BOB);
	assert_string_equal(json_string_value(json_object_get(one, "state")), "failed");
	assert_non_null(json_object_get(one, "time"));
	json_decref(array);
}

static void a_read_receipt_is_asked_for_by_option(void **state)
{
	CliDesk *desk = *state;
	static const struct {
		const char *value;
		SnReadReceipt what;
	} cases[] = { { NULL, SN_READ_RECEIPT_DEFAULT },
		      { "yes", SN_READ_RECEIPT_YES },
		      { "no", SN_READ_RECEIPT_NO } };

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id =
			send_mail(desk, cases[i].value ? "--read-receipt" : NULL, cases[i].value);
		g_autoptr(SnOutboxEntry) entry = sn_outbox_get(desk->tmp->store, newest(desk), 0);
		assert_int_equal(entry->read_receipt, cases[i].what);
	}
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--read-receipt", "maybe", NULL),
	                 SN_EXIT_USAGE);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	CliDesk *desk = *state;
	static const char *const words[][3] = { { "show", BOB, NULL }, { "show", "--json", BOB },
		                                { "search", "--json", "rope" } };
	g_autoptr(GError) error = NULL;

	tmpstore_im(desk->tmp, SN_IN, BOB, "im-1", "Where is the rope?");
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		assert_int_equal(cli_desk_run(desk, NULL, words[i][0], words[i][1], words[i][2], NULL), 0);
	sn_sql_run(desk->tmp->store, "ALTER TABLE body RENAME COLUMN packed TO parcel", NULL, 0, &error);
	g_assert_no_error(error);
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		assert_int_equal(cli_desk_run(desk, NULL, words[i][0], words[i][1], words[i][2], NULL),
		                 sn_exit_for_code(SN_ERROR_CONFIG));
		assert_true(cli_desk_said(desk, "something could not be read: "));
		assert_true(cli_desk_said(desk, "Put it aside and start sennit"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_recipient_is_shown_with_what_was_heard,
		                                cli_desk_setup, cli_desk_teardown),
		cmocka_unit_test_setup_teardown(a_read_receipt_is_asked_for_by_option,
		                                cli_desk_setup, cli_desk_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_an_error,
		                                cli_desk_setup, cli_desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
