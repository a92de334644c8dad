/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_xmpp_set.c - one extension after another, on real servers: what an account offers to others,
 * asks of its server, and does at log-in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <string.h>

#include "backends/xmpp/xml.h"
#include "tests/lib/im_client.h"
#include "tests/lib/raw_xmpp.h"
#include "tests/lib/servers.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"
#define DESK ALICE "/desk"
#define WAIT 30

#define NEED_SERVERS() \
	if (!servers)  \
	skip()

static SnServers *servers;

static ImClient *login(const char *jid)
{
	g_autofree char *name = g_strndup(jid, strcspn(jid, "@"));
	g_autofree char *password = g_strconcat(name, "-secret", NULL);
	ImClient *client = im_client_new(jid, password, "127.0.0.1", servers->xmpp,
					 SN_LINK_STARTTLS, servers->ca_file);

	assert_true(im_client_ready(client, WAIT));
	return client;
}

/* What alice's client at the desk answers to bob's query. */
static char *ask_the_desk(const char *child)
{
	g_autofree char *iq =
		g_strdup_printf("<iq type='get' id='q1' to='" DESK "'>%s</iq>", child);

	return raw_xmpp_ask(BOB, "bob-secret", servers->xmpp, servers->ca_file, iq, "q1");
}

/* ---- what others ask ---- */

static void a_ping_is_answered(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(DESK);
	g_autofree char *pong = ask_the_desk("<ping xmlns='urn:xmpp:ping'/>");

	assert_non_null(pong);
	assert_non_null(strstr(pong, "type=\"result\""));
	im_client_free(alice);
}

static void an_unknown_query_is_refused(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(DESK);
	g_autofree char *refusal = ask_the_desk("<query xmlns='jabber:iq:nonsense'/>");

	assert_non_null(refusal);
	assert_non_null(strstr(refusal, "type=\"error\""));
	assert_non_null(strstr(refusal, "service-unavailable"));
	im_client_free(alice);
}

