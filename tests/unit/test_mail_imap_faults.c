/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IMAP servers that are broken, hostile, slow, or old. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/lib/imap_scene.h"

/* ---- STARTTLS ---- */

static void starttls_not_offered_is_refused_before_any_password(void **state)
{
	const char *const scripts[] = { GREETING "*", NULL };
	Scene scene = open_scene(scripts, SN_LINK_STARTTLS);

	assert_says(offline_error(&scene), SN_ERROR_TLS, "does not offer STARTTLS");
	assert_false(heard(&scene, "LOGIN") || heard(&scene, "AUTHENTICATE"));
	close_scene(&scene);
}

static void logged_in_by_the_greeting_is_no_way_round_starttls(void **state)
{
	const char *const scripts[] = { "S * PREAUTH welcome\nC CAPABILITY\nS * CAPABILITY "
					"IMAP4rev1 STARTTLS\nS $T OK done\n*",
					NULL };
	Scene scene = open_scene(scripts, SN_LINK_STARTTLS);

	assert_says(offline_error(&scene), SN_ERROR_TLS, "STARTTLS");
	close_scene(&scene);
}

static void refused_starttls_is_final(void **state)
{
	const char *const scripts[] = {
		"S * OK hello\nC CAPABILITY\nS * CAPABILITY IMAP4rev1 STARTTLS\nS $T OK done\n"
		"C STARTTLS\nS $T NO not today\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_STARTTLS);
	const SnMailEvent *line = sn_mail_desk_line(scene.desk, SN_LINE_OFFLINE, 20);

	assert_non_null(line);
	assert_says(line->error, SN_ERROR_TLS, "not today");
	assert_int_equal(line->next_try, 0);
	close_scene(&scene);
}

static void answer_injected_before_tls_is_not_read_after_it(void **state)
{
	const char *const scripts[] = {
		"S * OK hello\nC CAPABILITY\nS * CAPABILITY IMAP4rev1 STARTTLS\nS $T OK done\n"
		"C STARTTLS\nR 2 OK begin\\r\\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\\r\\n3 OK "
		"done\\r\\n\nH",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_STARTTLS);
	const GError *error = offline_error(&scene);

	assert_int_equal(error->code, SN_ERROR_TLS);
	assert_false(heard(&scene, "AUTHENTICATE") || heard(&scene, "LOGIN"));
	close_scene(&scene);
}

static void silence_instead_of_tls_does_not_hold_up_the_end(void **state)
{
	const char *const scripts[] = { "H", NULL };
	Scene scene = open_scene(scripts, SN_LINK_TLS);

	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_CONNECTING, 20));
	close_scene(&scene);
}

static void plain_text_instead_of_tls_is_a_tls_error(void **state)
{
	const char *const scripts[] = { "S * OK I speak no TLS at all\nH", NULL };
	Scene scene = open_scene(scripts, SN_LINK_TLS);

	assert_says(offline_error(&scene), SN_ERROR_TLS, "secure connection");
	close_scene(&scene);
}

/* ---- login ---- */

static void refused_login_has_the_servers_words(void **state)
{
	const char *const scripts[] = {
		GREETING "C AUTHENTICATE\nS $T NO [AUTHENTICATIONFAILED] wrong, my friend\n*", NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	assert_says(offline_error(&scene), SN_ERROR_AUTH, "wrong, my friend");
	/* and is not tried again by itself */
	const SnMailEvent *end = sn_mail_desk_run(
		scene.desk, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL));
	assert_says(end->error, SN_ERROR_AUTH, "wrong, my friend");
	assert_int_equal(sn_script_server_connections(scene.server), 1);
	close_scene(&scene);
}

static void busy_server_is_tried_again(void **state)
{
	const char *const scripts[] = { GREETING
					"C AUTHENTICATE\nS $T NO [UNAVAILABLE] later please",
					LOGIN "*", NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	assert_true(sn_error_is_transient(offline_error(&scene)));
	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_ONLINE, 20));
	close_scene(&scene);
}

