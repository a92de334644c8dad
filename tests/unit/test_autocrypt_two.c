/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two who have never exchanged a key, each with a profile of their own and no keyring besides, and a
 * third: what one writes, the others file, answer and read. Real gpg. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/engine/autocrypt.h"
#include "src/engine/crypto.h"
#include "src/engine/sealing.h"
#include "src/engine/sync_private.h"
#include "src/mime/secure.h"
#include "src/route/plan.h"
#include "tests/unit/engine_bench.h"
#include "tests/unit/gpg_world.h"

typedef struct {
	SnBench *bench;
	char *home; /* an empty keyring */
	char *address;
} Side;

static gboolean has_gpg;
static int letters;

static void side_open(Side *side, const char *who, gboolean mutual)
{
	side->home = g_dir_make_tmp("sennit-ac-XXXXXX", NULL);
	side->address = g_strdup_printf("%s@example.test", who);
	g_autofree char *accounts = g_strdup_printf(
		"[home]\nfrom = %s <%s>\nsource = maildir:///nowhere\noutgoing = /bin/false\n", who,
		side->address);
	g_autofree char *settings = g_strdup_printf(
		"[crypto]\ngnupg-home = %s\nprefer-encrypt = %s\n", side->home, mutual ? "true" : "false");
	side->bench = sn_bench_new(accounts, settings, SN_STORE_ENGINE);
}

static void end_agent(const char *home)
{
	const char *argv[] = { "gpgconf", "--homedir", home, "--kill", "all", NULL };

	g_free(gpg_world_run(NULL, 0, NULL, argv));
}

static void side_close(Side *side)
{
	end_agent(side->home);
	end_agent(side->bench->paths->keys);
	sn_bench_free(side->bench);
	sn_bench_remove(side->home);
	g_free(side->home);
	g_free(side->address);
}

static char *set_up(Side *side)
{
	SnKeyAsk ask = { .address = side->address };
	SnKeyChosen chosen = { 0 };
	g_autoptr(GError) error = NULL;

	if (!sn_autocrypt_set_up(side->bench->store, side->bench->config, &ask, &chosen, &error))
		fail_msg("%s", error->message);
	assert_true(chosen.made);
	return chosen.fingerprint;
}

/* What goes out on the wire; to: separated by blanks, "bcc:" before one that is blind. */
static GBytes *letter(Side *from, const char *to, SnEncrypt encrypt, const char *text, GError **error)
{
	g_auto(GStrv) words = g_strsplit(to, " ", -1);
	g_autoptr(GPtrArray) parties = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *id = g_strdup_printf("letter-%d@example.test", ++letters);
	const SnAccount *account = sn_config_account(from->bench->config, 0);

	for (char **word = words; *word; word++) {
		gboolean blind = g_str_has_prefix(*word, "bcc:");
		char *address = blind ? *word + 4 : *word;
		SnParty *party = g_new0(SnParty, 1);
		*party = (SnParty){ blind ? SN_ROLE_BCC : SN_ROLE_TO, address, NULL };
		g_ptr_array_add(parties, party);
		SnMailAddress *one = g_new0(SnMailAddress, 1);
		*one = (SnMailAddress){ blind ? SN_MAIL_BCC : SN_MAIL_TO, address, NULL };
		g_ptr_array_add(addresses, one);
	}
	SnMailCompose mail = { .from_address = from->address, .addresses = addresses,
		               .subject = "The mill", .message_id = id, .text = text };
	g_autoptr(GBytes) raw = sn_mail_compose(&mail, NULL);
	SnSealAsk ask = { .account = account, .from = from->address, .recipients = parties,
		          .encrypt = encrypt };
	g_autoptr(SnSealWish) wish = sn_seal_wish_new(from->bench->store, from->bench->config, &ask);
	g_autoptr(SnSealPlan) plan = NULL;
	return sn_seal_choose(wish, &plan, error) ? sn_seal_by_plan(wish, plan, raw, error) : NULL;
}

static GBytes *written(Side *from, const char *to, SnEncrypt encrypt, const char *text)
{
	g_autoptr(GError) error = NULL;
	GBytes *raw = letter(from, to, encrypt, text, &error);

	if (!raw)
		fail_msg("%s", error->message);
	return raw;
}

static SnId arrives(Side *at, GBytes *raw)
{
	g_autoptr(GError) error = NULL;
	SnId id = 0;

	if (!sn_ingest_mail(at->bench->store, at->bench->config, NULL,
	                    sn_account_find(at->bench->store, "home"), 0, 0, NULL, 0,
	                    sn_clock_now(NULL), raw, &id, NULL, &error))
		fail_msg("%s", error->message);
	return id;
}

static SnOpened *opened_by(Side *side, GBytes *raw)
{
	return sn_engine_ops.open_mail(side->bench->store, raw, side->bench->config, FALSE, FALSE);
}

static gboolean holds(GBytes *raw, const char *text)
{
	gsize length;
	const char *data = g_bytes_get_data(raw, &length);

	return g_strstr_len(data, (gssize)length, text) != NULL;
}

