/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sync asks of servers that can this and that: how often, and how much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/imap_scene.h"

/* All that servers say by themselves: what they can do comes with the greeting and the login. */
#define QUICK_LOGIN(capabilities)                                              \
	"S * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\n"             \
	"C AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==\n"                          \
	"S $T OK [CAPABILITY IMAP4rev1 " capabilities "] in\n"

static guint64 run(Scene *scene, SnMailRequest *request)
{
	guint64 id = request->id;
	const SnMailEvent *end = sn_mail_desk_run(scene->desk, request);

	if (end->error)
		print_message("# %s\n", end->error->message);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	return id;
}

static guint lines_heard(Scene *scene)
{
	g_autofree char *text = sn_script_server_heard(scene->server);
	g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);

	return g_strv_length(lines);
}

/* The first look at a folder: its 2 newest, or all since 15 November 2023. */
static SnMailRequest *first_look(Scene *scene)
{
	SnMailRequest *request = sn_mail_desk_request(scene->desk, SN_MAIL_REQ_SYNC, "INBOX");

	request->newest = 2;
	request->since = 1700056800 * SN_SECOND;
	request->full_size = 1000;
	return request;
}

#define LOOK_AT(exists)                                                                        \
	"C SELECT \"INBOX\"\nC UID SEARCH RETURN (ALL) SINCE 15-Nov-2023\n"                    \
	"C UID SEARCH RETURN (ALL) LARGER 1000 SINCE 15-Nov-2023\n"                             \
	"S * " exists " EXISTS\nS * OK [UIDVALIDITY 7] .\nS * OK [UIDNEXT 9001] .\nS 2 OK .\n"

static void what_came_in_lately_takes_two_round_trips_from_login_to_text(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("ESEARCH") LOOK_AT("5000")
			/* answered the other way round, as some servers do */
			"S * ESEARCH (TAG \"4\") UID ALL 8999\nS * ESEARCH (TAG \"3\") UID ALL 8998:9000\n"
			"S 4 OK .\nS 3 OK .\nC UID FETCH 8998,9000 \n"
			"S * 1 FETCH (UID 9000 FLAGS () RFC822.SIZE 1 BODY[] {1}\nS x)\nS $T OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = run(&scene, first_look(&scene));

	assert_int_equal(sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, 9000);
	assert_true(heard(&scene, "8999 (UID BODYSTRUCTURE)")); /* the large one */
	close_scene(&scene);
}

static void a_search_that_is_refused_while_a_folder_is_opened_is_made_again(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("ESEARCH") LOOK_AT("5000") "S 3 NO not yet\nS 4 NO not yet\n"
			"C UID SEARCH RETURN (ALL) OR 4999:5000 SINCE 15-Nov-2023\nC LARGER\n"
			"S * ESEARCH (TAG \"5\") UID ALL 9000\nS 5 OK .\nS 6 OK .\nC UID FETCH 9000 \n"
			"S * 1 FETCH (UID 9000 FLAGS () RFC822.SIZE 1 BODY[] {1}\nS x)\nS $T OK .\n*",
		QUICK_LOGIN("ESEARCH") "*", NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = run(&scene, first_look(&scene));

	assert_int_equal(sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_MESSAGE, 0)->uid, 9000);
	close_scene(&scene);
}

static void a_folder_that_cannot_be_opened_was_not_searched(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("ESEARCH") "C SELECT\nC SEARCH\nC SEARCH\nS 2 NO [NOPERM] not you\n"
				       "S 3 BAD no folder\nS 4 BAD no folder\n"
				       "C LIST\nS * LIST () \"/\" INBOX\nS $T OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	const SnMailEvent *end = sn_mail_desk_run(scene.desk, first_look(&scene));

	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_PERMISSION));
	close_scene(&scene);
}

static void where_little_came_in_lately_the_newest_are_looked_for(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("ESEARCH") LOOK_AT("5000")
			"S * ESEARCH (TAG \"3\") UID ALL 9000\nS * ESEARCH (TAG \"4\") UID\nS 3 OK .\nS 4 OK .\n"
			"C UID SEARCH RETURN (ALL) OR 4999:5000 SINCE 15-Nov-2023\n"
			"C UID SEARCH RETURN (ALL) LARGER 1000 OR 4999:5000 SINCE 15-Nov-2023\n"
			"S * ESEARCH (TAG \"5\") UID ALL 8999:9000\nS * ESEARCH (TAG \"6\") UID\n"
			"S 5 OK .\nS 6 OK .\nC UID FETCH 8999:9000 \n"
			"S * 1 FETCH (UID 9000 FLAGS () RFC822.SIZE 1 BODY[] {1}\nS x)\nS $T OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = run(&scene, first_look(&scene));
	const SnMailEvent *event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_MESSAGE, 0);

	assert_int_equal(event->uid, 9000);
	assert_false(event->partial);
	/* login, SELECT with two SEARCHes, two SEARCHes, FETCH */
	assert_int_equal(lines_heard(&scene), 7);
	close_scene(&scene);
}

