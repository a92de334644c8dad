/* SPDX-License-Identifier: GPL-3.0-or-later */
/* suggest.h - to whom the user may mean to write, by whom they wrote to: lately, and often. */
#ifndef SN_STORE_SUGGEST_H
#define SN_STORE_SUGGEST_H

#include "src/store/message.h"

typedef struct {
	char *value;       /* address, as first seen */
	char *name;        /* NULL */
	SnChannel channel;
	gint64 score;      /* the more the likelier */
} SnSuggestion;
void sn_suggestion_free(SnSuggestion *suggestion);

/* An outgoing message was filed: its recipients were written to. In the caller's transaction. */
gboolean sn_suggest_written(SnStore *store, const SnMessage *message, GError **error);
/*
 * Addresses the user wrote to, whose name or address holds `word` (whatever its case; "" all), best
 * first, each once, at most `limit`. Reads the MAX_LOOK written to last, not the whole store. Of
 * SnSuggestion.
 */
GPtrArray *sn_suggest(SnStore *store, const char *word, SnTime now, guint limit);

#endif
