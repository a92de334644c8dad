/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unsubscribe.c - leaves mailing lists for the user (RFC 8058): one POST with a fixed form, over
 * verified TLS, without a cookie, following no redirect, after the user said yes to the host. One
 * after the other, on a thread of its own. To repeat it does no harm, so a crash is no question.
 */
#include "src/engine/sync_private.h"

#include "src/base/unsubscribe.h"
#include "src/store/unsubscribe.h"

enum { ANSWER_MAX = 64 * 1024, PATIENCE_S = 30 };
#define FIRST_AGAIN SN_MINUTE
#define LAST_AGAIN SN_HOUR
#define GIVE_UP (7 * SN_DAY)

struct sn_leaver {
	SnEngine *engine;
	gboolean running;
	gboolean closing;
	gboolean was_offline; /* at the last try: a line that comes up is a reason to try at once */
	GCancellable *cancel;
	GSource *timer;
};

typedef struct {
	SnLeaver *leaver;
	SnLeave *leave;
	const SnHttpOps *(*http)(GError **error);
	char *ca_file;
	int status;
	GError *error;
} Job;

static void job_free(gpointer data)
{
	Job *job = data;

	sn_leave_free(job->leave);
	g_free(job->ca_file);
	g_clear_error(&job->error);
	g_free(job);
}

static gboolean any_online(SnEngine *engine)
{
	for (guint i = 0; i < engine->accounts->len; i++) {
		const SnEngineAccount *account = g_ptr_array_index(engine->accounts, i);
		if (account->source_online || account->im_online)
			return TRUE;
	}
	return FALSE;
}

/* ---- on the thread ---- */

static void post(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	Job *job = data;
	const SnHttpOps *http = job->http ? job->http(&job->error) : NULL;
	const SnHttpJob what = { .url = job->leave->url, .ca_file = job->ca_file, .cancel = cancel,
		                 .max_size = ANSWER_MAX, .seconds = PATIENCE_S };

	if (!job->http)
		g_set_error(&job->error, SN_ERROR, SN_ERROR_UNAVAILABLE, "There is no way to the web here.");
	if (http)
		http->answer_free(http->ask(&what, SN_UNSUBSCRIBE_FORM, &job->status, &job->error));
	g_task_return_boolean(task, TRUE);
}

/* ---- what came of it ---- */

static gboolean is_passing(const Job *job)
{
	if (!job->error)
		return job->status == 429 || job->status >= 500;
	return g_error_matches(job->error, SN_ERROR, SN_ERROR_NETWORK) ||
	       g_error_matches(job->error, SN_ERROR, SN_ERROR_TEMPORARY);
}

/* A sentence. */
static char *explain(const Job *job)
{
	const char *host = job->leave->target;
	if (job->error)
		return g_strdup(job->error->message);
	if (job->status / 100 == 3)
		return g_strdup_printf("%s sends the request elsewhere (%d), which is not followed.", host,
		                       job->status);
	if (job->status == 404 || job->status == 410)
		return g_strdup_printf("%s does not know this address any more (%d).", host, job->status);
	return g_strdup_printf("%s answers with status %d.", host, job->status);
}

static SnTime next_try(const Job *job, SnTime now)
{
	return now + MIN(FIRST_AGAIN << MIN(job->leave->tries, 10), LAST_AGAIN);
}

static void write_down(SnLeaver *leaver, const Job *job)
{
	SnEngine *engine = leaver->engine;
	const SnLeave *leave = job->leave;
	SnTime now = sn_clock_now(engine->clock);
	g_autofree char *why = NULL;
	g_autoptr(GError) error = NULL;
	gboolean written;

	if (!job->error && job->status / 100 == 2) {
		why = g_strdup_printf("%d", job->status);
		written = sn_leave_settle(engine->store, leave->list, leave->time, SN_LEAVE_DONE, why, &error);
	} else if (is_passing(job) && now - leave->time < GIVE_UP) {
		why = explain(job);
		leaver->was_offline = !any_online(engine);
		written = sn_leave_again(engine->store, leave->list, leave->time, next_try(job, now), why, &error);
	} else {
		why = explain(job);
		written = sn_leave_settle(engine->store, leave->list, leave->time, SN_LEAVE_FAILED, why, &error);
	}
	if (!written)
		g_warning("%s", error->message);
}

static void ended(GObject *source, GAsyncResult *result, gpointer data)
{
	SnLeaver *leaver = data;
	const Job *job = g_task_get_task_data(G_TASK(result));

	leaver->running = FALSE;
	if (leaver->closing) /* as it is written: it is tried at the next start */
		return;
	write_down(leaver, job);
	sn_engine_touched(leaver->engine);
	sn_engine_wake(leaver->engine);
}

/* ---- what is wanted ---- */

static void begin(SnLeaver *leaver, SnLeave *leave)
{
	SnEngine *engine = leaver->engine;
	const SnEngineAccount *account = sn_engine_account_by_id(engine, leave->account);
	Job *job = g_new0(Job, 1);
	GTask *task = g_task_new(NULL, leaver->cancel, ended, leaver);

	g_assert(!leaver->running && leave->url);
	*job = (Job){ .leaver = leaver, .leave = leave, .http = engine->setup.backends.http,
		      .ca_file = account ? g_strdup(account->config->source.ca_file) : NULL };
	leaver->running = TRUE;
	leaver->was_offline = FALSE;
	g_task_set_task_data(task, job, job_free);
	g_task_run_in_thread(task, post);
	g_object_unref(task);
}

static void drop_timer(SnLeaver *leaver)
{
	if (!leaver->timer)
		return;
	g_source_destroy(leaver->timer);
	g_clear_pointer(&leaver->timer, g_source_unref);
}

static void due(gpointer data)
{
	SnLeaver *leaver = data;

	g_clear_pointer(&leaver->timer, g_source_unref);
	sn_engine_wake(leaver->engine);
}

void sn_leaver_look(SnLeaver *leaver)
{
	SnTime now = sn_clock_now(leaver->engine->clock);

	if (leaver->running)
		return;
	g_autoptr(SnLeave) leave = sn_leave_next(leaver->engine->store);
	drop_timer(leaver);
	if (!leave)
		return;
	if (leave->next <= now || (leaver->was_offline && any_online(leaver->engine)))
		begin(leaver, g_steal_pointer(&leave));
	else
		leaver->timer = sn_engine_timer(leaver->engine, leave->next - now, due, leaver);
}

SnLeaver *sn_leaver_new(SnEngine *engine)
{
	SnLeaver *leaver = g_new0(SnLeaver, 1);

	leaver->engine = engine;
	leaver->cancel = g_cancellable_new();
	return leaver;
}

void sn_leaver_free(SnLeaver *leaver)
{
	if (!leaver)
		return;
	drop_timer(leaver);
	leaver->closing = TRUE;
	g_cancellable_cancel(leaver->cancel);
	/* the thread ends by the cancellation, and says so by the loop */
	while (leaver->running)
		g_main_context_iteration(leaver->engine->context, TRUE);
	g_object_unref(leaver->cancel);
	g_free(leaver);
}
