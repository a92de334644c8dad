/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * when.h - times in the future as people write them. Pure: the present and the time zone are the
 * caller's.
 *
 * A zone is the one that holds at that time: "tomorrow 9:00" is nine o'clock on the wall, whether
 * the clocks change in the night or not, while "24h" is exactly a day later.
 */
#ifndef SN_BASE_WHEN_H
#define SN_BASE_WHEN_H

#include "src/base/clock.h"

/* What is accepted, for messages and manuals. */
#define SN_WHEN_FORMS                                                                           \
	"2h, 1h30m, 14:30, tomorrow 9:00, mon 9:00, 23 Nov 9:00, 2026-11-23 9:00 or "           \
	"2026-11-23T09:00:00+01:00"

/*
 * A duration from now (N followed by s m h d w, several in a row; "in" may stand before it), a time
 * of day (the next one: today, else tomorrow), a day and a time of day, or RFC 3339. Names of days
 * and months are English, in any case, short or whole. Nothing else is accepted, and nothing before
 * `now` or more than ten years after it. A time of day that comes twice when the clocks go back is
 * the first; one that the clocks skip is refused. zone NULL: the local one. SN_ERROR_INVALID.
 */
gboolean sn_when_parse(const char *text, SnTime now, GTimeZone *zone, SnTime *time, GError **error);

/* "90s" "1h30m" "7d" (s m h d w), more than 0 and at most ten years; SN_ERROR_INVALID. */
gboolean sn_span_parse(const char *text, SnTime *span, GError **error);
/* "2 h", "1 h 30 min", "3 days": exact to the minute, or to the second below one. Caller frees. */
char *sn_span_text(SnTime span);

/* "today 14:30", "tomorrow 09:00", "Mon 23 Nov 09:00", with the year when it is another one. A part
 * of it can be typed again. Caller frees. */
char *sn_when_text(SnTime time, SnTime now, GTimeZone *zone);

#endif
