/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that do something to the selected or marked emails: of a folder's list, of the timeline,
 * or the one that is shown. */
#include <string.h>

#include "ui/command.h"
#include "ui/index.h"
#include "ui/prompt.h"
#include "ui/triage.h"
#include "ui/view.h"

static gboolean on_index(SnApp *app)
{
	const SnView *view = sn_app_view(app);

	return view && view->ops == &sn_view_index;
}

static gboolean is_mail(SnApp *app, SnId id)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, id, 0);

	return message && message->channel == SN_CHANNEL_MAIL;
}

static void keep_mails(SnApp *app, GArray *ids)
{
	guint kept = 0;

	for (guint i = 0; i < ids->len; i++)
		if (is_mail(app, g_array_index(ids, SnId, i)))
			g_array_index(ids, SnId, kept++) = g_array_index(ids, SnId, i);
	g_array_set_size(ids, kept);
}

/* The emails meant now; NULL with an error when there is none. */
static GArray *chosen(SnApp *app, GError **error)
{
	GArray *ids = NULL;

	if (on_index(app)) {
		ids = sn_index_chosen(sn_index_of(app));
	} else if (sn_app_view(app)) {
		SnId id = sn_command_message(app, error);
		if (!id)
			return NULL;
		ids = g_array_new(FALSE, FALSE, sizeof(SnId));
		g_array_append_val(ids, id);
		keep_mails(app, ids);
	} else {
		ids = sn_timeline_chosen(app->timeline);
		keep_mails(app, ids);
	}
	if (ids->len)
		return ids;
	g_array_unref(ids);
	sn_command_fail(error, "No email is selected. Only emails can be changed: an IM stays on its server.");
	return NULL;
}

/* In which folder's list they are chosen; 0: everywhere. */
static SnId folder_of(SnApp *app)
{
	return on_index(app) || (sn_app_view(app) && sn_index_of(app))
	               ? sn_index_order(sn_index_of(app))->folder
	               : 0;
}

/* leaves: what is done to it takes it out of sight here. */
static gboolean run_on(SnApp *app, const SnTriage *what, const char *said, gboolean leaves,
                       GError **error)
{
	GArray *ids = chosen(app, error);
	SnView *view = sn_app_view(app);

	if (!ids || !sn_triage_run(app, ids, folder_of(app), what, said, error))
		return FALSE;
	if (on_index(app))
		sn_index_clear_marks(sn_index_of(app));
	else
		sn_timeline_clear_marks(app->timeline);
	if (leaves && view && view->ops == &sn_view_message)
		sn_view_close(app);
	return TRUE;
}

/* ---- read, flagged, tagged ---- */

/* Whether all that is chosen has the flag. */
static gboolean all_have(SnApp *app, guint flag)
{
	g_autoptr(GArray) ids = chosen(app, NULL);
	gboolean all = ids != NULL;

	for (guint i = 0; ids && i < ids->len && all; i++) {
		g_autoptr(SnMessage) message =
			sn_message_get(app->store, g_array_index(ids, SnId, i), 0);
		all = message && message->flags & flag;
	}
	return all;
}

static gboolean run_read(SnApp *app, int argc, char **argv, GError **error)
{
	return run_on(app, &(SnTriage){ .set = SN_FLAG_SEEN }, "marked as read", FALSE, error);
}

static gboolean run_unread(SnApp *app, int argc, char **argv, GError **error)
{
	return run_on(app, &(SnTriage){ .clear = SN_FLAG_SEEN }, "marked as unread", FALSE, error);
}

static gboolean run_toggle_read(SnApp *app, int argc, char **argv, GError **error)
{
	return all_have(app, SN_FLAG_SEEN) ? run_unread(app, argc, argv, error)
	                                   : run_read(app, argc, argv, error);
}

static gboolean run_flag(SnApp *app, int argc, char **argv, GError **error)
{
	if (all_have(app, SN_FLAG_FLAGGED))
		return run_on(app, &(SnTriage){ .clear = SN_FLAG_FLAGGED }, "no longer flagged", FALSE, error);
	return run_on(app, &(SnTriage){ .set = SN_FLAG_FLAGGED }, "flagged", FALSE, error);
}

