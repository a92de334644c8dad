/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Maildir source beside other programs that rename, add and remove files and folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/mail/maildir_private.h"
#include "tests/lib/maildir_box.h"

static void rename_in(const char *root, const char *from, const char *to)
{
	g_autofree char *old = g_build_filename(root, from, NULL);
	g_autofree char *new = g_build_filename(root, to, NULL);

	assert_int_equal(rename(old, new), 0);
}

/* Nothing came and nothing went. */
static void assert_same(SnMailDesk *desk, guint64 id)
{
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 0);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_GONE), 0);
}

static void restart(SnBox *box)
{
	sn_mail_desk_free(box->desk);
	box->desk = sn_mail_desk_new(&sn_maildir_ops, NULL, box->root);
}

/* The text of the message with this number. */
static gboolean holds(SnBox *box, const char *folder, guint32 uid, const char *id)
{
	SnMailRequest *request = sn_mail_desk_request(box->desk, SN_MAIL_REQ_FETCH, folder);
	guint64 request_id = request->id;
	gsize length;

	request->uids = sn_one_uid(uid);
	if (sn_mail_desk_run(box->desk, request)->kind != SN_EVENT_DONE)
		return FALSE;
	const SnMailEvent *event = sn_mail_desk_event(box->desk, request_id, SN_MAIL_EV_MESSAGE, 0);
	const char *text = g_bytes_get_data(event->raw, &length);
	return g_strstr_len(text, (gssize)length, id) != NULL;
}

