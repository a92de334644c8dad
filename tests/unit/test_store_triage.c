/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user does to emails, and taking it back: before the server was told, meanwhile, after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/store/folder_list.h"
#include "src/store/triage.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"

typedef struct {
	TmpStore *tmp;
	SnStore *store;
	SnId inbox, archive, trash, junk;
	SnId mail; /* in the inbox, uid 1 */
} Scene;

static int setup(void **state)
{
	Scene *s = g_new0(Scene, 1);

	s->tmp = tmpstore_new();
	s->store = s->tmp->store;
	s->inbox = sn_folder_intern(s->store, s->tmp->account, "INBOX", "inbox", NULL);
	s->archive = sn_folder_intern(s->store, s->tmp->account, "Archive", "archive", NULL);
	s->trash = sn_folder_intern(s->store, s->tmp->account, "Trash", "trash", NULL);
	s->junk = sn_folder_intern(s->store, s->tmp->account, "Spam", "junk", NULL);
	s->mail = tmpstore_mail(s->tmp, SN_IN, BOB, "m1@b", "x", "text");
	assert_true(sn_location_set(s->store, s->mail, s->inbox, 1, NULL, 0, NULL));
	assert_true(sn_location_keywords(s->store, s->inbox, 1, "", NULL));
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	Scene *s = *state;

	tmpstore_free(s->tmp);
	g_free(s);
	return 0;
}

static void do_it(Scene *s, SnId id, SnTriage what)
{
	SnId change = sn_triage_begin(s->store, "done", NULL);

	assert_true(change != 0);
	assert_true(sn_triage_do(s->store, change, id, 0, &what, NULL));
}

static void undo(Scene *s, int undone, int left)
{
	SnUndo result;

	assert_true(sn_triage_undo(s->store, &result, NULL));
	assert_string_equal(result.what, "done");
	assert_int_equal(result.undone, undone);
	assert_int_equal(result.left, left);
	sn_undo_clear(&result);
}

static GPtrArray *actions(Scene *s)
{
	return sn_action_list(s->store, s->tmp->account, s->tmp->now);
}

static guint action_count(Scene *s)
{
	g_autoptr(GPtrArray) list = actions(s);

	return list->len;
}

static gboolean listed(Scene *s, SnId folder)
{
	g_autoptr(SnFolderRow) row = sn_folder_row(s->store, folder, s->mail);

	return row != NULL;
}

static char *tags(Scene *s)
{
	g_autoptr(SnMessage) m = sn_message_get(s->store, s->mail, 0);

	return g_strdup(m->tags ? m->tags : "");
}

static void expect_tags(Scene *s, const char *wanted)
{
	g_autofree char *now = tags(s);

	assert_string_equal(now, wanted);
}

/* The first action as the engine does it: tells that it begins, and that it is done. */
static SnAction *begin_first(Scene *s, SnId lands)
{
	g_autoptr(GPtrArray) list = actions(s);

	assert_true(list->len > 0);
	assert_true(sn_action_start(s->store, ((SnAction *)list->pdata[0])->id, lands, NULL));
	return g_ptr_array_steal_index(list, 0);
}

static void end_move(Scene *s, SnAction *action, SnId lands, guint32 uid)
{
	if (uid)
		assert_true(sn_location_set(s->store, action->message, lands, uid, NULL, 0, NULL));
	assert_true(sn_location_remove(s->store, action->folder, action->uid, NULL));
	assert_true(sn_action_done(s->store, action->id, NULL));
	sn_action_free(action);
}

/* ---- flags and tags ---- */

