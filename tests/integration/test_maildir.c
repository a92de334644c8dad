/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Maildir source on real directories, changed by others meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>

#include "tests/lib/maildir_box.h"

static void both_layouts_are_listed(void **state)
{
	SnBox box = sn_box_open(TRUE);
	g_autofree char *dotted = g_build_filename(box.root, ".Work.M&APY-bel", NULL);
	g_autofree char *sent = g_build_filename(box.root, ".Sent", NULL);
	g_autofree char *plain = g_build_filename(box.root, "lists", "tmux users", NULL);
	sn_make_maildir(dotted);
	sn_make_maildir(sent);
	sn_make_maildir(plain);
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_LIST, NULL);
	guint64 id = request->id;
	sn_mail_desk_run(box.desk, request);
	g_autoptr(GString) found = g_string_new(NULL);
	for (guint i = 0; i < 4; i++) {
		static const char *const names[] = { "INBOX", "Work/Möbel", "Sent",
						     "lists/tmux users" };
		for (guint j = 0; j < sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FOLDER); j++) {
			const SnMailEvent *event =
				sn_mail_desk_event(box.desk, id, SN_MAIL_EV_FOLDER, j);
			if (strcmp(event->folder, names[i]) == 0)
				g_string_append_printf(found, "%s:%s;", event->folder,
						       event->role ? event->role : "-");
		}
	}
	assert_string_equal(found->str, "INBOX:inbox;Work/Möbel:-;Sent:sent;lists/tmux users:-;");
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FOLDER), 4);
	sn_box_close(&box);
}

static void what_is_as_it_was_is_not_told_again(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	static const guint flags[] = { SN_MAIL_SEEN, 0, SN_MAIL_SEEN };

	sn_box_put(box.root, "cur/one:2,S", "one", 100);
	sn_box_put(box.root, "cur/two:2,", "two", 50);
	sn_box_put(box.root, "cur/three:2,S", "three", 10);
	sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(memory.uids->len, 3);
	/* another program flags one, and we start anew */
	g_autofree char *from = g_build_filename(box.root, "cur/two:2,", NULL);
	g_autofree char *to = g_build_filename(box.root, "cur/two:2,F", NULL);
	assert_int_equal(rename(from, to), 0);
	sn_mail_desk_free(box.desk);
	box.desk = sn_mail_desk_new(&sn_maildir_ops, NULL, box.root);
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_SYNC, "INBOX");
	request->uidvalidity = 1;
	request->uidnext = memory.uidnext;
	request->known = g_array_copy(memory.uids);
	request->known_names = g_ptr_array_ref(memory.names);
	request->known_flags = g_array_new(FALSE, FALSE, sizeof(guint));
	g_array_append_vals(request->known_flags, flags, 3);
	guint64 id = request->id;
	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FLAGS), 1);
	const SnMailEvent *event = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_FLAGS, 0);
	assert_string_equal(event->name, "two");
	assert_int_equal(event->flags, SN_MAIL_FLAGGED);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void numbers_stay_with_names_through_flags_and_restart(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	sn_box_put(box.root, "cur/old:2,S", "old", 100);
	sn_box_put(box.root, "new/young", "young", 1);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 2);
	/* newest first, with the greater number */
	const SnMailEvent *first = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0);
	assert_string_equal(first->name, "young");
	assert_int_equal(first->uid, 2);
	assert_int_equal(first->flags, 0);
	assert_int_equal(sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 1)->flags,
			 SN_MAIL_SEEN);
	/* another program: reads one, removes one, delivers one */
	g_autofree char *from = g_build_filename(box.root, "new/young", NULL);
	g_autofree char *to = g_build_filename(box.root, "cur/young:2,FSa", NULL);
	g_autofree char *gone = g_build_filename(box.root, "cur/old:2,S", NULL);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(unlink(gone), 0);
	sn_box_put(box.root, "new/third", "third", 0);
	/* and we start anew */
	sn_mail_desk_free(box.desk);
	box.desk = sn_mail_desk_new(&sn_maildir_ops, NULL, box.root);
	id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FLAGS), 1);
	const SnMailEvent *event = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_FLAGS, 0);
	assert_int_equal(event->uid, 2);
	assert_int_equal(event->flags, SN_MAIL_FLAGGED | SN_MAIL_SEEN);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 1);
	event = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0);
	assert_string_equal(event->name, "third");
	assert_int_equal(event->uid, 3);
	/* and nothing more the next time */
	id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 0);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_FLAGS), 0);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 0);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void flags_are_letters_of_the_file_name(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	sn_box_put(box.root, "cur/a:2,Tb", "a", 0);
	sn_box_sync(box.desk, "INBOX", &memory);
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_STORE, "INBOX");
	request->uids = sn_one_uid(1);
	request->set = SN_MAIL_SEEN | SN_MAIL_ANSWERED | SN_MAIL_FORWARDED | SN_MAIL_DRAFT;
	request->clear = SN_MAIL_DELETED;
	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	/* in order, and the keyword of another program is kept */
	assert_true(sn_box_has(box.root, "cur/a:2,DPRSb"));
	/* another program renames it behind our back */
	g_autofree char *from = g_build_filename(box.root, "cur/a:2,DPRSb", NULL);
	g_autofree char *to = g_build_filename(box.root, "cur/a:2,Sb", NULL);
	assert_int_equal(rename(from, to), 0);
	request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_STORE, "INBOX");
	request->uids = sn_one_uid(1);
	request->set = SN_MAIL_FLAGGED;
	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	const SnMailEvent *event;
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	event = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_GONE, 0);
	assert_null(event);
	request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_DELETE, "INBOX");
	request->uids = sn_one_uid(1);
	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 1);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void move_append_search_and_fetch(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	sn_box_put(box.root, "cur/m,U=7:2,S", "m", 0);
	sn_box_sync(box.desk, "INBOX", &memory);
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_SEARCH_ID, "INBOX");
	request->message_id = g_strdup("m@example.test");
	assert_int_equal(sn_mail_desk_run(box.desk, request)->uid, 1);
	request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_COPY, "INBOX");
	request->uids = sn_one_uid(1);
	request->target = g_strdup("Copies");
	const SnMailEvent *copied = sn_mail_desk_run(box.desk, request);
	assert_int_equal(copied->kind, SN_EVENT_DONE);
	g_autofree char *copy = g_strdup_printf("%s/.Copies/cur/%s:2,S", box.root, copied->name);
	assert_true(g_file_test(copy, G_FILE_TEST_EXISTS));
	request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_MOVE, "INBOX");
	request->uids = sn_one_uid(1);
	request->target = g_strdup("Archive/2026");
	const SnMailEvent *end = sn_mail_desk_run(box.desk, request);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	/* Maildir++, and without mbsync's number of the old folder */
	assert_string_equal(end->name, "m");
	assert_true(sn_box_has(box.root, ".Archive.2026/cur/m:2,S"));
	request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_APPEND, "Archive/2026");
	request->raw = g_bytes_new_static("Message-ID: <ap@example.test>\n\nx\n", 34);
	request->flags = SN_MAIL_SEEN | SN_MAIL_DRAFT;
	end = sn_mail_desk_run(box.desk, request);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	g_autofree char *file =
		g_strdup_printf("%s/.Archive.2026/cur/%s:2,DS", box.root, end->name);
	assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
	SnMemory other = sn_memory_new();
	/* numbers of a folder that was never read mean nothing yet */
	request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_FETCH, "Archive/2026");
	request->uids = sn_one_uid(1);
	assert_true(sn_error_is_transient(sn_mail_desk_run(box.desk, request)->error));
	guint64 id = sn_box_sync(box.desk, "Archive/2026", &other);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 2);
	request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_FETCH, "Archive/2026");
	request->uids = sn_one_uid(1);
	id = request->id;
	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	assert_non_null(sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0));
	sn_memory_free(&memory);
	sn_memory_free(&other);
	sn_box_close(&box);
}

