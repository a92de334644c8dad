/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of signed and encrypted emails when they are filed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/sync_private.h"
#include "src/mime/gpg.h"
#include "src/store/peer.h"
#include "tests/unit/engine_bench.h"
#include "tests/unit/gpg_world.h"

static GpgWorld *keys;

static int set_up(void **state)
{
	sn_mime_init();
	keys = gpg_world_new(FALSE);
	return 0;
}

static int tear_down(void **state)
{
	gpg_world_free(keys);
	return 0;
}

static SnBench *bench(gboolean index)
{
	if (!keys) {
		print_message("gpg is not installed\n");
		skip();
	}
	g_autofree char *settings = g_strdup_printf("[crypto]\ngnupg-home = %s\nindex-decrypted = %s\n",
	                                            keys->alice, index ? "true" : "false");
	return sn_bench_new(NULL, settings, SN_STORE_ENGINE);
}

static SnId file(SnBench *bench, const char *raw)
{
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	g_autoptr(GError) error = NULL;
	SnId id = 0;

	if (!sn_ingest_mail(bench->store, bench->config, NULL, sn_account_find(bench->store, "home"), 0, 0,
	                    NULL, 0, 1795343400000, bytes, &id, NULL, &error))
		fail_msg("%s", error->message);
	return id;
}

static guint found(SnBench *bench, const char *word)
{
	g_autoptr(SnQuery) query = sn_query_parse(word, NULL, NULL);
	g_autoptr(GPtrArray) hits = sn_message_search(bench->store, query, 0, 0, 10, 0, NULL);

	return hits->len;
}

#define SECRET "Content-Type: text/plain; hp=\"cipher\"\nSubject: Where it is\n\nUnder the gooseberry.\n"

static void decrypted_text_is_not_kept_unless_the_user_says_so(void **state)
{
	SnBench *self = bench(FALSE);
	g_autofree char *raw = gpg_world_encrypted_mail(keys, "bob", "bob", SECRET);
	g_autoptr(SnMessage) message = sn_message_get(self->store, file(self, raw), SN_MESSAGE_FULL);

	assert_true(message->encrypted);
	assert_int_equal(message->secure, SN_SECURE_ENCRYPTED);
	assert_string_equal(message->body, "");
	assert_string_equal(message->subject, "The mill");
	assert_int_equal(found(self, "gooseberry"), 0);
	sn_bench_free(self);
}

static void the_user_may_have_it_searched(void **state)
{
	SnBench *self = bench(TRUE);
	g_autofree char *raw = gpg_world_encrypted_mail(keys, "bob", "bob", SECRET);
	g_autofree char *block = gpg_world_encrypt(keys, NULL, "alice", "rhubarb\n");
	g_autofree char *beside = g_strdup_printf("From: m@evil.test\nMessage-ID: <b@evil.test>\n\n"
	                                          "Please look at this:\n%s", block);
	g_autoptr(SnMessage) message = sn_message_get(self->store, file(self, raw), SN_MESSAGE_FULL);

	assert_true(message->encrypted); /* it still does not travel in the clear */
	assert_string_equal(message->body, "Under the gooseberry.");
	assert_string_equal(message->subject, "Where it is");
	assert_int_equal(found(self, "gooseberry"), 1);
	/* what a stranger put beside other text is not opened for that */
	file(self, beside);
	assert_int_equal(found(self, "rhubarb"), 0);
	sn_bench_free(self);
}

static void what_is_signed_is_kept_as_it_is(void **state)
{
	SnBench *self = bench(FALSE);
	g_autofree char *raw = gpg_world_signed_mail(keys, "bob", "bob", GPG_WORLD_ENTITY);
	g_autoptr(SnMessage) message = sn_message_get(self->store, file(self, raw), SN_MESSAGE_FULL);
	g_autoptr(GBytes) kept = sn_message_raw(self->store, message->id, NULL);

	assert_int_equal(message->secure, SN_SECURE_SIGNED);
	assert_false(message->encrypted);
	assert_int_equal(found(self, "mill"), 1);
	assert_int_equal(g_bytes_get_size(kept), strlen(raw));
	assert_memory_equal(g_bytes_get_data(kept, NULL), raw, strlen(raw));
	sn_bench_free(self);
}

/* ---- keys that come along (Autocrypt) ---- */

static char *minimal(const char *who)
{
	SnGpg gpg = { .home = keys->others };
	g_autofree char *address = g_strdup_printf("%s@example.test", who);
	g_autoptr(GPtrArray) found = sn_gpg_keys(&gpg, FALSE, FALSE, address);
	g_autoptr(GBytes) key =
		sn_gpg_minimal_key(&gpg, ((SnKey *)found->pdata[0])->fingerprint, address, NULL);

	assert_non_null(key);
	return sn_autocrypt_format("Autocrypt", address, TRUE, key);
}

