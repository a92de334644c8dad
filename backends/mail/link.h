/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link.h - a mail backend's own copy of where and how to connect, and how often to try. */
#ifndef SN_BACKENDS_MAIL_LINK_H
#define SN_BACKENDS_MAIL_LINK_H

#include "backends/backend.h"
#include "backends/mail/stream.h"

#define SN_CONNECT_TIMEOUT_MS 15000
#define SN_PEER_TIMEOUT_MS 60000

typedef struct {
	SnLinkSpec spec; /* strings owned; port is never 0; connect_host never NULL */
	const char *protocol; /* "IMAP", "SMTP": static */
	struct sn_link_trust *trust; /* read when first needed; shared by all connections */
} SnLink;

/* default_ports: TLS, STARTTLS, PLAIN. NULL with CONFIG when host or user is missing. */
SnLink *sn_link_new(const SnLinkSpec *spec, const char *protocol, const guint16 default_ports[3],
                    GError **error);
void sn_link_free(SnLink *link); /* NULL is fine */

/* Connects, and starts TLS if that comes first. PLAIN anywhere but on loopback is refused (TLS).
 * NULL with NETWORK, TLS, CONFIG or CANCELLED. */
SnStream *sn_link_open(const SnLink *link, int cancel_fd, GError **error);

/* TLS as the link wants it, on a stream of it that is still in the clear. */
gboolean sn_link_secure(const SnLink *link, SnStream *stream, GError **error);

/* The password or token; wiped and freed by sn_link_free_secret(). NULL with AUTH. */
char *sn_link_get_secret(const SnLink *link, GError **error);
void sn_link_free_secret(const SnLink *link, char *secret);
/* The server answered with this error to the token: TRUE when another one is to be tried. */
gboolean sn_link_try_another(const SnLink *link, const char *secret, const GError *error);

/* How long to wait before the try after `failures` (> 0) in a row: 1 s doubling up to 5 min, less
 * up to a half, by chance. */
SnTime sn_link_backoff(guint failures);

/* AUTH, TLS and CONFIG do not mend themselves: no new try until the user wants one. */
gboolean sn_link_may_retry(const GError *error);

/* A server's words for a message: one line, printable, bounded, no trailing dot; caller frees. */
char *sn_link_quote_reply(const char *reply);

#endif
