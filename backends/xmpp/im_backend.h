/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * im_backend.h - the instant messaging interface (XMPP). No library header is needed to use it.
 *
 * The backend speaks the wire; what a message means for conversations, receipts for whom, what to
 * resend, is the engine's. Each extension is one file of backends/xmpp/ with one line in the table
 * of xmpp_extensions.c; it reads and writes fields of SnImMessage, or makes events of its own.
 */
#ifndef SN_BACKENDS_XMPP_IM_BACKEND_H
#define SN_BACKENDS_XMPP_IM_BACKEND_H

#include "backends/backend.h"
#include "backends/xmpp/im_rooms.h"
#include "src/base/omemo.h"

/* A file offered with a message (XEP-0066, XEP-0447). */
typedef struct {
	char *url, *name, *type, *sha256; /* NULL where unknown; sha256: 64 hex digits, lower case */
	gint64 size;                      /* -1 unknown */
} SnImFile;
void sn_im_file_free(SnImFile *file);

/* One message, as sent and as received. In a received one every string is clean UTF-8. */
typedef struct sn_im_message SnImMessage;
struct sn_im_message {
	char *from, *to;         /* full or bare JIDs */
	char *id;                /* stanza id */
	char *origin_id;         /* XEP-0359 */
	char *stanza_id;         /* XEP-0359, only when stamped by our own server or the room */
	char *archive_id;        /* XEP-0313 result id */
	char *body;              /* text; NULL for markers, receipts, chat states */
	char *body_fallback_free; /* body without XEP-0428 fallback ranges; NULL = same */
	char *subject, *thread;
	SnTime time;             /* XEP-0203 by a server; 0 = now */
	SnTime written;          /* XEP-0203 by the sender (deferred message); 0 */
	gboolean groupchat, error;
	char *error_condition, *error_text;
	gboolean carbon_sent, carbon_received; /* XEP-0280 */
	gboolean archived;       /* came from the archive */
	gboolean encrypted;
	gboolean want_receipt;   /* XEP-0184 request */
	gboolean want_marker;    /* XEP-0333 markable */
	char *receipt_id;        /* XEP-0184 received: id of the message received */
	char *displayed_id;      /* XEP-0333 displayed */
	char *reply_id, *reply_to; /* XEP-0461 */
	char *quote;             /* text to put in front as XEP-0428 fallback for 0461 or, where an
	                          * email is answered, for 0131; sending only */
	char *note;              /* text to put behind as XEP-0428 fallback for 0203; sending only */
	char *in_reply_to_mail;  /* XEP-0131 In-Reply-To header: Message-ID without brackets */
	GPtrArray *references;   /* XEP-0131 References; of char *; NULL */
	GPtrArray *files;        /* of SnImFile; NULL */
	GPtrArray *forwarded;    /* XEP-0297: of SnImMessage (time from its delay); NULL */
	/*
	 * XEP-0367: origin-id of the reply that these earlier messages came along with; NULL: it is
	 * a message in its own right. Set on every stanza of carried history, and on nothing else:
	 *   - with `forwarded`: earlier IMs; the body only counts them
	 *   - with a file of type message/rfc822: an earlier email; the body is its address
	 *   - with neither: the body repeats as text what the other stanzas of the same attach_to
	 *     bring. A text that says more than they do (an email without its file) bears no
	 *     attach_to and is to be shown.
	 * It counts only between messages of the same sender. A receiver that has filed what such a
	 * stanza brings need not show the stanza itself.
	 */
	char *attach_to;
	/*
	 * The text is one of several stanzas, because it is longer than the server takes. The same on
	 * all of them: origin-id of the message, which the last one has; the others have that id, a dot,
	 * and part_first, part_first + 1 and so on. NULL, 0, 0: all of it is here.
	 */
	char *part_of;
	int part_first, part_count;
	/* XEP-0439 quick responses: parallel arrays, NULL-terminated; NULL */
	char **response_values, **response_labels;
	char *chat_state;        /* XEP-0085 "composing" ...; NULL */
	char *replace_id;        /* XEP-0308; NULL */
	char *react_id;          /* XEP-0444: the message that the reactions are to; NULL */
	char **reactions;        /* all of them, NULL-terminated, not checked yet; empty: none any more */
	char *retract_id;        /* XEP-0424: the message that its sender takes back; NULL */
	gboolean store_hint;     /* XEP-0334 store */
	gboolean unstyled;       /* XEP-0393: the body is to be shown as it is */
	/* of a message in a room */
	gboolean own;            /* we said it ourselves, here or with another client */
	gboolean room_private;   /* from or to one occupant (from or to is room/nick) */
	gboolean room_marked;    /* says of itself to be such a one, whether or not we are in that room */
	SnImInvitation *invitation; /* archived, or to another client of ours; NULL */
	char *occupant_id;       /* XEP-0421, stamped by the room */
	char *real_jid;          /* bare, told by the room; NULL */
	char *retracts;          /* XEP-0425: stanza-id of the message that moderators took back */
	char *retracted_by, *retract_reason; /* NULL */
	/*
	 * XEP-0384 0.3; NULL: not that way. Received: there is no body, sn_im_message_set_body() sets
	 * it once it is opened, and all that came in the clear beside it is gone. Sent: body, quote
	 * and note are within, and only their lengths and what tells of no content go beside it.
	 */
	SnOmemoSealed *sealed;
	char *locked;            /* encrypted in this way, which is not ours ("OX"); NULL */
	guint e2e;               /* SnE2e: by the engine */
	GArray *fallback;        /* of SnImRange, as received (XEP-0428); NULL */
};
SnImMessage *sn_im_message_new(void);
void sn_im_message_free(SnImMessage *message);

