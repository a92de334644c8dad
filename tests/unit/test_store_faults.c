/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Full disks, locks, damage, kill -9, other versions; and counters that hold whatever happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/store/statement.h"
#include "src/store/cards.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"

static sqlite3 *raw_open(TmpStore *tmp)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(tmp->path, &db), SQLITE_OK);
	return db;
}

static gint64 raw_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	gint64 number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

/* Every counter of every row against a count of what it counts. */
static void check_counters(TmpStore *tmp)
{
	static const char *const wrong[] = {
		"SELECT count(*) FROM conversation c WHERE unread <> (SELECT count(*) FROM message m "
		"WHERE m.conversation = c.id AND m.unread = 1)",
		"SELECT count(*) FROM conversation c WHERE last_message <> coalesce((SELECT id "
		"FROM message m WHERE m.conversation = c.id AND hidden = 0 AND carried = 0 "
		"ORDER BY time DESC, id DESC LIMIT 1), 0)",
		"SELECT count(*) FROM conversation c JOIN message m ON m.id = c.last_message "
		"WHERE m.time <> c.last_time OR m.state <> c.last_state "
		"OR m.channel <> c.channel OR m.direction <> c.last_direction "
		"OR m.preview IS NOT c.preview OR m.conversation <> c.id",
		"SELECT count(*) FROM conversation c WHERE pending <> (SELECT count(*) FROM outbox o "
		"WHERE o.conversation = c.id AND o.state IN (2, 4, 8, 9))",
		"SELECT count(*) FROM conversation c WHERE attention <> (SELECT count(*) FROM outbox o "
		"WHERE o.conversation = c.id AND (o.state = 3 OR (o.state = 11 AND NOT o.dismissed))) "
		"+ (SELECT count(*) FROM question q WHERE q.conversation = c.id AND NOT q.answered)",
		"SELECT count(*) FROM outbox o JOIN message m ON m.id = o.message "
		"WHERE m.conversation <> o.conversation OR m.outbox <> o.id",
		"SELECT count(*) FROM folder f WHERE total <> (SELECT count(*) FROM location l "
		"WHERE l.shown_in = f.id) OR unread <> (SELECT count(*) FROM location l "
		"WHERE l.shown_in = f.id AND l.flags & 1 = 0)",
		"SELECT count(*) FROM location l JOIN message n ON n.id = l.message WHERE l.time <> n.time "
		"OR l.top <> NOT EXISTS (SELECT 1 FROM message m JOIN location o ON o.message = m.id "
		"WHERE m.thread = n.thread AND (m.time, m.id) > (n.time, n.id) "
		"AND o.shown_in = l.shown_in)",
		"SELECT count(*) FROM blob b WHERE refs <> (SELECT count(*) FROM message WHERE raw = b.id) "
		"+ (SELECT count(*) FROM outbox_attachment WHERE blob = b.id) OR refs = 0",
		"SELECT count(*) FROM conversation c WHERE has_draft <> (SELECT count(*) FROM draft d "
		"WHERE d.conversation = c.id)",
		"SELECT count(*) FROM message m JOIN conversation c ON c.id = m.conversation "
		"JOIN address a ON a.id = m.peer WHERE c.kind = 0 AND a.person <> c.person",
		"SELECT count(*) FROM conversation c JOIN person p ON p.id = c.person "
		"WHERE c.title <> p.name AND NOT p.is_self",
		"SELECT count(*) FROM person p WHERE NOT is_self AND NOT EXISTS (SELECT 1 FROM native n "
		"WHERE n.person = p.id)",
		"SELECT count(*) FROM address a WHERE NOT EXISTS (SELECT 1 FROM native n "
		"WHERE n.address = a.id)",
		"SELECT count(*) FROM shell s JOIN shell o ON o.conversation = s.heir",
		"SELECT count(*) FROM shell s JOIN message m ON m.conversation = s.conversation",
		"SELECT count(*) FROM message m WHERE brought <> (SELECT count(*) FROM carried c "
		"WHERE c.by_message = m.id)",
		"SELECT count(*) FROM message m WHERE m.carried AND NOT EXISTS (SELECT 1 FROM carried c "
		"WHERE c.message = m.id AND c.by_message = m.carried_by)",
		"SELECT count(*) FROM message m WHERE (contradicted & 16 <> 0) <> EXISTS (SELECT 1 "
		"FROM carried c WHERE c.by_message = m.id AND c.differs <> 0) "
		"OR (contradicted & 15 <> 0) <> EXISTS (SELECT 1 FROM carried c "
		"WHERE c.message = m.id AND c.differs <> 0)",
		"SELECT count(*) FROM pragma_foreign_key_check",
	};
	sqlite3 *db = raw_open(tmp);

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
		if (raw_number(db, wrong[i]) != 0)
			fail_msg("%s", wrong[i]);
	sqlite3_close(db);
}

