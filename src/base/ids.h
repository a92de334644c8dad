/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ids.h - identifiers that are made once and never change. */
#ifndef SN_BASE_IDS_H
#define SN_BASE_IDS_H

#include <glib.h>

/* A random UUID (RFC 9562 version 4), for origin-ids (XEP-0359); caller frees. */
char *sn_id_origin(void);

/* A Message-ID without angle brackets (RFC 5322 section 3.6.4) below the domain of `address`. */
char *sn_id_message(const char *address);

/* The XMPP thread id of an email thread: hex of a SHA-256 over the root Message-ID (24 digits). */
char *sn_id_thread(const char *root_message_id);

#endif
