/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of some of alice's messages, for screens. */
#include "src/store/outcome.h"
#include "tests/lib/story.h"

#define ALICE "alice@example.test"

typedef struct {
	SnStore *store;
	SnId account;
	SnTime now;
} Story;

static SnTime reports_clock(gpointer data)
{
	return ((Story *)data)->now;
}

static SnId conversation_with(Story *story, SnChannel channel, const char *value)
{
	SnId address = sn_address_intern(story->store, channel, value, NULL, NULL);
	g_autoptr(SnAddress) known = sn_address_get(story->store, address);

	return sn_conversation_for_person(story->store, known->person, NULL);
}

static SnOutboxEntry *sent(Story *story, SnChannel channel, const char *subject, const char *body,
                           const char *const *to)
{
	g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	for (; *to; to++) {
		SnParty *party = g_new0(SnParty, 1);
		party->role = SN_ROLE_TO;
		party->address = (char *)*to;
		g_ptr_array_add(recipients, party);
	}
	SnOutboxNew new = {
		.conversation = conversation_with(story, channel,
		                                  ((SnParty *)recipients->pdata[0])->address),
		.account = story->account,
		.channel = channel,
		.from = ALICE,
		.recipients = recipients,
		.subject = subject,
		.body = body,
		.state = SN_STATE_QUEUED,
	};
	SnId id = sn_outbox_queue(story->store, &new, FALSE, &error);
	if (!id)
		g_error("story: %s", error->message);
	SnOutboxChange change = { .state = SN_STATE_ACCEPTED, .what = "accepted", .attempts = -1,
		                  .step = -1 };
	sn_outbox_change(story->store, id, SN_STATE_QUEUED, &change, NULL);
	story->now += 2 * SN_MINUTE;
	return sn_outbox_get(story->store, id, 0);
}

static void becomes(Story *story, const SnOutboxEntry *entry, SnState state, const char *who,
                    const char *text, const char *reason)
{
	SnOutboxChange change = { .state = state, .what = "bounce", .attempts = -1, .step = -1,
		                  .reason = reason, .party = who, .fate = SN_FATE_FAILED,
		                  .fate_text = text };

	sn_outbox_change(story->store, entry->id, SN_STATE_ACCEPTED, &change, NULL);
	story->now += SN_MINUTE;
}

static void report(Story *story, const SnOutboxEntry *about, const char *subject)
{
	g_autoptr(SnMessage) message = sn_message_new();
	g_autoptr(GError) error = NULL;

	message->account = story->account;
	message->channel = SN_CHANNEL_MAIL;
	message->state = SN_STATE_RECEIVED;
	message->time = story->now;
	message->sender = sn_address_intern(story->store, SN_CHANNEL_MAIL,
	                                    "mailer-daemon@mail.example.test",
	                                    "Mail Delivery System", NULL);
	message->subject = g_strdup(subject);
	message->message_id = g_strdup_printf("report-%" G_GINT64_FORMAT "@mail.example.test",
	                                      about->id);
	message->body = g_strdup("This is the mail system at host mail.example.test.\n\nI am sorry "
	                         "to have to inform you that your message could not be delivered "
	                         "to one or more recipients.\n");
	sn_message_add_party(message, SN_ROLE_FROM, "mailer-daemon@mail.example.test", NULL);
	sn_message_add_party(message, SN_ROLE_TO, ALICE, NULL);
	if (!sn_message_add(story->store, message, NULL, NULL, NULL, &error) ||
	    !sn_message_set_about(story->store, message->id, about->message, &error))
		g_error("story: %s", error->message);
}

/* Carol wants to know whether alice has read her email. */
static void asks_for_receipt(Story *story)
{
	static const char *const values[] = { "wish:mdn:1=yes", "wish:mdn:1=no", NULL };
	static const char *const labels[] = { "Yes", "No", NULL };
	g_autoptr(SnMessage) message = sn_message_new();

	message->account = story->account;
	message->channel = SN_CHANNEL_MAIL;
	message->state = SN_STATE_RECEIVED;
	message->time = story->now;
	message->sender = sn_address_intern(story->store, SN_CHANNEL_MAIL, "carol@example.test",
	                                    "Carol Marline", NULL);
	message->subject = g_strdup("Your book");
	message->message_id = g_strdup("book-2@example.test");
	message->body = g_strdup("Did you find the letter in it?\n");
	sn_message_add_party(message, SN_ROLE_FROM, "carol@example.test", NULL);
	sn_message_add_party(message, SN_ROLE_TO, ALICE, NULL);
	if (!sn_message_add(story->store, message, NULL, NULL, NULL, NULL) ||
	    !sn_question_add(story->store, message->conversation, message->id,
	                     "carol@example.test asks to be told that you have read this.", values,
	                     labels, NULL))
		g_error("story: question");
}

void story_fill_reports(SnStore *store)
{
	Story story = { store, sn_account_find(store, "home"), STORY_NOW - 2 * SN_HOUR };
	SnClock clock = { reports_clock, &story };
	static const char *const crew[] = { "bob@example.test", "carol@example.test",
		                            "grandma@example.test", "mei@example.test", NULL };
	static const char *const dora[] = { "dora@example.test", NULL };

	sn_store_set_clock(store, &clock);
	g_autoptr(SnOutboxEntry) many =
		sent(&story, SN_CHANNEL_MAIL, "The crew list", "Who comes along on Saturday?", crew);
	sn_outcome_set(store, many->id, crew[0], SN_FATE_READ, NULL, "displayed", NULL, NULL);
	sn_outcome_set(store, many->id, crew[1], SN_FATE_DELIVERED, "deleted without being read",
	               "deleted", NULL, NULL);
	sn_outcome_set(store, many->id, crew[3], SN_FATE_DELAYED, "the server does not answer (4.4.1)",
	               "delayed", NULL, NULL);
	becomes(&story, many, SN_STATE_FAILED, crew[2], "the mailbox is full (5.2.2)",
	        "grandma@example.test: the mailbox is full (5.2.2)");
	report(&story, many, "Undelivered Mail Returned to Sender");
	g_autoptr(SnOutboxEntry) one =
		sent(&story, SN_CHANNEL_MAIL, "Your sail", "It is ready.", dora);
	becomes(&story, one, SN_STATE_FAILED, dora[0], "there is no such mailbox (5.1.1)",
	        "dora@example.test: there is no such mailbox (5.1.1)");
	report(&story, one, "failure notice");
	g_autoptr(SnOutboxEntry) both =
		sent(&story, SN_CHANNEL_IM, NULL, "Come by at ten?", dora);
	becomes(&story, both, SN_STATE_CONVERTED, NULL, NULL,
	        "sent as email; Dora Splice got it by IM as well");
	asks_for_receipt(&story);
	sn_store_set_clock(store, NULL);
}
