/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_watch.c - inotify on the folders' cur/ and new/, and on the directories around them.
 *
 * tmp/ is nobody's business. A folder whose directory was removed and made again is watched again
 * when its caller asks anew, which it does after hearing that folders came or went.
 */
#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "backends/mail/maildir_private.h"

#define MESSAGES \
	(IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_DELETE_SELF | \
	 IN_MOVE_SELF | IN_ONLYDIR)
#define DIRS (IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR)

struct sn_maildir_watch {
	int fd;
	GHashTable *names; /* watch descriptor -> folder name */
	GHashTable *dirs;  /* watch descriptors of directories around folders */
};

SnMaildirWatch *sn_maildir_watch_new(void)
{
	SnMaildirWatch *watch = g_new0(SnMaildirWatch, 1);

	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch->names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	watch->dirs = g_hash_table_new(NULL, NULL);
	return watch;
}

void sn_maildir_watch_free(SnMaildirWatch *watch)
{
	if (!watch)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	g_hash_table_unref(watch->names);
	g_hash_table_unref(watch->dirs);
	g_free(watch);
}

gboolean sn_maildir_watch_add(SnMaildirWatch *watch, const char *name, const char *path,
			      GError **error)
{
	static const char *const parts[] = { "new", "cur" };

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *part = g_build_filename(path, parts[i], NULL);
		int id = inotify_add_watch(watch->fd, part, MESSAGES);
		if (id < 0) {
			g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
				    "Changes of %s cannot be watched: %s%s.", part,
				    g_strerror(errno),
				    errno == ENOSPC ? " (see fs.inotify.max_user_watches)" : "");
			return FALSE;
		}
		g_hash_table_replace(watch->names, GINT_TO_POINTER(id), g_strdup(name));
	}
	return TRUE;
}

void sn_maildir_watch_dir(SnMaildirWatch *watch, const char *path)
{
	int id = inotify_add_watch(watch->fd, path, DIRS);

	if (id >= 0)
		g_hash_table_add(watch->dirs, GINT_TO_POINTER(id));
}

int sn_maildir_watch_fd(SnMaildirWatch *watch)
{
	return watch->fd;
}

typedef struct {
	GHashTable *names;
	gboolean dirs;
} Changed;

static void note_event(SnMaildirWatch *watch, const struct inotify_event *event, Changed *changed)
{
	gpointer id = GINT_TO_POINTER(event->wd);
	GHashTableIter iter;
	gpointer name;

	if (event->mask & IN_Q_OVERFLOW) {
		/* events were lost: anything may have happened */
		changed->dirs = TRUE;
		g_hash_table_iter_init(&iter, watch->names);
		while (g_hash_table_iter_next(&iter, NULL, &name))
			g_hash_table_add(changed->names, g_strdup(name));
		return;
	}
	/* programs keep files of their own beside the folders: only directories count there */
	if (g_hash_table_contains(watch->dirs, id) &&
	    event->mask & (IN_ISDIR | IN_DELETE_SELF | IN_UNMOUNT))
		changed->dirs = TRUE;
	name = g_hash_table_lookup(watch->names, id);
	if (name)
		g_hash_table_add(changed->names, g_strdup(name));
	if (name && event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
		changed->dirs = TRUE;
	if (event->mask & IN_IGNORED) {
		g_hash_table_remove(watch->names, id);
		g_hash_table_remove(watch->dirs, id);
	}
}

void sn_maildir_watch_read(SnMaildirWatch *watch, void (*on_change)(const char *name, gpointer),
			   gpointer data)
{
	_Alignas(struct inotify_event) char buffer[16384];
	g_autoptr(GHashTable) names =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Changed changed = { names, FALSE };
	GHashTableIter iter;
	gpointer name;
	ssize_t got;

	while ((got = read(watch->fd, buffer, sizeof buffer)) > 0)
		for (char *at = buffer; at < buffer + got;) {
			const struct inotify_event *event = (const struct inotify_event *)at;
			note_event(watch, event, &changed);
			at += sizeof *event + event->len;
		}
	if (changed.dirs)
		on_change(NULL, data);
	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		on_change(name, data);
}
