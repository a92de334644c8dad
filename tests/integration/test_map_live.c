/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The address map between the devices of one user, over a real XMPP server: what is kept is private,
 * what is not private is not kept, and two engines come to know the same people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/engine_private.h"
#include "src/store/facts.h"
#include "tests/lib/im_client.h"
#include "tests/lib/raw_xmpp.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"
#define CAROL "carol@example.test"
#define WAIT 20

static SnServers *servers; /* NULL: skip */

#define NEED_SERVERS() \
	if (!servers)  \
	skip()

/* ---- the backend ---- */

static ImClient *login_at(const char *jid, const SnServers *at)
{
	g_autofree char *name = g_strndup(jid, strcspn(jid, "@"));
	g_autofree char *password = g_strconcat(name, "-secret", NULL);
	ImClient *client = im_client_new(jid, password, "127.0.0.1", at->xmpp, SN_LINK_STARTTLS,
	                                 at->ca_file);

	assert_true(im_client_ready(client, WAIT));
	return client;
}

static guint64 put(ImClient *client, const char *item, const char *text)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_PRIVATE_PUT);

	request->node = g_strdup(SN_PRIVATE_PEOPLE);
	request->item = g_strdup(item);
	request->text = g_strdup(text);
	return im_client_submit(client, request);
}

static guint64 get(ImClient *client)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_PRIVATE_GET);

	request->node = g_strdup(SN_PRIVATE_PEOPLE);
	return im_client_submit(client, request);
}

/* 0: DONE */
static int end_of(ImClient *client, guint64 id)
{
	SnImEvent *end = im_client_end(client, id, WAIT);

	assert_non_null(end);
	int code = end->kind == SN_EVENT_DONE ? 0 : end->error->code;
	if (code)
		print_message("# %s\n", end->error->message);
	sn_im_event_free(end);
	return code;
}

static gboolean is_item(const SnImEvent *event, const void *data)
{
	return event->kind == SN_IM_EV_PRIVATE && !g_strcmp0(event->item, data);
}

static void expect_text(ImClient *client, const char *item, const char *text)
{
	SnImEvent *event = im_client_wait(client, SN_IM_EV_PRIVATE, is_item, item, WAIT);

	assert_non_null(event);
	assert_string_equal(event->node, SN_PRIVATE_PEOPLE);
	assert_string_equal(event->text, text);
	sn_im_event_free(event);
}

static guint count_items(ImClient *client)
{
	return im_client_count(client, SN_IM_EV_PRIVATE, NULL, NULL);
}

static void our_clients_read_it_and_nobody_else(void **state)
{
	NEED_SERVERS();
	ImClient *desk = login_at(ALICE, servers), *bob = login_at(BOB, servers);

	assert_int_equal(end_of(desk, get(desk)), 0); /* no node yet */
	assert_int_equal(count_items(desk), 0);
	ImClient *phone = login_at(ALICE, servers);
	assert_int_equal(end_of(desk, put(desk, "aa.1", "first\nline & <b>")), 0);
	assert_int_equal(end_of(desk, put(desk, "aa.2", "second")), 0);
	assert_int_equal(end_of(desk, put(desk, "aa.1", "changed")), 0);
	/* told to the other client at once, and kept for whoever comes later */
	expect_text(phone, "aa.1", "first\nline & <b>");
	expect_text(phone, "aa.2", "second");
	expect_text(phone, "aa.1", "changed");
	im_client_forget(desk);
	assert_int_equal(end_of(desk, get(desk)), 0);
	expect_text(desk, "aa.1", "changed");
	expect_text(desk, "aa.2", "second");
	/* bob is a contact with presence both ways, and hears and reads nothing */
	assert_true(raw_xmpp_send(BOB, "bob-secret", servers->xmpp, servers->ca_file,
	                          "<iq type='get' id='x' to='alice@example.test'><pubsub "
	                          "xmlns='http://jabber.org/protocol/pubsub'><items "
	                          "node='sennit:people:1'/></pubsub></iq>"));
	assert_int_equal(count_items(bob), 0);
	im_client_free(phone);
	im_client_free(desk);
	im_client_free(bob);
}

