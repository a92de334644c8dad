/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_some.c - single files of a folder that is not kept in memory.
 *
 * A folder of a million files would take hundreds of MB as a table. The caller has names, numbers and
 * flags anyway, so a large folder's table goes after each request, and a file is found by what the
 * caller says of it, or by what inotify saw.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "backends/mail/maildir_private.h"

enum {
	SEEN_MAX = 4000,      /* changed files of a folder that nobody asked for yet */
	FINE_MS = 100,        /* a directory's time of change may be this much behind, by somebody's clock */
	COARSE_MS = 2100,     /* where it is told in whole seconds, or every other one */
};

/* ---- the state of the directories ---- */

static guint64 mix(guint64 sum, guint64 value)
{
	/* FNV-1a over eight bytes at once; what matters is that it changes */
	return (sum ^ value) * G_GUINT64_CONSTANT(1099511628211);
}

/* Its times are read from the clock of this kernel, which goes on in steps of some ms. Of others a server
 * or a program may decide. */
static gboolean is_local(const char *part)
{
	static const guint64 kinds[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
		                         F2FS_SUPER_MAGIC, TMPFS_MAGIC };
	struct statfs info;

	if (statfs(part, &info) != 0)
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if ((guint64)info.f_type == kinds[i])
			return TRUE;
	return FALSE;
}

static gboolean is_later(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec > other->tv_sec || (one->tv_sec == other->tv_sec && one->tv_nsec > other->tv_nsec);
}

/*
 * In how many ms another change than the one at `changed` is sure to have another time; 0: now. step: of the
 * clock that files are stamped with, read before `changed` was.
 */
static gint64 youth_of(const char *part, const struct timespec *changed, const struct timespec *step)
{
	gint64 now = g_get_real_time() / 1000;
	gint64 then = (gint64)changed->tv_sec * 1000 + changed->tv_nsec / 1000000;
	gint64 rest = then + (changed->tv_nsec ? FINE_MS : COARSE_MS) - now;
	struct timespec length = { 0 };

	/* whole seconds: the clock knows more than the file system keeps */
	if (rest <= 0 || !changed->tv_nsec || !is_local(part))
		return MAX(rest, 0);
	if (is_later(step, changed))
		return 0; /* what changes from now on is of this step or a later one */
	clock_getres(CLOCK_REALTIME_COARSE, &length);
	return CLAMP(then + length.tv_nsec / 1000000 + 1 - now, 1, rest);
}

/* *young: in how many ms another change is sure to have another time. */
static guint64 sum_of(const char *path, gint64 *young)
{
	static const char *const parts[] = { "new", "cur" };
	guint64 sum = G_GUINT64_CONSTANT(14695981039346656037);
	struct timespec step;

	*young = 0;
	clock_gettime(CLOCK_REALTIME_COARSE, &step);
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *part = g_build_filename(path, parts[i], NULL);
		struct stat info;
		if (stat(part, &info) != 0)
			return 0;
		*young = MAX(*young, youth_of(part, &info.st_mtim, &step));
		sum = mix(mix(sum, info.st_ino), info.st_dev);
		sum = mix(mix(sum, (guint64)info.st_mtim.tv_sec), (guint64)info.st_mtim.tv_nsec);
	}
	/* fits a signed column, and is never 0 */
	return (sum & G_MAXINT64) | 1;
}

guint64 sn_maildir_stamp(const char *path, int *wait)
{
	gint64 young = 0;
	guint64 sum = sum_of(path, &young);

	if (wait) /* clocks differ a little */
		*wait = sum && young > 0 && young <= FINE_MS ? (int)young + 5 : 0;
	return young > 0 ? 0 : sum;
}

guint64 sn_maildir_young_stamp(const char *path)
{
	gint64 young = 0;

	return sum_of(path, &young);
}

/* ---- one file ---- */

static gboolean is_file(SnMaildirFolder *folder, const char *file, struct stat *info)
{
	g_autofree char *path = g_build_filename(folder->path, file, NULL);

	if (stat(path, info) == 0)
		return S_ISREG(info->st_mode);
	folder->unsure = folder->unsure || (errno != ENOENT && errno != ENOTDIR);
	return FALSE;
}

/* Looks at every name, and keeps none. */
static char *search(SnMaildirFolder *folder, const char *base)
{
	static const char *const parts[] = { "new", "cur", "new" };
	gsize length = strlen(base);
	gboolean failed = FALSE;

	/* new/ once more: what is moved to cur/ meanwhile is seen in one of them */
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_build_filename(folder->path, parts[i], NULL);
		DIR *dir = opendir(path);
		struct dirent *item;
		char *found = NULL;
		while (dir && !found && (item = sn_maildir_next(dir, &failed)))
			if (strncmp(item->d_name, base, length) == 0 &&
			    (!item->d_name[length] || g_str_has_prefix(item->d_name + length, ":2,")))
				found = g_strconcat(parts[i], "/", item->d_name, NULL);
		folder->unsure = folder->unsure || !dir || failed;
		if (dir)
			closedir(dir);
		if (found)
			return found;
	}
	return NULL;
}

