/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * triage.h - what the user does to emails: read, flagged, tagged, moved, copied, deleted. The rows
 * change now, the engine tells the server when it can (sync.h), and all that was done at once can be
 * undone at once: before the server was told, while it is, and after.
 */
#ifndef SN_STORE_TRIAGE_H
#define SN_STORE_TRIAGE_H

#include "src/store/sync.h"

/* Keywords that programs agree on for spam (RFC 8457 has them in its registry). */
#define SN_TAG_JUNK "$Junk"
#define SN_TAG_NOT_JUNK "$NotJunk"

typedef struct {
	guint set, clear;           /* SnFlags */
	const char *add, *drop;     /* tags, with blanks between; NULL */
	const char *move_to;        /* role or name of a folder; NULL */
	const char *copy_to;        /* the same; nothing happens where it lies there already */
	gboolean destroy;           /* for good: there is no undo once the server has done it */
} SnTriage;

/* A change of which all that follows is a part; what: "archived", "marked as read", for the undo.
 * 0 on error. */
SnId sn_triage_begin(SnStore *store, const char *what, GError **error);
/*
 * One email. folder: only the place that stands in that folder's list is moved, copied or deleted;
 * 0: every place. Flags and tags are the email's, wherever it lies. An IM is only hidden and shown
 * here. change: of sn_triage_begin(), or 0: it cannot be undone.
 */
gboolean sn_triage_do(SnStore *store, SnId change, SnId message, SnId folder, const SnTriage *what,
                      GError **error);

typedef struct {
	char *what;    /* of sn_triage_begin() */
	int undone;    /* emails */
	int left;      /* that stay as they are: somebody else moved them meanwhile, or they are gone */
} SnUndo;
void sn_undo_clear(SnUndo *undo);
/* Takes the newest change back that was not. SN_ERROR_NOT_FOUND when there is none. */
gboolean sn_triage_undo(SnStore *store, SnUndo *undo, GError **error);

/* ---- tags: words in order, with blanks between, whatever their case once ---- */

/* With those and without these; NULLs are fine; caller frees, "" when none is left. */
char *sn_tags_change(const char *tags, const char *add, const char *drop);
/* Those of `tags` that are not in `other`. */
char *sn_tags_minus(const char *tags, const char *other);
gboolean sn_tags_has(const char *tags, const char *tag);
/* Those that are for people; NULL when none. Caller frees. */
char *sn_tags_shown(const char *tags);
/* "+work -later new": what to add and drop. An IMAP keyword has no blanks and none of (){%*"\]. */
gboolean sn_tags_parse(const char *text, char **add, char **drop, GError **error);

#endif
