/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer.h - keys of others that came by email, and what they said with them: the peer state of
 * Autocrypt Level 1 (version 1.1, sections 2.3 and 3). A claim of whoever wrote the email.
 */
#ifndef SN_STORE_PEER_H
#define SN_STORE_PEER_H

#include "src/store/store.h"

typedef struct {
	char *address;
	SnTime last_seen;  /* of the newest email from it that could have had a header */
	SnTime key_time;   /* autocrypt_timestamp: of the newest email that had one; 0 none */
	GBytes *key;       /* as it came; NULL: it was only told of by others */
	char *fingerprint; /* of it; NULL */
	gboolean mutual;   /* prefers encryption with those who do, too */
	SnTime gossip_time;
	GBytes *gossip_key; /* as another told it; NULL */
	char *gossip_fingerprint;
} SnPeer;
void sn_peer_free(SnPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnPeer, sn_peer_free)

SnPeer *sn_peer_get(SnStore *store, const char *address); /* NULL */
/* Those with a key, the newest first; of SnPeer, without the bytes of the keys. */
GPtrArray *sn_peer_list(SnStore *store, int limit);
/* Nothing more is known of it; until its next email. */
gboolean sn_peer_forget(SnStore *store, const char *address, GError **error);

/* An email from it (section 2.3). time: its date, not after its arrival. key NULL: it had no header.
 * What is older than what is known changes nothing. sender: row of the address, 0 unknown. */
typedef struct {
	const char *address;
	SnId sender;
	SnTime time;
	GBytes *key;
	const char *fingerprint;
	gboolean mutual;
} SnPeerSeen;
gboolean sn_peer_seen(SnStore *store, const SnPeerSeen *seen, GError **error);
/* What an encrypted email to both said of another recipient (section 3). */
gboolean sn_peer_gossip(SnStore *store, const char *address, SnTime time, GBytes *key,
                        const char *fingerprint, GError **error);

/* The key of the user's own that goes out with email from this address: fingerprint; NULL none. */
char *sn_own_key(SnStore *store, const char *address);
gboolean sn_own_key_set(SnStore *store, const char *address, const char *fingerprint, GError **error);

#endif
