/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reach.h - the addresses of XEP-0152, in the order of preference: mailto:, xmpp:, and tel:, which is
 * only shown. */
#ifndef SN_ROUTE_REACH_H
#define SN_ROUTE_REACH_H

#include "src/store/policy.h"

/* The address in a mailto: or xmpp: URI, without what follows a '?', normalised; NULL when it is none.
 * Caller frees. */
char *sn_reach_address(const char *uri, SnChannel *channel);
/*
 * A URI to publish, in normal form; a bare email address is taken for mailto:. NULL with
 * SN_ERROR_INVALID. Caller frees.
 */
char *sn_reach_uri(const char *text, GError **error);
/* What the person publishes, of all addresses, best first, each once; refused ones too. Of char *. */
GPtrArray *sn_reach_of(SnStore *store, SnId person);
/* The first email address that the person publishes and that is confirmed as theirs; NULL. Caller
 * frees. */
char *sn_reach_mail(SnStore *store, SnId person);

#endif
