/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files.h - the files exchanged with a person, over both channels. Read from the parts of messages:
 * there is no second list that could say something else. */
#ifndef SN_STORE_FILES_H
#define SN_STORE_FILES_H

#include "src/store/message.h"

typedef struct {
	SnId message;
	int position;         /* of the part */
	SnTime time;
	SnChannel channel;
	SnDirection direction;
	char *who;            /* the sender's name; NULL */
	char *name, *type;    /* NULL */
	gint64 size;          /* -1 unknown */
	char *sha256;         /* NULL while the bytes are not here */
	char *url;            /* NULL */
} SnFileRow;
void sn_file_row_free(SnFileRow *row);

/*
 * Files of the conversation with the person, and of groups the person is in, newest first; those
 * before the one at (time, message, position), (0, 0, 0): the newest. Of SnFileRow.
 */
GPtrArray *sn_person_files(SnStore *store, SnId person, SnTime time, SnId message, int position,
                           int limit);
/* The same of one conversation (a list, a room). */
GPtrArray *sn_conversation_files(SnStore *store, SnId conversation, SnTime time, SnId message,
                                 int position, int limit);

/* ---- while a file is on its way ---- */

/*
 * How far it is, in bytes. Written only from time to time: percent (-1 at first) is where the caller
 * keeps what was written last.
 */
gboolean sn_part_progress(SnStore *store, SnId message, int position, gint64 done, gint64 total,
                          int *percent, GError **error);
/* It is not under way any more; fault: why it did not come, NULL: it did, or it will be tried again. */
gboolean sn_part_stopped(SnStore *store, SnId message, int position, const char *fault,
                         GError **error);
/* None is under way: when the engine begins. */
gboolean sn_part_none_under_way(SnStore *store, GError **error);

#endif
