/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xmpp.c - the interface, the account's thread, and requests from submit() to their one end. */
#include "backends/xmpp/xmpp_private.h"

#include <signal.h>
#include <string.h>

/* libstrophe's XML tree is walked recursively: a stanza nested 35,000 deep needs this much. */
#define STACK_SIZE (64 * 1024 * 1024)
#define INBOX_BURST 16
#define LEAVE_MS 1000

/* What other threads hand to the account's. */
typedef struct {
	enum { ORDER_SUBMIT, ORDER_CANCEL, ORDER_RECONNECT, ORDER_STOP, ORDER_TASK } kind;
	SnImRequest *request;
	guint64 id;
	SnXmppTask run;
	gpointer data;
	GDestroyNotify free_data;
} Order;

static void order_free(gpointer data)
{
	Order *order = data;

	sn_im_request_free(order->request);
	if (order->data && order->free_data)
		order->free_data(order->data);
	g_free(order);
}

static void post(SnQueue *inbox, Order order)
{
	Order *item = g_memdup2(&order, sizeof order);

	if (!sn_queue_push_urgent(inbox, item, 0))
		order_free(item);
}

void sn_xmpp_post(SnQueue *inbox, SnXmppTask run, gpointer data, GDestroyNotify free_data)
{
	post(inbox,
	     (Order){ .kind = ORDER_TASK, .run = run, .data = data, .free_data = free_data });
}

/* ---- events ---- */

gboolean sn_xmpp_stopping(SnIm *im)
{
	g_mutex_lock(&im->lock);
	gboolean stopping = im->stopping;
	g_mutex_unlock(&im->lock);
	return stopping;
}

SnImEvent *sn_xmpp_event(SnIm *im, int kind, guint64 id)
{
	return sn_im_event_new(kind, id, im->owner);
}

void sn_xmpp_push(SnIm *im, SnImEvent *event)
{
	/* Messages are the only bulk (an archive), and stop asking for pages while nobody takes
	 * them (archive.c); so that this thread can always be stopped, nothing blocks here. */
	if (!sn_queue_push_urgent(im->events, event, 1))
		sn_im_event_free(event);
}

/* ---- jobs ---- */

static void job_free(gpointer data)
{
	SnXmppJob *job = data;

	if (job->state && job->free_state)
		job->free_state(job->state);
	sn_im_request_free(job->request);
	g_free(job);
}

SnXmppJob *sn_xmpp_job(SnIm *im, guint64 id)
{
	return g_hash_table_lookup(im->jobs, &id);
}

static void end_job(SnIm *im, SnXmppJob *job, SnImEvent *event)
{
	guint64 id = job->request->id;

	g_assert(event->id == id && g_hash_table_contains(im->jobs, &id));
	g_queue_remove(&im->waiting, job);
	g_hash_table_remove(im->jobs, &id);
	sn_xmpp_push(im, event);
}

void sn_xmpp_done(SnIm *im, SnXmppJob *job, SnImEvent *event)
{
	if (!event)
		event = sn_xmpp_event(im, SN_EVENT_DONE, job->request->id);
	end_job(im, job, event);
}

void sn_xmpp_fail(SnIm *im, SnXmppJob *job, GError *error)
{
	SnImEvent *event = sn_xmpp_event(im, SN_EVENT_ERROR, job->request->id);

	g_assert(error);
	event->error = error;
	end_job(im, job, event);
}

static void cancel_job(SnIm *im, SnXmppJob *job)
{
	if (job->cancel)
		job->cancel(im, job);
	sn_sm_forget_job(im, job->request->id);
	end_job(im, job, sn_xmpp_event(im, SN_EVENT_CANCELLED, job->request->id));
}

static void begin(SnIm *im, SnXmppJob *job)
{
	job->started = TRUE;
	job->start->start(im, job);
}

static void submit_job(SnIm *im, SnImRequest *request)
{
	SnXmppJob *job = g_new0(SnXmppJob, 1);

	g_assert(!sn_xmpp_job(im, request->id)); /* ids are unique */
	job->request = request;
	job->start = sn_xmpp_start_of(request->kind);
	g_hash_table_insert(im->jobs, &request->id, job);
	if (!job->start->needs_line || sn_xmpp_is_online(im)) {
		begin(im, job);
	} else if (im->phase == SN_PHASE_OFFLINE && !im->retry) {
		/* No attempt will follow by itself: do not let it wait for ever. */
		sn_xmpp_fail(
			im, job,
			g_error_new(SN_ERROR, SN_ERROR_NETWORK, "%s is not connected: %s", im->jid,
				    im->last_error ? im->last_error->message : "not tried yet."));
	} else {
		g_queue_push_tail(&im->waiting, job);
	}
}

