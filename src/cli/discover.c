/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/discover.h"

#include <string.h>

/* One page, fetched on a thread of its own. */
typedef struct {
	const SnCliServices *services;
	const char *ca_file;
	int seconds;
	char *url, *shown;
	GString *text; /* NULL: nothing there */
} Page;

static gpointer fetch(gpointer data)
{
	Page *page = data;

	page->text = page->services->web_get(page->url, page->ca_file, page->seconds,
	                                     page->services->data, NULL);
	return NULL;
}

/* The address is told to nobody but its own domain's server, whose certificate is checked. */
static void begin_page(Page *page, const char *address, int which)
{
	const char *domain = strrchr(address, '@') + 1;
	g_autofree char *escaped = g_uri_escape_string(address, NULL, FALSE);

	page->shown = which == 0 ? g_strdup_printf("https://autoconfig.%s", domain) :
	                           g_strdup_printf("https://%s/.well-known/autoconfig", domain);
	page->url = g_strdup_printf("%s/mail/config-v1.1.xml?emailaddress=%s", page->shown, escaped);
}

/* What the domain's web server says comes before what the DNS says: only the first is proved. */
static void take_page(Page *page, const char *address, const char *login, SnServers *servers)
{
	SnServers told = { 0 };

	if (!servers->web && page->text &&
	    sn_autoconfig_read(page->text->str, page->text->len, address, login, &told, NULL)) {
		g_free(servers->source);
		g_free(servers->outgoing);
		servers->source = g_steal_pointer(&told.source);
		servers->outgoing = g_steal_pointer(&told.outgoing);
		servers->wants_oauth = told.wants_oauth;
		servers->foreign = FALSE;
		servers->web = g_strdup(page->shown);
	}
	sn_servers_clear(&told);
	if (page->text)
		g_string_free(page->text, TRUE);
	g_free(page->url);
	g_free(page->shown);
}

void sn_discover(const SnCliServices *services, const char *address, const char *login,
                 const char *ca_file, int timeout_ms, SnServers *servers)
{
	Page pages[2];
	GThread *threads[G_N_ELEMENTS(pages)];

	g_assert(strchr(address, '@'));
	for (int i = 0; i < (int)G_N_ELEMENTS(pages); i++) {
		pages[i] = (Page){ services, ca_file, MAX(timeout_ms / 1000, 1), NULL, NULL, NULL };
		begin_page(&pages[i], address, i);
		threads[i] = g_thread_new("autoconfig", fetch, &pages[i]);
	}
	sn_servers_find(strrchr(address, '@') + 1, login ? login : address, timeout_ms, servers);
	for (gsize i = 0; i < G_N_ELEMENTS(pages); i++) {
		g_thread_join(threads[i]);
		take_page(&pages[i], address, login, servers);
	}
}
