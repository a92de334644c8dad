/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outbox.h - messages on their way out, their journal, and questions.
 *
 * An entry is queued by a client in one transaction with its message row (so that the timeline
 * shows it), its recipients, attachments and history. From then on the engine moves it; a client
 * only requests (send now, cancel, convert, choose). Each state is written before the step is
 * taken, and each change leaves an event in the journal. Ids (Message-ID, origin-id) are made when
 * the entry is queued and never change.
 */
#ifndef SN_STORE_OUTBOX_H
#define SN_STORE_OUTBOX_H

#include "src/store/conversation.h"
#include "src/store/message.h"
#include "src/store/outcome.h"
#include "src/store/receipt.h"
#include "src/store/terms.h"

typedef struct {
	char *path;    /* file to read when queued; the bytes are copied into the store then. On
	                  reading: NULL */
	GBytes *bytes; /* the same, in memory; NULL */
	char *name, *type, *sha256;
	gint64 size;
} SnAttachment;
void sn_attachment_free(SnAttachment *attachment);
/* An attachment whose bytes the store holds, as a string for SnDraft.attachments: it outlives the
 * file it was read from. And back; NULL when `text` is a path. Callers free. */
char *sn_attachment_held(const SnAttachment *attachment);
SnAttachment *sn_attachment_from_held(const char *text);

/* What a client asks of the engine; 0 = nothing. The engine clears it when done. */
typedef enum {
	SN_REQUEST_NONE,
	SN_REQUEST_SEND,     /* now, whatever the presence says */
	SN_REQUEST_CANCEL,
	SN_REQUEST_CONVERT,  /* email instead */
	SN_REQUEST_DEFER,
	SN_REQUEST_ASK_THEM,
	SN_REQUEST_RETRY,    /* a failed entry: once more */
	SN_REQUEST_CHECK,    /* nobody knows whether it went: look it up again */
	SN_REQUEST_ARRIVED,  /* nobody knows whether it went: the user does, it has arrived */
} SnOutboxRequest;
const char *sn_outbox_request_word(SnOutboxRequest request);
#define SN_REQUEST_LAST SN_REQUEST_ARRIVED

typedef struct {
	SnId id;
	SnId conversation;
	SnId message;          /* its row in the timeline */
	SnId account;
	SnChannel channel;
	SnState state;
	char *reason;          /* why it is in that state, for people; NULL */
	char *error_word;      /* class of the last error (sn_error_word); NULL */
	SnOutboxRequest request;
	SnRule if_unavailable; /* DEFAULT: rules decide at send time */
	SnTime created, next_try, expires, send_at; /* next_try 0: not by time */
	guint when;            /* SnWhen bits */
	SnRule then;           /* at `expires`: SnTerms.then */
	SnEncrypt encrypt;
	SnSign sign;
	SnId behind;           /* the entry that goes first; 0 */
	int attempts;
	char *from;            /* own address */
	char *message_id;      /* mail: made when queued */
	char *origin_id;       /* IM: made when queued */
	char *subject;         /* NULL */
	char *body;
	SnId reply_to;         /* message answered; 0 */
	char *thread;          /* thread key; NULL */
	SnId converted_to;     /* the entry that carries it as email; 0 */
	SnId converted_from;   /* one of the entries it gathers; 0 */
	char *quick_question;  /* id of the availability question asked (XEP-0439); NULL */
	int step;              /* engine's own: how far within `sending` (which stanza, which upload) */
	gboolean announce;     /* tell on the desktop when it arrives */
	SnReadReceipt read_receipt; /* an email asks to be told that it was read */
	SnReports reports;
	SnId resend;           /* the email that goes on as it is (RFC 5322 section 3.6.6); 0 */
	SnFormat format;
	/* with SN_OUTBOX_FULL */
	GPtrArray *recipients;  /* of SnParty */
	GPtrArray *attachments; /* of SnAttachment */
	GArray *history;        /* of SnId, messages that travel along, oldest first */
	GArray *agreed;         /* of SnId, those encrypted that the user lets go in the open */
	gboolean history_attachments;
} SnOutboxEntry;
void sn_outbox_entry_free(SnOutboxEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnOutboxEntry, sn_outbox_entry_free)

typedef struct {
	SnTime time;
	char *what;   /* short: "queued", "sending", "accepted", "retry", "presence", ... */
	char *detail; /* the server's words, the reason; NULL */
} SnOutboxEvent;
void sn_outbox_event_free(SnOutboxEvent *event);

