/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on messages and conversations. */
#include <stdlib.h>
#include <string.h>

#include "ui/command.h"
#include "ui/composer.h"
#include "ui/index.h"
#include "ui/prompt.h"
#include "ui/question.h"
#include "ui/secure.h"
#include "ui/view.h"

static const SnConversation *current(SnApp *app, GError **error)
{
	const SnConversation *conversation = app->pane == SN_PANE_LIST && !sn_app_view(app)
	                                             ? sn_list_selected(app->list)
	                                             : sn_timeline_conversation(app->timeline);

	if (!conversation)
		sn_command_fail(error, "There is no conversation here.");
	return conversation;
}

/* A message that a view shows is answered in its own conversation, whichever the timeline shows. */
static void go_to(SnApp *app, SnId id)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, id, 0);

	if (!message || message->conversation == sn_timeline_conversation_id(app->timeline))
		return;
	sn_list_select(app->list, message->conversation);
	sn_timeline_open(app->timeline, message->conversation, id);
}

static gboolean came_by_list(SnApp *app, SnId id, GError **error)
{
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, SN_MESSAGE_FULL) : NULL;
	gboolean list = message && message->list_id;

	for (guint i = 0; message && message->parties && i < message->parties->len; i++)
		list |= ((SnParty *)message->parties->pdata[i])->role >= SN_ROLE_LIST_POST;
	return list || sn_command_fail(error, "This message came by no mailing list.");
}

static gboolean run_reply(SnApp *app, int argc, char **argv, GError **error)
{
	SnWhom whom = argc == 0                       ? SN_WHOM_SENDER
	              : strcmp(argv[0], "all") == 0  ? SN_WHOM_ALL
	              : strcmp(argv[0], "list") == 0 ? SN_WHOM_LIST
	                                             : SN_WHOM_SENDER;
	SnId message = 0;

	if (app->pane != SN_PANE_LIST || sn_app_view(app))
		message = sn_command_message(app, NULL);
	if (message && sn_app_view(app))
		go_to(app, message);
	if (!current(app, error))
		return FALSE;
	if (whom == SN_WHOM_LIST && !came_by_list(app, message, error))
		return FALSE;
	sn_view_close_all(app);
	sn_composer_reply(app->composer, message, whom);
	sn_app_focus(app, SN_PANE_COMPOSE);
	return TRUE;
}

static gboolean run_quote(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, SN_MESSAGE_FULL) : NULL;
	g_autoptr(GString) quote = g_string_new(NULL);
	g_auto(GStrv) lines = NULL;

	if (!message)
		return FALSE;
	/* of what is encrypted as a whole the text is in memory only; parts of a message that were
	 * opened on request are not quoted */
	const SnOpened *opened = message->encrypted ? sn_secure_look(app, message) : NULL;
	if (opened && opened->encrypted && opened->parts->len == 1) {
		g_free(message->body);
		message->body = sn_opened_text(opened);
	}
	lines = g_strsplit(message->body ? message->body : "", "\n", 2000);
	for (char **line = lines; *line; line++)
		if (**line || line[1])
			g_string_append_printf(quote, ">%s%s\n", **line == '>' ? "" : " ", *line);
	if (sn_app_view(app))
		go_to(app, id);
	sn_view_close_all(app);
	sn_composer_reply(app->composer, id, SN_WHOM_SENDER);
	sn_app_focus(app, SN_PANE_COMPOSE);
	sn_composer_paste(app->composer, quote->str);
	return TRUE;
}

/* The list of a folder is on top. */
static gboolean on_index(SnApp *app)
{
	const SnView *view = sn_app_view(app);

	return view && view->ops == &sn_view_index;
}

static gboolean run_mute(SnApp *app, int argc, char **argv, GError **error)
{
	const SnConversation *conversation = current(app, error);

	app->stale = TRUE;
	return conversation && sn_conversation_set_flags(app->store, conversation->id,
	                                                 !conversation->muted, conversation->pinned,
	                                                 conversation->archived, error);
}

static gboolean run_pin(SnApp *app, int argc, char **argv, GError **error)
{
	const SnConversation *conversation = current(app, error);

	app->stale = TRUE;
	return conversation && sn_conversation_set_flags(app->store, conversation->id,
	                                                 conversation->muted, !conversation->pinned,
	                                                 conversation->archived, error);
}

