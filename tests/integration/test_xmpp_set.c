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

static int set_up(void **state)
{
	return sn_servers_setup(&servers, "prosody");
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
	};
	const char *filter = g_getenv("TEST_FILTER");
	if (filter)
		cmocka_set_test_filter(filter);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
