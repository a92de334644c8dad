/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outcome.h - what became of a message after it left: of each recipient by itself, what has still
 * to be announced, and the emails that report on it.
 */
#ifndef SN_STORE_OUTCOME_H
#define SN_STORE_OUTCOME_H

#include "src/store/message.h"

/* What is known of one recipient. */
#define SN_FATE_TABLE(X)                                                                        \
	X(NONE, "")                                                                             \
	X(DELAYED, "delayed")     /* its server has not taken it yet, and ours keeps trying */  \
	X(RELAYED, "relayed")     /* to where no reports come from */                           \
	X(DELIVERED, "delivered")                                                               \
	X(READ, "read")                                                                         \
	X(FAILED, "failed")                                                                     \
	X(AGAIN, "again")         /* the only ones it goes to when it is tried again */

typedef enum {
#define X(name, word) SN_FATE_##name,
	SN_FATE_TABLE(X)
#undef X
} SnFate;
const char *sn_fate_word(SnFate fate);

typedef struct {
	SnRole role;
	char *address;
	char *name;    /* NULL */
	SnFate fate;
	SnTime time;   /* when it was heard */
	char *text;    /* for people: why, how; NULL */
} SnOutcome;
void sn_outcome_free(SnOutcome *outcome);

/* Those an entry goes to (not Reply-To), each address once, in order. Of SnOutcome. */
GPtrArray *sn_outcome_list(SnStore *store, SnId entry);
/* What is heard of one recipient and changes nothing else, with a line of the journal. */
gboolean sn_outcome_set(SnStore *store, SnId entry, const char *address, SnFate fate,
                        const char *text, const char *what, const char *detail, GError **error);
/* TRUE when news may take the place of what is known: nothing later makes read into delivered. */
gboolean sn_fate_follows(SnFate known, SnFate news);

/* Entries that came to something which nobody was told yet (SnOutboxChange.tell). Of SnId. */
GArray *sn_outbox_untold(SnStore *store);
/* It was announced, and a line of the journal says so. */
gboolean sn_outbox_told(SnStore *store, SnId entry, const char *what, const char *as,
                        GError **error);

/* IM entries of the same conversation and account that were queued before this one and have gone,
 * but are not known to be read; the newest 200. Of SnId. */
GArray *sn_outbox_gone_before(SnStore *store, SnId entry);
/* An IM that another device sent was displayed, and with it what that sent before. */
gboolean sn_message_displayed(SnStore *store, SnId message, GError **error);
/* The state of an email that another program sent; notice: a line for people, NULL keeps. */
gboolean sn_message_set_outcome(SnStore *store, SnId message, SnState state, const char *notice,
                                GError **error);

/*
 * A message that says what became of others, until that was heard: sn_message_unheard() finds it
 * again after a crash. Within the transaction that files it.
 */
gboolean sn_message_set_unheard(SnStore *store, SnId message, GError **error);
GArray *sn_message_unheard(SnStore *store); /* of SnId */
/*
 * It was heard, and only says what became of that one: it is folded below it, neither unread nor
 * news of its conversation any more, and moves into the conversation of the other.
 */
gboolean sn_message_set_about(SnStore *store, SnId message, SnId about, GError **error);
/*
 * It was heard, and the message it names is not here: it is a message like others, until that one
 * is filed (the copy in Sent may come later). message_id: NULL when it names none.
 */
gboolean sn_message_set_stray(SnStore *store, SnId message, const char *message_id, GError **error);
GArray *sn_message_strays(SnStore *store, const char *message_id); /* of SnId */
/* What reports on a message, oldest first. Of SnMessage. */
GPtrArray *sn_message_reports(SnStore *store, SnId about, guint what);

#endif
