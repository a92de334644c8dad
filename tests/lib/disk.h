/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disk.h - a disk below SQLite that remembers in which order things were written and flushed, so that
 * a test can have what a power cut would leave: what was flushed, and of the rest any part, torn at
 * sectors. It can also be full, or fail to flush. One at a time; one thread.
 *
 * The program that links this defines fsync() and fdatasync(): flushes are remembered, not done.
 */
#ifndef SN_TESTS_LIB_DISK_H
#define SN_TESTS_LIB_DISK_H

#include <glib.h>

typedef struct disk Disk;

/* Becomes SQLite's default; stores opened from now on lie on it. */
Disk *disk_new(void);
/* After all stores on it are closed. */
void disk_free(Disk *disk);

/* Operations so far: a moment. */
gsize disk_now(Disk *disk);

/*
 * Writes into the directory `to` what a power cut at that moment would leave of the database `path`
 * and its log: the same names. random decides what of the unflushed survives.
 */
void disk_cut(Disk *disk, const char *path, gsize moment, GRand *random, const char *to);

/* From now on `after` more writes (flushes) succeed, then `count` fail: SQLITE_FULL (EIO). */
void disk_fill(Disk *disk, guint after, guint count);
void disk_break_flush(Disk *disk, guint after, guint count);
/* How many writes (flushes) there were so far. */
guint disk_writes(Disk *disk);
guint disk_flushes(Disk *disk);

#endif
