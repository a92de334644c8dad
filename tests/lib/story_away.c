/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who can be reached when: clients, wishes, rules, and a question to alice, for screens. */
#include "src/route/policy.h"
#include "src/store/policy.h"
#include "tests/lib/story.h"

#define BOB "bob@example.test"
#define BOB_BOAT "bob@boat.example"

static SnTime story_end(gpointer data)
{
	return STORY_NOW;
}

static void client(SnStore *store, SnId address, const char *resource, SnPresenceShow show,
                   const char *status, int priority)
{
	SnPresence row = { .address = address,
		           .resource = (char *)resource,
		           .show = show,
		           .status = (char *)status,
		           .priority = priority,
		           .since = STORY_NOW - 2 * SN_HOUR };

	sn_presence_set(store, sn_account_find(store, "home"), &row, NULL);
}

static void ask_alice(SnStore *store, SnId sender)
{
	static const char *const values[] = { "now", "later", "email", NULL };
	static const char *const labels[] = { "Now", "Later", "Email", NULL };
	g_autoptr(SnMessage) message = sn_message_new();
	SnAddResult result;

	message->account = sn_account_find(store, "home");
	message->channel = SN_CHANNEL_IM;
	message->direction = SN_IN;
	message->state = SN_STATE_RECEIVED;
	message->time = STORY_NOW - 4 * SN_MINUTE;
	message->sender = sender;
	message->origin_id = g_strdup("story-question");
	message->body = g_strdup("I have a message for you. Is now a good time? Reply now, later or "
	                         "email.");
	sn_message_add_party(message, SN_ROLE_FROM, BOB, "Bob Ropewalk");
	sn_message_add_party(message, SN_ROLE_TO, "alice@example.test", NULL);
	sn_message_add(store, message, NULL, NULL, &result, NULL);
	SnId question = sn_question_add(store, message->conversation, message->id, message->body,
	                                values, labels, NULL);
	sn_question_set_availability(store, question, NULL);
}

void story_fill_away(SnStore *store)
{
	static const SnClock clock = { story_end, NULL };
	SnId bob = sn_address_intern(store, SN_CHANNEL_IM, BOB, NULL, NULL);
	SnId boat = sn_address_intern(store, SN_CHANNEL_IM, BOB_BOAT, NULL, NULL);
	g_autoptr(SnAddress) address = sn_address_get(store, bob);
	SnId person = address->person, home = sn_account_find(store, "home");

	sn_store_set_clock(store, &clock);
	sn_link_add(store, boat, person, SN_LINK_USER, TRUE, NULL, NULL);
	sn_roster_set(store, home, BOB_BOAT, NULL, SN_SUB_NONE, TRUE, NULL);
	client(store, bob, "phone", SN_PRESENCE_OFFLINE, NULL, 0);
	client(store, bob, "phone", SN_PRESENCE_DND, "at the helm", 5);
	client(store, bob, "desk", SN_PRESENCE_AWAY, NULL, 0);
	client(store, bob, "camera", SN_PRESENCE_ONLINE, NULL, -1);
	sn_contact_wish_set(store, bob, SN_WISHED_PUBLISHED, SN_RULE_MAIL,
	                    "mailto:bob@example.test tel:+4930123456", NULL);
	sn_policy_set(store, person, "quiet-hours=22:00-07:00, weekends", NULL);
	sn_policy_set(store, person, "time-zone=Asia/Tokyo", NULL);
	ask_alice(store, bob);
	sn_store_set_clock(store, NULL);
}
