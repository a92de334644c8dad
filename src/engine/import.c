/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import.c - emails from a Maildir, an mbox, an .eml file or a directory of them, into the store.
 *
 * A parser thread reads ahead of the database; transactions are short, so that a running engine and
 * clients go on.
 */
#include "src/engine/sync_private.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>

enum {
	BATCH_US = 20 * 1000,
	MAX_DEPTH = 8,
	MAX_FILE = 64 << 20,
	PROGRESS_EVERY = 50,
};

typedef struct {
	GBytes *raw; /* NULL: `name` could not be read */
	guint flags;
	SnPrepared *prepared;
} Item;

typedef struct {
	const SnConfig *config;
	const char *path;
	SnQueue *items; /* of Item, from the reader to the writer */
	GError *error;  /* of the reader */
} Reader;

static void item_free(gpointer data)
{
	Item *item = data;

	g_clear_pointer(&item->raw, g_bytes_unref);
	sn_prepared_free(item->prepared);
	g_free(item);
}

/* FALSE when the writer gave up. */
static gboolean give(Reader *reader, GBytes *raw, guint flags)
{
	Item *item = g_new0(Item, 1);
	gsize weight = 512 + (raw ? g_bytes_get_size(raw) : 0);

	item->flags = flags;
	if (raw && g_bytes_get_size(raw) > 0) {
		item->raw = g_bytes_ref(raw);
		item->prepared = sn_prepare_mail(reader->config, NULL, raw, 0);
	}
	if (sn_queue_push(reader->items, item, weight))
		return TRUE;
	item_free(item);
	return FALSE;
}

static gboolean give_file(Reader *reader, const char *path, guint flags)
{
	g_autoptr(GBytes) raw = NULL;
	GStatBuf info;
	char *text;
	gsize length;

	if (g_stat(path, &info) == 0 && info.st_size <= MAX_FILE &&
	    g_file_get_contents(path, &text, &length, NULL))
		raw = g_bytes_new_take(text, length);
	return give(reader, raw, flags);
}

/* Flags in a Maildir file name: ":2,FRS". */
static guint maildir_flags(const char *name)
{
	const char *info = strstr(name, ":2,");
	guint flags = 0;

	for (info = info ? info + 3 : ""; *info; info++) {
		switch (*info) {
		case 'S': flags |= SN_FLAG_SEEN; break;
		case 'R': flags |= SN_FLAG_ANSWERED; break;
		case 'F': flags |= SN_FLAG_FLAGGED; break;
		case 'D': flags |= SN_FLAG_DRAFT; break;
		case 'P': flags |= SN_FLAG_FORWARDED; break;
		}
	}
	return flags;
}

static gboolean is_maildir(const char *path)
{
	g_autofree char *cur = g_build_filename(path, "cur", NULL);
	g_autofree char *fresh = g_build_filename(path, "new", NULL);

	return g_file_test(cur, G_FILE_TEST_IS_DIR) && g_file_test(fresh, G_FILE_TEST_IS_DIR);
}

static gboolean read_path(Reader *reader, const char *path, int depth);

static gboolean read_maildir_part(Reader *reader, const char *maildir, const char *part)
{
	g_autofree char *dir = g_build_filename(maildir, part, NULL);
	g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
	const char *name;

	while (open && (name = g_dir_read_name(open))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		if (*name != '.' && !give_file(reader, path, maildir_flags(name)))
			return FALSE;
	}
	return TRUE;
}

/* Folders of a Maildir++ begin with a dot; a directory of emails may hold others. */
static gboolean read_directory(Reader *reader, const char *path, int depth)
{
	gboolean maildir = is_maildir(path);
	g_autoptr(GDir) open = g_dir_open(path, 0, NULL);
	const char *name;

	if (maildir &&
	    (!read_maildir_part(reader, path, "cur") || !read_maildir_part(reader, path, "new")))
		return FALSE;
	while (open && depth < MAX_DEPTH && (name = g_dir_read_name(open))) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		gboolean directory = g_file_test(below, G_FILE_TEST_IS_DIR);
		if (g_file_test(below, G_FILE_TEST_IS_SYMLINK))
			continue;
		if (maildir && (!directory || !is_maildir(below)))
			continue;
		if (*name == '.' && !(directory && is_maildir(below)))
			continue;
		if (!read_path(reader, below, depth + 1))
			return FALSE;
	}
	return TRUE;
}

