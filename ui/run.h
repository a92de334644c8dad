/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.h - other programs beside the terminal: what one prints, and those that go on by themselves. */
#ifndef SN_UI_RUN_H
#define SN_UI_RUN_H

#include <glib.h>

#include "src/base/error.h"

/*
 * What a program prints (standard output and error), at most a megabyte of it, without
 * the sequences that are for a terminal. It has no terminal,
 * and it and all it started are ended after `seconds`, or when `stop` (may be NULL) is no longer 0.
 * input: its standard input; NULL none. Worker thread. NULL with error: it could not be started, or
 * took too long; caller frees.
 */
char *sn_run_capture(const char *const *argv, GBytes *input, int seconds, const gint *stop,
                     GError **error);

/* Starts a program of a desktop, in a session of its own and without the terminal. */
gboolean sn_run_apart(const char *const *argv, GError **error);

/* Whether a shell command succeeds; one that takes longer than a few seconds does not. Worker. */
gboolean sn_run_test(const char *const *argv, const gint *stop);

#endif
