/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that move about: in a page, between conversations, between panes. */
#include <stdlib.h>
#include <string.h>

#include "ui/command.h"
#include "ui/composer.h"
#include "ui/view.h"

static void moved(SnApp *app)
{
	SnView *view = sn_app_view(app);

	if (view) {
		if (view->ops->moved)
			view->ops->moved(app, view);
	} else if (app->pane == SN_PANE_LIST) {
		sn_list_moved(app->list);
	} else {
		sn_timeline_moved(app->timeline);
	}
}

static void page_move(SnApp *app, SnPage *page, const char *how)
{
	int rows = MAX(app->grid->rows - 4, 2);

	if (strcmp(how, "down") == 0)
		sn_page_step(page, 1);
	else if (strcmp(how, "up") == 0)
		sn_page_step(page, -1);
	else if (strcmp(how, "half-down") == 0)
		sn_page_scroll(page, rows / 2);
	else if (strcmp(how, "half-up") == 0)
		sn_page_scroll(page, -rows / 2);
	else if (strcmp(how, "page-down") == 0)
		sn_page_scroll(page, rows);
	else if (strcmp(how, "page-up") == 0)
		sn_page_scroll(page, -rows);
	else if (strcmp(how, "top") == 0)
		sn_page_top(page);
	else if (page == sn_timeline_page(app->timeline))
		sn_timeline_bottom(app->timeline);
	else
		sn_page_bottom(page);
}

static gboolean run_move(SnApp *app, int argc, char **argv, GError **error)
{
	SnPage *page = sn_app_page(app);
	SnView *view = sn_app_view(app);

	if (page) {
		if (view && view->ops->ahead)
			view->ops->ahead(app, view, argv[0]);
		if (page == sn_list_page(app->list))
			sn_list_ahead(app->list, argv[0]);
		page_move(app, page, argv[0]);
		moved(app);
	}
	return TRUE;
}

/* The timeline, from the composer. */
static gboolean run_scroll(SnApp *app, int argc, char **argv, GError **error)
{
	page_move(app, sn_timeline_page(app->timeline), argv[0]);
	sn_timeline_moved(app->timeline);
	return TRUE;
}

static void show(SnApp *app, SnId conversation, SnId message)
{
	sn_view_close_all(app);
	sn_list_select(app->list, conversation);
	if (conversation != sn_timeline_conversation_id(app->timeline) || message)
		sn_timeline_open(app->timeline, conversation, message);
}

SnId sn_command_conversation(SnApp *app, const char *who)
{
	g_autoptr(GPtrArray) found = sn_conversation_find(app->store, who);
	g_autoptr(GPtrArray) people = NULL;

	if (found && found->len)
		return ((const SnConversation *)g_ptr_array_index(found, 0))->id;
	/* a contact with whom nothing was exchanged yet */
	people = sn_person_find(app->store, who);
	if (!people || people->len == 0)
		return 0;
	return sn_conversation_for_person(app->store,
	                                  ((const SnPerson *)g_ptr_array_index(people, 0))->id, NULL);
}

static gboolean open_who(SnApp *app, const char *who, SnId *conversation, GError **error)
{
	*conversation = sn_command_conversation(app, who);
	if (!*conversation)
		return sn_command_fail(error, "Nobody here is called '%s'. m writes to a new address.", who);
	return TRUE;
}

static gboolean run_open(SnApp *app, int argc, char **argv, GError **error)
{
	SnId conversation = sn_timeline_conversation_id(app->timeline);

	if (argc > 0 && !open_who(app, argv[0], &conversation, error))
		return FALSE;
	if (argc == 0 && app->pane == SN_PANE_LIST && sn_list_selected(app->list))
		conversation = sn_list_selected(app->list)->id;
	if (!conversation)
		return sn_command_fail(error, "There is no conversation to open.");
	show(app, conversation, 0);
	sn_app_focus(app, SN_PANE_TIMELINE);
	return TRUE;
}

