/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two engines, alice's and bob's, with the real backends and real servers between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/fake/fake_desktop.h"
#include "src/engine/engine_private.h"
#include "src/mime/mail.h"
#include "src/store/wish.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

static SnServers *servers; /* NULL: skip */

typedef struct {
	SnBench *bench;
	SnEngine *engine;
} Side;

typedef struct {
	Side alice, bob;
} Stage;

static const SnMailSourceOps *load_imap(GError **error)
{
	return &sn_imap_ops;
}

static const SnMailTransportOps *load_smtp(GError **error)
{
	return &sn_smtp_ops;
}

static const SnImOps *load_im(GError **error)
{
	return &sn_xmpp_ops;
}

static const SnEngineBackends real = { .imap = load_imap, .smtp = load_smtp, .im = load_im };

static char *accounts_of(const char *user, const char *password)
{
	return g_strdup_printf("[%s]\n"
	                       "from = %s@example.test\n"
	                       "source = imaps://%s%%40example.test@localhost:%d\n"
	                       "outgoing = smtp+starttls://%s%%40example.test@localhost:%d\n"
	                       "im = xmpp://%s@example.test\n"
	                       "im-host = localhost:%d\n"
	                       "password-command = echo %s\n"
	                       "ca-file = %s\n",
	                       user, user, user, servers->imaps, user, servers->smtp, user,
	                       servers->xmpp, password, servers->ca_file);
}

static void open_side(Side *side, const char *user, const char *password)
{
	g_autofree char *own = g_strconcat(user, "-secret", NULL);
	g_autofree char *accounts = accounts_of(user, password ? password : own);

	side->bench = sn_bench_new(accounts, "[delivery]\nundo-mail = 0s\n", SN_STORE_CLIENT);
}

static void start(Side *side)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = side->bench->paths,
		.config = side->bench->config,
		.backends = real,
	};

	side->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
}

static void settle(Side *side)
{
	g_autoptr(GError) error = NULL;

	sn_engine_settle(side->engine, 60000, &error);
	g_assert_no_error(error);
}

static void close_side(Side *side)
{
	sn_engine_stop(&side->engine);
	if (side->bench)
		sn_bench_free(side->bench);
}

static int set_up(void **state)
{
	*state = g_new0(Stage, 1);
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	close_side(&stage->alice);
	close_side(&stage->bob);
	g_free(stage);
	return 0;
}

static void deliver(const char *user, const char *id, const char *extra)
{
	g_autofree char *raw = g_strdup_printf(
		"From: Bob <bob@example.test>\r\nTo: %s@example.test\r\n%s"
		"Message-ID: <%s@example.test>\r\nSubject: About %s\r\n\r\nText of %s\r\n",
		user, extra, id, id, id);

	assert_true(sn_servers_deliver(servers, user, raw, strlen(raw)));
}

/* ---- conditions ---- */

static gboolean mail_is_here(SnBench *bench, gpointer data)
{
	return sn_message_find_mail(bench->store, data) != 0;
}

typedef struct {
	SnId entry;
	SnState state;
} Sent;

static gboolean entry_is(SnBench *bench, gpointer data)
{
	const Sent *sent = data;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, sent->entry, 0);

	return entry && entry->state == sent->state;
}

static gboolean in_folder(SnBench *bench, gpointer data)
{
	g_autoptr(SnMessage) message = sn_message_get(
		bench->store, sn_message_find_mail(bench->store, data), 0);
	g_autoptr(GPtrArray) places = message ? sn_location_list(bench->store, message->id) : NULL;

	return places && places->len > 0;
}

static gboolean has_text(SnBench *bench, gpointer data)
{
	g_autoptr(SnQuery) query = sn_query_parse(data, NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(bench->store, query, 0, 0, 10, 0, NULL);

	return found && found->len > 0;
}

static gboolean is_online(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) address = sn_address_find(bench->store, SN_CHANNEL_IM, data);
	g_autoptr(SnPresence) best = address ? sn_presence_best(bench->store, address->id) : NULL;

	return best && best->show == SN_PRESENCE_ONLINE;
}

