/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vault.h - private keys at rest. What of OMEMO is secret (keys, sessions) has to change in one
 * transaction with the messages, so it lies in the database, but sealed with a key that lies beside
 * it in a file of its own (0600): the database, its copies and exports hold no secret.
 */
#ifndef SN_OMEMO_VAULT_H
#define SN_OMEMO_VAULT_H

#include <glib.h>

typedef struct sn_vault SnVault;

/* Opens the key file, and makes it when it is not there. *fresh: it was made now, so nothing that was
 * sealed before can be opened any more; may be NULL. SN_ERROR_STORAGE, SN_ERROR_PERMISSION (others may
 * read the file), SN_ERROR_INVALID (it is no key). */
SnVault *sn_vault_open(const char *path, gboolean *fresh, GError **error);
/* With a key that is nowhere kept, for tests. */
SnVault *sn_vault_new(void);
void sn_vault_free(SnVault *vault); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnVault, sn_vault_free)

/* place: where it belongs, so that what is moved elsewhere does not open. */
GBytes *sn_vault_seal(const SnVault *vault, GBytes *secret, const char *place);
/* NULL: it was not sealed with this key, or for another place. */
GBytes *sn_vault_unseal(const SnVault *vault, GBytes *sealed, const char *place);

#endif
