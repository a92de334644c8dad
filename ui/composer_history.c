/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What travels along with the reply. It is chosen on the worker whenever the reply changes, because
 * a choice may look at thousands of messages; what was chosen before stays on the screen meanwhile.
 */
#include <string.h>

#include "ui/composer.h"
#include "ui/view.h"

/* A choice on its way. The composer and the worker share it; whoever is last frees it. */
typedef struct sn_choosing {
	gatomicrefcount refs;
	SnComposer *composer; /* UI thread only; NULL: nobody waits any more */
	SnHistoryRequest request;
	GArray *picked, *agreed;
	GPtrArray *recipients;
	SnHistory *chosen;
} Choosing;

static void choosing_unref(gpointer data)
{
	Choosing *choosing = data;

	if (!g_atomic_ref_count_dec(&choosing->refs))
		return;
	g_clear_pointer(&choosing->picked, g_array_unref);
	g_clear_pointer(&choosing->agreed, g_array_unref);
	g_clear_pointer(&choosing->recipients, g_ptr_array_unref);
	g_clear_pointer(&choosing->chosen, sn_history_free);
	g_free(choosing);
}

/* Nobody waits for the choice under way any more. */
static void let_go(SnComposer *composer)
{
	Choosing *choosing = g_steal_pointer(&composer->choosing);

	if (!choosing)
		return;
	choosing->composer = NULL;
	choosing_unref(choosing);
}

void sn_composer_forget_history(SnComposer *composer)
{
	let_go(composer);
	composer->history_stale = TRUE;
}

void sn_composer_history_clear(SnComposer *composer)
{
	let_go(composer);
	g_clear_pointer(&composer->history, sn_history_free);
	composer->history_stale = TRUE;
}

/* ---- for whom ---- */

static void party_free(gpointer data)
{
	SnParty *party = data;

	g_free(party->address);
	g_free(party->name);
	g_free(party);
}

static void add_typed(GPtrArray *recipients, SnRole role, const char *text, char **bad)
{
	g_auto(GStrv) words = g_strsplit_set(text, ",;", -1);

	for (char **word = words; *word; word++) {
		char *open = strrchr(g_strstrip(*word), '<'), *normal;
		if (!**word)
			continue;
		if (open)
			g_strdelimit(open, "<>", ' ');
		normal = sn_address_normalise(SN_CHANNEL_MAIL, g_strstrip(open ? open : *word));
		if (normal) {
			SnParty *party = g_new0(SnParty, 1);
			party->role = role;
			party->address = normal;
			g_ptr_array_add(recipients, party);
		} else if (bad && !*bad) {
			*bad = g_strdup(*word);
		}
	}
}

static void add_copies(SnComposer *composer, GPtrArray *recipients, char **bad)
{
	add_typed(recipients, SN_ROLE_CC, sn_composer_text(composer, SN_FIELD_CC), bad);
	add_typed(recipients, SN_ROLE_BCC, sn_composer_text(composer, SN_FIELD_BCC), bad);
}

GPtrArray *sn_composer_typed(SnComposer *composer, char **bad)
{
	GPtrArray *typed = g_ptr_array_new_with_free_func(party_free);

	add_copies(composer, typed, bad);
	return typed;
}

GPtrArray *sn_composer_recipients(SnComposer *composer, char **bad)
{
	const SnPlan *plan = sn_composer_plan(composer);
	GPtrArray *recipients = g_ptr_array_new_with_free_func(party_free);

	for (guint i = 0; plan && i < plan->recipients->len; i++) {
		const SnParty *from = g_ptr_array_index(plan->recipients, i);
		SnParty *party = g_new0(SnParty, 1);
		*party = (SnParty){ from->role, g_strdup(from->address), g_strdup(from->name) };
		g_ptr_array_add(recipients, party);
	}
	if (plan && plan->channel == SN_CHANNEL_MAIL)
		add_copies(composer, recipients, bad);
	return recipients;
}

/* ---- which ---- */

const char *sn_composer_history_spec(SnComposer *composer)
{
	const SnSettings *settings = composer->app->settings;
	const SnPlan *plan = sn_composer_plan(composer);

	if (composer->draft->history)
		return composer->draft->history;
	return plan && plan->switched ? settings->history_on_switch : settings->history_otherwise;
}

