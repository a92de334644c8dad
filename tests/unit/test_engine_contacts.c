/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contacts over the engine: requests, presence, rooms, blocking, what their clients can do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/sync_private.h"
#include "src/store/contacts.h"
#include "src/store/rooms.h"
#include "src/store/wish.h"
#include "tests/unit/im_stage.h"

static gboolean has_question(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) bob = sn_address_find(bench->store, SN_CHANNEL_IM, BOB);
	g_autoptr(GPtrArray) found = NULL;
	GPtrArray **out = data;

	if (!bob)
		return FALSE;
	SnId conversation = sn_conversation_for_person(bench->store, bob->person, NULL);
	found = sn_question_list(bench->store, conversation);
	if (!found || found->len == 0)
		return FALSE;
	*out = g_steal_pointer(&found);
	return TRUE;
}

static void a_contact_request_is_a_question_that_yes_grants(void **state)
{
	ImStage *stage = *state;
	SnImEvent *event = sn_im_event_new(SN_IM_EV_SUBSCRIPTION, 0, NULL);
	g_autoptr(GPtrArray) questions = NULL;
	g_autoptr(GError) error = NULL;

	im_start_online(stage);
	event->jid = g_strdup(BOB);
	sn_fake_im_push(stage->im, event);
	assert_true(sn_bench_wait(stage->bench, has_question, &questions));
	const SnQuestion *question = questions->pdata[0];
	assert_string_equal(question->labels[0], "Yes");
	assert_true(sn_question_answer(stage->bench->store, question, question->values[0], &error));
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_SUBSCRIBED, 5000);
	assert_non_null(request);
	assert_string_equal(request->jid, BOB);
	sn_im_request_free(request);
	g_autofree char *left = sn_wish_get(stage->bench->store, SN_WISH_CONTACT, BOB);
	assert_true(!left || sn_bench_wait_value(stage->bench, "wish:contact:" BOB, NULL));
}

static void a_contact_cannot_make_a_wish(void **state)
{
	ImStage *stage = *state;
	SnImMessage *im = sn_im_message_new();
	static const char *values[] = { "wish:contact:mallory@evil.example=accept", NULL };
	static const char *labels[] = { "OK", NULL };
	g_autoptr(GPtrArray) questions = NULL;
	g_autoptr(GError) error = NULL;

	im_start_online(stage);
	im->from = g_strdup(BOB "/phone");
	im->to = g_strdup(ME);
	im->id = g_strdup("wish:contact:x");
	im->body = g_strdup("Press OK");
	im->response_values = g_strdupv((char **)values);
	im->response_labels = g_strdupv((char **)labels);
	im_push_message(stage->im, im);
	assert_true(sn_bench_wait(stage->bench, has_question, &questions));
	assert_false(sn_question_answer(stage->bench->store, questions->pdata[0], values[0],
	                                &error));
	assert_null(error);
	g_autofree char *wish =
		sn_wish_get(stage->bench->store, SN_WISH_CONTACT, "mallory@evil.example");
	assert_null(wish);
}

static void own_presence_is_shown_as_wished(void **state)
{
	ImStage *stage = *state;

	im_start_online(stage);
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_PRESENCE, "", "away\tlunch", NULL));
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_PRESENCE, 5000);
	assert_non_null(request);
	assert_string_equal(request->show, "away");
	assert_string_equal(request->status, "lunch");
	sn_im_request_free(request);
}

static void expect_show(ImStage *stage, const char *show, SnTime idle_since)
{
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_PRESENCE, 30000);

	assert_non_null(request);
	assert_string_equal(request->show, show);
	assert_true(request->idle_since == idle_since);
	sn_im_request_free(request);
}

