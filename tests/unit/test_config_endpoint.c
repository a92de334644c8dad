/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/config/config.h"

typedef struct {
	const char *url;
	SnEndpointKind kind;
	SnTls tls;
	const char *user, *host, *connect_host;
	guint16 port;
	const char *path;
	const char *again; /* what it is written as again; NULL = the same */
} Good;

static const Good good[] = {
	{ "imaps://alice@mail.example.test", SN_ENDPOINT_IMAP, SN_TLS_DIRECT, "alice",
	  "mail.example.test" },
	{ "imap+starttls://alice%40example.test@mail.example.test:1143", SN_ENDPOINT_IMAP, SN_TLS_START,
	  "alice@example.test", "mail.example.test", NULL, 1143 },
	{ "imaps://alice@example.test@mail.example.test/", SN_ENDPOINT_IMAP, SN_TLS_DIRECT,
	  "alice@example.test", "mail.example.test", NULL, 0, NULL,
	  "imaps://alice%40example.test@mail.example.test" },
	{ "IMAPS://mail.example.test", SN_ENDPOINT_IMAP, SN_TLS_DIRECT, NULL, "mail.example.test", NULL,
	  0, NULL, "imaps://mail.example.test" },
	{ "imap+insecure://a@localhost:10143", SN_ENDPOINT_IMAP, SN_TLS_NONE, "a", "localhost", NULL,
	  10143 },
	{ "imap+insecure://a@127.8.9.1", SN_ENDPOINT_IMAP, SN_TLS_NONE, "a", "127.8.9.1" },
	{ "smtp+insecure://[::1]:2525", SN_ENDPOINT_SMTP, SN_TLS_NONE, NULL, "::1", NULL, 2525 },
	{ "smtps://a%25%3A@[2001:db8::1]:465", SN_ENDPOINT_SMTP, SN_TLS_DIRECT, "a%:", "2001:db8::1",
	  NULL, 465, NULL },
	{ "smtp+starttls://b\xc3\xbcrgi@m\xc3\xbcller.example", SN_ENDPOINT_SMTP, SN_TLS_START,
	  "b\xc3\xbcrgi", "m\xc3\xbcller.example" },
	{ "maildir:///var/mail/a%20b", SN_ENDPOINT_MAILDIR, SN_TLS_NONE, NULL, NULL, NULL, 0,
	  "/var/mail/a b" },
	{ "xmpp://Alice@Example.Test", SN_ENDPOINT_XMPP, SN_TLS_START, "alice@example.test",
	  "example.test", NULL, 0, NULL, "xmpp://alice@example.test" },
	{ "xmpps://alice@example.test:5223", SN_ENDPOINT_XMPP, SN_TLS_DIRECT, "alice@example.test",
	  "example.test", "example.test", 5223 },
	{ "/bin/sh -c 'exit 0'", SN_ENDPOINT_SENDMAIL, SN_TLS_NONE, NULL, NULL, NULL, 0,
	  "/bin/sh -c 'exit 0'" },
	{ "sh -c 'echo smtp://x'", SN_ENDPOINT_SENDMAIL, SN_TLS_NONE, NULL, NULL, NULL, 0,
	  "sh -c 'echo smtp://x'" },
};

static void same(const char *what, const char *url, const char *have, const char *want)
{
	if (g_strcmp0(have, want) != 0)
		fail_msg("%s of %s is '%s', not '%s'", what, url, have, want);
}

static void urls_are_taken_apart_and_written_again(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		const Good *want = &good[i];
		g_autoptr(GError) error = NULL;
		SnEndpoint endpoint, copy;

		if (!sn_endpoint_parse(want->url, &endpoint, &error))
			fail_msg("%s: %s", want->url, error->message);
		sn_endpoint_copy(&copy, &endpoint);
		g_autofree char *again = sn_endpoint_format(&endpoint);
		sn_endpoint_clear(&endpoint);
		assert_int_equal(copy.kind, want->kind);
		assert_int_equal(copy.tls, want->tls);
		assert_int_equal(copy.port, want->port);
		same("user", want->url, copy.user, want->user);
		same("host", want->url, copy.host, want->host);
		same("connect_host", want->url, copy.connect_host, want->connect_host);
		same("path", want->url, copy.path, want->path);
		same("text", want->url, again, want->again ? want->again : want->url);
		sn_endpoint_clear(&copy);
	}
}

