/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A draft that lies in Drafts, begun by another program or on another machine, is continued here. */
#include <string.h>

#include "src/store/draft_copy.h"
#include "src/store/sync.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/reattach.h"
#include "ui/view.h"

static gboolean is_draft(SnApp *app, const SnMessage *message)
{
	g_autoptr(GPtrArray) places = sn_location_list(app->store, message->id);

	if (message->channel != SN_CHANNEL_MAIL)
		return FALSE;
	if (message->state == SN_STATE_DRAFT || message->flags & SN_FLAG_DRAFT)
		return TRUE;
	for (guint i = 0; places && i < places->len; i++) {
		const SnLocation *location = places->pdata[i];
		g_autoptr(SnFolder) folder = sn_folder_get(app->store, location->folder);
		if (folder && g_strcmp0(folder->role, "drafts") == 0)
			return TRUE;
	}
	return FALSE;
}

/* The first recipient's conversation is where it is written; further ones get copies. */
static const char *first_recipient(const SnMessage *message)
{
	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		if (party->role == SN_ROLE_TO)
			return party->address;
	}
	return NULL;
}

static void append(GString *out, const char *address)
{
	g_string_append_printf(out, "%s%s", out->len ? ", " : "", address);
}

static void take_recipients(SnComposer *composer, const SnMessage *message)
{
	const SnPlan *plan = sn_composer_plan(composer);
	g_autoptr(GString) cc = g_string_new(NULL), bcc = g_string_new(NULL);

	for (guint i = 0; i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		gboolean known = FALSE;
		for (guint n = 0; n < plan->recipients->len; n++)
			known |= strcmp(((SnParty *)plan->recipients->pdata[n])->address,
			                party->address) == 0;
		if (!known && (party->role == SN_ROLE_TO || party->role == SN_ROLE_CC))
			append(cc, party->address);
		if (!known && party->role == SN_ROLE_BCC)
			append(bcc, party->address);
	}
	sn_composer_set_field(composer, SN_FIELD_CC, cc->str);
	sn_composer_set_field(composer, SN_FIELD_BCC, bcc->str);
}

static void take_over(SnComposer *composer, const SnMessage *message)
{
	SnApp *app = composer->app;
	SnId answered = message->in_reply_to ? sn_message_find_mail(app->store, message->in_reply_to) : 0;

	composer->draft->reply_to = answered;
	composer->draft->mode = SN_MODE_MAIL;
	sn_composer_set_history(composer, "none", NULL);
	if (sn_config_identity(app->config, message->sender_value, NULL))
		sn_composer_set_sender(composer, message->sender_value);
	take_recipients(composer, message);
	if (message->subject && *message->subject)
		sn_composer_set_field(composer, SN_FIELD_SUBJECT, message->subject);
	sn_composer_set_field(composer, SN_FIELD_BODY, message->body ? message->body : "");
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		if (!part->inline_)
			sn_reattach(app, message->id, part->position);
	}
	sn_composer_changed(composer);
	sn_composer_save(composer);
}

/* Shows the conversation with its own draft. */
static gboolean open_own(SnApp *app, SnId conversation)
{
	sn_view_close_all(app);
	sn_list_select(app->list, conversation);
	sn_timeline_open(app->timeline, conversation, 0);
	sn_app_focus(app, SN_PANE_COMPOSE);
	return TRUE;
}

static gboolean run_continue(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, SN_MESSAGE_FULL) : NULL;
	const char *to = message ? first_recipient(message) : NULL;
	SnId own;

	if (!message)
		return FALSE;
	if (!is_draft(app, message))
		return sn_command_fail(error, "This is no draft.");
	own = message->message_id ? sn_draft_copy_find(app->store, message->message_id) : 0;
	if (own)
		return open_own(app, own);
	if (!to)
		to = argc ? argv[0] : NULL;
	if (!to)
		return sn_command_fail(error, "The draft names no recipient: :continue ADDRESS says to whom.");
	if (!sn_compose_to(app, to, error))
		return FALSE;
	if (!sn_composer_is_empty(app->composer))
		return sn_command_fail(error, "Send or :discard the draft that is there first.");
	take_over(app->composer, message);
	if (!message->message_id || !message->account)
		return TRUE;
	/* from now on it is this one that lies there */
	return sn_draft_copy_adopt(app->store, app->composer->conversation, message->account,
	                           message->message_id, error);
}

const SnCommand sn_commands_drafts[] = {
	{ "continue", "[ADDRESS]", "go on writing a draft that lies in the Drafts folder",
	  SN_COMPLETE_PERSON, NULL, 0, -1, run_continue },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
