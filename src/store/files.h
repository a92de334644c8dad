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

#endif
