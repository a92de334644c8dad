/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rooms between engines over a real server: joined as asked and as bookmarked, everything said there
 * once on each side, also after an absence, mentions, invitations, words in private, and being put out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/engine_private.h"
#include "src/store/rooms.h"
#include "src/store/wish.h"
#include "tests/lib/im_client.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

#define SECONDS 30

static SnServers *servers; /* NULL: skip */

#define NEED_SERVERS() \
	if (!servers)  \
	skip()

/* ---- engines ---- */

typedef struct {
	const char *user;
	SnBench *bench;
	SnEngine *engine;
	SnId account;
} Side;

static const SnImOps *load_im(GError **error)
{
	return &sn_xmpp_ops;
}

static void start(Side *side)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = { .paths = side->bench->paths,
		                .config = side->bench->config,
		                .backends = { .im = load_im },
		                .random_seed = 3 };

	side->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(side->engine, 60000, &error);
	g_assert_no_error(error);
}

static void open_side(Side *side, const char *user)
{
	g_autofree char *text = g_strdup_printf(
		"[%s]\nim = xmpp://%s@example.test\nim-host = localhost:%d\n"
		"password-command = echo %s-secret\nca-file = %s\n",
		user, user, servers->xmpp, user, servers->ca_file);

	*side = (Side){ .user = user };
	side->bench = sn_bench_new(text, NULL, SN_STORE_CLIENT);
	side->account = sn_account_find(side->bench->store, user);
	start(side);
}

static void stop(Side *side)
{
	sn_engine_stop(&side->engine);
}

static void close_side(Side *side)
{
	stop(side);
	if (side->bench)
		sn_bench_free(side->bench);
	*side = (Side){ 0 };
}

/* ---- what is waited for ---- */

typedef struct {
	Side *side;
	const char *jid, *text;
	SnRoomState state;
	int count;
} Wanted;

static gboolean has_state(gpointer data)
{
	const Wanted *wanted = data;
	g_autoptr(SnRoom) room = sn_room_find(wanted->side->bench->store, 0, wanted->jid);

	return room && room->state == wanted->state;
}

static void wait_state(Side *side, const char *jid, SnRoomState state)
{
	Wanted wanted = { .side = side, .jid = jid, .state = state };

	if (sn_wait_until(has_state, &wanted, SECONDS))
		return;
	g_autoptr(SnRoom) room = sn_room_find(side->bench->store, 0, jid);
	fail_msg("%s: %s is %s: %s", side->user, jid, room ? sn_room_state_word(room->state) : "?",
	         room && room->why ? room->why : "-");
}

static SnConversation *conversation(Side *side, const char *key)
{
	g_autoptr(GPtrArray) found = sn_conversation_find(side->bench->store, key);

	for (guint i = 0; i < found->len; i++)
		if (!strcmp(((SnConversation *)found->pdata[i])->key, key))
			return g_ptr_array_steal_index(found, i);
	return NULL;
}

static int times(Side *side, const char *key, const char *text)
{
	g_autoptr(SnConversation) row = conversation(side, key);
	g_autoptr(GPtrArray) page =
		row ? sn_message_page(side->bench->store, row->id, 0, 0, FALSE, 200, SN_MESSAGE_FULL)
		    : NULL;
	int count = 0;

	for (guint i = 0; page && i < page->len; i++)
		count += !g_strcmp0(((SnMessage *)page->pdata[i])->body, text);
	return count;
}

static gboolean was_said(gpointer data)
{
	const Wanted *wanted = data;

	return times(wanted->side, wanted->jid, wanted->text) > 0;
}

static void wait_said(Side *side, const char *key, const char *text)
{
	Wanted wanted = { .side = side, .jid = key, .text = text };

	if (!sn_wait_until(was_said, &wanted, SECONDS))
		fail_msg("%s has not heard \"%s\" in %s", side->user, text, key);
}

static gboolean has_line(gpointer data)
{
	const Wanted *wanted = data;
	g_autoptr(SnRoom) room = sn_room_find(wanted->side->bench->store, 0, wanted->jid);
	g_autoptr(GPtrArray) lines =
		room ? sn_room_lines(wanted->side->bench->store, room->conversation, 0, G_MAXINT64, 100)
		     : NULL;

	for (guint i = 0; lines && i < lines->len; i++)
		if (strstr(((SnRoomLine *)lines->pdata[i])->text, wanted->text))
			return TRUE;
	return FALSE;
}

