/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rooms.h - rooms of one account: joined as the user and the bookmarks want, their archives read,
 * what happens in them written down. Engine thread.
 *
 * rooms.c         joining, leaving, bookmarks, archives
 * rooms_people.c  who comes and goes, as rows and quiet lines
 * rooms_wish.c    what clients ask for
 * rooms_invite.c  invitations
 */
#ifndef SN_ENGINE_ROOMS_H
#define SN_ENGINE_ROOMS_H

#include "src/engine/sync_private.h"
#include "src/store/rooms.h"

/* One room in this session. */
typedef struct {
	char *jid;
	SnId conversation;
	gboolean joining, in;
	gboolean asked;        /* by the user: it is to be joined from now on */
	gboolean fresh;        /* never seen before: what was said until now is no news */
	gboolean reading;      /* its archive */
	gboolean caught_up;    /* the archive's position may follow live messages */
	gboolean from_newest;  /* there is no position yet */
	int pages;
	char *password;        /* as of the bookmark or as typed; wiped; NULL */
	gboolean configuring;  /* a change of the owner's form is on its way */
	gboolean renamed;      /* another nick was tried already */
	/* rooms_people.c: the quiet line that grows */
	GHashTable *came, *went; /* nick -> its number, in the order of coming and going */
	guint number;
	SnTime since;
} SnRoomSession;

struct sn_rooms {
	SnEngineAccount *account;
	GHashTable *rooms; /* jid -> SnRoomSession */
	GHashTable *passwords; /* room -> password of an invitation that is not answered yet */
	GSource *retry;
	gboolean online, synced;
};

SnRoomSession *sn_rooms_session(SnRooms *rooms, const char *jid); /* NULL */
/* Made when missing; 0 conversation when that failed, which is logged. */
SnRoomSession *sn_rooms_make(SnRooms *rooms, const char *jid, const char *nick, const char *title,
                             gboolean wanted);
typedef struct {
	const char *nick, *password;
	gboolean create;
} SnRoomJoin;
void sn_rooms_join(SnRooms *rooms, SnRoomSession *session, const SnRoomJoin *how);
void sn_rooms_leave(SnRooms *rooms, SnRoomSession *session, const char *words);
/* As the store has it now; autojoin FALSE and removed TRUE take the bookmark away. */
void sn_rooms_bookmark(SnRooms *rooms, SnRoomSession *session, gboolean autojoin, gboolean removed);
void sn_rooms_set_password(SnRoomSession *session, const char *password);
SnImRequest *sn_rooms_request(SnRooms *rooms, SnImRequestKind kind, const char *jid);
void sn_rooms_say(SnRooms *rooms, SnRoomSession *session, SnRoomLineKind kind, const char *format,
                  ...) G_GNUC_PRINTF(4, 5);
void sn_rooms_warn(SnRooms *rooms, const GError *error);

/* ---- rooms_people.c ---- */
void sn_rooms_people(SnRooms *rooms, SnRoomSession *session, const SnImEvent *event);
void sn_rooms_people_forget(SnRoomSession *session);
/* "You were kicked by bob: spam." Caller frees. */
char *sn_rooms_leaving_words(const SnImEvent *event);
/* A status code of the room in words; NULL: nothing to say. */
const char *sn_rooms_status_words(int code);

/* ---- rooms_wish.c ---- */
void sn_rooms_take_wishes(SnRooms *rooms);
/* Is it for this account? For the one whose room it is, else the one that the wish names, else the
 * first that is on line. */
gboolean sn_rooms_is_for(SnRooms *rooms, const SnRoomWish *wish);

/* ---- rooms_invite.c ---- */
void sn_rooms_take_invitation(SnRooms *rooms, const SnImEvent *event);
/* key: as in the question's values. FALSE: another account answers, or it could not be written. */
gboolean sn_rooms_answer_invitation(SnRooms *rooms, const char *key, const char *answer);
void sn_rooms_take_decline(SnRooms *rooms, const SnImEvent *event);

#endif
