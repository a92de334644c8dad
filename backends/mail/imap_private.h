/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_private.h - the IMAP source, shared by its files.
 *
 * imap.c          the thread: connect, reconnect, take requests, watch the idle line
 * imap_session.c  one connection; imap_login.c: authentication; imap_select.c: opening a folder
 * imap_talk.c     commands and answers of our own; imap_words.c: reading an answer
 * imap_folders.c  LIST, CREATE, GETQUOTAROOT
 * imap_fetch.c    FETCH answers -> messages and flags, streamed
 * imap_parts.c    large messages in part; imap_structure.c: what they are made of
 * imap_file.c     one file of an email that is too large to be fetched whole
 * imap_sync.c     what is new, changed, gone
 * imap_actions.c  STORE, MOVE, COPY, DELETE, SEARCH; imap_append.c: APPEND
 * imap_labels.c   Gmail's labels: one email in several folders, fetched once
 * imap_watch.c    further connections that wait for changes
 */
#ifndef SN_BACKENDS_MAIL_IMAP_PRIVATE_H
#define SN_BACKENDS_MAIL_IMAP_PRIVATE_H

#include "backends/mail/imap_session.h"
#include "backends/mail/report.h"
#include "backends/mail/uids.h"

typedef struct sn_imap_watch SnImapWatch;
typedef struct sn_imap_labels SnImapLabels;

typedef struct {
	SnLink *link;
	SnReport report;
	SnInbox *inbox;
	GThread *thread;
	SnImapSession *session; /* NULL: off line */
	GError *blocked;        /* why only reconnect() helps; NULL */
	guint failures;         /* since the last sync that went well, or long stay on line */
	gint64 since;           /* monotonic µs: on line */
	GHashTable *trials;     /* imap_trials.c: how often an email broke the line; NULL */
	gint64 next_try;        /* monotonic µs */
	SnImapWatch *watch;     /* NULL until the first WATCH; the thread's own */
	SnImapLabels *labels;   /* as of the last LIST; NULL: folders hold emails */
} SnImap;

/*
 * What serves one request. done: the DONE event to fill in. FALSE with an error ends the request
 * in ERROR (CANCELLED: in CANCELLED); the session may be dead then.
 */
typedef gboolean (*SnImapServe)(SnImap *imap, SnMailRequest *request, SnMailEvent *done,
                                GError **error);
