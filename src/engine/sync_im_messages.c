/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_im_messages.c - IMs into rows, one by one or many in a transaction, and what follows from
 * them: receipts, notifications, files, answers.
 */
#include "src/base/fault.h"
#include "src/engine/omemo.h"
#include "src/engine/sync_im_private.h"
#include "src/store/omemo.h"
#include "src/store/rooms.h"

#include <string.h>

#define RECENT (5 * SN_MINUTE) /* older ones are no news for the desktop */

gboolean sn_im_sync_may_see_us(SnStore *store, SnId address)
{
	SnSubscription subscription = SN_SUB_NONE;

	return sn_roster_get(store, address, NULL, &subscription, NULL) &&
	       (subscription == SN_SUB_FROM || subscription == SN_SUB_BOTH);
}

static void send_receipt(SnImSync *sync, const SnImMessage *im, SnId sender)
{
	SnEngine *engine = sync->account->engine;

	if (!im->want_receipt || !im->id || im->groupchat || im->archived || im->carbon_received ||
	    !sn_config_settings(engine->config)->im_receipts ||
	    !sn_im_sync_may_see_us(engine->store, sender))
		return;
	SnImRequest *request = sn_im_sync_request(sync, SN_IM_REQ_SEND);
	request->message = sn_im_message_new();
	request->message->to = g_strdup(im->from);
	request->message->receipt_id = g_strdup(im->id);
	request->message->store_hint = TRUE; /* its sender may be away by now */
	sn_engine_im(sync->account, request, sn_im_sync_ignore, NULL);
}

/* Read on another device of the user's. */
static void read_elsewhere(SnImSync *sync, const SnImMessage *im)
{
	SnStore *store = sync->account->engine->store;
	g_autofree char *peer = im->to ? sn_address_normalise(SN_CHANNEL_IM, im->to) : NULL;
	SnId id = peer ? sn_message_find_im(store, im->displayed_id, peer) : 0;
	g_autoptr(SnMessage) message = id ? sn_message_get(store, id, 0) : NULL;

	if (message)
		sn_conversation_mark_read(store, message->conversation, id, NULL);
}

/* Receipts, markers and errors: about messages, not messages. TRUE when it was one. */
static gboolean take_notice(SnImSync *sync, const SnImMessage *im)
{
	SnEngineAccount *account = sync->account;
	SnDelivery *delivery = account->engine->delivery;
	g_autofree char *from =
		im->from ? sn_address_normalise(SN_CHANNEL_IM, im->from) : g_strdup(sync->own);
	const char *id = im->displayed_id ? im->displayed_id : im->receipt_id;

	if (!from)
		return TRUE;
	if (im->error) {
		if (im->id)
			sn_delivery_im_error(delivery, account, from, im->id, im->error_condition,
			                     im->error_text);
		return TRUE;
	}
	if (!id)
		return FALSE;
	if (!im->carbon_sent && !g_str_equal(from, sync->own))
		sn_delivery_receipt(delivery, account, from, id, im->displayed_id != NULL);
	else if (im->displayed_id)
		read_elsewhere(sync, im);
	return TRUE;
}

static gboolean has_content(const SnImMessage *im)
{
	return (im->body && *im->body) || (im->files && im->files->len > 0) ||
	       (im->forwarded && im->forwarded->len > 0);
}

/* A file that goes with a message was handed over to that. */
static gboolean has_parts(SnStore *store, SnId id)
{
	g_autoptr(SnMessage) message = sn_message_get(store, id, SN_MESSAGE_FULL);

	return message && message->parts && message->parts->len > 0;
}

static void after_filing(SnImSync *sync, const SnImMessage *im, SnId id, SnAddResult result)
{
	SnEngineAccount *account = sync->account;
	SnEngine *engine = account->engine;
	g_autoptr(SnMessage) message = sn_message_get(engine->store, id, 0);

	if (!message)
		return;
	sn_transcripts_look(account->core->transcripts);
	sn_displayed_filed(sync->displayed, message);
	if (message->direction == SN_OUT) {
		sn_delivery_seen(engine->delivery, SN_CHANNEL_IM, message->origin_id);
		if (result == SN_ADDED && !im->groupchat)
			sn_own_question_elsewhere(account, message, im);
		if (result == SN_ADDED && message->attached) /* what another device sent along */
			sn_files_fetch(account, id);
		return;
	}
	if (!(im->e2e & SN_E2E_CLOSED) || !im->sealed) /* what cannot be read has not arrived */
		send_receipt(sync, im, message->sender);
	/* a correction that has found its message is no news of its own */
	if (result == SN_DUPLICATE || (im->replace_id && message->attached))
		return;
	sn_fault(ANSWER_FILED);
	sn_delivery_answer(engine->delivery, account, id, im);
	sn_own_question_answer(account, message);
	if (!im->groupchat && ((im->files && im->files->len) || message->attached))
		sn_files_fetch(account, has_parts(engine->store, id) ? id : message->attached);
	if (sn_clock_now(engine->clock) - message->time >= RECENT)
		return;
	sn_notifier_incoming(engine->core->notifier, id);
	if (engine->core->book && !im->groupchat)
		sn_book_ask(engine->core->book, message->sender);
}

