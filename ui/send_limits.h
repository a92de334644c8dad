/* SPDX-License-Identifier: GPL-3.0-or-later */
/* send_limits.h - files that the servers will not take, told before anything is queued. */
#ifndef SN_UI_SEND_LIMITS_H
#define SN_UI_SEND_LIMITS_H

#include "ui/composer.h"

/* "film.mp4 has 300 MB; the IM server takes files up to 16 MB.": caller frees. NULL: all of the
 * draft's files fit, or nothing is known. */
char *sn_send_too_large(SnApp *app, const SnPlan *plan);

/* Bytes of a file of a draft; -1 when that is not to be seen here (it is said when it is read). */
gint64 sn_send_file_size(SnApp *app, const char *file);
/* "3 files, 14 MB of 18 MB": of what the mail server takes, where that is known. NULL when there is
 * nothing to add up. Caller frees. */
char *sn_send_files_words(SnApp *app, const SnPlan *plan);

#endif
