/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_private.h"
#include "backends/mail/imap_talk.h"

/* Servers may hang up after half an hour (RFC 3501 section 5.4), routers much sooner. */
#define STEADY_US (5 * 60 * (gint64)G_USEC_PER_SEC) /* on line so long: no failure */
#define KEEPALIVE_MS (9 * 60 * 1000)

enum { RANK_URGENT, RANK_SYNC };

static gboolean serve_watch(SnImap *imap, SnMailRequest *request, SnMailEvent *done,
			    GError **error);

static const struct {
	SnImapServe serve;
	guint rank;
	gboolean interruptible; /* cancelling it may break the connection */
	gboolean needs_folder;
} kinds[] = {
	[SN_MAIL_REQ_LIST] = { sn_imap_serve_list, RANK_URGENT, FALSE, FALSE },
	[SN_MAIL_REQ_SYNC] = { sn_imap_serve_sync, RANK_SYNC, FALSE, TRUE },
	[SN_MAIL_REQ_WATCH] = { serve_watch, RANK_URGENT, FALSE, TRUE },
	[SN_MAIL_REQ_FETCH] = { sn_imap_serve_fetch, RANK_URGENT, TRUE, TRUE },
	[SN_MAIL_REQ_STORE] = { sn_imap_serve_store, RANK_URGENT, FALSE, TRUE },
	[SN_MAIL_REQ_MOVE] = { sn_imap_serve_move, RANK_URGENT, FALSE, TRUE },
	[SN_MAIL_REQ_DELETE] = { sn_imap_serve_delete, RANK_URGENT, FALSE, TRUE },
	[SN_MAIL_REQ_APPEND] = { sn_imap_serve_append, RANK_URGENT, FALSE, TRUE },
	[SN_MAIL_REQ_SEARCH_ID] = { sn_imap_serve_search, RANK_URGENT, FALSE, TRUE },
	[SN_MAIL_REQ_CREATE] = { sn_imap_serve_create, RANK_URGENT, FALSE, TRUE },
	[SN_MAIL_REQ_QUOTA] = { sn_imap_serve_quota, RANK_URGENT, FALSE, FALSE },
	[SN_MAIL_REQ_COPY] = { sn_imap_serve_copy, RANK_URGENT, FALSE, TRUE },
};

static SnImap *self(SnMailSource *source)
{
	return (SnImap *)source;
}

/* ---- serving ---- */

static gboolean serve_watch(SnImap *imap, SnMailRequest *request, SnMailEvent *done, GError **error)
{
	if (!imap->watch)
		imap->watch =
			sn_imap_watch_new(imap->link, imap->report.events, imap->report.owner);
	sn_imap_watch_add(imap->watch, request->folder);
	return TRUE;
}

/* Takes the request. */
static void serve(SnImap *imap, SnMailRequest *request)
{
	SnMailEvent *done = sn_report_event(&imap->report, SN_EVENT_DONE, request->id);
	GError *error = NULL;

	g_assert(imap->session);
	if (request->kind != SN_MAIL_REQ_LIST) /* it may not be true any more */
		g_clear_pointer(&imap->session->listing, sn_imap_listing_free);
	done->folder = g_strdup(request->folder);
	if (kinds[request->kind].needs_folder && !request->folder)
		g_set_error(&error, SN_ERROR, SN_ERROR_INVALID, "No folder was named.");
	else
		kinds[request->kind].serve(imap, request, done, &error);
	/* to log in is not enough: what breaks the line each time would be tried without a pause */
	if (!error && request->kind == SN_MAIL_REQ_SYNC)
		imap->failures = 0;
	sn_inbox_finish(imap->inbox, request->id);
	sn_report_end(&imap->report, request->id, done, error);
	sn_mail_request_free(request);
}

gboolean sn_imap_serve_urgent(SnImap *imap, GError **error)
{
	SnMailRequest *request;

	while (!sn_imap_session_is_dead(imap->session) && !sn_inbox_stopping(imap->inbox) &&
	       (request = sn_inbox_take(imap->inbox, RANK_URGENT)))
		serve(imap, request);
	if (!sn_imap_session_is_dead(imap->session))
		return TRUE;
	/* an urgent request was cancelled in the only way there is; that is not this one's fault */
	if (g_error_matches(sn_stream_error(imap->session->stream), SN_ERROR, SN_ERROR_CANCELLED) &&
	    !sn_inbox_stopping(imap->inbox)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NETWORK, "The connection was restarted.");
		return FALSE;
	}
	return sn_stream_give_error(imap->session->stream, error);
}

/* Ends every waiting request with a copy of error. */
static void refuse_all(SnImap *imap, const GError *error)
{
	SnMailRequest *request;

	while ((request = sn_inbox_take(imap->inbox, G_MAXUINT))) {
		sn_inbox_finish(imap->inbox, request->id);
		sn_report_end(&imap->report, request->id, NULL, g_error_copy(error));
		sn_mail_request_free(request);
	}
}

/* ---- the line ---- */

static void go_offline(SnImap *imap, const GError *error)
{
	SnTime wait = 0;

	if (sn_link_may_retry(error)) {
		wait = sn_link_backoff(++imap->failures);
		imap->next_try = g_get_monotonic_time() + wait * 1000;
	} else {
		g_clear_error(&imap->blocked);
		imap->blocked = g_error_copy(error);
	}
	sn_report_line(&imap->report, SN_LINE_OFFLINE, error, wait ? sn_clock_now(NULL) + wait : 0);
}

