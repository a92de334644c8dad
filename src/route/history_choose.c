/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/route/history_private.h"
#include "src/route/thread.h"

#define PAGE 100
#define SESSION_MAX 50

typedef struct {
	SnStore *store;
	const SnHistoryRequest *request;
	SnJudge judge;
	SnHistory *history;
} Choice;

static void say_outsider(SnHistory *history, const char *outsider)
{
	if (outsider && !history->outsider)
		history->outsider = g_strdup(outsider);
}

/* Called newest first. FALSE: no more is wanted. */
static gboolean offer(Choice *self, const SnMessage *message, int max_count)
{
	SnHistory *history = self->history;
	gboolean with_files = self->request->with_attachments;
	const char *outsider = NULL;
	gint64 size;

	history->looked_at++;
	switch (sn_judge_message(&self->judge, message, &outsider)) {
	case SN_TRAVEL_NOT_SENT: return TRUE;
	case SN_TRAVEL_NO_PARTY:
	case SN_TRAVEL_TOLD:
		history->left_out_party++;
		say_outsider(history, outsider);
		return TRUE;
	case SN_TRAVEL_ENCRYPTED: history->left_out_encrypted++; return TRUE;
	case SN_TRAVEL_YES: break;
	}
	size = sn_history_size(message, with_files);
	if (history->left_out_size || history->size + size > self->request->max_size) {
		history->left_out_size++; /* what is older than a gap is left out as well */
		return TRUE;
	}
	g_array_append_val(history->messages, message->id);
	history->size += size;
	history->files += with_files ? message->attachments : 0;
	if (message->channel == SN_CHANNEL_MAIL)
		history->mails++;
	else
		history->ims++;
	return (int)history->messages->len < max_count;
}

static void offer_all(Choice *self, const GPtrArray *oldest_first)
{
	for (guint i = oldest_first->len; i > 0; i--)
		if (!offer(self, oldest_first->pdata[i - 1], SN_HISTORY_MAX))
			return;
}

static void offer_pages(Choice *self, int max_count, SnTime since)
{
	SnTime time = 0;
	SnId id = 0;

	while (self->history->looked_at < SN_HISTORY_LOOK) {
		g_autoptr(GPtrArray) page =
			sn_message_page(self->store, self->request->conversation, time, id, FALSE,
		                        PAGE, SN_MESSAGE_FULL);
		if (!page || page->len == 0)
			return;
		for (guint i = page->len; i > 0; i--) {
			const SnMessage *message = page->pdata[i - 1];
			if (message->time < since || !offer(self, message, max_count))
				return;
		}
		time = ((SnMessage *)page->pdata[0])->time;
		id = ((SnMessage *)page->pdata[0])->id;
	}
}

