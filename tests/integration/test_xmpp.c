/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_xmpp.c - the XMPP backend against a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/base/ids.h"
#include "tests/lib/im_client.h"
#include "tests/lib/raw_xmpp.h"
#include "tests/lib/servers.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"
#define CAROL "carol@example.test"
#define WAIT 20

/* Skips aloud; servers_setup has failed already where they are required. */
#define NEED_SERVERS() \
	if (!servers)  \
	skip()

static SnServers *servers;

static ImClient *login_with(const char *jid, guint16 port, int tls)
{
	g_autofree char *name = g_strndup(jid, strcspn(jid, "@"));
	g_autofree char *password = g_strconcat(name, "-secret", NULL);

	return im_client_new(jid, password, "127.0.0.1", port, tls, servers->ca_file);
}

static ImClient *login(const char *jid)
{
	return login_with(jid, servers->xmpp, SN_LINK_STARTTLS);
}

static void expect_done(ImClient *client, guint64 id)
{
	SnImEvent *end = im_client_end(client, id, WAIT);

	assert_non_null(end);
	if (end->kind == SN_EVENT_ERROR)
		print_error("request failed: %s\n", end->error->message);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	sn_im_event_free(end);
}

static void expect_error(ImClient *client, guint64 id, SnErrorCode code)
{
	SnImEvent *end = im_client_end(client, id, WAIT);

	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	if (end->error->code != (int)code)
		print_error("%s\n", end->error->message);
	assert_int_equal(end->error->code, code);
	sn_im_event_free(end);
}

/* The line goes down for good with this code, and the text has this word. */
static void expect_offline(ImClient *client, SnErrorCode code, const char *word, gboolean for_good)
{
	SnImEvent *event = im_client_wait_line(client, SN_LINE_OFFLINE, WAIT);

	assert_non_null(event);
	if (event->error->code != (int)code || !strstr(event->error->message, word))
		print_error("%s\n", event->error->message);
	assert_int_equal(event->error->code, code);
	assert_non_null(strstr(event->error->message, word));
	assert_int_equal(event->next_try == 0, for_good);
	sn_im_event_free(event);
}

/* ---- logging in ---- */

static void logs_in_by_starttls_and_direct_tls(void **state)
{
	NEED_SERVERS();
	const struct {
		guint16 port;
		int tls;
	} ways[] = { { servers->xmpp, SN_LINK_STARTTLS }, { servers->xmpps, SN_LINK_TLS } };

	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
		ImClient *alice = login_with(ALICE, ways[i].port, ways[i].tls);
		assert_true(im_client_ready(alice, WAIT));
		SnImEvent *features = im_client_wait(alice, SN_IM_EV_FEATURES, NULL, NULL, WAIT);
		assert_true(features->has_archive);
		assert_true(features->has_carbons);
		assert_true(features->upload_max > 1024 * 1024);
		sn_im_event_free(features);
		SnImEvent *contact = im_client_wait(alice, SN_IM_EV_ROSTER, NULL, NULL, WAIT);
		assert_string_equal(contact->jid, BOB);
		assert_string_equal(contact->subscription, "both");
		sn_im_event_free(contact);
		im_client_free(alice);
	}
}

static void tells_a_wrong_password(void **state)
{
	NEED_SERVERS();
	ImClient *alice = im_client_new(ALICE, "guessed", "127.0.0.1", servers->xmpp,
					SN_LINK_STARTTLS, servers->ca_file);
	guint64 waiting = im_client_send(alice, BOB, "never", "hello");

	expect_offline(alice, SN_ERROR_AUTH, "Wrong password for " ALICE, TRUE);
	expect_error(alice, waiting, SN_ERROR_NETWORK);
	/* later ones do not wait for ever either */
	expect_error(alice, im_client_send(alice, BOB, "never", "hello"), SN_ERROR_NETWORK);
	/* the right one is asked for again */
	g_free(alice->password);
	alice->password = g_strdup("alice-secret");
	sn_xmpp_ops.reconnect(alice->im);
	assert_true(im_client_ready(alice, WAIT));
	assert_int_equal(alice->asked, 2);
	im_client_free(alice);
}

