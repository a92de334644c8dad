/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/route/plan_private.h"
#include "src/store/sync.h"

static gboolean has_end(const SnAccount *account, SnChannel channel)
{
	if (!account || !account->enabled)
		return FALSE;
	if (channel == SN_CHANNEL_IM)
		return account->im.kind == SN_ENDPOINT_XMPP;
	return account->outgoing.kind != SN_ENDPOINT_NONE && account->from_address;
}

static const SnAccount *by_id(const SnPlanner *self, SnId id, SnChannel channel)
{
	g_autofree char *name = id ? sn_account_name(self->store, id) : NULL;
	const SnAccount *account = name ? sn_config_account_named(self->config, name) : NULL;

	return has_end(account, channel) ? account : NULL;
}

/* The one the message answered came to, else the one whose roster has the contact, else the
 * first that can. */
const SnAccount *sn_plan_account(const SnPlanner *self, SnChannel channel, SnId address)
{
	const SnAccount *account =
		self->answered ? by_id(self, self->answered->account, channel) : NULL;
	SnId roster;

	if (!account && channel == SN_CHANNEL_IM && address &&
	    sn_roster_get(self->store, address, &roster, NULL, NULL))
		account = by_id(self, roster, channel);
	for (gsize i = 0; !account && i < sn_config_account_count(self->config); i++)
		if (has_end(sn_config_account(self->config, i), channel))
			account = sn_config_account(self->config, i);
	return account;
}

const char *sn_plan_from(const SnPlanner *self, const SnAccount *account, SnChannel channel)
{
	const SnMessage *answered = self->answered;

	if (channel == SN_CHANNEL_IM)
		return account->im.user;
	if (!answered || answered->channel != SN_CHANNEL_MAIL || !answered->parties)
		return account->from_address;
	for (guint i = 0; i < answered->parties->len; i++) {
		const SnParty *party = answered->parties->pdata[i];
		for (char **alias = account->aliases; alias && *alias; alias++)
			if (g_ascii_strcasecmp(*alias, party->address) == 0)
				return *alias;
	}
	return account->from_address;
}

gboolean sn_plan_connected(const SnPlanner *self, const char *account)
{
	g_autoptr(GPtrArray) rows = sn_status_list(self->store);

	for (guint i = 0; rows && i < rows->len; i++) {
		const SnStatus *status = rows->pdata[i];
		if (strcmp(status->account, account) == 0 && strcmp(status->end, "im") == 0)
			return status->kind == SN_STATUS_ONLINE ||
			       status->kind == SN_STATUS_SYNCING;
	}
	return TRUE;
}
