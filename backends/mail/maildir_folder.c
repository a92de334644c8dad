/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/mail/maildir_private.h"

#define MAX_ENTRIES 5000000
#define MAX_MESSAGE ((gint64)256 << 20)
#define HEADER_LIMIT 65536 /* how far a Message-ID is looked for */

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
	folder->by_uid = g_hash_table_new(NULL, NULL);
	return folder;
}

void sn_maildir_folder_free(SnMaildirFolder *folder)
{
	if (!folder)
		return;
	g_hash_table_unref(folder->by_uid);
	g_hash_table_unref(folder->entries);
	g_clear_pointer(&folder->seen, g_hash_table_unref);
	g_clear_pointer(&folder->renamed, g_hash_table_unref);
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

static void note_file(GHashTable *found, const char *part, const struct dirent *item)
{
	const char *info = info_of(item->d_name);
	SnMaildirEntry *entry = g_new0(SnMaildirEntry, 1);

	entry->base = info ? g_strndup(item->d_name, (gsize)(info - item->d_name))
			   : g_strdup(item->d_name);
	entry->file = g_strconcat(part, "/", item->d_name, NULL);
	entry->flags = sn_maildir_flags_of(item->d_name);
	entry->inode = item->d_ino;
	entry->size = -1;
	g_hash_table_replace(found, entry->base, entry);
}

/* A pipe or a socket is no message, and would be waited for. */
gboolean sn_maildir_may_be_message(const struct dirent *item)
{
	return item->d_name[0] != '.' &&
	       (item->d_type == DT_REG || item->d_type == DT_LNK || item->d_type == DT_UNKNOWN);
}

struct dirent *sn_maildir_next(DIR *dir, gboolean *failed)
{
	errno = 0;
	struct dirent *item = readdir(dir);

	*failed = *failed || (!item && errno);
	return item;
}

static gboolean scan_part(SnMaildirFolder *folder, GHashTable *found, const char *part,
			  GError **error)
{
	g_autofree char *path = g_build_filename(folder->path, part, NULL);
	DIR *dir = opendir(path);
	struct dirent *item;
	gboolean failed = FALSE;

	if (!dir)
		return set_error(error, errno, "Reading", path);
	while ((item = sn_maildir_next(dir, &failed)) && g_hash_table_size(found) < MAX_ENTRIES)
		if (sn_maildir_may_be_message(item))
			note_file(found, part, item);
	int why = errno;
	closedir(dir);
	return !failed || set_error(error, why, "Reading", path);
}

/* What is known of a file passes on to the entry of the new scan. */
static void pass_on(SnMaildirEntry *to, const SnMaildirEntry *from)
{
	to->uid = from->uid;
	to->given = from->given;
	to->told = from->told && from->flags == to->flags;
	if (to->inode == from->inode) {
		to->size = from->size;
		to->mtime = from->mtime;
	}
}

static void index_numbers(SnMaildirFolder *folder)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_remove_all(folder->by_uid);
	g_hash_table_iter_init(&iter, folder->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		SnMaildirEntry *entry = value;
		if (entry->uid)
			g_assert(g_hash_table_insert(folder->by_uid, GUINT_TO_POINTER(entry->uid),
						     entry));
	}
}

/* A file that got mbsync's number while the directory was read may have been seen under both names:
 * the one without is then the old one. */
static void drop_doubles(GHashTable *found, const GPtrArray *fresh)
{
	for (guint i = 0; i < fresh->len; i++) {
		const SnMaildirEntry *entry = fresh->pdata[i];
		g_autofree char *stem = sn_maildir_stem(entry->base);
		const SnMaildirEntry *other = g_hash_table_lookup(found, stem);
		if (other && other != entry && other->inode == entry->inode)
			g_hash_table_remove(found, stem);
	}
}

static void compare(SnMaildirFolder *folder, GHashTable *found)
{
	g_autoptr(GPtrArray) fresh = g_ptr_array_new(), lost = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, found);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		SnMaildirEntry *entry = value;
		const SnMaildirEntry *old = g_hash_table_lookup(folder->entries, entry->base);
		if (old)
			pass_on(entry, old);
		else
			g_ptr_array_add(fresh, entry);
	}
	drop_doubles(found, fresh);
	g_hash_table_iter_init(&iter, folder->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (!g_hash_table_contains(found, ((SnMaildirEntry *)value)->base))
			g_ptr_array_add(lost, value);
	sn_maildir_match(folder, fresh, lost);
}

