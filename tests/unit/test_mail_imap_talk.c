/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the IMAP source says to servers that can this and that, and what it makes of the answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/imap_scene.h"

#define SELECT_CONDSTORE(exists, modseq)                                   \
	"C (CONDSTORE)\nS * " exists " EXISTS\nS * OK [UIDVALIDITY 7] .\n" \
	"S * OK [UIDNEXT 10] .\nS * OK [HIGHESTMODSEQ " modseq "] .\nS $T OK open\n"
#define QRESYNC_LOGIN                                       \
	LOGIN_WITH("CONDSTORE QRESYNC ENABLE UIDPLUS MOVE") \
	"C ENABLE QRESYNC\nC LIST\nS * ENABLED QRESYNC\nS 4 OK done\nS $T OK done\n"
#define SELECT_QRESYNC(exists, modseq, news)                                       \
	"C SELECT \"INBOX\" (QRESYNC (7 100))\nS * OK [CLOSED] the other one\n"        \
	"S * " exists " EXISTS\nS * OK [UIDVALIDITY 7] .\nS * OK [UIDNEXT 10] .\n" \
	"S * OK [HIGHESTMODSEQ " modseq "] .\n" news "S $T OK [READ-WRITE] open\n"

/* A sync by somebody who knows `known` (taken) as of validity 7, next 5, modseq 100. */
static guint64 sync_knowing(Scene *scene, GArray *known, int kind)
{
	SnMailRequest *request = sn_mail_desk_request(scene->desk, SN_MAIL_REQ_SYNC, "INBOX");
	guint64 id = request->id;

	request->uidvalidity = 7;
	request->uidnext = 5;
	request->highestmodseq = 100;
	request->known = known;
	const SnMailEvent *end = sn_mail_desk_run(scene->desk, request);
	if (end->error)
		print_message("# %s\n", end->error->message);
	assert_int_equal(end->kind, kind);
	return id;
}

static void assert_uids(const GArray *uids, guint count, ...)
{
	va_list arguments;

	assert_int_equal(uids->len, count);
	va_start(arguments, count);
	for (guint i = 0; i < count; i++)
		assert_int_equal(g_array_index(uids, guint32, i), va_arg(arguments, guint32));
	va_end(arguments);
}

static void nothing_is_asked_for_when_nothing_changed(void **state)
{
	const char *const scripts[] = {
		QRESYNC_LOGIN SELECT_QRESYNC(
			"2", "100", "") "C UID SEARCH UID 5:*\nS * SEARCH 4\nS $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = sync_knowing(&scene, uids_of(2, 1, 4), SN_EVENT_DONE);

	/* "5:*" names the last message even when it is below 5 */
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_MESSAGE), 0);
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FOLDER_STATE), 1);
	assert_false(heard(&scene, "FETCH"));
	close_scene(&scene);
}

static void server_with_qresync_tells_what_vanished(void **state)
{
	const char *const scripts[] = {
		QRESYNC_LOGIN SELECT_QRESYNC(
			"2", "110",
			"S * VANISHED (EARLIER) 1:2,300:4294967295\n"
			"S * 1 FETCH (UID 3 FLAGS (\\Seen $Forwarded) MODSEQ (109))\n"
			"S * 2 FETCH (UID 9 FLAGS () MODSEQ (110))\n")
				    "C UID SEARCH UID 5:*\nS * SEARCH 9\nS $T OK done\n"
				    "C UID FETCH 9 \nS * 2 FETCH (UID 9 FLAGS () RFC822.SIZE 1 "
				    "BODY[] {1}\nS x)\n"
				    "S $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = sync_knowing(&scene, uids_of(3, 1, 2, 3), SN_EVENT_DONE);

	assert_uids(sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_GONE, 0)->uids, 2, 1, 2);
	const SnMailEvent *flags = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FLAGS, 0);
	assert_int_equal(flags->uid, 3);
	assert_int_equal(flags->flags, SN_MAIL_SEEN | SN_MAIL_FORWARDED);
	assert_int_equal(sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, 9);
	const SnMailEvent *end = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FOLDER_STATE, 0);
	assert_int_equal(end->highestmodseq, 110);
	assert_int_equal(end->uidnext, 10);
	close_scene(&scene);
}

