/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed and encrypted emails through a real Postfix and Dovecot: what arrives still verifies, and the
 * copy in Sent can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/mime/secure.h"
#include "src/store/peer.h"
#include "tests/lib/live.h"
#include "tests/unit/gpg_world.h"

static SnServers *servers; /* NULL: skip */
static GpgWorld *keys;
static SnLive alice, bob;

/* Whatever mail servers like to change. */
#define HARD                                                                                   \
	"From here on blanks at line ends:  \n-- \nGr\303\274\303\237e, and a long line: "     \
	"0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "        \
	"0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\n"       \
	".\nFrom the beginning of a line.\n- a dash\n"

static int start_all(void **state)
{
	sn_mime_init();
	sn_servers_setup(&servers, "dovecot postfix prosody");
	keys = servers ? gpg_world_new(FALSE) : NULL;
	if (!keys)
		return 0;
	g_autofree char *hers = g_strdup_printf("[crypto]\ngnupg-home = %s\n", keys->alice);
	g_autofree char *his = g_strdup_printf("[crypto]\ngnupg-home = %s\n", keys->others);
	sn_live_open(&alice, servers, "alice", "sign = true\n", hers);
	sn_live_open(&bob, servers, "bob", NULL, his);
	sn_live_start(&alice);
	sn_live_settle(&alice);
	sn_live_start(&bob);
	sn_live_settle(&bob);
	return 0;
}

static int stop_all(void **state)
{
	sn_live_close(&alice);
	sn_live_close(&bob);
	gpg_world_free(keys);
	sn_servers_stop(servers);
	return 0;
}

static gboolean has_mail(SnBench *bench, gpointer data)
{
	return sn_message_find_mail(bench->store, data) != 0;
}

/* What bob got, as his server has it. */
static SnOpened *at_bob(SnId entry_id)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(alice.bench->store, entry_id, 0);
	SnGpg gpg = { .home = keys->others };

	assert_true(sn_bench_wait(bob.bench, has_mail, entry->message_id));
	SnId id = sn_message_find_mail(bob.bench->store, entry->message_id);
	g_autoptr(SnMessage) message = sn_message_get(bob.bench->store, id, 0);
	g_autoptr(GBytes) raw = sn_message_raw(bob.bench->store, id, NULL);
	assert_non_null(raw);
	assert_true(message->secure != 0);
	return sn_mail_open(raw, &gpg, FALSE);
}

static void a_signature_outlives_the_servers(void **state)
{
	if (!keys)
		skip();
	SnId id = sn_live_send(&alice, SN_CHANNEL_MAIL, "bob@example.test", HARD);
	g_autoptr(SnOpened) opened = at_bob(id);
	const SnSignature *signature = sn_opened_signature(opened);

	assert_non_null(signature);
	/* bob has her key, and nobody vouches for it there */
	assert_string_equal(sn_signature_word(signature->state), "unproven");
	assert_string_equal(signature->address, "alice@example.test");
	assert_false(sn_opened_partly(opened));
	const char *text = ((SnOpenedPart *)opened->parts->pdata[0])->text;
	assert_true(g_str_has_prefix(text, "From here on"));
	assert_non_null(strstr(text, "From the beginning of a line."));
}

static void what_is_encrypted_arrives_whole(void **state)
{
	if (!keys)
		skip();
	SnId first = sn_live_send(&alice, SN_CHANNEL_MAIL, "bob@example.test", "First.");
	g_autoptr(SnOutboxEntry) before = sn_outbox_get(alice.bench->store, first, SN_OUTBOX_FULL);
	SnOutboxNew new = { .conversation = before->conversation, .account = before->account,
		            .channel = SN_CHANNEL_MAIL, .from = before->from,
		            .recipients = before->recipients, .subject = "The mill", .body = HARD,
		            .encrypt = SN_ENCRYPT_REQUIRED, .if_unavailable = SN_RULE_SEND,
		            .state = SN_STATE_QUEUED };
	SnId id = sn_outbox_queue(alice.bench->store, &new, FALSE, NULL);
	assert_true(id > 0);
	g_autoptr(SnOpened) opened = at_bob(id);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(alice.bench->store, id, 0);
	g_autoptr(GBytes) own = sn_message_raw(alice.bench->store, entry->message, NULL);
	SnGpg gpg = { .home = keys->alice };
	g_autoptr(SnOpened) kept = sn_mail_open(own, &gpg, FALSE);
	g_autofree char *words = sn_opened_words(kept);
	g_autoptr(SnMessage) at_his = sn_message_get(
		bob.bench->store, sn_message_find_mail(bob.bench->store, entry->message_id),
		SN_MESSAGE_FULL);

	assert_true(opened->encrypted);
	assert_string_equal(opened->subject, "The mill");
	assert_non_null(strstr(((SnOpenedPart *)opened->parts->pdata[0])->text, "Gr\303\274\303\237e"));
	assert_string_equal(words, "encrypted, signed by Alice Liddell <alice@example.test>");
	assert_string_equal(at_his->body, "");
	assert_string_equal(at_his->subject, "[...]");
}

