/* SPDX-License-Identifier: GPL-3.0-or-later */
/* editor.h - the user's own editor on a private file in the runtime directory. */
#ifndef SN_UI_EDITOR_H
#define SN_UI_EDITOR_H

#include "ui/app.h"

/* Suspends the screen, runs the editor on `text`, and gives what it left. NULL with error, also
 * when the editor failed: the text is as before then. Caller frees. */
char *sn_editor_run(SnApp *app, const char *text, GError **error);

#endif
