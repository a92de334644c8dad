/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the composer to the outbox. The plan says what is missing; each question answered leads
 * back to the same place, until nothing is missing and the message is queued.
 */
#include "src/route/forward.h"
#include "src/route/letter.h"
#include "src/route/schedule.h"
#include "ui/composer.h"
#include "ui/prompt.h"

#include <string.h>

#include "src/text/text.h"
#include "ui/reattach.h"
#include "ui/send_limits.h"

typedef struct {
	SnId conversation;
	SnRule rule;              /* what to do when not available, once chosen */
	gboolean chosen;          /* the prompt was answered */
	gboolean files_confirmed; /* "no file attached" was asked */
	gboolean subject_confirmed; /* "no subject" was asked */
	gboolean large_confirmed; /* "too large for the server" was asked */
	gboolean without;         /* and it goes without what is too large */
	GPtrArray *candidates;    /* of char *: addresses offered */
	SnChannel channel;
} Sending;

static void send_step(SnApp *app, Sending *sending);

static Sending *sending_copy(const Sending *from)
{
	Sending *copy = g_new0(Sending, 1);

	*copy = *from;
	copy->candidates = NULL;
	return copy;
}

static void sending_free(gpointer data)
{
	Sending *sending = data;

	g_clear_pointer(&sending->candidates, g_ptr_array_unref);
	g_free(sending);
}

static const char *title(SnApp *app)
{
	const SnConversation *conversation = sn_timeline_conversation(app->timeline);

	return conversation && conversation->title ? conversation->title : "them";
}

/* ---- questions ---- */

/* The user's word: this address belongs to the person of the conversation, from now on. */
static gboolean remember_address(SnApp *app, SnChannel channel, const char *value, GError **error)
{
	const SnConversation *conversation = sn_timeline_conversation(app->timeline);
	SnId address = sn_address_intern(app->store, channel, value, NULL, error);
	SnAddress *known;
	SnId conversation_id = app->composer->conversation;

	if (!address)
		return FALSE;
	if (!conversation || !conversation->person)
		return TRUE;
	if (!sn_link_add(app->store, address, conversation->person, SN_LINK_USER, TRUE,
	                 "typed when replying", error))
		return FALSE;
	/* the address may have brought its own conversation along: ours is still the one */
	known = sn_address_get(app->store, address);
	if (known && known->person != conversation->person) {
		SnId moved = sn_conversation_for_person(app->store, known->person, NULL);
		if (moved && moved != conversation_id)
			g_message("address %s belongs to another person now", value);
	}
	sn_address_free(known);
	g_free(app->composer->address);
	app->composer->address = sn_address_normalise(channel, value);
	sn_composer_forget_plan(app->composer);
	app->stale = TRUE;
	return TRUE;
}

static void address_typed(SnApp *app, const char *answer, gpointer data)
{
	Sending *sending = data;
	g_autofree char *value = answer ? g_strstrip(g_strdup(answer)) : NULL;
	g_autofree char *normal = NULL;
	GError *error = NULL;

	if (!value || !*value)
		return;
	normal = sn_address_normalise(sending->channel, value);
	if (!normal) {
		sn_app_say(app, SN_OBJ_ERROR, "'%s' is no address; it should look like bob@example.org.",
		           value);
		return;
	}
	if (!remember_address(app, sending->channel, normal, &error)) {
		sn_app_error(app, error);
		return;
	}
	send_step(app, sending);
}

static void type_address(SnApp *app, const Sending *sending)
{
	g_autofree char *label = g_strdup_printf(
		"%s address of %s: ", sending->channel == SN_CHANNEL_IM ? "IM" : "Email", title(app));
	SnAskLine ask = { .label = label, .done = address_typed, .data = sending_copy(sending),
		          .free = sending_free };

	sn_prompt_line(app, &ask);
}

static void address_chosen(SnApp *app, const char *answer, gpointer data)
{
	Sending *sending = data;

	if (!answer)
		return;
	if (strcmp(answer, "type") == 0)
		type_address(app, sending);
	else
		address_typed(app, answer, sending);
}

