/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message.h - messages: one email or one IM, in or out, live or carried.
 *
 * sn_message_add() is the single way in. It finds duplicates (the same email in several folders,
 * the same IM by carbon, archive, resume and carried history), files the message into its
 * conversation, keeps that conversation's row right, and puts the text into the search index, all
 * in one transaction.
 */
#ifndef SN_STORE_MESSAGE_H
#define SN_STORE_MESSAGE_H

#include "src/base/opened.h"
#include "src/store/people.h"
#include "src/store/store.h"

typedef enum { SN_IN, SN_OUT } SnDirection;
const char *sn_direction_word(SnDirection direction); /* "in", "out" */

/* The state of a message on the screen: what became of it. For outgoing ones it mirrors the
 * outbox entry (DESIGN section 6); incoming ones are RECEIVED. The order is no order. */
#define SN_STATE_TABLE(X)                                                                     \
	X(RECEIVED, "received")   /* incoming                                               */ \
	X(DRAFT, "draft")                                                                        \
	X(QUEUED, "queued")       /* the engine has to act                                  */ \
	X(CHOOSING, "choosing")   /* the user has to decide                                 */ \
	X(SENDING, "sending")     /* a step that may have an effect outside is under way    */ \
	X(ACCEPTED, "accepted")   /* SMTP 250 for the whole message, XEP-0198 ack           */ \
	X(DELIVERED, "delivered") /* XEP-0184 receipt, success DSN                          */ \
	X(READ, "read")           /* XEP-0333, MDN                                          */ \
	X(WAITING, "waiting")     /* deferred, with reason and next try                     */ \
	X(ASKED, "asked")         /* the contact was asked and has not answered             */ \
	X(CONVERTED, "converted") /* became an email                                        */ \
	X(FAILED, "failed")                                                                      \
	X(CANCELLED, "cancelled")

typedef enum {
#define X(name, word) SN_STATE_##name,
	SN_STATE_TABLE(X)
#undef X
} SnState;
const char *sn_state_word(SnState state);

typedef enum {
	SN_FLAG_SEEN = 1 << 0,     /* RFC 9051 section 2.3.2 */
	SN_FLAG_ANSWERED = 1 << 1,
	SN_FLAG_FLAGGED = 1 << 2,
	SN_FLAG_DELETED = 1 << 3,
	SN_FLAG_DRAFT = 1 << 4,
	SN_FLAG_FORWARDED = 1 << 5, /* $Forwarded */
	SN_FLAG_MDN_SENT = 1 << 6,  /* $MDNSent (RFC 3503): its sender was told, or shall not be */
	SN_FLAG_UNSTYLED = 1 << 7,  /* an IM: its text has no styles (XEP-0393); only here */
} SnFlags;

typedef enum {
	SN_ROLE_FROM,
	SN_ROLE_TO,
	SN_ROLE_CC,
	SN_ROLE_BCC,
	SN_ROLE_REPLY_TO,
	/* said of the message, and nobody it went to: */
	SN_ROLE_DELIVERED, /* Delivered-To, X-Original-To, Envelope-To: where it came in */
	SN_ROLE_LIST_POST, /* RFC 2369 */
	SN_ROLE_FOLLOWUP,  /* Mail-Followup-To */
} SnRole;

typedef struct {
	SnRole role;
	char *address; /* normalised */
	char *name;    /* NULL */
} SnParty;

/* What nobody wrote to the user in person. */
typedef enum { SN_BULK_NONE, SN_BULK_NEWSLETTER, SN_BULK_NOTICE } SnBulk;
const char *sn_bulk_word(SnBulk bulk); /* "person" "newsletter" "notice" */
gboolean sn_bulk_parse(const char *word, SnBulk *bulk);

