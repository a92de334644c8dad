/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bell.h - how processes and threads that share a profile tell each other "look at the store".
 *
 * The bell is a small file; ringing writes one byte to it, listening is an inotify watch. It has
 * no stale peers, no path length limit, coalesces by itself, and costs nothing while nobody rings.
 * Whoever hears it looks at the store. Besides it holds one letter, for what cannot be written there:
 * that the store cannot be written.
 */
#ifndef SN_BASE_BELL_H
#define SN_BASE_BELL_H

#include <glib.h>

typedef struct sn_bell SnBell;

/* Creates the file (0600) where missing. Thread: the object may be used by one thread at a time. */
SnBell *sn_bell_open(const char *path, GError **error);
void sn_bell_free(SnBell *bell); /* NULL is fine */

/* Never blocks, never fails in a way that matters to the caller. */
void sn_bell_ring(SnBell *bell);

/* Leaves a letter, and rings; ' ' takes it back. A full disk cannot stop it once the bell has rung. */
void sn_bell_leave(SnBell *bell, char letter);
char sn_bell_left(SnBell *bell); /* by anybody; ' ': nothing */

/* Readable after anybody (this process included) rang; -1 before sn_bell_listen(). Where the kernel gives no
 * inotify, every two seconds: somebody may have rung. */
gboolean sn_bell_listen(SnBell *bell, GError **error);
int sn_bell_fd(SnBell *bell);

/* Empties the fd; TRUE if it had rung. Never blocks. */
gboolean sn_bell_answer(SnBell *bell);

#endif
