/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_xmpp_stress.c - much at once, and servers that answer oddly: a long absence, pages of an archive
 * as they should not be, a large roster with all its presences.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "backends/xmpp/xmpp_private.h"
#include "tests/lib/im_client.h"
#include "tests/lib/xmpp_script.h"

#define ALICE "alice@example.test"
#define WAIT 60
#define MANY 10000
#define CONTACTS 1000

static ImClient *login(XmppScript *server)
{
	ImClient *client = im_client_new(ALICE "/desk", "secret", "127.0.0.1",
					 xmpp_script_port(server), SN_LINK_PLAIN, NULL);

	assert_true(im_client_ready(client, WAIT));
	return client;
}

static guint64 walk(ImClient *client, const char *after, SnTime start)
{
	SnImRequest *request = im_client_request(client, SN_IM_REQ_ARCHIVE);

	request->after_id = g_strdup(after);
	request->start = start;
	return im_client_submit(client, request);
}

/* ---- the archive: all there is ---- */

/* Message number n, from 1; every second one is our own, as another client of ours sent it. */
static void say_archived(XmppScript *server, const char *query, int n, const char *extra)
{
	const char *from = n % 2 ? "bob@example.test/phone" : ALICE "/phone";
	const char *to = n % 2 ? ALICE : "bob@example.test";

	xmpp_script_say(server,
			"<message to='" ALICE "/desk'><result xmlns='urn:xmpp:mam:2' queryid='%s' "
			"id='a%d'%s><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' "
			"stamp='2026-01-01T%02d:%02d:%02dZ'/><message xmlns='jabber:client' type='chat' "
			"from='%s' to='%s' id='m%d'><body>message %d</body></message></forwarded>"
			"</result></message>",
			query, n, extra ? extra : "", n / 3600, n / 60 % 60, n % 60, from, to, n, n);
}

static void say_fin(XmppScript *server, const char *id, gboolean complete, int first, int last)
{
	xmpp_script_say(server,
			"<iq type='result' id='%s'><fin xmlns='urn:xmpp:mam:2'%s><set "
			"xmlns='http://jabber.org/protocol/rsm'><first>a%d</first><last>a%d</last>"
			"</set></fin></iq>",
			id, complete ? " complete='true'" : "", first, last);
}

static gboolean whole_archive(XmppScript *server, const char *stanza, const char *id, gpointer data)
{
	g_autofree char *query = xmpp_script_part(stanza, "queryid=\"");
	g_autofree char *after = xmpp_script_part(stanza, "<after>a");
	g_autofree char *max = xmpp_script_part(stanza, "<max>");
	int from = after ? atoi(after) : 0, page = max ? atoi(max) : 0;

	if (!query)
		return FALSE;
	assert_true(page > 0 && page <= 250); /* a server gives no more */
	int last = MIN(from + page, MANY);
	for (int n = from + 1; n <= last; n++)
		say_archived(server, query, n, NULL);
	say_fin(server, id, last == MANY, from + 1, last);
	return TRUE;
}

static void an_absence_of_ten_thousand_messages_is_read(void **state)
{
	XmppScript *server = xmpp_script_new(whole_archive, NULL);
	ImClient *alice = login(server);
	int own = 0;
	guint64 id = walk(alice, NULL, 0);

	for (int n = 1; n <= MANY; n++) {
		g_autofree char *wanted = g_strdup_printf("a%d", n);
		SnImEvent *event = im_client_wait(alice, SN_IM_EV_MESSAGE, NULL, NULL, WAIT);
		assert_non_null(event);
		/* in order, each once */
		assert_string_equal(event->message->archive_id, wanted);
		assert_true(event->message->archived && event->message->time);
		own += strcmp(event->message->from, ALICE "/phone") == 0;
		sn_im_event_free(event);
	}
	assert_int_equal(own, MANY / 2);
	SnImEvent *end = im_client_end(alice, id, WAIT);
	assert_non_null(end);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	assert_true(end->complete);
	assert_int_equal(end->done, MANY);
	assert_string_equal(end->last_id, "a10000");
	sn_im_event_free(end);
	im_client_free(alice);
	xmpp_script_free(server);
}

/* ---- the archive: odd answers ---- */

