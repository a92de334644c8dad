/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Databases of every older format, tests/schema/N.sql, become the same as a new one: the same
 * tables, columns, indexes and triggers; and what was in them stays. So they do when the migration is
 * stopped, killed, out of disk or without power at any moment, and goes on later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/lock.h"
#include "src/store/migrate.h"
#include "src/store/private.h"
#include "tests/lib/disk.h"
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
	run(db, "PRAGMA journal_mode = WAL; BEGIN");
	run(db, sql);
	run(db, rows);
	run(db, stamp);
	run(db, "COMMIT");
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
	/* and is found by parts of both names */
	g_autoptr(GPtrArray) titled = sn_conversation_page(store, NULL, FALSE, "OB", 10);
	g_autoptr(GPtrArray) addressed = sn_conversation_page(store, NULL, FALSE, "example.te", 10);
	assert_int_equal(titled->len, 1);
	assert_int_equal(addressed->len, 1);
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

/* ---- stopped at any moment ---- */

#define RANGE 40 /* rows of a transaction, of some 150 */
#define MESSAGES 150

/* Two persons with a name in common and three more; threads, folders, moves that wait, history. */
static const char rows[] =
	"INSERT INTO account (id, name) VALUES (1, 'home');"
	"INSERT INTO own_address (channel, value, account) VALUES (0, 'me@x.test', 1);"
	"INSERT INTO person (id, name, is_self) VALUES (1, 'Me', 1);"
	"WITH n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 60) INSERT INTO person "
	"(id, name, name_rank, rule) SELECT i, 'Person ' || i, i % 5, i % 3 FROM n;"
	"INSERT INTO address (id, channel, value, person, first_seen) VALUES (1, 0, 'me@x.test', 1, 1);"
	"WITH n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO address "
	"(id, channel, value, name, person, first_seen) SELECT i, i > 60, 'P' || (i - 59 * (i > 60)) || "
	"'@x.test', iif(i % 4, 'Called ' || i, NULL), i - 59 * (i > 60), 1 FROM n;"
	"INSERT INTO link (address, person, source, state, first_seen) SELECT id, person, id % 3, 1, 1 "
	"FROM address WHERE id > 60;"
	"INSERT INTO link (address, person, source, state, evidence, first_seen) SELECT id, person + 1, "
	"5, 0, 'a header', 1 FROM address WHERE id BETWEEN 2 AND 20;"
	"INSERT INTO conversation (id, kind, key, title, person) SELECT id, 0, 'p:' || id, name, id "
	"FROM person WHERE id > 1;"
	"INSERT INTO folder (id, account, name, role) VALUES (1, 1, 'INBOX', 'inbox'), "
	"(2, 1, 'Archive', 'archive'), (3, 1, 'Trash', 'trash');"
	"WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " G_STRINGIFY(MESSAGES) ") "
	"INSERT INTO message (id, conversation, account, channel, direction, time, sender, peer, preview, "
	"state, flags, message_id, thread, attachments) SELECT 3 * i, 2 + i % 50, 1, i % 3 = 0, i % 4 = 0, "
	"1000 * ((i * 37) % 97), 2 + i % 50, iif(i % 2, 2 + i % 50, NULL), 'line ' || i, 0, i % 2, "
	"'m' || i, iif(i % 5, 't' || (i % 30), NULL), i % 7 = 0 FROM n;"
	"INSERT INTO body (message, text) SELECT id, preview FROM message;"
	"INSERT INTO party (message, seq, role, address) SELECT id, 0, 1, 'p' || (2 + id % 50) || "
	"'@X.test' FROM message;"
	"INSERT INTO location (folder, uid, message, flags, target) SELECT 1 + id % 2, id, id, flags, "
	"iif(id % 9, NULL, 'trash') FROM message WHERE channel = 0;"
	"INSERT INTO location (folder, uid, message, flags) SELECT 3, id, id, flags FROM message "
	"WHERE channel = 0 AND id % 4 = 0;"
	"INSERT INTO carried (by_message, message) SELECT id, id + 3 FROM message WHERE id % 6 = 0 AND id "
	"< 400;"
	"INSERT INTO outbox (id, conversation, message, account, channel, state, created, sender, body) "
	"SELECT id, conversation, id, 1, channel, 8, time, 'me@x.test', preview FROM message "
	"WHERE direction = 1;"
	"INSERT INTO outbox_recipient (outbox, seq, role, address) SELECT id, 0, 1, 'p2@x.test' "
	"FROM outbox;";

