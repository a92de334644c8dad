/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What ties messages of the timeline together: which one answers which, who told of which, and
 * whether that agrees. Read with the window; messages outside it are looked up once.
 */
#include <string.h>

#include "src/store/told.h"
#include "src/text/text.h"
#include "ui/timeline_private.h"
#include "ui/words.h"


void sn_timeline_ties_init(SnTimeline *timeline)
{
	timeline->relatives = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
	                                            (GDestroyNotify)sn_message_free);
	timeline->window = g_hash_table_new(g_int64_hash, g_int64_equal);
	timeline->answers = g_hash_table_new(g_int64_hash, g_int64_equal);
	timeline->amends = sn_timeline_amends_new();
	timeline->disputes =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
}

void sn_timeline_ties_free(SnTimeline *timeline)
{
	g_hash_table_unref(timeline->relatives);
	g_hash_table_unref(timeline->window);
	g_hash_table_unref(timeline->answers);
	g_hash_table_unref(timeline->disputes);
	g_hash_table_unref(timeline->amends);
}

static const SnMessage *relative(SnTimeline *timeline, SnId id)
{
	const SnMessage *known = g_hash_table_lookup(timeline->window, &id);

	if (!known)
		known = g_hash_table_lookup(timeline->relatives, &id);
	if (known || !id)
		return known;
	SnMessage *other = sn_message_get(timeline->app->store, id, 0);
	if (other)
		g_hash_table_insert(timeline->relatives, &other->id, other);
	return other;
}

/* "Bob, Carol": who told it otherwise. */
static char *names_of(SnStore *store, SnId message)
{
	g_autoptr(GPtrArray) tellers = sn_message_told(store, message);
	GString *names = g_string_new(NULL);

	for (guint i = 0; i < tellers->len; i++) {
		const SnTold *one = g_ptr_array_index(tellers, i);
		const char *name = one->by_self ? "you" : one->by_name;
		if (one->differs && !strstr(names->str, name))
			g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
	}
	return g_string_free(names, FALSE);
}

void sn_timeline_ties_read(SnTimeline *timeline)
{
	g_hash_table_remove_all(timeline->relatives);
	g_hash_table_remove_all(timeline->window);
	g_hash_table_remove_all(timeline->answers);
	g_hash_table_remove_all(timeline->disputes);
	sn_timeline_amends_read(timeline);
	for (guint i = 0; i < timeline->messages->len; i++) {
		SnMessage *message = g_ptr_array_index(timeline->messages, i);
		g_hash_table_insert(timeline->window, &message->id, message);
	}
	for (guint i = 0; i < timeline->messages->len; i++) {
		SnMessage *message = g_ptr_array_index(timeline->messages, i);
		relative(timeline, message->reply_to);
		relative(timeline, message->carried_by);
		if (message->reply_to && !g_hash_table_contains(timeline->answers, &message->reply_to))
			g_hash_table_insert(timeline->answers, &message->reply_to, message);
		if (message->contradicted & ~(guint)SN_DIFFERS_TELLER)
			g_hash_table_insert(timeline->disputes, &message->id,
			                    names_of(timeline->app->store, message->id));
	}
}

const char *sn_timeline_sender(const SnMessage *message)
{
	return sn_words_sender(message);
}

const char *sn_timeline_teller(SnTimeline *timeline, const SnMessage *message)
{
	const SnMessage *by = relative(timeline, message->carried_by);

	if (by)
		return by->direction == SN_OUT ? "you" : sn_timeline_sender(by);
	return timeline->conversation ? timeline->conversation->title : "the sender";
}

/* What an answer is to needs no word when it stands right above, on the same channel. */
static gboolean is_plain(const SnMessage *message, const SnMessage *before)
{
	if (!before || before->channel != message->channel)
		return FALSE;
	return before->id == message->reply_to ||
	       (before->reply_to == message->reply_to && before->sender == message->sender);
}

char *sn_timeline_answers(SnTimeline *timeline, const SnMessage *message, const SnMessage *before)
{
	const SnMessage *parent = message->reply_to ? relative(timeline, message->reply_to) : NULL;

	if (!parent || is_plain(message, before))
		return NULL;
	return sn_words_answers(parent, sn_app_now(timeline->app));
}

static gboolean has_gone(const SnMessage *message)
{
	return message->direction == SN_IN || message->state == SN_STATE_ACCEPTED ||
	       message->state == SN_STATE_DELIVERED || message->state == SN_STATE_READ;
}

char *sn_timeline_answered(SnTimeline *timeline, const SnMessage *message)
{
	const SnMessage *answer = g_hash_table_lookup(timeline->answers, &message->id);

	if (!answer || answer->channel == message->channel || !has_gone(answer))
		return NULL;
	g_autofree char *when = sn_words_when(answer->time, sn_app_now(timeline->app));
	return g_strdup_printf("%s answered by %s, %s", sn_timeline_sender(answer),
	                       sn_words_channel(answer->channel), when);
}

char *sn_timeline_disputed(SnTimeline *timeline, const SnMessage *message)
{
	const char *names = g_hash_table_lookup(timeline->disputes, &message->id);
	g_autofree char *what = sn_differs_words(message->contradicted & ~(guint)SN_DIFFERS_TELLER);

	return names ? g_strdup_printf("! told otherwise by %s: another %s", names, what) : NULL;
}

char *sn_timeline_brought(const SnMessage *message)
{
	const char *differ = message->contradicted & SN_DIFFERS_TELLER
	                             ? ", not all of them as you know them"
	                             : "";

	if (message->brought <= 0)
		return NULL;
	if (message->brought == 1)
		return g_strdup_printf("1 earlier message came along%s",
		                       *differ ? ", not as you know it" : "");
	return g_strdup_printf("%d earlier messages came along%s", message->brought, differ);
}
