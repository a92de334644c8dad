/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An engine on a Maildir that mbsync fills from a real server, and that notmuch reads as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/engine/engine_private.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

enum { BURST = 100, STARTS = 20 };

static SnServers *servers; /* NULL: skip */

typedef struct {
	char *dir, *root, *rc, *style;
	SnBench *bench;
	SnEngine *engine;
} Home;

static const SnMailSourceOps *load_maildir(GError **error)
{
	return &sn_maildir_ops;
}

/* The same source, that counts what the engine asks it. Only the engine's thread asks. */
static SnMailSourceOps traced;
static gint whole_syncs, partial_syncs;

static void submit_traced(SnMailSource *source, SnMailRequest *request)
{
	if (request->kind == SN_MAIL_REQ_SYNC)
		g_atomic_int_inc(request->only ? &partial_syncs : &whole_syncs);
	sn_maildir_ops.submit(source, request);
}

static const SnMailSourceOps *load_traced(GError **error)
{
	traced = sn_maildir_ops;
	traced.submit = submit_traced;
	return &traced;
}

/* ---- the programs beside ---- */

static char *run(const char *const *argv)
{
	g_autofree char *out = NULL, *complaint = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &complaint,
	             &status, &error);
	g_assert_no_error(error);
	if (status != 0)
		print_message("# %s: %s\n", argv[0], complaint);
	return g_steal_pointer(&out);
}

static void doveadm(const char *what)
{
	g_autofree char *config = g_build_filename(servers->dir, "dovecot", "dovecot.conf", NULL);
	g_autofree char *command = g_strdup_printf("doveadm -c %s %s", config, what);
	const char *argv[] = { "sh", "-c", command, NULL };

	g_free(run(argv));
}

/* What the server says about a message: "INBOX \Seen", "Archive ..."; "" when it has none. */
static char *at_server(const char *id)
{
	g_autofree char *config = g_build_filename(servers->dir, "dovecot", "dovecot.conf", NULL);
	g_autofree char *command = g_strdup_printf(
		"doveadm -c %s -f tab fetch -u alice@example.test 'mailbox flags' "
		"HEADER Message-ID %s@example.test | tail -n +2 | tr '\\t' ' ' | sort", config, id);
	const char *argv[] = { "sh", "-c", command, NULL };
	g_autofree char *out = run(argv);

	return g_strdup(g_strstrip(out));
}

static void mbsync(Home *home)
{
	const char *argv[] = { "mbsync", "-q", "-c", home->rc, "-a", NULL };

	g_free(run(argv));
}

static char *notmuch(Home *home, const char *what)
{
	g_autofree char *command =
		g_strdup_printf("NOTMUCH_CONFIG=%s/notmuch notmuch %s", home->dir, what);
	const char *argv[] = { "sh", "-c", command, NULL };
	char *out = run(argv);

	return g_strstrip(out);
}

static void deliver(const char *id)
{
	g_autofree char *raw = g_strdup_printf(
		"From: Bob <bob@example.test>\r\nTo: alice@example.test\r\n"
		"Message-ID: <%s@example.test>\r\nSubject: About %s\r\n\r\nText of %s.\r\n",
		id, id, id);

	assert_true(sn_servers_deliver(servers, "alice", raw, strlen(raw)));
}

/* ---- our side ---- */

static void write_file(const char *dir, const char *name, char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *owned = text;

	assert_true(g_file_set_contents(path, owned, -1, NULL));
}