static void the_number_that_mbsync_puts_into_a_name_changes_nothing(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();

	sn_box_put(box.root, "cur/a.host:2,S", "one", 20);
	sn_box_put(box.root, "new/b.host,U=9:2,", "two", 10);
	sn_box_sync(box.desk, "INBOX", &memory);
	rename_in(box.root, "cur/a.host:2,S", "cur/a.host,U=4:2,FS");
	rename_in(box.root, "new/b.host,U=9:2,", "cur/b.host,U=5:2,");
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_same(box.desk, id);
	const SnMailEvent *event = NULL;
	for (guint i = 0; i < sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FLAGS); i++) {
		event = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_FLAGS, i);
		if (event->uid == 1)
			break;
	}
	assert_int_equal(event->flags, SN_MAIL_FLAGGED | SN_MAIL_SEEN);
	assert_string_equal(event->name, "a.host,U=4");
	/* and again while nobody was looking: known are only the names of before */
	rename_in(box.root, "cur/a.host,U=4:2,FS", "cur/a.host,U=5:2,FS");
	rename_in(box.root, "cur/b.host,U=5:2,", "cur/b.host:2,");
	restart(&box);
	assert_same(box.desk, sn_box_sync(box.desk, "INBOX", &memory));
	assert_true(holds(&box, "INBOX", 1, "one"));
	assert_true(holds(&box, "INBOX", 2, "two"));
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void a_file_under_a_wholly_other_name_is_known_by_itself(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();

	sn_box_put(box.root, "cur/first:2,S", "one", 20);
	sn_box_put(box.root, "cur/second:2,S", "two", 10);
	sn_box_sync(box.desk, "INBOX", &memory);
	/* names that change places, as when mbsync lost its state */
	rename_in(box.root, "cur/first:2,S", "cur/third:2,RS");
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_same(box.desk, id);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FLAGS), 1);
	assert_true(holds(&box, "INBOX", 1, "one"));
	/* a new message that got the inode of a removed one is a new message */
	g_autofree char *gone = g_build_filename(box.root, "cur/third:2,RS", NULL);
	assert_int_equal(unlink(gone), 0);
	sn_box_put(box.root, "cur/fourth:2,S", "four", 5);
	id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 1);
	assert_int_equal(sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, 3);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void names_that_fit_several_files_prove_nothing(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();

	sn_box_put(box.root, "cur/a,U=1:2,", "one", 20);
	sn_box_put(box.root, "cur/a,U=2:2,", "two", 10);
	sn_box_put(box.root, "cur/odd,U=:2,", "odd", 5);
	sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(memory.uids->len, 3);
	rename_in(box.root, "cur/a,U=1:2,", "cur/a,U=7:2,");
	rename_in(box.root, "cur/a,U=2:2,", "cur/a,U=8:2,");
	rename_in(box.root, "cur/odd,U=:2,", "cur/odd,U=x:2,");
	/* here the files themselves tell */
	assert_same(box.desk, sn_box_sync(box.desk, "INBOX", &memory));
	assert_true(holds(&box, "INBOX", 1, "one"));
	assert_true(holds(&box, "INBOX", 2, "two"));
	assert_true(holds(&box, "INBOX", 3, "odd"));
	/* and where they cannot, nothing is taken for something else: all comes anew */
	rename_in(box.root, "cur/a,U=7:2,", "cur/a,U=12:2,");
	rename_in(box.root, "cur/a,U=8:2,", "cur/a,U=11:2,");
	restart(&box);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 2);
	assert_int_equal(sn_mail_desk_event(box.desk, id, SN_MAIL_EV_GONE, 0)->uids->len, 2);
	assert_int_equal(memory.uids->len, 3);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void what_the_caller_lost_is_told_again(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();

	sn_box_put(box.root, "cur/a:2,", "one", 20);
	sn_box_put(box.root, "cur/b:2,", "two", 10);
	sn_box_sync(box.desk, "INBOX", &memory);
	/* its store was rolled back: it knows the second file only, by the number of the first */
	g_array_remove_index(memory.uids, 1);
	g_ptr_array_remove_index(memory.names, 0);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_true(holds(&box, "INBOX", 1, "two"));
	assert_true(holds(&box, "INBOX", memory.uids->len == 2 ? 3 : 0, "one"));
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void a_file_that_vanishes_while_it_is_read_harms_no_other(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	g_autofree char *dangling = g_build_filename(box.root, "cur/dangling:2,", NULL);
	g_autofree char *pipe = g_build_filename(box.root, "new/pipe", NULL);
	g_autofree char *to_pipe = g_build_filename(box.root, "new/to-pipe", NULL);

	/* a name without a file: what a scan sees of a file that goes right after it */
	assert_int_equal(symlink("/nonexistent/file", dangling), 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(symlink(pipe, to_pipe), 0);
	sn_box_put(box.root, "cur/real:2,", "real", 10);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	/* one that is known goes, and the next request notices */
	g_autofree char *real = g_build_filename(box.root, "cur/real:2,", NULL);
	assert_int_equal(unlink(real), 0);
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_FETCH, "INBOX");
	request->uids = sn_one_uid(memory.uids->len ? g_array_index(memory.uids, guint32, 0) : 1);
	const SnMailEvent *end = sn_mail_desk_run(box.desk, request);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_NOT_FOUND));
	id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 1);
	assert_int_equal(memory.uids->len, 0);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void what_is_being_delivered_is_left_alone(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_WATCH, "INBOX");

	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	sn_box_put(box.root, "tmp/coming", "coming", 0);
	sn_box_put(box.root, "tmp/old", "old", 1000000);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 0);
	/* delivered: there, once */
	guint from = box.desk->past->len;
	rename_in(box.root, "tmp/coming", "new/coming");
	assert_non_null(sn_mail_desk_next(box.desk, from, SN_MAIL_EV_CHANGED, "INBOX", 10));
	id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_true(sn_box_has(box.root, "tmp/old"));
	assert_true(sn_box_has(box.root, "new/coming"));
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void a_folder_that_appears_is_told_of_and_one_that_went_too(void **state)
{
	SnBox box = sn_box_open(TRUE);
	g_autofree char *late = g_build_filename(box.root, ".Late", NULL);
	g_autofree char *marker = g_build_filename(box.root, ".mbsyncstate", NULL);

	sn_mail_desk_run(box.desk, sn_mail_desk_request(box.desk, SN_MAIL_REQ_LIST, NULL));
	/* files beside the folders are nobody's business */
	guint from = box.desk->past->len;
	assert_true(g_file_set_contents(marker, "x", 1, NULL));
	sn_make_maildir(late);
	assert_non_null(sn_mail_desk_next(box.desk, from, SN_MAIL_EV_FOLDERS, NULL, 10));
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_LIST, NULL);
	guint64 id = request->id;
	sn_mail_desk_run(box.desk, request);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FOLDER), 2);
	request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_WATCH, "Late");
	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	/* removed and made again: still watched */
	from = box.desk->past->len;
	g_autofree char *away = g_build_filename(box.root, "tmp", "away", NULL);
	assert_int_equal(rename(late, away), 0);
	sn_make_maildir(late);
	assert_non_null(sn_mail_desk_next(box.desk, from, SN_MAIL_EV_FOLDERS, NULL, 10));
	while (sn_mail_desk_next(box.desk, box.desk->past->len, SN_MAIL_EV_FOLDERS, NULL, 1))
		;
	from = box.desk->past->len;
	sn_box_put(late, "new/x", "x", 0);
	assert_non_null(sn_mail_desk_next(box.desk, from, SN_MAIL_EV_CHANGED, "Late", 10));
	sn_box_close(&box);
}

