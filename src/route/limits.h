/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limits.h - what an account's servers take, as they told last. The engine learns it and writes it
 * down, so that the user can be told before something is sent, with or without a line.
 */
#ifndef SN_ROUTE_LIMITS_H
#define SN_ROUTE_LIMITS_H

#include "src/store/store.h"

#define SN_LIMIT_UNKNOWN ((gint64)-1)

typedef struct {
	gint64 upload; /* bytes of a file (XEP-0363); 0: no service; G_MAXINT64: no limit told */
	gint64 stanza; /* bytes of a stanza (XEP-0478) */
	gint64 mail;   /* bytes of an email (RFC 1870) */
} SnLimits;

/* account: its name. What was never told is SN_LIMIT_UNKNOWN. */
void sn_limits_get(SnStore *store, const char *account, SnLimits *limits);
/* Writes what differs; UNKNOWN keeps what is known. */
gboolean sn_limits_set(SnStore *store, const char *account, const SnLimits *limits,
                       GError **error);

#endif
