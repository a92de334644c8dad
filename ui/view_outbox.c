/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages on their way: where each is, why, and what happens next. */
#include <string.h>

#include "src/store/outbox.h"
#include "src/text/text.h"
#include "ui/view.h"
#include "ui/words.h"

enum { ENTRIES_SHOWN = 500, INDENT = 4, WHAT_WIDTH = 26, NARROW = 70 };

/* "Dora is extended away. Goes when ..." in one paragraph. */
static char *why_and_next(SnApp *app, const SnOutboxEntry *entry)
{
	SnTime now = sn_app_now(app);
	g_autofree char *next = sn_words_next(app->store, entry, now);
	g_autofree char *why = entry->reason && entry->state != SN_STATE_CONVERTED
		? g_strdup(entry->reason) : g_strdup("");
	gsize length = strlen(why);

	if (!length)
		return g_steal_pointer(&next);
	/* the beginning of a sentence, unless it is the name of a server */
	if (!memchr(why, '.', strcspn(why, " ")))
		*why = g_ascii_toupper(*why);
	return g_strconcat(why, strchr(".!?", why[length - 1]) ? " " : ". ", next, NULL);
}

static void fill_entry(SnApp *app, SnPage *page, const SnOutboxEntry *entry)
{
	g_autoptr(SnConversation) conversation = sn_conversation_get(app->store, entry->conversation);
	g_autofree char *when = sn_words_when(entry->created, sn_app_now(app));
	g_autofree char *why = why_and_next(app, entry);
	g_autofree char *body = sn_text_clean_line(entry->body ? entry->body : "", -1);
	SnObject state = sn_words_state_object(entry->state);
	int width = CLAMP(sn_page_columns(page) / 3, 16, 26);
	g_autofree char *name = sn_text_fit(conversation && conversation->title ? conversation->title
	                                                                        : "?", width);

	sn_page_line(page, entry->id, NULL);
	sn_page_addf(page, state, " %-2s", sn_words_state_mark(entry->state));
	sn_page_tab(page, INDENT);
	sn_page_add(page, SN_OBJ_LIST_TITLE, name);
	sn_page_tab(page, INDENT + width + 1);
	sn_page_add(page, entry->channel == SN_CHANNEL_IM ? SN_OBJ_CHANNEL_IM : SN_OBJ_CHANNEL_MAIL,
	            sn_channel_word(entry->channel));
	sn_page_tab(page, INDENT + width + 7);
	sn_page_add(page, state, sn_words_state(entry->state));
	sn_page_right(page, SN_OBJ_LIST_TIME, when);
	sn_page_line(page, entry->id, NULL);
	sn_page_tab(page, INDENT);
	sn_page_add(page, SN_OBJ_LIST_PREVIEW, entry->subject && *entry->subject ? entry->subject : body);
	sn_page_wrap(page, entry->id, NULL, INDENT, sn_theme_style(app->theme, SN_OBJ_FAINT), why);
	sn_page_line(page, 0, NULL);
}

static void fill_group(SnApp *app, SnPage *page, const char *title, GPtrArray *entries)
{
	for (guint i = 0; entries && i < entries->len; i++) {
		if (i == 0) {
			sn_page_line(page, 0, NULL);
			sn_page_addf(page, SN_OBJ_HEADING, " %s", title);
		}
		fill_entry(app, page, g_ptr_array_index(entries, i));
	}
}

static gboolean has_entry(const GPtrArray *entries, SnId id)
{
	for (guint i = 0; entries && i < entries->len; i++)
		if (((const SnOutboxEntry *)g_ptr_array_index(entries, i))->id == id)
			return TRUE;
	return FALSE;
}

static gboolean is_finished(const SnOutboxEntry *entry)
{
	return entry->state != SN_STATE_QUEUED && entry->state != SN_STATE_SENDING &&
	       entry->state != SN_STATE_WAITING && entry->state != SN_STATE_ASKED;
}

