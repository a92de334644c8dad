/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoint.c - the URLs of accounts.conf. */
#include <arpa/inet.h>
#include <string.h>

#include "src/base/nearest.h"
#include "src/config/config.h"
#include "src/config/oauth2.h"

typedef struct {
	const char *scheme;
	SnEndpointKind kind;
	SnTls tls;
} Scheme;

static const Scheme schemes[] = {
	{ "imaps", SN_ENDPOINT_IMAP, SN_TLS_DIRECT },
	{ "imap+starttls", SN_ENDPOINT_IMAP, SN_TLS_START },
	{ "imap+insecure", SN_ENDPOINT_IMAP, SN_TLS_NONE },
	{ "maildir", SN_ENDPOINT_MAILDIR, SN_TLS_NONE },
	{ "smtps", SN_ENDPOINT_SMTP, SN_TLS_DIRECT },
	{ "smtp+starttls", SN_ENDPOINT_SMTP, SN_TLS_START },
	{ "smtp+insecure", SN_ENDPOINT_SMTP, SN_TLS_NONE },
	{ "xmpp", SN_ENDPOINT_XMPP, SN_TLS_START },
	{ "xmpps", SN_ENDPOINT_XMPP, SN_TLS_DIRECT },
};

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fail(GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (error)
		*error = g_error_new_valist(SN_ERROR, SN_ERROR_CONFIG, format, args);
	va_end(args);
	return FALSE;
}

static const Scheme *find_scheme(const char *name, GError **error)
{
	const char *names[G_N_ELEMENTS(schemes) + 1] = { NULL };

	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
		if (strcmp(schemes[i].scheme, name) == 0)
			return &schemes[i];
		names[i] = schemes[i].scheme;
	}
	if (strcmp(name, "imap") == 0 || strcmp(name, "smtp") == 0) {
		fail(error, "'%s://' does not say how the line is protected: write %ss:// (TLS from the "
		     "start) or %s+starttls://", name, name, name);
		return NULL;
	}
	if (strcmp(name, "sendmail") == 0 || strcmp(name, "msmtp") == 0) {
		fail(error, "a command is written as it is typed, without ://; for example: outgoing = %s", name);
		return NULL;
	}
	const char *near = sn_nearest(name, names);
	g_autofree char *all = g_strjoinv(", ", (char **)names);
	fail(error, "unknown scheme '%s://'%s%s%s allowed: %s", name, near ? "; did you mean '" : ";",
	     near ? near : "", near ? "://'?" : "", all);
	return NULL;
}

static gboolean is_loopback(const char *host)
{
	struct in_addr four;
	struct in6_addr six;

	if (g_ascii_strcasecmp(host, "localhost") == 0)
		return TRUE;
	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static gboolean valid_host(const char *host)
{
	struct in6_addr six;

	if (!*host || strlen(host) > 253)
		return FALSE;
	if (strchr(host, ':'))
		return inet_pton(AF_INET6, host, &six) == 1;
	for (const guchar *at = (const guchar *)host; *at; at++)
		if (!(g_ascii_isalnum(*at) || *at == '.' || *at == '-' || *at == '_' || *at >= 0x80))
			return FALSE;
	return host[0] != '.' && host[0] != '-' && !strstr(host, "..");
}

/* Percent-decoding (RFC 3986 section 2.1); NULL for a bad escape, NUL or a control character. */
static char *decode(const char *text)
{
	g_autofree char *plain = g_uri_unescape_string(text, NULL);

	if (!plain || !g_utf8_validate(plain, -1, NULL))
		return NULL;
	for (const char *at = plain; *at; at++)
		if (g_ascii_iscntrl(*at))
			return NULL;
	return g_steal_pointer(&plain);
}

gboolean sn_host_port_parse(const char *text, char **host, guint16 *port, GError **error)
{
	const char *end, *rest;
	guint64 number = 0;

	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end)
			return fail(error, "'[' without ']' around an IPv6 address");
		rest = end + 1;
		if (!memchr(text, ':', (gsize)(end - text)))
			return fail(error, "'[%.*s]' is no IPv6 address", (int)(end - text), text);
	} else {
		end = rest = strchrnul(text, ':');
		if (*end && strchr(end + 1, ':'))
			return fail(error, "an IPv6 address is written in brackets: [%s]", text);
	}
	g_autofree char *name = g_strndup(text, (gsize)(end - text));
	if (!valid_host(name))
		return fail(error, "'%s' is no host name or address", name);
	if (*rest && (*rest != ':' ||
	              !g_ascii_string_to_unsigned(rest + 1, 10, 1, 65535, &number, NULL)))
		return fail(error, "'%s' is no port: a number from 1 to 65535", rest + (*rest == ':'));
	*host = g_steal_pointer(&name);
	*port = (guint16)number;
	return TRUE;
}

