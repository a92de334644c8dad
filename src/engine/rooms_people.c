/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rooms_people.c - who comes and goes. Rows for those who are in; for the timeline one quiet line
 * that grows until somebody speaks, so that thousands who come and go are one line.
 */
#include "src/engine/rooms.h"

#include <string.h>

enum {
	NAMED = 3,      /* by name in one line; the others are counted */
	LINES_MAX = 10, /* of their own from one event: kicks and the like */
};
#define TOGETHER (10 * SN_MINUTE)

void sn_rooms_people_forget(SnRoomSession *session)
{
	g_clear_pointer(&session->came, g_hash_table_unref);
	g_clear_pointer(&session->went, g_hash_table_unref);
	session->since = 0;
}

const char *sn_rooms_status_words(int code)
{
	static const struct {
		int code;
		const char *words;
	} known[] = {
		{ 100, "Everybody here can see your address." },
		{ 104, "The settings of the room changed." },
		{ 170, "What is said here is now kept in a public log." },
		{ 171, "What is said here is no longer kept in a public log." },
		{ 172, "Everybody here can now see everybody's address." },
		{ 173, "Only moderators can now see addresses." },
		{ 174, "Nobody can see addresses any more." },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (known[i].code == code)
			return known[i].words;
	return NULL;
}

char *sn_rooms_leaving_words(const SnImEvent *event)
{
	static const char *const words[] = {
		[SN_ROOM_KICKED] = "You were put out", [SN_ROOM_BANNED] = "You were banned",
		[SN_ROOM_NO_MEMBER] = "The room is for members only now",
		[SN_ROOM_CLOSED] = "The room's server shuts down",
		[SN_ROOM_LOST] = "The room lost you because of an error",
		[SN_ROOM_DESTROYED] = "The room was closed for good",
	};
	const char *what = (guint)event->leaving < G_N_ELEMENTS(words) ? words[event->leaving] : NULL;

	return g_strdup_printf("%s%s%s%s%s.", what ? what : "You left", event->text ? " by " : "",
	                       event->text ? event->text : "", event->status ? ": " : "",
	                       event->status ? event->status : "");
}

/* Somebody else, put out. NULL: there is nothing to say of it by itself. */
static char *own_line(const SnImOccupant *one)
{
	const char *what = one->leaving == SN_ROOM_KICKED      ? "was put out"
	                   : one->leaving == SN_ROOM_BANNED    ? "was banned"
	                   : one->leaving == SN_ROOM_NO_MEMBER ? "had to leave as no member"
	                                                       : NULL;

	if (one->leaving == SN_ROOM_RENAMED && one->new_nick)
		return g_strdup_printf("%s is now called %s", one->nick, one->new_nick);
	return what ? g_strdup_printf("%s %s%s%s%s%s", one->nick, what, one->actor ? " by " : "",
	                              one->actor ? one->actor : "", one->reason ? ": " : "",
	                              one->reason ? one->reason : "")
	            : NULL;
}

/* ---- the line that grows ---- */

static void note(SnRoomSession *session, GHashTable *names, const char *nick)
{
	g_hash_table_replace(names, g_strdup(nick), GUINT_TO_POINTER(++session->number));
}

/* The first of them, in their order; the others are only counted. */
static void append_names(GString *out, GHashTable *names, const char *verb)
{
	const char *first[NAMED] = { NULL };
	guint number[NAMED] = { 0 }, count = g_hash_table_size(names), shown = MIN(count, NAMED);
	GHashTableIter iter;
	gpointer nick, value;

	if (!count)
		return;
	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &nick, &value)) {
		guint at = NAMED, mine = GPOINTER_TO_UINT(value);
		while (at > 0 && (!first[at - 1] || mine < number[at - 1]))
			at--;
		for (guint i = NAMED; i-- > at + 1;) {
			first[i] = first[i - 1];
			number[i] = number[i - 1];
		}
		if (at < NAMED) {
			first[at] = nick;
			number[at] = mine;
		}
	}
	if (out->len)
		g_string_append(out, "; ");
	for (guint i = 0; i < shown; i++)
		g_string_append_printf(out, "%s%s", i == 0 ? "" : i + 1 == count ? " and " : ", ",
		                       first[i]);
	if (count > NAMED)
		g_string_append_printf(out, " and %u more", count - NAMED);
	g_string_append_printf(out, " %s", verb);
}

static void begin_line(SnRooms *rooms, SnRoomSession *session)
{
	SnTime now = sn_clock_now(rooms->account->engine->clock);

	if (session->came && now - session->since < TOGETHER)
		return;
	sn_rooms_people_forget(session);
	session->came = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	session->went = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	session->since = now;
}

