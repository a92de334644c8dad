/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/when_private.h"

#include <string.h>

#include "src/base/error.h"

#define LONGEST (3653 * SN_DAY)
enum { WORDS_MAX = 6 };

const char *const sn_when_days[] = { "monday", "tuesday",  "wednesday", "thursday",
	                             "friday", "saturday", "sunday" };
static const char *const months[] = { "january", "february", "march",     "april",
	                              "may",     "june",     "july",      "august",
	                              "september", "october", "november", "december" };

int sn_when_name(const char *const *names, int count, const char *word)
{
	gsize length = strlen(word);

	for (int i = 0; i < count; i++)
		if ((length == 3 && g_ascii_strncasecmp(names[i], word, 3) == 0) ||
		    g_ascii_strcasecmp(names[i], word) == 0)
			return i;
	return -1;
}

/* All of `word`: `digits` at most, and nothing but digits. -1 when it is none. */
static int number_of(const char *word, gsize digits)
{
	gsize length = strlen(word);

	if (length == 0 || length > digits || strspn(word, "0123456789") != length)
		return -1;
	return (int)g_ascii_strtoll(word, NULL, 10);
}

int sn_when_minute(const char *word)
{
	const char *colon = strchr(word, ':');
	g_autofree char *head = colon ? g_strndup(word, (gsize)(colon - word)) : NULL;
	int hour = head ? number_of(head, 2) : -1;
	int minute = colon && strlen(colon + 1) == 2 ? number_of(colon + 1, 2) : -1;

	return hour < 0 || hour > 23 || minute < 0 || minute > 59 ? -1 : hour * 60 + minute;
}

static GTimeZone *zone_or_local(GTimeZone *zone)
{
	return zone ? g_time_zone_ref(zone) : g_time_zone_new_local();
}

GDateTime *sn_when_local(SnTime time, GTimeZone *zone)
{
	g_autoptr(GTimeZone) used = zone_or_local(zone);
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time / 1000);

	return utc ? g_date_time_to_timezone(utc, used) : NULL;
}

/* ---- durations ---- */

static SnTime unit_of(char letter)
{
	switch (letter) {
	case 's': return SN_SECOND;
	case 'm': return SN_MINUTE;
	case 'h': return SN_HOUR;
	case 'd': return SN_DAY;
	case 'w': return 7 * SN_DAY;
	default: return 0;
	}
}

/* FALSE when it is no duration at all. Each unit once, the greater first: "1h30m". */
static gboolean read_span(const char *text, SnTime *span)
{
	SnTime before = G_MAXINT64;

	*span = 0;
	while (*text) {
		gsize digits = strspn(text, "0123456789");
		SnTime unit = digits && digits <= 7 ? unit_of(text[digits]) : 0;
		if (!unit || unit >= before)
			return FALSE;
		*span += g_ascii_strtoll(text, NULL, 10) * unit;
		before = unit;
		text += digits + 1;
	}
	return before != G_MAXINT64;
}

gboolean sn_span_parse(const char *text, SnTime *span, GError **error)
{
	if (!read_span(text, span)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "\"%s\" is no length of time; it looks like 2h, 90m or 1d12h.", text);
		return FALSE;
	}
	if (*span > 0 && *span <= LONGEST)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
	            "\"%s\" is %s: give more than 0 and at most ten years.", text,
	            *span ? "too long" : "nothing");
	return FALSE;
}

char *sn_span_text(SnTime span)
{
	GString *out = g_string_new(NULL);
	SnTime minutes = span / SN_MINUTE;

	if (minutes == 0)
		g_string_printf(out, "%d s", (int)(span / SN_SECOND));
	if (minutes >= DAY_MINUTES)
		g_string_append_printf(out, "%d day%s", (int)(minutes / DAY_MINUTES),
		                       minutes / DAY_MINUTES == 1 ? "" : "s");
	if (minutes % DAY_MINUTES >= 60)
		g_string_append_printf(out, "%s%d h", out->len ? " " : "",
		                       (int)(minutes % DAY_MINUTES / 60));
	if (minutes % 60)
		g_string_append_printf(out, "%s%d min", out->len ? " " : "", (int)(minutes % 60));
	return g_string_free(out, FALSE);
}

/* ---- days and times of day ---- */

/* A day and a minute of it, as the wall says; 0 when there is no such day. *skipped: the clocks go
 * past it, and the time is the one at which they do. */
