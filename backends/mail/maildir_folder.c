/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/mail/maildir_private.h"

#define MAX_ENTRIES 5000000
#define MAX_MESSAGE ((gint64)256 << 20)

static const struct {
	char letter;
	guint flag;
} letters[] = {
	/* in the order they are written */
	{ 'D', SN_MAIL_DRAFT },    { 'F', SN_MAIL_FLAGGED }, { 'P', SN_MAIL_FORWARDED },
	{ 'R', SN_MAIL_ANSWERED }, { 'S', SN_MAIL_SEEN },    { 'T', SN_MAIL_DELETED },
};

static void entry_free(gpointer data)
{
	SnMaildirEntry *entry = data;

	g_free(entry->base);
	g_free(entry->file);
	g_free(entry);
}

SnMaildirFolder *sn_maildir_folder_new(const char *name, const char *path)
{
	SnMaildirFolder *folder = g_new0(SnMaildirFolder, 1);

	folder->name = g_strdup(name);
	folder->path = g_strdup(path);
	folder->uidnext = 1;
	folder->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
	return folder;
}

void sn_maildir_folder_free(SnMaildirFolder *folder)
{
	if (!folder)
		return;
	g_hash_table_unref(folder->entries);
	g_free(folder->name);
	g_free(folder->path);
	g_free(folder);
}

static gboolean set_error(GError **error, int failure, const char *what, const char *path)
{
	int code = failure == ENOENT                       ? SN_ERROR_NOT_FOUND
		   : failure == EACCES || failure == EPERM ? SN_ERROR_PERMISSION
							   : SN_ERROR_STORAGE;

	g_set_error(error, SN_ERROR, code, "%s %s failed: %s.", what, path, g_strerror(failure));
	return FALSE;
}

/* ---- names and flags ---- */

static const char *info_of(const char *file)
{
	return strstr(file, ":2,");
}

guint sn_maildir_flags_of(const char *file)
{
	const char *info = info_of(file);
	guint flags = 0;

	for (const char *c = info ? info + 3 : ""; *c; c++)
		for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
			if (*c == letters[i].letter)
				flags |= letters[i].flag;
	return flags;
}

char *sn_maildir_file_with(const char *base, const char *file, guint flags)
{
	GString *name = g_string_new(base);
	const char *info = file ? info_of(file) : NULL;

	g_string_append(name, ":2,");
	for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
		if (flags & letters[i].flag)
			g_string_append_c(name, letters[i].letter);
	for (const char *c = info ? info + 3 : ""; *c; c++)
		if (!strchr("DFPRST", *c))
			g_string_append_c(name, *c);
	return g_string_free(name, FALSE);
}

/* ---- scanning ---- */

static void note_file(SnMaildirFolder *folder, GHashTable *found, const char *part,
		      const char *file)
{
	const char *info = info_of(file);
	g_autofree char *base = info ? g_strndup(file, (gsize)(info - file)) : g_strdup(file);
	SnMaildirEntry *old = g_hash_table_lookup(folder->entries, base);
	SnMaildirEntry *entry = g_new0(SnMaildirEntry, 1);

	entry->file = g_strconcat(part, "/", file, NULL);
	entry->flags = sn_maildir_flags_of(file);
	entry->uid = old ? old->uid : 0;
	entry->told = old && old->told && old->flags == entry->flags;
	entry->base = g_steal_pointer(&base);
	g_hash_table_replace(found, entry->base, entry);
}

static gboolean scan_part(SnMaildirFolder *folder, GHashTable *found, const char *part,
			  GError **error)
{
	g_autofree char *path = g_build_filename(folder->path, part, NULL);
	DIR *dir = opendir(path);
	struct dirent *item;

	if (!dir)
		return set_error(error, errno, "Reading", path);
	while ((item = readdir(dir)) && g_hash_table_size(found) < MAX_ENTRIES)
		if (item->d_name[0] != '.' && item->d_type != DT_DIR)
			note_file(folder, found, part, item->d_name);
	closedir(dir);
	return TRUE;
}

gboolean sn_maildir_scan(SnMaildirFolder *folder, GError **error)
{
	GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);

	/* new/ first: what is moved to cur/ meanwhile is then seen twice, not never */
	if (!scan_part(folder, found, "new", error) || !scan_part(folder, found, "cur", error)) {
		g_hash_table_unref(found);
		return FALSE;
	}
	g_hash_table_unref(folder->entries);
	folder->entries = found;
	return TRUE;
}

