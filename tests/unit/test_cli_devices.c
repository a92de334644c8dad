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
		TEST(encryption_of_one_person),
		TEST(own_devices),
		TEST(the_doctor_looks_at_the_keys),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
