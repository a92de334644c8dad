/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dial.c - the helper thread of one attempt to connect.
 *
 * It gets the password, looks the server up (RFC 6120 section 3.2, XEP-0368), and tries which of
 * its addresses takes a TCP connection: the library tries only one of them, tells no reason, and
 * spoils the state for resumption whenever it fails. After that it guards the log-in, because the
 * library's TLS handshake blocks for ever if the server keeps silent.
 *
 * The thread and its owner share SnDial by reference count. A thread that hangs in the password
 * source is left behind; it touches nothing but its own SnDial and the inbox then.
 */
#include "backends/xmpp/xmpp_private.h"

#include <gio/gio.h>
#include <string.h>

#define TCP_TIMEOUT_S 10
#define LOGIN_TIMEOUT_S 30
#define MAX_TARGETS 16
#define MAX_ADDRESSES 8
#define PORT_STARTTLS 5222
#define PORT_DIRECT 5223

struct sn_dial {
	gatomicrefcount refs;
	GThread *thread;
	GCancellable *cancellable;
	GMutex lock;
	GCond changed;
	gboolean over, expired, in_source;

	/* fixed before the thread starts */
	SnIm *im; /* for sn_line_cut() and the post only while `over` is unset, under lock */
	SnQueue *inbox;
	char *domain, *host;
	guint16 port;
	int tls;
	gboolean want_secret;
	SnSecretSource source;
};

typedef struct {
	char *host;
	guint16 port, priority;
	gboolean direct_tls;
} Target;

static void target_free(gpointer data)
{
	g_free(((Target *)data)->host);
	g_free(data);
}

void sn_dial_outcome_free(SnDialOutcome *outcome)
{
	if (!outcome)
		return;
	g_clear_error(&outcome->error);
	if (outcome->secret) {
		explicit_bzero(outcome->secret, strlen(outcome->secret));
		g_free(outcome->secret);
	}
	g_free(outcome->address);
	g_free(outcome->where);
	g_free(outcome);
}

static SnDial *dial_ref(SnDial *dial)
{
	g_atomic_ref_count_inc(&dial->refs);
	return dial;
}

static void dial_unref(SnDial *dial)
{
	if (!g_atomic_ref_count_dec(&dial->refs))
		return;
	g_object_unref(dial->cancellable);
	g_mutex_clear(&dial->lock);
	g_cond_clear(&dial->changed);
	sn_queue_unref(dial->inbox);
	g_free(dial->domain);
	g_free(dial->host);
	g_free(dial);
}

/* ---- where to ---- */

static void add_target(GPtrArray *targets, const char *host, guint16 port, guint16 priority,
		       gboolean direct_tls)
{
	Target *target = g_new(Target, 1);

	*target = (Target){ g_strdup(host), port, priority, direct_tls };
	g_ptr_array_add(targets, target);
}

static void add_services(SnDial *dial, GPtrArray *targets, const char *service, gboolean direct_tls)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	GList *list = g_resolver_lookup_service(resolver, service, "tcp", dial->domain,
						dial->cancellable, NULL);

	for (GList *link = list; link && targets->len < MAX_TARGETS; link = link->next) {
		const char *host = g_srv_target_get_hostname(link->data);
		if (host && *host && strcmp(host, ".") != 0) /* "." says: not offered */
			add_target(targets, host, g_srv_target_get_port(link->data),
				   g_srv_target_get_priority(link->data), direct_tls);
	}
	g_resolver_free_targets(list);
}

static gint by_priority(gconstpointer a, gconstpointer b)
{
	const Target *one = *(Target *const *)a, *other = *(Target *const *)b;

	if (one->priority != other->priority)
		return one->priority < other->priority ? -1 : 1;
	return other->direct_tls - one->direct_tls;
}

