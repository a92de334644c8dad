/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several devices of one user, each with a store of its own: whatever they do, and in whatever order
 * they hear of each other, they come to know the same people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/facts.h"
#include "src/store/statement.h"
#include "tests/lib/tmpstore.h"

enum { DEVICES = 3, ADDRESSES = 8 };

/* ---- what a device knows, in words that are the same on each ---- */

static char *people_of(TmpStore *tmp)
{
	GString *out = g_string_new(NULL);
	SnSql *query = sn_sql(tmp->store,
	                      "SELECT group_concat(word, ' '), max(name), max(rule), max(wish), "
	                      "max(quiet) FROM (SELECT a.person, iif(a.channel = 0, 'mail:', 'im:') || "
	                      "lower(a.value) AS word, iif(p.name_rank = 4, p.name, '-') AS name, "
	                      "p.rule, p.wish, coalesce(p.quiet_hours, '-') AS quiet FROM address a "
	                      "JOIN person p ON p.id = a.person WHERE NOT p.is_self ORDER BY word) "
	                      "GROUP BY person ORDER BY min(word)");

	while (sn_sql_row(query))
		g_string_append_printf(out, "%s|%s|%s|%s|%s\n", sn_sql_peek(query, 0),
		                       sn_sql_peek(query, 1), sn_sql_peek(query, 2),
		                       sn_sql_peek(query, 3), sn_sql_peek(query, 4));
	assert_true(sn_sql_end(query, NULL));
	query = sn_sql(tmp->store, "SELECT key, value, clock, device FROM fact ORDER BY key");
	while (sn_sql_row(query)) {
		const char *value = sn_sql_peek(query, 1);
		g_string_append_printf(out, "%s=%s %s %s\n", sn_sql_peek(query, 0),
		                       value ? value : "-", sn_sql_peek(query, 2),
		                       sn_sql_peek(query, 3));
	}
	assert_true(sn_sql_end(query, NULL));
	return g_string_free(out, FALSE);
}

/* ---- the devices ---- */

/* One item as it lay on the server at some time. */
typedef struct {
	char *device;
	GPtrArray *facts;
} Item;

static void item_free(gpointer data)
{
	Item *item = data;

	g_free(item->device);
	g_ptr_array_unref(item->facts);
	g_free(item);
}

typedef struct {
	GRand *random;
	TmpStore *device[DEVICES];
	GPtrArray *sent; /* of Item: everything that was ever published */
} World;

static int die(World *world, int sides)
{
	return g_rand_int_range(world->random, 0, sides);
}

static World *world_new(guint32 seed)
{
	World *world = g_new0(World, 1);

	world->random = g_rand_new_with_seed(seed);
	world->sent = g_ptr_array_new_with_free_func(item_free);
	for (int i = 0; i < DEVICES; i++) {
		world->device[i] = tmpstore_new();
		/* each has seen the addresses in another order, and not all of them */
		for (int a = 0; a < ADDRESSES; a++) {
			int which = (a * 3 + i * 5) % ADDRESSES;
			g_autofree char *value = g_strdup_printf("P%d@x.test", which / 2);
			if (a < ADDRESSES - i)
				tmpstore_address(world->device[i],
				                 which % 2 ? SN_CHANNEL_IM : SN_CHANNEL_MAIL, value,
				                 NULL);
		}
	}
	return world;
}

static void world_free(World *world)
{
	for (int i = 0; i < DEVICES; i++)
		tmpstore_free(world->device[i]);
	g_ptr_array_unref(world->sent);
	g_rand_free(world->random);
	g_free(world);
}

static SnId any_address(World *world, SnStore *store)
{
	SnSql *query = sn_sql(store,
	                      "SELECT a.id FROM address a JOIN person p ON p.id = a.person "
	                      "WHERE NOT p.is_self ORDER BY a.id");
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(query, ids);
	return g_array_index(ids, SnId, die(world, (int)ids->len));
}