/* History and files that went along with a message of ours: its row stands for them. */
static gboolean is_own_part(SnImSync *sync, const SnImMessage *im)
{
	SnDelivery *delivery = sync->account->engine->delivery;
	const char *id = im->origin_id ? im->origin_id : im->id;
	g_autofree char *from = im->from ? sn_address_normalise(SN_CHANNEL_IM, im->from) : NULL;

	if (im->groupchat || (from && !g_str_equal(from, sync->own)) ||
	    !sn_delivery_is_part(delivery, id))
		return FALSE;
	sn_delivery_seen(delivery, SN_CHANNEL_IM, id);
	return TRUE;
}

/* ---- encrypted ones (omemo.h) ---- */

static char *sender_of(SnImSync *sync, const SnImMessage *im)
{
	return im->from ? sn_address_normalise(SN_CHANNEL_IM, im->from) : g_strdup(sync->own);
}

/* It was opened before, or written here: the text is in the row that it has. */
static gboolean take_known_text(SnImSync *sync, SnImMessage *im, const char *from)
{
	SnStore *store = sync->account->engine->store;
	const char *id = im->origin_id ? im->origin_id : im->id;
	SnId row = id ? sn_message_find_im(store, id, from) : 0;
	g_autoptr(SnMessage) known = row ? sn_message_get(store, row, SN_MESSAGE_FULL) : NULL;

	if (!known)
		return FALSE;
	g_clear_pointer(&im->fallback, g_array_unref);
	sn_im_message_set_body(im, known->body && *known->body ? known->body : " ");
	return TRUE;
}

/* FALSE: nothing of it is to be filed; with an error it could not be written. */
static gboolean open_sealed(SnImSync *sync, SnImMessage *im, GError **error)
{
	g_autofree char *from = sender_of(sync, im);

	if (!from || !sync->account->omemo)
		return FALSE;
	switch (sn_omemo_open(sync->account->omemo, im, from, error)) {
	case SN_OMEMO_OPENED: return TRUE;
	case SN_OMEMO_KNOWN: return take_known_text(sync, im, from);
	case SN_OMEMO_NOTHING:
	case SN_OMEMO_AGAIN: break;
	}
	return FALSE;
}

/* What says of itself that it is encrypted, and what is not although that is usual here. */
static void mark_clear(SnImSync *sync, SnImMessage *im)
{
	SnStore *store = sync->account->engine->store;
	gboolean out = im->carbon_sent;
	g_autofree char *from = sender_of(sync, im);
	g_autofree char *to = im->to ? sn_address_normalise(SN_CHANNEL_IM, im->to) : NULL;

	out = out || g_strcmp0(from, sync->own) == 0;
	const char *peer = out ? to : from;
	if (im->locked)
		im->e2e = SN_E2E_CLOSED_BY(SN_E2E_WHY_OTHER_WAY);
	else if (!im->groupchat && !im->encrypted && peer &&
	         sn_omemo_was_used(store, sync->account->id, peer))
		im->e2e = SN_E2E_CLEAR;
}

/* Within one transaction what opens it and the text: a crash leaves both or none of it. */
static gboolean file_message(SnImSync *sync, SnImMessage *im, SnId *id, SnAddResult *result,
                             GError **error)
{
	SnEngine *engine = sync->account->engine;
	g_autoptr(GError) own_error = NULL;

	if (!im->sealed) {
		mark_clear(sync, im);
		return sn_ingest_im(engine, sync->account, im, id, result, error);
	}
	if (!sn_store_begin(engine->store, error))
		return FALSE;
	gboolean file = open_sealed(sync, im, &own_error);
	gboolean done = !own_error && (!file || sn_ingest_im(engine, sync->account, im, id, result,
	                                                     &own_error));
	if (!done) {
		sn_store_rollback(engine->store);
		g_propagate_error(error, g_steal_pointer(&own_error));
		return FALSE;
	}
	return sn_store_commit(engine->store, error);
}

/* The archive goes on behind it, unless there is a gap. */
static void seen(SnImSync *sync, const SnImMessage *im)
{
	if (!sync->caught_up || !im->stanza_id || im->groupchat)
		return;
	if (sync->in_batch) {
		g_free(sync->position);
		sync->position = g_strdup(im->stanza_id);
	} else {
		sn_archive_set(sync->account->engine->store, sync->account->id, sync->own, im->stanza_id,
		               NULL);
	}
}

/* Something that is said of another message: what could not be written is found again. */
static gboolean take_amend(SnImSync *sync, const SnImMessage *im)
{
	gboolean written = TRUE;

	if (!sn_amends_take(sync->account, im, &written))
		return FALSE;
	sync->caught_up = sync->caught_up && written;
	seen(sync, im);
	return TRUE;
}

