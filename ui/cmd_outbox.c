/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on messages on their way, and on the files of messages. */
#include <string.h>

#include "src/route/schedule.h"
#include "src/store/outbox.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/files.h"
#include "ui/reattach.h"
#include "ui/prompt.h"
#include "ui/secure.h"
#include "ui/view.h"
#include "ui/words.h"

static const struct {
	const char *word;
	SnKey key;
	SnOutboxRequest request;
	gboolean im_only;
	const char *label, *said;
} actions[] = {
	{ "check", 'l', SN_REQUEST_CHECK, FALSE, "look again whether it went", "Is looked up." },
	{ "arrived", 'v', SN_REQUEST_ARRIVED, FALSE, "it has arrived: I know it", "Noted: it has arrived." },
	{ "send", 's', SN_REQUEST_SEND, FALSE, "send now, whatever it waits for", "Is sent now." },
	{ "email", 'm', SN_REQUEST_CONVERT, TRUE, "send it as an email instead", "Becomes an email." },
	{ "defer", 'd', SN_REQUEST_DEFER, TRUE, "wait until they are available",
	  "Waits until they are available." },
	{ "ask", 'a', SN_REQUEST_ASK_THEM, TRUE, "ask them: later, by email, or now?",
	  "They are asked." },
	{ "retry", 'r', SN_REQUEST_RETRY, FALSE, "try again", "Is tried again." },
	{ "cancel", 'x', SN_REQUEST_CANCEL, FALSE, "cancel it", "Cancelled." },
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

/* Of an email that is sent on, nothing is the user's to change. */
static gboolean may_change(SnApp *app, SnId id, GError **error)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(app->store, id, 0);

	return !entry || !entry->resend ||
	       sn_command_fail(error, "An email that is sent on goes as it is; it can be cancelled.");
}

static gboolean edit_entry(SnApp *app, SnId id, GError **error)
{
	if (!may_change(app, id, error))
		return FALSE;
	if (!sn_composer_take_back(app, id, error))
		return FALSE;
	sn_app_say(app, SN_OBJ_SUCCESS, "Taken back: change it, and send it again.");
	return TRUE;
}

/* The same message on the other channel: at once where that is possible, else as a draft there. */
static gboolean switch_entry(SnApp *app, SnId id, GError **error)
{
	if (!may_change(app, id, error))
		return FALSE;
	g_autoptr(GError) why = NULL;
	SnId other = sn_entry_switch(app->store, app->config, id, app->clock, &why);
	g_autoptr(SnOutboxEntry) entry = other ? sn_outbox_get(app->store, other, 0) : NULL;

	if (entry) {
		sn_app_say(app, SN_OBJ_SUCCESS, "Goes by %s instead.", sn_words_channel(entry->channel));
		return TRUE;
	}
	if (g_error_matches(why, SN_ERROR, SN_ERROR_EXISTS)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	if (!sn_composer_take_back(app, id, error))
		return FALSE;
	sn_composer_switch(app->composer);
	sn_app_say(app, SN_OBJ_WARNING, "%s", why->message);
	return TRUE;
}

static gboolean put_off(SnApp *app, SnId id, const char *when, GError **error)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(app->store, id, 0);
	SnTime now = sn_app_now(app), at = 0;
	SnOutboxNew new = { .if_unavailable = SN_RULE_DEFER };
	g_autofree char *text = NULL;
	SnTerms terms;

	if (!entry)
		return sn_command_fail(error, "It is no longer there.");
	if (!sn_when_parse(when, now, NULL, &at, error))
		return FALSE;
	terms = sn_terms_of(entry, now);
	terms.send_at = at;
	sn_terms_apply(&terms, app->settings->delivery_working_hours, now, &new);
	if (!sn_outbox_reschedule(app->store, id, new.send_at, new.when, new.then, new.expires, error))
		return FALSE;
	text = sn_when_text(new.send_at, now, NULL);
	sn_app_say(app, SN_OBJ_SUCCESS, "Goes %s.", text);
	return TRUE;
}

static void plain_answered(SnApp *app, const char *answer, gpointer data);

