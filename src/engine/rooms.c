/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rooms.c - joins the rooms that are wanted, follows the bookmarks, and reads the rooms' archives. */
#include "src/engine/rooms.h"

#include <stdarg.h>
#include <string.h>

enum {
	FIRST_LINES = 200, /* of a room that was never seen before */
	PAGE = 500,
	MAX_PAGES = 40,    /* of one room and connection */
	RETRY = 5 * 60 * 1000, /* ms */
};

static void session_free(gpointer data)
{
	SnRoomSession *session = data;

	sn_rooms_people_forget(session);
	sn_rooms_set_password(session, NULL);
	g_free(session->jid);
	g_free(session);
}

static void wipe(gpointer secret)
{
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

SnRooms *sn_rooms_new(SnEngineAccount *account)
{
	SnRooms *rooms = g_new0(SnRooms, 1);

	rooms->account = account;
	rooms->rooms = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, session_free);
	rooms->passwords = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, wipe);
	return rooms;
}

static void stop_timer(SnRooms *rooms)
{
	if (rooms->retry)
		g_source_destroy(rooms->retry);
	g_clear_pointer(&rooms->retry, g_source_unref);
}

void sn_rooms_free(SnRooms *rooms)
{
	if (!rooms)
		return;
	stop_timer(rooms);
	g_hash_table_unref(rooms->rooms);
	g_hash_table_unref(rooms->passwords);
	g_free(rooms);
}

void sn_rooms_warn(SnRooms *rooms, const GError *error)
{
	g_warning("%s: %s", rooms->account->config->name, error->message);
}

void sn_rooms_set_password(SnRoomSession *session, const char *password)
{
	if (session->password == password && password)
		return;
	if (session->password)
		explicit_bzero(session->password, strlen(session->password));
	g_free(session->password);
	session->password = g_strdup(password);
}

SnImRequest *sn_rooms_request(SnRooms *rooms, SnImRequestKind kind, const char *jid)
{
	SnImRequest *request =
		sn_im_request_new(kind, sn_engine_next_id(rooms->account->engine));

	request->jid = g_strdup(jid);
	return request;
}

SnRoomSession *sn_rooms_session(SnRooms *rooms, const char *jid)
{
	return jid ? g_hash_table_lookup(rooms->rooms, jid) : NULL;
}

SnRoomSession *sn_rooms_make(SnRooms *rooms, const char *jid, const char *nick, const char *title,
                             gboolean wanted)
{
	SnEngine *engine = rooms->account->engine;
	g_autoptr(GError) error = NULL;
	SnRoomSession *session = sn_rooms_session(rooms, jid);
	SnId id = sn_room_make(engine->store, rooms->account->id, jid, nick, title, wanted, &error);

	if (error)
		sn_rooms_warn(rooms, error);
	if (!session) {
		session = g_new0(SnRoomSession, 1);
		session->jid = g_strdup(jid);
		g_hash_table_replace(rooms->rooms, session->jid, session);
	}
	session->conversation = id;
	return session;
}

void sn_rooms_say(SnRooms *rooms, SnRoomSession *session, SnRoomLineKind kind, const char *format,
                  ...)
{
	g_autoptr(GError) error = NULL;
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	if (session->conversation &&
	    !sn_room_line_add(rooms->account->engine->store, session->conversation, kind, text,
	                      sn_clock_now(rooms->account->engine->clock), 0, &error))
		sn_rooms_warn(rooms, error);
}

static void set_state(SnRooms *rooms, SnRoomSession *session, SnRoomState state, const char *nick,
                      gint64 features, const GError *why)
{
	g_autoptr(GError) error = NULL;

	if (session->conversation &&
	    !sn_room_set_state(rooms->account->engine->store, session->conversation, state, nick,
	                       features, why ? sn_error_word((SnErrorCode)why->code) : NULL, why ? why->message : NULL,
	                       &error))
		sn_rooms_warn(rooms, error);
}

static void set_wanted(SnRooms *rooms, SnRoomSession *session, gboolean wanted)
{
	SnStore *store = rooms->account->engine->store;
	g_autoptr(SnRoom) room = sn_room_get(store, session->conversation);

	if (room)
		sn_room_set_wanted(store, session->conversation, wanted, room->bookmarked, NULL);
}

/* ---- the archive of a room ---- */

static void read_archive(SnRooms *rooms, SnRoomSession *session);