static gboolean run_go(SnApp *app, int argc, char **argv, GError **error)
{
	int number = atoi(argv[0]);
	SnId conversation = number > 0 ? sn_list_nth(app->list, number) : 0;

	if (!conversation)
		return sn_command_fail(error, "There is no conversation number %s.", argv[0]);
	show(app, conversation, 0);
	if (app->pane == SN_PANE_LIST)
		return TRUE;
	sn_app_focus(app, SN_PANE_TIMELINE);
	return TRUE;
}

static gboolean run_next_unread(SnApp *app, int argc, char **argv, GError **error)
{
	SnId conversation = sn_list_next_unread(app->list);

	if (!conversation) {
		sn_app_say(app, SN_OBJ_DEFAULT, "Nothing unread.");
		return TRUE;
	}
	show(app, conversation, 0);
	sn_app_focus(app, SN_PANE_TIMELINE);
	return TRUE;
}

/* q: one step back, and out at the end. */
static gboolean run_back(SnApp *app, int argc, char **argv, GError **error)
{
	SnView *view = sn_app_view(app);

	if (view && view->ops->back && view->ops->back(app, view))
		return TRUE;
	if (view)
		sn_view_close(app);
	else if (app->pane != SN_PANE_LIST)
		sn_app_focus(app, SN_PANE_LIST);
	else
		sn_app_quit(app);
	return TRUE;
}

/* Esc: one step back, never out. */
static gboolean run_back_pane(SnApp *app, int argc, char **argv, GError **error)
{
	if (app->keys->len)
		g_array_set_size(app->keys, 0);
	else if (sn_app_view(app))
		sn_view_close(app);
	else if (app->pane == SN_PANE_COMPOSE)
		sn_app_focus(app, SN_PANE_TIMELINE);
	else if (sn_timeline_mark_count(app->timeline))
		sn_timeline_clear_marks(app->timeline);
	else
		sn_app_focus(app, SN_PANE_LIST);
	return TRUE;
}

static gboolean run_filter(SnApp *app, int argc, char **argv, GError **error)
{
	sn_list_set_filter(app->list, argc ? argv[0] : NULL, sn_list_shelf(app->list));
	sn_app_focus(app, SN_PANE_LIST);
	return TRUE;
}

static void toggle_shelf(SnApp *app, SnShelf shelf)
{
	sn_list_set_filter(app->list, NULL,
	                   sn_list_shelf(app->list) == shelf ? SN_SHELF_LIST : shelf);
}

static gboolean run_newsletters(SnApp *app, int argc, char **argv, GError **error)
{
	toggle_shelf(app, SN_SHELF_BULK);
	sn_app_focus(app, SN_PANE_LIST);
	return TRUE;
}

static gboolean run_archived(SnApp *app, int argc, char **argv, GError **error)
{
	toggle_shelf(app, SN_SHELF_ARCHIVED);
	return TRUE;
}

#define MOVES "down up half-down half-up page-down page-up top bottom"

const SnCommand sn_commands_move[] = {
	{ "move", "HOW", "move the selection", SN_COMPLETE_WORDS, MOVES, 1, 1, run_move },
	{ "scroll", "HOW", "move the timeline while writing", SN_COMPLETE_WORDS, MOVES, 1, 1, run_scroll },
	{ "open", "[WHO]", "read a conversation", SN_COMPLETE_PERSON, NULL, 0, -1, run_open },
	{ "go", "NUMBER", "the conversation with this place in the list", 0, NULL, 1, 1, run_go },
	{ "next-unread", "", "next conversation with something new", 0, NULL, 0, 0, run_next_unread },
	{ "back", "", "one step back; quit from the list", 0, NULL, 0, 0, run_back },
	{ "back-pane", "", "one step back, towards the list", 0, NULL, 0, 0, run_back_pane },
	{ "filter", "[WORD]", "show only conversations with this name or address", 0, NULL, 0, -1, run_filter },
	{ "newsletters", "", "newsletters and notices, and back", 0, NULL, 0, 0, run_newsletters },
	{ "archived", "", "archived conversations, and back", 0, NULL, 0, 0, run_archived },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