static Home open_home(const char *style)
{
	Home home = { .dir = g_dir_make_tmp("sn-mbsync-XXXXXX", NULL), .style = g_strdup(style) };
	gboolean plus = strcmp(style, "Maildir++") == 0;

	home.root = g_build_filename(home.dir, "mail", NULL);
	home.rc = g_build_filename(home.dir, "mbsyncrc", NULL);
	assert_int_equal(g_mkdir(home.root, 0700), 0);
	g_autofree char *near =
		plus ? g_strdup_printf("Inbox %s", home.root)
		     : g_strdup_printf("Path %s/\nInbox %s/Inbox", home.root, home.root);
	write_file(home.dir, "mbsyncrc",
	           g_strdup_printf("FSync no\n\nIMAPAccount a\nHost localhost\nPort %d\n"
	                           "User alice@example.test\nPass alice-secret\nSSLType IMAPS\n"
	                           "CertificateFile %s\n\nIMAPStore far\nAccount a\n\n"
	                           "MaildirStore near\n%s\nSubFolders %s\n\n"
	                           "Channel c\nFar :far:\nNear :near:\nPatterns *\nCreate Both\n"
	                           "Remove Both\nExpunge Both\nSyncState %s/state-\n",
	                           servers->imaps, servers->ca_file, near, style, home.dir));
	write_file(home.dir, "notmuch",
	           g_strdup_printf("[database]\npath=%s\n[new]\ntags=unread;new\n"
	                           "ignore=.mbsyncstate;.uidvalidity\n"
	                           "[user]\nname=Alice\nprimary_email=alice@example.test\n"
	                           "[maildir]\nsynchronize_flags=true\n", home.root));
	g_autofree char *accounts =
		g_strdup_printf("[alice]\nfrom = alice@example.test\nsource = maildir://%s\n"
	                        "folders = *\n", home.root);
	home.bench = sn_bench_new(accounts, NULL, SN_STORE_CLIENT);
	return home;
}

static void start_with(Home *home, const SnMailSourceOps *(*source)(GError **))
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = home->bench->paths,
		.config = home->bench->config,
		.backends = { .maildir = source },
	};

	home->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(home->engine, 60000, &error);
	g_assert_no_error(error);
}

static void start(Home *home)
{
	start_with(home, load_maildir);
}

static void close_home(Home *home)
{
	sn_engine_stop(&home->engine);
	sn_bench_free(home->bench);
	sn_bench_remove(home->dir);
	g_free(home->dir);
	g_free(home->root);
	g_free(home->rc);
	g_free(home->style);
}

static SnId find(SnBench *bench, const char *id)
{
	g_autofree char *whole = g_strconcat(id, "@example.test", NULL);

	return sn_message_find_mail(bench->store, whole);
}

/* Where the message lies and with which flags, as the store has it: "INBOX:S", "INBOX:FS Work:". */
static char *here(SnBench *bench, const char *id)
{
	SnId message = find(bench, id);
	g_autoptr(GPtrArray) places = message ? sn_location_list(bench->store, message) : NULL;
	GString *text = g_string_new(message ? NULL : "none");

	for (guint i = 0; places && i < places->len; i++) {
		const SnLocation *place = places->pdata[i];
		g_string_append_printf(text, "%s%s:%s%s%s", i ? " " : "", place->folder_name,
		                       place->flags & SN_FLAG_FLAGGED ? "F" : "",
		                       place->flags & SN_FLAG_ANSWERED ? "R" : "",
		                       place->flags & SN_FLAG_SEEN ? "S" : "");
	}
	return g_string_free(text, FALSE);
}

typedef struct {
	const char *id, *where;
} Expected;

static gboolean lies_there(SnBench *bench, gpointer data)
{
	const Expected *expected = data;
	g_autofree char *now = here(bench, expected->id);

	return strcmp(now, expected->where) == 0;
}

static void wait_here(Home *home, const char *id, const char *where)
{
	Expected expected = { id, where };

	if (sn_bench_wait(home->bench, lies_there, &expected))
		return;
	g_autofree char *now = here(home->bench, id);
	fail_msg("%s: '%s' instead of '%s'", id, now, where);
}

static void assert_at_server(const char *id, const char *expected)
{
	g_autofree char *now = at_server(id);

	assert_string_equal(now, expected);
}

