/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mail_backend.h - the two mail interfaces: a source (IMAP, Maildir) and a transport (SMTP,
 * sendmail). No library header is needed to use them.
 */
#ifndef SN_BACKENDS_MAIL_MAIL_BACKEND_H
#define SN_BACKENDS_MAIL_MAIL_BACKEND_H

#include "backends/backend.h"

/* Flag bits equal SnFlags of src/store/message.h; a test holds them together. */
enum {
	SN_MAIL_SEEN = 1 << 0,
	SN_MAIL_ANSWERED = 1 << 1,
	SN_MAIL_FLAGGED = 1 << 2,
	SN_MAIL_DELETED = 1 << 3,
	SN_MAIL_DRAFT = 1 << 4,
	SN_MAIL_FORWARDED = 1 << 5,
	SN_MAIL_MDN_SENT = 1 << 6, /* RFC 3503 */
};

/*
 * Requests other than SYNC are served in order and in the middle of a running SYNC. When the line
 * is lost the running request ends in NETWORK (APPEND, and MOVE on servers without it: UNCERTAIN),
 * those that wait go on waiting; a login or certificate refused ends them all with that error.
 * A sync that ended early loses nothing: the next one, told what came, brings the rest.
 */
typedef enum {
	SN_MAIL_REQ_LIST,    /* -> FOLDER events, QUOTA where the server has one */
	SN_MAIL_REQ_SYNC,    /* folder + known state -> FOLDER_STATE, MESSAGE, FLAGS, GONE, PROGRESS */
	SN_MAIL_REQ_WATCH,   /* folder: from now on CHANGED events when it changes (IDLE, NOTIFY or
	                        STATUS in rounds, inotify); DONE at once. IMAP sends one
	                        CHANGED as soon as it watches, and after every gap */
	SN_MAIL_REQ_FETCH,   /* folder, uid: the whole raw message -> MESSAGE */
	SN_MAIL_REQ_STORE,   /* folder, uids, set, clear flags, keywords, labels */
	SN_MAIL_REQ_MOVE,    /* folder, uids -> target (created when missing); DONE has new uid if known */
	SN_MAIL_REQ_DELETE,  /* folder, uids: flag deleted and expunge just these (UIDPLUS) */
	SN_MAIL_REQ_APPEND,  /* folder, raw, flags, time; DONE has the uid if known */
	SN_MAIL_REQ_SEARCH_ID, /* folder, message_id: DONE has the uid, or 0 (exactly-once check) */
	SN_MAIL_REQ_CREATE,  /* folder */
	SN_MAIL_REQ_COPY,    /* as MOVE, and it stays where it is; not to be given twice */
	SN_MAIL_REQ_QUOTA,   /* -> QUOTA where the server has one */
} SnMailRequestKind;

typedef struct {
	SnMailRequestKind kind;
	guint64 id;
	char *folder;           /* UTF-8, '/' separated */
	char *target;
	GArray *uids;           /* of guint32, ascending; NULL. For Maildir with known_names; without
	                           them: numbers it gave out or was told by a SYNC, before the folder's
	                           first SYNC they mean nothing, and requests with them end in TEMPORARY */
	guint set, clear, flags;
	char *set_keywords, *clear_keywords; /* STORE, IMAP only: words with blanks between; NULL */
	char *set_labels, *clear_labels; /* STORE in a folder that holds labelled emails: names of
	                           label folders, one a line; NULL */
	GBytes *raw;
	SnTime time;            /* INTERNALDATE for APPEND; 0 = now */
	char *message_id;
	guint32 uidvalidity;    /* with uids, IMAP: what they are numbers of; 0: not said. When the folder
	                           has another one it is TEMPORARY, and nothing is done. SYNC: as known,
	                           0 = first time */
	int part;               /* FETCH: only this file of the one email (SnMailPart.position), in
	                           pieces, decoded, into the new file `path`. PROGRESS tells how far it is,
	                           the size of DONE how large it became; without DONE there is no file.
	                           0: the email, whole */
	char *path;
	gboolean numbers;       /* LIST: uidvalidity and uidnext are wanted even where they cost a round
	                           trip: some folder may have another name now */
	/* SYNC */
	guint32 uidnext;        /* as known; 0 = first time */
	guint64 highestmodseq;
	GArray *known;          /* of guint32: uids the caller has, ascending (to find what is gone) */
	GPtrArray *known_names; /* Maildir: of char *, base name without flags, same order as known. With
	                           `uids`: known, known_names and known_flags say which files those are;
	                           SEARCH_ID: all of the folder, so that what is found has its number */
	GPtrArray *only;        /* SYNC of a Maildir: of char *, the base names to look at, as CHANGED
	                           told them; known holds those of them that the caller has. NULL: all */
	gint64 full_size;       /* messages larger than this: only header and text (partial = TRUE) */
	GArray *known_flags;    /* of guint: their flags, same order as known; NULL */
	GPtrArray *known_keywords; /* of char *: as of SnMailEvent, same order; NULL */
	guint32 newest;         /* stop after this many of the newest unknown messages; 0 = all */
	guint label_scan;       /* of labelled emails: so many of the newest known ones tell their
	                           labels, changed or not */
	SnTime since;           /* ... but, of a folder not known at all, not before all that came in
	                           since then (up to a few thousand); 0 = whenever */
} SnMailRequest;
SnMailRequest *sn_mail_request_new(SnMailRequestKind kind, guint64 id);
void sn_mail_request_free(SnMailRequest *request);

