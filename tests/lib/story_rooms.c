/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A room that alice is in, one that she is not let into, and a word in private. */
#include "src/store/rooms.h"
#include "tests/lib/story.h"

#define ROOM "rigging@rooms.example.test"
#define AT(minutes) (STORY_NOW - (minutes) * SN_MINUTE)

static void person(SnStore *store, SnId room, const char *nick, const char *jid, const char *id,
                   const char *role, const char *affiliation, gboolean own)
{
	SnRoomPerson one = { .nick = (char *)nick, .jid = (char *)jid, .occupant_id = (char *)id,
		             .show = (char *)"online", .role = (char *)role,
		             .affiliation = (char *)affiliation, .own = own };

	if (!sn_room_person_set(store, room, &one, NULL))
		g_error("story: a person of the room");
}

static void say(SnStore *store, const char *room, const char *nick, const char *id, const char *text,
                SnTime time, gboolean unread, gboolean mention)
{
	SnMessage *message = sn_message_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *stanza = g_strdup_printf("%s-%" G_GINT64_FORMAT, id ? id : "own", time);

	message->account = sn_account_find(store, "home");
	message->channel = SN_CHANNEL_IM;
	message->direction = nick ? SN_IN : SN_OUT;
	message->state = nick ? SN_STATE_RECEIVED : SN_STATE_ACCEPTED;
	message->time = time;
	message->flags = unread ? 0 : SN_FLAG_SEEN;
	message->sender = sn_address_intern(store, SN_CHANNEL_IM, nick ? ROOM : "alice@example.test",
	                                    NULL, NULL);
	message->sender_name = g_strdup(nick);
	message->stanza_id = g_steal_pointer(&stanza);
	message->body = g_strdup(text);
	if (!sn_message_add(store, message, room, NULL, NULL, &error) ||
	    !sn_room_said(store, message->id, id, mention, &error))
		g_error("story: %s", error->message);
	sn_message_free(message);
}

static void line(SnStore *store, SnId room, SnRoomLineKind kind, const char *text, SnTime time)
{
	if (!sn_room_line_add(store, room, kind, text, time, time, NULL))
		g_error("story: a line of the room");
}

static void field(GPtrArray *fields, const char *var, const char *type, const char *label,
                  const char *value, const char *options, const char *labels)
{
	SnRoomField *one = g_new0(SnRoomField, 1);

	*one = (SnRoomField){ g_strdup(var),   g_strdup(type),    g_strdup(label),
		              g_strdup(value), g_strdup(options), g_strdup(labels) };
	g_ptr_array_add(fields, one);
}

static void settings(SnStore *store, SnId room)
{
	g_autoptr(GPtrArray) fields =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_field_free);

	field(fields, "FORM_TYPE", "hidden", NULL, "x", NULL, NULL);
	field(fields, "muc#roomconfig_roomname", "text-single", "Title", "Rigging", NULL, NULL);
	field(fields, "muc#roomconfig_membersonly", "boolean", "Only allow members to join", "0", NULL,
	      NULL);
	field(fields, "muc#roomconfig_whois", "list-single", "Addresses are shown to", "moderators",
	      "moderators\nanyone", "Moderators only\nAnyone");
	field(fields, "muc#roomconfig_roomsecret", "text-private", "Password", "", NULL, NULL);
	sn_room_set_form(store, room, fields, NULL);
}

/* gus asks alice into another room; nobody has answered yet. */
static void invite(SnStore *store)
{
#define KEY "wish:room:direct loft@rooms.example.test gus@club.example"
	static const char *const values[] = { KEY "=join", KEY "=decline", NULL };
	static const char *const labels[] = { "Join", "Decline", NULL };
	SnMessage *message = sn_message_new();

	message->account = sn_account_find(store, "home");
	message->channel = SN_CHANNEL_IM;
	message->state = SN_STATE_RECEIVED;
	message->time = AT(7);
	message->sender = sn_address_intern(store, SN_CHANNEL_IM, "gus@club.example", NULL, NULL);
	message->origin_id = g_strdup("wish:room:loft@rooms.example.test:i1");
	message->notice = g_strdup("invitation to a room");
	message->body = g_strdup("gus@club.example invites you to the room loft@rooms.example.test.\n"
	                         "The sails are cut on Saturday");
	sn_message_add_party(message, SN_ROLE_FROM, "gus@club.example", NULL);
	if (!sn_message_add(store, message, NULL, NULL, NULL, NULL) ||
	    !sn_question_add(store, message->conversation, message->id, message->body, values, labels,
	                     NULL))
		g_error("story: an invitation");
	sn_message_free(message);
}

void story_fill_rooms(SnStore *store)
{
	SnId home = sn_account_find(store, "home");
	SnId room = sn_room_make(store, home, ROOM, "alice", "Rigging", TRUE, NULL);
	SnId strict = sn_room_make(store, home, "captains@rooms.example.test", "alice", NULL, TRUE, NULL);

	g_assert(room && strict);
	sn_room_set_state(store, room, SN_ROOM_IN, "alice", 1 | 4 | 64 | 128, NULL, NULL, NULL);
	sn_room_set_subject(store, room, "Splices, knots and other ends", "gus", NULL);
	person(store, room, "alice", "alice@example.test", "o-alice", "participant", "member", TRUE);
	person(store, room, "bob", "bob@example.test", "o-bob", "participant", "none", FALSE);
	person(store, room, "bosun", NULL, "o-bosun", "participant", "none", FALSE);
	person(store, room, "gus", "gus@club.example", "o-gus", "moderator", "owner", FALSE);
	person(store, room, "mate", "mate@ship.example", "o-mate", "visitor", "none", FALSE);
	sn_room_count_people(store, room, NULL);
	say(store, ROOM, "gus", "o-gus", "Who has the long splice written down?", AT(60), FALSE, FALSE);
	say(store, ROOM, NULL, NULL, "I do, from the harbour book.", AT(58), FALSE, FALSE);
	line(store, room, SN_ROOM_LINE_PEOPLE, "mate, bosun, tar and 14 more came; rope left", AT(55));
	line(store, room, SN_ROOM_LINE_ROOM, "gus set the topic: Splices, knots and other ends", AT(54));
	say(store, ROOM, "bob", "o-bob", "Then alice can show it on Saturday.", AT(12), TRUE, TRUE);
	say(store, ROOM, "bob", "o-bob", "I bring the rope.", AT(11), TRUE, FALSE);
	say(store, ROOM, "bosun", "o-bosun", "And tea.", AT(10), TRUE, FALSE);
	line(store, room, SN_ROOM_LINE_ROOM, "tar was put out by gus: selling fenders", AT(9));
	say(store, ROOM "/gus", "gus", "o-gus", "Would you take the keys?", AT(20), FALSE, FALSE);
	sn_room_set_state(store, strict, SN_ROOM_REFUSED, NULL, -1, "permission",
	                  "captains@rooms.example.test is for members only, and you are not one.", NULL);
	line(store, strict, SN_ROOM_LINE_ERROR,
	     "captains@rooms.example.test is for members only, and you are not one.", AT(30));
	settings(store, room);
	invite(store);
}
