/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Maildir source beside other programs that rename, add and remove files and folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
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

static void note_name(const char *name, const SnMaildirChange *change, gpointer data)
{
	g_hash_table_add(data, g_strdup(!name ? "(folders)" : name));
	if (change && change->all)
		g_hash_table_add(data, g_strconcat(name, ", anything", NULL));
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
	assert_true(g_hash_table_contains(changed, "Quiet, anything"));
	/* and it goes on as before */
	g_hash_table_remove_all(changed);
	sn_box_put(quiet, "new/heard", "heard", 0);
	sn_maildir_watch_read(watch, note_name, changed);
	assert_true(g_hash_table_contains(changed, "Quiet"));
	assert_false(g_hash_table_contains(changed, "Quiet, anything"));
	assert_false(g_hash_table_contains(changed, "INBOX"));
	sn_maildir_watch_free(watch);
	sn_box_close(&box);
}

/* ---- only what changed ---- */

/* The directories are as old as the messages in them. */
static void age(const char *root, int seconds)
{
	static const char *const parts[] = { "cur", "new" };
	struct timespec times[2] = { { .tv_sec = time(NULL) - seconds, .tv_nsec = 7 },
				     { .tv_sec = time(NULL) - seconds, .tv_nsec = 7 } };

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_build_filename(root, parts[i], NULL);
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	}
}

/* What the LIST says of the inbox's state. */
static guint64 listed(SnMailDesk *desk)
{
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_LIST, NULL);
	guint64 id = request->id;

	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	const SnMailEvent *folder = sn_mail_desk_event(desk, id, SN_MAIL_EV_FOLDER, 0);
	assert_string_equal(folder->folder, "INBOX");
	return folder->highestmodseq;
}

static guint64 state_after(SnMailDesk *desk, guint64 id)
{
	guint states = sn_mail_desk_count(desk, id, SN_MAIL_EV_FOLDER_STATE);

	assert_true(states > 0);
	return sn_mail_desk_event(desk, id, SN_MAIL_EV_FOLDER_STATE, states - 1)->highestmodseq;
}

static void a_folder_as_it_was_says_so(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();

	sn_box_put(box.root, "cur/one:2,S", "one", 100);
	age(box.root, 50);
	guint64 before = listed(box.desk);
	assert_true(before != 0);
	assert_true(state_after(box.desk, sn_box_sync(box.desk, "INBOX", &memory)) == before);
	sn_mail_desk_free(box.desk);
	box.desk = sn_mail_desk_new(&sn_maildir_ops, NULL, box.root);
	assert_true(listed(box.desk) == before);
	/* a flag is a change */
	rename_in(box.root, "cur/one:2,S", "cur/one:2,FS");
	age(box.root, 40);
	guint64 after = listed(box.desk);
	assert_true(after != 0 && after != before);
	/* and what changed just now, as far as anybody can tell, may change again unseen */
	age(box.root, -5);
	assert_true(listed(box.desk) == 0);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

/* A stamp that is told covers all that happened before, and whatever comes next changes it, also in the
 * very moment after. */
static void no_change_has_the_stamp_of_before(void **state)
{
	SnBox box = sn_box_open(TRUE);

	for (int i = 0; i < 60; i++) {
		g_autofree char *file = g_strdup_printf("%s/many-%d", i % 2 ? "new" : "cur", i);
		sn_box_put(box.root, file, "many", 0);
		gint64 end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
		guint64 stamp = 0;
		int wait = 0;
		while (!(stamp = sn_maildir_stamp(box.root, &wait)) && g_get_monotonic_time() < end)
			assert_true(wait >= 0);
		assert_true(stamp != 0);
		assert_true(stamp == sn_maildir_young_stamp(box.root));
		g_autofree char *path = g_build_filename(box.root, file, NULL);
		g_unlink(path);
		assert_true(sn_maildir_young_stamp(box.root) != stamp);
	}
	sn_box_close(&box);
}

/* Where times are told in whole seconds, another change in the same second looks alike. */
static void whole_seconds_are_waited_for(void **state)
{
	SnBox box = sn_box_open(TRUE);
	struct timespec times[2] = { { .tv_sec = time(NULL) }, { .tv_sec = time(NULL) } };
	g_autofree char *cur = g_build_filename(box.root, "cur", NULL);

	age(box.root, 50);
	assert_true(sn_maildir_stamp(box.root, NULL) != 0);
	times[0].tv_sec++; /* this second is still young when the test is slow */
	times[1].tv_sec++;
	assert_int_equal(utimensat(AT_FDCWD, cur, times, 0), 0);
	int wait = -1;
	guint64 stamp = sn_maildir_stamp(box.root, &wait);
	/* not worth a wait, unless the machine stood still for as long */
	assert_true((stamp == 0 && wait == 0) || time(NULL) >= times[0].tv_sec + 2);
	sn_box_close(&box);
}

static void watch_inbox(SnMailDesk *desk)
{
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_WATCH, "INBOX");

	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
}