/* What a conversation is taken for, against what its messages say. */
static gboolean run_kind(SnApp *app, int argc, char **argv, GError **error)
{
	const SnConversation *conversation = current(app, error);
	gboolean automatic = strcmp(argv[0], "auto") == 0;
	SnBulk bulk = SN_BULK_NONE;

	if (!conversation)
		return FALSE;
	if (!automatic && !sn_bulk_parse(argv[0], &bulk))
		return sn_command_fail(error, "It can be a person, a newsletter, a notice, or auto: as its "
		                              "messages say.");
	if (!sn_conversation_set_bulk(app->store, conversation->id, !automatic, bulk, error))
		return FALSE;
	app->stale = TRUE;
	sn_app_say(app, SN_OBJ_SUCCESS, automatic ? "As its messages say."
	                                : bulk      ? "It stands with the newsletters and notices: gn."
	                                          : "It stands with the people.");
	return TRUE;
}

static gboolean run_mark_read(SnApp *app, int argc, char **argv, GError **error)
{
	const SnConversation *conversation = current(app, error);

	app->stale = TRUE;
	return conversation && sn_conversation_mark_read(app->store, conversation->id, 0, error);
}

static gboolean run_mark(SnApp *app, int argc, char **argv, GError **error)
{
	if (on_index(app)) {
		sn_index_toggle_mark(sn_index_of(app));
		sn_page_move(sn_app_page(app), 1);
		sn_app_dirty(app);
		return TRUE;
	}
	sn_timeline_mark(app->timeline);
	sn_page_move(sn_timeline_page(app->timeline), 1);
	return TRUE;
}

static gboolean run_fold(SnApp *app, int argc, char **argv, GError **error)
{
	char how = strcmp(argv[0], "open") == 0 ? 'o' : strcmp(argv[0], "close") == 0 ? 'c' : 'a';

	if (on_index(app))
		sn_index_fold(sn_index_of(app), how, argc > 1);
	else
		sn_timeline_fold(app->timeline, how, argc > 1);
	return TRUE;
}

static gboolean run_copy(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, SN_MESSAGE_FULL) : NULL;

	if (!message)
		return FALSE;
	app->term->copy(app->term, message->body ? message->body : "");
	sn_app_say(app, SN_OBJ_SUCCESS, "The text was handed to the terminal's clipboard.");
	return TRUE;
}

/* A contact's question is answered with one key: the answer is sent as an IM. */
static gboolean run_answer(SnApp *app, int argc, char **argv, GError **error)
{
	const SnQuestion *question = sn_timeline_question(app->timeline);
	int number = atoi(argv[0]);

	if (!question)
		return sn_command_fail(error, "There is no question to answer here.");
	if (!app->timeline_rect.cols && !sn_app_view(app)) /* one pane, and it is the list */
		return sn_command_fail(error, "Open the conversation first: its question is not shown.");
	if (number < 1 || number > (int)g_strv_length(question->values))
		return sn_command_fail(error, "There is no answer %s.", argv[0]);
	g_autofree char *value = g_strdup(question->values[number - 1]);
	return sn_question_send(app, question, value, error);
}

const SnCommand sn_commands_message[] = {
	{ "reply", "[all|list]", "answer the selected message", SN_COMPLETE_WORDS, "all list", 0, 1, run_reply },
	{ "quote", "", "answer the selected message and quote it", 0, NULL, 0, 0, run_quote },
	{ "mute", "", "no notifications from the conversation, or again", 0, NULL, 0, 0, run_mute },
	{ "pin", "", "keep the conversation on top, or no longer", 0, NULL, 0, 0, run_pin },
	{ "kind", "person|newsletter|notice|auto", "what the conversation is taken for", SN_COMPLETE_WORDS, "person newsletter notice auto", 1, 1, run_kind },
	{ "mark-read", "", "mark the conversation as read", 0, NULL, 0, 0, run_mark_read },
	{ "mark", "", "mark the message for the next command", 0, NULL, 0, 0, run_mark },
	{ "fold", "open|close|toggle [all]", "show or hide quotes and signatures; in a folder, the emails of a thread", SN_COMPLETE_WORDS, "open close toggle all", 1, 2, run_fold },
	{ "copy", "", "copy the text to the clipboard", 0, NULL, 0, 0, run_copy },
	{ "answer", "NUMBER", "answer a contact's question", 0, NULL, 1, 1, run_answer },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
