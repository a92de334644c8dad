/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command.h - what keys and the ':' line run. One command is one table entry; groups of them live
 * in cmd_*.c and are listed in command.c.
 */
#ifndef SN_UI_COMMAND_H
#define SN_UI_COMMAND_H

#include "ui/app.h"

/* What the last argument can be completed with. */
typedef enum {
	SN_COMPLETE_NONE,
	SN_COMPLETE_WORDS,   /* the entry's `words` */
	SN_COMPLETE_FILE,
	SN_COMPLETE_PERSON,
	SN_COMPLETE_THEME,
	SN_COMPLETE_COMMAND,
	SN_COMPLETE_OPTION,
	SN_COMPLETE_FOLDER,
	SN_COMPLETE_TEMPLATE,
	SN_COMPLETE_IDENTITY, /* own addresses */
} SnCompletion;

typedef struct {
	const char *name;
	const char *arguments; /* "[all]", "FILE...": for help; "" none */
	const char *help;      /* a sentence without a full stop */
	SnCompletion completion;
	const char *words;     /* for SN_COMPLETE_WORDS, blank separated */
	int min, max;          /* number of arguments; max -1: the rest of the line is one */
	/* argv has argc entries, then NULL. FALSE with error: it is said in the bar. */
	gboolean (*run)(SnApp *app, int argc, char **argv, GError **error);
} SnCommand;

extern const SnCommand sn_commands_move[], sn_commands_app[], sn_commands_message[], sn_commands_amend[], sn_commands_read[],
	sn_commands_compose[], sn_commands_forward[], sn_commands_drafts[], sn_commands_letter[], sn_commands_person[], sn_commands_people[], sn_commands_contacts[],
	sn_commands_outbox[], sn_commands_view[],
	sn_commands_history[], sn_commands_told[], sn_commands_secure[], sn_commands_room[], sn_commands_files[], sn_commands_devices[], sn_commands_index[], sn_commands_triage[], sn_commands_unsubscribe[];
extern const SnCommand *const sn_command_groups[]; /* ends with NULL */

const SnCommand *sn_command_find(const char *name); /* or a unique beginning; NULL */
/* Parses and runs a line; what goes wrong is said in the bar. */
void sn_command_run(SnApp *app, const char *line);

/* Completion of a command line: words that fit, sorted, and where the word begins. Of char *. */
GPtrArray *sn_complete_command(SnApp *app, const char *line, gsize *start);
GPtrArray *sn_complete_file(const char *word);
GPtrArray *sn_complete_folder(SnApp *app, const char *word);
GPtrArray *sn_complete_person(SnApp *app, const char *word);

/* Shortcuts for commands. */
/* The conversation meant by a name, address or part of one; made for a known person. 0 */
SnId sn_command_conversation(SnApp *app, const char *who);
gboolean sn_command_fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The message a command is about: of the message view, else selected in the timeline. 0 with error. */
SnId sn_command_message(SnApp *app, GError **error);

#endif