static void check_sound(TmpStore *tmp)
{
	g_autofree char *report = NULL;
	g_autoptr(GError) error = NULL;

	if (!sn_store_check(tmp->store, &report, &error))
		fail_msg("%s", error ? error->message : report);
	check_counters(tmp);
}

/* ---- a full disk ---- */

static int limit_pages(sqlite3 *db, const char **message, const void *api)
{
	(void)message;
	(void)api;
	return sqlite3_exec(db, "PRAGMA max_page_count = 100", NULL, NULL, NULL);
}

static gboolean add_big(TmpStore *tmp, int round, GError **error)
{
	g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "x", NULL);
	guint32 seed = (guint32)round;
	GString *body = g_string_new(NULL);

	for (int i = 0; i < 4000; i++) {
		seed = seed * 1664525 + 1013904223;
		g_string_append_printf(body, "w%08x ", seed);
	}
	m->body = g_string_free(body, FALSE);
	return sn_message_add(tmp->store, m, NULL, NULL, NULL, error);
}

static void reopen_with_little_room(TmpStore *tmp)
{
	sqlite3_auto_extension((void (*)(void))limit_pages);
	tmpstore_reopen(tmp);
	sqlite3_cancel_auto_extension((void (*)(void))limit_pages);
}

static void a_full_disk_leaves_nothing_half_written(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	int rounds = 0;

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "before");
	reopen_with_little_room(tmp);
	while (rounds < 1000 && add_big(tmp, rounds, &error))
		rounds++;
	assert_true(rounds < 1000);
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE));
	assert_non_null(strstr(error->message, "disk is full"));
	g_autoptr(GPtrArray) rows = sn_conversation_page(tmp->store, NULL, FALSE, NULL, 10);
	assert_int_equal(((SnConversation *)rows->pdata[0])->unread, rounds + 1);
	tmpstore_reopen(tmp);
	check_sound(tmp);
	g_clear_error(&error);
	assert_true(add_big(tmp, rounds, &error));
}

/* Who looks at the screen is told although nothing can be written for it. */
static void what_keeps_the_engine_from_writing_is_told(void **state)
{
	TmpStore *tmp = *state;
	SnStore *client = tmpstore_open(tmp, SN_STORE_CLIENT);
	g_autoptr(GError) error = NULL;
	int rounds = 0;

	assert_int_equal(sn_store_trouble(client), SN_TROUBLE_NONE);
	reopen_with_little_room(tmp);
	while (rounds < 1000 && add_big(tmp, rounds, &error))
		rounds++;
	assert_int_equal(sn_trouble_of(error), SN_TROUBLE_FULL);
	assert_int_equal(sn_store_trouble(client), SN_TROUBLE_FULL);
	assert_string_equal(sn_trouble_word(SN_TROUBLE_FULL), "disk full");
	assert_true(sn_store_set(client, "note", "by a client", NULL)); /* says nothing of the engine */
	assert_int_equal(sn_store_trouble(client), SN_TROUBLE_FULL);
	assert_true(sn_store_set(tmp->store, "note", "by the engine", NULL));
	assert_int_equal(sn_store_trouble(client), SN_TROUBLE_NONE);
	/* and what one engine has met with is not the next one's */
	g_clear_error(&error);
	assert_false(add_big(tmp, rounds, &error));
	assert_int_equal(sn_store_trouble(client), SN_TROUBLE_FULL);
	tmpstore_reopen(tmp);
	assert_int_equal(sn_store_trouble(client), SN_TROUBLE_NONE);
	sn_store_close(client);
}

