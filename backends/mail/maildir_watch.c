/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_watch.c - inotify on the folders' cur/ and new/, and on the directories around them.
 *
 * tmp/ is nobody's business. A folder whose directory was removed and made again is watched again
 * when its caller asks anew, which it does after hearing that folders came or went.
 */
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "backends/mail/maildir_private.h"

#define MESSAGES \
	(IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_DELETE_SELF | \
	 IN_MOVE_SELF | IN_ONLYDIR)
#define DIRS (IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR)

/* a folder in which more files changed than this is looked through whole */
#define MAX_FILES 1000

typedef struct {
	char *folder;
	const char *part; /* "new", "cur" */
} Watched;

struct sn_maildir_watch {
	int fd;
	GHashTable *parts;   /* watch descriptor -> Watched */
	GHashTable *dirs;    /* watch descriptors of directories around folders */
	GHashTable *changes; /* folder name -> SnMaildirChange that nobody was called for */
	gboolean dirs_changed;
	guint32 cookie;      /* of the last file that went: it may come under another name */
	char *moved, *moved_in; /* its base, and the folder */
};

static void watched_free(gpointer data)
{
	Watched *watched = data;

	g_free(watched->folder);
	g_free(watched);
}

static void change_free(gpointer data)
{
	SnMaildirChange *change = data;

	g_hash_table_unref(change->files);
	g_hash_table_unref(change->renamed);
	g_free(change);
}

SnMaildirWatch *sn_maildir_watch_new(void)
{
	SnMaildirWatch *watch = g_new0(SnMaildirWatch, 1);

	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch->parts = g_hash_table_new_full(NULL, NULL, NULL, watched_free);
	watch->dirs = g_hash_table_new(NULL, NULL);
	watch->changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, change_free);
	return watch;
}

void sn_maildir_watch_free(SnMaildirWatch *watch)
{
	if (!watch)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	g_hash_table_unref(watch->parts);
	g_hash_table_unref(watch->dirs);
	g_hash_table_unref(watch->changes);
	g_free(watch->moved);
	g_free(watch->moved_in);
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
		Watched *watched = g_new0(Watched, 1);
		*watched = (Watched){ g_strdup(name), parts[i] };
		g_hash_table_replace(watch->parts, GINT_TO_POINTER(id), watched);
	}
	return TRUE;
}