static void login_command_is_used_where_nothing_else_is_offered(void **state)
{
	const char *const scripts[] = {
		"S * OK hello\nC CAPABILITY\nS * CAPABILITY IMAP4rev1\nS $T OK done\n"
		"C LOGIN\nS $T OK in\nC CAPABILITY\nS * CAPABILITY IMAP4rev1\nS $T OK done\n"
		"C LIST\nS * LIST () \".\" \"\"\nS $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_ONLINE, 20));
	assert_true(heard(&scene, "LOGIN \"alice\" \"secret\"") ||
		    heard(&scene, "LOGIN alice secret"));
	close_scene(&scene);
}

/* ---- hostile answers ---- */

static void assert_line_falls(const char *const *scripts, const char *words)
{
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	const SnMailEvent *end = run_sync(&scene);

	assert_int_equal(end->kind, SN_EVENT_ERROR);
	if (words)
		assert_non_null(strstr(end->error->message, words));
	close_scene(&scene);
}

static void line_without_end_is_cut_off(void **state)
{
	const char *const scripts[] = { LOGIN "C SELECT\nR * OK \nF 100000000 x\nH", LOGIN "*",
					NULL };

	assert_line_falls(scripts, "without end");
}

static void deep_nesting_is_cut_off(void **state)
{
	const char *const scripts[] = {
		LOGIN SELECT("1") "C UID SEARCH\nR * 1 FETCH (BODYSTRUCTURE \nF 1000000 (\nH",
		LOGIN "*", NULL
	};

	assert_line_falls(scripts, "nested");
}

static void huge_literal_is_cut_off(void **state)
{
	const char *const scripts[] = {
		LOGIN SELECT("1") "C UID SEARCH\nS * 1 FETCH (UID 1 BODY[] {99999999999}\nH",
		LOGIN "*", NULL
	};

	assert_line_falls(scripts, "more data");
}

static void nonsense_is_cut_off(void **state)
{
	const char *const scripts[] = { LOGIN "C SELECT\nS HTTP/1.1 400 Bad Request\nH", LOGIN "*",
					NULL };

	assert_line_falls(scripts, NULL);
}

static void drop_in_mid_literal_loses_nothing_but_the_line(void **state)
{
	static const char text[] =
		"C UID SEARCH\nS * SEARCH 1 2\nS $T OK done\n"
		"C UID FETCH\nS * 2 FETCH (UID 2 FLAGS () RFC822.SIZE 8 BODY[] {8}\nR a: "
		"b\\r\\n\\r\\n\nS )\n"
		"S * 1 FETCH (UID 1 FLAGS () RFC822.SIZE 100 BODY[] {100}\nR only this\nX";
	g_autofree char *first = g_strconcat(LOGIN SELECT("2"), text, NULL);
	const char *const scripts[] = { first, LOGIN "*", NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	const SnMailEvent *end = run_sync(&scene);
	guint64 id = end->id;

	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_NETWORK));
	/* the whole one came, the half one did not, and there is no final state to remember */
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, 2);
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FOLDER_STATE), 1);
	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_ONLINE, 20));
	close_scene(&scene);
}

