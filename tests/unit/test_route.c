/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/route/plan.h"
#include "src/store/cards.h"
#include "src/store/omemo.h"
#include "src/store/rooms.h"
#include "tests/unit/route_world.h"

static SnPlan *plan_for(World *world, SnId conversation, SnReplyMode mode, SnId reply_to)
{
	SnPlanRequest request = { .conversation = conversation, .reply_to = reply_to, .mode = mode };

	return sn_plan_reply(world->store, world->config, &request, &world->clock);
}

static const char *recipient(const SnPlan *plan, guint index)
{
	assert_true(index < plan->recipients->len);
	return ((SnParty *)plan->recipients->pdata[index])->address;
}

/* A conversation with somebody who wrote one email and has no other address. */
static SnId stranger(World *world, const char *address)
{
	Said mail = { .channel = SN_CHANNEL_MAIL, .from = address, .subject = "Hello" };
	g_autoptr(SnMessage) message = sn_message_get(world->store, world_say(world, &mail), 0);

	return message->conversation;
}

static void answers_on_the_channel_of_the_message(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said mail = { .channel = SN_CHANNEL_MAIL, .subject = "Budget" };
	Said im = { .channel = SN_CHANNEL_IM, .body = "hi" };

	world_say(world, &mail);
	g_autoptr(SnPlan) by_mail = plan_for(world, bob, SN_MODE_AUTO, 0);
	assert_int_equal(by_mail->status, SN_PLAN_READY);
	assert_int_equal(by_mail->channel, SN_CHANNEL_MAIL);
	assert_false(by_mail->switched);
	assert_string_equal(by_mail->text, "Email to bob@work.example");
	assert_string_equal(by_mail->from, "alice@example.test");
	assert_string_equal(by_mail->account_name, "home");

	world_say(world, &im);
	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_ONLINE, world->now - 5 * SN_MINUTE);
	g_autoptr(SnPlan) by_im = plan_for(world, bob, SN_MODE_AUTO, 0);
	assert_int_equal(by_im->channel, SN_CHANNEL_IM);
	assert_string_equal(by_im->text, "IM to bob@example.org, online for 5 min");
	assert_int_equal(by_im->availability, SN_AVAILABLE);
	world_free(world);
}

static void auto_goes_to_the_other_channel_when_the_person_is_away(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said im = { .channel = SN_CHANNEL_IM, .body = "hi" };

	world_say(world, &im);
	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_DND, 0);
	g_autoptr(SnPlan) plan = plan_for(world, bob, SN_MODE_AUTO, 0);
	assert_int_equal(plan->channel, SN_CHANNEL_MAIL);
	assert_true(plan->switched);
	assert_int_equal(plan->status, SN_PLAN_READY);
	world_free(world);
}

static void auto_goes_on_by_im_while_an_im_waits(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said mail = { .channel = SN_CHANNEL_MAIL, .subject = "Budget", .id = "budget@work.example" };
	SnParty party = { SN_ROLE_TO, (char *)BOB_IM, NULL };
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	SnOutboxNew im = { .conversation = bob, .account = world->home, .channel = SN_CHANNEL_IM,
		           .from = "alice@example.test", .recipients = recipients, .body = "x",
		           .state = SN_STATE_QUEUED };

	g_ptr_array_add(recipients, &party);
	sn_store_set_clock(world->store, &world->clock);
	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_DND, 0);
	SnId first = world_say(world, &mail);
	world->now += SN_MINUTE;
	SnId id = sn_outbox_queue(world->store, &im, FALSE, NULL);
	g_autoptr(SnPlan) waiting = plan_for(world, bob, SN_MODE_AUTO, 0);
	assert_int_equal(waiting->channel, SN_CHANNEL_IM);
	/* a message that is answered by name says the channel itself, */
	g_autoptr(SnPlan) named = plan_for(world, bob, SN_MODE_AUTO, first);
	assert_int_equal(named->channel, SN_CHANNEL_MAIL);
	/* and so does what they wrote since */
	world->now += SN_MINUTE;
	mail.id = "more@work.example";
	mail.time = world->now;
	world_say(world, &mail);
	g_autoptr(SnPlan) answered = plan_for(world, bob, SN_MODE_AUTO, 0);
	assert_int_equal(answered->channel, SN_CHANNEL_MAIL);
	world->now += SN_MINUTE;
	SnId next = sn_outbox_queue(world->store, &im, FALSE, NULL);
	g_autoptr(SnPlan) again = plan_for(world, bob, SN_MODE_AUTO, 0);
	assert_int_equal(again->channel, SN_CHANNEL_IM);
	SnOutboxChange gone = { .state = SN_STATE_ACCEPTED, .what = "accepted", .step = -1 };
	assert_true(sn_outbox_change(world->store, id, SN_STATE_QUEUED, &gone, NULL));
	assert_true(sn_outbox_change(world->store, next, SN_STATE_QUEUED, &gone, NULL));
	g_autoptr(SnPlan) done = plan_for(world, bob, SN_MODE_AUTO, 0);
	assert_int_equal(done->channel, SN_CHANNEL_MAIL);
	world_free(world);
}