static gboolean is_mbox(const char *path)
{
	char start[5] = { 0 };
	FILE *file = g_fopen(path, "rb");
	gboolean found = file && fread(start, 1, 5, file) == 5 && !memcmp(start, "From ", 5);

	if (file)
		fclose(file);
	return found;
}

static gboolean from_mbox(GBytes *raw, gpointer data)
{
	return give(data, raw, SN_FLAG_SEEN);
}

static gboolean read_path(Reader *reader, const char *path, int depth)
{
	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		return read_directory(reader, path, depth);
	if (!is_mbox(path))
		return give_file(reader, path, SN_FLAG_SEEN);
	return sn_mbox_read(path, from_mbox, reader, reader->error ? NULL : &reader->error);
}

static void *reader_main(void *data)
{
	Reader *reader = data;

	if (!g_file_test(reader->path, G_FILE_TEST_EXISTS))
		g_set_error(&reader->error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no %s.",
		            reader->path);
	else
		read_path(reader, reader->path, 0);
	sn_queue_close(reader->items);
	return NULL;
}

typedef struct {
	SnStore *store;
	const SnConfig *config;
	SnAfter *after;
	gint64 added, known, failed;
} Writer;

/* An email that cannot be stored is counted; a store that cannot be written ends the import. */
static gboolean write_item(Writer *writer, Item *item, GError **error)
{
	SnPlace place = { .flags = item->flags, .quiet = TRUE };
	SnAddResult result;

	if (!item->prepared || !item->prepared->mail) {
		writer->failed++;
		return TRUE;
	}
	if (!sn_file_mail(writer->store, writer->config, writer->after, item->prepared, &place,
	                  NULL, &result, error))
		return FALSE;
	if (result == SN_DUPLICATE)
		writer->known++;
	else
		writer->added++;
	return TRUE;
}

static gboolean write_batch(Writer *writer, Item *first, SnQueue *items, GError **error)
{
	gint64 end = g_get_monotonic_time() + BATCH_US;
	gboolean good = sn_store_begin(writer->store, error);
	Item *item = first;

	if (!good) {
		item_free(first);
		return FALSE;
	}
	for (; good && item; item = g_get_monotonic_time() < end ? sn_queue_take(items) : NULL) {
		good = write_item(writer, item, error);
		item_free(item);
	}
	if (good)
		return sn_store_commit(writer->store, error);
	sn_store_rollback(writer->store);
	return FALSE;
}

static void start_reader(pthread_t *thread, Reader *reader)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, SN_PIPE_STACK);
	int failed = pthread_create(thread, &attributes, reader_main, reader);
	pthread_attr_destroy(&attributes);
	if (failed)
		g_error("pthread_create: %s", g_strerror(failed));
}

gboolean sn_engine_import(SnStore *store, const SnConfig *config, const char *path, gint64 *added,
                          gint64 *known, gint64 *failed,
                          void (*progress)(gint64 done, gpointer data), gpointer data,
                          GError **error)
{
	Reader reader = { .config = config, .path = path };
	Writer writer = { .store = store, .config = config, .after = sn_after_new(NULL) };
	gboolean good = TRUE;
	gint64 told = 0;
	pthread_t thread;
	Item *item;

	sn_mime_init();
	reader.items = sn_queue_new(item_free, SN_PIPE_WEIGHT);
	start_reader(&thread, &reader);
	while (good && (item = sn_queue_wait(reader.items, -1))) {
		good = write_batch(&writer, item, reader.items, error);
		gint64 done = writer.added + writer.known + writer.failed;
		if (progress && done - told >= PROGRESS_EVERY) {
			progress(done, data);
			told = done;
		}
	}
	sn_queue_close(reader.items);
	pthread_join(thread, NULL);
	sn_queue_unref(reader.items);
	sn_after_free(writer.after);
	if (added)
		*added = writer.added;
	if (known)
		*known = writer.known;
	if (failed)
		*failed = writer.failed;
	if (reader.error && good) {
		g_propagate_error(error, reader.error);
		return FALSE;
	}
	g_clear_error(&reader.error);
	return good;
}