static void flags_are_taken_back_as_they_were(void **state)
{
	Scene *s = *state;

	assert_true(sn_location_flags(s->store, s->inbox, 1, SN_FLAG_FLAGGED, NULL));
	do_it(s, s->mail, (SnTriage){ .set = SN_FLAG_SEEN | SN_FLAG_FLAGGED });
	g_autoptr(SnMessage) now = sn_message_get(s->store, s->mail, 0);
	assert_int_equal(now->flags, SN_FLAG_SEEN | SN_FLAG_FLAGGED);
	undo(s, 1, 0);
	g_autoptr(SnMessage) before = sn_message_get(s->store, s->mail, 0);
	assert_int_equal(before->flags, SN_FLAG_FLAGGED);
	/* the server was told, or will be: what was and what is again */
	assert_int_equal(action_count(s), 2);
	g_autoptr(GError) error = NULL;
	SnUndo nothing;
	assert_false(sn_triage_undo(s->store, &nothing, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

static void tags_are_keywords_of_the_place(void **state)
{
	Scene *s = *state;

	assert_true(sn_location_keywords(s->store, s->inbox, 1, "old", NULL));
	do_it(s, s->mail, (SnTriage){ .add = "work Later", .drop = "old nowhere" });
	expect_tags(s, "Later work");
	g_autoptr(GPtrArray) list = actions(s);
	assert_int_equal(list->len, 1);
	assert_string_equal(((SnAction *)list->pdata[0])->set_tags, "Later work");
	assert_string_equal(((SnAction *)list->pdata[0])->clear_tags, "old");
	/* what the server says before it was told changes nothing of ours, and adds what is new */
	assert_true(sn_location_keywords(s->store, s->inbox, 1, "extra old", NULL));
	expect_tags(s, "extra Later work");
	assert_true(sn_action_done(s->store, ((SnAction *)list->pdata[0])->id, NULL));
	assert_true(sn_location_keywords(s->store, s->inbox, 1, "Later work", NULL));
	expect_tags(s, "Later work");
	undo(s, 1, 0);
	expect_tags(s, "old");
}

/* A place comes with its keywords; what was decided here and not told yet stays. */
static void an_email_found_again_keeps_its_tags(void **state)
{
	Scene *s = *state;
	SnLocation place = { .folder = s->inbox, .uid = 1, .keywords = (char *)"one two" };

	assert_true(sn_location_put(s->store, s->mail, &place, NULL));
	expect_tags(s, "one two");
	place.keywords = NULL; /* not told */
	assert_true(sn_location_put(s->store, s->mail, &place, NULL));
	expect_tags(s, "one two");
	do_it(s, s->mail, (SnTriage){ .add = "own", .drop = "two" });
	place.keywords = (char *)"three two";
	assert_true(sn_location_put(s->store, s->mail, &place, NULL));
	expect_tags(s, "own three");
	/* another email under that number has those that it is told with */
	SnId other = tmpstore_mail(s->tmp, SN_IN, BOB, "m9@b", "x", "text");
	place.keywords = (char *)"four";
	assert_true(sn_location_put(s->store, other, &place, NULL));
	g_autoptr(SnMessage) message = sn_message_get(s->store, other, 0);
	assert_string_equal(message->tags, "four");
}

static void tags_in_a_maildir_are_kept_here(void **state)
{
	Scene *s = *state;
	SnId id = tmpstore_mail(s->tmp, SN_IN, BOB, "m2@b", "y", "text");

	assert_true(sn_location_set(s->store, id, s->inbox, 2, "123.host", 0, NULL));
	do_it(s, id, (SnTriage){ .add = "work" });
	assert_int_equal(action_count(s), 0);
	g_autoptr(SnMessage) tagged = sn_message_get(s->store, id, 0);
	assert_string_equal(tagged->tags, "work");
	/* a new name, another folder: they stay */
	assert_true(sn_location_remove(s->store, s->inbox, 2, NULL));
	assert_true(sn_location_set(s->store, id, s->archive, 5, "123.host", SN_FLAG_SEEN, NULL));
	g_autoptr(SnMessage) moved = sn_message_get(s->store, id, 0);
	assert_string_equal(moved->tags, "work");
	undo(s, 1, 0);
	g_autoptr(SnMessage) before = sn_message_get(s->store, id, 0);
	assert_null(before->tags);
}

static void tags_are_found(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .add = "Work" });
	g_autoptr(SnQuery) query = sn_query_parse("tag:work", &s->tmp->clock, NULL);
	g_autoptr(GPtrArray) found = sn_message_search(s->store, query, 0, 0, 10, 0, NULL);
	assert_int_equal(found->len, 1);
	g_autoptr(SnQuery) part = sn_query_parse("tag:wor", &s->tmp->clock, NULL);
	g_autoptr(GPtrArray) none = sn_message_search(s->store, part, 0, 0, 10, 0, NULL);
	assert_int_equal(none->len, 0);
}

static void words_of_tags(void **state)
{
	g_autofree char *shown = sn_tags_shown("$Junk NonJunk later work");
	g_autofree char *add = NULL, *drop = NULL;
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_string_equal(shown, "later work");
	assert_null(sn_tags_shown("$NotJunk"));
	assert_true(sn_tags_has("a B c", "b"));
	assert_false(sn_tags_has("ab c", "b"));
	assert_true(sn_tags_parse("+work -later new", &add, &drop, NULL));
	assert_string_equal(add, "work new");
	assert_string_equal(drop, "later");
	static const char *const bad[] = { "", "  ", "+", "two(", "b\303\244d", "\\Seen", "a\"b", "x%" };
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		char *no_add = NULL, *no_drop = NULL;
		assert_false(sn_tags_parse(bad[i], &no_add, &no_drop, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
		g_clear_error(&error);
	}
}

/* ---- moving ---- */

static void a_move_that_nobody_was_told_of_is_forgotten(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .move_to = "trash" });
	assert_true(listed(s, s->trash) && !listed(s, s->inbox));
	undo(s, 1, 0);
	assert_true(listed(s, s->inbox) && !listed(s, s->trash));
	assert_int_equal(action_count(s), 0);
}