static void wait_line(Side *side, const char *jid, const char *text)
{
	Wanted wanted = { .side = side, .jid = jid, .text = text };

	if (sn_wait_until(has_line, &wanted, SECONDS))
		return;
	g_autoptr(SnRoom) room = sn_room_find(side->bench->store, 0, jid);
	g_autoptr(GPtrArray) lines = sn_room_lines(side->bench->store, room->conversation, 0,
	                                           G_MAXINT64, 100);
	for (guint i = 0; i < lines->len; i++)
		print_message("%s\n", ((SnRoomLine *)lines->pdata[i])->text);
	fail_msg("%s sees no line \"%s\" in %s", side->user, text, jid);
}

/* ---- what is done ---- */

static void ask(Side *side, const char *jid, const char *verb, const char *who, const char *value,
                const char *text)
{
	g_autoptr(GError) error = NULL;
	SnRoomWish wish = { .account = side->account, .room = (char *)jid, .verb = (char *)verb,
		            .who = (char *)who, .value = (char *)value, .text = (char *)text };

	assert_true(sn_room_ask(side->bench->store, &wish, &error));
}

static void join(Side *side, const char *jid, gboolean create)
{
	ask(side, jid, "join", NULL, create ? "create" : NULL, NULL);
	wait_state(side, jid, SN_ROOM_IN);
}

static SnId say(Side *side, const char *key, const char *body)
{
	SnStore *store = side->bench->store;
	g_autoptr(SnConversation) row = conversation(side, key);
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autofree char *from = g_strconcat(side->user, "@example.test", NULL);
	g_autoptr(GError) error = NULL;
	SnParty party = { SN_ROLE_TO, (char *)key, NULL };
	SnOutboxNew entry = { .conversation = row->id, .account = side->account,
		              .channel = SN_CHANNEL_IM, .from = from, .recipients = recipients,
		              .body = body, .state = SN_STATE_QUEUED };

	g_ptr_array_add(recipients, &party);
	SnId id = sn_outbox_queue(store, &entry, FALSE, &error);
	g_assert_no_error(error);
	return id;
}

static gboolean is_accepted(gpointer data)
{
	const Wanted *wanted = data;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(wanted->side->bench->store, wanted->count, 0);

	return entry && entry->state == SN_STATE_ACCEPTED;
}

static void wait_accepted(Side *side, SnId entry)
{
	Wanted wanted = { .side = side, .count = (int)entry };

	if (sn_wait_until(is_accepted, &wanted, SECONDS))
		return;
	g_autoptr(SnOutboxEntry) stuck = sn_outbox_get(side->bench->store, entry, SN_OUTBOX_FULL);
	fail_msg("%s: the message is %s: %s", side->user, sn_state_word(stuck->state),
	         stuck->reason ? stuck->reason : "-");
}

/* ---- tests ---- */

static void everybody_has_what_was_said_once(void **state)
{
	NEED_SERVERS();
	const char *room = "once@rooms.example.test";
	Side alice, bob;

	open_side(&alice, "alice");
	open_side(&bob, "bob");
	join(&alice, room, TRUE);
	join(&bob, room, FALSE);
	wait_line(&alice, room, "bob came"); /* gathered for a moment: who left before was never there */
	SnId entry = say(&alice, room, "the kettle is on");
	wait_accepted(&alice, entry);
	wait_said(&bob, room, "the kettle is on");
	say(&bob, room, "alice: two cups, please");
	wait_said(&alice, room, "alice: two cups, please");
	/* what speaks to alice is counted, until she reads it */
	g_autoptr(SnConversation) row = conversation(&alice, room);
	assert_int_equal(row->unread, 1);
	assert_int_equal(row->mentions, 1);
	assert_true(sn_conversation_mark_read(alice.bench->store, row->id, 0, NULL));
	g_autoptr(SnConversation) read = conversation(&alice, room);
	assert_int_equal(read->mentions, 0);
	/* bob is away meanwhile, and hears of it from the room's archive */
	stop(&bob);
	wait_line(&alice, room, "bob left");
	say(&alice, room, "biscuits too");
	wait_said(&alice, room, "biscuits too");
	start(&bob);
	wait_state(&bob, room, SN_ROOM_IN);
	wait_said(&bob, room, "biscuits too");
	say(&alice, room, "that is all");
	wait_said(&bob, room, "that is all");
	static const char *const said[] = { "the kettle is on", "alice: two cups, please",
		                            "biscuits too", "that is all" };
	for (gsize i = 0; i < G_N_ELEMENTS(said); i++) {
		assert_int_equal(times(&alice, room, said[i]), 1);
		assert_int_equal(times(&bob, room, said[i]), 1);
	}
	g_autoptr(SnConversation) his = conversation(&bob, room);
	g_autoptr(SnMessage) last = sn_message_get(bob.bench->store, his->last_message, 0);
	assert_string_equal(last->sender_name, "alice");
	assert_non_null(last->occupant);
	close_side(&alice);
	close_side(&bob);
}

