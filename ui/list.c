/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conversation list: rows are read page by page as the selection comes near the end. */
#include "ui/app.h"

#include <string.h>

#include "src/text/text.h"
#include "ui/view.h"
#include "ui/words.h"

enum { ROWS_MAX = 20000 }; /* as far as the list is read for G */

struct sn_list {
	SnApp *app;
	SnPage *page;
	GPtrArray *rows;     /* of SnConversation */
	gboolean complete;   /* there are no rows after the last one */
	gboolean loaded;     /* read at least once */
	gboolean filled;     /* the page shows the rows */
	SnShelf shelf;
	int waiting;         /* conversations with something new on the shelf of newsletters */
	char *filter;        /* NULL */
	SnId wanted;         /* what the timeline is to show as soon as the list is drawn; 0 */
	SnRect rect;         /* as last drawn */
};

SnList *sn_list_new(SnApp *app)
{
	SnList *list = g_new0(SnList, 1);

	list->app = app;
	list->page = sn_page_new();
	list->rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_conversation_free);
	return list;
}

void sn_list_free(SnList *list)
{
	if (!list)
		return;
	sn_page_free(list->page);
	g_ptr_array_unref(list->rows);
	g_free(list->filter);
	g_free(list);
}

SnPage *sn_list_page(SnList *list)
{
	return list->page;
}

/* One page of rows is what fits the screen. */
static int page_size(const SnList *list)
{
	return MAX(list->app->grid->rows / 2 + 1, 8);
}

/* Appends rows after the last one. FALSE when there were none. */
static gboolean read_more(SnList *list, int limit)
{
	const SnConversation *after =
		list->rows->len ? g_ptr_array_index(list->rows, list->rows->len - 1) : NULL;
	g_autoptr(GPtrArray) rows = sn_conversation_page(list->app->store, after, list->shelf,
	                                                 list->filter, limit);

	list->complete = !rows || (int)rows->len < limit;
	if (!rows)
		return FALSE;
	list->filled = list->filled && rows->len == 0;
	for (guint i = 0; i < rows->len; i++)
		g_ptr_array_add(list->rows, g_ptr_array_index(rows, i));
	g_ptr_array_set_free_func(rows, NULL);
	return rows->len > 0;
}

void sn_list_refresh(SnList *list)
{
	int wanted = MAX((int)list->rows->len, page_size(list));

	g_ptr_array_set_size(list->rows, 0);
	list->filled = FALSE;
	list->loaded = TRUE;
	list->waiting = list->shelf == SN_SHELF_LIST ? sn_conversation_bulk_unread(list->app->store) : 0;
	read_more(list, wanted);
}

static guint index_of(const SnList *list, SnId conversation)
{
	for (guint i = 0; i < list->rows->len; i++) {
		const SnConversation *row = g_ptr_array_index(list->rows, i);
		if (row->id == conversation)
			return i;
	}
	return G_MAXUINT;
}

static const SnConversation *row_by_id(const SnList *list, SnId conversation)
{
	guint index = index_of(list, conversation);

	return index == G_MAXUINT ? NULL : g_ptr_array_index(list->rows, index);
}

static void fill_first_line(SnList *list, const SnConversation *row)
{
	SnPage *page = list->page;
	g_autofree char *when = sn_words_when(row->last_time, sn_app_now(list->app));
	SnObject object;
	const char *mark = sn_words_presence_mark(row->presence, &object);

	sn_page_line(page, row->id, (gpointer)row);
	if (row->attention) {
		mark = "!";
		object = SN_OBJ_LIST_ATTENTION;
	}
	sn_page_add(page, object, mark);
	sn_page_tab(page, 2);
	sn_page_add(page, row->unread ? SN_OBJ_LIST_UNREAD : SN_OBJ_LIST_TITLE,
	            row->title ? row->title : "?");
	if (row->kind == SN_CONV_LIST || row->kind == SN_CONV_ROOM || row->kind == SN_CONV_GROUP)
		sn_page_addf(page, SN_OBJ_FAINT, "  %s", sn_conversation_kind_word(row->kind));
	else if (row->bulk == SN_BULK_NOTICE)
		sn_page_add(page, SN_OBJ_FAINT, "  notices");
	sn_page_right(page, SN_OBJ_LIST_TIME, when);
}

static void fill_second_line(SnList *list, const SnConversation *row)
{
	SnPage *page = list->page;
	g_autofree char *preview = row->preview ? sn_text_clean_line(row->preview, -1) : NULL;
	g_autoptr(GString) right = g_string_new(NULL);

	sn_page_line(page, row->id, (gpointer)row);
	sn_page_add(page, SN_OBJ_DEFAULT, "  ");
	if (row->has_draft)
		sn_page_add(page, SN_OBJ_LIST_DRAFT, "draft ");
	if (row->last_message) {
		gboolean im = row->channel == SN_CHANNEL_IM;
		sn_page_add(page, im ? SN_OBJ_CHANNEL_IM : SN_OBJ_CHANNEL_MAIL, im ? "im   " : "mail ");
	}
	if (row->last_message && row->last_direction == SN_OUT && *sn_words_state_mark(row->last_state))
		sn_page_addf(page, sn_words_state_object(row->last_state), "%s ",
		             sn_words_state_mark(row->last_state));
	sn_page_add(page, SN_OBJ_LIST_PREVIEW, preview ? preview : "");
	if (row->pinned)
		g_string_append(right, "pin ");
	if (row->muted)
		g_string_append(right, "mute ");
	if (row->archived)
		g_string_append(right, "archived ");
	if (row->mentions)
		g_string_append_printf(right, "@%d ", row->mentions);
	if (row->unread)
		g_string_append_printf(right, "%d", row->unread);
	g_strchomp(right->str);
	sn_page_right(page, row->unread ? SN_OBJ_LIST_COUNT : SN_OBJ_LIST_FLAG, right->str);
}

