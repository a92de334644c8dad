/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nothing that the screen waits for grows with the store. SQLite counts the steps of its machine for
 * each statement: the same questions to a store and to one ten times as large take as many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/files.h"
#include "src/store/folder_list.h"
#include "src/store/place.h"
#include "src/store/statement.h"
#include "src/store/sync.h"
#include "src/store/triage.h"
#include "tests/lib/tmpstore.h"
#include "tests/lib/ui_desk.h"

enum { SMALL = 600, LARGE = 6000, ROWS = 20, UNREAD = 7 };

typedef struct {
	TmpStore *tmp;
	SnStore *store;
	SnId folder, busy, message; /* the busiest conversation, one of its messages */
	SnTime middle;
	guint count;
} Subject;

/* One in four is from one person, the others from as many people; every third an IM. */
static SnMessage *make(Subject *s, SnId account, guint i)
{
	SnMessage *m = sn_message_new();
	gboolean im = i % 3 == 0;
	g_autofree char *who = i % 4 == 0 ? g_strdup("busy@many.test") :
					    g_strdup_printf("p%u@many.test", i % (s->count / 3));

	m->account = account;
	m->channel = im ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
	m->state = SN_STATE_RECEIVED;
	m->time = 1700000000000 + i * SN_MINUTE;
	m->flags = s->count - i > UNREAD ? SN_FLAG_SEEN : 0;
	m->subject = im ? NULL : g_strdup_printf("about %u", i);
	m->body = g_strdup_printf("some words and number%u", i);
	m->message_id = im ? NULL : g_strdup_printf("m%u@many.test", i);
	m->origin_id = im ? g_strdup_printf("o%u", i) : NULL;
	m->in_reply_to = !im && i % 10 == 7 ? g_strdup_printf("m%u@many.test", i - 2) : NULL;
	m->thread = g_strdup(m->in_reply_to);
	m->sender = sn_address_intern(s->store, m->channel, who, NULL, NULL);
	sn_message_add_party(m, SN_ROLE_FROM, who, NULL);
	sn_message_add_party(m, SN_ROLE_TO, "me@example.test", NULL);
	return m;
}

static void fill(Subject *s)
{
	static const char *const mails[] = { "me@example.test", NULL };
	const SnOwnAccount own = { "home", mails, "me@example.test" };

	assert_true(sn_own_accounts_set(s->store, &own, 1, NULL));
	SnId account = sn_account_find(s->store, "home");
	s->folder = sn_folder_intern(s->store, account, "INBOX", "inbox", NULL);
	assert_true(sn_store_begin(s->store, NULL));
	for (guint i = 0; i < s->count; i++) {
		g_autoptr(SnMessage) m = make(s, account, i);
		assert_true(sn_message_add(s->store, m, NULL, NULL, NULL, NULL));
		g_autofree char *name = g_strdup_printf("%u.host", i);
		if (m->channel == SN_CHANNEL_MAIL)
			assert_true(sn_location_set(s->store, m->id, s->folder, i + 1, name, m->flags,
						    NULL));
		if (i == s->count / 2)
			s->middle = m->time;
	}
	assert_true(sn_store_commit(s->store, NULL));
	g_autoptr(GPtrArray) found = sn_conversation_find(s->store, "busy@many.test");
	s->busy = ((SnConversation *)found->pdata[0])->id;
	g_autoptr(GPtrArray) page = sn_message_page(s->store, s->busy, s->middle, 0, TRUE, 1, 0);
	s->message = ((SnMessage *)page->pdata[0])->id;
}

/* ---- what is asked ---- */

static void ask_list(Subject *s)
{
	g_autoptr(GPtrArray) first = sn_conversation_page(s->store, NULL, SN_SHELF_LIST, NULL, ROWS);
	g_autoptr(GPtrArray) next =
		sn_conversation_page(s->store, first->pdata[ROWS - 1], SN_SHELF_LIST, NULL, ROWS);
	g_autoptr(GPtrArray) last = sn_conversation_page_before(s->store, NULL, SN_SHELF_LIST, ROWS);
	g_autoptr(GPtrArray) before =
		sn_conversation_page_before(s->store, last->pdata[0], SN_SHELF_LIST, ROWS);

	assert_int_equal(next->len + last->len + before->len, 3 * ROWS);
}

