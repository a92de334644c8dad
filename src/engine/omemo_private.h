/* SPDX-License-Identifier: GPL-3.0-or-later */
/* omemo_private.h - what the files of omemo.h share. */
#ifndef SN_ENGINE_OMEMO_PRIVATE_H
#define SN_ENGINE_OMEMO_PRIVATE_H

#include "src/engine/omemo.h"
#include "src/omemo/ratchet.h"
#include "src/store/omemo.h"

struct sn_omemo {
	SnEngineAccount *account;
	char *own;            /* bare JID */
	const SnVault *vault; /* NULL: cannot */
	char *why;            /* NULL: all is well */
	SnRatchet *ratchet;
	guint32 device;       /* 0: none yet */
	gboolean begun;       /* the log-in is over: what is not known from here on can be asked for */
	gboolean synced;      /* a session is there, and this device has keys */
	gboolean own_known;   /* the own list was seen in this session */
	gboolean publishing, refill;
	gboolean live; /* the archive has been read: keys that were used are replaced */
	guint repairs;        /* of the own list, in this session */
	GHashTable *lists;    /* jid -> GINT 1 asked for, 2 seen, 3 could not be had; in this session */
	GHashTable *heard;    /* jid -> SnTime of that */
	GHashTable *bundles;  /* "jid/device" asked for now */
	GHashTable *waiting;  /* SnId of outbox entries */
	GHashTable *broken;   /* "jid/device": sessions to begin anew */
	GHashTable *unanswered; /* "jid/device": wants a sign that the session is there */
};

enum { SN_LIST_ASKED = 1, SN_LIST_SEEN, SN_LIST_FAILED };

SnTime sn_omemo_now(const SnOmemo *self);
SnStore *sn_omemo_store(const SnOmemo *self);
/* The setting is on, and there is a device. */
gboolean sn_omemo_works(const SnOmemo *self);

/* ---- omemo.c ---- */
/* There are prekeys enough, the signed one is young enough, and what is published is up to date. */
void sn_omemo_look_after_keys(SnOmemo *self);
/* The server does not have the bundle as it is here. */
void sn_omemo_unpublished(SnOmemo *self);

/* ---- omemo_lists.c ---- */
/* Something is known that entries wait for. */
void sn_omemo_look_at_waiting(SnOmemo *self);
/* SN_LIST_: what is known of the list of this address; asks for it when nothing is. */
int sn_omemo_want_list(SnOmemo *self, const char *jid);
/* It names no device that can be used: asked for again at the next look, unless it came only just now.
 * Only those who see our presence send a new list by themselves, and some servers forget to. must: a
 * message waits for it. */
void sn_omemo_doubt_list(SnOmemo *self, const char *jid, gboolean must);
/* Begins sessions with those of the devices that have none. TRUE: something is asked for. */
gboolean sn_omemo_want_sessions(SnOmemo *self, const GPtrArray *devices);
/* Begins a session anew, and tells the device by a message without text. */
void sn_omemo_heal(SnOmemo *self, const char *jid, guint32 device);
char *sn_omemo_place(const char *jid, guint32 device); /* "jid/device" */
/* FALSE when it is none. */
gboolean sn_omemo_place_read(const char *place, char **jid, guint32 *device);

/* ---- omemo_send.c ---- */
/* A key without a text, for one device. */
void sn_omemo_send_empty(SnOmemo *self, const char *jid, guint32 device);

#endif