SnMaildirEntry *sn_maildir_by_uid(SnMaildirFolder *folder, guint32 uid)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, folder->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((SnMaildirEntry *)value)->uid == uid)
			return value;
	return NULL;
}

guint32 sn_maildir_number(SnMaildirFolder *folder, SnMaildirEntry *entry)
{
	g_assert(entry->uid == 0);
	entry->uid = folder->uidnext++;
	return entry->uid;
}

/* ---- changing ---- */

static void set_file(SnMaildirEntry *entry, char *file, guint flags)
{
	g_free(entry->file);
	entry->file = file;
	entry->flags = flags;
}

/* Another program may have changed the file's flags, and so its name: looks for it again once.
 * *entry is then the new one. */
static gboolean find_again(SnMaildirFolder *folder, SnMaildirEntry **entry, GError **error)
{
	g_autofree char *base = g_strdup((*entry)->base);

	if (!sn_maildir_scan(folder, error))
		return FALSE;
	*entry = g_hash_table_lookup(folder->entries, base);
	if (*entry)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The message is no longer in %s.",
		    folder->name);
	return FALSE;
}

gboolean sn_maildir_set_flags(SnMaildirFolder *folder, SnMaildirEntry *entry, guint flags,
			      GError **error)
{
	for (int tries = 0; tries < 3; tries++) {
		g_autofree char *name = sn_maildir_file_with(entry->base, entry->file, flags);
		g_autofree char *file = g_strconcat("cur/", name, NULL);
		g_autofree char *from = g_build_filename(folder->path, entry->file, NULL);
		g_autofree char *to = g_build_filename(folder->path, file, NULL);
		if (rename(from, to) == 0) {
			set_file(entry, g_steal_pointer(&file), flags);
			entry->told = TRUE;
			return TRUE;
		}
		if (errno != ENOENT)
			return set_error(error, errno, "Renaming", from);
		if (!find_again(folder, &entry, error))
			return FALSE;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_BUSY,
		    "Another program keeps changing the message in %s.", folder->name);
	return FALSE;
}

gboolean sn_maildir_remove(SnMaildirFolder *folder, SnMaildirEntry *entry, GError **error)
{
	for (int tries = 0; tries < 3; tries++) {
		g_autofree char *path = g_build_filename(folder->path, entry->file, NULL);
		if (unlink(path) == 0) {
			g_hash_table_remove(folder->entries, entry->base);
			return TRUE;
		}
		if (errno != ENOENT)
			return set_error(error, errno, "Removing", path);
		g_autoptr(GError) gone = NULL;
		if (!find_again(folder, &entry, &gone))
			return TRUE; /* which is what was wanted */
	}
	g_set_error(error, SN_ERROR, SN_ERROR_BUSY,
		    "Another program keeps changing the message in %s.", folder->name);
	return FALSE;
}

/* ---- delivery ---- */

/* As the Maildir specification has it; '/' and ':' in a host name are written in octal. */
static char *unique_name(void)
{
	g_autoptr(GString) host = g_string_new(NULL);
	gint64 now = g_get_real_time();

	for (const char *c = g_get_host_name(); *c; c++) {
		if (*c == '/' || *c == ':' || *c == ',')
			g_string_append_printf(host, "\\%03o", (unsigned)*c);
		else
			g_string_append_c(host, *c);
	}
	return g_strdup_printf("%" G_GINT64_FORMAT ".M%06" G_GINT64_FORMAT "P%dR%08x.%s",
			       now / G_USEC_PER_SEC, now % G_USEC_PER_SEC, (int)getpid(),
			       g_random_int(), host->str);
}

static gboolean write_all(int fd, const char *bytes, gsize length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return FALSE;
		bytes += written;
		length -= (gsize)written;
	}
	return TRUE;
}

static void sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

