/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small parts below the mail backends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <string.h>

#include "backends/mail/auth.h"
#include "backends/mail/guard.h"
#include "backends/mail/inbox.h"
#include "backends/mail/link.h"
#include "backends/mail/names.h"
#include "backends/mail/smtp_session.h"
#include "backends/mail/uids.h"
#include "src/store/message.h"

/* ---- guard ---- */

/* Feeds text in pieces of every size: where the network cuts must not matter. */
static const char *feed(const char *text, gsize max_line, guint64 max_literal, guint max_depth)
{
	const char *result = NULL;

	for (gsize piece = 1; piece <= strlen(text); piece++) {
		SnGuard guard;
		const char *wrong = NULL;
		sn_guard_init(&guard, max_line, max_literal, max_depth);
		for (gsize at = 0; at < strlen(text) && !wrong; at += piece)
			wrong = sn_guard_feed(&guard, text + at, MIN(piece, strlen(text) - at));
		if (piece > 1)
			assert_true((wrong == NULL) == (result == NULL));
		result = wrong;
	}
	return result;
}

static void guard_follows_literals_and_strings(void **state)
{
	/* parentheses inside strings and literals do not count, lengths of literals do not either
	 */
	assert_null(feed("* 1 FETCH (A \"((((\\\"((((\" B {8}\r\n(((((((( C {1+}\r\n()\r\n", 60, 20,
			 2));
	assert_null(feed("a\r\nb\r\nc\r\n", 3, 0, 1));
	assert_null(feed("* {3} is no literal here\r\n((\r\n", 100, 0, 2));
	assert_non_null(feed("* ((((\r\n", 100, 0, 3));
	assert_non_null(feed("* 12345678901234567890\r\n", 20, 0, 3));
	assert_non_null(feed("* {21}\r\n", 100, 20, 3));
	assert_non_null(feed("* {999999999999999999999999}\r\n", 100, 20, 3));
	/* many literals in one answer are as bad as a long one */
	assert_non_null(feed("* {9}\r\n123456789 {9}\r\n123456789 {9}\r\n", 100, 20, 3));
	/* and so is a line that goes on around them */
	assert_non_null(feed("* 12345 {1}\r\nx12345 {1}\r\nx12345 {1}\r\nx\r\n", 30, 20, 3));
}

/* ---- names ---- */

static void folder_names_survive_the_wire(void **state)
{
	static const struct {
		const char *name, *wire;
		char delimiter;
	} cases[] = {
		{ "INBOX", "INBOX", '/' },
		{ "Entwürfe", "Entw&APw-rfe", '/' },
		{ "Work/Plans & more", "Work.Plans &- more", '.' },
		{ "日本語/台北", "&ZeVnLIqe-/&U,BTFw-", '/' },
		{ "a∕b/c", "a/b.c", '.' },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *wire = sn_name_to_wire(cases[i].name, cases[i].delimiter);
		g_autofree char *name = sn_name_from_wire(cases[i].wire, cases[i].delimiter);
		assert_string_equal(wire, cases[i].wire);
		assert_string_equal(name, cases[i].name);
	}
	g_autofree char *inbox = sn_name_from_wire("inbox", '/');
	assert_string_equal(inbox, "INBOX");
	assert_null(sn_name_to_wire("a\r\nb", '/'));
	assert_null(sn_name_to_wire("", '/'));
	assert_null(sn_name_to_wire("\xff", '/'));
	assert_null(sn_name_from_wire("a\033[2Jb", '/'));
	assert_null(sn_name_from_wire("", '/'));
}

static void roles_are_guessed_with_care(void **state)
{
	assert_string_equal(sn_role_of_attribute("\\Sent"), "sent");
	assert_string_equal(sn_role_of_attribute("junk"), "junk");
	assert_null(sn_role_of_attribute("\\HasNoChildren"));
	assert_string_equal(sn_role_of_name("inbox"), "inbox");
	assert_string_equal(sn_role_of_name("Deleted Items"), "trash");
	assert_string_equal(sn_role_of_name("INBOX/Drafts"), "drafts");
	assert_null(sn_role_of_name("Projects/Archive"));
	assert_null(sn_role_of_name("INBOX/a/Sent"));
}

/* ---- numbers ---- */

static void numbers_are_sorted_found_and_subtracted(void **state)
{
	static const guint32 some[] = { 5, 1, 3, 5, 4294967295u, 1 };
	g_autoptr(GArray) uids = sn_uids_new();
	g_autoptr(GArray) others = sn_uids_new();

	g_array_append_vals(uids, some, G_N_ELEMENTS(some));
	sn_uids_sort(uids);
	assert_int_equal(uids->len, 4);
	assert_true(sn_uids_has(uids, 4294967295u));
	assert_false(sn_uids_has(uids, 2));
	assert_int_equal(sn_uids_lower_bound(uids, 4), 2);
	g_array_append_vals(others, (guint32[]){ 1, 2, 5 }, 3);
	g_autoptr(GArray) rest = sn_uids_minus(uids, others);
	assert_int_equal(rest->len, 2);
	assert_int_equal(sn_uid_at(rest, 0), 3);
}