/* The room keeps no archive: it repeats what was said on joining, which is asked from then on. */
static void an_absence_is_filled_without_an_archive(void **state)
{
	NEED_SERVERS();
	const char *room = "bare@plain.example.test";
	Side alice, bob;

	open_side(&alice, "alice");
	open_side(&bob, "bob");
	join(&alice, room, TRUE);
	join(&bob, room, FALSE);
	say(&alice, room, "before");
	wait_said(&bob, room, "before");
	say(&bob, room, "mine");
	wait_said(&alice, room, "mine");
	stop(&bob);
	say(&alice, room, "while bob was away");
	wait_said(&alice, room, "while bob was away");
	start(&bob);
	wait_said(&bob, room, "while bob was away");
	/* the line of both breaks, without an end of the engines */
	assert_true(sn_servers_restart_one(servers, "prosody"));
	say(&alice, room, "after the storm");
	wait_said(&bob, room, "after the storm");
	static const char *const said[] = { "before", "mine", "while bob was away", "after the storm" };
	for (gsize i = 0; i < G_N_ELEMENTS(said); i++) {
		assert_int_equal(times(&alice, room, said[i]), 1);
		assert_int_equal(times(&bob, room, said[i]), 1);
	}
	close_side(&alice);
	close_side(&bob);
}

static void a_refusal_is_told_and_another_nick_helps(void **state)
{
	NEED_SERVERS();
	const char *room = "names@rooms.example.test";
	Side alice, bob;

	open_side(&alice, "alice");
	open_side(&bob, "bob");
	ask(&alice, room, "join", NULL, NULL, NULL);
	wait_state(&alice, room, SN_ROOM_REFUSED);
	g_autoptr(SnRoom) missing = sn_room_find(alice.bench->store, 0, room);
	assert_string_equal(missing->why_word, sn_error_word(SN_ERROR_NOT_FOUND));
	join(&alice, room, TRUE);
	ask(&bob, room, "join", "alice", NULL, NULL);
	wait_state(&bob, room, SN_ROOM_REFUSED);
	g_autoptr(SnRoom) taken = sn_room_find(bob.bench->store, 0, room);
	assert_string_equal(taken->why_word, sn_error_word(SN_ERROR_EXISTS));
	wait_line(&bob, room, "has that nick already");
	ask(&bob, room, "join", "robert", NULL, NULL);
	wait_state(&bob, room, SN_ROOM_IN);
	wait_line(&alice, room, "robert came");
	ask(&bob, room, "join", "robin", NULL, NULL);
	wait_line(&alice, room, "robert is now called robin");
	ask(&alice, room, "subject", NULL, NULL, "Names");
	wait_line(&bob, room, "alice set the topic: Names");
	ask(&alice, room, "role", "robin", "none", "enough");
	wait_line(&bob, room, "You were put out by alice: enough.");
	wait_state(&bob, room, SN_ROOM_REFUSED);
	wait_line(&alice, room, "robin was put out by alice: enough");
	ask(&bob, room, "role", "alice", "none", NULL);
	wait_line(&bob, room, "does not let you do that");
	close_side(&alice);
	close_side(&bob);
}

static void another_device_follows_the_bookmarks(void **state)
{
	NEED_SERVERS();
	const char *room = "kept@rooms.example.test";
	Side one, two;

	open_side(&one, "carol");
	open_side(&two, "carol");
	join(&one, room, TRUE);
	wait_state(&two, room, SN_ROOM_IN); /* nobody asked there */
	ask(&one, room, "leave", NULL, NULL, NULL);
	wait_state(&one, room, SN_ROOM_OUT);
	wait_state(&two, room, SN_ROOM_OUT);
	stop(&two);
	start(&two);
	g_autoptr(SnRoom) after = sn_room_find(two.bench->store, 0, room);
	assert_false(after->wanted);
	assert_int_not_equal(after->state, SN_ROOM_IN);
	close_side(&one);
	close_side(&two);
}

