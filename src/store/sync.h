/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync.h - what the engine remembers about servers: folders, where each email lies, how far each
 * sync is, and offline actions still to be replayed. Clients read the status rows.
 */
#ifndef SN_STORE_SYNC_H
#define SN_STORE_SYNC_H

#include "src/store/message.h"

typedef struct {
	SnId id;
	SnId account;
	char *name;           /* UTF-8, '/' as separator */
	char *role;           /* "inbox" "sent" "drafts" "trash" "junk" "archive" (RFC 6154); NULL */
	guint32 uidvalidity;  /* 0 = never synced */
	guint32 uidnext;
	guint64 highestmodseq;
	int total, unread;
	char *mailbox_id;     /* RFC 8474: stays when the folder gets another name; NULL */
	SnId base;            /* Gmail: it is a label of emails that lie in that folder; its own id: it
	                         holds labelled emails; 0: neither */
	gboolean read_only;   /* the server lets nothing in it be changed */
} SnFolder;
void sn_folder_free(SnFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnFolder, sn_folder_free)

/* Finds or makes. role: NULL keeps what is known. */
SnId sn_folder_intern(SnStore *store, SnId account, const char *name, const char *role,
                      GError **error);
SnFolder *sn_folder_get(SnStore *store, SnId folder);                          /* NULL */
SnFolder *sn_folder_by_role(SnStore *store, SnId account, const char *role);   /* NULL */
GPtrArray *sn_folder_list(SnStore *store, SnId account); /* of SnFolder; account 0: all */
gboolean sn_folder_set_state(SnStore *store, SnId folder, guint32 uidvalidity, guint32 uidnext,
                             guint64 highestmodseq, GError **error);
gboolean sn_folder_set_mailbox_id(SnStore *store, SnId folder, const char *mailbox_id,
                                  GError **error);
/* The same folder under another name: all that is known of it stays. EXISTS when something lies in
 * another one of that name. */
gboolean sn_folder_rename(SnStore *store, SnId folder, const char *name, GError **error);
gboolean sn_folder_set_read_only(SnStore *store, SnId folder, gboolean read_only, GError **error);
/* base: as of SnFolder. A folder that becomes a label, or ceases to be one, is forgotten first. */
gboolean sn_folder_set_base(SnStore *store, SnId folder, SnId base, GError **error);
/* Maildir: where its cur and new are, an absolute path. Emails that were added in_place are read there. */
gboolean sn_folder_set_directory(SnStore *store, SnId folder, const char *directory, GError **error);
/* UIDVALIDITY changed: forgets all locations of the folder. Messages stay in the timeline; what is
 * not found again within a week goes. Flags and moves that the server was not told yet wait until
 * their email is found again. */
gboolean sn_folder_reset(SnStore *store, SnId folder, GError **error);

/* Where an email lies. name: Maildir file name without flags, NULL for IMAP. */
gboolean sn_location_set(SnStore *store, SnId message, SnId folder, guint32 uid, const char *name,
                         guint flags, GError **error);
/* Its keywords as the server now has them, "" none; own changes still to be replayed stay. */
gboolean sn_location_keywords(SnStore *store, SnId folder, guint32 uid, const char *keywords,
                              GError **error);
/*
 * The labels of an email in a folder that holds labelled ones: names of folders, one a line. Each is a
 * place of the email under the same number, with the flags and keywords of the one that holds it; they
 * go when that goes. Own changes still to be replayed stay.
 */
gboolean sn_location_labels(SnStore *store, SnId folder, guint32 uid, const char *labels,
                            GError **error);
/* Flags as the server now has them; ignored where an own change is still to be replayed. */
gboolean sn_location_flags(SnStore *store, SnId folder, guint32 uid, guint flags, GError **error);
/*
 * Gone from the folder. A message without any location left leaves the timeline at once; its row
 * goes a week later (with sn_folder_set_state()), so that one that was only moved, and is seen in
 * its new place later, keeps its id, thread and state. What was only local stays.
 */
gboolean sn_location_remove(SnStore *store, SnId folder, guint32 uid, GError **error);
SnId sn_location_find(SnStore *store, SnId folder, guint32 uid);               /* message; 0 */
guint32 sn_location_find_name(SnStore *store, SnId folder, const char *name);  /* uid; 0 */
/* Of guint32, ascending. flags: of guint, in the same order; NULL: not wanted. */
GArray *sn_location_uids(SnStore *store, SnId folder, GArray **flags);

/* Where a message lies now. */
typedef struct {
	SnId folder;
	guint32 uid;
	char *folder_name;
	char *name;           /* Maildir; NULL */
	guint flags;
	char *keywords;       /* NULL: not told */
} SnLocation;
void sn_location_free(SnLocation *location);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnLocation, sn_location_free)
/* sn_location_set() with keywords, NULL not told; folder_name is not looked at. */
gboolean sn_location_put(SnStore *store, SnId message, const SnLocation *place, GError **error);
GPtrArray *sn_location_list(SnStore *store, SnId message); /* of SnLocation */

