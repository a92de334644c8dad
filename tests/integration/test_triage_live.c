/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Triage against a real Dovecot: what is done off line is replayed, taken back before and after, and
 * seen by doveadm, by mbsync and by a second client; what others did meanwhile stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backends/mail/mail_backend.h"
#include "src/mime/mail.h"
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

static const SnMailTransportOps *load_smtp(GError **error)
{
	return &sn_smtp_ops;
}

static void open_side(Side *side, const char *user)
{
	g_autofree char *accounts = g_strdup_printf(
		"[%s]\nfrom = %s@example.test\nsource = imaps://%s%%40example.test@localhost:%d\n"
		"outgoing = smtp+starttls://%s%%40example.test@localhost:%d\n"
		"password-command = echo %s-secret\nca-file = %s\nfolders = *\n",
		user, user, user, servers->imaps, user, servers->smtp, user, servers->ca_file);

	side->bench = sn_bench_new(accounts, NULL, SN_STORE_CLIENT);
}

/* On line until all is done; then off line again. */
static void online(Side *side)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = { .paths = side->bench->paths,
		                .config = side->bench->config,
		                .backends = { .imap = load_imap, .smtp = load_smtp } };

	side->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(side->engine, 60000, &error);
	g_assert_no_error(error);
	sn_engine_stop(&side->engine);
}

static void close_side(Side *side)
{
	sn_bench_free(side->bench);
}

