/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sennit devices: fingerprints, trust, encryption of one person; what the doctor says of the keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "src/base/omemo.h"
#include "src/store/omemo.h"
#include "tests/lib/cli_desk.h"

#define BOB "bob@example.test"
#define PRINT "01010101 01010101 01010101 01010101 01010101 01010101 01010101 01010101"

static GBytes *key_of(void)
{
	guint8 key[33];

	memset(key, 1, sizeof key);
	key[0] = 5;
	return g_bytes_new(key, sizeof key);
}

/* One device of Bob's, with a key; its row. */
static SnId add_device(TmpStore *tmp)
{
	g_autoptr(GBytes) key = key_of();
	guint32 number = 42;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof number);

	tmpstore_im(tmp, SN_IN, BOB, "one", "Hello");
	g_array_append_val(ids, number);
	assert_true(sn_omemo_list_set(tmp->store, tmp->account, BOB, ids, tmp->now, NULL));
	assert_true(sn_omemo_identity_set(tmp->store, tmp->account, BOB, number, key, tmp->now, NULL));
	g_autoptr(SnOmemoDevice) device = sn_omemo_device_find(tmp->store, tmp->account, BOB, number);
	return device->id;
}

static void add_own(TmpStore *tmp, gboolean published)
{
	g_autoptr(GBytes) key = key_of();
	SnOmemoOwn own = { .device = 7, .registration = 1, .identity = key, .signed_id = 1,
		           .next_prekey = 101, .published = published };

	assert_true(sn_omemo_own_set(tmp->store, tmp->account, &own, NULL));
}

static SnTrust trust_of(TmpStore *tmp, SnId id)
{
	g_autoptr(SnOmemoDevice) device = sn_omemo_device_get(tmp->store, id);

	return device->trust;
}

/* What the screen says of an IM says the command line, too. */
static void a_device_that_was_left_out_is_said(void **state)
{
	CliDesk *desk = *state;
	SnStore *store = desk->tmp->store;
	guint32 numbers[] = { 42, 43 };
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(guint32));

	add_own(desk->tmp, TRUE);
	add_device(desk->tmp);
	g_array_append_vals(ids, numbers, 2);
	assert_true(sn_omemo_list_set(store, desk->tmp->account, BOB, ids, desk->tmp->now, NULL));
	g_autoptr(SnOmemoDevice) second = sn_omemo_device_find(store, desk->tmp->account, BOB, 43);
	assert_true(sn_omemo_set_trust(store, second->id, SN_TRUST_NO, NULL));
	/* before it goes */
	assert_int_equal(cli_desk_run(desk, "At four?", "send", "--to", BOB, "--via", "im",
	                              "--if-unavailable", "send", NULL), 0);
	assert_true(cli_desk_said(desk, "encrypted (1 device left out) IM to " BOB));
	g_autoptr(GPtrArray) all = sn_outbox_list(store, SN_OUTBOX_ALL, 0, 1, 0);
	const SnOutboxEntry *entry = all->pdata[0];
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, entry->id);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", id, NULL), 0);
	assert_null(strstr(desk->out, "security"));
	/* and after: as it went */
	assert_true(sn_message_set_secure(store, entry->message, SN_E2E_OPENED | SN_E2E_LEFT_OUT, NULL));
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", id, NULL), 0);
	assert_non_null(strstr(desk->out, "security  encrypted, a device was left out\n"));
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", NULL), 0);
	assert_non_null(strstr(desk->out, "(encrypted, a device was left out) At four?"));
	assert_int_equal(cli_desk_run(desk, NULL, "show", BOB, NULL), 0);
	assert_non_null(strstr(desk->out, "[encrypted]\n?   encrypted, a device was left out\n  At four?\n"));
	const char *const verbs[][3] = { { "outbox", "show", id }, { "show", BOB, NULL } };
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		assert_int_equal(cli_desk_run(desk, NULL, verbs[i][0], "--json", verbs[i][1], verbs[i][2],
		                              NULL), 0);
		json_t *array = cli_desk_json(desk);
		json_t *row = json_array_get(array, json_array_size(array) - 1);
		json_t *security = json_object_get(row, "security");
		assert_string_equal(json_string_value(json_object_get(security, "mark")), "?");
		assert_true(json_is_true(json_object_get(security, "encrypted")));
		assert_true(json_is_false(json_object_get(security, "verified")));
		assert_true(json_is_true(json_object_get(security, "device_left_out")));
		json_decref(array);
	}
}