static gint by_bytes(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void the_offer_is_complete_and_told_once(void **state)
{
	NEED_SERVERS();
	static const char *const wanted[] = { "urn:xmpp:ping", "urn:xmpp:receipts",
					      "http://jabber.org/protocol/caps",
					      "urn:xmpp:chat-markers:0" };
	ImClient *alice = login(DESK);
	g_autofree char *answer =
		ask_the_desk("<query xmlns='http://jabber.org/protocol/disco#info'/>");
	g_autoptr(GPtrArray) features = g_ptr_array_new_with_free_func(g_free);

	assert_non_null(answer);
	assert_non_null(strstr(answer, "category=\"client\""));
	for (const char *at = answer; (at = strstr(at, "<feature var=\""));) {
		at += strlen("<feature var=\"");
		g_ptr_array_add(features, g_strndup(at, strcspn(at, "\"")));
	}
	g_ptr_array_sort(features, by_bytes);
	/* XEP-0115 section 5.4: a feature told twice makes the whole offer ill-formed */
	for (guint i = 1; i < features->len; i++)
		assert_string_not_equal(features->pdata[i - 1], features->pdata[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
		assert_true(g_ptr_array_find_with_equal_func(features, wanted[i], g_str_equal,
							     NULL));
	im_client_free(alice);
}

/* ---- where the server is: XEP-0368, and RFC 6120 section 3.2 ---- */

/* A resolver that knows what the test says, and no other name. */
typedef struct {
	GResolver parent;
} TestResolver;
typedef GResolverClass TestResolverClass;
static GType test_resolver_get_type(void);
G_DEFINE_TYPE(TestResolver, test_resolver, G_TYPE_RESOLVER)

static struct {
	guint16 direct, starttls; /* 0: no record */
	guint16 direct_priority;
	guint asked;
} zone;

static GList *find_service(GResolver *resolver, const char *name, GCancellable *cancellable,
			   GError **error)
{
	gboolean direct = g_str_has_prefix(name, "_xmpps-client._tcp.");
	guint16 port = direct ? zone.direct : zone.starttls;

	assert_true(g_str_has_suffix(name, "-client._tcp.example.test"));
	zone.asked++;
	if (!port) {
		g_set_error(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "none");
		return NULL;
	}
	return g_list_append(NULL, g_srv_target_new("xmpp.example.test", port,
						    direct ? zone.direct_priority : 10, 0));
}

static GList *find_name(GResolver *resolver, const char *name, GResolverNameLookupFlags flags,
			GCancellable *cancellable, GError **error)
{
	assert_string_equal(name, "xmpp.example.test");
	return g_list_append(NULL, g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
}

static GList *find_plain_name(GResolver *resolver, const char *name, GCancellable *cancellable,
			      GError **error)
{
	return find_name(resolver, name, G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT, cancellable, error);
}

static void test_resolver_class_init(TestResolverClass *class)
{
	class->lookup_service = find_service;
	class->lookup_by_name = find_plain_name;
	class->lookup_by_name_with_flags = find_name;
}

static void test_resolver_init(TestResolver *resolver)
{
}

/* Logs in by DNS alone; the port that was taken stands in the port of the line. */
static void login_by_records(int tls)
{
	GResolver *before = g_resolver_get_default();
	g_autoptr(GResolver) resolver = g_object_new(test_resolver_get_type(), NULL);

	zone.asked = 0;
	g_resolver_set_default(resolver);
	ImClient *alice = im_client_new(ALICE, "alice-secret", NULL, 0, tls, servers->ca_file);
	assert_true(im_client_ready(alice, WAIT));
	im_client_free(alice);
	g_resolver_set_default(before);
	g_object_unref(before);
}

static void direct_tls_is_found_by_its_record(void **state)
{
	NEED_SERVERS();
	/* only the direct one works: nobody listens on port 1 */
	zone.direct = servers->xmpps;
	zone.starttls = 1;
	zone.direct_priority = 10; /* the same: direct TLS goes first */
	login_by_records(SN_LINK_STARTTLS);
	assert_int_equal(zone.asked, 2);
	/* the xmpps: scheme asks for nothing else */
	zone.starttls = 0;
	login_by_records(SN_LINK_TLS);
	assert_int_equal(zone.asked, 1);
}

static void a_record_that_fails_gives_way_to_the_next(void **state)
{
	NEED_SERVERS();
	zone.direct = 1;
	zone.direct_priority = 0;
	zone.starttls = servers->xmpp;
	login_by_records(SN_LINK_STARTTLS);
	zone.direct = 0;
	login_by_records(SN_LINK_STARTTLS);
}

/* ---- client state: XEP-0352 ---- */

static void expect_done(ImClient *client, guint64 id)
{
	SnImEvent *end = im_client_end(client, id, WAIT);

	assert_non_null(end);
	if (end->kind == SN_EVENT_ERROR)
		print_error("request failed: %s\n", end->error->message);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	sn_im_event_free(end);
}

static guint64 look(ImClient *client, gboolean active)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_ACTIVE);

	request->active = active;
	return im_client_submit(client, request);
}

static guint64 show(ImClient *client, const char *word, const char *status, SnTime idle_since)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_PRESENCE);

	request->show = g_strdup(word);
	request->status = g_strdup(status);
	request->idle_since = idle_since;
	return im_client_submit(client, request);
}

static guint64 about(ImClient *client, SnImRequestKind kind, const char *jid)
{
	SnImRequest *request = im_client_request(client, kind);

	request->jid = g_strdup(jid);
	return im_client_submit(client, request);
}

/* All that the client sent before has been dealt with by the server. */
static void come_round(ImClient *client)
{
	SnImEvent *end = im_client_end(client, about(client, SN_IM_REQ_REACH_GET, BOB), WAIT);

	assert_non_null(end);
	sn_im_event_free(end);
}

static gboolean has_status(const SnImEvent *event, const void *status)
{
	return g_strcmp0(event->status, status) == 0;
}

/* What the server held back has the time when it came (XEP-0203). */
static gboolean was_held_back(ImClient *alice, ImClient *bob, int turn)
{
	g_autofree char *status = g_strdup_printf("meeting %d", turn);
	g_autofree char *body = g_strdup_printf("are you there? %d", turn);

	expect_done(bob, show(bob, "dnd", status, 0));
	come_round(bob);
	/* a message is worth waking up for, and brings along what was held back */
	expect_done(bob, im_client_send(bob, ALICE, body, body));
	SnImEvent *event = im_client_wait_body(alice, body, WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	event = im_client_wait(alice, SN_IM_EV_PRESENCE, has_status, status, WAIT);
	assert_non_null(event);
	gboolean held = event->time != 0;
	sn_im_event_free(event);
	return held;
}

static void the_server_holds_back_what_nobody_looks_at(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(DESK), *bob = login(BOB);
	gboolean held = was_held_back(alice, bob, 0);

	assert_false(held);
	expect_done(alice, look(alice, FALSE));
	come_round(alice);
	/* it holds back a moment after it sent something, not at once */
	gint64 end = g_get_monotonic_time() + WAIT * G_USEC_PER_SEC;
	for (int turn = 1; !held && g_get_monotonic_time() < end; turn++) {
		held = was_held_back(alice, bob, turn);
		g_usleep(20000);
	}
	assert_true(held);
	/* who looks again is told everything at once */
	expect_done(bob, show(bob, "online", "free again", 0));
	come_round(bob);
	expect_done(alice, look(alice, TRUE));
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_PRESENCE, has_status, "free again", WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	im_client_free(alice);
	im_client_free(bob);
}

/* ---- idleness: XEP-0319 ---- */

static void how_long_nobody_was_there_is_told(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(DESK), *bob = login(BOB);
	SnTime since = sn_clock_now(NULL) / 1000 * 1000 - 600 * 1000;

	expect_done(bob, show(bob, "away", "idle", since));
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_PRESENCE, has_status, "idle", WAIT);
	assert_non_null(event);
	assert_string_equal(event->show, "away");
	assert_true(event->idle_since == since);
	sn_im_event_free(event);
	expect_done(bob, show(bob, "online", "back", 0));
	event = im_client_wait(alice, SN_IM_EV_PRESENCE, has_status, "back", WAIT);
	assert_non_null(event);
	assert_true(event->idle_since == 0);
	sn_im_event_free(event);
	im_client_free(alice);
	im_client_free(bob);
}