static void flag_bits_are_those_of_the_store(void **state)
{
	assert_int_equal(SN_MAIL_SEEN, SN_FLAG_SEEN);
	assert_int_equal(SN_MAIL_ANSWERED, SN_FLAG_ANSWERED);
	assert_int_equal(SN_MAIL_FLAGGED, SN_FLAG_FLAGGED);
	assert_int_equal(SN_MAIL_DELETED, SN_FLAG_DELETED);
	assert_int_equal(SN_MAIL_DRAFT, SN_FLAG_DRAFT);
	assert_int_equal(SN_MAIL_FORWARDED, SN_FLAG_FORWARDED);
}

/* ---- inbox ---- */

static gboolean is_raised(int fd)
{
	struct pollfd poll_fd = { fd, POLLIN, 0 };

	return poll(&poll_fd, 1, 0) > 0;
}

static void urgent_requests_come_first_and_can_be_cancelled(void **state)
{
	SnInbox *inbox = sn_inbox_new(g_free);

	for (guint64 id = 1; id <= 4; id++)
		assert_true(
			sn_inbox_push(inbox, g_strdup_printf("%d", (int)id), id, id < 3, id == 3));
	g_autofree char *three = sn_inbox_take(inbox, 0);
	assert_string_equal(three, "3");
	assert_true(sn_inbox_cancel(inbox, 2));   /* still waiting */
	assert_false(sn_inbox_cancel(inbox, 99)); /* never heard of */
	/* a running one is marked and, as it may be, interrupted; the mark ends with it */
	assert_false(sn_inbox_cancel(inbox, 3));
	assert_true(sn_inbox_cancelled(inbox, 3));
	assert_true(is_raised(sn_inbox_interrupt_fd(inbox)));
	assert_true(sn_inbox_finish(inbox, 3));
	assert_false(is_raised(sn_inbox_interrupt_fd(inbox)));
	g_autofree char *four = sn_inbox_take(inbox, 0);
	assert_null(sn_inbox_take(inbox, 0));
	assert_true(sn_inbox_has(inbox, 1));
	g_autofree char *one = sn_inbox_take(inbox, 1);
	assert_string_equal(one, "1");
	assert_false(sn_inbox_finish(inbox, 4));
	sn_inbox_stop(inbox);
	assert_true(is_raised(sn_inbox_interrupt_fd(inbox)));
	assert_true(sn_inbox_cancelled(inbox, 1));
	g_autofree char *late = g_strdup("late");
	assert_false(sn_inbox_push(inbox, late, 5, 0, FALSE));
	sn_inbox_wait(inbox, -1, -1); /* does not block any more */
	sn_inbox_free(inbox);
}

/* ---- link ---- */

static void tries_become_rarer_but_never_rarer_than_five_minutes(void **state)
{
	for (guint failures = 1; failures < 100; failures++) {
		SnTime wait = sn_link_backoff(failures);
		SnTime limit = failures < 10 ? MIN(SN_SECOND << (failures - 1), 5 * SN_MINUTE)
					     : 5 * SN_MINUTE;
		assert_in_range(wait, limit / 2, limit);
	}
}

static void server_words_are_made_harmless(void **state)
{
	g_autofree char *quoted = sn_link_quote_reply(" No\033[2J such\r\nuser\xff. ");
	g_autofree char *nothing = sn_link_quote_reply(NULL);
	g_autofree char *endless = g_strnfill(100000, 'x');
	g_autofree char *cut = sn_link_quote_reply(endless);

	assert_null(strpbrk(quoted, "\033\r\n"));
	assert_true(g_str_has_prefix(quoted, "No"));
	assert_true(g_utf8_validate(quoted, -1, NULL));
	assert_string_equal(nothing, "no reason given");
	assert_in_range(strlen(cut), 100, 400);
}

static void addresses_are_checked(void **state)
{
	assert_true(sn_smtp_address_is_safe("a+b@example.test"));
	assert_true(sn_smtp_address_is_safe("bøb@exämple.test"));
	assert_false(sn_smtp_address_is_safe("a@b\r\nDATA"));
	assert_false(sn_smtp_address_is_safe("a@b> SIZE=1"));
	assert_false(sn_smtp_address_is_safe("a b@c"));
	assert_false(sn_smtp_address_is_safe("\xff@b"));
	assert_false(sn_smtp_address_is_safe(""));
	assert_false(sn_smtp_address_is_safe(NULL));
}

