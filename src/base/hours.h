/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hours.h - times of the week, as people write them: quiet hours, hours of work.
 *
 *   22:00-07:00                       every day; a span that ends before it begins ends the next day
 *   mon-fri 18:00-08:30               from these days on
 *   mon wed 8:00-12:00 13:00-17:00    several days, several spans of each
 *   weekends                          whole days: weekends weekdays daily mon tue wed thu fri sat sun
 *   22:00-07:00, weekends             several, with commas: each says its own days
 *   none                              never (and says so, where leaving it out means "as elsewhere")
 *
 * Days are English, in any case, short or whole. Immutable; any thread. A zone is a name
 * ("Europe/Berlin"); NULL: the local one.
 */
#ifndef SN_BASE_HOURS_H
#define SN_BASE_HOURS_H

#include "src/base/clock.h"

typedef struct sn_hours SnHours;

/* NULL: `problem` (caller frees; may be NULL) says what is wrong, a part of a sentence. */
SnHours *sn_hours_parse(const char *text, char **problem);
void sn_hours_free(SnHours *hours);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnHours, sn_hours_free)
gboolean sn_hours_is_none(const SnHours *hours);
/* As people write them, in a normal form that parses to the same; caller frees. */
char *sn_hours_format(const SnHours *hours);

/*
 * Is `time` within, as clocks show it in `zone`? until: the end of what it is within (neighbouring
 * spans are one); 0 when it never ends, or when it is not within. NULL: not wanted.
 */
gboolean sn_hours_contain(const SnHours *hours, SnTime time, const char *zone, SnTime *until);
/* `time` itself when it is within, or when they are none; else when they begin next. */
SnTime sn_hours_next(const SnHours *hours, SnTime time, const char *zone);

/* "Europe/Berlin", "UTC", "+05:30": is it a time zone that this system knows? */
gboolean sn_zone_check(const char *name);
/* "07:00", or "Mon 07:00" when that is not the day of `now`; in the zone (NULL: here). Caller frees. */
char *sn_zone_clock(SnTime time, SnTime now, const char *zone);

#endif
