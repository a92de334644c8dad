/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * amend.h - what is said of a message after it was sent: corrections (XEP-0308), reactions
 * (XEP-0444), and that it is taken back (XEP-0424).
 *
 * An amendment names its message by an id and may come before it: then it waits. A correction is a
 * message of its own first, so that it is known when it comes again; once applied, the message has
 * the new text and the correction's row, hidden, the text that was there before. So nothing is lost,
 * and the search finds earlier texts when asked. Own amendments are intents: the row changes now,
 * the engine sends them. Sending one twice does no harm, so it is simply repeated until it went.
 */
#ifndef SN_STORE_AMEND_H
#define SN_STORE_AMEND_H

#include "src/store/message.h"

typedef enum { SN_AMEND_CORRECTION, SN_AMEND_REACTIONS, SN_AMEND_RETRACTION } SnAmendKind;

/* SnMessage.amended */
typedef enum {
	SN_AMENDED_TEXT = 1 << 0,
	SN_AMENDED_REACTIONS = 1 << 1,
	SN_AMENDED_RETRACTED = 1 << 2, /* by its sender; what is here of its text may be kept */
} SnAmended;

/* A correction that comes later than this changes nothing: it is a message of its own. */
#define SN_AMEND_LATE SN_DAY
enum { SN_REACTIONS_MAX = 8 /* of one person to one message */ };

typedef struct {
	SnAmendKind kind;
	SnId message;      /* 0: it is not here yet */
	SnId conversation, account;
	char *target;      /* the id by which it is named */
	SnId sender;       /* address */
	char *who;         /* nick in a room; NULL */
	const char *occupant; /* XEP-0421, when it comes; borrowed, not kept; NULL */
	SnTime time;
	char *text;        /* REACTIONS: blanks between; else as below */
	SnId row;          /* CORRECTION: the message that brought it; 0 */
	SnState state;     /* RECEIVED; own ones: QUEUED until they went, ACCEPTED, FAILED */
	/* on reading */
	SnId id;
	char *name;        /* of the sender; "You" is for the screen to say */
	gboolean own;
	char *stanza;      /* id of the stanza of an own one */
	char *error;       /* why it FAILED; NULL */
} SnAmend;
void sn_amend_free(SnAmend *amend);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnAmend, sn_amend_free)

/* Reactions as they may be shown: each a single sign, none twice, at most SN_REACTIONS_MAX, with
 * blanks between. What is no such sign is left out. Caller frees; "" for none. */
char *sn_reactions_tidy(char *const *reactions);

/*
 * Notes what came. Finds its message in `conversation`; a correction and a retraction count only
 * from who sent it. *applied: it is done; else it waits for its message, or is nobody's to do.
 * drop_text: a message that is taken back loses its text here too.
 */
gboolean sn_amend_add(SnStore *store, const SnAmend *amend, gboolean drop_text, gboolean *applied,
                      GError **error);
/* A message has come: what waited for it. */
gboolean sn_amend_adopt(SnStore *store, const SnMessage *message, gboolean drop_text,
                        GError **error);

/* Of SnAmend, oldest first; of a correction `text` is the text that it replaced. */
GPtrArray *sn_amend_list(SnStore *store, SnId message);
/* The user's own reactions to it; NULL: none. Caller frees. */
char *sn_amend_own_reactions(SnStore *store, SnId message);

/* ---- a client's intents ---- */

/* Why an own text cannot be corrected or taken back now, as a sentence; NULL: it can. Static. */
const char *sn_amend_refusal(const SnMessage *message, SnAmendKind kind, SnTime now);
/*
 * text: the new text, the reactions with blanks between ("" none any more), or NULL. One that still
 * waits in the outbox is to be edited or cancelled there: SN_ERROR_INVALID.
 */
gboolean sn_amend_queue(SnStore *store, SnId message, SnAmendKind kind, const char *text,
                        gboolean drop_text, GError **error);

/* ---- the engine's side ---- */

/* Own ones of the account that have to go, oldest first; of a correction `text` is the new text. */
GPtrArray *sn_amend_due(SnStore *store, SnId account);
/* It went (error NULL), or never will. Nothing happens when it was replaced meanwhile. */
gboolean sn_amend_sent(SnStore *store, SnId id, const char *stanza, const char *error_text,
                       GError **error);

#endif
