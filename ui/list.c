/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conversation list: a window of the rows around the selection, which goes along with it. So it
 * costs the same whether there are ten conversations or a hundred thousand.
 */
#include "ui/app.h"

#include <string.h>

#include "src/text/text.h"
#include "ui/view.h"
#include "ui/words.h"

enum {
	WINDOW = 300, /* rows in memory, and more only where the screen is that high */
	/* of what a filter leaves */
	FILTERED_MAX = 20000, /* as far as it is read for G */
	FILTERED_STEP = 500,
};

struct sn_list {
	SnApp *app;
	SnPage *page;
	GPtrArray *rows;     /* of SnConversation */
	gboolean at_start;   /* there are no rows before the first one */
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

static int window_size(const SnList *list)
{
	return MAX(WINDOW, 6 * page_size(list));
}

static void forget_rows(SnList *list)
{
	g_ptr_array_set_size(list->rows, 0);
	list->filled = FALSE;
}

static void read_first(SnList *list, int limit)
{
	forget_rows(list);
	list->at_start = TRUE;
	read_more(list, limit);
}

/* The rows before this one, or the last ones (NULL), instead of or before those that are here. */
static gboolean read_before(SnList *list, const SnConversation *before, int limit)
{
	g_autoptr(GPtrArray) rows =
		sn_conversation_page_before(list->app->store, before, list->shelf, limit);

	list->at_start = (int)rows->len < limit;
	for (guint i = 0; i < rows->len; i++)
		g_ptr_array_insert(list->rows, (gint)i, rows->pdata[i]);
	g_ptr_array_set_free_func(rows, NULL);
	list->filled = list->filled && rows->len == 0;
	return rows->len > 0;
}

/* Again from where the window began, that row included: the beginning of the order goes towards
 * smaller keys. */
static void read_again(SnList *list, int limit)
{
	g_autoptr(SnConversation) from = g_ptr_array_steal_index(list->rows, 0);

	forget_rows(list);
	from->id++;
	g_autoptr(GPtrArray) rows = sn_conversation_page(list->app->store, from, list->shelf, NULL, limit);
	list->complete = (int)rows->len < limit;
	for (guint i = 0; i < rows->len; i++)
		g_ptr_array_add(list->rows, rows->pdata[i]);
	g_ptr_array_set_free_func(rows, NULL);
	/* everything moved up: there must be something to stand on */
	if (list->rows->len < (guint)page_size(list))
		read_before(list, list->rows->len ? list->rows->pdata[0] : NULL, limit);
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

/* The rows around this one, if it stands in this list at all. */
static void go_to(SnList *list, SnId conversation)
{
	SnStore *store = list->app->store;
	g_autoptr(SnConversation) key = sn_conversation_get(store, conversation);

	g_assert(!list->filter);
	if (!key)
		return;
	key->id++; /* so that it comes first */
	g_autoptr(GPtrArray) rows =
		sn_conversation_page(store, key, list->shelf, NULL, page_size(list));
	if (rows->len == 0 || ((const SnConversation *)rows->pdata[0])->id != conversation)
		return;
	forget_rows(list);
	for (guint i = 0; i < rows->len; i++)
		g_ptr_array_add(list->rows, rows->pdata[i]);
	g_ptr_array_set_free_func(rows, NULL);
	list->complete = (int)rows->len < page_size(list);
	read_before(list, list->rows->pdata[0], page_size(list));
}

void sn_list_refresh(SnList *list)
{
	/* what a filter left is read from its beginning only, and was read as far as this */
	int most = list->filter ? G_MAXINT : window_size(list);
	int wanted = CLAMP((int)list->rows->len, page_size(list), most);
	SnId selected = sn_page_selected(list->page);
	gboolean had = row_by_id(list, selected) != NULL;

	list->loaded = TRUE;
	list->waiting = list->shelf == SN_SHELF_LIST ? sn_conversation_bulk_unread(list->app->store) : 0;
	if (list->at_start || list->filter || list->rows->len == 0)
		read_first(list, wanted);
	else
		read_again(list, wanted);
	/* somebody wrote: it stands in another place now */
	if (had && !list->filter && !row_by_id(list, selected))
		go_to(list, selected);
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

void sn_list_ahead(SnList *list, const char *how)
{
	int wanted = 2 * sn_page_rows(list->page), columns = sn_page_columns(list->page);
	gboolean all = list->filter && strcmp(how, "bottom") == 0;

	if (strcmp(how, "top") == 0 && !list->at_start) {
		read_first(list, 2 * page_size(list));
		fill(list, columns);
	} else if (strcmp(how, "bottom") == 0 && !list->complete && !list->filter) {
		forget_rows(list);
		read_before(list, NULL, 2 * page_size(list));
		list->complete = TRUE;
		fill(list, columns);
	}
	/* what a filter leaves is read from its beginning only */
	while (!list->complete && (all ? list->rows->len < FILTERED_MAX : sn_page_below(list->page) < wanted) &&
	       read_more(list, all ? FILTERED_STEP : page_size(list)))
		fill(list, columns);
}

/* Drops rows at the end that is further from the selection. */
static void keep_to_window(SnList *list)
{
	guint limit = (guint)window_size(list), at = index_of(list, sn_page_selected(list->page));
	guint too_many = list->rows->len > limit ? list->rows->len - limit : 0;

	if (!too_many || at == G_MAXUINT || list->filter)
		return;
	gboolean beginning = at > list->rows->len / 2;
	g_ptr_array_remove_range(list->rows, beginning ? 0 : limit, too_many);
	list->at_start = list->at_start && !beginning;
	list->complete = list->complete && beginning;
	list->filled = FALSE;
	g_assert(index_of(list, sn_page_selected(list->page)) != G_MAXUINT);
}

void sn_list_moved(SnList *list)
{
	gboolean near = sn_page_above(list->page) < 2 * sn_page_rows(list->page);

	if (near && !list->at_start && list->rows->len > 0)
		read_before(list, list->rows->pdata[0], page_size(list));
	keep_to_window(list);
	if (!list->filled && list->loaded)
		fill(list, sn_page_columns(list->page));
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

/* Among what the filter leaves, as far as it was read. */
static SnId next_of_filtered(const SnList *list)
{
	guint start = index_of(list, sn_page_selected(list->page));

	start = start == G_MAXUINT ? 0 : start + 1;
	for (guint i = 0; i < list->rows->len; i++) {
		const SnConversation *row =
			g_ptr_array_index(list->rows, (start + i) % list->rows->len);
		if ((row->unread && !row->muted) || row->attention)
			return row->id;
	}
	return 0;
}

SnId sn_list_next_unread(SnList *list)
{
	if (list->filter)
		return next_of_filtered(list);
	SnStore *store = list->app->store;
	SnId next = sn_conversation_next_unread(store, sn_list_selected(list), list->shelf);

	if (!next)
		next = sn_conversation_next_unread(store, NULL, list->shelf);
	if (next && !row_by_id(list, next))
		go_to(list, next);
	return next;
}

SnId sn_list_nth(SnList *list, int number)
{
	g_assert(number > 0);
	g_autoptr(GPtrArray) first = list->at_start ? g_ptr_array_ref(list->rows) :
		sn_conversation_page(list->app->store, NULL, list->shelf, list->filter, number);

	if (number > (int)first->len)
		return 0;
	return ((const SnConversation *)g_ptr_array_index(first, number - 1))->id;
}

void sn_list_set_filter(SnList *list, const char *filter, SnShelf shelf)
{
	g_autofree char *copy = filter && *filter ? g_strdup(filter) : NULL;

	g_free(list->filter);
	list->filter = g_steal_pointer(&copy);
	list->shelf = shelf;
	forget_rows(list);
	sn_list_refresh(list);
	sn_app_dirty(list->app);
}

SnShelf sn_list_shelf(const SnList *list)
{
	return list->shelf;
}
