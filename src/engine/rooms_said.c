/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rooms_said.c - what is said in a room: does it speak to the user, and is that news? */
#include <string.h>

#include "src/engine/rooms.h"
#include "src/text/mention.h"

gboolean sn_rooms_said(SnEngineAccount *account, const SnImMessage *im, const SnMessage *message,
                       GError **error)
{
	SnStore *store = account->engine->store;
	const char *global = sn_config_settings(account->engine->config)->notify_keywords;
	g_autoptr(SnRoom) room = sn_room_get(store, message->conversation);
	gboolean mention = FALSE;

	if (room && message->direction == SN_IN && im->groupchat && message->body &&
	    !(message->flags & SN_FLAG_SEEN))
		mention = sn_text_mentions(message->body, room->nick) ||
		          sn_text_mentions_any(message->body, room->keywords) ||
		          sn_text_mentions_any(message->body, global);
	return sn_room_said(store, message->id, im->occupant_id, mention, error);
}

gboolean sn_rooms_is_news(SnEngine *engine, const SnMessage *message)
{
	g_autoptr(SnConversation) row = sn_conversation_get(engine->store, message->conversation);
	g_autoptr(SnRoom) room =
		row && row->kind == SN_CONV_ROOM ? sn_room_get(engine->store, row->id) : NULL;

	if (!room || sn_room_private_nick(row->key))
		return TRUE;
	SnRoomTell tell = room->tell != SN_ROOM_TELL_DEFAULT
	                          ? room->tell
	                          : sn_config_settings(engine->config)->notify_rooms;
	return tell == SN_ROOM_TELL_ALL || (tell == SN_ROOM_TELL_MENTIONS && message->mention);
}

void sn_rooms_retract(SnRooms *rooms, const SnImMessage *im)
{
	SnRoomSession *session = sn_rooms_session(rooms, im->from);
	const char *by = sn_room_private_nick(im->retracted_by);
	g_autoptr(GError) error = NULL;

	if (!session || !session->conversation)
		return;
	if (!sn_room_retracted(rooms->account->engine->store, rooms->account->id,
	                       session->conversation, im->retracts, by ? by : im->retracted_by,
	                       im->retract_reason, &error) && error)
		sn_rooms_warn(rooms, error);
}

/*
 * XEP-0333 section 4.1: in a room by the id the room gave. Only where everybody knows everybody, in a
 * room for members that shows addresses: elsewhere it would tell strangers when the user reads.
 */
gboolean sn_rooms_displayed(SnEngineAccount *account, const SnMessage *message)
{
	SnEngine *engine = account->engine;
	g_autoptr(SnConversation) row = sn_conversation_get(engine->store, message->conversation);
	const guint among_us = SN_ROOM_MEMBERS_ONLY | SN_ROOM_SHOWS_ADDRESSES;

	if (!row || row->kind != SN_CONV_ROOM)
		return FALSE;
	g_autoptr(SnRoom) room = sn_room_get(engine->store, row->id);
	if (!room || room->state != SN_ROOM_IN || sn_room_private_nick(row->key) ||
	    message->direction != SN_IN || !message->stanza_id ||
	    (room->features & among_us) != among_us ||
	    !sn_config_settings(engine->config)->im_markers)
		return TRUE;
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_SEND, sn_engine_next_id(engine));
	request->message = sn_im_message_new();
	request->message->to = g_strdup(room->jid);
	request->message->groupchat = TRUE;
	request->message->displayed_id = g_strdup(message->stanza_id);
	request->message->store_hint = TRUE;
	sn_engine_im(account, request, NULL, NULL);
	return TRUE;
}