typedef enum {
	SN_MAIL_EV_FOLDER = SN_EVENT_OWN + 12, /* name, role, (un)selectable, directory; the values of
	                            FOLDER_STATE where the server tells them now, else 0 */
	SN_MAIL_EV_FOLDER_STATE, /* uidvalidity, uidnext, highestmodseq, total. A uidvalidity other
	                            than the request's comes first: forget the folder. The values to
	                            remember for next time come last, right before DONE */
	SN_MAIL_EV_MESSAGE,      /* uid, flags, time, raw, partial, size, name; newest batch first
	                            within a sync (inside a batch: the server's order) */
	SN_MAIL_EV_FLAGS,        /* uid, flags, name */
	SN_MAIL_EV_GONE,         /* uids */
	SN_MAIL_EV_PROGRESS,     /* done, total */
	SN_MAIL_EV_CHANGED,      /* folder: look again; the values of FOLDER_STATE where they came
	                            along, else 0. names: only these changed (Maildir); NULL: anything */
	SN_MAIL_EV_QUOTA,        /* done of total octets are used in the mailbox (RFC 9208) */
	SN_MAIL_EV_FOLDERS,      /* folders came or went: LIST again, and WATCH those that are new */
} SnMailEventKind;

typedef struct {
	int kind;               /* SnEventKind or SnMailEventKind */
	guint64 id;             /* of the request; 0 */
	gpointer owner;         /* the pointer given to create(): which account this is */
	GError *error;          /* ERROR, LINE(OFFLINE) */
	SnLineState line;       /* LINE */
	SnTime next_try;        /* LINE(OFFLINE): when it connects again; 0 = not by itself */
	char *folder, *role;
	char *mailbox_id;       /* FOLDER: RFC 8474; NULL not told */
	char *directory;        /* FOLDER of a Maildir: where its cur and new are, an absolute path */
	gboolean selectable;
	gboolean read_only;     /* FOLDER_STATE: nothing in it can be changed */
	char *base;             /* FOLDER, Gmail: this folder is a label of emails that lie in that one
	                           (which says its own name); NULL: it holds emails itself */
	guint32 uidvalidity, uidnext, uid;
	guint64 highestmodseq;  /* of a Maildir: another number after any change of its directories */
	guint flags;
	SnTime time;
	GBytes *raw;
	gboolean partial;       /* raw lacks the larger parts; FETCH gets all */
	GArray *part_sizes;     /* of gint64, by SnMailPart.position from 1: the decoded size of a
	                           part that raw lacks, about; -1 of one that is all there; NULL */
	gint64 size;            /* RFC822.SIZE */
	char *name;             /* Maildir base name without flags */
	GPtrArray *names;       /* CHANGED: of char *; NULL */
	GArray *uids;           /* GONE; DONE of an IMAP MOVE: the new ones in the order of the
	                           request's, 0 where it is not known */
	char *keywords;         /* MESSAGE, FLAGS: IMAP keywords that are no flag above, in order, with
	                           blanks between; "" none; NULL: not told (Maildir) */
	char *labels;           /* MESSAGE, FLAGS of labelled emails: names of label folders, in order,
	                           one a line; "" none; NULL: not told */
	gint64 done, total;
} SnMailEvent;
SnMailEvent *sn_mail_event_new(int kind, guint64 id, gpointer owner);
void sn_mail_event_free(SnMailEvent *event);

