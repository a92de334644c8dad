/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_private.h - shared by the files that move outbox entries. Engine thread.
 *
 * delivery.c        look at what is due, requests of clients, recovery, timers
 * delivery_apply.c  the one place that changes an entry: machine row, rows written, effect
 * delivery_terms.c  what the sender made it wait for: time, presence, hours, encryption
 * delivery_order.c  what goes before what
 * delivery_plan.c   what the line, the presence and the rules say at the time of sending
 * delivery_check.c  did a step happen? archive, Sent
 * delivery_settle.c receipts, markers, error stanzas, copies that turned up
 * delivery_reports.c reports, bounces and MDNs that came by mail
 * send_mail.c       an entry as an email; history_mail.c: what travels along in it; history_files.c:
 *                   which files of it
 * send_im.c         an entry as stanzas and uploads; im_steps.c: which; history_im.c: history
 * ask.c             the question to the contact; answers.c: the words of answers
 * hear.c            the answer, and what follows from it
 * convert.c         waiting IMs become one email
 *
 * Invariants: an entry is written as `sending` and made durable before its step is submitted; no
 * entry has two requests under way; an entry in `sending` without a request under way is checked,
 * never simply sent.
 */
#ifndef SN_ENGINE_DELIVERY_PRIVATE_H
#define SN_ENGINE_DELIVERY_PRIVATE_H

#include "src/engine/answers.h"
#include "src/engine/engine_private.h"
#include "src/engine/machine.h"
#include "src/engine/sealing.h"
#include "src/mime/mail.h"

struct sn_delivery {
	SnEngine *engine;
	GHashTable *jobs;      /* SnId -> SnJob: a request of this entry is under way */
	GHashTable *settling;  /* SnId of an account -> SnTime until which presences still come in */
	GHashTable *keys;      /* SnId -> char *: why its email cannot be encrypted; "" it can */
	GHashTable *announces; /* SnId -> SnTime: announce as sent when no receipt came by then */
	GQueue unwritten;      /* of SnUnwritten: results that could not be written (disk full) */
	GSource *timer;
	SnTime last_look;
	SnTime woke_until;     /* the machine slept: what the line and presences say is not sure yet */
	SnTime grace;          /* until then nothing expires whose time passed in sleep */
	guint sealing;         /* threads on which gpg works */
	gboolean looking, again;
	gboolean skipped;      /* something was due whose request was under way */
	gboolean unwell;       /* something could not be written since the last look */
	int ill;               /* looks in a row after which something could not be written */
	gboolean clock_wrong;  /* the clock was set back, and times are not repaired yet */
};

/* One request to a backend for an entry. Lives until its reply ended and the delivery forgot it. */
typedef struct {
	grefcount refs;
	SnDelivery *delivery; /* NULL: the delivery is gone, ignore the answer */
	SnId entry;
	int step;
	guint64 request;      /* an email: the transport's, to be let go or cancelled; 0 */
	gboolean released;    /* it was let go: from there on it may have gone */
	char *text;           /* the sender's own; NULL */
	SnId message;         /* an upload of its file at this position, for the progress; 0 */
	int position, percent;
	SnTime begun;         /* a question: when it was handed over */
	SnId before;          /* and the message that was filed last by then */
} SnJob;
SnJob *sn_job_begin(SnDelivery *self, SnId entry, int step);
/* At the final event. FALSE: nobody waits for it any more. The job stays valid until unref. */
gboolean sn_job_end(SnJob *job);
void sn_job_unref(SnJob *job);

/* What goes with an event; all may be absent. */
typedef struct {
	const char *what;       /* word in the journal instead of the event's */
	const char *detail;     /* journal: the server's words */
	const char *reason;     /* why it is in the new state, for people */
	const char *error_word; /* class of the error */
	const char *question;
	int step;               /* the next step plus one; 0 keeps */
	SnId behind;            /* the entry that goes first */
	gboolean clear_request;
	gboolean fresh;         /* the back-off begins again */
	const char *party;      /* the recipient it is about */
	SnFate fate;
	const char *fate_text;
	SnTime not_before;      /* the next try, where it is known; 0 = after a pause */
	SnTime expires;         /* a new one; 0 keeps */
} SnFact;

/* ---- delivery_apply.c ---- */

/*
 * Moves the entry by the machine: writes, makes durable where something goes out, does the effect.
 * TRUE when there was a row for it. When it cannot be written nothing is done; results of the
 * outside world are kept and written later.
 */
gboolean sn_delivery_apply(SnDelivery *self, SnId entry, SnDeliveryEvent event,
                           const SnFact *fact);
