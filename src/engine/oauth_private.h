/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oauth_private.h - between oauth.c, oauth_login.c and oauth_redirect.c. */
#ifndef SN_ENGINE_OAUTH_PRIVATE_H
#define SN_ENGINE_OAUTH_PRIVATE_H

#include <jansson.h>

#include "src/config/config.h"
#include "src/engine/oauth.h"

struct sn_oauth {
	SnOauth2 *config;
	SnHttpLoad load;
	GMutex lock;   /* of what follows; held while a token is fetched: one is enough */
	char *token;   /* NULL: none */
	gint64 until;  /* seconds of a clock that goes on while the machine sleeps */
	char *device_url, *authorize_url, *token_url, *scope; /* token_url NULL: not looked up yet */
};

/* The provider's addresses, from the table or from its metadata (RFC 8414). */
gboolean sn_oauth_find_server(SnOauth *oauth, GError **error);

/* "key=value&...", encoded; wiped when freed. The client's own id and secret are in it. */
GString *sn_oauth_form(SnOauth *oauth, GError **error);
void sn_oauth_form_add(GString *form, const char *key, const char *value);
void sn_oauth_form_free(GString *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* A JSON object, whatever the status; form NULL: GET. NULL when there is none. */
json_t *sn_oauth_ask(SnOauth *oauth, const char *url, const char *form, int *status,
                     GError **error);
/* A member that is a text of at most 8 KiB without control characters; NULL. Borrowed. */
const char *sn_oauth_text(const json_t *object, const char *key);
/* A member that is a whole number, within bounds; fallback when there is none. */
int sn_oauth_number(const json_t *object, const char *key, int fallback, int most);
/* What a refusal (RFC 6749 section 5.2) means. */
void sn_oauth_set_refusal(SnOauth *oauth, const json_t *answer, int status, GError **error);
/* An answer with tokens: takes the access token, keeps the refresh token if it is new. `old`: the one
 * that was used; NULL: there must be one. */
gboolean sn_oauth_take_tokens(SnOauth *oauth, const json_t *answer, const char *old,
                              GError **error);

/* By a browser on this machine; the lock is held. */
gboolean sn_oauth_redirect(SnOauth *oauth, SnOauth2Tell tell, gpointer data, GError **error);

#endif