static void numbers_nobody_asked_for_are_ignored(void **state)
{
	static const char text[] =
		"C UID SEARCH\nS * SEARCH 1\nS $T OK done\n"
		"C UID FETCH\nS * 9 FETCH (UID 9 FLAGS () BODY[] {1}\nS x)\n"
		"S * 1 FETCH (UID 1 FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" "
		"RFC822.SIZE 1 BODY[] {1}\nS x)\nS $T OK done\n*";
	g_autofree char *first = g_strconcat(LOGIN SELECT("1"), text, NULL);
	const char *const scripts[] = { first, NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	const SnMailEvent *end = run_sync(&scene);

	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_int_equal(sn_mail_desk_count(scene.desk, end->id, SN_MAIL_EV_MESSAGE), 1);
	const SnMailEvent *event = sn_mail_desk_event(scene.desk, end->id, SN_MAIL_EV_MESSAGE, 0);
	assert_int_equal(event->uid, 1);
	assert_int_equal(event->time, 837596665 * SN_SECOND);
	close_scene(&scene);
}

static void messages_that_vanish_while_fetched_are_left_out(void **state)
{
	static const char text[] =
		"C UID SEARCH\nS * SEARCH 1 2 3\nS $T OK done\n"
		"C UID FETCH\nS * 3 FETCH (UID 3 FLAGS () RFC822.SIZE 1 BODY[] {1}\nS x)\n"
		"S * 2 EXPUNGE\nS * 1 FETCH (FLAGS (\\Seen))\nS * 2 EXISTS\nS * 0 RECENT\n"
		"S * OK [ALERT] tea is ready\nS * 1 FETCH (UID 1 FLAGS () RFC822.SIZE 0 BODY[] NIL)\n"
		"S $T OK [EXPUNGEISSUED] some were gone\n*";
	g_autofree char *first = g_strconcat(LOGIN SELECT("3"), text, NULL);
	const char *const scripts[] = { first, NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	const SnMailEvent *end = run_sync(&scene);

	/* the rest is told, and the line is in step */
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_in_range(sn_mail_desk_count(scene.desk, end->id, SN_MAIL_EV_MESSAGE), 1, 2);
	assert_int_equal(sn_mail_desk_event(scene.desk, end->id, SN_MAIL_EV_MESSAGE, 0)->uid, 3);
	SnMailRequest *list = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL);
	assert_int_equal(sn_mail_desk_run(scene.desk, list)->kind, SN_EVENT_DONE);
	close_scene(&scene);
}

static void nothing_is_changed_in_a_folder_that_can_only_be_read(void **state)
{
	const char *const scripts[] = {
		LOGIN "C SELECT\nS * 1 EXISTS\nS * OK [UIDVALIDITY 7] .\nS $T OK [READ-ONLY] look\n"
		      "C UID COPY 1 \nS $T OK done\n*",
		NULL
	};
	static const SnMailRequestKind kinds[] = { SN_MAIL_REQ_STORE, SN_MAIL_REQ_MOVE,
						   SN_MAIL_REQ_DELETE, SN_MAIL_REQ_COPY };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint32 uid = 1;

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		SnMailRequest *request = sn_mail_desk_request(scene.desk, kinds[i], "INBOX");
		request->uids = g_array_new(FALSE, FALSE, sizeof uid);
		g_array_append_val(request->uids, uid);
		request->target = g_strdup("Other");
		request->set = SN_MAIL_SEEN;
		const SnMailEvent *end = sn_mail_desk_run(scene.desk, request);
		if (kinds[i] == SN_MAIL_REQ_COPY)
			assert_int_equal(end->kind, SN_EVENT_DONE);
		else
			assert_says(end->error, SN_ERROR_PERMISSION, "INBOX can only be read");
	}
	assert_false(heard(&scene, "STORE") || heard(&scene, "EXPUNGE"));
	close_scene(&scene);
}

static void flags_that_the_server_does_not_keep_are_refused_whatever_it_says(void **state)
{
	const char *const scripts[] = {
		LOGIN "C SELECT\nS * 3 EXISTS\nS * OK [UIDVALIDITY 7] .\n"
		      "S * OK [PERMANENTFLAGS (\\Seen \\Flagged work)] .\nS $T OK [READ-WRITE] open\n"
		      "C UID STORE 1 +FLAGS (\\Seen work)\nS * 1 FETCH (UID 1 FLAGS (\\Seen work))\nS $T OK done\n"
		      "C UID STORE 1 +FLAGS (\\Flagged)\nS * 1 FETCH (UID 1 FLAGS (\\Seen))\nS $T OK done\n*",
		NULL
	};
	static const struct {
		guint set;
		const char *tags;
		gboolean good;
	} cases[] = {
		{ SN_MAIL_SEEN, "work", TRUE },
		{ SN_MAIL_FLAGGED, NULL, FALSE }, /* it only says that it did */
		{ SN_MAIL_ANSWERED, NULL, FALSE },
		{ 0, "home", FALSE },
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint32 uid = 1;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		SnMailRequest *request =
			sn_mail_desk_request(scene.desk, SN_MAIL_REQ_STORE, "INBOX");
		request->uids = g_array_new(FALSE, FALSE, sizeof uid);
		g_array_append_val(request->uids, uid);
		request->set = cases[i].set;
		request->set_keywords = g_strdup(cases[i].tags);
		const SnMailEvent *end = sn_mail_desk_run(scene.desk, request);
		if (cases[i].good)
			assert_int_equal(end->kind, SN_EVENT_DONE);
		else
			assert_says(end->error, SN_ERROR_PERMISSION, "does not let these flags");
	}
	close_scene(&scene);
}

