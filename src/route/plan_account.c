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

/* The own address that a message was written to: as its To and Cc say, else where it came in
 * (Bcc, a mailing list, an alias of the server). */
static const SnIdentity *written_to(const SnAccount *account, const SnMessage *message)
{
	static const SnRole roles[] = { SN_ROLE_TO, SN_ROLE_CC, SN_ROLE_BCC, SN_ROLE_DELIVERED };

	/* an own one is continued as it began */
	if (message->direction == SN_OUT)
		return sn_account_identity(account, message->sender_value);
	for (gsize r = 0; r < G_N_ELEMENTS(roles); r++)
		for (guint i = 0; message->parties && i < message->parties->len; i++) {
			const SnParty *party = message->parties->pdata[i];
			const SnIdentity *identity =
				party->role == roles[r] ? sn_account_identity(account, party->address)
				                        : NULL;
			if (identity)
				return identity;
		}
	return NULL;
}

/* The one that the user wants to write from, else the one that was written to; NULL: neither. */
static const SnIdentity *wanted(const SnPlanner *self, const SnAccount **account)
{
	const SnMessage *answered = self->answered;
	const SnAccount *home;
	const SnIdentity *identity =
		self->request->sender
			? sn_config_identity(self->config, self->request->sender, account)
			: NULL;

	if (identity && has_end(*account, SN_CHANNEL_MAIL))
		return identity;
	if (!answered || answered->channel != SN_CHANNEL_MAIL)
		return NULL;
	home = by_id(self, answered->account, SN_CHANNEL_MAIL);
	*account = home;
	if (home && (identity = written_to(home, answered)))
		return identity;
	/* it was passed on from another account of the user's */
	for (gsize i = 0; i < sn_config_account_count(self->config); i++) {
		*account = sn_config_account(self->config, i);
		if (*account != home && has_end(*account, SN_CHANNEL_MAIL) &&
		    (identity = written_to(*account, answered)))
			return identity;
	}
	return NULL;
}

/* Whose address is used, else the one the message answered came to, else the one whose roster has
 * the contact, else the first that can. */
const SnAccount *sn_plan_account(const SnPlanner *self, SnChannel channel, SnId address)
{
	const SnAccount *account = NULL;
	SnId roster;

	if (channel == SN_CHANNEL_MAIL && wanted(self, &account))
		return account;
	account = self->answered ? by_id(self, self->answered->account, channel) : NULL;
	if (!account && channel == SN_CHANNEL_IM && address &&
	    sn_roster_get(self->store, address, &roster, NULL, NULL))
		account = by_id(self, roster, channel);
	for (gsize i = 0; !account && i < sn_config_account_count(self->config); i++)
		if (has_end(sn_config_account(self->config, i), channel))
			account = sn_config_account(self->config, i);
	return account;
}

const SnIdentity *sn_plan_identity(const SnPlanner *self, const SnAccount *account)
{
	const SnAccount *own = NULL;
	const SnIdentity *identity = wanted(self, &own);

	return identity && own == account ? identity
	                                  : sn_account_identity(account, account->from_address);
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
