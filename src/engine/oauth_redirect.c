/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oauth_redirect.c - the login in a browser on this machine (RFC 8252): the browser is sent back to
 * a port of the loopback interface with a code, which only we can use (PKCE, RFC 7636).
 */
#include "src/engine/oauth_private.h"

#include <string.h>
#include <sys/random.h>

enum { WAIT_SECONDS = 300, READ_SECONDS = 5, MAX_VISITS = 50, MAX_REQUEST = 16384 };

typedef struct {
	GSocket *socket;
	char *address;  /* "http://127.0.0.1:PORT/" */
	char *state, *verifier;
	char *code;     /* as it came back */
	GError *error;  /* what came back instead */
} Visit;

/* 256 bits, in letters that need no encoding. */
static char *unguessable(void)
{
	guchar bytes[32];
	ssize_t got = getrandom(bytes, sizeof bytes, 0);

	g_assert(got == sizeof bytes); /* so few are never cut short */
	char *text = g_base64_encode(bytes, sizeof bytes);
	g_strdelimit(g_strdelimit(text, "+", '-'), "/", '_');
	text[strcspn(text, "=")] = '\0';
	return text;
}

/* RFC 7636 section 4.2, S256 */
static char *challenge_of(const char *verifier)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize length = sizeof digest;

	g_checksum_update(sum, (const guchar *)verifier, -1);
	g_checksum_get_digest(sum, digest, &length);
	char *text = g_base64_encode(digest, length);
	g_strdelimit(g_strdelimit(text, "+", '-'), "/", '_');
	text[strcspn(text, "=")] = '\0';
	return text;
}

static gboolean listen_here(Visit *visit, GError **error)
{
	g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
	g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
	g_autoptr(GError) failed = NULL;

	visit->socket = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
	                             G_SOCKET_PROTOCOL_TCP, &failed);
	if (visit->socket && g_socket_bind(visit->socket, any, FALSE, &failed) &&
	    g_socket_listen(visit->socket, &failed)) {
		g_autoptr(GSocketAddress) own = g_socket_get_local_address(visit->socket, NULL);
		visit->address = g_strdup_printf(
			"http://127.0.0.1:%u/", g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(own)));
		return TRUE;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
	            "No port of this machine can be opened for the browser: %s.", failed->message);
	return FALSE;
}

static char *address_of_login(SnOauth *oauth, const Visit *visit)
{
	g_autofree char *challenge = challenge_of(visit->verifier);
	GString *query = g_string_new(NULL);
	gboolean more = strchr(oauth->authorize_url, '?') != NULL;

	sn_oauth_form_add(query, "response_type", "code");
	sn_oauth_form_add(query, "client_id", oauth->config->client_id);
	sn_oauth_form_add(query, "redirect_uri", visit->address);
	if (oauth->scope)
		sn_oauth_form_add(query, "scope", oauth->scope);
	sn_oauth_form_add(query, "state", visit->state);
	sn_oauth_form_add(query, "code_challenge", challenge);
	sn_oauth_form_add(query, "code_challenge_method", "S256");
	sn_oauth_form_add(query, "login_hint", oauth->config->user);
	/* Google gives a refresh token only when asked in this way */
	sn_oauth_form_add(query, "access_type", "offline");
	sn_oauth_form_add(query, "prompt", "consent");
	g_autofree char *text = g_string_free(query, FALSE);
	return g_strconcat(oauth->authorize_url, more ? "&" : "?", text, NULL);
}

/* "GET /?code=...&state=... HTTP/1.1": TRUE when it is the answer that is waited for. */
static gboolean read_answer(SnOauth *oauth, Visit *visit, const char *request)
{
	g_autoptr(GHashTable) fields = NULL;

	if (!g_str_has_prefix(request, "GET /?"))
		return FALSE;
	g_autofree char *query = g_strndup(request + 6, strcspn(request + 6, " \r\n"));
	fields = g_uri_parse_params(query, -1, "&", G_URI_PARAMS_WWW_FORM, NULL);
	/* anybody on this machine, and any page in the browser, can come here: only who knows the
	 * state is believed */
	if (!fields || g_strcmp0(g_hash_table_lookup(fields, "state"), visit->state) != 0)
		return FALSE;
	visit->code = g_strdup(g_hash_table_lookup(fields, "code"));
	if (!visit->code) {
		g_autoptr(json_t) refusal = json_object();
		const char *word = g_hash_table_lookup(fields, "error");
		json_object_set_new(refusal, "error", json_string(word ? word : "no code came back"));
		sn_oauth_set_refusal(oauth, refusal, 0, &visit->error);
	}
	return TRUE;
}