/* What others change is told in the answer to a command of ours, too. */
static void what_others_change_meanwhile_is_no_refusal(void **state)
{
	const char *const scripts[] = {
		LOGIN "C SELECT\nS * 3 EXISTS\nS * OK [UIDVALIDITY 7] .\nS $T OK [READ-WRITE] open\n"
		      "C UID STORE 1 +FLAGS (\\Seen)\nS * 2 FETCH (UID 2 FLAGS (\\Flagged))\n"
		      "S * 1 FETCH (UID 1 FLAGS (\\Answered))\n"
		      "S * 1 FETCH (UID 1 FLAGS (\\Answered \\Seen))\nS $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_STORE, "INBOX");
	guint32 uid = 1;

	request->uids = g_array_new(FALSE, FALSE, sizeof uid);
	g_array_append_val(request->uids, uid);
	request->set = SN_MAIL_SEEN;
	assert_int_equal(sn_mail_desk_run(scene.desk, request)->kind, SN_EVENT_DONE);
	close_scene(&scene);
}

static void a_quota_is_told_with_the_folders(void **state)
{
	const char *const scripts[] = {
		LOGIN_WITH("QUOTA") "C LIST\nC GETQUOTAROOT INBOX\n"
		"S * LIST () \"/\" INBOX\nS 4 OK listed\n"
		"S * QUOTAROOT INBOX \"User quota\" all\nS * QUOTA \"User quota\" (MESSAGE 3 4 STORAGE 10 512)\n"
		"S * QUOTA all (STORAGE 900 1000)\nS * QUOTA odd (STORAGE x 0)\nS * QUOTA (STORAGE 5)\nS $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	const SnMailEvent *end = sn_mail_desk_run(
		scene.desk, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL));

	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_int_equal(sn_mail_desk_count(scene.desk, end->id, SN_MAIL_EV_QUOTA), 1);
	const SnMailEvent *quota = sn_mail_desk_event(scene.desk, end->id, SN_MAIL_EV_QUOTA, 0);
	assert_int_equal(quota->done, 900 * 1024);
	assert_int_equal(quota->total, 1000 * 1024);
	close_scene(&scene);
}

#define ONE(n) \
	"R * " n " FETCH (UID " n " FLAGS () RFC822.SIZE 9 BODY[] {9}\\r\\nA: b\\r\\n\\r\\nc)\\r\\n\n"

/* The second of three breaks the parser every time, in whatever way it is asked for. */
static void an_email_that_breaks_the_line_again_and_again_is_passed_over(void **state)
{
	static const char look[] = "C UID SEARCH\nS * SEARCH 1 2 3\nS $T OK .\n";
	g_autofree char *first = g_strconcat(LOGIN SELECT("3"), look, "C UID FETCH 1:3 \nS * 2 FETCH (UID 2 FLAGS ((((\nH", NULL);
	g_autofree char *second = g_strconcat(LOGIN SELECT("3"), look, "C UID FETCH 3 \n", ONE("3"), "S $T OK .\nC UID FETCH 2 \nS * 2 FETCH (UID 2 FLAGS ((((\nH", NULL);
	g_autofree char *third = g_strconcat(LOGIN SELECT("3"), look, "C UID FETCH 3 \n", ONE("3"), "S $T OK .\nC UID FETCH 2 (UID FLAGS\nS * 2 FETCH (UID 2 FLAGS \"\nH", NULL);
	g_autofree char *fourth = g_strconcat(LOGIN SELECT("3"), look, "C UID FETCH 3 \n", ONE("3"), "S $T OK .\nC UID FETCH 1 \n", ONE("1"), "S $T OK .\n*", NULL);
	const char *const scripts[] = { first, second, third, fourth, NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	const SnMailEvent *end = NULL;
	SnTime waits = 0;

	for (guint i = 0; i < 4; i++) {
		end = run_sync(&scene);
		if (i == 3)
			break;
		assert_true(sn_error_is_transient(end->error));
		const SnMailEvent *line = sn_mail_desk_line(scene.desk, SN_LINE_OFFLINE, 20);
		assert_non_null(line);
		waits += line->next_try ? 1 : 0;
	}
	assert_int_equal(waits, 3);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_int_equal(sn_mail_desk_count(scene.desk, end->id, SN_MAIL_EV_MESSAGE), 3);
	for (guint i = 0; i < 3; i++) {
		const SnMailEvent *event = sn_mail_desk_event(scene.desk, end->id, SN_MAIL_EV_MESSAGE, i);
		gsize length;
		g_autofree char *text = g_strndup(g_bytes_get_data(event->raw, &length), g_bytes_get_size(event->raw));
		assert_int_equal(event->partial, event->uid == 2);
		assert_int_equal(strstr(text, "could not be read") != NULL, event->uid == 2);
	}
	close_scene(&scene);
}

static void numbers_of_before_are_not_used_for_other_emails(void **state)
{
	const char *const scripts[] = { LOGIN SELECT("3") "*", NULL };
	static const SnMailRequestKind kinds[] = { SN_MAIL_REQ_STORE, SN_MAIL_REQ_MOVE,
						   SN_MAIL_REQ_DELETE, SN_MAIL_REQ_COPY,
						   SN_MAIL_REQ_FETCH };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint32 uid = 1;

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		SnMailRequest *request = sn_mail_desk_request(scene.desk, kinds[i], "INBOX");
		request->uids = g_array_new(FALSE, FALSE, sizeof uid);
		g_array_append_val(request->uids, uid);
		request->uidvalidity = 6; /* the server says 7 */
		request->target = g_strdup("Other");
		request->set = SN_MAIL_SEEN;
		assert_says(sn_mail_desk_run(scene.desk, request)->error, SN_ERROR_TEMPORARY,
			    "other numbers now");
	}
	assert_false(heard(&scene, " UID "));
	close_scene(&scene);
}

