/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/history_file.h"

#include <string.h>

enum { LINES_KEPT = 500, LINE_MAX_BYTES = 4096 };

void sn_history_file_add(GPtrArray *history, const char *line)
{
	const char *last = history->len ? g_ptr_array_index(history, history->len - 1) : NULL;

	if (!*line || strlen(line) > LINE_MAX_BYTES || g_strcmp0(last, line) == 0)
		return;
	g_ptr_array_add(history, g_strdup(line));
	if (history->len > LINES_KEPT)
		g_ptr_array_remove_index(history, 0);
	g_assert(history->len <= LINES_KEPT);
}

GPtrArray *sn_history_file_load(const char *state_dir, const char *name)
{
	GPtrArray *history = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = g_build_filename(state_dir, name, NULL), *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL) || !g_utf8_validate(text, -1, NULL))
		return history;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++)
		sn_history_file_add(history, *line);
	return history;
}

void sn_history_file_save(const char *state_dir, const char *name, const GPtrArray *history)
{
	g_autofree char *path = g_build_filename(state_dir, name, NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	if (history->len == 0)
		return;
	for (guint i = 0; i < history->len; i++)
		g_string_append_printf(text, "%s\n", (const char *)g_ptr_array_index(history, i));
	if (!g_file_set_contents_full(path, text->str, (gssize)text->len,
	                              G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
		g_warning("what was typed is not kept: %s", error->message);
}
