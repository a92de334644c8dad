/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Availability between an engine of ours, another one, plain clients and a real server: presence of
 * several clients, the question and its answers, reachability, quiet hours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/engine_private.h"
#include "src/route/policy.h"
#include "src/store/policy.h"
#include "src/store/wish.h"
#include "tests/lib/im_client.h"
#include "tests/lib/peer.h"
#include "tests/unit/engine_bench.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"
#define CAROL "carol@example.test"
#define BOB_MAIL "bob@work.example"
#define SECONDS 30

static SnServers *servers; /* NULL: skip */

#define NEED_SERVERS() \
	if (!servers)  \
	skip()

/* ---- engines ---- */

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnTime ahead; /* of the wall clock */
	SnClock clock;
} Side;

static SnTime side_now(gpointer data)
{
	Side *side = data;

	return g_get_real_time() / 1000 + side->ahead;
}

static const SnImOps *load_im(GError **error)
{
	return &sn_xmpp_ops;
}

/* Takes every email: what is looked at here is that it was queued, and for whom. */
static const char accounts[] = "[%s]\nfrom = %s@example.test\noutgoing = /bin/true\n"
			       "im = xmpp://%s@example.test\nim-host = localhost:%d\n"
			       "password-command = echo %s-secret\nca-file = %s\n";

static void open_side(Side *side, const char *user, const char *settings)
{
	g_autofree char *text = g_strdup_printf(accounts, user, user, user, servers->xmpp, user,
	                                        servers->ca_file);

	*side = (Side){ .clock = { side_now, side } };
	side->bench = sn_bench_new(text, settings, SN_STORE_CLIENT);
}

static void start(Side *side)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = side->bench->paths,
		.config = side->bench->config,
		.backends = { .im = load_im },
		.clock = &side->clock,
		.random_seed = 3,
	};

	side->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(side->engine, 60000, &error);
	g_assert_no_error(error);
}

static void close_side(Side *side)
{
	sn_engine_stop(&side->engine);
	if (side->bench)
		sn_bench_free(side->bench);
	*side = (Side){ 0 };
}

static SnId person(Side *side, SnChannel channel, const char *value)
{
	SnId id = sn_address_intern(side->bench->store, channel, value, NULL, NULL);
	g_autoptr(SnAddress) address = sn_address_get(side->bench->store, id);

	return address->person;
}

static SnId queue(Side *side, const char *user, const char *to, const char *body, SnRule rule)
{
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *from = g_strconcat(user, "@example.test", NULL);
	SnStore *store = side->bench->store;
	SnParty party = { SN_ROLE_TO, (char *)to, NULL };
	SnOutboxNew entry = {
		.conversation = sn_conversation_for_person(store, person(side, SN_CHANNEL_IM, to),
		                                           &error),
		.account = sn_account_find(store, user),
		.channel = SN_CHANNEL_IM,
		.from = from,
		.recipients = recipients,
		.body = body,
		.if_unavailable = rule,
		.state = SN_STATE_QUEUED,
	};

	g_ptr_array_add(recipients, &party);
	SnId id = sn_outbox_queue(store, &entry, FALSE, &error);
	g_assert_no_error(error);
	return id;
}

/* ---- conditions ---- */

typedef struct {
	SnId entry;
	SnState state;
} Wanted;

static gboolean entry_is(SnBench *bench, gpointer data)
{
	const Wanted *wanted = data;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, wanted->entry, 0);

	return entry && entry->state == wanted->state;
}

static void wait_state(Side *side, SnId entry, SnState state)
{
	Wanted wanted = { entry, state };

	if (sn_bench_wait(side->bench, entry_is, &wanted))
		return;
	g_autoptr(SnOutboxEntry) now = sn_outbox_get(side->bench->store, entry, 0);
	fail_msg("it is %s: %s", sn_state_word(now->state), now->reason ? now->reason : "");
}

typedef struct {
	const char *jid, *resource;
	SnPresenceShow show;
} There;

static gboolean is_there(SnBench *bench, gpointer data)
{
	const There *there = data;
	g_autoptr(SnAddress) address = sn_address_find(bench->store, SN_CHANNEL_IM, there->jid);
	g_autoptr(SnPresence) best = address ? sn_presence_best(bench->store, address->id) : NULL;

	return best && best->show == there->show &&
	       (!there->resource || strcmp(best->resource, there->resource) == 0);
}