static gboolean no_actions_left(SnBench *bench, gpointer data)
{
	SnId account = sn_account_find(bench->store, "alice");
	g_autoptr(GPtrArray) open = sn_action_list(bench->store, account, G_MAXINT64);

	return open && open->len == 0;
}

static void settle(Home *home)
{
	assert_true(sn_bench_wait(home->bench, no_actions_left, NULL));
}

/* One location for each file, and nothing else. */
static guint count_places(Home *home, const char *folder)
{
	SnId account = sn_account_find(home->bench->store, "alice");
	g_autoptr(GPtrArray) all = sn_folder_list(home->bench->store, account);

	for (guint i = 0; i < all->len; i++) {
		const SnFolder *one = all->pdata[i];
		if (strcmp(one->name, folder) != 0)
			continue;
		g_autoptr(GArray) uids = sn_location_uids(home->bench->store, one->id, NULL);
		return uids->len;
	}
	return 0;
}

/* inode, size, time and content of every message file below; names may change. */
static void note_files(const char *path, GHashTable *files)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		g_autofree char *text = NULL;
		struct stat info;
		gsize length;
		assert_int_equal(g_lstat(below, &info), 0);
		if (S_ISDIR(info.st_mode))
			note_files(below, files);
		else if (strstr(path, "/cur") || strstr(path, "/new") || strstr(path, "/tmp")) {
			assert_true(g_file_get_contents(below, &text, &length, NULL));
			g_autofree char *sum = g_compute_checksum_for_data(
				G_CHECKSUM_SHA256, (guchar *)text, length);
			g_hash_table_add(files,
			                 g_strdup_printf("%ju %jd.%09ld %s", (uintmax_t)info.st_ino,
			                                 (intmax_t)info.st_mtim.tv_sec,
			                                 info.st_mtim.tv_nsec, sum));
		}
	}
}

static GHashTable *files_of(Home *home)
{
	GHashTable *files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	note_files(home->root, files);
	return files;
}

static void empty_mailbox(void)
{
	doveadm("expunge -u alice@example.test mailbox '*' all");
	doveadm("mailbox delete -u alice@example.test -r Work 2>/dev/null || true");
}

/* ---- tests ---- */

static void flags_and_moves_go_both_ways(void **state)
{
	if (!servers)
		skip();
	Home home = open_home(*state);
	empty_mailbox();
	deliver("one");
	deliver("two");
	doveadm("mailbox create -u alice@example.test Work/Plans");
	mbsync(&home);
	start(&home);
	g_autofree char *first = here(home.bench, "one");
	assert_string_equal(first, "INBOX:");
	SnId one = find(home.bench, "one"), two = find(home.bench, "two");
	g_autoptr(GHashTable) before = files_of(&home);
	/* the server's side */
	doveadm("flags add -u alice@example.test '\\Flagged' mailbox INBOX HEADER Message-ID one@");
	mbsync(&home);
	wait_here(&home, "one", "INBOX:F");
	/* ours: read, answered, and into a folder */
	assert_true(sn_message_change_flags(home.bench->store, one, SN_FLAG_SEEN | SN_FLAG_ANSWERED,
	                                    0, NULL));
	assert_true(sn_message_move(home.bench->store, two, "Work/Plans", NULL));
	settle(&home);
	wait_here(&home, "two", "Work/Plans:");
	g_autoptr(GHashTable) after = files_of(&home);
	GHashTableIter iter;
	gpointer file;
	g_hash_table_iter_init(&iter, before);
	while (g_hash_table_iter_next(&iter, &file, NULL))
		assert_true(g_hash_table_contains(after, file)); /* renamed, never rewritten */
	assert_int_equal(g_hash_table_size(after), g_hash_table_size(before));
	mbsync(&home);
	assert_at_server("one", "INBOX \\Answered \\Flagged \\Seen");
	assert_at_server("two", "Work/Plans");
	/* mbsync has given numbers to all of them by now: the same messages, each once */
	mbsync(&home);
	wait_here(&home, "one", "INBOX:FRS");
	assert_int_equal(find(home.bench, "one"), one);
	assert_int_equal(find(home.bench, "two"), two);
	assert_int_equal(count_places(&home, "INBOX"), 1);
	assert_int_equal(count_places(&home, "Work/Plans"), 1);
	/* what the server's other client deletes and unflags */
	doveadm("flags remove -u alice@example.test '\\Flagged \\Seen' mailbox INBOX all");
	doveadm("expunge -u alice@example.test mailbox Work/Plans all");
	mbsync(&home);
	wait_here(&home, "one", "INBOX:R");
	wait_here(&home, "two", "");
	close_home(&home);
}

