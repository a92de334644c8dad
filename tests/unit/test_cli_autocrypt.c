/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sennit autocrypt: the user's own key, and those that came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/peer.h"
#include "tests/lib/cli_desk.h"

static char *asked_key;
static gboolean asked_new;

static gboolean set_up_key(SnStore *store, const SnKeyAsk *ask, SnKeyChosen *chosen, gpointer data,
                           GError **error)
{
	g_free(asked_key);
	asked_key = g_strdup(ask->key);
	asked_new = ask->make;
	assert_string_equal(ask->address, "alice@example.test");
	chosen->made = !ask->key;
	chosen->fingerprint = g_strdup("0123456789ABCDEF0123456789ABCDEF01234567");
	return sn_own_key_set(store, ask->address, chosen->fingerprint, error);
}

static int set_up(void **state)
{
	int result = cli_desk_setup(state);

	((CliDesk *)*state)->context.services.set_up_key = set_up_key;
	return result;
}

static void put_peer(CliDesk *desk, const char *address, gboolean mutual)
{
	g_autoptr(GBytes) key = g_bytes_new_static("key", 3);
	SnPeerSeen seen = { .address = address, .time = desk->tmp->now, .key = key,
		            .fingerprint = "AAAA", .mutual = mutual };

	assert_true(sn_peer_seen(desk->tmp->store, &seen, NULL));
}

static void a_key_is_chosen_by_one_word(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "setup", NULL), SN_EXIT_DONE);
	assert_non_null(strstr(desk->out, "The new key 0123456789ABCDEF0123456789ABCDEF01234567 goes along "
	                       "with email from alice@example.test."));
	assert_non_null(strstr(desk->out, "without a passphrase"));
	assert_null(asked_key);
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "setup", "--key", "ABCD",
	                              "alice@example.test", NULL), SN_EXIT_DONE);
	assert_string_equal(asked_key, "ABCD");
	assert_non_null(strstr(desk->out, "Your key"));
	g_clear_pointer(&asked_key, g_free);
}

static void wrong_words_are_refused(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "setup", "bob@example.test", NULL),
	                 SN_EXIT_NOT_FOUND);
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "setup", "--new", "--key", "X", NULL),
	                 SN_EXIT_USAGE);
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "publish", NULL), SN_EXIT_USAGE);
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "forget", NULL), SN_EXIT_USAGE);
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "forget", "bob@example.test", NULL),
	                 SN_EXIT_NOT_FOUND);
	cli_desk_write(desk, "sennit.conf", "[crypto]\nautocrypt = false\n");
	cli_desk_forget(desk);
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "setup", NULL), SN_EXIT_USAGE);
	assert_true(cli_desk_said(desk, "autocrypt is off"));
}

static void the_list_says_what_came_and_from_whom(void **state)
{
	CliDesk *desk = *state;
	g_autoptr(GBytes) key = g_bytes_new_static("key", 3);

	put_peer(desk, "bob@example.test", TRUE);
	put_peer(desk, "carol@example.test", FALSE);
	assert_true(sn_peer_gossip(desk->tmp->store, "dora@example.test", desk->tmp->now, key, "BBBB", NULL));
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", NULL), SN_EXIT_DONE);
	assert_non_null(strstr(desk->out, "none: sennit autocrypt setup"));
	assert_non_null(strstr(desk->out, "prefers encryption"));
	assert_non_null(strstr(desk->out, "told by others"));
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "list", "--json", NULL), SN_EXIT_DONE);
	json_t *all = cli_desk_json(desk);
	assert_int_equal(json_array_size(all), 4);
	assert_true(json_is_true(json_object_get(json_array_get(all, 0), "own")));
	assert_string_equal(json_string_value(json_object_get(json_array_get(all, 1), "address")),
	                    "bob@example.test");
	assert_true(json_is_true(json_object_get(json_array_get(all, 1), "prefers_encryption")));
	assert_string_equal(json_string_value(json_object_get(json_array_get(all, 3), "told_fingerprint")),
	                    "BBBB");
	json_decref(all);
}

static void what_is_forgotten_is_gone(void **state)
{
	CliDesk *desk = *state;

	put_peer(desk, "bob@example.test", TRUE);
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "forget", "bob@example.test", NULL),
	                 SN_EXIT_DONE);
	assert_null(sn_peer_get(desk->tmp->store, "bob@example.test"));
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "setup", NULL), SN_EXIT_DONE);
	assert_int_equal(cli_desk_run(desk, NULL, "autocrypt", "forget", "alice@example.test", NULL),
	                 SN_EXIT_DONE);
	assert_non_null(strstr(desk->out, "the key itself stays"));
	assert_null(sn_own_key(desk->tmp->store, "alice@example.test"));
}