static void server_with_condstore_alone_is_asked_for_all_numbers_when_the_count_is_off(void **state)
{
	const char *const scripts[] = {
		LOGIN_WITH("CONDSTORE") SELECT_CONDSTORE(
			"1", "110") "C UID FETCH 1:4 (FLAGS) (CHANGEDSINCE 100)\nS $T OK done\n"
				    "C UID SEARCH UID 5:*\nS * SEARCH 2\nS $T OK done\n"
				    "C UID SEARCH 1:1\nS * SEARCH 2\nS $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = sync_knowing(&scene, uids_of(3, 1, 2, 3), SN_EVENT_DONE);

	assert_uids(sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_GONE, 0)->uids, 2, 1, 3);
	close_scene(&scene);
}

static void new_validity_is_told_before_anything_else(void **state)
{
	const char *const scripts[] = {
		LOGIN "C SELECT\nS * 1 EXISTS\nS * OK [UIDVALIDITY 8] .\nS * OK [UIDNEXT 2] .\n"
		      "S $T OK open\nC UID SEARCH ALL\nS * SEARCH 1\nS $T OK done\n"
		      "C UID FETCH 1 \nS * 1 FETCH (UID 1 FLAGS () RFC822.SIZE 1 BODY[] {1}\nS x)\n"
		      "S $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = sync_knowing(&scene, uids_of(2, 1, 2), SN_EVENT_DONE);

	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_GONE), 0);
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FLAGS), 0);
	for (guint i = 0, seen = 0; i < scene.desk->past->len && seen == 0; i++) {
		const SnMailEvent *event = scene.desk->past->pdata[i];
		if (event->id != id)
			continue;
		seen = 1;
		assert_int_equal(event->kind, SN_MAIL_EV_FOLDER_STATE);
		assert_int_equal(event->uidvalidity, 8);
	}
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_MESSAGE), 1);
	close_scene(&scene);
}

static void large_message_is_fetched_as_header_and_beginning(void **state)
{
	const char *const scripts[] = {
		LOGIN SELECT(
			"2") "C UID SEARCH ALL\nS * SEARCH 2 3\nS $T OK done\n"
			     "C UID SEARCH LARGER 5 ALL\nS * SEARCH 3\nS $T OK done\n"
			     "C UID FETCH 2 \nS * 1 FETCH (UID 2 FLAGS () RFC822.SIZE 1 BODY[] "
			     "{1}\n"
			     "S x)\nS $T OK done\n"
			     /* it does not say what the message is made of */
			     "C UID FETCH 3 (UID BODYSTRUCTURE)\nS $T NO cannot\n"
			     "C <0.65536>\nS * 2 FETCH (UID 3 FLAGS () RFC822.SIZE 99 BODY[HEADER] "
			     "{6}\n"
			     "R a:\\r\\n\\r\\n\nS  BODY[TEXT]<0> {4}\nS text)\nS $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_SYNC, "INBOX");
	guint64 id = request->id;

	request->full_size = 5;
	assert_int_equal(sn_mail_desk_run(scene.desk, request)->kind, SN_EVENT_DONE);
	const SnMailEvent *event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_MESSAGE, 1);
	assert_true(event->partial);
	assert_int_equal(event->size, 99);
	assert_int_equal(g_bytes_get_size(event->raw), 10);
	assert_memory_equal(g_bytes_get_data(event->raw, NULL), "a:\r\n\r\ntext", 10);
	assert_false(sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_MESSAGE, 0)->partial);
	close_scene(&scene);
}

