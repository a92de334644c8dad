/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How folders are watched by servers that can this and that. The second connection runs the second
 * script, and so on; the first is the one that syncs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/imap_scene.h"

#define STATUS_LINE(name, next) \
	"S * STATUS \"" name "\" (MESSAGES 3 UIDNEXT " next " UIDVALIDITY 7 UNSEEN 0)\n"
#define NAMES "C LIST\nS * LIST () \"/\" INBOX\nS * LIST () \"/\" Lists\nS $T OK .\n"
#define EVENTS "(MessageNew MessageExpunge FlagChange)"

static Scene open_watching(const char *const *scripts, SnTime poll, guint lines)
{
	SnScriptServer *server = sn_script_server_new(scripts);
	SnLinkSpec link = sn_test_link("127.0.0.1", sn_script_server_port(server), SN_LINK_PLAIN,
				       "alice", "secret", NULL);

	link.poll = poll;
	link.watch_lines = lines;
	Scene scene = { server, sn_mail_desk_new(&sn_imap_ops, &link, NULL) };
	assert_non_null(sn_mail_desk_line(scene.desk, SN_LINE_ONLINE, 20));
	return scene;
}

static void watch(Scene *scene, const char *folder)
{
	SnMailRequest *request = sn_mail_desk_request(scene->desk, SN_MAIL_REQ_WATCH, folder);

	assert_int_equal(sn_mail_desk_run(scene->desk, request)->kind, SN_EVENT_DONE);
}

static const SnMailEvent *next(Scene *scene, guint from, const char *folder)
{
	const SnMailEvent *event =
		sn_mail_desk_next(scene->desk, from, SN_MAIL_EV_CHANGED, folder, 20);

	assert_non_null(event);
	return event;
}

static void a_server_without_idle_is_asked_in_rounds(void **state)
{
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN "C LIST\nS * LIST () \"/\" INBOX\nS $T OK .\n"
		      "C STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n" STATUS_LINE("INBOX", "5")
		      "S $T OK .\nC LIST\nS * LIST () \"/\" INBOX\nS $T OK .\n"
		      "C STATUS\n" STATUS_LINE("INBOX", "5") "S $T OK .\n"
		      "C LIST\nS * LIST () \"/\" INBOX\nS $T OK .\nW\n"
		      "C STATUS\n" STATUS_LINE("INBOX", "6") "S $T OK .\n*",
		NULL
	};
	Scene scene = open_watching(scripts, 20, 4);

	watch(&scene, "INBOX");
	const SnMailEvent *event = next(&scene, 0, "INBOX");
	assert_int_equal(event->uidvalidity, 7);
	assert_int_equal(event->uidnext, 5);
	assert_int_equal(event->total, 3);
	guint from = scene.desk->past->len;
	/* the second round told nothing new */
	sn_script_server_go(scene.server);
	assert_int_equal(next(&scene, from, "INBOX")->uidnext, 6);
	assert_false(heard(&scene, "IDLE"));
	close_scene(&scene);
}

#define QUIET_ROUND(numbers) "C LIST\nS * LIST () \"/\" INBOX\nS $T OK .\n" \
	"C STATUS\nS * STATUS \"INBOX\" (MESSAGES 3 UIDNEXT 5 UIDVALIDITY 7 UNSEEN 0" numbers ")\nS $T OK .\n"

/* A star, say, is in none of the numbers. */
static void what_the_numbers_do_not_tell_is_looked_for_now_and_then(void **state)
{
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN QUIET_ROUND("") QUIET_ROUND("") QUIET_ROUND("") "W\n" QUIET_ROUND("") "H",
		NULL
	};
	Scene scene = open_watching(scripts, 20, 4);

	watch(&scene, "INBOX");
	assert_int_equal(next(&scene, 0, "INBOX")->uidnext, 5);
	guint from = scene.desk->past->len;
	sn_script_server_go(scene.server);
	assert_int_equal(next(&scene, from, "INBOX")->highestmodseq, 0);
	close_scene(&scene);
}

