/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hours.c - hours of work, by the wall clock. */
#include <string.h>

#include "src/base/error.h"
#include "src/base/when_private.h"

/* "Mon", "Mon-Fri", "Sat-Mon": the bits; 0 when it is neither. */
static guint8 read_days(const char *text)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", 3);
	guint count = g_strv_length(ends);
	int first = count >= 1 && count <= 2 ? sn_when_name(sn_when_days, WEEK, ends[0]) : -1;
	int last = count == 2 ? sn_when_name(sn_when_days, WEEK, ends[1]) : first;
	guint8 bits = 0;

	if (first < 0 || last < 0)
		return 0;
	for (int day = first;; day = (day + 1) % WEEK) {
		bits |= (guint8)(1u << day);
		if (day == last)
			return bits;
	}
}

/* "08:00-18:00"; 24:00 is the end of the day. */
static gboolean read_range(const char *text, SnHoursSpan *span)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", 3);

	if (g_strv_length(ends) != 2)
		return FALSE;
	int from = sn_when_minute(ends[0]);
	int to = strcmp(ends[1], "24:00") == 0 ? DAY_MINUTES : sn_when_minute(ends[1]);
	span->from = (gint16)from;
	span->to = (gint16)to;
	return from >= 0 && to >= 0 && from != to;
}

/* Days are gathered until a range; further ranges are of the same days until others are named. */
static gboolean read_hours(char **words, SnHours *hours)
{
	gboolean pending = FALSE;
	guint8 days = 0;

	for (char **word = words; *word; word++) {
		guint8 more = read_days(*word);
		SnHoursSpan span = { 0 };
		if (!**word)
			continue;
		if (more) {
			days = pending ? days | more : more;
			pending = TRUE;
			continue;
		}
		span.days = days;
		if (!days || hours->count == SN_HOURS_MAX || !read_range(*word, &span))
			return FALSE;
		hours->spans[hours->count++] = span;
		pending = FALSE;
	}
	return !pending;
}

gboolean sn_hours_parse(const char *text, SnHours *hours, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t,", -1);

	*hours = (SnHours){ .count = 0 };
	if (read_hours(words, hours))
		return TRUE;
	*hours = (SnHours){ .count = 0 };
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
	            "\"%s\" are no hours; they look like Mon-Fri 08:00-18:00, several after a comma.",
	            text);
	return FALSE;
}

/* The beginning and the end of the span that begins on the day `after` days from that of `time`. */
static gboolean span_on(const SnHoursSpan *span, SnTime time, int after, GTimeZone *zone,
                        SnTime *from, SnTime *to)
{
	int weekday = (sn_when_weekday(time, zone) + after + WEEK) % WEEK;
	gboolean skipped;
	int days = span->to <= span->from || span->to == DAY_MINUTES ? 1 : 0;

	if (!(span->days & (1u << weekday)))
		return FALSE;
	*from = sn_when_day(time, after, span->from, zone, &skipped);
	*to = sn_when_day(time, after + days, span->to % DAY_MINUTES, zone, &skipped);
	return TRUE;
}

SnTime sn_hours_next(const SnHours *hours, SnTime time, GTimeZone *zone)
{
	SnTime next = 0;

	if (hours->count == 0)
		return time;
	/* one that began yesterday may still be open; a week from today all days have been seen */
	for (int after = -1; after <= WEEK; after++)
		for (gsize i = 0; i < hours->count; i++) {
			SnTime from, to;
			if (!span_on(&hours->spans[i], time, after, zone, &from, &to))
				continue;
			if (from <= time && time < to)
				return time;
			if (from > time && (!next || from < next))
				next = from;
		}
	g_assert(next > time);
	return next;
}

gboolean sn_hours_open(const SnHours *hours, SnTime time, GTimeZone *zone)
{
	return sn_hours_next(hours, time, zone) == time;
}
