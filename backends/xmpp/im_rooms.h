/* SPDX-License-Identifier: GPL-3.0-or-later */
/* im_rooms.h - what the IM interface tells of rooms (XEP-0045). Part of im_backend.h. */
#ifndef SN_BACKENDS_XMPP_IM_ROOMS_H
#define SN_BACKENDS_XMPP_IM_ROOMS_H

#include <glib.h>

/* XEP-0045 section 5. Words in the texts for people and in requests: those of the XEP. */
typedef enum { SN_ROOM_ROLE_NONE, SN_ROOM_VISITOR, SN_ROOM_PARTICIPANT, SN_ROOM_MODERATOR } SnRoomRole;
typedef enum {
	SN_ROOM_OUTCAST,
	SN_ROOM_NO_AFFILIATION,
	SN_ROOM_MEMBER,
	SN_ROOM_ADMIN,
	SN_ROOM_OWNER
} SnRoomAffiliation;
const char *sn_room_role_word(SnRoomRole role);
const char *sn_room_affiliation_word(SnRoomAffiliation affiliation);
SnRoomRole sn_room_role_parse(const char *word); /* NONE when unknown */
/* FALSE when it is none of the words. */
gboolean sn_room_affiliation_parse(const char *word, SnRoomAffiliation *affiliation);

/* What the room said of itself when it was joined. */
typedef enum {
	SN_ROOM_HAS_ARCHIVE = 1 << 0,      /* XEP-0313 of the room */
	SN_ROOM_HAS_PASSWORD = 1 << 1,
	SN_ROOM_MEMBERS_ONLY = 1 << 2,
	SN_ROOM_MODERATED = 1 << 3,
	SN_ROOM_SHOWS_ADDRESSES = 1 << 4,  /* non-anonymous */
	SN_ROOM_PERSISTENT = 1 << 5,
	SN_ROOM_CAN_RETRACT = 1 << 6,      /* XEP-0425 */
	SN_ROOM_STABLE_OCCUPANTS = 1 << 7, /* XEP-0421 */
} SnRoomFeatures;

/* How somebody left. */
typedef enum {
	SN_ROOM_STAYS,
	SN_ROOM_LEFT,
	SN_ROOM_RENAMED,      /* now known as new_nick */
	SN_ROOM_KICKED,       /* 307 */
	SN_ROOM_BANNED,       /* 301 */
	SN_ROOM_NO_MEMBER,    /* 321, 322: it is for members only */
	SN_ROOM_CLOSED,       /* 332: the service shuts down */
	SN_ROOM_LOST,         /* 333, or found by XEP-0410: thrown out by an error */
	SN_ROOM_DESTROYED,
} SnRoomLeaving;

/* One occupant, as now; or how it left. */
typedef struct {
	char *nick;
	char *new_nick;         /* RENAMED */
	char *jid;              /* bare; NULL when it is not shown */
	char *occupant_id;      /* XEP-0421; NULL */
	char *show;             /* as sn_presence_word() */
	char *actor, *reason;   /* of a kick or ban; NULL */
	SnRoomRole role;
	SnRoomAffiliation affiliation;
	SnRoomLeaving leaving;
	gboolean own;
	gboolean appeared;      /* was not there when this was told last */
} SnImOccupant;
void sn_im_occupant_free(SnImOccupant *occupant);

/* A field of a form (XEP-0004). */
typedef struct {
	char *var, *type, *label; /* type: "boolean" "text-single" "list-single" ... */
	char **values;            /* NULL-terminated, may be empty */
	char **options, **option_labels; /* parallel; NULL without */
} SnImField;
void sn_im_field_free(SnImField *field);
SnImField *sn_im_field_new(const char *var, const char *value);

/* A bookmark (XEP-0402). */
typedef struct {
	char *jid;
	char *name, *nick, *password; /* NULL */
	gboolean autojoin, removed;
} SnImBookmark;
void sn_im_bookmark_free(SnImBookmark *bookmark);

/* To a room (XEP-0249; XEP-0045 section 7.8). */
typedef struct {
	char *room;
	char *who;             /* bare, or room/nick where the room hides addresses */
	char *words, *password; /* NULL; password: wiped */
	char *id;              /* of the stanza; NULL */
	gboolean direct;       /* else the room says so */
} SnImInvitation;
void sn_im_invitation_free(SnImInvitation *invitation);

#endif
