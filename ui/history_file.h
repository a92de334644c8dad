/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history_file.h - what was typed in earlier runs, in the state directory. */
#ifndef SN_UI_HISTORY_FILE_H
#define SN_UI_HISTORY_FILE_H

#include <glib.h>

#define SN_HISTORY_COMMANDS "history"
#define SN_HISTORY_SEARCHES "searches"

/* Of char *, oldest first; empty when there is none. name: one of the above. */
GPtrArray *sn_history_file_load(const char *state_dir, const char *name);
/* Appends a line, not twice in a row. */
void sn_history_file_add(GPtrArray *history, const char *line);
/* Mode 0600; failure is only logged. */
void sn_history_file_save(const char *state_dir, const char *name, const GPtrArray *history);

#endif