/* An attachment, or a file offered by URL. Positions are the MIME parser's part numbers. */
typedef struct {
	int position;
	char *type;      /* "image/png" */
	char *name;      /* safe base name, never with a slash; NULL */
	gint64 size;     /* decoded bytes; -1 unknown */
	char *sha256;    /* hex; NULL while not here */
	char *url;       /* https: or aesgcm: for IM files; NULL */
	char *path;      /* where it was saved last; NULL */
	char *promised;  /* SHA-256 that its sender told; NULL */
	gint64 done, total; /* bytes, while it is fetched or sent; total 0: it is not. On reading */
	char *fault;     /* why it could not be fetched; NULL. On reading */
	gboolean inline_; /* belongs into the text (cid image); not listed as attachment */
} SnPart;
void sn_part_free(SnPart *part);

/* What a thread that compresses one message after the other keeps in between. */
typedef struct sn_packer SnPacker;
SnPacker *sn_packer_new(void);
void sn_packer_free(SnPacker *packer);

/* The raw bytes of an email, made ready to be kept. */
typedef struct sn_packed SnPacked;

/*
 * Names and compresses them; any thread, and best not one that writes to a store. sha256: their hash in
 * hex, where that is known; NULL. packer: NULL. in_place: they lie
 * in a Maildir and are read there (sn_folder_set_directory()), only their name is kept. NULL + LIMIT
 * when there are too many.
 */
SnPacked *sn_packed_new(GBytes *bytes, const char *sha256, SnPacker *packer, gboolean in_place,
                        GError **error);
void sn_packed_free(SnPacked *packed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnPacked, sn_packed_free)

/* What can be made of a message's text beforehand: compressed, cut into words, its first line. */
typedef struct sn_ready SnReady;

/* The notice of a message that only repeats, as text for any client, history that came along. */
#define SN_NOTICE_HISTORY "earlier messages that came along"

typedef struct {
	SnId id;
	SnId conversation;
	SnId account;        /* 0 for imported and carried */
	SnChannel channel;
	SnDirection direction;
	SnTime time;         /* when it was sent (Date:, delay stamp); the timeline's order */
	SnId sender;         /* address id */
	char *sender_value;  /* filled on reading */
	char *sender_name;   /* display name in this message, else the person's; on reading */
	char *subject;       /* NULL for IM without */
	char *preview;       /* first line, filled by sn_message_add() */
	SnState state;
	guint flags;         /* SnFlags */
	char *message_id;    /* mail: without brackets; NULL */
	char *origin_id;     /* IM: XEP-0359 origin-id, else the stanza's id; NULL */
	char *stanza_id;     /* IM: XEP-0359 stanza-id by our own server or the room; NULL */
	char *in_reply_to;   /* Message-ID or origin-id it answers; NULL */
	char *thread;        /* thread key: root Message-ID, or XMPP <thread>; NULL */
	SnId reply_to;       /* the message here that it answers; 0. Filled in whichever comes last */
	gboolean encrypted;
	gboolean carried;    /* told by the sender of another message, not received by itself */
	guint secure;        /* SnSecure (opened.h): what of an email can be verified or opened */
	SnId carried_by;     /* the message that brought it; 0 */
	guint contradicted;  /* SnDiffers (told.h): others told it otherwise; on reading */
	int brought;         /* how many earlier messages came along with it; on reading */
	SnId attached;       /* it only brought them, for the sake of that message; 0. On reading */
	SnId about;          /* it only reports on that message (outcome.h); 0 */
	SnId outbox;         /* outgoing: its entry; 0 */
	gint64 size;         /* bytes of the raw message */
	SnPacked *packed;    /* on adding: those bytes, made ready; NULL. Owned by the message */
	SnReady *ready;      /* on adding: of sn_message_make_ready(); NULL. Owned by the message */
	int attachments;     /* number of parts that are not inline */
	char *list_id;       /* List-Id (RFC 2919); NULL */
	SnBulk bulk;         /* an answer to the user is never taken for bulk */
	char *authentication; /* verdict of Authentication-Results, "dkim=pass spf=pass"; NULL */
	char *notice;        /* a line of ours about it: "quoted 3 images not loaded"; NULL */
	char *tags;          /* mail: IMAP keywords, in order, with blanks between; NULL. On reading;
	                      * what begins with '$' is for programs: sn_tags_shown() */
	char *occupant;      /* who said it in a room, whatever the nick (XEP-0421); NULL. On reading */
	gboolean mention;    /* it speaks to the user, in a room. On reading */
	guint amended;       /* SnAmended (amend.h); on reading */
	/* the following only with SN_MESSAGE_FULL, and for sn_message_add() */
	char *body;          /* readable text, UTF-8, \n; NULL on reading when not FULL */
	GPtrArray *parties;  /* of SnParty; NULL when not FULL */
	GPtrArray *parts;    /* of SnPart; NULL when not FULL */
} SnMessage;
SnMessage *sn_message_new(void); /* all zero; set strings with g_strdup() */
void sn_message_free(SnMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnMessage, sn_message_free)
void sn_message_add_party(SnMessage *message, SnRole role, const char *address, const char *name);
void sn_message_add_part(SnMessage *message, SnPart *part); /* takes it */