static void a_rule_that_settles_it_keeps_auto_on_im(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said im = { .channel = SN_CHANNEL_IM, .body = "hi" };

	world_say(world, &im);
	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_XA, world->now - 2 * SN_HOUR);
	sn_person_set_rule(world->store, world_person_of(world, SN_CHANNEL_IM, BOB_IM),
	                   SN_RULE_DEFER, NULL);
	g_autoptr(SnPlan) plan = plan_for(world, bob, SN_MODE_AUTO, 0);
	assert_int_equal(plan->channel, SN_CHANNEL_IM);
	assert_int_equal(plan->action, SN_RULE_DEFER);
	assert_string_equal(plan->text, "IM to bob@example.org, extended away for 2 h: will wait "
	                                "(your rule for Bob)");
	world_free(world);
}

static void wish_then_person_then_account_then_prompt(void **state)
{
	World *world = world_new(NULL);
	SnId person;
	g_autofree char *asked = NULL, *ruled = NULL, *none = NULL;

	world_bob(world);
	person = world_person_of(world, SN_CHANNEL_IM, BOB_IM);
	assert_int_equal(sn_plan_rule(world->store, world->config, person, world->home, &none),
	                 SN_RULE_ASK);
	assert_null(none);
	sn_person_set_rule(world->store, person, SN_RULE_SEND, NULL);
	assert_int_equal(sn_plan_rule(world->store, world->config, person, world->home, &ruled),
	                 SN_RULE_SEND);
	assert_string_equal(ruled, "your rule for Bob");
	sn_person_set_wish(world->store, person, SN_RULE_MAIL, "answer of 20 Nov", NULL);
	assert_int_equal(sn_plan_rule(world->store, world->config, person, world->home, &asked),
	                 SN_RULE_MAIL);
	assert_string_equal(asked, "Bob asked for it, answer of 20 Nov");
	world_free(world);
}

static void not_available_and_no_rule_is_the_users_choice(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);

	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_XA, 0);
	g_autoptr(SnPlan) plan = plan_for(world, bob, SN_MODE_IM, 0);
	assert_int_equal(plan->status, SN_PLAN_NEED_CHOICE);
	assert_int_equal(plan->availability, SN_NOT_AVAILABLE);
	assert_int_equal(plan->action, SN_RULE_ASK);
	assert_string_equal(plan->text,
	                    "IM to bob@example.org, extended away: choose what to do");
	world_free(world);
}

static void the_policy_says_which_presences_count(void **state)
{
	World *world = world_new("[delivery]\nnot-available = offline,away\n");
	SnId bob = world_bob(world);

	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_DND, 0);
	g_autoptr(SnPlan) busy = plan_for(world, bob, SN_MODE_IM, 0);
	assert_int_equal(busy->availability, SN_AVAILABLE);
	world_presence(world, BOB_IM, SN_PRESENCE_AWAY, 0);
	g_autoptr(SnPlan) away = plan_for(world, bob, SN_MODE_IM, 0);
	assert_int_equal(away->availability, SN_NOT_AVAILABLE);
	world_free(world);
}

