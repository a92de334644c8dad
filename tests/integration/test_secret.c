/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords in a real gnome-keyring on a D-Bus session of its own: open, locked, and not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/config/oauth2.h"
#include "src/config/secret_service.h"

#ifdef __SANITIZE_ADDRESS__
/* Only a whole stack shows that it is libsecret which leaks (tests/lsan.supp). */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}
#endif

static GTestDBus *bus; /* NULL: skip */
static char *home;
static GPid daemon_pid;

/* ---- the keyring ---- */

static void start_keyring(const char *password)
{
	const char *argv[] = { "gnome-keyring-daemon", "--foreground", "--unlock",
		               "--components=secrets", NULL };
	g_autoptr(GError) error = NULL;
	int in;

	g_assert_true(g_spawn_async_with_pipes(
		NULL, (char **)argv, NULL,
		G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
			G_SPAWN_STDERR_TO_DEV_NULL,
		NULL, NULL, &daemon_pid, &in, NULL, NULL, &error));
	g_assert_cmpint(write(in, password, strlen(password)), ==, strlen(password));
	close(in);
	for (int i = 0; i < 500; i++) {
		g_autofree char *text = NULL;
		g_autoptr(GError) failed = NULL;
		if (sn_secret_service_look(&text, &failed) || strstr(failed->message, "locked"))
			return;
		g_usleep(20000);
	}
	fail_msg("the keyring does not start");
}

static void stop_keyring(void)
{
	if (!daemon_pid)
		return;
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, NULL, 0);
	daemon_pid = 0;
	for (int i = 0; i < 500; i++) {
		g_autofree char *text = NULL;
		g_autoptr(GError) failed = NULL;
		if (!sn_secret_service_look(&text, &failed) && strstr(failed->message, "no secret service"))
			return;
		g_usleep(10000);
	}
	fail_msg("the keyring does not end");
}

static void lock(void)
{
	g_autoptr(GDBusConnection) session = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	const char *const objects[] = { "/org/freedesktop/secrets/collection/login", NULL };
	g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
		session, "org.freedesktop.secrets", "/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service", "Lock", g_variant_new("(^ao)", objects), NULL,
		G_DBUS_CALL_FLAGS_NONE, 5000, NULL, NULL);

	assert_non_null(answer);
}

/* What another program keeps there. */
static void secret_tool(const char *command)
{
	const char *argv[] = { "sh", "-c", command, NULL };
	int status = -1;

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
	                         &status, NULL));
	assert_int_equal(status, 0);
}

static SnEndpoint endpoint(const char *url)
{
	SnEndpoint end;

	assert_true(sn_endpoint_parse(url, &end, NULL));
	return end;
}

/* NULL: the error says `words`. */
static void assert_secret(const char *url, const char *expected, const char *words)
{
	SnEndpoint end = endpoint(url);
	g_autoptr(GError) error = NULL;
	char *secret = sn_secret_get(&end, &error);

	if (expected) {
		g_assert_no_error(error);
		assert_string_equal(secret, expected);
	} else {
		assert_null(secret);
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_AUTH));
		if (!strstr(error->message, words))
			fail_msg("'%s' does not say '%s'", error->message, words);
	}
	sn_secret_free(secret);
	sn_endpoint_clear(&end);
}

/* ---- tests ---- */

static void a_password_is_kept_and_found_by_user_host_and_protocol(void **state)
{
	if (!bus)
		skip();
	SnEndpoint imap = endpoint("imaps://alice@mail.example.test");

	assert_true(sn_secret_store(&imap, "pa\xc3\x9f wort", NULL));
	sn_endpoint_clear(&imap);
	assert_secret("imaps://alice@mail.example.test", "pa\xc3\x9f wort", NULL);
	assert_secret("smtps://alice@mail.example.test", NULL, "has none with this user");
	assert_secret("imaps://bob@mail.example.test", NULL, "No password for bob@mail.example.test");
	secret_tool("test \"$(secret-tool lookup user alice host mail.example.test protocol imap)\" = "
	            "'pa\xc3\x9f wort'");
	/* one that was made as the manual says */
	secret_tool("printf by-hand | secret-tool store --label=mail user alice@example.test "
	            "host example.test protocol xmpp");
	assert_secret("xmpp://alice@example.test", "by-hand", NULL);
}

