/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/oauth_private.h"

#include <string.h>
#include <time.h>

#include "src/text/text.h"

enum {
	MAX_TOKEN = 8192,
	MAX_REASON = 300,        /* bytes that are shown */
	SPARE_SECONDS = 60,      /* a token that ends sooner is not worth a login */
	USUAL_SECONDS = 3600,    /* for a server that does not say (RFC 6749 section 5.1) */
	MAX_SECONDS = 30 * 86400,
	SECRET_TIMEOUT = 60 * 1000,
};

static gint64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec;
}

SnOauth *sn_oauth_new(const SnOauth2 *config, SnHttpLoad load)
{
	SnOauth *oauth = g_new0(SnOauth, 1);

	g_assert(config && config->provider && config->client_id);
	oauth->config = sn_oauth2_copy(config);
	oauth->load = load;
	g_mutex_init(&oauth->lock);
	return oauth;
}

void sn_oauth_free(SnOauth *oauth)
{
	if (!oauth)
		return;
	sn_oauth2_free(oauth->config);
	sn_secret_free(oauth->token);
	g_free(oauth->device_url);
	g_free(oauth->authorize_url);
	g_free(oauth->token_url);
	g_free(oauth->scope);
	g_mutex_clear(&oauth->lock);
	g_free(oauth);
}

/* ---- forms and answers ---- */

void sn_oauth_form_add(GString *form, const char *key, const char *value)
{
	char *escaped = g_uri_escape_string(value, NULL, FALSE);

	g_string_append_printf(form, "%s%s=%s", form->len ? "&" : "", key, escaped);
	sn_secret_free(escaped);
}

void sn_oauth_form_free(GString *form)
{
	if (!form)
		return;
	explicit_bzero(form->str, form->allocated_len);
	g_string_free(form, TRUE);
}

GString *sn_oauth_form(SnOauth *oauth, GError **error)
{
	char **command = oauth->config->client_secret_command;
	/* so large that it does not move when a token is added */
	GString *form = g_string_sized_new(4 * MAX_TOKEN);

	sn_oauth_form_add(form, "client_id", oauth->config->client_id);
	if (!command)
		return form;
	char *secret = sn_secret_command(command, SECRET_TIMEOUT, error);
	if (!secret) {
		sn_oauth_form_free(form);
		return NULL;
	}
	sn_oauth_form_add(form, "client_secret", secret);
	sn_secret_free(secret);
	return form;
}

json_t *sn_oauth_ask(SnOauth *oauth, const char *url, const char *form, int *status,
                     GError **error)
{
	const SnHttpOps *http = oauth->load ? oauth->load(error) : NULL;
	SnHttpJob job = { .url = url, .ca_file = oauth->config->ca_file };

	if (!http) {
		if (error && !*error)
			g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
			            "This program was built without HTTPS.");
		return NULL;
	}
	GString *answer = http->ask(&job, form, status, error);
	if (!answer)
		return NULL;
	json_t *object = json_loadb(answer->str, answer->len, JSON_REJECT_DUPLICATES, NULL);
	http->answer_free(answer);
	if (json_is_object(object))
		return object;
	json_decref(object);
	g_set_error(error, SN_ERROR, *status >= 500 ? SN_ERROR_TEMPORARY : SN_ERROR_REJECTED,
	            "%s does not answer as an OAuth2 server does (status %d).", url, *status);
	return NULL;
}

const char *sn_oauth_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text || !*text || strlen(text) > MAX_TOKEN)
		return NULL;
	for (const char *c = text; *c; c++)
		if (g_ascii_iscntrl(*c))
			return NULL;
	return text;
}

int sn_oauth_number(const json_t *object, const char *key, int fallback, int most)
{
	const json_t *value = json_object_get(object, key);
	/* some send it as a text */
	const char *text = json_string_value(value);
	gint64 number = json_is_integer(value) ? json_integer_value(value)
	                : text ? g_ascii_strtoll(text, NULL, 10) : 0;

	return number <= 0 ? fallback : (int)MIN(number, most);
}

