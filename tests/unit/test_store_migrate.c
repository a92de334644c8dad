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

/* Format 1 had persons and links to them; format 2 has what the user decided, cards and claims. */
static void the_address_map_means_the_same(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *path = make_old(
		tmp, 1,
		"INSERT INTO account (id, name) VALUES (1, 'home');"
		"INSERT INTO own_address (channel, value, account) VALUES (0, 'me@x.test', 1);"
		"INSERT INTO person (id, name, is_self) VALUES (1, 'Me', 1);"
		"INSERT INTO person (id, name, name_rank, rule, wish, wish_origin) "
		"VALUES (2, 'Bob', 4, 2, 3, 'said so'), (3, 'carol@x.test', 0, 0, 0, NULL), "
		"(9, 'Dave', 4, 0, 0, NULL);"
		"INSERT INTO address (id, channel, value, name, person, first_seen) VALUES "
		"(1, 0, 'me@x.test', NULL, 1, 1), (2, 0, 'Bob@x.test', 'Robert', 2, 1), "
		"(3, 1, 'bob@chat.test', NULL, 2, 1), (4, 0, 'carol@x.test', NULL, 3, 1), "
		"(5, 1, 'carol@chat.test', NULL, 9, 1), (6, 0, 'dave@x.test', NULL, 9, 1);"
		"INSERT INTO link (address, person, source, state, evidence, first_seen) VALUES "
		"(3, 2, 0, 1, NULL, 1), (4, 2, 0, 2, NULL, 1), (5, 9, 1, 1, 'dave.vcf', 1), "
		"(6, 9, 1, 1, 'dave.vcf', 1), (5, 3, 5, 0, 'a header', 1);"
		"INSERT INTO conversation (id, kind, key, title, person) VALUES (1, 0, 'p:2', 'Bob', 2);"
		"INSERT INTO message (id, conversation, account, channel, direction, time, sender, "
		"peer, preview, state) VALUES (1, 1, 1, 1, 0, 5000, 3, 3, 'hello', 0), "
		"(2, 1, 1, 0, 0, 6000, 2, NULL, 'hello', 0);");
	g_autoptr(GError) error = NULL;
	SnStore *store = sn_store_open(path, SN_STORE_ENGINE, &error);

	if (!store)
		fail_msg("%s", error->message);
	g_autoptr(GPtrArray) bobs = sn_person_addresses(store, 2);
	assert_int_equal(bobs->len, 2);
	g_autoptr(SnPerson) bob = sn_person_get(store, 2);
	assert_string_equal(bob->name, "Bob");
	assert_int_equal(bob->rule, SN_RULE_DEFER);
	assert_int_equal(bob->wish, SN_RULE_MAIL);
	/* it can be changed as if it had been made today */
	assert_true(sn_link_remove(store, 3, 2, &error));
	assert_int_equal(sn_one(store, "SELECT person FROM address WHERE id = 2"), 2);
	SnId alone = sn_one(store, "SELECT person FROM address WHERE id = 3");
	assert_true(alone > 9);
	assert_int_equal(sn_one(store, "SELECT conversation FROM message WHERE id = 2"), 1);
	assert_int_not_equal(sn_one(store, "SELECT conversation FROM message WHERE id = 1"), 1);
	g_autoptr(SnPerson) both = sn_person_get(store, alone);
	assert_int_equal(both->rule, SN_RULE_DEFER);
	/* a refusal stands, a card holds its addresses together, a claim is a candidate */
	assert_true(sn_claim_add(store, 4, 2, SN_LINK_JABBER_ID, NULL, &error));
	g_autoptr(GPtrArray) without = sn_person_addresses(store, 2);
	assert_int_equal(without->len, 1);
	g_autoptr(GPtrArray) daves = sn_person_addresses(store, 9);
	assert_int_equal(daves->len, 3);
	assert_int_equal(((SnAddress *)daves->pdata[1])->source, SN_LINK_VCARD);
	assert_string_equal(((SnAddress *)daves->pdata[1])->evidence, "dave.vcf");
	assert_int_equal(((SnAddress *)daves->pdata[2])->id, 4);
	assert_false(((SnAddress *)daves->pdata[2])->confirmed);
	assert_int_equal(sn_one(store, "SELECT is_self FROM person p JOIN address a "
	                               "ON a.person = p.id WHERE a.id = 1"),
	                 1);
	assert_int_equal(sn_one(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_int_equal(sn_one(store, "SELECT count(*) FROM address WHERE id NOT IN "
	                               "(SELECT address FROM native)"),
	                 0);
	sn_store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_older_format_becomes_the_newest),
		TEST(what_was_in_it_stays),
		TEST(an_email_on_its_way_counts_as_handed_over),
		TEST(the_address_map_means_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
