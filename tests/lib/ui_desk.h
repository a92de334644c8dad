/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ui_desk.h - a profile with the story in it, and the client driven by a script over it. */
#ifndef SN_TESTS_UI_DESK_H
#define SN_TESTS_UI_DESK_H

#include "tests/lib/story.h"
#include "ui/ui.h"

typedef enum {
	UI_DESK_STORY, UI_DESK_EMPTY, UI_DESK_MANY, UI_DESK_TOLD, UI_DESK_REPORTS, UI_DESK_OUTBOX,
	UI_DESK_AWAY, UI_DESK_LETTERS, UI_DESK_READING, UI_DESK_FOLDERS, UI_DESK_BULK, UI_DESK_AMENDED, UI_DESK_SECURE, UI_DESK_DEVICES, UI_DESK_ROOMS, UI_DESK_CONTACTS, UI_DESK_CARDS, /* the story, and cards that disagree */
	UI_DESK_MAILBOX, /* nearly full, a folder that can only be read */
} UiDeskFill;

typedef struct {
	char *dir;
	SnPaths *paths;
	SnConfig *config;
	SnStore *store;   /* a second connection, role ENGINE: what is in the store now */
	SnUiSetup setup;  /* a test may fill `open` and `host` before ui_desk_play() */
	char *shown;      /* all dumps of the last script */
	int result;       /* of the last run */
} UiDesk;

/* settings: text of sennit.conf, or NULL. */
UiDesk *ui_desk_new(UiDeskFill fill, const char *settings);
void ui_desk_free(UiDesk *desk);

/* Runs the client over a script (its lines, without the clock, which is the story's end). Fails the
 * test when an expectation of the script does not hold. */
void ui_desk_play(UiDesk *desk, const char *script);
/* The same over a file as it is; no clock is set. */
void ui_desk_play_file(UiDesk *desk, const char *path);
/* A file in the profile's configuration directory. */
void ui_desk_write(UiDesk *desk, const char *name, const char *text);

/* The conversation with this address. */
SnId ui_desk_conversation(UiDesk *desk, const char *address);
/* The newest outbox entry, with all of it; NULL when there is none newer than `after`. */
SnOutboxEntry *ui_desk_entry(UiDesk *desk, SnId after);
SnId ui_desk_last_entry(UiDesk *desk);

#endif