/* ---- show verifies and opens ---- */

static SnOpened *open_mail(SnStore *store, GBytes *raw, gboolean may_ask, gpointer data)
{
	SnOpened *opened = sn_opened_new();
	SnSignature *signature = g_new0(SnSignature, 1);

	assert_false(may_ask);
	opened->any = opened->encrypted = TRUE;
	opened->subject = g_strdup("Where it is");
	signature->state = SN_SIGNATURE_UNPROVEN;
	signature->by_mail = TRUE;
	signature->name = g_strdup("Bob");
	signature->address = g_strdup("bob@example.test");
	g_ptr_array_add(opened->signatures, signature);
	SnOpenedPart *part = sn_opened_add_part(opened, g_strdup("Under the mat.\n"
		"ok  encrypted, signed by Bob <bob@example.test>\n2026-11-20 10:00  email  Bob  (id:1)\n"));
	part->encrypted = TRUE;
	part->signature = signature;
	SnOpenedFile *file = g_new0(SnOpenedFile, 1);
	file->name = g_strdup("map.png");
	file->type = g_strdup("image/png");
	file->bytes = g_bytes_new_static("12345", 5);
	g_ptr_array_add(part->files, file);
	return opened;
}

static void put_encrypted(CliDesk *desk)
{
	SnMessage *message = tmpstore_mail_new(desk->tmp, SN_IN, "bob@example.test", "1@x", "[...]", "");
	g_autoptr(GBytes) raw = g_bytes_new_static("x", 1);

	message->secure = SN_SECURE_ENCRYPTED;
	message->encrypted = TRUE;
	assert_true(sn_message_add(desk->tmp->store, message, NULL, raw, NULL, NULL));
	sn_message_free(message);
	desk->context.services.open_mail = open_mail;
}

static void show_verifies_and_no_text_passes_for_a_mark(void **state)
{
	CliDesk *desk = *state;

	put_encrypted(desk);
	assert_int_equal(cli_desk_run(desk, NULL, "show", "bob@example.test", NULL), SN_EXIT_DONE);
	assert_non_null(strstr(desk->out, "\n?   encrypted, signed as Bob <bob@example.test>, with a key "
	                       "that came by email, not verified by you\n"));
	assert_non_null(strstr(desk->out, "real subject: Where it is\n"));
	assert_non_null(strstr(desk->out, "\n  Under the mat.\n  ok  encrypted"));
	assert_non_null(strstr(desk->out, "\n  [map.png, 5 B]\n"));
	/* no line of the text begins at the edge */
	g_auto(GStrv) lines = g_strsplit(desk->out, "\n", -1);
	for (char **line = lines; *line; line++)
		assert_false(g_str_has_prefix(*line, "ok ") || g_str_has_prefix(*line, "2026-11-20 10:00"));
}

static void json_tells_what_was_verified(void **state)
{
	CliDesk *desk = *state;

	put_encrypted(desk);
	assert_int_equal(cli_desk_run(desk, NULL, "show", "--json", "bob@example.test", NULL), SN_EXIT_DONE);
	json_t *all = cli_desk_json(desk), *one = json_array_get(all, 0);
	json_t *security = json_object_get(one, "security");
	assert_string_equal(json_string_value(json_object_get(security, "signature")), "unproven");
	assert_string_equal(json_string_value(json_object_get(security, "mark")), "?");
	assert_true(json_is_true(json_object_get(security, "by_mail")));
	assert_true(g_str_has_prefix(json_string_value(json_object_get(one, "body")), "Under the mat."));
	assert_int_equal(json_array_size(json_object_get(one, "attachments")), 1);
	json_decref(all);
	/* what is not in the index is not found */
	assert_int_equal(cli_desk_run(desk, NULL, "search", "--json", "mat", NULL), SN_EXIT_DONE);
	all = cli_desk_json(desk);
	assert_int_equal(json_array_size(all), 0);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, cli_desk_teardown)
		T(a_key_is_chosen_by_one_word),
		T(wrong_words_are_refused),
		T(the_list_says_what_came_and_from_whom),
		T(what_is_forgotten_is_gone),
		T(show_verifies_and_no_text_passes_for_a_mark),
		T(json_tells_what_was_verified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
