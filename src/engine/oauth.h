/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oauth.h - access tokens for logging in to mail servers (OAuth 2.0, RFC 6749): gets them with the
 * refresh token of the configuration, and gets that in the first place, by the device flow
 * (RFC 8628) or a browser on this machine (RFC 8252, with PKCE, RFC 7636).
 *
 * An access token is kept in memory only. All functions block, and may be called by any thread.
 */
#ifndef SN_ENGINE_OAUTH_H
#define SN_ENGINE_OAUTH_H

#include "backends/http/http.h"
#include "src/config/oauth2.h"

typedef struct sn_oauth SnOauth;
typedef const SnHttpOps *(*SnHttpLoad)(GError **error);

SnOauth *sn_oauth_new(const SnOauth2 *config, SnHttpLoad load); /* copies the configuration */
void sn_oauth_free(SnOauth *oauth); /* NULL is fine */

/*
 * A token that is good for at least another minute, as far as is known; freed by sn_secret_free().
 * NULL with AUTH when the user has to log in (anew), NETWORK or TEMPORARY when trying later may help.
 */
char *sn_oauth_token(SnOauth *oauth, GError **error);
/* A server refused this one: it is not given again. TRUE: the next one will be another. */
gboolean sn_oauth_refused(SnOauth *oauth, const char *token);

/* tell() is called once, with what the user has to do. The refresh token is kept as configured.
 * browser: not by the device flow, even if there is one. */
gboolean sn_oauth_login(SnOauth *oauth, gboolean browser, SnOauth2Tell tell, gpointer data,
                        GError **error);

#endif