static void folder_names_from_the_server_are_harmless(void **state)
{
	const char *const scripts[] = { LOGIN
					"C LIST\nS * LIST (\\HasNoChildren) \"/\" inbox\n"
					"S * LIST (\\HasNoChildren \\Sent) \"/\" \"Gesendet\"\n"
					"S * LIST (\\HasNoChildren) \"/\" Sent\n"
					"S * LIST (\\Noselect) \"/\" \"Only/Above\"\n"
					"S * LIST () \"/\" {9}\nR a\\0ev&il-b\nS \n"
					"S * LIST () \"/\" \"x&AAo-y\"\n"
					"S * LIST () \"/\" \"Entw&APw-rfe\"\nS $T OK done\n*",
					NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL);
	guint64 id = request->id;
	const SnMailEvent *end = sn_mail_desk_run(scene.desk, request);

	/* a zero byte may be refused as a whole; what is let through is clean */
	for (guint i = 0; i < sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FOLDER); i++) {
		const SnMailEvent *event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FOLDER, i);
		assert_true(g_utf8_validate(event->folder, -1, NULL));
		assert_null(strpbrk(event->folder, "\n\r\033"));
		if (strcmp(event->folder, "Gesendet") == 0)
			assert_string_equal(event->role, "sent");
		if (strcmp(event->folder, "Sent") == 0)
			assert_null(event->role); /* the server knows better */
		assert_int_equal(event->selectable, strcmp(event->folder, "Only/Above") != 0);
	}
	assert_true(end->kind == SN_EVENT_DONE || end->kind == SN_EVENT_ERROR);
	close_scene(&scene);
}

static void move_and_delete_touch_only_what_was_named(void **state)
{
	const char *const scripts[] = {
		QRESYNC_LOGIN SELECT_CONDSTORE(
			"9",
			"1") "C UID MOVE 3:5,8 Archive\nS * OK [COPYUID 1 3:5,8 11:14] moved\nS $T "
			     "OK done\n"
			     "C UID MOVE 9 Archive\nS * OK [COPYUID 1 9 15] moved\nS $T OK done\n"
			     "C UID STORE 1 +FLAGS (\\Deleted)\nS $T OK done\n"
			     "C UID EXPUNGE 1\nS $T OK done\n"
			     "C UID STORE 2 +FLAGS (\\Seen $Forwarded)\nS $T OK done\n"
			     "C UID STORE 2 -FLAGS (\\Flagged)\nS $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_MOVE, "INBOX");

	request->uids = uids_of(4, 3, 4, 5, 8);
	request->target = g_strdup("Archive");
	assert_int_equal(sn_mail_desk_run(scene.desk, request)->kind, SN_EVENT_DONE);
	request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_MOVE, "INBOX");
	request->uids = uids_of(1, 9);
	request->target = g_strdup("Archive");
	assert_int_equal(sn_mail_desk_run(scene.desk, request)->uid, 15);
	request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_DELETE, "INBOX");
	request->uids = uids_of(1, 1);
	assert_int_equal(sn_mail_desk_run(scene.desk, request)->kind, SN_EVENT_DONE);
	request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_STORE, "INBOX");
	request->uids = uids_of(1, 2);
	request->set = SN_MAIL_SEEN | SN_MAIL_FORWARDED;
	request->clear = SN_MAIL_FLAGGED | SN_MAIL_SEEN;
	assert_int_equal(sn_mail_desk_run(scene.desk, request)->kind, SN_EVENT_DONE);
	close_scene(&scene);
}