static void a_move_under_way_is_followed_back(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .move_to = "archive" });
	SnAction *first = begin_first(s, s->archive);
	undo(s, 1, 0);
	/* it stands where it will be, though the server moves it away just now */
	assert_true(listed(s, s->inbox));
	assert_int_equal(action_count(s), 1);
	end_move(s, first, s->archive, 77);
	assert_true(listed(s, s->inbox) && !listed(s, s->archive));
	SnAction *second = begin_first(s, s->inbox);
	assert_int_equal(second->kind, SN_ACTION_MOVE);
	assert_int_equal(second->folder, s->archive);
	assert_int_equal(second->uid, 77);
	assert_string_equal(second->target, "INBOX");
	end_move(s, second, s->inbox, 9);
	assert_true(listed(s, s->inbox));
	assert_int_equal(action_count(s), 0);
}

/* Servers without UIDPLUS do not tell the new number: the folder does, later. */
static void a_move_whose_end_is_not_known_goes_back_when_it_is(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .move_to = "archive" });
	end_move(s, begin_first(s, s->archive), s->archive, 0);
	undo(s, 1, 0);
	assert_int_equal(action_count(s), 0);
	assert_true(sn_location_set(s->store, s->mail, s->archive, 5, NULL, 0, NULL));
	assert_true(listed(s, s->inbox) && !listed(s, s->archive));
	g_autoptr(GPtrArray) list = actions(s);
	assert_int_equal(list->len, 1);
	assert_int_equal(((SnAction *)list->pdata[0])->uid, 5);
}

static void a_move_that_is_done_is_done_back(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .move_to = "trash" });
	end_move(s, begin_first(s, s->trash), s->trash, 4);
	assert_true(listed(s, s->trash));
	undo(s, 1, 0);
	assert_true(listed(s, s->inbox));
	end_move(s, begin_first(s, s->inbox), s->inbox, 10);
	assert_true(listed(s, s->inbox));
}

static void what_another_client_moved_meanwhile_stays_there(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .move_to = "archive" });
	end_move(s, begin_first(s, s->archive), s->archive, 4);
	/* a second client throws it away */
	assert_true(sn_location_remove(s->store, s->archive, 4, NULL));
	assert_true(sn_location_set(s->store, s->mail, s->trash, 8, NULL, 0, NULL));
	undo(s, 0, 1);
	assert_true(listed(s, s->trash));
	assert_int_equal(action_count(s), 0);
}

static void a_second_thought_while_it_moves_goes_on_from_there(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .move_to = "archive" });
	SnAction *first = begin_first(s, s->archive);
	do_it(s, s->mail, (SnTriage){ .move_to = "trash" });
	do_it(s, s->mail, (SnTriage){ .move_to = "Projects" });
	end_move(s, first, s->archive, 6);
	g_autoptr(GPtrArray) list = actions(s);
	assert_int_equal(list->len, 1);
	assert_string_equal(((SnAction *)list->pdata[0])->target, "Projects");
	assert_int_equal(((SnAction *)list->pdata[0])->folder, s->archive);
}

static void a_move_refused_while_it_was_wanted_elsewhere_is_tried_from_where_it_lies(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .move_to = "archive" });
	g_autoptr(SnAction) first = begin_first(s, s->archive);
	do_it(s, s->mail, (SnTriage){ .move_to = "trash" });
	assert_true(sn_action_done(s->store, first->id, NULL)); /* given up */
	g_autoptr(GPtrArray) list = actions(s);
	assert_int_equal(list->len, 1);
	assert_int_equal(((SnAction *)list->pdata[0])->folder, s->inbox);
	assert_int_equal(((SnAction *)list->pdata[0])->uid, 1);
	assert_string_equal(((SnAction *)list->pdata[0])->target, "trash");
	assert_true(listed(s, s->trash));
}