gboolean sn_maildir_scan(SnMaildirFolder *folder, GError **error)
{
	GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);

	/* new/ first: what is moved to cur/ meanwhile is then seen twice, not never */
	if (!scan_part(folder, found, "new", error) || !scan_part(folder, found, "cur", error)) {
		g_hash_table_unref(found);
		return FALSE;
	}
	compare(folder, found);
	g_hash_table_unref(folder->entries);
	folder->entries = found;
	index_numbers(folder);
	return TRUE;
}

gboolean sn_maildir_stat(SnMaildirFolder *folder, SnMaildirEntry *entry)
{
	g_autofree char *path = g_build_filename(folder->path, entry->file, NULL);
	struct stat info;

	if (stat(path, &info) != 0)
		return FALSE;
	entry->size = info.st_size;
	entry->mtime = (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
	return TRUE;
}

/* ---- numbers ---- */

SnMaildirEntry *sn_maildir_by_uid(SnMaildirFolder *folder, guint32 uid)
{
	return g_hash_table_lookup(folder->by_uid, GUINT_TO_POINTER(uid));
}

guint32 sn_maildir_number(SnMaildirFolder *folder, SnMaildirEntry *entry)
{
	g_assert(entry->uid == 0);
	entry->uid = folder->uidnext++;
	g_assert(g_hash_table_insert(folder->by_uid, GUINT_TO_POINTER(entry->uid), entry));
	return entry->uid;
}

/* The files whose names the caller knows. given: uid -> entry. */
static void take_exact(SnMaildirFolder *folder, GHashTable *given, const GPtrArray *names,
		       const GArray *uids)
{
	for (guint i = 0; i < names->len; i++) {
		guint32 uid = g_array_index(uids, guint32, i);
		const char *name = names->pdata[i];
		SnMaildirEntry *entry = name ? g_hash_table_lookup(folder->entries, name) : NULL;
		if (!entry || g_hash_table_contains(given, GUINT_TO_POINTER(uid)) ||
		    g_hash_table_lookup(given, GUINT_TO_POINTER(entry->uid)) == entry)
			continue;
		entry->uid = uid;
		entry->given = FALSE;
		g_hash_table_insert(given, GUINT_TO_POINTER(uid), entry);
	}
}

/* Others keep what they have, unless the caller gave it away. Returns those without a number. */
static GPtrArray *keep_numbers(SnMaildirFolder *folder, GHashTable *given)
{
	GPtrArray *fresh = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, folder->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		SnMaildirEntry *entry = value, *owner;
		owner = g_hash_table_lookup(given, GUINT_TO_POINTER(entry->uid));
		if (entry->uid && !owner)
			g_hash_table_insert(given, GUINT_TO_POINTER(entry->uid), entry);
		else if (owner != entry) {
			entry->uid = 0;
			entry->told = FALSE;
		}
		if (!entry->uid)
			g_ptr_array_add(fresh, entry);
	}
	return fresh;
}

void sn_maildir_take_numbers(SnMaildirFolder *folder, const GPtrArray *names, const GArray *uids)
{
	g_autoptr(GHashTable) given = g_hash_table_new(NULL, NULL);
	g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(entry_free);

	g_assert(names && uids && names->len == uids->len);
	take_exact(folder, given, names, uids);
	g_autoptr(GPtrArray) fresh = keep_numbers(folder, given);
	for (guint i = 0; i < names->len && fresh->len > 0; i++) {
		guint32 uid = g_array_index(uids, guint32, i);
		if (!names->pdata[i] || g_hash_table_contains(given, GUINT_TO_POINTER(uid)))
			continue;
		SnMaildirEntry *entry = g_new0(SnMaildirEntry, 1);
		entry->base = g_strdup(names->pdata[i]);
		entry->uid = uid;
		entry->size = -1;
		g_ptr_array_add(lost, entry);
	}
	sn_maildir_match(folder, fresh, lost);
	index_numbers(folder);
}

/* ---- changing ---- */

