/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What answers what: a thread as a tree, emails and IMs in one. */
#include "src/route/thread.h"
#include "src/text/text.h"
#include "ui/view.h"
#include "ui/words.h"

enum {
	MESSAGES = 300,
	DEEPEST = 12,  /* levels that are still indented */
	WHEN = 10,     /* columns */
};

typedef struct {
	SnApp *app;
	SnView *view;
	GPtrArray *messages; /* of SnMessage, oldest first */
	GHashTable *drawn;   /* set of ids */
} Tree;

static void add_row(Tree *tree, const SnMessage *message, int depth)
{
	SnPage *page = tree->view->page;
	gboolean im = message->channel == SN_CHANNEL_IM;
	gboolean out = message->direction == SN_OUT;
	g_autofree char *when = sn_words_when(message->time, sn_app_now(tree->app));
	g_autofree char *text = sn_text_clean_line(message->preview ? message->preview : "", -1);

	sn_page_line(page, message->id, NULL);
	sn_page_addf(page, SN_OBJ_LIST_TIME, " %s", when);
	sn_page_tab(page, WHEN + 2 * MIN(depth, DEEPEST));
	if (depth)
		sn_page_add(page, SN_OBJ_FOLD, "\342\206\263 ");
	sn_page_add(page, out ? SN_OBJ_SENDER_SELF : SN_OBJ_LIST_TITLE,
	            out                    ? "You"
	            : message->sender_name ? message->sender_name
	                                   : message->sender_value);
	sn_page_addf(page, im ? SN_OBJ_CHANNEL_IM : SN_OBJ_CHANNEL_MAIL, "  %s",
	             sn_channel_word(message->channel));
	if (message->carried)
		sn_page_add(page, SN_OBJ_CARRIED, "  told");
	if (message->id == tree->view->subject)
		sn_page_add(page, SN_OBJ_MARKED, "  this");
	sn_page_addf(page, SN_OBJ_DEFAULT, "  %s", text);
}

/* An answer stands below what it answers, in the order of time. Ids are added once: what claims to
 * answer its own answer ends there. */
static void add_below(Tree *tree, const SnMessage *message, int depth)
{
	if (depth > MESSAGES || !g_hash_table_add(tree->drawn, (gpointer)&message->id))
		return;
	add_row(tree, message, depth);
	for (guint i = 0; i < tree->messages->len; i++) {
		const SnMessage *other = g_ptr_array_index(tree->messages, i);
		if (other->reply_to == message->id && !g_hash_table_contains(tree->drawn, &other->id))
			add_below(tree, other, depth + 1);
	}
}

static gboolean holds(const Tree *tree, SnId id)
{
	for (guint i = 0; i < tree->messages->len; i++)
		if (((SnMessage *)g_ptr_array_index(tree->messages, i))->id == id)
			return TRUE;
	return FALSE;
}

static GPtrArray *read_thread(SnApp *app, SnId id)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, id, 0);

	return message ? sn_thread_messages(app->store, message, MESSAGES, 0) : NULL;
}

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) messages = read_thread(app, view->subject);
	g_autoptr(GHashTable) drawn = g_hash_table_new(g_int64_hash, g_int64_equal);
	Tree tree = { app, view, messages, drawn };

	if (!messages)
		return;
	for (guint i = 0; i < messages->len; i++) {
		const SnMessage *message = g_ptr_array_index(messages, i);
		if (!message->reply_to || !holds(&tree, message->reply_to))
			add_below(&tree, message, 0);
	}
	for (guint i = 0; i < messages->len; i++) /* circles have no beginning */
		add_below(&tree, g_ptr_array_index(messages, i), 0);
	if (messages->len == 1)
		sn_page_note(view->page, "It answers nothing, and nothing answers it.");
	if (!view->data) {
		view->data = GINT_TO_POINTER(1);
		sn_page_select(view->page, view->subject);
	}
}

static void activate(SnApp *app, SnView *view)
{
	SnId id = sn_page_selected(view->page);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, 0) : NULL;

	if (!message)
		return;
	sn_view_close_all(app);
	sn_list_select(app->list, message->conversation);
	sn_timeline_open(app->timeline, message->conversation, message->id);
	sn_app_focus(app, SN_PANE_TIMELINE);
}

static char *note(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) messages = read_thread(app, view->subject);
	guint ims = 0, count = messages ? messages->len : 0;

	for (guint i = 0; i < count; i++)
		ims += ((SnMessage *)g_ptr_array_index(messages, i))->channel == SN_CHANNEL_IM;
	return g_strdup_printf("%u email%s, %u IM%s", count - ims, count - ims == 1 ? "" : "s", ims,
	                       ims == 1 ? "" : "s");
}

const SnViewOps sn_view_thread = {
	.name = "thread",
	.title = "Thread",
	.empty = "This message is no longer there.",
	.fill = fill,
	.activate = activate,
	.note = note,
};
