/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/inbox.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct {
	gpointer item;
	guint64 id;
	guint rank;
	gboolean running, cancelled, interruptible;
} Entry;

struct sn_inbox {
	GMutex lock;
	GQueue entries; /* of Entry: by arrival; running ones stay until finished */
	GDestroyNotify free_item;
	gboolean stopping, kicked;
	int wake_fd, interrupt_fd;
};

static void raise_fd(int fd)
{
	uint64_t one = 1;
	ssize_t done = write(fd, &one, sizeof one);

	g_assert(done == sizeof one || errno == EAGAIN);
}

static void lower_fd(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
		;
}

SnInbox *sn_inbox_new(GDestroyNotify free_item)
{
	SnInbox *inbox = g_new0(SnInbox, 1);

	g_mutex_init(&inbox->lock);
	g_queue_init(&inbox->entries);
	inbox->free_item = free_item;
	inbox->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	inbox->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (inbox->wake_fd < 0 || inbox->interrupt_fd < 0)
		g_error("eventfd: %s", g_strerror(errno));
	return inbox;
}

void sn_inbox_free(SnInbox *inbox)
{
	if (!inbox)
		return;
	for (Entry *entry; (entry = g_queue_pop_head(&inbox->entries));) {
		if (!entry->running)
			inbox->free_item(entry->item);
		g_free(entry);
	}
	g_mutex_clear(&inbox->lock);
	close(inbox->wake_fd);
	close(inbox->interrupt_fd);
	g_free(inbox);
}

gboolean sn_inbox_push(SnInbox *inbox, gpointer item, guint64 id, guint rank,
		       gboolean interruptible)
{
	g_assert(item && id > 0);
	g_mutex_lock(&inbox->lock);
	gboolean open = !inbox->stopping;
	if (open) {
		Entry *entry = g_new0(Entry, 1);
		*entry = (Entry){
			.item = item, .id = id, .rank = rank, .interruptible = interruptible
		};
		g_queue_push_tail(&inbox->entries, entry);
		raise_fd(inbox->wake_fd);
	}
	g_mutex_unlock(&inbox->lock);
	return open;
}

/* Caller holds the lock. */
static GList *find(SnInbox *inbox, guint64 id)
{
	for (GList *link = inbox->entries.head; link; link = link->next)
		if (((Entry *)link->data)->id == id)
			return link;
	return NULL;
}

gboolean sn_inbox_cancel(SnInbox *inbox, guint64 id)
{
	gpointer item = NULL;

	g_mutex_lock(&inbox->lock);
	GList *link = find(inbox, id);
	Entry *entry = link ? link->data : NULL;
	if (entry && entry->running) {
		entry->cancelled = TRUE;
		if (entry->interruptible)
			raise_fd(inbox->interrupt_fd);
	} else if (entry) {
		item = entry->item;
		g_queue_delete_link(&inbox->entries, link);
		g_free(entry);
	}
	g_mutex_unlock(&inbox->lock);
	if (item)
		inbox->free_item(item);
	return item != NULL;
}

void sn_inbox_stop(SnInbox *inbox)
{
	g_mutex_lock(&inbox->lock);
	inbox->stopping = TRUE;
	raise_fd(inbox->wake_fd);
	raise_fd(inbox->interrupt_fd);
	g_mutex_unlock(&inbox->lock);
}

gboolean sn_inbox_stopping(SnInbox *inbox)
{
	g_mutex_lock(&inbox->lock);
	gboolean stopping = inbox->stopping;
	g_mutex_unlock(&inbox->lock);
	return stopping;
}

void sn_inbox_kick(SnInbox *inbox)
{
	g_mutex_lock(&inbox->lock);
	inbox->kicked = TRUE;
	raise_fd(inbox->wake_fd);
	g_mutex_unlock(&inbox->lock);
}

gboolean sn_inbox_kicked(SnInbox *inbox)
{
	g_mutex_lock(&inbox->lock);
	gboolean kicked = inbox->kicked;
	inbox->kicked = FALSE;
	g_mutex_unlock(&inbox->lock);
	return kicked;
}

/* Caller holds the lock. */
static Entry *first_waiting(SnInbox *inbox, guint max_rank)
{
	Entry *best = NULL;

	for (GList *link = inbox->entries.head; link; link = link->next) {
		Entry *entry = link->data;
		if (!entry->running && entry->rank <= max_rank &&
		    (!best || entry->rank < best->rank))
			best = entry;
	}
	return best;
}

gpointer sn_inbox_take(SnInbox *inbox, guint max_rank)
{
	gpointer item = NULL;

	g_mutex_lock(&inbox->lock);
	Entry *entry = first_waiting(inbox, max_rank);
	if (entry) {
		entry->running = TRUE;
		item = entry->item;
	}
	g_mutex_unlock(&inbox->lock);
	return item;
}

gboolean sn_inbox_has(SnInbox *inbox, guint max_rank)
{
	g_mutex_lock(&inbox->lock);
	gboolean has = first_waiting(inbox, max_rank) != NULL;
	g_mutex_unlock(&inbox->lock);
	return has;
}

gboolean sn_inbox_finish(SnInbox *inbox, guint64 id)
{
	g_mutex_lock(&inbox->lock);
	GList *link = find(inbox, id);
	g_assert(link && ((Entry *)link->data)->running);
	gboolean cancelled = ((Entry *)link->data)->cancelled;
	/* an interruption that came too late must not hit the next one */
	if (cancelled && !inbox->stopping)
		lower_fd(inbox->interrupt_fd);
	g_free(link->data);
	g_queue_delete_link(&inbox->entries, link);
	g_mutex_unlock(&inbox->lock);
	return cancelled;
}

gboolean sn_inbox_cancelled(SnInbox *inbox, guint64 id)
{
	g_mutex_lock(&inbox->lock);
	GList *link = find(inbox, id);
	gboolean cancelled = inbox->stopping || (link && ((Entry *)link->data)->cancelled);
	g_mutex_unlock(&inbox->lock);
	return cancelled;
}

void sn_inbox_wait(SnInbox *inbox, int fd, int timeout_ms)
{
	struct pollfd fds[2] = { { inbox->wake_fd, POLLIN, 0 }, { fd, POLLIN, 0 } };

	poll(fds, fd < 0 ? 1 : 2, timeout_ms);
	/* What raised it is looked at after this; a later raise is seen by the next wait. */
	if (fds[0].revents && !sn_inbox_stopping(inbox))
		lower_fd(inbox->wake_fd);
}

int sn_inbox_interrupt_fd(SnInbox *inbox)
{
	return inbox->interrupt_fd;
}
