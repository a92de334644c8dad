/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices that encrypt for each other: sessions, order, loss, repetition, damage; keys at rest; files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/error.h"
#include "src/omemo/crypto.h"
#include "src/omemo/payload.h"
#include "src/omemo/ratchet.h"
#include "src/omemo/vault.h"
#include "tests/lib/omemo_peer.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"

/* What the device remembers now; device_restore() goes back there, as after a rollback. */
static GHashTable *snapshot(OmemoPeer *device)
{
	GHashTable *copy =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, device->kept);
	while (g_hash_table_iter_next(&iter, &key, &value))
		g_hash_table_insert(copy, g_strdup(key), g_bytes_ref(value));
	return copy;
}

static void restore(OmemoPeer *device, GHashTable *copy)
{
	g_hash_table_unref(device->kept);
	device->kept = copy;
}

static void begin(OmemoPeer *from, OmemoPeer *to)
{
	g_autoptr(SnOmemoBundle) bundle = omemo_peer_bundle(to);

	omemo_peer_begin(from, to->jid, to->id, bundle);
}

static SnOmemoSealed *say(OmemoPeer *from, OmemoPeer *to, const char *text)
{
	return omemo_peer_seal(from, to->jid, to->id, text);
}

static char *hear(OmemoPeer *to, OmemoPeer *from, const SnOmemoSealed *sealed, GError **error)
{
	return omemo_peer_open(to, from->jid, sealed, error);
}

static void hears(OmemoPeer *to, OmemoPeer *from, SnOmemoSealed *sealed, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = hear(to, from, sealed, &error);

	if (error)
		fail_msg("%s", error->message);
	assert_string_equal(text, expected);
}

static void says(OmemoPeer *from, OmemoPeer *to, const char *text)
{
	g_autoptr(SnOmemoSealed) sealed = say(from, to, text);

	hears(to, from, sealed, text);
}

static void cannot(OmemoPeer *to, OmemoPeer *from, const SnOmemoSealed *sealed, int code)
{
	g_autoptr(GError) error = NULL;

	assert_null(hear(to, from, sealed, &error));
	assert_true(g_error_matches(error, SN_RATCHET_ERROR, code));
}

/* ---- sessions ---- */

static void talk_both_ways(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);

	assert_false(sn_ratchet_has_session(alice->ratchet, BOB, 22));
	begin(alice, bob);
	assert_true(sn_ratchet_has_session(alice->ratchet, BOB, 22));
	says(alice, bob, "Zwölf Boxkämpfer \360\237\245\212");
	assert_int_equal(bob->used->len, 1); /* the prekey is not to be given out again */
	says(bob, alice, "An answer needs no bundle");
	for (int i = 0; i < 60; i++) {
		says(alice, bob, "one");
		says(alice, bob, "two");
		says(bob, alice, "three");
	}
	says(alice, bob, "");
	assert_non_null(g_hash_table_lookup(bob->identities, ALICE "/11"));
}

static void first_messages_begin_until_answered(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);

	begin(alice, bob);
	g_autoptr(SnOmemoSealed) one = say(alice, bob, "1"), two = say(alice, bob, "2");
	assert_true(sn_omemo_sealed_key(one, 22)->prekey);
	assert_true(sn_omemo_sealed_key(two, 22)->prekey);
	hears(bob, alice, two, "2"); /* the second comes first */
	hears(bob, alice, one, "1");
	says(bob, alice, "here");
	g_autoptr(SnOmemoSealed) three = say(alice, bob, "3");
	assert_false(sn_omemo_sealed_key(three, 22)->prekey);
}