/* What the user has to do something about comes first. */
static void fill(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) decide =
		sn_outbox_list(app->store, SN_OUTBOX_ATTENTION, 0, ENTRIES_SHOWN, 0);
	g_autoptr(GPtrArray) way = sn_outbox_list(app->store, SN_OUTBOX_OPEN, 0, ENTRIES_SHOWN, 0);
	g_autoptr(GPtrArray) finished =
		view->argument ? sn_outbox_list(app->store, SN_OUTBOX_ALL, 0, ENTRIES_SHOWN, 0) : NULL;

	for (guint i = way ? way->len : 0; i > 0; i--)
		if (is_finished(g_ptr_array_index(way, i - 1)))
			g_ptr_array_remove_index(way, i - 1);
	for (guint i = finished ? finished->len : 0; i > 0; i--) {
		const SnOutboxEntry *entry = g_ptr_array_index(finished, i - 1);
		if (!is_finished(entry) || has_entry(decide, entry->id))
			g_ptr_array_remove_index(finished, i - 1);
	}
	fill_group(app, view->page, "To decide", decide);
	fill_group(app, view->page, "On the way", way);
	fill_group(app, view->page, "Finished", finished);
}

static void activate(SnApp *app, SnView *view)
{
	gint64 id = sn_page_selected(view->page);

	if (id)
		sn_view_open(app, &sn_view_entry, NULL, id);
}

static char *note(SnApp *app, SnView *view)
{
	return g_strdup(view->argument ? "all messages" : "what has not gone yet");
}

const SnViewOps sn_view_outbox = {
	.name = "outbox",
	.title = "Outbox",
	.empty = "Everything has gone, and nothing waits.\nt shows the messages that are finished.",
	.fill = fill,
	.activate = activate,
	.note = note,
};

/* ---- one entry, with its journal ---- */

static gboolean is_same(const SnOutboxEvent *a, const SnOutboxEvent *b)
{
	return strcmp(a->what, b->what) == 0 && g_strcmp0(a->detail, b->detail) == 0;
}

/* The last of `count` equal events in a row. */
static void fill_event(SnApp *app, SnPage *page, const SnOutboxEvent *event, gint64 id, guint count)
{
	g_autofree char *time = sn_words_time(event->time, "%d %b %H:%M:%S");
	gboolean narrow = sn_page_columns(page) < NARROW;
	int column = 1 + sn_text_width(time) + 2;

	sn_page_line(page, id, NULL);
	sn_page_addf(page, SN_OBJ_TIME, " %s  ", time);
	sn_page_add(page, SN_OBJ_DEFAULT, sn_words_event(event->what));
	if (count > 1)
		sn_page_addf(page, SN_OBJ_FAINT, " (%u times)", count);
	if (!event->detail || !*event->detail)
		return;
	if (narrow) {
		sn_page_wrap(page, id, NULL, column, sn_theme_style(app->theme, SN_OBJ_FAINT),
		             event->detail);
		return;
	}
	sn_page_tab(page, column + WHAT_WIDTH);
	sn_page_add(page, SN_OBJ_FAINT, event->detail);
}

static void fill_journal(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(app->store, view->subject);
	guint count = 0;

	sn_page_heading(view->page, "What happened so far");
	for (guint i = 0; events && i < events->len; i++) {
		const SnOutboxEvent *event = g_ptr_array_index(events, i);
		count++;
		if (i + 1 < events->len && is_same(event, g_ptr_array_index(events, i + 1)))
			continue;
		fill_event(app, view->page, event, (gint64)i + 1, count);
		count = 0;
	}
}

static void fill_recipients(SnView *view, const SnOutboxEntry *entry)
{
	static const struct {
		SnRole role;
		const char *name;
	} roles[] = { { SN_ROLE_TO, "To" }, { SN_ROLE_CC, "Cc" }, { SN_ROLE_BCC, "Bcc" } };

	for (gsize r = 0; r < G_N_ELEMENTS(roles); r++) {
		g_autoptr(GString) text = g_string_new(NULL);
		for (guint i = 0; entry->recipients && i < entry->recipients->len; i++) {
			const SnParty *party = g_ptr_array_index(entry->recipients, i);
			if (party->role == roles[r].role)
				g_string_append_printf(text, "%s%s", text->len ? ", " : "", party->address);
		}
		if (text->len)
			sn_page_fact(view->page, 0, roles[r].name, text->str);
	}
	sn_page_fact(view->page, 0, "From", entry->from ? entry->from : "");
}

