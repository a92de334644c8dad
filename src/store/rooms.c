/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rooms.c - how the rooms stand, what is wanted of them, and what happened in them. */
#include "src/store/rooms.h"

#include <string.h>

#include "src/store/map.h"
#include "src/store/private.h"

#define WISH_LIMIT 200

static const char *const state_words[] = { "out", "joining", "in", "refused" };
static const char *const tell_words[] = { "default", "all", "mentions", "nothing" };

const char *sn_room_state_word(SnRoomState state)
{
	g_assert((guint)state < G_N_ELEMENTS(state_words));
	return state_words[state];
}

const char *sn_room_tell_word(SnRoomTell tell)
{
	g_assert((guint)tell < G_N_ELEMENTS(tell_words));
	return tell_words[tell];
}

gboolean sn_room_tell_parse(const char *word, SnRoomTell *tell)
{
	for (guint i = 0; i < G_N_ELEMENTS(tell_words); i++)
		if (g_str_equal(tell_words[i], word)) {
			*tell = (SnRoomTell)i;
			return TRUE;
		}
	return FALSE;
}

void sn_room_free(SnRoom *room)
{
	if (!room)
		return;
	char *strings[] = { room->jid,      room->nick, room->subject, room->subject_by,
		            room->keywords, room->why_word, room->why, room->role,
		            room->affiliation };
	for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	g_free(room);
}

#define COLUMNS                                                                                   \
	"SELECT r.conversation, r.account, r.jid, r.nick, r.state, r.wanted, r.bookmarked, "      \
	"r.subject, r.subject_by, r.features, r.tell, r.keywords, r.why_word, r.why, r.people, "  \
	"p.role, p.affiliation FROM room r LEFT JOIN room_person p ON p.room = r.conversation "   \
	"AND p.nick = r.nick AND p.here "

static SnRoom *read_room(SnSql *query)
{
	SnRoom *room = g_new0(SnRoom, 1);

	room->conversation = sn_sql_int(query, 0);
	room->account = sn_sql_int(query, 1);
	room->jid = sn_sql_text(query, 2);
	room->nick = sn_sql_text(query, 3);
	room->state = (SnRoomState)CLAMP(sn_sql_int(query, 4), SN_ROOM_OUT, SN_ROOM_REFUSED);
	room->wanted = sn_sql_int(query, 5) != 0;
	room->bookmarked = sn_sql_int(query, 6) != 0;
	room->subject = sn_sql_text(query, 7);
	room->subject_by = sn_sql_text(query, 8);
	room->features = (guint)sn_sql_int(query, 9);
	room->tell = (SnRoomTell)CLAMP(sn_sql_int(query, 10), 0, SN_ROOM_TELL_NOTHING);
	room->keywords = sn_sql_text(query, 11);
	room->why_word = sn_sql_text(query, 12);
	room->why = sn_sql_text(query, 13);
	room->people = (int)sn_sql_int(query, 14);
	room->role = sn_sql_text(query, 15);
	room->affiliation = sn_sql_text(query, 16);
	return room;
}

static SnRoom *one_room(SnSql *query)
{
	SnRoom *room = sn_sql_row(query) ? read_room(query) : NULL;

	sn_sql_drop(query);
	return room;
}

const char *sn_room_private_nick(const char *key)
{
	const char *slash = key ? strchr(key, '/') : NULL;

	return slash && slash[1] ? slash + 1 : NULL;
}

SnRoom *sn_room_get(SnStore *store, SnId conversation)
{
	SnRoom *room = one_room(sn_sql(store, COLUMNS "WHERE r.conversation = ?1", V(conversation)));

	if (room)
		return room;
	g_autofree char *key = sn_one_text(
		store, "SELECT key FROM conversation WHERE id = ?1 AND kind = ?2", V(conversation),
		V(SN_CONV_ROOM));
	if (!sn_room_private_nick(key))
		return NULL;
	*strchr(key, '/') = '\0';
	return one_room(sn_sql(store, COLUMNS "WHERE r.jid = ?1 ORDER BY r.state = 2 DESC LIMIT 1",
	                       V(key)));
}

