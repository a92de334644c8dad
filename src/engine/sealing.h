/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sealing.h - how an email goes: in the clear, signed, encrypted; with which keys.
 *
 * In three steps. What the store knows is written down (a wish; any thread with a store). With gpg the
 * keys are chosen, anew for each try, since they come and go while an entry waits (a plan). By that
 * the email is sealed. The last two block: never on the engine's thread, nor on a screen's.
 */
#ifndef SN_ENGINE_SEALING_H
#define SN_ENGINE_SEALING_H

#include "src/config/config.h"
#include "src/store/outbox.h"
#include "src/route/outlook.h"
#include "src/store/peer.h"

typedef struct {
	char *address;
	gboolean blind; /* nobody may see that it gets it */
	SnPeer *peer;   /* NULL */
} SnSealTo;

typedef struct {
	char *home, *own_home; /* keyrings; NULL */
	char *from;
	char *key;             /* the account's key to sign with; NULL: by from */
	char *own_key;         /* fingerprint of the one that goes along with email from here; NULL */
	gboolean autocrypt, mutual;
	gboolean sign, never_sign; /* encrypted email is signed where it can be, unless never */
	SnEncrypt encrypt;
	gboolean hide_subject;
	GPtrArray *to;         /* of SnSealTo */
} SnSealWish;
typedef struct {
	const SnAccount *account;
	const char *from;
	const GPtrArray *recipients; /* of SnParty */
	SnEncrypt encrypt;
	SnSign sign;
} SnSealAsk;
SnSealWish *sn_seal_wish_new(SnStore *store, const SnConfig *config, const SnSealAsk *ask);
void sn_seal_wish_free(SnSealWish *wish);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnSealWish, sn_seal_wish_free)
/* TRUE: gpg has nothing to do with it. */
gboolean sn_seal_wish_is_plain(const SnSealWish *wish);

typedef struct {
	gboolean smime;
	char *signer;                   /* fingerprint; NULL not signed */
	gboolean own_signer;            /* ... in sennit's own keyring */
	GPtrArray *recipients, *hidden; /* of char *, fingerprints; NULL not encrypted */
	GString *gossip;                /* fields within, of the keys of the recipients; NULL */
	char *words;                    /* "encrypted for ...", for the journal; NULL */
	char *brief;                    /* the same in few words, for the screen; NULL */
} SnSealPlan;
void sn_seal_plan_free(SnSealPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnSealPlan, sn_seal_plan_free)

/* The plan as wished, never NULL where TRUE; with neither signer nor recipients it goes as it is.
 * FALSE: it may not go, and error says why. */
gboolean sn_seal_choose(const SnSealWish *wish, SnSealPlan **plan, GError **error);
/* Why it cannot be encrypted: "no key for bob@example.test is here"; NULL: it can. Caller frees. */
char *sn_seal_missing(const SnSealWish *wish);
/* The email by the plan, with the sender's key in its header. */
GBytes *sn_seal_by_plan(const SnSealWish *wish, const SnSealPlan *plan, GBytes *raw, GError **error);
/* The same, encrypted for the sender alone: a draft. NULL: there is no key for that. */
GBytes *sn_seal_for_self(const SnSealWish *wish, GBytes *raw, GError **error);
/* What would happen, for the screen. Never NULL. */
SnOutlook *sn_seal_outlook(const SnSealWish *wish);

#endif
