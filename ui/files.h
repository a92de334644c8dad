/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files.h - the files of messages: save, open, pipe. Reading them runs on the worker. */
#ifndef SN_UI_FILES_H
#define SN_UI_FILES_H

#include "ui/app.h"

/* Row ids of files in the message view, and back (-1: the row is no file). */
gint64 sn_files_row(int position);
int sn_files_position(gint64 row);

/* FALSE: it is still on the mail server, and fetched when somebody wants it. */
gboolean sn_files_is_here(const SnMessage *message, const SnPart *part);
/* The store changed: files that somebody waits for may be here. */
void sn_files_refresh(SnApp *app);

/* Worker thread: the bytes of a file (position 0: of the whole email), with its name and type (callers free; set even when the bytes
 * are elsewhere: NOT_FOUND). */
GBytes *sn_files_read(const SnUiHost *host, SnStore *store, SnId message, int position, char **name,
                      char **type, GError **error);
/* Asks the engine to get what lies elsewhere; position as above. */
gboolean sn_files_ask_for(SnStore *store, SnId message, int position);

/* path: NULL saves into the download directory; nothing is ever overwritten there. */
void sn_files_save(SnApp *app, SnId message, int position, const char *path);
/* view_files.c: the file selected in the list of files. FALSE: it is not open, or empty. */
gboolean sn_files_selected(struct sn_view *view, SnId *message, int *position);

/* Writes NAME, NAME-1, NAME-2 ...: the first that is free. The name comes from a message: base name
 * only, never hidden. The path; caller frees. */
char *sn_files_write(const char *dir, const char *name, GBytes *bytes, GError **error);

/* ---- open.c ---- */

/* In the browser: the one of $BROWSER, of the desktop, or one for the terminal. Never by a shell. */
gboolean sn_files_browse(SnApp *app, const char *url, GError **error);
/* With the program for its type: [open] of sennit.conf, mailcap, xdg-open. What is a program itself is
 * opened after a question only. */
void sn_files_open(SnApp *app, SnId message, int position, const char *unused);
/* Here, as text: what a program for it prints, or as sennit reads it. */
void sn_files_view(SnApp *app, SnId message, int position, const char *unused);
/* A picture, on the whole terminal until a key is pressed; only when the user asks for it. */
void sn_files_picture(SnApp *app, SnId message, int position, const char *unused);
/* As standard input of a shell command; what it prints is shown. */
void sn_files_pipe(SnApp *app, SnId message, int position, const char *command);
/* Takes away the files that were made for other programs. */
void sn_files_tidy(SnApp *app);

#endif
