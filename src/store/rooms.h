/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rooms.h - rooms (XEP-0045): what the user wants of them, how they stand, who is in.
 *
 * A room is a conversation of kind ROOM whose key is its address. A private conversation with one
 * of its people is one as well, with the key room@host/nick. Clients ask with sn_room_ask(); the
 * engine writes all the rest.
 */
#ifndef SN_STORE_ROOMS_H
#define SN_STORE_ROOMS_H

#include "src/store/conversation.h"

typedef enum {
	SN_ROOM_OUT,
	SN_ROOM_JOINING,
	SN_ROOM_IN,
	SN_ROOM_REFUSED, /* why says what the room said; the user has to do something */
} SnRoomState;
const char *sn_room_state_word(SnRoomState state); /* "out" "joining" "in" "refused" */

/* Of what the user is told. */
typedef enum { SN_ROOM_TELL_DEFAULT, SN_ROOM_TELL_ALL, SN_ROOM_TELL_MENTIONS, SN_ROOM_TELL_NOTHING } SnRoomTell;
const char *sn_room_tell_word(SnRoomTell tell); /* "default" "all" "mentions" "nothing" */
gboolean sn_room_tell_parse(const char *word, SnRoomTell *tell);

typedef struct {
	SnId conversation;
	SnId account;
	char *jid;            /* of the room, bare */
	char *nick;           /* ours, as it is or as wanted; NULL: not said */
	SnRoomState state;
	gboolean wanted;      /* joined again by itself */
	gboolean bookmarked;
	char *subject, *subject_by; /* NULL */
	guint features;       /* SnRoomFeatures of the IM backend */
	SnRoomTell tell;
	char *keywords;       /* words that count as a mention, with commas between; NULL */
	char *why_word, *why; /* REFUSED, or why it was left: sn_error_word(), a sentence; NULL */
	int people;
	char *role, *affiliation; /* our own, words of XEP-0045; NULL */
} SnRoom;
void sn_room_free(SnRoom *room);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnRoom, sn_room_free)

SnRoom *sn_room_get(SnStore *store, SnId conversation); /* NULL; also of a private conversation */
SnRoom *sn_room_find(SnStore *store, SnId account, const char *jid); /* NULL */
GPtrArray *sn_room_list(SnStore *store, SnId account);  /* of SnRoom; account 0: all */
/* Is this key that of a private conversation in a room? The nick, into key; NULL. */
const char *sn_room_private_nick(const char *key);
/* The conversation with one of the people in a room; made when missing. 0 on error. */
SnId sn_room_private(SnStore *store, SnId room, const char *nick, GError **error);

/* ---- what clients ask of the engine ---- */

typedef struct {
	SnId id;
	SnId account;         /* 0: the room's, else the first with IM */
	char *room;           /* bare JID */
	char *verb;           /* a word of the table in src/engine/rooms.c: "join", "leave", "kick" ... */
	char *who;            /* nick or address; NULL */
	char *value;          /* NULL */
	char *text;           /* reason or words; NULL */
	char *secret;         /* a room's password, until the engine has taken it; NULL */
} SnRoomWish;
void sn_room_wish_free(SnRoomWish *wish);
gboolean sn_room_ask(SnStore *store, const SnRoomWish *wish, GError **error);
GPtrArray *sn_room_wishes(SnStore *store); /* of SnRoomWish, oldest first */
gboolean sn_room_wish_done(SnStore *store, SnId id, GError **error);

/* A client's own: what is told of, and the words that count as a mention. */
gboolean sn_room_set_tell(SnStore *store, SnId conversation, SnRoomTell tell, GError **error);
gboolean sn_room_set_keywords(SnStore *store, SnId conversation, const char *keywords,
                              GError **error);

/* ---- what the engine writes ---- */

/* Finds or makes the room; nick, title NULL: as they are. 0 on error. */
SnId sn_room_make(SnStore *store, SnId account, const char *jid, const char *nick,
                  const char *title, gboolean wanted, GError **error);
gboolean sn_room_set_wanted(SnStore *store, SnId conversation, gboolean wanted, gboolean bookmarked,
                            GError **error);
