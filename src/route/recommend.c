/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/recommend.h"

#define STALE (35 * SN_DAY) /* emails came without a key for this long: it may be gone there */

const char *sn_recommend_word(SnRecommend recommend)
{
	static const char *const words[] = {
#define X(name, word) word,
		SN_RECOMMEND_TABLE(X)
#undef X
	};

	g_assert((gsize)recommend < G_N_ELEMENTS(words));
	return words[recommend];
}

static SnRecommend of_one(const SnRecommendPeer *peer, gboolean mutual, gboolean answers_encrypted)
{
	if (!peer->key && !peer->gossip_key)
		return SN_RECOMMEND_DISABLE;
	SnRecommend first = !peer->key || peer->last_seen - peer->key_time > STALE
	                            ? SN_RECOMMEND_DISCOURAGE
	                            : SN_RECOMMEND_AVAILABLE;
	if (answers_encrypted || (first == SN_RECOMMEND_AVAILABLE && mutual && peer->mutual))
		return SN_RECOMMEND_ENCRYPT;
	return first;
}

SnRecommend sn_recommend(const SnRecommendPeer *peers, gsize count, gboolean mutual,
                         gboolean answers_encrypted)
{
	SnRecommend worst = SN_RECOMMEND_ENCRYPT;

	for (gsize i = 0; i < count; i++)
		worst = MIN(worst, of_one(&peers[i], mutual, answers_encrypted));
	return count ? worst : SN_RECOMMEND_DISABLE;
}