SnRoom *sn_room_find(SnStore *store, SnId account, const char *jid)
{
	g_autofree char *key = sn_address_normalise(SN_CHANNEL_IM, jid);

	return key ? one_room(sn_sql(store,
	                             COLUMNS "WHERE r.jid = ?2 AND (?1 = 0 OR r.account = ?1) LIMIT 1",
	                             V(account), V(key)))
	           : NULL;
}

GPtrArray *sn_room_list(SnStore *store, SnId account)
{
	GPtrArray *rooms = g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_free);
	SnSql *query = sn_sql(store, COLUMNS "WHERE ?1 = 0 OR r.account = ?1 ORDER BY r.jid",
	                      V(account));

	while (sn_sql_row(query))
		g_ptr_array_add(rooms, read_room(query));
	sn_sql_drop(query);
	return rooms;
}

/* ---- making ---- */

static SnId make(SnStore *store, SnId account, const char *jid, const char *nick, const char *title,
                 gboolean wanted, GError **error)
{
	g_autofree char *short_title = g_strndup(jid, strcspn(jid, "@"));
	g_autofree char *tidy = sn_tidy(title && *title ? title : NULL, SN_LINE_LIMIT);
	g_autofree char *tidy_nick = sn_tidy(nick && *nick ? nick : NULL, SN_LINE_LIMIT);
	SnId id = sn_conversation_make(store, SN_CONV_ROOM, jid, tidy ? tidy : short_title, 0, TRUE,
	                               error);

	if (!id || (tidy && !sn_conversation_title(store, id, tidy, error)))
		return 0;
	gboolean ok = sn_run(store, error,
	                     "INSERT INTO room (conversation, account, jid, nick, wanted) "
	                     "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET "
	                     "account = ?2, nick = coalesce(?4, nick), wanted = max(wanted, ?5)",
	                     V(id), V(account), V(jid), V(tidy_nick), V(wanted ? 1 : 0));
	return ok ? id : 0;
}

SnId sn_room_make(SnStore *store, SnId account, const char *jid, const char *nick,
                  const char *title, gboolean wanted, GError **error)
{
	g_autofree char *key = sn_address_normalise(SN_CHANNEL_IM, jid);

	if (!key || !strchr(key, '@')) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "\"%s\" is no address of a room. It looks like tea@rooms.example.org.",
		            jid ? jid : "");
		return 0;
	}
	if (!sn_store_begin(store, error))
		return 0;
	SnId id = make(store, account, key, nick, title, wanted, error);
	return sn_store_finish(store, id != 0, error) ? id : 0;
}

SnId sn_room_private(SnStore *store, SnId room, const char *nick, GError **error)
{
	g_autoptr(SnRoom) row = sn_room_get(store, room);

	if (!row || !nick || !*nick) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such person in a room.");
		return 0;
	}
	g_autofree char *key = g_strdup_printf("%s/%s", row->jid, nick);
	g_autofree char *place = g_strndup(row->jid, strcspn(row->jid, "@"));
	g_autofree char *title = g_strdup_printf("%s (private, in %s)", nick, place);
	if (!sn_store_begin(store, error))
		return 0;
	SnId id = sn_conversation_make(store, SN_CONV_ROOM, key, title, 0, TRUE, error);
	return sn_store_finish(store, id != 0, error) ? id : 0;
}

/* ---- wishes ---- */

void sn_room_wish_free(SnRoomWish *wish)
{
	if (!wish)
		return;
	if (wish->secret)
		explicit_bzero(wish->secret, strlen(wish->secret));
	char *strings[] = { wish->room, wish->verb, wish->who, wish->value, wish->text, wish->secret };
	for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	g_free(wish);
}

gboolean sn_room_ask(SnStore *store, const SnRoomWish *wish, GError **error)
{
	g_autofree char *room = sn_address_normalise(SN_CHANNEL_IM, wish->room);
	g_autofree char *who = sn_tidy(wish->who, SN_LINE_LIMIT);
	g_autofree char *value = sn_tidy(wish->value, SN_LINE_LIMIT);
	g_autofree char *text = sn_tidy(wish->text, SN_LINE_LIMIT);

	g_assert(wish->verb);
	if (!room || !strchr(room, '@')) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "\"%s\" is no address of a room. It looks like tea@rooms.example.org.",
		            wish->room ? wish->room : "");
		return FALSE;
	}
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store,
	                       sn_run(store, error,
	                              "INSERT INTO room_wish (account, room, verb, who, value, text, "
	                              "secret) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	                              V(wish->account), V(room), V(wish->verb), V(who), V(value),
	                              V(text), V(wish->secret)),
	                       error);
}

