/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/sync_private.h"
#include "tests/unit/engine_bench.h"

static int set_up(void **state)
{
	*state = sn_bench_new(NULL, NULL, SN_STORE_ENGINE);
	return 0;
}

static int tear_down(void **state)
{
	sn_bench_free(*state);
	return 0;
}

#define FROM_BOB                                                                               \
	"From: Bob <bob@work.example>\nTo: alice@example.test\n"                               \
	"Date: Sun, 15 Nov 2026 10:00:00 +0000\n"

static SnId person_of(SnBench *bench, SnChannel channel, const char *value)
{
	g_autoptr(SnAddress) address = sn_bench_address(bench, channel, value);

	return address->person;
}

static void a_jabber_id_header_is_a_candidate_only(void **state)
{
	SnBench *bench = *state;

	sn_bench_ingest(bench, FROM_BOB "Message-ID: <1@w>\nJabber-ID: bob@im.example\n", "x\n",
	                NULL);
	g_autoptr(SnAddress) found = sn_bench_candidate(bench, "bob@work.example", "bob@im.example");
	assert_non_null(found);
	assert_false(found->confirmed);
	assert_int_equal(found->source, SN_LINK_JABBER_ID);
	assert_non_null(strstr(found->evidence, "2026-11-15"));
	assert_true(person_of(bench, SN_CHANNEL_MAIL, "bob@work.example") !=
	            person_of(bench, SN_CHANNEL_IM, "bob@im.example"));
}

static void a_forged_header_moves_no_confirmed_address(void **state)
{
	SnBench *bench = *state;

	sn_bench_ingest(bench, FROM_BOB "Message-ID: <1@w>\nJabber-ID: bob@im.example\n", "x\n",
	                NULL);
	SnId bob = person_of(bench, SN_CHANNEL_MAIL, "bob@work.example");
	g_autoptr(SnAddress) jid = sn_bench_address(bench, SN_CHANNEL_IM, "bob@im.example");
	assert_true(sn_link_confirm(bench->store, jid->id, bob, NULL));
	/* somebody writes as bob and names another JID, and as mallory and names bob's */
	sn_bench_ingest(bench, FROM_BOB "Message-ID: <2@w>\nJabber-ID: mallory@evil.example\n",
	                "x\n", NULL);
	sn_bench_ingest(bench,
	                "From: mallory@evil.example\nTo: alice@example.test\n"
	                "Message-ID: <3@w>\nJabber-ID: bob@im.example\n",
	                "x\n", NULL);
	assert_int_equal(person_of(bench, SN_CHANNEL_IM, "bob@im.example"), bob);
	g_autoptr(SnAddress) forged =
		sn_bench_candidate(bench, "bob@work.example", "mallory@evil.example");
	assert_true(!forged || !forged->confirmed);
	g_autoptr(SnAddress) kept = sn_bench_candidate(bench, "bob@work.example", "bob@im.example");
	assert_true(kept && kept->confirmed);
}

static void a_header_naming_ourselves_is_ignored(void **state)
{
	SnBench *bench = *state;

	sn_bench_ingest(bench, FROM_BOB "Message-ID: <1@w>\nJabber-ID: alice@example.test\n",
	                "x\n", NULL);
	g_autoptr(SnAddress) found =
		sn_bench_candidate(bench, "bob@work.example", "alice@example.test");
	assert_null(found);
}

static SnImMessage *im_answering(const char *message_id)
{
	SnImMessage *im = sn_im_message_new();

	im->from = g_strdup("bob@im.example/phone");
	im->to = g_strdup("alice@example.test");
	im->body = g_strdup("By IM");
	im->in_reply_to_mail = g_strdup(message_id);
	return im;
}

#define TO_BOB                                                                                 \
	"From: alice@example.test\nTo: bob@work.example\n"                                     \
	"Date: Sun, 15 Nov 2026 10:00:00 +0000\nMessage-ID: <ours@example.test>\n"

static void an_answer_over_the_other_channel_is_evidence(void **state)
{
	SnBench *bench = *state;
	sn_bench_ingest(bench, TO_BOB, "Question?\n", NULL);
	SnId jid = sn_address_intern(bench->store, SN_CHANNEL_IM, "bob@im.example", NULL, NULL);
	SnImMessage *im = im_answering("ours@example.test");

	sn_map_im(bench->store, im, jid);
	g_autoptr(SnAddress) found = sn_bench_candidate(bench, "bob@work.example", "bob@im.example");
	assert_non_null(found);
	assert_false(found->confirmed);
	assert_int_equal(found->source, SN_LINK_CROSS_REPLY);
	sn_im_message_free(im);
}

