/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - the log file: what GLib's logging says, and (while the client owns the terminal) what
 * libraries print to stderr. Secrets never come here because nobody logs them.
 */
#ifndef SN_LOG_H
#define SN_LOG_H

#include <glib.h>

typedef struct sn_log SnLog;

/*
 * Opens `path` (0600) and sends GLib's log there, and to stderr as well when `both` (for a service
 * manager's journal). When the file cannot be opened, messages go to stderr alone. Once in a
 * process, before other threads run; the log lives as long as the process.
 */
SnLog *sn_log_open(const char *path, gboolean both);
/* From now on stderr is the log file; sn_log_give_back_stderr() undoes it. */
void sn_log_take_stderr(SnLog *log);
void sn_log_give_back_stderr(SnLog *log);

#endif
