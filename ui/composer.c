/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reply being written: one draft for each conversation, saved as it is typed. */
#include "ui/composer.h"

#include <string.h>

#include "src/route/letter.h"
#include "src/text/text.h"
#include "ui/reattach.h"

enum { SMALL_DRAFT = 16 * 1024 };

SnComposer *sn_composer_new(SnApp *app)
{
	SnComposer *composer = g_new0(SnComposer, 1);

	composer->app = app;
	for (int i = 0; i < SN_FIELD_COUNT; i++)
		composer->fields[i] = sn_edit_new(i == SN_FIELD_BODY);
	composer->field = SN_FIELD_BODY;
	return composer;
}

void sn_composer_forget_plan(SnComposer *composer)
{
	g_clear_pointer(&composer->plan, sn_plan_free);
	sn_composer_forget_history(composer);
	sn_app_dirty(composer->app);
}

void sn_composer_free(SnComposer *composer)
{
	if (!composer)
		return;
	sn_composer_forget_plan(composer);
	sn_composer_history_clear(composer);
	sn_composer_outlook_clear(composer);
	sn_message_free(composer->answered);
	sn_draft_free(composer->draft);
	for (int i = 0; i < SN_FIELD_COUNT; i++)
		sn_edit_free(composer->fields[i]);
	g_clear_pointer(&composer->awaited, g_ptr_array_unref);
	g_free(composer->address);
	g_free(composer);
}

static guint64 changes(const SnComposer *composer)
{
	guint64 sum = 0;

	for (int i = 0; i < SN_FIELD_COUNT; i++)
		sum += composer->fields[i]->changes;
	return sum;
}

const char *sn_composer_text(const SnComposer *composer, SnField field)
{
	g_assert(field < SN_FIELD_COUNT);
	return composer->fields[field]->text->str;
}

gboolean sn_composer_is_empty(const SnComposer *composer)
{
	const char *body = sn_composer_text(composer, SN_FIELD_BODY);

	return body[strspn(body, " \n\t")] == 0 &&
	       (!composer->draft || !composer->draft->attachments ||
	        composer->draft->attachments->len == 0);
}

static void set_string(char **to, const char *text)
{
	g_free(*to);
	*to = text && *text ? g_strdup(text) : NULL;
}

void sn_composer_save(SnComposer *composer)
{
	SnDraft *draft = composer->draft;
	GError *error = NULL;
	gboolean ok, empty;

	composer->app->timers[SN_TIMER_DRAFT] = 0;
	if (!draft || (composer->saved == changes(composer) && !composer->changed))
		return;
	set_string(&draft->subject, composer->subject_typed
	                                    ? sn_composer_text(composer, SN_FIELD_SUBJECT)
	                                    : NULL);
	set_string(&draft->cc, sn_composer_text(composer, SN_FIELD_CC));
	set_string(&draft->bcc, sn_composer_text(composer, SN_FIELD_BCC));
	g_free(draft->body);
	draft->body = g_strdup(sn_composer_text(composer, SN_FIELD_BODY));
	g_assert(draft->conversation == composer->conversation);
	draft->updated = sn_app_now(composer->app);
	empty = sn_composer_is_empty(composer) && !draft->subject;
	ok = empty ? sn_draft_delete(composer->app->store, draft->conversation, &error)
	             : sn_draft_save(composer->app->store, draft, &error);
	if (!ok) {
		sn_app_error(composer->app, error);
		sn_app_set_timer(composer->app, SN_TIMER_DRAFT,
		                 sn_app_now(composer->app) + SN_SECOND); /* again */
		return;
	}
	composer->saved = changes(composer);
	composer->changed = FALSE;
	/* the list only says whether there is a draft */
	if (empty == composer->in_store)
		composer->app->stale = TRUE;
	composer->in_store = !empty;
}

/*
 * What is typed is in the store before the screen shows it (timers run before the drawing), so that
 * whoever sees a word has it. A draft that takes long to write is saved once a second.
 */