/* What doveadm prints; the test fails when it does. */
static char *doveadm(const char *user, const char *command)
{
	g_autofree char *line = g_strdup_printf("doveadm -c %s/dovecot/dovecot.conf %s", servers->dir,
	                                        command);
	g_auto(GStrv) parts = g_strsplit(line, "USER", -1);
	g_autofree char *whole = NULL, *full = g_strconcat(user, "@example.test", NULL);
	char *out = NULL, *err = NULL;
	int status = 0;

	whole = g_strjoinv(full, parts);
	assert_true(g_spawn_command_line_sync(whole, &out, &err, &status, NULL));
	if (status)
		fail_msg("%s: %s", whole, err);
	g_free(err);
	return out;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "Archive \Seen work": where an email lies for doveadm, and its flags without \Recent; every place
 * a line, sorted. */
static char *where(const char *user, const char *id)
{
	g_autofree char *command = g_strdup_printf(
		"-f tab fetch -u USER 'mailbox flags' header Message-ID %s@triage.test", id);
	g_autofree char *out = doveadm(user, command);
	g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	GString *text = g_string_new(NULL);

	for (char **line = lines[0] ? lines + 1 : lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit_set(*line, "\t ", -1);
		g_autoptr(GString) row = g_string_new(NULL);
		if (!**line)
			continue;
		qsort(words + 1, g_strv_length(words) - 1, sizeof *words, by_text);
		for (char **word = words; *word; word++)
			if (**word && strcmp(*word, "\\Recent") != 0)
				g_string_append_printf(row, "%s%s", row->len ? " " : "", *word);
		g_ptr_array_add(found, g_strdup(row->str));
	}
	g_ptr_array_sort(found, by_text);
	for (guint i = 0; i < found->len; i++)
		g_string_append_printf(text, "%s%s", i ? "|" : "", (char *)found->pdata[i]);
	return g_string_free(text, FALSE);
}

static void expect(const char *user, const char *id, const char *wanted)
{
	g_autofree char *got = where(user, id);

	if (strcmp(got, wanted) != 0)
		fail_msg("%s lies in \"%s\", not in \"%s\"", id, got, wanted);
}

static void deliver(const char *user, const char *id)
{
	g_autofree char *raw = g_strdup_printf("From: Bob <bob@example.test>\r\nTo: %s@example.test\r\n"
	                                       "Message-ID: <%s@triage.test>\r\nSubject: About %s\r\n\r\n"
	                                       "Text of %s\r\n",
	                                       user, id, id, id);

	assert_true(sn_servers_deliver(servers, user, raw, strlen(raw)));
}

static SnId find(Side *side, const char *id)
{
	g_autofree char *full = g_strconcat(id, "@triage.test", NULL);
	SnId found = sn_message_find_mail(side->bench->store, full);

	assert_true(found != 0);
	return found;
}

static void do_it(Side *side, const char *id, SnTriage what)
{
	SnId change = sn_triage_begin(side->bench->store, id, NULL);

	assert_true(sn_triage_do(side->bench->store, change, find(side, id), 0, &what, NULL));
}

static void undo(Side *side, int undone, int left)
{
	SnUndo result;

	assert_true(sn_triage_undo(side->bench->store, &result, NULL));
	assert_int_equal(result.undone, undone);
	assert_int_equal(result.left, left);
	sn_undo_clear(&result);
}

/* ---- tests ---- */

static void what_is_done_off_line_is_replayed_and_taken_back(void **state)
{
	static const struct {
		const char *id;
		SnTriage what;
		const char *after, *back;
	} rows[] = {
		{ "read", { .set = SN_FLAG_SEEN }, "INBOX \\Seen", "INBOX" },
		{ "star", { .set = SN_FLAG_FLAGGED }, "INBOX \\Flagged", "INBOX" },
		{ "tagged", { .add = "work later" }, "INBOX later work", "INBOX" },
		{ "kept", { .move_to = "archive" }, "Archive", "INBOX" },
		{ "thrown", { .move_to = "trash" }, "Trash", "INBOX" },
		{ "win", { .add = SN_TAG_JUNK, .drop = SN_TAG_NOT_JUNK, .move_to = "junk" }, "Junk $Junk",
		  "INBOX" },
		{ "filed", { .move_to = "Projects/Rope" }, "Projects/Rope", "INBOX" },
		{ "twice", { .copy_to = "archive" }, "Archive|INBOX", "INBOX" },
	};
	Side side = { 0 };

	(void)state;
	if (!servers)
		skip();
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		deliver("alice", rows[i].id);
	open_side(&side, "alice");
	online(&side);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		do_it(&side, rows[i].id, rows[i].what);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		expect("alice", rows[i].id, "INBOX"); /* nobody was told */
	online(&side);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		expect("alice", rows[i].id, rows[i].after);
	/* a second client sees the same */
	Side second = { 0 };
	open_side(&second, "alice");
	online(&second);
	g_autoptr(SnMessage) tagged = sn_message_get(second.bench->store, find(&second, "tagged"), 0);
	assert_string_equal(tagged->tags, "later work");
	close_side(&second);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		undo(&side, 1, 0);
	online(&side);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		expect("alice", rows[i].id, rows[i].back);
	close_side(&side);
}

static void what_is_taken_back_in_time_is_never_told(void **state)
{
	Side side = { 0 };

	(void)state;
	if (!servers)
		skip();
	deliver("alice", "wait");
	open_side(&side, "alice");
	online(&side);
	do_it(&side, "wait", (SnTriage){ .move_to = "trash" });
	undo(&side, 1, 0);
	do_it(&side, "wait", (SnTriage){ .destroy = TRUE });
	undo(&side, 1, 0);
	online(&side);
	expect("alice", "wait", "INBOX");
	close_side(&side);
}

static void what_another_client_did_meanwhile_stays(void **state)
{
	Side side = { 0 };

	(void)state;
	if (!servers)
		skip();
	deliver("alice", "moved");
	deliver("alice", "gone");
	deliver("alice", "marked");
	open_side(&side, "alice");
	online(&side);
	do_it(&side, "moved", (SnTriage){ .move_to = "archive" });
	do_it(&side, "gone", (SnTriage){ .set = SN_FLAG_FLAGGED });
	do_it(&side, "marked", (SnTriage){ .add = "ours" });
	g_free(doveadm("alice", "mailbox create -u USER Elsewhere"));
	g_free(doveadm("alice", "move -u USER Elsewhere mailbox INBOX header Message-ID moved@triage.test"));
	g_free(doveadm("alice", "expunge -u USER mailbox INBOX header Message-ID gone@triage.test"));
	g_free(doveadm("alice", "flags add -u USER '\\Seen theirs' mailbox INBOX header Message-ID "
	                        "marked@triage.test"));
	online(&side);
	expect("alice", "moved", "Elsewhere");
	expect("alice", "gone", "");
	expect("alice", "marked", "INBOX \\Seen ours theirs");
	g_autoptr(GPtrArray) places = sn_location_list(side.bench->store, find(&side, "moved"));
	assert_int_equal(places->len, 1);
	assert_string_equal(((SnLocation *)places->pdata[0])->folder_name, "Elsewhere");
	g_autoptr(SnMessage) marked = sn_message_get(side.bench->store, find(&side, "marked"), 0);
	assert_string_equal(marked->tags, "ours theirs");
	assert_true(marked->flags & SN_FLAG_SEEN);
	/* and after our move was done: it lies where they put it */
	do_it(&side, "marked", (SnTriage){ .move_to = "archive" });
	online(&side);
	g_free(doveadm("alice", "move -u USER Elsewhere mailbox Archive header Message-ID marked@triage.test"));
	online(&side);
	undo(&side, 0, 1);
	online(&side);
	expect("alice", "marked", "Elsewhere \\Seen ours theirs");
	close_side(&side);
}

static void many_go_at_once_and_come_back_at_once(void **state)
{
	Side side = { 0 };

	(void)state;
	if (!servers)
		skip();
	open_side(&side, "bob");
	for (int i = 0; i < 60; i++) {
		g_autofree char *id = g_strdup_printf("many%d", i);
		deliver("bob", id);
	}
	online(&side);
	SnId change = sn_triage_begin(side.bench->store, "archived", NULL);
	for (int i = 0; i < 60; i++) {
		g_autofree char *id = g_strdup_printf("many%d", i);
		assert_true(sn_triage_do(side.bench->store, change, find(&side, id), 0,
		                         &(SnTriage){ .move_to = "archive" }, NULL));
	}
	online(&side);
	assert_int_equal(sn_servers_count(servers, "bob", "Archive"), 60);
	undo(&side, 60, 0);
	online(&side);
	assert_int_equal(sn_servers_count(servers, "bob", "Archive"), 0);
	/* for good: there is no way back */
	do_it(&side, "many7", (SnTriage){ .destroy = TRUE });
	online(&side);
	expect("bob", "many7", "");
	undo(&side, 0, 1);
	close_side(&side);
}

static gboolean holds_file(const char *dir, const char *id, const char *flags)
{
	GDir *files = g_dir_open(dir, 0, NULL);
	const char *name;
	gboolean found = FALSE;

	while (files && (name = g_dir_read_name(files)) && !found) {
		g_autofree char *path = g_build_filename(dir, name, NULL), *text = NULL;
		found = g_str_has_suffix(name, flags) && g_file_get_contents(path, &text, NULL, NULL) &&
		        strstr(text, id);
	}
	if (files)
		g_dir_close(files);
	return found;
}

static void mbsync_brings_it_as_it_was_left(void **state)
{
	g_autofree char *tool = g_find_program_in_path("mbsync");
	g_autofree char *dir = NULL, *file = NULL, *config = NULL, *command = NULL;
	Side side = { 0 };
	int status = 0;

	(void)state;
	if (!servers || !tool)
		skip();
	deliver("carol", "pulled");
	deliver("carol", "stays");
	open_side(&side, "carol");
	online(&side);
	do_it(&side, "pulled", (SnTriage){ .set = SN_FLAG_SEEN | SN_FLAG_FLAGGED, .move_to = "archive" });
	do_it(&side, "stays", (SnTriage){ .set = SN_FLAG_ANSWERED });
	online(&side);
	dir = g_build_filename(servers->dir, "pulled", NULL);
	g_mkdir_with_parents(dir, 0700);
	file = g_build_filename(dir, "mbsyncrc", NULL);
	config = g_strdup_printf("IMAPAccount carol\nHost localhost\nPort %d\nUser carol@example.test\n"
	                         "Pass carol-secret\nSSLType IMAPS\nCertificateFile %s\n\n"
	                         "IMAPStore far\nAccount carol\n\nMaildirStore near\nPath %s/\n"
	                         "Inbox %s/INBOX\nSubFolders Verbatim\n\nChannel all\nFar :far:\n"
	                         "Near :near:\nPatterns *\nCreate Near\nSync Pull\nSyncState *\n",
	                         servers->imaps, servers->ca_file, dir, dir);
	assert_true(g_file_set_contents_full(file, config, -1, 0, 0600, NULL));
	command = g_strdup_printf("mbsync -q -c %s all", file);
	assert_true(g_spawn_command_line_sync(command, NULL, NULL, &status, NULL));
	assert_int_equal(status, 0);
	g_autofree char *archive = g_build_filename(dir, "Archive", "cur", NULL);
	g_autofree char *inbox = g_build_filename(dir, "INBOX", "cur", NULL);
	assert_true(holds_file(archive, "pulled@triage.test", ":2,FS"));
	g_autofree char *fresh = g_build_filename(dir, "INBOX", "new", NULL);
	assert_true(holds_file(inbox, "stays@triage.test", ":2,R") ||
	            holds_file(fresh, "stays@triage.test", ":2,R"));
	close_side(&side);
}

static int start_servers(void **state)
{
	return sn_servers_setup(&servers, "dovecot");
}

static int stop_servers(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_done_off_line_is_replayed_and_taken_back),
		cmocka_unit_test(what_is_taken_back_in_time_is_never_told),
		cmocka_unit_test(what_another_client_did_meanwhile_stays),
		cmocka_unit_test(many_go_at_once_and_come_back_at_once),
		cmocka_unit_test(mbsync_brings_it_as_it_was_left),
	};

	sn_mime_init();
	return cmocka_run_group_tests_name("triage_live", tests, start_servers, stop_servers);
}
