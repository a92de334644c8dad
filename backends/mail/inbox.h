/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inbox.h - what callers want from a backend's thread: requests by rank, cancelling, stopping.
 *
 * Requests are taken lowest rank first, in order of arrival within a rank. Taken requests stay
 * known as running until sn_inbox_finish(); a running request may take others in between.
 */
#ifndef SN_BACKENDS_MAIL_INBOX_H
#define SN_BACKENDS_MAIL_INBOX_H

#include <glib.h>

typedef struct sn_inbox SnInbox;

SnInbox *sn_inbox_new(GDestroyNotify free_item);
void sn_inbox_free(SnInbox *inbox); /* NULL is fine; nobody may use it any more */

/*
 * Takes the item. Any thread. FALSE (and the item still the caller's) after sn_inbox_stop().
 * interruptible: cancelling it while it runs makes sn_inbox_interrupt_fd() readable.
 */
gboolean sn_inbox_push(SnInbox *inbox, gpointer item, guint64 id, guint rank,
                       gboolean interruptible);

/*
 * Any thread. TRUE: it was still waiting and is freed; the caller reports CANCELLED. FALSE: it runs
 * (and is marked, see sn_inbox_cancelled()), or is not known (any more).
 */
gboolean sn_inbox_cancel(SnInbox *inbox, guint64 id);

/* Any thread; for good: everything the thread waits for ends. */
void sn_inbox_stop(SnInbox *inbox);
gboolean sn_inbox_stopping(SnInbox *inbox);

/* Any thread: wakes the thread and makes sn_inbox_kicked() TRUE once (connect now). */
void sn_inbox_kick(SnInbox *inbox);

/* ---- the backend's thread ---- */
/* NULL when none of at most max_rank waits. The item is the caller's; end it with finish. */
gpointer sn_inbox_take(SnInbox *inbox, guint max_rank);
/* Ends what was taken; TRUE when it had been cancelled meanwhile. */
gboolean sn_inbox_finish(SnInbox *inbox, guint64 id);
gboolean sn_inbox_cancelled(SnInbox *inbox, guint64 id);
gboolean sn_inbox_kicked(SnInbox *inbox);
gboolean sn_inbox_has(SnInbox *inbox, guint max_rank);

/* Waits until something is new, fd (-1: none) is readable, or the time is over (-1: never). */
void sn_inbox_wait(SnInbox *inbox, int fd, int timeout_ms);

/* Readable once stopped (for good) or interrupted (until the interrupted one is finished): what a
 * blocked stream polls. */
int sn_inbox_interrupt_fd(SnInbox *inbox);

#endif
