/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * own_answers.c - availability questions of others, answered by the user's rules.
 *
 * Only contacts of the roster get such an answer, only to a question that offers now, later and
 * email, and only so often. An answer offers nothing itself, so that two programs with rules do
 * not go on for ever. It waits for a moment: another device of the user's may be faster.
 */
#include <string.h>

#include "src/engine/answers.h"
#include "src/engine/sync_private.h"
#include "src/route/policy.h"
#include "src/route/question.h"

enum { PER_CONTACT = 3, FOR_ALL = 20 }; /* in an hour */
#define FRESH (10 * SN_MINUTE)          /* an older one is shown, not answered by itself */
#define PAUSE_MIN 1000
#define PAUSE_MAX 3000

gboolean sn_own_question_ignored(const SnEngine *engine, SnId sender, char *const *values)
{
	g_autoptr(SnAddress) address =
		sn_answer_is_question(values) ? sn_address_get(engine->store, sender) : NULL;

	return address && sn_policy_questions(engine->store, engine->config, address->person, NULL) ==
	                          SN_QUESTION_IGNORE;
}

gboolean sn_own_question_note(SnStore *store, SnId question, char *const *values, GError **error)
{
	return !sn_answer_is_question(values) ||
	       sn_question_set_availability(store, question, error);
}

static SnAnswer answer_of(SnQuestionRule rule, gboolean away)
{
	switch (rule) {
	case SN_QUESTION_NOW: return SN_ANSWER_NOW;
	case SN_QUESTION_LATER: return SN_ANSWER_LATER;
	case SN_QUESTION_MAIL: return SN_ANSWER_MAIL;
	case SN_QUESTION_LATER_WHEN_AWAY: return away ? SN_ANSWER_LATER : SN_ANSWER_NONE;
	case SN_QUESTION_MAIL_WHEN_AWAY: return away ? SN_ANSWER_MAIL : SN_ANSWER_NONE;
	case SN_QUESTION_DEFAULT:
	case SN_QUESTION_ASK:
	case SN_QUESTION_IGNORE:
	case SN_QUESTION_RULE_COUNT: return SN_ANSWER_NONE;
	}
	g_assert_not_reached();
}

static gboolean too_often(SnStore *store, SnId conversation, SnTime now)
{
	return sn_questions_by_rule(store, conversation, now - SN_HOUR) >= PER_CONTACT ||
	       sn_questions_by_rule(store, 0, now - SN_HOUR) >= FOR_ALL;
}

void sn_own_question_answer(SnEngineAccount *account, const SnMessage *message)
{
	SnEngine *engine = account->engine;
	SnTime now = sn_clock_now(engine->clock);
	SnId id = sn_question_of(engine->store, message->id);
	g_autoptr(SnQuestion) question = id ? sn_question_get(engine->store, id) : NULL;
	g_autofree char *origin = NULL;
	g_autoptr(GError) error = NULL;

	if (!question || !question->availability || question->answered ||
	    now - message->time > FRESH)
		return;
	g_autoptr(SnAddress) sender = sn_address_get(engine->store, message->sender);
	if (!sender || !sn_roster_get(engine->store, sender->id, NULL, NULL, NULL))
		return;
	SnQuestionRule rule =
		sn_policy_questions(engine->store, engine->config, sender->person, &origin);
	SnAnswer answer = answer_of(
		rule, sn_question_user_is_away(engine->store, account->config->name));
	const char *value = sn_answer_among(question->values, answer);
	if (answer == SN_ANSWER_NONE || !value)
		return;
	if (too_often(engine->store, question->conversation, now)) {
		g_info("%s: asked too often; no answer by rule", account->config->name);
		return;
	}
	SnTime pause = engine->setup.grace ? engine->setup.grace
	                                   : g_rand_int_range(engine->random, PAUSE_MIN, PAUSE_MAX);
	if (!sn_question_reply(engine->store, engine->config, question, value, origin, now + pause,
	                       &error))
		g_warning("%s: %s", account->config->name, error->message);
	sn_engine_wake(engine);
}

/* ---- answered on another device ---- */

static gboolean answers(const SnQuestion *question, const SnMessage *asked, const SnImMessage *im)
{
	const char *text = im->body_fallback_free ? im->body_fallback_free : im->body;

	if (im->reply_id)
		return asked && !g_strcmp0(im->reply_id, asked->origin_id);
	for (gsize i = 0; text && question->values[i]; i++)
		if (g_ascii_strcasecmp(question->values[i], text) == 0)
			return TRUE;
	return question->availability && sn_answer_parse(text) != SN_ANSWER_NONE;
}

void sn_own_question_elsewhere(SnEngineAccount *account, const SnMessage *message,
                               const SnImMessage *im)
{
	SnStore *store = account->engine->store;
	g_autoptr(GPtrArray) open = sn_question_list(store, message->conversation);
	g_autoptr(GArray) pending = sn_questions_pending(store, message->conversation);
	const char *text = im->body_fallback_free ? im->body_fallback_free : im->body;

	for (guint i = 0; i < open->len; i++) {
		const SnQuestion *question = open->pdata[i];
		g_autoptr(SnMessage) asked = sn_message_get(store, question->message, 0);
		if (answers(question, asked, im))
			sn_question_answered(store, question->id, text, 0, NULL);
	}
	/* a rule's answer that has not gone is not needed any more */
	for (guint i = 0; i < pending->len && sn_answer_parse(text) != SN_ANSWER_NONE; i++)
		sn_outbox_request(store, g_array_index(pending, SnId, i), SN_REQUEST_CANCEL, NULL);
	if (pending->len)
		sn_engine_wake(account->engine);
}
