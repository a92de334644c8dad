/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/question.h"

#include "src/route/policy.h"
#include "src/route/question.h"
#include "src/store/wish.h"
#include "ui/prompt.h"
#include "ui/room.h"
#include "ui/words.h"

#define ALWAYS "always"
enum { CHOICES_MAX = 8 };

gboolean sn_question_send(SnApp *app, const SnQuestion *question, const char *value, GError **error)
{
	g_autoptr(GError) problem = NULL;
	gboolean settled;

	app->stale = TRUE;
	if (g_str_has_prefix(value, "wish:")) {
		settled = sn_question_answer(app->store, question, value, &problem);
		if (problem)
			g_propagate_error(error, g_steal_pointer(&problem));
		if (settled)
			sn_room_answered(app, question, value);
		if (settled || (error && *error))
			return settled; /* a question of the engine: it acts by itself */
	}
	return sn_question_reply(app->store, app->config, question, value, NULL, 0, error) != 0;
}

/* "Email, and always when I am away": says so, and lets the rule answer from now on. */
static gboolean answer_always(SnApp *app, const SnQuestion *question, GError **error)
{
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(app->store, question->conversation);

	return conversation && conversation->person &&
	       sn_policy_set(app->store, conversation->person, "answer=mail-when-away", error) &&
	       sn_question_send(app, question, "always email", error);
}

static void answered(SnApp *app, const char *answer, gpointer data)
{
	g_autoptr(SnQuestion) question = sn_question_get(app->store, *(SnId *)data);
	GError *error = NULL;

	if (!answer || !question || question->answered)
		return;
	if (g_str_equal(answer, ALWAYS) ? !answer_always(app, question, &error)
	                                : !sn_question_send(app, question, answer, &error)) {
		if (error)
			sn_app_error(app, error);
		return;
	}
	sn_app_say(app, SN_OBJ_SUCCESS, "Answered.");
}

static void ask(SnApp *app, const SnQuestion *question, const SnConversation *conversation)
{
	SnChoice choices[CHOICES_MAX + 1];
	gsize count = 0;
	g_autofree char *age = sn_words_relative(question->time, sn_app_now(app));
	g_autofree char *text = g_strdup_printf("%s asked %s: %s", conversation->title, age,
	                                        question->question);
	SnAsk prompt = { .question = text, .choices = choices, .done = answered,
		         .data = g_memdup2(&question->id, sizeof question->id), .free = g_free };

	for (; question->values[count] && count < CHOICES_MAX; count++)
		choices[count] = (SnChoice){ (SnKey)('1' + count), question->labels[count],
			                     question->values[count] };
	if (conversation->person)
		choices[count++] = (SnChoice){ 'a', "Email, and so always when I am away", ALWAYS };
	prompt.count = count;
	sn_prompt_ask(app, &prompt);
}

/* "alice@example.org asks to see when you are online" (the engine's own question) */
static gboolean is_contact_request(SnApp *app, const SnQuestion *question)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, question->message, 0);

	return message && message->origin_id && g_str_has_prefix(message->origin_id, "wish:contact:") &&
	       message->notice != NULL;
}

static void ask_contact(SnApp *app, const SnQuestion *question)
{
	static const SnKey keys[] = { 'y', 'n', 'b' };
	static const char *const labels[] = { "yes, and ask to see theirs", "no", "block them" };
	SnChoice choices[G_N_ELEMENTS(keys)];
	SnAsk prompt = { .question = question->question, .choices = choices, .done = answered,
		         .data = g_memdup2(&question->id, sizeof question->id), .free = g_free };

	for (; prompt.count < G_N_ELEMENTS(keys) && question->values[prompt.count]; prompt.count++)
		choices[prompt.count] = (SnChoice){ keys[prompt.count], labels[prompt.count],
			                            question->values[prompt.count] };
	sn_prompt_ask(app, &prompt);
}

void sn_question_offer(SnApp *app)
{
	const SnQuestion *question = sn_timeline_question(app->timeline);
	const SnConversation *conversation = sn_timeline_conversation(app->timeline);

	if (!question || !conversation || app->prompt || sn_app_view(app) ||
	    app->pane != SN_PANE_TIMELINE || question->id <= app->offered)
		return;
	gboolean contact = !question->availability && is_contact_request(app, question);
	if (!question->availability && !contact)
		return;
	app->offered = question->id;
	if (contact)
		ask_contact(app, question);
	else
		ask(app, question, conversation);
}
