/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What accounts.conf says about OAuth 2.0, and `sennit oauth`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/config/oauth2.h"
#include "tests/lib/cli_desk.h"

#define ENDS                                                                                   \
	"from = alice@example.test\nsource = imaps://alice@mail.example.test\n"                    \
	"outgoing = smtps://al@mail.example.test\n"
#define OWN "oauth2-provider = google\noauth2-client-id = me\n"

/* ---- the configuration ---- */

static void both_ends_get_what_the_account_says(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnConfig) config = sn_config_parse(
		"[home]\n" ENDS "im = xmpp://alice@example.test\noauth2-provider = google\n"
		"oauth2-client-id = me\noauth2-scope = \"a b\"\n"
		"oauth2-client-secret-command = echo s3cret\noauth2-refresh-command = cat x\n"
		"oauth2-store-command = sh -c 'cat >x'\n", NULL, &error);
	g_assert_no_error(error);
	const SnAccount *account = sn_config_account(config, 0);
	const SnOauth2 *oauth2 = account->source.oauth2;

	assert_string_equal(oauth2->account, "home");
	assert_string_equal(oauth2->user, "alice");
	assert_string_equal(oauth2->provider, "google");
	assert_string_equal(oauth2->client_id, "me");
	assert_string_equal(oauth2->scope, "a b");
	assert_string_equal(oauth2->client_secret_command[1], "s3cret");
	assert_string_equal(oauth2->store_command[2], "cat >x");
	assert_true(sn_oauth2_equal(oauth2, account->outgoing.oauth2));
	assert_true(sn_endpoint_wants_token(&account->outgoing));
	/* tokens for email say nothing to an XMPP server */
	assert_false(sn_endpoint_wants_token(&account->im));
	SnEndpoint copy;
	sn_endpoint_copy(&copy, &account->source);
	assert_true(sn_oauth2_equal(copy.oauth2, oauth2));
	g_free(copy.oauth2->client_id);
	copy.oauth2->client_id = g_strdup("other");
	assert_false(sn_oauth2_equal(copy.oauth2, oauth2));
	sn_endpoint_clear(&copy);
	assert_null(sn_oauth2_copy(NULL));
	assert_true(sn_oauth2_equal(NULL, NULL));
	assert_false(sn_oauth2_equal(oauth2, NULL));
}

static void an_end_with_a_command_of_its_own_keeps_it(void **state)
{
	g_autoptr(SnConfig) config = sn_config_parse(
		"[a]\n" ENDS OWN "outgoing-password-command = echo p\n"
		"[b]\n" ENDS OWN "source-oauth2-command = echo t\n"
		"[c]\nfrom = a@b.test\nsource = maildir:///tmp\noutgoing = /bin/true\n" OWN, NULL, NULL);
	const SnAccount *a = sn_config_account(config, 0), *b = sn_config_account(config, 1),
		        *c = sn_config_account(config, 2);

	assert_non_null(a->source.oauth2);
	assert_null(a->outgoing.oauth2);
	assert_null(b->source.oauth2);
	assert_true(sn_endpoint_wants_token(&b->source));
	assert_non_null(b->outgoing.oauth2);
	assert_null(c->source.oauth2);
	assert_null(c->outgoing.oauth2);
}

