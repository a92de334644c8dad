/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/limits.h"

static char *key_of(const char *account, const char *what)
{
	return g_strdup_printf("limit.%s.%s", what, account);
}

static gint64 get(SnStore *store, const char *account, const char *what)
{
	g_autofree char *key = key_of(account, what);
	g_autofree char *text = sn_store_get(store, key);
	gint64 number;

	if (!text || !g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &number, NULL))
		return SN_LIMIT_UNKNOWN;
	return number;
}

void sn_limits_get(SnStore *store, const char *account, SnLimits *limits)
{
	*limits = (SnLimits){ .upload = get(store, account, "upload"),
		              .stanza = get(store, account, "stanza"),
		              .mail = get(store, account, "mail") };
}

static gboolean set(SnStore *store, const char *account, const char *what, gint64 number,
                    GError **error)
{
	g_autofree char *key = key_of(account, what);
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);

	if (number == SN_LIMIT_UNKNOWN || number == get(store, account, what))
		return TRUE;
	return sn_store_set(store, key, text, error);
}

gboolean sn_limits_set(SnStore *store, const char *account, const SnLimits *limits,
                       GError **error)
{
	g_assert(limits->upload >= SN_LIMIT_UNKNOWN && limits->mail >= SN_LIMIT_UNKNOWN);
	return set(store, account, "upload", limits->upload, error) &&
	       set(store, account, "stanza", limits->stanza, error) &&
	       set(store, account, "mail", limits->mail, error);
}
