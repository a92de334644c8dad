/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transcripts of IMs in a folder of a real Dovecot: one for each day, whoever writes it, whenever it
 * is killed, and back into IMs on another machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/mime/mail.h"
#include "src/store/transcript.h"
#include "src/store/wish.h"
#include "tests/lib/live.h"

#define CHATS "chat-folder = Chats\n"
/* Encrypted IMs are not written down unless that is wished: test_transcript has both. */
#define SOON "[delivery]\nundo-mail = 0s\n[im]\ntranscript-idle = 1s\nomemo = false\n"

static SnServers *servers; /* NULL: skip */

typedef struct {
	SnLive alice, other, bob; /* two machines of alice's */
} Stage;

static int set_up(void **state)
{
	*state = g_new0(Stage, 1);
	return 0;
}

static void remove_chats(void)
{
	g_autofree char *path = g_build_filename(servers->mail_dir, "alice", "Maildir", ".Chats",
	                                         NULL);

	sn_bench_remove(path);
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_live_close(&stage->alice);
	sn_live_close(&stage->other);
	sn_live_close(&stage->bob);
	if (servers)
		remove_chats();
	g_free(stage);
	return 0;
}

static void open_one(SnLive *live, const char *user, const char *extra)
{
	sn_live_open(live, servers, user, extra, SOON);
	sn_live_start(live);
	sn_live_settle(live);
}

/* ---- conditions ---- */

static gboolean has_text(SnBench *bench, gpointer data)
{
	g_autofree char *text = g_strdup_printf("%s via:im", (char *)data);
	g_autoptr(SnQuery) query = sn_query_parse(text, NULL, NULL);
	g_autoptr(GPtrArray) found = sn_message_search(bench->store, query, 0, 0, 10, 0, NULL);

	return found && found->len > 0;
}

/* What another mail program sees of the folder. */
static char *read_folder(void)
{
	g_autofree char *script = g_build_filename(g_getenv("TOP_SRCDIR"), "tests/lib/read_chats.py",
	                                           NULL);
	g_autofree char *port = g_strdup_printf("%d", servers->imaps);
	const char *argv[] = { "python3", script, port, servers->ca_file, "alice@example.test",
		               "alice-secret", "Chats", NULL };
	char *out = NULL;

	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
	                  NULL, NULL, &out, NULL, NULL, NULL))
		return g_strdup("");
	return out;
}

static int count_of(const char *text, const char *word)
{
	int count = 0;

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		count++;
	return count;
}

/* Until the folder holds so many messages, and one of them this text. */
static char *wait_folder(int count, const char *text)
{
	char *shown = NULL;

	for (int i = 0; i < 150; i++) {
		g_free(shown);
		shown = read_folder();
		if (count_of(shown, "Subject: ") == count && strstr(shown, text))
			return shown;
		g_usleep(200000);
	}
	print_message("%s\n", shown);
	return shown;
}

static gboolean has_gone(SnBench *bench, gpointer data)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, *(SnId *)data, 0);

	return entry && (entry->state == SN_STATE_ACCEPTED || entry->state == SN_STATE_DELIVERED ||
	                 entry->state == SN_STATE_READ);
}

static void say(SnLive *from, SnLive *to, const char *who, const char *text)
{
	SnId id = sn_live_send(from, SN_CHANNEL_IM, who, text);

	if (to)
		assert_true(sn_bench_wait(to->bench, has_text, (gpointer)text));
	else
		assert_true(sn_bench_wait(from->bench, has_gone, &id));
}

static guint ims_with(SnLive *live, const char *who, gboolean *all_plain)
{
	g_autoptr(SnAddress) address = sn_address_find(live->bench->store, SN_CHANNEL_IM, who);
	SnId id = sn_conversation_for_person(live->bench->store, address->person, NULL);
	g_autoptr(GPtrArray) page =
		sn_message_page(live->bench->store, id, 0, 0, FALSE, 1000, 0);

	*all_plain = TRUE;
	for (guint i = 0; i < page->len; i++) {
		const SnMessage *one = page->pdata[i];
		*all_plain = *all_plain && one->channel == SN_CHANNEL_IM && !one->carried;
	}
	return page->len;
}