/* Another program of ours, or an older server, left the node open: it is closed before anything
 * more is put there. */
static void an_open_node_is_closed_first(void **state)
{
	NEED_SERVERS();
	assert_true(raw_xmpp_send(
		CAROL, "carol-secret", servers->xmpp, servers->ca_file,
		"<iq type='set' id='x'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
		"<create node='sennit:people:1'/><configure><x xmlns='jabber:x:data' type='submit'>"
		"<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#node_config</value>"
		"</field><field var='pubsub#access_model'><value>open</value></field></x></configure>"
		"</pubsub></iq>"));
	ImClient *carol = login_at(CAROL, servers);

	assert_int_equal(end_of(carol, put(carol, "cc.1", "now private")), 0);
	assert_int_equal(end_of(carol, get(carol)), 0);
	expect_text(carol, "cc.1", "now private");
	im_client_free(carol);
}

/* Both look, both find nothing, both make the node: one of them finds it made. */
static void two_may_begin_at_once(void **state)
{
	NEED_SERVERS();
	ImClient *desk = login_at(ALICE, servers), *phone = login_at(ALICE, servers);

	for (int round = 0; round < 10; round++) {
		assert_true(raw_xmpp_send(
			ALICE, "alice-secret", servers->xmpp, servers->ca_file,
			"<iq type='set' id='x'><pubsub "
			"xmlns='http://jabber.org/protocol/pubsub#owner'>"
			"<delete node='sennit:people:1'/></pubsub></iq>"));
		guint64 one = put(desk, "aa.1", "by the desk"), two = put(phone, "bb.1", "by the phone");
		assert_int_equal(end_of(desk, one), 0);
		assert_int_equal(end_of(phone, two), 0);
		im_client_forget(desk);
		assert_int_equal(end_of(desk, get(desk)), 0);
		expect_text(desk, "aa.1", "by the desk");
		expect_text(desk, "bb.1", "by the phone");
	}
	im_client_free(desk);
	im_client_free(phone);
}

/* Somebody else's event about a node of that name is nothing to us. */
static void events_of_others_are_ignored(void **state)
{
	NEED_SERVERS();
	ImClient *alice = login_at(ALICE, servers);

	im_client_forget(alice);
	assert_true(raw_xmpp_send(
		BOB, "bob-secret", servers->xmpp, servers->ca_file,
		"<message to='alice@example.test' type='headline'><event "
		"xmlns='http://jabber.org/protocol/pubsub#event'><items node='sennit:people:1'>"
		"<item id='aa.1'><text xmlns='sennit:text:1'>forged</text></item></items></event>"
		"</message>"));
	assert_true(raw_xmpp_send(BOB, "bob-secret", servers->xmpp, servers->ca_file,
	                          "<message to='alice@example.test' type='chat'><body>after it</body>"
	                          "</message>"));
	SnImEvent *event = im_client_wait_body(alice, "after it", WAIT);
	assert_non_null(event);
	sn_im_event_free(event);
	assert_int_equal(count_items(alice), 0);
	im_client_free(alice);
}

static char *log_of(const SnServers *at)
{
	g_autofree char *path = g_build_filename(at->dir, "prosody", "prosody.log", NULL);
	char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

/* A server that ignores the wish for privacy gets nothing; one that admits it only afterwards has to
 * give it back. */
static void what_is_not_private_is_not_kept(void **state)
{
	static const char *const modes[] = { "before", "after" };

	NEED_SERVERS();
	for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
		g_autofree char *why = NULL;
		g_setenv("SN_XMPP_OPEN_PEP", modes[i], TRUE);
		SnServers *open = sn_servers_start("prosody", NULL, &why);
		g_unsetenv("SN_XMPP_OPEN_PEP");
		if (!open)
			fail_msg("%s", why);
		ImClient *alice = login_at(ALICE, open);
		assert_int_equal(end_of(alice, put(alice, "aa.1", "secret")), SN_ERROR_PERMISSION);
		im_client_forget(alice);
		assert_int_equal(end_of(alice, get(alice)), 0);
		assert_int_equal(count_items(alice), 0);
		g_autofree char *log = log_of(open);
		assert_int_equal(strstr(log, "published to the open node") != NULL, i == 1);
		im_client_free(alice);
		sn_servers_stop(open);
	}
}

