/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unsubscribe.h - lists that the user leaves, or has left: an intent that the engine carries out when
 * there is a line, and a memory of it, so that a list that goes on writing is seen to.
 */
#ifndef SN_STORE_UNSUBSCRIBE_H
#define SN_STORE_UNSUBSCRIBE_H

#include "src/store/message.h"
#include "src/store/outbox.h"

typedef enum {
	SN_LEAVE_WANTED, /* the request is to go, or to be tried again */
	SN_LEAVE_DONE,   /* the list's server said yes */
	SN_LEAVE_FAILED, /* it said no, or was not reached in a week */
	SN_LEAVE_MAILED, /* an email asks for it; the outbox says what became of that */
	SN_LEAVE_OPENED, /* its page was opened in the browser; what was done there is not known */
} SnLeaveState;

typedef struct {
	char *list;     /* key */
	char *name;     /* of the list, for people */
	SnLeaveState state;
	char *target;   /* host, or email address, that was asked */
	char *url;      /* WANTED: where the form goes. It is forgotten afterwards; NULL */
	SnId account;
	SnId message;   /* on which the user asked for it */
	SnId entry;     /* MAILED: outbox entry; 0 */
	SnTime time;    /* when the user asked for it */
	SnTime next;    /* WANTED: not before */
	int tries;
	char *detail;   /* what the server said, or why it failed; NULL */
} SnLeave;
void sn_leave_free(SnLeave *leave);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnLeave, sn_leave_free)

/* What names the list of a message: its List-Id, else the address it comes from. Caller frees. NULL: an
 * outgoing message, or none of a list or newsletter. */
char *sn_leave_key(const SnMessage *message);

/* Begins anew, whatever was there; id, tries and detail of `leave` are not read. */
gboolean sn_leave_put(SnStore *store, const SnLeave *leave, GError **error);
SnLeave *sn_leave_get(SnStore *store, const char *list); /* NULL */
/* The next one WANTED, by the time that it is due; NULL. */
SnLeave *sn_leave_next(SnStore *store);
/* WANTED only; else it was begun anew or is settled, and nothing changes. time: of that intent. */
gboolean sn_leave_settle(SnStore *store, const char *list, SnTime time, SnLeaveState state,
                         const char *detail, GError **error);
gboolean sn_leave_again(SnStore *store, const char *list, SnTime time, SnTime next, const char *detail,
                        GError **error);
/* Queues the email that asks for it, in the conversation of the list, which stays what it is; its
 * entry, or 0. In one transaction with `leave`, which becomes MAILED. */
SnId sn_leave_mail(SnStore *store, const SnLeave *leave, const SnOutboxNew *mail, GError **error);

/* "You unsubscribed on 3 November: news.example said yes (202)." when: the words for leave->time.
 * Caller frees. */
char *sn_leave_words(const SnLeave *leave, const char *when);

#endif