static void unknown_presence_is_said_and_sent(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);

	g_autoptr(SnPlan) plan = plan_for(world, bob, SN_MODE_IM, 0);
	assert_int_equal(plan->status, SN_PLAN_READY);
	assert_int_equal(plan->availability, SN_AVAILABILITY_UNKNOWN);
	assert_string_equal(plan->text, "IM to bob@example.org, presence unknown");
	world_free(world);
}

static void an_account_off_line_is_said(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);

	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_XA, 0);
	world_line(world, SN_STATUS_RETRYING);
	g_autoptr(SnPlan) plan = plan_for(world, bob, SN_MODE_IM, 0);
	assert_int_equal(plan->status, SN_PLAN_READY);
	assert_non_null(strstr(plan->text, "not connected"));
	world_line(world, SN_STATUS_ONLINE);
	g_autoptr(SnPlan) online = plan_for(world, bob, SN_MODE_IM, 0);
	assert_int_equal(online->status, SN_PLAN_NEED_CHOICE);
	world_free(world);
}

static void no_address_is_asked_for(void **state)
{
	World *world = world_new(NULL);
	SnId conversation = stranger(world, "carol@example.net");

	g_autoptr(SnPlan) plan = plan_for(world, conversation, SN_MODE_IM, 0);
	assert_int_equal(plan->status, SN_PLAN_NEED_ADDRESS);
	assert_int_equal(plan->recipients->len, 0);
	assert_non_null(strstr(plan->text, "No IM address known for "));
	assert_non_null(strstr(plan->text, ": type one"));
	world_free(world);
}

static void an_unconfirmed_address_needs_a_yes(void **state)
{
	World *world = world_new(NULL);
	SnId conversation = stranger(world, "carol@example.net");
	SnId carol = world_person_of(world, SN_CHANNEL_MAIL, "carol@example.net");
	SnId claimed =
		sn_address_intern(world->store, SN_CHANNEL_IM, "mallory@evil.example", NULL, NULL);

	assert_true(sn_link_add(world->store, claimed, carol, SN_LINK_JABBER_ID, FALSE,
	                        "header of <x@y>", NULL));
	g_autoptr(SnPlan) plan = plan_for(world, conversation, SN_MODE_IM, 0);
	assert_int_equal(plan->status, SN_PLAN_NEED_CONFIRM);
	assert_int_equal(plan->recipients->len, 0);
	assert_int_equal(plan->candidates->len, 1);
	assert_true(g_str_has_prefix(plan->text,
	                             "mallory@evil.example is unconfirmed (Jabber-ID in a message"));
	assert_true(g_str_has_suffix(plan->text, "): confirm first"));

	/* Naming it is not confirming it; auto never goes there; the yes is enough. */
	SnPlanRequest named = { .conversation = conversation,
		                .mode = SN_MODE_IM,
		                .address = "mallory@evil.example" };
	g_autoptr(SnPlan) again = sn_plan_reply(world->store, world->config, &named, &world->clock);
	assert_int_equal(again->status, SN_PLAN_NEED_CONFIRM);
	g_autoptr(SnPlan) automatic = plan_for(world, conversation, SN_MODE_AUTO, 0);
	assert_int_equal(automatic->channel, SN_CHANNEL_MAIL);
	assert_true(sn_link_confirm(world->store, claimed, carol, NULL));
	g_autoptr(SnPlan) confirmed = plan_for(world, conversation, SN_MODE_IM, 0);
	assert_int_equal(confirmed->status, SN_PLAN_READY);
	assert_string_equal(recipient(confirmed, 0), "mallory@evil.example");
	world_free(world);
}

