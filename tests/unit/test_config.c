/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/nearest.h"
#include "src/config/config.h"
#include "src/config/rest.h"
#include "src/store/people.h"
#include "src/store/sync.h"

#define HOME_ACCOUNT                                                                           \
	"[home]\n"                                                                             \
	"from = Alice Liddell <alice@Example.Test>  # me\n"                                    \
	"aliases = al@example.test, \"Queen Alice\" <queen@example.test>\n"                    \
	"source = imaps://alice@mail.example.test\n"                                           \
	"outgoing = smtp+starttls://alice@mail.example.test:587\n"                             \
	"im = xmpp://alice@example.test\n"                                                     \
	"im-host = 127.0.0.1:15222\n"                                                          \
	"password-command = pass show 'my home'\n"                                             \
	"im-password-command = cat im\n"                                                       \
	"if-unavailable = defer\n"                                                             \
	"folders = INBOX, Lists/*\n"                                                           \
	"signature = \"Alice\\nWonderland # 1\"\n"                                        \
	"delivery-reports = failures\n"

static SnConfig *good(const char *accounts, const char *settings)
{
	g_autoptr(GError) error = NULL;
	SnConfig *config = sn_config_parse(accounts, settings, &error);

	if (error)
		fail_msg("%s", error->message);
	return config;
}

