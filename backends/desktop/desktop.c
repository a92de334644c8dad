/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desktop.c - libnotify on a thread of its own.
 *
 * A daemon that hangs blocks each call for 25 seconds and nothing can interrupt that. So the
 * thread and its owner share their state by reference count: destroy() waits a moment for the
 * thread, and otherwise leaves it to find out by itself that nobody is there any more.
 */
#include "backends/desktop/desktop.h"

#include <gio/gio.h>
#include <libnotify/notify.h>
#include <string.h>

#define MAX_WAITING 8
#define MAX_SHOWN 32 /* kept in mind to be replaced or clicked */
#define MAX_TEXT 1000
#define END_WAIT_US (1500 * 1000)

struct sn_desktop {
	gatomicrefcount refs;
	char *app_name;
	SnQueue *clicked; /* NULL */
	SnQueue *orders;  /* of Order */

	GMutex lock;
	GCond changed;
	gboolean ended;
	gint stopping; /* atomic: what still waits is not wanted any more */

	/* the thread's */
	GMainContext *context;
	GHashTable *shown; /* tag -> NotifyNotification */
	GQueue order;      /* of gint64 *: tags as they came, keys of `shown` */
	gboolean asked, markup, actions, stop;
};

typedef struct {
	gboolean stop;
	SnNotifyKind kind;
	gint64 tag;
	char *title, *body;
} Order;

static void order_free(gpointer data)
{
	Order *order = data;

	g_free(order->title);
	g_free(order->body);
	g_free(order);
}

static void desktop_unref(SnDesktop *desktop)
{
	if (!g_atomic_ref_count_dec(&desktop->refs))
		return;
	sn_queue_unref(desktop->clicked);
	sn_queue_unref(desktop->orders);
	g_mutex_clear(&desktop->lock);
	g_cond_clear(&desktop->changed);
	g_free(desktop->app_name);
	g_free(desktop);
}

/* ---- showing ---- */

static const struct {
	NotifyUrgency urgency;
	const char *category;
} kinds[] = {
	[SN_NOTIFY_MESSAGE] = { NOTIFY_URGENCY_NORMAL, "im.received" },
	[SN_NOTIFY_DELIVERED] = { NOTIFY_URGENCY_LOW, "transfer.complete" },
	[SN_NOTIFY_FAILED] = { NOTIFY_URGENCY_CRITICAL, "transfer.error" },
	[SN_NOTIFY_QUESTION] = { NOTIFY_URGENCY_NORMAL, "im" },
};

/* Without these libnotify would start a bus of its own where there is none. */
static gboolean has_bus(void)
{
	const char *address = g_getenv("DBUS_SESSION_BUS_ADDRESS");

	if (address && *address)
		return TRUE;
	g_autofree char *socket = g_build_filename(g_get_user_runtime_dir(), "bus", NULL);
	return g_file_test(socket, G_FILE_TEST_EXISTS);
}

/* What the daemon can; FALSE when there is none. */
static gboolean ask_daemon(SnDesktop *desktop)
{
	GList *abilities;

	if (desktop->asked)
		return TRUE;
	abilities = notify_get_server_caps();
	if (!abilities)
		return FALSE;
	for (GList *link = abilities; link; link = link->next) {
		desktop->markup |= strcmp(link->data, "body-markup") == 0;
		desktop->actions |= strcmp(link->data, "actions") == 0;
	}
	g_list_free_full(abilities, g_free);
	return desktop->asked = TRUE;
}

static char *short_text(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

	if (g_utf8_strlen(valid, -1) <= MAX_TEXT)
		return g_steal_pointer(&valid);
	g_autofree char *cut = g_utf8_substring(valid, 0, MAX_TEXT);
	return g_strconcat(cut, "…", NULL);
}

static void forget(SnDesktop *desktop, gint64 tag)
{
	for (GList *link = desktop->order.head; link; link = link->next) {
		if (*(gint64 *)link->data != tag)
			continue;
		g_queue_delete_link(&desktop->order, link);
		g_hash_table_remove(desktop->shown, &tag);
		return;
	}
}

static void on_closed(NotifyNotification *notification, gpointer data)
{
	SnDesktop *desktop = data;
	gint64 *tag = g_object_get_data(G_OBJECT(notification), "tag");

	forget(desktop, *tag);
}

static void on_action(NotifyNotification *notification, char *action, gpointer data)
{
	SnDesktop *desktop = data;
	gint64 *tag = g_object_get_data(G_OBJECT(notification), "tag");
	gint64 *item = g_memdup2(tag, sizeof *tag);

	if (!desktop->clicked || !sn_queue_push_urgent(desktop->clicked, item, 0))
		g_free(item);
}

static NotifyNotification *notification_for(SnDesktop *desktop, gint64 tag, const char *title,
					    const char *body)
{
	NotifyNotification *notification = g_hash_table_lookup(desktop->shown, &tag);

	if (notification) {
		notify_notification_update(notification, title, body, NULL);
		return notification;
	}
	while (g_queue_get_length(&desktop->order) >= MAX_SHOWN)
		forget(desktop, *(gint64 *)g_queue_peek_head(&desktop->order));
	notification = notify_notification_new(title, body, NULL);
	gint64 *key = g_memdup2(&tag, sizeof tag);
	g_object_set_data_full(G_OBJECT(notification), "tag", g_memdup2(&tag, sizeof tag), g_free);
	g_hash_table_insert(desktop->shown, key, notification);
	g_queue_push_tail(&desktop->order, key);
	g_signal_connect(notification, "closed", G_CALLBACK(on_closed), desktop);
	if (desktop->actions)
		notify_notification_add_action(notification, "default", "Open", on_action, desktop,
					       NULL);
	return notification;
}

