/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/history.h"

#include <stdlib.h>
#include <string.h>

#include "src/route/thread.h"
#include "src/store/conversation.h"
#include "src/text/text.h"

#define MAX_MESSAGES 500 /* of one history */
#define MAX_LOOKED_AT 2000
#define PAGE 100
#define SESSION_MAX 50
#define OVERHEAD 600 /* headers of one message on the wire, roughly */

gboolean sn_history_parse(const char *text, const SnClock *clock, SnHistorySpec *spec,
                          GError **error)
{
	static const struct {
		const char *word;
		SnHistoryKind kind;
	} words[] = { { "none", SN_HISTORY_NONE },
		      { "thread", SN_HISTORY_THREAD },
		      { "all", SN_HISTORY_ALL },
		      { "picked", SN_HISTORY_PICKED } };

	*spec = (SnHistorySpec){ 0 };
	for (gsize i = 0; text && i < G_N_ELEMENTS(words); i++)
		if (strcmp(text, words[i].word) == 0) {
			spec->kind = words[i].kind;
			return TRUE;
		}
	if (text && g_str_has_prefix(text, "last:")) {
		guint64 count;
		if (g_ascii_string_to_unsigned(text + 5, 10, 1, MAX_MESSAGES, &count, NULL)) {
			*spec = (SnHistorySpec){ SN_HISTORY_LAST, (int)count, 0 };
			return TRUE;
		}
	} else if (text && g_str_has_prefix(text, "since:")) {
		SnTime since = sn_time_parse(text + 6, clock);
		if (since > 0) {
			*spec = (SnHistorySpec){ SN_HISTORY_SINCE, 0, since };
			return TRUE;
		}
	}
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
	            "\"%s\" is no choice of history; it is none, thread, last:N (1 to %d), "
	            "since:DATE (2026-11-01 or 3d), all or picked",
	            text ? text : "", MAX_MESSAGES);
	return FALSE;
}

char *sn_history_format(const SnHistorySpec *spec)
{
	switch (spec->kind) {
	case SN_HISTORY_NONE: return g_strdup("none");
	case SN_HISTORY_LAST: return g_strdup_printf("last:%d", spec->count);
	case SN_HISTORY_THREAD: return g_strdup("thread");
	case SN_HISTORY_SINCE: {
		g_autofree char *time = sn_time_format(spec->since);
		return g_strdup_printf("since:%s", time);
	}
	case SN_HISTORY_ALL: return g_strdup("all");
	case SN_HISTORY_PICKED: return g_strdup("picked");
	}
	g_assert_not_reached();
}

void sn_history_free(SnHistory *history)
{
	if (!history)
		return;
	g_array_unref(history->messages);
	g_free(history);
}

/* ---- who was a party to what ---- */

/* What one selection works with. The persons of addresses are remembered, because a long thread
 * names the same few addresses again and again. */
typedef struct {
	SnStore *store;
	SnConversation *conversation; /* NULL when it is gone */
	GArray *required;             /* of SnId: persons who must all have been a party */
	GPtrArray *values;            /* of char *: recipients that belong to nobody known */
	GHashTable *persons[2];       /* by channel: address -> SnId * */
	SnHistory *history;
	gboolean with_attachments, encrypted;
	gint64 max_size;
	int looked_at;
} Selection;

static SnId person_of(Selection *self, SnChannel channel, const char *value)
{
	SnId *known = g_hash_table_lookup(self->persons[channel], value);

	if (!known) {
		g_autoptr(SnAddress) address = sn_address_find(self->store, channel, value);
		known = g_new(SnId, 1);
		*known = address ? address->person : 0;
		g_hash_table_insert(self->persons[channel], g_strdup(value), known);
	}
	return *known;
}

static void require_person(Selection *self, SnId person)
{
	for (guint i = 0; i < self->required->len; i++)
		if (g_array_index(self->required, SnId, i) == person)
			return;
	g_array_append_val(self->required, person);
}

/*
 * A recipient is an address without its channel. The same string may be two humans, one by mail
 * and one by IM: unless one of them is whom this conversation is with, both must have been a party.
 */
static void require_recipient(Selection *self, const char *value)
{
	SnId mail = person_of(self, SN_CHANNEL_MAIL, value);
	SnId im = person_of(self, SN_CHANNEL_IM, value);
	SnId with = self->conversation ? self->conversation->person : 0;

	if (with && (mail == with || im == with))
		require_person(self, with);
	else if (!mail && !im)
		g_ptr_array_add(self->values, g_strdup(value));
	else {
		if (mail)
			require_person(self, mail);
		if (im)
			require_person(self, im);
	}
}