/* Something could not be written. It is all in the rows, so the next looks try it again. */
void sn_delivery_is_unwell(SnDelivery *self, const GError *error);
/* The pause before try number `attempts`, with jitter. */
SnTime sn_delivery_backoff(SnDelivery *self, int attempts, gboolean network);
void sn_delivery_write_again(SnDelivery *self);
void sn_delivery_drop_unwritten(SnDelivery *self);
/* Tells on the desktop that it arrived (or left, when no receipt can come); once. */
void sn_delivery_announce(SnDelivery *self, SnId entry, gboolean arrived);
/* What was to be announced when the engine ended. */
void sn_delivery_tell_untold(SnDelivery *self);
/* An accepted entry that wants to be announced: as sent, when no receipt comes within a minute. */
void sn_delivery_expect_receipt(SnDelivery *self, SnId entry);

/* ---- delivery.c ---- */
SnTime sn_delivery_now(const SnDelivery *self);
const SnSettings *sn_delivery_settings(const SnDelivery *self);
/* Does what there is to do for one entry now. */
void sn_delivery_look_at(SnDelivery *self, SnId entry);
/* For the next look; a look ends with it. */
void sn_delivery_set_timer(SnDelivery *self);
/* It was written before the machine slept, and the machine has only just woken: what is known of
 * lines and presences may be of before. */
gboolean sn_delivery_is_waking(SnDelivery *self, const SnOutboxEntry *entry);
/* Its time ran out while nobody looked (no engine ran, the machine slept), and since then there was
 * hardly time to try. */
gboolean sn_delivery_has_grace(SnDelivery *self, const SnOutboxEntry *entry);
/* Look again soon: something of ours made more to do. */
void sn_delivery_again(SnDelivery *self);
gboolean sn_delivery_is_uncertain(const SnOutboxEntry *entry);
/* "20 Nov 14:02"; caller frees. */
char *sn_delivery_time_text(SnTime time);
/* The person's name; caller frees. */
char *sn_delivery_who(SnDelivery *self, const SnOutboxEntry *entry);
/* The one address an IM goes to; NULL for none. */
const char *sn_delivery_jid(const SnOutboxEntry *entry);
/* An error of a backend as the machine's event. */
SnDeliveryEvent sn_delivery_event_for(const GError *error);
/* The settings of one entry that last between steps and starts ("steps", "url.N"). */
char *sn_delivery_memo(SnDelivery *self, SnId entry, const char *name);
gboolean sn_delivery_set_memo(SnDelivery *self, SnId entry, const char *name, const char *value);
void sn_delivery_forget_memos(SnDelivery *self, SnId entry);

/* ---- delivery_plan.c ---- */

/* Decides what happens with an entry whose time has come, and does it. */
void sn_delivery_plan(SnDelivery *self, SnId entry);
/* The user was asked about it, and has not decided until the time that it has. */
void sn_delivery_overdue(SnDelivery *self, const SnOutboxEntry *entry);
/* Presence of the contact an IM goes to; room: always available. */
SnAvailability sn_delivery_availability(SnDelivery *self, const SnOutboxEntry *entry,
                                        SnPresenceShow *show, char **text);
/* When the quiet hours end that the contact has now; 0: none. */
SnTime sn_delivery_quiet_end(SnDelivery *self, const SnOutboxEntry *entry);
/* A client asked for something. */
void sn_delivery_request(SnDelivery *self, const SnOutboxEntry *entry);
/* FALSE while it is not known yet which files the server takes: whatever has any waits, because a
 * plan made now would go without them. */
gboolean sn_delivery_knows_limits(const SnOutboxEntry *entry, const SnEngineAccount *account);
/* Asks the contact's server for the presence, while an entry waits for it. */
void sn_delivery_probe(SnDelivery *self, SnId entry);

/* ---- delivery_terms.c ---- */

/* The sender's terms (terms.h) and the hours of work. FALSE: not now, and the entry is told why and
 * waits. forced: the user said now, which overrides all but encryption. */
gboolean sn_delivery_terms(SnDelivery *self, const SnOutboxEntry *entry, gboolean forced);
/* Whether the presence that the entry waits for is there; TRUE when it waits for none. */
gboolean sn_delivery_terms_presence(SnDelivery *self, const SnOutboxEntry *entry, char **why);
/* The user gave it terms while it was on its way: it waits for them. FALSE: it has none. */
gboolean sn_delivery_terms_begin(SnDelivery *self, const SnOutboxEntry *entry);
/* Its time is over outside the hours of work: what is to happen then happens when they begin. TRUE
 * when it was put off. */
