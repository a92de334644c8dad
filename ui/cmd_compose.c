/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of the composer. */
#include <stdlib.h>
#include <string.h>

#include "ui/command.h"
#include "ui/composer.h"
#include "ui/editor.h"
#include "ui/prompt.h"
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

static gboolean compose_to(SnApp *app, const char *to, GError **error)
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

	if (to && *to && !compose_to(app, to, &error))
		sn_app_error(app, error);
}

static GPtrArray *complete_to(SnApp *app, const char *line, gsize *start)
{
	*start = 0;
	return sn_complete_person(app, line);
}

static gboolean run_compose(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "To: ", .complete = complete_to, .done = to_answered };

	if (argc)
		return compose_to(app, argv[0], error);
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
			sn_composer_reply(app->composer, message->id, FALSE);
		sn_app_focus(app, SN_PANE_COMPOSE);
	}
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
	sn_composer_next_field(app->composer, strcmp(argv[0], "previous") == 0 ? -1 : 1);
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

/* u: gives the message just sent back as a draft. */
static gboolean run_undo(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnOutboxEntry) entry =
		app->undo_entry ? sn_outbox_get(app->store, app->undo_entry, SN_OUTBOX_FULL) : NULL;

	if (!entry)
		return sn_command_fail(error, "There is nothing to take back.");
	if (sn_timeline_conversation_id(app->timeline) == entry->conversation &&
	    !sn_composer_is_empty(app->composer))
		return sn_command_fail(error, "Send or :discard the draft that is there first.");
	if (!sn_outbox_request(app->store, entry->id, SN_REQUEST_CANCEL, error)) {
		g_clear_error(error);
		app->undo_entry = 0;
		return sn_command_fail(error, "It is too late: the message has gone.");
	}
	app->undo_entry = 0;
	app->stale = TRUE;
	sn_view_close_all(app);
	sn_list_select(app->list, entry->conversation);
	sn_timeline_open(app->timeline, entry->conversation, 0);
	sn_composer_restore(app->composer, entry);
	for (guint i = 0; app->undo_files && i < app->undo_files->len; i++)
		sn_composer_attach(app->composer, g_ptr_array_index(app->undo_files, i), NULL);
	sn_app_focus(app, SN_PANE_COMPOSE);
	sn_app_say(app, SN_OBJ_SUCCESS, "Taken back: it is a draft again.");
	return TRUE;
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
	{ "field", "next|previous", "the next field of an email", SN_COMPLETE_WORDS, "next previous", 1, 1, run_field },
	{ "subject", "[TEXT]", "subject of the email", 0, NULL, 0, -1, run_subject },
	{ "cc", "[ADDRESSES]", "who gets a copy", SN_COMPLETE_PERSON, NULL, 0, -1, run_cc },
	{ "bcc", "[ADDRESSES]", "who gets a copy unseen", SN_COMPLETE_PERSON, NULL, 0, -1, run_bcc },
	{ "discard", "", "throw the draft away", 0, NULL, 0, 0, run_discard },
	{ "travel", "none|thread|last:N|since:DAY|all", "which messages travel along", SN_COMPLETE_WORDS, "none thread last:5 since: all", 1, 1, run_travel },
	{ "travel-since", "", "messages since a day travel along", 0, NULL, 0, 0, run_travel_since },
	{ "undo", "", "take the message just sent back", 0, NULL, 0, 0, run_undo },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
