/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may travel to whom. A table of the cases that people worry about, and random mailboxes in
 * which every choice is held against the rules as they are told to people: a recipient gets only
 * what he was a party to, nothing that never went, nothing that a third one told, and nothing that
 * came encrypted unless this message is, or the user said yes to that very message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "src/route/history.h"
#include "tests/unit/route_world.h"

#define ALICE "alice@example.test"
#define ROOMY ((gint64)1 << 40)

/* ---- humans and what was said ---- */

typedef enum { BOB, CAROL, DAVE, HUMANS } Human;
static const struct {
	const char *mail, *im;
} addresses[HUMANS] = {
	[BOB] = { BOB_MAIL, BOB_IM },
	[CAROL] = { "carol@example.net", "carol@chat.example" },
	[DAVE] = { "dave@example.net", NULL },
};

typedef struct {
	SnId id;
	guint parties;      /* bits of Human */
	gboolean went, encrypted, carried, own; /* own: said to be of the user */
	int teller;         /* carried: Human, or -1 the user */
} Fact;

typedef struct {
	SnChannel channel;
	SnDirection direction;
	int from;           /* Human; when IN */
	guint to, cc, bcc;  /* bits of Human */
	SnState state;      /* 0: as usual */
	gboolean encrypted, carried, deleted;
	int teller;         /* carried: Human, or -1 the user */
} Letter;

static const char *address_of(SnChannel channel, int human)
{
	return channel == SN_CHANNEL_MAIL ? addresses[human].mail : addresses[human].im;
}

static void add_parties(SnMessage *message, SnRole role, guint humans)
{
	for (int human = 0; human < HUMANS; human++)
		if (humans & 1U << human)
			sn_message_add_party(message, role,
			                     address_of(message->channel, human), NULL);
}

/* A message of the human (or the user) that could have brought others along. */
static SnId teller_message(World *world, int teller)
{
	Said said = { .channel = SN_CHANNEL_MAIL,
		      .direction = teller < 0 ? SN_OUT : SN_IN,
		      .from = teller < 0 ? NULL : addresses[teller].mail };

	return world_say(world, &said);
}

static Fact write_letter(World *world, const Letter *letter)
{
	g_autoptr(SnMessage) message = sn_message_new();
	gboolean out = letter->direction == SN_OUT;
	const char *from = out ? ALICE : address_of(letter->channel, letter->from);
	g_autoptr(GError) error = NULL;
	SnAddResult result;

	world->serial++;
	message->account = world->home;
	message->channel = letter->channel;
	message->direction = letter->direction;
	message->time = world->now + world->serial * SN_SECOND - SN_HOUR;
	message->sender = sn_address_intern(world->store, letter->channel, from, NULL, NULL);
	message->state = letter->state ? letter->state
	                 : out         ? SN_STATE_ACCEPTED
	                               : SN_STATE_RECEIVED;
	message->flags = letter->deleted ? SN_FLAG_DELETED : 0;
	message->body = g_strdup_printf("text %d", world->serial);
	message->encrypted = letter->encrypted;
	message->carried = letter->carried;
	if (letter->carried)
		message->carried_by = teller_message(world, letter->teller);
	sn_message_add_party(message, SN_ROLE_FROM, from, NULL);
	if (!out)
		sn_message_add_party(message, SN_ROLE_TO, ALICE, NULL);
	add_parties(message, SN_ROLE_TO, letter->to);
	add_parties(message, SN_ROLE_CC, letter->cc);
	add_parties(message, SN_ROLE_BCC, letter->bcc);
	/* where an answer should go is no sign that anybody there has seen it */
	sn_message_add_party(message, SN_ROLE_REPLY_TO, addresses[DAVE].mail, NULL);
	if (letter->channel == SN_CHANNEL_MAIL)
		message->message_id = g_strdup_printf("letter-%d@w", world->serial);
	else
		message->origin_id = g_strdup_printf("letter-%d", world->serial);
	message->thread = g_strdup("one-thread@w");
	if (!sn_message_add(world->store, message, NULL, NULL, &result, &error))
		g_error("%s", error->message);
	return (Fact){
		.id = message->id,
		.parties = letter->to | letter->cc | letter->bcc | (out ? 0 : 1U << letter->from),
		.went = !letter->deleted && (!letter->state || letter->state == SN_STATE_READ),
		.encrypted = letter->encrypted,
		.carried = letter->carried,
		.own = out,
		.teller = letter->teller,
	};
}