/* What was to go encrypted needs a yes of its own to go in the clear. */
static void ask_plain(SnApp *app, SnId id, const char *word)
{
	g_autofree char *yes = g_strconcat("plain ", word, NULL);
	SnChoice choices[] = {
		{ 'y', "yes, send it unencrypted", yes },
		{ 'n', "no, let it wait", "no" },
	};
	SnAsk ask = { .question = "It is to go encrypted only, and there is no encryption for this "
		                  "contact yet. Send it unencrypted?",
		      .choices = choices, .count = G_N_ELEMENTS(choices), .done = plain_answered,
		      .data = g_memdup2(&id, sizeof id), .free = g_free };

	sn_prompt_ask(app, &ask);
}

static gboolean request(SnApp *app, SnId id, gsize action, GError **error)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(app->store, id, 0);
	SnOutboxRequest what = actions[action].request;
	gboolean out = what == SN_REQUEST_SEND || what == SN_REQUEST_CONVERT;

	if (entry && out && entry->encrypt == SN_ENCRYPT_REQUIRED &&
	    sn_outbox_may(entry->state, what)) {
		ask_plain(app, id, actions[action].word);
		return TRUE;
	}
	/* one key for "now": a failed one is tried again by it */
	if (entry && entry->state == SN_STATE_FAILED && what == SN_REQUEST_SEND)
		what = SN_REQUEST_RETRY;
	if (entry && actions[action].im_only && entry->channel == SN_CHANNEL_MAIL)
		return sn_command_fail(error, "That is for IMs: it is an email already.");
	if (!sn_outbox_request(app->store, id, what, error))
		return FALSE;
	if (entry && entry->state == SN_STATE_SENDING)
		sn_app_say(app, SN_OBJ_WARNING,
		           "It is being sent just now: it may be too late for that.");
	else
		sn_app_say(app, SN_OBJ_SUCCESS, "%s", actions[action].said);
	return TRUE;
}

static gboolean act(SnApp *app, SnId id, const char *word, GError **error)
{
	app->stale = TRUE;
	if (strcmp(word, "edit") == 0)
		return edit_entry(app, id, error);
	if (strcmp(word, "switch") == 0)
		return switch_entry(app, id, error);
	if (strcmp(word, "dismiss") == 0)
		return sn_outbox_dismiss(app->store, id, error);
	if (g_str_has_prefix(word, "defer "))
		return put_off(app, id, word + strlen("defer "), error);
	if (g_str_has_prefix(word, "plain ")) {
		if (!sn_outbox_allow_plain(app->store, id, error))
			return FALSE;
		word += strlen("plain ");
	}
	for (gsize i = 0; i < G_N_ELEMENTS(actions); i++)
		if (strcmp(actions[i].word, word) == 0)
			return request(app, id, i, error);
	return sn_command_fail(error, "An entry can: send email switch defer ask edit retry check "
	                              "arrived cancel dismiss.");
}

static void action_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	SnId id = *(SnId *)data;

	if (answer && !act(app, id, answer, &error))
		sn_app_error(app, error);
}

static void plain_answered(SnApp *app, const char *answer, gpointer data)
{
	if (answer && strcmp(answer, "no") != 0)
		action_answered(app, answer, data);
}

/* The same word means different things to a message that has not gone, is going, or may have gone. */
static const char *label_of(const SnOutboxEntry *entry, gsize action)
{
	SnOutboxRequest what = actions[action].request;
	gboolean unknown = entry->state == SN_STATE_CHOOSING && sn_outbox_is_uncertain(entry);

	if (unknown && what == SN_REQUEST_SEND)
		return "send it again; it may arrive twice";
	if (unknown && what == SN_REQUEST_CANCEL)
		return "leave it: do not send it again";
	if (entry->state == SN_STATE_SENDING && what == SN_REQUEST_CANCEL)
		return "cancel it, if it is not too late";
	return actions[action].label;
}

