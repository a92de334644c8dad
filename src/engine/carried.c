/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * carried.c - files earlier messages that travelled along with another one.
 *
 * They are what the carrier's sender tells, no more: never live, never unread, never a reason to
 * change a record of our own. What the user was no party to is not history between the two, and is
 * left where it is, inside the message that brought it.
 */
#include "src/engine/sync_private.h"

#include <string.h>

gboolean sn_carried_is_ours(const SnConfig *config, const SnMessage *message)
{
	const GPtrArray *parties = message->parties;

	for (guint i = 0; parties && i < parties->len; i++) {
		const SnParty *party = g_ptr_array_index(parties, i);
		if (party->role != SN_ROLE_REPLY_TO &&
		    sn_config_owns(config, message->channel, party->address))
			return TRUE;
	}
	return FALSE;
}

static gboolean same_raw(SnStore *store, SnId known, GBytes *raw)
{
	g_autoptr(GBytes) ours = sn_message_raw(store, known, NULL);

	return ours && g_bytes_equal(ours, raw);
}

static gboolean same_text(SnStore *store, SnId known, const char *text)
{
	g_autoptr(SnMessage) ours = sn_message_get(store, known, SN_MESSAGE_FULL);

	return ours && !ours->carried && !g_strcmp0(ours->body, text);
}

gboolean sn_file_carried_mail(SnStore *store, const SnConfig *config, SnPrepared *prepared,
                              SnId carried_by, GError **error)
{
	SnMessage *message = prepared->message;
	SnAddResult result;

	if (!prepared->mail || !prepared->sender || !sn_carried_is_ours(config, message))
		return TRUE;
	message->sender = sn_address_intern(store, SN_CHANNEL_MAIL, prepared->sender,
	                                    prepared->sender_name, error);
	if (!message->sender)
		return FALSE;
	SnId known = message->message_id ? sn_message_find_mail(store, message->message_id) : 0;
	message->carried = TRUE;
	message->carried_by = carried_by;
	message->verified = known && same_raw(store, known, prepared->raw);
	message->flags = SN_FLAG_SEEN;
	return sn_message_add(store, message, NULL, prepared->raw, &result, error);
}

gboolean sn_file_carried_im(SnStore *store, const SnConfig *config, const char *from,
                            const char *from_name, const char *to, const char *text,
                            const char *origin_id, SnTime time, SnId carried_by, GError **error)
{
	g_autofree char *sender = sn_address_normalise(SN_CHANNEL_IM, from);
	g_autofree char *recipient = sn_address_normalise(SN_CHANNEL_IM, to);
	g_autoptr(SnMessage) message = sn_message_new();
	SnAddResult result;

	if (!sender || !recipient || !text)
		return TRUE;
	message->channel = SN_CHANNEL_IM;
	sn_message_add_party(message, SN_ROLE_FROM, sender, from_name);
	sn_message_add_party(message, SN_ROLE_TO, recipient, NULL);
	if (!sn_carried_is_ours(config, message))
		return TRUE;
	message->sender = sn_address_intern(store, SN_CHANNEL_IM, sender, from_name, error);
	if (!message->sender)
		return FALSE;
	SnId known = origin_id ? sn_message_find_im(store, origin_id, sender) : 0;
	gboolean own = sn_config_owns(config, SN_CHANNEL_IM, sender);
	message->direction = own ? SN_OUT : SN_IN;
	message->state = own ? SN_STATE_ACCEPTED : SN_STATE_RECEIVED;
	message->time = time;
	/* see id_of() in ingest_im.c */
	if (origin_id && !g_str_has_prefix(origin_id, "wish:"))
		message->origin_id = g_strdup(origin_id);
	message->body = g_strdup(text);
	message->size = (gint64)strlen(text);
	message->carried = TRUE;
	message->carried_by = carried_by;
	message->verified = known && same_text(store, known, text);
	message->flags = SN_FLAG_SEEN;
	return sn_message_add(store, message, NULL, NULL, &result, error);
}
