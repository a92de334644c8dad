/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/command.h"

#include <string.h>

#include "src/base/nearest.h"
#include "ui/view.h"

const SnCommand *const sn_command_groups[] = {
	sn_commands_app,    sn_commands_move,   sn_commands_message, sn_commands_amend, sn_commands_read, sn_commands_triage, sn_commands_unsubscribe, sn_commands_compose, sn_commands_forward, sn_commands_drafts, sn_commands_letter,
	sn_commands_person, sn_commands_people, sn_commands_contacts, sn_commands_outbox, sn_commands_view,    sn_commands_history,
	sn_commands_told,   sn_commands_files,  sn_commands_devices, sn_commands_index,  sn_commands_secure, sn_commands_room, NULL,
};

gboolean sn_command_fail(GError **error, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, SN_ERROR, SN_ERROR_INVALID, text);
	return FALSE;
}

const SnCommand *sn_command_find(const char *name)
{
	const SnCommand *found = NULL;
	gboolean several = FALSE;

	for (const SnCommand *const *group = sn_command_groups; *group; group++)
		for (const SnCommand *command = *group; command->name; command++) {
			if (strcmp(command->name, name) == 0)
				return command;
			if (*name && g_str_has_prefix(command->name, name)) {
				several = found != NULL;
				found = command;
			}
		}
	return several ? NULL : found;
}

static const char *nearest(const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (const SnCommand *const *group = sn_command_groups; *group; group++)
		for (const SnCommand *command = *group; command->name; command++)
			g_ptr_array_add(names, (char *)command->name);
	g_ptr_array_add(names, NULL);
	return sn_nearest(name, (const char *const *)names->pdata);
}

/* Splits at blanks; quotes keep blanks together; the last of `max` arguments is the rest. */
static GPtrArray *split(const char *line, int max)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

	for (;;) {
		GString *word;
		char quote = 0;

		line += strspn(line, " \t");
		if (!*line)
			break;
		if (max < 0 || (max > 0 && (int)words->len == max - 1 && !strchr("\"'", *line))) {
			g_ptr_array_add(words, g_strstrip(g_strdup(line)));
			break;
		}
		word = g_string_new(NULL);
		for (; *line && (quote || !strchr(" \t", *line)); line++) {
			if (quote ? *line == quote : (*line == '"' || *line == '\''))
				quote = quote ? 0 : *line;
			else
				g_string_append_c(word, *line);
		}
		g_ptr_array_add(words, g_string_free(word, FALSE));
	}
	g_ptr_array_add(words, NULL);
	return words;
}

void sn_command_run(SnApp *app, const char *line)
{
	g_autofree char *name = NULL;
	g_autoptr(GPtrArray) words = NULL;
	const SnCommand *command;
	GError *error = NULL;
	int count;

	line += strspn(line, " \t:");
	name = g_strndup(line, strcspn(line, " \t"));
	if (!*name)
		return;
	command = sn_command_find(name);
	g_assert(!command || command->run);
	sn_app_dirty(app);
	if (!command) {
		const char *near = nearest(name);
		sn_app_say(app, SN_OBJ_ERROR, "There is no command '%s'%s%s%s ? lists them all.", name,
		           near ? "; did you mean '" : "", near ? near : "", near ? "'?" : ".");
		return;
	}
	words = split(line + strlen(name), command->max);
	count = (int)words->len - 1;
	if (count < command->min || (command->max >= 0 && count > command->max)) {
		sn_app_say(app, SN_OBJ_ERROR, "Usage: :%s %s", command->name, command->arguments);
		return;
	}
	if (strcmp(command->name, "move") != 0) /* moving on does not look at what it passes */
		sn_list_catch_up(app->list);
	if (!command->run(app, count, (char **)words->pdata, &error) && error)
		sn_app_error(app, error);
}

SnId sn_command_message(SnApp *app, GError **error)
{
	SnView *view = sn_app_view(app);
	const SnMessage *message;

	if (view && view->ops == &sn_view_message)
		return view->subject;
	if (view && view->ops->message) {
		SnId id = view->ops->message(app, view);
		if (!id)
			sn_command_fail(error, "No message is selected.");
		return id;
	}
	message = sn_timeline_selected(app->timeline);
	if (message)
		return message->id;
	sn_command_fail(error, "No message is selected.");
	return 0;
}