gboolean sn_delivery_terms_put_off(SnDelivery *self, const SnOutboxEntry *entry);
/* An IM that could go now: is it decided whether it goes encrypted, and may it go so? FALSE: not
 * yet, and the entry waits. */
gboolean sn_delivery_terms_sealed(SnDelivery *self, const SnOutboxEntry *entry);
/* As that was decided. */
gboolean sn_delivery_is_sealed(SnDelivery *self, const SnOutboxEntry *entry);
/* Why it may not go by any way there is now; NULL when it may. Caller frees. */
char *sn_delivery_terms_encrypt(SnDelivery *self, const SnOutboxEntry *entry);

/* ---- seal.c ---- */

/* What the store and the configuration say about how the entry is to go. */
SnSealWish *sn_seal_wish_of(SnDelivery *self, const SnOutboxEntry *entry, const SnAccount *account);
/*
 * Chooses keys and seals on a thread, then calls done on this one. sealed NULL: error says why it may
 * not go; else plan says how it was done, perhaps not at all.
 */
typedef void (*SnSealed)(SnJob *job, GBytes *sealed, const SnSealPlan *plan, const GError *error);
void sn_seal_run(SnJob *job, SnSealWish *wish, GBytes *raw, SnSealed done); /* takes wish */
/*
 * Are there keys for an email that has to go encrypted? TRUE: known; *why: what is missing, NULL
 * nothing (caller frees). FALSE: it is being found out, and the entry is looked at again then. An
 * answer counts once, since keys come and go.
 */
gboolean sn_seal_known(SnDelivery *self, const SnOutboxEntry *entry);
char *sn_seal_why_not(const SnDelivery *self, SnId entry);
void sn_seal_forget(SnDelivery *self, SnId entry);

/* ---- delivery_order.c ---- */

/* Waits for the person only, so that it goes as soon as the person is there. */
gboolean sn_delivery_is_deferred(const SnOutboxEntry *entry);
/* What was last decided about it, by the user, the contact or a rule. */
typedef enum {
	SN_DECISION_NONE,
	SN_DECISION_WAIT,
	SN_DECISION_GO, /* now, whatever the presence; or a part of it has gone already */
} SnDecision;
SnDecision sn_delivery_decision(SnDelivery *self, const SnOutboxEntry *entry);
/* It goes after another one, and has not waited for that for too long. */
gboolean sn_delivery_is_held(SnDelivery *self, const SnOutboxEntry *entry);
/* It could go: TRUE when an earlier one goes first, and it is held back until then. forced: somebody
 * said "now"; there: the person is available. */
gboolean sn_delivery_hold(SnDelivery *self, const SnOutboxEntry *entry, gboolean forced,
                          gboolean there);

/* The contact said "now" to this one: what waits for the person goes first, on the same word. */
void sn_delivery_send_deferred(SnDelivery *self, SnId entry, const char *detail);

/* ---- delivery_check.c ---- */
/* Of an entry in `sending`, or one in `choosing` because nobody knows; else does nothing. */
void sn_delivery_check(SnDelivery *self, SnId entry);

/* ---- delivery_reports.c ---- */

/* What somebody says became of a message of ours; all but kind may be absent. */
typedef struct {
	int kind; /* SnReportKind */
	const char *message_id, *envelope_id, *recipient, *final_recipient, *status, *diagnostic;
	const char *from;     /* sender of the email that says so */
	gboolean from_daemon; /* it came from a mail system */
	gboolean old;         /* it lay there before: shown, but no news on the desktop */
} SnClaim;
typedef enum {
	SN_CLAIM_IDLE,  /* not of ours, or not proven: changes nothing */
	SN_CLAIM_HEARD, /* written, or known before */
	SN_CLAIM_LATER, /* could not be written */
} SnClaimResult;
/* about: the message it is about; 0. */
SnClaimResult sn_delivery_claim(SnDelivery *self, const SnClaim *claim, SnId *about);
/* This email of ours was filed: reports that came before it are about it. */
void sn_delivery_hear_strays(SnDelivery *self, const char *message_id);

/* ---- send_mail.c, send_im.c ---- */
/*
 * Steps of an email in `sending`: 0 while nothing of it can have gone, SN_STEP_HANDED_OVER from
 * right before the server (or command) gets the last word.
 */