gboolean sn_maildir_watch_has(const SnMaildirWatch *watch, const char *name)
{
	GHashTableIter iter;
	gpointer value;
	int count = 0;

	g_hash_table_iter_init(&iter, watch->parts);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		count += g_str_equal(((Watched *)value)->folder, name);
	return count >= 2;
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

static SnMaildirChange *change_of(SnMaildirWatch *watch, const char *folder)
{
	SnMaildirChange *change = g_hash_table_lookup(watch->changes, folder);

	if (change)
		return change;
	change = g_new0(SnMaildirChange, 1);
	change->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	change->renamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_insert(watch->changes, g_strdup(folder), change);
	return change;
}

/* The same file came under another name in the same folder. */
static void note_rename(SnMaildirWatch *watch, const struct inotify_event *event,
			const Watched *watched, SnMaildirChange *change, const char *base)
{
	if (!event->cookie || event->cookie != watch->cookie || !watch->moved ||
	    g_str_equal(watch->moved, base) || !g_str_equal(watch->moved_in, watched->folder))
		return;
	const char *first = g_hash_table_lookup(change->renamed, watch->moved);
	g_hash_table_replace(change->renamed, g_strdup(base), g_strdup(first ? first : watch->moved));
}

/* The file is not there any more, unless it was seen elsewhere meanwhile. Takes base. */
static void note_loss(SnMaildirWatch *watch, const struct inotify_event *event,
		      const Watched *watched, SnMaildirChange *change, char *base, const char *file)
{
	const char *known = g_hash_table_lookup(change->files, base);

	if (!known || g_str_equal(known, file))
		g_hash_table_replace(change->files, g_strdup(base), g_strdup(""));
	watch->cookie = event->mask & IN_MOVED_FROM ? event->cookie : 0;
	g_free(watch->moved);
	watch->moved = base;
	g_free(watch->moved_in);
	watch->moved_in = g_strdup(watched->folder);
}

static void note_file(SnMaildirWatch *watch, const struct inotify_event *event, const Watched *watched)
{
	SnMaildirChange *change = change_of(watch, watched->folder);
	const char *info = event->len ? strstr(event->name, ":2,") : NULL;

	if (!event->len || event->mask & IN_ISDIR || g_hash_table_size(change->files) >= MAX_FILES)
		change->all = TRUE;
	if (change->all || event->name[0] == '.')
		return;
	char *base = info ? g_strndup(event->name, (gsize)(info - event->name)) : g_strdup(event->name);
	g_autofree char *file = g_strconcat(watched->part, "/", event->name, NULL);
	if (event->mask & (IN_MOVED_FROM | IN_DELETE)) {
		note_loss(watch, event, watched, change, base, file);
		return;
	}
	note_rename(watch, event, watched, change, base);
	g_hash_table_replace(change->files, base, g_steal_pointer(&file));
}

/* Events were lost: anything may have happened. */
static void note_overflow(SnMaildirWatch *watch)
{
	GHashTableIter iter;
	gpointer value;

	watch->dirs_changed = TRUE;
	g_hash_table_iter_init(&iter, watch->parts);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		change_of(watch, ((Watched *)value)->folder)->all = TRUE;
}

static void note_event(SnMaildirWatch *watch, const struct inotify_event *event)
{
	gpointer id = GINT_TO_POINTER(event->wd);

	if (event->mask & IN_Q_OVERFLOW) {
		note_overflow(watch);
		return;
	}
	/* programs keep files of their own beside the folders: only directories count there */
	if (g_hash_table_contains(watch->dirs, id) &&
	    event->mask & (IN_ISDIR | IN_DELETE_SELF | IN_UNMOUNT))
		watch->dirs_changed = TRUE;
	const Watched *watched = g_hash_table_lookup(watch->parts, id);
	if (watched)
		note_file(watch, event, watched);
	if (watched && event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
		watch->dirs_changed = TRUE;
	if (event->mask & IN_IGNORED) {
		g_hash_table_remove(watch->parts, id);
		g_hash_table_remove(watch->dirs, id);
	}
}

static void gather(SnMaildirWatch *watch)
{
	_Alignas(struct inotify_event) char buffer[16384];
	ssize_t got;

	while ((got = read(watch->fd, buffer, sizeof buffer)) > 0)
		for (char *at = buffer; at < buffer + got;) {
			const struct inotify_event *event = (const struct inotify_event *)at;
			note_event(watch, event);
			at += sizeof *event + event->len;
		}
}

gboolean sn_maildir_watch_peek(SnMaildirWatch *watch, const char *name, const SnMaildirChange **change)
{
	gather(watch);
	const SnMaildirChange *found = g_hash_table_lookup(watch->changes, name);
	if (change)
		*change = found;
	return found != NULL;
}

gboolean sn_maildir_watch_pending(const SnMaildirWatch *watch)
{
	return watch->dirs_changed || g_hash_table_size(watch->changes) > 0;
}

void sn_maildir_watch_read(SnMaildirWatch *watch, SnMaildirOnChange on_change, gpointer data)
{
	GHashTableIter iter;
	gpointer name, change;

	gather(watch);
	g_autoptr(GHashTable) changes = g_steal_pointer(&watch->changes);
	watch->changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, change_free);
	if (watch->dirs_changed)
		on_change(NULL, NULL, data);
	watch->dirs_changed = FALSE;
	g_hash_table_iter_init(&iter, changes);
	while (g_hash_table_iter_next(&iter, &name, &change))
		on_change(name, change, data);
}