static gboolean end_has_status(SnBench *bench, const char *end, SnStatusKind kind)
{
	g_autoptr(GPtrArray) all = sn_status_list(bench->store);

	for (guint i = 0; i < all->len; i++) {
		const SnStatus *one = all->pdata[i];
		if (g_str_equal(one->end, end) && one->kind == kind)
			return TRUE;
	}
	return FALSE;
}

static gboolean source_refused(SnBench *bench, gpointer data)
{
	return end_has_status(bench, "source", SN_STATUS_ERROR);
}

static gboolean source_lost(SnBench *bench, gpointer data)
{
	return end_has_status(bench, "source", SN_STATUS_RETRYING);
}

static gboolean source_online(SnBench *bench, gpointer data)
{
	return end_has_status(bench, "source", SN_STATUS_ONLINE);
}

static gboolean no_actions_left(SnBench *bench, gpointer data)
{
	SnId account = sn_account_find(bench->store, data);
	g_autoptr(GPtrArray) open = sn_action_list(bench->store, account, G_MAXINT64);

	return open && open->len == 0;
}

static gboolean is_seen(SnBench *bench, gpointer data)
{
	g_autoptr(SnMessage) message = sn_message_get(
		bench->store, sn_message_find_mail(bench->store, data), 0);

	return message && (message->flags & SN_FLAG_SEEN);
}

#define WAIT(side, condition, data)                                                            \
	assert_true(sn_bench_wait((side)->bench, (condition), (gpointer)(data)))

static SnId queue(Side *side, const char *user, SnChannel channel, const char *to, const char *body)
{
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *from = g_strconcat(user, "@example.test", NULL);
	SnStore *store = side->bench->store;
	SnParty party = { SN_ROLE_TO, (char *)to, NULL };
	SnId address = sn_address_intern(store, channel, to, NULL, &error);
	g_autoptr(SnAddress) known = sn_address_get(store, address);

	g_ptr_array_add(recipients, &party);
	SnOutboxNew entry = {
		.conversation = sn_conversation_for_person(store, known->person, &error),
		.account = sn_account_find(store, user),
		.channel = channel,
		.from = from,
		.recipients = recipients,
		.subject = channel == SN_CHANNEL_MAIL ? "Hello" : NULL,
		.body = body,
		.if_unavailable = SN_RULE_SEND,
		.state = SN_STATE_QUEUED,
	};
	SnId id = sn_outbox_queue(store, &entry, FALSE, &error);
	g_assert_no_error(error);
	return id;
}

/* ---- tests ---- */

static void mail_on_the_server_is_here_and_new_mail_comes_by_itself(void **state)
{
	Side *alice = &((Stage *)*state)->alice;

	if (!servers)
		skip();
	deliver("alice", "first", "");
	open_side(alice, "alice", NULL);
	start(alice);
	settle(alice);
	assert_true(mail_is_here(alice->bench, (gpointer) "first@example.test"));
	deliver("alice", "second", "Jabber-ID: bob@example.test\r\n");
	WAIT(alice, mail_is_here, "second@example.test");
	g_autoptr(SnAddress) jid =
		sn_bench_candidate(alice->bench, "bob@example.test", "bob@example.test");
	assert_true(jid && !jid->confirmed);
}

static void what_is_read_here_is_read_for_other_programs(void **state)
{
	Stage *stage = *state;
	Side *one = &stage->alice, *other = &stage->bob; /* both alice's */

	if (!servers)
		skip();
	deliver("alice", "readme", "");
	open_side(one, "alice", NULL);
	open_side(other, "alice", NULL);
	start(one);
	start(other);
	settle(one);
	settle(other);
	SnId id = sn_message_find_mail(one->bench->store, "readme@example.test");
	assert_true(sn_message_change_flags(one->bench->store, id, SN_FLAG_SEEN, 0, NULL));
	WAIT(one, no_actions_left, "alice");
	WAIT(other, is_seen, "readme@example.test");
}

