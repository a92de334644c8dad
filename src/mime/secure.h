/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secure.h - signed and encrypted email: multipart/signed and multipart/encrypted (RFC 1847, 3156),
 * application/pkcs7-mime (RFC 8551), OpenPGP blocks in a text. What is shown is parsed from the very
 * bytes that were verified or decrypted, each part by itself: nothing outside of it is mixed in.
 */
#ifndef SN_MIME_SECURE_H
#define SN_MIME_SECURE_H

#include "src/base/opened.h"
#include "src/mime/gpg.h"

/*
 * Verifies and decrypts. An encrypted part beside others that are not is opened only with all_parts,
 * which is for when the user asks: else a stranger can slip in a text of others, and have the answer
 * quote it. Never NULL; blocks, see gpg.h. Thread: as sn_mail_parse().
 */
SnOpened *sn_mail_open(GBytes *raw, const SnGpg *gpg, gboolean all_parts);

#endif
