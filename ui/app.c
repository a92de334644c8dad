/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/app.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "ui/command.h"
#include "ui/prompt.h"
#include "ui/view.h"

SnTime sn_app_now(const SnApp *app)
{
	return sn_clock_now(app->clock);
}

void sn_app_dirty(SnApp *app)
{
	app->dirty = TRUE;
}

void sn_app_say(SnApp *app, SnObject object, const char *format, ...)
{
	va_list arguments;

	g_free(app->message);
	va_start(arguments, format);
	app->message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	app->message_object = object;
	sn_app_dirty(app);
}

void sn_app_error(SnApp *app, GError *error)
{
	if (!error)
		return;
	sn_app_say(app, SN_OBJ_ERROR, "%s", error->message);
	g_error_free(error);
}

char **sn_app_theme_dirs(const SnApp *app)
{
	GPtrArray *dirs = g_ptr_array_new();
	const char *extra = g_getenv("SENNIT_THEMES");

	g_ptr_array_add(dirs, g_build_filename(app->setup->paths->config, "themes", NULL));
	g_ptr_array_add(dirs, g_strdup(SN_DATA_DIR "/themes"));
	if (extra && *extra)
		g_ptr_array_add(dirs, g_strdup(extra));
	g_ptr_array_add(dirs, NULL);
	return (char **)g_ptr_array_free(dirs, FALSE);
}

void sn_app_load_theme(SnApp *app, const char *name)
{
	g_auto(GStrv) dirs = sn_app_theme_dirs(app);
	GError *error = NULL;
	SnTheme *theme = NULL;

	if (name && *name)
		theme = sn_theme_load(name, (const char *const *)dirs, &error);
	/* the built-in theme needs no file */
	if (!theme && (!name || strcmp(name, "default-dark") == 0) &&
	    g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND))
		g_clear_error(&error);
	if (error)
		sn_app_error(app, error);
	if (!theme && app->theme)
		return;
	sn_theme_free(app->theme);
	app->theme = theme ? theme : sn_theme_builtin();
	sn_app_dirty(app);
}

void sn_app_load_binds(SnApp *app)
{
	g_autofree char *path = g_build_filename(app->setup->paths->config, "binds.conf", NULL);
	g_autofree char *text = NULL;
	SnBinds *binds = sn_binds_new();
	GError *error = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL) && !sn_binds_parse(binds, text, path, &error))
		sn_app_error(app, error);
	sn_binds_free(app->binds);
	app->binds = binds;
}

gboolean sn_app_reload(SnApp *app, GError **error)
{
	SnConfig *config = sn_config_load(app->setup->paths, error);

	if (!config)
		return FALSE;
	sn_config_unref(app->config);
	app->config = config;
	app->settings = sn_config_settings(config);
	if (!sn_config_declare(config, app->store, error))
		return FALSE;
	sn_app_load_theme(app, app->settings->general_theme);
	sn_app_load_binds(app);
	app->term->set_mouse(app->term, app->settings->ui_mouse);
	if (app->setup->host.reloaded)
		app->setup->host.reloaded(config, app->setup->host.data);
	app->stale = TRUE;
	sn_app_dirty(app);
	return TRUE;
}

void sn_app_set_timer(SnApp *app, SnTimer timer, SnTime when)
{
	g_assert(timer < SN_TIMER_COUNT);
	app->timers[timer] = when;
}

SnView *sn_app_view(const SnApp *app)
{
	return app->views->len ? g_ptr_array_index(app->views, app->views->len - 1) : NULL;
}

gboolean sn_app_typing(const SnApp *app)
{
	return app->prompt || (!sn_app_view(app) && app->pane == SN_PANE_COMPOSE);
}

void sn_app_contexts(const SnApp *app, const char *out[5])
{
	const SnView *view = sn_app_view(app);
	int n = 0;

	if (view) {
		out[n++] = view->ops->name;
		out[n++] = "view";
		out[n++] = "global";
	} else if (app->pane == SN_PANE_COMPOSE) {
		/* plain letters are text here: the global keys do not count */
		out[n++] = sn_composer_channel(app->composer) == SN_CHANNEL_IM ? "compose-im"
		                                                               : "compose-mail";
		out[n++] = "compose";
	} else {
		out[n++] = app->pane == SN_PANE_LIST ? "list" : "timeline";
		out[n++] = "global";
	}
	out[n] = NULL;
}

SnPage *sn_app_page(SnApp *app)
{
	SnView *view = sn_app_view(app);

	if (view)
		return view->page;
	switch (app->pane) {
	case SN_PANE_LIST: return sn_list_page(app->list);
	case SN_PANE_TIMELINE: return sn_timeline_page(app->timeline);
	default: return NULL;
	}
}

void sn_app_focus(SnApp *app, SnPane pane)
{
	if (app->pane == SN_PANE_COMPOSE && pane != SN_PANE_COMPOSE)
		sn_composer_save(app->composer);
	app->pane = pane;
	if (pane != SN_PANE_LIST)
		sn_timeline_seen(app->timeline);
	sn_app_dirty(app);
}

static void quit_answered(SnApp *app, const char *answer, gpointer data)
{
	if (answer && strcmp(answer, "yes") == 0)
		app->quit = TRUE;
}

void sn_app_quit(SnApp *app)
{
	static const SnChoice choices[] = {
		{ 'y', "quit; it goes the next time sennit runs", "yes" },
		{ 'n', "stay", "no" },
	};
	SnAsk ask = { .choices = choices, .count = G_N_ELEMENTS(choices), .done = quit_answered };

	sn_composer_save(app->composer);
	if (!app->undo_entry || app->undo_until <= sn_app_now(app)) {
		app->quit = TRUE;
		return;
	}
	ask.question = "A message has not gone yet: it can still be taken back for a few seconds. Quit?";
	sn_prompt_ask(app, &ask);
}

/* In the child: C-c is for it again. */
static void default_signals(gpointer data)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
}

gboolean sn_app_run(SnApp *app, const char *const *argv, int *status, GError **error)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	gboolean ran;

	app->term->suspend(app->term);
	/* C-c in the other program must not end this one */
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	ran = g_spawn_sync(NULL, (char **)argv, NULL,
	                   G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, default_signals, NULL,
	                   NULL, NULL, status, error);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	app->term->resume(app->term);
	app->stale = TRUE;
	sn_app_dirty(app);
	return ran;
}
