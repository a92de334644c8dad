/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wait.h - waiting for an outbox entry by its bell. */
#ifndef SN_CLI_WAIT_H
#define SN_CLI_WAIT_H

#include "src/cli/cli_private.h"

/*
 * Waits until the entry arrived, failed, needs the user, or `seconds` passed; prints its state (or
 * the entry as JSON). Exit code by that state. Nothing is polled: the store's bell wakes it.
 */
int sn_wait_entry(SnStore *store, SnId id, gint64 seconds, gboolean json);

/*
 * Waits a moment until the engine has done what was asked of it, and prints the state that it led
 * to. The exit code: 1 when it was too late for it, 6 when the engine has not answered yet.
 */
int sn_wait_request(SnStore *store, SnId id);

#endif
