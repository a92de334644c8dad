/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "src/base/error.h"

enum { LOOK_EVERY = 2 }; /* seconds, without inotify */

struct sn_bell {
	char *path;
	int file;
	int watch; /* of inotify, or a timer; -1 until listening */
};

SnBell *sn_bell_open(const char *path, GError **error)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (file < 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot open %s: %s", path,
		            g_strerror(errno));
		return NULL;
	}
	SnBell *bell = g_new0(SnBell, 1);
	bell->path = g_strdup(path);
	bell->file = file;
	bell->watch = -1;
	return bell;
}

void sn_bell_free(SnBell *bell)
{
	if (!bell)
		return;
	if (bell->watch >= 0)
		close(bell->watch);
	close(bell->file);
	g_free(bell->path);
	g_free(bell);
}

void sn_bell_ring(SnBell *bell)
{
	/* A full disk cannot stop it: the one byte is already allocated after the first ring. */
	ssize_t done = pwrite(bell->file, "!", 1, 0);
	(void)done;
}

void sn_bell_leave(SnBell *bell, char letter)
{
	const char both[] = { '!', letter };
	ssize_t done = pwrite(bell->file, both, sizeof both, 0);

	(void)done;
}

char sn_bell_left(SnBell *bell)
{
	char letter = ' ';

	return pread(bell->file, &letter, 1, 1) == 1 ? letter : ' ';
}

static int watch_file(const char *path)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (watch >= 0 && inotify_add_watch(watch, path, IN_MODIFY) >= 0)
		return watch;
	int why = errno;
	if (watch >= 0)
		close(watch);
	errno = why;
	return -1;
}

/* A desktop full of programs can have used up what the kernel gives each user of inotify. */
static int look_often(void)
{
	const struct timespec every = { .tv_sec = LOOK_EVERY };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (timer >= 0 && timerfd_settime(timer, 0, &(struct itimerspec){ every, every }, NULL) == 0)
		return timer;
	if (timer >= 0)
		close(timer);
	return -1;
}

gboolean sn_bell_listen(SnBell *bell, GError **error)
{
	if (bell->watch >= 0)
		return TRUE;
	bell->watch = watch_file(bell->path);
	if (bell->watch >= 0)
		return TRUE;
	g_autofree char *why = g_strdup(g_strerror(errno));
	bell->watch = look_often();
	if (bell->watch >= 0) {
		g_warning("Changes are looked for every %d seconds only, for %s cannot be watched: %s (see "
		          "fs.inotify.max_user_instances)", LOOK_EVERY, bell->path, why);
		return TRUE;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot watch %s: %s", bell->path, why);
	return FALSE;
}

int sn_bell_fd(SnBell *bell)
{
	return bell->watch;
}

gboolean sn_bell_answer(SnBell *bell)
{
	char buffer[4096] __attribute__((aligned(8)));
	gboolean rung = FALSE;

	while (bell->watch >= 0 && read(bell->watch, buffer, sizeof buffer) > 0)
		rung = TRUE;
	return rung;
}