/* Two of the user's cards give one address to two people: it is nobody's, and never used unasked. */
static void an_address_that_two_cards_claim_needs_a_yes(void **state)
{
	World *world = world_new(NULL);
	SnId conversation = stranger(world, "carol@example.net");
	static const char *const mails[] = { "carol@example.net", "erin@example.net" };

	for (int i = 0; i < 2; i++) {
		char *mail[] = { (char *)mails[i], NULL };
		char *jid[] = { (char *)"shared@chat.example", NULL };
		SnCard card = { .origin = i ? "erin.vcf" : "carol.vcf", .name = i ? "Erin" : "Carol",
			        .mails = mail, .jids = jid };
		assert_true(sn_cards_replace(world->store, SN_LINK_VCARD, card.origin, &card, 1, NULL,
		                             NULL));
		g_autoptr(SnPlan) plan = plan_for(world, conversation, SN_MODE_IM, 0);
		assert_int_equal(plan->status, i ? SN_PLAN_NEED_CONFIRM : SN_PLAN_READY);
	}
	g_autoptr(SnPlan) automatic = plan_for(world, conversation, SN_MODE_AUTO, 0);
	assert_int_equal(automatic->channel, SN_CHANNEL_MAIL);
	SnPlanRequest named = { .conversation = conversation, .mode = SN_MODE_IM,
		                .address = "shared@chat.example" };
	g_autoptr(SnPlan) again = sn_plan_reply(world->store, world->config, &named, &world->clock);
	assert_int_equal(again->status, SN_PLAN_NEED_CONFIRM);
	g_autoptr(SnAddress) shared =
		sn_address_find(world->store, SN_CHANNEL_IM, "shared@chat.example");
	assert_true(sn_link_confirm(world->store, shared->id,
	                            world_person_of(world, SN_CHANNEL_MAIL, "carol@example.net"),
	                            NULL));
	g_autoptr(SnPlan) decided = plan_for(world, conversation, SN_MODE_IM, 0);
	assert_int_equal(decided->status, SN_PLAN_READY);
	world_free(world);
}

static void a_typed_address_is_used(void **state)
{
	World *world = world_new(NULL);
	SnId conversation = stranger(world, "carol@example.net");
	SnPlanRequest good = { .conversation = conversation,
		               .mode = SN_MODE_IM,
		               .address = "Carol@Chat.Example" };
	SnPlanRequest bad = good;

	bad.address = "nonsense";
	g_autoptr(SnPlan) plan = sn_plan_reply(world->store, world->config, &good, &world->clock);
	assert_int_equal(plan->status, SN_PLAN_READY);
	assert_string_equal(recipient(plan, 0), "carol@chat.example");
	g_autoptr(SnPlan) wrong = sn_plan_reply(world->store, world->config, &bad, &world->clock);
	assert_int_equal(wrong->status, SN_PLAN_NEED_ADDRESS);
	assert_non_null(strstr(wrong->text, "\"nonsense\" is not an IM address"));
	world_free(world);
}

static void a_wish_for_email_says_where_it_goes(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);

	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_OFFLINE, 0);
	sn_person_set_wish(world->store, world_person_of(world, SN_CHANNEL_IM, BOB_IM),
	                   SN_RULE_MAIL, NULL, NULL);
	g_autoptr(SnPlan) plan = plan_for(world, bob, SN_MODE_IM, 0);
	assert_int_equal(plan->status, SN_PLAN_READY);
	assert_int_equal(plan->action, SN_RULE_MAIL);
	assert_non_null(strstr(plan->text, "will become an email to bob@work.example (Bob asked"));
	world_free(world);
}

static void nobody_offline_is_asked(void **state)
{
	World *world = world_new("[delivery]\nif-unavailable = ask-them\n");
	SnId bob = world_bob(world);

	world_roster(world, BOB_IM, SN_SUB_BOTH);
	world_presence(world, BOB_IM, SN_PRESENCE_OFFLINE, 0);
	g_autoptr(SnPlan) offline = plan_for(world, bob, SN_MODE_IM, 0);
	assert_int_equal(offline->action, SN_RULE_DEFER);
	world_presence(world, BOB_IM, SN_PRESENCE_DND, 0);
	g_autoptr(SnPlan) busy = plan_for(world, bob, SN_MODE_IM, 0);
	assert_int_equal(busy->action, SN_RULE_ASK_THEM);
	world_free(world);
}

