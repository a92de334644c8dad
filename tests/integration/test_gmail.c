/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine and a server that behaves as Gmail's documentation says: one email, several labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/mail/mail_backend.h"
#include "src/mime/mail.h"
#include "src/store/folder_list.h"
#include "src/store/triage.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

#define ALL "[Gmail]/Alle Nachrichten"
#define TRASH "[Gmail]/Papierkorb"

static SnServers *servers; /* NULL: skip */

typedef struct {
	SnBench *bench;
	SnEngine *engine;
} Side;

static const SnMailSourceOps *load_imap(GError **error)
{
	return &sn_imap_ops;
}

/* Python as the web page: m is logged in. What it prints; caller frees. */
static char *web(const char *script)
{
	g_autofree char *text = g_strdup_printf(
		"import imaplib, ssl\nimaplib.Commands['XTEST'] = ('AUTH', 'SELECTED')\n"
		"m = imaplib.IMAP4_SSL('localhost', %d, ssl_context=ssl.create_default_context(cafile='%s'))\n"
		"m.login('alice', 'secret')\n"
		"ALL = '\"" ALL "\"'\n"
		"def put(folder, id, flags='', extra=''):\n"
		"    m.append(folder, flags, None, ('From: bob@example.test\\r\\nTo: alice@example.test\\r\\n'\n"
		"        'Message-ID: <%%s@example.test>\\r\\nSubject: %%s\\r\\n%%s\\r\\nText of %%s\\r\\n' %% (id, id, extra, id)).encode())\n"
		"def find(id, folder=ALL):\n"
		"    m.select(folder)\n"
		"    return m.uid('SEARCH', 'HEADER', 'Message-ID', '<%%s@example.test>' %% id)[1][0].decode()\n"
		"def label(id, change, *labels):\n"
		"    m.uid('STORE', find(id), change + 'X-GM-LABELS', '(' + ' '.join(labels) + ')')\n"
		"def labels(id):\n"
		"    said = m.uid('FETCH', find(id), '(X-GM-LABELS)')[1][0].decode()\n"
		"    return said[said.index('LABELS (') + 8:said.index(')')].replace('\\\\\\\\', '\\\\').replace('\"', '')\n"
		"%s\nm.logout()\n",
		servers->imaps, servers->ca_file, script);
	const char *argv[] = { "python3", "-c", text, NULL };
	char *out = NULL;
	g_autofree char *err = NULL;
	int status = 1;

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
				 &err, &status, NULL));
	if (status != 0)
		print_message("# %s\n", err);
	assert_int_equal(status, 0);
	return g_strchomp(out);
}

static void on_web(const char *script)
{
	g_free(web(script));
}

static void start(Side *side)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = { .paths = side->bench->paths,
				.config = side->bench->config,
				.backends = { .imap = load_imap } };

	side->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(side->engine, 60000, &error);
	g_assert_no_error(error);
}

static void open_side(Side *side, const char *more)
{
	g_autofree char *accounts = g_strdup_printf(
		"[alice]\nfrom = alice@example.test\nsource = imaps://alice@localhost:%u\n"
		"password-command = printf secret\nca-file = %s\n%s",
		servers->imaps, servers->ca_file, more);

	side->bench = sn_bench_new(accounts, NULL, SN_STORE_CLIENT);
	start(side);
}

static int set_up(void **state)
{
	*state = g_new0(Side, 1);
	return 0;
}

static int tear_down(void **state)
{
	Side *side = *state;

	sn_engine_stop(&side->engine);
	if (side->bench)
		sn_bench_free(side->bench);
	g_free(side);
	return 0;
}

/* ---- looking ---- */

static SnId find(SnBench *bench, const char *id)
{
	g_autofree char *full = g_strconcat(id, "@example.test", NULL);

	return sn_message_find_mail(bench->store, full);
}

static SnFolder *folder_named(SnBench *bench, const char *name)
{
	g_autoptr(GPtrArray) all = sn_folder_list(bench->store, sn_account_find(bench->store, "alice"));

	for (guint i = 0; i < all->len; i++)
		if (g_str_equal(((SnFolder *)all->pdata[i])->name, name))
			return g_ptr_array_steal_index(all, i);
	return NULL;
}