static void ask_bar(Subject *s)
{
	int unread, attention, pending;

	sn_conversation_totals(s->store, &unread, &attention, &pending);
	assert_int_equal(unread, UNREAD);
	sn_conversation_bulk_unread(s->store);
	sn_conversation_next_unread(s->store, NULL, SN_SHELF_LIST);
	g_autoptr(GPtrArray) statuses = sn_status_list(s->store);
}

static void ask_timeline(Subject *s)
{
	g_autoptr(SnConversation) row = sn_conversation_get(s->store, s->busy);
	g_autoptr(GPtrArray) last =
		sn_message_page(s->store, s->busy, 0, 0, FALSE, ROWS, SN_MESSAGE_FULL);
	g_autoptr(GPtrArray) from =
		sn_message_page(s->store, s->busy, s->middle, 0, TRUE, ROWS, SN_MESSAGE_FULL);
	g_autoptr(GPtrArray) before =
		sn_message_page(s->store, s->busy, s->middle, 0, FALSE, ROWS, SN_MESSAGE_FULL);
	g_autoptr(GPtrArray) members = sn_conversation_members(s->store, s->busy);
	g_autoptr(SnDraft) draft = sn_draft_load(s->store, s->busy);
	g_autoptr(GPtrArray) questions = sn_question_list(s->store, s->busy);
	g_autoptr(GPtrArray) files = sn_conversation_files(s->store, s->busy, 0, 0, 0, ROWS);

	assert_int_equal(last->len + from->len + before->len, 3 * ROWS);
}

static void ask_message(Subject *s)
{
	g_autoptr(SnMessage) one = sn_message_get(s->store, s->message, SN_MESSAGE_FULL);
	g_autoptr(GPtrArray) places = sn_location_list(s->store, s->message);
	g_autoptr(GPtrArray) reports = sn_message_reports(s->store, s->message, 0);
	g_autoptr(GPtrArray) carried = sn_message_carried(s->store, s->message, 0);

	sn_message_find_mail(s->store, "m7@many.test");
	sn_message_knows_im(s->store, "o9");
	assert_int_not_equal(sn_message_find_im(s->store, "o12", "busy@many.test"), 0);
	assert_non_null(one);
}

static void ask_folder(Subject *s)
{
	g_autoptr(GPtrArray) folders = sn_folder_list(s->store, 0);

	for (int way = 0; way < 4; way++) {
		SnFolderOrder order = { .folder = s->folder, .sort = SN_FOLDER_SORT_DATE,
					.threads = way & 1 };
		g_autoptr(GPtrArray) rows =
			sn_folder_rows(s->store, &order, NULL, (way & 2) != 0, ROWS, NULL);
		assert_int_equal(rows->len, ROWS);
	}
}

static void ask_outbox(Subject *s)
{
	g_autoptr(GPtrArray) open = sn_outbox_list(s->store, SN_OUTBOX_OPEN, 0, ROWS, 0);
	g_autoptr(GPtrArray) needing = sn_outbox_list(s->store, SN_OUTBOX_ATTENTION, 0, ROWS, 0);
	g_autoptr(GArray) due = sn_outbox_due(s->store, s->middle);

	sn_outbox_next_due(s->store, s->middle);
}

static void ask_places(Subject *s)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(names, g_strdup("7.host"));
	assert_int_equal(sn_location_find_name(s->store, s->folder, "7.host"), 8);
	SnPlaces places = sn_places_named(s->store, s->folder, names);
	assert_int_equal(places.uids->len, 1);
	g_array_unref(places.uids);
	g_array_unref(places.flags);
	g_ptr_array_unref(places.names);
}

