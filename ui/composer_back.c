/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message on its way that comes back as a draft, with all that belongs to it; and when a draft is
 * to go. */
#include <string.h>

#include "src/route/letter.h"
#include "src/route/schedule.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/view.h"

static gboolean has_party(const GPtrArray *parties, const SnParty *wanted)
{
	for (guint i = 0; i < parties->len; i++)
		if (strcmp(((SnParty *)parties->pdata[i])->address, wanted->address) == 0)
			return TRUE;
	return FALSE;
}

/* Whom the plan would not write to by itself: the first address is the one that was chosen, the
 * others come back as copies. */
static void restore_recipients(SnComposer *composer, const SnOutboxEntry *entry)
{
	const SnPlan *plan = sn_composer_plan(composer);
	const SnParty *first = entry->recipients->len ? entry->recipients->pdata[0] : NULL;
	g_autoptr(GString) cc = g_string_new(NULL), bcc = g_string_new(NULL);

	if (first && first->role == SN_ROLE_TO && !has_party(plan->recipients, first)) {
		composer->address = g_strdup(first->address);
		sn_composer_forget_plan(composer);
		plan = sn_composer_plan(composer);
	}
	for (guint i = 0; entry->channel == SN_CHANNEL_MAIL && i < entry->recipients->len; i++) {
		const SnParty *party = entry->recipients->pdata[i];
		GString *field = party->role == SN_ROLE_BCC ? bcc : cc;
		if (party != first && !has_party(plan->recipients, party))
			g_string_append_printf(field, "%s%s", field->len ? ", " : "", party->address);
	}
	sn_composer_set_field(composer, SN_FIELD_CC, cc->str);
	sn_composer_set_field(composer, SN_FIELD_BCC, bcc->str);
}

static void restore_files(SnDraft *draft, const SnOutboxEntry *entry)
{
	g_clear_pointer(&draft->attachments, g_ptr_array_unref);
	draft->attachments = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++)
		g_ptr_array_add(draft->attachments, sn_attachment_held(entry->attachments->pdata[i]));
}

void sn_composer_restore(SnComposer *composer, const SnOutboxEntry *entry)
{
	SnDraft *draft = composer->draft;

	const SnIdentity *identity;
	g_autofree char *body = NULL;

	g_assert(draft && draft->conversation == entry->conversation);
	draft->mode = entry->channel == SN_CHANNEL_IM ? SN_MODE_IM : SN_MODE_MAIL;
	draft->reply_to = entry->reply_to;
	draft->read_receipt = entry->read_receipt;
	draft->reports = entry->reports;
	draft->terms = sn_terms_of(entry, sn_app_now(composer->app));
	/* a window to take it back is no time that was asked for */
	if (entry->send_at - entry->created <= SN_MINUTE)
		draft->terms.send_at = 0;
	restore_files(draft, entry);
	sn_composer_changed(composer);
	restore_recipients(composer, entry);
	draft->format = entry->format;
	/* it is put below again when it goes, that of another address perhaps */
	identity = sn_config_identity(composer->app->config, entry->from, NULL);
	body = sn_letter_unsign(entry->body, identity ? identity->signature : NULL);
	sn_composer_set_field(composer, SN_FIELD_BODY, body);
	if (entry->subject)
		sn_composer_set_field(composer, SN_FIELD_SUBJECT, entry->subject);
	/* the messages that were chosen, or none: not what the settings would choose anew */
	if (entry->history && entry->history->len)
		sn_composer_set_history(composer, "picked", entry->history);
	else
		sn_composer_set_history(composer, "none", NULL);
	sn_composer_changed(composer);
	sn_composer_save(composer);
}

/* Something is being written there already. */
static gboolean is_occupied(SnApp *app, SnId conversation)
{
	g_autoptr(SnDraft) draft = NULL;

	if (app->composer->conversation == conversation)
		return !sn_composer_is_empty(app->composer);
	draft = sn_draft_load(app->store, conversation);
	return draft && (*draft->body || (draft->attachments && draft->attachments->len));
}

gboolean sn_composer_take_back(SnApp *app, SnId id, GError **error)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(app->store, id, 0), back = NULL;

	if (!entry)
		return sn_command_fail(error, "It is no longer there.");
	if (!entry->resend && is_occupied(app, entry->conversation))
		return sn_command_fail(error, "Send or :discard the draft that is there first.");
	back = sn_outbox_take_back(app->store, id, error);
	if (!back)
		return FALSE;
	if (app->undo_entry == id)
		app->undo_entry = 0;
	app->stale = TRUE;
	if (entry->resend) {
		sn_app_say(app, SN_OBJ_SUCCESS, "Taken back: it is not sent on.");
		return TRUE;
	}
	sn_view_close_all(app);
	sn_list_select(app->list, back->conversation);
	sn_timeline_open(app->timeline, back->conversation, 0);
	sn_composer_restore(app->composer, back);
	sn_app_focus(app, SN_PANE_COMPOSE);
	sn_app_say(app, SN_OBJ_SUCCESS, "Taken back: it is a draft again.");
	return TRUE;
}

/* ---- when it goes ---- */

void sn_composer_set_terms(SnComposer *composer, const SnTerms *terms)
{
	composer->draft->terms = *terms;
	sn_composer_changed(composer);
}

char *sn_composer_terms_text(SnComposer *composer)
{
	SnApp *app = composer->app;
	const SnConversation *conversation = sn_timeline_conversation(app->timeline);
	g_autofree char *text = NULL;

	if (!composer->draft)
		return NULL;
	text = sn_terms_text(&composer->draft->terms, app->settings->delivery_working_hours,
	                     sn_composer_channel(composer),
	                     conversation && conversation->title ? conversation->title : "the contact",
	                     sn_app_now(app));
	if (text)
		*text = 'W';
	return g_steal_pointer(&text);
}

char *sn_composer_file_name(const char *file)
{
	SnAttachment *held = sn_attachment_from_held(file);
	char *name = held ? g_strdup(held->name) : g_path_get_basename(file);

	sn_attachment_free(held);
	return name;
}