static void a_full_mailbox_is_said_in_the_servers_words(void **state)
{
	const char *const scripts[] = {
		LOGIN "C APPEND\nS $T NO [OVERQUOTA] Quota exceeded (mailbox for user is full)\n*", NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_APPEND, "Sent");

	request->raw = g_bytes_new_static("A: b\r\n\r\ntext\r\n", 14);
	const SnMailEvent *end = sn_mail_desk_run(scene.desk, request);
	assert_says(end->error, SN_ERROR_LIMIT, "could not be stored in Sent");
	assert_says(end->error, SN_ERROR_LIMIT, "mailbox for user is full");
	close_scene(&scene);
}

static void odd_delimiters_are_taken_as_they_come(void **state)
{
	const char *const scripts[] = {
		LOGIN "C LIST\nS * LIST () \"\\\\\" \"A\\\\B\"\nS * LIST () \".\" INBOX.x/y\n"
		      "S * LIST () NIL \"flat/one\"\nS * LIST () \"^\" \"p^&AOk-\"\nS $T OK done\n*",
		NULL
	};
	static const char *const names[] = { "A/B", "INBOX/x\xe2\x88\x95y", "flat\xe2\x88\x95one",
					     "p/\xc3\xa9" };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL);
	guint64 id = request->id;

	assert_int_equal(sn_mail_desk_run(scene.desk, request)->kind, SN_EVENT_DONE);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		assert_string_equal(
			sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FOLDER, i)->folder, names[i]);
	close_scene(&scene);
}

/* ---- old servers ---- */

static void without_move_and_uidplus_only_own_messages_are_expunged(void **state)
{
	const char *const scripts[] = {
		LOGIN SELECT("3") "C UID COPY 2 \nS $T NO [TRYCREATE] no such folder\n"
				  "C CREATE\nS $T OK done\nC SUBSCRIBE\nS $T OK done\n"
				  "C UID COPY 2 \nS $T OK done\nC UID STORE 2 +FLAGS "
				  "(\\Deleted)\nS $T OK done\n"
				  "C UID SEARCH DELETED\nS * SEARCH 1 2\nS $T OK done\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_MOVE, "INBOX");
	guint32 uid = 2;

	request->uids = g_array_new(FALSE, FALSE, sizeof uid);
	g_array_append_val(request->uids, uid);
	request->target = g_strdup("Other");
	assert_int_equal(sn_mail_desk_run(scene.desk, request)->kind, SN_EVENT_DONE);
	/* message 1 was marked by somebody else */
	assert_false(heard(&scene, "EXPUNGE"));
	close_scene(&scene);
}

static void append_without_an_answer_is_uncertain(void **state)
{
	const char *const scripts[] = { LOGIN "C APPEND\nS + go on\nL 14\nX", LOGIN "*", NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_APPEND, "Sent");

	request->raw = g_bytes_new_static("A: b\r\n\r\ntext\r\n", 14);
	const SnMailEvent *end = sn_mail_desk_run(scene.desk, request);
	assert_says(end->error, SN_ERROR_UNCERTAIN, "not known");
	close_scene(&scene);
}

/* ---- cancelling, stopping ---- */

static void cancelled_fetch_gives_way_at_once(void **state)
{
	const char *const scripts[] = {
		LOGIN SELECT("1") "C UID FETCH\nS * 1 FETCH (UID 1 BODY[] {100000}\nR some\nH",
		LOGIN "C LIST\nS $T OK done\n*", NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint32 uid = 1;

	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_ONLINE, 20));
	SnMailRequest *fetch = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_FETCH, "INBOX");
	guint64 id = fetch->id;
	fetch->uids = g_array_new(FALSE, FALSE, sizeof uid);
	g_array_append_val(fetch->uids, uid);
	scene.desk->ops->submit(scene.desk->source, fetch);
	/* wait until the server has the command */
	await_heard(&scene, "UID FETCH");
	SnMailRequest *list = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL);
	guint64 list_id = list->id;
	scene.desk->ops->submit(scene.desk->source, list);
	scene.desk->ops->cancel(scene.desk->source, id);
	const SnMailEvent *end = sn_mail_desk_end(scene.desk, id, 10);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_CANCELLED);
	end = sn_mail_desk_end(scene.desk, list_id, 10);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	close_scene(&scene);
}

