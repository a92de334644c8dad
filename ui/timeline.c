/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The timeline of one conversation: a window of its messages, read by key. */
#include "ui/timeline_private.h"

#include <string.h>

#include "src/text/passage.h"
#include "src/text/text.h"
#include "ui/room.h"
#include "ui/secure.h"
#include "ui/words.h"

/* Every change lays out the whole window anew, so it holds what can be scrolled over for a while and no
 * more. */
enum { WINDOW_PAGES = 6, WINDOW_LEAST = 120, LINES_MAX = 200 };

SnTimeline *sn_timeline_new(SnApp *app)
{
	SnTimeline *timeline = g_new0(SnTimeline, 1);

	timeline->app = app;
	timeline->page = sn_page_new();
	sn_page_set_anchor_bottom(timeline->page, TRUE);
	sn_page_set_gutter(timeline->page, TRUE);
	timeline->messages = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	timeline->entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
	                                          (GDestroyNotify)sn_outbox_entry_free);
	sn_timeline_ties_init(timeline);
	timeline->outcomes = sn_timeline_outcomes_new();
	timeline->folds = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	timeline->marks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return timeline;
}

static void forget_heading(SnTimeline *timeline)
{
	g_clear_pointer(&timeline->conversation, sn_conversation_free);
	g_clear_pointer(&timeline->person, sn_person_free);
	g_clear_pointer(&timeline->presence, sn_presence_free);
	g_clear_pointer(&timeline->addresses, g_free);
	g_clear_pointer(&timeline->room, sn_room_free);
	g_clear_pointer(&timeline->lines, g_ptr_array_unref);
	g_clear_pointer(&timeline->questions, g_ptr_array_unref);
	g_hash_table_remove_all(timeline->entries);
	g_hash_table_remove_all(timeline->outcomes);
}

void sn_timeline_free(SnTimeline *timeline)
{
	if (!timeline)
		return;
	forget_heading(timeline);
	sn_page_free(timeline->page);
	sn_timeline_ties_free(timeline);
	g_ptr_array_unref(timeline->messages);
	g_hash_table_unref(timeline->entries);
	g_hash_table_unref(timeline->outcomes);
	g_hash_table_unref(timeline->folds);
	g_strfreev(timeline->sought);
	g_hash_table_unref(timeline->marks);
	g_free(timeline);
}

SnPage *sn_timeline_page(SnTimeline *timeline)
{
	return timeline->page;
}

SnId sn_timeline_conversation_id(const SnTimeline *timeline)
{
	return timeline->id;
}

const SnConversation *sn_timeline_conversation(const SnTimeline *timeline)
{
	return timeline->conversation;
}

static SnMessage *nth(const SnTimeline *timeline, guint index)
{
	return g_ptr_array_index(timeline->messages, index);
}

const SnMessage *sn_timeline_selected(const SnTimeline *timeline)
{
	SnId id = sn_page_selected(timeline->page);

	for (guint i = 0; i < timeline->messages->len; i++)
		if (nth(timeline, i)->id == id)
			return nth(timeline, i);
	return sn_timeline_report(timeline, id);
}

const SnMessage *sn_timeline_last_own(const SnTimeline *timeline)
{
	for (guint i = timeline->messages->len; i > 0; i--) {
		const SnMessage *message = nth(timeline, i - 1);
		if (message->direction == SN_OUT && message->channel == SN_CHANNEL_IM && !message->carried)
			return message;
	}
	return NULL;
}

const SnQuestion *sn_timeline_question(const SnTimeline *timeline)
{
	return timeline->questions && timeline->questions->len
	               ? g_ptr_array_index(timeline->questions, 0)
	               : NULL;
}

/* As many messages as can show at once, and some to scroll. */
static int page_size(const SnTimeline *timeline)
{
	return MAX(timeline->app->grid->rows / 2 + 2, 8);
}

static char *address_words(SnTimeline *timeline)
{
	g_autoptr(GPtrArray) members = sn_conversation_members(timeline->app->store, timeline->id);
	GString *out = g_string_new(NULL);

	for (guint i = 0; members && i < members->len; i++) {
		const SnAddress *address = g_ptr_array_index(members, i);
		/* the same address on both channels is named once */
		if (!address->value || strstr(out->str, address->value))
			continue;
		g_string_append_printf(out, "%s%s", out->len ? ", " : "", address->value);
	}
	return g_string_free(out, FALSE);
}

