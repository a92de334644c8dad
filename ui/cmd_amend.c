/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on IMs that have gone: another text, reactions, taking them back. */
#include <string.h>

#include "src/store/amend.h"
#include "src/store/outbox.h"
#include "src/text/text.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/editor.h"
#include "ui/prompt.h"
#include "ui/view.h"

static const struct {
	SnKey key;
	const char *sign;
} signs[] = {
	{ '1', "👍" }, { '2', "❤️" }, { '3', "😂" }, { '4', "😮" }, { '5', "😢" }, { '6', "🙏" },
};

/* The text of one's own that stands last; what is typed begins with it, whatever is selected. */
static SnId own_message(SnApp *app, GError **error)
{
	const SnMessage *message = sn_app_view(app) || app->pane == SN_PANE_COMPOSE
	                                   ? NULL
	                                   : sn_timeline_selected(app->timeline);

	if (message && message->direction == SN_OUT)
		return message->id;
	message = sn_timeline_last_own(app->timeline);
	if (!message)
		sn_command_fail(error, "There is no IM of yours here.");
	return message ? message->id : 0;
}

static gboolean queue(SnApp *app, SnId id, SnAmendKind kind, const char *text, GError **error)
{
	app->stale = TRUE;
	return sn_amend_queue(app->store, id, kind, text, !app->settings->im_keep_retracted, error);
}

/* ---- correct ---- */

static gboolean correct(SnApp *app, SnId id, const char *text, GError **error)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, id, SN_MESSAGE_FULL);
	g_autofree char *bare = g_strchomp(g_strdup(text));

	if (!message)
		return sn_command_fail(error, "It is no longer there.");
	if (!*bare)
		return sn_command_fail(error, "Nothing is left of it. :retract takes it back.");
	if (g_strcmp0(bare, message->body) == 0) {
		sn_app_say(app, SN_OBJ_FAINT, "It is as it was.");
		return TRUE;
	}
	if (!queue(app, id, SN_AMEND_CORRECTION, bare, error))
		return FALSE;
	sn_app_say(app, SN_OBJ_SUCCESS, "Corrected. Old programs show it as a new message.");
	return TRUE;
}

static void corrected(SnApp *app, const char *answer, gpointer data)
{
	const SnId *id = data;
	GError *error = NULL;

	if (answer && !correct(app, *id, answer, &error))
		sn_app_error(app, error);
}

static gboolean ask_text(SnApp *app, const SnMessage *message, GError **error)
{
	SnAskLine ask = { .label = "Correct: ", .initial = message->body, .done = corrected,
		          .data = g_memdup2(&message->id, sizeof message->id), .free = g_free };

	if (!message->body || !strchr(message->body, '\n')) {
		sn_prompt_line(app, &ask);
		return TRUE;
	}
	g_free(ask.data);
	g_autofree char *text = sn_editor_run(app, message->body, error);
	return text && correct(app, message->id, text, error);
}

static gboolean run_correct(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = own_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, SN_MESSAGE_FULL) : NULL;
	g_autoptr(SnOutboxEntry) entry =
		message && message->outbox ? sn_outbox_get(app->store, message->outbox, 0) : NULL;
	const char *why;

	if (!message)
		return FALSE;
	/* what waits is not corrected but changed: nobody has seen it */
	if (entry && sn_outbox_may(entry->state, SN_REQUEST_CANCEL) &&
	    entry->state != SN_STATE_SENDING)
		return sn_composer_take_back(app, entry->id, error);
	why = sn_amend_refusal(message, SN_AMEND_CORRECTION, sn_app_now(app));
	if (why)
		return sn_command_fail(error, "%s", why);
	if (argc == 0)
		return ask_text(app, message, error);
	g_autofree char *text = g_strjoinv(" ", argv);
	return correct(app, id, text, error);
}

/* ---- react ---- */

/* With the sign, or without it when it is there already. */
static char *toggled(const char *own, const char *sign)
{
	g_auto(GStrv) known = g_strsplit(own ? own : "", " ", SN_REACTIONS_MAX + 1);
	g_autoptr(GPtrArray) now = g_ptr_array_new();
	gboolean had = FALSE;

	for (char **one = known; *one; one++) {
		had |= strcmp(*one, sign) == 0;
		if (**one && strcmp(*one, sign) != 0)
			g_ptr_array_add(now, *one);
	}
	if (!had)
		g_ptr_array_add(now, (char *)sign);
	g_ptr_array_add(now, NULL);
	return g_strjoinv(" ", (char **)now->pdata);
}