static void answer_browser(GSocket *client, const char *status, const char *text)
{
	g_autofree char *answer = g_strdup_printf(
		"HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
		"Connection: close\r\nCache-Control: no-store\r\n\r\n%s", status, strlen(text), text);

	g_socket_send(client, answer, strlen(answer), NULL, NULL);
}

static gboolean serve(SnOauth *oauth, Visit *visit, GSocket *client)
{
	g_autofree char *request = g_malloc0(MAX_REQUEST + 1);
	gsize used = 0;
	gssize got;

	g_socket_set_timeout(client, READ_SECONDS);
	while (used < MAX_REQUEST && !strstr(request, "\r\n") &&
	       (got = g_socket_receive(client, request + used, MAX_REQUEST - used, NULL, NULL)) > 0)
		used += (gsize)got;
	gboolean it = read_answer(oauth, visit, request);
	if (!it)
		answer_browser(client, "404 Not Found", "Nothing is here.\n");
	else if (visit->code)
		answer_browser(client, "200 OK",
		               "The login is on its way to sennit. You can close this page.\n");
	else
		answer_browser(client, "200 OK", "The login was not given. You can close this page.\n");
	explicit_bzero(request, MAX_REQUEST);
	return it;
}

static gboolean wait_for_browser(SnOauth *oauth, Visit *visit, GError **error)
{
	gint64 end = g_get_monotonic_time() + WAIT_SECONDS * G_USEC_PER_SEC;

	for (int i = 0; i < MAX_VISITS; i++) {
		gint64 left = end - g_get_monotonic_time();
		if (left <= 0 ||
		    !g_socket_condition_timed_wait(visit->socket, G_IO_IN, left, NULL, NULL))
			break;
		g_autoptr(GSocket) client = g_socket_accept(visit->socket, NULL, NULL);
		if (!client || !serve(oauth, visit, client))
			continue;
		if (visit->code)
			return TRUE;
		g_propagate_error(error, g_steal_pointer(&visit->error));
		return FALSE;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
	            "The browser did not come back within %d minutes. Begin again.",
	            WAIT_SECONDS / 60);
	return FALSE;
}

static gboolean exchange(SnOauth *oauth, const Visit *visit, GError **error)
{
	GString *form = sn_oauth_form(oauth, error);
	int status = 0;

	if (!form)
		return FALSE;
	sn_oauth_form_add(form, "grant_type", "authorization_code");
	sn_oauth_form_add(form, "code", visit->code);
	sn_oauth_form_add(form, "redirect_uri", visit->address);
	sn_oauth_form_add(form, "code_verifier", visit->verifier);
	g_autoptr(json_t) answer = sn_oauth_ask(oauth, oauth->token_url, form->str, &status, error);
	sn_oauth_form_free(form);
	if (!answer)
		return FALSE;
	if (status == 200)
		return sn_oauth_take_tokens(oauth, answer, NULL, error);
	sn_oauth_set_refusal(oauth, answer, status, error);
	return FALSE;
}

gboolean sn_oauth_redirect(SnOauth *oauth, SnOauth2Tell tell, gpointer data, GError **error)
{
	Visit visit = { .state = unguessable(), .verifier = unguessable() };
	gboolean done = FALSE;

	if (listen_here(&visit, error)) {
		g_autofree char *url = address_of_login(oauth, &visit);
		SnOauth2Prompt prompt = { .url = url, .seconds = WAIT_SECONDS };
		tell(&prompt, data);
		done = wait_for_browser(oauth, &visit, error) && exchange(oauth, &visit, error);
	}
	g_clear_object(&visit.socket);
	g_free(visit.address);
	g_free(visit.state);
	sn_secret_free(visit.verifier);
	sn_secret_free(visit.code);
	g_clear_error(&visit.error);
	return done;
}
