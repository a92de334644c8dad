/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The IMAP source against a real Dovecot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "src/mime/mail.h"
#include "tests/lib/mail_desk.h"
#include "tests/lib/servers.h"

static SnServers *servers; /* NULL: skip */

static SnLinkSpec link_for(const char *user, const char *secret)
{
	return sn_test_link("localhost", servers->imaps, SN_LINK_TLS, user, secret,
			    servers->ca_file);
}

static SnMailDesk *open_desk(const char *user)
{
	static char secret[32], address[64];

	g_snprintf(secret, sizeof secret, "%s-secret", user);
	g_snprintf(address, sizeof address, "%s@example.test", user);
	SnLinkSpec link = link_for(address, secret);
	SnMailDesk *desk = sn_mail_desk_new(&sn_imap_ops, &link, NULL);
	const SnMailEvent *line = sn_mail_desk_line(desk, SN_LINE_ONLINE, 20);
	assert_non_null(line);
	return desk;
}

static char *message_text(const char *id, const char *body)
{
	return g_strdup_printf("From: Bob <bob@example.test>\r\nTo: alice@example.test\r\n"
			       "Subject: %s\r\nMessage-ID: <%s@example.test>\r\n\r\n%s\r\n",
			       id, id, body);
}

static guint32 append(SnMailDesk *desk, const char *folder, const char *id, guint flags)
{
	g_autofree char *text = message_text(id, "Hello.");
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_APPEND, folder);

	request->raw = g_bytes_new(text, strlen(text));
	request->flags = flags;
	request->time = 1700000000 * SN_SECOND;
	const SnMailEvent *end = sn_mail_desk_run(desk, request);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_true(end->uid > 0);
	return end->uid;
}

/* A sync that knows what `state` (a FOLDER_STATE; NULL: nothing) and the uids say. */
static guint64 sync_folder(SnMailDesk *desk, const char *folder, const SnMailEvent *state,
			   GArray *known)
{
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_SYNC, folder);
	guint64 id = request->id;

	request->full_size = 1 << 20;
	if (state) {
		request->uidvalidity = state->uidvalidity;
		request->uidnext = state->uidnext;
		request->highestmodseq = state->highestmodseq;
		request->known = g_array_ref(known);
	}
	const SnMailEvent *end = sn_mail_desk_run(desk, request);
	if (end->error)
		print_message("# %s\n", end->error->message);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	return id;
}

static const SnMailEvent *last_state(SnMailDesk *desk, guint64 id)
{
	guint count = sn_mail_desk_count(desk, id, SN_MAIL_EV_FOLDER_STATE);

	assert_true(count > 0);
	return sn_mail_desk_event(desk, id, SN_MAIL_EV_FOLDER_STATE, count - 1);
}

static GArray *uids_of(guint count, ...)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	va_list arguments;

	va_start(arguments, count);
	for (guint i = 0; i < count; i++) {
		guint32 uid = va_arg(arguments, guint32);
		g_array_append_val(uids, uid);
	}
	va_end(arguments);
	return uids;
}

static void folders_are_listed_with_their_roles(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	SnMailRequest *request =
		sn_mail_desk_request(desk, SN_MAIL_REQ_CREATE, "Möbel/Stühle & more");
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_LIST, NULL);
	guint64 id = request->id;
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	gboolean inbox = FALSE, sent = FALSE, created = FALSE;
	for (guint i = 0; i < sn_mail_desk_count(desk, id, SN_MAIL_EV_FOLDER); i++) {
		const SnMailEvent *event = sn_mail_desk_event(desk, id, SN_MAIL_EV_FOLDER, i);
		inbox |= g_strcmp0(event->folder, "INBOX") == 0 &&
			 g_strcmp0(event->role, "inbox") == 0 && event->selectable;
		sent |= g_strcmp0(event->role, "sent") == 0 && event->selectable;
		created |= g_strcmp0(event->folder, "Möbel/Stühle & more") == 0 && !event->role;
	}
	assert_true(inbox && sent && created);
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_CREATE, "Möbel/Stühle & more");
	const SnMailEvent *end = sn_mail_desk_run(desk, request);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_EXISTS));
	sn_mail_desk_free(desk);
}

