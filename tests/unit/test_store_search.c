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

/* A store that knows only what a search reads finds the same. */
static void expect_narrowly(TmpStore *tmp, const char *text, const SnQuery *query,
                            const GPtrArray *found)
{
	SnStore *narrow = sn_store_open_narrow(tmp->path, query);

	assert_non_null(narrow);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) same = sn_message_search(narrow, query, 0, 0, 50, SN_MESSAGE_LINE, &error);
	if (!same || same->len != found->len)
		fail_msg("%s, narrowly: %s", text, error ? error->message : "another number");
	for (guint i = 0; i < found->len; i++) {
		const SnMessage *a = found->pdata[i], *b = same->pdata[i];
		assert_int_equal(a->id, b->id);
		assert_int_equal(a->conversation, b->conversation);
		assert_int_equal(a->channel, b->channel);
		assert_int_equal(a->time, b->time);
		assert_string_equal(a->sender_value, b->sender_value);
		assert_string_equal(a->sender_name, b->sender_name);
		assert_int_equal(g_strcmp0(a->subject, b->subject), 0);
		assert_int_equal(g_strcmp0(a->preview, b->preview), 0);
	}
	sn_store_close(narrow);
}

static GPtrArray *search(TmpStore *tmp, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnQuery) query = sn_query_parse(text, &tmp->clock, &error);

	if (!query)
		fail_msg("%s: %s", text, error->message);
	GPtrArray *found = sn_message_search(tmp->store, query, 0, 0, 50, 0, &error);
	if (!found)
		fail_msg("%s: %s", text, error->message);
	if (tmp->store->depth == 0)
		expect_narrowly(tmp, text, query, found);
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

/* ---- whichever way the answer is found ---- */

typedef struct {
	SnTime time;
	SnId id;
	char *text;
	const char *from;
} Written;

static void written_clear(gpointer data)
{
	g_free(((Written *)data)->text);
}

static int newest(gconstpointer one, gconstpointer two)
{
	const Written *a = one, *b = two;

	if (a->time != b->time)
		return a->time < b->time ? 1 : -1;
	return a->id < b->id ? 1 : -1;
}

/* Their ids go against the time at first, as of a mailbox that is read newest first, then with it,
 * and at last to and fro. "rope" is in all, "knot" in every third, "bight" in the oldest only, "fid" in
 * one. */
static GArray *write_many(TmpStore *tmp)
{
	static const char *const people[] = { "carol@c.test", "bob@example.test", "joan@c.test" };
	GArray *all = g_array_new(FALSE, TRUE, sizeof(Written));
	SnTime begin = tmp->now;

	g_array_set_clear_func(all, written_clear);
	assert_true(sn_store_begin(tmp->store, NULL));
	for (int i = 0; i < 900; i++) {
		int at = i < 400 ? 400 - i : i < 800 ? i + 200 : i * 577 % 1400;
		Written one = { begin + at / 2 * SN_MINUTE, 0, NULL, people[i % 7 ? i % 2 : 2] };
		one.text = g_strdup_printf("rope%s%s%s", i % 3 ? "" : " knot", at < 30 ? " bight" : "",
		                           i == 450 ? " fid" : "");
		g_autoptr(SnMessage) m = i % 5 ? tmpstore_mail_new(tmp, SN_IN, one.from, NULL, "s", one.text)
		                               : tmpstore_im_new(tmp, SN_IN, one.from, NULL, one.text);
		m->time = one.time;
		assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
		one.id = m->id;
		g_array_append_val(all, one);
	}
	assert_true(sn_store_commit(tmp->store, NULL));
	g_array_sort(all, newest);
	return all;
}

