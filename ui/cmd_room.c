/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about rooms. What they ask for is done by the engine, and what comes of it is said in the
 * room. */
#include <string.h>

#include "ui/command.h"
#include "ui/composer.h"
#include "ui/prompt.h"
#include "ui/room.h"
#include "ui/view.h"

/* ---- in and out ---- */

/* The first account with IM. 0 */
static SnId im_account(SnApp *app)
{
	for (guint i = 0; i < sn_config_account_count(app->config); i++) {
		const SnAccount *account = sn_config_account(app->config, i);
		if (account->im.kind != SN_ENDPOINT_NONE)
			return sn_account_find(app->store, account->name);
	}
	return 0;
}

/* "xmpp:tea@rooms.example.org?join" is how rooms are written down. */
static char *room_address(const char *text)
{
	gboolean uri = g_ascii_strncasecmp(text, "xmpp:", 5) == 0;
	g_autofree char *bare = g_strndup(text + (uri ? 5 : 0), strcspn(text + (uri ? 5 : 0), "?"));

	return uri ? g_uri_unescape_string(bare, NULL) : g_steal_pointer(&bare);
}

static gboolean join(SnApp *app, const char *where, const char *nick, GError **error)
{
	g_autofree char *jid = room_address(where);
	g_autoptr(SnRoom) known = jid ? sn_room_find(app->store, 0, jid) : NULL;
	SnId account = known ? known->account : im_account(app);

	if (!account)
		return sn_command_fail(error, "No account has IM: add \"im = ...\" to one in accounts.conf.");
	SnId id = sn_room_make(app->store, account, jid ? jid : where, NULL, NULL, TRUE, error);
	SnRoomWish wish = { .account = account, .room = jid, .verb = (char *)"join",
		            .who = (char *)nick };
	if (!id || ((!known || known->state != SN_ROOM_IN) &&
	            !sn_room_set_state(app->store, id, SN_ROOM_JOINING, NULL, -1, NULL, NULL, error)) ||
	    !sn_room_ask(app->store, &wish, error))
		return FALSE;
	app->room_asked = id;
	sn_room_show(app, id);
	return TRUE;
}

static void join_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	g_auto(GStrv) words = g_strsplit(answer ? answer : "", " ", 2);

	if (words[0] && *words[0] && !join(app, words[0], words[1], &error))
		sn_app_error(app, error);
}

static gboolean run_join(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "Room (tea@rooms.example.org, and a nick if not yours): ",
		          .done = join_answered };

	if (argc)
		return join(app, argv[0], argc > 1 ? argv[1] : NULL, error);
	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean run_leave(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);

	if (!room || !sn_room_request(app, room, "leave", NULL, NULL, argc ? argv[0] : NULL, error))
		return FALSE;
	app->room_asked = 0;
	sn_app_say(app, SN_OBJ_SUCCESS, "You leave %s; :join enters it again.", room->jid);
	return TRUE;
}

static gboolean run_nick(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);

	return room && sn_room_request(app, room, "join", argv[0], NULL, NULL, error);
}

static gboolean run_bookmark(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);
	const char *how = argc ? argv[0] : "autojoin";

	if (!room)
		return FALSE;
	if (!g_str_equal(how, "autojoin") && !g_str_equal(how, "keep") && !g_str_equal(how, "remove"))
		return sn_command_fail(error, "Say autojoin, keep or remove.");
	return sn_room_request(app, room, "bookmark", NULL, how, NULL, error);
}

/* ---- what is told of ---- */

static gboolean run_tell(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);
	SnRoomTell tell;

	if (!room)
		return FALSE;
	if (!argc) {
		tell = room->tell ? room->tell : app->settings->notify_rooms;
		sn_app_say(app, SN_OBJ_FAINT, "You are told of %s here%s.", sn_room_tell_word(tell),
		           room->tell ? "" : ", as everywhere");
		return TRUE;
	}
	if (!sn_room_tell_parse(argv[0], &tell))
		return sn_command_fail(error, "Say all, mentions, nothing or default.");
	app->stale = TRUE;
	return sn_room_set_tell(app->store, room->conversation, tell, error);
}

static gboolean run_keywords(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);

	if (!room)
		return FALSE;
	app->stale = TRUE;
	return sn_room_set_keywords(app->store, room->conversation, argc ? argv[0] : "", error);
}