static void a_refresh_token_is_kept_replaced_and_forgotten(void **state)
{
	if (!bus)
		skip();
	SnOauth2 oauth2 = { .account = (char *)"home", .user = (char *)"alice@example.test",
		            .provider = (char *)"google", .client_id = (char *)"me" };
	g_autoptr(GError) error = NULL;

	assert_null(sn_oauth2_refresh_token(&oauth2, &error));
	assert_non_null(strstr(error->message, "type 'sennit oauth login home'"));
	g_clear_error(&error);
	assert_true(sn_oauth2_keep(&oauth2, "1//first", NULL));
	assert_true(sn_oauth2_keep(&oauth2, "1//second", NULL));
	char *token = sn_oauth2_refresh_token(&oauth2, NULL);
	assert_string_equal(token, "1//second");
	sn_secret_free(token);
	assert_true(sn_oauth2_forget(&oauth2, NULL));
	assert_null(sn_oauth2_refresh_token(&oauth2, NULL));
	assert_false(sn_oauth2_forget(&oauth2, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

static void a_locked_keyring_is_said_and_waits_for_nobody(void **state)
{
	if (!bus)
		skip();
	SnEndpoint smtp = endpoint("smtps://alice@mail.example.test");
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	gint64 begin = g_get_monotonic_time();

	assert_true(sn_secret_service_look(&text, NULL));
	lock();
	assert_false(sn_secret_service_look(&text, &error));
	assert_string_equal(error->message, "the default keyring is locked");
	g_clear_error(&error);
	/* there is no desktop that could ask for its password */
	assert_secret("imaps://alice@mail.example.test", NULL, "locked");
	assert_false(sn_secret_store(&smtp, "x", &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_UNAVAILABLE));
	assert_true(g_get_monotonic_time() - begin < 30 * G_USEC_PER_SEC);
	sn_endpoint_clear(&smtp);
	/* unlocked again, it is all there */
	stop_keyring();
	start_keyring("keyring password");
	assert_secret("imaps://alice@mail.example.test", "pa\xc3\x9f wort", NULL);
}

static void without_a_service_it_is_said_what_is_missing(void **state)
{
	if (!bus)
		skip();
	SnEndpoint imap = endpoint("imaps://alice@mail.example.test");
	SnOauth2 oauth2 = { .account = (char *)"home", .user = (char *)"alice@example.test",
		            .provider = (char *)"google", .client_id = (char *)"me" };
	g_autoptr(GError) error = NULL;

	stop_keyring();
	assert_secret("imaps://alice@mail.example.test", NULL, "no secret service runs");
	assert_secret("imaps://alice@mail.example.test", NULL, "set a password-command");
	assert_false(sn_secret_store(&imap, "x", &error));
	assert_non_null(strstr(error->message, "no secret service runs"));
	g_clear_error(&error);
	assert_false(sn_oauth2_keep(&oauth2, "1//x", &error));
	assert_non_null(strstr(error->message, "set oauth2-refresh-command and oauth2-store-command"));
	sn_endpoint_clear(&imap);
}

static int set_up(void **state)
{
	static const char *const programs[] = { "gnome-keyring-daemon", "dbus-daemon", "secret-tool" };

	for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autofree char *path = g_find_program_in_path(programs[i]);
		if (path)
			continue;
		print_message("# skipped: %s is not installed\n", programs[i]);
		return g_getenv("SENNIT_REQUIRE_SERVERS") ? -1 : 0;
	}
	home = g_dir_make_tmp("sn-keyring-XXXXXX", NULL);
	g_setenv("HOME", home, TRUE);
	g_setenv("XDG_RUNTIME_DIR", home, TRUE);
	g_setenv("XDG_DATA_HOME", home, TRUE);
	g_unsetenv("DISPLAY");
	bus = g_test_dbus_new(G_TEST_DBUS_NONE);
	g_test_dbus_up(bus);
	start_keyring("keyring password");
	return 0;
}

static int tear_down(void **state)
{
	if (!bus)
		return 0;
	stop_keyring();
	g_test_dbus_stop(bus);
	g_object_unref(bus);
	const char *argv[] = { "rm", "-rf", "--", home, NULL };
	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
	             NULL);
	g_free(home);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_kept_and_found_by_user_host_and_protocol),
		cmocka_unit_test(a_refresh_token_is_kept_replaced_and_forgotten),
		cmocka_unit_test(a_locked_keyring_is_said_and_waits_for_nobody),
		cmocka_unit_test(without_a_service_it_is_said_what_is_missing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