static World *new_world(void)
{
	World *world = world_new(NULL);

	world_bob(world);
	SnId mail = sn_address_intern(world->store, SN_CHANNEL_MAIL, addresses[CAROL].mail, NULL, NULL);
	SnId im = sn_address_intern(world->store, SN_CHANNEL_IM, addresses[CAROL].im, NULL, NULL);
	SnId carol = world_person_of(world, SN_CHANNEL_MAIL, addresses[CAROL].mail);
	assert_true(mail && im && carol);
	assert_true(sn_link_add(world->store, im, carol, SN_LINK_USER, TRUE, NULL, NULL));
	return world;
}

/* To these humans, by the channel each has. */
static GPtrArray *recipients_of(SnChannel channel, guint humans)
{
	GPtrArray *parties = g_ptr_array_new_with_free_func(g_free);

	for (int human = 0; human < HUMANS; human++) {
		if (!(humans & 1U << human))
			continue;
		SnParty *party = g_new0(SnParty, 1);
		party->role = parties->len ? SN_ROLE_BCC : SN_ROLE_TO;
		party->address = (char *)(addresses[human].im && channel == SN_CHANNEL_IM
		                                  ? addresses[human].im
		                                  : addresses[human].mail);
		g_ptr_array_add(parties, party);
	}
	return parties;
}

static gboolean has(const GArray *ids, SnId id)
{
	for (guint i = 0; ids && i < ids->len; i++)
		if (g_array_index(ids, SnId, i) == id)
			return TRUE;
	return FALSE;
}

/* The rules, said once more in other words. */
static gboolean may_travel(const Fact *fact, guint recipients, const SnHistoryRequest *request)
{
	if (!fact->went || (recipients & ~fact->parties))
		return FALSE;
	if (fact->carried && fact->teller >= 0 &&
	    (fact->own || !(recipients & 1U << fact->teller)))
		return FALSE;
	return !fact->encrypted || request->encrypted || has(request->agreed, fact->id);
}

/* ---- the table ---- */

