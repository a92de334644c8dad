/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "src/base/error.h"

/* flock() rather than fcntl(): it belongs to the open file, so two locks in one process exclude
 * each other as well, and closing an unrelated descriptor does not drop it. */
struct sn_lock {
	int file;
};

static int read_pid(int file)
{
	char text[32] = "";
	ssize_t length = pread(file, text, sizeof text - 1, 0);
	return length > 0 ? atoi(text) : 0;
}

SnLock *sn_lock_take(const char *path, GError **error)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (file < 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot open %s: %s", path,
		            g_strerror(errno));
		return NULL;
	}
	if (flock(file, LOCK_EX | LOCK_NB) != 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_BUSY,
		            "An engine already runs for this profile (process %d)", read_pid(file));
		close(file);
		return NULL;
	}
	g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());
	if (ftruncate(file, 0) == 0) {
		ssize_t done = pwrite(file, pid, strlen(pid), 0);
		(void)done; /* the number is for people; the lock itself is what counts */
	}
	SnLock *lock = g_new(SnLock, 1);
	lock->file = file;
	return lock;
}

void sn_lock_release(SnLock *lock)
{
	if (!lock)
		return;
	close(lock->file);
	g_free(lock);
}

int sn_lock_holder(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	int pid = 0;

	if (file < 0)
		return 0;
	if (flock(file, LOCK_SH | LOCK_NB) != 0)
		pid = read_pid(file);
	close(file);
	return pid;
}