/* The directory of the folder Work/name. */
static char *folder_path(Home *home, const char *name)
{
	const char *between = strcmp(home->style, "Legacy") == 0 ? "/Work/." :
	                      strcmp(home->style, "Verbatim") == 0 ? "/Work/" : "/.Work.";

	return g_strconcat(home->root, between, name, NULL);
}

static void folders_come_and_go(void **state)
{
	if (!servers)
		skip();
	Home home = open_home(*state);
	empty_mailbox();
	deliver("stays");
	mbsync(&home);
	start(&home);
	/* one is made on the server, with a message in it */
	doveadm("mailbox create -u alice@example.test Work/Later");
	doveadm("move -u alice@example.test Work/Later mailbox INBOX HEADER Message-ID stays@");
	mbsync(&home);
	wait_here(&home, "stays", "Work/Later:");
	SnId id = find(home.bench, "stays");
	/* it changes its name: mbsync makes the new one, and leaves the old one to its user */
	doveadm("mailbox rename -u alice@example.test Work/Later Work/Now");
	mbsync(&home);
	wait_here(&home, "stays", "Work/Later: Work/Now:");
	assert_int_equal(find(home.bench, "stays"), id);
	g_autofree char *later = folder_path(&home, "Later");
	sn_bench_remove(later);
	wait_here(&home, "stays", "Work/Now:");
	assert_int_equal(find(home.bench, "stays"), id);
	deliver("later");
	mbsync(&home);
	wait_here(&home, "later", "INBOX:");
	/* one that sennit makes comes to the server */
	assert_true(sn_message_move(home.bench->store, find(home.bench, "later"),
	                            "Work/M\xc3\xb6" "bel", NULL));
	settle(&home);
	mbsync(&home);
	g_autofree char *now = at_server("later");
	assert_string_equal(now, "Work/M\xc3\xb6" "bel");
	close_home(&home);
}

/* The messages of the burst, each once. */
static gboolean all_are_here(SnBench *bench, gpointer data)
{
	for (int i = 0; i < BURST; i++) {
		g_autofree char *id = g_strdup_printf("burst%d", i);
		if (!find(bench, id))
			return FALSE;
	}
	return TRUE;
}

static void a_burst_arrives_whole_and_once(void **state)
{
	if (!servers)
		skip();
	Home home = open_home(*state);
	empty_mailbox();
	mbsync(&home);
	start(&home);
	for (int i = 0; i < BURST; i++) {
		g_autofree char *id = g_strdup_printf("burst%d", i);
		deliver(id);
		/* mbsync runs while they still come in */
		if (i == BURST / 4 || i == BURST / 2)
			mbsync(&home);
	}
	mbsync(&home);
	assert_true(sn_bench_wait(home.bench, all_are_here, NULL));
	/* mbsync loses its numbers, gives every file another name and then fetches nothing more */
	doveadm("flags add -u alice@example.test '\\Seen' mailbox INBOX HEADER Message-ID burst7@");
	mbsync(&home);
	wait_here(&home, "burst7", "INBOX:S");
	assert_int_equal(count_places(&home, "INBOX"), BURST);
	SnId before = find(home.bench, "burst42");
	const char *remove[] = { "find", home.root, "-name", ".uidvalidity", "-delete", NULL };
	g_free(run(remove));
	mbsync(&home);
	assert_true(sn_message_change_flags(home.bench->store, before, SN_FLAG_SEEN, 0, NULL));
	settle(&home);
	wait_here(&home, "burst42", "INBOX:S");
	assert_int_equal(count_places(&home, "INBOX"), BURST);
	assert_int_equal(find(home.bench, "burst42"), before);
	close_home(&home);
}