static void the_cases_people_worry_about(void **state)
{
	static const struct {
		const char *what;
		Letter letter;
		guint to;
		SnTravel travel;
	} cases[] = {
		{ "bob's email goes back to bob", { .from = BOB }, 1 << BOB, SN_TRAVEL_YES },
		{ "bob's email does not go to carol", { .from = BOB }, 1 << CAROL,
		  SN_TRAVEL_NO_PARTY },
		{ "nor to both", { .from = BOB }, 1 << BOB | 1 << CAROL, SN_TRAVEL_NO_PARTY },
		{ "carol in Cc has seen it", { .from = BOB, .cc = 1 << CAROL }, 1 << CAROL,
		  SN_TRAVEL_YES },
		{ "so has carol in Bcc of an own email",
		  { .direction = SN_OUT, .to = 1 << BOB, .bcc = 1 << CAROL }, 1 << CAROL,
		  SN_TRAVEL_YES },
		{ "but not dave", { .direction = SN_OUT, .to = 1 << BOB, .bcc = 1 << CAROL },
		  1 << DAVE, SN_TRAVEL_NO_PARTY },
		{ "after bob was added in mid-thread, what went before stays here",
		  { .direction = SN_OUT, .to = 1 << CAROL }, 1 << BOB | 1 << CAROL,
		  SN_TRAVEL_NO_PARTY },
		{ "Reply-To makes nobody a party", { .from = BOB }, 1 << DAVE,
		  SN_TRAVEL_NO_PARTY },
		{ "what was cancelled never went",
		  { .direction = SN_OUT, .to = 1 << BOB, .state = SN_STATE_CANCELLED }, 1 << BOB,
		  SN_TRAVEL_NOT_SENT },
		{ "what failed never arrived",
		  { .direction = SN_OUT, .to = 1 << BOB, .state = SN_STATE_FAILED }, 1 << BOB,
		  SN_TRAVEL_NOT_SENT },
		{ "what still waits is not earlier",
		  { .direction = SN_OUT, .to = 1 << BOB, .state = SN_STATE_WAITING }, 1 << BOB,
		  SN_TRAVEL_NOT_SENT },
		{ "what was deleted is gone", { .from = BOB, .deleted = TRUE }, 1 << BOB,
		  SN_TRAVEL_NOT_SENT },
		{ "what came by OpenPGP stays encrypted", { .from = BOB, .encrypted = TRUE },
		  1 << BOB, SN_TRAVEL_ENCRYPTED },
		{ "what came by OMEMO too",
		  { .channel = SN_CHANNEL_IM, .from = BOB, .encrypted = TRUE }, 1 << BOB,
		  SN_TRAVEL_ENCRYPTED },
		{ "encrypted and none of dave's business: the latter is said",
		  { .from = BOB, .encrypted = TRUE }, 1 << DAVE, SN_TRAVEL_NO_PARTY },
		{ "what bob told goes back to bob",
		  { .from = BOB, .carried = TRUE, .teller = BOB }, 1 << BOB, SN_TRAVEL_YES },
		{ "what carol told of bob does not go to bob",
		  { .from = BOB, .carried = TRUE, .teller = CAROL }, 1 << BOB, SN_TRAVEL_TOLD },
		{ "what the user told himself may go again",
		  { .from = BOB, .carried = TRUE, .teller = -1 }, 1 << BOB, SN_TRAVEL_YES },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		World *world = new_world();
		Fact fact = write_letter(world, &cases[i].letter);
		g_autoptr(SnMessage) message = sn_message_get(world->store, fact.id, 0);
		g_autoptr(GPtrArray) recipients =
			recipients_of(SN_CHANNEL_MAIL, cases[i].to);
		SnHistoryRequest request = { .conversation = message->conversation,
			                     .recipients = recipients };
		g_autoptr(GPtrArray) rows = sn_history_rows(world->store, &request, 0, 0, 10);
		const SnHistoryRow *row = NULL;
		for (guint j = 0; j < rows->len; j++)
			if (((SnHistoryRow *)rows->pdata[j])->id == fact.id)
				row = rows->pdata[j];
		if (!row || row->travel != cases[i].travel)
			fail_msg("%s: %d", cases[i].what, row ? (int)row->travel : -1);
		g_autofree char *why = sn_history_why(row);
		assert_int_equal(why == NULL, row->travel == SN_TRAVEL_YES);
		world_free(world);
	}
}

static void who_was_no_party_is_named(void **state)
{
	World *world = new_world();
	Letter letter = { .from = BOB };
	Fact fact = write_letter(world, &letter);
	g_autoptr(SnMessage) message = sn_message_get(world->store, fact.id, 0);
	g_autoptr(GPtrArray) both =
		recipients_of(SN_CHANNEL_MAIL, 1 << BOB | 1 << CAROL);
	SnHistoryRequest request = { .conversation = message->conversation,
		                     .spec = { .kind = SN_HISTORY_ALL },
		                     .recipients = both,
		                     .max_size = ROOMY };
	g_autoptr(GPtrArray) rows = sn_history_rows(world->store, &request, 0, 0, 10);
	g_autofree char *why = sn_history_why(rows->pdata[0]);
	g_autoptr(SnHistory) history = sn_history_choose(world->store, &request);

	assert_string_equal(why, "carol@example.net was no party to it");
	assert_int_equal(history->messages->len, 0);
	assert_string_equal(history->outsider, "carol@example.net");
	/* Before an address is known, a person's conversation is judged for that person. */
	request.recipients = NULL;
	g_autoptr(SnHistory) own = sn_history_choose(world->store, &request);
	assert_int_equal(own->messages->len, 1);
	world_free(world);
}

