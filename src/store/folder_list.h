/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * folder_list.h - what lies in a mail folder, or the emails of a conversation (of a mailing list, say),
 * as a list that is read a screen at a time.
 *
 * Newest first and by threads is read from an index: a page costs the same whether ten emails lie
 * there or a million. The other orders, and what a query leaves, look at the whole folder: ask for
 * them on a worker. What is on its way to a folder stands in its list already (sn_message_move()).
 */
#ifndef SN_STORE_FOLDER_LIST_H
#define SN_STORE_FOLDER_LIST_H

#include "src/store/sync.h"

/* name, word, meaning */
#define SN_FOLDER_SORT_TABLE(X)                                                               \
	X(DATE, "date", "newest first")                                                          \
	X(OLDEST, "oldest", "oldest first")                                                      \
	X(SENDER, "sender", "by sender")                                                         \
	X(SUBJECT, "subject", "by subject, answers with what they answer")                       \
	X(SIZE, "size", "largest first")                                                         \
	X(UNREAD, "unread", "unread first")

typedef enum {
#define X(name, word, meaning) SN_FOLDER_SORT_##name,
	SN_FOLDER_SORT_TABLE(X)
#undef X
} SnFolderSort;
const char *sn_folder_sort_word(SnFolderSort sort);
gboolean sn_folder_sort_parse(const char *word, SnFolderSort *sort);
/* Whether a page is read from an index, in a time that does not grow with the folder. */
gboolean sn_folder_sort_is_quick(SnFolderSort sort);

typedef struct {
	SnMessage *message;
	guint flags;          /* as they are in this folder */
	char *who;            /* the sender; of an own email the first who it went to */
	int count, unread;    /* emails of its thread in this folder; at most SN_FOLDER_COUNT are counted */
	char *key;            /* where it stands in the order; NULL: by time */
} SnFolderRow;
void sn_folder_row_free(SnFolderRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnFolderRow, sn_folder_row_free)

enum { SN_FOLDER_COUNT = 1000 };

typedef struct {
	SnId folder;       /* or, when that is 0: */
	SnFolderSort sort; /* of a conversation the quick ones only */
	gboolean threads;  /* DATE only: one row for each thread, its newest email here */
	SnId conversation; /* its emails, whatever folders they lie in */
} SnFolderOrder;

/*
 * Rows after `anchor` in the order, or before it (backward), nearest first but always returned in
 * the order; NULL: from the beginning, backward: from the end. Of SnFolderRow. NULL on error.
 */
GPtrArray *sn_folder_rows(SnStore *store, const SnFolderOrder *order, const SnFolderRow *anchor,
                          gboolean backward, int limit, GError **error);
/* Of the emails that a query leaves, newest first; page by the last row. The query's `folder` or
 * `conversation` is set. */
GPtrArray *sn_folder_search(SnStore *store, const SnQuery *query, const SnFolderRow *after,
                            int limit, GError **error);
/* The row of one email; NULL when it is not in that list. */
SnFolderRow *sn_folder_row(SnStore *store, SnId folder, SnId message);
/* All emails of a thread that are in that list, oldest first, at most `limit`. Of SnFolderRow. */
GPtrArray *sn_folder_thread(SnStore *store, const SnFolderOrder *order, const SnMessage *member,
                            int limit);

#endif
