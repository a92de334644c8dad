/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OAuth 2.0 against a server of its own, and Dovecot and Postfix that ask it about the tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/engine/engine_private.h"
#include "src/engine/oauth.h"
#include "src/store/wish.h"
#include "tests/lib/live.h"
#include "tests/lib/mail_desk.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

static SnServers *servers; /* NULL: skip */
static char *base;         /* "https://localhost:PORT" */
static char *kept;         /* the file that the user's commands keep the refresh token in */

static const SnHttpOps *load_http(GError **error)
{
	return &sn_http_ops;
}

static const SnMailSourceOps *load_imap(GError **error)
{
	return &sn_imap_ops;
}

static const SnMailTransportOps *load_smtp(GError **error)
{
	return &sn_smtp_ops;
}

/* ---- the server's other side ---- */

static char *visit(const char *url, gboolean follow)
{
	const char *argv[] = { "curl", "-s", follow ? "-L" : "-s", "--cacert", servers->ca_file,
		               "--max-time", "20", url, NULL };
	char *out = NULL;

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
	                         G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out,
	                         NULL, NULL, NULL));
	return out;
}

static void say(const char *what)
{
	g_autofree char *url = g_strconcat(base, "/test/", what, NULL);

	g_free(visit(url, FALSE));
}

static int given(void)
{
	g_autofree char *url = g_strconcat(base, "/test/tokens", NULL);
	g_autofree char *answer = visit(url, FALSE);

	return atoi(strrchr(answer, ' '));
}

static char *kept_token(void)
{
	char *token = NULL;

	g_file_get_contents(kept, &token, NULL, NULL);
	return token ? g_strchomp(token) : NULL;
}

/* ---- a configuration ---- */

static SnConfig *config_with(const char *provider, const char *more)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *accounts = g_strdup_printf(
		"[alice]\nfrom = alice@example.test\n"
		"source = imaps://alice%%40example.test@localhost:%d\n"
		"outgoing = smtp+starttls://alice%%40example.test@localhost:%d\n"
		"oauth2-provider = %s\noauth2-client-id = sennit-test\nca-file = %s\n"
		"oauth2-refresh-command = cat %s\noauth2-store-command = sh -c 'cat >%s'\n%s",
		servers->imaps, servers->smtp, provider ? provider : base, servers->ca_file, kept,
		kept, more ? more : "");
	SnConfig *config = sn_config_parse(accounts, "[delivery]\nundo-mail = 0s\n", &error);

	g_assert_no_error(error);
	return config;
}

static SnOauth *client(const char *provider)
{
	g_autoptr(SnConfig) config = config_with(provider, NULL);

	return sn_oauth_new(sn_config_account(config, 0)->source.oauth2, load_http);
}

/* ---- the user ---- */

static char *shown; /* what the user was told last */

static void approve(const SnOauth2Prompt *prompt, gpointer data)
{
	g_free(shown);
	shown = g_strdup_printf("%s %s", prompt->url, prompt->code ? prompt->code : "-");
	if (data)
		say(data);
}

static void log_in(void)
{
	SnOauth *oauth = client(NULL);
	g_autoptr(GError) error = NULL;

	assert_true(sn_oauth_login(oauth, FALSE, approve, (gpointer) "approve", &error));
	sn_oauth_free(oauth);
}

static GError *login_error(const char *provider, const char *user_does, const char *next)
{
	SnOauth *oauth = client(provider);
	GError *error = NULL;

	if (next)
		say(next);
	assert_false(sn_oauth_login(oauth, FALSE, approve, (gpointer)user_does, &error));
	sn_oauth_free(oauth);
	return error;
}

static void assert_says(GError *taken, int code, const char *words)
{
	g_autoptr(GError) error = taken;

	assert_non_null(error);
	if (error->code != code || !strstr(error->message, words))
		fail_msg("'%s' (%d) does not say '%s'", error->message, error->code, words);
}

/* ---- tests ---- */

static void a_code_typed_elsewhere_logs_in(void **state)
{
	if (!servers)
		skip();
	g_unlink(kept);
	log_in();
	assert_string_equal(shown, "https://localhost/device WDJB-MJHT");
	g_autofree char *token = kept_token();
	assert_true(token && strlen(token) > 20);
}