static void a_yes_is_for_one_message(void **state)
{
	World *world = new_world();
	Letter letter = { .channel = SN_CHANNEL_IM, .from = BOB, .encrypted = TRUE };
	Fact one = write_letter(world, &letter), other = write_letter(world, &letter);
	g_autoptr(SnMessage) message = sn_message_get(world->store, one.id, 0);
	g_autoptr(GPtrArray) bob = recipients_of(SN_CHANNEL_MAIL, 1 << BOB);
	g_autoptr(GArray) agreed = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnHistoryRequest request = { .conversation = message->conversation,
		                     .spec = { .kind = SN_HISTORY_ALL },
		                     .agreed = agreed,
		                     .recipients = bob,
		                     .max_size = ROOMY };

	g_array_append_val(agreed, other.id);
	g_autoptr(SnHistory) history = sn_history_choose(world->store, &request);
	assert_int_equal(history->messages->len, 1);
	assert_int_equal(g_array_index(history->messages, SnId, 0), other.id);
	assert_int_equal(history->left_out_encrypted, 1);
	world_free(world);
}

/* ---- random mailboxes ---- */

static guint random_humans(GRand *rand, SnChannel channel, gboolean one)
{
	guint humans = 0;

	do {
		if (one)
			humans = 1U << g_rand_int_range(rand, 0, HUMANS);
		else
			humans = (guint)g_rand_int_range(rand, 1, 1 << HUMANS);
	} while (channel == SN_CHANNEL_IM && humans & 1U << DAVE);
	return humans;
}

static Letter random_letter(GRand *rand)
{
	static const SnState states[] = { 0, 0, 0, SN_STATE_READ, SN_STATE_CANCELLED,
		                          SN_STATE_FAILED, SN_STATE_QUEUED, SN_STATE_CONVERTED };
	Letter letter = { .channel = g_rand_boolean(rand) ? SN_CHANNEL_IM : SN_CHANNEL_MAIL,
		          .direction = g_rand_boolean(rand) ? SN_OUT : SN_IN };
	gboolean im = letter.channel == SN_CHANNEL_IM;

	letter.from = g_rand_int_range(rand, 0, im ? DAVE : HUMANS);
	if (letter.direction == SN_OUT || (!im && g_rand_boolean(rand)))
		letter.to = random_humans(rand, letter.channel, im);
	if (!im && g_rand_int_range(rand, 0, 3) == 0)
		letter.cc = random_humans(rand, letter.channel, FALSE);
	if (letter.direction == SN_OUT && !im && g_rand_int_range(rand, 0, 3) == 0)
		letter.bcc = random_humans(rand, letter.channel, TRUE);
	if (letter.direction == SN_OUT)
		letter.state = states[g_rand_int_range(rand, 0, G_N_ELEMENTS(states))];
	letter.encrypted = g_rand_int_range(rand, 0, 4) == 0;
	letter.deleted = g_rand_int_range(rand, 0, 15) == 0;
	letter.carried = g_rand_int_range(rand, 0, 5) == 0;
	letter.teller = g_rand_int_range(rand, -1, HUMANS);
	return letter;
}

static SnHistorySpec random_spec(GRand *rand, const World *world)
{
	switch (g_rand_int_range(rand, 0, 4)) {
	case 0: return (SnHistorySpec){ .kind = SN_HISTORY_ALL };
	case 1: return (SnHistorySpec){ .kind = SN_HISTORY_THREAD };
	case 2:
		return (SnHistorySpec){ .kind = SN_HISTORY_LAST,
			                .count = g_rand_int_range(rand, 1, 20) };
	default:
		return (SnHistorySpec){ .kind = SN_HISTORY_SINCE,
			                .since = world->now - SN_HOUR +
			                         g_rand_int_range(rand, 0, 60) * SN_SECOND };
	}
}