static void wait_there(Side *side, const char *jid, const char *resource, SnPresenceShow show)
{
	There there = { jid, resource, show };

	assert_true(sn_bench_wait(side->bench, is_there, &there));
}

typedef struct {
	SnId person;
	SnRule wish;
} Wishing;

/* Both of bob's clients have said what they have to say. */
static gboolean both_told(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) bob = sn_address_find(bench->store, SN_CHANNEL_IM, BOB);
	g_autoptr(GPtrArray) rows = bob ? sn_presence_rows(bench->store, 0, bob->id) : NULL;
	guint told = 0;

	for (guint i = 0; rows && i < rows->len; i++)
		told += ((SnPresenceRow *)rows->pdata[i])->status != NULL;
	return told == 2;
}

static gboolean wishes_for(SnBench *bench, gpointer data)
{
	const Wishing *wishing = data;
	g_autoptr(SnPerson) who = sn_person_get(bench->store, wishing->person);

	return who && who->wish == wishing->wish;
}

static void wait_wish(Side *side, SnId who, SnRule wish)
{
	Wishing wishing = { who, wish };

	assert_true(sn_bench_wait(side->bench, wishes_for, &wishing));
}

/* ---- tests ---- */

static void the_client_with_the_higher_priority_decides(void **state)
{
	Side alice = { 0 };

	NEED_SERVERS();
	Peer *desk = peer_new(servers, BOB "/desk"), *phone = peer_new(servers, BOB "/phone");
	if (!desk || !phone)
		skip();
	open_side(&alice, "alice", NULL);
	start(&alice);
	peer_presence(desk, "dnd", "writing", 10);
	peer_presence(phone, NULL, "on the bus", 5);
	assert_true(sn_bench_wait(alice.bench, both_told, NULL));
	SnId bob = person(&alice, SN_CHANNEL_IM, BOB);
	g_autoptr(SnWhereabouts) busy =
		sn_whereabouts(alice.bench->store, alice.bench->config, bob, 0, NULL);
	assert_int_equal(busy->availability, SN_NOT_AVAILABLE);
	assert_string_equal(busy->status, "writing");
	g_autoptr(GPtrArray) rows = sn_presence_rows(alice.bench->store, bob, 0);
	assert_int_equal(rows->len, 2);
	assert_string_equal(((SnPresenceRow *)rows->pdata[1])->resource, "phone");
	assert_string_equal(((SnPresenceRow *)rows->pdata[1])->status, "on the bus");

	/* Below zero it takes no messages; then the phone is what counts. */
	peer_presence(desk, "dnd", "writing", -1);
	wait_there(&alice, BOB, "phone", SN_PRESENCE_ONLINE);
	g_autoptr(SnWhereabouts) there =
		sn_whereabouts(alice.bench->store, alice.bench->config, bob, 0, NULL);
	assert_int_equal(there->availability, SN_AVAILABLE);
	/* and the one that goes leaves the other, which reaches nobody */
	peer_free(phone);
	wait_there(&alice, BOB, "desk", SN_PRESENCE_DND);
	peer_free(desk);
	wait_there(&alice, BOB, NULL, SN_PRESENCE_OFFLINE);
	/* Our own line goes: unknown since then, and when he was seen stays known. */
	sn_engine_stop(&alice.engine);
	g_autoptr(SnWhereabouts) gone =
		sn_whereabouts(alice.bench->store, alice.bench->config, bob, 0, NULL);
	assert_int_equal(gone->why, SN_PRESENCE_NO_LINE);
	assert_true(gone->since > 0 && gone->seen > 0);
	close_side(&alice);
}