/* Characters of the body that only stand in for an extension; end is not within. */
typedef struct {
	gint64 start, end;
} SnImRange;
/* Sets the body, and with what `fallback` says the body without it. */
void sn_im_message_set_body(SnImMessage *message, const char *body);

/* The private node in which devices of one user exchange what they know of people. */
#define SN_PRIVATE_PEOPLE "sennit:people:1"
/* XEP-0490: item: the bare JID of a chat, text: the stanza-id of the last message that was read in it;
 * PRIVATE_PUT: with: the room that gave the id, NULL: our own account did. */
#define SN_PRIVATE_DISPLAYED "urn:xmpp:mds:displayed:0"

typedef enum {
	SN_IM_REQ_SEND,       /* message; DONE when the server has acked it (XEP-0198); when the server
	                         offers no 0198: when it answered a ping sent after it. ERROR UNCERTAIN
	                         when the line broke in between and did not resume: check the archive.
	                         While off line it waits for the next attempt, and ends in ERROR
	                         NETWORK with it. cancel() has no effect once it is on the wire;
	                         destroy() ends it in CANCELLED even then. */
	SN_IM_REQ_PRESENCE,   /* own show and status; DONE at once, kept for later log-ins too */
	SN_IM_REQ_PROBE,      /* jid: ask for the contact's presence now (RFC 6121 4.3) */
	SN_IM_REQ_ARCHIVE,    /* jid: whose archive, a room we are in (NULL: our own). with (NULL: all),
	                       * after_id or start: pages through -> MESSAGE events
	                         (archived = TRUE), oldest first, then DONE with complete, last_id */
	SN_IM_REQ_ARCHIVE_FIND, /* jid, with, origin_id, start: DONE with found (exactly-once check) */
	SN_IM_REQ_VCARD,      /* jid: XEP-0292, then XEP-0054 -> VCARD event */
	SN_IM_REQ_VCARD_PUT,  /* text: lines (src/base/card.h): what our own vCard says from now on; what
	                         these do not speak of stays */
	SN_IM_REQ_UPLOAD,     /* path or bytes, name, type: XEP-0363 -> PROGRESS, DONE with url */
	SN_IM_REQ_DOWNLOAD,   /* url, path, max_size -> PROGRESS, DONE with size, sha256 */
	SN_IM_REQ_SUBSCRIBE, SN_IM_REQ_SUBSCRIBED, SN_IM_REQ_UNSUBSCRIBE, /* jid */
	SN_IM_REQ_UNSUBSCRIBED, /* jid: refuses, or takes back, that they see our presence */
	SN_IM_REQ_ROSTER_SET, SN_IM_REQ_ROSTER_REMOVE, /* jid, name */
	SN_IM_REQ_REACH,      /* uris, best first: publish XEP-0152 addresses (mailto: xmpp: tel:), to
	                         who may see our presence; empty retracts. DONE at once when the
	                         server holds the same */
	SN_IM_REQ_REACH_GET,  /* jid: what a contact publishes -> REACH event, DONE; ERROR PERMISSION
	                         when we may not see it */
	SN_IM_REQ_ACTIVE,     /* active: whether somebody looks at the screen (XEP-0352); DONE at once,
	                         kept for later log-ins too. Not while a presence is waited for: the
	                         server may hold those back */
	SN_IM_REQ_BLOCK, SN_IM_REQ_UNBLOCK, /* jid; bare, or a domain. BLOCKED event, DONE; ERROR
	                         UNAVAILABLE when the server has no such list */
	SN_IM_REQ_CAPS,       /* uris: fingerprints already known (XEP-0115), nobody is asked about */
	SN_IM_REQ_PRIVATE_GET, /* node: all items of a private node of our own (XEP-0223) -> PRIVATE
	                         events, DONE. A node that is not there is empty */
	SN_IM_REQ_PRIVATE_PUT, /* node, item, text: publishes one item, DONE once the server has
	                         confirmed before and after that only we can read the node; ERROR
	                         PERMISSION when it does not (then nothing is left there), UNAVAILABLE
	                         when it has no such store */
	/*
	 * Rooms. jid: the bare address of the room.
	 *
	 * JOIN: nick (NULL: that of our address), password, create; of a room that keeps no archive
	 * what was said since start, or the last lines, as many as history says. DONE when we are in, after ROOM and
	 * ROOM_PEOPLE; it is then joined again by itself after each new log-in. A room that is not
	 * there is made only with create. ERROR: NOT_FOUND not there; EXISTS the nick is taken; AUTH
	 * a password is wanted, or another one; PERMISSION banned, or for members only (the text says
	 * which); LIMIT full.
	 */
	SN_IM_REQ_JOIN,
	SN_IM_REQ_LEAVE,      /* status: words of farewell */
	SN_IM_REQ_ROOM_NICK,  /* nick: be known as that; EXISTS when it is taken */
	SN_IM_REQ_ROOM_CHECK, /* XEP-0410: are we still in? If not, joins again. DONE at its end */
	SN_IM_REQ_ROOM_ROLE,  /* nick, role, status (reason): XEP-0045 section 8, 9 */
	SN_IM_REQ_ROOM_AFFILIATION, /* with (bare JID), affiliation, status (reason) */
	SN_IM_REQ_ROOM_LIST,  /* affiliation -> ROOM_LIST, DONE */
	SN_IM_REQ_ROOM_FORM,  /* the owner's form -> ROOM_FORM, DONE */
	SN_IM_REQ_ROOM_CONFIGURE, /* fields: to be changed; the others stay as they are */
	SN_IM_REQ_ROOM_DESTROY, /* status (reason) */
	SN_IM_REQ_ROOM_RETRACT, /* XEP-0425: item (stanza-id), status (reason) */
	SN_IM_REQ_ROOM_INVITE, /* with (bare JID), status (words): through the room where it is for
	                        * members only, else directly (XEP-0249) */
	SN_IM_REQ_ROOM_DECLINE, /* with, status: an invitation that came through the room */
	SN_IM_REQ_BOOKMARK,   /* XEP-0402: bookmark; removed: takes it away. What other clients put
	                       * into it (extensions) stays */
	SN_IM_REQ_DEVICES_GET, /* jid (NULL: our own account): its OMEMO devices -> DEVICES event, DONE;
	                         a list that is not there is empty */
	SN_IM_REQ_DEVICES_PUT, /* devices: publishes the list of our own account, open to all */
	SN_IM_REQ_BUNDLE_GET, /* jid, device -> BUNDLE event, DONE; ERROR NOT_FOUND, INVALID */
	SN_IM_REQ_BUNDLE_PUT, /* device, bundle: publishes it, open to all */
} SnImRequestKind;

