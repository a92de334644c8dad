/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host.h - the engine of a client, on a thread of its own so that the screen waits for nothing.
 *
 * When another process runs the profile's engine the client uses that one; should it end (another
 * client was closed), this one takes over. Nothing is polled: releasing the lock closes its file,
 * and inotify tells that.
 */
#ifndef SN_HOST_H
#define SN_HOST_H

#include "src/config/config.h"
#include "ui/ui.h"

typedef struct sn_host SnHost;

/* paths must outlive the host; a reference to config is taken. Nothing is started yet. */
SnHost *sn_host_new(SnPaths *paths, SnConfig *config);
/* What the client calls; its data is the host. */
SnUiHost sn_host_callbacks(SnHost *host);
/* Stops the engine if it is ours (up to three seconds) and frees; NULL is fine. */
void sn_host_free(SnHost *host);

#endif