/* ---- source ---- */
typedef struct sn_mail_source SnMailSource;
typedef struct {
	const char *name; /* "imap", "maildir" */
	/* path: Maildir only. events: of SnMailEvent; the backend takes a reference. NULL + error
	 * only for what can never work; a dead network is a LINE event. */
	SnMailSource *(*create)(const SnLinkSpec *link, const char *path, SnQueue *events,
	                        gpointer owner, GError **error);
	void (*submit)(SnMailSource *source, SnMailRequest *request); /* takes it; any thread */
	void (*cancel)(SnMailSource *source, guint64 id);             /* any thread */
	void (*reconnect)(SnMailSource *source);                      /* now, without back-off */
	void (*destroy)(SnMailSource **source);
} SnMailSourceOps;

/* ---- transport ---- */

/* RFC 3461 section 4.1 */
typedef enum { SN_NOTIFY_ALL, SN_NOTIFY_FAILURE, SN_NOTIFY_NEVER } SnNotifyWhen;

typedef struct {
	guint64 id;
	char *from;           /* envelope; never NULL ("" for <>) */
	GPtrArray *to;        /* of char *; not empty */
	GBytes *raw;          /* CRLF or LF; sent as RFC 5321 says */
	gboolean dsn;         /* ask for NOTIFY=SUCCESS,FAILURE,DELAY where offered */
	SnNotifyWhen notify;  /* with dsn: less than that */
	char *envelope_id;    /* ENVID; NULL */
	gboolean confirm;     /* stop at the point of no return, see SN_SEND_EV_READY */
} SnSendRequest;
SnSendRequest *sn_send_request_new(guint64 id);
void sn_send_request_free(SnSendRequest *request);

/*
 * DONE: accepted for all recipients. ERROR codes: REJECTED (5xx; per recipient in `rejected`),
 * TEMPORARY (4xx), NETWORK (nothing was accepted), UNCERTAIN (the line broke after the final dot
 * and before the answer: it may have been accepted), AUTH, TLS, LIMIT (SIZE). When some recipients
 * are refused, nothing is sent to the others: the caller decides.
 */
typedef enum {
	/* Of a request with `confirm`: everything but the last word (SMTP: the final dot; a command:
	 * its start) is done, and until proceed() comes nothing can have gone: a process that dies
	 * here has sent nothing. dsn is known. Without proceed() it ends in TEMPORARY after a while. */
	SN_SEND_EV_READY = SN_EVENT_OWN + 12,
} SnSendEventKind;

typedef struct {
	int kind;              /* SnEventKind or SnSendEventKind */
	guint64 id;
	gpointer owner;
	GError *error;
	SnLineState line;
	SnTime next_try;
	char *reply;           /* the server's last line */
	GPtrArray *rejected;   /* of char *: "address: reply" */
	gboolean dsn;          /* the server promised to tell of success too */
	gint64 max_size;       /* what the server says it takes (RFC 1870); 0 not told */
} SnSendEvent;
SnSendEvent *sn_send_event_new(int kind, guint64 id, gpointer owner);
void sn_send_event_free(SnSendEvent *event);

typedef struct sn_mail_transport SnMailTransport;
typedef struct {
	const char *name; /* "smtp", "sendmail" */
	/* command: sendmail command line. Connects only when there is something to send. */
	SnMailTransport *(*create)(const SnLinkSpec *link, const char *command, SnQueue *events,
	                           gpointer owner, GError **error);
	void (*submit)(SnMailTransport *transport, SnSendRequest *request);
	/* What is READY and was not let go is stopped. CANCELLED: nothing was sent. Any thread. */
	void (*cancel)(SnMailTransport *transport, guint64 id);
	/* Lets a READY one go. Any thread; an id that is not READY (any more) is ignored. */
	void (*proceed)(SnMailTransport *transport, guint64 id);
	/* Connects, authenticates, quits (doctor, init): DONE or ERROR with id. */
	void (*probe)(SnMailTransport *transport, guint64 id);
	void (*destroy)(SnMailTransport **transport);
} SnMailTransportOps;

extern const SnMailSourceOps sn_imap_ops, sn_maildir_ops;
extern const SnMailTransportOps sn_smtp_ops, sn_sendmail_ops;

#endif