static void a_token_is_fetched_once_and_anew_before_it_ends(void **state)
{
	if (!servers)
		skip();
	log_in();
	SnOauth *oauth = client(NULL);
	int before = given();
	char *one = sn_oauth_token(oauth, NULL), *two = sn_oauth_token(oauth, NULL);
	assert_string_equal(one, two);
	assert_int_equal(given(), before + 1);
	/* refused by a server: another one */
	assert_true(sn_oauth_refused(oauth, one));
	char *three = sn_oauth_token(oauth, NULL);
	assert_string_not_equal(one, three);
	/* refused late, by the account's other end: what came after it stays */
	assert_true(sn_oauth_refused(oauth, one));
	char *four = sn_oauth_token(oauth, NULL);
	assert_string_equal(three, four);
	/* one that ends within the minute is not given twice */
	say("lifetime?what=30");
	sn_oauth_refused(oauth, four);
	char *five = sn_oauth_token(oauth, NULL), *six = sn_oauth_token(oauth, NULL);
	assert_string_not_equal(five, six);
	say("lifetime?what=3600");
	char *all[] = { one, two, three, four, five, six };
	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		sn_secret_free(all[i]);
	sn_oauth_free(oauth);
}

static gpointer browse(gpointer data)
{
	g_autofree char *url = data;
	/* first somebody else, who does not know the state */
	g_autofree char *own = g_strdup(strstr(url, "redirect_uri=") + strlen("redirect_uri="));
	own[strcspn(own, "&")] = '\0';
	g_autofree char *address = g_uri_unescape_string(own, NULL);
	g_autofree char *forged = g_strconcat(address, "?state=guess&code=stolen", NULL);
	g_autofree char *nothing = visit(forged, FALSE);
	g_assert_cmpstr(nothing, ==, "Nothing is here.\n");
	return visit(url, TRUE);
}

static GThread *browser;

static void open_browser(const SnOauth2Prompt *prompt, gpointer data)
{
	assert_null(prompt->code);
	browser = g_thread_new("browser", browse, g_strdup(prompt->url));
}

static void a_browser_on_this_machine_logs_in(void **state)
{
	if (!servers)
		skip();
	g_autofree char *other = g_strconcat(base, "/other", NULL);
	g_autoptr(GError) error = NULL;
	SnOauth *oauth = client(other); /* found in OpenID's place, without a device flow */

	g_unlink(kept);
	say("approve");
	assert_true(sn_oauth_login(oauth, FALSE, open_browser, NULL, &error));
	g_autofree char *page = g_thread_join(browser);
	assert_non_null(strstr(page, "You can close this page"));
	char *token = sn_oauth_token(oauth, &error);
	assert_non_null(token);
	sn_secret_free(token);
	/* declined there */
	say("deny");
	assert_false(sn_oauth_login(oauth, FALSE, open_browser, NULL, &error));
	assert_non_null(strstr(error->message, "declined"));
	g_free(g_thread_join(browser));
	sn_oauth_free(oauth);
}

static void what_goes_wrong_is_said(void **state)
{
	if (!servers)
		skip();
	g_autofree char *liar = g_strconcat(base, "/liar", NULL);

	assert_says(login_error(NULL, "deny", NULL), SN_ERROR_AUTH, "declined in the browser");
	assert_says(login_error(NULL, "next?what=expired_token", NULL), SN_ERROR_AUTH,
	            "no longer good");
	assert_says(login_error(NULL, "next?what=invalid_scope", NULL), SN_ERROR_AUTH,
	            "as the test wants");
	assert_says(login_error(NULL, "next?what=broken", NULL), SN_ERROR_REJECTED,
	            "does not answer as an OAuth2 server does");
	assert_says(login_error(NULL, "next?what=empty", NULL), SN_ERROR_REJECTED,
	            "no usable access token");
	assert_says(login_error(liar, NULL, NULL), SN_ERROR_REJECTED, "says that it is https://evil");
	assert_says(login_error("https://localhost:1", NULL, NULL), SN_ERROR_NETWORK, "localhost");
	/* and of the refresh token */
	log_in();
	SnOauth *oauth = client(NULL);
	GError *error = NULL;
	say("next?what=temporarily_unavailable");
	assert_null(sn_oauth_token(oauth, &error));
	assert_says(error, SN_ERROR_TEMPORARY, "status 503");
	error = NULL;
	say("next?what=invalid_client");
	assert_null(sn_oauth_token(oauth, &error));
	assert_says(error, SN_ERROR_AUTH, "check oauth2-client-id");
	error = NULL;
	say("revoke-all");
	assert_null(sn_oauth_token(oauth, &error));
	assert_says(error, SN_ERROR_AUTH, "type 'sennit oauth login alice'");
	error = NULL;
	g_unlink(kept);
	assert_null(sn_oauth_token(oauth, &error));
	assert_says(error, SN_ERROR_AUTH, "There is no OAuth2 login for alice@example.test yet");
	sn_oauth_free(oauth);
}

