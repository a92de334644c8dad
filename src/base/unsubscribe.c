/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/unsubscribe.h"

#include <string.h>

enum { MAX_FIELDS = 20, MAX_TEXT = 4000 };

void sn_unsubscribe_free(SnUnsubscribe *offer)
{
	if (!offer)
		return;
	g_free(offer->post);
	g_free(offer->page);
	g_free(offer->mailto);
	g_free(offer);
}

char *sn_unsubscribe_host(const char *uri)
{
	g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD, NULL);
	const char *scheme = parsed ? g_uri_get_scheme(parsed) : NULL;
	const char *host = parsed ? g_uri_get_host(parsed) : NULL;
	int port = parsed ? g_uri_get_port(parsed) : -1;
	gboolean secure = g_strcmp0(scheme, "https") == 0;

	/* "https://bank.example@evil.example/" leads to evil.example */
	if (!host || !*host || g_uri_get_userinfo(parsed) || (!secure && g_strcmp0(scheme, "http") != 0))
		return NULL;
	for (const char *at = host; *at; at++)
		if (!g_ascii_isalnum(*at) && !strchr(".-_:", *at))
			return NULL;
	g_autofree char *lower = g_ascii_strdown(host, -1);
	g_autofree char *name = strchr(lower, ':') ? g_strdup_printf("[%s]", lower) : g_strdup(lower);
	if (port > 0 && port != (secure ? 443 : 80))
		return g_strdup_printf("%s:%d", name, port);
	return g_steal_pointer(&name);
}

/* Unescaped; NULL when it has bytes that no text has. */
static char *plain(const char *escaped, gboolean lines)
{
	g_autofree char *text = g_uri_unescape_string(escaped, NULL);

	if (!text || strlen(text) > MAX_TEXT || !g_utf8_validate(text, -1, NULL))
		return NULL;
	for (char *at = text; *at; at++) {
		if (*at == '\r')
			*at = ' ';
		if (g_ascii_iscntrl(*at) && !(lines && *at == '\n'))
			return NULL;
	}
	return g_strdup(g_strchomp(text));
}

static void take_field(const char *pair, char **subject, char **body)
{
	const char *equals = strchr(pair, '=');
	gboolean is_body = g_ascii_strncasecmp(pair, "body=", 5) == 0;
	char **field = is_body ? body : subject;

	if (!equals || (!is_body && g_ascii_strncasecmp(pair, "subject=", 8) != 0))
		return;
	char *text = plain(equals + 1, is_body);
	if (!text || !*text) {
		g_free(text);
		return;
	}
	g_free(*field);
	*field = text;
}

gboolean sn_unsubscribe_mailto(const char *uri, char **address, char **subject, char **body)
{
	if (g_ascii_strncasecmp(uri, "mailto:", 7) != 0)
		return FALSE;
	g_auto(GStrv) halves = g_strsplit(uri + 7, "?", 2);
	g_autofree char *to = halves[0] ? plain(halves[0], FALSE) : NULL;
	const char *at = to ? strchr(to, '@') : NULL;
	/* to one address, which the question names */
	if (!at || at == to || !at[1] || strchr(at + 1, '@') || strpbrk(to, " ,;<>\"()[]\\"))
		return FALSE;
	*address = g_steal_pointer(&to);
	*subject = g_strdup("unsubscribe");
	*body = g_strdup("unsubscribe");
	g_auto(GStrv) pairs = g_strsplit(halves[1] ? halves[1] : "", "&", MAX_FIELDS);
	for (char **pair = pairs; *pair; pair++)
		take_field(*pair, subject, body);
	return TRUE;
}