/* Whatever part of whom: one of few, one who is nowhere, and an address with its conversation. */
static void ask_narrowed(Subject *s)
{
	static const char *const parts[] = { "p7@m", "ody@no", "@many.test " };

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autoptr(GPtrArray) rows =
			sn_conversation_page(s->store, NULL, SN_SHELF_LIST, parts[i], ROWS);
		g_autoptr(GPtrArray) named = sn_conversation_find(s->store, parts[i]);
		g_autoptr(GPtrArray) people = sn_person_find(s->store, parts[i]);
		g_autoptr(GPtrArray) completed = sn_person_named(s->store, parts[i], ROWS);
		assert_int_equal(people->len, named->len);
		assert_int_equal(completed->len, i == 0 ? MIN(named->len, ROWS) : 0);
		assert_int_equal(rows->len > 0, i == 0);
		assert_int_equal(named->len > 0, i == 0);
	}
}

/* An IM of who writes most comes, is read, and a draft is begun. */
static void ask_to_write(Subject *s)
{
	SnId account = sn_account_find(s->store, "home");
	g_autoptr(SnMessage) m = make(s, account, 12);
	g_autoptr(SnDraft) draft = sn_draft_new(s->busy);

	m->time = s->middle * 2;
	g_free(m->origin_id);
	m->origin_id = g_strdup("new");
	assert_true(sn_message_add(s->store, m, NULL, NULL, NULL, NULL));
	assert_true(sn_conversation_mark_read(s->store, m->conversation, m->id, NULL));
	assert_true(sn_draft_save(s->store, draft, NULL));
}

static const struct {
	const char *name;
	void (*ask)(Subject *s);
} questions[] = {
	{ "the list", ask_list },       { "the bar", ask_bar },       { "a timeline", ask_timeline },
	{ "a message", ask_message },   { "a folder", ask_folder },   { "the outbox", ask_outbox },
	{ "files by name", ask_places }, { "a narrowed list", ask_narrowed }, { "writing", ask_to_write },
};

/* ---- what it takes ---- */

typedef struct {
	int steps, scanned, sorted;
} Effort;

static int counter(sqlite3_stmt *stmt, int which)
{
	return sqlite3_stmt_status(stmt, which, 1);
}

/* By statement; resets the counters. */
static GHashTable *efforts(SnStore *store)
{
	GHashTable *by_sql = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	for (sqlite3_stmt *stmt = NULL; (stmt = sqlite3_next_stmt(store->db, stmt));) {
		Effort *effort = g_new0(Effort, 1);
		effort->steps = counter(stmt, SQLITE_STMTSTATUS_VM_STEP);
		effort->scanned = counter(stmt, SQLITE_STMTSTATUS_FULLSCAN_STEP);
		effort->sorted = counter(stmt, SQLITE_STMTSTATUS_SORT);
		g_hash_table_replace(by_sql, g_strdup(sqlite3_sql(stmt)), effort);
	}
	return by_sql;
}

static Subject open_subject(guint count)
{
	Subject s = { .tmp = tmpstore_new(), .count = count };

	s.store = s.tmp->store;
	fill(&s);
	return s;
}

static guint compare(const char *name, GHashTable *few, GHashTable *many)
{
	GHashTableIter iter;
	gpointer sql, value;
	guint grown = 0;

	g_hash_table_iter_init(&iter, many);
	while (g_hash_table_iter_next(&iter, &sql, &value)) {
		static const Effort none;
		const Effort *large = value, *small = g_hash_table_lookup(few, sql);
		small = small ? small : &none;
		/* a page of other rows may take some steps more; ten times as many rows take far more */
		if (large->steps <= small->steps * 3 / 2 + 100 && large->scanned <= small->scanned + 10)
			continue;
		print_message("# %s: %d steps and not %d (%d and not %d of a whole table): %s\n", name,
			      large->steps, small->steps, large->scanned, small->scanned, (char *)sql);
		grown++;
	}
	return grown;
}

static void no_question_of_the_screen_grows(void **state)
{
	Subject few = open_subject(SMALL), many = open_subject(LARGE);
	guint grown = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(questions); i++) {
		g_hash_table_unref(efforts(few.store));
		g_hash_table_unref(efforts(many.store));
		questions[i].ask(&few);
		questions[i].ask(&many);
		g_autoptr(GHashTable) one = efforts(few.store), two = efforts(many.store);
		assert_true(g_hash_table_size(two) > 0);
		grown += compare(questions[i].name, one, two);
	}
	assert_int_equal(grown, 0);
	tmpstore_free(few.tmp);
	tmpstore_free(many.tmp);
}

