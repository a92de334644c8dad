/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as people write them, through changes of the clocks, and hours of work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/when.h"

static GTimeZone *berlin, *utc, *lord_howe, *santiago;

static SnTime at(const char *iso)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, NULL);

	assert_non_null(time);
	return g_date_time_to_unix(time) * 1000;
}

/* Sunday 22 November 2026, 11:30 in Berlin. */
#define NOW "2026-11-22T10:30:00Z"

static void assert_when(const char *text, const char *now, GTimeZone *zone, const char *expected)
{
	g_autoptr(GError) error = NULL;
	SnTime time = 0;

	if (!sn_when_parse(text, at(now), zone, &time, &error))
		fail_msg("\"%s\": %s", text, error->message);
	g_autofree char *is = sn_time_format(time);
	if (time != at(expected))
		fail_msg("\"%s\" is %s instead of %s", text, is, expected);
}

static void assert_refused(const char *text, const char *now, GTimeZone *zone, const char *because)
{
	g_autoptr(GError) error = NULL;
	SnTime time = 0;

	if (sn_when_parse(text, at(now), zone, &time, &error))
		fail_msg("\"%s\" was taken for %" G_GINT64_FORMAT, text, time);
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	if (!strstr(error->message, because))
		fail_msg("\"%s\" does not say \"%s\"", error->message, because);
}

static void what_people_write_is_understood(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "2h", "2026-11-22T12:30:00Z" },
		{ "90s", "2026-11-22T10:31:30Z" },
		{ "1h30m", "2026-11-22T12:00:00Z" },
		{ "in 45m", "2026-11-22T11:15:00Z" },
		{ "1d", "2026-11-23T10:30:00Z" },
		{ "2w", "2026-12-06T10:30:00Z" },
		{ " 3d12h ", "2026-11-25T22:30:00Z" },
		/* the next time the clock shows it */
		{ "14:30", "2026-11-22T13:30:00Z" },
		{ "9:00", "2026-11-23T08:00:00Z" },
		{ "11:30", "2026-11-23T10:30:00Z" },
		{ "0:00", "2026-11-22T23:00:00Z" },
		{ "today 23:59", "2026-11-22T22:59:00Z" },
		{ "tomorrow 9:00", "2026-11-23T08:00:00Z" },
		{ "Tomorrow, 09:00", "2026-11-23T08:00:00Z" },
		{ "9:00 tomorrow", "2026-11-23T08:00:00Z" },
		{ "mon 9:00", "2026-11-23T08:00:00Z" },
		{ "Saturday 09:00", "2026-11-28T08:00:00Z" },
		{ "sun 12:00", "2026-11-22T11:00:00Z" },
		{ "sun 9:00", "2026-11-29T08:00:00Z" },
		{ "23 Nov 9:00", "2026-11-23T08:00:00Z" },
		{ "Mon 23 Nov 09:00", "2026-11-23T08:00:00Z" },
		{ "1 january 0:05", "2026-12-31T23:05:00Z" },
		{ "21 nov 9:00", "2027-11-21T08:00:00Z" },
		{ "23 Nov 2027 9:00", "2027-11-23T08:00:00Z" },
		{ "2026-12-24 18:00", "2026-12-24T17:00:00Z" },
		{ "29 Feb 2028 12:00", "2028-02-29T11:00:00Z" },
		{ "2026-11-23T09:00:00+01:00", "2026-11-23T08:00:00Z" },
		{ "2026-11-23t09:00:00z", "2026-11-23T09:00:00Z" },
		{ "2026-11-23 09:00:00-05:00", "2026-11-23T14:00:00Z" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		assert_when(cases[i].text, NOW, berlin, cases[i].expected);
	}
	SnTime time = 0;
	assert_true(sn_when_parse("2026-11-23 09:00:00.250-05:00", at(NOW), utc, &time, NULL));
	assert_int_equal(time, at("2026-11-23T14:00:00Z") + 250);
}

