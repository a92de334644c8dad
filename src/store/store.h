/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - the one meeting point of client, commands and engine: a SQLite database.
 *
 * Clients read rows and write intents; the engine turns intents into traffic and traffic into
 * rows. Every other header of this folder is a set of functions over an open SnStore.
 *
 * Threads: an SnStore is one connection and belongs to one thread at a time; open as many as
 * needed. Ids are rowids, > 0, and never reused (AUTOINCREMENT); 0 means none.
 * Ownership: structs that functions return belong to the caller, who frees them with the
 * matching _free(); GPtrArrays free their elements. Strings inside are never freed singly.
 * Strings in parameters are copied. UTF-8 everywhere; "NULL" in a comment means may be NULL.
 * Errors: SN_ERROR_STORAGE (disk full, I/O, damaged), SN_ERROR_BUSY (locked for longer than five
 * seconds), SN_ERROR_NOT_FOUND where a row was named that is not there.
 */
#ifndef SN_STORE_STORE_H
#define SN_STORE_STORE_H

#include <glib.h>

#include "src/base/clock.h"
#include "src/base/error.h"

typedef gint64 SnId;

typedef struct sn_store SnStore;

typedef enum {
	SN_STORE_CLIENT, /* reads, small intents: WAL without fsync and without checkpoints */
	SN_STORE_ENGINE, /* the big writer: migrates, checkpoints; sn_store_sync() makes durable */
	SN_STORE_READER, /* only reads (a search thread) */
} SnStoreRole;

/*
 * Opens (and creates, 0600, and migrates) the database `path`. Beside it lie `path`-wal, -shm and
 * the bell file. A database newer than this program is refused with SN_ERROR_CONFIG.
 */
SnStore *sn_store_open(const char *path, SnStoreRole role, GError **error);

/*
 * How far the migration of an older database is. It is one of many short transactions, and goes on at
 * the next start wherever it stops. Nobody else may have the database open meanwhile.
 */
typedef struct {
	int from, to;        /* formats; 0: another sennit is at it, and this one waits */
	int process;         /* of that other one; 0 not known */
	const char *what;    /* being made now; NULL nothing worth a word */
	gint64 rows, of;     /* rows of it that were read; 0 */
	gint64 done, total;  /* of all, in parts that take about as long as each other */
	int seconds;         /* since it began, or went on */
	int seconds_left;    /* -1 not known yet */
} SnStoreUpgrade;

typedef struct {
	/* Some ten times a second. FALSE: stop, with SN_ERROR_CANCELLED. Must not open the store. */
	gboolean (*told)(const SnStoreUpgrade *upgrade, gpointer data);
	/* After the last time, whatever came of it. May be NULL. */
	void (*ended)(gpointer data);
	gpointer data;
} SnStoreWatch;

/* As sn_store_open(), telling of a migration. watch NULL: nobody. Without one to tell, another sennit
 * that migrates is waited for three seconds (SN_ERROR_BUSY), else until it is done. */
SnStore *sn_store_open_watched(const char *path, SnStoreRole role, const SnStoreWatch *watch,
                               GError **error);
void sn_store_close(SnStore *store); /* NULL is fine */

/*
 * Transactions nest (savepoints); the outermost begin takes the write lock, the outermost commit
 * rings the bell if anything changed. A function of this folder that writes opens its own, so
 * single calls need none. After a failed commit everything is rolled back. When a query failed
 * that answers by itself ("none", "nobody"), the transaction it was in cannot be committed.
 */
gboolean sn_store_begin(SnStore *store, GError **error);
/* ENGINE, within a transaction: a client waits for it to end. */
gboolean sn_store_is_wanted(SnStore *store);
gboolean sn_store_commit(SnStore *store, GError **error);
void sn_store_rollback(SnStore *store);

/* Why a query outside a transaction failed, the first that did; what was read may lack something then.
 * NULL: none did. */
const GError *sn_store_missed(const SnStore *store);

/*
 * What keeps the engine from writing, or reading, the store. Told beside the database, which is the point.
 * It lasts until the engine has written again; DAMAGED until it is started again.
 */
typedef enum {
	SN_TROUBLE_NONE,
	SN_TROUBLE_FULL,
	SN_TROUBLE_DISK,
	SN_TROUBLE_READ_ONLY,
	SN_TROUBLE_DAMAGED,
} SnTrouble;
SnTrouble sn_store_trouble(SnStore *store);
SnTrouble sn_trouble_of(const GError *error); /* that this folder gave; NULL is NONE */
const char *sn_trouble_word(SnTrouble trouble); /* "disk full"; NULL for NONE */
const char *sn_trouble_text(SnTrouble trouble); /* and what it means, in a sentence */

/* Makes all that any connection committed before survive a power cut (fsync). Engine only. */
gboolean sn_store_sync(SnStore *store, GError **error);

/* The time for journals and new rows; NULL = the wall clock (the default). Kept, not copied. */
void sn_store_set_clock(SnStore *store, const SnClock *clock);

/* How long to wait for another writer before SN_ERROR_BUSY, in ms; 5000 at first. */
void sn_store_set_patience(SnStore *store, int ms);

/* TRUE when another connection committed since the last call (PRAGMA data_version). */
gboolean sn_store_changed(SnStore *store);
/*
 * How the files of the database are, when nothing in it waits to be done and no other connection has
 * changed it since sn_store_changed() was asked last; else NULL. Of the engine, before it closes.
 */
char *sn_store_rest(SnStore *store);
/* Whether nobody has written to it since that mark was given. Does not open it. */
gboolean sn_store_rests(const char *path, const char *mark);

/* The file that the bell of this store is; owned by the store. */
const char *sn_store_bell_path(SnStore *store);
void sn_store_ring(SnStore *store);

/* Stops the statement that another thread runs on this connection (sqlite3_interrupt). Any thread. */
void sn_store_interrupt(SnStore *store);

/* Integrity check for `sennit doctor`: TRUE when sound; `report` (free it) says what was found. */
gboolean sn_store_check(SnStore *store, char **report, GError **error);

/*
 * Writes the file anew, the search index in one piece and without free pages; its size before and
 * after, in bytes. Takes twice its size of disk meanwhile (SN_ERROR_STORAGE). Others can read, and wait
 * to write; killed in the middle, all is as it was. Not within a transaction. Sets the process's
 * SQLITE_TMPDIR: no other thread may run.
 */
gboolean sn_store_compact(SnStore *store, gint64 *before, gint64 *after, GError **error);

/* Small named values (last wizard step, own device ids ...). NULL value deletes. */
char *sn_store_get(SnStore *store, const char *key); /* NULL when absent; caller frees */
gboolean sn_store_set(SnStore *store, const char *key, const char *value, GError **error);

/* The two channels. */
typedef enum { SN_CHANNEL_MAIL, SN_CHANNEL_IM } SnChannel;
const char *sn_channel_word(SnChannel channel); /* "mail", "im" */
gboolean sn_channel_parse(const char *word, SnChannel *channel);

#endif