static void archive_done(SnRooms *rooms, SnRoomSession *session, const SnImEvent *event)
{
	SnEngine *engine = rooms->account->engine;
	gboolean more = !event->complete && !session->from_newest && event->last_id &&
	                ++session->pages < MAX_PAGES;

	if (event->last_id)
		sn_archive_set(engine->store, rooms->account->id, session->jid, event->last_id, NULL);
	if (more && rooms->online) {
		read_archive(rooms, session);
		return;
	}
	session->reading = FALSE;
	session->caught_up = event->complete || session->from_newest;
	session->fresh = FALSE;
}

static void archive_failed(SnRooms *rooms, SnRoomSession *session, const SnImEvent *event)
{
	session->reading = FALSE;
	if (event->error && g_error_matches(event->error, SN_ERROR, SN_ERROR_NOT_FOUND) &&
	    !session->from_newest) {
		/* it no longer knows where we were */
		sn_archive_set(rooms->account->engine->store, rooms->account->id, session->jid, NULL,
		               NULL);
		read_archive(rooms, session);
		return;
	}
	session->fresh = FALSE;
	if (event->error && rooms->online)
		sn_rooms_warn(rooms, event->error);
}

typedef struct {
	SnRooms *rooms;
	char *jid;
} Reading;

static void archive_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	Reading *reading = data;
	SnRoomSession *session = sn_rooms_session(reading->rooms, reading->jid);

	if (event->kind == SN_IM_EV_MESSAGE) {
		if (event->message)
			sn_im_sync_message(account->core->im, event->message);
		return;
	}
	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (session && event->kind == SN_EVENT_DONE)
		archive_done(reading->rooms, session, event);
	else if (session)
		archive_failed(reading->rooms, session, event);
	g_free(reading->jid);
	g_free(reading);
}

static void read_archive(SnRooms *rooms, SnRoomSession *session)
{
	SnEngineAccount *account = rooms->account;
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_ARCHIVE, session->jid);
	Reading *reading = g_new(Reading, 1);

	*reading = (Reading){ rooms, g_strdup(session->jid) };
	request->after_id = sn_archive_get(account->engine->store, account->id, session->jid);
	session->from_newest = request->newest = !request->after_id;
	request->max_messages = request->newest ? FIRST_LINES : PAGE;
	session->reading = TRUE;
	session->caught_up = FALSE;
	sn_engine_im(account, request, archive_reply, reading);
}

gboolean sn_rooms_is_old(const SnRooms *rooms, const SnImMessage *im)
{
	g_autofree char *jid = im->from ? sn_address_normalise(SN_CHANNEL_IM, im->from) : NULL;
	const SnRoomSession *session = jid ? g_hash_table_lookup(rooms->rooms, jid) : NULL;

	return session && session->fresh && (im->archived || im->time);
}

void sn_rooms_filed(SnRooms *rooms, const SnImMessage *im)
{
	g_autofree char *jid = im->from ? sn_address_normalise(SN_CHANNEL_IM, im->from) : NULL;
	SnRoomSession *session = sn_rooms_session(rooms, jid);

	if (!session)
		return;
	if (!im->archived)
		sn_rooms_people_forget(session); /* the next coming and going is another line */
	if (session->caught_up && im->stanza_id && im->groupchat && !im->archived)
		sn_archive_set(rooms->account->engine->store, rooms->account->id, jid, im->stanza_id,
		               NULL);
}

/* ---- joining ---- */

static void join_those(SnRooms *rooms, gboolean refused_too);

static void retry_now(gpointer data)
{
	SnRooms *rooms = data;

	g_clear_pointer(&rooms->retry, g_source_unref);
	/* not into one that the user was put out of just now */
	join_those(rooms, FALSE);
}

static void retry_later(SnRooms *rooms)
{
	if (!rooms->retry)
		rooms->retry = sn_engine_timer(rooms->account->engine, RETRY, retry_now, rooms);
}

static void joined(SnRooms *rooms, SnRoomSession *session)
{
	SnStore *store = rooms->account->engine->store;
	g_autoptr(SnRoom) room = sn_room_get(store, session->conversation);

	session->renamed = FALSE;
	if (!room)
		return;
	if (session->asked)
		set_wanted(rooms, session, TRUE); /* also if it was left just before */
	if (session->asked || (room->wanted && !room->bookmarked))
		sn_rooms_bookmark(rooms, session, TRUE, FALSE);
	session->asked = FALSE;
	sn_delivery_account_online(rooms->account->engine->delivery, rooms->account, SN_CHANNEL_IM);
}

/* Nobody is there to be asked when a room is joined again by itself: a nick that is taken, often by
 * our own session that the room has not seen end, gets a stroke. */