static guint index_of(const SnMemory *memory, const char *name)
{
	for (guint i = 0; i < memory->names->len; i++)
		if (strcmp(memory->names->pdata[i], name) == 0)
			return i;
	return G_MAXUINT;
}

static void add_known(SnMailRequest *request, const SnMemory *memory, guint index, guint flags)
{
	if (!request->known) {
		request->known = g_array_new(FALSE, FALSE, sizeof(guint32));
		request->known_flags = g_array_new(FALSE, FALSE, sizeof(guint));
		request->known_names = g_ptr_array_new_with_free_func(g_free);
	}
	if (index == G_MAXUINT)
		return;
	g_array_append_val(request->known, g_array_index(memory->uids, guint32, index));
	g_array_append_val(request->known_flags, flags);
	g_ptr_array_add(request->known_names, g_strdup(memory->names->pdata[index]));
}

/* Waits until the names are told as changed, together or one after the other, and asks for just them. */
static guint64 sync_changed(SnMailDesk *desk, guint *from, const SnMemory *memory, const char *first,
			    const char *second)
{
	g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_SYNC, "INBOX");
	guint64 id = request->id;

	while (!g_hash_table_contains(told, first) || (second && !g_hash_table_contains(told, second))) {
		const SnMailEvent *changed =
			sn_mail_desk_next(desk, *from, SN_MAIL_EV_CHANGED, "INBOX", 30);
		assert_non_null(changed);
		assert_non_null(changed->names);
		for (guint i = 0; i < changed->names->len; i++)
			g_hash_table_add(told, g_strdup(changed->names->pdata[i]));
		while (desk->past->pdata[*from] != changed)
			(*from)++;
		(*from)++;
	}
	request->uidvalidity = 1;
	request->uidnext = memory->uidnext;
	request->only = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(request->only, g_strdup(first));
	if (second)
		g_ptr_array_add(request->only, g_strdup(second));
	guint one = index_of(memory, first), two = second ? index_of(memory, second) : G_MAXUINT;
	add_known(request, memory, MIN(one, two), SN_MAIL_SEEN);
	if (MAX(one, two) != MIN(one, two))
		add_known(request, memory, MAX(one, two), SN_MAIL_SEEN);
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	return id;
}

/* Not where the program's own memory is shown differently, as by valgrind. */
static gboolean gives_eio(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	gboolean failed = fd >= 0 && read(fd, &byte, 1) < 0 && errno == EIO;

	if (fd >= 0)
		close(fd);
	return failed;
}

