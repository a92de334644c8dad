/* SPDX-License-Identifier: GPL-3.0-or-later */
/* raw_file.h - bytes of an email that stay in its Maildir. Any thread. */
#ifndef SN_STORE_RAW_FILE_H
#define SN_STORE_RAW_FILE_H

#include <glib.h>

/*
 * Reads the message `base` (its file name without flags) of the Maildir folder `directory`, whatever
 * its flags are by now and whether mbsync has renamed it. Only what has `size` bytes with that
 * SHA-256 is taken. NULL when there is no such file: it was moved or deleted, or is another one.
 */
GBytes *sn_raw_file_read(const char *directory, const char *base, gint64 size, const char *sha256);

#endif