static void offer_thread(Choice *self)
{
	SnId reply_to = self->request->reply_to;
	g_autoptr(SnMessage) answered =
		reply_to ? sn_message_get(self->store, reply_to, 0)
	                 : sn_thread_newest(self->store, self->request->conversation);

	if (!answered)
		return;
	g_autoptr(GPtrArray) thread =
		sn_thread_messages(self->store, answered, SN_HISTORY_MAX, SN_MESSAGE_FULL);
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

static void offer_picked(Choice *self)
{
	const GArray *picked = self->request->picked;
	g_autoptr(GPtrArray) messages =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);

	for (guint i = 0; picked && i < MIN(picked->len, SN_HISTORY_MAX); i++) {
		SnId *id = &g_array_index(picked, SnId, i);
		SnMessage *message = g_hash_table_add(seen, id)
			? sn_message_get(self->store, *id, SN_MESSAGE_FULL)
			: NULL;
		if (message)
			g_ptr_array_add(messages, message);
	}
	g_ptr_array_sort(messages, newest_first);
	for (guint i = 0; i < messages->len; i++)
		offer(self, messages->pdata[i], SN_HISTORY_MAX);
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

SnHistory *sn_history_choose(SnStore *store, const SnHistoryRequest *request)
{
	const SnHistorySpec *spec = &request->spec;
	Choice self = { .store = store, .request = request, .history = g_new0(SnHistory, 1) };

	self.history->messages = g_array_new(FALSE, FALSE, sizeof(SnId));
	if (spec->kind == SN_HISTORY_NONE)
		return self.history;
	sn_judge_init(&self.judge, store, request);
	switch (spec->kind) {
	case SN_HISTORY_NONE: break;
	case SN_HISTORY_LAST: offer_pages(&self, spec->count, 0); break;
	case SN_HISTORY_THREAD: offer_thread(&self); break;
	case SN_HISTORY_SINCE: offer_pages(&self, SN_HISTORY_MAX, spec->since); break;
	case SN_HISTORY_ALL: offer_pages(&self, SN_HISTORY_MAX, 0); break;
	case SN_HISTORY_PICKED: offer_picked(&self); break;
	}
	sn_judge_clear(&self.judge);
	reverse(self.history->messages);
	g_assert((int)self.history->messages->len == self.history->mails + self.history->ims);
	g_assert(self.history->size <= MAX(request->max_size, 0));
	return self.history;
}

SnHistory *sn_history_select(SnStore *store, SnId conversation, SnId reply_to,
                             const SnHistorySpec *spec, const GArray *picked,
                             const GPtrArray *recipients, gboolean with_attachments,
                             gboolean encrypted, gint64 max_size)
{
	SnHistoryRequest request = { .conversation = conversation,
		                     .reply_to = reply_to,
		                     .spec = *spec,
		                     .picked = picked,
		                     .recipients = recipients,
		                     .with_attachments = with_attachments,
		                     .encrypted = encrypted,
		                     .max_size = max_size };

	return sn_history_choose(store, &request);
}

/* ---- rows to pick from ---- */

static SnHistoryRow *row_of(SnJudge *judge, const SnMessage *message)
{
	SnHistoryRow *row = g_new0(SnHistoryRow, 1);
	const char *outsider = NULL;

	*row = (SnHistoryRow){
		.id = message->id,
		.time = message->time,
		.channel = message->channel,
		.direction = message->direction,
		.who = g_strdup(message->sender_name),
		.subject = g_strdup(message->subject),
		.preview = g_strdup(message->preview),
		.travel = sn_judge_message(judge, message, &outsider),
		.encrypted = message->encrypted,
		.files = message->attachments,
		.size = sn_history_size(message, TRUE),
		.text_size = sn_history_size(message, FALSE),
	};
	row->outsider = row->travel == SN_TRAVEL_NO_PARTY ? g_strdup(outsider) : NULL;
	return row;
}

GPtrArray *sn_history_rows(SnStore *store, const SnHistoryRequest *request, SnTime before_time,
                           SnId before_id, int limit)
{
	g_autoptr(GPtrArray) page = sn_message_page(store, request->conversation, before_time,
	                                            before_id, FALSE, limit, SN_MESSAGE_FULL);
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_history_row_free);
	g_auto(SnJudge) judge;

	sn_judge_init(&judge, store, request);
	for (guint i = page ? page->len : 0; i > 0; i--)
		g_ptr_array_add(rows, row_of(&judge, page->pdata[i - 1]));
	return rows;
}

/* ---- once more ---- */

static void add_reason(GString *reasons, const char *reason)
{
	if (!strstr(reasons->str, reason))
		g_string_append_printf(reasons, "%s%s", reasons->len ? "; " : "", reason);
}

guint sn_history_judge(SnStore *store, const SnHistoryRequest *request, GPtrArray *messages,
                       char **why)
{
	g_autoptr(GString) reasons = g_string_new(NULL);
	g_auto(SnJudge) judge;
	guint taken = 0;

	sn_judge_init(&judge, store, request);
	for (guint i = 0; i < messages->len;) {
		SnHistoryRow *row = row_of(&judge, messages->pdata[i]);
		g_autofree char *reason = sn_history_why(row);
		sn_history_row_free(row);
		if (!reason) {
			i++;
			continue;
		}
		add_reason(reasons, reason);
		g_ptr_array_remove_index(messages, i);
		taken++;
	}
	*why = taken ? g_strdup(reasons->str) : NULL;
	return taken;
}
