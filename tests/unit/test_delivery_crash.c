/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exactly once: the line breaks, the engine is killed, the disk is full, and each message still
 * arrives one time, or the user is told why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tests/unit/delivery_world.h"

static char *origin(Delivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);

	return g_strdup(entry->origin_id ? entry->origin_id : entry->message_id);
}

static void an_im_the_server_has_is_not_sent_again(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);

	self->next_im = FATE_LOST_AFTER;
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	delivery_free(self);
}

static void an_im_the_server_lacks_is_sent_again_under_its_id(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);

	self->next_im = FATE_LOST_BEFORE;
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[0])->origin_id, sent);
	delivery_free(self);
}

static void without_an_archive_the_user_decides(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);

	self->archive = FALSE;
	self->next_im = FATE_LOST_AFTER;
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "may have been sent"));
	assert_int_equal(self->questions, 1);
	/* Nothing but the user sends it again, not even the contact's presence. */
	bob_is(self, SN_PRESENCE_DND);
	bob_is(self, SN_PRESENCE_ONLINE);
	later(self, SN_DAY);
	assert_int_equal(taken(self, sent), 1);
	/* A receipt settles it. */
	sn_delivery_receipt(self->engine.delivery, &self->account, BOB_IM, sent, FALSE);
	assert_int_equal(state_of(self, id), SN_STATE_DELIVERED);
	delivery_free(self);
}

static void the_user_may_send_it_again(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);

	self->archive = FALSE;
	self->next_im = FATE_LOST_BEFORE;
	settle(self);
	ask_for(self, id, SN_REQUEST_SEND);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	delivery_free(self);
}

static void an_email_that_may_have_gone_is_never_repeated_by_itself(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");
	g_autofree char *sent = origin(self, id);

	self->next_mail = FATE_LOST_AFTER;
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	later(self, SN_DAY);
	crash(self, TRUE);
	later(self, SN_DAY);
	assert_int_equal(taken(self, sent), 1);
	/* The copy that turns up in Sent proves that it went. */
	sn_delivery_seen(self->engine.delivery, SN_CHANNEL_MAIL, sent);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	delivery_free(self);
}

static void an_email_found_in_sent_has_gone(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");

	self->sent_has = TRUE;
	self->next_mail = FATE_LOST_AFTER;
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void stopped_before_the_last_word_an_email_goes_without_a_question(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");
	g_autofree char *sent = origin(self, id);

	sn_delivery_look(self->engine.delivery);
	assert_int_equal(state_of(self, id), SN_STATE_SENDING);
	for (int i = 0; i < 3; i++) {
		crash(self, TRUE);
		assert_int_equal(state_of(self, id), SN_STATE_SENDING);
		assert_int_equal(taken(self, sent), 0);
	}
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	assert_int_equal(self->questions, 0);
	delivery_free(self);
}

/* Handed over and then killed: it may have gone, and whether it did cannot be seen. */
static SnId doubtful(Delivery *self)
{
	SnId id = queue_mail(self, "text");

	sn_delivery_look(self->engine.delivery);
	assert_true(hand_over(self));
	crash(self, TRUE);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	assert_int_equal(self->questions, 1);
	return id;
}

static void stopped_after_it_asks(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = doubtful(self);

	assert_int_equal(self->mails->len, 0);
	later(self, SN_DAY);
	assert_int_equal(self->mails->len, 0);
	ask_for(self, id, SN_REQUEST_CANCEL);
	assert_int_equal(state_of(self, id), SN_STATE_CANCELLED);
	delivery_free(self);
}

static void sent_again_it_can_be_interrupted_again(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = doubtful(self);
	g_autofree char *sent = origin(self, id);

	/* The new try begins with nothing handed over. */
	sn_outbox_request(self->world->store, id, SN_REQUEST_SEND, NULL);
	sn_delivery_look(self->engine.delivery);
	assert_int_equal(state_of(self, id), SN_STATE_SENDING);
	crash(self, TRUE);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	delivery_free(self);
}

static void the_user_can_have_it_looked_up_again(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = doubtful(self);

	ask_for(self, id, SN_REQUEST_CHECK);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "no copy in Sent"));
	go_offline(self);
	ask_for(self, id, SN_REQUEST_CHECK);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	g_autofree char *offline = reason_of(self, id);
	assert_non_null(strstr(offline, "not connected"));
	go_online(self);
	self->sent_has = TRUE;
	ask_for(self, id, SN_REQUEST_CHECK);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

