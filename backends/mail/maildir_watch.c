/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "backends/mail/maildir_private.h"

#define CHANGES \
	(IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_DELETE_SELF)

struct sn_maildir_watch {
	int fd;
	GHashTable *names; /* watch descriptor -> folder name */
};

SnMaildirWatch *sn_maildir_watch_new(void)
{
	SnMaildirWatch *watch = g_new0(SnMaildirWatch, 1);

	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch->names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	return watch;
}

void sn_maildir_watch_free(SnMaildirWatch *watch)
{
	if (!watch)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	g_hash_table_unref(watch->names);
	g_free(watch);
}

gboolean sn_maildir_watch_add(SnMaildirWatch *watch, const char *name, const char *path,
			      GError **error)
{
	static const char *const parts[] = { "new", "cur" };

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *part = g_build_filename(path, parts[i], NULL);
		int id = inotify_add_watch(watch->fd, part, CHANGES | IN_ONLYDIR);
		if (id < 0) {
			g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
				    "Changes of %s cannot be watched: %s.", part,
				    g_strerror(errno));
			return FALSE;
		}
		g_hash_table_replace(watch->names, GINT_TO_POINTER(id), g_strdup(name));
	}
	return TRUE;
}

int sn_maildir_watch_fd(SnMaildirWatch *watch)
{
	return watch->fd;
}

static void note_event(SnMaildirWatch *watch, const struct inotify_event *event,
		       GHashTable *changed)
{
	GHashTableIter iter;
	gpointer name;

	if (event->mask & IN_Q_OVERFLOW) {
		g_hash_table_iter_init(&iter, watch->names);
		while (g_hash_table_iter_next(&iter, NULL, &name))
			g_hash_table_add(changed, g_strdup(name));
		return;
	}
	name = g_hash_table_lookup(watch->names, GINT_TO_POINTER(event->wd));
	if (name)
		g_hash_table_add(changed, g_strdup(name));
	if (event->mask & IN_IGNORED)
		g_hash_table_remove(watch->names, GINT_TO_POINTER(event->wd));
}

void sn_maildir_watch_read(SnMaildirWatch *watch, void (*on_change)(const char *name, gpointer),
			   gpointer data)
{
	_Alignas(struct inotify_event) char buffer[16384];
	g_autoptr(GHashTable) changed =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iter;
	gpointer name;
	ssize_t got;

	while ((got = read(watch->fd, buffer, sizeof buffer)) > 0)
		for (char *at = buffer; at < buffer + got;) {
			const struct inotify_event *event = (const struct inotify_event *)at;
			note_event(watch, event, changed);
			at += sizeof *event + event->len;
		}
	g_hash_table_iter_init(&iter, changed);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		on_change(name, data);
}