static void what_happened_everywhere_is_told_by_the_list_of_folders(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("LIST-STATUS SPECIAL-USE CONDSTORE")
			"C LIST \"\" \"*\" RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY "
			"HIGHESTMODSEQ))\nS * LIST (\\Sent) \".\" {8}\nS INBOX.S1\n"
			"S * LIST () \".\" INBOX\nS * LIST (\\NonExistent) \".\" Above\n"
			"S * STATUS \"INBOX.S1\" (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 HIGHESTMODSEQ 12345678901)\n"
			"S * STATUS Unknown (MESSAGES 3)\nS * STATUS INBOX NIL\nS $T OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = run(&scene, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL));

	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FOLDER), 3);
	const SnMailEvent *event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FOLDER, 0);
	assert_string_equal(event->folder, "INBOX/S1");
	assert_string_equal(event->role, "sent");
	assert_int_equal(event->uidvalidity, 7);
	assert_int_equal(event->uidnext, 9);
	assert_int_equal(event->total, 3);
	assert_true(event->highestmodseq == 12345678901);
	event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FOLDER, 1);
	assert_int_equal(event->uidvalidity, 0);
	event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FOLDER, 2);
	assert_false(event->selectable);
	close_scene(&scene);
}

static void a_promise_that_is_not_kept_costs_one_command(void **state)
{
	const char *const scripts[] = { QUICK_LOGIN("LIST-STATUS") "C RETURN\nS $T BAD what\n"
								   "C LIST \"\" \"*\"\n"
								   "S * LIST () \"/\" INBOX\nS $T OK .\n*",
					NULL };
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = run(&scene, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL));

	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FOLDER), 1);
	close_scene(&scene);
}

static void numbers_of_folders_are_asked_for_one_by_one_in_one_go_where_they_are_wanted(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("") "C LIST \"\" \"*\"\nS * LIST () \"/\" \"Tea & more\"\n"
				"S * LIST (\\Noselect) \"/\" Above\nS * LIST () \"/\" Odd\nS $T OK .\n"
				"C STATUS\nC STATUS\n"
				"S * STATUS \"Tea & more\" (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7)\n"
				"S 3 OK .\nS 4 NO that is odd\n"
				"C LIST\nS * LIST () \"/\" INBOX\nS $T OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL);

	request->numbers = TRUE;
	guint64 id = run(&scene, request);
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FOLDER), 3);
	const SnMailEvent *event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FOLDER, 0);
	assert_int_equal(event->uidvalidity, 7);
	assert_int_equal(event->uidnext, 9);
	assert_int_equal(sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FOLDER, 2)->uidvalidity, 0);
	assert_false(heard(&scene, "Above"));
	/* not wanted: not asked */
	run(&scene, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL));
	assert_int_equal(lines_heard(&scene), 5);
	close_scene(&scene);
}

static void flags_of_a_simple_server_are_compared_without_fetching_them(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("ESEARCH") SELECT(
			"3") "C UID SEARCH RETURN (ALL) 1:3\nS * ESEARCH (TAG \"3\") UID ALL 1:3\nS $T OK .\n"
			     "C UNSEEN\nC ANSWERED\nC FLAGGED\nC DELETED\nC DRAFT\nC $Forwarded\nC $MDNSent\n"
			     "S * ESEARCH (TAG \"4\") UID ALL 2:3\nS * ESEARCH (TAG \"6\") UID ALL 3\n"
			     "S * ESEARCH (TAG \"9\") UID ALL 1\n"
			     "S 4 OK .\nS 5 OK .\nS 6 OK .\nS 7 OK .\nS 8 OK .\nS 9 OK .\nS 10 OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_SYNC, "INBOX");

	request->uidvalidity = 7;
	request->uidnext = 4;
	request->known = uids_of(3, 1, 2, 3);
	request->known_flags = uids_of(3, SN_MAIL_SEEN | SN_MAIL_FORWARDED, SN_MAIL_SEEN, 0);
	guint64 id = run(&scene, request);
	/* 1 is as it was; 2 is unread again; 3 was flagged */
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FLAGS), 2);
	const SnMailEvent *event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FLAGS, 0);
	assert_int_equal(event->uid, 2);
	assert_int_equal(event->flags, 0);
	event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FLAGS, 1);
	assert_int_equal(event->uid, 3);
	assert_int_equal(event->flags, SN_MAIL_FLAGGED);
	assert_false(heard(&scene, "FETCH"));
	close_scene(&scene);
}

