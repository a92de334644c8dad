/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on messages on their way, and on the files of messages. */
#include <string.h>

#include "src/store/outbox.h"
#include "ui/command.h"
#include "ui/editor.h"
#include "ui/files.h"
#include "ui/reattach.h"
#include "ui/prompt.h"
#include "ui/view.h"
#include "ui/words.h"

static const struct {
	const char *word;
	SnKey key;
	SnOutboxRequest request;
	const char *label, *said;
} actions[] = {
	{ "send", 's', SN_REQUEST_SEND, "send now, whatever the presence", "Is sent now." },
	{ "email", 'm', SN_REQUEST_CONVERT, "send it as an email instead", "Becomes an email." },
	{ "defer", 'd', SN_REQUEST_DEFER, "wait until they are available", "Waits until they are available." },
	{ "ask", 'a', SN_REQUEST_ASK_THEM, "ask them: later, by email, or now?", "They are asked." },
	{ "retry", 'r', SN_REQUEST_RETRY, "try again", "Is tried again." },
	{ "cancel", 'x', SN_REQUEST_CANCEL, "cancel it", "Cancelled." },
};

/* The entry a command is about: of the outbox view, else of the selected message. 0 with error. */
static SnId entry_of(SnApp *app, GError **error)
{
	const SnView *view = sn_app_view(app);
	const SnMessage *message;

	if (view && view->ops == &sn_view_outbox && sn_page_selected(view->page))
		return sn_page_selected(view->page);
	if (view && view->ops == &sn_view_entry)
		return view->subject;
	message = view ? NULL : sn_timeline_selected(app->timeline);
	if (message && message->outbox)
		return message->outbox;
	sn_command_fail(error, "Select a message of yours that is on its way.");
	return 0;
}

static gboolean edit_entry(SnApp *app, SnId id, GError **error)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(app->store, id, 0);
	g_autofree char *text = NULL;

	if (!entry)
		return sn_command_fail(error, "It is no longer there.");
	text = sn_editor_run(app, entry->body, error);
	if (!text)
		return FALSE;
	if (!sn_outbox_edit(app->store, id, entry->subject, text, error))
		return FALSE;
	sn_app_say(app, SN_OBJ_SUCCESS, "Changed.");
	app->stale = TRUE;
	return TRUE;
}

static gboolean act(SnApp *app, SnId id, const char *word, GError **error)
{
	app->stale = TRUE;
	if (strcmp(word, "edit") == 0)
		return edit_entry(app, id, error);
	if (strcmp(word, "dismiss") == 0)
		return sn_outbox_dismiss(app->store, id, error);
	for (gsize i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (strcmp(actions[i].word, word) != 0)
			continue;
		if (!sn_outbox_request(app->store, id, actions[i].request, error))
			return FALSE;
		sn_app_say(app, SN_OBJ_SUCCESS, "%s", actions[i].said);
		return TRUE;
	}
	return sn_command_fail(error, "An entry can: send email defer ask edit retry cancel dismiss.");
}

static void action_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	SnId id = *(SnId *)data;

	if (answer && !act(app, id, answer, &error))
		sn_app_error(app, error);
}

static gboolean run_entry(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = entry_of(app, error);
	g_autoptr(SnOutboxEntry) entry = id ? sn_outbox_get(app->store, id, 0) : NULL;
	SnChoice choices[G_N_ELEMENTS(actions) + 1];
	g_autofree char *words = NULL;
	gsize count = 0;
	SnAsk ask;

	if (!entry)
		return id ? sn_command_fail(error, "It is no longer there.") : FALSE;
	if (argc)
		return act(app, id, argv[0], error);
	words = sn_words_entry(entry, sn_app_now(app));
	for (gsize i = 0; i < G_N_ELEMENTS(actions); i++)
		choices[count++] =
			(SnChoice){ actions[i].key, actions[i].label, actions[i].word };
	choices[count++] = (SnChoice){ 'e', "edit the text", "edit" };
	ask = (SnAsk){ .question = "This message is on its way:", .detail = words,
		       .choices = choices, .count = count, .done = action_answered,
		       .data = g_memdup2(&id, sizeof id), .free = g_free };
	sn_prompt_ask(app, &ask);
	return TRUE;
}

