/* SPDX-License-Identifier: GPL-3.0-or-later */
/* own.c - the user's own accounts and addresses. */
#include "src/store/map.h"
#include "src/store/private.h"

SnId sn_person_self(SnStore *store, GError **error)
{
	SnId self = sn_one(store, "SELECT id FROM person WHERE is_self LIMIT 1");

	if (self)
		return self;
	if (!sn_run(store, error, "INSERT INTO person (name, is_self) VALUES ('Me', 1)"))
		return 0;
	return sn_last_id(store);
}

static gboolean add_own(SnStore *store, SnId account, SnChannel channel, const char *value,
                        GError **error)
{
	SnId address = sn_address_make(store, channel, value, NULL, SN_NAME_TOLD, error);
	SnId self = address ? sn_person_self(store, error) : 0;

	if (!self)
		return FALSE;
	g_autofree char *normal = sn_address_normalise(channel, value);
	if (!sn_run(store, error,
	            "INSERT OR IGNORE INTO own_address (channel, value, account) "
	            "VALUES (?1, ?2, ?3)",
	            V(channel), V(normal), V(account)))
		return FALSE;
	if (sn_address_person(store, address) == self)
		return TRUE;
	/* Whatever is said about it: it is the user's now. */
	g_autoptr(GArray) dirty = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_array_append_val(dirty, address);
	return sn_map_settle(store, dirty, error);
}

static gboolean set_account(SnStore *store, const SnOwnAccount *own, GError **error)
{
	SnId account = sn_account_find(store, own->name);

	if (!account) {
		if (!sn_run(store, error, "INSERT INTO account (name) VALUES (?1)", V(own->name)))
			return FALSE;
		account = sn_last_id(store);
	}
	if (!sn_run(store, error, "DELETE FROM own_address WHERE account = ?1", V(account)))
		return FALSE;
	for (gsize i = 0; own->mail_addresses && own->mail_addresses[i]; i++)
		if (!add_own(store, account, SN_CHANNEL_MAIL, own->mail_addresses[i], error))
			return FALSE;
	return !own->im_address || add_own(store, account, SN_CHANNEL_IM, own->im_address, error);
}

/* The declared addresses as one text: an unchanged configuration writes nothing at the start. */
static char *describe(const SnOwnAccount *accounts, gsize count)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < count; i++) {
		g_string_append_printf(text, "%s\n", accounts[i].name);
		for (gsize j = 0; accounts[i].mail_addresses && accounts[i].mail_addresses[j]; j++)
			g_string_append_printf(text, "\tmail %s\n", accounts[i].mail_addresses[j]);
		if (accounts[i].im_address)
			g_string_append_printf(text, "\tim %s\n", accounts[i].im_address);
	}
	return g_string_free(text, FALSE);
}

gboolean sn_own_accounts_set(SnStore *store, const SnOwnAccount *accounts, gsize count,
                             GError **error)
{
	g_autofree char *known = sn_store_get(store, "own-accounts");
	g_autofree char *told = describe(accounts, count);
	gboolean ok = TRUE;

	if (g_strcmp0(known, told) == 0)
		return TRUE;
	if (!sn_store_begin(store, error))
		return FALSE;
	for (gsize i = 0; i < count && ok; i++)
		ok = set_account(store, &accounts[i], error);
	ok = ok && sn_store_set(store, "own-accounts", told, error);
	return sn_store_finish(store, ok, error);
}

SnId sn_account_find(SnStore *store, const char *name)
{
	return sn_one(store, "SELECT id FROM account WHERE name = ?1", V(name));
}

char *sn_account_name(SnStore *store, SnId account)
{
	return sn_one_text(store, "SELECT name FROM account WHERE id = ?1", V(account));
}

gboolean sn_address_is_own(SnStore *store, SnChannel channel, const char *value)
{
	g_autofree char *normal = sn_address_normalise(channel, value);

	return normal && sn_one(store, "SELECT 1 FROM own_address WHERE channel = ?1 AND value = ?2",
	                        V(channel), V(normal)) != 0;
}
