/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ingest_mail.c - files prepared emails: the half that needs the store. */
#include "src/engine/autocrypt.h"
#include "src/engine/sync_private.h"
#include "src/store/draft_copy.h"
#include "src/store/outcome.h"

#include <string.h>

#define STRONG_ID 16 /* characters: an id that cannot be guessed, nor be used twice by accident */
/* RFC 2606: no such address can exist. Stands for a From: that names nobody. */
#define NOBODY "unknown-sender@invalid"

static SnId intern_sender(SnStore *store, const SnPrepared *prepared, GError **error)
{
	return sn_address_intern(store, SN_CHANNEL_MAIL,
	                         prepared->sender ? prepared->sender : NOBODY,
	                         prepared->sender_name, error);
}

/* An IM that became this email may be here as well: then both belong to its thread. */
static void join_converted(SnStore *store, const SnPrepared *prepared, SnId sender)
{
	const char *origin = prepared->mail ? prepared->mail->chat_origin_id : NULL;
	g_autoptr(SnAddress) address = origin ? sn_address_get(store, sender) : NULL;
	g_autoptr(GPtrArray) others = address ? sn_person_addresses(store, address->person) : NULL;

	for (guint i = 0; others && i < others->len; i++) {
		const SnAddress *one = g_ptr_array_index(others, i);
		SnId id = one->channel == SN_CHANNEL_IM && one->confirmed
		                  ? sn_message_find_im(store, origin, one->value)
		                  : 0;
		g_autoptr(SnMessage) im = id ? sn_message_get(store, id, 0) : NULL;
		if (!im || !im->thread)
			continue;
		g_free(prepared->message->thread);
		prepared->message->thread = g_strdup(im->thread);
		return;
	}
}

/* The own record with this origin-id; NULL when there is none, or several. */
static SnMessage *find_answered_im(SnStore *store, const char *id)
{
	SnId found = strlen(id) >= STRONG_ID ? sn_message_find_origin(store, id) : 0;

	return found ? sn_message_get(store, found, 0) : NULL;
}

/* An email that answers an IM names the newest email of the thread as well, if there is one; the IM
 * is what it answers. Who knows its id has written it or got it. */
static void answer_im(SnStore *store, const SnConfig *config, const SnPrepared *prepared,
                      SnId sender)
{
	const char *id = prepared->mail ? prepared->mail->chat_in_reply_to : NULL;
	g_autoptr(SnAddress) address = id ? sn_address_get(store, sender) : NULL;
	SnMessage *message = prepared->message;
	g_autoptr(SnMessage) im = address ? find_answered_im(store, id) : NULL;

	if (im) {
		g_free(message->in_reply_to);
		message->in_reply_to = g_strdup(id);
		if (message->direction == SN_IN)
			sn_map_answered_im(store, config, im->id, sender);
	} else if (id && !message->in_reply_to) {
		message->in_reply_to = g_strdup(id);
	}
}

/* What was not fetched has no bytes to be known by, and a size by the server's word. */
static void mark_missing(SnMessage *message, const GArray *sizes)
{
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		SnPart *part = g_ptr_array_index(message->parts, i);
		guint leaf = (guint)part->position - 1;
		g_clear_pointer(&part->sha256, g_free);
		if (sizes && leaf < sizes->len && g_array_index(sizes, gint64, leaf) >= 0)
			part->size = g_array_index(sizes, gint64, leaf);
	}
}

static void place_message(SnMessage *message, const SnPlace *place)
{
	if (place->partial)
		mark_missing(message, place->part_sizes);
	gboolean sent = !g_strcmp0(place->role, "sent");

	message->account = place->account;
	message->flags = place->flags;
	/* In Sent lies what the user sent, also from an address that accounts.conf does not name.
	 */
	if (sent && message->direction == SN_IN) {
		message->direction = SN_OUT;
		message->state = SN_STATE_ACCEPTED;
	}
	if ((place->flags & SN_FLAG_DRAFT) && message->direction == SN_OUT)
		message->state = SN_STATE_DRAFT;
	if (!message->time)
		message->time = place->received;
}

static gboolean file_one_carried(SnStore *store, const SnConfig *config, const SnPrepared *parent,
                                 guint index, SnId by, SnId sender, GError **error)
{
	const SnMailCarried *carried = g_ptr_array_index(parent->mail->carried, index);
	SnPrepared *inner = g_ptr_array_index(parent->carried, index);

	g_autoptr(GError) own_error = NULL;

	if (carried->rfc822) {
		sn_file_carried_mail(store, config, inner, by, &own_error);
	} else if (carried->from && carried->to && carried->text) {
		SnCarriedIm im = { .from = carried->from,
			           .from_name = carried->from_name,
			           .to = carried->to,
			           .text = carried->text,
			           .origin_id = carried->id,
			           .time = carried->time,
			           .mail_files = carried->files };
		if (parent->message->direction == SN_IN)
			sn_map_carried_im(store, config, carried, sender);
		sn_file_carried_im(store, config, &im, by, &own_error);
	}
	if (!own_error)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&own_error));
	return FALSE;
}

