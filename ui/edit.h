/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * edit.h - text being typed: one line or many, with the keys of readline. Pure data; drawing needs
 * a grid only.
 */
#ifndef SN_UI_EDIT_H
#define SN_UI_EDIT_H

#include "ui/grid.h"
#include "ui/keys.h"

typedef struct {
	GString *text;     /* clean UTF-8 */
	gsize cursor;      /* byte offset, on a cluster boundary */
	gboolean multiline;
	GString *killed;   /* what C-k, C-u and C-w took, for C-y */
	int columns;       /* as last drawn: for up and down */
	int top;           /* first visual line shown */
	guint64 changes;   /* counts changes of the text */
} SnEdit;

enum { SN_EDIT_MAX = 1024 * 1024 }; /* bytes; more is not taken in */

SnEdit *sn_edit_new(gboolean multiline);
void sn_edit_free(SnEdit *edit); /* NULL is fine */
/* Replaces the text (cleaned), cursor at its end. NULL is "". */
void sn_edit_set(SnEdit *edit, const char *text);
/* Inserts text (cleaned; newlines become blanks in a single line). */
void sn_edit_insert(SnEdit *edit, const char *text);
/* TRUE when the key meant something here. */
gboolean sn_edit_key(SnEdit *edit, SnKey key);
/* The word before the cursor, and its replacement (completion). */
void sn_edit_replace(SnEdit *edit, gsize start, gsize end, const char *text);
/* FALSE when the cursor stands on the first (last) visual line already. */
gboolean sn_edit_up(SnEdit *edit);
gboolean sn_edit_down(SnEdit *edit);

/* Visual lines at this width. */
int sn_edit_height(const SnEdit *edit, int columns);
/* Draws into rect, scrolled so that the cursor shows; focus: places the grid's cursor. */
void sn_edit_draw(SnEdit *edit, SnGrid *grid, SnRect rect, SnStyle style, gboolean focus);

#endif
