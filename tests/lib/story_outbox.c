/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/story_outbox.h"

#include <string.h>

typedef struct {
	SnStore *store;
	SnId account;
	SnTime now;
} Story;

static SnTime story_clock(gpointer data)
{
	return ((Story *)data)->now;
}

static SnId conversation_with(Story *story, SnChannel channel, const char *value)
{
	SnId id = sn_address_intern(story->store, channel, value, NULL, NULL);
	g_autoptr(SnAddress) address = sn_address_get(story->store, id);

	return sn_conversation_for_person(story->store, address->person, NULL);
}

static SnId queue(Story *story, SnOutboxNew entry, const char *to)
{
	SnParty party = { SN_ROLE_TO, (char *)to, NULL };
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(recipients, &party);
	entry.account = story->account;
	entry.from = "alice@example.test";
	entry.recipients = recipients;
	entry.conversation = conversation_with(story, entry.channel, to);
	if (!entry.state)
		entry.state = SN_STATE_QUEUED;
	SnId id = sn_outbox_queue(story->store, &entry, FALSE, &error);
	if (!id)
		g_error("story: %s", error->message);
	story->now += 7 * SN_SECOND;
	return id;
}

static void move(Story *story, SnId id, SnState from, const SnOutboxChange *change)
{
	SnOutboxChange full = *change;
	g_autoptr(GError) error = NULL;

	full.attempts = -1;
	full.step = change->step ? change->step : -1;
	if (!sn_outbox_change(story->store, id, from, &full, &error))
		g_error("story: %s", error->message);
	story->now += 3 * SN_SECOND;
}

static SnOutboxNew im(const char *body)
{
	return (SnOutboxNew){ .channel = SN_CHANNEL_IM, .body = body };
}

static SnOutboxNew mail(const char *subject, const char *body)
{
	return (SnOutboxNew){ .channel = SN_CHANNEL_MAIL, .subject = subject, .body = body };
}

#define BOB "bob@example.test"
#define CAROL "carol@example.test"
#define DORA "dora@example.test"
#define SHOP "shop@chandler.example"

/* What has gone, and what will not go. */
static void finished(Story *story)
{
	static const char *const servers[] = { "250 2.0.0 Ok: queued as 4F2A1", "receipt from the phone" };
	SnId read = queue(story, im("Is the tide table on board?"), BOB);
	move(story, read, SN_STATE_QUEUED, &(SnOutboxChange){ .state = SN_STATE_SENDING, .what = "sending" });
	move(story, read, SN_STATE_SENDING, &(SnOutboxChange){ .state = SN_STATE_ACCEPTED, .what = "accepted" });
	move(story, read, SN_STATE_ACCEPTED,
	     &(SnOutboxChange){ .state = SN_STATE_DELIVERED, .what = "receipt", .detail = servers[1] });
	move(story, read, SN_STATE_DELIVERED, &(SnOutboxChange){ .state = SN_STATE_READ, .what = "displayed" });
	SnId delivered = queue(story, im("And the flares?"), BOB);
	move(story, delivered, SN_STATE_QUEUED, &(SnOutboxChange){ .state = SN_STATE_DELIVERED, .what = "receipt" });
	SnId accepted = queue(story, mail("Order 4711", "Please send it to the harbour office."), SHOP);
	move(story, accepted, SN_STATE_QUEUED,
	     &(SnOutboxChange){ .state = SN_STATE_ACCEPTED, .what = "accepted", .detail = servers[0] });
	SnId cancelled = queue(story, mail("Your book", "No hurry at all."), CAROL);
	move(story, cancelled, SN_STATE_QUEUED,
	     &(SnOutboxChange){ .state = SN_STATE_CANCELLED, .what = "cancel", .detail = "by you" });
	SnId waited = queue(story, im("The mast is up. Do you want to see it?"), DORA);
	move(story, waited, SN_STATE_QUEUED,
	     &(SnOutboxChange){ .state = SN_STATE_WAITING, .what = "defer", .detail = "Dora is offline" });
	SnOutboxNew email = mail("IM from Alice Liddell", "The mast is up. Do you want to see it?");
	SnParty party = { SN_ROLE_TO, (char *)DORA, NULL };
	email.recipients = g_ptr_array_new();
	g_ptr_array_add(email.recipients, &party);
	email.account = story->account;
	email.from = "alice@example.test";
	email.conversation = conversation_with(story, SN_CHANNEL_IM, DORA);
	email.state = SN_STATE_QUEUED;
	email.reason = "it waited for too long";
	SnId converted = sn_outbox_convert(story->store, &waited, 1, &email, NULL);
	g_ptr_array_unref(email.recipients);
	move(story, converted, SN_STATE_QUEUED,
	     &(SnOutboxChange){ .state = SN_STATE_ACCEPTED, .what = "accepted" });
	SnId failed = queue(story, mail("Splicing dyneema", "I have the same fid, and it slips."),
	                    "erik@example.test");
	move(story, failed, SN_STATE_QUEUED, &(SnOutboxChange){ .state = SN_STATE_SENDING, .what = "sending" });
	move(story, failed, SN_STATE_SENDING,
	     &(SnOutboxChange){ .state = SN_STATE_FAILED, .what = "permanent", .error_word = "rejected",
	                        .reason = "The server refused it: 550 5.1.1 no such user here",
	                        .detail = "550 5.1.1 no such user here" });
}

