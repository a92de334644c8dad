/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Newsletters and notices: how emails are told from what somebody wrote, and where they stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/store/conversation.h"
#include "tests/lib/tmpstore.h"
#include "tests/unit/engine_bench.h"

static SnMailBulk judge(const char *headers)
{
	g_autoptr(GBytes) raw = sn_bench_mail(headers, "Text\n");
	g_autoptr(SnMail) mail = sn_mail_parse(raw, NULL, NULL);

	assert_non_null(mail);
	return mail->bulk;
}

static void headers_tell_what_nobody_wrote(void **state)
{
	static const struct {
		const char *headers;
		SnMailBulk bulk;
	} rows[] = {
		{ "From: Bob <bob@example.test>\n", SN_MAIL_PERSONAL },
		{ "From: Shop <news@shop.test>\nList-Unsubscribe: <https://shop.test/u>\n", SN_MAIL_NEWSLETTER },
		{ "From: No Reply <no-reply@shop.test>\nList-Unsubscribe: <mailto:u@shop.test>\n", SN_MAIL_NEWSLETTER },
		{ "From: a@shop.test\nList-Id: <news.shop.test>\nPrecedence: bulk\n", SN_MAIL_NEWSLETTER },
		/* people post there */
		{ "From: Ann <ann@x.test>\nList-Id: <sailors.x.test>\nList-Post: <mailto:sailors@x.test>\n"
		  "List-Unsubscribe: <mailto:u@x.test>\nPrecedence: list\n", SN_MAIL_PERSONAL },
		{ "From: Ann <ann@x.test>\nList-Unsubscribe: <mailto:u@x.test>\n"
		  "Mailing-List: list sailors@x.test; contact owner@x.test\n", SN_MAIL_PERSONAL },
		/* nobody may post there */
		{ "From: a@shop.test\nList-Post: NO\nList-Unsubscribe: <mailto:u@shop.test>\n", SN_MAIL_NEWSLETTER },
		{ "From: Bank <noreply@bank.test>\n", SN_MAIL_NOTICE },
		{ "From: Bank <no_reply+7@bank.test>\n", SN_MAIL_NOTICE },
		{ "From: Bank <do-not-reply@bank.test>\n", SN_MAIL_NOTICE },
		{ "From: Bank <NoReply-billing@bank.test>\n", SN_MAIL_NOTICE },
		{ "From: Ann (repo) <notifications@git.test>\nList-Id: <repo.git.test>\n"
		  "List-Post: <mailto:reply@git.test>\nList-Unsubscribe: <mailto:u@git.test>\n", SN_MAIL_NOTICE },
		{ "From: cron@x.test\nAuto-Submitted: auto-generated\n", SN_MAIL_NOTICE },
		/* what became of the user's own email */
		{ "From: Mail <MAILER-DAEMON@x.test>\nReturn-Path: <>\nAuto-Submitted: auto-generated\n", SN_MAIL_PERSONAL },
		/* a person who is away, and people whose names only look like it */
		{ "From: Bob <bob@example.test>\nAuto-Submitted: auto-replied\n", SN_MAIL_PERSONAL },
		{ "From: Noreen Plyer <nore.plyer@x.test>\n", SN_MAIL_PERSONAL },
		{ "From: Al Ert <alert.al@x.test>\n", SN_MAIL_PERSONAL },
		{ "Subject: from nobody\n", SN_MAIL_PERSONAL },
		{ "From: Bob <bob@example.test>\nPrecedence: bulk\n", SN_MAIL_PERSONAL },
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (judge(rows[i].headers) != rows[i].bulk)
			fail_msg("%s is %d", rows[i].headers, (int)judge(rows[i].headers));
}

/* ---- where they stand ---- */

static SnId put(TmpStore *tmp, const char *from, SnBulk bulk, const char *answers)
{
	SnMessage *m = tmpstore_mail_new(tmp, SN_IN, from, NULL, "x", "text");
	SnId conversation;

	m->bulk = bulk;
	m->in_reply_to = g_strdup(answers);
	assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
	conversation = m->conversation;
	sn_message_free(m);
	return conversation;
}

static gboolean stands(TmpStore *tmp, SnId conversation, SnShelf shelf)
{
	g_autoptr(GPtrArray) rows = sn_conversation_page(tmp->store, NULL, shelf, NULL, 50);

	for (guint i = 0; i < rows->len; i++)
		if (((SnConversation *)rows->pdata[i])->id == conversation)
			return TRUE;
	return FALSE;
}

static void newsletters_do_not_stand_between_people(void **state)
{
	TmpStore *tmp = *state;
	SnId bob = put(tmp, "bob@x.test", SN_BULK_NONE, NULL);
	SnId shop = put(tmp, "news@shop.test", SN_BULK_NEWSLETTER, NULL);
	SnId bank = put(tmp, "noreply@bank.test", SN_BULK_NOTICE, NULL);

	assert_true(stands(tmp, bob, SN_SHELF_LIST) && !stands(tmp, bob, SN_SHELF_BULK));
	assert_true(stands(tmp, shop, SN_SHELF_BULK) && !stands(tmp, shop, SN_SHELF_LIST));
	assert_true(stands(tmp, bank, SN_SHELF_BULK));
	assert_int_equal(sn_conversation_bulk_unread(tmp->store), 2);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, bank);
	assert_int_equal(row->bulk, SN_BULK_NOTICE);
	assert_false(row->bulk_set);
}