/* A disk that fails for a while, or another program's permissions: neither shows in the directory. */
static void what_could_not_be_read_is_looked_for_again(void **state)
{
	if (!gives_eio("/proc/self/mem")) {
		print_message("[no file here gives an error when it is read]\n");
		skip();
	}
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	g_autofree char *link = g_build_filename(box.root, "cur", "bad:2,S", NULL);
	g_autofree char *target = g_build_filename(box.root, "target", NULL);
	g_autofree char *text = g_build_filename(box.root, "text", NULL);

	sn_box_put(box.root, "cur/one:2,S", "one", 100);
	sn_box_put(box.root, "text", "two", 90);
	/* a file whose first byte gives EIO, as long as the outer link leads there */
	assert_int_equal(symlink("/proc/self/mem", target), 0);
	assert_int_equal(symlink(target, link), 0);
	age(box.root, 50);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	/* so that the next start looks, whatever the directories say */
	assert_true(state_after(box.desk, id) == 0);
	/* also after something else was told alone */
	watch_inbox(box.desk);
	guint from = box.desk->past->len;
	rename_in(box.root, "cur/one:2,S", "cur/one:2,RS");
	id = sync_changed(box.desk, &from, &memory, "one", NULL);
	assert_true(state_after(box.desk, id) == 0);
	assert_int_equal(unlink(target), 0);
	assert_int_equal(symlink(text, target), 0);
	age(box.root, 50);
	id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_true(state_after(box.desk, id) != 0);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void changes_are_told_by_name_and_looked_at_alone(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();

	sn_box_put(box.root, "cur/one:2,S", "one", 100);
	sn_box_put(box.root, "cur/two:2,S", "two", 90);
	watch_inbox(box.desk);
	sn_box_sync(box.desk, "INBOX", &memory);
	guint from = box.desk->past->len;
	sn_box_put(box.root, "tmp/three", "three", 10);
	rename_in(box.root, "tmp/three", "new/three");
	guint64 id = sync_changed(box.desk, &from, &memory, "three", NULL);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, 3);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 0);
	/* with this, the next start knows that nothing is new; 0 where the machine was too slow to be sure */
	guint64 after = state_after(box.desk, id);
	assert_true(after == 0 || after == listed(box.desk));
	rename_in(box.root, "cur/one:2,S", "cur/one:2,RS");
	id = sync_changed(box.desk, &from, &memory, "one", NULL);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FLAGS), 1);
	assert_int_equal(sn_mail_desk_event(box.desk, id, SN_MAIL_EV_FLAGS, 0)->flags,
			 SN_MAIL_SEEN | SN_MAIL_ANSWERED);
	/* another name, which nothing but the change itself connects with the old one */
	rename_in(box.root, "cur/one:2,RS", "cur/uno:2,RS");
	id = sync_changed(box.desk, &from, &memory, "one", "uno");
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 0);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 0);
	const SnMailEvent *renamed = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_FLAGS, 0);
	assert_int_equal(renamed->uid, g_array_index(memory.uids, guint32, index_of(&memory, "one")));
	assert_string_equal(renamed->name, "uno");
	g_autofree char *two = g_build_filename(box.root, "cur/two:2,S", NULL);
	g_unlink(two);
	id = sync_changed(box.desk, &from, &memory, "two", NULL);
	assert_int_equal(sn_mail_desk_event(box.desk, id, SN_MAIL_EV_GONE, 0)->uids->len, 1);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void changes_that_were_forgotten_are_asked_for_whole(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_SYNC, "INBOX");

	sn_box_put(box.root, "cur/one:2,S", "one", 100);
	/* nothing was watched, so nobody knows what else there is */
	request->uidvalidity = 1;
	request->uidnext = 1;
	request->only = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(request->only, g_strdup("one"));
	add_known(request, &memory, G_MAXUINT, 0);
	guint64 id = request->id;
	guint from = box.desk->past->len;
	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	const SnMailEvent *changed = sn_mail_desk_next(box.desk, from, SN_MAIL_EV_CHANGED, "INBOX", 30);
	assert_non_null(changed);
	assert_null(changed->names);
	assert_true(state_after(box.desk, id) == 0);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

/* FETCH of number 5 under that name, in a folder that was never read. */
static const SnMailEvent *fetch_named(SnMailDesk *desk, const char *name, guint flags)
{
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_FETCH, "INBOX");
	guint64 id = request->id;

	request->uids = sn_one_uid(5);
	request->known = sn_one_uid(5);
	request->known_flags = g_array_new(FALSE, FALSE, sizeof(guint));
	g_array_append_val(request->known_flags, flags);
	request->known_names = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(request->known_names, g_strdup(name));
	const SnMailEvent *end = sn_mail_desk_run(desk, request);
	return end->kind == SN_EVENT_DONE ? sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0) : NULL;
}

static void a_number_with_its_name_needs_no_table(void **state)
{
	static const char *const files[] = { "cur/one:2,S", "cur/one:2,", "new/one", "cur/one",
					     "cur/one:2,DFRSab" };

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		SnBox box = sn_box_open(TRUE);
		sn_box_put(box.root, files[i], "one", 100);
		const SnMailEvent *event = fetch_named(box.desk, "one", SN_MAIL_SEEN);
		assert_non_null(event);
		assert_int_equal(event->uid, 5);
		assert_int_equal(event->flags, sn_maildir_flags_of(files[i]));
		sn_box_close(&box);
	}
}

static void a_name_leads_to_no_other_file(void **state)
{
	static const char *const bad[] = { "", ".", "..", "../cur/one", "on", "one:2", "/etc/passwd" };
	SnBox box = sn_box_open(TRUE);

	sn_box_put(box.root, "cur/one:2,S", "one", 100);
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_null(fetch_named(box.desk, bad[i], 0));
	sn_box_close(&box);
}

