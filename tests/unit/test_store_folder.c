/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of a mail folder: pages by key, threads, orders, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/store/folder_list.h"
#include "src/store/statement.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"

typedef struct {
	TmpStore *tmp;
	SnStore *store;
	SnId inbox, archive;
	guint32 uid;
} Scene;

static int setup(void **state)
{
	Scene *s = g_new0(Scene, 1);

	s->tmp = tmpstore_new();
	s->store = s->tmp->store;
	s->inbox = sn_folder_intern(s->store, s->tmp->account, "INBOX", "inbox", NULL);
	s->archive = sn_folder_intern(s->store, s->tmp->account, "Archive", "archive", NULL);
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

/* An email in the inbox; root: what it belongs to, parent: what it answers. */
static SnId put(Scene *s, const char *from, const char *id, const char *root, const char *parent,
                const char *subject)
{
	SnMessage *m = tmpstore_mail_new(s->tmp, SN_IN, from, id, subject, "text");
	SnId made;

	g_free(m->thread);
	m->thread = g_strdup(root);
	m->in_reply_to = g_strdup(parent);
	assert_true(sn_message_add(s->store, m, NULL, NULL, NULL, NULL));
	made = m->id;
	sn_message_free(m);
	assert_true(sn_location_set(s->store, made, s->inbox, ++s->uid, NULL, 0, NULL));
	return made;
}

static const SnFolderRow *row(const GPtrArray *rows, guint i)
{
	assert_true(i < rows->len);
	return rows->pdata[i];
}

static GPtrArray *read_all(Scene *s, SnFolderSort sort, gboolean threads)
{
	SnFolderOrder order = { .folder = s->inbox, .sort = sort, .threads = threads };
	GPtrArray *rows = sn_folder_rows(s->store, &order, NULL, FALSE, 1000, NULL);

	assert_non_null(rows);
	return rows;
}

/* Subjects of a list, "a b c". */
static char *subjects(const GPtrArray *rows)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < rows->len; i++)
		g_string_append_printf(text, "%s%s", i ? " " : "", row(rows, i)->message->subject);
	return g_string_free(text, FALSE);
}

static void expect(Scene *s, SnFolderSort sort, gboolean threads, const char *wanted)
{
	g_autoptr(GPtrArray) rows = read_all(s, sort, threads);
	g_autofree char *got = subjects(rows);

	assert_string_equal(got, wanted);
}

/* ---- pages ---- */

static void pages_meet_in_every_order_and_both_directions(void **state)
{
	Scene *s = *state;

	for (int i = 0; i < 23; i++) {
		g_autofree char *from = g_strdup_printf("p%d@x.test", i % 5);
		g_autofree char *subject = g_strdup_printf("s%d", i % 3);
		put(s, from, NULL, NULL, NULL, subject);
	}
	for (SnFolderSort sort = SN_FOLDER_SORT_DATE; sort <= SN_FOLDER_SORT_UNREAD; sort++) {
		SnFolderOrder order = { s->inbox, sort, FALSE };
		g_autoptr(GPtrArray) all = read_all(s, sort, FALSE);
		const SnFolderRow *anchor = NULL;
		guint seen = 0;
		g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
		assert_int_equal(all->len, 23);
		for (;;) {
			GPtrArray *page = sn_folder_rows(s->store, &order, anchor, FALSE, 4, NULL);
			g_ptr_array_add(pages, page);
			for (guint i = 0; i < page->len; i++)
				assert_int_equal(row(page, i)->message->id, row(all, seen++)->message->id);
			if (page->len < 4)
				break;
			anchor = row(page, 3);
		}
		assert_int_equal(seen, 23);
		g_autoptr(GPtrArray) end = sn_folder_rows(s->store, &order, NULL, TRUE, 4, NULL);
		assert_int_equal(end->len, 4);
		assert_int_equal(row(end, 3)->message->id, row(all, 22)->message->id);
		g_autoptr(GPtrArray) before = sn_folder_rows(s->store, &order, row(end, 0), TRUE, 4, NULL);
		assert_int_equal(row(before, 0)->message->id, row(all, 15)->message->id);
		assert_int_equal(row(before, 3)->message->id, row(all, 18)->message->id);
	}
}

