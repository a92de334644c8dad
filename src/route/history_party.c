/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/route/history_private.h"

#define OVERHEAD 600 /* headers of one message on the wire, roughly */

static SnId person_of(SnJudge *self, SnChannel channel, const char *value)
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

static gboolean is_required(const SnJudge *self, SnId person)
{
	for (guint i = 0; i < self->required->len; i++)
		if (g_array_index(self->required, SnId, i) == person)
			return TRUE;
	return FALSE;
}

static void require_person(SnJudge *self, SnId person, const char *name)
{
	if (is_required(self, person))
		return;
	g_array_append_val(self->required, person);
	g_ptr_array_add(self->names, g_strdup(name));
	g_assert(self->required->len == self->names->len);
}

/*
 * A recipient is an address without its channel. The same string may be two humans, one by mail
 * and one by IM: unless one of them is whom this conversation is with, both must have been a party.
 */
static void require_recipient(SnJudge *self, const char *value)
{
	SnId mail = person_of(self, SN_CHANNEL_MAIL, value);
	SnId im = person_of(self, SN_CHANNEL_IM, value);
	SnId with = self->conversation ? self->conversation->person : 0;

	if (with && (mail == with || im == with))
		require_person(self, with, value);
	else if (!mail && !im)
		g_ptr_array_add(self->values, g_strdup(value));
	else {
		if (mail)
			require_person(self, mail, value);
		if (im)
			require_person(self, im, value);
	}
}

void sn_judge_init(SnJudge *self, SnStore *store, const SnHistoryRequest *request)
{
	const GPtrArray *recipients = request->recipients;

	*self = (SnJudge){ .store = store, .request = request };
	self->conversation = sn_conversation_get(store, request->conversation);
	self->required = g_array_new(FALSE, FALSE, sizeof(SnId));
	self->names = g_ptr_array_new_with_free_func(g_free);
	self->values = g_ptr_array_new_with_free_func(g_free);
	for (int i = 0; i < 2; i++)
		self->persons[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (guint i = 0; recipients && i < recipients->len; i++)
		require_recipient(self, ((const SnParty *)recipients->pdata[i])->address);
	if ((!recipients || recipients->len == 0) && self->conversation &&
	    self->conversation->kind == SN_CONV_PERSON)
		require_person(self, self->conversation->person, self->conversation->title);
}

void sn_judge_clear(SnJudge *self)
{
	sn_conversation_free(self->conversation);
	g_clear_pointer(&self->required, g_array_unref);
	g_clear_pointer(&self->names, g_ptr_array_unref);
	g_clear_pointer(&self->values, g_ptr_array_unref);
	for (int i = 0; i < 2; i++)
		g_clear_pointer(&self->persons[i], g_hash_table_unref);
}

static gboolean is_party(SnJudge *self, const SnMessage *message, SnId person, const char *value)
{
	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		if (party->role >= SN_ROLE_REPLY_TO)
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
static gboolean is_between(SnJudge *self, const SnMessage *message, SnId person)
{
	return self->conversation && self->conversation->kind == SN_CONV_PERSON &&
	       !message->carried && message->conversation == self->conversation->id &&
	       self->conversation->person == person;
}

/* The first recipient who was no party to it; NULL when all were. */
static const char *outsider_of(SnJudge *self, const SnMessage *message)
{
	for (guint i = 0; i < self->required->len; i++) {
		SnId person = g_array_index(self->required, SnId, i);
		if (!is_between(self, message, person) && !is_party(self, message, person, NULL))
			return self->names->pdata[i];
	}
	for (guint i = 0; i < self->values->len; i++)
		if (!is_party(self, message, 0, self->values->pdata[i]))
			return self->values->pdata[i];
	return self->required->len + self->values->len > 0 ? NULL : "";
}

/* Told by the user himself or by one of the recipients; what a third one tells stays here. */
static gboolean told_by_us(SnJudge *self, const SnMessage *message)
{
	g_autoptr(SnMessage) by = sn_message_get(self->store, message->carried_by, 0);

	if (!by || !by->sender_value)
		return FALSE;
	if (by->direction == SN_OUT)
		return TRUE;
	/* what others say that the user said never travels on as the user's own */
	if (message->direction == SN_OUT)
		return FALSE;
	SnId person = person_of(self, by->channel, by->sender_value);
	return person && is_required(self, person);
}

static gboolean was_exchanged(const SnMessage *message)
{
	/* a stanza that only brought history is none itself */
	if (message->flags & (SN_FLAG_DRAFT | SN_FLAG_DELETED) || message->attached ||
	    g_strcmp0(message->notice, SN_NOTICE_HISTORY) == 0)
		return FALSE;
	switch (message->state) {
	case SN_STATE_RECEIVED:
	case SN_STATE_ACCEPTED:
	case SN_STATE_DELIVERED:
	case SN_STATE_READ: return TRUE;
	default: return FALSE; /* not gone, or gone as something else */
	}
}

static gboolean contains(const GArray *ids, SnId id)
{
	for (guint i = 0; ids && i < ids->len; i++)
		if (g_array_index(ids, SnId, i) == id)
			return TRUE;
	return FALSE;
}

SnTravel sn_judge_message(SnJudge *self, const SnMessage *message, const char **outsider)
{
	const char *who = NULL;

	g_assert(message->parties);
	if (!was_exchanged(message))
		return SN_TRAVEL_NOT_SENT;
	who = outsider_of(self, message);
	if (outsider)
		*outsider = who && *who ? who : NULL;
	if (who)
		return SN_TRAVEL_NO_PARTY;
	if (message->carried && !told_by_us(self, message))
		return SN_TRAVEL_TOLD;
	if (message->encrypted && !self->request->encrypted &&
	    !contains(self->request->agreed, message->id))
		return SN_TRAVEL_ENCRYPTED;
	return SN_TRAVEL_YES;
}

gint64 sn_history_size(const SnMessage *message, gboolean files)
{
	gint64 size = (message->body ? (gint64)strlen(message->body) : 0) + OVERHEAD;

	if (message->channel == SN_CHANNEL_MAIL && (files || message->attachments == 0))
		return MAX(size, message->size);
	for (guint i = 0; files && message->parts && i < message->parts->len; i++)
		size += MAX(0, ((const SnPart *)message->parts->pdata[i])->size);
	return size;
}
