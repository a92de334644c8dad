/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secure.h - signed and encrypted emails as they are shown: verified and opened on the worker, kept in
 * memory while the client runs, never written. UI thread.
 *
 * Marks stand where text of a message never does: in the column of the times, or on a rule across the
 * whole view.
 */
#ifndef SN_UI_SECURE_H
#define SN_UI_SECURE_H

#include "ui/app.h"

SnSecureCache *sn_secure_cache_new(SnApp *app);
void sn_secure_cache_free(SnSecureCache *cache); /* NULL is fine */

/* What is known of a message; NULL: nothing to know, or not yet (then it is being found out, and
 * timeline and views are filled anew once it is). Belongs to the cache, until the next turn of the
 * loop. */
const SnOpened *sn_secure_look(SnApp *app, const SnMessage *message);
/* The store changed: what was not here may be now. */
void sn_secure_refresh(SnApp *app);
/* "signed, being checked"; NULL when nothing is under way. Static. */
const char *sn_secure_pending(SnApp *app, const SnMessage *message);
/* Gives up the terminal for pinentry, and opens all parts. */
gboolean sn_secure_unlock(SnApp *app, SnId message, GError **error);

/* " ok " for the column of the times, with its style. alarm: as sn_opened_alarm(), -1 being checked. */
const char *sn_secure_mark(int alarm, SnObject *object);

/* Files within are numbered from here (SnPart.position). Not owned; NULL. */
enum { SN_SECURE_FILES = 100000 };
const SnOpenedFile *sn_secure_file(SnApp *app, SnId message, int position);
/* The files of all parts, as SnOpenedFile, not owned; caller unrefs the array. */
GPtrArray *sn_secure_files(const SnOpened *opened);

#endif
