/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quiet.c - times of the week. A minute of the week is the same on every clock change but those of
 * the two nights of a year, when an hour comes twice or never: then the clock on the wall counts. */
#include "src/base/quiet.h"

#include <string.h>

#define SPANS_MAX 32
#define DAY 1440            /* minutes */
#define WEEK (7 * DAY)
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
} words[] = {
	{ "daily", EVERY_DAY }, { "weekdays", 0x1f }, { "weekends", 0x60 },
	{ "mon", 1u << 0 },     { "tue", 1u << 1 },   { "wed", 1u << 2 },
	{ "thu", 1u << 3 },     { "fri", 1u << 4 },   { "sat", 1u << 5 },
	{ "sun", 1u << 6 },
};
#define FIRST_DAY 3 /* of words: the single days begin */

/* ---- reading ---- */

static int find_word(const char *text)
{
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strcasecmp(words[i].word, text) == 0)
			return (int)i;
	return -1;
}

/* "mon", "mon-fri", "fri-mon", "weekends" */
static gboolean read_days(const char *text, guint *days)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", -1);
	int first = ends[0] ? find_word(ends[0]) : -1;
	int last = ends[0] && ends[1] ? find_word(ends[1]) : first;

	if (first < 0 || last < 0 || (ends[1] && ends[2]))
		return FALSE;
	if (!ends[1]) {
		*days = words[first].days;
		return TRUE;
	}
	if (first < FIRST_DAY || last < FIRST_DAY)
		return FALSE;
	*days = 0;
	for (int day = first - FIRST_DAY;; day = (day + 1) % 7) {
		*days |= 1u << day;
		if (day == last - FIRST_DAY)
			return TRUE;
	}
}

/* "7:00", "07:00", "24:00"; -1 */
static int read_clock(const char *text, gsize length)
{
	gsize colon = 0;
	int hour = 0, minute = 0;

	while (colon < length && colon < 3 && g_ascii_isdigit(text[colon]))
		hour = hour * 10 + text[colon++] - '0';
	if (colon < 1 || colon > 2 || length != colon + 3 || text[colon] != ':')
		return -1;
	for (gsize i = colon + 1; i < length; i++) {
		if (!g_ascii_isdigit(text[i]))
			return -1;
		minute = minute * 10 + text[i] - '0';
	}
	return minute > 59 || hour > 24 || (hour == 24 && minute) ? -1 : hour * 60 + minute;
}

static gboolean read_times(const char *text, Span *span)
{
	const char *dash = strchr(text, '-');

	if (!dash)
		return FALSE;
	span->from = read_clock(text, (gsize)(dash - text));
	span->to = read_clock(dash + 1, strlen(dash + 1));
	return span->from >= 0 && span->from < DAY && span->to >= 0 && span->from != span->to;
}

/* NULL, or what is wrong. */
static char *read_span(const char *text, Span *span)
{
	g_auto(GStrv) parts = g_strsplit_set(text, " \t", -1);
	gboolean days = FALSE, times = FALSE;

	*span = (Span){ EVERY_DAY, 0, DAY };
	for (char **part = parts; *part; part++) {
		if (!**part)
			continue;
		gboolean digit = g_ascii_isdigit(**part);
		if (digit && !times && read_times(*part, span))
			times = TRUE;
		else if (!digit && !days && !times && read_days(*part, &span->days))
			days = TRUE;
		else
			return g_strdup_printf("'%s' is neither a time span nor days: write 22:00-07:00, "
			                       "mon-fri 18:00-08:00 or weekends",
			                       *part);
	}
	if (days || times)
		return NULL;
	return g_strdup("a time span is missing: write 22:00-07:00, weekends, or none");
}

SnQuiet *sn_quiet_parse(const char *text, char **problem)
{
	g_autofree char *copy = g_strstrip(g_strdup(text)), *wrong = NULL;
	g_auto(GStrv) items = g_strsplit(copy, ",", -1);
	g_autoptr(SnQuiet) hours = g_new0(SnQuiet, 1);

	if (problem)
		*problem = NULL;
	if (g_ascii_strcasecmp(copy, "none") == 0)
		return g_steal_pointer(&hours);
	for (char **item = items; *item && !wrong; item++) {
		if (hours->count == SPANS_MAX)
			wrong = g_strdup_printf("more than %d time spans", SPANS_MAX);
		else
			wrong = read_span(*item, &hours->spans[hours->count++]);
	}
	if (!wrong && hours->count == 0)
		wrong = read_span("", &hours->spans[0]);
	if (!wrong)
		return g_steal_pointer(&hours);
	if (problem)
		*problem = g_steal_pointer(&wrong);
	return NULL;
}

