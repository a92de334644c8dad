/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What contacts see of us: by hand, by the hours, by idleness; and what clients say of their users. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "src/engine/own_presence.h"
#include "src/store/wish.h"
#include "tests/lib/tmpstore.h"

#define NOON G_GINT64_CONSTANT(1795435200000) /* Mon 2026-11-23 12:00 UTC */
#define NEVER_THERE "4194305"                 /* beyond the largest process id */

static SnOwnShow shown(const char *conf, const char *wish, SnTime idle_since, SnTime now)
{
	g_autoptr(GError) error = NULL;
	SnConfig *config = sn_config_parse(NULL, conf, &error);
	SnActivity activity = { .known = TRUE, .looked = idle_since == 0,
		                .idle_since = idle_since };

	if (!config)
		fail_msg("%s", error->message);
	SnOwnShow own = sn_own_show(sn_config_settings(config), wish, &activity, now);
	sn_config_unref(config);
	return own;
}

static void expect(const SnOwnShow *own, SnPresenceShow show, const char *status, SnTime idle_since,
                   SnTime until)
{
	assert_int_equal(own->show, show);
	if (status)
		assert_string_equal(own->status, status);
	else
		assert_null(own->status);
	assert_true(own->idle_since == idle_since);
	assert_true(own->until == until);
	g_free(own->status);
}

static void idleness_makes_away_and_says_since_when(void **state)
{
	const char *conf = "[presence]\naway-after = 10m\nxa-after = 2h\n";
	SnTime since = NOON - 9 * SN_MINUTE;
	SnOwnShow own = shown(conf, NULL, 0, NOON);

	expect(&own, SN_PRESENCE_ONLINE, NULL, 0, 0);
	own = shown(conf, NULL, since, NOON);
	expect(&own, SN_PRESENCE_ONLINE, NULL, 0, since + 10 * SN_MINUTE);
	own = shown(conf, "online\there I am", since, since + 10 * SN_MINUTE);
	expect(&own, SN_PRESENCE_AWAY, "here I am", since, since + 2 * SN_HOUR);
	own = shown(conf, "auto", since, since + 2 * SN_HOUR);
	expect(&own, SN_PRESENCE_XA, NULL, since, 0);
	own = shown(conf, "auto\tat the quay", 0, NOON);
	expect(&own, SN_PRESENCE_ONLINE, "at the quay", 0, 0);
	/* it need not be told since when, and need not happen at all */
	own = shown("[presence]\naway-after = 10m\ntell-idle = false\n", NULL, since,
	            since + SN_HOUR);
	expect(&own, SN_PRESENCE_AWAY, NULL, 0, 0);
	own = shown("[presence]\naway-after = 0s\n", NULL, since, since + SN_DAY);
	expect(&own, SN_PRESENCE_ONLINE, NULL, 0, 0);
}

static void the_hand_comes_first(void **state)
{
	const char *conf = "[presence]\naway-after = 10m\ndnd-hours = mon 10:00-14:00\n";
	SnOwnShow own = shown(conf, "xa\tsailing", NOON - SN_DAY, NOON);

	expect(&own, SN_PRESENCE_XA, "sailing", 0, 0);
	own = shown(conf, "offline\t", 0, NOON);
	expect(&own, SN_PRESENCE_OFFLINE, NULL, 0, 0);
	/* nonsense in the store is no presence */
	own = shown("", "unknown\t", 0, NOON);
	expect(&own, SN_PRESENCE_ONLINE, NULL, 0, 0);
}

static void hours_begin_and_end_by_themselves(void **state)
{
	const char *conf = "[presence]\ndnd-hours = mon-fri 13:00-14:00\n"
			   "xa-hours = mon-fri 20:00-06:00\nhours-text = not at work\n";
	SnOwnShow own = shown(conf, NULL, 0, NOON);

	expect(&own, SN_PRESENCE_ONLINE, NULL, 0, NOON + SN_HOUR);
	own = shown(conf, NULL, 0, NOON + SN_HOUR);
	expect(&own, SN_PRESENCE_DND, "not at work", 0, NOON + 2 * SN_HOUR);
	own = shown(conf, "online\tcall me", 0, NOON + 9 * SN_HOUR);
	expect(&own, SN_PRESENCE_XA, "call me", 0, NOON + 18 * SN_HOUR);
}

/* ---- what clients say ---- */

static void say(TmpStore *tmp, const char *pid, const char *value)
{
	assert_true(sn_wish_set(tmp->store, SN_WISH_ACTIVITY, pid, value, NULL));
}

static void somebody_at_any_client_is_there(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *self = g_strdup_printf("%ld", (long)getpid());
	g_autofree char *parent = g_strdup_printf("%ld", (long)getppid());

	SnActivity activity = sn_activity_read(tmp->store, NOON);
	assert_false(activity.known); /* no client ever ran: nothing is known */
	say(tmp, self, "idle 1000");
	say(tmp, parent, "idle 5000");
	activity = sn_activity_read(tmp->store, NOON);
	assert_true(activity.known && !activity.looked);
	assert_true(activity.idle_since == 5000);
	say(tmp, self, "active");
	activity = sn_activity_read(tmp->store, NOON);
	assert_true(activity.looked);
	assert_true(activity.idle_since == 0);
}

static void a_client_that_died_was_left_when_that_was_found(void **state)
{
	TmpStore *tmp = *state;

	say(tmp, NEVER_THERE, "active");
	SnActivity activity = sn_activity_read(tmp->store, NOON);
	assert_true(activity.known && !activity.looked);
	assert_true(activity.idle_since == NOON);
	activity = sn_activity_read(tmp->store, NOON + SN_HOUR); /* and not again and again */
	assert_true(activity.idle_since == NOON);
	/* the last one that is gone says since when; the others are forgotten */
	say(tmp, "4194306", "gone 1000");
	activity = sn_activity_read(tmp->store, NOON + SN_HOUR);
	assert_true(activity.idle_since == NOON);
	g_autofree char *forgotten = sn_wish_get(tmp->store, SN_WISH_ACTIVITY, "4194306");
	assert_null(forgotten);
	/* a time of tomorrow is one of today's mistakes */
	say(tmp, "nonsense", "idle 99999999999999");
	activity = sn_activity_read(tmp->store, NOON + SN_HOUR);
	assert_true(activity.idle_since <= NOON + SN_HOUR);
}

int main(void)
{
	g_setenv("TZ", "UTC", TRUE);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idleness_makes_away_and_says_since_when),
		cmocka_unit_test(the_hand_comes_first),
		cmocka_unit_test(hours_begin_and_end_by_themselves),
		cmocka_unit_test_setup_teardown(somebody_at_any_client_is_there, tmpstore_setup,
						tmpstore_teardown),
		cmocka_unit_test_setup_teardown(a_client_that_died_was_left_when_that_was_found,
						tmpstore_setup, tmpstore_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