typedef struct {
	SnId conversation;      /* required */
	SnId account;           /* required */
	SnChannel channel;
	const char *from;       /* own address; required */
	GPtrArray *recipients;  /* of SnParty; required, not empty; only TO for IM */
	const char *subject;    /* NULL */
	const char *body;       /* required, "" allowed with attachments */
	SnId reply_to;          /* 0 */
	const char *thread;     /* NULL: taken from reply_to, or the message itself is the root */
	GPtrArray *attachments; /* of SnAttachment with path; NULL */
	GArray *history;        /* of SnId; NULL */
	const GArray *agreed;   /* of SnId, as above; NULL */
	gboolean history_attachments;
	SnRule if_unavailable;
	SnTime send_at;         /* undo window or schedule; 0 = now */
	SnTime expires;         /* 0 = default of the engine */
	guint when;             /* SnWhen bits */
	SnRule then;
	SnEncrypt encrypt;
	SnSign sign;
	gboolean announce;
	SnReadReceipt read_receipt;
	SnReports reports;
	SnId resend;            /* an email that goes on as it is: body and subject are for the
	                         * timeline only; 0 */
	SnFormat format;
	SnState state;          /* QUEUED, or WAITING/CHOOSING when the user already decided so */
	const char *reason;     /* NULL */
	const char *notice;     /* said below the message in the timeline; NULL */
	SnId converted_from;    /* 0 */
} SnOutboxNew;

/*
 * Queues a message: entry, timeline row, attachments' bytes, first event, and the end of the
 * conversation's draft (when clear_draft), in one transaction. 0 on error and nothing is written:
 * SN_ERROR_NOT_FOUND names the attachment that cannot be read.
 */
SnId sn_outbox_queue(SnStore *store, const SnOutboxNew *entry, gboolean clear_draft, GError **error);

enum { SN_OUTBOX_FULL = 1 };
SnOutboxEntry *sn_outbox_get(SnStore *store, SnId id, guint what); /* NULL */
typedef enum {
	SN_OUTBOX_OPEN,      /* not yet accepted, failed, cancelled or converted */
	SN_OUTBOX_ATTENTION, /* choosing, failed and not yet dismissed */
	SN_OUTBOX_ALL,
} SnOutboxFilter;
/* Newest first; before_id pages (0: first page). Of SnOutboxEntry. */
GPtrArray *sn_outbox_list(SnStore *store, SnOutboxFilter filter, SnId before_id, int limit,
                          guint what);
GPtrArray *sn_outbox_events(SnStore *store, SnId id); /* oldest first; of SnOutboxEvent */
GBytes *sn_outbox_attachment_bytes(SnStore *store, const char *sha256, GError **error);
gint64 sn_outbox_attachment_size(SnStore *store, const char *sha256); /* -1: not here */

/* TRUE for one that waits for the user because nobody can tell whether it went. */
gboolean sn_outbox_is_uncertain(const SnOutboxEntry *entry);
/* Whether an entry in this state can be asked for that. While it is being sent, CANCEL is taken for
 * the case that the sending fails. */
gboolean sn_outbox_may(SnState state, SnOutboxRequest request);
/* A client's wish; the engine hears the bell. SN_ERROR_EXISTS when it is too late for it,
 * SN_ERROR_INVALID when it makes no sense for this entry. */
gboolean sn_outbox_request(SnStore *store, SnId id, SnOutboxRequest request, GError **error);
/*
 * Takes an entry back, to write it anew: in one transaction the entry as it was (caller frees) and
 * the wish to cancel it, which is certain to win, because nothing of it has begun to go. A failed or
 * cancelled one is only read (the failed one is cancelled). Its row leaves the timeline. NULL with
 * SN_ERROR_EXISTS when it is too late; the text says how far it is.
 */
SnOutboxEntry *sn_outbox_take_back(SnStore *store, SnId id, GError **error);
/* The same and queues another message in its place, in one transaction. 0 on error. */
SnId sn_outbox_replace(SnStore *store, SnId id, const SnOutboxNew *entry, GError **error);
/* The user's yes: it may go in the clear. */
gboolean sn_outbox_allow_plain(SnStore *store, SnId id, GError **error);
/* That was said of it. */
gboolean sn_outbox_is_plain(SnStore *store, SnId id);
/* Other terms for an entry that has not begun to go, and it waits for them: send_at, when, then,
 * expires as in SnOutboxNew. One transaction with the request to defer it. */
gboolean sn_outbox_reschedule(SnStore *store, SnId id, SnTime send_at, guint when, SnRule then,
                              SnTime expires, GError **error);
/* New text of an entry that has not begun to go (queued, waiting, choosing, asked). */
gboolean sn_outbox_edit(SnStore *store, SnId id, const char *subject, const char *body,
                        GError **error);
/* The user has seen a failed entry: it no longer asks for attention. */
gboolean sn_outbox_dismiss(SnStore *store, SnId id, GError **error);

/* ---- the engine's side ---- */

/* Fields to change together with one journal event, in one transaction with the message's state. */
typedef struct {
	SnState state;
	const char *what;     /* event; required */
	const char *detail;   /* NULL */
	const char *reason;   /* NULL clears it */
	const char *error_word; /* NULL clears it */
	SnTime next_try;      /* 0 clears it */
	int attempts;         /* -1 keeps */
	int step;             /* -1 keeps */
	SnTime expires;       /* 0 keeps */
	const char *quick_question; /* NULL keeps */
	gboolean clear_request;
	gboolean at_once;     /* ends the undo window and the schedule */
	SnId behind;          /* held back until that entry lets pass; 0: not held back */
	const char *party;    /* what it says of one recipient; NULL: nothing */
	SnFate fate;
	const char *fate_text; /* NULL */
	gboolean tell;        /* to be announced: sn_outbox_untold() until sn_outbox_told() */
} SnOutboxChange;
/* `from`: the state it must be in, else SN_ERROR_EXISTS and nothing changes (lost a race). */
gboolean sn_outbox_change(SnStore *store, SnId id, SnState from, const SnOutboxChange *change,
                          GError **error);
