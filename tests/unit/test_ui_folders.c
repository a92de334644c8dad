/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail folders on the screen: large ones, threads, marks, limits, and what keys do to emails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/folder_list.h"
#include "tests/lib/ui_desk.h"
#include "ui/tree.h"

enum { MANY = 1500 };

static SnId folder_of(UiDesk *desk, const char *role)
{
	g_autoptr(SnFolder) folder =
		sn_folder_by_role(desk->store, sn_account_find(desk->store, "home"), role);

	assert_non_null(folder);
	return folder->id;
}

/* Emails n0 (the oldest) to n1499 in the inbox, each from the same person. */
static void fill_inbox(UiDesk *desk, int count)
{
	SnId account = sn_account_find(desk->store, "home");
	SnId inbox = sn_folder_intern(desk->store, account, "INBOX", "inbox", NULL);

	sn_folder_intern(desk->store, account, "Archive", "archive", NULL);
	assert_true(sn_store_begin(desk->store, NULL));
	for (int i = 0; i < count; i++) {
		SnMessage *m = sn_message_new();
		m->account = account;
		m->channel = SN_CHANNEL_MAIL;
		m->time = STORY_NOW - (MANY - i) * SN_MINUTE;
		m->subject = g_strdup_printf("n%d.", i);
		m->body = g_strdup(i % 2 ? "odd" : "even");
		m->message_id = g_strdup_printf("n%d@many.test", i);
		m->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, "pat@many.test", "Pat", NULL);
		sn_message_add_party(m, SN_ROLE_TO, "alice@example.test", NULL);
		assert_true(sn_message_add(desk->store, m, NULL, NULL, NULL, NULL));
		assert_true(sn_location_set(desk->store, m->id, inbox, (guint32)i + 1, NULL, 0, NULL));
		sn_message_free(m);
	}
	assert_true(sn_store_commit(desk->store, NULL));
}

static int total(UiDesk *desk, const char *role)
{
	g_autoptr(SnFolder) folder = sn_folder_get(desk->store, folder_of(desk, role));

	return folder->total;
}


static void a_large_folder_is_walked_through_from_end_to_end(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);
	g_autoptr(GString) script = g_string_new("keys F\nkeys <Enter>\nexpect n1499.\nkeys G\nexpect n0.\n"
	                                         "absent n1499.\nkeys gg\nexpect n1499.\n");

	(void)state;
	fill_inbox(desk, MANY);
	/* beyond the window, and back */
	for (int i = 0; i < 40; i++)
		g_string_append(script, "keys <PgDn>\n");
	g_string_append(script, "absent n1499.\nexpect n4\ndump\n");
	for (int i = 0; i < 45; i++)
		g_string_append(script, "keys <PgUp>\n");
	g_string_append(script, "expect n1499.\n");
	/* from the end upwards */
	g_string_append(script, "keys G\n");
	for (int i = 0; i < 70; i++)
		g_string_append(script, "keys <PgUp>\n");
	g_string_append(script, "expect n1499.\n");
	ui_desk_play(desk, script->str);
	ui_desk_free(desk);
}

static void one_key_archives_the_selected_email(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);

	(void)state;
	fill_inbox(desk, 5);
	ui_desk_play(desk, "keys :folder<Space>inbox<Enter>\nkeys jj\nkeys a\nexpect n4.\nexpect n3.\nabsent n2.\n");
	assert_int_equal(total(desk, "archive"), 1);
	ui_desk_free(desk);
}

static void what_is_marked_is_archived_at_once(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);

	(void)state;
	fill_inbox(desk, 40);
	ui_desk_play(desk, "keys :folder<Space>INBOX<Enter>\nkeys vjv\nexpect 2 marked\nkeys <Esc>\n"
	                   "absent marked\nkeys <A-v>\ntext odd\nkeys <Enter>\nexpect 20 marked\nkeys a\n"
	                   "expect 20 unread of 20\nabsent n39.\nexpect n38.\n");
	assert_int_equal(total(desk, "archive"), 20);
	ui_desk_free(desk);
}

