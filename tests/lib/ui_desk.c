/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "tests/lib/story_outbox.h"
#include "tests/lib/ui_desk.h"

enum { MANY = 300 };

static void remove_tree(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);
		if (g_file_test(child, G_FILE_TEST_IS_DIR) && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
			remove_tree(child);
		else
			g_unlink(child);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(path);
}

void ui_desk_write(UiDesk *desk, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(desk->paths->config, name, NULL);

	assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
	                                     NULL));
}

UiDesk *ui_desk_new(UiDeskFill fill, const char *settings)
{
	UiDesk *desk = g_new0(UiDesk, 1);
	g_autoptr(GError) error = NULL;
	g_autofree char *home = NULL, *themes = NULL;

	themes = g_build_filename(g_getenv("TOP_SRCDIR"), "themes", NULL);
	g_setenv("TZ", "UTC", TRUE);
	g_setenv("SENNIT_THEMES", themes, TRUE);
	desk->dir = g_dir_make_tmp("sennit-ui-XXXXXX", NULL);
	home = g_build_filename(desk->dir, "home", NULL);
	desk->paths = sn_paths_new(home, &error);
	assert_non_null(desk->paths);
	ui_desk_write(desk, "accounts.conf",
	              fill == UI_DESK_LETTERS ? story_letters_accounts : story_accounts);
	if (settings)
		ui_desk_write(desk, "sennit.conf", settings);
	desk->config = sn_config_load(desk->paths, &error);
	if (!desk->config)
		fail_msg("%s", error->message);
	desk->store = sn_store_open(desk->paths->store_path, SN_STORE_ENGINE, &error);
	assert_non_null(desk->store);
	assert_true(sn_config_declare(desk->config, desk->store, &error));
	if (fill == UI_DESK_TOLD)
		story_fill_told(desk->store);
	else if (fill != UI_DESK_EMPTY)
		story_fill(desk->store);
	if (fill == UI_DESK_REPORTS)
		story_fill_reports(desk->store);
	if (fill == UI_DESK_AWAY)
		story_fill_away(desk->store);
	if (fill == UI_DESK_CONTACTS)
		story_fill_contacts(desk->store);
	if (fill == UI_DESK_AMENDED)
		story_fill_amended(desk->store);
	if (fill == UI_DESK_AMENDED)
		story_fill_files(desk->store);
	if (fill == UI_DESK_BULK)
		story_fill_bulk(desk->store);
	if (fill == UI_DESK_FOLDERS)
		story_fill_folders(desk->store);
	if (fill == UI_DESK_LETTERS)
		story_fill_letters(desk->store);
	if (fill == UI_DESK_MANY)
		story_fill_many(desk->store, MANY);
	if (fill == UI_DESK_OUTBOX)
		story_fill_outbox(desk->store);
	if (fill == UI_DESK_CARDS)
		story_fill_cards(desk->store);
	if (fill == UI_DESK_ROOMS)
		story_fill_rooms(desk->store);
	desk->setup = (SnUiSetup){ .paths = desk->paths, .config = desk->config };
	if (fill == UI_DESK_MAILBOX)
		story_fill_mailbox(desk->store);
	if (fill == UI_DESK_READING) {
		story_fill_reading(desk->store);
		desk->setup.host.attached_text = story_attached_text;
		desk->setup.host.part_tree = story_part_tree;
	}
	if (fill == UI_DESK_BULK)
		desk->setup.host.unsubscribe = story_unsubscribe;
	if (fill == UI_DESK_DEVICES)
		story_fill_devices(desk->store);
	if (fill == UI_DESK_SECURE) {
		story_fill_secure(desk->store);
		desk->setup.host.open_mail = story_open_mail;
		desk->setup.host.outlook = story_outlook;
	}
	return desk;
}

void ui_desk_free(UiDesk *desk)
{
	sn_store_close(desk->store);
	sn_config_unref(desk->config);
	sn_paths_free(desk->paths);
	remove_tree(desk->dir);
	g_free(desk->dir);
	g_free(desk->shown);
	g_free(desk);
}

void ui_desk_play_file(UiDesk *desk, const char *path)
{
	g_autofree char *dump = g_build_filename(desk->dir, "dump", NULL);
	g_autoptr(GError) error = NULL;

	g_unlink(dump);
	g_setenv("SENNIT_SCREEN_DUMP", dump, TRUE);
	desk->setup.script = path;
	desk->result = sn_ui_run(&desk->setup, &error);
	if (error)
		fail_msg("%s", error->message);
	assert_int_equal(desk->result, 0);
	g_clear_pointer(&desk->shown, g_free);
	if (!g_file_get_contents(dump, &desk->shown, NULL, NULL))
		desk->shown = g_strdup("");
}

void ui_desk_play(UiDesk *desk, const char *script)
{
	g_autofree char *path = g_build_filename(desk->dir, "script", NULL);
	g_autofree char *text =
		g_strdup_printf("clock " STORY_NOW_TEXT "\nsize 100 30\n%s\n", script);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	ui_desk_play_file(desk, path);
}

SnId ui_desk_conversation(UiDesk *desk, const char *address)
{
	g_autoptr(GPtrArray) found = sn_conversation_find(desk->store, address);

	assert_non_null(found);
	assert_true(found->len > 0);
	return ((const SnConversation *)g_ptr_array_index(found, 0))->id;
}

SnId ui_desk_last_entry(UiDesk *desk)
{
	g_autoptr(GPtrArray) entries = sn_outbox_list(desk->store, SN_OUTBOX_ALL, 0, 1, 0);

	return entries && entries->len ? ((SnOutboxEntry *)g_ptr_array_index(entries, 0))->id : 0;
}

SnOutboxEntry *ui_desk_entry(UiDesk *desk, SnId after)
{
	SnId last = ui_desk_last_entry(desk);

	return last > after ? sn_outbox_get(desk->store, last, SN_OUTBOX_FULL) : NULL;
}
