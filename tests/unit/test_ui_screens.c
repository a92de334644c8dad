/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole client, driven by each script tests/golden/NAME.keys on a store with a story, compared
 * with NAME.txt. UPDATE_GOLDEN=1 writes what is shown now; look at the difference before commit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/story.h"
#include "ui/ui.h"

enum { MANY = 300 };

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);
		if (g_file_test(child, G_FILE_TEST_IS_DIR))
			remove_tree(child);
		else
			g_unlink(child);
	}
	g_rmdir(path);
}

/* Scripts say in their first line what the store holds: "# story", "# empty", "# many". */
static SnConfig *fill_profile(SnPaths *paths, const char *script)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *file = g_build_filename(paths->config, "accounts.conf", NULL);
	SnConfig *config;
	SnStore *store;

	assert_true(g_file_set_contents_full(file, story_accounts, -1, 0, 0600, &error));
	config = sn_config_load(paths, &error);
	assert_non_null(config);
	store = sn_store_open(paths->store_path, SN_STORE_ENGINE, &error);
	assert_non_null(store);
	assert_true(sn_config_declare(config, store, &error));
	if (!g_str_has_prefix(script, "# empty"))
		story_fill(store);
	if (g_str_has_prefix(script, "# many"))
		story_fill_many(store, MANY);
	sn_store_close(store);
	return config;
}

static char *golden_path(const char *name, const char *suffix)
{
	g_autofree char *file = g_strconcat(name, suffix, NULL);

	return g_build_filename(g_getenv("TOP_SRCDIR"), "tests", "golden", file, NULL);
}

static void compare(const char *name, const char *shown)
{
	g_autofree char *path = golden_path(name, ".txt"), *wanted = NULL;
	g_auto(GStrv) now = g_strsplit(shown, "\n", -1), then = NULL;
	guint i = 0;

	if (g_getenv("UPDATE_GOLDEN")) {
		assert_true(g_file_set_contents(path, shown, -1, NULL));
		return;
	}
	if (!g_file_get_contents(path, &wanted, NULL, NULL))
		fail_msg("%s is missing", path);
	if (strcmp(wanted, shown) == 0)
		return;
	then = g_strsplit(wanted, "\n", -1);
	while (now[i] && then[i] && strcmp(now[i], then[i]) == 0)
		i++;
	fail_msg("%s line %u\nis  |%s|\nwas |%s|", path, i + 1, now[i] ? now[i] : "(end)",
	         then[i] ? then[i] : "(end)");
}

static void plays(void **state)
{
	const char *name = *state;
	g_autoptr(GError) error = NULL;
	g_autofree char *dir = g_dir_make_tmp("sennit-ui-XXXXXX", NULL);
	g_autofree char *script_path = golden_path(name, ".keys"), *script = NULL, *shown = NULL;
	g_autofree char *dump = g_build_filename(dir, "dump", NULL);
	g_autofree char *home = g_build_filename(dir, "home", NULL);
	g_autoptr(SnPaths) paths = sn_paths_new(home, &error);
	SnUiSetup setup = { .paths = paths, .script = script_path };
	int result;

	assert_non_null(paths);
	assert_true(g_file_get_contents(script_path, &script, NULL, NULL));
	g_setenv("SENNIT_SCREEN_DUMP", dump, TRUE);
	setup.config = fill_profile(paths, script);
	result = sn_ui_run(&setup, &error);
	sn_config_unref(setup.config);
	if (error)
		fail_msg("%s", error->message);
	assert_int_equal(result, 0);
	assert_true(g_file_get_contents(dump, &shown, NULL, NULL));
	remove_tree(dir);
	compare(name, shown);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

int main(void)
{
	g_autoptr(GArray) tests = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
	g_autofree char *folder = g_build_filename(g_getenv("TOP_SRCDIR"), "tests", "golden", NULL);
	g_autofree char *themes = g_build_filename(g_getenv("TOP_SRCDIR"), "themes", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *only = g_getenv("GOLDEN"), *entry;
	int failed;

	g_setenv("TZ", "UTC", TRUE);
	g_setenv("SENNIT_THEMES", themes, TRUE);
	while (dir && (entry = g_dir_read_name(dir))) {
		char *name;
		if (!g_str_has_suffix(entry, ".keys"))
			continue;
		name = g_strndup(entry, strlen(entry) - strlen(".keys"));
		if (!only || strcmp(only, name) == 0) {
			struct CMUnitTest test = { name, plays, NULL, NULL, name };
			g_array_append_val(tests, test);
		}
	}
	g_array_sort(tests, by_name);
	failed = _cmocka_run_group_tests("screens", (const struct CMUnitTest *)(void *)tests->data,
	                                 tests->len, NULL, NULL);
	for (guint i = 0; i < tests->len; i++)
		g_free(g_array_index(tests, struct CMUnitTest, i).initial_state);
	return failed;
}
