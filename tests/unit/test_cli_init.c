/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#include "src/cli/accounts_file.h"
#include "src/cli/local_mail.h"
#include "tests/lib/cli_desk.h"

/* ---- the text of accounts.conf ---- */

static void merged(const char *text, const char *name, const char *section, const char *want)
{
	g_autofree char *have = sn_accounts_merge(text, name, section);
	assert_string_equal(have, want);
}

static void a_section_is_added_or_replaced_and_the_rest_stays(void **state)
{
	merged(NULL, "a", "[a]\nx = 1\n", "[a]\nx = 1\n");
	merged("", "a", "[a]\nx = 1", "[a]\nx = 1\n");
	merged("# mine\n", "a", "[a]\n", "# mine\n\n[a]\n");
	merged("# mine\n[b]\ny = 2", "a", "[a]\nx = 1\n", "# mine\n[b]\ny = 2\n\n[a]\nx = 1\n");
	merged("# one\n[a]\nx = 0 # old\nz = 3\n\n# about b\n[b]\ny = 2\n", "a", "[a]\nx = 1\n",
	       "# one\n[a]\nx = 1\n\n# about b\n[b]\ny = 2\n");
	merged("[ a ] # first\nx = 0\n", "a", "[a]\nx = 1\n", "[a]\nx = 1\n");
	merged("[b]\n[a]\nx = 0", "a", "[a]\nx = 1\n", "[b]\n[a]\nx = 1\n");
	assert_true(sn_accounts_has("[b]\n [a]\n", "a"));
	assert_false(sn_accounts_has("#[a]\n[ab]\nx = [a]\n", "a"));
	assert_false(sn_accounts_has(NULL, "a"));
}

static void the_file_is_private_and_replaced_as_a_whole(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "accounts.conf", NULL);
	g_autofree char *missing = g_build_filename(dir, "no", "accounts.conf", NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	struct stat status;

	assert_true(g_file_set_contents(path, "old", -1, NULL));
	assert_int_equal(g_chmod(path, 0644), 0);
	assert_true(sn_accounts_write(path, "new", NULL));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, "new");
	assert_false(sn_accounts_write(missing, "new", &error));
	assert_non_null(strstr(error->message, missing));
	g_unlink(path);
	assert_int_equal(g_rmdir(dir), 0);
}

/* ---- email that is there already ---- */

static void make(const char *home, const char *path)
{
	g_autofree char *whole = g_build_filename(home, path, NULL);

	assert_int_equal(g_mkdir_with_parents(whole, 0700), 0);
}

static void make_maildir(const char *home, const char *path)
{
	g_autofree char *cur = g_build_filename(path, "cur", NULL);
	g_autofree char *new = g_build_filename(path, "new", NULL);

	make(home, cur);
	make(home, new);
}

static void write_in(const char *home, const char *path, const char *text)
{
	g_autofree char *whole = g_build_filename(home, path, NULL);
	g_autofree char *dir = g_path_get_dirname(whole);

	assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
	assert_true(g_file_set_contents(whole, text, -1, NULL));
}

/* want: paths below home with blanks between */
static void found_are(const char *home, const char *address, const char *want)
{
	g_autoptr(GPtrArray) found = sn_local_maildirs(home, address);
	g_autoptr(GString) have = g_string_new(NULL);

	for (guint i = 0; i < found->len; i++) {
		const char *path = found->pdata[i];
		assert_true(g_str_has_prefix(path, home));
		g_string_append_printf(have, "%s%s", i ? " " : "", path + strlen(home) + 1);
	}
	assert_string_equal(have->str, want);
}

static int make_home(void **state)
{
	g_unsetenv("MAILDIR");
	*state = g_dir_make_tmp("sennit-XXXXXX", NULL);
	return *state ? 0 : -1;
}

static int remove_home(void **state)
{
	const char *const words[] = { "rm", "-rf", "--", *state, NULL };

	g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
	             NULL);
	g_free(*state);
	return 0;
}

