/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sennit folders, mark, tag, move, archive, delete, spam, undo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/folder_list.h"
#include "tests/lib/cli_desk.h"

#define BOB "bob@example.test"

typedef struct {
	SnId inbox, archive, trash, junk, one, two;
	char id[32], id2[32];
} Scene;

static Scene fill(CliDesk *desk)
{
	TmpStore *tmp = desk->tmp;
	Scene s = { 0 };

	s.inbox = sn_folder_intern(tmp->store, tmp->account, "INBOX", "inbox", NULL);
	s.archive = sn_folder_intern(tmp->store, tmp->account, "Archive", "archive", NULL);
	s.trash = sn_folder_intern(tmp->store, tmp->account, "Trash", "trash", NULL);
	s.junk = sn_folder_intern(tmp->store, tmp->account, "Junk", "junk", NULL);
	s.one = tmpstore_mail(tmp, SN_IN, BOB, "one@b", "About rope", "text");
	s.two = tmpstore_mail(tmp, SN_IN, BOB, "two@b", "About sail", "text");
	assert_true(sn_location_set(tmp->store, s.one, s.inbox, 1, NULL, 0, NULL));
	assert_true(sn_location_set(tmp->store, s.two, s.inbox, 2, NULL, 0, NULL));
	g_snprintf(s.id, sizeof s.id, "%" G_GINT64_FORMAT, s.one);
	g_snprintf(s.id2, sizeof s.id2, "%" G_GINT64_FORMAT, s.two);
	return s;
}

static gboolean listed(CliDesk *desk, SnId folder, SnId message)
{
	g_autoptr(SnFolderRow) row = sn_folder_row(desk->tmp->store, folder, message);

	return row != NULL;
}

static char *tags(CliDesk *desk, SnId id)
{
	g_autoptr(SnMessage) m = sn_message_get(desk->tmp->store, id, 0);

	return g_strdup(m->tags ? m->tags : "");
}

static void emails_are_marked_and_that_is_taken_back(void **state)
{
	CliDesk *desk = *state;
	Scene s = fill(desk);

	assert_int_equal(cli_desk_run(desk, NULL, "mark", "flagged", s.id, "<two@b>", NULL), 0);
	assert_string_equal(desk->out, "2 emails flagged\n");
	assert_true(cli_desk_said(desk, "no engine is running"));
	g_autoptr(SnMessage) now = sn_message_get(desk->tmp->store, s.two, 0);
	assert_int_equal(now->flags, SN_FLAG_FLAGGED);
	assert_int_equal(cli_desk_run(desk, NULL, "undo", NULL), 0);
	assert_string_equal(desk->out, "2 emails are no longer flagged\n");
	g_autoptr(SnMessage) before = sn_message_get(desk->tmp->store, s.two, 0);
	assert_int_equal(before->flags, 0);
	assert_int_equal(cli_desk_run(desk, NULL, "undo", NULL), 3);
	assert_int_equal(cli_desk_run(desk, NULL, "mark", "blue", s.id, NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "mark", "read", "4711", NULL), 3);
	assert_int_equal(cli_desk_run(desk, NULL, "mark", "read", NULL), 2);
}

static void tags_are_added_and_taken_away(void **state)
{
	CliDesk *desk = *state;
	Scene s = fill(desk);

	assert_int_equal(cli_desk_run(desk, NULL, "tag", "+work", "--add", "later", s.id, NULL), 0);
	g_autofree char *first = tags(desk, s.one);
	assert_string_equal(first, "later work");
	assert_int_equal(cli_desk_run(desk, NULL, "tag", "--remove", "work", "--query", "tag:work", NULL), 0);
	g_autofree char *second = tags(desk, s.one);
	assert_string_equal(second, "later");
	assert_int_equal(cli_desk_run(desk, NULL, "search", "--json", "tag:later", NULL), 0);
	json_t *array = cli_desk_json(desk), *one = json_array_get(array, 0);
	json_t *words = json_object_get(one, "tags");
	assert_int_equal(json_array_size(words), 1);
	assert_string_equal(json_string_value(json_array_get(words, 0)), "later");
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "tag", "+bad(tag", s.id, NULL), 7);
	assert_int_equal(cli_desk_run(desk, NULL, "tag", s.id, NULL), 7);
}

static void emails_go_to_other_folders(void **state)
{
	CliDesk *desk = *state;
	Scene s = fill(desk);

	assert_int_equal(cli_desk_run(desk, NULL, "move", "archive", s.id, NULL), 0);
	assert_true(listed(desk, s.archive, s.one));
	assert_int_equal(cli_desk_run(desk, NULL, "archive", "--query", "sail", NULL), 0);
	assert_true(listed(desk, s.archive, s.two));
	assert_int_equal(cli_desk_run(desk, NULL, "spam", s.id, NULL), 0);
	assert_true(listed(desk, s.junk, s.one));
	assert_int_equal(cli_desk_run(desk, NULL, "spam", "--not", s.id, NULL), 0);
	assert_true(listed(desk, s.inbox, s.one));
	g_autofree char *words = tags(desk, s.one);
	assert_string_equal(words, "$NotJunk");
	assert_int_equal(cli_desk_run(desk, NULL, "delete", s.id, NULL), 0);
	assert_true(listed(desk, s.trash, s.one));
	assert_int_equal(cli_desk_run(desk, NULL, "move", "--copy", "Projects/Rope", s.id, NULL), 0);
	assert_string_equal(desk->out, "1 email copied to Projects/Rope\n");
	assert_int_equal(cli_desk_run(desk, NULL, "delete", "--for-good", s.id2, NULL), 0);
	assert_false(listed(desk, s.archive, s.two));
	assert_int_equal(cli_desk_run(desk, NULL, "move", "a*", s.id, NULL), 7);
}

static void folders_and_their_emails_are_listed(void **state)
{
	CliDesk *desk = *state;
	Scene s = fill(desk);

	assert_int_equal(cli_desk_run(desk, NULL, "folders", NULL), 0);
	assert_non_null(strstr(desk->out, "INBOX"));
	assert_int_equal(cli_desk_run(desk, NULL, "folders", "--json", NULL), 0);
	json_t *array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 4);
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "folders", "inbox", NULL), 0);
	assert_non_null(strstr(desk->out, "About rope"));
	assert_int_equal(cli_desk_run(desk, NULL, "folders", "--json", "home:INBOX", NULL), 0);
	array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 2);
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "folders", "nowhere", NULL), 3);
	assert_int_equal(cli_desk_run(desk, NULL, "move", "trash", s.id, s.id2, NULL), 0);
	assert_int_equal(cli_desk_run(desk, NULL, "folders", "inbox", NULL), 0);
	assert_null(strstr(desk->out, "About"));
}

static void ims_are_left_alone(void **state)
{
	CliDesk *desk = *state;
	char id[32];

	g_snprintf(id, sizeof id, "%" G_GINT64_FORMAT, tmpstore_im(desk->tmp, SN_IN, BOB, "im1", "hello"));
	assert_int_equal(cli_desk_run(desk, NULL, "archive", id, NULL), 7);
	assert_true(cli_desk_said(desk, "is an IM"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_desk_setup, cli_desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(emails_are_marked_and_that_is_taken_back),
		TEST(tags_are_added_and_taken_away),
		TEST(emails_go_to_other_folders),
		TEST(folders_and_their_emails_are_listed),
		TEST(ims_are_left_alone),
	};

	return cmocka_run_group_tests_name("cli_triage", tests, NULL, NULL);
}