static void a_folded_thread_is_handled_whole(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);

	(void)state;
	ui_desk_play(desk, "keys :folder<Space>INBOX<Enter>\nkeys ja\nabsent mast\n");
	assert_int_equal(total(desk, "archive"), 4);
	/* and open, only the email */
	ui_desk_play(desk, "keys :folder<Space>Archive<Enter>\nkeys zR\nexpect to Erin\nkeys ggd\n");
	assert_int_equal(total(desk, "archive"), 3);
	assert_int_equal(total(desk, "trash"), 1);
	ui_desk_free(desk);
}

static void a_conversation_is_listed_by_threads(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);

	(void)state;
	fill_inbox(desk, 300);
	ui_desk_play(desk, "keys :open<Space>pat@many.test<Enter>gT\nexpect Emails  Pat\nexpect n299.\n"
	                   "keys G\nexpect n0.\nabsent n299.\nkeys gg\n"
	                   /* what others wrote is not in it, also where the folder has it */
	                   "absent mast\nkeys :limit<Space>odd<Enter>\nexpect n299.\nabsent n298.\n"
	                   "keys <Esc>\nkeys gss\nexpect sorted by date or oldest\nkeys gso\nexpect n0.\n"
	                   "keys T\nexpect n299.\nkeys a\nexpect u takes it back\nexpect n299.\n");
	/* that it lies elsewhere now takes it out of no conversation */
	assert_true(total(desk, "archive") > 0);
	ui_desk_free(desk);
}

static void a_limit_shows_what_a_search_finds_here(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);

	(void)state;
	ui_desk_play(desk, "keys :folder<Space>INBOX<Enter>\nkeys :limit<Space>from:greta<Enter>\n"
	                   "expect Varnish\nabsent Berthing\nabsent won\nkeys :limit<Space>nothing-like-that<Enter>\n"
	                   "expect Nothing here is like that\nkeys :limit<Space>before:sometime<Enter>\n"
	                   "expect comes a date\nkeys <Esc>\nexpect Berthing\n");
	ui_desk_free(desk);
}

static void orders_are_chosen_by_key_and_word(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);

	(void)state;
	ui_desk_play(desk, "keys :folder<Space>INBOX<Enter>\nkeys gso\nexpect by oldest\nkeys :sort<Space>sender<Enter>\n"
	                   "expect by sender\nkeys :sort<Space>colour<Enter>\nexpect sorted by date\nkeys T\n"
	                   "expect By threads\nexpect [4]\nkeys T\nexpect Without threads\nabsent [4]\n");
	ui_desk_free(desk);
}

static void an_email_opened_from_a_folder_is_read_and_answered_in_its_conversation(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);
	g_autoptr(GPtrArray) rows = NULL;
	SnFolderOrder order = { 0, SN_FOLDER_SORT_DATE, FALSE };

	(void)state;
	ui_desk_play(desk, "keys :folder<Space>INBOX<Enter>\nkeys <Enter>\nexpect greta@example.test\nkeys J\n"
	                   "expect Re: New mast step\nkeys K\nexpect Varnish\nkeys r\n"
	                   "expect Re: Varnish\nexpect Greta Halyard\n");
	order.folder = folder_of(desk, "inbox");
	rows = sn_folder_rows(desk->store, &order, NULL, FALSE, 1, NULL);
	assert_true(((SnFolderRow *)rows->pdata[0])->flags & SN_FLAG_SEEN);
	ui_desk_free(desk);
}

static void spam_and_deleted_emails_are_listed_in_their_folders(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);

	(void)state;
	ui_desk_play(desk, "keys :folder<Space>junk<Enter>\nexpect won a yacht\nkeys q\n"
	                   "keys :folder<Space>boats/dinghy<Enter>\nexpect This folder is empty\n"
	                   "keys :folder<Space>nowhere<Enter>\nexpect There is no folder\n");
	ui_desk_free(desk);
}

/* ---- what is done to emails ---- */

static void each_command_is_taken_back_by_one_key(void **state)
{
	static const struct {
		const char *keys, *done, *undone;
	} rows[] = {
		{ "a", "absent Varnish", "expect Varnish" },
		{ "d", "absent Varnish", "expect Varnish" },
		{ "!", "absent Varnish", "expect Varnish" },
		{ ":move-to<Space>Boats/Dinghy<Enter>", "absent Varnish", "expect Varnish" },
		{ ":tag<Space>+work<Space>+later<Enter>", "expect later work", "absent later work" },
		{ "*", "expect N!  08:30", "expect N   08:30" },
		{ "I", "absent N   08:30", "expect N   08:30" },
		{ ":copy-to<Space>Boats<Enter>", "expect copied to Boats", "expect Varnish" },
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);
		g_autofree char *script = g_strdup_printf(
			"keys :folder<Space>INBOX<Enter>\nexpect Varnish\nkeys %s\nexpect u takes it back\n"
			"%s\nkeys u\nexpect Taken back: 1 email is no longer\n%s\nkeys u\n"
			"expect There is nothing to take back\n",
			rows[i].keys, rows[i].done, rows[i].undone);
		ui_desk_play(desk, script);
		ui_desk_free(desk);
	}
}