static void read_heading(SnTimeline *timeline)
{
	SnStore *store = timeline->app->store;

	forget_heading(timeline);
	timeline->conversation = sn_conversation_get(store, timeline->id);
	if (!timeline->conversation)
		return;
	if (timeline->conversation->kind == SN_CONV_ROOM)
		timeline->room = sn_room_get(store, timeline->id);
	if (timeline->room && timeline->room->conversation != timeline->id)
		timeline->addresses =
			g_strdup_printf("only %s reads what you write here",
		                        sn_room_private_nick(timeline->conversation->key));
	else
		timeline->addresses = timeline->room ? sn_room_words(timeline->room)
						     : address_words(timeline);
	if (timeline->conversation->person) {
		timeline->person = sn_person_get(store, timeline->conversation->person);
		timeline->presence = sn_person_presence(store, timeline->conversation->person);
	}
	timeline->questions = sn_question_list(store, timeline->id);
}

/* The entries of what is still on its way, for its reason and next step. */
static void read_entries(SnTimeline *timeline)
{
	for (guint i = 0; i < timeline->messages->len; i++) {
		const SnMessage *message = nth(timeline, i);
		SnOutboxEntry *entry;
		if (!message->outbox || message->state == SN_STATE_DELIVERED ||
		    message->state == SN_STATE_READ ||
		    g_hash_table_contains(timeline->entries, &message->id))
			continue;
		entry = sn_outbox_get(timeline->app->store, message->outbox, 0);
		if (entry)
			g_hash_table_insert(timeline->entries,
			                    g_memdup2(&message->id, sizeof message->id), entry);
	}
	sn_timeline_read_outcomes(timeline);
}

/* Where the divider "new" goes: before the first unread message when the conversation is opened. */
static void find_first_new(SnTimeline *timeline)
{
	int unread = timeline->conversation ? timeline->conversation->unread : 0;

	timeline->first_new = 0;
	for (guint i = timeline->messages->len; i > 0 && unread > 0; i--) {
		const SnMessage *message = nth(timeline, i - 1);
		if (message->direction != SN_IN || message->carried || message->flags & SN_FLAG_SEEN)
			continue;
		timeline->first_new = message->id;
		unread--;
	}
}

static GPtrArray *read_page(SnTimeline *timeline, SnTime time, SnId id, gboolean forward, int limit)
{
	GPtrArray *page = sn_message_page(timeline->app->store, timeline->id, time, id, forward, limit,
	                                  SN_MESSAGE_FULL);

	return page ? page : g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
}

static guint window_max(const SnTimeline *timeline)
{
	return (guint)MAX(WINDOW_PAGES * page_size(timeline), WINDOW_LEAST);
}

/* What was read about messages goes with them. */
static void drop(SnTimeline *timeline, guint from, guint count)
{
	for (guint i = from; i < from + count; i++) {
		g_hash_table_remove(timeline->entries, &nth(timeline, i)->id);
		g_hash_table_remove(timeline->outcomes, &nth(timeline, i)->id);
	}
	g_ptr_array_remove_range(timeline->messages, from, count);
}

/* Adds a page at the beginning or the end of the window; it stays below window_max(). */
static void join(SnTimeline *timeline, GPtrArray *page, gboolean at_end)
{
	guint count = page->len, most = window_max(timeline);

	g_assert(!count || !timeline->messages->len || at_end ||
	         ((SnMessage *)g_ptr_array_index(page, count - 1))->time <= nth(timeline, 0)->time);
	for (guint i = 0; i < count; i++)
		g_ptr_array_insert(timeline->messages, at_end ? -1 : (int)i, g_ptr_array_index(page, i));
	g_ptr_array_set_free_func(page, NULL);
	if (timeline->messages->len > most) {
		guint excess = timeline->messages->len - most;
		drop(timeline, at_end ? 0 : most, excess);
		if (at_end)
			timeline->at_oldest = FALSE;
		else
			timeline->at_newest = FALSE;
	}
	g_assert(timeline->messages->len <= most);
	timeline->filled = FALSE;
}

