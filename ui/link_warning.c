/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses that are not what they look like: whose host is hidden, imitated, or not the one in the text. */
#include <string.h>

#include "src/text/text.h"
#include "ui/links.h"

enum { HOST_COLUMNS = 60 };

/* The authority of a web address, without its port; *user: something stands before an '@'. NULL. */
static char *host_of(const char *url, gboolean *user)
{
	const char *start = strstr(url, "://");

	*user = FALSE;
	if (!start)
		return NULL;
	start += 3;
	gsize length = strcspn(start, "/?#\\");
	const char *at = g_strrstr_len(start, (gssize)length, "@");
	if (at) {
		*user = TRUE;
		length -= (gsize)(at + 1 - start);
		start = at + 1;
	}
	gsize host = *start == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":");
	return g_ascii_strdown(start, (gssize)MIN(host, length));
}

/* The host that a word names as people write them: "www.bank.test", "https://bank.test/x". NULL. */
static char *named_host(const char *word)
{
	gboolean user;

	if (strstr(word, "://"))
		return host_of(word, &user);
	g_autofree char *host = g_ascii_strdown(word, (gssize)strcspn(word, "/?#:"));
	const char *dot = strrchr(host, '.');
	if (!dot || dot == host || strlen(dot) < 3 || strchr(host, '@'))
		return NULL;
	for (const char *c = host; *c; c++)
		if (!g_ascii_isalnum(*c) && *c != '-' && *c != '.' && !((guchar)*c & 0x80))
			return NULL;
	for (const char *c = dot + 1; *c; c++)
		if (g_ascii_isdigit(*c)) /* "1.25", "v2.0" */
			return NULL;
	return g_steal_pointer(&host);
}

static const char *without_www(const char *host)
{
	return g_str_has_prefix(host, "www.") ? host + 4 : host;
}

static gboolean is_within(const char *host, const char *domain)
{
	gsize all = strlen(host), length = strlen(domain);

	return all >= length && strcmp(host + all - length, domain) == 0 &&
	       (all == length || host[all - length - 1] == '.');
}

static gboolean is_punycode(const char *host)
{
	return g_hostname_is_ascii_encoded(host) || g_hostname_is_non_ascii(host);
}

char *sn_link_warning(const char *url, const char *text)
{
	gboolean user;
	g_autofree char *host = host_of(url, &user);
	g_autofree char *ascii = host && *host ? g_hostname_to_ascii(host) : NULL;
	g_autofree char *named = text ? named_host(text) : NULL;

	if (!host)
		return NULL;
	g_autofree char *clean = sn_text_clean_line(ascii ? ascii : host, -1);
	g_autofree char *fit = sn_text_fit(clean, HOST_COLUMNS);
	if (named && !is_within(without_www(host), without_www(named)) &&
	    !is_within(without_www(named), without_www(host))) {
		g_autofree char *said = sn_text_clean_line(named, -1);
		g_autofree char *short_said = sn_text_fit(said, HOST_COLUMNS);
		return g_strdup_printf("The text says %s, it leads to %s.", short_said, fit);
	}
	if (user)
		return g_strdup_printf("What stands before the @ is no host: it leads to %s.", fit);
	if (is_punycode(host))
		return g_strdup_printf("The name has letters of other scripts, which may imitate others: %s.",
		                       fit);
	return NULL;
}

char *sn_link_text(const char *body, guint number)
{
	g_autofree char *mark = g_strdup_printf("[%u]", number);
	const char *at = strstr(body, mark), *start;

	if (!at)
		return NULL;
	while (at > body && at[-1] == ' ')
		at--;
	for (start = at; start > body && !g_ascii_isspace(start[-1]); start--)
		;
	/* the footnote itself begins its line */
	return at > start ? g_strndup(start, (gsize)(at - start)) : NULL;
}