/* Something the user does on one device. Clocks differ by up to an hour. */
static void decide(World *world, int which)
{
	TmpStore *tmp = world->device[which];
	SnStore *store = tmp->store;
	SnId address = any_address(world, store), other = any_address(world, store);
	SnId person = sn_one(store, "SELECT person FROM address WHERE id = ?1", V(other));
	g_autofree char *what = NULL;

	tmp->now += die(world, 60) * SN_MINUTE;
	switch (die(world, 8)) {
	case 0: sn_link_confirm(store, address, person, NULL); break;
	case 1: sn_link_remove(store, address, person, NULL); break;
	case 2:
	case 3:
		sn_people_merge(store, person,
		                sn_one(store, "SELECT person FROM address WHERE id = ?1", V(address)),
		                NULL);
		break;
	case 4: sn_people_split(store, person, &other, 1, NULL, NULL); break;
	case 5: sn_person_set_rule(store, person, (SnRule)die(world, 5), NULL); break;
	case 6: sn_person_set_name(store, person, die(world, 2) ? "One" : "Ünother", NULL); break;
	case 7: sn_map_undo(store, &what, NULL); break;
	}
}

static void publish(World *world, int which)
{
	SnStore *store = world->device[which]->store;

	for (int chunk = 1; chunk <= sn_facts_chunks(store); chunk++) {
		Item *item = g_new0(Item, 1);
		item->device = sn_facts_device(store, NULL);
		item->facts = sn_facts_chunk(store, chunk);
		g_ptr_array_add(world->sent, item);
	}
}

static void deliver(World *world, int which, guint item)
{
	const Item *one = world->sent->pdata[item];

	assert_true(sn_facts_take(world->device[which]->store, one->device, one->facts, NULL, NULL));
}

/* Each device hears the last word of each, in an order of its own, some of it twice. */
static void settle(World *world)
{
	guint before = world->sent->len;

	for (int i = 0; i < DEVICES; i++)
		publish(world, i);
	guint after = world->sent->len;
	for (int i = 0; i < DEVICES; i++) {
		guint start = (guint)die(world, (int)(after - before));
		for (guint n = 0; n < after - before; n++) {
			guint item = before + (start + n * 7) % (after - before);
			deliver(world, i, item);
			if (die(world, 3) == 0)
				deliver(world, i, (guint)die(world, (int)after));
		}
		for (guint n = before; n < after; n++)
			deliver(world, i, n);
	}
}

static void assert_same(World *world)
{
	g_autofree char *first = people_of(world->device[0]);

	for (int i = 1; i < DEVICES; i++) {
		g_autofree char *other = people_of(world->device[i]);
		assert_string_equal(other, first);
	}
}

/* Late, lost, doubled, out of order, in two halves of a network: it comes to the same. */
static void devices_converge_whatever_happens(void **state)
{
	guint delivered = 0, decided = 0;

	for (guint32 seed = 0; seed < 60; seed++) {
		World *world = world_new(seed);
		for (int step = 0; step < 40; step++) {
			int which = die(world, DEVICES);
			if (die(world, 3)) {
				decide(world, which);
				decided++;
			} else if (die(world, 2)) {
				publish(world, which);
			} else if (world->sent->len) {
				deliver(world, which, (guint)die(world, (int)world->sent->len));
				delivered++;
			}
		}
		/* all addresses are known everywhere once something was said about them */
		for (int i = 0; i < DEVICES; i++)
			for (int a = 0; a < ADDRESSES; a++) {
				g_autofree char *value = g_strdup_printf("p%d@x.test", a / 2);
				tmpstore_address(world->device[i],
				                 a % 2 ? SN_CHANNEL_IM : SN_CHANNEL_MAIL, value, NULL);
			}
		settle(world);
		assert_same(world);
		/* and stays the same when all of it is heard again */
		g_autofree char *before = people_of(world->device[1]);
		for (guint i = 0; i < world->sent->len; i++)
			deliver(world, 1, i);
		g_autofree char *after = people_of(world->device[1]);
		assert_string_equal(after, before);
		world_free(world);
	}
	print_message("# %u decisions, %u early deliveries\n", decided, delivered);
}

/* ---- what is wrong or hostile ---- */

static GPtrArray *facts_of(const char *key, const char *value, gint64 clock)
{
	GPtrArray *facts = g_ptr_array_new_with_free_func((GDestroyNotify)sn_fact_free);
	SnFact *fact = g_new0(SnFact, 1);

	fact->key = g_strdup(key);
	fact->value = g_strdup(value);
	fact->clock = clock;
	g_ptr_array_add(facts, fact);
	return facts;
}

