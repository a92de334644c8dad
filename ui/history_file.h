/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history_file.h - command lines of earlier runs, in the state directory. */
#ifndef SN_UI_HISTORY_FILE_H
#define SN_UI_HISTORY_FILE_H

#include <glib.h>

/* Of char *, oldest first; empty when there is none. */
GPtrArray *sn_history_file_load(const char *state_dir);
/* Appends a line, not twice in a row. */
void sn_history_file_add(GPtrArray *history, const char *line);
/* Mode 0600; failure is only logged. */
void sn_history_file_save(const char *state_dir, const GPtrArray *history);

#endif
