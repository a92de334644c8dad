/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What other programs do to the folders of a real Dovecot, while the engine runs and while it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/mail/mail_backend.h"
#include "src/mime/mail.h"
#include "src/store/sync.h"
#include "src/store/triage.h"
#include "src/store/wish.h"
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

static const SnEngineBackends real = { .imap = load_imap };

/* Python as the other client: m is logged in. What it prints; caller frees. */
static char *other_client(const char *script)
{
	g_autofree char *text = g_strdup_printf(
		"import imaplib, re\n"
		"m = imaplib.IMAP4('localhost', %d)\n"
		"m.login('carol@example.test', 'carol-secret')\n"
		"def put(folder, id, flags='()'):\n"
		"    m.append(folder, flags, None, ('From: bob@example.test\\r\\nTo: carol@example.test\\r\\n'\n"
		"        'Message-ID: <%%s@example.test>\\r\\nSubject: %%s\\r\\n\\r\\nText\\r\\n' %% (id, id)).encode())\n"
		"%s\nm.logout()\n",
		servers->imap, script);
	const char *argv[] = { "python3", "-c", text, NULL };
	char *out = NULL;
	g_autofree char *err = NULL;
	int status = 1;

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
				 &err, &status, NULL));
	if (status != 0)
		print_message("# %s\n", err);
	assert_int_equal(status, 0);
	return out;
}

static void other(const char *script)
{
	g_free(other_client(script));
}

static void open_side_at(Side *side, const char *host, const char *settings)
{
	g_autofree char *accounts = g_strdup_printf(
		"[carol]\nfrom = carol@example.test\n"
		"source = imaps://carol%%40example.test@%s:%u\n"
		"password-command = printf carol-secret\nca-file = %s\nfolders = *\n",
		host, servers->imaps, servers->ca_file);

	side->bench = sn_bench_new(accounts, settings, SN_STORE_CLIENT);
}

static void open_side(Side *side)
{
	open_side_at(side, "localhost", NULL);
}

static void start(Side *side)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = { .paths = side->bench->paths,
				.config = side->bench->config,
				.backends = real };

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

static SnFolder *folder_named(SnBench *bench, const char *name)
{
	g_autoptr(GPtrArray) all = sn_folder_list(bench->store, sn_account_find(bench->store, "carol"));

	for (guint i = 0; i < all->len; i++) {
		SnFolder *folder = all->pdata[i];
		if (g_str_equal(folder->name, name))
			return g_ptr_array_steal_index(all, i);
	}
	return NULL;
}

static SnId folder_id(SnBench *bench, const char *name)
{
	g_autoptr(SnFolder) folder = folder_named(bench, name);

	return folder ? folder->id : 0;
}

static guint places(SnBench *bench, const char *id)
{
	g_autofree char *full = g_strconcat(id, "@example.test", NULL);
	g_autoptr(GPtrArray) list =
		sn_location_list(bench->store, sn_message_find_mail(bench->store, full));

	return list->len;
}

static gboolean has_no_place(SnBench *bench, gpointer id)
{
	return places(bench, id) == 0;
}

static gboolean has_place(SnBench *bench, gpointer id)
{
	return places(bench, id) > 0;
}

static gboolean folder_is_there(SnBench *bench, gpointer name)
{
	g_autoptr(SnFolder) folder = folder_named(bench, name);

	return folder && folder->uidvalidity != 0;
}

static gboolean is_starred(SnBench *bench, gpointer id)
{
	g_autofree char *full = g_strconcat(id, "@example.test", NULL);
	g_autoptr(SnMessage) message =
		sn_message_get(bench->store, sn_message_find_mail(bench->store, full), 0);

	return message && message->flags & SN_FLAG_FLAGGED;
}

static gboolean nothing_to_do(SnBench *bench, gpointer unused)
{
	g_autoptr(GPtrArray) open = sn_action_list(
		bench->store, sn_account_find(bench->store, "carol"), G_MAXINT64);

	return open->len == 0;
}

#define WAIT(side, condition, data) \
	assert_true(sn_bench_wait((side)->bench, (condition), (gpointer)(data)))

/* ---- tests ---- */

static void a_folder_renamed_while_away_is_the_same_folder(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	other("m.create('Project')\nput('Project', 'r1')\nput('Project', 'r2')");
	open_side(side);
	start(side);
	SnId folder = folder_id(side->bench, "Project");
	g_autoptr(SnFolder) before = sn_folder_get(side->bench->store, folder);
	assert_int_equal(before->total, 2);
	sn_engine_stop(&side->engine);
	/* and one more came there meanwhile */
	other("m.rename('Project', 'Ideen/M&APY-bel')\nput('Ideen/M&APY-bel', 'r3')");
	start(side);
	assert_int_equal(folder_id(side->bench, "Project"), 0);
	g_autoptr(SnFolder) now = folder_named(side->bench, "Ideen/M\xc3\xb6" "bel");
	assert_non_null(now);
	assert_int_equal(now->id, folder);
	assert_int_equal(now->uidvalidity, before->uidvalidity);
	assert_int_equal(now->total, 3);
	assert_int_equal(places(side->bench, "r1"), 1);
}

