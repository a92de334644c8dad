/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vcard_private.h - shared by vcard.c (of contacts) and vcard_own.c (the user's own). */
#ifndef SN_BACKENDS_XMPP_VCARD_PRIVATE_H
#define SN_BACKENDS_XMPP_VCARD_PRIVATE_H

#include "backends/xmpp/xmpp_private.h"

#define SN_NS_VCARD4 "urn:ietf:params:xml:ns:vcard-4.0"
#define SN_NODE_VCARD4 "urn:xmpp:vcard4"
#define SN_NS_VCARD_TEMP "vcard-temp"

/* jid NULL: our own. */
xmpp_stanza_t *sn_vcard4_query(SnIm *im, const char *jid);
xmpp_stanza_t *sn_vcard4_of(xmpp_stanza_t *answer); /* NULL */
/* "key: value" lines (src/base/card.h). form: 0 XEP-0054, 1 XEP-0292. Caller frees. */
char *sn_vcard_lines(xmpp_stanza_t *card, int form);
/* VCARD_PUT */
void sn_vcard_put(SnIm *im, SnXmppJob *job);

#endif
