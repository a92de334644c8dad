/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bottom bar: what just happened, the keys that matter now, and how things stand. */
#include "ui/view.h"

#include <string.h>

#include "src/store/outbox.h"
#include "src/store/sync.h"
#include "src/store/wish.h"
#include "src/text/text.h"

enum { LONG_ROWS = 4 };

/* The keys are looked up, so that the bar is right for whoever changed them. */
static const struct {
	const char *context, *command, *label;
} hints[] = {
	{ "list", "help", "help" },
	{ "list", "open", "read" },
	{ "list", "compose", "write to" },
	{ "list", "next-unread", "next unread" },
	{ "list", "search", "search" },
	{ "list", "outbox", "outbox" },
	{ "list", "person", "person" },
	{ "list", "back", "quit" },
	{ "timeline", "help", "help" },
	{ "timeline", "reply", "reply" },
	{ "timeline", "channel", "other channel" },
	{ "timeline", "message", "whole message" },
	{ "timeline", "fold toggle", "fold" },
	{ "timeline", "person", "person" },
	{ "timeline", "history", "history" },
	{ "timeline", "outbox", "outbox" },
	{ "timeline", "back", "list" },
	{ "compose-im", "send", "send" },
	{ "compose-im", "insert-newline", "new line" },
	{ "compose-im", "channel", "by email" },
	{ "compose-im", "history", "history" },
	{ "compose-im", "attach", "attach" },
	{ "compose-im", "end-or-editor", "editor" },
	{ "compose-im", "back-pane", "stop" },
	{ "compose-mail", "send", "send" },
	{ "compose-mail", "channel", "by IM" },
	{ "compose-mail", "field next", "next field" },
	{ "compose-mail", "history", "history" },
	{ "compose-mail", "attach", "attach" },
	{ "compose-mail", "end-or-editor", "editor" },
	{ "compose-mail", "back-pane", "stop" },
	{ "outbox", "activate", "why" },
	{ "outbox", "entry send", "now" },
	{ "outbox", "entry edit", "edit" },
	{ "outbox", "entry cancel", "cancel" },
	{ "outbox", "entry email", "email" },
	{ "outbox", "entry defer", "wait" },
	{ "outbox", "entry ask", "ask them" },
	{ "outbox", "entry switch", "switch" },
	{ "outbox", "entry retry", "retry" },
	{ "outbox", "entry dismiss", "dismiss" },
	{ "outbox", "back", "back" },
	{ "person", "confirm", "confirm" },
	{ "person", "link", "add address" },
	{ "person", "unlink", "take away" },
	{ "person", "rename", "name" },
	{ "person", "rule", "when not available" },
	{ "person", "write", "write" },
	{ "person", "back", "back" },
	{ "message", "reply", "reply" },
	{ "message", "headers", "headers" },
	{ "message", "source", "source" },
	{ "message", "open-part", "open file" },
	{ "message", "save", "save file" },
	{ "message", "pipe", "pipe" },
	{ "message", "parts", "parts" },
	{ "parts", "activate", "show" },
	{ "parts", "open-part", "open" },
	{ "parts", "save", "save" },
	{ "parts", "pipe", "pipe" },
	{ "parts", "back", "back" },
	{ "message", "back", "back" },
	{ "history", "travel none", "nothing" },
	{ "history", "travel thread", "thread" },
	{ "history", "travel last:5", "last five" },
	{ "history", "travel-since", "since" },
	{ "history", "travel all", "all" },
	{ "history", "travel-pick", "yes/no" },
	{ "history", "travel-files", "files" },
	{ "history", "back", "done" },
	{ "search", "activate", "open" },
	{ "search", "search", "search anew" },
	{ "search", "back", "back" },
	{ "folders", "activate", "open" },
	{ "folders", "back", "back" },
	{ "index", "activate", "read" },
	{ "index", "reply", "reply" },
	{ "index", "mark", "mark" },
	{ "index", "archive", "archive" },
	{ "index", "delete", "delete" },
	{ "index", "limit", "limit" },
	{ "index", "fold toggle", "fold" },
	{ "index", "sort", "sort" },
	{ "index", "back", "back" },
	{ "devices", "device-trust verified", "compared" },
	{ "devices", "device-trust trusted", "trust" },
	{ "devices", "device-trust distrusted", "distrust" },
	{ "devices", "device-name", "name" },
	{ "devices", "back", "back" },
	{ "files", "activate", "attach" },
	{ "files", "save", "save" },
	{ "files", "open-part", "open" },
	{ "files", "file-message", "message" },
	{ "files", "back", "back" },
	{ "view", "find", "search here" },
	{ "view", "find-next", "next" },
	{ "view", "back", "back" },
};

static gboolean context_has_hints(const char *context)
{
	for (gsize i = 0; i < G_N_ELEMENTS(hints); i++)
		if (strcmp(hints[i].context, context) == 0)
			return TRUE;
	return FALSE;
}

static void draw_hints(SnApp *app, int x, int y, int columns)
{
	const char *contexts[5], *context;
	SnStyle bar = sn_theme_style(app->theme, SN_OBJ_BAR);
	SnStyle key_style = sn_theme_over(app->theme, bar, SN_OBJ_BAR_KEY);
	int end = x + columns;

	sn_app_contexts(app, contexts);
	context = context_has_hints(contexts[0]) ? contexts[0] : contexts[1];
	for (gsize i = 0; i < G_N_ELEMENTS(hints); i++) {
		g_autofree char *keys = NULL;
		int need;
		if (strcmp(hints[i].context, context) != 0)
			continue;
		keys = sn_binds_keys_of(app->binds, contexts, hints[i].command);
		if (!keys)
			continue;
		need = sn_text_width(keys) + 1 + sn_text_width(hints[i].label);
		if (x + need > end)
			return;
		x += sn_grid_text(app->grid, x, y, end - x, key_style, keys, -1);
		x += sn_grid_text(app->grid, x, y, end - x, bar, " ", -1);
		x += sn_grid_text(app->grid, x, y, end - x, bar, hints[i].label, -1) + 2;
	}
}