static gboolean write_file(const char *path, const void *bytes, gsize length, SnTime time,
			   GError **error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return set_error(error, errno, "Writing", path);
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
				     { .tv_sec = time / 1000, .tv_nsec = time % 1000 * 1000000 } };
	gboolean good = write_all(fd, bytes, length) && (time <= 0 || futimens(fd, times) == 0) &&
			fsync(fd) == 0;
	int failure = errno;
	if (close(fd) != 0 && good) {
		failure = errno;
		good = FALSE;
	}
	if (good)
		return TRUE;
	unlink(path);
	return set_error(error, failure, "Writing", path);
}

char *sn_maildir_deliver(const char *path, const void *bytes, gsize length, guint flags,
			 SnTime time, GError **error)
{
	g_autofree char *base = unique_name();
	g_autofree char *file = sn_maildir_file_with(base, NULL, flags);
	g_autofree char *tmp = g_build_filename(path, "tmp", base, NULL);
	g_autofree char *cur = g_build_filename(path, "cur", NULL);
	g_autofree char *to = g_build_filename(cur, file, NULL);

	if (!write_file(tmp, bytes, length, time, error))
		return NULL;
	if (rename(tmp, to) != 0) {
		set_error(error, errno, "Storing", to);
		unlink(tmp);
		return NULL;
	}
	sync_dir(cur);
	return g_steal_pointer(&base);
}

/* mbsync keeps its own number in the name (",U=17"), which means something else elsewhere. */
static char *base_elsewhere(const char *base)
{
	g_autoptr(GRegex) number = g_regex_new(",U=[0-9]+", 0, 0, NULL);

	return g_regex_replace_literal(number, base, -1, 0, "", 0, NULL);
}

static char *copy_away(SnMaildirFolder *folder, SnMaildirEntry *entry, const char *target_path,
		       GError **error)
{
	SnTime time = 0;
	g_autoptr(GBytes) raw = sn_maildir_read(folder, entry, &time, error);
	gsize length = 0;

	if (!raw)
		return NULL;
	const void *bytes = g_bytes_get_data(raw, &length);
	g_autofree char *base =
		sn_maildir_deliver(target_path, bytes, length, entry->flags, time, error);
	if (!base || !sn_maildir_remove(folder, entry, error))
		return NULL;
	return g_steal_pointer(&base);
}

char *sn_maildir_move(SnMaildirFolder *folder, SnMaildirEntry *entry, const char *target_path,
		      GError **error)
{
	g_autofree char *base = base_elsewhere(entry->base);

	for (int tries = 0; tries < 3; tries++) {
		g_autofree char *file = sn_maildir_file_with(base, entry->file, entry->flags);
		g_autofree char *from = g_build_filename(folder->path, entry->file, NULL);
		g_autofree char *to = g_build_filename(target_path, "cur", file, NULL);
		if (g_file_test(to, G_FILE_TEST_EXISTS)) {
			g_free(base);
			base = unique_name();
			continue;
		}
		if (rename(from, to) == 0) {
			g_hash_table_remove(folder->entries, entry->base);
			return g_steal_pointer(&base);
		}
		if (errno == EXDEV)
			return copy_away(folder, entry, target_path, error);
		if (errno != ENOENT) {
			set_error(error, errno, "Moving", from);
			return NULL;
		}
		if (!find_again(folder, &entry, error))
			return NULL;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_BUSY,
		    "Another program keeps changing the message in %s.", folder->name);
	return NULL;
}

GBytes *sn_maildir_read(SnMaildirFolder *folder, SnMaildirEntry *entry, SnTime *time,
			GError **error)
{
	for (int tries = 0; tries < 3; tries++) {
		g_autofree char *path = g_build_filename(folder->path, entry->file, NULL);
		char *bytes = NULL;
		gsize length = 0;
		struct stat info = { 0 };
		if (stat(path, &info) == 0 && info.st_size > MAX_MESSAGE) {
			g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
				    "The message in %s is too large.", path);
			return NULL;
		}
		g_autoptr(GError) failure = NULL;
		if (g_file_get_contents(path, &bytes, &length, &failure)) {
			*time = (SnTime)info.st_mtim.tv_sec * SN_SECOND +
				info.st_mtim.tv_nsec / 1000000;
			return g_bytes_new_take(bytes, length);
		}
		if (!g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
			g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s", failure->message);
			return NULL;
		}
		if (!find_again(folder, &entry, error))
			return NULL;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_BUSY,
		    "Another program keeps changing the message in %s.", folder->name);
	return NULL;
}