/* The text must be refused, and the refusal must hold all of these. */
static void refused(const char *accounts, const char *settings, ...)
{
	g_autoptr(GError) error = NULL;
	va_list args;

	assert_null(sn_config_parse(accounts, settings, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
	va_start(args, settings);
	for (const char *part; (part = va_arg(args, const char *));)
		if (!strstr(error->message, part))
			fail_msg("'%s' is not in: %s", part, error->message);
	va_end(args);
}

static void an_account_is_read(void **state)
{
	g_autoptr(SnConfig) config = good(HOME_ACCOUNT, NULL);
	const SnAccount *home = sn_config_account_named(config, "home");

	assert_int_equal(sn_config_account_count(config), 1);
	assert_ptr_equal(home, sn_config_account(config, 0));
	assert_string_equal(home->from_name, "Alice Liddell");
	assert_string_equal(home->from_address, "alice@example.test");
	assert_string_equal(home->aliases[0], "al@example.test");
	assert_string_equal(home->aliases[1], "queen@example.test");
	assert_null(home->aliases[2]);
	assert_int_equal(home->source.kind, SN_ENDPOINT_IMAP);
	assert_int_equal(home->source.tls, SN_TLS_DIRECT);
	assert_string_equal(home->source.password_command[2], "my home");
	assert_null(home->source.password_command[3]);
	assert_string_equal(home->outgoing.password_command[0], "pass");
	assert_int_equal(home->outgoing.port, 587);
	assert_string_equal(home->im.user, "alice@example.test");
	assert_string_equal(home->im.host, "example.test");
	assert_string_equal(home->im.connect_host, "127.0.0.1");
	assert_int_equal(home->im.port, 15222);
	assert_string_equal(home->im.password_command[0], "cat");
	assert_int_equal(home->if_unavailable, SN_RULE_DEFER);
	assert_string_equal(home->folders[1], "Lists/*");
	assert_string_equal(home->signature, "Alice\nWonderland # 1");
	assert_int_equal(home->reports, SN_REPORTS_FAILURES);
	assert_string_equal(home->copy_to, "sent");
	assert_true(home->enabled);
	assert_null(sn_config_account_named(config, "work"));
}

static void ends_inherit_what_is_general(void **state)
{
	g_autoptr(SnConfig) config = good("[a]\n"
	                                  "from = a@b.test\n"
	                                  "source = imaps://mail.b.test\n"
	                                  "outgoing = smtps://a@mail.b.test\n"
	                                  "im = xmpps://a@b.test:443\n"
	                                  "oauth2-command = token\n"
	                                  "outgoing-password-command = other\n"
	                                  "password-command = main\n"
	                                  "enabled = false\n",
	                                  NULL);
	const SnAccount *a = sn_config_account(config, 0);

	/* no user: the address logs in */
	assert_string_equal(a->source.user, "a@b.test");
	assert_string_equal(a->source.oauth2_command[0], "token");
	/* its own password command wins over the general token */
	assert_null(a->outgoing.oauth2_command);
	assert_string_equal(a->outgoing.password_command[0], "other");
	/* a mail token is no IM password */
	assert_null(a->im.oauth2_command);
	assert_string_equal(a->im.password_command[0], "main");
	assert_string_equal(a->im.connect_host, "b.test");
	assert_int_equal(a->im.tls, SN_TLS_DIRECT);
	assert_false(a->enabled);
}

static void nothing_is_a_valid_configuration(void **state)
{
	g_autoptr(SnConfig) config = good(NULL, NULL);
	const SnSettings *settings = sn_config_settings(config);

	assert_int_equal(sn_config_account_count(config), 0);
	assert_string_equal(settings->general_theme, "default-dark");
	assert_int_equal(settings->delivery_retry, 5 * SN_MINUTE);
	assert_int_equal(settings->delivery_expire, 7 * SN_DAY);
	assert_int_equal(settings->delivery_undo_im, 0);
	assert_int_equal(settings->delivery_if_unavailable, SN_RULE_ASK);
	assert_int_equal(settings->delivery_not_available, 1u << SN_PRESENCE_OFFLINE |
	                 1u << SN_PRESENCE_XA | 1u << SN_PRESENCE_DND);
	assert_int_equal(settings->history_max_size, 10 * 1024 * 1024);
	assert_string_equal(settings->history_on_switch, "thread");
	assert_true(settings->notify_incoming);
	assert_int_equal(settings->ui_list_width, 32);
}

static void settings_are_read(void **state)
{
	g_autoptr(SnConfig) config = good(NULL, "\xef\xbb\xbf# a comment\r\n"
	                                        "[delivery]\r\n"
	                                        "not-available = offline away   # both\r\n"
	                                        "retry-max=1h30m\r\n"
	                                        "if-unavailable = ask-them\r\n"
	                                        "\r\n"
	                                        "[history]\r\n"
	                                        "on-switch = last:5\r\n"
	                                        "max-size = 64k\r\n"
	                                        "[ui]\r\n"
	                                        "mouse = false\r\n"
	                                        "list-width = 40\r\n"
	                                        "timestamps = \"%d # %H\"\r\n");
	const SnSettings *settings = sn_config_settings(config);

	assert_int_equal(settings->delivery_not_available,
	                 1u << SN_PRESENCE_OFFLINE | 1u << SN_PRESENCE_AWAY);
	assert_int_equal(settings->delivery_retry_max, 90 * SN_MINUTE);
	assert_int_equal(settings->delivery_if_unavailable, SN_RULE_ASK_THEM);
	assert_string_equal(settings->history_on_switch, "last:5");
	assert_int_equal(settings->history_max_size, 65536);
	assert_false(settings->ui_mouse);
	assert_int_equal(settings->ui_list_width, 40);
	assert_string_equal(settings->ui_timestamps, "%d # %H");
}

static void errors_name_line_and_nearest_word(void **state)
{
	refused("[home]\nfrom = a@b.test\nsorce = imaps://a@b.test\n", NULL,
	        "accounts.conf:3: unknown key 'sorce' in [home]", "did you mean 'source'?", "im-host",
	        NULL);
	refused(NULL, "[searches]\nwork = is:unraed\n", "sennit.conf:2: work = is:unraed", "is:unraed",
	        "comes unread", NULL);
	refused(NULL, "[searches]\nwork =\n", "sennit.conf:2", "what to search for", NULL);
	refused(NULL, "[searches]\nwork = a\nwork = b\n", "sennit.conf:3", "set before", "line 2", NULL);
	refused(NULL, "[delivry]\n", "sennit.conf:1: unknown section [delivry]", "'delivery'?",
	        "notify", NULL);
	refused(NULL, "[delivery]\n\nretrymax = 1h\n", "sennit.conf:3:", "'retry-max'?", NULL);
	refused(NULL, "[delivery]\nretry = 5x\n", "sennit.conf:2:", "retry = 5x", "1h30m", NULL);
	refused(NULL, "[delivery]\nif-unavailable = later\n", "ask, defer, mail", NULL);
	refused(NULL, "[delivery]\nnot-available = ofline\n", "'offline'?", NULL);
	refused(NULL, "[ui]\nmouse = yes\n", "allowed: true, false", NULL);
	refused(NULL, "[history]\nmax-size = lots\n", "10M", NULL);
	refused(NULL, "[history]\non-switch = last:0\n", "last:N", NULL);
	refused(NULL, "[ui]\nlist-width = -3\n", "whole number", NULL);
	refused(NULL, "mouse = true\n", "sennit.conf:1:", "before the first [section]", NULL);
	refused(NULL, "[ui]\nmouse\n", "sennit.conf:2:", "key = value", NULL);
	refused(NULL, "[ui\n", "[name]", NULL);
	refused(NULL, "[ui]\nmouse = true\n[mail]\n[ui]\nmouse = false\n", "sennit.conf:5:",
	        "line 2", NULL);
	refused(NULL, "[ui]\ntimestamps = \xff\n", "sennit.conf:2:", "UTF-8", NULL);
	refused(NULL, "[ui]\ntimestamps = \x1b[31m\n", "control character", NULL);
}

static void account_errors_say_what_to_write(void **state)
{
	refused("[a]\n", NULL, "accounts.conf:1:", "no source, no outgoing and no im", NULL);
	refused("[a]\nsource = imaps://a@b.test\n", NULL, "no 'from =", NULL);
	refused("[a]\nfrom = Alice\nim = xmpp://a@b.test\n", NULL, "accounts.conf:2:",
	        "Alice Liddell <", NULL);
	refused("[a]\nim = alice@b.test\n", NULL, "accounts.conf:2:", "xmpp://you@domain", NULL);
	refused("[a]\nim = imaps://a@b.test\n", NULL, "xmpp://you@domain", NULL);
	refused("[a]\nfrom = a@b.test\noutgoing = smtp://a@b.test\n", NULL, "smtps://",
	        "smtp+starttls://", NULL);
	refused("[a]\nfrom = a@b.test\noutgoing = /no/such/sendmail -t\n", NULL, "program", NULL);
	refused("[a]\nim = xmpp://a@b.test\npassword-command = pass 'x\n", NULL, "accounts.conf:3:",
	        "quotes", NULL);
	refused("[a]\nim = xmpp://a@b.test\nca-file = /no/such.pem\n", NULL, "no file /no/such.pem",
	        NULL);
	refused("[a]\nim = xmpp://a@b.test\nim-host = ::1\n", NULL, "in brackets", NULL);
	refused("[a]\nim = xmpp://a@b.test\nif-unavailable = defr\n", NULL, "'defer'?", NULL);
	refused("[a]\nim = xmpp://a@b.test\n[a]\nim = xmpp://a@b.test\n", NULL, "accounts.conf:3:",
	        "line 1", NULL);
	refused("[a]\nim = xmpp://a@b.test\nim = xmpp://c@b.test\n", NULL, "accounts.conf:3:",
	        "line 2", NULL);
	/* several at once, from both files */
	refused("[a]\nx = 1\n", "[ui]\ny = 2\n", "accounts.conf:2", "sennit.conf:2", NULL);
	refused(NULL, "a\nb\nc\nd\ne\nf\ng\n", "sennit.conf:5", "(and 2 more)", NULL);
}

static void times_and_sizes_have_bounds(void **state)
{
	SnTime time;
	gint64 size;

	assert_true(sn_duration_parse("0", &time) && time == 0);
	assert_true(sn_duration_parse("250ms", &time) && time == 250);
	assert_true(sn_duration_parse("1d12h", &time) && time == 36 * SN_HOUR);
	assert_false(sn_duration_parse("", &time));
	assert_false(sn_duration_parse("5", &time));
	assert_false(sn_duration_parse("-5s", &time));
	assert_false(sn_duration_parse("m", &time));
	assert_false(sn_duration_parse("99999999999999999999d", &time));
	assert_false(sn_duration_parse("999999d", &time));
	assert_true(sn_bytes_parse("3", &size) && size == 3);
	assert_true(sn_bytes_parse("2MiB", &size) && size == 2 << 20);
	assert_false(sn_bytes_parse("2X", &size));
	assert_false(sn_bytes_parse("", &size));
	assert_false(sn_bytes_parse("999999999T", &size));
}

static void nearest_word_is_near(void **state)
{
	const char *words[] = { "outbox", "people", "accounts", NULL };

	assert_string_equal(sn_nearest("otubox", words), "outbox");
	assert_string_equal(sn_nearest("PEOPLE", words), "people");
	assert_string_equal(sn_nearest("acc", words), "accounts");
	assert_null(sn_nearest("zebra", words));
	assert_null(sn_nearest("", words));
	assert_int_equal(sn_edit_distance("ab", "ba"), 1);
	assert_int_equal(sn_edit_distance("kitten", "sitting"), 3);
}

static void words_mean_what_the_store_says(void **state)
{
	static const char *const rules[] = { "ask", "defer", "mail", "send", "ask-them" };

	for (gsize i = 0; i < G_N_ELEMENTS(rules); i++) {
		g_autofree char *text = g_strdup_printf("[delivery]\nif-unavailable = %s\n", rules[i]);
		g_autoptr(SnConfig) config = good(NULL, text);
		assert_string_equal(sn_rule_word(sn_config_settings(config)->delivery_if_unavailable),
		                    rules[i]);
	}
	for (int show = SN_PRESENCE_OFFLINE; show <= SN_PRESENCE_CHAT; show++) {
		const char *word = sn_presence_word((SnPresenceShow)show);
		g_autofree char *text = g_strdup_printf("[delivery]\nnot-available = %s\n", word);
		g_autoptr(SnConfig) config = good(NULL, text);
		assert_int_equal(sn_config_settings(config)->delivery_not_available, 1u << show);
	}
}

static void paths_begin_at_the_root_or_at_home(void **state)
{
	g_autoptr(SnConfig) config = good(NULL, "[general]\nvdir = ~/cards\ndownload-dir = /srv/in\n");
	g_autofree char *cards = g_build_filename(g_get_home_dir(), "cards", NULL);

	assert_string_equal(sn_config_settings(config)->general_vdir, cards);
	assert_string_equal(sn_config_settings(config)->general_download_dir, "/srv/in");
	refused(NULL, "[general]\nvdir = cards\n", "whole path", NULL);
}

/* Whatever stands in the files, the answer is a configuration or an error with lines. */
static void damaged_files_are_refused_or_read(void **state)
{
	static const char spice[] = "[]=#\"'\\\n\r\t :/@%\x01\xff\xc3";
	g_autoptr(GRand) random = g_rand_new_with_seed(8);
	gsize length = strlen(HOME_ACCOUNT);

	for (int i = 0; i < 5000; i++) {
		g_autofree char *text = g_strdup(HOME_ACCOUNT);
		g_autoptr(GError) error = NULL;
		for (int j = g_rand_int_range(random, 1, 8); j > 0; j--)
			text[g_rand_int_range(random, 0, (gint32)length)] =
				spice[g_rand_int_range(random, 0, sizeof spice - 1)];
		g_autoptr(SnConfig) one = sn_config_parse(text, NULL, &error);
		g_autoptr(SnConfig) two = sn_config_parse(NULL, text, NULL);
		assert_true(!one == !!error);
		if (error)
			assert_true(g_str_has_prefix(error->message, "accounts.conf"));
		assert_null(two);
	}
}

/* ---- files ---- */

typedef struct {
	char *dir, *accounts;
	SnPaths *paths;
} Profile;

static int profile_make(void **state)
{
	Profile *profile = g_new0(Profile, 1);

	profile->dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	profile->paths = sn_paths_new(profile->dir, NULL);
	assert_non_null(profile->paths);
	profile->accounts = g_build_filename(profile->paths->config, "accounts.conf", NULL);
	*state = profile;
	return 0;
}

static int profile_remove(void **state)
{
	Profile *profile = *state;
	g_autofree char *settings = g_build_filename(profile->paths->config, "sennit.conf", NULL);
	const char *all[] = { profile->accounts,       settings,
		              profile->paths->data,
		              profile->paths->state,   profile->paths->runtime, profile->dir };

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		g_remove(all[i]);
	sn_paths_free(profile->paths);
	g_free(profile->accounts);
	g_free(profile->dir);
	g_free(profile);
	return 0;
}

static void directories_are_private(void **state)
{
	Profile *profile = *state;
	const char *all[] = { profile->paths->config, profile->paths->data, profile->paths->state,
		              profile->paths->runtime };
	struct stat status;

	assert_string_equal(profile->paths->config, profile->dir);
	for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
		assert_true(g_str_has_prefix(all[i], profile->dir));
		assert_int_equal(stat(all[i], &status), 0);
		assert_int_equal(status.st_mode & 07777, 0700);
	}
	assert_true(g_str_has_prefix(profile->paths->store_path, profile->paths->data));
	assert_true(g_str_has_prefix(profile->paths->log_path, profile->paths->state));
}

static void a_directory_that_cannot_be_made_is_said(void **state)
{
	Profile *profile = *state;
	g_autoptr(GError) error = NULL;

	assert_true(g_file_set_contents(profile->accounts, "", 0, NULL));
	g_autofree char *below = g_build_filename(profile->accounts, "below", NULL);
	assert_null(sn_paths_new(below, &error));
	assert_non_null(strstr(error->message, below));
}

static void xdg_variables_are_honoured(void **state)
{
	Profile *profile = *state;
	g_autofree char *config = g_build_filename(profile->dir, "config", NULL);
	g_autofree char *expected = g_build_filename(config, "sennit", NULL);

	g_setenv("XDG_CONFIG_HOME", config, TRUE);
	g_setenv("XDG_DATA_HOME", profile->paths->data, TRUE);
	g_setenv("XDG_STATE_HOME", profile->paths->state, TRUE);
	g_setenv("XDG_RUNTIME_DIR", profile->paths->runtime, TRUE);
	g_autoptr(SnPaths) paths = sn_paths_new(NULL, NULL);
	assert_non_null(paths);
	assert_string_equal(paths->config, expected);
	assert_true(g_str_has_prefix(paths->runtime, profile->paths->runtime));
	const char *all[] = { paths->config, paths->data, paths->state, paths->runtime };
	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		assert_int_equal(g_rmdir(all[i]), 0);
	assert_int_equal(g_rmdir(config), 0);
}

static void accounts_open_to_others_are_refused(void **state)
{
	Profile *profile = *state;
	g_autoptr(GError) error = NULL;

	assert_true(g_file_set_contents(profile->accounts, HOME_ACCOUNT, -1, NULL));
	assert_int_equal(chmod(profile->accounts, 0640), 0);
	assert_null(sn_config_load(profile->paths, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
	g_autofree char *what_to_do = g_strdup_printf("chmod 600 %s", profile->accounts);
	assert_non_null(strstr(error->message, what_to_do));
	assert_int_equal(chmod(profile->accounts, 0600), 0);
	g_autoptr(SnConfig) config = sn_config_load(profile->paths, NULL);
	assert_non_null(config);
	assert_int_equal(sn_config_account_count(config), 1);
}

static void missing_files_are_an_empty_configuration(void **state)
{
	Profile *profile = *state;
	g_autoptr(SnConfig) config = sn_config_load(profile->paths, NULL);

	assert_non_null(config);
	assert_int_equal(sn_config_account_count(config), 0);
}

static void a_nul_byte_hides_nothing(void **state)
{
	Profile *profile = *state;
	g_autofree char *settings = g_build_filename(profile->paths->config, "sennit.conf", NULL);
	g_autoptr(GError) error = NULL;

	assert_true(g_file_set_contents(settings, "[ui]\n\0\nnonsense\n", 16, NULL));
	assert_null(sn_config_load(profile->paths, &error));
	assert_non_null(strstr(error->message, "sennit.conf:2: "));
	assert_non_null(strstr(error->message, "sennit.conf:3: "));
}

static void a_directory_is_no_configuration(void **state)
{
	Profile *profile = *state;
	g_autoptr(GError) error = NULL;

	assert_int_equal(g_mkdir(profile->accounts, 0700), 0);
	assert_null(sn_config_load(profile->paths, &error));
	assert_non_null(strstr(error->message, profile->accounts));
}

#define PROFILE_TEST(name) cmocka_unit_test_setup_teardown(name, profile_make, profile_remove)

/* ---- a profile at rest ---- */

typedef struct {
	char *dir;
	SnPaths *paths;
	SnConfig *config;
	char *module, *cur;
	SnStore *store;
	SnTime now;
	SnClock clock;
} Rest;

static SnTime later(gpointer data)
{
	return ((Rest *)data)->now;
}

static void put(const char *path, const char *text)
{
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static int rest_setup(void **state)
{
	Rest *rest = g_new0(Rest, 1);
	char *dir = rest->dir = g_dir_make_tmp("sennit-test-XXXXXX", NULL);
	g_autofree char *accounts = g_strdup_printf("[a]\nfrom = a@example.test\nsource = maildir://%s/mail\n",
	                                            dir);
	g_autofree char *file = g_build_filename(dir, "accounts.conf", NULL);

	rest->cur = g_build_filename(dir, "mail", "cur", NULL);
	rest->module = g_build_filename(dir, "module", NULL);
	g_autofree char *new = g_build_filename(dir, "mail", "new", NULL);
	assert_int_equal(g_mkdir_with_parents(rest->cur, 0700), 0);
	assert_int_equal(g_mkdir_with_parents(new, 0700), 0);
	put(file, accounts);
	g_chmod(file, 0600);
	put(rest->module, "");
	rest->paths = sn_paths_new(dir, NULL);
	rest->config = good(accounts, NULL);
	rest->store = sn_store_open(rest->paths->store_path, SN_STORE_ENGINE, NULL);
	assert_non_null(rest->store);
	/* files are young: look at them from later */
	rest->now = sn_clock_now(NULL) + SN_MINUTE;
	rest->clock = (SnClock){ later, rest, NULL };
	*state = rest;
	return 0;
}

static int rest_teardown(void **state)
{
	Rest *rest = *state;
	const char *rm[] = { "rm", "-rf", rest->dir, NULL };

	sn_store_close(rest->store);
	g_spawn_sync(NULL, (char **)rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
	sn_config_unref(rest->config);
	sn_paths_free(rest->paths);
	g_free(rest->module);
	g_free(rest->cur);
	g_free(rest->dir);
	g_free(rest);
	return 0;
}

static char *look(Rest *rest)
{
	return sn_rest_look(rest->paths, rest->config, rest->module, &rest->clock);
}

static gboolean holds(Rest *rest)
{
	return sn_rest_holds(rest->paths, &rest->clock);
}

/* As an engine that has nothing left to do leaves it. */
static void lie_down(Rest *rest)
{
	g_autofree char *before = look(rest), *mark = sn_store_rest(rest->store), *now = look(rest);

	assert_non_null(mark);
	sn_rest_write(rest->paths, before, now, mark, &rest->clock);
}

static void a_profile_rests_until_something_happens(void **state)
{
	Rest *rest = *state;
	g_autofree char *mail = g_build_filename(rest->cur, "1.a:2,", NULL);
	g_autofree char *seen = g_build_filename(rest->cur, "1.a:2,S", NULL);
	g_autofree char *sub = g_build_filename(rest->dir, "mail", ".Work", NULL);
	g_autofree char *settings = g_build_filename(rest->dir, "sennit.conf", NULL);

	assert_false(holds(rest));
	lie_down(rest);
	assert_true(holds(rest));
	put(mail, "x");
	assert_false(holds(rest));
	lie_down(rest);
	assert_true(holds(rest));
	g_rename(mail, seen); /* a flag */
	assert_false(holds(rest));
	lie_down(rest);
	assert_int_equal(g_mkdir(sub, 0700), 0);
	assert_false(holds(rest));
	lie_down(rest);
	put(settings, "[ui]\n");
	assert_false(holds(rest));
	lie_down(rest);
	put(rest->module, "another");
	assert_false(holds(rest));
	lie_down(rest);
	assert_true(holds(rest));
}

static void what_another_program_writes_to_the_store_ends_the_rest(void **state)
{
	Rest *rest = *state;
	SnStore *other = sn_store_open(rest->paths->store_path, SN_STORE_CLIENT, NULL);

	lie_down(rest);
	assert_true(holds(rest));
	assert_true(sn_store_set(other, "a", "b", NULL));
	assert_false(holds(rest)); /* it is in the log */
	g_autofree char *unseen = sn_store_rest(rest->store);
	assert_null(unseen); /* the engine has not looked at it */
	lie_down(rest); /* now it has */
	assert_true(holds(rest));
	assert_true(sn_store_set(other, "a", "c", NULL));
	sn_store_close(other);
	g_clear_pointer(&rest->store, sn_store_close);
	assert_false(holds(rest)); /* it is in the database */
}

static void a_writer_at_work_gives_no_rest(void **state)
{
	Rest *rest = *state;
	SnStore *other = sn_store_open(rest->paths->store_path, SN_STORE_CLIENT, NULL);

	assert_true(sn_store_begin(other, NULL));
	g_autofree char *mark = sn_store_rest(rest->store);
	assert_null(mark);
	sn_store_rollback(other);
	lie_down(rest);
	sn_store_close(other);
	assert_true(holds(rest)); /* a reader that goes takes the empty log with it */
}

static void a_change_of_just_now_may_be_followed_by_another(void **state)
{
	Rest *rest = *state;
	g_autofree char *mail = g_build_filename(rest->cur, "2.a:2,", NULL);

	lie_down(rest);
	put(mail, "x");
	rest->now = sn_clock_now(NULL);
	g_autofree char *young = look(rest);
	assert_null(young);
	sn_rest_write(rest->paths, NULL, NULL, "mark", &rest->clock); /* and what was said is taken back */
	rest->now += SN_MINUTE;
	assert_false(holds(rest));
}

static void rest_ends_by_itself_and_with_a_clock_set_back(void **state)
{
	Rest *rest = *state;

	lie_down(rest);
	rest->now -= 1;
	assert_false(holds(rest));
	rest->now += SN_HOUR;
	assert_true(holds(rest));
	rest->now += 2;
	assert_false(holds(rest));
}

static void servers_and_programs_have_to_be_asked(void **state)
{
	Rest *rest = *state;
	static const char *const accounts[] = {
		"[a]\nfrom = a@example.test\nsource = imaps://a@mail.example.test\n",
		"[a]\nfrom = a@example.test\nsource = maildir:///tmp\nim = xmpp://a@example.test\n",
	};
	static const char *const settings[] = { "[general]\nvdir = /tmp\n",
		                                "[general]\naddress-book-cmd = true %s\n" };

	for (gsize i = 0; i < 4; i++) {
		g_autoptr(SnConfig) config = i < 2 ? good(accounts[i], NULL)
		                                   : good("[a]\nfrom = a@example.test\nsource = maildir:///tmp\n", settings[i - 2]);
		g_autofree char *none = sn_rest_look(rest->paths, config, rest->module, &rest->clock);
		assert_null(none);
	}
}

/* Whoever has the data of one profile and the configuration of another has other accounts. */
static void rest_is_of_this_configuration_only(void **state)
{
	Rest *rest = *state;
	g_autofree char *own = g_steal_pointer(&rest->paths->config);

	rest->paths->config = g_strdup(own);
	lie_down(rest);
	assert_true(holds(rest));
	g_free(rest->paths->config);
	rest->paths->config = g_build_filename(rest->dir, "mail", NULL);
	assert_false(holds(rest));
	g_free(rest->paths->config);
	rest->paths->config = g_strdup(own);
	assert_true(holds(rest));
}

/* A file that could not be read, or a change that came while the folder was looked through. */
static void a_maildir_that_was_not_all_told_gives_no_rest(void **state)
{
	Rest *rest = *state;
	const SnOwnAccount own = { "a", NULL, NULL };

	assert_true(sn_own_accounts_set(rest->store, &own, 1, NULL));
	SnId account = sn_account_find(rest->store, "a");
	SnId folder = sn_folder_intern(rest->store, account, "INBOX", "inbox", NULL);

	assert_true(sn_folder_set_directory(rest->store, folder, rest->cur, NULL));
	lie_down(rest); /* nobody syncs it */
	assert_true(holds(rest));
	assert_true(sn_folder_set_state(rest->store, folder, 1, 7, 0, NULL));
	g_autofree char *none = sn_store_rest(rest->store);
	assert_null(none);
	assert_true(sn_folder_set_state(rest->store, folder, 1, 7, 12345, NULL));
	lie_down(rest);
	assert_true(holds(rest));
}

static void a_damaged_note_says_nothing(void **state)
{
	Rest *rest = *state;
	g_autofree char *file = g_build_filename(rest->paths->data, "engine.rest", NULL), *good_text = NULL;
	gsize length = 0;

	lie_down(rest);
	assert_true(g_file_get_contents(file, &good_text, &length, NULL));
	for (gsize cut = 0; cut < length; cut++) {
		assert_true(g_file_set_contents(file, good_text, (gssize)cut, NULL));
		assert_false(holds(rest));
	}
	put(file, good_text);
	assert_true(holds(rest));
}

#define REST(name) cmocka_unit_test_setup_teardown(name, rest_setup, rest_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_account_is_read),
		cmocka_unit_test(ends_inherit_what_is_general),
		cmocka_unit_test(nothing_is_a_valid_configuration),
		cmocka_unit_test(settings_are_read),
		cmocka_unit_test(errors_name_line_and_nearest_word),
		cmocka_unit_test(account_errors_say_what_to_write),
		cmocka_unit_test(times_and_sizes_have_bounds),
		cmocka_unit_test(nearest_word_is_near),
		cmocka_unit_test(words_mean_what_the_store_says),
		cmocka_unit_test(paths_begin_at_the_root_or_at_home),
		cmocka_unit_test(damaged_files_are_refused_or_read),
		REST(a_profile_rests_until_something_happens),
		REST(what_another_program_writes_to_the_store_ends_the_rest),
		REST(a_writer_at_work_gives_no_rest),
		REST(a_change_of_just_now_may_be_followed_by_another),
		REST(rest_ends_by_itself_and_with_a_clock_set_back),
		REST(servers_and_programs_have_to_be_asked),
		REST(a_damaged_note_says_nothing),
		REST(rest_is_of_this_configuration_only),
		REST(a_maildir_that_was_not_all_told_gives_no_rest),
		PROFILE_TEST(directories_are_private),
		PROFILE_TEST(a_directory_that_cannot_be_made_is_said),
		PROFILE_TEST(xdg_variables_are_honoured),
		PROFILE_TEST(accounts_open_to_others_are_refused),
		PROFILE_TEST(missing_files_are_an_empty_configuration),
		PROFILE_TEST(a_nul_byte_hides_nothing),
		PROFILE_TEST(a_directory_is_no_configuration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
