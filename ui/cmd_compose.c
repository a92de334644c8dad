/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of the composer. */
#include <stdlib.h>
#include <string.h>

#include "src/base/when.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/editor.h"
#include "ui/prompt.h"
#include "ui/room.h"
#include "ui/triage.h"
#include "ui/view.h"

static gboolean need_conversation(SnApp *app, GError **error)
{
	return app->composer->conversation ||
	       sn_command_fail(error, "Open a conversation first, or write to somebody with m.");
}

static gboolean run_write(SnApp *app, int argc, char **argv, GError **error)
{
	if (!need_conversation(app, error))
		return FALSE;
	sn_view_close_all(app);
	sn_app_focus(app, SN_PANE_COMPOSE);
	return TRUE;
}

/* Finds or makes the conversation for what was typed after "to". 0 with error. */
static SnId conversation_to(SnApp *app, const char *who, SnChannel channel, GError **error)
{
	g_autofree char *normal = sn_address_normalise(channel, who);
	g_autoptr(SnAddress) address = NULL;
	SnId id = !normal || channel == SN_CHANNEL_IM ? sn_command_conversation(app, who) : 0;

	if (id)
		return id;
	if (!normal) {
		sn_command_fail(error, "Nobody is called '%s'; write an address like bob@example.org.", who);
		return 0;
	}
	address = sn_address_find(app->store, channel, normal);
	if (!address) {
		id = sn_address_intern(app->store, channel, normal, NULL, error);
		address = id ? sn_address_get(app->store, id) : NULL;
	}
	return address ? sn_conversation_for_person(app->store, address->person, error) : 0;
}

/* ?subject=...&body=...&cc=... of a mailto: URI (RFC 6068). Nothing else is taken from it. */
static void take_fields(SnApp *app, const char *query)
{
	g_auto(GStrv) pairs = g_strsplit(query, "&", 20);

	for (char **pair = pairs; *pair; pair++) {
		char *equals = strchr(*pair, '=');
		g_autofree char *value = NULL;
		if (!equals)
			continue;
		*equals = 0;
		value = g_uri_unescape_string(equals + 1, NULL);
		if (!value)
			continue;
		if (g_ascii_strcasecmp(*pair, "subject") == 0)
			sn_composer_set_field(app->composer, SN_FIELD_SUBJECT, value);
		else if (g_ascii_strcasecmp(*pair, "body") == 0)
			sn_composer_set_field(app->composer, SN_FIELD_BODY, value);
		else if (g_ascii_strcasecmp(*pair, "cc") == 0)
			sn_composer_set_field(app->composer, SN_FIELD_CC, value);
	}
}

gboolean sn_compose_to(SnApp *app, const char *to, GError **error)
{
	gboolean mailto = g_ascii_strncasecmp(to, "mailto:", 7) == 0;
	gboolean xmpp = g_ascii_strncasecmp(to, "xmpp:", 5) == 0;
	g_auto(GStrv) parts = g_strsplit(to + (mailto ? 7 : xmpp ? 5 : 0), "?", 2);
	g_autofree char *who = mailto || xmpp ? g_uri_unescape_string(parts[0] ? parts[0] : "", NULL)
	                                      : g_strdup(to);
	SnId conversation;

	if (!who || !*g_strstrip(who))
		return sn_command_fail(error, "To whom?");
	conversation = conversation_to(app, who, xmpp ? SN_CHANNEL_IM : SN_CHANNEL_MAIL, error);
	if (!conversation)
		return FALSE;
	sn_view_close_all(app);
	app->stale = TRUE;
	sn_list_select(app->list, conversation);
	sn_timeline_open(app->timeline, conversation, 0);
	if (mailto || xmpp)
		sn_composer_set_mode(app->composer, mailto ? SN_MODE_MAIL : SN_MODE_IM);
	if (mailto && parts[1])
		take_fields(app, parts[1]);
	sn_app_focus(app, SN_PANE_COMPOSE);
	return TRUE;
}