/* ---- two engines of one user ---- */

typedef struct {
	SnBench *bench;
	SnEngine *engine;
} Device;

static const SnImOps *load_im(GError **error)
{
	return &sn_xmpp_ops;
}

static void open_device(Device *device)
{
	g_autofree char *text = g_strdup_printf(
		"[home]\nfrom = bob@example.test\noutgoing = /bin/true\n"
		"im = xmpp://bob@example.test\nim-host = localhost:%d\n"
		"password-command = echo bob-secret\nca-file = %s\n",
		servers->xmpp, servers->ca_file);

	device->bench = sn_bench_new(text, "[general]\nsync-map = home\n", SN_STORE_CLIENT);
}

static void go_online(Device *device)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = device->bench->paths,
		.config = device->bench->config,
		.backends = { .im = load_im },
		.random_seed = 3,
	};

	device->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
}

static void close_device(Device *device)
{
	sn_engine_stop(&device->engine);
	sn_bench_free(device->bench);
}

static SnId address(Device *device, SnChannel channel, const char *value)
{
	return sn_address_intern(device->bench->store, channel, value, NULL, NULL);
}

static SnId person(Device *device, SnChannel channel, const char *value)
{
	g_autoptr(SnAddress) one =
		sn_address_get(device->bench->store, address(device, channel, value));

	return one->person;
}

static void join(Device *device, const char *mail, const char *jid)
{
	assert_true(sn_link_confirm(device->bench->store, address(device, SN_CHANNEL_IM, jid),
	                            person(device, SN_CHANNEL_MAIL, mail), NULL));
}

/* The people of a device, whatever their rows are. */
static char *people_of(Device *device)
{
	static const char *const values[] = { "bob@x.test", "bob@y.test", "carol@x.test",
		                              "carol@y.test", "erin@x.test", "erin@y.test" };
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
		SnChannel channel = g_str_has_suffix(values[i], "y.test") ? SN_CHANNEL_IM
		                                                          : SN_CHANNEL_MAIL;
		g_autoptr(SnAddress) known =
			sn_address_find(device->bench->store, channel, values[i]);
		g_autoptr(SnPerson) who =
			known ? sn_person_get(device->bench->store, known->person) : NULL;
		g_string_append_printf(out, "%s:", values[i]);
		for (gsize j = 0; who && j < G_N_ELEMENTS(values); j++) {
			g_autoptr(SnAddress) other = sn_address_find(
				device->bench->store,
				g_str_has_suffix(values[j], "y.test") ? SN_CHANNEL_IM : SN_CHANNEL_MAIL,
				values[j]);
			g_string_append_c(out, other && other->person == who->id ? '1' : '0');
		}
		/* alone and never heard of is the same */
		if (!who)
			for (gsize j = 0; j < G_N_ELEMENTS(values); j++)
				g_string_append_c(out, i == j ? '1' : '0');
		g_string_append_printf(out, " %s %s\n", who ? who->name : values[i],
		                       sn_rule_word(who ? who->rule : SN_RULE_DEFAULT));
	}
	return g_string_free(out, FALSE);
}

static gboolean is_like(SnBench *bench, gpointer data)
{
	Device **both = data;
	g_autofree char *one = people_of(both[0]), *other = people_of(both[1]);

	return strcmp(one, other) == 0;
}

static void expect_same(Device *desk, Device *laptop, const char *part)
{
	Device *there[] = { desk, laptop }, *back[] = { laptop, desk };

	/* each looks when its own bell rings */
	if (!sn_bench_wait(desk->bench, is_like, there) &&
	    !sn_bench_wait(laptop->bench, is_like, back)) {
		g_autofree char *one = people_of(desk), *other = people_of(laptop);
		fail_msg("desk:\n%slaptop:\n%s", one, other);
	}
	g_autofree char *both = people_of(laptop);
	if (!strstr(both, part))
		fail_msg("%s in:\n%s", part, both);
}

