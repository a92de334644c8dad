/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a person can be reached now, and why: addresses, clients, own accounts, policies, hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/route/plan.h"
#include "src/route/policy.h"
#include "tests/unit/route_world.h"

#define BOB_HOME "bob@home.example"

/* Two accounts; `home` and `more` add to their sections. */
static World *world_with(const char *settings, const char *home, const char *work)
{
	World *world = world_new(NULL);
	g_autofree char *accounts = g_strconcat(
		"[home]\nfrom = Alice Liddell <alice@example.test>\n"
		"outgoing = smtps://alice@mail.example.test\nim = xmpp://alice@example.test\n",
		home ? home : "",
		"[work]\nim = xmpp://alice@work.example\n", work ? work : "", NULL);
	static const char *const mails[] = { "alice@example.test", NULL };
	SnOwnAccount own[] = { { "home", mails, "alice@example.test" },
		               { "work", NULL, "alice@work.example" } };
	g_autoptr(GError) error = NULL;

	sn_config_unref(world->config);
	world->config = sn_config_parse(accounts, settings, &error);
	if (!world->config)
		fail_msg("%s", error->message);
	assert_true(sn_own_accounts_set(world->store, own, 2, NULL));
	sn_store_set_clock(world->store, &world->clock);
	return world;
}

static SnId bob(World *world)
{
	world_bob(world);
	return world_person_of(world, SN_CHANNEL_IM, BOB_IM);
}

/* One client of a contact, as one own account is told of it. */
static void client(World *world, const char *account, const char *jid, const char *resource,
                   SnPresenceShow show, int priority)
{
	SnPresence presence = {
		.address = sn_address_intern(world->store, SN_CHANNEL_IM, jid, NULL, NULL),
		.resource = (char *)resource,
		.show = show,
		.priority = priority,
		.since = world->now,
	};

	assert_true(sn_presence_set(world->store, sn_account_find(world->store, account), &presence,
	                            NULL));
}

static void subscribe(World *world, const char *account, const char *jid, SnSubscription to,
                      gboolean ask)
{
	assert_true(sn_roster_set(world->store, sn_account_find(world->store, account), jid, NULL, to,
	                          ask, NULL));
}

static SnWhereabouts *where(World *world, SnId person)
{
	return sn_whereabouts(world->store, world->config, person, 0, &world->clock);
}

#define assert_where(world, person, what, words)                                                \
	do {                                                                                    \
		g_autoptr(SnWhereabouts) there_ = where(world, person);                         \
		assert_string_equal(there_->text, words);                                       \
		assert_int_equal(there_->availability, what);                                   \
	} while (0)

static void policy_set(World *world, SnId person, const char *assignment)
{
	g_autoptr(GError) error = NULL;

	if (!sn_policy_set(world->store, person, assignment, &error))
		fail_msg("%s: %s", assignment, error->message);
}

/* The next time that it is this hour of a Wednesday here. */
static void at_hour(World *world, int hour, int minute)
{
	g_autoptr(GDateTime) day = g_date_time_new_utc(2026, 11, 25, hour, minute, 0);

	world->now = g_date_time_to_unix(day) * 1000;
}

/* ---- what is known, and what is not ---- */

static void the_unknown_is_said_as_unknown(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);

	/* in no roster; in the roster, but not shared; asked for; shared, but we are not on line */
	assert_where(world, person, SN_AVAILABILITY_UNKNOWN, "presence unknown");
	subscribe(world, "home", BOB_IM, SN_SUB_FROM, FALSE);
	assert_where(world, person, SN_AVAILABILITY_UNKNOWN, "presence unknown");
	subscribe(world, "home", BOB_IM, SN_SUB_NONE, TRUE);
	assert_where(world, person, SN_AVAILABILITY_UNKNOWN,
	             "presence unknown: asked for, no answer yet");
	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	assert_where(world, person, SN_AVAILABILITY_UNKNOWN,
	             "presence unknown: home is not connected");
	g_autoptr(SnWhereabouts) there = where(world, person);
	assert_int_equal(there->why, SN_PRESENCE_NO_LINE);
	assert_string_equal(there->value, BOB_IM);
	world_free(world);
}