typedef struct {
	SnImRequestKind kind;
	guint64 id;
	SnImMessage *message;
	char *jid, *name, *nick;
	char *show, *status;     /* "online" "away" ... as sn_presence_word() */
	char *after_id, *with, *origin_id;
	SnTime start;
	guint max_messages;      /* ARCHIVE: stop after that many; 0 = no bound but the backend's 100,000 */
	char *path, *type, *url;
	char *node, *item, *text;
	GBytes *bytes;
	gint64 max_size;
	char **uris;
	gboolean active;
	SnTime idle_since;       /* PRESENCE: the user did nothing since then (XEP-0319); 0 */
	char *password;          /* JOIN; wiped when freed */
	gboolean create;         /* JOIN */
	gboolean newest;         /* ARCHIVE: only the newest max_messages */
	int history;             /* JOIN */
	SnRoomRole role;
	SnRoomAffiliation affiliation;
	GPtrArray *fields;       /* of SnImField; NULL */
	SnImBookmark *bookmark;  /* NULL */
	GArray *devices;         /* of guint32 */
	guint32 device;
	SnOmemoBundle *bundle;
} SnImRequest;
SnImRequest *sn_im_request_new(SnImRequestKind kind, guint64 id);
void sn_im_request_free(SnImRequest *request);