static void an_email_goes_out_once_and_stands_in_sent(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	open_side(&stage->alice, "alice", NULL);
	open_side(&stage->bob, "bob", NULL);
	start(&stage->alice);
	start(&stage->bob);
	settle(&stage->bob);
	int before = sn_servers_count(servers, "alice", "Sent");
	SnId id = queue(&stage->alice, "alice", SN_CHANNEL_MAIL, "bob@example.test",
	                "Wie geht es? zauberwort");
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(stage->alice.bench->store, id, 0);
	WAIT(&stage->bob, mail_is_here, entry->message_id);
	WAIT(&stage->alice, no_actions_left, "alice");
	settle(&stage->alice);
	assert_int_equal(sn_servers_count(servers, "alice", "Sent"), before + 1);
	/* the copy in Sent is the message that was queued, not another one */
	assert_int_equal(sn_message_find_mail(stage->alice.bench->store, entry->message_id),
	                 entry->message);
	WAIT(&stage->alice, in_folder, entry->message_id);
	assert_true(has_text(stage->bob.bench, (gpointer) "zauberwort"));
}

static void befriend(Stage *stage)
{
	g_autoptr(GError) error = NULL;

	sn_wish_set(stage->alice.bench->store, SN_WISH_CONTACT, "bob@example.test", "request", &error);
	sn_wish_set(stage->bob.bench->store, SN_WISH_CONTACT, "alice@example.test", "accept", &error);
	sn_wish_set(stage->alice.bench->store, SN_WISH_CONTACT, "bob@example.test", "accept", &error);
	g_assert_no_error(error);
}

static void an_im_arrives_with_presence_and_receipt(void **state)
{
	Stage *stage = *state;
	Sent sent = { .state = SN_STATE_DELIVERED };

	if (!servers)
		skip();
	open_side(&stage->alice, "alice", NULL);
	open_side(&stage->bob, "bob", NULL);
	start(&stage->alice);
	start(&stage->bob);
	settle(&stage->alice);
	settle(&stage->bob);
	befriend(stage);
	WAIT(&stage->alice, is_online, "bob@example.test");
	WAIT(&stage->bob, is_online, "alice@example.test");
	sent.entry = queue(&stage->alice, "alice", SN_CHANNEL_IM, "bob@example.test",
	                   "sesamstrasse");
	WAIT(&stage->bob, has_text, "sesamstrasse");
	WAIT(&stage->alice, entry_is, &sent);
}

static void ims_sent_while_away_are_found_in_the_archive(void **state)
{
	Stage *stage = *state;
	Sent sent = { .state = SN_STATE_ACCEPTED };

	if (!servers)
		skip();
	open_side(&stage->alice, "alice", NULL);
	open_side(&stage->bob, "bob", NULL);
	start(&stage->bob);
	settle(&stage->bob);
	sn_engine_stop(&stage->bob.engine);
	start(&stage->alice);
	settle(&stage->alice);
	sent.entry = queue(&stage->alice, "alice", SN_CHANNEL_IM, "bob@example.test",
	                   "waehrenddessen");
	WAIT(&stage->alice, entry_is, &sent);
	start(&stage->bob);
	settle(&stage->bob);
	WAIT(&stage->bob, has_text, "waehrenddessen");
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(stage->alice.bench->store, sent.entry, 0);
	SnId id = sn_message_find_im(stage->bob.bench->store, entry->origin_id,
	                             "alice@example.test");
	g_autoptr(SnMessage) message = sn_bench_message(stage->bob.bench, id);
	g_autoptr(GPtrArray) page = sn_message_page(stage->bob.bench->store, message->conversation,
	                                            0, 0, FALSE, 100, SN_MESSAGE_FULL);
	int copies = 0;
	for (guint i = 0; i < page->len; i++)
		copies += !g_strcmp0(((SnMessage *)page->pdata[i])->body, "waehrenddessen");
	assert_int_equal(copies, 1);
}

