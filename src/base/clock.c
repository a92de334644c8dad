/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

static SnTime system_now(gpointer data)
{
	(void)data;
	return g_get_real_time() / 1000;
}

/* GLib's monotonic time is CLOCK_MONOTONIC, which stands still in suspend. */
static SnTime system_steady(gpointer data)
{
	(void)data;
	return g_get_monotonic_time() / 1000;
}

const SnClock *sn_clock_system(void)
{
	static const SnClock clock = { system_now, NULL, system_steady };
	return &clock;
}

SnTime sn_clock_now(const SnClock *clock)
{
	return clock ? clock->now(clock->data) : system_now(NULL);
}

/* ---- jumps ---- */

#define JUMP (2 * SN_SECOND)
#define FAR_AWAY (3653 * SN_DAY)

void sn_clock_watch(SnClockWatch *watch, const SnClock *clock)
{
	if (!clock)
		clock = sn_clock_system();
	watch->wall = clock->now(clock->data);
	watch->steady = clock->steady ? clock->steady(clock->data) : 0;
}

SnTime sn_clock_jump(SnClockWatch *watch, const SnClock *clock)
{
	SnClockWatch before = *watch;

	if (!clock)
		clock = sn_clock_system();
	sn_clock_watch(watch, clock);
	if (!clock->steady)
		return 0;
	SnTime jump = (watch->wall - before.wall) - (watch->steady - before.steady);
	return ABS(jump) < JUMP ? 0 : jump;
}

int sn_clock_alarm_new(void)
{
	return timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
}

/* A timer that never rings but is cancelled when the clock is set, which waking up does too. */
gboolean sn_clock_alarm_arm(int fd)
{
	struct itimerspec far = { .it_value.tv_sec = (system_now(NULL) + FAR_AWAY) / 1000 };
	guint64 count;

	if (fd < 0)
		return FALSE;
	ssize_t done = read(fd, &count, sizeof count); /* ECANCELED is the news */
	(void)done;
	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL) == 0;
}

char *sn_time_format(SnTime time)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time / 1000);

	if (!utc)
		return g_strdup("");
	g_autofree char *seconds = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S");
	if (time % 1000)
		return g_strdup_printf("%s.%03dZ", seconds, (int)(time % 1000));
	return g_strdup_printf("%sZ", seconds);
}

static SnTime local_midnight(int year, int month, int day)
{
	g_autoptr(GDateTime) local = g_date_time_new_local(year, month, day, 0, 0, 0);
	return local ? g_date_time_to_unix(local) * 1000 : 0;
}

static SnTime parse_ago(const char *text, SnTime now)
{
	char *end;
	gint64 count = g_ascii_strtoll(text, &end, 10);

	if (end == text || count < 0 || count > 100000 || !*end || end[1])
		return 0;
	switch (*end) {
	case 'm': return now - count * SN_MINUTE;
	case 'h': return now - count * SN_HOUR;
	case 'd': return now - count * SN_DAY;
	case 'w': return now - count * 7 * SN_DAY;
	default: return 0;
	}
}

SnTime sn_time_parse(const char *text, const SnClock *clock)
{
	SnTime now = sn_clock_now(clock);
	int year, month, day, used = 0;

	if (!text)
		return 0;
	gboolean yesterday = strcmp(text, "yesterday") == 0;
	if (yesterday || strcmp(text, "today") == 0) {
		g_autoptr(GDateTime) local = g_date_time_new_from_unix_local(now / 1000);
		g_autoptr(GDateTime) at = g_date_time_add_days(local, yesterday ? -1 : 0);
		return local_midnight(g_date_time_get_year(at), g_date_time_get_month(at),
		                      g_date_time_get_day_of_month(at));
	}
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3 && !text[used])
		return local_midnight(year, month, day);
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) full = g_date_time_new_from_iso8601(text, utc);
	if (full)
		return g_date_time_to_unix(full) * 1000 + g_date_time_get_microsecond(full) / 1000;
	return parse_ago(text, now);
}