static void to_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	g_autofree char *to = answer ? g_strstrip(g_strdup(answer)) : NULL;

	if (to && *to && !sn_compose_to(app, to, &error))
		sn_app_error(app, error);
}

GPtrArray *sn_compose_complete(SnApp *app, const char *line, gsize *start)
{
	*start = 0;
	return sn_complete_person(app, line);
}

static gboolean run_compose(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "To: ", .complete = sn_compose_complete, .done = to_answered };

	if (argc)
		return sn_compose_to(app, argv[0], error);
	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean run_send(SnApp *app, int argc, char **argv, GError **error)
{
	if (!need_conversation(app, error))
		return FALSE;
	sn_send(app);
	return TRUE;
}

static gboolean run_channel(SnApp *app, int argc, char **argv, GError **error)
{
	if (!need_conversation(app, error))
		return FALSE;
	if (app->pane != SN_PANE_COMPOSE) {
		const SnMessage *message = sn_timeline_selected(app->timeline);
		sn_view_close_all(app);
		if (message && sn_composer_is_empty(app->composer))
			sn_composer_reply(app->composer, message->id, SN_WHOM_SENDER);
		sn_app_focus(app, SN_PANE_COMPOSE);
	}
	g_autoptr(SnRoom) room = sn_room_get(app->store, app->composer->conversation);
	if (room)
		sn_room_to_mail(app);
	else
		sn_composer_switch(app->composer);
	return TRUE;
}

static gboolean run_mode(SnApp *app, int argc, char **argv, GError **error)
{
	SnReplyMode mode;

	if (!need_conversation(app, error))
		return FALSE;
	if (!sn_reply_mode_parse(argv[0], &mode))
		return sn_command_fail(error, "A mode is auto, im or mail.");
	if (!sn_conversation_set_mode(app->store, app->composer->conversation, mode, error))
		return FALSE;
	sn_composer_set_mode(app->composer, mode);
	app->stale = TRUE;
	return TRUE;
}

static gboolean run_newline(SnApp *app, int argc, char **argv, GError **error)
{
	if (app->composer->field == SN_FIELD_BODY)
		sn_composer_paste(app->composer, "\n");
	else
		sn_composer_next_field(app->composer, 1);
	return TRUE;
}

static gboolean run_editor(SnApp *app, int argc, char **argv, GError **error)
{
	g_autofree char *text = NULL;

	if (!need_conversation(app, error))
		return FALSE;
	sn_composer_save(app->composer);
	text = sn_editor_run(app, sn_composer_text(app->composer, SN_FIELD_BODY), error);
	if (!text)
		return FALSE;
	sn_composer_set_field(app->composer, SN_FIELD_BODY, text);
	sn_app_focus(app, SN_PANE_COMPOSE);
	return TRUE;
}

/* C-e goes to the end of the line, as in any input line; once there, it is the editor's key. */
static gboolean run_end_or_editor(SnApp *app, int argc, char **argv, GError **error)
{
	SnEdit *edit = app->composer->fields[app->composer->field];
	gsize before = edit->cursor;

	sn_edit_key(edit, SN_KEY_END);
	return edit->cursor != before || run_editor(app, argc, argv, error);
}

static void attach_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	g_autofree char *path = answer ? g_strstrip(g_strdup(answer)) : NULL;

	if (path && *path && !sn_composer_attach(app->composer, path, &error))
		sn_app_error(app, error);
}

static GPtrArray *complete_path(SnApp *app, const char *line, gsize *start)
{
	*start = 0;
	return sn_complete_file(line);
}

static gboolean run_attach(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "File: ", .complete = complete_path, .done = attach_answered };

	if (!need_conversation(app, error))
		return FALSE;
	if (argc)
		return sn_composer_attach(app->composer, argv[0], error);
	if (sn_app_view(app) && sn_app_view(app)->ops == &sn_view_files) {
		sn_command_run(app, "reattach");
		return TRUE;
	}
	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean run_detach(SnApp *app, int argc, char **argv, GError **error)
{
	if (!need_conversation(app, error))
		return FALSE;
	sn_composer_detach(app->composer, argc ? (guint)MAX(atoi(argv[0]), 0) : 0);
	return TRUE;
}