typedef enum {
	SN_IM_EV_MESSAGE = SN_EVENT_OWN + 12, /* message: live, carbon, archived, error, receipt */
	SN_IM_EV_PRESENCE,    /* jid (full), show word or "offline", status, priority, time, idle_since,
	                         item: the fingerprint of its client, NULL. Void while
	                         the line is down; a resumed session still holds, else an "offline"
	                         for each comes before the new ones */
	SN_IM_EV_ROSTER,      /* jid, name, subscription word, ask, removed. The whole roster comes
	                         between ONLINE and SYNCED unless resumed, changes at any time */
	SN_IM_EV_SUBSCRIPTION, /* jid asks to see us (or granted/revoked: name = "subscribed" ...) */
	SN_IM_EV_VCARD,       /* jid, name, mails, jids, text: as lines (src/base/card.h) */
	SN_IM_EV_REACH,       /* jid, uris, best first: XEP-0152 of a contact, from PEP or presence;
	                         empty = taken back. Only mailto:, xmpp: and tel: */
	SN_IM_EV_BLOCKED,     /* uris: all JIDs that the server keeps away from us; after ONLINE unless
	                         resumed, and after each change. Never without such a list */
	SN_IM_EV_CAPS,        /* item: a fingerprint, uris: the features it stands for, name: of the
	                         client, NULL. Checked. Once for each */
	SN_IM_EV_ROSTER_END,  /* all of the roster was told since ONLINE: who was not in it is gone */
	SN_IM_EV_PRIVATE,     /* node, item, text (NULL: taken back): of a private node, asked for or
	                         because another client of ours published it */
	SN_IM_EV_DEVICES,     /* jid (bare), devices: its OMEMO devices, asked for or because they
	                       * changed */
	SN_IM_EV_BUNDLE,      /* jid, device, bundle */
	SN_IM_EV_FEATURES,    /* before each SYNCED: upload service (url), its max size, archive
	                         offered, carbons on */
	SN_IM_EV_SYNCED,      /* line is up and a gap may exist: resumed = FALSE means query the archive */
	SN_IM_EV_PROGRESS,
	SN_IM_EV_ROOM,        /* jid, name (our nick), features, title (text; NULL): we are in, anew when
	                       * found is FALSE. removed: we are out; leaving says how, status why */
	SN_IM_EV_ROOM_PEOPLE, /* jid, occupants: what changed since the last one, gathered for a moment.
	                       * complete: all that are in; forget the others */
	SN_IM_EV_ROOM_SUBJECT, /* jid, name (nick, may be NULL), text, time (0: now) */
	SN_IM_EV_ROOM_STATUS, /* jid, code: a status code of XEP-0045 section 15.6.2 about the room */
	SN_IM_EV_ROOM_INVITED, /* jid, name (who, bare), status (words; NULL), text (password; NULL);
	                        * item (id of the stanza; NULL), time (0: now),
	                        * found: it came directly (XEP-0249) */
	SN_IM_EV_ROOM_DECLINED, /* jid, name (who), status (words). error: the invitation was refused,
	                        * by the room or the server of who was invited */
	SN_IM_EV_ROOM_FORM,   /* jid, fields */
	SN_IM_EV_ROOM_LIST,   /* jid, occupants with nick, jid, affiliation */
	SN_IM_EV_BOOKMARKS,   /* bookmarks; complete: all that there are, after each new log-in */
} SnImEventKind;

typedef struct {
	int kind;              /* SnEventKind or SnImEventKind */
	guint64 id;
	gpointer owner;
	GError *error;
	SnLineState line;
	SnTime next_try;
	SnImMessage *message;
	char *jid, *name, *show, *status, *subscription;
	int priority;
	SnTime time, idle_since;
	gboolean ask, removed, resumed, complete, found;
	char **mails, **jids, **uris;
	char *url, *sha256, *type, *last_id;
	char *node, *item, *text;
	gint64 size, done, total;
	gint64 upload_max;     /* FEATURES: 0 = no upload service; -1 = no limit told */
	gsize stanza_max;      /* FEATURES: bytes a stanza may have; 0 = unknown (be modest: 10 kB) */
	gboolean has_archive, has_carbons;
	guint features;        /* ROOM: SnRoomFeatures */
	SnRoomLeaving leaving; /* ROOM */
	int code;              /* ROOM_STATUS */
	GPtrArray *occupants;  /* of SnImOccupant; NULL */
	GPtrArray *fields;     /* of SnImField; NULL */
	GPtrArray *bookmarks;  /* of SnImBookmark; NULL */
	GArray *devices;       /* of guint32 */
	guint32 device;
	SnOmemoBundle *bundle;
} SnImEvent;
SnImEvent *sn_im_event_new(int kind, guint64 id, gpointer owner);
void sn_im_event_free(SnImEvent *event);

typedef struct sn_im SnIm;
typedef struct {
	const char *name; /* "xmpp" */
	/* link->user is the bare JID. events: of SnImEvent. Starts connecting at once. */
	SnIm *(*create)(const SnLinkSpec *link, SnQueue *events, gpointer owner, GError **error);
	void (*submit)(SnIm *im, SnImRequest *request);
	void (*cancel)(SnIm *im, guint64 id);
	void (*reconnect)(SnIm *im);
	void (*destroy)(SnIm **im); /* sends unavailable presence and </stream> when it can */
} SnImOps;

extern const SnImOps sn_xmpp_ops;

#endif