/* Pages of `limit` hold what is written with `word` from `from`, all of it, newest first. */
static void expect_pages(TmpStore *tmp, const GArray *all, const char *text, const char *word,
                         const char *from, int limit, guint what)
{
	g_autoptr(SnQuery) query = sn_query_parse(text, &tmp->clock, NULL);
	g_autoptr(GPtrArray) page = NULL;
	guint at = 0;
	SnTime time = 0;
	SnId id = 0;

	for (guint i = 0; i < all->len; i++) {
		const Written *one = &g_array_index(all, Written, i);
		if (!strstr(one->text, word) || !strstr(one->from, from))
			continue;
		if (!page || at == page->len) {
			g_clear_pointer(&page, g_ptr_array_unref);
			page = sn_message_search(tmp->store, query, time, id, limit, what, NULL);
			at = 0;
		}
		if (!page->len)
			fail_msg("%s: a page of %d is empty", text, limit);
		const SnMessage *message = page->pdata[at++];
		if (message->id != one->id)
			fail_msg("%s: pages of %d: not in order", text, limit);
		time = message->time;
		id = message->id;
	}
	assert_non_null(page);
	assert_int_equal(at, page->len);
	g_autoptr(GPtrArray) rest = sn_message_search(tmp->store, query, time, id, limit, what, NULL);
	assert_int_equal(rest->len, 0);
}

static void every_way_finds_the_same_in_the_same_order(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GArray) all = write_many(tmp);
	static const struct {
		const char *text, *word, *from;
	} cases[] = {
		{ "rope", "rope", "" },          { "rope knot", "knot", "" },
		{ "bight", "bight", "" },        { "fid", "fid", "" },
		{ "from:joan", "", "joan" },     { "from:c.test", "", "c.test" },
		{ "from:OB@ex", "", "bob" },     { "knot from:carol", "knot", "carol" },
		{ "\"rope knot\"", "knot", "" },
	};
	static const int limits[] = { 7, 40, 260, 2000 };

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		for (gsize n = 0; n < G_N_ELEMENTS(limits); n++) {
			expect_pages(tmp, all, cases[i].text, cases[i].word, cases[i].from, limits[n], 0);
			expect_pages(tmp, all, cases[i].text, cases[i].word, cases[i].from, limits[n],
			             SN_MESSAGE_LINE);
		}
}

static void what_is_not_to_be_seen_is_not_among_the_frequent(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GArray) all = write_many(tmp);
	SnId trash = sn_folder_intern(tmp->store, tmp->account, "Trash", "trash", NULL);

	for (guint i = 0; i < 20; i++)
		assert_true(sn_location_set(tmp->store, g_array_index(all, Written, i).id, trash, i + 1, NULL,
		                            0, NULL));
	g_autoptr(GPtrArray) found = search(tmp, "rope");
	assert_int_equal(found->len, 50);
	guint known = 0;
	for (guint i = 0; i < found->len; i++)
		for (guint n = 0; n < 20; n++)
			known += ((SnMessage *)found->pdata[i])->id == g_array_index(all, Written, n).id;
	/* IMs lie in no folder, and stay */
	assert_in_range(known, 0, 8);
	expect(tmp, "in:trash rope", 20);
}

/* From whom all are asked for at once: what nicks say counts once, though name and address have the word. */
static void all_of_a_sender_come_once(void **state)
{
	TmpStore *tmp = *state;

	for (int i = 0; i < 30; i++) {
		g_autoptr(SnMessage) m = tmpstore_im_new(tmp, SN_IN, "pequod@rooms.test", NULL, "aye");
		m->sender_name = g_strdup(i % 2 ? "Pequod" : "Ishmael");
		assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
	}
	for (guint what = 0; what <= SN_MESSAGE_LINE; what++) {
		g_autoptr(SnQuery) query = sn_query_parse("from:pequod", &tmp->clock, NULL);
		g_autoptr(GPtrArray) found =
			sn_message_search(tmp->store, query, 0, 0, G_MAXINT, what, NULL);
		assert_int_equal(found->len, 30);
		assert_string_equal(((SnMessage *)found->pdata[0])->sender_name, "Pequod");
		assert_string_equal(((SnMessage *)found->pdata[1])->sender_name, "Ishmael");
		assert_string_equal(((SnMessage *)found->pdata[1])->sender_value, "pequod@rooms.test");
	}
}

