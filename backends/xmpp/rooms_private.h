/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rooms_private.h - how the files about rooms (XEP-0045) share one room.
 *
 * muc.c          joining, leaving, and being in
 * muc_people.c   who is in: presences, gathered so that a flood of them becomes few events
 * muc_read.c     what the room and its people say: subject, status codes
 * muc_invite.c   invitations, both ways
 * muc_admin.c    roles, affiliations, the owner's form, retraction by moderators
 * bookmarks.c    XEP-0402
 */
#ifndef SN_BACKENDS_XMPP_ROOMS_PRIVATE_H
#define SN_BACKENDS_XMPP_ROOMS_PRIVATE_H

#include "backends/xmpp/xmpp_private.h"

#define SN_NS_MUC_USER "http://jabber.org/protocol/muc#user"
#define SN_NS_MUC_ADMIN "http://jabber.org/protocol/muc#admin"
#define SN_NS_MUC_OWNER "http://jabber.org/protocol/muc#owner"
#define SN_NS_OCCUPANT_ID "urn:xmpp:occupant-id:0"
#define SN_NS_CONFERENCE "jabber:x:conference"

typedef enum {
	SN_ROOM_PHASE_ASKING,
	SN_ROOM_PHASE_JOINING,
	SN_ROOM_PHASE_IN,
	SN_ROOM_PHASE_LEAVING,
	SN_ROOM_PHASE_GONE, /* the room or its line broke: joined again with the next session */
} SnRoomPhase;

typedef struct {
	char *jid, *nick;
	char *password;    /* wiped; NULL */
	char *wanted_nick; /* asked for, and not confirmed yet; NULL */
	char *title;       /* NULL */
	char *occupant_id; /* our own; NULL */
	SnRoomPhase phase;
	gboolean create;
	gboolean again;     /* joined once more as soon as it was left */
	gboolean rejoining; /* nobody waits for it, but it was ours */
	int history;
	guint features;    /* SnRoomFeatures */
	gboolean known;    /* the room has told them */
	SnTime said;       /* about when somebody spoke last; 0: nothing is known */
	gint64 heard;      /* monotonic, us: the last time the room said something */
	gboolean pinging;
	/* muc_people.c */
	GHashTable *people; /* nick -> SnImOccupant, as they are */
	GHashTable *told;   /* set of nicks that the engine knows of */
	GHashTable *dirty;  /* nick -> SnImOccupant (how it left), or NULL: it is there */
	GSource *gather;
	GSource *deadline; /* of joining */
	GHashTable *invited; /* id of an invitation -> whom, for the case that it is refused; NULL */
} SnMucRoom;

SnMucRoom *sn_muc_room(SnIm *im, const char *bare_jid); /* NULL */
void sn_muc_room_free(gpointer room);
/* Out, for whatever reason: pushes ROOM and forgets the room. error: NULL; taken. */
void sn_muc_out(SnIm *im, SnMucRoom *room, SnRoomLeaving how, const char *actor, const char *reason,
		GError *error);
/* Thrown out by an accident: told, and joined again with the next session. */
void sn_muc_gone(SnIm *im, SnMucRoom *room, SnRoomLeaving how);
/* The job of this kind that waits for this room's word; NULL. */
SnXmppJob *sn_muc_job(SnIm *im, const char *room, SnImRequestKind kind);
/* The room a request is about, as its bare address; NULL with the job failed. */
char *sn_muc_job_room(SnIm *im, SnXmppJob *job);
GError *sn_muc_refusal(SnMucRoom *room, xmpp_stanza_t *stanza);
void sn_muc_push_room(SnIm *im, const SnMucRoom *room, gboolean known);
void sn_muc_read_features(SnMucRoom *room, xmpp_stanza_t *query);
/* Something speaks against it that we are in: asks (XEP-0410), and joins again when we are not. */
void sn_muc_doubt(SnIm *im, SnMucRoom *room);
/* The room has told what it is, and we are in. */
void sn_muc_settled(SnIm *im, SnMucRoom *room, gboolean anew);
gboolean sn_muc_has_status(xmpp_stanza_t *x, const char *code);
/* Empties the room: everybody has to be told anew. */
void sn_muc_people_clear(SnMucRoom *room);
/* What changed is told now; complete: all of them. */
void sn_muc_people_tell(SnIm *im, SnMucRoom *room, gboolean complete);
/* A presence of somebody in the room; takes occupant, whose nick is set. */
void sn_muc_people_set(SnIm *im, SnMucRoom *room, SnImOccupant *occupant);
void sn_muc_people_gone(SnIm *im, SnMucRoom *room, SnImOccupant *occupant);

#endif
