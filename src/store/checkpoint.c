/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint.c - the log goes into the database, beside the engine.
 *
 * To carry it over takes as long as the disk does, and while much comes in it is due every few emails.
 * So a thread with a connection of its own does it, and the engine files what comes next meanwhile; the
 * checkpoint is a passive one, which keeps out neither readers nor writers. The thread begins when the log
 * has grown for the first time, and ends with the store. A log that never gets a pause to begin anew is
 * ended by the engine itself, once it is long.
 */
#include "src/store/private.h"

#define CHECKPOINT_PAGES 1000 /* 4 MB of log */
#define RESTART_PAGES 8000    /* 32 MB: wait for readers to leave the log */
#define RESTART_MS 20         /* but not for long: writers are kept out meanwhile */

struct sn_carrier {
	GThread *thread;
	char *path;
	GMutex lock; /* of what follows */
	GCond changed;
	gboolean due, busy, over;
};

/* ---- the thread ---- */

/* SQLite looks at the log of a connection once it has read. No schema is needed for this. */
static sqlite3 *attach(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
	    sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0) == SQLITE_OK &&
	    sqlite3_exec(db, "PRAGMA user_version", NULL, NULL, NULL) == SQLITE_OK)
		return db;
	g_info("The log is not carried over beside the engine: %s", db ? sqlite3_errmsg(db) : path);
	sqlite3_close(db);
	return NULL;
}

/* The first commit into a log that begins anew waits for the disk. Better ours than that of a key; when
 * somebody else is writing it is his. The number is not used, and stays as it is. */
static void begin_anew(sqlite3 *db)
{
	sqlite3_exec(db, "PRAGMA application_id = 0", NULL, NULL, NULL);
}

static void carry(sqlite3 **db, const char *path)
{
	int left = 0, done = 0;

	if (!*db)
		*db = attach(path);
	if (*db && sqlite3_wal_checkpoint_v2(*db, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &done) == SQLITE_OK &&
	    left > 0 && left == done)
		begin_anew(*db);
}

static gpointer carry_on(gpointer data)
{
	SnCarrier *carrier = data;
	sqlite3 *db = NULL;

	g_mutex_lock(&carrier->lock);
	while (!carrier->over) {
		if (!carrier->due) {
			g_cond_wait(&carrier->changed, &carrier->lock);
			continue;
		}
		carrier->due = FALSE;
		carrier->busy = TRUE;
		g_mutex_unlock(&carrier->lock);
		carry(&db, carrier->path);
		g_mutex_lock(&carrier->lock);
		carrier->busy = FALSE;
		g_cond_broadcast(&carrier->changed);
	}
	g_mutex_unlock(&carrier->lock);
	sqlite3_close(db);
	return NULL;
}

/* ---- the engine ---- */

static void ask(SnStore *store)
{
	SnCarrier *carrier = store->carrier;

	if (!carrier) {
		carrier = store->carrier = g_new0(SnCarrier, 1);
		carrier->path = g_strdup(store->path);
		g_mutex_init(&carrier->lock);
		g_cond_init(&carrier->changed);
		carrier->thread = g_thread_new("sennit-log", carry_on, carrier);
	}
	g_mutex_lock(&carrier->lock);
	carrier->due = TRUE;
	g_cond_broadcast(&carrier->changed);
	g_mutex_unlock(&carrier->lock);
}

void sn_checkpoint_wait(SnStore *store)
{
	SnCarrier *carrier = store->carrier;

	if (!carrier)
		return;
	g_mutex_lock(&carrier->lock);
	while (carrier->due || carrier->busy)
		g_cond_wait(&carrier->changed, &carrier->lock);
	g_mutex_unlock(&carrier->lock);
}

void sn_checkpoint_end(SnStore *store)
{
	SnCarrier *carrier = g_steal_pointer(&store->carrier);

	if (!carrier)
		return;
	g_mutex_lock(&carrier->lock);
	carrier->over = TRUE;
	g_cond_broadcast(&carrier->changed);
	g_mutex_unlock(&carrier->lock);
	g_thread_join(carrier->thread);
	g_mutex_clear(&carrier->lock);
	g_cond_clear(&carrier->changed);
	g_free(carrier->path);
	g_free(carrier);
}

/* Everything that is in the log, and the next commit at its begin. */
static void restart(SnStore *store)
{
	int left = 0, done = 0;

	sn_checkpoint_wait(store);
	store->carried = 0;
	sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &done);
	if (left <= 0 || left != done)
		return; /* a reader still needs old pages: next time */
	int patience = store->patience;
	store->patience = RESTART_MS;
	sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	store->patience = patience;
	begin_anew(store->db);
}

void sn_checkpoint(SnStore *store)
{
	int pages = store->wal_pages;

	if (pages < store->carried)
		store->carried = 0; /* another log */
	if (pages - store->carried < CHECKPOINT_PAGES)
		return;
	store->carried = pages;
	if (pages >= RESTART_PAGES)
		restart(store);
	else
		ask(store);
}