static gboolean third_is_enough(SnMessage *message, gpointer seen)
{
	sn_message_free(message);
	return ++*(int *)seen < 3;
}

static void answers_come_one_by_one_until_enough(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnQuery) query = sn_query_parse("from:bob", &tmp->clock, NULL);
	int seen = 0;

	for (int i = 0; i < 6; i++)
		tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "a word");
	assert_true(sn_message_search_each(tmp->store, query, 0, 0, G_MAXINT, 0, third_is_enough, &seen,
	                                   NULL));
	assert_int_equal(seen, 3);
}

/* What a nick says in a room is of the room's address, and found by the nick. */
static void names_that_stand_on_messages_are_found(void **state)
{
	TmpStore *tmp = *state;
	static const char *const nicks[] = { "Queequeg", "Ishmael", "Ahab", "queequeg2" };

	for (int i = 0; i < 40; i++) {
		g_autoptr(SnMessage) m = tmpstore_im_new(tmp, SN_IN, "pequod@rooms.test", NULL, "aye");
		m->sender_name = g_strdup(nicks[i % 4]);
		assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
	}
	expect(tmp, "from:queequeg", 20);
	expect(tmp, "from:AHAB", 10);
	expect(tmp, "from:pequod", 40);
	expect(tmp, "from:starbuck", 0);
}

/* ---- a store that knows only what a search reads ---- */

static SnStore *open_for(const char *path, const char *text)
{
	g_autoptr(SnQuery) query = sn_query_parse(text, NULL, NULL);

	return sn_store_open_narrow(path, query);
}

static int entries(SnStore *store, const char *sql)
{
	sqlite3_stmt *query = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &query, NULL);

	sqlite3_finalize(query);
	return code;
}

/* What makes it quick: nothing behind the last table that is needed was read. */
static void it_knows_nothing_else_and_writes_nothing(void **state)
{
	TmpStore *tmp = *state;
	SnStore *narrow = open_for(tmp->path, "knot from:bob");

	assert_non_null(narrow);
	assert_int_equal(entries(narrow, "SELECT 1 FROM message"), SQLITE_OK);
	assert_int_equal(entries(narrow, "SELECT 1 FROM location"), SQLITE_ERROR);
	sn_store_close(narrow);
	narrow = open_for(tmp->path, "in:inbox");
	assert_non_null(narrow);
	assert_int_equal(entries(narrow, "SELECT 1 FROM location"), SQLITE_OK);
	assert_int_equal(entries(narrow, "SELECT 1 FROM outbox"), SQLITE_ERROR);
	assert_int_equal(entries(narrow, "SELECT 1 FROM message INDEXED BY message_thread"), SQLITE_ERROR);
	assert_false(sn_run(narrow, NULL, "DELETE FROM message"));
	assert_false(sn_run(narrow, NULL, "DELETE FROM sqlite_schema"));
	sn_store_close(narrow);
	/* and it is no more in the way of others than any reader */
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "afterwards");
	expect(tmp, "afterwards", 1);
}

/* It sees one moment, whatever others do meanwhile, and is at nobody's feet. */
static void it_sees_one_moment(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnQuery) query = sn_query_parse("splice", &tmp->clock, NULL);

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "splice");
	SnStore *narrow = open_for(tmp->path, "splice");
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "splice");
	assert_true(sn_exec(tmp->store, "CREATE TABLE more (id INTEGER)", NULL));
	g_autoptr(GPtrArray) found = sn_message_search(narrow, query, 0, 0, 50, 0, NULL);
	assert_int_equal(found->len, 1);
	sn_store_close(narrow);
	expect(tmp, "splice", 2);
}

