/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/fake/fake_desktop.h"

struct sn_desktop {
	SnQueue *clicked; /* NULL */
};

/* The interface has no place for a test's pointer. */
static GMutex lock;
static GCond changed;
static GQueue shown = G_QUEUE_INIT; /* of SnNotification */
static SnDesktop *current;

void sn_fake_notification_free(SnNotification *notification)
{
	if (!notification)
		return;
	g_free(notification->title);
	g_free(notification->body);
	g_free(notification);
}

SnNotification *sn_fake_desktop_take(int timeout_ms)
{
	gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	SnNotification *notification;

	g_mutex_lock(&lock);
	while (!(notification = g_queue_pop_head(&shown)) &&
	       g_cond_wait_until(&changed, &lock, end))
		;
	g_mutex_unlock(&lock);
	return notification;
}

void sn_fake_desktop_click(gint64 tag)
{
	gint64 *item = g_new(gint64, 1);

	*item = tag;
	g_mutex_lock(&lock);
	if (!current || !current->clicked || !sn_queue_push_urgent(current->clicked, item, 0))
		g_free(item);
	g_mutex_unlock(&lock);
}

static SnDesktop *create(const char *app_name, SnQueue *clicked)
{
	SnDesktop *desktop = g_new0(SnDesktop, 1);

	desktop->clicked = clicked ? sn_queue_ref(clicked) : NULL;
	g_mutex_lock(&lock);
	g_assert(!current);
	current = desktop;
	g_mutex_unlock(&lock);
	return desktop;
}

static void notify(SnDesktop *desktop, SnNotifyKind kind, gint64 tag, const char *title,
		   const char *body)
{
	SnNotification *notification = g_new0(SnNotification, 1);

	*notification = (SnNotification){ kind, tag, g_strdup(title), g_strdup(body) };
	g_mutex_lock(&lock);
	g_queue_push_tail(&shown, notification);
	g_cond_broadcast(&changed);
	g_mutex_unlock(&lock);
}

static void destroy(SnDesktop **place)
{
	SnDesktop *desktop = *place;

	*place = NULL;
	if (!desktop)
		return;
	g_mutex_lock(&lock);
	g_assert(current == desktop);
	current = NULL;
	g_queue_clear_full(&shown, (GDestroyNotify)sn_fake_notification_free);
	g_mutex_unlock(&lock);
	sn_queue_unref(desktop->clicked);
	g_free(desktop);
}

const SnDesktopOps sn_fake_desktop_ops = {
	.create = create,
	.notify = notify,
	.destroy = destroy,
};
