/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an email is to go by what the user, the account and the keys of its recipients say. */
#include "src/route/plan_private.h"
#include "src/route/recommend.h"
#include "src/store/peer.h"

/* What is known of the keys of those on a list. Whether a key works shows when it goes. */
static void add_peers(SnStore *store, const GPtrArray *parties, GArray *peers)
{
	for (guint i = 0; parties && i < parties->len; i++) {
		const SnParty *party = parties->pdata[i];
		SnRecommendPeer facts = { 0 };
		if (party->role == SN_ROLE_FROM || party->role == SN_ROLE_REPLY_TO)
			continue;
		g_autofree char *address = sn_address_normalise(SN_CHANNEL_MAIL, party->address);
		g_autoptr(SnPeer) peer = address ? sn_peer_get(store, address) : NULL;
		if (peer)
			facts = (SnRecommendPeer){ peer->key != NULL, peer->gossip_key != NULL,
				                   peer->key_time, peer->last_seen, peer->mutual };
		g_array_append_val(peers, facts);
	}
}

/* Everybody's program said that encryption is to be on by itself, and so did the user. */
static gboolean is_recommended(SnStore *store, const SnConfig *config, const SnPlanRequest *request,
                               const SnPlan *plan)
{
	const SnSettings *settings = sn_config_settings(config);
	g_autofree char *own = NULL;

	if (request->encrypt != SN_ENCRYPT_NONE || !settings->crypto_autocrypt ||
	    !settings->crypto_prefer_encrypt || !plan->from || !(own = sn_own_key(store, plan->from)))
		return FALSE;
	g_autoptr(GArray) peers = g_array_new(FALSE, TRUE, sizeof(SnRecommendPeer));
	add_peers(store, plan->recipients, peers);
	add_peers(store, request->also, peers);
	return sn_recommend((const SnRecommendPeer *)(void *)peers->data, peers->len, TRUE, FALSE) ==
	       SN_RECOMMEND_ENCRYPT;
}

void sn_plan_mail_encryption(SnStore *store, const SnConfig *config, const SnPlanRequest *request,
                             SnPlan *plan)
{
	const SnAccount *account = sn_config_account_named(config, plan->account_name);
	g_autofree char *open = g_steal_pointer(&plan->text);

	if (plan->encrypt == SN_ENCRYPT_CLEAR)
		plan->encrypt = SN_ENCRYPT_NONE;
	plan->encrypt = MAX(plan->encrypt, account ? account->encrypt : SN_ENCRYPT_NONE);
	if (plan->encrypt != SN_ENCRYPT_REQUIRED && is_recommended(store, config, request, plan)) {
		plan->encrypt = SN_ENCRYPT_REQUIRED;
		plan->recommended = TRUE;
	}
	plan->encrypted = plan->encrypt == SN_ENCRYPT_REQUIRED;
	plan->sign = request->sign == SN_SIGN_YES ||
	             (request->sign == SN_SIGN_DEFAULT && account && account->sign);
	plan->text = g_strconcat(open,
	                         plan->recommended ? ", encrypted as you all prefer"
	                         : plan->encrypted ? ", encrypted"
	                         : plan->encrypt ? ", encrypted if possible"
	                         : plan->sign ? ", signed" : "", NULL);
}
