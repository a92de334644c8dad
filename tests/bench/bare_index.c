/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bare_index MAILDIR DATABASE - the limit for a first index: in one thread, each file through GMime,
 * its headers and text into one table and an FTS5 index beside it, 500 to a transaction. No people,
 * no threads, no flags, no compression.
 */
#include <stdio.h>

#include <gmime/gmime.h>
#include <sqlite3.h>

#define BATCH 500

static GMimePart *text_part(GMimeObject *object)
{
	if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *all = GMIME_MULTIPART(object);
		for (int i = 0; i < g_mime_multipart_get_count(all); i++) {
			GMimePart *found = text_part(g_mime_multipart_get_part(all, i));
			if (found)
				return found;
		}
		return NULL;
	}
	return GMIME_IS_TEXT_PART(object) ? GMIME_PART(object) : NULL;
}

static void bind_text(sqlite3_stmt *insert, int column, char *text)
{
	if (text)
		sqlite3_bind_text(insert, column, text, -1, g_free);
	else
		sqlite3_bind_null(insert, column);
}

static void bind_message(sqlite3_stmt *insert, GMimeMessage *message)
{
	GDateTime *date = g_mime_message_get_date(message);
	GMimePart *part = text_part(g_mime_message_get_mime_part(message));

	bind_text(insert, 1, g_strdup(g_mime_message_get_message_id(message)));
	bind_text(insert, 2,
	          internet_address_list_to_string(g_mime_message_get_from(message), NULL, FALSE));
	bind_text(insert, 3,
	          internet_address_list_to_string(g_mime_message_get_to(message), NULL, FALSE));
	bind_text(insert, 4, g_strdup(g_mime_message_get_subject(message)));
	sqlite3_bind_int64(insert, 5, date ? g_date_time_to_unix(date) : 0);
	bind_text(insert, 6, part ? g_mime_text_part_get_text(GMIME_TEXT_PART(part)) : NULL);
}

static gboolean add(sqlite3 *db, sqlite3_stmt *insert, sqlite3_stmt *index, const char *path)
{
	GMimeStream *stream = g_mime_stream_file_open(path, "r", NULL);

	if (!stream)
		return FALSE;
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	if (message)
		bind_message(insert, message);
	gboolean good = message && sqlite3_step(insert) == SQLITE_DONE;
	sqlite3_bind_int64(index, 1, sqlite3_last_insert_rowid(db));
	good = good && sqlite3_step(index) == SQLITE_DONE;
	sqlite3_reset(insert);
	sqlite3_reset(index);
	g_clear_object(&message);
	g_object_unref(parser);
	g_object_unref(stream);
	return good;
}

int main(int argc, char **argv)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *insert = NULL, *index = NULL;
	int count = 0;

	if (argc != 3 || sqlite3_open(argv[2], &db) != SQLITE_OK)
		return 2;
	g_mime_init();
	g_autofree char *cur = g_build_filename(argv[1], "cur", NULL);
	g_autoptr(GDir) directory = g_dir_open(cur, 0, NULL);
	sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
	             "CREATE TABLE message (id INTEGER PRIMARY KEY, mid, sender, recipient, subject,"
	             " time, text);"
	             "CREATE VIRTUAL TABLE words USING fts5(sender, recipient, subject, text,"
	             " content='message', content_rowid='id'); BEGIN", NULL, NULL, NULL);
	sqlite3_prepare_v2(db, "INSERT INTO message (mid, sender, recipient, subject, time, text)"
	                   " VALUES (?, ?, ?, ?, ?, ?)", -1, &insert, NULL);
	sqlite3_prepare_v2(db, "INSERT INTO words (rowid, sender, recipient, subject, text)"
	                   " SELECT id, sender, recipient, subject, text FROM message WHERE id = ?",
	                   -1, &index, NULL);
	if (!directory || !insert || !index) {
		fprintf(stderr, "bare_index: %s\n", sqlite3_errmsg(db));
		return 1;
	}
	for (const char *name; (name = g_dir_read_name(directory));) {
		g_autofree char *path = g_build_filename(cur, name, NULL);
		if (!add(db, insert, index, path)) {
			fprintf(stderr, "bare_index: %s: %s\n", path, sqlite3_errmsg(db));
			return 1;
		}
		if (++count % BATCH == 0)
			sqlite3_exec(db, "COMMIT; BEGIN", NULL, NULL, NULL);
	}
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_finalize(insert);
	sqlite3_finalize(index);
	sqlite3_close(db);
	printf("%d\n", count);
	return 0;
}
