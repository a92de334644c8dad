/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers that were filed and not heard, because the engine ended in between, or did not know yet
 * that the question had gone. Nobody delivers them again, so the newest words of whoever was asked
 * are heard once more.
 */
#include "src/engine/delivery_private.h"
#include "src/store/asked.h"

#define OPEN_MAX 1000
#define NEWEST 50 /* messages looked at */
#define CLOCK_SLACK (5 * SN_MINUTE)

/* It has words to choose from itself, so it is no answer. */
static gboolean asks_itself(SnDelivery *self, const SnMessage *message)
{
	g_autoptr(GPtrArray) open = sn_question_list(self->engine->store, message->conversation);
	gboolean asks = FALSE;

	for (guint i = 0; open && i < open->len; i++)
		asks |= ((SnQuestion *)open->pdata[i])->message == message->id;
	return asks;
}

static void hear(SnDelivery *self, SnEngineAccount *account, const SnMessage *message)
{
	g_autoptr(SnAddress) sender = sn_address_get(self->engine->store, message->sender);

	if (!sender || message->channel != SN_CHANNEL_IM || message->direction != SN_IN ||
	    message->carried || !message->body || asks_itself(self, message))
		return;
	SnImMessage *im = sn_im_message_new();
	im->from = g_strdup(sender->value);
	im->body = g_strdup(message->body);
	im->time = message->time;
	sn_delivery_answer(self, account, message->id, im);
	sn_im_message_free(im);
}

/* What was filed after that message. The time besides, because an archive may bring old ones. */
static void hear_conversation(SnDelivery *self, const SnOutboxEntry *entry, const SnAsked *asked,
                              SnId before)
{
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	g_autoptr(GPtrArray) page = sn_message_page(self->engine->store, entry->conversation, 0, 0,
	                                            FALSE, NEWEST, SN_MESSAGE_FULL);

	for (guint i = 0; account && page && i < page->len; i++) {
		const SnMessage *message = page->pdata[i];
		if (message->id > before && message->time >= asked->time - CLOCK_SLACK)
			hear(self, account, message);
	}
}

void sn_delivery_hear_missed(SnDelivery *self)
{
	SnStore *store = self->engine->store;
	g_autoptr(GPtrArray) open = sn_outbox_list(store, SN_OUTBOX_OPEN, 0, OPEN_MAX, 0);

	for (guint i = open ? open->len : 0; i > 0; i--) {
		const SnOutboxEntry *entry = open->pdata[i - 1];
		g_autoptr(SnAsked) asked =
			entry->state == SN_STATE_ASKED && entry->quick_question
				? sn_asked_get(store, entry->quick_question)
				: NULL;
		if (asked)
			hear_conversation(self, entry, asked, entry->message);
	}
}

void sn_delivery_hear_early(SnDelivery *self, SnId id, SnId before)
{
	SnStore *store = self->engine->store;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(store, id, SN_OUTBOX_FULL);
	g_autoptr(SnAsked) asked =
		entry && entry->quick_question ? sn_asked_get(store, entry->quick_question) : NULL;

	if (asked && sn_message_last(store) > before)
		hear_conversation(self, entry, asked, before);
}