static void add_word(GString *out, int room, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void add_word(GString *out, int room, const char *format, ...)
{
	g_autofree char *word = NULL;
	va_list arguments;

	va_start(arguments, format);
	word = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (sn_text_width(out->str) + sn_text_width(word) + 2 > room)
		return;
	g_string_append_printf(out, "%s%s", out->len ? "  " : "", word);
}

/* "1 to decide  3 unread  syncing 40 %": how things stand, in at most `room` columns. */
static void status_words(SnApp *app, GString *out, int room)
{
	g_autoptr(GPtrArray) statuses = sn_status_list(app->store);
	int unread = 0, attention = 0, pending = 0, bad = 0;
	gint64 done = 0, total = 0;
	gboolean busy = FALSE;
	SnPresenceShow own;

	sn_conversation_totals(app->store, &unread, &attention, &pending);
	for (guint i = 0; statuses && i < statuses->len; i++) {
		const SnStatus *status = g_ptr_array_index(statuses, i);
		bad += status->kind == SN_STATUS_ERROR || status->kind == SN_STATUS_RETRYING;
		busy = busy || status->kind == SN_STATUS_SYNCING;
		if (status->kind == SN_STATUS_SYNCING) {
			done += status->done;
			total += status->total;
		}
	}
	if (app->keys->len) {
		g_autofree char *keys =
			sn_keys_label((const SnKey *)app->keys->data, app->keys->len);
		add_word(out, room, "%s...", keys);
	}
	/* what matters most comes first: what has no room is left out */
	if (app->trouble != SN_TROUBLE_NONE)
		add_word(out, room, "%s", sn_trouble_word(app->trouble));
	if (attention)
		add_word(out, room, "%d to decide", attention);
	if (bad)
		add_word(out, room, "not connected (A)");
	if (unread)
		add_word(out, room, "%d unread", unread);
	if (sn_wish_presence(app->store, "", &own, NULL) && own < SN_PRESENCE_ONLINE)
		add_word(out, room, "you: %s", sn_presence_word(own));
	if (busy && total > 0)
		add_word(out, room, "syncing %d %%", (int)(done * 100 / total));
	else if (busy)
		add_word(out, room, "syncing");
	if (pending)
		add_word(out, room, "%d on the way", pending);
}

static char *left_text(SnApp *app, SnObject *object)
{
	SnTime now = sn_app_now(app);

	*object = app->message_object;
	if (app->message)
		return g_strdup(app->message);
	if (app->undo_entry && app->undo_until > now) {
		const char *contexts[] = { "global", NULL };
		g_autofree char *keys = sn_binds_keys_of(app->binds, contexts, "undo");
		*object = SN_OBJ_STATE_PENDING;
		return g_strdup_printf("Goes in %d s%s%s%s",
		                       (int)((app->undo_until - now + SN_SECOND - 1) / SN_SECOND),
		                       keys && !sn_app_typing(app) ? ": " : "",
		                       keys && !sn_app_typing(app) ? keys : "",
		                       keys && !sn_app_typing(app) ? " takes it back" : "; :undo takes it back");
	}
	return NULL;
}

/*
 * What does not fit in the bar's row takes rows above it until the next key: the end of an error
 * says what to do. Returns the rows it took, 0 when it fits.
 */
static int draw_long(SnApp *app, SnRect rect, SnStyle style, char *text)
{
	int columns = MAX(rect.cols - 2, 8), rows;
	g_autoptr(GArray) spans = NULL;

	if (sn_text_width(text) <= columns)
		return 0;
	spans = sn_text_wrap(text, columns);
	rows = MIN((int)spans->len, MIN(LONG_ROWS, rect.y + 1));
	rect.y -= rows - 1;
	rect.rows = rows;
	sn_grid_fill(app->grid, rect, style);
	for (int y = 0; y < rows; y++) {
		SnSpan span = g_array_index(spans, SnSpan, y);
		/* the last row takes what is left, and says when it is cut */
		if (y + 1 < rows)
			text[span.end] = '\0';
		sn_grid_fit(app->grid, rect.x + 1, rect.y + y, columns, style, text + span.start);
	}
	return rows;
}

void sn_bar_draw(SnApp *app, SnRect rect)
{
	SnStyle bar = sn_theme_style(app->theme, SN_OBJ_BAR);
	g_autoptr(GString) status = g_string_new(NULL);
	g_autofree char *text = NULL;
	SnObject object;
	int x = rect.x + 1, right = rect.x + rect.cols - 1, width;

	sn_grid_fill(app->grid, rect, bar);
	text = left_text(app, &object);
	if (text && draw_long(app, rect, sn_theme_over(app->theme, bar, object), text))
		return;
	if (text) {
		x += sn_grid_fit(app->grid, x, rect.y, right - x, sn_theme_over(app->theme, bar, object),
		                 text) + 3;
	}
	status_words(app, status, MAX(rect.cols * 2 / 5, 20));
	width = sn_text_width(status->str);
	if (width && right - width > x) {
		sn_grid_text(app->grid, right - width, rect.y, width,
		             sn_theme_over(app->theme, bar, SN_OBJ_BAR_NOTE), status->str, -1);
		right -= width + 2;
	}
	if (right > x)
		draw_hints(app, x, rect.y, right - x);
}