static gboolean run_field(SnApp *app, int argc, char **argv, GError **error)
{
	gboolean back = strcmp(argv[0], "previous") == 0;

	if (back || !sn_room_complete_nick(app))
		sn_composer_next_field(app->composer, back ? -1 : 1);
	return TRUE;
}

static gboolean set_field(SnApp *app, SnField field, int argc, char **argv, GError **error)
{
	if (!need_conversation(app, error))
		return FALSE;
	sn_composer_set_field(app->composer, field, argc ? argv[0] : "");
	if (!argc) {
		app->composer->shows[field] = TRUE;
		app->composer->field = field;
	}
	sn_view_close_all(app);
	sn_app_focus(app, SN_PANE_COMPOSE);
	return TRUE;
}

static gboolean run_subject(SnApp *app, int argc, char **argv, GError **error)
{
	return set_field(app, SN_FIELD_SUBJECT, argc, argv, error);
}

static gboolean run_cc(SnApp *app, int argc, char **argv, GError **error)
{
	return set_field(app, SN_FIELD_CC, argc, argv, error);
}

static gboolean run_bcc(SnApp *app, int argc, char **argv, GError **error)
{
	return set_field(app, SN_FIELD_BCC, argc, argv, error);
}

static gboolean run_discard(SnApp *app, int argc, char **argv, GError **error)
{
	if (!need_conversation(app, error))
		return FALSE;
	sn_composer_discard(app->composer);
	if (app->pane == SN_PANE_COMPOSE)
		sn_app_focus(app, SN_PANE_TIMELINE);
	sn_app_say(app, SN_OBJ_DEFAULT, "The draft is gone.");
	return TRUE;
}

static gboolean run_travel(SnApp *app, int argc, char **argv, GError **error)
{
	SnHistorySpec spec;

	if (!need_conversation(app, error) || !sn_history_parse(argv[0], app->clock, &spec, error))
		return FALSE;
	sn_composer_set_history(app->composer, argv[0], NULL);
	if (sn_app_view(app))
		sn_view_stale(sn_app_view(app));
	return TRUE;
}

static void since_answered(SnApp *app, const char *answer, gpointer data)
{
	g_autofree char *line = answer ? g_strdup_printf("travel since:%s", answer) : NULL;

	if (line)
		sn_command_run(app, line);
}

static gboolean run_travel_since(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "Since (2026-11-01, yesterday, 3d): ", .done = since_answered };

	if (!need_conversation(app, error))
		return FALSE;
	sn_prompt_line(app, &ask);
	return TRUE;
}

/* ---- when it goes ---- */

static void say_terms(SnApp *app)
{
	g_autofree char *text = sn_composer_terms_text(app->composer);

	sn_app_say(app, SN_OBJ_SUCCESS, "%s.", text ? text : "Goes at once when it is sent");
}

static gboolean set_time(SnApp *app, const char *text, GError **error)
{
	SnTerms terms = app->composer->draft->terms;

	if (strcmp(text, "now") == 0)
		terms.send_at = 0;
	else if (!sn_when_parse(text, sn_app_now(app), NULL, &terms.send_at, error))
		return FALSE;
	sn_composer_set_terms(app->composer, &terms);
	say_terms(app);
	return TRUE;
}

static void time_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	g_autofree char *text = answer ? g_strstrip(g_strdup(answer)) : NULL;

	if (text && *text && app->composer->draft && !set_time(app, text, &error))
		sn_app_error(app, error);
}