/* Whatever the order in which they come: a first sync brings the newest first. */
static void who_writes_once_is_a_person(void **state)
{
	TmpStore *tmp = *state;
	SnId shop = put(tmp, "sales@shop.test", SN_BULK_NEWSLETTER, NULL);

	put(tmp, "sales@shop.test", SN_BULK_NONE, NULL);
	assert_true(stands(tmp, shop, SN_SHELF_LIST));
	put(tmp, "sales@shop.test", SN_BULK_NEWSLETTER, NULL);
	assert_true(stands(tmp, shop, SN_SHELF_LIST));
	/* and to whom the user writes */
	SnId other = put(tmp, "info@club.test", SN_BULK_NEWSLETTER, NULL);
	tmpstore_mail(tmp, SN_OUT, "info@club.test", NULL, "A question", "text");
	assert_true(stands(tmp, other, SN_SHELF_LIST));
}

static void an_answer_to_the_user_is_for_the_user(void **state)
{
	TmpStore *tmp = *state;

	tmpstore_mail(tmp, SN_OUT, "desk@bank.test", "asked@a", "A question", "text");
	SnId ticket = put(tmp, "noreply@bank.test", SN_BULK_NOTICE, "asked@a");
	assert_true(stands(tmp, ticket, SN_SHELF_LIST));
}

static void the_user_has_the_last_word(void **state)
{
	TmpStore *tmp = *state;
	SnId shop = put(tmp, "news@shop.test", SN_BULK_NEWSLETTER, NULL);
	SnId bob = put(tmp, "bob@x.test", SN_BULK_NONE, NULL);

	assert_true(sn_conversation_set_bulk(tmp->store, shop, TRUE, SN_BULK_NONE, NULL));
	assert_true(sn_conversation_set_bulk(tmp->store, bob, TRUE, SN_BULK_NOTICE, NULL));
	assert_true(stands(tmp, shop, SN_SHELF_LIST) && stands(tmp, bob, SN_SHELF_BULK));
	put(tmp, "bob@x.test", SN_BULK_NONE, NULL);
	tmpstore_reopen(tmp);
	assert_true(stands(tmp, bob, SN_SHELF_BULK));
	assert_true(sn_conversation_set_bulk(tmp->store, bob, FALSE, SN_BULK_NONE, NULL));
	assert_true(stands(tmp, bob, SN_SHELF_LIST));
	assert_false(sn_conversation_set_bulk(tmp->store, 4711, TRUE, SN_BULK_NONE, NULL));
}

static void what_is_pinned_or_archived_stands_where_the_user_put_it(void **state)
{
	TmpStore *tmp = *state;
	SnId shop = put(tmp, "news@shop.test", SN_BULK_NEWSLETTER, NULL);

	assert_true(sn_conversation_set_flags(tmp->store, shop, FALSE, TRUE, FALSE, NULL));
	assert_true(stands(tmp, shop, SN_SHELF_LIST));
	assert_true(sn_conversation_set_flags(tmp->store, shop, FALSE, FALSE, TRUE, NULL));
	assert_true(stands(tmp, shop, SN_SHELF_ARCHIVED));
	tmpstore_reopen(tmp);
	assert_true(stands(tmp, shop, SN_SHELF_ARCHIVED));
	/* news bring it back, to its own shelf; muted, nothing does */
	put(tmp, "news@shop.test", SN_BULK_NEWSLETTER, NULL);
	assert_true(stands(tmp, shop, SN_SHELF_BULK));
	assert_true(sn_conversation_set_flags(tmp->store, shop, TRUE, FALSE, TRUE, NULL));
	put(tmp, "news@shop.test", SN_BULK_NEWSLETTER, NULL);
	assert_true(stands(tmp, shop, SN_SHELF_ARCHIVED));
}

static void words_are_read(void **state)
{
	SnBulk bulk;

	(void)state;
	assert_true(sn_bulk_parse("notice", &bulk));
	assert_int_equal(bulk, SN_BULK_NOTICE);
	assert_string_equal(sn_bulk_word(SN_BULK_NEWSLETTER), "newsletter");
	assert_false(sn_bulk_parse("list", &bulk));
}

/* ---- what people really got ---- */

static void count_folder(const char *folder, int counts[3])
{
	g_autofree char *path = g_build_filename(g_getenv("TOP_SRCDIR"), "..", "shared", "corpus", "mail",
	                                         folder, NULL);
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, NULL), *text = NULL;
		gsize length = 0;
		if (!g_str_has_suffix(name, ".eml") || !g_file_get_contents(file, &text, &length, NULL))
			continue;
		g_autoptr(GBytes) raw = g_bytes_new(text, length);
		g_autoptr(SnMail) mail = sn_mail_parse(raw, NULL, NULL);
		if (mail)
			counts[mail->bulk]++;
	}
	if (dir)
		g_dir_close(dir);
	print_message("# %s: %d from people, %d newsletters, %d notices\n", folder, counts[0], counts[1],
	              counts[2]);
}

static void in_the_collections_people_stay_people(void **state)
{
	int ham[3] = { 0 }, replies[3] = { 0 };

	(void)state;
	count_folder("spamassassin", ham);
	count_folder("talon", replies);
	if (ham[0] + ham[1] + ham[2] == 0)
		skip();
	/* mostly mailing lists with people on them, some newsletters */
	assert_true(ham[0] > 50 * (ham[1] + ham[2]));
	assert_int_equal(replies[1] + replies[2], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_tell_what_nobody_wrote),
		TEST(newsletters_do_not_stand_between_people),
		TEST(who_writes_once_is_a_person),
		TEST(an_answer_to_the_user_is_for_the_user),
		TEST(the_user_has_the_last_word),
		TEST(what_is_pinned_or_archived_stands_where_the_user_put_it),
		cmocka_unit_test(words_are_read),
		cmocka_unit_test(in_the_collections_people_stay_people),
	};

	sn_mime_init();
	return cmocka_run_group_tests_name("bulk", tests, NULL, NULL);
}
