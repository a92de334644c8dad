/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <config.h>

#include "src/config/rest.h"

#include <dirent.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "sennit at rest, " PACKAGE_VERSION "\n"
#define END "end"
#define FIRST_FILE "accounts.conf" /* which says whose note it is */
/* Things that come due without a file that changes, such as housekeeping, wait no longer than this. */
#define VALID SN_HOUR
#define JUST_NOW (2 * SN_SECOND)
#define MAX_FILE (8 << 20)
#define MAX_DIRS 50000 /* as many as are looked into for folders */
#define MAX_DEPTH 11

typedef struct {
	GString *text;
	SnTime now;
	int dirs;
	gboolean restless;
} Look;

static char *file_of(const SnPaths *paths)
{
	return g_build_filename(paths->data, "engine.rest", NULL);
}

/* One line of what is looked at: how it is, and its path. changed: ms since 1970. */
static char *state_of(const char *path, SnTime *changed)
{
	struct stat info;

	*changed = 0;
	if (stat(path, &info) != 0)
		return errno == ENOENT ? g_strdup("none") : NULL;
	*changed = MAX(info.st_mtim.tv_sec, info.st_ctim.tv_sec) * (SnTime)1000;
	return g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT
	                       ":%" G_GINT64_FORMAT ".%09ld:%" G_GINT64_FORMAT ".%09ld",
	                       (guint64)info.st_dev, (guint64)info.st_ino, (gint64)info.st_size,
	                       (gint64)info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
	                       (gint64)info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
}

static void add(Look *look, const char *path)
{
	SnTime changed;
	g_autofree char *state = state_of(path, &changed);

	/* a path with a line in it could not be read back */
	if (!state || strchr(path, '\n') || changed > look->now - JUST_NOW)
		look->restless = TRUE;
	else
		g_string_append_printf(look->text, "%s %s\n", state, path);
}

/* Every directory in which folders may appear, and those that hold messages. */
static void add_tree(Look *look, const char *path, int depth)
{
	struct dirent *item;

	if (depth > MAX_DEPTH || ++look->dirs > MAX_DIRS) {
		look->restless = TRUE;
		return;
	}
	add(look, path);
	DIR *dir = look->restless ? NULL : opendir(path);
	while (dir && (item = readdir(dir))) {
		const char *name = item->d_name;
		if (g_str_equal(name, ".") || g_str_equal(name, "..") || g_str_equal(name, "tmp") ||
		    (item->d_type != DT_DIR && item->d_type != DT_LNK && item->d_type != DT_UNKNOWN))
			continue;
		g_autofree char *below = g_build_filename(path, name, NULL);
		if (!g_file_test(below, G_FILE_TEST_IS_DIR))
			continue;
		if (g_str_equal(name, "cur") || g_str_equal(name, "new"))
			add(look, below);
		else if (!g_str_equal(name, ".notmuch")) /* changes with each look of its own */
			add_tree(look, below, depth + 1);
	}
	if (dir)
		closedir(dir);
}

/* Servers have to be asked, and so have programs; cards change without their directory. */
static gboolean may_rest(const SnConfig *config)
{
	const SnSettings *settings = sn_config_settings(config);

	if ((settings->general_vdir && *settings->general_vdir) ||
	    (settings->general_address_book_cmd && *settings->general_address_book_cmd))
		return FALSE;
	for (gsize i = 0; i < sn_config_account_count(config); i++) {
		const SnAccount *account = sn_config_account(config, i);
		if (account->enabled && (account->im.kind != SN_ENDPOINT_NONE ||
		                         (account->source.kind != SN_ENDPOINT_MAILDIR &&
		                          account->source.kind != SN_ENDPOINT_NONE)))
			return FALSE;
	}
	return TRUE;
}

char *sn_rest_look(const SnPaths *paths, const SnConfig *config, const char *module,
                   const SnClock *clock)
{
	static const char *const names[] = { FIRST_FILE, "sennit.conf" };
	Look look = { g_string_new(NULL), sn_clock_now(clock), 0, !may_rest(config) };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(paths->config, names[i], NULL);
		add(&look, path);
	}
	add(&look, module);
	for (gsize i = 0; i < sn_config_account_count(config) && !look.restless; i++) {
		const SnAccount *account = sn_config_account(config, i);
		if (account->enabled && account->source.kind == SN_ENDPOINT_MAILDIR)
			add_tree(&look, account->source.path, 0);
	}
	return g_string_free(look.text, look.restless || look.text->len > MAX_FILE / 2);
}

void sn_rest_write(const SnPaths *paths, const char *before, const char *now, const char *mark,
                   const SnClock *clock)
{
	g_autofree char *path = file_of(paths);

	g_unlink(path);
	if (!before || !now || !mark || !g_str_equal(before, now))
		return;
	g_autofree char *text = g_strdup_printf(HEAD "%" G_GINT64_FORMAT "\n%s\n%s" END "\n",
	                                        sn_clock_now(clock), mark, now);
	/* whole or not at all; it is no loss if it does not last */
	g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
}

/* The same data may be used with another configuration, which has other accounts. */
static gboolean is_of(const SnPaths *paths, const char *line)
{
	g_autofree char *own = g_build_filename(paths->config, FIRST_FILE, NULL);
	const char *path = strchr(line, ' ');

	return path && g_str_equal(path + 1, own);
}

static gboolean is_as_it_was(const char *line)
{
	const char *path = strchr(line, ' ');
	SnTime changed;
	g_autofree char *state = path ? state_of(path + 1, &changed) : NULL;

	return state && strlen(state) == (gsize)(path - line) &&
	       strncmp(state, line, (gsize)(path - line)) == 0;
}

gboolean sn_rest_holds(const SnPaths *paths, const SnClock *clock)
{
	g_autofree char *path = file_of(paths), *text = NULL;
	gsize length;

	if (!g_file_get_contents(path, &text, &length, NULL) || length > MAX_FILE ||
	    !g_str_has_prefix(text, HEAD))
		return FALSE;
	g_auto(GStrv) lines = g_strsplit(text + strlen(HEAD), "\n", -1);
	guint count = g_strv_length(lines);
	/* the time, the mark, at least one file, the end and nothing after it */
	if (count < 5 || *lines[count - 1] || !g_str_equal(lines[count - 2], END))
		return FALSE;
	SnTime age = sn_clock_now(clock) - g_ascii_strtoll(lines[0], NULL, 10);
	if (age < 0 || age > VALID || !is_of(paths, lines[2]))
		return FALSE;
	for (guint i = 2; i + 2 < count; i++)
		if (!is_as_it_was(lines[i]))
			return FALSE;
	return sn_store_rests(paths->store_path, lines[1]);
}
