/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_xmpp_line.c - the XMPP backend on a bad network: cut, stalled, silent, with wrong
 * certificates. Nothing is lost, nothing goes twice, every request has one end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/lib/im_client.h"
#include "tests/lib/servers.h"
#include "tests/lib/tcp_proxy.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"
#define WAIT 90 /* seconds, only to the failure: a server that starts anew takes its time */

typedef struct {
	TcpProxy *proxy;
	ImClient *alice, *bob; /* alice behind the proxy */
} World;

static SnServers *servers;

static ImClient *login(const char *jid, guint16 port, int tls)
{
	g_autofree char *name = g_strndup(jid, strcspn(jid, "@"));
	g_autofree char *password = g_strconcat(name, "-secret", NULL);

	return im_client_new(jid, password, "127.0.0.1", port, tls, servers->ca_file);
}

static int set_up_world(void **state)
{
	World *world = g_new0(World, 1);

	if (!servers)
		return 0;
	world->proxy = tcp_proxy_new(servers->xmpp);
	world->alice = login(ALICE, tcp_proxy_port(world->proxy), SN_LINK_STARTTLS);
	world->bob = login(BOB, servers->xmpp, SN_LINK_STARTTLS);
	*state = world;
	return im_client_ready(world->alice, WAIT) && im_client_ready(world->bob, WAIT) ? 0 : -1;
}

static int tear_down_world(void **state)
{
	World *world = *state;

	if (!world)
		return 0;
	im_client_free(world->alice);
	im_client_free(world->bob);
	tcp_proxy_free(world->proxy);
	g_free(world);
	return 0;
}

static World *world_of(void **state)
{
	if (!servers)
		skip();
	return *state;
}

static void expect_end(ImClient *client, guint64 id, int kind, int code)
{
	SnImEvent *end = im_client_end(client, id, WAIT);

	assert_non_null(end);
	if (end->kind != kind && end->error)
		print_error("%s\n", end->error->message);
	assert_int_equal(end->kind, kind);
	if (kind == SN_EVENT_ERROR)
		assert_int_equal(end->error->code, code);
	sn_im_event_free(end);
}

/* FALSE: it may have arrived. Any other end is a failure. */
static gboolean ended_surely(ImClient *client, guint64 id)
{
	SnImEvent *end = im_client_end(client, id, WAIT);

	assert_non_null(end);
	gboolean sure = end->kind == SN_EVENT_DONE;
	assert_true(sure || g_error_matches(end->error, SN_ERROR, SN_ERROR_UNCERTAIN));
	sn_im_event_free(end);
	return sure;
}

static void expect_offline(ImClient *client)
{
	SnImEvent *event = im_client_wait_line(client, SN_LINE_OFFLINE, WAIT);

	assert_non_null(event);
	assert_int_equal(event->error->code, SN_ERROR_NETWORK);
	assert_true(event->next_try > 0);
	sn_im_event_free(event);
}

static void expect_synced(ImClient *client, gboolean resumed)
{
	SnImEvent *event = im_client_wait(client, SN_IM_EV_SYNCED, NULL, NULL, WAIT);

	assert_non_null(event);
	assert_int_equal(event->resumed, resumed);
	sn_im_event_free(event);
}

static gboolean has_body(const SnImEvent *event, const void *body)
{
	return g_strcmp0(event->message->body, body) == 0;
}