static void tells_an_unknown_authority(void **state)
{
	NEED_SERVERS();
	ImClient *alice = im_client_new(ALICE, "alice-secret", "127.0.0.1", servers->xmpp,
					SN_LINK_STARTTLS, NULL);
	expect_offline(alice, SN_ERROR_TLS, "unknown authority", TRUE);
	im_client_free(alice);
	alice = im_client_new(ALICE, "alice-secret", "127.0.0.1", servers->xmpps, SN_LINK_TLS,
			      NULL);
	expect_offline(alice, SN_ERROR_TLS, "unknown authority", TRUE);
	im_client_free(alice);
}

static void tells_an_unreachable_server(void **state)
{
	NEED_SERVERS();
	/* a port nobody listens on: bound, never listening */
	g_autoptr(GSocket) socket = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
						 G_SOCKET_PROTOCOL_TCP, NULL);
	g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
	g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
	assert_true(g_socket_bind(socket, any, FALSE, NULL));
	g_autoptr(GSocketAddress) bound = g_socket_get_local_address(socket, NULL);
	guint16 port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));

	ImClient *alice =
		im_client_new(ALICE, "alice-secret", "127.0.0.1", port, SN_LINK_STARTTLS, NULL);
	guint64 waiting = im_client_send(alice, BOB, "never", "hello");
	g_autofree char *where = g_strdup_printf("127.0.0.1:%u refuses", port);
	expect_offline(alice, SN_ERROR_NETWORK, where, FALSE);
	expect_error(alice, waiting, SN_ERROR_NETWORK);
	im_client_free(alice);
}

static void refuses_to_go_without_encryption(void **state)
{
	NEED_SERVERS();
	/* not this machine: refused without a packet to it (TEST-NET-1, RFC 5737) */
	ImClient *alice =
		im_client_new(ALICE, "alice-secret", "192.0.2.1", 5222, SN_LINK_PLAIN, NULL);
	expect_offline(alice, SN_ERROR_TLS, "without encryption", TRUE);
	im_client_free(alice);
}

/* ---- messages ---- */

static gboolean is_receipt(const SnImEvent *event, const void *id)
{
	return g_strcmp0(event->message->receipt_id, id) == 0;
}

static void sends_and_is_told_of_receipt(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE), *bob = login(BOB);
	g_autofree char *id = sn_id_origin();

	assert_true(im_client_ready(alice, WAIT));
	assert_true(im_client_ready(bob, WAIT));
	expect_done(alice, im_client_send(alice, BOB, id, "Grüße, <bob> & co 🙂"));
	SnImEvent *event = im_client_wait_body(bob, "Grüße, <bob> & co 🙂", WAIT);
	assert_non_null(event);
	assert_true(g_str_has_prefix(event->message->from, ALICE "/"));
	assert_string_equal(event->message->origin_id, id);
	assert_non_null(event->message->stanza_id);
	assert_true(event->message->want_receipt);
	SnImRequest *receipt = im_client_request(bob, SN_IM_REQ_SEND);
	receipt->message = sn_im_message_new();
	receipt->message->to = g_strdup(event->message->from);
	receipt->message->id = sn_id_origin();
	receipt->message->receipt_id = g_strdup(event->message->id);
	receipt->message->store_hint = TRUE;
	sn_im_event_free(event);
	expect_done(bob, im_client_submit(bob, receipt));
	event = im_client_wait(alice, SN_IM_EV_MESSAGE, is_receipt, id, WAIT);
	assert_non_null(event);
	assert_null(event->message->body);
	sn_im_event_free(event);
	im_client_free(alice);
	im_client_free(bob);
}

static gboolean is_error(const SnImEvent *event, const void *id)
{
	return event->message->error && g_strcmp0(event->message->id, id) == 0;
}

static void an_unknown_recipient_comes_back_as_an_error(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE);

	assert_true(im_client_ready(alice, WAIT));
	expect_done(alice, im_client_send(alice, "nobody@example.test", "to-nobody", "hello"));
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_MESSAGE, is_error, "to-nobody", WAIT);
	assert_non_null(event);
	assert_string_equal(event->message->error_condition, "service-unavailable");
	sn_im_event_free(event);
	im_client_free(alice);
}

