/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/statement.h"

#include <string.h>

#include "src/text/text.h"

struct sn_sql {
	SnStore *store;
	const char *sql;
	sqlite3_stmt *stmt;
	int code;          /* of the last step; SQLITE_OK before the first */
	gboolean kept;     /* goes back among the statements at rest */
};

SnValue sn_value_int(gint64 number)
{
	return (SnValue){ SN_VALUE_INT, number, NULL };
}

SnValue sn_value_text(const char *text)
{
	return (SnValue){ text ? SN_VALUE_TEXT : SN_VALUE_NULL, 0, text };
}

SnValue sn_value_blob(gconstpointer bytes, gsize length)
{
	return (SnValue){ SN_VALUE_BLOB, (gint64)length, bytes ? bytes : "" };
}

/* What went wrong, by what a person can do about it. The list is SQLite's primary codes. */
static const struct {
	int code;
	SnErrorCode error;
	const char *text;
	SnTrouble trouble;
} failures[] = {
	{ SQLITE_FULL, SN_ERROR_STORAGE, "The disk is full; free some space and try again", SN_TROUBLE_FULL },
	{ SQLITE_IOERR, SN_ERROR_STORAGE, "The disk reports an error", SN_TROUBLE_DISK },
	{ SQLITE_CORRUPT, SN_ERROR_STORAGE, "The file is damaged; run \"sennit doctor\"", SN_TROUBLE_DAMAGED },
	{ SQLITE_NOTADB, SN_ERROR_STORAGE, "The file is not a database of sennit, or is damaged",
	  SN_TROUBLE_DAMAGED },
	{ SQLITE_READONLY, SN_ERROR_STORAGE, "The file may not be written to", SN_TROUBLE_READ_ONLY },
	{ SQLITE_CANTOPEN, SN_ERROR_STORAGE, "The file cannot be opened" },
	{ SQLITE_PERM, SN_ERROR_STORAGE, "The file may not be opened" },
	{ SQLITE_NOMEM, SN_ERROR_STORAGE, "There is not enough memory" },
	{ SQLITE_BUSY, SN_ERROR_BUSY, "Another program holds it for too long; try again" },
	{ SQLITE_LOCKED, SN_ERROR_BUSY, "Another part of the program holds it; try again" },
	{ SQLITE_INTERRUPT, SN_ERROR_CANCELLED, "The search was stopped" },
	{ SQLITE_TOOBIG, SN_ERROR_LIMIT, "The message is too big to be stored" },
};

/* A store that a sennit under development wrote has the number of this format, and not all of it. */
static gboolean is_unfinished(int code, const char *own)
{
	static const char *const words[] = { "no such column", "no such table", "no such index",
		                             "has no column named" };

	for (gsize i = 0; code == SQLITE_ERROR && i < G_N_ELEMENTS(words); i++)
		if (strstr(own, words[i]))
			return TRUE;
	return FALSE;
}

SnTrouble sn_trouble_of(const GError *error)
{
	for (gsize i = 0; error && i < G_N_ELEMENTS(failures); i++)
		if (strstr(error->message, failures[i].text))
			return failures[i].trouble;
	return SN_TROUBLE_NONE;
}

gboolean sn_store_fail(SnStore *store, int code, GError **error)
{
	const char *own = store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);

	if (is_unfinished(code, own)) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
		            "The database %s was written by an unfinished version of sennit, and lacks "
		            "what this one needs (%s). Put it aside and start sennit: what the servers "
		            "have comes again.", store->path, own);
		return FALSE;
	}

	if (sn_trouble_is_full(store, code))
		code = SQLITE_FULL;
	for (gsize i = 0; i < G_N_ELEMENTS(failures); i++) {
		if (failures[i].code != (code & 0xff))
			continue;
		g_set_error(error, SN_ERROR, failures[i].error, "Cannot use %s. %s (%s, code %d).",
		            store->path, failures[i].text, own, code);
		sn_trouble_tell(store, failures[i].trouble);
		return FALSE;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_BUG, "Cannot use %s: %s (code %d).", store->path, own,
	            code);
	return FALSE;
}