gboolean sn_imap_serve_list(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_create(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_sync(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_fetch(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_store(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_move(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_copy(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_delete(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_append(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_quota(SnImap *, SnMailRequest *, SnMailEvent *, GError **);
gboolean sn_imap_serve_search(SnImap *, SnMailRequest *, SnMailEvent *, GError **);

/* Serves what is more urgent than a sync, in the middle of one. FALSE: the session is dead. */
gboolean sn_imap_serve_urgent(SnImap *imap, GError **error);

/* Opens the request's folder; its uids must be numbers of what is there. */
gboolean sn_imap_open_for(SnImap *imap, const SnMailRequest *request, GError **error);

/* A lost line in the middle of what must not be done twice is UNCERTAIN: "whether" what happened. */
void sn_imap_make_uncertain(GError **error, const char *what);

gboolean sn_imap_create_folder(SnImapSession *session, const char *folder, GError **error);

/* After TRYCREATE: the folder is there now, whoever made it; another client may have been quicker. */
gboolean sn_imap_need_folder(SnImapSession *session, const char *folder, GError **error);

/* ---- fetching ---- */
typedef struct {
	guint32 uid;
	guint flags;
	SnTime time;
	gint64 size;    /* RFC822.SIZE; 0 unknown */
	gboolean has_flags;
	GArray *missing; /* of gint64, by leaf: as SnMailEvent.part_sizes; NULL */
	GBytes *raw;    /* NULL: none came */
	char *keywords; /* as of SnMailEvent; NULL: not told */
	GPtrArray *labels; /* of char *, as the server calls them; NULL: not told */
} SnImapMessage;
void sn_imap_message_clear(SnImapMessage *message);
/* "\\Seen $Forwarded", "" none; caller frees. */
char *sn_imap_flag_words(guint flags);
/* Whether it may be the name of a keyword in a command. */
gboolean sn_imap_is_keyword(const char *name);
typedef void (*SnImapSink)(const SnImapMessage *message, gpointer data);
typedef enum { SN_IMAP_FLAGS, SN_IMAP_WHOLE, SN_IMAP_TEXT } SnImapWhat;

/* UID FETCH of some uids (ascending); each answer goes to sink as it arrives. */
gboolean sn_imap_fetch(SnImapSession *session, struct mailimap_set *set, SnImapWhat what,
                       SnImapSink sink, gpointer data, GError **error);
/* Serves a FETCH of one file; its folder is open. */
gboolean sn_imap_fetch_file(SnImap *imap, SnMailRequest *request, SnMailEvent *done, GError **error);
/* Of some (large) ones what is worth having at once: raw is a message of its text and small parts
 * with the others empty. Servers that cannot take it apart give the header and the beginning. */
gboolean sn_imap_fetch_parts(SnImapSession *session, const GArray *uids, SnImapSink sink,
                             gpointer data, GError **error);
/* FLAGS (and labels) of 1:last changed since modseq (CONDSTORE). */
gboolean sn_imap_fetch_changed(SnImapSession *session, guint32 last, guint64 modseq,
                               gboolean labels, SnImapSink sink, gpointer data, GError **error);
/* A FETCH response that is read here: number, size, flags. FALSE: it is none, or without number.
 * End with sn_imap_message_clear() in any case. */
gboolean sn_imap_hear_fetch(const SnImapLine *line, SnImapMessage *message);
/* Adds the numbers of `known` that a VANISHED response names to `gone` (unsorted). */
void sn_imap_hear_vanished(const SnImapLine *line, const GArray *known, GArray *gone);
/* uids[from, to) with runs as ranges; free with mailimap_set_free(). */
struct mailimap_set *sn_imap_set(const GArray *uids, guint from, guint to);

/* The same as text: "1:3,7". */
char *sn_imap_set_text(const GArray *uids, guint from, guint to);
enum { SN_IMAP_LONG_LINE = 7900 }; /* octets of a command that every server takes (RFC 7162 4) */

/* UID SEARCH. Numbers ascending; NULL with error. */
GArray *sn_imap_uid_search(SnImapSession *session, const char *key, GError **error);
/*
 * SELECTs the folder anew, and searches it in the same round trip where the server has ESEARCH. TRUE: it
 * is open; the results are NULL when it could not be searched.
 */
gboolean sn_imap_select_and_search(SnImapSession *session, const char *folder,
                                   const char *const *keys, guint count, GArray **results,
                                   GError **error);
/* Several in one round trip; results: as many, of GArray; all NULL with error. */
gboolean sn_imap_uid_search_all(SnImapSession *session, const char *const *keys, guint count,
                                GArray **results, GError **error);

/* ---- labels (Gmail, X-GM-EXT-1) ---- */

/* What a LIST tells of one folder. attribute: its special use ("\\All"); NULL. */
typedef struct {
	const char *name, *attribute;
	gboolean selectable;
} SnImapListed;
/* NULL: the server has no labels, or does not show the folder that holds all emails. */
SnImapLabels *sn_imap_labels_new(const SnImapSession *session, const SnImapListed *listed,
                                 guint count);
void sn_imap_labels_free(SnImapLabels *labels); /* NULL is fine */
/* The folder whose emails have that folder as a label; its own name when it holds them; NULL when it
 * has nothing to do with labels. */
const char *sn_imap_labels_base(const SnImapLabels *labels, const char *folder);
gboolean sn_imap_labels_hold(const SnImapLabels *labels, const char *folder);
/* As of SnMailEvent.labels; caller frees. */
char *sn_imap_labels_names(SnImapLabels *labels, SnImapSession *session, const GPtrArray *told);
/* Whether a label that no folder stands for was told of since this was asked last. */
gboolean sn_imap_labels_take_news(SnImapLabels *labels);
/* Those that were asked about with `before` are no news. Both may be NULL. */
void sn_imap_labels_inherit(SnImapLabels *labels, const SnImapLabels *before);
/* Adds (sign '+') or takes away ('-') the labels of that names; folder is selected. */
gboolean sn_imap_labels_store(SnImapLabels *labels, SnImapSession *session, const char *set,
                              char sign, const char *names, GError **error);
/* Labels of these uids (set: "1:3,7"), each to sink; flags as well when wanted. */
gboolean sn_imap_fetch_labels(SnImapSession *session, const char *set, gboolean flags,
                              SnImapSink sink, gpointer data, GError **error);

/* ---- emails that break the line (imap_trials.c); of the selected folder ---- */
enum { SN_IMAP_TRIALS = 3 }; /* then it is passed over */
guint sn_imap_trials(const SnImap *imap, guint32 uid);
void sn_imap_note_trial(SnImap *imap, guint32 uid, gboolean good);
/* One whole email, read here and not by the library. */
gboolean sn_imap_fetch_plain(SnImapSession *session, guint32 uid, SnImapSink sink, gpointer data,
                             GError **error);
/* An email that says that this one could not be read. */
GBytes *sn_imap_words_instead(const SnImapSession *session, guint32 uid, const char *reason);

/* ---- watching ---- */
SnImapWatch *sn_imap_watch_new(const SnLink *link, SnQueue *events, gpointer owner);
void sn_imap_watch_add(SnImapWatch *watch, const char *folder);
void sn_imap_watch_kick(SnImapWatch *watch);
void sn_imap_watch_stop(SnImapWatch *watch); /* does not wait */
void sn_imap_watch_free(SnImapWatch *watch); /* waits; NULL is fine */

#endif