/* "a b" as " +a +b" */
static char *signed_words(const char *words, char sign)
{
	g_auto(GStrv) list = g_strsplit(words, " ", -1);
	GString *out = g_string_new(NULL);

	for (char **word = list; *word; word++)
		if (**word)
			g_string_append_printf(out, " %c%s", sign, *word);
	return g_string_free(out, FALSE);
}

static gboolean tag(SnApp *app, const char *text, GError **error)
{
	g_autofree char *add = NULL, *drop = NULL, *said = NULL, *plus = NULL, *minus = NULL;

	if (!sn_tags_parse(text, &add, &drop, error))
		return FALSE;
	plus = signed_words(add, '+');
	minus = signed_words(drop, '-');
	said = g_strconcat("tagged", plus, minus, NULL);
	return run_on(app, &(SnTriage){ .add = add, .drop = drop }, said, FALSE, error);
}

static void tag_entered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;

	if (answer && *answer && !tag(app, answer, &error))
		sn_app_error(app, error);
}

static gboolean run_tag(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "Tags (+work -later): ", .done = tag_entered };
	g_autoptr(GArray) ids = NULL;

	if (argc)
		return tag(app, argv[0], error);
	ids = chosen(app, error);
	if (!ids)
		return FALSE;
	sn_prompt_line(app, &ask);
	return TRUE;
}

/* ---- to other folders ---- */

static gboolean run_spam(SnApp *app, int argc, char **argv, GError **error)
{
	return run_on(app,
	              &(SnTriage){ .add = SN_TAG_JUNK, .drop = SN_TAG_NOT_JUNK, .move_to = "junk" },
	              "put to spam", TRUE, error);
}

static gboolean run_not_spam(SnApp *app, int argc, char **argv, GError **error)
{
	return run_on(app,
	              &(SnTriage){ .add = SN_TAG_NOT_JUNK, .drop = SN_TAG_JUNK, .move_to = "inbox" },
	              "no spam, and back in the inbox", TRUE, error);
}

static GPtrArray *complete_folder(SnApp *app, const char *line, gsize *start)
{
	*start = 0;
	return sn_complete_folder(app, line);
}

static gboolean to_folder(SnApp *app, const char *target, gboolean copy, GError **error)
{
	g_autofree char *said = g_strdup_printf("%s %s", copy ? "copied to" : "moved to", target);

	if (strpbrk(target, "*%\"\\") || g_str_has_suffix(target, "/"))
		return sn_command_fail(error, "A folder cannot be called '%s'.", target);
	return run_on(app, &(SnTriage){ .move_to = copy ? NULL : target, .copy_to = copy ? target : NULL },
	              said, !copy, error);
}

static void move_entered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;

	if (answer && *answer && !to_folder(app, answer, data != NULL, &error))
		sn_app_error(app, error);
}

static gboolean ask_folder(SnApp *app, int argc, char **argv, gboolean copy, GError **error)
{
	SnAskLine ask = { .label = copy ? "Copy to folder: " : "Move to folder: ", .done = move_entered,
		          .complete = complete_folder, .data = GINT_TO_POINTER(copy) };
	g_autoptr(GArray) ids = NULL;

	if (argc)
		return to_folder(app, argv[0], copy, error);
	ids = chosen(app, error);
	if (!ids)
		return FALSE;
	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean run_move_to(SnApp *app, int argc, char **argv, GError **error)
{
	return ask_folder(app, argc, argv, FALSE, error);
}

static gboolean run_copy_to(SnApp *app, int argc, char **argv, GError **error)
{
	return ask_folder(app, argc, argv, TRUE, error);
}

/* ---- deleting ---- */

/* Whether each lies in the trash only: then there is no further place to put it. */
static gboolean in_trash(SnApp *app, const GArray *ids)
{
	SnId index = folder_of(app);
	g_autoptr(SnFolder) listed = index ? sn_folder_get(app->store, index) : NULL;

	if (listed)
		return g_strcmp0(listed->role, "trash") == 0;
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(GPtrArray) places =
			sn_location_list(app->store, g_array_index(ids, SnId, i));
		for (guint n = 0; n < places->len; n++) {
			g_autoptr(SnFolder) folder = sn_folder_get(
				app->store, ((SnLocation *)places->pdata[n])->folder);
			if (!folder || g_strcmp0(folder->role, "trash") != 0)
				return FALSE;
		}
		if (places->len == 0)
			return FALSE;
	}
	return ids->len > 0;
}

