/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * index.h - the list of a mail folder, or of the emails of a conversation: a window of rows, however
 * many there are. What an index of
 * the store holds is read at once; other orders and limits are read on the worker.
 */
#ifndef SN_UI_INDEX_H
#define SN_UI_INDEX_H

#include "src/store/folder_list.h"
#include "ui/view.h"

typedef struct sn_index SnIndex;

/* The argument of its view when that is about a conversation. */
#define SN_INDEX_CONVERSATION "conversation"

/* Of one of them; the other is 0. NULL with an error: there is no such any more. */
SnIndex *sn_index_new(SnApp *app, SnView *view, SnId folder, SnId conversation, GError **error);
void sn_index_free(SnIndex *index);

/* ---- index_rows.c: the window ---- */

const GPtrArray *sn_index_rows(const SnIndex *index); /* of SnFolderRow */
gboolean sn_index_reading(const SnIndex *index);
gboolean sn_index_complete(const SnIndex *index);     /* nothing after the last row */
/* Reads the rows in the window again, since the store changed. */
void sn_index_refresh(SnIndex *index);
void sn_index_first(SnIndex *index);
void sn_index_last(SnIndex *index);
/* Around the selection, where there is more. */
void sn_index_more(SnIndex *index, gboolean before, gboolean after);
/* Another order or limit: from the beginning. FALSE: the query is not understood. */
void sn_index_set_order(SnIndex *index, SnFolderSort sort, gboolean threads);
gboolean sn_index_set_limit(SnIndex *index, const char *limit, GError **error);
const SnFolderOrder *sn_index_order(const SnIndex *index);
const char *sn_index_limit(const SnIndex *index);     /* NULL */
/* Rows stand for threads. */
gboolean sn_index_threaded(const SnIndex *index);

/* ---- view_index.c ---- */

/* The index on top, or under the message that was opened from it; NULL. */
SnIndex *sn_index_of(SnApp *app);
SnView *sn_index_view(SnApp *app);
/* The email that is selected; 0. */
SnId sn_index_selected(SnIndex *index);
/* The emails an action is about: the marked ones, else the selected one, with the whole thread when
 * it is folded. Of SnId. */
GArray *sn_index_chosen(SnIndex *index);
guint sn_index_mark_count(const SnIndex *index);
void sn_index_clear_marks(SnIndex *index);
/* The selected email, or its folded thread: marks it, or takes the mark away. */
void sn_index_toggle_mark(SnIndex *index);
/* All of the thread of the selected email that lies here. */
void sn_index_mark_thread(SnIndex *index);
void sn_index_mark(SnIndex *index, SnId message);
/* how: 'o' open, 'c' close, 'a' the other; all: every thread. */
void sn_index_fold(SnIndex *index, char how, gboolean all);

#endif
