/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which earlier messages travel along with the reply; each can be taken in or left out by hand. */
#include <string.h>

#include "src/text/text.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/view.h"
#include "ui/words.h"

enum { SHOWN = 200 };

static gboolean travels(const SnHistory *history, SnId id)
{
	for (guint i = 0; history && i < history->messages->len; i++)
		if (g_array_index(history->messages, SnId, i) == id)
			return TRUE;
	return FALSE;
}

static void fill_summary(SnApp *app, SnView *view, const SnHistory *history)
{
	g_autofree char *summary = history ? sn_history_summary(history) : g_strdup("nothing");
	const char *spec = sn_composer_history_spec(app->composer);

	sn_page_line(view->page, 0, NULL);
	sn_page_fact(view->page, 0, "Chosen", spec ? spec : "none");
	sn_page_fact(view->page, 0, "Travels along", summary);
	if (!history)
		return;
	if (history->left_out_party)
		sn_page_note(view->page, "Left out: messages that the recipient was not a party to.");
	if (history->left_out_encrypted)
		sn_page_note(view->page, "Left out: messages that came encrypted; this one goes in the open.");
	if (history->left_out_size)
		sn_page_note(view->page, "Left out: older messages beyond the size that [history] max-size allows.");
}

static void fill(SnApp *app, SnView *view)
{
	const SnHistory *history = sn_composer_history(app->composer);
	g_autoptr(GPtrArray) messages =
		sn_message_page(app->store, view->subject, 0, 0, FALSE, SHOWN, 0);

	fill_summary(app, view, history);
	sn_page_heading(view->page, "Messages, newest first");
	for (guint i = messages ? messages->len : 0; i > 0; i--) {
		const SnMessage *message = g_ptr_array_index(messages, i - 1);
		gboolean in = travels(history, message->id);
		g_autofree char *when = sn_words_when(message->time, sn_app_now(app));
		g_autofree char *text = sn_text_clean_line(message->preview ? message->preview : "", -1);

		sn_page_line(view->page, message->id, NULL);
		sn_page_add(view->page, in ? SN_OBJ_SUCCESS : SN_OBJ_FAINT, in ? " [x] " : " [ ] ");
		sn_page_addf(view->page, message->channel == SN_CHANNEL_IM ? SN_OBJ_CHANNEL_IM
		                                                           : SN_OBJ_CHANNEL_MAIL,
		             "%-5s", sn_channel_word(message->channel));
		sn_page_add(view->page, SN_OBJ_LIST_TITLE,
		            message->direction == SN_OUT ? "You" : message->sender_name
		                                                     ? message->sender_name
		                                                     : "?");
		if (message->subject)
			sn_page_addf(view->page, SN_OBJ_DEFAULT, "  %s", message->subject);
		sn_page_addf(view->page, SN_OBJ_LIST_PREVIEW, "  %s", text);
		if (message->attachments)
			sn_page_addf(view->page, SN_OBJ_ATTACHMENT, "  %d file%s", message->attachments,
			             message->attachments == 1 ? "" : "s");
		sn_page_right(view->page, SN_OBJ_LIST_TIME, when);
	}
}

static char *note(SnApp *app, SnView *view)
{
	const SnPlan *plan = sn_composer_plan(app->composer);

	return g_strdup_printf("with the next %s%s",
	                       plan ? sn_words_channel(plan->channel) : "message",
	                       app->settings->history_attachments ? ", with files" : ", without files");
}

const SnViewOps sn_view_history = {
	.name = "history",
	.title = "What travels along",
	.empty = "There is nothing here that could travel along.",
	.fill = fill,
	.note = note,
};

/* Takes the selected message in or out: from then on the choice is by hand. */
static gboolean run_pick(SnApp *app, int argc, char **argv, GError **error)
{
	SnView *view = sn_app_view(app);
	const SnHistory *history = sn_composer_history(app->composer);
	g_autoptr(GArray) picked = NULL;
	SnId id;
	gboolean had = FALSE;

	if (!view || view->ops != &sn_view_history)
		return sn_command_fail(error, "h shows what can be picked.");
	id = sn_page_selected(view->page);
	picked = g_array_new(FALSE, FALSE, sizeof(SnId));
	for (guint i = 0; history && i < history->messages->len; i++) {
		SnId known = g_array_index(history->messages, SnId, i);
		if (known == id)
			had = TRUE;
		else
			g_array_append_val(picked, known);
	}
	if (!had)
		g_array_append_val(picked, id);
	sn_composer_set_history(app->composer, picked->len ? "picked" : "none", picked);
	sn_view_stale(view);
	history = sn_composer_history(app->composer);
	if (!had && !travels(history, id))
		sn_app_say(app, SN_OBJ_WARNING,
		           "That one cannot travel: the recipient was no party to it, or it never went.");
	return TRUE;
}

static gboolean run_files(SnApp *app, int argc, char **argv, GError **error)
{
	sn_command_run(app, app->settings->history_attachments ? "set history.attachments false"
	                                                       : "set history.attachments true");
	sn_composer_forget_plan(app->composer);
	if (sn_app_view(app))
		sn_view_stale(sn_app_view(app));
	return TRUE;
}

const SnCommand sn_commands_history[] = {
	{ "travel-pick", "", "the selected message travels along, or no longer", 0, NULL, 0, 0, run_pick },
	{ "travel-files", "", "files travel along with history, or no longer", 0, NULL, 0, 0, run_files },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