static void a_plain_client_answers_in_other_words(void **state)
{
	Side alice = { 0 };

	NEED_SERVERS();
	Peer *bob = peer_new(servers, BOB "/plain");
	if (!bob)
		skip();
	peer_presence(bob, "dnd", NULL, 0);
	open_side(&alice, "alice", "[delivery]\nundo-mail = 1h\n");
	start(&alice);
	wait_there(&alice, BOB, NULL, SN_PRESENCE_DND);
	SnId mail = sn_address_intern(alice.bench->store, SN_CHANNEL_MAIL, BOB_MAIL, NULL, NULL);
	assert_true(sn_link_add(alice.bench->store, mail, person(&alice, SN_CHANNEL_IM, BOB),
	                        SN_LINK_USER, TRUE, NULL, NULL));

	SnId id = queue(&alice, "alice", BOB, "the secret text", SN_RULE_ASK_THEM);
	g_autofree char *question = peer_wait(bob, "Is now a good time?", SECONDS);
	assert_non_null(question);
	assert_null(strstr(question, "secret"));
	assert_non_null(strstr(question, "quick-response"));
	wait_state(&alice, id, SN_STATE_ASKED);
	/* what is no answer is a message like any other, and does nothing */
	peer_send(bob, ALICE, "I will mail you later about the party");
	peer_send(bob, ALICE, "what is it about?");
	peer_send(bob, ALICE, "Later please :-)");
	wait_state(&alice, id, SN_STATE_WAITING);
	g_autoptr(SnOutboxEntry) waits = sn_outbox_get(alice.bench->store, id, 0);
	assert_true(g_str_has_suffix(waits->reason, "answered: later. It waits"));
	/* another word while it waits counts; after that he is told */
	peer_send(bob, ALICE, "no, by e-mail please");
	wait_state(&alice, id, SN_STATE_CONVERTED);
	peer_send(bob, ALICE, "ok, now");
	g_autofree char *told = peer_wait(bob, "already sent to you by email", SECONDS);
	assert_non_null(told);
	assert_null(strstr(told, "quick-response"));
	peer_free(bob);
	close_side(&alice);
}

static void a_question_between_two_engines_is_answered_by_a_rule(void **state)
{
	Side alice = { 0 }, bob = { 0 };

	NEED_SERVERS();
	open_side(&alice, "alice", "[delivery]\nif-unavailable = ask-them\nundo-mail = 1h\n");
	open_side(&bob, "bob", "[delivery]\nif-unavailable = ask-them\n"
	                       "answer-questions = later-when-away\n");
	/* both are away, and both have rules that ask: nobody may ask about an answer */
	assert_true(sn_wish_set(alice.bench->store, SN_WISH_PRESENCE, "", "dnd\t", NULL));
	assert_true(sn_wish_set(bob.bench->store, SN_WISH_PRESENCE, "", "xa\t", NULL));
	start(&alice);
	start(&bob);
	wait_there(&alice, BOB, NULL, SN_PRESENCE_XA);
	wait_there(&bob, ALICE, NULL, SN_PRESENCE_DND);
	SnId id = queue(&alice, "alice", BOB, "hello", SN_RULE_DEFAULT);
	wait_state(&alice, id, SN_STATE_WAITING);
	g_autoptr(SnOutboxEntry) waits = sn_outbox_get(alice.bench->store, id, 0);
	assert_non_null(strstr(waits->reason, "answered: later"));

	/* Bob sees what was answered for him, and why. */
	SnId conversation = sn_conversation_for_person(
		bob.bench->store, person(&bob, SN_CHANNEL_IM, ALICE), NULL);
	g_autoptr(GPtrArray) shown =
		sn_message_page(bob.bench->store, conversation, 0, 0, FALSE, 10, SN_MESSAGE_FULL);
	assert_true(shown->len >= 2); /* the archive remembers what plain clients said */
	const SnMessage *answer = shown->pdata[shown->len - 1];
	assert_int_equal(answer->direction, SN_OUT);
	assert_string_equal(answer->body, "later");
	assert_string_equal(answer->notice, "answered by your rule for everybody");
	g_autoptr(GPtrArray) open = sn_question_list(bob.bench->store, conversation);
	assert_int_equal(open->len, 0);
	/* the answer itself went without a question */
	wait_state(&bob, answer->outbox, SN_STATE_DELIVERED);
	g_autoptr(GPtrArray) hers = sn_outbox_list(alice.bench->store, SN_OUTBOX_ALL, 0, 10, 0);
	assert_int_equal(hers->len, 1);
	close_side(&alice);
	close_side(&bob);
}