static void our_own_lost_line_makes_it_unknown_since_then(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);

	at_hour(world, 9, 0);
	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "home", BOB_IM, "phone", SN_PRESENCE_ONLINE, 0);
	at_hour(world, 14, 2);
	assert_where(world, person, SN_AVAILABLE, "online for 5 h");
	assert_true(sn_presence_forget(world->store, world->home, NULL));
	at_hour(world, 17, 4);
	assert_where(world, person, SN_AVAILABILITY_UNKNOWN,
	             "presence unknown since 14:02: home is not connected, seen online 3 h ago");
	/* The line is back, and his server says nothing of him: now he is known to be off line. */
	client(world, "home", "carol@example.org", "x", SN_PRESENCE_ONLINE, 0);
	assert_where(world, person, SN_NOT_AVAILABLE, "offline, seen online 3 h ago");
	world_free(world);
}

static void an_earlier_run_leaves_no_presence_behind(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);

	at_hour(world, 9, 0);
	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "home", BOB_IM, "phone", SN_PRESENCE_ONLINE, 0);
	world_reopen(world); /* killed: nobody took anything back */
	sn_store_set_clock(world->store, &world->clock);
	at_hour(world, 12, 0);
	assert_true(sn_presence_forget_all(world->store, FALSE, NULL));
	g_autoptr(SnWhereabouts) there = where(world, person);
	assert_int_equal(there->show, SN_PRESENCE_UNKNOWN);
	assert_int_equal(there->why, SN_PRESENCE_NO_LINE);
	/* seen when the last presence came in: later than that is not known */
	assert_int_equal(there->seen, world->now - 3 * SN_HOUR);
	g_autoptr(SnPresence) listed = sn_person_presence(world->store, person);
	assert_int_equal(listed->show, SN_PRESENCE_UNKNOWN);
	world_free(world);
}

static void who_went_is_offline_since_then(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);

	at_hour(world, 9, 0);
	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "home", BOB_IM, "phone", SN_PRESENCE_ONLINE, 0);
	at_hour(world, 10, 0);
	client(world, "home", BOB_IM, "phone", SN_PRESENCE_OFFLINE, 0);
	at_hour(world, 12, 30);
	assert_where(world, person, SN_NOT_AVAILABLE, "offline for 2 h");
	g_autoptr(SnWhereabouts) there = where(world, person);
	assert_int_equal(there->seen, world->now - 2 * SN_HOUR - 30 * SN_MINUTE);
	world_free(world);
}

/* ---- several clients, addresses, accounts ---- */

static void the_client_with_the_higher_priority_decides(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);

	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "home", BOB_IM, "desk", SN_PRESENCE_DND, 10);
	client(world, "home", BOB_IM, "phone", SN_PRESENCE_ONLINE, 5);
	g_autoptr(SnWhereabouts) busy = where(world, person);
	assert_int_equal(busy->availability, SN_NOT_AVAILABLE);
	assert_string_equal(busy->resource, "desk");
	/* the same priority: the better presence */
	client(world, "home", BOB_IM, "phone", SN_PRESENCE_ONLINE, 10);
	g_autoptr(SnWhereabouts) free_ = where(world, person);
	assert_int_equal(free_->availability, SN_AVAILABLE);
	assert_string_equal(free_->resource, "phone");
	/* and one that goes leaves the other */
	client(world, "home", BOB_IM, "phone", SN_PRESENCE_OFFLINE, 0);
	g_autoptr(SnWhereabouts) again = where(world, person);
	assert_string_equal(again->resource, "desk");
	assert_int_equal(again->show, SN_PRESENCE_DND);
	world_free(world);
}

static void a_client_that_takes_no_messages_reaches_nobody(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);

	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "home", BOB_IM, "bot", SN_PRESENCE_CHAT, -1);
	assert_where(world, person, SN_NOT_AVAILABLE,
	             "free to chat, but with a client that takes no messages");
	client(world, "home", BOB_IM, "phone", SN_PRESENCE_AWAY, 0);
	assert_where(world, person, SN_AVAILABLE, "away");
	world_free(world);
}