gboolean sn_composer_history_request(SnComposer *composer, SnHistoryRequest *request)
{
	SnApp *app = composer->app;
	const SnDraft *draft = composer->draft;
	g_autoptr(GError) error = NULL;

	if (!sn_composer_plan(composer))
		return FALSE;
	*request = (SnHistoryRequest){
		.conversation = composer->conversation,
		.reply_to = draft->reply_to,
		.picked = draft->picked,
		.agreed = draft->agreed,
		.with_attachments = app->settings->history_attachments,
		.max_size = app->settings->history_max_size,
	};
	if (sn_history_parse(sn_composer_history_spec(composer), app->clock, &request->spec, &error))
		return TRUE;
	sn_app_say(app, SN_OBJ_ERROR, "%s", error->message);
	return FALSE;
}

static GArray *copy_ids(const GArray *ids)
{
	return ids ? g_array_copy((GArray *)ids) : NULL;
}

static void take(SnComposer *composer, SnHistory *history)
{
	g_clear_pointer(&composer->history, sn_history_free);
	composer->history = history;
	composer->history_stale = FALSE;
	sn_app_dirty(composer->app);
}

static void choose_run(SnStore *store, gpointer data)
{
	Choosing *choosing = data;

	if (store)
		choosing->chosen = sn_history_choose(store, &choosing->request);
}

static void choose_done(gpointer data)
{
	Choosing *choosing = data;
	SnComposer *composer = choosing->composer;

	if (!composer)
		return;
	g_assert(composer->choosing == choosing);
	let_go(composer);
	take(composer, g_steal_pointer(&choosing->chosen));
	if (sn_app_view(composer->app))
		sn_view_stale(sn_app_view(composer->app));
}

static void choose_on_worker(SnComposer *composer, const SnHistoryRequest *request)
{
	Choosing *choosing = g_new0(Choosing, 1);

	*choosing = (Choosing){ .composer = composer,
		                .request = *request,
		                .picked = copy_ids(request->picked),
		                .agreed = copy_ids(request->agreed),
		                .recipients = sn_composer_recipients(composer, NULL) };
	choosing->request.picked = choosing->picked;
	choosing->request.agreed = choosing->agreed;
	choosing->request.recipients = choosing->recipients;
	g_atomic_ref_count_init(&choosing->refs);
	g_atomic_ref_count_inc(&choosing->refs);
	composer->choosing = choosing;
	sn_worker_run(composer->app->worker,
	              &(SnJob){ choose_run, choose_done, choosing_unref, choosing });
}

const SnHistory *sn_composer_history(SnComposer *composer)
{
	SnHistoryRequest request;

	if (!composer->history_stale || composer->choosing || !composer->conversation)
		return composer->history;
	if (!sn_composer_history_request(composer, &request))
		return NULL;
	if (request.spec.kind == SN_HISTORY_NONE)
		take(composer, sn_history_choose(composer->app->store, &request));
	else
		choose_on_worker(composer, &request);
	return composer->history;
}

const SnHistory *sn_composer_history_now(SnComposer *composer)
{
	SnHistoryRequest request;
	g_autoptr(GPtrArray) recipients = NULL;

	if (!composer->history_stale || !composer->conversation || !sn_composer_history_request(composer, &request))
		return composer->history_stale ? NULL : composer->history;
	recipients = sn_composer_recipients(composer, NULL);
	request.recipients = recipients;
	let_go(composer);
	take(composer, sn_history_choose(composer->app->store, &request));
	return composer->history;
}

static void set_spec(SnDraft *draft, const char *spec)
{
	g_free(draft->history);
	draft->history = spec && *spec ? g_strdup(spec) : NULL;
}

void sn_composer_set_history(SnComposer *composer, const char *spec, GArray *picked)
{
	set_spec(composer->draft, spec);
	if (composer->draft->picked != picked) {
		g_clear_pointer(&composer->draft->picked, g_array_unref);
		composer->draft->picked = picked ? g_array_ref(picked) : NULL;
	}
	sn_composer_changed(composer);
}

void sn_composer_agree(SnComposer *composer, SnId message, gboolean yes)
{
	SnDraft *draft = composer->draft;

	if (!draft->agreed)
		draft->agreed = g_array_new(FALSE, FALSE, sizeof(SnId));
	for (guint i = draft->agreed->len; i > 0; i--)
		if (g_array_index(draft->agreed, SnId, i - 1) == message)
			g_array_remove_index(draft->agreed, i - 1);
	if (yes)
		g_array_append_val(draft->agreed, message);
	sn_composer_changed(composer);
}