static void first_sync_brings_messages_newest_first(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	guint32 one = append(desk, "First", "one", SN_MAIL_SEEN | SN_MAIL_FORWARDED);
	guint32 two = append(desk, "First", "two", SN_MAIL_FLAGGED | SN_MAIL_ANSWERED);
	guint64 id = sync_folder(desk, "First", NULL, NULL);

	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 2);
	const SnMailEvent *a = NULL, *b = NULL;
	for (guint i = 0; i < 2; i++) {
		const SnMailEvent *event = sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, i);
		*(event->uid == one ? &a : &b) = event;
	}
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(b->uid, two);
	assert_int_equal(a->flags, SN_MAIL_SEEN | SN_MAIL_FORWARDED);
	assert_int_equal(b->flags, SN_MAIL_FLAGGED | SN_MAIL_ANSWERED);
	assert_int_equal(a->time, 1700000000 * SN_SECOND);
	assert_false(a->partial);
	g_autofree char *text = message_text("one", "Hello.");
	assert_int_equal(g_bytes_get_size(a->raw), strlen(text));
	assert_memory_equal(g_bytes_get_data(a->raw, NULL), text, strlen(text));
	assert_int_equal(a->size, strlen(text));
	/* a new uidvalidity comes before the messages, what to remember comes last */
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_FOLDER_STATE), 2);
	assert_int_equal(last_state(desk, id)->uidnext, two + 1);
	sn_mail_desk_free(desk);
}

static void later_sync_brings_only_what_changed(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol"), *other = open_desk("carol");
	guint32 one = append(desk, "Later", "l1", 0), two = append(desk, "Later", "l2", 0);
	guint32 three = append(desk, "Later", "l3", 0);
	guint64 id = sync_folder(desk, "Later", NULL, NULL);
	g_autoptr(GArray) known = uids_of(3, one, two, three);

	/* nothing happened */
	guint64 again = sync_folder(desk, "Later", last_state(desk, id), known);
	assert_int_equal(sn_mail_desk_count(desk, again, SN_MAIL_EV_MESSAGE), 0);
	assert_int_equal(sn_mail_desk_count(desk, again, SN_MAIL_EV_FLAGS), 0);
	assert_int_equal(sn_mail_desk_count(desk, again, SN_MAIL_EV_GONE), 0);
	/* somebody else reads one, removes one, adds one */
	SnMailRequest *request = sn_mail_desk_request(other, SN_MAIL_REQ_STORE, "Later");
	request->uids = uids_of(1, one);
	request->set = SN_MAIL_SEEN;
	assert_int_equal(sn_mail_desk_run(other, request)->kind, SN_EVENT_DONE);
	request = sn_mail_desk_request(other, SN_MAIL_REQ_DELETE, "Later");
	request->uids = uids_of(1, two);
	assert_int_equal(sn_mail_desk_run(other, request)->kind, SN_EVENT_DONE);
	guint32 four = append(other, "Later", "l4", 0);
	id = sync_folder(desk, "Later", last_state(desk, again), known);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_FLAGS), 1);
	const SnMailEvent *event = sn_mail_desk_event(desk, id, SN_MAIL_EV_FLAGS, 0);
	assert_int_equal(event->uid, one);
	assert_int_equal(event->flags, SN_MAIL_SEEN);
	event = sn_mail_desk_event(desk, id, SN_MAIL_EV_GONE, 0);
	assert_non_null(event);
	assert_int_equal(event->uids->len, 1);
	assert_int_equal(g_array_index(event->uids, guint32, 0), two);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, four);
	sn_mail_desk_free(desk);
	sn_mail_desk_free(other);
}