static void a_transaction_that_the_disk_ended_commits_nothing(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	gboolean ok = TRUE;

	reopen_with_little_room(tmp);
	assert_true(sn_store_begin(tmp->store, &error));
	assert_true(sn_store_set(tmp->store, "mark", "1", &error));
	for (int i = 0; i < 1000 && ok; i++)
		ok = add_big(tmp, i, &error);
	assert_false(ok);
	g_clear_error(&error);
	/* a caller that overlooked the error */
	gboolean more = sn_store_set(tmp->store, "late", "1", &error);
	g_clear_error(&error);
	gboolean committed = sn_store_commit(tmp->store, &error);
	g_autofree char *mark = sn_store_get(tmp->store, "mark");
	g_autofree char *late = sn_store_get(tmp->store, "late");
	assert_true((mark != NULL) == committed);
	assert_true((late != NULL) == (committed && more));
	tmpstore_reopen(tmp);
	check_sound(tmp);
}

static int in_child(TmpStore *tmp, int (*run)(TmpStore *tmp))
{
	int status;

	/* a connection must not cross a fork */
	sn_store_close(tmp->store);
	tmp->store = NULL;
	pid_t child = fork();
	if (child == 0)
		_exit(run(tmp));
	assert_int_equal(waitpid(child, &status, 0), child);
	tmp->store = tmpstore_open(tmp, SN_STORE_ENGINE);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The file system refuses to let files grow: an I/O error in the middle of a commit. */
static int write_into_a_wall(TmpStore *tmp)
{
	struct rlimit limit = { 600 * 1024, 600 * 1024 };
	g_autoptr(GError) error = NULL;
	int rounds = 0;

	signal(SIGXFSZ, SIG_IGN);
	tmp->store = tmpstore_open(tmp, SN_STORE_ENGINE);
	setrlimit(RLIMIT_FSIZE, &limit);
	while (rounds < 1000 && add_big(tmp, rounds, &error))
		rounds++;
	if (rounds == 0 || rounds == 1000 ||
	    !g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE))
		return 99;
	return rounds;
}

static void an_error_of_the_disk_leaves_nothing_half_written(void **state)
{
	TmpStore *tmp = *state;
	int rounds = in_child(tmp, write_into_a_wall);

	assert_true(rounds > 0 && rounds != 99);
	check_sound(tmp);
	g_autoptr(GPtrArray) rows = sn_conversation_page(tmp->store, NULL, FALSE, NULL, 10);
	assert_int_equal(((SnConversation *)rows->pdata[0])->unread, rounds);
}

/* ---- locks ---- */

/* ---- a query that fails ---- */

static int forbid_reading_addresses(void *data, int action, const char *one, const char *two,
                                    const char *database, const char *trigger)
{
	return action == SQLITE_READ && g_strcmp0(one, "address") == 0 ? SQLITE_DENY : SQLITE_OK;
}

/* An address that is there is looked up, and cannot be read: "nobody" is the answer. */
static void look_up_in_vain(TmpStore *tmp)
{
	sqlite3_set_authorizer(tmp->store->db, forbid_reading_addresses, NULL);
	g_autoptr(SnAddress) address = sn_address_find(tmp->store, SN_CHANNEL_MAIL, BOB);
	assert_null(address);
	sqlite3_set_authorizer(tmp->store->db, NULL, NULL);
}

static void assert_kept(TmpStore *tmp, const char *key, gboolean kept)
{
	g_autofree char *value = sn_store_get(tmp->store, key);

	assert_int_equal(value != NULL, kept);
}

static void what_rests_on_a_failed_query_is_not_committed(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;

	tmpstore_address(tmp, SN_CHANNEL_MAIL, BOB, "Bob");
	assert_true(sn_store_begin(tmp->store, NULL));
	assert_true(sn_store_set(tmp->store, "before", "1", NULL));
	look_up_in_vain(tmp);
	/* already a write of its own within is refused */
	assert_false(sn_store_set(tmp->store, "bob", "is a stranger", NULL));
	assert_false(sn_store_commit(tmp->store, &error));
	assert_non_null(error);
	assert_kept(tmp, "before", FALSE);
	assert_kept(tmp, "bob", FALSE);
	/* the next one knows nothing of it, and neither does what was read without a transaction */
	look_up_in_vain(tmp);
	assert_true(sn_store_begin(tmp->store, NULL));
	assert_true(sn_store_set(tmp->store, "bob", "is known", NULL));
	assert_true(sn_store_commit(tmp->store, NULL));
	assert_kept(tmp, "bob", TRUE);
}

