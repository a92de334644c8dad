/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seal.h - signs and encrypts a composed email (RFC 3156, RFC 8551; header protection RFC 9788).
 *
 * OpenPGP: signed and encrypted in one step (RFC 3156 section 6.2). Text that is only signed is sent
 * in an encoding that no mail server changes. Blocks while gpg works, and asks nobody: see gpg.h.
 */
#ifndef SN_MIME_SEAL_H
#define SN_MIME_SEAL_H

#include "src/mime/gpg.h"

typedef struct {
	const SnGpg *gpg;
	gboolean smime;
	const char *signer;      /* fingerprint; NULL: not signed */
	GPtrArray *recipients;   /* of char *, fingerprints, the sender's own among them; NULL: not encrypted */
	GPtrArray *hidden;       /* of char *: their ids are not in the message (Bcc); NULL */
	gboolean hide_subject;   /* the real one is within only */
	gboolean own_signer;     /* the signer's secret is in sennit's own keyring */
	const char *gossip;      /* header fields for within, with CRLF; encrypted OpenPGP only; NULL */
} SnSeal;

/*
 * The email with its content signed, encrypted or both. SN_ERROR_AUTH: the key needs a passphrase that
 * gpg-agent does not know; SN_ERROR_NOT_FOUND: a key cannot be used; SN_ERROR_UNAVAILABLE: no gpg, or
 * S/MIME with somebody to hide, which it cannot.
 */
GBytes *sn_mail_seal(GBytes *raw, const SnSeal *seal, GError **error);

/* Has gpg-agent ask for the passphrase of the key that signs for this address, and remember it. */
gboolean sn_seal_unlock(const SnGpg *gpg, const char *address, GError **error);

/* The key to use for an address: one that works, the best vouched for, the newest. Never one that the
 * user distrusts. secret: to sign with. NULL: none. */
SnKey *sn_seal_key(const SnGpg *gpg, gboolean smime, gboolean secret, const char *address);

#endif
