/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/worker.h"

#include "src/base/queue.h"

struct sn_worker {
	char *store_path;
	GThread *thread;          /* NULL before the first job */
	SnQueue *jobs, *results;  /* of SnJob */
	GMutex lock;
	SnStore *store;           /* guarded by lock for interrupting; used by the thread alone */
	gint stop;                /* atomic: it is being freed */
	gboolean running;         /* a job runs now; guarded by lock */
	int busy;                 /* UI thread's count */
};

static void job_free(gpointer data)
{
	SnJob *job = data;

	if (job->free)
		job->free(job->data);
	g_free(job);
}

static gpointer work(gpointer data)
{
	SnWorker *worker = data;
	g_autoptr(GError) error = NULL;
	SnStore *store = sn_store_open(worker->store_path, SN_STORE_READER, &error);
	SnJob *job;

	if (!store)
		g_warning("search: %s", error->message);
	g_mutex_lock(&worker->lock);
	worker->store = store;
	g_mutex_unlock(&worker->lock);
	while ((job = sn_queue_wait(worker->jobs, -1))) {
		g_mutex_lock(&worker->lock);
		worker->running = TRUE;
		g_mutex_unlock(&worker->lock);
		job->run(store, job->data);
		g_mutex_lock(&worker->lock);
		worker->running = FALSE;
		g_mutex_unlock(&worker->lock);
		if (!sn_queue_push(worker->results, job, 1))
			job_free(job);
	}
	g_mutex_lock(&worker->lock);
	worker->store = NULL;
	g_mutex_unlock(&worker->lock);
	sn_store_close(store);
	return NULL;
}

SnWorker *sn_worker_new(const char *store_path)
{
	SnWorker *worker = g_new0(SnWorker, 1);

	worker->store_path = g_strdup(store_path);
	worker->jobs = sn_queue_new(job_free, 0);
	worker->results = sn_queue_new(job_free, 0);
	g_mutex_init(&worker->lock);
	return worker;
}

void sn_worker_interrupt(SnWorker *worker)
{
	g_mutex_lock(&worker->lock);
	if (worker->store && worker->running)
		sn_store_interrupt(worker->store);
	g_mutex_unlock(&worker->lock);
}

void sn_worker_free(SnWorker *worker)
{
	if (!worker)
		return;
	g_assert(worker->busy >= 0);
	g_atomic_int_set(&worker->stop, 1);
	sn_queue_close(worker->jobs);
	sn_queue_close(worker->results);
	if (worker->thread) {
		sn_worker_interrupt(worker);
		g_thread_join(worker->thread);
	}
	sn_queue_unref(worker->jobs);
	sn_queue_unref(worker->results);
	g_mutex_clear(&worker->lock);
	g_free(worker->store_path);
	g_free(worker);
}

void sn_worker_run(SnWorker *worker, const SnJob *job)
{
	SnJob *copy = g_memdup2(job, sizeof *job);

	g_assert(job->run && job->done);
	if (!worker->thread)
		worker->thread = g_thread_new("search", work, worker);
	worker->busy++;
	if (!sn_queue_push(worker->jobs, copy, 1)) {
		worker->busy--;
		job_free(copy);
	}
}

const gint *sn_worker_stop(const SnWorker *worker)
{
	return &worker->stop;
}

int sn_worker_fd(SnWorker *worker)
{
	return worker->thread ? sn_queue_fd(worker->results) : -1;
}

int sn_worker_collect(SnWorker *worker)
{
	int collected = 0;
	SnJob *job;

	while ((job = sn_queue_take(worker->results))) {
		worker->busy--;
		collected++;
		job->done(job->data);
		job_free(job);
	}
	g_assert(worker->busy >= 0);
	return collected;
}

int sn_worker_busy(const SnWorker *worker)
{
	return worker->busy;
}