static gboolean is_kept(gpointer data)
{
	const Wanted *wanted = data;
	g_autoptr(SnRoom) room = sn_room_find(wanted->side->bench->store, 0, wanted->jid);

	return room && room->state == SN_ROOM_IN && room->wanted && room->bookmarked;
}

/* The room has not even said yet that the user left. */
static void who_comes_back_at_once_is_in(void **state)
{
	NEED_SERVERS();
	const char *room = "revolving@rooms.example.test";
	Side alice;
	Wanted wanted = { .side = &alice, .jid = room };

	open_side(&alice, "alice");
	join(&alice, room, TRUE);
	assert_true(sn_wait_until(is_kept, &wanted, SECONDS));
	ask(&alice, room, "leave", NULL, NULL, NULL);
	ask(&alice, room, "join", NULL, NULL, NULL);
	ask(&alice, room, "subject", NULL, NULL, "Round and round");
	wait_line(&alice, room, "alice set the topic: Round and round");
	assert_true(sn_wait_until(is_kept, &wanted, SECONDS));
	stop(&alice);
	start(&alice);
	assert_true(sn_wait_until(is_kept, &wanted, SECONDS));
	ask(&alice, room, "leave", NULL, NULL, NULL);
	wait_state(&alice, room, SN_ROOM_OUT);
	ask(&alice, room, "subject", NULL, NULL, "From outside");
	wait_line(&alice, room, "You are not in that room.");
	close_side(&alice);
}

static gboolean is_asked(gpointer data)
{
	Wanted *wanted = data;
	g_autoptr(GPtrArray) found =
		sn_conversation_find(wanted->side->bench->store, "alice@example.test");

	for (guint i = 0; i < found->len; i++) {
		g_autoptr(GPtrArray) questions = sn_question_list(
			wanted->side->bench->store, ((SnConversation *)found->pdata[i])->id);
		if (questions->len)
			wanted->count = (int)((SnQuestion *)questions->pdata[0])->id;
	}
	return wanted->count > 0;
}

static void an_invitation_is_a_question_that_one_key_answers(void **state)
{
	NEED_SERVERS();
	const char *room = "guests@rooms.example.test";
	Side alice, bob;
	Wanted wanted = { .side = &bob };

	open_side(&alice, "alice");
	open_side(&bob, "bob");
	join(&alice, room, TRUE);
	ask(&alice, room, "invite", "bob@example.test", NULL, "there is cake");
	assert_true(sn_wait_until(is_asked, &wanted, SECONDS));
	g_autoptr(SnQuestion) question = sn_question_get(bob.bench->store, wanted.count);
	assert_non_null(strstr(question->question, "alice@example.test invites you to the room"));
	assert_non_null(strstr(question->question, "there is cake"));
	assert_string_equal(question->labels[0], "Join");
	g_autoptr(SnRoom) before = sn_room_find(bob.bench->store, 0, room);
	assert_null(before); /* nothing happens by itself */
	assert_true(sn_question_answer(bob.bench->store, question, question->values[0], NULL));
	wait_state(&bob, room, SN_ROOM_IN);
	close_side(&alice);
	close_side(&bob);
}

static int invitations(Side *side, const char *room)
{
	g_autoptr(GPtrArray) found = sn_conversation_find(side->bench->store, "alice@example.test");
	int count = 0;

	for (guint i = 0; i < found->len; i++) {
		const SnConversation *row = found->pdata[i];
		g_autoptr(GPtrArray) page =
			sn_message_page(side->bench->store, row->id, 0, 0, FALSE, 200, SN_MESSAGE_FULL);
		for (guint j = 0; j < page->len; j++)
			count += strstr(((SnMessage *)page->pdata[j])->body, room) != NULL;
	}
	return count;
}

static gboolean is_invited_after(gpointer bob)
{
	return invitations(bob, "after@rooms.example.test") > 0;
}