/* Whether a folder's list shows it. */
static gboolean stands_in(SnBench *bench, const char *id, const char *name)
{
	g_autoptr(SnFolder) folder = folder_named(bench, name);
	SnId message = find(bench, id);
	g_autoptr(SnFolderRow) row =
		folder && message ? sn_folder_row(bench->store, folder->id, message) : NULL;

	return row != NULL;
}

/* "id in folder", "id not in folder" */
static gboolean holds(SnBench *bench, gpointer data)
{
	g_auto(GStrv) words = g_strsplit(data, " in ", 2);
	gboolean not = g_str_has_suffix(words[0], " not");
	g_autofree char *id = g_strndup(words[0], strlen(words[0]) - (not ? 4 : 0));

	return find(bench, id) && stands_in(bench, id, words[1]) != not;
}

static gboolean is_here(SnBench *bench, gpointer id)
{
	return find(bench, id) != 0;
}

static gboolean nothing_to_do(SnBench *bench, gpointer unused)
{
	g_autoptr(GPtrArray) open = sn_action_list(
		bench->store, sn_account_find(bench->store, "alice"), G_MAXINT64);

	return open->len == 0;
}

#define WAIT(side, condition, data) \
	assert_true(sn_bench_wait((side)->bench, (condition), (gpointer)(data)))

static void assert_labels(const char *id, const char *expected)
{
	g_autofree char *script = g_strdup_printf("print(labels('%s'))", id);
	g_autofree char *now = web(script);

	assert_string_equal(now, expected);
}

static void triage(Side *side, const char *id, const char *folder, SnTriage what)
{
	SnId change = sn_triage_begin(side->bench->store, "changed", NULL);
	g_autoptr(SnFolder) listed = folder ? folder_named(side->bench, folder) : NULL;
	g_autoptr(GError) error = NULL;

	assert_true(change);
	sn_triage_do(side->bench->store, change, find(side->bench, id), listed ? listed->id : 0, &what,
		     &error);
	g_assert_no_error(error);
}

static void undo(Side *side)
{
	SnUndo undone;

	assert_true(sn_triage_undo(side->bench->store, &undone, NULL));
	assert_int_equal(undone.undone, 1);
	sn_undo_clear(&undone);
}

static void done(Side *side)
{
	WAIT(side, nothing_to_do, NULL);
}

/* ---- tests ---- */

static void an_email_with_labels_is_fetched_once_and_stands_in_each_folder(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	on_web("put('INBOX', 'one')\nlabel('one', '+', '\"K&APY-nige &- mehr\"', 'Work/Rope', '\\\\Starred')\n"
	       "put(ALL, 'two', '\\\\Seen')\nput('\"[Gmail]/Gesendet\"', 'three', '\\\\Seen')\n"
	       "put('\"[Gmail]/Spam\"', 'spam')");
	g_autofree char *before = web("print(m.xatom('XTEST', 'BODIES') and m.response('XTEST')[1][0].decode())");
	open_side(side, "");
	g_autofree char *after = web("print(m.xatom('XTEST', 'BODIES') and m.response('XTEST')[1][0].decode())");
	assert_int_equal(atoi(after) - atoi(before), 3);
	SnBench *bench = side->bench;
	assert_true(stands_in(bench, "one", "INBOX") && stands_in(bench, "one", ALL));
	assert_true(stands_in(bench, "one", "K\xc3\xb6nige & mehr"));
	assert_true(stands_in(bench, "one", "Work/Rope") && stands_in(bench, "one", "[Gmail]/Markiert"));
	assert_true(stands_in(bench, "two", ALL) && !stands_in(bench, "two", "INBOX"));
	g_autoptr(SnFolder) inbox = folder_named(bench, "INBOX"), all = folder_named(bench, ALL);
	assert_int_equal(inbox->unread, 1);
	assert_int_equal(inbox->base, all->id);
	assert_int_equal(all->total, 3);
	/* what is in Sent was sent by the user */
	g_autoptr(SnMessage) sent = sn_message_get(bench->store, find(bench, "three"), 0);
	assert_int_equal(sent->direction, SN_OUT);
	assert_int_equal(find(bench, "spam"), 0);
	/* found by each of its labels */
	SnClock clock = { 0 };
	g_autoptr(SnQuery) query = sn_query_parse("in:Work/Rope", &clock, NULL);
	g_autoptr(GPtrArray) found = sn_message_search(bench->store, query, 0, 0, 10, 0, NULL);
	assert_int_equal(found->len, 1);
}