typedef struct {
	const char *name;
	/* page: which one is asked for, from 0 */
	void (*answer)(XmppScript *server, const char *query, const char *id, int page);
	int kind;               /* of the end */
	int messages;           /* that arrive */
	gboolean complete;
	const char *last_id;    /* NULL: not looked at */
	int pages;              /* asked for at most */
} Odd;

static void empty_without_a_set(XmppScript *server, const char *query, const char *id, int page)
{
	xmpp_script_say(server,
			"<iq type='result' id='%s'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>",
			id);
}

static void empty_and_not_complete(XmppScript *server, const char *query, const char *id, int page)
{
	xmpp_script_say(server,
			"<iq type='result' id='%s'><fin xmlns='urn:xmpp:mam:2'><set "
			"xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></fin></iq>",
			id);
}

static void bare_result(XmppScript *server, const char *query, const char *id, int page)
{
	xmpp_script_say(server, "<iq type='result' id='%s'/>", id);
}

static void the_same_page_for_ever(XmppScript *server, const char *query, const char *id, int page)
{
	say_archived(server, query, 1, NULL);
	say_archived(server, query, 2, NULL);
	say_fin(server, id, FALSE, 1, 2);
}

static void never_complete(XmppScript *server, const char *query, const char *id, int page)
{
	if (page == 0) {
		say_archived(server, query, 1, NULL);
		say_fin(server, id, FALSE, 1, 1);
	} else {
		empty_and_not_complete(server, query, id, page);
	}
}

static void no_last_id(XmppScript *server, const char *query, const char *id, int page)
{
	if (page == 0) {
		say_archived(server, query, 1, NULL);
		say_archived(server, query, 2, NULL);
		xmpp_script_say(server,
				"<iq type='result' id='%s'><fin xmlns='urn:xmpp:mam:2'/></iq>", id);
	} else {
		say_archived(server, query, 3, NULL);
		say_fin(server, id, TRUE, 3, 3);
	}
}

static void backwards_within_the_page(XmppScript *server, const char *query, const char *id, int page)
{
	say_archived(server, query, 3, NULL);
	say_archived(server, query, 1, NULL);
	say_archived(server, query, 2, NULL);
	say_fin(server, id, TRUE, 1, 3);
}

static void results_of_another_query(XmppScript *server, const char *query, const char *id, int page)
{
	say_archived(server, "not-ours", 7, NULL);
	say_archived(server, query, 1, NULL);
	say_fin(server, id, TRUE, 1, 1);
}

static void results_of_somebody_else(XmppScript *server, const char *query, const char *id, int page)
{
	xmpp_script_say(server,
			"<message from='mallory@example.test' to='" ALICE "/desk'><result "
			"xmlns='urn:xmpp:mam:2' queryid='%s' id='x'><forwarded "
			"xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' "
			"from='bob@example.test'><body>forged</body></message></forwarded></result>"
			"</message>",
			query);
	say_fin(server, id, TRUE, 1, 1);
}

static void hollow_results(XmppScript *server, const char *query, const char *id, int page)
{
	xmpp_script_say(server,
			"<message><result xmlns='urn:xmpp:mam:2' queryid='%s' id='h1'/></message>"
			"<message><result xmlns='urn:xmpp:mam:2' queryid='%s'><forwarded "
			"xmlns='urn:xmpp:forward:0'/></result></message>"
			"<message><result xmlns='urn:xmpp:mam:2'/></message>",
			query, query);
	say_archived(server, query, 1, NULL);
	say_fin(server, id, TRUE, 1, 1);
}

static void refused(XmppScript *server, const char *query, const char *id, int page)
{
	xmpp_script_say(server,
			"<iq type='error' id='%s'><error type='cancel'><item-not-found "
			"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
			id);
}

/* The archive was cleared meanwhile: the message to go on after is not in it any more. */
static void purged(XmppScript *server, const char *query, const char *id, int page)
{
	if (page == 0) {
		refused(server, query, id, page);
	} else {
		say_archived(server, query, 9, NULL);
		say_fin(server, id, TRUE, 9, 9);
	}
}

typedef struct {
	const Odd *odd;
	gint pages;
} Oddity;

