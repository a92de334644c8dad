/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_rooms.c - sennit rooms: the rooms, who is in, and what is asked of them. The engine does what is
 * asked, and says in the room what came of it. What a request consists of is a line of the table.
 */
#include <poll.h>
#include <string.h>

#include "src/base/bell.h"
#include "src/cli/cli_private.h"
#include "src/store/rooms.h"
#include "src/text/text.h"

extern const SnCliVerb sn_cmd_rooms;

static const SnCliOption options[] = {
	{ "create", 0, SN_OPT_FLAG, NULL, "join: make the room when it is not there" },
	{ "wait", 0, SN_OPT_NUMBER, "SECONDS", "join: wait until you are in, or refused" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static const SnCliSub subs[] = {
	{ "list", "", "your rooms, how you stand there, and their topics (without a word the same)" },
	{ "people", "ROOM", "who is in ROOM" },
	{ "join", "ROOM [NICK]", "enter ROOM, and again whenever sennit starts" },
	{ "leave", "ROOM [WORDS]", "leave ROOM, and do not enter it again" },
	{ "topic", "ROOM TEXT", "set the topic" },
	{ "invite", "ROOM ADDRESS [WORDS]", "invite ADDRESS" },
	{ "kick", "ROOM NICK [REASON]", "put somebody out" },
	{ "ban", "ROOM ADDRESS|NICK [REASON]", "put somebody out for good" },
	{ "role", "ROOM NICK ROLE", "make somebody moderator, participant or visitor" },
	{ "affiliation", "ROOM ADDRESS|NICK WHAT",
	  "make somebody owner, admin, member, none or outcast" },
	{ "notify", "ROOM WHAT", "of what you are told: all, mentions, nothing or default" },
	{ NULL, NULL, NULL },
};

/* ---- what is asked of the engine ---- */

typedef struct {
	const char *sub, *verb;
	const char *value;        /* fixed; NULL */
	gboolean who;             /* the second argument says whom */
	const char *const *words; /* the third one is one of these, and the value; NULL: it is text */
	gboolean text;            /* has to be there */
} Request;

static const char *const roles[] = { "moderator", "participant", "visitor", NULL };
static const char *const affiliations[] = { "owner", "admin", "member", "none", "outcast", NULL };
static const Request requests[] = {
	{ "leave", "leave", NULL, FALSE, NULL, FALSE },
	{ "topic", "subject", NULL, FALSE, NULL, TRUE },
	{ "invite", "invite", NULL, TRUE, NULL, FALSE },
	{ "kick", "role", "none", TRUE, NULL, FALSE },
	{ "ban", "affiliation", "outcast", TRUE, NULL, FALSE },
	{ "role", "role", NULL, TRUE, roles, FALSE },
	{ "affiliation", "affiliation", NULL, TRUE, affiliations, FALSE },
};

static int asked(SnCliContext *context)
{
	if (sn_cli_engine_runs(context))
		return SN_EXIT_DONE;
	puts("Waits until sennit runs.");
	return SN_EXIT_WAITING;
}

static int ask(SnCliContext *context, SnStore *store, const SnRoomWish *wish)
{
	g_autoptr(GError) error = NULL;

	return sn_room_ask(store, wish, &error) ? asked(context) : sn_cli_fail(error);
}

static int request(SnCliContext *context, SnStore *store, const SnRoom *room, const Request *how,
                   const SnArgs *args)
{
	guint at = how->who ? 3 : 2;
	const char *who = how->who ? sn_args_get(args, 2) : NULL;
	const char *word = how->words ? sn_args_get(args, at) : NULL;
	g_autofree char *text = sn_args_join(args, how->words ? at + 1 : at);

	if (how->who && !who)
		return sn_cli_failf(SN_EXIT_USAGE, "whom? See 'sennit rooms --help'");
	if (how->words && (!word || !g_strv_contains(how->words, word))) {
		g_autofree char *all = g_strjoinv(", ", (char **)how->words);
		return sn_cli_failf(SN_EXIT_USAGE, "say one of %s", all);
	}
	if (how->text && !*text)
		return sn_cli_failf(SN_EXIT_USAGE, "which topic?");
	SnRoomWish wish = { .account = room->account, .room = room->jid, .verb = (char *)how->verb,
		            .who = (char *)who, .value = (char *)(word ? word : how->value),
		            .text = *text ? text : NULL };
	return ask(context, store, &wish);
}

/* ---- joining ---- */

static SnId im_account(SnCliContext *context, SnStore *store)
{
	for (guint i = 0; i < sn_config_account_count(context->config); i++) {
		const SnAccount *account = sn_config_account(context->config, i);
		if (account->im.kind != SN_ENDPOINT_NONE)
			return sn_account_find(store, account->name);
	}
	return 0;
}

static int refused(const SnRoom *room)
{
	return sn_cli_failf(room->why_word ? sn_exit_for_code(sn_error_from_word(room->why_word))
	                                   : SN_EXIT_FAILED,
	                    "%s", room->why ? room->why : "the room refuses");
}

static int wait_joined(SnStore *store, SnId id, gint64 seconds)
{
	gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC, now;
	g_autoptr(GError) error = NULL;
	SnBell *bell = sn_bell_open(sn_store_bell_path(store), &error);
	int code = SN_EXIT_WAITING;

	if (!bell || !sn_bell_listen(bell, &error)) {
		sn_bell_free(bell);
		return sn_cli_fail(error);
	}
	for (;;) {
		/* first empty the bell, then look: what comes after the look rings again */
		sn_bell_answer(bell);
		g_autoptr(SnRoom) room = sn_room_get(store, id);
		now = g_get_monotonic_time();
		if (!room || room->state == SN_ROOM_IN || room->state == SN_ROOM_REFUSED || now >= end) {
			code = room && room->state == SN_ROOM_IN        ? SN_EXIT_DONE
			       : room && room->state == SN_ROOM_REFUSED ? refused(room)
			                                                : SN_EXIT_WAITING;
			break;
		}
		struct pollfd poll_fd = { sn_bell_fd(bell), POLLIN, 0 };
		poll(&poll_fd, 1, (int)MIN((end - now) / 1000 + 1, 60000));
	}
	sn_bell_free(bell);
	return code;
}

static int join(SnCliContext *context, SnStore *store, const char *jid, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnRoom) known = sn_room_find(store, 0, jid);
	SnId account = known ? known->account : im_account(context, store);
	gint64 seconds = sn_args_number(args, "wait", 0);
	g_autofree char *nick = sn_args_join(args, 2);
	SnRoomWish wish = { .account = account, .room = (char *)jid, .verb = (char *)"join",
		            .who = *nick ? nick : NULL,
		            .value = sn_args_flag(args, "create") ? (char *)"create" : NULL };

	if (!account)
		return sn_cli_failf(SN_EXIT_USAGE, "no account has IM");
	SnId id = sn_room_make(store, account, jid, NULL, NULL, TRUE, &error);
	if (!id || ((!known || known->state != SN_ROOM_IN) &&
	            !sn_room_set_state(store, id, SN_ROOM_JOINING, NULL, -1, NULL, NULL, &error)))
		return sn_cli_fail(error);
	int code = ask(context, store, &wish);
	return code == SN_EXIT_DONE && seconds > 0 ? wait_joined(store, id, seconds) : code;
}

/* ---- printing ---- */

static SnJson *room_json(SnStore *store, const SnRoom *room)
{
	SnJson *object = sn_json_object();
	g_autoptr(SnConversation) row = sn_conversation_get(store, room->conversation);

	sn_json_int(object, "id", room->conversation);
	sn_json_text(object, "address", room->jid);
	sn_json_text(object, "name", row ? row->title : NULL);
	sn_json_text(object, "state", sn_room_state_word(room->state));
	sn_json_text(object, "why", room->why);
	sn_json_text(object, "nick", room->nick);
	sn_json_text(object, "role", room->role);
	sn_json_text(object, "affiliation", room->affiliation);
	sn_json_text(object, "topic", room->subject);
	sn_json_text(object, "notify", sn_room_tell_word(room->tell));
	sn_json_bool(object, "bookmarked", room->bookmarked);
	sn_json_bool(object, "encrypted", FALSE); /* none is, as yet */
	if (room->state == SN_ROOM_IN)
		sn_json_int(object, "people", room->people);
	return object;
}

static int list(SnStore *store, gboolean json)
{
	static const char *const titles[] = { "room", "state", "encryption", "nick", "people", "topic",
		                              NULL };
	g_autoptr(GPtrArray) rooms = sn_room_list(store, 0);
	SnTable *table = json ? NULL : sn_table_new(titles);
	SnJsonList items;

	if (json)
		sn_json_begin(&items);
	for (guint i = 0; i < rooms->len; i++) {
		const SnRoom *room = g_ptr_array_index(rooms, i);
		if (json) {
			sn_json_item(&items, room_json(store, room));
			continue;
		}
		sn_table_cell(table, SN_STRONG, room->jid);
		sn_table_cell(table, room->state == SN_ROOM_REFUSED ? SN_BAD : SN_PLAIN,
		              sn_room_state_word(room->state));
		sn_table_cell(table, SN_PLAIN, "not encrypted");
		sn_table_cell(table, SN_PLAIN, room->nick);
		sn_table_cellf(table, SN_PLAIN, "%d", room->state == SN_ROOM_IN ? room->people : 0);
		sn_table_cell(table, SN_FAINT,
		              room->state == SN_ROOM_REFUSED ? room->why : room->subject);
	}
	if (json)
		sn_json_end(&items);
	else
		sn_table_print(table);
	return SN_EXIT_DONE;
}

static int people(SnStore *store, const SnRoom *room, gboolean json)
{
	static const char *const titles[] = { "nick", "presence", "role", "affiliation", "address", NULL };
	g_autoptr(GPtrArray) all = sn_room_people(store, room->conversation, FALSE);
	SnTable *table = json ? NULL : sn_table_new(titles);
	SnJsonList items;

	if (json)
		sn_json_begin(&items);
	for (guint i = 0; i < all->len; i++) {
		const SnRoomPerson *one = g_ptr_array_index(all, i);
		const char *cells[] = { one->nick, one->show, one->role, one->affiliation, one->jid };
		SnJson *object = json ? sn_json_object() : NULL;
		for (gsize j = 0; j < G_N_ELEMENTS(cells); j++) {
			if (json)
				sn_json_text(object, titles[j], cells[j]);
			else
				sn_table_cell(table, j ? SN_PLAIN : SN_STRONG, cells[j]);
		}
		if (json)
			sn_json_item(&items, object);
	}
	if (json)
		sn_json_end(&items);
	else
		sn_table_print(table);
	return SN_EXIT_DONE;
}

/* ---- the verb ---- */

static int notify(SnStore *store, const SnRoom *room, const char *word)
{
	g_autoptr(GError) error = NULL;
	SnRoomTell tell;

	if (!word || !sn_room_tell_parse(word, &tell))
		return sn_cli_failf(SN_EXIT_USAGE, "say all, mentions, nothing or default");
	return sn_room_set_tell(store, room->conversation, tell, &error) ? (int)SN_EXIT_DONE
	                                                                 : sn_cli_fail(error);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *sub = sn_args_count(args) ? sn_args_get(args, 0) : "list";
	const char *where = sn_args_get(args, 1);
	gboolean json = sn_args_flag(args, "json");
	int code = SN_EXIT_FAILED, channel;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	if (strcmp(sub, "list") == 0)
		return list(store, json);
	g_autofree char *jid = where ? sn_cli_address(where, &channel) : NULL;
	if (!jid)
		return sn_cli_failf(SN_EXIT_USAGE, "which room? Name its address");
	if (strcmp(sub, "join") == 0)
		return join(context, store, jid, args);
	g_autoptr(SnRoom) room = sn_room_find(store, 0, jid);
	if (!room)
		return sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no room %s here; 'sennit rooms join' enters one",
		                    jid);
	if (strcmp(sub, "people") == 0)
		return people(store, room, json);
	if (strcmp(sub, "notify") == 0)
		return notify(store, room, sn_args_get(args, 2));
	for (gsize i = 0; i < G_N_ELEMENTS(requests); i++)
		if (strcmp(requests[i].sub, sub) == 0)
			return request(context, store, room, &requests[i], args);
	g_assert_not_reached(); /* the table of words was looked at before */
}

const SnCliVerb sn_cmd_rooms = {
	.name = "rooms",
	.arguments = "[COMMAND [ROOM ...]]",
	.meaning = "rooms (group chats): which, who is in, joining, inviting, moderating",
	.text = "ROOM is an address such as tea@rooms.example.org. What is asked is done by the sennit that "
		"runs, and what came of it is said in the room; without one it waits (exit code 6). "
		"'sennit send --to ROOM' speaks there. What is said in rooms is not encrypted end to end: "
		"their servers can read it.",
	.options = options,
	.subs = subs,
	.min = 0,
	.max = -1,
	.run = run,
};