/* What the mode line says to a letter to this person. */
static SnPlan *plan_to(Side *from, const char *to, SnEncrypt wish)
{
	g_autoptr(SnAddress) address = sn_address_find(from->bench->store, SN_CHANNEL_MAIL, to);

	assert_non_null(address);
	SnPlanRequest request = {
		.conversation = sn_conversation_for_person(from->bench->store, address->person, NULL),
		.mode = SN_MODE_MAIL, .encrypt = wish };
	return sn_plan_reply(from->bench->store, from->bench->config, &request, NULL);
}

static void two_strangers_come_to_write_in_secret(void **state)
{
	Side alice = { 0 }, bob = { 0 };

	if (!has_gpg)
		skip();
	side_open(&alice, "alice", TRUE);
	side_open(&bob, "bob", TRUE);
	/* before she set anything up nothing of hers goes along */
	g_autoptr(GBytes) plain = written(&alice, "bob@example.test", SN_ENCRYPT_NONE, "Hello.");
	assert_false(holds(plain, "Autocrypt"));
	g_autofree char *hers = set_up(&alice), *his = set_up(&bob);
	g_autoptr(GBytes) first = written(&alice, "bob@example.test", SN_ENCRYPT_NONE, "Hello.");
	assert_true(holds(first, "Autocrypt: addr=alice@example.test; prefer-encrypt=mutual; keydata="));
	arrives(&bob, first);
	g_autoptr(SnPeer) peer = sn_peer_get(bob.bench->store, "alice@example.test");
	assert_string_equal(peer->fingerprint, hers);
	/* both prefer it: it is on by itself, says so, and one word turns it off */
	g_autoptr(SnPlan) plan = plan_to(&bob, "alice@example.test", SN_ENCRYPT_NONE);
	assert_int_equal(plan->encrypt, SN_ENCRYPT_REQUIRED);
	assert_true(plan->recommended);
	assert_non_null(strstr(plan->text, "encrypted as you all prefer"));
	g_autoptr(SnPlan) off = plan_to(&bob, "alice@example.test", SN_ENCRYPT_CLEAR);
	assert_int_equal(off->encrypt, SN_ENCRYPT_NONE);

	g_autoptr(GBytes) answer = written(&bob, "alice@example.test", plan->encrypt, "Under the mat.");
	assert_false(holds(answer, "mat"));
	assert_true(holds(answer, "Autocrypt: addr=bob@example.test"));
	assert_false(holds(answer, "Gossip")); /* nobody else gets it */
	SnId id = arrives(&alice, answer);
	g_autoptr(SnOpened) opened = opened_by(&alice, answer);
	g_autofree char *words = sn_opened_words(opened);
	assert_true(opened->encrypted);
	assert_string_equal(((SnOpenedPart *)opened->parts->pdata[0])->text, "Under the mat.");
	assert_string_equal(words, "encrypted, signed as bob <bob@example.test>, with a key that came by "
	                    "email, not verified by you");
	assert_int_equal(sn_opened_alarm(opened), 2);
	/* his own copy can be read, and is his */
	g_autoptr(SnOpened) own = opened_by(&bob, answer);
	g_autofree char *own_words = sn_opened_words(own);
	assert_string_equal(own_words, "encrypted, signed by bob <bob@example.test>");
	g_autoptr(SnMessage) message = sn_message_get(alice.bench->store, id, SN_MESSAGE_FULL);
	assert_string_equal(message->body, "");
	/* a second setup changes nothing */
	SnKeyAsk again = { .address = "alice@example.test", .make = TRUE };
	SnKeyChosen chosen = { 0 };
	g_autoptr(GError) error = NULL;
	assert_false(sn_autocrypt_set_up(alice.bench->store, alice.bench->config, &again, &chosen, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
	g_autofree char *still = sn_own_key(alice.bench->store, "alice@example.test");
	assert_string_equal(still, hers);
	assert_string_not_equal(hers, his);
	/* nothing of all this is in a keyring of the user's */
	g_autofree char *ring = g_build_filename(alice.home, "private-keys-v1.d", NULL);
	g_autoptr(GDir) dir = g_dir_open(ring, 0, NULL);
	assert_true(!dir || !g_dir_read_name(dir));
	side_close(&alice);
	side_close(&bob);
}

static void those_who_get_it_learn_each_others_keys(void **state)
{
	Side alice = { 0 }, bob = { 0 }, carol = { 0 };
	Side *all[] = { &alice, &bob, &carol };

	if (!has_gpg)
		skip();
	side_open(&alice, "alice", FALSE);
	side_open(&bob, "bob", FALSE);
	side_open(&carol, "carol", FALSE);
	for (int i = 0; i < 3; i++)
		g_free(set_up(all[i]));
	g_autoptr(GBytes) one = written(&bob, "alice@example.test", SN_ENCRYPT_NONE, "Hello.");
	g_autoptr(GBytes) two = written(&carol, "alice@example.test", SN_ENCRYPT_NONE, "Hello.");
	arrives(&alice, one);
	arrives(&alice, two);
	g_autoptr(GBytes) both = written(&alice, "bob@example.test carol@example.test",
	                                 SN_ENCRYPT_REQUIRED, "Under the mat.");
	assert_false(holds(both, "Autocrypt-Gossip")); /* within only */
	g_autoptr(SnOpened) at_bob = opened_by(&bob, both);
	assert_int_equal(at_bob->gossip->len, 2);
	const SnOpenedKey *told = at_bob->gossip->pdata[1];
	assert_string_equal(told->address, "carol@example.test");
	g_autofree char *hers = sn_own_key(carol.bench->store, "carol@example.test");
	assert_string_equal(told->fingerprint, hers);
	/* with that bob can write to her, though she never wrote to him */
	assert_true(sn_peer_gossip(bob.bench->store, told->address, sn_clock_now(NULL), told->key,
	                           told->fingerprint, NULL));
	g_autoptr(GBytes) answer = written(&bob, "carol@example.test", SN_ENCRYPT_REQUIRED, "I know.");
	g_autoptr(SnOpened) at_carol = opened_by(&carol, answer);
	assert_true(at_carol->encrypted);
	/* who gets a blind copy is told to nobody, and told nothing by a name */
	g_autoptr(GBytes) blind = written(&alice, "bob@example.test bcc:carol@example.test",
	                                  SN_ENCRYPT_REQUIRED, "Under the mat.");
	g_autoptr(SnOpened) unseen = opened_by(&bob, blind);
	assert_true(unseen->encrypted);
	assert_int_equal(unseen->gossip->len, 0);
	for (int i = 0; i < 3; i++)
		side_close(all[i]);
}

/* eve sends her own key with bob's name on it: it is hers, and never used for him. */
static void a_key_with_another_name_is_never_used_for_that_name(void **state)
{
	Side alice = { 0 }, eve = { 0 };

	if (!has_gpg)
		skip();
	side_open(&alice, "alice", FALSE);
	side_open(&eve, "eve", FALSE);
	g_free(set_up(&alice));
	SnGpg gpg = sn_engine_gpg(eve.bench->config);
	g_autofree char *false_key = sn_gpg_make_key(&gpg, "Bob", "bob@example.test", NULL);
	assert_non_null(false_key);
	g_autoptr(GBytes) key = sn_gpg_minimal_key(&gpg, false_key, "bob@example.test", NULL);
	g_autofree char *field = sn_autocrypt_format("Autocrypt", "eve@example.test", FALSE, key);
	g_autofree char *mail = g_strdup_printf(
		"From: eve@example.test\r\nTo: alice@example.test\r\nSubject: x\r\nMessage-ID: <e@e>\r\n"
		"Date: Thu, 20 Aug 2026 10:00:00 +0000\r\n%s\r\nHello.\r\n", field);
	g_autoptr(GBytes) raw = g_bytes_new(mail, strlen(mail));
	arrives(&alice, raw);
	/* it is taken in, as eve's */
	g_autoptr(GBytes) secret = written(&alice, "eve@example.test", SN_ENCRYPT_REQUIRED, "For eve.");
	assert_non_null(secret);
	/* and for bob there is still none */
	g_autoptr(GError) error = NULL;
	assert_null(letter(&alice, "bob@example.test", SN_ENCRYPT_REQUIRED, "For bob.", &error));
	assert_non_null(strstr(error->message, "no key for bob@example.test is here"));
	side_close(&alice);
	side_close(&eve);
}

static void a_key_that_gpg_does_not_take_is_as_none(void **state)
{
	Side alice = { 0 };
	guint8 bytes[] = { 0x98, 8, 4, 1, 2, 3, 4, 22, 9, 9, 0xcd, 3, 'b', 'o', 'b', 0x88, 2, 4, 0 };
	g_autoptr(GBytes) key = g_bytes_new(bytes, sizeof bytes);
	g_autofree char *fingerprint = sn_autocrypt_fingerprint(key);
	SnPeerSeen seen = { .address = "bob@example.test", .time = 1795343400000, .key = key,
		            .fingerprint = fingerprint };
	g_autoptr(GError) error = NULL;

	if (!has_gpg)
		skip();
	side_open(&alice, "alice", FALSE);
	g_free(set_up(&alice));
	assert_true(sn_peer_seen(alice.bench->store, &seen, NULL));
	assert_null(letter(&alice, "bob@example.test", SN_ENCRYPT_REQUIRED, "x", &error));
	assert_non_null(strstr(error->message, "no key for bob@example.test"));
	g_autoptr(GBytes) open = written(&alice, "bob@example.test", SN_ENCRYPT_IF_POSSIBLE, "Hello.");
	assert_true(holds(open, "Hello."));
	side_close(&alice);
}

static int begin(void **state)
{
	g_autofree char *gpg = g_find_program_in_path("gpg");

	sn_mime_init();
	has_gpg = gpg != NULL;
	if (!has_gpg)
		print_message("gpg is not installed\n");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_strangers_come_to_write_in_secret),
		cmocka_unit_test(those_who_get_it_learn_each_others_keys),
		cmocka_unit_test(a_key_with_another_name_is_never_used_for_that_name),
		cmocka_unit_test(a_key_that_gpg_does_not_take_is_as_none),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
