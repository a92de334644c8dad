/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recommend.h - whether an email should go encrypted, by what its recipients said with their keys
 * (Autocrypt Level 1, version 1.1, section 2.4). A pure function. */
#ifndef SN_ROUTE_RECOMMEND_H
#define SN_ROUTE_RECOMMEND_H

#include <glib.h>

#include "src/base/clock.h"

#define SN_RECOMMEND_TABLE(X)                                                                  \
	X(DISABLE, "disable")       /* there is no key for somebody */                            \
	X(DISCOURAGE, "discourage") /* it may not be readable there */                            \
	X(AVAILABLE, "available")                                                                 \
	X(ENCRYPT, "encrypt")       /* by itself, unless the user says otherwise */
typedef enum {
#define X(name, word) SN_RECOMMEND_##name,
	SN_RECOMMEND_TABLE(X)
#undef X
} SnRecommend;
const char *sn_recommend_word(SnRecommend recommend);

/* Of one recipient; keys that are known not to work count as none. All 0: nothing is known. */
typedef struct {
	gboolean key, gossip_key;
	SnTime key_time, last_seen;
	gboolean mutual;
} SnRecommendPeer;

/* mutual: what the user prefers. answers_encrypted: it answers an email that came encrypted. */
SnRecommend sn_recommend(const SnRecommendPeer *peers, gsize count, gboolean mutual,
                         gboolean answers_encrypted);

#endif
