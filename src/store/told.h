/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * told.h - what others told of earlier messages, beside what is known here.
 *
 * A carried message is filed once, whoever brings it, and gives way to an own record of the same
 * message. What a teller said otherwise than the own record does is kept with the tie between the
 * two, so that both texts can be shown. Nothing of it ever changes an own record.
 */
#ifndef SN_STORE_TOLD_H
#define SN_STORE_TOLD_H

#include "src/store/message.h"

/* In what a told copy differs from the record here; SnMessage.contradicted. */
typedef enum {
	SN_DIFFERS_TEXT = 1 << 0,
	SN_DIFFERS_SENDER = 1 << 1,
	SN_DIFFERS_TIME = 1 << 2,
	SN_DIFFERS_SUBJECT = 1 << 3,
	SN_DIFFERS_TELLER = 1 << 4, /* the message itself tells another one otherwise */
} SnDiffers;
/* "text, sender": for people and for JSON; "" for none. Caller frees. */
char *sn_differs_words(guint differs);

/* One telling of a message. */
typedef struct {
	SnId by;          /* the message that told it */
	char *by_name;    /* who sent that one; never NULL */
	gboolean by_self; /* that one is the user's own */
	SnTime by_time;
	guint differs;    /* SnDiffers; 0: it agrees, and the following are not kept */
	char *sender;     /* address; NULL */
	SnTime time;
	char *subject, *text; /* NULL */
} SnTold;
void sn_told_free(SnTold *told);

/* Who told of this message, the earliest teller first; of SnTold. */
GPtrArray *sn_message_told(SnStore *store, SnId message);

/* How many messages are here only because `by` brought them: what sn_carried_remove() takes away. */
int sn_carried_count(SnStore *store, SnId by);
/*
 * Takes away everything that came along with the message `by`: carried messages that nobody else
 * told too are deleted, and what it said of own records is forgotten. *removed counts those deleted.
 */
gboolean sn_carried_remove(SnStore *store, SnId by, int *removed, GError **error);
/* The same for all that the person ever told, or that came in the conversation with that person. */
int sn_carried_count_person(SnStore *store, SnId person);
gboolean sn_carried_remove_person(SnStore *store, SnId person, int *removed, GError **error);

/*
 * Stanzas that came only to bring earlier messages along with the reply `to` (XEP-0367). They are
 * read from the start, and hidden once what they bring is filed; one that only repeats it as text
 * (SN_NOTICE_HISTORY) is hidden when all others are. Of SnMessage, oldest first.
 */
GPtrArray *sn_message_attached(SnStore *store, SnId to, guint what);
gboolean sn_message_attach(SnStore *store, SnId id, SnId to, gboolean filed, GError **error);
/* The files of a message become files of another one. */
gboolean sn_message_give_parts(SnStore *store, SnId from, SnId to, GError **error);

#endif