/* ---- offline actions: intents of clients, replayed by the engine ---- */
typedef enum {
	SN_ACTION_FLAGS,
	SN_ACTION_MOVE,
	SN_ACTION_APPEND,
	SN_ACTION_COPY = 4,   /* 3: beside the others, see sn_action_reads() */
	SN_ACTION_DELETE,     /* for good */
} SnActionKind;
typedef struct {
	SnId id;
	SnActionKind kind;
	SnId account, folder, message;
	guint32 uid;
	char *name;         /* Maildir */
	guint set, clear;   /* FLAGS */
	char *set_tags, *clear_tags; /* FLAGS: keywords, with blanks between; NULL */
	char *target;       /* MOVE, COPY, APPEND: folder role or name */
	int attempts;
	SnTime next_try;
} SnAction;
void sn_action_free(SnAction *action);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnAction, sn_action_free)
/* APPEND: a copy of the message's raw bytes goes to the folder (Sent copy). */
SnId sn_action_append(SnStore *store, SnId message, SnId account, const char *target, guint flags,
                      GError **error);
/* Flags first, which are those of the place it moves from; else oldest first. Of SnAction */
GPtrArray *sn_action_list(SnStore *store, SnId account, SnTime due);
/*
 * IMs that a client has marked as read and of which nobody was told yet (XEP-0333, XEP-0490): the
 * newest one of a conversation each time; oldest first, of SnAction, where only id, account and
 * message count. End them with sn_action_done(). Not part of sn_action_list().
 */
GPtrArray *sn_action_reads(SnStore *store, SnId account);
/* Before a MOVE, COPY or DELETE is handed to the server: from now on an undo does not take the action
 * back but follows it. lands: the folder it goes to; 0 none. */
gboolean sn_action_start(SnStore *store, SnId action, SnId lands, GError **error);
/* A place has become another by a move: flags that the server was not told yet go with it. uid 0:
 * its number is not known yet. */
gboolean sn_action_follow(SnStore *store, const SnAction *moved, SnId folder, guint32 uid,
                          const char *name, GError **error);
/* A copy has come to lie there. Before sn_action_done(). */
gboolean sn_action_copied(SnStore *store, SnId action, guint32 uid, GError **error);
gboolean sn_action_done(SnStore *store, SnId action, GError **error);
gboolean sn_action_retry(SnStore *store, SnId action, SnTime next_try, const char *why,
                         GError **error);
/* The server will not do it: the rows are as before the change, and the action is gone. */
gboolean sn_action_refuse(SnStore *store, SnId action, GError **error);
/* How many of an account wait for another try, and why the newest does (NULL: none); caller frees. */
int sn_action_stuck(SnStore *store, SnId account, char **why);

/* ---- how full the mailbox of an account is, in octets ---- */
gboolean sn_account_set_quota(SnStore *store, SnId account, gint64 used, gint64 limit,
                              GError **error);
gboolean sn_account_quota(SnStore *store, SnId account, gint64 *used, gint64 *limit); /* FALSE: not told */
enum { SN_QUOTA_WARN = 90 }; /* percent */

/* ---- status: one row per account and end, written by the engine, read by everybody ---- */
typedef enum {
	SN_STATUS_OFF,        /* not configured, or engine not running */
	SN_STATUS_CONNECTING,
	SN_STATUS_ONLINE,
	SN_STATUS_SYNCING,    /* progress says how far */
	SN_STATUS_RETRYING,   /* lost; next_try says when */
	SN_STATUS_ERROR,      /* needs the user: wrong password, certificate */
} SnStatusKind;
const char *sn_status_word(SnStatusKind kind);
typedef struct {
	char *account;
	char *end;            /* "source", "outgoing", "im" */
	SnStatusKind kind;
	char *detail;         /* a sentence for people; NULL */
	char *error_word;     /* sn_error_word(); NULL */
	gint64 done, total;   /* progress, 0/0 = none */
	SnTime since, next_try;
} SnStatus;
void sn_status_free(SnStatus *status);
gboolean sn_status_set(SnStore *store, const SnStatus *status, GError **error);
GPtrArray *sn_status_list(SnStore *store); /* of SnStatus */
/* All to OFF: the engine stops, or a new one begins. */
gboolean sn_status_reset(SnStore *store, GError **error);

/* Server archive position (XEP-0313): the last archive id seen; NULL when none; caller frees. */
char *sn_archive_get(SnStore *store, SnId account, const char *archive_jid);
gboolean sn_archive_set(SnStore *store, SnId account, const char *archive_jid, const char *last_id,
                        GError **error);

#endif