static void delete_now(SnApp *app, gboolean for_good)
{
	GError *error = NULL;
	const SnTriage trash = { .move_to = "trash" }, gone = { .destroy = TRUE };

	if (!run_on(app, for_good ? &gone : &trash, for_good ? "deleted" : "moved to the trash", TRUE,
	            &error))
		sn_app_error(app, error);
}

static void delete_answered(SnApp *app, const char *answer, gpointer data)
{
	if (g_strcmp0(answer, "yes") == 0)
		delete_now(app, data != NULL);
}

/* A key that can be undone asks nothing in a folder; in the timeline it might be a slip. */
static gboolean run_delete(SnApp *app, int argc, char **argv, GError **error)
{
	static const SnChoice trash[] = { { 'y', "move to the trash", "yes" }, { 'n', "keep", "no" } };
	static const SnChoice good[] = { { 'y', "delete for good: nothing brings it back", "yes" },
		                         { 'n', "keep", "no" } };
	g_autoptr(GArray) ids = chosen(app, error);
	gboolean for_good = ids && in_trash(app, ids);
	g_autofree char *question = NULL;
	SnAsk ask = { .choices = for_good ? good : trash, .count = 2, .done = delete_answered,
		      .data = GINT_TO_POINTER(for_good) };

	if (!ids)
		return FALSE;
	if (on_index(app) && !for_good) {
		delete_now(app, FALSE);
		return TRUE;
	}
	if (ids->len > 1)
		question = g_strdup_printf("Delete the %u %s%s?", ids->len, on_index(app) ? "emails" : "marked messages",
		                           for_good ? " for good" : "");
	else
		question = g_strdup(for_good ? "Delete this email for good?" : "Delete this message?");
	ask.question = question;
	sn_prompt_ask(app, &ask);
	return TRUE;
}

/* In the list it is the conversation that is put away, elsewhere the emails. */
static gboolean run_archive(SnApp *app, int argc, char **argv, GError **error)
{
	const SnConversation *conversation = sn_list_selected(app->list);

	if (app->pane != SN_PANE_LIST || sn_app_view(app))
		return run_on(app, &(SnTriage){ .move_to = "archive" }, "archived", TRUE, error);
	if (!conversation)
		return sn_command_fail(error, "There is no conversation here.");
	sn_app_say(app, SN_OBJ_SUCCESS, conversation->archived ? "Back in the list."
	                                                      : "Archived; ga shows it.");
	app->stale = TRUE;
	return sn_conversation_set_flags(app->store, conversation->id, conversation->muted,
	                                 conversation->pinned, !conversation->archived, error);
}

const SnCommand sn_commands_triage[] = {
	{ "read", "", "mark the selected or marked emails as read", 0, NULL, 0, 0, run_read },
	{ "unread", "", "mark them as unread", 0, NULL, 0, 0, run_unread },
	{ "toggle-read", "", "read, or unread when all are read", 0, NULL, 0, 0, run_toggle_read },
	{ "flag", "", "flag the selected or marked emails, or no longer", 0, NULL, 0, 0, run_flag },
	{ "tag", "[+TAG -TAG]", "add and take away tags, which are IMAP keywords", 0, NULL, 0, -1, run_tag },
	{ "archive", "", "archive the conversation, or the selected emails", 0, NULL, 0, 0, run_archive },
	{ "delete", "", "move the emails to the trash; there, delete them for good", 0, NULL, 0, 0, run_delete },
	{ "spam", "", "move the emails to the spam folder and say that they are spam", 0, NULL, 0, 0, run_spam },
	{ "not-spam", "", "bring the emails back and say that they are none", 0, NULL, 0, 0, run_not_spam },
	{ "move-to", "[FOLDER]", "move the emails to another folder", SN_COMPLETE_FOLDER, NULL, 0, -1, run_move_to },
	{ "copy-to", "[FOLDER]", "copy the emails to another folder", SN_COMPLETE_FOLDER, NULL, 0, -1, run_copy_to },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
