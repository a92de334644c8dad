/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways of one message: to where it goes, and what happens on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/delivery_world.h"

#define ALICE &self->account

static void assert_state(Delivery *self, SnId id, SnState expected)
{
	if (state_of(self, id) != expected) {
		g_autofree char *reason = reason_of(self, id);
		fail_msg("%s instead of %s (%s)", sn_state_word(state_of(self, id)),
		         sn_state_word(expected), reason);
	}
	/* The timeline shows the same. */
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	g_autoptr(SnMessage) row = sn_message_get(self->world->store, entry->message, 0);
	assert_int_equal(row->state, expected);
}

static void assert_reason(Delivery *self, SnId id, const char *part)
{
	g_autofree char *reason = reason_of(self, id);

	if (!strstr(reason, part))
		fail_msg("\"%s\" does not say \"%s\"", reason, part);
}

static char *origin(Delivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);

	return g_strdup(entry->origin_id ? entry->origin_id : entry->message_id);
}

/* ---- what goes at once ---- */

static void an_im_goes_and_is_received_and_read(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);

	settle(self);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(taken(self, sent), 1);
	const SnImMessage *stanza = self->stanzas->pdata[0];
	assert_string_equal(stanza->body, "hello");
	assert_string_equal(stanza->to, BOB_IM);
	assert_string_equal(stanza->origin_id, sent);
	assert_true(stanza->want_receipt);
	sn_delivery_receipt(self->engine.delivery, ALICE, BOB_IM "/phone", sent, FALSE);
	assert_state(self, id, SN_STATE_DELIVERED);
	sn_delivery_receipt(self->engine.delivery, ALICE, BOB_IM, sent, TRUE);
	assert_state(self, id, SN_STATE_READ);
	assert_int_equal(self->delivered, 0); /* nobody wanted that announced */
	delivery_free(self);
}

static void receipts_of_others_change_nothing(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);

	settle(self);
	sn_delivery_receipt(self->engine.delivery, ALICE, "mallory@evil.example", sent, FALSE);
	sn_delivery_receipt(self->engine.delivery, ALICE, BOB_IM, "another-id", FALSE);
	sn_delivery_receipt(self->engine.delivery, ALICE, NULL, sent, FALSE);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void an_email_goes_with_its_ids_and_headers(void **state)
{
	Delivery *self = delivery_new(NULL);
	Said asked = { .channel = SN_CHANNEL_MAIL, .subject = "Budget", .id = "two@w",
		       .in_reply_to = "one@w", .thread = "one@w", .body = "how much?" };
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL,
		            .subject = "Re: Budget",
		            .body = "Ten.",
		            .state = SN_STATE_QUEUED };
	GError *error = NULL;

	self->dsn = TRUE;
	new.reply_to = world_say(self->world, &asked);
	SnId id = queue_new(self, &new, BOB_MAIL);
	g_autofree char *sent = origin(self, id);
	settle(self);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	assert_string_equal(self->envelopes->pdata[0], BOB_MAIL);
	g_autoptr(SnMail) mail = sn_mail_parse(self->mails->pdata[0], NULL, &error);
	assert_non_null(mail);
	assert_string_equal(mail->message_id, sent);
	assert_string_equal(mail->in_reply_to, "two@w");
	assert_int_equal(mail->references->len, 2);
	assert_string_equal(mail->references->pdata[0], "one@w");
	assert_string_equal(mail->jabber_id, "alice@example.test");
	assert_non_null(strstr(mail->text, "Ten."));
	/* A copy for Sent is on its way, and what was answered is marked so. */
	g_autoptr(GPtrArray) actions = sn_action_list(self->world->store, self->world->home, G_MAXINT64);
	gboolean append = FALSE;
	for (guint i = 0; i < actions->len; i++)
		append |= ((SnAction *)actions->pdata[i])->kind == SN_ACTION_APPEND;
	assert_true(append);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	g_autoptr(GBytes) copy = sn_message_raw(self->world->store, entry->message, NULL);
	assert_true(g_bytes_equal(copy, self->mails->pdata[0]));
	g_autoptr(SnMessage) answered = sn_message_get(self->world->store, new.reply_to, 0);
	assert_true(answered->flags & SN_FLAG_ANSWERED);
	delivery_free(self);
}

