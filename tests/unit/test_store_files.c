/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files exchanged with a person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <string.h>

#include "src/base/bell.h"
#include "src/store/files.h"
#include "tests/unit/route_world.h"

#define CAROL "carol@example.net"

static SnFileRow *nth(const GPtrArray *rows, guint index)
{
	assert_true(index < rows->len);
	return rows->pdata[index];
}

static void both_channels_newest_first(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world), person = world_person_of(world, SN_CHANNEL_MAIL, BOB_MAIL);
	Said mail = { .channel = SN_CHANNEL_MAIL, .attachment = "tides.pdf", .attachment_size = 640 };
	Said plain = { .channel = SN_CHANNEL_MAIL, .body = "no file" };
	Said im = { .channel = SN_CHANNEL_IM,
		    .direction = SN_OUT,
		    .attachment = "map.png",
		    .attachment_size = 64 };
	Said others = { .channel = SN_CHANNEL_MAIL,
		        .from = CAROL,
		        .attachment = "secret.pdf",
		        .attachment_size = 64 };

	SnId first = world_say(world, &mail);
	world_say(world, &plain);
	SnId second = world_say(world, &im);
	world_say(world, &others);
	g_autoptr(GPtrArray) rows = sn_person_files(world->store, person, 0, 0, 0, 10);
	assert_int_equal(rows->len, 2);
	assert_int_equal(nth(rows, 0)->message, second);
	assert_string_equal(nth(rows, 0)->name, "map.png");
	assert_int_equal(nth(rows, 0)->direction, SN_OUT);
	assert_int_equal(nth(rows, 0)->channel, SN_CHANNEL_IM);
	assert_int_equal(nth(rows, 1)->message, first);
	assert_int_equal(nth(rows, 1)->size, 640);
	g_autoptr(GPtrArray) same = sn_conversation_files(world->store, bob, 0, 0, 0, 10);
	assert_int_equal(same->len, 2);
	world_free(world);
}

static void groups_the_person_is_in_count(void **state)
{
	World *world = world_new(NULL);
	Said group = { .channel = SN_CHANNEL_MAIL,
		       .cc = CAROL,
		       .attachment = "plan.pdf",
		       .attachment_size = 64 };

	world_bob(world);
	world_say(world, &group);
	SnId bob = world_person_of(world, SN_CHANNEL_MAIL, BOB_MAIL);
	SnId carol = world_person_of(world, SN_CHANNEL_MAIL, CAROL);
	g_autoptr(GPtrArray) of_bob = sn_person_files(world->store, bob, 0, 0, 0, 10);
	g_autoptr(GPtrArray) of_carol = sn_person_files(world->store, carol, 0, 0, 0, 10);
	assert_int_equal(of_bob->len, 1);
	assert_int_equal(of_carol->len, 1);
	world_free(world);
}

static void pages_leave_nothing_out_and_repeat_nothing(void **state)
{
	World *world = world_new(NULL);
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	SnFileRow last = { 0 };
	int count = 0;

	world_bob(world);
	for (int i = 0; i < 25; i++) {
		/* several in one millisecond: the key is more than the time */
		Said said = { .channel = SN_CHANNEL_MAIL,
			      .attachment = "f",
			      .attachment_size = 64,
			      .time = world->now - (i / 10) * SN_SECOND };
		world_say(world, &said);
	}
	SnId bob = world_person_of(world, SN_CHANNEL_MAIL, BOB_MAIL);
	while (count <= 25) {
		g_autoptr(GPtrArray) rows = sn_person_files(world->store, bob, last.time,
		                                            last.message, last.position, 7);
		if (rows->len == 0)
			break;
		for (guint i = 0; i < rows->len; i++) {
			const SnFileRow *row = nth(rows, i);
			assert_true(!last.time || row->time <= last.time);
			assert_true(g_hash_table_add(seen, g_memdup2(&row->message, sizeof row->message)));
			last.time = row->time;
			last.message = row->message;
			last.position = row->position;
			count++;
		}
	}
	assert_int_equal(count, 25);
	world_free(world);
}

/* A single statement is a transaction too, and whoever looks at the file hears of it. */
static void how_far_a_file_is_is_told(void **state)
{
	World *world = world_new(NULL);
	Said im = { .channel = SN_CHANNEL_IM, .attachment = "map.png", .attachment_size = 64 };
	SnId message = world_say(world, &im);
	SnBell *bell = sn_bell_open(sn_store_bell_path(world->store), NULL);
	g_autoptr(SnMessage) row = sn_message_get(world->store, message, SN_MESSAGE_FULL);
	int percent = -1, at = ((SnPart *)row->parts->pdata[0])->position;

	assert_true(sn_bell_listen(bell, NULL));
	for (int what = 0; what < 2; what++) {
		struct pollfd rung = { sn_bell_fd(bell), POLLIN, 0 };
		sn_bell_answer(bell);
		assert_true(what ? sn_part_stopped(world->store, message, at, "no room", NULL)
		                 : sn_part_progress(world->store, message, at, 10, 64, &percent, NULL));
		assert_int_equal(poll(&rung, 1, 30000), 1);
	}
	/* what changes nothing wakes nobody */
	struct pollfd quiet = { sn_bell_fd(bell), POLLIN, 0 };
	sn_bell_answer(bell);
	assert_true(sn_part_stopped(world->store, message + 1, at, "no room", NULL));
	assert_int_equal(poll(&quiet, 1, 0), 0);
	sn_bell_free(bell);
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_channels_newest_first),
		cmocka_unit_test(groups_the_person_is_in_count),
		cmocka_unit_test(pages_leave_nothing_out_and_repeat_nothing),
		cmocka_unit_test(how_far_a_file_is_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