static void another_client_of_ours_is_seen(void **state)
{
	NEED_SERVERS();
	ImClient *desk = login(ALICE), *phone = login(ALICE), *bob = login(BOB);

	assert_true(im_client_ready(desk, WAIT));
	assert_true(im_client_ready(phone, WAIT));
	assert_true(im_client_ready(bob, WAIT));
	expect_done(phone, im_client_send(phone, BOB, "from-phone", "sent from the phone"));
	SnImEvent *event = im_client_wait_body(desk, "sent from the phone", WAIT);
	assert_non_null(event);
	assert_true(event->message->carbon_sent);
	assert_false(event->message->carbon_received);
	assert_string_equal(event->message->to, BOB);
	assert_string_equal(event->message->origin_id, "from-phone");
	sn_im_event_free(event);
	im_client_free(desk);
	im_client_free(phone);
	im_client_free(bob);
}

/* ---- forgeries ---- */

static void bob_sends(const char *stanza)
{
	assert_true(raw_xmpp_send(BOB, "bob-secret", servers->xmpp, servers->ca_file, stanza));
}

static gboolean has_id(const SnImEvent *event, const void *id)
{
	return g_strcmp0(event->message->id, id) == 0;
}

static void forged_carbons_and_archive_results_are_dropped(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE);

	assert_true(im_client_ready(alice, WAIT));
	bob_sends("<message to='" ALICE "' id='forged-1' type='chat'>"
		  "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
		  "<message xmlns='jabber:client' from='" ALICE "' to='" BOB "' id='forged-2'>"
		  "<body>I owe you money</body></message></forwarded></sent></message>");
	bob_sends(
		"<message to='" ALICE "' id='forged-3' type='chat'>"
		"<result xmlns='urn:xmpp:mam:2' id='x' queryid='m1-00000000'>"
		"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='" ALICE
		"' to='" BOB "'><body>I owe you money</body></message></forwarded></result>"
		"</message>");
	bob_sends("<message to='" ALICE "' id='forged-4' type='chat'><body>mine</body>"
		  "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='" ALICE "'/>"
		  "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='" BOB "'/></message>");
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_MESSAGE, has_id, "forged-4", WAIT);
	assert_non_null(event);
	assert_string_not_equal(event->message->stanza_id, "forged");
	sn_im_event_free(event);
	assert_null(im_client_wait_body(alice, "I owe you money", 0));
	im_client_free(alice);
}

static void hostile_text_comes_clean(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE);

	assert_true(im_client_ready(alice, WAIT));
	bob_sends("<message to='" ALICE "' id='hostile' type='chat'>"
		  "<body>a\xe2\x80\xae"
		  "b&#x85;c\nd</body><subject>one\ntwo</subject></message>");
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_MESSAGE, has_id, "hostile", WAIT);
	assert_non_null(event);
	assert_null(strstr(event->message->body, "\xc2\x85"));
	assert_null(strchr(event->message->subject, '\n'));
	assert_non_null(strchr(event->message->body, '\n'));
	sn_im_event_free(event);
	im_client_free(alice);
}

static gboolean is_vcard(const SnImEvent *event, const void *jid)
{
	return strcmp(event->jid, jid) == 0;
}

static void a_vcard_tells_addresses(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE);

	assert_true(im_client_ready(alice, WAIT));
	bob_sends("<iq type='set' id='v'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
		  "<publish node='urn:xmpp:vcard4'><item><vcard "
		  "xmlns='urn:ietf:params:xml:ns:vcard-4.0'>"
		  "<fn><text>Bob Baker</text></fn><email><text>bob@work.example</text></email>"
		  "<email><text>bob@home.example</text></email>"
		  "<impp><uri>xmpp:bob@example.test</uri></impp><impp><uri>sip:bob@x</uri></impp>"
		  "</vcard></item></publish></pubsub></iq>");
	SnImRequest *request = im_client_request(alice, SN_IM_REQ_VCARD);
	request->jid = g_strdup(BOB);
	expect_done(alice, im_client_submit(alice, request));
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_VCARD, is_vcard, BOB, WAIT);
	assert_non_null(event);
	assert_string_equal(event->name, "Bob Baker");
	assert_string_equal(event->mails[0], "bob@work.example");
	assert_string_equal(event->mails[1], "bob@home.example");
	assert_string_equal(event->jids[0], BOB);
	assert_null(event->jids[1]);
	sn_im_event_free(event);
	im_client_free(alice);
}

static SnImEvent *own_vcard(ImClient *client)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_VCARD);

	request->jid = g_strdup(ALICE);
	expect_done(client, im_client_submit(client, request));
	return im_client_wait(client, SN_IM_EV_VCARD, is_vcard, ALICE, WAIT);
}