/* Everything that was on its way has arrived when a marker sent now has. */
static void settle(World *world)
{
	static int markers;
	g_autofree char *marker = g_strdup_printf("marker %d", ++markers);

	expect_end(world->alice, im_client_send(world->alice, BOB, marker, marker), SN_EVENT_DONE,
		   0);
	SnImEvent *event = im_client_wait_body(world->bob, marker, WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
}

/* How often bob got that body; after settle(). */
static guint times(World *world, const char *body)
{
	return im_client_count(world->bob, SN_IM_EV_MESSAGE, has_body, body);
}

/* ---- resumption ---- */

static gboolean is_offline(const SnImEvent *event, const void *data)
{
	return strcmp(event->show, "offline") == 0;
}

static gboolean is_bob(const SnImEvent *event, const void *data)
{
	return g_str_has_prefix(event->jid, BOB) && strcmp(event->show, "online") == 0;
}

static void a_cut_line_is_resumed_and_nothing_is_missed(void **state)
{
	World *world = world_of(state);

	im_client_forget(world->alice);
	tcp_proxy_set(world->proxy, TCP_REFUSE);
	tcp_proxy_cut(world->proxy);
	expect_offline(world->alice);
	for (int i = 0; i < 5; i++) {
		g_autofree char *body = g_strdup_printf("while away %d", i);
		expect_end(world->bob, im_client_send(world->bob, ALICE, body, body), SN_EVENT_DONE,
			   0);
	}
	tcp_proxy_set(world->proxy, TCP_PASS);
	expect_synced(world->alice, TRUE);
	for (int i = 0; i < 5; i++) {
		g_autofree char *body = g_strdup_printf("while away %d", i);
		SnImEvent *event = im_client_wait_body(world->alice, body, WAIT);
		assert_non_null(event);
		sn_im_event_free(event);
		assert_int_equal(im_client_count(world->alice, SN_IM_EV_MESSAGE, has_body, body),
				 0);
	}
	/* a resumed session knows who is there, and tells it again */
	assert_true(im_client_count(world->alice, SN_IM_EV_PRESENCE, is_bob, NULL) > 0);
	assert_int_equal(im_client_count(world->alice, SN_IM_EV_PRESENCE, is_offline, NULL), 0);
}

static void look(ImClient *client, gboolean active)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_ACTIVE);

	request->active = active;
	expect_end(client, im_client_submit(client, request), SN_EVENT_DONE, 0);
}

/* Its words are no stanzas (XEP-0198 section 4): counted as such, a resumption would send again what
 * the server has. */
static void the_client_state_does_not_spoil_the_count(void **state)
{
	World *world = world_of(state);

	for (int i = 0; i < 6; i++)
		look(world->alice, i % 2);
	expect_end(world->alice, im_client_send(world->alice, BOB, "counted", "counted"),
		   SN_EVENT_DONE, 0);
	look(world->alice, FALSE);
	settle(world); /* all is acked: what is not would make the second resumption a new session */
	im_client_forget(world->alice);
	tcp_proxy_cut(world->proxy);
	expect_offline(world->alice);
	expect_synced(world->alice, TRUE);
	settle(world);
	assert_int_equal(times(world, "counted"), 1);
	/* and once more, now that the state was told again */
	tcp_proxy_cut(world->proxy);
	expect_offline(world->alice);
	expect_synced(world->alice, TRUE);
	settle(world);
	assert_int_equal(times(world, "counted"), 1);
}

static void an_ack_lost_on_the_way_comes_with_the_resumption(void **state)
{
	World *world = world_of(state);

	tcp_proxy_set(world->proxy, TCP_DROP_DOWN);
	guint64 id = im_client_send(world->alice, BOB, "ack-lost", "ack lost");
	SnImEvent *event = im_client_wait_body(world->bob, "ack lost", WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	assert_null(im_client_end(world->alice, id, 0)); /* nobody told us yet */
	tcp_proxy_cut(world->proxy);
	tcp_proxy_set(world->proxy, TCP_PASS);
	expect_end(world->alice, id, SN_EVENT_DONE, 0);
	expect_synced(world->alice, TRUE);
	im_client_forget(world->alice);
	tcp_proxy_cut(world->proxy); /* once more: the library's own count is wrong now */
	expect_offline(world->alice);
	settle(world);
	assert_int_equal(times(world, "ack lost"), 0); /* one was taken above */
}

static void a_message_that_vanished_is_sent_again_once(void **state)
{
	World *world = world_of(state);

	tcp_proxy_set(world->proxy, TCP_DROP_UP);
	guint64 one = im_client_send(world->alice, BOB, "vanished-1", "vanished 1");
	guint64 two = im_client_send(world->alice, BOB, "vanished-2", "vanished 2");
	assert_null(im_client_end(world->alice, two, 1));
	tcp_proxy_cut(world->proxy);
	tcp_proxy_set(world->proxy, TCP_PASS);
	expect_end(world->alice, one, SN_EVENT_DONE, 0);
	expect_end(world->alice, two, SN_EVENT_DONE, 0);
	settle(world);
	assert_int_equal(times(world, "vanished 1"), 1);
	assert_int_equal(times(world, "vanished 2"), 1);
}

/* ---- no resumption ---- */

static gboolean find(ImClient *client, const char *origin_id)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_ARCHIVE_FIND);

	request->with = g_strdup(BOB);
	request->origin_id = g_strdup(origin_id);
	request->start = sn_clock_now(NULL) - SN_HOUR;
	SnImEvent *end = im_client_end(client, im_client_submit(client, request), WAIT);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	gboolean found = end->found;
	sn_im_event_free(end);
	return found;
}

