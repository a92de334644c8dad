/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates that must be refused, by IMAP and SMTP, at once and after STARTTLS, with the reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
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

static SnServers *start(const char *cert)
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
	return servers;
}

static void try_all(const char *cert, const char *host, gboolean with_ca, const char *words)
{
	SnServers *servers = start(cert);

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

/* The name is looked at when the authority is trusted: so the words say whether it was. */
static void try_system(SnServers *servers, const char *variable, const char *value, const char *words)
{
	g_setenv("SSL_CERT_FILE", "/dev/null", TRUE);
	g_setenv("SSL_CERT_DIR", "/dev/null", TRUE);
	g_setenv(variable, value, TRUE);
	try_imap(servers, "a.b.example.test", NULL, SN_LINK_TLS, words);
	try_smtp(servers, "a.b.example.test", NULL, SN_LINK_STARTTLS, words);
	g_unsetenv("SSL_CERT_FILE");
	g_unsetenv("SSL_CERT_DIR");
}

/* The form in which OpenSSL finds each authority by the hash of its name. */
static char *directory_of(const char *ca_file)
{
	char *directory = g_dir_make_tmp("sennit-trust-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(directory, "ca.pem", NULL), *pem = NULL;
	g_autofree char *rehash = g_strdup_printf("openssl rehash %s", directory);
	gsize length;
	int status = -1;

	assert_true(g_file_get_contents(ca_file, &pem, &length, NULL));
	assert_true(g_file_set_contents(file, pem, (gssize)length, NULL));
	assert_true(g_spawn_command_line_sync(rehash, NULL, NULL, &status, NULL));
	assert_int_equal(status, 0);
	return directory;
}

static void remove_directory(const char *path)
{
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);

	for (const char *name; (name = g_dir_read_name(directory));) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		assert_int_equal(g_unlink(file), 0);
	}
	assert_int_equal(g_rmdir(path), 0);
}

static void authorities_of_the_system(void **state)
{
	SnServers *servers = start("good");
	g_autofree char *directory = directory_of(servers->ca_file);

	try_system(servers, "SSL_CERT_FILE", servers->ca_file, ", not a.b.example.test");
	try_system(servers, "SSL_CERT_DIR", directory, ", not a.b.example.test");
	try_system(servers, "SSL_CERT_DIR", "/nonexistent", "unknown authority");
	remove_directory(directory);
	sn_servers_stop(servers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificate_for_another_name),
		cmocka_unit_test(expired_certificate),
		cmocka_unit_test(authority_that_nobody_knows),
		cmocka_unit_test(good_certificate_under_a_name_it_does_not_have),
		cmocka_unit_test(private_authority_that_was_not_named),
		cmocka_unit_test(authorities_of_the_system),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