static void many_emails_are_handled_between_keys(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);

	(void)state;
	fill_inbox(desk, 450);
	ui_desk_play(desk, "keys :folder<Space>INBOX<Enter>\nkeys :mark-matching<Space>all<Enter>\n"
	                   "expect 450 marked\nkeys a\nkeys j\nkeys j\nkeys j\nkeys j\nkeys j\n"
	                   "expect This folder is empty\n");
	assert_int_equal(total(desk, "archive"), 450);
	ui_desk_play(desk, "keys u\nexpect Taken back: 450 emails are no longer archived\n");
	assert_int_equal(total(desk, "archive"), 0);
	assert_int_equal(total(desk, "inbox"), 450);
	ui_desk_free(desk);
}

static void leaving_loses_no_part_of_it(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);

	(void)state;
	fill_inbox(desk, 450);
	ui_desk_play(desk, "keys :folder<Space>INBOX<Enter>\nkeys :mark-matching<Space>all<Enter>\n"
	                   "expect 450 marked\nkeys a\nkeys :quit<Enter>\n");
	assert_int_equal(total(desk, "archive"), 450);
	ui_desk_free(desk);
}

static void in_the_trash_deleting_is_for_good_and_asks(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);

	(void)state;
	ui_desk_play(desk, "keys :folder<Space>INBOX<Enter>\nkeys d\nkeys :folder<Space>Trash<Enter>\n"
	                   "expect Varnish\nkeys d\nexpect Delete this email for good?\nkeys n\nexpect Varnish\n"
	                   "keys dy\nexpect This folder is empty\nkeys u\nexpect Taken back\nexpect Varnish\n");
	ui_desk_free(desk);
}

static void spam_comes_back_as_none(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);
	g_autoptr(GPtrArray) rows = NULL;
	SnFolderOrder order = { 0, SN_FOLDER_SORT_DATE, FALSE };

	(void)state;
	ui_desk_play(desk, "keys :folder<Space>Junk<Enter>\nkeys :not-spam<Enter>\nexpect This folder is empty\n"
	                   "keys :folder<Space>INBOX<Enter>\nexpect won a yacht\n");
	order.folder = folder_of(desk, "inbox");
	rows = sn_folder_rows(desk->store, &order, NULL, FALSE, 100, NULL);
	gboolean found = FALSE;
	for (guint i = 0; i < rows->len; i++)
		found = found || g_strcmp0(((SnFolderRow *)rows->pdata[i])->message->tags, "$NotJunk") == 0;
	assert_true(found);
	ui_desk_free(desk);
}

static void wrong_names_and_ims_are_said(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_FOLDERS, NULL);

	(void)state;
	ui_desk_play(desk, "keys :folder<Space>INBOX<Enter>\nkeys :tag<Space>b\303\244d<Enter>\nexpect cannot be a tag\n"
	                   "keys :move-to<Space>a*<Enter>\nexpect cannot be called\nkeys t\nexpect Tags\n"
	                   "keys <Esc>\nkeys M\nexpect Move to folder\nkeys <Esc>\nkeys q\nkeys q\nkeys l\nkeys !\n"
	                   "expect No email is selected\n");
	ui_desk_free(desk);
}

/* ---- newsletters ---- */

static void newsletters_have_a_section_of_their_own(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_BULK, NULL);

	(void)state;
	ui_desk_play(desk, "expect gn 2\nabsent Chandler\nkeys gn\nexpect Newsletters and notices\n"
	                   "expect Harbour gate\nkeys :kind<Space>person<Enter>\nabsent Ropes, 20\n"
	                   "keys gn\nexpect weekly\nkeys :kind<Space>shop<Enter>\nexpect It can be a person\n");
	ui_desk_play(desk, "expect weekly\nkeys :open<Space>weekly<Enter>\nkeys :kind<Space>auto<Enter>\n"
	                   "expect As its messages say\nabsent gn 0\n");
	ui_desk_free(desk);
}