static SnTime wall_time(int year, int month, int day, int minute, GTimeZone *zone,
                        gboolean *skipped)
{
	g_autoptr(GTimeZone) used = zone_or_local(zone);
	g_autoptr(GDateTime) at = g_date_time_new(used, year, month, day, minute / 60, minute % 60, 0);

	*skipped = FALSE;
	if (!at)
		return 0;
	*skipped = g_date_time_get_hour(at) * 60 + g_date_time_get_minute(at) != minute ||
	           g_date_time_get_day_of_month(at) != day;
	/* of a time that comes twice the first: an hour before, it may be the same time again */
	for (int back = 60; back >= 30 && !*skipped; back -= 30) {
		g_autoptr(GDateTime) utc = g_date_time_to_utc(at);
		g_autoptr(GDateTime) before = g_date_time_add_minutes(utc, -back);
		g_autoptr(GDateTime) local = g_date_time_to_timezone(before, used);
		if (g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local) == minute)
			return g_date_time_to_unix(local) * 1000;
	}
	return g_date_time_to_unix(at) * 1000;
}

/* What the words say, before it is put together. */
typedef struct {
	int day, month, year; /* 0: not said */
	int weekday;          /* 0 Monday; -1 */
	int ahead;            /* 0 today, 1 tomorrow; -1 */
	int minute;           /* of the day; -1 */
} Said;

static gboolean take_date(const char *word, Said *said)
{
	g_auto(GStrv) parts = g_strsplit(word, "-", 4);

	if (g_strv_length(parts) != 3 || strlen(parts[0]) != 4 || strlen(parts[1]) != 2 ||
	    strlen(parts[2]) != 2)
		return FALSE;
	said->year = number_of(parts[0], 4);
	said->month = number_of(parts[1], 2);
	said->day = number_of(parts[2], 2);
	return said->year > 0 && said->month > 0 && said->day > 0;
}

static gboolean take_word(const char *word, Said *said)
{
	int weekday = sn_when_name(sn_when_days, WEEK, word);
	int month = sn_when_name(months, G_N_ELEMENTS(months), word);
	int minute = sn_when_minute(word), number = number_of(word, 4);
	gboolean today = g_ascii_strcasecmp(word, "today") == 0;

	if (minute >= 0 && said->minute < 0)
		said->minute = minute;
	else if (weekday >= 0 && said->weekday < 0)
		said->weekday = weekday;
	else if ((today || g_ascii_strcasecmp(word, "tomorrow") == 0) && said->ahead < 0)
		said->ahead = today ? 0 : 1;
	else if (month >= 0 && !said->month)
		said->month = month + 1;
	else if (number > 0 && number <= 31 && strlen(word) <= 2 && !said->day)
		said->day = number;
	else if (number >= 1970 && strlen(word) == 4 && said->month && !said->year)
		said->year = number;
	else
		return !said->day && !said->month && take_date(word, said);
	return TRUE;
}

static gboolean read_words(const char *text, Said *said)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t,", -1);
	int count = 0;

	*said = (Said){ .weekday = -1, .ahead = -1, .minute = -1 };
	for (char **word = words; *word; word++)
		if (**word && (++count > WORDS_MAX || !take_word(*word, said)))
			return FALSE;
	return count > 0;
}

static gboolean bad(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean bad(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "%s", text);
	return FALSE;
}

SnTime sn_when_day(SnTime now, int after, int minute, GTimeZone *zone, gboolean *skipped)
{
	g_autoptr(GDateTime) today = sn_when_local(now, zone);
	/* noon: no zone changes its clocks there, so that adding days keeps the date */
	g_autoptr(GDateTime) noon = g_date_time_new_utc(g_date_time_get_year(today),
	                                                g_date_time_get_month(today),
	                                                g_date_time_get_day_of_month(today), 12, 0, 0);
	g_autoptr(GDateTime) day = g_date_time_add_days(noon, after);

	return wall_time(g_date_time_get_year(day), g_date_time_get_month(day),
	                 g_date_time_get_day_of_month(day), minute, zone, skipped);
}

int sn_when_weekday(SnTime time, GTimeZone *zone)
{
	g_autoptr(GDateTime) local = sn_when_local(time, zone);

	return g_date_time_get_day_of_week(local) - 1;
}

/* A day of a month, this year or, when it is over, the next. */
static SnTime date_ahead(const Said *said, SnTime now, GTimeZone *zone, gboolean *skipped)
{
	g_autoptr(GDateTime) today = sn_when_local(now, zone);
	int year = said->year ? said->year : g_date_time_get_year(today);
	SnTime time = wall_time(year, said->month, said->day, said->minute, zone, skipped);

	return time <= now && !said->year
		? wall_time(year + 1, said->month, said->day, said->minute, zone, skipped)
		: time;
}

