/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream_private.h - what stream.c and stream_tls.c share. */
#ifndef SN_BACKENDS_MAIL_STREAM_PRIVATE_H
#define SN_BACKENDS_MAIL_STREAM_PRIVATE_H

#include <openssl/ssl.h>

#include "backends/mail/stream.h"

typedef struct sn_deflate SnDeflate;

struct sn_stream {
	int fd, cancel_fd;
	int timeout_ms;
	char *host;      /* as told to connect or start_tls; for messages */
	SSL *ssl;        /* NULL: in the clear */
	SnDeflate *deflate; /* NULL: not compressed */
	gboolean no_wait;   /* a look: what would have to wait gives up, and the stream lives */
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

/* On the line as it is, that is below compression. */
gssize sn_stream_read_raw(SnStream *stream, void *buffer, gsize size);
gboolean sn_stream_write_raw(SnStream *stream, const void *bytes, gsize length);

gssize sn_stream_tls_read(SnStream *stream, void *buffer, gsize size);
gssize sn_stream_tls_write(SnStream *stream, const void *bytes, gsize length);
/* With no_wait: something that is not just the protocol's own has come. */
gboolean sn_stream_tls_peek(SnStream *stream);
void sn_stream_tls_close(SnStream *stream);

gssize sn_stream_inflate_read(SnStream *stream, void *buffer, gsize size);
gboolean sn_stream_inflate_more(SnStream *stream); /* at least a byte can be read now */
gboolean sn_stream_deflate_write(SnStream *stream, const void *bytes, gsize length);
void sn_stream_deflate_free(SnStream *stream);

#endif
