/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The availability question over its whole life: who may answer, how often, when it is too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/store/asked.h"
#include "src/store/policy.h"
#include "tests/unit/delivery_world.h"

static Delivery *world(const char *settings)
{
	Delivery *self = delivery_new(settings);

	return self;
}

/* A message to bob, who is busy, and the user says: ask them. */
static SnId ask(Delivery *self, const char *body)
{
	bob_is(self, SN_PRESENCE_DND);
	SnId id = queue_im(self, body);
	settle(self);
	ask_for(self, id, SN_REQUEST_ASK_THEM);
	later(self, SN_SECOND);
	return id;
}

static const SnImMessage *last(Delivery *self)
{
	return self->stanzas->pdata[self->stanzas->len - 1];
}

/* The last question that went out. */
static const char *question(Delivery *self)
{
	for (guint i = self->stanzas->len; i > 0; i--) {
		const SnImMessage *one = self->stanzas->pdata[i - 1];
		if (one->response_values)
			return one->id;
	}
	fail_msg("nobody was asked");
	return NULL;
}

static guint questions(Delivery *self)
{
	guint count = 0;

	for (guint i = 0; i < self->stanzas->len; i++)
		count += ((SnImMessage *)self->stanzas->pdata[i])->response_values != NULL;
	return count;
}

/* What bob's client sends; the test adds to it. */
static SnImMessage *from_bob(const char *text)
{
	SnImMessage *im = sn_im_message_new();

	im->from = g_strdup(BOB_IM "/phone");
	im->body = g_strdup(text);
	return im;
}

static gboolean hears(Delivery *self, SnImMessage *im)
{
	gboolean heard = sn_delivery_answer(self->engine.delivery, &self->account, 0, im);

	sn_im_message_free(im);
	settle(self);
	return heard;
}

#define assert_state(self, id, state) assert_int_equal(state_of(self, id), state)

/* ---- who answers, and to what ---- */

/* Their client may be quicker than the server, which only then says that it has the question. */
static void an_answer_before_the_server_has_confirmed_the_question(void **state)
{
	Delivery *self = world("[delivery]\nif-unavailable = ask-them\n");
	bob_is(self, SN_PRESENCE_DND);
	/* said of something else, before: no answer to what is asked afterwards */
	SnId id = queue_im(self, "hello");
	world_say(self->world, &(Said){ .channel = SN_CHANNEL_IM, .body = "email please",
	                                .time = self->world->now - SN_SECOND });
	sn_delivery_look(self->engine.delivery);
	assert_state(self, id, SN_STATE_ASKED);
	SnId answer = world_say(self->world, &(Said){ .channel = SN_CHANNEL_IM, .body = "later please",
	                                              .time = self->world->now + SN_SECOND });
	assert_false(bob_says(self, "later please")); /* heard as it came in, and nobody has asked yet */
	settle(self);
	assert_int_equal(questions(self), 1);
	assert_state(self, id, SN_STATE_WAITING);
	g_autofree char *reason = reason_of(self, id);
	assert_string_equal(reason, "Bob answered: later. It waits");

	/* and it stands above the answer */
	SnId asked = sn_message_find_im(self->world->store, question(self), "alice@example.test");
	g_autoptr(SnMessage) above = sn_message_get(self->world->store, asked, 0);
	g_autoptr(SnMessage) below = sn_message_get(self->world->store, answer, 0);
	assert_true(above->time < below->time);
	delivery_free(self);
}

static void any_client_of_the_contact_may_answer(void **state)
{
	Delivery *self = world(NULL);
	SnId id = ask(self, "hello");
	SnImMessage *im = from_bob("later please");

	g_free(im->from);
	im->from = g_strdup("BOB@Example.org/some other client");
	assert_true(hears(self, im));
	assert_state(self, id, SN_STATE_WAITING);
	delivery_free(self);
}

