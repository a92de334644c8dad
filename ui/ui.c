/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Begin and end of the client. */
#include "ui/ui.h"

#include <string.h>

#include "ui/command.h"
#include "ui/files.h"
#include "ui/history_file.h"
#include "ui/plain.h"
#include "ui/prompt.h"
#include "ui/secure.h"
#include "ui/view.h"

static void app_free(SnApp *app)
{
	while (app->views && app->views->len)
		sn_view_close(app);
	if (app->prompt)
		sn_prompt_cancel(app);
	sn_worker_free(app->worker);
	g_free(app->leaving);
	sn_files_tidy(app);
	if (app->awaited)
		g_ptr_array_unref(app->awaited);
	sn_composer_free(app->composer);
	sn_timeline_free(app->timeline);
	sn_list_free(app->list);
	if (app->views)
		g_ptr_array_unref(app->views);
	sn_secure_cache_free(app->secure);
	sn_grid_free(app->grid);
	sn_theme_free(app->theme);
	sn_binds_free(app->binds);
	if (app->keys)
		g_array_unref(app->keys);
	g_clear_pointer(&app->history, g_ptr_array_unref);
	g_clear_pointer(&app->searches, g_ptr_array_unref);
	sn_bell_free(app->bell);
	sn_store_close(app->store);
	sn_config_unref(app->config);
	if (app->set_configs)
		g_ptr_array_unref(app->set_configs);
	g_free(app->message);
	g_free(app->search);
	g_free(app->book_word);
	g_free(app);
}

/* Without the bell the client still works: it looks when a key is pressed. */
static void listen_to_bell(SnApp *app)
{
	g_autoptr(GError) error = NULL;

	app->bell = sn_bell_open(sn_store_bell_path(app->store), &error);
	if (app->bell && !sn_bell_listen(app->bell, &error))
		g_clear_pointer(&app->bell, sn_bell_free);
	if (!app->bell)
		g_warning("changes by others are not seen at once: %s", error->message);
	sn_store_changed(app->store);
}

static gboolean open_data(SnApp *app, GError **error)
{
	if (app->clock)
		sn_store_set_clock(app->store, app->clock);
	if (!sn_config_declare(app->config, app->store, error))
		return FALSE;
	listen_to_bell(app);
	return TRUE;
}

static void make_parts(SnApp *app)
{
	int cols, rows;

	app->term->size(app->term, &cols, &rows);
	app->grid = sn_grid_new(cols, rows);
	app->worker = sn_worker_new(app->setup->paths->store_path);
	app->secure = sn_secure_cache_new(app);
	app->views = g_ptr_array_new();
	app->keys = g_array_new(FALSE, FALSE, sizeof(SnKey));
	app->composer = sn_composer_new(app);
	app->timeline = sn_timeline_new(app);
	app->list = sn_list_new(app);
	app->history = sn_history_file_load(app->setup->paths->state, SN_HISTORY_COMMANDS);
	app->searches = sn_history_file_load(app->setup->paths->state, SN_HISTORY_SEARCHES);
	sn_app_load_binds(app);
	sn_app_load_theme(app, app->settings->general_theme);
	app->focused = TRUE;
	app->dirty = TRUE;
}

static void open_first(SnApp *app)
{
	const char *who = app->setup->open;
	g_autofree char *line = NULL;

	if (!who || !*who)
		return;
	line = g_strdup_printf("%s %s",
	                       g_str_has_prefix(who, "mailto:") || g_str_has_prefix(who, "xmpp:")
	                               ? "compose"
	                               : "open",
	                       who);
	sn_command_run(app, line);
}

static SnApp *app_new(const SnUiSetup *setup, SnStore *store, SnTerm *term)
{
	SnApp *app = g_new0(SnApp, 1);

	app->setup = setup;
	app->store = store;
	app->config = sn_config_ref(setup->config);
	app->settings = sn_config_settings(setup->config);
	app->term = term;
	app->clock = term ? term->clock : NULL;
	app->set_configs = g_ptr_array_new_with_free_func((GDestroyNotify)sn_config_unref);
	return app;
}

static int run_screen(SnApp *app)
{
	make_parts(app);
	open_first(app);
	app->term->title(app->term, "sennit");
	sn_app_loop(app);
	sn_composer_save(app->composer);
	sn_history_file_save(app->setup->paths->state, SN_HISTORY_COMMANDS, app->history);
	sn_history_file_save(app->setup->paths->state, SN_HISTORY_SEARCHES, app->searches);
	return app->exit_code;
}

int sn_ui_run(const SnUiSetup *setup, GError **error)
{
	g_autoptr(GError) local = NULL;
	SnTerm *term = NULL;
	SnApp *app;
	int result = 1;

	/* A migration takes its time, and is told on the bare terminal, where Ctrl-C stops it. */
	SnStore *store = sn_store_open_watched(setup->paths->store_path, SN_STORE_CLIENT,
	                                       setup->watch, error);
	if (!store)
		return result;
	if (setup->plain && !setup->script) {
		app = app_new(setup, store, NULL);
		if (open_data(app, error))
			result = sn_plain_run(app);
		app_free(app);
		return result;
	}
	term = setup->script
	               ? sn_term_script_new(setup->script, error)
	               : sn_term_curses_new(sn_config_settings(setup->config)->ui_mouse, error);
	if (!term) {
		sn_store_close(store);
		return 2;
	}
	app = app_new(setup, store, term);
	if (open_data(app, &local))
		result = run_screen(app);
	if (setup->script)
		result = MAX(result, sn_term_script_result(term));
	app_free(app);
	term->free(term);
	if (local)
		g_propagate_error(error, g_steal_pointer(&local));
	return result;
}
