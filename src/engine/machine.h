/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine.h - the delivery of one outbox entry as one table: in a state, on an event, it goes to a
 * new state and one thing is to be done. Pure: no store, no clock, no network. The engine changes
 * no entry in any other way, and writes the new state before it does the thing.
 *
 * What is not in the table changes nothing: an answer to a question nobody asks any more, a receipt
 * for what never went, a request that comes too late.
 */
#ifndef SN_ENGINE_MACHINE_H
#define SN_ENGINE_MACHINE_H

#include "src/store/message.h"

/*
 * X(name, kind, what it means, what happens next), for people. A state that is not here never
 * occurs in the outbox. Kinds: OPEN (on its way, or kept back), GONE (a server has it), END.
 */
#define SN_DELIVERY_STATE_TABLE(X)                                                              \
	X(QUEUED, OPEN, "It is on its way out.",                                                \
	  "It goes when its undo window is over and what was written before it has gone.")      \
	X(SENDING, OPEN, "A server is being given it. Too late to change or cancel it.",        \
	  "The server takes it or refuses it; if the line breaks, the server is asked.")        \
	X(WAITING, OPEN, "It is kept back: for the person, for the connection, or after an error.", \
	  "It goes when the person appears or the connection is back; tried again from time to " \
	  "time until it expires.")                                                             \
	X(ASKED, OPEN, "The contact was asked whether now is a good time.",                     \
	  "The answer decides; without an answer it waits for the person.")                     \
	X(CHOOSING, OPEN, "You have to decide.",                                                \
	  "Wait, email instead, send anyway, ask them, or cancel.")                             \
	X(ACCEPTED, GONE, "The server has all of it.",                                          \
	  "A receipt, a report or an error may follow.")                                        \
	X(DELIVERED, GONE, "It has arrived.", "A sign that it was read may follow.")            \
	X(READ, GONE, "It was read.", "Nothing.")                                               \
	X(CONVERTED, END, "It became an email, which has an entry of its own.", "Nothing.")     \
	X(FAILED, END, "It did not go, or it came back. You were told.",                        \
	  "Try it again, send it as an email, or cancel it. Nothing happens by itself.")        \
	X(CANCELLED, END, "You took it back before it went.", "Nothing.")

/* X(name, word, what happened) */
#define SN_DELIVERY_EVENT_TABLE(X)                                                              \
	X(DUE, "due", "its time has come: the undo window is over, or a retry is due")          \
	X(READY, "ready", "the plan says that it can go now")                                   \
	X(BEHIND, "behind", "it could go, but what was written before it goes first")           \
	X(NO_LINE, "no-line", "the user's own account is not connected")                        \
	X(NEED_CHOICE, "need-choice", "the person is not available and the rules say: ask the user") \
	X(DEFER, "defer", "user, contact, rule or a question without answer say: wait")         \
	X(ASK_THEM, "ask-them", "user or rule say: ask the contact")                            \
	X(MAIL, "mail", "user, contact, rule or expiry say: email instead, and one can be sent") \
	X(NO_MAIL, "no-mail", "email was wanted, but there is no confirmed address or account") \
	X(REFUSED, "refused", "it can never go as it is")                                       \
	X(APPEARED, "appeared", "the person became available")                                  \
	X(EXPIRED, "expired", "waited for too long, and email is no way out")                   \
	X(SEND, "send", "user or contact say: now, whatever the presence")                      \
	X(CANCEL, "cancel", "the user takes it back")                                           \
	X(RETRY, "retry", "the user wants a failed one tried again")                            \
	X(STEP, "step", "one of several steps is done")                                         \
	X(HAND_OVER, "hand-over", "all but the last word is with the server; it can go from here on") \
	X(ACCEPTED, "accepted", "the server has taken all of it")                               \
	X(TEMPORARY, "temporary", "it did not go, and a later try may help")                    \
	X(PERMANENT, "permanent", "the server refused it for good")                             \
	X(UNCERTAIN, "uncertain", "the line broke, or the engine stopped: it may have gone")    \
	X(MISSING, "missing", "the server does not have it")                                    \
	X(CANNOT_KNOW, "cannot-know", "nobody can tell whether it went")                        \
	X(SEEN, "seen", "a copy of it turned up in Sent, in the archive or by carbon")          \
	X(RECEIPT, "receipt", "XEP-0184 receipt or success report")                             \
	X(DISPLAYED, "displayed", "XEP-0333 marker or MDN")                                     \
	X(BOUNCE, "bounce", "an error stanza or a failure report came back")

typedef enum {
#define X(name, word, meaning) SN_DELIVERY_##name,
	SN_DELIVERY_EVENT_TABLE(X)
#undef X
	SN_DELIVERY_EVENT_COUNT
} SnDeliveryEvent;