static void orders_sort_as_they_say(void **state)
{
	Scene *s = *state;
	SnId big = put(s, "ann@x.test", NULL, NULL, NULL, "b");

	put(s, "Cid@x.test", NULL, NULL, NULL, "Re:_A");
	put(s, "bea@x.test", NULL, NULL, NULL, "c");
	assert_true(sn_store_begin(s->store, NULL));
	assert_true(sn_run(s->store, NULL, "UPDATE message SET size = 5000000 WHERE id = ?1", V(big)));
	assert_true(sn_run(s->store, NULL, "UPDATE message SET subject = 'Re: AW: a' WHERE subject = 'Re:_A'"));
	assert_true(sn_store_commit(s->store, NULL));
	expect(s, SN_FOLDER_SORT_DATE, FALSE, "c Re: AW: a b");
	expect(s, SN_FOLDER_SORT_OLDEST, FALSE, "b Re: AW: a c");
	expect(s, SN_FOLDER_SORT_SENDER, FALSE, "b c Re: AW: a");
	expect(s, SN_FOLDER_SORT_SUBJECT, FALSE, "Re: AW: a b c");
	assert_true(sn_message_change_flags(s->store, big, SN_FLAG_SEEN, 0, NULL));
	expect(s, SN_FOLDER_SORT_UNREAD, FALSE, "c Re: AW: a b");
	g_autoptr(GPtrArray) sized = read_all(s, SN_FOLDER_SORT_SIZE, FALSE);
	assert_int_equal(row(sized, 0)->message->id, big);
}

static void words_of_orders_are_read(void **state)
{
	SnFolderSort sort;

	assert_true(sn_folder_sort_parse("subject", &sort));
	assert_int_equal(sort, SN_FOLDER_SORT_SUBJECT);
	assert_string_equal(sn_folder_sort_word(sort), "subject");
	assert_false(sn_folder_sort_parse("colour", &sort));
	(void)state;
}

/* ---- threads ---- */

static void a_thread_stands_where_its_newest_email_is(void **state)
{
	Scene *s = *state;

	put(s, BOB, "a1", "a1", NULL, "a1");
	put(s, BOB, "b1", "b1", NULL, "b1");
	put(s, BOB, "a2", "a1", "a1", "a2");
	put(s, BOB, "c1", "c1", NULL, "c1");
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "c1 a2 b1");
	g_autoptr(GPtrArray) rows = read_all(s, SN_FOLDER_SORT_DATE, TRUE);
	assert_int_equal(row(rows, 1)->count, 2);
	assert_int_equal(row(rows, 1)->unread, 2);
	assert_int_equal(row(rows, 0)->count, 1);
	g_autoptr(GPtrArray) thread = sn_folder_thread(s->store, &(SnFolderOrder){ .folder = s->inbox }, row(rows, 1)->message, 100);
	assert_int_equal(thread->len, 2);
	assert_string_equal(row(thread, 0)->message->subject, "a1");
}

/* The emails of a mailing list's conversation, which lie in several folders; others of the threads. */
static void a_conversation_has_threads_too(void **state)
{
	Scene *s = *state;

	SnId first = put(s, BOB, "a1", "a1", NULL, "a1");
	put(s, BOB, "b1", "b1", NULL, "b1");
	SnId last = put(s, BOB, "a2", "a1", "a1", "a2");
	put(s, "carol@example.test", "a3", "a1", "a2", "a3"); /* of another conversation */
	put(s, BOB, "c1", NULL, NULL, "c1");
	g_autoptr(SnMessage) message = sn_message_get(s->store, first, 0);
	SnFolderOrder order = { .conversation = message->conversation, .threads = TRUE };
	g_autoptr(GPtrArray) rows = sn_folder_rows(s->store, &order, NULL, FALSE, 10, NULL);
	assert_int_equal(rows->len, 3);
	assert_string_equal(row(rows, 0)->message->subject, "c1");
	assert_int_equal(row(rows, 1)->message->id, last);
	assert_int_equal(row(rows, 1)->count, 2);
	assert_int_equal(row(rows, 1)->unread, 2);
	/* page by page, from both ends */
	g_autoptr(GPtrArray) next = sn_folder_rows(s->store, &order, row(rows, 0), FALSE, 1, NULL);
	assert_int_equal(row(next, 0)->message->id, last);
	g_autoptr(GPtrArray) end = sn_folder_rows(s->store, &order, NULL, TRUE, 2, NULL);
	assert_int_equal(end->len, 2);
	assert_string_equal(row(end, 1)->message->subject, "b1");
	g_autoptr(GPtrArray) thread = sn_folder_thread(s->store, &order, row(rows, 1)->message, 10);
	assert_int_equal(thread->len, 2);
	assert_int_equal(row(thread, 0)->message->id, first);
	g_autoptr(GPtrArray) alone = sn_folder_thread(s->store, &order, row(rows, 0)->message, 10);
	assert_int_equal(alone->len, 1);
	order.threads = FALSE;
	order.sort = SN_FOLDER_SORT_OLDEST;
	g_autoptr(GPtrArray) all = sn_folder_rows(s->store, &order, NULL, FALSE, 10, NULL);
	assert_int_equal(all->len, 4);
	assert_int_equal(row(all, 0)->message->id, first);
	g_autoptr(SnQuery) query = sn_query_parse("subject:a2", NULL, NULL);
	query->conversation = message->conversation;
	g_autoptr(GPtrArray) found = sn_folder_search(s->store, query, NULL, 10, NULL);
	assert_int_equal(found->len, 1);
}