static void reachability_goes_to_subscribers_and_leaves_with_them(void **state)
{
	Side alice = { 0 }, bob = { 0 };

	NEED_SERVERS();
	open_side(&alice, "alice", NULL);
	open_side(&bob, "bob", NULL);
	start(&alice);
	start(&bob);
	wait_there(&alice, BOB, NULL, SN_PRESENCE_ONLINE);
	SnId who = person(&alice, SN_CHANNEL_IM, BOB);
	assert_true(sn_wish_set(bob.bench->store, SN_WISH_REACH, "",
	                        "mailto:bob@work.example tel:+4930123456", NULL));
	wait_wish(&alice, who, SN_RULE_MAIL);
	g_autoptr(GPtrArray) wishes = sn_contact_wishes(alice.bench->store, who);
	assert_string_equal(((SnContactWish *)wishes->pdata[0])->detail,
	                    "mailto:bob@work.example tel:+4930123456");
	/* a claim, so far: nothing goes there without a yes */
	g_autoptr(SnAddress) claimed =
		sn_bench_candidate(alice.bench, BOB_MAIL, BOB);
	assert_true(!claimed || !claimed->confirmed);

	/* Carol may not see his presence, and not this either. */
	ImClient *carol = im_client_new(CAROL, "carol-secret", "127.0.0.1", servers->xmpp,
	                                SN_LINK_STARTTLS, servers->ca_file);
	assert_true(im_client_ready(carol, SECONDS));
	SnImRequest *request = im_client_request(carol, SN_IM_REQ_REACH_GET);
	request->jid = g_strdup(BOB);
	SnImEvent *end = im_client_end(carol, im_client_submit(carol, request), SECONDS);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_int_equal(im_client_count(carol, SN_IM_EV_REACH, NULL, NULL), 0);
	sn_im_event_free(end);
	im_client_free(carol);

	/* Taken back while alice is away: nobody tells her, so she looks. */
	sn_engine_stop(&alice.engine);
	assert_true(sn_wish_set(bob.bench->store, SN_WISH_REACH, "", "", NULL));
	ImClient *watch = im_client_new(ALICE, "alice-secret", "127.0.0.1", servers->xmpp,
	                                SN_LINK_STARTTLS, servers->ca_file);
	assert_true(im_client_ready(watch, SECONDS));
	for (int i = 0; i < 100; i++) { /* until the server has it */
		request = im_client_request(watch, SN_IM_REQ_REACH_GET);
		request->jid = g_strdup(BOB);
		im_client_forget(watch);
		guint64 id = im_client_submit(watch, request);
		SnImEvent *seen = im_client_wait(watch, SN_IM_EV_REACH, NULL, NULL, SECONDS);
		gboolean gone = seen && !seen->uris[0];
		sn_im_event_free(seen);
		sn_im_event_free(im_client_end(watch, id, SECONDS));
		if (gone)
			break;
		assert_true(i < 99);
	}
	im_client_free(watch);
	g_autoptr(SnPerson) before = sn_person_get(alice.bench->store, who);
	assert_int_equal(before->wish, SN_RULE_MAIL);
	start(&alice);
	wait_wish(&alice, who, SN_RULE_DEFAULT);
	close_side(&alice);
	close_side(&bob);
}

static gboolean is_line(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) all = sn_status_list(bench->store);

	for (guint i = 0; i < all->len; i++) {
		const SnStatus *one = all->pdata[i];
		if (strcmp(one->end, "im") == 0 && one->kind == GPOINTER_TO_UINT(data))
			return TRUE;
	}
	return FALSE;
}

