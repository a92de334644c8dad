/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What IM servers tell of contacts: who is idle, with which client, who is blocked; and a request. */
#include "src/store/contacts.h"
#include "src/store/wish.h"
#include "tests/lib/story.h"

#define BOB "bob@example.test"
#define DAN "dan@harbour.example"

static SnTime story_end(gpointer data)
{
	return STORY_NOW;
}

static void request(SnStore *store)
{
	g_autofree char *accept = sn_wish_as_answer(SN_WISH_CONTACT, DAN, "accept");
	g_autofree char *refuse = sn_wish_as_answer(SN_WISH_CONTACT, DAN, "refuse");
	g_autofree char *block = sn_wish_as_answer(SN_WISH_CONTACT, DAN, "block");
	const char *const values[] = { accept, refuse, block, NULL };
	static const char *const labels[] = { "Yes", "No", "Block", NULL };
	g_autoptr(SnMessage) message = sn_message_new();
	SnAddResult result;

	message->account = sn_account_find(store, "home");
	message->channel = SN_CHANNEL_IM;
	message->direction = SN_IN;
	message->state = SN_STATE_RECEIVED;
	message->time = STORY_NOW - 3 * SN_MINUTE;
	message->sender = sn_address_intern(store, SN_CHANNEL_IM, DAN, NULL, NULL);
	message->origin_id = g_strdup("wish:contact:" DAN);
	message->notice = g_strdup("contact request");
	message->body = g_strdup(DAN " asks to see when you are online.\nWe met at the harbour.");
	sn_message_add_party(message, SN_ROLE_FROM, DAN, NULL);
	sn_message_add_party(message, SN_ROLE_TO, "alice@example.test", NULL);
	sn_message_add(store, message, NULL, NULL, &result, NULL);
	sn_question_add(store, message->conversation, message->id, message->body, values, labels,
	                NULL);
}

void story_fill_contacts(SnStore *store)
{
	static const SnClock clock = { story_end, NULL };
	static const char *const features[] = { "urn:xmpp:receipts", NULL };
	static const char *const blocked[] = { "mallory@spam.example", "spam.example", NULL };
	SnId bob = sn_address_intern(store, SN_CHANNEL_IM, BOB, NULL, NULL);
	SnId home = sn_account_find(store, "home");
	SnPresence phone = { .address = bob, .resource = (char *)"phone", .show = SN_PRESENCE_AWAY,
		             .since = STORY_NOW - SN_HOUR, .idle = STORY_NOW - 90 * SN_MINUTE,
		             .caps = (char *)"sha-1:Bob=" };
	SnPresence desk = { .address = bob, .resource = (char *)"desk", .show = SN_PRESENCE_XA,
		            .since = STORY_NOW - SN_HOUR, .status = (char *)"in the dock",
		            .caps = (char *)"sha-1:Desk=" };

	sn_store_set_clock(store, &clock);
	sn_caps_put(store, "sha-1:Bob=", "Conversations", (char **)features, NULL);
	sn_caps_put(store, "sha-1:Desk=", "Profanity", (char **)features, NULL);
	sn_presence_set(store, home, &phone, NULL);
	sn_presence_set(store, home, &desk, NULL);
	sn_blocked_set(store, home, (char **)blocked, NULL);
	request(store);
	sn_store_set_clock(store, NULL);
}
