/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that are passed on: forwarded in a draft, or sent on as they are. */
#include <string.h>

#include "src/route/forward.h"
#include "src/route/resend.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/prompt.h"
#include "ui/reattach.h"
#include "ui/view.h"

typedef struct {
	GArray *ids; /* of SnId */
	gboolean whole;
	char *who;   /* NULL: to be asked */
} Passing;

static Passing *passing_new(const Passing *from)
{
	Passing *passing = g_new0(Passing, 1);

	*passing = (Passing){ g_array_ref(from->ids), from->whole, g_strdup(from->who) };
	return passing;
}

static void passing_free(gpointer data)
{
	Passing *passing = data;

	g_array_unref(passing->ids);
	g_free(passing->who);
	g_free(passing);
}

/* The message in view, the marked ones, or the selected one; NULL with error. */
static GArray *chosen(SnApp *app, GError **error)
{
	g_autoptr(GArray) ids = NULL;
	SnId one;

	if (!sn_app_view(app))
		ids = sn_timeline_chosen(app->timeline);
	if (ids && ids->len)
		return g_steal_pointer(&ids);
	one = sn_command_message(app, error);
	if (!one)
		return NULL;
	g_clear_pointer(&ids, g_array_unref);
	ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_array_append_val(ids, one);
	return g_steal_pointer(&ids);
}

/* ---- forwarding ---- */

static void take_over(SnComposer *composer, const SnForward *forward)
{
	SnDraft *draft = composer->draft;
	g_autofree char *body = *forward->text ? g_strconcat("\n\n", forward->text, NULL) : g_strdup("");

	draft->reply_to = 0;
	if (draft->forwards)
		g_array_unref(draft->forwards);
	draft->forwards = g_array_ref(forward->messages);
	/* what is forwarded is all that goes along */
	sn_composer_set_history(composer, "none", NULL);
	if (forward->mails) {
		sn_composer_set_mode(composer, SN_MODE_MAIL);
		if (sn_composer_plan(composer)->status == SN_PLAN_NEED_ADDRESS)
			sn_composer_set_mode(composer, SN_MODE_AUTO);
	}
	if (sn_composer_channel(composer) == SN_CHANNEL_MAIL)
		sn_composer_set_field(composer, SN_FIELD_SUBJECT, forward->subject);
	sn_composer_set_field(composer, SN_FIELD_BODY, body);
	composer->fields[SN_FIELD_BODY]->cursor = 0;
	composer->field = SN_FIELD_BODY;
	for (guint i = 0; i < forward->files->len; i++) {
		const SnForwardFile *file = forward->files->pdata[i];
		sn_reattach(composer->app, file->message, file->position);
	}
	sn_composer_changed(composer);
}

/* The first of several is whose conversation it is; the others get a copy. */
static gboolean forward_to(SnApp *app, const Passing *passing, GError **error)
{
	g_autoptr(SnForward) forward =
		sn_forward_make(app->store, passing->ids, passing->whole, error);
	g_auto(GStrv) who = g_strsplit(passing->who, ",", 2);

	if (!forward || !sn_compose_to(app, who[0], error))
		return FALSE;
	if (!sn_composer_is_empty(app->composer))
		return sn_command_fail(error, "Send or :discard the draft that is there first.");
	take_over(app->composer, forward);
	if (who[1] && *g_strstrip(who[1]))
		sn_composer_set_field(app->composer, SN_FIELD_CC, who[1]);
	sn_timeline_clear_marks(app->timeline);
	return TRUE;
}

static void forward_answered(SnApp *app, const char *answer, gpointer data)
{
	Passing *passing = data;
	GError *error = NULL;

	g_free(passing->who);
	passing->who = answer ? g_strstrip(g_strdup(answer)) : NULL;
	if (passing->who && *passing->who && !forward_to(app, passing, &error))
		sn_app_error(app, error);
}

static GPtrArray *complete_last(SnApp *app, const char *line, gsize *start)
{
	const char *comma = strrchr(line, ',');
	const char *word = comma ? comma + 1 + strspn(comma + 1, " ") : line;

	*start = (gsize)(word - line);
	return sn_complete_person(app, word);
}

static gboolean ask_whom(SnApp *app, const Passing *passing, GError **error)
{
	SnAskLine ask = { .label = "Forward to: ", .complete = complete_last,
		          .done = forward_answered, .data = NULL, .free = passing_free };

	if (passing->who)
		return forward_to(app, passing, error);
	ask.data = passing_new(passing);
	sn_prompt_line(app, &ask);
	return TRUE;
}

static void secret_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;

	if (g_strcmp0(answer, "yes") == 0 && !ask_whom(app, data, &error))
		sn_app_error(app, error);
}

static gboolean ask_secret(SnApp *app, const Passing *passing)
{
	static const SnChoice choices[] = { { 'y', "forward it readable", "yes" },
		                            { 'n', "do not forward it", "no" } };
	SnAsk ask = { .question = "It came encrypted. Forwarded, others can read it on the way.",
		      .choices = choices, .count = 2, .done = secret_answered,
		      .data = passing_new(passing), .free = passing_free };

	sn_prompt_ask(app, &ask);
	return TRUE;
}