static void notmuch_reads_and_sets_the_same_flags(void **state)
{
	if (!servers)
		skip();
	Home home = open_home(*state);
	empty_mailbox();
	deliver("tagged");
	mbsync(&home);
	start(&home);
	g_autofree char *created = notmuch(&home, "new --quiet");
	/* notmuch moves it to cur/ with the letters S and F */
	g_autofree char *none = notmuch(&home, "tag -unread +flagged id:tagged@example.test");
	wait_here(&home, "tagged", "INBOX:FS");
	/* and learns what is done here */
	SnId id = find(home.bench, "tagged");
	assert_true(sn_message_change_flags(home.bench->store, id, SN_FLAG_ANSWERED,
	                                    SN_FLAG_FLAGGED | SN_FLAG_SEEN, NULL));
	settle(&home);
	wait_here(&home, "tagged", "INBOX:R");
	g_autofree char *again = notmuch(&home, "new --quiet");
	g_autofree char *tags =
		notmuch(&home, "search --output=tags id:tagged@example.test | tr '\\n' ' '");
	assert_string_equal(tags, "new replied unread");
	mbsync(&home);
	assert_at_server("tagged", "INBOX \\Answered");
	assert_int_equal(count_places(&home, "INBOX"), 1);
	close_home(&home);
}

static void a_message_put_there_by_another_program_is_uploaded_and_stays_itself(void **state)
{
	if (!servers)
		skip();
	Home home = open_home(*state);
	empty_mailbox();
	deliver("first");
	mbsync(&home);
	start(&home);
	gboolean plus = strcmp(home.style, "Maildir++") == 0;
	g_autofree char *file = g_build_filename(home.root, plus ? "cur" : "Inbox/cur",
	                                         "1700000000.own.host:2,S", NULL);
	write_file("/", file, g_strdup("From: bob@example.test\nTo: alice@example.test\n"
	                               "Message-ID: <own@example.test>\nSubject: Own\n\nOwn.\n"));
	wait_here(&home, "own", "INBOX:S");
	SnId id = find(home.bench, "own");
	mbsync(&home); /* now it has ",U=2" in its name */
	assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
	assert_at_server("own", "INBOX \\Seen");
	doveadm("flags add -u alice@example.test '\\Flagged' mailbox INBOX HEADER Message-ID own@");
	mbsync(&home);
	wait_here(&home, "own", "INBOX:FS");
	assert_int_equal(find(home.bench, "own"), id);
	assert_int_equal(count_places(&home, "INBOX"), 2);
	close_home(&home);
}

static void put_file(Home *home, const char *name, const char *id)
{
	g_autofree char *file = g_strconcat("Inbox/", name, NULL);

	write_file(home->root, file, g_strdup_printf("From: bob@example.test\nTo: alice@example.test\n"
	                                             "Message-ID: <%s@example.test>\nSubject: %s\n\nx\n",
	                                             id, id));
}

static void move_file(Home *home, const char *from, const char *to)
{
	g_autofree char *old = g_build_filename(home->root, "Inbox", from, NULL);
	g_autofree char *new = g_build_filename(home->root, "Inbox", to, NULL);

	assert_int_equal(g_rename(old, new), 0);
}

