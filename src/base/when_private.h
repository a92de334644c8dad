/* SPDX-License-Identifier: GPL-3.0-or-later */
/* when_private.h - words and days, shared by when.c and hours.c. zone NULL: the local one. */
#ifndef SN_BASE_WHEN_PRIVATE_H
#define SN_BASE_WHEN_PRIVATE_H

#include "src/base/when.h"

enum { WEEK = 7, DAY_MINUTES = 24 * 60 };

extern const char *const sn_when_days[]; /* "monday" first */

/* Index of the name that `word` is, whole or its first three letters; -1. */
int sn_when_name(const char *const *names, int count, const char *word);
/* "9:00" "14:30": minutes of the day; -1. */
int sn_when_minute(const char *word);
GDateTime *sn_when_local(SnTime time, GTimeZone *zone); /* NULL beyond the calendar */
int sn_when_weekday(SnTime time, GTimeZone *zone);      /* 0 Monday */
/* This minute of the day `after` days from that of `now`. *skipped: the clocks go past it, and the
 * time is the one at which they do. */
SnTime sn_when_day(SnTime now, int after, int minute, GTimeZone *zone, gboolean *skipped);

#endif
