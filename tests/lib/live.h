/* SPDX-License-Identifier: GPL-3.0-or-later */
/* live.h - engines with the real backends, each with a profile of its own, on tests/servers. */
#ifndef SN_TESTS_LIB_LIVE_H
#define SN_TESTS_LIB_LIVE_H

#include "src/engine/engine.h"
#include "src/store/outbox.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

typedef struct {
	char *user;
	SnBench *bench;
	SnEngine *engine; /* NULL: stopped */
	gboolean tells;   /* its notifications go to sn_live_told(); one engine at a time */
} SnLive;

/* extra: more lines of the account (NULL); settings: of sennit.conf (NULL). Not started yet. */
void sn_live_open(SnLive *live, const SnServers *servers, const char *user, const char *extra,
                  const char *settings);
void sn_live_start(SnLive *live);
/* Runs until everything is synced. */
void sn_live_settle(SnLive *live);
void sn_live_stop(SnLive *live);
void sn_live_close(SnLive *live); /* one that was never opened is fine */

/* Queues a message to these addresses, with blanks between; its entry. */
SnId sn_live_send(SnLive *live, SnChannel channel, const char *to, const char *body);
/* Waits until the entry is in the state; FALSE after half a minute. */
gboolean sn_live_wait_state(SnLive *live, SnId entry, SnState state);
/* Notifications of the engine that tells, newest last, "title\nbody\n". Taken; caller frees. */
char *sn_live_told(int timeout_ms);

#endif