static gboolean parse_maildir(const char *rest, SnEndpoint *endpoint, GError **error)
{
	g_autofree char *path = decode(rest);

	if (!path)
		return fail(error, "bad %%-escape in '%s'", rest);
	if (path[0] == '~' && path[1] == '/')
		endpoint->path = g_build_filename(g_get_home_dir(), path + 2, NULL);
	else if (path[0] == '/')
		endpoint->path = g_steal_pointer(&path);
	else
		return fail(error, "write the whole path: maildir:///home/me/Mail or maildir://~/Mail");
	return TRUE;
}

/* user@host[:port][/]; the user may hold an '@' of its own, so the last one counts. */
static gboolean parse_authority(const char *rest, SnEndpoint *endpoint, GError **error)
{
	g_autofree char *authority = g_strndup(rest, strcspn(rest, "/?#"));
	const char *tail = rest + strlen(authority);
	char *at = strrchr(authority, '@');

	if (*tail && strcmp(tail, "/") != 0)
		return fail(error, "nothing may follow the host: '%s'", tail);
	if (at) {
		*at = '\0';
		if (strchr(authority, ':'))
			return fail(error, "a password does not belong into the address; use "
			            "password-command, or store it with 'sennit init'");
		endpoint->user = decode(authority);
		if (!endpoint->user || !*endpoint->user)
			return fail(error, "bad user name '%s' before the '@'", authority);
	}
	return sn_host_port_parse(at ? at + 1 : authority, &endpoint->host, &endpoint->port, error);
}

static gboolean finish_xmpp(SnEndpoint *endpoint, GError **error)
{
	if (!endpoint->user)
		return fail(error, "write your IM address: xmpp://you@%s", endpoint->host);
	if (strpbrk(endpoint->user, "@/ \"&'<>"))
		return fail(error, "'%s' cannot stand before the '@' of an IM address", endpoint->user);
	g_autofree char *local = g_utf8_strdown(endpoint->user, -1);
	g_autofree char *domain = g_utf8_strdown(endpoint->host, -1);
	g_free(endpoint->user);
	endpoint->user = g_strdup_printf("%s@%s", local, domain);
	g_free(endpoint->host);
	endpoint->host = g_steal_pointer(&domain);
	/* a port means: this host, no SRV records */
	if (endpoint->port)
		endpoint->connect_host = g_strdup(endpoint->host);
	return TRUE;
}

static gboolean parse_sendmail(const char *command, SnEndpoint *endpoint, GError **error)
{
	g_auto(GStrv) argv = NULL;

	if (!g_shell_parse_argv(command, NULL, &argv, NULL))
		return fail(error, "'%s' is neither an address like imaps://you@host nor a command line",
		            command);
	g_autofree char *program = g_str_has_prefix(argv[0], "~/") ?
		g_build_filename(g_get_home_dir(), argv[0] + 2, NULL) : g_find_program_in_path(argv[0]);
	if (!program)
		return fail(error, "'%s' is neither an address like imaps://you@host nor a program that "
		            "can be found", command);
	endpoint->kind = SN_ENDPOINT_SENDMAIL;
	endpoint->tls = SN_TLS_NONE;
	endpoint->path = g_strdup(command);
	return TRUE;
}