static gboolean put_together(const Said *said, const char *text, SnTime now, GTimeZone *zone,
                             SnTime *time, GError **error)
{
	gboolean dated = said->day || said->month, skipped = FALSE;

	if (said->minute < 0)
		return bad(error, "\"%s\" says no time of day; write e.g. %s 9:00.", text, text);
	if (dated && (!said->day || !said->month || said->ahead >= 0))
		return bad(error, "\"%s\" is no time; it looks like " SN_WHEN_FORMS ".", text);
	if (dated) {
		*time = date_ahead(said, now, zone, &skipped);
	} else if (said->ahead >= 0) {
		*time = sn_when_day(now, said->ahead, said->minute, zone, &skipped);
	} else {
		int after = said->weekday < 0 ? 0 : (said->weekday - sn_when_weekday(now, zone) + WEEK) % WEEK;
		*time = sn_when_day(now, after, said->minute, zone, &skipped);
		if (*time <= now)
			*time = sn_when_day(now, said->weekday < 0 ? 1 : after + WEEK, said->minute, zone,
			                  &skipped);
	}
	if (!*time)
		return bad(error, "\"%s\": there is no such day.", text);
	if (skipped)
		return bad(error, "\"%s\": the clocks go past that time on that day; take another.", text);
	if (said->weekday >= 0 && (dated || said->ahead >= 0) && sn_when_weekday(*time, zone) != said->weekday)
		return bad(error, "\"%s\": that day is a %c%s.", text,
		           g_ascii_toupper(sn_when_days[sn_when_weekday(*time, zone)][0]),
		           sn_when_days[sn_when_weekday(*time, zone)] + 1);
	return TRUE;
}

/* RFC 3339: with seconds and a zone, unlike the forms for people. */
static gboolean read_rfc3339(const char *text, SnTime *time)
{
	g_autoptr(GDateTime) at = NULL;
	gsize length = strlen(text);
	const char *zone = length > 19 ? strpbrk(text + 19, "Zz+-") : NULL;

	if (!zone || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' ||
	    !strchr("Tt ", text[10]) || (strchr("Zz", *zone) ? zone[1] != '\0' : strlen(zone) != 6))
		return FALSE;
	g_autofree char *iso = g_ascii_strup(text, -1);
	iso[10] = 'T';
	at = g_date_time_new_from_iso8601(iso, NULL);
	if (!at)
		return FALSE;
	*time = g_date_time_to_unix(at) * 1000 + g_date_time_get_microsecond(at) / 1000;
	return TRUE;
}

gboolean sn_when_parse(const char *text, SnTime now, GTimeZone *zone, SnTime *time, GError **error)
{
	g_autofree char *plain = g_strstrip(g_strdup(text));
	const char *span_text = g_ascii_strncasecmp(plain, "in ", 3) == 0 ? plain + 3 : plain;
	SnTime span;
	Said said;

	if (read_span(span_text + strspn(span_text, " "), &span)) {
		if (!sn_span_parse(span_text + strspn(span_text, " "), &span, error))
			return FALSE;
		*time = now + span;
		return TRUE;
	}
	if (!read_rfc3339(plain, time)) {
		if (!read_words(plain, &said))
			return bad(error, "\"%s\" is no time; it looks like " SN_WHEN_FORMS ".", plain);
		if (!put_together(&said, plain, now, zone, time, error))
			return FALSE;
	}
	if (*time <= now)
		return bad(error, "\"%s\" is over already.", plain);
	if (*time > now + LONGEST)
		return bad(error, "\"%s\" is more than ten years away.", plain);
	return TRUE;
}

char *sn_when_text(SnTime time, SnTime now, GTimeZone *zone)
{
	g_autoptr(GDateTime) at = sn_when_local(time, zone), present = sn_when_local(now, zone);
	gboolean skipped;

	if (!at || !present)
		return g_strdup("?");
	if (time >= sn_when_day(now, 0, 0, zone, &skipped) && time < sn_when_day(now, 1, 0, zone, &skipped))
		return g_date_time_format(at, "today %H:%M");
	if (time >= sn_when_day(now, 1, 0, zone, &skipped) && time < sn_when_day(now, 2, 0, zone, &skipped))
		return g_date_time_format(at, "tomorrow %H:%M");
	/* English as everything the program says, whatever the locale */
	const char *day = sn_when_days[g_date_time_get_day_of_week(at) - 1];
	const char *month = months[g_date_time_get_month(at) - 1];
	g_autofree char *clock = g_date_time_format(at, "%H:%M");
	g_autofree char *year = g_date_time_get_year(at) == g_date_time_get_year(present)
		? g_strdup("")
		: g_strdup_printf(" %d", g_date_time_get_year(at));
	return g_strdup_printf("%c%.2s %d %c%.2s%s %s", g_ascii_toupper(day[0]), day + 1,
	                       g_date_time_get_day_of_month(at), g_ascii_toupper(month[0]), month + 1,
	                       year, clock);
}