static void labels_of_the_web_page_are_followed_told_of_or_not(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	on_web("put('INBOX', 'f1')\nput('INBOX', 'f2')");
	open_side(side, "");
	on_web("label('f1', '+', 'Tea')\nlabel('f1', '-', '\\\\Inbox')\nput('INBOX', 'bell1')");
	WAIT(side, is_here, "bell1");
	WAIT(side, holds, "f1 in Tea");
	WAIT(side, holds, "f1 not in INBOX");
	/* where it does not count as a change, it is seen with the next connection */
	sn_engine_stop(&side->engine);
	on_web("m.xatom('XTEST', 'SILENT', '1')\nlabel('f2', '+', 'Tea')\nlabel('f2', '-', '\\\\Inbox')\n"
	       "m.xatom('XTEST', 'SILENT', '0')");
	start(side);
	assert_true(stands_in(side->bench, "f2", "Tea") && !stands_in(side->bench, "f2", "INBOX"));
	/* and a label that is deleted takes nothing along */
	on_web("m.delete('Tea')\nput('INBOX', 'bell2')");
	WAIT(side, is_here, "bell2");
	WAIT(side, holds, "f2 not in Tea");
	assert_true(stands_in(side->bench, "f2", ALL));
}

static void archiving_takes_the_inbox_away_and_moving_changes_labels(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	on_web("put('INBOX', 'a1')\nlabel('a1', '+', 'Kept')\nput('INBOX', 'a2')");
	open_side(side, "");
	/* off line; it is replayed with the next start */
	sn_engine_stop(&side->engine);
	triage(side, "a1", NULL, (SnTriage){ .move_to = "archive" });
	triage(side, "a2", "INBOX", (SnTriage){ .move_to = "Brand new" });
	assert_true(!stands_in(side->bench, "a1", "INBOX") && stands_in(side->bench, "a1", ALL));
	g_autoptr(SnFolder) all = folder_named(side->bench, ALL);
	start(side);
	done(side);
	assert_labels("a1", "Kept");
	assert_labels("a2", "Brand new");
	assert_true(stands_in(side->bench, "a2", "Brand new") && !stands_in(side->bench, "a2", "INBOX"));
	g_autoptr(SnFolder) later = folder_named(side->bench, ALL);
	assert_int_equal(later->total, all->total);
	/* one label more */
	triage(side, "a2", NULL, (SnTriage){ .copy_to = "Kept" });
	done(side);
	assert_labels("a2", "Brand new Kept");
	WAIT(side, holds, "a2 in Kept");
	undo(side);
	done(side);
	assert_labels("a2", "Brand new");
	undo(side); /* of a2's move */
	undo(side); /* of a1's archiving */
	done(side);
	assert_labels("a2", "\\Inbox");
	assert_labels("a1", "Kept \\Inbox");
	WAIT(side, holds, "a1 in INBOX");
}

static void flags_are_those_of_the_email_whatever_list_it_was_marked_in(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	on_web("put('INBOX', 'm1')\nlabel('m1', '+', 'Work')");
	open_side(side, "");
	triage(side, "m1", "Work", (SnTriage){ .set = SN_FLAG_SEEN, .add = "later" });
	done(side);
	g_autofree char *flags = web("find('m1')\nprint(m.uid('FETCH', find('m1'), '(FLAGS)')[1][0].decode())");
	assert_non_null(strstr(flags, "FLAGS (\\Seen later)"));
	g_autoptr(SnFolder) work = folder_named(side->bench, "Work");
	assert_int_equal(work->unread, 0);
	on_web("m.uid('STORE', find('m1'), '-FLAGS', '(\\\\Seen)')\nput('INBOX', 'bell3')");
	WAIT(side, is_here, "bell3");
	SnFolderRow *row = sn_folder_row(side->bench->store, work->id, find(side->bench, "m1"));
	assert_int_equal(row->flags & SN_FLAG_SEEN, 0);
	sn_folder_row_free(row);
}

