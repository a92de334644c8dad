/* SPDX-License-Identifier: GPL-3.0-or-later */
/* autocrypt.h - keys that come and go with email (Autocrypt Level 1, version 1.1). */
#ifndef SN_ENGINE_AUTOCRYPT_H
#define SN_ENGINE_AUTOCRYPT_H

#include "src/config/config.h"
#include "src/mime/gpg.h"
#include "src/mime/mail.h"
#include "src/route/outlook.h"

/*
 * What an email that was received says of its sender's key; within the transaction that files it.
 * sender: row of its From. time: when it was sent, by its own word. received: when it came in.
 */
gboolean sn_autocrypt_file(SnStore *store, const SnConfig *config, const SnMail *mail, SnId sender,
                           SnTime time, SnTime now, GError **error);

/*
 * Before an email is opened: the key that came with email from its sender is put where gpg finds it.
 * Its fingerprint, caller frees; NULL none. Asks gpg.
 */
char *sn_autocrypt_bring_key(SnStore *store, const SnConfig *config, const SnGpg *gpg, GBytes *raw);

/*
 * Chooses the key that goes along with email from an own address: the one named, else the best of
 * the user's for it, else a new one in sennit's own keyring. What was chosen before stays
 * (SN_ERROR_EXISTS). store NULL: it is only chosen, and the caller writes it down (sn_own_key_set()).
 * Asks gpg.
 */
gboolean sn_autocrypt_set_up(SnStore *store, const SnConfig *config, const SnKeyAsk *ask,
                             SnKeyChosen *chosen, GError **error);

#endif