static void the_same_without_modification_numbers(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	guint32 one = append(desk, "Plain", "p1", SN_MAIL_SEEN),
		two = append(desk, "Plain", "p2", 0);
	guint64 id = sync_folder(desk, "Plain", NULL, NULL);
	SnMailEvent old = *last_state(desk, id);
	g_autoptr(GArray) known = uids_of(3, one, two, (guint32)9999);

	old.highestmodseq = 0; /* as remembered from a server without CONDSTORE */
	old.uidnext = two;
	guint32 three = append(desk, "Plain", "p3", 0);
	id = sync_folder(desk, "Plain", &old, known);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, three);
	const SnMailEvent *gone = sn_mail_desk_event(desk, id, SN_MAIL_EV_GONE, 0);
	assert_non_null(gone);
	assert_int_equal(g_array_index(gone->uids, guint32, 0), 9999);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_FLAGS), 2);
	sn_mail_desk_free(desk);
}

static void older_messages_are_found_when_the_first_sync_was_limited(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	guint32 one = append(desk, "Limit", "n1", 0), two = append(desk, "Limit", "n2", 0);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_SYNC, "Limit");
	guint64 id = request->id;

	request->newest = 1;
	sn_mail_desk_run(desk, request);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, two);
	g_autoptr(GArray) known = uids_of(1, two);
	id = sync_folder(desk, "Limit", last_state(desk, id), known);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, one);
	sn_mail_desk_free(desk);
}

static void large_message_comes_in_part_and_then_whole(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	g_autofree char *body = g_strnfill(300000, 'x');
	for (gsize i = 70; i < 300000; i += 72)
		memcpy(body + i, "\r\n", 2);
	g_autofree char *text = message_text("large", body);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_APPEND, "Large");
	request->raw = g_bytes_new(text, strlen(text));
	guint32 uid = sn_mail_desk_run(desk, request)->uid;
	append(desk, "Large", "small", 0);

	request = sn_mail_desk_request(desk, SN_MAIL_REQ_SYNC, "Large");
	request->full_size = 100000;
	guint64 id = request->id;
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 2);
	const SnMailEvent *event = sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0);
	if (event->uid != uid)
		event = sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 1);
	assert_true(event->partial);
	assert_int_equal(event->size, strlen(text));
	gsize size = g_bytes_get_size(event->raw);
	assert_in_range(size, 65536, 70000);
	assert_memory_equal(g_bytes_get_data(event->raw, NULL), text, size);

	request = sn_mail_desk_request(desk, SN_MAIL_REQ_FETCH, "Large");
	request->uids = uids_of(1, uid);
	id = request->id;
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	event = sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0);
	assert_false(event->partial);
	assert_int_equal(g_bytes_get_size(event->raw), strlen(text));
	sn_mail_desk_free(desk);
}

/* Keywords of what lies in a folder, as a fresh look tells them; by number. */
static const SnMailEvent *look(SnMailDesk *desk, const char *folder, guint32 uid)
{
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_FETCH, folder);
	guint64 id = request->id;

	request->uids = uids_of(1, uid);
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	return sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0);
}

static void keywords_are_set_told_and_taken_away(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	guint32 uid = append(desk, "Tags", "t1", SN_MAIL_SEEN);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_STORE, "Tags");
	request->uids = uids_of(1, uid);
	request->set_keywords = g_strdup("work $Junk bad\"word two(");
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	assert_string_equal(look(desk, "Tags", uid)->keywords, "$Junk work");
	assert_int_equal(look(desk, "Tags", uid)->flags, SN_MAIL_SEEN);
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_STORE, "Tags");
	request->uids = uids_of(1, uid);
	request->set = SN_MAIL_FLAGGED;
	request->set_keywords = g_strdup("later");
	request->clear_keywords = g_strdup("$Junk nowhere");
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	assert_string_equal(look(desk, "Tags", uid)->keywords, "later work");
	/* they go along with a move */
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_MOVE, "Tags");
	request->uids = uids_of(1, uid);
	request->target = g_strdup("Tags2");
	const SnMailEvent *end = sn_mail_desk_run(desk, request);
	assert_string_equal(look(desk, "Tags2", end->uid)->keywords, "later work");
	sn_mail_desk_free(desk);
}