void sn_oauth_set_refusal(SnOauth *oauth, const json_t *answer, int status, GError **error)
{
	const SnOauth2 *config = oauth->config;
	const char *word = sn_oauth_text(answer, "error");
	const char *description = sn_oauth_text(answer, "error_description");
	const char *reason = description ? description : word ? word : "";
	g_autofree char *said = sn_text_clean_line(reason, (gssize)strnlen(reason, MAX_REASON));

	if (status >= 500 || status == 429 || !g_strcmp0(word, "temporarily_unavailable"))
		g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY,
		            "%s cannot give an access token now (status %d).", config->provider, status);
	else if (!g_strcmp0(word, "invalid_grant"))
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
		            "%s does not accept the login of %s any more (%s): type 'sennit oauth login "
		            "%s'.", config->provider, config->user, said, config->account);
	else if (!g_strcmp0(word, "invalid_client") || !g_strcmp0(word, "unauthorized_client"))
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
		            "%s does not accept the client id (%s): check oauth2-client-id and "
		            "oauth2-client-secret-command of [%s].", config->provider, said,
		            config->account);
	else if (!g_strcmp0(word, "access_denied"))
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
		            "The login was declined in the browser.");
	else
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH, "%s gives no access token: %s (status %d).",
		            config->provider, *said ? said : "no reason was given", status);
}

/* ---- the provider ---- */

static gboolean take_url(const json_t *metadata, const char *key, char **url)
{
	const char *text = sn_oauth_text(metadata, key);

	if (!text || !g_str_has_prefix(text, "https://"))
		return FALSE;
	*url = g_strdup(text);
	return TRUE;
}

/* RFC 8414 section 3: between host and path; OpenID's way is behind the path. */
static char *metadata_url(const char *issuer, gboolean openid)
{
	const char *path = strchr(issuer + strlen("https://"), '/');
	g_autofree char *bare = g_strdup(issuer);
	gsize end = strlen(bare);

	if (end > 0 && bare[end - 1] == '/')
		bare[end - 1] = '\0';
	if (openid)
		return g_strconcat(bare, "/.well-known/openid-configuration", NULL);
	g_autofree char *host = path ? g_strndup(issuer, (gsize)(path - issuer)) : g_strdup(bare);
	return g_strconcat(host, "/.well-known/oauth-authorization-server",
	                   path && path[1] ? bare + (path - issuer) : "", NULL);
}

static gboolean read_metadata(SnOauth *oauth, const json_t *metadata, GError **error)
{
	const char *issuer = sn_oauth_text(metadata, "issuer");

	/* section 3.3: it must speak of itself */
	if (g_strcmp0(issuer, oauth->config->provider) != 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_REJECTED,
		            "%s says that it is %s: write that as oauth2-provider if it is right.",
		            oauth->config->provider, issuer ? issuer : "nobody");
		return FALSE;
	}
	take_url(metadata, "device_authorization_endpoint", &oauth->device_url);
	take_url(metadata, "authorization_endpoint", &oauth->authorize_url);
	if (take_url(metadata, "token_endpoint", &oauth->token_url))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_REJECTED, "%s names no place to get tokens from.",
	            oauth->config->provider);
	return FALSE;
}

static gboolean look_up(SnOauth *oauth, GError **error)
{
	for (int openid = 0; openid < 2; openid++) {
		g_autofree char *url = metadata_url(oauth->config->provider, openid);
		g_autoptr(GError) failed = NULL;
		int status = 0;
		g_autoptr(json_t) metadata = sn_oauth_ask(oauth, url, NULL, &status, &failed);
		if (metadata && status == 200)
			return read_metadata(oauth, metadata, error);
		if (!metadata && status == 0) {
			/* nobody there, or not with a good certificate */
			g_propagate_error(error, g_steal_pointer(&failed));
			return FALSE;
		}
	}
	g_set_error(error, SN_ERROR, SN_ERROR_REJECTED,
	            "%s tells nothing about its OAuth2 server (RFC 8414).", oauth->config->provider);
	return FALSE;
}

