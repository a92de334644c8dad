/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_im_private.h - between sync_im.c, which hands out what comes over the line, and the files
 * that take it: sync_im_messages.c, sync_im_archive.c and sync_im_contacts.c.
 */
#ifndef SN_ENGINE_SYNC_IM_PRIVATE_H
#define SN_ENGINE_SYNC_IM_PRIVATE_H

#include "src/engine/amends.h"
#include "src/engine/displayed.h"
#include "src/engine/sync_private.h"

/* What was filed and not committed yet. */
typedef struct {
	const SnImMessage *im; /* of an event that is kept */
	SnId id;
	SnAddResult result;
} SnImFiled;

struct sn_im_sync {
	SnEngineAccount *account;
	char *own; /* bare JID */
	gboolean online, synced, has_archive;
	gboolean reading;    /* the archive */
	gboolean caught_up;  /* the position may follow live messages */
	SnTime since;        /* the archive forgot the position: go on from then; 0 */
	gboolean from_start; /* there was no position: the first time */
	int pages;
	GHashTable *told; /* JIDs of the roster told since we are on line; NULL */
	GQueue lookups; /* of char *, JIDs whose vCard to ask for */
	GSource *lookup_timer;
	gboolean looking_up, looks_for_own;
	SnAmends *amends;
	SnDisplayed *displayed;
	gboolean lost;       /* something could not be written: the position stays before it */
	/* several in one transaction: */
	gboolean in_batch;
	char *position;      /* up to which the archive is in it; NULL: as it was */
	GArray *filed;       /* of SnImFiled */
	GPtrArray *kept;     /* of SnImEvent: until what follows from them is done */
};

/* ---- sync_im.c ---- */

void sn_im_sync_warn(SnImSync *sync, const GError *error);
SnImRequest *sn_im_sync_request(SnImSync *sync, SnImRequestKind kind);

/* An SnEngineReply for what nobody waits for. */
void sn_im_sync_ignore(SnEngineAccount *account, const SnImEvent *event, gpointer data);

/* ---- sync_im_messages.c ---- */

/* May this contact know that we are here? Whoever may see our presence, may. */
gboolean sn_im_sync_may_see_us(SnStore *store, SnId address);

/* ---- sync_im_archive.c ---- */

/* Reads on from where the archive stands (XEP-0313), page by page, up to its end. */
void sn_im_archive_read(SnImSync *sync);

/* ---- sync_im_contacts.c ---- */

/* TRUE: it was about contacts (RFC 6121; XEP-0191, XEP-0115, XEP-0054), and is written. */
gboolean sn_im_contacts_event(SnImSync *sync, const SnImEvent *event);

/* Asks for the next vCard, when it is time for one. */
void sn_im_contacts_look_up(SnImSync *sync);

/* A roster begins with each new line. */
void sn_im_contacts_begin(SnImSync *sync);
void sn_im_contacts_clear(SnImSync *sync);

#endif