static char *candidate_label(const SnAddress *address)
{
	g_autofree char *value = sn_text_clean_line(address->value, -1);
	g_autofree char *evidence = address->evidence ? sn_text_clean_line(address->evidence, -1) : NULL;

	return g_strdup_printf("%s  (%s%s%s)", value, sn_link_source_word(address->source), evidence ? ": " : "",
	                       evidence ? evidence : "");
}

/* Nothing is known, or only candidates: they are offered, and one may be typed. */
static void ask_address(SnApp *app, const SnPlan *plan, Sending *sending)
{
	SnChoice choices[10];
	gsize count = 0;
	g_autofree char *question = NULL;
	g_autoptr(GPtrArray) labels = g_ptr_array_new_with_free_func(g_free);
	SnAsk ask;

	sending->channel = plan->channel;
	for (guint i = 0; plan->candidates && i < plan->candidates->len && count < 9; i++) {
		const SnAddress *address = g_ptr_array_index(plan->candidates, i);
		char *label = candidate_label(address);
		g_ptr_array_add(labels, label);
		choices[count] = (SnChoice){ '1' + (SnKey)count, label, address->value };
		count++;
	}
	if (count == 0) {
		type_address(app, sending);
		return;
	}
	choices[count++] = (SnChoice){ 't', "type another address", "type" };
	question = g_strdup_printf("Which %s address does %s have? It is remembered.",
	                           plan->channel == SN_CHANNEL_IM ? "IM" : "email", title(app));
	ask = (SnAsk){ .question = question,
		       .detail = "None of these is confirmed yet.",
		       .choices = choices, .count = count, .done = address_chosen,
		       .data = sending_copy(sending), .free = sending_free };
	sn_prompt_ask(app, &ask);
}

/* One address, which somebody else than the user named: an explicit yes before it is used. */
static void ask_confirm(SnApp *app, const SnPlan *plan, Sending *sending)
{
	const SnAddress *address =
		plan->candidates->len ? g_ptr_array_index(plan->candidates, 0) : NULL;
	g_autofree char *question = NULL, *yes = NULL, *label = NULL;
	SnAsk ask;

	if (!address || plan->candidates->len > 1) {
		ask_address(app, plan, sending);
		return;
	}
	sending->channel = plan->channel;
	label = candidate_label(address);
	question = g_strdup_printf("The %s address of %s is not confirmed. Is it right?",
	                           plan->channel == SN_CHANNEL_IM ? "IM" : "email", title(app));
	yes = g_strdup_printf("yes, %s is right: send, and remember it", address->value);
	{
		SnChoice choices[] = {
			{ 'y', yes, address->value },
			{ 't', "no, type the right one", "type" },
			{ 'n', "no, do not send", "no" },
		};
		ask = (SnAsk){ .question = question, .detail = label, .choices = choices,
			       .count = G_N_ELEMENTS(choices), .done = address_chosen,
			       .data = sending_copy(sending), .free = sending_free };
		sn_prompt_ask(app, &ask);
	}
}

static void choice_made(SnApp *app, const char *answer, gpointer data)
{
	Sending *sending = data;

	if (!answer || strcmp(answer, "cancel") == 0) {
		sn_app_say(app, SN_OBJ_DEFAULT, "Not sent; the draft is kept.");
		return;
	}
	sending->chosen = TRUE;
	if (strcmp(answer, "mail") == 0) {
		sn_composer_set_mode(app->composer, SN_MODE_MAIL);
		sending->rule = SN_RULE_DEFAULT;
	} else {
		sn_rule_parse(answer, &sending->rule);
	}
	send_step(app, sending);
}