static void copies_stay_and_many_moves_tell_each_number(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	guint32 one = append(desk, "Many", "y1", 0), two = append(desk, "Many", "y2", 0),
		three = append(desk, "Many", "y3", SN_MAIL_SEEN);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_COPY, "Many");
	request->uids = uids_of(1, two);
	request->target = g_strdup("Copies/New");
	const SnMailEvent *end = sn_mail_desk_run(desk, request);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_true(end->uid > 0);
	assert_non_null(look(desk, "Many", two));
	assert_non_null(look(desk, "Copies/New", end->uid));
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_DELETE, "Many");
	request->uids = uids_of(1, two);
	sn_mail_desk_run(desk, request);
	/* one of the three is not there any more */
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_MOVE, "Many");
	request->uids = uids_of(3, one, two, three);
	request->target = g_strdup("Copies/New");
	end = sn_mail_desk_run(desk, request);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_int_equal(end->uids->len, 3);
	assert_int_equal(g_array_index(end->uids, guint32, 1), 0);
	assert_int_equal(look(desk, "Copies/New", g_array_index(end->uids, guint32, 2))->flags,
			 SN_MAIL_SEEN);
	assert_true(g_array_index(end->uids, guint32, 0) > 0);
	sn_mail_desk_free(desk);
}

/* Text in two forms, a large file, an email with a large file in it, a picture, and text at the end. */
static char *letter_with_files(gsize large)
{
	g_autofree char *bytes = g_strnfill(large, 'A');

	for (gsize i = 76; i < large; i += 78)
		memcpy(bytes + i, "\r\n", 2);
	return g_strdup_printf(
		"From: Bob <bob@example.test>\r\nTo: alice@example.test\r\nSubject: files\r\n"
		"Message-ID: <files@example.test>\r\nMIME-Version: 1.0\r\n"
		"Content-Type: multipart/mixed; boundary=\"out er\"\r\n\r\npreamble\r\n--out er\r\n"
		"Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\n"
		"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
		"quoted-printable\r\n\r\nGr=FC=DFe\r\n--inner\r\nContent-Type: text/html\r\n\r\n"
		"<p>Greetings</p>\r\n--inner--\r\n\r\n--out er\r\n"
		"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
		"Content-Disposition: attachment; filename*=utf-8''pl%%C3%%A4ne.pdf\r\n\r\n%s\r\n--out er\r\n"
		"Content-Type: message/rfc822\r\n\r\nFrom: carol@example.test\r\nSubject: within\r\n\r\n"
		"%s\r\n--out er\r\nContent-Type: image/png; name=dot.png\r\nContent-Transfer-Encoding: base64"
		"\r\n\r\naGVsbG8=\r\n--out er\r\nContent-Type: text/plain\r\n\r\nThe end.\r\n--out er--\r\n",
		bytes, bytes);
}

static void assert_same_parts(GBytes *some, GBytes *whole, const GArray *sizes)
{
	g_autoptr(SnMail) part = sn_mail_parse(some, NULL, NULL);
	g_autoptr(SnMail) all = sn_mail_parse(whole, NULL, NULL);

	assert_string_equal(part->text, all->text);
	assert_non_null(strstr(part->text, "Gr\xc3\xbc\xc3\x9f" "e"));
	assert_int_equal(part->parts->len, all->parts->len);
	for (guint i = 0; i < all->parts->len; i++) {
		const SnMailPart *a = part->parts->pdata[i], *b = all->parts->pdata[i];
		gint64 told = g_array_index(sizes, gint64, a->position - 1);
		assert_int_equal(a->position, b->position);
		assert_string_equal(a->type, b->type);
		assert_int_equal(g_strcmp0(a->name, b->name), 0);
		assert_int_equal(a->is_attachment, b->is_attachment);
		if (told < 0) /* it is all here */
			assert_int_equal(g_strcmp0(a->sha256, b->sha256), 0);
		else /* as large as told, to one in a hundred */
			assert_in_range(told, b->size - b->size / 100 - 80, b->size + b->size / 100 + 80);
	}
}