/* ---- people ---- */

/* Named, or the one selected in the view of people. */
static char *whom(SnApp *app, int argc, char **argv, GError **error)
{
	SnView *view = sn_app_view(app);

	if (argc)
		return g_strdup(argv[0]);
	if (view && view->ops == &sn_view_people && sn_page_data(view->page))
		return g_strdup(sn_page_data(view->page));
	sn_command_fail(error, "Whom? Say the nick, or select somebody in :people.");
	return NULL;
}

static gboolean run_people(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);

	if (!room)
		return FALSE;
	sn_view_open(app, &sn_view_people, NULL, room->conversation);
	return TRUE;
}

static gboolean set_role(SnApp *app, int argc, char **argv, const char *role, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);
	g_autofree char *who = room ? whom(app, argc, argv, error) : NULL;

	return who && sn_room_request(app, room, "role", who, role, argc > 1 ? argv[1] : NULL, error);
}

static gboolean run_kick(SnApp *app, int argc, char **argv, GError **error)
{
	return set_role(app, argc, argv, "none", error);
}

static gboolean run_voice(SnApp *app, int argc, char **argv, GError **error)
{
	return set_role(app, argc, argv, "participant", error);
}

static gboolean run_mute_person(SnApp *app, int argc, char **argv, GError **error)
{
	return set_role(app, argc, argv, "visitor", error);
}

static gboolean run_moderator(SnApp *app, int argc, char **argv, GError **error)
{
	return set_role(app, argc, argv, "moderator", error);
}

static gboolean run_ban(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);
	g_autofree char *who = room ? whom(app, argc, argv, error) : NULL;

	return who && sn_room_request(app, room, "affiliation", who, "outcast",
	                              argc > 1 ? argv[1] : NULL, error);
}

static gboolean run_affiliation(SnApp *app, int argc, char **argv, GError **error)
{
	static const char *const words[] = { "outcast", "none", "member", "admin", "owner", NULL };
	g_autoptr(SnRoom) room = sn_room_current(app, error);

	if (!room)
		return FALSE;
	if (!argc) {
		if (!sn_room_request(app, room, "lists", NULL, NULL, NULL, error))
			return FALSE;
		sn_view_open(app, &sn_view_people, "lists", room->conversation);
		return TRUE;
	}
	if (argc < 2 || !g_strv_contains(words, argv[1]))
		return sn_command_fail(error, "Say who, and owner, admin, member, none or outcast.");
	return sn_room_request(app, room, "affiliation", argv[0], argv[1], NULL, error);
}

static gboolean run_private(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);
	g_autofree char *who = room ? whom(app, argc, argv, error) : NULL;
	g_autoptr(SnRoomPerson) person =
		who ? sn_room_person(app->store, room->conversation, who) : NULL;

	if (!who)
		return FALSE;
	if (!person || !person->here)
		return sn_command_fail(error, "Nobody in this room is called %s.", who);
	SnId id = sn_room_private(app->store, room->conversation, who, error);
	if (!id)
		return FALSE;
	sn_room_show(app, id);
	sn_app_focus(app, SN_PANE_COMPOSE);
	return TRUE;
}

/* By name, or by an address: the IM address of a person of the map. */
static char *invited(SnApp *app, const char *who, GError **error)
{
	g_autofree char *jid = sn_address_normalise(SN_CHANNEL_IM, who);

	if (jid && strchr(jid, '@'))
		return g_steal_pointer(&jid);
	SnId conversation = sn_command_conversation(app, who);
	g_autoptr(SnConversation) row =
		conversation ? sn_conversation_get(app->store, conversation) : NULL;
	g_autoptr(GPtrArray) addresses =
		row && row->person ? sn_person_addresses(app->store, row->person) : NULL;
	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = g_ptr_array_index(addresses, i);
		if (address->channel == SN_CHANNEL_IM && address->confirmed)
			return g_strdup(address->value);
	}
	sn_command_fail(error, "No IM address of %s is known; name the address.", who);
	return NULL;
}

static gboolean run_invite(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);
	g_autofree char *jid = room ? invited(app, argv[0], error) : NULL;

	return jid && sn_room_request(app, room, "invite", jid, NULL, argc > 1 ? argv[1] : NULL, error);
}