static SnShape small_ranges(void)
{
	SnShape shape = sn_store_shape;

	shape.range = RANGE;
	shape.log_pages = 20;
	shape.patience = 50;
	return shape;
}

static void dump_table(sqlite3 *db, const char *table, GString *text)
{
	g_autoptr(GString) columns = g_string_new(NULL), order = g_string_new("1");
	g_autofree char *sql = g_strdup_printf("PRAGMA table_xinfo(%s)", table);
	gboolean clocks = strcmp(table, "fact") == 0 || strcmp(table, "decision") == 0;
	sqlite3_stmt *query = NULL;
	int count = 0;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &query, NULL), SQLITE_OK);
	while (sqlite3_step(query) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(query, 1);
		if (clocks && (strcmp(name, "clock") == 0 || strcmp(name, "device") == 0))
			continue; /* made up anew each time */
		g_string_append_printf(columns, "%s%s", columns->len ? "," : "", name);
		if (++count > 1)
			g_string_append_printf(order, ",%d", count);
	}
	sqlite3_finalize(query);
	g_autofree char *all = g_strdup_printf("SELECT %s FROM %s %s ORDER BY %s", columns->str, table,
		strcmp(table, "setting") ? "" : "WHERE key NOT LIKE 'map-%'", order->str);
	assert_int_equal(sqlite3_prepare_v2(db, all, -1, &query, NULL), SQLITE_OK);
	while (sqlite3_step(query) == SQLITE_ROW) {
		g_string_append(text, table);
		for (int i = 0; i < sqlite3_column_count(query); i++)
			g_string_append_printf(text, "|%s", (const char *)sqlite3_column_text(query, i));
		g_string_append_c(text, '\n');
	}
	sqlite3_finalize(query);
}

/* All rows of all tables in order, but for what is random. */
static char *rows_of(const char *path)
{
	sqlite3 *db = open_raw(path);
	GString *text = g_string_new(NULL);
	sqlite3_stmt *tables = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' "
	                                    "AND name NOT LIKE 'search%' ORDER BY 1", -1, &tables, NULL),
	                 SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW)
		dump_table(db, (const char *)sqlite3_column_text(tables, 0), text);
	sqlite3_finalize(tables);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return g_string_free(text, FALSE);
}

static int version_of(const char *path)
{
	sqlite3 *db = open_raw(path);
	sqlite3_stmt *query = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &query, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(query), SQLITE_ROW);
	int version = sqlite3_column_int(query, 0);
	sqlite3_finalize(query);
	sqlite3_close(db);
	return version;
}

static void copy_file(const char *from, const char *to)
{
	g_autofree char *bytes = NULL;
	gsize length;

	assert_true(g_file_get_contents(from, &bytes, &length, NULL));
	assert_true(g_file_set_contents(to, bytes, (gssize)length, NULL));
}

/* The old database, where it is tried, and what has to come out. */
typedef struct {
	char *old, *path, *rows, *shape;
} Trial;

static Trial trial_new(const TmpStore *tmp)
{
	Trial t = { .old = make_old(tmp, 1, rows) };
	g_autoptr(GError) error = NULL;

	t.path = g_build_filename(tmp->directory, "trial.db", NULL);
	copy_file(t.old, t.path);
	if (!sn_store_reshape(t.path, &sn_store_shape, NULL, &error))
		fail_msg("%s", error->message);
	t.rows = rows_of(t.path);
	t.shape = shape_of(tmp->path);
	copy_file(t.old, t.path);
	return t;
}

static void trial_free(Trial *t)
{
	g_free(t->old);
	g_free(t->path);
	g_free(t->rows);
	g_free(t->shape);
}

