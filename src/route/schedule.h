/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schedule.h - a sender's terms in words, and what they make of an outbox entry. Composer, outbox,
 * command line and JSON say the same, because they all ask here. Times are local.
 */
#ifndef SN_ROUTE_SCHEDULE_H
#define SN_ROUTE_SCHEDULE_H

#include "src/base/when.h"
#include "src/config/config.h"
#include "src/store/outbox.h"

/* "will go Mon 23 Nov 09:00, if Bob is online; else email after 2 h"; NULL when nothing is waited
 * for. hours: of work. Caller frees. */
char *sn_terms_text(const SnTerms *terms, const SnHours *hours, SnChannel channel, const char *who,
                    SnTime now);
/* Puts the terms into a new entry: the time within the hours, the end of the wait. */
void sn_terms_apply(const SnTerms *terms, const SnHours *hours, SnTime now, SnOutboxNew *entry);
/* TRUE when it waits for something, so that no availability has to be decided on now. */
gboolean sn_terms_wait(const SnTerms *terms);
/* The terms of an entry, as its sender may change them. */
SnTerms sn_terms_of(const SnOutboxEntry *entry, SnTime now);

/* What happens next with an entry, a sentence. behind: SnOutboxEntry.behind; SN_BEHIND_ANY: one that need not be
 * named. Caller frees. */
#define SN_BEHIND_ANY ((SnId)-1)
char *sn_entry_next_text(const SnOutboxEntry *entry, const char *who, SnId behind, SnTime now);
/* The same with what the store knows besides: the contact's name, and which reports have come. */
char *sn_entry_next(SnStore *store, const SnOutboxEntry *entry, SnId behind, SnTime now);
/* When that is: the time it goes or is looked at again; 0 = not by time. */
SnTime sn_entry_next_time(const SnOutboxEntry *entry);

/*
 * Sends the same text, with its files and history, on the other channel, and takes the entry back,
 * in one transaction. 0 with error when it is too late, or when that channel has no confirmed
 * address or account; nothing has changed then.
 */
SnId sn_entry_switch(SnStore *store, const SnConfig *config, SnId id, const SnClock *clock,
                     GError **error);

#endif