static void reports_are_asked_for_as_the_email_says(void **state)
{
	static const struct {
		SnReports reports;
		SnNotifyWhen notify;
	} rows[] = { { SN_REPORTS_DEFAULT, SN_NOTIFY_ALL }, { SN_REPORTS_FAILURES, SN_NOTIFY_FAILURE },
		     { SN_REPORTS_NONE, SN_NOTIFY_NEVER }, { SN_REPORTS_ALL, SN_NOTIFY_ALL } };
	Delivery *self = delivery_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		SnOutboxNew new = { .channel = SN_CHANNEL_MAIL, .subject = "Budget", .body = "Ten.",
			            .reports = rows[i].reports, .state = SN_STATE_QUEUED };
		SnId id = queue_new(self, &new, BOB_MAIL);
		settle(self);
		assert_state(self, id, SN_STATE_ACCEPTED);
		assert_int_equal(self->notify, rows[i].notify);
	}
	delivery_free(self);
}

static void reports_settle_an_email(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");
	g_autofree char *sent = origin(self, id);

	self->dsn = TRUE;
	settle(self);
	sn_delivery_report(self->engine.delivery, "unknown@x", NULL, SN_REPORT_FAILED, NULL, NULL);
	sn_delivery_report(self->engine.delivery, NULL, sent, SN_REPORT_DELAYED, BOB_MAIL, "slow");
	assert_state(self, id, SN_STATE_ACCEPTED);
	sn_delivery_report(self->engine.delivery, NULL, sent, SN_REPORT_DELIVERED, BOB_MAIL, NULL);
	assert_state(self, id, SN_STATE_DELIVERED);
	sn_delivery_report(self->engine.delivery, sent, NULL, SN_REPORT_DISPLAYED, BOB_MAIL, NULL);
	assert_state(self, id, SN_STATE_READ);
	delivery_free(self);
}

static void a_bounce_turns_accepted_into_failed(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");
	g_autofree char *sent = origin(self, id);

	settle(self);
	sn_delivery_report(self->engine.delivery, sent, NULL, SN_REPORT_FAILED, BOB_MAIL,
	                   "550 mailbox full");
	assert_state(self, id, SN_STATE_FAILED);
	assert_reason(self, id, "the mailbox is full");
	assert_int_equal(self->failed, 1);
	delivery_free(self);
}

static void several_recipients_are_delivered_when_all_are(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnParty one = { SN_ROLE_TO, (char *)BOB_MAIL, NULL },
		two = { SN_ROLE_BCC, (char *)"carol@example.net", NULL };
	g_autoptr(GPtrArray) both = g_ptr_array_new();
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL, .body = "x", .recipients = both,
		            .state = SN_STATE_QUEUED };

	g_ptr_array_add(both, &one);
	g_ptr_array_add(both, &two);
	SnId id = queue_new(self, &new, NULL);
	g_autofree char *sent = origin(self, id);
	settle(self);
	assert_string_equal(self->envelopes->pdata[0], BOB_MAIL " carol@example.net");
	g_autofree char *text = g_strndup(g_bytes_get_data(self->mails->pdata[0], NULL),
	                                  g_bytes_get_size(self->mails->pdata[0]));
	assert_null(strstr(text, "carol@example.net"));
	sn_delivery_report(self->engine.delivery, sent, NULL, SN_REPORT_DELIVERED, BOB_MAIL, NULL);
	sn_delivery_report(self->engine.delivery, sent, NULL, SN_REPORT_DELIVERED, BOB_MAIL, NULL);
	assert_state(self, id, SN_STATE_ACCEPTED);
	sn_delivery_report(self->engine.delivery, sent, NULL, SN_REPORT_DELIVERED,
	                   "carol@example.net", NULL);
	assert_state(self, id, SN_STATE_DELIVERED);
	delivery_free(self);
}

static void the_undo_window_is_kept(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL,
		            .body = "oh no",
		            .state = SN_STATE_QUEUED,
		            .send_at = self->world->now + 5 * SN_SECOND };
	SnId taken_back = queue_new(self, &new, BOB_MAIL), goes = queue_new(self, &new, BOB_MAIL);

	settle(self);
	assert_state(self, goes, SN_STATE_QUEUED);
	assert_true(self->timer > 0 && self->timer <= 5 * SN_SECOND);
	ask_for(self, taken_back, SN_REQUEST_CANCEL);
	assert_state(self, taken_back, SN_STATE_CANCELLED);
	later(self, 6 * SN_SECOND);
	assert_state(self, goes, SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	delivery_free(self);
}