static void append_sends_flags_time_and_crlf(void **state)
{
	const char *const scripts[] = {
		LOGIN "C APPEND \"Sent\" (\\Seen) \"14-Nov-2023 22:13:20 +0000\" {13}\nS + go on\n"
		      "L 13\nC \nS 4 OK [APPENDUID 5 77] done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_APPEND, "Sent");

	request->raw = g_bytes_new_static("A: b\n\ntxt\n", 10);
	request->flags = SN_MAIL_SEEN;
	request->time = 1700000000 * SN_SECOND;
	const SnMailEvent *end = sn_mail_desk_run(scene.desk, request);
	if (end->error)
		print_message("# %s\n", end->error->message);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_int_equal(end->uid, 77);
	close_scene(&scene);
}

static const SnMailEvent *append(Scene *scene, const char *text)
{
	SnMailRequest *request = sn_mail_desk_request(scene->desk, SN_MAIL_REQ_APPEND, "Sent");

	request->raw = g_bytes_new(text, strlen(text));
	return sn_mail_desk_run(scene->desk, request);
}

static void append_takes_one_round_trip_where_the_server_allows(void **state)
{
	const char *const scripts[] = {
		LOGIN_WITH("LITERAL+") "C APPEND \"Sent\" {13+}\nL 13\nC \nS 4 OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	assert_int_equal(append(&scene, "A: b\r\n\r\ntxt\n")->kind, SN_EVENT_DONE);
	close_scene(&scene);
}

static void long_ones_wait_where_only_short_ones_may_go_at_once(void **state)
{
	g_autofree char *body = g_strnfill(5000, 'x');
	g_autofree char *text = g_strconcat("A: b\r\n\r\n", body, "\r\n", NULL);
	const char *const scripts[] = {
		LOGIN_WITH("LITERAL-") "C APPEND \"Sent\" {13+}\nL 13\nC \nS 4 OK done\n"
				       "C APPEND \"Sent\" {5010}\nS * 1 RECENT\nS + go\nL 5010\nC \n"
				       "S 5 OK done\nC APPEND \"Sent\" {5010}\nS $T NO [TOOBIG] too big\n"
				       "C APPEND \"Sent\" {13+}\nL 13\nC \nS 7 OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	assert_int_equal(append(&scene, "A: b\r\n\r\ntxt\r\n")->kind, SN_EVENT_DONE);
	assert_int_equal(append(&scene, text)->kind, SN_EVENT_DONE);
	assert_says(append(&scene, text)->error, SN_ERROR_LIMIT, "too big");
	/* what was refused did not go out, and the line is in step */
	assert_int_equal(append(&scene, "A: b\r\n\r\ntxt\r\n")->kind, SN_EVENT_DONE);
	close_scene(&scene);
}

static void a_folder_that_another_client_made_in_between_is_as_good(void **state)
{
	const char *const scripts[] = {
		LOGIN "C APPEND \"Sent\" {13}\nS + go\nL 13\nC \n"
		      "S 4 NO [TRYCREATE] no such folder\nC CREATE \"Sent\"\n"
		      "S $T NO [ALREADYEXISTS] it is there\nC APPEND \"Sent\" {13}\nS + go\n"
		      "L 13\nC \nS 6 OK [APPENDUID 5 78] done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	const SnMailEvent *end = append(&scene, "A: b\r\n\r\ntxt\r\n");

	if (end->error)
		print_message("# %s\n", end->error->message);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_int_equal(end->uid, 78);
	close_scene(&scene);
}

static void headers_in_utf8_are_appended_as_such(void **state)
{
	const char *const scripts[] = {
		LOGIN_WITH("LITERAL+ ENABLE UTF8=ACCEPT")
			"C ENABLE UTF8=ACCEPT\nC LIST\nS * ENABLED UTF8=ACCEPT\nS 4 OK .\nS $T OK .\n"
			"C APPEND \"Sent\" UTF8 (~{15+}\nL 15\nC )\nS 6 OK done\n"
			"C APPEND \"Sent\" {13+}\nL 13\nC \nS 7 OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	assert_int_equal(append(&scene, "A: b\xc3\xa9\r\n\r\ntxt\r\n")->kind, SN_EVENT_DONE);
	assert_int_equal(append(&scene, "A: b\r\n\r\ntx\xe9\r\n")->kind, SN_EVENT_DONE);
	close_scene(&scene);
}

static Scene open_compressed(const char *const *scripts)
{
	SnScriptServer *server = sn_script_server_new(scripts);
	SnLinkSpec link = sn_test_link("127.0.0.1", sn_script_server_port(server), SN_LINK_PLAIN,
				       "alice", "secret", NULL);

	link.compress = TRUE;
	return (Scene){ server, sn_mail_desk_new(&sn_imap_ops, &link, NULL) };
}

static void what_cannot_be_decompressed_ends_the_line(void **state)
{
	const char *const scripts[] = {
		LOGIN_WITH("COMPRESS=DEFLATE") "C LIST\nC COMPRESS DEFLATE\nS 4 OK .\nS $T OK .\nL 4\n"
					       "S * OK this is not compressed\nH",
		LOGIN "*", NULL
	};
	Scene scene = open_compressed(scripts);

	sn_mail_desk_run(scene.desk, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_SYNC, "INBOX"));
	assert_says(offline_error(&scene), SN_ERROR_NETWORK, "cannot be decompressed");
	assert_false(heard(&scene, "SELECT"));
	close_scene(&scene);
}

static void refused_compression_is_done_without(void **state)
{
	const char *const scripts[] = {
		LOGIN_WITH("COMPRESS=DEFLATE") "C LIST\nC COMPRESS DEFLATE\nS * LIST () \"/\" INBOX\nS 4 OK .\n"
					       "S $T NO busy\nC CREATE \"Tea\"\nS $T OK .\n*",
		NULL
	};
	Scene scene = open_compressed(scripts);
	SnMailRequest *list = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL);
	guint64 id = list->id;

	assert_int_equal(sn_mail_desk_run(scene.desk, list)->kind, SN_EVENT_DONE);
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FOLDER), 1);
	SnMailRequest *create = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_CREATE, "Tea");
	assert_int_equal(sn_mail_desk_run(scene.desk, create)->kind, SN_EVENT_DONE);
	close_scene(&scene);
}

