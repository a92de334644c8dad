/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompt.h - a question to the user: one key, or a line of text. One at a time. */
#ifndef SN_UI_PROMPT_H
#define SN_UI_PROMPT_H

#include "ui/app.h"
#include "ui/edit.h"

/* answer: of the choice, or the line; NULL when the user backed out. A prompt may be opened from
 * here. */
typedef void (*SnPromptDone)(SnApp *app, const char *answer, gpointer data);
/* Words that fit, and where the word begins; of char *. */
typedef GPtrArray *(*SnPromptComplete)(SnApp *app, const char *line, gsize *start);

typedef struct {
	SnKey key;
	const char *label;
	const char *answer;
} SnChoice;

typedef struct {
	const char *question;   /* required; may be several lines */
	const char *detail;     /* below it; NULL */
	const SnChoice *choices;
	gsize count;
	SnPromptDone done;
	gpointer data;
	GDestroyNotify free;    /* of data; NULL */
} SnAsk;
/* All is copied. Esc answers NULL. */
void sn_prompt_ask(SnApp *app, const SnAsk *ask);

typedef struct {
	const char *label;      /* ":" or "IM address of Carol: " */
	const char *initial;    /* NULL */
	SnPromptComplete complete; /* NULL */
	GPtrArray *history;     /* up and down walk through these lines, of char *; NULL. Not owned */
	SnPromptDone done;
	gpointer data;
	GDestroyNotify free;
} SnAskLine;
void sn_prompt_line(SnApp *app, const SnAskLine *ask);

void sn_prompt_key(SnApp *app, SnKey key);
void sn_prompt_paste(SnApp *app, const char *text);
/* Rows it needs above the bar (0: only the bar). */
int sn_prompt_rows(SnApp *app, int columns);
/* panel: the rows above the bar; bar: the bottom line. */
void sn_prompt_draw(SnApp *app, SnRect panel, SnRect bar);
void sn_prompt_cancel(SnApp *app);

#endif
