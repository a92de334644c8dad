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
} SnClock;

/* The wall clock; static. */
const SnClock *sn_clock_system(void);
SnTime sn_clock_now(const SnClock *clock); /* NULL = the wall clock */

/* RFC 3339 in UTC with a Z ("2026-11-22T10:05:46Z", with .mmm when not whole); caller frees. */
char *sn_time_format(SnTime time);
/* RFC 3339, a date (midnight local), "today", "yesterday", or N followed by m h d w (ago); 0 if none. */
SnTime sn_time_parse(const char *text, const SnClock *clock);

#endif