static void a_transaction_within_another_fails_alone(void **state)
{
	TmpStore *tmp = *state;

	tmpstore_address(tmp, SN_CHANNEL_MAIL, BOB, "Bob");
	assert_true(sn_store_begin(tmp->store, NULL));
	assert_true(sn_store_set(tmp->store, "outer", "1", NULL));
	assert_true(sn_store_begin(tmp->store, NULL));
	assert_true(sn_store_set(tmp->store, "inner", "1", NULL));
	look_up_in_vain(tmp);
	assert_false(sn_store_commit(tmp->store, NULL));
	/* whoever was told of the failure may go on without it */
	assert_true(sn_store_commit(tmp->store, NULL));
	assert_kept(tmp, "outer", TRUE);
	assert_kept(tmp, "inner", FALSE);
	/* but what failed outside takes all within along */
	assert_true(sn_store_begin(tmp->store, NULL));
	assert_true(sn_store_set(tmp->store, "before", "1", NULL));
	look_up_in_vain(tmp);
	assert_true(sn_store_begin(tmp->store, NULL));
	assert_false(sn_store_set(tmp->store, "inner", "1", NULL));
	assert_false(sn_store_commit(tmp->store, NULL));
	assert_false(sn_store_commit(tmp->store, NULL));
	assert_kept(tmp, "before", FALSE);
	assert_kept(tmp, "inner", FALSE);
}

static void a_lock_held_too_long_is_busy(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	sqlite3 *db = raw_open(tmp);

	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	sn_store_set_patience(tmp->store, 20);
	assert_false(sn_store_set(tmp->store, "key", "value", &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_BUSY));
	assert_true(sn_error_is_transient(error));
	assert_null(sn_store_get(tmp->store, "key")); /* reading goes on */
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_true(sn_store_set(tmp->store, "key", "value", NULL));
}

typedef struct {
	TmpStore *tmp;
	gint over;
	int batches;
} Busy;

/* An engine in the middle of a first sync: one batch after the other, with no pause between. */
static gpointer write_batches(gpointer data)
{
	Busy *busy = data;
	SnStore *engine = tmpstore_open(busy->tmp, SN_STORE_ENGINE);

	while (!g_atomic_int_get(&busy->over)) {
		g_autofree char *value = g_strdup_printf("%d", ++busy->batches);
		if (!sn_store_begin(engine, NULL))
			break;
		sn_store_set(engine, "batch", value, NULL);
		g_usleep(10000);
		sn_store_commit(engine, NULL);
	}
	sn_store_close(engine);
	return NULL;
}

static void a_client_gets_its_turn_between_the_batches_of_the_engine(void **state)
{
	TmpStore *tmp = *state;
	Busy busy = { tmp, 0, 0 };
	SnStore *client = tmpstore_open(tmp, SN_STORE_CLIENT);
	GThread *thread = g_thread_new("engine", write_batches, &busy);
	int begin, worst = 0;

	for (int i = 0; i < 20; i++) {
		g_autofree char *value = g_strdup_printf("%d", i);
		begin = *(volatile int *)&busy.batches;
		assert_true(sn_store_set(client, "client", value, NULL));
		worst = MAX(worst, *(volatile int *)&busy.batches - begin);
		g_usleep(1000);
	}
	g_atomic_int_set(&busy.over, 1);
	g_thread_join(thread);
	sn_store_close(client);
	assert_true(busy.batches >= 2);
	/* the one under way, and perhaps one that began at the same moment */
	assert_true(worst <= 3);
}

/* It would write for ten seconds, but for the client. */
static gpointer write_until_wanted(gpointer data)
{
	Busy *busy = data;
	SnStore *engine = tmpstore_open(busy->tmp, SN_STORE_ENGINE);

	assert_true(sn_store_begin(engine, NULL));
	assert_false(sn_store_is_wanted(engine));
	g_atomic_int_set(&busy->over, 1);
	for (int i = 0; i < 10000 && !sn_store_is_wanted(engine); i++)
		g_usleep(1000);
	busy->batches = sn_store_is_wanted(engine);
	sn_store_commit(engine, NULL);
	sn_store_close(engine);
	return NULL;
}

static void the_engine_sees_that_a_client_waits(void **state)
{
	TmpStore *tmp = *state;
	Busy busy = { tmp, 0, 0 };
	SnStore *client = tmpstore_open(tmp, SN_STORE_CLIENT);
	GThread *thread = g_thread_new("engine", write_until_wanted, &busy);

	while (!g_atomic_int_get(&busy.over))
		g_usleep(1000);
	assert_true(sn_store_set(client, "client", "now", NULL));
	g_thread_join(thread);
	sn_store_close(client);
	assert_true(busy.batches);
}

