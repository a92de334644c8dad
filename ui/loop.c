/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main loop: sleeps until the terminal, the bell, the worker or a timer has something. */
#include <poll.h>
#include <stdlib.h>

#include "ui/activity.h"
#include "ui/composer.h"
#include "ui/command.h"
#include "ui/files.h"
#include "ui/unsubscribe.h"
#include "ui/prompt.h"
#include "ui/question.h"
#include "ui/room.h"
#include "ui/triage.h"
#include "ui/view.h"

enum { FRAME_MS = 40, INPUTS_A_FRAME = 256 };

/* ---- input ---- */

static void give_key_to_editor(SnApp *app, const SnKey *keys, guint count)
{
	for (guint i = 0; i < count; i++)
		sn_composer_key(app->composer, keys[i]);
	sn_app_dirty(app);
}

static void unbound(SnApp *app)
{
	g_autoptr(GArray) keys = g_array_copy(app->keys);
	SnKey first = g_array_index(keys, SnKey, 0);

	g_array_set_size(app->keys, 0);
	if (!sn_app_view(app) && app->pane == SN_PANE_COMPOSE) {
		give_key_to_editor(app, (const SnKey *)keys->data, keys->len);
		return;
	}
	/* a terminal sends Alt-x as Esc x: when it means nothing, it was these two */
	if (keys->len == 1 && first & SN_KEY_ALT) {
		sn_app_key(app, SN_KEY_ESC);
		sn_app_key(app, first & ~SN_KEY_ALT);
		return;
	}
	app->bell_rung = TRUE;
	sn_app_dirty(app);
}

void sn_app_key(SnApp *app, SnKey key)
{
	const char *contexts[5], *command = NULL;
	g_autofree char *line = NULL;

	if (app->prompt) {
		sn_prompt_key(app, key);
		return;
	}
	g_assert(key);
	g_array_append_val(app->keys, key);
	sn_app_contexts(app, contexts);
	switch (sn_binds_lookup(app->binds, contexts, (const SnKey *)app->keys->data, app->keys->len,
	                        &command)) {
	case SN_BIND_FOUND:
		g_array_set_size(app->keys, 0);
		line = g_strdup(command); /* :reload may free the table */
		sn_command_run(app, line);
		break;
	case SN_BIND_PREFIX: sn_app_dirty(app); break;
	case SN_BIND_NONE: unbound(app); break;
	}
}

static gboolean inside(SnRect rect, int x, int y)
{
	return x >= rect.x && x < rect.x + rect.cols && y >= rect.y && y < rect.y + rect.rows;
}

static void click_page(SnApp *app, SnPage *page, const SnInput *input)
{
	gint64 id;

	switch (input->button) {
	case SN_MOUSE_WHEEL_UP: sn_page_scroll(page, -3); break;
	case SN_MOUSE_WHEEL_DOWN: sn_page_scroll(page, 3); break;
	default:
		id = sn_page_hit(page, input->y);
		if (id)
			sn_page_select(page, id);
		break;
	}
	sn_app_dirty(app);
}

static void mouse(SnApp *app, const SnInput *input)
{
	SnView *view = sn_app_view(app);
	gboolean click = input->button == SN_MOUSE_LEFT || input->button == SN_MOUSE_DOUBLE;

	if (app->prompt)
		return;
	sn_list_catch_up(app->list);
	if (view && inside(app->view_rect, input->x, input->y)) {
		click_page(app, view->page, input);
		if (input->button == SN_MOUSE_DOUBLE)
			sn_command_run(app, "activate");
		else if (view->ops->moved)
			view->ops->moved(app, view);
	} else if (inside(app->list_rect, input->x, input->y)) {
		if (click) {
			sn_view_close_all(app);
			sn_app_focus(app, SN_PANE_LIST);
		}
		sn_list_ahead(app->list, "down");
		click_page(app, sn_list_page(app->list), input);
		if (click)
			sn_list_moved(app->list);
		if (input->button == SN_MOUSE_DOUBLE)
			sn_command_run(app, "open");
	} else if (!view && inside(app->timeline_rect, input->x, input->y)) {
		if (click)
			sn_app_focus(app, SN_PANE_TIMELINE);
		click_page(app, sn_timeline_page(app->timeline), input);
		sn_timeline_moved(app->timeline);
	} else if (!view && click && input->y > app->timeline_rect.y) {
		sn_app_focus(app, SN_PANE_COMPOSE);
	}
}

static void resize(SnApp *app)
{
	int cols, rows;

	app->term->size(app->term, &cols, &rows);
	sn_grid_resize(app->grid, cols, rows);
	sn_app_dirty(app);
}