static GPtrArray *complete_time(SnApp *app, const char *line, gsize *start)
{
	g_autofree char *command = g_strconcat("send-at ", line, NULL);
	GPtrArray *words = sn_complete_command(app, command, start);

	*start -= MIN(strlen("send-at "), *start);
	return words;
}

/* In the outbox the message meant is the selected one, not a draft that is out of sight. */
static gboolean in_outbox(SnApp *app)
{
	const SnView *view = sn_app_view(app);

	return view && (view->ops == &sn_view_outbox || view->ops == &sn_view_entry);
}

static void put_off_entry(SnApp *app, const char *text, gpointer data)
{
	g_autofree char *time = text ? g_strstrip(g_strdup(text)) : NULL;
	g_autofree char *line = NULL;

	if (!time || !*time)
		return;
	line = strcmp(time, "now") == 0 ? g_strdup("entry send")
	                                : g_strconcat("entry defer ", time, NULL);
	sn_command_run(app, line);
}

static gboolean run_send_at(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "Send at (2h, 14:30, tomorrow 9:00; now): ",
		          .complete = complete_time, .done = time_answered };

	if (in_outbox(app)) {
		ask.done = put_off_entry;
		if (argc)
			put_off_entry(app, argv[0], NULL);
		else
			sn_prompt_line(app, &ask);
		return TRUE;
	}
	if (!need_conversation(app, error))
		return FALSE;
	if (argc)
		return set_time(app, argv[0], error);
	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean read_outcome(const char *word, SnRule *then, GError **error)
{
	*then = g_strcmp0(word, "fail") == 0 ? SN_RULE_FAIL : SN_RULE_MAIL;
	return *then == SN_RULE_FAIL || g_strcmp0(word, "mail") == 0 ||
	       sn_command_fail(error, "After 'then' comes mail or fail.");
}

/* "online then mail within 2h": words of conditions, and the two that are followed by one. */
static gboolean read_conditions(const char *text, SnTerms *terms, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);

	terms->when = 0;
	terms->then = SN_RULE_DEFAULT;
	terms->within = 0;
	if (strcmp(text, "now") == 0)
		return TRUE;
	for (char **word = words; *word; word++) {
		guint more = 0;
		gboolean then = strcmp(*word, "then") == 0;
		if (!**word)
			continue;
		if (then || strcmp(*word, "within") == 0) {
			word++;
			if (!(then ? read_outcome(*word, &terms->then, error)
			           : sn_span_parse(*word ? *word : "", &terms->within, error)))
				return FALSE;
			if (!*word)
				break;
		} else if (!sn_when_words_parse(*word, &more, error)) {
			return FALSE;
		}
		terms->when |= more;
	}
	if (terms->within && !terms->then)
		terms->then = SN_RULE_MAIL;
	return TRUE;
}

static gboolean set_conditions(SnApp *app, const char *text, GError **error)
{
	SnTerms terms = app->composer->draft->terms;

	if (!read_conditions(text, &terms, error))
		return FALSE;
	sn_composer_set_terms(app->composer, &terms);
	say_terms(app);
	return TRUE;
}

static void condition_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;

	if (!answer || !app->composer->draft)
		return;
	if (strcmp(answer, "at") == 0)
		sn_command_run(app, "send-at");
	else if (!set_conditions(app, answer, &error))
		sn_app_error(app, error);
}

static gboolean run_send_when(SnApp *app, int argc, char **argv, GError **error)
{
	static const SnChoice choices[] = {
		{ 'o', "when they are online", "online" },
		{ 'a', "when they are available", "available" },
		{ 'b', "when they are not busy", "not-dnd" },
		{ 'e', "when they are online; else an email after 2 h", "online then mail within 2h" },
		{ 't', "at a time", "at" },
		{ 'n', "now, when I send it", "now" },
	};
	g_autofree char *terms = NULL;
	SnAsk ask;

	if (in_outbox(app))
		return sn_command_fail(error, "For a message in the outbox it is :send-at, or d; "
		                              "e takes it back as a draft for :send-when.");
	if (!need_conversation(app, error))
		return FALSE;
	if (argc)
		return set_conditions(app, argv[0], error);
	terms = sn_composer_terms_text(app->composer);
	ask = (SnAsk){ .question = "When is this message to go?",
		       .detail = terms ? terms : ":send-when and :send-at take more than these.",
		       .choices = choices, .count = G_N_ELEMENTS(choices),
		       .done = condition_answered };
	sn_prompt_ask(app, &ask);
	return TRUE;
}