static gboolean is_party(Selection *self, const SnMessage *message, SnId person,
                         const char *value)
{
	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		if (party->role == SN_ROLE_REPLY_TO)
			continue;
		if (person ? person_of(self, message->channel, party->address) == person
		           : g_strcmp0(party->address, value) == 0)
			return TRUE;
	}
	if (!message->sender_value)
		return FALSE;
	return person ? person_of(self, message->channel, message->sender_value) == person
	              : g_strcmp0(message->sender_value, value) == 0;
}

/* A live message of a conversation with one person was by definition exchanged with that person. */
static gboolean is_between(Selection *self, const SnMessage *message, SnId person)
{
	return self->conversation && self->conversation->kind == SN_CONV_PERSON &&
	       !message->carried && message->conversation == self->conversation->id &&
	       self->conversation->person == person;
}

static gboolean all_were_party(Selection *self, const SnMessage *message)
{
	for (guint i = 0; i < self->required->len; i++) {
		SnId person = g_array_index(self->required, SnId, i);
		if (!is_between(self, message, person) && !is_party(self, message, person, NULL))
			return FALSE;
	}
	for (guint i = 0; i < self->values->len; i++)
		if (!is_party(self, message, 0, self->values->pdata[i]))
			return FALSE;
	return self->required->len + self->values->len > 0;
}

/* Told by the user himself or by one of the recipients; what a third one tells stays here. */
static gboolean told_by_us(Selection *self, const SnMessage *message)
{
	g_autoptr(SnMessage) by = sn_message_get(self->store, message->carried_by, 0);

	if (!by || !by->sender_value)
		return FALSE;
	if (by->direction == SN_OUT)
		return TRUE;
	SnId person = person_of(self, by->channel, by->sender_value);
	for (guint i = 0; i < self->required->len; i++)
		if (g_array_index(self->required, SnId, i) == person)
			return TRUE;
	return FALSE;
}

static gboolean was_exchanged(const SnMessage *message)
{
	if (message->flags & (SN_FLAG_DRAFT | SN_FLAG_DELETED))
		return FALSE;
	switch (message->state) {
	case SN_STATE_RECEIVED:
	case SN_STATE_ACCEPTED:
	case SN_STATE_DELIVERED:
	case SN_STATE_READ: return TRUE;
	default: return FALSE; /* not gone, or gone as something else */
	}
}

/* ---- selecting ---- */

static gint64 size_of(const Selection *self, const SnMessage *message, int *files)
{
	gint64 text = message->body ? (gint64)strlen(message->body) : 0, size = text + OVERHEAD;

	*files = 0;
	if (message->channel == SN_CHANNEL_MAIL &&
	    (self->with_attachments || message->attachments == 0))
		size = MAX(size, message->size);
	if (self->with_attachments)
		*files = message->attachments;
	for (guint i = 0; self->with_attachments && message->channel == SN_CHANNEL_IM &&
	                  message->parts && i < message->parts->len;
	     i++)
		size += MAX(0, ((const SnPart *)message->parts->pdata[i])->size);
	return size;
}

/* Called newest first. FALSE: no more is wanted. */
static gboolean offer(Selection *self, const SnMessage *message, int max_count)
{
	SnHistory *history = self->history;
	int files;

	if (!was_exchanged(message))
		return TRUE;
	if (!all_were_party(self, message) || (message->carried && !told_by_us(self, message))) {
		history->left_out_party++;
		return TRUE;
	}
	if (message->encrypted && !self->encrypted) {
		history->left_out_encrypted++;
		return TRUE;
	}
	gint64 size = size_of(self, message, &files);
	if (history->left_out_size || history->size + size > self->max_size) {
		history->left_out_size++; /* what is older than a gap is left out as well */
		return TRUE;
	}
	g_array_append_val(history->messages, message->id);
	history->size += size;
	history->files += files;
	if (message->channel == SN_CHANNEL_MAIL)
		history->mails++;
	else
		history->ims++;
	return (int)history->messages->len < max_count;
}

static void offer_all(Selection *self, const GPtrArray *oldest_first)
{
	for (guint i = oldest_first->len; i > 0; i--)
		if (!offer(self, oldest_first->pdata[i - 1], MAX_MESSAGES))
			return;
}

static void offer_pages(Selection *self, SnId conversation, int max_count, SnTime since)
{
	SnTime time = 0;
	SnId id = 0;

	while (self->looked_at < MAX_LOOKED_AT) {
		g_autoptr(GPtrArray) page = sn_message_page(self->store, conversation, time, id,
		                                            FALSE, PAGE, SN_MESSAGE_FULL);
		if (!page || page->len == 0)
			return;
		for (guint i = page->len; i > 0; i--) {
			const SnMessage *message = page->pdata[i - 1];
			if (message->time < since || !offer(self, message, max_count))
				return;
		}
		self->looked_at += (int)page->len;
		time = ((SnMessage *)page->pdata[0])->time;
		id = ((SnMessage *)page->pdata[0])->id;
	}
}