static gboolean try_another_nick(SnRooms *rooms, SnRoomSession *session, const GError *error)
{
	g_autoptr(SnRoom) room =
		sn_room_get(rooms->account->engine->store, session->conversation);

	if (!room || !room->nick || session->renamed || room->state == SN_ROOM_REFUSED ||
	    !g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS))
		return FALSE;
	g_autofree char *nick = g_strconcat(room->nick, "_", NULL);
	SnRoomJoin how = { .nick = nick };
	session->renamed = TRUE;
	sn_rooms_join(rooms, session, &how);
	return TRUE;
}

static void refused(SnRooms *rooms, SnRoomSession *session, const GError *error, gboolean by_user)
{
	if (!by_user && try_another_nick(rooms, session, error))
		return;
	if (sn_error_is_transient(error)) {
		set_state(rooms, session, SN_ROOM_JOINING, NULL, -1, error);
		retry_later(rooms);
		return;
	}
	set_state(rooms, session, SN_ROOM_REFUSED, NULL, -1, error);
	sn_rooms_say(rooms, session, SN_ROOM_LINE_ERROR, "%s", error->message);
}

typedef struct {
	SnRooms *rooms;
	char *jid;
	gboolean by_user;
} Joining;

static void join_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	Joining *joining = data;
	SnRoomSession *session = sn_rooms_session(joining->rooms, joining->jid);

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (session) {
		session->joining = FALSE;
		if (event->kind == SN_EVENT_DONE)
			joined(joining->rooms, session);
		else if (event->kind == SN_EVENT_ERROR && joining->rooms->online &&
		         event->error->code != SN_ERROR_BUSY)
			refused(joining->rooms, session, event->error, joining->by_user);
		sn_engine_wake(account->engine); /* what was asked meanwhile */
	}
	g_free(joining->jid);
	g_free(joining);
}

void sn_rooms_join(SnRooms *rooms, SnRoomSession *session, const SnRoomJoin *how)
{
	SnEngineAccount *account = rooms->account;
	g_autoptr(SnRoom) room = sn_room_get(account->engine->store, session->conversation);
	SnImRequest *request;

	if (!room || session->joining)
		return;
	g_autofree char *position = sn_archive_get(account->engine->store, account->id, session->jid);
	g_autoptr(SnConversation) row =
		sn_conversation_get(account->engine->store, session->conversation);
	session->fresh = !position && row && !row->last_message;
	session->joining = TRUE;
	if (how->password)
		sn_rooms_set_password(session, how->password);
	request = sn_rooms_request(rooms, SN_IM_REQ_JOIN, session->jid);
	request->nick = g_strdup(how->nick ? how->nick : room->nick);
	request->password = g_strdup(session->password);
	request->create = how->create;
	request->start = row && row->last_message ? row->last_time : 0;
	Joining *joining = g_new(Joining, 1);
	*joining = (Joining){ rooms, g_strdup(session->jid), how->nick || how->create ||
		                                                     room->state == SN_ROOM_REFUSED };
	set_state(rooms, session, SN_ROOM_JOINING, request->nick, -1, NULL);
	sn_engine_im(account, request, join_reply, joining);
}

static void log_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	if (event->kind == SN_EVENT_ERROR)
		g_info("%s: %s", account->config->name, event->error->message);
}

void sn_rooms_leave(SnRooms *rooms, SnRoomSession *session, const char *words)
{
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_LEAVE, session->jid);

	request->status = g_strdup(words);
	session->asked = session->in = FALSE;
	set_wanted(rooms, session, FALSE);
	set_state(rooms, session, SN_ROOM_OUT, NULL, -1, NULL);
	sn_engine_im(rooms->account, request, log_reply, NULL);
}

static void join_those(SnRooms *rooms, gboolean refused_too)
{
	SnEngineAccount *account = rooms->account;
	g_autoptr(GPtrArray) list = sn_room_list(account->engine->store, account->id);

	for (guint i = 0; i < list->len && rooms->synced; i++) {
		const SnRoom *room = g_ptr_array_index(list, i);
		SnRoomSession *session = sn_rooms_session(rooms, room->jid);
		if (!room->wanted || (session && session->in) ||
		    (room->state == SN_ROOM_REFUSED && !refused_too))
			continue;
		session = sn_rooms_make(rooms, room->jid, NULL, NULL, TRUE);
		sn_rooms_join(rooms, session, &(SnRoomJoin){ 0 });
	}
}

/* ---- bookmarks ---- */

typedef struct {
	SnRooms *rooms;
	char *jid;
	gboolean removed, autojoin;
} Marking;