static void order_does_not_matter(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);
	g_autoptr(GPtrArray) sent = g_ptr_array_new_with_free_func((GDestroyNotify)sn_omemo_sealed_free);

	begin(alice, bob);
	says(alice, bob, "hello");
	says(bob, alice, "hello");
	for (int i = 0; i < 20; i++) {
		g_autofree char *text = g_strdup_printf("%d", i);
		g_ptr_array_add(sent, say(alice, bob, text));
	}
	for (int i = 19; i >= 0; i--) {
		g_autofree char *text = g_strdup_printf("%d", i);
		if (i % 3) /* some never come */
			hears(bob, alice, sent->pdata[i], text);
	}
	says(bob, alice, "go on");
	says(alice, bob, "yes");
	hears(bob, alice, sent->pdata[0], "0"); /* far too late */
}

static void repeated_is_known_as_such(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);

	begin(alice, bob);
	g_autoptr(SnOmemoSealed) first = say(alice, bob, "first");
	hears(bob, alice, first, "first");
	cannot(bob, alice, first, SN_RATCHET_ERROR_DUPLICATE);
	says(bob, alice, "x");
	g_autoptr(SnOmemoSealed) next = say(alice, bob, "next");
	hears(bob, alice, next, "next");
	cannot(bob, alice, next, SN_RATCHET_ERROR_DUPLICATE);
	says(alice, bob, "still well");
}

/* The transaction in which it was opened did not come to its end. */
static void opened_again_after_a_rollback(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);

	begin(alice, bob);
	GHashTable *before = snapshot(bob);
	g_autoptr(SnOmemoSealed) first = say(alice, bob, "first");
	hears(bob, alice, first, "first");
	restore(bob, before);
	hears(bob, alice, first, "first");
	before = snapshot(bob);
	g_autoptr(SnOmemoSealed) next = say(alice, bob, "next");
	hears(bob, alice, next, "next");
	restore(bob, before);
	hears(bob, alice, next, "next");
	says(bob, alice, "all there");
}

static void what_cannot_be_kept_is_not_opened(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);

	begin(alice, bob);
	g_autoptr(SnOmemoSealed) first = say(alice, bob, "first");
	bob->full = TRUE;
	cannot(bob, alice, first, SN_RATCHET_ERROR_STORAGE);
	bob->full = FALSE;
	hears(bob, alice, first, "first");
}

static void without_session_or_prekey(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);
	g_autoptr(GBytes) key = g_bytes_new("0123456789abcdef0123456789abcdef", 32);
	g_autoptr(GError) error = NULL;

	assert_null(sn_ratchet_encrypt(alice->ratchet, BOB, 22, key, &error));
	assert_true(g_error_matches(error, SN_RATCHET_ERROR, SN_RATCHET_ERROR_NO_SESSION));
	begin(alice, bob);
	g_autoptr(SnOmemoSealed) first = say(alice, bob, "first");
	for (guint32 i = 1; i <= 5; i++)
		omemo_peer_forget(bob, SN_RATCHET_PREKEY, "", i);
	cannot(bob, alice, first, SN_RATCHET_ERROR_NO_PREKEY);
	/* bob lost everything: what goes on in the old session cannot be opened, a new one can */
	g_autoptr(OmemoPeer) anew = omemo_peer_new(BOB, 22);
	g_autoptr(OmemoPeer) carol = omemo_peer_new("carol@example.test", 33);
	begin(carol, anew);
	says(carol, anew, "hello");
	says(anew, carol, "hello");
	g_autoptr(SnOmemoSealed) old = say(carol, anew, "in the old session");
	g_autoptr(OmemoPeer) empty = omemo_peer_new(BOB, 22);
	cannot(empty, carol, old, SN_RATCHET_ERROR_NO_SESSION);
	begin(empty, carol);
	g_autoptr(SnOmemoSealed) healing = say(empty, carol, NULL);
	g_autoptr(GBytes) opened = sn_ratchet_decrypt(carol->ratchet, BOB, 22,
	                                              sn_omemo_sealed_key(healing, 33), NULL, NULL);
	assert_non_null(opened);
	says(carol, empty, "healed");
}

