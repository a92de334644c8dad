/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which earlier messages travel along with the reply; each can be taken in or left out by hand. */
#include <string.h>

#include "src/route/limits.h"
#include "src/text/text.h"
#include "ui/command.h"
#include "ui/history_pick.h"
#include "ui/words.h"

/* ---- the head ---- */

static char *spec_words(SnComposer *composer)
{
	const char *spec = sn_composer_history_spec(composer);
	SnHistorySpec parsed;

	if (!spec || !sn_history_parse(spec, composer->app->clock, &parsed, NULL))
		return g_strdup(spec ? spec : "nothing");
	switch (parsed.kind) {
	case SN_HISTORY_NONE: return g_strdup("nothing");
	case SN_HISTORY_LAST: return g_strdup_printf("the last %d", parsed.count);
	case SN_HISTORY_THREAD: return g_strdup("the thread that is answered");
	case SN_HISTORY_SINCE: {
		g_autofree char *day = sn_words_time(parsed.since, "%-d %B %Y, %H:%M");
		return g_strdup_printf("since %s", day);
	}
	case SN_HISTORY_ALL: return g_strdup("everything");
	case SN_HISTORY_PICKED: return g_strdup("picked by hand");
	}
	g_assert_not_reached();
}

static char *recipient_words(SnComposer *composer)
{
	g_autoptr(GPtrArray) recipients = sn_composer_recipients(composer, NULL);
	GString *words = g_string_new(NULL);

	for (guint i = 0; i < recipients->len; i++)
		g_string_append_printf(words, "%s%s", i ? ", " : "",
		                       ((SnParty *)recipients->pdata[i])->address);
	if (words->len == 0)
		g_string_append(words, "not known yet");
	return g_string_free(words, FALSE);
}

/* What is marked, as the rows say it: it follows every key. What is chosen beyond the rows (another
 * conversation's part of a thread, long ago) is known once the choice is made. */
static char *total_words(SnApp *app, SnPick *pick)
{
	const SnHistory *history = sn_composer_history(app->composer);
	SnHistory now = { 0 };

	if (history && !app->composer->history_stale)
		return sn_history_summary(history);
	now.size = sn_pick_size(pick, &now.mails, &now.ims, &now.files);
	return sn_history_summary(&now);
}

static void fill_left_out(SnApp *app, SnPage *page, const SnHistory *history)
{
	if (history->left_out_party && history->outsider) {
		g_autofree char *line = g_strdup_printf(
			"Left out: what %s was no party to.", history->outsider);
		sn_page_note(page, line);
	} else if (history->left_out_party) {
		sn_page_note(page, "Left out: what the recipient was no party to.");
	}
	if (history->left_out_encrypted)
		sn_page_note(page, "Left out: what came encrypted; y on it lets it go in the open.");
	if (history->left_out_size) {
		g_autofree char *most = sn_text_size(app->settings->history_max_size);
		g_autofree char *line = g_strdup_printf(
			"Left out: older ones beyond %s ([history] max-size).", most);
		sn_page_note(page, line);
	}
}

/* What the servers will not take of it, as far as they have told. */
static void fill_limits(SnApp *app, SnPage *page, gint64 total)
{
	const SnPlan *plan = sn_composer_plan(app->composer);
	SnLimits limits;
	g_autofree char *size = NULL, *line = NULL;

	if (!plan || !plan->account_name || total <= 0)
		return;
	sn_limits_get(app->store, plan->account_name, &limits);
	if (plan->channel == SN_CHANNEL_IM && limits.upload == 0) {
		sn_page_note(page, "The IM server takes no files: emails go as text only.");
		return;
	}
	if (plan->channel == SN_CHANNEL_MAIL && limits.mail > 0 && total * 7 / 5 > limits.mail) {
		size = sn_text_size(limits.mail);
		line = g_strdup_printf("The mail server takes %s: the largest files are left out.",
		                       size);
		sn_page_note(page, line);
	}
}

static void fill_head(SnApp *app, SnView *view)
{
	SnPick *pick = view->data;
	const SnHistory *history = sn_composer_history(app->composer);
	g_autofree char *chosen = spec_words(app->composer), *to = recipient_words(app->composer);
	g_autofree char *total = total_words(app, pick);

	sn_page_line(view->page, 0, NULL);
	sn_page_fact(view->page, 0, "To", to);
	sn_page_fact(view->page, 0, "Chosen", chosen);
	sn_page_fact(view->page, 0, "Travels along", total);
	if (!history)
		return;
	fill_left_out(app, view->page, history);
	fill_limits(app, view->page, history->size);
}

/* ---- the rows ---- */