/*
 * A session whose count the library has lost is given up at the second cut: then what was in
 * flight may be uncertain, and the archive must say the truth about it.
 */
static void messages_sent_into_a_cut_arrive_once_or_are_said_to_be_uncertain(void **state)
{
	World *world = world_of(state);
	guint64 ids[20];
	gboolean sure[20];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20; i++) {
			g_autofree char *body = g_strdup_printf("into the cut %d %d", round, i);
			if (i == 10)
				tcp_proxy_cut(world->proxy);
			ids[i] = im_client_send(world->alice, BOB, body, body);
		}
		for (int i = 0; i < 20; i++)
			sure[i] = ended_surely(world->alice, ids[i]);
		settle(world);
		for (int i = 0; i < 20; i++) {
			g_autofree char *body = g_strdup_printf("into the cut %d %d", round, i);
			gboolean arrived = sure[i] || find(world->alice, body);
			assert_int_equal(times(world, body), arrived ? 1 : 0);
		}
	}
}

static gboolean is_live(const SnImEvent *event, const void *body)
{
	return has_body(event, body) && !event->message->archived;
}

/* Its id is what it says. */
static gboolean is_live_with_id(const SnImEvent *event, const void *body)
{
	return is_live(event, body) && g_strcmp0(event->message->id, body) == 0;
}

/* The line breaks at any byte, in the middle of whatever goes over it, while both sides talk. Bob's
 * messages come out of the resumed session, or of the archive. */
static void a_line_cut_at_any_byte_loses_and_doubles_nothing(void **state)
{
	World *world = world_of(state);
	g_autoptr(GRand) random = g_rand_new_with_seed(2026);
	guint64 ids[10];

	for (int round = 0; round < 8; round++) {
		tcp_proxy_cut_after(world->proxy, (guint)g_rand_int_range(random, 1, 4000));
		for (int i = 0; i < 10; i++) {
			g_autofree char *to = g_strdup_printf("to bob %d %d", round, i);
			g_autofree char *back = g_strdup_printf("to alice %d %d", round, i);
			ids[i] = im_client_send(world->alice, BOB, to, to);
			expect_end(world->bob, im_client_send(world->bob, ALICE, back, back),
				   SN_EVENT_DONE, 0);
		}
		gboolean sure[10];
		expect_offline(world->alice);
		sn_xmpp_ops.reconnect(world->alice->im); /* does not wait longer each time */
		for (int i = 0; i < 10; i++)
			sure[i] = ended_surely(world->alice, ids[i]);
		settle(world);
		for (int i = 0; i < 10; i++) {
			g_autofree char *to = g_strdup_printf("to bob %d %d", round, i);
			gboolean arrived = sure[i] || find(world->alice, to);
			assert_int_equal(times(world, to), arrived ? 1 : 0);
		}
	}
	/* as the engine does after a session that was not resumed */
	SnImRequest *request = im_client_request(world->alice, SN_IM_REQ_ARCHIVE);
	request->with = g_strdup(BOB);
	request->start = sn_clock_now(NULL) - SN_HOUR;
	expect_end(world->alice, im_client_submit(world->alice, request), SN_EVENT_DONE, 0);
	for (int n = 0; n < 80; n++) {
		g_autofree char *body = g_strdup_printf("to alice %d %d", n / 10, n % 10);
		/* servers send to a new session again what the old one had not acked, with its ids, by
		 * which the engine knows it */
		guint live = im_client_count(world->alice, SN_IM_EV_MESSAGE, is_live, body);
		assert_in_range(live, 0, 2);
		assert_int_equal(im_client_count(world->alice, SN_IM_EV_MESSAGE, is_live_with_id, body), live);
		assert_true(im_client_count(world->alice, SN_IM_EV_MESSAGE, has_body, body) >= 1);
	}
}