/* An event that changes no state. */
gboolean sn_outbox_note(SnStore *store, SnId id, const char *what, const char *detail,
                        GError **error);
/* Marks `ids` converted into the new entry, queues that one; one transaction. 0 on error. */
SnId sn_outbox_convert(SnStore *store, const SnId *ids, gsize count, const SnOutboxNew *mail,
                       GError **error);
/* Entries the engine has to look at: due by `now`, with a request, or in `sending`; in no order. Of
 * SnId. */
GArray *sn_outbox_due(SnStore *store, SnTime now);
/* The earliest time later than `after` when sn_outbox_due() has more; 0 = never. */
SnTime sn_outbox_next_due(SnStore *store, SnTime after);
/* Open IM entries to this address (presence changed), and entries on any channel to its person that
 * wait for something. Oldest first. Of SnId. */
GArray *sn_outbox_open_for(SnStore *store, SnId address);
/* Open entries of a conversation. Oldest first. Of SnId. */
GArray *sn_outbox_open_in(SnStore *store, SnId conversation);
/* When the newest open entry of a conversation on this channel was written; 0 = there is none. */
SnTime sn_outbox_open_since(SnStore *store, SnId conversation, SnChannel channel);
/* Entries that go on when the account is connected: in `sending`, waiting after an error, or asked
 * with the question not out yet. Oldest first. Of SnId. */
GArray *sn_outbox_stopped(SnStore *store, SnId account, SnChannel channel);
/*
 * The nearest open entry that goes before this one, 0 for none: older, to the same conversation, on
 * the same channel or in the same thread. One with terms that this one has not (a later time, a
 * condition, encryption), or that may have gone already, holds up nothing. moving: only one that is
 * being sent or just about to be.
 */
SnId sn_outbox_before(SnStore *store, SnId id, gboolean moving);
/* IM entries before this one in its conversation that wait for the person only. Of SnId. */
GArray *sn_outbox_deferred_before(SnStore *store, SnId id);
/* The last event of the journal that is one of these words (blanks between); NULL. Caller frees. */
char *sn_outbox_last_event(SnStore *store, SnId id, const char *words);
/* TRUE when entries behind one that goes from state `from` to `to` may go now, or pass by. Their
 * `behind` is cleared with that change. */
gboolean sn_outbox_lets_pass(SnState from, SnState to);
/* The clock was set back: no retry is more than `longest` away, no undo window begins again. */
gboolean sn_outbox_clock_back(SnStore *store, SnTime now, SnTime longest, GError **error);
SnId sn_outbox_find_origin(SnStore *store, const char *origin_id);   /* 0 */
SnId sn_outbox_find_message_id(SnStore *store, const char *message_id); /* 0 */
SnId sn_outbox_find_question(SnStore *store, const char *question_id);  /* 0 */

/* ---- questions that others put to the user (XEP-0439) ---- */

typedef struct {
	SnId id;
	SnId conversation;
	SnId message;        /* the row in the timeline that asked */
	char *question;
	char **values, **labels; /* NULL-terminated, same length */
	SnTime time;         /* when it was asked, by its message; never after it came here */
	gboolean answered;
	gboolean availability; /* now, later and email are offered: somebody asks for our time */
} SnQuestion;
void sn_question_free(SnQuestion *question);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnQuestion, sn_question_free)
SnId sn_question_add(SnStore *store, SnId conversation, SnId message, const char *question,
                     const char *const *values, const char *const *labels, GError **error);
GPtrArray *sn_question_list(SnStore *store, SnId conversation); /* unanswered; of SnQuestion */
SnQuestion *sn_question_get(SnStore *store, SnId id); /* NULL */
SnId sn_question_of(SnStore *store, SnId message);    /* 0 */
gboolean sn_question_close(SnStore *store, SnId id, GError **error);
/* Somebody asks for our time (the engine knows the words). */
gboolean sn_question_set_availability(SnStore *store, SnId id, GError **error);
/* Closes it with what was answered. entry: of the answer by a rule; 0: by the user, or elsewhere. */
gboolean sn_question_answered(SnStore *store, SnId id, const char *answer, SnId entry,
                              GError **error);
/* Questions that rules have answered since then; conversation 0: of everybody. */
int sn_questions_by_rule(SnStore *store, SnId conversation, SnTime since);
/* The entries of answers by rules in the conversation that have not begun to go. Of SnId. */
GArray *sn_questions_pending(SnStore *store, SnId conversation);

#endif