static void a_provider_with_another_certificate_gets_nothing(void **state)
{
	if (!servers)
		skip();
	g_autoptr(SnConfig) config = config_with(NULL, NULL);
	SnOauth2 *wrong = sn_oauth2_copy(sn_config_account(config, 0)->source.oauth2);
	GError *error = NULL;

	g_clear_pointer(&wrong->ca_file, g_free); /* nobody vouches for it */
	SnOauth *oauth = sn_oauth_new(wrong, load_http);
	assert_false(sn_oauth_login(oauth, FALSE, approve, NULL, &error));
	assert_says(error, SN_ERROR_TLS, "certificate");
	sn_oauth_free(oauth);
	sn_oauth2_free(wrong);
}

static void a_new_refresh_token_takes_the_place_of_the_old_one(void **state)
{
	if (!servers)
		skip();
	log_in();
	say("rotate");
	SnOauth *oauth = client(NULL);
	for (int i = 0; i < 3; i++) {
		g_autofree char *before = kept_token();
		char *token = sn_oauth_token(oauth, NULL);
		g_autofree char *after = kept_token();
		assert_non_null(token);
		assert_string_not_equal(before, after);
		sn_oauth_refused(oauth, token);
		sn_secret_free(token);
	}
	sn_oauth_free(oauth);
}

/* ---- the engine with it ---- */

static gboolean end_is(SnBench *bench, const char *end, SnStatusKind kind, const char *words)
{
	g_autoptr(GPtrArray) all = sn_status_list(bench->store);

	for (guint i = 0; i < all->len; i++) {
		const SnStatus *one = all->pdata[i];
		if (g_str_equal(one->end, end) && one->kind == kind)
			return !words || (one->detail && strstr(one->detail, words));
	}
	return FALSE;
}

static gboolean source_online(SnBench *bench, gpointer data)
{
	return end_is(bench, "source", SN_STATUS_ONLINE, NULL);
}

static gboolean more_given(gpointer data)
{
	return given() > *(int *)data;
}

static gboolean login_wanted(SnBench *bench, gpointer data)
{
	return end_is(bench, "source", SN_STATUS_ERROR, "sennit oauth login alice");
}

static gboolean is_here(SnBench *bench, gpointer data)
{
	return sn_message_find_mail(bench->store, data) != 0;
}

static gboolean reconnect(SnLive *live, gboolean (*condition)(SnBench *, gpointer))
{
	g_autofree char *command = g_strdup_printf(
		"doveadm -c %s/dovecot/dovecot.conf kick alice@example.test", servers->dir);
	const char *argv[] = { "sh", "-c", command, NULL };

	/* the server ends the connection; the next one logs in again */
	g_spawn_sync(NULL, (char **)argv, NULL,
	             G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
	             NULL, NULL, NULL, NULL, NULL, NULL);
	assert_true(sn_wish_set(live->bench->store, SN_WISH_RECONNECT, "", "", NULL));
	return sn_bench_wait(live->bench, condition, NULL);
}