/* With numbers of changes nothing is left to look for. */
static void numbers_of_changes_are_believed(void **state)
{
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN_WITH("CONDSTORE") QUIET_ROUND(" HIGHESTMODSEQ 9") QUIET_ROUND(" HIGHESTMODSEQ 9")
			QUIET_ROUND(" HIGHESTMODSEQ 9") QUIET_ROUND(" HIGHESTMODSEQ 9")
				QUIET_ROUND(" HIGHESTMODSEQ 10") "H",
		NULL
	};
	Scene scene = open_watching(scripts, 20, 4);

	watch(&scene, "INBOX");
	const SnMailEvent *first = next(&scene, 0, "INBOX");
	assert_int_equal(first->highestmodseq, 9);
	for (guint at = 0;; at++) {
		const SnMailEvent *event = next(&scene, at, "INBOX");
		if (event != first) {
			assert_int_equal(event->highestmodseq, 10);
			break;
		}
	}
	close_scene(&scene);
}

static void folders_get_a_line_each_up_to_the_limit(void **state)
{
	/* whichever comes second and third: one has Sent, the other asks for what has no line */
	static const char any[] = LOGIN_WITH("IDLE") "*";
	const char *const scripts[] = { LOGIN "*", any, any, NULL };
	Scene scene = open_watching(scripts, 60 * SN_SECOND, 2);

	watch(&scene, "INBOX");
	watch(&scene, "Sent");
	watch(&scene, "Lists");
	while (sn_script_server_connections(scene.server) < 3 || !heard(&scene, "SELECT \"Sent\"") ||
	       !heard(&scene, "STATUS \"Lists\""))
		g_usleep(2000);
	assert_false(heard(&scene, "SELECT \"Lists\""));
	close_scene(&scene);
}

static void a_line_of_its_own_tells_of_its_folder(void **state)
{
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN_WITH("IDLE") SELECT("1") "C IDLE\nS + idling\nC DONE\nS 6 OK .\n"
					       "C LIST\nS $T OK .\nC STATUS\nS $T OK .\n"
					       "C IDLE\nS + idling\nH",
		LOGIN_WITH("IDLE") SELECT("1") "C IDLE\nS + idling\nW\nS * 2 EXISTS\nH", NULL
	};
	Scene scene = open_watching(scripts, 60 * SN_SECOND, 2);

	watch(&scene, "INBOX");
	await_heard(&scene, "IDLE");
	watch(&scene, "Sent");
	next(&scene, 0, "Sent");
	while (sn_script_server_connections(scene.server) < 3)
		g_usleep(2000);
	/* its line is up: whatever was before may have changed, and then it tells */
	sn_script_server_go(scene.server);
	for (guint at = 0;; at++) {
		const SnMailEvent *event = next(&scene, at, "Sent");
		if (event->uidvalidity == 0)
			break; /* news, not what a SELECT or STATUS told */
		while (scene.desk->past->pdata[at] != event)
			at++;
	}
	close_scene(&scene);
}

#define FIVE(n) "S * " n "1 EXISTS\nS * " n "2 EXISTS\nS * " n "3 EXISTS\nS * " n "4 EXISTS\nS * " n "5 EXISTS\n"

/* News of the inbox that no SELECT or STATUS told, from there on. */
static guint count_news(const Scene *scene, guint from)
{
	guint count = 0;

	for (guint i = from; i < scene->desk->past->len; i++) {
		const SnMailEvent *event = scene->desk->past->pdata[i];
		count += event->kind == SN_MAIL_EV_CHANGED && event->uidvalidity == 0;
	}
	return count;
}

/* The first of many changes is told while nothing else has come, and so is what came last. */
static void many_changes_are_told_in_few_events_and_none_is_left_out(void **state)
{
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN_WITH("IDLE") SELECT("1") "C IDLE\nS + idling\nW\nS * 2 EXISTS\nW\n" FIVE("1") FIVE("2")
			FIVE("3") FIVE("4") FIVE("5") FIVE("6") FIVE("7") FIVE("8") "W\nS * 99 EXISTS\nH",
		NULL
	};
	Scene scene = open_watching(scripts, 0, 0);

	watch(&scene, "INBOX");
	await_heard(&scene, "IDLE");
	guint from = scene.desk->past->len;
	for (int step = 0; step < 3; step++) {
		guint before = scene.desk->past->len;
		sn_script_server_go(scene.server);
		while (count_news(&scene, before) == 0)
			next(&scene, scene.desk->past->len, "INBOX");
	}
	/* one for each step, and of the forty lines several together */
	assert_true(count_news(&scene, from) >= 3);
	assert_true(count_news(&scene, from) < 42);
	close_scene(&scene);
}