/* Nothing is read again that is as it was, and of a folder only what changed. */
static void only_what_changed_is_looked_at(void **state)
{
	if (!servers)
		skip();
	Home home = open_home("Verbatim");
	static const char *const parts[] = { "Inbox/cur", "Inbox/new", "Inbox/tmp" };

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_build_filename(home.root, parts[i], NULL);
		assert_int_equal(g_mkdir_with_parents(path, 0700), 0);
	}
	put_file(&home, "cur/1.host:2,S", "one");
	put_file(&home, "cur/2.host:2,S", "two");
	g_atomic_int_set(&whole_syncs, 0);
	start_with(&home, load_traced);
	wait_here(&home, "two", "INBOX:S");
	assert_true(g_atomic_int_get(&whole_syncs) > 0);
	g_atomic_int_set(&whole_syncs, 0);
	g_atomic_int_set(&partial_syncs, 0);
	/* while it runs: a delivery, a flag, another name, a removal */
	put_file(&home, "tmp/3.host", "three");
	move_file(&home, "tmp/3.host", "new/3.host");
	wait_here(&home, "three", "INBOX:");
	move_file(&home, "new/3.host", "cur/3.host:2,FS");
	wait_here(&home, "three", "INBOX:FS");
	move_file(&home, "cur/2.host:2,S", "cur/2.elsewhere:2,RS");
	wait_here(&home, "two", "INBOX:RS");
	g_autofree char *gone = g_build_filename(home.root, "Inbox/cur/1.host:2,S", NULL);
	assert_int_equal(g_unlink(gone), 0);
	wait_here(&home, "one", "");
	assert_int_equal(g_atomic_int_get(&whole_syncs), 0);
	assert_true(g_atomic_int_get(&partial_syncs) >= 4);
	assert_int_equal(count_places(&home, "INBOX"), 2);
	/* a change of ours needs no table either */
	assert_true(sn_message_change_flags(home.bench->store, find(home.bench, "three"), 0, SN_FLAG_FLAGGED,
	                                    NULL));
	settle(&home);
	sn_engine_stop(&home.engine);
	/* nobody touches it for a while: then the next start reads nothing, and still hears */
	for (int i = 0; i < STARTS; i++) {
		sn_engine_stop(&home.engine);
		g_atomic_int_set(&whole_syncs, 0);
		start_with(&home, load_traced);
		if (g_atomic_int_get(&whole_syncs) == 0)
			break; /* a slow machine is not always sure that nothing happened meanwhile */
	}
	assert_int_equal(g_atomic_int_get(&whole_syncs), 0);
	put_file(&home, "new/4.host", "four");
	wait_here(&home, "four", "INBOX:");
	sn_engine_stop(&home.engine);
	/* what came while it was away is found */
	put_file(&home, "new/5.host", "five");
	start_with(&home, load_traced);
	wait_here(&home, "five", "INBOX:");
	assert_int_equal(count_places(&home, "INBOX"), 4);
	close_home(&home);
}

static int set_up(void **state)
{
	static const char *const programs[] = { "mbsync", "notmuch", "doveadm" };

	for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autofree char *path = g_find_program_in_path(programs[i]);
		if (path)
			continue;
		print_message("# skipped: %s is not installed\n", programs[i]);
		return g_getenv("SENNIT_REQUIRE_SERVERS") ? -1 : 0;
	}
	return sn_servers_setup(&servers, "dovecot");
}

static int tear_down(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
#define WITH(test, style) { #test " (" style ")", test, NULL, NULL, (void *)(style) }
	const struct CMUnitTest tests[] = {
		WITH(flags_and_moves_go_both_ways, "Verbatim"),
		WITH(flags_and_moves_go_both_ways, "Maildir++"),
		WITH(folders_come_and_go, "Legacy"),
		WITH(a_burst_arrives_whole_and_once, "Verbatim"),
		WITH(notmuch_reads_and_sets_the_same_flags, "Maildir++"),
		WITH(a_message_put_there_by_another_program_is_uploaded_and_stays_itself, "Verbatim"),
		cmocka_unit_test(only_what_changed_is_looked_at),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