static void mail_comes_and_goes_with_tokens(void **state)
{
	if (!servers)
		skip();
	SnLive live = { 0 };
	g_autoptr(GError) error = NULL;
	const char *raw = "From: bob@example.test\r\nTo: alice@example.test\r\n"
	                  "Message-ID: <one@example.test>\r\nSubject: One\r\n\r\nOne.\r\n";

	log_in();
	sn_live_open(&live, servers, "alice", NULL, NULL);
	sn_config_unref(live.bench->config);
	live.bench->config = config_with(NULL, NULL);
	SnEngineSetup setup = {
		.paths = live.bench->paths,
		.config = live.bench->config,
		.backends = { .imap = load_imap, .smtp = load_smtp, .http = load_http },
	};
	live.engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_live_settle(&live);
	int before = given();
	assert_true(sn_servers_deliver(servers, "alice", raw, strlen(raw)));
	assert_true(sn_bench_wait(live.bench, is_here, (gpointer) "one@example.test"));
	/* by SMTP, with the token that is there already */
	SnId entry = sn_live_send(&live, SN_CHANNEL_MAIL, "bob@example.test", "By token");
	assert_true(sn_live_wait_state(&live, entry, SN_STATE_ACCEPTED));
	assert_int_equal(given(), before);
	/* the provider ends the access token: nobody has to do anything */
	say("revoke");
	assert_true(reconnect(&live, source_online));
	assert_true(sn_wait_until(more_given, &before, 30));
	assert_true(sn_bench_wait(live.bench, source_online, NULL));
	sn_live_settle(&live);
	assert_int_equal(given(), before + 1);
	/* and ends the login itself: that is said, with what to do */
	say("revoke-all");
	assert_true(reconnect(&live, login_wanted));
	log_in();
	assert_true(reconnect(&live, source_online));
	sn_live_close(&live);
}

/* ---- a token that is refused ---- */

typedef struct {
	SnOauth *oauth;
	int asked, refused;
	gboolean stubborn; /* the same bad one again and again */
} Source;

static char *get_token(gpointer data, gboolean want_token, GError **error)
{
	Source *source = data;

	assert_true(want_token);
	return source->asked++ == 0 || source->stubborn ? g_strdup("ended")
	                                                : sn_oauth_token(source->oauth, error);
}

static gboolean note_refusal(gpointer data, const char *token)
{
	Source *source = data;

	assert_string_equal(token, "ended");
	source->refused++;
	return TRUE;
}

static void smtp_tries_another_token_once(void **state)
{
	if (!servers)
		skip();
	log_in();
	Source source = { .oauth = client(NULL) };
	SnLinkSpec link = {
		.host = "localhost",
		.port = servers->smtp,
		.tls = SN_LINK_STARTTLS,
		.user = "alice@example.test",
		.ca_file = servers->ca_file,
		.oauth2 = TRUE,
		.secret = { get_token, sn_secret_free, &source, note_refusal },
	};
	SnSendEvent *event = sn_test_send(&sn_smtp_ops, &link, NULL, NULL);
	assert_int_equal(event->kind, SN_EVENT_DONE);
	assert_int_equal(source.asked, 2);
	assert_int_equal(source.refused, 1);
	sn_send_event_free(event);
	/* and no more often: the provider must not be asked for ever */
	source.asked = source.refused = 0;
	source.stubborn = TRUE;
	event = sn_test_send(&sn_smtp_ops, &link, NULL, NULL);
	assert_int_equal(event->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_AUTH));
	assert_int_equal(source.asked, 2);
	assert_int_equal(source.refused, 1);
	sn_send_event_free(event);
	sn_oauth_free(source.oauth);
}

static int set_up(void **state)
{
	if (sn_servers_setup(&servers, "oauth dovecot postfix") != 0)
		return -1;
	if (!servers)
		return 0;
	g_autofree char *path = g_build_filename(servers->dir, "env", NULL);
	g_autofree char *env = NULL;
	assert_true(g_file_get_contents(path, &env, NULL, NULL));
	base = g_strdup_printf("https://localhost:%d",
	                       atoi(strstr(env, "SN_OAUTH_PORT=") + strlen("SN_OAUTH_PORT=")));
	kept = g_build_filename(servers->dir, "refresh", NULL);
	return 0;
}

static int tear_down(void **state)
{
	sn_servers_stop(servers);
	g_free(base);
	g_free(kept);
	g_free(shown);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_typed_elsewhere_logs_in),
		cmocka_unit_test(a_token_is_fetched_once_and_anew_before_it_ends),
		cmocka_unit_test(a_browser_on_this_machine_logs_in),
		cmocka_unit_test(what_goes_wrong_is_said),
		cmocka_unit_test(a_provider_with_another_certificate_gets_nothing),
		cmocka_unit_test(mail_comes_and_goes_with_tokens),
		cmocka_unit_test(smtp_tries_another_token_once),
		cmocka_unit_test(a_new_refresh_token_takes_the_place_of_the_old_one),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
