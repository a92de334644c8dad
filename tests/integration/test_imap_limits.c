/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real Dovecot that sets limits: a quota, and folders that can only be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/mail/mail_backend.h"
#include "src/mime/mail.h"
#include "src/store/sync.h"
#include "src/store/triage.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

static SnServers *servers; /* NULL: skip */

typedef struct {
	SnBench *bench;
	SnEngine *engine;
} Side;

static const SnMailSourceOps *load_imap(GError **error)
{
	return &sn_imap_ops;
}

/* Python as the other client: m is logged in as carol. */
static void other(const char *script)
{
	g_autofree char *text = g_strdup_printf(
		"import imaplib\n"
		"m = imaplib.IMAP4('localhost', %d)\n"
		"m.login('carol@example.test', 'carol-secret')\n"
		"def put(folder, id, size=10):\n"
		"    m.append(folder, '', None, ('From: bob@example.test\\r\\nTo: carol@example.test\\r\\n'\n"
		"        'Message-ID: <%%s@example.test>\\r\\nSubject: %%s\\r\\n\\r\\n%%s\\r\\n' %% (id, id, ('x' * 70 + '\\r\\n') * (size // 72))).encode())\n"
		"%s\nm.logout()\n",
		servers->imap, script);
	const char *argv[] = { "python3", "-c", text, NULL };
	g_autofree char *err = NULL;
	int status = 1;

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
				 &err, &status, NULL));
	if (status != 0)
		print_message("# %s\n", err);
	assert_int_equal(status, 0);
}

static void start(Side *side)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *accounts = g_strdup_printf(
		"[carol]\nfrom = carol@example.test\n"
		"source = imaps://carol%%40example.test@localhost:%u\n"
		"password-command = printf carol-secret\nca-file = %s\nfolders = *\n",
		servers->imaps, servers->ca_file);

	if (!side->bench)
		side->bench = sn_bench_new(accounts, NULL, SN_STORE_CLIENT);
	SnEngineSetup setup = { .paths = side->bench->paths,
				.config = side->bench->config,
				.backends = { .imap = load_imap } };
	side->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(side->engine, 60000, &error);
	g_assert_no_error(error);
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

static gboolean is_said(SnBench *bench, gpointer words)
{
	g_autofree char *said = sn_store_get(bench->store, "ui.say");

	return said && strstr(said, words);
}

static guint flags_of(SnBench *bench, const char *id)
{
	g_autoptr(SnMessage) message = sn_message_get(bench->store, find(bench, id), 0);

	return message ? message->flags : 0;
}

static gboolean waits_for_room(SnBench *bench, gpointer unused)
{
	g_autofree char *why = NULL;

	return sn_action_stuck(bench->store, sn_account_find(bench->store, "carol"), &why) == 1 &&
	       strstr(why, "could not be stored in Sent");
}

static gboolean nothing_to_do(SnBench *bench, gpointer unused)
{
	g_autoptr(GPtrArray) open = sn_action_list(
		bench->store, sn_account_find(bench->store, "carol"), G_MAXINT64);

	return open->len == 0;
}

#define WAIT(side, condition, data) \
	assert_true(sn_bench_wait((side)->bench, (condition), (gpointer)(data)))

