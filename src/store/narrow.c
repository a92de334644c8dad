/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * narrow.c - opening a store of which only what a search reads is known.
 *
 * SQLite reads its schema at the first statement, one entry after the other, and parses each: all of
 * them take longer than most answers. Here it is interrupted behind the last one that is needed. They
 * stand first in schema.sql; in a store that was migrated or written anew they may come later, and
 * then more is read. What is not known cannot be asked for: SQLite says that there is no such table.
 *
 * With SQLITE_DBCONFIG_WRITABLE_SCHEMA it takes a schema that could not be read to its end for read,
 * which is meant for damaged files. The file is opened for reading only, so nothing is written by it,
 * and the flag is taken back before anything is asked. A version of SQLite that does otherwise reads
 * the whole schema, or fails, and then the store is opened as ever.
 */
#include <string.h>

#include "src/store/migrate.h"
#include "src/store/private.h"

/* An index that SQLite makes for a UNIQUE is known with its table but not where it lies until its own
 * entry was read: it is needed too. */
static const char *const needed[] = {
	"person", "sqlite_sequence", "address", "sqlite_autoindex_address_1", "message", "message_time",
	"message_sender", "message_sender_name", "message_carried", "search", "search_data", "search_idx",
	"search_config",
	/* for questions about places, kinds and recipients */
	"conversation", "sqlite_autoindex_conversation_1", "party", "folder", "sqlite_autoindex_folder_1",
	"location", "location_message", "location_listed",
};
enum { ALWAYS = 13 };

typedef struct {
	sqlite3 *db;
	guint wanted, found; /* of those */
} Reading;

/* Before the entry is taken in: the one behind the last that is needed is not. */
static int see_entry(unsigned what, void *data, void *statement, void *unused)
{
	enum { COLUMNS = 5, NAME = 1 }; /* type, name, tbl_name, rootpage, sql */
	Reading *reading = data;
	sqlite3_stmt *row = statement;
	const char *name = sqlite3_column_count(row) == COLUMNS ?
	                           (const char *)sqlite3_column_text(row, NAME) : NULL;

	(void)what;
	(void)unused;
	if (reading->found == reading->wanted)
		sqlite3_interrupt(reading->db);
	for (guint i = 0; name && i < reading->wanted; i++)
		if (strcmp(name, needed[i]) == 0)
			reading->found++;
	return 0;
}

/* FALSE when something is missing. */
static gboolean read_schema(sqlite3 *db, guint wanted)
{
	Reading reading = { db, wanted, 0 };
	sqlite3_stmt *first = NULL;

	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
	sqlite3_trace_v2(db, SQLITE_TRACE_ROW, see_entry, &reading);
	/* it may say that it was interrupted; the next one counts */
	sqlite3_prepare_v2(db, "SELECT 1 FROM message", -1, &first, NULL);
	sqlite3_finalize(first);
	sqlite3_trace_v2(db, 0, NULL, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0, NULL);
	return reading.found == wanted;
}

SnStore *sn_store_open_narrow(const char *path, const SnQuery *query)
{
	gboolean all = query->to || query->in || query->folder || query->by_kind;
	SnStore *store = g_new0(SnStore, 1);

	store->path = g_strdup(path);
	store->role = SN_STORE_READER;
	store->patience = SN_BUSY_MS;
	store->turn = -1;
	/* Pages: those of answers are read once each, and memory that is used again need not be got first.
	 * One transaction: what is found is of one moment, and nobody changes the schema meanwhile */
	if (sn_store_attach(store, SQLITE_OPEN_READONLY, NULL) && sn_exec(store, "BEGIN", NULL) &&
	    sn_store_fit(store, &sn_store_shape, NULL) == SN_FIT_NEWEST &&
	    read_schema(store->db, all ? G_N_ELEMENTS(needed) : ALWAYS) &&
	    sn_exec(store, "PRAGMA cache_size = 64", NULL))
		return store;
	sn_store_close(store);
	return NULL;
}