static void a_wrong_password_is_said_and_the_rest_goes_on(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;

	if (!servers)
		skip();
	open_side(&stage->alice, "carol", "wrong");
	start(&stage->alice);
	WAIT(&stage->alice, source_refused, NULL);
	assert_false(sn_engine_settle(stage->alice.engine, 30000, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_AUTH));
	g_autoptr(GPtrArray) all = sn_status_list(stage->alice.bench->store);
	for (guint i = 0; i < all->len; i++) {
		const SnStatus *one = all->pdata[i];
		if (!g_str_equal(one->end, "source"))
			continue;
		assert_string_equal(one->error_word, "auth");
		assert_null(strstr(one->detail, "wrong")); /* the password itself is never told */
	}
}

static void a_server_that_restarts_is_found_again(void **state)
{
	Side *alice = &((Stage *)*state)->alice;

	if (!servers)
		skip();
	open_side(alice, "alice", NULL);
	start(alice);
	settle(alice);
	assert_true(sn_servers_stop_one(servers, "dovecot"));
	WAIT(alice, source_lost, NULL);
	assert_true(sn_servers_restart_one(servers, "dovecot"));
	deliver("alice", "afterwards", "");
	assert_true(sn_wish_set(alice->bench->store, SN_WISH_RECONNECT, "", "", NULL));
	WAIT(alice, source_online, NULL);
	WAIT(alice, mail_is_here, "afterwards@example.test");
}

/* ---- breaking off in the middle ---- */

enum { MANY = 1500 };

/* As if they had lain in the mailbox all along. */
static void fill_mailbox(const char *user)
{
	g_autofree char *dir = g_build_filename(servers->mail_dir, user, "Maildir", NULL);
	GStatBuf owner;

	assert_int_equal(g_stat(servers->mail_dir, &owner), 0);
	static const char *const below[] = { "", "..", "cur", "new", "tmp" };
	for (gsize i = 2; i < G_N_ELEMENTS(below); i++) {
		g_autofree char *path = g_build_filename(dir, below[i], NULL);
		g_mkdir_with_parents(path, 0700);
	}
	for (int i = 0; i < MANY; i++) {
		g_autofree char *path =
			g_strdup_printf("%s/cur/17000%05d.M%d.host:2,S", dir, i, i);
		g_autofree char *raw = g_strdup_printf(
			"From: Person %d <p%d@example.test>\r\nTo: %s@example.test\r\n"
			"Message-ID: <many%d@example.test>\r\nSubject: %d\r\n\r\nText %d\r\n",
			i % 7, i % 7, user, i, i, i);
		assert_true(g_file_set_contents(path, raw, -1, NULL));
		assert_int_equal(chown(path, owner.st_uid, owner.st_gid), 0);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(below); i++) {
		g_autofree char *path = g_build_filename(dir, below[i], NULL);
		assert_int_equal(chown(path, owner.st_uid, owner.st_gid), 0);
	}
}

static int messages_here(SnBench *bench)
{
	int count = 0;

	for (int i = 0; i < MANY; i++) {
		g_autofree char *id = g_strdup_printf("many%d@example.test", i);
		count += sn_message_find_mail(bench->store, id) != 0;
	}
	return count;
}

static int rows_in_timelines(SnBench *bench)
{
	int rows = 0;
	g_autoptr(GPtrArray) list = sn_conversation_page(bench->store, NULL, FALSE, "Person", 100);

	for (guint i = 0; i < list->len; i++) {
		const SnConversation *one = list->pdata[i];
		g_autoptr(GPtrArray) page =
			sn_message_page(bench->store, one->id, 0, 0, FALSE, 10000, 0);
		rows += (int)page->len;
	}
	return rows;
}

static gboolean some_are_here(SnBench *bench, gpointer data)
{
	return messages_here(bench) > 100;
}

/* The child: an engine that syncs until it is killed. */
static int run_child(const char *dir)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnPaths) paths = sn_paths_new(dir, &error);
	g_autoptr(SnConfig) config = paths ? sn_config_load(paths, &error) : NULL;
	SnEngineSetup setup = { .paths = paths, .config = config, .backends = real };
	SnEngine *engine = config ? sn_engine_start(&setup, &error) : NULL;

	if (!engine)
		g_error("%s", error->message);
	g_usleep(60 * G_USEC_PER_SEC);
	return 1;
}

