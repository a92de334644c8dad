/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_life.h - a random life of a few messages: what may happen to them, and what must hold
 * whatever does. One number decides everything, so a failure can be lived again.
 *
 * delivery_life.c  presence, answers, receipts, bounces, lost lines, kills, sleeps, clocks, a full
 *                  disk, edits, requests
 * delivery_laws.c  nothing is lost, nothing goes twice, nothing goes after its end, nothing is
 *                  stuck, the order is kept, an email gathers all that waits and is the only one
 */
#ifndef DELIVERY_LIFE_H
#define DELIVERY_LIFE_H

#include "tests/unit/delivery_world.h"

#define CAROL_IM "carol@chat.example" /* of whom no email address is known */

typedef struct {
	SnId id;
	char *wire;         /* origin-id or Message-ID */
	char *body;         /* as it was last written or edited with success */
	SnTime send_at;     /* when it was to go as it was written */
	gboolean resent;    /* the user said "send again" of one that may have gone */
	gboolean claimed;   /* the user said "it has arrived" while nobody could know */
	gboolean taken_back; /* the user cancelled it while nothing of it had gone */
	int at_end;         /* how often it had been taken when it came to an end; -1 = it has not */
} Watched;

typedef struct {
	Delivery *delivery;
	GRand *random;
	GArray *watched;    /* of Watched, oldest first */
	GString *log;       /* what happened so far, for a failure */
	SnId carol;         /* her conversation */
	int written;        /* messages so far, for their texts */
	guint judged;       /* arrivals that were looked at */
	gboolean full;      /* the disk */
	char *broken;       /* the law that was broken, and how; NULL */
} Life;

Life *life_new(guint32 seed);
void life_free(Life *life);
/* One thing happens. */
void life_step(Life *life);
/* The line, the contacts, the disk and the user do all they can; then everything has to end. */
void life_end(Life *life);

/* To be called after each step; sets `broken`. */
void laws_check(Life *life);
/* Nothing may be open any more. */
void laws_check_end(Life *life);
Watched *life_watched(Life *life, SnId id); /* NULL */

#endif
