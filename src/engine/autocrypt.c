/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/autocrypt.h"

#include <string.h>

#include "src/engine/crypto.h"
#include "src/mime/seal.h"
#include "src/store/people.h"
#include "src/store/peer.h"

static const char *sender_of(const SnMail *mail)
{
	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *one = mail->addresses->pdata[i];
		if (one->role == SN_MAIL_FROM)
			return one->address;
	}
	return NULL;
}

gboolean sn_autocrypt_file(SnStore *store, const SnConfig *config, const SnMail *mail, SnId sender,
                           SnTime time, SnTime now, GError **error)
{
	if (!sn_config_settings(config)->crypto_autocrypt || !mail->tells_key)
		return TRUE;
	/* the user's own server found that somebody else wrote it */
	if (mail->authentication && strstr(mail->authentication, "dmarc=fail"))
		return TRUE;
	g_autofree char *address = sn_address_normalise(SN_CHANNEL_MAIL, sender_of(mail));
	if (!address)
		return TRUE;
	SnPeerSeen seen = { .address = address, .sender = sender, .time = MIN(time, now) };
	if (mail->autocrypt) {
		seen.key = mail->autocrypt->key;
		seen.fingerprint = mail->autocrypt->fingerprint;
		seen.mutual = mail->autocrypt->mutual;
	}
	return sn_peer_seen(store, &seen, error);
}

/* ---- reading with keys that came by email ---- */

char *sn_autocrypt_bring_key(SnStore *store, const SnConfig *config, const SnGpg *gpg, GBytes *raw)
{
	if (!store || !gpg->own_home || !sn_config_settings(config)->crypto_autocrypt)
		return NULL;
	g_autoptr(SnMail) mail = sn_mail_parse(raw, NULL, NULL);
	const char *from = mail ? sender_of(mail) : NULL;
	g_autofree char *address = from ? sn_address_normalise(SN_CHANNEL_MAIL, from) : NULL;
	g_autoptr(SnPeer) peer = address && mail->secure ? sn_peer_get(store, address) : NULL;
	GBytes *key = peer ? (peer->key ? peer->key : peer->gossip_key) : NULL;
	const char *fingerprint = peer && peer->key ? peer->fingerprint
	                          : peer            ? peer->gossip_fingerprint
	                                            : NULL;
	if (!key)
		return NULL;
	g_autoptr(GPtrArray) here = sn_gpg_keys(gpg, FALSE, FALSE, fingerprint);
	if (!here->len && !sn_gpg_take_key(gpg, key, address, fingerprint, NULL))
		return NULL;
	return g_strdup(fingerprint);
}

/* ---- the user's own key ---- */

static SnKey *find_key(const SnGpg *gpg, const SnKeyAsk *ask, GError **error)
{
	if (!ask->key)
		return sn_seal_key(gpg, FALSE, TRUE, ask->address);
	g_autoptr(GPtrArray) keys = sn_gpg_keys(gpg, FALSE, TRUE, ask->key);
	if (keys->len == 1)
		return g_ptr_array_steal_index(keys, 0);
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
	            keys->len ? "gpg has several keys with a secret part for %s: name one by its "
	                        "fingerprint"
	                      : "gpg has no key with a secret part for %s",
	            ask->key);
	return NULL;
}

static char *choose_key(const SnConfig *config, const SnKeyAsk *ask, gboolean *made, GError **error)
{
	SnGpg gpg = sn_engine_gpg(config);
	const SnIdentity *identity = sn_config_identity(config, ask->address, NULL);
	g_autoptr(GError) own_error = NULL;
	g_autoptr(SnKey) key = ask->make ? NULL : find_key(&gpg, ask, &own_error);

	g_assert(identity);
	if (own_error) {
		g_propagate_error(error, g_steal_pointer(&own_error));
		return NULL;
	}
	if (key && key->can_encrypt && key->can_sign && !key->revoked && !key->expired)
		return g_strdup(key->fingerprint);
	if (key) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "The key %s cannot both sign and encrypt. Repair it with gpg, or have a new "
		            "one made (--new)", key->fingerprint);
		return NULL;
	}
	if (!gpg.own_home) {
		g_set_error_literal(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
		                    "There is no place to keep a new key in");
		return NULL;
	}
	*made = TRUE;
	return sn_gpg_make_key(&gpg, identity->name, identity->address, error);
}

gboolean sn_autocrypt_set_up(SnStore *store, const SnConfig *config, const SnKeyAsk *ask,
                             SnKeyChosen *chosen, GError **error)
{
	g_autofree char *before = NULL;

	if (!sn_config_identity(config, ask->address, NULL)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "%s is no address of an account of yours",
		            ask->address);
		return FALSE;
	}
	before = store ? sn_own_key(store, ask->address) : NULL;
	if (before) {
		g_set_error(error, SN_ERROR, SN_ERROR_EXISTS, "The key of %s is %s already", ask->address,
		            before);
		return FALSE;
	}
	chosen->fingerprint = choose_key(config, ask, &chosen->made, error);
	return chosen->fingerprint &&
	       (!store || sn_own_key_set(store, ask->address, chosen->fingerprint, error));
}