/* Kept by the server twice, for later and in the archive: a question once, and no IM beside it. */
static void an_invitation_waits_until_the_user_is_back(void **state)
{
	NEED_SERVERS();
	const char *room = "patient@rooms.example.test";
	Side alice, bob;
	Wanted wanted = { .side = &bob };

	open_side(&alice, "alice");
	open_side(&bob, "bob");
	join(&alice, room, TRUE);
	stop(&bob);
	ask(&alice, room, "invite", "bob@example.test", NULL, "whenever you like");
	wait_line(&alice, room, "You invited bob@example.test");
	start(&bob);
	assert_true(sn_wait_until(is_asked, &wanted, SECONDS));
	stop(&bob);
	start(&bob);
	assert_int_equal(invitations(&bob, room), 1);
	g_autoptr(SnQuestion) question = sn_question_get(bob.bench->store, wanted.count);
	assert_true(sn_question_answer(bob.bench->store, question, question->values[1], NULL));
	/* once it was answered, somebody may ask again */
	wanted.count = 0;
	ask(&alice, room, "invite", "bob@example.test", NULL, "really");
	assert_true(sn_wait_until(is_asked, &wanted, SECONDS));
	g_autoptr(SnQuestion) again = sn_question_get(bob.bench->store, wanted.count);
	assert_non_null(strstr(again->question, "really"));
	/* but not while that is open; what came after it is here */
	ask(&alice, room, "invite", "bob@example.test", NULL, "for the third time");
	join(&alice, "after@rooms.example.test", TRUE);
	ask(&alice, "after@rooms.example.test", "invite", "bob@example.test", NULL, NULL);
	assert_true(sn_wait_until(is_invited_after, &bob, SECONDS));
	assert_true(sn_question_answer(bob.bench->store, again, again->values[0], NULL));
	wait_state(&bob, room, SN_ROOM_IN);
	wait_line(&alice, room, "bob came");
	assert_int_equal(invitations(&bob, room), 2);
	close_side(&alice);
	close_side(&bob);
}

static gboolean is_for_members(gpointer data)
{
	const Wanted *wanted = data;
	g_autoptr(SnRoom) room = sn_room_find(wanted->side->bench->store, 0, wanted->jid);

	return room && room->features & SN_ROOM_MEMBERS_ONLY;
}

static void who_may_not_invite_is_told_so(void **state)
{
	NEED_SERVERS();
	const char *room = "closed@rooms.example.test";
	Side alice, bob;
	Wanted wanted = { .side = &alice, .jid = room };

	open_side(&alice, "alice");
	open_side(&bob, "bob");
	join(&alice, room, TRUE);
	ask(&alice, room, "affiliation", "bob@example.test", "member", NULL);
	ask(&alice, room, "configure", "muc#roomconfig_membersonly", "1", NULL);
	assert_true(sn_wait_until(is_for_members, &wanted, SECONDS));
	join(&bob, room, FALSE);
	ask(&bob, room, "invite", "carol@example.test", NULL, NULL);
	wait_line(&bob, room, "carol@example.test was not invited: you may not invite people here.");
	close_side(&alice);
	close_side(&bob);
}

static void a_private_word_is_filed_by_itself(void **state)
{
	NEED_SERVERS();
	const char *room = "corner@rooms.example.test";
	Side alice, bob;
	g_autoptr(GError) error = NULL;

	open_side(&alice, "alice");
	open_side(&bob, "bob");
	join(&alice, room, TRUE);
	join(&bob, room, FALSE);
	wait_line(&alice, room, "bob came");
	g_autoptr(SnRoom) hers = sn_room_find(alice.bench->store, 0, room);
	assert_int_not_equal(sn_room_private(alice.bench->store, hers->conversation, "bob", &error), 0);
	SnId entry = say(&alice, "corner@rooms.example.test/bob", "between us");
	wait_accepted(&alice, entry);
	wait_said(&bob, "corner@rooms.example.test/alice", "between us");
	assert_int_equal(times(&bob, room, "between us"), 0);
	g_autoptr(SnConversation) his = conversation(&bob, "corner@rooms.example.test/alice");
	assert_string_equal(his->title, "alice (private, in corner)");
	close_side(&alice);
	close_side(&bob);
	/* another device finds it in the archive before it is in the room */
	open_side(&bob, "bob");
	wait_said(&bob, "corner@rooms.example.test/alice", "between us");
	assert_int_equal(times(&bob, room, "between us"), 0);
	close_side(&bob);
}

