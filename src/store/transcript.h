/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transcript.h - which chat transcripts lie on a mail server, and which have to be written. One stands
 * for the IMs of an account with one contact on one day (UTC).
 */
#ifndef SN_STORE_TRANSCRIPT_H
#define SN_STORE_TRANSCRIPT_H

#include "src/store/message.h"

/* ---- what lies in the folder ---- */

typedef struct {
	guint32 uid;
	char *key;     /* its Message-ID: made of own address, contact and day */
	GPtrArray *ids; /* of char *, sorted: the IMs in it; NULL: it cannot be read here */
} SnTranscript;
void sn_transcript_free(SnTranscript *transcript);

/* Within the transaction that files the email, whose location must be set. ids: NULL: unreadable. It
 * is forgotten with its location. */
gboolean sn_transcript_set(SnStore *store, SnId folder, guint32 uid, const char *key,
                           const GPtrArray *ids, GError **error);
/* All versions in the folder, oldest (lowest number) first. Of SnTranscript. */
GPtrArray *sn_transcript_list(SnStore *store, SnId folder, const char *key);
/* The email that holds a transcript is none to be shown, searched or counted. */
gboolean sn_transcript_hide(SnStore *store, SnId message, GError **error);

/* ---- what has to be written ---- */

typedef struct {
	SnId account;
	SnId peer;    /* the contact's address */
	SnTime day;   /* its beginning, UTC */
	SnTime due;
	int tries;    /* versions written for it that did not turn up in the folder */
} SnTranscriptDay;

/*
 * Looks at IMs filed, and IMs that went, since the last time; each makes its day due `idle` after it
 * was said, or now when that is past. At most a thousand rows; FALSE in *more when that was all.
 */
gboolean sn_transcript_scan(SnStore *store, SnId account, SnTime idle, gboolean *more,
                            GError **error);
/* The one that is due first. FALSE: none. */
gboolean sn_transcript_next(SnStore *store, SnId account, SnTranscriptDay *day);
/* It is written, unless it became due again since `day` was read. */
gboolean sn_transcript_done(SnStore *store, const SnTranscriptDay *day, GError **error);
gboolean sn_transcript_later(SnStore *store, const SnTranscriptDay *day, SnTime due, int tries,
                             GError **error);
/* The IMs of that day that were received or have gone and have an id, oldest first; carried ones
 * and, unless `encrypted`, encrypted ones left out. At most `limit`. Of SnMessage, FULL. */
GPtrArray *sn_transcript_messages(SnStore *store, const SnTranscriptDay *day, gboolean encrypted,
                                  int limit);

#endif
