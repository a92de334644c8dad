/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Maildir source on real directories, changed by others meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "src/mime/mail.h"
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

/* ---- what is not held in memory ---- */

static const char part_names[] = "Subject: big\nMIME-Version: 1.0\n"
	"Content-Type: Multipart/Mixed; x=\"; boundary=no\";\n\tBoundary = \"a b\"\n\npreamble\n";

static char *encoded(const char *bytes, gsize length)
{
	g_autofree char *text = g_base64_encode((const guchar *)bytes, length);
	GString *lines = g_string_new(NULL);

	for (gsize at = 0, end = strlen(text); at < end; at += 76)
		g_string_append_printf(lines, "%.76s\n", text + at);
	return g_string_free(lines, FALSE);
}

/* A text, within it a multipart with HTML, a picture, an attached message, and files: 1 .. 6. */
static GString *letter(gsize file)
{
	g_autofree char *bytes = g_strnfill(file, 'F');
	g_autofree char *file64 = encoded(bytes, file);
	g_autofree char *lines = g_strnfill(file, 'L');
	GString *text = g_string_new(part_names);

	for (gsize i = 50; i < file; i += 51)
		lines[i] = i % 3 ? '\n' : ' ';
	g_string_append_printf(text, "--a b\nContent-Type: multipart/alternative; boundary=in\n\n"
	                             "--in\n\nhello from the text\n"
	                             "--in\nContent-Type: text/html; charset=utf-8\n\n<p>hello</p>\n%s\n--in--\n"
	                             "--in\nno part\n", lines);
	g_string_append_printf(text, "--a b \nContent-Type: image/png; name=one.png\n"
	                             "Content-Disposition: attachment\n"
	                             "Content-Transfer-Encoding: BASE64\n\n%s", file64);
	g_string_append_printf(text, "--a b\nContent-Type: message/rfc822\n\nSubject: inner\n"
	                             "Content-Type: multipart/mixed; boundary=\"deep\"\n\n"
	                             "--deep\n\nwithin\n--deep--\n\n");
	g_string_append_printf(text, "--a b\nContent-Type: text/x-log; name=two.log\n"
	                             "Content-Disposition: attachment\n\n%s\n"
	                             "-- a b\n\n", lines);
	g_string_append_printf(text, "--a b\nContent-Type: application/x-three; name=three\n"
	                             "Content-Disposition: attachment\n"
	                             "Content-Transfer-Encoding: quoted-printable\n\n=41=\n=42 %s=0A\n", lines);
	return g_string_append(text, "--a b--\nepilogue\n");
}

static char *in_box(const SnBox *box, const char *name, const char *text, gsize length)
{
	char *path = g_build_filename(box->root, name, NULL);

	assert_true(g_file_set_contents(path, text, (gssize)length, NULL));
	return path;
}

static void assert_same_parts(const SnMailEvent *some, const GString *whole)
{
	g_autoptr(GBytes) raw = g_bytes_new(whole->str, whole->len);
	g_autoptr(SnMail) part = sn_mail_parse(some->raw, NULL, NULL), all = sn_mail_parse(raw, NULL, NULL);

	assert_non_null(strstr(part->text, "hello from the text"));
	assert_int_equal(part->parts->len, all->parts->len);
	for (guint i = 0; i < all->parts->len; i++) {
		const SnMailPart *a = part->parts->pdata[i], *b = all->parts->pdata[i];
		assert_int_equal(a->position, b->position);
		assert_string_equal(a->type, b->type);
		assert_int_equal(g_strcmp0(a->name, b->name), 0);
		gint64 told = g_array_index(some->part_sizes, gint64, a->position - 1);
		if (told < 0)
			assert_int_equal(a->size, b->size);
		else
			assert_in_range(told, b->size - 10, b->size + b->size / 50 + 10);
	}
}

static const SnMailEvent *save_part(SnBox *box, int position, const char *path)
{
	SnMailRequest *request = sn_mail_desk_request(box->desk, SN_MAIL_REQ_FETCH, "INBOX");
	const guint32 uid = 1;

	request->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_val(request->uids, uid);
	request->part = position;
	request->path = g_strdup(path);
	return sn_mail_desk_run(box->desk, request);
}

/* What is saved piece by piece is what the parser finds in all of it. */
static void assert_saved(SnBox *box, const GString *whole, int position)
{
	g_autoptr(GBytes) raw = g_bytes_new(whole->str, whole->len);
	g_autoptr(GBytes) wanted = sn_mail_part_bytes(raw, position, NULL);
	g_autofree char *path = g_build_filename(box->root, "saved", NULL), *found = NULL;
	gsize length = 0;

	const SnMailEvent *end = save_part(box, position, path);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_true(g_file_get_contents(path, &found, &length, NULL));
	assert_int_equal(end->size, length);
	assert_non_null(wanted);
	assert_int_equal(length, g_bytes_get_size(wanted));
	assert_memory_equal(found, g_bytes_get_data(wanted, NULL), length);
	assert_int_equal(save_part(box, position, path)->kind, SN_EVENT_ERROR); /* nothing is written over */
	assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
	g_unlink(path);
}