static void urgent_request_is_served_in_the_middle_of_a_sync(void **state)
{
	g_autoptr(GString) script = g_string_new(LOGIN SELECT("60") "C UID SEARCH\nR * SEARCH");
	for (int i = 1; i <= 60; i++)
		g_string_append_printf(script, " %d", i);
	/* the LIST comes between two batches, and the folder is not opened again */
	g_string_append(script, "\\r\\n\nS $T OK done\nC UID FETCH 11:60 \nW\nS $T OK done\n"
				"C LIST\nS $T OK done\nC UID FETCH 1:10 \nS $T OK done\n*");
	const char *const scripts[] = { script->str, NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *sync = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_SYNC, "INBOX");
	SnMailRequest *list = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL);
	guint64 sync_id = sync->id, list_id = list->id;

	scene.desk->ops->submit(scene.desk->source, sync);
	await_heard(&scene, "UID FETCH");
	scene.desk->ops->submit(scene.desk->source, list);
	sn_script_server_go(scene.server);
	const SnMailEvent *end = sn_mail_desk_end(scene.desk, list_id, 20);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	end = sn_mail_desk_end(scene.desk, sync_id, 20);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	close_scene(&scene);
}

static void hanging_server_does_not_hold_up_the_end_of_any_request(void **state)
{
	const char *const scripts[] = { LOGIN "C SELECT\nH", NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnQueue *queue = sn_queue_ref(scene.desk->queue);

	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_ONLINE, 20));
	for (int i = 0; i < 3; i++)
		scene.desk->ops->submit(
			scene.desk->source,
			sn_mail_desk_request(scene.desk, SN_MAIL_REQ_SYNC, "INBOX"));
	await_heard(&scene, "SELECT");
	close_scene(&scene);
	SnMailEvent *event;
	guint ends = 0;
	while ((event = sn_queue_take(queue))) {
		ends += event->kind == SN_EVENT_CANCELLED;
		sn_mail_event_free(event);
	}
	assert_int_equal(ends, 3);
	sn_queue_unref(queue);
}

static void full_queue_does_not_hold_up_the_end(void **state)
{
	static const char text[] =
		"C UID SEARCH\nS * SEARCH 1 2 3\nS $T OK done\nC UID FETCH\n"
		"S * 1 FETCH (UID 1 FLAGS () BODY[] {2000000}\nF 2000000 x\nS )\n"
		"S * 2 FETCH (UID 2 FLAGS () BODY[] {2000000}\nF 2000000 x\nS )\n"
		"S * 3 FETCH (UID 3 FLAGS () BODY[] {2000000}\nF 2000000 x\nS )\n"
		"S $T OK done\n*";
	g_autofree char *script = g_strconcat(LOGIN SELECT("3"), text, NULL);
	const char *const scripts[] = { script, NULL };
	SnScriptServer *server = sn_script_server_new(scripts);
	SnLinkSpec link = sn_test_link("127.0.0.1", sn_script_server_port(server), SN_LINK_PLAIN,
				       "alice", "secret", NULL);
	SnQueue *queue = sn_queue_new((GDestroyNotify)sn_mail_event_free, 1000000);
	SnMailSource *source = sn_imap_ops.create(&link, NULL, queue, NULL, NULL);
	SnMailRequest *request = sn_mail_request_new(SN_MAIL_REQ_SYNC, 1);

	request->folder = g_strdup("INBOX");
	sn_imap_ops.submit(source, request);
	/* the first message is taken, the second fills the queue, the third waits for room */
	for (gboolean came = FALSE; !came;) {
		SnMailEvent *event = sn_queue_wait(queue, 10000);
		assert_non_null(event);
		came = event->kind == SN_MAIL_EV_MESSAGE;
		sn_mail_event_free(event);
	}
	while (sn_queue_wait_room(queue, 1, 0))
		g_usleep(2000);
	gint64 before = g_get_monotonic_time();
	sn_imap_ops.destroy(&source);
	assert_in_range(g_get_monotonic_time() - before, 0, 2 * G_USEC_PER_SEC);
	sn_queue_unref(queue);
	sn_script_server_free(server);
}