/* What was heard of each recipient; of one alone the entry's own state says it. */
static void fill_outcomes(SnApp *app, SnView *view, const SnOutboxEntry *entry)
{
	g_autoptr(GPtrArray) all = sn_outcome_list(app->store, entry->id);
	gboolean first = TRUE;

	for (guint i = 0; all->len > 1 && i < all->len; i++) {
		const SnOutcome *one = all->pdata[i];
		if (one->fate == SN_FATE_NONE)
			continue;
		g_autofree char *line = g_strdup_printf("%s: %s%s%s", one->address,
		                                        sn_fate_word(one->fate), one->text ? ", " : "",
		                                        one->text ? one->text : "");
		sn_page_fact(view->page, 0, first ? "Known" : "", line);
		first = FALSE;
	}
}

static void fill_times(SnApp *app, SnView *view, const SnOutboxEntry *entry)
{
	SnTime now = sn_app_now(app);
	g_autofree char *created = sn_words_full(entry->created);
	g_autofree char *when = sn_when_words(entry->when);

	sn_page_fact(view->page, 0, "Written", created);
	if (entry->send_at > entry->created + SN_MINUTE) {
		g_autofree char *at = sn_words_full(entry->send_at);
		sn_page_fact(view->page, 0, "Goes at", at);
	}
	if (*when)
		sn_page_fact(view->page, 0, "Waits for", when);
	if (entry->encrypt)
		sn_page_fact(view->page, 0, "Encryption", sn_encrypt_word(entry->encrypt));
	if (entry->expires > now) {
		g_autofree char *expires = sn_words_full(entry->expires);
		sn_page_fact(view->page, 0, "Until", expires);
	}
}

static void fill_luggage(SnView *view, const SnOutboxEntry *entry)
{
	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++) {
		const SnAttachment *file = g_ptr_array_index(entry->attachments, i);
		g_autofree char *size = sn_text_size(file->size);
		g_autofree char *line = g_strdup_printf("%s, %s", file->name, size);
		sn_page_fact(view->page, 0, i ? "" : "Files", line);
	}
	if (entry->history && entry->history->len) {
		g_autofree char *history =
			g_strdup_printf("%u earlier messages%s", entry->history->len,
		                        entry->history_attachments ? ", with their files" : "");
		sn_page_fact(view->page, 0, "Travels along", history);
	}
}

static void entry_fill(SnApp *app, SnView *view)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(app->store, view->subject, SN_OUTBOX_FULL);
	g_autofree char *why = NULL;

	if (!entry)
		return;
	why = why_and_next(app, entry);
	sn_page_line(view->page, 0, NULL);
	sn_page_addf(view->page, sn_words_state_object(entry->state), " %s %s",
	             sn_words_state_mark(entry->state), sn_words_state(entry->state));
	sn_page_wrap(view->page, 0, NULL, 1, sn_theme_style(app->theme, SN_OBJ_DEFAULT), why);
	sn_page_line(view->page, 0, NULL);
	sn_page_fact(view->page, 0, "By", sn_words_channel(entry->channel));
	fill_recipients(view, entry);
	fill_outcomes(app, view, entry);
	if (entry->subject)
		sn_page_fact(view->page, 0, "Subject", entry->subject);
	fill_times(app, view, entry);
	fill_luggage(view, entry);
	fill_journal(app, view);
	sn_page_heading(view->page, "Text");
	sn_page_wrap(view->page, 0, NULL, 1, sn_theme_style(app->theme, SN_OBJ_BODY),
	             entry->body ? entry->body : "");
}

/* From an IM to the email it became. */
static void entry_activate(SnApp *app, SnView *view)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(app->store, view->subject, 0);

	if (entry && entry->converted_to)
		sn_view_open(app, &sn_view_entry, NULL, entry->converted_to);
}

const SnViewOps sn_view_entry = {
	.name = "outbox",
	.title = "Message on its way",
	.empty = "It is no longer there.",
	.fill = entry_fill,
	.activate = entry_activate,
};
