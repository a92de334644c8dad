/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine_bench.h - a store, a configuration and a directory to try the engine's parts in. */
#ifndef SN_TESTS_ENGINE_BENCH_H
#define SN_TESTS_ENGINE_BENCH_H

#include "src/base/bell.h"
#include "src/engine/engine.h"
#include "src/store/outbox.h"
#include "src/store/sync.h"

typedef struct {
	char *dir;
	SnPaths *paths;
	SnConfig *config;
	SnStore *store;
	SnBell *bell;
} SnBench;

/* accounts NULL: alice@example.test with mail and IM. settings: text of sennit.conf; NULL. */
SnBench *sn_bench_new(const char *accounts, const char *settings, SnStoreRole role);
void sn_bench_free(SnBench *bench);
void sn_bench_remove(const char *path); /* with all below it */

/* Headers with CRLF from pairs "Name: value"; then the body. */
GBytes *sn_bench_mail(const char *headers, const char *body);
/* Files a mail as if it had been received by itself; its id. */
SnId sn_bench_ingest(SnBench *bench, const char *headers, const char *body, SnAddResult *result);
SnMessage *sn_bench_message(SnBench *bench, SnId id);
/* The address whose value this is; fails when there is none. */
SnAddress *sn_bench_address(SnBench *bench, SnChannel channel, const char *value);
/* What the store thinks of the person of an email address: the claim for this JID; NULL. */
SnAddress *sn_bench_candidate(SnBench *bench, const char *mail, const char *jid);

/* Waits for the condition, looking whenever the store's bell rings; FALSE after half a minute. */
gboolean sn_bench_wait(SnBench *bench, gboolean (*condition)(SnBench *bench, gpointer data),
                       gpointer data);
/* The same for a named value of the store; NULL: until it is gone. */
gboolean sn_bench_wait_value(SnBench *bench, const char *key, const char *value);

#endif
