/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates that must be refused, by IMAP and SMTP, at once and after STARTTLS, with the reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/lib/mail_desk.h"
#include "tests/lib/servers.h"

static void assert_refused(const GError *error, const char *words, const char *what)
{
	print_message("# %s: %s\n", what, error->message);
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_TLS));
	assert_non_null(strstr(error->message, words));
}

static void try_imap(SnServers *servers, const char *host, const char *ca_file, int tls,
		     const char *words)
{
	SnLinkSpec link = sn_test_link(host, tls == SN_LINK_TLS ? servers->imaps : servers->imap,
				       tls, "alice@example.test", "alice-secret", ca_file);
	link.connect_host = "127.0.0.1";
	SnMailDesk *desk = sn_mail_desk_new(&sn_imap_ops, &link, NULL);
	const SnMailEvent *line = sn_mail_desk_line(desk, SN_LINE_OFFLINE, 20);

	assert_non_null(line);
	assert_int_equal(line->next_try, 0);
	assert_refused(line->error, words, "IMAP");
	sn_mail_desk_free(desk);
}

static void try_smtp(SnServers *servers, const char *host, const char *ca_file, int tls,
		     const char *words)
{
	SnLinkSpec link = sn_test_link(host, tls == SN_LINK_TLS ? servers->smtps : servers->smtp,
				       tls, "alice@example.test", "alice-secret", ca_file);
	link.connect_host = "127.0.0.1";
	SnSendEvent *event = sn_test_send(&sn_smtp_ops, &link, NULL, NULL);

	assert_int_equal(event->kind, SN_EVENT_ERROR);
	assert_refused(event->error, words, "SMTP");
	sn_send_event_free(event);
}

static void try_all(const char *cert, const char *host, gboolean with_ca, const char *words)
{
	g_autofree char *why = NULL;
	SnServers *servers = sn_servers_start("dovecot postfix", cert, &why);

	/* another run may have been faster to take a port that was free when chosen */
	for (int tries = 0; !servers && tries < 2 && strstr(why, "already in use"); tries++) {
		g_clear_pointer(&why, g_free);
		servers = sn_servers_start("dovecot postfix", cert, &why);
	}
	if (!servers) {
		print_message("# the servers are not here: %s\n", why);
		if (g_getenv("SENNIT_REQUIRE_SERVERS"))
			fail();
		skip();
	}
	for (int tls = SN_LINK_TLS; tls <= SN_LINK_STARTTLS; tls++) {
		try_imap(servers, host, with_ca ? servers->ca_file : NULL, tls, words);
		try_smtp(servers, host, with_ca ? servers->ca_file : NULL, tls, words);
	}
	sn_servers_stop(servers);
}

static void certificate_for_another_name(void **state)
{
	try_all("wrongname", "localhost", TRUE, ", not localhost");
}

static void expired_certificate(void **state)
{
	try_all("expired", "localhost", TRUE, "expired on 20");
}

static void authority_that_nobody_knows(void **state)
{
	try_all("unknown", "localhost", TRUE, "unknown authority");
}

static void good_certificate_under_a_name_it_does_not_have(void **state)
{
	/* the wildcard covers one label, not two */
	try_all("good", "a.b.example.test", TRUE, ", not a.b.example.test");
}

static void private_authority_that_was_not_named(void **state)
{
	try_all("good", "localhost", FALSE, "unknown authority");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificate_for_another_name),
		cmocka_unit_test(expired_certificate),
		cmocka_unit_test(authority_that_nobody_knows),
		cmocka_unit_test(good_certificate_under_a_name_it_does_not_have),
		cmocka_unit_test(private_authority_that_was_not_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
