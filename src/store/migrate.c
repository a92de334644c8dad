/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * migrate.c - runs the steps of migrate_steps.c, in transactions that take a moment each.
 */
#include "src/store/migrate.h"

#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "src/base/lock.h"

#define UNDER_WAY 1000000        /* user_version between the formats N and N + 1: this plus N */
#define PLACE "migration"        /* the setting that says how far it is: "STEP OF POSITION" */
#define HELD_MS 100              /* how long to wait for another program before asking who it is */
#define PATIENCE 3000            /* ms until others have closed it, or migrated it if nobody is told */
#define MOMENT (100 * 1000)      /* microseconds: as long as a transaction over ranges should take */
#define TOLD_EVERY (100 * 1000)  /* microseconds */
#define TICK 20000               /* instructions of SQLite's machine between two looks */
#define FIRST_RANGE 1000
#define LARGEST_RANGE (G_GINT64_CONSTANT(1) << 40)
#define LOG_PAGES 4000           /* 16 MB: then the log goes into the database */
#define ROOM (48 * 1024 * 1024)  /* bytes of disk for the log and what one index takes */

typedef struct {
	SnStore *store;
	const SnShape *shape;
	const SnStoreWatch *watch;
	int version;           /* the format it comes from */
	gsize step;
	gint64 position;       /* the last row done of a step over ranges */
	gint64 range;
	gint64 begun, told;    /* monotonic microseconds */
	gint64 done, total, done_before; /* of all work, in weights */
	SnStoreUpgrade report;
	gboolean stopped;
} Upgrade;

/* ---- what it is ---- */

static int user_version(SnStore *store, GError **error)
{
	SnSql *query = sn_sql(store, "PRAGMA user_version");
	int version = sn_sql_row(query) ? (int)sn_sql_int(query, 0) : -1;

	return sn_sql_end(query, error) ? version : -1;
}

static gboolean set_version(SnStore *store, int version, GError **error)
{
	/* PRAGMA takes no bound values; the number is ours. */
	g_autofree char *sql = g_strdup_printf("PRAGMA user_version = %d", version);

	return sn_exec(store, sql, error);
}

static SnFit refuse(const SnStore *store, const SnShape *shape, int version, GError **error)
{
	gboolean between = version > UNDER_WAY && version < 2 * UNDER_WAY;

	g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
	            "The database %s was written by a newer sennit (%sformat %d, this program knows "
	            "%d). Install that version, or use another profile with -c.",
	            store->path, between ? "it is on its way to " : "",
	            between ? version - UNDER_WAY + 1 : version, shape->version);
	return SN_FIT_REFUSED;
}

static char *lock_path(const char *path)
{
	return g_strconcat(path, "-migrating", NULL);
}

SnFit sn_store_fit(SnStore *store, const SnShape *shape, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autofree char *lock = NULL;
	int patience = store->patience;

	sn_store_set_patience(store, HELD_MS);
	int version = user_version(store, &local);
	sn_store_set_patience(store, patience);
	if (g_error_matches(local, SN_ERROR, SN_ERROR_BUSY)) {
		lock = lock_path(store->path);
		if (sn_lock_holder(lock))
			return SN_FIT_HELD;
		g_clear_error(&local); /* it is about to close, or recovers it after a crash */
		version = user_version(store, &local);
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return SN_FIT_REFUSED;
	}
	if (version < 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
		            "The database %s is damaged: it says that its format is %d. Put it aside, or put "
		            "a copy of it in its place.", store->path, version);
		return SN_FIT_REFUSED;
	}
	if (version == shape->version)
		return SN_FIT_NEWEST;
	if (version > UNDER_WAY ? version - UNDER_WAY >= shape->version : version > shape->version)
		return refuse(store, shape, version, error);
	return version == 0 ? SN_FIT_EMPTY : SN_FIT_OLDER;
}

static gboolean fill_empty(SnStore *store, const SnShape *shape, GError **error)
{
	int version = user_version(store, error);

	/* Called with the write lock held: whoever came first has done it already. */
	return version > 0 || (version == 0 && sn_exec(store, shape->schema, error) &&
	                       set_version(store, shape->version, error));
}

