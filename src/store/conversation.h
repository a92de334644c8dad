/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conversation.h - the rows of the conversation list, and drafts.
 *
 * Everything the list shows is kept up to date at write time, so that the list opens at the same
 * speed with a hundred messages and with a million.
 */
#ifndef SN_STORE_CONVERSATION_H
#define SN_STORE_CONVERSATION_H

#include "src/store/message.h"
#include "src/store/receipt.h"
#include "src/store/terms.h"

typedef enum { SN_CONV_PERSON, SN_CONV_GROUP, SN_CONV_LIST, SN_CONV_ROOM } SnConversationKind;
/* Where it stands. */
typedef enum { SN_SHELF_LIST = 0, SN_SHELF_ARCHIVED = 1, SN_SHELF_BULK = 3 } SnShelf;
const char *sn_conversation_kind_word(SnConversationKind kind); /* "person" "group" "list" "room" */

typedef enum { SN_MODE_AUTO, SN_MODE_IM, SN_MODE_MAIL } SnReplyMode;
const char *sn_reply_mode_word(SnReplyMode mode); /* "auto" "im" "mail" */
gboolean sn_reply_mode_parse(const char *word, SnReplyMode *mode);

typedef struct {
	SnId id;
	SnConversationKind kind;
	char *key;            /* person: "p:ID"; group: sorted addresses; list: List-Id; room: JID */
	char *title;
	SnId person;          /* kind PERSON; else 0 */
	SnId last_message;    /* 0 when empty */
	SnTime last_time;
	SnChannel channel;    /* of the last message */
	SnDirection last_direction;
	SnState last_state;
	char *preview;        /* of the last message; NULL */
	int unread;
	int mentions;         /* of unread: those that speak to the user (rooms) */
	int attention;        /* entries that need the user: choosing, failed, a question to answer */
	int pending;          /* outgoing entries waiting, asked, queued, sending */
	gboolean muted, pinned, archived;
	SnBulk bulk;          /* newsletters and notices stand on a shelf of their own */
	gboolean bulk_set;    /* because the user says so */
	SnReplyMode reply_mode;
	gboolean has_draft;
	SnPresenceShow presence; /* of the person; UNKNOWN for others */
} SnConversation;
void sn_conversation_free(SnConversation *conversation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnConversation, sn_conversation_free)

/*
 * One page of a shelf: pinned first, then by need for attention, then last activity. What is pinned,
 * wants the user, or has a draft stands in the list whatever it is. What has nothing to show (only junk, say) and was
 * not opened by sn_conversation_for_person() or _room() is in neither. Pages by key: after the row `after` (NULL: from the top). Of
 * SnConversation. filter: NULL, or part of a title or address.
 */
GPtrArray *sn_conversation_page(SnStore *store, const SnConversation *after, SnShelf shelf,
                                const char *filter, int limit);
/* The page before the row `before` (NULL: the last one), in the same order; without a filter. */
GPtrArray *sn_conversation_page_before(SnStore *store, const SnConversation *before, SnShelf shelf, int limit);
/* The first row after that one (NULL: of all) with something new that is not muted, or that wants the
 * user; 0. */
SnId sn_conversation_next_unread(SnStore *store, const SnConversation *after, SnShelf shelf);
/* NULL. One whose people have become one person with others is part of that person's conversation:
 * then the row is that one, with another id. */
SnConversation *sn_conversation_get(SnStore *store, SnId id);
/* "id:N", address, title, unique part; of SnConversation, best first. */
GPtrArray *sn_conversation_find(SnStore *store, const char *who);
/* The conversation with a person, made when missing. 0 on error. */
SnId sn_conversation_for_person(SnStore *store, SnId person, GError **error);
SnId sn_conversation_for_room(SnStore *store, const char *jid, const char *title, GError **error);
/* Other parties (not the user); of SnAddress. */
GPtrArray *sn_conversation_members(SnStore *store, SnId id);

gboolean sn_conversation_set_mode(SnStore *store, SnId id, SnReplyMode mode, GError **error);
gboolean sn_conversation_set_flags(SnStore *store, SnId id, gboolean muted, gboolean pinned,
                                   gboolean archived, GError **error);
/* What the user says it is; FALSE for set: as its messages say. */
gboolean sn_conversation_set_bulk(SnStore *store, SnId id, gboolean set, SnBulk bulk, GError **error);
/* Conversations with unread newsletters and notices. */
int sn_conversation_bulk_unread(SnStore *store);
/* Sums over all: unread messages, conversations needing attention, pending entries. */
void sn_conversation_totals(SnStore *store, int *unread, int *attention, int *pending);

/* ---- drafts: saved as typed, one for each conversation ---- */

/* Whom an email answers. */
typedef enum {
	SN_WHOM_SENDER, /* or where Reply-To says */
	SN_WHOM_ALL,
	SN_WHOM_LIST,   /* the mailing list it came by */
} SnWhom;

/* How the text of an email is to be read. */
typedef enum {
	SN_FORMAT_DEFAULT,  /* as mail.format says */
	SN_FORMAT_PLAIN,
	SN_FORMAT_MARKDOWN, /* an HTML alternative is made of it; the text goes as it was typed */
} SnFormat;

typedef struct {
	SnId conversation;
	SnReplyMode mode;
	SnId reply_to;        /* message answered; 0 */
	char *subject;        /* NULL */
	char *body;
	char *cc, *bcc;       /* comma separated as typed; NULL */
	GPtrArray *attachments; /* of char *, absolute paths or as of sn_attachment_held(); may be NULL */
	char *history;        /* spec as of sn_history_parse() in src/route/history.h; NULL = default */
	GArray *picked;       /* of SnId, history "picked"; may be NULL */
	GArray *agreed;       /* of SnId, encrypted ones that may travel in the open; may be NULL */
	SnTerms terms;
	SnTime updated;
	SnReadReceipt read_receipt; /* an email asks to be told that it was read */
	char *sender;         /* own address it goes from; NULL: chosen by what is answered */
	GArray *forwards;     /* of SnId, messages that it passes on; may be NULL */
	SnFormat format;
	SnWhom whom;
	SnReports reports;
	char *signature;      /* own address whose signature goes below; "" none; NULL: of the sender */
} SnDraft;
SnDraft *sn_draft_new(SnId conversation);
void sn_draft_free(SnDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnDraft, sn_draft_free)
SnDraft *sn_draft_load(SnStore *store, SnId conversation); /* NULL when there is none */
gboolean sn_draft_save(SnStore *store, const SnDraft *draft, GError **error);
gboolean sn_draft_delete(SnStore *store, SnId conversation, GError **error);

#endif
