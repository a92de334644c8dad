/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.c - opening, transactions, durability.
 *
 * WAL: readers never wait. A client's commit writes to the log and waits for no disk; checkpoints
 * (checkpoint.c) and fsync are the engine's. Clients go first: a client that wants to write holds the file
 * PATH-turn, and the engine looks at that before each of its batches, because SQLite's lock has
 * no queue and a busy writer would keep the others out.
 */
#include "src/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/store/migrate.h"
#include "src/store/private.h"

#define TURN_MS 200              /* the longest the engine waits for clients to get their turn */

/* A clock would be exact, but a machine that slept would give up at once. */
static int wait_busy(void *data, int count)
{
	const SnStore *store = data;

	if (count >= store->patience)
		return 0;
	g_usleep(1000);
	return 1;
}

static int log_grew(void *data, sqlite3 *db, const char *name, int pages)
{
	SnStore *store = data;

	(void)db;
	(void)name;
	store->wal_pages = pages;
	return SQLITE_OK;
}

/*
 * The file is made here because SQLite would make it readable by others. Never opened when it is
 * there: closing a descriptor would drop the locks of this process's other connections (POSIX).
 */
static gboolean make_private(const char *path, GError **error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0) {
		close(fd);
		return TRUE;
	}
	if (errno == EEXIST) {
		struct stat info;
		if (stat(path, &info) == 0 && (info.st_mode & 077))
			(void)chmod(path, 0600);
		return TRUE;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot create %s: %s", path,
	            g_strerror(errno));
	return FALSE;
}

/* To count what SQLite has allocated takes a lock at each allocation, and nobody asks. */
static gpointer configure_sqlite(gpointer unused)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	return NULL;
}