void sn_quiet_free(SnQuiet *hours)
{
	g_free(hours);
}

gboolean sn_quiet_is_none(const SnQuiet *hours)
{
	return hours->count == 0;
}

/* ---- writing ---- */

static void write_days(GString *text, guint days)
{
	for (gsize i = 0; i < FIRST_DAY; i++)
		if (words[i].days == days) {
			g_string_append(text, words[i].word);
			return;
		}
	/* One run of days has a first one whose day before is not in it. */
	int first = -1, count = 0;
	for (int day = 0; day < 7; day++) {
		count += days >> day & 1;
		if (days >> day & 1 && !(days >> ((day + 6) % 7) & 1))
			first = day;
	}
	g_assert(first >= 0 && count < 7);
	g_string_append(text, words[FIRST_DAY + first].word);
	if (count > 1)
		g_string_append_printf(text, "-%s", words[FIRST_DAY + (first + count - 1) % 7].word);
}

char *sn_quiet_format(const SnQuiet *hours)
{
	GString *text = g_string_new(hours->count ? NULL : "none");

	for (guint i = 0; i < hours->count; i++) {
		const Span *span = &hours->spans[i];
		gboolean whole = span->from == 0 && span->to == DAY;
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

static GDateTime *wall_of(SnTime time, GTimeZone *zone)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time / 1000);

	return utc ? g_date_time_to_timezone(utc, zone) : NULL;
}

/* How many minutes of the week, from this one on, lie within; 0: this one does not; WEEK: all. */
static int minutes_within(const SnQuiet *hours, int minute)
{
	int end = minute, last = -1;

	/* Each round moves the end on by a span that covers it; no span is needed twice a week. */
	while (end != last && end - minute < WEEK) {
		last = end;
		for (guint i = 0; i < hours->count; i++) {
			const Span *span = &hours->spans[i];
			int length = span->to - span->from + (span->to <= span->from ? DAY : 0);
			for (int day = 0; day < 7; day++) {
				int begin = day * DAY + span->from;
				int into = ((end - begin) % WEEK + WEEK) % WEEK;
				if (span->days >> day & 1 && into < length)
					end = MAX(end, end + length - into);
			}
		}
	}
	return MIN(end - minute, WEEK);
}

gboolean sn_quiet_contain(const SnQuiet *hours, SnTime time, const char *name, SnTime *until)
{
	g_autoptr(GTimeZone) zone = zone_of(name);
	g_autoptr(GDateTime) wall = wall_of(time, zone);

	if (until)
		*until = 0;
	if (!wall || hours->count == 0)
		return FALSE;
	int minute = (g_date_time_get_day_of_week(wall) - 1) * DAY + g_date_time_get_hour(wall) * 60 +
	             g_date_time_get_minute(wall);
	int left = minutes_within(hours, minute);
	if (left > 0 && left < WEEK && until) {
		/* By the clock on the wall, whatever it does in between. */
		g_autoptr(GDateTime) begin = g_date_time_new(
			zone, g_date_time_get_year(wall), g_date_time_get_month(wall),
			g_date_time_get_day_of_month(wall), 0, 0, 0);
		int ahead = minute % DAY + left;
		g_autoptr(GDateTime) day = begin ? g_date_time_add_days(begin, ahead / DAY) : NULL;
		g_autoptr(GDateTime) end = day ? g_date_time_new(zone, g_date_time_get_year(day),
		                                                 g_date_time_get_month(day),
		                                                 g_date_time_get_day_of_month(day),
		                                                 ahead % DAY / 60, ahead % 60, 0)
		                               : NULL;
		*until = end ? g_date_time_to_unix(end) * 1000 : time + left * SN_MINUTE;
		if (*until <= time)
			*until = time + SN_HOUR; /* the hour that comes twice */
	}
	return left > 0;
}

char *sn_zone_clock(SnTime time, SnTime now, const char *name)
{
	g_autoptr(GTimeZone) zone = zone_of(name);
	g_autoptr(GDateTime) wall = wall_of(time, zone), today = wall_of(now, zone);
	gboolean same = wall && today && g_date_time_get_year(wall) == g_date_time_get_year(today) &&
	                g_date_time_get_day_of_year(wall) == g_date_time_get_day_of_year(today);

	return wall ? g_date_time_format(wall, same ? "%H:%M" : "%a %H:%M") : g_strdup("?");
}