static void save_soon(SnComposer *composer)
{
	SnApp *app = composer->app;
	gboolean small = composer->fields[SN_FIELD_BODY]->text->len < SMALL_DRAFT;

	if (!app->timers[SN_TIMER_DRAFT])
		sn_app_set_timer(app, SN_TIMER_DRAFT, sn_app_now(app) + (small ? 0 : SN_SECOND));
	sn_app_dirty(app);
}

void sn_composer_changed(SnComposer *composer)
{
	composer->changed = TRUE;
	sn_composer_forget_plan(composer);
	save_soon(composer);
}

void sn_composer_suggest_subject(SnComposer *composer)
{
	g_autofree char *subject = NULL;

	if (composer->subject_typed || !composer->conversation)
		return;
	subject = sn_plan_subject(composer->app->store, composer->conversation,
	                          composer->draft->reply_to,
	                          sn_composer_text(composer, SN_FIELD_BODY));
	/* where one is being written, "(no subject)" is in the way */
	if (subject && composer->field == SN_FIELD_SUBJECT && !sn_letter_has_subject(subject))
		g_clear_pointer(&subject, g_free);
	if (subject && strcmp(subject, sn_composer_text(composer, SN_FIELD_SUBJECT)) != 0) {
		guint64 before = changes(composer);
		sn_edit_set(composer->fields[SN_FIELD_SUBJECT], subject);
		composer->saved += changes(composer) - before;
	}
}

static void take_draft(SnComposer *composer, SnDraft *draft)
{
	composer->draft = draft;
	composer->held = SN_MODE_AUTO;
	composer->in_store = draft->updated != 0;
	composer->subject_typed = draft->subject && *draft->subject;
	sn_edit_set(composer->fields[SN_FIELD_BODY], draft->body);
	sn_edit_set(composer->fields[SN_FIELD_SUBJECT], draft->subject);
	sn_edit_set(composer->fields[SN_FIELD_CC], draft->cc);
	sn_edit_set(composer->fields[SN_FIELD_BCC], draft->bcc);
	composer->shows[SN_FIELD_CC] = draft->cc != NULL;
	composer->shows[SN_FIELD_BCC] = draft->bcc != NULL;
	composer->field = SN_FIELD_BODY;
	composer->saved = changes(composer);
	composer->changed = FALSE;
	g_clear_pointer(&composer->address, g_free);
	sn_composer_history_clear(composer);
	sn_composer_outlook_clear(composer);
	sn_composer_forget_plan(composer);
}

void sn_composer_open(SnComposer *composer, SnId conversation)
{
	SnDraft *draft = NULL;

	sn_composer_save(composer);
	g_clear_pointer(&composer->draft, sn_draft_free);
	composer->conversation = conversation;
	if (conversation)
		draft = sn_draft_load(composer->app->store, conversation);
	take_draft(composer, draft ? draft : sn_draft_new(conversation));
}

/* The draft of another conversation was put together with this one, or taken out again. */
static void read_draft_again(SnComposer *composer)
{
	SnDraft *draft = sn_draft_load(composer->app->store, composer->conversation);
	SnTime known = composer->in_store ? composer->draft->updated : 0;

	if ((draft ? draft->updated : 0) == known) {
		sn_draft_free(draft);
		return;
	}
	g_clear_pointer(&composer->draft, sn_draft_free);
	take_draft(composer, draft ? draft : sn_draft_new(composer->conversation));
}

void sn_composer_refresh(SnComposer *composer)
{
	sn_reattach_look(composer->app);
	g_clear_pointer(&composer->answered, sn_message_free);
	if (sn_composer_is_empty(composer))
		composer->held = SN_MODE_AUTO;
	else if (composer->plan)
		composer->held = composer->plan->channel == SN_CHANNEL_IM ? SN_MODE_IM : SN_MODE_MAIL;
	sn_composer_forget_plan(composer);
	if (composer->conversation && composer->saved == changes(composer) && !composer->changed)
		read_draft_again(composer);
}

