/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hours.c - times of the week. A minute of the week is the same on every clock change but those of
 * the two nights of a year, when an hour comes twice or never: then the clock on the wall counts. */
#include "src/base/hours.h"

#include <string.h>

#include "src/base/when_private.h"

#define SPANS_MAX 32
#define WEEK_MINUTES (WEEK * DAY_MINUTES)
#define EVERY_DAY 0x7fu

typedef struct {
	guint days;   /* 1 << 0 is Monday */
	int from, to; /* minutes of the day; to <= from: of the next day */
} Span;

struct sn_hours {
	guint count;
	Span spans[SPANS_MAX];
};

static const struct {
	const char *word;
	guint days;
} groups[] = { { "daily", EVERY_DAY }, { "weekdays", 0x1f }, { "weekends", 0x60 } };

/* ---- reading ---- */

/* "mon", "mon-fri", "fri-mon", "weekends"; 0: none of these */
static guint read_days(const char *text)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", 3);
	guint count = g_strv_length(ends), days = 0;
	int first = count == 1 || count == 2 ? sn_when_name(sn_when_days, WEEK, ends[0]) : -1;
	int last = count == 2 ? sn_when_name(sn_when_days, WEEK, ends[1]) : first;

	for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
		if (g_ascii_strcasecmp(groups[i].word, text) == 0)
			return groups[i].days;
	if (first < 0 || last < 0)
		return 0;
	for (int day = first;; day = (day + 1) % WEEK) {
		days |= 1u << day;
		if (day == last)
			return days;
	}
}

/* "7:00-24:00" */
static gboolean read_times(const char *text, Span *span)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", 3);

	if (g_strv_length(ends) != 2)
		return FALSE;
	span->from = sn_when_minute(ends[0]);
	span->to = strcmp(ends[1], "24:00") == 0 ? DAY_MINUTES : sn_when_minute(ends[1]);
	return span->from >= 0 && span->to >= 0 && span->from != span->to;
}

static char *add_span(SnHours *hours, guint days, const Span *times)
{
	if (hours->count == SPANS_MAX)
		return g_strdup_printf("more than %d time spans", SPANS_MAX);
	hours->spans[hours->count] = *times;
	hours->spans[hours->count++].days = days ? days : EVERY_DAY;
	return NULL;
}

/* Days, then spans of theirs; one of both may be missing. NULL, or what is wrong. */
static char *read_item(const char *text, SnHours *hours)
{
	g_auto(GStrv) parts = g_strsplit_set(text, " \t", -1);
	Span span = { EVERY_DAY, 0, DAY_MINUTES };
	gboolean times = FALSE;
	char *wrong = NULL;
	guint days = 0;

	for (char **part = parts; *part && !wrong; part++) {
		guint more = times ? 0 : read_days(*part);
		if (!**part)
			continue;
		days |= more;
		if (!more && read_times(*part, &span)) {
			wrong = add_span(hours, days, &span);
			times = TRUE;
		} else if (!more) {
			wrong = g_strdup_printf("'%s' is neither a time span nor days: write 22:00-07:00, "
			                        "mon-fri 18:00-08:00 or weekends",
			                        *part);
		}
	}
	if (wrong || times)
		return wrong;
	return days ? add_span(hours, days, &span)
	            : g_strdup("a time span is missing: write 22:00-07:00, weekends, or none");
}

SnHours *sn_hours_parse(const char *text, char **problem)
{
	g_autofree char *copy = g_strstrip(g_strdup(text)), *wrong = NULL;
	g_auto(GStrv) items = g_strsplit(copy, ",", -1);
	g_autoptr(SnHours) hours = g_new0(SnHours, 1);

	if (problem)
		*problem = NULL;
	if (g_ascii_strcasecmp(copy, "none") == 0)
		return g_steal_pointer(&hours);
	for (char **item = items; *item && !wrong; item++)
		wrong = read_item(*item, hours);
	if (!wrong && hours->count == 0)
		wrong = read_item("", hours);
	if (!wrong)
		return g_steal_pointer(&hours);
	if (problem)
		*problem = g_steal_pointer(&wrong);
	return NULL;
}

void sn_hours_free(SnHours *hours)
{
	g_free(hours);
}

gboolean sn_hours_is_none(const SnHours *hours)
{
	return hours->count == 0;
}

/* ---- writing ---- */

static gboolean has_day(guint days, int day)
{
	return (days >> (day % WEEK) & 1) != 0;
}

/* "mon-wed fri": each run of days from the one whose day before is not in it. */
static void write_days(GString *text, guint days)
{
	const char *blank = "";

	for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
		if (groups[i].days == days) {
			g_string_append(text, groups[i].word);
			return;
		}
	g_assert(days && days < EVERY_DAY);
	for (int day = 0; day < WEEK; day++) {
		int last = day;
		if (!has_day(days, day) || has_day(days, day + WEEK - 1))
			continue;
		while (has_day(days, last + 1))
			last++;
		g_string_append_printf(text, "%s%.3s", blank, sn_when_days[day]);
		if (last > day)
			g_string_append_printf(text, "-%.3s", sn_when_days[last % WEEK]);
		blank = " ";
	}
}

