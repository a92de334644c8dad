/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/statement.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"

static GPtrArray *search(TmpStore *tmp, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnQuery) query = sn_query_parse(text, &tmp->clock, &error);

	if (!query)
		fail_msg("%s: %s", text, error->message);
	GPtrArray *found = sn_message_search(tmp->store, query, 0, 0, 50, 0, &error);
	if (!found)
		fail_msg("%s: %s", text, error->message);
	return found;
}

static void expect(TmpStore *tmp, const char *text, guint count)
{
	g_autoptr(GPtrArray) found = search(tmp, text);

	if (found->len != count)
		fail_msg("%s: %u instead of %u", text, found->len, count);
}

static void words_are_found_in_both_channels(void **state)
{
	TmpStore *tmp = *state;
	SnId mail = tmpstore_mail(tmp, SN_IN, BOB, NULL, "Summer plans", "We go to the Café by boat.");
	SnId im = tmpstore_im(tmp, SN_OUT, "bob@chat.test", NULL, "which boat?");
	g_autoptr(GPtrArray) found = search(tmp, "boat");

	assert_int_equal(found->len, 2);
	assert_int_equal(((SnMessage *)found->pdata[0])->id, im);
	assert_int_equal(((SnMessage *)found->pdata[1])->id, mail);
	expect(tmp, "BOAT", 2);
	expect(tmp, "cafe", 1);
	expect(tmp, "café", 1);
	expect(tmp, "summer boat", 1);
	expect(tmp, "\"the cafe by\"", 1);
	expect(tmp, "\"by the cafe\"", 0);
	expect(tmp, "boa", 0);
	expect(tmp, "boa*", 2);
	expect(tmp, "boat -which", 1);
	expect(tmp, "-which", 1);
	expect(tmp, "bob@example.test", 1);
	expect(tmp, "bob", 2);
	expect(tmp, "...", 2);
	expect(tmp, "", 2);
}

static void parts_of_words_are_found_where_there_are_no_blanks(void **state)
{
	TmpStore *tmp = *state;

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "会議", "明日の会議は東京タワーで行います。");
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "안녕하세요", "내일 회의가 있습니다");
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "plain mix日本text");
	expect(tmp, "会議", 1);
	expect(tmp, "東京", 1);
	expect(tmp, "京タ", 1);
	expect(tmp, "タワー", 1);
	expect(tmp, "東", 1);
	expect(tmp, "議", 1);
	expect(tmp, "東京会議", 0);
	expect(tmp, "회의", 1);
	expect(tmp, "녕하", 1);
	expect(tmp, "日本", 1);
	expect(tmp, "mix日本text", 1);
	expect(tmp, "mix日", 1);
	expect(tmp, "東京*", 1);
	expect(tmp, "\"明日の会議\"", 1);
	expect(tmp, "-会議 is:unread", 2);
	/* half width and full width are the same */
	expect(tmp, "ﾀﾜｰ", 1);
}

static void other_scripts_are_found_by_word(void **state)
{
	TmpStore *tmp = *state;

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "Встреча", "Завтра в Москве, в полдень");
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "اجتماع", "الاجتماع غدا في القاهرة");
	expect(tmp, "москве", 1);
	expect(tmp, "القاهرة", 1);
	expect(tmp, "встреч*", 1);
}