static GPtrArray *find_targets(SnDial *dial)
{
	GPtrArray *targets = g_ptr_array_new_with_free_func(target_free);
	gboolean direct = dial->tls == SN_LINK_TLS;
	guint16 usual = direct ? PORT_DIRECT : PORT_STARTTLS;

	if (dial->host || dial->port) {
		add_target(targets, dial->host ? dial->host : dial->domain,
			   dial->port ? dial->port : usual, 0, direct);
		return targets;
	}
	if (dial->tls != SN_LINK_PLAIN)
		add_services(dial, targets, "xmpps-client", TRUE);
	if (!direct)
		add_services(dial, targets, "xmpp-client", FALSE);
	/* weights were put in order by the resolver; sorting keeps that */
	g_ptr_array_sort(targets, by_priority);
	if (targets->len == 0)
		add_target(targets, dial->domain, usual, 0, direct);
	return targets;
}

static gboolean try_address(SnDial *dial, GInetAddress *address, const Target *target,
			    GError **error)
{
	g_autoptr(GSocketAddress) to = g_inet_socket_address_new(address, target->port);
	g_autoptr(GSocket) socket =
		g_socket_new(g_inet_address_get_family(address), G_SOCKET_TYPE_STREAM,
			     G_SOCKET_PROTOCOL_TCP, error);

	if (!socket)
		return FALSE;
	g_socket_set_timeout(socket, TCP_TIMEOUT_S);
	return g_socket_connect(socket, to, dial->cancellable, error);
}

static GError *network_error(const char *where, const GError *cause)
{
	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		return g_error_new(SN_ERROR, SN_ERROR_NETWORK, "%s does not answer (%d seconds).",
				   where, TCP_TIMEOUT_S);
	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
		return g_error_new(
			SN_ERROR, SN_ERROR_NETWORK,
			"%s refuses connections. Is the server running, and is the port right?",
			where);
	return g_error_new(SN_ERROR, SN_ERROR_NETWORK, "Cannot reach %s: %s.", where,
			   cause->message);
}

/* TRUE when an address of the target takes a connection. Keeps the last reason in *error. */
static gboolean try_target(SnDial *dial, const Target *target, SnDialOutcome *outcome)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	g_autoptr(GError) error = NULL;
	GList *addresses =
		g_resolver_lookup_by_name(resolver, target->host, dial->cancellable, &error);
	gboolean reached = FALSE;
	int tried = 0;

	if (!addresses) {
		g_clear_error(&outcome->error);
		outcome->error = g_error_new(SN_ERROR, SN_ERROR_NETWORK,
					     "The server of %s, \"%s\", was not found: %s.",
					     dial->domain, target->host, error->message);
	}
	for (GList *link = addresses; link && tried++ < MAX_ADDRESSES && !reached;
	     link = link->next) {
		g_autofree char *address = g_inet_address_to_string(link->data);
		g_autofree char *where = strcmp(address, target->host) == 0
						 ? g_strdup_printf("%s:%u", address, target->port)
						 : g_strdup_printf("%s (%s:%u)", target->host,
								   address, target->port);
		g_clear_error(&outcome->error);
		g_clear_error(&error);
		if (dial->tls == SN_LINK_PLAIN && !g_inet_address_get_is_loopback(link->data)) {
			outcome->error = g_error_new(SN_ERROR, SN_ERROR_TLS,
						     "Refused to log in to %s without encryption: "
						     "it is not this machine.",
						     where);
		} else if (try_address(dial, link->data, target, &error)) {
			reached = TRUE;
			outcome->address = g_steal_pointer(&address);
			outcome->where = g_steal_pointer(&where);
			outcome->port = target->port;
			outcome->direct_tls = target->direct_tls;
		} else {
			outcome->error = network_error(where, error);
		}
	}
	g_resolver_free_addresses(addresses);
	return reached;
}

/* ---- the thread ---- */

/* FALSE: the connection has gone, and the source may have gone with it. */
static gboolean enter_source(SnDial *dial)
{
	g_mutex_lock(&dial->lock);
	dial->in_source = !dial->over;
	gboolean entered = dial->in_source;
	g_mutex_unlock(&dial->lock);
	return entered;
}