static void news_of_names_may_be_refused(void **state)
{
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN_WITH("IDLE NOTIFY") SELECT("1") "C IDLE\nS + idling\nC DONE\nS 6 OK .\n"
						      "C (personal (MailboxName))\nS $T NO [BADEVENT] no\n"
						      "C (mailboxes (\"Lists\") " EVENTS ")\n"
						      STATUS_LINE("Lists", "9") "S $T OK .\n"
						      "C IDLE\nS + idling\nH",
		NULL
	};
	Scene scene = open_watching(scripts, 0, 0);

	watch(&scene, "INBOX");
	await_heard(&scene, "IDLE");
	watch(&scene, "Lists");
	/* NOTIFY tells at once how it is, so that a sync can be left out */
	assert_int_equal(next(&scene, 0, "Lists")->uidnext, 9);
	close_scene(&scene);
}

static void a_folder_that_went_does_not_keep_the_others_from_being_watched(void **state)
{
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN_WITH("IDLE NOTIFY") SELECT("1") "C IDLE\nS + idling\nC DONE\nW\nS 6 OK .\n"
						      "C \"Gone\"\nS $T NO there is none\n"
						      "C \"Gone\"\nS $T NO there is none\n" NAMES
						      "C (mailboxes (\"Lists\")\nS $T OK .\n"
						      "C IDLE\nS + idling\nH",
		NULL
	};
	Scene scene = open_watching(scripts, 0, 0);

	watch(&scene, "INBOX");
	await_heard(&scene, "IDLE");
	watch(&scene, "Gone");
	watch(&scene, "Lists");
	sn_script_server_go(scene.server);
	next(&scene, 0, "Lists");
	close_scene(&scene);
}

static void a_server_that_stops_telling_is_asked_again(void **state)
{
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN_WITH("IDLE NOTIFY") SELECT("1") "C IDLE\nS + idling\nC DONE\nS 6 OK .\n"
						      "C NOTIFY\nS $T OK .\nC IDLE\nS + idling\nW\n"
						      "S * OK [NOTIFICATIONOVERFLOW] too much\n"
						      "H",
		NULL
	};
	Scene scene = open_watching(scripts, 0, 0);

	watch(&scene, "INBOX");
	await_heard(&scene, "IDLE");
	watch(&scene, "Lists");
	next(&scene, 0, "Lists");
	guint from = scene.desk->past->len;
	sn_script_server_go(scene.server);
	next(&scene, from, "Lists");
	close_scene(&scene);
}

static void a_folder_that_comes_or_goes_is_told(void **state)
{
	const char *const scripts[] = {
		LOGIN "*",
		LOGIN_WITH("IDLE NOTIFY") SELECT("1") "C IDLE\nS + idling\nC DONE\nS 6 OK .\n"
						      "C NOTIFY\nS $T OK .\nC IDLE\nS + idling\nW\n"
						      "S * LIST () \"/\" New (\"OLDNAME\" (\"Old\"))\nH",
		NULL
	};
	Scene scene = open_watching(scripts, 0, 0);

	watch(&scene, "INBOX");
	await_heard(&scene, "IDLE");
	watch(&scene, "Lists");
	next(&scene, 0, "Lists");
	sn_script_server_go(scene.server);
	assert_non_null(sn_mail_desk_next(scene.desk, 0, SN_MAIL_EV_FOLDERS, NULL, 20));
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_without_idle_is_asked_in_rounds),
		cmocka_unit_test(what_the_numbers_do_not_tell_is_looked_for_now_and_then),
		cmocka_unit_test(numbers_of_changes_are_believed),
		cmocka_unit_test(folders_get_a_line_each_up_to_the_limit),
		cmocka_unit_test(a_line_of_its_own_tells_of_its_folder),
		cmocka_unit_test(many_changes_are_told_in_few_events_and_none_is_left_out),
		cmocka_unit_test(news_of_names_may_be_refused),
		cmocka_unit_test(a_folder_that_went_does_not_keep_the_others_from_being_watched),
		cmocka_unit_test(a_server_that_stops_telling_is_asked_again),
		cmocka_unit_test(a_folder_that_comes_or_goes_is_told),
	};
	/* reading the system's authorities takes long under a memory checker, and none is needed */
	g_setenv("SSL_CERT_FILE", "/dev/null", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