/* A client says that nobody touched it for an hour; then somebody does. */
static void an_idle_client_makes_us_away_and_the_server_quiet(void **state)
{
	ImStage *stage = *state;
	SnTime since = sn_clock_now(NULL) - SN_HOUR;
	g_autofree char *idle = g_strdup_printf("idle %" G_GINT64_FORMAT, since);
	g_autofree char *pid = g_strdup_printf("%ld", (long)getpid());

	im_start_online(stage);
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_ACTIVITY, pid, idle, NULL));
	expect_show(stage, "away", since);
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_ACTIVE, 30000);
	assert_non_null(request);
	assert_false(request->active);
	sn_im_request_free(request);
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_ACTIVITY, pid, "active", NULL));
	expect_show(stage, "online", 0);
	request = sn_fake_im_take(stage->im, SN_IM_REQ_ACTIVE, 30000);
	assert_non_null(request);
	assert_true(request->active);
	sn_im_request_free(request);
	/* by hand it is dnd, however idle */
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_PRESENCE, "", "dnd\t", NULL));
	expect_show(stage, "dnd", 0);
}

/* ---- contacts ---- */

static gboolean roster_is(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) all = sn_roster_list(bench->store, sn_account_find(bench->store, "home"));

	g_ptr_array_add(all, NULL);
	g_autofree char *joined = g_strjoinv(" ", (char **)all->pdata);
	return g_str_equal(joined, data);
}

/* Another client removed carol while this one was not there. */
static void who_is_not_in_the_roster_any_more_is_gone(void **state)
{
	ImStage *stage = *state;

	im_start_online(stage);
	im_push_roster(stage->im, BOB, "Bob", "both");
	im_push_roster(stage->im, "carol@example.test", "Carol", "both");
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_ROSTER_END, 0, NULL));
	assert_true(sn_bench_wait(stage->bench, roster_is, (gpointer) BOB " carol@example.test"));
	/* a push alone removes nobody else */
	im_push_roster(stage->im, BOB, "Robert", "both");
	im_push_line(stage->im, SN_LINE_OFFLINE);
	im_push_line(stage->im, SN_LINE_ONLINE);
	im_push_roster(stage->im, BOB, "Robert", "both");
	im_push_roster(stage->im, "dan@example.test", NULL, "none");
	assert_true(sn_bench_wait(stage->bench, roster_is, (gpointer) BOB " carol@example.test dan@example.test"));
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_ROSTER_END, 0, NULL));
	assert_true(sn_bench_wait(stage->bench, roster_is, (gpointer) BOB " dan@example.test"));
}

enum { CROWD = 1000 };

static void push_crowd(SnIm *im, int turn)
{
	for (int i = 0; i < CROWD; i++) {
		SnImEvent *event = sn_im_event_new(SN_IM_EV_PRESENCE, 0, NULL);
		event->jid = g_strdup_printf("c%d@crowd.example/x", i);
		event->show = g_strdup(turn % 2 ? "away" : "online");
		event->status = g_strdup_printf("turn %d", turn);
		sn_fake_im_push(im, event);
	}
}

static gboolean all_of_the_crowd_say(SnBench *bench, gpointer data)
{
	for (int i = CROWD - 1; i >= 0; i -= 111) {
		g_autofree char *jid = g_strdup_printf("c%d@crowd.example", i);
		g_autoptr(SnAddress) address = sn_address_find(bench->store, SN_CHANNEL_IM, jid);
		g_autoptr(SnPresence) best = address ? sn_presence_best(bench->store, address->id) : NULL;
		if (!best || g_strcmp0(best->status, data) != 0)
			return FALSE;
	}
	return TRUE;
}

/* A message that comes behind them all is filed, and what each said last stands. */
static void a_thousand_presences_leave_the_last_word_of_each(void **state)
{
	ImStage *stage = *state;

	im_start_online(stage);
	for (int i = 0; i < CROWD; i++) {
		g_autofree char *jid = g_strdup_printf("c%d@crowd.example", i);
		im_push_roster(stage->im, jid, NULL, "both");
	}
	sn_fake_im_push(stage->im, sn_im_event_new(SN_IM_EV_ROSTER_END, 0, NULL));
	for (int turn = 0; turn < 3; turn++)
		push_crowd(stage->im, turn);
	SnImMessage *message = sn_im_message_new();
	message->from = g_strdup(BOB "/phone");
	message->to = g_strdup(ME);
	message->id = g_strdup("behind-the-crowd");
	message->body = g_strdup("Quite a crowd");
	im_push_message(stage->im, message);
	assert_true(sn_bench_wait(stage->bench, im_is_here, (gpointer) "behind-the-crowd"));
	assert_true(all_of_the_crowd_say(stage->bench, (gpointer) "turn 2"));
}