/* ---- blocking: XEP-0191 ---- */

static gboolean are_blocked(const SnImEvent *event, const void *jids)
{
	g_autofree char *joined = g_strjoinv(" ", event->uris);

	return strcmp(joined, jids) == 0;
}

static void expect_blocked(ImClient *client, const char *jids)
{
	SnImEvent *event = im_client_wait(client, SN_IM_EV_BLOCKED, are_blocked, jids, WAIT);

	assert_non_null(event);
	sn_im_event_free(event);
}

static gboolean is_error(const SnImEvent *event, const void *id)
{
	return event->message->error && g_strcmp0(event->message->id, id) == 0;
}

static void expect_error(ImClient *client, guint64 id)
{
	SnImEvent *end = im_client_end(client, id, WAIT);

	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	sn_im_event_free(end);
}

static void who_is_blocked_reaches_us_no_more(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(DESK), *phone = login(ALICE "/phone"), *bob = login(BOB);

	expect_blocked(alice, "");
	expect_done(alice, about(alice, SN_IM_REQ_BLOCK, BOB));
	expect_blocked(alice, BOB);
	expect_blocked(phone, BOB); /* all clients are told */
	expect_done(bob, im_client_send(bob, ALICE, "blocked-1", "let me in"));
	SnImEvent *event = im_client_wait(bob, SN_IM_EV_MESSAGE, is_error, "blocked-1", WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	/* a new session is told too */
	im_client_free(phone);
	phone = login(ALICE "/phone");
	expect_blocked(phone, BOB);
	expect_done(phone, about(phone, SN_IM_REQ_UNBLOCK, BOB));
	expect_blocked(alice, "");
	expect_done(bob, im_client_send(bob, ALICE, "blocked-2", "thank you"));
	event = im_client_wait_body(alice, "thank you", WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	/* nobody blocks himself, and what is no address blocks nobody */
	expect_error(alice, about(alice, SN_IM_REQ_BLOCK, ALICE));
	expect_error(alice, about(alice, SN_IM_REQ_BLOCK, "two words"));
	expect_error(alice, about(alice, SN_IM_REQ_UNBLOCK, ""));
	im_client_free(alice);
	im_client_free(phone);
	im_client_free(bob);
}

static void a_stranger_cannot_change_the_list(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(DESK);

	expect_blocked(alice, "");
	g_autofree char *refusal = raw_xmpp_ask(
		BOB, "bob-secret", servers->xmpp, servers->ca_file,
		"<iq type='set' id='q1' to='" DESK "'><block xmlns='urn:xmpp:blocking'>"
		"<item jid='carol@example.test'/></block></iq>",
		"q1");
	assert_non_null(refusal);
	assert_non_null(strstr(refusal, "type=\"error\""));
	assert_int_equal(im_client_count(alice, SN_IM_EV_BLOCKED, NULL, NULL), 0);
	im_client_free(alice);
}

/* ---- what clients can do: XEP-0115 ---- */

static gboolean is_of_bob(const SnImEvent *event, const void *data)
{
	return event->item && g_str_has_prefix(event->jid, data);
}

static void what_clients_can_do_is_checked_and_asked_once(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login(DESK);
	ImClient *bobs[] = { login(BOB "/one"), login(BOB "/two") };
	SnImEvent *caps = im_client_wait(alice, SN_IM_EV_CAPS, NULL, NULL, WAIT);

	/* two clients of one make: asked once, and the answer makes the fingerprint */
	assert_non_null(caps);
	assert_true(g_strv_contains((const char *const *)caps->uris, "urn:xmpp:receipts"));
	assert_string_equal(caps->name, "sennit");
	SnImEvent *presence =
		im_client_wait(alice, SN_IM_EV_PRESENCE, is_of_bob, BOB "/two", WAIT);
	assert_non_null(presence);
	assert_string_equal(presence->item, caps->item);
	sn_im_event_free(presence);
	/* a fingerprint that its client does not make is not believed */
	assert_true(raw_xmpp_send(BOB "/liar", "bob-secret", servers->xmpp, servers->ca_file,
				  "<presence><c xmlns='http://jabber.org/protocol/caps' "
				  "hash='sha-1' node='http://liar' "
				  "ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>"));
	presence = im_client_wait(alice, SN_IM_EV_PRESENCE, is_of_bob, BOB "/liar", WAIT);
	assert_non_null(presence);
	sn_im_event_free(presence);
	come_round(alice);
	assert_int_equal(im_client_count(alice, SN_IM_EV_CAPS, NULL, NULL), 0);
	/* what is known from before is not asked again */
	im_client_free(alice);
	alice = im_client_new(DESK, "alice-secret", "127.0.0.1", servers->xmpp, SN_LINK_STARTTLS,
			      servers->ca_file);
	SnImRequest *known = im_client_request(alice, SN_IM_REQ_CAPS);
	known->uris = g_strsplit(caps->item, " ", 0);
	expect_done(alice, im_client_submit(alice, known));
	assert_true(im_client_ready(alice, WAIT));
	presence = im_client_wait(alice, SN_IM_EV_PRESENCE, is_of_bob, BOB "/two", WAIT);
	assert_non_null(presence);
	sn_im_event_free(presence);
	come_round(alice);
	assert_int_equal(im_client_count(alice, SN_IM_EV_CAPS, NULL, NULL), 0);
	sn_im_event_free(caps);
	im_client_free(alice);
	for (gsize i = 0; i < G_N_ELEMENTS(bobs); i++)
		im_client_free(bobs[i]);
}

/* ---- bookmarks ---- */

static void bookmark(ImClient *client, const char *room, gboolean removed)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_BOOKMARK);

	request->bookmark = g_new0(SnImBookmark, 1);
	request->bookmark->jid = g_strdup(room);
	request->bookmark->autojoin = TRUE;
	request->bookmark->removed = removed;
	SnImEvent *end = im_client_end(client, im_client_submit(client, request), WAIT);
	assert_non_null(end);
	if (end->error)
		fail_msg("%s", end->error->message);
	sn_im_event_free(end);
}

