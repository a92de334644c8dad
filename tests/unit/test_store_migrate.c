/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Databases of every older format, tests/schema/N.sql, become the same as a new one: the same
 * tables, columns, indexes and triggers; and what was in them stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "src/store/statement.h"
#include "tests/lib/tmpstore.h"

static sqlite3 *open_raw(const char *path)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

static void run(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
}

/* One sorted line for each column, and one for each index and trigger with its text in one line. */
static char *shape_of(const char *path)
{
	sqlite3 *db = open_raw(path);
	sqlite3_stmt *query = NULL;
	g_autoptr(GString) shape = g_string_new(NULL);
	static const char *const sql =
		"SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || "
		"ifnull(c.dflt_value, '-') || ' ' || c.pk || ' ' || c.hidden FROM sqlite_schema AS m, "
		"pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' "
		"UNION ALL SELECT type || ' ' || name || ': ' || ifnull(sql, '-') FROM sqlite_schema "
		"WHERE type <> 'table' ORDER BY 1";

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &query, NULL), SQLITE_OK);
	while (sqlite3_step(query) == SQLITE_ROW) {
		const char *line = (const char *)sqlite3_column_text(query, 0);
		g_auto(GStrv) words = g_strsplit_set(line, " \t\n", -1);
		for (char **word = words; *word; word++)
			if (**word)
				g_string_append_printf(shape, "%s ", *word);
		g_string_append_c(shape, '\n');
	}
	sqlite3_finalize(query);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return g_string_free(g_steal_pointer(&shape), FALSE);
}

/* NULL when there was no such format. */
static char *old_schema(int version)
{
	g_autofree char *name = g_strdup_printf("%d.sql", version);
	g_autofree char *path =
		g_build_filename(g_getenv("TOP_SRCDIR"), "tests", "schema", name, NULL);
	char *sql = NULL;

	return g_file_get_contents(path, &sql, NULL, NULL) ? sql : NULL;
}

static char *make_old(const TmpStore *tmp, int version, const char *rows)
{
	g_autofree char *sql = old_schema(version), *name = g_strdup_printf("old-%d.db", version);
	g_autofree char *stamp = g_strdup_printf("PRAGMA user_version = %d", version);
	char *path = g_build_filename(tmp->directory, name, NULL);

	assert_non_null(sql);
	sqlite3 *db = open_raw(path);
	run(db, sql);
	run(db, rows);
	run(db, stamp);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return path;
}

static void every_older_format_becomes_the_newest(void **state)
{
	TmpStore *tmp = *state;
	int newest = (int)sn_one(tmp->store, "PRAGMA user_version");
	g_autofree char *wanted = shape_of(tmp->path);

	assert_true(newest > 1);
	for (int version = 1; version < newest; version++) {
		g_autofree char *path = make_old(tmp, version, "");
		g_autoptr(GError) error = NULL;
		SnStore *store = sn_store_open(path, SN_STORE_ENGINE, &error);
		if (!store)
			fail_msg("format %d: %s", version, error->message);
		assert_int_equal(sn_one(store, "PRAGMA user_version"), newest);
		sn_store_close(store);
		g_autofree char *got = shape_of(path);
		assert_string_equal(got, wanted);
	}
}

static void what_was_in_it_stays(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *path = make_old(
		tmp, 1,
		"INSERT INTO account (id, name) VALUES (1, 'home');"
		"INSERT INTO person (id, name) VALUES (1, 'Bob');"
		"INSERT INTO address (id, channel, value, person, first_seen) "
		"VALUES (1, 1, 'bob@example.test', 1, 1000);"
		"INSERT INTO conversation (id, kind, key, title, person) VALUES (1, 0, '1', 'Bob', 1);"
		"INSERT INTO message (id, conversation, account, channel, direction, time, sender, "
		"preview, state, origin_id) VALUES (1, 1, 1, 1, 0, 5000, 1, 'hello', 0, 'o1');"
		"INSERT INTO body (message, text) VALUES (1, 'hello');");
	g_autoptr(GError) error = NULL;
	SnStore *store = sn_store_open(path, SN_STORE_CLIENT, &error);

	if (!store)
		fail_msg("%s", error->message);
	g_autoptr(SnMessage) message = sn_message_get(store, 1, SN_MESSAGE_FULL);
	assert_non_null(message);
	assert_string_equal(message->body, "hello");
	assert_string_equal(message->origin_id, "o1");
	g_autoptr(GPtrArray) list = sn_conversation_page(store, NULL, FALSE, NULL, 10);
	assert_int_equal(list->len, 1);
	assert_string_equal(((SnConversation *)list->pdata[0])->title, "Bob");
	sn_store_close(store);
}

/* Format 1 did not say how far an email on its way had come: it must not be taken for one that was
 * not handed over, which would be sent again. */
static void an_email_on_its_way_counts_as_handed_over(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *path = make_old(
		tmp, 1,
		"INSERT INTO account (id, name) VALUES (1, 'home');"
		"INSERT INTO person (id, name) VALUES (1, 'Bob');"
		"INSERT INTO address (id, channel, value, person, first_seen) "
		"VALUES (1, 1, 'bob@example.test', 1, 1000);"
		"INSERT INTO conversation (id, kind, key, title, person) VALUES (1, 0, '1', 'Bob', 1);"
		"INSERT INTO message (id, conversation, account, channel, direction, time, sender, "
		"preview, state) VALUES (1, 1, 1, 0, 1, 5000, 1, 'hello', 4), "
		"(2, 1, 1, 1, 1, 5000, 1, 'hello', 4);"
		"INSERT INTO outbox (id, conversation, message, account, channel, state, created, "
		"sender, body) VALUES (1, 1, 1, 1, 0, 4, 5000, 'a@b.test', 'hello'), "
		"(2, 1, 2, 1, 1, 4, 5000, 'a@b.test', 'hello');");
	g_autoptr(GError) error = NULL;
	SnStore *store = sn_store_open(path, SN_STORE_CLIENT, &error);

	if (!store)
		fail_msg("%s", error->message);
	assert_int_equal(sn_one(store, "SELECT step FROM outbox WHERE id = 1"), 1);
	assert_int_equal(sn_one(store, "SELECT step FROM outbox WHERE id = 2"), 0);
	sn_store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_older_format_becomes_the_newest),
		TEST(what_was_in_it_stays),
		TEST(an_email_on_its_way_counts_as_handed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