static void read_older(SnTimeline *timeline)
{
	g_autoptr(GPtrArray) page = NULL;
	SnTime time = timeline->messages->len ? nth(timeline, 0)->time : 0;
	SnId id = timeline->messages->len ? nth(timeline, 0)->id : 0;
	int limit = page_size(timeline);

	page = read_page(timeline, time, id, FALSE, limit);
	timeline->at_oldest = (int)page->len < limit;
	join(timeline, page, FALSE);
}

static void read_newer(SnTimeline *timeline)
{
	g_autoptr(GPtrArray) page = NULL;
	const SnMessage *last;
	int limit = page_size(timeline);

	g_assert(timeline->messages->len > 0);
	last = nth(timeline, timeline->messages->len - 1);
	page = read_page(timeline, last->time, last->id, TRUE, limit);
	timeline->at_newest = (int)page->len < limit;
	join(timeline, page, TRUE);
}

static void read_newest(SnTimeline *timeline)
{
	g_ptr_array_set_size(timeline->messages, 0);
	timeline->at_newest = TRUE;
	read_older(timeline);
}

void sn_timeline_open(SnTimeline *timeline, SnId conversation, SnId at)
{
	g_autoptr(SnMessage) anchor = at ? sn_message_get(timeline->app->store, at, 0) : NULL;
	gboolean other = conversation != timeline->id;

	timeline->id = conversation;
	if (other) {
		g_hash_table_remove_all(timeline->folds);
		g_hash_table_remove_all(timeline->marks);
		timeline->fold_all = 0;
		g_clear_pointer(&timeline->sought, g_strfreev);
		sn_composer_open(timeline->app->composer, conversation);
	}
	read_heading(timeline);
	g_ptr_array_set_size(timeline->messages, 0);
	timeline->at_oldest = timeline->at_newest = FALSE;
	if (anchor && anchor->conversation == conversation) {
		g_autoptr(GPtrArray) page =
			read_page(timeline, anchor->time, anchor->id - 1, TRUE, page_size(timeline));
		timeline->at_newest = (int)page->len < page_size(timeline);
		join(timeline, page, TRUE);
		timeline->go_to = anchor->id;
	} else {
		timeline->at_newest = TRUE;
	}
	read_older(timeline);
	read_entries(timeline);
	find_first_new(timeline);
	sn_page_set_anchor_bottom(timeline->page, TRUE);
	if (!timeline->go_to)
		timeline->go_to = timeline->first_new ? timeline->first_new : -1;
	timeline->filled = FALSE;
	sn_app_dirty(timeline->app);
}

/* What was found is not to be folded away. */
static void open_around(SnTimeline *timeline, const SnMessage *message)
{
	g_autoptr(GArray) blocks = sn_text_blocks(message->body);
	gsize first = strlen(message->body), start, end;

	for (char **word = timeline->sought; *word; word++)
		if (sn_text_find_sought(message->body, 0, first, *word, &start, &end))
			first = start;
	for (guint i = 0; i < blocks->len; i++) {
		const SnBlock *block = &g_array_index(blocks, SnBlock, i);
		if (first >= block->start && first < block->end && block->kind != SN_BLOCK_TEXT)
			g_hash_table_insert(timeline->folds, g_memdup2(&message->id, sizeof message->id),
			                    GINT_TO_POINTER('o'));
	}
}

void sn_timeline_open_found(SnTimeline *timeline, SnId conversation, SnId at,
                            const char *const *words)
{
	sn_timeline_open(timeline, conversation, at);
	g_strfreev(timeline->sought);
	timeline->sought = g_strdupv((char **)words);
	for (guint i = 0; timeline->sought && i < timeline->messages->len; i++) {
		const SnMessage *message = g_ptr_array_index(timeline->messages, i);
		if (message->id == at && message->body)
			open_around(timeline, message);
	}
}

const char *const *sn_timeline_sought(const SnTimeline *timeline)
{
	return (const char *const *)timeline->sought;
}

