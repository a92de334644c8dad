/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/disk.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

typedef enum { OP_CREATE, OP_WRITE, OP_TRUNCATE, OP_FLUSH, OP_REMOVE, OP_FLUSH_DIRECTORY } Kind;

typedef struct {
	Kind kind;
	char *path;     /* NULL: FLUSH_DIRECTORY */
	sqlite3_int64 offset; /* TRUNCATE: the size */
	GBytes *bytes;
} Op;

typedef struct {
	guint after, count; /* so many more succeed, then so many fail */
} Failure;

struct disk {
	sqlite3_vfs vfs, *below;
	sqlite3_io_methods methods;
	GPtrArray *ops; /* of Op */
	guint writes, flushes;
	Failure full, broken;
};

typedef struct {
	sqlite3_file file;
	char *path;
	/* the file below follows */
} DiskFile;

static Disk *current; /* fsync() and SQLite's methods have no other way to it */

/* What happens is done and noted in one: the engine's store writes by two threads. */
static GRecMutex one_at_a_time;

static sqlite3_file *below(sqlite3_file *file)
{
	return (sqlite3_file *)((char *)file + sizeof(DiskFile));
}

static void op_free(gpointer data)
{
	Op *op = data;

	g_free(op->path);
	g_clear_pointer(&op->bytes, g_bytes_unref);
	g_free(op);
}

static void record(Kind kind, const char *path, sqlite3_int64 offset, GBytes *bytes)
{
	Op *op = g_new(Op, 1);

	*op = (Op){ kind, g_strdup(path), offset, bytes };
	g_rec_mutex_lock(&one_at_a_time);
	g_ptr_array_add(current->ops, op);
	g_rec_mutex_unlock(&one_at_a_time);
}

static gboolean fails(Failure *failure)
{
	if (failure->count == 0)
		return FALSE;
	if (failure->after > 0) {
		failure->after--;
		return FALSE;
	}
	failure->count--;
	return TRUE;
}

/* ---- flushes, whoever asks for them ---- */

static int flush(int fd)
{
	g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
	char path[PATH_MAX];
	ssize_t length = readlink(link, path, sizeof path - 1);
	struct stat info;

	if (!current || length <= 0 || fstat(fd, &info) != 0)
		return 0;
	path[length] = '\0';
	if (!S_ISDIR(info.st_mode) && !g_str_has_suffix(path, ".db") &&
	    !g_str_has_suffix(path, ".db-wal"))
		return 0;
	g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&one_at_a_time);
	current->flushes++;
	if (fails(&current->broken)) {
		errno = EIO;
		return -1;
	}
	if (S_ISDIR(info.st_mode))
		record(OP_FLUSH_DIRECTORY, NULL, 0, NULL);
	else
		record(OP_FLUSH, path, 0, NULL);
	return 0;
}

int fsync(int fd)
{
	return flush(fd);
}

int fdatasync(int fd)
{
	return flush(fd);
}

/* ---- a file ---- */

static int file_close(sqlite3_file *file)
{
	int code = below(file)->pMethods->xClose(below(file));

	g_free(((DiskFile *)file)->path);
	return code;
}

static int file_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
	return below(file)->pMethods->xRead(below(file), bytes, length, offset);
}

static int file_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
	const char *path = ((DiskFile *)file)->path;
	g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&one_at_a_time);

	current->writes++;
	if (fails(&current->full))
		return SQLITE_FULL;
	int code = below(file)->pMethods->xWrite(below(file), bytes, length, offset);
	if (code == SQLITE_OK && path)
		record(OP_WRITE, path, offset, g_bytes_new(bytes, (gsize)length));
	return code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	const char *path = ((DiskFile *)file)->path;
	g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&one_at_a_time);
	int code = below(file)->pMethods->xTruncate(below(file), size);

	if (code == SQLITE_OK && path)
		record(OP_TRUNCATE, path, size, NULL);
	return code;
}

