/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock.h - time as milliseconds since 1970 UTC, from a clock that tests can replace. */
#ifndef SN_BASE_CLOCK_H
#define SN_BASE_CLOCK_H

#include <glib.h>

typedef gint64 SnTime; /* ms since the epoch, UTC; 0 = unknown or never */

#define SN_SECOND ((SnTime)1000)
#define SN_MINUTE (60 * SN_SECOND)
#define SN_HOUR (60 * SN_MINUTE)
#define SN_DAY (24 * SN_HOUR)

typedef struct {
	SnTime (*now)(gpointer data); /* required; any thread */
	gpointer data;
	/* ms of a clock that nobody sets and that stands still while the machine sleeps; NULL: there is
	 * none, and no sleep is noticed */
	SnTime (*steady)(gpointer data);
} SnClock;

/* The wall clock; static. */
const SnClock *sn_clock_system(void);
SnTime sn_clock_now(const SnClock *clock); /* NULL = the wall clock */

/*
 * Notices when the wall clock went another way than the time that passed: the machine slept, or
 * somebody set the clock. sn_clock_jump() gives how far since the last call, in ms: more than 0
 * forward, less than 0 back, 0 when it is less than two seconds.
 */
typedef struct {
	SnTime wall, steady;
} SnClockWatch;
void sn_clock_watch(SnClockWatch *watch, const SnClock *clock);
SnTime sn_clock_jump(SnClockWatch *watch, const SnClock *clock);
/* A file descriptor that is readable when the wall clock was set, or the machine woke; -1 where the
 * system has none. sn_clock_alarm_arm() after each reading, and once in the beginning. */
int sn_clock_alarm_new(void);
gboolean sn_clock_alarm_arm(int fd);

/* RFC 3339 in UTC with a Z ("2026-11-22T10:05:46Z", with .mmm when not whole); caller frees. */
char *sn_time_format(SnTime time);
/* RFC 3339, a date (midnight local), "today", "yesterday", or N followed by m h d w (ago); 0 if none. */
SnTime sn_time_parse(const char *text, const SnClock *clock);

#endif