gboolean sn_store_found(SnStore *store, const SnShape *shape, GError **error)
{
	/* The page size of a new file has to be told before anything is written. Pages of 16 KB would
	 * hold a mailbox in an eighth less, but a small change writes some thirty pages: an IM would be
	 * half as long again on its way to the screen. */
	if (!sn_exec(store, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL", error) ||
	    !sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, fill_empty(store, shape, error), error);
}

/* ---- statements ---- */

/* 0 when there is none; -1: it could not be read. */
static gint64 find_last_row(SnStore *store, const char *table, GError **error)
{
	g_autofree char *sql = g_strdup_printf("SELECT max(id) FROM %s", table);
	sqlite3_stmt *query = NULL;
	gint64 value = 0;

	int code = sqlite3_prepare_v2(store->db, sql, -1, &query, NULL);
	if (code == SQLITE_OK && (code = sqlite3_step(query)) == SQLITE_ROW)
		value = MAX(sqlite3_column_int64(query, 0), 0);
	if (code != SQLITE_ROW) {
		sn_store_fail(store, code, error);
		value = -1;
	}
	sqlite3_finalize(query);
	return value;
}

/* For an estimate: 0 also when there is no such table in this format. */
static gint64 last_row(SnStore *store, const char *table)
{
	return table ? MAX(find_last_row(store, table, NULL), 0) : 0;
}

/* All statements of a step; where they have parameters, for the rows from < id <= to. */
static gboolean apply(SnStore *store, const char *sql, gint64 from, gint64 to, GError **error)
{
	int code = SQLITE_OK;

	while (code == SQLITE_OK && *sql) {
		sqlite3_stmt *statement = NULL;
		code = sqlite3_prepare_v2(store->db, sql, -1, &statement, &sql);
		if (code != SQLITE_OK || !statement)
			continue;
		if (sqlite3_bind_parameter_count(statement) > 0) {
			sqlite3_bind_int64(statement, 1, from);
			sqlite3_bind_int64(statement, 2, to);
		}
		do
			code = sqlite3_step(statement);
		while (code == SQLITE_ROW);
		int end = sqlite3_finalize(statement);
		code = code == SQLITE_DONE ? end : code;
	}
	return code == SQLITE_OK || sn_store_fail(store, code, error);
}

/* ---- how far it is ---- */

static const SnStep *steps_of(const Upgrade *u, int version)
{
	g_assert(version >= 1 && version < u->shape->version);
	return u->shape->formats[version - 1].steps;
}

static gsize count_steps(const SnStep *steps)
{
	gsize count = 0;

	while (steps[count].sql)
		count++;
	return count;
}

static gint64 work_of(SnStore *store, const SnStep *step)
{
	return 1 + step->weight * last_row(store, step->over);
}

static void measure(Upgrade *u)
{
	u->total = u->done = 0;
	for (int version = u->version; version < u->shape->version; version++) {
		const SnStep *steps = steps_of(u, version);
		for (gsize i = 0; steps[i].sql; i++) {
			u->total += work_of(u->store, &steps[i]);
			if (version == u->version && i + 1 == u->step)
				u->done = u->total;
		}
	}
	if (u->position > 0)
		u->done += steps_of(u, u->version)[u->step].weight * u->position;
	u->done_before = u->done;
}

/* FALSE: whoever is told wants it to stop. */
static gboolean tell(Upgrade *u, gboolean always)
{
	gint64 now = g_get_monotonic_time(), gone = now - u->begun, made = u->done - u->done_before;

	if (!u->watch || !u->watch->told || (!always && now - u->told < TOLD_EVERY))
		return TRUE;
	u->told = now;
	u->report.done = u->done;
	u->report.total = MAX(u->total, u->done);
	u->report.seconds = (int)(gone / G_USEC_PER_SEC);
	u->report.seconds_left = made > 0 && gone > G_USEC_PER_SEC / 2 ?
		(int)((double)gone / (double)made * (double)(u->report.total - u->done) / 1e6) : -1;
	if (!u->watch->told(&u->report, u->watch->data))
		u->stopped = TRUE;
	return !u->stopped;
}

static int tick(void *data)
{
	return !tell(data, FALSE);
}

static gboolean stopped(const Upgrade *u, GError **error)
{
	g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED,
	            "The database %s is on its way to a new format. Nothing is lost; the next start of "
	            "sennit goes on with it.", u->store->path);
	return FALSE;
}

static gboolean note_place(Upgrade *u, gsize step, gint64 position, GError **error)
{
	g_autofree char *place = g_strdup_printf("%zu %zu %" G_GINT64_FORMAT, step,
	                                         count_steps(steps_of(u, u->version)), position);

	return sn_run(u->store, error, "INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)",
	              V(PLACE), V(place));
}

static gboolean read_place(Upgrade *u, GError **error)
{
	g_autofree char *place =
		sn_one_text(u->store, "SELECT value FROM setting WHERE key = ?1", V(PLACE));
	g_auto(GStrv) parts = g_strsplit(place ? place : "", " ", 3);
	gsize count = count_steps(steps_of(u, u->version));

	if (g_strv_length(parts) == 3) {
		u->step = (gsize)g_ascii_strtoull(parts[0], NULL, 10);
		u->position = g_ascii_strtoll(parts[2], NULL, 10);
		if (g_ascii_strtoull(parts[1], NULL, 10) == count && u->step < count && u->position >= 0)
			return TRUE;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
	            "The database %s was left on its way to format %d by another version of sennit. "
	            "Start that version once, so that it can finish.", u->store->path, u->version + 1);
	return FALSE;
}

