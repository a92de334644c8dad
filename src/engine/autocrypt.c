/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/autocrypt.h"

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
