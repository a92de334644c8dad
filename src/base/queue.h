/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.h - how threads hand each other owned items: many producers, one consumer, one eventfd.
 *
 * Ownership: an item belongs to the producer until sn_queue_push() returns TRUE, to the queue
 * until sn_queue_take() returns it, to the consumer afterwards. Items never taken are freed with
 * the queue's free function by sn_queue_unref(). Wake-ups are coalesced: the eventfd becomes
 * readable when the queue turns non-empty.
 */
#ifndef SN_BASE_QUEUE_H
#define SN_BASE_QUEUE_H

#include <glib.h>

typedef struct sn_queue SnQueue;

/*
 * max_weight: the sum of weights above which sn_queue_push() blocks the producer (back pressure
 * for a backend that is faster than the store); 0 = no bound. Thread: any.
 */
SnQueue *sn_queue_new(GDestroyNotify free_item, gsize max_weight);
SnQueue *sn_queue_ref(SnQueue *queue);
void sn_queue_unref(SnQueue *queue); /* NULL is fine */

/*
 * Blocks while the queue is over its weight, unless it is closed. FALSE (and the item still the
 * caller's) when the queue is closed. Thread: any producer.
 */
gboolean sn_queue_push(SnQueue *queue, gpointer item, gsize weight);

/* Waits up to timeout_ms until sn_queue_push() of that weight would not block; TRUE then. For
 * producers that must look up from time to time. */
gboolean sn_queue_wait_room(SnQueue *queue, gsize weight, int timeout_ms);

/* Like sn_queue_push() but never blocks, whatever the weight: for control items. */
gboolean sn_queue_push_urgent(SnQueue *queue, gpointer item, gsize weight);

/* The oldest item, or NULL when empty; never blocks. Thread: the consumer. */
gpointer sn_queue_take(SnQueue *queue);

/* How many items wait; for a producer that paces itself instead of blocking. Thread: any. */
guint sn_queue_length(SnQueue *queue);

/* Waits up to timeout_ms (-1: for ever) for an item; NULL on timeout or when closed and empty. */
gpointer sn_queue_wait(SnQueue *queue, int timeout_ms);

/* Readable while items wait or the queue is closed; owned by the queue. For poll() and GSource. */
int sn_queue_fd(SnQueue *queue);

/* No further push succeeds; blocked producers return FALSE. Items already queued can be taken. */
void sn_queue_close(SnQueue *queue);
gboolean sn_queue_is_closed(SnQueue *queue);

/*
 * Calls handler(item, data) on the thread that runs `context` for each item, at most `burst` per
 * turn so that timers and other sources get their say. The handler owns the item. Destroy the
 * returned source with g_source_destroy() and g_source_unref().
 */
typedef void (*SnQueueHandler)(gpointer item, gpointer data);
GSource *sn_queue_source(SnQueue *queue, GMainContext *context, guint burst, SnQueueHandler handler,
                         gpointer data);

#endif