static void the_user_may_know_that_it_arrived(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = doubtful(self);

	ask_for(self, id, SN_REQUEST_ARRIVED);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

static void what_is_known_cannot_be_looked_up(void **state)
{
	Delivery *self = delivery_new(NULL);
	g_autoptr(GError) error = NULL;

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_im(self, "hello");
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	assert_false(sn_outbox_request(self->world->store, id, SN_REQUEST_ARRIVED, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	assert_false(sn_outbox_request(self->world->store, id, SN_REQUEST_CHECK, NULL));
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	delivery_free(self);
}

/* A contact's archive came back: looked up again, the IM is missing, and goes. */
static void looked_up_again_a_missing_im_goes(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);

	self->archive = FALSE;
	self->next_im = FATE_LOST_BEFORE;
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	self->archive = TRUE;
	ask_for(self, id, SN_REQUEST_CHECK);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	delivery_free(self);
}

static void the_user_is_told_when_a_report_will_settle_it(void **state)
{
	Delivery *self = delivery_new(NULL);

	self->dsn = TRUE;
	SnId id = doubtful(self);
	g_autofree char *sent = origin(self, id);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "report of delivery"));
	sn_delivery_report(self->engine.delivery, sent, NULL, SN_REPORT_DELIVERED, BOB_MAIL, NULL);
	assert_int_equal(state_of(self, id), SN_STATE_DELIVERED);
	delivery_free(self);
}

static void a_cancel_is_heard_up_to_the_last_word(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");

	sn_delivery_look(self->engine.delivery);
	assert_int_equal(state_of(self, id), SN_STATE_SENDING);
	assert_true(sn_outbox_request(self->world->store, id, SN_REQUEST_CANCEL, NULL));
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CANCELLED);
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

/* That it goes could not be written down, so it did not go. */
static void what_cannot_be_written_down_is_not_let_go(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");
	g_autoptr(GError) error = NULL;
	SnStore *other = sn_store_open(self->world->path, SN_STORE_CLIENT, &error);

	assert_non_null(other);
	sn_delivery_look(self->engine.delivery);
	assert_int_equal(state_of(self, id), SN_STATE_SENDING);
	sn_store_set_patience(self->world->store, 10);
	assert_true(sn_store_begin(other, &error));
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
	pump(self);
	assert_int_equal(self->mails->len, 0);
	sn_store_rollback(other);
	sn_store_close(other);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	later(self, SN_HOUR);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	assert_int_equal(self->questions, 0);
	delivery_free(self);
}