/* Not available, and no rule says what then. */
static void ask_choice(SnApp *app, const SnPlan *plan, Sending *sending)
{
	static const SnChoice choices[] = {
		{ 'd', "defer: keep it until they are available", "defer" },
		{ 'e', "email instead", "mail" },
		{ 's', "send anyway", "send" },
		{ 'a', "ask them: later, by email, or now?", "ask-them" },
		{ 'c', "cancel: go on writing", "cancel" },
	};
	g_autofree char *words = NULL, *question = NULL, *detail = NULL;
	SnAsk ask;

	words = g_strdup(plan->availability == SN_AVAILABILITY_UNKNOWN
	                         ? "may not be available: their presence is not known"
	                 : plan->show == SN_PRESENCE_DND     ? "is not available: do not disturb"
	                 : plan->show == SN_PRESENCE_OFFLINE ? "is not available: offline"
	                 : plan->show == SN_PRESENCE_XA      ? "is not available: extended away"
	                                                     : "is not available: away");
	question = g_strdup_printf("%s %s.", title(app), words);
	/* what is to be done is the question */
	detail = g_strndup(plan->text, strcspn(plan->text, ":"));
	ask = (SnAsk){ .question = question, .detail = detail, .choices = choices,
		       .count = G_N_ELEMENTS(choices), .done = choice_made,
		       .data = sending_copy(sending), .free = sending_free };
	sn_prompt_ask(app, &ask);
}

static void files_answered(SnApp *app, const char *answer, gpointer data)
{
	Sending *sending = data;

	if (!answer || strcmp(answer, "send") != 0)
		return;
	sending->files_confirmed = TRUE;
	send_step(app, sending);
}

/* The text speaks of a file, and none is there. */
static gboolean file_forgotten(SnApp *app, const Sending *sending)
{
	const SnDraft *draft = app->composer->draft;

	if (sending->files_confirmed || (draft->attachments && draft->attachments->len))
		return FALSE;
	return sn_letter_speaks_of_file(sn_composer_text(app->composer, SN_FIELD_BODY),
	                                app->settings->mail_attachment_words);
}

static void ask_files(SnApp *app, const Sending *sending)
{
	static const SnChoice choices[] = {
		{ 's', "send it as it is", "send" },
		{ 'b', "back: attach it first (:attach)", "back" },
	};
	SnAsk ask = { .question = "The text speaks of a file, but none is attached.",
		      .choices = choices, .count = G_N_ELEMENTS(choices), .done = files_answered,
		      .data = sending_copy(sending), .free = sending_free };

	sn_prompt_ask(app, &ask);
}

static void subject_answered(SnApp *app, const char *answer, gpointer data)
{
	Sending *sending = data;

	if (g_strcmp0(answer, "write") == 0) {
		sn_composer_set_field(app->composer, SN_FIELD_SUBJECT, "");
		app->composer->field = SN_FIELD_SUBJECT;
		sn_app_focus(app, SN_PANE_COMPOSE);
	}
	if (g_strcmp0(answer, "send") != 0)
		return;
	sending->subject_confirmed = TRUE;
	send_step(app, sending);
}

static gboolean subject_forgotten(SnApp *app, const Sending *sending)
{
	if (sending->subject_confirmed)
		return FALSE;
	sn_composer_suggest_subject(app->composer);
	return !sn_letter_has_subject(sn_composer_text(app->composer, SN_FIELD_SUBJECT));
}

static void ask_subject(SnApp *app, const Sending *sending)
{
	static const SnChoice choices[] = {
		{ 's', "send it without one", "send" },
		{ 'w', "write a subject", "write" },
	};
	SnAsk ask = { .question = "The email has no subject.",
		      .choices = choices, .count = G_N_ELEMENTS(choices), .done = subject_answered,
		      .data = sending_copy(sending), .free = sending_free };

	sn_prompt_ask(app, &ask);
}

static void large_answered(SnApp *app, const char *answer, gpointer data)
{
	Sending *sending = data;

	if (!answer || strcmp(answer, "back") == 0) {
		sn_app_say(app, SN_OBJ_DEFAULT, "Not sent; the draft is kept.");
		return;
	}
	sending->large_confirmed = TRUE;
	if (strcmp(answer, "mail") == 0) {
		sn_composer_set_mode(app->composer, SN_MODE_MAIL);
		sending->large_confirmed = FALSE; /* the mail server has a limit of its own */
	} else if (strcmp(answer, "without") == 0) {
		sending->without = sending->chosen = TRUE;
	}
	send_step(app, sending);
}