static void any_address_that_is_there_will_do(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);
	SnId second = sn_address_intern(world->store, SN_CHANNEL_IM, BOB_HOME, NULL, NULL);

	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	subscribe(world, "work", BOB_HOME, SN_SUB_TO, FALSE);
	client(world, "home", BOB_IM, "desk", SN_PRESENCE_DND, 100);
	client(world, "work", BOB_HOME, "sofa", SN_PRESENCE_AWAY, 0);
	/* only suggested: not his, so far */
	sn_link_add(world->store, second, person, SN_LINK_JABBER_ID, FALSE, NULL, NULL);
	g_autoptr(SnWhereabouts) one = where(world, person);
	assert_string_equal(one->value, BOB_IM);
	assert_int_equal(one->availability, SN_NOT_AVAILABLE);

	assert_true(sn_link_confirm(world->store, second, person, NULL));
	g_autoptr(SnWhereabouts) both = where(world, person);
	assert_string_equal(both->value, BOB_HOME);
	assert_int_equal(both->availability, SN_AVAILABLE);
	assert_int_equal(both->account, sn_account_find(world->store, "work"));
	/* what the list shows is the same */
	g_autoptr(SnPresence) listed = sn_person_presence(world->store, person);
	assert_int_equal(listed->show, both->show);
	assert_int_equal(listed->address, both->address);

	/* known and not available comes before unknown: it is never pretended */
	assert_true(sn_presence_forget(world->store, sn_account_find(world->store, "work"), NULL));
	g_autoptr(SnWhereabouts) known = where(world, person);
	assert_string_equal(known->value, BOB_IM);
	world_free(world);
}

static void two_own_accounts_tell_of_one_contact(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);

	subscribe(world, "home", BOB_IM, SN_SUB_FROM, FALSE);
	subscribe(world, "work", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "work", BOB_IM, "desk", SN_PRESENCE_ONLINE, 0);
	g_autoptr(SnWhereabouts) there = where(world, person);
	assert_int_equal(there->availability, SN_AVAILABLE);
	assert_int_equal(there->account, sn_account_find(world->store, "work"));
	/* the account that is told nothing adds no row of its own */
	g_autoptr(GPtrArray) rows = sn_presence_rows(world->store, person, 0);
	assert_int_equal(rows->len, 1);
	/* and when the one that knows is off line, that is why it is unknown */
	assert_true(sn_presence_forget(world->store, sn_account_find(world->store, "work"), NULL));
	g_autoptr(SnWhereabouts) gone = where(world, person);
	assert_int_equal(gone->why, SN_PRESENCE_NO_LINE);
	world_free(world);
}

static void the_reply_goes_where_the_person_is(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world), conversation = world_bob(world);
	SnId second = sn_address_intern(world->store, SN_CHANNEL_IM, BOB_HOME, NULL, NULL);
	Said im = { .channel = SN_CHANNEL_IM, .body = "hi" };
	SnPlanRequest request = { .conversation = conversation, .mode = SN_MODE_IM };

	assert_true(sn_link_confirm(world->store, second, person, NULL));
	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	subscribe(world, "home", BOB_HOME, SN_SUB_BOTH, FALSE);
	world_say(world, &im); /* from BOB_IM */
	client(world, "home", BOB_IM, "desk", SN_PRESENCE_ONLINE, 0);
	client(world, "home", BOB_HOME, "sofa", SN_PRESENCE_CHAT, 0);
	g_autoptr(SnPlan) same = sn_plan_reply(world->store, world->config, &request, &world->clock);
	assert_string_equal(((SnParty *)same->recipients->pdata[0])->address, BOB_IM);

	client(world, "home", BOB_IM, "desk", SN_PRESENCE_XA, 0);
	g_autoptr(SnPlan) other = sn_plan_reply(world->store, world->config, &request, &world->clock);
	assert_string_equal(((SnParty *)other->recipients->pdata[0])->address, BOB_HOME);
	assert_int_equal(other->availability, SN_AVAILABLE);
	assert_string_equal(other->text, "IM to bob@home.example, free to chat, as bob@example.org is "
	                                 "extended away");
	/* An address that the user named is used as it is. */
	request.address = BOB_IM;
	g_autoptr(SnPlan) named = sn_plan_reply(world->store, world->config, &request, &world->clock);
	assert_string_equal(((SnParty *)named->recipients->pdata[0])->address, BOB_IM);
	assert_int_equal(named->status, SN_PLAN_NEED_CHOICE);
	world_free(world);
}

/* ---- policies ---- */