/* Killed after the n-th answer of the server (n = 0: before any), for an IM of many parts. */
static gboolean killed_after(int n, gboolean answered)
{
	Delivery *self = delivery_new(NULL);
	Said mail = { .channel = SN_CHANNEL_MAIL, .subject = "Budget", .body = "how much?" };
	Said im = { .channel = SN_CHANNEL_IM, .body = "a line of IM" };
	SnId history[] = { world_say(self->world, &mail), world_say(self->world, &im) };
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = "the answer",
		            .state = SN_STATE_QUEUED,
		            .history = ids,
		            .history_attachments = TRUE };
	gboolean more = TRUE;

	g_array_append_vals(ids, history, 2);
	SnId id = queue_new(self, &new, BOB_IM);
	sn_delivery_look(self->engine.delivery);
	for (int i = 0; i < n && more; i++)
		more = pump_one(self);
	if (!answered) /* the server took one more, and the answer was lost with the process */
		take_without_answer(self);
	crash(self, FALSE);
	settle(self);
	go_online(self);
	bob_is(self, SN_PRESENCE_ONLINE);
	later(self, SN_HOUR);
	if (state_of(self, id) != SN_STATE_ACCEPTED) {
		g_autofree char *reason = reason_of(self, id);
		fail_msg("killed after %d: %s (%s)", n, sn_state_word(state_of(self, id)), reason);
	}
	GHashTableIter iter;
	gpointer key, times;
	g_hash_table_iter_init(&iter, self->taken);
	while (g_hash_table_iter_next(&iter, &key, &times))
		if (GPOINTER_TO_INT(times) != 1)
			fail_msg("killed after %d: %s taken %d times", n, (char *)key,
			         GPOINTER_TO_INT(times));
	assert_int_equal(taken_body(self, "the answer"), 1);
	assert_int_equal(self->stanzas->len, 4); /* body, text, email, forwarded IM */
	delivery_free(self);
	return more;
}

static void killed_at_any_step_each_part_arrives_once(void **state)
{
	int n = 0;

	while (killed_after(n, TRUE))
		assert_true(++n < 50);
	assert_true(n >= 5); /* upload and four stanzas */
	for (int i = 0; i < n; i++)
		killed_after(i, FALSE);
}

/* What the server takes is told only some time after log-in. A plan made before that would go
 * without the file, and say so to the contact. */
static void killed_in_an_upload_the_file_is_not_left_out(void **state)
{
	for (int answered = 0; answered < 3; answered++) {
		Delivery *self = delivery_new(NULL);
		SnId id = queue_im_with_file(self, "the menu");

		sn_delivery_look(self->engine.delivery);
		for (int i = 0; i < answered; i++)
			pump_one(self);
		crash(self, FALSE);
		settle(self);
		log_in(self);
		bob_is(self, SN_PRESENCE_ONLINE);
		later(self, 10 * SN_SECOND);
		self->account.upload_max = -1;
		go_online(self);
		bob_is(self, SN_PRESENCE_ONLINE);
		later(self, SN_HOUR);
		assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
		assert_int_equal(self->stanzas->len, 2);
		const SnImMessage *file = self->stanzas->pdata[1];
		assert_non_null(file->files);
		assert_int_equal(taken_body(self, "the menu"), 1);
		delivery_free(self);
	}
}

static void queued_before_log_in_a_file_waits_for_what_the_server_takes(void **state)
{
	Delivery *self = delivery_new(NULL);

	go_offline(self);
	SnId id = queue_im_with_file(self, "the menu");
	settle(self);
	log_in(self);
	bob_is(self, SN_PRESENCE_ONLINE);
	later(self, SN_MINUTE);
	assert_int_equal(self->stanzas->len, 0);
	assert_int_equal(self->questions, 0);
	self->account.upload_max = -1;
	go_online(self);
	later(self, SN_MINUTE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->stanzas->len, 2);
	delivery_free(self);
}

static void a_report_that_it_was_passed_on_settles_the_doubt(void **state)
{
	static const SnReportKind kinds[] = { SN_REPORT_RELAYED, SN_REPORT_DELAYED };

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		Delivery *self = delivery_new(NULL);
		SnId id = doubtful(self);
		g_autofree char *sent = origin(self, id);

		sn_delivery_report(self->engine.delivery, sent, NULL, (int)kinds[i], BOB_MAIL, "x");
		assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
		delivery_free(self);
	}
}

static void deferred_survives_the_kill(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = defer\n");

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);
	settle(self);
	for (int i = 0; i < 3; i++) {
		crash(self, FALSE);
		settle(self);
		assert_int_equal(state_of(self, id), SN_STATE_WAITING);
		go_online(self);
		later(self, SN_MINUTE);
		assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	}
	assert_int_equal(taken(self, sent), 0);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	g_autofree char *still = origin(self, id);
	assert_string_equal(still, sent);
	delivery_free(self);
}

