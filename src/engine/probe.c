/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe.c - tries one end of an account: connects, verifies, logs in, and says how that went. */
#include "src/engine/oauth.h"
#include "src/engine/sync_private.h"

/* What is tried, and with which token. */
typedef struct {
	const SnEndpoint *endpoint;
	SnOauth *oauth; /* NULL */
} Tried;

static char *get_secret(gpointer data, gboolean want_token, GError **error)
{
	const Tried *tried = data;

	return tried->oauth ? sn_oauth_token(tried->oauth, error)
	                    : sn_secret_get(tried->endpoint, error);
}

static gboolean refused(gpointer data, const char *token)
{
	const Tried *tried = data;

	return tried->oauth && sn_oauth_refused(tried->oauth, token);
}

static SnLinkSpec link_of(const Tried *tried)
{
	const SnEndpoint *endpoint = tried->endpoint;
	SnLinkSpec link = {
		.host = endpoint->host,
		.connect_host = endpoint->connect_host,
		.port = endpoint->port,
		.tls = endpoint->tls == SN_TLS_DIRECT  ? SN_LINK_TLS
		       : endpoint->tls == SN_TLS_START ? SN_LINK_STARTTLS
		                                       : SN_LINK_PLAIN,
		.user = endpoint->user,
		.ca_file = endpoint->ca_file,
		.oauth2 = sn_endpoint_wants_token(endpoint),
		.secret = { get_secret, sn_secret_free, (gpointer)tried, refused },
	};
	return link;
}

typedef struct {
	gint64 end;    /* monotonic */
	guint folders; /* that the source has */
	GError *error; /* the last reason heard */
} Wait;

static gpointer next_event(Wait *wait, SnQueue *events)
{
	gint64 left = (wait->end - g_get_monotonic_time()) / 1000;

	return left > 0 ? sn_queue_wait(events, (int)left) : NULL;
}

/* TRUE when this line state ends the probe: it is up, or it failed. */
static gboolean line_decides(Wait *wait, SnLineState line, GError **error, gboolean *good)
{
	if (line == SN_LINE_CONNECTING)
		return FALSE;
	*good = line == SN_LINE_ONLINE;
	if (!*good && *error && !wait->error)
		wait->error = g_steal_pointer(error);
	return TRUE;
}

static gboolean probe_source(const SnMailSourceOps *ops, const Tried *tried, Wait *wait,
                             GError **error)
{
	SnQueue *events = sn_queue_new((GDestroyNotify)sn_mail_event_free, 0);
	SnLinkSpec link = link_of(tried);
	SnMailSource *source = ops->create(&link, tried->endpoint->path, events, NULL, error);
	gboolean good = FALSE, decided = !source;
	SnMailEvent *event;

	if (source)
		ops->submit(source, sn_mail_request_new(SN_MAIL_REQ_LIST, 1));
	while (!decided && (event = next_event(wait, events))) {
		if (event->kind == SN_EVENT_LINE && event->line == SN_LINE_OFFLINE)
			decided = line_decides(wait, event->line, &event->error, &good);
		else if (event->kind == SN_MAIL_EV_FOLDER)
			wait->folders++;
		else if (event->kind == SN_EVENT_DONE)
			decided = good = TRUE;
		else if (event->kind == SN_EVENT_ERROR)
			decided = line_decides(wait, SN_LINE_OFFLINE, &event->error, &good);
		sn_mail_event_free(event);
	}
	if (source)
		ops->destroy(&source);
	sn_queue_unref(events);
	return good;
}

static gboolean probe_transport(const SnMailTransportOps *ops, const Tried *tried,
                                Wait *wait, GError **error)
{
	SnQueue *events = sn_queue_new((GDestroyNotify)sn_send_event_free, 0);
	SnLinkSpec link = link_of(tried);
	SnMailTransport *transport = ops->create(&link, tried->endpoint->path, events, NULL, error);
	gboolean good = FALSE, decided = !transport;
	SnSendEvent *event;

	if (transport)
		ops->probe(transport, 1);
	while (!decided && (event = next_event(wait, events))) {
		if (event->kind == SN_EVENT_DONE)
			decided = good = TRUE;
		else if (event->kind == SN_EVENT_ERROR)
			decided = line_decides(wait, SN_LINE_OFFLINE, &event->error, &good);
		sn_send_event_free(event);
	}
	if (transport)
		ops->destroy(&transport);
	sn_queue_unref(events);
	return good;
}