static void a_root_that_went_away_has_lost_no_folder(void **state)
{
	SnBox box = sn_box_open(TRUE);
	g_autofree char *away = g_strconcat(box.root, ".away", NULL);

	sn_mail_desk_run(box.desk, sn_mail_desk_request(box.desk, SN_MAIL_REQ_LIST, NULL));
	assert_int_equal(rename(box.root, away), 0);
	const SnMailEvent *end =
		sn_mail_desk_run(box.desk, sn_mail_desk_request(box.desk, SN_MAIL_REQ_LIST, NULL));
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	const SnMailEvent *line = sn_mail_desk_line(box.desk, SN_LINE_OFFLINE, 10);
	assert_non_null(line);
	assert_non_null(strstr(line->error->message, "is not there"));
	assert_int_equal(rename(away, box.root), 0);
	box.desk->ops->reconnect(box.desk->source);
	assert_non_null(sn_mail_desk_line(box.desk, SN_LINE_ONLINE, 10));
	sn_box_close(&box);
}

/* ---- the folders of other programs ---- */

static void make_folders(const char *root, const char *const *paths)
{
	for (; *paths; paths++) {
		g_autofree char *path = g_build_filename(root, *paths, NULL);
		sn_make_maildir(path);
	}
}

static gint by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

typedef struct {
	const char *label, *folders[8], *create, *expect;
	gboolean root;
} Layout;

static void every_layout_of_mbsync_has_the_same_names(void **state)
{
	static const Layout layouts[] = {
		{ "Verbatim",
		  { "Inbox", "Inbox/sub/deep", "Work", "Work/Plans", "M&APY-bel", ".notmuch/xapian" },
		  "Work/Caf\xc3\xa9", "Work/Caf&AOk-", FALSE },
		{ "Maildir++",
		  { "..sub.deep", ".Work", ".Work.Plans", ".M&APY-bel", ".notmuch/xapian" },
		  "Work/Caf\xc3\xa9", ".Work.Caf&AOk-", TRUE },
		{ "Legacy",
		  { "Inbox", "Inbox/.sub/.deep", "Work", "Work/.Plans", "M&APY-bel" },
		  "Work/Caf\xc3\xa9", "Work/.Caf&AOk-", FALSE },
		{ "plain UTF-8",
		  { "Inbox", "Inbox/sub/deep", "Work", "Work/Plans", "M\xc3\xb6" "bel" },
		  "Work/Caf\xc3\xa9", "Work/Caf\xc3\xa9", FALSE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(layouts); i++) {
		const Layout *layout = &layouts[i];
		SnBox box = sn_box_open(layout->root);
		print_message("# %s\n", layout->label);
		make_folders(box.root, layout->folders);
		SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_LIST, NULL);
		guint64 id = request->id;
		assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
		g_autoptr(GPtrArray) names = g_ptr_array_new();
		for (guint j = 0; j < sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FOLDER); j++)
			g_ptr_array_add(names, sn_mail_desk_event(box.desk, id,
								  SN_MAIL_EV_FOLDER, j)
						       ->folder);
		g_ptr_array_sort(names, by_text);
		g_ptr_array_add(names, NULL);
		g_autofree char *all = g_strjoinv(" ", (char **)names->pdata);
		assert_string_equal(all, "INBOX INBOX/sub/deep M\xc3\xb6" "bel Work Work/Plans");
		/* each can be opened by its name */
		for (guint j = 0; j + 1 < names->len; j++) {
			SnMemory memory = sn_memory_new();
			sn_box_sync(box.desk, names->pdata[j], &memory);
			sn_memory_free(&memory);
		}
		/* a new one is written as those that are there */
		request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_CREATE, layout->create);
		assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
		g_autofree char *made = g_build_filename(layout->expect, "cur", NULL);
		assert_true(sn_box_has(box.root, made));
		sn_box_close(&box);
	}
}

