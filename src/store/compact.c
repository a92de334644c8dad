/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compact.c - a store as small as it can be: the file is written anew, without what was freed. */
#include <glib/gstdio.h>
#include <sys/statvfs.h>

#include "src/store/names.h"
#include "src/store/private.h"
#include "src/store/statement.h"

static gint64 size_of(const char *path)
{
	GStatBuf info;

	return g_stat(path, &info) == 0 ? info.st_size : 0;
}

/* VACUUM writes all of it twice: into a file of its own, and from there through the log. */
static gboolean has_room(SnStore *store, gint64 size, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(store->path);
	struct statvfs disk;

	if (statvfs(directory, &disk) != 0)
		return TRUE; /* it will be seen when it is written */
	guint64 free = (guint64)disk.f_bavail * disk.f_frsize;
	if (free / 2 >= (guint64)size)
		return TRUE;
	g_autofree char *needed = g_format_size(2 * (guint64)size), *there = g_format_size(free);
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE,
	            "To compact the database %s takes %s on the disk, and %s are free.", store->path,
	            needed, there);
	return FALSE;
}

gboolean sn_store_compact(SnStore *store, gint64 *before, gint64 *after, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(store->path);

	g_assert(store->depth == 0);
	sn_checkpoint_wait(store);
	sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	*before = *after = size_of(store->path);
	if (!has_room(store, *before, error))
		return FALSE;
	/* beside the database, which is private and has the room, and not in /tmp */
	g_setenv("SQLITE_TMPDIR", directory, TRUE);
	if (!sn_names_fresh(store, error) ||
	    !sn_exec(store, "INSERT INTO search (search) VALUES ('optimize')", error) ||
	    !sn_exec(store, "VACUUM", error))
		return FALSE;
	sn_checkpoint_wait(store);
	sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	*after = size_of(store->path);
	return TRUE;
}
