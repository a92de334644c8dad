/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * discover.h - which servers a domain has: what its own web server says over https (autoconfig, as
 * Thunderbird reads it), and its DNS. Nobody else is asked, and nothing is sent in the clear but the
 * DNS questions.
 */
#ifndef SN_CLI_DISCOVER_H
#define SN_CLI_DISCOVER_H

#include "src/cli/cli.h"
#include "src/cli/srv.h"

/* Blocks for at most about timeout_ms. login: NULL = what the server says, else the address. */
void sn_discover(const SnCliServices *services, const char *address, const char *login,
                 const char *ca_file, int timeout_ms, SnServers *servers);

/*
 * An autoconfig file (clientConfig, version 1.1): fills source, outgoing, login and wants_oauth.
 * Servers without TLS are passed over. FALSE with INVALID when it is none or names no server.
 */
gboolean sn_autoconfig_read(const char *xml, gsize length, const char *address, const char *login,
                            SnServers *servers, GError **error);

#endif
