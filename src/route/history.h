/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.h - which earlier messages travel along with a reply (DESIGN section 5).
 *
 * Never selected: a message the recipients were not all a party to, drafts, cancelled or failed
 * ones, carried messages told by somebody else than the user or the recipient, and text that came
 * end-to-end encrypted when the reply will not be (unless asked for).
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

typedef struct {
	GArray *messages;     /* of SnId, oldest first */
	gint64 size;          /* bytes the history will take, attachments included when asked for */
	int mails, ims, files;
	int left_out_party, left_out_encrypted, left_out_size; /* and why: shown to the user */
} SnHistory;
void sn_history_free(SnHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnHistory, sn_history_free)

/*
 * reply_to: the message answered (0: none; THREAD then means the newest thread). recipients: of
 * SnParty. picked: only for PICKED, checked by the same rules. max_size: newest first until full.
 */
SnHistory *sn_history_select(SnStore *store, SnId conversation, SnId reply_to,
                             const SnHistorySpec *spec, const GArray *picked,
                             const GPtrArray *recipients, gboolean with_attachments,
                             gboolean encrypted, gint64 max_size);

/* "3 emails, 2 IMs, 1 file, 14 kB", or "no history"; caller frees. */
char *sn_history_summary(const SnHistory *history);

#endif