/* The window is read again as it stands: from its first message on, and what came after it. */
void sn_timeline_refresh(SnTimeline *timeline)
{
	g_autoptr(GPtrArray) page = NULL;
	guint count = timeline->messages->len;
	SnTime time = count ? nth(timeline, 0)->time : 0;
	SnId id = count ? nth(timeline, 0)->id : 0;
	SnId newest = count ? nth(timeline, count - 1)->id : 0;
	/* Who stands on the newest message goes with the conversation, so that r answers what came. */
	gboolean follows = count && sn_page_selected(timeline->page) == newest;
	int limit = (int)count + page_size(timeline);

	/* Of somebody who reads further up, nothing is taken away above. */
	if (!follows)
		limit = MIN(limit, (int)MAX(count, window_max(timeline)));
	if (!timeline->id)
		return;
	sn_secure_refresh(timeline->app);
	read_heading(timeline);
	if (!timeline->conversation) {
		timeline->id = 0;
		g_ptr_array_set_size(timeline->messages, 0);
		timeline->filled = FALSE;
		return;
	}
	if (timeline->conversation->id != timeline->id) { /* its people are one with others now */
		SnId merged = timeline->conversation->id;
		sn_list_select(timeline->app->list, merged);
		sn_timeline_open(timeline, merged, follows ? 0 : sn_page_selected(timeline->page));
		return;
	}
	if (count == 0) {
		sn_timeline_open(timeline, timeline->id, 0);
		return;
	}
	page = read_page(timeline, time, id - 1, TRUE, limit);
	timeline->at_newest = (int)page->len < limit;
	g_ptr_array_set_size(timeline->messages, 0);
	join(timeline, page, TRUE);
	if (follows && !timeline->at_newest)
		read_newest(timeline); /* more came than goes below it */
	read_entries(timeline);
	if (follows && timeline->messages->len &&
	    nth(timeline, timeline->messages->len - 1)->id != newest)
		timeline->go_to = -1;
	timeline->filled = FALSE;
	if (timeline->app->pane != SN_PANE_LIST && timeline->app->focused)
		sn_timeline_seen(timeline);
}

void sn_timeline_stale(SnTimeline *timeline)
{
	timeline->filled = FALSE;
}

void sn_timeline_moved(SnTimeline *timeline)
{
	SnId selected = sn_page_selected(timeline->page);
	guint near = (guint)page_size(timeline) / 3, count = timeline->messages->len;

	for (guint i = 0; i < count; i++) {
		if (nth(timeline, i)->id != selected)
			continue;
		if ((i < near || sn_page_at_top(timeline->page)) && !timeline->at_oldest)
			read_older(timeline);
		else if (i + near >= count && !timeline->at_newest)
			read_newer(timeline);
		else
			return;
		read_entries(timeline);
		return;
	}
}

void sn_timeline_bottom(SnTimeline *timeline)
{
	if (!timeline->at_newest && timeline->id) {
		timeline->first_new = 0;
		read_newest(timeline);
		read_entries(timeline);
	}
	timeline->go_to = -1; /* once what is there now is filled in */
	sn_app_dirty(timeline->app);
}

void sn_timeline_seen(SnTimeline *timeline)
{
	GError *error = NULL;

	if (!timeline->conversation || !timeline->conversation->unread || !timeline->app->focused)
		return;
	if (!sn_conversation_mark_read(timeline->app->store, timeline->id, 0, &error)) {
		sn_app_error(timeline->app, error);
		return;
	}
	timeline->conversation->unread = 0;
	timeline->app->stale = TRUE;
}

void sn_timeline_fold(SnTimeline *timeline, char how, gboolean all)
{
	SnId id = sn_page_selected(timeline->page);
	gpointer now = g_hash_table_lookup(timeline->folds, &id);

	if (all) {
		g_hash_table_remove_all(timeline->folds);
		timeline->fold_all = how;
	} else if (id) {
		if (how == 'a')
			how = GPOINTER_TO_INT(now) == 'o' || (!now && timeline->fold_all == 'o') ? 'c' : 'o';
		g_hash_table_insert(timeline->folds, g_memdup2(&id, sizeof id), GINT_TO_POINTER(how));
	}
	timeline->filled = FALSE;
	sn_app_dirty(timeline->app);
}

void sn_timeline_mark(SnTimeline *timeline)
{
	SnId id = sn_page_selected(timeline->page);

	if (id && !g_hash_table_remove(timeline->marks, &id))
		g_hash_table_add(timeline->marks, g_memdup2(&id, sizeof id));
	timeline->filled = FALSE;
	sn_app_dirty(timeline->app);
}

void sn_timeline_clear_marks(SnTimeline *timeline)
{
	g_hash_table_remove_all(timeline->marks);
	timeline->filled = FALSE;
	sn_app_dirty(timeline->app);
}