/* X(name, word, what is to be done) */
#define SN_DELIVERY_EFFECT_TABLE(X)                                                             \
	X(NONE, "none", "nothing")                                                              \
	X(PLAN, "plan", "look at line, presence and rules, which gives the next event")         \
	X(TRANSMIT, "transmit", "do the step, with the ids that never change")                  \
	X(NEXT_STEP, "next-step", "go on with the next step")                                   \
	X(RELEASE, "release", "say the last word: the final dot, the start of the command")     \
	X(CHECK, "check", "look on the server whether the step happened")                       \
	X(HOLD, "hold", "keep it back until the one before it has gone or lets it pass")        \
	X(SCHEDULE, "schedule", "set the next try, and ask for the presence at each")           \
	X(QUESTION, "question", "send the availability question")                               \
	X(CONVERT, "convert", "queue the email in the same transaction")                        \
	X(TELL_USER, "tell-user", "the user has to decide: show it")                            \
	X(FINISH, "finish", "Sent copy, announcement, next message to the same person")         \
	X(ANNOUNCE, "announce", "tell that it arrived, if that was wanted")                     \
	X(TELL_FAILURE, "tell-failure", "tell that it failed, always")                          \
	X(NOTE, "note", "remember it for when the last step is done")

typedef enum {
#define X(name, word, meaning) SN_EFFECT_##name,
	SN_DELIVERY_EFFECT_TABLE(X)
#undef X
	SN_EFFECT_COUNT
} SnDeliveryEffect;

/*
 * X(state, event, new state, effect). An entry that came into CHOOSING because nobody can tell
 * whether it went is not given DUE, APPEARED or READY: only the user sends it again.
 */
