/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history_files.h - which files of earlier emails go along, so that each goes once and none is
 * larger than what the server takes. An email keeps its bytes when all of its files go.
 */
#ifndef SN_ENGINE_HISTORY_FILES_H
#define SN_ENGINE_HISTORY_FILES_H

#include "src/engine/delivery_private.h"

typedef enum {
	SN_LEFT_UNWANTED = 'n', /* history goes without files */
	SN_LEFT_SAME = 's',     /* the same bytes go along elsewhere */
	SN_LEFT_LARGE = 'l',    /* the server takes nothing of that size */
} SnLeftWhy;

typedef struct {
	int position; /* of the part */
	SnLeftWhy why;
	SnId with;    /* SAME: the message that has it; 0: this very message has it attached */
	gint64 size;
} SnLeftOut;

/* What is left out of one email. */
typedef struct {
	SnId message;
	gint64 size;   /* of what goes, roughly */
	GArray *left;  /* of SnLeftOut, by position */
} SnEmailFiles;
void sn_email_files_free(SnEmailFiles *files);

/*
 * Of SnEmailFiles, one for each email of `messages` (FULL, oldest first) whose bytes are here whole;
 * largest: what one email with its files may have (G_MAXINT64: anything). Files are compared by
 * hash, and only where their sizes agree.
 */
GPtrArray *sn_history_files(SnDelivery *self, const SnOutboxEntry *entry,
                            const GPtrArray *messages, gint64 largest);
/* One more file fewer: the largest one left. FALSE: there is none. */
gboolean sn_email_files_shrink(SnDelivery *self, SnEmailFiles *files);

/*
 * Some of the emails (of SnEmailFiles, oldest first) do not go after all, or lost more files: what was
 * left out because it went with one of those goes here, where the email then has at most `largest`
 * bytes, or is left out for its size. Those before number `from` have gone and stay as they are.
 */
void sn_email_files_settle(SnDelivery *self, const GPtrArray *emails, guint from, gint64 largest);

/* "2=s14 3=l0": for the list of steps. NULL: nothing is left out. And back; NULL when it is none. */
char *sn_email_files_format(const SnEmailFiles *files);
GArray *sn_email_files_parse(const char *text);

/* The email as it goes: without Bcc lines and without these files (left NULL: all go). NULL when its
 * bytes are not here. */
GBytes *sn_history_email(SnDelivery *self, SnId message, const GArray *left, GError **error);

/* How to know the files of an IM again, and where they lie unless the address holds a key. Of
 * SnMailCarriedFile. */
GPtrArray *sn_history_carry_files(const SnMessage *message);

#endif