static gboolean probe_im(const SnImOps *ops, const Tried *tried, Wait *wait, GError **error)
{
	SnQueue *events = sn_queue_new((GDestroyNotify)sn_im_event_free, 0);
	SnLinkSpec link = link_of(tried);
	SnIm *im = ops->create(&link, events, NULL, error);
	gboolean good = FALSE, decided = !im;
	SnImEvent *event;

	while (!decided && (event = next_event(wait, events))) {
		if (event->kind == SN_EVENT_LINE)
			decided = line_decides(wait, event->line, &event->error, &good);
		sn_im_event_free(event);
	}
	if (im)
		ops->destroy(&im);
	sn_queue_unref(events);
	return good;
}

static gboolean probe(const SnEngineBackends *backends, const Tried *tried, Wait *wait,
                      GError **error)
{
	const SnMailSourceOps *(*source)(GError **) = NULL;
	const SnMailTransportOps *(*transport)(GError **) = NULL;
	gboolean known = FALSE, good = FALSE;

	switch (tried->endpoint->kind) {
	case SN_ENDPOINT_IMAP: source = backends->imap; break;
	case SN_ENDPOINT_MAILDIR: source = backends->maildir; break;
	case SN_ENDPOINT_SMTP: transport = backends->smtp; break;
	case SN_ENDPOINT_SENDMAIL: transport = backends->sendmail; break;
	case SN_ENDPOINT_XMPP: {
		const SnImOps *ops = backends->im ? backends->im(error) : NULL;
		return ops && probe_im(ops, tried, wait, error);
	}
	case SN_ENDPOINT_NONE: break;
	}
	if (source) {
		const SnMailSourceOps *ops = source(error);
		known = ops != NULL;
		good = ops && probe_source(ops, tried, wait, error);
	} else if (transport) {
		const SnMailTransportOps *ops = transport(error);
		known = ops != NULL;
		good = ops && probe_transport(ops, tried, wait, error);
	}
	if (!known && error && !*error)
		g_set_error_literal(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
		                    "There is nothing configured here to try.");
	return good;
}

static char *describe(const SnEndpoint *endpoint, guint folders)
{
	g_autofree char *count =
		folders ? g_strdup_printf("; %u folder%s", folders, folders == 1 ? "" : "s") : NULL;

	if (endpoint->kind == SN_ENDPOINT_MAILDIR)
		return g_strdup_printf("It can be read%s.", count ? count : "; there is no folder in it yet");
	if (endpoint->path)
		return g_strdup_printf("%s works.", endpoint->path);
	return g_strdup_printf("Logged in to %s as %s%s%s.", endpoint->host,
	                       endpoint->user ? endpoint->user : "nobody",
	                       endpoint->tls == SN_TLS_NONE
	                               ? ", without encryption"
	                               : "; the certificate is valid for this name",
	                       count ? count : "");
}

gboolean sn_engine_probe(const SnEngineBackends *backends, const SnEndpoint *endpoint,
                         int timeout_ms, char **text, GError **error)
{
	Wait wait = { .end = g_get_monotonic_time() + (gint64)timeout_ms * 1000 };
	g_autoptr(GError) problem = NULL;
	SnOauth *oauth = endpoint->oauth2 ? sn_oauth_new(endpoint->oauth2, backends->http) : NULL;
	Tried tried = { endpoint, oauth };
	gboolean good = probe(backends, &tried, &wait, &problem);

	sn_oauth_free(oauth);
	if (text)
		*text = good ? describe(endpoint, wait.folders) : NULL;
	if (!good && wait.error)
		g_propagate_error(error, g_steal_pointer(&wait.error));
	else if (!good && problem)
		g_propagate_error(error, g_steal_pointer(&problem));
	else if (!good)
		g_set_error(error, SN_ERROR, SN_ERROR_NETWORK,
		            "%s gave no answer within %d seconds.",
		            endpoint->host ? endpoint->host : "The other side", timeout_ms / 1000);
	g_clear_error(&wait.error);
	return good;
}