/* Only what can be done with it in its state. */
static gsize choices_for(const SnOutboxEntry *entry, SnChoice *choices)
{
	gsize count = 0;
	gboolean unknown = entry->state == SN_STATE_CHOOSING && sn_outbox_is_uncertain(entry);
	gboolean editable = sn_outbox_may(entry->state, SN_REQUEST_CONVERT) && !unknown;

	for (gsize i = 0; i < G_N_ELEMENTS(actions); i++) {
		gboolean retry = actions[i].request == SN_REQUEST_RETRY;
		gboolean for_doubt = actions[i].request == SN_REQUEST_CHECK ||
		                     actions[i].request == SN_REQUEST_ARRIVED;
		if (!sn_outbox_may(entry->state, actions[i].request) ||
		    (actions[i].im_only && (entry->channel == SN_CHANNEL_MAIL || unknown)) ||
		    (for_doubt && !unknown) || (retry && entry->state != SN_STATE_FAILED))
			continue;
		choices[count++] =
			(SnChoice){ actions[i].key, label_of(entry, i), actions[i].word };
	}
	if (editable && entry->channel == SN_CHANNEL_MAIL)
		choices[count++] = (SnChoice){ 'c', "send it by IM instead", "switch" };
	if (editable)
		choices[count++] = (SnChoice){ 'e', "edit it: it becomes a draft again", "edit" };
	return count;
}

static gboolean run_entry(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = entry_of(app, error);
	g_autoptr(SnOutboxEntry) entry = id ? sn_outbox_get(app->store, id, 0) : NULL;
	SnChoice choices[G_N_ELEMENTS(actions) + 2];
	g_autofree char *words = NULL, *next = NULL, *detail = NULL;
	SnAsk ask;
	gsize count;

	if (!entry)
		return id ? sn_command_fail(error, "It is no longer there.") : FALSE;
	if (argc)
		return act(app, id, argv[0], error);
	words = sn_words_entry(entry, sn_app_now(app));
	next = sn_words_next(app->store, entry, sn_app_now(app));
	count = choices_for(entry, choices);
	if (!count)
		return sn_command_fail(error, "Nothing can be done with it any more.");
	words[0] = g_ascii_toupper(words[0]);
	detail = g_strdup_printf("%s.\n%s", words, next);
	ask = (SnAsk){ .question = "What is to happen with this message?", .detail = detail,
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

	if (view && (view->ops == &sn_view_message || view->ops == &sn_view_parts)) {
		position = sn_files_position(sn_page_selected(view->page));
		if (position >= 0)
			return position;
	}
	/* what was decrypted has the files; those outside are its wrapping */
	const SnOpened *opened = message ? sn_secure_look(app, message) : NULL;
	g_autoptr(GPtrArray) within = opened ? sn_secure_files(opened) : NULL;
	if (within && within->len) {
		position = SN_SECURE_FILES;
		count = (int)within->len;
	}
	for (guint i = 0; !count && message && message->parts && i < message->parts->len; i++) {
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

static gboolean run_view_part(SnApp *app, int argc, char **argv, GError **error)
{
	return on_file(app, sn_files_view, NULL, error);
}

static gboolean run_picture(SnApp *app, int argc, char **argv, GError **error)
{
	return on_file(app, sn_files_picture, NULL, error);
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
	{ "entry", "[send|email|switch|defer [TIME]|ask|edit|retry|check|arrived|cancel|dismiss]", "act on a message on its way", SN_COMPLETE_WORDS, "send email switch defer ask edit retry check arrived cancel dismiss 1h 2h tomorrow 9:00", 0, -1, run_entry },
	{ "outbox-all", "", "finished messages too, or no longer", 0, NULL, 0, 0, run_outbox_all },
	{ "reattach", "", "attach the file to what is being written", 0, NULL, 0, 0, run_reattach },
	{ "save", "[FILE]", "save a file of the message", SN_COMPLETE_FILE, NULL, 0, -1, run_save },
	{ "open-part", "", "open a file of the message with the program for its type", 0, NULL, 0, 0, run_open_part },
	{ "view-part", "", "show a file of the message here, as text", 0, NULL, 0, 0, run_view_part },
	{ "picture", "", "show a picture of the message in the terminal", 0, NULL, 0, 0, run_picture },
	{ "pipe", "[COMMAND]", "hand a file of the message to a command", 0, NULL, 0, -1, run_pipe },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