/* ---- damage and other versions ---- */

static void overwrite(const char *path, long from, gsize length)
{
	FILE *file = fopen(path, "r+b");

	assert_non_null(file);
	assert_int_equal(fseek(file, from, SEEK_SET), 0);
	for (gsize i = 0; i < length; i++)
		fputc((int)(i * 37 + 11) & 0xff, file);
	fclose(file);
}

static void damage_is_an_error_not_a_crash(void **state)
{
	TmpStore *tmp = *state;

	for (int i = 0; i < 60; i++)
		add_big(tmp, i, NULL);
	sn_store_close(tmp->store);
	for (long page = 1; page < 40; page++)
		overwrite(tmp->path, page * 16384 + 100, 3000);
	g_autoptr(GError) error = NULL;
	tmp->store = sn_store_open(tmp->path, SN_STORE_ENGINE, &error);
	if (tmp->store) {
		g_autofree char *report = NULL;
		assert_false(sn_store_check(tmp->store, &report, &error));
		assert_true(report != NULL || error != NULL);
		g_clear_error(&error);
		g_autoptr(SnQuery) query = sn_query_parse("w*", NULL, NULL);
		g_autoptr(GPtrArray) found =
			sn_message_search(tmp->store, query, 0, 0, 10, SN_MESSAGE_FULL, &error);
		sn_store_set(tmp->store, "key", "value", &error);
	} else {
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE));
	}
}