static void paste(SnApp *app, const char *text)
{
	if (app->prompt)
		sn_prompt_paste(app, text);
	else if (sn_app_typing(app))
		sn_compose_pasted(app, text);
	else
		sn_app_say(app, SN_OBJ_WARNING, "Pasted text is taken while you write: press i first.");
}

void sn_app_input(SnApp *app, SnInput *input)
{
	if (input->kind == SN_INPUT_KEY || input->kind == SN_INPUT_PASTE ||
	    input->kind == SN_INPUT_MOUSE || (input->kind == SN_INPUT_FOCUS && input->focused))
		sn_activity_touched(app);
	switch (input->kind) {
	case SN_INPUT_KEY:
		g_clear_pointer(&app->message, g_free);
		sn_app_dirty(app);
		sn_app_key(app, input->key);
		break;
	case SN_INPUT_PASTE: paste(app, input->text); break;
	case SN_INPUT_MOUSE: mouse(app, input); break;
	case SN_INPUT_RESIZE: resize(app); break;
	case SN_INPUT_FOCUS:
		app->focused = input->focused;
		if (!app->focused)
			sn_activity_unfocused(app);
		if (app->focused && app->pane != SN_PANE_LIST)
			sn_timeline_seen(app->timeline);
		break;
	case SN_INPUT_QUIT:
		sn_composer_save(app->composer);
		app->quit = TRUE;
		break;
	}
	g_clear_pointer(&input->text, g_free);
}

/* ---- store ---- */

/* A click on a notification asks for a conversation. */
static void open_asked(SnApp *app)
{
	g_autofree char *wanted = sn_store_get(app->store, "ui.open");
	g_autofree char *line = NULL;

	if (!wanted)
		return;
	sn_store_set(app->store, "ui.open", NULL, NULL);
	sn_view_close_all(app);
	line = g_strdup_printf("open id:%s", g_str_has_prefix(wanted, "id:") ? wanted + 3 : wanted);
	sn_command_run(app, line);
}

/* What the engine has to say to whoever looks. */
static void say_told(SnApp *app)
{
	g_autofree char *text = sn_store_get(app->store, "ui.say");

	if (!text)
		return;
	sn_store_set(app->store, "ui.say", NULL, NULL);
	sn_app_say(app, SN_OBJ_WARNING, "%s", text);
}

/* Of a store that the engine cannot write, which therefore does not say so itself, or of which a page that
 * was asked for here cannot be read. */
static void look_for_trouble(SnApp *app)
{
	SnTrouble trouble = sn_store_trouble(app->store);

	if (trouble == SN_TROUBLE_NONE && sn_trouble_of(sn_store_missed(app->store)) == SN_TROUBLE_DAMAGED)
		trouble = SN_TROUBLE_DAMAGED;
	if (trouble == app->trouble)
		return;
	if (trouble != SN_TROUBLE_NONE)
		sn_app_say(app, SN_OBJ_ERROR, "%s", sn_trouble_text(trouble));
	else
		sn_app_say(app, SN_OBJ_SUCCESS, "The store can be written again.");
	app->trouble = trouble;
	sn_app_dirty(app);
}

static void refresh(SnApp *app)
{
	g_assert(app->stale);
	app->stale = FALSE;
	app->refreshed = g_get_monotonic_time() / 1000;
	sn_list_refresh(app->list);
	sn_timeline_refresh(app->timeline);
	sn_composer_refresh(app->composer);
	sn_files_refresh(app);
	sn_unsubscribe_refresh(app);
	for (guint i = 0; i < app->views->len; i++) {
		SnView *view = g_ptr_array_index(app->views, i);
		sn_view_stale(view);
		if (view->ops->stale)
			view->ops->stale(app, view);
	}
	sn_app_dirty(app);
}

/* Rows are read again at most once a frame, so that a busy engine does not slow the keys. */
static void refresh_if_due(SnApp *app)
{
	gint64 now = g_get_monotonic_time() / 1000;

	if (!app->stale)
		return;
	if (app->term->fd(app->term) >= 0 && now - app->refreshed < FRAME_MS)
		return;
	refresh(app);
}