gboolean sn_store_attach(SnStore *store, int flags, GError **error)
{
	static GOnce once = G_ONCE_INIT;

	g_once(&once, configure_sqlite, NULL);
	int code = sqlite3_open_v2(store->path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (code != SQLITE_OK)
		return sn_store_fail(store, code, error);
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_handler(store->db, wait_busy, store);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_wal_hook(store->db, log_grew, store); /* in place of automatic checkpoints */
	return sn_search_functions(store, error);
}

/* They read the file, which is not to be waited for while somebody else has it for himself alone. */
gboolean sn_store_settle(SnStore *store, GError **error)
{
	return sn_exec(store,
	               "PRAGMA foreign_keys = ON;"
	               "PRAGMA synchronous = NORMAL;"
	               "PRAGMA trusted_schema = OFF;"
	               "PRAGMA secure_delete = FAST;"
	               "PRAGMA temp_store = MEMORY;",
	               error);
}

static gboolean settle_role(SnStore *store, GError **error)
{
	if (!sn_store_settle(store, error))
		return FALSE;
	switch (store->role) {
	case SN_STORE_ENGINE: return sn_exec(store, "PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 67108864",
		                            error);
	case SN_STORE_CLIENT: return TRUE;
	case SN_STORE_READER: return sn_exec(store, "PRAGMA query_only = ON", error);
	}
	g_assert_not_reached();
}

SnStore *sn_store_connect(const char *path, SnStoreRole role, GError **error)
{
	SnStore *store = g_new0(SnStore, 1);
	g_autofree char *turn_path = g_strconcat(path, "-turn", NULL);

	store->path = g_strdup(path);
	store->role = role;
	store->patience = SN_BUSY_MS;
	store->bell_path = g_strconcat(path, "-bell", NULL);
	store->turn = open(turn_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	store->bell = sn_bell_open(store->bell_path, error);
	if (store->bell && role == SN_STORE_ENGINE)
		sn_bell_leave(store->bell, ' '); /* what an engine before had met with */
	if (store->bell && sn_store_attach(store, SQLITE_OPEN_READWRITE, error) &&
	    sn_body_functions(store, error) && sn_folder_functions(store, error))
		return store;
	sn_store_close(store);
	return NULL;
}

static gboolean not_set_up(const SnStore *store, SnFit fit, GError **error)
{
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, fit == SN_FIT_EMPTY ?
	            "The database %s is not set up yet. Start sennit once." :
	            "The database %s has to be brought to a new format. Start sennit once.",
	            store->path);
	return FALSE;
}

/* Two programs may find the profile empty at the same time. */
static gboolean set_up(SnStore *store, GError **error)
{
	if (store->role == SN_STORE_READER)
		return not_set_up(store, SN_FIT_EMPTY, error);
	for (int i = 0; store->turn >= 0 && i < SN_BUSY_MS && flock(store->turn, LOCK_EX | LOCK_NB) != 0;
	     i++)
		g_usleep(1000);
	gboolean ok = sn_store_found(store, &sn_store_shape, error);
	if (store->turn >= 0)
		flock(store->turn, LOCK_UN);
	return ok;
}

/* An older one is closed while it is brought to the newest format, which needs it alone. */
static SnStore *open_newest(const char *path, SnStoreRole role, const SnStoreWatch *watch,
                            GError **error)
{
	for (int round = 0;; round++) {
		SnStore *store = sn_store_connect(path, role, error);
		SnFit fit = store ? sn_store_fit(store, &sn_store_shape, error) : SN_FIT_REFUSED;
		gboolean older = fit == SN_FIT_OLDER || fit == SN_FIT_HELD;
		if (fit == SN_FIT_NEWEST || (fit == SN_FIT_EMPTY && set_up(store, error)))
			return store;
		if (older && (role == SN_STORE_READER || round > 0))
			older = not_set_up(store, fit, error);
		sn_store_close(store);
		older = older && sn_store_reshape(path, &sn_store_shape, watch, error);
		if (watch && watch->ended)
			watch->ended(watch->data);
		if (!older)
			return NULL;
	}
}

SnStore *sn_store_open_watched(const char *path, SnStoreRole role, const SnStoreWatch *watch,
                               GError **error)
{
	g_return_val_if_fail(path != NULL, NULL);
	if (role == SN_STORE_READER && !g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no database %s yet.", path);
		return NULL;
	}
	if (!make_private(path, error))
		return NULL;
	SnStore *store = open_newest(path, role, watch, error);
	if (store && !settle_role(store, error))
		g_clear_pointer(&store, sn_store_close);
	if (store)
		sn_store_changed(store);
	return store;
}

SnStore *sn_store_open(const char *path, SnStoreRole role, GError **error)
{
	return sn_store_open_watched(path, role, NULL, error);
}

void sn_store_close(SnStore *store)
{
	if (!store)
		return;
	g_assert(store->depth == 0 || !store->db);
	sn_checkpoint_end(store);
	if (store->statements)
		g_hash_table_unref(store->statements);
	if (store->db && sqlite3_close(store->db) != SQLITE_OK)
		g_critical("A query of %s was left open.", store->path);
	sn_bell_free(store->bell);
	g_clear_error(&store->missed);
	if (store->unindexed)
		g_ptr_array_unref(store->unindexed);
	if (store->turn >= 0)
		close(store->turn);
	g_free(store->bell_path);
	g_free(store->path);
	g_free(store);
}

/* ---- transactions ---- */

/* A client takes the turn until its commit; the engine only waits while somebody has it. */
static void take_turn(SnStore *store)
{
	int mode = store->role == SN_STORE_ENGINE ? LOCK_EX : LOCK_SH;

	if (store->turn < 0)
		return;
	for (int i = 0; i < TURN_MS && flock(store->turn, mode | LOCK_NB) != 0; i++)
		g_usleep(1000);
	if (store->role == SN_STORE_ENGINE)
		flock(store->turn, LOCK_UN);
}

static void end_turn(SnStore *store)
{
	if (store->turn >= 0 && store->role != SN_STORE_ENGINE)
		flock(store->turn, LOCK_UN);
}

gboolean sn_store_is_wanted(SnStore *store)
{
	g_assert(store->role == SN_STORE_ENGINE);
	if (store->turn < 0 || flock(store->turn, LOCK_EX | LOCK_NB) != 0)
		return TRUE;
	flock(store->turn, LOCK_UN);
	return FALSE;
}

gboolean sn_store_begin(SnStore *store, GError **error)
{
	g_assert(store->depth >= 0 && store->depth < SN_DEPTH_LIMIT);
	store->unindexed_at[store->depth] = store->unindexed ? store->unindexed->len : 0;
	if (store->depth > 0) {
		if (!sn_run(store, error, "SAVEPOINT inner"))
			return FALSE;
		store->depth++;
		return TRUE;
	}
	take_turn(store);
	if (!sn_run(store, error, "BEGIN IMMEDIATE")) {
		end_turn(store);
		return FALSE;
	}
	store->changes_at_begin = sqlite3_total_changes64(store->db);
	store->depth = 1;
	return TRUE;
}

static void after_commit(SnStore *store, gboolean changed)
{
	end_turn(store);
	if (changed) {
		sn_trouble_over(store);
		sn_bell_ring(store->bell);
	}
	if (store->role == SN_STORE_ENGINE)
		sn_checkpoint(store);
}

static gboolean read_all(SnStore *store, GError **error)
{
	if (store->unread)
		g_propagate_error(error, g_error_copy(store->unread));
	return !store->unread;
}

gboolean sn_store_commit(SnStore *store, GError **error)
{
	g_assert(store->depth > 0);
	if (store->depth > 1) {
		if ((store->depth > 2 || sn_search_make_room(store, error)) &&
		    read_all(store, error) && sn_run(store, error, "RELEASE inner")) {
			store->depth--;
			return TRUE;
		}
		sn_store_rollback(store);
		return FALSE;
	}
	if (!sn_search_commit(store, error) || !read_all(store, error) ||
	    !sn_run(store, error, "COMMIT")) {
		sn_store_rollback(store);
		return FALSE;
	}
	store->depth = 0;
	after_commit(store, sqlite3_total_changes64(store->db) != store->changes_at_begin);
	return TRUE;
}

void sn_store_rollback(SnStore *store)
{
	g_assert(store->depth > 0);
	gboolean over = sqlite3_get_autocommit(store->db) != 0; /* SQLite did it already */

	if (store->depth > 1 && !over)
		sn_exec(store, "ROLLBACK TO inner; RELEASE inner", NULL);
	else if (store->depth == 1 && !over)
		sn_exec(store, "ROLLBACK", NULL);
	store->depth--;
	sn_search_rollback(store, store->unindexed_at[store->depth]);
	if (store->depth < store->unread_at) {
		g_clear_error(&store->unread); /* what rested on it is undone */
		store->unread_at = 0;
	}
	g_assert(!store->unread || store->depth > 0);
	if (store->depth == 0)
		end_turn(store);
}

gboolean sn_store_finish(SnStore *store, gboolean ok, GError **error)
{
	if (ok)
		return sn_store_commit(store, error);
	sn_store_rollback(store);
	return FALSE;
}

/* ---- durability ---- */

/* what: of the file that was flushed; st_ino 0 when there is none. */
static gboolean flush_file(const char *path, gboolean directory, struct stat *what, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | (directory ? O_DIRECTORY : 0));

	what->st_ino = 0;
	if (fd < 0 && errno == ENOENT)
		return TRUE; /* no log: all is in the database, written there with fsync */
	gboolean ok = fd >= 0 && (directory ? fsync(fd) : fdatasync(fd)) == 0 && fstat(fd, what) == 0;
	if (!ok)
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot write %s to the disk: %s", path,
		            g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

/*
 * Every commit since the last checkpoint lies in the log, whoever made it, so flushing that file
 * makes them all durable without a transaction. SQLite holds no lock on the log itself, so opening
 * and closing it here drops none. The directory holds but the log's name: as long as that is the
 * same file it needs to be flushed once. (Nobody removes the log while this connection is open.)
 */
gboolean sn_store_sync(SnStore *store, GError **error)
{
	g_autofree char *wal = g_strconcat(store->path, "-wal", NULL);
	g_autofree char *directory = g_path_get_dirname(store->path);
	struct stat log, place;

	g_assert(store->depth == 0);
	if (!flush_file(wal, FALSE, &log, error)) {
		sn_trouble_tell(store, SN_TROUBLE_DISK);
		return FALSE;
	}
	if (log.st_ino && log.st_ino == store->named_log)
		return TRUE;
	if (!flush_file(directory, TRUE, &place, error))
		return FALSE;
	store->named_log = log.st_ino;
	return TRUE;
}

/* ---- small things ---- */

gboolean sn_store_changed(SnStore *store)
{
	gint64 version = sn_one(store, "PRAGMA data_version");
	gboolean changed = version != store->data_version;

	store->data_version = version;
	return changed;
}

const char *sn_store_bell_path(SnStore *store)
{
	return store->bell_path;
}

void sn_store_ring(SnStore *store)
{
	sn_bell_ring(store->bell);
}

void sn_store_interrupt(SnStore *store)
{
	sqlite3_interrupt(store->db);
}

void sn_store_set_clock(SnStore *store, const SnClock *clock)
{
	store->clock = clock;
}

void sn_store_set_patience(SnStore *store, int ms)
{
	store->patience = ms;
}

gboolean sn_store_check(SnStore *store, char **report, GError **error)
{
	g_autoptr(GString) found = g_string_new(NULL);
	SnSql *query = sn_sql(store, "SELECT * FROM pragma_integrity_check(50)");

	while (sn_sql_row(query))
		if (g_strcmp0(sn_sql_peek(query, 0), "ok") != 0)
			g_string_append_printf(found, "%s\n", sn_sql_peek(query, 0));
	gboolean ok = sn_sql_end(query, error);
	query = sn_sql(store, "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT 50");
	while (ok && sn_sql_row(query))
		g_string_append_printf(found, "%s row %" G_GINT64_FORMAT " names a missing %s\n",
		                       sn_sql_peek(query, 0), sn_sql_int(query, 1),
		                       sn_sql_peek(query, 2));
	ok = sn_sql_end(query, ok ? error : NULL) && ok;
	if (ok && report)
		*report = g_strdup(found->len ? found->str : "The database is sound.");
	return ok && found->len == 0;
}

char *sn_store_get(SnStore *store, const char *key)
{
	return sn_one_text(store, "SELECT value FROM setting WHERE key = ?1", V(key));
}

gboolean sn_store_set(SnStore *store, const char *key, const char *value, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = value ? sn_run(store, error,
	                             "INSERT INTO setting (key, value) VALUES (?1, ?2) "
	                             "ON CONFLICT (key) DO UPDATE SET value = ?2 WHERE value <> ?2",
	                             V(key), V(value)) :
	                      sn_run(store, error, "DELETE FROM setting WHERE key = ?1", V(key));
	return sn_store_finish(store, ok, error);
}
