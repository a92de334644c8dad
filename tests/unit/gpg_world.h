/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gpg_world.h - a throw-away GnuPG: the keyring of alice, whose machine it is, and one of the others
 * with the secret keys of people she knows. Real gpg, gpgsm and openssl; nothing of the user's.
 */
#ifndef SN_TESTS_GPG_WORLD_H
#define SN_TESTS_GPG_WORLD_H

#include <glib.h>

typedef struct {
	char *dir;
	char *alice;  /* her GNUPGHOME: own key, and the public keys of all but frank */
	char *others; /* theirs, with all secret keys */
} GpgWorld;

/*
 * bob: alice has signed his key. carol: nobody vouches for hers. dave: expired. erin: revoked.
 * frank: alice does not have his. smime: bob has a certificate of an authority that she trusts, carol
 * one of an authority that she does not, and alice one of the first. NULL: no gpg on this machine.
 */
GpgWorld *gpg_world_new(gboolean smime);
void gpg_world_free(GpgWorld *world); /* ends the agents by their own sockets */

/* Runs a program of GnuPG, or another, to its end: its output, or the test fails. "@" in args: a file
 * with `input2`. Caller frees. */
char *gpg_world_run(const char *input, gsize length, gsize *out_length, const char *const *argv);
/* A detached signature over text (with its line ends as CRLF), armoured, or of S/MIME in base64. */
char *gpg_world_sign(GpgWorld *world, const char *who, const char *text);
char *gpg_world_sign_smime(GpgWorld *world, const char *who, const char *text);
/* Encrypted for alice, armoured. signer: NULL nobody. */
char *gpg_world_encrypt(GpgWorld *world, const char *signer, const char *to, const char *text);
char *gpg_world_clearsign(GpgWorld *world, const char *who, const char *text);

/* Whole emails with CRLF, From `who`@example.test, caller frees. entity: header and body of the part. */
char *gpg_world_signed_mail(GpgWorld *world, const char *from, const char *signer, const char *entity);
char *gpg_world_encrypted_mail(GpgWorld *world, const char *from, const char *signer,
                               const char *entity);
char *gpg_world_crlf(const char *text);
#define GPG_WORLD_ENTITY "Content-Type: text/plain; charset=utf-8\n\nMeet me at the old mill.\n"

#endif