static void write_line(SnRooms *rooms, SnRoomSession *session)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	append_names(out, session->came, "came");
	append_names(out, session->went, "left");
	if (!out->len)
		g_string_append(out, "People came and left");
	if (!sn_room_line_add(rooms->account->engine->store, session->conversation,
	                      SN_ROOM_LINE_PEOPLE, out->str,
	                      sn_clock_now(rooms->account->engine->clock), session->since, &error))
		sn_rooms_warn(rooms, error);
}

/* ---- one occupant ---- */

static gboolean write_person(SnRooms *rooms, SnRoomSession *session, const SnImOccupant *one,
                             GError **error)
{
	SnStore *store = rooms->account->engine->store;

	if (one->leaving != SN_ROOM_STAYS)
		return sn_room_person_gone(store, session->conversation, one->nick, error);
	SnRoomPerson person = {
		.nick = one->nick,
		.jid = one->jid,
		.occupant_id = one->occupant_id,
		.show = one->show,
		.role = (char *)sn_room_role_word(one->role),
		.affiliation = (char *)sn_room_affiliation_word(one->affiliation),
		.own = one->own,
	};
	return sn_room_person_set(store, session->conversation, &person, error);
}

/* What changed for somebody who stays. */
static void say_change(SnRooms *rooms, SnRoomSession *session, const SnImOccupant *one)
{
	g_autoptr(SnRoomPerson) before = NULL;
	const char *role = sn_room_role_word(one->role);
	const char *affiliation = sn_room_affiliation_word(one->affiliation);

	before = sn_room_person(rooms->account->engine->store, session->conversation, one->nick);
	if (!before || !before->here)
		return;
	if (before->affiliation && strcmp(before->affiliation, affiliation) != 0)
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ROOM, "%s %s now %s%s",
		             one->own ? "You" : one->nick, one->own ? "are" : "is",
		             one->affiliation == SN_ROOM_NO_AFFILIATION ? "without affiliation" : "",
		             one->affiliation == SN_ROOM_NO_AFFILIATION ? "" : affiliation);
	else if (before->role && strcmp(before->role, role) != 0)
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ROOM, "%s %s now %s%s",
		             one->own ? "You" : one->nick, one->own ? "are" : "is",
		             one->role == SN_ROOM_VISITOR ? "a visitor, and cannot speak"
		             : one->role == SN_ROOM_MODERATOR ? "a moderator" : "a participant", "");
}

/* TRUE: the line of comings and goings changed. */
static gboolean say_one(SnRooms *rooms, SnRoomSession *session, const SnImOccupant *one, int *lines)
{
	g_autofree char *line = own_line(one);

	if (line && (*lines)++ < LINES_MAX) {
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ROOM, "%s", line);
		return FALSE;
	}
	if (one->leaving == SN_ROOM_STAYS && !one->appeared) {
		if ((*lines)++ < LINES_MAX)
			say_change(rooms, session, one);
		return FALSE;
	}
	if (one->own)
		return FALSE;
	begin_line(rooms, session);
	/* who left and is back, or came and left, is not worth a word */
	if (one->leaving == SN_ROOM_STAYS) {
		if (!g_hash_table_remove(session->went, one->nick))
			note(session, session->came, one->nick);
	} else if (!g_hash_table_remove(session->came, one->nick)) {
		note(session, session->went, one->nick);
	}
	return TRUE;
}

static gboolean write_all(SnRooms *rooms, SnRoomSession *session, const SnImEvent *event,
                          GError **error)
{
	SnStore *store = rooms->account->engine->store;
	gboolean changed = FALSE;
	int lines = 0;

	if (event->complete && !sn_room_people_clear(store, session->conversation, error))
		return FALSE;
	for (guint i = 0; i < event->occupants->len; i++) {
		const SnImOccupant *one = g_ptr_array_index(event->occupants, i);
		if (!event->complete)
			changed |= say_one(rooms, session, one, &lines);
		if (!write_person(rooms, session, one, error))
			return FALSE;
	}
	if (changed)
		write_line(rooms, session);
	return sn_room_count_people(store, session->conversation, error);
}

void sn_rooms_people(SnRooms *rooms, SnRoomSession *session, const SnImEvent *event)
{
	SnStore *store = rooms->account->engine->store;
	g_autoptr(GError) error = NULL;

	if (!session->conversation || !sn_store_begin(store, &error))
		return;
	if (!write_all(rooms, session, event, &error))
		sn_store_rollback(store);
	else
		sn_store_commit(store, &error);
	if (error)
		sn_rooms_warn(rooms, error);
}