static void a_folder_renamed_while_running_is_the_same_folder(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	other("m.create('Tea')\nput('Tea', 't1')");
	open_side(side);
	start(side);
	SnId folder = folder_id(side->bench, "Tea");
	/* Dovecot tells of it when somebody lists the folders */
	other("m.rename('Tea', 'Coffee')\nm.list()");
	WAIT(side, folder_is_there, "Coffee");
	assert_int_equal(folder_id(side->bench, "Coffee"), folder);
	assert_int_equal(places(side->bench, "t1"), 1);
	/* and what comes into it is seen */
	other("put('Coffee', 't2')");
	WAIT(side, has_place, "t2");
}

static void a_folder_that_is_deleted_gives_up_its_emails(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	other("m.create('Gone')\nput('Gone', 'g1')\nm.create('Gone2')\nput('Gone2', 'g2')\n"
	      "m.create('Kept')\nput('Kept', 'g1')");
	open_side(side);
	start(side);
	assert_int_equal(places(side->bench, "g1"), 2);
	other("m.delete('Gone2')");
	WAIT(side, has_no_place, "g2");
	sn_engine_stop(&side->engine);
	other("m.delete('Gone')");
	start(side);
	assert_int_equal(places(side->bench, "g1"), 1);
}

/* Dovecot forgets the numbers of all emails of the folder. */
static void forget_numbers(const char *folder)
{
	static const char *const files[] = { "dovecot-uidlist", "dovecot.index", "dovecot.index.log",
					     "dovecot.index.cache" };

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path =
			g_build_filename(servers->mail_dir, "carol", "Maildir", folder, files[i], NULL);
		g_unlink(path);
	}
}

static void new_numbers_keep_what_was_done_off_line(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	other("m.create('Num')\nput('Num', 'n1')\nput('Num', 'n2')\nput('Num', 'n3')");
	open_side(side);
	start(side);
	g_autoptr(SnFolder) before = folder_named(side->bench, "Num");
	SnId one = sn_message_find_mail(side->bench->store, "n1@example.test");
	sn_engine_stop(&side->engine);
	assert_true(sn_message_change_flags(side->bench->store, one, SN_FLAG_FLAGGED, 0, NULL));
	forget_numbers(".Num");
	other("m.select('Num')\nm.store('2', '+FLAGS', '\\\\Deleted')\nm.expunge()");
	start(side);
	g_autoptr(SnFolder) now = folder_named(side->bench, "Num");
	assert_true(now->uidvalidity != before->uidvalidity);
	assert_int_equal(now->total, 2);
	assert_int_equal(sn_message_find_mail(side->bench->store, "n1@example.test"), one);
	assert_int_equal(places(side->bench, "n1"), 1);
	assert_int_equal(places(side->bench, "n2"), 0);
	WAIT(side, nothing_to_do, NULL);
	g_autofree char *flags =
		other_client("m.select('Num', True)\nprint(m.search(None, 'FLAGGED')[1])");
	assert_string_equal(g_strchomp(flags), "[b'1']");
}

/* No IDLE, no NOTIFY, no numbers of changes, no MOVE. */
static void a_server_that_tells_nothing_is_asked(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	other("m.create('Plain')\nput('Plain', 'p1')\nput('Plain', 'p2')\nput('INBOX', 'p3')");
	open_side_at(side, "127.0.0.2", "[mail]\npoll = 50ms\n");
	start(side);
	assert_int_equal(places(side->bench, "p1"), 1);
	other("put('INBOX', 'p4')\nput('Plain', 'p5')");
	WAIT(side, has_place, "p4");
	WAIT(side, has_place, "p5");
	/* a star changes no number that such a server tells */
	other("m.select('Plain')\nm.store('2', '+FLAGS', '\\\\Flagged')\n"
	      "m.select('INBOX')\nm.store('1:*', '+FLAGS', '\\\\Flagged')");
	WAIT(side, is_starred, "p2");
	WAIT(side, is_starred, "p4");
	other("m.select('Plain')\nm.store('1', '+FLAGS', '\\\\Deleted')\nm.expunge()");
	WAIT(side, has_no_place, "p1");
	assert_int_equal(places(side->bench, "p2"), 1);
	SnId folder = folder_id(side->bench, "Plain");
	other("m.rename('Plain', 'Simple')\nput('Simple', 'p6')");
	WAIT(side, has_place, "p6");
	assert_int_equal(folder_id(side->bench, "Simple"), folder);
	assert_int_equal(places(side->bench, "p2"), 1);
	/* and what is done here gets there */
	const SnTriage away = { .move_to = "trash" };
	SnId one = sn_message_find_mail(side->bench->store, "p5@example.test");
	assert_true(sn_triage_do(side->bench->store, 0, one, 0, &away, NULL));
	WAIT(side, nothing_to_do, NULL);
	assert_int_equal(sn_servers_count(servers, "carol", "Trash"), 1);
}

