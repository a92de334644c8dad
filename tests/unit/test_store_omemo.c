/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store keeps of devices: who publishes them, how far they are trusted, what is sealed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <string.h>

#include "src/base/bell.h"
#include "src/store/omemo.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"

static void list(TmpStore *tmp, const char *jid, guint32 one, guint32 other)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GError) error = NULL;

	if (one)
		g_array_append_val(ids, one);
	if (other)
		g_array_append_val(ids, other);
	if (!sn_omemo_list_set(tmp->store, tmp->account, jid, ids, tmp->now, &error))
		fail_msg("%s", error->message);
}

static void identity(TmpStore *tmp, guint32 device, const char *text)
{
	g_autoptr(GBytes) key = g_bytes_new(text, strlen(text));

	assert_true(sn_omemo_identity_set(tmp->store, tmp->account, BOB, device, key, tmp->now, NULL));
}

static SnOmemoDevice *find(TmpStore *tmp, guint32 device)
{
	SnOmemoDevice *found = sn_omemo_device_find(tmp->store, tmp->account, BOB, device);

	assert_non_null(found);
	return found;
}

static void trust(TmpStore *tmp, guint32 device, SnTrust trust)
{
	g_autoptr(SnOmemoDevice) found = find(tmp, device);

	assert_true(sn_omemo_set_trust(tmp->store, found->id, trust, NULL));
}

static void assert_trust(TmpStore *tmp, guint32 device, SnTrust expected)
{
	g_autoptr(SnOmemoDevice) found = find(tmp, device);

	assert_int_equal(found->trust, expected);
}

static SnOmemoOutlook outlook(TmpStore *tmp)
{
	return sn_omemo_outlook(tmp->store, tmp->account, BOB);
}

static void first_use_is_trusted(void **state)
{
	TmpStore *tmp = *state;

	assert_int_equal(sn_omemo_list_time(tmp->store, tmp->account, BOB), 0);
	list(tmp, BOB, 1, 2);
	assert_int_equal(sn_omemo_list_time(tmp->store, tmp->account, BOB), tmp->now);
	assert_trust(tmp, 1, SN_TRUST_BLIND);
	assert_trust(tmp, 2, SN_TRUST_BLIND);
	list(tmp, BOB, 2, 3); /* 1 is published no more, 3 is another new one */
	g_autoptr(SnOmemoDevice) gone = find(tmp, 1);
	assert_false(gone->listed);
	assert_false(sn_omemo_device_counts(gone));
	assert_trust(tmp, 3, SN_TRUST_BLIND);
	g_autoptr(GPtrArray) all = sn_omemo_devices(tmp->store, tmp->account, BOB);
	assert_int_equal(all->len, 3);
	assert_int_equal(((SnOmemoDevice *)all->pdata[2])->device, 1); /* published ones first */
}

static void after_a_comparison_new_ones_wait(void **state)
{
	TmpStore *tmp = *state;

	list(tmp, BOB, 1, 2);
	identity(tmp, 1, "key one");
	trust(tmp, 1, SN_TRUST_VERIFIED);
	assert_trust(tmp, 2, SN_TRUST_BLIND); /* it was there before */
	list(tmp, BOB, 1, 3);
	assert_trust(tmp, 3, SN_TRUST_NEW);
	g_autoptr(SnOmemoDevice) new = find(tmp, 3);
	assert_false(sn_omemo_device_counts(new));
	list(tmp, "carol@example.test", 3, 0); /* that was about bob */
	g_autoptr(SnOmemoDevice) carol =
		sn_omemo_device_find(tmp->store, tmp->account, "carol@example.test", 3);
	assert_int_equal(carol->trust, SN_TRUST_BLIND);
	SnOmemoOutlook now = outlook(tmp);
	assert_int_equal(now.devices, 1);
	assert_int_equal(now.verified, 1);
	assert_int_equal(now.left_out, 1);
}

static void another_key_begins_anew(void **state)
{
	TmpStore *tmp = *state;

	list(tmp, BOB, 1, 0);
	identity(tmp, 1, "key one");
	g_autoptr(SnOmemoDevice) before = find(tmp, 1);
	assert_true(sn_omemo_set_name(tmp->store, before->id, "phone", NULL));
	trust(tmp, 1, SN_TRUST_VERIFIED);
	identity(tmp, 1, "key one"); /* the same says nothing new */
	g_autoptr(SnOmemoDevice) same = find(tmp, 1);
	assert_int_equal(same->trust, SN_TRUST_VERIFIED);
	assert_false(same->changed);
	assert_string_equal(same->name, "phone");
	identity(tmp, 1, "key two");
	g_autoptr(SnOmemoDevice) after = find(tmp, 1);
	assert_int_equal(after->trust, SN_TRUST_NEW);
	assert_true(after->changed);
	assert_null(after->name); /* that was the other one's */
	trust(tmp, 1, SN_TRUST_NO);
	identity(tmp, 1, "key three"); /* cannot shake that off */
	assert_trust(tmp, 1, SN_TRUST_NO);
}