static void keywords_of_a_simple_server_are_compared_too(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("ESEARCH") "C SELECT\nS * FLAGS (\\Seen work $Forwarded home)\nS * 3 EXISTS\n"
			"S * OK [UIDVALIDITY 7] .\nS * OK [UIDNEXT 4] .\nS $T OK [READ-WRITE] open\n"
			"C UID SEARCH RETURN (ALL) 1:3\nS * ESEARCH (TAG \"3\") UID ALL 1:3\nS $T OK .\n"
			"C UNSEEN\nC ANSWERED\nC FLAGGED\nC DELETED\nC DRAFT\nC $Forwarded\nC $MDNSent\n"
			"C KEYWORD work\nC KEYWORD home\n"
			"S * ESEARCH (TAG \"11\") UID ALL 1:2\nS * ESEARCH (TAG \"12\") UID ALL 1\n"
			"S * ESEARCH (TAG \"4\") UID ALL 1:3\n"
			"S 4 OK .\nS 5 OK .\nS 6 OK .\nS 7 OK .\nS 8 OK .\nS 9 OK .\nS 10 OK .\nS 11 OK .\nS 12 OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	SnMailRequest *request = sn_mail_desk_request(scene.desk, SN_MAIL_REQ_SYNC, "INBOX");

	request->uidvalidity = 7;
	request->uidnext = 4;
	request->known = uids_of(3, 1, 2, 3);
	request->known_flags = uids_of(3, 0, 0, 0);
	request->known_keywords = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(request->known_keywords, g_strdup("work"));
	g_ptr_array_add(request->known_keywords, g_strdup("work"));
	g_ptr_array_add(request->known_keywords, g_strdup("home odd"));
	guint64 id = run(&scene, request);
	/* 1 is at home now as well; 2 is as it was; 3 is at home no more, and odd for all we know */
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FLAGS), 2);
	const SnMailEvent *event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FLAGS, 0);
	assert_int_equal(event->uid, 1);
	assert_string_equal(event->keywords, "home work");
	event = sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FLAGS, 1);
	assert_int_equal(event->uid, 3);
	assert_string_equal(event->keywords, "odd");
	close_scene(&scene);
}

static void names_are_utf8_where_that_was_agreed(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("ENABLE UTF8=ACCEPT ID") "C ENABLE UTF8=ACCEPT\nC ID (\"name\" \"sennit\")\nC LIST\n"
						     "S * ENABLED UTF8=ACCEPT\nS 2 OK .\nS * ID NIL\nS 3 OK .\n"
						     "S * LIST () \"/\" \"Entw\xc3\xbcrfe & mehr\"\nS $T OK .\n"
						     "C CREATE \"M\xc3\xb6" "bel\"\nS $T OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = run(&scene, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL));

	assert_string_equal(sn_mail_desk_event(scene.desk, id, SN_MAIL_EV_FOLDER, 0)->folder,
			    "Entw\xc3\xbcrfe & mehr");
	run(&scene, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_CREATE, "M\xc3\xb6" "bel"));
	close_scene(&scene);
}

static void a_list_that_is_refused_at_login_is_asked_for_again(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("ID LIST-STATUS") "C ID\nC LIST \"\" \"*\" RETURN\nS 2 OK .\n"
					      "S * LIST () \"/\" Half\nS 3 BAD what\n"
					      "C LIST \"\" \"*\" RETURN\nS * LIST () \"/\" Half\nS $T BAD what\n"
					      "C LIST \"\" \"*\"\nS * LIST () \"/\" INBOX\nS $T OK .\n"
					      "C LIST \"\" \"*\"\nS * LIST () \"/\" INBOX\nS * LIST () \"/\" Tea\nS $T OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);
	guint64 id = run(&scene, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL));

	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FOLDER), 1);
	/* and what was told at login or before is not told again later */
	id = run(&scene, sn_mail_desk_request(scene.desk, SN_MAIL_REQ_LIST, NULL));
	assert_int_equal(sn_mail_desk_count(scene.desk, id, SN_MAIL_EV_FOLDER), 2);
	close_scene(&scene);
}

static void more_numbers_than_can_be_true_are_refused(void **state)
{
	const char *const scripts[] = {
		QUICK_LOGIN("ESEARCH") SELECT(
			"3") "C UID SEARCH\nS * ESEARCH (TAG \"3\") UID ALL 1:4294967295\nS $T OK .\n*",
		NULL
	};
	Scene scene = open_scene(scripts, SN_LINK_PLAIN);

	assert_says(run_sync(&scene)->error, SN_ERROR_LIMIT, "more messages than");
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_in_lately_takes_two_round_trips_from_login_to_text),
		cmocka_unit_test(a_search_that_is_refused_while_a_folder_is_opened_is_made_again),
		cmocka_unit_test(a_folder_that_cannot_be_opened_was_not_searched),
		cmocka_unit_test(where_little_came_in_lately_the_newest_are_looked_for),
		cmocka_unit_test(what_happened_everywhere_is_told_by_the_list_of_folders),
		cmocka_unit_test(a_promise_that_is_not_kept_costs_one_command),
		cmocka_unit_test(
			numbers_of_folders_are_asked_for_one_by_one_in_one_go_where_they_are_wanted),
		cmocka_unit_test(flags_of_a_simple_server_are_compared_without_fetching_them),
		cmocka_unit_test(keywords_of_a_simple_server_are_compared_too),
		cmocka_unit_test(names_are_utf8_where_that_was_agreed),
		cmocka_unit_test(a_list_that_is_refused_at_login_is_asked_for_again),
		cmocka_unit_test(more_numbers_than_can_be_true_are_refused),
	};
	/* reading the system's authorities takes long under a memory checker, and none is needed */
	g_setenv("SSL_CERT_FILE", "/dev/null", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
