/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provider.h - private to src/omemo: the primitives in the form that libomemo-c calls them. */
#ifndef SN_OMEMO_PROVIDER_H
#define SN_OMEMO_PROVIDER_H

#include <signal_protocol.h>

extern const signal_crypto_provider sn_omemo_provider;

#endif
