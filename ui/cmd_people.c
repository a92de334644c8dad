/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that bring people together and take them apart; all of them can be undone. */
#include <string.h>

#include "ui/command.h"
#include "ui/composer.h"
#include "ui/prompt.h"
#include "ui/view.h"

static SnView *person_view(SnApp *app, GError **error)
{
	SnView *view = sn_app_view(app);

	if (view && view->ops == &sn_view_person)
		return view;
	sn_command_fail(error, "Open the person first; p shows them.");
	return NULL;
}

static void changed(SnApp *app)
{
	app->stale = TRUE;
	sn_composer_forget_plan(app->composer);
}

static gboolean merge_with(SnApp *app, SnView *view, const char *who, GError **error)
{
	g_autoptr(GPtrArray) found = sn_person_find(app->store, who);
	g_autoptr(SnPerson) person = sn_person_get(app->store, view->subject);

	if (!person)
		return sn_command_fail(error, "This person is no longer there.");
	if (!found || found->len == 0)
		return sn_command_fail(error, "Nobody here is called '%s'.", who);
	if (found->len > 1)
		return sn_command_fail(error, "'%s' is in the names of %u people; type an address.", who,
		                       found->len);
	const SnPerson *other = g_ptr_array_index(found, 0);
	if (!sn_people_merge(app->store, person->id, other->id, error))
		return FALSE;
	changed(app);
	sn_app_say(app, SN_OBJ_SUCCESS, "%s and %s are one person now; u takes it back.",
	           other->name, person->name);
	return TRUE;
}

static void merge_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	SnView *view = answer && *answer ? person_view(app, &error) : NULL;

	if (answer && *answer && (!view || !merge_with(app, view, answer, &error)))
		sn_app_error(app, error);
}

static GPtrArray *complete_person(SnApp *app, const char *line, gsize *start)
{
	*start = 0;
	return sn_complete_person(app, line);
}

static gboolean run_merge(SnApp *app, int argc, char **argv, GError **error)
{
	SnView *view = person_view(app, error);
	SnAskLine ask = { .label = "The same person as (name or address): ",
		          .complete = complete_person, .done = merge_answered };

	if (!view)
		return FALSE;
	if (argc)
		return merge_with(app, view, argv[0], error);
	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean run_mark_address(SnApp *app, int argc, char **argv, GError **error)
{
	SnView *view = person_view(app, error);
	gint64 id = view ? sn_page_selected(view->page) : 0;

	if (!view)
		return FALSE;
	if (id <= 0)
		return sn_command_fail(error, "Select an address first.");
	sn_person_toggle_mark(view, id);
	sn_view_stale(view);
	sn_app_dirty(app);
	return TRUE;
}

static gboolean run_split(SnApp *app, int argc, char **argv, GError **error)
{
	SnView *view = person_view(app, error);
	g_autoptr(GArray) ids = view ? sn_person_marked(view) : NULL;
	SnId out = 0;

	if (!view)
		return FALSE;
	if (!sn_people_split(app->store, view->subject, (SnId *)(gpointer)ids->data, ids->len, &out,
	                     error))
		return FALSE;
	sn_person_forget_marks(view);
	changed(app);
	g_autoptr(SnPerson) person = sn_person_get(app->store, out);
	sn_app_say(app, SN_OBJ_SUCCESS, "%s is a person of its own now; u takes it back.",
	           person ? person->name : "It");
	return TRUE;
}

static gboolean run_undo_person(SnApp *app, int argc, char **argv, GError **error)
{
	g_autofree char *what = NULL;

	if (!sn_map_undo(app->store, &what, error))
		return FALSE;
	changed(app);
	sn_app_say(app, SN_OBJ_SUCCESS, "Taken back: %s.", what);
	return TRUE;
}

const SnCommand sn_commands_people[] = {
	{ "merge", "[WHO]", "the person is the same as another", SN_COMPLETE_PERSON, NULL, 0, -1, run_merge },
	{ "mark-address", "", "mark the address for a split", 0, NULL, 0, 0, run_mark_address },
	{ "split", "", "the marked addresses, or the selected one, are somebody else", 0, NULL, 0, 0, run_split },
	{ "undo-person", "", "take back the last change of people, addresses, names and rules", 0, NULL, 0, 0, run_undo_person },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
