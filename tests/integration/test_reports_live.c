/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports as a real Postfix writes them, and receipts through a real Prosody, end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/store/outcome.h"
#include "src/store/wish.h"
#include "tests/lib/live.h"

static SnServers *servers; /* NULL: skip */

typedef struct {
	SnLive alice, bob;
} Stage;

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);

	*state = stage;
	if (!servers)
		return 0;
	sn_live_open(&stage->alice, servers, "alice", NULL, NULL);
	stage->alice.tells = TRUE;
	sn_live_start(&stage->alice);
	sn_live_settle(&stage->alice);
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_live_close(&stage->alice);
	sn_live_close(&stage->bob);
	g_free(sn_live_told(0));
	g_free(stage);
	return 0;
}

/* ---- conditions ---- */

typedef struct {
	SnId entry;
	const char *address;
	SnFate fate;
} Fate;

static gboolean has_fate(SnBench *bench, gpointer data)
{
	const Fate *wanted = data;
	g_autoptr(GPtrArray) all = sn_outcome_list(bench->store, wanted->entry);

	for (guint i = 0; i < all->len; i++) {
		const SnOutcome *one = all->pdata[i];
		if (g_str_equal(one->address, wanted->address))
			return one->fate == wanted->fate;
	}
	return FALSE;
}

static gboolean is_folded(SnBench *bench, gpointer data)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, *(SnId *)data, 0);
	g_autoptr(GPtrArray) reports = sn_message_reports(bench->store, entry->message, 0);

	return reports->len > 0;
}

static void assert_comes_to(SnLive *live, SnId entry, const char *address, SnFate fate)
{
	Fate wanted = { entry, address, fate };

	assert_true(sn_bench_wait(live->bench, has_fate, &wanted));
}

static gboolean lists_only_people(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) list = sn_conversation_page(bench->store, NULL, FALSE, NULL, 50);

	for (guint i = 0; i < list->len; i++) {
		const SnConversation *one = list->pdata[i];
		if (strstr(one->title, "Mail Delivery"))
			return FALSE;
	}
	return TRUE;
}

/* A profile that is new finds the reports of earlier ones before the messages they are about. */
static void assert_no_daemon_listed(SnLive *live)
{
	assert_true(sn_bench_wait(live->bench, lists_only_people, NULL));
}

/* ---- reports ---- */

static void success_is_reported_by_the_last_server(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	SnId id = sn_live_send(&stage->alice, SN_CHANNEL_MAIL, "box@example.test", "text");
	assert_true(sn_live_wait_state(&stage->alice, id, SN_STATE_DELIVERED));
	/* Dovecot's LMTP promises no reports: what it takes is out of Postfix's sight */
	SnId relayed = sn_live_send(&stage->alice, SN_CHANNEL_MAIL, "bob@example.test", "text");
	assert_comes_to(&stage->alice, relayed, "bob@example.test", SN_FATE_RELAYED);
	assert_true(sn_live_wait_state(&stage->alice, relayed, SN_STATE_ACCEPTED));
	assert_true(sn_bench_wait(stage->alice.bench, is_folded, &id));
	assert_no_daemon_listed(&stage->alice);
}

static void an_unknown_user_comes_back_and_the_other_has_it(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	SnId id = sn_live_send(&stage->alice, SN_CHANNEL_MAIL, "box@example.test ghost@example.test",
	                       "text");
	assert_true(sn_live_wait_state(&stage->alice, id, SN_STATE_FAILED));
	assert_comes_to(&stage->alice, id, "ghost@example.test", SN_FATE_FAILED);
	assert_comes_to(&stage->alice, id, "box@example.test", SN_FATE_DELIVERED);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(stage->alice.bench->store, id, 0);
	assert_string_equal(entry->reason,
	                    "ghost@example.test: there is no such mailbox (5.1.1)");
	g_autofree char *told = sn_live_told(5000);
	assert_non_null(strstr(told, "Not delivered to"));
	assert_non_null(strstr(told, "ghost@example.test: there is no such mailbox"));
	assert_no_daemon_listed(&stage->alice);
}

