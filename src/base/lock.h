/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lock.h - the lock file that makes exactly one engine run for a profile. */
#ifndef SN_BASE_LOCK_H
#define SN_BASE_LOCK_H

#include <glib.h>

typedef struct sn_lock SnLock;

/*
 * NULL with SN_ERROR_BUSY when another process (or another lock of this one) holds it; the message
 * names its process id. The lock ends with sn_lock_release() or with the process, however it ends.
 */
SnLock *sn_lock_take(const char *path, GError **error);
void sn_lock_release(SnLock *lock); /* NULL is fine */

/* The process id of the holder, or 0 when it is free. */
int sn_lock_holder(const char *path);

#endif