static void an_answer_to_another_device_of_ours_counts(void **state)
{
	Delivery *self = world(NULL);
	SnId id = ask(self, "hello");
	SnImMessage *received = from_bob("now"), *sent = from_bob("now");

	/* our own words, by carbon from the other device, do not */
	g_free(sent->from);
	sent->from = g_strdup("alice@example.test/laptop");
	sent->carbon_sent = TRUE;
	assert_false(hears(self, sent));
	assert_state(self, id, SN_STATE_ASKED);
	received->carbon_received = TRUE;
	assert_true(hears(self, received));
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void an_answer_to_something_else_is_none(void **state)
{
	Delivery *self = world(NULL);
	SnId id = ask(self, "hello");
	SnImMessage *other = from_bob("now"), *right = from_bob("ok");

	other->reply_id = g_strdup("some-other-message");
	assert_false(hears(self, other));
	assert_state(self, id, SN_STATE_ASKED);
	/* by his client's word it belongs to the question: then "ok" is enough, also an hour later */
	right->reply_id = g_strdup(question(self));
	assert_true(hears(self, right));
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void a_question_is_answered_by_no_question(void **state)
{
	static char *values[] = { (char *)"now", (char *)"later", (char *)"email", NULL };
	Delivery *self = world(NULL);
	SnId id = ask(self, "hello");
	SnImMessage *asks = from_bob("now");

	assert_false(bob_says(self, "what is it about?"));
	assert_false(bob_says(self, "now?"));
	asks->response_values = g_strdupv(values);
	asks->response_labels = g_strdupv(values);
	assert_false(hears(self, asks));
	assert_state(self, id, SN_STATE_ASKED);
	assert_true(bob_says(self, "ok, later then") == FALSE);
	assert_true(bob_says(self, "ok, later"));
	assert_state(self, id, SN_STATE_WAITING);
	delivery_free(self);
}

static void doubt_does_nothing(void **state)
{
	Delivery *self = world(NULL);
	SnId id = ask(self, "hello");

	assert_false(bob_says(self, "I will mail you later about the party"));
	assert_state(self, id, SN_STATE_ASKED);
	/* After another message of ours, "ok" may mean that one. */
	SnOutboxNew chat = { .channel = SN_CHANNEL_IM,
		             .body = "Dinner at eight?",
		             .if_unavailable = SN_RULE_SEND,
		             .state = SN_STATE_QUEUED };
	SnId dinner = queue_new(self, &chat, BOB_IM);
	settle(self);
	assert_state(self, dinner, SN_STATE_ACCEPTED);
	assert_false(bob_says(self, "ok"));
	assert_false(bob_says(self, "yes please"));
	assert_state(self, id, SN_STATE_ASKED);
	assert_true(bob_says(self, "email me"));
	assert_state(self, id, SN_STATE_CONVERTED);
	delivery_free(self);
}

static void a_mere_ok_counts_only_while_the_question_is_fresh(void **state)
{
	Delivery *self = world("[delivery]\nask-timeout = 10m\n");
	SnId id = ask(self, "hello");

	later(self, 20 * SN_MINUTE);
	assert_state(self, id, SN_STATE_WAITING);
	assert_false(bob_says(self, "ok"));
	assert_state(self, id, SN_STATE_WAITING);
	/* a clear word still does, as long as the message has not gone */
	assert_true(bob_says(self, "now"));
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

/* ---- more than one answer ---- */

static void the_last_answer_before_it_goes_counts(void **state)
{
	Delivery *self = world(NULL);
	SnId id = ask(self, "hello");

	assert_true(bob_says(self, "later"));
	assert_state(self, id, SN_STATE_WAITING);
	later(self, SN_MINUTE);
	assert_false(bob_says(self, "ok")); /* to whatever; it is answered */
	assert_true(bob_says(self, "no, email"));
	assert_state(self, id, SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	assert_int_equal(taken_body(self, "hello"), 0);
	delivery_free(self);
}

static void too_late_is_said_once(void **state)
{
	Delivery *self = world("[delivery]\nundo-mail = 0s\n");
	SnId id = ask(self, "hello");

	assert_true(bob_says(self, "email"));
	assert_state(self, id, SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	assert_false(bob_says(self, "email please")); /* as it is */
	assert_int_equal(self->stanzas->len, 1);
	assert_false(bob_says(self, "now"));
	assert_string_equal(last(self)->body, "That message was already sent to you by email.");
	assert_int_equal(self->stanzas->len, 2);
	assert_null(last(self)->response_values);
	/* and not again, whatever he says: two programs could go on for ever */
	for (int i = 0; i < 5; i++) {
		later(self, SN_MINUTE);
		assert_false(bob_says(self, i % 2 ? "later" : "now"));
	}
	assert_int_equal(self->stanzas->len, 2);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void a_message_that_went_by_im_is_told_too(void **state)
{
	Delivery *self = world(NULL);
	SnId id = ask(self, "hello");

	assert_true(bob_says(self, "now"));
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_false(bob_says(self, "now"));
	assert_string_equal(last(self)->body, "hello");
	assert_false(bob_says(self, "email"));
	assert_string_equal(last(self)->body, "That message was already sent.");
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

static void an_answer_after_it_was_taken_back(void **state)
{
	Delivery *self = world(NULL);
	SnId id = ask(self, "the secret text");

	ask_for(self, id, SN_REQUEST_CANCEL);
	assert_state(self, id, SN_STATE_CANCELLED);
	assert_false(bob_says(self, "now"));
	assert_string_equal(last(self)->body,
	                    "I have taken that message back, so nothing will come.");
	assert_int_equal(taken_body(self, "the secret text"), 0);
	assert_int_equal(self->mails->len, 0);
	/* days later the words are no answer any more */
	later(self, 3 * SN_DAY);
	guint before = self->stanzas->len;
	assert_false(bob_says(self, "email"));
	assert_int_equal(self->stanzas->len, before);
	delivery_free(self);
}

static void the_users_own_decision_stands(void **state)
{
	Delivery *self = world(NULL);
	SnId id = ask(self, "hello");

	assert_true(sn_outbox_request(self->world->store, id, SN_REQUEST_CANCEL, NULL));
	/* the engine has not looked yet */
	hears(self, from_bob("now"));
	assert_state(self, id, SN_STATE_CANCELLED);
	assert_int_equal(taken_body(self, "hello"), 0);
	delivery_free(self);
}

/* ---- how often ---- */

static void nobody_is_asked_twice_within_the_time(void **state)
{
	Delivery *self = world("[delivery]\nif-unavailable = ask-them\nask-again = 2h\n");

	bob_is(self, SN_PRESENCE_DND);
	SnId one = queue_im(self, "one");
	later(self, SN_SECOND);
	assert_true(bob_says(self, "later"));
	assert_state(self, one, SN_STATE_WAITING);
	later(self, 30 * SN_MINUTE);
	SnId two = queue_im(self, "two");
	settle(self);
	assert_int_equal(questions(self), 1);
	assert_state(self, two, SN_STATE_WAITING);
	g_autofree char *reason = reason_of(self, two);
	assert_true(g_str_has_prefix(reason, "Bob answered on "));
	assert_true(g_str_has_suffix(reason, ": later. It waits"));
	/* a new answer is for both */
	assert_true(bob_says(self, "now"));
	assert_state(self, one, SN_STATE_ACCEPTED);
	assert_state(self, two, SN_STATE_ACCEPTED);
	/* after that time he is asked again */
	later(self, 3 * SN_HOUR);
	SnId three = queue_im(self, "three");
	settle(self);
	assert_int_equal(questions(self), 2);
	assert_state(self, three, SN_STATE_ASKED);
	delivery_free(self);
}

static void who_does_not_answer_is_left_alone(void **state)
{
	Delivery *self = world("[delivery]\nif-unavailable = ask-them\nask-timeout = 10m\n");

	bob_is(self, SN_PRESENCE_DND);
	queue_im(self, "one");
	settle(self);
	later(self, 15 * SN_MINUTE);
	SnId two = queue_im(self, "two");
	settle(self);
	assert_int_equal(questions(self), 1);
	assert_state(self, two, SN_STATE_WAITING);
	g_autofree char *reason = reason_of(self, two);
	assert_non_null(strstr(reason, "has not answered"));
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, two, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void now_holds_for_the_next_message(void **state)
{
	Delivery *self = world("[delivery]\nif-unavailable = ask-them\n");

	bob_is(self, SN_PRESENCE_DND);
	queue_im(self, "one");
	later(self, SN_SECOND);
	assert_true(bob_says(self, "ok, now"));
	SnId two = queue_im(self, "two");
	settle(self);
	assert_int_equal(questions(self), 1);
	assert_state(self, two, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void two_at_once_share_one_question(void **state)
{
	for (int killed = 0; killed < 2; killed++) {
		Delivery *self = world("[delivery]\nif-unavailable = ask-them\n");
		bob_is(self, SN_PRESENCE_DND);
		SnId one = queue_im(self, "one"), two = queue_im(self, "two");
		sn_delivery_look(self->engine.delivery); /* both, before any answer of the server */
		assert_state(self, one, SN_STATE_ASKED);
		assert_state(self, two, SN_STATE_ASKED);
		if (killed) {
			take_without_answer(self);
			crash(self, FALSE);
			go_online(self);
			bob_is(self, SN_PRESENCE_DND);
			later(self, SN_MINUTE);
		}
		settle(self);
		assert_int_equal(questions(self), 1);
		assert_true(bob_says(self, "now"));
		assert_state(self, one, SN_STATE_ACCEPTED);
		assert_state(self, two, SN_STATE_ACCEPTED);
		delivery_free(self);
	}
}

static void the_first_taken_back_leaves_the_question_to_the_second(void **state)
{
	Delivery *self = world("[delivery]\nif-unavailable = ask-them\n");

	bob_is(self, SN_PRESENCE_DND);
	SnId one = queue_im(self, "one"), two = queue_im(self, "two");
	sn_delivery_look(self->engine.delivery);
	assert_true(sn_outbox_request(self->world->store, one, SN_REQUEST_CANCEL, NULL));
	settle(self);
	assert_state(self, one, SN_STATE_CANCELLED);
	assert_true(bob_says(self, "email"));
	assert_state(self, two, SN_STATE_CONVERTED);
	assert_int_equal(questions(self), 1);
	delivery_free(self);
}

/* ---- presence while asked ---- */

static void who_comes_while_asked_gets_it(void **state)
{
	Delivery *self = world(NULL);
	SnId id = ask(self, "hello");

	later(self, SN_MINUTE);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_false(bob_says(self, "email"));
	assert_string_equal(last(self)->body, "That message was already sent.");
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

/* Somebody who is there and says later does not get it with the next try, five minutes on. */
static void put_off_by_one_who_is_online_holds_until_it_changes(void **state)
{
	Delivery *self = world("[delivery]\nretry = 5m\nask-again = 1h\n");
	SnId id = ask(self, "hello");

	/* While the question is open he is there, and his client repeats that he is. */
	g_autoptr(SnAddress) bob = sn_address_find(self->world->store, SN_CHANNEL_IM, BOB_IM);
	world_presence(self->world, BOB_IM, SN_PRESENCE_ONLINE, self->world->now - SN_HOUR);
	sn_delivery_presence(self->engine.delivery, bob->id);
	settle(self);
	assert_state(self, id, SN_STATE_ASKED);
	assert_true(bob_says(self, "later"));
	for (int i = 0; i < 5; i++) {
		later(self, 10 * SN_MINUTE);
		sn_delivery_presence(self->engine.delivery, bob->id);
		settle(self);
		assert_state(self, id, SN_STATE_WAITING);
	}
	later(self, 30 * SN_MINUTE); /* the answer is too old to hold */
	later(self, SN_HOUR);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

/* ---- quiet hours ---- */

/* A Wednesday, UTC. */
static void at_hour(Delivery *self, int hour)
{
	g_autoptr(GDateTime) day = g_date_time_new_utc(2026, 11, 25, hour, 0, 0);

	self->world->now = g_date_time_to_unix(day) * 1000;
}

static void quiet_hours_defer_to_their_end(void **state)
{
	Delivery *self = world("[delivery]\nquiet-hours = 22:00-07:00\nif-unavailable = defer\n"
	                       "retry = 1h\nretry-max = 12h\n");

	at_hour(self, 23);
	bob_is(self, SN_PRESENCE_ONLINE);
	SnId id = queue_im(self, "hello");
	settle(self);
	assert_state(self, id, SN_STATE_WAITING);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "quiet hours until Thu 07:00"));
	bob_is(self, SN_PRESENCE_CHAT); /* however much he is there */
	assert_state(self, id, SN_STATE_WAITING);
	later(self, 7 * SN_HOUR + 59 * SN_MINUTE);
	assert_state(self, id, SN_STATE_WAITING);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	assert_true(entry->next_try <= self->world->now + SN_MINUTE); /* no presence will tell */
	later(self, 2 * SN_MINUTE);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void nobody_is_asked_at_night(void **state)
{
	Delivery *self = world("[delivery]\nquiet-hours = 22:00-07:00\nif-unavailable = ask-them\n");

	at_hour(self, 2);
	bob_is(self, SN_PRESENCE_DND);
	SnId id = queue_im(self, "hello");
	settle(self);
	assert_state(self, id, SN_STATE_WAITING);
	assert_int_equal(self->stanzas->len, 0);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "not to be disturbed now and is not asked"));
	delivery_free(self);
}

/* ---- several addresses ---- */

static void who_is_there_at_another_address_is_named(void **state)
{
	Delivery *self = world("[delivery]\nif-unavailable = defer\n");
	SnStore *store = self->world->store;
	SnId second = sn_address_intern(store, SN_CHANNEL_IM, "bob@home.example", NULL, NULL);

	assert_true(sn_link_confirm(store, second, world_person_of(self->world, SN_CHANNEL_IM, BOB_IM),
	                            NULL));
	world_roster(self->world, "bob@home.example", SN_SUB_BOTH);
	bob_is(self, SN_PRESENCE_XA);
	world_presence(self->world, "bob@home.example", SN_PRESENCE_ONLINE, 0);
	SnId id = queue_im(self, "hello");
	settle(self);
	/* it waits for the address it was written to, and says where he is */
	assert_state(self, id, SN_STATE_WAITING);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "; online at bob@home.example"));
	assert_int_equal(self->stanzas->len, 0);
	delivery_free(self);
}

/* ---- standing wishes ---- */

static void always_is_remembered_with_its_date(void **state)
{
	Delivery *self = world("[delivery]\nundo-mail = 0s\n");
	SnId person = world_person_of(self->world, SN_CHANNEL_IM, BOB_IM);

	ask(self, "hello");
	assert_true(bob_says(self, "always by email, please"));
	g_autoptr(GPtrArray) wishes = sn_contact_wishes(self->world->store, person);
	assert_int_equal(wishes->len, 1);
	const SnContactWish *wish = wishes->pdata[0];
	assert_int_equal(wish->source, SN_WISHED_ANSWER);
	assert_int_equal(wish->rule, SN_RULE_MAIL);
	assert_int_equal(wish->time, self->world->now);
	assert_string_equal(wish->value, BOB_IM);
	/* The next needs no question. The user may say no to it. */
	SnId next = queue_im(self, "second");
	settle(self);
	assert_state(self, next, SN_STATE_CONVERTED);
	assert_true(sn_contact_wishes_refuse(self->world->store, person, NULL));
	SnId third = queue_im(self, "third");
	settle(self);
	assert_state(self, third, SN_STATE_CHOOSING);
	assert_int_equal(questions(self), 1);
	delivery_free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_client_of_the_contact_may_answer),
		cmocka_unit_test(an_answer_before_the_server_has_confirmed_the_question),
		cmocka_unit_test(an_answer_to_another_device_of_ours_counts),
		cmocka_unit_test(an_answer_to_something_else_is_none),
		cmocka_unit_test(a_question_is_answered_by_no_question),
		cmocka_unit_test(doubt_does_nothing),
		cmocka_unit_test(a_mere_ok_counts_only_while_the_question_is_fresh),
		cmocka_unit_test(the_last_answer_before_it_goes_counts),
		cmocka_unit_test(too_late_is_said_once),
		cmocka_unit_test(a_message_that_went_by_im_is_told_too),
		cmocka_unit_test(an_answer_after_it_was_taken_back),
		cmocka_unit_test(the_users_own_decision_stands),
		cmocka_unit_test(nobody_is_asked_twice_within_the_time),
		cmocka_unit_test(who_does_not_answer_is_left_alone),
		cmocka_unit_test(now_holds_for_the_next_message),
		cmocka_unit_test(two_at_once_share_one_question),
		cmocka_unit_test(the_first_taken_back_leaves_the_question_to_the_second),
		cmocka_unit_test(who_comes_while_asked_gets_it),
		cmocka_unit_test(put_off_by_one_who_is_online_holds_until_it_changes),
		cmocka_unit_test(quiet_hours_defer_to_their_end),
		cmocka_unit_test(nobody_is_asked_at_night),
		cmocka_unit_test(who_is_there_at_another_address_is_named),
		cmocka_unit_test(always_is_remembered_with_its_date),
	};

	g_setenv("TZ", "UTC", TRUE);
	g_setenv("LC_ALL", "C", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