static void maildirs_are_found_in_the_usual_places(void **state)
{
	const char *home = *state;

	found_are(home, "alice@example.test", "");
	make(home, "Mail/drafts"); /* MH, mbox: no Maildir */
	make(home, "Mail/cur");
	found_are(home, "alice@example.test", "");
	make_maildir(home, "Mail/INBOX");
	found_are(home, "alice@example.test", "Mail");
	make_maildir(home, "Maildir");
	found_are(home, "alice@example.test", "Maildir Mail");
	g_autofree char *named = g_build_filename(home, "post", NULL);
	make_maildir(home, "post");
	g_setenv("MAILDIR", named, TRUE);
	found_are(home, "alice@example.test", "post Maildir Mail");
	g_unsetenv("MAILDIR");
}

static void of_several_trees_the_one_of_the_address_comes_first(void **state)
{
	const char *home = *state;

	make_maildir(home, "Mail/attic/INBOX");
	make_maildir(home, "Mail/example/INBOX");
	make_maildir(home, "Mail/home/INBOX");
	make(home, "Mail/.notmuch/cur");
	found_are(home, "alice@example.test", "Mail/example Mail/attic Mail/home");
	found_are(home, "home@work.test", "Mail/home Mail/attic Mail/example");
	found_are(home, "alice", "Mail/attic Mail/example Mail/home");
}

static void what_mbsync_and_notmuch_say_comes_before_the_usual_places(void **state)
{
	const char *home = *state;

	make_maildir(home, "Maildir");
	make_maildir(home, "post/work/INBOX");
	make_maildir(home, "post/club/INBOX");
	make_maildir(home, "own mail/in");
	write_in(home, ".mbsyncrc", "# Path ~/no\nMaildirStore work\n\tPath ~/post/work/\n"
	                            "\tInbox ~/post/work/INBOX\n\nPathological ~/Maildir\n"
	                            "Inbox \"~/own mail/in\"\nPath /nowhere/at/all\n");
	found_are(home, "a@b.test", "post/work own mail/in Maildir");
	/* the whole of it holds what mbsync has named already */
	write_in(home, ".notmuch-config", "[database]\npath=post\n[user]\nname=A\n");
	found_are(home, "a@b.test", "post/work own mail/in post/club Maildir");
	write_in(home, ".config/isyncrc", "PATH post/club\n");
	found_are(home, "a@club.test", "post/club post/work own mail/in Maildir");
	/* what cannot be read is passed over */
	write_in(home, ".notmuch-config", "path=post\n\xff\xfe[");
	write_in(home, ".mbsyncrc", "Path\nInbox \nPath ~\n");
	found_are(home, "a@b.test", "post/club Maildir");
}

static void a_configured_msmtp_is_offered(void **state)
{
	const char *home = *state;
	g_autofree char *before = g_strdup(g_getenv("PATH"));
	g_autofree char *bin = g_build_filename(home, "bin", NULL);
	g_autofree char *program = g_build_filename(bin, "msmtp", NULL);

	g_setenv("PATH", bin, TRUE);
	write_in(home, ".msmtprc", "account a\n");
	assert_null(sn_local_sender(home)); /* not installed */
	write_in(home, "bin/msmtp", "#!/bin/sh\n");
	assert_int_equal(g_chmod(program, 0700), 0);
	g_autofree char *sender = sn_local_sender(home);
	assert_string_equal(sender, "msmtp");
	g_autofree char *config = g_build_filename(home, ".msmtprc", NULL);
	g_unlink(config);
	assert_null(sn_local_sender(home)); /* not set up */
	g_setenv("PATH", before, TRUE);
}

/* ---- the verb, without a terminal ---- */

#define ENDS                                                                                   \
	"--source", "imaps://alice@mail.work.test", "--outgoing", "smtps://alice@mail.work.test",  \
		"--im", "xmpp://alice@work.test"

static void flags_alone_make_an_account(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "init", "--address", "alice@work.test", "--name",
	                              "Alice, Liddell", ENDS, "--im-host", "localhost:5222", "-p",
	                              "pass show work", NULL), 0);
	assert_int_equal(desk->probes, 3);
	g_autofree char *text = cli_desk_read(desk, "accounts.conf");
	assert_non_null(strstr(text, "# mine\n[home]\n")); /* what was there stays */
	cli_desk_forget(desk);
	g_autoptr(SnConfig) config = sn_config_load(desk->context.paths, NULL);
	const SnAccount *work = sn_config_account_named(config, "work");
	assert_non_null(work);
	assert_string_equal(work->from_name, "Alice, Liddell");
	assert_string_equal(work->from_address, "alice@work.test");
	assert_string_equal(work->source.host, "mail.work.test");
	assert_string_equal(work->im.connect_host, "localhost");
	assert_string_equal(work->outgoing.password_command[2], "work");
	assert_non_null(sn_config_account_named(config, "home"));
}

