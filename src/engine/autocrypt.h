/* SPDX-License-Identifier: GPL-3.0-or-later */
/* autocrypt.h - keys that come and go with email (Autocrypt Level 1, version 1.1). */
#ifndef SN_ENGINE_AUTOCRYPT_H
#define SN_ENGINE_AUTOCRYPT_H

#include "src/config/config.h"
#include "src/mime/mail.h"

/*
 * What an email that was received says of its sender's key; within the transaction that files it.
 * sender: row of its From. time: when it was sent, by its own word. received: when it came in.
 */
gboolean sn_autocrypt_file(SnStore *store, const SnConfig *config, const SnMail *mail, SnId sender,
                           SnTime time, SnTime now, GError **error);

#endif