static void bookmark_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	Marking *marking = data;
	SnRoomSession *session = sn_rooms_session(marking->rooms, marking->jid);

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (session && event->kind == SN_EVENT_DONE)
		sn_room_set_wanted(account->engine->store, session->conversation, marking->autojoin,
		                   !marking->removed, NULL);
	log_reply(account, event, NULL);
	g_free(marking->jid);
	g_free(marking);
}

void sn_rooms_bookmark(SnRooms *rooms, SnRoomSession *session, gboolean autojoin, gboolean removed)
{
	SnStore *store = rooms->account->engine->store;
	g_autoptr(SnRoom) room = sn_room_get(store, session->conversation);
	g_autoptr(SnConversation) row = sn_conversation_get(store, session->conversation);
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_BOOKMARK, NULL);
	SnImBookmark *bookmark = g_new0(SnImBookmark, 1);
	Marking *marking = g_new(Marking, 1);

	bookmark->jid = g_strdup(session->jid);
	bookmark->name = row ? g_strdup(row->title) : NULL;
	bookmark->nick = room ? g_strdup(room->nick) : NULL;
	bookmark->password = g_strdup(session->password);
	bookmark->autojoin = autojoin;
	bookmark->removed = removed;
	request->bookmark = bookmark;
	*marking = (Marking){ rooms, g_strdup(session->jid), removed, autojoin };
	sn_engine_im(rooms->account, request, bookmark_reply, marking);
}

static void take_bookmark(SnRooms *rooms, const SnImBookmark *bookmark)
{
	SnStore *store = rooms->account->engine->store;
	gboolean wanted = bookmark->autojoin && !bookmark->removed;
	g_autoptr(SnRoom) known = sn_room_find(store, rooms->account->id, bookmark->jid);

	if (bookmark->removed && !known)
		return;
	SnRoomSession *session = sn_rooms_make(rooms, bookmark->jid, known && known->state == SN_ROOM_IN
	                                                                     ? NULL
	                                                                     : bookmark->nick,
	                                       bookmark->name, wanted);
	if (!session->conversation)
		return;
	if (bookmark->password)
		sn_rooms_set_password(session, bookmark->password);
	if (session->asked && !wanted)
		return; /* as it was before the user asked; once in, the bookmark follows */
	sn_room_set_wanted(store, session->conversation, wanted, !bookmark->removed, NULL);
	if (wanted && rooms->synced && !session->in)
		sn_rooms_join(rooms, session, &(SnRoomJoin){ .password = bookmark->password });
	else if (!wanted && session->in)
		sn_rooms_leave(rooms, session, NULL);
}

static gboolean is_among(const GPtrArray *bookmarks, const char *jid)
{
	for (guint i = 0; i < bookmarks->len; i++)
		if (!g_strcmp0(((SnImBookmark *)g_ptr_array_index(bookmarks, i))->jid, jid))
			return TRUE;
	return FALSE;
}

/* complete: what is not among them was taken away by another client. */
static void take_bookmarks(SnRooms *rooms, const SnImEvent *event)
{
	SnStore *store = rooms->account->engine->store;

	for (guint i = 0; i < event->bookmarks->len; i++)
		take_bookmark(rooms, g_ptr_array_index(event->bookmarks, i));
	if (!event->complete)
		return;
	g_autoptr(GPtrArray) list = sn_room_list(store, rooms->account->id);
	for (guint i = 0; i < list->len; i++) {
		const SnRoom *room = g_ptr_array_index(list, i);
		if (room->bookmarked && !is_among(event->bookmarks, room->jid))
			sn_room_set_wanted(store, room->conversation, FALSE, FALSE, NULL);
	}
}

/* ---- what the backend tells ---- */

static void room_entered(SnRooms *rooms, SnRoomSession *session, const SnImEvent *event)
{
	gboolean anew = !event->found;

	session->in = TRUE;
	if (anew)
		sn_rooms_people_forget(session);
	if (event->text && *event->text)
		sn_rooms_make(rooms, session->jid, NULL, event->text, FALSE);
	set_state(rooms, session, SN_ROOM_IN, event->name, event->features, NULL);
	if (anew && event->features & SN_ROOM_HAS_ARCHIVE && !session->reading)
		read_archive(rooms, session);
}