/* Both begin at the same time: whichever session wins, nothing is lost. */
static void both_begin(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);

	begin(alice, bob);
	begin(bob, alice);
	g_autoptr(SnOmemoSealed) from_alice = say(alice, bob, "a"), from_bob = say(bob, alice, "b");
	hears(bob, alice, from_alice, "a");
	hears(alice, bob, from_bob, "b");
	for (int i = 0; i < 5; i++) {
		says(alice, bob, "on");
		says(bob, alice, "and on");
	}
}

static void damage(GBytes **bytes, gsize at)
{
	gsize size;
	guint8 *data = g_bytes_unref_to_data(*bytes, &size);

	data[at % size] ^= 1;
	*bytes = g_bytes_new_take(data, size);
}

static void damaged_is_refused(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);

	begin(alice, bob);
	says(alice, bob, "hello");
	says(bob, alice, "hello");
	for (gsize at = 0; at < 200; at += 7) {
		g_autoptr(SnOmemoSealed) sealed = say(alice, bob, "secret");
		SnOmemoKey *key = sealed->keys->pdata[0];
		damage(&key->data, at);
		g_autoptr(GError) error = NULL;
		assert_null(hear(bob, alice, sealed, &error));
		assert_non_null(error);
	}
	g_autoptr(SnOmemoSealed) sealed = say(alice, bob, "secret");
	damage(&sealed->payload, 2);
	assert_null(hear(bob, alice, sealed, NULL)); /* the key is right, the text is not */
	says(alice, bob, "and on");
}

static void unsound_bundles(void **state)
{
	g_autoptr(OmemoPeer) alice = omemo_peer_new(ALICE, 11), bob = omemo_peer_new(BOB, 22);
	g_autoptr(OmemoPeer) mallory = omemo_peer_new("m@evil.test", 5);

	for (int what = 0; what < 5; what++) {
		g_autoptr(SnOmemoBundle) bundle = sn_ratchet_bundle(bob->ratchet, 1, bob->prekeys);
		g_autoptr(SnOmemoBundle) other =
			sn_ratchet_bundle(mallory->ratchet, 1, mallory->prekeys);
		g_autoptr(GError) error = NULL;
		switch (what) {
		case 0: damage(&bundle->signature, 3); break;
		case 1: /* a signed key of somebody else */
			g_bytes_unref(bundle->signed_key);
			bundle->signed_key = g_bytes_ref(other->signed_key);
			break;
		case 2:
			g_bytes_unref(bundle->identity);
			bundle->identity = g_bytes_new("short", 5);
			break;
		case 3: g_ptr_array_set_size(bundle->prekeys, 0); break;
		case 4:
			g_bytes_unref(bundle->signature);
			bundle->signature = g_bytes_new("", 0);
			break;
		}
		assert_false(sn_ratchet_begin(alice->ratchet, BOB, 22, bundle, &error));
		assert_non_null(error);
		assert_false(sn_ratchet_has_session(alice->ratchet, BOB, 22));
	}
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(guint32));
	guint32 missing = 77;
	g_array_append_val(gone, missing);
	assert_null(sn_ratchet_bundle(bob->ratchet, 1, gone));
	assert_null(sn_ratchet_bundle(bob->ratchet, 9, bob->prekeys));
}

static void fingerprints(void **state)
{
	guint8 key[33] = { 5, 0xab, 0x01 };
	g_autoptr(GBytes) bytes = g_bytes_new(key, sizeof key);
	g_autoptr(GBytes) other = g_bytes_new(key + 1, 32);
	g_autofree char *text = sn_omemo_fingerprint(bytes);

	assert_string_equal(text, "ab010000 00000000 00000000 00000000 "
	                          "00000000 00000000 00000000 00000000");
	assert_null(sn_omemo_fingerprint(other));
	assert_null(sn_omemo_fingerprint(NULL));
}

/* ---- keys at rest ---- */