static void a_large_folder_works_without_a_table(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();

	for (int i = 0; i < SN_MAILDIR_KEEP + 50; i++) {
		g_autofree char *file = g_strdup_printf("cur/m%d:2,S", i);
		g_autofree char *id = g_strdup_printf("m%d", i);
		sn_box_put(box.root, file, id, i);
	}
	sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(memory.uids->len, SN_MAILDIR_KEEP + 50);
	guint at = index_of(&memory, "m7");
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_STORE, "INBOX");
	request->uids = sn_one_uid(g_array_index(memory.uids, guint32, at));
	request->set = SN_MAIL_FLAGGED;
	add_known(request, &memory, at, SN_MAIL_SEEN);
	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	assert_true(sn_box_has(box.root, "cur/m7:2,FS"));
	/* a number that was only answered is not given again, nor to another file */
	request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_APPEND, "INBOX");
	request->raw = g_bytes_new_static("Subject: own\n\nx\n", 17);
	const SnMailEvent *done = sn_mail_desk_run(box.desk, request);
	guint32 own = done->uid;
	assert_int_equal(own, memory.uidnext);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, own);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 0);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

/* The numbers of a large folder's messages are kept by its caller; another start knows no more. */
static void start_anew(SnBox *box)
{
	sn_mail_desk_free(box->desk);
	box->desk = sn_mail_desk_new(&sn_maildir_ops, NULL, box->root);
}

static guint32 number_of(const SnMemory *memory, const char *name)
{
	guint at = index_of(memory, name);

	return at == G_MAXUINT ? 0 : g_array_index(memory->uids, guint32, at);
}

/* Flags of those numbers and no others are told. */
static void assert_flags_told(SnMailDesk *desk, guint64 id, const guint32 *uids, guint count)
{
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_FLAGS), count);
	for (guint i = 0; i < count; i++) {
		guint32 uid = sn_mail_desk_event(desk, id, SN_MAIL_EV_FLAGS, i)->uid;
		guint at = 0;
		while (at < count && uids[at] != uid)
			at++;
		assert_true(at < count);
	}
}

static void of_a_large_folder_only_what_changed_is_told(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();

	memory.flags = g_array_new(FALSE, FALSE, sizeof(guint));
	for (int i = 0; i < SN_MAILDIR_KEEP + 50; i++) {
		g_autofree char *file = g_strdup_printf(i % 7 ? "cur/m%d:2,S" : "new/m%d", i);
		g_autofree char *id = g_strdup_printf("m%d", i);
		sn_box_put(box.root, file, id, i);
	}
	sn_box_sync(box.desk, "INBOX", &memory);
	start_anew(&box);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 0);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FLAGS), 0);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 0);
	/* of each kind of change one, made while nobody looked */
	start_anew(&box);
	guint32 seen = number_of(&memory, "m1"), numbered = number_of(&memory, "m2"), read = number_of(&memory, "m7"),
		gone = number_of(&memory, "m3"), next = memory.uidnext;
	rename_in(box.root, "cur/m1:2,S", "cur/m1:2,RSab");
	rename_in(box.root, "cur/m2:2,S", "cur/m2,U=17:2,S");
	rename_in(box.root, "new/m7", "cur/m7:2,S");
	rename_in(box.root, "new/m14", "cur/m14:2,"); /* which says nothing new */
	g_autofree char *third = g_build_filename(box.root, "cur/m3:2,S", NULL);
	g_unlink(third);
	sn_box_put(box.root, "new/fresh", "fresh", 5);
	sn_box_put(box.root, "cur/old:2,F", "old", 900);
	id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_flags_told(box.desk, id, (guint32[]){ seen, numbered, read }, 3);
	assert_int_equal(number_of(&memory, "m2,U=17"), numbered);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 1);
	const SnMailEvent *lost = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_GONE, 0);
	assert_int_equal(lost->uids->len, 1);
	assert_int_equal(g_array_index(lost->uids, guint32, 0), gone);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 2);
	assert_true(number_of(&memory, "fresh") >= next && number_of(&memory, "old") >= next);
	assert_int_equal(memory.uidnext, next + 2);
	/* and all of that is known now */
	start_anew(&box);
	id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 0);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FLAGS), 0);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 0);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

/* What the caller says of a folder, as a request; names "m0" and so on with the numbers 1 and so on. */
static SnMailRequest *known_request(guint count)
{
	SnMailRequest *request = sn_mail_request_new(SN_MAIL_REQ_SYNC, 1);
	const guint none = 0;

	request->known = g_array_new(FALSE, FALSE, sizeof(guint32));
	request->known_flags = g_array_new(FALSE, FALSE, sizeof(guint));
	request->known_names = g_ptr_array_new_with_free_func(g_free);
	for (guint32 uid = 1; uid <= count; uid++) {
		g_array_append_val(request->known, uid);
		g_array_append_val(request->known_flags, none);
		g_ptr_array_add(request->known_names, g_strdup_printf("m%u", uid - 1));
	}
	return request;
}