/* why_word, why: NULL. features -1: as they are. */
gboolean sn_room_set_state(SnStore *store, SnId conversation, SnRoomState state, const char *nick,
                           gint64 features, const char *why_word, const char *why, GError **error);
gboolean sn_room_set_subject(SnStore *store, SnId conversation, const char *subject, const char *by,
                             GError **error);
/* Of all rooms of an account: nobody is in any more, as far as is known. */
gboolean sn_room_line_lost(SnStore *store, SnId account, GError **error);

/* ---- people ---- */

typedef struct {
	char *nick;
	char *jid;            /* NULL */
	char *occupant_id;    /* NULL */
	char *show;           /* as sn_presence_word() */
	char *role, *affiliation;
	gboolean here;        /* else gone, and kept because of what was said */
	gboolean own;
} SnRoomPerson;
void sn_room_person_free(SnRoomPerson *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnRoomPerson, sn_room_person_free)
/* Moderators first, then by name. gone: also those. Of SnRoomPerson. */
GPtrArray *sn_room_people(SnStore *store, SnId conversation, gboolean gone);
SnRoomPerson *sn_room_person(SnStore *store, SnId conversation, const char *nick); /* NULL */
/* The address of whoever said that, as far as the room ever told; NULL; caller frees. */
char *sn_room_jid_of(SnStore *store, SnId conversation, const char *occupant_id, const char *nick);
gboolean sn_room_person_set(SnStore *store, SnId conversation, const SnRoomPerson *person,
                            GError **error);
gboolean sn_room_person_gone(SnStore *store, SnId conversation, const char *nick, GError **error);
/* All are gone; those who are in follow. */
gboolean sn_room_people_clear(SnStore *store, SnId conversation, GError **error);
/* After any of these: how many are in. */
gboolean sn_room_count_people(SnStore *store, SnId conversation, GError **error);

/* ---- quiet lines: what happened in the room, beside what was said ---- */

typedef enum { SN_ROOM_LINE_PEOPLE, SN_ROOM_LINE_ROOM, SN_ROOM_LINE_ERROR } SnRoomLineKind;
typedef struct {
	SnId id;
	SnTime time;
	SnRoomLineKind kind;
	char *text;
} SnRoomLine;
void sn_room_line_free(SnRoomLine *line);
enum { SN_ROOM_LINES_KEPT = 500 }; /* of one room */
/* PEOPLE: replaces the newest line when that is one of this kind, not older than `since`, and nothing
 * was said since. */
gboolean sn_room_line_add(SnStore *store, SnId conversation, SnRoomLineKind kind, const char *text,
                          SnTime time, SnTime since, GError **error);
/* With after < time <= until, the newest `limit`, oldest first. Of SnRoomLine. */
GPtrArray *sn_room_lines(SnStore *store, SnId conversation, SnTime after, SnTime until, int limit);

/* ---- what was said ---- */

/* Of a message in a room: who said it (XEP-0421; NULL), and whether it speaks to the user. */
gboolean sn_room_said(SnStore *store, SnId message, const char *occupant_id, gboolean mention,
                      GError **error);
/* Moderators took it back: its text goes, a line stays. by, reason: NULL. FALSE without an error when
 * there is no such message. */
gboolean sn_room_retracted(SnStore *store, SnId account, SnId conversation, const char *stanza_id,
                           const char *by, const char *reason, GError **error);

/* ---- what was asked for: the owner's form, lists ---- */

typedef struct {
	char *var, *type, *label, *value; /* several values: one a line */
	char *options, *option_labels;    /* one a line; NULL */
} SnRoomField;
void sn_room_field_free(SnRoomField *field);
gboolean sn_room_set_form(SnStore *store, SnId conversation, const GPtrArray *fields, GError **error);
GPtrArray *sn_room_form(SnStore *store, SnId conversation); /* of SnRoomField */

typedef struct {
	char *jid, *affiliation, *reason; /* reason NULL */
} SnRoomListed;
void sn_room_listed_free(SnRoomListed *listed);
/* listed: all with this affiliation. */
gboolean sn_room_set_listed(SnStore *store, SnId conversation, const char *affiliation,
                            const GPtrArray *listed, GError **error);
GPtrArray *sn_room_listed(SnStore *store, SnId conversation); /* of SnRoomListed */

#endif