static void ask_large(SnApp *app, const SnPlan *plan, const Sending *sending, const char *question)
{
	static const SnChoice by_im[] = {
		{ 'e', "email instead", "mail" },
		{ 's', "send it now without what the server does not take", "without" },
		{ 'b', "back: go on writing", "back" },
	};
	static const SnChoice by_mail[] = {
		{ 's', "send it all the same: the server will say no", "send" },
		{ 'b', "back: take something off (:detach)", "back" },
	};
	gboolean im = plan->channel == SN_CHANNEL_IM;
	SnAsk ask = { .question = question,
		      .choices = im ? by_im : by_mail,
		      .count = im ? G_N_ELEMENTS(by_im) : G_N_ELEMENTS(by_mail),
		      .done = large_answered, .data = sending_copy(sending), .free = sending_free };

	sn_prompt_ask(app, &ask);
}

/* ---- queueing ---- */

/* With what was typed into Cc and Bcc. NULL with error. */
static GPtrArray *all_recipients(SnApp *app, GError **error)
{
	g_autofree char *bad = NULL;
	GPtrArray *recipients = sn_composer_recipients(app->composer, &bad);

	if (!bad)
		return recipients;
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "'%s' is no email address.", bad);
	g_ptr_array_unref(recipients);
	return NULL;
}

static GPtrArray *attachments(const SnDraft *draft)
{
	GPtrArray *files;

	if (!draft->attachments || draft->attachments->len == 0)
		return NULL;
	files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_attachment_free);
	for (guint i = 0; i < draft->attachments->len; i++) {
		const char *text = g_ptr_array_index(draft->attachments, i);
		SnAttachment *file = sn_attachment_from_held(text);
		if (!file) {
			file = g_new0(SnAttachment, 1);
			file->path = g_strdup(text);
			file->name = g_path_get_basename(text);
		}
		g_ptr_array_add(files, file);
	}
	return files;
}

static void queued(SnApp *app, const SnPlan *plan, SnId entry, SnTime send_at)
{
	SnTime now = sn_app_now(app);
	g_autofree char *terms = sn_composer_terms_text(app->composer);

	app->undo_entry = entry;
	app->undo_until = now;
	if (!terms && send_at > now) {
		app->undo_until = send_at;
		sn_app_set_timer(app, SN_TIMER_UNDO, now + 1);
	}
	if (terms)
		sn_app_say(app, SN_OBJ_STATE_WAITING, "%s.", terms);
	else if (plan->availability == SN_NOT_AVAILABLE && plan->channel == SN_CHANNEL_IM)
		sn_app_say(app, SN_OBJ_STATE_WAITING, "Queued; x on it shows what can be done.");
}