guint sn_timeline_mark_count(const SnTimeline *timeline)
{
	return g_hash_table_size(timeline->marks);
}

/* Of pointers to SnMessage: the oldest first. */
static int in_order(gconstpointer a, gconstpointer b)
{
	const SnMessage *x = *(SnMessage *const *)a, *y = *(SnMessage *const *)b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

GArray *sn_timeline_chosen(const SnTimeline *timeline)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	GHashTableIter iter;
	gpointer id;
	const SnMessage *selected = sn_timeline_selected(timeline);

	/* they may lie further up or down than what is kept here */
	g_hash_table_iter_init(&iter, timeline->marks);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		SnMessage *marked = sn_message_get(timeline->app->store, *(SnId *)id, 0);
		if (marked)
			g_ptr_array_add(all, marked);
	}
	g_ptr_array_sort(all, in_order);
	for (guint i = 0; i < all->len; i++)
		g_array_append_val(ids, ((SnMessage *)all->pdata[i])->id);
	if (ids->len == 0 && selected)
		g_array_append_val(ids, selected->id);
	return ids;
}

/* What happened in a room beside what is shown of it. */
static void read_lines(SnTimeline *timeline)
{
	SnTime from = timeline->messages->len && !timeline->at_oldest ? nth(timeline, 0)->time : 0;
	SnTime until = timeline->messages->len && !timeline->at_newest
	                       ? nth(timeline, timeline->messages->len - 1)->time
	                       : G_MAXINT64;

	g_clear_pointer(&timeline->lines, g_ptr_array_unref);
	if (timeline->room && timeline->room->conversation == timeline->id)
		timeline->lines = sn_room_lines(timeline->app->store, timeline->id, from, until, LINES_MAX);
}

static void draw_title(SnTimeline *timeline, SnRect rect)
{
	SnApp *app = timeline->app;
	SnStyle title = sn_theme_style(app->theme, SN_OBJ_TITLE);
	SnStyle note = sn_theme_over(app->theme, title, SN_OBJ_TITLE_NOTE);
	SnObject object = SN_OBJ_FAINT;
	const SnConversation *conversation = timeline->conversation;
	int x = rect.x + 1, right = rect.x + rect.cols - 1;

	sn_grid_fill(app->grid, (SnRect){ rect.x, rect.y, rect.cols, 1 }, title);
	if (!conversation)
		return;
	x += sn_grid_fit(app->grid, x, rect.y, right - x, title, conversation->title) + 2;
	if (timeline->presence && timeline->presence->show != SN_PRESENCE_UNKNOWN) {
		const char *mark = sn_words_presence_mark(timeline->presence->show, &object);
		x += sn_grid_text(app->grid, x, rect.y, right - x,
		                  sn_theme_over(app->theme, title, object), mark, -1) + 1;
		x += sn_grid_fit(app->grid, x, rect.y, right - x, note,
		                 sn_words_presence(timeline->presence->show)) + 2;
		if (timeline->presence->status && *timeline->presence->status) {
			g_autofree char *status = sn_text_clean_line(timeline->presence->status, -1);
			g_autofree char *quoted = g_strdup_printf("\"%s\"", status);
			x += sn_grid_fit(app->grid, x, rect.y, MIN(right - x, 40), note, quoted) + 2;
		}
	}
	if (x < right && timeline->addresses)
		sn_grid_fit(app->grid, x, rect.y, right - x, note, timeline->addresses);
}

void sn_timeline_draw(SnTimeline *timeline, SnRect rect, gboolean focus)
{
	SnRect body = { rect.x, rect.y + 1, rect.cols, rect.rows - 1 };

	draw_title(timeline, rect);
	if (rect.cols < 12 || body.rows < 1)
		return;
	if (!timeline->filled || sn_page_columns(timeline->page) != rect.cols - 2) {
		timeline->filled = TRUE;
		sn_timeline_ties_read(timeline);
		read_lines(timeline);
		sn_timeline_fill(timeline, rect.cols - 2);
	}
	if (timeline->go_to) {
		SnId id = timeline->go_to;
		timeline->go_to = 0;
		if (id < 0) {
			sn_page_draw(timeline->page, timeline->app->grid, body, focus);
			sn_page_bottom(timeline->page);
		} else {
			sn_page_select(timeline->page, id);
		}
	}
	sn_page_draw(timeline->page, timeline->app->grid, body, focus);
}
