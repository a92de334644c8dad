/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcp_proxy.h - a bad network between a client and a server on loopback. */
#ifndef SN_TESTS_LIB_TCP_PROXY_H
#define SN_TESTS_LIB_TCP_PROXY_H

#include <glib.h>

typedef enum {
	TCP_PASS,      /* both ways */
	TCP_DROP_UP,   /* what the client sends vanishes */
	TCP_DROP_DOWN, /* what the server sends vanishes */
	TCP_DROP_BOTH, /* to pass again after dropping would break TLS: cut first */
	TCP_REFUSE,    /* new connections are closed at once; old ones pass */
	TCP_SILENT,    /* new connections are taken and never answered */
} TcpMode;

typedef struct tcp_proxy TcpProxy;

/* Listens on a free port of 127.0.0.1 and passes on to target_port there. */
TcpProxy *tcp_proxy_new(guint16 target_port);
void tcp_proxy_free(TcpProxy *proxy);
guint16 tcp_proxy_port(TcpProxy *proxy);
void tcp_proxy_set(TcpProxy *proxy, TcpMode mode);
void tcp_proxy_cut(TcpProxy *proxy);       /* all connections, at once */
/* The same once so many more bytes have passed, in either direction: in the middle of a record. */
void tcp_proxy_cut_after(TcpProxy *proxy, guint bytes);
guint tcp_proxy_accepted(TcpProxy *proxy); /* connections so far */

#endif
