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
#include <stdlib.h>
#include <string.h>

#include "tests/lib/ui_desk.h"

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

/* Scripts say in their first line what the store holds: "# story", "# empty", "# many", "# told",
 * "# reports", "# outbox", "# cards", "# away", "# folders", "# secure", "# devices". */
static void plays(void **state)
{
	const char *name = *state;
	g_autofree char *path = golden_path(name, ".keys"), *script = NULL, *shown = NULL;
	UiDesk *desk;

	assert_true(g_file_get_contents(path, &script, NULL, NULL));
	desk = ui_desk_new(g_str_has_prefix(script, "# empty")  ? UI_DESK_EMPTY
	                   : g_str_has_prefix(script, "# many") ? UI_DESK_MANY
	                   : g_str_has_prefix(script, "# told") ? UI_DESK_TOLD
	                   : g_str_has_prefix(script, "# reports") ? UI_DESK_REPORTS
	                   : g_str_has_prefix(script, "# outbox") ? UI_DESK_OUTBOX
	                   : g_str_has_prefix(script, "# cards") ? UI_DESK_CARDS
	                   : g_str_has_prefix(script, "# contacts") ? UI_DESK_CONTACTS
	                   : g_str_has_prefix(script, "# amended") ? UI_DESK_AMENDED
	                   : g_str_has_prefix(script, "# bulk") ? UI_DESK_BULK
	                   : g_str_has_prefix(script, "# folders") ? UI_DESK_FOLDERS
	                   : g_str_has_prefix(script, "# secure") ? UI_DESK_SECURE
	                   : g_str_has_prefix(script, "# devices") ? UI_DESK_DEVICES
	                   : g_str_has_prefix(script, "# mailbox") ? UI_DESK_MAILBOX
	                   : g_str_has_prefix(script, "# away") ? UI_DESK_AWAY
	                   : g_str_has_prefix(script, "# rooms") ? UI_DESK_ROOMS
	                   : g_str_has_prefix(script, "# letters") ? UI_DESK_LETTERS
	                   : g_str_has_prefix(script, "# reading") ? UI_DESK_READING
	                                                           : UI_DESK_STORY,
	                   NULL);
	ui_desk_play_file(desk, path);
	shown = g_strdup(desk->shown);
	ui_desk_free(desk);
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
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *only = g_getenv("GOLDEN"), *entry;
	int failed;

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