static void killed_in_the_first_sync_it_goes_on_where_it_was(void **state)
{
	Side *side = &((Stage *)*state)->alice;
	char *argv[] = { (char *)"/proc/self/exe", (char *)"child", NULL, NULL };
	g_autofree char *accounts = NULL, *file = NULL;
	GPid child;

	if (!servers)
		skip();
	fill_mailbox("carol");
	open_side(side, "carol", NULL);
	accounts = accounts_of("carol", "carol-secret");
	file = g_build_filename(side->bench->dir, "accounts.conf", NULL);
	assert_true(g_file_set_contents_full(file, accounts, -1, G_FILE_SET_CONTENTS_NONE, 0600,
	                                     NULL));
	argv[2] = side->bench->dir;
	assert_true(g_spawn_async(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child,
	                          NULL));
	WAIT(side, some_are_here, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	start(side);
	settle(side);
	assert_int_equal(messages_here(side->bench), MANY);
	assert_int_equal(rows_in_timelines(side->bench), MANY);
}

static void a_server_dropped_in_the_first_sync_loses_nothing(void **state)
{
	Side *side = &((Stage *)*state)->alice;

	if (!servers)
		skip();
	fill_mailbox("carol");
	open_side(side, "carol", NULL);
	start(side);
	WAIT(side, some_are_here, NULL);
	assert_true(sn_servers_stop_one(servers, "dovecot"));
	assert_true(sn_servers_restart_one(servers, "dovecot"));
	assert_true(sn_wish_set(side->bench->store, SN_WISH_RECONNECT, "", "", NULL));
	WAIT(side, source_online, NULL);
	settle(side);
	assert_int_equal(messages_here(side->bench), MANY);
	assert_int_equal(rows_in_timelines(side->bench), MANY);
}

static void probing_tells_good_from_bad(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL, *nothing = NULL;

	if (!servers)
		skip();
	g_autofree char *good = accounts_of("alice", "alice-secret");
	g_autofree char *bad = accounts_of("alice", "nonsense");
	g_autoptr(SnConfig) right = sn_config_parse(good, NULL, &error);
	g_autoptr(SnConfig) wrong = sn_config_parse(bad, NULL, &error);
	g_assert_no_error(error);
	const SnAccount *account = sn_config_account(right, 0);
	const SnEndpoint *ends[] = { &account->source, &account->outgoing, &account->im };
	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *said = NULL;
		sn_engine_probe(&real, ends[i], 20000, &said, &error);
		g_assert_no_error(error);
		assert_non_null(strstr(said, "certificate"));
	}
	account = sn_config_account(wrong, 0);
	const SnEndpoint *refused[] = { &account->source, &account->outgoing, &account->im };
	for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autoptr(GError) problem = NULL;
		assert_false(sn_engine_probe(&real, refused[i], 20000, &nothing, &problem));
		assert_true(g_error_matches(problem, SN_ERROR, SN_ERROR_AUTH));
	}
}

static int start_servers(void **state)
{
	return sn_servers_setup(&servers, "dovecot postfix prosody");
}

static int stop_servers(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	if (argc == 3 && g_str_equal(argv[1], "child"))
		return run_child(argv[2]);
	const struct CMUnitTest tests[] = {
		TEST(mail_on_the_server_is_here_and_new_mail_comes_by_itself),
		TEST(what_is_read_here_is_read_for_other_programs),
		TEST(an_email_goes_out_once_and_stands_in_sent),
		TEST(an_im_arrives_with_presence_and_receipt),
		TEST(ims_sent_while_away_are_found_in_the_archive),
		TEST(a_wrong_password_is_said_and_the_rest_goes_on),
		TEST(probing_tells_good_from_bad),
		/* from here on Postfix has lost its line to Dovecot */
		TEST(a_server_that_restarts_is_found_again),
		TEST(killed_in_the_first_sync_it_goes_on_where_it_was),
		TEST(a_server_dropped_in_the_first_sync_loses_nothing),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