static gboolean parse_url(const char *url, const char *colon, SnEndpoint *endpoint, GError **error)
{
	g_autofree char *name = g_ascii_strdown(url, colon - url);
	const Scheme *scheme = find_scheme(name, error);
	const char *rest = colon + 3;

	if (!scheme)
		return FALSE;
	endpoint->kind = scheme->kind;
	endpoint->tls = scheme->tls;
	if (scheme->kind == SN_ENDPOINT_MAILDIR)
		return parse_maildir(rest, endpoint, error);
	if (!parse_authority(rest, endpoint, error))
		return FALSE;
	if (scheme->tls == SN_TLS_NONE && !is_loopback(endpoint->host))
		return fail(error, "'%s://' sends everything unprotected and is only for this machine "
		            "(localhost, 127.0.0.1, [::1]), not for '%s'", scheme->scheme, endpoint->host);
	if (scheme->kind == SN_ENDPOINT_XMPP)
		return finish_xmpp(endpoint, error);
	return TRUE;
}

gboolean sn_endpoint_parse(const char *url, SnEndpoint *endpoint, GError **error)
{
	const char *colon = strstr(url, "://");
	gboolean ok;

	*endpoint = (SnEndpoint){ 0 };
	if (colon && strcspn(url, " /") > (gsize)(colon - url))
		ok = parse_url(url, colon, endpoint, error);
	else
		ok = parse_sendmail(url, endpoint, error);
	if (!ok)
		sn_endpoint_clear(endpoint);
	return ok;
}

char *sn_endpoint_format(const SnEndpoint *endpoint)
{
	static const char *const allowed = G_URI_RESERVED_CHARS_SUBCOMPONENT_DELIMITERS;

	if (endpoint->kind == SN_ENDPOINT_NONE || endpoint->kind == SN_ENDPOINT_SENDMAIL)
		return g_strdup(endpoint->path ? endpoint->path : "");
	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
		const Scheme *scheme = &schemes[i];
		if (scheme->kind != endpoint->kind || scheme->tls != endpoint->tls)
			continue;
		if (endpoint->kind == SN_ENDPOINT_MAILDIR) {
			g_autofree char *path = g_uri_escape_string(endpoint->path, "/~+@:", TRUE);
			return g_strdup_printf("maildir://%s", path);
		}
		const char *user = endpoint->user ? endpoint->user : "";
		g_autofree char *bare = endpoint->kind == SN_ENDPOINT_XMPP ?
			g_strndup(user, strcspn(user, "@")) : g_strdup(user);
		g_autofree char *escaped = g_uri_escape_string(bare, allowed, TRUE);
		gboolean six = strchr(endpoint->host, ':') != NULL;
		g_autofree char *port = endpoint->port && !(endpoint->kind == SN_ENDPOINT_XMPP &&
			g_strcmp0(endpoint->connect_host, endpoint->host) != 0) ?
			g_strdup_printf(":%u", endpoint->port) : g_strdup("");
		return g_strdup_printf("%s://%s%s%s%s%s%s", scheme->scheme, escaped, *bare ? "@" : "",
		                       six ? "[" : "", endpoint->host, six ? "]" : "", port);
	}
	g_assert_not_reached();
}

void sn_endpoint_clear(SnEndpoint *endpoint)
{
	g_free(endpoint->user);
	g_free(endpoint->host);
	g_free(endpoint->connect_host);
	g_free(endpoint->path);
	g_free(endpoint->ca_file);
	g_strfreev(endpoint->password_command);
	g_strfreev(endpoint->oauth2_command);
	sn_oauth2_free(endpoint->oauth2);
	*endpoint = (SnEndpoint){ 0 };
}

void sn_endpoint_copy(SnEndpoint *to, const SnEndpoint *from)
{
	*to = (SnEndpoint){
		.kind = from->kind,
		.tls = from->tls,
		.user = g_strdup(from->user),
		.host = g_strdup(from->host),
		.connect_host = g_strdup(from->connect_host),
		.port = from->port,
		.path = g_strdup(from->path),
		.ca_file = g_strdup(from->ca_file),
		.password_command = g_strdupv(from->password_command),
		.oauth2_command = g_strdupv(from->oauth2_command),
		.oauth2 = sn_oauth2_copy(from->oauth2),
	};
}

gboolean sn_endpoint_wants_token(const SnEndpoint *endpoint)
{
	return endpoint->oauth2_command || endpoint->oauth2;
}