static gboolean answer_oddly(XmppScript *server, const char *stanza, const char *id, gpointer data)
{
	Oddity *oddity = data;
	g_autofree char *query = xmpp_script_part(stanza, "queryid=\"");

	if (!query)
		return FALSE;
	oddity->odd->answer(server, query, id, g_atomic_int_add(&oddity->pages, 1));
	return TRUE;
}

static void odd_archives_end_and_lose_nothing(void **state)
{
	static const Odd odds[] = {
#define ODD(name) #name, name
		{ ODD(empty_without_a_set), SN_EVENT_DONE, 0, TRUE, "a0", 1 },
		{ ODD(empty_and_not_complete), SN_EVENT_DONE, 0, TRUE, "a0", 1 },
		{ ODD(bare_result), SN_EVENT_DONE, 0, TRUE, "a0", 1 },
		{ ODD(the_same_page_for_ever), SN_EVENT_DONE, 4, FALSE, "a2", 2 },
		{ ODD(never_complete), SN_EVENT_DONE, 1, TRUE, "a1", 2 },
		{ ODD(no_last_id), SN_EVENT_DONE, 3, TRUE, "a3", 2 },
		{ ODD(backwards_within_the_page), SN_EVENT_DONE, 3, TRUE, "a3", 1 },
		{ ODD(results_of_another_query), SN_EVENT_DONE, 1, TRUE, "a1", 1 },
		{ ODD(results_of_somebody_else), SN_EVENT_DONE, 0, TRUE, NULL, 1 },
		{ ODD(hollow_results), SN_EVENT_DONE, 1, TRUE, "a1", 1 },
		{ ODD(refused), SN_EVENT_ERROR, 0, FALSE, NULL, 2 },
		{ ODD(purged), SN_EVENT_DONE, 1, TRUE, "a9", 2 },
#undef ODD
	};

	for (gsize i = 0; i < G_N_ELEMENTS(odds); i++) {
		Oddity oddity = { &odds[i], 0 };
		XmppScript *server = xmpp_script_new(answer_oddly, &oddity);
		ImClient *alice = login(server);
		SnImEvent *end =
			im_client_end(alice, walk(alice, "a0", 1700000000000), WAIT);
		if (!end)
			fail_msg("%s: no end after %d pages", odds[i].name, oddity.pages);
		int messages = (int)im_client_count(alice, SN_IM_EV_MESSAGE, NULL, NULL);
		if (end->kind != odds[i].kind || end->complete != odds[i].complete ||
		    messages != odds[i].messages || oddity.pages > odds[i].pages ||
		    (odds[i].last_id && g_strcmp0(end->last_id, odds[i].last_id)))
			fail_msg("%s: end %d, complete %d, %d messages, %d pages, last %s",
				 odds[i].name, end->kind, end->complete, messages, oddity.pages,
				 end->last_id);
		sn_im_event_free(end);
		im_client_free(alice);
		xmpp_script_free(server);
	}
}

/* ---- a large roster ---- */

static gint caps_asked;

static gboolean large_roster(XmppScript *server, const char *stanza, const char *id, gpointer data)
{
	g_autoptr(GString) all = g_string_new(NULL);

	if (strstr(stanza, "caps") && strstr(stanza, "type=\"get\""))
		g_atomic_int_inc(&caps_asked);
	if (g_str_has_prefix(stanza, "<presence") && !strstr(stanza, "type=")) {
		for (int i = 0; i < CONTACTS; i++)
			g_string_append_printf(
				all,
				"<presence from='c%d@example.test/x'><show>%s</show><priority>%d"
				"</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
				"node='http://caps' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>",
				i, i % 2 ? "away" : "dnd", i % 200 - 100);
		xmpp_script_say(server, "%s", all->str);
		return TRUE;
	}
	if (!strstr(stanza, "jabber:iq:roster"))
		return FALSE;
	for (int i = 0; i < CONTACTS; i++)
		g_string_append_printf(all,
				       "<item jid='c%d@example.test' name='Contact %d' "
				       "subscription='both'/>",
				       i, i);
	xmpp_script_say(server, "<iq type='result' id='%s'><query xmlns='jabber:iq:roster'>%s</query></iq>",
			id, all->str);
	return TRUE;
}