const SnPlan *sn_composer_plan(SnComposer *composer)
{
	SnPlanRequest request;

	if (composer->plan || !composer->conversation)
		return composer->plan;
	g_autoptr(GPtrArray) also = sn_composer_typed(composer, NULL);
	request = (SnPlanRequest){
		.conversation = composer->conversation,
		.reply_to = composer->draft->reply_to,
		.mode = composer->draft->mode != SN_MODE_AUTO ? composer->draft->mode : composer->held,
		.address = composer->address,
		.whom = composer->draft->whom,
		.sender = composer->draft->sender,
		.encrypt = composer->draft->terms.encrypt,
		.sign = composer->draft->terms.sign,
		.also = also,
	};
	composer->plan = sn_plan_reply(composer->app->store, composer->app->config, &request,
	                               composer->app->clock);
	g_assert(composer->plan);
	if (composer->plan->channel == SN_CHANNEL_MAIL)
		sn_composer_suggest_subject(composer);
	return composer->plan;
}

SnChannel sn_composer_channel(const SnComposer *composer)
{
	const SnPlan *plan = sn_composer_plan((SnComposer *)composer);

	return plan ? plan->channel : SN_CHANNEL_IM;
}

void sn_composer_reply(SnComposer *composer, SnId message, SnWhom whom)
{
	if (!composer->draft)
		return;
	composer->draft->reply_to = message;
	composer->draft->whom = whom;
	composer->held = SN_MODE_AUTO;
	/* the answer says what was said: it does not go in the open by itself */
	g_autoptr(SnMessage) answered = message ? sn_message_get(composer->app->store, message, 0) : NULL;
	if (answered && answered->encrypted && answered->channel == SN_CHANNEL_MAIL)
		composer->draft->terms.encrypt = SN_ENCRYPT_REQUIRED;
	/* a channel chosen for nothing written yet was chosen for another message */
	if (sn_composer_is_empty(composer)) {
		composer->draft->mode = SN_MODE_AUTO;
		g_clear_pointer(&composer->draft->sender, g_free);
	}
	sn_composer_changed(composer);
}

/* A subject that the user typed becomes the first line of an IM, and the first line a subject
 * again on the way back: sn_plan_subject() takes it from there. */
static void carry_subject(SnComposer *composer, SnChannel to)
{
	const char *subject = sn_composer_text(composer, SN_FIELD_SUBJECT);
	const char *body = sn_composer_text(composer, SN_FIELD_BODY);
	g_autofree char *joined = NULL;
	gsize length = strlen(subject);

	if (!composer->subject_typed || length == 0)
		return;
	if (to == SN_CHANNEL_IM) {
		joined = g_strconcat(subject, "\n", body, NULL);
		sn_edit_set(composer->fields[SN_FIELD_BODY], joined);
	} else if (strncmp(body, subject, length) == 0 && body[length] == '\n') {
		joined = g_strdup(body + length + 1);
		sn_edit_set(composer->fields[SN_FIELD_BODY], joined);
	}
}

void sn_composer_set_sender(SnComposer *composer, const char *address)
{
	if (!composer->draft)
		return;
	set_string(&composer->draft->sender, address);
	sn_composer_changed(composer);
}

gboolean sn_composer_has_identities(const SnComposer *composer)
{
	const SnConfig *config = composer->app->config;
	guint count = 0;

	for (gsize i = 0; i < sn_config_account_count(config); i++) {
		const SnAccount *account = sn_config_account(config, i);
		if (account->enabled && account->outgoing.kind != SN_ENDPOINT_NONE)
			count += account->identities->len;
	}
	return count > 1;
}

void sn_composer_set_mode(SnComposer *composer, SnReplyMode mode)
{
	SnChannel before = sn_composer_channel(composer), now;

	if (!composer->draft)
		return;
	composer->draft->mode = mode;
	composer->held = SN_MODE_AUTO;
	sn_composer_changed(composer);
	now = sn_composer_channel(composer);
	if (now != before)
		carry_subject(composer, now);
	if (now == SN_CHANNEL_IM)
		composer->field = SN_FIELD_BODY;
}

void sn_composer_switch(SnComposer *composer)
{
	gboolean im = sn_composer_channel(composer) == SN_CHANNEL_IM;

	g_clear_pointer(&composer->address, g_free);
	sn_composer_set_mode(composer, im ? SN_MODE_MAIL : SN_MODE_IM);
}