static void the_narrowing_words_narrow(void **state)
{
	TmpStore *tmp = *state;
	SnTime begin = tmp->now;
	g_autoptr(SnMessage) file = tmpstore_mail_new(tmp, SN_IN, "carol@c.test", NULL, "Bill", "pay");
	SnPart *part = g_new0(SnPart, 1);

	part->position = 1;
	part->name = g_strdup("invoice-2026.pdf");
	sn_message_add_part(file, part);
	file->sender_name = g_strdup("Carol Größer");
	assert_true(sn_message_add(tmp->store, file, NULL, NULL, NULL, NULL));
	SnId mail = tmpstore_mail(tmp, SN_OUT, BOB, NULL, "Lunch today", "pay");
	tmpstore_im(tmp, SN_IN, BOB, NULL, "pay");
	SnId inbox = sn_folder_intern(tmp->store, tmp->account, "INBOX", "inbox", NULL);
	sn_location_set(tmp->store, file->id, inbox, 1, NULL, SN_FLAG_FLAGGED, NULL);
	sn_location_set(tmp->store, mail, inbox, 2, NULL, SN_FLAG_SEEN, NULL);
	static const struct {
		const char *text;
		guint count;
	} cases[] = {
		{ "pay", 3 },
		{ "pay from:carol", 1 },
		{ "from:GRÖSSER", 1 },
		{ "from:\"carol größer\"", 1 },
		{ "from:bob", 1 },
		{ "to:bob", 1 },
		{ "to:alice", 2 },
		{ "subject:lunch", 1 },
		{ "subject:\"lunch today\"", 1 },
		{ "via:im", 1 },
		{ "VIA:mail pay", 2 },
		{ "has:attachment", 1 },
		{ "invoice", 1 },
		{ "is:unread", 2 },
		{ "is:flagged", 1 },
		{ "in:INBOX", 2 },
		{ "in:inbox pay -lunch", 1 },
		{ "in:nowhere", 0 },
		{ "before:2026-01-01", 0 },
		{ "after:2026-01-01", 3 },
		{ "after:2026-01-01 before:2026-01-02", 0 },
		{ "http://pay", 0 },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		expect(tmp, cases[i].text, cases[i].count);
	g_autoptr(SnQuery) q = sn_query_parse("pay", NULL, NULL);
	q->after = begin + SN_MINUTE;
	g_autoptr(GPtrArray) later = sn_message_search(tmp->store, q, 0, 0, 10, 0, NULL);
	assert_int_equal(later->len, 2);
	q->after = 0;
	q->conversation = file->conversation;
	g_autoptr(GPtrArray) inside = sn_message_search(tmp->store, q, 0, 0, 10, 0, NULL);
	assert_int_equal(inside->len, 1);
}

static void what_people_wrote_is_told_from_news(void **state)
{
	TmpStore *tmp = *state;
	static const struct {
		const char *text;
		guint count;
	} cases[] = {
		{ "rope", 4 },
		{ "rope kind:person", 2 },
		{ "rope kind:newsletter", 1 },
		{ "rope kind:notice", 0 },
		{ "rope kind:list", 1 },
		{ "kind:room", 0 },
		{ "kind:person via:im", 1 },
	};
	SnBulk bulk[] = { SN_BULK_NONE, SN_BULK_NEWSLETTER, SN_BULK_NONE };
	SnId shop = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(bulk); i++) {
		g_autofree char *from = g_strdup_printf("sender%zu@c.test", i);
		g_autoptr(SnMessage) mail = tmpstore_mail_new(tmp, SN_IN, from, NULL, "News", "rope");
		mail->bulk = bulk[i];
		mail->list_id = i == 2 ? g_strdup("climbers.c.test") : NULL;
		assert_true(sn_message_add(tmp->store, mail, NULL, NULL, NULL, NULL));
		shop = i == 1 ? mail->conversation : shop;
	}
	tmpstore_im(tmp, SN_IN, BOB, NULL, "rope");
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		expect(tmp, cases[i].text, cases[i].count);
	/* what the user says of it counts */
	assert_true(sn_conversation_set_bulk(tmp->store, shop, TRUE, SN_BULK_NONE, NULL));
	expect(tmp, "rope kind:person", 3);
	expect(tmp, "kind:newsletter", 0);
}

static void a_wrong_query_says_which_part(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "kind:friend", "kind:friend" },
		{ "via:pigeon", "via:pigeon" }, { "x is:red", "is:red" },
		{ "before:soon", "before:soon" }, { "has:", "has:" },
		{ "lunch \"open end", "open end" }, { "from:\"open", "open" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		assert_null(sn_query_parse(cases[i].text, NULL, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
		if (!strstr(error->message, cases[i].part))
			fail_msg("%s: %s", cases[i].text, error->message);
	}
	g_autoptr(GString) many = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	for (int i = 0; i < 100; i++)
		g_string_append(many, "a ");
	assert_null(sn_query_parse(many->str, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_LIMIT));
}

static void nothing_typed_reaches_the_index_as_syntax(void **state)
{
	TmpStore *tmp = *state;
	static const char *const nasty[] = {
		"a AND", "OR", "NOT", "NEAR(a b)", "a*b", "*", "^a", "{subject}:a", "subject:", "(",
		")", "'", "a'b", "--", "-", "-\"\"", "\"\"", "a\"b", "\"a\"\"b\"", ";DROP TABLE message",
		"\xff\xfe", "body:x", "rowid:1", "a-b", "+a", "a:b:c", "会*", "-会",
	};

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "a b");
	for (gsize i = 0; i < G_N_ELEMENTS(nasty); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(SnQuery) query = sn_query_parse(nasty[i], NULL, &error);
		if (!query) {
			assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
			continue;
		}
		g_autoptr(GPtrArray) found =
			sn_message_search(tmp->store, query, 0, 0, 10, 0, &error);
		if (!found)
			fail_msg("%s: %s", nasty[i], error->message);
	}
}

