/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quiet.h - times of the week, as people write them:
 *
 *   22:00-07:00                 every day; a span that ends before it begins ends the next day
 *   mon-fri 18:00-08:30         from these days on
 *   weekends                    whole days: weekends weekdays daily mon tue wed thu fri sat sun
 *   22:00-07:00, weekends       several, with commas
 *   none                        never (and says so, where leaving it out means "as elsewhere")
 *
 * Immutable; any thread.
 */
#ifndef SN_BASE_QUIET_H
#define SN_BASE_QUIET_H

#include "src/base/clock.h"

typedef struct sn_hours SnQuiet;

/* NULL: `problem` (caller frees; may be NULL) says what is wrong, a part of a sentence. */
SnQuiet *sn_quiet_parse(const char *text, char **problem);
void sn_quiet_free(SnQuiet *hours);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnQuiet, sn_quiet_free)
gboolean sn_quiet_is_none(const SnQuiet *hours);
/* As people write them, in a normal form that parses to the same; caller frees. */
char *sn_quiet_format(const SnQuiet *hours);

/*
 * Is `time` within, as clocks show it in `zone` (NULL: here)? until: the end of what it is within
 * (neighbouring spans are one); 0 when it never ends, or when it is not within. NULL: not wanted.
 */
gboolean sn_quiet_contain(const SnQuiet *hours, SnTime time, const char *zone, SnTime *until);

/* "Europe/Berlin", "UTC", "+05:30": is it a time zone that this system knows? */
gboolean sn_zone_check(const char *name);
/* "07:00", or "Mon 07:00" when that is not the day of `now`; in the zone (NULL: here). Caller frees. */
char *sn_zone_clock(SnTime time, SnTime now, const char *zone);

#endif
