/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/reach.h"

#include <string.h>

char *sn_reach_address(const char *uri, SnChannel *channel)
{
	static const struct {
		const char *scheme;
		SnChannel channel;
	} schemes[] = { { "mailto:", SN_CHANNEL_MAIL }, { "xmpp:", SN_CHANNEL_IM } };

	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
		gsize length = strlen(schemes[i].scheme);
		if (g_ascii_strncasecmp(uri, schemes[i].scheme, length) != 0)
			continue;
		const char *begin = uri + length;
		g_autofree char *value =
			g_uri_unescape_segment(begin, begin + strcspn(begin, "?#;,"), NULL);
		*channel = schemes[i].channel;
		return value ? sn_address_normalise(*channel, value) : NULL;
	}
	return NULL;
}

static gboolean is_number(const char *text)
{
	guint digits = 0;

	for (const char *c = *text == '+' ? text + 1 : text; *c; c++) {
		digits += g_ascii_isdigit(*c);
		if (!g_ascii_isdigit(*c) && !strchr("-.()", *c))
			return FALSE;
	}
	return digits >= 3 && digits <= 20;
}

char *sn_reach_uri(const char *text, GError **error)
{
	SnChannel channel = SN_CHANNEL_MAIL;
	g_autofree char *whole = strchr(text, ':') ? g_strdup(text) : g_strconcat("mailto:", text, NULL);
	g_autofree char *address = sn_reach_address(whole, &channel);

	if (address) {
		g_autofree char *escaped = g_uri_escape_string(address, "@!$&'*+=", TRUE);
		return g_strconcat(channel == SN_CHANNEL_MAIL ? "mailto:" : "xmpp:", escaped, NULL);
	}
	if (g_ascii_strncasecmp(whole, "tel:", 4) == 0 && is_number(whole + 4))
		return g_strconcat("tel:", whole + 4, NULL);
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
	            "'%s' cannot be published: write mailto:you@example.org, xmpp:you@example.org or "
	            "tel:+4930123456.",
	            text);
	return NULL;
}

GPtrArray *sn_reach_of(SnStore *store, SnId person)
{
	GPtrArray *uris = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) wishes = sn_contact_wishes(store, person);

	for (guint i = 0; i < wishes->len; i++) {
		const SnContactWish *wish = wishes->pdata[i];
		g_auto(GStrv) parts = wish->source == SN_WISHED_PUBLISHED && wish->detail
		                              ? g_strsplit(wish->detail, " ", -1)
		                              : NULL;
		for (char **part = parts; part && *part; part++)
			if (**part && !g_ptr_array_find_with_equal_func(uris, *part, g_str_equal, NULL))
				g_ptr_array_add(uris, g_strdup(*part));
	}
	return uris;
}

char *sn_reach_mail(SnStore *store, SnId person)
{
	g_autoptr(GPtrArray) uris = sn_reach_of(store, person);
	g_autoptr(GPtrArray) known = sn_person_addresses(store, person);

	for (guint i = 0; i < uris->len; i++) {
		SnChannel channel;
		g_autofree char *value = sn_reach_address(uris->pdata[i], &channel);
		for (guint j = 0; value && channel == SN_CHANNEL_MAIL && j < known->len; j++) {
			const SnAddress *address = known->pdata[j];
			if (address->confirmed && address->channel == SN_CHANNEL_MAIL &&
			    g_ascii_strcasecmp(address->value, value) == 0)
				return g_strdup(address->value);
		}
	}
	return NULL;
}