static void a_receipt_before_the_last_part_counts_after_it(void **state)
{
	Delivery *self = delivery_new(NULL);
	Said im = { .channel = SN_CHANNEL_IM, .body = "a line of IM" };
	SnId said = world_say(self->world, &im);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = "the answer",
		            .state = SN_STATE_QUEUED,
		            .history = ids };

	g_array_append_val(ids, said);
	SnId id = queue_new(self, &new, BOB_IM);
	g_autofree char *sent = origin(self, id);
	sn_delivery_look(self->engine.delivery);
	pump_one(self);
	sn_delivery_receipt(self->engine.delivery, &self->account, BOB_IM, sent, FALSE);
	assert_int_equal(state_of(self, id), SN_STATE_SENDING);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_DELIVERED);
	delivery_free(self);
}

static void a_store_that_cannot_be_written_sends_nothing(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);

	/* Another writer holds the lock longer than anybody waits. */
	g_autoptr(GError) error = NULL;
	SnStore *other = sn_store_open(self->world->path, SN_STORE_CLIENT, &error);
	assert_non_null(other);
	sn_delivery_look(self->engine.delivery);
	assert_int_equal(state_of(self, id), SN_STATE_SENDING);
	assert_true(sn_store_begin(other, &error));
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
	pump(self); /* the server takes it, and that cannot be written */
	assert_int_equal(taken(self, sent), 1);
	sn_store_rollback(other);
	sn_store_close(other);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	delivery_free(self);
}

static void success_is_announced_after_a_restart_too(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL,
		            .body = "x",
		            .state = SN_STATE_QUEUED,
		            .announce = TRUE };

	self->dsn = TRUE;
	SnId id = queue_new(self, &new, BOB_MAIL);
	g_autofree char *sent = origin(self, id);
	settle(self);
	assert_int_equal(self->delivered, 0);
	crash(self, TRUE);
	sn_delivery_report(self->engine.delivery, sent, NULL, SN_REPORT_DELIVERED, BOB_MAIL, NULL);
	assert_int_equal(self->delivered, 1);
	later(self, SN_HOUR);
	assert_int_equal(self->delivered, 1);
	delivery_free(self);
}

static void without_receipts_it_is_announced_as_sent(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnOutboxNew im = { .channel = SN_CHANNEL_IM,
		           .body = "x",
		           .state = SN_STATE_QUEUED,
		           .announce = TRUE };
	SnOutboxNew mail = im;

	mail.channel = SN_CHANNEL_MAIL;
	queue_new(self, &im, BOB_IM);
	settle(self);
	assert_int_equal(self->delivered, 0);
	later(self, 2 * SN_MINUTE);
	assert_int_equal(self->delivered, 1);
	assert_string_equal(self->last_title, "Sent to Bob");
	queue_new(self, &mail, BOB_MAIL);
	settle(self); /* this server promises no reports */
	assert_int_equal(self->delivered, 2);
	delivery_free(self);
}

/* Bob's words are filed, and the engine ends before it does what they say. */
static void file_answer(Delivery *self, const char *text)
{
	Said said = { .channel = SN_CHANNEL_IM, .body = text, .time = self->world->now };

	world_say(self->world, &said);
}

static void an_answer_filed_before_the_kill_is_obeyed_after_it(void **state)
{
	static const struct {
		const char *text;
		SnState state;
	} cases[] = { { "now", SN_STATE_ACCEPTED },
		      { "email", SN_STATE_CONVERTED },
		      { "later please", SN_STATE_WAITING },
		      { "what is it about?", SN_STATE_ASKED } };

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		Delivery *self = delivery_new(NULL);
		bob_is(self, SN_PRESENCE_DND);
		file_answer(self, "now"); /* said before, and about something else */
		later(self, SN_HOUR);
		SnId id = queue_im(self, "hello");
		settle(self);
		ask_for(self, id, SN_REQUEST_ASK_THEM);
		later(self, SN_SECOND);
		assert_int_equal(state_of(self, id), SN_STATE_ASKED);
		crash(self, TRUE);
		assert_int_equal(state_of(self, id), SN_STATE_ASKED);
		file_answer(self, cases[i].text);
		crash(self, TRUE);
		bob_is(self, SN_PRESENCE_DND);
		settle(self);
		assert_int_equal(state_of(self, id), cases[i].state);
		crash(self, TRUE);
		settle(self);
		assert_int_equal(state_of(self, id), cases[i].state);
		assert_int_equal(taken_body(self, "hello"), i == 0);
		delivery_free(self);
	}
}