static void only_the_place_in_that_folder_moves(void **state)
{
	Scene *s = *state;
	SnId lists = sn_folder_intern(s->store, s->tmp->account, "Lists", NULL, NULL);
	SnId change = sn_triage_begin(s->store, "done", NULL);

	assert_true(sn_location_set(s->store, s->mail, lists, 3, NULL, 0, NULL));
	assert_true(sn_triage_do(s->store, change, s->mail, lists, &(SnTriage){ .move_to = "archive" }, NULL));
	assert_true(listed(s, s->inbox) && listed(s, s->archive) && !listed(s, lists));
	undo(s, 1, 0);
	assert_true(listed(s, lists));
}

static void archiving_leaves_the_sent_copy_where_it_is(void **state)
{
	Scene *s = *state;
	SnId sent = sn_folder_intern(s->store, s->tmp->account, "Sent", "sent", NULL);

	assert_true(sn_location_set(s->store, s->mail, sent, 3, NULL, 0, NULL));
	do_it(s, s->mail, (SnTriage){ .move_to = "archive" });
	assert_true(listed(s, sent) && listed(s, s->archive) && !listed(s, s->inbox));
}

static void many_are_taken_back_at_once(void **state)
{
	Scene *s = *state;
	SnId change = sn_triage_begin(s->store, "done", NULL);
	SnTriage spam = { .add = SN_TAG_JUNK, .drop = SN_TAG_NOT_JUNK, .move_to = "junk" };

	for (guint32 i = 2; i < 30; i++) {
		SnId id = tmpstore_mail(s->tmp, SN_IN, BOB, NULL, "x", "x");
		assert_true(sn_location_set(s->store, id, s->inbox, i, NULL, 0, NULL));
		assert_true(sn_location_keywords(s->store, s->inbox, i, "", NULL));
		assert_true(sn_triage_do(s->store, change, id, 0, &spam, NULL));
	}
	g_autoptr(SnFolder) junk = sn_folder_get(s->store, s->junk);
	assert_int_equal(junk->total, 28);
	undo(s, 28, 0);
	g_autoptr(SnFolder) inbox = sn_folder_get(s->store, s->inbox);
	assert_int_equal(inbox->total, 29);
}

/* A flag set while the server moves it, or between a move and its replay, is not lost. */
static void flags_set_while_it_moves_go_with_it(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .move_to = "archive" });
	do_it(s, s->mail, (SnTriage){ .set = SN_FLAG_FLAGGED, .add = "work" });
	g_autoptr(GPtrArray) list = actions(s);
	/* told where it still lies */
	assert_int_equal(((SnAction *)list->pdata[0])->kind, SN_ACTION_FLAGS);
	const SnAction *move = list->pdata[1];
	assert_true(sn_action_start(s->store, move->id, s->archive, NULL));
	assert_true(sn_action_follow(s->store, move, s->archive, 0, NULL, NULL));
	assert_true(sn_location_remove(s->store, s->inbox, 1, NULL));
	assert_true(sn_action_done(s->store, move->id, NULL));
	assert_int_equal(action_count(s), 0); /* not known yet where */
	assert_true(sn_location_set(s->store, s->mail, s->archive, 7, NULL, 0, NULL));
	assert_true(sn_location_keywords(s->store, s->archive, 7, "", NULL));
	g_autoptr(GPtrArray) waiting = actions(s);
	assert_int_equal(waiting->len, 1);
	assert_int_equal(((SnAction *)waiting->pdata[0])->uid, 7);
	g_autoptr(SnMessage) m = sn_message_get(s->store, s->mail, 0);
	assert_int_equal(m->flags, SN_FLAG_FLAGGED);
	assert_string_equal(m->tags, "work");
}

/* ---- for good, and copies ---- */

static void deleting_for_good_can_be_taken_back_until_it_begins(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .destroy = TRUE });
	assert_false(listed(s, s->inbox));
	undo(s, 1, 0);
	assert_true(listed(s, s->inbox));
	assert_int_equal(action_count(s), 0);
	do_it(s, s->mail, (SnTriage){ .destroy = TRUE });
	g_autoptr(SnAction) action = begin_first(s, 0);
	assert_int_equal(action->kind, SN_ACTION_DELETE);
	undo(s, 0, 1);
	assert_true(sn_location_remove(s->store, s->inbox, 1, NULL));
	assert_true(sn_action_done(s->store, action->id, NULL));
	assert_false(listed(s, s->inbox));
}