/* ---- errors ---- */

static void temporary_errors_are_tried_again_with_growing_pauses(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");
	SnTime pause = 0;

	for (int i = 0; i < 4; i++) {
		self->next_mail = FATE_TEMPORARY;
		settle(self);
		assert_state(self, id, SN_STATE_WAITING);
		assert_reason(self, id, "451 try again later");
		g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
		assert_true(entry->next_try > self->world->now + pause * 3 / 2);
		pause = entry->next_try - self->world->now;
		self->world->now = entry->next_try;
	}
	settle(self);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	assert_int_equal(self->failed, 0);
	delivery_free(self);
}

static void a_refusal_fails_with_the_servers_words_and_can_be_retried(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");

	self->next_mail = FATE_REJECTED;
	settle(self);
	assert_state(self, id, SN_STATE_FAILED);
	assert_reason(self, id, "550 no such user");
	assert_int_equal(self->failed, 1);
	assert_non_null(strstr(self->last_title, "Bob"));
	ask_for(self, id, SN_REQUEST_RETRY);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void a_wrong_password_keeps_it_and_is_told_once(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_mail(self, "text");

	for (int i = 0; i < 4; i++) {
		self->next_mail = FATE_AUTH;
		asleep(self, 2 * SN_HOUR);
		assert_state(self, id, SN_STATE_WAITING);
		assert_reason(self, id, "Wrong password");
	}
	assert_int_equal(self->failed, 1);
	assert_string_equal(self->last_title, "Not sent yet to Bob");
	asleep(self, 2 * SN_HOUR);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void an_error_stanza_fails_the_message(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autofree char *sent = origin(self, id);

	settle(self);
	sn_delivery_im_error(self->engine.delivery, ALICE, "mallory@evil.example", sent,
	                     "item-not-found", NULL);
	assert_state(self, id, SN_STATE_ACCEPTED);
	sn_delivery_im_error(self->engine.delivery, ALICE, BOB_IM, sent, "service-unavailable",
	                     "gone");
	assert_state(self, id, SN_STATE_FAILED);
	assert_reason(self, id, "could not deliver or keep it: gone");
	assert_int_equal(self->failed, 1);
	delivery_free(self);
}

/* ---- order ---- */

static void messages_to_one_person_keep_their_order(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId one = queue_im(self, "one"), two = queue_im(self, "two"), three = queue_im(self, "three");

	self->next_im = FATE_NETWORK;
	settle(self);
	assert_state(self, one, SN_STATE_WAITING);
	assert_int_equal(self->stanzas->len, 0); /* two and three wait behind one */
	later(self, 5 * SN_MINUTE);
	assert_int_equal(self->stanzas->len, 3);
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[0])->body, "one");
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[1])->body, "two");
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[2])->body, "three");
	assert_state(self, two, SN_STATE_ACCEPTED);
	assert_state(self, three, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void the_undo_window_keeps_the_order_and_a_schedule_does_not(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL,
		            .body = "tomorrow",
		            .state = SN_STATE_QUEUED,
		            .send_at = self->world->now + SN_DAY };
	SnId tomorrow = queue_new(self, &new, BOB_MAIL);

	new.send_at = self->world->now + 5 * SN_SECOND;
	SnId held = queue_new(self, &new, BOB_MAIL), next = queue_mail(self, "at once");
	settle(self);
	assert_int_equal(self->mails->len, 0);
	later(self, 6 * SN_SECOND);
	assert_state(self, held, SN_STATE_ACCEPTED);
	assert_state(self, next, SN_STATE_ACCEPTED);
	assert_state(self, tomorrow, SN_STATE_QUEUED);
	delivery_free(self);
}