static void get_secret(SnDial *dial, SnDialOutcome *outcome)
{
	if (!enter_source(dial)) {
		outcome->error = g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
		return;
	}
	char *secret = dial->source.get
			       ? dial->source.get(dial->source.data, FALSE, &outcome->error)
			       : NULL;

	g_mutex_lock(&dial->lock);
	dial->in_source = FALSE;
	g_cond_broadcast(&dial->changed);
	g_mutex_unlock(&dial->lock);
	if (secret)
		outcome->secret = g_strdup(secret);
	else if (!outcome->error)
		outcome->error = g_error_new(SN_ERROR, SN_ERROR_AUTH,
					     "There is no password for %s.", dial->domain);
	if (secret && dial->source.free)
		dial->source.free(secret);
}

/* What the account's thread gets; its free function serves an account that is gone. */
typedef struct {
	SnDial *dial;
	SnDialOutcome *outcome;
} Report;

static void report_free(gpointer data)
{
	Report *report = data;

	sn_dial_outcome_free(report->outcome);
	dial_unref(report->dial);
	g_free(report);
}

static void take_report(SnIm *im, gpointer data)
{
	Report *report = data;

	if (im->dial == report->dial)
		sn_line_dialled(im, report->dial, g_steal_pointer(&report->outcome));
	report_free(report);
}

static void guard_login(SnDial *dial)
{
	gint64 end = g_get_monotonic_time() + LOGIN_TIMEOUT_S * G_USEC_PER_SEC;

	g_mutex_lock(&dial->lock);
	while (!dial->over && g_cond_wait_until(&dial->changed, &dial->lock, end))
		;
	if (!dial->over) {
		dial->expired = TRUE;
		sn_line_cut(dial->im);
	}
	g_mutex_unlock(&dial->lock);
}

static gpointer dial_thread(gpointer data)
{
	SnDial *dial = data;
	SnDialOutcome *outcome = g_new0(SnDialOutcome, 1);
	gboolean reached = FALSE;

	if (dial->want_secret)
		get_secret(dial, outcome);
	if (!outcome->error) {
		g_autoptr(GPtrArray) targets = find_targets(dial);
		for (guint i = 0;
		     i < targets->len && !reached && !g_cancellable_is_cancelled(dial->cancellable);
		     i++)
			reached = try_target(dial, g_ptr_array_index(targets, i), outcome);
		if (!reached && !outcome->error)
			outcome->error = g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
	}
	Report *report = g_new(Report, 1);
	*report = (Report){ dial_ref(dial), outcome };
	sn_xmpp_post(dial->inbox, take_report, report, report_free);
	if (reached)
		guard_login(dial);
	dial_unref(dial);
	return NULL;
}

/* ---- the owner's side ---- */

SnDial *sn_dial_new(SnIm *im, gboolean want_secret)
{
	SnDial *dial = g_new0(SnDial, 1);

	g_atomic_ref_count_init(&dial->refs);
	g_mutex_init(&dial->lock);
	g_cond_init(&dial->changed);
	dial->cancellable = g_cancellable_new();
	dial->im = im;
	dial->inbox = sn_queue_ref(im->inbox);
	dial->domain = g_strdup(im->domain);
	dial->host = g_strdup(im->connect_host);
	dial->port = im->port;
	dial->tls = im->tls;
	dial->want_secret = want_secret;
	dial->source = im->secret_source;
	dial->thread = g_thread_new("xmpp-dial", dial_thread, dial_ref(dial));
	return dial;
}

void sn_dial_over(SnDial *dial)
{
	g_mutex_lock(&dial->lock);
	dial->over = TRUE;
	g_cond_broadcast(&dial->changed);
	g_mutex_unlock(&dial->lock);
}

gboolean sn_dial_expired(SnDial *dial)
{
	g_mutex_lock(&dial->lock);
	gboolean expired = dial->expired;
	g_mutex_unlock(&dial->lock);
	return expired;
}

void sn_dial_free(SnDial *dial)
{
	if (!dial)
		return;
	sn_dial_over(dial);
	g_cancellable_cancel(dial->cancellable);
	g_mutex_lock(&dial->lock);
	/* A password command may take as long as a person: leave it alone. */
	gboolean ends_soon = !dial->in_source;
	g_mutex_unlock(&dial->lock);
	if (ends_soon)
		g_thread_join(dial->thread);
	else
		g_thread_unref(dial->thread);
	dial_unref(dial);
}
