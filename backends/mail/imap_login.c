/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "backends/mail/auth.h"
#include "backends/mail/imap_talk.h"

/* The mechanisms of the server's AUTH= capabilities, upper case, NULL-terminated. */
static GPtrArray *offered(SnImapSession *session)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer name;

	if (session->capabilities) {
		g_hash_table_iter_init(&iter, session->capabilities);
		while (g_hash_table_iter_next(&iter, &name, NULL))
			if (g_str_has_prefix(name, "AUTH="))
				g_ptr_array_add(names, g_strdup((char *)name + 5));
	}
	g_ptr_array_add(names, NULL);
	return names;
}

static gboolean refused(SnImapSession *session, const char *reply, GError **error)
{
	const SnLinkSpec *spec = &session->link->spec;
	g_autofree char *quoted = sn_link_quote_reply(reply);
	gboolean temporary = strstr(reply, "[UNAVAILABLE]") || strstr(reply, "[INUSE]") ||
			     strstr(reply, "[LIMIT]");

	g_set_error(error, SN_ERROR, temporary ? SN_ERROR_TEMPORARY : SN_ERROR_AUTH,
		    "%s refused the login of %s: \"%s\".", spec->host, spec->user, quoted);
	return FALSE;
}

/* Past the parser: the exchange is lines, and secrets stay out of its buffers. */
static gboolean send_text(SnImapSession *session, const char *text)
{
	return sn_stream_write(session->stream, text, strlen(text));
}

static gboolean send_answer(SnImapSession *session, SnAuth *auth, const char *challenge)
{
	char *answer = sn_auth_step(auth, challenge);
	gboolean sent = send_text(session, answer ? answer : "*") && send_text(session, "\r\n");

	sn_auth_free_answer(answer);
	return sent;
}

static gboolean begin(SnImapSession *session, SnAuth *auth, gboolean *spoken)
{
	mailimap *imap = session->imap;
	const char *mechanism = sn_auth_mechanism(auth);

	*spoken = sn_auth_has_initial(auth) && sn_imap_has(session, "SASL-IR");
	if (mailimap_send_current_tag(imap) != MAILIMAP_NO_ERROR ||
	    mailstream_flush(imap->imap_stream) < 0)
		return FALSE;
	return send_text(session, "AUTHENTICATE ") && send_text(session, mechanism) &&
	       send_text(session, *spoken ? " " : "\r\n") &&
	       (!*spoken || send_answer(session, auth, NULL));
}

/* "TAG OK text", "TAG NO text" */
static gboolean conclude(SnImapSession *session, SnAuth *auth, const char *line, GError **error)
{
	const char *status = strchr(line, ' ');

	if (!status || g_ascii_strncasecmp(status, " OK", 3) != 0)
		return refused(session, status ? status + 1 : line, error);
	if (!sn_auth_confirm(auth)) {
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
			    "%s could not prove that it knows the password of %s.",
			    session->link->spec.host, session->link->spec.user);
		return FALSE;
	}
	session->imap->imap_state = MAILIMAP_STATE_AUTHENTICATED;
	g_autoptr(SnImapLine) said = sn_imap_line_parse(line, strlen(line));
	if (said && !g_strcmp0(said->code, "CAPABILITY"))
		sn_imap_note_capabilities(session, said->words);
	return TRUE;
}

static gboolean authenticate(SnImapSession *session, SnAuth *auth, GError **error)
{
	gboolean spoken = FALSE;

	if (!begin(session, auth, &spoken))
		return sn_imap_check(session, MAILIMAP_ERROR_STREAM, error, "login");
	for (guint turns = 0; turns < 20; turns++) {
		const char *line = mailimap_read_line(session->imap);
		if (!line)
			break;
		if (*line == '*')
			continue;
		if (*line != '+')
			return conclude(session, auth, g_strchomp((char *)line), error);
		g_autofree char *challenge = g_strstrip(g_strdup(line + 1));
		if (!send_answer(session, auth, challenge))
			break;
	}
	return sn_imap_check(session, MAILIMAP_ERROR_PROTOCOL, error, "login");
}

static gboolean try_secret(SnImapSession *session, const char *secret, GError **error)
{
	const SnLinkSpec *spec = &session->link->spec;
	g_autoptr(GPtrArray) names = offered(session);
	SnAuth *auth = sn_auth_new((const char *const *)names->pdata, spec->host, spec->port,
				   spec->user, secret, spec->oauth2);

	if (auth) {
		gboolean done = authenticate(session, auth, error);
		sn_auth_free(auth);
		return done;
	}
	if (spec->oauth2 || sn_imap_has(session, "LOGINDISABLED")) {
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
			    "%s offers no way to log in that this account can use.", spec->host);
		return FALSE;
	}
	int result = mailimap_login(session->imap, spec->user, secret);
	if (result == MAILIMAP_ERROR_LOGIN)
		return refused(session,
			       session->imap->imap_response ? session->imap->imap_response : "",
			       error);
	return sn_imap_check(session, result, error, "The login failed");
}

gboolean sn_imap_login(SnImapSession *session, GError **error)
{
	char *secret = sn_link_get_secret(session->link, error);
	g_autoptr(GError) failed = NULL;

	if (!secret)
		return FALSE;
	gboolean done = try_secret(session, secret, &failed);
	gboolean again = !done && sn_link_try_another(session->link, secret, failed);
	sn_link_free_secret(session->link, secret);
	if (!again) {
		if (!done)
			g_propagate_error(error, g_steal_pointer(&failed));
		return done;
	}
	secret = sn_link_get_secret(session->link, error);
	done = secret && try_secret(session, secret, error);
	sn_link_free_secret(session->link, secret);
	return done;
}