static void run_timers(SnApp *app)
{
	SnTime now = sn_app_now(app);

	if (app->timers[SN_TIMER_DRAFT] && now >= app->timers[SN_TIMER_DRAFT]) {
		app->timers[SN_TIMER_DRAFT] = 0;
		sn_composer_save(app->composer);
	}
	if (app->timers[SN_TIMER_IDLE] && now >= app->timers[SN_TIMER_IDLE])
		sn_activity_timer(app);
	if (app->timers[SN_TIMER_TRIAGE] && now >= app->timers[SN_TIMER_TRIAGE])
		sn_triage_turn(app);
	if (app->timers[SN_TIMER_UNDO] && now >= app->timers[SN_TIMER_UNDO]) {
		app->timers[SN_TIMER_UNDO] = 0;
		if (app->undo_entry && now >= app->undo_until)
			app->undo_entry = 0;
		if (app->undo_entry)
			sn_app_set_timer(app, SN_TIMER_UNDO,
			                 now + SN_SECOND - (now - app->undo_until) % SN_SECOND);
		/* the outbox counts down too */
		if (sn_app_view(app))
			sn_view_stale(sn_app_view(app));
		sn_app_dirty(app);
	}
}

/* How long to sleep, ms; -1 until something happens. */
static int patience(SnApp *app)
{
	SnTime now = sn_app_now(app);
	int wait = app->term->patience(app->term);
	gint64 frame = app->refreshed + FRAME_MS - g_get_monotonic_time() / 1000;

	if (app->stale)
		wait = (int)CLAMP(frame, 0, FRAME_MS);
	if (app->term->fd(app->term) < 0)
		return wait; /* a script's clock does not move by itself */
	for (int i = 0; i < SN_TIMER_COUNT; i++) {
		gint64 left = app->timers[i] - now;
		if (app->timers[i] && (wait < 0 || left < wait))
			wait = (int)CLAMP(left, 0, 60000);
	}
	return wait;
}

static void sleep_until_something(SnApp *app)
{
	struct pollfd fds[] = {
		{ app->term->fd(app->term), POLLIN, 0 },
		{ app->term->signal_fd(app->term), POLLIN, 0 },
		{ app->bell ? sn_bell_fd(app->bell) : -1, POLLIN, 0 },
		{ sn_worker_fd(app->worker), POLLIN, 0 },
	};

	if (poll(fds, G_N_ELEMENTS(fds), patience(app)) < 0)
		return; /* a signal: its fd tells the next time */
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL) && !(fds[0].revents & POLLIN)) {
		sn_composer_save(app->composer);
		app->quit = TRUE;
	}
	if (fds[2].revents && sn_bell_answer(app->bell)) {
		look_for_trouble(app);
		if (sn_store_changed(app->store)) {
			app->stale = TRUE;
			open_asked(app);
			say_told(app);
		}
	}
	if (fds[3].revents && sn_worker_collect(app->worker))
		sn_app_dirty(app);
}

static gboolean is_script(SnApp *app)
{
	return app->term->fd(app->term) < 0;
}

static gboolean keys_wait(SnApp *app)
{
	struct pollfd input = { app->term->fd(app->term), POLLIN, 0 };

	return poll(&input, 1, 0) > 0;
}

static void show(SnApp *app)
{
	app->dirty = FALSE;
	sn_screen_draw(app);
	app->term->draw(app->term, app->grid);
}

/*
 * The selection moves at once; the conversation under it follows when no further key is there. Of a
 * script each step shows the whole screen.
 */
static void draw(SnApp *app)
{
	look_for_trouble(app);
	if (is_script(app)) {
		sn_screen_draw(app);
		sn_list_catch_up(app->list);
	}
	show(app);
	if (!is_script(app) && !keys_wait(app) && sn_list_catch_up(app->list))
		show(app);
	if (app->bell_rung)
		app->term->beep(app->term);
	app->bell_rung = FALSE;
}

/* A script's next step, when nothing is under way. TRUE when there was one. */
static gboolean read_inputs(SnApp *app)
{
	SnInput input;
	int count = 0;

	if (app->term->fd(app->term) < 0) {
		if (sn_worker_busy(app->worker) || !app->term->read(app->term, &input))
			return FALSE;
		sn_app_input(app, &input);
		return TRUE;
	}
	while (count < INPUTS_A_FRAME && !app->quit && app->term->read(app->term, &input)) {
		sn_app_input(app, &input);
		count++;
	}
	return count > 0;
}

void sn_app_loop(SnApp *app)
{
	look_for_trouble(app);
	sn_activity_begin(app);
	while (!app->quit) {
		run_timers(app);
		refresh_if_due(app);
		sn_question_offer(app);
		sn_room_offer(app);
		if (app->dirty)
			draw(app);
		if (!app->ready_told) {
			app->ready_told = TRUE;
			if (app->setup->host.ready)
				app->setup->host.ready(app->setup->host.data);
		}
		if (!read_inputs(app) && !app->dirty && !sn_list_catch_up(app->list))
			sleep_until_something(app);
	}
	sn_triage_finish(app);
	sn_activity_end(app);
}