static void what_cannot_be_resumed_is_uncertain_and_can_be_looked_up(void **state)
{
	World *world = world_of(state);

	tcp_proxy_set(world->proxy, TCP_DROP_DOWN);
	guint64 arrived = im_client_send(world->alice, BOB, "restart-arrived", "it arrived");
	SnImEvent *event = im_client_wait_body(world->bob, "it arrived", WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	tcp_proxy_set(world->proxy, TCP_DROP_BOTH);
	guint64 vanished = im_client_send(world->alice, BOB, "restart-vanished", "it vanished");
	assert_null(im_client_end(world->alice, vanished, 1));
	/* the server forgets its sessions */
	assert_true(sn_servers_restart_one(servers, SN_TEST_SERVER));
	tcp_proxy_cut(world->proxy);
	tcp_proxy_set(world->proxy, TCP_PASS);
	sn_xmpp_ops.reconnect(world->alice->im);
	/* a server may remember how far it had come, though not the session (XEP-0198 section 5) */
	SnImEvent *end = im_client_end(world->alice, arrived, WAIT);
	assert_non_null(end);
	assert_true(end->kind == SN_EVENT_DONE ||
		    g_error_matches(end->error, SN_ERROR, SN_ERROR_UNCERTAIN));
	sn_im_event_free(end);
	expect_end(world->alice, vanished, SN_EVENT_ERROR, SN_ERROR_UNCERTAIN);
	expect_synced(world->alice, FALSE);
	assert_true(find(world->alice, "restart-arrived"));
	assert_false(find(world->alice, "restart-vanished"));
	/* and the new session sends nothing of the old one by itself */
	assert_true(im_client_ready(world->bob, WAIT));
	tcp_proxy_cut(world->proxy);
	expect_synced(world->alice, TRUE);
	settle(world);
	assert_int_equal(times(world, "it vanished"), 0);
}

static void a_waiting_message_fails_with_the_attempt_or_goes_with_the_line(void **state)
{
	World *world = world_of(state);

	tcp_proxy_set(world->proxy, TCP_REFUSE);
	tcp_proxy_cut(world->proxy);
	expect_offline(world->alice);
	guint64 fails = im_client_send(world->alice, BOB, "waits-1", "waits 1");
	expect_end(world->alice, fails, SN_EVENT_ERROR, SN_ERROR_NETWORK);
	expect_offline(world->alice);
	guint64 goes = im_client_send(world->alice, BOB, "waits-2", "waits 2");
	tcp_proxy_set(world->proxy, TCP_PASS);
	sn_xmpp_ops.reconnect(world->alice->im);
	expect_end(world->alice, goes, SN_EVENT_DONE, 0);
	settle(world);
	assert_int_equal(times(world, "waits 2"), 1);
	assert_int_equal(times(world, "waits 1"), 0);
}

static void a_waiting_request_can_be_cancelled(void **state)
{
	World *world = world_of(state);

	tcp_proxy_set(world->proxy, TCP_SILENT);
	tcp_proxy_cut(world->proxy);
	expect_offline(world->alice);
	guint64 id = im_client_send(world->alice, BOB, "cancelled", "cancelled");
	sn_xmpp_ops.cancel(world->alice->im, id);
	expect_end(world->alice, id, SN_EVENT_CANCELLED, 0);
	sn_xmpp_ops.cancel(world->alice->im, id); /* too late, harmless */
}

/* ---- silence ---- */

static void leaving_a_silent_server_is_quick(void **state)
{
	const int kinds[] = { SN_LINK_STARTTLS, SN_LINK_TLS };

	if (!servers)
		skip();
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		TcpProxy *proxy = tcp_proxy_new(servers->xmpps);
		tcp_proxy_set(proxy, TCP_SILENT);
		ImClient *alice = login(ALICE, tcp_proxy_port(proxy), kinds[i]);
		guint64 id = im_client_send(alice, BOB, "never", "never");
		/* the second connection is the log-in itself, after the helper's trial */
		while (tcp_proxy_accepted(proxy) < 2)
			g_usleep(1000);
		gint64 began = g_get_monotonic_time();
		sn_xmpp_ops.destroy(&alice->im);
		/* it would wait for half a minute */
		assert_true(g_get_monotonic_time() - began < 15 * G_USEC_PER_SEC);
		SnImEvent *end = im_client_end(alice, id, WAIT);
		assert_non_null(end);
		assert_int_not_equal(end->kind, SN_EVENT_DONE);
		sn_im_event_free(end);
		im_client_free(alice);
		tcp_proxy_free(proxy);
	}
}

static void a_port_that_speaks_no_tls_is_told(void **state)
{
	if (!servers)
		skip();
	/* the port for STARTTLS, spoken to with TLS at once */
	ImClient *alice = login(ALICE, servers->xmpp, SN_LINK_TLS);
	SnImEvent *event = im_client_wait_line(alice, SN_LINE_OFFLINE, WAIT);
	assert_non_null(event);
	assert_int_equal(event->error->code, SN_ERROR_TLS);
	sn_im_event_free(event);
	im_client_free(alice);
}