/* That it would be noticed. */
static void a_scan_is_noticed(void **state)
{
	Subject few = open_subject(SMALL), many = open_subject(LARGE);
	static const char *const sql = "SELECT count(*) FROM message WHERE subject LIKE '%about 9%'";

	(void)state;
	g_hash_table_unref(efforts(few.store));
	g_hash_table_unref(efforts(many.store));
	sn_sql_one(few.store, sql, SN_VALUES_(), 0);
	sn_sql_one(many.store, sql, SN_VALUES_(), 0);
	g_autoptr(GHashTable) one = efforts(few.store), two = efforts(many.store);
	assert_int_equal(compare("on purpose", one, two), 1);
	tmpstore_free(few.tmp);
	tmpstore_free(many.tmp);
}

/* ---- the list itself ---- */

enum { PEOPLE = 900 };

/* c0 wrote first, and c899 last; nobody else did, and all but `unread` are read. */
static void fill_list(UiDesk *desk, int unread)
{
	SnId account = sn_account_find(desk->store, "home");

	assert_true(sn_store_begin(desk->store, NULL));
	for (int i = 0; i < PEOPLE; i++) {
		g_autoptr(SnMessage) m = sn_message_new();
		g_autofree char *name = g_strdup_printf("c%d.", i);
		g_autofree char *address = g_strdup_printf("c%d@many.test", i);
		m->account = account;
		m->channel = SN_CHANNEL_MAIL;
		m->flags = i == unread ? 0 : SN_FLAG_SEEN;
		m->time = STORY_NOW - (PEOPLE - i) * SN_MINUTE;
		m->subject = g_strdup("x");
		m->body = g_strdup("y");
		m->message_id = g_strdup_printf("%d@many.test", i);
		m->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, address, name, NULL);
		sn_message_add_party(m, SN_ROLE_TO, "alice@example.test", NULL);
		assert_true(sn_message_add(desk->store, m, NULL, NULL, NULL, NULL));
	}
	assert_true(sn_store_commit(desk->store, NULL));
}

static void a_long_list_is_walked_through_from_end_to_end(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);
	g_autoptr(GString) script = g_string_new("expect c899.\nkeys G\nexpect c0.\nabsent c899.\n"
	                                         "keys gg\nexpect c899.\nabsent c0.\n");

	(void)state;
	fill_list(desk, -1);
	/* down beyond the window and up again, line by line where the window moves */
	for (int i = 0; i < 45; i++)
		g_string_append(script, "keys <PgDn>\n");
	g_string_append(script, "absent c899.\nkeys jjjkkk\n");
	for (int i = 0; i < 46; i++)
		g_string_append(script, "keys <PgUp>\n");
	g_string_append(script, "expect c899.\nkeys G\nexpect c0.\n");
	for (int i = 0; i < 50; i++)
		g_string_append(script, "keys kkkkkkkkkk\n");
	/* 500 rows above the last one */
	g_string_append(script, "expect c500.\nkeys gg\nexpect c899.\nkeys G\nkeys k\nexpect c1.\n");
	ui_desk_play(desk, script->str);
	ui_desk_free(desk);
}

static void something_new_far_away_is_gone_to(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);

	(void)state;
	fill_list(desk, 17);
	ui_desk_play(desk, "expect c899.\nabsent c17.\nkeys <Tab>\nexpect c17.\nkeys <Esc>kkkk\nexpect c21.\n"
	                   "keys jjjjjjjjj\nexpect c12.\nkeys gg\nexpect c899.\n");
	ui_desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_question_of_the_screen_grows),
		cmocka_unit_test(a_scan_is_noticed),
		cmocka_unit_test(a_long_list_is_walked_through_from_end_to_end),
		cmocka_unit_test(something_new_far_away_is_gone_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
