/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is one person: the rules of partition.h, one by one, and that the order does not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/partition.h"

enum { MAX = 40 };

/* A world is told in one line: addresses are letters. "a=b" merged, "a>b" a belongs to b, "a!b" are
 * different, "[abc Name]" a vCard, "{abc Name}" an entry of the address book. */
typedef struct {
	SnDecision decisions[MAX];
	guint decision_count;
	SnCardMembers cards[MAX];
	guint card_count;
	guint members[MAX][MAX];
	char names[MAX][MAX];
	guint addresses;
} World;

static guint letter(World *world, char c)
{
	guint place = (guint)(c - 'a');

	g_assert(place < 26);
	world->addresses = MAX(world->addresses, place + 1);
	return place;
}

static const char *read_card(World *world, const char *at)
{
	guint index = world->card_count++;
	SnCardMembers *card = &world->cards[index];
	gsize name = 0;

	card->source = *at == '[' ? SN_LINK_VCARD : SN_LINK_ADDRESS_BOOK;
	for (at++; *at != ' ' && *at != ']' && *at != '}'; at++)
		world->members[index][card->count++] = letter(world, *at);
	while (*at == ' ')
		at++;
	while (*at != ']' && *at != '}')
		world->names[index][name++] = *at++;
	card->members = world->members[index];
	card->name = name ? world->names[index] : NULL;
	return at + 1;
}

static void read_world(World *world, const char *text)
{
	memset(world, 0, sizeof *world);
	for (const char *at = text; *at;) {
		if (*at == ' ') {
			at++;
		} else if (*at == '[' || *at == '{') {
			at = read_card(world, at);
		} else {
			SnDecision *one = &world->decisions[world->decision_count];
			one->guest = letter(world, at[0]);
			one->host = letter(world, at[2]);
			one->decided = at[1] == '=' ? SN_DECIDED_MERGED
				       : at[1] == '>' ? SN_DECIDED_BELONGS
			                              : SN_DECIDED_DIFFERENT;
			one->clock = ++world->decision_count;
			one->device = "d";
			one->key = "k";
			at += 3;
		}
	}
}

/* "abc de f": the groups of more than one; then "?x" for each address two cards claim, "-x" for each
 * that a card is overruled on. */
static char *outcome(const World *world)
{
	g_autoptr(SnPartition) out =
		sn_partition_new(world->addresses, world->decisions, world->decision_count,
	                         world->cards, world->card_count);
	GString *text = g_string_new(NULL);
	g_autofree char *marks = g_strnfill(26, ' ');

	for (guint group = 0; group < out->count; group++) {
		guint size = 0;
		for (guint i = 0; i < out->count; i++)
			size += out->group[i] == group;
		for (guint i = 0; i < out->count && size > 1; i++)
			if (out->group[i] == group)
				g_string_append_c(text, (char)('a' + i));
		if (size > 1)
			g_string_append_c(text, ' ');
	}
	for (guint i = 0; i < out->conflicts->len; i++) {
		const SnDisagreement *one = &g_array_index(out->conflicts, SnDisagreement, i);
		if (marks[one->address] != '?')
			marks[one->address] = one->overruled ? '-' : '?';
	}
	for (int i = 0; i < 26; i++)
		if (marks[i] != ' ')
			g_string_append_printf(text, "%c%c ", marks[i], 'a' + i);
	return g_strchomp(g_string_free(text, FALSE));
}

static const struct {
	const char *world, *outcome, *why;
} cases[] = {
	{ "a=b", "ab", "the user merged them" },
	{ "a>b c>b", "abc", "both belong to b" },
	{ "a=b b=c a!c", "bc -a", "they contradict each other: the newer of the two stands" },
	{ "[ab Bob]", "ab", "one card, one person" },
	{ "[ab Bob] [bc Bob]", "abc", "two cards of one name" },
	{ "[ab Bob] [bc Bob Smith]", "abc", "names that agree" },
	{ "[abc Bob] [bcd Robert]", "abcd", "two addresses in common" },
	{ "[ab Bob] [bc Carol]", "?b", "b is claimed for two people" },
	{ "[ab Bob] [b Carol]", "?b", "a card of one address claims it all the same" },
	{ "[abx Bob] [cdx Carol]", "ab cd ?x", "the rest of both is not in doubt" },
	{ "[ab Bob] [bc Carol] b>a", "ab -b", "the user decided for Bob" },
	{ "[ab Bob] [bc Carol] a>b", "ab -b", "from the other side" },
	{ "[ab Bob] [bc Carol] b>c", "bc -b", "the user decided for Carol" },
	{ "[ab Bob] [bc Carol] b!c b!a", "-b -c", "for neither; the first stands for a card" },
	{ "[ab Bob] [bc Carol] a=c", "ac ?b", "one human with two cards, not yet b's" },
	{ "[ab Bob] [cd Carol] a=c", "abcd", "the user merged two people with a card each" },
	{ "[ab Bob] [cd Carol] c=b", "abcd", "by whichever address" },
	{ "b>x [bc Carol]", "bcx", "a card adds to what the user said" },
	{ "b>x [xy Bob] [bc Carol]", "bxy -b", "but not against it" },
	{ "[abc Bob] a!b a!c", "bc -a", "the user took a out of the card" },
	{ "[ab Bob] a!b", "-b", "and of a card of two" },
	{ "[ab Bob] {bc Carol}", "ab -b", "the vCard is stronger than the address book" },
	{ "[ab Bob] {bc Bob}", "abc", "where they agree it adds" },
	{ "{ab Bob} {bc Carol}", "?b", "two entries of the book" },
	{ "[ab Bob] [bc Carol] {bd Dave}", "?b", "a weaker source does not decide for the stronger" },
	{ "{ab}", "ab", "a card without a name" },
	{ "[ab] [bc]", "?b", "two of them" },
	{ "a=b [cd Bob]", "ab cd", "what does not hang together stays apart" },
};

