/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer.h - another XMPP client than ours (tests/e2e/peer.py, slixmpp), for integration tests. */
#ifndef SN_TESTS_LIB_PEER_H
#define SN_TESTS_LIB_PEER_H

#include "tests/lib/servers.h"

typedef struct peer Peer;

/* Logs in as `jid` (may name a resource), password USER-secret; NULL when slixmpp is not there. */
Peer *peer_new(const SnServers *servers, const char *jid);
void peer_free(Peer *peer); /* ends it; NULL is fine */
void peer_send(Peer *peer, const char *to, const char *body);
/* show: NULL = available. */
void peer_presence(Peer *peer, const char *show, const char *status, int priority);
/* The next line (JSON) of the peer that has `text` in it; others before it are dropped. NULL when
 * `seconds` passed. Caller frees. */
char *peer_wait(Peer *peer, const char *text, int seconds);

#endif