/* ---- watching; the second connection runs the second script ---- */

static void watch(Scene *scene, const char *folder)
{
	assert_non_null(sn_mail_desk_line(scene->desk, SN_LINE_ONLINE, 20));
	SnMailRequest *request = sn_mail_desk_request(scene->desk, SN_MAIL_REQ_WATCH, folder);
	assert_int_equal(sn_mail_desk_run(scene->desk, request)->kind, SN_EVENT_DONE);
}

static void news_before_and_while_idling_are_told(void **state)
{
	const char *const scripts[] = { LOGIN "*",
					LOGIN_WITH("IDLE") SELECT(
						"1") "C IDLE\nS * 2 EXISTS\nS + idling\nW\n"
						     "S * OK Still here\nS * 3 EXISTS\nW\nH",
					NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	watch(&scene, "INBOX");
	assert_non_null(sn_mail_desk_next(scene.desk, 0, SN_MAIL_EV_CHANGED, "INBOX", 20));
	guint from = scene.desk->past->len;
	assert_non_null(sn_mail_desk_next(scene.desk, from, SN_MAIL_EV_CHANGED, "INBOX", 20));
	from = scene.desk->past->len;
	sn_script_server_go(scene.server);
	assert_non_null(sn_mail_desk_next(scene.desk, from, SN_MAIL_EV_CHANGED, "INBOX", 20));
	close_scene(&scene);
}

static void lost_watch_comes_back_by_itself(void **state)
{
	const char *const scripts[] = {
		LOGIN "*", LOGIN_WITH("IDLE") SELECT("1") "C IDLE\nS + idling\nW\nX",
		LOGIN_WITH("IDLE") SELECT("1") "C IDLE\nS + idling\nH", NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	watch(&scene, "INBOX");
	assert_non_null(sn_mail_desk_next(scene.desk, 0, SN_MAIL_EV_CHANGED, "INBOX", 20));
	guint from = scene.desk->past->len;
	sn_script_server_go(scene.server);
	/* something may have come in the gap */
	assert_non_null(sn_mail_desk_next(scene.desk, from, SN_MAIL_EV_CHANGED, "INBOX", 20));
	assert_int_equal(sn_script_server_connections(scene.server), 3);
	close_scene(&scene);
}

static void a_watch_that_only_looks_alive_is_tried_when_told(void **state)
{
	/* as after a sleep: the server has gone, and nobody told this end */
	const char *const scripts[] = {
		LOGIN "*", LOGIN_WITH("IDLE") SELECT("1") "C IDLE\nS + idling\nC DONE\nX",
		LOGIN_WITH("IDLE") SELECT("1") "C IDLE\nS + idling\nH", NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	watch(&scene, "INBOX");
	assert_non_null(sn_mail_desk_next(scene.desk, 0, SN_MAIL_EV_CHANGED, "INBOX", 20));
	await_heard(&scene, "IDLE");
	guint from = scene.desk->past->len;
	scene.desk->ops->reconnect(scene.desk->source);
	assert_non_null(sn_mail_desk_next(scene.desk, from, SN_MAIL_EV_CHANGED, "INBOX", 20));
	assert_int_equal(sn_script_server_connections(scene.server), 3);
	assert_true(heard(&scene, "DONE"));
	assert_true(heard(&scene, "NOOP"));
	close_scene(&scene);
}

static void other_folders_are_watched_by_notify(void **state)
{
	/* the folder that is added while the line idles makes it stop, ask, and idle again */
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN_WITH("IDLE NOTIFY")
			SELECT("1") "C IDLE\nS + idling\nC DONE\nS 6 OK done\n"
					 "C NOTIFY SET STATUS (selected (MessageNew MessageExpunge "
					 "FlagChange)) (mailboxes (\"Lists\") (MessageNew MessageExpunge FlagChange MailboxName)) "
					 "(personal (MailboxName))\n"
					 "S $T OK done\nC IDLE\nS + idling\nW\n"
					 "S * STATUS {5}\nS Lists (MESSAGES 3)\nW\nS * STATUS "
					 "\"Lists\" (MESSAGES 4)\nH",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	watch(&scene, "INBOX");
	await_heard(&scene, "IDLE");
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_WATCH, "Lists");
	assert_int_equal(sn_mail_desk_run(scene.desk, request)->kind, SN_EVENT_DONE);
	assert_non_null(sn_mail_desk_next(scene.desk, 0, SN_MAIL_EV_CHANGED, "Lists", 20));
	for (int i = 0; i < 2; i++) {
		guint from = scene.desk->past->len;
		sn_script_server_go(scene.server);
		assert_non_null(
			sn_mail_desk_next(scene.desk, from, SN_MAIL_EV_CHANGED, "Lists", 20));
	}
	close_scene(&scene);
}

/* ---- the line ---- */

static void refused_connection_and_unknown_host_are_told_apart(void **state)
{
	static const struct {
		const char *host, *words;
	} cases[] = { { "127.0.0.1", "refused" },
		      { "no-such-host.invalid", "could not be found" } };

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		SnLinkSpec link = sn_test_link(cases[i].host, 1, SN_LINK_TLS, "a", "b", NULL);
		SnMailDesk *desk = sn_mail_desk_new(&sn_imap_ops, &link, NULL);
		const SnMailEvent *line = sn_mail_desk_line(desk, SN_LINE_OFFLINE, 30);
		assert_non_null(line);
		assert_says(line->error, SN_ERROR_NETWORK, cases[i].words);
		assert_true(line->next_try > 0);
		/* a request waits until the line is up, and can be called back */
		SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_LIST, NULL);
		guint64 id = request->id;
		desk->ops->submit(desk->source, request);
		assert_null(sn_mail_desk_end(desk, id, 0));
		desk->ops->cancel(desk->source, id);
		assert_int_equal(sn_mail_desk_end(desk, id, 5)->kind, SN_EVENT_CANCELLED);
		sn_mail_desk_free(desk);
	}
}