static int file_sync(sqlite3_file *file, int flags)
{
	return below(file)->pMethods->xSync(below(file), flags); /* comes to fsync() */
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return below(file)->pMethods->xFileSize(below(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
	return below(file)->pMethods->xLock(below(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	return below(file)->pMethods->xUnlock(below(file), level);
}

static int file_reserved(sqlite3_file *file, int *held)
{
	return below(file)->pMethods->xCheckReservedLock(below(file), held);
}

static int file_control(sqlite3_file *file, int what, void *data)
{
	return below(file)->pMethods->xFileControl(below(file), what, data);
}

static int file_sector(sqlite3_file *file)
{
	return below(file)->pMethods->xSectorSize(below(file));
}

static int file_device(sqlite3_file *file)
{
	return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at)
{
	return below(file)->pMethods->xShmMap(below(file), page, size, extend, at);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return below(file)->pMethods->xShmLock(below(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
	below(file)->pMethods->xShmBarrier(below(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
	return below(file)->pMethods->xShmUnmap(below(file), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_device,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

/* ---- the disk ---- */

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *given)
{
	Disk *disk = vfs->pAppData;
	gboolean lasts = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL);
	gboolean fresh = lasts && path && access(path, F_OK) != 0;

	memset(file, 0, sizeof(DiskFile));
	int code = disk->below->xOpen(disk->below, path, below(file), flags, given);
	if (code != SQLITE_OK)
		return code;
	file->pMethods = &methods;
	((DiskFile *)file)->path = lasts ? g_strdup(path) : NULL;
	if (fresh)
		record(OP_CREATE, path, 0, NULL);
	return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	Disk *disk = vfs->pAppData;
	gboolean there = access(path, F_OK) == 0;

	if (there)
		record(OP_REMOVE, path, 0, NULL);
	return disk->below->xDelete(disk->below, path, sync);
}

Disk *disk_new(void)
{
	Disk *disk = g_new0(Disk, 1);

	g_assert(!current);
	disk->below = sqlite3_vfs_find(NULL);
	disk->vfs = *disk->below;
	disk->vfs.zName = "disk";
	disk->vfs.szOsFile += (int)sizeof(DiskFile);
	disk->vfs.pAppData = disk;
	disk->vfs.xOpen = disk_open;
	disk->vfs.xDelete = disk_delete;
	disk->ops = g_ptr_array_new_with_free_func(op_free);
	current = disk;
	g_assert(sqlite3_vfs_register(&disk->vfs, 1) == SQLITE_OK);
	return disk;
}

void disk_free(Disk *disk)
{
	sqlite3_vfs_register(disk->below, 1);
	sqlite3_vfs_unregister(&disk->vfs);
	current = NULL;
	g_ptr_array_unref(disk->ops);
	g_free(disk);
}

gsize disk_now(Disk *disk)
{
	return disk->ops->len;
}

guint disk_writes(Disk *disk)
{
	return disk->writes;
}

guint disk_flushes(Disk *disk)
{
	return disk->flushes;
}

void disk_fill(Disk *disk, guint after, guint count)
{
	disk->full = (Failure){ after, count };
}

void disk_break_flush(Disk *disk, guint after, guint count)
{
	disk->broken = (Failure){ after, count };
}

/* ---- after a power cut ---- */

/* Of one file: what is there when all operations up to a moment are done, or some of them. */
typedef struct {
	gboolean exists;
	GByteArray *bytes;
} Image;

static void put(GByteArray *bytes, sqlite3_int64 offset, const guint8 *data, gsize length)
{
	gsize end = (gsize)offset + length;

	if (bytes->len < end) {
		gsize before = bytes->len;
		g_byte_array_set_size(bytes, (guint)end);
		memset(bytes->data + before, 0, end - before);
	}
	memcpy(bytes->data + offset, data, length);
}

/* Sectors get to the disk in any order, or do not. */
static void put_torn(GByteArray *bytes, const Op *op, GRand *random)
{
	gsize length = 0;
	const guint8 *data = g_bytes_get_data(op->bytes, &length);
	int luck = g_rand_int_range(random, 0, 4);

	for (gsize done = 0; done < length;) {
		gsize at = (gsize)op->offset + done;
		gsize part = MIN(length - done, SECTOR - at % SECTOR);
		if (luck == 0 || (luck > 1 && g_rand_boolean(random)))
			put(bytes, (sqlite3_int64)at, data + done, part);
		done += part;
	}
}

/* Where what was flushed ends: the last flush of this kind before the moment, plus one; or 0. */
static gsize flushed_until(Disk *disk, Kind kind, const char *path, gsize moment)
{
	for (gsize i = moment; i > 0; i--) {
		const Op *op = disk->ops->pdata[i - 1];
		if (op->kind == kind && (!path || strcmp(op->path, path) == 0))
			return i;
	}
	return 0;
}

/* Names are kept in order, as by a file system with a journal: the first so many unflushed ones. */
static gsize names_until(Disk *disk, gsize moment, GRand *random)
{
	gsize sure = flushed_until(disk, OP_FLUSH_DIRECTORY, NULL, moment);

	return sure + (gsize)g_rand_int_range(random, 0, (gint32)(moment - sure) + 1);
}

static void apply(Image *image, const Op *op, gboolean sure, GRand *random)
{
	switch (op->kind) {
	case OP_CREATE:
	case OP_REMOVE:
		image->exists = op->kind == OP_CREATE;
		g_byte_array_set_size(image->bytes, 0);
		return;
	case OP_TRUNCATE:
		if ((sure || g_rand_boolean(random)) && image->bytes->len > op->offset)
			g_byte_array_set_size(image->bytes, (guint)op->offset);
		return;
	case OP_WRITE: {
		gsize length = 0;
		const guint8 *data = g_bytes_get_data(op->bytes, &length);
		if (sure)
			put(image->bytes, op->offset, data, length);
		else
			put_torn(image->bytes, op, random);
		return;
	}
	case OP_FLUSH:
	case OP_FLUSH_DIRECTORY: return;
	}
}

static void cut_file(Disk *disk, const char *path, gsize moment, gsize names, gboolean database,
                     GRand *random, const char *to)
{
	Image image = { database, g_byte_array_new() };
	gsize sure = flushed_until(disk, OP_FLUSH, path, moment);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *target = g_build_filename(to, name, NULL);
	g_autoptr(GError) error = NULL;

	for (gsize i = 0; i < moment; i++) {
		const Op *op = disk->ops->pdata[i];
		if (!op->path || strcmp(op->path, path) != 0)
			continue;
		/* What follows lies in a file that has no name, or has not lost it. */
		if ((op->kind == OP_CREATE || op->kind == OP_REMOVE) && i >= names)
			break;
		apply(&image, op, i < sure, random);
	}
	if (image.exists &&
	    !g_file_set_contents(target, (const char *)image.bytes->data, image.bytes->len, &error))
		g_error("%s", error->message);
	g_byte_array_unref(image.bytes);
}

void disk_cut(Disk *disk, const char *path, gsize moment, GRand *random, const char *to)
{
	g_autofree char *log = g_strconcat(path, "-wal", NULL);
	gsize names = names_until(disk, moment, random);

	g_assert(moment <= disk->ops->len);
	cut_file(disk, path, moment, names, TRUE, random, to);
	cut_file(disk, log, moment, names, FALSE, random, to);
}
