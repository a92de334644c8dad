/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker.h - what would keep the user waiting runs here: one thread with its own read connection.
 * The thread is made for the first job, and sleeps between jobs.
 */
#ifndef SN_UI_WORKER_H
#define SN_UI_WORKER_H

#include "src/store/store.h"

typedef struct sn_worker SnWorker;

typedef struct {
	void (*run)(SnStore *store, gpointer data);  /* worker thread; store NULL if it cannot open */
	void (*done)(gpointer data);                 /* UI thread; not called after sn_worker_free() */
	GDestroyNotify free;                         /* last, on either thread; may be NULL */
	gpointer data;
} SnJob;

SnWorker *sn_worker_new(const char *store_path);
/* Waits for the job that runs (it is interrupted); NULL is fine. */
void sn_worker_free(SnWorker *worker);
/* The job is copied. */
void sn_worker_run(SnWorker *worker, const SnJob *job);
/* Stops the query that runs now; its job ends with what it has. */
void sn_worker_interrupt(SnWorker *worker);
/* Not 0 once the worker is to end: a job that waits for something else looks at it. */
const gint *sn_worker_stop(const SnWorker *worker);
/* Readable when results wait; -1 before the first job. */
int sn_worker_fd(SnWorker *worker);
/* Calls done() for what is finished; the number of them. */
int sn_worker_collect(SnWorker *worker);
/* Jobs not collected yet. */
int sn_worker_busy(const SnWorker *worker);

#endif