enum { SN_STEP_HANDED_OVER = 1 };
void sn_delivery_send_mail(SnDelivery *self, const SnOutboxEntry *entry);
/* It is written down and durable that the email may go: says the last word. */
void sn_delivery_release(SnDelivery *self, const SnOutboxEntry *entry);
void sn_delivery_send_im(SnDelivery *self, const SnOutboxEntry *entry);
/* Writes what the entry will consist of, in the transaction that lets it go. FALSE: not written. */
gboolean sn_delivery_prepare_im(SnDelivery *self, SnOutboxEntry *entry, GError **error);
/* The id of the stanza of the entry's current step; NULL when it sends none. Caller frees. */
char *sn_delivery_step_id(SnDelivery *self, const SnOutboxEntry *entry);
gboolean sn_delivery_is_last_step(SnDelivery *self, const SnOutboxEntry *entry);
/* A step is done: the event for it (STEP or ACCEPTED), with the fact filled in. */
void sn_delivery_step_done(SnDelivery *self, SnId entry, int step, const char *detail);
/* The step that nobody was sure about did happen: goes on, from `sending` or `choosing`. */
void sn_delivery_arrived(SnDelivery *self, SnId entry, const char *detail);
/* TRUE when a stanza with text of it may have reached the contact. */
gboolean sn_delivery_has_begun(SnDelivery *self, const SnOutboxEntry *entry);

/* ---- history_mail.c ---- */

/* Of SnMailCarried, for the entry's history, in at most `room` bytes; and the readable transcript,
 * which says what was left out (caller frees; NULL). What was left out is in the journal as well.
 * Files of earlier IMs whose bytes are here are added to im_files (of SnMailFile), each once. */
GPtrArray *sn_history_mail(SnDelivery *self, const SnOutboxEntry *entry, gint64 room,
                           char **transcript, GPtrArray *im_files);
/*
 * The messages of the entry's history that are still here, with bodies, as far as the rules
 * (history.h) let them travel to its recipients now: the entry may be another one than the one they
 * were chosen for. *left_out: how many are not among them, which the journal tells; may be NULL. Of
 * SnMessage.
 */
GPtrArray *sn_history_messages(SnDelivery *self, const SnOutboxEntry *entry, guint *left_out);
/* The same for some of them. */
GPtrArray *sn_history_allowed(SnDelivery *self, const SnOutboxEntry *entry, const GArray *ids,
                              guint *left_out);
/* "(2 earlier messages left out)", for the reader, whom the reason is none of. Caller frees. */
char *sn_history_left_out_line(guint count);
/* Readable text of messages, each cut to `longest` bytes (0: whole). Caller frees. */
char *sn_history_transcript(const GPtrArray *messages, gsize longest);
/* A raw email without its Bcc lines (with all their continuation lines). */
GBytes *sn_history_strip_bcc(GBytes *raw);

/* ---- ask.c ---- */

/* Rule, or request of the user (clear_request), to ask the contact; presence: "Bob is away". */
void sn_delivery_ask_them(SnDelivery *self, const SnOutboxEntry *entry, const char *presence,
                          const char *because, gboolean clear_request);
/* Sends the question of an asked entry. again: it may have been sent already, so look first. */
void sn_delivery_ask(SnDelivery *self, SnId entry, gboolean again);

/* ---- hear.c ---- */

/* Does with one entry what the contact answered. who: "Bob answered". question: an earlier one that
 * it follows; NULL. clear_request: on the user's request. FALSE: it is too late for that. */
gboolean sn_delivery_obey(SnDelivery *self, SnId entry, SnAnswer answer, const char *who,
                          const char *question, gboolean clear_request);
/* The contact said "later", and nothing has changed since. */
gboolean sn_delivery_is_put_off(SnDelivery *self, const SnOutboxEntry *entry);

/* ---- hear_missed.c ---- */
/* Hears answers that are in the store and were not obeyed (any more). */
void sn_delivery_hear_missed(SnDelivery *self);
/* The same for one entry, with what was filed after the message `before`: the contact may be quicker
 * than the server that confirms the question. */
void sn_delivery_hear_early(SnDelivery *self, SnId entry, SnId before);

/* ---- convert.c ---- */

/* TRUE when email to this person is possible; else *why says what is missing (caller frees). */
gboolean sn_convert_possible(SnDelivery *self, const SnOutboxEntry *entry, char **why);
/*
 * Makes the email for this entry and the other waiting ones to the same person, in the transaction
 * the caller has open. FALSE and nothing written on error.
 */
gboolean sn_convert(SnDelivery *self, const SnOutboxEntry *entry, const char *because,
                    GError **error);

#endif