#define SN_DELIVERY_TABLE(X)                                                                    \
	/* queued: in the undo window, on its way, or held behind an earlier one to the same person */ \
	X(QUEUED, DUE, QUEUED, PLAN)                                                            \
	X(QUEUED, READY, SENDING, TRANSMIT)                                                     \
	X(QUEUED, BEHIND, QUEUED, HOLD)                                                         \
	X(QUEUED, NO_LINE, WAITING, SCHEDULE)                                                   \
	X(QUEUED, NEED_CHOICE, CHOOSING, TELL_USER)                                             \
	X(QUEUED, DEFER, WAITING, SCHEDULE)                                                     \
	X(QUEUED, ASK_THEM, ASKED, QUESTION)                                                    \
	X(QUEUED, MAIL, CONVERTED, CONVERT)                                                     \
	X(QUEUED, NO_MAIL, CHOOSING, TELL_USER)                                                 \
	X(QUEUED, REFUSED, FAILED, TELL_FAILURE)                                                \
	X(QUEUED, SEND, QUEUED, PLAN)                                                           \
	X(QUEUED, CANCEL, CANCELLED, NONE)                                                      \
	/* choosing: the user has to decide */                                                  \
	X(CHOOSING, APPEARED, QUEUED, PLAN)                                                     \
	X(CHOOSING, DEFER, WAITING, SCHEDULE)                                                   \
	X(CHOOSING, ASK_THEM, ASKED, QUESTION)                                                  \
	X(CHOOSING, MAIL, CONVERTED, CONVERT)                                                   \
	X(CHOOSING, NO_MAIL, CHOOSING, TELL_USER)                                               \
	X(CHOOSING, SEND, QUEUED, PLAN)                                                         \
	X(CHOOSING, CANCEL, CANCELLED, NONE)                                                    \
	/* ... about one of which nobody can tell whether it went */                            \
	X(CHOOSING, UNCERTAIN, CHOOSING, CHECK)                                                 \
	X(CHOOSING, CANNOT_KNOW, CHOOSING, TELL_USER)                                           \
	X(CHOOSING, MISSING, SENDING, TRANSMIT)                                                 \
	X(CHOOSING, STEP, SENDING, TRANSMIT)                                                    \
	X(CHOOSING, SEEN, ACCEPTED, FINISH)                                                     \
	X(CHOOSING, RECEIPT, DELIVERED, ANNOUNCE)                                               \
	X(CHOOSING, DISPLAYED, READ, ANNOUNCE)                                                  \
	X(CHOOSING, BOUNCE, FAILED, TELL_FAILURE)                                               \
	X(CHOOSING, EXPIRED, FAILED, TELL_FAILURE)                                              \
	/* waiting: for the person, for the line, or for the next try after an error */         \
	X(WAITING, DUE, WAITING, PLAN)                                                          \
	X(WAITING, READY, SENDING, TRANSMIT)                                                    \
	X(WAITING, BEHIND, QUEUED, HOLD)                                                        \
	X(WAITING, NO_LINE, WAITING, SCHEDULE)                                                  \
	X(WAITING, NEED_CHOICE, CHOOSING, TELL_USER)                                            \
	X(WAITING, DEFER, WAITING, SCHEDULE)                                                    \
	X(WAITING, ASK_THEM, ASKED, QUESTION)                                                   \
	X(WAITING, MAIL, CONVERTED, CONVERT)                                                    \
	X(WAITING, NO_MAIL, CHOOSING, TELL_USER)                                                \
	X(WAITING, REFUSED, FAILED, TELL_FAILURE)                                               \
	X(WAITING, APPEARED, QUEUED, PLAN)                                                      \
	X(WAITING, EXPIRED, FAILED, TELL_FAILURE)                                               \
	X(WAITING, SEND, QUEUED, PLAN)                                                          \
	X(WAITING, CANCEL, CANCELLED, NONE)                                                     \
	/* asked: the contact was asked and has not answered */                                 \
	X(ASKED, DUE, ASKED, PLAN)                                                              \
	X(ASKED, STEP, ASKED, NONE)                                                             \
	X(ASKED, DEFER, WAITING, SCHEDULE)                                                      \
	X(ASKED, NEED_CHOICE, CHOOSING, TELL_USER)                                              \
	X(ASKED, MAIL, CONVERTED, CONVERT)                                                      \
	X(ASKED, NO_MAIL, CHOOSING, TELL_USER)                                                  \
	X(ASKED, APPEARED, QUEUED, PLAN)                                                        \
	X(ASKED, SEND, QUEUED, PLAN)                                                            \
	X(ASKED, CANCEL, CANCELLED, NONE)                                                       \
	/* sending: a step that may have an effect outside is under way; too late to cancel */  \
	X(SENDING, STEP, SENDING, NEXT_STEP)                                                    \
	X(SENDING, HAND_OVER, SENDING, RELEASE)                                                 \
	X(SENDING, ACCEPTED, ACCEPTED, FINISH)                                                  \
	X(SENDING, TEMPORARY, WAITING, SCHEDULE)                                                \
	X(SENDING, PERMANENT, FAILED, TELL_FAILURE)                                             \
	X(SENDING, UNCERTAIN, SENDING, CHECK)                                                   \
	X(SENDING, MISSING, SENDING, TRANSMIT)                                                  \
	X(SENDING, CANNOT_KNOW, CHOOSING, TELL_USER)                                            \
	X(SENDING, RECEIPT, SENDING, NOTE)                                                      \
	X(SENDING, DISPLAYED, SENDING, NOTE)                                                    \
	X(SENDING, BOUNCE, FAILED, TELL_FAILURE)                                                \
	/* accepted, delivered, read: gone, and how far */                                      \
	X(ACCEPTED, RECEIPT, DELIVERED, ANNOUNCE)                                               \
	X(ACCEPTED, DISPLAYED, READ, ANNOUNCE)                                                  \
	X(ACCEPTED, BOUNCE, FAILED, TELL_FAILURE)                                               \
	X(DELIVERED, DISPLAYED, READ, NONE)                                                     \
	X(DELIVERED, BOUNCE, FAILED, TELL_FAILURE)                                              \
	X(READ, BOUNCE, FAILED, TELL_FAILURE)                                                   \
	/* failed: not lost; the user can do something else with it */                          \
	X(FAILED, RETRY, QUEUED, PLAN)                                                          \
	X(FAILED, SEND, QUEUED, PLAN)                                                           \
	X(FAILED, MAIL, CONVERTED, CONVERT)                                                     \
	X(FAILED, CANCEL, CANCELLED, NONE)                                                      \
	X(FAILED, SEEN, ACCEPTED, ANNOUNCE)                                                     \
	X(FAILED, RECEIPT, DELIVERED, ANNOUNCE)                                                 \
	X(FAILED, DISPLAYED, READ, ANNOUNCE)                                                    \
	X(FAILED, BOUNCE, FAILED, TELL_FAILURE)                                                 \
	/* at an end, but it had gone before: said, and nothing else changes */                 \
	X(CONVERTED, RECEIPT, CONVERTED, ANNOUNCE)                                              \
	X(CONVERTED, DISPLAYED, CONVERTED, ANNOUNCE)                                            \
	X(CANCELLED, RECEIPT, CANCELLED, ANNOUNCE)                                              \
	X(CANCELLED, DISPLAYED, CANCELLED, ANNOUNCE)

typedef struct {
	SnState state;
	SnDeliveryEffect effect;
	gboolean known; /* FALSE: no row, nothing changes */
} SnDeliveryStep;

SnDeliveryStep sn_machine_step(SnState state, SnDeliveryEvent event);

const char *sn_delivery_event_word(SnDeliveryEvent event);
const char *sn_delivery_effect_word(SnDeliveryEffect effect);

/* TRUE when nothing will ever happen to it by itself: the other end, or the user, is next. */
gboolean sn_machine_is_final(SnState state);

#endif