static void how_an_im_went_and_came_is_said(void **state)
{
	static const struct {
		guint secure;
		const char *has, *has_not; /* of what "show" prints; NULL */
	} cases[] = {
		{ 0, NULL, "encrypted" },
		{ SN_E2E_OPENED, "[encrypted]\n  Hello\n", "?" },
		{ SN_E2E_CLEAR, "\n?   not encrypted\n  Hello\n", "[encrypted]" },
		{ SN_E2E_OPENED | SN_E2E_NEW, "\n?   encrypted, from a device you have not verified\n", NULL },
		{ SN_E2E_CLOSED_BY(SN_E2E_WHY_DAMAGED), "\n!!  could not be opened\n", "[encrypted]" },
	};
	CliDesk *desk = *state;
	SnId id = tmpstore_im(desk->tmp, SN_IN, BOB, "one", "Hello");

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		assert_true(sn_message_set_secure(desk->tmp->store, id, cases[i].secure, NULL));
		assert_int_equal(cli_desk_run(desk, NULL, "show", BOB, NULL), 0);
		if (cases[i].has && !strstr(desk->out, cases[i].has))
			fail_msg("%u: %s", cases[i].secure, desk->out);
		if (cases[i].has_not && strstr(desk->out, cases[i].has_not))
			fail_msg("%u: %s", cases[i].secure, desk->out);
	}
}

static void shows_and_trusts(void **state)
{
	CliDesk *desk = *state;
	SnId id = add_device(desk->tmp);
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, id);

	assert_int_equal(cli_desk_run(desk, NULL, "devices", BOB, NULL), 0);
	assert_non_null(strstr(desk->out, PRINT));
	assert_non_null(strstr(desk->out, "trusted"));
	assert_int_equal(cli_desk_run(desk, NULL, "devices", BOB, "--json", NULL), 0);
	json_t *array = cli_desk_json(desk), *row = json_array_get(array, 0);
	assert_string_equal(json_string_value(json_object_get(row, "fingerprint")), PRINT);
	assert_string_equal(json_string_value(json_object_get(row, "address")), BOB);
	assert_int_equal(json_integer_value(json_object_get(row, "device")), 42);
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "devices", "--verify", text, NULL), 0);
	assert_int_equal(trust_of(desk->tmp, id), SN_TRUST_VERIFIED);
	assert_int_equal(cli_desk_run(desk, NULL, "devices", "--distrust", text, NULL), 0);
	assert_int_equal(trust_of(desk->tmp, id), SN_TRUST_NO);
	assert_int_equal(cli_desk_run(desk, NULL, "devices", "--trust", text, NULL), 0);
	assert_int_equal(trust_of(desk->tmp, id), SN_TRUST_BLIND);
	assert_int_equal(cli_desk_run(desk, NULL, "devices", "--verify", "999", NULL), 3);
	assert_int_equal(cli_desk_run(desk, NULL, "devices", "nobody@example.test", NULL), 3);
}

static void encryption_of_one_person(void **state)
{
	CliDesk *desk = *state;

	add_device(desk->tmp);
	assert_int_equal(cli_desk_run(desk, NULL, "devices", BOB, "--encryption", "always", NULL), 0);
	assert_int_equal(sn_omemo_mode(desk->tmp->store, BOB), SN_OMEMO_ALWAYS);
	assert_int_equal(cli_desk_run(desk, NULL, "devices", BOB, "--encryption", "maybe", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "devices", "--encryption", "off", NULL), 2);
	assert_int_equal(sn_omemo_mode(desk->tmp->store, BOB), SN_OMEMO_ALWAYS);
}

static void own_devices(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "devices", NULL), 0);
	assert_null(strstr(desk->out, PRINT));
	add_own(desk->tmp, TRUE);
	assert_int_equal(cli_desk_run(desk, NULL, "devices", NULL), 0);
	assert_non_null(strstr(desk->out, "this one"));
	assert_non_null(strstr(desk->out, PRINT));
	assert_int_equal(cli_desk_run(desk, NULL, "devices", "--json", NULL), 0);
	json_t *array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 1);
	assert_true(json_is_true(json_object_get(json_array_get(array, 0), "this")));
	json_decref(array);
}

static void the_doctor_looks_at_the_keys(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *key = g_build_filename(desk->context.paths->data, "omemo.key", NULL);

	if (cli_desk_run(desk, NULL, "doctor", NULL) != 0)
		fail_msg("%s%s", desk->out, desk->err);
	assert_non_null(strstr(desk->out, "no keys yet"));
	add_own(desk->tmp, FALSE);
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 1);
	assert_non_null(strstr(desk->out, "omemo.key is gone"));
	assert_true(g_file_set_contents_full(key, "0123456789abcdef0123456789abcdef", 32,
	                                     G_FILE_SET_CONTENTS_NONE, 0644, NULL));
	g_chmod(key, 0644);
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 1);
	assert_non_null(strstr(desk->out, "chmod 600"));
	g_chmod(key, 0600);
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 0);
	assert_non_null(strstr(desk->out, "not published"));
	add_own(desk->tmp, TRUE);
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 0);
	assert_non_null(strstr(desk->out, "device 7: " PRINT));
	cli_desk_write(desk, "sennit.conf", "[im]\nomemo = false\n");
	cli_desk_forget(desk);
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 0);
	assert_non_null(strstr(desk->out, "switched off"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_desk_setup, cli_desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shows_and_trusts),
		TEST(a_device_that_was_left_out_is_said),
		TEST(how_an_im_went_and_came_is_said),
		TEST(encryption_of_one_person),
		TEST(own_devices),
		TEST(the_doctor_looks_at_the_keys),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