void sn_xmpp_wait_again(SnIm *im, SnXmppJob *job)
{
	job->started = FALSE;
	g_queue_push_head(&im->waiting, job);
}

void sn_xmpp_start_waiting(SnIm *im)
{
	GQueue ready = im->waiting; /* one may choose to wait again */

	g_queue_init(&im->waiting);
	for (SnXmppJob *job; (job = g_queue_pop_head(&ready));) {
		if (sn_xmpp_is_online(im))
			begin(im, job);
		else
			g_queue_push_tail(&im->waiting, job);
	}
}

void sn_xmpp_fail_all_waiting(SnIm *im, const GError *error)
{
	SnXmppJob *job;

	while ((job = g_queue_pop_head(&im->waiting)))
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_NETWORK, "%s is not connected: %s",
					 im->jid, error->message));
}

/* ---- timers ---- */

GSource *sn_xmpp_timer(SnIm *im, guint ms, GSourceFunc call)
{
	GSource *timer = g_timeout_source_new(ms);

	g_source_set_callback(timer, call, im, NULL);
	g_source_attach(timer, im->context);
	return timer;
}

void sn_xmpp_timer_clear(GSource **timer)
{
	if (!*timer)
		return;
	g_source_destroy(*timer);
	g_clear_pointer(timer, g_source_unref);
}

/* ---- the thread ---- */

static gboolean leave_in_time(gpointer data)
{
	((SnIm *)data)->ended = TRUE;
	return G_SOURCE_REMOVE;
}

static void take_order(gpointer item, gpointer data)
{
	Order *order = item;
	SnIm *im = data;
	SnXmppJob *job;

	switch (order->kind) {
	case ORDER_SUBMIT: submit_job(im, g_steal_pointer(&order->request)); break;
	case ORDER_CANCEL:
		/* A message on the wire cannot be called back: it ends in DONE or ERROR. */
		job = sn_xmpp_job(im, order->id);
		if (job && !(job->started && job->request->kind == SN_IM_REQ_SEND))
			cancel_job(im, job);
		break;
	case ORDER_RECONNECT: sn_line_reconnect(im); break;
	case ORDER_STOP:
		g_source_unref(sn_xmpp_timer(im, LEAVE_MS, leave_in_time));
		sn_line_leave(im);
		break;
	case ORDER_TASK: order->run(im, g_steal_pointer(&order->data)); break;
	}
	order_free(order);
}

static void cancel_all(SnIm *im)
{
	g_autoptr(GList) jobs = g_hash_table_get_values(im->jobs);

	for (GList *link = jobs; link; link = link->next)
		cancel_job(im, link->data);
	g_assert(g_hash_table_size(im->jobs) == 0);
}

/* How the thread sleeps, for the test that it does not wake by itself. The function gets no pointer. */
static gint sleep_counted(GPollFD *fds, guint count, gint timeout)
{
	SnIm *im = sn_wire_current();

	g_assert(im);
	g_atomic_int_set(&im->sleeps_for, timeout);
	if (timeout != 0)
		g_atomic_int_inc(&im->sleeps);
	return g_poll(fds, count, timeout);
}

static gpointer run(gpointer data)
{
	SnIm *im = data;
	sigset_t pipe_signal;

	/* OpenSSL writes without MSG_NOSIGNAL: a cut line must not kill the process. */
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);

	im->context = g_main_context_new();
	g_main_context_push_thread_default(im->context);
	GSource *inbox = sn_queue_source(im->inbox, im->context, INBOX_BURST, take_order, im);
	sn_line_init(im);
	g_main_context_set_poll_func(im->context, sleep_counted);
	sn_line_start(im);
	while (!im->ended)
		g_main_context_iteration(im->context, TRUE);
	/* Orders that came too late still have their one end. A helper thread that is left behind
	 * finds the inbox closed. */
	sn_queue_close(im->inbox);
	for (Order *order; (order = sn_queue_take(im->inbox));) {
		if (order->kind == ORDER_SUBMIT)
			take_order(order, im);
		else
			order_free(order);
	}
	cancel_all(im);
	sn_line_finish(im);
	g_source_destroy(inbox);
	g_source_unref(inbox);
	g_main_context_pop_thread_default(im->context);
	g_main_context_unref(im->context);
	return NULL;
}

