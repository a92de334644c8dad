/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gpg.h - GnuPG: one run of gpg (OpenPGP) or gpgsm (S/MIME), and what its status lines mean.
 *
 * Nothing here uses the network: no keys and no revocation lists are fetched, whatever gpg.conf says.
 * A passphrase goes from the user to gpg-agent by way of pinentry, never through this program. Unless
 * may_ask is set pinentry is never started, and what needs a passphrase ends with SN_GPG_ASK.
 * Calls block (tens of milliseconds; with may_ask as long as the user takes): never on a screen's
 * thread. Bytes of any size up to the message limit; what comes out is limited, too.
 */
#ifndef SN_MIME_GPG_H
#define SN_MIME_GPG_H

#include <glib.h>

#include "src/base/clock.h"
#include "src/base/error.h"

typedef struct {
	const char *home;     /* the user's keyring; NULL: where gpg looks by itself */
	const char *own_home; /* sennit's own, for keys that came by email and those it made; NULL none */
	gboolean may_ask;     /* pinentry may take the terminal: nobody else may be using it */
	const char *sender_key; /* reading: fingerprint of the key that came with email from the sender;
	                         * NULL */
} SnGpg;

/* ---- one run (gpg_run.c) ---- */

typedef struct {
	gboolean smime;             /* gpgsm, else gpg */
	const char *home;           /* NULL the default */
	const char *also;           /* a second home, whose public keys count too; NULL none. OpenPGP */
	gboolean may_ask;
	const char *const *args;    /* after the options that every run has; NULL-terminated */
	GBytes *input;              /* stdin; NULL none */
	GBytes *file;               /* a second input, whose name stands for "@" in args; NULL none */
} SnGpgCall;

typedef struct {
	GBytes *output;
	GPtrArray *status;          /* of char **: the words of each [GNUPG:] line, "GOODSIG" first */
	gboolean ok;                /* it ended with 0 */
} SnGpgRun;
void sn_gpg_run_free(SnGpgRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnGpgRun, sn_gpg_run_free)
/* NULL only when it could not run to its end: not installed (UNAVAILABLE), too long (TEMPORARY), too
 * large an answer (LIMIT). */
SnGpgRun *sn_gpg_run(const SnGpgCall *call, GError **error);
/* The first status line that begins with this word; NULL. */
char **sn_gpg_status(const SnGpgRun *run, const char *word);
/* A path without surprises for gpg; FALSE when the folder cannot be made. */
gboolean sn_gpg_make_home(const char *home, GError **error);
/* Where the user's keys are, also when gpg finds that by itself. Caller frees. */
char *sn_gpg_user_home(const SnGpg *gpg);

/* ---- keys (gpg_keys.c) ---- */

typedef enum {
	SN_KEY_TRUST_NONE,     /* nobody vouches for it */
	SN_KEY_TRUST_NEVER,    /* the user says it is not theirs */
	SN_KEY_TRUST_MARGINAL,
	SN_KEY_TRUST_FULL,
} SnKeyTrust;
typedef struct {
	char *name, *address;
	SnKeyTrust trust;      /* that this name belongs to the key */
	gboolean revoked;
} SnKeyName;
typedef struct {
	char *fingerprint;     /* upper case hex */
	gboolean smime, secret, revoked, expired, disabled;
	gboolean own_ring;     /* it is in sennit's own keyring, and not in the user's */
	gboolean can_sign, can_encrypt;
	SnTime made, expires;  /* 0 never */
	SnTime encrypts_since; /* the newest part that one can encrypt for was made then; 0 none */
	GPtrArray *names;      /* of SnKeyName */
} SnKey;
void sn_key_free(SnKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnKey, sn_key_free)
/* The name with that address (whatever its case), not revoked; NULL. */
const SnKeyName *sn_key_named(const SnKey *key, const char *address);
/*
 * Keys that gpg finds for a fingerprint or address; secret: only those whose secret part is here. By
 * address only in the user's keyring, since what came by email names whom it likes; by fingerprint
 * in sennit's own as well. Of SnKey; empty on any error.
 */
GPtrArray *sn_gpg_keys(const SnGpg *gpg, gboolean smime, gboolean secret, const char *what);

/* ---- sennit's own keyring (gpg_own.c) ---- */

/* Takes in a public key that came by email, with the names that have this address where it has any.
 * What is there already is brought up to date. SN_ERROR_INVALID: gpg does not take it. */
gboolean sn_gpg_take_key(const SnGpg *gpg, GBytes *key, const char *address, const char *fingerprint,
                         GError **error);
/* Makes a key for signing and encryption, without a passphrase as the passwords of accounts are.
 * Its fingerprint, caller frees. */
char *sn_gpg_make_key(const SnGpg *gpg, const char *name, const char *address, GError **error);
/* The key as it goes along with email: one name, and the newest way to encrypt for it. */
GBytes *sn_gpg_minimal_key(const SnGpg *gpg, const char *fingerprint, const char *address,
                           GError **error);

#endif
