/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * autocrypt.h - the header fields Autocrypt and Autocrypt-Gossip (Autocrypt Level 1, version 1.1,
 * section 2): a key that travels with an email. What they say is a claim of the sender's.
 *
 * Any thread. A key is checked for its shape only: whether it can be used says gpg.
 */
#ifndef SN_MIME_AUTOCRYPT_H
#define SN_MIME_AUTOCRYPT_H

#include <glib.h>

#define SN_AUTOCRYPT_MAX_KEY (12 * 1024) /* bytes of a key; section 2.1.2 asks for at most 10 KiB */
#define SN_AUTOCRYPT_MAX_GOSSIP 50       /* fields of one email */

typedef struct {
	char *address;     /* as written */
	gboolean mutual;   /* prefer-encrypt=mutual */
	GBytes *key;       /* OpenPGP, public packets only */
	char *fingerprint; /* upper case hex */
} SnAutocrypt;
void sn_autocrypt_free(SnAutocrypt *header);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnAutocrypt, sn_autocrypt_free)

/* A field's value, unfolded or not. NULL when it does not count: an attribute missing, twice, unknown
 * and critical, or a key that is none. */
SnAutocrypt *sn_autocrypt_parse(const char *value);
/* The field, folded, with CRLF: name "Autocrypt" or "Autocrypt-Gossip". Caller frees. NULL: the
 * address or the key does not fit. */
char *sn_autocrypt_format(const char *name, const char *address, gboolean mutual, GBytes *key);
/* Of the first key in packets; NULL when they are not those of one public key. Caller frees. */
char *sn_autocrypt_fingerprint(GBytes *key);

#endif