static gboolean react(SnApp *app, SnId id, const char *word, GError **error)
{
	char *one[] = { (char *)word, NULL };
	g_autofree char *sign = sn_reactions_tidy(one);
	g_autofree char *own = sn_amend_own_reactions(app->store, id);
	gboolean none = strcmp(word, "none") == 0;

	if (!none && !*sign)
		return sn_command_fail(error, "A reaction is one emoji, or none.");
	g_autofree char *now = none ? g_strdup("") : toggled(own, sign);
	g_autoptr(SnMessage) message = sn_message_get(app->store, id, 0);
	if (!queue(app, id, SN_AMEND_REACTIONS, now, error))
		return FALSE;
	if (message && message->encrypted)
		sn_app_say(app, SN_OBJ_WARNING, "The reaction is not encrypted: servers can read it.");
	return TRUE;
}

static void reacted(SnApp *app, const char *answer, gpointer data)
{
	const SnId *id = data;
	GError *error = NULL;

	if (answer && *answer && !react(app, *id, answer, &error))
		sn_app_error(app, error);
}

static void choose_sign(SnApp *app, SnId id, gboolean encrypted)
{
	SnChoice choices[G_N_ELEMENTS(signs) + 1];

	for (gsize i = 0; i < G_N_ELEMENTS(signs); i++)
		choices[i] = (SnChoice){ signs[i].key, signs[i].sign, signs[i].sign };
	choices[G_N_ELEMENTS(signs)] = (SnChoice){ '0', "none", "none" };
	SnAsk ask = { .question = "React with? The same again takes it away; :react takes any emoji.",
		      .detail = encrypted ? "Reactions are not encrypted: servers can read them." : NULL,
		      .choices = choices, .count = G_N_ELEMENTS(choices), .done = reacted,
		      .data = g_memdup2(&id, sizeof id), .free = g_free };
	sn_prompt_ask(app, &ask);
}

static gboolean run_react(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, 0) : NULL;
	const char *why;

	if (!message)
		return FALSE;
	why = sn_amend_refusal(message, SN_AMEND_REACTIONS, sn_app_now(app));
	if (why)
		return sn_command_fail(error, "%s", why);
	if (argc > 0)
		return react(app, id, argv[0], error);
	choose_sign(app, id, message->encrypted);
	return TRUE;
}

/* ---- retract ---- */

static void retracted(SnApp *app, const char *answer, gpointer data)
{
	const SnId *id = data;
	GError *error = NULL;

	if (g_strcmp0(answer, "yes") != 0)
		return;
	if (!queue(app, *id, SN_AMEND_RETRACTION, NULL, &error))
		sn_app_error(app, error);
	else
		sn_app_say(app, SN_OBJ_SUCCESS, "Taken back, as far as their programs follow.");
}

static gboolean run_retract(SnApp *app, int argc, char **argv, GError **error)
{
	static const SnChoice choices[] = { { 'y', "yes, take it back", "yes" },
		                            { 'n', "no", "no" } };
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, 0) : NULL;
	const char *why;

	if (!message)
		return FALSE;
	why = sn_amend_refusal(message, SN_AMEND_RETRACTION, sn_app_now(app));
	if (why)
		return sn_command_fail(error, "%s", why);
	SnAsk ask = { .question = "Take this message back? Others may have read it, and may keep it.",
		      .choices = choices, .count = G_N_ELEMENTS(choices), .done = retracted,
		      .data = g_memdup2(&id, sizeof id), .free = g_free };
	sn_prompt_ask(app, &ask);
	return TRUE;
}

const SnCommand sn_commands_amend[] = {
	{ "correct", "[TEXT]", "change your last IM, or the selected one of yours", 0, NULL, 0, -1, run_correct },
	{ "react", "[EMOJI|none]", "react to the selected IM, or no longer", SN_COMPLETE_WORDS, "none 👍 ❤️ 😂 😮 😢 🙏", 0, 1, run_react },
	{ "retract", "", "take back the selected IM of yours", 0, NULL, 0, 0, run_retract },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