/* One that waited in the archive, or came to another client of the user's. */
static gboolean take_invitation(SnImSync *sync, const SnImMessage *im)
{
	g_autofree char *from = sender_of(sync, im);

	if (!im->invitation || im->carbon_sent || !from || g_str_equal(from, sync->own) ||
	    !sync->account->core->rooms)
		return FALSE;
	sn_rooms_invited(sync->account->core->rooms, im->invitation, im->time);
	seen(sync, im);
	return TRUE;
}

static gboolean is_of_room(SnImSync *sync, const char *jid)
{
	g_autofree char *bare = jid && strchr(jid, '/') ? sn_address_normalise(SN_CHANNEL_IM, jid) : NULL;
	g_autoptr(SnRoom) room = bare ? sn_room_find(sync->account->engine->store, sync->account->id, bare)
	                              : NULL;

	return room != NULL;
}

/* The archive is read before the rooms are joined: until then only the store knows them. */
static void know_private(SnImSync *sync, SnImMessage *im)
{
	if (im->room_marked && !im->error && !im->room_private)
		im->room_private = is_of_room(sync, im->from) || is_of_room(sync, im->to);
}

/* Once it is committed. */
static void filed(SnImSync *sync, const SnImFiled *one)
{
	if (one->im->groupchat && sync->account->core->rooms)
		sn_rooms_filed(sync->account->core->rooms, one->im);
	if (one->id)
		after_filing(sync, one->im, one->id, one->result);
	if (one->im->sealed && sync->account->omemo)
		sn_omemo_settle(sync->account->omemo, sync->caught_up || !sync->has_archive);
}

/* What could not be stored must be found again in the archive. */
static void storage_failed(SnImSync *sync)
{
	sync->caught_up = FALSE;
	sync->lost = TRUE;
}

void sn_im_sync_message(SnImSync *sync, SnImMessage *im)
{
	g_autoptr(GError) error = NULL;
	SnAddResult result = SN_ADDED;
	SnId id = 0;

	if (im->retracts && sync->account->core->rooms) {
		sn_rooms_retract(sync->account->core->rooms, im);
		return;
	}
	if (take_invitation(sync, im))
		return;
	know_private(sync, im);
	if (take_notice(sync, im) || take_amend(sync, im) ||
	    !(im->sealed || has_content(im)) || is_own_part(sync, im))
		return;
	if (!file_message(sync, im, &id, &result, &error)) {
		sn_im_sync_warn(sync, error);
		if (error->code == SN_ERROR_STORAGE || error->code == SN_ERROR_BUSY)
			storage_failed(sync);
		return;
	}
	SnImFiled one = { im, id, result };
	seen(sync, im);
	if (sync->in_batch)
		g_array_append_val(sync->filed, one);
	else
		filed(sync, &one);
}

/* ---- many at once: one transaction, and what follows from them when it is committed ---- */

gboolean sn_im_sync_joins(SnImSync *sync, const SnImEvent *event)
{
	const SnImMessage *im = sync && event->kind == SN_IM_EV_MESSAGE ? event->message : NULL;

	/* only texts and files: all else changes more than rows, or says something about a message */
	if (!im || !(im->sealed || has_content(im)) || im->error || im->receipt_id || im->displayed_id ||
	    im->retracts || im->react_id || im->retract_id || im->invitation)
		return FALSE;
	return !sn_delivery_is_part(sync->account->engine->delivery,
	                            im->origin_id ? im->origin_id : im->id);
}

gboolean sn_im_sync_begin(SnImSync *sync)
{
	g_autoptr(GError) error = NULL;

	if (sync->in_batch)
		return TRUE;
	g_assert(!sync->filed->len && !sync->kept->len && !sync->position);
	sync->in_batch = sn_store_begin(sync->account->engine->store, &error);
	if (!sync->in_batch)
		sn_im_sync_warn(sync, error); /* each by itself tries again, and says what is to be read again */
	return sync->in_batch;
}

gboolean sn_im_sync_keep(SnImSync *sync, SnImEvent *event)
{
	if (!sync || !sync->in_batch)
		return FALSE;
	g_ptr_array_add(sync->kept, event);
	return TRUE;
}

/* The position in the archive moves with what it stands behind, or not at all. */
static gboolean commit_batch(SnImSync *sync, GError **error)
{
	SnStore *store = sync->account->engine->store;

	if (sync->position && !sync->lost &&
	    !sn_archive_set(store, sync->account->id, sync->own, sync->position, error)) {
		sn_store_rollback(store);
		return FALSE;
	}
	return sn_store_commit(store, error);
}

void sn_im_sync_end(SnImSync *sync)
{
	g_autoptr(GError) error = NULL;

	if (!sync || !sync->in_batch)
		return;
	gboolean committed = commit_batch(sync, &error);
	sync->in_batch = FALSE;
	g_clear_pointer(&sync->position, g_free);
	if (!committed) {
		sn_im_sync_warn(sync, error);
		storage_failed(sync);
	}
	for (guint i = 0; committed && i < sync->filed->len; i++)
		filed(sync, &g_array_index(sync->filed, SnImFiled, i));
	g_array_set_size(sync->filed, 0);
	g_ptr_array_set_size(sync->kept, 0);
}
