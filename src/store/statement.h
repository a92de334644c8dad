/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * statement.h - private to src/store: the open store, and prepared statements with bound values.
 *
 * SQL is always a string literal; values are only ever bound. Statements are prepared once for a
 * connection and kept. An error sticks to the statement until sn_sql_end() reports it, so loops
 * need no check of their own.
 */
#ifndef SN_STORE_STATEMENT_H
#define SN_STORE_STATEMENT_H

#include <sqlite3.h>

#include "src/base/bell.h"
#include "src/store/store.h"

#define SN_DEPTH_LIMIT 32 /* of nested transactions */

struct sn_store {
	sqlite3 *db;
	SnStoreRole role;
	char *path;
	char *bell_path;
	SnBell *bell;
	const SnClock *clock;
	GHashTable *statements;   /* SQL text -> SnSql, prepared and at rest */
	int depth;                /* of transactions */
	GPtrArray *unindexed;     /* changes of the search index that wait for the commit */
	guint unindexed_at[SN_DEPTH_LIMIT]; /* how many when that transaction began */
	gint64 changes_at_begin;
	gboolean changed;         /* by statements outside a transaction */
	GError *unread;           /* a query of this transaction failed: it must not be committed */
	int unread_at;            /* the depth at which it failed */
	GError *missed;           /* the first query outside of them that failed */
	SnTrouble trouble;        /* of the engine: as it was told last */
	int patience;             /* ms to wait for another writer */
	int turn;                 /* file that tells the engine a client waits; -1 */
	gint64 data_version;
	ino_t named_log; /* its name in the directory is durable; 0: of none */
	int wal_pages;            /* in the WAL after our last commit */
	int carried;              /* of them: when they were last asked to be carried over */
	struct sn_carrier *carrier; /* checkpoint.c; NULL as long as there was nothing to carry */
};

typedef struct sn_sql SnSql;

/* One value to bind. */
typedef struct {
	enum { SN_VALUE_NONE, SN_VALUE_NULL, SN_VALUE_INT, SN_VALUE_TEXT, SN_VALUE_BLOB } type;
	gint64 number;     /* also the length of a blob */
	const void *bytes;
} SnValue;

SnValue sn_value_int(gint64 number);
SnValue sn_value_text(const char *text); /* NULL binds NULL */
SnValue sn_value_blob(gconstpointer bytes, gsize length);

#define V(x)                                                                                   \
	_Generic((x), char *: sn_value_text, const char *: sn_value_text, default: sn_value_int)(x)

#define SN_VALUES_(...) (const SnValue[]){ { SN_VALUE_NONE, 0, NULL }, __VA_ARGS__ }
#define SN_COUNT_(...) (sizeof(SN_VALUES_(__VA_ARGS__)) / sizeof(SnValue) - 1)

/* Begins a query; values are copied. Never NULL. End it with sn_sql_end() or sn_sql_drop(). */
#define sn_sql(store, sql, ...)                                                                \
	sn_sql_start((store), "" sql, SN_VALUES_(__VA_ARGS__), SN_COUNT_(__VA_ARGS__))
/* Runs a statement that returns nothing. */
#define sn_run(store, error, sql, ...)                                                         \
	sn_sql_run((store), "" sql, SN_VALUES_(__VA_ARGS__), SN_COUNT_(__VA_ARGS__), (error))
/* First column of the first row; 0 or NULL when there is none. */
#define sn_one(store, sql, ...)                                                                \
	sn_sql_one((store), "" sql, SN_VALUES_(__VA_ARGS__), SN_COUNT_(__VA_ARGS__))
#define sn_one_text(store, sql, ...)                                                           \
	sn_sql_one_text((store), "" sql, SN_VALUES_(__VA_ARGS__), SN_COUNT_(__VA_ARGS__))

/* The functions behind them. values[0] is a dummy; sql lives as long as the program. */
SnSql *sn_sql_start(SnStore *store, const char *sql, const SnValue *values, gsize count);
/* For SQL that was put together: it is not kept, and may go once this returns. */
SnSql *sn_sql_once(SnStore *store, const char *sql, const SnValue *values, gsize count);
gboolean sn_sql_run(SnStore *store, const char *sql, const SnValue *values, gsize count,
                    GError **error);
gint64 sn_sql_one(SnStore *store, const char *sql, const SnValue *values, gsize count);
char *sn_sql_one_text(SnStore *store, const char *sql, const SnValue *values, gsize count);

gboolean sn_sql_row(SnSql *query);                 /* FALSE at the end and on error */
gboolean sn_sql_end(SnSql *query, GError **error); /* FALSE with an error if any step failed */
/* End; errors are logged, and the transaction that the query is part of cannot be committed. */
void sn_sql_drop(SnSql *query);
gint64 sn_sql_int(SnSql *query, int column);
char *sn_sql_text(SnSql *query, int column);       /* a copy; NULL for NULL */
const char *sn_sql_peek(SnSql *query, int column); /* until the next step; NULL */
GBytes *sn_sql_blob(SnSql *query, int column);     /* a copy */

void sn_sql_ids(SnSql *query, GArray *ids);        /* appends column 0 of all rows (SnId); drops */

/* A set of fixed statements that are not worth keeping (schema, PRAGMAs). */
gboolean sn_exec(SnStore *store, const char *sql, GError **error);

/* Rows changed by the last statement; id of the last row inserted. */
int sn_changes(SnStore *store);
SnId sn_last_id(SnStore *store);
SnTime sn_now(SnStore *store);

/* Translates a SQLite code of this connection into an error with a sentence; returns FALSE. */
gboolean sn_store_fail(SnStore *store, int code, GError **error);
/* trouble.c: of the engine's connection; others do nothing. */
void sn_trouble_tell(SnStore *store, SnTrouble trouble);
gboolean sn_trouble_is_full(SnStore *store, int code); /* an error of the disk that means just this */
void sn_trouble_over(SnStore *store); /* it has written */

/* Ends the transaction: commit when ok, else roll back. Returns whether all went well. */
gboolean sn_store_finish(SnStore *store, gboolean ok, GError **error);

/* Valid UTF-8 of at most `limit` bytes; NULL stays NULL; caller frees. */
char *sn_tidy(const char *text, gsize limit);

#endif