GPtrArray *sn_room_wishes(SnStore *store)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_wish_free);
	SnSql *query = sn_sql(store,
	                      "SELECT id, account, room, verb, who, value, text, secret FROM room_wish "
	                      "ORDER BY id LIMIT ?1",
	                      V(WISH_LIMIT));

	while (sn_sql_row(query)) {
		SnRoomWish *wish = g_new0(SnRoomWish, 1);
		wish->id = sn_sql_int(query, 0);
		wish->account = sn_sql_int(query, 1);
		wish->room = sn_sql_text(query, 2);
		wish->verb = sn_sql_text(query, 3);
		wish->who = sn_sql_text(query, 4);
		wish->value = sn_sql_text(query, 5);
		wish->text = sn_sql_text(query, 6);
		wish->secret = sn_sql_text(query, 7);
		g_ptr_array_add(list, wish);
	}
	sn_sql_drop(query);
	return list;
}

/* One change of its own, whatever it is. */
#define CHANGE(store, error, ...)                                                                 \
	(sn_store_begin((store), (error)) &&                                                      \
	 sn_store_finish((store), sn_run((store), (error), __VA_ARGS__), (error)))

gboolean sn_room_wish_done(SnStore *store, SnId id, GError **error)
{
	/* the password is overwritten before its page is given back */
	return CHANGE(store, error, "UPDATE room_wish SET secret = NULL WHERE id = ?1", V(id)) &&
	       CHANGE(store, error, "DELETE FROM room_wish WHERE id = ?1", V(id));
}

gboolean sn_room_set_tell(SnStore *store, SnId conversation, SnRoomTell tell, GError **error)
{
	return CHANGE(store, error, "UPDATE room SET tell = ?2 WHERE conversation = ?1",
	              V(conversation), V(tell));
}

gboolean sn_room_set_keywords(SnStore *store, SnId conversation, const char *keywords,
                              GError **error)
{
	g_autofree char *tidy = sn_tidy(keywords, SN_LINE_LIMIT);

	return CHANGE(store, error, "UPDATE room SET keywords = nullif(?2, '') WHERE conversation = ?1",
	              V(conversation), V(tidy));
}

/* ---- the engine's ---- */

gboolean sn_room_set_wanted(SnStore *store, SnId conversation, gboolean wanted, gboolean bookmarked,
                            GError **error)
{
	return CHANGE(store, error,
	              "UPDATE room SET wanted = ?2, bookmarked = ?3 WHERE conversation = ?1 "
	              "AND (wanted <> ?2 OR bookmarked <> ?3)",
	              V(conversation), V(wanted ? 1 : 0), V(bookmarked ? 1 : 0));
}

gboolean sn_room_set_state(SnStore *store, SnId conversation, SnRoomState state, const char *nick,
                           gint64 features, const char *why_word, const char *why, GError **error)
{
	g_autofree char *tidy = sn_tidy(why, SN_LINE_LIMIT);

	return CHANGE(store, error,
	              "UPDATE room SET state = ?2, nick = coalesce(?3, nick), "
	              "features = iif(?4 < 0, features, ?4), why_word = ?5, why = ?6 "
	              "WHERE conversation = ?1",
	              V(conversation), V(state), V(nick), V(features), V(why_word), V(tidy));
}

gboolean sn_room_set_subject(SnStore *store, SnId conversation, const char *subject, const char *by,
                             GError **error)
{
	g_autofree char *tidy = sn_tidy(subject, SN_LINE_LIMIT);
	g_autofree char *who = sn_tidy(by, SN_LINE_LIMIT);

	return CHANGE(store, error,
	              "UPDATE room SET subject = nullif(?2, ''), subject_by = ?3 "
	              "WHERE conversation = ?1",
	              V(conversation), V(tidy), V(who));
}

gboolean sn_room_line_lost(SnStore *store, SnId account, GError **error)
{
	return CHANGE(store, error, "UPDATE room SET state = 1 WHERE account = ?1 AND state = 2",
	              V(account));
}

/* ---- quiet lines ---- */

void sn_room_line_free(SnRoomLine *line)
{
	if (!line)
		return;
	g_free(line->text);
	g_free(line);
}

