/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/config/config.h"

static gboolean make_private(const char *dir, GError **error)
{
	struct stat status;

	if (g_mkdir_with_parents(dir, 0700) != 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot make the directory %s: %s", dir,
		            g_strerror(errno));
		return FALSE;
	}
	if (stat(dir, &status) != 0 || access(dir, R_OK | W_OK | X_OK) != 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_PERMISSION, "Cannot use the directory %s: %s", dir,
		            g_strerror(errno));
		return FALSE;
	}
	return TRUE;
}

/* Under -c DIR: the files people write lie in DIR itself, the program's own in folders below. */
static void set_below(SnPaths *paths, const char *dir)
{
	g_autofree char *root = g_canonicalize_filename(dir, NULL);

	paths->config = g_strdup(root);
	paths->data = g_build_filename(root, "data", NULL);
	paths->state = g_build_filename(root, "state", NULL);
	paths->runtime = g_build_filename(root, "runtime", NULL);
	paths->download = g_build_filename(root, "downloads", NULL);
}

/* XDG Base Directory Specification: variables that are not absolute paths are ignored. */
static char *xdg(const char *variable, const char *fallback)
{
	const char *value = g_getenv(variable);
	const char *home = g_get_home_dir();

	if (value && g_path_is_absolute(value))
		return g_build_filename(value, "sennit", NULL);
	return g_build_filename(home, fallback, "sennit", NULL);
}

static void set_xdg(SnPaths *paths)
{
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	const char *download = g_get_user_special_dir(G_USER_DIRECTORY_DOWNLOAD);

	paths->config = xdg("XDG_CONFIG_HOME", ".config");
	paths->data = xdg("XDG_DATA_HOME", ".local/share");
	paths->state = xdg("XDG_STATE_HOME", ".local/state");
	if (runtime && g_path_is_absolute(runtime))
		paths->runtime = g_build_filename(runtime, "sennit", NULL);
	else
		paths->runtime = g_build_filename(paths->state, "run", NULL);
	paths->download = download ? g_strdup(download) :
	                             g_build_filename(g_get_home_dir(), "Downloads", NULL);
}

SnPaths *sn_paths_new(const char *dir, GError **error)
{
	g_autoptr(SnPaths) paths = g_new0(SnPaths, 1);

	if (dir)
		set_below(paths, dir);
	else
		set_xdg(paths);
	paths->store_path = g_build_filename(paths->data, "sennit.db", NULL);
	paths->keys = g_build_filename(paths->data, "keys", NULL);
	paths->lock_path = g_build_filename(paths->data, "engine.lock", NULL);
	paths->log_path = g_build_filename(paths->state, "sennit.log", NULL);
	/* the download directory is the user's own and is made when something is saved */
	const char *own[] = { paths->config, paths->data, paths->state, paths->runtime };
	for (gsize i = 0; i < G_N_ELEMENTS(own); i++)
		if (!make_private(own[i], error))
			return NULL;
	return g_steal_pointer(&paths);
}

void sn_paths_free(SnPaths *paths)
{
	if (!paths)
		return;
	g_free(paths->config);
	g_free(paths->data);
	g_free(paths->keys);
	g_free(paths->state);
	g_free(paths->runtime);
	g_free(paths->download);
	g_free(paths->store_path);
	g_free(paths->lock_path);
	g_free(paths->log_path);
	g_free(paths);
}