/*
 * Does what is costly in adding a message and needs no store; any thread, and best not one that writes.
 * What of it is not that body any more when it is added is made anew. packer: may be NULL.
 */
void sn_message_make_ready(SnMessage *message, SnPacker *packer);

typedef enum { SN_ADDED, SN_DUPLICATE, SN_UPGRADED } SnAddResult;

/*
 * Files a message. In: everything known but id, conversation, preview, reply_to. The conversation
 * is decided here: a room (kind given by `room_jid`), a mailing list (list_id), a group (more than
 * one other address), else the person of the other address. Out: message->id, ->conversation.
 * raw: the message's bytes to keep (email), or NULL; message->packed, if set, is them. A DUPLICATE adds only what was missing
 * (text that was fetched in part, receipt ids, flags); the same id from another sender is another
 * message. What was told (carried_by) is filed beside its teller; a live message UPGRADES a carried record of itself; a carried
 * one never changes a live record. Carried messages are never unread and never raise a
 * conversation's attention.
 */
gboolean sn_message_add(SnStore *store, SnMessage *message, const char *room_jid, GBytes *raw,
                        SnAddResult *result, GError **error);

/* LINE: of an answer to a search only what one line shows: ids, channel, time, sender, subject, preview. */
enum { SN_MESSAGE_FULL = 1, SN_MESSAGE_LINE = 2 };
SnMessage *sn_message_get(SnStore *store, SnId id, guint what); /* NULL */

/*
 * One page of a conversation's timeline in order of (time, id). Pages by key: those before (or
 * after, forward = TRUE) the message `anchor_id` at `anchor_time`; (0, 0) and backward = the
 * newest. Always returned oldest first. Of SnMessage.
 */
GPtrArray *sn_message_page(SnStore *store, SnId conversation, SnTime anchor_time, SnId anchor_id,
                           gboolean forward, int limit, guint what);
/* All messages with the thread key, oldest first, at most `limit`. Of SnMessage. */
GPtrArray *sn_message_thread(SnStore *store, const char *thread, int limit, guint what);

SnId sn_message_find_mail(SnStore *store, const char *message_id);       /* 0 */
/* By origin-id and the bare JID of its sender. 0 */
SnId sn_message_find_im(SnStore *store, const char *origin_id, const char *sender);
/* The message that was filed last; 0. */
SnId sn_message_last(SnStore *store);
/* Is there a message that XEP-0461 may name by this id (its origin-id, or that of a room)? */
gboolean sn_message_knows_im(SnStore *store, const char *id);
/* The one IM of our own records with this origin-id, whoever sent it. 0: none, or several */
SnId sn_message_find_origin(SnStore *store, const char *origin_id);
SnId sn_message_find_stanza(SnStore *store, SnId account, const char *stanza_id); /* 0 */

/* The raw bytes; NULL with SN_ERROR_NOT_FOUND when there are none here. */
GBytes *sn_message_raw(SnStore *store, SnId id, GError **error);

/* The bytes of an own message once they are made (before it is sent); replaces earlier ones. */
gboolean sn_message_set_raw(SnStore *store, SnId id, GBytes *raw, GError **error);

/* An own email is signed or encrypted now: SnSecure bits. */
gboolean sn_message_set_secure(SnStore *store, SnId id, guint secure, GError **error);