static void the_narrowest_policy_wins_and_is_named(void **state)
{
	World *world = world_with("[delivery]\nnot-available = offline\n",
	                          "not-available = offline,away\n", NULL);
	SnId person = bob(world);

	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "home", BOB_IM, "desk", SN_PRESENCE_AWAY, 0);
	assert_where(world, person, SN_NOT_AVAILABLE,
	             "away, not available by your rule for the account home");
	policy_set(world, person, "not-available=offline,dnd");
	assert_where(world, person, SN_AVAILABLE, "away");
	client(world, "home", BOB_IM, "desk", SN_PRESENCE_DND, 0);
	assert_where(world, person, SN_NOT_AVAILABLE,
	             "do not disturb, not available by your rule for Bob");
	/* taken back: the account's again; and told by another account, that of everybody */
	policy_set(world, person, "not-available=default");
	assert_where(world, person, SN_AVAILABLE, "do not disturb");
	client(world, "home", BOB_IM, "desk", SN_PRESENCE_OFFLINE, 0);
	subscribe(world, "work", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "work", BOB_IM, "desk", SN_PRESENCE_AWAY, 0);
	assert_where(world, person, SN_AVAILABLE, "away");
	world_free(world);
}

static void quiet_hours_of_everybody_account_and_person(void **state)
{
	World *world = world_with("[delivery]\nquiet-hours = 22:00-07:00, weekends\n",
	                          "quiet-hours = 20:00-06:00\n", NULL);
	SnId person = bob(world);

	subscribe(world, "work", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "work", BOB_IM, "desk", SN_PRESENCE_ONLINE, 0);
	at_hour(world, 21, 30);
	client(world, "work", BOB_IM, "desk", SN_PRESENCE_ONLINE, 0);
	g_autoptr(SnWhereabouts) evening = where(world, person);
	assert_int_equal(evening->availability, SN_AVAILABLE);
	at_hour(world, 23, 15);
	g_autoptr(SnWhereabouts) night = where(world, person);
	assert_int_equal(night->availability, SN_NOT_AVAILABLE);
	assert_true(night->quiet);
	assert_int_equal(night->until, world->now + 7 * SN_HOUR + 45 * SN_MINUTE);
	assert_non_null(strstr(night->text, ", quiet hours until Thu 07:00 (your rule for "
	                                    "everybody)"));

	/* the account's own hours, for the contacts that it knows */
	client(world, "work", BOB_IM, "desk", SN_PRESENCE_OFFLINE, 0);
	subscribe(world, "home", BOB_IM, SN_SUB_BOTH, FALSE);
	client(world, "home", BOB_IM, "desk", SN_PRESENCE_ONLINE, 0);
	at_hour(world, 20, 30);
	g_autoptr(SnWhereabouts) early = where(world, person);
	assert_string_equal(early->origin, "your rule for the account home");

	/* Bob is up late, in Tokyo: it is half past five in the morning there */
	policy_set(world, person, "quiet-hours=01:00-05:00");
	g_autoptr(SnWhereabouts) up = where(world, person);
	assert_int_equal(up->availability, SN_AVAILABLE);
	policy_set(world, person, "quiet-hours=05:00-06:00");
	policy_set(world, person, "time-zone=Asia/Tokyo");
	g_autoptr(SnWhereabouts) abroad = where(world, person);
	assert_string_equal(abroad->origin, "your rule for Bob");
	assert_int_equal(abroad->until, world->now + 30 * SN_MINUTE);
	policy_set(world, person, "quiet-hours=none");
	g_autoptr(SnWhereabouts) never = where(world, person);
	assert_int_equal(never->availability, SN_AVAILABLE);
	world_free(world);
}

static void quiet_hours_count_whatever_the_presence(void **state)
{
	World *world = world_with("[delivery]\nquiet-hours = 22:00-07:00\nif-unavailable = defer\n",
	                          NULL, NULL);
	SnId person = bob(world), conversation = world_bob(world);
	SnPlanRequest request = { .conversation = conversation, .mode = SN_MODE_IM };

	at_hour(world, 23, 0);
	assert_where(world, person, SN_NOT_AVAILABLE,
	             "presence unknown, quiet hours until Thu 07:00 (your rule for everybody)");
	g_autoptr(SnPlan) plan = sn_plan_reply(world->store, world->config, &request, &world->clock);
	assert_string_equal(plan->text,
	                    "IM to bob@example.org, presence unknown, quiet hours until Thu 07:00 "
	                    "(your rule for everybody): will wait (your rule for everybody)");
	at_hour(world, 12, 0);
	assert_where(world, person, SN_AVAILABILITY_UNKNOWN, "presence unknown");
	world_free(world);
}

