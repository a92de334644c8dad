/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * omemo.h - end-to-end encryption of one account's IMs (XEP-0384 0.3). Engine thread.
 *
 * omemo.c         the own device: keys, what is published of them
 * omemo_lists.c   devices of others and of the user, their bundles, sessions
 * omemo_send.c    may it be encrypted now, and doing it
 * omemo_receive.c opening, what is answered to that, sessions that broke
 *
 * Whatever changes a session is written in the transaction of what it is for: a text that was opened
 * is filed with it, and what was sealed leaves only once the session is durable. So a crash leaves
 * either both or none, and a key is never used twice.
 */
#ifndef SN_ENGINE_OMEMO_H
#define SN_ENGINE_OMEMO_H

#include "src/engine/engine_private.h"
#include "src/omemo/vault.h"

typedef struct sn_omemo SnOmemo;

/* vault NULL: why says what is the matter with it; it then only knows that it cannot. */
SnOmemo *sn_omemo_new(SnEngineAccount *account, const SnVault *vault, const char *why);
void sn_omemo_free(SnOmemo *self); /* NULL is fine */
/* A session that begins anew is there: what others know of us is looked at. */
void sn_omemo_synced(SnOmemo *self);
/* The session went on: what is known of it still holds. */
void sn_omemo_resumed(SnOmemo *self);
/* DEVICES that came by themselves. */
void sn_omemo_event(SnOmemo *self, const SnImEvent *event);
/* A contact is there, maybe with the first device. */
void sn_omemo_came(SnOmemo *self, const char *jid);
/* The line is down. */
void sn_omemo_offline(SnOmemo *self);

/* ---- sending ---- */

typedef enum {
	SN_OMEMO_CLEAR,  /* it goes in the clear */
	SN_OMEMO_READY,
	SN_OMEMO_SOON,   /* something is asked for; the entry is looked at again when it is there */
	SN_OMEMO_CANNOT, /* it may not go in the clear, and why it cannot be encrypted */
} SnOmemoCan;
/* required: this message must not go in the clear. self NULL: an account without. */
SnOmemoCan sn_omemo_can(SnOmemo *self, const char *jid, gboolean required, char **why);
/* This entry waits for that. */
void sn_omemo_wait(SnOmemo *self, SnId entry);
/* Puts body, quote and note of the message into message->sealed, durably. *e2e: SnE2e of it. FALSE:
 * not now, and error says why. */
gboolean sn_omemo_seal(SnOmemo *self, SnImMessage *message, guint *e2e, GError **error);

/* ---- receiving ---- */

typedef enum {
	SN_OMEMO_OPENED,  /* it has a body now, if only one that says why it has none */
	SN_OMEMO_KNOWN,   /* it was opened before, or is our own */
	SN_OMEMO_NOTHING, /* there was no text in it */
	SN_OMEMO_AGAIN,   /* it could not be written */
} SnOmemoOpening;
/* Within the transaction that files it. from: bare, normalised. */
SnOmemoOpening sn_omemo_open(SnOmemo *self, SnImMessage *message, const char *from, GError **error);
/* After the transaction: what has to be answered, renewed and published. live: all that came while we
 * were away has been read. */
void sn_omemo_settle(SnOmemo *self, gboolean live);

#endif