void sn_composer_set_field(SnComposer *composer, SnField field, const char *text)
{
	g_assert(field < SN_FIELD_COUNT);
	sn_edit_set(composer->fields[field], text);
	if (field == SN_FIELD_SUBJECT)
		composer->subject_typed = text && *text;
	if (field == SN_FIELD_CC || field == SN_FIELD_BCC) {
		composer->shows[field] = text && *text;
		sn_composer_forget_plan(composer); /* one more has to have been a party, and have a key */
	}
	save_soon(composer);
}

static gboolean field_shows(const SnComposer *composer, SnField field)
{
	if (field == SN_FIELD_BODY)
		return TRUE;
	if (sn_composer_channel(composer) != SN_CHANNEL_MAIL)
		return FALSE;
	return field == SN_FIELD_SUBJECT || composer->shows[field];
}

void sn_composer_next_field(SnComposer *composer, int step)
{
	int field = (int)composer->field;

	do
		field = (field + step + SN_FIELD_COUNT) % SN_FIELD_COUNT;
	while (!field_shows(composer, (SnField)field));
	g_assert(field >= 0 && field < SN_FIELD_COUNT);
	composer->field = (SnField)field;
	sn_app_dirty(composer->app);
}

gboolean sn_composer_attach(SnComposer *composer, const char *path, GError **error)
{
	g_autofree char *home = g_str_has_prefix(path, "~/")
	                                ? g_build_filename(g_get_home_dir(), path + 2, NULL)
	                                : g_strdup(path);
	g_autofree char *full = g_canonicalize_filename(home, NULL);

	if (!g_file_test(full, G_FILE_TEST_IS_REGULAR)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no file %s.", full);
		return FALSE;
	}
	if (!composer->draft->attachments)
		composer->draft->attachments = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(composer->draft->attachments, g_steal_pointer(&full));
	sn_composer_changed(composer);
	return TRUE;
}

void sn_composer_detach(SnComposer *composer, guint number)
{
	GPtrArray *files = composer->draft ? composer->draft->attachments : NULL;

	if (number == 0 && composer->awaited)
		g_ptr_array_set_size(composer->awaited, 0);
	if (!files)
		return;
	if (number == 0)
		g_ptr_array_set_size(files, 0);
	else if (number <= files->len)
		g_ptr_array_remove_index(files, number - 1);
	sn_composer_changed(composer);
}

void sn_composer_sent(SnComposer *composer)
{
	g_clear_pointer(&composer->draft, sn_draft_free);
	take_draft(composer, sn_draft_new(composer->conversation));
}

void sn_composer_discard(SnComposer *composer)
{
	GError *error = NULL;

	if (!sn_draft_delete(composer->app->store, composer->conversation, &error))
		sn_app_error(composer->app, error);
	g_clear_pointer(&composer->draft, sn_draft_free);
	take_draft(composer, sn_draft_new(composer->conversation));
	composer->app->stale = TRUE;
}

gboolean sn_composer_key(SnComposer *composer, SnKey key)
{
	SnEdit *edit = composer->fields[composer->field];
	guint64 before = edit->changes;

	if (!composer->draft)
		return FALSE;
	if (!sn_edit_key(edit, key)) {
		if (key == SN_KEY_UP && composer->field != SN_FIELD_CC)
			sn_composer_next_field(composer, -1);
		else if ((key == SN_KEY_DOWN || key == SN_KEY_ENTER) &&
		         composer->field != SN_FIELD_BODY)
			sn_composer_next_field(composer, 1);
		return FALSE;
	}
	if (edit->changes != before) {
		if (composer->field == SN_FIELD_SUBJECT)
			composer->subject_typed = edit->text->len > 0;
		if (composer->field == SN_FIELD_CC || composer->field == SN_FIELD_BCC)
			sn_composer_forget_plan(composer);
		save_soon(composer);
	}
	return TRUE;
}

void sn_composer_paste(SnComposer *composer, const char *text)
{
	if (!composer->draft)
		return;
	sn_edit_insert(composer->fields[composer->field], text);
	if (composer->field == SN_FIELD_SUBJECT)
		composer->subject_typed = TRUE;
	if (composer->field == SN_FIELD_CC || composer->field == SN_FIELD_BCC)
		sn_composer_forget_plan(composer);
	save_soon(composer);
}