static gboolean are_all(const SnImEvent *event, const void *data)
{
	return event->complete;
}

/* One server takes the options of XEP-0402, the other does not know them. */
static void every_bookmark_stays_on_the_server(void **state)
{
	NEED_SERVERS();
	static const char *const rooms[] = { "tea@rooms.example.test", "cake@rooms.example.test",
		                             "milk@rooms.example.test" };
	ImClient *alice = login(DESK);

	for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++)
		bookmark(alice, rooms[i], FALSE);
	ImClient *other = login(ALICE "/shelf");
	SnImEvent *event = im_client_wait(other, SN_IM_EV_BOOKMARKS, are_all, NULL, WAIT);
	assert_non_null(event);
	assert_int_equal(event->bookmarks->len, G_N_ELEMENTS(rooms));
	sn_im_event_free(event);
	for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++)
		bookmark(alice, rooms[i], TRUE);
	im_client_free(other);
	im_client_free(alice);
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
		cmocka_unit_test(a_ping_is_answered),
		cmocka_unit_test(an_unknown_query_is_refused),
		cmocka_unit_test(the_offer_is_complete_and_told_once),
		cmocka_unit_test(direct_tls_is_found_by_its_record),
		cmocka_unit_test(a_record_that_fails_gives_way_to_the_next),
		cmocka_unit_test(the_server_holds_back_what_nobody_looks_at),
		cmocka_unit_test(how_long_nobody_was_there_is_told),
		cmocka_unit_test(who_is_blocked_reaches_us_no_more),
		cmocka_unit_test(a_stranger_cannot_change_the_list),
		cmocka_unit_test(what_clients_can_do_is_checked_and_asked_once),
		cmocka_unit_test(every_bookmark_stays_on_the_server),
	};
	const char *filter = g_getenv("TEST_FILTER");
	if (filter)
		cmocka_set_test_filter(filter);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
