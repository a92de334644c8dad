/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * payload.h - the text of a message (XEP-0384 0.3 section 4.4: AES-128-GCM, the tag travels with
 * the key) and files by aesgcm: addresses (XEP-0454: AES-256-GCM, the tag behind the bytes, IV and
 * key in the fragment).
 */
#ifndef SN_OMEMO_PAYLOAD_H
#define SN_OMEMO_PAYLOAD_H

#include "src/base/omemo.h"

/* Fills iv and payload of `sealed`. What is to be encrypted for each device: key and tag, 32 bytes. */
GBytes *sn_payload_seal(SnOmemoSealed *sealed, const char *text);
/* The same without a text: a key that means nothing. */
GBytes *sn_payload_empty(SnOmemoSealed *sealed);
/* UTF-8; NULL when it is not what was sealed, or no text. Caller frees (and wipes, if it cares). */
char *sn_payload_open(const SnOmemoSealed *sealed, GBytes *key);

/* The encrypted file, and the fragment for its address (88 hex digits). Caller frees both. */
GBytes *sn_file_seal(GBytes *plain, char **fragment);
/* Opens the file `from` into `to` (made 0600; appears whole or not at all). SN_ERROR_INVALID: it is
 * not what the address says, SN_ERROR_LIMIT: larger than `most` bytes, SN_ERROR_STORAGE. */
gboolean sn_file_open(const char *from, const char *to, const char *fragment, gint64 most,
                      GError **error);
/* "https://..." of "aesgcm://...#..."; NULL when it is no such address. *fragment: NULL ok. */
char *sn_file_address(const char *url, char **fragment);
/* The other way round; url is https://. */
char *sn_file_locked_address(const char *url, const char *fragment);

#endif