static void group_mail_goes_to_the_author_or_to_all(void **state)
{
	World *world = world_new(NULL);
	Said mail = { .channel = SN_CHANNEL_MAIL,
		      .subject = "Picnic",
		      .cc = "carol@example.net" };
	SnId id;

	world_bob(world);
	id = world_say(world, &mail);
	g_autoptr(SnMessage) message = sn_message_get(world->store, id, 0);
	g_autoptr(SnPlan) one = plan_for(world, message->conversation, SN_MODE_AUTO, id);
	assert_int_equal(one->recipients->len, 1);
	assert_string_equal(recipient(one, 0), BOB_MAIL);
	SnPlanRequest request = { .conversation = message->conversation,
		                  .reply_to = id,
		                  .whom = SN_WHOM_ALL };
	g_autoptr(SnPlan) all = sn_plan_reply(world->store, world->config, &request, &world->clock);
	assert_int_equal(all->recipients->len, 2);
	assert_string_equal(recipient(all, 0), BOB_MAIL);
	assert_string_equal(recipient(all, 1), "carol@example.net");
	assert_int_equal(((SnParty *)all->recipients->pdata[1])->role, SN_ROLE_CC);
	/* By IM it goes to the author alone. */
	g_autoptr(SnPlan) im = plan_for(world, message->conversation, SN_MODE_IM, id);
	assert_string_equal(recipient(im, 0), BOB_IM);
	world_free(world);
}

/* What is written there, and answers no message in particular, is for all of them. */
static void what_is_written_in_a_group_goes_to_all(void **state)
{
	World *world = world_new(NULL);
	Said mail = { .channel = SN_CHANNEL_MAIL, .subject = "Picnic", .cc = "carol@example.net" };

	world_bob(world);
	g_autoptr(SnMessage) message = sn_message_get(world->store, world_say(world, &mail), 0);
	g_autoptr(SnPlan) plan = plan_for(world, message->conversation, SN_MODE_AUTO, 0);
	assert_int_equal(plan->recipients->len, 2);
	assert_string_equal(recipient(plan, 0), BOB_MAIL);
	assert_string_equal(recipient(plan, 1), "carol@example.net");
	world_free(world);
}

static void what_is_written_in_a_list_goes_to_the_list(void **state)
{
	static const char *const posts[] = { "knots@lists.example", NULL };
	World *world = world_new(NULL);

	world_bob(world);
	for (gsize i = 0; i < G_N_ELEMENTS(posts); i++) {
		g_autoptr(SnMessage) mail = sn_message_new();
		mail->channel = SN_CHANNEL_MAIL;
		mail->direction = SN_IN;
		mail->sender = sn_address_intern(world->store, SN_CHANNEL_MAIL, BOB_MAIL, "Bob", NULL);
		mail->message_id = g_strdup_printf("m%zu@lists.example", i);
		mail->list_id = g_strdup_printf("knots%zu.lists.example", i);
		mail->time = sn_clock_now(&world->clock);
		sn_message_add_party(mail, SN_ROLE_TO, "knots@lists.example", NULL);
		if (posts[i])
			sn_message_add_party(mail, SN_ROLE_LIST_POST, posts[i], NULL);
		assert_true(sn_message_add(world->store, mail, NULL, NULL, NULL, NULL));
		g_autoptr(SnPlan) plan = plan_for(world, mail->conversation, SN_MODE_MAIL, 0);
		assert_int_equal(plan->recipients->len, 1);
		assert_string_equal(recipient(plan, 0), "knots@lists.example");
		assert_string_equal(plan->text, "Email to knots@lists.example");
		/* an answer to a message goes to its author */
		g_autoptr(SnPlan) answer = plan_for(world, mail->conversation, SN_MODE_MAIL, mail->id);
		assert_string_equal(recipient(answer, 0), BOB_MAIL);
	}
	world_free(world);
}