/* ---- the interface ---- */

static gpointer initialise_library(gpointer data)
{
	xmpp_initialize();
	return NULL;
}

char *sn_xmpp_made_up_resource(void)
{
	return g_strdup_printf("sennit.%08x", g_random_int());
}

static SnIm *im_new(const SnLinkSpec *link, SnQueue *events, gpointer owner, char *jid)
{
	SnIm *im = g_new0(SnIm, 1);

	im->jid = jid;
	im->domain = sn_jid_domain(jid);
	im->resource = link->resource ? g_strdup(link->resource) : sn_xmpp_made_up_resource();
	im->connect_host = g_strdup(link->connect_host);
	im->ca_file = g_strdup(link->ca_file);
	im->port = link->port;
	im->tls = link->tls;
	im->secret_source = link->secret;
	im->events = sn_queue_ref(events);
	im->inbox = sn_queue_new(order_free, 0);
	im->owner = owner;
	im->socket = im->fd = -1;
	im->random = g_rand_new();
	im->jobs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, job_free);
	g_mutex_init(&im->lock);
	return im;
}

static void im_free(SnIm *im)
{
	g_hash_table_unref(im->jobs);
	sn_queue_unref(im->events);
	sn_queue_unref(im->inbox);
	g_mutex_clear(&im->lock);
	g_rand_free(im->random);
	g_free(im->jid);
	g_free(im->domain);
	g_free(im->resource);
	g_free(im->connect_host);
	g_free(im->ca_file);
	g_free(im);
}

static SnIm *create(const SnLinkSpec *link, SnQueue *events, gpointer owner, GError **error)
{
	static GOnce once = G_ONCE_INIT;
	g_autofree char *jid = sn_jid_normalise(link->user);
	pthread_attr_t attributes;

	if (!jid || !strchr(jid, '@')) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
			    "\"%s\" is no XMPP address. It should look like name@example.org.",
			    link->user ? link->user : "");
		return NULL;
	}
	if (link->oauth2) {
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
			    "Logging in to XMPP with OAuth2 is not supported. Give %s a password.",
			    jid);
		return NULL;
	}
	g_once(&once, initialise_library, NULL);
	SnIm *im = im_new(link, events, owner, g_steal_pointer(&jid));
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	int failed = pthread_create(&im->thread, &attributes, run, im);
	pthread_attr_destroy(&attributes);
	if (failed) {
		g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY, "No thread for %s: %s.", im->jid,
			    g_strerror(failed));
		im_free(im);
		return NULL;
	}
	return im;
}

static void submit(SnIm *im, SnImRequest *request)
{
	g_assert(request->id > 0);
	post(im->inbox, (Order){ .kind = ORDER_SUBMIT, .request = request });
}

static void cancel(SnIm *im, guint64 id)
{
	post(im->inbox, (Order){ .kind = ORDER_CANCEL, .id = id });
}

static void reconnect(SnIm *im)
{
	post(im->inbox, (Order){ .kind = ORDER_RECONNECT });
}

static void destroy(SnIm **place)
{
	SnIm *im = *place;

	*place = NULL;
	if (!im)
		return;
	g_mutex_lock(&im->lock);
	im->stopping = TRUE;
	g_mutex_unlock(&im->lock);
	post(im->inbox, (Order){ .kind = ORDER_STOP });
	/* The library may be blocked in a handshake or a farewell that nobody answers. */
	struct timespec deadline;
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_nsec += 500 * 1000 * 1000;
	if (deadline.tv_nsec >= 1000 * 1000 * 1000) {
		deadline.tv_nsec -= 1000 * 1000 * 1000;
		deadline.tv_sec++;
	}
	if (pthread_timedjoin_np(im->thread, NULL, &deadline) != 0) {
		sn_line_cut(im);
		pthread_join(im->thread, NULL);
	}
	im_free(im);
}

const SnImOps sn_xmpp_ops = {
	.name = "xmpp",
	.create = create,
	.submit = submit,
	.cancel = cancel,
	.reconnect = reconnect,
	.destroy = destroy,
};
