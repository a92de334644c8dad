/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/srv.h"

#include <string.h>

#include "src/base/gio.h"

/* In order of preference within each end: TLS from the start first (RFC 8314 section 3). */
static const struct {
	const char *service, *scheme;
	enum { SOURCE, OUTGOING, IM } end;
	guint16 port; /* default, left out of the URL */
} services[] = {
	{ "imaps", "imaps", SOURCE, 993 },
	{ "imap", "imap+starttls", SOURCE, 143 },
	{ "submissions", "smtps", OUTGOING, 465 },
	{ "submission", "smtp+starttls", OUTGOING, 587 },
	{ "xmpps-client", "xmpps", IM, 0 },
	{ "xmpp-client", "xmpp", IM, 0 },
};

typedef struct {
	GMainLoop *loop;
	int left, failed;
	GList *found[G_N_ELEMENTS(services)]; /* of GSrvTarget, best first */
} Search;

typedef struct {
	Search *search;
	gsize index;
} Lookup;

static void on_found(GObject *resolver, GAsyncResult *result, gpointer data)
{
	Lookup *lookup = data;
	g_autoptr(GError) error = NULL;

	lookup->search->found[lookup->index] =
		sn_gio()->g_resolver_lookup_service_finish((GResolver *)resolver, result, &error);
	/* without a record this server is not announced */
	if (error && !g_error_matches(error, sn_gio()->g_resolver_error_quark(), G_RESOLVER_ERROR_NOT_FOUND))
		lookup->search->failed++;
	if (--lookup->search->left == 0)
		g_main_loop_quit(lookup->search->loop);
	g_free(lookup);
}

static gboolean on_timeout(gpointer data)
{
	sn_gio()->g_cancellable_cancel(data);
	return G_SOURCE_REMOVE;
}

/* "." means: decidedly not offered (RFC 2782). */
static const GSrvTarget *best_of(GList *found)
{
	const GSrvTarget *first = found ? found->data : NULL;
	const char *host = first ? sn_gio()->g_srv_target_get_hostname((GSrvTarget *)first) : "";

	return *host && strcmp(host, ".") != 0 ? first : NULL;
}

char *sn_server_url(const char *scheme, const char *user, const char *host, guint16 port)
{
	g_autofree char *escaped = g_uri_escape_string(user, "!$'()*+,;", TRUE);

	for (gsize i = 0; i < G_N_ELEMENTS(services); i++)
		if (strcmp(services[i].scheme, scheme) == 0 && services[i].port == port)
			port = 0;
	return port ? g_strdup_printf("%s://%s@%s:%u", scheme, escaped, host, port) :
	              g_strdup_printf("%s://%s@%s", scheme, escaped, host);
}

static void use(SnServers *servers, gsize i, const GSrvTarget *target, const char *domain,
                const char *user)
{
	char **url = services[i].end == SOURCE ? &servers->source :
	             services[i].end == OUTGOING ? &servers->outgoing : &servers->im;
	const SnGio *gio = sn_gio();
	g_autofree char *host =
		g_ascii_strdown(gio->g_srv_target_get_hostname((GSrvTarget *)target), -1);
	guint16 port = gio->g_srv_target_get_port((GSrvTarget *)target);

	if (*url)
		return;
	if (host[strlen(host) - 1] == '.')
		host[strlen(host) - 1] = '\0';
	if (services[i].end == IM) {
		/* the client looks the records up itself, each time */
		g_autofree char *local = g_strndup(user, strcspn(user, "@"));
		*url = g_strdup_printf("%s://%s@%s", services[i].scheme, local, domain);
		return;
	}
	*url = sn_server_url(services[i].scheme, user, host, port);
	g_autofree char *below = g_strconcat(".", domain, NULL);
	if (g_ascii_strcasecmp(host, domain) != 0 && !g_str_has_suffix(host, below))
		servers->foreign = TRUE;
}

void sn_servers_find(const char *domain, const char *user, int timeout_ms, SnServers *servers)
{
	const SnGio *gio = sn_gio();
	g_autoptr(GMainContext) context = g_main_context_new();
	sn_gio_auto GCancellable *cancel = gio->g_cancellable_new();
	Search search = { .loop = g_main_loop_new(context, FALSE), .left = G_N_ELEMENTS(services) };

	*servers = (SnServers){ 0 };
	g_main_context_push_thread_default(context);
	sn_gio_auto GResolver *resolver = gio->g_resolver_get_default();
	g_autoptr(GSource) timer = g_timeout_source_new((guint)timeout_ms);
	g_source_set_callback(timer, on_timeout, cancel, NULL);
	g_source_attach(timer, context);
	for (gsize i = 0; i < G_N_ELEMENTS(services); i++) {
		Lookup *lookup = g_new(Lookup, 1);
		*lookup = (Lookup){ &search, i };
		gio->g_resolver_lookup_service_async(resolver, services[i].service, "tcp", domain, cancel,
		                                     on_found, lookup);
	}
	g_main_loop_run(search.loop);
	g_source_destroy(timer);
	servers->dns_failed = search.failed > 0;
	for (gsize i = 0; i < G_N_ELEMENTS(services); i++) {
		const GSrvTarget *target = best_of(search.found[i]);
		if (target)
			use(servers, i, target, domain, user);
		else if (search.found[i] && services[i].end == SOURCE)
			servers->no_mail = TRUE;
		gio->g_resolver_free_targets(search.found[i]);
	}
	g_main_context_pop_thread_default(context);
	g_main_loop_unref(search.loop);
}

void sn_servers_clear(SnServers *servers)
{
	g_free(servers->source);
	g_free(servers->outgoing);
	g_free(servers->im);
	g_free(servers->web);
	*servers = (SnServers){ 0 };
}