static void reply_to_is_honoured_and_shown(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said mail = { .channel = SN_CHANNEL_MAIL, .reply_to = "desk@work.example" };

	g_autoptr(SnPlan) plan = plan_for(world, bob, SN_MODE_MAIL, world_say(world, &mail));
	assert_string_equal(recipient(plan, 0), "desk@work.example");
	assert_string_equal(plan->text, "Email to desk@work.example");
	world_free(world);
}

static void an_alias_answers_as_itself(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said mail = { .channel = SN_CHANNEL_MAIL, .to = "alias@example.test" };

	g_autoptr(SnPlan) plan = plan_for(world, bob, SN_MODE_MAIL, world_say(world, &mail));
	assert_string_equal(plan->from, "alias@example.test");
	world_free(world);
}

static void a_room_gets_ims_only(void **state)
{
	World *world = world_new(NULL);
	SnId room = sn_conversation_for_room(world->store, "tea@rooms.example", "Tea", NULL);

	g_autoptr(SnPlan) im = plan_for(world, room, SN_MODE_AUTO, 0);
	assert_int_equal(im->status, SN_PLAN_READY);
	assert_int_equal(im->channel, SN_CHANNEL_IM);
	assert_string_equal(recipient(im, 0), "tea@rooms.example");
	assert_string_equal(im->text, "unencrypted IM to tea@rooms.example");
	assert_false(im->encrypted);
	g_autoptr(SnPlan) mail = plan_for(world, room, SN_MODE_MAIL, 0);
	assert_int_equal(mail->status, SN_PLAN_IMPOSSIBLE);
	world_free(world);
}

static void what_has_to_be_encrypted_is_not_said_in_a_room(void **state)
{
	World *world = world_new(NULL);
	SnId room = sn_conversation_for_room(world->store, "tea@rooms.example", "Tea", NULL);
	SnPlanRequest request = { .conversation = room, .encrypt = SN_ENCRYPT_REQUIRED };

	g_autoptr(SnPlan) plan = sn_plan_reply(world->store, world->config, &request, &world->clock);
	assert_string_equal(plan->text, "IM to tea@rooms.example: no encryption in rooms yet, will wait");
	assert_int_equal(plan->action, SN_RULE_DEFER);
	world_free(world);
}

static void a_word_in_private_in_a_room_is_not_encrypted_either(void **state)
{
	World *world = world_new(NULL);
	SnOmemoOwn own = { .device = 7, .registration = 1, .next_prekey = 1 };
	SnId room = sn_room_make(world->store, world->home, "tea@rooms.example", "alice", "Tea", TRUE, NULL);
	SnId gus = sn_room_private(world->store, room, "gus", NULL);

	own.identity = g_bytes_new_static("k", 1);
	assert_true(sn_omemo_own_set(world->store, world->home, &own, NULL));
	g_bytes_unref(own.identity);
	g_autoptr(SnPlan) plan = plan_for(world, gus, SN_MODE_IM, 0);
	assert_true(g_str_has_prefix(plan->text, "unencrypted IM to tea@rooms.example/gus"));
	/* of somebody outside it shows when it goes */
	g_autoptr(SnPlan) bob = plan_for(world, world_bob(world), SN_MODE_IM, 0);
	assert_true(g_str_has_prefix(bob->text, "encrypted (if possible) IM to " BOB_IM));
	world_free(world);
}

static void without_an_account_it_says_what_to_do(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	g_autoptr(SnConfig) mail_only = sn_config_parse(
		"[home]\nfrom = alice@example.test\nsource = imaps://alice@mail.example.test\n"
		"outgoing = smtps://alice@mail.example.test\npassword-command = echo x\n",
		NULL, NULL);
	SnPlanRequest request = { .conversation = bob, .mode = SN_MODE_IM };

	g_autoptr(SnPlan) plan = sn_plan_reply(world->store, mail_only, &request, &world->clock);
	assert_int_equal(plan->status, SN_PLAN_IMPOSSIBLE);
	assert_int_equal(plan->account, 0);
	assert_non_null(strstr(plan->text, "im = ..."));
	world_free(world);
}

