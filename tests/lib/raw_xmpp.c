/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/raw_xmpp.h"

#include <signal.h>
#include <string.h>
#include <strophe.h>

#define PATIENCE_US (10 * G_USEC_PER_SEC)

typedef struct {
	const char *stanza;
	gboolean answered, gone;
} Raw;

static int on_pong(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
	((Raw *)data)->answered = TRUE;
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
	xmpp_id_handler_add(conn, on_pong, "raw-ping", raw);
	xmpp_send_raw(conn, raw->stanza, strlen(raw->stanza));
	xmpp_send_raw_string(conn,
			     "<iq type='get' id='raw-ping'><ping xmlns='urn:xmpp:ping'/></iq>");
}

gboolean raw_xmpp_send(const char *jid, const char *password, guint16 port, const char *ca_file,
		       const char *stanza)
{
	Raw raw = { .stanza = stanza };
	gint64 end = g_get_monotonic_time() + PATIENCE_US;

	signal(SIGPIPE, SIG_IGN);
	xmpp_initialize();
	xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, NULL);
	xmpp_conn_t *conn = xmpp_conn_new(ctx);
	xmpp_conn_set_jid(conn, jid);
	xmpp_conn_set_pass(conn, password);
	xmpp_conn_set_cafile(conn, ca_file);
	xmpp_conn_set_flags(conn, XMPP_CONN_FLAG_MANDATORY_TLS | XMPP_CONN_FLAG_DISABLE_SM);
	raw.gone = xmpp_connect_client(conn, "127.0.0.1", port, on_event, &raw) != XMPP_EOK;
	while (!raw.gone && g_get_monotonic_time() < end)
		xmpp_run_once(ctx, 20);
	xmpp_conn_release(conn);
	xmpp_ctx_free(ctx);
	return raw.answered;
}