static void what_is_written_before_the_room_is_joined_waits(void **state)
{
	NEED_SERVERS();
	const char *room = "later@rooms.example.test";
	Side alice;

	open_side(&alice, "alice");
	SnId id = sn_room_make(alice.bench->store, alice.account, room, NULL, NULL, FALSE, NULL);
	assert_int_not_equal(id, 0);
	SnId entry = say(&alice, room, "is anybody there");
	join(&alice, room, TRUE);
	wait_accepted(&alice, entry);
	assert_int_equal(times(&alice, room, "is anybody there"), 1);
	close_side(&alice);
}

/* ---- markers ---- */

static gboolean is_marker(const SnImEvent *event, const void *data)
{
	return event->message && event->message->displayed_id;
}

static gboolean among_members(gpointer data)
{
	const Wanted *wanted = data;
	g_autoptr(SnRoom) room = sn_room_find(wanted->side->bench->store, 0, wanted->jid);
	const guint both = SN_ROOM_MEMBERS_ONLY | SN_ROOM_SHOWS_ADDRESSES;

	return room && (room->features & both) == both;
}

static void bob_says(ImClient *bob, const char *room, const char *text)
{
	SnImRequest *request = im_client_request(bob, SN_IM_REQ_SEND);

	request->message = sn_im_message_new();
	request->message->to = g_strdup(room);
	request->message->groupchat = TRUE;
	request->message->body = g_strdup(text);
	im_client_submit(bob, request);
}

/* In a room of members who know each other, by the id the room gave; elsewhere nobody is told. */
static void reading_is_told_among_members_only(void **state)
{
	NEED_SERVERS();
	const char *room = "crew@rooms.example.test";
	Side alice;
	Wanted wanted = { .side = &alice, .jid = room };

	open_side(&alice, "alice");
	ImClient *bob = im_client_new("bob@example.test", "bob-secret", "localhost", servers->xmpp,
	                              SN_LINK_STARTTLS, servers->ca_file);
	assert_true(im_client_ready(bob, SECONDS));
	join(&alice, room, TRUE);
	ask(&alice, room, "affiliation", "bob@example.test", "member", NULL);
	SnImRequest *request = im_client_request(bob, SN_IM_REQ_JOIN);
	request->jid = g_strdup(room);
	SnImEvent *end = im_client_end(bob, im_client_submit(bob, request), SECONDS);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	sn_im_event_free(end);
	bob_says(bob, room, "read by alice, and not told");
	wait_said(&alice, room, "read by alice, and not told");
	g_autoptr(SnConversation) row = conversation(&alice, room);
	assert_true(sn_conversation_mark_read(alice.bench->store, row->id, 0, NULL));
	ask(&alice, room, "configure", "muc#roomconfig_whois", "anyone", NULL);
	ask(&alice, room, "configure", "muc#roomconfig_membersonly", "1", NULL);
	assert_true(sn_wait_until(among_members, &wanted, SECONDS));
	assert_int_equal(im_client_count(bob, SN_IM_EV_MESSAGE, is_marker, NULL), 0);
	bob_says(bob, room, "read, and told");
	wait_said(&alice, room, "read, and told");
	SnImEvent *own = im_client_wait_body(bob, "read, and told", SECONDS);
	assert_non_null(own);
	assert_true(sn_conversation_mark_read(alice.bench->store, row->id, 0, NULL));
	SnImEvent *marker = im_client_wait(bob, SN_IM_EV_MESSAGE, is_marker, NULL, SECONDS);
	assert_non_null(marker);
	assert_string_equal(marker->message->displayed_id, own->message->stanza_id);
	assert_string_equal(marker->message->from, "crew@rooms.example.test/alice");
	sn_im_event_free(own);
	sn_im_event_free(marker);
	im_client_free(bob);
	close_side(&alice);
}

static int set_up(void **state)
{
	return sn_servers_setup(&servers, "prosody");
}

static int tear_down(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_has_what_was_said_once),
		cmocka_unit_test(an_absence_is_filled_without_an_archive),
		cmocka_unit_test(a_refusal_is_told_and_another_nick_helps),
		cmocka_unit_test(another_device_follows_the_bookmarks),
		cmocka_unit_test(who_comes_back_at_once_is_in),
		cmocka_unit_test(an_invitation_is_a_question_that_one_key_answers),
		cmocka_unit_test(an_invitation_waits_until_the_user_is_back),
		cmocka_unit_test(who_may_not_invite_is_told_so),
		cmocka_unit_test(a_private_word_is_filed_by_itself),
		cmocka_unit_test(what_is_written_before_the_room_is_joined_waits),
		cmocka_unit_test(reading_is_told_among_members_only),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
