/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timeline_private.h - shared by timeline.c (what is shown) and timeline_fill.c (how). */
#ifndef SN_UI_TIMELINE_PRIVATE_H
#define SN_UI_TIMELINE_PRIVATE_H

#include "src/base/opened.h"
#include "ui/app.h"
#include "src/store/outbox.h"
#include "src/store/rooms.h"

struct sn_timeline {
	SnApp *app;
	SnPage *page;
	SnId id;                       /* conversation; 0 none */
	SnConversation *conversation;  /* NULL */
	SnPerson *person;              /* of a PERSON conversation; NULL */
	SnPresence *presence;          /* NULL */
	char *addresses;               /* for the heading */
	GPtrArray *messages;           /* of SnMessage with FULL, oldest first */
	GHashTable *entries;           /* message id -> SnOutboxEntry: outgoing ones not settled */
	GHashTable *outcomes;          /* message id -> what became of it (timeline_outcome.c) */
	SnRoom *room;                  /* NULL: it is none */
	GPtrArray *lines;              /* of SnRoomLine: what happened in it; NULL */
	GPtrArray *questions;          /* of SnQuestion, unanswered; NULL */
	GHashTable *folds;             /* message id -> 1 open, 2 closed; else the default */
	GHashTable *marks;             /* set of message ids */
	/* what ties messages together: timeline_told.c */
	GHashTable *window;            /* id -> SnMessage of messages */
	GHashTable *relatives;         /* id -> SnMessage: answered or telling, not in the window */
	GHashTable *answers;           /* id -> the first SnMessage of the window that answers it */
	GHashTable *disputes;          /* id -> names of those who told it otherwise */
	GHashTable *amends;            /* id -> of SnAmend: timeline_amend.c */
	char fold_all;                 /* 'o', 'c' or 0 */
	char **sought;                 /* the search that led here, until it is left; NULL */
	SnId first_new;                /* the divider "new" stands before it; 0 */
	SnId go_to;                    /* select this once it is filled */
	gboolean at_oldest, at_newest; /* nothing lies beyond the messages read */
	gboolean filled;
};

enum { SN_TIMELINE_INDENT = 7 }; /* "10:42  " */

void sn_timeline_fill(SnTimeline *timeline, int columns);

/* ---- timeline_outcome.c ---- */
GHashTable *sn_timeline_outcomes_new(void);
void sn_timeline_read_outcomes(SnTimeline *timeline);
void sn_timeline_fill_outcome(SnTimeline *timeline, const SnMessage *message);
/* A report that is folded below one of the messages; NULL. */
const SnMessage *sn_timeline_report(const SnTimeline *timeline, SnId id);

/* ---- timeline_amend.c ---- */
GHashTable *sn_timeline_amends_new(void);
void sn_timeline_amends_read(SnTimeline *timeline); /* after each change of the window */
/* TRUE: it was taken back, which is said; its text is to be shown only when it is open. */
gboolean sn_timeline_fill_retracted(SnTimeline *timeline, const SnMessage *message, gboolean open);
/* Below the text: that it was changed and what it was, reactions. */
void sn_timeline_fill_amends(SnTimeline *timeline, const SnMessage *message, gboolean open);

/* ---- timeline_secure.c ---- */
/* A line with a mark in the column of the times; alarm: as sn_secure_mark(). */
void sn_timeline_add_mark(SnTimeline *timeline, const SnMessage *message, int alarm, const char *words);
/* Marks of a signed or encrypted email. What is to be shown in place of its text; NULL: that. */
const SnOpened *sn_timeline_fill_secure(SnTimeline *timeline, const SnMessage *message);
void sn_timeline_fill_secure_files(SnTimeline *timeline, const SnMessage *message,
                                   const SnOpened *opened);

/* ---- timeline_told.c ---- */
void sn_timeline_ties_init(SnTimeline *timeline);
void sn_timeline_ties_free(SnTimeline *timeline);
void sn_timeline_ties_read(SnTimeline *timeline); /* after each change of the window */
const char *sn_timeline_sender(const SnMessage *message);
const char *sn_timeline_teller(SnTimeline *timeline, const SnMessage *message);
/* Lines about a message; NULL when there is nothing to say; the caller frees. before: what stands
 * above it; NULL. */
char *sn_timeline_answers(SnTimeline *timeline, const SnMessage *message, const SnMessage *before);
char *sn_timeline_answered(SnTimeline *timeline, const SnMessage *message);
char *sn_timeline_disputed(SnTimeline *timeline, const SnMessage *message);
char *sn_timeline_brought(const SnMessage *message);

#endif
