/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * srv.h - finding a domain's servers by DNS SRV records (RFC 6186, RFC 8314 section 5.1, RFC 6120
 * section 3.2, XEP-0368). DNS answers are not authenticated: a server outside the domain itself is
 * marked so that the user can be asked first (RFC 6186 section 6).
 */
#ifndef SN_CLI_SRV_H
#define SN_CLI_SRV_H

#include <glib.h>

typedef struct {
	char *source, *outgoing, *im; /* URLs; NULL = not found */
	gboolean foreign;    /* a mail server that only the DNS named lies outside the domain */
	char *web;           /* the page that named the mail servers, over https; NULL: the DNS did */
	gboolean wants_oauth; /* ... and said that they take no passwords */
	gboolean no_mail;    /* the DNS says that there is no email */
	gboolean dns_failed; /* the DNS could not be asked */
} SnServers;
void sn_servers_clear(SnServers *servers);

/* Blocks for at most timeout_ms. user: the login name, as it goes into the URLs. */
void sn_servers_find(const char *domain, const char *user, int timeout_ms, SnServers *servers);

/* "imaps://user@host:port", the port left out where it is the scheme's own. Caller frees. */
char *sn_server_url(const char *scheme, const char *user, const char *host, guint16 port);

#endif