/* Only these rights are left to the folder's owner (RFC 4314). */
static void set_rights(const char *folder, const char *rights)
{
	g_autofree char *path =
		g_build_filename(servers->mail_dir, "carol", "Maildir", folder, "dovecot-acl", NULL);
	g_autofree char *text = g_strdup_printf("owner %s\n", rights);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* ---- tests ---- */

static void a_quota_is_told_and_what_does_not_fit_waits(void **state)
{
	Side *side = *state;
	gint64 used, limit;

	if (!servers)
		skip();
	other("put('INBOX', 'small')\nput('INBOX', 'big', 1940000)");
	start(side);
	SnStore *store = side->bench->store;
	SnId account = sn_account_find(store, "carol");
	assert_true(sn_account_quota(store, account, &used, &limit));
	assert_int_equal(limit, 2 << 20);
	assert_in_range(used * 100 / limit, 90, 99);
	assert_true(is_said(side->bench, (gpointer) "The mailbox of carol is 9"));
	/* a copy that is larger than what is left */
	SnId copy = sn_action_append(store, find(side->bench, "big"), account, "sent", SN_FLAG_SEEN, NULL);
	WAIT(side, waits_for_room, NULL);
	WAIT(side, is_said, "Nothing is lost");
	assert_int_equal(sn_servers_count(servers, "carol", "Sent"), 0);
	other("m.select('INBOX')\nm.store('2', '+FLAGS', '\\\\Deleted')\nm.expunge()");
	assert_true(sn_action_retry(store, copy, 0, "now", NULL));
	WAIT(side, nothing_to_do, NULL);
	assert_int_equal(sn_servers_count(servers, "carol", "Sent"), 1);
}

static void a_folder_that_can_only_be_read_is_left_as_it_is(void **state)
{
	Side *side = *state;
	g_autoptr(GError) error = NULL;

	if (!servers)
		skip();
	other("m.create('Minutes')\nput('Minutes', 'm1')\nput('Minutes', 'm2')");
	set_rights(".Minutes", "lr");
	start(side);
	SnStore *store = side->bench->store;
	const SnTriage flag = { .set = SN_FLAG_FLAGGED }, away = { .move_to = "trash" };
	assert_false(sn_triage_do(store, 0, find(side->bench, "m1"), 0, &flag, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_PERMISSION));
	assert_non_null(strstr(error->message, "The folder Minutes can only be read"));
	assert_false(sn_triage_do(store, 0, find(side->bench, "m1"), 0, &away, NULL));
	/* what was read is known here, and told nobody */
	const SnTriage seen = { .set = SN_FLAG_SEEN }, copied = { .copy_to = "Archive" };
	assert_true(sn_triage_do(store, 0, find(side->bench, "m1"), 0, &seen, NULL));
	assert_int_equal(flags_of(side->bench, "m1"), SN_FLAG_SEEN);
	assert_true(nothing_to_do(side->bench, NULL));
	/* to copy from it is no change of it */
	assert_true(sn_triage_do(store, 0, find(side->bench, "m2"), 0, &copied, NULL));
	WAIT(side, nothing_to_do, NULL);
	assert_int_equal(sn_servers_count(servers, "carol", "Archive"), 1);
}

static void a_right_that_was_taken_away_puts_the_change_back(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	other("m.create('Board')\nput('Board', 'b1')\nm.create('Crew')\nput('Crew', 'c1')");
	start(side);
	SnStore *store = side->bench->store;
	const SnTriage flag = { .set = SN_FLAG_FLAGGED }, away = { .move_to = "trash" };
	sn_engine_stop(&side->engine);
	/* off line nobody knows yet; of the second, Dovecot says OK and does nothing */
	set_rights(".Board", "lr");
	set_rights(".Crew", "lrs");
	assert_true(sn_triage_do(store, 0, find(side->bench, "b1"), 0, &away, NULL));
	assert_true(sn_triage_do(store, 0, find(side->bench, "c1"), 0, &flag, NULL));
	assert_int_equal(flags_of(side->bench, "c1"), SN_FLAG_FLAGGED);
	sn_store_set(store, "ui.say", NULL, NULL);
	start(side);
	WAIT(side, nothing_to_do, NULL);
	assert_int_equal(flags_of(side->bench, "c1"), 0);
	g_autoptr(GPtrArray) places = sn_location_list(store, find(side->bench, "b1"));
	assert_int_equal(places->len, 1);
	assert_string_equal(((SnLocation *)places->pdata[0])->folder_name, "Board");
	g_autoptr(SnFolder) board = sn_folder_get(store, ((SnLocation *)places->pdata[0])->folder);
	assert_int_equal(board->total, 1); /* and in its list */
	assert_int_equal(sn_servers_count(servers, "carol", "Trash"), 0);
	assert_true(is_said(side->bench, (gpointer) "What was changed here is as it was before."));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int start_servers(void **state)
{
	return sn_servers_setup(&servers, "limits dovecot");
}

static int stop_servers(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_folder_that_can_only_be_read_is_left_as_it_is),
		TEST(a_right_that_was_taken_away_puts_the_change_back),
		TEST(a_quota_is_told_and_what_does_not_fit_waits),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
