/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times of the week as people write them: quiet hours of a contact, hours of work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/hours.h"

/* "2026-11-20T23:30", a Friday, in the zone. */
static SnTime at(const char *text, const char *zone)
{
	g_autoptr(GTimeZone) tz = g_time_zone_new_identifier(zone);
	g_autofree char *whole = g_strconcat(text, strlen(text) == 16 ? ":00" : "", NULL);
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, tz);

	assert_non_null(time);
	return g_date_time_to_unix(time) * 1000;
}

static void what_people_write_is_understood(void **state)
{
	static const struct {
		const char *text, *normal;
	} said[] = {
		{ "22:00-07:00", "22:00-07:00" },
		{ " 22:00-07:00 ,weekends ", "22:00-07:00, weekends" },
		{ "7:30-8:00", "07:30-08:00" },
		{ "mon-fri 18:00-08:30", "weekdays 18:00-08:30" },
		{ "Sat", "sat" },
		{ "fri-mon 00:00-24:00", "fri-mon" },
		{ "weekdays 12:00-13:00, sun", "weekdays 12:00-13:00, sun" },
		{ "mon-sun 01:00-02:00", "01:00-02:00" },
		{ "daily", "daily" },
		/* several days, several spans of theirs; a comma begins anew */
		{ "mon wed 9:00-10:00", "mon wed 09:00-10:00" },
		{ "Monday, Wed 9:00-10:00", "mon, wed 09:00-10:00" },
		{ "mon-thu 8:00-12:00 13:00-17:00, FRIDAY 8:00-12:00",
		  "mon-thu 08:00-12:00, mon-thu 13:00-17:00, fri 08:00-12:00" },
		{ "8:00-12:00 13:00-17:00", "08:00-12:00, 13:00-17:00" },
		{ "sat-mon thu weekends", "thu sat-mon" },
		{ "none", "none" },
		{ "NONE", "none" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(said); i++) {
		char *problem = NULL;
		g_autoptr(SnHours) hours = sn_hours_parse(said[i].text, &problem);
		if (!hours)
			fail_msg("\"%s\": %s", said[i].text, problem);
		g_autofree char *normal = sn_hours_format(hours);
		assert_string_equal(normal, said[i].normal);
		/* and that is understood again, as the same */
		g_autoptr(SnHours) again = sn_hours_parse(normal, NULL);
		g_autofree char *twice = sn_hours_format(again);
		assert_string_equal(twice, normal);
	}
}

static void what_is_unclear_is_refused_with_a_reason(void **state)
{
	static const char *const wrong[] = {
		"", ",", "22-07", "22:00", "22:00-", "-07:00", "25:00-07:00", "22:60-07:00",
		"24:00-07:00", "8-18", "10:00-11:00-12:00", "10:00-10:00", "10:00-12:00 mon", "mon-fri 8:00-9:00 tue",
		"night", "mon-", "weekends-mon", "mon-fri-sun", "22:00-07:00,", "22:00 - 07:00",
		"022:00-07:00", "22:0-07:00", "22:00-07:000", "10:00-11:00;sat", "none, sat",
		"99999999999:00-1:00", "\xff\xfe",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *problem = NULL;
		SnHours *hours = sn_hours_parse(wrong[i], &problem);
		if (hours)
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_non_null(problem);
		assert_true(strlen(problem) > 10);
	}
	g_autofree char *problem = NULL, *many = g_strnfill(400, ',');
	g_autoptr(GString) spans = g_string_new("sat");
	for (int i = 0; i < 40; i++)
		g_string_append(spans, ", sat");
	assert_null(sn_hours_parse(spans->str, &problem));
	assert_non_null(strstr(problem, "more than 32"));
	assert_null(sn_hours_parse(many, NULL));
}

static void the_clock_decides(void **state)
{
	static const struct {
		const char *hours, *time;
		gboolean within;
		const char *until; /* NULL: never, or not within */
	} days[] = { /* 2026-11-20 is a Friday */
		{ "22:00-07:00", "2026-11-20T21:59", FALSE, NULL },
		{ "22:00-07:00", "2026-11-20T22:00", TRUE, "2026-11-21T07:00" },
		{ "22:00-07:00", "2026-11-21T00:30", TRUE, "2026-11-21T07:00" },
		{ "22:00-07:00", "2026-11-21T06:59:59", TRUE, "2026-11-21T07:00" },
		{ "22:00-07:00", "2026-11-21T07:00", FALSE, NULL },
		{ "weekends", "2026-11-20T23:59", FALSE, NULL },
		{ "weekends", "2026-11-21T00:00", TRUE, "2026-11-23T00:00" },
		{ "weekends", "2026-11-22T23:59", TRUE, "2026-11-23T00:00" },
		{ "weekends", "2026-11-23T00:00", FALSE, NULL },
		/* neighbours are one time */
		{ "22:00-07:00, weekends", "2026-11-20T22:30", TRUE, "2026-11-23T07:00" },
		{ "fri 20:00-24:00, sat", "2026-11-20T21:00", TRUE, "2026-11-22T00:00" },
		/* the span belongs to the day on which it begins */
		{ "fri 22:00-07:00", "2026-11-21T06:00", TRUE, "2026-11-21T07:00" },
		{ "sat 22:00-07:00", "2026-11-21T06:00", FALSE, NULL },
		{ "sun 22:00-07:00", "2026-11-23T06:00", TRUE, "2026-11-23T07:00" }, /* round the week */
		{ "daily", "2026-11-20T12:00", TRUE, NULL },
		{ "00:00-12:00, 12:00-24:00", "2026-11-20T12:00", TRUE, NULL },
		{ "none", "2026-11-20T12:00", FALSE, NULL },
		{ "mon-fri 09:00-17:00", "2026-11-20T09:00", TRUE, "2026-11-20T17:00" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(days); i++) {
		g_autoptr(SnHours) hours = sn_hours_parse(days[i].hours, NULL);
		SnTime until = -1, wanted = days[i].until ? at(days[i].until, "UTC") : 0;
		gboolean within =
			sn_hours_contain(hours, at(days[i].time, "UTC"), "UTC", &until);
		if (within != days[i].within || until != wanted)
			fail_msg("%s at %s: %d until %s", days[i].hours, days[i].time, within,
			         until ? sn_time_format(until) : "never");
		assert_int_equal(sn_hours_contain(hours, at(days[i].time, "UTC"), "UTC", NULL), within);
	}
}

static void the_contacts_zone_counts(void **state)
{
	g_autoptr(SnHours) night = sn_hours_parse("22:00-07:00", NULL);
	SnTime time = at("2026-11-20T14:30", "UTC"), until;

	assert_true(sn_hours_contain(night, time, "Asia/Tokyo", &until)); /* 23:30 there */
	assert_int_equal(until, at("2026-11-21T07:00", "Asia/Tokyo"));
	assert_false(sn_hours_contain(night, time, "Europe/Berlin", NULL));
	assert_true(sn_hours_contain(night, time, "+09:00", NULL));
	/* nothing said: the zone of this machine, which the test has set */
	assert_false(sn_hours_contain(night, time, NULL, NULL));
	assert_true(sn_hours_contain(night, at("2026-11-20T23:00", "UTC"), NULL, NULL));
}

/* Berlin sets its clocks back on 25 October 2026 and forward on 28 March 2027. */
static void the_night_of_the_clock_change_ends_by_the_wall(void **state)
{
	static const char *const zone = "Europe/Berlin";
	g_autoptr(SnHours) night = sn_hours_parse("22:00-07:00", NULL);
	g_autoptr(SnHours) twice = sn_hours_parse("02:10-02:50", NULL);
	SnTime autumn = at("2026-10-24T23:00", zone), spring = at("2027-03-27T23:00", zone), until;

	assert_true(sn_hours_contain(night, autumn, zone, &until));
	assert_int_equal(until, at("2026-10-25T07:00", zone));
	assert_int_equal(until - autumn, 9 * SN_HOUR);
	assert_true(sn_hours_contain(night, spring, zone, &until));
	assert_int_equal(until - spring, 7 * SN_HOUR);
	/* The time that comes twice: however it is read, the end lies ahead. */
	SnTime first = at("2026-10-25T00:15", "UTC");
	for (SnTime time = first; time < first + 3 * SN_HOUR; time += 5 * SN_MINUTE)
		if (sn_hours_contain(twice, time, zone, &until))
			assert_true(until > time && until <= time + 2 * SN_HOUR);
}

static void zones_are_known_or_refused(void **state)
{
	static const char *const good[] = { "Europe/Berlin", "UTC", "America/New_York", "+05:30" };
	static const char *const bad[] = { "", "Europe/Atlantis", "/etc/passwd", "../../etc/passwd",
		                           "Berlin", ":foo" };

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
		if (!sn_zone_check(good[i]))
			fail_msg("%s", good[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		if (sn_zone_check(bad[i]))
			fail_msg("%s", bad[i]);
}

static void a_clock_names_the_day_when_it_is_another(void **state)
{
	SnTime now = at("2026-11-20T21:00", "UTC");
	g_autofree char *today = sn_zone_clock(at("2026-11-20T23:05", "UTC"), now, "UTC");
	g_autofree char *later = sn_zone_clock(at("2026-11-23T07:00", "UTC"), now, "UTC");

	assert_string_equal(today, "23:05");
	assert_string_equal(later, "Mon 07:00");
}

/* Every minute of two weeks: within is the same as "some end lies ahead", and ends are right. */
static void ends_are_ends(void **state)
{
	static const char *const some[] = { "22:00-07:00, weekends", "mon-fri 18:00-08:30, sat",
		                            "sun 23:00-01:00, mon 00:30-02:00", "wed" };

	for (gsize i = 0; i < G_N_ELEMENTS(some); i++) {
		g_autoptr(SnHours) hours = sn_hours_parse(some[i], NULL);
		SnTime start = at("2026-11-20T00:00", "UTC"), until;
		for (SnTime time = start; time < start + 14 * SN_DAY; time += 10 * SN_MINUTE) {
			if (!sn_hours_contain(hours, time, "UTC", &until))
				continue;
			assert_true(until > time);
			assert_false(sn_hours_contain(hours, until, "UTC", NULL));
			assert_true(sn_hours_contain(hours, until - SN_MINUTE, "UTC", NULL));
		}
	}
}

/* ---- hours of work ---- */

static void assert_next(const char *hours_text, const char *time, const char *expected)
{
	static const char *const zone = "Europe/Berlin";
	g_autoptr(SnHours) hours = sn_hours_parse(hours_text, NULL);
	SnTime now = at(time, "UTC"), wanted = at(expected, "UTC");

	assert_non_null(hours);
	SnTime next = sn_hours_next(hours, now, zone);
	g_autofree char *is = sn_time_format(next);
	if (next != wanted)
		fail_msg("%s, at %s: %s instead of %s", hours_text, time, is, expected);
	if (!sn_hours_is_none(hours)) {
		assert_int_equal(sn_hours_contain(hours, now, zone, NULL), now == wanted);
		assert_true(sn_hours_contain(hours, next, zone, NULL));
	}
}

static void hours_say_when_work_begins(void **state)
{
	static const char week[] = "Mon-Fri 08:00-18:00";
	static const char split[] = "mon-thu 8:00-12:00 13:00-17:00, Fri 8:00-12:00";

	assert_next("none", "2026-11-22T20:00", "2026-11-22T20:00");
	assert_next(week, "2026-11-22T20:00", "2026-11-23T07:00");                    /* Sunday */
	assert_next(week, "2026-11-23T06:59:59", "2026-11-23T07:00"); /* before work */
	assert_next(week, "2026-11-23T07:00", "2026-11-23T07:00"); /* begins */
	assert_next(week, "2026-11-23T16:59", "2026-11-23T16:59");
	assert_next(week, "2026-11-23T17:00", "2026-11-24T07:00"); /* over */
	assert_next(week, "2026-11-27T17:00", "2026-11-30T07:00"); /* the weekend */
	assert_next(split, "2026-11-23T11:30", "2026-11-23T12:00");
	assert_next(split, "2026-11-27T12:30", "2026-11-30T07:00");
	assert_next("Monday WED 9:00-10:00", "2026-11-23T09:00", "2026-11-25T08:00");
	assert_next("Sun 0:00-24:00", "2026-11-22T22:59", "2026-11-22T22:59");
	assert_next("Sun 0:00-24:00", "2026-11-22T23:00", "2026-11-28T23:00");
	/* a night shift, and days around the end of the week */
	assert_next("Sat-Mon 22:00-06:00", "2026-11-23T04:59", "2026-11-23T04:59");
	assert_next("Sat-Mon 22:00-06:00", "2026-11-23T05:00", "2026-11-23T21:00");
	assert_next("Sat-Mon 22:00-06:00", "2026-11-24T05:00", "2026-11-28T21:00");
	/* the only day of the week, a moment after its end */
	assert_next("Wed 9:00-10:00", "2026-11-25T09:00", "2026-12-02T08:00");
}

static void hours_follow_the_wall_clock_through_a_change(void **state)
{
	assert_next("Mon-Fri 08:00-18:00", "2026-03-27T18:00", "2026-03-30T06:00");
	assert_next("Mon-Fri 08:00-18:00", "2026-10-23T17:00", "2026-10-26T07:00");
	/* work begins in the hour that the clocks skip: when they have */
	assert_next("Sun 2:30-6:00", "2026-03-28T12:00", "2026-03-29T01:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_is_understood),
		cmocka_unit_test(what_is_unclear_is_refused_with_a_reason),
		cmocka_unit_test(the_clock_decides),
		cmocka_unit_test(the_contacts_zone_counts),
		cmocka_unit_test(the_night_of_the_clock_change_ends_by_the_wall),
		cmocka_unit_test(zones_are_known_or_refused),
		cmocka_unit_test(a_clock_names_the_day_when_it_is_another),
		cmocka_unit_test(ends_are_ends),
		cmocka_unit_test(hours_say_when_work_begins),
		cmocka_unit_test(hours_follow_the_wall_clock_through_a_change),
	};

	g_setenv("TZ", "UTC", TRUE);
	g_setenv("LC_ALL", "C", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
