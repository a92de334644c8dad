/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript_private.h - between transcript.c (when) and transcript_mail.c (what). Engine thread. */
#ifndef SN_ENGINE_TRANSCRIPT_PRIVATE_H
#define SN_ENGINE_TRANSCRIPT_PRIVATE_H

#include "src/engine/sync_private.h"
#include "src/store/transcript.h"

enum { SN_TRANSCRIPT_MAX = 800 }; /* IMs in one; a digest holds 1,000 parts */

/*
 * The Message-ID of the transcript with this contact on this day: the same on all machines of the
 * user, for all versions. Caller frees.
 */
char *sn_transcript_key(const SnAccount *account, const char *contact, SnTime day);
/* Origin-ids of messages, sorted, each once; of char *. */
GPtrArray *sn_transcript_ids(const GPtrArray *messages);
/* The whole email; NULL with error. messages: of SnMessage, FULL, not empty. */
GBytes *sn_transcript_compose(SnEngineAccount *account, const SnTranscriptDay *day,
                              const char *contact, const GPtrArray *messages, GError **error);

#endif
