/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fill_maildir.h - writes the emails of made.h as a Maildir, the same for the same seed and time. */
#ifndef SN_TESTS_BENCH_FILL_MAILDIR_H
#define SN_TESTS_BENCH_FILL_MAILDIR_H

#include <glib.h>

/*
 * `emails` messages in cur of `directory`, which is made; the last a few minutes before `newest`
 * (microseconds since 1970). One in three has an HTML alternative, one in twelve a file; on average
 * about 16 KB, or 2 KB if they are to be brief.
 */
gboolean fill_maildir(const char *directory, guint emails, guint32 seed, gint64 newest, gboolean brief,
                      GError **error);

#endif