/* All facts the request may be asked about; a choice never goes beyond what the rules allow. */
static void hold_against_the_rules(World *world, const GArray *facts, GRand *rand)
{
	const Fact *anchor = &g_array_index(facts, Fact, g_rand_int_range(rand, 0, (int)facts->len));
	SnChannel channel = g_rand_boolean(rand) ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
	guint humans = random_humans(rand, SN_CHANNEL_MAIL, channel == SN_CHANNEL_IM);
	g_autoptr(SnMessage) message = sn_message_get(world->store, anchor->id, 0);
	g_autoptr(GPtrArray) recipients = recipients_of(channel, humans);
	g_autoptr(GArray) agreed = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GArray) picked = g_array_new(FALSE, FALSE, sizeof(SnId));
	guint allowed = 0;

	for (guint i = 0; i < facts->len; i++) {
		const Fact *fact = &g_array_index(facts, Fact, i);
		g_array_append_val(picked, fact->id);
		if (g_rand_int_range(rand, 0, 4) == 0)
			g_array_append_val(agreed, fact->id);
	}
	SnHistoryRequest request = { .conversation = message->conversation,
		                     .reply_to = g_rand_boolean(rand) ? anchor->id : 0,
		                     .spec = random_spec(rand, world),
		                     .picked = picked,
		                     .agreed = g_rand_boolean(rand) ? agreed : NULL,
		                     .recipients = recipients,
		                     .with_attachments = g_rand_boolean(rand),
		                     .encrypted = g_rand_int_range(rand, 0, 4) == 0,
		                     .max_size = ROOMY };
	g_autoptr(SnHistory) some = sn_history_choose(world->store, &request);
	request.spec.kind = SN_HISTORY_PICKED;
	g_autoptr(SnHistory) all = sn_history_choose(world->store, &request);
	for (guint i = 0; i < facts->len; i++) {
		const Fact *fact = &g_array_index(facts, Fact, i);
		gboolean may = may_travel(fact, humans, &request);
		allowed += may;
		assert_int_equal(has(all->messages, fact->id), may); /* all that may, and only that */
		if (has(some->messages, fact->id))
			assert_true(may);
	}
	assert_int_equal(all->messages->len, allowed);
	g_autoptr(GPtrArray) rows = sn_history_rows(world->store, &request, 0, 0, 200);
	for (guint i = 0; i < rows->len; i++) {
		const SnHistoryRow *row = rows->pdata[i];
		if (has(picked, row->id))
			assert_int_equal(row->travel == SN_TRAVEL_YES,
			                 has(all->messages, row->id));
	}
}

static void no_choice_breaks_the_rules(void **state)
{
	const char *count = g_getenv("SENNIT_PRIVACY_ROUNDS");
	int worlds = 4, rounds = count ? atoi(count) : 150;

	for (int seed = 1; seed <= worlds; seed++) {
		World *world = new_world();
		GRand *rand = g_rand_new_with_seed((guint32)seed);
		g_autoptr(GArray) facts = g_array_new(FALSE, FALSE, sizeof(Fact));
		for (int i = 0; i < 60; i++) {
			Letter letter = random_letter(rand);
			Fact fact = write_letter(world, &letter);
			g_array_append_val(facts, fact);
		}
		for (int i = 0; i < rounds; i++)
			hold_against_the_rules(world, facts, rand);
		g_rand_free(rand);
		world_free(world);
	}
	print_message("# %d choices held against the rules\n", worlds * rounds);
}

/* ---- however long the conversation is ---- */

static void a_long_conversation_is_read_in_part(void **state)
{
	World *world = new_world();
	g_autoptr(GPtrArray) carol = recipients_of(SN_CHANNEL_MAIL, 1 << CAROL);
	SnHistoryRequest request = { .conversation = world_bob(world),
		                     .spec = { .kind = SN_HISTORY_ALL },
		                     .recipients = carol,
		                     .max_size = ROOMY };

	assert_true(sn_store_begin(world->store, NULL));
	for (int i = 0; i < SN_HISTORY_LOOK + 500; i++) {
		Said said = { .channel = SN_CHANNEL_IM, .body = "line" };
		world_say(world, &said);
	}
	assert_true(sn_store_commit(world->store, NULL));
	/* carol was a party to none of it: looking on would not end */
	g_autoptr(SnHistory) none = sn_history_choose(world->store, &request);
	assert_int_equal(none->messages->len, 0);
	assert_int_equal(none->looked_at, SN_HISTORY_LOOK);
	request.recipients = NULL;
	g_autoptr(SnHistory) bobs = sn_history_choose(world->store, &request);
	assert_int_equal(bobs->messages->len, SN_HISTORY_MAX);
	assert_int_equal(bobs->looked_at, SN_HISTORY_MAX);
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cases_people_worry_about),
		cmocka_unit_test(who_was_no_party_is_named),
		cmocka_unit_test(a_yes_is_for_one_message),
		cmocka_unit_test(no_choice_breaks_the_rules),
		cmocka_unit_test(a_long_conversation_is_read_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