static void an_answer_to_mail_of_others_or_to_many_proves_nothing(void **state)
{
	SnBench *bench = *state;
	SnId jid = sn_address_intern(bench->store, SN_CHANNEL_IM, "bob@im.example", NULL, NULL);

	sn_bench_ingest(bench, FROM_BOB "Message-ID: <theirs@w>\n", "x\n", NULL);
	sn_bench_ingest(bench,
	                "From: alice@example.test\nTo: bob@work.example, carol@work.example\n"
	                "Message-ID: <many@example.test>\n",
	                "x\n", NULL);
	static const char *const ids[] = { "theirs@w", "many@example.test", "unknown@w" };
	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
		SnImMessage *im = im_answering(ids[i]);
		sn_map_im(bench->store, im, jid);
		sn_im_message_free(im);
	}
	g_autoptr(SnAddress) found = sn_bench_candidate(bench, "bob@work.example", "bob@im.example");
	assert_null(found);
}

static void a_published_vcard_of_a_contact_is_a_candidate(void **state)
{
	SnBench *bench = *state;
	char *mails[] = { (char *)"Bob@Work.Example", (char *)"no address", NULL };
	SnId account = sn_account_find(bench->store, "home");

	/* a stranger's says nothing */
	sn_address_intern(bench->store, SN_CHANNEL_IM, "bob@im.example", NULL, NULL);
	sn_map_vcard(bench->store, "bob@im.example", "Bob", mails, NULL);
	assert_null(sn_address_find(bench->store, SN_CHANNEL_MAIL, "Bob@work.example"));
	assert_true(sn_roster_set(bench->store, account, "bob@im.example", NULL, SN_SUB_BOTH, FALSE,
	                          NULL));
	char *jids[] = { (char *)"bob@second.example", (char *)"bob@im.example",
		         (char *)"alice@example.test", NULL };
	sn_map_vcard(bench->store, "bob@im.example/x", "Bob", mails, jids);
	SnId person = person_of(bench, SN_CHANNEL_IM, "bob@im.example");
	g_autoptr(GPtrArray) all = sn_person_addresses(bench->store, person);
	int candidates = 0;
	for (guint i = 0; i < all->len; i++) {
		const SnAddress *one = all->pdata[i];
		candidates += one->channel == SN_CHANNEL_MAIL && !one->confirmed &&
		              one->source == SN_LINK_XMPP_VCARD;
	}
	assert_int_equal(candidates, 1);
	assert_int_equal(all->len, 3); /* the other JID too; not the user's */
	/* what it does not name any more is not suggested any more */
	char *none[] = { NULL };
	sn_map_vcard(bench->store, "bob@im.example", "Bob", none, jids);
	g_autoptr(GPtrArray) left = sn_person_addresses(bench->store, person);
	assert_int_equal(left->len, 2);
	assert_string_equal(((SnAddress *)left->pdata[1])->value, "bob@second.example");
}

static void reachability_by_mail_is_a_wish_until_withdrawn(void **state)
{
	SnBench *bench = *state;
	char *uris[] = { (char *)"tel:+1", (char *)"mailto:bob@work.example?subject=x", NULL };
	char *none[] = { NULL };
	SnId account = sn_account_find(bench->store, "home");

	assert_true(sn_roster_set(bench->store, account, "bob@im.example", "Bob", SN_SUB_BOTH,
	                          FALSE, NULL));
	SnId id = person_of(bench, SN_CHANNEL_IM, "bob@im.example");
	sn_map_reach(bench->store, "bob@im.example", uris);
	g_autoptr(SnPerson) wishing = sn_person_get(bench->store, id);
	assert_int_equal(wishing->wish, SN_RULE_MAIL);
	g_autoptr(SnAddress) mail = sn_bench_address(bench, SN_CHANNEL_MAIL, "bob@work.example");
	assert_true(mail->person != id);
	sn_map_reach(bench->store, "bob@im.example", none);
	g_autoptr(SnPerson) content = sn_person_get(bench->store, id);
	assert_int_equal(content->wish, SN_RULE_DEFAULT);
}

static void equal_strings_are_a_suggestion_only(void **state)
{
	SnBench *bench = *state;

	sn_address_intern(bench->store, SN_CHANNEL_IM, "bob@work.example", NULL, NULL);
	sn_bench_ingest(bench, FROM_BOB "Message-ID: <1@w>\n", "x\n", NULL);
	g_autoptr(SnAddress) found = sn_bench_candidate(bench, "bob@work.example", "bob@work.example");
	assert_true(found && !found->confirmed);
	assert_int_equal(found->source, SN_LINK_EQUAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_jabber_id_header_is_a_candidate_only),
		TEST(a_forged_header_moves_no_confirmed_address),
		TEST(a_header_naming_ourselves_is_ignored),
		TEST(an_answer_over_the_other_channel_is_evidence),
		TEST(an_answer_to_mail_of_others_or_to_many_proves_nothing),
		TEST(a_published_vcard_of_a_contact_is_a_candidate),
		TEST(reachability_by_mail_is_a_wish_until_withdrawn),
		TEST(equal_strings_are_a_suggestion_only),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