static void anything_else_is_refused_with_a_hint(void **state)
{
	static const struct {
		const char *text, *because;
	} cases[] = {
		{ "", "is no time" },
		{ "soon", "is no time" },
		{ "2", "no time of day" },
		{ "2 h", "is no time" },
		{ "h", "is no time" },
		{ "30m1h", "is no time" },
		{ "1h1h", "is no time" },
		{ "-2h", "is no time" },
		{ "2h later", "is no time" },
		{ "2y", "is no time" },
		{ "99999999h", "is no time" },
		{ "0m", "nothing" },
		{ "11y", "is no time" },
		{ "9999999w", "too long" },
		{ "24:00", "is no time" },
		{ "9:5", "is no time" },
		{ "9:60", "is no time" },
		{ "009:00", "is no time" },
		{ "9am", "is no time" },
		{ "9:00 10:00", "is no time" },
		{ "tomorrow", "no time of day" },
		{ "mon", "no time of day" },
		{ "today 9:00", "is over" },
		{ "today tomorrow 9:00", "is no time" },
		{ "Tue 23 Nov 9:00", "is a Monday" },
		{ "mon today 23:00", "is a Sunday" },
		{ "31 Nov 9:00", "no such day" },
		{ "29 Feb 2027 12:00", "no such day" },
		{ "Nov 9:00", "is no time" },
		{ "23 9:00", "is no time" },
		{ "23 Nov 2026", "no time of day" },
		{ "2026-11-21 9:00", "is over" },
		{ "2026-13-01 9:00", "no such day" },
		{ "2026-1-1 9:00", "is no time" },
		{ "2026-11-23T09:00:00", "is no time" },
		{ "2026-11-22T10:30:00Z", "is over" },
		{ "2026-11-23T09:00:00+25:00", "is no time" },
		{ "2026-11-23T25:00:00Z", "is no time" },
		{ "2026-11-23T09:00:00Zulu", "is no time" },
		{ "9999-01-01T00:00:00Z", "ten years" },
		{ "1 Jan 2099 9:00", "ten years" },
		{ "mon mon 9:00", "is no time" },
		{ "a b c d e f g h", "is no time" },
		{ "\xff\xfe", "is no time" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_refused(cases[i].text, NOW, berlin, cases[i].because);
}

static void the_wall_clock_holds_when_the_clocks_change(void **state)
{
	/* the night to 29 March 2026: 02:00 becomes 03:00 in Berlin */
	assert_when("tomorrow 9:00", "2026-03-28T11:00:00Z", berlin, "2026-03-29T07:00:00Z");
	assert_when("today 9:00", "2026-03-29T00:30:00Z", berlin, "2026-03-29T07:00:00Z");
	assert_when("24h", "2026-03-28T11:00:00Z", berlin, "2026-03-29T11:00:00Z");
	assert_when("mon 9:00", "2026-03-28T11:00:00Z", berlin, "2026-03-30T07:00:00Z");
	assert_refused("tomorrow 2:30", "2026-03-28T11:00:00Z", berlin, "clocks go past");
	assert_refused("29 Mar 2:00", "2026-03-28T11:00:00Z", berlin, "clocks go past");
	assert_when("tomorrow 3:00", "2026-03-28T11:00:00Z", berlin, "2026-03-29T01:00:00Z");
	assert_when("tomorrow 1:59", "2026-03-28T11:00:00Z", berlin, "2026-03-29T00:59:00Z");
	/* the night to 25 October 2026: 03:00 becomes 02:00 */
	assert_when("tomorrow 9:00", "2026-10-24T10:00:00Z", berlin, "2026-10-25T08:00:00Z");
	assert_when("tomorrow 2:30", "2026-10-24T10:00:00Z", berlin, "2026-10-25T00:30:00Z");
	assert_when("tomorrow 3:00", "2026-10-24T10:00:00Z", berlin, "2026-10-25T02:00:00Z");
	assert_when("tomorrow 1:30", "2026-10-24T10:00:00Z", berlin, "2026-10-24T23:30:00Z");
	/* half an hour on Lord Howe Island: 02:00 becomes 01:30 */
	assert_when("tomorrow 1:45", "2026-04-03T20:00:00Z", lord_howe, "2026-04-04T14:45:00Z");
	/* the clocks go forward at midnight in Chile: that day begins at one */
	assert_refused("6 Sep 0:30", "2026-09-05T12:00:00Z", santiago, "clocks go past");
	assert_when("tomorrow 1:00", "2026-09-05T12:00:00Z", santiago, "2026-09-06T04:00:00Z");
}

static void times_are_said_as_they_can_be_typed(void **state)
{
	static const struct {
		const char *time, *text;
	} cases[] = {
		{ "2026-11-22T13:30:00Z", "today 14:30" },
		{ "2026-11-22T22:59:00Z", "today 23:59" },
		{ "2026-11-22T23:00:00Z", "tomorrow 00:00" },
		{ "2026-11-23T08:00:00Z", "tomorrow 09:00" },
		{ "2026-11-24T08:00:00Z", "Tue 24 Nov 09:00" },
		{ "2026-12-05T08:00:00Z", "Sat 5 Dec 09:00" },
		{ "2027-01-04T08:00:00Z", "Mon 4 Jan 2027 09:00" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = sn_when_text(at(cases[i].time), at(NOW), berlin);
		assert_string_equal(text, cases[i].text);
		assert_when(text, NOW, berlin, cases[i].time);
	}
}

static void spans_are_read_and_said(void **state)
{
	static const struct {
		const char *text;
		SnTime span;
		const char *said;
	} cases[] = {
		{ "45s", 45 * SN_SECOND, "45 s" },
		{ "2h", 2 * SN_HOUR, "2 h" },
		{ "90m", 90 * SN_MINUTE, "1 h 30 min" },
		{ "1d", SN_DAY, "1 day" },
		{ "1w", 7 * SN_DAY, "7 days" },
		{ "1d12h5m", SN_DAY + 12 * SN_HOUR + 5 * SN_MINUTE, "1 day 12 h 5 min" },
	};
	static const char *const bad[] = { "", "2", "h", "0s", "2h ", "1.5h", "9999999w", "two hours" };

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		SnTime span = 0;
		assert_true(sn_span_parse(cases[i].text, &span, NULL));
		assert_int_equal(span, cases[i].span);
		g_autofree char *said = sn_span_text(span);
		assert_string_equal(said, cases[i].said);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		SnTime span;
		assert_false(sn_span_parse(bad[i], &span, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	}
}

static int zones(void **state)
{
	berlin = g_time_zone_new_identifier("Europe/Berlin");
	lord_howe = g_time_zone_new_identifier("Australia/Lord_Howe");
	santiago = g_time_zone_new_identifier("America/Santiago");
	utc = g_time_zone_new_utc();
	return berlin && lord_howe && santiago ? 0 : -1;
}

static int forget_zones(void **state)
{
	g_time_zone_unref(berlin);
	g_time_zone_unref(lord_howe);
	g_time_zone_unref(santiago);
	g_time_zone_unref(utc);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_is_understood),
		cmocka_unit_test(anything_else_is_refused_with_a_hint),
		cmocka_unit_test(the_wall_clock_holds_when_the_clocks_change),
		cmocka_unit_test(times_are_said_as_they_can_be_typed),
		cmocka_unit_test(spans_are_read_and_said),
	};

	return cmocka_run_group_tests(tests, zones, forget_zones);
}