static void a_delay_is_a_warning_and_stays_one(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	SnId id = sn_live_send(&stage->alice, SN_CHANNEL_MAIL, "slow@example.test", "text");
	assert_comes_to(&stage->alice, id, "slow@example.test", SN_FATE_DELAYED);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(stage->alice.bench->store, id, 0);
	assert_int_equal(entry->state, SN_STATE_ACCEPTED);
	g_autofree char *told = sn_live_told(0);
	assert_null(strstr(told, "Not delivered"));
}

static void what_the_server_refuses_at_once_fails_with_its_words(void **state)
{
	Stage *stage = *state;
	g_autofree char *large = g_strnfill(300000, 'x');

	if (!servers)
		skip();
	SnId relay = sn_live_send(&stage->alice, SN_CHANNEL_MAIL, "x@elsewhere.example", "text");
	assert_true(sn_live_wait_state(&stage->alice, relay, SN_STATE_FAILED));
	for (int i = 69; i < 300000; i += 70)
		large[i] = '\n';
	SnId size = sn_live_send(&stage->alice, SN_CHANNEL_MAIL, "bob@example.test", large);
	assert_true(sn_live_wait_state(&stage->alice, size, SN_STATE_FAILED));
	g_autoptr(SnOutboxEntry) refused = sn_outbox_get(stage->alice.bench->store, relay, 0);
	g_autoptr(SnOutboxEntry) too_large = sn_outbox_get(stage->alice.bench->store, size, 0);
	assert_non_null(strstr(refused->reason, "x@elsewhere.example"));
	assert_non_null(strstr(too_large->reason, "at most 200000"));
}

static void a_bounce_that_came_while_away_is_told_at_the_next_start(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	SnId id = sn_live_send(&stage->alice, SN_CHANNEL_MAIL, "ghost@example.test", "text");
	assert_true(sn_live_wait_state(&stage->alice, id, SN_STATE_ACCEPTED));
	int before = sn_servers_count(servers, "alice", "");
	sn_live_stop(&stage->alice);
	for (int i = 0; i < 300 && sn_servers_count(servers, "alice", "") <= before; i++)
		g_usleep(100000);
	sn_live_start(&stage->alice);
	assert_true(sn_live_wait_state(&stage->alice, id, SN_STATE_FAILED));
	g_autofree char *told = sn_live_told(5000);
	assert_non_null(strstr(told, "ghost@example.test"));
	sn_live_stop(&stage->alice);
	sn_live_start(&stage->alice);
	sn_live_settle(&stage->alice);
	g_autofree char *again = sn_live_told(0);
	assert_null(strstr(again, "ghost@example.test"));
}

/* ---- receipts ---- */

static gboolean has_text(SnBench *bench, gpointer data)
{
	g_autoptr(SnQuery) query = sn_query_parse(data, NULL, NULL);
	g_autoptr(GPtrArray) found = sn_message_search(bench->store, query, 0, 0, 10, 0, NULL);

	return found && found->len > 0;
}

static gboolean is_online(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) address = sn_address_find(bench->store, SN_CHANNEL_IM, data);
	g_autoptr(SnPresence) best = address ? sn_presence_best(bench->store, address->id) : NULL;

	return best && best->show == SN_PRESENCE_ONLINE;
}

static void befriend(Stage *stage)
{
	sn_wish_set(stage->alice.bench->store, SN_WISH_CONTACT, "bob@example.test", "request", NULL);
	sn_wish_set(stage->bob.bench->store, SN_WISH_CONTACT, "alice@example.test", "accept", NULL);
	sn_wish_set(stage->alice.bench->store, SN_WISH_CONTACT, "bob@example.test", "accept", NULL);
	assert_true(sn_bench_wait(stage->alice.bench, is_online, (gpointer) "bob@example.test"));
	assert_true(sn_bench_wait(stage->bob.bench, is_online, (gpointer) "alice@example.test"));
}