static void large_files_are_named_and_measured_and_come_when_wanted(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	g_autofree char *text = letter_with_files(150000);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_APPEND, "Files");
	request->raw = g_bytes_new(text, strlen(text));
	guint32 uid = sn_mail_desk_run(desk, request)->uid;

	request = sn_mail_desk_request(desk, SN_MAIL_REQ_SYNC, "Files");
	request->full_size = 100000;
	guint64 id = request->id;
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	const SnMailEvent *some = sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0);
	assert_true(some->partial);
	assert_int_equal(some->size, strlen(text));
	assert_in_range(g_bytes_get_size(some->raw), 500, 3000);

	request = sn_mail_desk_request(desk, SN_MAIL_REQ_FETCH, "Files");
	request->uids = uids_of(1, uid);
	id = request->id;
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	const SnMailEvent *whole = sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, 0);
	assert_same_parts(some->raw, whole->raw, some->part_sizes);
	sn_mail_desk_free(desk);
}

/* What is in the file that the request made; NULL: it did not end well, and there is none. */
static GBytes *fetch_file(SnMailDesk *desk, guint32 uid, int position, const char *path)
{
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_FETCH, "Large");
	char *content;
	gsize length;

	request->uids = uids_of(1, uid);
	request->part = position;
	request->path = g_strdup(path);
	guint64 id = request->id;
	const SnMailEvent *end = sn_mail_desk_run(desk, request);
	if (end->kind != SN_EVENT_DONE)
		return NULL;
	assert_true(g_file_get_contents(path, &content, &length, NULL));
	assert_int_equal(end->size, length);
	if (length > 2 << 20) /* it takes several pieces */
		assert_true(sn_mail_desk_count(desk, id, SN_MAIL_EV_PROGRESS) >= 2);
	g_unlink(path);
	return g_bytes_new_take(content, length);
}

static void files_of_an_email_that_is_too_large_come_one_by_one(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	g_autofree char *text = letter_with_files(3 << 20);
	g_autofree char *path = g_build_filename(servers->dir, "one-file", NULL);
	g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
	g_autoptr(SnMail) mail = sn_mail_parse(raw, NULL, NULL);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_APPEND, "Large");
	request->raw = g_bytes_ref(raw);
	guint32 uid = sn_mail_desk_run(desk, request)->uid;

	assert_int_equal(mail->parts->len, 6);
	for (guint i = 0; i < mail->parts->len; i++) {
		int position = ((SnMailPart *)mail->parts->pdata[i])->position;
		g_autoptr(GBytes) ours = fetch_file(desk, uid, position, path);
		g_autoptr(GBytes) whole = sn_mail_part_bytes(raw, position, NULL);
		assert_true(ours && g_bytes_equal(ours, whole));
	}
	g_autoptr(GBytes) quoted = fetch_file(desk, uid, 1, path);
	assert_int_equal(g_bytes_get_size(quoted), 5);
	assert_memory_equal(g_bytes_get_data(quoted, NULL), "Gr\xfc\xdf" "e", 5);
	/* what is not there; and never over another file */
	assert_null(fetch_file(desk, uid, 99, path));
	assert_null(fetch_file(desk, uid + 1, 1, path));
	assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	assert_true(g_file_set_contents(path, "mine", -1, NULL));
	assert_null(fetch_file(desk, uid, 1, path));
	assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
	sn_mail_desk_free(desk);
}

