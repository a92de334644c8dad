/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oauth_login.c - the device flow (RFC 8628): a code that is typed into a browser anywhere. */
#include "src/engine/oauth_private.h"

#include <string.h>

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"

enum { INTERVAL = 5, MAX_INTERVAL = 60, LIFETIME = 600, MAX_LIFETIME = 3600 };

/* As far as it has got. */
typedef struct {
	json_t *device; /* the answer that it began with */
	const char *code;
	int interval;
	gint64 end; /* monotonic µs */
} Flow;

static gboolean begin(SnOauth *oauth, Flow *flow, GError **error)
{
	GString *form = sn_oauth_form(oauth, error);
	int status = 0;

	if (!form)
		return FALSE;
	if (oauth->scope)
		sn_oauth_form_add(form, "scope", oauth->scope);
	flow->device = sn_oauth_ask(oauth, oauth->device_url, form->str, &status, error);
	sn_oauth_form_free(form);
	if (!flow->device)
		return FALSE;
	flow->code = sn_oauth_text(flow->device, "device_code");
	if (status != 200) {
		sn_oauth_set_refusal(oauth, flow->device, status, error);
		return FALSE;
	}
	flow->interval = sn_oauth_number(flow->device, "interval", INTERVAL, MAX_INTERVAL);
	int lifetime = sn_oauth_number(flow->device, "expires_in", LIFETIME, MAX_LIFETIME);
	flow->end = g_get_monotonic_time() + lifetime * G_USEC_PER_SEC;
	return TRUE;
}

static gboolean is_web_address(const char *url)
{
	return url && g_str_has_prefix(url, "https://");
}

static gboolean tell_user(SnOauth *oauth, const Flow *flow, SnOauth2Tell tell, gpointer data,
                          GError **error)
{
	const char *url = sn_oauth_text(flow->device, "verification_uri");
	const char *whole = sn_oauth_text(flow->device, "verification_uri_complete");
	SnOauth2Prompt prompt = {
		/* Google's name for it is older than the RFC */
		.url = url ? url : sn_oauth_text(flow->device, "verification_url"),
		.code = sn_oauth_text(flow->device, "user_code"),
		.whole_url = is_web_address(whole) ? whole : NULL,
		.seconds = (int)((flow->end - g_get_monotonic_time()) / G_USEC_PER_SEC),
	};

	if (!flow->code || !prompt.code || !is_web_address(prompt.url)) {
		g_set_error(error, SN_ERROR, SN_ERROR_REJECTED, "%s gave no code to log in with.",
		            oauth->config->provider);
		return FALSE;
	}
	tell(&prompt, data);
	return TRUE;
}

/* One question whether the user has agreed. FALSE with an error, or without one: not yet. */
static gboolean poll_once(SnOauth *oauth, Flow *flow, GError **error)
{
	GString *form = sn_oauth_form(oauth, error);
	g_autoptr(GError) failed = NULL;
	int status = 0;

	if (!form)
		return FALSE;
	sn_oauth_form_add(form, "grant_type", DEVICE_GRANT);
	sn_oauth_form_add(form, "device_code", flow->code);
	g_autoptr(json_t) answer = sn_oauth_ask(oauth, oauth->token_url, form->str, &status, &failed);
	sn_oauth_form_free(form);
	if (!answer && sn_error_is_transient(failed))
		return FALSE; /* section 3.5: the line may come back */
	if (!answer) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return FALSE;
	}
	if (status == 200)
		return sn_oauth_take_tokens(oauth, answer, NULL, error);
	const char *word = sn_oauth_text(answer, "error");
	if (!g_strcmp0(word, "slow_down"))
		flow->interval = MIN(flow->interval + 5, MAX_INTERVAL);
	else if (!g_strcmp0(word, "expired_token"))
		flow->end = 0;
	else if (g_strcmp0(word, "authorization_pending") != 0)
		sn_oauth_set_refusal(oauth, answer, status, error);
	return FALSE;
}

static gboolean wait_for_user(SnOauth *oauth, Flow *flow, GError **error)
{
	GError *failed = NULL;

	while (g_get_monotonic_time() < flow->end) {
		g_usleep((gulong)flow->interval * G_USEC_PER_SEC);
		if (poll_once(oauth, flow, &failed))
			return TRUE;
		if (failed) {
			g_propagate_error(error, failed);
			return FALSE;
		}
	}
	g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
	            "The code is no longer good: nobody typed it in time. Begin again.");
	return FALSE;
}

static gboolean device(SnOauth *oauth, SnOauth2Tell tell, gpointer data, GError **error)
{
	Flow flow = { 0 };
	gboolean done = begin(oauth, &flow, error) && tell_user(oauth, &flow, tell, data, error) &&
	                wait_for_user(oauth, &flow, error);

	json_decref(flow.device);
	return done;
}

gboolean sn_oauth_login(SnOauth *oauth, gboolean browser, SnOauth2Tell tell, gpointer data,
                        GError **error)
{
	gboolean done = FALSE;

	g_mutex_lock(&oauth->lock);
	if (sn_oauth_find_server(oauth, error)) {
		if (oauth->device_url && !browser)
			done = device(oauth, tell, data, error);
		else if (oauth->authorize_url)
			done = sn_oauth_redirect(oauth, tell, data, error);
		else
			g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
			            "%s offers no way to log in that sennit knows.",
			            oauth->config->provider);
	}
	g_mutex_unlock(&oauth->lock);
	return done;
}
