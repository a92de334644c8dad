/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream_private.h - what stream.c and stream_tls.c share. */
#ifndef SN_BACKENDS_MAIL_STREAM_PRIVATE_H
#define SN_BACKENDS_MAIL_STREAM_PRIVATE_H

#include <openssl/ssl.h>

#include "backends/mail/stream.h"

struct sn_stream {
	int fd, cancel_fd;
	int timeout_ms;
	char *host;      /* as told to connect or start_tls; for messages */
	SSL *ssl;        /* NULL: in the clear */
	GError *error;
	SnGuard guard;
	gboolean guarded;
	/* what the certificate check found wrong first; set during the handshake */
	int verify_error;
	X509 *verify_cert;
};

gint64 sn_stream_deadline(int timeout_ms);
/* Waits until the socket is ready for `events`; FALSE marks the stream dead. */
gboolean sn_stream_await(SnStream *stream, short events, gint64 deadline);

gssize sn_stream_tls_read(SnStream *stream, void *buffer, gsize size);
gssize sn_stream_tls_write(SnStream *stream, const void *bytes, gsize length);
void sn_stream_tls_close(SnStream *stream);

#endif