/* From what would happen to the next: also where keys, and not the user, have decided that. */
static SnEncrypt next_encrypt(SnApp *app)
{
	const SnPlan *plan = sn_composer_plan(app->composer);
	SnEncrypt now = plan ? plan->encrypt : SN_ENCRYPT_NONE;

	return now == SN_ENCRYPT_REQUIRED ? SN_ENCRYPT_CLEAR : now + 1;
}

static gboolean run_encrypt(SnApp *app, int argc, char **argv, GError **error)
{
	static const char *const words[] = { NULL,
		                             "Encrypted if there is a key for everybody who gets it.",
		                             "Goes encrypted, or waits for you.",
		                             "Goes in the clear, unless your account says otherwise." };
	SnTerms terms;

	if (!need_conversation(app, error))
		return FALSE;
	terms = app->composer->draft->terms;
	if (strcmp(argv[0], "next") == 0)
		terms.encrypt = next_encrypt(app);
	else if (!sn_encrypt_parse(argv[0], &terms.encrypt))
		return sn_command_fail(error, "It is next, none, if-possible or required.");
	if (terms.encrypt == SN_ENCRYPT_NONE)
		terms.encrypt = SN_ENCRYPT_CLEAR;
	sn_composer_set_terms(app->composer, &terms);
	sn_app_say(app, SN_OBJ_DEFAULT, "%s", words[terms.encrypt]);
	return TRUE;
}

static gboolean run_sign(SnApp *app, int argc, char **argv, GError **error)
{
	const SnPlan *plan;
	SnTerms terms;

	if (!need_conversation(app, error))
		return FALSE;
	terms = app->composer->draft->terms;
	plan = sn_composer_plan(app->composer);
	if (strcmp(argv[0], "next") == 0)
		terms.sign = plan && plan->sign ? SN_SIGN_NO : SN_SIGN_YES;
	else if (strcmp(argv[0], "yes") == 0)
		terms.sign = SN_SIGN_YES;
	else if (strcmp(argv[0], "no") == 0)
		terms.sign = SN_SIGN_NO;
	else if (strcmp(argv[0], "default") == 0)
		terms.sign = SN_SIGN_DEFAULT;
	else
		return sn_command_fail(error, "It is next, yes, no or default.");
	sn_composer_set_terms(app->composer, &terms);
	sn_app_say(app, SN_OBJ_DEFAULT, "%s", terms.sign == SN_SIGN_YES  ? "Will be signed."
	                                      : terms.sign == SN_SIGN_NO ? "Will not be signed."
	                                                                 : "Signed as the account says.");
	return TRUE;
}

/* u: gives the message just sent back as a draft. */
static gboolean run_undo(SnApp *app, int argc, char **argv, GError **error)
{
	if (!app->undo_entry)
		return sn_triage_take_back(app, error);
	if (!sn_composer_take_back(app, app->undo_entry, error)) {
		if (error && g_error_matches(*error, SN_ERROR, SN_ERROR_EXISTS))
			app->undo_entry = 0;
		return FALSE;
	}
	return TRUE;
}