/* ---- login ---- */

static char *decoded(const char *answer)
{
	gsize length = 0;
	guchar *bytes = g_base64_decode(answer, &length);
	char *text = g_malloc(length + 1);

	for (gsize i = 0; i < length; i++)
		text[i] = bytes[i] ? (char)bytes[i] : '|';
	text[length] = '\0';
	g_free(bytes);
	return text;
}

static void assert_answer(SnAuth *auth, const char *challenge, const char *expected)
{
	char *answer = sn_auth_step(auth, challenge);
	g_autofree char *text = decoded(answer);

	assert_string_equal(text, expected);
	sn_auth_free_answer(answer);
}

static void each_mechanism_says_its_words(void **state)
{
	const char *const plain[] = { "LOGIN", "PLAIN", NULL };
	const char *const login[] = { "LOGIN", NULL };
	const char *const token[] = { "PLAIN", "XOAUTH2", NULL };
	const char *const bearer[] = { "XOAUTH2", "OAUTHBEARER", NULL };
	const char *const nothing[] = { "GSSAPI", NULL };

	SnAuth *auth = sn_auth_new(plain, "h", 143, "u", "p", FALSE);
	assert_string_equal(sn_auth_mechanism(auth), "PLAIN");
	assert_answer(auth, NULL, "|u|p");
	sn_auth_free(auth);
	auth = sn_auth_new(login, "h", 143, "u", "p", FALSE);
	assert_false(sn_auth_has_initial(auth));
	assert_answer(auth, "VXNlcm5hbWU6", "u");
	assert_answer(auth, "UGFzc3dvcmQ6", "p");
	assert_null(sn_auth_step(auth, "TW9yZTo="));
	sn_auth_free(auth);
	auth = sn_auth_new(token, "h", 143, "u", "t", TRUE);
	assert_answer(auth, NULL, "user=u\001auth=Bearer t\001\001");
	assert_answer(auth, "eyJzdGF0dXMiOiI0MDAifQ==", "");
	sn_auth_free(auth);
	auth = sn_auth_new(bearer, "h", 993, "u", "t", TRUE);
	assert_answer(auth, NULL, "n,a=u,\001host=h\001port=993\001auth=Bearer t\001\001");
	sn_auth_free(auth);
	assert_null(sn_auth_new(nothing, "h", 143, "u", "p", FALSE));
	/* a token is never sent as a password, nor the other way round */
	assert_null(sn_auth_new(plain, "h", 143, "u", "t", TRUE));
	assert_null(sn_auth_new(token + 1, "h", 143, "u", "p", FALSE));
}

static void scram_does_not_show_the_password_and_wants_proof(void **state)
{
	const char *const offered[] = { "PLAIN", "SCRAM-SHA-256", NULL };
	SnAuth *auth = sn_auth_new(offered, "h", 143, "user", "pencil", FALSE);

	if (strcmp(sn_auth_mechanism(auth), "SCRAM-SHA-256") != 0) {
		sn_auth_free(auth);
		print_message("# SCRAM is not installed here (libsasl2-modules)\n");
		skip();
	}
	char *first = sn_auth_step(auth, NULL);
	g_autofree char *said = decoded(first);
	assert_true(g_str_has_prefix(said, "n,,n=user,r="));
	g_autofree char *challenge = g_strdup_printf("r=%sserver,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
						     strstr(said, ",r=") + 3);
	g_autofree char *encoded = g_base64_encode((const guchar *)challenge, strlen(challenge));
	char *second = sn_auth_step(auth, encoded);
	assert_non_null(second);
	g_autofree char *proof = decoded(second);
	assert_non_null(strstr(proof, ",p="));
	assert_null(strstr(proof, "pencil"));
	/* a server that says yes without showing that it knows the password is an impostor */
	assert_false(sn_auth_confirm(auth));
	assert_null(sn_auth_step(auth, "dj1ub25zZW5zZQ=="));
	sn_auth_free_answer(first);
	sn_auth_free_answer(second);
	sn_auth_free(auth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guard_follows_literals_and_strings),
		cmocka_unit_test(folder_names_survive_the_wire),
		cmocka_unit_test(roles_are_guessed_with_care),
		cmocka_unit_test(numbers_are_sorted_found_and_subtracted),
		cmocka_unit_test(flag_bits_are_those_of_the_store),
		cmocka_unit_test(urgent_requests_come_first_and_can_be_cancelled),
		cmocka_unit_test(tries_become_rarer_but_never_rarer_than_five_minutes),
		cmocka_unit_test(server_words_are_made_harmless),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(each_mechanism_says_its_words),
		cmocka_unit_test(scram_does_not_show_the_password_and_wants_proof),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
