/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/link.h"

#include <string.h>

#define MAX_REPLY 300

struct sn_link_trust {
	GMutex lock;
	SnTrust *trust;
};

SnLink *sn_link_new(const SnLinkSpec *spec, const char *protocol, const guint16 default_ports[3],
		    GError **error)
{
	g_assert(spec->tls <= SN_LINK_PLAIN);
	if (!spec->host || !*spec->host || !spec->user || !*spec->user) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
			    "The %s server needs a host name and a user name.", protocol);
		return NULL;
	}
	SnLink *link = g_new0(SnLink, 1);
	link->spec = *spec;
	link->spec.host = g_strdup(spec->host);
	link->spec.connect_host = g_strdup(spec->connect_host ? spec->connect_host : spec->host);
	link->spec.user = g_strdup(spec->user);
	link->spec.ca_file = g_strdup(spec->ca_file);
	if (link->spec.port == 0)
		link->spec.port = default_ports[spec->tls];
	link->protocol = protocol;
	link->trust = g_new0(struct sn_link_trust, 1);
	g_mutex_init(&link->trust->lock);
	return link;
}

void sn_link_free(SnLink *link)
{
	if (!link)
		return;
	g_free((char *)link->spec.host);
	g_free((char *)link->spec.connect_host);
	g_free((char *)link->spec.user);
	g_free((char *)link->spec.ca_file);
	sn_trust_free(link->trust->trust);
	g_mutex_clear(&link->trust->lock);
	g_free(link->trust);
	g_free(link);
}

gboolean sn_link_secure(const SnLink *link, SnStream *stream, GError **error)
{
	g_mutex_lock(&link->trust->lock);
	if (!link->trust->trust)
		link->trust->trust = sn_trust_new(link->spec.ca_file, error);
	const SnTrust *trust = link->trust->trust; /* stays until the link is freed */
	g_mutex_unlock(&link->trust->lock);
	return trust &&
	       sn_stream_start_tls(stream, link->spec.host, trust, SN_CONNECT_TIMEOUT_MS, error);
}

SnStream *sn_link_open(const SnLink *link, int cancel_fd, GError **error)
{
	SnStream *stream = sn_stream_new(cancel_fd);
	gboolean good = sn_stream_connect(stream, link->spec.connect_host, link->spec.port,
					  SN_CONNECT_TIMEOUT_MS, error);

	if (good && link->spec.tls == SN_LINK_PLAIN && !sn_stream_is_loopback(stream)) {
		g_set_error(error, SN_ERROR, SN_ERROR_TLS,
			    "%s is not on this machine, so %s without encryption is refused.",
			    link->spec.host, link->protocol);
		good = FALSE;
	}
	if (good && link->spec.tls == SN_LINK_TLS)
		good = sn_link_secure(link, stream, error);
	if (!good)
		g_clear_pointer(&stream, sn_stream_free);
	return stream;
}

char *sn_link_get_secret(const SnLink *link, GError **error)
{
	const SnSecretSource *source = &link->spec.secret;

	if (!source->get) {
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH, "There is no password for %s at %s.",
			    link->spec.user, link->spec.host);
		return NULL;
	}
	char *secret = source->get(source->data, link->spec.oauth2, error);
	if (!secret && error && !*error)
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH, "There is no password for %s at %s.",
			    link->spec.user, link->spec.host);
	return secret;
}

gboolean sn_link_try_another(const SnLink *link, const char *secret, const GError *error)
{
	const SnSecretSource *source = &link->spec.secret;

	return link->spec.oauth2 && source->refused &&
	       g_error_matches(error, SN_ERROR, SN_ERROR_AUTH) &&
	       source->refused(source->data, secret);
}

void sn_link_free_secret(const SnLink *link, char *secret)
{
	if (!secret)
		return;
	if (link->spec.secret.free) {
		link->spec.secret.free(secret);
	} else {
		explicit_bzero(secret, strlen(secret));
		g_free(secret);
	}
}

SnTime sn_link_backoff(guint failures)
{
	g_assert(failures > 0);
	SnTime limit =
		failures > 9 ? 5 * SN_MINUTE : MIN(SN_SECOND << (failures - 1), 5 * SN_MINUTE);
	return limit - (SnTime)(g_random_double() * 0.5 * (double)limit);
}

gboolean sn_link_may_retry(const GError *error)
{
	return !g_error_matches(error, SN_ERROR, SN_ERROR_AUTH) &&
	       !g_error_matches(error, SN_ERROR, SN_ERROR_TLS) &&
	       !g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG);
}

char *sn_link_quote_reply(const char *reply)
{
	char *text = g_utf8_make_valid(reply ? reply : "", -1);

	if (strlen(text) > MAX_REPLY)
		*g_utf8_find_prev_char(text, text + MAX_REPLY) = '\0';
	for (char *c = text; *c; c = g_utf8_next_char(c))
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	g_strstrip(text);
	gsize length = strlen(text);
	while (length > 0 && text[length - 1] == '.')
		text[--length] = '\0';
	if (length == 0) {
		g_free(text);
		return g_strdup("no reason given");
	}
	return text;
}