/* ---- transactions ---- */

/* Log and all: readers, who could be in the way, are kept out. */
static void empty_log(Upgrade *u, int more_than)
{
	if (u->store->wal_pages <= more_than)
		return;
	u->store->wal_pages = 0;
	sqlite3_wal_checkpoint_v2(u->store->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
}

static gboolean start(Upgrade *u, GError **error)
{
	g_assert(u->store->depth == 0);
	u->store->depth = sn_exec(u->store, "BEGIN IMMEDIATE", error);
	return u->store->depth > 0;
}

static gboolean finish(Upgrade *u, gboolean ok, GError **error)
{
	g_assert(u->store->depth == 1);
	ok = ok && sn_exec(u->store, "COMMIT", error);
	if (!ok && !sqlite3_get_autocommit(u->store->db))
		sn_exec(u->store, "ROLLBACK", NULL);
	u->store->depth = 0;
	if (!ok && u->stopped) {
		g_clear_error(error);
		return stopped(u, error);
	}
	if (ok)
		empty_log(u, u->shape->log_pages ? u->shape->log_pages : LOG_PAGES);
	return ok;
}

/* The mark that keeps others away, before anything else changes. */
static gboolean mark(Upgrade *u, GError **error)
{
	if (!start(u, error))
		return FALSE;
	return finish(u, note_place(u, 0, 0, error) &&
	              set_version(u->store, UNDER_WAY + u->version, error), error);
}

/* The format is complete. */
static gboolean unmark(Upgrade *u, GError **error)
{
	return sn_run(u->store, error, "DELETE FROM setting WHERE key = ?1", V(PLACE)) &&
	       set_version(u->store, u->version + 1, error);
}

/* One transaction: `sql` for those rows, and the place after it. */
static gboolean advance(Upgrade *u, const SnStep *step, gint64 to, gboolean over, GError **error)
{
	gboolean last = over && !step[1].sql;

	if (!start(u, error))
		return FALSE;
	gboolean ok = apply(u->store, step->sql, u->position, to, error) &&
	              (last ? unmark(u, error) :
	                      note_place(u, over ? u->step + 1 : u->step, over ? 0 : to, error));
	return finish(u, ok, error);
}

static gboolean run_ranges(Upgrade *u, const SnStep *step, GError **error)
{
	gint64 end = find_last_row(u->store, step->over, error);
	gint64 before = u->done - step->weight * u->position;

	if (end < 0)
		return FALSE;
	for (gboolean over = FALSE; !over;) {
		gint64 begun = g_get_monotonic_time();
		gint64 to = end - u->position > u->range ? u->position + u->range : MAX(end, u->position);
		over = to >= end;
		if (!advance(u, step, to, over, error))
			return FALSE;
		gint64 took = g_get_monotonic_time() - begun;
		if (!u->shape->range && took < MOMENT / 2)
			u->range = MIN(u->range * 2, LARGEST_RANGE);
		else if (!u->shape->range && took > MOMENT)
			u->range = MAX(u->range / 2, 1);
		u->position = to;
		u->done = before + step->weight * to;
		u->report.rows = to;
		if (!tell(u, TRUE) && !(over && !step[1].sql))
			return stopped(u, error);
	}
	return TRUE;
}

static gboolean run_step(Upgrade *u, const SnStep *step, GError **error)
{
	gint64 before = u->done - step->weight * u->position;
	gint64 work = work_of(u->store, step);

	u->report.what = step->what;
	u->report.rows = u->position;
	u->report.of = last_row(u->store, step->over);
	u->range = u->shape->range ? u->shape->range : FIRST_RANGE;
	if (step->ranges ? !run_ranges(u, step, error) : !advance(u, step, 0, TRUE, error))
		return FALSE;
	u->done = before + work;
	if (!step->ranges && !tell(u, TRUE) && step[1].sql)
		return stopped(u, error);
	return TRUE;
}

static gboolean run_format(Upgrade *u, GError **error)
{
	const SnStep *steps = steps_of(u, u->version);

	for (; steps[u->step].sql; u->step++, u->position = 0)
		if (!run_step(u, &steps[u->step], error))
			return FALSE;
	u->step = 0;
	u->version++;
	return TRUE;
}

/* ---- all of it ---- */

static gboolean has_room(const Upgrade *u, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(u->store->path);
	struct statvfs disk;
	gint64 wanted = 0;

	for (int version = u->version; version < u->shape->version; version++)
		wanted += u->shape->formats[version - 1].room * last_row(u->store, "message");
	if (u->total > 0)
		wanted = (gint64)((double)wanted * (double)(u->total - u->done) / (double)u->total);
	wanted += wanted ? ROOM : 0;
	if (statvfs(directory, &disk) != 0)
		return TRUE; /* it will be seen when it is written */
	guint64 free = (guint64)disk.f_bavail * disk.f_frsize;
	if (free >= (guint64)wanted)
		return TRUE;
	g_autofree char *needed = g_format_size((guint64)wanted), *there = g_format_size(free);
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE,
	            "To bring the database %s to a new format takes up to %s on the disk, and %s are "
	            "free. Free some space and start sennit again.", u->store->path, needed, there);
	return FALSE;
}