static void settings_of_a_person_are_strict(void **state)
{
	static const struct {
		const char *text, *part;
	} wrong[] = {
		{ "quiet-hours=22-7", "neither a time span nor days" },
		{ "quiet-hours=", "a value is missing" },
		{ "time-zone=Mars/Base", "no such time zone" },
		{ "not-available=offline,asleep", "offline" },
		{ "answer=maybe", "mail-when-away" },
		{ "wish=ask", "mail, defer or send" },
		{ "sleep=late", "There is nothing called 'sleep'" },
		{ "fail", "no rule" },
		{ "laterr", "no rule" },
	};
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		assert_false(sn_policy_set(world->store, person, wrong[i].text, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
		if (!strstr(error->message, wrong[i].part))
			fail_msg("%s: %s", wrong[i].text, error->message);
	}
	for (gsize i = 0; sn_policy_key(i); i++)
		assert_null(sn_policy_get(world->store, person, sn_policy_key(i)->key));
	g_autoptr(GError) error = NULL;
	assert_false(sn_policy_set(world->store, 4711, "answer=now", &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
	world_free(world);
}

static void what_is_set_can_be_read_and_taken_back(void **state)
{
	static const struct {
		const char *key, *value, *read;
	} set[] = {
		{ "rule", "defer", "defer" },
		{ "wish", "mail", "mail" },
		{ "not-available", "dnd, offline", "offline,dnd" },
		{ "quiet-hours", "sat,7:00-8:00", "sat, 07:00-08:00" },
		{ "time-zone", "Europe/Berlin", "Europe/Berlin" },
		{ "answer", "later-when-away", "later-when-away" },
	};
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);

	for (gsize i = 0; i < G_N_ELEMENTS(set); i++) {
		g_autofree char *text = g_strdup_printf("%s = %s", set[i].key, set[i].value);
		policy_set(world, person, text);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(set); i++) {
		g_autofree char *value = sn_policy_get(world->store, person, set[i].key);
		assert_string_equal(value, set[i].read);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(set); i++) {
		g_autofree char *text = g_strdup_printf("%s=default", set[i].key);
		policy_set(world, person, text);
		assert_null(sn_policy_get(world->store, person, set[i].key));
	}
	world_free(world);
}

/* ---- wishes ---- */

static void wishes_keep_their_origin_and_leave_singly(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);
	SnId im = sn_address_intern(world->store, SN_CHANNEL_IM, BOB_IM, NULL, NULL);
	g_autofree char *published = NULL, *answered = NULL, *noted = NULL;

	at_hour(world, 9, 0);
	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_PUBLISHED, SN_RULE_MAIL,
	                                "mailto:bob@work.example tel:+4930", NULL));
	assert_int_equal(sn_plan_rule(world->store, world->config, person, world->home, &published),
	                 SN_RULE_MAIL);
	assert_true(g_str_has_prefix(published, "Bob asked for it, published by bob@example.org on "
	                                        "25 Nov 2026"));
	/* the newer one counts */
	world->now += SN_HOUR;
	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_ANSWER, SN_RULE_DEFER, NULL, NULL));
	assert_int_equal(sn_plan_rule(world->store, world->config, person, world->home, &answered),
	                 SN_RULE_DEFER);
	assert_true(g_str_has_prefix(answered, "Bob asked for it, answer of 25 Nov 2026"));
	/* before both comes what the user noted */
	policy_set(world, person, "wish=send");
	assert_int_equal(sn_plan_rule(world->store, world->config, person, world->home, &noted),
	                 SN_RULE_SEND);
	assert_string_equal(noted, "Bob asked for it, noted by you");

	g_autoptr(GPtrArray) all = sn_contact_wishes(world->store, person);
	assert_int_equal(all->len, 3);
	assert_true(((SnContactWish *)all->pdata[0])->counts);
	assert_int_equal(((SnContactWish *)all->pdata[0])->source, SN_WISHED_NOTED);
	assert_int_equal(((SnContactWish *)all->pdata[1])->source, SN_WISHED_ANSWER);
	assert_string_equal(((SnContactWish *)all->pdata[2])->detail,
	                    "mailto:bob@work.example tel:+4930");

	/* Each leaves by itself. */
	policy_set(world, person, "wish=default");
	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_ANSWER, SN_RULE_DEFAULT, NULL,
	                                NULL));
	g_autoptr(SnPerson) left = sn_person_get(world->store, person);
	assert_int_equal(left->wish, SN_RULE_MAIL);
	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_PUBLISHED, SN_RULE_DEFAULT, NULL,
	                                NULL));
	g_autoptr(SnPerson) none = sn_person_get(world->store, person);
	assert_int_equal(none->wish, SN_RULE_DEFAULT);
	assert_null(none->wish_origin);
	world_free(world);
}

