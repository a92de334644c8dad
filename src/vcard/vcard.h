/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vcard.h - the user's vCard files (RFC 6350, 2426, vCard 2.1), read and completed in place (vdir). */
#ifndef SN_VCARD_VCARD_H
#define SN_VCARD_VCARD_H

#include <glib.h>

#include "src/base/error.h"

typedef struct sn_vcard {
	char *uid;       /* NULL */
	char *name;      /* FN, else N; NULL */
	char **mails;    /* preferred first; NULL-terminated, never NULL */
	char **jids;     /* from IMPP, X-JABBER, X-SERVICE-TYPE forms; bare, NULL-terminated */
	char **unsure;   /* from IMPP without scheme and service: perhaps a JID; the same */
	char *file;      /* where it was read */
} SnVcard;
void sn_vcard_free(SnVcard *vcard);

/* All cards of a text (one file may hold many). Bad cards are skipped and counted. Of SnVcard. */
GPtrArray *sn_vcard_parse(const char *text, const char *file, int *bad);

typedef enum { SN_VCARD_3, SN_VCARD_4 } SnVcardVersion;
/* One card; version 3 is what every CardDAV server takes. Caller frees. */
char *sn_vcard_format(const SnVcard *vcard, SnVcardVersion version);
/*
 * The text of a file, in which the card with this uid, or else the first with one of these addresses,
 * has got those it lacked. Every other byte stays as it is. found: whether there is such a card; may
 * be NULL. NULL when nothing is to be changed. Caller frees.
 */
char *sn_vcard_complete(const char *text, const SnVcard *vcard, gboolean *found);

#endif
