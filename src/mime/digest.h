/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest.h - the names of bytes: GLib's own hash takes ten times as long as the processor needs. */
#ifndef SN_MIME_DIGEST_H
#define SN_MIME_DIGEST_H

#include <glib.h>

/* SHA-256, as 64 hex digits. Caller frees. Any thread. */
char *sn_sha256(gconstpointer bytes, gsize length);

#endif