/* ---- certificates ---- */

static void bad_certificates_are_named(void **state)
{
	static const struct {
		const char *certificate, *word;
	} bad[] = {
		{ "wrongname", "another name" },
		{ "expired", "expired" },
		{ "unknown", "unknown authority" },
	};

	if (strcmp(SN_TEST_SERVER, "prosody") != 0)
		return; /* ours to check, whoever the server is: once is enough */
	if (!servers)
		skip();
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *why = NULL;
		SnServers *other = sn_servers_start(SN_TEST_SERVER, bad[i].certificate, &why);
		assert_non_null(other);
		const struct {
			guint16 port;
			int tls;
		} ways[] = { { other->xmpp, SN_LINK_STARTTLS }, { other->xmpps, SN_LINK_TLS } };
		for (gsize j = 0; j < G_N_ELEMENTS(ways); j++) {
			ImClient *alice = im_client_new(ALICE, "alice-secret", "127.0.0.1",
							ways[j].port, ways[j].tls, other->ca_file);
			SnImEvent *event = im_client_wait_line(alice, SN_LINE_OFFLINE, WAIT);
			assert_non_null(event);
			assert_int_equal(event->error->code, SN_ERROR_TLS);
			if (!strstr(event->error->message, bad[i].word))
				fail_msg("%s", event->error->message);
			assert_int_equal(event->next_try, 0);
			sn_im_event_free(event);
			im_client_free(alice);
		}
		sn_servers_stop(other);
	}
}

static int set_up(void **state)
{
	return sn_servers_setup(&servers, SN_TEST_SERVER);
}

static int tear_down(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up_world, tear_down_world)

/* After a crash the old session is still there, with what was on its way in it. */
static void a_session_of_the_same_name_ends_the_old_one(void **state)
{
	World *world = world_of(state);
	ImClient *old = login(ALICE "/sennit.same", servers->xmpp, SN_LINK_STARTTLS);
	assert_true(im_client_ready(old, WAIT));
	ImClient *new = login(ALICE "/sennit.same", servers->xmpp, SN_LINK_STARTTLS);
	assert_true(im_client_ready(new, WAIT));
	SnImEvent *line = im_client_wait_line(old, SN_LINE_OFFLINE, WAIT);
	assert_non_null(line);
	sn_im_event_free(line);
	/* One that is alive comes back under another name, and both stay. */
	assert_true(im_client_ready(old, WAIT));
	im_client_forget(new);
	expect_end(old, im_client_send(old, BOB, "same-old", "from the old one"), SN_EVENT_DONE, 0);
	expect_end(new, im_client_send(new, BOB, "same-new", "from the new one"), SN_EVENT_DONE, 0);
	assert_int_equal(im_client_count(new, SN_EVENT_LINE, NULL, NULL), 0);
	static const char *const said[] = { "from the old one", "from the new one" };
	for (gsize i = 0; i < G_N_ELEMENTS(said); i++) {
		SnImEvent *heard = im_client_wait_body(world->bob, said[i], WAIT);
		assert_non_null(heard);
		sn_im_event_free(heard);
	}
	im_client_free(old);
	im_client_free(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_session_of_the_same_name_ends_the_old_one),
		IN_WORLD(a_cut_line_is_resumed_and_nothing_is_missed),
		IN_WORLD(the_client_state_does_not_spoil_the_count),
		IN_WORLD(an_ack_lost_on_the_way_comes_with_the_resumption),
		IN_WORLD(a_message_that_vanished_is_sent_again_once),
		IN_WORLD(messages_sent_into_a_cut_arrive_once_or_are_said_to_be_uncertain),
		IN_WORLD(a_line_cut_at_any_byte_loses_and_doubles_nothing),
		IN_WORLD(what_cannot_be_resumed_is_uncertain_and_can_be_looked_up),
		IN_WORLD(a_waiting_message_fails_with_the_attempt_or_goes_with_the_line),
		IN_WORLD(a_waiting_request_can_be_cancelled),
		cmocka_unit_test(leaving_a_silent_server_is_quick),
		cmocka_unit_test(a_port_that_speaks_no_tls_is_told),
		cmocka_unit_test(bad_certificates_are_named),
	};
	const char *filter = g_getenv("TEST_FILTER");
	if (filter)
		cmocka_set_test_filter(filter);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