/* Why it goes as less than it is; NULL. Caller frees. */
static char *shortened(SnApp *app, const SnHistoryRow *row, const SnLimits *limits)
{
	const SnPlan *plan = sn_composer_plan(app->composer);
	gint64 size = app->settings->history_attachments ? row->size : row->text_size;

	if (!plan || plan->channel != SN_CHANNEL_IM || row->channel != SN_CHANNEL_MAIL ||
	    limits->upload <= 0 || size <= limits->upload)
		return NULL;
	g_autofree char *most = sn_text_size(limits->upload);
	return g_strdup_printf(row->text_size <= limits->upload
	                               ? "without its files: the server takes %s"
	                               : "as text only: the server takes %s",
	                       most);
}

static void fill_mark(SnPick *pick, SnPage *page, const SnHistoryRow *row)
{
	gboolean marked = sn_pick_marked(pick, row->id);

	if (row->id == sn_pick_anchor(pick))
		sn_page_add(page, SN_OBJ_MARKED, ">");
	else
		sn_page_add(page, SN_OBJ_FAINT, " ");
	if (row->travel == SN_TRAVEL_ENCRYPTED)
		sn_page_add(page, SN_OBJ_WARNING, "[!] ");
	else if (row->travel != SN_TRAVEL_YES)
		sn_page_add(page, SN_OBJ_FAINT, " -  ");
	else
		sn_page_add(page, marked ? SN_OBJ_SUCCESS : SN_OBJ_FAINT, marked ? "[x] " : "[ ] ");
}

static void fill_row(SnApp *app, SnView *view, const SnHistoryRow *row, const SnLimits *limits)
{
	SnPage *page = view->page;
	gboolean files = app->settings->history_attachments;
	g_autofree char *when = sn_words_when(row->time, sn_app_now(app));
	g_autofree char *text = sn_text_clean_line(row->preview ? row->preview : "", -1);
	g_autofree char *size = sn_text_size(files ? row->size : row->text_size);
	g_autofree char *right = g_strdup_printf("%8s  %5s", size, when);
	g_autofree char *why = sn_history_why(row), *less = shortened(app, row, limits);

	sn_page_line(page, row->id, NULL);
	fill_mark(view->data, page, row);
	sn_page_addf(page, row->channel == SN_CHANNEL_IM ? SN_OBJ_CHANNEL_IM : SN_OBJ_CHANNEL_MAIL,
	             "%-5s", sn_channel_word(row->channel));
	sn_page_add(page, SN_OBJ_LIST_TITLE,
	            row->direction == SN_OUT ? "You" : row->who ? row->who : "?");
	if (row->files)
		sn_page_addf(page, files ? SN_OBJ_ATTACHMENT : SN_OBJ_FAINT, "  %d file%s",
		             row->files, row->files == 1 ? "" : "s");
	if (why || less)
		sn_page_addf(page, SN_OBJ_WARNING, "  %s", why ? why : less);
	else if (row->encrypted)
		sn_page_add(page, SN_OBJ_WARNING, "  came encrypted, goes in the open");
	if (row->subject)
		sn_page_addf(page, SN_OBJ_DEFAULT, "  %s", row->subject);
	sn_page_addf(page, SN_OBJ_LIST_PREVIEW, "  %s", text);
	sn_page_right(page, SN_OBJ_LIST_TIME, right);
}

static void fill(SnApp *app, SnView *view)
{
	SnPick *pick = view->data;
	const GPtrArray *rows = sn_pick_rows(pick);
	const SnPlan *plan = sn_composer_plan(app->composer);
	SnLimits limits = { SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN };

	if (plan && plan->account_name)
		sn_limits_get(app->store, plan->account_name, &limits);
	fill_head(app, view);
	sn_page_heading(view->page, "Messages, newest first");
	for (guint i = 0; i < rows->len; i++)
		fill_row(app, view, g_ptr_array_index(rows, i), &limits);
	if (rows->len == 0)
		sn_page_note(view->page, sn_pick_reading(pick) ? "Reading ..." : "There are none.");
	else if (rows->len >= SN_HISTORY_LOOK)
		sn_page_note(view->page, "Older ones cannot be picked one by one.");
}

static void moved(SnApp *app, SnView *view)
{
	if (sn_page_below(view->page) < sn_page_rows(view->page))
		sn_pick_more(view->data);
}

static char *note(SnApp *app, SnView *view)
{
	const SnPlan *plan = sn_composer_plan(app->composer);

	return g_strdup_printf("with the next %s%s%s",
	                       plan ? sn_words_channel(plan->channel) : "message",
	                       app->settings->history_attachments ? ", with files" : ", without files",
	                       sn_pick_anchor(view->data) ? "   range: V ends it" : "");
}