/* An email of so many bytes, with a text and a film, lies in the folder. */
static void put_huge(const char *folder, gsize size)
{
	static const char line[] =
		"VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZyEgVGhlIHF1aWNr\n";
	g_autofree char *path = g_build_filename(servers->mail_dir, "carol", "Maildir", folder, "new",
						 "1700000000.M1P1.huge", NULL);
	g_autoptr(GString) block = g_string_new(NULL);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	while (block->len < 1 << 20)
		g_string_append(block, line);
	fputs("From: bob@example.test\nTo: carol@example.test\nMessage-ID: <huge@example.test>\n"
	      "Subject: huge\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
	      "See the film.\n--b\nContent-Type: video/mp4\nContent-Transfer-Encoding: base64\n"
	      "Content-Disposition: attachment; filename=film.mp4\n\n", file);
	for (gsize put = 0; put < size; put += block->len)
		assert_int_equal(fwrite(block->str, block->len, 1, file), 1);
	fputs("--b--\n", file);
	assert_int_equal(fclose(file), 0);
}

/* Of this process, in kB; what is named so in its status. */
static long memory_of(const char *name)
{
	g_autofree char *text = NULL;

	assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
	const char *at = strstr(text, name);
	return at ? strtol(at + strlen(name), NULL, 10) : 0;
}

static gboolean film_is_here(SnBench *bench, gpointer id)
{
	g_autoptr(SnMessage) message = sn_message_get(bench->store, *(SnId *)id, SN_MESSAGE_FULL);
	const SnPart *part = message->parts->pdata[0];

	return part->path != NULL;
}

static void a_film_of_a_huge_email_comes_when_it_is_wanted_in_little_memory(void **state)
{
	Side *side = *state;

	if (!servers)
		skip();
	other("m.create('Films')");
	put_huge(".Films", 68 << 20);
	FILE *reset = fopen("/proc/self/clear_refs", "w"); /* the peak is that from now on */
	if (reset) {
		fputs("5", reset);
		fclose(reset);
	}
	long before = memory_of("VmRSS:");
	open_side(side);
	start(side);
	SnStore *store = side->bench->store;
	SnId id = sn_message_find_mail(store, "huge@example.test");
	g_autoptr(SnMessage) message = sn_message_get(store, id, SN_MESSAGE_FULL);
	assert_string_equal(message->body, "See the film.");
	assert_int_equal(message->parts->len, 1);
	const SnPart *film = message->parts->pdata[0];
	assert_null(film->path);
	assert_true(sn_wish_file(store, id, film->position, NULL));
	WAIT(side, film_is_here, &id);
	g_autoptr(SnMessage) now = sn_message_get(store, id, SN_MESSAGE_FULL);
	film = now->parts->pdata[0];
	assert_true(film->size > 50 << 20);
	GStatBuf info;
	assert_int_equal(g_stat(film->path, &info), 0);
	assert_int_equal(info.st_size, film->size);
	assert_int_equal(info.st_mode & 0777, 0600);
	char begin[20] = "";
	FILE *file = fopen(film->path, "r");
	assert_int_equal(fread(begin, 19, 1, file), 1);
	fclose(file);
	assert_string_equal(begin, "The quick brown fox");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	(void)before; /* they keep what was freed */
#else
	assert_in_range(memory_of("VmHWM:") - before, 0, 40 << 10);
#endif
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int start_servers(void **state)
{
	return sn_servers_setup(&servers, "simple dovecot");
}

static int stop_servers(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_folder_renamed_while_away_is_the_same_folder),
		TEST(a_folder_renamed_while_running_is_the_same_folder),
		TEST(a_folder_that_is_deleted_gives_up_its_emails),
		TEST(new_numbers_keep_what_was_done_off_line),
		TEST(a_server_that_tells_nothing_is_asked),
		TEST(a_film_of_a_huge_email_comes_when_it_is_wanted_in_little_memory),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