static void statement_free(gpointer data)
{
	SnSql *query = data;

	sqlite3_finalize(query->stmt);
	g_free(query);
}

static GHashTable *statements_of(SnStore *store)
{
	if (!store->statements)
		store->statements =
			g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, statement_free);
	return store->statements;
}

static SnSql *prepare_once(SnStore *store, const char *sql, guint flags)
{
	SnSql *query = g_new0(SnSql, 1);

	query->store = store;
	query->code = sqlite3_prepare_v3(store->db, sql, -1, flags, &query->stmt, NULL);
	return query;
}

static SnSql *prepare(SnStore *store, const char *sql)
{
	SnSql *query = g_hash_table_lookup(statements_of(store), sql);

	if (query) {
		g_hash_table_steal(store->statements, sql);
		query->code = SQLITE_OK;
		return query;
	}
	query = prepare_once(store, sql, SQLITE_PREPARE_PERSISTENT);
	query->sql = sql;
	query->kept = TRUE;
	return query;
}

static int bind(sqlite3_stmt *stmt, int at, const SnValue *value, sqlite3_destructor_type keep)
{
	switch (value->type) {
	case SN_VALUE_INT: return sqlite3_bind_int64(stmt, at, value->number);
	case SN_VALUE_TEXT: return sqlite3_bind_text(stmt, at, value->bytes, -1, keep);
	case SN_VALUE_BLOB:
		return sqlite3_bind_blob64(stmt, at, value->bytes, (sqlite3_uint64)value->number,
		                           keep);
	default: return sqlite3_bind_null(stmt, at);
	}
}

static SnSql *begin(SnStore *store, SnSql *query, const SnValue *values, gsize count,
                    sqlite3_destructor_type keep)
{
	if (query->code != SQLITE_OK)
		return query;
	/* SQLite ended our transaction by itself (disk full): nothing more of it may be written. */
	if (store->depth > 0 && sqlite3_get_autocommit(store->db)) {
		query->code = SQLITE_FULL;
		return query;
	}
	g_assert(sqlite3_bind_parameter_count(query->stmt) == (int)count);
	for (gsize i = 1; i <= count && query->code == SQLITE_OK; i++)
		query->code = bind(query->stmt, (int)i, &values[i], keep);
	return query;
}

static SnSql *start(SnStore *store, const char *sql, const SnValue *values, gsize count,
                    sqlite3_destructor_type keep)
{
	return begin(store, prepare(store, sql), values, count, keep);
}

SnSql *sn_sql_start(SnStore *store, const char *sql, const SnValue *values, gsize count)
{
	return start(store, sql, values, count, SQLITE_TRANSIENT);
}

SnSql *sn_sql_once(SnStore *store, const char *sql, const SnValue *values, gsize count)
{
	return begin(store, prepare_once(store, sql, 0), values, count, SQLITE_TRANSIENT);
}

gboolean sn_sql_row(SnSql *query)
{
	if (query->code != SQLITE_OK && query->code != SQLITE_ROW)
		return FALSE;
	query->code = sqlite3_step(query->stmt);
	return query->code == SQLITE_ROW;
}

gboolean sn_sql_end(SnSql *query, GError **error)
{
	SnStore *store = query->store;
	gboolean ok = query->code == SQLITE_OK || query->code == SQLITE_ROW ||
	              query->code == SQLITE_DONE;

	if (!ok)
		sn_store_fail(store, query->code, error);
	if (query->stmt) {
		sqlite3_reset(query->stmt);
		sqlite3_clear_bindings(query->stmt);
	}
	/* A statement used within its own loop has a twin; the first to end stays. */
	if (ok && query->kept && query->stmt &&
	    !g_hash_table_contains(statements_of(store), query->sql))
		g_hash_table_insert(store->statements, (gpointer)query->sql, query);
	else
		statement_free(query);
	return ok;
}

