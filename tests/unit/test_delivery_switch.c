/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing the channel on the way: asking the contact, and IMs that become an email. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/delivery_world.h"

static SnMail *mail_at(Delivery *self, guint index)
{
	assert_true(index < self->mails->len);
	SnMail *mail = sn_mail_parse(self->mails->pdata[index], NULL, NULL);
	assert_non_null(mail);
	return mail;
}

static const SnImMessage *last_stanza(Delivery *self)
{
	assert_true(self->stanzas->len > 0);
	return self->stanzas->pdata[self->stanzas->len - 1];
}

/* A message to bob, who is busy, and the user says: ask them. */
static SnId asked(Delivery *self, const char *body)
{
	SnId id;

	bob_is(self, SN_PRESENCE_DND);
	id = queue_im(self, body);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	ask_for(self, id, SN_REQUEST_ASK_THEM);
	assert_int_equal(state_of(self, id), SN_STATE_ASKED);
	return id;
}

/* ---- the answers ---- */

static void answers_are_understood_in_plain_words(void **state)
{
	static const struct {
		const char *text;
		SnAnswer answer;
	} said[] = {
		{ "now", SN_ANSWER_NOW },
		{ "Now!", SN_ANSWER_NOW },
		{ "yes please", SN_ANSWER_NOW },
		{ "ok", SN_ANSWER_NOW },
		{ "Go ahead.", SN_ANSWER_NOW },
		{ "send it", SN_ANSWER_NOW },
		{ "later", SN_ANSWER_LATER },
		{ "Later please", SN_ANSWER_LATER },
		{ "not now, thanks", SN_ANSWER_LATER },
		{ "email", SN_ANSWER_MAIL },
		{ "E-Mail, please", SN_ANSWER_MAIL },
		{ "by mail", SN_ANSWER_MAIL },
		{ "always email", SN_ANSWER_ALWAYS_MAIL },
		{ "Always e-mail me", SN_ANSWER_ALWAYS_MAIL },
		{ "always later", SN_ANSWER_ALWAYS_LATER },
		{ "", SN_ANSWER_NONE },
		{ "hello", SN_ANSWER_NONE },
		{ "I am later than usual", SN_ANSWER_NONE },
		{ "did you get my email?", SN_ANSWER_NONE },
		{ "now and then I wonder what a long text with now in it would do here", SN_ANSWER_NONE },
		{ "\xff\xfe", SN_ANSWER_NONE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(said); i++)
		if (sn_answer_parse(said[i].text) != said[i].answer)
			fail_msg("\"%s\" is taken for %d", said[i].text,
			         sn_answer_parse(said[i].text));
	assert_int_equal(sn_answer_parse(NULL), SN_ANSWER_NONE);
}

static void the_question_is_plain_and_has_quick_answers(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = asked(self, "the secret text");
	const SnImMessage *question = last_stanza(self);

	assert_int_equal(self->stanzas->len, 1);
	assert_null(strstr(question->body, "secret"));
	assert_non_null(strstr(question->body, "later"));
	assert_string_equal(question->response_values[0], "now");
	assert_int_equal(g_strv_length(question->response_values), 3);
	assert_int_equal(g_strv_length(question->response_labels), 3);
	/* It stands in the timeline. */
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	assert_true(sn_message_find_im(self->world->store, question->origin_id,
	                               "alice@example.test") != 0);
	assert_string_equal(entry->quick_question, question->origin_id);
	delivery_free(self);
}

static void now_sends(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = asked(self, "hello");

	assert_false(bob_says(self, "what is it about?"));
	assert_int_equal(state_of(self, id), SN_STATE_ASKED);
	assert_true(bob_says(self, "Now, please"));
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken_body(self, "hello"), 1);
	assert_false(bob_says(self, "now")); /* nobody asks any more */
	delivery_free(self);
}