/* ---- the room ---- */

static gboolean run_topic(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);

	if (!room)
		return FALSE;
	if (argc)
		return sn_room_request(app, room, "subject", NULL, NULL, argv[0], error);
	if (room->subject)
		sn_app_say(app, SN_OBJ_FAINT, "%s%s%s", room->subject, room->subject_by ? "  by " : "",
		           room->subject_by ? room->subject_by : "");
	else
		sn_app_say(app, SN_OBJ_FAINT, "This room has no topic; :topic TEXT sets one.");
	return TRUE;
}

static gboolean run_room(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);

	if (!room || !sn_room_request(app, room, "form", NULL, NULL, NULL, error))
		return FALSE;
	sn_view_open(app, &sn_view_room, NULL, room->conversation);
	return TRUE;
}

static gboolean run_moderate(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);
	const SnMessage *message = sn_timeline_selected(app->timeline);

	if (!room)
		return FALSE;
	if (!message || !message->stanza_id)
		return sn_command_fail(error, "Select a message that the room has kept.");
	return sn_room_request(app, room, "retract", message->stanza_id, NULL, argc ? argv[0] : NULL,
	                       error);
}

static gboolean run_close_room(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnRoom) room = sn_room_current(app, error);

	if (!room)
		return FALSE;
	if (g_strcmp0(argv[0], room->jid) != 0)
		return sn_command_fail(error, "To close the room for good, name it: %s.", room->jid);
	return sn_room_request(app, room, "destroy", NULL, NULL, argc > 1 ? argv[1] : NULL, error);
}

#define TELL_WORDS "all mentions nothing default"
#define AFFILIATIONS "owner admin member none outcast"

const SnCommand sn_commands_room[] = {
	{ "join", "[ROOM [NICK]]", "enter a room", 0, NULL, 0, 2, run_join },
	{ "leave", "[WORDS]", "leave the room, and do not enter it again by itself", 0, NULL, 0, -1, run_leave },
	{ "nick", "NICK", "be called that in the room", 0, NULL, 1, -1, run_nick },
	{ "bookmark", "[HOW]", "keep the room among your bookmarks: autojoin, keep or remove", SN_COMPLETE_WORDS, "autojoin keep remove", 0, 1, run_bookmark },
	{ "room-notify", "[WHAT]", "of what is said in the room you are told", SN_COMPLETE_WORDS, TELL_WORDS, 0, 1, run_tell },
	{ "room-keywords", "[WORDS]", "words that count as a mention in the room, with commas between", 0, NULL, 0, -1, run_keywords },
	{ "people", "", "who is in the room", 0, NULL, 0, 0, run_people },
	{ "invite", "WHO [WORDS]", "invite somebody into the room", SN_COMPLETE_PERSON, NULL, 1, 2, run_invite },
	{ "private", "[NICK]", "write to one of the room in private", 0, NULL, 0, -1, run_private },
	{ "kick", "[NICK [REASON]]", "put somebody out of the room", 0, NULL, 0, 2, run_kick },
	{ "ban", "[WHO [REASON]]", "put somebody out of the room for good", 0, NULL, 0, 2, run_ban },
	{ "voice", "[NICK]", "let somebody speak in the room", 0, NULL, 0, 2, run_voice },
	{ "silence", "[NICK]", "let somebody only listen in the room", 0, NULL, 0, 2, run_mute_person },
	{ "moderator", "[NICK]", "make somebody a moderator until they leave", 0, NULL, 0, 2, run_moderator },
	{ "affiliation", "[WHO WHAT]", "who belongs to the room, or make somebody owner, admin, member, none, outcast", SN_COMPLETE_WORDS, AFFILIATIONS, 0, 2, run_affiliation },
	{ "topic", "[TEXT]", "the topic of the room, or set it", 0, NULL, 0, -1, run_topic },
	{ "room", "", "settings of the room, for its owners", 0, NULL, 0, 0, run_room },
	{ "moderate", "[REASON]", "take back what somebody said in the room, as a moderator", 0, NULL, 0, -1, run_moderate },
	{ "close-room", "ROOM [REASON]", "close the room for good, as its owner", 0, NULL, 1, 2, run_close_room },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
