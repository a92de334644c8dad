/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_private.h - shared by index_rows.c and view_index.c only. */
#ifndef SN_UI_INDEX_PRIVATE_H
#define SN_UI_INDEX_PRIVATE_H

#include "ui/index.h"

typedef struct sn_index_job SnIndexJob;

struct sn_index {
	SnApp *app;
	SnView *view;
	SnFolderOrder order;
	char *limit;           /* a query; NULL */
	GPtrArray *rows;       /* of SnFolderRow: the window */
	GPtrArray *dropped;    /* of SnFolderRow: out of the window, perhaps still on the page */
	GPtrArray *members;    /* of GPtrArray of SnFolderRow: open threads, as on the page */
	gboolean at_start, at_end; /* there is nothing before, after the window */
	SnIndexJob *job;       /* under way; NULL */
	gboolean again;        /* the store changed meanwhile */
	GHashTable *marks;     /* set of SnId */
	GHashTable *unfolded;  /* set of threads that are not as `open` says */
	gboolean open;         /* all threads are unfolded, but for those */
};

#endif