static void note_consequences(SnStore *store, const SnConfig *config, SnAfter *after,
                              const SnPrepared *prepared, const SnPlace *place, SnId sender,
                              SnAddResult result)
{
	const SnMail *mail = prepared->mail;
	const SnMessage *message = prepared->message;

	if (message->direction == SN_OUT) {
		sn_after_seen(after, SN_CHANNEL_MAIL, message->message_id);
		return;
	}
	if (result == SN_DUPLICATE)
		return;
	if (mail && mail->reports->len)
		sn_after_report(after, prepared, message->id, place->quiet);
	if (mail)
		sn_map_mail(store, config, mail, sender, message->id);
	if (!place->quiet && !(place->flags & SN_FLAG_SEEN)) {
		sn_after_incoming(after, message->id);
		sn_after_evidence(after, sender);
	}
}

gboolean sn_file_mail(SnStore *store, const SnConfig *config, SnAfter *after, SnPrepared *prepared,
                      const SnPlace *place, SnId *id, SnAddResult *result, GError **error)
{
	SnMessage *message = prepared->message;
	SnAddResult own_result;
	SnId sender = intern_sender(store, prepared, error);

	if (!sender)
		return FALSE;
	message->sender = sender;
	place_message(message, place);
	join_converted(store, prepared, sender);
	answer_im(store, config, prepared, sender);
	result = result ? result : &own_result;
	if (!sn_message_add(store, message, NULL, place->partial ? NULL : prepared->raw, result,
	                    error))
		return FALSE;
	if (id)
		*id = message->id;
	if (place->folder && !place->partial && prepared->raw && message->message_id &&
	    !sn_draft_copy_seen(store, place->account, message->message_id, place->uid, prepared->raw,
	                        error))
		return FALSE;
	gboolean chat = place->chats && sn_transcript_is_one(place->chats, prepared);
	SnLocation location = { .folder = place->folder, .uid = place->uid, .name = (char *)place->name,
		                .flags = place->flags, .keywords = (char *)place->keywords };
	if (place->folder && !sn_location_put(store, message->id, &location, error))
		return FALSE;
	/* Versions of a transcript are one email by its id; the newest bytes stand for it. */
	if (chat)
		return (place->partial || sn_message_set_raw(store, message->id, prepared->raw, error)) &&
		       sn_transcript_file(store, place->chats, prepared, place, message->id, error);
	/* of what is not whole yet, the messages it brought along may be cut off */
	if (prepared->carried && !place->partial && (*result != SN_DUPLICATE || place->completes)) {
		for (guint i = 0; i < prepared->carried->len; i++)
			if (!file_one_carried(store, config, prepared, i, message->id, sender,
			                      error))
				return FALSE;
	}
	note_consequences(store, config, after, prepared, place, sender, *result);
	if (message->direction == SN_IN && *result != SN_DUPLICATE && prepared->mail &&
	    g_strcmp0(place->role, "junk") &&
	    !sn_autocrypt_file(store, config, prepared->mail, sender, message->time,
	                       sn_clock_now(NULL), error))
		return FALSE;
	gboolean in_sight = g_strcmp0(place->role, "junk") && g_strcmp0(place->role, "trash");
	if (*result != SN_DUPLICATE && !place->quiet && in_sight &&
	    !sn_mdn_file(store, config, prepared, sender, error))
		return FALSE;
	/* What it says of others is heard once this is committed, or with the next start. */
	return *result == SN_DUPLICATE || !prepared->mail || !prepared->mail->reports->len ||
	       message->direction == SN_OUT || sn_message_set_unheard(store, message->id, error);
}

gboolean sn_ingest_mail(SnStore *store, const SnConfig *config, SnEngine *engine, SnId account,
                        SnId folder, guint32 uid, const char *name, guint flags, SnTime received,
                        GBytes *raw, SnId *message, SnAddResult *result, GError **error)
{
	g_autofree char *account_name = account ? sn_account_name(store, account) : NULL;
	const SnAccount *settings =
		account_name ? sn_config_account_named(config, account_name) : NULL;
	SnPrepared *prepared = sn_prepare_mail(config, settings, raw, received);
	SnAfter *after = sn_after_new(engine);
	SnPlace place = {
		.account = account,
		.folder = folder,
		.uid = uid,
		.name = name,
		.flags = flags,
		.received = received,
		.quiet = !engine,
	};
	gboolean done = sn_store_begin(store, error);

	if (done) {
		done = sn_file_mail(store, config, after, prepared, &place, message, result, error);
		if (!done)
			sn_store_rollback(store);
		else
			done = sn_store_commit(store, error);
	}
	if (done)
		sn_after_run(after);
	sn_after_free(after);
	sn_prepared_free(prepared);
	return done;
}
