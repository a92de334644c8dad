/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on what ties messages together: threads, days, and history that came along. */
#include <string.h>

#include "src/store/told.h"
#include "ui/command.h"
#include "ui/prompt.h"
#include "ui/view.h"

static gboolean run_thread(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);

	if (!id)
		return FALSE;
	sn_view_open(app, &sn_view_thread, NULL, id);
	return TRUE;
}

/* Where it leads to may lie far above, or in another conversation. */
static gboolean go_to(SnApp *app, SnId id, GError **error)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, id, 0);

	if (!message)
		return sn_command_fail(error, "It is no longer there.");
	sn_view_close_all(app);
	sn_list_select(app->list, message->conversation);
	sn_timeline_open(app->timeline, message->conversation, id);
	sn_app_focus(app, SN_PANE_TIMELINE);
	return TRUE;
}

static gboolean run_parent(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, 0) : NULL;

	if (!message)
		return FALSE;
	if (message->carried && !message->reply_to)
		return go_to(app, message->carried_by, error);
	if (!message->reply_to)
		return sn_command_fail(error, "This message answers nothing that is here.");
	return go_to(app, message->reply_to, error);
}

/* ---- a day ---- */

static void date_entered(SnApp *app, const char *answer, gpointer data)
{
	SnTime time = answer ? sn_time_parse(answer, app->clock) : 0;
	SnId conversation = sn_timeline_conversation_id(app->timeline);

	if (!answer || !*answer)
		return;
	if (!time) {
		sn_app_say(app, SN_OBJ_ERROR, "'%s' is no date: write 2026-11-02, yesterday, 3d or 2w.", answer);
		return;
	}
	/* the first one of that day or after it, wherever in the conversation that is */
	g_autoptr(GPtrArray) found =
		sn_message_page(app->store, conversation, time, 0, TRUE, 1, 0);
	sn_view_close_all(app);
	sn_app_focus(app, SN_PANE_TIMELINE);
	if (found->len) {
		sn_timeline_open(app->timeline, conversation, ((SnMessage *)found->pdata[0])->id);
		return;
	}
	sn_timeline_bottom(app->timeline);
	sn_app_say(app, SN_OBJ_DEFAULT, "Nothing has been said here since then.");
}

static gboolean run_date(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "Go to which day (2026-11-02, yesterday, 3d): ", .done = date_entered };

	if (!sn_timeline_conversation_id(app->timeline))
		return sn_command_fail(error, "There is no conversation to look into.");
	if (argc)
		date_entered(app, argv[0], NULL);
	else
		sn_prompt_line(app, &ask);
	return TRUE;
}

/* ---- taking away what came along ---- */

typedef struct {
	SnId message, person; /* one of them is 0 */
} Away;

static void removed(SnApp *app, const char *answer, gpointer data)
{
	const Away *away = data;
	GError *error = NULL;
	int count = 0;

	if (g_strcmp0(answer, "yes") != 0)
		return;
	gboolean ok = away->person
	                      ? sn_carried_remove_person(app->store, away->person, &count, &error)
	                      : sn_carried_remove(app->store, away->message, &count, &error);
	if (!ok) {
		sn_app_error(app, error);
		return;
	}
	app->stale = TRUE;
	sn_app_say(app, SN_OBJ_SUCCESS, count == 1 ? "Removed %d message that was told."
	                                           : "Removed %d messages that were told.",
	           count);
}

static gboolean ask(SnApp *app, const Away *away, int count, const char *what, GError **error)
{
	static const SnChoice choices[] = { { 'y', "remove", "yes" }, { 'n', "keep", "no" } };
	g_autofree char *question = NULL;
	SnAsk prompt = { .choices = choices, .count = 2, .done = removed, .free = g_free,
		         .detail = "What you received or sent yourself stays." };

	if (count == 0)
		return sn_command_fail(error, "Nothing is here only because it came along with %s.", what);
	question = count == 1 ? g_strdup_printf("Remove the message that came along with %s?", what)
	                      : g_strdup_printf("Remove the %d messages that came along with %s?",
	                                        count, what);
	prompt.question = question;
	prompt.data = g_memdup2(away, sizeof *away);
	sn_prompt_ask(app, &prompt);
	return TRUE;
}

static gboolean run_remove_told(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, 0) : NULL;
	const SnConversation *conversation = sn_timeline_conversation(app->timeline);

	if (!message)
		return FALSE;
	if (argc) {
		Away away = { 0, conversation ? conversation->person : 0 };
		if (!away.person)
			return sn_command_fail(error, "This is not the conversation of one person.");
		return ask(app, &away, sn_carried_count_person(app->store, away.person),
		           conversation->title, error);
	}
	Away away = { message->carried ? message->carried_by : id, 0 };
	return ask(app, &away, sn_carried_count(app->store, away.message),
	           message->carried ? "the message that told this one" : "this message", error);
}

const SnCommand sn_commands_told[] = {
	{ "thread", "", "what answers what, on both channels", 0, NULL, 0, 0, run_thread },
	{ "parent", "", "go to the message that this one answers", 0, NULL, 0, 0, run_parent },
	{ "date", "[DAY]", "go to the first message of a day, or after it", 0, NULL, 0, 1, run_date },
	{ "remove-told", "[all]", "remove the earlier messages that came along with this one, or with all of this person", SN_COMPLETE_WORDS, "all", 0, 1, run_remove_told },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