static void a_name_seen_twice_is_looked_at(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMailRequest *request = known_request(3);

	/* the same file under both names, as a listing may find it while it is moved or gets mbsync's number */
	sn_box_put(box.root, "new/m0", "m0", 10);
	sn_box_put(box.root, "cur/m0:2,", "m0", 10);
	sn_box_put(box.root, "new/m1", "m1", 10);
	sn_box_put(box.root, "cur/m1,U=5:2,", "m1", 10);
	sn_box_put(box.root, "new/m2", "m2", 10);
	sn_box_put(box.root, "cur/.hidden", "hidden", 10);
	g_autoptr(SnMaildirDiffers) differs = sn_maildir_compare(box.root, request);
	assert_non_null(differs);
	assert_int_equal(g_hash_table_size(differs->files), 3);
	assert_string_equal(g_hash_table_lookup(differs->files, "m0"), "cur/m0:2,");
	assert_string_equal(g_hash_table_lookup(differs->files, "m1,U=5"), "cur/m1,U=5:2,");
	gpointer where = differs;
	assert_true(g_hash_table_lookup_extended(differs->files, "m1", NULL, &where));
	assert_null(where);
	assert_int_equal(differs->uids->len, 2);
	assert_int_equal(g_array_index(differs->uids, guint32, 0), 1);
	assert_int_equal(g_array_index(differs->uids, guint32, 1), 2);
	assert_string_equal(differs->names->pdata[1], "m1");
	sn_mail_request_free(request);
	sn_box_close(&box);
}

static void what_is_odd_or_too_much_is_left_to_a_whole_look(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMailRequest *request = known_request(3), *many = known_request(SN_MAILDIR_KEEP + 10);

	g_autoptr(SnMaildirDiffers) lost = sn_maildir_compare(box.root, request);
	assert_non_null(lost);
	assert_int_equal(lost->uids->len, 3);
	assert_string_equal(g_hash_table_lookup(lost->files, "m1"), "");
	assert_null(sn_maildir_compare(box.root, many));
	/* two of one name: the caller is confused */
	g_free(request->known_names->pdata[1]);
	request->known_names->pdata[1] = g_strdup("m0");
	assert_null(sn_maildir_compare(box.root, request));
	g_free(request->known_names->pdata[1]);
	request->known_names->pdata[1] = g_strdup("");
	g_autoptr(SnMaildirDiffers) nameless = sn_maildir_compare(box.root, request);
	assert_non_null(nameless);
	g_autofree char *nowhere = g_build_filename(box.root, "nowhere", NULL);
	assert_null(sn_maildir_compare(nowhere, request));
	sn_mail_request_free(request);
	sn_mail_request_free(many);
	sn_box_close(&box);
}

/* However large it is: nothing but its beginning is read, and what is known of it is right. */
static void a_huge_message_is_told_by_its_beginning(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	const gint64 huge = (gint64)3 << 30; /* a hole: it takes no room on the disk */

	sn_box_put(box.root, "cur/huge:2,S", "huge", 100);
	g_autofree char *path = g_build_filename(box.root, "cur/huge:2,S", NULL);
	assert_int_equal(truncate(path, huge), 0);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	const SnMailEvent *event = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0);
	assert_non_null(event);
	assert_true(event->size == huge);
	assert_true(event->partial);
	gsize length = 0;
	const char *text = g_bytes_get_data(event->raw, &length);
	assert_true(length < 100000);
	assert_non_null(g_strstr_len(text, (gssize)length, "Hello huge."));
	sn_memory_free(&memory);
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
		cmocka_unit_test(a_folder_as_it_was_says_so),
		cmocka_unit_test(no_change_has_the_stamp_of_before),
		cmocka_unit_test(what_could_not_be_read_is_looked_for_again),
		cmocka_unit_test(whole_seconds_are_waited_for),
		cmocka_unit_test(changes_are_told_by_name_and_looked_at_alone),
		cmocka_unit_test(changes_that_were_forgotten_are_asked_for_whole),
		cmocka_unit_test(a_number_with_its_name_needs_no_table),
		cmocka_unit_test(a_name_leads_to_no_other_file),
		cmocka_unit_test(a_large_folder_works_without_a_table),
		cmocka_unit_test(of_a_large_folder_only_what_changed_is_told),
		cmocka_unit_test(a_name_seen_twice_is_looked_at),
		cmocka_unit_test(what_is_odd_or_too_much_is_left_to_a_whole_look),
		cmocka_unit_test(a_huge_message_is_told_by_its_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