/* A first sync brings the newest first: the order of arrival must not matter. */
static void older_emails_that_come_later_change_nothing(void **state)
{
	Scene *s = *state;
	SnTime now = s->tmp->now;

	put(s, BOB, "a3", "a1", "a2", "a3");
	s->tmp->now = now - SN_DAY;
	put(s, BOB, "a2", "a1", "a1", "a2");
	s->tmp->now = now - 2 * SN_DAY;
	put(s, BOB, "a1", "a1", NULL, "a1");
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "a3");
}

static void when_the_newest_goes_the_next_one_stands_for_the_thread(void **state)
{
	Scene *s = *state;
	SnId third;

	put(s, BOB, "a1", "a1", NULL, "a1");
	put(s, BOB, "a2", "a1", "a1", "a2");
	third = put(s, BOB, "a3", "a1", "a2", "a3");
	assert_true(sn_message_move(s->store, third, "archive", NULL));
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "a2");
	assert_true(sn_message_move(s->store, third, "inbox", NULL));
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "a3");
	assert_true(sn_location_remove(s->store, s->inbox, 3, NULL));
	assert_true(sn_location_remove(s->store, s->inbox, 2, NULL));
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "a1");
}

static void a_thread_in_two_folders_is_a_row_in_each(void **state)
{
	Scene *s = *state;
	SnFolderOrder order = { s->archive, SN_FOLDER_SORT_DATE, TRUE };
	SnId first = put(s, BOB, "a1", "a1", NULL, "a1");

	put(s, BOB, "a2", "a1", "a1", "a2");
	assert_true(sn_location_set(s->store, first, s->archive, 1, NULL, 0, NULL));
	g_autoptr(GPtrArray) rows = sn_folder_rows(s->store, &order, NULL, FALSE, 10, NULL);
	assert_int_equal(rows->len, 1);
	assert_int_equal(row(rows, 0)->count, 1);
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "a2");
}

/* Clients that write In-Reply-To alone, and a sync that brings the newest first. */
static void a_chain_of_answers_without_references_becomes_one_thread(void **state)
{
	Scene *s = *state;
	SnTime now = s->tmp->now;

	put(s, BOB, "m4", "m3", "m3", "m4");
	s->tmp->now = now - SN_DAY;
	put(s, BOB, "m3", "m2", "m2", "m3");
	s->tmp->now = now - 2 * SN_DAY;
	put(s, BOB, "m2", "m1", "m1", "m2");
	s->tmp->now = now - 3 * SN_DAY;
	put(s, BOB, "m1", "m1", NULL, "m1");
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "m4");
	/* and what comes later under one of the names goes there too */
	s->tmp->now = now + SN_DAY;
	put(s, BOB, "m5", "m3", "m9", "m5");
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "m5");
}

/* Somebody who writes the Message-ID of another's email must not gather its thread. */
static void a_borrowed_id_moves_no_thread(void **state)
{
	Scene *s = *state;

	put(s, BOB, "m1", "m1", NULL, "m1");
	put(s, BOB, "m2", "m1", "m1", "m2");
	put(s, "mallory@x.test", "m1", "evil", "evil", "forged");
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "forged m2");
}

