/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages to one conversation go in the order in which they were written: all on one channel, and
 * across channels those of one thread. Whoever has to follow is held behind the nearest one before
 * it, and looked at again when that one has gone, has ended, or stands still while this one was told
 * to go now.
 *
 * The user's or the contact's "now" passes those that stand still, and so does a message that was
 * held until its time was over: no order is worth a message.
 */
#include <string.h>

#include "src/engine/delivery_private.h"

gboolean sn_delivery_is_deferred(const SnOutboxEntry *entry)
{
	return entry->state == SN_STATE_WAITING && !entry->error_word;
}

SnDecision sn_delivery_decision(SnDelivery *self, const SnOutboxEntry *entry)
{
	static const struct {
		const char *what;
		SnDecision decision;
	} words[] = {
		{ "send", SN_DECISION_GO },          { "defer", SN_DECISION_WAIT },
		{ "need-choice", SN_DECISION_NONE }, { "ask-them", SN_DECISION_NONE },
		{ "retry", SN_DECISION_NONE },       { "queued", SN_DECISION_NONE },
	};

	if (sn_delivery_has_begun(self, entry))
		return SN_DECISION_GO;
	g_autofree char *last =
		sn_outbox_last_event(self->engine->store, entry->id,
	                             "send defer need-choice ask-them retry queued");
	for (gsize i = 0; last && i < G_N_ELEMENTS(words); i++)
		if (strcmp(last, words[i].what) == 0)
			return words[i].decision;
	return SN_DECISION_NONE;
}

/* The person is there, and nobody has told yet: who was deferred goes before a later message. What
 * waits for terms of its own is woken by those. */
static void wake_deferred(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GArray) deferred = sn_outbox_deferred_before(self->engine->store, entry->id);

	for (guint i = 0; i < deferred->len; i++) {
		SnFact fact = { .detail = "before a later message", .fresh = TRUE };
		sn_delivery_apply(self, g_array_index(deferred, SnId, i), SN_DELIVERY_APPEARED,
		                  &fact);
	}
}

void sn_delivery_send_deferred(SnDelivery *self, SnId id, const char *detail)
{
	g_autoptr(GArray) deferred = sn_outbox_deferred_before(self->engine->store, id);

	for (guint i = 0; i < deferred->len; i++) {
		SnFact fact = { .detail = detail, .fresh = TRUE };
		sn_delivery_apply(self, g_array_index(deferred, SnId, i), SN_DELIVERY_SEND, &fact);
	}
}

static const char *how_it_stands(const SnOutboxEntry *first)
{
	switch (first->state) {
	case SN_STATE_WAITING: return "which waits";
	case SN_STATE_ASKED: return "about which they were asked";
	case SN_STATE_CHOOSING: return "which waits for your decision";
	default: return "which is on its way";
	}
}

/* What ran out while nobody looked gets a chance to go in order first. */
static gboolean has_waited_enough(SnDelivery *self, const SnOutboxEntry *entry)
{
	return entry->expires && entry->expires <= sn_delivery_now(self) &&
	       !sn_delivery_has_grace(self, entry);
}

gboolean sn_delivery_is_held(SnDelivery *self, const SnOutboxEntry *entry)
{
	return entry->behind && !has_waited_enough(self, entry);
}

gboolean sn_delivery_hold(SnDelivery *self, const SnOutboxEntry *entry, gboolean forced,
                          gboolean there)
{
	gboolean moving = forced || (entry->behind && has_waited_enough(self, entry));

	if (there && !moving)
		wake_deferred(self, entry);
	SnId before = sn_outbox_before(self->engine->store, entry->id, moving);
	g_autoptr(SnOutboxEntry) first =
		before ? sn_outbox_get(self->engine->store, before, 0) : NULL;
	if (!first)
		return FALSE;
	g_assert(first->id < entry->id && first->conversation == entry->conversation);
	g_autofree char *reason = g_strdup_printf("Behind the message before it, %s",
	                                          how_it_stands(first));
	g_autofree char *detail = g_strdup_printf("entry %" G_GINT64_FORMAT, before);
	SnFact fact = { .detail = detail, .reason = reason, .behind = before };
	sn_delivery_apply(self, entry->id, SN_DELIVERY_BEHIND, &fact);
	return TRUE;
}