static void put_vcard(ImClient *client, const char *lines)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_VCARD_PUT);

	request->text = g_strdup(lines);
	expect_done(client, im_client_submit(client, request));
}

static void our_vcard_is_written_and_keeps_the_rest(void **state)
{
	static const char first[] = "name: Alice Liddell\nnickname: Al\nemail: alice@work.example\n"
				    "email: a@home.example\nphone: +44 20 7946 0000\n"
				    "xmpp: alice@example.test\nweb: https://alice.example/\n"
				    "title: Ropemaker\nnote: <b>knots & bends</b>\n";
	static const char second[] = "name: Alice L.\nemail: a@home.example\n";

	NEED_SERVERS();
	ImClient *alice = login(ALICE);
	assert_true(im_client_ready(alice, WAIT));
	/* another client of hers has put a street there */
	g_autofree char *set = raw_xmpp_ask(
		ALICE, "alice-secret", servers->xmpp, servers->ca_file,
		"<iq type='set' id='v'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
		"<publish node='urn:xmpp:vcard4'><item id='current'><vcard "
		"xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>A</text></fn>"
		"<adr><street>Rope Walk 1</street></adr></vcard></item></publish></pubsub></iq>", "v");
	assert_non_null(strstr(set, "type=\"result\""));
	put_vcard(alice, first);
	SnImEvent *now = own_vcard(alice);
	assert_string_equal(now->text, first);
	assert_string_equal(now->mails[1], "a@home.example");
	sn_im_event_free(now);
	put_vcard(alice, second);
	now = own_vcard(alice);
	assert_string_equal(now->text, second);
	sn_im_event_free(now);
	/* the old form says the same, and nothing is lost */
	g_autofree char *temp = raw_xmpp_ask(BOB, "bob-secret", servers->xmpp, servers->ca_file,
					     "<iq type='get' id='t' to='" ALICE
					     "'><vCard xmlns='vcard-temp'/></iq>", "t");
	assert_non_null(strstr(temp, "Alice L."));
	g_autofree char *own = raw_xmpp_ask(
		ALICE, "alice-secret", servers->xmpp, servers->ca_file,
		"<iq type='get' id='f'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
		"<items node='urn:xmpp:vcard4'/></pubsub></iq>", "f");
	assert_non_null(strstr(own, "Rope Walk 1"));
	/* a line that there is not is refused before anything is written */
	SnImRequest *bad = im_client_request(alice, SN_IM_REQ_VCARD_PUT);
	bad->text = g_strdup("nmae: X");
	expect_error(alice, im_client_submit(alice, bad), SN_ERROR_INVALID);
	im_client_free(alice);
}

/* ---- archive ---- */

static gboolean of_request(const SnImEvent *event, const void *id)
{
	return event->id == *(const guint64 *)id;
}

static void the_archive_fills_a_gap(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE), *carol = login(CAROL);
	g_autofree char *last_id = NULL;

	assert_true(im_client_ready(alice, WAIT));
	assert_true(im_client_ready(carol, WAIT));
	expect_done(carol, im_client_send(carol, ALICE, "gap-0", "before"));
	SnImEvent *before = im_client_wait_body(alice, "before", WAIT);
	assert_non_null(before);
	last_id = g_strdup(before->message->stanza_id);
	assert_non_null(last_id);
	sn_im_event_free(before);
	im_client_free(alice);
	/* more than a page */
	for (int i = 1; i <= 120; i++) {
		g_autofree char *id = g_strdup_printf("gap-%d", i);
		guint64 request = im_client_send(carol, ALICE, id, id);
		if (i % 20 == 0)
			expect_done(carol, request);
	}
	alice = login(ALICE);
	assert_true(im_client_ready(alice, WAIT));
	SnImRequest *request = im_client_request(alice, SN_IM_REQ_ARCHIVE);
	request->after_id = g_strdup(last_id);
	guint64 id = im_client_submit(alice, request);
	SnImEvent *end = im_client_end(alice, id, WAIT);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_true(end->complete);
	assert_non_null(end->last_id);
	assert_string_not_equal(end->last_id, last_id);
	for (int i = 1; i <= 120; i++) {
		g_autofree char *body = g_strdup_printf("gap-%d", i);
		SnImEvent *event = im_client_wait(alice, SN_IM_EV_MESSAGE, of_request, &id, 1);
		assert_non_null(event);
		assert_string_equal(event->message->body, body); /* oldest first, each once */
		assert_true(event->message->archived);
		assert_non_null(event->message->archive_id);
		assert_true(event->message->time > 0);
		sn_im_event_free(event);
	}
	assert_null(im_client_wait(alice, SN_IM_EV_MESSAGE, of_request, &id, 0));
	/* from the end there is nothing more */
	request = im_client_request(alice, SN_IM_REQ_ARCHIVE);
	request->after_id = g_strdup(end->last_id);
	sn_im_event_free(end);
	id = im_client_submit(alice, request);
	end = im_client_end(alice, id, WAIT);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_true(end->complete);
	sn_im_event_free(end);
	assert_null(im_client_wait(alice, SN_IM_EV_MESSAGE, of_request, &id, 0));
	im_client_free(alice);
	im_client_free(carol);
}