char *sn_hours_format(const SnHours *hours)
{
	GString *text = g_string_new(hours->count ? NULL : "none");

	for (guint i = 0; i < hours->count; i++) {
		const Span *span = &hours->spans[i];
		gboolean whole = span->from == 0 && span->to == DAY_MINUTES;
		g_string_append(text, i ? ", " : "");
		if (span->days != EVERY_DAY || whole)
			write_days(text, span->days);
		if (!whole)
			g_string_append_printf(text, "%s%02d:%02d-%02d:%02d",
			                       span->days == EVERY_DAY ? "" : " ", span->from / 60,
			                       span->from % 60, span->to / 60, span->to % 60);
	}
	return g_string_free(text, FALSE);
}

/* ---- the clock ---- */

static GTimeZone *zone_of(const char *name)
{
	GTimeZone *zone = name && *name ? g_time_zone_new_identifier(name) : NULL;

	return zone ? zone : g_time_zone_new_local();
}

gboolean sn_zone_check(const char *name)
{
	g_autoptr(GTimeZone) zone = NULL;

	/* GLib would also take the rules of POSIX, and files by their path */
	if (!*name || strlen(name) > 100 || name[0] == '/' || name[0] == ':' || strstr(name, ".."))
		return FALSE;
	zone = g_time_zone_new_identifier(name);
	return zone != NULL;
}

/* How many minutes of the week, from this one on, lie within; 0: this one does not; all of them: it
 * never ends. */
static int minutes_within(const SnHours *hours, int minute)
{
	int end = minute, last = -1;

	/* Each round moves the end on by a span that covers it; no span is needed twice a week. */
	while (end != last && end - minute < WEEK_MINUTES) {
		last = end;
		for (guint i = 0; i < hours->count; i++) {
			const Span *span = &hours->spans[i];
			int length = span->to - span->from + (span->to <= span->from ? DAY_MINUTES : 0);
			for (int day = 0; day < WEEK; day++) {
				int begin = day * DAY_MINUTES + span->from;
				int into = ((end - begin) % WEEK_MINUTES + WEEK_MINUTES) % WEEK_MINUTES;
				if (has_day(span->days, day) && into < length)
					end = MAX(end, end + length - into);
			}
		}
	}
	return MIN(end - minute, WEEK_MINUTES);
}

gboolean sn_hours_contain(const SnHours *hours, SnTime time, const char *name, SnTime *until)
{
	g_autoptr(GTimeZone) zone = zone_of(name);
	g_autoptr(GDateTime) wall = sn_when_local(time, zone);

	if (until)
		*until = 0;
	if (!wall || hours->count == 0)
		return FALSE;
	int minute = (g_date_time_get_day_of_week(wall) - 1) * DAY_MINUTES +
	             g_date_time_get_hour(wall) * 60 + g_date_time_get_minute(wall);
	int left = minutes_within(hours, minute);
	if (left > 0 && left < WEEK_MINUTES && until) {
		/* By the clock on the wall, whatever it does in between. */
		int end = minute % DAY_MINUTES + left;
		gboolean skipped;
		*until = sn_when_day(time, end / DAY_MINUTES, end % DAY_MINUTES, zone, &skipped);
		if (*until <= time)
			*until = time + SN_HOUR; /* the hour that comes twice */
	}
	return left > 0;
}

SnTime sn_hours_next(const SnHours *hours, SnTime time, const char *name)
{
	g_autoptr(GTimeZone) zone = zone_of(name);
	SnTime next = 0;

	if (hours->count == 0 || sn_hours_contain(hours, time, name, NULL))
		return time;
	/* a week from today all days have been seen */
	for (int after = 0; after <= WEEK; after++)
		for (guint i = 0; i < hours->count; i++) {
			const Span *span = &hours->spans[i];
			int weekday = (sn_when_weekday(time, zone) + after) % WEEK;
			gboolean skipped;
			SnTime from = has_day(span->days, weekday)
				? sn_when_day(time, after, span->from, zone, &skipped) : 0;
			if (from > time && (!next || from < next))
				next = from;
		}
	return next > time ? next : time; /* beyond the calendar */
}

char *sn_zone_clock(SnTime time, SnTime now, const char *name)
{
	g_autoptr(GTimeZone) zone = zone_of(name);
	g_autoptr(GDateTime) wall = sn_when_local(time, zone), today = sn_when_local(now, zone);
	gboolean same = wall && today && g_date_time_get_year(wall) == g_date_time_get_year(today) &&
	                g_date_time_get_day_of_year(wall) == g_date_time_get_day_of_year(today);

	return wall ? g_date_time_format(wall, same ? "%H:%M" : "%a %H:%M") : g_strdup("?");
}