/* ---- the tree ---- */

static void add(GPtrArray *messages, SnId id, SnId parent)
{
	SnMessage *m = sn_message_new();

	m->id = id;
	m->reply_to = parent;
	g_ptr_array_add(messages, m);
}

static char *draw(const GPtrArray *messages)
{
	g_autoptr(GArray) tree = sn_tree_order(messages);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < tree->len; i++) {
		const SnTreeRow *row = &g_array_index(tree, SnTreeRow, i);
		g_string_append_printf(text, "%s%d|", row->branch,
		                       (int)((SnMessage *)messages->pdata[row->index])->id);
	}
	return g_string_free(text, FALSE);
}

static void answers_stand_below_what_they_answer(void **state)
{
	g_autoptr(GPtrArray) m = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	(void)state;
	add(m, 1, 0);
	add(m, 2, 1);
	add(m, 3, 1);
	add(m, 4, 2);
	add(m, 5, 77); /* answers what is not here */
	g_autofree char *text = draw(m);
	assert_string_equal(text, "1|├─2|│ └─4|├─3|└─5|");
}

static void a_circle_of_answers_ends(void **state)
{
	g_autoptr(GPtrArray) m = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	g_autoptr(GPtrArray) deep = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	g_autoptr(GPtrArray) none = g_ptr_array_new();

	(void)state;
	add(m, 1, 3);
	add(m, 2, 1);
	add(m, 3, 2);
	add(m, 4, 4);
	g_autofree char *text = draw(m);
	assert_string_equal(text, "1|├─2|│ └─3|└─4|");
	for (SnId i = 1; i <= 300; i++)
		add(deep, i, i - 1);
	g_autoptr(GArray) tree = sn_tree_order(deep);
	assert_int_equal(tree->len, 300);
	assert_true(strlen(g_array_index(tree, SnTreeRow, 299).branch) < 100);
	g_autofree char *nothing = draw(none);
	assert_string_equal(nothing, "");
}

static void searches_with_a_name_stand_below_the_folders(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_STORY, "[searches]\nThe long rope = rope via:mail\n"
	                                          "To do = is:flagged\n");

	(void)state;
	ui_desk_play(desk, "keys F\nexpect Searches\nexpect / The long rope  rope via:mail\nexpect To do\n"
	                   "keys Gk<Enter>\nexpect Search  rope via:mail   2 found\n"
	                   "keys <Esc>G<Enter>\nexpect Search  is:flagged   0 found\n");
	/* and none where none is named */
	ui_desk_write(desk, "sennit.conf", "[searches]\n");
	ui_desk_play(desk, "keys <Esc><Esc>:reload<Enter>\nexpect read again\nkeys F\nabsent Searches\n");
	ui_desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(searches_with_a_name_stand_below_the_folders),
		cmocka_unit_test(a_large_folder_is_walked_through_from_end_to_end),
		cmocka_unit_test(one_key_archives_the_selected_email),
		cmocka_unit_test(what_is_marked_is_archived_at_once),
		cmocka_unit_test(a_folded_thread_is_handled_whole),
		cmocka_unit_test(a_conversation_is_listed_by_threads),
		cmocka_unit_test(a_limit_shows_what_a_search_finds_here),
		cmocka_unit_test(orders_are_chosen_by_key_and_word),
		cmocka_unit_test(an_email_opened_from_a_folder_is_read_and_answered_in_its_conversation),
		cmocka_unit_test(spam_and_deleted_emails_are_listed_in_their_folders),
		cmocka_unit_test(each_command_is_taken_back_by_one_key),
		cmocka_unit_test(many_emails_are_handled_between_keys),
		cmocka_unit_test(leaving_loses_no_part_of_it),
		cmocka_unit_test(in_the_trash_deleting_is_for_good_and_asks),
		cmocka_unit_test(spam_comes_back_as_none),
		cmocka_unit_test(wrong_names_and_ims_are_said),
		cmocka_unit_test(newsletters_have_a_section_of_their_own),
		cmocka_unit_test(answers_stand_below_what_they_answer),
		cmocka_unit_test(a_circle_of_answers_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