/* What the user has to decide on. */
static void undecided(Story *story)
{
	SnId choosing = queue(story, im("Shall I bring the long rope as well?"), DORA);
	move(story, choosing, SN_STATE_QUEUED,
	     &(SnOutboxChange){ .state = SN_STATE_CHOOSING, .what = "need-choice",
	                        .reason = "Dora Splice is extended away",
	                        .detail = "Dora Splice is extended away" });
	SnId unknown = queue(story, mail("Plans for Saturday", "I am there at nine."), BOB);
	move(story, unknown, SN_STATE_QUEUED, &(SnOutboxChange){ .state = SN_STATE_SENDING, .what = "sending" });
	move(story, unknown, SN_STATE_SENDING,
	     &(SnOutboxChange){ .state = SN_STATE_CHOOSING, .what = "cannot-know", .error_word = "uncertain",
	                        .reason = "It may have been sent: the server's answer was lost, and no copy "
	                                  "is in Sent. A copy in Sent, an answer or an error report "
	                                  "would tell",
	                        .detail = "no copy is in Sent" });
}

/* What is on its way. */
static void underway(Story *story)
{
	SnId waiting = queue(story, im("Come by for tea when you are back"), DORA);
	for (int i = 0; i < 4; i++) {
		move(story, waiting, i ? SN_STATE_WAITING : SN_STATE_QUEUED,
		     &(SnOutboxChange){ .state = SN_STATE_WAITING, .what = i ? "looked" : "defer",
		                        .reason = "Dora Splice is extended away",
		                        .detail = "Dora Splice is extended away",
		                        .next_try = STORY_NOW + 5 * SN_MINUTE,
		                        .expires = STORY_NOW + 7 * SN_DAY });
		story->now += 5 * SN_MINUTE;
	}
	SnId line = queue(story, mail("Harbour dues", "Paid this morning."), SHOP);
	move(story, line, SN_STATE_QUEUED, &(SnOutboxChange){ .state = SN_STATE_SENDING, .what = "sending" });
	move(story, line, SN_STATE_SENDING,
	     &(SnOutboxChange){ .state = SN_STATE_WAITING, .what = "temporary", .error_word = "network",
	                        .reason = "mail.example.test cannot be reached",
	                        .detail = "mail.example.test: no route to host",
	                        .next_try = STORY_NOW + SN_MINUTE, .expires = STORY_NOW + 7 * SN_DAY });
	SnId asked = queue(story, im("Do you have ten minutes for the sail?"), DORA);
	move(story, asked, SN_STATE_QUEUED,
	     &(SnOutboxChange){ .state = SN_STATE_ASKED, .what = "ask-them",
	                        .reason = "Dora Splice is extended away",
	                        .detail = "Dora Splice is extended away",
	                        .next_try = STORY_NOW + 28 * SN_MINUTE });
	SnOutboxNew secret = im("The key is under the mat");
	secret.encrypt = SN_ENCRYPT_REQUIRED;
	SnId encrypt = queue(story, secret, BOB);
	move(story, encrypt, SN_STATE_QUEUED,
	     &(SnOutboxChange){ .state = SN_STATE_WAITING, .what = "encrypt",
	                        .reason = "It has to go encrypted, and there is no encryption for Bob "
	                                  "Ropewalk yet", .expires = STORY_NOW + 7 * SN_DAY });
	SnOutboxNew scheduled = im("Good morning. Wind from the north, five. Shall we go?");
	scheduled.send_at = STORY_NOW + 22 * SN_HOUR + 30 * SN_MINUTE;
	scheduled.when = SN_WHEN_ONLINE;
	scheduled.then = SN_RULE_MAIL;
	scheduled.expires = scheduled.send_at + 2 * SN_HOUR;
	queue(story, scheduled, BOB);
	SnId sending = queue(story, im("Pictures of the splice, three of them"), BOB);
	move(story, sending, SN_STATE_QUEUED,
	     &(SnOutboxChange){ .state = SN_STATE_SENDING, .what = "sending", .step = 2 });
	SnId behind = queue(story, im("And one of the cat"), BOB);
	move(story, behind, SN_STATE_QUEUED,
	     &(SnOutboxChange){ .state = SN_STATE_QUEUED, .what = "behind", .behind = sending,
	                        .reason = "Behind the message before it, which is on its way",
	                        .expires = STORY_NOW + 7 * SN_DAY });
	story->now = STORY_NOW - SN_SECOND;
	SnOutboxNew undo = mail("Your book", "Tomorrow at four would be fine.");
	undo.send_at = STORY_NOW + 4 * SN_SECOND;
	queue(story, undo, CAROL);
}

void story_fill_outbox(SnStore *store)
{
	Story story = { store, sn_account_find(store, "home"), STORY_NOW - 2 * SN_HOUR };
	SnClock clock = { story_clock, &story };

	g_assert(story.account);
	sn_store_set_clock(store, &clock);
	sn_store_begin(store, NULL);
	finished(&story);
	undecided(&story);
	underway(&story);
	if (!sn_store_commit(store, NULL))
		g_error("story: commit");
	sn_store_set_clock(store, NULL);
}
