/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto.h - where the keys of a profile are. */
#ifndef SN_ENGINE_CRYPTO_H
#define SN_ENGINE_CRYPTO_H

#include "src/config/config.h"
#include "src/mime/gpg.h"

/* The texts belong to config and paths. Nobody is asked for a passphrase. paths may be NULL. */
SnGpg sn_engine_gpg(const SnConfig *config, const SnPaths *paths);

#endif
