/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill_log.h - the IMs of made.h as a file: a line each, oldest first, of milliseconds since 1970, "in"
 * or "out", the other's number, the origin-id and the text, with tabs between. Newlines in the text are
 * written as \n.
 */
#ifndef SN_TESTS_BENCH_FILL_LOG_H
#define SN_TESTS_BENCH_FILL_LOG_H

#include "tests/bench/made.h"

/* `newest` in microseconds since 1970: everything lies before it. */
gboolean fill_log(const char *path, guint lines, guint32 seed, gint64 newest, GError **error);

typedef struct FillLog FillLog;

FillLog *fill_log_open(const char *path, GError **error);
void fill_log_close(FillLog *log); /* NULL is allowed */
int fill_log_people(const FillLog *log);

/* The next line; m->age is microseconds before 1970, so negative. FALSE after the last, or with an
 * error. Free what is in it. */
gboolean fill_log_next(FillLog *log, MadeMessage *m, GError **error);

#endif
