/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Autoconfig files, good ones and others, and what init makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/cli/discover.h"
#include "tests/lib/cli_desk.h"

#define HEAD "<?xml version=\"1.0\"?>\n<clientConfig version=\"1.1\"><emailProvider id=\"x\">"
#define TAIL "</emailProvider></clientConfig>"
#define SERVER(kind, type, host, port, tls, user, auth)                                        \
	"<" kind " type=\"" type "\"><hostname>" host "</hostname>\n<port> " port " </port>"       \
	"<socketType>" tls "</socketType><username>" user "</username>"                            \
	"<authentication>" auth "</authentication></" kind ">"
#define IN(host, port, tls)                                                                    \
	SERVER("incomingServer", "imap", host, port, tls, "%EMAILADDRESS%", "password-cleartext")
#define OUT(host, port, tls)                                                                   \
	SERVER("outgoingServer", "smtp", host, port, tls, "%EMAILLOCALPART%", "password-cleartext")

typedef struct {
	const char *xml, *source, *outgoing; /* both NULL: refused */
	gboolean oauth;
} Case;

static void the_best_server_with_tls_is_taken(void **state)
{
	static const Case cases[] = {
		{ HEAD IN("IMAP.example.test", "993", "SSL") OUT("smtp.example.test", "587", "STARTTLS") TAIL,
		  "imaps://al+x%40example.test@imap.example.test",
		  "smtp+starttls://al+x@smtp.example.test", FALSE },
		/* TLS from the start is better, wherever it stands */
		{ HEAD IN("a.test", "143", "STARTTLS") IN("b.test", "993", "SSL")
		  IN("c.test", "993", "SSL") TAIL, "imaps://al+x%40example.test@b.test", NULL, FALSE },
		/* never without */
		{ HEAD IN("a.test", "143", "plain") OUT("b.test", "25", "") TAIL, NULL, NULL, FALSE },
		{ HEAD SERVER("incomingServer", "pop3", "a.test", "995", "SSL", "u", "") TAIL, NULL, NULL,
		  FALSE },
		{ HEAD SERVER("incomingServer", "imap", "a.test", "1993", "SSL", "%EMAILLOCALPART%.de",
		              "OAuth2") TAIL, "imaps://al+x.de@a.test:1993", NULL, TRUE },
		/* a name that would be more than a name */
		{ HEAD IN("a.test/../x@evil.test", "993", "SSL") TAIL, NULL, NULL, FALSE },
		{ HEAD IN("-a.test", "993", "SSL") IN("localhost", "993", "SSL") TAIL, NULL, NULL, FALSE },
		{ HEAD IN("a.test", "99999", "SSL") IN("a.test", "0", "SSL") TAIL, NULL, NULL, FALSE },
		/* no such file at all */
		{ "<html><body>404</body></html>", NULL, NULL, FALSE },
		{ "", NULL, NULL, FALSE },
		{ HEAD IN("a.test", "993", "SSL"), NULL, NULL, FALSE },
		{ "<!DOCTYPE x [<!ENTITY a \"b\">]>" HEAD IN("&a;.test", "993", "SSL") TAIL, NULL, NULL,
		  FALSE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		SnServers servers = { 0 };
		g_autoptr(GError) error = NULL;
		gboolean good = sn_autoconfig_read(cases[i].xml, strlen(cases[i].xml),
		                                   "al+x@example.test", NULL, &servers, &error);
		assert_int_equal(good, cases[i].source || cases[i].outgoing);
		assert_int_equal(good, error == NULL);
		if (good) {
			assert_string_equal(servers.source, cases[i].source);
			assert_int_equal(g_strcmp0(servers.outgoing, cases[i].outgoing), 0);
			assert_int_equal(servers.wants_oauth, cases[i].oauth);
		}
		sn_servers_clear(&servers);
	}
}

static void a_login_name_that_is_given_wins(void **state)
{
	const char *xml = HEAD IN("imap.example.test", "993", "SSL") TAIL;
	SnServers servers = { 0 };

	assert_true(sn_autoconfig_read(xml, strlen(xml), "al@example.test", "u123", &servers, NULL));
	assert_string_equal(servers.source, "imaps://u123@imap.example.test");
	sn_servers_clear(&servers);
}

static void a_deep_or_large_file_is_no_file(void **state)
{
	g_autoptr(GString) deep = g_string_new(NULL);
	SnServers servers = { 0 };

	for (int i = 0; i < 10000; i++)
		g_string_append(deep, "<clientConfig>");
	assert_false(sn_autoconfig_read(deep->str, deep->len, "a@b.test", NULL, &servers, NULL));
	g_autofree char *name = g_strnfill(100000, 'a');
	g_autofree char *xml = g_strconcat(HEAD "<incomingServer type=\"imap\"><hostname>", name,
	                                   ".test</hostname><port>993</port><socketType>SSL</socketType>"
	                                   "</incomingServer>" TAIL, NULL);
	assert_false(sn_autoconfig_read(xml, strlen(xml), "a@b.test", NULL, &servers, NULL));
	assert_null(servers.source);
}

static void init_takes_what_the_domain_says_over_https(void **state)
{
	CliDesk *desk = *state;

	desk->web_url = "https://work.test/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress="
	                "alice%40work.test";
	/* outside the domain, which the domain itself may say */
	desk->web_page = HEAD IN("imap.provider.test", "993", "SSL")
		OUT("smtp.provider.test", "465", "SSL") TAIL;
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "alice@work.test", "--no-im", "-p",
	                              "pass show work", NULL), 0);
	g_autofree char *text = cli_desk_read(desk, "accounts.conf");
	assert_non_null(strstr(text, "[work]\nfrom = alice@work.test\n"
	                             "source = imaps://alice%40work.test@imap.provider.test\n"
	                             "outgoing = smtps://alice@smtp.provider.test\n"
	                             "password-command = pass show work\n"));
	assert_int_equal(desk->probes, 2);
}

static void init_writes_what_oauth_needs(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "al@gmail.com", "--no-im", "--source",
	                              "imaps://al%40gmail.com@imap.gmail.com", "--outgoing",
	                              "smtps://al%40gmail.com@smtp.gmail.com", "--oauth2-client-id",
	                              "me.apps", NULL), 0);
	g_autofree char *text = cli_desk_read(desk, "accounts.conf");
	assert_non_null(strstr(text, "oauth2-provider = google\noauth2-client-id = me.apps\n"));
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "al@other.test", "--no-im", "--source",
	                              "imaps://al@other.test", "--outgoing", "smtps://al@other.test",
	                              "--oauth2-client-id", "me", NULL), 2);
	assert_true(cli_desk_said(desk, "--oauth2-provider"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_server_with_tls_is_taken),
		cmocka_unit_test(a_login_name_that_is_given_wins),
		cmocka_unit_test(a_deep_or_large_file_is_no_file),
		cmocka_unit_test_setup_teardown(init_takes_what_the_domain_says_over_https,
		                                cli_desk_setup, cli_desk_teardown),
		cmocka_unit_test_setup_teardown(init_writes_what_oauth_needs, cli_desk_setup,
		                                cli_desk_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