static void what_makes_no_sense_changes_nobody(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *endless = g_strnfill(SN_FACT_LIMIT + 1, 'x');
	const struct {
		const char *key, *value;
		gint64 clock;
	} cases[] = {
		{ "pair\tmail:a@x.test\tmail:b@x.test", "5\tto", 0 },
		{ "pair\tmail:a@x.test\tmail:b@x.test", "5\tto", -1 },
		{ "pair\tmail:a@x.test\tmail:b@x.test", "5\tto", SN_FACT_CLOCK_LIMIT },
		{ "pair\tmail:b@x.test\tmail:a@x.test", "5\tto", 5 },  /* in the wrong order */
		{ "pair\tmail:a@x.test\tmail:a@x.test", "5\tto", 5 },
		{ "pair\tmail:A@x.test\tmail:b@x.test", "5\tto", 5 },  /* not in small letters */
		{ "pair\tmail:a@x.test\tmail:b@x.test", "5\tfrobnicate", 5 },
		{ "pair\tmail:a@x.test\tmail:b@x.test", "to", 5 },
		{ "pair\tmail:a@x.test\tmail:b@x.test\tmail:c@x.test", "5\tto", 5 },
		{ "pair\tfax:a@x.test\tmail:b@x.test", "5\tto", 5 },
		{ "pair\tmail:nobody\tmail:b@x.test", "5\tto", 5 },
		{ "pair\tmail:alice@example.test\tmail:b@x.test", "5\tto", 5 }, /* the user */
		{ "pair\t\t", "5\tto", 5 },
		{ "pair", "5\tto", 5 },
		{ "", "", 5 },
		{ "rule\tmail:a@x.test", "5\tno such rule", 5 },
		{ "rule\tmail:a@x.test", "5\tfail", 5 },
		{ "name\tmail:a@x.test", "no time", 5 },
		{ "policy\tmail:a@x.test", "5\t\t\t", 5 },
		{ "secret\tmail:a@x.test", "5\tx", 5 },
		{ "name\tmail:a@x.test\xff", "5\tx", 5 },
		{ endless, "5\tx", 5 },
	};
	SnId a = tmpstore_address(tmp, SN_CHANNEL_MAIL, "a@x.test", NULL);
	SnId b = tmpstore_address(tmp, SN_CHANNEL_MAIL, "b@x.test", NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) facts = facts_of(cases[i].key, cases[i].value, cases[i].clock);
		g_autoptr(GError) error = NULL;
		if (!sn_facts_take(tmp->store, "abc", facts, NULL, &error))
			fail_msg("%s: %s", cases[i].key, error->message);
		g_autoptr(SnAddress) one = sn_address_get(tmp->store, a);
		g_autoptr(SnAddress) other = sn_address_get(tmp->store, b);
		g_autoptr(SnPerson) person = sn_person_get(tmp->store, one->person);
		if (one->person == other->person || person->rule != SN_RULE_DEFAULT ||
		    strcmp(person->name, "a@x.test") != 0)
			fail_msg("%s %s changed somebody", cases[i].key, cases[i].value);
	}
}

