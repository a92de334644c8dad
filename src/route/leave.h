/* SPDX-License-Identifier: GPL-3.0-or-later */
/* leave.h - the email that asks to be taken off a mailing list (RFC 2369). */
#ifndef SN_ROUTE_LEAVE_H
#define SN_ROUTE_LEAVE_H

#include "src/config/config.h"
#include "src/store/unsubscribe.h"

/*
 * Queues it, from the own address that the list writes to. message: with SN_MESSAGE_FULL. mailto: its
 * List-Unsubscribe URI. name: of the list. send_at: 0 now. The outbox entry; 0 with error.
 */
SnId sn_leave_by_mail(SnStore *store, const SnConfig *config, const SnMessage *message, const char *name,
                      const char *mailto, SnTime now, SnTime send_at, GError **error);

#endif