static void what_is_said_beforehand(void **state)
{
	TmpStore *tmp = *state;
	SnOmemoOwn own = { .device = 5, .registration = 1, .signed_id = 1, .next_prekey = 101 };
	g_autoptr(GBytes) key = g_bytes_new("public", 6);

	SnOmemoOutlook now = outlook(tmp);
	assert_false(now.known || sn_omemo_outlook_encrypts(&now));
	list(tmp, BOB, 1, 0);
	now = outlook(tmp);
	assert_true(now.known);
	assert_false(sn_omemo_outlook_encrypts(&now)); /* no device of our own */
	own.identity = key;
	assert_true(sn_omemo_own_set(tmp->store, tmp->account, &own, NULL));
	now = outlook(tmp);
	assert_true(sn_omemo_outlook_encrypts(&now));
	assert_true(sn_omemo_set_mode(tmp->store, BOB, SN_OMEMO_OFF, NULL));
	now = outlook(tmp);
	assert_false(sn_omemo_outlook_encrypts(&now));
	assert_true(sn_omemo_set_mode(tmp->store, BOB, SN_OMEMO_AUTO, NULL));
	assert_true(sn_omemo_set_used(tmp->store, tmp->account, BOB, TRUE, NULL));
	list(tmp, BOB, 0, 0); /* whoever empties the list does not get the text in the clear */
	now = outlook(tmp);
	assert_int_equal(now.devices, 0);
	assert_true(sn_omemo_outlook_encrypts(&now));
	assert_true(sn_omemo_set_used(tmp->store, tmp->account, BOB, FALSE, NULL));
	now = outlook(tmp);
	assert_false(sn_omemo_outlook_encrypts(&now));
	assert_true(sn_omemo_set_mode(tmp->store, BOB, SN_OMEMO_ALWAYS, NULL));
	now = outlook(tmp);
	assert_true(sn_omemo_outlook_encrypts(&now));
}

static void a_device_that_fails_is_left_out(void **state)
{
	TmpStore *tmp = *state;

	list(tmp, BOB, 1, 2);
	g_autoptr(SnOmemoDevice) one = find(tmp, 1);
	assert_true(sn_omemo_device_failed(tmp->store, one->id, tmp->now, NULL));
	SnOmemoOutlook now = outlook(tmp);
	assert_int_equal(now.devices, 1);
	assert_int_equal(now.left_out, 1);
	assert_true(sn_omemo_device_failed(tmp->store, one->id, 0, NULL));
	now = outlook(tmp);
	assert_int_equal(now.devices, 2);
	assert_true(sn_omemo_device_seen(tmp->store, one->id, tmp->now, NULL));
	assert_true(sn_omemo_device_seen(tmp->store, one->id, tmp->now - 1000, NULL)); /* from the archive */
	g_autoptr(SnOmemoDevice) seen = find(tmp, 1);
	assert_int_equal(seen->last_seen, tmp->now);
	assert_true(sn_omemo_device_healed(tmp->store, one->id, 7, NULL));
	g_autoptr(SnOmemoDevice) healed = sn_omemo_device_get(tmp->store, one->id);
	assert_int_equal(healed->healed, 7);
}

static void secrets(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GBytes) one = g_bytes_new("\0one", 4), two = g_bytes_new("two", 3);
	SnStore *store = tmp->store;
	SnId account = tmp->account;

	assert_null(sn_omemo_secret_get(store, account, 1, BOB, 4));
	assert_true(sn_omemo_secret_set(store, account, 1, BOB, 4, one, NULL));
	assert_true(sn_omemo_secret_set(store, account, 1, BOB, 4, two, NULL));
	g_autoptr(GBytes) got = sn_omemo_secret_get(store, account, 1, BOB, 4);
	assert_true(g_bytes_equal(got, two));
	list(tmp, BOB, 4, 0);
	g_autoptr(SnOmemoDevice) device = find(tmp, 4);
	assert_true(device->session);
	for (guint32 id = 1; id <= 3; id++) {
		assert_true(sn_omemo_secret_set(store, account, 2, "", id, one, NULL));
		assert_true(sn_omemo_secret_set(store, account, 3, "", id, one, NULL));
	}
	assert_true(sn_omemo_secret_use(store, account, 2, 2, NULL));
	g_autoptr(GArray) left = sn_omemo_secret_ids(store, account, 2);
	assert_int_equal(left->len, 2);
	assert_int_equal(g_array_index(left, guint32, 1), 3);
	g_autoptr(GBytes) still = sn_omemo_secret_get(store, account, 2, "", 2);
	assert_non_null(still); /* not given out again, but of use for what is on its way */
	assert_true(sn_omemo_secret_tidy(store, account, 2, 3, NULL));
	assert_null(sn_omemo_secret_get(store, account, 2, "", 2));
	assert_null(sn_omemo_secret_get(store, account, 3, "", 1));
	g_autoptr(GBytes) newest = sn_omemo_secret_get(store, account, 3, "", 2);
	assert_non_null(newest);
	assert_true(sn_omemo_secret_remove(store, account, 1, BOB, 4, NULL));
	assert_null(sn_omemo_secret_get(store, account, 1, BOB, 4));
}