/* ---- tests ---- */

static void nothing_is_written_unless_it_is_wanted(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	open_one(&stage->alice, "alice", NULL);
	open_one(&stage->bob, "bob", NULL);
	say(&stage->alice, &stage->bob, "bob@example.test", "anfangs");
	g_usleep(1500000);
	sn_live_settle(&stage->alice);
	g_autofree char *shown = read_folder();
	assert_string_equal(shown, "");
}

static void a_conversation_becomes_one_email_that_grows(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	open_one(&stage->alice, "alice", CHATS);
	open_one(&stage->bob, "bob", NULL);
	say(&stage->alice, &stage->bob, "bob@example.test", "Kommst du heute?");
	say(&stage->bob, &stage->alice, "alice@example.test", "Gegen vier");
	g_autofree char *shown = wait_folder(1, "Gegen vier");
	assert_int_equal(count_of(shown, "Subject: Chat with "), 1);
	assert_non_null(strstr(shown, "From: alice@example.test"));
	assert_non_null(strstr(shown, "Kommst du heute?"));
	assert_non_null(strstr(shown, "'message/cpim'"));
	assert_non_null(strstr(shown, "defects: []"));
	assert_true(g_str_has_prefix(shown, "seen"));
	const char *id = strstr(shown, "Message-ID: ");
	g_autofree char *first_id = g_strndup(id, strcspn(id, "\n"));
	/* more of it later: still one, with everything, under the same id */
	say(&stage->bob, &stage->alice, "alice@example.test", "oder doch fuenf");
	g_autofree char *longer = wait_folder(1, "oder doch fuenf");
	assert_non_null(strstr(longer, "Kommst du heute?"));
	assert_int_equal(count_of(longer, first_id), 1);
	/* nothing of it is an email for alice */
	gboolean plain;
	ims_with(&stage->alice, "bob@example.test", &plain);
	assert_true(plain);
	assert_int_equal(sn_message_find_mail(stage->alice.bench->store, "x"), 0);
	g_autoptr(SnQuery) query = sn_query_parse("fuenf via:mail", NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(stage->alice.bench->store, query, 0, 0, 10, 0, NULL);
	assert_int_equal(found->len, 0);
}

static void two_machines_keep_one_between_them(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	open_one(&stage->alice, "alice", CHATS);
	open_one(&stage->other, "alice", CHATS);
	open_one(&stage->bob, "bob", NULL);
	/* each writes and both hear of it by carbon at the same moment */
	for (int i = 0; i < 4; i++) {
		g_autofree char *a = g_strdup_printf("hier%d", i), *b = g_strdup_printf("dort%d", i);
		say(&stage->alice, &stage->other, "bob@example.test", a);
		say(&stage->other, &stage->alice, "bob@example.test", b);
		g_autofree char *shown = wait_folder(1, b);
		assert_int_equal(count_of(shown, "Subject: "), 1);
		assert_int_equal(count_of(shown, a), 1);
	}
	sn_live_settle(&stage->alice);
	sn_live_settle(&stage->other);
	g_usleep(1500000);
	g_autofree char *last = wait_folder(1, "dort3");
	assert_int_equal(count_of(last, "Subject: "), 1);
	assert_int_equal(count_of(last, "hier0"), 1);
}

static void another_machine_gets_the_ims_back(void **state)
{
	Stage *stage = *state;
	gboolean plain;

	if (!servers)
		skip();
	open_one(&stage->alice, "alice", CHATS);
	open_one(&stage->bob, "bob", NULL);
	say(&stage->alice, &stage->bob, "bob@example.test", "wiederfinden eins");
	say(&stage->bob, &stage->alice, "alice@example.test", "wiederfinden zwei");
	g_free(wait_folder(1, "wiederfinden zwei"));
	guint known = ims_with(&stage->alice, "bob@example.test", &plain);
	sn_live_stop(&stage->alice);
	sn_live_stop(&stage->bob);
	/* without an archive of IMs, only the folder can tell them */
	assert_true(sn_servers_stop_one(servers, "prosody"));
	g_setenv("SN_XMPP_NO_ARCHIVE", "1", TRUE);
	assert_true(sn_servers_restart_one(servers, "prosody"));
	open_one(&stage->other, "alice", CHATS);
	assert_true(sn_bench_wait(stage->other.bench, has_text, (gpointer) "wiederfinden eins"));
	assert_true(sn_bench_wait(stage->other.bench, has_text, (gpointer) "wiederfinden zwei"));
	guint here = ims_with(&stage->other, "bob@example.test", &plain);
	assert_true(plain);
	assert_true(here <= known && here >= 2);
	g_autoptr(SnConversation) self = NULL;
	g_autoptr(GPtrArray) list =
		sn_conversation_page(stage->other.bench->store, NULL, FALSE, NULL, 50);
	for (guint i = 0; i < list->len; i++)
		assert_null(strstr(((SnConversation *)list->pdata[i])->preview, "IM conversation of"));
	/* with the archive again, the same IMs are not there twice */
	sn_live_stop(&stage->other);
	assert_true(sn_servers_stop_one(servers, "prosody"));
	g_unsetenv("SN_XMPP_NO_ARCHIVE");
	assert_true(sn_servers_restart_one(servers, "prosody"));
	sn_live_start(&stage->other);
	sn_live_settle(&stage->other);
	guint again = ims_with(&stage->other, "bob@example.test", &plain);
	g_autoptr(SnQuery) query = sn_query_parse("wiederfinden", NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(stage->other.bench->store, query, 0, 0, 50, 0, NULL);
	assert_int_equal(found->len, 2);
	assert_true(again >= here);
}

/* ---- a Maildir ---- */

static const SnMailSourceOps *load_imap(GError **error)
{
	return &sn_imap_ops;
}

static const SnMailSourceOps *load_maildir(GError **error)
{
	return &sn_maildir_ops;
}

static const SnImOps *load_im(GError **error)
{
	return &sn_xmpp_ops;
}

static int files_in(const char *maildir, char **first)
{
	int count = 0;

	for (int i = 0; i < 2; i++) {
		g_autofree char *path =
			g_build_filename(maildir, ".Chats", i ? "cur" : "new", NULL);
		g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
		for (const char *name; dir && (name = g_dir_read_name(dir)); count++)
			if (first && !*first)
				*first = g_build_filename(path, name, NULL);
	}
	return count;
}

static gboolean maildir_says(const char *maildir, const char *text)
{
	for (int i = 0; i < 150; i++) {
		g_autofree char *path = NULL, *raw = NULL;
		if (files_in(maildir, &path) == 1 && g_file_get_contents(path, &raw, NULL, NULL) &&
		    strstr(raw, text))
			return TRUE;
		g_usleep(200000);
	}
	return FALSE;
}

static void a_maildir_keeps_them_too(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *maildir = g_build_filename(dir, "Mail", NULL);
	for (int i = 0; i < 3; i++) {
		static const char *const below[] = { "cur", "new", "tmp" };
		g_autofree char *path = g_build_filename(maildir, below[i], NULL);
		g_mkdir_with_parents(path, 0700);
	}
	g_autofree char *accounts = g_strdup_printf(
		"[alice]\nfrom = alice@example.test\nsource = maildir://%s\n"
		"im = xmpp://alice@example.test\nim-host = localhost:%d\n"
		"password-command = echo alice-secret\nca-file = %s\n" CHATS,
		maildir, servers->xmpp, servers->ca_file);
	SnBench *bench = sn_bench_new(accounts, SOON, SN_STORE_CLIENT);
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = { .paths = bench->paths,
		                .config = bench->config,
		                .backends = { .maildir = load_maildir, .im = load_im } };
	SnEngine *engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(engine, 60000, &error);
	g_assert_no_error(error);
	open_one(&stage->bob, "bob", NULL);
	say(&stage->bob, NULL, "alice@example.test", "ins-verzeichnis");
	assert_true(maildir_says(maildir, "ins-verzeichnis"));
	say(&stage->bob, NULL, "alice@example.test", "und-noch-mehr");
	assert_true(maildir_says(maildir, "und-noch-mehr"));
	sn_engine_settle(engine, 60000, &error);
	assert_int_equal(files_in(maildir, NULL), 1);
	sn_engine_stop(&engine);
	sn_bench_free(bench);
	sn_bench_remove(dir);
}

/* ---- kill -9 ---- */

static char *child_accounts(void)
{
	return g_strdup_printf("[alice]\nfrom = alice@example.test\n"
	                       "source = imaps://alice%%40example.test@localhost:%d\n"
	                       "im = xmpp://alice@example.test\nim-host = localhost:%d\n"
	                       "password-command = echo alice-secret\nca-file = %s\n" CHATS,
	                       servers->imaps, servers->xmpp, servers->ca_file);
}

static int run_child(const char *dir)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnPaths) paths = sn_paths_new(dir, &error);
	g_autoptr(SnConfig) config = paths ? sn_config_load(paths, &error) : NULL;
	SnEngineSetup setup = { .paths = paths,
		                .config = config,
		                .backends = { .imap = load_imap, .im = load_im } };
	SnEngine *engine = config ? sn_engine_start(&setup, &error) : NULL;

	if (!engine)
		g_error("%s", error->message);
	g_usleep(60 * G_USEC_PER_SEC);
	return 1;
}