static void what_is_deleted_goes_to_the_trash_and_comes_back_with_its_labels(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	on_web("put('INBOX', 'd1')\nlabel('d1', '+', 'Work', 'Home')\nput('INBOX', 'd2')");
	open_side(side, "");
	/* from a label's list, and taken back before anybody was told */
	sn_engine_stop(&side->engine);
	triage(side, "d1", "Work", (SnTriage){ .move_to = "trash" });
	assert_true(!stands_in(side->bench, "d1", "Work") && !stands_in(side->bench, "d1", "INBOX"));
	assert_true(stands_in(side->bench, "d1", TRASH));
	g_autoptr(SnFolder) trash = folder_named(side->bench, TRASH);
	assert_int_equal(trash->total, 1);
	undo(side);
	assert_true(stands_in(side->bench, "d1", "Work") && stands_in(side->bench, "d1", "INBOX"));
	triage(side, "d1", "Work", (SnTriage){ .move_to = "trash" });
	start(side);
	done(side);
	g_autofree char *where = web("print(repr(find('d1')), repr(find('d1', '\"" TRASH "\"')))");
	assert_true(g_str_has_prefix(where, "'' '") && !g_str_has_suffix(where, " ''"));
	undo(side);
	done(side);
	assert_labels("d1", "Home Work \\Inbox");
	WAIT(side, holds, "d1 in Home");
	WAIT(side, holds, "d1 in INBOX");
	/* for good, from outside the trash: Gmail would keep it, so it is the trash */
	triage(side, "d2", NULL, (SnTriage){ .destroy = TRUE });
	done(side);
	g_autofree char *there = web("print(repr(find('d2', '\"" TRASH "\"')))");
	assert_string_not_equal(there, "''");
	WAIT(side, holds, "d2 not in " ALL);
}

static void other_numbers_keep_labels_and_changes(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	on_web("put('INBOX', 'u1')\nlabel('u1', '+', 'Work')");
	open_side(side, "");
	sn_engine_stop(&side->engine);
	triage(side, "u1", NULL, (SnTriage){ .set = SN_FLAG_FLAGGED });
	on_web("m.xatom('XTEST', 'FORGET')");
	start(side);
	WAIT(side, holds, "u1 in Work");
	done(side);
	assert_true(stands_in(side->bench, "u1", "Work") && stands_in(side->bench, "u1", "INBOX"));
	g_autofree char *flags = web("print(m.uid('FETCH', find('u1'), '(FLAGS)')[1][0].decode())");
	assert_non_null(strstr(flags, "\\Flagged"));
}

static void folders_that_were_named_are_synced_for_themselves(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	on_web("put('INBOX', 's1')\nlabel('s1', '+', 'Work')\nput(ALL, 's2')");
	open_side(side, "folders = INBOX Work\n");
	assert_true(stands_in(side->bench, "s1", "INBOX"));
	assert_int_equal(find(side->bench, "s2"), 0);
	g_autoptr(SnFolder) inbox = folder_named(side->bench, "INBOX");
	assert_int_equal(inbox->base, 0);
	assert_true(inbox->uidvalidity != 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int start_servers(void **state)
{
	return sn_servers_setup(&servers, "gmail");
}

static int stop_servers(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_email_with_labels_is_fetched_once_and_stands_in_each_folder),
		TEST(labels_of_the_web_page_are_followed_told_of_or_not),
		TEST(archiving_takes_the_inbox_away_and_moving_changes_labels),
		TEST(flags_are_those_of_the_email_whatever_list_it_was_marked_in),
		TEST(what_is_deleted_goes_to_the_trash_and_comes_back_with_its_labels),
		TEST(other_numbers_keep_labels_and_changes),
		TEST(folders_that_were_named_are_synced_for_themselves),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