static void large_message_is_cut_after_its_beginning(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	g_autofree char *body = g_strnfill(200000, 'y');
	g_autofree char *text = g_strconcat("Subject: big\n\n", body, "\n", NULL);
	g_autofree char *path = g_build_filename(box.root, "new/big", NULL);
	assert_true(g_file_set_contents(path, text, -1, NULL));
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	const SnMailEvent *event = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0);
	assert_true(event->partial);
	assert_int_equal(event->size, strlen(text));
	assert_in_range(g_bytes_get_size(event->raw), 65536, 65600);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void watch_tells_of_deliveries(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_WATCH, "INBOX");

	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	guint from = box.desk->past->len;
	sn_box_put(box.root, "new/w", "w", 0);
	assert_non_null(sn_mail_desk_next(box.desk, from, SN_MAIL_EV_CHANGED, "INBOX", 10));
	sn_box_close(&box);
}

static void plain_layout_stays_plain(void **state)
{
	SnBox box = sn_box_open(FALSE);
	g_autofree char *inbox = g_build_filename(box.root, "Inbox", NULL);
	sn_make_maildir(inbox);
	sn_box_put(inbox, "new/p", "p", 0);
	SnMemory memory = sn_memory_new();
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_CREATE, "Sent");
	assert_int_equal(sn_mail_desk_run(box.desk, request)->kind, SN_EVENT_DONE);
	assert_true(sn_box_has(box.root, "Sent/cur"));
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void names_do_not_lead_out_of_the_directory(void **state)
{
	static const char *const bad[] = { "../x",  "a/../../x", "/etc", "",       "cur",
					   "a/new", ".hidden",   "a//b", "INBOX/." };
	SnBox box = sn_box_open(TRUE);

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		SnMailRequest *request = sn_mail_desk_request(box.desk, SN_MAIL_REQ_CREATE, bad[i]);
		const SnMailEvent *end = sn_mail_desk_run(box.desk, request);
		assert_int_equal(end->kind, SN_EVENT_ERROR);
		assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_INVALID));
	}
	sn_box_close(&box);
}

static void missing_directory_is_said_and_waited_for(void **state)
{
	g_autofree char *parent = g_dir_make_tmp("sn-maildir-XXXXXX", NULL);
	g_autofree char *root = g_build_filename(parent, "later", NULL);
	SnMailDesk *desk = sn_mail_desk_new(&sn_maildir_ops, NULL, root);
	const SnMailEvent *line = sn_mail_desk_line(desk, SN_LINE_OFFLINE, 10);

	assert_non_null(line);
	assert_true(g_error_matches(line->error, SN_ERROR, SN_ERROR_NOT_FOUND));
	sn_make_maildir(root);
	desk->ops->reconnect(desk->source);
	assert_non_null(sn_mail_desk_line(desk, SN_LINE_ONLINE, 10));
	SnBox box = { g_steal_pointer(&parent), desk };
	sn_box_close(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_layouts_are_listed),
		cmocka_unit_test(what_is_as_it_was_is_not_told_again),
		cmocka_unit_test(numbers_stay_with_names_through_flags_and_restart),
		cmocka_unit_test(flags_are_letters_of_the_file_name),
		cmocka_unit_test(move_append_search_and_fetch),
		cmocka_unit_test(large_message_is_cut_after_its_beginning),
		cmocka_unit_test(watch_tells_of_deliveries),
		cmocka_unit_test(plain_layout_stays_plain),
		cmocka_unit_test(names_do_not_lead_out_of_the_directory),
		cmocka_unit_test(missing_directory_is_said_and_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