static gboolean find(ImClient *client, const char *with, const char *origin_id)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_ARCHIVE_FIND);

	request->with = g_strdup(with);
	request->origin_id = g_strdup(origin_id);
	request->start = sn_clock_now(NULL) - SN_HOUR;
	SnImEvent *end = im_client_end(client, im_client_submit(client, request), WAIT);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	gboolean found = end->found;
	sn_im_event_free(end);
	return found;
}

static void the_archive_tells_whether_a_message_went(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE);

	assert_true(im_client_ready(alice, WAIT));
	expect_done(alice, im_client_send(alice, BOB, "did-it-go", "did it go?"));
	assert_true(find(alice, BOB, "did-it-go"));
	assert_false(find(alice, BOB, "it-did-not"));
	assert_false(find(alice, CAROL, "did-it-go"));
	im_client_free(alice);
}

/* ---- presence ---- */

static guint64 about(ImClient *client, SnImRequestKind kind, const char *jid, const char *name)
{
	SnImRequest *request = im_client_request(client, kind);

	request->jid = g_strdup(jid);
	request->name = g_strdup(name);
	return im_client_submit(client, request);
}

static gboolean is_presence(const SnImEvent *event, const void *data)
{
	const char *const *want = data; /* bare JID, show */
	g_autofree char *prefix = g_strconcat(want[0], "/", NULL);
	return g_str_has_prefix(event->jid, prefix) && strcmp(event->show, want[1]) == 0;
}

static void expect_presence(ImClient *client, const char *jid, const char *show)
{
	const char *const want[] = { jid, show };
	SnImEvent *event = im_client_wait(client, SN_IM_EV_PRESENCE, is_presence, want, WAIT);

	assert_non_null(event);
	sn_im_event_free(event);
}

static void presence_is_seen_and_shown(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE);

	assert_true(im_client_ready(alice, WAIT));
	ImClient *bob = login(BOB);
	assert_true(im_client_ready(bob, WAIT));
	expect_presence(alice, BOB, "online");
	expect_presence(bob, ALICE, "online");
	SnImRequest *request = im_client_request(bob, SN_IM_REQ_PRESENCE);
	request->show = g_strdup("dnd");
	request->status = g_strdup("writing");
	expect_done(bob, im_client_submit(bob, request));
	const char *const want[] = { BOB, "dnd" };
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_PRESENCE, is_presence, want, WAIT);
	assert_non_null(event);
	assert_string_equal(event->status, "writing");
	sn_im_event_free(event);
	im_client_forget(alice);
	expect_done(alice, about(alice, SN_IM_REQ_PROBE, BOB, NULL));
	expect_presence(alice, BOB, "dnd");
	im_client_free(bob);
	expect_presence(alice, BOB, "offline");
	im_client_free(alice);
}

static gboolean is_subscription(const SnImEvent *event, const void *data)
{
	const char *const *want = data;
	return strcmp(event->jid, want[0]) == 0 && strcmp(event->name, want[1]) == 0;
}

static gboolean is_contact(const SnImEvent *event, const void *data)
{
	const char *const *want = data;
	return strcmp(event->jid, want[0]) == 0 && strcmp(event->subscription, want[1]) == 0;
}

static gboolean is_removed(const SnImEvent *event, const void *jid)
{
	return event->removed && strcmp(event->jid, jid) == 0;
}