static void the_newest_word_counts_and_then_the_device(void **state)
{
	TmpStore *tmp = *state;
	SnId a = tmpstore_address(tmp, SN_CHANNEL_MAIL, "a@x.test", NULL);
	const struct {
		const char *device, *value;
		gint64 clock;
		const char *name;
	} steps[] = {
		{ "b", "10\tFirst", 10, "First" },
		{ "a", "9\tOlder", 9, "First" },
		{ "a", "10\tSame time, smaller device", 10, "First" },
		{ "c", "10\tGreater", 10, "Greater" },
		{ "a", "11\tNewer", 11, "Newer" },
		{ "a", "11\tNewer", 11, "Newer" },
		{ "b", NULL, 12, "a@x.test" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autoptr(GPtrArray) facts =
			facts_of("name\tmail:a@x.test", steps[i].value, steps[i].clock);
		assert_true(sn_facts_take(tmp->store, steps[i].device, facts, NULL, NULL));
		g_autoptr(SnAddress) address = sn_address_get(tmp->store, a);
		g_autoptr(SnPerson) person = sn_person_get(tmp->store, address->person);
		assert_string_equal(person->name, steps[i].name);
	}
	/* what is said here from now on is newer still, although this clock is not wrong */
	g_autoptr(GPtrArray) far = facts_of("name\tmail:a@x.test", "5\tFuture", SN_FACT_CLOCK_LIMIT - 9);
	assert_true(sn_facts_take(tmp->store, "d", far, NULL, NULL));
	g_autoptr(SnAddress) address = sn_address_get(tmp->store, a);
	assert_true(sn_person_set_name(tmp->store, address->person, "Mine", NULL));
	g_autoptr(SnPerson) person = sn_person_get(tmp->store, address->person);
	assert_string_equal(person->name, "Mine");
}

static void chunks_are_small_and_change_one_at_a_time(void **state)
{
	TmpStore *tmp = *state;
	GPtrArray *before[64] = { 0 };

	for (int i = 0; i < 300; i++) {
		g_autofree char *value = g_strdup_printf("person-number-%d@example.test", i);
		g_autofree char *name = g_strdup_printf("Person number %d", i);
		SnId id = tmpstore_address(tmp, SN_CHANNEL_MAIL, value, NULL);
		assert_true(sn_person_set_name(
			tmp->store, sn_one(tmp->store, "SELECT person FROM address WHERE id = ?1", V(id)),
			name, NULL));
	}
	int chunks = sn_facts_chunks(tmp->store);
	guint total = 0;
	assert_true(chunks > 3 && chunks < 40);
	for (int chunk = 1; chunk <= chunks; chunk++) {
		gsize size = 0;
		before[chunk] = sn_facts_chunk(tmp->store, chunk);
		total += before[chunk]->len;
		for (guint i = 0; i < before[chunk]->len; i++) {
			const SnFact *fact = before[chunk]->pdata[i];
			size += strlen(fact->key) + strlen(fact->value) + 20;
		}
		assert_true(size <= 6000);
	}
	assert_int_equal(total, 300);
	g_autoptr(SnAddress) one =
		sn_address_find(tmp->store, SN_CHANNEL_MAIL, "person-number-7@example.test");
	assert_true(sn_person_set_name(tmp->store, one->person, "Seven", NULL));
	int changed = 0;
	for (int chunk = 1; chunk <= chunks; chunk++) {
		g_autoptr(GPtrArray) now = sn_facts_chunk(tmp->store, chunk);
		gboolean same = now->len == before[chunk]->len;
		for (guint i = 0; same && i < now->len; i++)
			same = ((SnFact *)now->pdata[i])->clock ==
			       ((SnFact *)before[chunk]->pdata[i])->clock;
		changed += !same;
		g_ptr_array_unref(before[chunk]);
	}
	assert_int_equal(changed, 1);
	assert_int_equal(sn_facts_chunks(tmp->store), chunks);
}

/* A store that was set back to an earlier copy hears its own words from the server. */
static void own_words_come_back_after_a_restore(void **state)
{
	TmpStore *tmp = *state, *old = tmpstore_new();
	g_autofree char *device = sn_facts_device(tmp->store, NULL);

	assert_true(sn_store_set(old->store, "map-device", device, NULL));
	SnId id = tmpstore_address(tmp, SN_CHANNEL_MAIL, "a@x.test", NULL);
	assert_true(sn_person_set_name(
		tmp->store, sn_one(tmp->store, "SELECT person FROM address WHERE id = ?1", V(id)), "Ann",
		NULL));
	g_autoptr(GPtrArray) facts = sn_facts_chunk(tmp->store, 1);
	assert_true(sn_facts_take(old->store, device, facts, NULL, NULL));
	g_autoptr(GPtrArray) again = sn_facts_chunk(old->store, 1);
	assert_int_equal(again->len, facts->len);
	tmpstore_free(old);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_converge_whatever_happens),
		TEST(what_makes_no_sense_changes_nobody),
		TEST(the_newest_word_counts_and_then_the_device),
		TEST(chunks_are_small_and_change_one_at_a_time),
		TEST(own_words_come_back_after_a_restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