static void a_thousand_contacts_come_on_line_at_once(void **state)
{
	XmppScript *server = xmpp_script_new(large_roster, NULL);
	ImClient *alice = login(server);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (int i = 0; i < CONTACTS; i++) {
		SnImEvent *event = im_client_wait(alice, SN_IM_EV_PRESENCE, NULL, NULL, WAIT);
		assert_non_null(event);
		assert_true(g_hash_table_add(seen, g_strdup(event->jid))); /* each once */
		assert_int_equal(event->priority, atoi(event->jid + 1) % 200 - 100);
		sn_im_event_free(event);
	}
	assert_int_equal(im_client_count(alice, SN_IM_EV_ROSTER, NULL, NULL), CONTACTS);
	assert_int_equal(im_client_count(alice, SN_IM_EV_ROSTER_END, NULL, NULL), 1);
	im_client_free(alice);
	/* one fingerprint: not a thousand questions, though nobody answers them */
	assert_true(g_atomic_int_get(&caps_asked) <= 8);
	xmpp_script_free(server);
}

/* ---- at rest ---- */

static gboolean rests(ImClient *client)
{
	gint left = g_atomic_int_get(&client->im->sleeps_for);

	return left < 0 || left >= 10000;
}

static void wait_for_rest(ImClient *client)
{
	for (gint64 end = g_get_monotonic_time() + WAIT * G_USEC_PER_SEC;
	     !rests(client) && g_get_monotonic_time() < end;)
		g_usleep(2000);
	if (!rests(client))
		fail_msg("sleeps %d ms at most", g_atomic_int_get(&client->im->sleeps_for));
}

static gboolean sends_when_told(XmppScript *server, const char *stanza, const char *id, gpointer data)
{
	if (!strstr(stanza, "<body>"))
		return FALSE;
	xmpp_script_say(server, "<message from='bob@example.test/x' to='" ALICE "/desk' type='chat' "
				"id='answer'><body>answer</body></message>");
	return TRUE;
}

/* On line with nothing to do, the thread is woken by what happens, or after ten seconds and more. */
static void an_idle_account_sleeps(void **state)
{
	XmppScript *server = xmpp_script_new(sends_when_told, NULL);
	ImClient *alice = login(server);

	wait_for_rest(alice);
	/* What is sent goes at once, and what comes is there at once: neither waits for a timer, of
	 * which the next is ten seconds away. A handful of turns, then it rests again. */
	gint before = g_atomic_int_get(&alice->im->sleeps);
	gint64 began = g_get_monotonic_time();
	im_client_send(alice, "bob@example.test", "question", "question");
	SnImEvent *event = im_client_wait_body(alice, "answer", WAIT);
	assert_non_null(event);
	gint64 took = g_get_monotonic_time() - began;
	sn_im_event_free(event);
	assert_true(took < 10 * G_USEC_PER_SEC);
	wait_for_rest(alice);
	assert_in_range(g_atomic_int_get(&alice->im->sleeps) - before, 1, 20);
	im_client_free(alice);
	xmpp_script_free(server);
}

/* ---- a server that goes away in the middle of a log-in ---- */

static void a_log_in_that_is_broken_off_is_tried_again(void **state)
{
	XmppScript *server = xmpp_script_new(NULL, NULL);

	xmpp_script_break_off(server, 1);
	ImClient *alice = im_client_new(ALICE "/desk", "secret", "127.0.0.1",
					xmpp_script_port(server), SN_LINK_PLAIN, NULL);
	SnImEvent *event = im_client_wait_line(alice, SN_LINE_OFFLINE, WAIT);
	assert_non_null(event);
	assert_int_equal(xmpp_script_left(server), 0);
	assert_true(event->error->code != SN_ERROR_AUTH); /* nobody has said that the password is wrong */
	sn_im_event_free(event);
	assert_true(im_client_ready(alice, WAIT));
	im_client_free(alice);
	xmpp_script_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_absence_of_ten_thousand_messages_is_read),
		cmocka_unit_test(odd_archives_end_and_lose_nothing),
		cmocka_unit_test(a_thousand_contacts_come_on_line_at_once),
		cmocka_unit_test(an_idle_account_sleeps),
		cmocka_unit_test(a_log_in_that_is_broken_off_is_tried_again),
	};
	const char *filter = g_getenv("TEST_FILTER");
	if (filter)
		cmocka_set_test_filter(filter);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