static gboolean has_part(SnBench *bench, gpointer data)
{
	gpointer *both = data;
	g_autofree char *people = people_of(both[0]);

	return strstr(people, both[1]) != NULL;
}

static void expect(Device *device, const char *part)
{
	gpointer both[] = { device, (gpointer)part };

	if (!sn_bench_wait(device->bench, has_part, both)) {
		g_autofree char *people = people_of(device);
		fail_msg("%s is not in:\n%s", part, people);
	}
}

static void two_devices_come_to_know_the_same(void **state)
{
	NEED_SERVERS();
	Device desk = { 0 }, laptop = { 0 };

	open_device(&desk);
	open_device(&laptop);
	/* said before either was ever on line */
	join(&desk, "bob@x.test", "bob@y.test");
	assert_true(sn_person_set_rule(laptop.bench->store, person(&laptop, SN_CHANNEL_MAIL, "carol@x.test"),
	                               SN_RULE_DEFER, NULL));
	go_online(&desk);
	go_online(&laptop);
	expect(&laptop, "bob@x.test:110000");
	expect(&desk, "carol@x.test:001000 carol@x.test defer");
	/* while both are on line */
	join(&laptop, "carol@x.test", "carol@y.test");
	assert_true(sn_person_set_name(desk.bench->store, person(&desk, SN_CHANNEL_MAIL, "bob@x.test"),
	                               "Bob B.", NULL));
	expect(&desk, "carol@y.test:001100 ");
	expect(&laptop, "bob@y.test:110000 Bob B. default");
	/* the laptop leaves; both go on, and say different things about the same people */
	sn_engine_stop(&laptop.engine);
	assert_true(sn_link_remove(laptop.bench->store, address(&laptop, SN_CHANNEL_IM, "bob@y.test"),
	                           person(&laptop, SN_CHANNEL_MAIL, "bob@x.test"), NULL));
	join(&laptop, "erin@x.test", "erin@y.test");
	assert_true(sn_people_merge(desk.bench->store, person(&desk, SN_CHANNEL_MAIL, "bob@x.test"),
	                            person(&desk, SN_CHANNEL_MAIL, "carol@x.test"), NULL));
	assert_true(sn_person_set_rule(desk.bench->store, person(&desk, SN_CHANNEL_MAIL, "bob@x.test"),
	                               SN_RULE_MAIL, NULL));
	assert_true(sn_person_set_rule(laptop.bench->store, person(&laptop, SN_CHANNEL_MAIL, "bob@x.test"),
	                               SN_RULE_SEND, NULL));
	go_online(&laptop);
	expect(&desk, "erin@x.test:000011 ");
	/* bob's JID is not bob's, as the laptop said; bob is carol, as the desk said */
	expect(&desk, "bob@y.test:010000 ");
	expect_same(&desk, &laptop, "bob@x.test:101100 ");
	/* and an undo on the one is an undo on the other */
	g_autofree char *what = NULL;
	g_autofree char *before = people_of(&desk);
	join(&desk, "erin@x.test", "carol@y.test");
	expect(&laptop, "erin@y.test:000111 ");
	assert_true(sn_map_undo(desk.bench->store, &what, NULL));
	expect(&laptop, "erin@y.test:000011 ");
	expect_same(&desk, &laptop, before);
	close_device(&desk);
	close_device(&laptop);
}

/* A third one, which knows nothing, learns everything from what the server keeps. */
static void a_new_device_learns_what_was_said_before(void **state)
{
	NEED_SERVERS();
	Device tablet = { 0 };

	open_device(&tablet);
	go_online(&tablet);
	expect(&tablet, "erin@x.test:000011 ");
	expect(&tablet, "bob@x.test:101100 Bob B. ");
	close_device(&tablet);
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
		cmocka_unit_test(our_clients_read_it_and_nobody_else),
		cmocka_unit_test(an_open_node_is_closed_first),
		cmocka_unit_test(two_may_begin_at_once),
		cmocka_unit_test(events_of_others_are_ignored),
		cmocka_unit_test(what_is_not_private_is_not_kept),
		cmocka_unit_test(two_devices_come_to_know_the_same),
		cmocka_unit_test(a_new_device_learns_what_was_said_before),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