static void show(SnDesktop *desktop, const Order *order)
{
	g_autofree char *title = short_text(order->title);
	g_autofree char *body = short_text(order->body);
	g_autoptr(GError) error = NULL;

	if (!has_bus() || !ask_daemon(desktop))
		return;
	if (desktop->markup) {
		char *escaped = g_markup_escape_text(body, -1);
		g_free(body);
		body = escaped;
	}
	NotifyNotification *notification = notification_for(desktop, order->tag, title, body);
	notify_notification_set_urgency(notification, kinds[order->kind].urgency);
	notify_notification_set_category(notification, kinds[order->kind].category);
	notify_notification_set_hint(notification, "desktop-entry",
				     g_variant_new_string(desktop->app_name));
	if (!notify_notification_show(notification, &error)) {
		desktop->asked = FALSE; /* another daemon may come */
		forget(desktop, order->tag);
	}
}

/* ---- the thread ---- */

static void take_order(gpointer item, gpointer data)
{
	SnDesktop *desktop = data;
	Order *order = item;

	if (order->stop)
		desktop->stop = TRUE;
	else if (!g_atomic_int_get(&desktop->stopping))
		show(desktop, order);
	order_free(order);
}

/* The library's complaints belong neither on the screen nor into anybody's way. */
static void swallow(const char *domain, GLogLevelFlags level, const char *text, gpointer data)
{
}

static void unref_notification(gpointer data)
{
	g_signal_handlers_disconnect_matched(data, G_SIGNAL_MATCH_FUNC, 0, 0, NULL,
					     (gpointer)on_closed, NULL);
	g_object_unref(data);
}

static gpointer run(gpointer data)
{
	SnDesktop *desktop = data;

	desktop->context = g_main_context_new();
	g_main_context_push_thread_default(desktop->context);
	g_log_set_handler("libnotify", G_LOG_LEVEL_MASK, swallow, NULL);
	notify_init(desktop->app_name);
	desktop->shown =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, unref_notification);
	g_queue_init(&desktop->order);
	GSource *source =
		sn_queue_source(desktop->orders, desktop->context, 1, take_order, desktop);
	while (!desktop->stop)
		g_main_context_iteration(desktop->context, TRUE);
	g_source_destroy(source);
	g_source_unref(source);
	g_queue_clear(&desktop->order);
	g_hash_table_unref(desktop->shown);
	notify_uninit();
	/* what the library has left for this context, its proxy among it */
	while (g_main_context_iteration(desktop->context, FALSE))
		;
	g_main_context_pop_thread_default(desktop->context);
	g_main_context_unref(desktop->context);
	g_mutex_lock(&desktop->lock);
	desktop->ended = TRUE;
	g_cond_broadcast(&desktop->changed);
	g_mutex_unlock(&desktop->lock);
	desktop_unref(desktop);
	return NULL;
}

/* ---- the interface ---- */

static void push(SnDesktop *desktop, Order *order)
{
	if (!sn_queue_push_urgent(desktop->orders, order, 0))
		order_free(order);
}

static SnDesktop *create(const char *app_name, SnQueue *clicked)
{
	SnDesktop *desktop = g_new0(SnDesktop, 1);

	g_atomic_ref_count_init(&desktop->refs);
	g_atomic_ref_count_inc(&desktop->refs);
	g_mutex_init(&desktop->lock);
	g_cond_init(&desktop->changed);
	desktop->app_name = g_strdup(app_name);
	desktop->clicked = clicked ? sn_queue_ref(clicked) : NULL;
	desktop->orders = sn_queue_new(order_free, 0);
	g_thread_unref(g_thread_new("desktop", run, desktop));
	return desktop;
}

static void notify(SnDesktop *desktop, SnNotifyKind kind, gint64 tag, const char *title,
		   const char *body)
{
	Order *order = g_new(Order, 1);

	g_assert((gsize)kind < G_N_ELEMENTS(kinds));
	*order = (Order){ FALSE, kind, tag, g_strdup(title), g_strdup(body) };
	/* a daemon that hangs: the newest are worth more */
	while (sn_queue_length(desktop->orders) >= MAX_WAITING) {
		Order *oldest = sn_queue_take(desktop->orders);
		if (oldest)
			order_free(oldest);
	}
	push(desktop, order);
}

static void destroy(SnDesktop **place)
{
	SnDesktop *desktop = *place;
	gint64 end = g_get_monotonic_time() + END_WAIT_US;
	Order *order = g_new0(Order, 1);

	*place = NULL;
	if (!desktop) {
		g_free(order);
		return;
	}
	order->stop = TRUE;
	g_atomic_int_set(&desktop->stopping, TRUE);
	push(desktop, order);
	g_mutex_lock(&desktop->lock);
	while (!desktop->ended && g_cond_wait_until(&desktop->changed, &desktop->lock, end))
		;
	g_mutex_unlock(&desktop->lock);
	desktop_unref(desktop);
}

const SnDesktopOps sn_desktop_ops = {
	.create = create,
	.notify = notify,
	.destroy = destroy,
};
