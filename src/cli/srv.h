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
	char *source, *outgoing, *im; /* URLs without the user ("imaps://%s@host"); NULL = not found */
	gboolean foreign;             /* a mail server lies outside the domain */
} SnServers;
void sn_servers_clear(SnServers *servers);

/* Blocks for at most timeout_ms. user: the login name, as it goes into the URLs. */
void sn_servers_find(const char *domain, const char *user, int timeout_ms, SnServers *servers);

#endif