static void a_conversation_that_is_gone_is_said(void **state)
{
	World *world = world_new(NULL);

	g_autoptr(SnPlan) plan = plan_for(world, 12345, SN_MODE_AUTO, 0);
	assert_int_equal(plan->status, SN_PLAN_IMPOSSIBLE);
	assert_string_equal(plan->text, "This conversation is gone");
	world_free(world);
}

static void subject_of(World *world, const char *subject, const char *expected)
{
	Said mail = { .channel = SN_CHANNEL_MAIL, .subject = subject };
	SnId id = world_say(world, &mail);
	g_autoptr(SnMessage) message = sn_message_get(world->store, id, 0);
	g_autofree char *answer = sn_plan_subject(world->store, message->conversation, id, "x");

	assert_string_equal(answer, expected);
}

static void subjects_answer_or_come_from_the_text(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said im = { .channel = SN_CHANNEL_IM, .body = "hi" };
	SnId id;

	subject_of(world, "Budget", "Re: Budget");
	subject_of(world, "Re: Budget", "Re: Budget");
	subject_of(world, "RE: Aw: re[2]:  Budget", "Re: Budget");
	subject_of(world, "Revenue: up", "Re: Revenue: up");
	id = world_say(world, &im);
	g_autofree char *first = sn_plan_subject(world->store, bob, id, "Lunch at noon?\nBring tea.");
	assert_string_equal(first, "Lunch at noon?");
	g_autofree char *nothing = sn_plan_subject(world->store, bob, id, "");
	assert_string_equal(nothing, "(no subject)");
	world_free(world);
}

static void an_im_of_an_emails_thread_has_its_subject(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said mail = { .channel = SN_CHANNEL_MAIL, .subject = "Budget", .id = "root@work.example" };
	Said im = { .channel = SN_CHANNEL_IM, .body = "about that", .thread = "root@work.example" };

	world_say(world, &mail);
	SnId id = world_say(world, &im);
	g_autofree char *subject = sn_plan_subject(world->store, bob, id, "x");
	assert_string_equal(subject, "Re: Budget");
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_on_the_channel_of_the_message),
		cmocka_unit_test(auto_goes_to_the_other_channel_when_the_person_is_away),
		cmocka_unit_test(auto_goes_on_by_im_while_an_im_waits),
		cmocka_unit_test(a_rule_that_settles_it_keeps_auto_on_im),
		cmocka_unit_test(wish_then_person_then_account_then_prompt),
		cmocka_unit_test(not_available_and_no_rule_is_the_users_choice),
		cmocka_unit_test(the_policy_says_which_presences_count),
		cmocka_unit_test(unknown_presence_is_said_and_sent),
		cmocka_unit_test(an_account_off_line_is_said),
		cmocka_unit_test(no_address_is_asked_for),
		cmocka_unit_test(an_unconfirmed_address_needs_a_yes),
		cmocka_unit_test(an_address_that_two_cards_claim_needs_a_yes),
		cmocka_unit_test(a_typed_address_is_used),
		cmocka_unit_test(a_wish_for_email_says_where_it_goes),
		cmocka_unit_test(nobody_offline_is_asked),
		cmocka_unit_test(group_mail_goes_to_the_author_or_to_all),
		cmocka_unit_test(what_is_written_in_a_group_goes_to_all),
		cmocka_unit_test(what_is_written_in_a_list_goes_to_the_list),
		cmocka_unit_test(reply_to_is_honoured_and_shown),
		cmocka_unit_test(an_alias_answers_as_itself),
		cmocka_unit_test(a_room_gets_ims_only),
		cmocka_unit_test(what_has_to_be_encrypted_is_not_said_in_a_room),
		cmocka_unit_test(a_word_in_private_in_a_room_is_not_encrypted_either),
		cmocka_unit_test(without_an_account_it_says_what_to_do),
		cmocka_unit_test(a_conversation_that_is_gone_is_said),
		cmocka_unit_test(subjects_answer_or_come_from_the_text),
		cmocka_unit_test(an_im_of_an_emails_thread_has_its_subject),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