static void room_left(SnRooms *rooms, SnRoomSession *session, const SnImEvent *event)
{
	g_autofree char *words = sn_rooms_leaving_words(event);
	gboolean for_good = event->leaving == SN_ROOM_BANNED || event->leaving == SN_ROOM_DESTROYED ||
	                    event->leaving == SN_ROOM_NO_MEMBER;
	gboolean by_others = for_good || event->leaving == SN_ROOM_KICKED;

	session->in = session->caught_up = FALSE;
	sn_rooms_people_forget(session);
	sn_room_people_clear(rooms->account->engine->store, session->conversation, NULL);
	sn_room_count_people(rooms->account->engine->store, session->conversation, NULL);
	if (event->leaving == SN_ROOM_LEFT) {
		if (!session->joining) /* else once more */
			set_state(rooms, session, SN_ROOM_OUT, NULL, -1, NULL);
		return;
	}
	g_autoptr(GError) why = event->error ? g_error_copy(event->error)
	                                     : g_error_new(SN_ERROR, SN_ERROR_REJECTED, "%s", words);
	sn_rooms_say(rooms, session, SN_ROOM_LINE_ERROR, "%s", why->message);
	set_state(rooms, session, by_others ? SN_ROOM_REFUSED : SN_ROOM_JOINING, NULL, -1, why);
	if (for_good)
		set_wanted(rooms, session, FALSE);
	if (!by_others)
		retry_later(rooms);
}

static void take_subject(SnRooms *rooms, SnRoomSession *session, const SnImEvent *event)
{
	SnStore *store = rooms->account->engine->store;
	g_autoptr(SnRoom) room = sn_room_get(store, session->conversation);
	const char *text = event->text ? event->text : "";

	session->fresh = session->fresh && session->reading; /* history without an archive is over */
	if (!room || !g_strcmp0(room->subject ? room->subject : "", text))
		return;
	sn_room_set_subject(store, session->conversation, text, event->name, NULL);
	if (event->time || session->joining)
		return; /* set long ago */
	if (*text)
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ROOM, "%s set the topic: %s",
		             event->name ? event->name : "The room", text);
	else
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ROOM, "%s removed the topic",
		             event->name ? event->name : "The room");
}

gboolean sn_rooms_event(SnRooms *rooms, const SnImEvent *event)
{
	g_autofree char *jid = event->jid ? sn_address_normalise(SN_CHANNEL_IM, event->jid) : NULL;
	SnRoomSession *session = sn_rooms_session(rooms, jid);
	const char *words;

	switch (event->kind) {
	case SN_IM_EV_ROOM:
		if (session && event->removed)
			room_left(rooms, session, event);
		else if (session)
			room_entered(rooms, session, event);
		return TRUE;
	case SN_IM_EV_ROOM_PEOPLE:
		if (session && event->occupants)
			sn_rooms_people(rooms, session, event);
		return TRUE;
	case SN_IM_EV_ROOM_SUBJECT:
		if (session)
			take_subject(rooms, session, event);
		return TRUE;
	case SN_IM_EV_ROOM_STATUS:
		words = sn_rooms_status_words(event->code);
		if (session && words)
			sn_rooms_say(rooms, session, SN_ROOM_LINE_ROOM, "%s", words);
		return TRUE;
	case SN_IM_EV_ROOM_INVITED: sn_rooms_take_invitation(rooms, event); return TRUE;
	case SN_IM_EV_ROOM_DECLINED: sn_rooms_take_decline(rooms, event); return TRUE;
	case SN_IM_EV_BOOKMARKS:
		if (event->bookmarks)
			take_bookmarks(rooms, event);
		return TRUE;
	default: return FALSE;
	}
}

/* ---- the line ---- */

void sn_rooms_line(SnRooms *rooms, gboolean online)
{
	GHashTableIter iter;
	gpointer session;

	if (!online && rooms->online)
		sn_room_line_lost(rooms->account->engine->store, rooms->account->id, NULL);
	rooms->online = online;
	if (online)
		return;
	rooms->synced = FALSE;
	stop_timer(rooms);
	g_hash_table_iter_init(&iter, rooms->rooms);
	while (g_hash_table_iter_next(&iter, NULL, &session))
		((SnRoomSession *)session)->caught_up = FALSE;
}

/* Resumed: the rooms are as they were, and what the backend finds to be otherwise it tells. */
void sn_rooms_synced(SnRooms *rooms, gboolean resumed)
{
	GHashTableIter iter;
	gpointer value;

	rooms->synced = TRUE;
	g_hash_table_iter_init(&iter, rooms->rooms);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		SnRoomSession *session = value;
		if (resumed && session->in) {
			set_state(rooms, session, SN_ROOM_IN, NULL, -1, NULL);
			session->caught_up = !session->reading;
		} else if (!resumed) {
			session->in = FALSE; /* until the room says so */
		}
	}
	join_those(rooms, TRUE);
	sn_rooms_take_wishes(rooms);
}