static gboolean add_line(SnStore *store, SnId room, SnRoomLineKind kind, const char *text,
                         SnTime time, SnTime since, GError **error)
{
	SnId again = 0;

	if (kind == SN_ROOM_LINE_PEOPLE)
		again = sn_one(store,
		               "SELECT l.id FROM room_line l JOIN conversation c ON c.id = l.room "
		               "WHERE l.room = ?1 AND l.id = (SELECT max(id) FROM room_line "
		               "WHERE room = ?1) AND l.kind = ?2 AND l.time >= ?3 "
		               "AND l.time >= c.last_time",
		               V(room), V(kind), V(since));
	if (again)
		return sn_run(store, error, "UPDATE room_line SET text = ?2 WHERE id = ?1", V(again),
		              V(text));
	return sn_run(store, error,
	              "INSERT INTO room_line (room, time, kind, text) VALUES (?1, ?2, ?3, ?4)",
	              V(room), V(time), V(kind), V(text)) &&
	       sn_run(store, error,
	              "DELETE FROM room_line WHERE room = ?1 AND id <= (SELECT id FROM room_line "
	              "WHERE room = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
	              V(room), V(SN_ROOM_LINES_KEPT));
}

gboolean sn_room_line_add(SnStore *store, SnId conversation, SnRoomLineKind kind, const char *text,
                          SnTime time, SnTime since, GError **error)
{
	g_autofree char *tidy = sn_tidy(text, SN_LINE_LIMIT);

	g_return_val_if_fail(tidy != NULL, FALSE);
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, add_line(store, conversation, kind, tidy, time, since, error), error);
}

GPtrArray *sn_room_lines(SnStore *store, SnId conversation, SnTime after, SnTime until, int limit)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_line_free);
	SnSql *query = sn_sql(store,
	                      "SELECT id, time, kind, text FROM room_line WHERE room = ?1 "
	                      "AND time > ?2 AND time <= ?3 ORDER BY time DESC, id DESC LIMIT ?4",
	                      V(conversation), V(after), V(until), V(limit));

	while (sn_sql_row(query)) {
		SnRoomLine *line = g_new0(SnRoomLine, 1);
		line->id = sn_sql_int(query, 0);
		line->time = sn_sql_int(query, 1);
		line->kind = (SnRoomLineKind)sn_sql_int(query, 2);
		line->text = sn_sql_text(query, 3);
		g_ptr_array_insert(lines, 0, line);
	}
	sn_sql_drop(query);
	return lines;
}

/* ---- what was said ---- */

gboolean sn_room_said(SnStore *store, SnId message, const char *occupant_id, gboolean mention,
                      GError **error)
{
	g_autofree char *tidy = sn_tidy(occupant_id, SN_ID_LIMIT);

	if (!tidy && !mention)
		return TRUE;
	return CHANGE(store, error, "UPDATE message SET occupant = ?2, mention = ?3 WHERE id = ?1",
	              V(message), V(tidy), V(mention ? 1 : 0));
}

static gboolean retract(SnStore *store, SnId id, const char *notice, GError **error)
{
	return sn_message_set_text(store, id, NULL, "", error) &&
	       sn_run(store, error, "DELETE FROM part WHERE message = ?1", V(id)) &&
	       sn_run(store, error,
	              "UPDATE message SET notice = ?2, flags = flags | ?3, attachments = 0, mention = 0 "
	              "WHERE id = ?1",
	              V(id), V(notice), V(SN_FLAG_SEEN));
}

gboolean sn_room_retracted(SnStore *store, SnId account, SnId conversation, const char *stanza_id,
                           const char *by, const char *reason, GError **error)
{
	SnId id = sn_one(store,
	                 "SELECT id FROM message WHERE stanza_id = ?1 AND account = ?2 "
	                 "AND conversation = ?3 AND channel = 1 LIMIT 1",
	                 V(stanza_id), V(account), V(conversation));
	g_autofree char *words = g_strdup_printf("taken back by %s%s%s", by && *by ? by : "a moderator",
	                                         reason ? ": " : "", reason ? reason : "");
	g_autofree char *notice = sn_tidy(words, SN_LINE_LIMIT);

	if (!id || !sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, retract(store, id, notice, error), error);
}