static gboolean run_forward(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(GArray) ids = chosen(app, error);
	gboolean word = argc > 0 && (g_str_has_prefix(argv[0], "attachment") ||
	                             g_str_has_prefix(argv[0], "inline"));
	Passing passing = { .ids = ids };
	g_autoptr(SnForward) look = NULL;
	const char *rest = argc > 0 ? argv[0] : NULL;

	if (!ids)
		return FALSE;
	if (word) {
		passing.whole = *rest == 'a';
		rest = strchr(rest, ' ');
		rest = rest ? rest + strspn(rest, " ") : NULL;
	}
	passing.who = (char *)rest;
	look = sn_forward_make(app->store, ids, passing.whole, error);
	if (!look)
		return FALSE;
	return look->encrypted && !passing.whole ? ask_secret(app, &passing)
	                                         : ask_whom(app, &passing, error);
}

/* ---- sending on as it is ---- */

static gboolean bounce_all(SnApp *app, const Passing *passing, GError **error)
{
	g_auto(GStrv) to = sn_resend_addresses(passing->who, error);
	SnTime delay = app->settings->delivery_undo_mail;
	SnResend resend = { .to = (const char *const *)to,
		            .send_at = delay > 0 ? sn_app_now(app) + delay : 0 };

	for (guint i = 0; to && i < passing->ids->len; i++) {
		resend.message = g_array_index(passing->ids, SnId, i);
		SnId entry = sn_resend(app->store, app->config, &resend, error);
		if (!entry)
			return FALSE;
		app->undo_entry = entry;
		app->undo_until = MAX(resend.send_at, sn_app_now(app));
	}
	if (!to)
		return FALSE;
	if (delay > 0)
		sn_app_set_timer(app, SN_TIMER_UNDO, sn_app_now(app) + 1);
	sn_timeline_clear_marks(app->timeline);
	app->stale = TRUE;
	sn_app_say(app, SN_OBJ_SUCCESS, "Sent on to %s; the outbox tells what becomes of it.",
	           passing->who);
	return TRUE;
}

static void bounce_confirmed(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;

	if (g_strcmp0(answer, "yes") == 0 && !bounce_all(app, data, &error))
		sn_app_error(app, error);
}

static gboolean confirm_bounce(SnApp *app, const Passing *passing, GError **error)
{
	static const SnChoice choices[] = { { 'y', "send it on", "yes" }, { 'n', "do not", "no" } };
	g_auto(GStrv) to = sn_resend_addresses(passing->who, error);
	g_autofree char *list = to ? g_strjoinv(", ", to) : NULL;
	g_autofree char *question = NULL;
	SnAsk ask = { .detail = "It goes under its author's name; answers go to its author.",
		      .choices = choices, .count = 2, .done = bounce_confirmed,
		      .free = passing_free };

	if (!to)
		return FALSE;
	question = passing->ids->len > 1
	                   ? g_strdup_printf("Send %u messages on to %s as they are?",
	                                     passing->ids->len, list)
	                   : g_strdup_printf("Send this message on to %s as it is?", list);
	ask.question = question;
	ask.data = passing_new(passing);
	sn_prompt_ask(app, &ask);
	return TRUE;
}

static void bounce_answered(SnApp *app, const char *answer, gpointer data)
{
	Passing *passing = data;
	GError *error = NULL;

	g_free(passing->who);
	passing->who = answer ? g_strstrip(g_strdup(answer)) : NULL;
	if (passing->who && *passing->who && !confirm_bounce(app, passing, &error))
		sn_app_error(app, error);
}

static gboolean all_emails(SnApp *app, const GArray *ids)
{
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(SnMessage) message =
			sn_message_get(app->store, g_array_index(ids, SnId, i), 0);
		if (!message || message->channel != SN_CHANNEL_MAIL)
			return FALSE;
	}
	return TRUE;
}

static gboolean run_bounce(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(GArray) ids = chosen(app, error);
	Passing passing = { .ids = ids, .who = argc ? argv[0] : NULL };
	SnAskLine ask = { .label = "Send on to: ", .complete = complete_last,
		          .done = bounce_answered, .free = passing_free };

	if (!ids)
		return FALSE;
	if (!all_emails(app, ids))
		return sn_command_fail(error, "Only emails can be sent on as they are; an IM can be forwarded.");
	if (argc)
		return confirm_bounce(app, &passing, error);
	ask.data = passing_new(&passing);
	sn_prompt_line(app, &ask);
	return TRUE;
}

const SnCommand sn_commands_forward[] = {
	{ "forward", "[inline|attachment] [WHO]", "pass the selected or marked messages on, in a draft",
	  SN_COMPLETE_PERSON, NULL, 0, -1, run_forward },
	{ "bounce", "[ADDRESS]", "send the selected or marked emails on as they are",
	  SN_COMPLETE_PERSON, NULL, 0, -1, run_bounce },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
