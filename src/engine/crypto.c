/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/crypto.h"

SnGpg sn_engine_gpg(const SnConfig *config)
{
	const char *home = sn_config_settings(config)->crypto_gnupg_home;

	return (SnGpg){ .home = home && *home ? home : NULL, .own_home = sn_config_keys(config) };
}
