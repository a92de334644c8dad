/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/xmpp_script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD                                                                                  \
	"<?xml version='1.0'?><stream:stream from='example.test' id='s' version='1.0' "       \
	"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
#define SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define BIND "urn:ietf:params:xml:ns:xmpp-bind"

struct xmpp_script {
	GThread *thread;
	XmppScriptTake take;
	gpointer data;
	int listener, client;
	guint16 port;
	gint stop;
	gint break_off; /* log-ins that are still to be broken off */
	gboolean authenticated;
};

void xmpp_script_say(XmppScript *script, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	for (gsize length = strlen(text), done = 0; done < length;) {
		ssize_t sent = send(script->client, text + done, length - done, MSG_NOSIGNAL);
		if (sent <= 0)
			return; /* the client has gone: reading tells */
		done += (gsize)sent;
	}
}

char *xmpp_script_part(const char *stanza, const char *before)
{
	const char *at = strstr(stanza, before);

	return at ? g_strndup(at + strlen(before), strcspn(at + strlen(before), "\"'<")) : NULL;
}

/* ---- the answers of a plain server ---- */

static void answer_plainly(XmppScript *script, const char *stanza, const char *id)
{
	if (strstr(stanza, BIND))
		xmpp_script_say(script,
				"<iq type='result' id='%s'><bind xmlns='" BIND
				"'><jid>alice@example.test/desk</jid></bind></iq>",
				id);
	else if (!g_str_has_prefix(stanza, "<iq"))
		return;
	else if (strstr(stanza, "disco#info"))
		xmpp_script_say(script,
				"<iq type='result' id='%s' from='%s'><query "
				"xmlns='http://jabber.org/protocol/disco#info'>"
				"<feature var='urn:xmpp:mam:2'/></query></iq>",
				id, strstr(stanza, "alice@") ? "alice@example.test" : "example.test");
	else if (strstr(stanza, "jabber:iq:roster"))
		xmpp_script_say(script,
				"<iq type='result' id='%s'><query xmlns='jabber:iq:roster'/></iq>", id);
	else if (strstr(stanza, "urn:xmpp:ping"))
		xmpp_script_say(script, "<iq type='result' id='%s' from='example.test'/>", id);
	else if (!strstr(stanza, "type=\"result\"") && !strstr(stanza, "type=\"error\""))
		xmpp_script_say(script,
				"<iq type='error' id='%s'%s><error type='cancel'><service-unavailable "
				"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
				id, strstr(stanza, "to=\"example.test\"") ? " from='example.test'" : "");
}

static void take_element(XmppScript *script, const char *text)
{
	g_autofree char *id = xmpp_script_part(text, " id=\"");

	if (g_str_has_prefix(text, "<stream:stream")) {
		xmpp_script_say(script, "%s%s", HEAD,
				script->authenticated
					? "<stream:features><bind xmlns='" BIND
					  "'/></stream:features>"
				: g_atomic_int_get(&script->break_off) > 0
					? "<stream:features><mechanisms xmlns='" SASL
					  "'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
					  "</stream:features>"
					: "<stream:features><mechanisms xmlns='" SASL
					  "'><mechanism>PLAIN</mechanism></mechanisms>"
					  "</stream:features>");
	} else if (g_str_has_prefix(text, "<auth") && g_atomic_int_get(&script->break_off) > 0) {
		g_atomic_int_add(&script->break_off, -1);
		shutdown(script->client, SHUT_RDWR);
	} else if (g_str_has_prefix(text, "<auth")) {
		script->authenticated = TRUE;
		xmpp_script_say(script, "<success xmlns='" SASL "'/>");
	} else if (g_str_has_prefix(text, "</stream")) {
		xmpp_script_say(script, "</stream:stream>");
		shutdown(script->client, SHUT_WR);
	} else if (!script->take || !script->take(script, text, id ? id : "", script->data)) {
		answer_plainly(script, text, id ? id : "");
	}
}

/* ---- reading ---- */

/* Length of the first whole element; 0: more is needed. The client sends no comments and no CDATA. */
static gsize element_length(const char *text)
{
	int depth = 0;

	for (const char *at = text; (at = strchr(at, '<')); at++) {
		const char *end = strchr(at, '>');
		if (!end)
			return 0;
		if (g_str_has_prefix(at, "<?xml") || g_str_has_prefix(at, "<stream:stream") ||
		    (depth == 0 && at[1] == '/'))
			return (gsize)(end + 1 - text);
		if (at[1] == '/')
			depth--;
		else if (end[-1] != '/')
			depth++;
		if (depth == 0)
			return (gsize)(end + 1 - text);
	}
	return 0;
}

static void serve(XmppScript *script)
{
	g_autoptr(GString) got = g_string_new(NULL);
	char buffer[16384];
	ssize_t length;

	script->authenticated = FALSE;
	while ((length = recv(script->client, buffer, sizeof buffer, 0)) > 0) {
		g_string_append_len(got, buffer, length);
		for (gsize whole; (whole = element_length(got->str)) > 0;) {
			g_autofree char *text = g_strndup(got->str, whole);
			g_string_erase(got, 0, (gssize)whole);
			if (!g_str_has_prefix(g_strchug(text), "<?xml"))
				take_element(script, text);
		}
	}
}

static gpointer run(gpointer data)
{
	XmppScript *script = data;

	for (;;) {
		script->client = accept4(script->listener, NULL, NULL, SOCK_CLOEXEC);
		if (script->client < 0 || g_atomic_int_get(&script->stop))
			break;
		serve(script);
		close(script->client);
	}
	if (script->client >= 0)
		close(script->client);
	return NULL;
}

XmppScript *xmpp_script_new(XmppScriptTake take, gpointer data)
{
	XmppScript *script = g_new0(XmppScript, 1);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;

	script->take = take;
	script->data = data;
	script->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(script->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(script->listener, 4) != 0 ||
	    getsockname(script->listener, (struct sockaddr *)&address, &length) != 0)
		g_error("xmpp_script: %s", g_strerror(errno));
	script->port = ntohs(address.sin_port);
	script->thread = g_thread_new("xmpp-script", run, script);
	return script;
}

/* Clients must have left. */
void xmpp_script_free(XmppScript *script)
{
	g_atomic_int_set(&script->stop, 1);
	shutdown(script->listener, SHUT_RDWR);
	g_thread_join(script->thread);
	close(script->listener);
	g_free(script);
}

void xmpp_script_break_off(XmppScript *script, int count)
{
	g_atomic_int_set(&script->break_off, count);
}

int xmpp_script_left(XmppScript *script)
{
	return g_atomic_int_get(&script->break_off);
}

guint16 xmpp_script_port(XmppScript *script)
{
	return script->port;
}