/* RFC 8098: a request, which the other side may refuse. */
static gboolean run_read_receipt(SnApp *app, int argc, char **argv, GError **error)
{
	static const struct {
		const char *word, *said;
		SnReadReceipt what;
	} words[] = {
		{ "yes", "They will be asked to say when they have read it.", SN_READ_RECEIPT_YES },
		{ "no", "They will not be asked to say when they have read it.", SN_READ_RECEIPT_NO },
		{ "default", "As mail.request-mdn says.", SN_READ_RECEIPT_DEFAULT },
	};

	if (!need_conversation(app, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(argv[0], words[i].word) != 0)
			continue;
		app->composer->draft->read_receipt = words[i].what;
		sn_composer_changed(app->composer);
		sn_app_say(app, SN_OBJ_SUCCESS, "%s", words[i].said);
		return TRUE;
	}
	return sn_command_fail(error, "Say yes, no or default.");
}

const SnCommand sn_commands_compose[] = {
	{ "write", "", "write in this conversation", 0, NULL, 0, 0, run_write },
	{ "compose", "[WHO | mailto: | xmpp:]", "write to somebody", SN_COMPLETE_PERSON, NULL, 0, -1, run_compose },
	{ "send", "", "send what is written", 0, NULL, 0, 0, run_send },
	{ "channel", "", "answer on the other channel", 0, NULL, 0, 0, run_channel },
	{ "mode", "auto|im|mail", "channel of replies in this conversation", SN_COMPLETE_WORDS, "auto im mail", 1, 1, run_mode },
	{ "insert-newline", "", "a new line", 0, NULL, 0, 0, run_newline },
	{ "editor", "", "edit the text in $EDITOR", 0, NULL, 0, 0, run_editor },
	{ "end-or-editor", "", "end of the line, or the editor when there already", 0, NULL, 0, 0, run_end_or_editor },
	{ "attach", "[FILE]", "attach a file", SN_COMPLETE_FILE, NULL, 0, -1, run_attach },
	{ "detach", "[NUMBER]", "take an attached file off, or all", 0, NULL, 0, 1, run_detach },
	{ "field", "next|previous", "the next field of an email; in a room, the nick begun", SN_COMPLETE_WORDS, "next previous", 1, 1, run_field },
	{ "subject", "[TEXT]", "subject of the email", 0, NULL, 0, -1, run_subject },
	{ "cc", "[ADDRESSES]", "who gets a copy", SN_COMPLETE_PERSON, NULL, 0, -1, run_cc },
	{ "bcc", "[ADDRESSES]", "who gets a copy unseen", SN_COMPLETE_PERSON, NULL, 0, -1, run_bcc },
	{ "read-receipt", "yes|no|default", "ask to be told that the email was read",
	  SN_COMPLETE_WORDS, "yes no default", 1, 1, run_read_receipt },
	{ "discard", "", "throw the draft away", 0, NULL, 0, 0, run_discard },
	{ "travel", "none|thread|last:N|since:DAY|all", "which messages travel along", SN_COMPLETE_WORDS, "none thread last:5 since: all", 1, 1, run_travel },
	{ "travel-since", "", "messages since a day travel along", 0, NULL, 0, 0, run_travel_since },
	{ "send-at", "[TIME | now]", "when it goes: 2h, 14:30, tomorrow 9:00, mon 9:00, 23 Nov 9:00", SN_COMPLETE_WORDS, "now 30m 1h 2h today tomorrow monday tuesday wednesday thursday friday saturday sunday 8:00 9:00 12:00 14:00 18:00", 0, -1, run_send_at },
	{ "send-when", "[online|available|not-dnd|network... [then mail|fail] [within TIME] | now]", "what it waits for, and what happens otherwise", SN_COMPLETE_WORDS, "now online available not-dnd network then mail fail within 30m 1h 2h 1d", 0, -1, run_send_when },
	{ "encrypt", "none|if-possible|required|next", "whether it may go in the clear", SN_COMPLETE_WORDS, "none if-possible required next", 1, 1, run_encrypt },
	{ "sign", "yes|no|default|next", "whether the email is signed", SN_COMPLETE_WORDS, "yes no default next", 1, 1, run_sign },
	{ "undo", "", "take back the message just sent, else what was done to emails last", 0, NULL, 0, 0, run_undo },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