static void forget(SnMaildirFolder *folder, SnMaildirEntry *entry)
{
	g_hash_table_remove(folder->by_uid, GUINT_TO_POINTER(entry->uid));
	g_hash_table_remove(folder->entries, entry->base);
}

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
	guint32 uid = (*entry)->uid;

	if (!sn_maildir_scan(folder, error))
		return FALSE;
	*entry = uid ? sn_maildir_by_uid(folder, uid) : g_hash_table_lookup(folder->entries, base);
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
			forget(folder, entry);
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
	/* mbsync's number means something else elsewhere */
	g_autofree char *base = sn_maildir_stem(entry->base);

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
			forget(folder, entry);
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

/* Waits for nothing: what is no plain file is no message. */
static int open_message(const char *path, struct stat *info)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (fstat(fd, info) == 0 && S_ISREG(info->st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

/* The file as it is now, or its first `limit` bytes (0: all); NULL with errno. */
static GBytes *read_all(int fd, gsize size, gsize limit)
{
	gsize room = limit ? MIN(size, limit) : size;
	GByteArray *bytes = g_byte_array_sized_new((guint)MIN(room + 1, G_MAXUINT / 2));
	guint8 buffer[65536];
	ssize_t got;

	while ((!limit || bytes->len < limit) && (got = read(fd, buffer, sizeof buffer)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || bytes->len + got > MAX_MESSAGE) {
			errno = got < 0 ? errno : EFBIG;
			g_byte_array_unref(bytes);
			return NULL;
		}
		g_byte_array_append(bytes, buffer, (guint)got);
	}
	return g_byte_array_free_to_bytes(bytes);
}

static GBytes *read_entry(SnMaildirFolder *folder, SnMaildirEntry *entry, gint64 whole, gsize beginning,
			  SnTime *time)
{
	g_autofree char *path = g_build_filename(folder->path, entry->file, NULL);
	struct stat info;
	int fd = open_message(path, &info);

	if (fd < 0)
		return NULL;
	entry->size = info.st_size;
	entry->mtime = (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
	*time = entry->mtime / 1000;
	errno = EFBIG;
	gsize limit = whole > 0 && info.st_size > whole ? beginning : 0;
	GBytes *raw = !limit && info.st_size > MAX_MESSAGE ? NULL :
							     read_all(fd, (gsize)info.st_size, limit);
	int failure = errno;
	close(fd);
	errno = failure;
	return raw;
}

GBytes *sn_maildir_read(SnMaildirFolder *folder, SnMaildirEntry *entry, SnTime *time,
			GError **error)
{
	return sn_maildir_read_some(folder, entry, 0, 0, time, NULL, error);
}

GBytes *sn_maildir_read_some(SnMaildirFolder *folder, SnMaildirEntry *entry, gint64 whole,
			     gsize beginning, SnTime *time, gint64 *size, GError **error)
{
	g_assert(whole == 0 || beginning > 0);
	for (int tries = 0; tries < 3; tries++) {
		GBytes *raw = read_entry(folder, entry, whole, beginning, time);
		if (raw && size)
			*size = MAX(entry->size, (gint64)g_bytes_get_size(raw));
		if (raw)
			return raw;
		if (errno == EFBIG) {
			g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
				    "The message in %s/%s is too large.", folder->path,
				    entry->file);
			return NULL;
		}
		if (errno != ENOENT) {
			set_error(error, errno, "Reading", entry->file);
			return NULL;
		}
		if (!find_again(folder, &entry, error))
			return NULL;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_BUSY,
		    "Another program keeps changing the message in %s.", folder->name);
	return NULL;
}

gboolean sn_maildir_has_id(SnMaildirFolder *folder, const SnMaildirEntry *entry, const char *wanted)
{
	g_autofree char *path = g_build_filename(folder->path, entry->file, NULL);
	g_autofree char *header = g_malloc(HEADER_LIMIT + 1);
	struct stat info;
	int fd = open_message(path, &info);
	ssize_t length = fd >= 0 ? read(fd, header, HEADER_LIMIT) : 0;

	if (fd >= 0)
		close(fd);
	header[MAX(length, 0)] = '\0';
	/* unfolds nothing, as a Message-ID has no spaces */
	for (const char *line = header; line && *line && *line != '\n' && *line != '\r';) {
		const char *next = strchr(line, '\n');
		/* the value may stand on the following line */
		if (g_ascii_strncasecmp(line, "Message-ID:", 11) == 0) {
			const char *open = strchr(line, '<');
			return open && g_str_has_prefix(open, wanted);
		}
		line = next ? next + 1 : NULL;
	}
	return FALSE;
}
