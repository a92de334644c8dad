/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/triage.h"

enum { AT_ONCE = 100 }; /* emails between two looks at the keyboard */

struct sn_triage_run {
	GArray *ids; /* of SnId */
	guint next;
	SnId folder, change;
	SnTriage what;
	char *add, *drop, *move_to, *copy_to; /* of `what` */
	char *said;
};

static void run_free(SnTriageRun *run)
{
	g_array_unref(run->ids);
	g_free(run->add);
	g_free(run->drop);
	g_free(run->move_to);
	g_free(run->copy_to);
	g_free(run->said);
	g_free(run);
}

static void say_done(SnApp *app, const SnTriageRun *run)
{
	const char *contexts[] = { "global", NULL };
	g_autofree char *keys = sn_binds_keys_of(app->binds, contexts, "undo");
	g_autofree char *many = g_strdup_printf("%u emails", run->ids->len);

	sn_app_say(app, SN_OBJ_SUCCESS, "%s %s.%s%s%s", run->ids->len == 1 ? "The email is" : many,
	           run->said, keys ? " " : "", keys ? keys : "", keys ? " takes it back." : "");
}

/* One transaction, so that a few hundred rows are written once. */
static gboolean do_some(SnApp *app, SnTriageRun *run, GError **error)
{
	guint end = MIN(run->next + AT_ONCE, run->ids->len);

	if (!sn_store_begin(app->store, error))
		return FALSE;
	for (; run->next < end; run->next++)
		if (!sn_triage_do(app->store, run->change, g_array_index(run->ids, SnId, run->next),
		                  run->folder, &run->what, error)) {
			if (error && *error && (*error)->code == SN_ERROR_NOT_FOUND) {
				g_clear_error(error); /* somebody else deleted it */
				continue;
			}
			sn_store_rollback(app->store);
			return FALSE;
		}
	return sn_store_commit(app->store, error);
}

void sn_triage_turn(SnApp *app)
{
	SnTriageRun *run = app->triage;
	GError *error = NULL;

	app->timers[SN_TIMER_TRIAGE] = 0;
	if (!run)
		return;
	g_assert(run->next < run->ids->len);
	app->stale = TRUE;
	if (do_some(app, run, &error) && run->next < run->ids->len) {
		sn_app_say(app, SN_OBJ_STATE_PENDING, "%u of %u ...", run->next, run->ids->len);
		sn_app_set_timer(app, SN_TIMER_TRIAGE, sn_app_now(app));
		return;
	}
	app->triage = NULL;
	if (error)
		sn_app_error(app, error);
	else
		say_done(app, run);
	run_free(run);
}

void sn_triage_finish(SnApp *app)
{
	while (app->triage)
		sn_triage_turn(app);
}

gboolean sn_triage_run(SnApp *app, GArray *ids, SnId folder, const SnTriage *what, const char *said,
                       GError **error)
{
	g_autoptr(GArray) own = ids;
	SnTriageRun *run;
	SnId change;

	g_assert(ids->len > 0);
	if (app->triage) {
		g_set_error(error, SN_ERROR, SN_ERROR_BUSY, "The one before is not finished yet.");
		return FALSE;
	}
	change = sn_triage_begin(app->store, said, error);
	if (!change)
		return FALSE;
	run = g_new0(SnTriageRun, 1);
	run->ids = g_steal_pointer(&own);
	run->folder = folder;
	run->change = change;
	run->add = g_strdup(what->add);
	run->drop = g_strdup(what->drop);
	run->move_to = g_strdup(what->move_to);
	run->copy_to = g_strdup(what->copy_to);
	run->said = g_strdup(said);
	run->what = (SnTriage){ what->set, what->clear, run->add, run->drop,
		                run->move_to, run->copy_to, what->destroy };
	app->triage = run;
	sn_triage_turn(app);
	return TRUE;
}

gboolean sn_triage_take_back(SnApp *app, GError **error)
{
	SnUndo undo;

	sn_triage_finish(app);
	if (!sn_triage_undo(app->store, &undo, error))
		return FALSE;
	app->stale = TRUE;
	if (undo.left == 0)
		sn_app_say(app, SN_OBJ_SUCCESS, "Taken back: %d %s no longer %s.", undo.undone,
		           undo.undone == 1 ? "email is" : "emails are", undo.what);
	else if (undo.undone)
		sn_app_say(app, SN_OBJ_WARNING,
		           "Taken back for %d; %d cannot be: deleted for good, or moved by another program.",
		           undo.undone, undo.left);
	else
		sn_app_say(app, SN_OBJ_WARNING, "This cannot be taken back any more: %s for good, or moved "
		                                "by another program meanwhile.", undo.what);
	sn_undo_clear(&undo);
	return TRUE;
}