static void the_first_account_of_a_new_profile(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *path = g_build_filename(desk->context.paths->config, "accounts.conf", NULL);
	struct stat status;

	g_unlink(path);
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "Al <al@work.test>", "--account", "chat",
	                              "--no-mail", "--im", "xmpp://al@work.test", NULL), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	g_autofree char *text = cli_desk_read(desk, "accounts.conf");
	assert_string_equal(text, "[chat]\nim = xmpp://al@work.test\n");
}

static void an_account_is_not_written_over_unasked(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *before = cli_desk_read(desk, "accounts.conf");

	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "alice@work.test", "--account", "home",
	                              ENDS, NULL), 2);
	assert_true(cli_desk_said(desk, "--replace"));
	g_autofree char *after = cli_desk_read(desk, "accounts.conf");
	assert_string_equal(before, after);
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "alice@work.test", "--account", "home",
	                              ENDS, "--replace", "--no-test", NULL), 0);
	assert_int_equal(desk->probes, 0);
	g_autofree char *replaced = cli_desk_read(desk, "accounts.conf");
	assert_non_null(strstr(replaced, "mail.work.test"));
	assert_null(strstr(replaced, "mail.example.test"));
}

static void a_server_that_says_no_stops_it(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *before = cli_desk_read(desk, "accounts.conf");

	desk->probe_error = SN_ERROR_AUTH;
	desk->probe_fails = "smtp";
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "alice@work.test", ENDS, NULL), 4);
	assert_non_null(strstr(desk->out, "outgoing email ... failed: The server said no"));
	assert_non_null(strstr(desk->out, "IM ... ok"));
	g_autofree char *after = cli_desk_read(desk, "accounts.conf");
	assert_string_equal(before, after);
}

static void what_is_missing_or_wrong_is_said(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *before = cli_desk_read(desk, "accounts.conf");

	assert_int_equal(cli_desk_run(desk, NULL, "init", NULL), 2);
	assert_true(cli_desk_said(desk, "--address"));
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "alice", NULL), 7);
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "a@b.test", "--account", "x]\ny", ENDS,
	                              NULL), 7);
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "a@b.test", "--no-im", "--source",
	                              "imap://a@b.test", "--outgoing", "smtps://b.test", NULL), 7);
	assert_true(cli_desk_said(desk, "imaps://"));
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "a@b.test", ENDS, "-p", "pass 'x",
	                              "--no-test", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "a@b.test", "--no-mail", "--no-im",
	                              NULL), 2);
	g_autofree char *after = cli_desk_read(desk, "accounts.conf");
	assert_string_equal(before, after);
}

static void a_broken_file_is_left_alone(void **state)
{
	CliDesk *desk = *state;

	cli_desk_write(desk, "accounts.conf", "[home]\nnonsense\n");
	assert_int_equal(cli_desk_run(desk, NULL, "init", "-a", "alice@work.test", ENDS, NULL), 2);
	assert_true(cli_desk_said(desk, "accounts.conf:2"));
	g_autofree char *text = cli_desk_read(desk, "accounts.conf");
	assert_string_equal(text, "[home]\nnonsense\n");
}

#define HOME_TEST(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)
#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, cli_desk_setup, cli_desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_is_added_or_replaced_and_the_rest_stays),
		cmocka_unit_test(the_file_is_private_and_replaced_as_a_whole),
		HOME_TEST(maildirs_are_found_in_the_usual_places),
		HOME_TEST(of_several_trees_the_one_of_the_address_comes_first),
		HOME_TEST(what_mbsync_and_notmuch_say_comes_before_the_usual_places),
		HOME_TEST(a_configured_msmtp_is_offered),
		DESK_TEST(flags_alone_make_an_account),
		DESK_TEST(the_first_account_of_a_new_profile),
		DESK_TEST(an_account_is_not_written_over_unasked),
		DESK_TEST(a_server_that_says_no_stops_it),
		DESK_TEST(what_is_missing_or_wrong_is_said),
		DESK_TEST(a_broken_file_is_left_alone),
	};
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