static void new_folders_below_the_inbox_go_where_the_inbox_is(void **state)
{
	static const char *const verbatim[] = { "Inbox", "Work", NULL };
	static const char *const legacy[] = { "Inbox", "Work", "Work/.Plans", NULL };
	static const struct {
		const char *const *folders, *expect;
		gboolean root;
	} cases[] = {
		{ verbatim, "Inbox/2026/May/cur", FALSE },
		{ legacy, "Inbox/.2026/.May/cur", FALSE },
		{ NULL, "..2026.May/cur", TRUE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		SnBox box = sn_box_open(cases[i].root);
		if (cases[i].folders)
			make_folders(box.root, cases[i].folders);
		SnMailRequest *request =
			sn_mail_desk_request(box.desk, SN_MAIL_REQ_CREATE, "INBOX/2026/May");
		assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
		assert_true(sn_box_has(box.root, cases[i].expect));
		SnMemory memory = sn_memory_new();
		sn_box_sync(box.desk, "INBOX/2026/May", &memory);
		sn_memory_free(&memory);
		sn_box_close(&box);
	}
}

/* ---- inotify itself ---- */

static void note_name(const char *name, gpointer data)
{
	g_hash_table_add(data, g_strdup(name ? name : "(folders)"));
}

static void events_that_were_lost_mean_that_anything_may_have_changed(void **state)
{
	SnBox box = sn_box_open(TRUE);
	g_autofree char *quiet = g_build_filename(box.root, ".Quiet", NULL);
	g_autofree char *limit = NULL;
	g_autoptr(GHashTable) changed =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	SnMaildirWatch *watch = sn_maildir_watch_new();

	assert_true(g_file_get_contents("/proc/sys/fs/inotify/max_queued_events", &limit, NULL,
					NULL));
	guint64 queue = g_ascii_strtoull(limit, NULL, 10);
	if (queue > 200000) {
		print_message("# skipped: the queue here takes %s events\n", limit);
		skip();
	}
	sn_make_maildir(quiet);
	assert_true(sn_maildir_watch_add(watch, "INBOX", box.root, NULL));
	assert_true(sn_maildir_watch_add(watch, "Quiet", quiet, NULL));
	for (guint64 i = 0; i < queue / 3 + 100; i++) {
		g_autofree char *path = g_strdup_printf("%s/new/%" G_GUINT64_FORMAT, box.root, i);
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		close(fd);
		unlink(path);
	}
	sn_box_put(quiet, "new/unheard", "unheard", 0);
	sn_maildir_watch_read(watch, note_name, changed);
	assert_true(g_hash_table_contains(changed, "INBOX"));
	assert_true(g_hash_table_contains(changed, "Quiet"));
	assert_true(g_hash_table_contains(changed, "(folders)"));
	/* and it goes on as before */
	g_hash_table_remove_all(changed);
	sn_box_put(quiet, "new/heard", "heard", 0);
	sn_maildir_watch_read(watch, note_name, changed);
	assert_true(g_hash_table_contains(changed, "Quiet"));
	assert_false(g_hash_table_contains(changed, "INBOX"));
	sn_maildir_watch_free(watch);
	sn_box_close(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_number_that_mbsync_puts_into_a_name_changes_nothing),
		cmocka_unit_test(a_file_under_a_wholly_other_name_is_known_by_itself),
		cmocka_unit_test(names_that_fit_several_files_prove_nothing),
		cmocka_unit_test(what_the_caller_lost_is_told_again),
		cmocka_unit_test(a_file_that_vanishes_while_it_is_read_harms_no_other),
		cmocka_unit_test(what_is_being_delivered_is_left_alone),
		cmocka_unit_test(a_folder_that_appears_is_told_of_and_one_that_went_too),
		cmocka_unit_test(a_root_that_went_away_has_lost_no_folder),
		cmocka_unit_test(every_layout_of_mbsync_has_the_same_names),
		cmocka_unit_test(new_folders_below_the_inbox_go_where_the_inbox_is),
		cmocka_unit_test(events_that_were_lost_mean_that_anything_may_have_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