static void wrong_urls_are_refused_with_a_reason(void **state)
{
	static const struct {
		const char *url, *reason;
	} wrong[] = {
		{ "imap://a@b.test", "imap+starttls://" },
		{ "smtp://a@b.test", "smtps://" },
		{ "imasp://a@b.test", "did you mean 'imaps://'?" },
		{ "http://a@b.test", "unknown scheme" },
		{ "sendmail:///usr/bin/msmtp", "for example: outgoing = sendmail" },
		{ "imap+insecure://a@mail.example.test", "only for this machine" },
		{ "imap+insecure://a@127.0.0.1.evil.test", "only for this machine" },
		{ "imap+insecure://a@[2001:db8::1]", "only for this machine" },
		{ "smtp+insecure://10.0.0.1", "only for this machine" },
		{ "smtp+insecure://localhost.evil.test", "only for this machine" },
		{ "imaps://a:secret@b.test", "password does not belong" },
		{ "imaps://@b.test", "user name" },
		{ "imaps://a%0ab@b.test", "user name" },
		{ "imaps://a%zz@b.test", "user name" },
		{ "imaps://a@", "no host" },
		{ "imaps://a@b..test", "no host" },
		{ "imaps://a@b test", "no host" },
		{ "imaps://a@b.test:0", "no port" },
		{ "imaps://a@b.test:65536", "no port" },
		{ "imaps://a@b.test:9x", "no port" },
		{ "imaps://a@::1", "in brackets" },
		{ "imaps://a@[::1", "without ']'" },
		{ "imaps://a@[nonsense]", "no IPv6" },
		{ "imaps://a@b.test/INBOX", "nothing may follow" },
		{ "maildir://Mail", "whole path" },
		{ "maildir:///a%00b", "escape" },
		{ "xmpp://example.test", "write your IM address" },
		{ "xmpp://a%40b@example.test", "cannot stand" },
		{ "no-such-program-anywhere -t", "program" },
		{ "sh 'unbalanced", "neither" },
		{ "", "neither" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		SnEndpoint endpoint;

		if (sn_endpoint_parse(wrong[i].url, &endpoint, &error))
			fail_msg("'%s' was taken", wrong[i].url);
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
		if (!strstr(error->message, wrong[i].reason))
			fail_msg("'%s' is refused with: %s", wrong[i].url, error->message);
		assert_int_equal(endpoint.kind, SN_ENDPOINT_NONE);
		/* a password typed into the URL is not repeated anywhere */
		assert_null(strstr(error->message, "secret@"));
	}
}

static void home_is_expanded(void **state)
{
	SnEndpoint endpoint;

	assert_true(sn_endpoint_parse("maildir://~/Mail", &endpoint, NULL));
	g_autofree char *expected = g_build_filename(g_get_home_dir(), "Mail", NULL);
	assert_string_equal(endpoint.path, expected);
	sn_endpoint_clear(&endpoint);
}

static void mailboxes_are_read(void **state)
{
	static const struct {
		const char *text, *name, *address;
	} mailboxes[] = {
		{ "alice@example.test", NULL, "alice@example.test" },
		{ " Alice Liddell <Alice@EXAMPLE.test> ", "Alice Liddell", "Alice@example.test" },
		{ "\"Liddell, A.\" <a@b.test>", "Liddell, A.", "a@b.test" },
		{ "<a@b.test>", NULL, "a@b.test" },
	};
	static const char *const wrong[] = { "", "alice", "@b.test", "a@", "a b@c.test", "A <a@b.test",
		                             "a@b.test, c@d.test", "a@.test", "A <>" };

	for (gsize i = 0; i < G_N_ELEMENTS(mailboxes); i++) {
		g_autofree char *name = NULL, *address = NULL;
		assert_true(sn_mailbox_parse(mailboxes[i].text, &name, &address));
		same("name", mailboxes[i].text, name, mailboxes[i].name);
		same("address", mailboxes[i].text, address, mailboxes[i].address);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *name = NULL, *address = NULL;
		if (sn_mailbox_parse(wrong[i], &name, &address))
			fail_msg("'%s' was taken as '%s'", wrong[i], address);
	}
}

/* ---- secrets ---- */

static char *secret_of(const char *script, int timeout_ms, GError **error)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	return sn_secret_command(argv, timeout_ms, error);
}