static void own_device(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GBytes) key = g_bytes_new("public", 6);
	SnOmemoOwn own = { .device = G_MAXINT32, .registration = 3, .identity = key, .signed_id = 2,
		           .signed_since = tmp->now, .next_prekey = 101, .published = TRUE };

	assert_null(sn_omemo_own_get(tmp->store, tmp->account));
	assert_true(sn_omemo_own_set(tmp->store, tmp->account, &own, NULL));
	tmpstore_reopen(tmp);
	g_autoptr(SnOmemoOwn) got = sn_omemo_own_get(tmp->store, tmp->account);
	assert_int_equal(got->device, G_MAXINT32);
	assert_int_equal(got->next_prekey, 101);
	assert_true(got->published);
	assert_true(g_bytes_equal(got->identity, key));
	assert_true(sn_omemo_own_published(tmp->store, tmp->account, FALSE, NULL));
	g_autoptr(SnOmemoOwn) later = sn_omemo_own_get(tmp->store, tmp->account);
	assert_false(later->published);
	assert_true(sn_omemo_secret_set(tmp->store, tmp->account, 0, "", 0, key, NULL));
	assert_true(sn_omemo_own_remove(tmp->store, tmp->account, NULL));
	assert_null(sn_omemo_own_get(tmp->store, tmp->account));
	assert_null(sn_omemo_secret_get(tmp->store, tmp->account, 0, "", 0));
}

/* Another client, and the engine, look again when something was said about a device. */
static void others_are_told(void **state)
{
	TmpStore *tmp = *state;
	SnStore *other = tmpstore_open(tmp, SN_STORE_CLIENT);
	SnBell *bell = sn_bell_open(sn_store_bell_path(other), NULL);

	assert_true(sn_bell_listen(bell, NULL));
	list(tmp, BOB, 1, 0);
	g_autoptr(SnOmemoDevice) device = find(tmp, 1);
	for (int what = 0; what < 4; what++) {
		struct pollfd rung = { sn_bell_fd(bell), POLLIN, 0 };
		sn_bell_answer(bell);
		switch (what) {
		case 0: assert_true(sn_omemo_set_trust(other, device->id, SN_TRUST_VERIFIED, NULL)); break;
		case 1: assert_true(sn_omemo_set_mode(other, BOB, SN_OMEMO_ALWAYS, NULL)); break;
		case 2: assert_true(sn_omemo_set_name(other, device->id, "phone", NULL)); break;
		case 3: assert_true(sn_omemo_set_used(other, tmp->account, BOB, TRUE, NULL)); break;
		}
		assert_int_equal(poll(&rung, 1, 30000), 1);
	}
	sn_bell_free(bell);
	sn_store_close(other);
}

static void words(void **state)
{
	SnOmemoMode mode;

	for (int i = SN_OMEMO_AUTO; i <= SN_OMEMO_ALWAYS; i++) {
		assert_true(sn_omemo_mode_parse(sn_omemo_mode_word((SnOmemoMode)i), &mode));
		assert_int_equal(mode, i);
	}
	assert_false(sn_omemo_mode_parse("sometimes", &mode));
	assert_true(sn_trust_used(SN_TRUST_BLIND) && sn_trust_used(SN_TRUST_VERIFIED));
	assert_false(sn_trust_used(SN_TRUST_NEW) || sn_trust_used(SN_TRUST_NO));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_use_is_trusted),
		TEST(after_a_comparison_new_ones_wait),
		TEST(another_key_begins_anew),
		TEST(what_is_said_beforehand),
		TEST(a_device_that_fails_is_left_out),
		TEST(secrets),
		TEST(own_device),
		TEST(others_are_told),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