static void what_is_no_database_is_refused(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *path = g_build_filename(tmp->directory, "other", NULL);
	g_autofree char *text = g_strnfill(100000, 'x');
	g_autofree char *nowhere = g_build_filename(tmp->directory, "no", "where", NULL);
	g_autoptr(GError) error = NULL;

	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_null(sn_store_open(path, SN_STORE_CLIENT, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE));
	assert_non_null(strstr(error->message, path));
	g_clear_error(&error);
	g_autofree char *after = NULL;
	assert_true(g_file_get_contents(path, &after, NULL, NULL));
	assert_string_equal(after, text);
	assert_null(sn_store_open(nowhere, SN_STORE_CLIENT, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE));
	g_clear_error(&error);
	assert_null(sn_store_open(nowhere, SN_STORE_READER, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

static void a_newer_database_is_refused_and_left_alone(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;

	sn_store_close(tmp->store);
	sqlite3 *db = raw_open(tmp);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 1000", NULL, NULL, NULL), SQLITE_OK);
	assert_null(sn_store_open(tmp->path, SN_STORE_ENGINE, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
	assert_non_null(strstr(error->message, "newer"));
	assert_int_equal(raw_number(db, "PRAGMA user_version"), 1000);
	assert_int_equal(raw_number(db, "SELECT count(*) FROM account"), 1);
	sqlite3_close(db);
	tmp->store = NULL;
}

/* Its number is right, but a column came later. */
static void a_database_of_an_unfinished_version_is_named_as_such(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	sqlite3 *db = raw_open(tmp);

	assert_int_equal(sqlite3_exec(db, "ALTER TABLE draft DROP COLUMN signature", NULL, NULL, NULL),
	                 SQLITE_OK);
	sqlite3_close(db);
	SnId bob = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	g_autoptr(SnMessage) m = sn_message_get(tmp->store, bob, 0);
	g_autoptr(SnDraft) draft = sn_draft_new(m->conversation);
	assert_false(sn_draft_save(tmp->store, draft, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG));
	assert_non_null(strstr(error->message, "unfinished version"));
	assert_non_null(strstr(error->message, "signature"));
	check_counters(tmp);
}

static void a_reader_only_reads(void **state)
{
	TmpStore *tmp = *state;
	SnStore *reader = tmpstore_open(tmp, SN_STORE_READER);
	g_autoptr(GError) error = NULL;

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	g_autoptr(GPtrArray) rows = sn_conversation_page(reader, NULL, FALSE, NULL, 10);
	assert_int_equal(rows->len, 1);
	assert_false(sn_store_set(reader, "key", "value", &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE));
	sn_store_close(reader);
}

static gpointer open_new(gpointer path)
{
	g_autoptr(GError) error = NULL;
	SnStore *store = sn_store_open(path, SN_STORE_CLIENT, &error);

	if (!store)
		g_printerr("%s\n", error->message);
	gboolean ok = store && sn_store_set(store, "key", "value", NULL);
	sn_store_close(store);
	return GINT_TO_POINTER(ok);
}

static void many_may_open_a_new_profile_at_once(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *path = g_build_filename(tmp->directory, "fresh.db", NULL);
	GThread *threads[6];

	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("open", open_new, path);
	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		assert_true(GPOINTER_TO_INT(g_thread_join(threads[i])));
}

/* ---- kill -9 ---- */

static int write_until_killed(TmpStore *tmp, int report)
{
	tmp->store = tmpstore_open(tmp, SN_STORE_ENGINE);
	for (;;) {
		g_assert(sn_store_begin(tmp->store, NULL));
		SnId first = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "one of a pair");
		tmpstore_im(tmp, SN_IN, BOB, NULL, "the other");
		g_assert(sn_store_commit(tmp->store, NULL));
		if (write(report, &first, sizeof first) != sizeof first)
			return 1;
	}
}

static void a_killed_writer_leaves_its_last_commit(void **state)
{
	TmpStore *tmp = *state;
	SnId last = 0;

	for (int round = 0; round < 5; round++) {
		int ends[2];
		sn_store_close(tmp->store);
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			close(ends[0]);
			_exit(write_until_killed(tmp, ends[1]));
		}
		close(ends[1]);
		for (int i = 0; i < 5 + 3 * round; i++)
			assert_int_equal(read(ends[0], &last, sizeof last), sizeof last);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		SnId more;
		while (read(ends[0], &more, sizeof more) == sizeof more)
			last = more;
		close(ends[0]);
		tmp->store = tmpstore_open(tmp, SN_STORE_ENGINE);
		/* all that was reported is there, and never half a pair */
		g_autoptr(SnMessage) m = sn_message_get(tmp->store, last, 0);
		assert_non_null(m);
		sqlite3 *db = raw_open(tmp);
		assert_int_equal(raw_number(db, "SELECT count(*) FROM message WHERE channel = 0"),
		                 raw_number(db, "SELECT count(*) FROM message WHERE channel = 1"));
		sqlite3_close(db);
	}
	assert_true(sn_store_sync(tmp->store, NULL));
	check_sound(tmp);
}

/* ---- whatever happens ---- */

typedef struct {
	TmpStore *tmp;
	GRand *random;
	GArray *messages, *entries;
	SnId folders[4];
} Chaos;

static SnId any(Chaos *c, GArray *ids)
{
	return ids->len ? g_array_index(ids, SnId,
	                                (guint)g_rand_int_range(c->random, 0, (gint)ids->len)) :
	                  0;
}

static char *somebody(Chaos *c, SnChannel channel)
{
	return g_strdup_printf("p%d@%s.test", g_rand_int_range(c->random, 0, 5),
	                       channel == SN_CHANNEL_MAIL ? "mail" : "chat");
}

static void receive(Chaos *c)
{
	SnChannel channel = (SnChannel)g_rand_int_range(c->random, 0, 2);
	SnDirection direction = (SnDirection)g_rand_int_range(c->random, 0, 2);
	g_autofree char *who = somebody(c, channel);
	g_autofree char *id = g_strdup_printf("id%d", g_rand_int_range(c->random, 0, 60));
	g_autoptr(SnMessage) m =
		channel == SN_CHANNEL_MAIL ?
			tmpstore_mail_new(c->tmp, direction, who, id, "Subject", "some words") :
			tmpstore_im_new(c->tmp, direction, who, id, "some words");
	SnId carrier = any(c, c->messages);
	g_autoptr(SnMessage) by = sn_message_get(c->tmp->store, carrier, 0); /* gone when confirmed */
	g_autofree char *bytes = g_strdup_printf("raw %s", id);
	g_autoptr(GBytes) raw = g_bytes_new(bytes, strlen(bytes));

	m->time += g_rand_int_range(c->random, -1000, 1000) * SN_MINUTE;
	if (g_rand_int_range(c->random, 0, 4) == 0 && by) {
		m->carried = TRUE;
		m->carried_by = carrier;
	} else if (channel == SN_CHANNEL_MAIL && g_rand_boolean(c->random)) {
		g_autofree char *other = somebody(c, channel);
		sn_message_add_party(m, SN_ROLE_CC, other, NULL);
	} else if (g_rand_int_range(c->random, 0, 8) == 0) {
		m->list_id = g_strdup("dev.list");
	}
	assert_true(sn_message_add(c->tmp->store, m, NULL,
	                           channel == SN_CHANNEL_MAIL && g_rand_boolean(c->random) ? raw :
	                                                                                      NULL,
	                           NULL, NULL));
	g_array_append_val(c->messages, m->id);
}

static void relate(Chaos *c)
{
	g_autofree char *mail = somebody(c, SN_CHANNEL_MAIL);
	g_autofree char *jid = somebody(c, SN_CHANNEL_IM);
	SnId a = tmpstore_address(c->tmp, SN_CHANNEL_MAIL, mail, "Name");
	SnId b = tmpstore_address(c->tmp, SN_CHANNEL_IM, jid, NULL);
	g_autoptr(SnAddress) address = sn_address_get(c->tmp->store, a);
	g_autoptr(SnAddress) other = sn_address_get(c->tmp->store, b);
	g_autofree char *what = NULL;
	char *mails[] = { mail, NULL }, *jids[] = { jid, NULL };
	SnCard card = { .origin = g_rand_boolean(c->random) ? "one" : "two", .name = "Card",
		        .mails = mails, .jids = jids };

	switch (g_rand_int_range(c->random, 0, 6)) {
	case 0: sn_people_merge(c->tmp->store, address->person, other->person, NULL); return;
	case 1: sn_people_split(c->tmp->store, other->person, &b, 1, NULL, NULL); return;
	case 2: sn_map_undo(c->tmp->store, &what, NULL); return;
	case 3:
		assert_true(sn_cards_replace(c->tmp->store, SN_LINK_VCARD, card.origin, &card,
		                             g_rand_boolean(c->random), NULL, NULL));
		return;
	default: break;
	}
	if (g_rand_boolean(c->random))
		sn_link_add(c->tmp->store, b, address->person,
		            (SnLinkSource)g_rand_int_range(c->random, 0, 8),
		            g_rand_boolean(c->random), NULL, NULL);
	else
		sn_link_remove(c->tmp->store, b, address->person, NULL);
}

static void place(Chaos *c)
{
	SnId folder = c->folders[g_rand_int_range(c->random, 0, 4)];
	guint32 uid = (guint32)g_rand_int_range(c->random, 1, 30);
	SnId id = any(c, c->messages);
	g_autoptr(SnMessage) m = sn_message_get(c->tmp->store, id, 0);

	switch (g_rand_int_range(c->random, 0, 4)) {
	case 0:
		if (m && m->channel == SN_CHANNEL_MAIL)
			assert_true(sn_location_set(c->tmp->store, id, folder, uid, NULL,
			                            g_rand_int(c->random) & 15, NULL));
		break;
	case 1: assert_true(sn_location_remove(c->tmp->store, folder, uid, NULL)); break;
	case 2:
		assert_true(sn_location_flags(c->tmp->store, folder, uid,
		                              g_rand_int(c->random) & 15, NULL));
		break;
	default:
		assert_true(sn_folder_set_state(c->tmp->store, folder, 1, uid, 1, NULL));
		break;
	}
}

static void handle(Chaos *c)
{
	static const char *const targets[] = { "trash", "archive", "INBOX", "junk" };
	SnId id = any(c, c->messages);
	g_autoptr(SnMessage) m = sn_message_get(c->tmp->store, id, 0);

	if (!m)
		return;
	switch (g_rand_int_range(c->random, 0, 4)) {
	case 0: sn_conversation_mark_read(c->tmp->store, m->conversation, id, NULL); break;
	case 1:
		sn_message_change_flags(c->tmp->store, id, g_rand_int(c->random) & 7,
		                        g_rand_int(c->random) & 7, NULL);
		break;
	case 2:
		sn_message_move(c->tmp->store, id, targets[g_rand_int_range(c->random, 0, 4)], NULL);
		break;
	default: {
		static const char *const values[] = { "yes", NULL };
		g_autoptr(SnDraft) draft = sn_draft_new(m->conversation);
		sn_question_add(c->tmp->store, m->conversation, id, "?", values, values, NULL);
		sn_draft_save(c->tmp->store, draft, NULL);
	}
	}
}

static void send(Chaos *c)
{
	static const SnState states[] = { SN_STATE_QUEUED,  SN_STATE_CHOOSING, SN_STATE_SENDING,
		                          SN_STATE_WAITING, SN_STATE_ACCEPTED, SN_STATE_FAILED };
	SnId id = any(c, c->messages);
	g_autoptr(SnMessage) m = sn_message_get(c->tmp->store, id, 0);
	g_autoptr(SnOutboxEntry) e = sn_outbox_get(c->tmp->store, any(c, c->entries), 0);

	if (e) {
		SnOutboxChange change = { .state = states[g_rand_int_range(c->random, 0, 6)],
			                  .what = "chaos" };
		assert_true(sn_outbox_change(c->tmp->store, e->id, e->state, &change, NULL));
		sn_outbox_dismiss(c->tmp->store, e->id, NULL);
	}
	if (!m)
		return;
	g_autofree char *to = somebody(c, SN_CHANNEL_IM);
	SnOutboxNew new = tmpstore_entry(c->tmp, m->conversation, SN_CHANNEL_IM, to, "out");
	SnId entry = sn_outbox_queue(c->tmp->store, &new, TRUE, NULL);
	assert_true(entry > 0);
	g_array_append_val(c->entries, entry);
	g_ptr_array_unref(new.recipients);
}

static void counters_hold_whatever_happens(void **state)
{
	static void (*const acts[])(Chaos *) = { receive, receive, receive, relate,
		                                 place,   place,   handle,  send };
	Chaos c = { *state, g_rand_new_with_seed(20261122), NULL, NULL, { 0 } };
	static const char *const names[] = { "INBOX", "Archive", "Trash", "Spam" };
	static const char *const roles[] = { "inbox", "archive", "trash", "junk" };

	c.messages = g_array_new(FALSE, FALSE, sizeof(SnId));
	c.entries = g_array_new(FALSE, FALSE, sizeof(SnId));
	for (int i = 0; i < 4; i++)
		c.folders[i] =
			sn_folder_intern(c.tmp->store, c.tmp->account, names[i], roles[i], NULL);
	for (int i = 0; i < 1500; i++) {
		acts[g_rand_int_range(c.random, 0, G_N_ELEMENTS(acts))](&c);
		if (i % 300 == 299)
			c.tmp->now += 8 * SN_DAY; /* time to purge */
		if (i % 50 == 49)
			check_counters(c.tmp);
	}
	check_sound(c.tmp);
	g_array_unref(c.messages);
	g_array_unref(c.entries);
	g_rand_free(c.random);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

/* A text of which bytes are lost is said to be so, and harms nothing else. */
static void a_damaged_text_is_no_text(void **state)
{
	static const char *const damage[] = {
		"UPDATE body SET packed = x'28b52ffd'", "UPDATE body SET packed = zeroblob(40)",
		"UPDATE body SET packed = substr(packed, 1, length(packed) / 2)",
		/* it claims to be of 2^62 bytes */
		"UPDATE body SET packed = x'28b52ffdc00000000000000040010000'",
	};
	TmpStore *tmp = *state;
	g_autofree char *text = g_strnfill(4000, 'a');

	for (gsize i = 0; i < G_N_ELEMENTS(damage); i++) {
		SnId id = tmpstore_mail(tmp, SN_IN, BOB, NULL, "rope", text);
		sqlite3 *db = raw_open(tmp);
		assert_int_equal(sqlite3_exec(db, damage[i], NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		g_autoptr(SnMessage) read = sn_message_get(tmp->store, id, SN_MESSAGE_FULL);
		assert_string_equal(read->subject, "rope");
		assert_true(!read->body || !*read->body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_damaged_text_is_no_text),
		TEST(a_full_disk_leaves_nothing_half_written),
		TEST(what_keeps_the_engine_from_writing_is_told),
		TEST(a_transaction_that_the_disk_ended_commits_nothing),
		TEST(an_error_of_the_disk_leaves_nothing_half_written),
		TEST(what_rests_on_a_failed_query_is_not_committed),
		TEST(a_transaction_within_another_fails_alone),
		TEST(a_lock_held_too_long_is_busy),
		TEST(a_client_gets_its_turn_between_the_batches_of_the_engine),
		TEST(the_engine_sees_that_a_client_waits),
		TEST(damage_is_an_error_not_a_crash),
		TEST(what_is_no_database_is_refused),
		TEST(a_newer_database_is_refused_and_left_alone),
		TEST(a_database_of_an_unfinished_version_is_named_as_such),
		TEST(a_reader_only_reads),
		TEST(many_may_open_a_new_profile_at_once),
		TEST(a_killed_writer_leaves_its_last_commit),
		TEST(counters_hold_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