static void a_refusal_can_be_undone(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);
	SnId im = sn_address_intern(world->store, SN_CHANNEL_IM, BOB_IM, NULL, NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *what = NULL, *next = NULL;

	/* before any wish there is nothing to say no to, and that is said */
	assert_false(sn_policy_set(world->store, person, "wish=none", &error));
	assert_int_equal(error->code, SN_ERROR_NOT_FOUND);
	assert_string_equal(error->message,
	                    "Bob has not asked for anything: there is nothing to refuse.");
	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_PUBLISHED, SN_RULE_MAIL,
	                                "mailto:bob@work.example", NULL));
	policy_set(world, person, "wish=defer");
	policy_set(world, person, "wish=none");
	policy_set(world, person, "wish=none"); /* again: nothing more to undo */
	g_autoptr(SnPerson) refused = sn_person_get(world->store, person);
	assert_int_equal(refused->wish, SN_RULE_DEFAULT);
	assert_true(sn_map_undo(world->store, &what, NULL));
	assert_string_equal(what, "Refused what Bob asked for");
	g_autoptr(SnPerson) noted = sn_person_get(world->store, person);
	assert_int_equal(noted->wish, SN_RULE_DEFER);
	assert_true(sn_map_undo(world->store, &next, NULL));
	assert_string_equal(next, "Noted what Bob wishes for: \"defer\"");
	g_autoptr(SnPerson) published = sn_person_get(world->store, person);
	assert_int_equal(published->wish, SN_RULE_MAIL);
	world_free(world);
}

static void a_new_wish_after_a_refusal_is_not_touched_by_undo(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);
	SnId im = sn_address_intern(world->store, SN_CHANNEL_IM, BOB_IM, NULL, NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *what = NULL;

	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_ANSWER, SN_RULE_MAIL, NULL, NULL));
	policy_set(world, person, "wish=none");
	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_ANSWER, SN_RULE_SEND, NULL, NULL));
	assert_false(sn_map_undo(world->store, &what, &error));
	assert_int_equal(error->code, SN_ERROR_EXISTS);
	g_autoptr(SnPerson) still = sn_person_get(world->store, person);
	assert_int_equal(still->wish, SN_RULE_SEND);
	world_free(world);
}

static void a_refused_wish_stays_refused_until_it_changes(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);
	SnId im = sn_address_intern(world->store, SN_CHANNEL_IM, BOB_IM, NULL, NULL);

	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_PUBLISHED, SN_RULE_MAIL,
	                                "mailto:bob@work.example", NULL));
	policy_set(world, person, "wish=none");
	g_autoptr(SnPerson) refused = sn_person_get(world->store, person);
	assert_int_equal(refused->wish, SN_RULE_DEFAULT);
	/* published again with the next log-in, as servers do */
	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_PUBLISHED, SN_RULE_MAIL,
	                                "mailto:bob@work.example", NULL));
	g_autoptr(SnPerson) still = sn_person_get(world->store, person);
	assert_int_equal(still->wish, SN_RULE_DEFAULT);
	assert_true(sn_contact_wish_set(world->store, im, SN_WISHED_PUBLISHED, SN_RULE_MAIL,
	                                "mailto:bob@new.example", NULL));
	g_autoptr(SnPerson) changed = sn_person_get(world->store, person);
	assert_int_equal(changed->wish, SN_RULE_MAIL);
	world_free(world);
}

