/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * service.h - the engine without a client: runs until it is told to end, and tells the service
 * manager how it is (sd_notify(3): a datagram to $NOTIFY_SOCKET; no library is needed for it).
 *
 * SIGTERM and SIGINT end it, SIGHUP reads the configuration again. Main thread.
 */
#ifndef SN_SERVICE_H
#define SN_SERVICE_H

#include "src/engine/engine.h"

typedef struct {
	const SnEngineOps *ops;
	SnPaths *paths;
	SnConfig **config;   /* the caller's; replaced when it is read again */
	SnEngineBackends backends;
	const SnStoreWatch *watch; /* told of a migration of the store; NULL */
	gboolean wait;       /* while another engine runs for the profile, wait for its end */
} SnService;

/* FALSE with error when the engine cannot be started (SN_ERROR_BUSY: another one runs). */
gboolean sn_service_run(const SnService *service, GError **error);

/* "READY=1", "STATUS=..."; several lines at once. FALSE when nobody listens. Any thread. */
gboolean sn_service_notify(const char *state);
/* How often the manager wants a sign of life, ms; 0 = not at all. */
guint sn_service_watchdog(void);

#endif