/* The order of the entries is another one then, and all may have to be read. */
static void it_finds_all_in_a_store_that_was_written_anew(void **state)
{
	TmpStore *tmp = *state;
	gint64 before, after;

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "Summer", "hitch");
	assert_true(sn_exec(tmp->store, "DROP INDEX location_listed; CREATE INDEX location_listed ON location "
	                    "(shown_in, time, message)", NULL));
	expect(tmp, "hitch", 1);
	assert_true(sn_store_compact(tmp->store, &before, &after, NULL));
	expect(tmp, "hitch", 1);
	expect(tmp, "from:bob in:inbox", 0);
}

/* Where frequent words are looked for among the newest messages, the last of those may have the same time
 * as others. */
static void none_is_left_out_among_messages_of_one_moment(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnQuery) query = sn_query_parse("splice", &tmp->clock, NULL);

	assert_true(sn_store_begin(tmp->store, NULL));
	for (int i = 1; i <= 300; i++) {
		gboolean has = i == 20 || i == 150 || (i > 160 && i < 290);
		assert_int_equal(tmpstore_im(tmp, SN_IN, "bob@chat.test", NULL, has ? "splice" : "knot"), i);
	}
	assert_true(sn_store_commit(tmp->store, NULL));
	/* the newest four are 10, 11, 30 and 300; 150 comes next, and then 20, which lies among them */
	assert_true(sn_exec(tmp->store, "UPDATE message SET time = id; "
	                    "UPDATE message SET time = 9000 WHERE id IN (10, 11, 30); "
	                    "UPDATE message SET time = 8000 WHERE id IN (20, 150, 300)", NULL));
	SnTime time = 0;
	SnId id = 0, got[3];
	for (gsize i = 0; i < G_N_ELEMENTS(got); i++) {
		g_autoptr(GPtrArray) found =
			sn_message_search(tmp->store, query, time, id, 1, SN_MESSAGE_LINE, NULL);
		assert_int_equal(found->len, 1);
		time = ((SnMessage *)found->pdata[0])->time;
		id = got[i] = ((SnMessage *)found->pdata[0])->id;
	}
	assert_int_equal(got[0], 150);
	assert_int_equal(got[1], 20);
	assert_int_equal(got[2], 289);
}

static void it_is_not_had_of_what_has_to_be_looked_at_first(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *none = g_build_filename(tmp->directory, "none.db", NULL);
	g_autofree char *text = g_build_filename(tmp->directory, "text.db", NULL);

	assert_null(open_for(none, "knot"));
	assert_false(g_file_test(none, G_FILE_TEST_EXISTS));
	assert_true(g_file_set_contents(text, "no database, but long enough to be taken for one", -1, NULL));
	assert_null(open_for(text, "knot"));
	assert_true(sn_exec(tmp->store, "ALTER TABLE party RENAME TO parties", NULL));
	assert_null(open_for(tmp->path, "to:bob"));
	assert_true(sn_exec(tmp->store, "ALTER TABLE parties RENAME TO party; PRAGMA user_version = 1", NULL));
	assert_null(open_for(tmp->path, "to:bob"));
	assert_true(sn_exec(tmp->store, "PRAGMA user_version = 999", NULL));
	assert_null(open_for(tmp->path, "to:bob"));
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
		TEST(every_way_finds_the_same_in_the_same_order),
		TEST(what_is_not_to_be_seen_is_not_among_the_frequent),
		TEST(all_of_a_sender_come_once),
		TEST(answers_come_one_by_one_until_enough),
		TEST(names_that_stand_on_messages_are_found),
		TEST(it_knows_nothing_else_and_writes_nothing),
		TEST(it_sees_one_moment),
		TEST(it_finds_all_in_a_store_that_was_written_anew),
		TEST(none_is_left_out_among_messages_of_one_moment),
		TEST(it_is_not_had_of_what_has_to_be_looked_at_first),
		TEST(a_search_can_be_stopped_from_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