static void later_defers_until_the_person_is_there(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = asked(self, "hello");

	assert_true(bob_says(self, "later"));
	assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	g_autofree char *reason = reason_of(self, id);
	assert_string_equal(reason, "Bob answered: later. It waits");
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void email_converts(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = asked(self, "hello");

	assert_true(bob_says(self, "Email"));
	assert_int_equal(state_of(self, id), SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	assert_int_equal(taken_body(self, "hello"), 0);
	delivery_free(self);
}

static void always_is_remembered(void **state)
{
	Delivery *self = delivery_new(NULL);

	asked(self, "hello");
	assert_true(bob_says(self, "always email"));
	g_autoptr(SnPerson) bob = sn_person_get(
		self->world->store, world_person_of(self->world, SN_CHANNEL_IM, BOB_IM));
	assert_int_equal(bob->wish, SN_RULE_MAIL);
	assert_true(g_str_has_prefix(bob->wish_origin, "answer of "));
	/* The next one needs no question. */
	SnId next = queue_im(self, "again");
	settle(self);
	assert_int_equal(state_of(self, next), SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 2);
	delivery_free(self);
}

static void only_who_was_asked_can_answer(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = asked(self, "hello");
	SnImMessage *im = sn_im_message_new();

	im->from = g_strdup("mallory@evil.example/x");
	im->body = g_strdup("now");
	assert_false(sn_delivery_answer(self->engine.delivery, &self->account, 0, im));
	g_free(im->from);
	im->from = g_strdup(BOB_IM "/x");
	im->carbon_sent = TRUE;
	assert_false(sn_delivery_answer(self->engine.delivery, &self->account, 0, im));
	im->carbon_sent = FALSE;
	im->groupchat = TRUE;
	assert_false(sn_delivery_answer(self->engine.delivery, &self->account, 0, im));
	im->groupchat = FALSE;
	im->time = self->world->now - SN_DAY; /* said before the question, read from the archive */
	assert_false(sn_delivery_answer(self->engine.delivery, &self->account, 0, im));
	sn_im_message_free(im);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ASKED);
	delivery_free(self);
}

static void no_answer_in_time_defers(void **state)
{
	Delivery *self = delivery_new("[delivery]\nask-timeout = 10m\n");
	SnId id = asked(self, "hello");

	later(self, 9 * SN_MINUTE);
	assert_int_equal(state_of(self, id), SN_STATE_ASKED);
	later(self, 2 * SN_MINUTE);
	assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void one_question_for_several_messages(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = ask-them\n");
	SnId one, two;

	bob_is(self, SN_PRESENCE_DND);
	one = queue_im(self, "one");
	settle(self);
	two = queue_im(self, "two");
	settle(self);
	assert_int_equal(self->stanzas->len, 1);
	assert_int_equal(state_of(self, two), SN_STATE_ASKED);
	assert_true(bob_says(self, "now"));
	assert_int_equal(state_of(self, one), SN_STATE_ACCEPTED);
	assert_int_equal(state_of(self, two), SN_STATE_ACCEPTED);
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[1])->body, "one");
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[2])->body, "two");
	delivery_free(self);
}

static void who_is_offline_is_not_asked(void **state)
{
	Delivery *self = delivery_new(NULL);

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_im(self, "hello");
	settle(self);
	ask_for(self, id, SN_REQUEST_ASK_THEM);
	assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "cannot be asked"));
	assert_int_equal(self->stanzas->len, 0);
	delivery_free(self);
}

static void a_kill_while_asking_asks_once(void **state)
{
	for (int had_it = 0; had_it < 2; had_it++) {
		Delivery *self = delivery_new("[delivery]\nif-unavailable = ask-them\n");
		bob_is(self, SN_PRESENCE_DND);
		SnId id = queue_im(self, "hello");
		sn_delivery_look(self->engine.delivery);
		assert_int_equal(state_of(self, id), SN_STATE_ASKED);
		if (had_it)
			take_without_answer(self);
		crash(self, FALSE);
		go_online(self);
		bob_is(self, SN_PRESENCE_DND);
		later(self, SN_MINUTE);
		assert_int_equal(self->stanzas->len, 1);
		assert_true(bob_says(self, "now"));
		assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
		assert_int_equal(taken_body(self, "hello"), 1);
		delivery_free(self);
	}
}

/* ---- conversion ---- */

static void the_user_chooses_email(void **state)
{
	Delivery *self = delivery_new(NULL);

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_im(self, "Lunch at noon?");
	settle(self);
	ask_for(self, id, SN_REQUEST_CONVERT);
	assert_int_equal(state_of(self, id), SN_STATE_CONVERTED);
	g_autoptr(SnOutboxEntry) im = entry_of(self, id);
	g_autoptr(SnOutboxEntry) mail_entry = entry_of(self, im->converted_to);
	assert_int_equal(mail_entry->state, SN_STATE_ACCEPTED);
	assert_int_equal(mail_entry->converted_from, id);
	g_autoptr(SnMail) mail = mail_at(self, 0);
	assert_string_equal(mail->subject, "Lunch at noon?");
	assert_string_equal(self->envelopes->pdata[0], BOB_MAIL);
	assert_non_null(strstr(mail->text, "Lunch at noon?"));
	assert_non_null(strstr(mail->text, "alice@example.test"));
	assert_non_null(strstr(mail->text, BOB_IM));
	assert_string_equal(mail->chat_origin_id, im->origin_id);
	assert_int_equal(self->delivered, 1); /* announced, as this server reports nothing */
	delivery_free(self);
}

