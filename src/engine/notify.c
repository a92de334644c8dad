/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.c - what the desktop is told, and what a click on it does.
 *
 * Incoming messages are gathered for a moment, so that a burst becomes one notification for each
 * conversation, and a flood one for all. The desktop's backend is made when it is first needed.
 */
#include "src/engine/sync_private.h"

#include "src/text/text.h"

enum {
	GATHER = 400,          /* ms */
	MAX_CONVERSATIONS = 3, /* more at once become one line */
	BODY_COLUMNS = 200,
};

typedef struct {
	SnId conversation, last;
	int count;
} News;

struct sn_notifier {
	SnEngine *engine;
	GArray *news; /* of News */
	GSource *timer;
	SnQueue *clicked;
	GSource *clicked_source;
	gboolean no_desktop; /* it could not be loaded: say so once */
};

/* A client shows what "ui.open" names and forgets it; the commit rings its bell. */
static void clicked(gpointer item, gpointer data)
{
	SnNotifier *notifier = data;
	gint64 *conversation = item;
	g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, *conversation);
	g_autoptr(GError) error = NULL;

	if (*conversation > 0 && !sn_store_set(notifier->engine->store, "ui.open", value, &error))
		g_warning("%s", error->message);
	g_free(conversation);
}

SnNotifier *sn_notifier_new(SnEngine *engine)
{
	SnNotifier *notifier = g_new0(SnNotifier, 1);

	notifier->engine = engine;
	notifier->news = g_array_new(FALSE, FALSE, sizeof(News));
	notifier->clicked = sn_queue_new(g_free, 0);
	notifier->clicked_source =
		sn_queue_source(notifier->clicked, engine->context, 1, clicked, notifier);
	return notifier;
}

void sn_notifier_free(SnNotifier *notifier)
{
	if (!notifier)
		return;
	SnEngine *engine = notifier->engine;
	if (notifier->timer) {
		g_source_destroy(notifier->timer);
		g_source_unref(notifier->timer);
	}
	if (engine->desktop)
		engine->desktop_ops->destroy(&engine->desktop);
	g_source_destroy(notifier->clicked_source);
	g_source_unref(notifier->clicked_source);
	sn_queue_unref(notifier->clicked);
	g_array_unref(notifier->news);
	g_free(notifier);
}

static gboolean have_desktop(SnEngine *engine)
{
	SnNotifier *notifier = engine->core->notifier;
	g_autoptr(GError) error = NULL;

	if (engine->desktop || notifier->no_desktop)
		return engine->desktop != NULL;
	if (engine->setup.backends.desktop)
		engine->desktop_ops = engine->setup.backends.desktop(&error);
	if (engine->desktop_ops)
		engine->desktop = engine->desktop_ops->create("sennit", notifier->clicked);
	if (!engine->desktop) {
		notifier->no_desktop = TRUE;
		g_info("No desktop notifications: %s", error ? error->message : "not built in");
	}
	return engine->desktop != NULL;
}

static gboolean is_wanted(const SnSettings *settings, SnNotifyKind kind)
{
	switch (kind) {
	case SN_NOTIFY_MESSAGE:
	case SN_NOTIFY_QUESTION: return settings->notify_incoming;
	case SN_NOTIFY_DELIVERED: return settings->notify_delivered;
	case SN_NOTIFY_FAILED: return settings->notify_failed;
	}
	g_assert_not_reached();
}

void sn_engine_notify(SnEngine *engine, SnNotifyKind kind, SnId conversation, const char *title,
                      const char *body)
{
	g_autofree char *line = sn_text_clean_line(title, -1);
	g_autofree char *text = sn_text_clean(body ? body : "", -1);

	if (!is_wanted(sn_config_settings(engine->config), kind) || !have_desktop(engine))
		return;
	engine->desktop_ops->notify(engine->desktop, kind, conversation, line, text);
}

/* ---- incoming messages ---- */

static void tell_one(SnEngine *engine, const News *news)
{
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(engine->store, news->conversation);
	g_autoptr(SnMessage) message = sn_message_get(engine->store, news->last, 0);
	gboolean preview = sn_config_settings(engine->config)->notify_preview;
	g_autofree char *body = NULL;

	if (!conversation || !message)
		return;
	if (news->count > 1)
		body = g_strdup_printf("%d new messages", news->count);
	else if (!preview)
		body = g_strdup(message->channel == SN_CHANNEL_MAIL ? "New email" : "New message");
	else if (message->subject && message->preview && *message->preview)
		body = g_strdup_printf("%s\n%s", message->subject, message->preview);
	else
		body = g_strdup(message->subject ? message->subject : message->preview);
	g_autofree char *fitted = sn_text_fit(body && *body ? body : "New message", BODY_COLUMNS);
	sn_engine_notify(engine, SN_NOTIFY_MESSAGE, conversation->id, conversation->title, fitted);
}

static void tell_all(SnEngine *engine, const GArray *news)
{
	int count = 0;

	for (guint i = 0; i < news->len; i++)
		count += g_array_index(news, News, i).count;
	g_autofree char *body =
		g_strdup_printf("%d new messages in %u conversations", count, news->len);
	sn_engine_notify(engine, SN_NOTIFY_MESSAGE, 0, "sennit", body);
}

static void gathered(gpointer data)
{
	SnNotifier *notifier = data;
	g_autoptr(GArray) news = g_steal_pointer(&notifier->news);

	g_clear_pointer(&notifier->timer, g_source_unref);
	notifier->news = g_array_new(FALSE, FALSE, sizeof(News));
	if (news->len > MAX_CONVERSATIONS) {
		tell_all(notifier->engine, news);
		return;
	}
	for (guint i = 0; i < news->len; i++)
		tell_one(notifier->engine, &g_array_index(news, News, i));
}

static void add_news(SnNotifier *notifier, SnId conversation, SnId message)
{
	for (guint i = 0; i < notifier->news->len; i++) {
		News *known = &g_array_index(notifier->news, News, i);
		if (known->conversation == conversation) {
			known->last = message;
			known->count++;
			return;
		}
	}
	News first = { conversation, message, 1 };
	g_array_append_val(notifier->news, first);
}

void sn_notifier_incoming(SnNotifier *notifier, SnId id)
{
	SnEngine *engine = notifier->engine;
	g_autoptr(SnMessage) message = sn_message_get(engine->store, id, 0);

	if (!sn_config_settings(engine->config)->notify_incoming || !message ||
	    message->direction != SN_IN || message->carried || (message->flags & SN_FLAG_SEEN) ||
	    message->about > 0)
		return;
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(engine->store, message->conversation);
	if (!conversation || conversation->muted || !sn_rooms_is_news(engine, message))
		return;
	add_news(notifier, conversation->id, id);
	if (!notifier->timer)
		notifier->timer = sn_engine_timer(engine, GATHER, gathered, notifier);
}
