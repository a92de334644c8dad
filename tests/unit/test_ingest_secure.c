/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of signed and encrypted emails when they are filed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/sync_private.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decrypted_text_is_not_kept_unless_the_user_says_so),
		cmocka_unit_test(the_user_may_have_it_searched),
		cmocka_unit_test(what_is_signed_is_kept_as_it_is),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