/* Where the file is now; NULL. What inotify saw comes first: it is the newest. */
static char *find(SnMaildirFolder *folder, const char *base, const SnMaildirEntry *known,
		  guint flags, guint others, struct stat *info)
{
	const char *seen = folder->seen ? g_hash_table_lookup(folder->seen, base) : NULL;
	g_autofree char *probable = sn_maildir_file_with(base, NULL, flags);
	g_autofree char *other = sn_maildir_file_with(base, NULL, others);
	char *guesses[] = { g_strdup(seen && *seen ? seen : NULL), g_strdup(known ? known->file : NULL),
			    g_strconcat("cur/", probable, NULL), g_strconcat("cur/", other, NULL),
			    g_strconcat("new/", base, NULL), g_strconcat("cur/", base, NULL) };
	char *found = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(guesses); i++)
		if (!found && guesses[i] && is_file(folder, guesses[i], info))
			found = guesses[i];
		else
			g_free(guesses[i]);
	if (found || (seen && !*seen))
		return found;
	found = search(folder, base);
	if (found && !is_file(folder, found, info))
		g_clear_pointer(&found, g_free);
	return found;
}

static void drop(SnMaildirFolder *folder, const SnMaildirEntry *entry)
{
	if (entry->uid)
		g_hash_table_remove(folder->by_uid, GUINT_TO_POINTER(entry->uid));
	g_hash_table_remove(folder->entries, entry->base);
}

SnMaildirEntry *sn_maildir_locate(SnMaildirFolder *folder, const char *base, guint flags, guint others)
{
	SnMaildirEntry *entry = g_hash_table_lookup(folder->entries, base);
	struct stat info;

	/* the caller's store may be damaged: a name leads nowhere else */
	if (!*base || *base == '.' || strchr(base, '/'))
		return NULL;
	char *file = find(folder, base, entry, flags, others, &info);
	if (!file) {
		if (entry)
			drop(folder, entry);
		return NULL;
	}
	if (!entry) {
		entry = g_new0(SnMaildirEntry, 1);
		entry->base = g_strdup(base);
		g_hash_table_insert(folder->entries, entry->base, entry);
	}
	g_free(entry->file);
	entry->file = file;
	guint now = sn_maildir_flags_of(file);
	entry->told = entry->told && entry->flags == now;
	entry->flags = now;
	entry->inode = info.st_ino;
	entry->size = info.st_size;
	entry->mtime = (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
	return entry;
}

void sn_maildir_set_number(SnMaildirFolder *folder, SnMaildirEntry *entry, guint32 uid)
{
	SnMaildirEntry *owner = sn_maildir_by_uid(folder, uid);

	g_assert(uid != 0);
	if (owner == entry)
		return;
	if (owner)
		owner->uid = 0;
	if (entry->uid)
		g_hash_table_remove(folder->by_uid, GUINT_TO_POINTER(entry->uid));
	entry->uid = uid;
	g_hash_table_replace(folder->by_uid, GUINT_TO_POINTER(uid), entry);
}

/* ---- at rest ---- */

gboolean sn_maildir_rest(SnMaildirFolder *folder)
{
	GHashTableIter iter;
	gpointer value;

	if (g_hash_table_size(folder->entries) <= SN_MAILDIR_KEEP)
		return FALSE;
	g_hash_table_iter_init(&iter, folder->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const SnMaildirEntry *entry = value;
		if (entry->given)
			continue;
		if (entry->uid)
			g_hash_table_remove(folder->by_uid, GUINT_TO_POINTER(entry->uid));
		g_hash_table_iter_remove(&iter);
	}
	folder->whole = FALSE;
	return TRUE;
}

static void merge(GHashTable *into, GHashTable *from)
{
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, from);
	while (g_hash_table_iter_next(&iter, &key, &value))
		g_hash_table_replace(into, g_strdup(key), g_strdup(value));
}

void sn_maildir_take_change(SnMaildirFolder *folder, const SnMaildirChange *change)
{
	if (!change || change->all || !folder->seen ||
	    g_hash_table_size(folder->seen) + g_hash_table_size(change->files) > SEEN_MAX) {
		g_clear_pointer(&folder->seen, g_hash_table_unref);
		g_clear_pointer(&folder->renamed, g_hash_table_unref);
		return;
	}
	merge(folder->seen, change->files);
	merge(folder->renamed, change->renamed);
}