static void farewell_of_the_server_is_noticed_while_idle(void **state)
{
	const char *const scripts[] = { LOGIN "W\nS * BYE see you\nX", LOGIN "*", NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_ONLINE, 20));
	sn_script_server_go(scene.server);
	assert_true(sn_error_is_transient(offline_error(&scene)));
	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_ONLINE, 20));
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_asked_for_when_nothing_changed),
		cmocka_unit_test(server_with_qresync_tells_what_vanished),
		cmocka_unit_test(
			server_with_condstore_alone_is_asked_for_all_numbers_when_the_count_is_off),
		cmocka_unit_test(new_validity_is_told_before_anything_else),
		cmocka_unit_test(large_message_is_fetched_as_header_and_beginning),
		cmocka_unit_test(folder_names_from_the_server_are_harmless),
		cmocka_unit_test(move_and_delete_touch_only_what_was_named),
		cmocka_unit_test(append_sends_flags_time_and_crlf),
		cmocka_unit_test(append_takes_one_round_trip_where_the_server_allows),
		cmocka_unit_test(long_ones_wait_where_only_short_ones_may_go_at_once),
		cmocka_unit_test(a_folder_that_another_client_made_in_between_is_as_good),
		cmocka_unit_test(headers_in_utf8_are_appended_as_such),
		cmocka_unit_test(what_cannot_be_decompressed_ends_the_line),
		cmocka_unit_test(refused_compression_is_done_without),
		cmocka_unit_test(news_before_and_while_idling_are_told),
		cmocka_unit_test(lost_watch_comes_back_by_itself),
		cmocka_unit_test(a_watch_that_only_looks_alive_is_tried_when_told),
		cmocka_unit_test(other_folders_are_watched_by_notify),
		cmocka_unit_test(refused_connection_and_unknown_host_are_told_apart),
		cmocka_unit_test(farewell_of_the_server_is_noticed_while_idle),
	};
	/* reading the system's authorities takes long under a memory checker, and none is needed */
	g_setenv("SSL_CERT_FILE", "/dev/null", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