static void what_was_thrown_away_before_is_in_the_trash_again(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .move_to = "trash" });
	do_it(s, s->mail, (SnTriage){ .destroy = TRUE });
	undo(s, 1, 0);
	assert_true(listed(s, s->trash));
	g_autoptr(GPtrArray) list = actions(s);
	assert_int_equal(list->len, 1);
	assert_int_equal(((SnAction *)list->pdata[0])->kind, SN_ACTION_MOVE);
	undo(s, 1, 0);
	assert_true(listed(s, s->inbox));
	assert_int_equal(action_count(s), 0);
}

static void a_deletion_that_was_refused_shows_the_email_again(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .destroy = TRUE });
	g_autoptr(SnAction) action = begin_first(s, 0);
	assert_true(sn_action_done(s->store, action->id, NULL));
	assert_true(listed(s, s->inbox));
}

static void a_copy_is_made_once_and_taken_back(void **state)
{
	Scene *s = *state;

	do_it(s, s->mail, (SnTriage){ .copy_to = "archive" });
	assert_true(listed(s, s->inbox));
	undo(s, 1, 0);
	assert_int_equal(action_count(s), 0);
	do_it(s, s->mail, (SnTriage){ .copy_to = "archive" });
	g_autoptr(SnAction) action = begin_first(s, s->archive);
	assert_true(sn_location_set(s->store, s->mail, s->archive, 12, NULL, 0, NULL));
	assert_true(sn_action_copied(s->store, action->id, 12, NULL));
	assert_true(sn_action_done(s->store, action->id, NULL));
	assert_true(listed(s, s->inbox) && listed(s, s->archive));
	/* it lies there: nothing to do */
	do_it(s, s->mail, (SnTriage){ .copy_to = "archive" });
	assert_int_equal(action_count(s), 0);
	undo(s, 1, 0);
	assert_false(listed(s, s->archive));
	g_autoptr(GPtrArray) list = actions(s);
	assert_int_equal(list->len, 1);
	assert_int_equal(((SnAction *)list->pdata[0])->kind, SN_ACTION_DELETE);
	assert_int_equal(((SnAction *)list->pdata[0])->uid, 12);
}

static void ims_are_hidden_and_shown_here(void **state)
{
	Scene *s = *state;
	SnId im = tmpstore_im(s->tmp, SN_IN, "carol@chat.test", NULL, "x");
	g_autoptr(SnMessage) m = sn_message_get(s->store, im, 0);

	do_it(s, im, (SnTriage){ .move_to = "trash" });
	g_autoptr(GPtrArray) gone = sn_message_page(s->store, m->conversation, 0, 0, FALSE, 9, 0);
	assert_int_equal(gone->len, 0);
	undo(s, 1, 0);
	g_autoptr(GPtrArray) back = sn_message_page(s->store, m->conversation, 0, 0, FALSE, 9, 0);
	assert_int_equal(back->len, 1);
	assert_false(sn_triage_do(s->store, 0, 4711, 0, &(SnTriage){ .set = 1 }, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flags_are_taken_back_as_they_were),
		TEST(tags_are_keywords_of_the_place),
		TEST(an_email_found_again_keeps_its_tags),
		TEST(tags_in_a_maildir_are_kept_here),
		TEST(tags_are_found),
		TEST(words_of_tags),
		TEST(a_move_that_nobody_was_told_of_is_forgotten),
		TEST(a_move_under_way_is_followed_back),
		TEST(a_move_whose_end_is_not_known_goes_back_when_it_is),
		TEST(a_move_that_is_done_is_done_back),
		TEST(what_another_client_moved_meanwhile_stays_there),
		TEST(a_second_thought_while_it_moves_goes_on_from_there),
		TEST(a_move_refused_while_it_was_wanted_elsewhere_is_tried_from_where_it_lies),
		TEST(only_the_place_in_that_folder_moves),
		TEST(archiving_leaves_the_sent_copy_where_it_is),
		TEST(many_are_taken_back_at_once),
		TEST(flags_set_while_it_moves_go_with_it),
		TEST(deleting_for_good_can_be_taken_back_until_it_begins),
		TEST(what_was_thrown_away_before_is_in_the_trash_again),
		TEST(a_deletion_that_was_refused_shows_the_email_again),
		TEST(a_copy_is_made_once_and_taken_back),
		TEST(ims_are_hidden_and_shown_here),
	};

	return cmocka_run_group_tests_name("store_triage", tests, NULL, NULL);
}
