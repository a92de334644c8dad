/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resolve.h - a host name's addresses, without being stuck in the resolver. */
#ifndef SN_BACKENDS_MAIL_RESOLVE_H
#define SN_BACKENDS_MAIL_RESOLVE_H

#include <netdb.h>

#include "src/base/error.h"

/*
 * getaddrinfo() cannot be interrupted, so it runs on a thread of its own that is left behind when
 * cancel_fd becomes readable (SN_ERROR_CANCELLED) or timeout_ms is over. Free with freeaddrinfo().
 */
struct addrinfo *sn_resolve(const char *host, guint16 port, int cancel_fd, int timeout_ms,
                            GError **error);

#endif
