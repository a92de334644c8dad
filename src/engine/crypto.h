/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto.h - where the keys of a profile are. */
#ifndef SN_ENGINE_CRYPTO_H
#define SN_ENGINE_CRYPTO_H

#include "src/config/config.h"
#include "src/mime/gpg.h"

/* The texts belong to config. Nobody is asked for a passphrase. */
SnGpg sn_engine_gpg(const SnConfig *config);

#endif
