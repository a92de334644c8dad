/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - what programs read (DESIGN section 11): fields are only ever added. */
#include <jansson.h>
#include <stdlib.h>

#include "src/cli/opened.h"
#include "src/route/schedule.h"
#include "src/store/told.h"

void sn_json_begin(SnJsonList *list)
{
	list->count = 0;
	putchar('[');
}

void sn_json_item(SnJsonList *list, SnJson *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	g_assert(text);
	printf("%s\n%s", list->count ? "," : "", text);
	list->count++;
	free(text);
	json_decref(object);
}

void sn_json_end(SnJsonList *list)
{
	puts(list->count ? "\n]" : "]");
}

SnJson *sn_json_object(void)
{
	return json_object();
}

/* jansson refuses what is not UTF-8. */
static json_t *string(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	return json_string(valid);
}

void sn_json_text(SnJson *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, string(text));
}

void sn_json_int(SnJson *object, const char *key, gint64 value)
{
	json_object_set_new(object, key, json_integer(value));
}

void sn_json_bool(SnJson *object, const char *key, gboolean value)
{
	json_object_set_new(object, key, json_boolean(value));
}

void sn_json_time(SnJson *object, const char *key, SnTime time)
{
	g_autofree char *text = time ? sn_time_format(time) : NULL;
	sn_json_text(object, key, text);
}

SnJson *sn_json_array(SnJson *object, const char *key)
{
	json_t *array = json_array();

	json_object_set_new(object, key, array);
	return array;
}

void sn_json_put(SnJson *object, const char *key, SnJson *value)
{
	json_object_set_new(object, key, value);
}

void sn_json_drop(SnJson *object, const char *key)
{
	json_object_del(object, key);
}

void sn_json_append_text(SnJson *array, const char *text)
{
	json_array_append_new(array, string(text));
}

void sn_json_append(SnJson *array, SnJson *object)
{
	json_array_append_new(array, object);
}

static void add_parties(SnJson *object, const char *key, const GPtrArray *parties, SnRole role)
{
	SnJson *array = NULL;

	for (guint i = 0; parties && i < parties->len; i++) {
		const SnParty *party = parties->pdata[i];
		if (party->role != role)
			continue;
		if (!array)
			array = sn_json_array(object, key);
		sn_json_append_text(array, party->address);
	}
}

static void add_tags(SnJson *object, const char *tags)
{
	g_auto(GStrv) words = g_strsplit(tags ? tags : "", " ", -1);
	SnJson *array = tags && *tags ? sn_json_array(object, "tags") : NULL;

	for (char **word = words; array && *word; word++)
		sn_json_append_text(array, *word);
}

static void add_attachments(SnJson *object, const GPtrArray *parts)
{
	SnJson *array = NULL;

	for (guint i = 0; parts && i < parts->len; i++) {
		const SnPart *part = parts->pdata[i];
		if (part->inline_)
			continue;
		SnJson *item = sn_json_object();
		sn_json_text(item, "name", part->name);
		sn_json_text(item, "type", part->type);
		if (part->size >= 0)
			sn_json_int(item, "size", part->size);
		sn_json_text(item, "sha256", part->sha256);
		sn_json_text(item, "url", part->url);
		sn_json_text(item, "path", part->path);
		if (!array)
			array = sn_json_array(object, "attachments");
		sn_json_append(array, item);
	}
}

/* In what others told it otherwise. */
static void add_differs(SnJson *object, guint contradicted)
{
	g_autofree char *words = sn_differs_words(contradicted);
	g_auto(GStrv) split = g_strsplit(words, ", ", -1);
	SnJson *array = contradicted ? sn_json_array(object, "contradicted") : NULL;

	for (char **word = split; array && *word; word++)
		sn_json_append_text(array, *word);
}

SnJson *sn_json_message(const SnMessage *message)
{
	SnJson *object = sn_json_object();

	sn_json_int(object, "id", message->id);
	sn_json_int(object, "conversation", message->conversation);
	sn_json_text(object, "channel", sn_channel_word(message->channel));
	sn_json_text(object, "direction", sn_direction_word(message->direction));
	sn_json_time(object, "time", message->time);
	sn_json_text(object, "from", message->sender_value);
	sn_json_text(object, "from_name", message->sender_name);
	add_parties(object, "to", message->parties, SN_ROLE_TO);
	add_parties(object, "cc", message->parties, SN_ROLE_CC);
	sn_json_text(object, "subject", message->subject);
	sn_json_text(object, "body", message->body);
	add_tags(object, message->tags);
	sn_json_text(object, "state", sn_state_word(message->state));
	sn_json_text(object, "message_id", message->message_id);
	sn_json_text(object, "origin_id", message->origin_id);
	if (message->reply_to)
		sn_json_int(object, "reply_to", message->reply_to);
	sn_json_text(object, "in_reply_to", message->in_reply_to);
	sn_json_text(object, "thread", message->thread);
	sn_json_bool(object, "carried", message->carried);
	if (message->carried_by)
		sn_json_int(object, "carried_by", message->carried_by);
	add_differs(object, message->contradicted);
	if (message->brought)
		sn_json_int(object, "brought", message->brought);
	sn_json_bool(object, "encrypted", message->encrypted);
	if (message->direction == SN_IN && !message->carried)
		sn_json_bool(object, "unread", !(message->flags & SN_FLAG_SEEN));
	if (message->outbox)
		sn_json_int(object, "outbox", message->outbox);
	sn_json_text(object, "notice", message->notice);
	add_attachments(object, message->parts);
	return object;
}