/* It is what an undisturbed migration makes. */
static void check_done(const Trial *t, const char *path)
{
	g_autofree char *shape = shape_of(path), *got = rows_of(path), *report = NULL;
	g_autoptr(GError) error = NULL;

	assert_int_equal(version_of(path), sn_store_shape.version);
	assert_string_equal(shape, t->shape);
	assert_string_equal(got, t->rows);
	SnStore *store = sn_store_open(path, SN_STORE_CLIENT, &error);
	if (!store || !sn_store_check(store, &report, &error))
		fail_msg("%s", error ? error->message : report);
	sn_store_close(store);
}

/* What comes to be told, and what is answered. */
typedef struct {
	int calls, stop_at; /* 0: never */
	gint64 done;
	gint waited;        /* for another process */
	int process;
	SnLock *lock;
	int pipe;           /* one byte for each call; -1 */
} Teller;

static gboolean told(const SnStoreUpgrade *upgrade, gpointer data)
{
	Teller *teller = data;

	teller->calls++;
	if (teller->pipe >= 0 && write(teller->pipe, "x", 1) != 1)
		return FALSE;
	if (!upgrade->from) {
		teller->process = upgrade->process;
		g_atomic_int_set(&teller->waited, 1);
		return TRUE;
	}
	assert_true(upgrade->done >= teller->done && upgrade->done <= upgrade->total);
	assert_true(upgrade->rows <= upgrade->of || upgrade->of == 0);
	assert_int_equal(upgrade->to, sn_store_shape.version);
	teller->done = upgrade->done;
	return teller->calls != teller->stop_at;
}

static gboolean migrate(const char *path, int stop_at, int *calls, GError **error)
{
	Teller teller = { .stop_at = stop_at, .pipe = -1 };
	const SnStoreWatch watch = { told, NULL, &teller };
	const SnShape shape = small_ranges();
	gboolean ok = sn_store_reshape(path, &shape, &watch, error);

	*calls = teller.calls;
	return ok;
}

static void whoever_stops_it_finds_it_again(void **state)
{
	Trial t = trial_new(*state);
	int calls = 0, all = 0, stops = 0;
	const SnShape first = { 1, NULL, NULL, 0, 0, 0 };

	for (int at = 1;; at += 5, stops++) {
		g_autoptr(GError) error = NULL;
		copy_file(t.old, t.path);
		if (migrate(t.path, at, &all, &error))
			break;
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED));
		assert_non_null(strstr(error->message, "next start"));
		assert_int_equal(all, at);
		/* the program it comes from keeps away */
		g_clear_error(&error);
		SnStore *old = sn_store_connect(t.path, SN_STORE_CLIENT, &error);
		assert_int_equal(sn_store_fit(old, &first, &error), SN_FIT_REFUSED);
		assert_non_null(strstr(error->message, "newer sennit"));
		sn_store_close(old);
		g_clear_error(&error);
		assert_null(sn_store_open(t.path, SN_STORE_READER, &error));
		assert_non_null(strstr(error->message, "Start sennit once"));
		g_clear_error(&error);
		if (!migrate(t.path, 0, &calls, &error))
			fail_msg("%s", error->message);
		check_done(&t, t.path);
	}
	assert_true(stops > 8);
	trial_free(&t);
}

static void it_may_be_stopped_after_every_step(void **state)
{
	Trial t = trial_new(*state);
	int calls = 0, starts = 1;
	g_autoptr(GError) error = NULL;

	for (; !migrate(t.path, 1, &calls, &error); starts++) {
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED));
		assert_true(starts < 500);
		g_clear_error(&error);
	}
	assert_true(starts > 40);
	check_done(&t, t.path);
	trial_free(&t);
}

/* In a child: until it is killed or done. */
static pid_t migrate_apart(const char *path, int *report)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		Teller teller = { .pipe = ends[1] };
		const SnStoreWatch watch = { told, NULL, &teller };
		const SnShape shape = small_ranges();
		close(ends[0]);
		_exit(sn_store_reshape(path, &shape, &watch, NULL) ? 0 : 1);
	}
	close(ends[1]);
	*report = ends[0];
	return child;
}

