/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disk.h - what kind of file system a path is on. Any thread. */
#ifndef SN_BASE_DISK_H
#define SN_BASE_DISK_H

#include <glib.h>

/*
 * "NFS" and the like when other machines may have the same files; NULL when none can, or it cannot be told
 * (FUSE may be either). What SQLite shares between processes (https://www.sqlite.org/wal.html, 1) is not
 * shared between machines.
 */
const char *sn_disk_network(const char *path);
/* By statfs(2)'s f_type. */
const char *sn_disk_network_kind(guint32 type);

#endif
