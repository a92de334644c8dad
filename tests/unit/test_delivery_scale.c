/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ten thousand waiting messages to a thousand people cost an event about one of them what a hundred
 * to ten do. Counted is the work of the database, which does not depend on the machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "src/store/statement.h"
#include "tests/unit/delivery_world.h"

#define EACH 10 /* messages to each person */
#define FEW 10
#define MANY 1000
/* A tree of the hundredfold is a level deeper, no more. */
#define ALLOWED 1.5

typedef struct {
	Delivery *delivery;
	int people;
	gint64 work;
} Scene;

static int count_work(void *data)
{
	((Scene *)data)->work++;
	return 0;
}

static void must_exec(Scene *scene, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(scene->delivery->world->store->db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s", error);
}

static char *jid_of(int person)
{
	return g_strdup_printf("person-%d@chat.example", person);
}

static SnId add_person(Scene *scene, int person)
{
	World *world = scene->delivery->world;
	g_autofree char *jid = jid_of(person);
	SnId id = sn_address_intern(world->store, SN_CHANNEL_IM, jid, NULL, NULL);
	g_autoptr(SnAddress) address = sn_address_get(world->store, id);

	world_roster(world, jid, SN_SUB_BOTH);
	return sn_conversation_for_person(world->store, address->person, NULL);
}

static SnId queue_to(Scene *scene, int person, SnId conversation)
{
	g_autofree char *jid = jid_of(person);
	SnOutboxNew new = { .conversation = conversation,
		            .channel = SN_CHANNEL_IM,
		            .body = "x",
		            .state = SN_STATE_QUEUED };

	return queue_new(scene->delivery, &new, jid);
}

/* Everybody is offline, and everything waits. */
static Scene *scene_new(int people)
{
	Scene *scene = g_new0(Scene, 1);

	scene->people = people;
	scene->delivery = delivery_new("[delivery]\nif-unavailable = defer\n");
	SnStore *store = scene->delivery->world->store;
	assert_true(sn_store_begin(store, NULL));
	for (int i = 0; i < people; i++) {
		SnId conversation = add_person(scene, i);
		for (int j = 0; j < EACH; j++)
			queue_to(scene, i, conversation);
	}
	g_autofree char *sql = g_strdup_printf(
		"UPDATE outbox SET state = 8, reason = 'offline', attempts = 5, next_try = %"
		G_GINT64_FORMAT " + id, expires = %" G_GINT64_FORMAT,
		scene->delivery->world->now + SN_HOUR, scene->delivery->world->now + 7 * SN_DAY);
	must_exec(scene, sql);
	must_exec(scene, "INSERT INTO outbox_event (outbox, time, what) SELECT id, created, 'defer' "
	                 "FROM outbox");
	assert_true(sn_store_commit(store, NULL));
	settle(scene->delivery);
	return scene;
}

static void scene_free(Scene *scene)
{
	delivery_free(scene->delivery);
	g_free(scene);
}

/* ---- events about one person ---- */

static SnId address_of(Scene *scene, int person)
{
	g_autofree char *jid = jid_of(person);
	g_autoptr(SnAddress) address =
		sn_address_find(scene->delivery->world->store, SN_CHANNEL_IM, jid);

	return address->id;
}

static void nothing_happens(Scene *scene)
{
	settle(scene->delivery);
}

static void somebody_stays_away(Scene *scene)
{
	g_autofree char *jid = jid_of(scene->people / 2);

	world_presence(scene->delivery->world, jid, SN_PRESENCE_DND, 0);
	scene->work = 0;
	sn_delivery_presence(scene->delivery->engine.delivery, address_of(scene, scene->people / 2));
}

static void somebody_appears(Scene *scene)
{
	guint before = scene->delivery->stanzas->len;
	g_autofree char *jid = jid_of(scene->people / 3);

	world_presence(scene->delivery->world, jid, SN_PRESENCE_ONLINE, 0);
	scene->work = 0;
	sn_delivery_presence(scene->delivery->engine.delivery, address_of(scene, scene->people / 3));
	settle(scene->delivery);
	assert_int_equal(scene->delivery->stanzas->len, before + EACH);
}

static void a_message_is_written(Scene *scene)
{
	g_autoptr(SnAddress) address =
		sn_address_get(scene->delivery->world->store, address_of(scene, scene->people / 4));
	SnId id = queue_to(scene, scene->people / 4,
	                   sn_conversation_for_person(scene->delivery->world->store,
	                                              address->person, NULL));

	scene->work = 0;
	settle(scene->delivery);
	assert_int_equal(state_of(scene->delivery, id), SN_STATE_WAITING);
}

static void a_receipt_comes(Scene *scene)
{
	g_autoptr(GArray) open = sn_outbox_open_for(scene->delivery->world->store,
	                                            address_of(scene, scene->people / 5));
	g_autoptr(SnOutboxEntry) entry = entry_of(scene->delivery, g_array_index(open, SnId, 0));
	g_autofree char *jid = jid_of(scene->people / 5);

	scene->work = 0;
	sn_delivery_receipt(scene->delivery->engine.delivery, &scene->delivery->account, jid,
	                    entry->origin_id, FALSE);
}

static void one_is_converted_in_vain(Scene *scene)
{
	g_autoptr(GArray) open = sn_outbox_open_for(scene->delivery->world->store,
	                                            address_of(scene, scene->people / 6));

	scene->work = 0;
	ask_for(scene->delivery, g_array_index(open, SnId, 4), SN_REQUEST_CONVERT);
}

static void the_line_comes_back(Scene *scene)
{
	go_offline(scene->delivery);
	scene->work = 0;
	go_online(scene->delivery);
}

static void one_retry_is_due(Scene *scene)
{
	/* next_try is spread by the ids, a millisecond each: this is the first one's */
	scene->delivery->world->now +=
		sn_outbox_next_due(scene->delivery->world->store, 0) - scene->delivery->world->now;
	scene->work = 0;
	settle(scene->delivery);
}

static const struct {
	const char *name;
	void (*event)(Scene *scene);
} events[] = {
	{ "a look with nothing to do", nothing_happens },
	{ "a presence that changes nothing", somebody_stays_away },
	{ "a message is written", a_message_is_written },
	{ "a receipt", a_receipt_comes },
	{ "an email that is not possible", one_is_converted_in_vain },
	{ "the line comes back", the_line_comes_back },
	{ "somebody appears, ten go", somebody_appears },
	{ "a retry is due", one_retry_is_due },
};

static gint64 work_of(Scene *scene, void (*event)(Scene *scene))
{
	sqlite3 *db = scene->delivery->world->store->db;

	scene->work = 0;
	sqlite3_progress_handler(db, 1, count_work, scene);
	event(scene);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	return scene->work;
}

static void an_event_costs_the_same_among_many(void **state)
{
	Scene *few = scene_new(FEW), *many = scene_new(MANY);
	gboolean ok = TRUE;

	for (gsize i = 0; i < G_N_ELEMENTS(events); i++) {
		gint64 small = work_of(few, events[i].event), large = work_of(many, events[i].event);
		double ratio = (double)large / (double)MAX(small, 1);
		printf("# %-32s %8" G_GINT64_FORMAT " %8" G_GINT64_FORMAT "  x%.2f\n",
		       events[i].name, small, large, ratio);
		ok &= ratio <= ALLOWED;
	}
	scene_free(few);
	scene_free(many);
	assert_true(ok);
}

/* The oldest of more than any page of the outbox go, too. */
static void nobody_is_forgotten_among_many(void **state)
{
	Scene *scene = scene_new(MANY / 4);
	g_autofree char *first = jid_of(0);

	world_presence(scene->delivery->world, first, SN_PRESENCE_ONLINE, 0);
	sn_delivery_presence(scene->delivery->engine.delivery, address_of(scene, 0));
	settle(scene->delivery);
	assert_int_equal(scene->delivery->stanzas->len, EACH);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_costs_the_same_among_many),
		cmocka_unit_test(nobody_is_forgotten_among_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