static void parts_of_a_large_message_are_all_told_and_saved(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	g_autoptr(GString) text = letter(300000);
	g_autofree char *path = in_box(&box, "cur/big:2,S", text->str, text->len);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	const SnMailEvent *event = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0);

	assert_true(event->partial);
	assert_int_equal(event->size, text->len);
	assert_true(g_bytes_get_size(event->raw) < text->len / 4);
	assert_int_equal(event->part_sizes->len, 6);
	assert_int_equal(g_array_index(event->part_sizes, gint64, 2), 300000);
	assert_same_parts(event, text);
	for (int position = 1; position <= 6; position++)
		assert_saved(&box, text, position);
	/* another program changes its flags meanwhile */
	g_autofree char *other = g_build_filename(box.root, "cur/big:2,FS", NULL);
	assert_int_equal(rename(path, other), 0);
	assert_saved(&box, text, 3);
	/* what is not there leaves no file */
	g_autofree char *nothing = g_build_filename(box.root, "nothing", NULL);
	const SnMailEvent *end = save_part(&box, 7, nothing);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_int_equal(end->error->code, SN_ERROR_NOT_FOUND);
	assert_false(g_file_test(nothing, G_FILE_TEST_EXISTS));
	g_unlink(other);
	assert_int_equal(save_part(&box, 3, nothing)->error->code, SN_ERROR_NOT_FOUND);
	assert_int_equal(save_part(&box, 3, NULL)->error->code, SN_ERROR_INVALID);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

/* A disk that is full in the middle of it: it is said, and no half of a file is left. */
static void a_part_that_does_not_fit_leaves_nothing(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();
	g_autoptr(GString) text = letter(300000);
	g_autofree char *path = in_box(&box, "cur/big:2,S", text->str, text->len);
	g_autofree char *saved = g_build_filename(box.root, "saved", NULL);
	struct rlimit before, little = { 100000, 0 };

	sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little.rlim_max = before.rlim_max;
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	const SnMailEvent *end = save_part(&box, 3, saved);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, handler);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_int_equal(end->error->code, SN_ERROR_STORAGE);
	assert_non_null(strstr(end->error->message, saved));
	assert_false(g_file_test(saved, G_FILE_TEST_EXISTS));
	assert_saved(&box, text, 3);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

/* However it is broken, something bounded is told of it, and what is saved is bounded as well. */
static void a_large_message_may_be_anything(void **state)
{
	g_autofree char *line = g_strnfill(200000, '-');
	g_autoptr(GString) nested = g_string_new(NULL), many = g_string_new(part_names);
	g_autoptr(GString) headers = g_string_new(part_names);
	for (int i = 0; i < 3000; i++) {
		g_string_append_printf(nested, "Content-Type: multipart/mixed; boundary=n%d\n\n--n%d\n", i, i);
		g_string_append(many, "--a b\n\nx\n");
		g_string_append_printf(headers, "--a b\nX%d: %.60s\n", i, line);
	}
	g_string_append_printf(nested, "\n%s", line);
	g_string_append_printf(many, "--a b\n\n%s", line);
	g_string_append(headers, line);
	g_autofree char *no_end = g_strconcat(part_names, "--a b", NULL);
	g_autofree char *no_body = g_strconcat("Subject: x\nContent-Type: multipart/mixed; boundary=\n", line, NULL);
	g_autofree char *long_line = g_strconcat(part_names, "--a b\n\n", line, line, "\n--a b--", NULL);
	const char *const texts[] = { line, nested->str, many->str, headers->str, no_end, no_body, long_line };

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		SnBox box = sn_box_open(TRUE);
		SnMemory memory = sn_memory_new();
		g_autoptr(GString) text = g_string_new(texts[i]);
		while (text->len < 110000) /* so that it is a large one */
			g_string_append(text, "\nmore of the same");
		g_autofree char *path = in_box(&box, "cur/odd:2,S", text->str, text->len);
		guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
		const SnMailEvent *event = sn_mail_desk_event(box.desk, id, SN_MAIL_EV_MESSAGE, 0);
		assert_non_null(event);
		assert_int_equal(event->size, text->len);
		g_autoptr(SnMail) mail = sn_mail_parse(event->raw, NULL, NULL);
		assert_non_null(mail);
		g_autofree char *saved = g_build_filename(box.root, "saved", NULL);
		const SnMailEvent *end = save_part(&box, 1, saved);
		assert_int_equal(end->kind == SN_EVENT_DONE, g_file_test(saved, G_FILE_TEST_EXISTS));
		assert_true(end->kind == SN_EVENT_ERROR || end->size <= (gint64)text->len);
		sn_memory_free(&memory);
		sn_box_close(&box);
	}
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
		cmocka_unit_test(parts_of_a_large_message_are_all_told_and_saved),
		cmocka_unit_test(a_part_that_does_not_fit_leaves_nothing),
		cmocka_unit_test(a_large_message_may_be_anything),
		cmocka_unit_test(watch_tells_of_deliveries),
		cmocka_unit_test(plain_layout_stays_plain),
		cmocka_unit_test(names_do_not_lead_out_of_the_directory),
		cmocka_unit_test(missing_directory_is_said_and_waited_for),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
