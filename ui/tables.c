/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the client, for those who make manuals of them. */
#include "ui/binds.h"
#include "ui/command.h"
#include "ui/objects.h"
#include "ui/ui.h"

void sn_ui_each_command(SnUiVisit visit, gpointer data)
{
	for (const SnCommand *const *group = sn_command_groups; *group; group++)
		for (const SnCommand *command = *group; command->name; command++)
			visit("commands", command->name, command->arguments, command->help, data);
}

void sn_ui_each_bind(SnUiVisit visit, gpointer data)
{
	for (const SnDefaultBind *bind = sn_default_binds; bind->context; bind++)
		visit(bind->context, bind->keys, bind->command, bind->meaning, data);
}

void sn_ui_each_object(SnUiVisit visit, gpointer data)
{
#define X(name, word, meaning) visit("objects", word, "", meaning, data);
	SN_OBJECT_TABLE(X)
#undef X
}
