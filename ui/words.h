/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.h - how the screen says times, states and presences. Pure; returned strings are static
 * unless a comment says that the caller frees them. */
#ifndef SN_UI_WORDS_H
#define SN_UI_WORDS_H

#include "src/store/message.h"
#include "src/store/outbox.h"
#include "ui/objects.h"

/* For a list: "10:42" today, "Mon" this week, "20 Nov" this year, "11/2024". Caller frees. */
char *sn_words_when(SnTime time, SnTime now);
/* "Today", "Yesterday", "Thursday 20 November", "... 2024". Caller frees. */
char *sn_words_day(SnTime time, SnTime now);
/* strftime format, local time. Caller frees. */
char *sn_words_time(SnTime time, const char *format);
/* "Thursday 20 November 2026, 10:42". Caller frees. */
char *sn_words_full(SnTime time);
/* "in 4 min", "in 2 h", "5 min ago", "now". Caller frees. */
char *sn_words_relative(SnTime time, SnTime now);
/* Whether both are on one local day. */
gboolean sn_words_same_day(SnTime a, SnTime b);

/* Mark of a presence, "" for unknown; its object in *object. */
const char *sn_words_presence_mark(SnPresenceShow show, SnObject *object);
/* "online", "away", "do not disturb" ... */
const char *sn_words_presence(SnPresenceShow show);
/* "email" or "IM", for sentences. */
const char *sn_words_channel(SnChannel channel);
/* "You", the sender's name or address. Not cleaned, not owned. */
const char *sn_words_sender(const SnMessage *message);
/* Of an answer, what it is to: "↳ to Bob's email, 10:23: Picnic". Caller frees. */
char *sn_words_answers(const SnMessage *answered, SnTime now);
/* Glyph, word and object of a state. */
const char *sn_words_state_mark(SnState state);
const char *sn_words_state(SnState state);
SnObject sn_words_state_object(SnState state);
/* "waiting: bob is away, next try in 4 min". Caller frees. */
char *sn_words_entry(const SnOutboxEntry *entry, SnTime now);
/* What happens next with an entry, a sentence. Caller frees. */
char *sn_words_next(SnStore *store, const SnOutboxEntry *entry, SnTime now);
/* What an event of the journal says, for people; the word itself when it is not known. */
const char *sn_words_event(const char *what);
const char *sn_words_rule(SnRule rule);
/* What a contact asked for: "an email". */
const char *sn_words_wish(SnRule wish);
/* "you typed or confirmed it", "your vCard file" ... */
const char *sn_words_source(SnLinkSource source);
char *sn_words_conflict(const SnConflict *conflict); /* caller frees */

/* What the user's mail server found of the sender (SnMessage.authentication), with the domain that
 * each result is about. sender: their address; NULL. Caller frees. */
char *sn_words_checks(const char *authentication, const char *sender);

#endif
