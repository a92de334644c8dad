/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages on their way: where each is, why, and what happens next. */
#include "src/store/outbox.h"
#include "src/text/text.h"
#include "ui/view.h"
#include "ui/words.h"

enum { ENTRIES_SHOWN = 500 };

static void fill_entry(SnApp *app, SnPage *page, const SnOutboxEntry *entry)
{
	g_autoptr(SnConversation) conversation = sn_conversation_get(app->store, entry->conversation);
	SnTime now = sn_app_now(app);
	g_autofree char *when = sn_words_when(entry->created, now);
	g_autofree char *next = sn_words_next(entry, now);
	g_autofree char *body = sn_text_clean_line(entry->body ? entry->body : "", -1);

	sn_page_line(page, entry->id, NULL);
	sn_page_addf(page, sn_words_state_object(entry->state), " %-2s ",
	             sn_words_state_mark(entry->state));
	sn_page_add(page, SN_OBJ_LIST_TITLE, conversation ? conversation->title : "?");
	sn_page_addf(page, entry->channel == SN_CHANNEL_IM ? SN_OBJ_CHANNEL_IM : SN_OBJ_CHANNEL_MAIL,
	             "  %s", sn_channel_word(entry->channel));
	sn_page_addf(page, SN_OBJ_LIST_PREVIEW, "  %s", body);
	sn_page_right(page, SN_OBJ_LIST_TIME, when);

	sn_page_line(page, entry->id, NULL);
	sn_page_add(page, SN_OBJ_DEFAULT, "    ");
	sn_page_add(page, sn_words_state_object(entry->state), sn_words_state(entry->state));
	if (entry->reason)
		sn_page_addf(page, SN_OBJ_DEFAULT, ": %s", entry->reason);
	sn_page_line(page, entry->id, NULL);
	sn_page_addf(page, SN_OBJ_FAINT, "    %s", next);
	sn_page_line(page, 0, NULL);
}

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) entries =
		sn_outbox_list(app->store, view->argument ? SN_OUTBOX_ALL : SN_OUTBOX_OPEN, 0,
	                       ENTRIES_SHOWN, 0);

	for (guint i = 0; entries && i < entries->len; i++)
		fill_entry(app, view->page, g_ptr_array_index(entries, i));
}

static void activate(SnApp *app, SnView *view)
{
	gint64 id = sn_page_selected(view->page);

	if (id)
		sn_view_open(app, &sn_view_entry, NULL, id);
}

static char *note(SnApp *app, SnView *view)
{
	return g_strdup(view->argument ? "all" : "not yet arrived");
}

const SnViewOps sn_view_outbox = {
	.name = "outbox",
	.title = "Outbox",
	.empty = "Nothing is on its way. t shows finished messages too.",
	.fill = fill,
	.activate = activate,
	.note = note,
};

/* ---- one entry, with its journal ---- */

static void fill_journal(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(app->store, view->subject);

	sn_page_heading(view->page, "What happened so far");
	for (guint i = 0; events && i < events->len; i++) {
		const SnOutboxEvent *event = g_ptr_array_index(events, i);
		g_autofree char *time = sn_words_time(event->time, "%d.%m. %H:%M:%S");
		sn_page_line(view->page, (gint64)i + 1, NULL);
		sn_page_addf(view->page, SN_OBJ_TIME, " %s  ", time);
		sn_page_add(view->page, SN_OBJ_DEFAULT, event->what);
		if (event->detail)
			sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", event->detail);
	}
}

static void fill_recipients(SnView *view, const SnOutboxEntry *entry)
{
	g_autoptr(GString) to = g_string_new(NULL);

	for (guint i = 0; entry->recipients && i < entry->recipients->len; i++) {
		const SnParty *party = g_ptr_array_index(entry->recipients, i);
		g_string_append_printf(to, "%s%s", to->len ? ", " : "", party->address);
	}
	sn_page_fact(view->page, 0, "To", to->str);
	sn_page_fact(view->page, 0, "From", entry->from ? entry->from : "");
}

static void entry_fill(SnApp *app, SnView *view)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(app->store, view->subject, SN_OUTBOX_FULL);
	g_autofree char *state = NULL, *next = NULL, *created = NULL;

	if (!entry)
		return;
	state = sn_words_entry(entry, sn_app_now(app));
	next = sn_words_next(entry, sn_app_now(app));
	created = sn_words_full(entry->created);
	sn_page_line(view->page, 0, NULL);
	sn_page_fact(view->page, 0, "State", state);
	sn_page_fact(view->page, 0, "Next", next);
	sn_page_fact(view->page, 0, "By", sn_words_channel(entry->channel));
	fill_recipients(view, entry);
	if (entry->subject)
		sn_page_fact(view->page, 0, "Subject", entry->subject);
	sn_page_fact(view->page, 0, "Queued", created);
	if (entry->expires) {
		g_autofree char *expires = sn_words_full(entry->expires);
		sn_page_fact(view->page, 0, "Until", expires);
	}
	if (entry->history && entry->history->len) {
		g_autofree char *history =
			g_strdup_printf("%u earlier messages%s", entry->history->len,
		                        entry->history_attachments ? ", with their files" : "");
		sn_page_fact(view->page, 0, "Travels along", history);
	}
	fill_journal(app, view);
	sn_page_heading(view->page, "Text");
	sn_page_wrap(view->page, 0, NULL, 1, sn_theme_style(app->theme, SN_OBJ_BODY),
	             entry->body ? entry->body : "");
}

const SnViewOps sn_view_entry = {
	.name = "outbox",
	.title = "Message on its way",
	.empty = "It is no longer there.",
	.fill = entry_fill,
};