static void page_through(TmpStore *tmp)
{
	g_autoptr(SnQuery) query = sn_query_parse("word -other", NULL, NULL);
	SnTime time = 0;
	SnId id = 0;
	int seen = 0;

	for (;;) {
		g_autoptr(GPtrArray) page =
			sn_message_search(tmp->store, query, time, id, 10, 0, NULL);
		if (!page->len)
			break;
		for (guint i = 0; i < page->len; i++) {
			const SnMessage *m = page->pdata[i];
			assert_true(!time || m->time < time);
			time = m->time;
			id = m->id;
		}
		seen += (int)page->len;
	}
	assert_int_equal(seen, 25);
}

static void results_are_paged_newest_first(void **state)
{
	TmpStore *tmp = *state;

	for (int i = 0; i < 25; i++) {
		tmp->now -= 3 * SN_MINUTE; /* the newest is filed first, as in a first sync */
		tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "a word");
		tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "another word, and other words");
	}
	page_through(tmp);
	/* The same when the word is so common that another way is taken; rows without a message are
	 * what a deleted one would leave. */
	assert_true(sn_exec(tmp->store,
	                    "INSERT INTO search (rowid, body) WITH RECURSIVE n (i) AS (SELECT 100000 "
	                    "UNION ALL SELECT i + 1 FROM n WHERE i < 130000) SELECT i, 'word' FROM n",
	                    NULL));
	page_through(tmp);
}

static void the_index_follows_transactions(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;

	assert_true(sn_store_begin(tmp->store, &error));
	/* more than are gathered before they are written */
	for (int i = 0; i < 1100; i++) {
		assert_true(sn_store_begin(tmp->store, &error));
		tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", i % 10 == 3 ? "taken back" : "kept");
		if (i % 10 == 3)
			sn_store_rollback(tmp->store);
		else
			assert_true(sn_store_commit(tmp->store, &error));
	}
	assert_true(sn_store_commit(tmp->store, &error));
	g_autoptr(SnQuery) query = sn_query_parse("kept", NULL, NULL);
	g_autoptr(GPtrArray) kept =
		sn_message_search(tmp->store, query, 0, 0, 2000, 0, &error);
	assert_int_equal(kept->len, 990);
	assert_int_equal(sn_one(tmp->store, "SELECT count(*) FROM search WHERE search MATCH 'taken'"),
	                 0);
	assert_true(sn_store_begin(tmp->store, &error));
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "vanished");
	sn_store_rollback(tmp->store);
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "plain");
	assert_int_equal(sn_one(tmp->store, "SELECT count(*) FROM search WHERE search MATCH 'vanished'"),
	                 0);
	expect(tmp, "plain", 1);
}

/* ---- stopping ---- */

static gpointer stop(gpointer data)
{
	TmpStore *tmp = ((gpointer *)data)[0];
	gint *over = ((gpointer *)data)[1];

	while (!g_atomic_int_get(over)) {
		sn_store_interrupt(tmp->store);
		g_usleep(200);
	}
	return NULL;
}

static void a_search_can_be_stopped_from_another_thread(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnQuery) query = sn_query_parse("from:zzz to:zzz", NULL, NULL);
	gint over = 0;
	gpointer data[] = { tmp, &over };
	gboolean stopped = FALSE;

	for (int i = 0; i < 500; i++)
		tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "a word");
	GThread *thread = g_thread_new("stop", stop, data);
	for (int i = 0; i < 10000 && !stopped; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) found =
			sn_message_search(tmp->store, query, 0, 0, 10, 0, &error);
		if (!found) {
			assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED));
			stopped = TRUE;
		}
	}
	g_atomic_int_set(&over, 1);
	g_thread_join(thread);
	assert_true(stopped);
	g_autoptr(GPtrArray) works = sn_message_search(tmp->store, query, 0, 0, 10, 0, NULL);
	assert_non_null(works);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_are_found_in_both_channels),
		TEST(parts_of_words_are_found_where_there_are_no_blanks),
		TEST(other_scripts_are_found_by_word),
		TEST(the_narrowing_words_narrow),
		TEST(what_people_wrote_is_told_from_news),
		cmocka_unit_test(a_wrong_query_says_which_part),
		TEST(nothing_typed_reaches_the_index_as_syntax),
		TEST(results_are_paged_newest_first),
		TEST(the_index_follows_transactions),
		TEST(a_search_can_be_stopped_from_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