/* ---- a room of two thousand ---- */

#define BIG "big@rooms.example.test"
enum { BIG_ROOM = 2000 };

static SnImEvent *room_event(int kind)
{
	SnImEvent *event = sn_im_event_new(kind, 0, NULL);

	event->jid = g_strdup(BIG);
	return event;
}

static void push_people(SnIm *im, const char *prefix, gboolean complete, SnRoomLeaving leaving)
{
	SnImEvent *event = room_event(SN_IM_EV_ROOM_PEOPLE);

	event->complete = complete;
	event->occupants = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_occupant_free);
	for (int i = 0; i < BIG_ROOM; i++) {
		SnImOccupant *one = g_new0(SnImOccupant, 1);
		one->nick = g_strdup_printf("%s%d", prefix, i);
		one->show = g_strdup("online");
		one->occupant_id = g_strdup_printf("o-%s%d", prefix, i);
		one->role = SN_ROOM_PARTICIPANT;
		one->affiliation = SN_ROOM_NO_AFFILIATION;
		one->leaving = leaving;
		one->appeared = leaving == SN_ROOM_STAYS;
		g_ptr_array_add(event->occupants, one);
	}
	sn_fake_im_push(im, event);
}

static void ask_room(ImStage *stage, const char *verb, const char *text)
{
	SnRoomWish wish = { .room = (char *)BIG, .verb = (char *)verb, .text = (char *)text };

	assert_true(sn_room_ask(stage->bench->store, &wish, NULL));
}

static gboolean people_are(SnBench *bench, gpointer data)
{
	g_autoptr(SnRoom) room = sn_room_find(bench->store, 0, BIG);

	return room && room->state == SN_ROOM_IN && room->people == GPOINTER_TO_INT(data);
}

static gboolean only_line_is(SnBench *bench, gpointer data)
{
	g_autoptr(SnRoom) room = sn_room_find(bench->store, 0, BIG);
	g_autoptr(GPtrArray) lines = sn_room_lines(bench->store, room->conversation, 0, G_MAXINT64, 100);

	return lines->len == 1 && g_str_equal(((SnRoomLine *)lines->pdata[0])->text, data);
}

static void all_but_joining(SnIm *im, const SnImRequest *request, gpointer data)
{
	if (request->kind != SN_IM_REQ_JOIN)
		im_empty_archive(im, request, data);
}

/* All come in at once, leave and come back, and the user is heard meanwhile. */
static void a_room_of_two_thousand_is_one_line(void **state)
{
	ImStage *stage = *state;

	sn_fake_im_prepare(ME, all_but_joining, NULL, TRUE);
	im_start(stage);
	ask_room(stage, "join", NULL);
	SnImRequest *join = sn_fake_im_take(stage->im, SN_IM_REQ_JOIN, 30000);
	assert_non_null(join);
	ask_room(stage, "subject", "A crowd"); /* waits until the user is in */
	sn_fake_im_push(stage->im, room_event(SN_IM_EV_ROOM));
	push_people(stage->im, "p", TRUE, SN_ROOM_STAYS);
	sn_fake_im_done(stage->im, join->id);
	sn_im_request_free(join);
	SnImRequest *topic = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 30000);
	assert_non_null(topic);
	assert_string_equal(topic->message->subject, "A crowd");
	sn_im_request_free(topic);
	assert_true(sn_bench_wait(stage->bench, people_are, GINT_TO_POINTER(BIG_ROOM)));
	for (int turn = 0; turn < 3; turn++) {
		push_people(stage->im, "q", FALSE, SN_ROOM_STAYS);
		push_people(stage->im, "q", FALSE, SN_ROOM_LEFT);
	}
	push_people(stage->im, "p", FALSE, SN_ROOM_LEFT);
	push_people(stage->im, "r", FALSE, SN_ROOM_STAYS);
	ask_room(stage, "retract", NULL);
	SnImRequest *retract = sn_fake_im_take(stage->im, SN_IM_REQ_ROOM_RETRACT, 30000);
	assert_non_null(retract);
	sn_im_request_free(retract);
	assert_true(sn_bench_wait(stage->bench, only_line_is,
	                          (gpointer) "r0, r1, r2 and 1997 more came; p0, p1, p2 and 1997 more left"));
	assert_true(people_are(stage->bench, GINT_TO_POINTER(BIG_ROOM)));
}