static void offer_thread(Selection *self, SnId conversation, SnId reply_to)
{
	g_autoptr(SnMessage) answered = reply_to
		? sn_message_get(self->store, reply_to, 0)
		: sn_thread_newest(self->store, conversation);

	if (!answered)
		return;
	g_autoptr(GPtrArray) thread =
		sn_thread_messages(self->store, answered, MAX_MESSAGES, SN_MESSAGE_FULL);
	if (answered->channel == SN_CHANNEL_IM && thread->len <= 1) {
		g_clear_pointer(&thread, g_ptr_array_unref);
		thread = sn_thread_session(self->store, answered, SESSION_MAX, SN_MESSAGE_FULL);
	}
	offer_all(self, thread);
}

static gint newest_first(gconstpointer a, gconstpointer b)
{
	const SnMessage *one = *(SnMessage *const *)a, *two = *(SnMessage *const *)b;

	if (one->time != two->time)
		return one->time > two->time ? -1 : 1;
	return one->id > two->id ? -1 : one->id < two->id;
}

static void offer_picked(Selection *self, const GArray *picked)
{
	g_autoptr(GPtrArray) messages =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);

	for (guint i = 0; picked && i < MIN(picked->len, MAX_MESSAGES); i++) {
		SnId *id = &g_array_index(picked, SnId, i);
		SnMessage *message = g_hash_table_add(seen, id)
			? sn_message_get(self->store, *id, SN_MESSAGE_FULL)
			: NULL;
		if (message)
			g_ptr_array_add(messages, message);
	}
	g_ptr_array_sort(messages, newest_first);
	for (guint i = 0; i < messages->len; i++)
		offer(self, messages->pdata[i], MAX_MESSAGES);
}

static void reverse(GArray *ids)
{
	for (guint i = 0, j = ids->len; i + 1 < j; i++) {
		SnId *one = &g_array_index(ids, SnId, i), *two = &g_array_index(ids, SnId, --j);
		SnId swap = *one;
		*one = *two;
		*two = swap;
	}
}

SnHistory *sn_history_select(SnStore *store, SnId conversation, SnId reply_to,
                             const SnHistorySpec *spec, const GArray *picked,
                             const GPtrArray *recipients, gboolean with_attachments,
                             gboolean encrypted, gint64 max_size)
{
	SnHistory *history = g_new0(SnHistory, 1);
	Selection self = { .store = store,
		           .history = history,
		           .with_attachments = with_attachments,
		           .encrypted = encrypted,
		           .max_size = max_size };

	history->messages = g_array_new(FALSE, FALSE, sizeof(SnId));
	if (spec->kind == SN_HISTORY_NONE)
		return history;
	self.conversation = sn_conversation_get(store, conversation);
	self.required = g_array_new(FALSE, FALSE, sizeof(SnId));
	self.values = g_ptr_array_new_with_free_func(g_free);
	for (int i = 0; i < 2; i++)
		self.persons[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (guint i = 0; recipients && i < recipients->len; i++)
		require_recipient(&self, ((const SnParty *)recipients->pdata[i])->address);

	switch (spec->kind) {
	case SN_HISTORY_NONE: break;
	case SN_HISTORY_LAST: offer_pages(&self, conversation, spec->count, 0); break;
	case SN_HISTORY_THREAD: offer_thread(&self, conversation, reply_to); break;
	case SN_HISTORY_SINCE:
		offer_pages(&self, conversation, MAX_MESSAGES, spec->since);
		break;
	case SN_HISTORY_ALL: offer_pages(&self, conversation, MAX_MESSAGES, 0); break;
	case SN_HISTORY_PICKED: offer_picked(&self, picked); break;
	}
	reverse(history->messages);
	g_assert((int)history->messages->len == history->mails + history->ims);

	sn_conversation_free(self.conversation);
	g_array_unref(self.required);
	g_ptr_array_unref(self.values);
	for (int i = 0; i < 2; i++)
		g_hash_table_unref(self.persons[i]);
	return history;
}

static void add_count(GString *text, int count, const char *one, const char *many)
{
	if (count > 0)
		g_string_append_printf(text, "%s%d %s", text->len ? ", " : "", count,
		                       count == 1 ? one : many);
}

char *sn_history_summary(const SnHistory *history)
{
	GString *text = g_string_new(NULL);

	add_count(text, history->mails, "email", "emails");
	add_count(text, history->ims, "IM", "IMs");
	add_count(text, history->files, "file", "files");
	if (text->len == 0) {
		g_string_append(text, "no history");
	} else {
		g_autofree char *size = sn_text_size(history->size);
		g_string_append_printf(text, ", %s", size);
	}
	return g_string_free(text, FALSE);
}