static void emails_without_an_id_stand_for_themselves(void **state)
{
	Scene *s = *state;
	SnMessage *m = tmpstore_mail_new(s->tmp, SN_IN, BOB, NULL, "x", "text");

	g_clear_pointer(&m->message_id, g_free);
	g_clear_pointer(&m->thread, g_free);
	assert_true(sn_message_add(s->store, m, NULL, NULL, NULL, NULL));
	assert_true(sn_location_set(s->store, m->id, s->inbox, 1, NULL, 0, NULL));
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "x");
	g_autoptr(GPtrArray) thread = sn_folder_thread(s->store, &(SnFolderOrder){ .folder = s->inbox }, m, 10);
	assert_int_equal(thread->len, 1);
	sn_message_free(m);
}

/* ---- what is on its way, counts, limits ---- */

static void what_moves_stands_in_the_new_list_at_once(void **state)
{
	Scene *s = *state;
	SnId id = put(s, BOB, "a1", "a1", NULL, "a1");

	assert_true(sn_message_move(s->store, id, "archive", NULL));
	g_autoptr(GPtrArray) left = sn_folder_page(s->store, s->inbox, 0, 0, 10, 0);
	g_autoptr(GPtrArray) came = sn_folder_page(s->store, s->archive, 0, 0, 10, 0);
	assert_int_equal(left->len, 0);
	assert_int_equal(came->len, 1);
	g_autoptr(SnFolder) archive = sn_folder_get(s->store, s->archive);
	assert_int_equal(archive->total, 1);
	assert_int_equal(archive->unread, 1);
	/* a folder that the move will make */
	assert_true(sn_message_move(s->store, id, "Projects/Rope", NULL));
	g_autoptr(SnFolder) before = sn_folder_get(s->store, s->archive);
	assert_int_equal(before->total, 0);
	SnId made = sn_folder_intern(s->store, s->tmp->account, "Projects/Rope", NULL, NULL);
	g_autoptr(SnFolder) after = sn_folder_get(s->store, made);
	assert_int_equal(after->total, 1);
}

static void an_own_email_shows_who_it_went_to(void **state)
{
	Scene *s = *state;
	SnId sent = tmpstore_mail(s->tmp, SN_OUT, BOB, "o1", "mine", "text");

	assert_true(sn_location_set(s->store, sent, s->inbox, 50, NULL, SN_FLAG_SEEN, NULL));
	g_autoptr(GPtrArray) rows = read_all(s, SN_FOLDER_SORT_DATE, FALSE);
	assert_string_equal(row(rows, 0)->who, BOB);
}

static void a_query_leaves_only_what_it_says_of_this_folder(void **state)
{
	Scene *s = *state;
	SnId one = put(s, BOB, "a1", "a1", NULL, "rope"), two = put(s, BOB, "a2", "a2", NULL, "rope");

	put(s, BOB, "a3", "a3", NULL, "sail");
	assert_true(sn_message_move(s->store, one, "archive", NULL));
	g_autoptr(SnQuery) query = sn_query_parse("rope", &s->tmp->clock, NULL);
	query->folder = s->inbox;
	g_autoptr(GPtrArray) rows = sn_folder_search(s->store, query, NULL, 10, NULL);
	assert_int_equal(rows->len, 1);
	assert_int_equal(row(rows, 0)->message->id, two);
	g_autoptr(GPtrArray) more = sn_folder_search(s->store, query, row(rows, 0), 10, NULL);
	assert_int_equal(more->len, 0);
	g_autoptr(SnQuery) unread = sn_query_parse("is:unread", &s->tmp->clock, NULL);
	unread->folder = s->inbox;
	g_autoptr(GPtrArray) both = sn_folder_search(s->store, unread, NULL, 10, NULL);
	assert_int_equal(both->len, 2);
}

static void the_same_email_twice_is_one_row(void **state)
{
	Scene *s = *state;
	SnId id = put(s, BOB, "a1", "a1", NULL, "a1");

	assert_true(sn_location_set(s->store, id, s->inbox, 99, NULL, 0, NULL));
	expect(s, SN_FOLDER_SORT_DATE, FALSE, "a1");
	expect(s, SN_FOLDER_SORT_DATE, TRUE, "a1");
}

