/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rooms_invite.c - invitations to rooms: questions to the user, in the conversation with whoever
 * invites; and what became of those that the user sent. */
#include "src/engine/rooms.h"

#include <string.h>

#include "src/store/wish.h"

typedef struct {
	SnRooms *rooms;
	const SnImInvitation *from;
	char *key;   /* "direct ROOM WHO" or "room ROOM WHO" */
	char *accept, *decline;
	const char *nick; /* whoever invites is known by this only; NULL */
	SnMessage *message;
} Inviting;

static SnMessage *message_of(const Inviting *inviting, SnTime time)
{
	const SnImInvitation *from = inviting->from;
	SnEngineAccount *account = inviting->rooms->account;
	SnTime now = sn_clock_now(account->engine->clock);
	const char *who = inviting->nick ? inviting->nick : from->who;
	SnMessage *message = sn_message_new();

	message->account = account->id;
	message->channel = SN_CHANNEL_IM;
	message->state = SN_STATE_RECEIVED;
	message->time = time > 0 && time < now ? time : now;
	/* the same by another way, once more; without an id: once a day */
	message->origin_id = from->id ? g_strdup_printf("wish:room:%s:%s", from->room, from->id)
	                              : g_strdup_printf("wish:room:%s:%" G_GINT64_FORMAT, from->room,
	                                                message->time / SN_DAY);
	/* what a room says of others is only its word */
	message->body = from->direct
	                        ? g_strdup_printf("%s invites you to the room %s.", who, from->room)
	                        : g_strdup_printf("The room %s says: %s invites you.", from->room, who);
	if (from->words) {
		g_autofree char *text = g_steal_pointer(&message->body);
		message->body = g_strdup_printf("%s\n%s", text, from->words);
	}
	message->notice = g_strdup("invitation to a room");
	message->sender_name = g_strdup(inviting->nick);
	return message;
}

/* Is the same asked already, and not answered? */
static gboolean is_open(const Inviting *inviting)
{
	g_autoptr(GPtrArray) questions = sn_question_list(inviting->rooms->account->engine->store,
	                                                  inviting->message->conversation);

	for (guint i = 0; i < questions->len; i++)
		if (!g_strcmp0(((SnQuestion *)g_ptr_array_index(questions, i))->values[0],
		               inviting->accept))
			return TRUE;
	return FALSE;
}

/* FALSE without an error: it is known. */
static gboolean ask(Inviting *inviting, GError **error)
{
	SnEngineAccount *account = inviting->rooms->account;
	SnStore *store = account->engine->store;
	SnMessage *message = inviting->message;
	const char *const values[] = { inviting->accept, inviting->decline, NULL };
	const char *const labels[] = { "Join", "Decline", NULL };
	/* by a nick only: then it stands with the room */
	const char *room = inviting->nick ? inviting->from->room : NULL;
	SnAddResult result = SN_DUPLICATE;

	message->sender = sn_address_intern(store, SN_CHANNEL_IM,
	                                    room ? room : inviting->from->who, NULL, error);
	if (!message->sender)
		return FALSE;
	sn_message_add_party(message, SN_ROLE_FROM, inviting->from->who, NULL);
	sn_message_add_party(message, SN_ROLE_TO, account->config->im.user, NULL);
	return sn_message_add(store, message, room, NULL, &result, error) && result == SN_ADDED &&
	       !is_open(inviting) &&
	       sn_question_add(store, message->conversation, message->id, message->body, values, labels,
	                       error) != 0;
}

static gboolean file(Inviting *inviting, GError **error)
{
	SnStore *store = inviting->rooms->account->engine->store;

	if (!sn_store_begin(store, error))
		return FALSE;
	if (ask(inviting, error))
		return sn_store_commit(store, error);
	sn_store_rollback(store);
	return FALSE;
}

void sn_rooms_invited(SnRooms *rooms, const SnImInvitation *from, SnTime time)
{
	SnEngineAccount *account = rooms->account;
	g_autoptr(SnRoom) known = sn_room_find(account->engine->store, account->id, from->room);
	g_autoptr(GError) error = NULL;

	/* wanted: it was answered elsewhere, or is joined just now */
	if (!from->who || (known && (known->state == SN_ROOM_IN || (known->wanted && time))))
		return;
	g_autofree char *key =
		g_strdup_printf("%s %s %s", from->direct ? "direct" : "room", from->room, from->who);
	Inviting inviting = { .rooms = rooms, .from = from, .key = key,
		              .accept = sn_wish_as_answer(SN_WISH_ROOM, key, "join"),
		              .decline = sn_wish_as_answer(SN_WISH_ROOM, key, "decline"),
		              .nick = sn_room_private_nick(from->who) };
	inviting.message = message_of(&inviting, time);
	if (from->password)
		g_hash_table_replace(rooms->passwords, g_strdup(from->room), g_strdup(from->password));
	if (file(&inviting, &error))
		sn_engine_notify(account->engine, SN_NOTIFY_QUESTION, inviting.message->conversation,
		                 from->who, inviting.message->body);
	else if (error)
		sn_rooms_warn(rooms, error);
	sn_message_free(inviting.message);
	g_free(inviting.accept);
	g_free(inviting.decline);
}

void sn_rooms_take_invitation(SnRooms *rooms, const SnImEvent *event)
{
	SnImInvitation from = { .room = event->jid, .who = event->name, .words = event->status,
		                .password = event->text, .id = event->item, .direct = event->found };

	if (event->jid)
		sn_rooms_invited(rooms, &from, event->time);
}

gboolean sn_rooms_answer_invitation(SnRooms *rooms, const char *key, const char *answer)
{
	SnStore *store = rooms->account->engine->store;
	g_auto(GStrv) words = g_strsplit(key, " ", 3);

	if (g_strv_length(words) == 3) {
		SnRoomWish wish = { .room = words[1] };
		if (!sn_rooms_is_for(rooms, &wish))
			return FALSE;
		if (g_str_equal(answer, "join")) {
			SnRoomSession *session = sn_rooms_make(rooms, words[1], NULL, NULL, TRUE);
			SnRoomJoin how = { .password = g_hash_table_lookup(rooms->passwords, words[1]) };
			session->asked = TRUE;
			if (session->conversation)
				sn_rooms_join(rooms, session, &how);
		} else if (g_str_equal(words[0], "room")) {
			SnImRequest *request =
				sn_rooms_request(rooms, SN_IM_REQ_ROOM_DECLINE, words[1]);
			request->with = g_strdup(words[2]);
			sn_engine_im(rooms->account, request, NULL, NULL);
		}
		g_hash_table_remove(rooms->passwords, words[1]);
	}
	return sn_wish_set(store, SN_WISH_ROOM, key, NULL, NULL);
}

void sn_rooms_take_decline(SnRooms *rooms, const SnImEvent *event)
{
	SnRoomSession *session = sn_rooms_session(rooms, event->jid);
	const char *nick = sn_room_private_nick(event->name);
	const char *who = nick ? nick : event->name;

	if (!session || !who)
		return;
	if (event->error)
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ERROR, "%s was not invited: %s", who,
		             g_error_matches(event->error, SN_ERROR, SN_ERROR_PERMISSION)
		                     ? "you may not invite people here."
		                     : event->error->message);
	else
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ROOM, "%s declines the invitation%s%s", who,
		             event->status ? ": " : "", event->status ? event->status : "");
}