static void wishes_and_policies_follow_merged_people(void **state)
{
	World *world = world_with(NULL, NULL, NULL);
	SnId person = bob(world);
	SnId second = sn_address_intern(world->store, SN_CHANNEL_IM, BOB_HOME, NULL, NULL);
	SnId other = world_person_of(world, SN_CHANNEL_IM, BOB_HOME);

	assert_true(sn_contact_wish_set(world->store, second, SN_WISHED_ANSWER, SN_RULE_MAIL, NULL,
	                                NULL));
	policy_set(world, other, "quiet-hours=20:00-08:00");
	assert_true(sn_link_confirm(world->store, second, person, NULL));
	g_autoptr(SnPerson) merged = sn_person_get(world->store, person);
	assert_int_equal(merged->wish, SN_RULE_MAIL);
	g_autofree char *hours = sn_policy_get(world->store, person, "quiet-hours");
	assert_string_equal(hours, "20:00-08:00");
	/* taken apart again, the wish goes with the address that told it */
	assert_true(sn_link_remove(world->store, second, person, NULL));
	g_autoptr(SnPerson) alone = sn_person_get(world->store, person);
	assert_int_equal(alone->wish, SN_RULE_DEFAULT);
	g_autoptr(SnPerson) apart = sn_person_get(
		world->store, world_person_of(world, SN_CHANNEL_IM, BOB_HOME));
	assert_int_equal(apart->wish, SN_RULE_MAIL);
	world_free(world);
}

static void configuration_errors_say_where_and_what(void **state)
{
	static const struct {
		const char *accounts, *settings, *part;
	} wrong[] = {
		{ NULL, "[delivery]\nquiet-hours = at night\n", "sennit.conf:2: quiet-hours = at night: " },
		{ NULL, "[delivery]\ntime-zone = Europe/Belin\n", "write a name like Europe/Berlin" },
		{ NULL, "[delivery]\nanswer-questions = never\n", "mail-when-away" },
		{ NULL, "[delivery]\nanswer-questions = default\n", "answer-questions" },
		{ "[home]\nim = xmpp://a@example.test\nquiet-hours = 22:00\n", NULL, ":3: quiet-hours" },
		{ "[home]\nim = xmpp://a@example.test\nnot-available = gone\n", NULL, "offline" },
		{ "[home]\nim = xmpp://a@example.test\ntime-zone = Nowhere\n", NULL, "no such time zone" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		SnConfig *config = sn_config_parse(wrong[i].accounts, wrong[i].settings, &error);
		assert_null(config);
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
		if (!strstr(error->message, wrong[i].part))
			fail_msg("%s", error->message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unknown_is_said_as_unknown),
		cmocka_unit_test(our_own_lost_line_makes_it_unknown_since_then),
		cmocka_unit_test(an_earlier_run_leaves_no_presence_behind),
		cmocka_unit_test(who_went_is_offline_since_then),
		cmocka_unit_test(the_client_with_the_higher_priority_decides),
		cmocka_unit_test(a_client_that_takes_no_messages_reaches_nobody),
		cmocka_unit_test(any_address_that_is_there_will_do),
		cmocka_unit_test(two_own_accounts_tell_of_one_contact),
		cmocka_unit_test(the_reply_goes_where_the_person_is),
		cmocka_unit_test(the_narrowest_policy_wins_and_is_named),
		cmocka_unit_test(quiet_hours_of_everybody_account_and_person),
		cmocka_unit_test(quiet_hours_count_whatever_the_presence),
		cmocka_unit_test(settings_of_a_person_are_strict),
		cmocka_unit_test(what_is_set_can_be_read_and_taken_back),
		cmocka_unit_test(wishes_keep_their_origin_and_leave_singly),
		cmocka_unit_test(a_refusal_can_be_undone),
		cmocka_unit_test(a_new_wish_after_a_refusal_is_not_touched_by_undo),
		cmocka_unit_test(a_refused_wish_stays_refused_until_it_changes),
		cmocka_unit_test(wishes_and_policies_follow_merged_people),
		cmocka_unit_test(configuration_errors_say_where_and_what),
	};

	g_setenv("TZ", "UTC", TRUE);
	g_setenv("LC_ALL", "C", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