void sn_sql_drop(SnSql *query)
{
	SnStore *store = query->store;
	g_autoptr(GError) error = NULL;

	if (sn_sql_end(query, &error))
		return;
	if (!g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED))
		g_warning("%s", error->message);
	/* what is written after it would rest on a wrong answer */
	if (store->depth > 0 && !store->unread) {
		store->unread = g_steal_pointer(&error);
		store->unread_at = store->depth;
	} else if (store->depth == 0 && !store->missed &&
	           !g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED)) {
		store->missed = g_steal_pointer(&error);
	}
}

const GError *sn_store_missed(const SnStore *store)
{
	return store->missed;
}

gboolean sn_sql_run(SnStore *store, const char *sql, const SnValue *values, gsize count,
                    GError **error)
{
	gint64 before = sqlite3_total_changes64(store->db);
	SnSql *query = start(store, sql, values, count, SQLITE_STATIC);

	while (sn_sql_row(query))
		;
	gboolean ok = sn_sql_end(query, error);
	if (ok && store->depth == 0 && sqlite3_total_changes64(store->db) != before) {
		/* a transaction of its own: nobody else tells the others */
		store->changed = TRUE;
		sn_trouble_over(store);
		sn_bell_ring(store->bell);
	}
	return ok;
}

gint64 sn_sql_one(SnStore *store, const char *sql, const SnValue *values, gsize count)
{
	SnSql *query = start(store, sql, values, count, SQLITE_STATIC);
	gint64 number = sn_sql_row(query) ? sn_sql_int(query, 0) : 0;

	sn_sql_drop(query);
	return number;
}

char *sn_sql_one_text(SnStore *store, const char *sql, const SnValue *values, gsize count)
{
	SnSql *query = start(store, sql, values, count, SQLITE_STATIC);
	char *text = sn_sql_row(query) ? sn_sql_text(query, 0) : NULL;

	sn_sql_drop(query);
	return text;
}

gint64 sn_sql_int(SnSql *query, int column)
{
	g_assert(column < sqlite3_column_count(query->stmt));
	return sqlite3_column_int64(query->stmt, column);
}

const char *sn_sql_peek(SnSql *query, int column)
{
	g_assert(column < sqlite3_column_count(query->stmt));
	return (const char *)sqlite3_column_text(query->stmt, column);
}

char *sn_sql_text(SnSql *query, int column)
{
	return g_strdup(sn_sql_peek(query, column));
}

GBytes *sn_sql_blob(SnSql *query, int column)
{
	gconstpointer bytes = sqlite3_column_blob(query->stmt, column);

	return g_bytes_new(bytes, (gsize)sqlite3_column_bytes(query->stmt, column));
}

void sn_sql_ids(SnSql *query, GArray *ids)
{
	while (sn_sql_row(query)) {
		SnId id = sn_sql_int(query, 0);
		g_array_append_val(ids, id);
	}
	sn_sql_drop(query);
}

gboolean sn_exec(SnStore *store, const char *sql, GError **error)
{
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? TRUE : sn_store_fail(store, code, error);
}

int sn_changes(SnStore *store)
{
	return sqlite3_changes(store->db);
}

SnId sn_last_id(SnStore *store)
{
	return sqlite3_last_insert_rowid(store->db);
}

SnTime sn_now(SnStore *store)
{
	return sn_clock_now(store->clock);
}

static gsize whole_characters(const char *text, gsize length)
{
	while (length > 0 && ((guchar)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

char *sn_tidy(const char *text, gsize limit)
{
	if (!text)
		return NULL;
	gsize length = strnlen(text, limit + 1);
	if (length > limit)
		length = whole_characters(text, limit);
	if (sn_text_is_ascii(text, length))
		return g_strndup(text, length);
	char *valid = g_utf8_make_valid(text, (gssize)length);
	/* replacement characters may be longer than what they replace */
	if (strlen(valid) > limit)
		valid[whole_characters(valid, limit)] = '\0';
	return valid;
}
