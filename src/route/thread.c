/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/thread.h"

#include <string.h>

#include "src/base/ids.h"

#define SESSION_GAP (2 * SN_HOUR)
#define LOOK_BACK 200 /* messages of the conversation searched for the root of a hashed thread */

static gint by_time(gconstpointer a, gconstpointer b)
{
	const SnMessage *one = *(SnMessage *const *)a, *two = *(SnMessage *const *)b;

	if (one->time != two->time)
		return one->time < two->time ? -1 : 1;
	return one->id < two->id ? -1 : one->id > two->id;
}

static gboolean holds(const GPtrArray *messages, SnId id)
{
	for (guint i = 0; i < messages->len; i++)
		if (((SnMessage *)messages->pdata[i])->id == id)
			return TRUE;
	return FALSE;
}

static void add_thread(SnStore *store, GPtrArray *into, const char *key, int limit, guint what)
{
	g_autoptr(GPtrArray) found = sn_message_thread(store, key, limit, what);

	while (found && found->len > 0) {
		SnMessage *message = g_ptr_array_steal_index(found, found->len - 1);
		if (holds(into, message->id))
			sn_message_free(message);
		else
			g_ptr_array_add(into, message);
	}
}

static gboolean is_hash(const char *key)
{
	return strlen(key) == 24 && strspn(key, "0123456789abcdef") == 24;
}

/* The root Message-ID whose hash is `key`, from the emails of the conversation; NULL. */
static char *root_of_hash(SnStore *store, SnId conversation, const char *key)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(store, conversation, 0, 0, FALSE, LOOK_BACK, 0);

	for (guint i = page ? page->len : 0; i > 0; i--) {
		const SnMessage *message = page->pdata[i - 1];
		if (message->channel != SN_CHANNEL_MAIL || !message->thread)
			continue;
		g_autofree char *hash = sn_id_thread(message->thread);
		if (strcmp(hash, key) == 0)
			return g_strdup(message->thread);
	}
	return NULL;
}

GPtrArray *sn_thread_messages(SnStore *store, const SnMessage *message, int limit, guint what)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	g_assert(message && limit > 0);
	if (message->thread) {
		add_thread(store, all, message->thread, limit, what);
		g_autofree char *other =
			is_hash(message->thread)
				? root_of_hash(store, message->conversation, message->thread)
				: sn_id_thread(message->thread);
		if (other)
			add_thread(store, all, other, limit, what);
	}
	if (!holds(all, message->id)) {
		SnMessage *self = sn_message_get(store, message->id, what);
		if (self)
			g_ptr_array_add(all, self);
	}
	g_ptr_array_sort(all, by_time);
	if (all->len > (guint)limit)
		g_ptr_array_remove_range(all, 0, all->len - limit);
	return all;
}

GPtrArray *sn_thread_session(SnStore *store, const SnMessage *message, int limit, guint what)
{
	GPtrArray *session = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	g_autoptr(GPtrArray) page =
		sn_message_page(store, message->conversation, message->time, message->id, FALSE,
	                        limit, what);
	SnTime time = message->time;
	guint first = page ? page->len : 0;

	g_assert(message->channel == SN_CHANNEL_IM);
	while (first > 0) {
		const SnMessage *earlier = page->pdata[first - 1];
		if (time - earlier->time > SESSION_GAP)
			break;
		if (earlier->channel == SN_CHANNEL_IM)
			time = earlier->time;
		first--;
	}
	for (guint i = first; page && i < page->len; i++) {
		const SnMessage *earlier = page->pdata[i];
		if (earlier->channel == SN_CHANNEL_IM && earlier->id != message->id) {
			SnMessage *copy = sn_message_get(store, earlier->id, what);
			if (copy)
				g_ptr_array_add(session, copy);
		}
	}
	SnMessage *self = sn_message_get(store, message->id, what);
	if (self)
		g_ptr_array_add(session, self);
	return session;
}

SnMessage *sn_thread_email(SnStore *store, const SnMessage *message)
{
	if (message->channel == SN_CHANNEL_MAIL)
		return sn_message_get(store, message->id, 0);
	g_autoptr(GPtrArray) thread = sn_thread_messages(store, message, 100, 0);
	for (guint i = thread->len; i > 0; i--) {
		const SnMessage *one = thread->pdata[i - 1];
		gboolean exchanged = one->direction == SN_IN || one->state == SN_STATE_ACCEPTED ||
		                     one->state == SN_STATE_DELIVERED ||
		                     one->state == SN_STATE_READ;
		if (one->channel == SN_CHANNEL_MAIL && one->message_id && !one->carried &&
		    exchanged)
			return sn_message_get(store, one->id, 0);
	}
	return NULL;
}

SnMessage *sn_thread_newest(SnStore *store, SnId conversation)
{
	g_autoptr(GPtrArray) page = sn_message_page(store, conversation, 0, 0, FALSE, 50, 0);

	for (guint i = page ? page->len : 0; i > 0; i--) {
		const SnMessage *message = page->pdata[i - 1];
		if (message->direction == SN_IN && !message->carried)
			return sn_message_get(store, message->id, SN_MESSAGE_FULL);
	}
	for (guint i = page ? page->len : 0; i > 0; i--) {
		const SnMessage *message = page->pdata[i - 1];
		if (!message->carried && message->state != SN_STATE_DRAFT)
			return sn_message_get(store, message->id, SN_MESSAGE_FULL);
	}
	return NULL;
}