static SnId file_in(SnBench *bench, const char *role, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *raw = g_strdup_vprintf(format, list);
	va_end(list);
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	SnPrepared *prepared = sn_prepare_mail(bench->config, NULL, bytes, 1795343400000);
	SnAfter *after = sn_after_new(NULL);
	SnPlace place = { .account = sn_account_find(bench->store, "home"), .role = role,
		          .received = 1795343400000, .quiet = TRUE };
	SnId id = 0;

	assert_true(sn_store_begin(bench->store, NULL));
	assert_true(sn_file_mail(bench->store, bench->config, after, prepared, &place, &id, NULL, NULL));
	assert_true(sn_store_commit(bench->store, NULL));
	sn_after_free(after);
	sn_prepared_free(prepared);
	return id;
}

#define LETTER "To: alice@example.test\r\nSubject: x\r\nMessage-ID: <%d@example.test>\r\n" \
	"Date: Thu, %d Aug 2026 10:00:00 +0000\r\n\r\nHello.\r\n"

static void a_key_that_comes_with_an_email_is_noted_with_its_sender(void **state)
{
	SnBench *bench = sn_bench_new(NULL, NULL, SN_STORE_ENGINE);
	g_autofree char *frank = keys ? minimal("frank") : NULL;

	if (!frank)
		skip();
	file_in(bench, "junk", "From: frank@example.test\r\n%s" LETTER, frank, 1, 10);
	assert_null(sn_peer_get(bench->store, "frank@example.test"));
	/* the newest first, as they come in when an account is new: the last one has no key */
	file_in(bench, NULL, "From: frank@example.test\r\n" LETTER, 2, 25);
	file_in(bench, NULL, "From: frank@example.test\r\n%s" LETTER, frank, 3, 20);
	file_in(bench, NULL, "From: bob@example.test\r\n%s" LETTER, frank, 4, 21);
	g_autoptr(SnPeer) peer = sn_peer_get(bench->store, "frank@example.test");
	assert_non_null(peer);
	assert_true(peer->mutual);
	assert_int_equal(peer->last_seen - peer->key_time, 5 * SN_DAY);
	assert_null(sn_peer_get(bench->store, "bob@example.test"));
	/* what is dated in the future counts as of now */
	file_in(bench, NULL, "From: frank@example.test\r\n%sSubject: y\r\nMessage-ID: <5@example.test>\r\n"
	        "Date: Thu, 20 Aug 2099 10:00:00 +0000\r\n\r\nHello.\r\n", frank);
	g_autoptr(SnPeer) now = sn_peer_get(bench->store, "frank@example.test");
	assert_true(now->key_time <= sn_clock_now(NULL));
	/* a carried or an own one says nothing of anybody */
	file_in(bench, NULL, "From: alice@example.test\r\n%s" LETTER, frank, 6, 22);
	assert_null(sn_peer_get(bench->store, "alice@example.test"));
	sn_bench_free(bench);
}

static void what_the_server_found_false_brings_no_key(void **state)
{
	SnBench *bench = sn_bench_new(
		"[home]\nfrom = Alice <alice@example.test>\nsource = imaps://alice@example.test\n"
		"outgoing = smtps://alice@example.test\npassword-command = echo secret\n"
		"authserv-id = mx.example.test\n", NULL, SN_STORE_ENGINE);
	g_autofree char *frank = keys ? minimal("frank") : NULL;

	if (!frank)
		skip();
	const SnAccount *account = sn_config_account(bench->config, 0);
	for (int pass = 0; pass < 2; pass++) {
		g_autofree char *raw = g_strdup_printf(
			"Authentication-Results: mx.example.test; dmarc=%s header.from=example.test\r\n"
			"From: frank@example.test\r\n%s" LETTER, pass ? "pass" : "fail", frank, pass, 10);
		g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
		SnId id = 0;
		assert_non_null(account->authserv_id);
		assert_true(sn_ingest_mail(bench->store, bench->config, NULL,
		                           sn_account_find(bench->store, "home"), 0, 0, NULL, 0,
		                           1795343400000, bytes, &id, NULL, NULL));
		g_autoptr(SnPeer) peer = sn_peer_get(bench->store, "frank@example.test");
		assert_int_equal(peer != NULL, pass);
	}
	sn_bench_free(bench);
}

static void who_does_not_want_it_keeps_no_keys(void **state)
{
	SnBench *bench = sn_bench_new(NULL, "[crypto]\nautocrypt = false\n", SN_STORE_ENGINE);
	g_autofree char *frank = keys ? minimal("frank") : NULL;

	if (!frank)
		skip();
	file_in(bench, NULL, "From: frank@example.test\r\n%s" LETTER, frank, 1, 10);
	assert_null(sn_peer_get(bench->store, "frank@example.test"));
	sn_bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decrypted_text_is_not_kept_unless_the_user_says_so),
		cmocka_unit_test(the_user_may_have_it_searched),
		cmocka_unit_test(what_is_signed_is_kept_as_it_is),
		cmocka_unit_test(a_key_that_comes_with_an_email_is_noted_with_its_sender),
		cmocka_unit_test(what_the_server_found_false_brings_no_key),
		cmocka_unit_test(who_does_not_want_it_keeps_no_keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
