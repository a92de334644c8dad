/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_mail_private.h - between sync_mail.c, which syncs folders one after the other, and
 * sync_mail_folders.c, which knows which folders there are.
 */
#ifndef SN_ENGINE_SYNC_MAIL_PRIVATE_H
#define SN_ENGINE_SYNC_MAIL_PRIVATE_H

#include "src/engine/sync_private.h"

enum { SN_LABELS_AGAIN = 1000 }; /* of the newest emails, with each new line */

typedef struct {
	SnId id;
	char *name, *role;
	gboolean recent_done; /* its newest messages are here */
	gboolean complete;    /* and all others */
	gboolean wanted;      /* something changed: look */
	GHashTable *changed;  /* of a Maildir: only at these names (set of char *); NULL: at all */
	gboolean watched, unwatchable;
	gboolean failed; /* the last round; the next poll tries again */
	gboolean listed; /* in the list of folders that is coming in */
	gboolean gone;   /* not in the last one: deleted, or named otherwise now */
	SnMailSync *sync;
	gboolean labelled;    /* its emails have labels */
	guint label_scan;     /* as of SnMailRequest: of the next round, */
	guint scanning;       /* of this one */
	guint64 base_modseq; /* of the first round: changes since then are not all known */
	gboolean counted;    /* its messages are in the total of the first sync */
	/* of the round under way */
	guint limit, got; /* limit 0: all */
	gint64 had;       /* messages that were here when it began */
	guint32 uidvalidity, uidnext;
	guint64 highestmodseq;
} SnMailFolder;

/* A folder as a LIST told it. */
typedef struct {
	SnId id;
	char *name, *role, *mailbox_id;
	guint32 uidvalidity, uidnext;
	gboolean label; /* of emails that lie elsewhere */
} SnMailTold;

struct sn_mail_sync {
	SnEngineAccount *account;
	GPtrArray *told;    /* of SnMailTold: by the LIST under way */
	GPtrArray *folders; /* of SnMailFolder, in the order of work */
	gboolean online, listing, listed, list_again;
	gboolean new_label; /* in the LIST under way */
	SnMailFolder *running;
	gboolean storage_failed;
	GSource *poll, *retry;
	gint64 last_progress; /* monotonic ms */
	gint64 done, total;   /* of the first sync of all folders */
	gint64 round_done;
};

/* ---- sync_mail_folders.c ---- */

gboolean sn_mail_is_inbox(const char *name, const char *role);
/* All of it has to be looked at. */
void sn_mail_folder_want(SnMailFolder *folder);
/* By its name; NULL. */
SnMailFolder *sn_mail_folder_find(SnMailSync *sync, const char *name);
/* The order in which they are synced: a GCompareFunc of SnMailFolder *. */
gint sn_mail_folders_sort_by(gconstpointer a, gconstpointer b);
/* One of the LIST under way. */
void sn_mail_folders_take(SnMailSync *sync, const SnMailEvent *event);
/* When the LIST has come: those that have another name now keep their emails. */
void sn_mail_folders_settle(SnMailSync *sync);
/* And those that are no longer in it go. */
void sn_mail_folders_drop_gone(SnMailSync *sync);
/* A label is new: which emails have it? */
void sn_mail_folders_scan_labels(SnMailSync *sync);
/* What the LIST says of it (LIST-STATUS) is what was synced last: nothing is to be looked at. */
gboolean sn_mail_folder_is_as_told(SnStore *store, const SnMailFolder *folder, const SnMailEvent *event);

#endif