/* ---- two who never exchanged a key (Autocrypt) ---- */

static void end_agents(const char *home)
{
	const char *argv[] = { "gpgconf", "--homedir", home, "--kill", "all", NULL };

	g_free(gpg_world_run(NULL, 0, NULL, argv));
}

/* A second profile of the same account, with an empty keyring, and a key of its own. */
static void stranger_open(SnLive *live, const char *user, const char *home)
{
	g_autofree char *settings = g_strdup_printf(
		"[crypto]\ngnupg-home = %s\nprefer-encrypt = true\n[delivery]\nundo-mail = 0s\n", home);
	g_autofree char *address = g_strdup_printf("%s@example.test", user);
	SnKeyAsk ask = { .address = address };
	g_auto(SnKeyChosen) chosen = { 0 };
	g_autoptr(GError) error = NULL;

	sn_live_open(live, servers, user, NULL, settings);
	if (!sn_engine_ops.set_up_key(live->bench->store, live->bench->config, &ask, &chosen, &error))
		fail_msg("%s", error->message);
	assert_true(chosen.made);
	sn_live_start(live);
	sn_live_settle(live);
}

static gboolean knows_key(SnBench *bench, gpointer data)
{
	g_autoptr(SnPeer) peer = sn_peer_get(bench->store, data);

	return peer && peer->key;
}

static void a_key_that_came_with_an_email_opens_the_answer(void **state)
{
	SnLive her = { 0 }, his = { 0 };

	if (!keys)
		skip();
	g_autofree char *home = g_dir_make_tmp("sennit-empty-XXXXXX", NULL);
	stranger_open(&her, "alice", home);
	stranger_open(&his, "bob", home);
	sn_live_send(&her, SN_CHANNEL_MAIL, "bob@example.test", "Hello, with a key.");
	assert_true(sn_bench_wait(his.bench, knows_key, (gpointer) "alice@example.test"));
	SnId plain = sn_live_send(&his, SN_CHANNEL_MAIL, "alice@example.test", "First.");
	g_autoptr(SnOutboxEntry) before = sn_outbox_get(his.bench->store, plain, SN_OUTBOX_FULL);
	SnOutboxNew new = { .conversation = before->conversation, .account = before->account,
		            .channel = SN_CHANNEL_MAIL, .from = before->from,
		            .recipients = before->recipients, .subject = "The mill",
		            .body = "Under the mat.", .encrypt = SN_ENCRYPT_REQUIRED,
		            .if_unavailable = SN_RULE_SEND, .state = SN_STATE_QUEUED };
	SnId id = sn_outbox_queue(his.bench->store, &new, FALSE, NULL);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(his.bench->store, id, 0);
	assert_true(sn_bench_wait(her.bench, has_mail, entry->message_id));
	SnId got = sn_message_find_mail(her.bench->store, entry->message_id);
	g_autoptr(GBytes) raw = sn_message_raw(her.bench->store, got, NULL);
	g_autoptr(SnOpened) opened =
		sn_engine_ops.open_mail(her.bench->store, raw, her.bench->config, FALSE, FALSE);
	g_autofree char *words = sn_opened_words(opened);
	assert_true(opened->encrypted);
	assert_string_equal(((SnOpenedPart *)opened->parts->pdata[0])->text, "Under the mat.");
	assert_non_null(strstr(words, "with a key that came by email, not verified by you"));
	SnLive *both[] = { &her, &his };
	for (int i = 0; i < 2; i++) {
		end_agents(both[i]->bench->paths->keys);
		sn_live_close(both[i]);
	}
	end_agents(home);
	sn_bench_remove(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_outlives_the_servers),
		cmocka_unit_test(what_is_encrypted_arrives_whole),
		cmocka_unit_test(a_key_that_came_with_an_email_opens_the_answer),
	};

	return cmocka_run_group_tests(tests, start_all, stop_all);
}
