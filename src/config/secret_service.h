/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret_service.h - the desktop's secret service through libsecret, which is loaded on first use
 * only. Items have the attributes user, host and protocol ("imap", "smtp", "xmpp"), so that
 * `secret-tool store --label=... user U host H protocol P` makes one as well; a refresh token has
 * the provider as host and "oauth2" as protocol.
 */
#ifndef SN_CONFIG_SECRET_SERVICE_H
#define SN_CONFIG_SECRET_SERVICE_H

#include "src/config/config.h"

/* Borrowed strings, none NULL. */
typedef struct {
	const char *user, *host, *protocol;
} SnSecretItem;

/* All block, at most for a minute: a locked keyring may ask the user on the desktop. NULL or FALSE
 * with UNAVAILABLE (no bus, no service, locked), NOT_FOUND (no such item). */
char *sn_secret_item_lookup(const SnSecretItem *item, GError **error);
gboolean sn_secret_item_store(const SnSecretItem *item, const char *label, const char *secret,
                              GError **error);
gboolean sn_secret_item_clear(const SnSecretItem *item, GError **error);

/* What the secret service is, for people: "gnome-keyring, unlocked". FALSE with what is missing. */
gboolean sn_secret_service_look(char **text, GError **error);

/* NULL with SN_ERROR_AUTH when there is none, or no service. Blocks. */
char *sn_secret_service_lookup(const SnEndpoint *endpoint, GError **error);

#endif
