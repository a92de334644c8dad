/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oauth2.h - what the configuration says about OAuth 2.0, and where the refresh token is kept.
 *
 * The refresh token is as good as a password: it lies in the desktop's secret service, or where
 * commands of the user's keep it, and nowhere else.
 */
#ifndef SN_CONFIG_OAUTH2_H
#define SN_CONFIG_OAUTH2_H

#include <glib.h>

typedef struct {
	const char *name;          /* as written in accounts.conf */
	const char *device_url;    /* RFC 8628; NULL: not for email there */
	const char *authorize_url; /* RFC 6749 section 4.1, with a local redirect (RFC 8252); NULL */
	const char *token_url;
	const char *scope;
	const char *client_help;   /* where one gets a client id */
} SnOauth2Provider;
const SnOauth2Provider *sn_oauth2_provider(const char *name); /* NULL */

/* Belongs to the ends that log in with it; SnEndpoint.oauth2. */
typedef struct sn_oauth2 {
	char *account;       /* name in accounts.conf */
	char *user;          /* whose: the login name of the source, else of outgoing */
	char *provider;      /* a name of the table, or the https:// address of an issuer (RFC 8414) */
	char *client_id;
	char **client_secret_command; /* argv; NULL: a public client */
	char *scope;         /* NULL: the provider's */
	char **refresh_command;       /* argv, prints the refresh token; NULL: the secret service */
	char **store_command;         /* argv, gets a new one on its standard input; NULL */
	char *ca_file;       /* NULL */
} SnOauth2;
void sn_oauth2_free(SnOauth2 *oauth2); /* NULL is fine */
SnOauth2 *sn_oauth2_copy(const SnOauth2 *oauth2); /* NULL gives NULL */
gboolean sn_oauth2_equal(const SnOauth2 *one, const SnOauth2 *two);

/* What a person has to do for a login: open `url` in a browser, and type `code` there. */
typedef struct {
	const char *url, *code; /* code NULL: nothing is typed, the browser comes back by itself */
	const char *whole_url;  /* the code is in it already; NULL */
	int seconds;            /* to do it in */
} SnOauth2Prompt;
typedef void (*SnOauth2Tell)(const SnOauth2Prompt *prompt, gpointer data);

/* All block, for up to a minute when a command runs. The token is freed by sn_secret_free().
 * NULL with AUTH: there is none, and the message says how to get one. */
char *sn_oauth2_refresh_token(const SnOauth2 *oauth2, GError **error);
/* FALSE with what to do when there is no place for it. */
gboolean sn_oauth2_keep(const SnOauth2 *oauth2, const char *token, GError **error);
/* Removes it from the secret service; FALSE with NOT_FOUND when there was none. */
gboolean sn_oauth2_forget(const SnOauth2 *oauth2, GError **error);

#endif
