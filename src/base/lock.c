/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"

#define WAKE_MS 2000 /* how long what a dead engine left is waited for */
#define STEP_US 10000

/* A lock of the open file: two locks in one process exclude each other as well, closing an unrelated
 * descriptor does not drop it, and unlike with flock() one can see who has it without taking it. */
struct sn_lock {
	int file;
};

static gboolean try_lock(int file)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(file, F_OFD_SETLK, &whole) == 0;
}

static gboolean is_locked(int file)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(file, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

static int read_pid(int file)
{
	char text[32] = "";
	ssize_t length = pread(file, text, sizeof text - 1, 0);
	return length > 0 ? atoi(text) : 0;
}

/* An engine that was killed while it started a command has left the lock to that child until the
 * command runs: that is no engine. */
static gboolean is_dead(int pid)
{
	return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

static gboolean take(int file)
{
	for (int waited = 0; !try_lock(file); waited += STEP_US / 1000) {
		if (waited >= WAKE_MS || !is_dead(read_pid(file)))
			return FALSE;
		g_usleep(STEP_US);
	}
	return TRUE;
}

SnLock *sn_lock_take(const char *path, GError **error)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (file < 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot open %s: %s", path,
		            g_strerror(errno));
		return NULL;
	}
	if (!take(file)) {
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
	if (is_locked(file))
		pid = read_pid(file);
	close(file);
	return pid;
}