/* Whatever happens in whatever order: one row a thread, the newest, and counts that add up. */
static void threads_and_counts_hold_through_random_changes(void **state)
{
	Scene *s = *state;
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	SnId ids[40];

	for (int i = 0; i < 40; i++) {
		g_autofree char *id = g_strdup_printf("r%d", i);
		g_autofree char *root = g_strdup_printf("r%d", i % 6);
		s->tmp->now += (g_rand_int_range(random, 0, 200) - 100) * SN_MINUTE;
		ids[i] = put(s, BOB, id, root, NULL, id);
	}
	for (int step = 0; step < 400; step++) {
		SnId id = ids[g_rand_int_range(random, 0, 40)];
		switch (g_rand_int_range(random, 0, 5)) {
		case 0: sn_message_move(s->store, id, "archive", NULL); break;
		case 1: sn_message_move(s->store, id, "inbox", NULL); break;
		case 2: sn_message_change_flags(s->store, id, SN_FLAG_SEEN, 0, NULL); break;
		case 3: sn_location_remove(s->store, s->inbox, (guint32)g_rand_int_range(random, 1, 41), NULL); break;
		case 4:
			sn_location_set(s->store, id, s->inbox, (guint32)g_rand_int_range(random, 1, 41),
			                NULL, 0, NULL);
			break;
		}
	}
	assert_int_equal(sn_one(s->store, "SELECT count(*) FROM location l JOIN message n ON n.id = l.message "
	                                  "WHERE l.top <> NOT EXISTS (SELECT 1 FROM location o JOIN message m "
	                                  "ON m.id = o.message WHERE o.shown_in = l.shown_in "
	                                  "AND m.thread = n.thread AND (m.time, m.id) > (n.time, n.id))"),
	                 0);
	assert_int_equal(sn_one(s->store, "SELECT count(*) FROM folder WHERE (total, unread) <> (SELECT count(*), "
	                                  "coalesce(sum(flags & 1 = 0), 0) FROM location "
	                                  "WHERE shown_in = folder.id)"),
	                 0);
	assert_true(sn_one(s->store, "SELECT count(*) FROM location") > 10);
}

/* What is on the path of the screen is read from an index: no scan, no sort. */
static void pages_are_read_from_the_index(void **state)
{
	Scene *s = *state;
	static const char *const wanted[] = { "location_listed", "location_top" };

	for (int threads = 0; threads < 2; threads++) {
		SnSql *plan = threads ? sn_sql(s->store, "EXPLAIN QUERY PLAN SELECT l.message FROM location l "
		                                         "INDEXED BY location_top WHERE l.shown_in = 1 AND l.top = 1 "
		                                         "AND (l.time, l.message) < (5, 5) "
		                                         "ORDER BY l.time DESC, l.message DESC LIMIT 5")
		                      : sn_sql(s->store, "EXPLAIN QUERY PLAN SELECT l.message FROM location l "
		                                         "INDEXED BY location_listed WHERE l.shown_in = 1 "
		                                         "AND (l.time, l.message) < (5, 5) "
		                                         "ORDER BY l.time DESC, l.message DESC LIMIT 5");
		int lines = 0;
		while (sn_sql_row(plan)) {
			const char *line = sn_sql_peek(plan, 3);
			assert_non_null(strstr(line, wanted[threads]));
			assert_non_null(strstr(line, "SEARCH"));
			lines++;
		}
		sn_sql_drop(plan);
		assert_int_equal(lines, 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_meet_in_every_order_and_both_directions),
		TEST(orders_sort_as_they_say),
		TEST(words_of_orders_are_read),
		TEST(a_thread_stands_where_its_newest_email_is),
		TEST(a_conversation_has_threads_too),
		TEST(older_emails_that_come_later_change_nothing),
		TEST(when_the_newest_goes_the_next_one_stands_for_the_thread),
		TEST(a_thread_in_two_folders_is_a_row_in_each),
		TEST(a_chain_of_answers_without_references_becomes_one_thread),
		TEST(a_borrowed_id_moves_no_thread),
		TEST(emails_without_an_id_stand_for_themselves),
		TEST(what_moves_stands_in_the_new_list_at_once),
		TEST(an_own_email_shows_who_it_went_to),
		TEST(a_query_leaves_only_what_it_says_of_this_folder),
		TEST(the_same_email_twice_is_one_row),
		TEST(threads_and_counts_hold_through_random_changes),
		TEST(pages_are_read_from_the_index),
	};

	return cmocka_run_group_tests_name("store_folder", tests, NULL, NULL);
}