static gboolean queue(SnApp *app, const SnPlan *plan, const Sending *sending, GError **error)
{
	SnComposer *composer = app->composer;
	const SnHistory *history = sn_composer_history_now(composer);
	const SnTerms *terms = &composer->draft->terms;
	gboolean mail = plan->channel == SN_CHANNEL_MAIL;
	g_autofree char *body = sn_composer_signed(composer);
	SnTime delay = mail ? app->settings->delivery_undo_mail : app->settings->delivery_undo_im;
	g_autoptr(GPtrArray) recipients = all_recipients(app, error);
	g_autoptr(GPtrArray) files = attachments(composer->draft);
	SnOutboxNew entry = {
		.conversation = composer->conversation,
		.account = plan->account,
		.channel = plan->channel,
		.from = plan->from,
		.recipients = recipients,
		.body = body,
		.reply_to = composer->draft->reply_to,
		.attachments = files,
		.history = history && history->messages->len ? history->messages : NULL,
		.agreed = composer->draft->agreed,
		.history_attachments = app->settings->history_attachments,
		.if_unavailable = sending->rule,
		.send_at = delay > 0 ? sn_app_now(app) + delay : 0,
		.read_receipt = composer->draft->read_receipt,
		.reports = composer->draft->reports,
		.format = mail ? composer->draft->format : SN_FORMAT_DEFAULT,
		.announce = plan->switched || plan->availability == SN_NOT_AVAILABLE ||
		            sn_terms_wait(terms),
		.state = SN_STATE_QUEUED,
	};
	SnId id;

	if (!recipients)
		return FALSE;
	if (mail) {
		sn_composer_suggest_subject(composer);
		entry.subject = sn_composer_text(composer, SN_FIELD_SUBJECT);
	}
	g_assert(recipients->len > 0 && plan->account && plan->from);
	if (terms->send_at && terms->send_at <= sn_app_now(app)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "The time it was to go at is over: "
		            ":send-at sets another, :send-at now sends it at once.");
		return FALSE;
	}
	sn_terms_apply(terms, app->settings->delivery_working_hours, sn_app_now(app), &entry);
	entry.encrypt = plan->encrypt;
	id = sn_outbox_queue(app->store, &entry, TRUE, error);
	if (!id)
		return FALSE;
	if (!sn_forward_done(app->store, composer->draft->forwards, error))
		return FALSE;
	if (sending->without && !sn_outbox_request(app->store, id, SN_REQUEST_SEND, error))
		return FALSE;
	queued(app, plan, id, entry.send_at);
	return TRUE;
}

static void send_now(SnApp *app, const SnPlan *plan, const Sending *sending)
{
	GError *error = NULL;
	gboolean mail = plan->channel == SN_CHANNEL_MAIL;

	if (!queue(app, plan, sending, &error)) {
		sn_app_error(app, error);
		return;
	}
	sn_composer_sent(app->composer);
	if (mail && app->pane == SN_PANE_COMPOSE)
		sn_app_focus(app, SN_PANE_TIMELINE);
	app->stale = TRUE;
	sn_timeline_refresh(app->timeline);
	sn_timeline_bottom(app->timeline);
}

static void send_step(SnApp *app, Sending *sending)
{
	const SnPlan *plan;

	if (app->composer->conversation != sending->conversation)
		return;
	if (sn_reattach_awaited(app->composer)) {
		sn_app_say(app, SN_OBJ_WARNING, "%s is still being fetched; :detach sends without it.",
		           sn_reattach_awaited(app->composer)->name);
		return;
	}
	plan = sn_composer_plan(app->composer);
	g_assert(plan);
	switch (plan->status) {
	case SN_PLAN_IMPOSSIBLE:
		sn_app_say(app, SN_OBJ_ERROR, "%s",
		           plan->text ? plan->text : "No account can send this.");
		return;
	case SN_PLAN_NEED_ADDRESS: ask_address(app, plan, sending); return;
	case SN_PLAN_NEED_CONFIRM: ask_confirm(app, plan, sending); return;
	case SN_PLAN_NEED_CHOICE:
		if (!sending->chosen && !sn_terms_wait(&app->composer->draft->terms)) {
			ask_choice(app, plan, sending);
			return;
		}
		break;
	case SN_PLAN_READY: break;
	}
	g_autofree char *large = sending->large_confirmed ? NULL : sn_send_too_large(app, plan);
	if (large) {
		ask_large(app, plan, sending, large);
		return;
	}
	if (plan->channel == SN_CHANNEL_MAIL && file_forgotten(app, sending)) {
		ask_files(app, sending);
		return;
	}
	if (plan->channel == SN_CHANNEL_MAIL && subject_forgotten(app, sending)) {
		ask_subject(app, sending);
		return;
	}
	send_now(app, plan, sending);
}

void sn_send(SnApp *app)
{
	Sending sending = { .conversation = app->composer->conversation };

	if (!app->composer->conversation)
		return;
	if (sn_composer_is_empty(app->composer)) {
		sn_app_say(app, SN_OBJ_WARNING, "There is nothing to send yet.");
		return;
	}
	sn_composer_save(app->composer);
	/* keys may have come in since */
	sn_composer_forget_plan(app->composer);
	send_step(app, &sending);
}
