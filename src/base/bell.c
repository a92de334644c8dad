/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "src/base/error.h"

struct sn_bell {
	char *path;
	int file;
	int watch; /* -1 until listening */
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

gboolean sn_bell_listen(SnBell *bell, GError **error)
{
	if (bell->watch >= 0)
		return TRUE;
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch < 0 || inotify_add_watch(watch, bell->path, IN_MODIFY) < 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot watch %s: %s", bell->path,
		            g_strerror(errno));
		if (watch >= 0)
			close(watch);
		return FALSE;
	}
	bell->watch = watch;
	return TRUE;
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