char *sn_entry_to(const SnOutboxEntry *entry)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; entry->recipients && i < entry->recipients->len; i++) {
		const SnParty *party = entry->recipients->pdata[i];
		g_string_append_printf(text, "%s%s", text->len ? ", " : "", party->address);
	}
	return g_string_free(text, FALSE);
}

static void add_when(SnJson *object, guint when)
{
	g_autofree char *text = sn_when_words(when);
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	SnJson *array = *text ? sn_json_array(object, "when") : NULL;

	for (char **word = words; array && *word; word++)
		sn_json_append_text(array, *word);
}

char *sn_cli_entry_next(SnStore *store, const SnOutboxEntry *entry)
{
	return sn_entry_next(store, entry, entry->behind, sn_clock_now(NULL));
}

/* Those of whom something was heard. */
static void add_outcomes(SnStore *store, SnJson *object, SnId entry)
{
	g_autoptr(GPtrArray) all = sn_outcome_list(store, entry);
	SnJson *array = NULL;

	for (guint i = 0; i < all->len; i++) {
		const SnOutcome *one = all->pdata[i];
		if (one->fate == SN_FATE_NONE)
			continue;
		SnJson *item = sn_json_object();
		sn_json_text(item, "address", one->address);
		sn_json_text(item, "state", sn_fate_word(one->fate));
		sn_json_time(item, "time", one->time);
		sn_json_text(item, "reason", one->text);
		array = array ? array : sn_json_array(object, "recipients");
		sn_json_append(array, item);
	}
}

SnJson *sn_json_entry(SnStore *store, const SnOutboxEntry *entry)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(store, entry->id);
	g_autofree char *to = sn_entry_to(entry);
	g_autofree char *next = sn_cli_entry_next(store, entry);
	SnJson *object = sn_json_object();

	sn_json_int(object, "id", entry->id);
	sn_json_int(object, "conversation", entry->conversation);
	sn_json_int(object, "message", entry->message);
	sn_json_text(object, "to", to);
	sn_json_text(object, "from", entry->from);
	sn_json_text(object, "channel", sn_channel_word(entry->channel));
	sn_json_text(object, "subject", entry->subject);
	sn_json_text(object, "state", sn_state_word(entry->state));
	sn_json_text(object, "reason", entry->reason);
	sn_json_text(object, "error", entry->error_word);
	sn_json_time(object, "next", sn_entry_next_time(entry));
	sn_json_text(object, "next_step", next);
	if (entry->request)
		sn_json_text(object, "request", sn_outbox_request_word(entry->request));
	sn_json_time(object, "send_at", entry->send_at);
	add_when(object, entry->when);
	if (entry->then)
		sn_json_text(object, "then", entry->then == SN_RULE_FAIL ? "fail" : "mail");
	if (entry->encrypt)
		sn_json_text(object, "encrypt", sn_encrypt_word(entry->encrypt));
	sn_json_int(object, "attempts", entry->attempts);
	sn_json_time(object, "created", entry->created);
	sn_json_time(object, "expires", entry->expires);
	if (entry->converted_to)
		sn_json_int(object, "converted_to", entry->converted_to);
	sn_json_text(object, "message_id", entry->message_id);
	sn_json_text(object, "origin_id", entry->origin_id);
	add_outcomes(store, object, entry->id);
	if (entry->channel == SN_CHANNEL_IM && entry->message) {
		g_autoptr(SnMessage) message = sn_message_get(store, entry->message, 0);
		if (message)
			sn_cli_json_e2e(object, message);
	}
	SnJson *array = sn_json_array(object, "events");
	for (guint i = 0; events && i < events->len; i++) {
		const SnOutboxEvent *event = events->pdata[i];
		SnJson *item = sn_json_object();
		sn_json_time(item, "time", event->time);
		sn_json_text(item, "what", event->what);
		sn_json_text(item, "detail", event->detail);
		sn_json_append(array, item);
	}
	return object;
}