static void a_failed_one_does_not_hold_up_the_rest(void **state)
{
	Delivery *self = delivery_new(NULL);

	self->next_mail = FATE_REJECTED;
	SnId one = queue_mail(self, "one"), two = queue_mail(self, "two");
	settle(self);
	assert_state(self, one, SN_STATE_FAILED);
	assert_state(self, two, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void deferred_ones_go_first_when_the_person_is_there(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = defer\n");

	bob_is(self, SN_PRESENCE_DND);
	SnId one = queue_im(self, "one"), two = queue_im(self, "two");
	settle(self);
	assert_state(self, two, SN_STATE_WAITING);
	/* The presence changes while nobody tells: a new message finds out. */
	world_presence(self->world, BOB_IM, SN_PRESENCE_ONLINE, 0);
	queue_im(self, "three");
	settle(self);
	assert_state(self, one, SN_STATE_ACCEPTED);
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[0])->body, "one");
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[1])->body, "two");
	assert_string_equal(((SnImMessage *)self->stanzas->pdata[2])->body, "three");
	delivery_free(self);
}

/* ---- presence ---- */

static void no_rule_means_the_users_choice(void **state)
{
	Delivery *self = delivery_new(NULL);

	bob_is(self, SN_PRESENCE_XA);
	SnId id = queue_im(self, "hello");
	settle(self);
	assert_state(self, id, SN_STATE_CHOOSING);
	assert_reason(self, id, "Bob is extended away");
	assert_int_equal(self->stanzas->len, 0);
	ask_for(self, id, SN_REQUEST_SEND);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(taken_body(self, "hello"), 1);
	delivery_free(self);
}

static void a_choice_is_moot_when_the_person_appears(void **state)
{
	Delivery *self = delivery_new(NULL);

	bob_is(self, SN_PRESENCE_XA);
	SnId id = queue_im(self, "hello");
	settle(self);
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void deferred_until_the_person_appears(void **state)
{
	Delivery *self = delivery_new(NULL);

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = "later is fine",
		            .state = SN_STATE_QUEUED,
		            .if_unavailable = SN_RULE_DEFER,
		            .announce = TRUE };
	SnId id = queue_new(self, &new, BOB_IM);
	g_autofree char *sent = origin(self, id);
	settle(self);
	assert_state(self, id, SN_STATE_WAITING);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	assert_true(entry->next_try > self->world->now);
	assert_int_equal(entry->expires, entry->created + 7 * SN_DAY);
	later(self, 20 * SN_MINUTE);
	assert_true(self->probes > 0);
	assert_state(self, id, SN_STATE_WAITING);
	bob_is(self, SN_PRESENCE_AWAY); /* away counts as available by default */
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(self->delivered, 0);
	sn_delivery_receipt(self->engine.delivery, ALICE, BOB_IM, sent, FALSE);
	assert_int_equal(self->delivered, 1);
	assert_string_equal(self->last_title, "Delivered to Bob");
	/* It says when it was written. */
	const SnImMessage *stanza = self->stanzas->pdata[0];
	assert_int_equal(stanza->written, entry->created);
	assert_string_equal(stanza->body, "later is fine");
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(entry->created / 1000);
	g_autofree char *clock = g_date_time_format(time, "%H:%M)");
	assert_true(g_str_has_prefix(stanza->note, "\n(written "));
	assert_true(g_str_has_suffix(stanza->note, clock));
	delivery_free(self);
}

static void retries_back_off_to_the_longest_pause(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = defer\nretry = 5m\n"
	                              "retry-max = 1h\n");
	SnTime longest = 0, first = 0;

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_im(self, "hello");
	for (int i = 0; i < 12; i++) {
		settle(self);
		g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
		assert_int_equal(entry->state, SN_STATE_WAITING);
		SnTime pause = entry->next_try - self->world->now;
		if (!first)
			first = pause;
		longest = MAX(longest, pause);
		assert_true(pause <= 66 * SN_MINUTE && pause >= 4 * SN_MINUTE);
		self->world->now = entry->next_try;
	}
	assert_true(first <= 6 * SN_MINUTE);
	assert_true(longest >= 54 * SN_MINUTE);
	delivery_free(self);
}

/* Many clients that were put off at the same moment do not all come back at the same moment. */
static void pauses_of_several_messages_differ(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = defer\nretry = 5m\n");
	SnTime shortest = G_MAXINT64, longest = 0;

	for (int attempts = 0; attempts < 30; attempts++) {
		SnTime pause = sn_delivery_backoff(self->engine.delivery, 0, FALSE);
		shortest = MIN(shortest, pause);
		longest = MAX(longest, pause);
		assert_true(pause >= 5 * SN_MINUTE * 9 / 10 && pause <= 5 * SN_MINUTE * 11 / 10);
	}
	assert_true(longest - shortest > 10 * SN_SECOND);
	delivery_free(self);
}