static void move_makes_its_target_and_tells_the_new_number(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	guint32 uid = append(desk, "From", "m1", SN_MAIL_SEEN);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_MOVE, "From");
	request->uids = uids_of(1, uid);
	request->target = g_strdup("Moved/Here");
	const SnMailEvent *end = sn_mail_desk_run(desk, request);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_true(end->uid > 0);

	request = sn_mail_desk_request(desk, SN_MAIL_REQ_SEARCH_ID, "Moved/Here");
	request->message_id = g_strdup("m1@example.test");
	assert_int_equal(sn_mail_desk_run(desk, request)->uid, end->uid);
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_SEARCH_ID, "From");
	request->message_id = g_strdup("m1@example.test");
	end = sn_mail_desk_run(desk, request);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_int_equal(end->uid, 0);
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_SEARCH_ID, "From");
	request->message_id = g_strdup("x\" OR ALL\r\nA1 DELETE INBOX");
	end = sn_mail_desk_run(desk, request);
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_INVALID));
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_FETCH, "From");
	request->uids = uids_of(1, uid);
	end = sn_mail_desk_run(desk, request);
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_NOT_FOUND));
	sn_mail_desk_free(desk);
}

static void missing_folder_is_an_error_and_the_line_stays_up(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("carol");
	const SnMailEvent *end =
		sn_mail_desk_run(desk, sn_mail_desk_request(desk, SN_MAIL_REQ_SYNC, "Nowhere"));

	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_NOT_FOUND));
	assert_non_null(strstr(end->error->message, "Nowhere"));
	append(desk, "INBOX", "still-up", 0);
	sn_mail_desk_free(desk);
}

static void watch_tells_of_new_mail_in_several_folders(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("bob"), *other = open_desk("bob");
	append(other, "Lists", "w0", 0);
	const char *const folders[] = { "Lists", "INBOX" };

	for (int i = 0; i < 2; i++) {
		gint64 before = g_get_monotonic_time();
		SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_WATCH, folders[i]);
		assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
		assert_in_range(g_get_monotonic_time() - before, 0, G_USEC_PER_SEC);
	}
	/* each is told once when watching has begun */
	for (int i = 0; i < 2; i++)
		assert_non_null(sn_mail_desk_next(desk, 0, SN_MAIL_EV_CHANGED, folders[i], 20));
	for (int i = 0; i < 2; i++) {
		guint from = desk->past->len;
		append(other, folders[i], i ? "w1" : "w2", 0);
		assert_non_null(sn_mail_desk_next(desk, from, SN_MAIL_EV_CHANGED, folders[i], 20));
	}
	sn_mail_desk_free(desk);
	sn_mail_desk_free(other);
}

static void compressed_lines_carry_the_same(void **state)
{
	if (!servers)
		skip();
	SnLinkSpec link = link_for("carol@example.test", "carol-secret");
	link.compress = TRUE;
	SnMailDesk *desk = sn_mail_desk_new(&sn_imap_ops, &link, NULL);
	/* what compresses well, and what does not at all */
	g_autoptr(GString) body = g_string_new(NULL);
	for (int i = 0; i < 20000; i++)
		g_string_append_printf(body, i % 2 ? "%08x\r\n" : "all the same all the same ",
				       g_random_int());
	g_autofree char *text = message_text("packed", body->str);

	assert_non_null(sn_mail_desk_line(desk, SN_LINE_ONLINE, 20));
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_APPEND, "Packed");
	request->raw = g_bytes_new(text, strlen(text));
	guint32 uid = sn_mail_desk_run(desk, request)->uid;
	append(desk, "Packed", "p2", SN_MAIL_SEEN);
	guint64 id = sync_folder(desk, "Packed", NULL, NULL);
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_FETCH, "Packed");
	request->uids = uids_of(1, uid);
	guint64 fetch = request->id;
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	const SnMailEvent *event = sn_mail_desk_event(desk, fetch, SN_MAIL_EV_MESSAGE, 0);
	assert_int_equal(g_bytes_get_size(event->raw), strlen(text));
	assert_memory_equal(g_bytes_get_data(event->raw, NULL), text, strlen(text));
	assert_int_equal(sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE), 2);
	/* and news come over a line that rests */
	request = sn_mail_desk_request(desk, SN_MAIL_REQ_WATCH, "Packed");
	assert_int_equal(sn_mail_desk_run(desk, request)->kind, SN_EVENT_DONE);
	assert_non_null(sn_mail_desk_next(desk, 0, SN_MAIL_EV_CHANGED, "Packed", 20));
	guint from = desk->past->len;
	append(desk, "Packed", "p3", 0);
	assert_non_null(sn_mail_desk_next(desk, from, SN_MAIL_EV_CHANGED, "Packed", 20));
	sn_mail_desk_free(desk);
}