static gboolean begin(Upgrade *u, int version, GError **error)
{
	gboolean resumed = version > UNDER_WAY;

	u->version = resumed ? version - UNDER_WAY : version;
	if (resumed && !read_place(u, error))
		return FALSE;
	measure(u);
	if (!has_room(u, error))
		return FALSE;
	u->begun = g_get_monotonic_time();
	u->report.from = u->version;
	u->report.to = u->shape->version;
	sqlite3_progress_handler(u->store->db, TICK, tick, u);
	return resumed || mark(u, error);
}

static gboolean run(Upgrade *u, GError **error)
{
	int version = user_version(u->store, error);

	if (version < 0 || version == u->shape->version)
		return version > 0; /* another one did it while this one waited */
	if (!begin(u, version, error) || !run_format(u, error))
		return FALSE;
	while (u->version < u->shape->version)
		if (u->stopped ? !stopped(u, error) : !mark(u, error) || !run_format(u, error))
			return FALSE;
	return TRUE;
}

static int patience_of(const SnShape *shape)
{
	return shape->patience ? shape->patience : PATIENCE;
}

static SnStore *open_alone(const char *path, const SnShape *shape, GError **error)
{
	g_autoptr(GError) local = NULL;
	SnStore *store = sn_store_connect(path, SN_STORE_ENGINE, error);

	if (!store)
		return NULL;
	sn_store_set_patience(store, patience_of(shape));
	/* A cache of a fixed size, and sorting in files: what is sorted may be as many as all messages. */
	if (sn_exec(store, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
	            "BEGIN IMMEDIATE; COMMIT", &local) && sn_store_settle(store, &local) &&
	    sn_exec(store, "PRAGMA cache_size = -16000; PRAGMA temp_store = FILE", &local))
		return store;
	if (g_error_matches(local, SN_ERROR, SN_ERROR_BUSY))
		g_set_error(error, SN_ERROR, SN_ERROR_BUSY,
		            "The database %s has to be brought to a new format, and another sennit has "
		            "it open. End that one (also \"sennit engine\"), then start this one again.",
		            path);
	else
		g_propagate_error(error, g_steal_pointer(&local));
	sn_store_close(store);
	return NULL;
}

/* Only one at a time; the others wait for their turn. */
static SnLock *take_lock(const char *path, const SnShape *shape, const SnStoreWatch *watch,
                         GError **error)
{
	g_autofree char *name = lock_path(path);
	gint64 begun = g_get_monotonic_time(), patience = patience_of(shape) * 1000;

	for (;;) {
		g_autoptr(GError) local = NULL;
		SnLock *lock = sn_lock_take(name, &local);
		gint64 waited = g_get_monotonic_time() - begun;
		SnStoreUpgrade report = { .process = sn_lock_holder(name),
			                  .seconds = (int)(waited / G_USEC_PER_SEC) };
		if (lock)
			return lock;
		if (!g_error_matches(local, SN_ERROR, SN_ERROR_BUSY)) {
			g_propagate_error(error, g_steal_pointer(&local));
			return NULL;
		}
		if (watch && watch->told ? !watch->told(&report, watch->data) : waited > patience) {
			g_set_error(error, SN_ERROR, SN_ERROR_BUSY,
			            "Another sennit (process %d) is bringing the database %s to a new "
			            "format. Wait until it is done.", report.process, path);
			return NULL;
		}
		g_usleep(TOLD_EVERY);
	}
}

gboolean sn_store_reshape(const char *path, const SnShape *shape, const SnStoreWatch *watch,
                          GError **error)
{
	SnLock *lock = take_lock(path, shape, watch, error);

	if (!lock)
		return FALSE;
	Upgrade u = { .store = open_alone(path, shape, error), .shape = shape, .watch = watch };
	gboolean ok = u.store && run(&u, error);
	if (u.store) {
		sqlite3_progress_handler(u.store->db, 0, NULL, NULL);
		empty_log(&u, 0);
	}
	sn_store_close(u.store);
	if (ok) {
		/* Whoever waits for this very file finds nothing left to do. */
		g_autofree char *name = lock_path(path);
		(void)unlink(name);
	}
	sn_lock_release(lock);
	return ok;
}
