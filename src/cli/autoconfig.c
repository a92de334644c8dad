/* SPDX-License-Identifier: GPL-3.0-or-later */
/* autoconfig.c - the file by which a domain tells mail programs about its servers. */
#include <string.h>

#include "src/base/error.h"
#include "src/cli/discover.h"

enum { MAX_TEXT = 300, MAX_DEPTH = 20 };

/* One <incomingServer> or <outgoingServer> while it is read. */
typedef struct {
	char *host, *user;
	guint port;
	const char *tls; /* "SSL", "STARTTLS"; NULL: neither */
	gboolean password, oauth;
} Server;

typedef struct {
	const char *address, *login;
	SnServers *servers;
	gboolean is_config, good_kind;
	enum { NOWHERE, INCOMING, OUTGOING } where;
	Server server;
	GString *text;
	guint depth;
	gboolean source_starttls, outgoing_starttls; /* what was taken so far can be bettered */
	gboolean source_oauth, outgoing_oauth;
} Reading;

static void server_clear(Server *server)
{
	g_free(server->host);
	g_free(server->user);
	*server = (Server){ 0 };
}

/* A name of the DNS, and nothing else: it goes into a URL. */
static gboolean is_host(const char *text)
{
	gsize length = text ? strlen(text) : 0;

	if (length == 0 || length > 253 || *text == '.' || *text == '-' || !strchr(text, '.'))
		return FALSE;
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
	       length;
}

static char *fill_in(const char *text, const char *address)
{
	const char *at = strrchr(address, '@');
	g_autofree char *local = g_strndup(address, (gsize)(at - address));
	const char *const values[][2] = {
		{ "%EMAILADDRESS%", address },
		{ "%EMAILLOCALPART%", local },
		{ "%EMAILDOMAIN%", at + 1 },
	};
	g_autoptr(GString) filled = g_string_new(text);

	for (gsize i = 0; i < G_N_ELEMENTS(values); i++)
		g_string_replace(filled, values[i][0], values[i][1], 0);
	return g_strdup(filled->str);
}

static void take_server(Reading *reading)
{
	const Server *server = &reading->server;
	gboolean in = reading->where == INCOMING;
	char **url = in ? &reading->servers->source : &reading->servers->outgoing;
	gboolean *starttls = in ? &reading->source_starttls : &reading->outgoing_starttls;
	gboolean direct = g_strcmp0(server->tls, "SSL") == 0;

	if (!reading->good_kind || !server->tls || !is_host(server->host) || !server->port ||
	    server->port > 65535 || (*url && !(*starttls && direct)))
		return;
	g_autofree char *user = reading->login ? g_strdup(reading->login) :
	                        fill_in(server->user ? server->user : "%EMAILADDRESS%",
	                                reading->address);
	g_autofree char *host = g_ascii_strdown(server->host, -1);
	const char *scheme = in ? direct ? "imaps" : "imap+starttls" :
	                          direct ? "smtps" : "smtp+starttls";
	g_free(*url);
	*url = sn_server_url(scheme, user, host, (guint16)server->port);
	*starttls = !direct;
	*(in ? &reading->source_oauth : &reading->outgoing_oauth) =
		server->oauth && !server->password;
}

static void on_start(GMarkupParseContext *context, const char *name, const char **keys,
                     const char **values, gpointer data, GError **error)
{
	Reading *reading = data;

	g_string_truncate(reading->text, 0);
	if (++reading->depth > MAX_DEPTH) {
		g_set_error_literal(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "too deep");
		return;
	}
	reading->is_config |= reading->depth == 1 && strcmp(name, "clientConfig") == 0;
	gboolean in = strcmp(name, "incomingServer") == 0;
	if (reading->where != NOWHERE || (!in && strcmp(name, "outgoingServer") != 0))
		return;
	reading->where = in ? INCOMING : OUTGOING;
	reading->good_kind = FALSE;
	for (gsize i = 0; keys[i]; i++)
		if (strcmp(keys[i], "type") == 0)
			reading->good_kind = strcmp(values[i], in ? "imap" : "smtp") == 0;
}

static void on_text(GMarkupParseContext *context, const char *text, gsize length, gpointer data,
                    GError **error)
{
	Reading *reading = data;

	if (reading->text->len + length <= MAX_TEXT)
		g_string_append_len(reading->text, text, (gssize)length);
}

static void take_value(Server *server, const char *name, const char *value)
{
	if (strcmp(name, "hostname") == 0 && !server->host)
		server->host = g_strdup(value);
	else if (strcmp(name, "username") == 0 && !server->user && *value)
		server->user = g_strdup(value);
	else if (strcmp(name, "port") == 0)
		server->port = (guint)g_ascii_strtoull(value, NULL, 10);
	else if (strcmp(name, "socketType") == 0)
		server->tls = strcmp(value, "SSL") == 0      ? "SSL" :
		              strcmp(value, "STARTTLS") == 0 ? "STARTTLS" : NULL;
	else if (strcmp(name, "authentication") == 0 && strcmp(value, "OAuth2") == 0)
		server->oauth = TRUE;
	else if (strcmp(name, "authentication") == 0)
		server->password = TRUE;
}

static void on_end(GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
	Reading *reading = data;

	reading->depth--;
	if (reading->where == NOWHERE)
		return;
	if (strcmp(name, reading->where == INCOMING ? "incomingServer" : "outgoingServer") == 0) {
		take_server(reading);
		server_clear(&reading->server);
		reading->where = NOWHERE;
	} else {
		take_value(&reading->server, name, g_strstrip(reading->text->str));
		reading->text->len = strlen(reading->text->str);
	}
	g_string_truncate(reading->text, 0);
}

gboolean sn_autoconfig_read(const char *xml, gsize length, const char *address, const char *login,
                            SnServers *servers, GError **error)
{
	static const GMarkupParser parser = { .start_element = on_start, .end_element = on_end,
		                              .text = on_text };
	Reading reading = { .address = address, .login = login, .servers = servers,
		            .text = g_string_new(NULL) };

	g_assert(strchr(address, '@'));
	GMarkupParseContext *context =
		g_markup_parse_context_new(&parser, G_MARKUP_DEFAULT_FLAGS, &reading, NULL);
	gboolean whole = g_markup_parse_context_parse(context, xml, (gssize)length, NULL) &&
	                 g_markup_parse_context_end_parse(context, NULL);
	g_markup_parse_context_free(context);
	server_clear(&reading.server);
	g_string_free(reading.text, TRUE);
	servers->wants_oauth = reading.source_oauth || reading.outgoing_oauth;
	if (whole && reading.is_config && (servers->source || servers->outgoing))
		return TRUE;
	g_set_error_literal(error, SN_ERROR, SN_ERROR_INVALID,
	                    !whole || !reading.is_config ? "it is no autoconfig file" :
	                                                   "it names no server with TLS");
	return FALSE;
}