static void starttls_works_too(void **state)
{
	if (!servers)
		skip();
	SnLinkSpec link = sn_test_link("localhost", servers->imap, SN_LINK_STARTTLS,
				       "alice@example.test", "alice-secret", servers->ca_file);
	SnMailDesk *desk = sn_mail_desk_new(&sn_imap_ops, &link, NULL);

	assert_non_null(sn_mail_desk_line(desk, SN_LINE_ONLINE, 20));
	append(desk, "INBOX", "starttls", 0);
	sn_mail_desk_free(desk);
}

static void wrong_password_is_said_and_not_tried_again(void **state)
{
	if (!servers)
		skip();
	SnLinkSpec link = link_for("alice@example.test", "wrong");
	SnMailDesk *desk = sn_mail_desk_new(&sn_imap_ops, &link, NULL);
	const SnMailEvent *line = sn_mail_desk_line(desk, SN_LINE_OFFLINE, 20);

	assert_non_null(line);
	assert_true(g_error_matches(line->error, SN_ERROR, SN_ERROR_AUTH));
	assert_null(strstr(line->error->message, "wrong\""));
	assert_int_equal(line->next_try, 0);
	const SnMailEvent *end =
		sn_mail_desk_run(desk, sn_mail_desk_request(desk, SN_MAIL_REQ_LIST, NULL));
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_AUTH));
	desk->ops->reconnect(desk->source);
	assert_non_null(sn_mail_desk_line(desk, SN_LINE_OFFLINE, 20));
	sn_mail_desk_free(desk);
}

static void dropped_server_is_reconnected_and_waiting_requests_go_on(void **state)
{
	if (!servers)
		skip();
	SnMailDesk *desk = open_desk("alice");

	assert_true(sn_servers_stop_one(servers, "dovecot"));
	const SnMailEvent *line = sn_mail_desk_line(desk, SN_LINE_OFFLINE, 20);
	assert_non_null(line);
	assert_true(g_error_matches(line->error, SN_ERROR, SN_ERROR_NETWORK));
	assert_true(line->next_try > 0);
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_LIST, NULL);
	guint64 id = request->id;
	desk->ops->submit(desk->source, request);
	assert_true(sn_servers_restart_one(servers, "dovecot"));
	desk->ops->reconnect(desk->source);
	const SnMailEvent *end = sn_mail_desk_end(desk, id, 30);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	sn_mail_desk_free(desk);
}

static int start(void **state)
{
	return sn_servers_setup(&servers, "dovecot");
}

static int stop(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	sn_mime_init();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_are_listed_with_their_roles),
		cmocka_unit_test(keywords_are_set_told_and_taken_away),
		cmocka_unit_test(copies_stay_and_many_moves_tell_each_number),
		cmocka_unit_test(first_sync_brings_messages_newest_first),
		cmocka_unit_test(later_sync_brings_only_what_changed),
		cmocka_unit_test(the_same_without_modification_numbers),
		cmocka_unit_test(older_messages_are_found_when_the_first_sync_was_limited),
		cmocka_unit_test(large_message_comes_in_part_and_then_whole),
		cmocka_unit_test(large_files_are_named_and_measured_and_come_when_wanted),
		cmocka_unit_test(files_of_an_email_that_is_too_large_come_one_by_one),
		cmocka_unit_test(move_makes_its_target_and_tells_the_new_number),
		cmocka_unit_test(missing_folder_is_an_error_and_the_line_stays_up),
		cmocka_unit_test(watch_tells_of_new_mail_in_several_folders),
		cmocka_unit_test(compressed_lines_carry_the_same),
		cmocka_unit_test(starttls_works_too),
		cmocka_unit_test(wrong_password_is_said_and_not_tried_again),
		cmocka_unit_test(dropped_server_is_reconnected_and_waiting_requests_go_on),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
