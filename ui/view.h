/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.h - overlays. One view is one file that fills one table; views.c lists them. */
#ifndef SN_UI_VIEW_H
#define SN_UI_VIEW_H

#include "ui/app.h"

typedef struct {
	const char *name;  /* of its command, and of its section in binds.conf */
	const char *title;
	const char *empty; /* shown when fill() gave no line */
	/* Before it is shown; sets view->data. FALSE: it does not open. May be NULL. */
	gboolean (*open)(SnApp *app, SnView *view, GError **error);
	void (*close)(SnApp *app, SnView *view); /* frees view->data; may be NULL */
	/* Reads its rows and fills view->page; again after each change and resize. */
	void (*fill)(SnApp *app, SnView *view);
	/* The store changed: fill() follows. May be NULL. */
	void (*stale)(SnApp *app, SnView *view);
	/* Before the selection moves: how as of the command `move`. For views that hold only a part of
	 * their rows; may be NULL. */
	void (*ahead)(SnApp *app, SnView *view, const char *how);
	/* One step back within the view; FALSE: there is none, it closes. May be NULL. */
	gboolean (*back)(SnApp *app, SnView *view);
	/* The message that commands are about; 0. May be NULL: it is about none. */
	gint64 (*message)(SnApp *app, SnView *view);
	/* Enter on the selected item; may be NULL. */
	void (*activate)(SnApp *app, SnView *view);
	/* The selection moved (to read further rows); may be NULL. */
	void (*moved)(SnApp *app, SnView *view);
	/* Beside the title; caller frees; may be NULL. */
	char *(*note)(SnApp *app, SnView *view);
} SnViewOps;

struct sn_view {
	const SnViewOps *ops;
	SnPage *page;
	char *argument;   /* as given; NULL */
	gpointer data;    /* the view's own */
	gint64 subject;   /* conversation, person, message or entry it is about; 0 */
	int columns;      /* filled for this width */
	gboolean stale;   /* fill again before drawing */
};

/* Puts a view on top (one of its kind at a time: an open one is closed first). */
void sn_view_open(SnApp *app, const SnViewOps *ops, const char *argument, gint64 subject);
/* Closes the one on top. */
void sn_view_close(SnApp *app);
void sn_view_close_all(SnApp *app);
void sn_view_stale(SnView *view);
/* Fills it now, before anything is drawn. */
void sn_view_refill(SnApp *app, SnView *view);
void sn_view_draw(SnApp *app, SnView *view, SnRect rect);

/* Addresses marked in the person view, for a split; when none is, the selected one. Of SnId. */
GArray *sn_person_marked(SnView *view);
void sn_person_toggle_mark(SnView *view, SnId address);
void sn_person_forget_marks(SnView *view);

/* Fetches a file of a message and calls `use` with its bytes on the UI thread; errors are said. */
typedef void (*SnPartUse)(SnApp *app, const char *name, const char *type, GBytes *bytes, gpointer data);
void sn_part_fetch(SnApp *app, SnId message, int position, SnPartUse use, gpointer data,
                   GDestroyNotify free);

extern const SnViewOps sn_view_parts;
extern const SnViewOps sn_view_outbox, sn_view_entry, sn_view_person, sn_view_accounts, sn_view_search,
	sn_view_folders, sn_view_log, sn_view_help, sn_view_message, sn_view_history, sn_view_files,
	sn_view_text, sn_view_thread, sn_view_devices, sn_view_index, sn_view_links, sn_view_blocked, sn_view_people, sn_view_room;

#endif