static void wrong_settings_are_named(void **state)
{
	static const struct {
		const char *lines, *says;
	} cases[] = {
		{ "oauth2-provider = gogle\noauth2-client-id = x\n", "accounts.conf:5: oauth2-provider" },
		{ "oauth2-provider = http://id.example.test\n", "https:// address of the issuer" },
		{ "oauth2-provider = google\n", "no oauth2-client-id; you get one at https://console" },
		{ "oauth2-client-id = x\n", "no oauth2-provider" },
		{ OWN "oauth2-store-command = sh -c 'x\n", "unbalanced quotes" },
		{ OWN "oauth2-clientid = y\n", "did you mean 'oauth2-client-id'" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strconcat("[home]\n", ENDS, cases[i].lines, NULL);
		g_autoptr(GError) error = NULL;
		assert_null(sn_config_parse(text, NULL, &error));
		if (!strstr(error->message, cases[i].says))
			fail_msg("'%s' does not say '%s'", error->message, cases[i].says);
	}
}

static void providers_are_https_and_whole(void **state)
{
	static const char *const names[] = { "google", "microsoft" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		const SnOauth2Provider *provider = sn_oauth2_provider(names[i]);
		const char *urls[] = { provider->token_url, provider->authorize_url,
			               provider->device_url ? provider->device_url : "https://" };
		for (gsize j = 0; j < G_N_ELEMENTS(urls); j++)
			assert_true(g_str_has_prefix(urls[j], "https://"));
		assert_true(*provider->scope && *provider->client_help);
	}
	assert_null(sn_oauth2_provider("example"));
	assert_null(sn_oauth2_provider(NULL));
}

static void commands_of_the_user_keep_the_refresh_token(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(dir, "refresh", NULL);
	g_autofree char *store = g_strdup_printf("umask 077; cat >%s", file);
	const char *refresh_command[] = { "cat", file, NULL };
	const char *store_command[] = { "sh", "-c", store, NULL };
	const char *bad[] = { "sh", "-c", "cat >/dev/null; exit 3", NULL };
	SnOauth2 oauth2 = { .account = (char *)"home", .user = (char *)"alice",
		            .provider = (char *)"google",
		            .refresh_command = (char **)refresh_command,
		            .store_command = (char **)store_command };
	g_autoptr(GError) error = NULL;

	assert_true(sn_oauth2_keep(&oauth2, "1//refresh token", &error));
	char *back = sn_oauth2_refresh_token(&oauth2, &error);
	assert_string_equal(back, "1//refresh token");
	sn_secret_free(back);
	/* what cannot be kept is said, without the token */
	oauth2.store_command = (char **)bad;
	assert_false(sn_oauth2_keep(&oauth2, "1//other", &error));
	assert_non_null(strstr(error->message, "exit code 3"));
	assert_null(strstr(error->message, "other"));
	g_clear_error(&error);
	g_autofree char *large = g_strnfill(20000, 'x');
	assert_false(sn_oauth2_keep(&oauth2, large, &error));
	g_clear_error(&error);
	oauth2.store_command = NULL;
	assert_false(sn_oauth2_keep(&oauth2, "1//other", &error));
	assert_non_null(strstr(error->message, "no oauth2-store-command"));
	g_clear_error(&error);
	assert_false(sn_oauth2_forget(&oauth2, &error));
	assert_non_null(strstr(error->message, "your own commands"));
	assert_int_equal(remove(file), 0);
	assert_int_equal(remove(dir), 0);
}

/* ---- the verb ---- */

static int logins;
static gboolean no_code, declined;

static gboolean oauth_login(const SnOauth2 *oauth2, gboolean browser, SnOauth2Tell tell,
                            gpointer tell_data, gpointer data, GError **error)
{
	SnOauth2Prompt prompt = { "https://id.test/device", no_code || browser ? NULL : "AB\033[2J-CD",
		                  NULL, 900 };

	tell(&prompt, tell_data);
	logins++;
	if (declined)
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH, "The login was declined in the browser.");
	return !declined;
}

static char *oauth_token(const SnOauth2 *oauth2, gpointer data, GError **error)
{
	if (!declined)
		return g_strdup("ya29.token");
	g_set_error(error, SN_ERROR, SN_ERROR_NETWORK, "id.test does not answer.");
	return NULL;
}

static int set_up(void **state)
{
	int code = cli_desk_setup(state);
	CliDesk *desk = *state;

	desk->context.services.oauth_login = oauth_login;
	desk->context.services.oauth_token = oauth_token;
	logins = 0;
	no_code = declined = FALSE;
	return code;
}

static void a_login_shows_where_to_type_what(void **state)
{
	CliDesk *desk = *state;

	cli_desk_write(desk, "accounts.conf", "[home]\n" ENDS OWN);
	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "login", "home", NULL), 0);
	assert_non_null(strstr(desk->out, "\n    https://id.test/device\n"));
	assert_non_null(strstr(desk->out, "-CD\n"));
	assert_null(strstr(desk->out, "\033[2J")); /* a provider does not draw on the terminal */
	assert_non_null(strstr(desk->out, "15 minutes"));
	assert_non_null(strstr(desk->out, "Logged in as alice."));
	/* the only account that it can be need not be named */
	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "login", "--browser", NULL), 0);
	assert_non_null(strstr(desk->out, "in a browser on this machine"));
	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "token", NULL), 0);
	assert_string_equal(desk->out, "ya29.token\n");
	assert_int_equal(logins, 2);
}

static void what_cannot_be_done_is_said_with_its_exit_code(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "login", "home", NULL), 2);
	assert_true(cli_desk_said(desk, "the account [home] has no oauth2-provider"));
	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "login", NULL), 2);
	assert_true(cli_desk_said(desk, "no account has an oauth2-provider"));
	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "login", "work", NULL), 3);
	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "logn", NULL), 2);
	assert_true(cli_desk_said(desk, "login"));
	cli_desk_write(desk, "accounts.conf", "[home]\n" ENDS OWN "[work]\n" ENDS OWN);
	cli_desk_forget(desk);
	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "token", NULL), 2);
	assert_true(cli_desk_said(desk, "several accounts use OAuth2; name one"));
	declined = TRUE;
	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "login", "work", NULL), 4);
	assert_true(cli_desk_said(desk, "declined in the browser"));
	assert_int_equal(cli_desk_run(desk, NULL, "oauth", "token", "work", NULL), 5);
	assert_string_equal(desk->out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_get_what_the_account_says),
		cmocka_unit_test(an_end_with_a_command_of_its_own_keeps_it),
		cmocka_unit_test(wrong_settings_are_named),
		cmocka_unit_test(providers_are_https_and_whole),
		cmocka_unit_test(commands_of_the_user_keep_the_refresh_token),
		cmocka_unit_test_setup_teardown(a_login_shows_where_to_type_what, set_up,
		                                cli_desk_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_done_is_said_with_its_exit_code, set_up,
		                                cli_desk_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
