/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/view_job.h"

struct sn_view_job {
	gatomicrefcount refs; /* view and worker; whoever is last frees it */
	SnApp *app;
	SnView *view;         /* UI thread only; NULL once it let go */
	const SnViewJobOps *ops;
	gpointer data;
	gboolean ready;       /* the data is the UI thread's now */
};

static void unref(gpointer data)
{
	SnViewJob *job = data;

	if (!g_atomic_ref_count_dec(&job->refs))
		return;
	g_assert(!job->view);
	if (job->ops->free)
		job->ops->free(job->data);
	g_free(job);
}

static void run(SnStore *store, gpointer data)
{
	SnViewJob *job = data;

	job->ops->run(store, job->data);
}

static void done(gpointer data)
{
	SnViewJob *job = data;
	SnView *view = job->view;

	job->ready = TRUE;
	if (!view)
		return;
	sn_view_stale(view);
	sn_app_dirty(job->app);
	if (job->ops->done)
		job->ops->done(job->app, view, job->data);
}

SnViewJob *sn_view_job_start(SnApp *app, SnView *view, const SnViewJobOps *ops, gpointer data)
{
	SnViewJob *job = g_new0(SnViewJob, 1);

	g_assert(view && ops->run);
	g_atomic_ref_count_init(&job->refs);
	g_atomic_ref_count_inc(&job->refs);
	job->app = app;
	job->view = view;
	job->ops = ops;
	job->data = data;
	sn_worker_run(app->worker, &(SnJob){ run, done, unref, job });
	return job;
}

gpointer sn_view_job_data(const SnViewJob *job)
{
	return job && job->ready ? job->data : NULL;
}

void sn_view_job_drop(SnViewJob *job)
{
	if (!job)
		return;
	job->view = NULL;
	unref(job);
}