static gboolean run_outbox_all(SnApp *app, int argc, char **argv, GError **error)
{
	const SnView *view = sn_app_view(app);
	gboolean all = view && view->ops == &sn_view_outbox && view->argument;

	sn_view_open(app, &sn_view_outbox, all ? NULL : "all", 0);
	return TRUE;
}

/* ---- files ---- */

/* Position of the file meant: selected in the message view, else the only one. -1 with error. */
static int position_of(SnApp *app, SnId id, GError **error)
{
	const SnView *view = sn_app_view(app);
	g_autoptr(SnMessage) message = sn_message_get(app->store, id, SN_MESSAGE_FULL);
	int position = -1, count = 0;

	if (view && view->ops == &sn_view_message) {
		position = sn_files_position(sn_page_selected(view->page));
		if (position >= 0)
			return position;
	}
	for (guint i = 0; message && message->parts && i < message->parts->len; i++) {
		const SnPart *part = g_ptr_array_index(message->parts, i);
		if (part->inline_)
			continue;
		position = part->position;
		count++;
	}
	if (count == 1)
		return position;
	if (count > 1 && !view) {
		sn_view_open(app, &sn_view_message, NULL, id);
		sn_app_say(app, SN_OBJ_DEFAULT, "Choose a file, then press the key again.");
		return -1;
	}
	sn_command_fail(error, count ? "Select a file first." : "There is no file in this message.");
	return -1;
}

static gboolean on_file(SnApp *app, void (*use)(SnApp *, SnId, int, const char *), const char *argument,
                        GError **error)
{
	SnId id;
	int position;

	if (!sn_files_selected(sn_app_view(app), &id, &position)) {
		id = sn_command_message(app, error);
		position = id ? position_of(app, id, error) : -1;
	}
	if (position < 0)
		return FALSE;
	use(app, id, position, argument);
	return TRUE;
}

static void attach_again(SnApp *app, SnId message, int position, const char *unused)
{
	sn_view_close_all(app);
	sn_reattach(app, message, position);
	sn_app_focus(app, SN_PANE_COMPOSE);
}

/* The file of an earlier message goes with the draft. */
static gboolean run_reattach(SnApp *app, int argc, char **argv, GError **error)
{
	if (!app->composer->conversation)
		return sn_command_fail(error, "Open a conversation first.");
	return on_file(app, attach_again, NULL, error);
}

static gboolean run_save(SnApp *app, int argc, char **argv, GError **error)
{
	return on_file(app, sn_files_save, argc ? argv[0] : NULL, error);
}

static gboolean run_open_part(SnApp *app, int argc, char **argv, GError **error)
{
	return on_file(app, sn_files_open, NULL, error);
}

static void pipe_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;

	if (answer && *answer && !on_file(app, sn_files_pipe, answer, &error))
		sn_app_error(app, error);
}

static gboolean run_pipe(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "Pipe to: ", .done = pipe_answered };

	if (argc)
		return on_file(app, sn_files_pipe, argv[0], error);
	sn_prompt_line(app, &ask);
	return TRUE;
}

const SnCommand sn_commands_outbox[] = {
	{ "entry", "[send|email|defer|ask|edit|retry|cancel|dismiss]", "act on a message on its way", SN_COMPLETE_WORDS, "send email defer ask edit retry cancel dismiss", 0, 1, run_entry },
	{ "outbox-all", "", "finished messages too, or no longer", 0, NULL, 0, 0, run_outbox_all },
	{ "reattach", "", "attach the file to what is being written", 0, NULL, 0, 0, run_reattach },
	{ "save", "[FILE]", "save a file of the message", SN_COMPLETE_FILE, NULL, 0, -1, run_save },
	{ "open-part", "", "open a file of the message with the program for its type", 0, NULL, 0, 0, run_open_part },
	{ "pipe", "[COMMAND]", "hand a file of the message to a command", 0, NULL, 0, -1, run_pipe },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