static gboolean blocked_are(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) all = sn_blocked_list(bench->store);
	g_autoptr(GString) jids = g_string_new(NULL);

	for (guint i = 0; i < all->len; i++)
		g_string_append_printf(jids, "%s ", ((SnBlocked *)all->pdata[i])->jid);
	return g_str_equal(jids->str, data);
}

static void push_blocked(SnIm *im, const char *jids)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_BLOCKED, 0, NULL);

	event->uris = g_strsplit(jids, " ", 0);
	sn_fake_im_push(im, event);
}

static void blocking_goes_to_the_server_and_its_list_is_shown(void **state)
{
	ImStage *stage = *state;
	static const struct {
		const char *wish;
		SnImRequestKind kind;
	} steps[] = { { "block", SN_IM_REQ_BLOCK }, { "unblock", SN_IM_REQ_UNBLOCK } };

	im_start_online(stage);
	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		assert_true(sn_wish_set(stage->bench->store, SN_WISH_CONTACT, BOB, steps[i].wish, NULL));
		SnImRequest *request = sn_fake_im_take(stage->im, steps[i].kind, 30000);
		assert_non_null(request);
		assert_string_equal(request->jid, BOB);
		sn_im_request_free(request);
		assert_true(sn_bench_wait_value(stage->bench, "wish:contact:" BOB, NULL));
	}
	push_blocked(stage->im, "bob@example.test spam.example");
	assert_true(sn_bench_wait(stage->bench, blocked_are, (gpointer) "bob@example.test spam.example "));
	assert_true(sn_is_blocked(stage->bench->store, "BOB@example.test"));
	push_blocked(stage->im, "");
	assert_true(sn_bench_wait(stage->bench, blocked_are, (gpointer) ""));
}

static void a_refused_request_is_taken_back_from_them(void **state)
{
	ImStage *stage = *state;

	im_start_online(stage);
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_CONTACT, BOB, "refuse", NULL));
	/* RFC 6121 section 3.1.6: "unsubscribed" refuses; "unsubscribe" would be about theirs */
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_UNSUBSCRIBED, 30000);
	assert_non_null(request);
	sn_im_request_free(request);
}

static gboolean caps_are_known(SnBench *bench, gpointer data)
{
	g_autoptr(SnClientCaps) caps = sn_caps_get(bench->store, data);

	return caps && g_strcmp0(caps->name, "Gajim") == 0;
}

static void what_clients_can_do_is_kept_for_the_next_log_in(void **state)
{
	ImStage *stage = *state;
	static const char *const features[] = { "urn:xmpp:ping", "urn:xmpp:receipts", NULL };
	SnImEvent *event = sn_im_event_new(SN_IM_EV_CAPS, 0, NULL);

	im_start_online(stage);
	event->item = g_strdup("sha-1:abc=");
	event->name = g_strdup("Gajim");
	event->uris = g_strdupv((char **)features);
	sn_fake_im_push(stage->im, event);
	assert_true(sn_bench_wait(stage->bench, caps_are_known, (gpointer) "sha-1:abc="));
	im_push_line(stage->im, SN_LINE_OFFLINE);
	im_push_line(stage->im, SN_LINE_ONLINE);
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_CAPS, 30000);
	assert_non_null(request);
	assert_string_equal(request->uris[0], "sha-1:abc=");
	assert_null(request->uris[1]);
	sn_im_request_free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, im_set_up, im_tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_contact_request_is_a_question_that_yes_grants),
		TEST(a_contact_cannot_make_a_wish),
		TEST(own_presence_is_shown_as_wished),
		TEST(an_idle_client_makes_us_away_and_the_server_quiet),
		TEST(who_is_not_in_the_roster_any_more_is_gone),
		TEST(a_thousand_presences_leave_the_last_word_of_each),
		TEST(a_room_of_two_thousand_is_one_line),
		TEST(blocking_goes_to_the_server_and_its_list_is_shown),
		TEST(a_refused_request_is_taken_back_from_them),
		TEST(what_clients_can_do_is_kept_for_the_next_log_in),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