static void fill_empty(SnList *list)
{
	SnPage *page = list->page;

	sn_page_line(page, 0, NULL);
	if (list->filter)
		sn_page_note(page, "No name or address holds that. :filter without a word shows all.");
	else if (list->shelf == SN_SHELF_ARCHIVED)
		sn_page_note(page, "Nothing is archived. ga goes back.");
	else if (list->shelf == SN_SHELF_BULK)
		sn_page_note(page, "No newsletters and no notices. gn goes back.");
	else if (sn_config_account_count(list->app->config) == 0)
		sn_page_note(page, "No account yet. Quit with q and run: sennit init");
	else
		sn_page_note(page, "No conversations yet. They appear here while your accounts are "
		                   "synchronised; A shows how far that is. m writes to somebody.");
}

static void fill(SnList *list, int columns)
{
	if (list->filled && sn_page_columns(list->page) == columns)
		return;
	list->filled = TRUE;
	sn_page_clear(list->page, list->app->theme, columns);
	for (guint i = 0; i < list->rows->len; i++) {
		const SnConversation *row = g_ptr_array_index(list->rows, i);
		fill_first_line(list, row);
		fill_second_line(list, row);
	}
	if (list->rows->len == 0)
		fill_empty(list);
}

/* The conversation under the selection is what the timeline shows. */
static void follow(SnList *list)
{
	SnId selected = sn_page_selected(list->page);

	list->wanted = selected != sn_timeline_conversation_id(list->app->timeline) ? selected : 0;
}

gboolean sn_list_catch_up(SnList *list)
{
	SnId wanted = list->wanted;

	list->wanted = 0;
	if (!wanted || !row_by_id(list, wanted))
		return FALSE;
	sn_timeline_open(list->app->timeline, wanted, 0);
	sn_app_dirty(list->app);
	return TRUE;
}

void sn_list_ahead(SnList *list, gboolean all)
{
	int wanted = 2 * sn_page_rows(list->page);

	while (!list->complete && list->rows->len < ROWS_MAX &&
	       (all || sn_page_below(list->page) < wanted) &&
	       read_more(list, all ? 500 : page_size(list)))
		fill(list, sn_page_columns(list->page));
}

void sn_list_moved(SnList *list)
{
	follow(list);
}

/* What is shown, or how much waits on the other shelf. */
static char *title_note(SnList *list)
{
	if (list->filter)
		return g_strdup_printf("\"%s\"", list->filter);
	if (list->shelf == SN_SHELF_ARCHIVED)
		return g_strdup("archived");
	return list->waiting ? g_strdup_printf("gn %d", list->waiting) : g_strdup("");
}

void sn_list_draw(SnList *list, SnRect rect, gboolean focus)
{
	SnApp *app = list->app;
	SnStyle title = sn_theme_style(app->theme, SN_OBJ_TITLE);
	SnRect body = { rect.x, rect.y + 1, rect.cols, rect.rows - 1 };
	g_autofree char *note = title_note(list);
	int width = sn_text_width(note);

	if (!list->loaded)
		sn_list_refresh(list);
	list->rect = rect;
	fill(list, rect.cols);
	sn_grid_fill(app->grid, (SnRect){ rect.x, rect.y, rect.cols, 1 }, title);
	sn_grid_fit(app->grid, rect.x + 1, rect.y, rect.cols - 1, title, list->shelf == SN_SHELF_BULK ? "Newsletters and notices" : "Conversations");
	sn_grid_text(app->grid, rect.x + rect.cols - width - 1, rect.y, width,
	             sn_theme_over(app->theme, title, SN_OBJ_TITLE_NOTE), note, -1);
	sn_page_draw(list->page, app->grid, body, focus);
	if (focus || !sn_timeline_conversation_id(app->timeline))
		follow(list);
}

const SnConversation *sn_list_selected(SnList *list)
{
	return row_by_id(list, sn_page_selected(list->page));
}

void sn_list_select(SnList *list, SnId conversation)
{
	sn_page_select(list->page, conversation);
	sn_app_dirty(list->app);
}

SnId sn_list_next_unread(SnList *list)
{
	guint start = index_of(list, sn_page_selected(list->page));

	/* everything that wants attention stands before what does not: the loaded rows are enough,
	 * once the page after the last unread one is there */
	while (!list->complete && list->rows->len < 2000 && read_more(list, 200))
		;
	start = start == G_MAXUINT ? 0 : start + 1;
	for (guint i = 0; i < list->rows->len; i++) {
		const SnConversation *row =
			g_ptr_array_index(list->rows, (start + i) % list->rows->len);
		if ((row->unread && !row->muted) || row->attention)
			return row->id;
	}
	return 0;
}

SnId sn_list_nth(SnList *list, int number)
{
	g_assert(number > 0);
	if (number > (int)list->rows->len)
		return 0;
	return ((const SnConversation *)g_ptr_array_index(list->rows, number - 1))->id;
}

void sn_list_set_filter(SnList *list, const char *filter, SnShelf shelf)
{
	g_autofree char *copy = filter && *filter ? g_strdup(filter) : NULL;

	g_free(list->filter);
	list->filter = g_steal_pointer(&copy);
	list->shelf = shelf;
	g_ptr_array_set_size(list->rows, 0);
	sn_list_refresh(list);
	sn_app_dirty(list->app);
}

SnShelf sn_list_shelf(const SnList *list)
{
	return list->shelf;
}