static void the_rules_hold(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		World world;
		read_world(&world, cases[i].world);
		g_autofree char *got = outcome(&world);
		if (strcmp(got, cases[i].outcome) != 0)
			fail_msg("%s (%s): %s, not %s", cases[i].world, cases[i].why, got,
			         cases[i].outcome);
	}
}

static void a_shared_address_of_a_hundred_cards_is_nobodys(void **state)
{
	SnCardMembers cards[100] = { 0 };
	guint members[100][2];

	for (guint i = 0; i < 100; i++) {
		members[i][0] = i + 1;
		members[i][1] = 0;
		cards[i] = (SnCardMembers){ SN_LINK_VCARD, NULL, NULL, members[i], 2 };
	}
	g_autoptr(SnPartition) out = sn_partition_new(101, NULL, 0, cards, 100);
	for (guint i = 0; i < 101; i++)
		assert_int_equal(out->group[i], i);
	assert_int_equal(out->conflicts->len, 100);
}

static void shuffle(GRand *random, gpointer items, gsize size, guint count)
{
	g_autofree char *swap = g_malloc(size);

	for (guint i = count; i > 1; i--) {
		char *one = (char *)items + (i - 1) * size;
		char *other = (char *)items + (gsize)g_rand_int_range(random, 0, (gint32)i) * size;
		memcpy(swap, one, size);
		memcpy(one, other, size);
		memcpy(other, swap, size);
	}
}

static void random_world(GRand *random, World *world)
{
	memset(world, 0, sizeof *world);
	world->addresses = (guint)g_rand_int_range(random, 2, 10);
	world->decision_count = (guint)g_rand_int_range(random, 0, 10);
	for (guint i = 0; i < world->decision_count; i++) {
		SnDecision *one = &world->decisions[i];
		one->guest = (guint)g_rand_int_range(random, 0, (gint32)world->addresses);
		one->host = (one->guest + 1) % world->addresses;
		if (g_rand_boolean(random) && world->addresses > 2)
			one->host = (one->guest + 2) % world->addresses;
		one->decided = (SnDecided)g_rand_int_range(random, 0, 3);
		one->clock = i + 1;
		one->device = "d";
		one->key = "k";
	}
	world->card_count = (guint)g_rand_int_range(random, 0, 8);
	for (guint i = 0; i < world->card_count; i++) {
		SnCardMembers *card = &world->cards[i];
		card->source = g_rand_boolean(random) ? SN_LINK_VCARD : SN_LINK_ADDRESS_BOOK;
		for (guint a = 0; a < world->addresses; a++)
			if (g_rand_int_range(random, 0, 3) == 0)
				world->members[i][card->count++] = a;
		world->names[i][0] = (char)('A' + g_rand_int_range(random, 0, 3));
		card->members = world->members[i];
		card->name = world->names[i];
	}
}

static gboolean different(const World *world, guint one, guint other)
{
	for (guint i = 0; i < world->decision_count; i++) {
		const SnDecision *d = &world->decisions[i];
		if (d->decided == SN_DECIDED_DIFFERENT && ((d->guest == one && d->host == other) ||
		                                           (d->guest == other && d->host == one)))
			return TRUE;
	}
	return FALSE;
}

/* Decisions come in any order; what the user called different is never one; a world in two halves
 * that have nothing to do with each other is worked out half by half. */
static void what_is_known_decides_and_not_the_order(void **state)
{
	GRand *random = g_rand_new_with_seed(3);

	for (int round = 0; round < 20000; round++) {
		World world;
		random_world(random, &world);
		g_autofree char *first = outcome(&world);
		shuffle(random, world.decisions, sizeof *world.decisions, world.decision_count);
		g_autofree char *again = outcome(&world);
		assert_string_equal(again, first);
		g_autoptr(SnPartition) out =
			sn_partition_new(world.addresses, world.decisions, world.decision_count,
		                         world.cards, world.card_count);
		for (guint a = 0; a < world.addresses; a++)
			for (guint b = 0; b < a; b++)
				assert_false(out->group[a] == out->group[b] && different(&world, a, b));
	}
	g_rand_free(random);
}

static void names_are_compared_as_people_do(void **state)
{
	static const struct {
		const char *one, *other;
		gboolean agree;
	} pairs[] = {
		{ "Bob", "bob", TRUE },
		{ "Bob", "Bob Smith", TRUE },
		{ "Smith, Bob", "Bob Smith", TRUE },
		{ "Bob A. Smith", "Bob Smith", TRUE },
		{ "Größer", "GRÖSSER", TRUE },
		{ "Smith", "Bob Smith", FALSE },
		{ "Bob", "Carol", FALSE },
		{ "Bob Smith", "Bob Jones", FALSE },
		{ "", "Bob", FALSE },
		{ "", "", TRUE },
		{ "鈴木", "鈴木", TRUE },
		{ "鈴木", "田中", FALSE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		if (sn_names_agree(pairs[i].one, pairs[i].other) != pairs[i].agree ||
		    sn_names_agree(pairs[i].other, pairs[i].one) != pairs[i].agree)
			fail_msg("%s and %s", pairs[i].one, pairs[i].other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_hold),
		cmocka_unit_test(a_shared_address_of_a_hundred_cards_is_nobodys),
		cmocka_unit_test(what_is_known_decides_and_not_the_order),
		cmocka_unit_test(names_are_compared_as_people_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
