/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_job.h - what a view has the worker read for it. The view may be closed before it is done. */
#ifndef SN_UI_VIEW_JOB_H
#define SN_UI_VIEW_JOB_H

#include "ui/view.h"

typedef struct sn_view_job SnViewJob;

typedef struct {
	void (*run)(SnStore *store, gpointer data);  /* worker thread; store NULL if it cannot be opened */
	/* UI thread, only while the view is open; the view is filled anew afterwards. May be NULL. */
	void (*done)(SnApp *app, SnView *view, gpointer data);
	GDestroyNotify free; /* of data; when both view and worker let go, on either thread */
} SnViewJobOps;

/* The view holds the result, and the data with it, until sn_view_job_drop(). */
SnViewJob *sn_view_job_start(SnApp *app, SnView *view, const SnViewJobOps *ops, gpointer data);
/* NULL until it is done. */
gpointer sn_view_job_data(const SnViewJob *job);
/* NULL is fine. It must be dropped before the view is freed. */
void sn_view_job_drop(SnViewJob *job);

#endif