static void a_marker_that_came_while_away_is_found_in_the_archive(void **state)
{
	Stage *stage = *state;
	SnLive *alice = &stage->alice, *bob = &stage->bob;

	if (!servers)
		skip();
	sn_live_open(bob, servers, "bob", NULL, NULL);
	sn_live_start(bob);
	sn_live_settle(bob);
	befriend(stage);
	SnId first = sn_live_send(alice, SN_CHANNEL_IM, "bob@example.test", "eins");
	SnId id = sn_live_send(alice, SN_CHANNEL_IM, "bob@example.test", "unterdessen");
	assert_true(sn_bench_wait(bob->bench, has_text, (gpointer) "unterdessen"));
	assert_true(sn_live_wait_state(alice, id, SN_STATE_DELIVERED));
	sn_live_stop(alice);
	/* bob reads it now */
	g_autoptr(SnAddress) address =
		sn_address_find(bob->bench->store, SN_CHANNEL_IM, "alice@example.test");
	SnId conversation =
		sn_conversation_for_person(bob->bench->store, address->person, NULL);
	assert_true(sn_conversation_mark_read(bob->bench->store, conversation, 0, NULL));
	sn_live_settle(bob);
	sn_live_stop(bob);
	sn_live_start(alice);
	assert_true(sn_live_wait_state(alice, id, SN_STATE_READ));
	assert_true(sn_live_wait_state(alice, first, SN_STATE_READ));
}

/* ---- read receipts of emails ---- */

static gboolean has_question(SnBench *bench, gpointer data)
{
	SnId id = sn_message_find_mail(bench->store, data);
	g_autoptr(SnMessage) message = id ? sn_message_get(bench->store, id, 0) : NULL;
	g_autoptr(GPtrArray) all =
		message ? sn_question_list(bench->store, message->conversation) : NULL;

	return all && all->len > 0 &&
	       ((SnQuestion *)all->pdata[all->len - 1])->message == id;
}

/* Dovecot keeps the names of keywords in a file beside the messages. */
static gboolean bob_has_keyword(SnBench *bench, gpointer data)
{
	g_autofree char *path = g_build_filename(servers->mail_dir, "bob", "Maildir",
	                                         "dovecot-keywords", NULL);
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, data);
}

static void one_key_of_bobs_tells_alice_that_it_was_read(void **state)
{
	Stage *stage = *state;
	SnLive *alice = &stage->alice, *bob = &stage->bob;

	if (!servers)
		skip();
	sn_live_close(alice);
	sn_live_open(alice, servers, "alice", NULL,
	             "[delivery]\nundo-mail = 0s\n[mail]\nrequest-mdn = true\n");
	sn_live_start(alice);
	sn_live_open(bob, servers, "bob", NULL, NULL);
	sn_live_start(bob);
	sn_live_settle(bob);
	SnId before = sn_live_send(bob, SN_CHANNEL_MAIL, "alice@example.test", "hello");
	assert_true(sn_live_wait_state(bob, before, SN_STATE_ACCEPTED));
	SnId id = sn_live_send(alice, SN_CHANNEL_MAIL, "bob@example.test", "have you read this?");
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(alice->bench->store, id, 0);
	assert_true(sn_bench_wait(bob->bench, has_question, entry->message_id));
	g_autoptr(SnMessage) message = sn_message_get(
		bob->bench->store, sn_message_find_mail(bob->bench->store, entry->message_id), 0);
	g_autoptr(GPtrArray) all = sn_question_list(bob->bench->store, message->conversation);
	const SnQuestion *question = all->pdata[all->len - 1];
	assert_true(sn_question_answer(bob->bench->store, question, question->values[0], NULL));
	assert_true(sn_live_wait_state(alice, id, SN_STATE_READ));
	assert_true(sn_bench_wait(alice->bench, is_folded, &id));
	sn_live_settle(bob);
	for (int i = 0; i < 300 && !bob_has_keyword(NULL, (gpointer) "$MDNSent"); i++)
		g_usleep(100000);
	assert_true(bob_has_keyword(NULL, (gpointer) "$MDNSent"));
}

static int start_servers(void **state)
{
	g_setenv("SN_SMTP_DELAY_WARNING", "2s", TRUE);
	g_setenv("SN_SMTP_SIZE", "200000", TRUE);
	return sn_servers_setup(&servers, "dovecot postfix prosody");
}

static int stop_servers(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(success_is_reported_by_the_last_server),
		TEST(an_unknown_user_comes_back_and_the_other_has_it),
		TEST(a_delay_is_a_warning_and_stays_one),
		TEST(what_the_server_refuses_at_once_fails_with_its_words),
		TEST(a_bounce_that_came_while_away_is_told_at_the_next_start),
		TEST(one_key_of_bobs_tells_alice_that_it_was_read),
		TEST(a_marker_that_came_while_away_is_found_in_the_archive),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