static void several_waiting_become_one_email_with_their_times(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = defer\n");
	SnId ids[3];

	bob_is(self, SN_PRESENCE_OFFLINE);
	ids[0] = queue_im(self, "first line");
	ids[1] = queue_im(self, "second line");
	ids[2] = queue_im(self, "third line");
	settle(self);
	ask_for(self, ids[1], SN_REQUEST_CONVERT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(state_of(self, ids[i]), SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	g_autoptr(SnMail) mail = mail_at(self, 0);
	const char *one = strstr(mail->text, "first line"), *two = strstr(mail->text, "second line"),
		   *three = strstr(mail->text, "third line");
	assert_true(one && two && three && one < two && two < three);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, ids[0]);
	g_autofree char *time = sn_delivery_time_text(entry->created);
	assert_non_null(strstr(mail->text, time));
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_int_equal(self->stanzas->len, 0);
	delivery_free(self);
}

static void history_and_files_travel_along(void **state)
{
	Delivery *self = delivery_new(NULL);
	Said said = { .channel = SN_CHANNEL_IM, .body = "shall we have lunch?" };
	g_autofree char *path = g_build_filename(self->world->dir, "menu.txt", NULL);
	SnAttachment file = { .path = path, .name = (char *)"menu.txt", .type = (char *)"text/plain" };
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = "yes, here is the menu",
		            .attachments = files,
		            .state = SN_STATE_QUEUED };

	g_assert(g_file_set_contents(path, "soup", -1, NULL));
	g_ptr_array_add(files, &file);
	new.reply_to = world_say(self->world, &said);
	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	ask_for(self, id, SN_REQUEST_CONVERT);
	assert_int_equal(state_of(self, id), SN_STATE_CONVERTED);
	g_autoptr(SnMail) mail = mail_at(self, 0);
	gboolean menu = FALSE;
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		menu |= g_strcmp0(part->name, "menu.txt") == 0;
	}
	assert_true(menu);
	assert_int_equal(mail->carried->len, 1);
	const SnMailCarried *carried = mail->carried->pdata[0];
	assert_string_equal(carried->text, "shall we have lunch?");
	assert_string_equal(carried->from, BOB_IM);
	assert_string_equal(carried->to, "alice@example.test");
	assert_non_null(strstr(mail->text, "shall we have lunch?")); /* the transcript */
	delivery_free(self);
}

static void without_an_address_the_user_decides(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId dave = sn_address_intern(self->world->store, SN_CHANNEL_IM, "dave@chat.example", NULL,
	                              NULL);
	SnId claimed = sn_address_intern(self->world->store, SN_CHANNEL_MAIL,
	                                 "mallory@evil.example", NULL, NULL);
	SnOutboxNew new = { .channel = SN_CHANNEL_IM, .body = "x", .state = SN_STATE_QUEUED };

	g_autoptr(SnAddress) address = sn_address_get(self->world->store, dave);
	sn_link_add(self->world->store, claimed, address->person, SN_LINK_XMPP_VCARD, FALSE, NULL,
	            NULL);
	new.conversation = sn_conversation_for_person(self->world->store, address->person, NULL);
	world_roster(self->world, "dave@chat.example", SN_SUB_BOTH);
	world_presence(self->world, "dave@chat.example", SN_PRESENCE_DND, 0);
	SnId id = queue_new(self, &new, "dave@chat.example");
	settle(self);
	ask_for(self, id, SN_REQUEST_CONVERT);
	/* A claim that nobody confirmed is no address. */
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "No confirmed email address"));
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

static void a_rule_for_email_needs_no_question(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = mail\n");

	bob_is(self, SN_PRESENCE_DND);
	SnId id = queue_im(self, "hello");
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	bob_is(self, SN_PRESENCE_ONLINE);
	SnId there = queue_im(self, "you are there");
	settle(self);
	assert_int_equal(state_of(self, there), SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

static void a_failed_im_can_become_an_email(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");

	settle(self);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	sn_delivery_im_error(self->engine.delivery, &self->account, BOB_IM, entry->origin_id,
	                     "service-unavailable", NULL);
	assert_int_equal(state_of(self, id), SN_STATE_FAILED);
	ask_for(self, id, SN_REQUEST_CONVERT);
	assert_int_equal(state_of(self, id), SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_understood_in_plain_words),
		cmocka_unit_test(the_question_is_plain_and_has_quick_answers),
		cmocka_unit_test(now_sends),
		cmocka_unit_test(later_defers_until_the_person_is_there),
		cmocka_unit_test(email_converts),
		cmocka_unit_test(always_is_remembered),
		cmocka_unit_test(only_who_was_asked_can_answer),
		cmocka_unit_test(no_answer_in_time_defers),
		cmocka_unit_test(one_question_for_several_messages),
		cmocka_unit_test(who_is_offline_is_not_asked),
		cmocka_unit_test(a_kill_while_asking_asks_once),
		cmocka_unit_test(the_user_chooses_email),
		cmocka_unit_test(several_waiting_become_one_email_with_their_times),
		cmocka_unit_test(history_and_files_travel_along),
		cmocka_unit_test(without_an_address_the_user_decides),
		cmocka_unit_test(a_rule_for_email_needs_no_question),
		cmocka_unit_test(a_failed_im_can_become_an_email),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