static void closed_queue_ends_the_thread(void **state)
{
	const char *const scripts[] = { LOGIN "*", NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_ONLINE, 20));
	sn_queue_close(scene.desk->queue);
	scene.desk->ops->submit(scene.desk->source,
				sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL));
	close_scene(&scene);
}

static void encryption_is_only_left_out_on_this_machine(void **state)
{
	/* TEST-NET-1 is nobody's; a refusal must come from us, at the latest when it connects */
	SnLinkSpec link = sn_test_link("192.0.2.1", 1, SN_LINK_PLAIN, "alice", "secret", NULL);
	SnMailDesk *desk = sn_mail_desk_new(&sn_imap_ops, &link, NULL);

	assert_non_null(sn_mail_desk_line(desk, SN_LINE_CONNECTING, 10));
	assert_null(sn_mail_desk_line(desk, SN_LINE_ONLINE, 0));
	sn_mail_desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starttls_not_offered_is_refused_before_any_password),
		cmocka_unit_test(logged_in_by_the_greeting_is_no_way_round_starttls),
		cmocka_unit_test(refused_starttls_is_final),
		cmocka_unit_test(answer_injected_before_tls_is_not_read_after_it),
		cmocka_unit_test(silence_instead_of_tls_does_not_hold_up_the_end),
		cmocka_unit_test(plain_text_instead_of_tls_is_a_tls_error),
		cmocka_unit_test(refused_login_has_the_servers_words),
		cmocka_unit_test(busy_server_is_tried_again),
		cmocka_unit_test(login_command_is_used_where_nothing_else_is_offered),
		cmocka_unit_test(line_without_end_is_cut_off),
		cmocka_unit_test(deep_nesting_is_cut_off),
		cmocka_unit_test(huge_literal_is_cut_off),
		cmocka_unit_test(nonsense_is_cut_off),
		cmocka_unit_test(drop_in_mid_literal_loses_nothing_but_the_line),
		cmocka_unit_test(numbers_nobody_asked_for_are_ignored),
		cmocka_unit_test(messages_that_vanish_while_fetched_are_left_out),
		cmocka_unit_test(nothing_is_changed_in_a_folder_that_can_only_be_read),
		cmocka_unit_test(flags_that_the_server_does_not_keep_are_refused_whatever_it_says),
		cmocka_unit_test(what_others_change_meanwhile_is_no_refusal),
		cmocka_unit_test(a_quota_is_told_with_the_folders),
		cmocka_unit_test(an_email_that_breaks_the_line_again_and_again_is_passed_over),
		cmocka_unit_test(numbers_of_before_are_not_used_for_other_emails),
		cmocka_unit_test(a_full_mailbox_is_said_in_the_servers_words),
		cmocka_unit_test(odd_delimiters_are_taken_as_they_come),
		cmocka_unit_test(without_move_and_uidplus_only_own_messages_are_expunged),
		cmocka_unit_test(append_without_an_answer_is_uncertain),
		cmocka_unit_test(cancelled_fetch_gives_way_at_once),
		cmocka_unit_test(urgent_request_is_served_in_the_middle_of_a_sync),
		cmocka_unit_test(hanging_server_does_not_hold_up_the_end_of_any_request),
		cmocka_unit_test(full_queue_does_not_hold_up_the_end),
		cmocka_unit_test(closed_queue_ends_the_thread),
		cmocka_unit_test(encryption_is_only_left_out_on_this_machine),
	};
	/* reading the system's authorities takes long under a memory checker, and none is needed */
	g_setenv("SSL_CERT_FILE", "/dev/null", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
