/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/config/config.h"

const SnIdentity *sn_account_identity(const SnAccount *account, const char *address)
{
	for (guint i = 0; address && i < account->identities->len; i++) {
		const SnIdentity *identity = account->identities->pdata[i];
		if (g_ascii_strcasecmp(identity->address, address) == 0)
			return identity;
	}
	return NULL;
}

const SnIdentity *sn_config_identity(const SnConfig *config, const char *address,
                                     const SnAccount **account)
{
	for (gsize i = 0; i < sn_config_account_count(config); i++) {
		const SnAccount *one = sn_config_account(config, i);
		const SnIdentity *identity = one->enabled ? sn_account_identity(one, address) : NULL;
		if (identity && account)
			*account = one;
		if (identity)
			return identity;
	}
	return NULL;
}

gboolean sn_config_declare(const SnConfig *config, SnStore *store, GError **error)
{
	gsize count = sn_config_account_count(config);
	g_autofree SnOwnAccount *own = g_new0(SnOwnAccount, count + 1);
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);

	for (gsize i = 0; i < count; i++) {
		const SnAccount *account = sn_config_account(config, i);
		GPtrArray *mails = g_ptr_array_new();

		if (account->from_address)
			g_ptr_array_add(mails, account->from_address);
		for (gsize j = 0; account->aliases[j]; j++)
			g_ptr_array_add(mails, account->aliases[j]);
		g_ptr_array_add(mails, NULL);
		g_ptr_array_add(lists, mails);
		own[i] = (SnOwnAccount){
			.name = account->name,
			.mail_addresses = (const char *const *)mails->pdata,
			.im_address = account->im.kind == SN_ENDPOINT_XMPP ? account->im.user : NULL,
		};
	}
	return sn_own_accounts_set(store, own, count, error);
}