/* It is known only from the archive that the question went; the answer came before that. */
static void an_answer_is_heard_once_the_question_is_known_to_have_gone(void **state)
{
	Delivery *self = delivery_new(NULL);

	bob_is(self, SN_PRESENCE_DND);
	SnId id = queue_im(self, "hello");
	settle(self);
	sn_outbox_request(self->world->store, id, SN_REQUEST_ASK_THEM, NULL);
	sn_delivery_look(self->engine.delivery);
	take_without_answer(self);
	crash(self, FALSE);
	later(self, 20 * SN_MINUTE);
	file_answer(self, "now");
	go_online(self);
	bob_is(self, SN_PRESENCE_DND);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->stanzas->len, 2); /* the question once, and the message */
	delivery_free(self);
}

/* The report may be faster than the look into Sent. */
static void a_report_before_it_was_looked_up_leaves_no_doubt(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");
	g_autofree char *sent = origin(self, id);

	sn_delivery_look(self->engine.delivery);
	assert_true(hand_over(self));
	crash(self, FALSE);
	sn_delivery_report(self->engine.delivery, sent, NULL, SN_REPORT_RELAYED, BOB_MAIL, "x");
	go_online(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->questions, 0);
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_im_the_server_has_is_not_sent_again),
		cmocka_unit_test(an_im_the_server_lacks_is_sent_again_under_its_id),
		cmocka_unit_test(without_an_archive_the_user_decides),
		cmocka_unit_test(the_user_may_send_it_again),
		cmocka_unit_test(an_email_that_may_have_gone_is_never_repeated_by_itself),
		cmocka_unit_test(an_email_found_in_sent_has_gone),
		cmocka_unit_test(stopped_before_the_last_word_an_email_goes_without_a_question),
		cmocka_unit_test(stopped_after_it_asks),
		cmocka_unit_test(sent_again_it_can_be_interrupted_again),
		cmocka_unit_test(the_user_can_have_it_looked_up_again),
		cmocka_unit_test(the_user_may_know_that_it_arrived),
		cmocka_unit_test(what_is_known_cannot_be_looked_up),
		cmocka_unit_test(looked_up_again_a_missing_im_goes),
		cmocka_unit_test(the_user_is_told_when_a_report_will_settle_it),
		cmocka_unit_test(a_cancel_is_heard_up_to_the_last_word),
		cmocka_unit_test(what_cannot_be_written_down_is_not_let_go),
		cmocka_unit_test(killed_at_any_step_each_part_arrives_once),
		cmocka_unit_test(killed_in_an_upload_the_file_is_not_left_out),
		cmocka_unit_test(queued_before_log_in_a_file_waits_for_what_the_server_takes),
		cmocka_unit_test(a_report_that_it_was_passed_on_settles_the_doubt),
		cmocka_unit_test(an_answer_filed_before_the_kill_is_obeyed_after_it),
		cmocka_unit_test(an_answer_is_heard_once_the_question_is_known_to_have_gone),
		cmocka_unit_test(a_report_before_it_was_looked_up_leaves_no_doubt),
		cmocka_unit_test(deferred_survives_the_kill),
		cmocka_unit_test(a_receipt_before_the_last_part_counts_after_it),
		cmocka_unit_test(a_store_that_cannot_be_written_sends_nothing),
		cmocka_unit_test(success_is_announced_after_a_restart_too),
		cmocka_unit_test(without_receipts_it_is_announced_as_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