/* What was published is there after a new start of ours, and when the server has lost it. */
static void reachability_is_restored(void **state)
{
	Side bob = { 0 };

	NEED_SERVERS();
	open_side(&bob, "bob", NULL);
	assert_true(sn_wish_set(bob.bench->store, SN_WISH_REACH, "", "mailto:bob@work.example", NULL));
	start(&bob);
	sn_engine_stop(&bob.engine);
	/* somebody else has emptied it meanwhile */
	ImClient *other = im_client_new(BOB, "bob-secret", "127.0.0.1", servers->xmpp,
	                                SN_LINK_STARTTLS, servers->ca_file);
	assert_true(im_client_ready(other, SECONDS));
	SnImRequest *request = im_client_request(other, SN_IM_REQ_REACH);
	sn_im_event_free(im_client_end(other, im_client_submit(other, request), SECONDS));
	im_client_free(other);

	ImClient *alice = im_client_new(ALICE, "alice-secret", "127.0.0.1", servers->xmpp,
	                                SN_LINK_STARTTLS, servers->ca_file);
	assert_true(im_client_ready(alice, SECONDS));
	im_client_forget(alice);
	start(&bob);
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_REACH, NULL, NULL, SECONDS);
	assert_non_null(event);
	assert_string_equal(event->uris[0], "mailto:bob@work.example");
	sn_im_event_free(event);
	im_client_free(alice);
	/* and over a restart of the server */
	assert_true(sn_servers_restart_one(servers, "prosody"));
	assert_true(sn_bench_wait(bob.bench, is_line, GUINT_TO_POINTER(SN_STATUS_ONLINE)));
	alice = im_client_new(ALICE, "alice-secret", "127.0.0.1", servers->xmpp, SN_LINK_STARTTLS,
	                      servers->ca_file);
	assert_true(im_client_ready(alice, SECONDS));
	event = im_client_wait(alice, SN_IM_EV_REACH, NULL, NULL, SECONDS);
	assert_non_null(event);
	assert_string_equal(event->uris[0], "mailto:bob@work.example");
	sn_im_event_free(event);
	im_client_forget(alice);
	assert_true(sn_wish_set(bob.bench->store, SN_WISH_REACH, "", "", NULL));
	event = im_client_wait(alice, SN_IM_EV_REACH, NULL, NULL, SECONDS);
	assert_true(event && !event->uris[0]);
	sn_im_event_free(event);
	im_client_free(alice);
	close_side(&bob);
}

static void quiet_hours_end_by_the_clock(void **state)
{
	Side alice = { 0 };
	g_autoptr(GDateTime) night = g_date_time_new_utc(2026, 11, 25, 23, 30, 0);

	NEED_SERVERS();
	Peer *bob = peer_new(servers, BOB "/plain");
	if (!bob)
		skip();
	/* bob's engines of before have published devices; this client has none */
	open_side(&alice, "alice", "[delivery]\nif-unavailable = defer\n[im]\nomemo = false\n");
	alice.ahead = g_date_time_to_unix(night) * 1000 - g_get_real_time() / 1000;
	start(&alice);
	wait_there(&alice, BOB, NULL, SN_PRESENCE_ONLINE);
	assert_true(sn_policy_set(alice.bench->store, person(&alice, SN_CHANNEL_IM, BOB),
	                          "quiet-hours=22:00-07:00", NULL));
	assert_true(sn_policy_set(alice.bench->store, person(&alice, SN_CHANNEL_IM, BOB),
	                          "time-zone=UTC", NULL));
	SnId id = queue(&alice, "alice", BOB, "good morning", SN_RULE_DEFAULT);
	wait_state(&alice, id, SN_STATE_WAITING);
	g_autoptr(SnOutboxEntry) waits = sn_outbox_get(alice.bench->store, id, 0);
	assert_non_null(strstr(waits->reason, "quiet hours until"));
	assert_non_null(strstr(waits->reason, "your rule for "));
	/* bob is there all the time, and says so */
	peer_presence(bob, "chat", "awake", 0);
	wait_there(&alice, BOB, NULL, SN_PRESENCE_CHAT);
	wait_state(&alice, id, SN_STATE_WAITING);
	alice.ahead += 7 * SN_HOUR + 31 * SN_MINUTE;
	assert_true(sn_store_set(alice.bench->store, "morning", "now", NULL)); /* it looks again */
	g_autofree char *got = peer_wait(bob, "good morning", SECONDS);
	assert_non_null(got);
	peer_free(bob);
	close_side(&alice);
}

static int set_up_servers(void **state)
{
	return sn_servers_setup(&servers, "prosody");
}

static int tear_down_servers(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_with_the_higher_priority_decides),
		cmocka_unit_test(a_plain_client_answers_in_other_words),
		cmocka_unit_test(a_question_between_two_engines_is_answered_by_a_rule),
		cmocka_unit_test(reachability_goes_to_subscribers_and_leaves_with_them),
		cmocka_unit_test(reachability_is_restored),
		cmocka_unit_test(quiet_hours_end_by_the_clock),
	};

	g_setenv("TZ", "UTC", TRUE);
	return cmocka_run_group_tests(tests, set_up_servers, tear_down_servers);
}