static void a_subscription_is_asked_for_and_granted(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE), *carol = login(CAROL);
	const char *const ask[] = { CAROL, "subscribe" }, *const granted[] = { ALICE,
									       "subscribed" };
	const char *const to[] = { ALICE, "to" };

	assert_true(im_client_ready(alice, WAIT));
	assert_true(im_client_ready(carol, WAIT));
	expect_done(carol, about(carol, SN_IM_REQ_ROSTER_SET, ALICE, "Alice L."));
	expect_done(carol, about(carol, SN_IM_REQ_SUBSCRIBE, ALICE, NULL));
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_SUBSCRIPTION, is_subscription, ask, WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	expect_done(alice, about(alice, SN_IM_REQ_SUBSCRIBED, CAROL, NULL));
	event = im_client_wait(carol, SN_IM_EV_SUBSCRIPTION, is_subscription, granted, WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	event = im_client_wait(carol, SN_IM_EV_ROSTER, is_contact, to, WAIT);
	assert_non_null(event);
	assert_string_equal(event->name, "Alice L.");
	sn_im_event_free(event);
	expect_presence(carol, ALICE, "online");
	expect_done(carol, about(carol, SN_IM_REQ_ROSTER_REMOVE, ALICE, NULL));
	event = im_client_wait(carol, SN_IM_EV_ROSTER, is_removed, ALICE, WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	im_client_free(alice);
	im_client_free(carol);
}

/* ---- files ---- */

static void a_file_goes_up_and_comes_down(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE);
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "down", NULL);
	g_autofree char *data = g_malloc(300000);
	g_autofree char *back = NULL;
	gsize length = 0;

	for (int i = 0; i < 300000; i++)
		data[i] = (char)(i * 7);
	SnImRequest *request = im_client_request(alice, SN_IM_REQ_UPLOAD);
	request->bytes = g_bytes_new(data, 300000);
	request->name = g_strdup("../etc/Blatt 1.bin");
	request->type = g_strdup("application/octet-stream");
	/* submitted before the line is up: it waits for the service to be found */
	SnImEvent *end = im_client_end(alice, im_client_submit(alice, request), WAIT);
	assert_non_null(end);
	if (end->kind == SN_EVENT_ERROR)
		print_error("%s\n", end->error->message);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_true(g_str_has_prefix(end->url, "https://"));
	request = im_client_request(alice, SN_IM_REQ_DOWNLOAD);
	request->url = g_strdup(end->url);
	request->path = g_strdup(path);
	SnImEvent *down = im_client_end(alice, im_client_submit(alice, request), WAIT);
	assert_int_equal(down->kind, SN_EVENT_DONE);
	assert_int_equal(down->size, 300000);
	assert_string_equal(down->sha256, end->sha256);
	assert_true(g_file_get_contents(path, &back, &length, NULL));
	assert_int_equal(length, 300000);
	assert_memory_equal(back, data, length);
	sn_im_event_free(down);
	/* the limit holds, and leaves no file */
	request = im_client_request(alice, SN_IM_REQ_DOWNLOAD);
	request->url = g_strdup(end->url);
	request->path = g_build_filename(dir, "small", NULL);
	request->max_size = 1000;
	g_autofree char *small = g_strdup(request->path);
	expect_error(alice, im_client_submit(alice, request), SN_ERROR_LIMIT);
	assert_false(g_file_test(small, G_FILE_TEST_EXISTS));
	/* beyond what the service takes */
	request = im_client_request(alice, SN_IM_REQ_UPLOAD);
	request->bytes = g_bytes_new_take(g_malloc0(17 * 1024 * 1024), 17 * 1024 * 1024);
	expect_error(alice, im_client_submit(alice, request), SN_ERROR_LIMIT);
	sn_im_event_free(end);
	im_client_free(alice);
	g_unlink(path);
	assert_int_equal(g_rmdir(dir), 0); /* nothing left beside it */
}

/* ---- what contacts publish ---- */

static gboolean took_back(const SnImEvent *event, const void *data)
{
	return event->uris[0] == NULL;
}

static void reachability_is_published_and_seen(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE), *bob = login(BOB);

	assert_true(im_client_ready(alice, WAIT));
	assert_true(im_client_ready(bob, WAIT));
	SnImRequest *request = im_client_request(bob, SN_IM_REQ_REACH);
	request->uris = g_strsplit("mailto:bob@work.example mailto:bob@home.example", " ", 0);
	expect_done(bob, im_client_submit(bob, request));
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_REACH, NULL, NULL, WAIT);
	assert_non_null(event);
	assert_string_equal(event->jid, BOB);
	assert_string_equal(event->uris[0], "mailto:bob@work.example");
	assert_string_equal(event->uris[1], "mailto:bob@home.example");
	assert_null(event->uris[2]);
	sn_im_event_free(event);
	request = im_client_request(bob, SN_IM_REQ_REACH); /* taken back */
	expect_done(bob, im_client_submit(bob, request));
	event = im_client_wait(alice, SN_IM_EV_REACH, took_back, NULL, WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	im_client_free(alice);
	im_client_free(bob);
}

