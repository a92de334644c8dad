/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret_service.h - the desktop's secret service through libsecret, which is loaded on first use
 * only. Items have the attributes user, host and protocol ("imap", "smtp", "xmpp"), so that
 * `secret-tool store --label=... user U host H protocol P` makes one as well.
 */
#ifndef SN_CONFIG_SECRET_SERVICE_H
#define SN_CONFIG_SECRET_SERVICE_H

#include "src/config/config.h"

/* NULL with SN_ERROR_AUTH when there is none, or no service. Blocks. */
char *sn_secret_service_lookup(const SnEndpoint *endpoint, GError **error);

#endif