static void the_account_being_off_line_is_not_the_persons_absence(void **state)
{
	Delivery *self = delivery_new(NULL);

	go_offline(self);
	SnId id = queue_im(self, "hello");
	settle(self);
	assert_state(self, id, SN_STATE_WAITING);
	assert_reason(self, id, "The account home is not connected");
	go_online(self);
	assert_int_equal(self->stanzas->len, 0); /* presences are still coming in */
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, id, SN_STATE_ACCEPTED);
	assert_int_equal(taken_body(self, "hello"), 1);
	delivery_free(self);
}

static void unknown_presence_is_sent_after_a_moment(void **state)
{
	Delivery *self = delivery_new(NULL);

	world_roster(self->world, BOB_IM, SN_SUB_NONE);
	go_offline(self);
	SnId id = queue_im(self, "hello");
	go_online(self);
	later(self, 10 * SN_MINUTE);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void a_deferred_one_does_not_go_on_unknown_presence(void **state)
{
	Delivery *self = delivery_new(NULL);

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_im(self, "hello");
	settle(self);
	ask_for(self, id, SN_REQUEST_DEFER);
	go_offline(self);
	later(self, SN_HOUR);
	assert_state(self, id, SN_STATE_WAITING);
	go_online(self);
	later(self, 2 * SN_HOUR);
	assert_state(self, id, SN_STATE_WAITING);
	assert_int_equal(self->stanzas->len, 0);
	bob_is(self, SN_PRESENCE_CHAT);
	assert_state(self, id, SN_STATE_ACCEPTED);
	delivery_free(self);
}

static void expiry_makes_an_email_where_one_can_go(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = defer\n");

	bob_is(self, SN_PRESENCE_OFFLINE);
	SnId id = queue_im(self, "hello");
	settle(self);
	later(self, 7 * SN_DAY + SN_HOUR);
	assert_state(self, id, SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	assert_int_equal(self->stanzas->len, 0);
	delivery_free(self);
}

static void expiry_without_an_email_address_fails_aloud(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = defer\n");
	SnId dave = sn_address_intern(self->world->store, SN_CHANNEL_IM, "dave@chat.example", NULL,
	                              NULL);
	SnOutboxNew new = { .channel = SN_CHANNEL_IM, .body = "x", .state = SN_STATE_QUEUED };

	g_autoptr(SnAddress) address = sn_address_get(self->world->store, dave);
	new.conversation = sn_conversation_for_person(self->world->store, address->person, NULL);
	world_roster(self->world, "dave@chat.example", SN_SUB_BOTH);
	world_presence(self->world, "dave@chat.example", SN_PRESENCE_OFFLINE, 0);
	SnId id = queue_new(self, &new, "dave@chat.example");
	settle(self);
	assert_state(self, id, SN_STATE_WAITING);
	later(self, 8 * SN_DAY);
	assert_state(self, id, SN_STATE_FAILED);
	assert_reason(self, id, "waited for too long");
	assert_reason(self, id, "No confirmed email address");
	assert_int_equal(self->failed, 1);
	delivery_free(self);
}

static void a_rule_of_the_command_line_fails_at_once(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = "x",
		            .state = SN_STATE_QUEUED,
		            .if_unavailable = SN_RULE_FAIL };

	bob_is(self, SN_PRESENCE_DND);
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	assert_state(self, id, SN_STATE_FAILED);
	assert_int_equal(self->stanzas->len, 0);
	delivery_free(self);
}

static void editing_changes_what_goes(void **state)
{
	Delivery *self = delivery_new("[delivery]\nif-unavailable = defer\n");

	bob_is(self, SN_PRESENCE_DND);
	SnId id = queue_im(self, "tpyo");
	settle(self);
	assert_true(sn_outbox_edit(self->world->store, id, NULL, "typo", NULL));
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_int_equal(taken_body(self, "tpyo"), 0);
	assert_int_equal(taken_body(self, "typo"), 1);
	delivery_free(self);
}

static void a_cancel_that_comes_too_late_is_said(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");

	sn_delivery_look(self->engine.delivery); /* handed to the server, no answer yet */
	assert_int_equal(state_of(self, id), SN_STATE_SENDING);
	ask_for(self, id, SN_REQUEST_CANCEL);
	assert_state(self, id, SN_STATE_ACCEPTED);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	assert_int_equal(entry->request, SN_REQUEST_NONE);
	assert_int_equal(self->stanzas->len, 1);
	delivery_free(self);
}

static void a_cancel_is_heard_before_anything_else(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId goes, becomes_mail;

	bob_is(self, SN_PRESENCE_DND);
	goes = queue_im(self, "hello");
	settle(self);
	ask_for(self, goes, SN_REQUEST_ASK_THEM);
	/* The client's request is there, and the engine has not looked yet. */
	assert_true(sn_outbox_request(self->world->store, goes, SN_REQUEST_CANCEL, NULL));
	bob_is(self, SN_PRESENCE_ONLINE);
	assert_state(self, goes, SN_STATE_CANCELLED);
	assert_int_equal(taken_body(self, "hello"), 0);

	bob_is(self, SN_PRESENCE_DND);
	becomes_mail = queue_im(self, "again");
	settle(self);
	ask_for(self, becomes_mail, SN_REQUEST_ASK_THEM);
	assert_true(sn_outbox_request(self->world->store, becomes_mail, SN_REQUEST_CANCEL, NULL));
	bob_says(self, "email");
	assert_state(self, becomes_mail, SN_STATE_CANCELLED);
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

static void a_cancel_while_it_fails_to_go_holds(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");

	sn_delivery_look(self->engine.delivery);
	self->next_im = FATE_NETWORK;
	ask_for(self, id, SN_REQUEST_CANCEL);
	assert_state(self, id, SN_STATE_CANCELLED);
	later(self, SN_DAY);
	assert_int_equal(self->stanzas->len, 0);
	delivery_free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_im_goes_and_is_received_and_read),
		cmocka_unit_test(receipts_of_others_change_nothing),
		cmocka_unit_test(an_email_goes_with_its_ids_and_headers),
		cmocka_unit_test(reports_are_asked_for_as_the_email_says),
		cmocka_unit_test(reports_settle_an_email),
		cmocka_unit_test(a_bounce_turns_accepted_into_failed),
		cmocka_unit_test(several_recipients_are_delivered_when_all_are),
		cmocka_unit_test(the_undo_window_is_kept),
		cmocka_unit_test(temporary_errors_are_tried_again_with_growing_pauses),
		cmocka_unit_test(a_refusal_fails_with_the_servers_words_and_can_be_retried),
		cmocka_unit_test(a_wrong_password_keeps_it_and_is_told_once),
		cmocka_unit_test(an_error_stanza_fails_the_message),
		cmocka_unit_test(messages_to_one_person_keep_their_order),
		cmocka_unit_test(the_undo_window_keeps_the_order_and_a_schedule_does_not),
		cmocka_unit_test(a_failed_one_does_not_hold_up_the_rest),
		cmocka_unit_test(deferred_ones_go_first_when_the_person_is_there),
		cmocka_unit_test(no_rule_means_the_users_choice),
		cmocka_unit_test(a_choice_is_moot_when_the_person_appears),
		cmocka_unit_test(deferred_until_the_person_appears),
		cmocka_unit_test(retries_back_off_to_the_longest_pause),
		cmocka_unit_test(pauses_of_several_messages_differ),
		cmocka_unit_test(the_account_being_off_line_is_not_the_persons_absence),
		cmocka_unit_test(unknown_presence_is_sent_after_a_moment),
		cmocka_unit_test(a_deferred_one_does_not_go_on_unknown_presence),
		cmocka_unit_test(expiry_makes_an_email_where_one_can_go),
		cmocka_unit_test(expiry_without_an_email_address_fails_aloud),
		cmocka_unit_test(a_rule_of_the_command_line_fails_at_once),
		cmocka_unit_test(editing_changes_what_goes),
		cmocka_unit_test(a_cancel_that_comes_too_late_is_said),
		cmocka_unit_test(a_cancel_is_heard_before_anything_else),
		cmocka_unit_test(a_cancel_while_it_fails_to_go_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