static GPid spawn_child(const char *dir)
{
	char *argv[] = { (char *)"/proc/self/exe", (char *)"child", (char *)dir, NULL };
	GPid child;

	assert_true(g_spawn_async(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child,
	                          NULL));
	return child;
}

static void end_child(GPid child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Killed as soon as a new version lies in the folder, before the old one can be gone; and at any
 * other moment. */
static void killed_at_any_point_it_ends_with_one_that_has_everything(void **state)
{
	Stage *stage = *state;
	g_autofree char *dir = NULL, *accounts = NULL, *a = NULL, *b = NULL;

	if (!servers)
		skip();
	open_one(&stage->bob, "bob", NULL);
	accounts = child_accounts();
	dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	a = g_build_filename(dir, "accounts.conf", NULL);
	b = g_build_filename(dir, "sennit.conf", NULL);
	assert_true(g_file_set_contents_full(a, accounts, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
	assert_true(g_file_set_contents(b, SOON, -1, NULL));
	for (int i = 0; i < 12; i++) {
		g_autofree char *text = g_strdup_printf("runde%02d", i);
		say(&stage->bob, NULL, "alice@example.test", text);
		GPid child = spawn_child(dir);
		int before = sn_servers_count(servers, "alice", "Chats");
		if (i % 2)
			for (int n = 0; n < 4000 &&
			                sn_servers_count(servers, "alice", "Chats") <= before;
			     n++)
				g_usleep(1000);
		else
			g_usleep(1000 * (900 + 60 * (gulong)i));
		end_child(child);
	}
	GPid child = spawn_child(dir);
	g_autofree char *shown = wait_folder(1, "runde11");
	end_child(child);
	assert_int_equal(count_of(shown, "Subject: "), 1);
	for (int i = 0; i < 12; i++) {
		g_autofree char *text = g_strdup_printf("runde%02d", i);
		assert_int_equal(count_of(shown, text), 1);
	}
	sn_bench_remove(dir);
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
		TEST(nothing_is_written_unless_it_is_wanted),
		TEST(a_conversation_becomes_one_email_that_grows),
		TEST(two_machines_keep_one_between_them),
		TEST(another_machine_gets_the_ims_back),
		TEST(a_maildir_keeps_them_too),
		TEST(killed_at_any_point_it_ends_with_one_that_has_everything),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