/* The session died: of a cancelled request (connect again at once) or of the network. */
static void drop(SnImap *imap)
{
	g_autoptr(GError) error = g_error_copy(sn_stream_error(imap->session->stream));

	g_clear_pointer(&imap->session, sn_imap_session_free);
	if (sn_inbox_stopping(imap->inbox))
		return;
	if (g_get_monotonic_time() - imap->since > STEADY_US)
		imap->failures = 0;
	if (g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED))
		imap->next_try = 0;
	else
		go_offline(imap, error);
}

static void connect_line(SnImap *imap)
{
	g_autoptr(GError) error = NULL;

	sn_report_line(&imap->report, SN_LINE_CONNECTING, NULL, 0);
	imap->session =
		sn_imap_session_open(imap->link, sn_inbox_interrupt_fd(imap->inbox), TRUE, &error);
	if (imap->session) {
		imap->since = g_get_monotonic_time();
		sn_report_line(&imap->report, SN_LINE_ONLINE, NULL, 0);
	} else if (!sn_inbox_stopping(imap->inbox)) {
		go_offline(imap, error);
	}
}

static void rest_offline(SnImap *imap)
{
	if (sn_inbox_kicked(imap->inbox)) {
		g_clear_error(&imap->blocked);
		imap->next_try = 0;
		imap->failures = 0;
		if (imap->watch)
			sn_imap_watch_kick(imap->watch);
	}
	if (imap->blocked) {
		refuse_all(imap, imap->blocked);
		sn_inbox_wait(imap->inbox, -1, -1);
		return;
	}
	gint64 left = (imap->next_try - g_get_monotonic_time() + 999) / 1000;
	if (left <= 0)
		connect_line(imap);
	else
		sn_inbox_wait(imap->inbox, -1, (int)MIN(left, G_MAXINT));
}

static void rest_online(SnImap *imap)
{
	SnImapSession *session = imap->session;
	gint64 before = g_get_monotonic_time();

	gboolean kicked = sn_inbox_kicked(imap->inbox);

	if (kicked && imap->watch)
		sn_imap_watch_kick(imap->watch);
	if (!kicked && session->imap->imap_stream->read_buffer_len == 0 &&
	    !sn_stream_has_data(session->stream))
		sn_inbox_wait(imap->inbox, sn_stream_fd(session->stream), KEEPALIVE_MS);
	/* kicked: it looks connected, and whether it is shows when it is used */
	gboolean quiet = kicked || g_get_monotonic_time() - before >= (gint64)KEEPALIVE_MS * 1000;
	if (sn_inbox_stopping(imap->inbox) || !(quiet || sn_stream_has_data(session->stream)))
		return;
	/* something came unasked (news, or a farewell), or the line needs a sign of life */
	sn_imap_check(session, mailimap_noop(session->imap), NULL, "NOOP");
}

static gpointer run(gpointer data)
{
	SnImap *imap = data;
	SnMailRequest *request;

	sn_stream_thread_init();
	while (!sn_inbox_stopping(imap->inbox)) {
		if (!imap->session)
			rest_offline(imap);
		else if (sn_imap_session_is_dead(imap->session))
			drop(imap);
		else if ((request = sn_inbox_take(imap->inbox, RANK_SYNC)))
			serve(imap, request);
		else
			rest_online(imap);
	}
	if (imap->watch)
		sn_imap_watch_stop(imap->watch);
	g_autoptr(GError) error =
		g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "The account was closed.");
	refuse_all(imap, error);
	sn_imap_session_free(imap->session);
	sn_imap_watch_free(imap->watch);
	sn_imap_labels_free(imap->labels);
	g_clear_pointer(&imap->trials, g_hash_table_unref);
	return NULL;
}

/* ---- the interface ---- */

static SnMailSource *create(const SnLinkSpec *spec, const char *path, SnQueue *events,
			    gpointer owner, GError **error)
{
	static const guint16 ports[] = { 993, 143, 143 };
	SnLink *link = sn_link_new(spec, "IMAP", ports, error);

	if (!link)
		return NULL;
	SnImap *imap = g_new0(SnImap, 1);
	imap->link = link;
	imap->inbox = sn_inbox_new((GDestroyNotify)sn_mail_request_free);
	imap->report = (SnReport){ sn_queue_ref(events), owner, imap->inbox };
	imap->thread = g_thread_new("imap", run, imap);
	return (SnMailSource *)imap;
}

static void submit(SnMailSource *source, SnMailRequest *request)
{
	SnImap *imap = self(source);

	g_assert(request && (gsize)request->kind < G_N_ELEMENTS(kinds));
	if (sn_inbox_push(imap->inbox, request, request->id, kinds[request->kind].rank,
			  kinds[request->kind].interruptible))
		return;
	sn_report_end(&imap->report, request->id, NULL,
		      g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "The account is being closed."));
	sn_mail_request_free(request);
}

static void cancel(SnMailSource *source, guint64 id)
{
	SnImap *imap = self(source);

	if (sn_inbox_cancel(imap->inbox, id))
		sn_report_end(&imap->report, id, NULL,
			      g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "Cancelled."));
}

static void reconnect(SnMailSource *source)
{
	sn_inbox_kick(self(source)->inbox);
}

static void destroy(SnMailSource **source)
{
	SnImap *imap = source ? self(*source) : NULL;

	if (!imap)
		return;
	*source = NULL;
	sn_inbox_stop(imap->inbox);
	g_thread_join(imap->thread);
	sn_inbox_free(imap->inbox);
	sn_queue_unref(imap->report.events);
	sn_link_free(imap->link);
	g_clear_error(&imap->blocked);
	g_free(imap);
}

const SnMailSourceOps sn_imap_ops = {
	.name = "imap",
	.create = create,
	.submit = submit,
	.cancel = cancel,
	.reconnect = reconnect,
	.destroy = destroy,
};
