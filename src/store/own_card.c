/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/own_card.h"

#include "src/base/card.h"
#include "src/store/store.h"

static char *key_of(const char *account)
{
	return g_strconcat("own-card ", account, NULL);
}

char *sn_own_card(SnStore *store, const char *account)
{
	char *wanted = sn_wish_get(store, SN_WISH_CARD, account);
	g_autofree char *key = key_of(account);

	return wanted ? wanted : sn_store_get(store, key);
}

gboolean sn_own_card_is(SnStore *store, const char *account, const char *text, GError **error)
{
	g_autofree char *key = key_of(account);

	return sn_store_set(store, key, text, error);
}

gboolean sn_own_card_want(SnStore *store, const char *account, const char *text, GError **error)
{
	g_autoptr(GPtrArray) lines = sn_card_parse(text, error);
	g_autoptr(GString) bare = g_string_new(NULL);

	for (guint i = 0; lines && i < lines->len; i++) {
		const SnCardLine *line = lines->pdata[i];
		g_string_append_printf(bare, "%s: %s\n", line->key, line->value);
	}
	return lines && sn_wish_set(store, SN_WISH_CARD, account, bare->str, error);
}