gboolean sn_oauth_find_server(SnOauth *oauth, GError **error)
{
	const SnOauth2Provider *provider = sn_oauth2_provider(oauth->config->provider);

	if (oauth->token_url)
		return TRUE;
	oauth->scope = g_strdup(oauth->config->scope ? oauth->config->scope
	                        : provider            ? provider->scope : NULL);
	if (!provider)
		return look_up(oauth, error);
	oauth->device_url = g_strdup(provider->device_url);
	oauth->authorize_url = g_strdup(provider->authorize_url);
	oauth->token_url = g_strdup(provider->token_url);
	return TRUE;
}

/* ---- tokens ---- */

gboolean sn_oauth_take_tokens(SnOauth *oauth, const json_t *answer, const char *old,
                              GError **error)
{
	const char *token = sn_oauth_text(answer, "access_token");
	const char *refresh = sn_oauth_text(answer, "refresh_token");
	g_autoptr(GError) failed = NULL;

	if (!token || strchr(token, ' ')) {
		g_set_error(error, SN_ERROR, SN_ERROR_REJECTED, "%s gave no usable access token.",
		            oauth->config->provider);
		return FALSE;
	}
	if (!old && !refresh) {
		g_set_error(error, SN_ERROR, SN_ERROR_REJECTED,
		            "%s gave no refresh token: the login would end within the hour. Does "
		            "oauth2-scope need offline_access?", oauth->config->provider);
		return FALSE;
	}
	if (refresh && g_strcmp0(refresh, old) != 0 &&
	    !sn_oauth2_keep(oauth->config, refresh, &failed)) {
		if (!old) {
			g_propagate_error(error, g_steal_pointer(&failed));
			return FALSE;
		}
		/* this token works; whether the old refresh token still does, the next time will tell */
		g_warning("%s: %s", oauth->config->account, failed->message);
	}
	sn_secret_free(oauth->token);
	oauth->token = g_strdup(token);
	oauth->until = now() + sn_oauth_number(answer, "expires_in", USUAL_SECONDS, MAX_SECONDS);
	return TRUE;
}

static gboolean fetch(SnOauth *oauth, const char *refresh, GError **error)
{
	GString *form = sn_oauth_find_server(oauth, error) ? sn_oauth_form(oauth, error) : NULL;
	int status = 0;

	if (!form)
		return FALSE;
	sn_oauth_form_add(form, "grant_type", "refresh_token");
	sn_oauth_form_add(form, "refresh_token", refresh);
	g_autoptr(json_t) answer = sn_oauth_ask(oauth, oauth->token_url, form->str, &status, error);
	sn_oauth_form_free(form);
	if (!answer)
		return FALSE;
	if (status == 200)
		return sn_oauth_take_tokens(oauth, answer, refresh, error);
	sn_oauth_set_refusal(oauth, answer, status, error);
	return FALSE;
}

char *sn_oauth_token(SnOauth *oauth, GError **error)
{
	char *token = NULL;

	g_mutex_lock(&oauth->lock);
	if (oauth->token && now() + SPARE_SECONDS < oauth->until) {
		token = g_strdup(oauth->token);
	} else {
		char *refresh = sn_oauth2_refresh_token(oauth->config, error);
		if (refresh && fetch(oauth, refresh, error))
			token = g_strdup(oauth->token);
		sn_secret_free(refresh);
	}
	g_mutex_unlock(&oauth->lock);
	return token;
}

gboolean sn_oauth_refused(SnOauth *oauth, const char *token)
{
	g_mutex_lock(&oauth->lock);
	/* another end may have got a new one meanwhile */
	if (oauth->token && strcmp(oauth->token, token) == 0) {
		sn_secret_free(oauth->token);
		oauth->token = NULL;
	}
	g_mutex_unlock(&oauth->lock);
	return TRUE;
}
