/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vcard.h - the user's vCard files (RFC 6350, 2426, vCard 2.1), read in place (vdir). */
#ifndef SN_VCARD_VCARD_H
#define SN_VCARD_VCARD_H

#include <glib.h>

#include "src/base/error.h"

typedef struct {
	char *uid;       /* NULL */
	char *name;      /* FN, else N; NULL */
	char **mails;    /* preferred first; NULL-terminated, never NULL */
	char **jids;     /* from IMPP, X-JABBER, X-SERVICE-TYPE forms; bare, NULL-terminated */
	char *file;      /* where it was read */
} SnVcard;
void sn_vcard_free(SnVcard *vcard);

/* All cards of a text (one file may hold many). Bad cards are skipped and counted. Of SnVcard. */
GPtrArray *sn_vcard_parse(const char *text, const char *file, int *bad);
/* One card as vCard 3.0 text (what every CardDAV server takes). Caller frees. */
char *sn_vcard_format(const SnVcard *vcard);

#endif
