/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.h - which earlier messages travel along with a reply (DESIGN section 5).
 *
 * Never selected: a message the recipients were not all a party to, drafts, cancelled or failed
 * ones, carried messages told by somebody else than the user or the recipient, and text that came
 * end-to-end encrypted when the reply will not be (unless the user said yes to that message).
 *
 * history.c        choices as text, summaries
 * history_party.c  the rules: who was a party to what
 * history_choose.c applying a choice to a conversation
 */
#ifndef SN_ROUTE_HISTORY_H
#define SN_ROUTE_HISTORY_H

#include "src/config/config.h"
#include "src/store/message.h"

typedef enum {
	SN_HISTORY_NONE,
	SN_HISTORY_LAST,   /* last:N */
	SN_HISTORY_THREAD, /* thread: the thread of the message answered */
	SN_HISTORY_SINCE,  /* since:DATE */
	SN_HISTORY_ALL,
	SN_HISTORY_PICKED, /* picked: by hand */
} SnHistoryKind;

typedef struct {
	SnHistoryKind kind;
	int count;    /* LAST */
	SnTime since; /* SINCE */
} SnHistorySpec;

/* "none" "last:5" "thread" "since:2026-11-01" "all" "picked"; SN_ERROR_INVALID. */
gboolean sn_history_parse(const char *text, const SnClock *clock, SnHistorySpec *spec,
                          GError **error);
char *sn_history_format(const SnHistorySpec *spec); /* caller frees */

/* Whether one message may travel to the recipients; the first that holds. */
typedef enum {
	SN_TRAVEL_YES,
	SN_TRAVEL_NOT_SENT,  /* a draft, waiting, cancelled, failed or deleted: it never went */
	SN_TRAVEL_NO_PARTY,  /* a recipient was no party to it */
	SN_TRAVEL_TOLD,      /* told by somebody who is no recipient */
	SN_TRAVEL_ENCRYPTED, /* came end-to-end encrypted, this one is not, and nobody said yes */
} SnTravel;

/* What a choice is made for. Everything is borrowed. */
typedef struct {
	SnId conversation;
	SnId reply_to;               /* the message answered; 0: THREAD means the newest thread */
	SnHistorySpec spec;
	const GArray *picked;        /* of SnId: only for PICKED, judged by the same rules; NULL */
	const GArray *agreed;        /* of SnId: encrypted ones that the user lets go in the open */
	const GPtrArray *recipients; /* of SnParty, Cc and Bcc as well. NULL or empty: not known yet,
	                              * which in a person's conversation means that person */
	gboolean with_attachments;
	gboolean encrypted;          /* this message will be */
	gint64 max_size;             /* newest first until full */
} SnHistoryRequest;

typedef struct {
	GArray *messages;     /* of SnId, oldest first */
	gint64 size;          /* bytes the history will take, attachments included when asked for */
	int mails, ims, files;
	int left_out_party, left_out_encrypted, left_out_size; /* and why: shown to the user */
	char *outsider;       /* a recipient who was no party to something left out; NULL */
	int looked_at;        /* messages read to make the choice */
} SnHistory;
void sn_history_free(SnHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnHistory, sn_history_free)

/* Reads at most SN_HISTORY_LOOK messages, however long the conversation is. */
#define SN_HISTORY_LOOK 2000
#define SN_HISTORY_MAX 500 /* messages of one history */
SnHistory *sn_history_choose(SnStore *store, const SnHistoryRequest *request);

/* The same with the request in a row, nothing agreed to. */
SnHistory *sn_history_select(SnStore *store, SnId conversation, SnId reply_to,
                             const SnHistorySpec *spec, const GArray *picked,
                             const GPtrArray *recipients, gboolean with_attachments,
                             gboolean encrypted, gint64 max_size);

/* One message that could be picked, or why not. */
typedef struct {
	SnId id;
	SnTime time;
	SnChannel channel;
	SnDirection direction;
	char *who, *subject, *preview; /* NULL */
	SnTravel travel;
	char *outsider;   /* NO_PARTY: the recipient who was none; NULL */
	gboolean encrypted;
	int files;
	gint64 size;      /* bytes it takes with its files */
	gint64 text_size; /* and without */
} SnHistoryRow;
void sn_history_row_free(SnHistoryRow *row);

/* A page of the conversation, newest first, before (time, id); (0, 0): the newest. spec and picked
 * do not matter. Of SnHistoryRow; fewer than `limit`: the beginning is reached. */
GPtrArray *sn_history_rows(SnStore *store, const SnHistoryRequest *request, SnTime before_time,
                           SnId before_id, int limit);
/* Why it may not travel: "carol@example.net was no party to it"; NULL when it may. Caller frees. */
char *sn_history_why(const SnHistoryRow *row);

/*
 * The same rules for messages that were chosen before: takes those out of `messages` (of SnMessage,
 * FULL, which it owns) that may not travel now. Their number; *why: the reasons, for the sender (caller
 * frees; NULL when none is taken out).
 */
guint sn_history_judge(SnStore *store, const SnHistoryRequest *request, GPtrArray *messages,
                       char **why);

/* "3 emails, 2 IMs, 1 file, 14 kB", or "no history"; caller frees. */
char *sn_history_summary(const SnHistory *history);

#endif