static void first_line_of_the_command_is_the_password(void **state)
{
	char *secret = secret_of("printf 'pa ss\\r\\nuser: x\\n'", 10000, NULL);

	assert_string_equal(secret, "pa ss");
	sn_secret_free(secret);
	/* a command that goes on printing is not waited for */
	secret = secret_of("echo one; yes", 10000, NULL);
	assert_string_equal(secret, "one");
	sn_secret_free(secret);
	sn_secret_free(NULL);
}

static void a_failing_command_is_an_auth_error_without_the_secret(void **state)
{
	static const char *const scripts[] = { "echo hidden; exit 3", "exit 0", "echo; echo hidden",
		                               "kill -9 $$" };

	for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
		g_autoptr(GError) error = NULL;
		assert_null(secret_of(scripts[i], 10000, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_AUTH));
		assert_null(strstr(error->message, "hidden"));
	}
	g_autoptr(GError) error = NULL;
	char *missing[] = { (char *)"/no/such/program", NULL };
	assert_null(sn_secret_command(missing, 10000, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_AUTH));
	assert_non_null(strstr(error->message, "/no/such/program"));
}

static void a_hanging_command_is_ended(void **state)
{
	g_autoptr(GError) error = NULL;
	gint64 start = g_get_monotonic_time();

	assert_null(secret_of("sleep 30 & sleep 30", 300, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_AUTH));
	assert_non_null(strstr(error->message, "longer than"));
	assert_true(g_get_monotonic_time() - start < 10 * G_USEC_PER_SEC);
}

static void tokens_go_before_passwords(void **state)
{
	char *token[] = { (char *)"echo", (char *)"token", NULL };
	char *password[] = { (char *)"echo", (char *)"password", NULL };
	SnEndpoint endpoint = { .kind = SN_ENDPOINT_IMAP, .password_command = password };

	char *secret = sn_secret_get(&endpoint, NULL);
	assert_string_equal(secret, "password");
	sn_secret_free(secret);
	endpoint.oauth2_command = token;
	secret = sn_secret_get(&endpoint, NULL);
	assert_string_equal(secret, "token");
	sn_secret_free(secret);
}

static void without_command_and_service_the_error_says_what_to_do(void **state)
{
	SnEndpoint endpoint = { .kind = SN_ENDPOINT_SMTP, .user = (char *)"alice",
		                .host = (char *)"mail.example.test" };
	g_autoptr(GError) error = NULL;

	g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	g_setenv("XDG_RUNTIME_DIR", "/nonexistent", TRUE);
	assert_null(sn_secret_get(&endpoint, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_AUTH));
	assert_non_null(strstr(error->message, "password-command"));
	assert_non_null(strstr(error->message, "alice@mail.example.test"));
	g_clear_error(&error);
	assert_false(sn_secret_store(&endpoint, "hidden", &error));
	assert_null(strstr(error->message, "hidden"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* first: GLib reads XDG_RUNTIME_DIR once */
		cmocka_unit_test(without_command_and_service_the_error_says_what_to_do),
		cmocka_unit_test(urls_are_taken_apart_and_written_again),
		cmocka_unit_test(wrong_urls_are_refused_with_a_reason),
		cmocka_unit_test(home_is_expanded),
		cmocka_unit_test(mailboxes_are_read),
		cmocka_unit_test(first_line_of_the_command_is_the_password),
		cmocka_unit_test(a_failing_command_is_an_auth_error_without_the_secret),
		cmocka_unit_test(a_hanging_command_is_ended),
		cmocka_unit_test(tokens_go_before_passwords),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