static gboolean open_view(SnApp *app, SnView *view, GError **error)
{
	view->data = sn_pick_new(app, view);
	return TRUE;
}

static void close_view(SnApp *app, SnView *view)
{
	sn_pick_free(view->data);
	view->data = NULL;
}

const SnViewOps sn_view_history = {
	.name = "history",
	.title = "What travels along",
	.empty = "There is nothing here that could travel along.",
	.open = open_view,
	.close = close_view,
	.fill = fill,
	.moved = moved,
	.note = note,
};

/* ---- commands ---- */

/* The row that a key is about; NULL with error. */
static const SnHistoryRow *row_at(SnApp *app, SnPick **pick, GError **error)
{
	SnView *view = sn_app_view(app);
	const SnHistoryRow *row;

	if (!view || view->ops != &sn_view_history) {
		sn_command_fail(error, "h shows what can be picked.");
		return NULL;
	}
	*pick = view->data;
	row = sn_pick_row(*pick, sn_page_selected(view->page));
	if (!row)
		sn_command_fail(error, "Go to a message first.");
	return row;
}

static void show(SnApp *app)
{
	if (sn_app_view(app))
		sn_view_stale(sn_app_view(app));
	sn_app_dirty(app);
}

/* Takes the selected message in or out: from then on the choice is by hand. */
static gboolean run_pick(SnApp *app, int argc, char **argv, GError **error)
{
	SnPick *pick;
	const SnHistoryRow *row = row_at(app, &pick, error);

	if (!row)
		return FALSE;
	if (row->travel != SN_TRAVEL_YES) {
		g_autofree char *why = sn_history_why(row);
		return sn_command_fail(error, "That one cannot travel: %s%s.", why,
		                       row->travel == SN_TRAVEL_ENCRYPTED ? " (y lets it)" : "");
	}
	sn_pick_set(pick, row->id, !sn_pick_marked(pick, row->id));
	sn_page_move(sn_app_view(app)->page, 1);
	show(app);
	return TRUE;
}

/* From here, and then to there: as the first of them is not yet. */
static gboolean run_range(SnApp *app, int argc, char **argv, GError **error)
{
	SnPick *pick;
	const SnHistoryRow *row = row_at(app, &pick, error);
	SnId anchor = row ? sn_pick_anchor(pick) : 0;
	int cannot;

	if (!row)
		return FALSE;
	show(app);
	if (!anchor) {
		sn_pick_set_anchor(pick, row->id);
		return TRUE;
	}
	sn_pick_set_anchor(pick, 0);
	cannot = sn_pick_set_range(pick, anchor, row->id, !sn_pick_marked(pick, anchor));
	if (cannot)
		sn_app_say(app, SN_OBJ_WARNING, "%d of them cannot travel; their rows say why.", cannot);
	return TRUE;
}

/* The user's yes to one encrypted message, or no longer. */
static gboolean run_agree(SnApp *app, int argc, char **argv, GError **error)
{
	SnPick *pick;
	const SnHistoryRow *row = row_at(app, &pick, error);

	if (!row)
		return FALSE;
	if (!row->encrypted)
		return sn_command_fail(error, "That one did not come encrypted: v takes it along.");
	if (row->travel != SN_TRAVEL_ENCRYPTED && row->travel != SN_TRAVEL_YES) {
		g_autofree char *why = sn_history_why(row);
		return sn_command_fail(error, "That one cannot travel: %s.", why);
	}
	gboolean yes = row->travel == SN_TRAVEL_ENCRYPTED;
	SnId id = row->id;
	sn_composer_agree(app->composer, id, yes);
	sn_pick_set(pick, id, yes);
	show(app);
	return TRUE;
}

static gboolean run_files(SnApp *app, int argc, char **argv, GError **error)
{
	sn_command_run(app, app->settings->history_attachments ? "set history.attachments false"
	                                                       : "set history.attachments true");
	sn_composer_forget_plan(app->composer);
	show(app);
	return TRUE;
}

const SnCommand sn_commands_history[] = {
	{ "travel-pick", "", "the selected message travels along, or no longer", 0, NULL, 0, 0, run_pick },
	{ "travel-range", "", "begins a range of messages, and ends it", 0, NULL, 0, 0, run_range },
	{ "travel-agree", "", "an encrypted message may travel in the open, or no longer", 0, NULL, 0, 0, run_agree },
	{ "travel-files", "", "files travel along with history, or no longer", 0, NULL, 0, 0, run_files },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