static int end_of(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void kill_9_does_no_harm(void **state)
{
	Trial t = trial_new(*state);
	GRand *random = g_rand_new_with_seed(7);

	for (int round = 0; round < 8; round++) {
		g_autoptr(GError) error = NULL;
		char byte;
		int report, calls;
		copy_file(t.old, t.path);
		pid_t child = migrate_apart(t.path, &report);
		for (int i = g_rand_int_range(random, 0, 60); i > 0 && read(report, &byte, 1) == 1; i--)
			;
		g_usleep((gulong)g_rand_int_range(random, 0, 2000));
		kill(child, SIGKILL);
		end_of(child);
		close(report);
		if (!migrate(t.path, 0, &calls, &error))
			fail_msg("%s", error->message);
		check_done(&t, t.path);
	}
	g_rand_free(random);
	trial_free(&t);
}

static void two_at_once_do_it_once(void **state)
{
	Trial t = trial_new(*state);
	int reports[3];
	pid_t children[3];

	for (int i = 0; i < 3; i++)
		children[i] = migrate_apart(t.path, &reports[i]);
	for (int i = 0; i < 3; i++) {
		char byte;
		while (read(reports[i], &byte, 1) == 1)
			;
		close(reports[i]);
		assert_int_equal(end_of(children[i]), 0);
	}
	check_done(&t, t.path);
	trial_free(&t);
}

static gpointer let_go_when_waited_for(gpointer data)
{
	Teller *teller = data;

	while (!g_atomic_int_get(&teller->waited))
		g_usleep(1000);
	sn_lock_release(teller->lock);
	return NULL;
}

static void another_one_is_waited_for(void **state)
{
	Trial t = trial_new(*state);
	g_autofree char *name = g_strconcat(t.path, "-migrating", NULL);
	g_autoptr(GError) error = NULL;
	Teller teller = { .pipe = -1, .lock = sn_lock_take(name, NULL) };
	const SnStoreWatch watch = { told, NULL, &teller };

	assert_non_null(teller.lock);
	/* the other one has it for itself alone, and that is seen before it is waited for */
	sqlite3 *db = open_raw(t.path);
	run(db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT;");
	SnStore *store = sn_store_connect(t.path, SN_STORE_CLIENT, &error);
	assert_non_null(store);
	assert_int_equal(sn_store_fit(store, &sn_store_shape, NULL), SN_FIT_HELD);
	sn_store_close(store);
	assert_null(sn_store_open(t.path, SN_STORE_READER, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
	g_clear_error(&error);
	sqlite3_close(db);
	GThread *thread = g_thread_new("other", let_go_when_waited_for, &teller);
	assert_true(sn_store_reshape(t.path, &sn_store_shape, &watch, &error));
	g_thread_join(thread);
	assert_int_equal(teller.process, getpid());
	check_done(&t, t.path);
	assert_false(g_file_test(name, G_FILE_TEST_EXISTS));
	trial_free(&t);
}

static void whoever_does_not_want_to_wait_is_told_who_is_at_it(void **state)
{
	Trial t = trial_new(*state);
	g_autofree char *name = g_strconcat(t.path, "-migrating", NULL);
	g_autofree char *process = g_strdup_printf("process %d", (int)getpid());
	g_autoptr(GError) error = NULL;
	SnLock *lock = sn_lock_take(name, NULL);
	SnShape shape = small_ranges();

	assert_false(sn_store_reshape(t.path, &shape, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_BUSY));
	assert_non_null(strstr(error->message, process));
	assert_int_equal(version_of(t.path), 1);
	sn_lock_release(lock);
	trial_free(&t);
}

static void whoever_has_it_open_is_named_not_disturbed(void **state)
{
	Trial t = trial_new(*state);
	sqlite3 *other = open_raw(t.path);
	g_autoptr(GError) error = NULL;
	int calls;

	run(other, "SELECT count(*) FROM message");
	assert_false(migrate(t.path, 0, &calls, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_BUSY));
	assert_non_null(strstr(error->message, "has it open"));
	assert_int_equal(calls, 0);
	assert_int_equal(version_of(t.path), 1);
	run(other, "INSERT INTO setting (key, value) VALUES ('it', 'goes on')");
	sqlite3_close(other);
	g_clear_error(&error);
	assert_true(migrate(t.path, 0, &calls, &error));
	trial_free(&t);
}

static void it_is_not_begun_without_room(void **state)
{
	Trial t = trial_new(*state);
	SnShape shape = small_ranges();
	const SnNextFormat format = { sn_store_shape.formats[0].steps, G_GINT64_CONSTANT(1) << 50 };
	g_autoptr(GError) error = NULL;

	shape.formats = &format;
	assert_false(sn_store_reshape(t.path, &shape, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE));
	assert_non_null(strstr(error->message, "Free some space"));
	assert_int_equal(version_of(t.path), 1);
	trial_free(&t);
}

static void a_full_disk_stops_it_at_any_write(void **state)
{
	Disk *disk = disk_new();
	Trial t = trial_new(*state);
	guint failures = 0;
	int calls;

	for (guint at = 0;; at += 97, failures++) {
		g_autoptr(GError) error = NULL;
		copy_file(t.old, t.path);
		disk_fill(disk, at, G_MAXUINT);
		gboolean ok = migrate(t.path, 0, &calls, &error);
		disk_fill(disk, 0, 0);
		if (ok && version_of(t.path) == sn_store_shape.version && failures > 0)
			break;
		assert_false(ok);
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE));
		assert_non_null(strstr(error->message, "disk is full"));
		g_clear_error(&error);
		if (!migrate(t.path, 0, &calls, &error))
			fail_msg("%s", error->message);
		check_done(&t, t.path);
	}
	assert_true(failures > 3);
	trial_free(&t);
	disk_free(disk);
}

static void a_power_cut_does_no_harm(void **state)
{
	TmpStore *tmp = *state;
	Disk *disk = disk_new();
	Trial t = trial_new(tmp);
	GRand *random = g_rand_new_with_seed(11);
	g_autofree char *to = g_build_filename(tmp->directory, "cut", NULL);
	g_autofree char *name = g_path_get_basename(t.old);
	g_autofree char *after = g_build_filename(to, name, NULL);
	gsize begun = disk_now(disk);
	int calls, half = 0;

	assert_true(migrate(t.old, 0, &calls, NULL));
	gsize ended = disk_now(disk);
	assert_int_equal(g_mkdir(to, 0700), 0);
	for (int i = 0; i < 10; i++) {
		g_autoptr(GError) error = NULL;
		gsize moment = begun + (gsize)g_rand_int_range(random, 0, (gint32)(ended - begun));
		g_autofree char *wal = g_strconcat(after, "-wal", NULL);
		g_unlink(after);
		g_unlink(wal);
		disk_cut(disk, t.old, moment, random, to);
		half += version_of(after) > 1000000;
		if (!migrate(after, 0, &calls, &error))
			fail_msg("%s", error->message);
		check_done(&t, after);
	}
	assert_true(half > 0);
	g_rand_free(random);
	trial_free(&t);
	disk_free(disk);
}

static void what_another_version_left_half_way_is_left_alone(void **state)
{
	Trial t = trial_new(*state);
	g_autoptr(GError) error = NULL;
	int calls;

	assert_false(migrate(t.path, 5, &calls, &error));
	g_clear_error(&error);
	sqlite3 *db = open_raw(t.path);
	run(db, "UPDATE setting SET value = '3 4 0' WHERE key = 'migration'");
	sqlite3_close(db);
	assert_false(migrate(t.path, 0, &calls, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
	assert_non_null(strstr(error->message, "another version"));
	assert_int_equal(calls, 0);
	trial_free(&t);
}

/* ---- formats to come ---- */

static void a_step_that_fails_leaves_what_was_there_before_it(void **state)
{
	TmpStore *tmp = *state;
	int now = sn_store_shape.version;
	g_autoptr(GError) error = NULL;
	SnStep more[] = { SN_STEP_SHORT("ALTER TABLE message ADD COLUMN colour TEXT"),
		          SN_STEP_RANGES("message", 1, "colours",
		                         "UPDATE message SET colour = 'red' WHERE id > ?1 AND id <= ?2"),
		          SN_STEP_END };
	SnStep still[] = { SN_STEP_SHORT("CREATE TABLE half (id INTEGER); CREATE TABLE nonsense ("),
		           SN_STEP_END };
	SnNextFormat formats[] = { sn_store_shape.formats[0], { more, 0 }, { still, 0 } };
	const SnShape next = { now + 2, NULL, formats, 2, 0, 50 };

	assert_int_equal(now, 2); /* of a later one there are more formats before these */
	for (int i = 0; i < 5; i++)
		tmpstore_mail(tmp, SN_IN, "bob@x.test", NULL, "x", "x");
	sn_store_close(tmp->store);
	tmp->store = NULL;
	/* the last format fails, but the one before is complete */
	assert_false(sn_store_reshape(tmp->path, &next, NULL, &error));
	assert_non_null(error);
	assert_int_equal(version_of(tmp->path), 1000000 + now + 1);
	g_clear_error(&error);
	still[0] = (SnStep)SN_STEP_SHORT("CREATE TABLE half (id INTEGER)");
	assert_true(sn_store_reshape(tmp->path, &next, NULL, &error));
	assert_int_equal(version_of(tmp->path), now + 2);
	sqlite3 *db = open_raw(tmp->path);
	run(db, "CREATE TEMP TABLE wrong (n CHECK (n = 0)); INSERT INTO wrong SELECT count(*) FROM "
	        "message WHERE colour IS NOT 'red'; INSERT INTO wrong SELECT count(*) FROM setting "
	        "WHERE key = 'migration'");
	sqlite3_close(db);
	assert_true(sn_store_reshape(tmp->path, &next, NULL, &error));
	/* and this program, which knows less, leaves it alone from now on */
	assert_null(sn_store_open(tmp->path, SN_STORE_CLIENT, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
	assert_non_null(strstr(error->message, "newer sennit"));
}

/* A number that no sennit has written, as of a damaged file. */
static void a_number_that_means_nothing_is_refused_with_a_word(void **state)
{
	TmpStore *tmp = *state;
	static const char *const stamps[] = { "PRAGMA user_version = -7", "PRAGMA user_version = 1000000",
		                              "PRAGMA user_version = 2000001" };

	g_clear_pointer(&tmp->store, sn_store_close);
	for (gsize i = 0; i < G_N_ELEMENTS(stamps); i++) {
		g_autoptr(GError) error = NULL;
		sqlite3 *db = open_raw(tmp->path);
		run(db, stamps[i]);
		sqlite3_close(db);
		assert_null(sn_store_open(tmp->path, SN_STORE_CLIENT, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
		assert_non_null(strstr(error->message, tmp->path));
	}
}

/* How many rows there are cannot be read: that is not as if there were none. */
static void rows_that_cannot_be_counted_are_not_passed_over(void **state)
{
	TmpStore *tmp = *state;
	int now = sn_store_shape.version;
	g_autoptr(GError) error = NULL;
	SnStep lost[] = { SN_STEP_RANGES("nowhere", 1, "rows", "SELECT 1"), SN_STEP_END };
	SnNextFormat formats[] = { sn_store_shape.formats[0], { lost, 0 } };
	const SnShape next = { now + 1, NULL, formats, 2, 0, 50 };

	g_clear_pointer(&tmp->store, sn_store_close);
	assert_false(sn_store_reshape(tmp->path, &next, NULL, &error));
	assert_non_null(error);
	assert_int_equal(version_of(tmp->path), 1000000 + now);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_older_format_becomes_the_newest),
		TEST(what_was_in_it_stays),
		TEST(an_email_on_its_way_counts_as_handed_over),
		TEST(the_address_map_means_the_same),
		TEST(whoever_stops_it_finds_it_again),
		TEST(it_may_be_stopped_after_every_step),
		TEST(kill_9_does_no_harm),
		TEST(two_at_once_do_it_once),
		TEST(another_one_is_waited_for),
		TEST(whoever_does_not_want_to_wait_is_told_who_is_at_it),
		TEST(whoever_has_it_open_is_named_not_disturbed),
		TEST(it_is_not_begun_without_room),
		TEST(a_full_disk_stops_it_at_any_write),
		TEST(a_power_cut_does_no_harm),
		TEST(what_another_version_left_half_way_is_left_alone),
		TEST(a_step_that_fails_leaves_what_was_there_before_it),
		TEST(a_number_that_means_nothing_is_refused_with_a_word),
		TEST(rows_that_cannot_be_counted_are_not_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
