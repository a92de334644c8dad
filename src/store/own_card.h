/* SPDX-License-Identifier: GPL-3.0-or-later */
/* own_card.h - the vCard of an account: as it is on the server, and as the user wants it. Text of
 * lines as in src/base/card.h. */
#ifndef SN_STORE_OWN_CARD_H
#define SN_STORE_OWN_CARD_H

#include "src/store/wish.h"

/* What is wanted, else as it was read last ("" when there is none); NULL: it was never read. Caller
 * frees. */
char *sn_own_card(SnStore *store, const char *account);
/* The engine's: it was read, or written. */
gboolean sn_own_card_is(SnStore *store, const char *account, const char *text, GError **error);
/* Comments are left out. INVALID, LIMIT: a line that cannot be; the card stays as it is. */
gboolean sn_own_card_want(SnStore *store, const char *account, const char *text, GError **error);

#endif
