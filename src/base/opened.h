/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * opened.h - what was found when a signed or encrypted email was opened (RFC 3156, RFC 8551, inline
 * PGP): who signed what, and what it says. Made by src/mime/secure.h, shown by client and verbs.
 *
 * A part is covered by a signature or it is not: text beside a signed part is a part of its own.
 * Nothing of this is in the store. Threads: belongs to whom it was given.
 */
#ifndef SN_BASE_OPENED_H
#define SN_BASE_OPENED_H

#include <glib.h>

#include "src/base/clock.h"

/* What an email has that can be verified or opened, seen without doing either. */
typedef enum {
	SN_SECURE_SIGNED = 1 << 0,
	SN_SECURE_ENCRYPTED = 1 << 1,
	SN_SECURE_SMIME = 1 << 2,
	SN_SECURE_INLINE = 1 << 3, /* OpenPGP blocks in the text */
} SnSecure;

/* From the best to the worst: what is said of several is the worst of them. */
#define SN_SIGNATURE_TABLE(X)                                                                 \
	X(GOOD, "good")               /* the key is the sender's                              */ \
	X(UNPROVEN, "unproven")       /* the key names the sender; nobody vouches that it is theirs */ \
	X(OTHER, "other")             /* good, of somebody who is not the sender              */ \
	X(KEY_EXPIRED, "key-expired")                                                            \
	X(EXPIRED, "expired")         /* the signature itself                                 */ \
	X(REVOKED, "key-revoked")                                                                \
	X(DISTRUSTED, "distrusted")   /* the user, or a chain of certificates, says no        */ \
	X(NO_KEY, "no-key")           /* could not be checked                                 */ \
	X(FAILED, "failed")           /* the same, for another reason                         */ \
	X(BAD, "bad")                 /* what is here is not what was signed                  */

typedef enum {
#define X(name, word) SN_SIGNATURE_##name,
	SN_SIGNATURE_TABLE(X)
#undef X
} SnSignatureState;
const char *sn_signature_word(SnSignatureState state);

typedef struct {
	SnSignatureState state;
	gboolean smime;
	gboolean other;        /* whatever the state, the key does not name the sender */
	gboolean untrusted;    /* S/MIME: the chain of certificates ends nowhere */
	gboolean vouched;      /* somebody vouches for the name that is shown */
	gboolean by_mail;      /* the key came with an email, and nobody has checked it */
	char *name, *address;  /* as the key names its owner (the sender, where it does); NULL */
	char *fingerprint;     /* of the key, or its id when that is all that is known; NULL */
	SnTime made;           /* when it says that it was made; 0 unknown */
	char *why;             /* FAILED: some words; NULL */
} SnSignature;

typedef struct {
	char *name;            /* safe base name; NULL */
	char *type;
	GBytes *bytes;
} SnOpenedFile;

typedef struct {
	gboolean encrypted;            /* came encrypted, and is in the clear here */
	const SnSignature *signature;  /* that covers all of it; NULL none */
	char *text;                    /* readable, clean; "" none */
	GPtrArray *files;              /* of SnOpenedFile */
} SnOpenedPart;

/* A recipient's key as the sender told it to the others (Autocrypt-Gossip). A claim. */
typedef struct {
	char *address;
	GBytes *key;
	char *fingerprint;
} SnOpenedKey;

typedef enum {
	SN_LOCK_NONE,      /* nothing was encrypted, or all of it is open */
	SN_LOCK_ASK,       /* the key's passphrase is needed, and nobody was asked for it */
	SN_LOCK_NO_KEY,    /* no key of the user's opens it */
	SN_LOCK_PARTLY,    /* an encrypted part among others that are not: opened on request only */
	SN_LOCK_FAILED,
} SnLockState;

typedef struct {
	gboolean any;          /* something is signed or encrypted */
	gboolean encrypted;    /* all that can be read came encrypted */
	gboolean smime;
	gboolean changeable;   /* encryption alone does not show whether it was changed on its way */
	SnLockState lock;
	char *why;             /* FAILED: some words. NO_KEY: for which keys it is; NULL */
	GPtrArray *signatures; /* of SnSignature */
	GPtrArray *parts;      /* of SnOpenedPart, in order */
	char *subject;         /* protected within what was signed or encrypted (RFC 9788); NULL */
	GPtrArray *gossip;     /* of SnOpenedKey, of those the email went to */
	const SnSignature *subject_signature; /* NULL: the subject is not signed */
} SnOpened;
/* Bytes that are wiped when nobody has them any more. Takes them: when they are held elsewhere, or were
 * not allocated, it is a copy. */
GBytes *sn_opened_secret(GBytes *bytes);
SnOpened *sn_opened_new(void);
void sn_opened_free(SnOpened *opened);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnOpened, sn_opened_free)
/* Ownership of the texts is taken; the new one is returned, owned by `opened`. */
SnOpenedPart *sn_opened_add_part(SnOpened *opened, char *text);

/* The worst signature where every part has one, else NULL. */
const SnSignature *sn_opened_signature(const SnOpened *opened);
/* Some parts have text or files that no signature covers, and others are covered. */
gboolean sn_opened_partly(const SnOpened *opened);
/* All its text, parts with an empty line between; caller frees. */
char *sn_opened_text(const SnOpened *opened);

/*
 * One line for people, caller frees: "signed by Bob <bob@example.test>". The second NULL: nothing
 * to say.
 * sn_opened_words() is about the whole: encryption, then signature.
 */
char *sn_signature_words(const SnSignature *signature);
char *sn_opened_words(const SnOpened *opened);
/* Of one part among others; never NULL. */
char *sn_opened_part_words(const SnOpenedPart *part);
int sn_opened_part_alarm(const SnOpenedPart *part);
/* 0 nothing, 1 all is well, 2 something to know, 3 something is wrong: for a colour beside words. */
int sn_signature_alarm(const SnSignature *signature);
int sn_opened_alarm(const SnOpened *opened);

#endif
