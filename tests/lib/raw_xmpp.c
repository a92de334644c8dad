/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/raw_xmpp.h"

#include <signal.h>
#include <string.h>
#include <strophe.h>

#define PATIENCE_US (30 * G_USEC_PER_SEC)
#define PING_ID "raw-ping"

typedef struct {
	xmpp_ctx_t *ctx;
	const char *stanza, *id;
	char *answer;
	gboolean answered, gone;
} Raw;

static int on_pong(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
	Raw *raw = data;
	char *text = NULL;
	size_t length = 0;

	raw->answered = TRUE;
	if (xmpp_stanza_to_text(stanza, &text, &length) == XMPP_EOK) {
		raw->answer = g_strdup(text);
		xmpp_free(raw->ctx, text);
	}
	xmpp_disconnect(conn);
	return 0;
}

static void on_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
		     xmpp_stream_error_t *stream, void *data)
{
	Raw *raw = data;

	if (event != XMPP_CONN_CONNECT) {
		raw->gone = TRUE;
		return;
	}
	xmpp_id_handler_add(conn, on_pong, raw->id, raw);
	xmpp_send_raw(conn, raw->stanza, strlen(raw->stanza));
	if (strcmp(raw->id, PING_ID) == 0)
		xmpp_send_raw_string(
			conn,
			"<iq type='get' id='" PING_ID "'><ping xmlns='urn:xmpp:ping'/></iq>");
}

static void run(Raw *raw, const char *jid, const char *password, guint16 port, const char *ca_file)
{
	gint64 end = g_get_monotonic_time() + PATIENCE_US;

	signal(SIGPIPE, SIG_IGN);
	xmpp_initialize();
	xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, NULL);
	xmpp_conn_t *conn = xmpp_conn_new(ctx);
	xmpp_conn_set_jid(conn, jid);
	xmpp_conn_set_pass(conn, password);
	xmpp_conn_set_cafile(conn, ca_file);
	xmpp_conn_set_flags(conn, XMPP_CONN_FLAG_MANDATORY_TLS | XMPP_CONN_FLAG_DISABLE_SM);
	raw->ctx = ctx;
	raw->gone = xmpp_connect_client(conn, "127.0.0.1", port, on_event, raw) != XMPP_EOK;
	while (!raw->gone && g_get_monotonic_time() < end)
		xmpp_run_once(ctx, 20);
	xmpp_conn_release(conn);
	xmpp_ctx_free(ctx);
}

gboolean raw_xmpp_send(const char *jid, const char *password, guint16 port, const char *ca_file,
		       const char *stanza)
{
	Raw raw = { .stanza = stanza, .id = PING_ID };

	run(&raw, jid, password, port, ca_file);
	g_free(raw.answer);
	return raw.answered;
}

char *raw_xmpp_ask(const char *jid, const char *password, guint16 port, const char *ca_file,
		   const char *stanza, const char *id)
{
	Raw raw = { .stanza = stanza, .id = id };

	run(&raw, jid, password, port, ca_file);
	return raw.answer;
}
