/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/queue.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct {
	gpointer item;
	gsize weight;
} Entry;

/* Invariant: the eventfd is readable exactly while `entries` is non-empty or `closed` is set. */
struct sn_queue {
	gatomicrefcount refs;
	GMutex lock;
	GCond room;
	GQueue entries; /* of Entry */
	gsize weight, max_weight;
	guint waiting; /* for room */
	gboolean closed, signalled;
	GDestroyNotify free_item;
	int fd;
};

SnQueue *sn_queue_new(GDestroyNotify free_item, gsize max_weight)
{
	SnQueue *queue = g_new0(SnQueue, 1);

	g_atomic_ref_count_init(&queue->refs);
	g_mutex_init(&queue->lock);
	g_cond_init(&queue->room);
	g_queue_init(&queue->entries);
	queue->free_item = free_item;
	queue->max_weight = max_weight;
	queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->fd < 0)
		g_error("eventfd: %s", g_strerror(errno));
	return queue;
}

SnQueue *sn_queue_ref(SnQueue *queue)
{
	g_atomic_ref_count_inc(&queue->refs);
	return queue;
}

void sn_queue_unref(SnQueue *queue)
{
	if (!queue || !g_atomic_ref_count_dec(&queue->refs))
		return;
	for (Entry *entry; (entry = g_queue_pop_head(&queue->entries));) {
		if (queue->free_item)
			queue->free_item(entry->item);
		g_free(entry);
	}
	g_mutex_clear(&queue->lock);
	g_cond_clear(&queue->room);
	close(queue->fd);
	g_free(queue);
}

/* Caller holds the lock. */
static void update_signal(SnQueue *queue)
{
	gboolean want = queue->closed || !g_queue_is_empty(&queue->entries);
	uint64_t value = 1;
	ssize_t done;

	if (want == queue->signalled)
		return;
	if (want)
		done = write(queue->fd, &value, sizeof value);
	else
		done = read(queue->fd, &value, sizeof value);
	g_assert(done == sizeof value);
	queue->signalled = want;
}

/* Caller holds the lock. */
static gboolean is_full(SnQueue *queue, gsize weight)
{
	return queue->max_weight && !queue->closed && !g_queue_is_empty(&queue->entries) &&
	       queue->weight + weight > queue->max_weight;
}

gboolean sn_queue_wait_room(SnQueue *queue, gsize weight, int timeout_ms)
{
	gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

	g_mutex_lock(&queue->lock);
	queue->waiting++;
	while (is_full(queue, weight))
		if (!g_cond_wait_until(&queue->room, &queue->lock, end))
			break;
	queue->waiting--;
	gboolean room = !is_full(queue, weight);
	g_mutex_unlock(&queue->lock);
	return room;
}

static gboolean push(SnQueue *queue, gpointer item, gsize weight, gboolean may_block)
{
	gboolean accepted;

	g_assert(item);
	g_mutex_lock(&queue->lock);
	queue->waiting++;
	while (may_block && is_full(queue, weight))
		g_cond_wait(&queue->room, &queue->lock);
	queue->waiting--;
	accepted = !queue->closed;
	if (accepted) {
		Entry *entry = g_new(Entry, 1);
		*entry = (Entry){ item, weight };
		g_queue_push_tail(&queue->entries, entry);
		queue->weight += weight;
		update_signal(queue);
	}
	g_mutex_unlock(&queue->lock);
	return accepted;
}

gboolean sn_queue_push(SnQueue *queue, gpointer item, gsize weight)
{
	return push(queue, item, weight, TRUE);
}

gboolean sn_queue_push_urgent(SnQueue *queue, gpointer item, gsize weight)
{
	return push(queue, item, weight, FALSE);
}

gpointer sn_queue_take(SnQueue *queue)
{
	gpointer item = NULL;

	g_mutex_lock(&queue->lock);
	Entry *entry = g_queue_pop_head(&queue->entries);
	if (entry) {
		item = entry->item;
		queue->weight -= entry->weight;
		g_free(entry);
		update_signal(queue);
		if (queue->waiting) /* GLib calls the kernel even when nobody does */
			g_cond_broadcast(&queue->room);
	}
	g_mutex_unlock(&queue->lock);
	return item;
}

guint sn_queue_length(SnQueue *queue)
{
	g_mutex_lock(&queue->lock);
	guint length = g_queue_get_length(&queue->entries);
	g_mutex_unlock(&queue->lock);
	return length;
}

gpointer sn_queue_wait(SnQueue *queue, int timeout_ms)
{
	gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

	for (;;) {
		gpointer item = sn_queue_take(queue);
		if (item || sn_queue_is_closed(queue))
			return item;
		int left = -1;
		if (timeout_ms >= 0) {
			gint64 rest = (end - g_get_monotonic_time() + 999) / 1000;
			if (rest <= 0)
				return NULL;
			left = (int)rest;
		}
		struct pollfd poll_fd = { queue->fd, POLLIN, 0 };
		poll(&poll_fd, 1, left);
	}
}

int sn_queue_fd(SnQueue *queue)
{
	return queue->fd;
}

void sn_queue_close(SnQueue *queue)
{
	g_mutex_lock(&queue->lock);
	queue->closed = TRUE;
	update_signal(queue);
	g_cond_broadcast(&queue->room);
	g_mutex_unlock(&queue->lock);
}

gboolean sn_queue_is_closed(SnQueue *queue)
{
	g_mutex_lock(&queue->lock);
	gboolean closed = queue->closed;
	g_mutex_unlock(&queue->lock);
	return closed;
}

typedef struct {
	GSource source;
	SnQueue *queue;
	gpointer tag;
	guint burst;
	SnQueueHandler handler;
	gpointer data;
} QueueSource;

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
	QueueSource *self = (QueueSource *)source;
	gpointer item;

	(void)callback;
	(void)data;
	for (guint i = 0; i < self->burst && !g_source_is_destroyed(source) &&
	                  (item = sn_queue_take(self->queue));
	     i++)
		self->handler(item, self->data);
	/* A closed, drained queue stays readable for ever: stop watching instead of spinning. */
	if (sn_queue_is_closed(self->queue)) {
		g_mutex_lock(&self->queue->lock);
		gboolean empty = g_queue_is_empty(&self->queue->entries);
		g_mutex_unlock(&self->queue->lock);
		return !empty;
	}
	return G_SOURCE_CONTINUE;
}

static gboolean source_check(GSource *source)
{
	return g_source_query_unix_fd(source, ((QueueSource *)source)->tag) != 0;
}

static void source_finalize(GSource *source)
{
	sn_queue_unref(((QueueSource *)source)->queue);
}

GSource *sn_queue_source(SnQueue *queue, GMainContext *context, guint burst, SnQueueHandler handler,
                         gpointer data)
{
	static GSourceFuncs funcs = {
		.check = source_check, .dispatch = source_dispatch, .finalize = source_finalize
	};
	GSource *source = g_source_new(&funcs, sizeof(QueueSource));
	QueueSource *self = (QueueSource *)source;

	self->queue = sn_queue_ref(queue);
	self->burst = burst;
	self->handler = handler;
	self->data = data;
	self->tag = g_source_add_unix_fd(source, queue->fd, G_IO_IN);
	g_source_attach(source, context);
	return source;
}