/* Another text: of one that was edited, or has become whole. In the caller's transaction. */
gboolean sn_message_set_text(SnStore *store, SnId id, const char *subject, const char *body,
                             GError **error);
/* What a message answers, learned from its text or thread after it was filed. */
gboolean sn_message_set_answered(SnStore *store, SnId id, SnId answered, GError **error);

/* Updates the state (and the conversation's row). Never goes back from READ to DELIVERED etc. */
gboolean sn_message_set_state(SnStore *store, SnId id, SnState state, GError **error);
gboolean sn_part_set_file(SnStore *store, SnId message, int position, const char *path,
                          const char *sha256, gint64 size, GError **error);

/* The messages in a folder's list, newest first; page by the last row's (time, id), (0, 0) = first
 * page. Of SnMessage. More ways to read it: folder_list.h. */
GPtrArray *sn_folder_page(SnStore *store, SnId folder, SnTime before_time, SnId before_id,
                          int limit, guint what);

/* Messages brought along by `by`, oldest first. Of SnMessage. */
GPtrArray *sn_message_carried(SnStore *store, SnId by, guint what);

/* ---- a client's intents on messages: the row changes now, the engine replays them ---- */

/* Marks as read up to and including the message (whole conversation when 0). */
gboolean sn_conversation_mark_read(SnStore *store, SnId conversation, SnId up_to, GError **error);
gboolean sn_message_change_flags(SnStore *store, SnId id, guint set, guint clear, GError **error);
/* target role of the folder: "archive", "trash", "junk", or a folder name of the account. */
gboolean sn_message_move(SnStore *store, SnId id, const char *target, GError **error);

/* ---- search ---- */

typedef struct {
	char *match;         /* FTS5 expression built from quoted words; NULL: none */
	char *without;       /* the same, for what must not be there; NULL: none */
	char **words;        /* what match asks for, as it was typed (passage.h) */
	SnId conversation;   /* 0: any */
	SnId folder;         /* only what stands in its list (folder_list.h), the trash too; 0: any */
	int channel;         /* SnChannel, or -1 */
	char *from, *to, *subject; /* substring; NULL */
	SnTime after, before;      /* 0 */
	gboolean has_attachment, is_unread, is_flagged, is_carried;
	gboolean is_earlier; /* only texts that were corrected since (amend.h) */
	char *in;            /* folder name; NULL */
	char *tag;           /* NULL */
	gboolean by_kind;    /* of the conversation where it stands: */
	int kind;            /* SnConversationKind, or -1 */
	SnBulk bulk;         /* as the list has it */
} SnQuery;
/*
 * Parses what a user types: words, "phrases", word*, -word, from: to: subject: via: has:attachment
 * before: after: in: tag: kind: is:unread is:flagged is:carried
 * is:earlier. SN_ERROR_INVALID says which part is wrong.
 */
SnQuery *sn_query_parse(const char *text, const SnClock *clock, GError **error);
void sn_query_free(SnQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnQuery, sn_query_free)
/* Newest first; page by `before_id` of the last row (0: first page). Of SnMessage. */
GPtrArray *sn_message_search(SnStore *store, const SnQuery *query, SnTime before_time,
                             SnId before_id, int limit, guint what, GError **error);

/* The same, one after the other: visit takes the message, and returns FALSE when it has enough. */
typedef gboolean (*SnMessageVisit)(SnMessage *message, gpointer data);
gboolean sn_message_search_each(SnStore *store, const SnQuery *query, SnTime before_time,
                                SnId before_id, int limit, guint what, SnMessageVisit visit,
                                gpointer data, GError **error);

/*
 * A store for one search, this one, as SN_MESSAGE_LINE, and for nothing else: what it does not read is
 * as if it were not there, because to read the whole schema takes longer than most answers.
 * Writes nothing. NULL where it cannot be had like this (no such file, another format, damaged):
 * sn_store_open() has it then, or says why not.
 */
SnStore *sn_store_open_narrow(const char *path, const SnQuery *query);

/* Of the newest emails that came to an account (at most `limit`): how many there are, and how many of them
 * have results of authserv-id. */
void sn_message_checked(SnStore *store, SnId account, int limit, int *all, int *checked);

#endif
