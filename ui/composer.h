/* SPDX-License-Identifier: GPL-3.0-or-later */
/* composer.h - what commands and the sender do with the reply being written. */
#ifndef SN_UI_COMPOSER_H
#define SN_UI_COMPOSER_H

#include "src/route/plan.h"
#include "ui/app.h"
#include "ui/edit.h"

typedef enum { SN_FIELD_CC, SN_FIELD_BCC, SN_FIELD_SUBJECT, SN_FIELD_BODY, SN_FIELD_COUNT } SnField;

struct sn_composer {
	SnApp *app;
	SnId conversation;      /* 0: nothing is open */
	SnDraft *draft;         /* everything but the texts being typed */
	SnEdit *fields[SN_FIELD_COUNT];
	gboolean shows[SN_FIELD_COUNT];
	SnField field;          /* the one being typed in */
	gboolean subject_typed; /* the subject is the user's own, not the thread's */
	char *address;          /* the user named this one for the reply; NULL */
	SnMessage *answered;    /* what draft->reply_to names, as the last line above says; NULL */
	SnPlan *plan;           /* what would happen if it were sent now; NULL: to be asked */
	SnReplyMode held;       /* in place of AUTO: nothing from outside turns a line that is begun */
	SnHistory *history;     /* what travels along, as chosen last; NULL */
	gboolean history_stale; /* it has to be chosen anew */
	struct sn_choosing *choosing; /* the choice under way on the worker; NULL */
	struct sn_looking_out *looking_out; /* a search for keys under way on the worker; NULL */
	SnOutlook *outlook;     /* what the last one found; NULL */
	char *outlook_key;      /* what for; NULL */
	GPtrArray *awaited;     /* of SnAwaited (reattach.h): files still to come; NULL */
	guint64 saved;          /* count of changes when it was saved last */
	gboolean changed;       /* something else than the texts */
	gboolean in_store;      /* the store holds a draft for the conversation */
};

/* The plan for the reply as it stands; owned by the composer, until something changes. */
const SnPlan *sn_composer_plan(SnComposer *composer);
/* ---- composer_history.c ---- */

/* What travels along, as far as known: the choice runs on the worker, and until it is made this is
 * the one before it, or NULL. Owned by the composer. */
const SnHistory *sn_composer_history(SnComposer *composer);
/* The same, made now when it is not yet: what is sent. Reads SN_HISTORY_LOOK messages at most. */
const SnHistory *sn_composer_history_now(SnComposer *composer);
/* The request it is chosen by, without the recipients; borrowed until the composer changes. FALSE:
 * nothing is open, or the spec cannot be read (which is said). */
gboolean sn_composer_history_request(SnComposer *composer, SnHistoryRequest *request);
void sn_composer_forget_history(SnComposer *composer);
/* The user's yes to an encrypted message in the open, or no longer. */
void sn_composer_agree(SnComposer *composer, SnId message, gboolean yes);
/* Recipients of the plan, and what was typed into Cc and Bcc; of SnParty. What is typed wrong is
 * left out, and *bad is the first of that (caller frees); bad may be NULL. */
GPtrArray *sn_composer_recipients(SnComposer *composer, char **bad);
/* Only those typed into Cc and Bcc. */
GPtrArray *sn_composer_typed(SnComposer *composer, char **bad);
/* private: something else than the texts was changed */
void sn_composer_changed(SnComposer *composer);
/* private: drops what is chosen and stops waiting for what is being chosen */
void sn_composer_history_clear(SnComposer *composer);

/* "↳ to Bob's email, 10:23: Picnic"; NULL: no message is answered in particular. Caller frees. */
char *sn_composer_answers(SnComposer *composer);

/* ---- composer_secure.c ---- */

/* Whether it can be signed and encrypted, in a line; NULL: nothing to say. Caller frees. */
char *sn_composer_secure_text(SnComposer *composer, SnObject *object);
/* private: nobody waits for a search any more */
void sn_composer_outlook_clear(SnComposer *composer);

/* ---- composer.c ---- */

/* The spec in force: the draft's own, or the setting for this kind of reply. */
const char *sn_composer_history_spec(SnComposer *composer);
/* The own address that it goes from; NULL: by what is answered. */
void sn_composer_set_sender(SnComposer *composer, const char *address);
/* The signature that goes below it when it is sent now; NULL. Borrowed. */
const char *sn_composer_signature(SnComposer *composer);
/* The text with it; caller frees. */
char *sn_composer_signed(SnComposer *composer);
/* TRUE when the user has several to choose from. */
gboolean sn_composer_has_identities(const SnComposer *composer);
void sn_composer_set_history(SnComposer *composer, const char *spec, GArray *picked);
/* Answers a message; 0: whatever is newest. */
void sn_composer_reply(SnComposer *composer, SnId message, SnWhom whom);
void sn_composer_set_mode(SnComposer *composer, SnReplyMode mode);
/* To the other channel; text, subject, files and history stay. */
void sn_composer_switch(SnComposer *composer);
void sn_composer_set_field(SnComposer *composer, SnField field, const char *text);
const char *sn_composer_text(const SnComposer *composer, SnField field);
void sn_composer_next_field(SnComposer *composer, int step);
/* FALSE with error when it cannot be read. */
gboolean sn_composer_attach(SnComposer *composer, const char *path, GError **error);
/* number from 1; 0 all. */
void sn_composer_detach(SnComposer *composer, guint number);
gboolean sn_composer_is_empty(const SnComposer *composer);
/* Shows the thread's subject, or one made of the text, until the user types one. */
void sn_composer_suggest_subject(SnComposer *composer);
/* Throws the draft away. */
void sn_composer_discard(SnComposer *composer);
/* After the reply was queued: everything begins anew (the store dropped the draft). */
void sn_composer_sent(SnComposer *composer);
/* Puts a queued message back as the draft, with all that belongs to it. */
void sn_composer_restore(SnComposer *composer, const SnOutboxEntry *entry);
/* When and how it goes; the draft keeps it. */
void sn_composer_set_terms(SnComposer *composer, const SnTerms *terms);
/* "will go tomorrow 09:00, if Bob is online"; NULL when it goes at once. Caller frees. */
char *sn_composer_terms_text(SnComposer *composer);
/* Of an attachment of a draft, a path or as of sn_attachment_held(), for people. Caller frees. */
char *sn_composer_file_name(const char *file);
/* composer_back.c: takes an entry back and opens it here as the draft. FALSE with error when it is
 * too late, or when the conversation has another draft. */
gboolean sn_composer_take_back(SnApp *app, SnId entry, GError **error);
/* The plan must be made again (address map changed ...). */
void sn_composer_forget_plan(SnComposer *composer);

/* cmd_letter.c: what the terminal pastes while writing. The names of files offer to attach them. */
void sn_compose_pasted(SnApp *app, const char *text);
/* cmd_compose.c: opens the conversation with somebody and its composer. */
gboolean sn_compose_to(SnApp *app, const char *to, GError **error);
GPtrArray *sn_compose_complete(SnApp *app, const char *line, gsize *start);

/* send.c: sends the reply, asking what has to be asked. */
void sn_send(SnApp *app);

#endif
