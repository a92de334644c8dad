/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crypto.h - the primitives that OMEMO is built from, by OpenSSL: random bytes, AES-GCM, and what
 * the ratchet library asks for. No cryptography of our own.
 */
#ifndef SN_OMEMO_CRYPTO_H
#define SN_OMEMO_CRYPTO_H

#include <glib.h>

enum { SN_GCM_TAG = 16, SN_GCM_IV = 12 };

/* Unpredictable bytes. Ends the program when the system has none: nothing is safe then. */
void sn_crypto_random(gpointer bytes, gsize length);
/* A number from 1 to `most`. */
guint32 sn_crypto_random_number(guint32 most);

/* Bytes that are wiped when nobody holds them any more; takes what was g_malloc()ed. */
GBytes *sn_crypto_secret(gpointer bytes, gsize length);

/*
 * AES-GCM with a key of 16 or 32 bytes: the result has the tag behind it. extra: authenticated
 * besides, not within; NULL. sn_gcm_open() is NULL when it is not what was sealed.
 */
GBytes *sn_gcm_seal(GBytes *key, const guint8 *iv, gsize iv_length, GBytes *plain,
                    const char *extra);
GBytes *sn_gcm_open(GBytes *key, const guint8 *iv, gsize iv_length, GBytes *sealed,
                    const char *extra);

#endif