static void vault(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-vault-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "key", NULL);
	g_autoptr(GBytes) secret = g_bytes_new("secret", 6);
	gboolean fresh = FALSE;
	g_autoptr(GError) error = NULL;
	struct stat status;

	g_autoptr(SnVault) first = sn_vault_open(path, &fresh, &error);
	assert_non_null(first);
	assert_true(fresh);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	g_autoptr(GBytes) sealed = sn_vault_seal(first, secret, "1 here");
	assert_null(memmem(g_bytes_get_data(sealed, NULL), g_bytes_get_size(sealed), "secret", 6));

	g_autoptr(SnVault) again = sn_vault_open(path, &fresh, &error);
	assert_false(fresh);
	g_autoptr(GBytes) opened = sn_vault_unseal(again, sealed, "1 here");
	assert_true(g_bytes_equal(opened, secret));
	assert_null(sn_vault_unseal(again, sealed, "2 there")); /* moved to another row */
	g_autoptr(SnVault) other = sn_vault_new();
	assert_null(sn_vault_unseal(other, sealed, "1 here"));
	g_autoptr(GBytes) cut = g_bytes_new_from_bytes(sealed, 0, 10);
	assert_null(sn_vault_unseal(again, cut, "1 here"));

	g_chmod(path, 0644);
	assert_null(sn_vault_open(path, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_PERMISSION));
	g_clear_error(&error);
	g_assert_true(g_file_set_contents(path, "short", 5, NULL));
	g_chmod(path, 0600);
	assert_null(sn_vault_open(path, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	g_remove(path);
	g_rmdir(dir);
}

/* ---- files ---- */

static void addresses_of_files(void **state)
{
	g_autofree char *fragment = NULL;
	g_autofree char *url = sn_file_address("aesgcm://up.example.test/a%20b.png#0a0b", &fragment);
	g_autofree char *back = sn_file_locked_address(url, fragment);

	assert_string_equal(url, "https://up.example.test/a%20b.png");
	assert_string_equal(fragment, "0a0b");
	assert_string_equal(back, "aesgcm://up.example.test/a%20b.png#0a0b");
	assert_null(sn_file_address("https://up.example.test/a#0a0b", NULL));
	assert_null(sn_file_address("aesgcm://up.example.test/a", NULL));
	assert_null(sn_file_address("aesgcm://#00", NULL));
	assert_null(sn_file_locked_address("http://up.example.test/a", "00"));
}

static void files(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-file-XXXXXX", NULL);
	g_autofree char *locked = g_build_filename(dir, "locked", NULL);
	g_autofree char *open = g_build_filename(dir, "open", NULL);
	g_autoptr(GBytes) plain = g_bytes_new("picture\0data", 12);
	g_autofree char *fragment = NULL, *text = NULL;
	g_autoptr(GBytes) sealed = sn_file_seal(plain, &fragment);
	g_autoptr(GError) error = NULL;
	gsize size, length;
	const char *data = g_bytes_get_data(sealed, &size);

	assert_int_equal(strlen(fragment), 88);
	assert_int_equal(size, 12 + 16);
	assert_true(g_file_set_contents(locked, data, (gssize)size, NULL));
	assert_true(sn_file_open(locked, open, fragment, 12, &error));
	assert_true(g_file_get_contents(open, &text, &length, NULL));
	assert_int_equal(length, 12);
	assert_memory_equal(text, "picture\0data", 12);

	g_remove(open);
	assert_false(sn_file_open(locked, open, fragment, 11, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_LIMIT));
	g_clear_error(&error);
	assert_false(sn_file_open(locked, open, "xx", 12, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	g_clear_error(&error);
	g_autofree char *changed = g_memdup2(data, size);
	changed[3] ^= 4;
	assert_true(g_file_set_contents(locked, changed, (gssize)size, NULL));
	assert_false(sn_file_open(locked, open, fragment, 12, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	assert_false(g_file_test(open, G_FILE_TEST_EXISTS)); /* nothing of it is there */
	g_remove(locked);
	g_rmdir(dir);
}

/* An address may promise anything, and a server may send anything for it. */
static void files_that_are_none(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-file-XXXXXX", NULL);
	g_autofree char *locked = g_build_filename(dir, "locked", NULL);
	g_autofree char *open = g_build_filename(dir, "open", NULL);
	g_autoptr(GBytes) plain = g_bytes_new("picture", 7);
	g_autofree char *fragment = NULL;
	g_autoptr(GBytes) sealed = sn_file_seal(plain, &fragment);
	gsize size;
	const char *data = g_bytes_get_data(sealed, &size);
	g_autofree char *odd = g_strndup(fragment, 87), *no_iv = g_strndup(fragment + 24, 64);
	g_autofree char *long_iv = g_strconcat("00000000", fragment, NULL);
	g_autofree char *longer = g_strconcat(fragment, "0011223344", NULL);
	g_autofree char *no_hex = g_strconcat("g", fragment + 1, NULL);
	g_autofree char *other = g_strconcat(fragment[0] == '0' ? "1" : "0", fragment + 1, NULL);
	const char *const keys[] = { NULL, "", odd, no_iv, long_iv, longer, no_hex, other };
	const gsize cut[] = { 0, 1, 15, 16, size - 1 };

	assert_true(g_file_set_contents(locked, data, (gssize)size, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autoptr(GError) error = NULL;
		assert_false(sn_file_open(locked, open, keys[i], 100, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	}
	for (gsize i = 0; i < G_N_ELEMENTS(cut); i++) {
		g_autoptr(GError) error = NULL;
		assert_true(g_file_set_contents(locked, data, (gssize)cut[i], NULL));
		assert_false(sn_file_open(locked, open, fragment, 100, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	}
	assert_false(g_file_test(open, G_FILE_TEST_EXISTS));
	g_remove(locked);
	g_rmdir(dir);
}

/* Written by another implementation: key and IV of NIST's GCM test case 4, 12 bytes of IV. */
static void known_answer(void **state)
{
	const guint8 key[] = { 0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c,
		               0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08 };
	const guint8 iv[] = { 0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88 };
	const guint8 head[] = { 0x42, 0x83, 0x1e, 0xc2 };
	const guint8 start[] = { 0xd9, 0x31, 0x32, 0x25 };
	g_autoptr(GBytes) secret = g_bytes_new(key, sizeof key);
	g_autoptr(GBytes) plain = g_bytes_new(start, sizeof start);
	g_autoptr(GBytes) sealed = sn_gcm_seal(secret, iv, sizeof iv, plain, NULL);

	assert_memory_equal(g_bytes_get_data(sealed, NULL), head, sizeof head);
	g_autoptr(GBytes) opened = sn_gcm_open(secret, iv, sizeof iv, sealed, NULL);
	assert_true(g_bytes_equal(opened, plain));
	assert_null(sn_gcm_open(secret, iv, sizeof iv, sealed, "said besides"));
}

static void numbers_are_in_range(void **state)
{
	for (int i = 0; i < 1000; i++) {
		guint32 number = sn_crypto_random_number(7);
		assert_in_range(number, 1, 7);
	}
	assert_int_equal(sn_crypto_random_number(1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(talk_both_ways),
		cmocka_unit_test(first_messages_begin_until_answered),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(repeated_is_known_as_such),
		cmocka_unit_test(opened_again_after_a_rollback),
		cmocka_unit_test(what_cannot_be_kept_is_not_opened),
		cmocka_unit_test(without_session_or_prekey),
		cmocka_unit_test(both_begin),
		cmocka_unit_test(damaged_is_refused),
		cmocka_unit_test(unsound_bundles),
		cmocka_unit_test(fingerprints),
		cmocka_unit_test(vault),
		cmocka_unit_test(addresses_of_files),
		cmocka_unit_test(files),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(known_answer),
		cmocka_unit_test(numbers_are_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
