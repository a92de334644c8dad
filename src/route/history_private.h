/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history_private.h - shared by the files that choose history. */
#ifndef SN_ROUTE_HISTORY_PRIVATE_H
#define SN_ROUTE_HISTORY_PRIVATE_H

#include "src/route/history.h"
#include "src/store/conversation.h"

/*
 * What one choice works with. The persons of addresses are remembered, because a long thread names
 * the same few addresses again and again.
 */
typedef struct {
	SnStore *store;
	const SnHistoryRequest *request;
	SnConversation *conversation; /* NULL when it is gone */
	GArray *required;             /* of SnId: persons who must all have been a party */
	GPtrArray *names;             /* of char *: what each of them is called here, in that order */
	GPtrArray *values;            /* of char *: recipients that belong to nobody known */
	GHashTable *persons[2];       /* by channel: address -> SnId * */
} SnJudge;

void sn_judge_init(SnJudge *judge, SnStore *store, const SnHistoryRequest *request);
void sn_judge_clear(SnJudge *judge);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SnJudge, sn_judge_clear)

/* message: FULL. outsider: who was no party to it, borrowed until sn_judge_clear(); may be NULL. */
SnTravel sn_judge_message(SnJudge *judge, const SnMessage *message, const char **outsider);

/* Bytes the message takes on the wire, with and without its files; roughly. */
gint64 sn_history_size(const SnMessage *message, gboolean files);

#endif