static void a_missing_vcard_is_not_found(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE);

	assert_true(im_client_ready(alice, WAIT));
	SnImEvent *end = im_client_end(alice, about(alice, SN_IM_REQ_VCARD, CAROL, NULL), WAIT);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	sn_im_event_free(end);
	im_client_free(alice);
}

static void a_room_is_joined_and_left(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE), *bob = login(BOB);
	const char *room = "tea@rooms.example.test";

	assert_true(im_client_ready(alice, WAIT));
	assert_true(im_client_ready(bob, WAIT));
	SnImRequest *join = im_client_request(alice, SN_IM_REQ_JOIN);
	join->jid = g_strdup(room);
	join->create = TRUE;
	expect_done(alice, im_client_submit(alice, join));
	expect_done(bob, about(bob, SN_IM_REQ_JOIN, room, NULL));
	SnImRequest *request = im_client_request(alice, SN_IM_REQ_SEND);
	request->message = sn_im_message_new();
	request->message->to = g_strdup(room);
	request->message->groupchat = TRUE;
	request->message->origin_id = g_strdup("room-1");
	request->message->body = g_strdup("tea is ready");
	expect_done(alice, im_client_submit(alice, request));
	SnImEvent *event = im_client_wait_body(bob, "tea is ready", WAIT);
	assert_non_null(event);
	assert_true(event->message->groupchat);
	assert_string_equal(event->message->from, "tea@rooms.example.test/alice");
	sn_im_event_free(event);
	expect_done(bob, about(bob, SN_IM_REQ_LEAVE, room, NULL));
	im_client_free(alice);
	im_client_free(bob);
}

/* ---- ends ---- */

static void destroy_ends_what_is_open(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(ALICE);
	gint64 began = g_get_monotonic_time();

	im_client_send(alice, BOB, "open", "hello");
	SnQueue *events = sn_queue_ref(alice->events);
	guint64 id = alice->last_id;
	sn_xmpp_ops.destroy(&alice->im);
	assert_true(g_get_monotonic_time() - began < 2 * G_USEC_PER_SEC);
	SnImEvent *end = im_client_end(alice, id, 0);
	assert_non_null(end);
	assert_int_not_equal(end->kind, SN_EVENT_ERROR);
	sn_im_event_free(end);
	im_client_free(alice);
	sn_queue_unref(events);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_in_by_starttls_and_direct_tls),
		cmocka_unit_test(tells_a_wrong_password),
		cmocka_unit_test(tells_an_unknown_authority),
		cmocka_unit_test(tells_an_unreachable_server),
		cmocka_unit_test(refuses_to_go_without_encryption),
		cmocka_unit_test(sends_and_is_told_of_receipt),
		cmocka_unit_test(an_unknown_recipient_comes_back_as_an_error),
		cmocka_unit_test(another_client_of_ours_is_seen),
		cmocka_unit_test(forged_carbons_and_archive_results_are_dropped),
		cmocka_unit_test(hostile_text_comes_clean),
		cmocka_unit_test(a_vcard_tells_addresses),
		cmocka_unit_test(our_vcard_is_written_and_keeps_the_rest),
		cmocka_unit_test(the_archive_fills_a_gap),
		cmocka_unit_test(the_archive_tells_whether_a_message_went),
		cmocka_unit_test(presence_is_seen_and_shown),
		cmocka_unit_test(a_subscription_is_asked_for_and_granted),
		cmocka_unit_test(a_file_goes_up_and_comes_down),
		cmocka_unit_test(reachability_is_published_and_seen),
		cmocka_unit_test(a_missing_vcard_is_not_found),
		cmocka_unit_test(a_room_is_joined_and_left),
		cmocka_unit_test(destroy_ends_what_is_open),
	};
	const char *filter = g_getenv("TEST_FILTER");
	if (filter)
		cmocka_set_test_filter(filter);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
